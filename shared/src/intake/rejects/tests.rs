//! Any cells, through a rejects file and back.

use proptest::prelude::*;

use super::{book::Book, rows};
use crate::intake::{
    decode::{Decoder, Encoding, encode},
    scan::{RecordSpan, Scanner, SpanKind, Width},
    split::Splitter,
};

fn record(cells: &[String], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(cells).unwrap();
    writer.into_inner().unwrap()
}

fn span(bytes: &[u8]) -> RecordSpan {
    let (start, end) = (0, bytes.len() as u64);
    let (kind, fault) = (SpanKind::Record, None);
    RecordSpan { start, end, line: 1, line_end: 1, kind, fault, unterminated: false, lookalikes: false }
}

proptest! {
    #[test]
    fn a_record_is_the_same_after_a_rejects_file_in_any_encoding_and_delimiter(
        cells in proptest::collection::vec("('|=|\\[raw\\] |\"|,|;|\n|\r|\t|[a-zæøåЖ😀 ]){0,6}", 2..7),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        encoding in prop::sample::select(vec![Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be]),
    ) {
        prop_assume!(cells.iter().any(|cell| !cell.trim().is_empty()));
        let original = record(&cells, delimiter);
        let written = rows::rows(&span(&original), Some(&original), &mut Splitter::new(delimiter), delimiter, &[]);
        prop_assert_eq!(written.len(), 1);
        prop_assert!(written[0].cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])));
        let text = String::from_utf8(record(&written[0].cells, delimiter)).unwrap();
        let mut bytes = encoding.bom().to_vec();
        encode(encoding, &text, &mut bytes);
        let text = Decoder::new(encoding).decode(&bytes, true).into_owned();
        let (mut spans, mut scanner) = (Vec::new(), Scanner::new(delimiter, Some(Width::exactly(cells.len()))));
        scanner.scan(&text, true, &mut spans);
        prop_assert_eq!(spans.len(), 1);
        let mut splitter = Splitter::new(delimiter).restoring(true);
        let found = splitter.split(&text).unwrap();
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), cells);
    }
}

#[test]
fn a_sheet_leaves_out_what_it_has_no_room_for_and_says_so() {
    let mut book = Book::new(3).unwrap();
    book.push(1, &["a", "b", "c"], None).unwrap();
    book.push(7, &["a", &"x".repeat(32_768), "c"], None).unwrap();
    book.push(8, &["a", &"å".repeat(32_767), "c"], None).unwrap();
    assert_eq!(book.left_out, [7]);
    assert!(super::left_out(&book.left_out).unwrap().contains("lines 7 are"));
    assert!(book.finish().unwrap().metadata().unwrap().len() > 1000);
}
