//! Rejects opened and saved once by a spreadsheet of a Norwegian coordinator: LibreOffice with the locale nb-NO, as
//! `soffice` without a window. Skipped, and said so, where it is not installed.

use std::{
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use serde_json::{Value, json};

use super::support::{RESULTS, World, file, line};

/// One soffice at a time: two of them on two cores are slower than one after the other.
static ONE: Mutex<()> = Mutex::new(());

const LOCALE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>nb-NO</value></prop></item>
</oor:items>"#;

/// The file after it was opened and saved; none where there is no spreadsheet.
fn saved(name: &str, bytes: &[u8], arguments: &[&str], to: &str) -> Option<Vec<u8>> {
    if Command::new("soffice").arg("--version").output().is_err() {
        eprintln!("skipped: soffice is not installed (apt-get install libreoffice-calc)");
        return None;
    }
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Folder::new();
    let (user, out) = (folder.0.join("profile"), folder.0.join("out"));
    std::fs::create_dir_all(user.join("user")).unwrap();
    std::fs::write(user.join("user/registrymodifications.xcu"), LOCALE).unwrap();
    let input = folder.0.join(name);
    std::fs::write(&input, bytes).unwrap();
    let done = Command::new("soffice")
        .args(["--headless", "--norestore", "--nologo", &format!("-env:UserInstallation=file://{}", user.display())])
        .args(arguments)
        .args(["--convert-to", to, "--outdir"])
        .args([&out, &input])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    Some(std::fs::read(out.join(name)).unwrap_or_else(|_| panic!("{done:?}")))
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("teei-soffice-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all::<&Path>(&self.0);
    }
}

const XLSX: &str = "xlsx:Calc MS Excel 2007 XML";
/// Semicolons, quotes where needed, UTF-8: what a Norwegian spreadsheet saves.
const CSV: &str = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false";

/// Sessions that are all rejected for their level, with everything in them that spreadsheets like to change.
fn dirty() -> String {
    let texts = [
        "=SUM(A1:A9)",
        "4.5",
        "00042",
        "12345678901234567890",
        "2025-03-04",
        "1e5",
        "+47 99 99 99 99",
        "@x",
        "TRUE",
        "\"to\nlinjer, \"\"æøå\"\"\"",
        "Дякую іїєґ",
        "'=x",
        "[raw] x",
        " blank ",
        "03/04",
        "1/2",
        "-",
    ];
    let ids = ["00042", "1e5", "4.5", "2025-03-04", "12345678901234567890", "Æ-1"];
    let lines: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            line(ids.get(at).unwrap_or(&format!("s{at}").as_str()), "4.5", text).replace(",A2\n", ",Z9\n")
        })
        .collect();
    file(&lines)
}

/// The cells of a rejects file but `_line` and `_reason`.
fn cells(world: &World, receipt: &Value) -> Vec<Vec<String>> {
    let csv = super::rejects::csv_of(world, receipt);
    let (_, rows) = csv.split_once('\n').unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(rows.as_bytes());
    reader.records().map(|row| row.unwrap().iter().skip(2).map(ToOwned::to_owned).collect()).collect()
}

fn result(world: &World, receipt: &Value, name: &str) -> Vec<u8> {
    world.blobs.read(RESULTS, receipt[name].as_str().unwrap()).unwrap()
}

/// The workbook with a text of its cells replaced.
fn corrected(workbook: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let (name, mut text) = (part.name().unwrap().into_owned(), String::new());
        part.read_to_string(&mut text).unwrap();
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(text.replace(from, to).as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_workbook_of_rejects_survives_a_norwegian_spreadsheet_cell_by_cell() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/mars.csv", dirty()).await;
    assert_eq!((&first["counts"]["rejected"], &first["counts"]["records"]), (&json!(17), &json!(17)), "{first}");
    let workbook = result(&world, &first, "rejects_xlsx_key");
    let Some(bytes) = saved("rejects.xlsx", &workbook, &[], XLSX) else { return };
    let again = world.import("kintell/sessions/saved.xlsx", bytes).await;
    assert_eq!(again["counts"]["rejected"], 17, "{again}");
    assert_eq!(cells(&world, &again), cells(&world, &first));

    let Some(bytes) = saved("rejects.xlsx", &corrected(&workbook, ">Z9<", ">B1<"), &[], XLSX) else { return };
    let healed = world.import("kintell/sessions/healed.xlsx", bytes).await;
    assert_eq!((&healed["outcome"], &healed["counts"]["new"]), (&json!("loaded"), &json!(17)), "{healed}");
    assert_eq!(healed["first_attempt"], first["id"]);
}

#[tokio::test]
async fn a_csv_of_rejects_survives_as_text_and_what_a_spreadsheet_changes_asks_for_a_yes() {
    let world = World::new().await;
    let first = world.import("kintell/sessions/mars.csv", dirty()).await;
    let csv = result(&world, &first, "rejects_key");
    let columns: Vec<String> = (1..=11).map(|column| format!("{column}/2")).collect();
    let as_text = format!("--infilter=Text - txt - csv (StarCalc):44,34,76,1,{},1044,false,false", columns.join("/"));
    let Some(bytes) = saved("rejects.csv", &csv, &[&as_text], CSV) else { return };
    let again = world.import("kintell/sessions/saved.csv", &bytes).await;
    assert_eq!(
        (&again["counts"]["rejected"], &again["dialect"]["delimiter"]),
        (&json!(17), &json!("semicolon")),
        "{again}"
    );
    assert_eq!(cells_with(&world, &again, b';'), cells(&world, &first));
    let text = String::from_utf8(bytes).unwrap().replace(";Z9", ";B1");
    let healed = world.import("kintell/sessions/healed.csv", text).await;
    assert_eq!((&healed["outcome"], &healed["counts"]["new"]), (&json!("loaded"), &json!(17)), "{healed}");

    // Opened without saying that columns are text, 00042 becomes 42: that is seen and not loaded.
    let guessed = "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,1044,false,true";
    let Some(bytes) = saved("rejects.csv", &csv, &[guessed], CSV) else { return };
    let text = String::from_utf8(bytes).unwrap().replace(";Z9", ";B1");
    let asked = world.import("kintell/sessions/guessed.csv", text).await;
    assert_eq!((&asked["outcome"], &asked["code"]), (&json!("planned"), &json!("changed_elsewhere")), "{asked}");
    let cells = asked["plan"]["changed_elsewhere"].as_array().unwrap();
    assert!(cells.contains(&json!({"line": 3, "column": "session_id"})), "{asked}");
}

fn cells_with(world: &World, receipt: &Value, delimiter: u8) -> Vec<Vec<String>> {
    let csv = super::rejects::csv_of(world, receipt);
    let (_, rows) = csv.split_once('\n').unwrap();
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).delimiter(delimiter).from_reader(rows.as_bytes());
    reader.records().map(|row| row.unwrap().iter().skip(2).map(ToOwned::to_owned).collect()).collect()
}
