//! What a clock has to see to: every few minutes, what waits too long is measured, claims that ended are given back,
//! blocks are sampled once a day, texts whose people allow it by now are screened, and a changed policy is applied.
//!
//! Each step is a transaction of its own, so that a sweep that is killed has done what it has done; the next goes on.

use jiff::Timestamp;
use moderation_engine::policy::Policy;
use serde::Serialize;
use shared::{bus::outbox::Outbox, telemetry};
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{App, Screener, ScreenerError};
use crate::{
    items::{self, Flag},
    policies::{self, Touched},
};

/// A text is to be screened within this many minutes.
const SCREENED_WITHIN_MINUTES: i32 = 5;
/// Blocked texts that the sample of a day shows.
const SAMPLE: i64 = 5;
/// Texts a transaction.
const PAGE: i64 = 25;
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
    let vault = app.opened().await?;
    let screener = Screener { screens: &app.screens, vault, hours: &app.hours };
    swept.screened = allowed_by_now(app, &screener, until).await?;
    while Instant::now() < until {
        match rescreen(app, &screener).await? {
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
                   WHERE t.received_at < now() - make_interval(mins => $1) AND t.withdrawn_at IS NULL
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
    // By a digest of id and day: at random for whoever writes texts, and the same for a second try.
    let picked = tx
        .query_typed(
            "WITH today AS (
               INSERT INTO core.review_samples (day, picked)
               SELECT $1, least($2::bigint, count(*)) FROM core.reviews WHERE state = 'held'
               ON CONFLICT DO NOTHING RETURNING day
             ), picked AS (
               SELECT r.review_id FROM core.reviews r, today WHERE r.state = 'held'
               ORDER BY md5(r.review_id::text || today.day::text) LIMIT $2
             )
             UPDATE core.reviews r SET state = 'pending', reason = 'sample', flag_revision = r.flag_revision + 1, raised_at = $3,
               due_at = CASE r.lane WHEN 'sensitive' THEN $4 END, version = r.version + 1
             FROM picked WHERE r.review_id = picked.review_id
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

/// Texts that were not to be screened when they came, and may be now.
async fn allowed_by_now(app: &App, screener: &Screener<'_>, until: Instant) -> Result<i64, ScreenerError> {
    let mut after = Uuid::nil();
    let mut screened = 0;
    while Instant::now() < until {
        let mut client = app.db.client().await?;
        let tx = client.transaction().await?;
        let rows = tx
            .query_typed(
                "SELECT text_id FROM core.unscreened_texts WHERE text_id > $1 ORDER BY text_id LIMIT $2",
                &[(&after, Type::UUID), (&PAGE, Type::INT8)],
            )
            .await?;
        let texts: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
        let Some(last) = texts.last() else { break };
        after = *last;
        let outbox = follow(screener, &tx, &texts, &Uuid::now_v7().to_string()).await?;
        screened += texts.len() as i64 - count_unscreened(&tx, &texts).await?;
        let wrote = tell(app, &tx, outbox).await?;
        tx.commit().await?;
        if wrote {
            app.nudger.nudge_now().await;
        }
    }
    Ok(screened)
}

async fn count_unscreened(tx: &Transaction<'_>, texts: &[Uuid]) -> Result<i64, ScreenerError> {
    let sql = "SELECT count(*) FROM core.unscreened_texts WHERE text_id = ANY($1)";
    let rows = tx.query_typed(sql, &[(&texts, Type::UUID_ARRAY)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// One page of what the oldest change of the policy touches; none when no change is left to apply.
async fn rescreen(app: &App, screener: &Screener<'_>) -> Result<Option<i64>, ScreenerError> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // Two sweeps at once: one goes on with it, the other has nothing to do. One that waits for its second pass keeps no
    // later change waiting.
    let rows = tx
        .query_typed(
            "SELECT rescreen_id, policy_version, cursor, passes FROM core.rescreens
             WHERE state = 'running' AND (passes = 0 OR created_at <= now() - make_interval(mins => $1))
             ORDER BY created_at, rescreen_id LIMIT 1 FOR UPDATE SKIP LOCKED",
            &[(&SETTLED_MINUTES, Type::INT4)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (id, number, cursor, passes): (Uuid, i32, Option<Uuid>, i32) = (row.get(0), row.get(1), row.get(2), row.get(3));
    let now = policies::in_force(&*tx).await?;
    let before = policies::numbered(&*tx, number - 1).await?;
    let changed = policies::numbered(&*tx, number).await?;
    let texts = touched_texts(&tx, &before.policy, &changed.policy, &now.version(), cursor.unwrap_or_default()).await?;
    let (state, passes) = match (texts.is_empty(), passes) {
        (false, passes) => ("running", passes),
        (true, 0) => ("running", 1),
        (true, passes) => ("done", passes + 1),
    };
    tx.execute_typed(
        "UPDATE core.rescreens SET cursor = $2, state = $3, passes = $4, screened = screened + $5,
           finished_at = CASE WHEN $3 = 'done' THEN now() END
         WHERE rescreen_id = $1",
        &[
            (&id, Type::UUID),
            (&texts.last(), Type::UUID),
            (&state, Type::TEXT),
            (&passes, Type::INT4),
            (&(texts.len() as i32), Type::INT4),
        ],
    )
    .await?;
    let outbox = follow(screener, &tx, &texts, &id.to_string()).await?;
    let wrote = tell(app, &tx, outbox).await?;
    tx.commit().await?;
    if wrote {
        app.nudger.nudge_now().await;
    }
    Ok(Some(texts.len() as i64))
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

/// Brings these texts up to date.
async fn follow(
    screener: &Screener<'_>,
    tx: &Transaction<'_>,
    texts: &[Uuid],
    correlation: &str,
) -> Result<Outbox, ScreenerError> {
    items::lock(tx, texts.to_vec()).await?;
    let policy = policies::in_force(tx).await?;
    let mut outbox = Outbox::new(correlation);
    for text in texts {
        screener.follow(tx, *text, &policy, &mut outbox).await?;
    }
    Ok(outbox)
}

/// Writes what is told, before the commit; whether there is any.
async fn tell(app: &App, tx: &Transaction<'_>, mut outbox: Outbox) -> Result<bool, ScreenerError> {
    let wrote = outbox.write(tx).await?.is_some();
    if wrote {
        app.nudger.nudge_delayed().await?;
    }
    Ok(wrote)
}
