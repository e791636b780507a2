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
