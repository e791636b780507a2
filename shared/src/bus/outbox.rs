//! The outbox: events are rows of `bus.events`, written in the transaction of the fact they tell. The log is
//! insert-only and is also what replays read; what the relay advances is the one row a batch has in `bus.batches`.

use jiff::Timestamp;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    contracts::{Contract, ContractError, Envelope, EventDraft},
    db::DbError,
    error::{Classified, Retry},
};

/// An event is smaller than this as JSON: the bus takes 256 KB a request, names and dates included. Refused here,
/// where the writer can still do something about it, and not when sent.
pub const MAX_EVENT_BYTES: usize = 200 * 1024;

/// Rows a statement: beyond some thousand the arrays cost memory and win nothing.
const CHUNK_EVENTS: usize = 5_000;
/// Bytes of events a statement, for the rare large ones.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// What writing events can fail with.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The event is none its contract allows.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Classified for OutboxError {
    fn retry(&self) -> Retry {
        match self {
            Self::Contract(error) => error.retry(),
            Self::Database(error) => error.retry(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Contract(error) => error.code(),
            Self::Database(error) => error.code(),
        }
    }
}

impl From<tokio_postgres::Error> for OutboxError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

struct Row {
    event_id: Uuid,
    r#type: &'static str,
    service: &'static str,
    subject: Uuid,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    correlation_id: String,
    detail: String,
}

/// Events of one transaction, in the order they were pushed. Nothing leaves before [`Outbox::write`], which can be
/// called again and again within the transaction to keep memory flat: each call makes a batch of its own.
pub struct Outbox {
    correlation: String,
    rows: Vec<Row>,
    bytes: usize,
    written: u64,
}

impl Outbox {
    /// `correlation_id` is the request's or import's, for drafts made with [`Outbox::draft`].
    pub fn new(correlation_id: &str) -> Self {
        Self { correlation: correlation_id.to_owned(), rows: Vec::new(), bytes: 0, written: 0 }
    }

    /// A draft under this outbox's correlation id. `time` is when the fact happened.
    pub fn draft<T: Contract>(&self, data: T, subject: Uuid, time: Timestamp) -> EventDraft<T> {
        EventDraft::new(data, subject, time, &self.correlation)
    }

    /// Takes an event in and gives its id. Refuses what its contract does not allow and what is too large.
    pub fn push<T: Contract>(&mut self, draft: EventDraft<T>) -> Result<Uuid, OutboxError> {
        let sealed = Envelope::seal(draft, Timestamp::now())?;
        let detail = sealed.to_json()?;
        if detail.len() >= MAX_EVENT_BYTES {
            return Err(ContractError::TooLarge { bytes: detail.len(), limit: MAX_EVENT_BYTES }.into());
        }
        self.bytes += detail.len();
        self.rows.push(Row {
            event_id: sealed.id,
            r#type: T::TYPE,
            service: sealed.data.service(),
            subject: sealed.subject,
            occurred_at: sealed.time,
            recorded_at: sealed.recordedtime,
            correlation_id: sealed.correlationid.into(),
            detail,
        });
        Ok(sealed.id)
    }

    /// Takes the pending events of another outbox in, behind its own.
    pub fn append(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.rows.extend(other.rows);
    }

    /// Events pushed and not yet written.
    pub fn pending(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of events pushed and not yet written.
    pub fn pending_bytes(&self) -> usize {
        self.bytes
    }

    /// Events written so far, over all calls of [`Outbox::write`].
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Whether this outbox has had any event: then the relay is to be nudged.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.written == 0
    }

    /// Writes what is pending as one batch and gives its id; none when there was nothing.
    pub async fn write(&mut self, tx: &Transaction<'_>) -> Result<Option<Uuid>, OutboxError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let batch = Uuid::now_v7();
        let count = rows.len() as i32;
        tx.execute_typed(
            "INSERT INTO bus.batches (batch_id, count) VALUES ($1, $2)",
            &[(&batch, Type::UUID), (&count, Type::INT4)],
        )
        .await?;
        let mut first = 0;
        while first < rows.len() {
            let last = chunk_end(&rows, first);
            insert(tx, batch, first, &rows[first..last]).await?;
            first = last;
        }
        self.written += rows.len() as u64;
        Ok(Some(batch))
    }
}

