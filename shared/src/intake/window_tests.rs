//! Files larger than one read: where a window ends says nothing about the records in it.

use proptest::prelude::*;

use super::scan::{RecordSpan, Scanner, Width};

/// Bytes of a window, as the importer reads them.
const WINDOW: usize = 4 << 20;

fn scan(bytes: &[u8], width: Width, window: usize) -> Vec<RecordSpan> {
    let (mut scanner, mut spans, mut tail) = (Scanner::new(b',', Some(width)), Vec::new(), Vec::new());
    let mut windows = bytes.chunks(window).peekable();
    while let Some(piece) = windows.next() {
        tail.extend_from_slice(piece);
        let consumed = scanner.scan(&tail, windows.peek().is_none(), &mut spans);
        tail.drain(..consumed);
    }
    spans
}

/// Rows of three cells with every cell quoted, most of them clean.
fn rows() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        12 => "[a-zå ]{0,40}", 2 => Just("one, two".to_owned()), 2 => Just("say \"\"hi\"\"".to_owned()),
        2 => Just("one\r\ntwo".to_owned()), 1 => Just("see:\n1,2,3".to_owned()), 1 => Just("\n,".to_owned()),
        1 => Just("6\" pipe".to_owned()),
    ];
    let row = (cell.clone(), cell.clone(), cell).prop_map(|(a, b, c)| format!("\"{a}\",\"{b}\",\"{c}\"\r\n"));
    proptest::collection::vec(prop_oneof![30 => row, 1 => Just("1,\"oops,c\n".to_owned())], 20..60)
        .prop_map(|rows| rows.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn windows_of_four_megabytes_give_the_same_spans_as_the_whole_file(rows in rows(), least in 2usize..=3) {
        let file = rows.repeat(WINDOW / rows.len() + 2);
        let width = Width { header: 3, least };
        let whole = scan(file.as_bytes(), width, file.len());
        prop_assert!(scan(file.as_bytes(), width, WINDOW) == whole);
        prop_assert!(scan(file.as_bytes(), width, WINDOW / 3) == whole);
    }
}
