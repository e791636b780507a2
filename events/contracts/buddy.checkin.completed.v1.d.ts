// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * The two of a match said how it goes. Whether a mood was given is here, the mood itself is not: it is read by id, by
 * those who may. `time` is `checkinDate`.
 */
export interface BuddyCheckinCompletedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.checkin.completed.v1.schema.json";
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
  type: "buddy.checkin.completed.v1";
  /** The fact. */
  data: BuddyCheckinCompletedV1Data;
}

/** The members of `data`. */
export interface BuddyCheckinCompletedV1Data {
  /** When it was. */
  checkinDate: Instant;
  /** The check-in; the subject of the event. */
  checkinId: Uuid;
  /** Whether a mood was given. */
  hasMood: boolean;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match. */
  matchId: Uuid;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** What was written with it, by id. */
  textId?: Uuid | null;
}
