//! A proven record into cells, and whether they fit the header.
//!
//! The csv crate's own state machine does the splitting; [`super::scan`] has proven before that
//! the bytes are one record, so that it has nothing to guess.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::code::{Code, Rejection};
use super::column::Column;
use super::header::Header;

/// Splits records of one file; keeps its buffers.
pub struct Splitter {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    restore: bool,
}

/// The cells of one record.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// How many cells the record has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Never true for the cells of a record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell at `index` from 0, without its quotes; `None` beyond the last.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = *self.ends.get(index)?;
        let begin = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(begin..end)
    }

    /// All cells from left to right.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        let cells = *self;
        (0..self.len()).map(move |index| cells.get(index).unwrap_or_default())
    }
}

impl Splitter {
    /// A splitter for a delimiter.
    pub fn new(delimiter: u8) -> Self {
        let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
        // The machine drops a byte order mark at the begin of what it reads. Ours is gone
        // already: one in front of a later record is content. So let it read something first.
        let _ = reader.read_record(b"x\n", &mut [0; 8], &mut [0; 8]);
        Self { reader, text: vec![0; 4096], ends: vec![0; 64], restore: false }
    }

    /// Of a file that we wrote: [`super::formula::neutralise`] is undone, and cells that still stand as they were
    /// before they could be read ([`super::formula::RAW`]) reject their record.
    pub fn restoring(mut self, restore: bool) -> Self {
        self.restore = restore;
        self
    }

    /// The cells of the record, whose line ending may be there or not.
    ///
    /// # Errors
    /// `undecodable_bytes` if it is not UTF-8: the scanner marks such records, so that only a
    /// caller that ignores the mark gets here.
    pub fn split<'a>(&'a mut self, record: &[u8]) -> Result<Cells<'a>, Rejection> {
        if std::str::from_utf8(record).is_err() {
            return Err(undecodable());
        }
        let body = record.strip_suffix(b"\n").unwrap_or(record);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        let (mut read, mut written, mut cells) = (0, 0, 0);
        loop {
            let (input, last) = if read < body.len() { (&body[read..], false) } else { (&b"\n"[..], true) };
            let (result, used, wrote, ended) =
                self.reader.read_record(input, &mut self.text[written..], &mut self.ends[cells..]);
            (read, written, cells) = (read + used, written + wrote, cells + ended);
            match result {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                // An empty line is no record for the machine; for us it is one empty cell.
                ReadRecordResult::InputEmpty if last => {
                    (self.ends[0], cells) = (0, 1);
                    break;
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::End => break,
            }
        }
        if self.restore {
            written = self.undo_guards(written, cells)?;
        }
        let text = std::str::from_utf8(&self.text[..written]).map_err(|_| undecodable())?;
        Ok(Cells { text, ends: &self.ends[..cells] })
    }

    fn undo_guards(&mut self, written: usize, cells: usize) -> Result<usize, Rejection> {
        let text = std::str::from_utf8(&self.text[..written]).map_err(|_| undecodable())?;
        let (mut restored, mut ends, mut begin) = (String::with_capacity(written), Vec::with_capacity(cells), 0);
        for &end in &self.ends[..cells] {
            let cell = text.get(begin..end).unwrap_or_default();
            if let Some(raw) = cell.strip_prefix(super::formula::RAW) {
                return Err(still_raw(raw));
            }
            restored.push_str(&super::formula::restore(cell));
            ends.push(restored.len());
            begin = end;
        }
        self.ends[..cells].copy_from_slice(&ends);
        self.text[..restored.len()].copy_from_slice(restored.as_bytes());
        Ok(restored.len())
    }
}

fn still_raw(raw: &str) -> Rejection {
    let code = if raw.contains("\\x") { Code::UndecodableBytes } else { Code::StrayQuote };
    let mark = super::formula::RAW.trim();
    Rejection::record(
        code,
        format!(
            "This record still stands here as it could not be read; write its values into their columns and remove {mark}."
        ),
    )
}

