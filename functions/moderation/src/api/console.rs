//! `GET /v1/moderation/console`: the reviewers' page, one document with nothing from elsewhere.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use shared::{
    config::Env,
    http::{Problem, problem},
};

use super::App;

const PAGE: &str = include_str!("console.html");
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, or nothing on a stage where nobody may sign in by pasting a token.
#[derive(Debug, Default)]
pub struct Console {
    there: bool,
}

impl Console {
    /// Reads `STAGE`: the page is there on `local` and `test`.
    pub fn from_env(env: &Env) -> Self {
        Self { there: matches!(env.optional("STAGE").as_deref(), Some("local" | "test")) }
    }
}

/// The reviewers' page
///
/// Claim, open, decide. Sign-in by token, so it is on the stages `local` and `test` only.
#[utoipa::path(get, path = "/v1/moderation/console", operation_id = "get_moderation_console", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 404, description = "`not_found`: no such page on this stage")))]
pub async fn console(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    if !app.console.there {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    Ok((headers, PAGE).into_response())
}
