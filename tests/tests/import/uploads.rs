//! Uploads announced over the API: the object finds its row, whatever was given with it wins.

use serde_json::json;
use uuid::Uuid;

use super::support::{DROPS, World, file, line};

const KEY: &str = "kintell/sessions/march.csv";

async fn announce(world: &World, more: &str) -> Uuid {
    let id = Uuid::now_v7();
    let sql = format!(
        "INSERT INTO intake.imports (import_id, source, entity, status, bucket, object_key, name, created_by)
         VALUES ('{id}', 'kintell', 'sessions', 'waiting_upload', '{DROPS}', '{KEY}', 'march.csv', 'kari');
         UPDATE intake.imports SET {more} WHERE import_id = '{id}'"
    );
    world.owner.batch_execute(&sql).await.unwrap();
    world.blobs.set_import_id(Some(id));
    id
}

#[tokio::test]
async fn an_object_that_names_its_upload_is_imported_under_that_id() {
    let world = World::new().await;
    let id = announce(&world, "dry_run = false").await;
    let receipt = world.import(KEY, file(&[line("S1", "4", "a")])).await;
    assert_eq!(
        (&receipt["id"], &receipt["name"], &receipt["outcome"]),
        (&json!(id), &json!("march.csv"), &json!("loaded"))
    );
    assert_eq!(receipt["warnings"], json!([]));
    world.deliver(KEY, "v1").await;
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 1);
    assert_eq!(world.count("SELECT attempts::bigint FROM intake.imports").await, 2);
}

#[tokio::test]
async fn a_dry_run_can_be_asked_for_with_the_upload() {
    let world = World::new().await;
    announce(&world, "dry_run = true").await;
    let receipt = world.import(KEY, file(&[line("S1", "4", "a")])).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("planned"), &json!("dry_run")));
}

#[tokio::test]
async fn the_instance_given_with_the_upload_wins_over_the_sources() {
    let world = World::new().await;
    world
        .owner
        .batch_execute(
            "INSERT INTO core.companies VALUES ('01900000-0000-7000-8000-0000000000c1', 'Nordlys'), ('01900000-0000-7000-8000-0000000000c2', 'Fjellheim');
             INSERT INTO core.programme_instances VALUES
               ('01900000-0000-7000-8000-0000000000d1', 'language', 'Autumn', '2025-01-01', NULL, '01900000-0000-7000-8000-0000000000c1'),
               ('01900000-0000-7000-8000-0000000000d2', 'language', 'Spring', '2025-01-01', NULL, '01900000-0000-7000-8000-0000000000c2');
             UPDATE intake.source_profiles SET instance_id = '01900000-0000-7000-8000-0000000000d1' WHERE layout = 'language';",
        )
        .await
        .unwrap();
    announce(&world, "instance_id = '01900000-0000-7000-8000-0000000000d2'").await;
    let receipt = world.import(KEY, file(&[line("S1", "4", "a")])).await;
    assert_eq!(receipt["facts_used"]["programme_instance"], "01900000-0000-7000-8000-0000000000d2");
    assert_eq!(world.text("SELECT right(company_id::text, 2) FROM core.kintell_sessions").await, "c2");
}

#[tokio::test]
async fn an_object_of_another_key_or_of_an_upload_that_is_done_is_an_import_of_its_own() {
    let world = World::new().await;
    let id = announce(&world, "dry_run = false").await;
    let other = world.import("kintell/sessions/other.csv", file(&[line("S1", "4", "a")])).await;
    assert_ne!(other["id"], json!(id));
    assert_eq!((&other["warnings"][0]["code"], &other["outcome"]), (&json!("not_the_upload"), &json!("loaded")));
    assert_eq!(world.count("SELECT count(*) FROM intake.imports WHERE status = 'waiting_upload'").await, 1);
    world.import(KEY, file(&[line("S2", "4", "a")])).await;
    let second = world.drop(KEY, file(&[line("S3", "4", "a")]));
    world.deliver(KEY, &second).await;
    let receipt = world.receipt(KEY, &second).await;
    assert_ne!(receipt["id"], json!(id));
    assert_eq!(receipt["warnings"][0]["code"], "not_the_upload");
}

#[tokio::test]
async fn eight_deliveries_of_an_announced_upload_at_once_import_it_once() {
    let world = World::new().await;
    let id = announce(&world, "dry_run = false").await;
    let version = world.drop(KEY, file(&[line("S1", "4", "a")]));
    let apps: Vec<_> = (0..8).map(|_| world.another_instance()).collect();
    let event = super::support::message(KEY, &version);
    let all = futures::future::join_all(
        apps.iter().map(|app| shared::intake::importer::handle(app, event.clone(), super::support::in_a_minute())),
    )
    .await;
    assert!(all.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 1);
    assert_eq!(world.receipt(KEY, &version).await["id"], json!(id));
}
