//! `rejects.xlsx`: the rows of `rejects.csv` with every cell as text, so that no spreadsheet makes 42 of 00042 or a
//! date of 4.5. Rows go to a temporary file as they come.

use std::{
    fs::File,
    io::{Read, Seek},
};

use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

/// The most characters of a cell, counted as spreadsheets do, in units of UTF-16.
const CELL: usize = 32_767;
/// The most rows of a sheet.
const ROWS: u32 = 1_048_576;
/// Behind a rejected cell: a light red.
const FAULT: u32 = 0x00FF_D9D4;
/// The most bytes of text, so that the function's temporary storage holds it twice.
const BYTES: usize = 200 << 20;

/// A workbook that is being written.
pub struct Book {
    workbook: Workbook,
    text: Format,
    heading: Format,
    reason: Format,
    /// The cell that was rejected.
    fault: Format,
    row: u32,
    bytes: usize,
    /// Lines of records that a sheet cannot hold, the first hundred.
    pub left_out: Vec<u32>,
}

impl Book {
    /// A workbook with a sheet of so many columns, all of them text.
    ///
    /// # Errors
    /// When there is no temporary storage.
    pub fn new(columns: usize) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        let text = Format::new().set_num_format("@").set_align(FormatAlign::Top);
        let heading = text.clone().set_bold();
        let reason = text.clone().set_text_wrap();
        let fault = text.clone().set_background_color(FAULT);
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name("rejects")?;
        // What is typed into a cell that was empty stays text, too.
        for column in 0..u16::try_from(columns).unwrap_or(u16::MAX) {
            sheet.set_column_format(column, &text)?;
        }
        for column in 2..u16::try_from(columns).unwrap_or(u16::MAX) {
            sheet.set_column_width(column, 20)?;
        }
        sheet.set_column_width(1, 48)?;
        // Rows only: on a narrow screen a frozen reason would leave no room for the cells.
        sheet.set_freeze_panes(2, 0)?;
        Ok(Self { workbook, text, heading, reason, fault, row: 0, bytes: 0, left_out: Vec::new() })
    }

    /// Adds a row; `line` is the record's, `fault` where its rejected cell is.
    ///
    /// # Errors
    /// When the temporary storage is full.
    pub fn push(&mut self, line: u32, cells: &[&str], fault: Option<usize>) -> Result<(), XlsxError> {
        let length: usize = cells.iter().map(|cell| cell.len()).sum();
        let long = |cell: &&str| cell.len() > CELL && cell.encode_utf16().count() > CELL;
        if cells.iter().any(long) || self.row >= ROWS || self.bytes + length > BYTES {
            if self.left_out.len() < 100 {
                self.left_out.push(line);
            }
            return Ok(());
        }
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0u16..).zip(cells) {
            let format = match (self.row, usize::from(column)) {
                (1, _) => &self.heading,
                (2.., 1) => &self.reason,
                (_, at) if fault == Some(at) => &self.fault,
                _ => &self.text,
            };
            if !cell.is_empty() {
                sheet.write_string_with_format(self.row, column, *cell, format)?;
            } else if fault == Some(usize::from(column)) {
                sheet.write_blank(self.row, column, format)?;
            }
        }
        (self.row, self.bytes) = (self.row + 1, self.bytes + length);
        Ok(())
    }

    /// The workbook as a file, from its begin.
    ///
    /// # Errors
    /// When the temporary storage is full.
    pub fn finish(mut self) -> Result<File, XlsxError> {
        let mut file = tempfile::tempfile()?;
        self.workbook.save_to_writer(&file)?;
        file.rewind()?;
        Ok(file)
    }
}

/// The next bytes of a file; none at its end.
pub fn piece(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut piece = Vec::new();
    file.take(4 << 20).read_to_end(&mut piece)?;
    Ok(piece)
}
