//! What a coordinator is told: totals that add up, the line and column of what is wrong, and nothing else lost.

use serde_json::{Value, json};

use super::support::{RESULTS, World, file, line};

#[tokio::test]
async fn one_bad_rating_rejects_its_record_and_no_other() {
    let world = World::new().await;
    let receipt = world
        .import(
            "kintell/sessions/one bad.csv",
            file(&[line("S1", "4", "a"), line("S2", "9", "b"), line("S3", "", "c"), "\n".to_owned()]),
        )
        .await;
    assert_eq!(
        receipt["counts"],
        json!({"records": 4, "new": 2, "changed": 0, "unchanged": 0, "duplicate": 0, "blank": 1, "rejected": 1, "suppressed": 0})
    );
    let reject = &receipt["rejects"][0];
    assert_eq!(
        (&reject["line"], &reject["column"], &reject["code"]),
        (&json!(3), &json!("rating"), &json!("out_of_range"))
    );
    assert_eq!(
        world.count("SELECT count(*) FROM core.kintell_sessions WHERE rating IS NULL").await,
        1,
        "an empty rating is absent, not 0"
    );
}

#[tokio::test]
async fn the_receipt_in_the_bucket_is_the_one_in_the_database() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a")])).await;
    let key = format!("kintell/sessions/a.csv/{}/receipt.json", receipt["id"].as_str().unwrap());
    let stored: Value = serde_json::from_slice(&world.blobs.read(RESULTS, &key).unwrap()).unwrap();
    assert_eq!(stored, receipt);
}

#[tokio::test]
async fn every_record_has_a_fate_with_its_lines() {
    let world = World::new().await;
    let lines = [line("S1", "4", "\"two\nlines\""), line("S2", "4", "x"), line("S2", "4", "x"), line("S3", "0", "y")];
    let receipt = world.import("kintell/sessions/a.csv", file(&lines)).await;
    let rows = world
        .owner
        .query("SELECT record, line, line_end, fate::text, code, \"column\", fact IS NOT NULL FROM intake.records ORDER BY record", &[])
        .await
        .unwrap();
    let fates: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {}-{} {} {} {} {}",
                row.get::<_, i32>(0),
                row.get::<_, i32>(1),
                row.get::<_, i32>(2),
                row.get::<_, String>(3),
                row.get::<_, Option<String>>(4).unwrap_or_default(),
                row.get::<_, Option<String>>(5).unwrap_or_default(),
                row.get::<_, bool>(6)
            )
        })
        .collect();
    assert_eq!(
        fates,
        ["1 2-3 new   true", "2 4-4 new   true", "3 5-5 duplicate   false", "4 6-6 rejected out_of_range rating false"],
        "{receipt:#}"
    );
}

#[tokio::test]
async fn an_unknown_column_is_reported_with_the_nearest_known_name() {
    let world = World::new().await;
    let content = file(&[line("S1", "4", "a")]).replace("language_level", "languge_lvl");
    let receipt = world.import("kintell/sessions/a.csv", content).await;
    assert_eq!(receipt["columns"]["unknown"][0]["name"], "languge_lvl");
    assert_eq!(receipt["warnings"][0]["code"], "unknown_column");
    assert_eq!(receipt["outcome"], "loaded");
}

#[tokio::test]
async fn a_control_total_that_does_not_fit_is_reported() {
    let world = World::new().await;
    let records = file(&[line("S1", "4", "a"), line("S2", "4", "b")]);
    for content in [
        format!("# Total Records: 3\n{records}"),
        format!("{records}# Total Records: 3\n"),
        format!("{records}\n\"# Total Records: 3\",,"),
    ] {
        let receipt = world.import("kintell/sessions/a.csv", content).await;
        assert_eq!(receipt["control_total"], json!({"stated": 3, "counted": 2}));
        assert!(
            receipt["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "control_total_mismatch"),
            "{receipt:#}"
        );
    }
}

#[tokio::test]
async fn an_id_twice_with_different_contents_rejects_all_its_records() {
    let world = World::new().await;
    let receipt = world
        .import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S1", "5", "a"), line("S2", "5", "a")]))
        .await;
    assert_eq!((&receipt["counts"]["rejected"], &receipt["counts"]["new"]), (&json!(2), &json!(1)));
    assert!(receipt["rejects"].as_array().unwrap().iter().all(|reject| reject["code"] == "duplicate_conflict"));
}

#[tokio::test]
async fn the_same_values_written_in_two_ways_are_a_repeat_and_no_conflict() {
    let world = World::new().await;
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S1", "4.0", "a")])).await;
    assert_eq!((&receipt["counts"]["new"], &receipt["counts"]["duplicate"]), (&json!(1), &json!(1)), "{receipt:#}");
}

#[tokio::test]
async fn the_brake_holds_back_a_file_that_is_mostly_rejected() {
    let world = World::new().await;
    let lines: Vec<String> = (0..30).map(|n| line(&format!("S{n}"), if n < 20 { "9" } else { "4" }, "a")).collect();
    let receipt = world.import("kintell/sessions/a.csv", file(&lines)).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["code"], &receipt["events"]),
        (&json!("planned"), &json!("brake"), &json!(0))
    );
    assert_eq!(world.count("SELECT (SELECT count(*) FROM core.kintell_sessions) + (SELECT count(*) FROM core.profiles) + (SELECT count(*) FROM bus.events)").await, 0);
    assert_eq!(
        world.count("SELECT count(*) FROM intake.records").await,
        30,
        "every record's fate is kept all the same"
    );
}

