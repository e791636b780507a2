//! `GET /v1/q2q/scores`: from a figure to the outcomes it was counted from.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth::{Claims, Role},
    contracts::Rating,
    http::{Caller, Day, FieldError, Ids, Moment, Page, Problem, Query},
};
use tokio_postgres::{IsolationLevel, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{App, audit, evidence::score, figures};
use crate::figures::{DIMENSIONS, quarter::ZONE, rows};

/// Which figure.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScoresQuery {
    /// The dimension.
    #[param(example = "belonging")]
    dimension: String,
    /// The first day, `YYYY-MM-DD`, in Norway.
    #[param(value_type = String, format = Date, example = "2025-01-01")]
    from: Day,
    /// The day after the last.
    #[param(value_type = String, format = Date, example = "2025-04-01")]
    to: Day,
    /// `buddy`, `language`, `mentorship` or `upskilling`; all if absent.
    #[param(example = "language")]
    programme: Option<String>,
    /// Of one company; then people who do not allow figures for companies are not in it.
    company: Option<Uuid>,
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// An outcome without words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Score {
    /// The outcome; `/v1/q2q/outcomes/{id}` has the words behind it.
    id: Uuid,
    /// Whose it is.
    profile_id: Uuid,
    /// The dimension.
    #[schema(example = "belonging")]
    dimension: String,
    /// `+` or `-`.
    #[schema(example = "+")]
    polarity: String,
    /// 0 to 1.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.8)]
    score: Rating,
    /// `low`, `medium`, `high`.
    #[schema(example = "medium")]
    confidence: String,
    /// `rule`, `model`, or `human` where a person has looked at it.
    #[schema(example = "rule")]
    method: String,
    /// The language of the text.
    #[schema(example = "nb")]
    language: String,
    /// Both ways had evidence.
    mixed: bool,
    /// Counts changes of this outcome.
    revision: i32,
    /// The text's own time: what figures go by.
    written_at: Timestamp,
    /// When what the text speaks of happened.
    occurred_at: Timestamp,
    /// The programme.
    #[schema(example = "language")]
    programme: String,
}

/// A page of outcomes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scores {
    /// The outcomes the caller may see.
    items: Vec<Score>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The outcomes behind a figure
///
/// What a figure of `GET /v1/q2q/outcomes` was counted from: the same texts, those of a coordinator's own programmes
/// only. Newest first, in no other order and without a filter by sign, so that it selects nobody by a score. No words: each outcome leads to its
/// own. Asking is written to the audit log.
#[utoipa::path(get, path = "/v1/q2q/scores", operation_id = "list_scores", params(ScoresQuery),
    responses(
        (status = 200, description = "A page of outcomes", body = Scores),
        (status = 400, description = "`bad_limit`, `bad_cursor`, `bad_query`"),
        (status = 422, description = "`bad_field`")))]
pub async fn scores(
    State(app): State<Arc<App>>,
    Query(query): Query<ScoresQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<Scores>, Problem> {
    let page = Page::<(Moment, Uuid)>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    check(&query)?;
    let mut client = app.db.client().await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let mut items = items(&tx, &claims, &query, &page).await?;
    let next = page.cut(&mut items, |item| (Moment::stored(item.written_at), item.id));
    let note = json!({"company": query.company, "programme": query.programme, "from": query.from.get(), "to": query.to.get(),
                      "dimension": query.dimension, "outcomes": items.len()});
    audit::note(&tx, &ids, &claims, "outcome.list", None, &note).await?;
    // Who looked at whom: an entry a person, for whom it can be found by.
    let people: BTreeSet<Uuid> = items.iter().map(|item| item.profile_id).collect();
    let entries: Vec<_> = people.into_iter().map(|person| (person, json!({"dimension": query.dimension}))).collect();
    audit::note_each(&tx, &ids, &claims, "outcome.listed", &entries).await?;
    tx.commit().await?;
    Ok(Json(Scores { items, next }))
}

fn check(query: &ScoresQuery) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |field, code, detail: &'static str| errors.push(FieldError::new(field, code, detail));
    if !DIMENSIONS.contains(&query.dimension.as_str()) {
        wrong("dimension", "unknown_dimension", "A dimension is one of those GET /v1/q2q/taxonomy names.");
    }
    if query.programme.as_deref().is_some_and(|programme| !figures::PROGRAMMES.contains(&programme)) {
        wrong("programme", "unknown_programme", "A programme is buddy, language, mentorship or upskilling.");
    }
    if query.from >= query.to {
        wrong("to", "out_of_range", "`to` is after `from`.");
    }
    Problem::check(errors)
}

