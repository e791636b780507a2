//! Runs beside each other, killed ones, and what is ours and not the provider's.

use std::time::Duration;

use serde_json::json;
use shared::error::Classified;
use tokio::time::Instant;
use upskilling::sync::handle;

use crate::{
    lrs::{Lrs, Odd},
    support::*,
};

#[tokio::test]
async fn two_runs_do_not_overlap() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.lrs.odd([Some(Odd::Silence(Duration::from_secs(1)))]);
    let (first, second) = (world.app(), world.app());
    let (first, second) = tokio::join!(run(&first), async {
        while world.lrs.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        run(&second).await
    });
    assert_eq!((first.providers[0].outcome, second.providers[0].outcome), ("done", "busy"));
    assert_eq!(world.facts().await, ["completion NOR-101"]);
    assert_eq!(world.done().await["known"], 1, "the lease is given back");
}

#[tokio::test]
async fn a_run_that_was_killed_holds_nothing() {
    let world = World::new().await;
    world.lrs.store((1..=9).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32)));
    world.lrs.odd([None, Some(Odd::Silence(Duration::from_secs(20)))]);
    let app = world.app();
    tokio::select! {
        report = run(&app) => panic!("it was to be in its second page: {report:?}"),
        () = world.until_completions(3) => {}
    }
    assert_eq!(world.count("intake.pull_providers WHERE run_id IS NOT NULL").await, 1);
    drop(app);
    // The server notices that the connection is gone.
    for _ in 0..50 {
        let alive = world.count("pg_stat_activity a JOIN intake.pull_providers p ON a.pid = p.run_pid AND a.backend_start = p.run_backend").await;
        if alive == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.done().await["new"], 6);
    assert_eq!(world.count("core.upskilling_completions").await, 9);
    assert_eq!(world.events("upskilling.course.completed.v1").await.len(), 9);
}

#[tokio::test]
async fn a_run_whose_machine_went_away_without_a_word_is_replaced_when_its_time_is_over() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.done().await;
    // A connection that the server still believes in.
    let ghost = world.database.client_for("teei_upskilling_sync").await;
    let hold = "UPDATE intake.pull_providers SET run_id = gen_random_uuid(), run_until = now() + interval '1 minute', run_pid = pg_backend_pid(),
                  run_backend = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())";
    ghost.execute(hold, &[]).await.unwrap();
    assert_eq!(world.run().await.providers[0].outcome, "busy");
    world.owner.execute("UPDATE intake.pull_providers SET run_until = now() - interval '1 second'", &[]).await.unwrap();
    assert_eq!(world.done().await["known"], 1);
}

#[tokio::test]
async fn a_run_that_was_replaced_writes_nothing_more() {
    let world = World::new().await;
    world.lrs.store((1..=6).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32)));
    world.lrs.odd([None, Some(Odd::Status(429, vec![("Retry-After", "1".to_owned())], String::new()))]);
    let app = world.app();
    let replaced = async {
        world.until_completions(3).await;
        world.owner.execute("UPDATE intake.pull_providers SET run_id = gen_random_uuid()", &[]).await.unwrap();
    };
    let (report, ()) = tokio::join!(run(&app), replaced);
    assert_eq!((report.providers[0].outcome, report.providers[0].code), ("busy", Some("taken_over")));
    assert_eq!(world.count("core.upskilling_completions").await, 3);
    assert_eq!(world.state("failures").await.as_deref(), Some("0"));
}

#[tokio::test]
async fn a_run_whose_provider_got_another_endpoint_leaves_the_new_store_alone() {
    let world = World::new().await;
    world.lrs.store((1..=6).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32)));
    world.lrs.odd([None, Some(Odd::Status(429, vec![("Retry-After", "2".to_owned())], String::new()))]);
    let other = Lrs::start();
    other.store([statement(20, COMPLETED, "NOR-20", 30)]);
    let (app, anew) = (world.app(), world.app_of(&[world.entry("academy", &other)]));
    let (old, new) = tokio::join!(run(&app), async {
        world.until_completions(3).await;
        run(&anew).await
    });
    assert_eq!((new.providers[0].outcome, new.providers[0].statements["new"]), ("done", 1));
    assert_eq!((old.providers[0].outcome, old.providers[0].code), ("busy", Some("taken_over")));
    assert_eq!(world.count("core.upskilling_completions").await, 4);
    assert_eq!(world.state("cursor_at").await.as_deref(), Some("2026-03-04 06:30:00+00"));
    assert_eq!(world.state("pass").await, None);
}

