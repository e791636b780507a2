//! The outbox: events are rows of `bus.events`, written in the transaction of the fact they tell. The log is
//! insert-only and is also what replays read; what the relay advances is the one row a batch has in `bus.batches`.
//! Large batches wait packed in `bus.packed_events` until the relay turns to them.

use futures::{
    FutureExt,
    future::{join, join_all},
};
use jiff::Timestamp;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::packed::{Piece, Pieces};
use crate::{
    contracts::{Contract, ContractError, CorrelationId, Envelope, EventDraft},
    db::DbError,
    error::{Classified, Retry},
};

/// An event is smaller than this as JSON: the bus takes 256 KB a request, names and dates included. Refused here,
/// where the writer can still do something about it, and not when sent.
pub const MAX_EVENT_BYTES: usize = 200 * 1024;

/// Rows a statement, and from how many on a batch is written packed instead: its transaction is a large import's, and
/// a row of the log costs it more than a fact does.
const CHUNK_EVENTS: usize = 1_000;
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
    correlation_id: CorrelationId,
    detail: Piece,
}

/// Events of one transaction, in the order they were pushed. Nothing leaves before [`Outbox::write`], which can be
/// called again and again within the transaction to keep memory flat: each call makes a batch of its own.
pub struct Outbox {
    correlation: String,
    rows: Vec<Row>,
    pieces: Pieces,
    bytes: usize,
    written: u64,
    replay: Option<Uuid>,
}

impl Outbox {
    /// `correlation_id` is the request's or import's, for drafts made with [`Outbox::draft`].
    pub fn new(correlation_id: &str) -> Self {
        Self {
            correlation: correlation_id.to_owned(),
            rows: Vec::new(),
            pieces: Pieces::default(),
            bytes: 0,
            written: 0,
            replay: None,
        }
    }

    /// With room for so many events: a large import's would grow step by step.
    #[must_use]
    pub fn with_room(mut self, events: usize) -> Self {
        self.rows.reserve(events);
        self.pieces.make_room(events);
        self
    }

    /// The outbox of an event that a replay sent once more: what follows from it was told when it came first, so what
    /// is pushed is checked and not kept.
    pub fn of_replay(correlation_id: &str, replay: Uuid) -> Self {
        Self { replay: Some(replay), ..Self::new(correlation_id) }
    }

    /// The replay that sent the event this outbox belongs to.
    pub fn replay(&self) -> Option<Uuid> {
        self.replay
    }

    /// What all events of this outbox have in common: the request's, import's or event's.
    pub fn correlation(&self) -> &str {
        &self.correlation
    }

    /// A draft under this outbox's correlation id. `time` is when the fact happened.
    pub fn draft<T: Contract>(&self, data: T, subject: Uuid, time: Timestamp) -> EventDraft<T> {
        EventDraft::new(data, subject, time, &self.correlation)
    }

    /// Takes an event in and gives its id. Refuses what its contract does not allow and what is too large.
    pub fn push<T: Contract>(&mut self, draft: EventDraft<T>) -> Result<Uuid, OutboxError> {
        let sealed = Envelope::seal(draft, Timestamp::now())?;
        let detail = sealed.on_the_wire(|event| self.pieces.push(event))?;
        if detail.bytes >= MAX_EVENT_BYTES {
            self.pieces.pop(&detail);
            return Err(ContractError::TooLarge { bytes: detail.bytes, limit: MAX_EVENT_BYTES }.into());
        }
        if self.replay.is_some() {
            self.pieces.pop(&detail);
            return Ok(sealed.id);
        }
        self.bytes += detail.bytes;
        self.rows.push(Row {
            event_id: sealed.id,
            r#type: T::TYPE,
            service: sealed.data.service(),
            subject: sealed.subject,
            occurred_at: sealed.time,
            recorded_at: sealed.recordedtime,
            correlation_id: sealed.correlationid,
            detail,
        });
        Ok(sealed.id)
    }

    /// Takes the pending events of another outbox in, behind its own.
    pub fn append(&mut self, mut other: Self) {
        self.bytes += other.bytes;
        if self.rows.is_empty() {
            (self.rows, self.pieces) = (other.rows, other.pieces);
            return;
        }
        self.pieces.append(other.pieces, other.rows.iter_mut().map(|row| &mut row.detail));
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
        let batch = self.take();
        batch.write(tx).await?;
        Ok((!batch.rows.is_empty()).then_some(batch.id))
    }

    /// Takes out what is pending, to be written while the next events are made. It counts as written.
    pub fn take(&mut self) -> Pending {
        self.bytes = 0;
        self.written += self.rows.len() as u64;
        let (rows, pieces) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.pieces));
        Pending { id: Uuid::now_v7(), rows, pieces }
    }
}

/// A batch on its way into the log.
pub struct Pending {
    id: Uuid,
    rows: Vec<Row>,
    pieces: Pieces,
}

