//! What came in: the list of imports, one import's receipt, the fate of every record.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::http::{Moment, Page, PathId, Problem, Query, problem};
use tokio_postgres::{Row, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::App;

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
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
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

/// One file's run, in short.
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
    /// The object's key in the drop bucket.
    #[schema(example = "kintell/sessions/march.csv")]
    key: String,
    /// When it was noticed.
    created_at: Timestamp,
    /// When it was done.
    finished_at: Option<Timestamp>,
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
/// Newest first.
#[utoipa::path(get, path = "/v1/imports", operation_id = "list_imports", params(ListQuery), responses(
    (status = 200, description = "A page of imports", body = ImportList),
    (status = 400, description = "`bad_limit`, `bad_cursor`")))]
pub async fn list(State(app): State<Arc<App>>, Query(query): Query<ListQuery>) -> Result<Json<ImportList>, Problem> {
    let page = Page::<(Moment, Uuid)>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let (after_time, after_id) = page.after.map(|(time, id)| (time.get(), id)).unzip();
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            "SELECT import_id, source, entity, status, outcome, object_key, created_at, finished_at, receipt -> 'counts' AS counts
             FROM intake.imports
             WHERE ($1::text IS NULL OR object_key = $1)
               AND ($2::text IS NULL OR source = $2)
               AND ($3::text IS NULL OR outcome = $3)
               AND ($4::timestamptz IS NULL OR (created_at, import_id) < ($4, $5))
             ORDER BY created_at DESC, import_id DESC
             LIMIT $6",
            &[
                (&query.key, Type::TEXT),
                (&query.source, Type::TEXT),
                (&query.outcome.map(Outcome::as_str), Type::TEXT),
                (&after_time, Type::TIMESTAMPTZ),
                (&after_id, Type::UUID),
                (&page.fetch(), Type::INT8),
            ],
        )
        .await?;
    let mut items: Vec<_> = rows.iter().map(import_item).collect();
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
        key: row.get("object_key"),
        created_at: row.get("created_at"),
        finished_at: row.get("finished_at"),
        counts: row.get("counts"),
    }
}

/// One import
///
/// The receipt of an import that is done; of one that is not, what is known so far.
#[utoipa::path(get, path = "/v1/imports/{id}", operation_id = "get_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The receipt, or `id, source, entity, layout, status, retryable, reason, attempts, file, created_at` while there is none", body = Object,
            example = json!({"id": "01980f5c-3a5e-7c1d-9e52-6f1f5c0a7b11", "source": "kintell", "entity": "sessions", "layout": "language", "status": "done", "outcome": "loaded",
                "counts": {"records": 12, "new": 11, "changed": 0, "unchanged": 0, "duplicate": 0, "blank": 0, "rejected": 1, "suppressed": 0}})),
        (status = 404, description = "`not_found`")))]
pub async fn get(State(app): State<Arc<App>>, PathId(id): PathId) -> Result<Json<Value>, Problem> {
    let client = app.db.client().await?;
    let row = client
        .query_typed(
            "SELECT receipt, source, entity, layout, status, outcome, retryable, reason, bucket, object_key, object_version, bytes, attempts, created_at
             FROM intake.imports WHERE import_id = $1",
            &[(&id, Type::UUID)],
        )
        .await?
        .pop()
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(Json(row.get::<_, Option<Value>>("receipt").unwrap_or_else(|| so_far(id, &row))))
}

fn so_far(id: Uuid, row: &Row) -> Value {
    json!({
        "id": id,
        "source": row.get::<_, String>("source"),
        "entity": row.get::<_, Option<String>>("entity"),
        "layout": row.get::<_, Option<String>>("layout"),
        "status": row.get::<_, String>("status"),
        "outcome": row.get::<_, Option<String>>("outcome"),
        "retryable": row.get::<_, bool>("retryable"),
        "reason": row.get::<_, Option<String>>("reason"),
        "attempts": row.get::<_, i32>("attempts"),
        "file": {
            "bucket": row.get::<_, String>("bucket"),
            "key": row.get::<_, String>("object_key"),
            "version": row.get::<_, String>("object_version"),
            "bytes": row.get::<_, Option<i64>>("bytes"),
        },
        "created_at": row.get::<_, Timestamp>("created_at"),
    })
}

