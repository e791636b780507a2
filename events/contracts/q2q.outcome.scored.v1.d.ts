// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * A text gives evidence of an outcome. A text that does not speak of a dimension has no event of it. The score of
 * `well_being` is not in events: it is read by id, by those who may. `time` is `occurredAt`.
 */
export interface Q2qOutcomeScoredV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/q2q.outcome.scored.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/q2q";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "q2q.outcome.scored.v1";
  /** The fact. */
  data: Q2qOutcomeScoredV1Data;
}

/** The members of `data`. */
export interface Q2qOutcomeScoredV1Members {
  /** How sure the engine is. */
  confidence: "low" | "medium" | "high";
  /** What it speaks of. */
  dimension: "confidence" | "belonging" | "lang_level_proxy" | "job_readiness" | "well_being";
  /**
   * Which version of the engine.
   * Allowed: code, ^[0-9]{1,5}(\.[0-9]{1,5}){0,3}(\+[0-9a-f]{1,64})?$.
   */
  engineVersion: string;
  /**
   * The language the text is in.
   * Allowed: code, ^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$.
   */
  language: string;
  /** What made it. */
  method: "rule" | "model" | "human";
  /** When what the text speaks of happened. */
  occurredAt: Instant;
  /** The score; the subject of the event. */
  outcomeId: Uuid;
  /** Whose outcome it is. */
  profileId: Uuid;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /**
   * The score, 0 to 1; never of `well_being`.
   * Allowed: number, 0 to 1.
   */
  score?: number | null;
  /** The text it rests on. */
  textId: Uuid;
}

/** `data`, with the rules between its members. */
export type Q2qOutcomeScoredV1Data = Q2qOutcomeScoredV1Members
  & (({ dimension: "well_being" } & { score?: null }) | ({ dimension: Exclude<Q2qOutcomeScoredV1Members["dimension"], "well_being"> } & unknown));
