// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * The source says that a person reached a milestone of its own. `time` is `reachedAt`. The milestones of a journey are
 * `profile.milestone.reached`.
 */
export interface BuddyMilestoneReachedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.milestone.reached.v1.schema.json";
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
  type: "buddy.milestone.reached.v1";
  /** The fact. */
  data: BuddyMilestoneReachedV1Data;
}

/** The members of `data`. */
export interface BuddyMilestoneReachedV1Data {
  /** What it speaks of; `other` where the source does not say. */
  category: "onboarding" | "cultural" | "language" | "community" | "professional" | "skills" | "events" | "buddy-connection" | "impact" | "completion" | "other";
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The person's milestone; the subject of the event. */
  milestoneId: Uuid;
  /**
   * What the source gives for it.
   * Allowed: whole number, from 0.
   */
  points?: number | null;
  /** Who reached it. */
  profileId: Uuid;
  /** When it was reached. */
  reachedAt: Instant;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
}
