//! A workbook as a drop: its first sheet, row by row, through the same strict path as a CSV.
//!
//! | | |
//! |---|---|
//! | recognised | by what it is, not by its name: a container with a workbook in it (`.xlsx`, `.xlsm`, `.xltx`) |
//! | read | the first sheet that is shown; the others are named in a warning |
//! | records | one a row, hidden ones too; a row without content is a blank record, the formatted ones at the end are none |
//! | lines | row numbers; reasons name sheet and cell |
//! | texts | as they are: shared, inline, rich; a formula by its last value, by itself if it has none |
//! | numbers | the shortest exact decimal; dates as ISO text without a zone, so that the source's zone rules apply |
//! | booleans, errors | `TRUE`, `FALSE`, `#N/A` |
//!
//! Memory is bounded: parts are inflated as streams, one tag or text is at most 9 MB, the table of shared texts at most
//! 96 MB; a workbook beyond that is refused with the advice to save a CSV.

mod book;
mod number;
pub mod rows;
mod strings;
mod xml;
mod zip;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::zip::ZipError;
use self::{
    number::Shown,
    strings::Strings,
    zip::{Container, Part},
};
use super::{
    blob::{BlobError, BlobStore, ObjectRef},
    code::{Code, Refusal},
    column::Column,
    decode::Encoding,
    dialect::Dialect,
    fates::Note,
    mask::mask,
    not_csv::{self, NotCsv},
    preamble::{self, Preamble},
    scan::{RECORD_LIMIT, RecordSpan, SpanKind},
    split::Splitter,
    survey::Survey,
};

/// The most bytes of a small part: the workbook's own, its relationships, its styles.
const PART_LIMIT: u64 = 8 << 20;
/// The most bytes of the table of shared texts without its compression.
const STRINGS_LIMIT: u64 = 1 << 30;

/// A sheet that can be read.
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// The workbook's other sheets.
    pub others: Vec<String>,
    container: Container,
    part: Part,
    strings: Strings,
    shown: Vec<Shown>,
    from_1904: bool,
}

/// Why there is no sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetError {
    /// The file is refused.
    Refused(Refusal),
    /// The bucket.
    Blob(BlobError),
}

impl From<ZipError> for SheetError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Blob(error) => Self::Blob(error),
            ZipError::Broken => Self::Refused(NotCsv::Workbook.refusal()),
            ZipError::Encrypted => refused(
                "This looks like a container that is locked with a password; unlock it, save it and drop it again.",
            ),
            ZipError::TooLarge => Self::Refused(Refusal::new(
                Code::TooLarge,
                "The workbook is too large to be read; save its first sheet as \"CSV UTF-8\" and drop that.",
            )),
        }
    }
}

impl From<ZipError> for BlobError {
    fn from(error: ZipError) -> Self {
        match SheetError::from(error) {
            SheetError::Blob(error) => error,
            SheetError::Refused(refusal) => Self::Unreadable(refusal),
        }
    }
}

fn refused(reason: &str) -> SheetError {
    SheetError::Refused(Refusal::new(Code::NotCsv, reason))
}

/// What a workbook's dialect counts as: the records made of a sheet are written so.
pub const DIALECT: Dialect =
    Dialect { encoding: Encoding::Utf8, bom: false, delimiter: rows::DELIMITER, sep_line: false };

/// What a receipt says in the place of a workbook's encoding.
pub const ENCODING: &str = "xlsx";

/// The sheet of a file that is a workbook; none for one that may be a CSV.
///
/// # Errors
/// `not_csv` with what the file looks like if it is neither, `too_large`; the bucket.
pub async fn recognise(
    blobs: &Arc<dyn BlobStore>,
    object: &ObjectRef,
    sample: &[u8],
    bytes: u64,
) -> Result<Option<Sheet>, SheetError> {
    match not_csv::looks_like(sample) {
        None => Ok(None),
        Some(kind @ (NotCsv::Workbook | NotCsv::Zip)) => match open(blobs.clone(), object.clone(), bytes).await {
            // A container that is cut off has no directory: its beginning says what it was.
            Err(SheetError::Refused(refusal)) if refusal == NotCsv::Workbook.refusal() => {
                Err(SheetError::Refused(kind.refusal()))
            }
            opened => opened.map(Some),
        },
        Some(NotCsv::OldWorkbook) => {
            Err(SheetError::Refused(compound(blobs.as_ref(), object, sample, bytes).await.map_err(SheetError::Blob)?))
        }
        Some(other) => Err(SheetError::Refused(other.refusal())),
    }
}

