//! Facts of the buddy programme and of courses, told: what the projector's tests have in common.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use shared::contracts::{
    BuddyMilestoneReached, CheckinCompleted, Contract, CourseCode, CourseCompleted, CourseStatus, CredentialIssued,
    EndReason, EventAttended, EventLogged, FactRetracted, FactType, FeedbackSubmitted, MatchCreated, MatchEnded,
    MatchSide, ProgressUpdated, RetractionReason, Revision, Score, SkillShareCompleted,
};
use uuid::Uuid;

use super::{delivered, meetings::day};

pub fn revision(n: i64) -> Revision {
    Revision::new(n).unwrap()
}

/// A match made on a day, in the first revision; as it is delivered.
pub fn matched(id: Uuid, participant: Uuid, buddy: Uuid, on: i64, n: i64) -> String {
    let data = MatchCreated {
        match_id: id,
        participant_id: participant,
        buddy_id: buddy,
        matched_at: day(on),
        revision: revision(n),
        ..MatchCreated::example()
    };
    delivered(data, id, day(on)).1
}

/// The same match, ended some days after.
pub fn ended(id: Uuid, participant: Uuid, buddy: Uuid, on: i64, days: i64, reason: EndReason, n: i64) -> String {
    let ended_at = day(on) + SignedDuration::from_hours(24 * days);
    let data = MatchEnded {
        match_id: id,
        participant_id: participant,
        buddy_id: buddy,
        matched_at: Some(day(on)),
        ended_at,
        reason,
        revision: revision(n),
        ..MatchEnded::example()
    };
    delivered(data, id, ended_at).1
}

pub fn checkin(id: Uuid, match_id: Uuid, on: i64, n: i64) -> String {
    let data = CheckinCompleted {
        checkin_id: id,
        match_id,
        checkin_date: day(on),
        revision: revision(n),
        ..CheckinCompleted::example()
    };
    delivered(data, id, day(on)).1
}

pub fn feedback(id: Uuid, match_id: Uuid, from_role: MatchSide, on: i64, n: i64) -> String {
    let data = FeedbackSubmitted {
        feedback_id: id,
        match_id,
        from_role,
        submitted_at: day(on),
        revision: revision(n),
        ..FeedbackSubmitted::example()
    };
    delivered(data, id, day(on)).1
}

pub fn logged(id: Uuid, match_id: Uuid, attendees: &[Uuid], on: i64, n: i64) -> String {
    let data = EventLogged {
        event_id: id,
        match_id,
        event_date: day(on),
        attendees: attendees.iter().copied().collect::<BTreeSet<_>>(),
        revision: revision(n),
        ..EventLogged::example()
    };
    delivered(data, id, day(on)).1
}

pub fn attended(id: Uuid, profile: Uuid, on: i64, n: i64) -> String {
    let data = EventAttended {
        event_id: Uuid::now_v7(),
        profile_id: profile,
        match_id: None,
        attended_at: day(on),
        revision: revision(n),
        ..EventAttended::example()
    };
    delivered(data, id, day(on)).1
}

pub fn skill_shared(id: Uuid, teacher: Uuid, learner: Uuid, on: i64, n: i64) -> String {
    let data = SkillShareCompleted {
        session_id: id,
        teacher_id: teacher,
        learner_id: learner,
        match_id: None,
        completed_at: day(on),
        revision: revision(n),
        ..SkillShareCompleted::example()
    };
    delivered(data, id, day(on)).1
}

pub fn milestone(id: Uuid, profile: Uuid, on: i64, n: i64) -> String {
    let data = BuddyMilestoneReached {
        milestone_id: id,
        profile_id: profile,
        reached_at: day(on),
        revision: revision(n),
        ..BuddyMilestoneReached::example()
    };
    delivered(data, id, day(on)).1
}

pub fn progress(id: Uuid, profile: Uuid, course: &str, status: CourseStatus, on: i64, n: i64) -> String {
    let data = ProgressUpdated {
        progress_id: id,
        profile_id: profile,
        course_id: CourseCode::new(course).unwrap(),
        progress_percent: Score::new(Decimal::new(125, 1)).unwrap(),
        status,
        updated_at: day(on),
        revision: revision(n),
        ..ProgressUpdated::example()
    };
    delivered(data, id, day(on)).1
}

pub fn completion(id: Uuid, profile: Uuid, course: &str, on: i64, n: i64) -> String {
    let data = CourseCompleted {
        progress_id: id,
        profile_id: profile,
        course_id: CourseCode::new(course).unwrap(),
        completed_at: day(on),
        revision: revision(n),
        ..CourseCompleted::example()
    };
    delivered(data, id, day(on)).1
}

pub fn credential(id: Uuid, profile: Uuid, on: i64, n: i64) -> String {
    let data = CredentialIssued {
        credential_id: id,
        profile_id: profile,
        issued_at: day(on),
        revision: revision(n),
        ..CredentialIssued::example()
    };
    delivered(data, id, day(on)).1
}

pub fn retracted(fact_type: FactType, id: Uuid, n: i64) -> String {
    let data = FactRetracted {
        fact_type,
        fact_id: id,
        milestone: None,
        reason: RetractionReason::Undone,
        revision: revision(n),
    };
    delivered(data, id, day(100)).1
}
