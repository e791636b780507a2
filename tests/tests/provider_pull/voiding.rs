//! Voided statements take back what they made.

use std::time::Duration;

use serde_json::json;
use shared::error::Classified;
use tokio::time::Instant;
use upskilling::sync::handle;
use uuid::Uuid;

use crate::support::*;

#[tokio::test]
async fn a_voided_statement_takes_back_the_fact_it_made() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), statement(2, COMPLETED, "NOR-102", 2)]);
    world.done().await;
    world.lrs.store([void(3, 1, 3)]);
    // A store does not give what is voided.
    world.lrs.with(|store| store.statements.remove(0));
    assert_eq!(world.done().await["voiding"], 1);
    assert_eq!(world.facts().await, ["completion NOR-102"]);
    let [retracted] = &world.events("fact.retracted.v1").await[..] else { panic!("one fact is taken back") };
    let completed = &world.events("upskilling.course.completed.v1").await[0];
    assert_eq!(retracted["subject"], completed["subject"]);
    assert_eq!(retracted["data"]["reason"], "withdrawn");
    assert_eq!(retracted["data"]["factType"], "upskilling.completion");
    assert_eq!(retracted["data"]["revision"], 2);
    assert_eq!(world.fate(1).await.0, "voided");
    let events = world.count("bus.events").await;
    assert_eq!(world.done().await["voiding"], json!(null), "once");
    assert_eq!(world.count("bus.events").await, events);
}

#[tokio::test]
async fn a_statement_and_what_voids_it_on_one_page_leave_nothing() {
    let world = World::new().await;
    world.lrs.with(|store| store.pages_turned = true);
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), void(2, 1, 2)]);
    assert_eq!(world.done().await, json!({"new": 1, "voiding": 1}));
    assert_eq!(world.facts().await.len(), 0);
}

#[tokio::test]
async fn a_statement_that_comes_after_what_voids_it_makes_nothing() {
    let world = World::new().await;
    world.lrs.store([void(2, 1, 1)]);
    world.done().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 5)]);
    assert_eq!(world.done().await["new"], json!(null));
    assert_eq!((world.facts().await.len(), world.events("fact.retracted.v1").await.len()), (0, 0));
}

#[tokio::test]
async fn voiding_the_latest_of_several_brings_back_what_was_before() {
    let world = World::new().await;
    world.lrs.store([progress(1, "NOR-101", 20, 1), progress(2, "NOR-101", 80, 2)]);
    world.done().await;
    world.lrs.store([void(3, 2, 3)]);
    world.done().await;
    assert_eq!(world.facts().await, ["progress NOR-101 20 in_progress"]);
    let told = world.events("upskilling.progress.updated.v1").await;
    let told: Vec<String> = told
        .iter()
        .map(|event| {
            let percent = event["data"]["progressPercent"].as_f64().unwrap();
            format!("{}: {percent}", event["data"]["revision"])
        })
        .collect();
    assert_eq!(told, ["1: 20", "2: 80", "3: 20"]);
    assert_eq!(world.events("fact.retracted.v1").await.len(), 0);
}

#[tokio::test]
async fn voiding_an_earlier_of_several_keeps_what_was_said_since() {
    let world = World::new().await;
    world.lrs.store([progress(1, "NOR-101", 20, 1), progress(2, "NOR-101", 80, 2), void(3, 1, 3)]);
    world.done().await;
    assert_eq!(world.facts().await, ["progress NOR-101 80 in_progress"]);
    world.lrs.store([void(4, 2, 4)]);
    world.done().await;
    assert_eq!(world.facts().await.len(), 0, "nothing that still counts says that it is");
}

