// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A rating that came on its own: the meeting is another fact, and may be told later. `time` is `createdAt`. */
export interface KintellRatingCreatedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/kintell.rating.created.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/kintell";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "kintell.rating.created.v1";
  /** The fact. */
  data: KintellRatingCreatedV1Data;
}

/** The members of `data`. */
export interface KintellRatingCreatedV1Data {
  /** When it was given. */
  createdAt: Instant;
  /** Who rated. */
  fromRole: "participant" | "volunteer";
  /** The import that brought it, if a file or delivery did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /**
   * The rating, 0 to 1.
   * Allowed: number, 0 to 1.
   */
  rating: number;
  /** The rating; the subject of the event. */
  ratingId: Uuid;
  /** The scale the rating was given on. */
  ratingScale: "1-5" | "0-1";
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The meeting that was rated. */
  sessionId: Uuid;
  /** The feedback written with it, by id. */
  textId?: Uuid | null;
}
