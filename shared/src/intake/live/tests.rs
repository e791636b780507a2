//! JSON to cells: the text a file would hold, nothing rounded, nothing guessed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Item;
use crate::intake::{
    column::Column,
    entity::{Entity, Key, Layout},
    split::Splitter,
};

const COLUMNS: &[Column] = &[
    Column::id("id").required(),
    Column::email("who"),
    Column::text("note"),
    Column::score("score"),
    Column::json_text("metadata"),
    Column::long_json_text("answers"),
    Column::json_list("interests"),
    Column::integers("goals", 1, 17),
    Column::references("attendees"),
];

static ENTITY: Entity = Entity {
    source: "test",
    name: "things",
    table: "none",
    id: "id",
    layouts: &[
        Layout { name: "new", columns: COLUMNS, feeds: &[], constants: &[], words: &[] },
        Layout {
            name: "old",
            columns: &[Column::id("id").required(), Column::email("whom").required(), Column::text("note")],
            feeds: &[],
            constants: &[],
            words: &[],
        },
    ],
    fields: &[],
    key: Key::Column("id"),
    company_through: None,
    rated_by: false,
    programme: |_| None,
    happened: |_| None,
    check: |_| Ok(()),
    publish: |_, _| Ok(0),
};

/// The cell of a column, its rejection's code, or nothing.
fn cell(json: &str, column: &str) -> Option<String> {
    let item = Item::read(json).ok().unwrap();
    let column = COLUMNS.iter().find(|one| one.name == column).unwrap();
    match item.cell(column) {
        Ok(text) => text.map(|text| text.into_owned()),
        Err(rejection) => Some(format!("! {}", rejection.code)),
    }
}

#[test]
fn a_number_keeps_its_digits() {
    for digits in ["92.50", "0.1", "-0", "123456789012345678901234567890.000000000000000000001", "1e5", "4.0"] {
        assert_eq!(cell(&format!("{{\"score\": {digits}}}"), "score").unwrap(), digits);
        assert_eq!(cell(&format!("{{\"id\": {digits}}}"), "id").unwrap(), digits);
    }
}

