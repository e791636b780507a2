//! A dropped object as batches of records: ranged reads by version, one fetched ahead, decoded and scanned, in
//! constant memory. The idle network works while the database does, and no stream stays open over a transaction.
//! The rows of a workbook come the same way.

use std::{borrow::Cow, sync::Arc};

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    blob::{BlobError, BlobStore, ObjectRef},
    decode::{Decoder, Encoding},
    line_endings::LineEndings,
    scan::{RECORD_LIMIT, RecordSpan, Scanner, Width},
    xlsx::{Sheet, rows},
};

/// Bytes a ranged read.
const RANGE: u64 = 4 << 20;
/// Records a batch: of empty lines one read holds millions.
const MOST: usize = 1 << 16;

/// Where a reader begins, from the preamble.
#[derive(Clone)]
pub struct Begin {
    /// The object's length.
    pub bytes: u64,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// The byte between cells.
    pub delimiter: u8,
    /// How many cells a record has.
    pub width: Width,
    /// Offset of the first record in the decoded stream.
    pub offset: u64,
    /// The first record's physical line.
    pub line: u32,
    /// The sheet, if the object is a workbook: its rows are the lines, and encoding, delimiter and offset do not count.
    pub sheet: Option<Arc<Sheet>>,
}

/// Reads one object's records.
pub struct RecordReader {
    blobs: Arc<dyn BlobStore>,
    object: ObjectRef,
    bytes: u64,
    ahead: Option<JoinHandle<Result<Vec<u8>, BlobError>>>,
    asked: u64,
    got: u64,
    decoder: Decoder,
    scanner: Scanner,
    /// Decoded bytes to leave out at the begin: the preamble.
    skip: u64,
    buffer: Vec<u8>,
    consumed: usize,
    /// What is left in the buffer holds more records.
    more: bool,
    spans: Vec<RecordSpan>,
    /// The beginning of a faulty record that began in an earlier buffer, and where; nothing if it is too long.
    kept: Vec<u8>,
    kept_from: u64,
    sheet: Option<SheetRows>,
}

/// The rows of a workbook's sheet.
struct SheetRows {
    sheet: Arc<Sheet>,
    from: u32,
    width: usize,
    pieces: Option<mpsc::Receiver<Result<rows::Piece, super::xlsx::ZipError>>>,
}

/// Some records and their bytes.
pub struct Batch<'a> {
    bytes: &'a [u8],
    base: u64,
    kept: &'a [u8],
    kept_from: u64,
    /// The records, in file order.
    pub spans: &'a [RecordSpan],
}

impl Batch<'_> {
    /// The bytes of a record without a fault.
    pub fn bytes_of(&self, span: &RecordSpan) -> &[u8] {
        let at = |offset: u64| offset.saturating_sub(self.base) as usize;
        self.bytes.get(at(span.start)..at(span.end)).unwrap_or_default()
    }

    /// The bytes of any record, decoded; none of one that has a fault and is longer than a record may be.
    pub fn raw_of(&self, span: &RecordSpan) -> Option<Cow<'_, [u8]>> {
        if span.start >= self.base {
            return Some(Cow::Borrowed(self.bytes_of(span)));
        }
        let begin = usize::try_from(span.start.checked_sub(self.kept_from)?).ok()?;
        let kept = self.kept.get(begin..).filter(|kept| !kept.is_empty())?;
        let rest = self.bytes.get(..span.end.saturating_sub(self.base) as usize)?;
        Some(Cow::Owned([kept, rest].concat()))
    }
}

impl RecordReader {
    /// A reader from the first record on.
    pub fn new(blobs: Arc<dyn BlobStore>, object: ObjectRef, begin: Begin) -> Self {
        let mut reader = Self {
            blobs,
            object,
            bytes: begin.bytes,
            ahead: None,
            asked: 0,
            got: 0,
            decoder: Decoder::new(begin.encoding),
            scanner: Scanner::resume(begin.delimiter, Some(begin.width), begin.offset, begin.line),
            skip: begin.offset,
            buffer: Vec::new(),
            consumed: 0,
            more: false,
            spans: Vec::new(),
            kept: Vec::new(),
            kept_from: 0,
            sheet: begin.sheet.map(|sheet| SheetRows {
                sheet,
                from: begin.line,
                width: begin.width.header,
                pieces: None,
            }),
        };
        if reader.sheet.is_none() {
            reader.fetch_ahead();
        }
        reader
    }

    fn fetch_ahead(&mut self) {
        if self.asked < self.bytes {
            let (from, to) = (self.asked, (self.asked + RANGE).min(self.bytes));
            let (blobs, object) = (self.blobs.clone(), self.object.clone());
            self.ahead = Some(tokio::spawn(async move { blobs.range(&object, from, to).await }));
            self.asked = to;
        }
    }

