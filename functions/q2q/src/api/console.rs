//! `GET /v1/q2q/console`: one document with its style and script inside, nothing from elsewhere.

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

const PAGE: &str = include_str!("../../assets/console.html");

/// The page with its policy, or nothing on a stage where nobody may sign in by pasting a token.
#[derive(Debug, Default)]
pub struct Console(Option<(&'static str, HeaderValue)>);

impl Console {
    /// `STAGE`: the page is there on `local` and `test`.
    pub fn from_env(env: &Env) -> Self {
        if matches!(env.optional("STAGE").as_deref(), Some("local" | "test")) { Self::with_page() } else { Self(None) }
    }

    /// The page.
    fn with_page() -> Self {
        let hashes = |tag: &str| {
            let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
            let inside = PAGE.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map(|(text, _)| text);
            inside.map(|text| format!("'sha256-{}'", sha256(text))).unwrap_or_else(|| "'none'".to_owned())
        };
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            hashes("script"),
            hashes("style"),
        );
        Self(HeaderValue::try_from(policy).ok().map(|policy| (PAGE, policy)))
    }
}

fn sha256(text: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}

/// The page of outcomes
///
/// Read a text, go from a number to the words behind it, correct it. Sign-in by token, so it is on the stages `local`
/// and `test` only.
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
    Ok((headers, *page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_on_local_and_test_only_and_is_one_document() {
        let on = |stage| Console::from_env(&Env::from_pairs(&[("STAGE", stage)]));
        for stage in ["local", "test"] {
            let (page, policy) = on(stage).0.unwrap();
            assert!(page.matches("<script").count() <= 1 && page.matches("<style").count() <= 1);
            for outside in ["http://", "https://", "src=", "@import", "url(", " onclick=\"", "innerHTML", "eval("] {
                assert!(!page.contains(outside), "{outside}");
            }
            assert!(!policy.to_str().unwrap().contains("unsafe"));
        }
        assert!(on("prod").0.is_none() && on("").0.is_none());
    }
}
