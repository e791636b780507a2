//! `intake.pull_providers` and `intake.pull_statements`.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::{db::DbError, identity::EmailIndex, vault::Vault};
use tokio_postgres::{Client, Transaction, types::Type};
use uuid::Uuid;

use super::{
    config::Provider,
    pass::{Place, Since},
    trouble::{Trouble, rest},
};

/// Whether a run may ask a provider.
#[derive(Debug)]
pub enum Lease {
    /// It may; this is how far the store was read.
    Mine(Box<Place>),
    /// Another run does.
    Busy,
    /// Nobody may before then.
    Resting(Timestamp),
}

/// Says which providers there are; those not named are not configured any more.
pub async fn configured(client: &Client, providers: &[Provider]) -> Result<(), DbError> {
    let codes: Vec<&str> = providers.iter().map(|provider| provider.code.as_str()).collect();
    client
        .execute_typed(
            "UPDATE intake.pull_providers SET configured = provider = ANY($1) WHERE configured <> (provider = ANY($1))",
            &[(&codes, Type::TEXT_ARRAY)],
        )
        .await?;
    Ok(())
}

/// When each provider was last asked, for those who were.
pub async fn last_runs(client: &Client) -> Result<HashMap<String, Timestamp>, DbError> {
    let sql = "SELECT provider, last_run_at FROM intake.pull_providers WHERE last_run_at IS NOT NULL";
    let rows = client.query_typed(sql, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Takes a provider for this run. One that was killed holds it no longer than its connection lives, which the server
/// notices at once when a process dies; one whose machine is gone without a word, until its time is over; one that reads
/// another endpoint, not at all: it would write that store's cursor into the row.
pub async fn lease(client: &Client, provider: &Provider, run: Uuid, until: Timestamp) -> Result<Lease, DbError> {
    client
        .execute_typed(
            "INSERT INTO intake.pull_providers AS p (provider, endpoint) VALUES ($1, $2)
             ON CONFLICT (provider) DO UPDATE SET endpoint = excluded.endpoint, cursor_at = NULL, since_means = 'unknown',
               whole_at = NULL, whole_statements = NULL, pass = NULL, failures = 0, resting_until = NULL,
               run_id = NULL, run_until = NULL
             WHERE p.endpoint <> excluded.endpoint",
            &[(&provider.code, Type::TEXT), (&provider.endpoint.as_str(), Type::TEXT)],
        )
        .await?;
    let rows = client
        .query_typed(
            "UPDATE intake.pull_providers p
             SET run_id = $2, run_until = $3, last_run_at = now(), run_pid = pg_backend_pid(),
                 run_backend = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
             WHERE provider = $1 AND (resting_until IS NULL OR resting_until <= now())
               AND (run_id IS NULL OR run_until <= now() OR run_pid = pg_backend_pid() OR NOT EXISTS
                 (SELECT 1 FROM pg_stat_activity a WHERE a.pid = p.run_pid AND a.backend_start = p.run_backend))
             RETURNING cursor_at, since_means, whole_at, whole_statements, pass",
            &[(&provider.code, Type::TEXT), (&run, Type::UUID), (&until, Type::TIMESTAMPTZ)],
        )
        .await?;
    if let Some(row) = rows.first() {
        let whole = row.get::<_, Option<Timestamp>>(2).zip(row.get::<_, Option<i64>>(3));
        // A pass that an older version wrote down in another way is begun anew.
        let pass = row.get::<_, Option<serde_json::Value>>(4).and_then(|pass| serde_json::from_value(pass).ok());
        let since = Since::named(row.get(1));
        return Ok(Lease::Mine(Box::new(Place { cursor: row.get(0), since, whole, pass, latecomer: None })));
    }
    let rows = client
        .query_typed(
            "SELECT resting_until FROM intake.pull_providers WHERE provider = $1 AND resting_until > now()",
            &[(&provider.code, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().map_or(Lease::Busy, |row| Lease::Resting(row.get(0))))
}

/// Locks the provider's row for a transaction, if this run still holds it.
pub async fn hold(tx: &Transaction<'_>, provider: &str, run: Uuid) -> Result<Result<(), Trouble>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT 1 FROM intake.pull_providers WHERE provider = $1 AND run_id = $2 FOR UPDATE",
            &[(&provider, Type::TEXT), (&run, Type::UUID)],
        )
        .await?;
    Ok(if rows.is_empty() { Err(Trouble::TakenOver) } else { Ok(()) })
}

/// Writes down how far the store is read.
pub async fn keep(tx: &Transaction<'_>, provider: &str, place: &Place) -> Result<(), DbError> {
    let pass = place.pass.as_ref().map(serde_json::to_value).transpose();
    let pass = pass.map_err(|error| DbError::Unavailable(Box::new(error)))?;
    let (whole_at, statements) = place.whole.unzip();
    tx.execute_typed(
        "UPDATE intake.pull_providers
         SET cursor_at = $2, since_means = $3, whole_at = $4, whole_statements = $5, pass = $6 WHERE provider = $1",
        &[
            (&provider, Type::TEXT),
            (&place.cursor, Type::TIMESTAMPTZ),
            (&place.since.as_str(), Type::TEXT),
            (&whole_at, Type::TIMESTAMPTZ),
            (&statements, Type::INT8),
            (&pass, Type::JSONB),
        ],
    )
    .await?;
    Ok(())
}

/// Lets the provider go and notes how it was. `trouble`: what it did wrong; none: it answered to the end, or the run's
/// time was over. Until when it rests now.
pub async fn release(
    client: &Client,
    provider: &str,
    run: Uuid,
    trouble: Option<&Trouble>,
) -> Result<Option<Timestamp>, DbError> {
    let Some(trouble) = trouble.filter(|trouble| trouble.counts()) else {
        client
            .execute_typed(
                "UPDATE intake.pull_providers SET run_id = NULL, run_until = NULL, failures = 0, resting_until = NULL,
                   last_ok_at = now() WHERE provider = $1 AND run_id = $2",
                &[(&provider, Type::TEXT), (&run, Type::UUID)],
            )
            .await?;
        return Ok(None);
    };
    // Links that lead nowhere are not kept for the next run.
    let anew = matches!(trouble, Trouble::Endless | Trouble::Elsewhere | Trouble::BadRequest(_) | Trouble::TooLarge);
    let rows = client
        .query_typed(
            "UPDATE intake.pull_providers SET run_id = NULL, run_until = NULL, failures = failures + 1,
               last_error_at = now(), last_error = $3, pass = CASE WHEN $4 THEN NULL ELSE pass END
             WHERE provider = $1 AND run_id = $2 RETURNING failures",
            &[(&provider, Type::TEXT), (&run, Type::UUID), (&trouble.code(), Type::TEXT), (&anew, Type::BOOL)],
        )
        .await?;
    let Some(pause) = rows.first().and_then(|row| rest(row.get(0), trouble)) else { return Ok(None) };
    let rows = client
        .query_typed(
            "UPDATE intake.pull_providers SET resting_until = now() + make_interval(secs => $2) WHERE provider = $1
             RETURNING resting_until",
            &[(&provider, Type::TEXT), (&pause.as_secs_f64(), Type::FLOAT8)],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// Lets the provider go after a fault of ours, about which nothing is noted against it.
pub async fn let_go(client: &Client, provider: &str, run: Uuid) -> Result<(), DbError> {
    client
        .execute_typed(
            "UPDATE intake.pull_providers SET run_id = NULL, run_until = NULL WHERE provider = $1 AND run_id = $2",
            &[(&provider, Type::TEXT), (&run, Type::UUID)],
        )
        .await?;
    Ok(())
}

/// What is known of a statement.
#[derive(Debug, Clone)]
pub struct Known {
    /// `voided`: by which verb it is known, for those that void.
    pub verb: Option<String>,
    /// Its fate.
    pub fate: String,
    /// The entity it fed.
    pub entity: Option<String>,
    /// The delivery that took it in.
    pub import_id: Option<Uuid>,
}

/// Those of these statements that are known.
pub async fn known(tx: &Transaction<'_>, provider: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Known>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT statement_id, verb, fate, entity, import_id FROM intake.pull_statements
             WHERE provider = $1 AND statement_id = ANY($2)",
            &[(&provider, Type::TEXT), (&ids, Type::UUID_ARRAY)],
        )
        .await?;
    let known = |row: &tokio_postgres::Row| Known {
        verb: row.get(1),
        fate: row.get(2),
        entity: row.get(3),
        import_id: row.get(4),
    };
    Ok(rows.iter().map(|row| (row.get(0), known(row))).collect())
}

/// What becomes of a statement.
#[derive(Debug, Default)]
pub struct Fate<'a> {
    /// Its verb, if it is one that is read.
    pub verb: Option<&'static str>,
    /// When the store took it in.
    pub stored: Option<Timestamp>,
    /// The fate.
    pub fate: &'static str,
    /// Why it was rejected.
    pub rejected: Option<(&'a str, &'a str)>,
    /// The entity it feeds.
    pub entity: Option<&'static str>,
    /// The fact it fed.
    pub fact_id: Option<Uuid>,
    /// The delivery that took it in.
    pub import_id: Option<Uuid>,
    /// What voids it.
    pub voided_by: Option<Uuid>,
}

/// Notes a statement's fate, or a new one.
pub async fn note(tx: &Transaction<'_>, provider: &str, id: Uuid, fate: &Fate<'_>) -> Result<(), DbError> {
    let (code, reason) = fate.rejected.unzip();
    tx.execute_typed(
        "INSERT INTO intake.pull_statements
           (provider, statement_id, verb, stored_at, fate, code, reason, entity, fact_id, import_id, voided_by)
         VALUES ($1, $2, $3, $4, $5, $6, left($7, 500), $8, $9, $10, $11)
         ON CONFLICT (provider, statement_id) DO UPDATE SET fate = excluded.fate, code = excluded.code,
           reason = excluded.reason, tried_at = now(), voided_by = excluded.voided_by,
           verb = coalesce(excluded.verb, pull_statements.verb), entity = coalesce(excluded.entity, pull_statements.entity),
           stored_at = coalesce(excluded.stored_at, pull_statements.stored_at),
           fact_id = coalesce(excluded.fact_id, pull_statements.fact_id),
           import_id = coalesce(excluded.import_id, pull_statements.import_id)",
        &[
            (&provider, Type::TEXT),
            (&id, Type::UUID),
            (&fate.verb, Type::TEXT),
            (&fate.stored, Type::TIMESTAMPTZ),
            (&fate.fate, Type::TEXT),
            (&code, Type::TEXT),
            (&reason, Type::TEXT),
            (&fate.entity, Type::TEXT),
            (&fate.fact_id, Type::UUID),
            (&fate.import_id, Type::UUID),
            (&fate.voided_by, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}

/// Statements that were rejected because nobody knew the person, by a fault of ours, or because another of the same fact
/// was voided, those tried longest ago first.
/// The codes are those of the index `pull_statements_again`.
pub async fn to_try_again(client: &Client, provider: &str, most: i64) -> Result<Vec<Uuid>, DbError> {
    let rows = client
        .query_typed(
            "SELECT statement_id FROM intake.pull_statements
             WHERE provider = $1 AND code IN ('unknown_account', 'ambiguous_person', 'our_fault', 'voided_rival')
               AND tried_at < now() - interval '1 minute'
             ORDER BY tried_at LIMIT $2",
            &[(&provider, Type::TEXT), (&most, Type::INT8)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Has statements tried again that changed nothing of the fact a statement spoke of: now that it is voided, one of them
/// may be what holds. Under an import of their own, since that of the first try has ended.
pub async fn rivals(tx: &Transaction<'_>, provider: &str, voided: Uuid) -> Result<(), DbError> {
    tx.execute_typed(
        "UPDATE intake.pull_statements SET fate = 'rejected', code = 'voided_rival', import_id = NULL, tried_at = 'epoch',
           reason = 'Another statement of this fact was voided; this one is tried again.'
         WHERE provider = $1 AND fate = 'unchanged' AND statement_id <> $2 AND (entity, fact_id) =
           (SELECT entity, fact_id FROM intake.pull_statements WHERE provider = $1 AND statement_id = $2)",
        &[(&provider, Type::TEXT), (&voided, Type::UUID)],
    )
    .await?;
    Ok(())
}

/// What a course was called before: statements need not say it, and a completion has to.
pub async fn course_name(tx: &Transaction<'_>, provider: &str, course: &str) -> Result<Option<String>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT course_name FROM (
               SELECT course_name, updated_at FROM core.upskilling_completions WHERE provider = $1 AND course_id = $2
               UNION ALL SELECT course_name, updated_at FROM core.upskilling_progress WHERE provider = $1 AND course_id = $2
               UNION ALL SELECT course_name, updated_at FROM core.upskilling_credentials WHERE provider = $1 AND course_id = $2
             ) AS known WHERE course_name IS NOT NULL AND course_name <> $2 ORDER BY updated_at DESC LIMIT 1",
            &[(&provider, Type::TEXT), (&course, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// Somebody an account names.
pub enum Holder {
    /// Known from earlier, with the index that keys are made with.
    Known(Uuid, EmailIndex),
    /// Erased.
    Erased,
    /// Nobody.
    Nobody,
}

/// Whom an account means: `ids` are what it may be called in `core.external_ids` of the provider, best first.
/// Keys of facts are made with an address. Of several, one that has a fact of this course goes on having it.
pub async fn holder(
    tx: &Transaction<'_>,
    vault: &Vault,
    provider: &str,
    course: &str,
    ids: &[&str],
) -> Result<Holder, DbError> {
    let hashes: Vec<Vec<u8>> = ids.iter().map(|id| vault.suppression_hash(provider, id).to_vec()).collect();
    let erased = "SELECT 1 FROM vault.suppressions WHERE hash = ANY($1) LIMIT 1";
    if !tx.query_typed(erased, &[(&hashes, Type::BYTEA_ARRAY)]).await?.is_empty() {
        return Ok(Holder::Erased);
    }
    let rows = tx
        .query_typed(
            "SELECT profile_id, external_id FROM core.external_ids WHERE source = $1 AND external_id = ANY($2)
             ORDER BY array_position($2, external_id) LIMIT 1",
            &[(&provider, Type::TEXT), (&ids, Type::TEXT_ARRAY)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(Holder::Nobody) };
    let (profile, id): (Uuid, &str) = (row.get(0), row.get(1));
    let rows = tx
        .query_typed(
            "SELECT blind_index FROM vault.emails e WHERE profile_id = $1
             ORDER BY EXISTS (SELECT 1 FROM core.upskilling_completions c WHERE c.profile_id = $1 AND provider = $2
                AND course_id = $3 AND c.source_id LIKE ' 64:' || encode(e.blind_index, 'hex') || '%')
               OR EXISTS (SELECT 1 FROM core.upskilling_progress c WHERE c.profile_id = $1 AND provider = $2
                AND course_id = $3 AND c.source_id LIKE ' 64:' || encode(e.blind_index, 'hex') || '%') DESC, email_id LIMIT 1",
            &[(&profile, Type::UUID), (&provider, Type::TEXT), (&course, Type::TEXT)],
        )
        .await?;
    let index = rows.first().and_then(|row| EmailIndex::try_from(row.get::<_, &[u8]>(0)).ok());
    // Somebody without an address is keyed by the account, which is no address and so nobody else's.
    Ok(Holder::Known(profile, index.unwrap_or_else(|| vault.blind_index(id))))
}

/// Notes that a statement was tried again, whatever came of it.
pub async fn tried(client: &Client, provider: &str, id: Uuid) -> Result<(), DbError> {
    client
        .execute_typed(
            "UPDATE intake.pull_statements SET tried_at = now() WHERE provider = $1 AND statement_id = $2",
            &[(&provider, Type::TEXT), (&id, Type::UUID)],
        )
        .await?;
    Ok(())
}