fn undecodable() -> Rejection {
    Rejection::record(
        Code::UndecodableBytes,
        "This record holds bytes that are no text in the file's encoding; save the file as UTF-8.",
    )
}

/// Whether the record's number of cells fits the header. Missing optional cells at its end are
/// absent, extra empty ones are ignored. A column without a name at the header's end is none.
///
/// # Errors
/// `too_few_cells` if a required column is beyond the last cell, `too_many_cells` if there is
/// content beyond the header's last column.
pub fn check_width(cells: &Cells<'_>, header: &Header, layout: &[Column]) -> Result<(), Rejection> {
    let (width, found) = (header.columns.len(), cells.len());
    let missing = header
        .columns
        .iter()
        .skip(found)
        .filter_map(|column| layout.get((*column)?))
        .find(|column| column.needs_value());
    if let Some(column) = missing {
        let reason = format!(
            "This record has {found} cells, the header has {width}, and the required column {} is beyond the last; \
             complete the record.",
            column.name
        );
        return Err(Rejection::record(Code::TooFewCells, reason).at(column.name).hinted(format!("{found}, {width}")));
    }
    let named = header.named_width();
    if cells.iter().skip(named).any(|cell| !cell.trim().is_empty()) {
        return Err(Rejection::record(
            Code::TooManyCells,
            format!(
                "This record has content beyond the header's {named} columns; a text that \
                 holds the delimiter must stand in quotes."
            ),
        )
        .hinted(format!("{found}, {named}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::header::match_header;

    const LAYOUT: &[Column] = &[Column::id("id").required(), Column::text("note"), Column::text("more")];

    fn check(record: &str) -> Result<(), Code> {
        let header = match_header(&["id", "note", "more"], LAYOUT).unwrap();
        let mut splitter = Splitter::new(b',');
        let cells = splitter.split(record.as_bytes()).unwrap();
        check_width(&cells, &header, LAYOUT).map_err(|rejection| rejection.code)
    }

    #[test]
    fn cells_come_out_unquoted_and_record_after_record() {
        let mut splitter = Splitter::new(b';');
        for (record, cells) in [
            ("a;b\r\n", vec!["a", "b"]),
            ("\"x;\"\"y\"\"\r\nz\";\n", vec!["x;\"y\"\r\nz", ""]),
            ("\u{feff}a;æ", vec!["\u{feff}a", "æ"]),
            ("", vec![""]),
            (";;", vec!["", "", ""]),
            ("\"\"", vec![""]),
        ] {
            let found = splitter.split(record.as_bytes()).unwrap();
            assert_eq!(found.iter().collect::<Vec<_>>(), cells, "{record:?}");
        }
        let long = format!("{};b", "y".repeat(10_000));
        assert_eq!(splitter.split(long.as_bytes()).unwrap().get(0).unwrap().len(), 10_000);
        let wide = ";".repeat(999);
        assert_eq!(splitter.split(wide.as_bytes()).unwrap().len(), 1_000);
        assert!(splitter.split(b"a;\xff").is_err());
    }

    #[test]
    fn missing_optional_cells_at_the_end_are_absent_and_extra_empty_ones_ignored() {
        assert_eq!(check("1"), Ok(()));
        assert_eq!(check("1,2,3,,  "), Ok(()));
        assert_eq!(check("1,2,3,,x"), Err(Code::TooManyCells));
    }

    #[test]
    fn a_required_cell_that_is_missing_rejects_the_record() {
        let header = match_header(&["note", "id"], LAYOUT).unwrap();
        let mut splitter = Splitter::new(b',');
        let cells = splitter.split(b"only a note").unwrap();
        let rejection = check_width(&cells, &header, LAYOUT).unwrap_err();
        assert_eq!((rejection.code, rejection.column.as_deref()), (Code::TooFewCells, Some("id")));
    }
}
