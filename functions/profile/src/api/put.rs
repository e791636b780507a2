//! `PUT /v1/profiles/{id}`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::{
    bus::outbox::Outbox,
    contracts::{ProfileField, ProfileUpdated, Revision, Trigger},
    http::{Caller, FieldError, Ids, IfMatch, Json as Body, PathId, Problem, etag, problem},
    intake::email::invisible,
    vault::{Place, SubjectKey, Vault},
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    personal::Personal,
    read::{HAND, attributes, profile},
    sight::{Sight, sight},
    view::Profile,
};

/// The fields a person may correct. All of them are replaced: one that is absent or null is cleared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Editable {
    /// 1 to 100 characters, stored as given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Olena Pryklad", max_length = 100)]
    name: Option<Personal>,
    /// The preferred language, 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "uk", max_length = 100)]
    language: Option<Personal>,
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Bergen", max_length = 100)]
    city: Option<Personal>,
}

impl Editable {
    fn fields(self) -> [(ProfileField, Option<Personal>); 3] {
        [(ProfileField::Name, self.name), (ProfileField::Language, self.language), (ProfileField::City, self.city)]
    }
}

/// Marks that turn the direction of what follows. Joiners are not among them: Persian names are spelt with one.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check(fields: &[(ProfileField, Option<Personal>)]) -> Result<(), Problem> {
    let errors = fields.iter().filter_map(|(field, value)| {
        let value = value.as_ref()?.expose();
        let wrong = |code, detail| Some(FieldError::new(field.as_str(), code, detail));
        if value.chars().all(|c| c.is_whitespace() || invisible(c)) {
            wrong("empty", "This is empty: send null to clear the field.")
        } else if value.chars().count() > 100 {
            wrong("too_long", "This is longer than 100 characters.")
        } else if value.chars().any(|c| c.is_control() || turns(c)) {
            wrong("control_character", "This holds a character that cannot be seen.")
        } else {
            None
        }
    });
    Problem::check(errors.collect())
}

/// Correct a profile
///
/// Replaces name, language and city by hand: from then on they win over every import. What is the same as before
/// changes nothing, and the answer is the same.
#[utoipa::path(put, path = "/v1/profiles/{id}", operation_id = "replace_profile",
    params(("id" = Uuid, Path, description = "The profile"), ("if-match" = String, Header, description = "The ETag that was read", example = "\"3\"")),
    request_body = Editable,
    responses(
        (status = 200, description = "The profile as it is now", body = Profile, headers(("etag" = String, description = "Its revision in quotes"))),
        (status = 400, description = "`bad_if_match`"),
        (status = 404, description = "`not_found`"),
        (status = 412, description = "`stale`"),
        (status = 428, description = "`precondition_required`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`")))]
pub async fn put(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
    Body(body): Body<Editable>,
) -> Result<Response, Problem> {
    let if_match = IfMatch::read(&headers)?;
    let fields = body.fields();
    check(&fields)?;

    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    if sight(&tx, &claims, &[id]).await?.get(&id) != Some(&Sight::Full) {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    // Locked before it is compared: of two who read the same revision, the second waits here and is then stale.
    let locked = "SELECT revision FROM core.profiles WHERE profile_id = $1 FOR UPDATE";
    let row = tx.query_typed(locked, &[(&id, Type::UUID)]).await?.pop();
    let revision: i32 = row.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?.get(0);
    if_match.check(revision)?;
    // Without a key the person was erased; nothing can be written about them any more.
    let key = vault.subject_key(&*tx, id).await?.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;

    let mut before = attributes(&tx, &key, id).await?;
    let mut changed = Vec::new();
    for (field, value) in fields {
        if before.remove(field.as_str()) != value {
            store(&tx, vault, &key, id, field, value.as_ref()).await?;
            changed.push(field);
        }
    }
    if changed.is_empty() {
        audit::note(&tx, &ids, &claims, "profile.read", Some(id), &json!({})).await?;
    } else {
        let revision = bump(&tx, id).await?;
        let names: Vec<_> = changed.iter().map(|field| field.as_str()).collect();
        audit::note(&tx, &ids, &claims, "profile.update", Some(id), &json!({"fields": names})).await?;
        let mut outbox = Outbox::new(&ids.correlation);
        let revision = Revision::new(revision).map_err(|error| Problem::internal(error.to_string()))?;
        let data =
            ProfileUpdated { profile_id: id, changed, trigger: Trigger::Api, revision, import_id: None, line: None };
        outbox.push(outbox.draft(data, id, Timestamp::now()))?;
        outbox.write(&tx).await?;
        app.nudger.nudge_delayed().await?;
        let profile = profile(&tx, vault, id, Timestamp::now()).await?;
        tx.commit().await?;
        app.nudger.nudge_now().await;
        return Ok(answer(profile));
    }
    let profile = profile(&tx, vault, id, Timestamp::now()).await?;
    tx.commit().await?;
    Ok(answer(profile))
}

fn answer(profile: Profile) -> Response {
    ([(header::ETAG, etag(profile.revision))], Json(profile)).into_response()
}

/// Writes a value of source `hand`; none clears on purpose and is a row too, because it wins as well.
async fn store(
    tx: &Transaction<'_>,
    vault: &Vault,
    key: &SubjectKey,
    id: Uuid,
    field: ProfileField,
    value: Option<&Personal>,
) -> Result<(), Problem> {
    let column = format!("sealed/{}/{HAND}", field.as_str());
    let place = Place { table: "vault.attributes", column: &column, row: id };
    let sealed = value.map(|value| key.seal(place, value.expose().as_bytes())).transpose()?;
    let digest = vault.digest(field.as_str(), value.map_or("", |value| value.expose()));
    tx.query_typed(
        "INSERT INTO vault.attributes AS a (profile_id, field, source, sealed, digest, set_at) VALUES ($1, $2, $3, $4, $5, now())
         ON CONFLICT (profile_id, field, source) DO UPDATE
         SET sealed = excluded.sealed, digest = excluded.digest, revision = a.revision + 1, set_at = excluded.set_at",
        &[
            (&id, Type::UUID),
            (&field.as_str(), Type::TEXT),
            (&HAND, Type::TEXT),
            (&sealed, Type::BYTEA),
            (&digest.as_slice(), Type::BYTEA),
        ],
    )
    .await?;
    Ok(())
}

/// The next revision of a profile, for a change its readers can see.
pub async fn bump(tx: &Transaction<'_>, id: Uuid) -> Result<i32, Problem> {
    let rows = tx
        .query_typed(
            "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = $1 RETURNING revision",
            &[(&id, Type::UUID)],
        )
        .await?;
    rows.first().map(|row| row.get(0)).ok_or_else(|| Problem::new(&problem::NOT_FOUND))
}