impl Pending {
    /// Writes the batch, a large one packed. All its statements are sent at the first poll.
    pub async fn write(&self, tx: &Transaction<'_>) -> Result<(), OutboxError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let packed = self.rows.len() >= CHUNK_EVENTS;
        let batch = self.insert_batch(tx);
        let mut chunks = Vec::new();
        let mut first = 0;
        while first < self.rows.len() {
            let last = chunk_end(&self.rows, first);
            let rows = &self.rows[first..last];
            chunks.push(match packed {
                true => insert_packed(tx, self.id, first, &self.pieces, rows).left_future(),
                false => insert(tx, self.id, first, &self.pieces, rows).right_future(),
            });
            first = last;
        }
        let (batch, chunks) = join(batch, join_all(chunks)).await;
        batch?;
        chunks.into_iter().collect()
    }

    async fn insert_batch(&self, tx: &Transaction<'_>) -> Result<(), OutboxError> {
        let count = self.rows.len() as i32;
        let sql = "INSERT INTO bus.batches (batch_id, count) VALUES ($1, $2)";
        tx.execute_typed(sql, &[(&self.id, Type::UUID), (&count, Type::INT4)]).await?;
        Ok(())
    }
}

/// Where the chunk that begins at `first` ends: at least one event, else within both limits.
fn chunk_end(rows: &[Row], first: usize) -> usize {
    let mut bytes = 0;
    let within = rows[first..].iter().take(CHUNK_EVENTS).take_while(|row| {
        bytes += row.detail.bytes;
        bytes <= CHUNK_BYTES
    });
    first + within.count().max(1)
}

/// One statement of a batch. The arrays are taken apart in the select list, where a row is made at a time: in FROM all
/// rows are first put aside, on disk if they are large.
async fn insert(
    tx: &Transaction<'_>,
    batch: Uuid,
    before: usize,
    pieces: &Pieces,
    rows: &[Row],
) -> Result<(), OutboxError> {
    let before = before as i32;
    let ids: Vec<_> = rows.iter().map(|row| row.event_id).collect();
    let types: Vec<_> = rows.iter().map(|row| row.r#type).collect();
    let sources: Vec<_> = rows.iter().map(|row| format!("teei.{}", row.service)).collect();
    let subjects: Vec<_> = rows.iter().map(|row| row.subject).collect();
    let occurred: Vec<_> = rows.iter().map(|row| row.occurred_at).collect();
    let recorded: Vec<_> = rows.iter().map(|row| row.recorded_at).collect();
    let correlations: Vec<_> = rows.iter().map(|row| row.correlation_id.as_str()).collect();
    let details: Vec<_> = rows.iter().map(|row| pieces.json(&row.detail)).collect();
    tx.execute_typed(
        "INSERT INTO bus.events (batch_id, seq, event_id, type, source, subject, occurred_at, recorded_at, correlation_id, detail)
         SELECT $1, generate_series($2 + 1, $2 + cardinality($3)), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),
                unnest($9), unnest($10)",
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

/// One row of packed events; `bus.unpack` makes of it what [`insert`] would have written.
async fn insert_packed(
    tx: &Transaction<'_>,
    batch: Uuid,
    before: usize,
    pieces: &Pieces,
    rows: &[Row],
) -> Result<(), OutboxError> {
    let first = before as i32 + 1;
    let packed = pieces.pack(rows.iter().map(|row| &row.detail));
    tx.execute_typed(
        "INSERT INTO bus.packed_events (batch_id, first_seq, forms, kinds, details) VALUES ($1, $2, $3, $4, $5)",
        &[
            (&batch, Type::UUID),
            (&first, Type::INT4),
            (&packed.forms, Type::TEXT_ARRAY),
            (&packed.kinds, Type::INT2_ARRAY),
            (&packed.values, Type::TEXT_ARRAY),
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
    fn the_outbox_of_a_replayed_event_checks_what_is_pushed_and_keeps_nothing() {
        let mut outbox = Outbox::of_replay("request-1", Uuid::now_v7());
        let draft = |outbox: &Outbox, data| outbox.draft(data, Uuid::now_v7(), Timestamp::now());
        let good = draft(&outbox, SessionCompleted::example());
        outbox.push(good).unwrap();
        assert!(outbox.is_empty() && outbox.pending() == 0);
        let broken = SessionCompleted {
            volunteer_id: SessionCompleted::example().participant_id,
            ..SessionCompleted::example()
        };
        let broken = draft(&outbox, broken);
        assert_eq!(outbox.push(broken).unwrap_err().code(), "contract_violation");
    }

    #[test]
    fn chunks_end_at_a_thousand_events_or_eight_megabytes_and_always_take_one() {
        let row = |bytes: usize| Row {
            event_id: Uuid::nil(),
            r#type: "",
            service: "",
            subject: Uuid::nil(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            correlation_id: CorrelationId::new("request-1").unwrap(),
            detail: Piece::of_bytes(bytes),
        };
        let small: Vec<_> = (0..1_001).map(|_| row(1)).collect();
        assert_eq!((chunk_end(&small, 0), chunk_end(&small, 1_000)), (1_000, 1_001));
        let large: Vec<_> = (0..50).map(|_| row(MAX_EVENT_BYTES)).collect();
        assert_eq!(chunk_end(&large, 0), CHUNK_BYTES / MAX_EVENT_BYTES);
        assert_eq!(chunk_end(&[row(CHUNK_BYTES + 1)], 0), 1);
    }
}
