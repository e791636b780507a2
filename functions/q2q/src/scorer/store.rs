//! The scorer's statements. All take the transaction of what they belong to.

use jiff::Timestamp;
use shared::{
    contracts::{Dimension, ScoringMethod},
    db::DbError,
};
use tokio_postgres::{
    Row, Transaction,
    types::{Json, Type},
};
use uuid::Uuid;

use super::Scorer;
use crate::backend::{self, Scored};
use shared::bus::consumer::Consumer;

/// A text as the store has it now: what decides whether it is scored.
pub struct Standing {
    /// Whose outcome it is.
    pub subject: Uuid,
    /// Who wrote it.
    pub author: Option<Uuid>,
    /// On which side.
    pub author_role: String,
    /// What it was written about.
    pub kind: String,
    /// Its own time.
    pub written_at: Timestamp,
    /// The person was erased.
    pub erased: bool,
    /// Who wrote it was erased.
    pub author_erased: bool,
    /// The import that brought it.
    pub import: Option<Uuid>,
    /// The line of its file.
    pub line: Option<i32>,
    /// Its import was undone, or it was withdrawn.
    pub withdrawn: bool,
    /// Other words stand in its place.
    pub superseded: bool,
    /// The screening that let its words through, and the words.
    pub cleared: Option<(Uuid, Vec<u8>)>,
    /// Programme, instance and company; none when its fact is gone.
    pub scope: Option<(String, Option<Uuid>, Option<Uuid>)>,
    /// How it was read last: state, digest of the words, version.
    pub reading: Option<(String, Option<Vec<u8>>, Option<String>)>,
}

/// One transaction a text at a time. The lock is by id, because there may be no row yet.
pub async fn lock(tx: &Transaction<'_>, text: Uuid) -> Result<(), DbError> {
    tx.query_typed(
        "SELECT pg_advisory_xact_lock(hashtextextended('q2q ' || $1, 0))",
        &[(&text.to_string(), Type::TEXT)],
    )
    .await?;
    Ok(())
}

/// A text and those whose place it takes or that take its place, in the order in which they are locked.
pub async fn place_of(tx: &Transaction<'_>, text: Uuid) -> Result<Vec<Uuid>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT x.id FROM (
               SELECT $1::uuid AS id
               UNION SELECT t.supersedes FROM vault.texts t WHERE t.text_id = $1 AND t.supersedes IS NOT NULL
               UNION SELECT t.text_id FROM vault.texts t WHERE t.supersedes = $1
             ) x ORDER BY x.id",
            &[(&text, Type::UUID)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What a person wrote or others wrote about them.
pub async fn texts_of(tx: &Transaction<'_>, person: Uuid) -> Result<Vec<Uuid>, DbError> {
    let sql = "SELECT text_id FROM vault.texts WHERE subject_id = $1 OR author_id = $1 ORDER BY text_id";
    Ok(tx.query_typed(sql, &[(&person, Type::UUID)]).await?.iter().map(|row| row.get(0)).collect())
}

/// Other words stand in the place of the text `t`: those that took it, or others that took theirs.
pub const SUPERSEDED: &str = "EXISTS (WITH RECURSIVE later AS (
      SELECT n.text_id, n.withdrawn_at FROM vault.texts n WHERE n.supersedes = t.text_id
      UNION SELECT n.text_id, n.withdrawn_at FROM vault.texts n JOIN later l ON n.supersedes = l.text_id)
    SELECT FROM later WHERE withdrawn_at IS NULL)";

/// A text as it stands; none when it is gone.
pub async fn standing(tx: &Transaction<'_>, text: Uuid) -> Result<Option<Standing>, DbError> {
    let sql = format!(
        "SELECT t.subject_id, t.author_id, t.author_role, t.kind, t.written_at, t.import_id, t.line, t.withdrawn_at IS NOT NULL, {SUPERSEDED},
                c.screening_id, c.sealed, f.programme, f.instance_id, f.company_id, r.state, r.digest, r.engine_version,
                EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = t.subject_id AND k.destroyed_at IS NOT NULL),
                EXISTS (SELECT FROM vault.subject_keys k WHERE k.profile_id = t.author_id AND k.destroyed_at IS NOT NULL)
         FROM vault.texts t
         LEFT JOIN vault.cleared_texts c ON c.text_id = t.text_id AND c.withdrawn_at IS NULL
         LEFT JOIN LATERAL (SELECT * FROM core.fact_scopes s WHERE s.fact_id = t.fact_id LIMIT 1) f ON true
         LEFT JOIN core.readings r ON r.text_id = t.text_id
         WHERE t.text_id = $1"
    );
    let rows = tx.query_typed(&sql, &[(&text, Type::UUID)]).await?;
    Ok(rows.first().map(|row| Standing {
        subject: row.get(0),
        author: row.get(1),
        author_role: row.get(2),
        kind: row.get(3),
        written_at: row.get(4),
        erased: row.get(17),
        author_erased: row.get(18),
        import: row.get(5),
        line: row.get(6),
        withdrawn: row.get(7),
        superseded: row.get(8),
        cleared: row.get::<_, Option<Uuid>>(9).map(|id| (id, row.get(10))),
        scope: row.get::<_, Option<String>>(11).map(|programme| (programme, row.get(12), row.get(13))),
        reading: row.get::<_, Option<String>>(14).map(|state| (state, row.get(15), row.get(16))),
    }))
}

