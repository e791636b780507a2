//! `GET`, `PUT /v1/imports/sources/{source}`: what is declared about a source because its files cannot prove it.
//! Importers read it with every file, so a change counts from the next import on.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use shared::{
    audit,
    http::{Caller, FieldError, Ids, IfMatch, Json as Body, Problem, problem},
    intake::entity::{Entity, hex},
};
use tokio_postgres::{GenericClient, Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{create::known_instance, entities};
use crate::api::App;

/// What is declared about the layouts of a source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// The source.
    #[schema(example = "kintell")]
    source: String,
    /// Its layouts.
    layouts: Vec<LayoutProfile>,
}

/// What is declared about one layout; null is not declared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LayoutProfile {
    /// What its records are.
    #[schema(example = "sessions")]
    entity: &'static str,
    /// The layout.
    #[schema(example = "language")]
    layout: &'static str,
    /// The columns it has.
    #[schema(example = json!(["session_id", "participant_email"]))]
    columns: Vec<&'static str>,
    #[serde(flatten)]
    declared: Declared,
}

/// The facts of a layout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Declared {
    /// What `04/03/2025` means.
    #[schema(value_type = Option<DateOrder>)]
    date_order: Option<String>,
    /// The sign between whole and part.
    #[schema(value_type = Option<DecimalSign>)]
    decimal_sign: Option<String>,
    /// The scale of its ratings.
    #[schema(value_type = Option<Scale>)]
    rating_scale: Option<String>,
    /// The IANA zone of times that carry none.
    #[schema(example = "Europe/Oslo")]
    zone: Option<String>,
    /// Whether a bare number in a column of dates is a spreadsheet's count of days.
    excel_serials: bool,
    /// A code page its files are known to have.
    #[schema(value_type = Option<CodePage>)]
    encoding: Option<String>,
    /// Who wrote its texts.
    #[schema(value_type = Option<Person>)]
    author: Option<String>,
    /// Who gave its ratings.
    #[schema(value_type = Option<Person>)]
    rater: Option<String>,
    /// The programme instance its facts belong to where neither upload nor file says.
    instance_id: Option<Uuid>,
}

macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident { $($variant:ident = $word:literal),+ })+) => {
        $($(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
        #[expect(missing_docs, reason = "each variant is the word it is written as")]
        pub enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl $name {
            fn word(self) -> String {
                match self { $(Self::$variant => $word),+ }.to_owned()
            }
        })+
    };
}

words! {
    /// What comes first in a date with slashes.
    DateOrder { DayFirst = "day_first", MonthFirst = "month_first" }
    /// The sign between whole and part.
    DecimalSign { Point = "point", Comma = "comma" }
    /// A scale of ratings.
    Scale { OneToFive = "1-5", ZeroToOne = "0-1" }
    /// A code page.
    CodePage { Western = "windows-1252", Cyrillic = "windows-1251" }
    /// A part somebody has in a fact.
    Person { Participant = "participant", Volunteer = "volunteer", Buddy = "buddy" }
}

/// What is to be declared. Layouts and fields that are absent stay as they are; null takes a declaration back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// The source again, if at all.
    #[serde(default)]
    source: Option<String>,
    /// The layouts to change.
    layouts: Vec<NewLayout>,
}

/// What is to be declared about one layout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLayout {
    /// What its records are.
    #[schema(example = "sessions")]
    entity: String,
    /// The layout.
    #[schema(example = "language")]
    layout: String,
    /// Not looked at: the columns of a layout are not declared.
    #[serde(default, rename = "columns")]
    _columns: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DateOrder>)]
    date_order: Option<Option<DateOrder>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DecimalSign>)]
    decimal_sign: Option<Option<DecimalSign>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Scale>)]
    rating_scale: Option<Option<Scale>>,
    /// An IANA name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Europe/Oslo")]
    zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    excel_serials: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<CodePage>)]
    encoding: Option<Option<CodePage>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Person>)]
    author: Option<Option<Person>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Person>)]
    rater: Option<Option<Person>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    instance_id: Option<Option<Uuid>>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// What is declared about a source
#[utoipa::path(get, path = "/v1/imports/sources/{source}", operation_id = "get_source",
    params(("source" = String, Path, description = "The source", example = "kintell")),
    responses(
        (status = 200, description = "Its layouts", body = Source, headers(("etag" = String, description = "For If-Match"))),
        (status = 404, description = "`not_found`")))]
pub async fn get(State(app): State<Arc<App>>, Path(source): Path<String>) -> Result<Response, Problem> {
    let client = app.db.client().await?;
    let source = load(&**client, &source).await?;
    Ok(answer(&source))
}

