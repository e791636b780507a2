//! Receiving an authenticated call, the same for every entity: one record or up to 500, each with an end of its own.
//!
//! ```text
//! the body's form ─▶ one transaction: the Idempotency-Key asked for · the records taken in · an entry in the audit
//! log · the answer kept under the key ─▶ nudge · commit · nudge ─▶ the answer
//! ```
//!
//! | the body | the answer |
//! |---|---|
//! | an object: a record | 201 a new fact, 200 what changed nothing or changed one; 422 if the record is rejected |
//! | `{"items": […]}` or a list: a batch | 200 with an end for each record, in order; rejected ones do not stop the others |
//!
//! An answer of 2xx is kept under the key. A refusal is not: nothing was taken in, and what the record lacked may be
//! there when it is sent again.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{json, value::RawValue};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;

use super::{
    Delivery, Door, Item, MOST_ITEMS, Taken, TakenItem, commit,
    item::{Members, plain},
    patience, take_in,
    webhook::{FactAnswer, refused, why},
};
use crate::{
    audit,
    auth::Claims,
    bus::nudge::Nudger,
    contracts::Counts,
    db::Db,
    http::{Begun, FieldError, Idempotent, Ids, Problem},
    intake::{entity::Entity, fates::Fate},
    vault::LazyVault,
};

/// Items at fault that an answer names.
const SHOWN: usize = 20;

/// A body as it came, and the key it was sent under, if any.
pub type Call = Idempotent<Box<RawValue>>;

/// What one record is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordAnswer {
    /// The import it is, for `GET /v1/imports/{id}`.
    pub import_id: Uuid,
    /// `new`, `changed`, `unchanged`, or `suppressed`: nothing of it is stored, because the person objects or was erased.
    #[schema(example = "new")]
    pub fate: String,
    /// The fact it fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<FactAnswer>,
    /// What was accepted and should be looked at, by code.
    pub warnings: Vec<String>,
    /// Fields that nobody reads; their values are not stored.
    pub unknown_fields: Vec<String>,
}

/// What a batch is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// The import it is, for `GET /v1/imports/{id}`.
    pub import_id: Uuid,
    /// `loaded`: something is new or changed. `unchanged`: nothing is. `refused`: every record was rejected.
    #[schema(example = "loaded")]
    pub outcome: String,
    /// How many records ended how.
    #[schema(value_type = Object)]
    pub counts: Counts,
    /// Each record, in order.
    pub items: Vec<ItemAnswer>,
}

/// How a record of a batch ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemAnswer {
    /// Its number, from 1, as its fate and its events name it.
    #[schema(example = 1)]
    pub line: usize,
    /// `new`, `changed`, `unchanged`, `duplicate` of one before it, `rejected` or `suppressed`.
    #[schema(example = "new")]
    pub fate: String,
    /// The fact it fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<FactAnswer>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<FieldError>,
    /// Of a rejected record: whether the same may be accepted later, once what it refers to is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// What was accepted and should be looked at, by code.
    pub warnings: Vec<String>,
    /// Fields that nobody reads; their values are not stored.
    pub unknown_fields: Vec<String>,
}

/// What a call is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Of one record.
    One(RecordAnswer),
    /// Of a batch.
    Batch(BatchAnswer),
}

/// What every adapter refuses, for the API's description.
#[derive(IntoResponses)]
pub enum Refusals {
    /// `bad_idempotency_key`
    #[response(status = 400)]
    BadKey,
    /// `idempotency_running`
    #[response(status = 409)]
    Running,
    /// `bad_field`: no body of this form, or more than 500 records; `invalid_record`, `orphan_ref`: of one record; `idempotency_mismatch`
    #[response(status = 422)]
    Refused,
    /// `vault_unavailable`, `bus_unavailable`
    #[response(status = 503)]
    Away,
}

/// The headers of every adapter, for the API's description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description; the header is read by `Idempotent`")]
pub struct CallHeaders {
    /// 1 to 255 visible ASCII characters; the same key and body give the same answer for a day, and are done once.
    #[param(rename = "idempotency-key", max_length = 255)]
    idempotency_key: Option<String>,
}

/// A door for calls that bring records of one entity.
pub struct Adapter<'a> {
    /// What the records are.
    pub entity: &'static Entity,
    /// The function's database.
    pub db: &'a Db,
    /// The vault.
    pub vault: &'a LazyVault,
    /// The relay's queue.
    pub nudger: &'a dyn Nudger,
}

impl Adapter<'_> {
    /// Receives one call.
    ///
    /// # Errors
    /// 409 `idempotency_running`; 422 `bad_field` for a body of another form, `idempotency_mismatch`, and of one record
    /// `invalid_record` and `orphan_ref`; 503.
    pub async fn receive(&self, call: &Call, claims: &Claims, ids: &Ids) -> Result<Response, Problem> {
        let received_at = Timestamp::now();
        let records = Records::read(&call.body)?;
        let mut client = self.db.client().await?;
        let client: &mut tokio_postgres::Client = &mut client;
        let vault = self.vault.get(client).await?;
        let tx = client.transaction().await?;
        patience(&tx).await?;
        if let Begun::Replay(answer) = call.begin(&tx, claims).await? {
            return Ok(answer);
        }
        let delivery = Delivery {
            received_at,
            created_by: Some(&claims.sub),
            ..Delivery::new(self.entity, Door::Adapter, &records.items, &ids.correlation)
        };
        let taken = take_in(&tx, vault, &delivery).await.map_err(|error| Problem::of(&error))?;
        let (import_id, events, outcome) = (taken.import_id, taken.events, taken.outcome.as_str());
        let about = json!({ "source": self.entity.source, "entity": self.entity.name, "records": records.items.len() });
        audit::note(&tx, ids, claims, "records.create", Some(import_id), &about).await?;
        tracing::info!(import_id = %import_id, entity = self.entity.name, records = records.items.len(), outcome, events, "records were decided");
        let answer = match records.form {
            Form::One => one(taken).map(|answer| match answer.fate == Fate::New.as_str() {
                true => (StatusCode::CREATED, Answer::One(answer)),
                false => (StatusCode::OK, Answer::One(answer)),
            }),
            form => Ok((StatusCode::OK, Answer::Batch(batch(taken, form)))),
        };
        if let Ok((status, answer)) = &answer {
            call.keep(&tx, claims, *status, answer).await?;
        }
        // A record that is rejected keeps its fate.
        commit(tx, self.nudger, events).await?;
        answer.map(|(status, answer)| (status, axum::Json(answer)).into_response())
    }
}

