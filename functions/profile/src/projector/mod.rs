//! `profile-projector`: contract events become timelines, enrolments, milestones and flags.
//!
//! Each event puts a fact in its newest revision on the timelines of its people. Everything else is derived from the
//! whole timeline again, by event time ([`derive`]): so events may come twice, out of order and with revisions
//! overtaking each other, and the journey is the same in the end.

pub mod derive;
pub mod fact;
mod journal;
pub mod store;

use std::{collections::BTreeSet, time::Duration};

use shared::{
    bus::{
        consumer::{Consumer, Driver, SqsBatch, Summary},
        nudge::{Nudger, SqsNudger},
        outbox::{Outbox, OutboxError},
    },
    config::{ConfigError, Env},
    contracts::ContractError,
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
};
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

use fact::Fact;

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
    /// The event names a profile that is not there: it is written in one transaction with its profiles, so it comes
    /// from another database or from before an erasure.
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

/// The consumer of meetings.
pub struct Projector;

impl Consumer for Projector {
    const NAME: &'static str = "profile-projector";
    type Event = Fact;
    type Error = ProjectorError;

    fn read(kind: &str, detail: &str) -> Result<Fact, ContractError> {
        Fact::read(kind, detail)
    }

    async fn apply(&self, tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), ProjectorError> {
        store::lock_fact(tx, fact.fact_id).await?;
        let holders = store::holders(tx, fact.fact_id).await?;
        // The same or a newer revision is there: this one came late, and has nothing to add.
        if holders.iter().any(|(_, revision)| *revision >= fact.revision.get()) {
            return Ok(());
        }
        let people = fact.entries.iter().map(|(profile, _)| *profile);
        let touched: BTreeSet<Uuid> = people.chain(holders.into_iter().map(|(profile, _)| profile)).collect();
        let touched: Vec<Uuid> = touched.into_iter().collect();
        store::lock_profiles(tx, &touched).await?;
        store::put_fact(tx, fact).await?;
        let timelines = store::timelines(tx, &touched).await?;
        let journeys = store::journeys(tx, &touched).await?;
        for profile in touched {
            let derived = derive::derive(timelines.get(&profile).map(Vec::as_slice).unwrap_or_default());
            let stored = journeys.get(&profile).cloned().unwrap_or_default();
            journal::update(tx, outbox, profile, &stored, &derived, fact).await?;
        }
        Ok(())
    }
}

/// Takes a batch in. `remaining` is the time left to the function; nothing is begun in its last two seconds.
pub async fn handle(app: &App, batch: SqsBatch, remaining: Duration) -> Summary {
    let until = Instant::now() + remaining.saturating_sub(Duration::from_secs(2));
    let summary = Driver { consumer: &Projector, db: &app.db, nudger: app.nudger.as_ref() }.run(batch, until).await;
    let ended_well = summary.last_error.is_none();
    if app.heartbeat.due(ended_well)
        && let Ok(client) = app.db.client().await
    {
        match summary.last_error {
            None => app.heartbeat.ok(&client).await,
            Some(code) => app.heartbeat.failed(&client, code).await,
        }
    }
    summary
}