    /// The next records; `raw` is called with every byte of the object once, in order (not for a workbook, which is
    /// not read in order). None at the end.
    pub async fn next(&mut self, mut raw: impl FnMut(&[u8])) -> Result<Option<Batch<'_>>, BlobError> {
        self.spans.clear();
        if self.sheet.is_some() {
            return self.next_rows().await;
        }
        loop {
            self.keep();
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
            let base = self.scanner.offset();
            if !self.more && !self.read_on(&mut raw).await? {
                return Ok(None);
            }
            let eof = self.got >= self.bytes;
            (self.consumed, self.more) = self.scanner.scan_some(&self.buffer, eof, MOST, &mut self.spans);
            if !self.spans.is_empty() {
                return Ok(Some(self.batch(base)));
            }
            if eof {
                return Ok(None);
            }
        }
    }

    /// Puts the next piece behind what is in the buffer. False: there is none.
    async fn read_on(&mut self, raw: &mut impl FnMut(&[u8])) -> Result<bool, BlobError> {
        let piece = match self.ahead.take() {
            Some(ahead) => ahead.await.map_err(|_| BlobError::Unavailable("the read was broken off".to_owned()))??,
            // An object without bytes, or all of them read.
            None if self.got == self.bytes => return Ok(false),
            None => return Err(BlobError::Unavailable("the object is shorter than it said".to_owned())),
        };
        self.fetch_ahead();
        raw(&piece);
        self.got += piece.len() as u64;
        let eof = self.got >= self.bytes;
        if !eof && self.ahead.is_none() {
            return Err(BlobError::Unavailable("the object is shorter than it said".to_owned()));
        }
        let text = self.decoder.decode(&piece, eof);
        let skip = self.skip.min(text.len() as u64);
        self.skip -= skip;
        self.buffer.extend_from_slice(&text[skip as usize..]);
        Ok(true)
    }

    fn batch(&self, base: u64) -> Batch<'_> {
        Batch { bytes: &self.buffer, base, kept: &self.kept, kept_from: self.kept_from, spans: &self.spans }
    }

    async fn next_rows(&mut self) -> Result<Option<Batch<'_>>, BlobError> {
        let Some(sheet) = &mut self.sheet else { return Ok(None) };
        if sheet.pieces.is_none() {
            sheet.pieces = Some(rows::stream(sheet.sheet.clone(), sheet.from, sheet.width).await?);
        }
        let Some(piece) = (match &mut sheet.pieces {
            Some(pieces) => pieces.recv().await.transpose()?,
            None => None,
        }) else {
            return Ok(None);
        };
        (self.buffer, self.spans) = (piece.bytes, piece.spans);
        let base = self.spans.first().map_or(0, |span| span.start);
        Ok(Some(self.batch(base)))
    }

    /// Keeps what is about to go of a faulty record that is not at its end yet.
    fn keep(&mut self) {
        let base = self.scanner.offset() - self.consumed as u64;
        let Some(start) = self.scanner.lost_since() else {
            self.kept.clear();
            return;
        };
        if start >= base {
            self.kept.clear();
            self.kept_from = start;
        } else if self.kept.is_empty() {
            // It was longer than what is kept already.
            return;
        }
        let from = start.saturating_sub(base) as usize;
        self.kept.extend_from_slice(self.buffer.get(from..self.consumed).unwrap_or_default());
        if self.kept.len() > RECORD_LIMIT {
            self.kept = Vec::new();
        }
    }

    /// The line endings seen so far.
    pub fn endings(&self) -> LineEndings {
        self.scanner.endings()
    }

    /// Whether a file declared as a Windows code page turned out to be UTF-8.
    pub fn proves_utf8(&self) -> bool {
        self.decoder.proves_utf8()
    }
}

impl Drop for RecordReader {
    fn drop(&mut self) {
        if let Some(ahead) = self.ahead.take() {
            ahead.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::blob::MemoryBlobs;

    fn reader_of(text: &str, records: u64) -> RecordReader {
        let blobs = Arc::new(MemoryBlobs::default());
        let version = blobs.drop_file("b", "k", text.as_bytes());
        let object = ObjectRef { bucket: "b".into(), key: "k".into(), version };
        let begin = Begin {
            bytes: text.len() as u64,
            encoding: Encoding::Utf8,
            delimiter: b',',
            width: Width::exactly(2),
            offset: records,
            line: 2,
            sheet: None,
        };
        RecordReader::new(blobs, object, begin)
    }

    #[tokio::test]
    async fn a_read_full_of_empty_lines_comes_in_batches_that_have_a_bound() {
        let text = format!("id,text\n{}1,x\n", "\n".repeat(300_000));
        let mut reader = reader_of(&text, 8);
        let (mut at, mut found) = (8, 0);
        while let Some(batch) = reader.next(|_| {}).await.unwrap() {
            assert!(batch.spans.len() <= MOST);
            for span in batch.spans {
                assert_eq!((span.start, batch.bytes_of(span).len() as u64), (at, span.end - at));
                (at, found) = (span.end, found + 1);
            }
        }
        assert_eq!((at, found), (text.len() as u64, 300_001));
    }

    #[tokio::test]
    async fn records_come_whole_over_the_border_of_two_reads() {
        let line = format!("1,{}\n", "x".repeat(1000));
        let lines = (RANGE as usize * 2) / line.len() + 10;
        let text = format!("id,text\n{}", line.repeat(lines));
        let mut reader = reader_of(&text, 8);
        let (mut found, mut raw) = (0, 0);
        while let Some(batch) = reader.next(|bytes| raw += bytes.len()).await.unwrap() {
            for span in batch.spans {
                assert_eq!(batch.bytes_of(span), line.as_bytes());
                found += 1;
            }
        }
        assert_eq!((found, raw), (lines, text.len()));
    }
}
