//! `POST /v1/moderation/reviews/{id}/decision`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use moderation_engine::{Category, Finding, Grade, Span};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    bus::outbox::Outbox,
    contracts::{ReviewCompleted, ReviewDecision, Revision},
    http::{Begun, Caller, FieldError, Idempotent, Ids, IfMatch, PathId, Problem, etag, problem},
    pii::Pii,
    vault::SubjectKey,
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    open::{self, Said, note, words},
    view::{Item, Whole, item, opened_by, text_of},
};
use crate::items::{self, Cleared, Flag, SENSITIVE_MINUTES};

/// Characters of a note.
pub(super) const NOTES: usize = 2000;
/// Parts a reviewer may have replaced in one text.
const SPANS: usize = 100;
/// The placeholder of what a reviewer has replaced.
const REMOVED: &str = "REMOVED";

/// A part of the text.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TextPart)]
pub struct Part {
    /// The first character, counted in Unicode code points.
    start: u32,
    /// One past the last.
    end: u32,
}

/// What to do with the text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// `uphold`: it is never used. `overturn`: it may be used. `redact`: it may be used without some of its words.
    /// `escalate`: it goes to the sensitive lane, and stays.
    #[schema(value_type = String, example = "uphold")]
    decision: ReviewDecision,
    /// Why, 1 to 2,000 characters. Needed unless a general item is upheld.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000)]
    notes: Option<Said>,
    /// With `redact`: what else is to be replaced, besides what the policy replaces.
    #[serde(default)]
    spans: Vec<Part>,
}

/// What became of it. Without what was found: this answer is kept for a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionMade {
    /// The item.
    id: Uuid,
    /// What was decided.
    #[schema(value_type = String, example = "uphold")]
    decision: ReviewDecision,
    /// `closed`; `pending` after `escalate`.
    #[schema(example = "closed")]
    state: String,
    /// `general`, or `sensitive`.
    #[schema(example = "general")]
    lane: String,
    /// The ETag, without its quotes.
    version: i32,
    /// Whether scoring may read the text now. Never where somebody may be in danger, whatever was decided.
    scored: bool,
}

fn check(body: &NewDecision, item: &Item) -> Result<(), Problem> {
    let mut errors = Vec::new();
    match body.notes.as_ref().map(|notes| notes.0.expose().trim().chars().count()) {
        None | Some(0) if body.decision != ReviewDecision::Uphold || item.lane == "sensitive" => {
            errors.push(FieldError::new(
                "notes",
                "missing_field",
                "Say why: whoever looks at this later has to see it.",
            ));
        }
        Some(length) if length > NOTES => {
            errors.push(FieldError::new("notes", "too_long", format!("A note has at most {NOTES} characters.")));
        }
        _ => {}
    }
    if body.decision != ReviewDecision::Redact && !body.spans.is_empty() {
        errors.push(FieldError::new("spans", "not_here", "Only redact replaces parts of the text."));
    }
    if body.spans.len() > SPANS || body.spans.iter().any(|part| part.start >= part.end) {
        let detail = format!("At most {SPANS} parts, each with its start before its end.");
        errors.push(FieldError::new("spans", "out_of_range", detail));
    }
    Problem::check(errors)
}

