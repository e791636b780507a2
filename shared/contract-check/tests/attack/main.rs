//! Breaks of the real contracts: each is found, at the right member, in the right direction, with the consumer that reads
//! it; what breaks nobody is let through.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use contract_check::{
    Side::{self, Live, Lost, Replay},
    compare,
    node::Node,
    report,
    valid::{faults, keeps},
};
use serde_json::{Value, json};
use shared::contracts::schema;

mod table;

fn of(kind: &str) -> Value {
    let all = schema::catalogue();
    all.into_iter().find(|published| published.name == kind).unwrap_or_else(|| panic!("{kind}")).schema
}

type Edit = fn(&mut Value);

/// What a person did to a type; the breaks as (side, path), and who is named for the first.
struct Attack {
    what: &'static str,
    kind: &'static str,
    edit: Edit,
    breaks: &'static [(Side, &'static str)],
    reader: &'static str,
}

fn data(schema: &mut Value) -> &mut Value {
    &mut schema["properties"]["data"]
}

fn member<'a>(schema: &'a mut Value, name: &str) -> &'a mut Value {
    &mut data(schema)["properties"][name]
}

fn remove(schema: &mut Value, name: &str) -> Value {
    let data = data(schema);
    data["required"].as_array_mut().unwrap().retain(|one| one != name);
    data["properties"].as_object_mut().unwrap().remove(name).unwrap()
}

fn require(schema: &mut Value, name: &str) {
    data(schema)["required"].as_array_mut().unwrap().push(json!(name));
}

fn rename(schema: &mut Value, from: &str, to: &str) {
    let required = data(schema)["required"].as_array().unwrap().contains(&json!(from));
    let gone = remove(schema, from);
    data(schema)["properties"][to] = gone;
    if required {
        require(schema, to);
    }
}

fn add_name(schema: &mut Value, name: &str, value: &str) {
    member(schema, name)["enum"].as_array_mut().unwrap().push(json!(value));
}

fn drop_name(schema: &mut Value, name: &str, value: &str) {
    member(schema, name)["enum"].as_array_mut().unwrap().retain(|one| one != value);
}

#[test]
fn every_break_is_found_with_its_smallest_event_and_its_reader() {
    for Attack { what, kind, edit, breaks, reader } in table::ATTACKS {
        let old = of(kind);
        let mut new = old.clone();
        edit(&mut new);
        assert_ne!(old, new, "{what}: nothing was changed");
        let found = compare(&old, &new).unwrap_or_else(|error| panic!("{what}: {error}"));
        let places: Vec<(Side, &str)> = found.iter().map(|one| (one.side, one.path.as_str())).collect();
        assert_eq!(places, *breaks, "{what}");
        for one in &found {
            let (yesterday, today) = (Node::read(&old).unwrap(), Node::read(&new).unwrap());
            match one.side {
                Replay => assert!(keeps(&yesterday, &one.event) && !keeps(&today, &one.event), "{what}"),
                Live => assert!(keeps(&today, &one.event) && !keeps(&yesterday, &one.event), "{what}"),
                Lost => assert!(keeps(&yesterday, &one.event), "{what}"),
            }
            smallest(&old, &new, one.side, &one.event, what);
        }
        if let Some(first) = found.first() {
            let said = report::readers(kind, &first.path, first.side);
            assert!(said.contains(reader), "{what}: {said}");
        }
    }
    assert!(table::ATTACKS.len() >= 50, "{}", table::ATTACKS.len());
}

/// Nothing can be taken away from the event without losing what it shows.
fn smallest(old: &Value, new: &Value, side: Side, event: &Value, what: &str) {
    let (writer, reader) = if side == Live { (new, old) } else { (old, new) };
    let (writer, reader) = (Node::read(writer).unwrap(), Node::read(reader).unwrap());
    let broken = |event: &Value| keeps(&writer, event) && !faults(&reader, event).is_empty();
    if side == Lost {
        return;
    }
    for (pointer, members) in [("", event), ("/data", &event["data"])] {
        for name in members.as_object().unwrap().keys() {
            let mut without = event.clone();
            without.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
            assert!(!broken(&without), "{what}: the event does not need {name}: {event}");
        }
    }
}

/// Each member of each type, changed in every way that a person may change it by hand: the verdict is known beforehand.
#[test]
fn the_same_mistake_at_every_member_of_every_type_is_found() {
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for published in schema::catalogue() {
        let old = &published.schema;
        assert_eq!(compare(old, old).unwrap(), [], "{}", published.name);
        let data = &old["properties"]["data"];
        let names: Vec<String> = data["properties"].as_object().unwrap().keys().cloned().collect();
        // What every type has is tried at one of them.
        let common = ["importId", "line", "revision"];
        for name in names.iter().filter(|name| published.name == table::SESSION || !common.contains(&name.as_str())) {
            let required = data["required"].as_array().unwrap().contains(&json!(name));
            let schema = &data["properties"][name.as_str()];
            let mut edits: Vec<(&str, Value)> = Vec::new();
            let mut edit = |what, change: &dyn Fn(&mut Value)| {
                let mut new = old.clone();
                change(&mut new);
                edits.push((what, new));
            };
            edit("renamed", &|new| rename(new, name, "somethingElse"));
            edit("another type", &|new| *member(new, name) = json!({ "type": "object", "required": ["a"] }));
            if !required {
                edit("required", &|new| require(new, name));
            }
            if schema["enum"].as_array().is_some_and(|names| names.len() > 2) && schema.get("const").is_none() {
                edit("a name less", &|new| {
                    member(new, name)["enum"].as_array_mut().unwrap().remove(1);
                });
                edit("a name more", &|new| add_name(new, name, "more"));
            }
            if let Some(most) = schema["maximum"].as_i64() {
                edit("narrower", &|new| member(new, name)["maximum"] = json!(most - 1));
                edit("wider", &|new| member(new, name)["maximum"] = json!(most + 1));
            }
            for (what, new) in edits {
                // A rule between members may keep a member that is renamed from being judged by itself alone.
                let found =
                    compare(old, &new).unwrap_or_else(|error| panic!("{} {name} {what}: {error}", published.name));
                let path = format!("data.{name}");
                assert!(
                    found.iter().any(|one| one.path == path || one.path.starts_with(&format!("{path}."))),
                    "{} {name} {what}: {found:?}",
                    published.name
                );
                *tried.entry(what).or_default() += 1;
            }
        }
    }
    assert!(tried.values().sum::<usize>() > 400, "{tried:?}");
}
