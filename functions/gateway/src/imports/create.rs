//! `POST /v1/imports`: a place to put a file, tied to its import before it is there.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    audit,
    http::{Begun, Caller, FieldError, Idempotent, Ids, Problem},
    intake::words::Lang,
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::entities;
use crate::{
    api::App,
    localise,
    presign::{IMPORT_ID, VALID},
};

/// S3 refuses keys of more than 1,024 bytes, and results stand under the file's name with an id and a name of their own.
const LONGEST_KEY: usize = 1_024 - 64;
/// What a file system calls a file has at most this many characters.
const LONGEST_NAME: usize = 255;

/// A file that is to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImport {
    /// Which system exported it.
    #[schema(example = "kintell")]
    source: String,
    /// What its records are. Absent: told by the file's header.
    #[schema(example = "sessions")]
    entity: Option<String>,
    /// What the file is called: 1 to 255 characters, no slash.
    #[schema(example = "march.csv", max_length = 255)]
    name: String,
    /// The programme instance its facts belong to, before what the source profile says.
    programme_instance: Option<Uuid>,
    /// Whether it is only planned: nothing is applied until somebody commits it.
    #[serde(default)]
    dry_run: bool,
}

/// Where to put the file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Upload {
    /// `PUT`
    #[schema(example = "PUT")]
    method: &'static str,
    /// The signed address.
    url: String,
    /// Headers that have to be sent with it, as they are. A content type may be sent too.
    headers: UploadHeaders,
    /// The last moment the address works: 15 minutes from now.
    expires_at: Timestamp,
}

/// The signed headers of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadHeaders {
    /// The import again: it ties the object to it.
    #[serde(rename = "x-amz-meta-import-id")]
    import_id: Uuid,
    /// The language of the request, in which reasons are written into the rejects file; absent for English.
    #[serde(rename = "x-amz-meta-language", skip_serializing_if = "Option::is_none")]
    #[schema(example = "nb")]
    language: Option<&'static str>,
}

/// An import that waits for its file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Created {
    /// The import.
    id: Uuid,
    /// `waiting_upload`
    #[schema(example = "waiting_upload")]
    status: &'static str,
    /// The object's key in the drop bucket.
    #[schema(example = "kintell/sessions/march.csv")]
    key: String,
    /// Where to put the file.
    upload: Upload,
}

