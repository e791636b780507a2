//! Facts in their tables, read and written by the chunk: the SQL follows from the entity's fields, so an entity
//! needs none of its own.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value as Json;
use tokio_postgres::{
    Row, Transaction,
    types::{Kind, ToSql, Type},
};
use uuid::Uuid;

use super::{
    entity::{Entity, Fact, FieldKind, FieldValue, hex},
    facts::RatingScale,
    merge::Doors,
};
use crate::{db::DbError, vault::Digest};

/// A fact that is known already.
#[derive(Debug)]
pub struct Existing {
    /// Its id.
    pub fact_id: Uuid,
    /// Its newest revision.
    pub revision: i32,
    /// The hash of its content.
    pub content_hash: Vec<u8>,
    /// Which door and layout set each field: `*` and the exceptions.
    pub doors: Doors,
    /// The import that brought the newest revision.
    pub import_id: Option<Uuid>,
    /// The line it stood on.
    pub line: Option<i32>,
    /// Its fields.
    pub fact: Fact,
}

impl Existing {
    /// The door and layout that set a field.
    pub fn door_of(&self, field: &str) -> Option<&str> {
        self.doors.get(field).or_else(|| self.doors.get("*")).map(String::as_str)
    }
}

/// A fact to be written.
pub struct Written {
    /// Its id.
    pub fact_id: Uuid,
    /// Its key inside the source.
    pub key: String,
    /// Its revision: 1 for a new fact.
    pub revision: i32,
    /// The hash of its content.
    pub content_hash: [u8; 32],
    /// Which door and layout set each field.
    pub doors: Doors,
    /// Its line.
    pub line: i32,
    /// Its fields.
    pub fact: Fact,
    /// The company it belongs to, where the entity has one.
    pub company_id: Option<Uuid>,
    /// Who rated, where the entity has a rating.
    pub rated_by: Option<String>,
}

fn day_column(field: &str) -> String {
    format!("{}_day_only", field.strip_suffix("_at").unwrap_or(field))
}

