//! `POST /v1/moderation/reviews/{id}/claim` and `…/release`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;
use shared::http::{Caller, Ids, PathId, Problem, problem};
use tokio_postgres::types::Type;

use super::{
    App, audit,
    list::answer,
    sees_sensitive,
    view::{Item, item, somebody_else},
};

/// Claim an item
///
/// Nobody else can decide on it while the claim lasts. Claiming it again makes the claim last longer. Whoever decided on
/// an item cannot claim the appeal against that.
#[utoipa::path(post, path = "/v1/moderation/reviews/{id}/claim", operation_id = "claim_review",
    params(("id" = Uuid, Path, description = "The item")),
    responses(
        (status = 200, description = "It is yours", body = Item, headers(("etag" = String, description = "Its version in quotes, for If-Match"))),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`already_claimed`, `review_closed`, `other_eyes`")))]
pub async fn claim(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // Of two at once the second waits here for the first, and then finds the item claimed.
    let claimed = tx
        .execute_typed(
            "UPDATE core.reviews r SET state = 'claimed', claimed_by = $2, claimed_until = now() + make_interval(secs => $3), version = version + 1
             WHERE r.review_id = $1 AND (r.lane = 'general' OR $4)
               AND (r.state IN ('held', 'pending') OR (r.state = 'claimed' AND (r.claimed_until <= now() OR r.claimed_by = $2)))
               AND NOT EXISTS (SELECT FROM core.reviews first WHERE first.review_id = r.appeal_of AND first.decided_by = $2)",
            &[
                (&id, Type::UUID),
                (&claims.sub, Type::TEXT),
                (&app.settings.lease.as_secs_f64(), Type::FLOAT8),
                (&sees_sensitive(&claims), Type::BOOL),
            ],
        )
        .await?;
    let found = item(&tx, id, &claims, false).await?.item;
    if claimed == 0 {
        return Err(refusal(&found));
    }
    audit::note(&tx, &ids, &claims, "review.claim", Some(id), &json!({"lane": found.lane})).await?;
    tx.commit().await?;
    Ok(answer(found))
}

fn refusal(item: &Item) -> Problem {
    match item.claimed_until {
        _ if item.state == "closed" => Problem::new(&problem::REVIEW_CLOSED),
        Some(until) if !item.claimed_by_me => somebody_else(until),
        _ => Problem::new(&problem::OTHER_EYES),
    }
}

/// Give an item back
///
/// The next person can claim it.
#[utoipa::path(post, path = "/v1/moderation/reviews/{id}/release", operation_id = "release_review",
    params(("id" = Uuid, Path, description = "The item")),
    responses(
        (status = 200, description = "It is free again", body = Item, headers(("etag" = String, description = "Its version in quotes, for If-Match"))),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_claimed`, `already_claimed`, `review_closed`")))]
pub async fn release(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    item(&tx, id, &claims, true).await?.item.held_by_caller()?;
    tx.execute_typed(
        "UPDATE core.reviews SET state = CASE reason WHEN 'block' THEN 'held' ELSE 'pending' END, claimed_by = NULL,
           claimed_until = NULL, version = version + 1
         WHERE review_id = $1",
        &[(&id, Type::UUID)],
    )
    .await?;
    let found = item(&tx, id, &claims, false).await?.item;
    audit::note(&tx, &ids, &claims, "review.release", Some(id), &json!({"lane": found.lane})).await?;
    tx.commit().await?;
    Ok(answer(found))
}
