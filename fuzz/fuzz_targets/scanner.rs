//! First byte: number of columns (0: unknown). Second: how the stream is cut. The rest: the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::intake::scan::{RecordSpan, Scanner, Width};

fn scan(bytes: &[u8], width: Option<Width>, size: usize) -> Vec<RecordSpan> {
    let (mut scanner, mut spans, mut tail) = (Scanner::new(b',', width), Vec::new(), Vec::new());
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        tail.extend_from_slice(piece);
        rest = after;
        let consumed = scanner.scan(&tail, rest.is_empty(), &mut spans);
        tail.drain(..consumed);
        if rest.is_empty() {
            assert!(tail.is_empty());
            return spans;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let [columns, size, bytes @ ..] = input else { return };
    let width = (*columns > 0).then(|| Width { header: usize::from(*columns), least: usize::from(*columns).div_ceil(2) });
    let spans = scan(bytes, width, usize::MAX);
    let (mut at, mut line) = (0, 1);
    for span in &spans {
        assert_eq!((span.start, span.line), (at, line));
        assert!(span.end > span.start && span.line_end >= span.line);
        at = span.end;
        line = span.line_end + u32::from(!span.unterminated);
    }
    assert_eq!(at, bytes.len() as u64);
    assert_eq!(scan(bytes, width, usize::from(*size) + 1), spans);
});
