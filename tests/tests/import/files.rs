//! Layouts and dialects: each becomes the same facts.

use serde_json::json;

use super::support::{World, file, fixture, line};

#[tokio::test]
async fn a_language_session_becomes_a_fact_a_sealed_text_and_its_events() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/march.csv", file(&[line("S1", "4", "I dare to speak now")])).await;
    assert_eq!(receipt["outcome"], "loaded");
    assert_eq!(
        receipt["counts"],
        json!({"records": 1, "new": 1, "changed": 0, "unchanged": 0, "duplicate": 0, "blank": 0, "rejected": 0, "suppressed": 0})
    );
    assert_eq!(receipt["people"], json!({"known": 0, "created": 2}));
    assert_eq!(receipt["events"], 5);
    let events = world.events().await;
    assert_eq!(
        events,
        [
            "profile.created.v1",
            "profile.created.v1",
            "kintell.session.completed.v1",
            "intake.text.received.v1",
            "intake.import.completed.v1"
        ]
    );
    let session = &world.event_data("kintell.session.completed.v1").await[0];
    assert_eq!(session["rating"], 0.75);
    assert_eq!(session["ratingScale"], "1-5");
    assert_eq!(session["fromRole"], "participant");
    assert_eq!(session["durationMinutes"], 45);
    assert_eq!((&session["line"], &session["revision"]), (&json!(2), &json!(1)));
    let text = &world.event_data("intake.text.received.v1").await[0];
    assert_eq!(text["textId"], session["textId"]);
    assert_eq!(text["authorId"], session["participantId"]);
    assert_eq!((&text["authorRole"], &text["kind"]), (&json!("participant"), &json!("kintell_session")));
    let row = world.text("SELECT session_type || ' ' || scheduled_at::text || ' ' || rating::text || ' ' || rating_raw::text || ' ' || rated_by FROM core.kintell_sessions").await;
    assert_eq!(row, "language 2025-03-04 17:00:00+00 0.75000 4 participant");
}

