//! What changed about a person, who is a surrogate id here and nothing else.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::{CERTIFICATE, EVENT, IMPORT, LINK, MERGE, OTHER_PROFILE, PARTICIPANT, instant, kintell},
    values::{Flag, Line, Milestone, ProfileField, PurposeName, PurposeState, Revision, SourceCode, Trigger},
};

/// A person was met for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileCreated {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// Which fields are known from the start; never their values.
    pub changed: Vec<ProfileField>,
    /// What brought the person.
    pub trigger: Trigger,
    /// The revision of the profile: 1.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for ProfileCreated {
    const TYPE: &'static str = "profile.created.v1";
    const SERVICE: &'static str = "profile";

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            changed: vec![ProfileField::Email],
            trigger: Trigger::Import,
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// Something a reader of the profile sees has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileUpdated {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// Which fields changed; never their values.
    #[schemars(length(min = 1))]
    pub changed: Vec<ProfileField>,
    /// What changed them.
    pub trigger: Trigger,
    /// The revision of the profile after the change.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for ProfileUpdated {
    const TYPE: &'static str = "profile.updated.v1";
    const SERVICE: &'static str = "profile";

    fn check(&self) -> Result<(), Violation> {
        if self.changed.is_empty() {
            return Err(Violation("changed has to name at least one field"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            changed: vec![ProfileField::Name, ProfileField::City],
            trigger: Trigger::Api,
            revision: Revision::FIRST.next(),
            import_id: None,
            line: None,
        }
    }
}

/// A person was given an id in a source. The id itself stays inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileLinked {
    /// The person.
    pub profile_id: Uuid,
    /// The system the person has an id in.
    pub source: SourceCode,
    /// The link; the subject of the event.
    pub link_id: Uuid,
    /// The version of this fact.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for ProfileLinked {
    const TYPE: &'static str = "profile.linked.v1";
    const SERVICE: &'static str = "profile";

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            source: kintell(),
            link_id: LINK,
            revision: Revision::FIRST,
            import_id: None,
            line: None,
        }
    }
}

/// An id in a source no longer belongs to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileUnlinked {
    /// The person.
    pub profile_id: Uuid,
    /// The system the person had an id in.
    pub source: SourceCode,
    /// The link that is gone; the subject of the event.
    pub link_id: Uuid,
    /// The version of this fact; above the one of `profile.linked`.
    pub revision: Revision,
}

impl Contract for ProfileUnlinked {
    const TYPE: &'static str = "profile.unlinked.v1";
    const SERVICE: &'static str = "profile";

    fn example() -> Self {
        Self { profile_id: PARTICIPANT, source: kintell(), link_id: LINK, revision: Revision::FIRST.next() }
    }
}

/// Two profiles were one person, and are one now. `time` is when they were merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileMerged {
    /// The profile that goes on; what was told of the other is its own now.
    pub survivor_id: Uuid,
    /// The profile that goes on no longer.
    pub merged_id: Uuid,
    /// The merge; the subject of the event.
    pub merge_id: Uuid,
    /// The version of this fact.
    pub revision: Revision,
}

impl Contract for ProfileMerged {
    const TYPE: &'static str = "profile.merged.v1";
    const SERVICE: &'static str = "profile";

    fn check(&self) -> Result<(), Violation> {
        two_profiles(self.survivor_id, self.merged_id)
    }

    fn example() -> Self {
        Self { survivor_id: PARTICIPANT, merged_id: OTHER_PROFILE, merge_id: MERGE, revision: Revision::FIRST }
    }
}

/// A merge was taken back: both profiles go on, each with its own facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileUnmerged {
    /// The profile that had gone on.
    pub survivor_id: Uuid,
    /// The profile that goes on again.
    pub merged_id: Uuid,
    /// The merge that was taken back; the subject of the event.
    pub merge_id: Uuid,
    /// The version of this fact; above the one of `profile.merged`.
    pub revision: Revision,
}

