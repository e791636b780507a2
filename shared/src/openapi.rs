//! One OpenAPI 3.1 description of all services, from the attributes of their handlers and their access tables.
//!
//! Handlers say what is particular: parameters, bodies, answers, and which problems in the form
//! `` (status = 409, description = "`external_id_taken`") ``. What every operation shares is added here: the bearer
//! scheme, `x-roles`, the problems anybody can meet, the problem schema with an example of each code.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema, openapi::OpenApi};

use crate::{
    auth::{Access, Role, Who},
    http::problem::{self, Code, FieldError, Problem, ProblemBody},
};

/// What a service contributes.
pub struct Service {
    /// The tag of its operations.
    pub name: &'static str,
    /// One sentence for the tag.
    pub description: &'static str,
    /// What utoipa collected from its handlers.
    pub api: OpenApi,
    /// Its access table.
    pub access: &'static [Access],
}

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// The operations a description has, as `(METHOD, path)`.
pub fn operations(api: &OpenApi) -> BTreeSet<(String, String)> {
    let value = serde_json::to_value(api).unwrap_or_default();
    each_operation(&value).map(|(method, path)| (method.to_uppercase(), path)).collect()
}

fn each_operation(api: &Value) -> impl Iterator<Item = (String, String)> {
    let paths = api["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten().map(|(method, _)| method.clone());
        methods.filter(|method| METHODS.contains(&method.as_str())).map(move |method| (method, path.clone()))
    })
}

/// The whole description as JSON text: keys in order, so that two runs write the same bytes.
pub fn document(services: &[Service]) -> String {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for service in services {
        let api = serde_json::to_value(&service.api).unwrap_or_default();
        for (method, path) in each_operation(&api) {
            let mut operation = api["paths"][&path][&method].clone();
            complete(&mut operation, service, &method, &path);
            paths.entry(path).or_insert_with(|| json!({}))[&method] = operation;
        }
        for (name, schema) in api["components"]["schemas"].as_object().into_iter().flatten() {
            schemas.insert(name.clone(), schema.clone());
        }
    }
    for (name, schema) in [
        (ProblemBody::name().into_owned(), serde_json::to_value(ProblemBody::schema())),
        (FieldError::name().into_owned(), serde_json::to_value(FieldError::schema())),
    ] {
        schemas.insert(name, schema.unwrap_or_default());
    }
    let tags = services.iter().map(|service| json!({"name": service.name, "description": service.description}));
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "TEEI programme data",
            "version": "1",
            "description": "Profiles, imports and health of the TEEI platform. Every error is an RFC 9457 problem with a stable `code`; lists are `{items, next?}` with `?limit=&cursor=`; scores and flags advise and never decide.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where this description was read"}],
        "tags": tags.collect::<Value>(),
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": examples(),
            "securitySchemes": {"signature": {
                "type": "apiKey", "in": "header", "name": "webhook-signature",
                "description": "Standard Webhooks: `v1,` and the base64 of HMAC-SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`, the three headers beside the body's bytes; five minutes of tolerance.",
            }, "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "A JWT signed with RS256 or ES256: `sub, role, iat, exp, iss, aud`, and `company_id`, `profile_id` where the role has them.",
            }},
        },
    });
    let mut text = serde_json::to_string_pretty(&sorted(document)).unwrap_or_default();
    text.push('\n');
    text
}

fn complete(operation: &mut Value, service: &Service, method: &str, path: &str) {
    let row = service.access.iter().find(|row| row.path == path && row.method.eq_ignore_ascii_case(method));
    let roles: Option<Vec<_>> = match row.map(|row| row.who) {
        Some(Who::Roles(roles)) => Some(roles.iter().map(|role| role.name()).collect()),
        Some(Who::Signed) => return complete_signed(operation, service),
        _ => None,
    };
    operation["tags"] = json!([service.name]);
    let mut shared: Vec<&'static Code> =
        vec![&problem::BAD_TOKEN, &problem::EXPIRED_TOKEN, &problem::INTERNAL, &problem::DATABASE_UNAVAILABLE];
    match &roles {
        None => {
            operation["security"] = json!([]);
            operation["x-roles"] = json!(["everyone"]);
        }
        Some(roles) => {
            operation["security"] = json!([{"bearer": []}]);
            operation["x-roles"] = json!(roles);
            shared.extend([&problem::MISSING_TOKEN, &problem::KEYS_UNAVAILABLE]);
            if roles.len() < Role::ALL.len() {
                shared.push(&problem::FORBIDDEN);
            }
        }
    }
    if operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "query")) {
        shared.push(&problem::BAD_QUERY);
    }
    if !operation["requestBody"].is_null() {
        shared.extend([
            &problem::BAD_JSON,
            &problem::BODY_TOO_LARGE,
            &problem::UNSUPPORTED_MEDIA_TYPE,
            &problem::BAD_FIELD,
        ]);
    }
    add_problems(operation, shared);
}

/// Opened by a signature of the body: no token, no role.
fn complete_signed(operation: &mut Value, service: &Service) {
    operation["tags"] = json!([service.name]);
    operation["security"] = json!([{"signature": []}]);
    operation["x-roles"] = json!(["whoever signs"]);
    let shared = vec![
        &problem::BAD_SIGNATURE,
        &problem::BAD_JSON,
        &problem::BODY_TOO_LARGE,
        &problem::UNSUPPORTED_MEDIA_TYPE,
        &problem::INTERNAL,
        &problem::DATABASE_UNAVAILABLE,
        &problem::SECRETS_UNAVAILABLE,
    ];
    add_problems(operation, shared);
}

fn add_problems(operation: &mut Value, shared: Vec<&'static Code>) {
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let mut codes: Vec<&Code> = shared;
    for response in responses.values() {
        let description = response["description"].as_str().unwrap_or_default();
        codes.extend(problem::ALL.iter().filter(|code| description.contains(&format!("`{}`", code.code))));
    }
    codes.sort_by_key(|code| code.code);
    codes.dedup();
    for code in codes {
        let response = responses.entry(code.status.as_str()).or_insert_with(|| json!({"description": ""}));
        add_problem(response, code);
    }
    for response in responses.values_mut() {
        let headers = response.as_object_mut().map(|response| response.entry("headers").or_insert_with(|| json!({})));
        if let Some(headers) = headers {
            headers["x-request-id"] =
                json!({"schema": {"type": "string"}, "description": "What to tell us when you ask about this answer."});
        }
    }
}

fn add_problem(response: &mut Value, code: &Code) {
    let quoted = format!("`{}`", code.code);
    let description = response["description"].as_str().unwrap_or_default();
    if !description.contains(&quoted) {
        let all = if description.is_empty() { quoted } else { format!("{description}, {quoted}") };
        response["description"] = Value::String(all);
    }
    let content = &mut response["content"];
    if content.is_null() {
        *content = json!({});
    }
    if content["application/problem+json"].is_null() {
        content["application/problem+json"] =
            json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}});
    }
    content["application/problem+json"]["examples"][code.code] =
        json!({"$ref": format!("#/components/examples/{}", code.code)});
}

/// One example of every problem that an operation refers to.
fn examples() -> Value {
    let example = |code: &'static Code| {
        let body = Problem::new(code).body("/v1/…", "01980f5c-3a5e-7c1d-9e52-6f1f5c0a7b11");
        let value = serde_json::to_value(body).unwrap_or_default();
        (code.code.to_owned(), json!({"summary": code.title, "value": value}))
    };
    problem::ALL.iter().map(example).collect::<Map<_, _>>().into()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
