//! The pieces together: a file's bytes to values, as an importer goes.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::cell::read;
use super::code::Code;
use super::column::Column;
use super::decode::{Decoder, Encoding};
use super::facts::Facts;
use super::proof::ColumnProof;
use super::scan::{RecordSpan, Scanner, SpanKind};
use super::split::{Splitter, check_width};
use super::{dialect, fault, not_csv, preamble};

const LAYOUT: &[Column] = &[
    Column::id("session_id").required(),
    Column::email("participant_email").required(),
    Column::timestamp("scheduled_at").required().aliases(&["Session date"]),
    Column::score("score"),
    Column::rating("rating"),
    Column::text("feedback_text"),
];

/// The fate of every record: its line and its values, `blank`, or its code.
fn import(bytes: &[u8]) -> Result<Vec<String>, Code> {
    if let Some(other) = not_csv::looks_like(&bytes[..bytes.len().min(dialect::SAMPLE)]) {
        return Err(other.refusal().code);
    }
    let mut dialect = dialect::detect(bytes, true, None);
    let text = Decoder::new(dialect.encoding).decode(bytes, true).into_owned();
    let preamble = preamble::settle(&text, true, &mut dialect, &[LAYOUT]).map_err(|r| r.code)?;
    let header = &preamble.recognised.header;
    let (begin, line) = (preamble.records_start, preamble.records_line);
    let width = Some(header.width(LAYOUT));
    let mut scanner = Scanner::resume(dialect.delimiter, width, begin, line);
    let mut spans = Vec::new();
    scanner.scan(&text[begin as usize..], true, &mut spans);
    let ends = spans.last().map_or(begin, |span| span.end);
    assert_eq!(ends, text.len() as u64, "preamble, header and spans are the whole file");
    let bytes_of = |span: &RecordSpan| &text[span.start as usize..span.end as usize];

    let mut splitter = Splitter::new(dialect.delimiter);
    let mut proofs = vec![ColumnProof::default(); LAYOUT.len()];
    for span in spans.iter().filter(|span| span.fault.is_none()) {
        let cells = splitter.split(bytes_of(span)).map_err(|r| r.code)?;
        for (cell, column) in cells.iter().zip(&header.columns) {
            if let Some(at) = column {
                proofs[*at].feed(LAYOUT[*at].kind, cell);
            }
        }
    }
    let declared = Facts { zone: TimeZone::get("Europe/Oslo").ok(), ..Facts::default() };
    let now: Timestamp = "2025-06-15T12:00:00Z".parse().unwrap();
    let facts: Vec<Facts> = proofs.iter().map(|proof| proof.facts(&declared, dialect.delimiter)).collect();
    let fate = |span: &RecordSpan| {
        if span.kind == SpanKind::Blank {
            return "blank".to_owned();
        }
        if let Some(rejection) = fault::rejection(span, header, LAYOUT) {
            return rejection.code.to_string();
        }
        let mut splitter = Splitter::new(dialect.delimiter);
        let cells = splitter.split(bytes_of(span)).unwrap();
        if let Some(rejection) = fault::no_record(&cells, header, LAYOUT) {
            return rejection.code.to_string();
        }
        let values = check_width(&cells, header, LAYOUT).and_then(|()| {
            let each = LAYOUT.iter().zip(&facts).enumerate().map(|(at, (column, facts))| {
                let raw = header.position(at).and_then(|at| cells.get(at)).unwrap_or_default();
                read(column, raw, facts, now)
            });
            each.collect::<Result<Vec<_>, _>>()
        });
        let truncated = fault::may_be_truncated(span, &cells, header);
        match values {
            Err(rejection) => rejection.code.to_string(),
            Ok(values) => {
                let texts: Vec<String> = values.iter().flatten().map(|value| value.canonical()).collect();
                format!("{}{}", texts.join("|"), if truncated { " truncated?" } else { "" })
            }
        }
    };
    Ok(spans.iter().map(|span| format!("{} {}", span.line, fate(span))).collect())
}

const NORWEGIAN: &str = "sep=;\r\n# Total Records: 7\r\nSession ID;Participant E-mail;Session date;Score;Rating;Feedback text\r\n\
    00042;Anna@Example.org;13/03/2025;92,5;4;\"Fint, \"\"veldig\"\"\r\nbra\"\r\n\
    0042;anna+x@example.org;04/03/2025;;1;Дякую\r\n\
    ;;;;;\r\n\
    3;b@example.org;04/03/2025;1;1;\"never closed\r\n\
    4;b@example.org;04/03/2025;101;1;x\r\n\
    Session ID;Participant E-mail;Session date;Score;Rating;Feedback text\r\n\
    Total;;;;4;\r\n\
    5;b@example.org;04/03/2025";

#[test]
fn a_norwegian_spreadsheet_export_is_read_to_the_last_row() {
    let expected = [
        "4 00042|anna@example.org|2025-03-12T23:00:00Z day|92.5|4 of 1-5|Fint, \"veldig\"\r\nbra",
        "6 0042|anna+x@example.org|2025-03-03T23:00:00Z day|1 of 1-5|Дякую",
        "7 blank",
        "8 unclosed_quote",
        "9 out_of_range",
        "10 repeated_header",
        "11 footer_row",
        "12 5|b@example.org|2025-03-03T23:00:00Z day truncated?",
    ];
    assert_eq!(import(NORWEGIAN.as_bytes()).unwrap(), expected);
    let marked = format!("\u{feff}{NORWEGIAN}");
    assert_eq!(import(marked.as_bytes()).unwrap(), expected);
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import(&utf16).unwrap(), expected);
    assert_eq!(dialect::detect(&utf16, true, None).encoding, Encoding::Utf16Le);
}

#[test]
fn ragged_records_do_not_hide_the_delimiter_of_a_known_header() {
    let text = "session_id;participant_email;scheduled_at;score\n\
        1;a@b.no;2025-03-04;1,5\n2;c@d.no;2025-03-04;2,5;;\n3;c@d.no;2025-03-04;3,5;\n4;2,5\n";
    let fates = import(text.as_bytes()).unwrap();
    assert_eq!(fates.len(), 4);
    assert!(fates[0].ends_with("|1.5") && fates[1].ends_with("|2.5"), "{fates:?}");
    assert_eq!(fates[3], "5 too_few_cells");
}

#[test]
fn a_header_without_records_is_a_file_of_none() {
    let header = "session_id,participant_email,scheduled_at";
    assert_eq!(import(header.as_bytes()), Ok(Vec::new()));
    assert_eq!(import(format!("{header}\r\n").as_bytes()), Ok(Vec::new()));
    assert_eq!(import(b""), Err(Code::EmptyFile));
}

proptest! {
    #[test]
    fn every_file_gets_an_answer(
        bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), cut in 0usize..30,
    ) {
        let mut file = NORWEGIAN.as_bytes().to_vec();
        let at = at.index(file.len());
        file.splice(at..file.len().min(at + cut), bytes);
        let _ = import(&file);
    }
}