/// Reads the facts with these keys.
pub async fn load(tx: &Transaction<'_>, entity: &Entity, keys: &[&str]) -> Result<HashMap<String, Existing>, DbError> {
    let sql = format!("SELECT {} FROM {} t WHERE source_id = ANY($1)", columns(entity), entity.table);
    let rows = tx.query_typed(&sql, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let mut known = KnownDoors::new();
    Ok(rows.iter().map(|row| (row.get(0), read(entity, row, &mut known))).collect())
}

/// Reads the facts with these ids, each with its row as JSON.
pub async fn load_by_id(
    tx: &Transaction<'_>,
    entity: &Entity,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, (Existing, Json)>, DbError> {
    let (columns, id) = (columns(entity), entity.id);
    let sql = format!("SELECT {columns}, to_jsonb(t) AS stored FROM {} t WHERE {id} = ANY($1)", entity.table);
    let rows = tx.query_typed(&sql, &[(&ids, Type::UUID_ARRAY)]).await?;
    let mut known = KnownDoors::new();
    Ok(rows.iter().map(|row| (row.get(1), (read(entity, row, &mut known), row.get("stored")))).collect())
}

/// Reads rows of the entity's table that are not in it, as if they were.
pub async fn read_rows(tx: &Transaction<'_>, entity: &Entity, rows: &Json) -> Result<Vec<Existing>, DbError> {
    let sql = format!("SELECT {} FROM jsonb_populate_recordset(NULL::{}, $1) t", columns(entity), entity.table);
    let rows = tx.query_typed(&sql, &[(rows, Type::JSONB)]).await?;
    let mut known = KnownDoors::new();
    Ok(rows.iter().map(|row| read(entity, row, &mut known)).collect())
}

/// What [`read`] reads.
fn columns(entity: &Entity) -> String {
    let mut columns = vec!["source_id".to_owned(), entity.id.to_owned()];
    columns.extend(["revision", "content_hash", "doors::text", "import_id", "line"].map(ToOwned::to_owned));
    for field in entity.fields {
        let name = field.name;
        match field.kind {
            FieldKind::Time => columns.extend([name.to_owned(), day_column(name)]),
            FieldKind::Rating => columns.extend([name.to_owned(), format!("{name}_raw"), format!("{name}_scale")]),
            FieldKind::Text { .. } => columns.extend([
                format!("{name}_text_id"),
                format!("(SELECT digest FROM vault.texts v WHERE v.text_id = t.{name}_text_id)"),
            ]),
            FieldKind::Secret(_) => columns.extend([format!("{name}_digest"), format!("{name}_sealed")]),
            FieldKind::Attribute(_) | FieldKind::Joined { .. } => {}
            _ => columns.push(name.to_owned()),
        }
    }
    columns.join(", ")
}

/// Doors by their JSON: nearly all rows have the same.
type KnownDoors = HashMap<String, Doors>;

fn doors(json: &str, known: &mut KnownDoors) -> Doors {
    if let Some(doors) = known.get(json) {
        return doors.clone();
    }
    let doors = Doors::new(serde_json::from_str(json).unwrap_or_default());
    known.insert(json.to_owned(), doors.clone());
    doors
}

/// The doors of rows as JSON, made once for neighbours that share them.
struct DoorsJson {
    texts: Vec<String>,
    /// Which of the texts each row has.
    of: Vec<usize>,
}

impl DoorsJson {
    fn of(rows: &[Written]) -> Self {
        let (mut texts, mut of) = (Vec::new(), Vec::with_capacity(rows.len()));
        for (at, row) in rows.iter().enumerate() {
            if at == 0 || !Arc::ptr_eq(&rows[at - 1].doors, &row.doors) {
                texts.push(serde_json::to_string(&*row.doors).unwrap_or_default());
            }
            of.push(texts.len() - 1);
        }
        Self { texts, of }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.of.iter().map(|at| self.texts[*at].as_str())
    }
}

fn read(entity: &Entity, row: &Row, known: &mut KnownDoors) -> Existing {
    let mut fact = Fact::default();
    let mut at = 7;
    let mut next = || {
        at += 1;
        at - 1
    };
    for field in entity.fields {
        let value = match field.kind {
            FieldKind::Person(_) | FieldKind::Listed(_) | FieldKind::PersonById { .. } | FieldKind::PersonOf { .. } => {
                row.get::<_, Option<Uuid>>(next()).map(FieldValue::Person)
            }
            FieldKind::People { .. } => row.get::<_, Option<Vec<Uuid>>>(next()).map(FieldValue::People),
            FieldKind::Ref(_) => row.get::<_, Option<Uuid>>(next()).map(FieldValue::Ref),
            FieldKind::Int => row.get::<_, Option<i32>>(next()).map(FieldValue::Int),
            FieldKind::Ints => row.get::<_, Option<Vec<i32>>>(next()).map(FieldValue::Ints),
            FieldKind::Decimal => row.get::<_, Option<Decimal>>(next()).map(FieldValue::Decimal),
            FieldKind::Word | FieldKind::WordOf { .. } | FieldKind::Code | FieldKind::Address => {
                row.get::<_, Option<String>>(next()).map(FieldValue::Word)
            }
            FieldKind::Secret(_) => {
                let (digest, sealed) = (row.get::<_, Option<&[u8]>>(next()), row.get::<_, Option<Vec<u8>>>(next()));
                digest
                    .and_then(|digest| Digest::try_from(digest).ok())
                    .zip(sealed)
                    .map(|(digest, sealed)| FieldValue::Secret(digest, sealed))
            }
            FieldKind::Time => {
                let (time, day_only) = (row.get::<_, Option<Timestamp>>(next()), row.get::<_, bool>(next()));
                time.map(|time| FieldValue::Time(time, day_only))
            }
            FieldKind::Rating => {
                let (value, raw) = (row.get::<_, Option<Decimal>>(next()), row.get::<_, Option<Decimal>>(next()));
                let scale = row.get::<_, Option<&str>>(next()).map(|scale| match scale {
                    "1-5" => RatingScale::OneToFive,
                    _ => RatingScale::ZeroToOne,
                });
                match (value, raw, scale) {
                    (Some(value), Some(raw), Some(scale)) => Some(FieldValue::Rating(value, raw, scale)),
                    _ => None,
                }
            }
            FieldKind::Text { .. } => {
                let (id, digest) = (row.get::<_, Option<Uuid>>(next()), row.get::<_, Option<&[u8]>>(next()));
                id.zip(digest.and_then(|digest| Digest::try_from(digest).ok()))
                    .map(|(id, digest)| FieldValue::Text(id, digest))
            }
            FieldKind::Attribute(_) | FieldKind::Joined { .. } => None,
        };
        if let Some(value) = value {
            fact.0.insert(field.name, value);
        }
    }
    Existing {
        fact_id: row.get(1),
        revision: row.get(2),
        content_hash: row.get(3),
        doors: doors(row.get(4), known),
        import_id: row.get(5),
        line: row.get(6),
        fact,
    }
}

/// One column of a chunk: its name, its SQL type, its values.
struct Array<'r> {
    name: String,
    of: Type,
    /// What an element becomes: `unnest` would take an array of arrays apart, so those come as texts.
    cast: &'static str,
    values: Box<dyn ToSql + Sync + Send + 'r>,
    /// The value, if all rows have the same.
    same: Option<Box<dyn ToSql + Sync + Send + 'r>>,
}

impl Array<'_> {
    /// The type of its values.
    fn element(&self) -> Type {
        match self.of.kind() {
            Kind::Array(element) => element.clone(),
            _ => self.of.clone(),
        }
    }
}

