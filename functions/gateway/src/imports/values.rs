//! "What did you read from my row?": the stored values of a record's fact, as this import brought it.
//!
//! A fact that was changed later is read from `intake.revisions`, so the answer stays the same; people and texts stand
//! there by id and are opened with the vault. What cannot be told any more (somebody was erased) is null.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use shared::{
    audit,
    auth::Claims,
    http::{Ids, Problem},
    intake::{
        column::{Column, Kind},
        entity::{Entity, FieldKind, FieldValue, Layout},
        store,
    },
    vault::Vault,
};
use tokio_postgres::{Row, Transaction, types::Type};
use uuid::Uuid;

use super::{
    entity, keyed,
    records::RecordItem,
    unseal::{Opened, Wanted},
};

/// What is known of the import the records belong to.
pub struct Import {
    id: Uuid,
    mapping: Option<(&'static Entity, &'static Layout)>,
    /// Whether what its records said was applied.
    applied: bool,
}

impl Import {
    /// From a row with `source, entity, layout, outcome`.
    pub fn of(id: Uuid, row: &Row) -> Self {
        let (source, name, layout): (&str, Option<&str>, Option<&str>) = (row.get(0), row.get(1), row.get(2));
        let mapping = name.zip(layout).and_then(|(name, layout)| {
            let entity = entity(source, name)?;
            Some((entity, entity.layouts.iter().find(|one| one.name == layout)?))
        });
        Self { id, mapping, applied: row.get::<_, Option<&str>>(3) != Some("planned") }
    }
}

/// A fact's fields in canonical text; people, texts and other facts by id, what is said about a person by digest.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// The fact.
    pub fact: Uuid,
    /// Its key inside the source.
    pub key: Option<String>,
    /// Field → text.
    pub fields: BTreeMap<String, String>,
    /// What is sealed in the fact's own row.
    pub secrets: BTreeMap<String, Vec<u8>>,
}

impl Content {
    /// A field that holds an id.
    pub fn id(&self, field: &str) -> Option<Uuid> {
        self.fields.get(field)?.parse().ok()
    }

    /// A field that holds several.
    pub fn ids(&self, field: &str) -> Vec<Uuid> {
        self.fields.get(field).into_iter().flat_map(|ids| ids.split(',')).filter_map(|id| id.parse().ok()).collect()
    }
}

/// Puts the values beside the records that fed a fact, and writes who saw whose.
pub async fn fill(
    tx: &Transaction<'_>,
    vault: &Vault,
    ids: &Ids,
    claims: &Claims,
    import: &Import,
    items: &mut [RecordItem],
) -> Result<(), Problem> {
    let Some((entity, layout)) = import.mapping else { return Ok(()) };
    // A plan applied nothing: its new facts do not exist and the others are not yet what the file says.
    let told = |item: &RecordItem| import.applied || item.fate == "unchanged";
    let facts: Vec<Uuid> = items.iter().filter(|item| told(item)).filter_map(|item| item.fact).collect();
    let contents = contents(tx, entity, import.id, &facts).await?;

    let mut wanted = Wanted::new(entity.source, import.id);
    for item in items.iter() {
        if let Some(content) = item.fact.and_then(|fact| contents.get(&fact)) {
            wanted.add(entity, layout, content);
        }
    }
    let opened = wanted.read(tx).await?.open(tx, vault).await?;

    let mut seen = Vec::new();
    for item in items.iter_mut() {
        let Some(content) = item.fact.filter(|_| told(item)).and_then(|fact| contents.get(&fact)) else { continue };
        let mut by_subject: BTreeMap<Uuid, Vec<&'static str>> = BTreeMap::new();
        let values = layout.columns.iter().map(|column| {
            let value = value(entity, layout, column, content, &opened, item.line);
            let (text, subject) = value.map_or((None, None), |(text, subject)| (Some(text), subject));
            if let Some(subject) = subject {
                by_subject.entry(subject).or_default().push(column.name);
            }
            (column.name, text)
        });
        item.values = Some(values.collect());
        seen.extend(by_subject.into_iter().map(|(subject, columns)| {
            (subject, json!({"import": import.id, "record": item.record, "columns": columns}))
        }));
    }
    audit::note_each(tx, ids, claims, "import.values", &seen).await?;
    Ok(())
}

