//! The safety reviewers' page: one document with its style and script inside, nothing from elsewhere.

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
pub struct Console(Option<Document>);

impl Console {
    /// | variable | meaning |
    /// |---|---|
    /// | `STAGE` | the page is there on `local` and `test` |
    pub fn from_env(env: &Env) -> Self {
        Self(Document::are_there(env).then(document).flatten())
    }

    /// Whether the stage has the page.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

fn document() -> Option<Document> {
    Document::new(PAGE, STYLE, SCRIPT, "'self'")
}

/// The safety reviewers' page
///
/// The queue, the words with what was found, decisions. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/moderation/console", operation_id = "get_moderation_console", responses(
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
            assert_eq!(Console::from_env(&Env::from_pairs(&[("STAGE", stage)])).is_there(), there, "{stage}");
        }
        assert!(!Console::from_env(&Env::from_pairs(&[])).is_there());
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
