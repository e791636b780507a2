// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A provider gave a person a credential. Its link and its code stay inside. `time` is `issuedAt`. */
export interface UpskillingCredentialIssuedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/upskilling.credential.issued.v1.schema.json";
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
  type: "upskilling.credential.issued.v1";
  /** The fact. */
  data: UpskillingCredentialIssuedV1Data;
}

/** The members of `data`. */
export interface UpskillingCredentialIssuedV1Data {
  /**
   * The course, as the provider numbers it.
   * Allowed: code, ^(?!.*[^ @]@[^ @]*\.)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$.
   */
  courseId: string;
  /**
   * What the provider calls the course.
   * Allowed: code, ^(?!.*[^ @]@[^ @]*\.)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255}$.
   */
  courseName?: string | null;
  /** The credential; the subject of the event. */
  credentialId: Uuid;
  /** What was given. */
  credentialType: "certificate" | "badge" | "diploma" | "transcript";
  /** Until when it holds; absent when it does not expire. */
  expiresAt?: Instant | null;
  /** Whether the source gave a link to it. */
  hasUrl: boolean;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /** When it was given. */
  issuedAt: Instant;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The learner's profile. */
  profileId: Uuid;
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
