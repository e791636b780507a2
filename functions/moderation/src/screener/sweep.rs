//! What a clock has to see to: every few minutes, what waits too long is measured, claims that ended are given back,
//! blocks are sampled once a day, what is left of erased people is forgotten, texts whose people allow it by now are
//! screened, and a changed policy is applied.
//!
//! Each step is a transaction of its own, so that a sweep that is killed has done what it has done; the next goes on.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use jiff::Timestamp;
use moderation_engine::policy::Policy;
use serde::Serialize;
use shared::{
    bus::outbox::Outbox,
    error::{Classified, Retry},
    telemetry,
};
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{App, Screener, ScreenerError, holds, texts};
use crate::{
    items::{self, Flag},
    policies::{self, Touched},
};

/// A text is to be screened within this many minutes.
const SCREENED_WITHIN_MINUTES: i32 = 5;
/// Blocked texts of each lane that the sample of a day shows.
const SAMPLE: i64 = 5;
/// Texts a page.
const PAGE: i64 = 25;
/// Erased people whose findings one sweep forgets.
const PEOPLE: i64 = 100;
/// A second pass over what a policy touched begins this long after the change: what was on its way then, by the policy
/// of before, has ended.
const SETTLED_MINUTES: i32 = 10;

/// What a sweep found and did. Counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Texts without a screening for more than five minutes.
    pub unscreened: i64,
    /// How long the oldest of them has been there.
    pub oldest_unscreened_seconds: i64,
    /// Texts of people who do not allow screening.
    pub without_purpose: i64,
    /// Items of the sensitive lane that nobody opened by their time.
    pub overdue: i64,
    /// Items in the queue.
    pub waiting: i64,
    /// Of these, texts the engine came to no end with.
    pub failed: i64,
    /// Claims that had ended.
    pub lapsed: u64,
    /// Blocked texts put into the queue by the sample of the day.
    pub sampled: i64,
    /// Erased people of whom something was left.
    pub forgotten: i64,
    /// Texts screened again, or for the first time since their people allow it.
    pub screened: i64,
}

/// One sweep; nothing is begun after `until`.
///
/// # Errors
/// What the first step that failed failed with. What it measures is measured first.
pub async fn run(app: &App, until: Instant) -> Result<Swept, ScreenerError> {
    let mut swept = measure(app).await?;
    publish(app, &swept);
    swept.lapsed = lapse(app).await?;
    swept.sampled = sample(app).await?;
    swept.forgotten = forget(app).await?;
    let vault = app.opened().await?;
    // A text the engine is too slow with now keeps the screening it has.
    let screener = Screener { screens: &app.screens, vault, hours: &app.hours, patient: true };
    swept.screened = allowed_by_now(app, &screener, until).await?;
    while Instant::now() < until {
        match rescreen(app, &screener, until).await? {
            Some(screened) => swept.screened += screened,
            None => break,
        }
    }
    Ok(swept)
}

async fn measure(app: &App) -> Result<Swept, ScreenerError> {
    let client = app.db.client().await?;
    let row = client
        .query_typed(
            "SELECT lost.number, COALESCE(extract(epoch FROM now() - lost.oldest)::bigint, 0),
                    (SELECT count(*) FROM core.unscreened_texts),
                    queue.overdue, queue.waiting, queue.failed
             FROM (SELECT count(*) AS number, min(t.received_at) AS oldest FROM vault.texts t
                   WHERE t.received_at < now() - make_interval(mins => $1)
                     AND NOT EXISTS (SELECT FROM core.screenings s WHERE s.text_id = t.text_id AND s.newest)
                     AND NOT EXISTS (SELECT FROM core.unscreened_texts u WHERE u.text_id = t.text_id)
                     AND EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = t.subject_id AND k.wrapped IS NOT NULL)) lost,
                  (SELECT count(*) FILTER (WHERE r.lane = 'sensitive' AND r.opened_at IS NULL AND r.due_at < now()) AS overdue,
                          count(*) AS waiting,
                          count(*) FILTER (WHERE s.failure IS NOT NULL) AS failed
                   FROM core.reviews r JOIN core.screenings s USING (screening_id) WHERE r.state IN ('pending', 'claimed')) queue",
            &[(&SCREENED_WITHIN_MINUTES, Type::INT4)],
        )
        .await?
        .pop()
        .ok_or(ScreenerError::StoredValue)?;
    Ok(Swept {
        unscreened: row.get(0),
        oldest_unscreened_seconds: row.get(1),
        without_purpose: row.get(2),
        overdue: row.get(3),
        waiting: row.get(4),
        failed: row.get(5),
        ..Swept::default()
    })
}

