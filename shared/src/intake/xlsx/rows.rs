//! A sheet's rows as records: one row is one record of a CSV made of it, so that everything behind goes the one way.

use std::sync::Arc;

use quick_xml::events::Event;
use tokio::sync::mpsc;

use super::{
    Sheet, number,
    xml::{Xml, attribute, text, unescape},
    zip::{PartReader, ZipError},
};
use crate::intake::{
    code::Code,
    scan::{CELL_LIMIT, COLUMN_LIMIT, Fault, RECORD_LIMIT, RecordSpan, SpanKind},
};

/// The byte between the cells of the records made of a sheet.
pub const DELIMITER: u8 = b',';
/// The rows a sheet can have.
pub const ROWS: u32 = 1_048_576;
/// The columns a sheet can have.
const COLUMNS: usize = 16_384;
/// The most bytes a sheet may have without its compression, as any file.
const SHEET_LIMIT: u64 = 2 << 30;
/// Bytes and rows given on at a time.
const PIECE: (usize, usize) = (1 << 20, 8_192);

/// Some records.
#[derive(Debug, Default)]
pub struct Piece {
    /// Their bytes.
    pub bytes: Vec<u8>,
    /// Where each lies in the whole stream; its line is its row in the sheet.
    pub spans: Vec<RecordSpan>,
}

/// One row with its cells that hold something.
#[derive(Debug, Default)]
struct Row {
    number: u32,
    cells: Vec<(usize, String)>,
    bytes: usize,
    too_large: Option<usize>,
}

/// Rows of the sheet's XML.
struct Rows {
    xml: Xml<PartReader>,
    sheet: Arc<Sheet>,
    last: u32,
}

/// One cell while it is read.
#[derive(Default)]
struct Cell {
    column: usize,
    kind: String,
    style: usize,
    value: Option<String>,
    inline: Option<String>,
    formula: String,
}

/// `C7` is the third column: 2. Only its letters count.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column =
        letters.fold(0usize, |column, b| column.saturating_mul(26) + usize::from(b.to_ascii_uppercase() - b'A') + 1);
    (1..=COLUMNS).contains(&column).then(|| column - 1)
}

