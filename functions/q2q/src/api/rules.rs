//! `GET /v1/q2q/rules`: how rules do, by what people said about scores that rest on them.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use shared::http::Problem;
use utoipa::ToSchema;

use super::App;

/// How one rule does.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleRecord {
    /// The rule's name in its data file.
    #[schema(example = "conf.en.dare")]
    pub rule: String,
    /// Scores that count and rest on it.
    pub outcomes: i64,
    /// Scores that rest on it and that a person has looked at; the newest word of each counts.
    pub reviewed: i64,
    /// Of those: the person said what the rule points to.
    pub right: i64,
    /// `right / reviewed`; absent before anybody has looked. People look at what seems wrong to them, so this is a lower
    /// bound more than a mean, and means little for a few.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0.9)]
    pub precision: Option<f64>,
}

/// Rules, those with the most contradictions first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleRecords {
    /// The rules that any score rests on.
    items: Vec<RuleRecord>,
}

/// How rules do
///
/// For each rule that a score rests on: how many scores, how many a person has looked at, how often the person agreed.
/// A rule that is contradicted often is proposed for removal by people, not by this service.
#[utoipa::path(get, path = "/v1/q2q/rules", operation_id = "get_q2q_rules", responses(
    (status = 200, description = "The rules", body = RuleRecords)))]
pub async fn rules(State(app): State<Arc<App>>) -> Result<Json<RuleRecords>, Problem> {
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "WITH word AS (
               SELECT DISTINCT ON (outcome_id) outcome_id, verdict, rules FROM core.outcome_corrections
               ORDER BY outcome_id, corrected_at DESC, correction_id DESC
             ), reviewed AS (
               SELECT rule, count(*) AS reviewed, count(*) FILTER (WHERE agrees) AS agreed FROM (
                 SELECT DISTINCT w.outcome_id, p ->> 'rule' AS rule, bool_or(p ->> 'polarity' = w.verdict) OVER (PARTITION BY w.outcome_id, p ->> 'rule') AS agrees
                 FROM word w CROSS JOIN LATERAL jsonb_array_elements(w.rules) AS p) x
               GROUP BY rule
             ), used AS (
               SELECT p ->> 'rule' AS rule, count(DISTINCT o.outcome_id) AS outcomes
               FROM core.outcomes o CROSS JOIN LATERAL jsonb_array_elements(o.evidence) AS p
               WHERE o.retracted IS NULL GROUP BY 1
             )
             SELECT COALESCE(u.rule, r.rule), COALESCE(u.outcomes, 0), COALESCE(r.reviewed, 0), COALESCE(r.agreed, 0)
             FROM used u FULL JOIN reviewed r ON r.rule = u.rule
             ORDER BY COALESCE(r.reviewed, 0) - COALESCE(r.agreed, 0) DESC, 1 LIMIT 5000",
            &[],
        )
        .await?;
    let items = rows
        .iter()
        .map(|row| {
            let (reviewed, right): (i64, i64) = (row.get(2), row.get(3));
            let precision = (reviewed > 0).then(|| (right as f64 / reviewed as f64 * 1000.0).round() / 1000.0);
            RuleRecord { rule: row.get(0), outcomes: row.get(1), reviewed, right, precision }
        })
        .collect();
    Ok(Json(RuleRecords { items }))
}
