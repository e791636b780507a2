//! Values at the edge of what a key, an event or a receipt can hold: the file is read all the same, and says what it
//! says in the words of its own columns.

use serde_json::{Value, json};

use super::support::{World, file, line};

async fn buddy() -> World {
    let world = World::new().await;
    world.fixture("buddy/users.csv").await;
    world.fixture("buddy/matches.csv").await;
    world
}

/// `line column code` of every rejection.
fn rejected(receipt: &Value) -> Vec<String> {
    let brief = |one: &Value| format!("{} {} {}", one["line"], one["column"].as_str().unwrap_or("-"), one["code"]);
    receipt["rejects"].as_array().unwrap().iter().map(|one| brief(one).replace('"', "")).collect()
}

#[tokio::test]
async fn an_at_sign_in_a_title_that_is_part_of_a_key_does_not_stop_the_file() {
    let world = buddy().await;
    let events = "match_id,event_type,event_date\n\
                  BM-001,Dinner @ Anna's,2025-03-01T18:00:00Z\n\
                  BM-001,mail anna@example.org,2025-03-01T18:00:00Z\n\
                  BM-001,Dinner @ Anna's,2025-03-02T18:00:00Z\n";
    let receipt = world.import("buddy/events/a.csv", events).await;
    assert_eq!((&receipt["outcome"], &receipt["counts"]["new"]), (&json!("loaded"), &json!(3)), "{receipt}");
    assert_eq!(world.count("SELECT count(*) FROM core.buddy_events WHERE source_id LIKE '%@%'").await, 0);
    let again = world.import("buddy/events/b.csv", events).await;
    assert_eq!((&again["outcome"], &again["counts"]["unchanged"]), (&json!("unchanged"), &json!(3)), "{again}");
}

#[tokio::test]
async fn a_score_with_more_decimals_than_an_event_holds_is_kept_to_the_last_digit() {
    let world = World::new().await;
    let receipt = world
        .import(
            "upskilling/completions/a.csv",
            "user_email,provider,course_id,course_name,completed_at,final_score\n\
             olena@people.example,ecornell,C1,Norsk,2025-03-01,66.66666666666667\n",
        )
        .await;
    assert_eq!(receipt["counts"]["new"], 1, "{receipt}");
    assert_eq!(world.text("SELECT final_score::text FROM core.upskilling_completions").await, "66.66666666666667");
    let events = world.event_data("upskilling.course.completed.v1").await;
    assert_eq!(events[0]["finalScore"], json!(66.666666666667));
}

#[tokio::test]
async fn what_no_event_may_say_is_rejected_in_its_own_column() {
    let world = World::new().await;
    let receipt = world
        .import(
            "upskilling/progress/a.csv",
            "user_email,provider,course_id,course_name,progress_percent,status,updated_at\n\
             olena@people.example,ecornell,C1,Ask anna@example.org,50,in_progress,2025-03-01\n\
             olena@people.example,ecornell,C2,Norsk,50,in_progress,2025-03-01\n",
        )
        .await;
    assert_eq!(rejected(&receipt), ["2 course_name out_of_range"], "{receipt}");
    assert_eq!(receipt["counts"]["new"], 1);
}

#[tokio::test]
async fn two_columns_that_contradict_each_other_are_named_as_the_file_names_them() {
    let world = World::new().await;
    let same = line("S1", "4", "a").replace("kari@nordlys.example", "OLENA@people.example");
    let backwards = line("S2", "4", "a").replace("2025-03-04T17:45", "2025-03-04T16:45");
    let receipt = world.import("kintell/sessions/a.csv", file(&[same, backwards])).await;
    assert_eq!(rejected(&receipt), ["2 volunteer_email self_pair", "3 completed_at completed_before_scheduled"]);
    let said = |at: usize| receipt["rejects"][at]["reason"].as_str().unwrap().to_owned();
    assert_eq!(said(0), "participant_email and volunteer_email are the same person; correct one of the two.");
    assert_eq!(said(1), "completed_at is before scheduled_at; correct one of the two.");

    let mentor =
        "session_id,participant_email,mentor_email,scheduled_at\nM1,a@people.example,A@people.example,2025-03-01\n";
    let receipt = world.import("kintell/sessions/m.csv", mentor).await;
    assert_eq!(rejected(&receipt), ["2 mentor_email self_pair"]);

    let world = buddy().await;
    let ended = "match_id,participant_id,buddy_id,matched_at,status,ended_at\n\
                 M9,0190a5c2-7d10-7a01-8c11-5e0f6a1b0001,0190a5c2-7d10-7a01-8c11-5e0f6a1b0003,2025-02-01,ended,\n";
    let receipt = world.import("buddy/matches/a.csv", ended).await;
    assert_eq!(rejected(&receipt), ["2 ended_at missing_required"]);
    assert_eq!(receipt["rejects"][0]["hint"], "status");
}

#[tokio::test]
async fn records_of_one_id_that_differ_are_rejected_at_the_column_of_the_id() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S1", "5", "a")])).await;
    assert_eq!(rejected(&receipt), ["2 session_id duplicate_conflict", "3 session_id duplicate_conflict"]);
}

#[tokio::test]
async fn either_side_of_a_contradiction_may_be_corrected_without_a_question() {
    let world = World::new().await;
    let backwards = line("S2", "4", "a").replace("2025-03-04T17:45", "2025-03-04T16:45");
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), backwards])).await;
    let fixed = super::rejects::csv_of(&world, &receipt).replace("2025-03-04T17:00", "2025-03-04T16:00");
    let again = world.import("kintell/sessions/fixed.csv", fixed).await;
    assert_eq!((&again["outcome"], &again["counts"]["new"]), (&json!("loaded"), &json!(1)), "{again}");
}

#[tokio::test]
async fn a_nul_in_the_header_is_an_answer_and_no_crash() {
    let world = World::new().await;
    for header in [
        "session_id,participant_email,volunteer_email,scheduled_at,rat\0ing",
        "session_id,participant_email,volunteer_email,scheduled_at,some\0thing_else",
    ] {
        let content = format!("{header}\nS1,olena@people.example,kari@nordlys.example,2025-03-04T17:00:00Z,4\n");
        let receipt = world.import("kintell/sessions/a.csv", content).await;
        assert!(["loaded", "refused", "unchanged"].contains(&receipt["outcome"].as_str().unwrap()), "{receipt}");
    }
}
