// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A person completed a course. `time` is `completedAt`. */
export interface UpskillingCourseCompletedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/upskilling.course.completed.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/upskilling";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "upskilling.course.completed.v1";
  /** The fact. */
  data: UpskillingCourseCompletedV1Data;
}

/** The members of `data`. */
export interface UpskillingCourseCompletedV1Data {
  /** When it was completed. */
  completedAt: Instant;
  /**
   * The course, as the provider numbers it.
   * Allowed: code, ^(?!.*[^ @]@[^ @]*\.)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$.
   */
  courseId: string;
  /**
   * What the provider calls the course.
   * Allowed: code, ^(?!.*[^ @]@[^ @]*\.)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$.
   */
  courseName: string;
  /**
   * The final mark, 0 to 100.
   * Allowed: number, 0 to 100.
   */
  finalScore?: number | null;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The learner's profile. */
  profileId: Uuid;
  /** The completion; the subject of the event. */
  progressId: Uuid;
  /**
   * Who gives the course.
   * Allowed: code, ^(?!.*[^ @]@[^ @]*\.)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$.
   */
  provider: string;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
}
