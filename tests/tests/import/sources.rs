//! Every entity of every source through the life of an import: planned, committed, undone.

use serde_json::json;

use super::support::{World, read};

const SAMPLES: [&str; 16] = [
    "kintell/users",
    "kintell/sessions-language",
    "kintell/sessions-mentor",
    "kintell/sessions-legacy",
    "buddy/users",
    "buddy/matches",
    "buddy/matches-legacy",
    "buddy/events",
    "buddy/event_attendance",
    "buddy/skill_sessions",
    "buddy/checkins",
    "buddy/feedback",
    "buddy/milestones",
    "upskilling/completions",
    "upskilling/credentials",
    "upskilling/progress",
];

#[tokio::test]
async fn what_was_planned_is_what_is_committed_and_undone_nothing_is_left() {
    let world = World::new().await;
    let mut committed = Vec::new();
    for sample in SAMPLES {
        let (source, file) = sample.split_once('/').unwrap();
        let entity = file.split('-').next().unwrap();
        let key = format!("dry-run/{source}/{entity}/{file}.csv");
        let plan = world.import(&key, read(&format!("{sample}.csv"))).await;
        assert_eq!((&plan["outcome"], &plan["code"]), (&json!("planned"), &json!("dry_run")), "{sample}: {plan:#}");
        let receipt = world.commit(&plan, json!({ "plan_hash": plan["plan_hash"] })).await;
        assert_eq!(receipt["outcome"], "loaded", "{sample}: {receipt:#}");
        assert_eq!(receipt["counts"], plan["counts"], "{sample}");
        committed.push((sample, receipt));
    }
    for (sample, receipt) in committed.iter().rev() {
        let undone = world.undo(receipt).await;
        assert_eq!(undone["outcome"], "undone", "{sample}: {undone:#}");
        assert_eq!(undone["undo"]["removed"], receipt["counts"]["new"], "{sample}: {:#}", undone["undo"]);
    }
    for entity in kintell::ENTITIES.iter().chain(buddy::ENTITIES).chain(upskilling::ENTITIES) {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {}", entity.table)).await, 0, "{}", entity.table);
    }
    assert_eq!(world.count("SELECT count(*) FROM core.external_ids").await, 0);
    let left = "SELECT count(*) FROM core.profiles p WHERE NOT EXISTS (SELECT FROM vault.texts t WHERE p.profile_id IN (t.subject_id, t.author_id))";
    assert_eq!(world.count(left).await, 0, "who is left is whose withdrawn words are kept");
}

#[tokio::test]
async fn users_are_not_undone_while_matches_refer_to_them() {
    let world = World::new().await;
    let users = world.fixture("buddy/users.csv").await;
    let matches = world.fixture("buddy/matches.csv").await;
    let events = world.fixture("buddy/events.csv").await;
    let undone = world.undo(&matches).await;
    assert_eq!((&undone["undo"]["removed"], &undone["undo"]["kept_later_edit"]), (&json!(0), &json!(2)), "{undone:#}");
    world.undo(&users).await;
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 4, "matches refer to them");
    world.undo(&events).await;
    assert_eq!(world.count("SELECT count(*) FROM core.buddy_events").await, 0);
}