#[tokio::test]
async fn every_record_has_one_correlation_id_from_the_file_to_its_events() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/march.csv", file(&[line("S1", "4", "hello")])).await;
    let others = world
        .count(&format!(
            "SELECT count(*) FROM bus.events WHERE correlation_id <> '{}'",
            receipt["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(others, 0);
    assert!(world.count("SELECT count(*) FROM bus.events").await > 0);
}

#[tokio::test]
async fn a_session_still_to_come_is_scheduled_and_not_completed() {
    let world = World::new().await;
    world.import("kintell/sessions/next.csv", "session_id,participant_email,volunteer_email,scheduled_at\nS9,a@people.example,b@people.example,2027-01-05T10:00:00Z\n").await;
    assert_eq!(world.event_data("kintell.session.scheduled.v1").await.len(), 1);
    assert_eq!(world.event_data("kintell.session.completed.v1").await.len(), 0);
}

#[tokio::test]
async fn the_samples_of_all_layouts_load_without_a_rejection() {
    let world = World::new().await;
    for (key, name, layout) in [
        ("kintell/users/users.csv", "users.csv", "users"),
        ("kintell/sessions/language.csv", "sessions-language.csv", "language"),
        ("kintell/sessions/mentor.csv", "sessions-mentor.csv", "mentor"),
        ("kintell/sessions/legacy.csv", "sessions-legacy.csv", "legacy"),
    ] {
        let receipt = world.import(key, fixture(name)).await;
        assert_eq!(receipt["outcome"], "loaded", "{name}: {receipt:#}");
        assert_eq!(
            (&receipt["layout"], &receipt["counts"]["rejected"]),
            (&json!(layout), &json!(0)),
            "{name}: {receipt:#}"
        );
    }
    let mentor = world.receipt("kintell/sessions/mentor.csv", "v1").await;
    assert_eq!(
        mentor["dialect"],
        json!({"encoding": "utf-8", "bom": true, "delimiter": "semicolon", "line_ending": "crlf", "preamble_lines": 0})
    );
}

#[tokio::test]
async fn the_same_content_in_every_dialect_is_the_same_fact() {
    let world = World::new().await;
    let plain = file(&[line("S1", "4", "Takk; det var fint")]);
    world.import("kintell/sessions/a.csv", &plain).await;
    let semicolons = plain.replace("Takk; det var fint", "\"Takk; det var fint\"").replace(',', ";");
    for (name, content) in [
        ("bom.csv", format!("\u{feff}{plain}")),
        ("crlf.csv", plain.replace('\n', "\r\n")),
        ("semicolon.csv", semicolons.clone()),
        ("excel.csv", format!("\u{feff}{}", semicolons.replace('\n', "\r\n"))),
        ("no-final-newline.csv", plain.trim_end().to_owned()),
    ] {
        let receipt = world.import(&format!("kintell/sessions/{name}"), content).await;
        assert_eq!(receipt["counts"]["unchanged"], 1, "{name}: {receipt:#}");
    }
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
}

#[tokio::test]
async fn a_legacy_date_without_a_time_is_midnight_in_oslo_and_known_as_a_day() {
    let world = World::new().await;
    let receipt = world
        .import("kintell/sessions/old.csv", "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating\n7,Mentorship,a@people.example,b@people.example,2025-07-01,60,5\n")
        .await;
    assert_eq!(receipt["counts"]["new"], 1, "{receipt:#}");
    let row = world.text("SELECT session_type || ' ' || scheduled_at::text || ' ' || completed_at::text || ' ' || completed_day_only::text FROM core.kintell_sessions").await;
    assert_eq!(row, "mentorship 2025-06-30 22:00:00+00 2025-06-30 22:00:00+00 true");
}

#[tokio::test]
async fn slashed_dates_are_read_when_the_whole_column_proves_their_order() {
    let world = World::new().await;
    let lines = |one: &str, other: &str| {
        format!(
            "session_id,participant_email,volunteer_email,scheduled_at\nA,a@p.example,b@p.example,{one}\nB,a@p.example,b@p.example,{other}\n"
        )
    };
    let receipt = world.import("kintell/sessions/proven.csv", lines("04/05/2025 10:00", "13/05/2025 10:00")).await;
    assert_eq!(receipt["counts"]["new"], 2, "{receipt:#}");
    assert_eq!(
        world.text("SELECT scheduled_at::date::text FROM core.kintell_sessions WHERE source_id = 'A'").await,
        "2025-05-04"
    );
    let receipt = world
        .import(
            "kintell/sessions/unproven.csv",
            lines("04/05/2025 10:00", "05/05/2025 10:00").replace("\nA", "\nC").replace("\nB", "\nD"),
        )
        .await;
    assert_eq!(receipt["counts"]["rejected"], 2, "{receipt:#}");
    assert_eq!(receipt["rejects"][0]["code"], "ambiguous_date");
}

#[tokio::test]
async fn a_file_in_the_sources_own_folder_is_recognised_by_its_header() {
    let world = World::new().await;
    let receipt = world.import("kintell/some export.csv", file(&[line("S1", "4", "hi")])).await;
    assert_eq!((&receipt["entity"], &receipt["layout"]), (&json!("sessions"), &json!("language")));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_with_what_it_looks_like() {
    let world = World::new().await;
    for (name, content, code) in [
        ("empty.csv", &b""[..], "empty_file"),
        ("page.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_csv"),
        ("book.xlsx", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "not_csv"),
        ("columns.csv", b"session_id,participant_email,scheduled_at\n1,a@p.example,2025-01-01\n", "missing_column"),
    ] {
        let receipt = world.import(&format!("kintell/sessions/{name}"), content).await;
        assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("refused"), &json!(code)), "{name}: {receipt:#}");
        assert!(receipt["reason"].as_str().unwrap().len() > 20, "{receipt:#}");
    }
    assert_eq!(world.event_data("intake.import.refused.v1").await.len(), 4);
    let wrong_folder = world.import("kintell/meetings/a.csv", file(&[line("S1", "4", "hi")])).await;
    assert_eq!(wrong_folder["code"], "wrong_entity", "{wrong_folder:#}");
}

#[tokio::test]
async fn a_header_without_records_is_loaded_with_zero() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/none.csv", format!("{}\n", super::support::HEADER)).await;
    assert_eq!((&receipt["outcome"], &receipt["counts"]["records"]), (&json!("loaded"), &json!(0)));
}
