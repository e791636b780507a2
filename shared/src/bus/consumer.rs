//! The driver of a consumer behind SQS: one message, one event, one transaction.
//!
//! A message's body is the event as EventBridge delivers it: `{"detail-type", "source", "detail": {CloudEvent}}`.
//! Messages are read one by one, so that a broken one fails alone, and so does one whose handling panics. The first
//! statement of each transaction writes the event's id into `bus.inbox`; when it is there already the effect is
//! too, and nothing happens. So delivered once, ten times or after a kill at any point, the effect is there once:
//! - killed before the commit: no inbox row, no effect; the message comes again and does both;
//! - killed after the commit, before the answer: the message comes again and finds the row.
//!
//! The answer names every message that is not finished. An empty list means all are, so it is built from all ids
//! minus the finished ones: forgetting one then costs a repeat and never an event.
//!
//! A message that fails for good has its reason in `bus.dead_letters` ([`letters`]), because the queue moves it to the
//! dead letters without one. An event that a replay sends once more has `replayid`: it publishes nothing, and what a
//! consumer puts off because of it is done at the replay's end ([`settle`]).

mod letters;
pub mod settle;

use std::{collections::HashSet, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    nudge::{NudgeError, Nudger},
    outbox::{Outbox, OutboxError},
};
use crate::{
    contracts::{ContractError, CorrelationId, Header},
    db::{Db, DbError},
    error::{Classified, Retry},
};

/// Tries of one message within an invocation: a deadlock or a connection that broke is over at the next try, while
/// the queue would give the message back only after minutes.
const TRIES: u32 = 3;
/// A delayed nudge covers the commits of the next seconds; half its delay leaves room for a slow one.
const NUDGE_COVERS: Duration = Duration::from_secs(15);

/// What takes events in: how they are read, and their effect.
pub trait Consumer: Send + Sync {
    /// The name of this consumer in `bus.inbox`.
    const NAME: &'static str;
    /// The events it takes in, as one type.
    type Event: Send + Sync;
    /// What the effect can fail with.
    type Error: Classified + Send;

    /// Reads an event of type `kind`; [`ContractError::UnknownType`] for what this consumer does not take in.
    fn read(kind: &str, detail: &str) -> Result<Self::Event, ContractError>;

    /// The effect, inside the transaction that has the inbox row. What it pushes into `outbox` is written by the
    /// driver, under the correlation id of the event taken in.
    fn apply(
        &self,
        tx: &Transaction<'_>,
        event: &Self::Event,
        outbox: &mut Outbox,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// A part of what was put off until the end of a replay. Each part is a transaction.
    fn settle(
        &self,
        _tx: &Transaction<'_>,
        _outbox: &mut Outbox,
    ) -> impl Future<Output = Result<Settled, Self::Error>> + Send {
        std::future::ready(Ok(Settled::All))
    }
}

/// How far a part has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// There may be more.
    Part,
    /// Nothing is left.
    All,
    /// What it would be made of is not complete: whoever completes it asks again.
    NotNow,
}

/// A batch as SQS hands it over. The bodies stay unread here: one bad body must not fail the rest.
#[derive(Debug, Deserialize)]
pub struct SqsBatch {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<SqsMessage>,
}

/// One message of a batch.
#[derive(Debug, Deserialize)]
pub struct SqsMessage {
    /// The id the answer names it by.
    #[serde(rename = "messageId")]
    pub message_id: String,
    /// The body; a string where SQS is in order.
    #[serde(default)]
    pub body: serde_json::Value,
    /// What SQS says about it, among others how often it was handed out.
    #[serde(default)]
    pub attributes: serde_json::Value,
}

impl SqsMessage {
    /// How often SQS has handed it out, this time included.
    pub fn handed_out(&self) -> u32 {
        let count = self.attributes["ApproximateReceiveCount"].as_str();
        count.and_then(|count| count.parse().ok()).unwrap_or(1)
    }
}

/// The answer to SQS: the messages to keep.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchReply {
    /// Every message that is not finished.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<ItemFailure>,
}

/// One message to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemFailure {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

/// The event as EventBridge wraps it.
#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Summary {
    /// The answer to SQS.
    pub reply: BatchReply,
    /// The code of the last failure, for the function's heartbeat.
    pub last_error: Option<&'static str>,
}