/// The content of these facts as this import brought it, or else as it is now.
async fn contents(
    tx: &Transaction<'_>,
    entity: &Entity,
    import_id: Uuid,
    facts: &[Uuid],
) -> Result<HashMap<Uuid, Content>, Problem> {
    let sql = format!("SELECT source_id FROM {} WHERE {} = ANY($1)", entity.table, entity.id);
    let rows = tx.query_typed(&sql, &[(&facts, Type::UUID_ARRAY)]).await?;
    let keys: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    let mut contents = HashMap::new();
    let mut own = Vec::new();
    for (key, known) in store::load(tx, entity, &keys).await? {
        let mut content = Content { fact: known.fact_id, key: Some(key), ..Content::default() };
        for (name, value) in known.fact.0 {
            if let FieldValue::Secret(_, sealed) = &value {
                content.secrets.insert(name.to_owned(), sealed.clone());
            }
            content.fields.insert(name.to_owned(), canonical(&value));
        }
        contents.insert(known.fact_id, content);
        if known.import_id == Some(import_id) {
            own.push(known.fact_id);
        }
    }
    let revisions = tx
        .query_typed(
            "SELECT DISTINCT ON (fact_id) fact_id, content, stored ->> 'source_id' FROM intake.revisions
             WHERE fact_id = ANY($1) AND NOT fact_id = ANY($2) AND import_id = $3 ORDER BY fact_id, revision DESC",
            &[(&facts, Type::UUID_ARRAY), (&own, Type::UUID_ARRAY), (&import_id, Type::UUID)],
        )
        .await?;
    for row in &revisions {
        let (fact, stored): (Uuid, Value) = (row.get(0), row.get(1));
        let key = contents.remove(&fact).and_then(|known| known.key).or(row.get(2));
        let mut content = Content { fact, key, ..Content::default() };
        for (name, value) in stored.as_object().into_iter().flatten() {
            if let Some(sealed) = value["sealed"].as_str() {
                content.secrets.insert(name.clone(), from_hex(sealed));
            }
            content.fields.extend(value.as_str().map(|text| (name.clone(), text.to_owned())));
        }
        contents.insert(fact, content);
    }
    Ok(contents)
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..text.len()).step_by(2).map_while(digits).collect()
}

/// The form of `intake.revisions`: a text by its id, everything else as it is compared.
fn canonical(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(id, _) => id.to_string(),
        other => other.canonical(),
    }
}

/// What a column says, and whom that is about if it had to be opened.
fn value(
    entity: &Entity,
    layout: &Layout,
    column: &Column,
    content: &Content,
    opened: &Opened,
    line: i32,
) -> Option<(String, Option<Uuid>)> {
    let key = content.key.as_deref().map(|key| keyed::parts(&entity.key, key)).unwrap_or_default();
    let part = key.get(column.name).copied();
    for &name in layout.fields_of(column) {
        let Some(field) = entity.field(name) else { continue };
        let stored = content.fields.get(name).map(String::as_str);
        let plain = |text: &str| Some((text.to_owned(), None));
        let found = match field.kind {
            FieldKind::Person(_) => content.id(name).and_then(|id| opened.email(id, part, line)),
            FieldKind::Listed(_) => {
                let address = entity.fields.iter().find(|field| field.kind == FieldKind::Address);
                let index = address.and_then(|address| content.fields.get(address.name)).map(String::as_str);
                content.id(name).and_then(|id| opened.email(id, index, line))
            }
            FieldKind::PersonById { .. } if column.kind == Kind::Email => {
                content.id(name).and_then(|id| opened.email(id, part, line))
            }
            FieldKind::PersonById { .. } => {
                let id = content.id(name);
                id.and_then(|id| part.map(ToOwned::to_owned).or_else(|| opened.listed(id))).map(|id| (id, None))
            }
            FieldKind::People { .. } => {
                let ids: Option<Vec<_>> =
                    stored.map(|_| content.ids(name).into_iter().filter_map(|id| opened.listed(id)).collect());
                ids.map(|ids| (json!(ids).to_string(), None))
            }
            FieldKind::Ref(_) => content
                .id(name)
                .and_then(|id| part.map(ToOwned::to_owned).or_else(|| opened.fact(id)))
                .map(|id| (id, None)),
            FieldKind::Text { .. } => content.id(name).and_then(|id| opened.text(id)),
            FieldKind::Secret(_) => opened.secret(content.fact, name),
            FieldKind::Attribute(person) | FieldKind::Joined { part: person, .. } => {
                let id = entity.person_field(person).and_then(|person| content.id(person));
                id.and_then(|id| Some((opened.attribute(id, name, stored, line)?, Some(id))))
            }
            FieldKind::Time => stored.and_then(|text| plain(text.trim_end_matches(" day"))),
            FieldKind::Rating => stored.and_then(|text| plain(text.split(" of ").next().unwrap_or_default())),
            FieldKind::Int | FieldKind::Decimal | FieldKind::Word | FieldKind::Code => stored.and_then(plain),
            FieldKind::Ints => stored.map(|text| (format!("[{text}]"), None)),
            FieldKind::PersonOf { .. } | FieldKind::WordOf { .. } | FieldKind::Address => None,
        };
        if found.is_some() {
            return found;
        }
    }
    // An identifier that is nothing else than the fact's key, or a part of it, has no field of its own.
    let own = layout.fields_of(column).iter().all(|name| entity.field(name).is_none());
    part.filter(|_| own).map(|part| (part.to_owned(), None))
}
