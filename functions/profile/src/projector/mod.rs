//! `profile-projector`: contract events become timelines, enrolments, milestones and flags.
//!
//! Each event puts a fact in its newest revision on the timelines of its people. Everything else is derived from the
//! whole timeline again, by event time ([`derive`]): so events may come twice, out of order and with revisions
//! overtaking each other, and the journey is the same in the end.
//!
//! A fact that names a match and no people ([`fact::People::OfMatch`]) waits in `core.match_facts` for its match and
//! follows it. A retraction is a revision too, and stays (`core.retracted_facts`). People whom an undone import had
//! brought and nothing referred to are gone (`core.removed_profiles`): events told before that have no effect for them.
//!
//! In a replay facts are put in their places and journeys are put off ([`settle`]).

pub mod derive;
pub mod details;
pub mod fact;
mod journal;
pub mod ratings;
mod settle;
pub mod store;
pub mod timeline;

use std::{collections::BTreeSet, time::Duration};

use shared::{
    bus::{
        consumer::{Consumer, Driver, Settled, SqsBatch, Summary},
        nudge::{Nudger, SqsNudger},
        outbox::{Outbox, OutboxError},
    },
    config::{ConfigError, Env},
    contracts::{ContractError, FactType},
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
};
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

use fact::{Entry, Fact, People, Told};
use journal::Cause;
use timeline::Known;

/// What the projector works with.
pub struct App {
    /// Postgres, as `teei_profile_projector`.
    pub db: Db,
    /// Wakes the relay for what the projector tells.
    pub nudger: Box<dyn Nudger>,
    heartbeat: Heartbeat,
}

impl App {
    /// Puts together what a batch needs.
    pub fn new(db: Db, nudger: Box<dyn Nudger>) -> Self {
        Self { db, nudger, heartbeat: Heartbeat::new("profile-projector", "profiles") }
    }

    /// Reads `DATABASE_*` and `NUDGE_QUEUE_URL`, and begins to connect.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        Ok(Self::new(db, Box::new(SqsNudger::from_env(env, &aws)?)))
    }
}

/// What an event can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// The database did not do its part.
    #[error(transparent)]
    Database(#[from] DbError),
    /// What follows from the event could not be told.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The event names a profile that is not there and that no undo removed: it is written in one transaction with its
    /// profiles, so it comes from another database or from before an erasure.
    #[error("the event names a profile that does not exist: check which database wrote it before moving it back")]
    UnknownProfile,
    /// The store holds a value this version does not know.
    #[error("the store holds a value this version does not know: deploy the version that wrote it")]
    StoredValue,
}

impl From<tokio_postgres::Error> for ProjectorError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Classified for ProjectorError {
    fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Outbox(error) => error.retry(),
            Self::UnknownProfile | Self::StoredValue => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::UnknownProfile => "unknown_profile",
            Self::StoredValue => "unknown_stored_value",
        }
    }
}

/// The consumer of facts.
pub struct Projector;

impl Consumer for Projector {
    const NAME: &'static str = "profile-projector";
    type Event = Fact;
    type Error = ProjectorError;

    fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
        Fact::read(kind, detail)
    }

    async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), ProjectorError> {
        match &fact.told {
            Told::Rates(rated) => return ratings::hold(tx, fact, rated, outbox).await,
            Told::Retracted(_) if fact.fact_type == FactType::KintellRating => {
                return ratings::retract(tx, fact, outbox).await;
            }
            _ if !fact.on_timelines() => return Ok(()),
            _ => {}
        }
        timeline::lock_fact(tx, fact.fact_id).await?;
        let known = timeline::fact(tx, fact).await?;
        match &fact.told {
            Told::Retracted(_) => retract(tx, fact, &known, outbox).await,
            Told::Holds(entry) => hold(tx, fact, entry, &known, outbox).await,
            Told::Rates(_) => Ok(()),
        }
    }

    async fn settle(&self, tx: &Transaction<'_>, outbox: &mut Outbox) -> Result<Settled, ProjectorError> {
        settle::part(tx, outbox).await
    }
}