fn one(taken: Taken) -> Result<RecordAnswer, Problem> {
    let import_id = taken.import_id;
    let item = taken.items.into_iter().next().ok_or_else(|| Problem::internal("a record without an end"))?;
    if item.rejection.is_some() || item.fate == Fate::Rejected {
        return Err(refused(&item, |column| Form::One.pointer(0, column)));
    }
    Ok(RecordAnswer {
        import_id,
        fate: item.fate.as_str().to_owned(),
        fact: item.fact.map(|(id, revision)| FactAnswer { id, revision }),
        warnings: codes(&item),
        unknown_fields: unknown(item),
    })
}

fn batch(taken: Taken, form: Form) -> BatchAnswer {
    let items = taken.items.into_iter().enumerate().map(|(at, item)| {
        let error = why(&item, |column| form.pointer(at, column));
        ItemAnswer {
            line: at + 1,
            fate: item.fate.as_str().to_owned(),
            fact: item.fact.map(|(id, revision)| FactAnswer { id, revision }),
            retryable: error.as_ref().map(|_| item.is_retryable()),
            error,
            warnings: codes(&item),
            unknown_fields: unknown(item),
        }
    });
    let items = items.collect();
    BatchAnswer { import_id: taken.import_id, outcome: taken.outcome.as_str().to_owned(), counts: taken.counts, items }
}

fn codes(item: &TakenItem) -> Vec<String> {
    item.warnings.iter().map(|code| code.as_str().to_owned()).collect()
}

fn unknown(item: TakenItem) -> Vec<String> {
    item.unknown.into_iter().map(|column| column.name).collect()
}

/// How a body holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It is one.
    One,
    /// `{"items": […]}`
    Items,
    /// `[…]`
    List,
}

impl Form {
    /// Where a column of a record, or the record, stands in the body.
    fn pointer(self, at: usize, column: Option<&str>) -> String {
        let record = match self {
            Self::One => String::new(),
            Self::Items => format!("/items/{at}"),
            Self::List => format!("/{at}"),
        };
        column.map_or(record.clone(), |column| format!("{record}/{column}"))
    }

    /// Where the list itself stands.
    const fn list(self) -> &'static str {
        match self {
            Self::Items => "/items",
            Self::One | Self::List => "",
        }
    }
}

/// The records of a body.
struct Records {
    form: Form,
    items: Vec<Item>,
}

impl Records {
    /// Reads the body's form; what the records say is not looked at.
    fn read(body: &RawValue) -> Result<Self, Problem> {
        let no_form = || wrong("", "wrong_type", "The body is a record, or {\"items\": […]} with up to 500 of them.");
        let text = body.get();
        if text.starts_with('[') {
            return Self::list(Form::List, text);
        }
        let members: Members<'_> = serde_json::from_str(text).map_err(|_| no_form())?;
        if !members.0.iter().any(|(name, _)| name == "items") {
            return Ok(Self { form: Form::One, items: vec![Item::of(members)] });
        }
        match members.0.as_slice() {
            [(_, items)] => Self::list(Form::Items, items.get()),
            others => {
                let other = others.iter().map(|(name, _)| name.as_str()).find(|name| *name != "items");
                let pointer = other.filter(|name| plain(name)).map_or(String::new(), |name| format!("/{name}"));
                Err(wrong(&pointer, "unknown_field", "A batch is an object with `items` once and nothing else."))
            }
        }
    }

    fn list(form: Form, text: &str) -> Result<Self, Problem> {
        let no_list = || wrong(form.list(), "wrong_type", "This is a list of records.");
        let found: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| no_list())?;
        let many = found.len();
        if many == 0 {
            return Err(wrong(form.list(), "empty", "There is no record in it; send at least one."));
        }
        if many > MOST_ITEMS {
            let detail = format!("{many} records are too many for one call: send at most {MOST_ITEMS} at a time.");
            return Err(wrong(form.list(), "too_many", detail));
        }
        let (mut items, mut errors) = (Vec::with_capacity(many), Vec::new());
        for (at, one) in found.into_iter().enumerate() {
            match Item::read(one.get()) {
                Ok(item) => items.push(item),
                Err(_) if errors.len() < SHOWN => {
                    let detail = "A record is an object.".into();
                    errors.push(FieldError { pointer: form.pointer(at, None), code: "wrong_type", detail });
                }
                Err(_) => {}
            }
        }
        Problem::check(errors)?;
        Ok(Self { form, items })
    }
}

fn wrong(pointer: &str, code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::field(FieldError { pointer: pointer.to_owned(), code, detail: detail.into() })
}
