//! Pass 1, without a transaction: the file's hash, how it is written, which entity and layout it is, what whole
//! columns prove, and which ids it holds more than once. 32 bytes a record, whatever the file's size.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest;
use jiff::Timestamp;
use tokio_postgres::Client;

use super::{
    blob::{BlobError, BlobStore, ObjectInfo, ObjectRef},
    cell,
    code::{Code, Refusal},
    column::Column,
    decode::Encoding,
    dialect::{self, Dialect},
    entity::{Entity, Layout},
    facts::Facts,
    key,
    mapping::Mapping,
    not_csv,
    preamble::{self, Preamble},
    proof::ColumnProof,
    reader::{Begin, RecordReader},
    scan::SpanKind,
    source::SourceProfile,
    split::{Cells, Splitter},
    xlsx::{self, Sheet, SheetError},
};
use crate::db::DbError;

/// Bytes a ranged read of a workbook, for its hash.
const RANGE: u64 = 4 << 20;
/// More bytes than this are refused.
pub const MOST_BYTES: u64 = 2 << 30;
/// More records than this are refused.
pub const MOST_RECORDS: u64 = 5_000_000;

/// What pass 1 found.
pub struct Survey {
    /// The entity.
    pub entity: &'static Entity,
    /// The layout.
    pub layout: &'static Layout,
    /// How the file is written.
    pub dialect: Dialect,
    /// Its line endings.
    pub line_ending: &'static str,
    /// Header, and what is above it.
    pub preamble: Preamble,
    /// What is declared about the source.
    pub profile: SourceProfile,
    /// The facts each column's cells are read by, by column of the layout.
    pub facts: Vec<Facts>,
    /// SHA-256 of the object's bytes.
    pub sha256: [u8; 32],
    /// Ids that stand in the file more than once.
    pub repeats: Repeats,
    /// The sheet, if the file is a workbook.
    pub sheet: Option<Arc<Sheet>>,
}

impl Survey {
    /// What its records are read by.
    pub fn mapping(&self) -> Mapping<'_> {
        Mapping { entity: self.entity, layout: self.layout, profile: &self.profile, facts: &self.facts }
    }

    /// A splitter for its records: of a file that we wrote the guard against formulas is undone.
    pub fn splitter(&self) -> Splitter {
        Splitter::new(self.dialect.delimiter).restoring(self.preamble.rejects_of.is_some())
    }

    /// A reader from the first record on.
    pub fn begin(&self, info: &ObjectInfo) -> Begin {
        Begin {
            bytes: info.bytes,
            encoding: self.dialect.encoding,
            delimiter: self.dialect.delimiter,
            width: self.preamble.recognised.header.width(self.layout.columns),
            offset: self.preamble.records_start,
            line: self.preamble.records_line,
            sheet: self.sheet.clone(),
        }
    }
}

/// 16 bytes of a hash: enough to tell five million keys apart.
pub type Short = [u8; 16];

/// Ids that stand in the file more than once: key → whether their contents differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Repeats(HashMap<Short, bool>);

impl Repeats {
    /// `None`: the key stands there once. `Some(true)`: several times with different contents.
    pub fn conflict(&self, key: &Short) -> Option<bool> {
        self.0.get(key).copied()
    }

