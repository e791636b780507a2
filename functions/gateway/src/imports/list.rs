//! What came in: the list of imports and one import's receipt.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{Json, extract::State};
use http::HeaderMap;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    db::DbError,
    http::{Moment, Page, PathId, Problem, Query, problem},
    intake::receipt::Receipt,
};
use tokio_postgres::{GenericClient, Row, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::SOURCES;
use crate::{api::App, localise};

/// Filters and page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The object's key in the drop bucket, exactly.
    #[param(example = "kintell/sessions/march.csv")]
    key: Option<String>,
    /// The source.
    #[param(example = "kintell")]
    source: Option<String>,
    /// How it ended.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// A part of the file's name; capital and small letters are the same.
    #[param(example = "march", max_length = 255)]
    name: Option<String>,
    /// What the source calls a row (a session's id, a match's id): the imports that brought or changed it, with `lines`.
    #[param(example = "KS-00042", max_length = 255)]
    row: Option<String>,
    /// The import whose rejected records came again: its later attempts.
    rejects_of: Option<Uuid>,
    /// How it came in; dropped files if absent.
    #[param(inline)]
    door: Option<Door>,
    /// Noticed at this moment (RFC 3339) or on this day (UTC), or later.
    #[param(value_type = Option<String>, example = "2025-03-01")]
    from: Option<Since>,
    /// Noticed before this moment (RFC 3339), or until the end of this day (UTC).
    #[param(value_type = Option<String>, example = "2025-03-31")]
    to: Option<Until>,
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A moment, or the first of a day.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Since(Timestamp);

/// A moment, or the first of the day after.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Until(Timestamp);

impl TryFrom<String> for Since {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        moment(&text, 0).map(Self)
    }
}

impl TryFrom<String> for Until {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        moment(&text, 1).map(Self)
    }
}

fn moment(text: &str, days_on: i64) -> Result<Timestamp, &'static str> {
    const REFUSED: &str = "neither a moment nor a day";
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        // Only a day as it is written in full: the reader of dates also knows other forms.
        Err(_) if text.len() == 10 => {
            let day = text.parse::<Date>().and_then(|day| day.checked_add(days_on.days())).map_err(|_| REFUSED)?;
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| REFUSED)?
        }
        Err(_) => return Err(REFUSED),
    };
    Moment::try_from(time).map(Moment::get).map_err(|_| REFUSED)
}

/// How something came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A dropped file, a workbook too.
    #[default]
    Csv,
    /// A signed delivery of a provider.
    Webhook,
    /// A call of the API.
    Adapter,
    /// What a provider was asked for.
    Pull,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Webhook => "webhook",
            Self::Adapter => "adapter",
            Self::Pull => "pull",
        }
    }
}

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Applied.
    Loaded,
    /// Not readable as what it should be; nothing applied.
    Refused,
    /// Nothing new in it.
    Unchanged,
    /// A plan that waits for a person.
    Planned,
    /// Given up after retries.
    Failed,
    /// Taken back.
    Undone,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Refused => "refused",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }
}

/// One file's run or one delivery, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportItem {
    /// The import.
    id: Uuid,
    /// Where it came from.
    #[schema(example = "kintell")]
    source: String,
    /// What its records are, if that could be told.
    #[schema(example = "sessions")]
    entity: Option<String>,
    /// `waiting_upload`, `queued`, `running` or `done`.
    #[schema(example = "done")]
    status: String,
    /// How it ended, when it is done.
    #[schema(example = "loaded")]
    outcome: Option<String>,
    /// How it came in: `csv`, `webhook`, `adapter` or `pull`.
    #[schema(example = "csv")]
    door: String,
    /// The object's key in the drop bucket; none where no file was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kintell/sessions/march.csv")]
    key: Option<String>,
    /// What the file is called, where the upload was announced; of a delivery, what it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "march.csv")]
    name: Option<String>,
    /// Whether it was only to be planned.
    dry_run: bool,
    /// The plan that waits for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_hash: Option<String>,
    /// Why, for anything but `loaded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "brake")]
    code: Option<String>,
    /// When it was noticed.
    created_at: Timestamp,
    /// When it was done.
    finished_at: Option<Timestamp>,
    /// With `row`: where it stood in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    lines: Vec<i32>,
    /// Records by fate: `records, new, changed, unchanged, duplicate, blank, rejected, suppressed`.
    #[schema(value_type = Option<Object>)]
    counts: Option<Value>,
}

/// A page of imports, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportList {
    /// The imports.
    items: Vec<ImportItem>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Imports