#[tokio::test]
async fn the_brake_holds_back_a_file_that_changes_most_of_what_is_known() {
    let world = World::new().await;
    let lines = |rating: &str| (0..30).map(|n| line(&format!("S{n}"), rating, "a")).collect::<Vec<_>>();
    world.import("kintell/sessions/a.csv", file(&lines("4"))).await;
    let before = world.state().await;
    let receipt = world.import("kintell/sessions/b.csv", file(&lines("2"))).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("planned"), &json!("brake")));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_person_on_both_sides_and_an_end_before_the_beginning_are_rejected() {
    let world = World::new().await;
    let same = line("S1", "4", "a").replace("kari@nordlys.example", "OLENA@people.example");
    let backwards = line("S2", "4", "a").replace("2025-03-04T17:45", "2025-03-04T16:45");
    let receipt = world.import("kintell/sessions/a.csv", file(&[same, backwards])).await;
    let codes: Vec<&str> =
        receipt["rejects"].as_array().unwrap().iter().map(|reject| reject["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["self_pair", "completed_before_scheduled"]);
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 0, "a rejected record makes nobody");
}

/// A bound on memory is an answer: what was read is told with its first rejections, and nothing of it is kept.
#[tokio::test]
async fn a_file_with_more_rejections_than_a_receipt_can_hold_is_refused_with_the_first_of_them() {
    let world = World::new().await;
    let mut content = file(&[line("S0", "4", "a")]);
    for n in 1..=shared::intake::fates::MOST_REJECTIONS + 10_000 {
        content.push_str(&format!("S{n},a@p.example,b@p.example,2025-03-04T17:00:00Z,,,9,,\n"));
    }
    let receipt = world.import("kintell/sessions/a.csv", content).await;
    assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("refused"), &json!("too_many_rejections")));
    assert_eq!(receipt["rejects"].as_array().unwrap().len(), 100);
    let counts = &receipt["counts"];
    assert!(counts["rejected"].as_u64().unwrap() > 100_000, "{counts}");
    assert_eq!(counts["records"].as_u64(), world.count("SELECT count(*) FROM intake.records").await.try_into().ok());
    assert_eq!(
        world.count("SELECT (SELECT count(*) FROM core.kintell_sessions) + (SELECT count(*) FROM core.profiles)").await,
        0
    );
    assert_eq!(world.events().await, ["intake.import.refused.v1"]);
}

#[tokio::test]
async fn every_receipt_has_every_field_of_the_rules_whatever_became_of_the_file() {
    let world = World::new().await;
    let loaded = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "a"), line("S2", "9", "a")])).await;
    let refused = world.import("kintell/sessions/a.pdf", "%PDF-1.7\n").await;
    let planned = world.import("dry-run/kintell/sessions/a.csv", file(&[line("S3", "4", "a")])).await;
    for (receipt, outcome) in [(&loaded, "loaded"), (&refused, "refused"), (&planned, "planned")] {
        assert_eq!(receipt["outcome"], outcome, "{receipt:#}");
        let has = |of: &serde_json::Value, names: &str| {
            for name in names.split(' ') {
                assert!(of.get(name).is_some(), "{name} of a {outcome} file: {receipt:#}");
            }
        };
        has(
            receipt,
            "id source entity layout status outcome retryable reason file dialect columns facts_used counts control_total \
             warnings rejects rejects_key events people started_at finished_at rows_per_second cents plan_hash first_import",
        );
        has(&receipt["file"], "bucket key version bytes sha256");
        has(&receipt["counts"], "records new changed unchanged duplicate blank rejected suppressed");
        has(&receipt["people"], "known created");
        if outcome != "refused" {
            has(&receipt["dialect"], "encoding bom delimiter line_ending preamble_lines");
            has(&receipt["columns"], "known unknown missing");
            has(&receipt["facts_used"], "date_order decimal rating_scale zone author rater programme_instance from");
        }
    }
    assert!(loaded["rejects_key"].is_string() && loaded["plan_hash"].is_null());
    assert!(planned["plan_hash"].is_string());
}

#[tokio::test]
async fn a_file_whose_key_is_as_long_as_a_bucket_allows_has_its_receipt_and_rejects() {
    let world = World::new().await;
    let name = "ø".repeat((1_024 - "kintell/sessions/.csv".len()) / 2);
    let receipt = world.import(&format!("kintell/sessions/{name}.csv"), file(&[line("S1", "9", "a")])).await;
    for key in ["rejects_key", "rejects_xlsx_key"] {
        let key = receipt[key].as_str().unwrap();
        assert!(key.len() <= 1_024 && key.starts_with("kintell/sessions/øøø"), "{} bytes", key.len());
        assert!(world.blobs.read(RESULTS, key).is_some());
    }
    let key = receipt["rejects_key"].as_str().unwrap().replace("rejects.csv", "receipt.json");
    assert!(world.blobs.read(RESULTS, &key).is_some());
}
