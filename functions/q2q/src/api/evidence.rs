//! `GET /v1/q2q/outcomes/{id}`: from the number to the places, from the places to the words, to the file and its line.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth::{Claims, Role},
    http::{Caller, Ids, PathId, Problem, problem},
    pii::Pii,
    vault::{Place, Vault},
};
use tokio_postgres::{
    IsolationLevel, Row, Transaction,
    types::{Json as FromJson, Type},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit, may_see,
    view::{Correction, Earlier, Evidence, Origin},
};
use crate::{
    backend::cut,
    scorer::consider::{digest, rating},
};
use shared::contracts::Rating;

/// A place as the store has it.
#[derive(Debug, Deserialize)]
pub(super) struct StoredPlace {
    start: u32,
    end: u32,
    pub(super) rule: String,
    cue: String,
    pub(super) polarity: String,
}

/// A score, and everything it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeDetail {
    /// The outcome.
    pub id: Uuid,
    /// Whose it is.
    pub profile_id: Uuid,
    /// The dimension.
    #[schema(example = "belonging")]
    pub dimension: String,
    /// `+` or `-`.
    #[schema(example = "+")]
    pub polarity: String,
    /// 0 to 1.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.8)]
    pub score: Rating,
    /// `low`, `medium`, `high`.
    #[schema(example = "medium")]
    pub confidence: String,
    /// `rule`, `model`, or `human` where a person has looked at it.
    #[schema(example = "rule")]
    pub method: String,
    /// The engine and its data.
    #[schema(example = "1.0.0+3fa2c1d4")]
    pub engine_version: String,
    /// The language of the text.
    #[schema(example = "nb")]
    pub language: String,
    /// Facets, signals and risk cues.
    pub subtags: Vec<String>,
    /// Both ways had evidence.
    pub mixed: bool,
    /// Counts changes of this outcome; send it with a correction.
    #[schema(example = 1)]
    pub revision: i32,
    /// Why it does not count any more: `undone`, `withdrawn`, `erased`, `corrected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted: Option<String>,
    /// When what the text speaks of happened.
    pub occurred_at: Timestamp,
    /// When this revision was written.
    pub scored_at: Timestamp,
    /// The programme.
    #[schema(example = "buddy")]
    pub programme: String,
    /// The places it rests on; none where the words do not hold any more or are others now.
    pub evidence: Vec<Evidence>,
    /// The text.
    pub text_id: Uuid,
    /// Who wrote it: `participant`, `volunteer`, `buddy`.
    #[schema(example = "participant")]
    pub author_role: String,
    /// The words as scoring read them, with what moderation redacted left out; absent where they may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why there are no words: `not_yours` (somebody else wrote them), `withdrawn` (the score does not count any more),
    /// `not_cleared` (they do not hold any more, or moderation does not let them through), `changed` (they are others
    /// now, and the score of these is not there yet), `erased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "not_yours")]
    pub text_withheld: Option<&'static str>,
    /// The file and its line.
    pub origin: Origin,
    /// What it was before, newest first.
    pub earlier: Vec<Earlier>,
    /// What people said about it, newest first.
    pub corrections: Vec<Correction>,
}

