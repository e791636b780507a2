//! Rejected records come back as files, are corrected and dropped again.

use serde_json::{Value, json};
use shared::intake::words::Lang;

use super::support::{DROPS, HEADER, RESULTS, World, file, line};

const KEY: &str = "kintell/sessions/mars.csv";

fn key(receipt: &Value, name: &str) -> String {
    receipt[name].as_str().unwrap_or_else(|| panic!("{name} of {receipt}")).to_owned()
}

/// `rejects.csv` of an import as text.
pub fn csv_of(world: &World, receipt: &Value) -> String {
    String::from_utf8(world.blobs.read(RESULTS, &key(receipt, "rejects_key")).unwrap()).unwrap()
}

/// Two good sessions, one with a bad rating, one with a bad level.
fn dirty() -> String {
    file(&[
        line("00042", "4", "Fint"),
        line("2", "9", "=1+1"),
        line("3", "4", "\"Дякую, æøå\"").replace(",A2", ",Z9"),
        line("4", "4.5", "x"),
    ])
}

#[tokio::test]
async fn rejected_records_come_as_they_were_and_heal_when_corrected() {
    let world = World::new().await;
    let receipt = world.import(KEY, dirty()).await;
    assert_eq!(receipt["counts"]["rejected"], 2, "{receipt}");
    let csv = csv_of(&world, &receipt);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], format!("\u{feff}# teei-rejects import={}", receipt["id"].as_str().unwrap()));
    assert_eq!(lines[1], format!("_line,_reason,{HEADER}"));
    assert!(lines[2].starts_with("3,") && lines[2].contains(",9,'=1+1,A2"), "{csv}");
    assert!(lines[3].starts_with("4,") && lines[3].ends_with(",\"Дякую, æøå\",Z9"), "{csv}");
    assert_eq!(lines.len(), 4);

    let corrected = csv.replace(",9,'=1+1,", ",5,'=1+1,").replace("Z9", "B1");
    let again = world.import("kintell/sessions/rejects.csv", corrected).await;
    assert_eq!(again["outcome"], "loaded", "{again}");
    assert_eq!((&again["counts"]["new"], &again["counts"]["records"]), (&json!(2), &json!(2)));
    assert_eq!(again["first_attempt"], receipt["id"]);
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 4);
}

#[tokio::test]
async fn a_cell_changed_elsewhere_asks_for_a_yes_and_another_spelling_does_not() {
    let world = World::new().await;
    let first = dirty().replace("\n2,olena", "\n0002,olena");
    let receipt = world.import(KEY, &first).await;
    let csv = csv_of(&world, &receipt);
    // What a Norwegian Excel does to a CSV: semicolons, other dates, numbers without their zeros.
    let excel = csv.replace(",9,", ",5,").replace("Z9", "B1").replace(',', ";").replace("\"Дякую; æøå\"", "Дякую, æøå");
    let padded = excel.replacen('\n', ";;;;;;;;;;\n", 1);
    let same = world
        .import("kintell/sessions/semicolons.csv", padded.replace("2025-03-04T17:00:00Z", "04.03.2025 18:00"))
        .await;
    assert_eq!((&same["outcome"], &same["counts"]["new"]), (&json!("loaded"), &json!(2)), "{same}");

    let changed = csv.replace(",9,", ",5,").replace(",0002,", ",2,");
    let planned = world.import("kintell/sessions/changed.csv", changed).await;
    assert_eq!((&planned["outcome"], &planned["code"]), (&json!("planned"), &json!("changed_elsewhere")), "{planned}");
    assert_eq!(planned["plan"]["changed_elsewhere"], json!([{"line": 3, "column": "session_id"}]));
}

