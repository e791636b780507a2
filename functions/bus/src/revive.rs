//! Events the bus had refused, published once more because somebody asked for it.

use shared::bus::event_bus::{Entry, EventBus};
use tokio::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{
    App, RelayError,
    publish::{Stopped, publish},
    relay::{self, PAGE, Report},
};

/// One page; whether there was anything to do. Killed before its commit, it is published again, under the same ids.
pub async fn page<B: EventBus>(app: &App<B>, until: Instant, report: &mut Report) -> Result<bool, RelayError> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let rows = tx
        .query_typed(
            "SELECT e.event_id, e.source, e.type, e.detail FROM bus.dead d JOIN bus.events e ON e.event_id = d.event_id
             WHERE d.requeued_at IS NOT NULL ORDER BY d.event_id LIMIT $1 FOR UPDATE OF d SKIP LOCKED",
            &[(&PAGE, Type::INT8)],
        )
        .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    if Instant::now() >= until {
        relay::leave_nudge(app, 0, report).await?;
        return Ok(false);
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let entry = |row: &tokio_postgres::Row| Entry { source: row.get(1), detail_type: row.get(2), detail: row.get(3) };
    let entries: Vec<Entry> = rows.iter().map(entry).collect();
    let done = publish(&app.bus, &entries, until).await;
    for dead in &done.dead {
        let (code, tries): (String, i32) = (dead.code.chars().take(200).collect(), dead.tries as i32);
        tx.execute_typed(
            "UPDATE bus.dead SET requeued_at = NULL, reason = $2, attempts = attempts + $3, died_at = now() WHERE event_id = $1",
            &[(&ids[dead.place], Type::UUID), (&code, Type::TEXT), (&tries, Type::INT4)],
        )
        .await?;
    }
    let is_dead = |place: &usize| done.dead.iter().any(|dead| dead.place == *place);
    let alive: Vec<Uuid> = (0..done.handled).filter(|place| !is_dead(place)).map(|place| ids[place]).collect();
    tx.execute_typed(
        "UPDATE bus.dead SET requeued_at = NULL, published_at = now() WHERE event_id = ANY($1)",
        &[(&alive, Type::UUID_ARRAY)],
    )
    .await?;
    tx.commit().await?;
    report.published += alive.len();
    report.dead += done.dead.len();
    tracing::info!(published = alive.len(), dead = done.dead.len(), "refused events were published again");
    match done.stopped {
        None => Ok(true),
        Some(Stopped::OutOfTime) => relay::leave_nudge(app, 0, report).await.map(|()| false),
        Some(Stopped::Failed(error)) => Err(error),
    }
}
