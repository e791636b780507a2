//! Commands over the queue: told twice, at once, too late, for nobody.

use serde_json::json;
use shared::intake::importer::handle;

use super::support::{RESULTS, World, command_event, file, in_a_minute, line};

#[tokio::test]
async fn a_message_without_a_command_does_nothing() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let before = world.state().await;
    assert_eq!(world.tell_command(&receipt).await, json!({ "batchItemFailures": [] }));
    let nobody = json!({ "id": "01900000-0000-7000-8000-000000000001", "source": "kintell" });
    assert_eq!(world.tell_command(&nobody).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn eight_messages_of_one_undo_undo_once() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S2", "4", "b")])).await;
    world.ask(&receipt, json!({ "kind": "undo" })).await;
    let apps: Vec<_> = (0..8).map(|_| world.another_instance()).collect();
    let all =
        futures::future::join_all(apps.iter().map(|app| handle(app, command_event(&receipt), in_a_minute()))).await;
    assert!(
        all.into_iter().all(|answer| serde_json::Value::from(answer.unwrap()) == json!({ "batchItemFailures": [] }))
    );
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'intake.import.undone.v1'").await, 1);
    assert_eq!(world.receipt_of(&receipt).await["undo"]["removed"], 2);
}

#[tokio::test]
async fn a_command_that_does_not_fit_any_more_goes_without_an_effect() {
    let world = World::new().await;
    let plan = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let before = world.state().await;
    let receipt = world.undo(&plan).await;
    assert_eq!(receipt["outcome"], "planned");
    assert_eq!(world.state().await, before);
    let loaded = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let before = world.state().await;
    assert_eq!(world.commit(&loaded, json!({})).await["outcome"], "loaded");
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_notification_told_again_while_a_command_waits_changes_nothing() {
    let world = World::new().await;
    let plan = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    world.ask(&plan, json!({ "kind": "commit" })).await;
    world.deliver("dry-run/kintell/sessions/a.csv", "v1").await;
    assert_eq!(world.text("SELECT status FROM intake.imports").await, "queued");
    world.tell_command(&plan).await;
    assert_eq!(world.receipt_of(&plan).await["outcome"], "loaded");
}

#[tokio::test]
async fn the_receipt_in_the_bucket_is_the_newest() {
    let world = World::new().await;
    let plan = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let stored = |world: &World| {
        let key = world.blobs.keys(RESULTS).remove(0);
        serde_json::from_slice::<serde_json::Value>(&world.blobs.read(RESULTS, &key).unwrap()).unwrap()
    };
    assert_eq!(stored(&world)["outcome"], "planned");
    world.commit(&plan, json!({})).await;
    assert_eq!(stored(&world), world.receipt_of(&plan).await);
    world.undo(&plan).await;
    assert_eq!(stored(&world)["outcome"], "undone");
    assert_eq!(world.blobs.keys(RESULTS).len(), 1);
}

#[tokio::test]
async fn a_planned_file_that_is_gone_is_answered() {
    let world = World::new().await;
    let plan = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    world.blobs.remove(super::support::DROPS, "dry-run/kintell/sessions/a.csv");
    let receipt = world.commit(&plan, json!({})).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("failed"), &json!("object_gone")));
}
