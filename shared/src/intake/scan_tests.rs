//! Tests of the scanner: what a fault costs, and properties over any bytes.

use proptest::prelude::*;

use super::code::Code;
use super::line_endings::LineEndings;
use super::scan::*;

/// Scans in pieces of the given sizes (repeated), as a caller with a growing tail would.
fn scan_in(bytes: &[u8], width: Option<usize>, sizes: &[usize]) -> (Vec<RecordSpan>, LineEndings) {
    scan_as(bytes, width.map(Width::exactly), sizes)
}

fn scan_as(bytes: &[u8], width: Option<Width>, sizes: &[usize]) -> (Vec<RecordSpan>, LineEndings) {
    let (mut scanner, mut out, mut tail) = (Scanner::new(b',', width), Vec::new(), Vec::new());
    let (mut rest, mut turn) = (bytes, 0);
    loop {
        let size = sizes[turn % sizes.len()].clamp(1, rest.len().max(1)).min(rest.len());
        turn += 1;
        tail.extend_from_slice(&rest[..size]);
        rest = &rest[size..];
        let consumed = scanner.scan(&tail, rest.is_empty(), &mut out);
        tail.drain(..consumed);
        if rest.is_empty() {
            assert!(tail.is_empty(), "everything is consumed at the end");
            assert_eq!(scanner.offset(), bytes.len() as u64);
            return (out, scanner.endings());
        }
    }
}

fn scan(text: &str, width: usize) -> Vec<RecordSpan> {
    scan_in(text.as_bytes(), Some(width), &[usize::MAX]).0
}

/// `line-line_end code@column` of every record; blanks as `blank`.
fn report(text: &str, width: usize) -> Vec<String> {
    scan(text, width)
        .iter()
        .map(|span| {
            let lines = if span.line == span.line_end {
                span.line.to_string()
            } else {
                format!("{}-{}", span.line, span.line_end)
            };
            match (span.kind, span.fault) {
                (SpanKind::Blank, _) => format!("{lines} blank"),
                (_, None) => lines,
                (_, Some(fault)) => format!("{lines} {}@{}", fault.code, fault.column),
            }
        })
        .collect()
}

#[test]
fn records_end_at_every_kind_of_line_ending() {
    assert_eq!(report("a,b\n1,2\r\n3,4\r5,6", 2), ["1", "2", "3", "4"]);
    let (spans, endings) = scan_in(b"a,b\n1,2\r\n3,4\r5,6", Some(2), &[1]);
    assert!(spans[3].unterminated && !spans[2].unterminated);
    assert_eq!(endings, LineEndings { lf: 1, crlf: 1, cr: 1 });
    assert_eq!(endings.as_str(), "mixed");
}

#[test]
fn line_numbers_count_quoted_newlines_as_an_editor_does() {
    assert_eq!(report("a,\"x\r\ny\nz\",c\n1,2,3\n", 3), ["1-3", "4"]);
}

#[test]
fn empty_lines_and_rows_of_delimiters_are_blank_and_the_last_line_end_is_none() {
    assert_eq!(report("1,2\n\n,\n , \n\"\",\"\"\n\",\",\n", 2), ["1", "2 blank", "3 blank", "4 blank", "5 blank", "6"]);
    assert!(scan("", 2).is_empty());
}

#[test]
fn a_stray_quote_rejects_its_line_alone() {
    for bad in ["2,a \"b\" c,x", "2,6\" pipe,x", "2,\"a\" b,x", "2,\"say \"hi\" you\",x", "2, \"a\",x"] {
        let seen = report(&format!("1,b,c\n{bad}\n3,b,c\n"), 3);
        assert_eq!(seen, ["1", "2 stray_quote@1", "3"], "{bad}");
    }
}

#[test]
fn two_faulty_lines_in_a_row_are_two_rejections() {
    assert_eq!(
        report("1,6\" x,c\n2,6\" x,c\n3,\"x,c\n4,\"y,c\n5,b,c\n", 3),
        ["1 stray_quote@1", "2 stray_quote@1", "3 unclosed_quote@1", "4 unclosed_quote@1", "5"]
    );
}

#[test]
fn a_stray_quote_in_a_cell_of_several_lines_is_one_entry() {
    assert_eq!(report("1,\"one \"two\" and\nthree\",c\n4,b,c\n", 3), ["1-2 stray_quote@1", "3"]);
    assert_eq!(report("1,\"one\nsaid \"hi\" ok\",c\n4,b,c\n", 3), ["1-2 stray_quote@1", "3"]);
    assert_eq!(report("1,a \"b\",\"x\n7,8,9\ny\"\n4,b,c\n", 3), ["1-3 stray_quote@1", "4"]);
}

