//! `GET /v1/q2q/companies`: the names of those whose figures may be asked for.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    auth::Role,
    http::{Caller, Problem},
};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::App;

/// A company.
#[derive(Debug, Serialize, ToSchema)]
pub struct Company {
    /// Its id, as figures take it.
    id: Uuid,
    /// Its name.
    #[schema(example = "Nordlys AS")]
    name: String,
}

/// Companies by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Companies {
    /// All for staff, the own one for company users.
    items: Vec<Company>,
}

/// Whose figures there are
///
/// Companies with their names: all for staff, the own one for company users, whose report has it in its heading.
#[utoipa::path(get, path = "/v1/q2q/companies", operation_id = "list_q2q_companies", responses(
    (status = 200, description = "The companies", body = Companies)))]
pub async fn companies(State(app): State<Arc<App>>, Caller(claims): Caller) -> Result<Json<Companies>, Problem> {
    let all = claims.role != Role::CompanyUser;
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "SELECT company_id, name FROM core.companies WHERE $1 OR company_id = $2 ORDER BY name, company_id LIMIT 5000",
            &[(&all, Type::BOOL), (&claims.company_id, Type::UUID)],
        )
        .await?;
    Ok(Json(Companies { items: rows.iter().map(|row| Company { id: row.get(0), name: row.get(1) }).collect() }))
}
