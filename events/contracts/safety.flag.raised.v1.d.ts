// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A text waits for a reviewer. `time` is `raisedAt`. */
export interface SafetyFlagRaisedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/safety.flag.raised.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/moderation";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "safety.flag.raised.v1";
  /** The fact. */
  data: SafetyFlagRaisedV1Data;
}

/** The members of `data`. */
export interface SafetyFlagRaisedV1Data {
  /** The flag. */
  flagId: Uuid;
  /** When it was raised. */
  raisedAt: Instant;
  /**
   * The version of this flag; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The text; the subject of the event. */
  textId: Uuid;
  /** Whether it must not wait. */
  urgent: boolean;
}