#[tokio::test]
async fn without_a_secret_or_without_providers_there_is_nothing_to_do() {
    let world = World::new().await;
    for secret in [None, Some(r#"{"providers": []}"#.to_owned())] {
        assert_eq!(run(&world.app_with(secret)).await.providers.len(), 0);
    }
    assert_eq!(
        world.count("pg_stat_activity WHERE usename = 'teei_upskilling_sync' AND datname = current_database()").await,
        0
    );
    assert_eq!(
        world.count("core.heartbeats WHERE function = 'upskilling-sync'").await,
        0,
        "the database was left asleep"
    );
}

#[tokio::test]
async fn the_last_provider_taken_out_is_said_to_be_out_by_the_instance_that_asked_it() {
    let world = World::new().await;
    let secret = Changing::new(&json!({ "providers": [world.entry("academy", &world.lrs)] }));
    let app = world.app_from(Box::new(secret.clone()));
    run(&app).await;
    secret.set(&json!({"providers": []}));
    for _ in 0..2 {
        assert_eq!(run(&app).await.providers.len(), 0);
    }
    assert_eq!(world.count("intake.pull_providers WHERE provider = 'academy' AND NOT configured").await, 1);
}

#[tokio::test]
async fn a_wrong_secret_fails_the_run_and_is_seen_in_the_heartbeat() {
    let world = World::new().await;
    let app = world.app_with(Some(r#"{"providers": [{"password": "opensesame"}]}"#.to_owned()));
    let error = handle(&app, Instant::now() + Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(error.code(), "bad_providers");
    assert!(!error.to_string().contains("opensesame"));
    assert_eq!(world.count("core.heartbeats WHERE last_error = 'bad_providers'").await, 1);
}

#[tokio::test]
async fn a_provider_that_is_taken_out_is_not_asked_and_is_said_to_be_out() {
    let world = World::new().await;
    let other = Lrs::start();
    run(&world.app_of(&[world.entry("academy", &world.lrs), world.entry("other", &other)])).await;
    other.forget();
    world.done().await;
    assert_eq!(other.asked().len(), 0);
    assert_eq!(world.count("intake.pull_providers WHERE provider = 'other' AND NOT configured").await, 1);
}

#[tokio::test]
async fn the_provider_asked_longest_ago_comes_first() {
    let world = World::new().await;
    let other = Lrs::start();
    let both = [world.entry("academy", &world.lrs), world.entry("other", &other)];
    run(&world.app_of(&both[..1])).await;
    let order =
        |report: upskilling::sync::Report| report.providers.into_iter().map(|asked| asked.provider).collect::<Vec<_>>();
    assert_eq!(order(run(&world.app_of(&both)).await), ["other", "academy"]);
    assert_eq!(order(run(&world.app_of(&both)).await), ["other", "academy"]);
}

#[tokio::test]
async fn a_statement_that_the_store_refuses_does_not_hold_up_what_is_behind_it_and_is_tried_again() {
    let world = World::new().await;
    world.lrs.store((1..=3).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32)));
    let refuse = "ALTER TABLE core.upskilling_completions ADD CONSTRAINT poison CHECK (course_id <> 'NOR-2')";
    world.owner.batch_execute(refuse).await.unwrap();
    assert_eq!(world.done().await, json!({"new": 2, "rejected": 1}));
    assert_eq!(world.fate(2).await.1.as_deref(), Some("our_fault"));
    world.owner.batch_execute("ALTER TABLE core.upskilling_completions DROP CONSTRAINT poison").await.unwrap();
    world.owner.execute("UPDATE intake.pull_statements SET tried_at = now() - interval '1 hour'", &[]).await.unwrap();
    assert_eq!(world.done().await, json!({"known": 3, "new": 1}), "the fault mended, it is tried again");
    assert_eq!(world.fate(2).await, ("new".to_owned(), None));
}

#[tokio::test]
async fn a_number_larger_than_any_percentage_does_not_hold_up_what_is_behind_it() {
    let world = World::new().await;
    let far = with(statement(2, COMPLETED, "NOR-2", 2), json!({"result": {"score": {"scaled": 1e27}}}));
    world.lrs.store([statement(1, COMPLETED, "NOR-1", 1), far, statement(3, COMPLETED, "NOR-3", 3)]);
    assert_eq!(world.done().await, json!({"new": 2, "rejected": 1}));
    assert_eq!(world.fate(2).await.1.as_deref(), Some("out_of_range"));
}

#[tokio::test]
async fn a_page_whose_commit_cannot_be_told_to_the_relay_is_not_there() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.nudges.fail(true);
    let error = handle(&world.app(), Instant::now() + Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(error.code(), "nudge_failed");
    let nothing: [i64; 3] = [
        world.count("core.upskilling_completions").await,
        world.count("intake.pull_statements").await,
        world.count("intake.pull_providers WHERE cursor_at IS NOT NULL OR run_id IS NOT NULL OR failures > 0").await,
    ];
    assert_eq!(nothing, [0, 0, 0]);
    world.nudges.fail(false);
    assert_eq!(world.done().await["new"], 1);
}