fn array<'r, T: ToSql + Clone + PartialEq + Sync + Send + 'r>(
    name: impl Into<String>,
    of: Type,
    values: impl Iterator<Item = T>,
) -> Array<'r> {
    let values: Vec<T> = values.collect();
    let same = values.windows(2).all(|two| two[0] == two[1]).then(|| values.first().cloned()).flatten();
    let same = same.map(|value| Box::new(value) as Box<dyn ToSql + Sync + Send + 'r>);
    Array { name: name.into(), of, cast: "", values: Box::new(values), same }
}

/// A column whose values are lists, each as Postgres writes one.
fn lists<'r, T: std::fmt::Display>(
    name: &str,
    cast: &'static str,
    values: impl Iterator<Item = Option<impl AsRef<[T]>>>,
) -> Array<'r> {
    let text = |items: &[T]| format!("{{{}}}", items.iter().map(T::to_string).collect::<Vec<_>>().join(","));
    let texts = values.map(|items| items.map(|items| text(items.as_ref())));
    Array { cast, ..array(name, Type::TEXT_ARRAY, texts) }
}

fn arrays<'r>(
    entity: &Entity,
    rows: &'r [Written],
    doors: &'r DoorsJson,
    import_id: Uuid,
    instance_id: Option<Uuid>,
) -> Vec<Array<'r>> {
    let mut columns = vec![
        array(entity.id, Type::UUID_ARRAY, rows.iter().map(|row| row.fact_id)),
        array("source_id", Type::TEXT_ARRAY, rows.iter().map(|row| row.key.as_str())),
        array("revision", Type::INT4_ARRAY, rows.iter().map(|row| row.revision)),
        array("content_hash", Type::BYTEA_ARRAY, rows.iter().map(|row| row.content_hash.as_slice())),
        Array { cast: "::jsonb", ..array("doors", Type::TEXT_ARRAY, doors.texts()) },
        array("line", Type::INT4_ARRAY, rows.iter().map(|row| row.line)),
        array("import_id", Type::UUID_ARRAY, rows.iter().map(|_| import_id)),
    ];
    if entity.company_through.is_some() {
        columns.push(array("company_id", Type::UUID_ARRAY, rows.iter().map(|row| row.company_id)));
        columns.push(array("instance_id", Type::UUID_ARRAY, rows.iter().map(|_| instance_id)));
    }
    for field in entity.fields {
        let name = field.name;
        let facts = || rows.iter().map(|row| &row.fact);
        match field.kind {
            FieldKind::Person(_) | FieldKind::Listed(_) | FieldKind::PersonById { .. } | FieldKind::PersonOf { .. } => {
                columns.push(array(name, Type::UUID_ARRAY, facts().map(|fact| fact.person(name))));
            }
            FieldKind::Ref(_) => {
                columns.push(array(name, Type::UUID_ARRAY, facts().map(|fact| fact.refers_to(name))));
            }
            FieldKind::People { .. } => columns.push(lists(name, "::uuid[]", facts().map(|fact| fact.people(name)))),
            FieldKind::Ints => columns.push(lists(name, "::int[]", facts().map(|fact| fact.ints(name)))),
            FieldKind::Int => columns.push(array(name, Type::INT4_ARRAY, facts().map(|fact| fact.int(name)))),
            FieldKind::Decimal => {
                columns.push(array(name, Type::NUMERIC_ARRAY, facts().map(|fact| fact.decimal(name))));
            }
            FieldKind::Secret(_) => {
                let (digests, sealed): (Vec<_>, Vec<_>) = facts()
                    .map(|fact| match fact.get(name) {
                        Some(FieldValue::Secret(digest, sealed)) => (Some(digest.as_slice()), Some(sealed.as_slice())),
                        _ => (None, None),
                    })
                    .unzip();
                columns.push(array(format!("{name}_digest"), Type::BYTEA_ARRAY, digests.into_iter()));
                columns.push(array(format!("{name}_sealed"), Type::BYTEA_ARRAY, sealed.into_iter()));
            }
            FieldKind::Word | FieldKind::WordOf { .. } | FieldKind::Code | FieldKind::Address => {
                columns.push(array(name, Type::TEXT_ARRAY, facts().map(|fact| fact.word(name))));
            }
            FieldKind::Text { .. } => {
                columns.push(array(format!("{name}_text_id"), Type::UUID_ARRAY, facts().map(|fact| fact.text(name))));
            }
            FieldKind::Time => {
                let day_only = |fact: &Fact| matches!(fact.get(name), Some(FieldValue::Time(_, true)));
                columns.push(array(name, Type::TIMESTAMPTZ_ARRAY, facts().map(|fact| fact.time(name))));
                columns.push(array(day_column(name), Type::BOOL_ARRAY, facts().map(day_only)));
            }
            FieldKind::Rating => {
                let raw = |fact: &Fact| match fact.get(name) {
                    Some(FieldValue::Rating(_, raw, _)) => Some(*raw),
                    _ => None,
                };
                let scale = |fact: &Fact| fact.rating(name).map(|(_, scale)| scale.as_str());
                columns.push(array(
                    name,
                    Type::NUMERIC_ARRAY,
                    facts().map(|fact| fact.rating(name).map(|(value, _)| value)),
                ));
                columns.push(array(format!("{name}_raw"), Type::NUMERIC_ARRAY, facts().map(raw)));
                columns.push(array(format!("{name}_scale"), Type::TEXT_ARRAY, facts().map(scale)));
            }
            FieldKind::Attribute(_) | FieldKind::Joined { .. } => {}
        }
    }
    if entity.rated_by {
        columns.push(array("rated_by", Type::TEXT_ARRAY, rows.iter().map(|row| row.rated_by.as_deref())));
    }
    columns
}

