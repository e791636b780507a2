//! The coordinator's page and the operator's: each one document with its style and script inside, nothing from elsewhere.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use shared::{
    config::Env,
    http::{Document, Problem},
};

use crate::api::App;

const PAGE: &str = include_str!("../../../shared/page/page.html");
/// The look that all pages share, and what only these have.
const STYLE: &str =
    concat!(include_str!("../../../shared/page/page.css"), include_str!("../assets/console/console.css"));
/// One module: a file sees what the files above it declare.
const SCRIPT: &str = concat!(
    include_str!("../../../shared/page/core.js"),
    include_str!("../assets/console/texts.en.js"),
    include_str!("../assets/console/texts.nb.js"),
    include_str!("../assets/console/texts.uk.js"),
    include_str!("../assets/console/transfer.js"),
    include_str!("../assets/console/put.js"),
    include_str!("../assets/console/list.js"),
    include_str!("../assets/console/receipt.js"),
    include_str!("../assets/console/rows.js"),
    include_str!("../assets/console/decide.js"),
    include_str!("../../../shared/page/frame.js"),
    include_str!("../assets/console/main.js"),
);

const BUS_PAGE: &str = include_str!("../assets/bus/page.html");
const BUS_SCRIPT: &str = include_str!("../assets/bus/bus.js");

/// The pages with their policies, or nothing on a stage where nobody may sign in by pasting a token.
#[derive(Debug, Default)]
pub struct Console {
    imports: Option<Document>,
    bus: Option<Document>,
}

impl Console {
    /// | variable | meaning |
    /// |---|---|
    /// | `STAGE` | the pages are there on `local` and `test` |
    /// | `AWS_ENDPOINT_URL` | where uploads go on the local stack |
    /// | `DROPS_BUCKET`, `AWS_REGION` | where uploads go otherwise |
    pub fn from_env(env: &Env) -> Self {
        if !Document::are_there(env) {
            return Self::default();
        }
        let get = |name| env.optional(name).filter(|value| !value.is_empty());
        let store = get("AWS_ENDPOINT_URL").or_else(|| {
            let (bucket, region) = (get("DROPS_BUCKET")?, get("AWS_REGION")?);
            Some(format!("https://{bucket}.s3.{region}.amazonaws.com https://{bucket}.s3.amazonaws.com"))
        });
        Self::with_store(&store.unwrap_or_default())
    }

    /// Whether the stage has the pages.
    pub fn is_there(&self) -> bool {
        self.imports.is_some()
    }

    /// Pages of which the coordinator's may upload to this origin besides its own.
    pub fn with_store(store: &str) -> Self {
        Self {
            imports: Document::new(PAGE, STYLE, SCRIPT, &format!("'self' {store}")),
            bus: Document::new(BUS_PAGE, STYLE, BUS_SCRIPT, "'self'"),
        }
    }
}

/// The coordinator's page
///
/// Put files in, read receipts, commit, undo. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/imports/console", operation_id = "get_console", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 404, description = "`not_found`: no such page on this stage")))]
pub async fn console(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    Document::serve(app.console.imports.as_ref())
}

/// The operator's page
///
/// What was published and received, replays, dead letters. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/bus/console", operation_id = "get_bus_console", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 404, description = "`not_found`: no such page on this stage")))]
pub async fn bus_console(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    Document::serve(app.console.bus.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(pairs: &[(&str, &str)]) -> Option<[(String, String); 2]> {
        let found = Console::from_env(&Env::from_pairs(pairs));
        let text = |document: Document| (document.page().to_owned(), document.policy().to_owned());
        Some([found.imports.map(text)?, found.bus.map(text)?])
    }

    #[test]
    fn the_pages_are_there_on_local_and_test_only() {
        for stage in ["local", "test"] {
            assert!(on(&[("STAGE", stage)]).is_some(), "{stage}");
        }
        for stage in ["prod", "staging", "Local", ""] {
            let Console { imports, bus } = Console::from_env(&Env::from_pairs(&[("STAGE", stage)]));
            assert!(imports.is_none() && bus.is_none(), "{stage}");
        }
        assert!(on(&[]).is_none());
    }

    #[test]
    fn each_page_is_one_document_without_handlers_in_its_markup_or_anything_from_elsewhere() {
        for (page, policy) in on(&[("STAGE", "local")]).unwrap() {
            assert!(!page.contains("{{"), "everything is filled in");
            assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
            for outside in ["http://", "https://", "src=", "@import", "url(", " onclick=\"", "innerHTML", "eval("] {
                assert!(!page.contains(outside), "{outside}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        }
    }

    #[test]
    fn uploads_may_go_to_the_store_and_nowhere_else() {
        let connects = |pairs: &[(&str, &str)]| {
            on(pairs).unwrap().map(|(_, policy)| {
                policy.split("; ").find(|part| part.starts_with("connect-src")).unwrap().trim().to_owned()
            })
        };
        let aws = [("STAGE", "test"), ("DROPS_BUCKET", "teei-test-drops"), ("AWS_REGION", "eu-north-1")];
        let store = "https://teei-test-drops.s3.eu-north-1.amazonaws.com https://teei-test-drops.s3.amazonaws.com";
        assert_eq!(connects(&aws), [format!("connect-src 'self' {store}"), "connect-src 'self'".to_owned()]);
        let local = [("STAGE", "local"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), aws[1], aws[2]];
        assert_eq!(connects(&local)[0], "connect-src 'self' http://127.0.0.1:4566");
    }
}