///
/// Newest first. Dropped files, unless `door` asks for what came in by another.
#[utoipa::path(get, path = "/v1/imports", operation_id = "list_imports", params(ListQuery), responses(
    (status = 200, description = "A page of imports", body = ImportList),
    (status = 400, description = "`bad_limit`, `bad_cursor`")))]
pub async fn list(State(app): State<Arc<App>>, Query(query): Query<ListQuery>) -> Result<Json<ImportList>, Problem> {
    let page = Page::<(Moment, Uuid)>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let (after_time, after_id) = page.after.map(|(time, id)| (time.get(), id)).unzip();
    let client = app.db.client().await?;
    let places = match &query.row {
        Some(row) => Some(places(&**client, query.source.as_deref(), row.trim()).await?),
        None => None,
    };
    let of_row: Option<Vec<Uuid>> = places.as_ref().map(|places| places.keys().copied().collect());
    let rows = client
        .query_typed(
            "SELECT import_id, source, entity, status, outcome, door, object_key, name, dry_run, created_at, finished_at,
                    CASE WHEN outcome = 'planned' THEN plan_hash END AS plan_hash,
                    receipt ->> 'code' AS code, receipt -> 'counts' AS counts
             FROM intake.imports
             WHERE door = $12 AND ($1::text IS NULL OR object_key = $1)
               AND ($2::text IS NULL OR source = $2)
               AND ($3::text IS NULL OR outcome = $3)
               AND ($4::timestamptz IS NULL OR (created_at, import_id) < ($4, $5))
               AND ($7::timestamptz IS NULL OR created_at >= $7)
               AND ($8::timestamptz IS NULL OR created_at < $8)
               AND ($9::text IS NULL OR strpos(lower(COALESCE(name, regexp_replace(object_key, '^.*/', ''))), lower($9)) > 0)
               AND ($10::uuid IS NULL OR rejects_of = $10)
               AND ($11::uuid[] IS NULL OR import_id = ANY ($11))
             ORDER BY created_at DESC, import_id DESC
             LIMIT $6",
            &[
                (&query.key, Type::TEXT),
                (&query.source, Type::TEXT),
                (&query.outcome.map(Outcome::as_str), Type::TEXT),
                (&after_time, Type::TIMESTAMPTZ),
                (&after_id, Type::UUID),
                (&page.fetch(), Type::INT8),
                (&query.from.map(|since| since.0), Type::TIMESTAMPTZ),
                (&query.to.map(|until| until.0), Type::TIMESTAMPTZ),
                (&query.name.as_deref().map(str::trim), Type::TEXT),
                (&query.rejects_of, Type::UUID),
                (&of_row, Type::UUID_ARRAY),
                (&query.door.unwrap_or_default().as_str(), Type::TEXT),
            ],
        )
        .await?;
    let mut items: Vec<_> = rows.iter().map(import_item).collect();
    if let Some(mut places) = places {
        for item in &mut items {
            item.lines = places.remove(&item.id).unwrap_or_default().into_iter().collect();
        }
    }
    let next = page.cut(&mut items, |item| (Moment::stored(item.created_at), item.id));
    Ok(Json(ImportList { items, next }))
}

fn import_item(row: &Row) -> ImportItem {
    ImportItem {
        id: row.get("import_id"),
        source: row.get("source"),
        entity: row.get("entity"),
        status: row.get("status"),
        outcome: row.get("outcome"),
        door: row.get("door"),
        key: row.get("object_key"),
        name: row.get("name"),
        dry_run: row.get("dry_run"),
        plan_hash: row.get("plan_hash"),
        code: row.get("code"),
        created_at: row.get("created_at"),
        finished_at: row.get("finished_at"),
        lines: Vec::new(),
        counts: row.get("counts"),
    }
}

/// The imports that brought or changed the facts with this id, and the lines they stood on. A fact whose id is made of
/// several columns or of an address has none to ask for.
async fn places(
    client: &impl GenericClient,
    source: Option<&str>,
    id: &str,
) -> Result<HashMap<Uuid, BTreeSet<i32>>, DbError> {
    let known = SOURCES.iter().filter(|(name, _)| source.is_none_or(|source| source == *name));
    let facts: Vec<String> = known
        .flat_map(|(_, entities)| entities.iter())
        .map(|entity| {
            format!("SELECT {} AS fact_id, import_id, line FROM {} WHERE source_id = $1", entity.id, entity.table)
        })
        .collect();
    let mut places: HashMap<Uuid, BTreeSet<i32>> = HashMap::new();
    if facts.is_empty() {
        return Ok(places);
    }
    let sql = format!(
        "WITH facts AS MATERIALIZED ({})
         SELECT import_id, line FROM facts WHERE import_id IS NOT NULL
         UNION SELECT r.import_id, (r.stored ->> 'line')::int FROM facts f JOIN intake.revisions r USING (fact_id)
         WHERE r.import_id IS NOT NULL",
        facts.join(" UNION ALL ")
    );
    for row in client.query_typed(&sql, &[(&id, Type::TEXT)]).await? {
        places.entry(row.get(0)).or_default().extend(row.get::<_, Option<i32>>(1));
    }
    Ok(places)
}

