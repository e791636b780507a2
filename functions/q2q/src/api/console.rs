//! The page of outcomes: one document with its style and script inside, nothing from elsewhere.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};
use shared::{
    config::Env,
    http::{Problem, problem},
};

use super::App;

const PAGE: &str = include_str!("console.html");
/// The look that all pages share, and what only this one has.
const STYLE: &str = concat!(include_str!("../../../../shared/page/page.css"), include_str!("console/console.css"));
/// One module: a file sees what the files above it declare.
const SCRIPT: &str = concat!(
    include_str!("../../../../shared/page/core.js"),
    include_str!("console/texts.en.js"),
    include_str!("console/texts.nb.js"),
    include_str!("console/texts.uk.js"),
    include_str!("console/quarters.js"),
    include_str!("console/figures.js"),
    include_str!("console/chart.js"),
    include_str!("console/csv.js"),
    include_str!("console/outcomes.js"),
    include_str!("console/words.js"),
    include_str!("console/scores.js"),
    include_str!("console/about.js"),
    include_str!("../../../../shared/page/frame.js"),
    include_str!("console/main.js"),
);

/// The page with its policy, or nothing on a stage where nobody may sign in by pasting a token.
#[derive(Debug, Default)]
pub struct Console(Option<(String, HeaderValue)>);

impl Console {
    /// | variable | meaning |
    /// |---|---|
    /// | `STAGE` | the page is there on `local` and `test` |
    pub fn from_env(env: &Env) -> Self {
        match env.optional("STAGE").as_deref() {
            Some("local" | "test") => Self(document()),
            _ => Self::default(),
        }
    }
}

/// The page and the policy that lets it be nothing else.
fn document() -> Option<(String, HeaderValue)> {
    let sha = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        sha(SCRIPT),
        sha(STYLE),
    );
    let page = PAGE.replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    HeaderValue::try_from(policy).ok().map(|policy| (page, policy))
}

/// The page of outcomes
///
/// Figures as charts with what they rest on, from a number to the words behind it for those who may, corrections.
/// Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/q2q/console", operation_id = "get_q2q_console", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 404, description = "`not_found`: no such page on this stage")))]
pub async fn console(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let (page, policy) = app.console.0.as_ref().ok_or(Problem::new(&problem::NOT_FOUND))?;
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
    ];
    Ok((headers, page.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_on_local_and_test_only() {
        for (stage, there) in [("local", true), ("test", true), ("prod", false), ("Local", false), ("", false)] {
            assert_eq!(Console::from_env(&Env::from_pairs(&[("STAGE", stage)])).0.is_some(), there, "{stage}");
        }
        assert!(Console::from_env(&Env::from_pairs(&[])).0.is_none());
    }

    #[test]
    fn the_page_is_one_document_without_handlers_in_its_markup_or_anything_from_elsewhere() {
        let (page, policy) = document().unwrap();
        assert!(!page.contains("{{"), "everything is filled in");
        assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
        for outside in ["http://", "https://", "src=", "@import", "url(", " onclick=\"", "innerHTML", "eval("] {
            assert!(!page.contains(outside), "{outside}");
        }
        let policy = policy.to_str().unwrap();
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }
}
