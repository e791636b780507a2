//! What a fact would be, had an import not been. Pure.
//!
//! A fact's revisions are replayed: the first, then every difference that a revision of an import that still counts
//! made to a field. What the undone import set, and nobody since, is then what it was before; what somebody set since
//! stays. Revisions decide: an import that found a value already there and brought it too has not set it. A restored
//! revision belongs to the undone import, so later undos do not count it either.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::intake::merge;

/// One revision of a fact.
#[derive(Debug, Clone)]
pub struct Version {
    /// Brought by something that still counts: a door, or an import that was not undone.
    pub live: bool,
    /// Its fields' values as the history keeps them.
    pub content: Value,
    /// Its row; null where the history is older than rows are kept.
    pub stored: Value,
}

/// What becomes of a fact.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Nothing that still counts says that it is.
    Remove,
    /// Touched since by somebody else.
    Keep,
    /// The row it gets.
    Restore(Value),
}

/// Columns that go together and are no fields: which company's figure the fact is in, and who rates.
const BESIDE_FIELDS: [&[&str]; 2] = [&["instance_id", "company_id"], &["rated_by"]];

/// What becomes of a fact with these revisions, oldest first. `fields` are the entity's; `held`: other facts refer to
/// it, so that it stays whoever says so.
pub fn decide(fields: &[&'static str], versions: &[Version], held: bool) -> Decision {
    let Some(now) = versions.last() else { return Decision::Remove };
    if !held && !versions.iter().any(|version| version.live) {
        return Decision::Remove;
    }
    if versions.iter().any(|version| version.stored.is_null()) {
        return Decision::Keep;
    }
    let Value::Object(mut row) = now.stored.clone() else { return Decision::Keep };
    let mut doors: BTreeMap<&str, String> = BTreeMap::new();
    let mut back = false;
    for field in fields {
        // A secret is sealed anew only with its words or its person, so as it was sealed it belongs to its person.
        let value = |version: &Version| version.content.get(field).cloned();
        let from = setter(versions, value);
        if value(from) != value(now) {
            back = true;
            for column in columns(field, &row) {
                copy(&column, from, &mut row);
            }
        }
        if from.content.get(field).is_some()
            && let Some(door) = door(from, field)
        {
            doors.insert(field, door);
        }
    }
    if !back {
        return Decision::Keep;
    }
    for together in BESIDE_FIELDS {
        let value = |version: &Version| together.map_values(version);
        let from = setter(versions, value);
        for column in together.iter().filter(|column| now.stored.get(**column).is_some()) {
            copy(column, from, &mut row);
        }
    }
    row.insert("doors".to_owned(), serde_json::json!(merge::packed(&doors)));
    Decision::Restore(Value::Object(row))
}

trait MapValues {
    fn map_values(&self, version: &Version) -> Vec<Value>;
}

impl MapValues for &[&str] {
    fn map_values(&self, version: &Version) -> Vec<Value> {
        self.iter().map(|column| version.stored.get(*column).cloned().unwrap_or_default()).collect()
    }
}

/// The last revision that counts and set the value to something else than it was.
fn setter<T: PartialEq>(versions: &[Version], value: impl Fn(&Version) -> T) -> &Version {
    let set =
        versions.windows(2).filter(|pair| pair[1].live && value(&pair[0]) != value(&pair[1])).map(|pair| &pair[1]);
    set.last().unwrap_or(&versions[0])
}

/// The columns a field stands in, of those the row has.
fn columns(field: &str, row: &Map<String, Value>) -> Vec<String> {
    let day_only = format!("{}_day_only", field.strip_suffix("_at").unwrap_or(field));
    let others = ["_raw", "_scale", "_text_id", "_digest", "_sealed"].map(|end| format!("{field}{end}"));
    std::iter::once(field.to_owned())
        .chain([day_only])
        .chain(others)
        .filter(|column| row.contains_key(column))
        .collect()
}

fn copy(column: &str, from: &Version, row: &mut Map<String, Value>) {
    row.insert(column.to_owned(), from.stored.get(column).cloned().unwrap_or_default());
}

fn door(version: &Version, field: &str) -> Option<String> {
    let doors = version.stored.get("doors")?;
    doors.get(field).or_else(|| doors.get("*"))?.as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: [&str; 2] = ["level", "rating"];

    #[derive(Clone, Copy, PartialEq)]
    enum By {
        Other,
        Mine,
        Undone,
    }

    fn history(revisions: &[(By, &str, &str)]) -> Vec<Version> {
        revisions
            .iter()
            .map(|(by, level, rating)| Version {
                live: *by == By::Other,
                content: json!({ "level": level, "rating": rating }),
                stored: json!({
                    "level": level, "rating": rating, "rating_raw": rating, "company_id": null,
                    "doors": {"*": if *by == By::Mine { "csv/mine" } else { "csv/other" }},
                }),
            })
            .collect()
    }

    fn after(revisions: &[(By, &str, &str)]) -> String {
        match decide(&FIELDS, &history(revisions), false) {
            Decision::Remove => "removed".to_owned(),
            Decision::Keep => "kept".to_owned(),
            Decision::Restore(row) => {
                format!("{} {}", row["level"].as_str().unwrap(), row["rating_raw"].as_str().unwrap())
            }
        }
    }

    #[test]
    fn what_only_the_import_brought_goes_and_what_somebody_touched_since_stays() {
        use By::{Mine, Other, Undone};
        assert_eq!(after(&[(Mine, "A1", "4")]), "removed");
        assert_eq!(after(&[(Mine, "A1", "4"), (Other, "A1", "5")]), "kept");
        assert_eq!(after(&[(Mine, "A1", "4"), (Undone, "A1", "5"), (Undone, "A1", "4")]), "removed");
    }

    #[test]
    fn fields_the_import_set_go_back_and_fields_set_since_stay() {
        use By::{Mine, Other};
        assert_eq!(after(&[(Other, "A1", "4"), (Mine, "A2", "5")]), "A1 4");
        assert_eq!(after(&[(Other, "A1", "4"), (Mine, "A2", "5"), (Other, "A2", "3")]), "A1 3");
        assert_eq!(after(&[(Other, "A1", "4"), (Mine, "A1", "5"), (Other, "A1", "3")]), "kept");
        assert_eq!(after(&[(Other, "A1", "4"), (Mine, "A1", "5"), (Other, "A1", "3"), (Other, "A1", "5")]), "kept");
    }

    #[test]
    fn undos_end_in_the_same_state_in_any_order() {
        use By::{Mine, Other, Undone};
        // Two imports changed the rating one after the other; the first was undone before, which kept it.
        assert_eq!(after(&[(Other, "A1", "4"), (Undone, "A1", "5"), (Mine, "A1", "3")]), "A1 4");
        // The last was undone before, which made a restored revision of its own; now the one before it is.
        let both = [(Other, "A1", "4"), (Mine, "A1", "5"), (Undone, "A1", "3"), (Undone, "A1", "5")];
        assert_eq!(after(&both), "A1 4");
        // The creator was undone first and its fact kept, because this import had changed it.
        assert_eq!(after(&[(Undone, "A1", "4"), (Mine, "A1", "5")]), "removed");
    }

    #[test]
    fn a_value_that_comes_back_has_the_door_it_came_by() {
        let versions = history(&[(By::Other, "A1", "4"), (By::Mine, "A1", "5")]);
        let Decision::Restore(row) = decide(&FIELDS, &versions, false) else { panic!("restored") };
        assert_eq!(row["doors"], json!({"*": "csv/other"}));
    }

    #[test]
    fn a_history_without_rows_is_left_alone() {
        let mut versions = history(&[(By::Other, "A1", "4"), (By::Mine, "A1", "5")]);
        versions[0].stored = Value::Null;
        assert_eq!(decide(&FIELDS, &versions, false), Decision::Keep);
    }

    #[test]
    fn what_the_import_set_a_second_time_goes_back_to_what_another_set_between() {
        use By::{Mine, Other};
        assert_eq!(after(&[(Mine, "A1", "4"), (Other, "A1", "5"), (Mine, "A1", "4")]), "A1 5");
    }

    #[test]
    fn a_fact_that_others_refer_to_is_as_its_undone_maker_left_it() {
        let versions = history(&[(By::Undone, "A1", "4"), (By::Mine, "A1", "5")]);
        let Decision::Restore(row) = decide(&FIELDS, &versions, true) else { panic!("restored") };
        assert_eq!(row["rating_raw"], "4");
        assert_eq!(decide(&FIELDS, &versions[..1], true), Decision::Keep);
    }

    #[test]
    fn a_secret_goes_back_as_it_was_sealed_for_the_person_who_comes_back() {
        let version = |by: By, who: &str, sealed: &str| Version {
            live: by == By::Other,
            content: json!({ "person": who, "url": { "digest": "same words", "sealed": sealed } }),
            stored: json!({ "person": who, "url_digest": "same words", "url_sealed": sealed, "doors": {"*": "csv"} }),
        };
        let versions = [version(By::Other, "p", "under p's key"), version(By::Mine, "q", "under q's key")];
        let Decision::Restore(row) = decide(&["person", "url"], &versions, false) else { panic!("restored") };
        assert_eq!((&row["person"], &row["url_sealed"]), (&json!("p"), &json!("under p's key")));
    }
}
