//! Receiving a signed delivery, the same for every sender: believed, claimed by its id, taken in, answered.
//!
//! ```text
//! signature over the bytes ─▶ the body read by the sender's reader ─▶ one transaction: the delivery's row claimed by
//! (sender, webhook-id) · the record taken in · the row ended ─▶ nudge · commit · nudge ─▶ 200, or a problem
//! ```
//!
//! | the delivery's row says | what is done |
//! |---|---|
//! | nothing yet | it is taken in; one that comes at the same time waits for the row |
//! | accepted, the same body | the first answer again, nothing else |
//! | rejected, the same body | it runs again under the same import: what it lacked may be there by now |
//! | another body under this id | 422 `webhook_id_mismatch`: an id names one message for ever |
//!
//! Bodies are never logged; what is kept of a rejected one is its fate.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use tokio_postgres::{Transaction, types::Type};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;

use super::{Delivery, Door, Item, TakenItem, commit, patience, take_in};
use crate::{
    bus::nudge::Nudger,
    db::{Db, DbError},
    http::{FieldError, Ids, Problem, problem},
    intake::{entity::Entity, fates::Fate},
    vault::LazyVault,
    webhook::KeptSecrets,
};

/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("webhook-replayed");

/// What a sender's body says.
pub struct Event {
    /// The type, as we call it.
    pub kind: &'static str,
    /// What the record is.
    pub entity: &'static Entity,
    /// The record.
    pub item: Item,
    /// Where its columns stand in the body.
    pub places: Places,
}

/// Columns and the members of the body they are read from, as JSON pointers; a column that is not among them stands in
/// `data` under its own name.
pub type Places = Vec<(&'static str, &'static str)>;

/// The member that a column is read from.
fn place(places: &[(&'static str, &'static str)], column: Option<&str>) -> String {
    match column {
        // The whole of a body of another form is the record.
        None if !places.is_empty() => String::new(),
        None => "/data".to_owned(),
        Some(column) => match places.iter().find(|(known, _)| *known == column) {
            Some((_, pointer)) => (*pointer).to_owned(),
            None => format!("/data/{column}"),
        },
    }
}

/// The types a sender may send, and what their records are.
pub type Types = &'static [(&'static str, &'static Entity)];

/// The standard's body: `{"type", "timestamp", "data"}`. Other members are passed over.
#[derive(Deserialize)]
struct Body<'a> {
    r#type: String,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// Reads the standard's body.
    ///
    /// # Errors
    /// 400 for what is no such body; 422 `unknown_event` for another type, or a timestamp that is none.
    pub fn standard(body: &[u8], types: Types) -> Result<Self, Problem> {
        let body: Body<'_> = serde_json::from_slice(body).map_err(|error| unreadable(&error, no_body()))?;
        let item = Item::read(body.data.get()).map_err(|_| no_body())?;
        let Some((kind, entity)) = types.iter().find(|(name, _)| *name == body.r#type) else {
            return Err(unknown("type", types.iter().map(|(name, _)| *name)));
        };
        let told = body.timestamp.as_deref().map(|text| time("timestamp", text)).transpose()?;
        let item = match told {
            Some(time) => item.told_at(time),
            None => item,
        };
        Ok(Self { kind, entity, item, places: Places::new() })
    }
}

/// 400 for what is no JSON; `otherwise` for JSON of another form.
pub(super) fn unreadable(error: &serde_json::Error, otherwise: Problem) -> Problem {
    if error.is_data() {
        return otherwise;
    }
    let (line, column) = (error.line(), error.column());
    Problem::new(&problem::BAD_JSON).detail(format!("The body is not JSON at line {line}, column {column}."))
}

/// 422 for a type that is not among the known ones.
pub(super) fn unknown(field: &str, known: impl Iterator<Item = &'static str>) -> Problem {
    let known: Vec<&str> = known.collect();
    let detail = format!("Not a type that is taken here; send one of: {}.", known.join(", "));
    Problem::new(&problem::UNKNOWN_EVENT).errors(vec![FieldError::new(field, "bad_enum", detail)])
}

/// A time as RFC 3339 writes it, from 1970 on: nothing was told before, and the database has no year −5000.
pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let time = text.parse().ok().filter(|time| *time >= Timestamp::UNIX_EPOCH);
    time.ok_or_else(|| {
        let detail = "Not a time as RFC 3339 writes it, with its offset: 2025-03-04T17:45:00Z.";
        Problem::new(&problem::INVALID_RECORD).errors(vec![FieldError::new(field, "bad_date", detail)])
    })
}

fn no_body() -> Problem {
    Problem::new(&problem::BAD_REQUEST)
        .detail("The body is an object with a text `type`, a time `timestamp` and an object `data`.")
}