#[tokio::test]
async fn sorted_shortened_and_foreign_rows_are_answered() {
    let world = World::new().await;
    let receipt = world.import(KEY, dirty()).await;
    let csv = csv_of(&world, &receipt).replace(",9,", ",5,").replace("Z9", "B1");
    let lines: Vec<&str> = csv.lines().collect();
    let sorted = [lines[0], lines[1], lines[3], lines[2]].join("\n");
    let sorted = world.import("kintell/sessions/sorted.csv", sorted).await;
    assert_eq!((&sorted["outcome"], &sorted["counts"]["new"]), (&json!("loaded"), &json!(2)), "{sorted}");
    let shortened = world.import("kintell/sessions/short.csv", lines[..3].join("\n")).await;
    assert_eq!(shortened["counts"]["unchanged"], 1, "{shortened}");
    let warnings = shortened["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|w| w["code"] == "rejects_left_out" && w["records"] == 1), "{shortened}");
    let foreign = world.import("kintell/sessions/foreign.csv", lines[..3].join("\n").replace("\n3,", "\n77,")).await;
    assert_eq!(foreign["code"], "changed_elsewhere", "{foreign}");
}

#[tokio::test]
async fn records_that_cannot_be_read_come_marked_and_stay_rejected_until_written_anew() {
    let world = World::new().await;
    let broken = [
        HEADER.as_bytes(),
        b"\n",
        line("1", "4", "x").as_bytes(),
        line("2", "4", "K\"re").as_bytes(),
        line("3", "4", "K#re").replace('#', "\u{1}").as_bytes(),
        line("4", "4", "x").as_bytes(),
    ]
    .concat();
    let broken: Vec<u8> = broken.into_iter().map(|b| if b == 1 { 0xe5 } else { b }).collect();
    let receipt = world.import(KEY, broken).await;
    assert_eq!(receipt["counts"]["rejected"], 2, "{receipt}");
    let csv = csv_of(&world, &receipt);
    assert!(csv.contains("\"[raw] 2,olena@people.example,"), "{csv}");
    assert!(csv.contains(",[raw] K\\xE5re,A2"), "{csv}");
    let same = world.import("kintell/sessions/same.csv", csv.clone()).await;
    assert_eq!(same["counts"]["rejected"], 2, "{same}");
    // Rejects of rejects are not marked twice, and have one pair of our columns.
    let twice = csv_of(&world, &same);
    assert_eq!(twice.matches("[raw] ").count(), csv.matches("[raw] ").count(), "{twice}");
    assert_eq!(twice.matches("_line").count(), 1);
    let mended = csv.replace("[raw] K\\xE5re", "Kåre");
    let mended = world.import("kintell/sessions/mended.csv", mended).await;
    assert_eq!((&mended["counts"]["new"], &mended["counts"]["rejected"]), (&json!(1), &json!(1)), "{mended}");
}

#[tokio::test]
async fn encoding_and_delimiter_come_back() {
    let world = World::new().await;
    let text = dirty().replace("\"Дякую, æøå\"", "Дякую").replace(',', ";");
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let receipt = world.import(KEY, utf16).await;
    let bytes = world.blobs.read(RESULTS, &key(&receipt, "rejects_key")).unwrap();
    assert_eq!(&bytes[..2], b"\xff\xfe");
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let csv = String::from_utf16(&units).unwrap();
    assert!(csv.contains("_line;_reason;session_id;") && csv.contains(";Дякую;Z9"), "{csv}");
}

#[tokio::test]
async fn missing_rejects_are_written_when_told_again_and_gone_is_said() {
    let world = World::new().await;
    let version = world.blobs.drop_file(DROPS, KEY, dirty().as_bytes());
    world.deliver(KEY, &version).await;
    let receipt = world.receipt(KEY, &version).await;
    let csv = csv_of(&world, &receipt);
    let forget = "UPDATE intake.imports SET receipt = receipt - 'rejects_key' - 'rejects_xlsx_key'";
    world.owner.execute(forget, &[]).await.unwrap();
    world.blobs.remove(RESULTS, &key(&receipt, "rejects_key"));
    world.deliver(KEY, &version).await;
    assert_eq!(world.receipt(KEY, &version).await["rejects_key"], receipt["rejects_key"]);
    assert_eq!(csv_of(&world, &receipt), csv, "writing them again gives the same");

    world.owner.execute(forget, &[]).await.unwrap();
    let corrected = csv.replace(",9,", ",5,").replace("Z9", "B1");
    world.blobs.remove(DROPS, KEY);
    let again = world.import("kintell/sessions/late.csv", corrected).await;
    assert_eq!(again["outcome"], "loaded", "{again}");
    assert!(again["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "first_attempt_gone"), "{again}");
}

#[tokio::test]
async fn a_workbook_is_imported_and_its_reasons_name_sheet_and_cell() {
    let world = World::new().await;
    let receipt = world.import(KEY, dirty()).await;
    let workbook = world.blobs.read(RESULTS, &key(&receipt, "rejects_xlsx_key")).unwrap();
    let again = world.import("kintell/sessions/rejects.xlsx", workbook).await;
    assert_eq!(again["dialect"]["encoding"], "xlsx", "{again}");
    assert_eq!((&again["counts"]["records"], &again["counts"]["rejected"]), (&json!(2), &json!(2)), "{again}");
    let reason = again["rejects"][0]["reason"].as_str().unwrap();
    assert!(reason.ends_with("(cell I3 of sheet \"rejects\")"), "{reason}");
    assert_eq!((&again["rejects"][0]["line"], &again["first_attempt"]), (&json!(3), &receipt["id"]));
    let csv = csv_of(&world, &again);
    assert!(csv.contains("Дякую") && csv.contains("'=1+1") && !csv.contains("''="), "{csv}");
}

/// A part of a workbook.
fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
    text
}

#[tokio::test]
async fn reasons_are_in_the_language_of_whoever_announced_the_file() {
    let world = World::new().await;
    let mut reasons = Vec::new();
    for (language, name) in [(None, "a"), (Some(Lang::Nb), "b"), (Some(Lang::Uk), "c")] {
        world.blobs.set_language(language);
        let dirty = file(&[line(name, "9", "x"), format!("{name}2,\"never closed\n")]);
        let receipt = world.import(&format!("kintell/sessions/{name}.csv"), dirty).await;
        let csv = csv_of(&world, &receipt);
        let reason = csv.lines().nth(2).unwrap().split(",9,").next().unwrap().to_owned();
        assert!(reason.contains("rating") && reason.contains('9'), "{csv}");
        reasons.push(reason.split_once(',').unwrap().1.split(&format!(",{name},")).next().unwrap().to_owned());
        // Whatever the language, the first line and the names of the columns are ours.
        let fixed = csv.replace(",9,", ",5,");
        let again = world.import(&format!("kintell/sessions/{name} fixed.csv"), fixed).await;
        assert_eq!((&again["counts"]["new"], &again["first_attempt"]), (&json!(1), &receipt["id"]), "{again}");
    }
    assert!(reasons[1].contains("utenfor") && reasons[2].contains("поза") || reasons[2].contains("меж"), "{reasons:?}");
    assert_ne!(reasons[0], reasons[1]);
}

#[tokio::test]
async fn the_rejected_cell_of_a_workbook_has_a_colour_and_no_other() {
    let world = World::new().await;
    let empty = line("7", "4", "x").replacen("olena", "", 1);
    let receipt =
        world.import(KEY, file(&[line("2", "9", "=1+1"), line("3", "4", "x").replace(",A2", ",Z9"), empty])).await;
    let workbook = world.blobs.read(RESULTS, &key(&receipt, "rejects_xlsx_key")).unwrap();
    assert!(part(&workbook, "xl/styles.xml").contains("FFD9D4"));
    let sheet = part(&workbook, "xl/worksheets/sheet1.xml");
    let style = |cell: &str| {
        let (_, from) =
            sheet.split_once(&format!("<c r=\"{cell}\" s=\"")).unwrap_or_else(|| panic!("{cell} in {sheet}"));
        from.split_once('"').unwrap().0.to_owned()
    };
    // _line, _reason, session_id, participant_email, volunteer_email, scheduled_at, completed_at, duration_minutes,
    // rating, feedback_text, language_level: A to K.
    let fault = style("I3");
    let coloured: Vec<String> = ["C", "D", "I", "J", "K"]
        .iter()
        .flat_map(|column| (3..=4).map(move |row| format!("{column}{row}")))
        .filter(|cell| style(cell) == fault)
        .collect();
    assert_eq!(coloured, ["I3", "K4"]);
}
