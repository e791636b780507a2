//! JSON Schema (2020-12) of every contract event, whole: envelope and data. Generated from the Rust types into
//! `events/contracts/`, so that a subscriber needs no Rust to know what comes.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{CLASSIFICATION, CONTENT_TYPE, CorrelationId, SPEC_VERSION, examples, source, *};

/// One published type.
pub struct Published {
    /// The type's name with its version.
    pub name: &'static str,
    /// Its schema.
    pub schema: Value,
    /// An invented event of it.
    pub example: Value,
    /// The services whose facts it tells.
    pub services: &'static [&'static str],
    /// Until when it is published beside the type that replaces it.
    pub sunset: Option<&'static str>,
    /// Reads an event of this type as a consumer does, and writes it again.
    pub reread: fn(&str) -> Result<String, ContractError>,
}

/// Every type there is, in the order of the contract document.
pub fn catalogue() -> Vec<Published> {
    macro_rules! all {
        ([] $($kind:ident),+) => { vec![$(published::<$kind>()),+] };
    }
    every_type!(all)
}

fn published<T: Contract>() -> Published {
    Published {
        name: T::TYPE,
        schema: schema_of::<T>(),
        example: example::<T>(),
        services: T::SERVICES,
        sunset: T::SUNSET,
        reread: |event| Envelope::<T>::read(event)?.to_json(),
    }
}

/// The schema of a whole event of type `T`. Unknown members are allowed on purpose: readers pass over them.
pub fn schema_of<T: Contract>() -> Value {
    let mut data: Value = data_schema::<T>();
    let description = data.as_object_mut().and_then(|data| data.remove("description"));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": Envelope::<T>::dataschema(),
        "title": T::TYPE,
        "description": description,
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "recordedtime", "datacontenttype", "dataschema",
            "correlationid", "dataclassification", "data"
        ],
        "properties": {
            "specversion": { "const": SPEC_VERSION, "description": "The version of CloudEvents." },
            "id": uuid("The event's identity, UUIDv7: recognise repeats by it."),
            "source": sources::<T>(),
            "type": { "const": T::TYPE, "description": "The event's type with its version; also the detail-type on the bus." },
            "subject": uuid("The fact's id."),
            "time": instant("When it happened, in UTC."),
            "recordedtime": instant("When it was written down, in UTC."),
            "datacontenttype": { "const": CONTENT_TYPE, "description": "The media type of data." },
            "dataschema": { "const": Envelope::<T>::dataschema(), "description": "The name of this schema." },
            "correlationid": correlation(),
            "causationid": uuid("The event this one follows from, if one did."),
            "dataclassification": { "const": CLASSIFICATION, "description": "People are surrogate ids; no names, addresses or words." },
            "deprecationsunset": instant("Until when this type is published beside the one that replaces it; absent while nothing does."),
            "data": data,
        },
        "examples": [example::<T>()],
    });
    if let Some(sunset) = T::SUNSET {
        schema["deprecated"] = json!(true);
        schema["x-sunset"] = json!(sunset);
    }
    schema
}

fn data_schema<T: Contract>() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator();
    let mut schema = generator.root_schema_for::<T>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
    }
    spell_out_widths(&mut schema);
    schema
}

/// `format: uint32` says nothing to most validators, while the Rust reader refuses what does not fit: the width as bounds.
fn spell_out_widths(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    let bounds = match members.get("format").and_then(Value::as_str) {
        Some("int8") => Some((json!(i8::MIN), json!(i8::MAX))),
        Some("uint8") => Some((json!(u8::MIN), json!(u8::MAX))),
        Some("int16") => Some((json!(i16::MIN), json!(i16::MAX))),
        Some("uint16") => Some((json!(u16::MIN), json!(u16::MAX))),
        Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
        Some("uint32") => Some((json!(u32::MIN), json!(u32::MAX))),
        Some("int64" | "int") => Some((json!(i64::MIN), json!(i64::MAX))),
        Some("uint64" | "uint") => Some((json!(u64::MIN), json!(u64::MAX))),
        _ => None,
    };
    if matches!(members.get("format").and_then(Value::as_str), Some("float" | "double")) {
        members.remove("format");
    }
    if let Some((low, high)) = bounds {
        members.remove("format");
        members.entry("minimum").or_insert(low);
        members.entry("maximum").or_insert(high);
    }
    for (name, member) in members.iter_mut() {
        match (name.as_str(), member) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(spell_out_widths),
            ("anyOf" | "oneOf" | "allOf", Value::Array(branches)) => branches.iter_mut().for_each(spell_out_widths),
            ("items" | "additionalProperties" | "not" | "if" | "then" | "else", member) => spell_out_widths(member),
            _ => {}
        }
    }
}

fn sources<T: Contract>() -> Value {
    let sources: Vec<String> = T::SERVICES.iter().map(|service| source(service)).collect();
    let description = "The service the fact belongs to.";
    match sources.as_slice() {
        [one] => json!({ "const": one, "description": description }),
        several => json!({ "type": "string", "enum": several, "description": description }),
    }
}

fn uuid(description: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": description })
}

fn instant(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

fn correlation() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = <CorrelationId as schemars::JsonSchema>::json_schema(&mut generator).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!("What all events of one cause have in common."));
    }
    schema
}

/// The type's example as a whole event, with invented ids and times.
pub fn example<T: Contract>() -> Value {
    let recorded = examples::instant("2025-03-05T08:00:00Z");
    let draft =
        EventDraft::new(T::example(), examples::SESSION, examples::instant("2025-03-04T17:45:00Z"), "import-0195");
    let sealed = Envelope::seal(draft, recorded).expect("the example of a contract keeps its rules");
    let sealed = Envelope { id: examples::EVENT, ..sealed };
    let json = sealed.to_json().expect("the example of a contract is JSON");
    serde_json::from_str(&json).expect("the JSON just written is read")
}
