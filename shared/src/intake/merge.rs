//! What a record changes about a known fact. Pure: a column that is absent says nothing, an empty cell clears a
//! value only if that value came by the same door and layout, anything else stays.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    code::Code,
    entity::{Entity, Fact, FieldValue},
    field_map::FieldMap,
    store::Existing,
};

/// Which door and layout set each field: the usual one under `*`, and the exceptions by name. Shared: most facts of a
/// file have the same.
pub type Doors = Arc<BTreeMap<String, String>>;

/// The door a file comes in by.
#[derive(Debug)]
pub struct Door {
    name: String,
    alone: Doors,
}

impl Door {
    /// A door by its name: `csv/language`, `webhook`.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { alone: Arc::new([("*".to_owned(), name.clone())].into()), name }
    }
}

/// The content a fact has after a record.
#[derive(Debug)]
pub struct Merged {
    /// All its fields.
    pub fact: Fact,
    /// Which door and layout set each field.
    pub doors: Doors,
    /// SHA-256 of its content.
    pub hash: [u8; 32],
    /// Warnings of the merge.
    pub warnings: Vec<Code>,
}

/// The content of a fact of which nothing is known yet.
pub fn nothing() -> Merged {
    Merged { fact: Fact::default(), doors: Doors::default(), hash: [0; 32], warnings: Vec::new() }
}

/// Lays what a record says over what is known. `incoming` has an entry for every field the file's columns feed;
/// `None` is an empty cell.
pub fn merge(
    entity: &Entity,
    door: &Door,
    incoming: FieldMap<Option<FieldValue>>,
    existing: Option<&Existing>,
) -> Merged {
    let Some(known) = existing else {
        let fact = Fact(incoming.filter_map(|value| value));
        return Merged {
            hash: fact.content_hash(entity.fields),
            doors: door.alone.clone(),
            fact,
            warnings: Vec::new(),
        };
    };
    let mut fact = known.fact.clone();
    let mut warnings = Vec::new();
    // Fields that another door sets from now on (true), or that are cleared (false).
    let mut moved: Vec<(&'static str, bool)> = Vec::new();
    for (field, value) in incoming {
        match value {
            // The same value by another door does not take it over: the first door may still clear it.
            Some(value) if fact.get(field) == Some(&value) => {}
            Some(value) => {
                fact.0.insert(field, value);
                moved.push((field, true));
            }
            None if fact.get(field).is_none() => {}
            None if known.door_of(field) == Some(&door.name) => {
                fact.0.remove(field);
                moved.push((field, false));
            }
            None => warnings.push(Code::KeptOtherSource),
        }
    }
    warnings.dedup();
    let Ok(same) = <[u8; 32]>::try_from(known.content_hash.as_slice()) else {
        return Merged { hash: fact.content_hash(entity.fields), doors: known.doors.clone(), fact, warnings };
    };
    if moved.is_empty() {
        return Merged { hash: same, doors: known.doors.clone(), fact, warnings };
    }
    let mut by_field: BTreeMap<&str, String> =
        known.fact.0.keys().filter_map(|field| Some((field, known.door_of(field)?.to_owned()))).collect();
    for (field, set) in moved {
        if set {
            by_field.insert(field, door.name.clone());
        } else {
            by_field.remove(field);
        }
    }
    let hash = fact.content_hash(entity.fields);
    Merged { doors: Arc::new(packed(&by_field)), fact, hash, warnings }
}

/// `*` for the door most fields came by, the others by name.
pub(super) fn packed(by_field: &BTreeMap<&str, String>) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for door in by_field.values() {
        *counts.entry(door).or_default() += 1;
    }
    let Some((most, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return BTreeMap::new() };
    let mut doors = BTreeMap::from([("*".to_owned(), most.to_owned())]);
    doors.extend(
        by_field.iter().filter(|(_, door)| *door != most).map(|(field, door)| ((*field).to_owned(), door.clone())),
    );
    doors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::entity::{Field, FieldKind, Key};
    use uuid::Uuid;

    static ENTITY: Entity = Entity {
        source: "test",
        name: "things",
        table: "none",
        id: "id",
        layouts: &[],
        fields: &[Field { name: "level", kind: FieldKind::Word }, Field { name: "minutes", kind: FieldKind::Int }],
        key: Key::Column("id"),
        company_through: None,
        rated_by: false,
        programme: |_| None,
        happened: |_| None,
        check: |_| Ok(()),
        publish: |_, _| Ok(0),
    };

    fn known(door: &str, level: &str) -> Existing {
        let fact = Fact([("level", FieldValue::Word(level.into()))].into());
        Existing {
            fact_id: Uuid::nil(),
            revision: 1,
            content_hash: fact.content_hash(ENTITY.fields).to_vec(),
            doors: Door::new(door).alone,
            import_id: None,
            line: None,
            fact,
        }
    }

    #[test]
    fn an_absent_column_says_nothing() {
        let known = known("csv/a", "B1");
        let merged = merge(&ENTITY, &Door::new("csv/b"), [("minutes", Some(FieldValue::Int(30)))].into(), Some(&known));
        assert_eq!(merged.fact.word("level"), Some("B1"));
        assert_eq!(merged.fact.int("minutes"), Some(30));
        assert_ne!(merged.hash.as_slice(), known.content_hash);
    }

    #[test]
    fn an_empty_cell_clears_only_what_the_same_door_and_layout_set() {
        let same = merge(&ENTITY, &Door::new("csv/a"), [("level", None)].into(), Some(&known("csv/a", "B1")));
        assert_eq!(same.fact.word("level"), None);
        let other = merge(&ENTITY, &Door::new("csv/b"), [("level", None)].into(), Some(&known("csv/a", "B1")));
        assert_eq!(other.fact.word("level"), Some("B1"));
        assert_eq!(other.warnings, [Code::KeptOtherSource]);
    }

    #[test]
    fn the_same_value_by_another_door_changes_nothing() {
        let known = known("csv/a", "B1");
        let merged = merge(
            &ENTITY,
            &Door::new("webhook"),
            [("level", Some(FieldValue::Word("B1".into())))].into(),
            Some(&known),
        );
        assert_eq!(merged.hash.as_slice(), known.content_hash);
        assert_eq!(merged.doors, known.doors);
    }

    #[test]
    fn doors_are_packed_as_the_usual_one_and_the_exceptions() {
        let known = known("csv/a", "B1");
        let merged =
            merge(&ENTITY, &Door::new("webhook"), [("minutes", Some(FieldValue::Int(5)))].into(), Some(&known));
        assert_eq!(merged.doors.len(), 2);
        let again = Existing { doors: merged.doors, fact: merged.fact, ..known };
        assert_eq!((again.door_of("level"), again.door_of("minutes")), (Some("csv/a"), Some("webhook")));
    }
}
