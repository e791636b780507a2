//! What a profile looks like.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::personal::Personal;

/// The id of a person in a source.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExternalId {
    /// The link.
    pub id: Uuid,
    /// The source.
    #[schema(example = "kintell")]
    pub source: String,
    /// The id there.
    #[schema(example = "KT-00042")]
    pub external_id: String,
}

/// A person in a programme.
#[derive(Debug, Serialize, ToSchema)]
pub struct Enrolment {
    /// `buddy`, `language`, `mentorship` or `upskilling`.
    #[schema(example = "language")]
    pub programme: String,
    /// `participant` or `volunteer`: of this enrolment, not of the person.
    #[schema(example = "participant")]
    pub role: String,
    /// `active`, `completed` or `dropped`.
    #[schema(example = "active")]
    pub status: String,
    /// When it began.
    pub since: Timestamp,
    /// When it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Something reached, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Milestone {
    /// Which.
    #[schema(example = "first_language_session")]
    pub name: String,
    /// When, by the earliest event.
    pub reached_at: Timestamp,
}

/// Advice, each with its rule. No function acts on a person by a flag.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flags {
    /// Three or more language sessions with a mean rating of at least 4 of 5.
    pub mentor_ready: bool,
    /// Two rated language sessions within 60 days below 0.5.
    pub language_support_needed: bool,
    /// An active enrolment and nothing on the timeline for 14 days, computed as of now or of `as_of`.
    pub followup_needed: bool,
}

/// A person under a surrogate id.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// The surrogate id.
    pub id: Uuid,
    /// Counts changes; the ETag.
    pub revision: i32,
    /// The name as given; by hand before any source, else the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Olena Pryklad")]
    pub name: Option<Personal>,
    /// The address that was added last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "olena@newcomer.example")]
    pub email: Option<Personal>,
    /// The preferred language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "uk")]
    pub language: Option<Personal>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Bergen")]
    pub city: Option<Personal>,
    /// Ids in the sources.
    pub external_ids: Vec<ExternalId>,
    /// Programmes.
    pub enrolments: Vec<Enrolment>,
    /// What was reached, in the order it was.
    pub milestones: Vec<Milestone>,
    /// Advice.
    pub flags: Flags,
}

/// What a volunteer sees of a person met in a session or matched with.
#[derive(Debug, Serialize, ToSchema)]
pub struct FirstName {
    /// The surrogate id.
    pub id: Uuid,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Olena")]
    pub name: Option<Personal>,
}

/// Profiles found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileList {
    /// Those the caller may see.
    pub items: Vec<Profile>,
}
