//! The schedule: what no event told of, and what must not go unnoticed.
//!
//! | found | then |
//! |---|---|
//! | words let through a quarter of an hour ago and not looked at | counted for the alarm, and read |
//! | a purpose that changed, words that hold no more or again, a fact that moved to another company | looked at again |
//! | what is left of an erased person, in any state | goes |
//! | outcomes that went with their text or person | told |
//! | texts read by another version, when somebody asked for it | read again; old scores stay as revisions |
//! | quarters that are due, if the run found no text waiting, left none behind and failed with nothing | published to their companies ([`published`]) |
//!
//! Each text is a transaction of its own, so a run that ends early has lost nothing. What may succeed later (the database,
//! a backend that does not answer) ends a run; what fails the same way again costs its own text, person or company only.

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    bus::outbox::Outbox,
    db::DbError,
    error::{Classified, Retry},
    telemetry,
};
use tokio::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{App, Scorer, ScorerError};
use crate::figures::published;

/// What a run is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What the schedule asks for.
    Sweep,
    /// Also that history be read again by this version of the engine.
    Rescore,
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Texts let through for longer than a quarter of an hour that nobody had looked at when the run began.
    pub unscored: i64,
    /// How long the oldest of them had waited, in seconds.
    pub oldest_unscored_seconds: i64,
    /// Texts looked at.
    pub looked_at: u64,
    /// Texts that could not be read, erased people of whom something is still left, companies whose figures could not be
    /// published; each is in the log with its code.
    pub failed: u64,
    /// Texts that another version has read and this one has not yet, where that was asked for.
    pub left_to_rescore: i64,
    /// Blocks of figures that were published to companies.
    pub published: u64,
}

/// Texts asked for at a time.
const PAGE: i64 = 200;

/// Words that were let through and not looked at as they are. Of erased people nothing is left to look at.
const UNSEEN: &str = "
    vault.cleared_texts c LEFT JOIN core.readings r ON r.text_id = c.text_id
    WHERE c.withdrawn_at IS NULL AND c.cleared_at < now() - interval '15 minutes'
      AND (r.text_id IS NULL OR r.screening_id IS DISTINCT FROM c.screening_id OR r.looked_at < c.cleared_at)
      AND NOT EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = c.subject_id AND k.destroyed_at IS NOT NULL)";

/// People of whom something is left although they were erased.
const LEFTOVERS: &str = "
    SELECT DISTINCT r.profile_id FROM core.readings r
    JOIN vault.subject_keys k ON k.profile_id = r.profile_id AND k.destroyed_at IS NOT NULL
    WHERE r.profile_id > $1 ORDER BY r.profile_id LIMIT $2";

/// Looked at: what was let through and is in another state than the store says it should be. A text whose person says
/// no is as it should be when it has no score.
const DUE: &str = "
    SELECT x.text_id FROM (
      SELECT c.text_id FROM {unseen}
      UNION
      SELECT r.text_id FROM core.readings r
      JOIN vault.texts t ON t.text_id = r.text_id
      LEFT JOIN vault.cleared_texts c ON c.text_id = r.text_id AND c.withdrawn_at IS NULL
      LEFT JOIN core.fact_scopes f ON f.fact_id = t.fact_id
      LEFT JOIN core.purpose_defaults d ON d.programme = r.programme AND d.purpose = 'outcome_scoring'
      LEFT JOIN core.purposes s ON s.profile_id = t.subject_id AND s.purpose = 'outcome_scoring'
      LEFT JOIN core.purposes a ON a.profile_id = t.author_id AND a.purpose = 'outcome_scoring'
      LEFT JOIN vault.subject_keys k ON k.profile_id = t.author_id AND k.destroyed_at IS NOT NULL
      CROSS JOIN LATERAL (
        SELECT COALESCE(s.state, d.state, 'withdrawn') = 'granted'
               AND (t.author_id IS NULL OR COALESCE(a.state, d.state, 'withdrawn') = 'granted') AS allowed) AS purpose
      WHERE (r.state IN ('read', 'not_read')
             AND (c.text_id IS NULL OR t.withdrawn_at IS NOT NULL OR NOT purpose.allowed OR k.profile_id IS NOT NULL OR t.kind = 'other'
                  OR (r.programme, r.instance_id, r.company_id) IS DISTINCT FROM (f.programme, f.instance_id, f.company_id)))
         OR (r.state = 'no_purpose' AND c.text_id IS NOT NULL AND purpose.allowed AND k.profile_id IS NULL)
    ) x
    WHERE x.text_id > $1 ORDER BY x.text_id LIMIT $2";