impl Rows {
    fn next(&mut self) -> Result<Option<Row>, ZipError> {
        let mut row: Option<Row> = None;
        let (mut cell, mut next, mut phonetic) = (Cell::default(), 0, false);
        // Which of a cell's texts is open.
        let mut open = "";
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Eof => return Ok(None),
                Event::Start(tag) => match (tag.local_name().as_ref(), &row) {
                    ("row", None) => {
                        let number = match attribute(tag, "r") {
                            Some(number) => number.parse().map_err(|_| ZipError::Broken)?,
                            None => self.last + 1,
                        };
                        if number <= self.last || number > ROWS {
                            return Err(ZipError::Broken);
                        }
                        self.last = number;
                        row = Some(Row { number, ..Row::default() });
                    }
                    ("c", Some(_)) => {
                        let column = match attribute(tag, "r") {
                            Some(reference) => column_of(&reference).ok_or(ZipError::Broken)?,
                            None => next,
                        };
                        next = column + 1;
                        cell = Cell {
                            column,
                            kind: attribute(tag, "t").unwrap_or_default(),
                            style: attribute(tag, "s").and_then(|style| style.parse().ok()).unwrap_or(0),
                            ..Cell::default()
                        };
                    }
                    ("v", Some(_)) => {
                        cell.value.get_or_insert_default();
                        open = "v";
                    }
                    ("f", Some(_)) => open = "f",
                    ("rPh", Some(_)) => phonetic = true,
                    ("t", Some(_)) if !phonetic => open = "t",
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        if let Some(row) = row.take() {
                            return Ok(Some(row));
                        }
                    }
                    "c" => {
                        if let Some(row) = &mut row {
                            let cell = std::mem::take(&mut cell);
                            let column = cell.column;
                            let text = self.sheet.text(cell)?;
                            row.push(column, text);
                        }
                    }
                    "rPh" => phonetic = false,
                    "v" | "f" | "t" => open = "",
                    _ => {}
                },
                event if !open.is_empty() => {
                    if let Some(piece) = text(event)? {
                        let target = match open {
                            "v" => cell.value.get_or_insert_default(),
                            "f" => &mut cell.formula,
                            _ => cell.inline.get_or_insert_default(),
                        };
                        // Texts in pieces are bounded like a whole one.
                        if target.len() + piece.len() > RECORD_LIMIT + CELL_LIMIT {
                            return Err(ZipError::TooLarge);
                        }
                        target.push_str(&piece);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Sheet {
    /// The text of a cell.
    fn text(&self, cell: Cell) -> Result<String, ZipError> {
        // A formula that gave an empty text has the kind of one; one never calculated has no value, or no kind.
        let value = cell.value.filter(|value| cell.kind == "str" || !value.trim().is_empty());
        let Some(value) = value else {
            return Ok(match cell.inline {
                Some(text) => unescape(&text).into_owned(),
                // Its formula is shown, so that an empty cell does not stand for it.
                None if !cell.formula.is_empty() => format!("={}", cell.formula),
                None => String::new(),
            });
        };
        Ok(match cell.kind.as_str() {
            "s" => {
                let index = value.trim().parse().map_err(|_| ZipError::Broken)?;
                self.strings.get(index).ok_or(ZipError::Broken)?.to_owned()
            }
            "b" => match value.trim() {
                "1" | "true" => "TRUE".to_owned(),
                "0" | "false" => "FALSE".to_owned(),
                other => other.to_owned(),
            },
            "str" | "inlineStr" => unescape(&value).into_owned(),
            "e" | "d" => value,
            _ => number::text(&value, self.shown.get(cell.style).copied().unwrap_or_default(), self.from_1904),
        })
    }
}

impl Row {
    fn push(&mut self, column: usize, text: String) {
        if text.is_empty() || self.too_large.is_some() {
            return;
        }
        self.bytes += text.len();
        if column >= COLUMN_LIMIT || text.len() > CELL_LIMIT || self.bytes > RECORD_LIMIT {
            self.too_large = Some(column);
            self.cells.clear();
            return;
        }
        self.cells.push((column, text));
    }

    fn is_blank(&self) -> bool {
        self.too_large.is_none() && self.cells.iter().all(|(_, text)| text.bytes().all(|b| matches!(b, b' ' | b'\t')))
    }

    /// Appends the record. `width`: cells up to here are there, if empty.
    fn write(mut self, width: usize, out: &mut Writer) {
        let start = out.piece.bytes.len();
        let (blank, fault) = (self.is_blank(), self.too_large);
        self.cells.sort_by_key(|(column, _)| *column);
        let mut at = 0;
        for (column, text) in &self.cells {
            // A cell that is there twice keeps its first text.
            if *column < at && at > 0 {
                continue;
            }
            let delimiters = column - at + usize::from(at > 0);
            out.piece.bytes.resize(out.piece.bytes.len() + delimiters, DELIMITER);
            at = column + 1;
            quote(text, &mut out.piece.bytes);
        }
        if !blank && fault.is_none() && at < width {
            out.piece.bytes.resize(out.piece.bytes.len() + width - at.max(1), DELIMITER);
        }
        out.piece.bytes.push(b'\n');
        let length = (out.piece.bytes.len() - start) as u64;
        out.piece.spans.push(RecordSpan {
            start: out.offset,
            end: out.offset + length,
            line: self.number,
            line_end: self.number,
            kind: if blank { SpanKind::Blank } else { SpanKind::Record },
            fault: fault.map(|column| Fault { code: Code::TooLarge, column: column as u32 }),
            unterminated: false,
            lookalikes: false,
        });
        out.offset += length;
    }
}

fn quote(text: &str, out: &mut Vec<u8>) {
    if !text.bytes().any(|b| matches!(b, DELIMITER | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

struct Writer {
    piece: Piece,
    offset: u64,
    send: mpsc::Sender<Result<Piece, ZipError>>,
}

/// Nobody reads on.
struct GivenUp;

impl Writer {
    fn flush(&mut self, least: (usize, usize)) -> Result<(), GivenUp> {
        if self.piece.bytes.len() < least.0 && self.piece.spans.len() < least.1 {
            return Ok(());
        }
        self.send.blocking_send(Ok(std::mem::take(&mut self.piece))).map_err(|_| GivenUp)
    }
}

/// The sheet's rows from row `from` (counted from 1) to the last one that holds something, as pieces. Rows before it
/// that hold nothing are blank records; formatted rows behind it are none. `width`: see [`Row::write`].
///
/// # Errors
/// As the sheet's part cannot be read.
pub async fn stream(
    sheet: Arc<Sheet>,
    from: u32,
    width: usize,
) -> Result<mpsc::Receiver<Result<Piece, ZipError>>, ZipError> {
    let part = sheet.container.stream(&sheet.part, SHEET_LIMIT).await?;
    let (send, pieces) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let mut rows = Rows { xml: Xml::new(part), sheet, last: 0 };
        let mut out = Writer { piece: Piece::default(), offset: 0, send };
        if let Ok(Err(error)) = all(&mut rows, &mut out, from, width) {
            let _ = out.send.blocking_send(Err(error));
        }
    });
    Ok(pieces)
}

fn all(rows: &mut Rows, out: &mut Writer, from: u32, width: usize) -> Result<Result<(), ZipError>, GivenUp> {
    let mut next = from;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => return Ok(Err(error)),
        };
        if row.number < from || row.is_blank() {
            continue;
        }
        while next < row.number {
            Row { number: next, ..Row::default() }.write(0, out);
            out.flush(PIECE)?;
            next += 1;
        }
        next = row.number + 1;
        row.write(width, out);
        out.flush(PIECE)?;
    }
    out.flush((1, 1))?;
    Ok(Ok(()))
}

/// A cell's name: `C7`.
pub fn cell_name(column: usize, row: u32) -> String {
    let (mut letters, mut rest) = (Vec::new(), column + 1);
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_have_letters() {
        assert_eq!((cell_name(0, 1), cell_name(2, 7), cell_name(26, 3)), ("A1".into(), "C7".into(), "AA3".into()));
        assert_eq!((column_of("XFD1"), column_of("XFE1"), column_of("7")), (Some(16_383), None, None));
    }

    proptest! {
        #[test]
        fn a_column_s_letters_lead_back_to_it(column in 0usize..COLUMNS) {
            prop_assert_eq!(column_of(&cell_name(column, 1)), Some(column));
        }

        #[test]
        fn a_row_is_split_into_its_cells(cells in proptest::collection::btree_map(0usize..12, "[ -~å\n\r\t\"]{1,6}", 0..6), width in 0usize..9) {
            let (send, _) = mpsc::channel(1);
            let mut out = Writer { piece: Piece::default(), offset: 0, send };
            let mut row = Row { number: 7, ..Row::default() };
            for (column, text) in cells.iter().rev() {
                row.push(*column, text.clone());
            }
            let blank = row.is_blank();
            row.write(width, &mut out);
            prop_assert_eq!(out.piece.spans[0].end as usize, out.piece.bytes.len());
            if !blank {
                let mut splitter = crate::intake::split::Splitter::new(DELIMITER);
                let found = splitter.split(&out.piece.bytes).unwrap();
                prop_assert_eq!(found.len(), width.max(cells.keys().max().map_or(1, |last| last + 1)));
                for (at, text) in found.iter().enumerate() {
                    prop_assert_eq!(text, cells.get(&at).map_or("", String::as_str));
                }
            }
        }
    }
}
