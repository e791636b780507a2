//! Replays: events of the log sent once more to one consumer, page by page, past the bus.
//!
//! | state | what the relay does | killed in it |
//! |---|---|---|
//! | `queued` | one transaction: the consumer's inbox rows and reasons of the selection go, and for everything what it made of events; then `sending` | as it was |
//! | `sending` | a page of [`PAGE`] events into the consumer's queue, then notes how far; after the last `sent` | the page is sent again, the inbox recognises the repeats |
//! | `sent` | looks how far the consumer has come; when all is in its inbox or a dead letter, asks it to settle: `settling` | looks again |
//! | `settling` | asks again now and then; the consumer ends it: `done` | asks again |
//!
//! A replay that does not go on for a day is `failed`. Live events are published before each page.

use jiff::{SignedDuration, Timestamp};
use shared::bus::{
    consumer::settle::Settle,
    event_bus::EventBus,
    queues::send_all,
    replay::{Bound, SELECTED, Selection, delivery},
    wiring::rebuild_function,
};
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    App, RelayError,
    relay::{self, Report},
};

/// Events a page: what a kill sends twice.
pub const PAGE: i64 = 100;
/// Events looked at in one go when asking how far the consumer has come.
const LOOK: i64 = 2_000;
/// The nearest and the farthest next look at a consumer that is at work.
const LOOK_SECONDS: (i64, i64) = (5, 900);
/// A consumer that was asked to settle and has not is asked again.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// A replay without progress for so long has failed.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// An open replay, its row held.
struct Open {
    id: Uuid,
    consumer: String,
    selection: Selection,
    state: String,
    last: Option<Uuid>,
    sent_through: Uuid,
    confirmed_through: Uuid,
    progressed_at: Timestamp,
    settle_sent_at: Option<Timestamp>,
    next_look_at: Option<Timestamp>,
}

/// Goes on with each open replay; whether there is more to do at once.
pub async fn step<B: EventBus>(app: &App<B>, until: Instant, report: &mut Report) -> Result<bool, RelayError> {
    let client = app.db.client().await?;
    let sql = "SELECT replay_id FROM bus.replays WHERE state NOT IN ('done', 'failed') ORDER BY created_at, replay_id";
    let open: Vec<Uuid> = client.query_typed(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    drop(client);
    let mut more = false;
    for id in &open {
        if Instant::now() >= until {
            relay::leave_nudge(app, 0, report).await?;
            return Ok(false);
        }
        more |= one(app, *id, report).await?;
    }
    if open.is_empty() {
        leftovers(app).await?;
    }
    Ok(more)
}

async fn one<B: EventBus>(app: &App<B>, id: Uuid, report: &mut Report) -> Result<bool, RelayError> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // No stronger lock: consumers that see it open hold its key.
    let sql =
        "SELECT replay_id, consumer, types, subject, import_id, from_at, until_at, state, last_event, sent_through,
                      confirmed_through, COALESCE(progressed_at, created_at), settle_sent_at, next_look_at
               FROM bus.replays WHERE replay_id = $1 AND state NOT IN ('done', 'failed') FOR NO KEY UPDATE SKIP LOCKED";
    let Some(row) = tx.query_typed_opt(sql, &[(&id, Type::UUID)]).await? else { return Ok(false) };
    let through = |at: usize| row.get::<_, Option<Uuid>>(at).unwrap_or(Uuid::nil());
    let replay = Open {
        id,
        consumer: row.get(1),
        selection: Selection {
            types: row.get(2),
            subject: row.get(3),
            import: row.get(4),
            from: row.get(5),
            until: row.get(6),
        },
        state: row.get(7),
        last: row.get(8),
        sent_through: through(9),
        confirmed_through: through(10),
        progressed_at: row.get(11),
        settle_sent_at: row.get(12),
        next_look_at: row.get(13),
    };
    let more = match replay.state.as_str() {
        "queued" => begin(&tx, &replay).await?,
        "sending" => {
            confirm(&tx, &replay).await?;
            send(app, &tx, &replay, report).await?
        }
        "sent" => ask_when_all_is_in(app, &tx, &replay).await?,
        _ => ask_again(app, &tx, &replay).await?,
    };
    let nudge = if more { None } else { next_look(&tx, &replay).await? };
    // Before the commit: killed between the two, the look comes for nothing.
    if let Some(seconds) = nudge {
        app.nudger.send(seconds).await.map_err(|_| RelayError::WorkLeft)?;
    }
    tx.commit().await?;
    Ok(more)
}