#[test]
fn an_unclosed_quote_does_not_swallow_the_file() {
    let rest: String = (3..400).map(|n| format!("{n},\"b{n}, x\",c\n")).collect();
    let text = format!("1,b,c\n2,b,\"oops\n{rest}");
    let seen = report(&text, 3);
    assert_eq!(seen[..4], ["1", "2 unclosed_quote@2", "3", "4"]);
    assert_eq!(seen.len(), 399);
    // No further quote in the file; empty quoted cells; a quoted cell that begins with a comma.
    for rest in ["3,b,c\n4,b,c\n", "3,\"\",c\n4,b,c\n", "3,\",x\",c\n4,b,c\n", "3,b,\" \"\"q\"\"\"\n4,b,c\n"] {
        let seen = report(&format!("1,b,c\n2,\"oops,c\n{rest}"), 3);
        assert_eq!(seen, ["1", "2 unclosed_quote@1", "3", "4"], "{rest}");
    }
}

#[test]
fn an_unclosed_quote_takes_its_own_further_lines_with_it() {
    assert_eq!(
        report("1,b,c\n2,b,\"one\n\ntwo, too\n5,\"x\ny\",c\n7,b,c\n", 3),
        ["1", "2-4 unclosed_quote@2", "5-6", "7"]
    );
    assert_eq!(report("1,b,c\n2,b,\"one\ntwo", 3), ["1", "2-3 unclosed_quote@2"]);
    assert_eq!(report("1,b,c\n2,b,\"", 3), ["1", "2 unclosed_quote@2"]);
}

#[test]
fn a_quoted_cell_that_holds_lines_like_records_stays_one_record_and_says_so() {
    let spans = scan("1,\"see:\n7,8,9\nok\",c\n4,b,c\n", 3);
    assert_eq!(spans.len(), 2);
    assert!(spans[0].fault.is_none() && spans[0].lookalikes && !spans[1].lookalikes);
}

#[test]
fn two_faults_that_meet_at_the_wrong_width_are_found() {
    // Line 2 opens a quote, line 4 closes one: strict, but two cells instead of three.
    assert_eq!(
        report("1,b,c\n2,\"x,c\n3,b,c\n4,b,y\"\n5,b,c\n", 3),
        ["1", "2 unclosed_quote@1", "3", "4 stray_quote@2", "5"]
    );
}

#[test]
fn broken_text_rejects_its_record_alone() {
    let (spans, _) = scan_in(b"1,b\n2,\xff\n3,\xc3\n4,\xc3\xa5\n5,\xe2\x82", Some(2), &[3]);
    let faulty: Vec<_> = spans.iter().map(|span| span.fault.map(|f| (f.code, f.column))).collect();
    let broken = Some((Code::UndecodableBytes, 1));
    assert_eq!(faulty, [None, broken, broken, None, broken]);
}

#[test]
fn a_limit_is_an_answer_and_the_file_goes_on() {
    let columns = ",".repeat(COLUMN_LIMIT);
    assert_eq!(report(&format!("1,b\nx{columns}\n3,b\n"), 2), ["1", "2 too_large@3000", "3"]);
    let cell = "x".repeat(CELL_LIMIT + 1);
    assert_eq!(report(&format!("1,b\n2,{cell}\n3,b\n"), 2), ["1", "2 too_large@1", "3"]);
    let lines = "just text\n".repeat(CELL_LIMIT / 9);
    assert_eq!(report(&format!("1,b\n2,\"{lines}\"\n3,b\n"), 2)[1..].len(), 2);
    let record = "x".repeat(RECORD_LIMIT + 1);
    let text = format!("1,b\n{record}\n3,b\n");
    assert_eq!(report(&text, 2), ["1", "2 too_large@0", "3"]);
    let (pieces, _) = scan_in(text.as_bytes(), Some(2), &[1 << 20]);
    assert_eq!(pieces, scan(&text, 2));
}

#[test]
fn an_accidental_close_before_a_line_break_rejects_what_it_merged() {
    assert_eq!(
        report("1,b,\"oops\n2,b,c\n3,b,\"\nfoo\"\n4,b,c\n", 3),
        ["1-3 unclosed_quote@2", "4 stray_quote@0", "5"]
    );
}

#[test]
fn records_that_leave_out_cells_at_the_end_are_trusted_too() {
    let width = Some(Width { header: 6, least: 2 });
    let lines = |text: &str| {
        let (mut scanner, mut out) = (Scanner::new(b',', width), Vec::new());
        scanner.scan(text.as_bytes(), true, &mut out);
        out.iter().map(|span| (span.line, span.fault.is_some())).collect::<Vec<_>>()
    };
    let good = [(1, false), (2, true), (3, false), (4, false)];
    assert_eq!(lines("1,b,c\n2,\"b,c\n3,b,c\n4,b,c\n"), good);
    // The first record is the faulty one: nothing is known yet, but the file is not swallowed.
    let rest = "3,b,c\n".repeat(5_000);
    let found = lines(&format!("2,\"b,c\n{rest}"));
    assert!(found.len() > 3_000, "{}", found.len());
}