/// Decide on an item
///
/// For whoever holds the item, with the ETag that was read. What lets words through needs them to have been opened by
/// the same person; so does every decision in the sensitive lane. `escalate` gives the claim back. The same
/// `Idempotency-Key` and body give the same answer for a day.
#[utoipa::path(post, path = "/v1/moderation/reviews/{id}/decision", operation_id = "decide_review",
    params(("id" = Uuid, Path, description = "The item"),
        ("if-match" = String, Header, description = "The ETag that was read", example = "\"3\""),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters", max_length = 255)),
    request_body = NewDecision,
    responses(
        (status = 200, description = "It is decided", body = DecisionMade, headers(("etag" = String, description = "The item's version in quotes"),
            ("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_if_match`, `bad_idempotency_key`"),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_claimed`, `already_claimed`, `review_closed`, `not_opened`, `text_withdrawn`, `idempotency_running`"),
        (status = 412, description = "`stale`"),
        (status = 422, description = "`idempotency_mismatch`"),
        (status = 428, description = "`precondition_required`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`, `screening_unavailable`")))]
pub async fn decide(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
    request: Idempotent<NewDecision>,
) -> Result<Response, Problem> {
    let if_match = IfMatch::read(&headers)?;
    let body = &request.body;
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    if let Begun::Replay(answer) = request.begin(&tx, &claims).await? {
        return Ok(answer);
    }
    items::lock(&tx, vec![text_of(&tx, id, &claims).await?]).await?;
    let found = item(&tx, id, &claims, true).await?;
    found.item.held_by_caller()?;
    if_match.check(found.item.version)?;
    check(body, &found.item)?;
    let lets_through = matches!(body.decision, ReviewDecision::Overturn | ReviewDecision::Redact);
    if (lets_through || found.item.lane == "sensitive") && !opened_by(&tx, id, &claims).await? {
        return Err(Problem::new(&problem::NOT_OPENED));
    }
    if lets_through && found.item.withdrawn_at.is_some() {
        return Err(Problem::new(&problem::TEXT_WITHDRAWN));
    }
    // Without a key the person was erased; the sweep of the queue closes the item.
    let key = vault.subject_key(&*tx, found.subject_id).await?.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let made = Made { app: &app, tx: &tx, key: &key, found: &found, at: Timestamp::now(), by: &claims.sub };

    let mut outbox = Outbox::new(&ids.correlation);
    made.note_decision(body).await?;
    let scored = match body.decision {
        ReviewDecision::Uphold => {
            made.close(body.decision).await?;
            items::hold_back(&tx, found.item.text_id).await?;
            false
        }
        ReviewDecision::Overturn | ReviewDecision::Redact => {
            made.close(body.decision).await?;
            made.clear(body).await?
        }
        ReviewDecision::Escalate => {
            made.escalate(&mut outbox).await?;
            // An appeal finds the words with scoring: whoever is worried takes them back.
            items::hold_back(&tx, found.item.text_id).await?;
            false
        }
    };
    made.tell(body.decision, &mut outbox)?;
    let details = json!({"decision": body.decision.as_str(), "lane": found.item.lane, "scored": scored});
    audit::note(&tx, &ids, &claims, "review.decide", Some(id), &details).await?;
    outbox.write(&tx).await?;
    app.nudger.nudge_delayed().await?;
    let answer = made.after(body.decision, scored).await?;
    let tag = etag(answer.version);
    request.keep(&tx, &claims, StatusCode::OK, &answer).await?;
    tx.commit().await?;
    app.nudger.nudge_now().await;
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}

/// A decision on its way into the store.
struct Made<'a> {
    app: &'a App,
    tx: &'a Transaction<'a>,
    key: &'a SubjectKey,
    found: &'a Whole,
    at: Timestamp,
    by: &'a str,
}

impl Made<'_> {
    fn number(&self) -> i32 {
        self.found.decisions + 1
    }

    async fn note_decision(&self, body: &NewDecision) -> Result<(), Problem> {
        let id = self.found.item.id;
        self.tx
            .execute_typed(
                "INSERT INTO core.review_decisions (review_id, number, screening_id, decision, decided_by, decided_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    (&id, Type::UUID),
                    (&self.number(), Type::INT4),
                    (&self.found.screening_id, Type::UUID),
                    (&body.decision.as_str(), Type::TEXT),
                    (&self.by, Type::TEXT),
                    (&self.at, Type::TIMESTAMPTZ),
                ],
            )
            .await?;
        if let Some(notes) = body.notes.as_ref().map(|notes| notes.0.expose().trim()).filter(|notes| !notes.is_empty())
        {
            note(self.tx, self.key, (id, self.number(), self.found.subject_id), self.by, notes).await?;
        }
        Ok(())
    }

    async fn close(&self, decision: ReviewDecision) -> Result<(), Problem> {
        self.tx
            .execute_typed(
                "UPDATE core.reviews SET state = 'closed', closed_by = 'decision', decision = $2, decided_by = $3, decided_at = $4,
                   decisions = $5, claimed_by = NULL, claimed_until = NULL, version = version + 1
                 WHERE review_id = $1",
                &[
                    (&self.found.item.id, Type::UUID),
                    (&decision.as_str(), Type::TEXT),
                    (&self.by, Type::TEXT),
                    (&self.at, Type::TIMESTAMPTZ),
                    (&self.number(), Type::INT4),
                ],
            )
            .await?;
        Ok(())
    }

    /// The item goes to whoever works on the sensitive lane, and its time begins anew. One that is there stays there.
    async fn escalate(&self, outbox: &mut Outbox) -> Result<(), Problem> {
        let due = self.app.settings.hours.due(self.at, SENSITIVE_MINUTES);
        let rows = self
            .tx
            .query_typed(
                "UPDATE core.reviews SET state = 'pending', claimed_by = NULL, claimed_until = NULL, urgent = true, decisions = $2,
                   version = version + 1, flag_revision = flag_revision + 1,
                   reason = CASE reason WHEN 'block' THEN 'review' ELSE reason END,
                   raised_at = CASE lane WHEN 'general' THEN $3 ELSE raised_at END,
                   due_at = CASE lane WHEN 'general' THEN $4 ELSE due_at END,
                   opened_at = CASE lane WHEN 'general' THEN NULL ELSE opened_at END,
                   lane = 'sensitive'
                 WHERE review_id = $1 RETURNING flag_revision",
                &[
                    (&self.found.item.id, Type::UUID),
                    (&self.number(), Type::INT4),
                    (&self.at, Type::TIMESTAMPTZ),
                    (&due, Type::TIMESTAMPTZ),
                ],
            )
            .await?;
        let flag = Flag {
            flag_id: self.found.item.flag_id,
            text_id: self.found.item.text_id,
            urgent: true,
            raised_at: self.at,
            revision: rows.first().map_or(1, |row| row.get(0)),
        };
        Ok(flag.tell(outbox)?)
    }

    /// Gives the words to scoring, all of them or what is left; whether they are there now.
    async fn clear(&self, body: &NewDecision) -> Result<bool, Problem> {
        let item = &self.found.item;
        if !item.scorable {
            return Ok(false);
        }
        let text = words(self.tx, self.key, item.text_id).await?;
        let text = text.ok_or_else(|| Problem::internal("a scorable text does not open"))?;
        let words = match body.decision {
            ReviewDecision::Redact => self.redacted(&text, &body.spans).await?,
            _ => text.clone(),
        };
        let cleared = Cleared {
            text_id: item.text_id,
            subject_id: self.found.subject_id,
            screening_id: self.found.screening_id,
            review_id: Some(item.id),
            words: words.expose(),
            redacted: words != text,
        };
        cleared.write(self.tx, self.key).await?;
        Ok(true)
    }

    /// Without what the policy replaces, and what the reviewer does.
    async fn redacted(&self, text: &Pii<String>, parts: &[Part]) -> Result<Pii<String>, Problem> {
        let length = text.expose().chars().count();
        if parts.iter().any(|part| part.end as usize > length) {
            return Err(Problem::field(FieldError::new("spans", "out_of_range", "A part ends behind the text's end.")));
        }
        let replaced = open::replaced(self.app, self.tx, &self.found.item, text).await?;
        let mut replaced = replaced.ok_or_else(|| Problem::new(&problem::SCREENING_UNAVAILABLE))?;
        replaced.extend(parts.iter().map(|part| Finding {
            category: Category::Pii,
            grade: Grade::Identity,
            score: 1000,
            span: Span { start: part.start, end: part.end },
            rule: "reviewer",
            reason: "replaced by a reviewer",
            obfuscated: false,
            aimed: false,
            placeholder: Some(REMOVED),
        }));
        replaced.sort_by_key(|finding| (finding.span, finding.placeholder));
        let redacted = Pii::new(self.app.screens.engine.redact(text.expose(), &replaced));
        if redacted == *text {
            let detail = "Nothing would be replaced: name the parts, or overturn.";
            return Err(Problem::field(FieldError::new("spans", "nothing_redacted", detail)));
        }
        Ok(redacted)
    }

    fn tell(&self, decision: ReviewDecision, outbox: &mut Outbox) -> Result<(), Problem> {
        let item = &self.found.item;
        let data = ReviewCompleted {
            review_id: item.id,
            flag_id: item.flag_id,
            text_id: item.text_id,
            reviewer_id: reviewer(self.by),
            decision,
            completed_at: self.at,
            revision: Revision::new(self.number()).map_err(|error| Problem::internal(error.to_string()))?,
        };
        outbox.push(outbox.draft(data, item.text_id, self.at))?;
        Ok(())
    }

    async fn after(&self, decision: ReviewDecision, scored: bool) -> Result<DecisionMade, Problem> {
        let id = self.found.item.id;
        let sql = "SELECT state, lane, version FROM core.reviews WHERE review_id = $1";
        let row = self.tx.query_typed(sql, &[(&id, Type::UUID)]).await?.pop();
        let row = row.ok_or_else(|| Problem::internal("an item that was decided is gone"))?;
        Ok(DecisionMade { id, decision, state: row.get(0), lane: row.get(1), version: row.get(2), scored })
    }
}

/// The reviewer in events: the token's subject if that is an id, else an id made of it.
fn reviewer(subject: &str) -> Uuid {
    subject.parse().unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("teei:subject:{subject}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewer_has_the_same_id_in_every_event() {
        let id = "01956000-0000-7000-8000-000000000023";
        assert_eq!(reviewer(id).to_string(), id);
        assert_eq!(reviewer("kari"), reviewer("kari"));
        assert_ne!(reviewer("kari"), reviewer("ola"));
    }
}
