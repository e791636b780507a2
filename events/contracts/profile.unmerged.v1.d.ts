// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A merge was taken back: both profiles go on, each with its own facts. */
export interface ProfileUnmergedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/profile.unmerged.v1.schema.json";
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
  type: "profile.unmerged.v1";
  /** The fact. */
  data: ProfileUnmergedV1Data;
}

/** The members of `data`. */
export interface ProfileUnmergedV1Data {
  /** The merge that was taken back; the subject of the event. */
  mergeId: Uuid;
  /** The profile that goes on again. */
  mergedId: Uuid;
  /**
   * The version of this fact; above the one of `profile.merged`.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The profile that had gone on. */
  survivorId: Uuid;
}
