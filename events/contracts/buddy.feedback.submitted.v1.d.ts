// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** One side of a match rated it. `time` is `submittedAt`. */
export interface BuddyFeedbackSubmittedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.feedback.submitted.v1.schema.json";
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
  type: "buddy.feedback.submitted.v1";
  /** The fact. */
  data: BuddyFeedbackSubmittedV1Data;
}

/** The members of `data`. */
export interface BuddyFeedbackSubmittedV1Data {
  /** Its parts, where they were given. */
  categories?: {
    /**
     * How well they understood each other.
     * Allowed: number, 0 to 1.
     */
    communication?: number | null;
    /**
     * How much the other took part.
     * Allowed: number, 0 to 1.
     */
    engagement?: number | null;
    /**
     * How much it helped.
     * Allowed: number, 0 to 1.
     */
    helpfulness?: number | null;
  } | null;
  /** The feedback; the subject of the event. */
  feedbackId: Uuid;
  /** Who gave it. */
  fromRole: "participant" | "buddy";
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
   * The rating, 0 to 1.
   * Allowed: number, 0 to 1.
   */
  rating: number;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** When it was given. */
  submittedAt: Instant;
  /** What was written with it, by id. */
  textId?: Uuid | null;
}