/// The words behind a score
///
/// From the number to the places in the text, to the words as far as the caller may see them, to the file and its line.
/// Coordinators see outcomes of their own programmes, participants their own, with the words they wrote themselves.
/// Reading is written to the audit log, with whether words were shown.
#[utoipa::path(get, path = "/v1/q2q/outcomes/{id}", operation_id = "get_outcome",
    params(("id" = Uuid, Path, description = "The outcome")),
    responses(
        (status = 200, description = "The score and what it rests on", body = OutcomeDetail),
        (status = 404, description = "`not_found`"),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn evidence(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<OutcomeDetail>, Problem> {
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let detail = detail(&tx, vault, &claims, id).await?;
    note_reading(&tx, &ids, &claims, &detail).await?;
    tx.commit().await?;
    Ok(Json(detail))
}

/// Notes that somebody saw it, and whether with words.
pub(super) async fn note_reading(
    tx: &Transaction<'_>,
    ids: &Ids,
    claims: &Claims,
    detail: &OutcomeDetail,
) -> Result<(), Problem> {
    let note = json!({"outcome": detail.id, "dimension": detail.dimension, "words": detail.text.is_some()});
    Ok(audit::note(tx, ids, claims, "outcome.read", Some(detail.profile_id), &note).await?)
}

/// The outcome as this caller may see it; what may not be seen is not found.
pub(super) async fn detail(
    tx: &Transaction<'_>,
    vault: &Vault,
    claims: &Claims,
    id: Uuid,
) -> Result<OutcomeDetail, Problem> {
    let not_found = || Problem::new(&problem::NOT_FOUND);
    let row = tx
        .query_typed_opt(
            "SELECT o.profile_id, o.dimension, o.polarity, o.score, o.confidence, o.method, o.engine_version, o.language, o.subtags, o.mixed,
                    o.revision, o.retracted, o.occurred_at, o.scored_at, o.programme, o.evidence, o.text_id, o.import_id, o.line,
                    t.author_id, t.author_role, t.kind, t.source, i.name, i.door, c.sealed, r.digest,
                    r.state = 'read' AND (o.retracted IS NULL OR (o.retracted = 'corrected' AND (
                      SELECT w.verdict FROM core.outcome_corrections w WHERE w.outcome_id = o.outcome_id AND w.digest = r.digest
                      ORDER BY w.corrected_at DESC, w.correction_id DESC LIMIT 1) IS NOT DISTINCT FROM '0'))
             FROM core.outcomes o
             JOIN core.readings r ON r.text_id = o.text_id
             JOIN vault.texts t ON t.text_id = o.text_id
             LEFT JOIN intake.imports i ON i.import_id = o.import_id
             LEFT JOIN vault.cleared_texts c ON c.text_id = o.text_id AND c.withdrawn_at IS NULL
             WHERE o.outcome_id = $1",
            &[(&id, Type::UUID)],
        )
        .await?
        .ok_or_else(not_found)?;
    let (person, programme, text_id): (Uuid, String, Uuid) = (row.get(0), row.get(14), row.get(16));
    if !may_see(tx, claims, person, &programme).await? {
        return Err(not_found());
    }
    let (words, withheld) = words(tx, vault, claims, &row, person, text_id).await?;
    // Rules and places are of the words they were made on, and of no others.
    let of_these = withheld.is_none_or(|why| why == NOT_YOURS);
    let places = if of_these { row.get::<_, FromJson<Vec<StoredPlace>>>(15).0 } else { Vec::new() };
    let quote = |place: &StoredPlace| words.as_ref().map(|words| cut(words.expose(), place.start, place.end));
    let evidence = places
        .into_iter()
        .map(|place| Evidence {
            start: place.start,
            end: place.end,
            quote: quote(&place),
            rule: place.rule,
            cue: place.cue,
            polarity: place.polarity,
        })
        .collect();
    Ok(OutcomeDetail {
        id,
        profile_id: person,
        dimension: row.get(1),
        polarity: row.get(2),
        score: score(row.get(3))?,
        confidence: row.get(4),
        method: row.get(5),
        engine_version: row.get(6),
        language: row.get(7),
        subtags: row.get(8),
        mixed: row.get(9),
        revision: row.get(10),
        retracted: row.get(11),
        occurred_at: row.get(12),
        scored_at: row.get(13),
        programme,
        evidence,
        text_id,
        author_role: row.get(20),
        text: words.map(|words| words.expose().clone()),
        text_withheld: withheld,
        origin: Origin {
            import_id: row.get(17),
            line: row.get(18),
            file: row.get(23),
            door: row.get(24),
            source: row.get(22),
            kind: row.get(21),
        },
        earlier: earlier(tx, id).await?,
        corrections: corrections(tx, id).await?,
    })
}

pub(super) fn score(stored: i16) -> Result<Rating, Problem> {
    rating(stored).map_err(|error| Problem::of(&error))
}

/// Somebody else wrote the words.
const NOT_YOURS: &str = "not_yours";

/// The words, or why there are none: only of a score that counts or that a person took back, and only if they are the
/// very words it was made on. Staff reads what scoring read; a person reads what they wrote themselves: what a volunteer
/// wrote about somebody is the volunteer's, too.
async fn words(
    tx: &Transaction<'_>,
    vault: &Vault,
    claims: &Claims,
    row: &Row,
    person: Uuid,
    text_id: Uuid,
) -> Result<(Option<Pii<String>>, Option<&'static str>), Problem> {
    let Some(key) = vault.subject_key(tx, person).await? else {
        return Ok((None, Some("erased")));
    };
    if !row.get::<_, bool>(27) {
        return Ok((None, Some("withdrawn")));
    }
    let Some(sealed) = row.get::<_, Option<Vec<u8>>>(25) else { return Ok((None, Some("not_cleared"))) };
    let words: Pii<String> = key.unseal(Place::cleared(text_id), &sealed)?;
    let read = digest(vault, row.get(21), row.get(20), words.expose());
    if row.get::<_, Option<&[u8]>>(26) != Some(read.as_slice()) {
        return Ok((None, Some("changed")));
    }
    let staff = matches!(claims.role, Role::Admin | Role::Coordinator | Role::Dpo);
    let author: Option<Uuid> = row.get(19);
    if !staff && (author.is_none() || author != claims.profile_id) {
        return Ok((None, Some(NOT_YOURS)));
    }
    Ok((Some(words), None))
}

async fn earlier(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<Earlier>, Problem> {
    let rows = tx
        .query_typed(
            "SELECT revision, polarity, score, confidence, method, engine_version, retracted, scored_at, replaced_at
             FROM core.outcome_revisions WHERE outcome_id = $1 ORDER BY revision DESC LIMIT 100",
            &[(&id, Type::UUID)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Earlier {
                revision: row.get(0),
                polarity: row.get(1),
                score: score(row.get(2))?,
                confidence: row.get(3),
                method: row.get(4),
                engine_version: row.get(5),
                retracted: row.get(6),
                scored_at: row.get(7),
                replaced_at: row.get(8),
            })
        })
        .collect()
}

async fn corrections(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<Correction>, Problem> {
    let rows = tx
        .query_typed(
            "SELECT correction_id, revision, machine_polarity, verdict, corrected_by, corrected_at
             FROM core.outcome_corrections WHERE outcome_id = $1 ORDER BY corrected_at DESC, correction_id DESC LIMIT 100",
            &[(&id, Type::UUID)],
        )
        .await?;
    let correction = |row: &Row| Correction {
        id: row.get(0),
        revision: row.get(1),
        machine: row.get(2),
        verdict: row.get(3),
        by: row.get(4),
        at: row.get(5),
    };
    Ok(rows.iter().map(correction).collect())
}
