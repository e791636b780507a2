// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** The two of a match did something together. `time` is `eventDate`. */
export interface BuddyEventLoggedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/buddy.event.logged.v1.schema.json";
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
  type: "buddy.event.logged.v1";
  /** The fact. */
  data: BuddyEventLoggedV1Data;
}

/** The members of `data`. */
export interface BuddyEventLoggedV1Data {
  /** The profiles of those who came, where the source lists them; else it was the two of the match. */
  attendees?: Array<Uuid>;
  /** When it was. */
  eventDate: Instant;
  /** The event; the subject of the event. */
  eventId: Uuid;
  /** What it was; `other` for every word that is not in the list. */
  eventType: "cultural" | "educational" | "professional" | "social" | "support" | "recreational" | "language" | "other";
  /** The import that brought it, if a file did. */
  importId?: Uuid | null;
  /**
   * The line of the file it stood on.
   * Allowed: whole number, from 1.
   */
  line?: number | null;
  /** The match it belongs to. */
  matchId: Uuid;
  /**
   * The version of this fact; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** What was written about it, by id. */
  textId?: Uuid | null;
}
