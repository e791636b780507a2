//! What an alarm looks at: how long the oldest event waits, and whether what was published was received.
//!
//! No schedule of its own, which would keep a sleeping database awake: a check follows the publishing of events after
//! they had time to arrive, and the hourly sweep.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use shared::{
    bus::reconcile::{GRACE, Line, reconcile},
    error::Classified,
    telemetry,
};

use crate::{App, RelayError, store};

/// After events were published: the time they have to arrive, and some.
pub const LATER_SECONDS: u16 = 180;
/// A check looks this far back.
const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Between two checks of one instance, and between two nudges for one.
const AT_MOST_EVERY: Duration = Duration::from_secs(120);

/// When this instance last checked, and when it last arranged to.
#[derive(Default)]
pub struct Checks {
    checked: Mutex<Option<Instant>>,
    arranged: Mutex<Option<Instant>>,
}

/// Whether it is time again; then it is noted.
fn due(slot: &Mutex<Option<Instant>>) -> bool {
    let mut last = slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let due = last.is_none_or(|at| at.elapsed() >= AT_MOST_EVERY);
    if due {
        *last = Some(Instant::now());
    }
    due
}

/// What one consumer lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The consumer.
    pub consumer: String,
    /// Events published, not received, and in none of the consumer's hands.
    pub missing: i64,
    /// How long the oldest of them has been published.
    pub oldest_seconds: i64,
}

/// Measures, and arranges the next check. The run's own result matters more: what fails here is logged.
pub async fn after_run<B>(app: &App<B>, published: usize) {
    if published > 0 && due(&app.checks.arranged) && app.nudger.send(LATER_SECONDS).await.is_err() {
        tracing::warn!(code = "nudge_failed", "the check of what was received waits for the hourly sweep");
    }
    let measured = async {
        outbox(app).await?;
        if due(&app.checks.checked) { received(app).await.map(drop) } else { Ok(()) }
    };
    if let Err(error) = measured.await {
        tracing::warn!(code = error.code(), "nothing was measured: {error}");
    }
}

async fn outbox<B>(app: &App<B>) -> Result<(), RelayError> {
    let client = app.db.client().await?;
    let waiting = store::waiting(&client).await?;
    let oldest = waiting.oldest.map_or(0, |at| Timestamp::now().duration_since(at).as_secs().max(0));
    let values = [
        ("OldestUnpublishedSeconds", oldest),
        ("UnpublishedEvents", waiting.events),
        ("RefusedEvents", waiting.refused),
    ];
    telemetry::metrics(&[("Stage", &app.stage)], &values);
    Ok(())
}

/// Holds the last week against the inboxes, consumer by consumer.
pub async fn received<B>(app: &App<B>) -> Result<Vec<Lack>, RelayError> {
    let from = Timestamp::now().saturating_sub(WINDOW).unwrap_or(Timestamp::UNIX_EPOCH);
    let client = app.db.client().await?;
    let lines = reconcile(&**client, from, GRACE).await?;
    drop(client);
    let mut lacks = Vec::new();
    for (consumer, lines) in by_consumer(&lines) {
        let missing: i64 = lines.iter().map(|line| line.missing).sum();
        let failed: i64 = lines.iter().map(|line| line.failed).sum();
        // What waits in its queue is late and not lost.
        let waits = if missing == 0 { 0 } else { app.queues.depth(consumer).await? };
        let lost = (missing - waits).max(0);
        let oldest = lines.iter().filter_map(|line| line.oldest.map(|(_, at)| at)).min().filter(|_| lost > 0);
        let oldest_seconds = oldest.map_or(0, |at| Timestamp::now().duration_since(at).as_secs().max(0));
        let values = [("MissingEvents", lost), ("OldestMissingSeconds", oldest_seconds), ("FailedEvents", failed)];
        telemetry::metrics(&[("Stage", &app.stage), ("Consumer", consumer)], &values);
        for line in lines.iter().filter(|line| lost > 0 && line.missing > 0) {
            let event_id = line.oldest.map(|(id, _)| id.to_string());
            tracing::error!(
                code = "events_missing",
                consumer,
                event_type = line.kind,
                missing = line.missing,
                event_id,
                "published events were not received: look at the consumer's rule and queue, then replay"
            );
        }
        lacks.push(Lack { consumer: consumer.to_owned(), missing: lost, oldest_seconds });
    }
    Ok(lacks)
}

fn by_consumer(lines: &[Line]) -> BTreeMap<&str, Vec<&Line>> {
    let mut consumers: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        consumers.entry(&line.consumer).or_default().push(line);
    }
    consumers
}
