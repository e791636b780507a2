//! Told twice, killed in the middle, dropped again, changed, late: the state is the one of a single clean run.

use std::time::Duration;

use serde_json::json;
use shared::intake::importer::handle;
use shared::{error::Classified, intake::apply::ApplyError};
use tokio::time::Instant;

use super::support::{DROPS, RESULTS, World, file, in_a_minute, line, message};

#[tokio::test]
async fn the_same_delivery_again_changes_nothing() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let before = world.state().await;
    assert_eq!(world.deliver("kintell/sessions/a.csv", "v1").await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.state().await, before);
    assert_eq!(world.blobs.keys(RESULTS).len(), 1);
}

#[tokio::test]
async fn a_missing_receipt_is_written_again_by_the_next_delivery() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let key = world.blobs.keys(RESULTS).remove(0);
    world.blobs.remove(RESULTS, &key);
    world.deliver("kintell/sessions/a.csv", "v1").await;
    assert_eq!(world.blobs.keys(RESULTS), [key]);
}

#[tokio::test]
async fn the_same_file_dropped_again_is_unchanged_and_names_the_first() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "a"), line("S2", "5", "b")]);
    let first = world.import("kintell/sessions/a.csv", &content).await;
    let before = world.state().await;
    let again = world.import("kintell/sessions/again.csv", &content).await;
    assert_eq!(
        (&again["outcome"], &again["first_import"], &again["events"]),
        (&json!("unchanged"), &first["id"], &json!(0))
    );
    assert_eq!(again["counts"]["unchanged"], 2);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn eight_deliveries_at_once_import_once() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.blobs.drop_file(DROPS, key, file(&[line("S1", "4", "a"), line("S2", "4", "b")]).as_bytes());
    let apps: Vec<_> = (0..8).map(|_| world.another_instance()).collect();
    let all =
        futures::future::join_all(apps.iter().map(|app| handle(app, message(key, &version), in_a_minute()))).await;
    assert!(
        all.into_iter().all(|answer| serde_json::Value::from(answer.unwrap()) == json!({ "batchItemFailures": [] }))
    );
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'intake.import.completed.v1'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 1);
}

#[tokio::test]
async fn two_files_at_once_with_the_same_new_person_make_one_profile() {
    let world = World::new().await;
    let apps = [world.another_instance(), world.another_instance()];
    let keys = ["kintell/sessions/a.csv", "kintell/sessions/b.csv"];
    for (n, key) in keys.iter().enumerate() {
        world.blobs.drop_file(DROPS, key, file(&[line(&format!("S{n}"), "4", "a")]).as_bytes());
    }
    let (one, other) = tokio::join!(
        handle(&apps[0], message(keys[0], "v1"), in_a_minute()),
        handle(&apps[1], message(keys[1], "v1"), in_a_minute())
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 2);
}

#[tokio::test]
async fn a_changed_record_is_the_next_revision_with_its_history_and_one_event() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let receipt = world.import("kintell/sessions/b.csv", file(&[line("S1", "5", "very good")])).await;
    assert_eq!((&receipt["counts"]["changed"], &receipt["outcome"]), (&json!(1), &json!("loaded")));
    let data = world.event_data("kintell.session.completed.v1").await;
    assert_eq!((data.len(), &data[1]["revision"], &data[1]["rating"]), (2, &json!(2), &json!(1.0)));
    let texts = world.event_data("intake.text.received.v1").await;
    assert_eq!(texts[1]["supersedes"], texts[0]["textId"], "new words are a new text that supersedes");
    assert_eq!(world.text("SELECT content ->> 'rating' FROM intake.revisions").await, "4 of 1-5");
}

#[tokio::test]
async fn a_late_older_export_is_reported_and_not_applied() {
    let world = World::new().await;
    let old = file(&[line("S1", "4", "good")]);
    world.import("kintell/sessions/old.csv", &old).await;
    world.import("kintell/sessions/new.csv", file(&[line("S1", "5", "good")])).await;
    let receipt = world.import("kintell/sessions/late.csv", &old).await;
    assert_eq!(receipt["counts"]["unchanged"], 1);
    assert_eq!(receipt["warnings"][0]["code"], "stale_revision");
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "5");
}

