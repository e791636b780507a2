//! The rejected records of an import, for a person to correct and drop again.
//!
//! `rejects.csv` begins with `# teei-rejects import=<id>`, then a header `_line`, `_reason` and the file's own columns,
//! then the records as they came, in the file's own encoding and with its delimiter. `rejects.xlsx` is the same with
//! every cell as text and the rejected one in colour. Reasons are in the language of whoever announced the file. Every cell is guarded against being run as a formula ([`super::formula`]); the guard is undone
//! when such a file comes back, and for such files only. How a record that could not be read is written, see
//! [`rows::rows`]; as long as its cells keep their mark it is rejected again.
//!
//! Both are written after the commit, from the dropped object and the fates in the database, so that writing them again
//! gives the same; memory is bounded whatever the number of rejections. What became of a file that was corrected and
//! dropped again, see [`compare`].

mod book;
pub mod compare;
pub mod rows;
mod source;
mod upload;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;
use tokio_postgres::{GenericClient, types::Type};
use uuid::Uuid;

pub use self::source::Source;
use self::{book::Book, upload::Upload};
use super::{
    apply::ApplyError,
    blob::{BlobError, BlobStore},
    code::Rejection,
    decode::{Encoding, encode},
    entity::Entity,
    formula::{neutralise, restore},
    header::REJECTS_COLUMNS,
    receipt::{Outcome, Receipt},
    split::Splitter,
    words::{self, Lang},
};
use crate::db::DbError;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The key of `rejects.csv` in the results bucket.
    pub csv: Option<String>,
    /// The key of `rejects.xlsx`.
    pub xlsx: Option<String>,
    /// What is missing of them and why: `gone` if the dropped object is not there any more, else a sentence.
    pub note: Option<String>,
}

impl Written {
    /// Tells it in the receipt and in the stored one, unless that is another by now: a commit that came meanwhile writes
    /// its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(self, client: &impl GenericClient, receipt: &mut Receipt) -> Result<(), DbError> {
        (receipt.rejects_key, receipt.rejects_xlsx_key, receipt.rejects_note) = (self.csv, self.xlsx, self.note);
        let told = serde_json::json!({
            "rejects_key": receipt.rejects_key,
            "rejects_xlsx_key": receipt.rejects_xlsx_key,
            "rejects_note": receipt.rejects_note,
        });
        client
            .execute_typed(
                "UPDATE intake.imports SET receipt = receipt || jsonb_strip_nulls($2)
                 WHERE import_id = $1 AND receipt ->> 'finished_at' = $3",
                &[(&receipt.id, Type::UUID), (&told, Type::JSONB), (&receipt.finished_at.to_string(), Type::TEXT)],
            )
            .await?;
        Ok(())
    }
}

/// Whether an import has rejects that are to be written: some of its records were rejected, and not the whole file.
pub fn wanted(receipt: &Receipt) -> bool {
    let kept = matches!(receipt.outcome, Outcome::Loaded | Outcome::Unchanged | Outcome::Planned);
    kept && receipt.counts.rejected > 0 && receipt.dialect.is_some()
}

/// Whether they are still to be written.
pub fn missing(receipt: &Receipt) -> bool {
    wanted(receipt) && receipt.rejects_key.is_none() && receipt.rejects_note.is_none()
}

/// Writes the rejects of an import whose fates are in the database.
///
/// # Errors
/// The bucket's or the database's, when another try may do better.
pub async fn write(
    blobs: &Arc<dyn BlobStore>,
    results_bucket: &str,
    client: &impl GenericClient,
    entities: &[&'static Entity],
    receipt: &Receipt,
) -> Result<Written, ApplyError> {
    if !wanted(receipt) {
        return Ok(Written::default());
    }
    let source = match Source::open(blobs, entities, receipt).await {
        Ok(Some(source)) => source,
        Ok(None) | Err(BlobError::Gone | BlobError::Unreadable(_)) => return Ok(gone()),
        Err(error) => return Err(error.into()),
    };
    let key = |file: &str| receipt.result_key(file);
    let csv = Upload::new(blobs.as_ref(), results_bucket, key("rejects.csv"), "text/csv");
    let columns = source.header.len() + REJECTS_COLUMNS.len();
    let book = Book::new(columns).map_err(|_| storage())?;
    let mut sinks = Sinks {
        csv,
        book,
        encoding: source.encoding,
        delimiter: source.delimiter,
        terminator: source.terminator(),
        encoded: Vec::new(),
    };
    match fill(&mut sinks, &source, client, receipt.id).await {
        Ok(()) => {}
        Err(ApplyError::Blob(BlobError::Gone)) => {
            sinks.csv.give_up(BlobError::Gone).await;
            return Ok(gone());
        }
        Err(error) => {
            sinks.csv.give_up(BlobError::Gone).await;
            return Err(error);
        }
    }
    let Sinks { csv, book, .. } = sinks;
    let csv = csv.finish().await?;
    let note = left_out(&book.left_out);
    let mut file =
        tokio::task::spawn_blocking(|| book.finish()).await.map_err(|_| storage())?.map_err(|_| storage())?;
    const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let mut xlsx = Upload::new(blobs.as_ref(), results_bucket, key("rejects.xlsx"), XLSX);
    loop {
        let piece = book::piece(&mut file).map_err(|_| storage())?;
        if piece.is_empty() {
            break;
        }
        xlsx.push(&piece).await?;
    }
    Ok(Written { csv: Some(csv), xlsx: Some(xlsx.finish().await?), note })
}

fn gone() -> Written {
    Written { note: Some("gone".to_owned()), ..Written::default() }
}

fn storage() -> BlobError {
    BlobError::Unavailable("the temporary storage is full".to_owned())
}

fn left_out(lines: &[u32]) -> Option<String> {
    let shown: Vec<String> = lines.iter().take(5).map(ToString::to_string).collect();
    let more = if lines.len() > shown.len() { ", …" } else { "" };
    (!lines.is_empty()).then(|| {
        format!(
            "The records of the lines {}{more} are in rejects.csv only: a sheet has no room for them (32,767 characters a cell).",
            shown.join(", ")
        )
    })
}

struct Sinks<'a> {
    csv: Upload<'a>,
    book: Book,
    encoding: Encoding,
    delimiter: u8,
    terminator: csv::Terminator,
    encoded: Vec<u8>,
}

