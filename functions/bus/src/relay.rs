//! The relay's loop, and why it can be killed anywhere.
//!
//! A page's transaction locks the batch's row (`FOR UPDATE SKIP LOCKED`), puts the events on the bus and advances
//! the row. The lock is the row's own, so it ends with the transaction whatever happens to the function, two relays
//! never hold the same batch, and a second relay works on another batch meanwhile. Killed
//! - before or while putting: the row is as it was; the page is published again by whoever comes next;
//! - after putting, before the commit: the same, so consumers see at most one page ([`PAGE`] events) twice, and
//!   recognise the repeats by the event's id;
//! - after the commit: the next page begins where this one ended.
//!
//! The trigger of a killed run comes again: SQS gives the nudge back, the schedule is retried. A run that finds only
//! batches in other hands may not just leave, because those hands may die without a trigger that comes back:
//! it waits a little, and leaves a delayed nudge behind. So as long as something is pending, either somebody is
//! working on it or a nudge is on its way; the hourly sweep is for the day when the queue itself fails.

use std::time::Duration;

use jiff::Timestamp;
use shared::bus::{event_bus::EventBus, nudge::DELAY_SECONDS};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    App, RelayError,
    publish::{Stopped, publish},
    replay, revive, store,
};

/// Events a page: what a kill can publish twice.
pub const PAGE: i64 = 100;
/// How long a run waits for batches in other hands before it leaves a nudge behind.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What a run did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Events put on the bus.
    pub published: usize,
    /// Events the bus refused for good.
    pub dead: usize,
    /// Events sent once more to a consumer.
    pub replayed: usize,
    /// Whether events are left, with a nudge on its way for them.
    pub work_left: bool,
}

/// What one page came to.
enum Turn {
    /// Went on with a batch.
    Page,
    /// Nothing is pending.
    Nothing,
    /// All that is pending is in other hands.
    InOtherHands,
    /// The time is up.
    OutOfTime,
}

/// What became of the batch in hand, for its one log line.
#[derive(Clone)]
struct Tally {
    batch_id: Uuid,
    /// Of its first event: a batch is one transaction's, which has one cause or, in a consumer, one event's.
    correlation_id: String,
    began: Instant,
    published: usize,
    dead: usize,
    retried: usize,
}

/// Publishes until nothing is pending or three quarters of `remaining` are over: what is left then is for the page
/// in hand and for the nudge to oneself.
pub async fn run<B: EventBus>(app: &App<B>, remaining: Duration) -> Result<Report, RelayError> {
    let until = Instant::now() + remaining.mul_f64(0.75);
    let mut report = Report::default();
    let mut tally = None;
    let result = turns(app, until, &mut report, &mut tally).await;
    if let Some(tally) = tally {
        log(app, tally, "a batch was published in part").await;
    }
    result.map(|()| report)
}

async fn turns<B: EventBus>(
    app: &App<B>,
    until: Instant,
    report: &mut Report,
    tally: &mut Option<Tally>,
) -> Result<(), RelayError> {
    let mut patience = Instant::now() + PATIENCE;
    loop {
        match turn(app, until, report, tally).await? {
            Turn::Nothing => {
                // Live events come first: they are looked for again after each page of anything else.
                let revived = revive::page(app, until, report).await?;
                if !revived && !replay::step(app, until, report).await? {
                    return Ok(());
                }
                patience = Instant::now() + PATIENCE;
            }
            Turn::Page => patience = Instant::now() + PATIENCE,
            Turn::InOtherHands if Instant::now() < patience.min(until) => tokio::time::sleep(LOOK_AGAIN).await,
            Turn::InOtherHands => return leave_nudge(app, DELAY_SECONDS, report).await,
            Turn::OutOfTime => return leave_nudge(app, 0, report).await,
        }
    }
}

/// Work is left: the relay wakes itself. If that fails the run fails, so that its own trigger comes again.
pub(crate) async fn leave_nudge<B>(app: &App<B>, delay: u16, report: &mut Report) -> Result<(), RelayError> {
    app.nudger.send(delay).await.map_err(|_| RelayError::WorkLeft)?;
    report.work_left = true;
    Ok(())
}

/// One page in one transaction.
async fn turn<B: EventBus>(
    app: &App<B>,
    until: Instant,
    report: &mut Report,
    tally: &mut Option<Tally>,
) -> Result<Turn, RelayError> {
    let mut client = app.db.client().await?;
    if Instant::now() >= until {
        let left = store::oldest_pending(&client).await?.is_some();
        return Ok(if left { Turn::OutOfTime } else { Turn::Nothing });
    }
    let tx = client.transaction().await?;
    let Some(batch) = store::lock_oldest(&tx).await? else {
        drop(tx);
        let left = store::oldest_pending(&client).await?.is_some();
        return Ok(if left { Turn::InOtherHands } else { Turn::Nothing });
    };
    let page = store::page(&tx, &batch, PAGE).await?;
    let entries: Vec<_> = page.iter().map(|event| event.entry.clone()).collect();
    let done = publish(&app.bus, &entries, until).await;
    store::advance(&tx, &batch, &page, done.handled, &done.dead).await?;
    tx.commit().await?;
    drop(client);

    let mut mine = match tally.take() {
        Some(mine) if mine.batch_id == batch.batch_id => mine,
        other => {
            // Another relay took the batch over between two pages.
            if let Some(other) = other {
                log(app, other, "a batch was published in part").await;
            }
            let correlation_id = page.first().map(|event| event.correlation_id.clone()).unwrap_or_default();
            Tally { batch_id: batch.batch_id, correlation_id, began: Instant::now(), published: 0, dead: 0, retried: 0 }
        }
    };
    mine.published += done.handled - done.dead.len();
    mine.dead += done.dead.len();
    mine.retried += done.retried;
    report.published += done.handled - done.dead.len();
    report.dead += done.dead.len();
    if batch.next + done.handled as i32 > batch.count {
        log(app, mine, "a batch was published").await;
    } else {
        *tally = Some(mine);
    }
    match done.stopped {
        None => Ok(Turn::Page),
        Some(Stopped::OutOfTime) => Ok(Turn::OutOfTime),
        Some(Stopped::Failed(error)) => Err(error),
    }
}

/// One line a batch, with what an operator asks first: how much, and how old is the oldest that still waits.
async fn log<B>(app: &App<B>, tally: Tally, message: &'static str) {
    let oldest = match app.db.client().await {
        Ok(client) => store::oldest_pending(&client).await.ok().flatten(),
        Err(_) => None,
    };
    let oldest_unpublished_seconds = oldest.map(|at| Timestamp::now().duration_since(at).as_secs().max(0));
    let Tally { batch_id, correlation_id, began, published, dead, retried } = tally;
    let duration_ms = began.elapsed().as_millis() as u64;
    let batch_id = batch_id.to_string();
    tracing::info!(
        correlation_id,
        batch_id,
        published,
        dead,
        retried,
        oldest_unpublished_seconds,
        duration_ms,
        "{message}"
    );
}
