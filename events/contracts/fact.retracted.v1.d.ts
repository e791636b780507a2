// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * A fact is taken back, in all revisions below this one, and whatever follows from it goes. A retraction is a
 * revision like any other: who keeps the highest has the truth. A record put in again after an undo is a new fact with
 * a new id; a text or a milestone may be told again with a higher revision. The event belongs to the fact's service.
 *
 * A milestone of a journey has no id of its own: `factId` is the profile, as in the subject of
 * `profile.milestone.reached`, and `milestone` says which.
 */
export interface FactRetractedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/fact.retracted.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/kintell" | "teei/buddy" | "teei/upskilling" | "teei/intake" | "teei/profile" | "teei/q2q";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "fact.retracted.v1";
  /** The fact. */
  data: FactRetractedV1Data;
}

/** The members of `data`. */
export interface FactRetractedV1Members {
  /** The fact; the subject of the event. */
  factId: Uuid;
  /** What kind of fact it was. */
  factType: "kintell.session" | "kintell.rating" | "buddy.match" | "buddy.event" | "buddy.attendance" | "buddy.skill_share" | "buddy.checkin" | "buddy.feedback" | "buddy.milestone" | "upskilling.completion" | "upskilling.credential" | "upskilling.progress" | "intake.text" | "profile.milestone" | "q2q.outcome";
  /** Which milestone; there if and only if the fact is one of a journey. */
  milestone?: "buddy_matched" | "first_language_session" | "language_level_up" | "first_mentorship_session" | "course_enrolled" | "course_completed" | "credential_earned" | null;
  /** Why. */
  reason: "undone" | "withdrawn" | "erased" | "corrected";
  /**
   * The revision that takes the fact back: above every one that told it.
   * Allowed: whole number, from 1.
   */
  revision: number;
}

/** `data`, with the rules between its members. */
export type FactRetractedV1Data = FactRetractedV1Members
  & (({ factType: "profile.milestone" } & { milestone: NonNullable<FactRetractedV1Members["milestone"]> }) | ({ factType: Exclude<FactRetractedV1Members["factType"], "profile.milestone"> } & { milestone?: null }));
