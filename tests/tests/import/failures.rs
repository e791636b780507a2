//! Each way of writing, killed before its commit and after it, and with the connection cut: the state is the one of a
//! single clean run.

use std::time::Duration;

use serde_json::{Value, json};
use shared::intake::importer::handle;
use tokio::time::Instant;

use super::support::{RESULTS, World, command_event, file, in_a_minute, line, message};

#[derive(Debug, Clone, Copy)]
enum Kind {
    Commit,
    Undo,
}

/// A world in which a commit or an undo is asked, and its receipt before.
async fn asked(kind: Kind) -> (World, Value) {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S2", "4", "b")])).await;
    let content = file(&[line("S1", "5", "c"), line("S3", "3", "d")]);
    let (key, command) = match kind {
        Kind::Commit => ("dry-run/kintell/sessions/b.csv", json!({ "kind": "commit" })),
        Kind::Undo => ("kintell/sessions/b.csv", json!({ "kind": "undo" })),
    };
    let receipt = world.import(key, content).await;
    world.ask(&receipt, command).await;
    (world, receipt)
}

async fn outcome(world: &World) -> String {
    world
        .text(
            "SELECT string_agg(source_id || ' ' || rating_raw || ' r' || revision, ', ' ORDER BY source_id)
                 || '; people ' || (SELECT count(*) FROM core.profiles) || '; texts ' || (SELECT count(*) FROM vault.texts WHERE withdrawn_at IS NULL)
                 || '; events ' || (SELECT string_agg(type || ' ' || n, ', ' ORDER BY type) FROM (SELECT type, count(*) AS n FROM bus.events GROUP BY type) AS e)
             FROM core.kintell_sessions",
        )
        .await
}

async fn clean(kind: Kind) -> String {
    let (world, receipt) = asked(kind).await;
    world.tell_command(&receipt).await;
    outcome(&world).await
}

#[tokio::test]
async fn a_command_killed_before_its_commit_does_nothing_and_the_next_message_does_all() {
    for kind in [Kind::Commit, Kind::Undo] {
        let (world, receipt) = asked(kind).await;
        let before = world.state().await;
        world.nudges.fail(true);
        let answer = world.tell_command(&receipt).await;
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1, "{kind:?}");
        assert_eq!(world.state().await, before, "{kind:?}");
        let told = world.receipt_of(&receipt).await;
        assert_eq!(
            (&told["outcome"], &told["command_failed"]["code"]),
            (&receipt["outcome"], &json!("nudge_failed")),
            "what holds, and what failed; {kind:?}"
        );
        assert_eq!(world.text("SELECT status FROM intake.imports WHERE command IS NOT NULL").await, "queued");
        world.nudges.fail(false);
        assert_eq!(world.tell_command(&receipt).await, json!({ "batchItemFailures": [] }));
        assert_eq!(world.receipt_of(&receipt).await["command_failed"], Value::Null);
        assert_eq!(outcome(&world).await, clean(kind).await, "{kind:?}");
    }
}

#[tokio::test]
async fn a_command_killed_after_its_commit_is_not_done_again_and_its_receipt_is_written() {
    for (kind, end) in [(Kind::Commit, "loaded"), (Kind::Undo, "undone")] {
        let (world, receipt) = asked(kind).await;
        // The receipt's put is the last call: the bucket goes away before it.
        let calls = if matches!(kind, Kind::Commit) { 4 } else { 0 };
        world.blobs.fail_after(calls);
        let answer = world.tell_command(&receipt).await;
        world.blobs.fail_next(0);
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1, "{kind:?}");
        assert_eq!(world.receipt_of(&receipt).await["outcome"], end, "{kind:?}");
        let before = world.state().await;
        assert_eq!(world.tell_command(&receipt).await, json!({ "batchItemFailures": [] }));
        assert_eq!(world.state().await, before, "{kind:?}");
        let id = receipt["id"].as_str().unwrap();
        let key = world.blobs.keys(RESULTS).into_iter().find(|key| key.contains(id)).unwrap();
        let stored: Value = serde_json::from_slice(&world.blobs.read(RESULTS, &key).unwrap()).unwrap();
        assert_eq!(stored["outcome"], end);
        assert_eq!(outcome(&world).await, clean(kind).await, "{kind:?}");
    }
}

/// The connection is cut at different moments of the run, as when the server restarts.
#[tokio::test]
async fn a_command_whose_connection_is_cut_is_done_by_the_next_message() {
    for kind in [Kind::Commit, Kind::Undo] {
        let expected = clean(kind).await;
        for wait in [1, 5, 15, 40] {
            let (world, receipt) = asked(kind).await;
            let cut = async {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                world
                    .owner
                    .execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND usename = 'teei_kintell_import'",
                        &[],
                    )
                    .await
                    .unwrap();
            };
            let event = command_event(&receipt);
            let (answer, ()) = tokio::join!(handle(&world.app, event.clone(), in_a_minute()), cut);
            let answer: Value = answer.unwrap().into();
            for _ in 0..2 {
                world.tell_command(&receipt).await;
            }
            assert_eq!(outcome(&world).await, expected, "{kind:?} cut after {wait} ms: {answer}");
        }
    }
}

#[tokio::test]
async fn a_command_near_the_time_limit_is_rolled_back_told_and_tried_again() {
    for kind in [Kind::Commit, Kind::Undo] {
        let (world, receipt) = asked(kind).await;
        let before = world.state().await;
        let soon = Instant::now() + Duration::from_millis(1);
        let answer: Value = handle(&world.app, command_event(&receipt), soon).await.unwrap().into();
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
        assert_eq!(world.receipt_of(&receipt).await["command_failed"]["code"], "time_limit", "{kind:?}");
        assert_eq!(world.state().await, before);
        world.tell_command(&receipt).await;
        assert_eq!(outcome(&world).await, clean(kind).await);
    }
}

#[tokio::test]
async fn a_failed_try_is_told_in_the_bucket_and_a_redriven_message_works() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.drop(key, file(&[line("S1", "4", "a")]));
    world.nudges.fail(true);
    for _ in 0..5 {
        let answer = world.deliver(key, &version).await;
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    }
    let stored = world.blobs.keys(RESULTS).remove(0);
    let stored: Value = serde_json::from_slice(&world.blobs.read(RESULTS, &stored).unwrap()).unwrap();
    assert_eq!((&stored["outcome"], &stored["code"]), (&json!("failed"), &json!("nudge_failed")));
    assert!(stored["reason"].as_str().unwrap().contains("dead-letter"), "{stored:#}");
    world.nudges.fail(false);
    assert_eq!(world.deliver(key, &version).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.receipt(key, &version).await["outcome"], "loaded");
}

#[tokio::test]
async fn a_database_that_is_down_gives_the_message_back_and_the_next_delivery_heals_it() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let version = world.drop(key, file(&[line("S1", "4", "a")]));
    for wait in [0, 3, 10] {
        let cut = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'teei_kintell_import'";
            world.owner.execute(sql, &[]).await.unwrap();
        };
        let (answer, ()) = tokio::join!(handle(&world.app, message(key, &version), in_a_minute()), cut);
        answer.unwrap();
    }
    assert_eq!(world.deliver(key, &version).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.receipt(key, &version).await["outcome"], "loaded");
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'kintell.session.completed.v1'").await, 1);
}
