//! A receipt as a page: totals that add up, what was found, the first rejections in plain words. No script, nothing
//! from elsewhere, in English, Norwegian or Ukrainian.

use std::{fmt::Write, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use serde_json::Value;
use shared::{
    http::{PathId, Problem},
    intake::words::{self, Lang},
};

use crate::{
    api::App,
    imports::list,
    localise,
    receipt_texts::{moment, texts},
};

const STYLE: &str = include_str!("../assets/receipt.css");

const FATES: [&str; 7] = ["new", "changed", "unchanged", "duplicate", "blank", "rejected", "suppressed"];

/// A receipt as a page
///
/// HTML in the language that `Accept-Language` names: `en`, `nb` or `uk`.
#[utoipa::path(get, path = "/v1/imports/{id}/page", operation_id = "get_import_page",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 404, description = "`not_found`")))]
pub async fn page(State(app): State<Arc<App>>, PathId(id): PathId, headers: HeaderMap) -> Result<Response, Problem> {
    let lang = localise::lang(&headers);
    let receipt = list::stored(&app, id).await?;
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).map_err(|_| Problem::internal("the page's policy"))?;
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag())),
        (header::VARY, HeaderValue::from_static("accept-language")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((headers, render(lang, &receipt, app.console.is_there())).into_response())
}

/// The page of a receipt (or of what is known of an import that is not done). Every text in it is escaped. `console`:
/// whether the stage has the page where something can be done about it.
pub fn render(lang: Lang, receipt: &Value, console: bool) -> String {
    let texts = texts(lang);
    let word = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let key = receipt["file"]["key"].as_str().unwrap_or_default();
    let name = word(&receipt["name"]).unwrap_or_else(|| key.rsplit('/').next().unwrap_or_default().to_owned());
    let done = receipt["status"] == "done";
    let state = if done { &receipt["outcome"] } else { &receipt["status"] };
    let state = words::label(lang, state.as_str().unwrap_or_default());

    let mut body = String::new();
    push(&mut body, "h1", &format!("{}: {name}", texts.receipt));
    let source = receipt["source"].as_str().map(capital);
    let entity = receipt["entity"].as_str().map(|name| texts.name(name).to_owned());
    let place: Vec<_> = [Some(state.into_owned()), source, entity].into_iter().flatten().collect();
    push(&mut body, "p", &place.join(" · "));
    if let Some(reason) = localise::answer(lang, receipt) {
        body.push_str("<p class=\"reason\">");
        escape(&mut body, &reason);
        body.push_str("</p>");
    }
    if !done {
        push(&mut body, "p", texts.waits);
    } else {
        totals(&mut body, lang, receipt);
        undone(&mut body, lang, receipt);
        rejects(&mut body, lang, receipt);
        warnings(&mut body, lang, receipt);
        found(&mut body, lang, receipt);
    }
    if let (true, Some(id)) = (console, receipt["id"].as_str()) {
        body.push_str("<p><a href=\"../console#/imports/");
        escape(&mut body, id);
        body.push_str("\">");
        escape(&mut body, texts.console);
        body.push_str("</a></p>");
    }
    let mut title = String::new();
    escape(&mut title, &format!("{name} – {}", texts.receipt));
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>",
        lang.tag()
    )
}

fn totals(body: &mut String, lang: Lang, receipt: &Value) {
    let texts = texts(lang);
    // Of a file that could not be read no row was counted, so nothing can be said of rows.
    let whole = matches!(receipt["outcome"].as_str(), Some("refused" | "failed"));
    if whole && receipt["counts"]["records"].as_u64().unwrap_or(0) == 0 {
        return;
    }
    let count = |name: &str| receipt["counts"][name].as_u64().unwrap_or(0);
    push(body, "h2", if whole || receipt["outcome"] == "planned" { texts.plan } else { texts.rows });
    body.push_str("<table><tbody>");
    line(body, &words::label(lang, "records"), &count("records").to_string(), "whole");
    for fate in FATES {
        line(body, &words::label(lang, fate), &count(fate).to_string(), if count(fate) == 0 { "none" } else { fate });
    }
    body.push_str("</tbody></table>");
    let right = FATES.iter().map(|fate| count(fate)).sum::<u64>() == count("records");
    push(body, "p", if right { texts.adds_up } else { texts.differs });
}

fn undone(body: &mut String, lang: Lang, receipt: &Value) {
    let Some(undo) = receipt["undo"].as_object() else { return };
    push(body, "h2", texts(lang).undone);
    body.push_str("<table><tbody>");
    for fate in ["restored", "removed", "kept_later_edit"] {
        let n = undo.get(fate).and_then(Value::as_u64).unwrap_or(0);
        line(body, &words::label(lang, fate), &n.to_string(), "");
    }
    body.push_str("</tbody></table>");
}

