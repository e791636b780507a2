//! `POST /v1/moderation/reviews/{id}/appeal`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::{
    bus::outbox::Outbox,
    http::{Caller, FieldError, Ids, Json as Body, PathId, Problem, problem},
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    decide::NOTES,
    open::{Said, note},
    sees_sensitive,
    view::{Item, item, text_of},
};
use crate::items::{self, Flag, SENSITIVE_MINUTES};

/// Why a decision is not agreed with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAppeal {
    /// Who does not agree, and why: 1 to 2,000 characters.
    #[schema(value_type = String, max_length = 2000)]
    notes: Said,
}

/// Appeal a decision
///
/// Puts the text into the queue once more, for another reviewer than the one who decided. Until then what was decided
/// holds. A reviewer does this in the name of whoever does not agree. A second appeal of the same decision is the first.
/// The appeal is in the most restricted lane the text was ever in: who may not see it there cannot make it.
#[utoipa::path(post, path = "/v1/moderation/reviews/{id}/appeal", operation_id = "appeal_review",
    params(("id" = Uuid, Path, description = "The item whose decision is appealed")),
    request_body = NewAppeal,
    responses(
        (status = 200, description = "It was appealed already", body = Item),
        (status = 201, description = "The appeal's item", body = Item, headers(("location" = String, description = "The item"))),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_decided`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`")))]
pub async fn appeal(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    Body(body): Body<NewAppeal>,
) -> Result<Response, Problem> {
    let notes = body.notes.0.expose().trim();
    if notes.is_empty() || notes.chars().count() > NOTES {
        let detail = format!("A note has 1 to {NOTES} characters.");
        return Err(Problem::field(FieldError::new("notes", "out_of_range", detail)));
    }
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    items::lock(&tx, vec![text_of(&tx, id, &claims).await?]).await?;
    let found = item(&tx, id, &claims, true).await?;
    let sql = "SELECT review_id, lane = 'general' FROM core.reviews WHERE appeal_of = $1";
    if let Some(row) = tx.query_typed(sql, &[(&id, Type::UUID)]).await?.first() {
        // An appeal the caller may not see is answered like a text that is in the queue again.
        if !(row.get(1) || sees_sensitive(&claims)) {
            return Err(Problem::new(&problem::NOT_DECIDED));
        }
        return Ok(Json(item(&tx, row.get(0), &claims, false).await?.item).into_response());
    }
    let sensitive = sensitive(&tx, found.item.text_id).await?;
    if found.item.decided.is_none() || (sensitive && !sees_sensitive(&claims)) {
        return Err(Problem::new(&problem::NOT_DECIDED));
    }
    let key = vault.subject_key(&*tx, found.subject_id).await?.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let (new, now) = (Uuid::now_v7(), Timestamp::now());
    let due = sensitive.then(|| app.settings.hours.due(now, SENSITIVE_MINUTES));
    let rows = tx
        .query_typed(
            "INSERT INTO core.reviews (review_id, flag_id, flag_revision, screening_id, text_id, subject_id, appeal_of, reason, lane, urgent,
               state, written_at, raised_at, due_at)
             SELECT $2, r.flag_id, (SELECT max(flag_revision) FROM core.reviews f WHERE f.flag_id = r.flag_id) + 1, s.screening_id,
                    r.text_id, r.subject_id, r.review_id, 'appeal', CASE WHEN $5 THEN 'sensitive' ELSE 'general' END,
                    r.urgent OR s.urgent, 'pending', r.written_at, $3, $4
             FROM core.reviews r JOIN core.screenings s ON s.text_id = r.text_id AND s.newest
             WHERE r.review_id = $1 AND NOT EXISTS (SELECT FROM core.reviews o WHERE o.text_id = r.text_id AND o.state <> 'closed')
             RETURNING flag_revision, urgent",
            &[
                (&id, Type::UUID),
                (&new, Type::UUID),
                (&now, Type::TIMESTAMPTZ),
                (&due, Type::TIMESTAMPTZ),
                (&sensitive, Type::BOOL),
            ],
        )
        .await?;
    let Some(row) = rows.first() else { return Err(Problem::new(&problem::NOT_DECIDED)) };
    note(&tx, &key, (new, 0, found.subject_id), &claims.sub, notes).await?;
    let details = json!({"item": new, "lane": if sensitive { "sensitive" } else { "general" }});
    audit::note(&tx, &ids, &claims, "review.appeal", Some(id), &details).await?;
    let mut outbox = Outbox::new(&ids.correlation);
    let flag = Flag {
        flag_id: found.item.flag_id,
        text_id: found.item.text_id,
        urgent: row.get(1),
        raised_at: now,
        revision: row.get(0),
    };
    flag.tell(&mut outbox)?;
    outbox.write(&tx).await?;
    app.nudger.nudge_delayed().await?;
    let made = item(&tx, new, &claims, false).await?.item;
    tx.commit().await?;
    app.nudger.nudge_now().await;
    // Relative to the request (RFC 3986), so that it holds behind every stage and domain.
    let location =
        HeaderValue::try_from(format!("../{new}")).map_err(|_| Problem::internal("a uuid is no header value"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// Whether a text is, or ever was, for the sensitive lane: by its newest screening or by any of its items.
async fn sensitive(tx: &Transaction<'_>, text: Uuid) -> Result<bool, Problem> {
    let sql = "SELECT EXISTS (SELECT FROM core.screenings s WHERE s.text_id = $1 AND s.newest AND s.lane = 'sensitive')
                   OR EXISTS (SELECT FROM core.reviews r WHERE r.text_id = $1 AND r.lane = 'sensitive')";
    let rows = tx.query_typed(sql, &[(&text, Type::UUID)]).await?;
    Ok(rows.first().is_none_or(|row| row.get(0)))
}
