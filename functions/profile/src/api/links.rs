//! `POST /v1/profiles/{id}/external-ids`

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
    contracts::{ProfileLinked, Revision, SourceCode},
    http::{Caller, FieldError, Ids, Json as Body, PathId, Problem, problem},
    intake::email::{at_sign, invisible},
};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    put::bump,
    read::HAND,
    sight::{Sight, sight},
    view::ExternalId,
};

/// Where values come from that no source brought: corrected by hand, or made up for trying things out.
const RESERVED: [&str; 2] = [HAND, "seed"];

/// What makes two ids look like one, or looks like the plain space.
fn unseen(c: char) -> bool {
    invisible(c) || (c.is_whitespace() && c != ' ')
}

/// An id of a person in a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExternalId {
    /// The source: 2 to 32 lower-case letters, digits or underscores, a letter first.
    #[schema(example = "kintell", pattern = "^[a-z][a-z0-9_]{1,31}$")]
    source: String,
    /// The id there, exact after trimming: 1 to 255 characters, never an e-mail address.
    #[schema(example = "KT-00042", max_length = 255)]
    external_id: String,
}

impl NewExternalId {
    fn check(self) -> Result<(SourceCode, String), Problem> {
        let mut errors = Vec::new();
        let source = SourceCode::new(&self.source);
        if let Err(error) = &source {
            errors.push(FieldError::new("source", "bad_source", format!("A source is {}.", error.rule)));
        } else if RESERVED.contains(&self.source.as_str()) {
            let detail = "This word says where a value came from, and no source may be called so: name the system.";
            errors.push(FieldError::new("source", "reserved_source", detail));
        }
        let id = self.external_id.trim().to_owned();
        if id.is_empty() || id.chars().count() > 255 {
            errors.push(FieldError::new("external_id", "out_of_range", "An id has 1 to 255 characters."));
        } else if id.chars().any(at_sign) {
            let detail = "An e-mail address is no id: addresses are found by search and kept in the vault.";
            errors.push(FieldError::new("external_id", "email_as_id", detail));
        } else if id.chars().any(unseen) {
            errors.push(FieldError::new(
                "external_id",
                "control_character",
                "This holds a character that cannot be seen.",
            ));
        }
        Problem::check(errors)?;
        let source = source.map_err(|_| Problem::new(&problem::BAD_FIELD))?;
        Ok((source, id))
    }
}

/// Link an id of a source
///
/// Says that an id in a source is this person. Repeating it changes nothing (200); an id that belongs to somebody
/// else is refused and never moved.
#[utoipa::path(post, path = "/v1/profiles/{id}/external-ids", operation_id = "link_external_id",
    params(("id" = Uuid, Path, description = "The profile")),
    request_body = NewExternalId,
    responses(
        (status = 200, description = "It was linked to this profile already", body = ExternalId),
        (status = 201, description = "Linked", body = ExternalId, headers(("location" = String, description = "The link"))),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`external_id_taken`"),
        (status = 422, description = "`external_id_refused`"),
        (status = 503, description = "`vault_unavailable`, `bus_unavailable`")))]
pub async fn link(
    State(app): State<Arc<App>>,
    PathId(profile): PathId,
    Caller(claims): Caller,
    ids: Ids,
    Body(body): Body<NewExternalId>,
) -> Result<Response, Problem> {
    let (source, external_id) = body.check()?;
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    if sight(&tx, &claims, &[profile]).await?.get(&profile) != Some(&Sight::Full) {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    let hash = vault.suppression_hash(source.as_str(), &external_id);
    let suppressed =
        tx.query_typed("SELECT 1 FROM vault.suppressions WHERE hash = $1", &[(&hash.as_slice(), Type::BYTEA)]).await?;
    if !suppressed.is_empty() {
        return Err(Problem::new(&problem::EXTERNAL_ID_REFUSED));
    }
    // The unique constraint decides a race: who comes second waits here for the first, then inserts nothing and
    // reads whose it became.
    let link = Uuid::now_v7();
    let inserted = tx
        .query_typed(
            "INSERT INTO core.external_ids (link_id, source, external_id, profile_id, linked_by) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (source, external_id) DO NOTHING RETURNING link_id",
            &[
                (&link, Type::UUID),
                (&source.as_str(), Type::TEXT),
                (&external_id, Type::TEXT),
                (&profile, Type::UUID),
                (&claims.sub, Type::TEXT),
            ],
        )
        .await?;
    if inserted.is_empty() {
        let owner = tx
            .query_typed(
                "SELECT link_id, profile_id FROM core.external_ids WHERE source = $1 AND external_id = $2",
                &[(&source.as_str(), Type::TEXT), (&external_id, Type::TEXT)],
            )
            .await?;
        return match owner.first() {
            Some(row) if row.get::<_, Uuid>(1) == profile => {
                let link = ExternalId { id: row.get(0), source: source.into(), external_id };
                Ok(Json(link).into_response())
            }
            _ => Err(Problem::new(&problem::EXTERNAL_ID_TAKEN)),
        };
    }
    bump(&tx, profile).await?;
    audit::note(&tx, &ids, &claims, "profile.link", Some(profile), &json!({"source": source.as_str(), "link": link}))
        .await?;
    let mut outbox = Outbox::new(&ids.correlation);
    let data = ProfileLinked {
        profile_id: profile,
        source: source.clone(),
        link_id: link,
        revision: Revision::FIRST,
        import_id: None,
        line: None,
    };
    outbox.push(outbox.draft(data, link, Timestamp::now()))?;
    outbox.write(&tx).await?;
    app.nudger.nudge_delayed().await?;
    tx.commit().await?;
    app.nudger.nudge_now().await;
    // Relative to the request (RFC 3986), so that it holds behind every stage and domain.
    let location = HeaderValue::try_from(format!("external-ids/{link}"))
        .map_err(|_| Problem::internal("a uuid is no header value"))?;
    let body = Json(ExternalId { id: link, source: source.into(), external_id });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], body).into_response())
}