/// The transaction a replay begins with.
async fn begin(tx: &Transaction<'_>, replay: &Open) -> Result<bool, RelayError> {
    if replay.selection.is_whole() {
        // A name of the code's own list: no parameter can stand for a function.
        tx.batch_execute(&format!("SELECT {}()", rebuild_function(&replay.consumer))).await?;
    }
    let bound = replay.selection.bind(&replay.consumer);
    for table in ["bus.inbox", "bus.dead_letters"] {
        let sql = if replay.selection.is_whole() {
            format!("DELETE FROM {table} WHERE consumer = $1")
        } else {
            format!("DELETE FROM {table} t USING {SELECTED} WHERE t.consumer = $1 AND t.event_id = p.event_id")
        };
        let parameters = bound.with(&[]);
        let parameters = if replay.selection.is_whole() { &parameters[..1] } else { &parameters[..] };
        tx.execute_typed(&sql, parameters).await?;
    }
    let sql = format!("SELECT count(*), max(p.event_id::text)::uuid FROM {SELECTED}");
    let row = tx.query_typed_one(&sql, &bound.with(&[])).await?;
    let (total, last): (i64, Option<Uuid>) = (row.get(0), row.get(1));
    tx.execute_typed(
        "UPDATE bus.replays SET state = 'sending', began_at = now(), progressed_at = now(), total = $2, last_event = $3
         WHERE replay_id = $1",
        &[(&replay.id, Type::UUID), (&total, Type::INT8), (&last, Type::UUID)],
    )
    .await?;
    let replay_id = replay.id.to_string();
    tracing::info!(replay_id, consumer = replay.consumer, total, "a replay begins");
    Ok(true)
}

/// One page into the consumer's queue.
async fn send<B: EventBus>(
    app: &App<B>,
    tx: &Transaction<'_>,
    replay: &Open,
    report: &mut Report,
) -> Result<bool, RelayError> {
    let page = page(tx, replay).await?;
    let mut bodies = Vec::with_capacity(page.len());
    for row in &page {
        let body = delivery(row.get(0), row.get(1), row.get(2), row.get(3), replay.id);
        bodies.push(body.ok_or(RelayError::LogDamaged)?);
    }
    send_all(app.queues.as_ref(), &replay.consumer, &bodies).await?;
    let sent = page.len() as i64;
    let through = page.last().map_or(replay.sent_through, |row| row.get(0));
    let state = if sent < PAGE { "sent" } else { "sending" };
    tx.execute_typed(
        "UPDATE bus.replays SET state = $2, sent = sent + $3, total = GREATEST(total, sent + $3), sent_through = $4, progressed_at = now()
         WHERE replay_id = $1",
        &[(&replay.id, Type::UUID), (&state, Type::TEXT), (&sent, Type::INT8), (&through, Type::UUID)],
    )
    .await?;
    report.replayed += page.len();
    Ok(true)
}

async fn page(tx: &Transaction<'_>, replay: &Open) -> Result<Vec<tokio_postgres::Row>, RelayError> {
    let Some(last) = replay.last else { return Ok(Vec::new()) };
    let bound: Bound<'_> = replay.selection.bind(&replay.consumer);
    // The page's ids first: what the events say is looked up for them alone.
    let sql = format!(
        "SELECT e.event_id, e.source, e.type, e.detail
         FROM (SELECT p.event_id FROM {SELECTED} WHERE p.event_id > $8 AND p.event_id <= $9 ORDER BY p.event_id LIMIT $10) x
         JOIN bus.events e ON e.event_id = x.event_id ORDER BY e.event_id"
    );
    let parameters = bound.with(&[(&replay.sent_through, Type::UUID), (&last, Type::UUID), (&PAGE, Type::INT8)]);
    Ok(tx.query_typed(&sql, &parameters).await?)
}

/// How far a consumer has come.
enum Confirmed {
    /// It has all that was sent.
    All,
    /// It has all that was looked at, and there is more to look at.
    SoFar,
    /// Something is still on its way.
    UpTo,
}

