//! The catalogue of contract events: a page for people, the same as JSON for programs, and the schemas.

use std::{fmt::Write as _, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use shared::{
    contracts::{
        asyncapi,
        catalogue::{self, Entry, Field},
        schema, typescript,
    },
    http::{Problem, problem},
};
use utoipa::ToSchema;

use crate::receipt_page::escape;

const STYLE: &str = include_str!("../assets/contracts.css");
/// What does not change until the next deploy may be kept for this long.
const KEPT: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));

static PAGE: LazyLock<String> = LazyLock::new(|| render(&catalogue::entries(), &catalogue::envelope()));

/// The catalogue as JSON.
#[derive(Serialize, ToSchema)]
pub struct Contracts {
    /// The members of every event's envelope, CloudEvents 1.0.
    envelope: Vec<Field>,
    /// Every type.
    items: Vec<Entry>,
}

/// Contract events
///
/// Every type with its fields, constraints, an example, who publishes and who reads it: a page, or JSON where `Accept`
/// prefers `application/json`.
#[utoipa::path(get, path = "/v1/contracts", operation_id = "get_contracts", responses(
    (status = 200, description = "The catalogue", content(
        (Contracts = "application/json"),
        (String = "text/html")
    ))))]
pub async fn all(headers: HeaderMap) -> Result<Response, Problem> {
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    if wants_json(&headers) {
        let body = Contracts { envelope: catalogue::envelope(), items: catalogue::entries() };
        return Ok(([KEPT, vary], Json(body)).into_response());
    }
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).map_err(|_| Problem::internal("the page's policy"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static("en")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, policy),
        KEPT,
        vary,
    ];
    Ok((headers, PAGE.as_str()).into_response())
}

/// One contract
///
/// The JSON Schema that events of the type name as `dataschema`: `<type>` or `<type>.schema.json`. Also `<type>.d.ts`
/// and `index.d.ts`, the same for TypeScript, and `asyncapi.json`, all types as AsyncAPI 3.0.
#[utoipa::path(get, path = "/v1/contracts/{name}", operation_id = "get_contract",
    params(("name" = String, Path, description = "A type, or one of the files named above", example = "kintell.session.completed.v1.schema.json")),
    responses(
        (status = 200, description = "The schema or file", content(
            (Object = "application/schema+json"),
            (Object = "application/json"),
            (String = "text/plain")
        )),
        (status = 404, description = "No such type: `not_found`")))]
pub async fn one(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, body) = file(&name).ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), KEPT], body).into_response())
}

/// A file by its name: its media type and its content.
fn file(name: &str) -> Option<(&'static str, String)> {
    let all = schema::catalogue();
    let of = |kind: &str| all.iter().find(|published| published.name == kind);
    match name {
        "asyncapi.json" => return Some(("application/json", asyncapi::document())),
        "index.d.ts" => return Some(("text/plain; charset=utf-8", typescript::index(&all))),
        _ => {}
    }
    if let Some(kind) = name.strip_suffix(".d.ts") {
        return of(kind).map(|published| ("text/plain; charset=utf-8", typescript::module(published)));
    }
    let published = of(name.strip_suffix(".schema.json").unwrap_or(name))?;
    Some(("application/schema+json", serde_json::to_string_pretty(&published.schema).ok()? + "\n"))
}

/// Whether JSON is named with at least the weight of HTML; a browser names HTML, a bare client neither.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(','))
        .collect();
    let weight = |wanted: &str| {
        accepted.iter().find_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            let named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted));
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            named.then_some(weight)
        })
    };
    match (weight("application/json"), weight("text/html")) {
        (Some(json), Some(html)) => json > 0.0 && json >= html,
        (Some(json), None) => json > 0.0,
        (None, _) => false,
    }
}

fn render(entries: &[Entry], envelope: &[Field]) -> String {
    let mut body = String::new();
    let _ = write!(
        body,
        "<header><h1>Contract events</h1>\
         <p>What the platform tells others, as CloudEvents 1.0 on its event bus: {} types. An event comes at least once and in \
         no promised order: recognise repeats by <code>id</code>, keep the highest <code>revision</code> of a fact. Pass over \
         members you do not know. There are no names, addresses or words of people in events.</p>\
         <p>The same for programs: <a href=\"contracts/asyncapi.json\">AsyncAPI 3.0</a>, \
         <a href=\"contracts/index.d.ts\">TypeScript</a>, and this page as JSON with <code>Accept: application/json</code>.</p></header>",
        entries.len()
    );
    body.push_str("<main id=\"types\"><nav aria-label=\"Types\"><ul>");
    for entry in entries {
        let _ = write!(body, "<li><a href=\"#{0}\"><code>{0}</code></a></li>", escaped(entry.kind));
    }
    body.push_str("</ul></nav><h2 id=\"envelope\">The envelope of every event</h2>");
    table(&mut body, "The members of the envelope", envelope);
    for entry in entries {
        section(&mut body, entry);
    }
    body.push_str("</main>");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>Contract events</title><style>{STYLE}</style></head>\
         <body><a class=\"skip\" href=\"#types\">To the types</a>{body}</body></html>"
    )
}

