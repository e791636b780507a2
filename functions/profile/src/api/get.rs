//! `GET /v1/profiles/{id}`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::http::{Caller, Ids, Moment, PathId, Problem, Query, etag, problem};
use tokio_postgres::IsolationLevel;
use utoipa::{IntoParams, ToSchema};

use super::{
    App, audit,
    read::{attributes, profile},
    sight::{Sight, sight},
    view::{FirstName, Profile},
};

/// When to look from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GetQuery {
    /// The moment `followup_needed` is computed for, RFC 3339; now if absent.
    #[param(value_type = Option<Timestamp>, example = "2025-06-01T00:00:00Z")]
    as_of: Option<Moment>,
}

/// What is answered, by how much the caller may see.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two forms of the answer")]
pub enum ProfileAnswer {
    /// To everybody who may see the profile.
    Profile(Profile),
    /// To a volunteer who met the person.
    FirstName(FirstName),
}

/// A profile
///
/// Coordinators see the people of their own programmes, participants and volunteers themselves; a volunteer sees the
/// first name of the people met in sessions. Reading is written to the audit log.
#[utoipa::path(get, path = "/v1/profiles/{id}", operation_id = "get_profile",
    params(("id" = Uuid, Path, description = "The profile"), GetQuery),
    responses(
        (status = 200, description = "The profile", body = ProfileAnswer,
            headers(("etag" = String, description = "The revision in quotes, for If-Match; not with a first name alone"))),
        (status = 404, description = "`not_found`"),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn get(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Query(query): Query<GetQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    // One snapshot, so that the ETag is the revision of what is answered.
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let response = match sight(&tx, &claims, &[id]).await?.get(&id) {
        None => return Err(Problem::new(&problem::NOT_FOUND)),
        Some(Sight::Full) => {
            let profile = profile(&tx, vault, id, query.as_of.map_or_else(Timestamp::now, Moment::get)).await?;
            audit::note(&tx, &ids, &claims, "profile.read", Some(id), &json!({})).await?;
            ([(header::ETAG, etag(profile.revision))], Json(profile)).into_response()
        }
        Some(Sight::FirstName) => {
            let name = match vault.subject_key(&*tx, id).await? {
                Some(key) => attributes(&tx, &key, id).await?.remove("name").and_then(|name| name.first_name()),
                None => None,
            };
            audit::note(&tx, &ids, &claims, "profile.read", Some(id), &json!({"fields": ["name"]})).await?;
            Json(FirstName { id, name }).into_response()
        }
    };
    tx.commit().await?;
    Ok(response)
}
