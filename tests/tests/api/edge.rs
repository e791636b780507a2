//! The layer around every router: ids, headers, admission, problems.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    auth::{Access, Role, Who},
    http::{Edge, Ids, Json, Problem, Query, problem, wrap},
};

use crate::support::{Answer, admin, call, claims, ec_key, golden, token, verifier};

const ACCESS: &[Access] = &[
    Access { method: "GET", path: "/open", who: Who::Public },
    Access { method: "GET", path: "/panics", who: Who::Public },
    Access { method: "GET", path: "/text", who: Who::Public },
    Access { method: "GET", path: "/down", who: Who::Public },
    Access { method: "GET", path: "/query", who: Who::Public },
    Access { method: "POST", path: "/things", who: Who::Roles(&[Role::Admin]) },
    Access { method: "PUT", path: "/things", who: Who::Roles(&[Role::Admin]) },
    Access { method: "GET", path: "/nobody", who: Who::Roles(&[]) },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    #[expect(dead_code, reason = "only its reading is tested")]
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[expect(dead_code, reason = "only its reading is tested")]
    colour: Option<String>,
}

fn router() -> Router {
    let down = || async { Problem::new(&problem::DATABASE_UNAVAILABLE) };
    let router = Router::new()
        .route("/open", get(|ids: Ids| async move { ids.correlation }))
        .route("/panics", get(|| async { panic!("olena@example.org") as () }))
        .route("/text", get(|| async { (StatusCode::IM_A_TEAPOT, "plain words of the framework") }))
        .route("/down", get(down))
        .route("/query", get(|_: Query<Filter>| async {}))
        .route("/things", post(|_: Json<Thing>| async {}).put(|_: Json<Thing>| async {}))
        .route("/nobody", get(|| async {}))
        .route("/forgotten", get(|| async { "a handler without a row" }));
    wrap(router, Arc::new(Edge { access: ACCESS, verifier: verifier(), beat: None }))
}

async fn get_text(path: &str, headers: &[(&str, &str)]) -> (http::HeaderMap, String) {
    use tower::ServiceExt;
    let mut request = http::Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_route_without_a_row_is_refused_even_for_an_admin() {
    assert_eq!(call("GET", "/forgotten").bearer(&admin()).to(&router()).await.brief(), "403 forbidden");
    assert_eq!(call("GET", "/nobody").bearer(&admin()).to(&router()).await.brief(), "403 forbidden");
}

#[tokio::test]
async fn every_answer_carries_the_request_id_and_is_not_to_be_kept() {
    let (headers, _) = get_text("/open", &[]).await;
    assert!(headers["x-request-id"].to_str().unwrap().len() >= 32);
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let answer = call("GET", "/nowhere").to(&router()).await;
    assert_eq!(answer.header("x-request-id"), answer.json["request_id"].as_str().unwrap());
}

#[tokio::test]
async fn a_correlation_id_is_taken_over_only_when_it_cannot_be_a_name() {
    let id = "01980f5c-3a5e-7c1d-9e52-6f1f5c0a7b11";
    let (headers, body) = get_text("/open", &[("x-correlation-id", id)]).await;
    assert_eq!((headers["x-correlation-id"].to_str().unwrap(), body.as_str()), (id, id));
    for bad in ["olena@example.org", "Olena Pryklad", "short", &"a".repeat(65), "01980f5c 3a5e"] {
        let (headers, body) = get_text("/open", &[("x-correlation-id", bad)]).await;
        assert_eq!(headers["x-request-id"].to_str().unwrap(), body, "{bad}");
    }
}

#[tokio::test]
async fn refused_tokens_say_how_to_come_back() {
    let expired = ec_key().sign(&{
        let mut claims = claims("admin", "x", None);
        claims["exp"] = json!(1);
        claims
    });
    let router = router();
    let missing = call("POST", "/things").to(&router).await;
    assert_eq!(
        (missing.brief().as_str(), missing.header("www-authenticate")),
        ("401 missing_token", "Bearer realm=\"teei\"")
    );
    let bad = call("POST", "/things").bearer("x.y.z").to(&router).await;
    assert_eq!(bad.brief(), "401 bad_token");
    assert!(bad.header("www-authenticate").contains("invalid_token"));
    let late = call("POST", "/things").bearer(&expired).to(&router).await;
    assert_eq!(late.brief(), "401 expired_token");
    // Two different tokens: which one is meant, nobody can say.
    let two = call("POST", "/things").bearer(&admin()).bearer(&token(Role::Admin, "b", None)).to(&router).await;
    assert_eq!(two.brief(), "401 bad_token");
    // Public is public, but a token that is shown has to be good: its bearer would wonder why the detail is missing.
    assert_eq!(call("GET", "/query").bearer(&expired).to(&router).await.brief(), "401 expired_token");
}

#[tokio::test]
async fn another_method_is_405_and_names_the_ones_there_are() {
    let answer = call("DELETE", "/things").to(&router()).await;
    assert_eq!((answer.brief().as_str(), answer.header("allow")), ("405 method_not_allowed", "POST, PUT"));
}

/// Every kind of problem, as it is on the wire, in one file.
#[tokio::test]
async fn generated_problems_read_as_in_the_golden_file() {
    let router = router();
    let admin = admin();
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(1024 * 1024));
    let mut page = String::new();
    let mut note = |name: &str, mut answer: Answer| {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
        assert_eq!(answer.json["status"], answer.status.as_u16(), "{name}");
        answer.json["request_id"] = json!("<request id>");
        let retry = answer
            .headers
            .get("retry-after")
            .map_or(String::new(), |s| format!("retry-after: {}\n", s.to_str().unwrap()));
        page.push_str(&format!("## {name}\n{retry}{}\n\n", serde_json::to_string_pretty(&answer.json).unwrap()));
    };
    note("no such route", call("GET", "/nowhere?email=olena@example.org").to(&router).await);
    note("no such method", call("PATCH", "/things").to(&router).await);
    note("no token", call("POST", "/things").to(&router).await);
    note("another role", call("POST", "/things").bearer(&token(Role::Reviewer, "r", None)).to(&router).await);
    note(
        "broken JSON",
        call("POST", "/things").bearer(&admin).text("{\"name\": \"olena@example.org\",\n}").to(&router).await,
    );
    note(
        "a field of the wrong type",
        call("POST", "/things").bearer(&admin).json(&json!({"name": 42})).to(&router).await,
    );
    note(
        "a field too many",
        call("POST", "/things").bearer(&admin).json(&json!({"name": "a", "olena@example.org": 1})).to(&router).await,
    );
    note(
        "a field missing",
        call("POST", "/things").bearer(&admin).json(&Value::Object(serde_json::Map::new())).to(&router).await,
    );
    note("not JSON", call("POST", "/things").bearer(&admin).header("content-type", "text/csv").to(&router).await);
    note("too large", call("POST", "/things").bearer(&admin).text(&huge).to(&router).await);
    note("an unknown filter", call("GET", "/query?color=red").to(&router).await);
    note("a filter twice", call("GET", "/query?colour=red&colour=blue").to(&router).await);
    note("words of the framework", call("GET", "/text").to(&router).await);
    note("a panic", call("GET", "/panics").to(&router).await);
    note("the database is away", call("GET", "/down").to(&router).await);
    assert!(!page.contains("olena"), "no value from outside may come back");
    golden("tests/golden/problems.md", &page);
}
