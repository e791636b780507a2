// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * A match is over: the next revision of a match that was created, or a match that had ended when it was first seen.
 * `time` is `endedAt`.
 */
export interface BuddyMatchEndedV1 {
  /** The event this one follows from, if one did. */
  causationid?: Uuid;
  /**
   * What all events of one cause have in common.
   * Allowed: code, ^[A-Za-z0-9._:=;-]{1,128}$.
   */
  correlationid: string;
  /** People are surrogate ids; no names, addresses or words. */
  dataclassification: "pseudonymous";
  /** The media type of data. */
  datacontenttype: "application/json";
  /** The name of this schema. */
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.match.ended.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/buddy";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "buddy.match.ended.v1";
  /** The fact. */
  data: BuddyMatchEndedV1Data;
}

/** The members of `data`. */
export interface BuddyMatchEndedV1Data {
  /** The local buddy's profile. */
  buddyId: Uuid;
  /**
   * How many whole days it lasted: as the source says, else computed.
   * Allowed: whole number, from 0.
   */
  durationDays: number;
  /** When it ended. */
  endedAt: Instant;
  /**
   * How many events they went to, as the source counts them.
   * Allowed: whole number, from 0.
   */
  eventsAttended?: number | null;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match; the subject of the event. */
  matchId: Uuid;
  /** When they were matched. Whoever sees only this event needs it; where it is absent, `durationDays` before the end. */
  matchedAt?: Instant | null;
  /** The newcomer's profile. */
  participantId: Uuid;
  /** Why it ended; `other` where the source does not say. */
  reason: "completed" | "participant_request" | "buddy_request" | "mutual_agreement" | "inactivity" | "violation" | "program_ended" | "other";
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /**
   * How many skill-share sessions they had, as the source counts them.
   * Allowed: whole number, from 0.
   */
  sessionsCompleted?: number | null;
}