/// The header among the sheet's first rows.
///
/// # Errors
/// The bucket, or a sheet that cannot be read; inside, the refusal of one without a header that is known.
pub async fn find_header(sheet: &Arc<Sheet>, layouts: &[&[Column]]) -> Result<Result<Preamble, Refusal>, BlobError> {
    Ok(find_header_cells(sheet, layouts).await?.map(|(preamble, _)| preamble))
}

/// As [`find_header`], with the header's cells as they stand there.
///
/// # Errors
/// As [`find_header`].
pub async fn find_header_cells(
    sheet: &Arc<Sheet>,
    layouts: &[&[Column]],
) -> Result<Result<(Preamble, Vec<String>), Refusal>, BlobError> {
    let mut pieces = rows::stream(sheet.clone(), 1, 0).await?;
    let (mut found, mut splitter, mut bytes) = (Vec::new(), Splitter::new(rows::DELIMITER), 0);
    while let Some(piece) = pieces.recv().await {
        let piece = piece?;
        let base = piece.spans.first().map_or(0, |span| span.start);
        bytes += piece.bytes.len();
        for span in piece.spans.iter().filter(|span| span.kind == SpanKind::Record && span.fault.is_none()) {
            let record = piece.bytes.get((span.start - base) as usize..(span.end - base) as usize).unwrap_or_default();
            if let Ok(cells) = splitter.split(record) {
                found.push((span.line, cells.iter().map(ToOwned::to_owned).collect::<Vec<_>>()));
            }
        }
        if found.len() >= preamble::TITLE_LIMIT as usize || bytes > RECORD_LIMIT {
            break;
        }
    }
    Ok(preamble::find_header_row(&found, layouts).map(|preamble| {
        let row = found.into_iter().find(|(row, _)| *row == preamble.header_line);
        (preamble, row.map(|(_, cells)| cells).unwrap_or_default())
    }))
}

/// Says in a reason where in the sheet it is, if the file is a workbook.
pub fn name_cell(survey: &Survey, span: &RecordSpan, note: &mut Note) {
    let (Some(sheet), Some(rejection)) = (&survey.sheet, &mut note.rejection) else { return };
    let index = survey.layout.columns.iter().position(|column| Some(column.name) == rejection.column.as_deref());
    let column = index.and_then(|index| survey.preamble.recognised.header.position(index));
    rejection.reason = format!("{} ({})", rejection.reason, place(sheet, column, span.line));
}

/// Where a cell is, for a person: `cell C7 of sheet "Mars"`. A name of a sheet that looks like an address or a number
/// of a person is not repeated.
pub fn place(sheet: &Sheet, column: Option<usize>, row: u32) -> String {
    let name = shown_name(&sheet.name);
    match column {
        Some(column) => format!("cell {} of sheet \"{name}\"", rows::cell_name(column, row)),
        None => format!("row {row} of sheet \"{name}\""),
    }
}

fn shown_name(name: &str) -> String {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let plain = name.chars().count() <= 31 && !name.contains(|c: char| c == '@' || c.is_control()) && digits <= 8;
    if plain { name.to_owned() } else { mask(name) }
}

/// What a person should know about the workbook: sheets that were not read.
pub fn unread_sheets(sheet: &Sheet) -> Option<String> {
    let shown: Vec<String> = sheet.others.iter().take(5).map(|name| format!("\"{}\"", shown_name(name))).collect();
    let more = if sheet.others.len() > shown.len() { ", …" } else { "" };
    (!shown.is_empty()).then(|| {
        format!(
            "Only the sheet \"{}\" was read; not read: {}{more}. Drop them as files of their own.",
            shown_name(&sheet.name),
            shown.join(", ")
        )
    })
}

