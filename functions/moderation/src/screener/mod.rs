//! `moderation-screener`: every text that comes in is screened, before anything else reads it.
//!
//! An event says only which text: what is known about it is read from the store, under a lock of the text. So events may
//! come twice and out of order, and the last one ends in the same state ([`texts`]). A text that is there is screened
//! once by each version of engine and policy ([`store`]).
//!
//! | killed | what is there | what happens next |
//! |---|---|---|
//! | before the commit | nothing | the message comes again |
//! | after it | screening, item, cleared words, events | the message comes again and finds its inbox row |
//!
//! A schedule asks for a sweep ([`sweep`]): what waits too long is measured, blocks are sampled, a changed policy is
//! applied to what it touches.
//!
//! In a replay a text is screened and its events wait for the replay's end.

mod holds;
mod store;
pub mod sweep;
mod texts;
mod told;

use std::{sync::Arc, time::Duration};

use moderation_engine::{Context, Engine};
use serde::Serialize;
use serde_json::Value;
use shared::{
    bus::{
        consumer::{BatchReply, Consumer, Driver, ItemFailure, Settled, SqsBatch, Summary},
        nudge::{NudgeError, Nudger, SqsNudger},
        outbox::{Outbox, OutboxError},
    },
    config::{ConfigError, Env},
    contracts::{Contract, ContractError, Envelope, FactRetracted, FactType, TextReceived},
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
    vault::{Kms, LazyVault, Vault, VaultError},
};
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    backend::{Backend, BackendError, Rules},
    items,
    office_hours::OfficeHours,
    policies::{self, Numbered, PolicyError},
    screening::{self, Screened},
};
use texts::{Stored, Words};

/// How often a message is handed out before its text counts as one the engine comes to no end with. Each costs the
/// queue's visibility timeout, while somebody may need help; and it is less than the queue's receives, so that the message
/// is no dead letter first.
const SLOW_TRIES: u32 = 3;

/// What the screener works with.
pub struct App {
    /// Postgres, as `teei_moderation_screener`.
    pub db: Db,
    /// Wakes the relay for what the screener tells.
    pub nudger: Box<dyn Nudger>,
    /// When an item of the sensitive lane is due.
    pub hours: OfficeHours,
    /// `STAGE`, a dimension of the metrics.
    pub stage: String,
    vault: LazyVault,
    screens: Screens,
    heartbeat: Heartbeat,
}

/// What reads texts, and what replaces words in them.
pub struct Screens {
    /// Reads.
    pub backend: Box<dyn Backend>,
    /// Replaces.
    pub engine: Arc<Engine>,
}

impl Screens {
    /// The engine of this repository for both.
    pub fn standard() -> Self {
        let engine = Arc::new(Engine::new());
        Self { backend: Box::new(Rules::new(Arc::clone(&engine))), engine }
    }
}

impl App {
    /// Puts together what a batch needs.
    pub fn new(
        db: Db,
        vault: LazyVault,
        nudger: Box<dyn Nudger>,
        screens: Screens,
        hours: OfficeHours,
        stage: &str,
    ) -> Self {
        let heartbeat = Heartbeat::new("moderation-screener", "moderation");
        Self { db, nudger, hours, stage: stage.to_owned(), vault, screens, heartbeat }
    }

    /// Reads `STAGE`, `DATABASE_*`, `KMS_KEY_ID`, `NUDGE_QUEUE_URL`, `OFFICE_ZONE` and `OFFICE_HOURS`, and begins to
    /// connect.
    ///
    /// # Errors
    /// The variable that is missing or cannot be used.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        let (hours, stage) = (OfficeHours::from_env(env)?, env.required("STAGE")?);
        let vault = LazyVault::new(Box::new(Kms::from_env(env, &aws)?));
        let nudger = Box::new(SqsNudger::from_env(env, &aws)?);
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        Ok(Self::new(db, vault, nudger, Screens::standard(), hours, &stage))
    }
}

