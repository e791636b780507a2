//! A whole file as it is dropped.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::intake::{
    column::Column,
    decode::{Decoder, Encoding},
    dialect, not_csv, preamble,
    scan::Scanner,
    split::Splitter,
};

const LAYOUT: &[Column] = &[
    Column::id("session_id").required(),
    Column::email("participant_email").required(),
    Column::timestamp("completed_at"),
    Column::text("feedback_text"),
];

fuzz_target!(|bytes: &[u8]| {
    let sample = &bytes[..bytes.len().min(dialect::SAMPLE)];
    if not_csv::looks_like(sample).is_some() {
        return;
    }
    let whole = sample.len() == bytes.len();
    for declared in [None, Some(Encoding::Windows1251)] {
        let mut dialect = dialect::detect(sample, whole, declared);
        let begin = dialect::decode_sample(sample, whole, &dialect);
        let Ok(preamble) = preamble::settle(&begin, whole, &mut dialect, &[LAYOUT]) else { continue };
        let text = Decoder::new(dialect.encoding).decode(bytes, true).into_owned();
        let width = Some(preamble.recognised.header.width(LAYOUT));
        let mut scanner = Scanner::resume(dialect.delimiter, width, preamble.records_start, preamble.records_line);
        let mut spans = Vec::new();
        let records = &text[preamble.records_start as usize..];
        assert_eq!(scanner.scan(records, true, &mut spans), records.len());
        let mut splitter = Splitter::new(dialect.delimiter);
        for span in spans.iter().filter(|span| span.fault.is_none()) {
            assert!(splitter.split(&text[span.start as usize..span.end as usize]).is_ok());
        }
    }
});