async fn run(tx: &Transaction<'_>, sql: &str, columns: &[Array<'_>]) -> Result<u64, DbError> {
    let params: Vec<(&(dyn ToSql + Sync), Type)> =
        columns.iter().map(|column| (&*column.values as &(dyn ToSql + Sync), column.of.clone())).collect();
    Ok(tx.execute_typed(sql, &params).await?)
}

/// Writes facts that were not known.
pub async fn insert(
    tx: &Transaction<'_>,
    entity: &Entity,
    rows: &[Written],
    import_id: Uuid,
    instance: Option<Uuid>,
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let doors = DoorsJson::of(rows);
    let columns = arrays(entity, rows, &doors, import_id, instance);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    // In the select list, where a row is made at a time: in FROM all rows are first put aside, on disk if they are
    // large. What all rows have the same, half of the columns of a large file, is sent once; ids differ.
    let same = |column: &Array<'_>| column.name != entity.id && column.same.is_some();
    let value = |(at, column): (usize, &Array<'_>)| match same(column) {
        true => format!("${}{}", at + 1, column.cast),
        false => format!("unnest(${}){}", at + 1, column.cast),
    };
    let values: Vec<String> = columns.iter().enumerate().map(value).collect();
    let params: Vec<(&(dyn ToSql + Sync), Type)> = columns
        .iter()
        .map(|column| match &column.same {
            Some(value) if same(column) => (&**value as &(dyn ToSql + Sync), column.element()),
            _ => (&*column.values as &(dyn ToSql + Sync), column.of.clone()),
        })
        .collect();
    let sql = format!("INSERT INTO {} ({}) SELECT {}", entity.table, names.join(", "), values.join(", "));
    tx.execute_typed(&sql, &params).await?;
    Ok(())
}

