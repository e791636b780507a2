//! `POST /v1/q2q/outcomes/{id}/correction`: a coordinator says what the words are evidence of. Their word counts from
//! then on, also when the same words are read again; what the rules had said stays as a revision and as an example.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use shared::{
    bus::outbox::Outbox,
    contracts::{RetractionReason, ScoringMethod},
    http::{Begun, Caller, FieldError, Idempotent, Ids, Problem, PathId, problem},
};
use tokio_postgres::{
    Transaction,
    types::{Json as FromJson, Type},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    evidence::{OutcomeDetail, detail},
    may_see,
};
use crate::scorer::consider::{Told, retract};

/// What a person says about a score.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// `+` or `-`: what the words are evidence of; the same as before confirms it. `0`: they are no evidence of this.
    #[schema(example = "0")]
    verdict: String,
    /// The revision that was looked at.
    #[schema(example = 1)]
    revision: i32,
    /// 0 to 1, where the person has a number; else 0.75 for `+` and 0.25 for `-`. Not with `0`.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1)]
    score: Option<Decimal>,
}

/// What a verdict without a number scores.
const PLUS: i16 = 750;
const MINUS: i16 = 250;

struct Verdict {
    sign: &'static str,
    /// None: no evidence.
    score: Option<i16>,
}

fn verdict(new: &NewCorrection, before: i16) -> Result<Verdict, Problem> {
    let wrong = |field, code, detail: &'static str| Err(Problem::field(FieldError::new(field, code, detail)));
    let thousandths = match new.score {
        None => None,
        Some(score) if (Decimal::ZERO..=Decimal::ONE).contains(&score) => {
            i16::try_from((score * Decimal::ONE_THOUSAND).round().mantissa()).ok()
        }
        Some(_) => return wrong("score", "out_of_range", "A score is from 0 to 1."),
    };
    let kept = |plus: bool| ((before >= 500) == plus).then_some(before);
    match (new.verdict.as_str(), thousandths) {
        ("0", None) => Ok(Verdict { sign: "0", score: None }),
        ("0", Some(_)) => wrong("score", "not_with_0", "What is no evidence has no score."),
        ("+", Some(score)) if score < 500 => wrong("score", "not_its_sign", "A score of + is from 0.5."),
        ("-", Some(score)) if score >= 500 => wrong("score", "not_its_sign", "A score of - is below 0.5."),
        ("+", score) => Ok(Verdict { sign: "+", score: score.or(kept(true)).or(Some(PLUS)) }),
        ("-", score) => Ok(Verdict { sign: "-", score: score.or(kept(false)).or(Some(MINUS)) }),
        _ => wrong("verdict", "unknown_verdict", "A verdict is + or - or 0."),
    }
}