/// What becomes of a text.
pub struct Reading<'a> {
    /// The text.
    pub text: Uuid,
    /// The state, as the store spells it.
    pub state: &'static str,
    /// Why it was not read.
    pub reason: Option<&'static str>,
    /// What was read, by which version.
    pub read: Option<([u8; 16], &'a str)>,
    /// The language it is in.
    pub language: Option<&'static str>,
    /// The programme.
    pub programme: &'a str,
}

/// Writes how far a text is.
pub async fn put_reading(tx: &Transaction<'_>, standing: &Standing, reading: &Reading<'_>) -> Result<(), DbError> {
    let (instance, company) =
        standing.scope.as_ref().map_or((None, None), |(_, instance, company)| (*instance, *company));
    let (digest, version) = reading.read.as_ref().map(|(digest, version)| (digest.as_slice(), *version)).unzip();
    tx.execute_typed(
        "INSERT INTO core.readings AS r (text_id, profile_id, state, reason, screening_id, digest, engine_version, language, programme, instance_id, company_id, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (text_id) DO UPDATE SET
           profile_id = excluded.profile_id, state = excluded.state, reason = excluded.reason, screening_id = excluded.screening_id,
           digest = COALESCE(excluded.digest, r.digest), engine_version = COALESCE(excluded.engine_version, r.engine_version), language = excluded.language,
           programme = excluded.programme, instance_id = excluded.instance_id, company_id = excluded.company_id,
           written_at = excluded.written_at, looked_at = now()",
        &[
            (&reading.text, Type::UUID),
            (&standing.subject, Type::UUID),
            (&reading.state, Type::TEXT),
            (&reading.reason, Type::TEXT),
            (&standing.cleared.as_ref().map(|(screening, _)| *screening), Type::UUID),
            (&digest, Type::BYTEA),
            (&version, Type::TEXT),
            (&reading.language, Type::TEXT),
            (&reading.programme, Type::TEXT),
            (&instance, Type::UUID),
            (&company, Type::UUID),
            (&standing.written_at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    put_scope(tx, standing, reading.text, reading.programme).await
}

/// The words are as they were read; who let them through and where they belong may have changed.
pub async fn put_place(tx: &Transaction<'_>, text: Uuid, standing: &Standing, programme: &str) -> Result<(), DbError> {
    let (instance, company) =
        standing.scope.as_ref().map_or((None, None), |(_, instance, company)| (*instance, *company));
    tx.execute_typed(
        "UPDATE core.readings SET screening_id = $2, programme = $3, instance_id = $4, company_id = $5, written_at = $6, looked_at = now()
         WHERE text_id = $1",
        &[
            (&text, Type::UUID),
            (&standing.cleared.as_ref().map(|(screening, _)| *screening), Type::UUID),
            (&programme, Type::TEXT),
            (&instance, Type::UUID),
            (&company, Type::UUID),
            (&standing.written_at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    put_scope(tx, standing, text, programme).await
}

async fn put_scope(tx: &Transaction<'_>, standing: &Standing, text: Uuid, programme: &str) -> Result<(), DbError> {
    let (instance, company) =
        standing.scope.as_ref().map_or((None, None), |(_, instance, company)| (*instance, *company));
    tx.execute_typed(
        "UPDATE core.outcomes SET programme = $2, instance_id = $3, company_id = $4, occurred_at = $5
         WHERE text_id = $1 AND (programme, instance_id, company_id, occurred_at) IS DISTINCT FROM ($2, $3, $4, $5)",
        &[
            (&text, Type::UUID),
            (&programme, Type::TEXT),
            (&instance, Type::UUID),
            (&company, Type::UUID),
            (&standing.written_at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}

/// An outcome in the store.
pub struct Stored {
    /// Its id.
    pub id: Uuid,
    /// Its dimension.
    pub dimension: String,
    /// Its revision.
    pub revision: i32,
    /// Why it does not count.
    pub retracted: Option<String>,
    /// What made it.
    pub method: String,
    /// The confidence as stored.
    pub confidence: String,
    /// The score.
    pub score: i16,
    /// The version as stored.
    pub engine_version: String,
    /// The language as stored.
    pub language: String,
    polarity: String,
    subtags: Vec<String>,
    mixed: bool,
    evidence: serde_json::Value,
    /// What a person said last about the words asked for.
    pub verdict: Option<Verdict>,
}

/// A person's word about words.
pub struct Verdict {
    /// What they score, in thousandths; none: they are no evidence.
    pub score: Option<i16>,
}

impl Stored {
    /// Whether this is what a backend says now.
    pub fn says(&self, scored: &Scored, method: ScoringMethod, version: &str, language: &str) -> bool {
        self.polarity == backend::sign(scored.polarity)
            && self.score == scored.score as i16
            && self.confidence == backend::band(scored.confidence)
            && self.method == method.as_str()
            && self.engine_version == version
            && self.language == language
            && self.mixed == scored.mixed
            && self.subtags == scored.subtags
            && self.evidence == places(scored)
    }
}

/// Where a score stands, without a word of the text.
fn places(scored: &Scored) -> serde_json::Value {
    let place = |piece: &backend::Piece| {
        serde_json::json!({
            "start": piece.start, "end": piece.end, "rule": piece.rule, "cue": piece.cue,
            "polarity": backend::sign(piece.polarity),
        })
    };
    scored.evidence.iter().map(place).collect()
}

fn stored(row: &Row) -> Stored {
    Stored {
        id: row.get(0),
        dimension: row.get(1),
        revision: row.get(2),
        retracted: row.get(3),
        polarity: row.get(4),
        score: row.get(5),
        confidence: row.get(6),
        method: row.get(7),
        engine_version: row.get(8),
        language: row.get(9),
        subtags: row.get(10),
        mixed: row.get(11),
        evidence: row.get::<_, Json<serde_json::Value>>(12).0,
        verdict: row.get::<_, Option<String>>(13).map(|_| Verdict { score: row.get(14) }),
    }
}

/// The outcomes of a text, by dimension; with what a person said about the words of this digest.
pub async fn outcomes(tx: &Transaction<'_>, text: Uuid, words: Option<&[u8; 16]>) -> Result<Vec<Stored>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT o.outcome_id, o.dimension, o.revision, o.retracted, o.polarity, o.score, o.confidence, o.method, o.engine_version,
                    o.language, o.subtags, o.mixed, o.evidence,
                    c.verdict, c.score
             FROM core.outcomes o
             LEFT JOIN LATERAL (SELECT c.verdict, c.score FROM core.outcome_corrections c
                                WHERE c.outcome_id = o.outcome_id AND c.digest = $2
                                ORDER BY c.corrected_at DESC, c.correction_id DESC LIMIT 1) c ON true
             WHERE o.text_id = $1 ORDER BY o.dimension FOR UPDATE OF o",
            &[(&text, Type::UUID), (&words.map(<[u8; 16]>::as_slice), Type::BYTEA)],
        )
        .await?;
    Ok(rows.iter().map(stored).collect())
}

/// The id of what a text says about a dimension: the same however often it is read.
pub fn outcome_id(text: Uuid, dimension: Dimension) -> Uuid {
    Uuid::new_v5(&text, dimension.as_str().as_bytes())
}

/// Writes what a text says about a dimension, as the next revision, and gives that. One that was gone goes on from where
/// it was.
pub async fn put_outcome(
    tx: &Transaction<'_>,
    text: Uuid,
    standing: &Standing,
    programme: &str,
    scored: &Scored,
    language: &str,
    by: (ScoringMethod, &str),
) -> Result<i32, DbError> {
    let dimension = backend::name(scored.dimension);
    let id = Uuid::new_v5(&text, dimension.as_bytes());
    let (instance, company) =
        standing.scope.as_ref().map_or((None, None), |(_, instance, company)| (*instance, *company));
    let rows = tx
        .query_typed(
            "INSERT INTO core.outcomes AS o (outcome_id, text_id, profile_id, dimension, revision, polarity, score, confidence, method, engine_version, language,
               subtags, mixed, evidence, programme, instance_id, company_id, import_id, line, occurred_at)
             VALUES ($1, $2, $3, $4, COALESCE((SELECT t.revision + 2 FROM core.outcome_tombstones t WHERE t.outcome_id = $1), 1),
               $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
             ON CONFLICT (text_id, dimension) DO UPDATE SET
               profile_id = excluded.profile_id, revision = o.revision + 1, retracted = NULL, polarity = excluded.polarity, score = excluded.score,
               confidence = excluded.confidence, method = excluded.method, engine_version = excluded.engine_version, language = excluded.language,
               subtags = excluded.subtags, mixed = excluded.mixed, evidence = excluded.evidence, programme = excluded.programme,
               instance_id = excluded.instance_id, company_id = excluded.company_id, import_id = excluded.import_id, line = excluded.line,
               occurred_at = excluded.occurred_at, scored_at = now()
             RETURNING revision",
            &[
                (&id, Type::UUID),
                (&text, Type::UUID),
                (&standing.subject, Type::UUID),
                (&dimension, Type::TEXT),
                (&backend::sign(scored.polarity), Type::TEXT),
                (&(scored.score as i16), Type::INT2),
                (&backend::band(scored.confidence), Type::TEXT),
                (&by.0.as_str(), Type::TEXT),
                (&by.1, Type::TEXT),
                (&language, Type::TEXT),
                (&scored.subtags, Type::TEXT_ARRAY),
                (&scored.mixed, Type::BOOL),
                (&Json(places(scored)), Type::JSONB),
                (&programme, Type::TEXT),
                (&instance, Type::UUID),
                (&company, Type::UUID),
                (&standing.import, Type::UUID),
                (&standing.line, Type::INT4),
                (&standing.written_at, Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(rows.first().map_or(1, |row| row.get(0)))
}

/// Takes an outcome back, or lets it count again as it was; gives the revision that says so.
pub async fn set_retracted(tx: &Transaction<'_>, id: Uuid, reason: Option<&str>) -> Result<i32, DbError> {
    let rows = tx
        .query_typed(
            "UPDATE core.outcomes SET retracted = $2, revision = revision + 1, scored_at = now() WHERE outcome_id = $1 RETURNING revision",
            &[(&id, Type::UUID), (&reason, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().map_or(1, |row| row.get(0)))
}

/// Outcomes that went with their text or person and of which nobody was told yet: id, the revision that takes it back,
/// why. They count as told with this transaction.
pub async fn take_gone(tx: &Transaction<'_>, most: i64) -> Result<Vec<(Uuid, i32, String)>, DbError> {
    let rows = tx
        .query_typed(
            "WITH untold AS (SELECT outcome_id FROM core.outcome_tombstones WHERE told_at IS NULL ORDER BY gone_at LIMIT $1 FOR UPDATE SKIP LOCKED)
             UPDATE core.outcome_tombstones t SET told_at = now() FROM untold u WHERE t.outcome_id = u.outcome_id
             RETURNING t.outcome_id, t.revision + 1, t.reason",
            &[(&most, Type::INT8)],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// What is left of an erased person's outcomes goes.
pub async fn forget(tx: &Transaction<'_>, person: Uuid) -> Result<(), DbError> {
    tx.query_typed("SELECT core.forget_outcomes($1)", &[(&person, Type::UUID)]).await?;
    Ok(())
}

/// Notes that these texts are to be looked at when the replay is over.
pub async fn put_off(tx: &Transaction<'_>, texts: &[Uuid]) -> Result<(), DbError> {
    tx.execute_typed(
        "INSERT INTO bus.unsettled (consumer, subject) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING",
        &[(&Scorer::NAME, Type::TEXT), (&texts, Type::UUID_ARRAY)],
    )
    .await?;
    Ok(())
}

/// Takes some of the texts that were put off.
pub async fn take_put_off(tx: &Transaction<'_>, most: i64) -> Result<Vec<Uuid>, DbError> {
    let rows = tx
        .query_typed(
            "WITH part AS (SELECT subject FROM bus.unsettled WHERE consumer = $1 ORDER BY subject LIMIT $2)
             DELETE FROM bus.unsettled u USING part s WHERE u.consumer = $1 AND u.subject = s.subject RETURNING u.subject",
            &[(&Scorer::NAME, Type::TEXT), (&most, Type::INT8)],
        )
        .await?;
    let mut texts: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    texts.sort_unstable();
    Ok(texts)
}
