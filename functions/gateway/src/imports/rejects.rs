//! `GET /v1/imports/{id}/rejects`: where the rejected records can be fetched.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    audit,
    http::{Caller, Ids, PathId, Problem, Query, problem},
};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};

use crate::api::App;

/// Which of the files.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RejectsQuery {
    /// One of the two; absent: both.
    #[param(inline)]
    format: Option<Format>,
}

/// The form of a rejects file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As the file was written.
    Csv,
    /// A workbook with every cell as text.
    Xlsx,
}

/// Where the rejected records are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rejects {
    /// As a CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    csv_url: Option<String>,
    /// As a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    xlsx_url: Option<String>,
    /// The last moment the addresses work.
    expires_at: Timestamp,
}

/// The rejected records of an import
///
/// Signed addresses of the file to correct and drop again. They need no token, so whoever has one has the records;
/// asking for them is in the audit log.
#[utoipa::path(get, path = "/v1/imports/{id}/rejects", operation_id = "get_import_rejects",
    params(("id" = Uuid, Path, description = "The import"), RejectsQuery),
    responses(
        (status = 200, description = "Where they are, for 15 minutes", body = Rejects),
        (status = 404, description = "`not_found`: no such import, or it rejected nothing"),
        (status = 503, description = "`storage_unavailable`; `rejects_pending`: they are still being written")))]
pub async fn rejects(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Query(query): Query<RejectsQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<Rejects>, Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let row = tx
        .query_typed(
            "SELECT receipt ->> 'rejects_key', receipt ->> 'rejects_xlsx_key', COALESCE(object_key, ''),
                    outcome IN ('loaded', 'unchanged', 'planned') AND (receipt #>> '{counts,rejected}')::int > 0
                      AND receipt ->> 'rejects_key' IS NULL AND receipt ->> 'rejects_note' IS NULL AS pending
             FROM intake.imports WHERE import_id = $1",
            &[(&id, Type::UUID)],
        )
        .await?
        .pop()
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let (csv, xlsx): (Option<&str>, Option<&str>) = (row.get(0), row.get(1));
    let csv = csv.filter(|_| query.format != Some(Format::Xlsx));
    let xlsx = xlsx.filter(|_| query.format != Some(Format::Csv));
    let name = stem(row.get(2));
    let mut rejects = Rejects { csv_url: None, xlsx_url: None, expires_at: Timestamp::MAX };
    for (key, kind, url) in [(csv, "csv", &mut rejects.csv_url), (xlsx, "xlsx", &mut rejects.xlsx_url)] {
        let Some(key) = key else { continue };
        let signed = app.presigner.result(key, &format!("{name} rejects.{kind}")).await?;
        *url = Some(signed.url);
        rejects.expires_at = rejects.expires_at.min(signed.expires_at);
    }
    if rejects.csv_url.is_none() && rejects.xlsx_url.is_none() {
        // They are written after the commit, so an import is done a moment before they are there.
        if row.get::<_, Option<bool>>("pending") == Some(true) {
            return Err(Problem::new(&problem::REJECTS_PENDING));
        }
        return Err(Problem::new(&problem::NOT_FOUND).detail("This import has no such file of rejected records."));
    }
    audit::note(&tx, &ids, &claims, "import.rejects", Some(id), &json!({})).await?;
    tx.commit().await?;
    Ok(Json(rejects))
}

/// A file's name without its folders and its ending.
fn stem(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_rejects_file_is_saved_under_the_name_of_its_drop() {
        assert_eq!(stem("kintell/sessions/Møter 1.2.csv"), "Møter 1.2");
        assert_eq!((stem("kintell/.csv"), stem("a/b")), (".csv", "b"));
    }
}
