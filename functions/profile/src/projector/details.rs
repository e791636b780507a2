//! What a timeline entry holds beside its time and its people: numbers, enums, times, and codes and titles of courses.
//! Stored as `details`, in the words of the store.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::contracts::{
    Amount, Cefr, CourseCode, CourseName, CourseStatus, CredentialType, DurationMinutes, EndReason, EventFormat,
    EventType, FactType, MilestoneCategory, Proficiency, ProviderCode, Rating, Score, SdgGoal,
};

/// What an entry holds, by the kind of its fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of a Kintell meeting.
    Meeting(Meeting),
    /// Of a buddy match.
    Match(Match),
    /// Of progress in a course.
    Progress(Progress),
    /// Of a completed course.
    Completion(Completion),
    /// Of a credential.
    Credential(Credential),
    /// Of what happened in the buddy programme and moves no journey.
    Moment(Moment),
}

impl Details {
    /// The kinds of facts a journey follows from.
    pub const MOVING: [FactType; 5] = [
        FactType::KintellSession,
        FactType::BuddyMatch,
        FactType::UpskillingProgress,
        FactType::UpskillingCompletion,
        FactType::UpskillingCredential,
    ];

    /// Reads the stored details of a kind of fact; none when they are not what that kind holds.
    pub fn from_store(fact_type: FactType, stored: Value) -> Option<Self> {
        use serde_json::from_value;
        match fact_type {
            FactType::KintellSession => from_value(stored).map(Self::Meeting),
            FactType::BuddyMatch => from_value(stored).map(Self::Match),
            FactType::UpskillingProgress => from_value(stored).map(Self::Progress),
            FactType::UpskillingCompletion => from_value(stored).map(Self::Completion),
            FactType::UpskillingCredential => from_value(stored).map(Self::Credential),
            _ => from_value(stored).map(Self::Moment),
        }
        .ok()
    }
}

/// How far a meeting came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is to take place, or nothing says it did.
    Scheduled,
    /// It took place.
    Completed,
}

/// A Kintell meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// How far it came.
    pub status: Status,
    /// How long it lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<DurationMinutes>,
    /// The participant's level as noted for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_level: Option<Cefr>,
    /// Its rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
}

/// A buddy match; ended where it has a reason, and then the entry's time is its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// When they were matched.
    pub matched_at: Timestamp,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// How many days it lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_days: Option<Amount>,
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Course {
    /// Who gives it.
    pub provider: ProviderCode,
    /// Its code there.
    #[serde(rename = "course_id")]
    pub id: CourseCode,
    /// Its title.
    #[serde(default, rename = "course_name", skip_serializing_if = "Option::is_none")]
    pub name: Option<CourseName>,
}

impl Course {
    /// What an enrolment in this course refers to: `provider/course`. A slash within the provider's code is written
    /// `%2F`, so that two courses do not read the same.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.provider.as_str().replace('%', "%25").replace('/', "%2F"), self.id)
    }
}

/// Progress in a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The course.
    #[serde(flatten)]
    pub course: Course,
    /// The share that is done.
    pub percent: Score,
    /// How far that is.
    pub status: CourseStatus,
    /// The earliest time in any revision: a later update says where the person is now, not when they began.
    pub since: Timestamp,
}

/// A completed course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The course.
    #[serde(flatten)]
    pub course: Course,
    /// The final mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_score: Option<Score>,
}

/// A credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// The course it was given for.
    #[serde(flatten)]
    pub course: Course,
    /// What was given.
    pub credential_type: CredentialType,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether the source gave a link to it.
    pub has_url: bool,
}

/// Something that happened in the buddy programme.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// What an event was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// Where people met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_format: Option<EventFormat>,
    /// How long it lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<DurationMinutes>,
    /// The development goals it was for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sdg_goals: BTreeSet<SdgGoal>,
    /// At which level a skill was taught.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proficiency_level: Option<Proficiency>,
    /// Whether a mood was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_mood: Option<bool>,
    /// A rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// What a milestone of the source speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<MilestoneCategory>,
    /// What the source gives for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Amount>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Postgres gives it back: whole numbers may lose their fraction.
    #[test]
    fn every_kind_is_read_from_the_store_as_it_was_written_also_with_whole_numbers() {
        let course = json!({ "provider": "ecornell", "course_id": "intro", "course_name": "Introduction" });
        let with = |more: Value| {
            let mut details = course.clone();
            details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            details
        };
        for percent in [json!(40.0), json!(40), json!(62.5)] {
            let stored = with(json!({ "percent": percent, "status": "in_progress", "since": "2025-04-01T08:00:00Z" }));
            match Details::from_store(FactType::UpskillingProgress, stored) {
                Some(Details::Progress(progress)) => {
                    assert_eq!(progress.percent.get().to_string(), percent.as_f64().unwrap().to_string());
                    assert_eq!(progress.course.reference(), "ecornell/intro");
                }
                other => panic!("{percent}: {other:?}"),
            }
        }
        for (fact_type, stored) in [
            (FactType::KintellSession, json!({ "status": "completed", "rating": 1 })),
            (FactType::BuddyMatch, json!({ "matched_at": "2025-02-01T10:00:00Z" })),
            (FactType::UpskillingCompletion, with(json!({ "final_score": 100 }))),
            (FactType::UpskillingCompletion, with(json!({}))),
            (FactType::UpskillingCredential, with(json!({ "credential_type": "badge", "has_url": false }))),
            (FactType::BuddyFeedback, json!({ "rating": 0.8 })),
        ] {
            let read = Details::from_store(fact_type, stored.clone());
            assert!(read.is_some(), "{fact_type:?} {stored}");
            let again = Details::from_store(fact_type, serde_json::to_value(&read).unwrap());
            assert_eq!(again, read);
        }
        assert_eq!(Details::from_store(FactType::BuddyMatch, json!({})), None);
    }
}