/// What a source sends: its description, because the bytes are checked before they are read.
#[derive(Serialize, ToSchema)]
pub struct StandardEvent {
    /// One of the types that the operation names.
    #[schema(example = "match.created")]
    r#type: String,
    /// When it happened there, from 1970 on. A record told before the newest live revision of its fact is left out whole,
    /// with the warning `stale_revision`; a delivery that changed nothing made no revision.
    #[schema(value_type = Option<String>, format = DateTime)]
    timestamp: Option<String>,
    /// The record: the columns of its entity by their names. A number or a text; null is an empty cell, a field that is
    /// absent says nothing.
    #[schema(value_type = Object)]
    data: Value,
}

/// The headers of every delivery, for the API's description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description; the headers are read by the signature's check")]
pub struct DeliveryHeaders {
    /// The sender's id of the message, the same whenever it is sent again
    #[param(rename = "webhook-id")]
    id: String,
    /// When this try was signed, seconds since 1970
    #[param(rename = "webhook-timestamp")]
    timestamp: String,
    /// `v1,<base64>`, several between blanks
    #[param(rename = "webhook-signature")]
    signature: String,
}

/// What every delivery may be refused with, for the API's description.
#[derive(IntoResponses)]
pub enum DeliveryRefusals {
    /// `bad_request`: no body of this form
    #[response(status = 400)]
    NoBody,
    /// `invalid_record` and `unknown_event`: sending it again is pointless; `orphan_ref`: send it again later; `webhook_id_mismatch`
    #[response(status = 422)]
    Refused,
    /// `vault_unavailable`, `bus_unavailable`
    #[response(status = 503)]
    Away,
}

/// What an accepted delivery is answered with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookAnswer {
    /// The `webhook-id` it was sent under.
    #[schema(example = "msg_2b1f0c")]
    pub delivery_id: String,
    /// The import it is, for `GET /v1/imports/{id}`.
    pub import_id: Uuid,
    /// `new`, `changed`, `unchanged`, or `suppressed`: nothing of it is stored, because the person objects or was erased.
    #[schema(example = "new")]
    pub fate: String,
    /// The fact it fed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<FactAnswer>,
    /// What was accepted and should be looked at, by code.
    pub warnings: Vec<String>,
    /// Fields of `data` that nobody reads; their values are not stored.
    pub unknown_fields: Vec<String>,
}

/// The fact a record fed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FactAnswer {
    /// Its id, as events name it.
    pub id: Uuid,
    /// Its revision now.
    pub revision: i32,
}

/// A door for the deliveries of one sender.
pub struct Webhook<'a> {
    /// Whose deliveries: ids are theirs. Usually the source.
    pub sender: &'static str,
    /// The secrets agreed on with them.
    pub secrets: &'a KeptSecrets,
    /// The function's database.
    pub db: &'a Db,
    /// The vault.
    pub vault: &'a LazyVault,
    /// The relay's queue.
    pub nudger: &'a dyn Nudger,
}

impl Webhook<'_> {
    /// Receives one delivery. `read` is asked only when the signature holds.
    ///
    /// # Errors
    /// 401 `bad_signature`; what `read` says; 422 `invalid_record`, `orphan_ref`, `webhook_id_mismatch`; 503.
    pub async fn receive(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        ids: &Ids,
        read: impl FnOnce(&[u8]) -> Result<Event, Problem>,
    ) -> Result<Response, Problem> {
        let received_at = Timestamp::now();
        let message = self.secrets.verify(headers, body, received_at).await?;
        let event = match read(body) {
            // What is not even a body of ours has no fate: whoever signed it hears why.
            Err(problem) if problem.code.status == http::StatusCode::BAD_REQUEST => return Err(problem),
            event => event,
        };
        let mut client = self.db.client().await?;
        let client: &mut tokio_postgres::Client = &mut client;
        let vault = self.vault.get(client).await?;
        let tx = client.transaction().await?;
        patience(&tx).await?;
        let row = Row { sender: self.sender, id: &message.id };
        let fingerprint = digest(&SHA256, body);
        let again = match row.claim(&tx, fingerprint.as_ref(), event.as_ref().ok().map(|event| event.kind)).await? {
            Claim::Run(again) => again,
            Claim::Done(answer) => {
                tx.commit().await?;
                return Ok(([(REPLAYED, HeaderValue::from_static("true"))], axum::Json(answer)).into_response());
            }
            Claim::Other => return Err(Problem::new(&problem::WEBHOOK_ID_MISMATCH)),
        };
        let event = match event {
            Ok(event) => event,
            Err(problem) => {
                row.end(&tx, &problem.code.code.into(), None).await?;
                tx.commit().await?;
                return Err(problem);
            }
        };
        let (items, places) = ([event.item], event.places);
        let delivery = Delivery {
            received_at,
            name: Some(event.kind),
            again,
            ..Delivery::new(event.entity, Door::Webhook, &items, &ids.correlation)
        };
        let taken = take_in(&tx, vault, &delivery).await.map_err(|error| Problem::of(&error))?;
        let (import_id, events) = (taken.import_id, taken.events);
        let item = taken.items.into_iter().next().ok_or_else(|| Problem::internal("a delivery without an end"))?;
        tracing::info!(import_id = %import_id, kind = event.kind, fate = item.fate.as_str(), events, "a delivery was decided");
        let answer = answer(&message.id, import_id, item, &places);
        let end = match &answer {
            Ok(answer) => End::Accepted(serde_json::to_value(answer).unwrap_or_default()),
            Err(problem) => problem.code.code.into(),
        };
        row.end(&tx, &end, Some(import_id)).await?;
        commit(tx, self.nudger, events).await?;
        answer.map(|answer| axum::Json(answer).into_response())
    }
}

