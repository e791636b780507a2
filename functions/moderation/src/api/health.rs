//! `GET /v1/moderation/health`

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use shared::db::{Db, DbError};
use utoipa::ToSchema;

use super::App;

const LIMIT: Duration = Duration::from_secs(1);

/// Whether this service can work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModerationHealth {
    /// `up` or `down`.
    #[schema(example = "up")]
    status: &'static str,
    /// `moderation`.
    #[schema(example = "moderation")]
    service: &'static str,
}

/// Health of the moderation service
///
/// Asks the database, with a limit of one second.
#[utoipa::path(get, path = "/v1/moderation/health", operation_id = "get_moderation_health", responses(
    (status = 200, description = "Up", body = ModerationHealth),
    (status = 503, description = "Down", body = ModerationHealth)))]
pub async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<ModerationHealth>) {
    let answered = matches!(tokio::time::timeout(LIMIT, ask(&app.db)).await, Ok(Ok(())));
    let (code, status) = if answered { (StatusCode::OK, "up") } else { (StatusCode::SERVICE_UNAVAILABLE, "down") };
    (code, Json(ModerationHealth { status, service: "moderation" }))
}

async fn ask(db: &Db) -> Result<(), DbError> {
    db.client().await?.query_typed("SELECT 1 FROM core.reviews LIMIT 1", &[]).await?;
    Ok(())
}
