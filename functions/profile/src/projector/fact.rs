//! The events the projector takes in, as the one fact in one revision they tell or take back.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shared::contracts::{
    BuddyMilestoneReached, CheckinCompleted, Contract, ContractError, CourseCompleted, CredentialIssued, Envelope,
    EventAttended, EventLogged, FactRetracted, FactType, FeedbackSubmitted, MatchCreated, MatchEnded, MatchSide,
    ProgressUpdated, RatingCreated, RetractionReason, Revision, SessionCompleted, SessionScheduled,
    SkillShareCompleted,
};
use uuid::Uuid;

use super::{
    derive::{Programme, Role},
    details::{Completion, Course, Credential, Details, Match, Meeting, Moment, Progress, Status},
    ratings::Rated,
};

/// One revision of a fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What kind of fact.
    pub fact_type: FactType,
    /// Which.
    pub fact_id: Uuid,
    /// Which revision of it this is.
    pub revision: Revision,
    /// The event's own time: when what it tells happened.
    pub time: Timestamp,
    /// The event that told it.
    pub event_id: Uuid,
    /// What this revision says.
    pub told: Told,
}

/// What a revision says of its fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It holds.
    Holds(Entry),
    /// It holds, and is on no timeline of its own: it rates a meeting.
    Rates(Rated),
    /// It no longer holds.
    Retracted(RetractionReason),
}

/// What the timelines of a fact's people get.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The programme it happened in.
    pub programme: Programme,
    /// When it happened, or is to.
    pub occurred_at: Timestamp,
    /// The rest.
    pub details: Details,
    /// On whose timelines it is.
    pub people: People,
}

impl Entry {
    /// The same entry, with an earlier time since when a person takes a course, if one is known.
    pub fn since(&self, known: Option<Timestamp>) -> Self {
        let mut entry = self.clone();
        if let (Details::Progress(progress), Some(known)) = (&mut entry.details, known) {
            progress.since = progress.since.min(known);
        }
        entry
    }
}

/// On whose timelines a fact is.
#[derive(Debug, Clone, PartialEq)]
pub enum People {
    /// The people the event names, each with the side they were on, where it says so.
    Named(Vec<(Uuid, Option<Role>)>),
    /// The two of a match, or the one on this side of it: whoever the match's newest revision names.
    OfMatch {
        /// The match.
        match_id: Uuid,
        /// The side; none for both.
        side: Option<Role>,
    },
}

/// Makes a fact of an event's fields.
macro_rules! fact {
    ($kind:ident, $event:expr, $id:expr, $programme:expr, $at:expr, $people:expr, $details:expr) => {{
        let event = $event;
        Fact {
            fact_type: FactType::$kind,
            fact_id: $id,
            revision: event.data.revision,
            time: event.time,
            event_id: event.id,
            told: Told::Holds(Entry { programme: $programme, occurred_at: $at, details: $details, people: $people }),
        }
    }};
}

impl Fact {
    /// Reads an event of one of the types taken in.
    pub fn read(kind: &str, detail: &str) -> Result<Self, ContractError> {
        match kind {
            SessionScheduled::TYPE => Ok(scheduled(&Envelope::read(detail)?)),
            SessionCompleted::TYPE => Ok(completed(&Envelope::read(detail)?)),
            MatchCreated::TYPE => Ok(matched(&Envelope::read(detail)?)),
            MatchEnded::TYPE => Ok(match_ended(&Envelope::read(detail)?)),
            EventLogged::TYPE => Ok(logged(&Envelope::read(detail)?)),
            EventAttended::TYPE => Ok(attended(&Envelope::read(detail)?)),
            SkillShareCompleted::TYPE => Ok(skill_shared(&Envelope::read(detail)?)),
            CheckinCompleted::TYPE => Ok(checked_in(&Envelope::read(detail)?)),
            FeedbackSubmitted::TYPE => Ok(feedback(&Envelope::read(detail)?)),
            BuddyMilestoneReached::TYPE => Ok(milestone(&Envelope::read(detail)?)),
            CourseCompleted::TYPE => Ok(course_completed(&Envelope::read(detail)?)),
            CredentialIssued::TYPE => Ok(credential(&Envelope::read(detail)?)),
            ProgressUpdated::TYPE => Ok(progress(&Envelope::read(detail)?)),
            RatingCreated::TYPE => Ok(rated(&Envelope::read(detail)?)),
            FactRetracted::TYPE => Ok(retracted(&Envelope::read(detail)?)),
            _ => Err(ContractError::UnknownType),
        }
    }