/// Where the chunk that begins at `first` ends: at least one event, else within both limits.
fn chunk_end(rows: &[Row], first: usize) -> usize {
    let mut bytes = 0;
    let within = rows[first..].iter().take(CHUNK_EVENTS).take_while(|row| {
        bytes += row.detail.len();
        bytes <= CHUNK_BYTES
    });
    first + within.count().max(1)
}

async fn insert(tx: &Transaction<'_>, batch: Uuid, before: usize, rows: &[Row]) -> Result<(), OutboxError> {
    let before = before as i32;
    let ids: Vec<_> = rows.iter().map(|row| row.event_id).collect();
    let types: Vec<_> = rows.iter().map(|row| row.r#type).collect();
    let sources: Vec<_> = rows.iter().map(|row| format!("teei.{}", row.service)).collect();
    let subjects: Vec<_> = rows.iter().map(|row| row.subject).collect();
    let occurred: Vec<_> = rows.iter().map(|row| row.occurred_at).collect();
    let recorded: Vec<_> = rows.iter().map(|row| row.recorded_at).collect();
    let correlations: Vec<_> = rows.iter().map(|row| row.correlation_id.as_str()).collect();
    let details: Vec<_> = rows.iter().map(|row| row.detail.as_str()).collect();
    tx.execute_typed(
        "INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
         SELECT $1, $2 + e.n::integer, e.event_id, e.type, e.source, e.subject, e.occurred_at, e.recorded_at, e.correlation_id, e.detail
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
              AS e (event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail, n)",
        &[
            (&batch, Type::UUID),
            (&before, Type::INT4),
            (&ids, Type::UUID_ARRAY),
            (&types, Type::TEXT_ARRAY),
            (&sources, Type::TEXT_ARRAY),
            (&subjects, Type::UUID_ARRAY),
            (&occurred, Type::TIMESTAMPTZ_ARRAY),
            (&recorded, Type::TIMESTAMPTZ_ARRAY),
            (&correlations, Type::TEXT_ARRAY),
            (&details, Type::TEXT_ARRAY),
        ],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::{FlagChanged, SessionCompleted};

    #[test]
    fn an_event_over_the_limit_is_refused_when_pushed_and_leaves_the_outbox_as_it_was() {
        let mut outbox = Outbox::new("request-1");
        let cause = vec![Uuid::now_v7(); MAX_EVENT_BYTES / 38];
        let data = FlagChanged { because_of: cause, ..FlagChanged::example() };
        let draft = outbox.draft(data, Uuid::now_v7(), Timestamp::now());
        let error = outbox.push(draft).unwrap_err();
        assert_eq!((error.code(), error.retry()), ("event_too_large", Retry::Never));
        assert!(outbox.is_empty() && outbox.pending_bytes() == 0);
    }

    #[test]
    fn an_address_as_correlation_id_is_refused_and_not_repeated() {
        let mut outbox = Outbox::new("oksana@example.org");
        let draft = outbox.draft(SessionCompleted::example(), Uuid::now_v7(), Timestamp::now());
        let error = outbox.push(draft).unwrap_err();
        assert_eq!(error.code(), "contract_violation");
        assert!(!error.to_string().contains("oksana"), "{error}");
    }

    #[test]
    fn chunks_end_at_five_thousand_events_or_eight_megabytes_and_always_take_one() {
        let row = |bytes: usize| Row {
            event_id: Uuid::nil(),
            r#type: "",
            service: "",
            subject: Uuid::nil(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            correlation_id: String::new(),
            detail: "x".repeat(bytes),
        };
        let small: Vec<_> = (0..5_001).map(|_| row(1)).collect();
        assert_eq!((chunk_end(&small, 0), chunk_end(&small, 5_000)), (5_000, 5_001));
        let large: Vec<_> = (0..50).map(|_| row(MAX_EVENT_BYTES)).collect();
        assert_eq!(chunk_end(&large, 0), CHUNK_BYTES / MAX_EVENT_BYTES);
        assert_eq!(chunk_end(&[row(CHUNK_BYTES + 1)], 0), 1);
    }
}
