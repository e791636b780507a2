//! The import rules through the importer: what a dirty file leaves in the store and in its receipt, exactly.

use serde_json::{Value, json};

use super::support::{HEADER, World, file, line};

/// `line-line_end code column` of every rejection.
fn rejects(receipt: &Value) -> Vec<String> {
    let one = |reject: &Value| {
        let (line, end) = (reject["line"].as_i64().unwrap(), reject["line_end"].as_i64().unwrap());
        let lines = if line == end { line.to_string() } else { format!("{line}-{end}") };
        format!("{lines} {} {}", reject["code"].as_str().unwrap(), reject["column"].as_str().unwrap_or("-"))
    };
    receipt["rejects"].as_array().unwrap().iter().map(one).collect()
}

fn adds_up(receipt: &Value) {
    let count = |name: &str| receipt["counts"][name].as_u64().unwrap();
    let parts = ["new", "changed", "unchanged", "duplicate", "blank", "rejected", "suppressed"];
    assert_eq!(count("records"), parts.iter().map(|name| count(name)).sum::<u64>(), "{receipt:#}");
}

#[tokio::test]
async fn a_dirty_file_loses_nothing_and_says_of_every_record_what_became_of_it() {
    let world = World::new().await;
    let good = |id: &str| line(id, "4", "fine");
    let content = [
        "# Kintell\r\n# Total Records: 11\n\nSessions of March\n".to_owned(),
        format!("{HEADER}\n"),
        good("00042"),
        good("0042"),
        good("42").replace("fine", "\"two\nlines, and \"\"quotes\"\"\""),
        "\n,,,,,,,,\n".to_owned(),
        good("1e5").replace("45,4", "45.5,4"),
        "B6,olena@people.example\n".to_owned(),
        good("B1").replace("45,4", "45,6"),
        good("B2").replace("2025-03-04T17:00:00Z", "2025-02-30"),
        good("B3").replace("olena@people.example", "olena@people"),
        good("B4").replace("fine,A2", "6\" pipe,A2"),
        good("B5").replace("fine,A2", "\"never closed,A2"),
        good("1e5"),
        format!("{HEADER}\n"),
        "Totalt,,,,495,,,\n".to_owned(),
    ]
    .concat();
    let receipt = world.import("kintell/sessions/dirty.csv", content).await;
    assert_eq!(
        rejects(&receipt),
        [
            "12 bad_number duration_minutes",
            "13 too_few_cells volunteer_email",
            "14 out_of_range rating",
            "15 impossible_date scheduled_at",
            "16 bad_email participant_email",
            "17 stray_quote feedback_text",
            "18 unclosed_quote feedback_text",
            "20 repeated_header -",
            "21 footer_row -",
        ],
        "{receipt:#}"
    );
    adds_up(&receipt);
    assert_eq!((&receipt["counts"]["records"], &receipt["counts"]["blank"]), (&json!(15), &json!(2)));
    assert_eq!(receipt["control_total"], json!({"stated": 11, "counted": 11}));
    assert_eq!(receipt["outcome"], "loaded", "{receipt:#}");
    let ids = world
        .text("SELECT string_agg(source_id, ' ' ORDER BY source_id COLLATE \"C\") FROM core.kintell_sessions")
        .await;
    assert_eq!(ids, "00042 0042 1e5 42");
    let first = &receipt["rejects"][2];
    assert_eq!((&first["value"], &first["hint"]), (&json!("6"), &json!("1–5")));
}

#[tokio::test]
async fn the_same_file_in_utf16_is_the_same_facts() {
    let world = World::new().await;
    let text = file(&[line("S1", "4", "Дякую; було добре 😀"), line("S2", "5", "Så fint")]);
    world.import("kintell/sessions/utf8.csv", &text).await;
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let receipt = world.import("kintell/sessions/utf16.csv", utf16).await;
    assert_eq!((&receipt["counts"]["unchanged"], &receipt["counts"]["records"]), (&json!(2), &json!(2)), "{receipt:#}");
    assert_eq!(receipt["dialect"]["encoding"], "utf-16le");
}

#[tokio::test]
async fn another_exports_file_and_a_mistaken_header_are_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let sessions = file(&[line("S1", "4", "hi")]);
    for (key, content, code, hint) in [
        (
            "kintell/sessions/a.csv",
            "Email,Name,Linkedin_URL,grant_access\na@b.no,A,,\n".to_owned(),
            "wrong_entity",
            "kintell/users",
        ),
        ("kintell/users/b.csv", sessions.clone(), "wrong_entity", "kintell/sessions"),
        (
            "kintell/users/c.csv",
            "id,email,first_name,last_name,role,joined_at\n1,a@b.no,A,B,participant,2025-03-04\n".to_owned(),
            "wrong_entity",
            "buddy/users",
        ),
        (
            "kintell/sessions/d.csv",
            format!("{}{sessions}", sessions.replace("volunteer_email", "helper_email")),
            "missing_column",
            "volunteer_email",
        ),
    ] {
        let receipt = world.import(key, content).await;
        assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("refused"), &json!(code)), "{key} {receipt:#}");
        assert_eq!(receipt["hint"], json!(hint), "{key} {receipt:#}");
    }
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 0);
}