async fn items(
    tx: &Transaction<'_>,
    claims: &Claims,
    query: &ScoresQuery,
    page: &Page<(Moment, Uuid)>,
) -> Result<Vec<Score>, Problem> {
    let (after_time, after_id) = page.after.as_ref().map(|(time, id)| (time.get(), *id)).unzip();
    let own = (claims.role == Role::Coordinator).then_some(claims.sub.as_str());
    let allowed = rows::ALLOWED;
    let rows = tx
        .query_typed(
            &format!(
                "SELECT o.outcome_id, o.profile_id, o.dimension, o.polarity, o.score, o.confidence, o.method, o.language, o.mixed, o.revision,
                        r.written_at, o.occurred_at, r.programme
                 FROM core.readings r
                 JOIN core.outcomes o ON o.text_id = r.text_id AND o.retracted IS NULL
                 WHERE r.state IN ('read', 'not_read') AND o.dimension = $1
                   AND r.written_at >= $2::text::date::timestamp AT TIME ZONE '{ZONE}'
                   AND r.written_at < $3::text::date::timestamp AT TIME ZONE '{ZONE}'
                   AND ($4::text IS NULL OR r.programme = $4)
                   AND ($5::uuid IS NULL OR (r.company_id = $5 AND {allowed}))
                   AND ($6::text IS NULL OR r.programme IN (SELECT s.programme FROM core.programme_staff s WHERE s.subject = $6))
                   AND ($7::timestamptz IS NULL OR (r.written_at, o.outcome_id) < ($7, $8))
                 ORDER BY r.written_at DESC, o.outcome_id DESC LIMIT $9"
            ),
            &[
                (&query.dimension, Type::TEXT),
                (&query.from.get().to_string(), Type::TEXT),
                (&query.to.get().to_string(), Type::TEXT),
                (&query.programme, Type::TEXT),
                (&query.company, Type::UUID),
                (&own, Type::TEXT),
                (&after_time, Type::TIMESTAMPTZ),
                (&after_id, Type::UUID),
                (&page.fetch(), Type::INT8),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Score {
                id: row.get(0),
                profile_id: row.get(1),
                dimension: row.get(2),
                polarity: row.get(3),
                score: score(row.get(4))?,
                confidence: row.get(5),
                method: row.get(6),
                language: row.get(7),
                mixed: row.get(8),
                revision: row.get(9),
                written_at: row.get(10),
                occurred_at: row.get(11),
                programme: row.get(12),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut ScoresQuery)) -> Vec<&'static str> {
        let mut query = ScoresQuery {
            dimension: "belonging".to_owned(),
            from: Day::at_least_first(jiff::civil::date(2025, 1, 1)),
            to: Day::at_least_first(jiff::civil::date(2025, 4, 1)),
            programme: None,
            company: None,
            limit: None,
            cursor: None,
        };
        change(&mut query);
        check(&query).err().map(|problem| problem.errors.iter().map(|error| error.code).collect()).unwrap_or_default()
    }

    #[test]
    fn what_is_no_figure_is_refused_with_what_is_wrong() {
        assert_eq!(wrong(|_| ()), [""; 0]);
        assert_eq!(wrong(|query| query.dimension = "mood".to_owned()), ["unknown_dimension"]);
        assert_eq!(wrong(|query| query.programme = Some("chess".to_owned())), ["unknown_programme"]);
        assert_eq!(wrong(|query| query.to = query.from), ["out_of_range"]);
    }
}
