//! The one layer around every router: request id, log line, admission, panics, problems, headers.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{FromRequestParts, MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use lambda_http::request::RequestContext;
use tracing::Instrument;
use uuid::Uuid;

use super::problem::{self, Problem};
use crate::{
    auth::{Access, Claims, Decision, TokenError, Verifier, Who, decide},
    db::Db,
    heartbeat::Heartbeat,
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// A caller waits for the heartbeat: not longer than this.
const BEAT_LIMIT: Duration = Duration::from_secs(1);

/// What the layer needs to know of a service.
pub struct Edge {
    /// The service's access table.
    pub access: &'static [Access],
    /// Who tokens are believed from.
    pub verifier: Verifier,
    /// Where the function's heartbeat goes; none in tests without a database.
    pub beat: Option<Beat>,
}

/// A heartbeat and the database it is written to.
pub struct Beat {
    /// The function's.
    pub heartbeat: Heartbeat,
    /// The function's own connection, free again when the handler has answered.
    pub db: Db,
}

impl Beat {
    /// Before the answer leaves, because the function is frozen right after. What the service stands on and that did
    /// not answer is its failure. A 500 is one request's, maybe one made to fail: it is for the log and the alarm, and
    /// no caller turns the public health with it. A 503 that is no problem is an answer about health.
    async fn after(&self, status: StatusCode, problem: Option<&'static problem::Code>) {
        let missing = match problem {
            Some(code) if code.status == StatusCode::SERVICE_UNAVAILABLE => Some(code.code),
            _ if status.is_server_error() => return,
            _ => None,
        };
        if tokio::time::timeout(BEAT_LIMIT, self.heartbeat.note(&self.db, missing)).await.is_err() {
            tracing::warn!(limit_ms = BEAT_LIMIT.as_millis() as u64, "the heartbeat could not be written in time");
        }
    }
}

/// Puts the layer around a service's routes, and a problem where there is no route.
pub fn wrap(router: Router, edge: Arc<Edge>) -> Router {
    router.fallback(|| async { Problem::new(&problem::NOT_FOUND) }).layer(from_fn_with_state(edge, handle))
}

/// The ids a request goes by. An extension of the request, and an extractor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// This request, as API Gateway names it.
    pub request: String,
    /// The chain of work this request belongs to; its own id where the caller gave none.
    pub correlation: String,
}

impl Ids {
    fn of(request: &Request) -> Self {
        let gateway = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => context.request_id.clone(),
            _ => None,
        };
        let lambda = || request.extensions().get::<lambda_http::Context>().map(|context| context.request_id.clone());
        let request_id = gateway.filter(|id| plain(id)).or_else(lambda).filter(|id| plain(id));
        let request_id = request_id.unwrap_or_else(|| Uuid::now_v7().to_string());
        let given = request.headers().get(X_CORRELATION_ID).and_then(|value| value.to_str().ok());
        let correlation = given.filter(|id| uuid_like(id)).unwrap_or(&request_id).to_owned();
        Self { request: request_id, correlation }
    }
}

fn plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Hexadecimal digits and dashes only: a correlation id ends in logs and events, so it cannot be a name.
fn uuid_like(id: &str) -> bool {
    (16..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal("no edge layer around the router"))
    }
}

/// The caller, verified.
#[derive(Clone, Debug)]
pub struct Caller(pub Claims);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| TokenError::Missing.into())
    }
}

/// The caller of a public operation, who may be nobody.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Claims>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.extensions.get::<Caller>().map(|caller| caller.0.clone())))
    }
}