fn answer(
    delivery_id: &str,
    import_id: Uuid,
    item: TakenItem,
    places: &[(&'static str, &'static str)],
) -> Result<WebhookAnswer, Problem> {
    match (&item.rejection, item.fate) {
        (Some(_), _) | (None, Fate::Rejected) => Err(refused(&item, |column| place(places, column))),
        (None, fate) => Ok(WebhookAnswer {
            delivery_id: delivery_id.to_owned(),
            import_id,
            fate: fate.as_str().to_owned(),
            fact: item.fact.map(|(id, revision)| FactAnswer { id, revision }),
            warnings: item.warnings.iter().map(|code| code.as_str().to_owned()).collect(),
            unknown_fields: item.unknown.into_iter().map(|column| column.name).collect(),
        }),
    }
}

/// The problem of a rejected record: which field, and whether it is worth sending again. `place` is where a column, or
/// the record, stands in the body, as a JSON pointer.
pub(super) fn refused(item: &TakenItem, place: impl Fn(Option<&str>) -> String) -> Problem {
    let code = if item.is_retryable() { &problem::ORPHAN_REF } else { &problem::INVALID_RECORD };
    Problem::new(code).errors(why(item, place).into_iter().collect())
}

/// Why a record was rejected.
pub(super) fn why(item: &TakenItem, place: impl Fn(Option<&str>) -> String) -> Option<FieldError> {
    let why = item.rejection.as_ref()?;
    let pointer = place(why.column.as_deref());
    Some(FieldError { pointer, code: why.code.as_str(), detail: why.reason.clone().into() })
}

/// The row of a delivery.
struct Row<'a> {
    sender: &'static str,
    id: &'a str,
}

enum Claim {
    /// It is to be taken in, perhaps under the import of an earlier try.
    Run(Option<Uuid>),
    /// It was, with this answer.
    Done(Value),
    /// The id was used for another body.
    Other,
}

/// How a try ended.
enum End {
    Accepted(Value),
    Not(&'static str),
}

impl From<&'static str> for End {
    fn from(code: &'static str) -> Self {
        Self::Not(code)
    }
}

impl Row<'_> {
    /// Makes the row or takes it up. Whoever comes at the same time waits here until the first is committed.
    async fn claim(&self, tx: &Transaction<'_>, fingerprint: &[u8], kind: Option<&str>) -> Result<Claim, DbError> {
        let rows = tx
            .query_typed(
                "INSERT INTO intake.webhook_deliveries AS d (source, webhook_id, fingerprint, type) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (source, webhook_id) DO UPDATE SET attempts = d.attempts + 1, last_at = now()
                 RETURNING fingerprint, accepted, answer, import_id",
                &[
                    (&self.sender, Type::TEXT),
                    (&self.id, Type::TEXT),
                    (&fingerprint, Type::BYTEA),
                    (&kind, Type::TEXT),
                ],
            )
            .await?;
        let row = rows.first().ok_or_else(|| DbError::Unavailable("no row came back".into()))?;
        Ok(match (row.get::<_, &[u8]>(0) == fingerprint, row.get(1), row.get(2)) {
            (false, ..) => Claim::Other,
            (true, true, Some(answer)) => Claim::Done(answer),
            (true, ..) => Claim::Run(row.get(3)),
        })
    }

    async fn end(&self, tx: &Transaction<'_>, end: &End, import_id: Option<Uuid>) -> Result<(), DbError> {
        let (answer, code) = match end {
            End::Accepted(answer) => (Some(answer), None),
            End::Not(code) => (None, Some(*code)),
        };
        tx.execute_typed(
            "UPDATE intake.webhook_deliveries
             SET accepted = $3 IS NOT NULL, answer = $3, code = $4, import_id = COALESCE($5, import_id)
             WHERE source = $1 AND webhook_id = $2",
            &[
                (&self.sender, Type::TEXT),
                (&self.id, Type::TEXT),
                (&answer, Type::JSONB),
                (&code, Type::TEXT),
                (&import_id, Type::UUID),
            ],
        )
        .await?;
        Ok(())
    }
}