fn section(body: &mut String, entry: &Entry) {
    let kind = escaped(entry.kind);
    let _ = write!(body, "<section aria-labelledby=\"{kind}\"><h2 id=\"{kind}\"><code>{kind}</code></h2>");
    for paragraph in entry.description.split("\n\n") {
        let _ = write!(body, "<p>{}</p>", escaped(paragraph));
    }
    body.push_str("<dl>");
    pair(
        body,
        "Published by",
        if entry.published_by.is_empty() { "nobody yet".to_owned() } else { codes(&entry.published_by) },
    );
    pair(body, "Source", codes(&entry.sources));
    let readers = entry.read_by.iter().map(|reader| {
        format!("<code>{}</code>, of <code>data</code>: {}", escaped(reader.consumer), codes(&reader.fields))
    });
    let readers: Vec<_> = readers.collect();
    pair(body, "Read by", if readers.is_empty() { "none of our consumers".to_owned() } else { readers.join("<br>") });
    if let Some(sunset) = entry.sunset {
        pair(body, "Published until", escaped(sunset));
    }
    pair(body, "Schema", format!("<a href=\"contracts/{kind}.schema.json\">{}</a>", escaped(&entry.dataschema)));
    body.push_str("</dl>");
    table(body, &format!("The members of data in {}", entry.kind), &entry.fields);
    let example = serde_json::to_string_pretty(&entry.example).unwrap_or_default();
    let _ = write!(
        body,
        "<details><summary>An example of {kind}</summary><pre tabindex=\"0\" aria-label=\"An example of {kind}\"><code>{}</code></pre></details></section>",
        escaped(&example)
    );
}

fn table(body: &mut String, name: &str, fields: &[Field]) {
    let _ = write!(
        body,
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table><thead><tr><th scope=\"col\">Member</th>\
         <th scope=\"col\">Always there</th><th scope=\"col\">Allowed</th><th scope=\"col\">Meaning</th></tr></thead><tbody>",
        escaped(name)
    );
    for field in fields {
        let _ = write!(
            body,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td class=\"allowed\">{}</td><td>{}</td></tr>",
            escaped(&field.name),
            if field.required { "yes" } else { "no" },
            escaped(&field.allowed),
            escaped(&field.description)
        );
    }
    body.push_str("</tbody></table></div>");
}

fn pair(body: &mut String, name: &str, html: String) {
    let _ = write!(body, "<dt>{name}</dt><dd>{html}</dd>");
}

fn codes(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("<code>{}</code>", escaped(name.as_ref()))).collect::<Vec<_>>().join(", ")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> bool {
        wants_json(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]))
    }

    #[test]
    fn programs_that_ask_for_json_get_it_and_browsers_get_the_page() {
        for json in ["application/json", "application/json, */*;q=0.5", "text/html;q=0.5, application/json"] {
            assert!(accept(json), "{json}");
        }
        for html in [
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "*/*",
            "",
            "application/json;q=0.1, text/html",
            "application/json;q=0",
        ] {
            assert!(!accept(html), "{html}");
        }
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn the_page_names_every_type_with_its_schema_and_holds_nothing_from_elsewhere() {
        let all = schema::catalogue();
        assert!(all.len() > 30);
        for published in &all {
            assert!(PAGE.contains(&format!("<h2 id=\"{}\">", published.name)), "{}", published.name);
            assert!(PAGE.contains(&format!("href=\"contracts/{}.schema.json\"", published.name)), "{}", published.name);
        }
        for outside in ["<script", "src=", "@import", "url(", "href=\"http", " style=\""] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
        assert!(!PAGE.contains("undefined") && PAGE.matches("<style>").count() == 1);
    }

    #[test]
    fn a_schema_is_served_by_its_type_and_by_the_name_that_events_give_it() {
        for published in schema::catalogue() {
            let named = published.schema["$id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let (kind, body) = file(&named).unwrap();
            assert_eq!((kind, &body), ("application/schema+json", &file(published.name).unwrap().1));
            assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), published.schema);
            assert!(file(&format!("{}.d.ts", published.name)).unwrap().1.contains("export interface"));
        }
        for nothing in [
            "",
            "kintell.session.completed",
            ".schema.json",
            "../openapi.json",
            "x.d.ts",
            "kintell.session.completed.v1.json",
        ] {
            assert!(file(nothing).is_none(), "{nothing}");
        }
    }
}
