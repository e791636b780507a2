//! Bodies of another form: each value as it stands, from where the table says.

use serde_json::json;

use super::{
    shape::{Cell, Shape, Type},
    webhook::Event,
};
use crate::intake::{
    column::Column,
    entity::{Entity, Key, Layout},
};

static ENTITY: Entity = Entity {
    source: "test",
    name: "things",
    table: "none",
    id: "id",
    layouts: &[Layout {
        name: "things",
        columns: &[
            Column::id("id").required(),
            Column::score("score"),
            Column::one_of("status", &["in_progress"]),
            Column::label("sender"),
        ],
        feeds: &[],
        constants: &[],
        words: &[],
    }],
    fields: &[],
    key: Key::Column("id"),
    company_through: None,
    rated_by: false,
    programme: |_| None,
    happened: |_| None,
    check: |_| Ok(()),
    publish: |_, _| Ok(0),
};

static SHAPE: Shape = Shape {
    kind: "/what",
    told: "/when",
    types: &[Type {
        name: "thing",
        entity: &ENTITY,
        cells: &[
            Cell::always("sender", "us"),
            Cell::of("id", &["/a/id", "/id"]),
            Cell::of("score", &["/a/b/score"]).otherwise("0"),
            Cell::of("status", &["/status"]).words(&[("inprogress", "in_progress")]),
        ],
    }],
};

fn read(body: &str) -> Event {
    match SHAPE.read(body.as_bytes()) {
        Ok(event) => event,
        Err(problem) => panic!("{} {:?}", problem.code.code, problem.errors),
    }
}

fn cell(body: &str, column: &str) -> Option<String> {
    let column = ENTITY.layouts[0].columns.iter().find(|one| one.name == column).unwrap();
    read(body).item.cell(column).unwrap().map(|text| text.into_owned())
}

#[test]
fn a_value_stands_in_its_cell_as_it_stands_in_the_body() {
    let body = r#"{"what": "thing", "a": {"id": 1234567890123456789012345678901, "b": {"score": 92.50}}}"#;
    assert_eq!(cell(body, "id").unwrap(), "1234567890123456789012345678901");
    assert_eq!(cell(body, "score").unwrap(), "92.50");
    assert_eq!(cell(body, "sender").unwrap(), "us");
    assert_eq!(cell(body, "status"), None, "what is absent says nothing");
}

#[test]
fn the_first_member_that_is_there_is_taken_and_null_only_where_nothing_else_is() {
    let with = |a: serde_json::Value, id: serde_json::Value| json!({"what": "thing", "a": a, "id": id}).to_string();
    assert_eq!(cell(&with(json!({"id": "x"}), json!("y")), "id").unwrap(), "x");
    assert_eq!(cell(&with(json!({"id": null}), json!("y")), "id").unwrap(), "y");
    assert_eq!(cell(&with(json!("no object"), json!("y")), "id").unwrap(), "y");
    assert_eq!(cell(&with(json!({"id": null}), json!(null)), "id").unwrap(), "");
    assert_eq!(cell(&with(json!({"b": {"score": null}}), json!(1)), "score").unwrap(), "0");
    assert_eq!(cell(r#"{"what": "thing", "status": null}"#, "status").unwrap(), "");
}

#[test]
fn words_are_known_in_any_spelling_and_others_stay_for_the_reader_to_reject() {
    for theirs in ["InProgress", "in_progress", "IN-PROGRESS", "in progress"] {
        assert_eq!(cell(&json!({"what": "thing", "status": theirs}).to_string(), "status").unwrap(), "in_progress");
    }
    assert_eq!(cell(r#"{"what": "thing", "status": "Paused"}"#, "status").unwrap(), "Paused");
    assert_eq!(cell(r#"{"what": "thing", "status": 7}"#, "status").unwrap(), "7");
}

#[test]
fn columns_are_told_by_the_first_place_they_may_stand_in() {
    let places = read(r#"{"what": "thing"}"#).places;
    assert_eq!(places, [("id", "/a/id"), ("score", "/a/b/score"), ("status", "/status")]);
}

#[test]
fn a_body_that_cannot_be_read_is_told_by_its_member() {
    let refused = |body: &str| {
        let problem = SHAPE.read(body.as_bytes()).err().unwrap();
        format!("{} {}", problem.code.code, problem.errors.first().map_or("", |error| error.pointer.as_str()))
    };
    assert_eq!(refused("{"), "bad_json ");
    assert_eq!(refused("7"), "bad_request ");
    assert_eq!(refused(r#"{"what": ["thing"]}"#), "bad_request ");
    assert_eq!(refused(r#"{"what": "other"}"#), "unknown_event /what");
    assert_eq!(refused(r#"{"what": "thing", "when": 12}"#), "invalid_record /when");
    assert_eq!(refused(r#"{"what": "thing", "when": "2025-03-04"}"#), "invalid_record /when");
    assert_eq!(refused(r#"{"what": "thing", "a": {"id": 1, "id": 2}}"#), "invalid_record /a/id");
    assert_eq!(refused(r#"{"what": "thing", "a": {}, "a": {}}"#), "invalid_record /a/id");
}
