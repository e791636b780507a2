//! `GET /v1/q2q/health`

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use shared::db::{Db, DbError};
use utoipa::ToSchema;

use super::App;

const LIMIT: Duration = Duration::from_secs(1);

/// Whether this service can work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Q2qHealth {
    /// `up` or `down`.
    #[schema(example = "up")]
    status: &'static str,
    /// `q2q`.
    #[schema(example = "q2q")]
    service: &'static str,
}

/// Health of the Q2Q service
///
/// Asks the database, with a limit of one second.
#[utoipa::path(get, path = "/v1/q2q/health", operation_id = "get_q2q_health", responses(
    (status = 200, description = "Up", body = Q2qHealth),
    (status = 503, description = "Down", body = Q2qHealth)))]
pub async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Q2qHealth>) {
    let answered = matches!(tokio::time::timeout(LIMIT, ask(&app.db)).await, Ok(Ok(())));
    let (code, status) = if answered { (StatusCode::OK, "up") } else { (StatusCode::SERVICE_UNAVAILABLE, "down") };
    (code, Json(Q2qHealth { status, service: "q2q" }))
}

async fn ask(db: &Db) -> Result<(), DbError> {
    db.client().await?.query_typed("SELECT 1 FROM core.readings LIMIT 1", &[]).await?;
    Ok(())
}
