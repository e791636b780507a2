//! `POST /v1/profiles/search`: a POST, because an address must not stand in a URL.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::{
    http::{Caller, FieldError, Ids, Json as Body, Problem},
    intake::email::normalise,
    vault::Vault,
};
use tokio_postgres::{IsolationLevel, Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    personal::Personal,
    read::profile,
    sight::{Sight, sight},
    view::ProfileList,
};

/// Several people may share an address; more than these are not listed.
const MOST: i64 = 50;

/// Either `email`, or `source` and `external_id`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// One address; compared after trimming and lower-casing.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "olena@newcomer.example")]
    email: Option<Personal>,
    /// The source of the id.
    #[serde(default)]
    source: Option<String>,
    /// The id of the person there, exactly.
    #[serde(default)]
    external_id: Option<String>,
}

enum By {
    Email([u8; 32]),
    ExternalId(String, String),
}

fn by(search: Search, vault: &Vault) -> Result<By, Problem> {
    match (search.email, search.source, search.external_id) {
        (Some(email), None, None) => match normalise(email.expose()) {
            Ok(address) => Ok(By::Email(vault.blind_index(&address))),
            Err(why) => Err(Problem::field(FieldError::new("email", "bad_email", format!("This {}.", why.what())))),
        },
        (None, Some(source), Some(id)) => Ok(By::ExternalId(source, id.trim().to_owned())),
        _ => Err(Problem::field(FieldError {
            pointer: String::new(),
            code: "one_form",
            detail: "Send either email, or source and external_id.".into(),
        })),
    }
}

/// Find profiles
///
/// By e-mail address or by the id in a source. Answers those the caller may see; nothing found is an empty list.
#[utoipa::path(post, path = "/v1/profiles/search", operation_id = "search_profiles", request_body(content = Search,
        examples(("by address" = (value = json!({"email": "olena@newcomer.example"}))), ("by source" = (value = json!({"source": "kintell", "external_id": "KT-00042"}))))),
    responses(
        (status = 200, description = "Profiles, maybe none", body = ProfileList),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn search(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    Body(body): Body<Search>,
) -> Result<Json<ProfileList>, Problem> {
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let by = by(body, vault)?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let found = find(&tx, &by).await?;
    let seen = sight(&tx, &claims, &found).await?;
    let kind = if matches!(by, By::Email(_)) { "email" } else { "external_id" };
    let mut items = Vec::new();
    // A first name is for somebody met, not for whoever can guess an address: only whole profiles are found.
    for id in found.into_iter().filter(|id| seen.get(id) == Some(&Sight::Full)) {
        items.push(profile(&tx, vault, id, Timestamp::now()).await?);
        audit::note(&tx, &ids, &claims, "profile.read", Some(id), &json!({"by": kind})).await?;
    }
    if items.is_empty() {
        audit::note(&tx, &ids, &claims, "profile.search", None, &json!({"by": kind, "found": 0})).await?;
    }
    tx.commit().await?;
    Ok(Json(ProfileList { items }))
}

async fn find(tx: &Transaction<'_>, by: &By) -> Result<Vec<Uuid>, Problem> {
    let rows = match by {
        By::Email(index) => {
            tx.query_typed(
                "SELECT profile_id FROM vault.emails WHERE blind_index = $1 ORDER BY profile_id LIMIT $2",
                &[(&index.as_slice(), Type::BYTEA), (&MOST, Type::INT8)],
            )
            .await?
        }
        By::ExternalId(source, id) => {
            // NUL is in no stored id, and Postgres would refuse the question.
            if source.contains('\0') || id.contains('\0') {
                return Ok(Vec::new());
            }
            tx.query_typed(
                "SELECT profile_id FROM core.external_ids WHERE source = $1 AND external_id = $2",
                &[(source, Type::TEXT), (id, Type::TEXT)],
            )
            .await?
        }
    };
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
