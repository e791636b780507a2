//! The safety reviewers' page: one document with its style and script inside, nothing from elsewhere.

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
    include_str!("console/reviews.js"),
    include_str!("console/keys.js"),
    include_str!("console/help.js"),
    include_str!("console/words.js"),
    include_str!("console/queue.js"),
    include_str!("console/redact.js"),
    include_str!("console/decide.js"),
    include_str!("console/item.js"),
    include_str!("console/find.js"),
    include_str!("console/rules.js"),
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

    /// Whether the stage has the page.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
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

/// The safety reviewers' page
///
/// The queue, the words with what was found, decisions. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/moderation/console", operation_id = "get_moderation_console", responses(
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
            assert_eq!(Console::from_env(&Env::from_pairs(&[("STAGE", stage)])).is_there(), there, "{stage}");
        }
        assert!(!Console::from_env(&Env::from_pairs(&[])).is_there());
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
