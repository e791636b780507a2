// Generated from the Rust types by `make generate`. Do not edit by hand.
import type { Instant, Uuid } from "./index.js";

/** A flag on a person's journey went up or down. Flags advise; nothing acts on a person by them. */
export interface ProfileFlagChangedV1 {
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
  dataschema: "https://theeducationalequalityinstitute.org/contracts/profile.flag.changed.v1.schema.json";
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
  type: "profile.flag.changed.v1";
  /** The fact. */
  data: ProfileFlagChangedV1Data;
}

/** The members of `data`. */
export interface ProfileFlagChangedV1Members {
  /** The events it rests on; empty when the flag is down. */
  becauseOf: Array<Uuid>;
  /** Which flag. */
  flag: "mentor_ready" | "language_support_needed";
  /** The person; the subject of the event. */
  profileId: Uuid;
  /**
   * The version of this flag of this person; keep the highest.
   * Allowed: whole number, from 1.
   */
  revision: number;
  /** Whether it is up now. */
  value: boolean;
}

/** `data`, with the rules between its members. */
export type ProfileFlagChangedV1Data = ProfileFlagChangedV1Members
  & (({ value: true } & { becauseOf: [ProfileFlagChangedV1Members["becauseOf"][number], ...ProfileFlagChangedV1Members["becauseOf"]] }) | ({ value: Exclude<ProfileFlagChangedV1Members["value"], true> } & { becauseOf: [] }));
