//! `/v1/bus/replays`: what is to be sent once more is decided here, the relay does it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    audit,
    bus::replay::Selection,
    contracts::consumers::{self, Declared},
    http::{Begun, Caller, FieldError, Idempotent, Ids, Moment, Page, PathId, Problem, Query, problem},
};
use tokio_postgres::{Row, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::App;

/// Which events, to whom. Either `all`, or at least one of the others; several narrow each other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplay {
    /// Who takes them in once more.
    #[schema(example = "profile-projector")]
    consumer: String,
    /// Everything the consumer reads. What it made of events is taken away first and made again.
    #[serde(default)]
    all: bool,
    /// Events of these types.
    #[schema(example = json!(["kintell.session.completed.v1"]))]
    types: Option<Vec<String>>,
    /// Events about this fact.
    subject: Option<Uuid>,
    /// Events of the import of this file, and what followed from it.
    import: Option<Uuid>,
    /// Events recorded at this moment or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Moment>,
    /// Events recorded before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
    /// Only counts them.
    #[serde(default)]
    dry_run: bool,
}

/// A replay and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replay {
    /// Its id; events of it carry it as `replayid`.
    id: Uuid,
    /// Who takes the events in.
    #[schema(example = "profile-projector")]
    consumer: String,
    /// `queued`, `sending`, `sent` (all is in the consumer's queue), `settling` (all was taken in, the consumer does what it had put off), `done` or `failed`.
    #[schema(example = "sending")]
    state: String,
    /// Why it failed: `not_taken_in` or `not_settled` for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether it is everything.
    all: bool,
    /// Of these types.
    #[serde(skip_serializing_if = "Option::is_none")]
    types: Option<Vec<String>>,
    /// About this fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Uuid>,
    /// Of this import.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<Uuid>,
    /// Recorded since.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    /// Recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Events in all; absent while it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    /// Of those, sent.
    sent: i64,
    /// Of those, taken in again.
    taken_in: i64,
    /// Of those, dead letters.
    failed: i64,
    /// Who asked for it: the token's subject.
    requested_by: String,
    /// When it was asked for.
    created_at: Timestamp,
    /// When the relay began.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_at: Option<Timestamp>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
}

/// What a replay would send.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counted {
    /// `true`
    dry_run: bool,
    /// Events in all.
    total: i64,
    /// Type by type.
    types: Vec<CountedType>,
}

/// Events of one type.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedType {
    /// The type.
    #[serde(rename = "type")]
    kind: String,
    /// How many.
    events: i64,
}

const COLUMNS: &str = "replay_id, consumer, state, reason, whole, types, subject, import_id, from_at, until_at, total,
    sent, taken_in, failed, requested_by, created_at, began_at, finished_at";

fn read(row: &Row) -> Replay {
    Replay {
        id: row.get(0),
        consumer: row.get(1),
        state: row.get(2),
        reason: row.get(3),
        all: row.get(4),
        types: row.get(5),
        subject: row.get(6),
        import: row.get(7),
        from: row.get(8),
        until: row.get(9),
        total: row.get(10),
        sent: row.get(11),
        taken_in: row.get(12),
        failed: row.get(13),
        requested_by: row.get(14),
        created_at: row.get(15),
        began_at: row.get(16),
        finished_at: row.get(17),
    }
}

/// Send events once more
///
/// From our own log to one consumer's queue. With `dry_run` they are counted and nothing else. In one transaction the
/// consumer forgets that it had the events, with `all` also what it made of them; then they are sent, page by page. One
/// replay a consumer at a time. `Idempotency-Key` makes it safe to ask again.
#[utoipa::path(post, path = "/v1/bus/replays", operation_id = "create_bus_replay",
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for a day", max_length = 255)),
    request_body = NewReplay,
    responses(
        (status = 200, description = "What would be sent, for a dry run", body = Counted),
        (status = 202, description = "The relay will do it", body = Replay,
            headers(("location" = String, description = "The replay"), ("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_idempotency_key`"),
        (status = 409, description = "`replay_running`, `idempotency_running`"),
        (status = 422, description = "`idempotency_mismatch`"),
        (status = 503, description = "`bus_unavailable`")))]
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    request: Idempotent<NewReplay>,
) -> Result<Response, Problem> {
    let (consumer, selection) = wanted(&request.body)?;
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    of_a_file(&tx, selection.import).await?;
    if request.body.dry_run {
        tx.batch_execute("SET LOCAL statement_timeout = '10s'").await?;
        let counted = selection.bind(consumer.name).count(&*tx).await?;
        tx.commit().await?;
        let total = counted.iter().map(|(_, events)| events).sum();
        let types = counted.into_iter().map(|(kind, events)| CountedType { kind, events }).collect();
        return Ok(Json(Counted { dry_run: true, total, types }).into_response());
    }
    if let Begun::Replay(answer) = request.begin(&tx, &claims).await? {
        return Ok(answer);
    }
    let id = Uuid::now_v7();
    let rows = tx
        .query_typed(
            &format!(
                "INSERT INTO bus.replays (replay_id, consumer, whole, types, subject, import_id, from_at, until_at, requested_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (consumer) WHERE state NOT IN ('done', 'failed') DO NOTHING RETURNING {COLUMNS}"
            ),
            &[
                (&id, Type::UUID),
                (&consumer.name, Type::TEXT),
                (&selection.is_whole(), Type::BOOL),
                (&selection.types, Type::TEXT_ARRAY),
                (&selection.subject, Type::UUID),
                (&selection.import, Type::UUID),
                (&selection.from, Type::TIMESTAMPTZ),
                (&selection.until, Type::TIMESTAMPTZ),
                (&claims.sub, Type::TEXT),
            ],
        )
        .await?;
    let replay = rows.first().map(read).ok_or(Problem::new(&problem::REPLAY_RUNNING))?;
    let details = json!({
        "consumer": replay.consumer, "all": replay.all, "types": replay.types, "subject": replay.subject,
        "import": replay.import, "from": replay.from, "until": replay.until,
    });
    audit::note(&tx, &ids, &claims, "bus.replay", Some(id), &details).await?;
    request.keep(&tx, &claims, StatusCode::ACCEPTED, &replay).await?;
    app.bus.nudger.nudge_delayed().await?;
    tx.commit().await?;
    app.bus.nudger.nudge_now().await;
    let location =
        HeaderValue::try_from(format!("replays/{id}")).map_err(|_| Problem::internal("a uuid is no header value"))?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(replay)).into_response())
}