/// One run.
///
/// # Errors
/// What stops all of it: the database, the vault's keys. What one text fails with is counted and logged.
pub async fn run(app: &App, order: Order, until: Instant) -> Result<Report, ScorerError> {
    let vault = app.open_vault().await?;
    let scorer = Scorer { vault, backend: app.backend.as_ref() };
    let mut report = Report::default();
    let version = app.backend.version().to_owned();
    {
        let client = app.db.client().await?;
        if order == Order::Rescore {
            let sql = "INSERT INTO core.rescores AS r (engine_version) VALUES ($1)
                       ON CONFLICT (engine_version) DO UPDATE SET finished_at = NULL, asked_at = now()";
            client.execute_typed(sql, &[(&version, Type::TEXT)]).await?;
        }
        let late = client
            .query_typed(
                &format!(
                    "SELECT count(*), COALESCE(extract(epoch FROM now() - min(c.cleared_at)), 0)::bigint FROM {UNSEEN}"
                ),
                &[],
            )
            .await?;
        if let Some(row) = late.first() {
            (report.unscored, report.oldest_unscored_seconds) = (row.get(0), row.get(1));
        }
    }
    let values = [("UnscoredTexts", report.unscored), ("OldestUnscoredSeconds", report.oldest_unscored_seconds)];
    telemetry::metrics(&[("Stage", &app.stage)], &values);
    let correlation = Uuid::now_v7().to_string();
    let runner = Runner { app, scorer: &scorer, correlation: &correlation, until };
    runner.gone().await?;
    runner.leftovers(&mut report).await?;
    runner.pages(&DUE.replace("{unseen}", UNSEEN), None, &mut report).await?;
    if open_rescore(app, &version).await? {
        let older = "SELECT text_id FROM core.readings WHERE state IN ('read', 'not_read') AND engine_version <> $3
                     AND text_id > $1 ORDER BY text_id LIMIT $2";
        let before = report.looked_at;
        runner.pages(older, Some(&version), &mut report).await?;
        report.left_to_rescore = rescored(app, &version, report.looked_at - before).await?;
    }
    // What is published stays, so it waits until everything is as it should be.
    let all_done = report.unscored == 0 && report.failed == 0 && report.left_to_rescore == 0;
    if all_done && Instant::now() < until {
        let mut client = app.db.client().await?;
        let released = published::release_all(&mut client, vault, Timestamp::now(), until).await?;
        (report.published, report.failed) = (released.blocks, released.failed);
    }
    tracing::info!(
        unscored = report.unscored,
        looked_at = report.looked_at,
        failed = report.failed,
        left_to_rescore = report.left_to_rescore,
        published = report.published,
        "swept"
    );
    Ok(report)
}

struct Runner<'a> {
    app: &'a App,
    scorer: &'a Scorer<'a>,
    correlation: &'a str,
    until: Instant,
}

