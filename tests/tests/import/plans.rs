//! Dry runs, the brake and their commits: what was planned is what is done, or it is planned again.

use serde_json::{Value, json};

use super::support::{World, file, line};

fn lines(many: u32, rating: &str) -> Vec<String> {
    (0..many).map(|n| line(&format!("S{n}"), rating, "good")).collect()
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_changes_nothing() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&lines(2, "4"))).await;
    let before = world.state().await;
    let content =
        file(&[line("S0", "5", "good"), line("S1", "4", "good"), line("S2", "4", "new"), line("S3", "9", "x")])
            .replace("S2,olena", "S2,iryna");
    let receipt = world.import("dry-run/kintell/sessions/b.csv", content).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["code"], &receipt["dry_run"], &receipt["events"]),
        (&json!("planned"), &json!("dry_run"), &json!(true), &json!(0))
    );
    assert_eq!(
        receipt["counts"],
        json!({"records": 4, "new": 1, "changed": 1, "unchanged": 1, "duplicate": 0, "blank": 0, "rejected": 1, "suppressed": 0})
    );
    let changes = receipt["plan"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "{receipt:#}");
    assert_eq!(
        (&changes[0]["fate"], &changes[0]["line"], &changes[0]["record"]),
        (&json!("changed"), &json!(2), &json!(1))
    );
    assert_eq!(changes[0]["fields"], json!([{"field": "rating", "from": "4 of 1-5", "to": "5 of 1-5"}]));
    let new = changes[1]["fields"].as_array().unwrap();
    let person = new.iter().find(|field| field["field"] == "participant_id").unwrap();
    let text = new.iter().find(|field| field["field"] == "feedback").unwrap();
    assert_eq!(
        (person, text),
        (&json!({"field": "participant_id"}), &json!({"field": "feedback"})),
        "neither is shown"
    );
    assert_eq!(receipt["plan"]["people_created"], 1);
    assert_eq!(receipt["plan_hash"].as_str().unwrap().len(), 64);
    assert_eq!(world.state().await, before);
    assert_eq!(world.fates("dry-run/kintell/sessions/b.csv").await, ["changed", "unchanged", "new", "rejected"]);
}

#[tokio::test]
async fn a_dry_run_told_twice_has_one_hash_and_its_commit_loads_it_under_the_same_id() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "good"), line("S2", "5", "also")]);
    let one = world.import("dry-run/kintell/sessions/a.csv", &content).await;
    let other = world.import("dry-run/kintell/sessions/again.csv", &content).await;
    assert_eq!(one["plan_hash"], other["plan_hash"], "ids and times are not in it");
    let done = world.commit(&one, json!({})).await;
    assert_eq!((&done["outcome"], &done["id"], &done["counts"]["new"]), (&json!("loaded"), &one["id"], &json!(2)));
    assert_eq!((&done["dry_run"], &done["plan"]), (&Value::Null, &Value::Null));
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 2);
    assert_eq!(world.fates("dry-run/kintell/sessions/a.csv").await, ["new", "new"]);
    let before = world.state().await;
    assert_eq!(world.tell_command(&one).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.state().await, before, "told again");
}

#[tokio::test]
async fn a_commit_after_the_store_changed_is_planned_again() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&lines(1, "4"))).await;
    let plan = world.import("dry-run/kintell/sessions/b.csv", file(&lines(1, "5"))).await;
    world.import("kintell/sessions/c.csv", file(&lines(1, "3"))).await;
    let before = world.state().await;
    let moved = world.commit(&plan, json!({})).await;
    assert_eq!(
        (&moved["outcome"], &moved["code"], &moved["moved"]),
        (&json!("planned"), &json!("moved"), &json!(true))
    );
    assert_ne!(moved["plan_hash"], plan["plan_hash"]);
    assert_eq!(world.state().await, before);
    let done = world.commit(&moved, json!({ "plan_hash": moved["plan_hash"] })).await;
    assert_eq!(done["outcome"], "loaded", "{done:#}");
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "5");
}

#[tokio::test]
async fn a_file_the_brake_stopped_is_loaded_by_its_commit() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&lines(30, "4"))).await;
    let stopped = world.import("kintell/sessions/b.csv", file(&lines(30, "2"))).await;
    assert_eq!((&stopped["outcome"], &stopped["code"]), (&json!("planned"), &json!("brake")));
    assert_eq!(stopped["plan"]["changes"].as_array().unwrap().len(), 30);
    let done = world.commit(&stopped, json!({})).await;
    assert_eq!((&done["outcome"], &done["counts"]["changed"]), (&json!("loaded"), &json!(30)));
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions WHERE rating_raw = 2").await, 30);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'intake.import.completed.v1'").await, 2);
}

#[tokio::test]
async fn the_brake_holds_above_twenty_records_and_above_half_of_them_and_not_at_either() {
    let world = World::new().await;
    world.import("kintell/sessions/a.csv", file(&lines(22, "4"))).await;
    let mut n = 0;
    for (records, changed, rejected, outcome) in [
        (20, 20, 0, "loaded"),
        (21, 11, 0, "planned"),
        (22, 11, 0, "loaded"),
        (22, 0, 11, "loaded"),
        (22, 0, 12, "planned"),
    ] {
        n += 1;
        let mut all = lines(records, "4");
        let at = |n: u32| format!("S{n}");
        (0..changed).for_each(|i| all[i as usize] = line(&at(i), "4", &format!("other words {n}")));
        (0..rejected).for_each(|i| all[i as usize] = line(&at(i), "9", "good"));
        let receipt = world.import(&format!("kintell/sessions/b{n}.csv"), file(&all)).await;
        assert_eq!(
            receipt["outcome"], outcome,
            "{records} records, {changed} changed, {rejected} rejected: {receipt:#}"
        );
    }
}

