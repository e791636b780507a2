//! The sample invocations of `events/`.

use moderation::screener::{Reply, handle};
use serde_json::{Value, json};
use shared::{auth::Role, http::answer};

use crate::support::{PLENTY, World, consuming::sample, token};

async fn send(world: &World, file: &str, role: Role) -> (u16, Value) {
    let mut event = sample(file);
    event["headers"]["Authorization"] = json!(format!("Bearer {}", token(role, "kari", None)));
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let (parts, body) = answer(world.api.clone(), request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn the_sample_events_of_moderation_api_are_answered() {
    let world = World::new().await;
    world.received("#insult").await;
    let (status, body) = send(&world, "moderation-api.json", Role::Admin).await;
    assert_eq!((status, &body["version"]), (200, &json!(0)), "{body}");
    let (status, body) = send(&world, "moderation-api.reviews.json", Role::Reviewer).await;
    assert_eq!((status, body["items"].as_array().map(Vec::len)), (200, Some(1)), "{body}");
    let (status, body) = send(&world, "moderation-api.screen.json", Role::Service).await;
    assert_eq!((status, body["items"].as_array().map(Vec::len)), (200, Some(2)), "{body}");
    for file in ["moderation-api.reviews.json", "moderation-api.screen.json"] {
        assert_eq!(send(&world, file, Role::Admin).await.0, 403, "{file}");
    }
}

#[tokio::test]
async fn the_sample_events_of_moderation_screener_are_taken_in() {
    let world = World::new().await;
    // The texts they name are in no database of a test: there is nothing to do, and nothing left undone.
    let Reply::Batch(reply) = handle(&world.screener, sample("moderation-screener.json"), PLENTY).await.unwrap() else {
        panic!("a batch is answered as one")
    };
    assert_eq!(reply.failures, []);
    assert_eq!(world.one("SELECT count(*) FROM bus.inbox WHERE consumer = 'moderation-screener'").await, "2");
    let Reply::Sweep(swept) =
        handle(&world.screener, sample("moderation-screener.schedule.json"), PLENTY).await.unwrap()
    else {
        panic!("a schedule is answered with what was swept")
    };
    assert_eq!(swept.unscreened, 0);
    assert_eq!(
        world.one("SELECT last_error IS NULL FROM core.heartbeats WHERE function = 'moderation-screener'").await,
        "true"
    );
}
