// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A text was screened. Only an allowed text is scored. */
export interface SafetyTextScreenedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/safety.text.screened.v1.schema.json";
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
  type: "safety.text.screened.v1";
  /** The fact. */
  data: SafetyTextScreenedV1Data;
}

/** The members of `data`. */
export interface SafetyTextScreenedV1Data {
  /** What was decided. */
  decision: "allow" | "review" | "block";
  /**
   * Which engine decided.
   * Allowed: code, ^[a-z][a-z0-9-]{0,31}$.
   */
  engine: string;
  /**
   * Which version of it.
   * Allowed: code, ^[0-9]{1,5}(\.[0-9]{1,5}){0,3}(\+[0-9a-f]{1,64})?$.
   */
  engineVersion: string;
  /**
   * The version of this text's screening; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The screening; a text that is screened again has another. */
  screeningId: Uuid;
  /** The person the text is about. */
  subjectId: Uuid;
  /** The text; the subject of the event. */
  textId: Uuid;
}
