// Generated from the Rust types by `make generate`. Do not edit by hand.

/** A UUID as text. */
export type Uuid = string;

/** A time in UTC, RFC 3339. */
export type Instant = string;

import type { KintellSessionScheduledV1 } from "./kintell.session.scheduled.v1.js";
import type { KintellSessionCompletedV1 } from "./kintell.session.completed.v1.js";
import type { KintellRatingCreatedV1 } from "./kintell.rating.created.v1.js";
import type { BuddyMatchCreatedV1 } from "./buddy.match.created.v1.js";
import type { BuddyMatchEndedV1 } from "./buddy.match.ended.v1.js";
import type { BuddyEventLoggedV1 } from "./buddy.event.logged.v1.js";
import type { BuddyEventAttendedV1 } from "./buddy.event.attended.v1.js";
import type { BuddySkillShareCompletedV1 } from "./buddy.skill_share.completed.v1.js";
import type { BuddyCheckinCompletedV1 } from "./buddy.checkin.completed.v1.js";
import type { BuddyFeedbackSubmittedV1 } from "./buddy.feedback.submitted.v1.js";
import type { BuddyMilestoneReachedV1 } from "./buddy.milestone.reached.v1.js";
import type { UpskillingCourseCompletedV1 } from "./upskilling.course.completed.v1.js";
import type { UpskillingCredentialIssuedV1 } from "./upskilling.credential.issued.v1.js";
import type { UpskillingProgressUpdatedV1 } from "./upskilling.progress.updated.v1.js";
import type { IntakeTextReceivedV1 } from "./intake.text.received.v1.js";
import type { FactRetractedV1 } from "./fact.retracted.v1.js";
import type { ProfileCreatedV1 } from "./profile.created.v1.js";
import type { ProfileUpdatedV1 } from "./profile.updated.v1.js";
import type { ProfileLinkedV1 } from "./profile.linked.v1.js";
import type { ProfileUnlinkedV1 } from "./profile.unlinked.v1.js";
import type { ProfileMergedV1 } from "./profile.merged.v1.js";
import type { ProfileUnmergedV1 } from "./profile.unmerged.v1.js";
import type { ProfilePurposeChangedV1 } from "./profile.purpose.changed.v1.js";
import type { ProfileErasedV1 } from "./profile.erased.v1.js";
import type { ProfileMilestoneReachedV1 } from "./profile.milestone.reached.v1.js";
import type { ProfileFlagChangedV1 } from "./profile.flag.changed.v1.js";
import type { SafetyTextScreenedV1 } from "./safety.text.screened.v1.js";
import type { SafetyFlagRaisedV1 } from "./safety.flag.raised.v1.js";
import type { SafetyReviewCompletedV1 } from "./safety.review.completed.v1.js";
import type { Q2qOutcomeScoredV1 } from "./q2q.outcome.scored.v1.js";
import type { IntakeImportCompletedV1 } from "./intake.import.completed.v1.js";
import type { IntakeImportRefusedV1 } from "./intake.import.refused.v1.js";
import type { IntakeImportUndoneV1 } from "./intake.import.undone.v1.js";

/** Every type by its name, which is also the detail-type on the bus. */
export interface ContractEvents {
  "kintell.session.scheduled.v1": KintellSessionScheduledV1;
  "kintell.session.completed.v1": KintellSessionCompletedV1;
  "kintell.rating.created.v1": KintellRatingCreatedV1;
  "buddy.match.created.v1": BuddyMatchCreatedV1;
  "buddy.match.ended.v1": BuddyMatchEndedV1;
  "buddy.event.logged.v1": BuddyEventLoggedV1;
  "buddy.event.attended.v1": BuddyEventAttendedV1;
  "buddy.skill_share.completed.v1": BuddySkillShareCompletedV1;
  "buddy.checkin.completed.v1": BuddyCheckinCompletedV1;
  "buddy.feedback.submitted.v1": BuddyFeedbackSubmittedV1;
  "buddy.milestone.reached.v1": BuddyMilestoneReachedV1;
  "upskilling.course.completed.v1": UpskillingCourseCompletedV1;
  "upskilling.credential.issued.v1": UpskillingCredentialIssuedV1;
  "upskilling.progress.updated.v1": UpskillingProgressUpdatedV1;
  "intake.text.received.v1": IntakeTextReceivedV1;
  "fact.retracted.v1": FactRetractedV1;
  "profile.created.v1": ProfileCreatedV1;
  "profile.updated.v1": ProfileUpdatedV1;
  "profile.linked.v1": ProfileLinkedV1;
  "profile.unlinked.v1": ProfileUnlinkedV1;
  "profile.merged.v1": ProfileMergedV1;
  "profile.unmerged.v1": ProfileUnmergedV1;
  "profile.purpose.changed.v1": ProfilePurposeChangedV1;
  "profile.erased.v1": ProfileErasedV1;
  "profile.milestone.reached.v1": ProfileMilestoneReachedV1;
  "profile.flag.changed.v1": ProfileFlagChangedV1;
  "safety.text.screened.v1": SafetyTextScreenedV1;
  "safety.flag.raised.v1": SafetyFlagRaisedV1;
  "safety.review.completed.v1": SafetyReviewCompletedV1;
  "q2q.outcome.scored.v1": Q2qOutcomeScoredV1;
  "intake.import.completed.v1": IntakeImportCompletedV1;
  "intake.import.refused.v1": IntakeImportRefusedV1;
  "intake.import.undone.v1": IntakeImportUndoneV1;
}

/** The name of a type. */
export type ContractType = keyof ContractEvents;

/** Any contract event: switch on its `type`. */
export type ContractEvent = ContractEvents[ContractType];

export type * from "./kintell.session.scheduled.v1.js";
export type * from "./kintell.session.completed.v1.js";
export type * from "./kintell.rating.created.v1.js";
export type * from "./buddy.match.created.v1.js";
export type * from "./buddy.match.ended.v1.js";
export type * from "./buddy.event.logged.v1.js";
export type * from "./buddy.event.attended.v1.js";
export type * from "./buddy.skill_share.completed.v1.js";
export type * from "./buddy.checkin.completed.v1.js";
export type * from "./buddy.feedback.submitted.v1.js";
export type * from "./buddy.milestone.reached.v1.js";
export type * from "./upskilling.course.completed.v1.js";
export type * from "./upskilling.credential.issued.v1.js";
export type * from "./upskilling.progress.updated.v1.js";
export type * from "./intake.text.received.v1.js";
export type * from "./fact.retracted.v1.js";
export type * from "./profile.created.v1.js";
export type * from "./profile.updated.v1.js";
export type * from "./profile.linked.v1.js";
export type * from "./profile.unlinked.v1.js";
export type * from "./profile.merged.v1.js";
export type * from "./profile.unmerged.v1.js";
export type * from "./profile.purpose.changed.v1.js";
export type * from "./profile.erased.v1.js";
export type * from "./profile.milestone.reached.v1.js";
export type * from "./profile.flag.changed.v1.js";
export type * from "./safety.text.screened.v1.js";
export type * from "./safety.flag.raised.v1.js";
export type * from "./safety.review.completed.v1.js";
export type * from "./q2q.outcome.scored.v1.js";
export type * from "./intake.import.completed.v1.js";
export type * from "./intake.import.refused.v1.js";
export type * from "./intake.import.undone.v1.js";