/// What one message can fail with, by code and whether another try helps.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Contract(#[from] ContractError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    Nudge(#[from] NudgeError),
    #[error("the effect failed ({code})")]
    Effect { code: &'static str, retry: Retry },
    #[error("handling the event panicked: a defect of this consumer")]
    Panicked,
    #[error("the time limit is near: the message comes again")]
    OutOfTime,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Classified for Failure {
    fn retry(&self) -> Retry {
        match self {
            Self::Contract(error) => error.retry(),
            Self::Database(error) => error.retry(),
            Self::Outbox(error) => error.retry(),
            Self::Nudge(error) => error.retry(),
            Self::Effect { retry, .. } => *retry,
            Self::Panicked => Retry::Never,
            Self::OutOfTime => Retry::Retry,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Contract(error) => error.code(),
            Self::Database(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::Nudge(error) => error.code(),
            Self::Effect { code, .. } => code,
            Self::Panicked => "panicked",
            Self::OutOfTime => "out_of_time",
        }
    }
}

/// How a message ended well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finished {
    Applied,
    Repeat,
}

/// A message that could be read.
struct Read<E> {
    id: Uuid,
    kind: String,
    correlation: CorrelationId,
    replay: Option<Uuid>,
    event: E,
}

/// Why a message could not be read, and the event's id where that much could.
struct Unread {
    id: Option<Uuid>,
    error: ContractError,
}

impl From<ContractError> for Unread {
    fn from(error: ContractError) -> Self {
        Self { id: None, error }
    }
}

/// Drives one consumer over batches.
pub struct Driver<'a, C> {
    /// The consumer.
    pub consumer: &'a C,
    /// The consumer's connection.
    pub db: &'a Db,
    /// Wakes the relay when the consumer wrote events.
    pub nudger: &'a dyn Nudger,
}

/// What a batch remembers from message to message.
#[derive(Default)]
struct Progress {
    nudged: Option<Instant>,
    wrote_events: bool,
    database_gone: bool,
}

