// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/**
 * Somebody wrote something. The words are sealed in the vault under `textId`; this event is the one trigger of
 * screening. A text is immutable: new words are a new text that supersedes the old one.
 */
export interface IntakeTextReceivedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/intake.text.received.v1.schema.json";
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
  type: "intake.text.received.v1";
  /** The fact. */
  data: IntakeTextReceivedV1Data;
}

/** The members of `data`. */
export interface IntakeTextReceivedV1Members {
  /** Whose words they are; may be absent only when the author's role is undeclared. */
  authorId?: Uuid | null;
  /** The side the author was on, as the source declares it. */
  authorRole: "participant" | "volunteer" | "buddy" | "undeclared";
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /** What kind of fact the text was written about. */
  kind: "kintell_session" | "buddy_checkin" | "buddy_feedback" | "course_reflection" | "other";
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /**
   * The version of this fact; always 1, because a text is immutable.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /**
   * The system the text came from.
   * Allowed: code, ^[a-z][a-z0-9_]{1,31}$.
   */
  source: string;
  /** The person the text is about, under whose key it is sealed. */
  subjectId: Uuid;
  /** The text this one replaces. */
  supersedes?: Uuid | null;
  /** The text; the subject of the event. */
  textId: Uuid;
}

/** `data`, with the rules between its members. */
export type IntakeTextReceivedV1Data = IntakeTextReceivedV1Members
  & (Required<Pick<IntakeTextReceivedV1Members, "authorId">> | { authorRole: "undeclared" });