/// Bytes in which everything that matters is frequent.
fn crafted() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(&b","[..]), 5 => Just(&b"\""[..]), 3 => Just(&b"\n"[..]), 1 => Just(&b"\r\n"[..]),
        1 => Just(&b"\r"[..]), 3 => Just(&b"x"[..]), 2 => Just(&b"1,2,3\n"[..]),
        1 => Just(&b"\"\""[..]), 1 => Just(&b",\""[..]), 1 => Just(&b"\xff"[..]), 1 => Just("å".as_bytes()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn covers(spans: &[RecordSpan], bytes: &[u8]) -> Result<(), TestCaseError> {
    let (mut at, mut line) = (0, 1);
    for span in spans {
        prop_assert_eq!(span.start, at);
        prop_assert!(span.end > span.start);
        prop_assert_eq!(span.line, line);
        let body = &bytes[span.start as usize..span.end as usize];
        let ends =
            body.iter().enumerate().filter(|&(i, &b)| b == b'\n' || (b == b'\r' && body.get(i + 1) != Some(&b'\n')));
        let ends = ends.count() as u32;
        prop_assert_eq!(span.line_end, span.line + ends - u32::from(!span.unterminated));
        (at, line) = (span.end, span.line + ends);
    }
    prop_assert_eq!(at, bytes.len() as u64);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn spans_cover_every_byte_once_and_do_not_depend_on_the_pieces(
        bytes in prop_oneof![crafted(), any::<Vec<u8>>()],
        width in prop_oneof![
            1 => Just(None), 3 => (1usize..5, 1usize..5).prop_map(|(a, b)| Some(Width { header: a.max(b), least: a.min(b) })),
        ],
        sizes in proptest::collection::vec(1usize..9, 1..6),
    ) {
        let (whole, endings) = scan_as(&bytes, width, &[usize::MAX]);
        covers(&whole, &bytes)?;
        prop_assert_eq!(scan_as(&bytes, width, &sizes), (whole.clone(), endings));
        prop_assert_eq!(scan_as(&bytes, width, &[1]).0, whole);
    }

    #[test]
    fn a_well_formed_file_has_exactly_the_records_the_csv_crate_reads(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-zæ,;\"\r\n ]{0,6}", 3), 1..12),
        crlf in any::<bool>(), always in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(Vec::new());
        for row in &rows { writer.write_record(row).unwrap(); }
        let bytes = writer.into_inner().unwrap();
        let (spans, _) = scan_in(&bytes, Some(3), &[7]);
        prop_assert!(spans.iter().all(|span| span.fault.is_none()));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
        let starts: Vec<u64> = reader.byte_records().map(|r| r.unwrap().position().unwrap().byte()).collect();
        prop_assert_eq!(spans.iter().map(|span| span.start).collect::<Vec<_>>().len(), starts.len());
        let mut splitter = super::split::Splitter::new(b',');
        for (span, row) in spans.iter().zip(&rows) {
            let cells = splitter.split(&bytes[span.start as usize..span.end as usize]).unwrap();
            prop_assert_eq!(cells.iter().collect::<Vec<_>>(), row.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_fault_costs_its_own_record_only(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-zæ][a-z,;\" ]{0,5}(\n[a-z\" ]{1,5})?", 4), 3..12),
        at in any::<prop::sample::Index>(), column in 0usize..4, always in any::<bool>(),
        fault in prop_oneof![Just("\"oops"), Just("5\" x"), Just("\"a\" b"), Just("\"say \"hi\" you\"")],
    ) {
        let bad = at.index(rows.len());
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for (index, row) in rows.iter().enumerate() {
            starts.push(bytes.len() as u64);
            if index == bad {
                let mut cells = ["k", "l", "m", "n"];
                cells[column] = fault;
                bytes.extend_from_slice(cells.join(",").as_bytes());
                bytes.push(b'\n');
                continue;
            }
            let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
            writer.write_record(row).unwrap();
            bytes.extend(writer.into_inner().unwrap());
        }
        let (spans, _) = scan_in(&bytes, Some(4), &[5]);
        let faulty: Vec<bool> = spans.iter().map(|span| span.fault.is_some()).collect();
        let expected: Vec<bool> = (0..rows.len()).map(|index| index == bad).collect();
        prop_assert_eq!(faulty, expected, "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(spans.iter().map(|span| span.start).collect::<Vec<_>>(), starts);
    }
}
