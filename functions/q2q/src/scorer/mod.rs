//! `q2q-scorer`: what moderation lets through is read, and what it says about outcomes is written down and told.
//!
//! | woken by | looks at |
//! |---|---|
//! | `safety.text.screened`, `safety.review.completed` | the text, and the one whose place it takes |
//! | `fact.retracted` of a text | the text |
//! | `profile.purpose.changed` of `outcome_scoring` | all texts of the person, or by them |
//! | `profile.erased` | what is left of the person |
//! | the schedule | whatever is not as it should be ([`sweep`]), history that a new version reads again, quarters that are due to be published |
//! | an order | `{"rescore": true}`: all history; `{"republish": "<company>"}`: what was published of a company |
//!
//! An event says where to look, the store says what holds ([`consider`]). So nothing depends on the order of events,
//! and the same words are read once by one version of the engine, however often they are told of. No purpose, no score.
//! No evidence, no score. No answer of the engine, no score: the message comes again, and an alarm tells of it.

pub mod consider;
pub mod event;
pub mod store;
pub mod sweep;

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    bus::{
        consumer::{BatchReply, Consumer, Driver, ItemFailure, Settled, SqsBatch, Summary},
        nudge::{NudgeError, Nudger, SqsNudger},
        outbox::{Outbox, OutboxError},
    },
    config::{ConfigError, Env},
    contracts::ContractError,
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
    vault::{LazyVault, Vault, VaultError},
};
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

use self::event::{Look, Trigger};
use crate::{
    backend::{Backend, BackendError, Local},
    figures::published::{self, Republished},
};

/// Texts a part of what was put off.
const PART: i64 = 20;
/// Nothing is begun in the last seconds of the function's time.
const RESERVE: Duration = Duration::from_secs(2);

/// What the scorer works with.
pub struct App {
    /// Postgres, as `teei_q2q_scorer`.
    pub db: Db,
    /// The vault.
    pub vault: LazyVault,
    /// What reads texts.
    pub backend: Box<dyn Backend>,
    /// Wakes the relay for what the scorer tells.
    pub nudger: Box<dyn Nudger>,
    /// `STAGE`, a dimension of the metrics.
    pub stage: String,
    heartbeat: Heartbeat,
}

impl App {
    /// Puts together what a run needs.
    pub fn new(db: Db, vault: LazyVault, backend: Box<dyn Backend>, nudger: Box<dyn Nudger>, stage: String) -> Self {
        Self { db, vault, backend, nudger, stage, heartbeat: Heartbeat::new("q2q-scorer", "q2q") }
    }

    /// Reads `STAGE`, `DATABASE_*`, `KMS_KEY_ID` and `NUDGE_QUEUE_URL`, and begins to connect.
    ///
    /// # Errors
    /// The variable that is missing.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        let vault = LazyVault::new(Box::new(shared::vault::Kms::from_env(env, &aws)?));
        let nudger = Box::new(SqsNudger::from_env(env, &aws)?);
        Ok(Self::new(db, vault, Box::new(Local::new()), nudger, env.required("STAGE")?))
    }

    async fn open_vault(&self) -> Result<&Vault, ScorerError> {
        let client = self.db.client().await?;
        Ok(self.vault.get(&client).await?)
    }
}

/// What looking at a text can fail with. None of it leaves a score behind.
#[derive(Debug, thiserror::Error)]
pub enum ScorerError {
    /// The database did not do its part.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The words could not be unsealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The text could not be read.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// What follows could not be told.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The relay's queue took no nudge.
    #[error(transparent)]
    Nudge(#[from] NudgeError),
}

impl From<tokio_postgres::Error> for ScorerError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<ContractError> for ScorerError {
    fn from(error: ContractError) -> Self {
        Self::Outbox(error.into())
    }
}

impl ScorerError {
    fn inner(&self) -> &dyn Classified {
        match self {
            Self::Database(error) => error,
            Self::Vault(error) => error,
            Self::Backend(error) => error,
            Self::Outbox(error) => error,
            Self::Nudge(error) => error,
        }
    }
}

impl Classified for ScorerError {
    fn retry(&self) -> Retry {
        self.inner().retry()
    }
    fn code(&self) -> &'static str {
        self.inner().code()
    }
}

/// The consumer.
pub struct Scorer<'a> {
    /// The opened vault.
    pub vault: &'a Vault,
    /// What reads texts.
    pub backend: &'a dyn Backend,
}

