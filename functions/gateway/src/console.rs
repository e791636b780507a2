//! The coordinator's page: one document with its style and script inside, nothing from elsewhere.

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

use crate::api::App;

const PAGE: &str = include_str!("../assets/console/page.html");
const STYLE: &str = include_str!("../assets/console/console.css");
/// One module: a file sees what the files above it declare.
const SCRIPT: &str = concat!(
    include_str!("../assets/console/core.js"),
    include_str!("../assets/console/texts.en.js"),
    include_str!("../assets/console/texts.nb.js"),
    include_str!("../assets/console/texts.uk.js"),
    include_str!("../assets/console/put.js"),
    include_str!("../assets/console/list.js"),
    include_str!("../assets/console/receipt.js"),
    include_str!("../assets/console/rows.js"),
    include_str!("../assets/console/decide.js"),
    include_str!("../assets/console/main.js"),
);

/// The page and its policy, or nothing on a stage where nobody may sign in by pasting a token.
#[derive(Debug, Default)]
pub struct Console(Option<(String, HeaderValue)>);

impl Console {
    /// | variable | meaning |
    /// |---|---|
    /// | `STAGE` | the page is there on `local` and `test` |
    /// | `AWS_ENDPOINT_URL` | where uploads go on the local stack |
    /// | `DROPS_BUCKET`, `AWS_REGION` | where uploads go otherwise |
    pub fn from_env(env: &Env) -> Self {
        let get = |name| env.optional(name).filter(|value| !value.is_empty());
        if !matches!(get("STAGE").as_deref(), Some("local" | "test")) {
            return Self(None);
        }
        let store = get("AWS_ENDPOINT_URL").or_else(|| {
            let (bucket, region) = (get("DROPS_BUCKET")?, get("AWS_REGION")?);
            Some(format!("https://{bucket}.s3.{region}.amazonaws.com https://{bucket}.s3.amazonaws.com"))
        });
        Self::with_store(&store.unwrap_or_default())
    }

    /// Whether the stage has the page.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// A page that may upload to this origin besides its own.
    pub fn with_store(store: &str) -> Self {
        let sha = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self' {store}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            sha(SCRIPT),
            sha(STYLE),
        );
        let page = PAGE.replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
        Self(HeaderValue::try_from(policy).ok().map(|policy| (page, policy)))
    }
}

/// The coordinator's page
///
/// Put files in, read receipts, commit, undo. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/imports/console", operation_id = "get_console", responses(
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

    fn on(pairs: &[(&str, &str)]) -> Option<(String, String)> {
        let Console(found) = Console::from_env(&Env::from_pairs(pairs));
        found.map(|(page, policy)| (page, policy.to_str().unwrap().to_owned()))
    }

    #[test]
    fn the_page_is_there_on_local_and_test_only() {
        for stage in ["local", "test"] {
            assert!(on(&[("STAGE", stage)]).is_some(), "{stage}");
        }
        for stage in ["prod", "staging", "Local", ""] {
            assert!(on(&[("STAGE", stage)]).is_none(), "{stage}");
        }
        assert!(on(&[]).is_none());
    }

    #[test]
    fn the_page_is_one_document_without_handlers_in_its_markup_or_anything_from_elsewhere() {
        let (page, policy) = on(&[("STAGE", "local")]).unwrap();
        assert!(!page.contains("{{"), "everything is filled in");
        assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
        for outside in ["http://", "https://", "src=", "@import", "url(", " onclick=\"", "innerHTML", "eval("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    }

    #[test]
    fn uploads_may_go_to_the_store_and_nowhere_else() {
        let connect = |pairs: &[(&str, &str)]| {
            let (_, policy) = on(pairs).unwrap();
            policy.split("; ").find(|part| part.starts_with("connect-src")).unwrap().trim().to_owned()
        };
        let aws = [("STAGE", "test"), ("DROPS_BUCKET", "teei-test-drops"), ("AWS_REGION", "eu-north-1")];
        assert_eq!(
            connect(&aws),
            "connect-src 'self' https://teei-test-drops.s3.eu-north-1.amazonaws.com https://teei-test-drops.s3.amazonaws.com"
        );
        let local = [("STAGE", "local"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), aws[1], aws[2]];
        assert_eq!(connect(&local), "connect-src 'self' http://127.0.0.1:4566");
    }
}
