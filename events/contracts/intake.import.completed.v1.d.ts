// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A file was applied: its facts, their events and its receipt are in. */
export interface IntakeImportCompletedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/intake.import.completed.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/intake";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "intake.import.completed.v1";
  /** The fact. */
  data: IntakeImportCompletedV1Data;
}

/** The members of `data`. */
export interface IntakeImportCompletedV1Data {
  /** What became of its records. */
  counts: {
    /**
     * Records without content.
     * Allowed: whole number, from 0.
     */
    blank: number;
    /**
     * Facts that got a next revision.
     * Allowed: whole number, from 0.
     */
    changed: number;
    /**
     * Repeats within the file.
     * Allowed: whole number, from 0.
     */
    duplicate: number;
    /**
     * Facts seen for the first time.
     * Allowed: whole number, from 0.
     */
    new: number;
    /**
     * Records in the file.
     * Allowed: whole number, from 0.
     */
    records: number;
    /**
     * Records refused with a reason.
     * Allowed: whole number, from 0.
     */
    rejected: number;
    /**
     * Records of people who were erased; nothing of them is stored.
     * Allowed: whole number, from 0.
     */
    suppressed: number;
    /**
     * Facts that were known with the same content.
     * Allowed: whole number, from 0.
     */
    unchanged: number;
  };
  /** What the file held. */
  entity: "sessions" | "ratings" | "users" | "matches" | "events" | "event_attendance" | "skill_sessions" | "checkins" | "feedback" | "milestones" | "completions" | "credentials" | "progress";
  /** The import; the subject of the event. */
  importId: Uuid;
  /** How the import ended: `loaded`. */
  outcome: "loaded";
  /**
   * The version of this fact; a second attempt at the same import is the next.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /**
   * The system the file came from.
   * Allowed: code, ^[a-z][a-z0-9_]{1,31}$.
   */
  source: string;
}
