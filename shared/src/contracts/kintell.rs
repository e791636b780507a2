//! What happened in Kintell.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::{FACT, IMPORT, PARTICIPANT, SESSION, TEXT, VOLUNTEER, instant},
    values::{Cefr, DurationMinutes, Line, Rater, Rating, RatingScale, Revision, SessionType},
};

/// A volunteer and a participant are going to meet on video, or were going to and nothing says they did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionScheduled {
    /// The meeting; the subject of the event.
    pub session_id: Uuid,
    /// What the meeting is for.
    pub session_type: SessionType,
    /// The newcomer's profile.
    pub participant_id: Uuid,
    /// The volunteer's or mentor's profile.
    pub volunteer_id: Uuid,
    /// When the meeting is to begin.
    pub scheduled_at: Timestamp,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for SessionScheduled {
    const TYPE: &'static str = "kintell.session.scheduled.v1";
    const SERVICE: &'static str = "kintell";

    fn check(&self) -> Result<(), Violation> {
        two_people(self.participant_id, self.volunteer_id)
    }

    fn example() -> Self {
        Self {
            session_id: SESSION,
            session_type: SessionType::Language,
            participant_id: PARTICIPANT,
            volunteer_id: VOLUNTEER,
            scheduled_at: instant("2025-03-04T17:00:00Z"),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// A volunteer and a participant met on video. Carries the rating where the record did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("dependentRequired" = { "rating": ["ratingScale"], "ratingScale": ["rating"] }))]
pub struct SessionCompleted {
    /// The meeting; the subject of the event.
    pub session_id: Uuid,
    /// What the meeting was for.
    pub session_type: SessionType,
    /// The newcomer's profile.
    pub participant_id: Uuid,
    /// The volunteer's or mentor's profile.
    pub volunteer_id: Uuid,
    /// When the meeting was to begin.
    pub scheduled_at: Timestamp,
    /// When the meeting was over.
    pub completed_at: Timestamp,
    /// How long it lasted, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<DurationMinutes>,
    /// The participant's level of Norwegian as noted for this meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_level: Option<Cefr>,
    /// The rating, 0 to 1; absent when nobody rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// The scale the rating was given on; there if and only if the rating is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_scale: Option<RatingScale>,
    /// Who rated, where the source declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_role: Option<Rater>,
    /// The feedback written with it, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_id: Option<Uuid>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for SessionCompleted {
    const TYPE: &'static str = "kintell.session.completed.v1";
    const SERVICE: &'static str = "kintell";

    fn check(&self) -> Result<(), Violation> {
        two_people(self.participant_id, self.volunteer_id)?;
        if self.rating.is_some() != self.rating_scale.is_some() {
            return Err(Violation("ratingScale has to be there if and only if rating is"));
        }
        if self.completed_at < self.scheduled_at {
            return Err(Violation("completedAt has to be at or after scheduledAt"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            session_id: SESSION,
            session_type: SessionType::Language,
            participant_id: PARTICIPANT,
            volunteer_id: VOLUNTEER,
            scheduled_at: instant("2025-03-04T17:00:00Z"),
            completed_at: instant("2025-03-04T17:45:00Z"),
            duration_minutes: DurationMinutes::new(45).ok(),
            language_level: Some(Cefr::A2),
            rating: Rating::new(rust_decimal::Decimal::new(75, 2)).ok(),
            rating_scale: Some(RatingScale::OneToFive),
            from_role: Some(Rater::Participant),
            text_id: Some(TEXT),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// A rating that came on its own: the meeting is another fact, and may be told later. `time` is `createdAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RatingCreated {
    /// The rating; the subject of the event.
    pub rating_id: Uuid,
    /// The meeting that was rated.
    pub session_id: Uuid,
    /// Who rated.
    pub from_role: Rater,
    /// The rating, 0 to 1.
    pub rating: Rating,
    /// The scale the rating was given on.
    pub rating_scale: RatingScale,
    /// The feedback written with it, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_id: Option<Uuid>,
    /// When it was given.
    pub created_at: Timestamp,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file or delivery did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for RatingCreated {
    const TYPE: &'static str = "kintell.rating.created.v1";
    const SERVICE: &'static str = "kintell";

    fn example() -> Self {
        Self {
            rating_id: FACT,
            session_id: SESSION,
            from_role: Rater::Volunteer,
            rating: Rating::new(rust_decimal::Decimal::new(75, 2)).expect("a constant within its bounds"),
            rating_scale: RatingScale::OneToFive,
            text_id: Some(TEXT),
            created_at: instant("2025-03-04T18:10:00Z"),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: None,
        }
    }
}

/// A meeting has two sides: an import refuses a person who is on both, so no event may say so.
fn two_people(participant: Uuid, volunteer: Uuid) -> Result<(), Violation> {
    if participant == volunteer {
        return Err(Violation("participantId and volunteerId have to be two people"));
    }
    Ok(())
}
