//! Dead letters: what lies there and why, and putting it back.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    audit,
    http::{Begun, Caller, FieldError, Idempotent, Ids, Problem},
};
use tokio_postgres::types::Type;
use utoipa::ToSchema;
use uuid::Uuid;

use super::queues::{FUNCTIONS, RELAY};
use crate::api::App;

/// Reasons shown of each function.
const REASONS: i64 = 50;

/// Why one message is dead.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reason {
    /// The event, if one could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Uuid>,
    /// The message, where no event could be read from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// The event's type, if the event is in our log.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(example = "kintell.session.completed.v1")]
    kind: Option<String>,
    /// What it failed with last: a code of the runbook, or the bus's own.
    #[schema(example = "unknown_profile")]
    code: String,
    /// How often it failed.
    tries: i32,
    /// When it first failed for good.
    first_at: Timestamp,
    /// When it last did.
    last_at: Timestamp,
}

/// The dead letters of one function.
#[derive(Debug, Serialize, ToSchema)]
pub struct FunctionLetters {
    /// The function whose queue it is.
    #[schema(example = "profile-projector")]
    function: &'static str,
    /// Messages in its dead-letter queue; absent when the queue does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<i64>,
    /// Events the bus refused (of `bus-relay`).
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<i64>,
    /// The newest reasons known, at most 50. Importers write theirs into receipts and logs.
    reasons: Vec<Reason>,
}

/// What lies dead.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetters {
    /// Each function behind a queue.
    items: Vec<FunctionLetters>,
}

/// Dead letters
///
/// How many there are, and why the newest ones are dead.
#[utoipa::path(get, path = "/v1/bus/dead-letters", operation_id = "list_bus_dead_letters",
    responses((status = 200, description = "Function by function", body = DeadLetters)))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<DeadLetters>, Problem> {
    let client = app.db.client().await?;
    let consumers = client
        .query_typed(
            "SELECT d.event_id, CASE WHEN d.event_id IS NULL THEN d.letter END, p.type, d.code, d.tries, d.first_at, d.last_at, d.consumer
             FROM (SELECT *, row_number() OVER (PARTITION BY consumer ORDER BY last_at DESC) AS n FROM bus.dead_letters) d
             LEFT JOIN bus.published p ON p.event_id = d.event_id
             WHERE d.n <= $1 ORDER BY d.last_at DESC",
            &[(&REASONS, Type::INT8)],
        )
        .await?;
    let refused = client
        .query_typed(
            "SELECT event_id, NULL::text, NULL::text, reason, attempts, died_at, died_at, NULL::text, count(*) OVER ()
             FROM bus.dead WHERE published_at IS NULL ORDER BY died_at DESC LIMIT $1",
            &[(&REASONS, Type::INT8)],
        )
        .await?;
    drop(client);
    let reason = |row: &tokio_postgres::Row| Reason {
        event_id: row.get(0),
        message_id: row.get(1),
        kind: row.get(2),
        code: row.get(3),
        tries: row.get(4),
        first_at: row.get(5),
        last_at: row.get(6),
    };
    let mut items = Vec::new();
    for function in FUNCTIONS {
        let depths = app.bus.letters.depths(function).await.inspect_err(|error| tracing::warn!("{error}")).ok();
        let is_relay = function == RELAY;
        items.push(FunctionLetters {
            function,
            dead_letters: depths.map(|depths| depths.dead),
            refused: is_relay.then(|| refused.first().map_or(0, |row| row.get(8))),
            reasons: if is_relay {
                refused.iter().map(reason).collect()
            } else {
                let of = |row: &&tokio_postgres::Row| row.get::<_, &str>(7) == function;
                consumers.iter().filter(of).map(reason).collect()
            },
        });
    }
    Ok(Json(DeadLetters { items }))
}

/// Whose dead letters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRedrive {
    /// The function whose letters go back to its queue; of `bus-relay` also the events the bus refused, back into publishing.
    #[schema(example = "profile-projector")]
    function: String,
}

/// What is on its way back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redrive {
    /// The function.
    #[schema(example = "profile-projector")]
    function: String,
    /// Messages that lay in the dead-letter queue.
    dead_letters: i64,
    /// Events that are published again.
    refused: i64,
}

/// Put dead letters back
///
/// The queue's service moves the messages, none is lost on the way. Remove the cause first. What was done already is
/// recognised and not done again.
#[utoipa::path(post, path = "/v1/bus/redrives", operation_id = "create_bus_redrive",
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for a day", max_length = 255)),
    request_body = NewRedrive,
    responses(
        (status = 202, description = "They are on their way", body = Redrive,
            headers(("idempotency-replayed" = Option<String>, description = "`true` on an answer that was given before"))),
        (status = 400, description = "`bad_idempotency_key`"),
        (status = 409, description = "`idempotency_running`"),
        (status = 422, description = "`idempotency_mismatch`"),
        (status = 503, description = "`queue_unavailable`, `bus_unavailable`")))]
pub async fn redrive(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    request: Idempotent<NewRedrive>,
) -> Result<Response, Problem> {
    let Some(function) = FUNCTIONS.into_iter().find(|name| *name == request.body.function) else {
        let detail = format!("A function is one of {}.", FUNCTIONS.join(", "));
        return Err(Problem::field(FieldError::new("function", "unknown_function", detail)));
    };
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    if let Begun::Replay(answer) = request.begin(&tx, &claims).await? {
        return Ok(answer);
    }
    let depths = app.bus.letters.depths(function).await?;
    let refused = if function == RELAY {
        let sql = "UPDATE bus.dead SET requeued_at = now() WHERE published_at IS NULL AND requeued_at IS NULL";
        tx.execute_typed(sql, &[]).await? as i64
    } else {
        // Moved back, a message has another id: what failed under this one is told again under the next.
        let sql = "DELETE FROM bus.dead_letters WHERE consumer = $1 AND event_id IS NULL";
        tx.execute_typed(sql, &[(&function, Type::TEXT)]).await?;
        0
    };
    let details = json!({ "function": function, "dead_letters": depths.dead, "refused": refused });
    audit::note(&tx, &ids, &claims, "bus.redrive", None, &details).await?;
    let answer = Redrive { function: function.to_owned(), dead_letters: depths.dead, refused };
    request.keep(&tx, &claims, StatusCode::ACCEPTED, &answer).await?;
    if refused > 0 {
        app.bus.nudger.nudge_delayed().await?;
    }
    if depths.dead > 0 {
        app.bus.letters.redrive(function).await?;
    }
    tx.commit().await?;
    if refused > 0 {
        app.bus.nudger.nudge_now().await;
    }
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}
