//! Workbooks made here, read back cell by cell; and broken ones.

use std::{io::Write, sync::Arc};

use flate2::{Compression, Crc, write::DeflateEncoder};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::*;
use crate::intake::blob::MemoryBlobs;

type Row = (u32, Vec<String>);

async fn sheet_of(bytes: &[u8]) -> Result<Option<Sheet>, SheetError> {
    let blobs = Arc::new(MemoryBlobs::default());
    let version = blobs.drop_file("b", "k", bytes);
    let object = ObjectRef { bucket: "b".into(), key: "k".into(), version };
    let blobs: Arc<dyn BlobStore> = blobs;
    recognise(&blobs, &object, &bytes[..bytes.len().min(64 << 10)], bytes.len() as u64).await
}

async fn rows_of(sheet: Sheet) -> Result<Vec<Row>, BlobError> {
    let (mut pieces, mut found, mut at) = (rows::stream(Arc::new(sheet), 1, 0).await?, Vec::new(), 0);
    let mut splitter = Splitter::new(rows::DELIMITER);
    while let Some(piece) = pieces.recv().await {
        let (piece, base) = (piece?, at);
        for span in &piece.spans {
            assert_eq!(span.start, at, "spans follow each other");
            at = span.end;
            let record = &piece.bytes[(span.start - base) as usize..(span.end - base) as usize];
            let cells = match (span.kind, span.fault) {
                (SpanKind::Blank, _) => vec!["(blank)".to_owned()],
                (_, Some(fault)) => vec![fault.code.to_string()],
                _ => splitter.split(record).unwrap().iter().map(ToOwned::to_owned).collect(),
            };
            found.push((span.line, cells));
        }
        assert_eq!(at - base, piece.bytes.len() as u64, "spans cover every byte");
    }
    Ok(found)
}

async fn read(bytes: &[u8]) -> Vec<Row> {
    rows_of(sheet_of(bytes).await.unwrap().unwrap()).await.unwrap()
}

