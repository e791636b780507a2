//! An import's dropped object, opened again by what its receipt says of it.

use std::sync::Arc;

use crate::intake::{
    blob::{BlobError, BlobStore, ObjectRef},
    column::Column,
    decode::Encoding,
    dialect::{self, Dialect},
    entity::Entity,
    header::{Header, REJECTS_COLUMNS},
    preamble::{self, Preamble},
    reader::{Begin, RecordReader},
    receipt::Receipt,
    split::Splitter,
    words::Lang,
    xlsx,
};

/// The dropped object of an import.
pub struct Source {
    blobs: Arc<dyn BlobStore>,
    object: ObjectRef,
    begin: Begin,
    preamble: Preamble,
    /// The columns of its layout.
    pub columns: &'static [Column],
    /// Its header's cells as they stand in it.
    pub header: Vec<String>,
    /// How its text is encoded; UTF-8 for a workbook.
    pub encoding: Encoding,
    /// The byte between cells; a comma for a workbook.
    pub delimiter: u8,
    line_ending: String,
    /// The language of whoever announced it; English if nobody did.
    pub language: Lang,
}

impl Source {
    /// Opens it. None: the receipt does not say enough, or what is there is not what was imported.
    ///
    /// # Errors
    /// The bucket's; `Gone` if it is not there any more.
    pub async fn open(
        blobs: &Arc<dyn BlobStore>,
        entities: &[&'static Entity],
        receipt: &Receipt,
    ) -> Result<Option<Self>, BlobError> {
        let entity = entities.iter().find(|entity| Some(entity.name) == receipt.entity.as_deref());
        let layout = entity
            .and_then(|entity| entity.layouts.iter().find(|layout| Some(layout.name) == receipt.layout.as_deref()));
        let (Some(layout), Some(found), Some(file)) = (layout, &receipt.dialect, &receipt.file) else {
            return Ok(None);
        };
        let object = ObjectRef { bucket: file.bucket.clone(), key: file.key.clone(), version: file.version.clone() };
        let info = blobs.head(&file.bucket, &file.key, Some(&file.version)).await?;
        if info.bytes == 0 {
            return Ok(None);
        }
        let sample = blobs.range(&object, 0, info.bytes.min(dialect::SAMPLE as u64)).await?;
        let columns: &'static [Column] = layout.columns;
        let (sheet, dialect) = match found.encoding.as_str() {
            xlsx::ENCODING => match xlsx::recognise(blobs, &object, &sample, info.bytes).await {
                Ok(Some(sheet)) => (Some(Arc::new(sheet)), xlsx::DIALECT),
                Ok(None) | Err(xlsx::SheetError::Refused(_)) => return Ok(None),
                Err(xlsx::SheetError::Blob(error)) => return Err(error),
            },
            name => {
                let delimiter = dialect::DELIMITERS.into_iter().find(|&delimiter| {
                    let of = Dialect { encoding: Encoding::Utf8, bom: false, delimiter, sep_line: false };
                    of.delimiter_name() == found.delimiter
                });
                let (Some(encoding), Some(delimiter)) = (encoding(name), delimiter) else { return Ok(None) };
                (None, Dialect { encoding, bom: found.bom, delimiter, sep_line: false })
            }
        };
        let (preamble, header) = match &sheet {
            Some(sheet) => match xlsx::find_header_cells(sheet, &[columns]).await? {
                Ok(found) => found,
                Err(_) => return Ok(None),
            },
            None => {
                let whole = sample.len() as u64 == info.bytes;
                let text = dialect::decode_sample(&sample, whole, &dialect);
                let Ok(preamble) = preamble::find_header(&text, whole, dialect.delimiter, &[columns]) else {
                    return Ok(None);
                };
                let (from, to) = (preamble.header_start as usize, preamble.records_start as usize);
                let mut splitter = Splitter::new(dialect.delimiter);
                let Ok(cells) = splitter.split(text.get(from..to).unwrap_or_default()) else { return Ok(None) };
                let header = cells.iter().map(ToOwned::to_owned).collect();
                (preamble, header)
            }
        };
        let begin = Begin {
            bytes: info.bytes,
            encoding: dialect.encoding,
            delimiter: dialect.delimiter,
            width: preamble.recognised.header.width(columns),
            offset: preamble.records_start,
            line: preamble.records_line,
            sheet,
        };
        Ok(Some(Self {
            blobs: blobs.clone(),
            object,
            begin,
            preamble,
            columns,
            header,
            encoding: dialect.encoding,
            delimiter: dialect.delimiter,
            line_ending: found.line_ending.clone(),
            language: info.language.unwrap_or_default(),
        }))
    }

    /// A reader from the first record on.
    pub fn reader(&self) -> RecordReader {
        RecordReader::new(self.blobs.clone(), self.object.clone(), self.begin.clone())
    }

    /// Where `_line` and `_reason` are in it, if it was a rejects file itself.
    pub fn ours(&self) -> Vec<usize> {
        let ours = |name: &String| REJECTS_COLUMNS.contains(&name.trim());
        match self.preamble.rejects_of {
            Some(_) => (0..self.header.len()).filter(|&at| ours(&self.header[at])).collect(),
            None => Vec::new(),
        }
    }

    /// Where one of our columns stands in it.
    pub fn place_of(&self, column: &str) -> Option<usize> {
        let ours = |at: &Option<usize>| at.and_then(|at| self.columns.get(at)).is_some_and(|one| one.name == column);
        self.recognised().columns.iter().position(ours)
    }

    /// Its header.
    pub fn recognised(&self) -> &Header {
        &self.preamble.recognised.header
    }

    /// Whether it was a rejects file itself: then guards are undone in it.
    pub fn is_rejects(&self) -> bool {
        self.preamble.rejects_of.is_some()
    }

    /// How lines are ended in what is written for it.
    pub fn terminator(&self) -> csv::Terminator {
        match self.line_ending.as_str() {
            "lf" => csv::Terminator::Any(b'\n'),
            "cr" => csv::Terminator::Any(b'\r'),
            _ => csv::Terminator::CRLF,
        }
    }
}

fn encoding(name: &str) -> Option<Encoding> {
    use Encoding::{Utf8, Utf16Be, Utf16Le, Windows1251, Windows1252};
    [Utf8, Utf16Le, Utf16Be, Windows1252, Windows1251].into_iter().find(|encoding| encoding.as_str() == name)
}
