// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * A person came to a community event. The subject is the attendance, a fact of its own for each person; `time` is
 * `attendedAt`.
 */
export interface BuddyEventAttendedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.event.attended.v1.schema.json";
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
  type: "buddy.event.attended.v1";
  /** The fact. */
  data: BuddyEventAttendedV1Data;
}

/** The members of `data`. */
export interface BuddyEventAttendedV1Data {
  /** When it was. */
  attendedAt: Instant;
  /**
   * How long it lasted, in minutes.
   * Allowed: whole number, 1 to 480.
   */
  durationMinutes?: number | null;
  /** Where people met. */
  eventFormat: "in-person" | "online" | "hybrid";
  /** The community event: the same for everybody who came to it. No `buddy.event.logged` need speak of it. */
  eventId: Uuid;
  /** What it was. */
  eventType: "cultural" | "educational" | "professional" | "social" | "support" | "recreational" | "language" | "other";
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match it belongs to, if it does. */
  matchId?: Uuid | null;
  /** Who came. */
  profileId: Uuid;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The development goals it was for, by number. */
  sdgGoals?: Array<number>;
}