#[test]
fn null_is_an_empty_cell_and_what_is_absent_says_nothing_unless_it_is_required() {
    assert_eq!(cell(r#"{"note": null}"#, "note").as_deref(), Some(""));
    assert_eq!(cell(r#"{"note": ""}"#, "note").as_deref(), Some(""));
    assert_eq!(cell("{}", "note"), None);
    assert_eq!(cell("{}", "id").as_deref(), Some(""), "an empty required cell is rejected by the reader of cells");
    assert_eq!(cell(r#"{"note": true}"#, "note").as_deref(), Some("true"));
}

#[test]
fn lists_and_objects_are_kept_as_they_stand_where_a_file_holds_json_and_refused_elsewhere() {
    assert_eq!(cell(r#"{"metadata": {"a" : 1.10}}"#, "metadata").unwrap(), r#"{"a" : 1.10}"#);
    assert_eq!(cell(r#"{"answers": {"a" : 1.10}}"#, "answers").unwrap(), r#"{"a" : 1.10}"#);
    assert_eq!(cell(r#"{"metadata": "{\"a\":1}"}"#, "metadata").unwrap(), r#"{"a":1}"#);
    assert_eq!(cell(r#"{"interests": ["ski", "Łódź"]}"#, "interests").unwrap(), r#"["ski", "Łódź"]"#);
    assert_eq!(cell(r#"{"goals": [4, 8]}"#, "goals").unwrap(), "[4, 8]");
    assert_eq!(cell(r#"{"attendees": ["a"]}"#, "attendees").unwrap(), r#"["a"]"#);
    for (value, column) in [("[1]", "id"), ("{}", "note"), ("[\"a@b.example\"]", "who"), ("[92]", "score")] {
        assert_eq!(cell(&format!("{{\"{column}\": {value}}}"), column).unwrap(), "! bad_json", "{column}");
    }
}

#[test]
fn a_string_that_is_no_text_is_refused_with_its_column() {
    assert_eq!(cell(r#"{"note": "a\u0000b"}"#, "note").unwrap(), "! nul_byte");
    assert_eq!(cell(r#"{"note": "\ud800"}"#, "note").unwrap(), "! bad_json");
    assert_eq!(cell(r#"{"note": "\ud83d\ude00 \u0141"}"#, "note").unwrap(), "😀 Ł");
}

#[test]
fn a_field_twice_rejects_the_record_also_when_one_is_written_with_escapes() {
    let twice = |json: &str| {
        let item = Item::read(json).ok().unwrap();
        item.twice(&ENTITY.layouts[0]).map(|rejection| (rejection.code.as_str(), rejection.column))
    };
    assert_eq!(twice(r#"{"id": 1, "note": "a", "id": 1}"#), Some(("bad_json", Some("id".to_owned()))));
    assert_eq!(twice(r#"{"note": "a", "n\u006fte": "b"}"#), Some(("bad_json", Some("note".to_owned()))));
    assert_eq!(twice(r#"{"olena@example.org": 1, "olena@example.org": 2}"#), Some(("bad_json", None)));
    assert_eq!(twice(r#"{"id": 1, "note": "a"}"#), None);
}

#[test]
fn only_an_object_is_a_record() {
    for text in ["[]", "null", "\"a\"", "1", "", "{", "{\"a\":}", "{} {}", "{\"a\":1,}"] {
        assert!(Item::read(text).is_err(), "{text}");
    }
    assert!(Item::read(&format!("{{\"note\": {}1{}}}", "[".repeat(50_000), "]".repeat(50_000))).is_ok());
}

#[test]
fn the_layout_is_the_one_whose_required_columns_are_there() {
    let layout = |json: Value| Item::read(&json.to_string()).ok().unwrap().layout(&ENTITY).name;
    assert_eq!(layout(json!({ "id": 1, "who": "a@b.example" })), "new");
    assert_eq!(layout(json!({ "id": 1, "whom": "a@b.example" })), "old");
    assert_eq!(layout(json!({ "id": 1, "note": "" })), "new", "of equals the first");
    assert_eq!(layout(json!({ "whom": "a@b.example", "note": "x" })), "old", "of none that fits the likeliest");
    assert_eq!(layout(json!({})), "new");
}

#[test]
fn unknown_fields_are_named_unless_their_name_may_be_anything() {
    let json = json!({ "id": 1, "notes": "x", "shoe_size": 43, "olena@example.org": 1, "": 2 });
    let item = Item::read(&json.to_string()).ok().unwrap();
    let mut unknown: Vec<_> =
        item.unknown(&ENTITY.layouts[0]).into_iter().map(|column| (column.name, column.nearest)).collect();
    unknown.sort();
    let named = |name: &str, nearest| (name.to_owned(), nearest);
    assert_eq!(unknown, [named("?", None), named("?", None), named("notes", Some("note")), named("shoe_size", None)]);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    /// The same text in a quoted cell of a file and in a JSON string, whichever escapes its sender likes.
    #[test]
    fn a_string_is_the_cell_that_a_file_would_hold(text in any::<String>(), escaped in any::<bool>()) {
        prop_assume!(!text.contains('\0'));
        let json = match escaped {
            true => {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                format!("{{\"note\": \"{units}\"}}")
            }
            false => json!({ "note": text }).to_string(),
        };
        let mut splitter = Splitter::new(b',');
        let line = quoted(&text);
        let in_file = splitter.split(line.as_bytes()).unwrap().get(0).unwrap().to_owned();
        prop_assert_eq!(cell(&json, "note").unwrap(), in_file);
    }

    #[test]
    fn any_number_of_json_is_its_own_text(number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?") {
        prop_assert_eq!(cell(&format!("{{\"score\":{number} }}"), "score").unwrap(), number);
    }

    #[test]
    fn any_json_that_a_file_could_hold_is_kept_as_it_stands(spaces in " {0,3}", number in -1000i64..1000, word in "[a-zæøåї\"\\\\]{0,8}") {
        let value = format!("{{{spaces}\"a\"{spaces}:{spaces}[{number}, {}]}}", json!(word));
        prop_assert_eq!(cell(&format!("{{\"metadata\":{spaces}{value}{spaces}}}"), "metadata").unwrap(), value);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        if let Ok(item) = Item::read(&text) {
            for column in COLUMNS {
                let _ = item.cell(column);
            }
        }
    }
}