/// Opens the first sheet of an object of so many bytes that begins like a container.
///
/// # Errors
/// `not_csv` with what the file looks like, `too_large`; the bucket.
pub async fn open(blobs: Arc<dyn BlobStore>, object: ObjectRef, bytes: u64) -> Result<Sheet, SheetError> {
    let container = Container::open(blobs, object, bytes).await?;
    let main = main_part(&container).await?;
    let book = book::book(&container.read(&main, PART_LIMIT).await?)?;
    let (folder, file) = main.name.rsplit_once('/').unwrap_or(("", &main.name));
    let relations = match container.part(&format!("{folder}/_rels/{file}.rels")) {
        Some(part) => book::relations(&container.read(part, PART_LIMIT).await?, folder)?,
        None => Vec::new(),
    };
    let part_of = |relation: &book::Relation| container.part(&relation.part).cloned();
    let of_kind = |kind: &str| relations.iter().find(|relation| relation.kind == kind).and_then(part_of);
    let mut sheets: Vec<(&book::Listed, Part)> = Vec::new();
    for listed in &book.sheets {
        let relation = relations.iter().find(|relation| relation.id == listed.relation);
        if let Some(part) = relation.filter(|relation| relation.kind == "worksheet").and_then(part_of) {
            sheets.push((listed, part));
        }
    }
    let first = sheets.iter().position(|(listed, _)| listed.visible).unwrap_or(0);
    let Some((listed, part)) = sheets.get(first).cloned() else {
        return Err(refused(
            "This looks like an Excel workbook without a sheet of cells; drop the one with the records.",
        ));
    };
    let shown = match of_kind("styles") {
        Some(part) => book::styles(&container.read(&part, PART_LIMIT).await?)?,
        None => Vec::new(),
    };
    let strings = match of_kind("sharedStrings") {
        Some(part) => {
            let reader = container.stream(&part, STRINGS_LIMIT).await?;
            tokio::task::spawn_blocking(move || Strings::read(reader)).await.map_err(|_| ZipError::Broken)??
        }
        None => Strings::default(),
    };
    let others = book.sheets.iter().filter(|other| *other != listed).map(|other| other.name.clone()).collect();
    let (name, from_1904) = (listed.name.clone(), book.from_1904);
    Ok(Sheet { name, others, container, part, strings, shown, from_1904 })
}

/// The workbook's own part, or what the container is instead.
async fn main_part(container: &Container) -> Result<Part, SheetError> {
    let has = |name: &str| container.part(name).is_some();
    let mut main = None;
    if let Some(part) = container.part("_rels/.rels") {
        let relations = book::relations(&container.read(part, PART_LIMIT).await?, "")?;
        main = relations.into_iter().find(|relation| relation.kind == "officeDocument").map(|relation| relation.part);
    }
    let main = main.unwrap_or_else(|| "xl/workbook.xml".to_owned());
    if main.to_lowercase().starts_with("word/") || has("word/document.xml") {
        return Err(refused("This looks like a Word document (.docx); drop the CSV or .xlsx export instead."));
    }
    if main.to_lowercase().starts_with("ppt/") || has("ppt/presentation.xml") {
        return Err(refused(
            "This looks like a PowerPoint presentation (.pptx); drop the CSV or .xlsx export instead.",
        ));
    }
    if main.to_lowercase().ends_with(".bin") || has("xl/workbook.bin") {
        return Err(refused("This looks like a binary Excel workbook (.xlsb); save it as .xlsx and drop that."));
    }
    if let Some(part) = container.part(&main) {
        return Ok(part.clone());
    }
    if has("content.xml") && has("mimetype") {
        return Err(refused(
            "This looks like an OpenDocument file (.ods); save it as .xlsx or as \"CSV UTF-8\" and drop that.",
        ));
    }
    let workbook = container.parts.iter().any(|part| part.name.starts_with("xl/"));
    Err(SheetError::Refused(if workbook { NotCsv::Workbook } else { NotCsv::Zip }.refusal()))
}

/// What a compound file of old Office is: since 2007 one holds a workbook that is locked with a password.
///
/// # Errors
/// The bucket.
pub async fn compound(
    blobs: &dyn BlobStore,
    object: &ObjectRef,
    sample: &[u8],
    bytes: u64,
) -> Result<Refusal, BlobError> {
    let sector = sample.get(48..52).and_then(|at| at.try_into().ok()).map_or(0, u32::from_le_bytes);
    let at = 512 + 512 * u64::from(sector);
    let directory = match at < bytes {
        true => blobs.range(object, at, bytes.min(at + 4096)).await?,
        false => Vec::new(),
    };
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let has = |bytes: &[u8]| memchr::memmem::find(bytes, &name).is_some();
    if has(&directory) || has(sample) {
        let reason =
            "This looks like an Excel workbook that is locked with a password; save it without one and drop that.";
        return Ok(Refusal::new(Code::NotCsv, reason));
    }
    Ok(NotCsv::OldWorkbook.refusal())
}