#[tokio::test]
async fn voiding_the_latest_brings_back_what_was_told_before_it_also_if_that_came_later() {
    let world = World::new().await;
    let late = with(progress(3, "NOR-101", 50, 2), json!({"stored": "2026-03-04T06:04:00Z"}));
    world.lrs.store([progress(1, "NOR-101", 20, 1), progress(2, "NOR-101", 80, 3)]);
    assert_eq!(world.done().await, json!({"new": 1, "changed": 1}));
    world.lrs.store([late]);
    assert_eq!(world.done().await["unchanged"], 1);
    world.lrs.store([void(4, 2, 5)]);
    let done = world.done().await;
    assert_eq!((&done["voiding"], &done["changed"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(world.facts().await, ["progress NOR-101 50 in_progress"]);
    assert_eq!(world.fate(3).await, ("changed".to_owned(), None));
}

#[tokio::test]
async fn of_two_statements_that_say_the_same_the_one_that_is_not_voided_keeps_the_fact() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.done().await;
    world.lrs.store([statement(2, COMPLETED, "NOR-101", 1)]);
    assert_eq!(world.done().await["unchanged"], 1);
    world.lrs.store([void(3, 1, 3)]);
    world.done().await;
    assert_eq!(world.facts().await, ["completion NOR-101"]);
    world.lrs.store([void(4, 2, 4)]);
    world.done().await;
    assert_eq!(world.facts().await.len(), 0, "nothing that still counts says that it is");
}

#[tokio::test]
async fn what_voids_cannot_be_voided() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1), void(2, 1, 2), void(3, 2, 3)]);
    assert_eq!(world.done().await, json!({"new": 1, "voiding": 1, "rejected": 1}));
    assert_eq!(world.fate(3).await.1.as_deref(), Some("voids_a_voiding"));
    assert_eq!(world.facts().await.len(), 0);
}

#[tokio::test]
async fn what_voids_cannot_be_voided_also_if_it_comes_last() {
    let world = World::new().await;
    world.lrs.store([void(3, 2, 1)]);
    assert_eq!(world.done().await, json!({"voiding": 1}));
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 2), void(2, 1, 3)]);
    assert_eq!(world.done().await, json!({"new": 1, "voiding": 1, "known": 1}));
    assert_eq!(world.fate(2).await.0, "voiding");
    assert_eq!(world.facts().await.len(), 0);
    assert_eq!(world.done().await["known"], 3, "once");
}

#[tokio::test]
async fn a_store_voids_only_its_own() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.done().await;
    let other = crate::lrs::Lrs::start();
    other.store([void(2, 1, 2)]);
    let report = run(&world.app_of(&[world.entry("other", &other)])).await;
    assert_eq!(report.providers[0].statements["voiding"], 1);
    assert_eq!(world.facts().await, ["completion NOR-101"]);
}

#[tokio::test]
async fn a_void_of_something_that_made_no_fact_is_noted() {
    let world = World::new().await;
    let hashed = json!({"actor": {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}});
    world.lrs.store([with(statement(1, COMPLETED, "NOR-101", 1), hashed), void(2, 1, 2), void(3, 77, 3)]);
    assert_eq!(world.done().await, json!({"rejected": 1, "voiding": 2}));
    let voided = "intake.pull_statements WHERE fate = 'voided' AND voided_by IS NOT NULL";
    assert_eq!(world.count(voided).await, 2);
    assert_eq!(world.fate(Uuid::from_u128(77).as_u128()).await, ("voided".to_owned(), None));
}

#[tokio::test]
async fn a_page_that_only_voids_does_not_wait_for_a_file_without_end() {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world.done().await;
    let importing = world.database.owner().await;
    importing.batch_execute("SELECT pg_advisory_lock(hashtext('teei identity'))").await.unwrap();
    world.lrs.with(|store| store.statements = vec![void(2, 1, 2)]);
    let app = world.app();
    let run = handle(&app, Instant::now() + Duration::from_secs(30));
    let error = tokio::time::timeout(Duration::from_secs(40), run).await.expect("it gives up").unwrap_err();
    assert_eq!(error.code(), "database_unavailable");
    importing.batch_execute("SELECT pg_advisory_unlock(hashtext('teei identity'))").await.unwrap();
    assert_eq!(world.done().await, json!({"voiding": 1}));
}