    /// Whether every key stands there once.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why there is no survey.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The file is refused, with what is known of it.
    #[error("{}", .0.reason)]
    Refused(Refusal, Box<Seen>),
    /// The bucket.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What is known of a refused file.
#[derive(Debug, Default)]
pub struct Seen {
    /// How it is written, if it is text.
    pub dialect: Option<Dialect>,
    /// The entity its folder says.
    pub entity: Option<&'static str>,
}

/// Surveys an object. `entities`: what its folder allows. `modified` is the "now" of every rule.
pub async fn survey(
    blobs: &Arc<dyn BlobStore>,
    object: &ObjectRef,
    info: &ObjectInfo,
    entities: &[&'static Entity],
    client: &Client,
) -> Result<Survey, SurveyError> {
    let mut seen = Seen { dialect: None, entity: (entities.len() == 1).then(|| entities[0].name) };
    if info.bytes == 0 {
        return Err(refused(not_csv::NotCsv::Empty.refusal(), seen));
    }
    if info.bytes > MOST_BYTES {
        let reason = "The file is larger than 2 GB; export fewer months at a time and drop the parts.";
        return Err(refused(Refusal::new(Code::TooLarge, reason).hinted("2 GB"), seen));
    }
    let sample = blobs.range(object, 0, info.bytes.min(dialect::SAMPLE as u64)).await?;
    let sheet = match xlsx::recognise(blobs, object, &sample, info.bytes).await {
        Ok(sheet) => sheet.map(Arc::new),
        Err(SheetError::Refused(refusal)) => return Err(refused(refusal, seen)),
        Err(SheetError::Blob(error)) => return Err(error.into()),
    };
    let whole = sample.len() as u64 == info.bytes;
    let source = entities.first().map_or("", |entity| entity.source);
    let dialect = match &sheet {
        Some(_) => xlsx::DIALECT,
        None => dialect::detect(&sample, whole, SourceProfile::encoding_of(client, source).await?),
    };
    seen.dialect = sheet.is_none().then_some(dialect);
    let drop = Dropped { blobs, object, info, sample: &sample, sheet };
    match pass(&drop, entities, client, dialect).await {
        Ok(Pass::Done(survey)) => Ok(*survey),
        // Declared as a Windows code page and valid UTF-8 to its end: no text of that length is by chance.
        Ok(Pass::IsUtf8) => {
            let dialect = Dialect { encoding: Encoding::Utf8, ..dialect };
            match pass(&drop, entities, client, dialect).await? {
                Pass::Done(survey) => Ok(*survey),
                Pass::IsUtf8 => Err(refused(
                    Refusal::new(Code::UndecodableBytes, "The file's encoding cannot be told; save it as UTF-8."),
                    seen,
                )),
            }
        }
        Err(SurveyError::Refused(refusal, _) | SurveyError::Blob(BlobError::Unreadable(refusal))) => {
            Err(refused(refusal, seen))
        }
        Err(other) => Err(other),
    }
}

fn refused(refusal: Refusal, seen: Seen) -> SurveyError {
    SurveyError::Refused(refusal, Box::new(seen))
}

enum Pass {
    Done(Box<Survey>),
    IsUtf8,
}

/// What is surveyed.
struct Dropped<'a> {
    blobs: &'a Arc<dyn BlobStore>,
    object: &'a ObjectRef,
    info: &'a ObjectInfo,
    sample: &'a [u8],
    sheet: Option<Arc<Sheet>>,
}

impl Dropped<'_> {
    async fn header(&self, dialect: &mut Dialect, layouts: &[&[Column]]) -> Result<Preamble, SurveyError> {
        if let Some(sheet) = &self.sheet {
            let refused = |refusal| refused(refusal, Seen::default());
            return xlsx::find_header(sheet, layouts).await?.map_err(refused);
        }
        let whole = self.sample.len() as u64 == self.info.bytes;
        let text = dialect::decode_sample(self.sample, whole, dialect);
        preamble::settle(&text, whole, dialect, layouts).map_err(|refusal| refused(refusal, Seen::default()))
    }
}