impl Consumer for Scorer<'_> {
    const NAME: &'static str = "q2q-scorer";
    type Event = Trigger;
    type Error = ScorerError;

    fn read(kind: &str, detail: &str) -> Result<Trigger, ContractError> {
        event::read(kind, detail)
    }

    async fn apply(&self, tx: &Transaction<'_>, event: &Trigger, outbox: &mut Outbox) -> Result<(), ScorerError> {
        let texts = match event.look {
            Look::Nothing => return Ok(()),
            Look::Erased(person) => {
                return self.forget(tx, person, outbox).await;
            }
            Look::Text(text) => store::place_of(tx, text).await?,
            Look::Person(person) => store::texts_of(tx, person).await?,
        };
        // A replay publishes nothing: what it would tell is told at its end, if nobody has heard it.
        if outbox.replay().is_some() {
            return Ok(store::put_off(tx, &texts).await?);
        }
        for text in texts {
            self.consider(tx, text, Some(event.event_id), outbox).await?;
        }
        Ok(())
    }

    async fn settle(&self, tx: &Transaction<'_>, outbox: &mut Outbox) -> Result<Settled, ScorerError> {
        let texts = store::take_put_off(tx, PART).await?;
        for text in &texts {
            match self.consider(tx, *text, None, outbox).await {
                // A text that cannot be read holds up no replay; the sweep counts it for the alarm.
                Err(error @ (ScorerError::Backend(_) | ScorerError::Vault(VaultError::Damaged))) => {
                    tracing::error!(
                        text_id = text.to_string(),
                        code = error.code(),
                        "a text could not be scored: {error}"
                    );
                }
                done => done?,
            }
        }
        Ok(if texts.len() as i64 == PART { Settled::Part } else { Settled::All })
    }
}

/// A batch of messages, or the schedule. `remaining` is the time left to the function.
///
/// # Errors
/// A run of the schedule that failed; a batch answers with the messages it could not finish.
pub async fn handle(app: &App, event: Value, remaining: Duration) -> Result<Value, ScorerError> {
    let until = Instant::now() + remaining.saturating_sub(RESERVE);
    if event["Records"].is_array() {
        let Ok(batch) = serde_json::from_value::<SqsBatch>(event) else {
            return Err(ContractError::Malformed("the batch is none of SQS").into());
        };
        let summary = take_in(app, batch, until).await;
        return Ok(json!(summary.reply));
    }
    if let Some(company) = event.get("republish") {
        // Not a sweep instead: whoever gave the order would take its answer for one.
        let company = company.as_str().and_then(|company| company.parse().ok());
        let company = company.ok_or(ContractError::Malformed("republish is not the id of a company"))?;
        return republish(app, company).await;
    }
    let order = if event["rescore"] == true { sweep::Order::Rescore } else { sweep::Order::Sweep };
    let result = sweep::run(app, order, until).await;
    if let Err(error) = &result {
        tracing::error!(code = error.code(), "the sweep did not come to its end: {error}");
    }
    app.heartbeat.note(&app.db, result.as_ref().err().map(Classified::code)).await;
    result.map(|report| json!(report))
}

/// Publishes a company's figures anew, if that singles nobody out.
async fn republish(app: &App, company: Uuid) -> Result<Value, ScorerError> {
    let vault = app.open_vault().await?;
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let done = published::republish(&tx, vault, company).await?;
    tx.commit().await?;
    let (result, edition) = match done {
        Republished::Edition(edition) => ("published", Some(edition)),
        Republished::Unchanged => ("unchanged", None),
        Republished::TooFew => ("too_few", None),
        Republished::UnknownCompany => ("unknown_company", None),
    };
    tracing::info!(company = company.to_string(), result, edition, "asked to publish anew");
    Ok(json!({"republished": result, "edition": edition}))
}

/// Takes a batch in.
pub async fn take_in(app: &App, batch: SqsBatch, until: Instant) -> Summary {
    let summary = match app.open_vault().await {
        Ok(vault) => {
            let scorer = Scorer { vault, backend: app.backend.as_ref() };
            Driver { consumer: &scorer, db: &app.db, nudger: app.nudger.as_ref() }.run(batch, until).await
        }
        // Without keys nothing can be read: all of it comes again.
        Err(error) => {
            tracing::error!(code = error.code(), messages = batch.records.len(), "the vault cannot be opened: {error}");
            let failures = batch.records.into_iter().map(|record| ItemFailure { id: record.message_id }).collect();
            Summary { reply: BatchReply { failures }, last_error: Some(error.code()) }
        }
    };
    app.heartbeat.note(&app.db, summary.last_error).await;
    summary
}