    /// Whether facts of this kind are on timelines at all; ratings, texts, scores and milestones are not.
    pub fn on_timelines(&self) -> bool {
        use FactType::{IntakeText, KintellRating, ProfileMilestone, Q2qOutcome};
        !matches!(self.fact_type, KintellRating | IntakeText | ProfileMilestone | Q2qOutcome)
    }

    /// Whether enrolments, milestones or flags follow from facts of this kind.
    pub fn moves_journeys(&self) -> bool {
        Details::MOVING.contains(&self.fact_type) || self.fact_type == FactType::KintellRating
    }
}

fn two_sides(participant: Uuid, volunteer: Uuid) -> People {
    People::Named(vec![(participant, Some(Role::Participant)), (volunteer, Some(Role::Volunteer))])
}

fn learner(profile: Uuid) -> People {
    People::Named(vec![(profile, Some(Role::Participant))])
}

fn without_side(profiles: impl IntoIterator<Item = Uuid>) -> People {
    People::Named(profiles.into_iter().map(|profile| (profile, None)).collect())
}

fn scheduled(event: &Envelope<SessionScheduled>) -> Fact {
    let data = &event.data;
    let people = two_sides(data.participant_id, data.volunteer_id);
    let details = Meeting { status: Status::Scheduled, duration_minutes: None, language_level: None, rating: None };
    let programme = Programme::of_session(data.session_type);
    fact!(KintellSession, event, data.session_id, programme, data.scheduled_at, people, Details::Meeting(details))
}

fn completed(event: &Envelope<SessionCompleted>) -> Fact {
    let data = &event.data;
    let people = two_sides(data.participant_id, data.volunteer_id);
    let details = Meeting {
        status: Status::Completed,
        duration_minutes: data.duration_minutes,
        language_level: data.language_level,
        rating: data.rating,
    };
    let programme = Programme::of_session(data.session_type);
    fact!(KintellSession, event, data.session_id, programme, data.completed_at, people, Details::Meeting(details))
}

fn matched(event: &Envelope<MatchCreated>) -> Fact {
    let data = &event.data;
    let people = two_sides(data.participant_id, data.buddy_id);
    let details = Match { matched_at: data.matched_at, reason: None, duration_days: None };
    fact!(BuddyMatch, event, data.match_id, Programme::Buddy, data.matched_at, people, Details::Match(details))
}

fn match_ended(event: &Envelope<MatchEnded>) -> Fact {
    let data = &event.data;
    let people = two_sides(data.participant_id, data.buddy_id);
    let lasted = SignedDuration::from_hours(24 * i64::from(data.duration_days.get()));
    let matched_at = data.matched_at.or_else(|| data.ended_at.checked_sub(lasted).ok()).unwrap_or(data.ended_at);
    let details = Match { matched_at, reason: Some(data.reason), duration_days: Some(data.duration_days) };
    fact!(BuddyMatch, event, data.match_id, Programme::Buddy, data.ended_at, people, Details::Match(details))
}

fn logged(event: &Envelope<EventLogged>) -> Fact {
    let data = &event.data;
    let people = if data.attendees.is_empty() {
        People::OfMatch { match_id: data.match_id, side: None }
    } else {
        without_side(data.attendees.iter().copied())
    };
    let details = Moment { event_type: Some(data.event_type), ..Moment::default() };
    fact!(BuddyEvent, event, data.event_id, Programme::Buddy, data.event_date, people, Details::Moment(details))
}

/// The event names the community event; the attendance is its subject.
fn attended(event: &Envelope<EventAttended>) -> Fact {
    let data = &event.data;
    let details = Moment {
        event_type: Some(data.event_type),
        event_format: Some(data.event_format),
        duration_minutes: data.duration_minutes,
        sdg_goals: data.sdg_goals.clone(),
        ..Moment::default()
    };
    let people = without_side([data.profile_id]);
    fact!(BuddyAttendance, event, event.subject, Programme::Buddy, data.attended_at, people, Details::Moment(details))
}

fn skill_shared(event: &Envelope<SkillShareCompleted>) -> Fact {
    let data = &event.data;
    let people = vec![(data.teacher_id, Some(Role::Teacher)), (data.learner_id, Some(Role::Learner))];
    let details = Moment {
        duration_minutes: data.duration_minutes,
        proficiency_level: data.proficiency_level,
        ..Moment::default()
    };
    let (id, at) = (data.session_id, data.completed_at);
    fact!(BuddySkillShare, event, id, Programme::Buddy, at, People::Named(people), Details::Moment(details))
}

