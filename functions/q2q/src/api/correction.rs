//! `POST /v1/q2q/outcomes/{id}/correction`: a coordinator says what the words are evidence of. Their word counts from
//! then on for these words, also when they are read again; what the rules had said stays as a revision and as an example.
//! What scoring may not read, nobody judges: purpose and moderation are asked first.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use shared::{
    bus::outbox::Outbox,
    contracts::{RetractionReason, ScoringMethod},
    http::{Begun, Caller, FieldError, Idempotent, Ids, PathId, Problem, problem},
    pii::Pii,
    purpose::{self, Purpose},
    vault::{Digest, Place, Vault},
};
use tokio_postgres::{
    Transaction,
    types::{Json as FromJson, Type},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    evidence::{OutcomeDetail, detail, note_reading},
    may_see,
};
use crate::scorer::{
    consider::{Told, digest, retract},
    store::SUPERSEDED,
};

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
/// The person's word counts from then on for these words, and is kept as a labelled example beside what the rules had
/// said. `0` takes the outcome back. Somebody who looked at another revision, or at other words, is told so (412); a text
/// that may not be scored any more is judged by nobody (409). `Idempotency-Key` makes it safe to ask again: the answer is
/// then the outcome as it is at that time.
#[utoipa::path(post, path = "/v1/q2q/outcomes/{id}/correction", operation_id = "correct_outcome",
    params(("id" = Uuid, Path, description = "The outcome"),
           ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for a day", max_length = 255)),
    request_body = NewCorrection,
    responses(
        (status = 201, description = "The outcome as it is now", body = OutcomeDetail,
            headers(("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_idempotency_key`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`no_purpose`, `not_cleared`, `idempotency_running`"),
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
    if let Begun::Replay(kept) = request.begin(&tx, &claims).await? {
        // What is kept for a day in the open holds no score: the outcome is read again, by whoever may read it now.
        let answer = detail(&tx, vault, &claims, id).await?;
        note_reading(&tx, &ids, &claims, &answer).await?;
        tx.commit().await?;
        let replayed = kept.headers().iter().filter(|(name, _)| name.as_str() == "idempotency-replayed");
        let headers: HeaderMap = replayed.map(|(name, value)| (name.clone(), value.clone())).collect();
        return Ok((kept.status(), headers, Json(answer)).into_response());
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
            "SELECT profile_id, programme, revision, retracted, polarity, score, confidence, engine_version, language, dimension, occurred_at, evidence
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
    if revision != request.body.revision {
        return Err(Problem::new(&problem::STALE));
    }
    let words = judged_words(&tx, vault, (id, text), (person, &programme), retracted.as_deref()).await?;
    let verdict = verdict(&request.body, row.get(5))?;
    let rules: serde_json::Value = row.get::<_, FromJson<serde_json::Value>>(11).0;
    keep(&tx, id, revision, &verdict, &rules, &words, &claims.sub).await?;
    let next = revision + 1;
    let dimension: &str = row.get(9);
    let mut outbox = Outbox::new(&ids.correlation);
    let version: &str = row.get(7);
    match verdict.score {
        None => {
            set(&tx, id, None, row.get(5)).await?;
            if retracted.is_none() {
                retract(&mut outbox, id, next, RetractionReason::Corrected, None)
                    .map_err(|error| Problem::of(&error))?;
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
    // Not what was said: scores are no matter of this log.
    let note = json!({"outcome": id, "dimension": dimension, "revision": next});
    audit::note(&tx, &ids, &claims, "outcome.correct", Some(person), &note).await?;
    let wrote = outbox.write(&tx).await?.is_some();
    let answer = detail(&tx, vault, &claims, id).await?;
    let kept = json!({"id": id, "revision": next});
    request.keep(&tx, &claims, StatusCode::CREATED, &kept).await?;
    if wrote {
        app.nudger.nudge_delayed().await?;
    }
    tx.commit().await?;
    if wrote {
        app.nudger.nudge_now().await;
    }
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// The words that are judged, by their digest: those that were read last, if they still hold, moderation still lets them
/// through, and nobody whose data they are says no.
async fn judged_words(
    tx: &Transaction<'_>,
    vault: &Vault,
    (outcome, text): (Uuid, Uuid),
    (person, programme): (Uuid, &str),
    retracted: Option<&str>,
) -> Result<Digest, Problem> {
    let sql = format!(
        "SELECT t.author_id, t.author_role, t.kind, c.sealed, r.state, r.digest, t.withdrawn_at IS NOT NULL OR {SUPERSEDED},
                (SELECT w.verdict FROM core.outcome_corrections w WHERE w.outcome_id = $2 AND w.digest = r.digest
                 ORDER BY w.corrected_at DESC, w.correction_id DESC LIMIT 1)
         FROM vault.texts t JOIN core.readings r ON r.text_id = t.text_id
         LEFT JOIN vault.cleared_texts c ON c.text_id = t.text_id AND c.withdrawn_at IS NULL
         WHERE t.text_id = $1"
    );
    let row = tx
        .query_typed_opt(&sql, &[(&text, Type::UUID), (&outcome, Type::UUID)])
        .await?
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    // What was taken back has no words that somebody could judge, unless a person took it back for these.
    let by_person = retracted == Some("corrected") && row.get::<_, Option<&str>>(7) == Some("0");
    if retracted.is_some() && !by_person {
        return Err(Problem::new(&problem::STALE));
    }
    let people: Vec<Uuid> = std::iter::once(person).chain(row.get::<_, Option<Uuid>>(0)).collect();
    if !purpose::refused(tx, Purpose::OutcomeScoring, programme, &people).await?.is_empty() {
        return Err(Problem::new(&problem::NO_PURPOSE));
    }
    let not_cleared = || Problem::new(&problem::NOT_CLEARED);
    let (kind, state): (&str, &str) = (row.get(2), row.get(4));
    if row.get::<_, bool>(6) || state != "read" || kind == "other" {
        return Err(not_cleared());
    }
    let sealed: Vec<u8> = row.get::<_, Option<_>>(3).ok_or_else(not_cleared)?;
    let key = vault.subject_key(tx, person).await?.ok_or_else(not_cleared)?;
    let words: Pii<String> = key.unseal(Place::cleared(text), &sealed)?;
    let now = digest(vault, kind, row.get(1), words.expose());
    if row.get::<_, Option<&[u8]>>(5) != Some(now.as_slice()) {
        return Err(Problem::new(&problem::STALE));
    }
    Ok(now)
}

/// The example: what the rules said, and what the person says. After another person's word the rules' is the one before.
async fn keep(
    tx: &Transaction<'_>,
    id: Uuid,
    revision: i32,
    verdict: &Verdict,
    rules: &serde_json::Value,
    words: &Digest,
    by: &str,
) -> Result<(), Problem> {
    tx.execute_typed(
        "INSERT INTO core.outcome_corrections (correction_id, outcome_id, revision, machine_polarity, machine_version, rules, verdict, corrected_by, digest, score)
         SELECT $1, $2, $3, m.polarity, m.engine_version, $4, $5, $6, $7, $8
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
            (&words.as_slice(), Type::BYTEA),
            (&verdict.score, Type::INT2),
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
