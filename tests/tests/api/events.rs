//! The sample events in `events/`, through lambda_http's own reading of API Gateway's shape.

use axum::Router;
use http::StatusCode;
use serde_json::{Value, json};
use shared::http::answer;

use crate::support::{World, admin, person};

async fn send(router: &Router, file: &str, change: impl FnOnce(&mut Value)) -> (StatusCode, http::HeaderMap, Value) {
    let path = format!("{}/../events/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    event["headers"]["Authorization"] = json!(format!("Bearer {}", admin()));
    change(&mut event);
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = answer(router.clone(), request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn the_sample_events_of_profile_api_are_answered() {
    let world = World::new().await;
    let (status, headers, body) = send(&world.profiles, "profile-api.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["id"]), (200, &json!(person(1))));
    assert_eq!(headers["x-request-id"], "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "API Gateway's own request id");
    let (status, _, body) = send(&world.profiles, "profile-api.search.json", |_| ()).await;
    assert_eq!((status.as_u16(), body["items"].as_array().unwrap().len()), (200, 1));
    let (status, _, body) = send(&world.profiles, "profile-api.put.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["revision"]), (200, &json!(2)), "{body}");
    let (status, _, body) = send(&world.profiles, "profile-api.link.json", |_| ()).await;
    assert_eq!(status.as_u16(), 201, "{body}");
    let (status, _, _) = send(&world.profiles, "profile-api.health.json", |_| ()).await;
    assert_eq!(status.as_u16(), 200);
}

#[tokio::test]
async fn the_sample_events_of_gateway_api_are_answered() {
    let world = World::new().await;
    assert_eq!(send(&world.gateway, "gateway-api.json", |_| ()).await.0.as_u16(), 200);
    let (status, _, body) = send(&world.gateway, "gateway-api.imports.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["items"]), (200, &json!([])), "{body}");
    let (status, _, body) = send(&world.gateway, "gateway-api.bus.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["status"]), (200, &json!("ok")), "{body}");
    let (status, _, body) = send(&world.gateway, "gateway-api.replay.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["total"]), (200, &json!(0)), "{body}");
    let (status, headers, _) = send(&world.gateway, "gateway-api.unknown.json", |_| ()).await;
    assert_eq!((status.as_u16(), headers["content-type"].to_str().unwrap()), (404, "application/problem+json"));
}

#[tokio::test]
async fn the_sample_events_of_q2q_api_are_answered() {
    let world = World::new().await;
    let router = crate::q2q::service(&world.database, &world.nudges);
    let (status, _, body) = send(&router, "q2q-api.json", |_| ()).await;
    assert_eq!((status.as_u16(), body["dimensions"].as_array().unwrap().len()), (200, 5), "{body}");
    let (status, _, body) = send(&router, "q2q-api.classify.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["items"][1]["not_read"]), (200, &json!("language")), "{body}");
    let (status, _, body) = send(&router, "q2q-api.taxonomy.json", |_| ()).await;
    assert_eq!((status.as_u16(), &body["languages"]), (200, &json!(["en", "nb", "uk"])), "{body}");
}

#[tokio::test]
async fn the_stage_and_odd_paths_do_not_confuse_the_routes() {
    let world = World::new().await;
    let route = |path: &'static str, stage: &'static str| {
        move |event: &mut Value| {
            event["path"] = json!(path);
            event["requestContext"]["stage"] = json!(stage);
        }
    };
    for stage in ["live", "v1", "prod-2"] {
        let (status, _, body) = send(&world.gateway, "gateway-api.json", route("/v1/health", stage)).await;
        assert_eq!((status.as_u16(), &body["status"]), (200, &json!("up")), "{stage}");
    }
    for path in ["/", "/v1", "/v1/", "/v1/health/", "//v1/health", "/v1/a b/health", "/v1/é/health", "/live/v1/health"]
    {
        let (status, _, body) = send(&world.gateway, "gateway-api.json", route(path, "live")).await;
        assert_eq!((status.as_u16(), &body["code"]), (404, &json!("not_found")), "{path}");
    }
}

#[tokio::test]
async fn a_body_in_base64_is_a_body() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let world = World::new().await;
    let encode = |event: &mut Value| {
        event["body"] = json!(STANDARD.encode(event["body"].as_str().unwrap()));
        event["isBase64Encoded"] = json!(true);
    };
    assert_eq!(send(&world.profiles, "profile-api.search.json", encode).await.0.as_u16(), 200);
}