#[tokio::test]
async fn an_empty_cell_of_another_layout_does_not_clear_a_value() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "good")])).await;
    let legacy = "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating\nS1,Language Connect,olena@people.example,kari@nordlys.example,2025-03-04T17:00:00Z,45,\n";
    let receipt = world.import("kintell/sessions/legacy.csv", legacy).await;
    assert!(receipt["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "kept_other_source"), "{receipt:#}");
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "4");
    let same = world.import("kintell/sessions/b.csv", file(&[line("S1", "", "good")])).await;
    assert_eq!(same["counts"]["changed"], 1, "{same:#}");
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions WHERE rating IS NULL").await, 1);
}

/// The database goes away in the middle of the transaction, as when the function is killed: nothing stays, and the
/// next delivery ends where a clean run ends.
#[tokio::test]
async fn a_run_that_breaks_off_before_its_commit_leaves_nothing_and_the_next_does_all() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.blobs.drop_file(DROPS, key, file(&[line("S1", "4", "a")]).as_bytes());
    // The nudge before the commit is the last thing that can fail: the transaction is rolled back behind it.
    world.nudges.fail(true);
    let answer = world.deliver(key, &version).await;
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    assert_eq!(world.count("SELECT (SELECT count(*) FROM core.kintell_sessions) + (SELECT count(*) FROM bus.events) + (SELECT count(*) FROM core.profiles)").await, 0);
    let receipt = world.receipt(key, &version).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["code"], &receipt["retryable"]),
        (&json!("failed"), &json!("nudge_failed"), &json!(true))
    );
    world.nudges.fail(false);
    assert_eq!(world.deliver(key, &version).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'kintell.session.completed.v1'").await, 1);
}

/// Each call to the bucket fails once: whatever step it is in, the delivery is given back and the next one heals it.
#[tokio::test]
async fn a_bucket_that_fails_at_any_call_is_tried_again() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "a")]);
    let mut failed = 0;
    for calls in 1..=6 {
        let key = format!("kintell/sessions/{calls}.csv");
        let version = world.blobs.drop_file(DROPS, &key, content.as_bytes());
        world.blobs.fail_after(calls - 1);
        let answer = world.deliver(&key, &version).await;
        failed += answer["batchItemFailures"].as_array().unwrap().len();
        world.blobs.fail_next(0);
        assert_eq!(world.deliver(&key, &version).await, json!({ "batchItemFailures": [] }), "call {calls}");
        let receipt = world.receipt(&key, &version).await;
        assert!(["loaded", "unchanged"].contains(&receipt["outcome"].as_str().unwrap()), "{receipt:#}");
    }
    assert!(failed >= 4, "the calls were made to fail: {failed}");
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
}

#[tokio::test]
async fn a_time_limit_that_is_near_rolls_back_says_so_and_is_tried_again() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.blobs.drop_file(DROPS, key, file(&[line("S1", "4", "a")]).as_bytes());
    let answer: serde_json::Value =
        handle(&world.app, message(key, &version), Instant::now() + Duration::from_millis(1)).await.unwrap().into();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    let receipt = world.receipt(key, &version).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["retryable"], &receipt["code"]),
        (&json!("failed"), &json!(true), &json!(ApplyError::TimeLimit.code()))
    );
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 0);
    world.deliver(key, &version).await;
    assert_eq!(world.receipt(key, &version).await["outcome"], "loaded");
}

#[tokio::test]
async fn a_file_that_is_gone_is_answered_and_not_tried_for_ever() {
    let world = World::new().await;
    assert_eq!(world.deliver("kintell/sessions/gone.csv", "v1").await, json!({ "batchItemFailures": [] }));
    let receipt = world.receipt("kintell/sessions/gone.csv", "v1").await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("failed"), &json!("object_gone")));
}

/// Two versions of one object, told in the wrong order: the newer one stays.
#[tokio::test]
async fn an_older_version_of_a_file_told_late_changes_nothing() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let old = world.blobs.drop_file(DROPS, key, file(&[line("S1", "2", "a")]).as_bytes());
    let new = world.blobs.drop_file(DROPS, key, file(&[line("S1", "5", "a")]).as_bytes());
    world.deliver(key, &new).await;
    let before = world.state().await;
    world.blobs.set_modified("2026-05-04T07:59:00Z".parse().unwrap());
    world.deliver(key, &old).await;
    let receipt = world.receipt(key, &old).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("unchanged"), &json!("stale_revision")));
    assert_eq!(world.state().await, before);
}

/// A message that is no notification is a dead letter and not an outage of the importer.
#[tokio::test]
async fn a_message_that_cannot_be_read_is_given_back_and_the_importer_stays_well() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let mut event = message("kintell/sessions/a.csv", "v1");
    event["Records"][0]["body"] = json!(r#"{"x": 1}"#);
    let answer: serde_json::Value = handle(&world.app, event, in_a_minute()).await.unwrap().into();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    assert_eq!(world.count("SELECT count(*) FROM core.heartbeats WHERE last_error_at IS NOT NULL").await, 0);
}
