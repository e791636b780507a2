//! `GET /v1/profiles/{id}/outcomes`: what texts say about a person. Scores and where they came from; the words behind a
//! score are asked for at `/v1/q2q/outcomes/{id}`, because this function cannot read texts.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth::{Claims, Role},
    contracts::Rating,
    http::{Caller, Ids, Moment, Page, PathId, Problem, Query, problem},
};
use tokio_postgres::{IsolationLevel, Row, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App, audit,
    sight::{Sight, sight},
};

/// The page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutcomesQuery {
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What one text says about one dimension. Where a text says nothing there is none.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonOutcome {
    /// The outcome; `/v1/q2q/outcomes/{id}` has the words behind it.
    id: Uuid,
    /// `confidence`, `belonging`, `lang_level_proxy`, `job_readiness` or `well_being`.
    #[schema(example = "confidence")]
    dimension: String,
    /// `+` has or has gained, `-` lacks or has lost.
    #[schema(example = "+")]
    polarity: String,
    /// 0 to 1; from 0.5 is `+`.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.8)]
    score: Rating,
    /// `low`, `medium`, `high`.
    #[schema(example = "medium")]
    confidence: String,
    /// `rule`, `model`, or `human` where a person has looked at it.
    #[schema(example = "rule")]
    method: String,
    /// The engine and its data.
    #[schema(example = "1.0.0+3fa2c1d4")]
    engine_version: String,
    /// The language of the text.
    #[schema(example = "uk")]
    language: String,
    /// Facets, signals and risk cues.
    subtags: Vec<String>,
    /// Both ways had evidence.
    mixed: bool,
    /// Counts changes.
    revision: i32,
    /// When what the text speaks of happened.
    occurred_at: Timestamp,
    /// When this revision was written.
    scored_at: Timestamp,
    /// The programme.
    #[schema(example = "language")]
    programme: String,
    /// The text.
    text_id: Uuid,
    /// The import that brought the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<i32>,
}

/// How many texts about the person there are, by how far they are.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PersonTexts {
    /// Read, perhaps without any outcome.
    read: i64,
    /// Not read: another language, nothing in it.
    not_read: i64,
    /// Moderation does not let it through.
    held: i64,
    /// The person, or who wrote it, does not allow scoring.
    no_purpose: i64,
    /// Nobody said who wrote it.
    undeclared: i64,
    /// Of a kind that is not scored: notes, topics.
    not_scored: i64,
}

/// A page of outcomes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonOutcomes {
    /// The outcomes that count.
    items: Vec<PersonOutcome>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Texts, of the programmes the caller sees.
    texts: PersonTexts,
}

/// What texts say about a person
///
/// Scores with their dimension and time, newest first; no words. One text is weak evidence: a score advises and can be
/// contested. Coordinators see those of their own programmes, participants and volunteers their own. Reading is written to the audit log.
#[utoipa::path(get, path = "/v1/profiles/{id}/outcomes", operation_id = "list_profile_outcomes",
    params(("id" = Uuid, Path, description = "The profile"), OutcomesQuery),
    responses(
        (status = 200, description = "A page of outcomes", body = PersonOutcomes),
        (status = 400, description = "`bad_limit`, `bad_cursor`"),
        (status = 404, description = "`not_found`")))]
pub async fn outcomes(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Query(query): Query<OutcomesQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<PersonOutcomes>, Problem> {
    let page = Page::<(Moment, Uuid)>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut client = app.db.client().await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    if sight(&tx, &claims, &[id]).await?.get(&id) != Some(&Sight::Full) {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    let mut items = items(&tx, &claims, id, &page).await?;
    let next = page.cut(&mut items, |item| (Moment::stored(item.occurred_at), item.id));
    let texts = texts(&tx, &claims, id).await?;
    audit::note(&tx, &ids, &claims, "profile.outcomes", Some(id), &json!({"outcomes": items.len()})).await?;
    tx.commit().await?;
    Ok(Json(PersonOutcomes { items, next, texts }))
}

/// Whose programmes narrow the answer: a coordinator's.
fn staff(claims: &Claims) -> Option<&str> {
    (claims.role == Role::Coordinator).then_some(claims.sub.as_str())
}

const OWN: &str =
    "($2::text IS NULL OR programme IN (SELECT s.programme FROM core.programme_staff s WHERE s.subject = $2))";

async fn items(
    tx: &Transaction<'_>,
    claims: &Claims,
    id: Uuid,
    page: &Page<(Moment, Uuid)>,
) -> Result<Vec<PersonOutcome>, Problem> {
    let (after_time, after_id) = page.after.as_ref().map(|(time, id)| (time.get(), *id)).unzip();
    let rows = tx
        .query_typed(
            &format!(
                "SELECT outcome_id, dimension, polarity, score, confidence, method, engine_version, language, subtags, mixed, revision,
                        occurred_at, scored_at, programme, text_id, import_id, line
                 FROM core.outcomes
                 WHERE profile_id = $1 AND retracted IS NULL AND {OWN}
                   AND ($3::timestamptz IS NULL OR (occurred_at, outcome_id) < ($3, $4))
                 ORDER BY occurred_at DESC, outcome_id DESC LIMIT $5"
            ),
            &[
                (&id, Type::UUID),
                (&staff(claims), Type::TEXT),
                (&after_time, Type::TIMESTAMPTZ),
                (&after_id, Type::UUID),
                (&page.fetch(), Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<PersonOutcome, Problem> {
    let score = Rating::new(Decimal::new(row.get::<_, i16>(3).into(), 3)).map_err(|error| Problem::of(&error))?;
    Ok(PersonOutcome {
        id: row.get(0),
        dimension: row.get(1),
        polarity: row.get(2),
        score,
        confidence: row.get(4),
        method: row.get(5),
        engine_version: row.get(6),
        language: row.get(7),
        subtags: row.get(8),
        mixed: row.get(9),
        revision: row.get(10),
        occurred_at: row.get(11),
        scored_at: row.get(12),
        programme: row.get(13),
        text_id: row.get(14),
        import_id: row.get(15),
        line: row.get(16),
    })
}

async fn texts(tx: &Transaction<'_>, claims: &Claims, id: Uuid) -> Result<PersonTexts, Problem> {
    let sql = format!("SELECT state, count(*) FROM core.readings WHERE profile_id = $1 AND {OWN} GROUP BY state");
    let mut texts = PersonTexts::default();
    for row in tx.query_typed(&sql, &[(&id, Type::UUID), (&staff(claims), Type::TEXT)]).await? {
        let count = row.get(1);
        match row.get(0) {
            "read" => texts.read = count,
            "not_read" => texts.not_read = count,
            "held" => texts.held = count,
            "no_purpose" => texts.no_purpose = count,
            "undeclared" => texts.undeclared = count,
            "not_scored" => texts.not_scored = count,
            _ => {}
        }
    }
    Ok(texts)
}
