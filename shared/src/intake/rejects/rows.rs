//! A rejected record as rows of a rejects file.

use std::borrow::Cow;

use crate::intake::{
    code::Code,
    formula::{RAW, neutralise, neutralise_inside, restore},
    scan::{RecordSpan, SpanKind},
    split::Splitter,
};

/// One row: the physical line it stood on, and its cells as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the record, or of the part of it that this row is.
    pub line: u32,
    /// It goes on with the record of the row before.
    pub continues: bool,
    /// The cells, guarded.
    pub cells: Vec<String>,
}

/// The rows of a record. One that can be split is one row, as it came. One whose quotes are wrong is a row for each of
/// its lines, in the first cell and marked with [`RAW`]: where its cells begin and end is for a person to say. One with
/// bytes that are no text has its cells, and those that hold such bytes are marked, the bytes written as `\xE5`. `raw`:
/// none if the record is too long to be written. `ours`: where `_line` and `_reason` are, if the file was rejects
/// itself: they are left out, and guards and marks that are there already are not doubled.
pub fn rows(span: &RecordSpan, raw: Option<&[u8]>, splitter: &mut Splitter, delimiter: u8, ours: &[usize]) -> Vec<Row> {
    debug_assert!(span.kind == SpanKind::Record);
    let others = |at: usize| !ours.contains(&at);
    let guarded = |cell: &str| match ours.is_empty() {
        true => neutralise(cell).into_owned(),
        false if cell.starts_with(RAW) => cell.to_owned(),
        false => neutralise(&restore(cell)).into_owned(),
    };
    let one = |cells| vec![Row { line: span.line, continues: false, cells }];
    let Some(raw) = raw.filter(|raw| !raw.is_empty()) else {
        let length = span.end - span.start;
        return one(vec![format!("{RAW}{length} bytes, too long to be written here: see the dropped file.")]);
    };
    match span.fault.map(|fault| fault.code) {
        None => match splitter.split(raw) {
            Ok(cells) => {
                one(cells.iter().enumerate().filter(|(at, _)| others(*at)).map(|(_, cell)| guarded(cell)).collect())
            }
            Err(_) => one(vec![format!("{RAW}{}", visible(raw))]),
        },
        Some(Code::UndecodableBytes) => one(broken_cells(raw, delimiter, guarded)
            .into_iter()
            .enumerate()
            .filter(|(at, _)| others(*at))
            .map(|(_, cell)| cell)
            .collect()),
        Some(_) => {
            let lines = physical_lines(raw);
            let row = |(at, line)| Row {
                line: span.line + at,
                continues: at > 0,
                cells: vec![format!("{RAW}{}", neutralise_inside(&visible(line)))],
            };
            (0u32..).zip(lines).map(row).collect()
        }
    }
}

/// Cells of a record whose quotes are right, but not all of its bytes.
fn broken_cells(raw: &[u8], delimiter: u8, guarded: impl Fn(&str) -> String) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(raw);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).unwrap_or(false) {
        return vec![format!("{RAW}{}", visible(raw))];
    }
    let cell = |cell: &[u8]| match std::str::from_utf8(cell) {
        Ok(text) => guarded(text),
        Err(_) => format!("{RAW}{}", visible(cell)),
    };
    record.iter().map(cell).collect()
}

/// Text, with bytes that are none as `\xE5`.
fn visible(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    Cow::Owned(out)
}

fn physical_lines(raw: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut rest) = (Vec::new(), raw);
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        lines.push(&rest[..end]);
        let ending = match rest.get(end..end + 2) {
            Some(b"\r\n") => 2,
            _ => 1,
        };
        rest = rest.get(end + ending..).unwrap_or_default();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::scan::Fault;

    fn of(raw: &[u8], fault: Option<Code>) -> Vec<(u32, Vec<String>)> {
        let span = RecordSpan {
            start: 0,
            end: raw.len() as u64,
            line: 5,
            line_end: 5,
            kind: SpanKind::Record,
            fault: fault.map(|code| Fault { code, column: 0 }),
            unterminated: false,
            lookalikes: false,
        };
        let rows = rows(&span, Some(raw), &mut Splitter::new(b','), b',', &[]);
        rows.into_iter().map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn a_record_that_can_be_split_comes_as_it_was_and_guarded() {
        assert_eq!(of(b"1,\"a\nb\",=x\r\n", None), [(5, vec!["1".into(), "a\nb".into(), "'=x".into()])]);
        assert_eq!(of(b"[raw] x\n", None), [(5, vec!["'[raw] x".into()])]);
    }

    #[test]
    fn a_record_with_wrong_quotes_comes_line_by_line_and_marked() {
        let rows = of(b"1,\"never closed\r\n2,b\r\n", Some(Code::UnclosedQuote));
        assert_eq!(rows, [(5, vec!["[raw] 1,\"never closed".into()]), (6, vec!["[raw] 2,b".into()])]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_in_their_cell() {
        let rows = of(b"1,K\xe5re,\"x\"\n", Some(Code::UndecodableBytes));
        assert_eq!(rows, [(5, vec!["1".into(), "[raw] K\\xE5re".into(), "x".into()])]);
    }
}
