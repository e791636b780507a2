//! One AsyncAPI 3.0 description of what goes over the bus, from the same types: `docs/asyncapi.json`.

use serde_json::{Map, Value, json};

use super::{
    CONTENT_TYPE, consumers, publishers,
    schema::{self, Published},
    source,
};

/// The whole description as JSON text: keys in order, so that two runs write the same bytes.
pub fn document() -> String {
    let all = schema::catalogue();
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for published in &all {
        let name = published.name;
        channels.insert(name.to_owned(), channel(published));
        messages.insert(name.to_owned(), message(published));
        operations.insert(
            format!("publish.{name}"),
            operation("send", name, "Published by the platform.", &publishers::of(name)),
        );
        for (consumer, reads) in consumers::of(name) {
            let mut taken = operation("receive", name, "Taken in by the platform.", &[consumer.name]);
            taken["x-fields"] = json!(reads.fields);
            operations.insert(format!("{}.{name}", consumer.name), taken);
        }
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "TEEI contract events",
            "version": "1",
            "description": "What happened in the programmes, as CloudEvents 1.0 on an EventBridge bus. The event is the `detail`; its type is the `detail-type`. At least once, in no promised order: recognise repeats by `id`, keep the highest `revision`. Readers pass over members they do not know.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": { "bus": {
            "host": "events.{region}.amazonaws.com",
            "protocol": "eventbridge",
            "description": "The bus: a rule on `source` and `detail-type` sends events to a queue of your own.",
            "variables": { "region": { "default": "eu-north-1", "description": "Where the platform runs." } },
        } },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn channel(published: &Published) -> Value {
    let sources: Vec<String> = published.services.iter().map(|service| format!("teei.{service}")).collect();
    json!({
        "address": published.name,
        "title": published.name,
        "summary": summary(published),
        "servers": [{ "$ref": "#/servers/bus" }],
        "messages": { "event": { "$ref": format!("#/components/messages/{}", published.name) } },
        "x-eventbridge": { "source": sources, "detail-type": [published.name] },
    })
}

fn operation(action: &str, kind: &str, summary: &str, functions: &[&str]) -> Value {
    json!({
        "action": action,
        "summary": summary,
        "channel": { "$ref": format!("#/channels/{kind}") },
        "messages": [{ "$ref": format!("#/channels/{kind}/messages/event") }],
        "x-functions": functions,
    })
}

fn message(published: &Published) -> Value {
    let mut message = json!({
        "name": published.name,
        "title": published.name,
        "summary": summary(published),
        "description": published.schema["description"],
        "contentType": CONTENT_TYPE,
        "payload": payload(&published.schema),
        "examples": [{ "name": "example", "summary": "Invented.", "payload": published.example }],
        "x-dataschema": published.schema["$id"],
        "x-sources": published.services.iter().map(|service| source(service)).collect::<Value>(),
    });
    if let Some(sunset) = published.sunset {
        message["x-sunset"] = json!(sunset);
    }
    message
}

fn summary(published: &Published) -> &str {
    let description = published.schema["description"].as_str().unwrap_or_default();
    description.split_inclusive(". ").next().and_then(|first| first.lines().next()).unwrap_or_default().trim()
}

/// AsyncAPI's own schemas are those of JSON Schema draft 7, which spells one keyword otherwise.
fn payload(schema: &Value) -> Value {
    let mut payload = schema.clone();
    if let Some(members) = payload.as_object_mut() {
        for annotation in ["$schema", "$id", "examples"] {
            members.remove(annotation);
        }
    }
    let data = &mut payload["properties"]["data"];
    if let Some(members) = data.as_object_mut()
        && let Some(dependent) = members.remove("dependentRequired")
    {
        members.insert("dependencies".to_owned(), dependent);
    }
    payload
}