/// Page of the records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordsQuery {
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The fate of one record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordItem {
    /// Its number in the file, from 1.
    record: i32,
    /// The line it begins on, as a text editor counts.
    line: i32,
    /// The line it ends on.
    line_end: i32,
    /// `new`, `changed`, `unchanged`, `duplicate`, `blank`, `rejected` or `suppressed`.
    #[schema(example = "rejected")]
    fate: String,
    /// Why, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "out_of_range")]
    code: Option<String>,
    /// Which column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rating")]
    column: Option<String>,
    /// Why, for people; the offending value is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What was accepted and should be looked at.
    #[schema(value_type = Vec<Object>)]
    warnings: Value,
    /// The fact it fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<Uuid>,
}

/// A page of records, in file order.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordList {
    /// The records.
    items: Vec<RecordItem>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The fate of every record of an import
///
/// In file order.
#[utoipa::path(get, path = "/v1/imports/{id}/records", operation_id = "list_import_records",
    params(("id" = Uuid, Path, description = "The import"), RecordsQuery),
    responses(
        (status = 200, description = "A page of records", body = RecordList),
        (status = 400, description = "`bad_limit`, `bad_cursor`"),
        (status = 404, description = "`not_found`")))]
pub async fn records(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Query(query): Query<RecordsQuery>,
) -> Result<Json<RecordList>, Problem> {
    let page = Page::<i32>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    // A cursor made up by hand could be anything: it stays in the range where one may be added to it.
    let after = page.after.unwrap_or(0).clamp(0, i32::MAX - 1_000);
    let client = app.db.client().await?;
    let known = client.query_typed("SELECT 1 FROM intake.imports WHERE import_id = $1", &[(&id, Type::UUID)]).await?;
    if known.is_empty() {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    // The view intake.records says the same, but would unpack a whole file for every page: records are packed up to
    // a thousand a row and numbered without gaps, so a page stands in the rows that begin within these bounds.
    let rows = client
        .query_typed(
            "SELECT f.first_record + i.n - 1 AS record, f.lines[i.n] AS line, f.line_ends[i.n] AS line_end,
                    f.fates[i.n]::text AS fate, f.facts[i.n] AS fact,
                    note ->> 'code' AS code, note ->> 'column' AS column_name, note ->> 'reason' AS reason,
                    COALESCE(note -> 'warnings', '[]'::jsonb) AS warnings
             FROM intake.fates f
             CROSS JOIN LATERAL generate_subscripts(f.lines, 1) AS i (n)
             CROSS JOIN LATERAL (SELECT f.notes -> (f.first_record + i.n - 1)::text AS note) AS x
             WHERE f.import_id = $1 AND f.first_record > $2 - 1000 AND f.first_record <= $2 + $3
               AND f.first_record + i.n - 1 > $2
             ORDER BY record LIMIT $3",
            &[(&id, Type::UUID), (&after, Type::INT4), (&i32::try_from(page.fetch()).unwrap_or(201), Type::INT4)],
        )
        .await?;
    let mut items: Vec<_> = rows.iter().map(record_item).collect();
    let next = page.cut(&mut items, |item| item.record);
    Ok(Json(RecordList { items, next }))
}

fn record_item(row: &Row) -> RecordItem {
    RecordItem {
        record: row.get("record"),
        line: row.get("line"),
        line_end: row.get("line_end"),
        fate: row.get("fate"),
        code: row.get("code"),
        column: row.get("column_name"),
        reason: row.get("reason"),
        warnings: row.get("warnings"),
        fact: row.get("fact"),
    }
}
