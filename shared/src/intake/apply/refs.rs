//! Facts that records refer to, found by their keys: one query an entity and chunk.

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    db::DbError,
    intake::{
        entity::{Entity, FieldKind, Target},
        record::{Candidate, Given},
    },
};

/// A fact that is referred to: its id, its people and its words, by the field they stand in.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// The people that the referring entity asks for.
    pub people: BTreeMap<&'static str, Uuid>,
    /// The words that the referring entity asks for.
    pub words: BTreeMap<&'static str, String>,
}

/// What the records of a chunk refer to, by field and key.
pub type Refs = HashMap<&'static str, HashMap<String, Found>>;

/// Looks up what the records refer to.
pub async fn load(tx: &Transaction<'_>, entity: &Entity, candidates: &[(usize, Candidate)]) -> Result<Refs, DbError> {
    let mut refs = Refs::new();
    for field in entity.fields {
        let FieldKind::Ref(target) = field.kind else { continue };
        let keys: HashSet<&str> = candidates
            .iter()
            .filter_map(|(_, candidate)| match candidate.fields.get(field.name)? {
                Some(Given::Ref(key)) => Some(key.as_str()),
                _ => None,
            })
            .collect();
        if !keys.is_empty() {
            refs.insert(
                field.name,
                find(tx, target, &people_through(entity, field.name), &words_through(entity, field.name), keys).await?,
            );
        }
    }
    Ok(refs)
}

/// The fields there whose people this entity has too.
fn people_through(entity: &Entity, through: &str) -> Vec<&'static str> {
    let asked = entity.fields.iter().filter_map(|field| match field.kind {
        FieldKind::PersonOf { through: by, field, .. } if by == through => Some(field),
        _ => None,
    });
    asked.collect()
}

/// The fields there whose words this entity has too.
fn words_through(entity: &Entity, through: &str) -> Vec<&'static str> {
    let asked = entity.fields.iter().filter_map(|field| match field.kind {
        FieldKind::WordOf { through: by, field } if by == through => Some(field),
        _ => None,
    });
    asked.collect()
}

async fn find(
    tx: &Transaction<'_>,
    target: Target,
    people: &[&'static str],
    words: &[&'static str],
    keys: HashSet<&str>,
) -> Result<HashMap<String, Found>, DbError> {
    let columns: String = people.iter().chain(words).map(|field| format!(", {field}")).collect();
    let sql = format!("SELECT source_id, {}{columns} FROM {} WHERE source_id = ANY($1)", target.id, target.table);
    let keys: Vec<&str> = keys.into_iter().collect();
    let rows = tx.query_typed(&sql, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let found = rows.iter().map(|row| {
        let word = |(at, field): (usize, &&'static str)| (*field, row.get(at + 2 + people.len()));
        let words = words.iter().enumerate().map(word).collect();
        let people = people.iter().enumerate().map(|(at, field)| (*field, row.get(at + 2))).collect();
        (row.get(0), Found { id: row.get(1), people, words })
    });
    Ok(found.collect())
}