/// Declare facts of a source
///
/// They count from the next import on; what was imported stays as it was read. Old and new values are in the audit log.
#[utoipa::path(put, path = "/v1/imports/sources/{source}", operation_id = "replace_source",
    params(("source" = String, Path, description = "The source", example = "kintell"), ("if-match" = String, Header, description = "The ETag that was read")),
    request_body = NewSource,
    responses(
        (status = 200, description = "Its layouts as they are now", body = Source, headers(("etag" = String, description = "For If-Match"))),
        (status = 400, description = "`bad_if_match`"),
        (status = 404, description = "`not_found`"),
        (status = 412, description = "`stale`"),
        (status = 428, description = "`precondition_required`")))]
pub async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Caller(claims): Caller,
    ids: Ids,
    headers: HeaderMap,
    Body(body): Body<NewSource>,
) -> Result<Response, Problem> {
    let if_match = IfMatch::read(&headers)?;
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    // Of two who read the same, the second waits here and is then stale. A lock on rows would miss those not there yet.
    tx.query_typed(
        "SELECT pg_advisory_xact_lock(hashtextextended('source profiles of ' || $1, 0))",
        &[(&name, Type::TEXT)],
    )
    .await?;
    let before = load(&*tx, &name).await?;
    if_match.check_tag(&tag(&before))?;
    check(&tx, &name, &body).await?;
    let mut changes = Vec::new();
    for new in body.layouts {
        let known = before.layouts.iter().find(|one| one.entity == new.entity && one.layout == new.layout);
        let Some(known) = known else { continue };
        let declared = new.over(&known.declared);
        if declared != known.declared {
            changes.extend(differences(known, &declared));
            store(&tx, &name, known, &declared).await?;
        }
    }
    let after = load(&*tx, &name).await?;
    if !changes.is_empty() {
        let details = json!({"source": name, "changes": changes});
        audit::note(&tx, &ids, &claims, "source_profile.update", None, &details).await?;
    }
    tx.commit().await?;
    Ok(answer(&after))
}

impl NewLayout {
    fn over(&self, old: &Declared) -> Declared {
        fn word<T: Copy>(new: Option<Option<T>>, old: &Option<String>, text: fn(T) -> String) -> Option<String> {
            new.map_or_else(|| old.clone(), |new| new.map(text))
        }
        Declared {
            date_order: word(self.date_order, &old.date_order, DateOrder::word),
            decimal_sign: word(self.decimal_sign, &old.decimal_sign, DecimalSign::word),
            rating_scale: word(self.rating_scale, &old.rating_scale, Scale::word),
            zone: self.zone.clone().unwrap_or_else(|| old.zone.clone()),
            excel_serials: self.excel_serials.map_or(old.excel_serials, Option::unwrap_or_default),
            encoding: word(self.encoding, &old.encoding, CodePage::word),
            author: word(self.author, &old.author, Person::word),
            rater: word(self.rater, &old.rater, Person::word),
            instance_id: self.instance_id.unwrap_or(old.instance_id),
        }
    }
}

/// The layouts the code knows with what the store declares of them.
async fn load(client: &impl GenericClient, source: &str) -> Result<Source, Problem> {
    let entities = entities(source).ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    let rows = client
        .query_typed(
            "SELECT entity, layout, date_order, decimal_sign, rating_scale, zone, excel_serials, encoding, author, rater,
                    instance_id
             FROM intake.source_profiles WHERE source = $1",
            &[(&source, Type::TEXT)],
        )
        .await?;
    let mut declared: HashMap<(&str, &str), Declared> = HashMap::new();
    for row in &rows {
        let one = Declared {
            date_order: row.get(2),
            decimal_sign: row.get(3),
            rating_scale: row.get(4),
            zone: row.get(5),
            excel_serials: row.get(6),
            encoding: row.get(7),
            author: row.get(8),
            rater: row.get(9),
            instance_id: row.get(10),
        };
        declared.insert((row.get(0), row.get(1)), one);
    }
    let layouts = entities.iter().flat_map(|entity| entity.layouts.iter().map(move |layout| (entity, layout)));
    let layouts = layouts.map(|(entity, layout)| LayoutProfile {
        entity: entity.name,
        layout: layout.name,
        columns: layout.columns.iter().map(|column| column.name).collect(),
        declared: declared.remove(&(entity.name, layout.name)).unwrap_or_default(),
    });
    Ok(Source { source: source.to_owned(), layouts: layouts.collect() })
}

fn tag(source: &Source) -> String {
    let body = serde_json::to_vec(source).unwrap_or_default();
    hex(&digest(&SHA256, &body).as_ref()[..8])
}

