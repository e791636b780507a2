//! `GET|PUT /v1/moderation/policy`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use jiff::Timestamp;
use moderation_engine::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::http::{Caller, FieldError, Ids, IfMatch, Json as Body, Problem, etag};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, audit};
use crate::policies::{self, Numbered, Refused, hash, touched};

/// A row of the policy: what is done about findings. The first row that fits decides; of all findings of a text the
/// strictest decides.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// `hate`, `harassment`, `threat`, `self_harm`, `sexual`, `pii`, `spam`, `safeguarding` or `unsupported_language`.
    #[schema(example = "spam")]
    category: String,
    /// The case; every case if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "noise")]
    grade: Option<String>,
    /// The kind of text: `kintell_session`, `buddy_checkin`, `buddy_feedback`, `course_reflection` or `other`; every kind
    /// if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "course_reflection")]
    kind: Option<String>,
    /// `allow`, `review` or `block`.
    #[schema(example = "review")]
    decision: String,
    /// Whether it must not wait.
    #[serde(default)]
    urgent: bool,
    /// `general` or `sensitive`.
    #[schema(example = "general")]
    lane: String,
    /// Whether the place is replaced in the redacted text.
    #[serde(default)]
    redact: bool,
    /// Whether the text may be scored once a person let it through.
    scored: bool,
}

/// The policy, to be replaced as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewModerationPolicy)]
pub struct NewPolicy {
    /// 1 to 500 rows.
    rules: Vec<PolicyRow>,
    /// Why it changes, 1 to 500 characters. No names: it stands in the list of versions.
    #[schema(max_length = 500)]
    note: String,
}

/// How far a change has been applied to the texts it touches.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyRescreen)]
pub struct Rescreen {
    /// The version it applies.
    version: i32,
    /// `running` or `done`.
    #[schema(example = "running")]
    state: String,
    /// Texts with a finding that is treated otherwise.
    touched: i32,
    /// Texts screened again so far.
    screened: i32,
    /// When it was asked for.
    created_at: Timestamp,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
}

/// The policy that counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModerationPolicy)]
pub struct PolicyInForce {
    /// Counts changes; 0 is the policy that came with the engine. The ETag.
    version: i32,
    /// What stands with screenings: the version, and the beginning of the digest of the rows.
    #[schema(example = "3+1f0c9a7d")]
    policy_version: String,
    /// The rows.
    rules: Vec<PolicyRow>,
    /// Why it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Who changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<Timestamp>,
    /// The last changes, and how far they were applied.
    rescreens: Vec<Rescreen>,
}

/// The policy
///
/// What is done about findings, as data.
#[utoipa::path(get, path = "/v1/moderation/policy", operation_id = "get_moderation_policy", responses(
    (status = 200, description = "The policy", body = PolicyInForce, headers(("etag" = String, description = "Its version in quotes, for If-Match")))))]
pub async fn get(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let found = in_force(&tx).await?;
    tx.commit().await?;
    Ok(answer(found))
}

/// Change the policy
///
/// Replaces all rows. Texts with a finding that is treated otherwise from now on are screened again, a few hundred in five
/// minutes; what a person decided holds unless the new policy is stricter than what that person saw. Self-harm and
/// safeguarding stay in the sensitive lane and are never scored, personal data is allowed only where it is replaced.
#[utoipa::path(put, path = "/v1/moderation/policy", operation_id = "replace_moderation_policy",
    params(("if-match" = String, Header, description = "The ETag that was read", example = "\"0\"")),
    request_body = NewPolicy,
    responses(
        (status = 200, description = "The policy as it is now", body = PolicyInForce, headers(("etag" = String, description = "Its version in quotes"))),
        (status = 400, description = "`bad_if_match`"),
        (status = 412, description = "`stale`"),
        (status = 428, description = "`precondition_required`")))]
pub async fn put(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
    Body(body): Body<NewPolicy>,
) -> Result<Response, Problem> {
    let if_match = IfMatch::read(&headers)?;
    let new = read(&body)?;
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // One change at a time: the second of two finds the first's version and is stale.
    tx.execute_typed("SELECT pg_advisory_xact_lock(hashtext('teei moderation policy'))", &[]).await?;
    let old = policies::in_force(&*tx).await?;
    if_match.check(old.number)?;
    if old.policy == new {
        let found = in_force(&tx).await?;
        tx.commit().await?;
        return Ok(answer(found));
    }
    let number = old.number + 1;
    let rules = serde_json::to_value(&new.rules).map_err(|_| Problem::internal("a policy is no JSON"))?;
    tx.execute_typed(
        "INSERT INTO core.moderation_policies (version, rules, hash, note, made_by) VALUES ($1, $2, $3, $4, $5)",
        &[
            (&number, Type::INT4),
            (&rules, Type::JSONB),
            (&hash(&new), Type::TEXT),
            (&body.note.trim(), Type::TEXT),
            (&claims.sub, Type::TEXT),
        ],
    )
    .await?;
    let texts = order_rescreen(&tx, number, &old, &new, &claims.sub).await?;
    let details = json!({"version": number, "rows": new.rules.len(), "texts": texts});
    audit::note(&tx, &ids, &claims, "moderation.policy", None, &details).await?;
    let found = in_force(&tx).await?;
    tx.commit().await?;
    Ok(answer(found))
}