async fn refusal(bytes: &[u8]) -> String {
    match sheet_of(bytes).await {
        Err(SheetError::Refused(refusal)) => refusal.reason,
        Ok(Some(sheet)) => match rows_of(sheet).await {
            Err(BlobError::Unreadable(refusal)) => refusal.reason,
            other => panic!("{other:?}"),
        },
        Ok(None) => "may be a CSV".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

/// A container with these parts.
fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let at = bytes.len() as u32;
        let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        for number in [crc.sum(), packed.len() as u32, content.len() as u32] {
            facts.extend(number.to_le_bytes());
        }
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([parts.len() as u8, 0, parts.len() as u8, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const RELATIONS: &str = r#"<Relationships xmlns="r"><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="http://x/styles" Target="styles.xml"/></Relationships>"#;

/// A workbook with this sheet.
fn workbook(book: &str, strings: &str, rows: &str) -> Vec<u8> {
    let book = format!(
        r#"<workbook xmlns:r="x">{book}<sheets><sheet name="Mars" sheetId="1" r:id="r1"/></sheets></workbook>"#
    );
    let sheet = format!(r#"<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>"#);
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd.mm.yyyy\ hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>"#;
    zip(&[
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", styles),
        ("xl/sharedStrings.xml", &format!("<sst>{strings}</sst>")),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

#[tokio::test]
async fn a_sheet_s_cells_are_read_exactly() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Mars").unwrap();
    let day = Format::new().set_num_format("dd.mm.yyyy");
    let clock = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let texts = ["00042", " padded ", "Оксана", "æøå", "a\nb", "=1+1", "\"q\", x", "_x000D_", "😀", "a\r\nb", "&<>"];
    for (column, text) in texts.iter().enumerate() {
        sheet.write_string(0, column as u16, *text).unwrap();
    }
    sheet.write_number(2, 0, 42.0).unwrap();
    sheet.write_number(2, 1, 0.1 + 0.2).unwrap();
    sheet.write_number(2, 2, 4.5).unwrap();
    sheet.write_boolean(2, 3, true).unwrap();
    sheet.write_datetime_with_format(2, 4, ExcelDateTime::from_ymd(2025, 3, 4).unwrap(), &day).unwrap();
    let moment = ExcelDateTime::parse_from_str("2025-03-04T17:45:30").unwrap();
    sheet.write_datetime_with_format(2, 5, moment, &clock).unwrap();
    sheet.write_formula(2, 6, Formula::new("=1+1").set_result("2")).unwrap();
    sheet.write_formula(2, 7, Formula::new("=A1").set_result("text")).unwrap();
    sheet.merge_range(2, 8, 2, 9, "merged", &Format::new()).unwrap();
    sheet.set_row_hidden(3).unwrap();
    sheet.write_string(3, 1, "hidden").unwrap();
    sheet.set_row_height(9, 40).unwrap();
    workbook.add_worksheet().set_name("April").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();

    let opened = sheet_of(&bytes).await.unwrap().unwrap();
    assert_eq!((opened.name.as_str(), opened.others.as_slice()), ("Mars", &["April".to_owned()][..]));
    assert!(unread_sheets(&opened).unwrap().contains("\"April\""));
    assert_eq!(place(&opened, Some(2), 7), "cell C7 of sheet \"Mars\"");
    let rows = read(&bytes).await;
    assert_eq!(rows[0], (1, texts.map(ToOwned::to_owned).to_vec()));
    assert_eq!(rows[1], (2, vec!["(blank)".to_owned()]));
    let numbers =
        ["42", "0.30000000000000004", "4.5", "TRUE", "2025-03-04", "2025-03-04T17:45:30", "2", "text", "merged"];
    assert_eq!(rows[2].1, numbers);
    assert_eq!(rows[3], (4, vec![String::new(), "hidden".to_owned()]));
    assert_eq!(rows.len(), 4, "formatted rows at the end are no records");
}

#[tokio::test]
async fn what_other_programs_write_is_read_too() {
    let strings = "<si><r><t>Ri</t></r><r><rPr/><t xml:space=\"preserve\">ch </t></r><rPh><t>phonetic</t></rPh></si><si><t>a_x000D_\n&#229;&amp;</t></si><si/>";
    let rows = r#"<row r="2"><c r="B2" t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c></row>
        <row><c s="1"><v>44258</v></c><c s="2"><v>44258.5</v></c><c t="e"><v>#N/A</v></c><c t="b"><v>0</v></c><c><f>NOW()</f></c><c t="d"><v>2025-03-04</v></c><c><v>0.10000000000000001</v></c></row>"#;
    let found = read(&workbook("<workbookPr date1904=\"1\"/>", strings, rows)).await;
    let text = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    assert_eq!(found[0], (1, text(&["(blank)"])));
    assert_eq!(found[1], (2, text(&["", "Rich ", "a\r\nå&", "", "inline"])));
    assert_eq!(
        found[2],
        (3, text(&["2025-03-04", "2025-03-04T12:00:00", "#N/A", "FALSE", "=NOW()", "2025-03-04", "0.1"]))
    );
}

#[tokio::test]
async fn a_formula_that_gave_an_empty_text_is_an_empty_cell_and_one_never_calculated_is_shown() {
    let rows = r#"<row><c t="str"><f>IF(A9="","",A9)</f><v></v></c><c t="str"><f>""</f><v/></c><c><f>1+1</f><v/></c><c><f>2+2</f></c><c t="s"><v/></c><c><v>1</v></c></row>"#;
    assert_eq!(read(&workbook("", "", rows)).await[0].1, ["", "", "=1+1", "=2+2", "", "1"]);
}

#[tokio::test]
async fn what_is_no_workbook_says_what_it_looks_like() {
    let ole = |name: &str| {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(2048, 0);
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    let mut cut = workbook("", "", "<row><c><v>1</v></c></row>");
    cut.truncate(cut.len() - 30);
    let mut rot = workbook("", "", &"<row><c><v>12345</v></c></row>".repeat(50));
    let at = memchr::memmem::find(&rot, b"PK\x01\x02").unwrap() - 10;
    rot[at] ^= 0xff;
    for (bytes, word) in [
        (zip(&[("word/document.xml", "<x/>")]), "Word"),
        (zip(&[("ppt/presentation.xml", "<x/>")]), "PowerPoint"),
        (zip(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<x/>")]), ".ods"),
        (zip(&[("xl/workbook.bin", "x")]), ".xlsb"),
        (zip(&[("sessions.csv", "id,email")]), "zip archive"),
        (zip(&[("sessions.csv", "id,email")])[..40].to_vec(), "zip archive"),
        (zip(&[("xl/workbook.xml", "<workbook/>")]), "without a sheet"),
        (zip(&[("xl/workbook.xml", "<other/>")]), "cannot be read"),
        (cut, "cannot be read"),
        (rot, "cannot be read"),
        (workbook("", "", "<row><c t=\"s\"><v>9</v></c></row>"), "cannot be read"),
        (workbook("", "", "<row r=\"5\"/><row r=\"4\"/>"), "cannot be read"),
        (workbook("", "", "<row r=\"1048577\"><c><v>1</v></c></row>"), "cannot be read"),
        (workbook("", "", "<row><c t=\"inlineStr\"><is><t>&x;</t></is></c></row>"), "cannot be read"),
        (ole("EncryptedPackage"), "password"),
        (ole("Workbook"), ".xls"),
    ] {
        let reason = refusal(&bytes).await;
        assert!(reason.contains(word), "{word}: {reason}");
    }
}

#[tokio::test]
async fn a_bomb_is_an_answer() {
    let big = "x".repeat(3 << 20);
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = read(&workbook("", "", &format!("<row>{}</row><row>{}</row>", cell(&big), cell("ok")))).await;
    assert_eq!(row, [(1, vec!["too_large".to_owned()]), (2, vec!["ok".to_owned()])]);
    let far = read(&workbook("", "", "<row><c r=\"EAA1\"><v>1</v></c></row>")).await;
    assert_eq!(far[0].1, ["too_large"], "more than 3,000 columns");
    let endless = refusal(&workbook("", "", &cell(&"x".repeat(20 << 20)).replace("<c", "<row><c"))).await;
    assert!(endless.contains("too large"), "{endless}");
    let shared = format!("<si><t>{}</t></si>", "x".repeat(8 << 20)).repeat(14);
    assert!(refusal(&workbook("", &shared, "<row/>")).await.contains("too large"));
}

#[tokio::test]
async fn a_row_far_down_has_blank_records_before_it() {
    let rows = read(&workbook("", "", "<row r=\"100000\"><c><v>1</v></c></row>")).await;
    assert_eq!(rows.len(), 100_000);
    assert_eq!(rows.last().unwrap(), &(100_000, vec!["1".to_owned()]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_damage_makes_a_workbook_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = workbook("", "<si><t>a</t></si>", "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"3\"><c s=\"1\"><v>5.5</v></c></row>");
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        answer(&bytes);
    }

    #[test]
    fn no_xml_makes_a_workbook_panic(rows in "(<row r=\"[0-9a]{0,9}\">|</row>|<c r=\"[A-Z]{0,4}[0-9]{0,3}\" t=\"[sbnde]?\" s=\"[0-9]{0,3}\">|</c>|<v>|</v>|<is>|<t>|</t>|</is>|&#[0-9]{0,4};|[0-9.eE]{0,5}|<!\\[CDATA\\[|\\]\\]>|<f>|</f>){0,30}") {
        answer(&workbook("", "<si><t>a</t></si>", &rows));
    }
}

fn answer(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        if let Ok(Some(sheet)) = sheet_of(bytes).await {
            let _ = rows_of(sheet).await;
        }
    });
}
