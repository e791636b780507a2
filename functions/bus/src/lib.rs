//! `bus-relay`: publishes the outbox. The only function that may put events on the bus.
//!
//! Triggered by nudges over SQS and by an hourly schedule; what the trigger says does not matter, only that there is
//! one. A run takes the oldest pending batch, publishes a page of it, writes down how far it came, and again, until
//! nothing is pending. See [`relay`] for what a kill at each point costs.
//!
//! When nothing is pending it publishes again what the bus had refused and somebody asked for ([`revive`]), goes on with
//! replays ([`replay`]), and now and then holds what was published against what was received ([`check`]).

pub mod check;
mod publish;
pub mod relay;
pub mod replay;
mod revive;
mod store;

use std::time::Duration;

use serde_json::Value;
use shared::{
    bus::{
        consumer::BatchReply,
        event_bus::{EventBridge, EventBus},
        nudge::{Nudger, SqsNudger},
        queues::{ConsumerQueues, QueueError, SqsConsumerQueues},
    },
    config::{ConfigError, Env},
    db::{Db, DbConfig, DbError},
    error::{Classified, Retry},
    heartbeat::Heartbeat,
};

/// What the relay works with.
pub struct App<B> {
    /// Postgres, as `teei_bus_relay`.
    pub db: Db,
    /// The bus.
    pub bus: B,
    /// The relay's own queue, for work that outlasts a run.
    pub nudger: Box<dyn Nudger>,
    /// The consumers' queues, for replays.
    pub queues: Box<dyn ConsumerQueues>,
    /// `STAGE`, a dimension of the metrics.
    pub stage: String,
    heartbeat: Heartbeat,
    checks: check::Checks,
}

impl<B: EventBus> App<B> {
    /// Puts together what a run needs.
    pub fn new(db: Db, bus: B, nudger: Box<dyn Nudger>, queues: Box<dyn ConsumerQueues>, stage: String) -> Self {
        let (heartbeat, checks) = (Heartbeat::new("bus-relay", "bus"), check::Checks::default());
        Self { db, bus, nudger, queues, stage, heartbeat, checks }
    }
}

impl App<EventBridge> {
    /// Reads `STAGE`, `DATABASE_*`, `EVENT_BUS`, `NUDGE_QUEUE_URL` and `<CONSUMER>_QUEUE_URL`, and begins to connect.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = shared::config::aws().await;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        let (bus, nudger) = (EventBridge::from_env(env, &aws)?, SqsNudger::from_env(env, &aws)?);
        let queues = SqsConsumerQueues::from_env(env, &aws)?;
        Ok(Self::new(db, bus, Box::new(nudger), Box::new(queues), env.required("STAGE")?))
    }
}

/// What a run can fail with. An SQS trigger then gives the nudge again, the schedule tries again by itself.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database did not do its part.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The bus kept failing; holds its code.
    #[error("the bus takes no events at the moment ({0}): the events wait in the outbox, the nudge comes again")]
    Bus(String),
    /// The function may not publish; holds the bus's code.
    #[error(
        "the bus refuses this function ({0}): check EVENT_BUS and the function's policy; the events wait in the outbox"
    )]
    Forbidden(String),
    /// Work is left and the relay could not wake itself.
    #[error("events are left and the relay's own queue took no nudge: the trigger comes again")]
    WorkLeft,
    /// A consumer's queue took not all of a replay's page.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A batch lacks an event it counts; nothing may delete from the log.
    #[error("a batch in bus.batches has fewer events than it counts: the event log was tampered with")]
    BatchIncomplete,
    /// An event of the log is no JSON object; it was one when it was written.
    #[error("an event in bus.events is no JSON object: the event log was tampered with")]
    LogDamaged,
}

impl From<tokio_postgres::Error> for RelayError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Classified for RelayError {
    fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Bus(_) | Self::WorkLeft => Retry::Retry,
            Self::Queue(error) => error.retry(),
            Self::Forbidden(_) | Self::BatchIncomplete | Self::LogDamaged => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::Bus(_) => "bus_unavailable",
            Self::Forbidden(_) => "bus_forbidden",
            Self::WorkLeft => "work_left",
            Self::Queue(error) => error.code(),
            Self::BatchIncomplete => "batch_incomplete",
            Self::LogDamaged => "log_damaged",
        }
    }
}

impl From<RelayError> for lambda_runtime::Diagnostic {
    fn from(error: RelayError) -> Self {
        Self { error_type: error.code().to_owned(), error_message: error.to_string() }
    }
}

/// Publishes what is pending. `event` is a batch of nudges or a schedule's event, its content is not read;
/// `remaining` is the time left to the function. On success every nudge of the batch is done with.
pub async fn handle<B: EventBus>(app: &App<B>, _event: Value, remaining: Duration) -> Result<BatchReply, RelayError> {
    let result = relay::run(app, remaining).await;
    if let Err(error) = &result {
        tracing::error!(
            code = error.code(),
            retryable = error.retry() == Retry::Retry,
            "the outbox could not be published: {error}"
        );
    }
    app.heartbeat.note(&app.db, result.as_ref().err().map(Classified::code)).await;
    check::after_run(app, result.as_ref().map_or(0, |report| report.published)).await;
    result.map(|_| BatchReply { failures: Vec::new() })
}