/// Moves on over what the consumer has taken in or failed at.
async fn confirm(tx: &Transaction<'_>, replay: &Open) -> Result<Confirmed, RelayError> {
    let bound: Bound<'_> = replay.selection.bind(&replay.consumer);
    let sql = format!(
        "SELECT p.event_id, i.event_id IS NOT NULL, d.consumer IS NOT NULL
         FROM {SELECTED}
         LEFT JOIN bus.inbox i ON i.consumer = $1 AND i.event_id = p.event_id
         LEFT JOIN bus.dead_letters d ON d.consumer = $1 AND d.event_id = p.event_id
         WHERE p.event_id > $8 AND p.event_id <= $9 ORDER BY p.event_id LIMIT $10"
    );
    let parameters =
        bound.with(&[(&replay.confirmed_through, Type::UUID), (&replay.sent_through, Type::UUID), (&LOOK, Type::INT8)]);
    let rows = tx.query_typed(&sql, &parameters).await?;
    let done = |row: &&tokio_postgres::Row| row.get::<_, bool>(1) || row.get::<_, bool>(2);
    let through: Vec<_> = rows.iter().take_while(done).collect();
    let taken = through.iter().filter(|row| row.get::<_, bool>(1)).count() as i64;
    if let Some(last) = through.last() {
        tx.execute_typed(
            "UPDATE bus.replays SET confirmed_through = $2, taken_in = taken_in + $3, failed = failed + $4, progressed_at = now()
             WHERE replay_id = $1",
            &[
                (&replay.id, Type::UUID),
                (&last.get::<_, Uuid>(0), Type::UUID),
                (&taken, Type::INT8),
                (&(through.len() as i64 - taken), Type::INT8),
            ],
        )
        .await?;
    }
    Ok(match through.len() == rows.len() {
        true if rows.len() as i64 == LOOK => Confirmed::SoFar,
        true => Confirmed::All,
        false => Confirmed::UpTo,
    })
}

async fn ask_when_all_is_in<B>(app: &App<B>, tx: &Transaction<'_>, replay: &Open) -> Result<bool, RelayError> {
    match confirm(tx, replay).await? {
        Confirmed::All => settle(app, tx, replay).await.map(|()| false),
        Confirmed::SoFar => Ok(true),
        Confirmed::UpTo => Ok(false),
    }
}

async fn settle<B>(app: &App<B>, tx: &Transaction<'_>, replay: &Open) -> Result<(), RelayError> {
    app.queues.send(&replay.consumer, &[Settle::body(Some(replay.id))]).await?;
    let sql = "UPDATE bus.replays SET state = 'settling', settle_sent_at = now() WHERE replay_id = $1";
    tx.execute_typed(sql, &[(&replay.id, Type::UUID)]).await?;
    Ok(())
}

async fn ask_again<B>(app: &App<B>, tx: &Transaction<'_>, replay: &Open) -> Result<bool, RelayError> {
    if replay.settle_sent_at.is_none_or(|at| Timestamp::now().duration_since(at) >= ASK_AGAIN) {
        settle(app, tx, replay).await?;
    }
    Ok(false)
}

/// Arranges the next look, soon while the consumer makes progress and less and less often when it does not; in how
/// many seconds, unless one is arranged already.
async fn next_look(tx: &Transaction<'_>, replay: &Open) -> Result<Option<u16>, RelayError> {
    let now = Timestamp::now();
    let quiet = now.duration_since(replay.progressed_at);
    if quiet >= PATIENCE {
        let reason = if replay.state == "settling" { "not_settled" } else { "not_taken_in" };
        let sql = "UPDATE bus.replays SET state = 'failed', reason = $2, finished_at = now() WHERE replay_id = $1";
        tx.execute_typed(sql, &[(&replay.id, Type::UUID), (&reason, Type::TEXT)]).await?;
        let replay_id = replay.id.to_string();
        tracing::error!(code = reason, replay_id, consumer = replay.consumer, "a replay does not go on: it has failed");
        return Ok(None);
    }
    if replay.next_look_at.is_some_and(|at| at > now) {
        return Ok(None);
    }
    let seconds = (quiet.as_secs() / 2).clamp(LOOK_SECONDS.0, LOOK_SECONDS.1);
    tx.execute_typed(
        "UPDATE bus.replays SET next_look_at = now() + $2 * interval '1 second' WHERE replay_id = $1",
        &[(&replay.id, Type::UUID), (&(seconds as f64), Type::FLOAT8)],
    )
    .await?;
    Ok(Some(seconds as u16))
}

/// What was put off behind a replay's end (an event of it was moved back from the dead letters) has nobody to ask for it.
async fn leftovers<B>(app: &App<B>) -> Result<(), RelayError> {
    let client = app.db.client().await?;
    let sql = "SELECT DISTINCT consumer FROM bus.unsettled WHERE since < now() - interval '1 minute'";
    for row in client.query_typed(sql, &[]).await? {
        let consumer: &str = row.get(0);
        app.queues.send(consumer, &[Settle::body(None)]).await?;
    }
    Ok(())
}
