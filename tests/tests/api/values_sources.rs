//! "What did you read from my row?" for the samples of every source and layout: each cell, read on its own, is what
//! the API tells of the record that was stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::intake::{
    cell,
    entity::Layout,
    facts::{Facts, RatingScale},
};

use crate::{
    importing,
    support::{admin, call, gateway_service},
};

/// In the order in which they refer to each other.
const SAMPLES: &[(&str, &str)] = &[
    ("buddy/users.csv", "users"),
    ("buddy/matches.csv", "matches"),
    ("buddy/matches-legacy.csv", "legacy"),
    ("buddy/events.csv", "events"),
    ("buddy/event_attendance.csv", "event_attendance"),
    ("buddy/skill_sessions.csv", "skill_sessions"),
    ("buddy/checkins.csv", "checkins"),
    ("buddy/feedback.csv", "feedback"),
    ("buddy/milestones.csv", "milestones"),
    ("upskilling/completions.csv", "completions"),
    ("upskilling/credentials.csv", "credentials"),
    ("upskilling/progress.csv", "progress"),
    ("kintell/sessions-language.csv", "language"),
    ("kintell/sessions-mentor.csv", "mentor"),
    ("kintell/sessions-legacy.csv", "legacy"),
    ("kintell/users.csv", "users"),
];

fn layout(path: &str, name: &str) -> &'static Layout {
    let (source, file) = path.split_once('/').unwrap();
    let entity = gateway::imports::entity(source, file.split(['-', '.']).next().unwrap()).unwrap();
    entity.layouts.iter().find(|layout| layout.name == name).unwrap()
}

/// The cell as the API tells it, read without the importer.
fn expected(layout: &Layout, column: &str, raw: &str, scale: RatingScale) -> Option<String> {
    let column = layout.columns.iter().find(|one| one.name == column).unwrap();
    let facts = Facts {
        rating_scale: Some(scale),
        zone: Some(jiff::tz::TimeZone::get("Europe/Oslo").unwrap()),
        ..Facts::default()
    };
    let now: Timestamp = "2026-05-04T08:00:00Z".parse().unwrap();
    let text = cell::read(column, raw, &facts, now).unwrap()?.canonical();
    let text = text.trim_end_matches(" day").split(" of ").next().unwrap_or_default().to_owned();
    let ours = layout.words.iter().find(|(theirs, _)| *theirs == text);
    Some(ours.map_or(text, |(_, ours)| (*ours).to_owned()))
}

#[tokio::test]
async fn each_cell_of_every_sample_is_told_as_it_was_read() {
    let world = importing::World::new().await;
    let gateway = gateway_service(world.database.db_for("teei_gateway_api"), Default::default());
    let mut compared = 0;
    for (path, name) in SAMPLES {
        let receipt = world.fixture(path).await;
        assert_eq!(receipt["layout"], *name, "{path}: {receipt}");
        let scale = if path.starts_with("kintell") { RatingScale::OneToFive } else { RatingScale::ZeroToOne };
        let layout = layout(path, name);
        let known: BTreeMap<String, String> = serde_json::from_value(receipt["columns"]["known"].clone()).unwrap();
        let bytes = std::fs::read(format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
        let headers = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let url = format!("/v1/imports/{}/records?values=true&limit=200", receipt["id"].as_str().unwrap());
        let answer = call("GET", &url).bearer(&admin()).to(&gateway).await;
        for item in answer.json["items"].as_array().unwrap_or_else(|| panic!("{path}: {}", answer.json)) {
            let Some(values) = item["values"].as_object() else { continue };
            let row = &rows[item["record"].as_u64().unwrap() as usize - 1];
            for (header, cell) in headers.iter().zip(row) {
                let Some(column) = known.get(header.trim()) else { continue };
                let told = values[column.as_str()].as_str().map(ToOwned::to_owned);
                assert_eq!(told, expected(layout, column, cell, scale), "{path} record {} {column}", item["record"]);
                compared += 1;
            }
            assert!(
                values.values().all(|value| value.is_null() || value.is_string())
                    && values.len() == layout.columns.len()
            );
        }
        assert!(receipt["counts"]["new"].as_u64() > Some(0), "{path}: {receipt}");
    }
    assert!(compared > 500, "{compared} cells compared");
}
