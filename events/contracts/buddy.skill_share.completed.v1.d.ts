// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** Somebody taught somebody else a skill. Either may be the newcomer; `time` is `completedAt`. */
export interface BuddySkillShareCompletedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.skill_share.completed.v1.schema.json";
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
  type: "buddy.skill_share.completed.v1";
  /** The fact. */
  data: BuddySkillShareCompletedV1Data;
}

/** The members of `data`. */
export interface BuddySkillShareCompletedV1Data {
  /** When it was over. */
  completedAt: Instant;
  /**
   * How long it lasted, in minutes.
   * Allowed: whole number, 1 to 480.
   */
  durationMinutes?: number | null;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /** Who learned. */
  learnerId: Uuid;
  /**
   * The learner's rating, 0 to 1.
   * Allowed: number, 0 to 1.
   */
  learnerRating?: number | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match it belongs to, if it does. */
  matchId?: Uuid | null;
  /** At which level it was taught. */
  proficiencyLevel?: "beginner" | "intermediate" | "advanced" | null;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** The session; the subject of the event. */
  sessionId: Uuid;
  /** The skill: the same in every session it is taught in. */
  skillId: Uuid;
  /** Who taught. */
  teacherId: Uuid;
  /**
   * The teacher's rating, 0 to 1.
   * Allowed: number, 0 to 1.
   */
  teacherRating?: number | null;
  /** The comments of both, by id. */
  textIds?: Array<Uuid>;
}
