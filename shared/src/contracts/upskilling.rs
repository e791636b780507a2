//! What happened in courses.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract,
    examples::{FACT, IMPORT, PARTICIPANT, instant},
    values::{CourseCode, CourseName, CourseStatus, CredentialType, Line, ProviderCode, Revision, Score},
};

/// A person completed a course. `time` is `completedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CourseCompleted {
    /// The completion; the subject of the event.
    pub progress_id: Uuid,
    /// The learner's profile.
    pub profile_id: Uuid,
    /// Who gives the course.
    pub provider: ProviderCode,
    /// The course, as the provider numbers it.
    pub course_id: CourseCode,
    /// What the provider calls the course.
    pub course_name: CourseName,
    /// When it was completed.
    pub completed_at: Timestamp,
    /// The final mark, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_score: Option<Score>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for CourseCompleted {
    const TYPE: &'static str = "upskilling.course.completed.v1";
    const SERVICE: &'static str = "upskilling";

    fn example() -> Self {
        Self {
            progress_id: FACT,
            profile_id: PARTICIPANT,
            provider: ProviderCode::new("ecornell").expect("a constant that keeps the rule"),
            course_id: CourseCode::new("intro-to-accounting").expect("a constant that keeps the rule"),
            course_name: CourseName::new("Introduction to Accounting").expect("a constant that keeps the rule"),
            completed_at: instant("2025-05-10T12:00:00Z"),
            final_score: Score::new(rust_decimal::Decimal::new(925, 1)).ok(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// A provider gave a person a credential. Its link and its code stay inside. `time` is `issuedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialIssued {
    /// The credential; the subject of the event.
    pub credential_id: Uuid,
    /// The learner's profile.
    pub profile_id: Uuid,
    /// Who gives the course.
    pub provider: ProviderCode,
    /// The course, as the provider numbers it.
    pub course_id: CourseCode,
    /// What the provider calls the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course_name: Option<CourseName>,
    /// What was given.
    pub credential_type: CredentialType,
    /// When it was given.
    pub issued_at: Timestamp,
    /// Until when it holds; absent when it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether the source gave a link to it.
    pub has_url: bool,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for CredentialIssued {
    const TYPE: &'static str = "upskilling.credential.issued.v1";
    const SERVICE: &'static str = "upskilling";

    fn example() -> Self {
        Self {
            credential_id: FACT,
            profile_id: PARTICIPANT,
            provider: ProviderCode::new("ecornell").expect("a constant that keeps the rule"),
            course_id: CourseCode::new("intro-to-accounting").expect("a constant that keeps the rule"),
            course_name: CourseName::new("Introduction to Accounting").ok(),
            credential_type: CredentialType::Certificate,
            issued_at: instant("2025-05-12T08:00:00Z"),
            expires_at: Some(instant("2028-05-12T08:00:00Z")),
            has_url: true,
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// How far a person is in a course now. `time` is `updatedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgressUpdated {
    /// The person's progress in the course; the subject of the event.
    pub progress_id: Uuid,
    /// The learner's profile.
    pub profile_id: Uuid,
    /// Who gives the course.
    pub provider: ProviderCode,
    /// The course, as the provider numbers it.
    pub course_id: CourseCode,
    /// What the provider calls the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course_name: Option<CourseName>,
    /// The share of the course that is done, 0 to 100.
    pub progress_percent: Score,
    /// How far that is.
    pub status: CourseStatus,
    /// When it was so.
    pub updated_at: Timestamp,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for ProgressUpdated {
    const TYPE: &'static str = "upskilling.progress.updated.v1";
    const SERVICE: &'static str = "upskilling";

    fn example() -> Self {
        Self {
            progress_id: FACT,
            profile_id: PARTICIPANT,
            provider: ProviderCode::new("ecornell").expect("a constant that keeps the rule"),
            course_id: CourseCode::new("intro-to-accounting").expect("a constant that keeps the rule"),
            course_name: CourseName::new("Introduction to Accounting").ok(),
            progress_percent: Score::new(rust_decimal::Decimal::from(40)).expect("a constant within its bounds"),
            status: CourseStatus::InProgress,
            updated_at: instant("2025-04-01T08:00:00Z"),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}
