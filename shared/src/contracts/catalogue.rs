//! What there is to know of every type, for people and programs: fields, constraints, who writes it, who reads what of it.

use serde::Serialize;
use serde_json::Value;

use super::{
    consumers, publishers,
    schema::{self, Published},
};

/// One type.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Contract)]
pub struct Entry {
    /// The type with its version; also the detail-type on the bus.
    #[serde(rename = "type")]
    #[schema(example = "kintell.session.completed.v1")]
    pub kind: &'static str,
    /// What it says.
    pub description: String,
    /// `source` of its events.
    #[schema(example = json!(["teei/kintell"]))]
    pub sources: Vec<String>,
    /// The functions that write it; empty while none does.
    pub published_by: Vec<&'static str>,
    /// Our consumers, with the members of `data` each makes something of.
    pub read_by: Vec<Reader>,
    /// Until when it is published beside the type that replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset: Option<&'static str>,
    /// What its events name as `dataschema`.
    pub dataschema: String,
    /// Where the schema is served.
    #[schema(example = "/v1/contracts/kintell.session.completed.v1.schema.json")]
    pub schema: String,
    /// The members of `data`; a dot leads inside an object.
    pub fields: Vec<Field>,
    /// An invented event.
    #[schema(value_type = Object)]
    pub example: Value,
}

/// Who reads a type.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ContractReader)]
pub struct Reader {
    /// The consumer.
    #[schema(example = "profile-projector")]
    pub consumer: &'static str,
    /// The members of `data` it makes something of.
    pub fields: Vec<&'static str>,
}

/// One member.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ContractField)]
pub struct Field {
    /// Its name.
    #[schema(example = "durationMinutes")]
    pub name: String,
    /// Whether every event has it.
    pub required: bool,
    /// What it may be.
    #[schema(example = "whole number, 1 to 480")]
    pub allowed: String,
    /// What it says.
    pub description: String,
}

/// Every type, in the order of the contract document.
pub fn entries() -> Vec<Entry> {
    schema::catalogue().into_iter().map(entry).collect()
}

/// The members of every event's envelope.
pub fn envelope() -> Vec<Field> {
    let first = schema::catalogue().into_iter().next();
    let mut fields = Vec::new();
    if let Some(mut first) = first {
        first.schema["properties"]["data"] = serde_json::json!({ "description": "The fact: see each type." });
        collect(&first.schema, "", &mut fields);
    }
    for field in &mut fields {
        match field.name.as_str() {
            "type" | "source" | "dataschema" => field.allowed = "constant for a type".to_owned(),
            _ => {}
        }
    }
    fields
}

fn entry(published: Published) -> Entry {
    let Published { name, schema, example, services, sunset, .. } = published;
    let mut fields = Vec::new();
    collect(&schema["properties"]["data"], "", &mut fields);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Entry {
        kind: name,
        description: text(&schema["description"]).replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n"),
        sources: services.iter().map(|service| super::source(service)).collect(),
        published_by: publishers::of(name),
        read_by: consumers::of(name)
            .map(|(consumer, reads)| Reader { consumer: consumer.name, fields: reads.fields.to_vec() })
            .collect(),
        sunset,
        dataschema: text(&schema["$id"]),
        schema: format!("/v1/contracts/{name}.schema.json"),
        fields,
        example,
    }
}

fn collect(object: &Value, before: &str, fields: &mut Vec<Field>) {
    let required = |name: &str| object["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    // In the order of the Rust type: required members as they stand there, then the others.
    let mut names: Vec<&String> =
        object["properties"].as_object().into_iter().flat_map(|members| members.keys()).collect();
    let place = |name: &str| object["required"].as_array().and_then(|names| names.iter().position(|one| one == name));
    names.sort_by_key(|name| (place(name).unwrap_or(usize::MAX), *name));
    for name in names {
        let member = &object["properties"][name.as_str()];
        fields.push(Field {
            name: format!("{before}{name}"),
            required: required(name),
            allowed: allowed(member),
            description: member["description"].as_str().unwrap_or_default().replace('\n', " "),
        });
        collect(member, &format!("{before}{name}."), fields);
    }
}

/// What a schema allows, in words.
pub fn allowed(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return format!("always {}", plain(constant));
    }
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<_> = names.iter().filter(|name| !name.is_null()).map(plain).collect();
        return format!("one of {}", names.join(", "));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => return "anything".to_owned(),
    };
    let range = match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(low), Some(high)) if high >= i64::from(i32::MAX) => format!(", from {low}"),
        (Some(low), Some(high)) => format!(", {low} to {high}"),
        (Some(low), None) => format!(", from {low}"),
        (None, Some(high)) => format!(", up to {high}"),
        (None, None) => String::new(),
    };
    match (kinds.first().copied(), schema["format"].as_str(), schema["pattern"].as_str()) {
        (Some("string"), Some("uuid"), _) => "uuid".to_owned(),
        (Some("string"), Some("date-time"), _) => "time, RFC 3339 in UTC".to_owned(),
        (Some("string"), Some(format), _) => format.to_owned(),
        (Some("string"), None, Some(pattern)) => format!("code, {pattern}"),
        (Some("integer"), ..) => format!("whole number{range}"),
        (Some("number"), ..) => format!("number{range}"),
        (Some("boolean"), ..) => "true or false".to_owned(),
        (Some("array"), ..) => {
            let set = if schema["uniqueItems"] == true { ", none twice" } else { "" };
            let least = schema["minItems"].as_u64().map(|least| format!(", at least {least}")).unwrap_or_default();
            format!("list of: {}{least}{set}", allowed(&schema["items"]))
        }
        (Some(kind), ..) => kind.to_owned(),
        (None, ..) => "nothing".to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
