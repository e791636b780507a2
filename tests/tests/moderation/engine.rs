//! The service with the engine of this repository: unmistakable texts. How good it is beyond these, its own tests say.

use std::{sync::Arc, time::Duration};

use moderation::{
    api,
    screener::{self, Screens},
};
use serde_json::json;
use shared::{auth::Role, vault::LazyVault};
use tests::keys;

use crate::support::{API, CONTACT, SCREENER, World, hours, web};

/// The same world with the real engine in both functions.
async fn world() -> World {
    let mut world = World::new().await;
    let nudger = || Box::new(Arc::clone(&world.nudges));
    let (vault, db) = (LazyVault::new(Box::new(keys())), world.database.db_for(SCREENER));
    let screener = screener::App::new(db, vault, nudger(), Screens::standard(), hours(), "test");
    let settings = api::Settings { contact: CONTACT.to_owned(), hours: hours(), lease: Duration::from_secs(900) };
    let app = api::App::new(world.database.db_for(API), Box::new(keys()), nudger(), Screens::standard(), settings);
    let router = api::router(Arc::new(app), web::verifier());
    (world.screener, world.api) = (screener, router);
    world
}

#[tokio::test]
async fn a_kind_word_is_allowed_an_address_is_held_and_a_cry_for_help_goes_to_its_lane() {
    let world = world().await;
    let kind = world.received("We practised for the job interview and she was calm.").await;
    assert_eq!(world.outcome(&kind).await[0], "allow");
    assert_eq!(world.cleared(&kind).await.as_deref(), Some("We practised for the job interview and she was calm."));
    let help = world.received("Jeg vil ikke leve mer, jeg klarer det ikke.").await;
    assert_eq!(world.outcome(&help).await, json!(["review", "sensitive", true, false, "pending", "review"]));

    let contact = world.received("Write to olena@example.org, she helps with forms.").await;
    assert_eq!(world.outcome(&contact).await, json!(["review", "general", false, true, "pending", "review"]));
    let made =
        world.decided(&contact, Role::Reviewer, "kari", &json!({"decision": "redact", "notes": "an address"})).await;
    assert_eq!(made.json["scored"], true, "{}", made.text);
    let scored = world.cleared(&contact).await.unwrap();
    assert!(!scored.contains("olena@") && scored.ends_with("she helps with forms."), "{scored}");
    let engine = world.one("SELECT engine || ' ' || engine_version FROM core.screenings LIMIT 1").await;
    assert!(engine.starts_with("rules ") && engine.contains('+'), "{engine}");
}
