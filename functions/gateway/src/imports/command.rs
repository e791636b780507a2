//! `POST /v1/imports/{id}/commit` and `…/undo`: decided here, done by the importer under the same id.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    audit,
    auth::Claims,
    http::{Caller, Ids, MaybeJson as Body, PathId, Problem, problem},
};
use tokio_postgres::{Row, Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::App;

/// What is said yes to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Commit {
    /// The plan that was read. If the import has another one by now, nothing is done.
    plan_hash: Option<String>,
    /// Whether records that are an earlier revision of their fact are applied.
    apply_stale: bool,
    /// Whether cells that were changed outside the rejected column are accepted.
    accept_changes: bool,
}

/// Nothing to say beside it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {}

/// The importer will do it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queued {
    /// The import.
    id: Uuid,
    /// `queued`
    #[schema(example = "queued")]
    status: &'static str,
}

/// Commit a plan
///
/// Runs the file again and applies it, if it still does what the plan says; else the import is `planned` again with
/// `moved` and a new `plan_hash`. With `apply_stale` it also applies what an import left out as `stale_revision`.
#[utoipa::path(post, path = "/v1/imports/{id}/commit", operation_id = "commit_import",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = Option<Commit>,
    responses(
        (status = 202, description = "The importer will do it; the receipt says when it is done", body = Queued),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_planned`"),
        (status = 412, description = "`plan_moved`"),
        (status = 503, description = "`importer_unavailable`")))]
pub async fn commit(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    Body(body): Body<Commit>,
) -> Result<(StatusCode, Json<Queued>), Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let row = locked(&tx, id).await?;
    let (outcome, plan_hash): (Option<&str>, Option<&str>) = (row.get("outcome"), row.get("plan_hash"));
    let may = match outcome {
        Some("planned") => true,
        // A delivery was applied as it came: there is no file to be read again.
        _ if row.get::<_, &str>("door") != "csv" => false,
        // What was loaded without its stale records can still have them applied.
        Some("loaded" | "unchanged") => body.apply_stale && row.get("has_stale"),
        _ => false,
    };
    if !may || row.get::<_, &str>("status") != "done" {
        return Err(Problem::new(&problem::NOT_PLANNED));
    }
    if body.plan_hash.as_deref().is_some_and(|asked| Some(asked) != plan_hash) {
        return Err(Problem::new(&problem::PLAN_MOVED));
    }
    let details =
        json!({"apply_stale": body.apply_stale, "accept_changes": body.accept_changes, "plan_hash": plan_hash});
    let mut order = details.clone();
    order["kind"] = json!("commit");
    queue(&app, &tx, &ids, &claims, &row, order).await?;
    audit::note(&tx, &ids, &claims, "import.commit", Some(id), &details).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { id, status: "queued" })))
}

/// Undo an import
///
/// Takes back what it set and nobody set since, field by field. The receipt says what was restored, removed and kept.
#[utoipa::path(post, path = "/v1/imports/{id}/undo", operation_id = "undo_import",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = Option<Undo>,
    responses(
        (status = 202, description = "The importer will do it; the receipt says when it is done", body = Queued),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_loaded`"),
        (status = 503, description = "`importer_unavailable`")))]
pub async fn undo(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    Body(Undo {}): Body<Undo>,
) -> Result<(StatusCode, Json<Queued>), Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let row = locked(&tx, id).await?;
    if row.get::<_, &str>("status") != "done" || row.get::<_, Option<&str>>("outcome") != Some("loaded") {
        return Err(Problem::new(&problem::NOT_LOADED));
    }
    queue(&app, &tx, &ids, &claims, &row, json!({"kind": "undo"})).await?;
    audit::note(&tx, &ids, &claims, "import.undo", Some(id), &json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(Queued { id, status: "queued" })))
}

/// The import, held against another who decides at the same time and against the importer; not against imports that
/// only refer to it in the history they write.
async fn locked(tx: &Transaction<'_>, id: Uuid) -> Result<Row, Problem> {
    tx.query_typed(
        "SELECT import_id, source, status, outcome, plan_hash, door,
                COALESCE(receipt -> 'warnings' @> '[{\"code\": \"stale_revision\"}]', false) AS has_stale
         FROM intake.imports WHERE import_id = $1 FOR NO KEY UPDATE",
        &[(&id, Type::UUID)],
    )
    .await?
    .pop()
    .ok_or_else(|| Problem::new(&problem::NOT_FOUND))
}

/// Writes the order and wakes the importer. The message goes before the commit: an importer that is faster waits for
/// the row, one that is told of an order nobody committed finds none.
async fn queue(
    app: &App,
    tx: &Transaction<'_>,
    ids: &Ids,
    claims: &Claims,
    row: &Row,
    mut order: Value,
) -> Result<(), Problem> {
    let id: Uuid = row.get("import_id");
    order["actor"] = json!(claims.sub);
    order["request_id"] = json!(ids.request);
    tx.execute_typed(
        "UPDATE intake.imports SET command = $2, status = 'queued' WHERE import_id = $1",
        &[(&id, Type::UUID), (&order, Type::JSONB)],
    )
    .await?;
    app.queues.send(row.get("source"), id).await?;
    Ok(())
}
