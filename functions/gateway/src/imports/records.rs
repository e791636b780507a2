//! `GET /v1/imports/{id}/records`: the fate of every record, a page at a time.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    http::{Caller, Ids, Page, PathId, Problem, Query, problem},
    intake::words::Lang,
};
use tokio_postgres::{IsolationLevel, Row, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::values;
use crate::{api::App, localise};

/// Page of the records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordsQuery {
    /// Only records of this fate.
    #[param(inline)]
    fate: Option<FateFilter>,
    /// Whether to say what was read from each record. Admins only; each unsealing is in the audit log.
    #[serde(default)]
    values: bool,
    /// From the record on that this line of the file belongs to; a cursor goes before it.
    #[param(minimum = 1)]
    line: Option<u32>,
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What may become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FateFilter {
    /// A fact that was not known.
    New,
    /// The next revision of a known fact.
    Changed,
    /// A known fact with the same content.
    Unchanged,
    /// The same as an earlier record of the file.
    Duplicate,
    /// Nothing in it.
    Blank,
    /// Refused with a reason.
    Rejected,
    /// About somebody who was erased, or whose data may not be used.
    Suppressed,
    /// Undone: the fact is what it was before.
    Restored,
    /// Undone: the fact is gone.
    Removed,
    /// Undone, but somebody changed the fact since: it stays.
    KeptLaterEdit,
}

impl FateFilter {
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Blank => "blank",
            Self::Rejected => "rejected",
            Self::Suppressed => "suppressed",
            Self::Restored => "restored",
            Self::Removed => "removed",
            Self::KeptLaterEdit => "kept_later_edit",
        }
    }
}