async fn pass(
    dropped: &Dropped<'_>,
    entities: &[&'static Entity],
    client: &Client,
    mut dialect: Dialect,
) -> Result<Pass, SurveyError> {
    let refuse = |refusal| refused(refusal, Seen::default());
    let &Dropped { blobs, object, info, .. } = dropped;
    let choices: Vec<(&'static Entity, &'static Layout)> =
        entities.iter().flat_map(|entity| entity.layouts.iter().map(|layout| (*entity, layout))).collect();
    let layouts: Vec<_> = choices.iter().map(|(_, layout)| layout.columns).collect();
    let preamble = dropped.header(&mut dialect, &layouts).await?;
    let (entity, layout) = choices[preamble.recognised.layout];
    preamble.recognised.header.is_export_of(&format!("{}/{}", entity.source, entity.name)).map_err(refuse)?;
    let profile = SourceProfile::load(client, entity.source, entity.name, layout.name).await?;

    let mut survey = Survey {
        entity,
        layout,
        dialect,
        line_ending: "none",
        preamble,
        profile,
        facts: Vec::new(),
        sha256: [0; 32],
        repeats: Repeats::default(),
        sheet: dropped.sheet.clone(),
    };
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut reader = RecordReader::new(blobs.clone(), object.clone(), survey.begin(info));
    let mut splitter = survey.splitter();
    let mut proofs = vec![ColumnProof::default(); layout.columns.len()];
    let mut keys: Vec<(Short, Short)> = Vec::new();
    let late = key::needs_proof(&survey);
    let mut records = 0u64;
    while let Some(batch) = reader.next(|raw| hash.update(raw)).await? {
        records += batch.spans.len() as u64;
        if records > MOST_RECORDS {
            let reason = "The file has more than 5,000,000 records; export fewer months at a time and drop the parts.";
            return Err(refuse(Refusal::new(Code::TooLarge, reason).hinted("5 000 000")));
        }
        for span in batch.spans {
            if span.kind == SpanKind::Blank || span.fault.is_some() {
                continue;
            }
            let bytes = batch.bytes_of(span);
            // A control total may stand below the records as well: `# Total Records: 12`.
            if bytes.starts_with(b"#") || bytes.starts_with(b"\"#") {
                let stated = &mut survey.preamble.control_total;
                *stated = stated.or_else(|| preamble::stated_total(bytes));
            }
            let Ok(cells) = splitter.split(bytes) else { continue };
            for (at, column) in survey.preamble.recognised.header.columns.iter().enumerate() {
                if let (Some(index), Some(cell)) = (column, cells.get(at)) {
                    proofs[*index].feed(layout.columns[*index].kind, cell);
                }
            }
            if !late && let Some(key) = key::of(&survey, &cells, info.modified) {
                keys.push((key.short(), content(&cells)));
            }
        }
    }
    if reader.proves_utf8() && matches!(dialect.encoding, Encoding::Windows1252 | Encoding::Windows1251) {
        return Ok(Pass::IsUtf8);
    }
    survey.line_ending = reader.endings().plus(survey.preamble.endings).as_str();
    if survey.sheet.is_some() {
        for from in (0..info.bytes).step_by(RANGE as usize) {
            hash.update(&blobs.range(object, from, (from + RANGE).min(info.bytes)).await?);
        }
    }
    survey.sha256.copy_from_slice(hash.finish().as_ref());
    survey.facts = proofs.iter().map(|proof| proof.facts(&survey.profile.facts, dialect.delimiter)).collect();
    if late {
        keys = keys_by_proven_columns(&survey, blobs, object, info).await?;
    }
    survey.repeats = repeats(keys);
    if survey.repeats.0.values().any(|differ| *differ) {
        compare_values(&mut survey, blobs, object, info).await?;
    }
    Ok(Pass::Done(Box::new(survey)))
}

/// A key with a date in it is known when the whole column has proven how its dates are read: then the file is read
/// once more.
async fn keys_by_proven_columns(
    survey: &Survey,
    blobs: &Arc<dyn BlobStore>,
    object: &ObjectRef,
    info: &ObjectInfo,
) -> Result<Vec<(Short, Short)>, BlobError> {
    let mut keys = Vec::new();
    let mut reader = RecordReader::new(blobs.clone(), object.clone(), survey.begin(info));
    let mut splitter = survey.splitter();
    while let Some(batch) = reader.next(|_| {}).await? {
        for span in batch.spans.iter().filter(|span| span.kind != SpanKind::Blank && span.fault.is_none()) {
            let Ok(cells) = splitter.split(batch.bytes_of(span)) else { continue };
            if let Some(key) = key::of(survey, &cells, info.modified) {
                keys.push((key.short(), content(&cells)));
            }
        }
    }
    Ok(keys)
}

fn content(cells: &Cells<'_>) -> Short {
    let mut bytes = Vec::with_capacity(512);
    for cell in cells.iter() {
        bytes.extend_from_slice(&(cell.len() as u64).to_be_bytes());
        bytes.extend_from_slice(cell.as_bytes());
    }
    short(&bytes)
}

/// The first 16 bytes of a SHA-256.
pub fn short(bytes: &[u8]) -> Short {
    cut(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub(super) fn cut(hash: &[u8]) -> Short {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

pub(super) fn repeats(mut keys: Vec<(Short, Short)>) -> Repeats {
    keys.sort_unstable();
    let mut found = HashMap::new();
    for pair in keys.windows(2) {
        if pair[0].0 == pair[1].0 {
            *found.entry(pair[0].0).or_insert(false) |= pair[0].1 != pair[1].1;
        }
    }
    Repeats(found)
}

/// Cells that differ may be the same values written in two ways: ids whose records differ are read again, now that
/// the columns are proven. A record that cannot be read is rejected for its own reason and contradicts nothing.
async fn compare_values(
    survey: &mut Survey,
    blobs: &Arc<dyn BlobStore>,
    object: &ObjectRef,
    info: &ObjectInfo,
) -> Result<(), BlobError> {
    let mut contents: HashMap<Short, Short> = HashMap::new();
    let mut differ: HashMap<Short, bool> = HashMap::new();
    let mut reader = RecordReader::new(blobs.clone(), object.clone(), survey.begin(info));
    let mut splitter = survey.splitter();
    while let Some(batch) = reader.next(|_| {}).await? {
        for span in batch.spans {
            if span.kind == SpanKind::Blank || span.fault.is_some() {
                continue;
            }
            let Ok(cells) = splitter.split(batch.bytes_of(span)) else { continue };
            let Some(key) = key::of(survey, &cells, info.modified).map(|key| key.short()) else { continue };
            if survey.repeats.0.get(&key) != Some(&true) {
                continue;
            }
            let Some(values) = canonical(survey, &cells, info.modified) else { continue };
            let earlier = *contents.entry(key).or_insert(values);
            *differ.entry(key).or_insert(false) |= earlier != values;
        }
    }
    for (key, conflict) in &mut survey.repeats.0 {
        *conflict = *conflict && differ.get(key).copied().unwrap_or(false);
    }
    Ok(())
}

fn canonical(survey: &Survey, cells: &Cells<'_>, now: Timestamp) -> Option<Short> {
    let mut context = digest::Context::new(&digest::SHA256);
    for (at, column) in survey.preamble.recognised.header.columns.iter().enumerate() {
        let Some(index) = column else { continue };
        let raw = cells.get(at).unwrap_or_default();
        let value = cell::read(&survey.layout.columns[*index], raw, &survey.facts[*index], now).ok()?;
        let value = value.map(|value| value.canonical()).unwrap_or_default();
        context.update(&(value.len() as u64).to_be_bytes());
        context.update(value.as_bytes());
    }
    Some(cut(context.finish().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_stand_twice_are_found_and_whether_they_differ() {
        let (a, b, c) = (short(b"a"), short(b"b"), short(b"c"));
        let (x, y) = (short(b"x"), short(b"y"));
        let found = repeats(vec![(a, x), (b, x), (a, x), (c, x), (b, y)]);
        assert_eq!((found.conflict(&a), found.conflict(&b), found.conflict(&c)), (Some(false), Some(true), None));
    }
}