/// Announce a file
///
/// Makes an import that waits for its file, and an address to put the file to: one `PUT` with the headers given, within
/// 15 minutes. The receipt is under the import's id from then on. `Idempotency-Key` makes it safe to ask again;
/// `Accept-Language` says in which language (`en`, `nb`, `uk`) the rejects file tells its reasons.
#[utoipa::path(post, path = "/v1/imports", operation_id = "create_import",
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for a day", max_length = 255)),
    request_body = NewImport,
    responses(
        (status = 201, description = "It waits for its file", body = Created,
            headers(("location" = String, description = "The import"), ("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_idempotency_key`"),
        (status = 409, description = "`idempotency_running`"),
        (status = 422, description = "`idempotency_mismatch`"),
        (status = 503, description = "`storage_unavailable`")))]
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
    request: Idempotent<NewImport>,
) -> Result<Response, Problem> {
    let key = key(&request.body)?;
    let body = &request.body;
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    if let Begun::Replay(answer) = request.begin(&tx, &claims).await? {
        return Ok(answer);
    }
    known_instance(&tx, body.programme_instance, "/programme_instance").await?;
    let id = Uuid::now_v7();
    tx.execute_typed(
        "INSERT INTO intake.imports (import_id, source, entity, status, bucket, object_key, name, created_by, instance_id, dry_run)
         VALUES ($1, $2, $3, 'waiting_upload', $4, $5, $6, $7, $8, $9)",
        &[
            (&id, Type::UUID),
            (&body.source, Type::TEXT),
            (&body.entity, Type::TEXT),
            (&app.presigner.drops, Type::TEXT),
            (&key, Type::TEXT),
            (&body.name.trim(), Type::TEXT),
            (&claims.sub, Type::TEXT),
            (&body.programme_instance, Type::UUID),
            (&body.dry_run, Type::BOOL),
        ],
    )
    .await?;
    // The file's name may be a person's: it is in the import's row and not in the audit log.
    let details = json!({"source": body.source, "entity": body.entity, "dry_run": body.dry_run});
    audit::note(&tx, &ids, &claims, "import.create", Some(id), &details).await?;
    let language = Some(localise::lang(&headers)).filter(|language| *language != Lang::En);
    let signed = app.presigner.upload(&key, id, language).await?;
    let upload = Upload {
        method: "PUT",
        url: signed.url,
        headers: UploadHeaders { import_id: id, language: language.map(Lang::tag) },
        expires_at: signed.expires_at,
    };
    let created = Created { id, status: "waiting_upload", key, upload };
    request.keep(&tx, &claims, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    tracing::info!(import_id = %id, header = IMPORT_ID, valid_seconds = VALID.as_secs(), "an upload may begin");
    // Relative to the request (RFC 3986), so that it holds behind every stage and domain.
    let location =
        HeaderValue::try_from(format!("imports/{id}")).map_err(|_| Problem::internal("a uuid is no header value"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(created)).into_response())
}

/// 422 unless there is such an instance, or none was named.
pub(super) async fn known_instance(tx: &Transaction<'_>, id: Option<Uuid>, pointer: &str) -> Result<(), Problem> {
    let Some(id) = id else { return Ok(()) };
    let known =
        tx.query_typed("SELECT 1 FROM core.programme_instances WHERE instance_id = $1", &[(&id, Type::UUID)]).await?;
    if known.is_empty() {
        let detail = "There is no programme instance with this id.".into();
        return Err(Problem::field(FieldError { pointer: pointer.to_owned(), code: "unknown_instance", detail }));
    }
    Ok(())
}

/// Where the file will stand: `[dry-run/]<source>/[<entity>/]<name>`.
fn key(new: &NewImport) -> Result<String, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |field, code, detail: String| errors.push(FieldError::new(field, code, detail));
    match (entities(&new.source), &new.entity) {
        (None, _) => {
            let known: Vec<_> = super::SOURCES.iter().map(|(name, _)| *name).collect();
            wrong("source", "unknown_source", format!("A source is one of {}.", known.join(", ")));
        }
        (Some(entities), Some(entity)) if !entities.iter().any(|one| one.name == entity) => {
            let known: Vec<_> = entities.iter().map(|one| one.name).collect();
            wrong("entity", "unknown_entity", format!("This source exports {}.", known.join(", ")));
        }
        _ => {}
    }
    let name = new.name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME {
        wrong("name", "out_of_range", "A file's name has 1 to 255 characters.".to_owned());
    } else if name.contains('/') || name == "." || name == ".." {
        wrong("name", "not_a_file_name", "A file's name holds no slash and is not only dots.".to_owned());
    } else if name.chars().any(|c| c.is_control() || turns(c)) {
        wrong("name", "control_character", "The name holds a character that cannot be seen.".to_owned());
    }
    let folder = new.entity.as_ref().map_or_else(|| new.source.clone(), |entity| format!("{}/{entity}", new.source));
    let key = format!("{}{folder}/{name}", if new.dry_run { "dry-run/" } else { "" });
    if key.len() > LONGEST_KEY {
        wrong("name", "too_long", "The name is too long for the bucket: shorten it.".to_owned());
    }
    Problem::check(errors)?;
    Ok(key)
}

/// Marks that turn the direction of what follows: `fdp.exe` would look like `exe.pdf`.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str) -> NewImport {
        NewImport {
            source: "kintell".into(),
            entity: Some("sessions".into()),
            name: name.into(),
            programme_instance: None,
            dry_run: false,
        }
    }

    #[test]
    fn a_file_goes_into_the_folder_of_its_entity_under_its_own_name() {
        assert_eq!(key(&new(" Møter i mars+1 (Олена).csv ")).unwrap(), "kintell/sessions/Møter i mars+1 (Олена).csv");
        assert_eq!(key(&NewImport { entity: None, ..new("a.xlsx") }).unwrap(), "kintell/a.xlsx");
        assert_eq!(key(&NewImport { dry_run: true, ..new("a.csv") }).unwrap(), "dry-run/kintell/sessions/a.csv");
    }

    #[test]
    fn a_name_that_leaves_its_folder_or_cannot_be_seen_is_refused() {
        for (name, code) in [
            ("", "out_of_range"),
            (" ", "out_of_range"),
            (&"x".repeat(256), "out_of_range"),
            ("a/b.csv", "not_a_file_name"),
            ("..", "not_a_file_name"),
            ("a\u{0}.csv", "control_character"),
            ("a\nb.csv", "control_character"),
            ("a\u{202e}vsc.csv", "control_character"),
            (&"𝐚".repeat(255), "too_long"),
        ] {
            let problem = key(&new(name)).unwrap_err();
            assert_eq!((problem.errors[0].pointer.as_str(), problem.errors[0].code), ("/name", code), "{name:?}");
        }
    }

    #[test]
    fn a_source_or_entity_nobody_reads_is_refused_with_those_there_are() {
        let problem = key(&NewImport { entity: Some("session".into()), ..new("a.csv") }).unwrap_err();
        assert_eq!(problem.errors[0].detail, "This source exports sessions, users, ratings.");
        let problem = key(&NewImport { source: "Kintell".into(), ..new("a.csv") }).unwrap_err();
        assert_eq!(problem.errors[0].code, "unknown_source");
    }
}
