// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A newcomer was matched with a local buddy. `time` is `matchedAt`. */
export interface BuddyMatchCreatedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.match.created.v1.schema.json";
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
  type: "buddy.match.created.v1";
  /** The fact. */
  data: BuddyMatchCreatedV1Data;
}

/** The members of `data`. */
export interface BuddyMatchCreatedV1Data {
  /** The local buddy's profile. */
  buddyId: Uuid;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The language they have in common, where the source gives its code.
   * Allowed: code, ^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$.
   */
  language?: string | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match; the subject of the event. */
  matchId: Uuid;
  /** When they were matched. */
  matchedAt: Instant;
  /** The newcomer's profile. */
  participantId: Uuid;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
}