/// What an event or a sweep can fail with. What the engine does wrong is none of it: that is a review.
#[derive(Debug, thiserror::Error)]
pub enum ScreenerError {
    /// The database did not do its part.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The vault did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The policy cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// What follows could not be told.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The relay could not be woken.
    #[error(transparent)]
    Nudge(#[from] NudgeError),
    /// The store holds a value this version does not know.
    #[error("the store holds a value this version does not know: deploy the version that wrote it")]
    StoredValue,
    /// The engine took too long with a text, and it is tried again: a busy machine is slow as well.
    #[error("the engine did not come to an end with a text in time; it is tried again")]
    TooSlow,
    /// What woke the function is neither a batch of messages nor a schedule.
    #[error("the batch of messages cannot be read")]
    BadBatch,
}

impl From<tokio_postgres::Error> for ScreenerError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Classified for ScreenerError {
    fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Vault(error) => error.retry(),
            Self::Policy(error) => error.retry(),
            Self::Outbox(error) => error.retry(),
            Self::Nudge(error) => error.retry(),
            Self::TooSlow => Retry::Retry,
            Self::StoredValue | Self::BadBatch => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::Nudge(error) => error.code(),
            Self::StoredValue => "unknown_stored_value",
            Self::TooSlow => BackendError::TooSlow.code(),
            Self::BadBatch => "bad_batch",
        }
    }
}

/// An event that something happened to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It came in, perhaps in place of another.
    Received {
        /// The text.
        text_id: Uuid,
        /// The one whose place it takes.
        supersedes: Option<Uuid>,
    },
    /// It does not hold any more.
    Retracted(Uuid),
    /// A fact of another kind does not.
    Other,
}

impl Told {
    fn texts(&self) -> Vec<Uuid> {
        match self {
            Self::Received { text_id, supersedes } => std::iter::once(*text_id).chain(*supersedes).collect(),
            Self::Retracted(text_id) => vec![*text_id],
            Self::Other => Vec::new(),
        }
    }
}

/// The consumer of texts.
pub struct Screener<'a> {
    /// What screens.
    pub screens: &'a Screens,
    /// Opened.
    pub vault: &'a Vault,
    /// When an item of the sensitive lane is due.
    pub hours: &'a OfficeHours,
    /// Whether a text the engine was too slow with comes again; else it is noted so and waits for a person.
    pub patient: bool,
}

impl Consumer for Screener<'_> {
    const NAME: &'static str = "moderation-screener";
    type Event = Told;
    type Error = ScreenerError;

    fn read(kind: &str, detail: &str) -> Result<Told, ContractError> {
        match kind {
            TextReceived::TYPE => {
                let TextReceived { text_id, supersedes, .. } = Envelope::read(detail)?.data;
                Ok(Told::Received { text_id, supersedes })
            }
            FactRetracted::TYPE => {
                let FactRetracted { fact_type, fact_id, .. } = Envelope::read(detail)?.data;
                Ok(if fact_type == FactType::IntakeText { Told::Retracted(fact_id) } else { Told::Other })
            }
            _ => Err(ContractError::UnknownType),
        }
    }

    async fn apply(&self, tx: &Transaction<'_>, told: &Told, outbox: &mut Outbox) -> Result<(), ScreenerError> {
        let texts = told.texts();
        items::lock(tx, texts.clone()).await?;
        let policy = policies::in_force(tx).await?;
        for text in texts {
            self.follow(tx, text, &policy, outbox).await?;
        }
        Ok(())
    }

    /// Tells what was screened in a replay.
    async fn settle(&self, tx: &Transaction<'_>, outbox: &mut Outbox) -> Result<Settled, ScreenerError> {
        told::settle(tx, Self::NAME, outbox).await
    }
}