impl Runner<'_> {
    /// Looks at what a statement finds, page by page, in the order of ids.
    async fn pages(&self, sql: &str, version: Option<&String>, report: &mut Report) -> Result<(), ScorerError> {
        let mut after = Uuid::nil();
        loop {
            let client = self.app.db.client().await?;
            let rows = match version {
                None => client.query_typed(sql, &[(&after, Type::UUID), (&PAGE, Type::INT8)]).await?,
                Some(version) => {
                    client.query_typed(sql, &[(&after, Type::UUID), (&PAGE, Type::INT8), (version, Type::TEXT)]).await?
                }
            };
            drop(client);
            for row in &rows {
                if Instant::now() >= self.until {
                    return Ok(());
                }
                after = row.get(0);
                match self.text(after).await {
                    Ok(()) => report.looked_at += 1,
                    // The next text would meet the same.
                    Err(error) if error.retry() == Retry::Retry => return Err(error),
                    Err(error) => {
                        report.failed += 1;
                        let (text_id, code) = (after.to_string(), error.code());
                        tracing::error!(text_id, code, "a text could not be scored: {error}");
                    }
                }
            }
            if (rows.len() as i64) < PAGE {
                return Ok(());
            }
        }
    }

    async fn text(&self, text: Uuid) -> Result<(), ScorerError> {
        let mut client = self.app.db.client().await?;
        let tx = client.transaction().await?;
        let mut outbox = Outbox::new(self.correlation);
        self.scorer.consider(&tx, text, None, &mut outbox).await?;
        self.write(&tx, &mut outbox).await?;
        tx.commit().await?;
        self.wake(&outbox).await;
        Ok(())
    }

    /// Forgets erased people of whom something is left, each in a transaction of its own.
    async fn leftovers(&self, report: &mut Report) -> Result<(), ScorerError> {
        let mut after = Uuid::nil();
        loop {
            let client = self.app.db.client().await?;
            let rows = client.query_typed(LEFTOVERS, &[(&after, Type::UUID), (&PAGE, Type::INT8)]).await?;
            drop(client);
            for row in &rows {
                if Instant::now() >= self.until {
                    return Ok(());
                }
                after = row.get(0);
                match self.leftover(after).await {
                    Ok(()) => {}
                    Err(error) if error.retry() == Retry::Retry => return Err(error),
                    Err(error) => {
                        report.failed += 1;
                        let (profile_id, code) = (after.to_string(), error.code());
                        tracing::error!(profile_id, code, "what is left of an erased person could not go: {error}");
                    }
                }
            }
            if (rows.len() as i64) < PAGE {
                return Ok(());
            }
        }
    }

    async fn leftover(&self, person: Uuid) -> Result<(), ScorerError> {
        let mut client = self.app.db.client().await?;
        let tx = client.transaction().await?;
        let mut outbox = Outbox::new(self.correlation);
        self.scorer.forget(&tx, person, &mut outbox).await?;
        self.write(&tx, &mut outbox).await?;
        tx.commit().await?;
        self.wake(&outbox).await;
        Ok(())
    }

    async fn gone(&self) -> Result<(), ScorerError> {
        let mut client = self.app.db.client().await?;
        let tx = client.transaction().await?;
        let mut outbox = Outbox::new(self.correlation);
        self.scorer.tell_gone(&tx, &mut outbox).await?;
        self.write(&tx, &mut outbox).await?;
        tx.commit().await?;
        self.wake(&outbox).await;
        Ok(())
    }

    /// Before the commit, so that a kill right after it loses no nudge.
    async fn write(&self, tx: &tokio_postgres::Transaction<'_>, outbox: &mut Outbox) -> Result<(), ScorerError> {
        if outbox.write(tx).await?.is_some() {
            self.app.nudger.nudge_delayed().await?;
        }
        Ok(())
    }

    async fn wake(&self, outbox: &Outbox) {
        if !outbox.is_empty() {
            self.app.nudger.nudge_now().await;
        }
    }
}

async fn open_rescore(app: &App, version: &String) -> Result<bool, DbError> {
    let client = app.db.client().await?;
    let sql = "SELECT FROM core.rescores WHERE engine_version = $1 AND finished_at IS NULL";
    Ok(!client.query_typed(sql, &[(version, Type::TEXT)]).await?.is_empty())
}

/// Notes how many were read again; the order is done when none is left.
async fn rescored(app: &App, version: &String, texts: u64) -> Result<i64, DbError> {
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "UPDATE core.rescores r SET texts = texts + $2, finished_at = CASE WHEN n.remaining = 0 THEN $3 END
             FROM (SELECT count(*) AS remaining FROM core.readings WHERE state IN ('read', 'not_read') AND engine_version <> $1) n
             WHERE r.engine_version = $1 RETURNING n.remaining",
            &[
                (version, Type::TEXT),
                (&(texts as i64), Type::INT8),
                (&Timestamp::now(), Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