impl Sinks<'_> {
    async fn push(&mut self, line: u32, cells: &[&str], fault: Option<usize>) -> Result<(), BlobError> {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(self.delimiter).terminator(self.terminator).flexible(true);
        let mut writer = builder.from_writer(Vec::new());
        let text = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok());
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(storage)?;
        self.encoded.clear();
        encode(self.encoding, &text, &mut self.encoded);
        self.csv.push(&self.encoded).await?;
        self.book.push(line, cells, fault).map_err(|_| storage())
    }
}

/// Writes head and rows.
async fn fill(
    sinks: &mut Sinks<'_>,
    source: &Source,
    client: &impl GenericClient,
    import_id: Uuid,
) -> Result<(), ApplyError> {
    sinks.csv.push(sinks.encoding.bom()).await?;
    sinks.push(1, &[&format!("# teei-rejects import={import_id}")], None).await?;
    let names = REJECTS_COLUMNS.iter().map(|name| Cow::Borrowed(*name));
    let ours = source.ours();
    let columns = source.header.iter().enumerate().filter(|(at, _)| !ours.contains(at));
    let header: Vec<Cow<'_, str>> =
        names.chain(columns.map(|(_, name)| Cow::Owned(neutralise(&restore(name)).into_owned()))).collect();
    sinks.push(2, &header.iter().map(AsRef::as_ref).collect::<Vec<_>>(), None).await?;

    let mut rejections = Rejections { import_id, block: Vec::new().into_iter(), behind: 0 };
    let mut next = rejections.next(client).await?;
    let (mut reader, mut number) = (source.reader(), 0u32);
    let mut splitter = Splitter::new(source.delimiter);
    while let Some((rejected, _)) = &next {
        let mut wanted = *rejected;
        let Some(batch) = reader.next(|_| {}).await? else { break };
        for span in batch.spans {
            number += 1;
            if number != wanted {
                continue;
            }
            let rejection = next.take().map(|(_, rejection)| rejection).unwrap_or_default();
            let reason = rejection.reason(source.language);
            let fault = rejection.column().and_then(|column| source.place_of(column));
            let fault = fault.map(|at| at - ours.iter().filter(|&&our| our < at).count() + REJECTS_COLUMNS.len());
            for row in rows::rows(span, batch.raw_of(span).as_deref(), &mut splitter, source.delimiter, &ours) {
                let line = row.line.to_string();
                let reason = match row.continues {
                    true => Cow::Owned(words::goes_on(source.language, span.line.into())),
                    false => neutralise(&reason),
                };
                let mut cells = vec![line.as_str(), reason.as_ref()];
                cells.extend(row.cells.iter().map(String::as_str));
                sinks.push(span.line, &cells, fault.filter(|_| span.fault.is_none())).await?;
            }
            next = rejections.next(client).await?;
            match &next {
                Some((rejected, _)) => wanted = *rejected,
                None => break,
            }
        }
    }
    Ok(())
}

/// What is stored of a rejection. A code of another version keeps its stored sentence.
#[derive(Default)]
struct Rejected(Value);

impl Rejected {
    fn reason(&self, language: Lang) -> String {
        match serde_json::from_value::<Rejection>(self.0.clone()) {
            Ok(rejection) => words::sentence(language, &rejection),
            Err(_) => self.0["reason"].as_str().unwrap_or_default().to_owned(),
        }
    }

    fn column(&self) -> Option<&str> {
        self.0["column"].as_str()
    }
}

/// Rejected records in file order, a block of a thousand records at a time.
struct Rejections {
    import_id: Uuid,
    block: std::vec::IntoIter<(u32, Rejected)>,
    /// The last record whose block was read.
    behind: i32,
}

impl Rejections {
    /// The next one's number from 1, and why.
    async fn next(&mut self, client: &impl GenericClient) -> Result<Option<(u32, Rejected)>, DbError> {
        loop {
            if let Some(next) = self.block.next() {
                return Ok(Some(next));
            }
            let found = client
                .query_typed(
                    "SELECT first_record, array_positions(fates, 'rejected'), notes FROM intake.fates
                     WHERE import_id = $1 AND first_record > $2 AND 'rejected' = ANY (fates) ORDER BY first_record LIMIT 1",
                    &[(&self.import_id, Type::UUID), (&self.behind, Type::INT4)],
                )
                .await?;
            let Some(row) = found.first() else { return Ok(None) };
            let (first, positions, notes): (i32, Vec<i32>, Value) = (row.get(0), row.get(1), row.get(2));
            self.behind = first;
            let rejected = |at: i32| {
                let record = first + at - 1;
                (u32::try_from(record).unwrap_or_default(), Rejected(notes[record.to_string()].clone()))
            };
            self.block = positions.into_iter().map(rejected).collect::<Vec<_>>().into_iter();
        }
    }
}
