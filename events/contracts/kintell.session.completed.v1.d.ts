// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A volunteer and a participant met on video. Carries the rating where the record did. */
export interface KintellSessionCompletedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/kintell.session.completed.v1.schema.json";
  /** Until when this type is published beside the one that replaces it; absent while nothing does. */
  deprecationsunset?: Instant;
  /** The event's identity, UUIDv7: recognise repeats by it. */
  id: Uuid;
  /** When it was written down, in UTC. */
  recordedtime: Instant;
  /** The service the fact belongs to. */
  source: "teei/kintell";
  /** The version of CloudEvents. */
  specversion: "1.0";
  /** The fact's id. */
  subject: Uuid;
  /** When it happened, in UTC. */
  time: Instant;
  /** The event's type with its version; also the detail-type on the bus. */
  type: "kintell.session.completed.v1";
  /** The fact. */
  data: KintellSessionCompletedV1Data;
}

/** The members of `data`. */
export interface KintellSessionCompletedV1Members {
  /** When the meeting was over. */
  completedAt: Instant;
  /**
   * How long it lasted, in minutes.
   * Allowed: whole number, 1 to 480.
   */
  durationMinutes?: number | null;
  /** Who rated, where the source declares it. */
  fromRole?: "participant" | "volunteer" | null;
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /** The participant's level of Norwegian as noted for this meeting. */
  languageLevel?: "A1" | "A2" | "B1" | "B2" | "C1" | "C2" | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The newcomer's profile. */
  participantId: Uuid;
  /**
   * The rating, 0 to 1; absent when nobody rated.
   * Allowed: number, 0 to 1.
   */
  rating?: number | null;
  /** The scale the rating was given on; there if and only if the rating is. */
  ratingScale?: "1-5" | "0-1" | null;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** When the meeting was to begin. */
  scheduledAt: Instant;
  /** The meeting; the subject of the event. */
  sessionId: Uuid;
  /** What the meeting was for. */
  sessionType: "language" | "mentorship";
  /** The feedback written with it, by id. */
  textId?: Uuid | null;
  /** The volunteer's or mentor's profile. */
  volunteerId: Uuid;
}

/** `data`, with the rules between its members. */
export type KintellSessionCompletedV1Data = KintellSessionCompletedV1Members
  & ({ rating?: never } | Required<Pick<KintellSessionCompletedV1Members, "ratingScale">>)
  & ({ ratingScale?: never } | Required<Pick<KintellSessionCompletedV1Members, "rating">>);