impl Edge {
    /// Who calls, if this operation is open to them.
    async fn admit(&self, method: &Method, route: &str, headers: &HeaderMap) -> Result<Option<Claims>, Problem> {
        let who = match decide(self.access, method.as_str(), route) {
            Decision::Row(who) => who,
            Decision::OtherMethods(methods) => {
                let allow = HeaderValue::try_from(methods.join(", ")).unwrap_or(HeaderValue::from_static(""));
                return Err(Problem::new(&problem::METHOD_NOT_ALLOWED).header(header::ALLOW, allow));
            }
            Decision::NoRow => {
                return Err(Problem {
                    cause: Some("route without a row".to_owned()),
                    ..Problem::new(&problem::FORBIDDEN)
                });
            }
        };
        // Whoever signs what they send may send tokens of their own world along.
        if who == Who::Signed {
            return Ok(None);
        }
        let claims = self.verifier.verify(authorization(headers)?).await;
        match (who, claims) {
            (Who::Roles(roles), Ok(claims)) if roles.contains(&claims.role) => Ok(Some(claims)),
            (Who::Roles(_), Ok(_)) => Err(Problem::new(&problem::FORBIDDEN)),
            (Who::Public, Ok(claims)) => Ok(Some(claims)),
            // Public answers do not depend on the issuer's health.
            (Who::Public, Err(TokenError::Missing | TokenError::KeysUnavailable)) => Ok(None),
            (_, Err(error)) => Err(error.into()),
            (Who::Signed, Ok(_)) => Ok(None),
        }
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next();
    // API Gateway gives every header as single and as multi value: the same twice is one.
    if values.any(|other| Some(other) != first) {
        return Err(TokenError::Bad("two tokens").into());
    }
    first.map(|value| value.to_str().map_err(|_| TokenError::Bad("not ASCII").into())).transpose()
}

async fn handle(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let ids = Ids::of(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        request_id = ids.request,
        correlation_id = ids.correlation,
        method = method.as_str(),
        route = route.as_deref().unwrap_or("none"),
        actor = tracing::field::Empty,
        role = tracing::field::Empty,
    );
    async {
        let admitted = match &route {
            Some(route) => edge.admit(&method, route, request.headers()).await,
            None => Ok(None),
        };
        let response = match admitted {
            Err(problem) => problem.into_response(),
            Ok(claims) => {
                if let Some(claims) = claims {
                    tracing::Span::current().record("actor", &claims.sub).record("role", claims.role.name());
                    request.extensions_mut().insert(Caller(claims));
                }
                request.extensions_mut().insert(ids.clone());
                let response = AssertUnwindSafe(next.run(request))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Problem::internal("panic").into_response());
                if let (Some(beat), true) = (&edge.beat, route.is_some()) {
                    let problem = response.extensions().get::<Problem>().map(|problem| problem.code);
                    beat.after(response.status(), problem).await;
                }
                response
            }
        };
        finish(response, &ids, &path, started)
    }
    .instrument(span)
    .await
}

/// Writes the problem, the headers every answer has, and the one log line of the request.
fn finish(response: Response, ids: &Ids, path: &str, started: Instant) -> Response {
    let problem = response.extensions().get::<Problem>().cloned().or_else(|| foreign(&response));
    let mut response = match &problem {
        None => response,
        Some(problem) => {
            let mut written = problem.respond(path, &ids.request);
            if let Some(allow) = response.headers().get(header::ALLOW) {
                written.headers_mut().insert(header::ALLOW, allow.clone());
            }
            written
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [(X_REQUEST_ID, &ids.request), (X_CORRELATION_ID, &ids.correlation)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let status = response.status();
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    let code = problem.as_ref().map(|problem| problem.code.code);
    let cause = problem.as_ref().and_then(|problem| problem.cause.as_deref());
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), duration_ms, code, cause, "request failed");
    } else {
        tracing::info!(status = status.as_u16(), duration_ms, code, cause, "request answered");
    }
    response
}

/// Refusals of the framework itself come as plain text: they get a code too.
fn foreign(response: &Response) -> Option<Problem> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if kind.contains("json") || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let code = match status {
        StatusCode::NOT_FOUND => &problem::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &problem::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => &problem::BODY_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &problem::UNSUPPORTED_MEDIA_TYPE,
        status if status.is_client_error() => &problem::BAD_REQUEST,
        _ => &problem::INTERNAL,
    };
    Some(Problem::new(code))
}
