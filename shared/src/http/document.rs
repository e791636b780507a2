//! A page that is one document: its style and script inside, nothing from elsewhere, and the policy that holds it to that.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};

use super::{Problem, problem};
use crate::config::Env;

/// A page and its `Content-Security-Policy`.
#[derive(Debug, Clone)]
pub struct Document {
    page: String,
    policy: HeaderValue,
}

impl Document {
    /// Puts style and script where the page has `{{style}}` and `{{script}}`. The policy names both by their SHA-256 and
    /// lets the page ask `connect` only (`'self'` and further origins).
    pub fn new(page: &str, style: &str, script: &str, connect: &str) -> Option<Self> {
        let sha = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src {connect}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            sha(script),
            sha(style),
        );
        let page = page.replace("{{style}}", style).replace("{{script}}", script);
        HeaderValue::try_from(policy).ok().map(|policy| Self { page, policy })
    }

    /// Whether the stage has pages where people sign in by pasting a token: `STAGE` is `local` or `test`.
    pub fn are_there(env: &Env) -> bool {
        matches!(env.optional("STAGE").as_deref(), Some("local" | "test"))
    }

    /// The page as an answer, or `404 not_found` on a stage without it.
    pub fn serve(found: Option<&Self>) -> Result<Response, Problem> {
        let Self { page, policy } = found.ok_or(Problem::new(&problem::NOT_FOUND))?;
        let headers: [(HeaderName, HeaderValue); 4] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::CONTENT_SECURITY_POLICY, policy.clone()),
        ];
        Ok((headers, page.clone()).into_response())
    }

    /// The whole page.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The policy, as text.
    pub fn policy(&self) -> &str {
        self.policy.to_str().unwrap_or_default()
    }
}