/// The events of a file have its import's id in common, those of a delivery its request's: by their import they are not
/// found, and a replay of nothing would look like one that healed.
async fn of_a_file(tx: &Transaction<'_>, import: Option<Uuid>) -> Result<(), Problem> {
    let Some(import) = import else { return Ok(()) };
    let sql = "SELECT FROM intake.imports WHERE import_id = $1 AND door <> 'csv'";
    if tx.query_typed(sql, &[(&import, Type::UUID)]).await?.is_empty() {
        return Ok(());
    }
    let detail = "This import is a delivery; name its facts (`subject`) or the time it came in (`from`, `until`).";
    Problem::check(vec![FieldError::new("import", "selection", detail.to_owned())])
}

/// The consumer and the events, or what is wrong with them.
fn wanted(new: &NewReplay) -> Result<(&'static Declared, Selection), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |field, code, detail: String| errors.push(FieldError::new(field, code, detail));
    let consumer = consumers::ALL.iter().find(|consumer| consumer.name == new.consumer);
    if consumer.is_none() {
        let known: Vec<_> = consumers::ALL.iter().map(|consumer| consumer.name).collect();
        wrong("consumer", "unknown_consumer", format!("A consumer is one of {}.", known.join(", ")));
    }
    let reads = |kind: &String| consumer.is_some_and(|consumer| consumer.reads.iter().any(|reads| reads.kind == kind));
    match &new.types {
        Some(types) if types.is_empty() => wrong("types", "out_of_range", "Name at least one type.".to_owned()),
        Some(types) if consumer.is_some() && !types.iter().all(reads) => {
            wrong("types", "not_read", "The consumer does not read one of these types.".to_owned());
        }
        _ => {}
    }
    let (from, until) = (new.from.map(Moment::get), new.until.map(Moment::get));
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        wrong("until", "out_of_range", "`until` is after `from`.".to_owned());
    }
    let (types, subject, import) = (new.types.clone(), new.subject, new.import);
    let selection = Selection { types, subject, import, from, until };
    if new.all != selection.is_whole() {
        let detail = "Either `all`, or at least one of `types`, `subject`, `import`, `from` and `until`.";
        wrong("all", "selection", detail.to_owned());
    }
    Problem::check(errors)?;
    consumer.map(|consumer| (consumer, selection)).ok_or(Problem::new(&problem::NOT_FOUND))
}

/// The page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Items a page, 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of replays, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayList {
    /// The replays.
    items: Vec<Replay>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Replays
///
/// Newest first, with their progress.
#[utoipa::path(get, path = "/v1/bus/replays", operation_id = "list_bus_replays", params(ListQuery), responses(
    (status = 200, description = "A page of replays", body = ReplayList),
    (status = 400, description = "`bad_limit`, `bad_cursor`")))]
pub async fn list(State(app): State<Arc<App>>, Query(query): Query<ListQuery>) -> Result<Json<ReplayList>, Problem> {
    let page = Page::<(Moment, Uuid)>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let (after_time, after_id) = page.after.map(|(time, id)| (time.get(), id)).unzip();
    let client = app.db.client().await?;
    let rows = client
        .query_typed(
            &format!(
                "SELECT {COLUMNS} FROM bus.replays
                 WHERE $1::timestamptz IS NULL OR (created_at, replay_id) < ($1, $2)
                 ORDER BY created_at DESC, replay_id DESC LIMIT $3"
            ),
            &[(&after_time, Type::TIMESTAMPTZ), (&after_id, Type::UUID), (&page.fetch(), Type::INT8)],
        )
        .await?;
    let mut items: Vec<_> = rows.iter().map(read).collect();
    let next = page.cut(&mut items, |item| (Moment::stored(item.created_at), item.id));
    Ok(Json(ReplayList { items, next }))
}

/// One replay
#[utoipa::path(get, path = "/v1/bus/replays/{id}", operation_id = "get_bus_replay",
    params(("id" = Uuid, Path, description = "The replay")),
    responses((status = 200, description = "How far it is", body = Replay), (status = 404, description = "`not_found`")))]
pub async fn get(State(app): State<Arc<App>>, PathId(id): PathId) -> Result<Json<Replay>, Problem> {
    let client = app.db.client().await?;
    let sql = format!("SELECT {COLUMNS} FROM bus.replays WHERE replay_id = $1");
    let row = client.query_typed_opt(&sql, &[(&id, Type::UUID)]).await?;
    row.as_ref().map(read).map(Json).ok_or(Problem::new(&problem::NOT_FOUND))
}
