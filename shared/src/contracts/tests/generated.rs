//! What is made of the types for others: schemas, TypeScript, the AsyncAPI description.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;

use crate::contracts::{asyncapi, catalogue, consumers, publishers, schema, typescript};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Writes a generated file when asked to, and compares it otherwise.
fn is_current(path: &str, generated: &str) {
    let path = root().join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == generated,
        "{} differs from the Rust types: run `make generate` and look at the difference",
        path.display()
    );
}

/// Exactly the generated files: no more, no fewer, no other bytes.
#[test]
fn generated_contract_schemas_and_typescript_are_up_to_date() {
    let all = schema::catalogue();
    let mut expected = BTreeSet::from(["index.d.ts".to_owned()]);
    is_current("events/contracts/index.d.ts", &typescript::index(&all));
    for published in &all {
        let name = published.name;
        let text = serde_json::to_string_pretty(&published.schema).unwrap() + "\n";
        is_current(&format!("events/contracts/{name}.schema.json"), &text);
        is_current(&format!("events/contracts/{name}.d.ts"), &typescript::module(published));
        expected.extend([format!("{name}.schema.json"), format!("{name}.d.ts")]);
    }
    let found: BTreeSet<String> = std::fs::read_dir(root().join("events/contracts"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected, "a file without a type, or a type without its files");
}

#[test]
fn generated_asyncapi_description_is_up_to_date() {
    is_current("docs/asyncapi.json", &asyncapi::document());
}

#[test]
fn the_asyncapi_description_has_a_channel_an_operation_and_a_message_with_an_example_for_each_type() {
    let document: Value = serde_json::from_str(&asyncapi::document()).unwrap();
    assert_eq!(document["asyncapi"], "3.0.0");
    let all = schema::catalogue();
    for published in &all {
        let name = published.name;
        let channel = &document["channels"][name];
        assert_eq!(channel["address"], name);
        assert_eq!(channel["messages"]["event"]["$ref"], format!("#/components/messages/{name}"));
        let operation = &document["operations"][format!("publish.{name}")];
        assert_eq!(
            (&operation["action"], &operation["channel"]["$ref"]),
            (&"send".into(), &format!("#/channels/{name}").into())
        );
        let message = &document["components"]["messages"][name];
        assert_eq!(message["examples"][0]["payload"], published.example);
        let validator = jsonschema::draft7::options().should_validate_formats(true).build(&message["payload"]).unwrap();
        assert!(validator.is_valid(&published.example), "{name}");
        for (consumer, _) in consumers::of(name) {
            assert_eq!(document["operations"][format!("{}.{name}", consumer.name)]["action"], "receive");
        }
    }
    assert_eq!(document["channels"].as_object().unwrap().len(), all.len());
    assert_eq!(
        document["operations"].as_object().unwrap().len(),
        all.len() + consumers::ALL.iter().map(|consumer| consumer.reads.len()).sum::<usize>()
    );
}

#[test]
fn every_reference_of_the_asyncapi_description_leads_somewhere() {
    fn look(document: &Value, value: &Value, followed: &mut usize) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
                    *followed += 1;
                }
                members.values().for_each(|member| look(document, member, followed));
            }
            Value::Array(items) => items.iter().for_each(|item| look(document, item, followed)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&asyncapi::document()).unwrap();
    let mut followed = 0;
    look(&document, &document, &mut followed);
    assert!(followed > 100, "{followed}");
}

#[test]
fn publishers_and_consumers_are_functions_of_this_repository_and_read_what_there_is() {
    let binaries: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .filter_map(|package| std::fs::read_dir(package.unwrap().path().join("src/bin")).ok())
        .flatten()
        .filter_map(|file| Some(file.unwrap().path().file_stem()?.to_str()?.to_owned()))
        .collect();
    let entries = catalogue::entries();
    for entry in &entries {
        for function in publishers::of(entry.kind) {
            assert!(binaries.contains(function), "{} is written by {function}, which is no function", entry.kind);
        }
    }
    for consumer in consumers::ALL {
        assert!(binaries.contains(consumer.name), "{}", consumer.name);
        for reads in consumer.reads {
            let entry = entries.iter().find(|entry| entry.kind == reads.kind).unwrap();
            for field in reads.fields {
                assert!(entry.fields.iter().any(|one| one.name == *field), "{} of {}", field, reads.kind);
            }
            for service in reads.from {
                assert!(entry.sources.contains(&format!("teei/{service}")), "{service} of {}", reads.kind);
            }
        }
    }
}

#[test]
fn the_catalogue_describes_every_member_of_every_type() {
    for entry in catalogue::entries() {
        assert!(!entry.description.is_empty() && !entry.fields.is_empty(), "{}", entry.kind);
        for field in &entry.fields {
            assert!(!field.description.is_empty() && !field.allowed.is_empty(), "{} {}", entry.kind, field.name);
            assert_ne!(field.allowed, "anything", "{} {}", entry.kind, field.name);
        }
        assert!(entry.fields.iter().any(|field| field.name == "revision" && field.required), "{}", entry.kind);
    }
    assert_eq!(
        catalogue::envelope().iter().filter(|field| !field.required).count(),
        2,
        "causationid, deprecationsunset"
    );
}