/// Writes the next revision of known facts.
pub async fn update(
    tx: &Transaction<'_>,
    entity: &Entity,
    rows: &[Written],
    import_id: Uuid,
    instance: Option<Uuid>,
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let doors = DoorsJson::of(rows);
    let columns = arrays(entity, rows, &doors, import_id, instance);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let sets: Vec<String> = columns[1..]
        .iter()
        .map(|column| match column.name.as_str() {
            // An instance that was declared stays, with its company; without one the company is today's volunteer's.
            "instance_id" => "instance_id = COALESCE(u.instance_id, t.instance_id)".to_owned(),
            "company_id" => "company_id = CASE WHEN u.instance_id IS NULL AND t.instance_id IS NOT NULL THEN t.company_id ELSE u.company_id END".to_owned(),
            name => format!("{name} = u.{name}{}", column.cast),
        })
        .collect();
    let params: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "UPDATE {} t SET {}, updated_at = now() FROM unnest({}) AS u ({}) WHERE t.{id} = u.{id}",
        entity.table,
        sets.join(", "),
        params.join(", "),
        names.join(", "),
        id = entity.id
    );
    run(tx, &sql, &columns).await.map(drop)
}

/// Keeps the revisions that are about to be superseded.
pub async fn keep_history(tx: &Transaction<'_>, entity: &Entity, old: &[&Existing], by: Uuid) -> Result<(), DbError> {
    if old.is_empty() {
        return Ok(());
    }
    let content = |existing: &&Existing| content(&existing.fact);
    let name = format!("{}/{}", entity.source, entity.name);
    let sql = format!(
        "INSERT INTO intake.revisions (fact_id, revision, content_hash, content, import_id, line, entity, replaced_by, stored)
         SELECT u.*, $7, $8, to_jsonb(t) FROM unnest($1::uuid[], $2::int[], $3::bytea[], $4::jsonb[], $5::uuid[], $6::int[])
             AS u (fact_id, revision, content_hash, content, import_id, line)
         JOIN {} t ON t.{} = u.fact_id",
        entity.table, entity.id
    );
    tx.execute_typed(
        &sql,
        &[
            (&old.iter().map(|e| e.fact_id).collect::<Vec<_>>(), Type::UUID_ARRAY),
            (&old.iter().map(|e| e.revision).collect::<Vec<_>>(), Type::INT4_ARRAY),
            (&old.iter().map(|e| e.content_hash.as_slice()).collect::<Vec<_>>(), Type::BYTEA_ARRAY),
            (&old.iter().map(content).collect::<Vec<_>>(), Type::JSONB_ARRAY),
            (&old.iter().map(|e| e.import_id).collect::<Vec<_>>(), Type::UUID_ARRAY),
            (&old.iter().map(|e| e.line).collect::<Vec<_>>(), Type::INT4_ARRAY),
            (&name, Type::TEXT),
            (&by, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}

/// The content of a fact as it stands in the history.
pub fn content(fact: &Fact) -> Json {
    let values = fact.0.iter().map(|(name, value)| ((*name).to_owned(), history_value(value)));
    values.collect::<serde_json::Map<_, _>>().into()
}

/// People and texts stand in the history by id and secrets as they were sealed, so that it can be followed and holds
/// no words.
fn history_value(value: &FieldValue) -> Json {
    match value {
        FieldValue::Text(id, _) => Json::String(id.to_string()),
        FieldValue::Secret(digest, sealed) => serde_json::json!({ "digest": hex(digest), "sealed": hex(sealed) }),
        other => Json::String(other.canonical()),
    }
}

/// Which of these (fact, content hash) pairs are an earlier revision that is not current any more. Revisions of an
/// import that was undone do not count.
pub async fn seen_before(
    tx: &Transaction<'_>,
    pairs: &[(Uuid, Vec<u8>)],
) -> Result<std::collections::HashSet<Uuid>, DbError> {
    if pairs.is_empty() {
        return Ok(std::collections::HashSet::new());
    }
    let rows = tx
        .query_typed(
            "SELECT DISTINCT r.fact_id FROM unnest($1::uuid[], $2::bytea[]) AS u (fact_id, hash)
             JOIN intake.revisions r ON r.fact_id = u.fact_id AND r.content_hash = u.hash
             LEFT JOIN intake.imports i ON i.import_id = r.import_id
             WHERE i.undone_at IS NULL",
            &[
                (&pairs.iter().map(|(id, _)| *id).collect::<Vec<_>>(), Type::UUID_ARRAY),
                (&pairs.iter().map(|(_, hash)| hash.as_slice()).collect::<Vec<_>>(), Type::BYTEA_ARRAY),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
