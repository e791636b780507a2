//! What follows from a person's timeline: enrolments, milestones, flags. A pure function of the newest revisions of
//! the facts and of their event times, so it does not matter in which order or how often the events came.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::contracts::{Cefr, CourseStatus, EndReason, Flag, Milestone, SessionType};
use uuid::Uuid;

use super::details::{Course, Details, Match, Meeting, Progress, Status};

/// A mean of 4 on the scale of 1 to 5, as 0 to 1.
const READY_MEAN: Decimal = Decimal::from_parts(75, 0, 0, false, 2);
/// How many rated language sessions a mean is worth something from.
const READY_SESSIONS: usize = 3;
/// Ratings below this ask for support.
const LOW_RATING: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Two low ratings this near each other.
const LOW_WITHIN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A programme as the store names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Programme {
    /// The buddy programme.
    Buddy,
    /// Kintell's language practice.
    Language,
    /// Kintell's mentoring.
    Mentorship,
    /// Courses.
    Upskilling,
}

impl Programme {
    /// The programme of a Kintell meeting.
    pub fn of_session(session: SessionType) -> Self {
        match session {
            SessionType::Language => Self::Language,
            SessionType::Mentorship => Self::Mentorship,
        }
    }

    /// The name the store uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buddy => "buddy",
            Self::Language => "language",
            Self::Mentorship => "mentorship",
            Self::Upskilling => "upskilling",
        }
    }

    /// Reads the store's name.
    pub fn from_store(name: &str) -> Option<Self> {
        [Self::Buddy, Self::Language, Self::Mentorship, Self::Upskilling]
            .into_iter()
            .find(|programme| programme.as_str() == name)
    }
}

/// On which side of a fact a person is. Belongs to the fact and to the enrolment, not to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The newcomer; the learner of a course.
    Participant,
    /// The volunteer, mentor or buddy.
    Volunteer,
    /// Who taught a skill: newcomer or buddy.
    Teacher,
    /// Who learned it.
    Learner,
}

impl Role {
    /// The name the store uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Volunteer => "volunteer",
            Self::Teacher => "teacher",
            Self::Learner => "learner",
        }
    }

    /// Reads the store's name.
    pub fn from_store(name: &str) -> Option<Self> {
        [Self::Participant, Self::Volunteer, Self::Teacher, Self::Learner]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// One fact on one person's timeline, in its newest revision.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// The fact.
    pub fact_id: Uuid,
    /// The event that brought this revision of it.
    pub event_id: Uuid,
    /// The programme it belongs to.
    pub programme: Programme,
    /// The side the person was on, where the fact says it.
    pub role: Option<Role>,
    /// When it happened, or is scheduled.
    pub occurred_at: Timestamp,
    /// The rest.
    pub details: Details,
}

impl TimelineEntry {
    fn meeting(&self) -> Option<&Meeting> {
        match &self.details {
            Details::Meeting(meeting) => Some(meeting),
            _ => None,
        }
    }
}

/// What an enrolment is by: a person may be in one programme several times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The programme.
    pub programme: Programme,
    /// The side.
    pub role: Role,
    /// The match, or the provider's course; empty for Kintell.
    pub reference: String,
}

/// How an enrolment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// When it began.
    pub since: Timestamp,
    /// How and when it ended, if it did.
    pub ended: Option<(Ending, Timestamp)>,
}

/// How an enrolment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it was meant to.
    Completed,
    /// Otherwise.
    Dropped,
}

impl Enrolled {
    /// The status as the store names it.
    pub fn status(&self) -> &'static str {
        match self.ended {
            None => "active",
            Some((Ending::Completed, _)) => "completed",
            Some((Ending::Dropped, _)) => "dropped",
        }
    }

    /// Reads what the store holds.
    pub fn from_store(status: &str, since: Timestamp, until: Option<Timestamp>) -> Option<Self> {
        let ended = match (status, until) {
            ("active", None) => None,
            ("completed", Some(until)) => Some((Ending::Completed, until)),
            ("dropped", Some(until)) => Some((Ending::Dropped, until)),
            _ => return None,
        };
        Some(Self { since, ended })
    }
}

/// A milestone reached, and by which fact. Ordered by time; of one time, by the fact's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// The event time of the fact.
    pub at: Timestamp,
    /// The fact.
    pub fact_id: Uuid,
}

/// What a raised flag rests on, oldest first: the facts, and the events that told them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Because {
    /// The facts.
    pub facts: Vec<Uuid>,
    /// The events, in the order of the facts.
    pub events: Vec<Uuid>,
}