fn rejects(body: &mut String, lang: Lang, receipt: &Value) {
    let shown = items(&receipt["rejects"]);
    if shown.is_empty() {
        return;
    }
    push(body, "h2", texts(lang).rejects);
    body.push_str("<ul>");
    for one in shown {
        let number = |name: &str| one[name].as_i64().unwrap_or(0);
        let place = words::lines(lang, number("line"), number("line_end"));
        push(body, "li", &format!("{}: {}", capital(&place), localise::reason(lang, one).unwrap_or_default()));
    }
    body.push_str("</ul>");
    match receipt["rejects_note"].as_str() {
        Some("gone") => push(body, "p", texts(lang).gone),
        Some(_) => push(body, "p", texts(lang).left_out),
        None => {}
    }
    if receipt["counts"]["rejected"].as_u64().is_some_and(|all| all > shown.len() as u64) {
        push(body, "p", texts(lang).first);
    }
}

fn warnings(body: &mut String, lang: Lang, receipt: &Value) {
    let shown = items(&receipt["warnings"]);
    if shown.is_empty() {
        return;
    }
    push(body, "h2", texts(lang).warnings);
    body.push_str("<ul>");
    for one in shown {
        let mut text =
            localise::warning(lang, one).or_else(|| one["code"].as_str().map(ToOwned::to_owned)).unwrap_or_default();
        if let (Some(records @ 1..), Some(line)) = (one["records"].as_i64(), one["first_line"].as_i64()) {
            let _ = write!(text, " ({})", words::how_often(lang, records, line));
        }
        push(body, "li", &text);
    }
    body.push_str("</ul>");
}

fn found(body: &mut String, lang: Lang, receipt: &Value) {
    let texts = texts(lang);
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let number = |value: &Value| value.as_u64().map(|n| n.to_string());
    let list = |value: &Value, of: fn(&Value) -> Option<String>| {
        let found: Vec<_> = items(value).iter().filter_map(of).collect();
        (!found.is_empty()).then(|| found.join(", "))
    };
    let unknown = |one: &Value| {
        let name = one["name"].as_str()?;
        Some(one["nearest"].as_str().map_or_else(|| name.to_owned(), |nearest| format!("{name} (→ {nearest}?)")))
    };
    let named = |value: &Value| value.as_str().map(|written| texts.name(written).to_owned());
    let finished = receipt["finished_at"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let created = match receipt["plan"]["people_created"].as_u64().filter(|_| receipt["outcome"] == "planned") {
        Some(people) => (texts.to_create, Some(people.to_string())),
        None => (texts.people[1], number(&receipt["people"]["created"])),
    };
    push(body, "h2", texts.found);
    body.push_str("<table><tbody>");
    for (name, value) in [
        (texts.file, text(&receipt["file"]["key"])),
        (texts.encoding, receipt["dialect"]["encoding"].as_str().map(str::to_uppercase)),
        (texts.delimiter, named(&receipt["dialect"]["delimiter"]).filter(|name| name != "none")),
        (texts.dates, named(&receipt["facts_used"]["date_order"])),
        (texts.zone, text(&receipt["facts_used"]["zone"])),
        (texts.unknown, list(&receipt["columns"]["unknown"], unknown)),
        (texts.missing, list(&receipt["columns"]["missing"], |one| one.as_str().map(ToOwned::to_owned))),
        (texts.stated, number(&receipt["control_total"]["stated"])),
        (texts.counted, number(&receipt["control_total"]["counted"])),
        (texts.people[0], number(&receipt["people"]["known"])),
        created,
        (texts.finished, finished.map(|time| moment(lang, time, receipt["facts_used"]["zone"].as_str()))),
    ] {
        if let Some(value) = value {
            line(body, name, &value, "");
        }
    }
    body.push_str("</tbody></table>");
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn line(body: &mut String, name: &str, value: &str, class: &'static str) {
    let _ = write!(body, "<tr class=\"{class}\"><th scope=\"row\">");
    escape(body, name);
    body.push_str("</th><td>");
    escape(body, value);
    body.push_str("</td></tr>");
}

fn push(body: &mut String, tag: &'static str, text: &str) {
    let _ = write!(body, "<{tag}>");
    escape(body, text);
    let _ = write!(body, "</{tag}>");
}

/// Text between tags: a file's name and its header are whatever somebody wrote.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "receipt_page_tests.rs"]
mod tests;
