//! The same two schemas and the same event before a validator that shares nothing with ours.

use serde_json::{Value, json};

use crate::{Break, Side, Unjudged};

/// An error if the validator does not see the break: then one of the two is wrong, and nothing is believed.
pub fn of(one: &Break, old: &Value, new: &Value) -> Result<(), Unjudged> {
    let (writer, reader) = match one.side {
        Side::Replay => (old.clone(), new.clone()),
        Side::Live => (new.clone(), old.clone()),
        // What is lost shows only where writers are held to what their contract names.
        Side::Lost => (closed(old), closed(new)),
    };
    let accepts = |schema: &Value| {
        let validator = jsonschema::options().should_validate_formats(true).build(schema);
        validator.map(|validator| validator.is_valid(&one.event)).map_err(|error| Unjudged::new("", error.to_string()))
    };
    match (accepts(&writer)?, accepts(&reader)?) {
        (true, false) => Ok(()),
        _ => Err(Unjudged::new(&one.path, "the two validators do not agree on the event that shows the break")),
    }
}

/// The schema as a writer is held to it: no member that is not named.
fn closed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for member in properties.values_mut() {
            *member = closed(member);
        }
    }
    if members.contains_key("properties") || members.get("type") == Some(&json!("object")) {
        members.entry("additionalProperties").or_insert(json!(false));
    }
    if let Some(items) = members.get_mut("items") {
        *items = closed(items);
    }
    schema
}