/// Say that a score is wrong, or right
///
/// The person's word counts from then on and is kept as a labelled example beside what the rules had said. `0` takes the
/// outcome back. Somebody who looked at another revision is told so (412). `Idempotency-Key` makes it safe to ask again.
#[utoipa::path(post, path = "/v1/q2q/outcomes/{id}/correction", operation_id = "correct_outcome",
    params(("id" = Uuid, Path, description = "The outcome"),
           ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for a day", max_length = 255)),
    request_body = NewCorrection,
    responses(
        (status = 201, description = "The outcome as it is now", body = OutcomeDetail,
            headers(("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_idempotency_key`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`idempotency_running`"),
        (status = 412, description = "`stale`"),
        (status = 422, description = "`idempotency_mismatch`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`")))]
pub async fn correct(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    request: Idempotent<NewCorrection>,
) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    if let Begun::Replay(answer) = request.begin(&tx, &claims).await? {
        return Ok(answer);
    }
    let not_found = || Problem::new(&problem::NOT_FOUND);
    // The text first, as the scorer locks it: a person's word and a new reading of the words do not cross.
    let text = tx
        .query_typed_opt("SELECT text_id FROM core.outcomes WHERE outcome_id = $1", &[(&id, Type::UUID)])
        .await?
        .ok_or_else(not_found)?
        .get(0);
    crate::scorer::store::lock(&tx, text).await?;
    let row = tx
        .query_typed_opt(
            "SELECT profile_id, programme, revision, retracted, polarity, score, confidence, engine_version, language, dimension, occurred_at, evidence, method
             FROM core.outcomes WHERE outcome_id = $1 FOR UPDATE",
            &[(&id, Type::UUID)],
        )
        .await?
        .ok_or_else(not_found)?;
    let (person, programme): (Uuid, String) = (row.get(0), row.get(1));
    if !may_see(&tx, &claims, person, &programme).await? {
        return Err(not_found());
    }
    let (revision, retracted): (i32, Option<String>) = (row.get(2), row.get(3));
    // What was withdrawn, undone or replaced has no words that somebody could judge; what a person took back has.
    let gone = retracted.as_deref().is_some_and(|why| why != "corrected" || row.get::<_, &str>(12) != "human");
    if revision != request.body.revision || gone {
        return Err(Problem::new(&problem::STALE));
    }
    let verdict = verdict(&request.body, row.get(5))?;
    let rules: serde_json::Value = row.get::<_, FromJson<serde_json::Value>>(11).0;
    keep(&tx, id, revision, &verdict, &rules, &claims.sub).await?;
    let next = revision + 1;
    let dimension: &str = row.get(9);
    let mut outbox = Outbox::new(&ids.correlation);
    let version: &str = row.get(7);
    match verdict.score {
        None => {
            set(&tx, id, None, row.get(5)).await?;
            if retracted.is_none() {
                retract(&mut outbox, id, next, RetractionReason::Corrected, None).map_err(|error| Problem::of(&error))?;
            }
        }
        Some(score) => {
            set(&tx, id, Some(verdict.sign), score).await?;
            let told = Told {
                dimension,
                score,
                confidence: "high",
                method: ScoringMethod::Human,
                version,
                language: row.get(8),
            };
            let event = told.event(id, text, person, row.get(10), next).map_err(|error| Problem::of(&error))?;
            let time = event.occurred_at;
            let draft = outbox.draft(event, id, time);
            outbox.push(draft)?;
        }
    }
    let note = json!({"outcome": id, "dimension": dimension, "verdict": verdict.sign, "revision": next});
    audit::note(&tx, &ids, &claims, "outcome.correct", Some(person), &note).await?;
    let wrote = outbox.write(&tx).await?.is_some();
    let answer = detail(&tx, vault, &claims, id).await?;
    // Kept without the words: what is kept for a day in the open is not what lies sealed in the vault.
    request.keep(&tx, &claims, StatusCode::CREATED, &answer.without_words()).await?;
    if wrote {
        app.nudger.nudge_delayed().await?;
    }
    tx.commit().await?;
    if wrote {
        app.nudger.nudge_now().await;
    }
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// The example: what the rules said, and what the person says. After another person's word the rules' is the one before.
async fn keep(
    tx: &Transaction<'_>,
    id: Uuid,
    revision: i32,
    verdict: &Verdict,
    rules: &serde_json::Value,
    by: &str,
) -> Result<(), Problem> {
    tx.execute_typed(
        "INSERT INTO core.outcome_corrections (correction_id, outcome_id, revision, machine_polarity, machine_version, rules, verdict, corrected_by)
         SELECT $1, $2, $3, m.polarity, m.engine_version, $4, $5, $6
         FROM (SELECT revision, polarity, engine_version, method FROM core.outcomes WHERE outcome_id = $2
               UNION ALL SELECT revision, polarity, engine_version, method FROM core.outcome_revisions WHERE outcome_id = $2) AS m
         ORDER BY m.method = 'human', m.revision DESC LIMIT 1",
        &[
            (&Uuid::now_v7(), Type::UUID),
            (&id, Type::UUID),
            (&revision, Type::INT4),
            (&FromJson(rules), Type::JSONB),
            (&verdict.sign, Type::TEXT),
            (&by, Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}

/// The outcome by the person's word; without a sign it is taken back.
async fn set(tx: &Transaction<'_>, id: Uuid, sign: Option<&str>, score: i16) -> Result<(), Problem> {
    tx.execute_typed(
        "UPDATE core.outcomes SET revision = revision + 1, method = 'human', scored_at = now(),
           retracted = CASE WHEN $2::text IS NULL THEN 'corrected' END,
           polarity = COALESCE($2, polarity), score = $3, confidence = CASE WHEN $2 IS NULL THEN confidence ELSE 'high' END
         WHERE outcome_id = $1",
        &[(&id, Type::UUID), (&sign, Type::TEXT), (&score, Type::INT2)],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: &str, score: Option<&str>) -> NewCorrection {
        NewCorrection { verdict: verdict.to_owned(), revision: 1, score: score.map(|score| score.parse().unwrap()) }
    }

    fn of(verdict_said: &str, score: Option<&str>, before: i16) -> Result<Option<i16>, &'static str> {
        verdict(&said(verdict_said, score), before).map(|verdict| verdict.score).map_err(|p| p.errors[0].code)
    }

    #[test]
    fn a_verdict_has_a_score_of_its_own_sign_and_no_evidence_has_none() {
        assert_eq!(of("0", None, 800), Ok(None));
        assert_eq!(of("+", None, 800), Ok(Some(800)), "confirmed");
        assert_eq!(of("-", None, 800), Ok(Some(250)));
        assert_eq!(of("+", None, 200), Ok(Some(750)));
        assert_eq!(of("+", Some("0.5"), 200), Ok(Some(500)));
        assert_eq!(of("-", Some("0.123"), 200), Ok(Some(123)));
        assert_eq!(of("0", Some("0.5"), 200), Err("not_with_0"));
        assert_eq!(of("-", Some("0.5"), 200), Err("not_its_sign"));
        assert_eq!(of("+", Some("1.5"), 200), Err("out_of_range"));
        assert_eq!(of("good", None, 200), Err("unknown_verdict"));
    }
}