fn answer(source: &Source) -> Response {
    let etag = HeaderValue::try_from(format!("\"{}\"", tag(source))).unwrap_or(HeaderValue::from_static("\"\""));
    ([(header::ETAG, etag)], Json(source)).into_response()
}

async fn check(tx: &Transaction<'_>, source: &str, body: &NewSource) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: String, code, detail: String| {
        errors.push(FieldError { pointer, code, detail: detail.into() });
    };
    if body.source.as_deref().is_some_and(|named| named != source) {
        wrong("/source".into(), "other_source", "This is not the source of the path.".into());
    }
    for (at, new) in body.layouts.iter().enumerate() {
        let pointer = |field: &str| format!("/layouts/{at}/{field}");
        let Some(entity) = super::entity(source, &new.entity) else {
            let known: Vec<_> = entities(source).into_iter().flatten().map(|entity| entity.name).collect();
            wrong(pointer("entity"), "unknown_entity", format!("This source exports {}.", known.join(", ")));
            continue;
        };
        if !entity.layouts.iter().any(|layout| layout.name == new.layout) {
            let known: Vec<_> = entity.layouts.iter().map(|layout| layout.name).collect();
            wrong(pointer("layout"), "unknown_layout", format!("{} come as {}.", entity.name, known.join(", ")));
        }
        if body.layouts[..at].iter().any(|other| (&other.entity, &other.layout) == (&new.entity, &new.layout)) {
            wrong(pointer("layout"), "duplicate_layout", "This layout is there twice.".into());
        }
        if let Some(Some(zone)) = &new.zone
            && !is_a_zone(zone)
        {
            wrong(pointer("zone"), "unknown_zone", "A zone has an IANA name, like Europe/Oslo.".into());
        }
        for (field, person) in [("author", new.author), ("rater", new.rater)] {
            if let Some(Some(person)) = person
                && !has_part(entity, &person.word())
            {
                wrong(pointer(field), "unknown_part", format!("Nobody is a {} in these records.", person.word()));
            }
        }
    }
    Problem::check(errors)?;
    for (at, new) in body.layouts.iter().enumerate() {
        known_instance(tx, new.instance_id.flatten(), &format!("/layouts/{at}/instance_id")).await?;
    }
    Ok(())
}

/// A place or UTC; the name for an unknown zone would be read as UTC.
fn is_a_zone(name: &str) -> bool {
    let named = name.contains('/') || name == "UTC";
    named && jiff::tz::TimeZone::get(name).is_ok_and(|zone| !zone.is_unknown())
}

/// Whether somebody may have written or rated: one of the fact's people, where it says who they are.
fn has_part(entity: &Entity, part: &str) -> bool {
    let parts = ["participant", "volunteer", "buddy"].map(|known| (known, entity.person_field(known).is_some()));
    parts.iter().all(|(_, there)| !there) || parts.contains(&(part, true))
}

async fn store(tx: &Transaction<'_>, source: &str, of: &LayoutProfile, new: &Declared) -> Result<(), Problem> {
    tx.execute_typed(
        "INSERT INTO intake.source_profiles (source, entity, layout, date_order, decimal_sign, rating_scale, zone,
                                             excel_serials, encoding, author, rater, instance_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (source, entity, layout) DO UPDATE SET
           date_order = excluded.date_order, decimal_sign = excluded.decimal_sign, rating_scale = excluded.rating_scale,
           zone = excluded.zone, excel_serials = excluded.excel_serials, encoding = excluded.encoding,
           author = excluded.author, rater = excluded.rater, instance_id = excluded.instance_id",
        &[
            (&source, Type::TEXT),
            (&of.entity, Type::TEXT),
            (&of.layout, Type::TEXT),
            (&new.date_order, Type::TEXT),
            (&new.decimal_sign, Type::TEXT),
            (&new.rating_scale, Type::TEXT),
            (&new.zone, Type::TEXT),
            (&new.excel_serials, Type::BOOL),
            (&new.encoding, Type::TEXT),
            (&new.author, Type::TEXT),
            (&new.rater, Type::TEXT),
            (&new.instance_id, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}

/// What the audit log keeps of a change: nothing in a declaration is about a person.
fn differences(of: &LayoutProfile, new: &Declared) -> Vec<Value> {
    let (old, new) = (json!(of.declared), json!(new));
    let fields = old.as_object().into_iter().flatten();
    let changed = fields.filter(|(field, from)| new[field.as_str()] != **from);
    changed
        .map(|(field, from)| {
            json!({"entity": of.entity, "layout": of.layout, "field": field, "from": from, "to": new[field.as_str()]})
        })
        .collect()
}