impl Screener<'_> {
    /// Brings what moderation knows of a text to what the store says of it. Its lock is held.
    pub(crate) async fn follow(
        &self,
        tx: &Transaction<'_>,
        text_id: Uuid,
        policy: &Numbered,
        outbox: &mut Outbox,
    ) -> Result<(), ScreenerError> {
        // Gone with the import that brought it, or not this database's.
        let Some(text) = texts::stored(tx, text_id).await? else { return Ok(()) };
        let Some(key) = self.vault.subject_key(tx, text.subject_id).await? else {
            return holds::forget(tx, text.subject_id).await;
        };
        let gone = text.withdrawn || text.superseded;
        if !gone {
            holds::restore(tx, &text, outbox).await?;
        }
        // Whoever wrote a text that was taken back before anybody read it may be in danger all the same.
        let screened = self.screened(tx, &text, policy).await?;
        let refused = !screened && texts::no_purpose(tx, &text).await?;
        if gone && (screened || refused) {
            holds::retire(tx, text_id).await?;
        }
        if screened {
            return Ok(());
        }
        if refused {
            return holds::note_no_purpose(tx, text_id).await;
        }
        let words = texts::words(&key, &text);
        let screened = match &words {
            Words::Readable(words) => {
                let context = Context { kind: text.kind, role: text.role, language: None };
                screening::screen(self.screens.backend.as_ref(), words, context, &policy.policy).await
            }
            Words::Unreadable => Screened::failed("text_unreadable"),
        };
        // What is noted stays until engine or policy change.
        if self.patient && screened.failure == Some(BackendError::TooSlow.code()) {
            return Err(ScreenerError::TooSlow);
        }
        let new = store::New { text: &text, words: &words, key: &key, screened: &screened, policy };
        store::put(tx, self, &new, outbox).await?;
        // Also words that others replaced, or that were taken back, were written by somebody: they are screened, and then
        // leave the queue.
        if gone {
            holds::retire(tx, text_id).await?;
        }
        Ok(())
    }

    /// Whether this version of engine and policy has decided on it; on a text that was withdrawn, any version.
    async fn screened(&self, tx: &Transaction<'_>, text: &Stored, policy: &Numbered) -> Result<bool, ScreenerError> {
        let rows = tx
            .query_typed(
                "SELECT FROM core.screenings WHERE text_id = $1 AND ($4 OR (engine_version = $2 AND policy_version = $3)) LIMIT 1",
                &[
                    (&text.text_id, Type::UUID),
                    (&self.screens.backend.version(), Type::TEXT),
                    (&policy.version(), Type::TEXT),
                    (&text.withdrawn, Type::BOOL),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
    }
}

/// What an invocation answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// To SQS.
    Batch(BatchReply),
    /// To a schedule.
    Sweep(sweep::Swept),
}

/// Takes a batch of messages in, or sweeps. `remaining` is the time left to the function; nothing is begun in its last
/// two seconds.
///
/// # Errors
/// A sweep that did not come to its end; the schedule comes again.
pub async fn handle(app: &App, event: Value, remaining: Duration) -> Result<Reply, ScreenerError> {
    let until = Instant::now() + remaining.saturating_sub(Duration::from_secs(2));
    if event.get("Records").is_some() {
        let batch = serde_json::from_value(event).map_err(|_| ScreenerError::BadBatch)?;
        return Ok(Reply::Batch(take_in(app, batch, until).await.reply));
    }
    let swept = sweep::run(app, until).await;
    if let Err(error) = &swept {
        tracing::error!(code = error.code(), "the sweep did not come to its end: {error}");
    }
    app.heartbeat.note(&app.db, swept.as_ref().err().map(Classified::code)).await;
    swept.map(Reply::Sweep)
}

/// Takes a batch in.
pub async fn take_in(app: &App, batch: SqsBatch, until: Instant) -> Summary {
    let summary = match app.opened().await {
        Ok(vault) => {
            let patient = batch.records.iter().all(|message| message.handed_out() < SLOW_TRIES);
            let consumer = Screener { screens: &app.screens, vault, hours: &app.hours, patient };
            Driver { consumer: &consumer, db: &app.db, nudger: app.nudger.as_ref() }.run(batch, until).await
        }
        Err(error) => {
            tracing::error!(code = error.code(), "no text can be opened: {error}");
            let failures = batch.records.into_iter().map(|record| ItemFailure { id: record.message_id }).collect();
            Summary { reply: BatchReply { failures }, last_error: Some(error.code()) }
        }
    };
    app.heartbeat.note(&app.db, summary.last_error).await;
    summary
}

impl App {
    async fn opened(&self) -> Result<&Vault, ScreenerError> {
        let client = self.db.client().await?;
        Ok(self.vault.get(&client).await?)
    }
}

#[cfg(test)]
mod tests;
