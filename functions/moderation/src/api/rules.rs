//! `GET /v1/moderation/rules`

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::http::{Caller, Problem, Query, problem};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};

use super::{App, sees_sensitive};

/// Over how long.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// Decisions of the last so many days, 1 to 3650; 90 if absent.
    #[param(example = 90)]
    days: Option<i64>,
}

/// How a rule does, by what people decided on the texts it held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModerationRule)]
pub struct RuleRecord {
    /// The rule.
    #[schema(example = "harassment.insult.stupid")]
    rule: String,
    /// Its category.
    #[schema(example = "harassment")]
    category: String,
    /// Texts it held.
    held: i64,
    /// Of these, decided on.
    decided: i64,
    /// Of these, let through unchanged: the rule was wrong, or not enough.
    overturned: i64,
    /// Overturned of decided, three decimals; absent while nothing was decided. One less this is the rule's precision
    /// on real texts.
    #[serde(skip_serializing_if = "Option::is_none", with = "rust_decimal::serde::float_option")]
    #[schema(value_type = Option<f64>, example = 0.125)]
    overturn_rate: Option<Decimal>,
}

/// All rules that held a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModerationRules)]
pub struct RuleList {
    /// The most overturned first.
    items: Vec<RuleRecord>,
    /// Decisions since then are counted.
    since: Timestamp,
}

/// How rules do
///
/// For each rule, how often a text it held was let through by a person. Of an item that was decided more than once the
/// last decision counts. Rules of the sensitive lane are shown to the role `safeguarding` and to admins.
#[utoipa::path(get, path = "/v1/moderation/rules", operation_id = "list_moderation_rules", params(RulesQuery), responses(
    (status = 200, description = "The rules", body = RuleList),
    (status = 400, description = "`bad_query`")))]
pub async fn rules(
    State(app): State<Arc<App>>,
    Query(query): Query<RulesQuery>,
    Caller(claims): Caller,
) -> Result<Json<RuleList>, Problem> {
    let days = Some(query.days.unwrap_or(90)).filter(|days| (1..=3650).contains(days));
    let days = days.ok_or_else(|| Problem::new(&problem::BAD_QUERY))?;
    let since = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let all = sees_sensitive(&claims) || claims.role == shared::auth::Role::Admin;
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "WITH last AS (
               SELECT DISTINCT ON (r.text_id) r.text_id, d.screening_id, d.decision
               FROM core.review_decisions d JOIN core.reviews r USING (review_id)
               WHERE d.decided_at >= $1 AND d.decision <> 'escalate'
               ORDER BY r.text_id, d.decided_at DESC
             ), held AS (
               SELECT DISTINCT f.rule, f.category, s.text_id, l.decision
               FROM core.screenings s
               JOIN core.screening_findings f USING (screening_id)
               LEFT JOIN last l ON l.screening_id = s.screening_id
               WHERE s.decision <> 'allow' AND ($2 OR s.lane = 'general')
                 AND (l.decision IS NOT NULL OR (s.newest AND s.screened_at >= $1))
             )
             SELECT rule, category, count(*), count(decision), count(*) FILTER (WHERE decision = 'overturn')
             FROM held GROUP BY rule, category
             ORDER BY count(*) FILTER (WHERE decision = 'overturn') DESC, count(*) DESC, rule",
            &[(&since, Type::TIMESTAMPTZ), (&all, Type::BOOL)],
        )
        .await?;
    let record = |row: &tokio_postgres::Row| {
        let (held, decided, overturned): (i64, i64, i64) = (row.get(2), row.get(3), row.get(4));
        let rate = Decimal::from(overturned).checked_div(Decimal::from(decided)).map(|rate| rate.round_dp(3));
        RuleRecord { rule: row.get(0), category: row.get(1), held, decided, overturned, overturn_rate: rate }
    };
    Ok(Json(RuleList { items: rows.iter().map(record).collect(), since }))
}