/// Everything that follows from a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journey {
    /// What the person takes or took part in.
    pub enrolments: BTreeMap<Place, Enrolled>,
    /// What was reached.
    pub milestones: BTreeMap<Milestone, Reached>,
    /// The flags that are up, with their cause.
    pub flags: BTreeMap<Flag, Because>,
}

impl Journey {
    /// The milestone reached just before `milestone` by time; of several at one time the last in the list of
    /// milestones.
    pub fn before(&self, milestone: Milestone) -> Option<Milestone> {
        let at = self.milestones.get(&milestone)?.at;
        let all = self.milestones.iter().map(|(name, reached)| (reached.at, *name));
        all.filter(|(reached, _)| *reached < at).max().map(|(_, name)| name)
    }
}

/// Derives a journey from the entries of one person, in any order.
pub fn derive(timeline: &[TimelineEntry]) -> Journey {
    let mut entries: Vec<&TimelineEntry> = timeline.iter().collect();
    entries.sort_by_key(|entry| (entry.occurred_at, entry.fact_id));
    let mut journey = Journey::default();
    meetings(&mut journey, &entries);
    matches(&mut journey, &entries);
    courses(&mut journey, &entries);
    journey
}

/// A Kintell enrolment begins with the earliest meeting and stays active: no source says when one ends. Milestones
/// and flags speak of newcomers: a volunteer's sessions are work done, not a journey.
fn meetings(journey: &mut Journey, entries: &[&TimelineEntry]) {
    for entry in entries {
        if let (Some(_), Some(role)) = (entry.meeting(), entry.role) {
            let place = Place { programme: entry.programme, role, reference: String::new() };
            journey.enrolments.entry(place).or_insert(Enrolled { since: entry.occurred_at, ended: None });
        }
    }
    let completed = |programme: Programme| {
        let mine = move |entry: &&&TimelineEntry| {
            entry.role == Some(Role::Participant)
                && entry.programme == programme
                && entry.meeting().is_some_and(|meeting| meeting.status == Status::Completed)
        };
        entries.iter().filter(mine).copied().collect::<Vec<_>>()
    };
    let language = completed(Programme::Language);
    let mentorship = completed(Programme::Mentorship);
    reach(journey, Milestone::FirstLanguageSession, language.first().map(|entry| occurred(entry)));
    reach(journey, Milestone::FirstMentorshipSession, mentorship.first().map(|entry| occurred(entry)));
    reach(journey, Milestone::LanguageLevelUp, level_up(&language).map(occurred));
    raise(journey, Flag::MentorReady, mentor_ready(&language));
    raise(journey, Flag::LanguageSupportNeeded, support_needed(&language));
}

/// Each match is an enrolment of both.
fn matches(journey: &mut Journey, entries: &[&TimelineEntry]) {
    let matches: Vec<(&TimelineEntry, &Match, Role)> = entries
        .iter()
        .filter_map(|entry| match (&entry.details, entry.role) {
            (Details::Match(details), Some(role)) => Some((*entry, details, role)),
            _ => None,
        })
        .collect();
    for (entry, details, role) in &matches {
        let ending = |reason| match reason {
            EndReason::Completed | EndReason::ProgramEnded => Ending::Completed,
            _ => Ending::Dropped,
        };
        let ended = details.reason.map(|reason| (ending(reason), entry.occurred_at));
        let place = Place { programme: entry.programme, role: *role, reference: entry.fact_id.to_string() };
        journey.enrolments.insert(place, Enrolled { since: details.matched_at, ended });
    }
    let mine = matches.iter().filter(|(_, _, role)| *role == Role::Participant);
    let reached = mine.map(|(entry, details, _)| Reached { at: details.matched_at, fact_id: entry.fact_id });
    reach(journey, Milestone::BuddyMatched, reached.min());
}

/// What is known of a person in one course, over all facts that speak of it.
#[derive(Default)]
struct InCourse {
    began: Option<Reached>,
    completed: Option<Reached>,
    /// The newest progress; entries come in the order of time.
    newest: Option<(CourseStatus, Timestamp)>,
}

