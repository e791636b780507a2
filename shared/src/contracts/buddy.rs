//! What happened in the buddy programme.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::{FACT, IMPORT, MATCH, PARTICIPANT, SKILL, TEXT, VOLUNTEER, instant},
    values::{
        Amount, DurationMinutes, EndReason, EventFormat, EventType, LanguageCode, Line, MatchSide, MilestoneCategory,
        Proficiency, Rating, Revision, SdgGoal,
    },
};

/// A newcomer was matched with a local buddy. `time` is `matchedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchCreated {
    /// The match; the subject of the event.
    pub match_id: Uuid,
    /// The newcomer's profile.
    pub participant_id: Uuid,
    /// The local buddy's profile.
    pub buddy_id: Uuid,
    /// When they were matched.
    pub matched_at: Timestamp,
    /// The language they have in common, where the source gives its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageCode>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for MatchCreated {
    const TYPE: &'static str = "buddy.match.created.v1";
    const SERVICE: &'static str = "buddy";

    fn check(&self) -> Result<(), Violation> {
        two_people(self.participant_id, self.buddy_id)
    }

    fn example() -> Self {
        Self {
            match_id: MATCH,
            participant_id: PARTICIPANT,
            buddy_id: VOLUNTEER,
            matched_at: instant("2025-02-01T10:00:00Z"),
            language: LanguageCode::new("uk").ok(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// A match is over: the next revision of a match that was created, or a match that had ended when it was first seen.
/// `time` is `endedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchEnded {
    /// The match; the subject of the event.
    pub match_id: Uuid,
    /// The newcomer's profile.
    pub participant_id: Uuid,
    /// The local buddy's profile.
    pub buddy_id: Uuid,
    /// When they were matched. Whoever sees only this event needs it; where it is absent, `durationDays` before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How many whole days it lasted: as the source says, else computed.
    pub duration_days: Amount,
    /// Why it ended; `other` where the source does not say.
    pub reason: EndReason,
    /// How many skill-share sessions they had, as the source counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_completed: Option<Amount>,
    /// How many events they went to, as the source counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_attended: Option<Amount>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for MatchEnded {
    const TYPE: &'static str = "buddy.match.ended.v1";
    const SERVICE: &'static str = "buddy";

    fn check(&self) -> Result<(), Violation> {
        two_people(self.participant_id, self.buddy_id)?;
        if self.matched_at.is_some_and(|matched_at| self.ended_at < matched_at) {
            return Err(Violation("endedAt has to be at or after matchedAt"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            match_id: MATCH,
            participant_id: PARTICIPANT,
            buddy_id: VOLUNTEER,
            matched_at: Some(instant("2025-02-01T10:00:00Z")),
            ended_at: instant("2025-06-01T10:00:00Z"),
            duration_days: Amount::new(120).expect("a constant within its bounds"),
            reason: EndReason::Completed,
            sessions_completed: Amount::new(6).ok(),
            events_attended: Amount::new(3).ok(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// The two of a match did something together. `time` is `eventDate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventLogged {
    /// The event; the subject of the event.
    pub event_id: Uuid,
    /// The match it belongs to.
    pub match_id: Uuid,
    /// What it was; `other` for every word that is not in the list.
    pub event_type: EventType,
    /// When it was.
    pub event_date: Timestamp,
    /// The profiles of those who came, where the source lists them; else it was the two of the match.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attendees: BTreeSet<Uuid>,
    /// What was written about it, by id.
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

impl Contract for EventLogged {
    const TYPE: &'static str = "buddy.event.logged.v1";
    const SERVICE: &'static str = "buddy";

    fn example() -> Self {
        Self {
            event_id: FACT,
            match_id: MATCH,
            event_type: EventType::Social,
            event_date: instant("2025-03-01T12:00:00Z"),
            attendees: BTreeSet::from([PARTICIPANT, VOLUNTEER]),
            text_id: Some(TEXT),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// A person came to a community event. The subject is the attendance, a fact of its own for each person; `time` is
/// `attendedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventAttended {
    /// The community event: the same for everybody who came to it. No `buddy.event.logged` need speak of it.
    pub event_id: Uuid,
    /// Who came.
    pub profile_id: Uuid,
    /// The match it belongs to, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_id: Option<Uuid>,
    /// What it was.
    pub event_type: EventType,
    /// Where people met.
    pub event_format: EventFormat,
    /// When it was.
    pub attended_at: Timestamp,
    /// How long it lasted, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<DurationMinutes>,
    /// The development goals it was for, by number.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sdg_goals: BTreeSet<SdgGoal>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for EventAttended {
    const TYPE: &'static str = "buddy.event.attended.v1";
    const SERVICE: &'static str = "buddy";

    fn example() -> Self {
        Self {
            event_id: FACT,
            profile_id: PARTICIPANT,
            match_id: Some(MATCH),
            event_type: EventType::Cultural,
            event_format: EventFormat::InPerson,
            attended_at: instant("2025-03-08T17:00:00Z"),
            duration_minutes: DurationMinutes::new(90).ok(),
            sdg_goals: SdgGoal::new(4).into_iter().collect(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// Somebody taught somebody else a skill. Either may be the newcomer; `time` is `completedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkillShareCompleted {
    /// The session; the subject of the event.
    pub session_id: Uuid,
    /// The skill: the same in every session it is taught in.
    pub skill_id: Uuid,
    /// Who taught.
    pub teacher_id: Uuid,
    /// Who learned.
    pub learner_id: Uuid,
    /// The match it belongs to, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_id: Option<Uuid>,
    /// When it was over.
    pub completed_at: Timestamp,
    /// How long it lasted, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<DurationMinutes>,
    /// At which level it was taught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proficiency_level: Option<Proficiency>,
    /// The teacher's rating, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher_rating: Option<Rating>,
    /// The learner's rating, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learner_rating: Option<Rating>,
    /// The comments of both, by id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub text_ids: BTreeSet<Uuid>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for SkillShareCompleted {
    const TYPE: &'static str = "buddy.skill_share.completed.v1";
    const SERVICE: &'static str = "buddy";

    fn check(&self) -> Result<(), Violation> {
        if self.teacher_id == self.learner_id {
            return Err(Violation("teacherId and learnerId have to be two people"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            session_id: FACT,
            skill_id: SKILL,
            teacher_id: PARTICIPANT,
            learner_id: VOLUNTEER,
            match_id: Some(MATCH),
            completed_at: instant("2025-03-10T18:00:00Z"),
            duration_minutes: DurationMinutes::new(60).ok(),
            proficiency_level: Some(Proficiency::Beginner),
            teacher_rating: Rating::new(rust_decimal::Decimal::new(9, 1)).ok(),
            learner_rating: Rating::new(rust_decimal::Decimal::ONE).ok(),
            text_ids: BTreeSet::from([TEXT]),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// The two of a match said how it goes. Whether a mood was given is here, the mood itself is not: it is read by id, by
/// those who may. `time` is `checkinDate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckinCompleted {
    /// The check-in; the subject of the event.
    pub checkin_id: Uuid,
    /// The match.
    pub match_id: Uuid,
    /// When it was.
    pub checkin_date: Timestamp,
    /// Whether a mood was given.
    pub has_mood: bool,
    /// What was written with it, by id.
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

impl Contract for CheckinCompleted {
    const TYPE: &'static str = "buddy.checkin.completed.v1";
    const SERVICE: &'static str = "buddy";

    fn example() -> Self {
        Self {
            checkin_id: FACT,
            match_id: MATCH,
            checkin_date: instant("2025-02-15T09:00:00Z"),
            has_mood: true,
            text_id: Some(TEXT),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// The parts of a rating, each 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct FeedbackCategories {
    /// How well they understood each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<Rating>,
    /// How much it helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helpfulness: Option<Rating>,
    /// How much the other took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement: Option<Rating>,
}

impl FeedbackCategories {
    /// The parts as an event carries them: absent when none was given.
    pub fn given(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// One side of a match rated it. `time` is `submittedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackSubmitted {
    /// The feedback; the subject of the event.
    pub feedback_id: Uuid,
    /// The match.
    pub match_id: Uuid,
    /// Who gave it.
    pub from_role: MatchSide,
    /// The rating, 0 to 1.
    pub rating: Rating,
    /// When it was given.
    pub submitted_at: Timestamp,
    /// Its parts, where they were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<FeedbackCategories>,
    /// What was written with it, by id.
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

impl Contract for FeedbackSubmitted {
    const TYPE: &'static str = "buddy.feedback.submitted.v1";
    const SERVICE: &'static str = "buddy";

    fn example() -> Self {
        Self {
            feedback_id: FACT,
            match_id: MATCH,
            from_role: MatchSide::Participant,
            rating: Rating::new(rust_decimal::Decimal::new(8, 1)).expect("a constant within its bounds"),
            submitted_at: instant("2025-04-01T09:00:00Z"),
            categories: FeedbackCategories {
                communication: Rating::new(rust_decimal::Decimal::new(9, 1)).ok(),
                ..FeedbackCategories::default()
            }
            .given(),
            text_id: Some(TEXT),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// The source says that a person reached a milestone of its own. `time` is `reachedAt`. The milestones of a journey are
/// `profile.milestone.reached`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuddyMilestoneReached {
    /// The person's milestone; the subject of the event.
    pub milestone_id: Uuid,
    /// Who reached it.
    pub profile_id: Uuid,
    /// What it speaks of; `other` where the source does not say.
    pub category: MilestoneCategory,
    /// When it was reached.
    pub reached_at: Timestamp,
    /// What the source gives for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Amount>,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for BuddyMilestoneReached {
    const TYPE: &'static str = "buddy.milestone.reached.v1";
    const SERVICE: &'static str = "buddy";

    fn example() -> Self {
        Self {
            milestone_id: FACT,
            profile_id: PARTICIPANT,
            category: MilestoneCategory::Onboarding,
            reached_at: instant("2025-02-20T09:00:00Z"),
            points: Amount::new(50).ok(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// An import refuses a match of a person with themselves, so no event may say so.
fn two_people(participant: Uuid, buddy: Uuid) -> Result<(), Violation> {
    if participant == buddy {
        return Err(Violation("participantId and buddyId have to be two people"));
    }
    Ok(())
}
