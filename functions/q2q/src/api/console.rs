//! The page of outcomes: one document with its style and script inside, nothing from elsewhere.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use shared::{
    config::Env,
    http::{Document, Problem},
};

use super::App;

const PAGE: &str = include_str!("../../../../shared/page/page.html");
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
pub struct Console(Option<Document>);

impl Console {
    /// | variable | meaning |
    /// |---|---|
    /// | `STAGE` | the page is there on `local` and `test` |
    pub fn from_env(env: &Env) -> Self {
        Self(Document::are_there(env).then(document).flatten())
    }
}

fn document() -> Option<Document> {
    Document::new(PAGE, STYLE, SCRIPT, "'self'")
}

/// The page of outcomes
///
/// Figures as charts with what they rest on, from a number to the words behind it for those who may, corrections.
/// Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/q2q/console", operation_id = "get_q2q_console", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 404, description = "`not_found`: no such page on this stage")))]
pub async fn console(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    Document::serve(app.console.0.as_ref())
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
        let document = document().unwrap();
        let (page, policy) = (document.page(), document.policy());
        assert!(!page.contains("{{"), "everything is filled in");
        assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
        for outside in ["http://", "https://", "src=", "@import", "url(", " onclick=\"", "innerHTML", "eval("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }
}
