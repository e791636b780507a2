// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** An id in a source no longer belongs to a person. */
export interface ProfileUnlinkedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/profile.unlinked.v1.schema.json";
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
  type: "profile.unlinked.v1";
  /** The fact. */
  data: ProfileUnlinkedV1Data;
}

/** The members of `data`. */
export interface ProfileUnlinkedV1Data {
  /** The link that is gone; the subject of the event. */
  linkId: Uuid;
  /** The person. */
  profileId: Uuid;
  /**
   * The version of this fact; above the one of `profile.linked`.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /**
   * The system the person had an id in.
   * Allowed: code, ^[a-z][a-z0-9_]{1,31}$.
   */
  source: string;
}
