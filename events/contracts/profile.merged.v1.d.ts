// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** Two profiles were one person, and are one now. `time` is when they were merged. */
export interface ProfileMergedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/profile.merged.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/profile";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "profile.merged.v1";
  /** The fact. */
  data: ProfileMergedV1Data;
}

/** The members of `data`. */
export interface ProfileMergedV1Data {
  /** The merge; the subject of the event. */
  mergeId: Uuid;
  /** The profile that goes on no longer. */
  mergedId: Uuid;
  /**
   * The version of this fact.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The profile that goes on; what was told of the other is its own now. */
  survivorId: Uuid;
}