fn read(body: &NewPolicy) -> Result<Policy, Problem> {
    let mut errors = Vec::new();
    if !(1..=500).contains(&body.note.trim().chars().count()) {
        errors.push(FieldError::new("note", "out_of_range", "A note has 1 to 500 characters."));
    }
    let mut rules = Vec::with_capacity(body.rules.len());
    for (at, row) in body.rules.iter().enumerate() {
        match serde_json::to_value(row).and_then(serde_json::from_value) {
            Ok(rule) => rules.push(rule),
            Err(_) => {
                let detail = "A category, grade, kind, decision or lane here is none the engine knows.";
                errors.push(FieldError::new(&format!("rules/{at}"), "unknown_name", detail));
            }
        }
    }
    if errors.is_empty() {
        let policy = Policy { rules };
        errors.extend(policies::check(&policy).into_iter().map(|Refused { row, code, why }| {
            FieldError::new(&row.map_or_else(|| "rules".to_owned(), |at| format!("rules/{at}")), code, why)
        }));
        Problem::check(errors)?;
        return Ok(policy);
    }
    Err(Problem::new(&shared::http::problem::BAD_FIELD).errors(errors))
}

/// Has the texts screened again that the change touches; how many there are.
async fn order_rescreen(
    tx: &Transaction<'_>,
    number: i32,
    old: &Numbered,
    new: &Policy,
    by: &str,
) -> Result<i32, Problem> {
    let touched = touched(tx, &old.policy, new).await?;
    // Also where no finding is touched yet: a text may be on its way by the old policy, and the second pass looks for it.
    let rows = tx
        .query_typed(
            "SELECT count(DISTINCT s.text_id)::int FROM core.screenings s JOIN core.screening_findings f USING (screening_id)
             JOIN unnest($1::text[], $2::text[], $3::text[]) AS t (category, grade, kind)
               ON t.category = f.category AND t.grade = f.grade AND t.kind = s.kind
             WHERE s.newest",
            &[
                (&touched.categories, Type::TEXT_ARRAY),
                (&touched.grades, Type::TEXT_ARRAY),
                (&touched.kinds, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    let texts = rows.first().map_or(0, |row| row.get::<_, i32>(0));
    tx.execute_typed(
        "INSERT INTO core.rescreens (rescreen_id, policy_version, touched, requested_by) VALUES ($1, $2, $3, $4)",
        &[(&Uuid::now_v7(), Type::UUID), (&number, Type::INT4), (&texts, Type::INT4), (&by, Type::TEXT)],
    )
    .await?;
    Ok(texts)
}

async fn in_force(tx: &Transaction<'_>) -> Result<PolicyInForce, Problem> {
    let counts = policies::in_force(tx).await?;
    let sql = "SELECT note, made_by, made_at FROM core.moderation_policies WHERE version = $1";
    let made = tx.query_typed(sql, &[(&counts.number, Type::INT4)]).await?;
    let rows = tx
        .query_typed(
            "SELECT policy_version, state, touched, screened, created_at, finished_at FROM core.rescreens
             ORDER BY created_at DESC, rescreen_id DESC LIMIT 5",
            &[],
        )
        .await?;
    let rescreen = |row: &tokio_postgres::Row| Rescreen {
        version: row.get(0),
        state: row.get(1),
        touched: row.get(2),
        screened: row.get(3),
        created_at: row.get(4),
        finished_at: row.get(5),
    };
    let rows_of = |policy: &Policy| -> Result<Vec<PolicyRow>, serde_json::Error> {
        serde_json::from_value(Value::Array(policy.rules.iter().map(serde_json::to_value).collect::<Result<_, _>>()?))
    };
    Ok(PolicyInForce {
        version: counts.number,
        policy_version: counts.version(),
        rules: rows_of(&counts.policy).map_err(|_| Problem::internal("a policy is no JSON"))?,
        note: made.first().and_then(|row| row.get(0)),
        made_by: made.first().map(|row| row.get(1)),
        made_at: made.first().map(|row| row.get(2)),
        rescreens: rows.iter().map(rescreen).collect(),
    })
}

fn answer(policy: PolicyInForce) -> Response {
    ([(header::ETAG, etag(policy.version))], Json(policy)).into_response()
}