/// What is known of an import that has no receipt yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportSoFar {
    /// The import.
    id: Uuid,
    /// Where it came from.
    source: String,
    /// What its records are, if that was said.
    entity: Option<String>,
    /// In which shape, if that is known.
    layout: Option<String>,
    /// `waiting_upload`, `queued`, `running` or `done`.
    #[schema(example = "waiting_upload")]
    status: String,
    /// How it ended, when it is done.
    outcome: Option<String>,
    /// Whether the same file may do better later without being changed.
    retryable: bool,
    /// Why the last try failed.
    reason: Option<String>,
    /// How often it was tried.
    attempts: i32,
    /// The object.
    file: FileSoFar,
    /// What the file is called, where the upload was announced.
    name: Option<String>,
    /// Whether it was only to be planned.
    dry_run: bool,
    /// When it was noticed.
    created_at: Timestamp,
}

/// The object of an import, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileSoFar {
    /// Its bucket.
    bucket: String,
    /// Its key.
    key: String,
    /// Its version; none while it is awaited.
    version: Option<String>,
    /// Its length.
    bytes: Option<i64>,
}

/// An import: its receipt, or what is known so far.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Import {
    /// When there is a receipt. `status` says whether the importer is at it again.
    Receipt(Box<Receipt>),
    /// Before that.
    SoFar(Box<ImportSoFar>),
}

/// One import
///
/// The receipt of an import that is done; of one that is not, what is known so far. Its sentences are in the language
/// that `Accept-Language` names: `en`, `nb` or `uk`.
#[utoipa::path(get, path = "/v1/imports/{id}", operation_id = "get_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The receipt, or what is known while there is none", body = Import),
        (status = 404, description = "`not_found`")))]
pub async fn get(State(app): State<Arc<App>>, PathId(id): PathId, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let mut receipt = stored(&app, id).await?;
    localise::receipt(localise::lang(&headers), &mut receipt);
    Ok(Json(receipt))
}

/// The receipt as it is stored, or what is known so far.
pub(crate) async fn stored(app: &App, id: Uuid) -> Result<Value, Problem> {
    let client = app.db.client().await?;
    let row = client
        .query_typed(
            "SELECT receipt, source, entity, layout, status, outcome, retryable, reason, COALESCE(bucket, '') AS bucket, COALESCE(object_key, '') AS object_key, object_version,
                    bytes, attempts, created_at, name, dry_run
             FROM intake.imports WHERE import_id = $1",
            &[(&id, Type::UUID)],
        )
        .await?
        .pop()
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(match row.get::<_, Option<Value>>("receipt") {
        Some(mut receipt) => {
            // A plan that is being committed, or a load that is being undone, has the receipt of what it was.
            receipt["status"] = json!(row.get::<_, &str>("status"));
            receipt
        }
        None => json!(so_far(id, &row)),
    })
}

fn so_far(id: Uuid, row: &Row) -> ImportSoFar {
    ImportSoFar {
        id,
        source: row.get("source"),
        entity: row.get("entity"),
        layout: row.get("layout"),
        status: row.get("status"),
        outcome: row.get("outcome"),
        retryable: row.get("retryable"),
        reason: row.get("reason"),
        attempts: row.get("attempts"),
        file: FileSoFar {
            bucket: row.get("bucket"),
            key: row.get("object_key"),
            version: row.get("object_version"),
            bytes: row.get("bytes"),
        },
        name: row.get("name"),
        dry_run: row.get("dry_run"),
        created_at: row.get("created_at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_from_and_its_end_to() {
        let read = |text: &str| (moment(text, 0).map(|t| t.to_string()), moment(text, 1).map(|t| t.to_string()));
        let day = (Ok("2025-03-31T00:00:00Z".to_owned()), Ok("2025-04-01T00:00:00Z".to_owned()));
        assert_eq!(read("2025-03-31"), day);
        let moment = Ok("2025-03-31T10:00:00Z".to_owned());
        assert_eq!(read("2025-03-31T12:00:00+02:00"), (moment.clone(), moment));
        for bad in ["", "2025-02-30", "2025-3-31", "31.03.2025", "2025-03-31T12:00:00", "-009999-01-02T01:59:59Z"] {
            assert!(read(bad).0.is_err(), "{bad}");
        }
    }
}
