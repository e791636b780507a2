//! What follows from a person's timeline: enrolments, milestones, flags. A pure function of the newest revisions of
//! the facts and of their event times, so it does not matter in which order or how often the events came.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::contracts::{Cefr, DurationMinutes, Flag, Milestone, Rating, SessionType};
use uuid::Uuid;

/// A mean of 4 on the scale of 1 to 5, as 0 to 1.
const READY_MEAN: Decimal = Decimal::from_parts(75, 0, 0, false, 2);
/// How many rated language sessions a mean is worth something from.
const READY_SESSIONS: usize = 3;
/// Ratings below this ask for support.
const LOW_RATING: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// Two low ratings this near each other.
const LOW_WITHIN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// On which side of a fact a person is. Belongs to the fact and to the enrolment, not to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The newcomer.
    Participant,
    /// The volunteer or mentor.
    Volunteer,
}

impl Role {
    /// The name the store uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Volunteer => "volunteer",
        }
    }

    /// Reads the store's name.
    pub fn from_store(name: &str) -> Option<Self> {
        [Self::Participant, Self::Volunteer].into_iter().find(|role| role.as_str() == name)
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

/// What a timeline entry holds beside its time: numbers and enums, stored as `details`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// How far the meeting came.
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

/// One fact on one person's timeline, in its newest revision.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// The fact.
    pub fact_id: Uuid,
    /// The event that brought this revision of it.
    pub event_id: Uuid,
    /// What the meeting was for; also the programme.
    pub programme: SessionType,
    /// The side the person was on.
    pub role: Role,
    /// When it was completed, or is scheduled.
    pub occurred_at: Timestamp,
    /// The rest.
    pub details: Details,
}

/// A milestone reached, and by which fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Since when the person takes part, by programme and role.
    pub enrolments: BTreeMap<(SessionType, Role), Timestamp>,
    /// What was reached.
    pub milestones: BTreeMap<Milestone, Reached>,
    /// The flags that are up, with their cause.
    pub flags: BTreeMap<Flag, Because>,
}

impl Journey {
    /// The milestone reached just before `milestone` by time; of several at one time the last in the list of
    /// milestones. `others` are those that follow from other facts than meetings.
    pub fn before(&self, milestone: Milestone, others: &BTreeMap<Milestone, Timestamp>) -> Option<Milestone> {
        let at = self.milestones.get(&milestone)?.at;
        let mine = self.milestones.iter().map(|(name, reached)| (reached.at, *name));
        let all = mine.chain(others.iter().map(|(name, at)| (*at, *name)));
        all.filter(|(reached, _)| *reached < at).max().map(|(_, name)| name)
    }
}

/// Derives a journey from the entries of one person, in any order.
pub fn derive(timeline: &[TimelineEntry]) -> Journey {
    let mut entries: Vec<&TimelineEntry> = timeline.iter().collect();
    entries.sort_by_key(|entry| (entry.occurred_at, entry.fact_id));
    let mut journey = Journey::default();
    for entry in &entries {
        journey.enrolments.entry((entry.programme, entry.role)).or_insert(entry.occurred_at);
    }
    // Milestones and flags speak of newcomers: a volunteer's sessions are work done, not a journey.
    let completed = |programme: SessionType| {
        let mine = move |entry: &&&TimelineEntry| {
            entry.role == Role::Participant && entry.details.status == Status::Completed && entry.programme == programme
        };
        entries.iter().filter(mine).copied().collect::<Vec<_>>()
    };
    let language = completed(SessionType::Language);
    let mentorship = completed(SessionType::Mentorship);
    reach(&mut journey, Milestone::FirstLanguageSession, language.first().copied());
    reach(&mut journey, Milestone::FirstMentorshipSession, mentorship.first().copied());
    reach(&mut journey, Milestone::LanguageLevelUp, level_up(&language));
    raise(&mut journey, Flag::MentorReady, mentor_ready(&language));
    raise(&mut journey, Flag::LanguageSupportNeeded, support_needed(&language));
    journey
}

fn reach(journey: &mut Journey, milestone: Milestone, by: Option<&TimelineEntry>) {
    if let (Some(entry), Entry::Vacant(place)) = (by, journey.milestones.entry(milestone)) {
        place.insert(Reached { at: entry.occurred_at, fact_id: entry.fact_id });
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
    let levels: Vec<_> = language.iter().filter_map(|entry| Some((*entry, entry.details.language_level?))).collect();
    let above = |(entry, level): &(&TimelineEntry, Cefr)| {
        levels.iter().any(|(before, lower)| before.occurred_at < entry.occurred_at && lower < level)
    };
    levels.iter().find(|candidate| above(candidate)).map(|(entry, _)| *entry)
}

fn rated<'a>(language: &[&'a TimelineEntry]) -> Vec<(&'a TimelineEntry, Decimal)> {
    language.iter().filter_map(|entry| Some((*entry, entry.details.rating?.get()))).collect()
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
