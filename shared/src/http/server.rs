//! The router behind the Lambda Runtime API.

use axum::{Router, body::Body, response::Response};
use http::Uri;
use lambda_http::{Request, RequestExt, service_fn};
use tower::ServiceExt;

/// Serves a router for as long as the function lives.
pub async fn run(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(service_fn(move |request| answer(router.clone(), request))).await
}

/// One event, one answer.
pub async fn answer(router: Router, request: Request) -> Result<Response, lambda_http::Error> {
    Ok(router.oneshot(into_axum(request)).await?)
}

fn into_axum(request: Request) -> http::Request<Body> {
    // The path as the API was asked, without the stage that lambda_http puts in front of it.
    let raw = request.raw_http_path().to_owned();
    let (mut parts, body) = request.into_parts();
    if let Some(uri) = without_stage(&parts.uri, &raw) {
        parts.uri = uri;
    }
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    http::Request::from_parts(parts, body)
}

fn without_stage(uri: &Uri, raw_path: &str) -> Option<Uri> {
    let path = uri.path();
    // Compared by their ends: lambda_http has percent-encoded what API Gateway decoded.
    let stage = path.strip_prefix('/')?.split('/').next()?;
    let rest = path.get(stage.len() + 1..)?;
    if raw_path.is_empty() || !rest.starts_with('/') || raw_path.starts_with(&format!("/{stage}/")) {
        return None;
    }
    let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
    format!("{rest}{query}").parse().ok()
}