/// A retraction is kept even if it is late, so that a revision below it cannot come back.
async fn retract(tx: &Transaction<'_>, fact: &Fact, known: &Known, outbox: &mut Outbox) -> Result<(), ProjectorError> {
    let revision = Some(fact.revision.get());
    if known.retracted >= revision {
        return Ok(());
    }
    timeline::keep_retraction(tx, fact).await?;
    if known.revision > revision {
        return Ok(());
    }
    if let Some(match_id) = known.match_id {
        timeline::lock_fact(tx, match_id).await?;
    }
    let people = timeline::lock_profiles(tx, &known.holders).await?;
    timeline::remove(tx, fact).await?;
    if fact.fact_type == FactType::BuddyMatch {
        timeline::spread(tx, fact.fact_id, None).await?;
    }
    follow(tx, fact, people, outbox).await
}

async fn hold(
    tx: &Transaction<'_>,
    fact: &Fact,
    entry: &Entry,
    known: &Known,
    outbox: &mut Outbox,
) -> Result<(), ProjectorError> {
    let revision = Some(fact.revision.get());
    if known.retracted >= revision {
        return Ok(());
    }
    if known.revision >= revision {
        // The same or a newer revision is there: this one came late, and has nothing to add but that a person was
        // in a course earlier than was known.
        if let (Some(since), Some(known_since)) = (fact.progress_time(), known.since)
            && since < known_since
        {
            let people = timeline::lock_profiles(tx, &known.holders).await?;
            timeline::put_since(tx, fact, since).await?;
            return follow(tx, fact, people, outbox).await;
        }
        return Ok(());
    }
    match &entry.people {
        People::Named(named) => {
            if let Some(match_id) = known.match_id {
                timeline::lock_fact(tx, match_id).await?;
                timeline::take_off_match(tx, fact).await?;
            }
            let touched = fact.named().union(&known.holders).copied().collect();
            let there = timeline::lock_profiles(tx, &touched).await?;
            let people: Vec<_> = named.iter().filter(|(who, _)| there.contains(who)).copied().collect();
            timeline::put(tx, fact, &entry.since(known.since), &people).await?;
            if fact.fact_type == FactType::BuddyMatch {
                timeline::spread(tx, fact.fact_id, None).await?;
            }
            follow(tx, fact, there, outbox).await
        }
        People::OfMatch { match_id, side } => {
            let matches: BTreeSet<Uuid> = known.match_id.into_iter().chain([*match_id]).collect();
            for id in matches {
                timeline::lock_fact(tx, id).await?;
            }
            let people = timeline::of_match(tx, *match_id).await?;
            timeline::lock_profiles(tx, &people.union(&known.holders).copied().collect()).await?;
            timeline::remove(tx, fact).await?;
            timeline::put_on_match(tx, fact, entry, *match_id, *side).await?;
            timeline::spread(tx, *match_id, Some(fact.fact_id)).await
        }
    }
}

/// Derives the journeys of these people again, from the whole of their timelines. In a replay that waits for its end,
/// and so it does for events that come while everything is made anew: a part of a timeline makes another journey.
async fn follow(
    tx: &Transaction<'_>,
    fact: &Fact,
    people: BTreeSet<Uuid>,
    outbox: &mut Outbox,
) -> Result<(), ProjectorError> {
    if !fact.moves_journeys() || people.is_empty() {
        return Ok(());
    }
    let people: Vec<Uuid> = people.into_iter().collect();
    if outbox.replay().is_some() || timeline::rebuilding(tx).await? {
        return settle::put_off(tx, &people).await;
    }
    derive_again(tx, &people, &Cause::of(fact), outbox).await
}

/// Brings stored journeys to what follows from the timelines, and tells the difference.
async fn derive_again(
    tx: &Transaction<'_>,
    people: &[Uuid],
    cause: &Cause,
    outbox: &mut Outbox,
) -> Result<(), ProjectorError> {
    let timelines = timeline::timelines(tx, people).await?;
    let journeys = store::journeys(tx, people).await?;
    for profile in people {
        let derived = derive::derive(timelines.get(profile).map(Vec::as_slice).unwrap_or_default());
        let stored = journeys.get(profile).cloned().unwrap_or_default();
        journal::update(tx, outbox, *profile, &stored, &derived, cause).await?;
    }
    Ok(())
}

/// Takes a batch in. `remaining` is the time left to the function; nothing is begun in its last two seconds.
pub async fn handle(app: &App, batch: SqsBatch, remaining: Duration) -> Summary {
    let until = Instant::now() + remaining.saturating_sub(Duration::from_secs(2));
    let summary = Driver { consumer: &Projector, db: &app.db, nudger: app.nudger.as_ref() }.run(batch, until).await;
    app.heartbeat.note(&app.db, summary.last_error).await;
    summary
}