impl<C: Consumer> Driver<'_, C> {
    /// Takes a batch in; nothing is begun after `until`, and what runs then is given up and rolled back.
    pub async fn run(&self, batch: SqsBatch, until: Instant) -> Summary {
        let all: Vec<String> = batch.records.iter().map(|record| record.message_id.clone()).collect();
        let mut finished = HashSet::new();
        let mut last_error = None;
        let mut progress = Progress::default();
        for message in &batch.records {
            match self.message(message, until, &mut progress).await {
                Ok(()) => {
                    finished.insert(message.message_id.as_str());
                }
                Err(code) => last_error = Some(code),
            }
        }
        if progress.wrote_events {
            self.nudger.nudge_now().await;
        }
        let failures =
            all.into_iter().filter(|id| !finished.contains(id.as_str())).map(|id| ItemFailure { id }).collect();
        Summary { reply: BatchReply { failures }, last_error }
    }

    /// One message from its body to its log line. The body is in none of them.
    async fn message(&self, message: &SqsMessage, until: Instant, progress: &mut Progress) -> Result<(), &'static str> {
        if let Some(settle) = settle::Settle::read(message) {
            return self.settle(message, &settle, until, progress).await;
        }
        let began = Instant::now();
        let read = match read::<C>(message) {
            Ok(read) => read,
            Err(Unread { id, error }) => {
                tracing::error!(
                    consumer = C::NAME,
                    message_id = message.message_id,
                    event_id = id.map(|id| id.to_string()),
                    code = error.code(),
                    "message refused: {error}"
                );
                self.bury(message, id, &error, progress).await;
                return Err(error.code());
            }
        };
        let result = self.tries(&read, until, progress).await;
        let duration_ms = began.elapsed().as_millis() as u64;
        let (event_id, event_type, correlation_id) =
            (read.id.to_string(), read.kind.as_str(), read.correlation.as_str());
        let replay_id = read.replay.map(|id| id.to_string());
        match &result {
            Ok(finished) => {
                let outcome = if *finished == Finished::Applied { "applied" } else { "already_done" };
                tracing::info!(
                    consumer = C::NAME,
                    event_id,
                    event_type,
                    correlation_id,
                    replay_id,
                    outcome,
                    duration_ms,
                    "event taken in"
                );
            }
            Err(error) => {
                let (code, retryable) = (error.code(), error.retry() == Retry::Retry);
                tracing::error!(
                    consumer = C::NAME,
                    event_id,
                    event_type,
                    correlation_id,
                    replay_id,
                    outcome = "failed",
                    code,
                    retryable,
                    duration_ms,
                    "event not taken in: {error}"
                );
                self.bury(message, Some(read.id), error, progress).await;
            }
        }
        result.map(drop).map_err(|error| error.code())
    }

    async fn tries(&self, read: &Read<C::Event>, until: Instant, progress: &mut Progress) -> Result<Finished, Failure> {
        for tried in 1.. {
            // Once the database was gone, waiting for it message by message would only run into the time limit.
            if progress.database_gone {
                return Err(DbError::Unavailable("gone earlier in this batch".into()).into());
            }
            if Instant::now() >= until {
                return Err(Failure::OutOfTime);
            }
            let attempt = AssertUnwindSafe(self.attempt(read, progress)).catch_unwind();
            let failure = match tokio::time::timeout_at(until, attempt).await {
                Err(_) => return Err(Failure::OutOfTime),
                Ok(Err(_)) => return Err(Failure::Panicked),
                Ok(Ok(Ok(finished))) => return Ok(finished),
                Ok(Ok(Err(failure))) => failure,
            };
            match failure.retry() {
                Retry::AlreadyDone => return Ok(Finished::Repeat),
                Retry::Retry if tried < TRIES && !progress.database_gone => {
                    tokio::time::sleep(super::backoff(tried, Duration::from_millis(20))).await;
                }
                _ => return Err(failure),
            }
        }
        Err(Failure::OutOfTime)
    }

    /// Inbox, effect, outbox, commit. Dropped or failed anywhere before the commit, all of it is rolled back.
    async fn attempt(&self, read: &Read<C::Event>, progress: &mut Progress) -> Result<Finished, Failure> {
        let mut client = self.db.client().await.inspect_err(|_| progress.database_gone = true)?;
        let tx = client.transaction().await?;
        let taken = tx
            .execute_typed(
                "WITH found AS (DELETE FROM bus.dead_letters WHERE consumer = $1 AND event_id = $2)
                 INSERT INTO bus.inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[(&C::NAME, Type::TEXT), (&read.id, Type::UUID)],
            )
            .await?;
        if taken == 0 {
            tx.commit().await?;
            return Ok(Finished::Repeat);
        }
        let correlation = read.correlation.as_str();
        let mut outbox = match read.replay {
            Some(replay) => Outbox::of_replay(correlation, replay),
            None => Outbox::new(correlation),
        };
        let effect = self.consumer.apply(&tx, &read.event, &mut outbox).await;
        effect.map_err(|error| Failure::Effect { code: error.code(), retry: error.retry() })?;
        if outbox.write(&tx).await?.is_some() {
            self.nudge_before_commit(progress).await?;
        }
        let wrote = !outbox.is_empty();
        // An error here leaves open whether the commit took place: the next try asks the inbox.
        tx.commit().await?;
        progress.wrote_events |= wrote;
        Ok(Finished::Applied)
    }

    /// One delayed nudge covers the commits of a quarter minute: a batch of a hundred needs no hundred nudges.
    async fn nudge_before_commit(&self, progress: &mut Progress) -> Result<(), NudgeError> {
        if progress.nudged.is_none_or(|at| at.elapsed() >= NUDGE_COVERS) {
            self.nudger.nudge_delayed().await?;
            progress.nudged = Some(Instant::now());
        }
        Ok(())
    }
}

/// Reads one message: SQS body, EventBridge wrapping, envelope, data.
fn read<C: Consumer>(message: &SqsMessage) -> Result<Read<C::Event>, Unread> {
    let body = message.body.as_str().ok_or(ContractError::Malformed("the message has no body"))?;
    let delivery: Delivery<'_> = serde_json::from_str(body)
        .map_err(|_| ContractError::Malformed("the message is not an event as EventBridge delivers it"))?;
    let header = Header::read(delivery.detail.get())?;
    let event = if header.r#type == delivery.detail_type {
        C::read(&header.r#type, delivery.detail.get())
    } else {
        Err(ContractError::Malformed("detail-type and type are not the same"))
    };
    let event = event.map_err(|error| Unread { id: Some(header.id), error })?;
    let Header { id, r#type: kind, correlationid: correlation, replayid: replay } = header;
    Ok(Read { id, kind, correlation, replay, event })
}

#[cfg(test)]
mod tests;