/// The fate of one record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordItem {
    /// Its number in the file, from 1.
    pub record: i32,
    /// The line it begins on, as a text editor counts.
    pub line: i32,
    /// The line it ends on.
    line_end: i32,
    /// `new`, `changed`, `unchanged`, `duplicate`, `blank`, `rejected` or `suppressed`; after an undo `restored`,
    /// `removed` or `kept_later_edit`.
    #[schema(example = "rejected")]
    pub fate: String,
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
    /// The offending value, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// What would have been right: the words allowed, the limits, the file to drop first.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// What was accepted and should be looked at.
    #[schema(value_type = Vec<Object>)]
    warnings: Value,
    /// The fact it fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<Uuid>,
    /// With `values=true`: what is stored of each column, as the import brought it; null where it says nothing. Times
    /// are RFC 3339 in UTC, ratings as given, people by the address or id of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<&'static str, Option<String>>>,
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
/// In file order. Reasons are in the language that `Accept-Language` names: `en`, `nb` or `uk`.
#[utoipa::path(get, path = "/v1/imports/{id}/records", operation_id = "list_import_records",
    params(("id" = Uuid, Path, description = "The import"), RecordsQuery),
    responses(
        (status = 200, description = "A page of records", body = RecordList),
        (status = 400, description = "`bad_limit`, `bad_cursor`"),
        (status = 403, description = "`forbidden`: also for `values=true` by anybody but an admin"),
        (status = 404, description = "`not_found`"),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn records(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Query(query): Query<RecordsQuery>,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
) -> Result<Json<RecordList>, Problem> {
    if query.values && claims.role != Role::Admin {
        return Err(Problem::new(&problem::FORBIDDEN).detail("The values of records are for admins."));
    }
    let lang = localise::lang(&headers);
    let page = Page::<i32>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    // A cursor made up by hand could be anything: it stays in the range where one may be added to it.
    let mut after = page.after.unwrap_or(0).clamp(0, i32::MAX - 1_000);
    let mut client = app.db.client().await?;
    let vault = if query.values { Some(app.vault.get(&client).await?) } else { None };
    // One snapshot: a record's fact is the one that stands beside its fate.
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let import = tx
        .query_typed(
            "SELECT source, entity, layout, outcome FROM intake.imports WHERE import_id = $1",
            &[(&id, Type::UUID)],
        )
        .await?
        .pop()
        .ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    if let (None, Some(line)) = (page.after, query.line) {
        after = before_line(&tx, id, line).await?;
    }
    let rows = fates(&tx, id, after, query.fate, i32::try_from(page.fetch()).unwrap_or(201)).await?;
    let mut items: Vec<_> = rows.iter().map(|row| record_item(row, lang)).collect();
    let next = page.cut(&mut items, |item| item.record);
    if let Some(vault) = vault {
        values::fill(&tx, vault, &ids, &claims, &values::Import::of(id, &import), &mut items).await?;
    }
    tx.commit().await?;
    Ok(Json(RecordList { items, next }))
}

/// The record before the first that ends on this line or later.
async fn before_line(tx: &Transaction<'_>, id: Uuid, line: u32) -> Result<i32, Problem> {
    let line = i32::try_from(line).unwrap_or(i32::MAX);
    let found = tx
        .query_typed(
            "SELECT (f.first_record + r.n - 2)::int
             FROM (SELECT * FROM intake.fates
                   WHERE import_id = $1 AND line_ends[cardinality(line_ends)] >= $2 ORDER BY first_record LIMIT 1) AS f
             CROSS JOIN LATERAL unnest(f.line_ends) WITH ORDINALITY AS r (line_end, n)
             WHERE r.line_end >= $2 ORDER BY r.n LIMIT 1",
            &[(&id, Type::UUID), (&line, Type::INT4)],
        )
        .await?;
    Ok(found.first().map_or(i32::MAX - 1_000, |row| row.get(0)))
}

/// The view intake.records says the same, but would unpack a whole file for every page: records are packed up to a
/// thousand a row and numbered without gaps, so a page stands in the rows that begin within these bounds, and with a
/// filter in the first of the rows that hold such a fate. Notes are unpacked for the page alone.
async fn fates(
    tx: &Transaction<'_>,
    id: Uuid,
    after: i32,
    fate: Option<FateFilter>,
    limit: i32,
) -> Result<Vec<Row>, Problem> {
    let (bounds, filter) = match fate {
        None => ("f.first_record <= $2 + $3", "true"),
        Some(_) => ("$4::text::intake.fate = ANY (f.fates)", "r.fate = $4::text::intake.fate"),
    };
    let sql = format!(
        "WITH page AS MATERIALIZED (
           SELECT f.first_record, r.n, r.line, r.line_end, r.fate, r.fact
           FROM (SELECT * FROM intake.fates f
                 WHERE f.import_id = $1 AND f.first_record > $2 - 1000 AND {bounds}
                 ORDER BY f.first_record LIMIT $3 + 1) AS f
           CROSS JOIN LATERAL unnest(f.lines, f.line_ends, f.fates, f.facts)
             WITH ORDINALITY AS r (line, line_end, fate, fact, n)
           WHERE f.first_record + r.n - 1 > $2 AND {filter}
           ORDER BY f.first_record, r.n LIMIT $3)
         SELECT (p.first_record + p.n - 1)::int AS record, p.line, p.line_end, p.fate::text AS fate, p.fact,
                COALESCE(f.notes -> (p.first_record + p.n - 1)::text, '{{}}') AS note
         FROM page p JOIN intake.fates f ON f.import_id = $1 AND f.first_record = p.first_record
         ORDER BY record"
    );
    let name = fate.map(FateFilter::as_str);
    let mut params: Vec<(&(dyn tokio_postgres::types::ToSql + Sync), Type)> =
        vec![(&id, Type::UUID), (&after, Type::INT4), (&limit, Type::INT4)];
    if fate.is_some() {
        params.push((&name, Type::TEXT));
    }
    Ok(tx.query_typed(&sql, &params).await?)
}

fn record_item(row: &Row, lang: Lang) -> RecordItem {
    let note: Value = row.get("note");
    let word = |name: &str| note[name].as_str().map(ToOwned::to_owned);
    RecordItem {
        record: row.get("record"),
        line: row.get("line"),
        line_end: row.get("line_end"),
        fate: row.get("fate"),
        code: word("code"),
        column: word("column"),
        reason: localise::reason(lang, &note),
        value: word("value"),
        hint: word("hint"),
        warnings: if note["warnings"].is_array() { note["warnings"].clone() } else { json!([]) },
        fact: row.get("fact"),
        values: None,
    }
}