#[tokio::test]
async fn the_brake_is_a_setting() {
    let mut world = World::new().await;
    world.app.engine.brake = shared::intake::engine::Brake { percent: 90, records: 5 };
    world.import("kintell/sessions/a.csv", file(&lines(10, "4"))).await;
    let mut some = lines(10, "4");
    some[..8].clone_from_slice(&lines(8, "2"));
    assert_eq!(world.import("kintell/sessions/b.csv", file(&some)).await["outcome"], "loaded");
    assert_eq!(world.import("kintell/sessions/c.csv", file(&lines(10, "1"))).await["code"], "brake");
}

#[tokio::test]
async fn a_late_older_export_is_applied_when_a_person_says_so() {
    let world = World::new().await;
    let old = file(&lines(2, "4"));
    world.import("kintell/sessions/old.csv", &old).await;
    world.import("kintell/sessions/new.csv", file(&lines(2, "5"))).await;
    let late = world.import("kintell/sessions/late.csv", &old).await;
    assert_eq!((&late["outcome"], &late["warnings"][0]["code"]), (&json!("unchanged"), &json!("stale_revision")));
    let done = world.commit(&late, json!({ "apply_stale": true })).await;
    assert_eq!((&done["outcome"], &done["counts"]["changed"]), (&json!("loaded"), &json!(2)), "{done:#}");
    assert_eq!(
        world.count("SELECT count(*) FROM core.kintell_sessions WHERE rating_raw = 4 AND revision = 3").await,
        2
    );
    assert_eq!(world.fates("kintell/sessions/late.csv").await, ["changed", "changed"]);
}

#[tokio::test]
async fn stale_records_of_a_loaded_file_are_applied_and_what_it_made_stays_its_own() {
    let world = World::new().await;
    world.import("kintell/sessions/old.csv", file(&lines(1, "4"))).await;
    world.import("kintell/sessions/new.csv", file(&lines(1, "5"))).await;
    let late = world.import("kintell/sessions/late.csv", file(&[line("S0", "4", "good"), line("S9", "3", "x")])).await;
    assert_eq!(
        (&late["outcome"], &late["counts"]["new"], &late["counts"]["unchanged"]),
        (&json!("loaded"), &json!(1), &json!(1))
    );
    let done = world.commit(&late, json!({ "apply_stale": true })).await;
    assert_eq!((&done["counts"]["new"], &done["counts"]["changed"]), (&json!(1), &json!(1)), "{done:#}");
    assert_eq!(world.fates("kintell/sessions/late.csv").await, ["changed", "new"]);
    let undone = world.undo(&late).await;
    assert_eq!((&undone["undo"]["restored"], &undone["undo"]["removed"]), (&json!(1), &json!(1)), "{undone:#}");
    assert_eq!(world.text("SELECT rating_raw::text FROM core.kintell_sessions").await, "5");
}

#[tokio::test]
async fn a_plan_is_the_same_whether_stale_records_will_be_applied() {
    let world = World::new().await;
    world.import("kintell/sessions/old.csv", file(&lines(1, "4"))).await;
    world.import("kintell/sessions/new.csv", file(&lines(1, "5"))).await;
    let plan = world.import("dry-run/kintell/sessions/late.csv", file(&lines(1, "4"))).await;
    assert_eq!(plan["plan"]["changes"][0]["fate"], "unchanged");
    let done = world.commit(&plan, json!({ "apply_stale": true })).await;
    assert_eq!((&done["outcome"], &done["counts"]["changed"]), (&json!("loaded"), &json!(1)));
}

/// Three rows corrected, then five rows missing: only the three change, and absence deletes nothing.
#[tokio::test]
async fn three_corrected_rows_change_three_facts_and_missing_rows_none() {
    let world = World::new().await;
    let all = lines(20, "4");
    world.import("kintell/sessions/a.csv", file(&all)).await;
    let mut corrected = all.clone();
    corrected[3..6].clone_from_slice(&lines(6, "5")[3..6]);
    let receipt = world.import("kintell/sessions/b.csv", file(&corrected)).await;
    assert_eq!((&receipt["counts"]["changed"], &receipt["counts"]["unchanged"]), (&json!(3), &json!(17)));
    let before = world.state().await;
    let receipt = world.import("kintell/sessions/c.csv", file(&corrected[..15])).await;
    assert_eq!((&receipt["counts"]["unchanged"], &receipt["outcome"]), (&json!(15), &json!("loaded")));
    let after = world.state().await;
    assert_eq!(after[..after.len() - 2], before[..before.len() - 2], "only the file's own event is new");
}

#[tokio::test]
async fn an_older_version_told_late_still_brings_what_only_it_has() {
    let world = World::new().await;
    let key = "kintell/sessions/a.csv";
    let old = world.drop(key, file(&[line("S0", "2", "a"), line("S1", "2", "only here")]));
    let new = world.drop(key, file(&[line("S0", "5", "a")]));
    world.deliver(key, &new).await;
    world.blobs.set_modified("2026-05-04T07:59:00Z".parse().unwrap());
    world.deliver(key, &old).await;
    let receipt = world.receipt(key, &old).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["counts"]["new"], &receipt["counts"]["unchanged"]),
        (&json!("loaded"), &json!(1), &json!(1)),
        "{receipt:#}"
    );
    assert_eq!(
        world.text("SELECT string_agg(rating_raw::text, ' ' ORDER BY source_id) FROM core.kintell_sessions").await,
        "5 2"
    );
}
