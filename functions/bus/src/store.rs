//! The relay's statements: it reads the log, advances batches, buries what the bus refused.

use jiff::Timestamp;
use shared::bus::event_bus::Entry;
use tokio_postgres::{Client, Transaction, types::Type};
use uuid::Uuid;

use crate::{RelayError, publish::Dead};

/// A batch with events to publish, its row locked until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    pub batch_id: Uuid,
    pub count: i32,
    pub next: i32,
}

/// One event of a page.
pub struct Event {
    pub event_id: Uuid,
    pub seq: i32,
    pub entry: Entry,
    pub correlation_id: String,
}

/// The oldest pending batch that no other relay has in its hands.
pub async fn lock_oldest(tx: &Transaction<'_>) -> Result<Option<Pending>, RelayError> {
    let row = tx
        .query_typed_opt(
            "SELECT batch_id, count, next FROM bus.batches WHERE state = 'pending'
             ORDER BY created_at, batch_id LIMIT 1 FOR UPDATE SKIP LOCKED",
            &[],
        )
        .await?;
    let pending = |row: tokio_postgres::Row| Pending { batch_id: row.get(0), count: row.get(1), next: row.get(2) };
    Ok(row.map(pending))
}

/// The events of a batch from `next` on, at most `limit`.
pub async fn page(tx: &Transaction<'_>, batch: &Pending, limit: i64) -> Result<Vec<Event>, RelayError> {
    // Large batches wait packed; killed before the commit, they are packed again.
    let through = batch.next.saturating_add(limit as i32 - 1);
    tx.query_typed("SELECT bus.unpack($1, $2)", &[(&batch.batch_id, Type::UUID), (&through, Type::INT4)]).await?;
    let rows = tx
        .query_typed(
            "SELECT event_id, seq, source, type, detail, correlation_id FROM bus.events WHERE batch_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            &[(&batch.batch_id, Type::UUID), (&batch.next, Type::INT4), (&limit, Type::INT8)],
        )
        .await?;
    let event = |row: &tokio_postgres::Row| Event {
        event_id: row.get(0),
        seq: row.get(1),
        entry: Entry { source: row.get(2), detail_type: row.get(3), detail: row.get(4) },
        correlation_id: row.get(5),
    };
    let page: Vec<Event> = rows.iter().map(event).collect();
    let whole = i64::from(batch.count - batch.next + 1).min(limit);
    let in_order = page.iter().zip(batch.next..).all(|(event, seq)| event.seq == seq);
    if page.len() as i64 == whole && in_order { Ok(page) } else { Err(RelayError::BatchIncomplete) }
}

/// Writes down that the batch is done with up to `handled` events further, and what was dead among them.
pub async fn advance(
    tx: &Transaction<'_>,
    batch: &Pending,
    page: &[Event],
    handled: usize,
    dead: &[Dead],
) -> Result<(), RelayError> {
    for dead in dead {
        let event = &page[dead.place];
        let code: String = dead.code.chars().take(200).collect();
        let tries = dead.tries as i32;
        tx.execute_typed(
            "INSERT INTO bus.dead (event_id, batch_id, seq, reason, attempts) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            &[
                (&event.event_id, Type::UUID),
                (&batch.batch_id, Type::UUID),
                (&event.seq, Type::INT4),
                (&code, Type::TEXT),
                (&tries, Type::INT4),
            ],
        )
        .await?;
    }
    let next = batch.next + handled as i32;
    tx.execute_typed(
        "UPDATE bus.batches SET next = $2,
           state = CASE WHEN $2 > count THEN 'published' ELSE 'pending' END,
           published_at = CASE WHEN $2 > count THEN now() END,
           advanced_at = now()
         WHERE batch_id = $1",
        &[(&batch.batch_id, Type::UUID), (&next, Type::INT4)],
    )
    .await?;
    Ok(())
}

/// Since when the oldest pending batch waits; none when nothing does.
pub async fn oldest_pending(client: &Client) -> Result<Option<Timestamp>, RelayError> {
    let row = client.query_typed_one("SELECT min(created_at) FROM bus.batches WHERE state = 'pending'", &[]).await?;
    Ok(row.get(0))
}

/// What the outbox holds back.
pub struct Waiting {
    /// Since when the oldest pending batch waits.
    pub oldest: Option<Timestamp>,
    /// Events that are not published yet.
    pub events: i64,
    /// Events the bus refused for good.
    pub refused: i64,
}

/// What is not on the bus.
pub async fn waiting(client: &Client) -> Result<Waiting, RelayError> {
    let row = client
        .query_typed_one(
            "SELECT min(created_at), COALESCE(sum(count - next + 1), 0)::bigint,
                    (SELECT count(*) FROM bus.dead WHERE published_at IS NULL)
             FROM bus.batches WHERE state = 'pending'",
            &[],
        )
        .await?;
    Ok(Waiting { oldest: row.get(0), events: row.get(1), refused: row.get(2) })
}