fn publish(app: &App, swept: &Swept) {
    telemetry::metrics(
        &[("Stage", &app.stage)],
        &[
            ("UnscreenedTexts", swept.unscreened),
            ("OldestUnscreenedSeconds", swept.oldest_unscreened_seconds),
            ("TextsWithoutPurpose", swept.without_purpose),
            ("OverdueSensitiveItems", swept.overdue),
            ("WaitingItems", swept.waiting),
            ("FailedScreenings", swept.failed),
        ],
    );
    if swept.unscreened > 0 {
        tracing::error!(
            code = "texts_unscreened",
            texts = swept.unscreened,
            oldest_seconds = swept.oldest_unscreened_seconds,
            "texts are not screened: look at moderation-screener's queue and its dead letters, then replay intake.text.received"
        );
    }
    if swept.overdue > 0 {
        let items = swept.overdue;
        tracing::error!(code = "sensitive_overdue", items, "items of the sensitive lane are past their time unopened");
    }
}

/// Claims that ended are over in any case; this only says so in the rows.
async fn lapse(app: &App) -> Result<u64, ScreenerError> {
    let client = app.db.client().await?;
    let lapsed = client
        .execute_typed(
            "UPDATE core.reviews SET state = CASE reason WHEN 'block' THEN 'held' ELSE 'pending' END, claimed_by = NULL,
               claimed_until = NULL, version = version + 1
             WHERE state = 'claimed' AND claimed_until < now()",
            &[],
        )
        .await?;
    Ok(lapsed)
}

/// Once a day, some of the texts that were blocked without anybody looking are put into the queue.
async fn sample(app: &App) -> Result<i64, ScreenerError> {
    let now = Timestamp::now();
    if !app.hours.open(now) {
        return Ok(0);
    }
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let day = app.hours.day(now);
    // What was blocked since the sample before, then older ones. By a digest of id and day: at random for whoever writes
    // texts, and the same for a second try. One that is claimed while this runs is left to whoever claimed it.
    let picked = tx
        .query_typed(
            "WITH drawn AS (
               SELECT r.review_id, row_number() OVER (
                   PARTITION BY r.lane ORDER BY (r.raised_at <= last.at) IS TRUE, md5(r.review_id::text || $1::date::text)) AS place
               FROM core.reviews r, (SELECT max(sampled_at) AS at FROM core.review_samples) last
               WHERE r.state = 'held' AND NOT EXISTS (SELECT FROM core.review_samples s WHERE s.day = $1)
             ), today AS (
               INSERT INTO core.review_samples (day, picked)
               SELECT $1, count(*) FROM drawn WHERE place <= $2 HAVING count(*) > 0
               ON CONFLICT DO NOTHING RETURNING day
             )
             UPDATE core.reviews r SET state = 'pending', reason = 'sample', flag_revision = r.flag_revision + 1, raised_at = $3,
               due_at = CASE r.lane WHEN 'sensitive' THEN $4 END, version = r.version + 1
             FROM drawn, today WHERE r.review_id = drawn.review_id AND drawn.place <= $2 AND r.state = 'held'
             RETURNING r.flag_id, r.text_id, r.urgent, r.flag_revision",
            &[
                (&day, Type::DATE),
                (&SAMPLE, Type::INT8),
                (&now, Type::TIMESTAMPTZ),
                (&app.hours.due(now, items::SENSITIVE_MINUTES), Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    let mut outbox = Outbox::new(&Uuid::now_v7().to_string());
    for row in &picked {
        let flag =
            Flag { flag_id: row.get(0), text_id: row.get(1), urgent: row.get(2), raised_at: now, revision: row.get(3) };
        flag.tell(&mut outbox)?;
    }
    let wrote = tell(app, &tx, outbox).await?;
    tx.commit().await?;
    if wrote {
        app.nudger.nudge_now().await;
    }
    Ok(picked.len() as i64)
}

/// What is left of people who were erased since.
async fn forget(app: &App) -> Result<i64, ScreenerError> {
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "SELECT k.profile_id FROM vault.subject_keys k WHERE k.wrapped IS NULL AND (
               EXISTS (SELECT FROM core.screenings s WHERE s.subject_id = k.profile_id AND (s.lane = 'sensitive' OR s.urgent
                 OR s.language IS NOT NULL OR EXISTS (SELECT FROM core.screening_findings f WHERE f.screening_id = s.screening_id)))
               OR EXISTS (SELECT FROM core.reviews r WHERE r.subject_id = k.profile_id
                 AND (r.state <> 'closed' OR r.lane = 'sensitive' OR r.urgent))
               OR EXISTS (SELECT FROM vault.review_notes n WHERE n.subject_id = k.profile_id)
               OR EXISTS (SELECT FROM core.unscreened_texts u JOIN vault.texts t USING (text_id) WHERE t.subject_id = k.profile_id))
             ORDER BY k.profile_id LIMIT $1",
            &[(&PEOPLE, Type::INT8)],
        )
        .await?;
    let mut client = client;
    for row in &rows {
        let tx = client.transaction().await?;
        holds::forget(&tx, row.get(0)).await?;
        tx.commit().await?;
    }
    Ok(rows.len() as i64)
}

