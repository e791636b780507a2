// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A person reached a milestone. When an earlier fact arrives later, the milestone moves: the next revision. */
export interface ProfileMilestoneReachedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/profile.milestone.reached.v1.schema.json";
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
  type: "profile.milestone.reached.v1";
  /** The fact. */
  data: ProfileMilestoneReachedV1Data;
}

/** The members of `data`. */
export interface ProfileMilestoneReachedV1Data {
  /** What was reached. */
  milestone: "buddy_matched" | "first_language_session" | "language_level_up" | "first_mentorship_session" | "course_enrolled" | "course_completed" | "credential_earned";
  /** The milestone reached just before this one, if there was one. */
  previousMilestone?: "buddy_matched" | "first_language_session" | "language_level_up" | "first_mentorship_session" | "course_enrolled" | "course_completed" | "credential_earned" | null;
  /** The person; the subject of the event. */
  profileId: Uuid;
  /** When it was reached, by the time of the fact it rests on. */
  reachedAt: Instant;
  /**
   * The version of this milestone of this person; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
}