impl Contract for ProfileUnmerged {
    const TYPE: &'static str = "profile.unmerged.v1";
    const SERVICE: &'static str = "profile";

    fn check(&self) -> Result<(), Violation> {
        two_profiles(self.survivor_id, self.merged_id)
    }

    fn example() -> Self {
        Self { survivor_id: PARTICIPANT, merged_id: OTHER_PROFILE, merge_id: MERGE, revision: Revision::FIRST.next() }
    }
}

fn two_profiles(survivor: Uuid, merged: Uuid) -> Result<(), Violation> {
    if survivor == merged {
        return Err(Violation("survivorId and mergedId have to be two profiles"));
    }
    Ok(())
}

/// What holds for a purpose of a person's data has changed. The subject is the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PurposeChanged {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// Which purpose.
    pub purpose: PurposeName,
    /// What holds for it now; only `granted` allows anything.
    pub state: PurposeState,
    /// The version of this purpose of this person; keep the highest.
    pub revision: Revision,
}

impl Contract for PurposeChanged {
    const TYPE: &'static str = "profile.purpose.changed.v1";
    const SERVICE: &'static str = "profile";

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            purpose: PurposeName::CompanyReporting,
            state: PurposeState::Objected,
            revision: Revision::FIRST,
        }
    }
}

/// A person was erased: whoever keeps something under this id has to remove it. The subject is the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileErased {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// The record of what was erased where.
    pub certificate_id: Uuid,
    /// The revision of the profile that ends it.
    pub revision: Revision,
}

impl Contract for ProfileErased {
    const TYPE: &'static str = "profile.erased.v1";
    const SERVICE: &'static str = "profile";

    fn example() -> Self {
        Self { profile_id: PARTICIPANT, certificate_id: CERTIFICATE, revision: Revision::FIRST.next() }
    }
}

/// A person reached a milestone. When an earlier fact arrives later, the milestone moves: the next revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneReached {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// What was reached.
    pub milestone: Milestone,
    /// When it was reached, by the time of the fact it rests on.
    pub reached_at: Timestamp,
    /// The milestone reached just before this one, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_milestone: Option<Milestone>,
    /// The version of this milestone of this person; keep the highest.
    pub revision: Revision,
}

impl Contract for MilestoneReached {
    const TYPE: &'static str = "profile.milestone.reached.v1";
    const SERVICE: &'static str = "profile";

    fn check(&self) -> Result<(), Violation> {
        if self.previous_milestone == Some(self.milestone) {
            return Err(Violation("previousMilestone has to be another milestone"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            milestone: Milestone::LanguageLevelUp,
            reached_at: instant("2025-04-01T17:45:00Z"),
            previous_milestone: Some(Milestone::FirstLanguageSession),
            revision: Revision::FIRST,
        }
    }
}

/// A flag on a person's journey went up or down. Flags advise; nothing acts on a person by them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "if" = { "properties": { "value": { "const": true } } },
    "then" = { "properties": { "becauseOf": { "minItems": 1 } } },
    "else" = { "properties": { "becauseOf": { "maxItems": 0 } } }
))]
pub struct FlagChanged {
    /// The person; the subject of the event.
    pub profile_id: Uuid,
    /// Which flag.
    pub flag: Flag,
    /// Whether it is up now.
    pub value: bool,
    /// The events it rests on; empty when the flag is down.
    pub because_of: Vec<Uuid>,
    /// The version of this flag of this person; keep the highest.
    pub revision: Revision,
}

impl Contract for FlagChanged {
    const TYPE: &'static str = "profile.flag.changed.v1";
    const SERVICE: &'static str = "profile";

    fn check(&self) -> Result<(), Violation> {
        if self.value == self.because_of.is_empty() {
            return Err(Violation("becauseOf has to name the cause of a flag that is up, and of no other"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            profile_id: PARTICIPANT,
            flag: Flag::LanguageSupportNeeded,
            value: true,
            because_of: vec![EVENT],
            revision: Revision::FIRST,
        }
    }
}
