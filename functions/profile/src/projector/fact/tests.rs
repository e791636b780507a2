//! The projector's declaration in `shared::contracts::consumers` is true: it takes exactly those types, and what it makes
//! of an event depends on exactly those members.

use serde_json::{Value, json};
use shared::contracts::{consumers::PROFILE_PROJECTOR, schema};

use super::*;

fn read(kind: &str, event: &Value) -> Result<Fact, ContractError> {
    Fact::read(kind, &event.to_string())
}

#[test]
fn exactly_the_declared_types_are_taken_in() {
    let mut taken = 0;
    for published in schema::catalogue() {
        let declared = PROFILE_PROJECTOR.reads.iter().any(|reads| reads.kind == published.name);
        match read(published.name, &published.example) {
            Ok(_) => assert!(declared, "{} is taken in and not declared", published.name),
            Err(error) => {
                assert_eq!(error, ContractError::UnknownType, "{}", published.name);
                assert!(!declared, "{} is declared and not taken in", published.name);
            }
        }
        taken += usize::from(declared);
    }
    assert_eq!(taken, PROFILE_PROJECTOR.reads.len(), "a declared type that is in no catalogue");
}

/// Other values that a member may have; null where it may be absent.
fn others(schema: &Value, value: &Value) -> Vec<Value> {
    if let Some(names) = schema["enum"].as_array() {
        return names.clone();
    }
    let mut found = vec![Value::Null, json!([])];
    match value {
        Value::Bool(value) => found.push(json!(!value)),
        Value::Number(number) if number.is_i64() => {
            let number = number.as_i64().unwrap_or_default();
            found.extend([number - 1, number + 1].map(|number| json!(number)));
        }
        Value::Number(number) => found.push(json!(number.as_f64().unwrap_or_default() / 2.0)),
        Value::Array(items) if schema["items"]["type"] == "integer" => {
            found.push(json!([1]));
            found.extend(items.first().map(|item| json!([item])));
        }
        Value::Array(_) => found.push(json!(["00000000-0000-7000-8000-000000000001"])),
        Value::String(_) if schema["format"] == "uuid" => found.push(json!("00000000-0000-7000-8000-000000000001")),
        Value::String(_) if schema["format"] == "date-time" => {
            found.extend(["2024-12-31T10:00:00Z", "2029-01-01T10:00:00Z"].map(|time| json!(time)));
        }
        Value::String(_) => found.push(json!("other")),
        _ => {}
    }
    found
}

/// The example, and the example without each of the members that may be absent: some are read only in place of others.
fn bases(published: &schema::Published) -> Vec<Value> {
    let data = &published.schema["properties"]["data"];
    let required = data["required"].as_array().unwrap();
    let optional = data["properties"].as_object().unwrap().keys().filter(|name| !required.contains(&json!(name)));
    let without = optional.map(|name| {
        let mut event = published.example.clone();
        event["data"].as_object_mut().unwrap().remove(name);
        event
    });
    let read = |event: &Value| read(published.name, event).is_ok();
    std::iter::once(published.example.clone()).chain(without).filter(read).collect()
}

#[test]
fn what_is_made_of_an_event_depends_on_exactly_the_declared_members() {
    for published in schema::catalogue() {
        let Some(reads) = PROFILE_PROJECTOR.reads.iter().find(|reads| reads.kind == published.name) else { continue };
        let members = published.schema["properties"]["data"]["properties"].as_object().unwrap();
        let mut depends: Vec<&str> = Vec::new();
        for (name, schema) in members {
            let mut tried = 0;
            let mut changes = false;
            for base in bases(&published) {
                let whole = read(published.name, &base).unwrap();
                for other in others(schema, &published.example["data"][name.as_str()]) {
                    let mut event = base.clone();
                    event["data"][name.as_str()] = other;
                    if let Ok(fact) = read(published.name, &event) {
                        tried += usize::from(event != base);
                        changes |= fact != whole;
                    }
                }
            }
            // An example's rules may leave a member no other value: of a meeting, no milestone is taken back.
            assert!(tried > 0 || published.name == FactRetracted::TYPE, "{} {name} was never changed", published.name);
            if changes {
                depends.push(name);
            }
        }
        let mut declared = reads.fields.to_vec();
        declared.sort_unstable();
        depends.sort_unstable();
        assert_eq!(depends, declared, "{}", published.name);
    }
}

/// The rule in front of the queue lets through what is declared: read from the template, which deploys it.
#[test]
fn the_rule_of_the_template_lets_through_exactly_the_declared_types() {
    let template = include_str!("../../../../../template.yaml");
    let rule =
        template.split("\n  ProfileProjectorRule:").nth(1).and_then(|rest| rest.split("Targets:").next()).unwrap();
    let (sources, types) = rule.split_once("detail-type:").unwrap();
    let mut named: Vec<&str> = types.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    let mut declared: Vec<&str> = PROFILE_PROJECTOR.reads.iter().map(|reads| reads.kind).collect();
    named.sort_unstable();
    declared.sort_unstable();
    assert_eq!(named, declared);
    for reads in PROFILE_PROJECTOR.reads {
        for service in reads.from {
            assert!(sources.contains(&format!("teei.{service}")), "{service} of {}", reads.kind);
        }
    }
}
