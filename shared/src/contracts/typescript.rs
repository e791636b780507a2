//! The same types for TypeScript, made of the schemas: `events/contracts/<type>.d.ts` and `index.d.ts`. What TypeScript
//! cannot say (ranges, patterns) stands in the comments.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{catalogue::allowed, schema::Published};

const HEAD: &str = "// Generated from the Rust types by `make generate`. Do not edit by hand.\n";

/// The name of a type in TypeScript: `KintellSessionCompletedV1`.
pub fn name(kind: &str) -> String {
    let capital = |part: &str| {
        let mut chars = part.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    kind.split(['.', '_']).map(capital).collect()
}

/// The file of one type.
pub fn module(published: &Published) -> String {
    let (name, schema) = (name(published.name), &published.schema);
    let mut out = format!("{HEAD}import type {{ Instant, Uuid }} from \"./index.js\";\n\n");
    comment(&mut out, "", &text(&schema["description"]), schema["deprecated"] == true);
    let _ = writeln!(out, "export interface {name} {{");
    let mut envelope = schema.clone();
    if let Some(members) = envelope["properties"].as_object_mut() {
        members.remove("data");
    }
    members(&mut out, &envelope, "  ");
    let _ = writeln!(out, "  /** The fact. */\n  data: {name}Data;\n}}\n");
    let data = &schema["properties"]["data"];
    let rules = rules(data);
    let base = if rules.is_empty() { format!("{name}Data") } else { format!("{name}Members") };
    let _ = writeln!(out, "/** The members of `data`. */\nexport interface {base} {{");
    members(&mut out, data, "  ");
    out.push_str("}\n");
    if !rules.is_empty() {
        let rules: String = rules.iter().map(|rule| format!("\n  & ({})", rule.replace("Members", &base))).collect();
        let _ = writeln!(
            out,
            "\n/** `data`, with the rules between its members. */\nexport type {name}Data = {base}{rules};"
        );
    }
    out
}

/// The file that knows all types.
pub fn index(all: &[Published]) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n/** A UUID as text. */\nexport type Uuid = string;\n\n/** A time in UTC, RFC 3339. */\nexport type Instant = string;\n\n");
    for published in all {
        let (name, kind) = (name(published.name), published.name);
        let _ = writeln!(out, "import type {{ {name} }} from \"./{kind}.js\";");
    }
    out.push_str("\n/** Every type by its name, which is also the detail-type on the bus. */\nexport interface ContractEvents {\n");
    for published in all {
        let _ = writeln!(out, "  \"{}\": {};", published.name, name(published.name));
    }
    out.push_str("}\n\n/** The name of a type. */\nexport type ContractType = keyof ContractEvents;\n\n");
    out.push_str("/** Any contract event: switch on its `type`. */\nexport type ContractEvent = ContractEvents[ContractType];\n\n");
    for published in all {
        let _ = writeln!(out, "export type * from \"./{}.js\";", published.name);
    }
    out
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn comment(out: &mut String, indent: &str, words: &str, deprecated: bool) {
    let words = words.replace("*/", "* /");
    let mut lines: Vec<&str> = words.lines().collect();
    if deprecated {
        lines.push("@deprecated");
    }
    match lines.as_slice() {
        [one] => {
            let _ = writeln!(out, "{indent}/** {one} */");
        }
        several => {
            let _ = writeln!(out, "{indent}/**");
            for line in several {
                let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(out, "{indent} */");
        }
    }
}

fn members(out: &mut String, object: &Value, indent: &str) {
    let required = |name: &str| object["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    for (name, member) in object["properties"].as_object().into_iter().flatten() {
        let mut words = text(&member["description"]);
        let rule = allowed(member);
        if rule.starts_with("whole number") || rule.starts_with("number") || rule.starts_with("code") {
            let _ = write!(words, "\nAllowed: {rule}.");
        }
        comment(out, indent, &words, false);
        let mark = if required(name) { "" } else { "?" };
        let _ = writeln!(out, "{indent}{}{mark}: {};", key(name), expression(member, indent));
    }
}

fn key(name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { Value::from(name).to_string() }
}

fn expression(schema: &Value, indent: &str) -> String {
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(branches) = schema[union].as_array() {
            return branches.iter().map(|branch| expression(branch, indent)).collect::<Vec<_>>().join(" | ");
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return "unknown".to_owned(),
    };
    let one = |kind: &&str| match (*kind, schema["format"].as_str()) {
        ("string", Some("uuid")) => "Uuid".to_owned(),
        ("string", Some("date-time")) => "Instant".to_owned(),
        ("integer" | "number", _) => "number".to_owned(),
        ("array", _) => format!("Array<{}>", expression(&schema["items"], indent)),
        ("object", _) => {
            let mut out = "{\n".to_owned();
            members(&mut out, schema, &format!("{indent}  "));
            out + indent + "}"
        }
        (kind, _) => kind.to_owned(),
    };
    kinds.iter().map(one).collect::<Vec<_>>().join(" | ")
}

/// The rules between members, each as a type that is met with `Members`, the members alone.
fn rules(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, others) in data["dependentRequired"].as_object().into_iter().flatten() {
        let others: Vec<_> = others.as_array().into_iter().flatten().map(Value::to_string).collect();
        found.push(format!("{{ {}?: never }} | Required<Pick<Members, {}>>", key(name), others.join(" | ")));
    }
    if let Some(branches) = data["anyOf"].as_array() {
        found.push(branches.iter().map(branch).collect::<Vec<_>>().join(" | "));
    }
    let test = data["if"]["properties"].as_object().and_then(|members| members.iter().next());
    if let Some((name, constant)) = test.and_then(|(name, schema)| Some((name, schema.get("const")?))) {
        let (name, quoted) = (key(name), Value::from(name.as_str()));
        let then = format!("({{ {name}: {constant} }} & {})", branch(&data["then"]));
        let other = format!("({{ {name}: Exclude<Members[{quoted}], {constant}> }} & {})", branch(&data["else"]));
        found.push(format!("{then} | {other}"));
    }
    found
}

/// A schema that applies under a condition, as far as TypeScript can say it; `unknown` changes nothing where it is met.
fn branch(schema: &Value) -> String {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut parts: Vec<String> = Vec::new();
    for name in required.iter().filter(|name| !properties.contains_key(**name)) {
        parts.push(format!("Required<Pick<Members, {}>>", Value::from(*name)));
    }
    for (name, member) in properties {
        let own = format!("Members[{}]", Value::from(name.as_str()));
        let kind = if let Some(constant) = member.get("const") {
            constant.to_string()
        } else if member["type"] == "null" {
            "null".to_owned()
        } else if member["not"]["type"] == "null" {
            format!("NonNullable<{own}>")
        } else if member["minItems"] == 1 {
            format!("[{own}[number], ...{own}]")
        } else if member["maxItems"] == 0 {
            "[]".to_owned()
        } else {
            continue;
        };
        let mark = if required.contains(&name.as_str()) || member.get("const").is_some() || kind.contains('[') {
            ""
        } else {
            "?"
        };
        parts.push(format!("{{ {}{mark}: {kind} }}", key(name)));
    }
    if parts.is_empty() { "unknown".to_owned() } else { parts.join(" & ") }
}