fn checked_in(event: &Envelope<CheckinCompleted>) -> Fact {
    let data = &event.data;
    let people = People::OfMatch { match_id: data.match_id, side: None };
    let details = Moment { has_mood: Some(data.has_mood), ..Moment::default() };
    fact!(BuddyCheckin, event, data.checkin_id, Programme::Buddy, data.checkin_date, people, Details::Moment(details))
}

/// Who gave it has it on the timeline: what one thinks of the other is not the other's to see there.
fn feedback(event: &Envelope<FeedbackSubmitted>) -> Fact {
    let data = &event.data;
    let side = match data.from_role {
        MatchSide::Participant => Role::Participant,
        MatchSide::Buddy => Role::Volunteer,
    };
    let people = People::OfMatch { match_id: data.match_id, side: Some(side) };
    let details = Moment { rating: Some(data.rating), ..Moment::default() };
    let (id, at) = (data.feedback_id, data.submitted_at);
    fact!(BuddyFeedback, event, id, Programme::Buddy, at, people, Details::Moment(details))
}

fn milestone(event: &Envelope<BuddyMilestoneReached>) -> Fact {
    let data = &event.data;
    let details = Moment { category: Some(data.category), points: data.points, ..Moment::default() };
    let (id, people) = (data.milestone_id, without_side([data.profile_id]));
    fact!(BuddyMilestone, event, id, Programme::Buddy, data.reached_at, people, Details::Moment(details))
}

fn course_completed(event: &Envelope<CourseCompleted>) -> Fact {
    let data = &event.data;
    let course =
        Course { provider: data.provider.clone(), id: data.course_id.clone(), name: Some(data.course_name.clone()) };
    let details = Details::Completion(Completion { course, final_score: data.final_score });
    let (id, at, people) = (data.progress_id, data.completed_at, learner(data.profile_id));
    fact!(UpskillingCompletion, event, id, Programme::Upskilling, at, people, details)
}

fn credential(event: &Envelope<CredentialIssued>) -> Fact {
    let data = &event.data;
    let course = Course { provider: data.provider.clone(), id: data.course_id.clone(), name: data.course_name.clone() };
    let details = Credential {
        course,
        credential_type: data.credential_type,
        expires_at: data.expires_at,
        has_url: data.has_url,
    };
    let (id, at, people) = (data.credential_id, data.issued_at, learner(data.profile_id));
    fact!(UpskillingCredential, event, id, Programme::Upskilling, at, people, Details::Credential(details))
}

fn progress(event: &Envelope<ProgressUpdated>) -> Fact {
    let data = &event.data;
    let course = Course { provider: data.provider.clone(), id: data.course_id.clone(), name: data.course_name.clone() };
    let details = Progress { course, percent: data.progress_percent, status: data.status, since: data.updated_at };
    let (id, at, people) = (data.progress_id, data.updated_at, learner(data.profile_id));
    fact!(UpskillingProgress, event, id, Programme::Upskilling, at, people, Details::Progress(details))
}

fn rated(event: &Envelope<RatingCreated>) -> Fact {
    let data = &event.data;
    Fact {
        fact_type: FactType::KintellRating,
        fact_id: data.rating_id,
        revision: data.revision,
        time: event.time,
        event_id: event.id,
        told: Told::Rates(Rated {
            session_id: data.session_id,
            from_role: data.from_role,
            rating: data.rating,
            rated_at: data.created_at,
        }),
    }
}

fn retracted(event: &Envelope<FactRetracted>) -> Fact {
    let data = &event.data;
    Fact {
        fact_type: data.fact_type,
        fact_id: data.fact_id,
        revision: data.revision,
        time: event.time,
        event_id: event.id,
        told: Told::Retracted(data.reason),
    }
}

impl Fact {
    /// The people the event itself names; none for facts of a match and for retractions.
    pub fn named(&self) -> BTreeSet<Uuid> {
        match &self.told {
            Told::Holds(Entry { people: People::Named(people), .. }) => people.iter().map(|(who, _)| *who).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// The time of a course's progress: the earliest of all revisions is since when the person takes it.
    pub fn progress_time(&self) -> Option<Timestamp> {
        match &self.told {
            Told::Holds(Entry { details: Details::Progress(progress), .. }) => Some(progress.since),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