/// Each course of a provider is an enrolment. Who completed a course had begun it, so a completion alone is both; a
/// credential says nothing of the course, because a transcript or a badge may be given on the way.
fn courses(journey: &mut Journey, entries: &[&TimelineEntry]) {
    let mut courses: BTreeMap<String, InCourse> = BTreeMap::new();
    let mut credentials = Vec::new();
    for entry in entries {
        let (at, fact_id) = (entry.occurred_at, entry.fact_id);
        let mut know = |course: &Course, began: Timestamp, completed: bool, newest: Option<CourseStatus>| {
            let known = courses.entry(course.reference()).or_default();
            known.began = earlier(known.began, Reached { at: began, fact_id });
            if completed {
                known.completed = earlier(known.completed, Reached { at, fact_id });
            }
            known.newest = newest.map(|status| (status, at)).or(known.newest);
        };
        match &entry.details {
            Details::Progress(Progress { course, status, since, .. }) => {
                know(course, *since, *status == CourseStatus::Completed, Some(*status));
            }
            Details::Completion(completion) => know(&completion.course, at, true, None),
            Details::Credential(_) => credentials.push(Reached { at, fact_id }),
            _ => {}
        }
    }
    for (reference, known) in &courses {
        let Some(began) = known.began else { continue };
        let ended = match (known.completed, known.newest) {
            (Some(completed), _) => Some((Ending::Completed, completed.at)),
            (None, Some((CourseStatus::Dropped, at))) => Some((Ending::Dropped, at)),
            _ => None,
        };
        let place = Place { programme: Programme::Upskilling, role: Role::Participant, reference: reference.clone() };
        journey.enrolments.insert(place, Enrolled { since: began.at, ended });
    }
    reach(journey, Milestone::CourseEnrolled, courses.values().filter_map(|known| known.began).min());
    reach(journey, Milestone::CourseCompleted, courses.values().filter_map(|known| known.completed).min());
    reach(journey, Milestone::CredentialEarned, credentials.into_iter().min());
}

fn earlier(known: Option<Reached>, other: Reached) -> Option<Reached> {
    Some(known.map_or(other, |known| known.min(other)))
}

fn occurred(entry: &TimelineEntry) -> Reached {
    Reached { at: entry.occurred_at, fact_id: entry.fact_id }
}

fn reach(journey: &mut Journey, milestone: Milestone, by: Option<Reached>) {
    if let (Some(reached), Entry::Vacant(place)) = (by, journey.milestones.entry(milestone)) {
        place.insert(reached);
    }
}

fn raise(journey: &mut Journey, flag: Flag, because: Vec<&TimelineEntry>) {
    if !because.is_empty() {
        let facts = because.iter().map(|entry| entry.fact_id).collect();
        let events = because.iter().map(|entry| entry.event_id).collect();
        journey.flags.insert(flag, Because { facts, events });
    }
}

/// The earliest session at a level above that of a session before it. Sessions at the same instant (a source may
/// give only the day) are not before each other.
fn level_up<'a>(language: &[&'a TimelineEntry]) -> Option<&'a TimelineEntry> {
    let levels: Vec<_> = language.iter().filter_map(|entry| Some((*entry, entry.meeting()?.language_level?))).collect();
    let above = |(entry, level): &(&TimelineEntry, Cefr)| {
        levels.iter().any(|(before, lower)| before.occurred_at < entry.occurred_at && lower < level)
    };
    levels.iter().find(|candidate| above(candidate)).map(|(entry, _)| *entry)
}

fn rated<'a>(language: &[&'a TimelineEntry]) -> Vec<(&'a TimelineEntry, Decimal)> {
    language.iter().filter_map(|entry| Some((*entry, entry.meeting()?.rating?.get()))).collect()
}

/// Three or more rated sessions with a mean of at least 0.75. Sessions without a rating count neither way: one good
/// rating among many unrated sessions says too little about a person.
fn mentor_ready<'a>(language: &[&'a TimelineEntry]) -> Vec<&'a TimelineEntry> {
    let rated = rated(language);
    let sum: Decimal = rated.iter().map(|(_, rating)| rating).sum();
    // The sum is compared and not the mean, so that no division rounds.
    if rated.len() >= READY_SESSIONS && sum >= READY_MEAN * Decimal::from(rated.len()) {
        rated.into_iter().map(|(entry, _)| entry).collect()
    } else {
        Vec::new()
    }
}

/// The latest two sessions rated below 0.5 that are at most 60 days apart. Of the low ones in order of time, the
/// nearest to each is a neighbour, so looking at neighbours finds a pair if there is one.
fn support_needed<'a>(language: &[&'a TimelineEntry]) -> Vec<&'a TimelineEntry> {
    let low: Vec<_> =
        rated(language).into_iter().filter(|(_, rating)| *rating < LOW_RATING).map(|(entry, _)| entry).collect();
    let near = |pair: &&[&TimelineEntry]| pair[1].occurred_at.duration_since(pair[0].occurred_at) <= LOW_WITHIN;
    low.windows(2).rev().find(near).map(<[_]>::to_vec).unwrap_or_default()
}

#[cfg(test)]
mod tests;