/// Texts that were not to be screened when they came, and may be now.
async fn allowed_by_now(app: &App, screener: &Screener<'_>, until: Instant) -> Result<i64, ScreenerError> {
    let mut after = Uuid::nil();
    let mut screened = 0;
    while Instant::now() < until {
        let mut client = app.db.client().await?;
        let tx = client.transaction().await?;
        let texts = texts::allowed_by_now(&tx, after, PAGE).await?;
        tx.commit().await?;
        drop(client);
        let Some(last) = texts.last() else { break };
        after = *last;
        screened += follow(app, screener, &texts, &Uuid::now_v7().to_string(), until).await?.screened;
    }
    Ok(screened)
}

/// One page of what the oldest change of the policy touches; none when no change is left to apply. Two sweeps at once may
/// look at the same page: the second finds each text screened, and the page is counted once.
async fn rescreen(app: &App, screener: &Screener<'_>, until: Instant) -> Result<Option<i64>, ScreenerError> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // One that waits for its second pass keeps no later change waiting.
    let rows = tx
        .query_typed(
            "SELECT rescreen_id, policy_version, cursor, passes FROM core.rescreens
             WHERE state = 'running' AND (passes = 0 OR created_at <= now() - make_interval(mins => $1))
             ORDER BY created_at, rescreen_id LIMIT 1",
            &[(&SETTLED_MINUTES, Type::INT4)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (id, number, cursor, passes): (Uuid, i32, Option<Uuid>, i32) = (row.get(0), row.get(1), row.get(2), row.get(3));
    let now = policies::in_force(&*tx).await?;
    let before = policies::numbered(&*tx, number - 1).await?;
    let changed = policies::numbered(&*tx, number).await?;
    let texts = touched_texts(&tx, &before.policy, &changed.policy, &now.version(), cursor.unwrap_or_default()).await?;
    tx.commit().await?;
    drop(client);
    let followed = follow(app, screener, &texts, &id.to_string(), until).await?;
    let (state, after) = match (texts.is_empty(), passes) {
        (false, passes) => ("running", passes),
        (true, 0) => ("running", 1),
        (true, passes) => ("done", passes + 1),
    };
    let client = app.db.client().await?;
    client
        .execute_typed(
            "UPDATE core.rescreens SET cursor = $2, state = $3, passes = $4, screened = screened + $5::bigint::integer,
               finished_at = CASE WHEN $3 = 'done' THEN now() END
             WHERE rescreen_id = $1 AND cursor IS NOT DISTINCT FROM $6 AND passes = $7",
            &[
                (&id, Type::UUID),
                (&followed.last, Type::UUID),
                (&state, Type::TEXT),
                (&after, Type::INT4),
                (&followed.screened, Type::INT8),
                (&cursor, Type::UUID),
                (&passes, Type::INT4),
            ],
        )
        .await?;
    Ok(Some(followed.screened))
}

/// Texts with a finding that two policies treat otherwise and that was not screened by the newest.
async fn touched_texts(
    tx: &Transaction<'_>,
    before: &Policy,
    changed: &Policy,
    now: &str,
    after: Uuid,
) -> Result<Vec<Uuid>, ScreenerError> {
    let Touched { categories, grades, kinds } = policies::touched(tx, before, changed).await?;
    let rows = tx
        .query_typed(
            "SELECT DISTINCT s.text_id FROM core.screenings s JOIN core.screening_findings f USING (screening_id)
             JOIN unnest($1::text[], $2::text[], $3::text[]) AS t (category, grade, kind)
               ON t.category = f.category AND t.grade = f.grade AND t.kind = s.kind
             WHERE s.newest AND s.policy_version <> $4 AND s.text_id > $5 ORDER BY s.text_id LIMIT $6",
            &[
                (&categories, Type::TEXT_ARRAY),
                (&grades, Type::TEXT_ARRAY),
                (&kinds, Type::TEXT_ARRAY),
                (&now, Type::TEXT),
                (&after, Type::UUID),
                (&PAGE, Type::INT8),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How far a page was followed.
#[derive(Default)]
struct Followed {
    /// Texts that were brought up to date.
    screened: i64,
    /// The last that was tried.
    last: Option<Uuid>,
}

/// Brings these texts up to date, each in a transaction of its own: one that cannot be keeps no other waiting. What may
/// go better later (a database or a key service that does not answer) ends the sweep, and the next goes on from there.
async fn follow(
    app: &App,
    screener: &Screener<'_>,
    texts: &[Uuid],
    correlation: &str,
    until: Instant,
) -> Result<Followed, ScreenerError> {
    let mut followed = Followed::default();
    let mut told = false;
    for text in texts {
        // At least one, so that a page always gets further.
        if followed.last.is_some() && Instant::now() >= until {
            break;
        }
        followed.last = Some(*text);
        match AssertUnwindSafe(follow_one(app, screener, *text, correlation)).catch_unwind().await {
            Ok(Ok(wrote)) => {
                told |= wrote;
                followed.screened += 1;
            }
            Ok(Err(error)) if error.retry() == Retry::Never || matches!(error, ScreenerError::TooSlow) => {
                tracing::error!(code = error.code(), text = %text, "a text cannot be screened again: {error}");
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => tracing::error!(code = "panicked", text = %text, "a text cannot be screened again"),
        }
    }
    if told {
        app.nudger.nudge_now().await;
    }
    Ok(followed)
}

async fn follow_one(app: &App, screener: &Screener<'_>, text: Uuid, correlation: &str) -> Result<bool, ScreenerError> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    items::lock(&tx, vec![text]).await?;
    let policy = policies::in_force(&*tx).await?;
    let mut outbox = Outbox::new(correlation);
    screener.follow(&tx, text, &policy, &mut outbox).await?;
    let wrote = tell(app, &tx, outbox).await?;
    tx.commit().await?;
    Ok(wrote)
}

/// Writes what is told, before the commit; whether there is any.
async fn tell(app: &App, tx: &Transaction<'_>, mut outbox: Outbox) -> Result<bool, ScreenerError> {
    let wrote = outbox.write(tx).await?.is_some();
    if wrote {
        app.nudger.nudge_delayed().await?;
    }
    Ok(wrote)
}
