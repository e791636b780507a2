//! A rejects file that came back, corrected: which cells were changed that nobody had asked to change.
//!
//! Every record is looked up by its `_line` in the object it was rejected from. The rejected column may be changed; any
//! other difference is told, so that a person says yes to it: a spreadsheet that made 42 of 00042, a sort that took one
//! column along and not the others. The same value written in another way (`4.5` and `4,5`, `2025-03-04` and
//! `04.03.2025`, line endings inside a cell, blanks around it) is no difference. A record that could not be read, and one
//! that was rejected as a whole, has no column that is at fault: anything in it may be changed.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use tokio_postgres::{GenericClient, types::Type};
use uuid::Uuid;

use super::Source;
use crate::intake::{
    apply::ApplyError,
    blob::{BlobError, BlobStore, ObjectInfo, ObjectRef},
    code::Code,
    column::{Column, Kind},
    date,
    entity::Entity,
    facts::{DateOrder, DecimalSign, Facts},
    formula::restore,
    header::{Header, REJECTS_COLUMNS},
    number,
    reader::RecordReader,
    receipt::{ChangedCell, Receipt, Warning},
    scan::SpanKind,
    split::Splitter,
    survey::Survey,
};

/// Cells that are told one by one.
const SHOWN: usize = 100;
/// Cells whose hashes are kept at a time: 8 bytes each.
const CELLS: usize = 4_000_000;

/// What a rejects file is, against the one it came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The import the records were rejected by.
    pub first_attempt: Option<Uuid>,
    /// The first hundred cells that were changed outside the rejected column, by the line they stand on now.
    pub changed: Vec<ChangedCell>,
    /// How many there are.
    pub changes: u32,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

impl Comparison {
    fn change(&mut self, line: u32, column: &str) {
        self.changes += 1;
        if self.changed.len() < SHOWN {
            self.changed.push(ChangedCell { line, column: column.to_owned() });
        }
    }

    fn warn(&mut self, code: Code, records: u32, first_line: Option<u32>, detail: &str) {
        let first_line = first_line.map(|line| i32::try_from(line).unwrap_or(i32::MAX));
        self.warnings.push(Warning { code, records, first_line, detail: Some(detail.to_owned()), hint: None });
    }
}

/// A rejected record of the first attempt.
struct Expected {
    /// The columns that are at fault; none: any may be changed.
    columns: Vec<String>,
    /// Its last line.
    line_end: u32,
}

/// A record of the rejects file: where it stands there, and its cells' hashes.
type Came = (u32, Box<[u64]>);

/// Compares a surveyed file that says that it is rejects. Any other file is compared with nothing.
///
/// # Errors
/// The bucket's or the database's, when another try may do better.
pub async fn compare(
    blobs: &Arc<dyn BlobStore>,
    client: &impl GenericClient,
    entities: &[&'static Entity],
    survey: &Survey,
    object: &ObjectRef,
    info: &ObjectInfo,
) -> Result<Comparison, ApplyError> {
    let mut found = Comparison::default();
    let Some(name) = &survey.preamble.rejects_of else { return Ok(found) };
    const GONE: &str = "The file these rejects came from is not there any more; they were loaded without comparing.";
    let Some(first) = first_attempt(client, survey.entity.source, name).await? else {
        found.warn(
            Code::FirstAttemptGone,
            0,
            None,
            "The import that these rejects name is not known; they were loaded without comparing.",
        );
        return Ok(found);
    };
    found.first_attempt = Some(first.id);
    let expected = expected(client, first.id).await?;
    let original = match Source::open(blobs, entities, &first).await {
        Ok(Some(original)) => original,
        Ok(None) | Err(BlobError::Gone | BlobError::Unreadable(_)) => {
            found.warn(Code::FirstAttemptGone, 0, None, GONE);
            return Ok(found);
        }
        Err(error) => return Err(error.into()),
    };
    let reader = RecordReader::new(blobs.clone(), object.clone(), survey.begin(info));
    let hashes = Hashes { state: RandomState::new(), facts: facts(survey) };
    let came = came(reader, survey, &expected, &hashes, &mut found).await?;
    let pairs = Pairs::of(survey, &original);
    match differences(&original, &expected, came, &pairs, &hashes, &mut found).await {
        Err(ApplyError::Blob(BlobError::Gone)) => found.warn(Code::FirstAttemptGone, 0, None, GONE),
        other => other?,
    }
    found.changed.sort_by_key(|cell| cell.line);
    Ok(found)
}

async fn first_attempt(
    client: &impl GenericClient,
    source: &str,
    name: &str,
) -> Result<Option<Receipt>, crate::db::DbError> {
    let Ok(id) = name.parse::<Uuid>() else { return Ok(None) };
    let rows = client
        .query_typed(
            "SELECT receipt FROM intake.imports WHERE import_id = $1 AND source = $2 AND receipt IS NOT NULL",
            &[(&id, Type::UUID), (&source, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().and_then(|row| serde_json::from_value(row.get(0)).ok()))
}

/// Codes of records that could not be read, or of which any part may be wrong: in them anything may be changed.
const WHOLE: [&str; 7] = [
    "stray_quote",
    "unclosed_quote",
    "undecodable_bytes",
    "too_large",
    "too_few_cells",
    "too_many_cells",
    "duplicate_conflict",
];
/// Codes that are about two columns; the hint names the other.
const BETWEEN: [&str; 3] = ["self_pair", "completed_before_scheduled", "missing_required"];

/// The columns a stored rejection is about; none: any.
fn at_fault(note: &serde_json::Value) -> Vec<String> {
    let word = |name: &str| note[name].as_str().unwrap_or_default();
    let (code, column) = (word("code"), word("column"));
    if WHOLE.contains(&code) || column.is_empty() {
        return Vec::new();
    }
    let others = if BETWEEN.contains(&code) { word("hint") } else { "" };
    let others = others.split(", ").filter(|other| !other.is_empty() && *other != column);
    std::iter::once(column).chain(others).map(ToOwned::to_owned).collect()
}

/// The rejected records of an import by their first line.
async fn expected(client: &impl GenericClient, id: Uuid) -> Result<BTreeMap<u32, Expected>, crate::db::DbError> {
    let (mut all, mut behind) = (BTreeMap::new(), 0i32);
    loop {
        let rows = client
            .query_typed(
                "SELECT first_record, lines, line_ends, array_positions(fates, 'rejected'), notes FROM intake.fates
                 WHERE import_id = $1 AND first_record > $2 AND 'rejected' = ANY (fates) ORDER BY first_record LIMIT 1",
                &[(&id, Type::UUID), (&behind, Type::INT4)],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(all) };
        behind = row.get(0);
        let (lines, line_ends): (Vec<i32>, Vec<i32>) = (row.get(1), row.get(2));
        let (positions, notes): (Vec<i32>, serde_json::Value) = (row.get(3), row.get(4));
        for position in positions {
            let at = usize::try_from(position - 1).unwrap_or_default();
            let line = |lines: &[i32]| lines.get(at).and_then(|line| u32::try_from(*line).ok()).unwrap_or_default();
            let note = &notes[(behind + position - 1).to_string()];
            all.insert(line(&lines), Expected { columns: at_fault(note), line_end: line(&line_ends) });
        }
    }
}

/// Hashes of values, whichever way they are written.
struct Hashes {
    state: RandomState,
    facts: Facts,
}

fn facts(survey: &Survey) -> Facts {
    Facts {
        date_order: Some(DateOrder::DayFirst),
        decimal: Some(DecimalSign::Comma),
        zone: survey.profile.facts.zone.clone(),
        ..Facts::default()
    }
}

impl Hashes {
    fn of(&self, column: Option<&Column>, cell: &str) -> u64 {
        let text = cell.trim();
        let read = match column.map(|column| column.kind) {
            Some(Kind::Timestamp { .. }) => date::read(text, &self.facts)
                .ok()
                .map(|moment| format!("{}{}", moment.at, if moment.day_only { " day" } else { "" })),
            Some(Kind::Duration | Kind::Rating | Kind::Score | Kind::Integer { .. } | Kind::Decimal { .. }) => {
                number::decimal(text, self.facts.decimal).ok().map(|number| number.normalize().to_string())
            }
            _ => None,
        };
        self.state.hash_one(read.unwrap_or_else(|| text.replace("\r\n", "\n").replace('\r', "\n")))
    }
}

/// Where the columns of one file are in the other.
struct Pairs {
    /// For each column of the original: where it is in the rejects file, and its name.
    columns: Vec<(Option<usize>, String, Option<&'static Column>)>,
    /// Columns that only the rejects file has.
    added: Vec<(usize, String)>,
}

/// What a column is called, and which of those of that name it is.
fn names(header: &Header, columns: &[Column]) -> Vec<(String, usize)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut out = Vec::new();
    for (at, name) in header.names.iter().enumerate() {
        let known = header.columns.get(at).copied().flatten().and_then(|index| columns.get(index));
        let name = known.map_or_else(|| restore(name).trim().to_owned(), |column| column.name.to_owned());
        let count = seen.entry(name.clone()).or_insert(0);
        out.push((name, *count));
        *count += 1;
    }
    out
}

impl Pairs {
    fn of(survey: &Survey, original: &Source) -> Self {
        let theirs = names(&survey.preamble.recognised.header, survey.layout.columns);
        let ours = names(original.recognised(), original.columns);
        let skipped = original.ours();
        let is_ours = |name: &str| REJECTS_COLUMNS.contains(&name);
        let columns = ours.iter().enumerate().map(|(at, name)| {
            let place = theirs.iter().position(|their| their == name).filter(|_| !skipped.contains(&at));
            let column = original.recognised().columns.get(at).copied().flatten();
            (place, name.0.clone(), column.and_then(|index| original.columns.get(index)))
        });
        let columns = columns.collect();
        let added = theirs.iter().enumerate().filter(|(_, name)| !ours.contains(name) && !is_ours(&name.0));
        Self { columns, added: added.map(|(at, (name, _))| (at, name.clone())).collect() }
    }
}

/// Reads the rejects file: its records by the line they had.
async fn came(
    mut reader: RecordReader,
    survey: &Survey,
    expected: &BTreeMap<u32, Expected>,
    hashes: &Hashes,
    found: &mut Comparison,
) -> Result<HashMap<u32, Came>, ApplyError> {
    let header = &survey.preamble.recognised.header;
    let line_at = header.names.iter().position(|name| name.trim() == REJECTS_COLUMNS[0]);
    let (mut splitter, mut came, mut cells_kept) = (Splitter::new(survey.dialect.delimiter), HashMap::new(), 0);
    let mut met: std::collections::HashSet<u32> = std::collections::HashSet::new();
    while let Some(batch) = reader.next(|_| {}).await? {
        for span in batch.spans.iter().filter(|span| span.kind == SpanKind::Record && span.fault.is_none()) {
            let Ok(cells) = splitter.split(batch.bytes_of(span)) else { continue };
            let line = line_at.and_then(|at| cells.get(at)).and_then(|cell| cell.trim().parse::<u32>().ok());
            let record = line.and_then(|line| {
                let (first, record) = expected.range(..=line).next_back()?;
                (line <= record.line_end).then_some((*first, record))
            });
            let Some((first, record)) = record else {
                // Not one that was rejected: nobody can say what it was before.
                found.change(span.line, REJECTS_COLUMNS[0]);
                continue;
            };
            let again = !met.insert(first);
            if record.columns.is_empty() {
                continue;
            }
            cells_kept += header.names.len();
            if again || cells_kept > CELLS {
                found.change(span.line, REJECTS_COLUMNS[0]);
                continue;
            }
            let column = |at: usize| header.columns.get(at).copied().flatten();
            let hash = |at| {
                let cell = restore(cells.get(at).unwrap_or_default());
                hashes.of(column(at).and_then(|index| survey.layout.columns.get(index)), &cell)
            };
            came.insert(first, (span.line, (0..header.names.len()).map(hash).collect()));
        }
    }
    let left_out: Vec<u32> = expected.keys().filter(|line| !met.contains(line)).copied().collect();
    if let Some(first) = left_out.first() {
        let detail = format!("{} rejected records of the first attempt are not in this file.", left_out.len());
        found.warn(Code::RejectsLeftOut, left_out.len() as u32, Some(*first), &detail);
    }
    Ok(came)
}

/// Reads the original and tells what differs.
async fn differences(
    original: &Source,
    expected: &BTreeMap<u32, Expected>,
    mut came: HashMap<u32, Came>,
    pairs: &Pairs,
    hashes: &Hashes,
    found: &mut Comparison,
) -> Result<(), ApplyError> {
    let mut splitter = Splitter::new(original.delimiter);
    let mut reader = original.reader();
    let empty = hashes.of(None, "");
    while !came.is_empty()
        && let Some(batch) = reader.next(|_| {}).await?
    {
        for span in batch.spans.iter().filter(|span| span.kind == SpanKind::Record && span.fault.is_none()) {
            let Some((line, theirs)) = came.remove(&span.line) else { continue };
            let Ok(cells) = splitter.split(batch.bytes_of(span)) else { continue };
            let rejected = expected.get(&span.line).map(|record| record.columns.as_slice()).unwrap_or_default();
            for (at, (place, name, column)) in pairs.columns.iter().enumerate() {
                let cell = cells.get(at).unwrap_or_default();
                let cell = if original.is_rejects() { restore(cell) } else { cell.into() };
                let ours = hashes.of(*column, &cell);
                let same = match place {
                    Some(place) => theirs.get(*place) == Some(&ours),
                    // A column that was taken out: `_line` and `_reason` of an earlier round, or one of theirs.
                    None => ours == empty || REJECTS_COLUMNS.contains(&name.as_str()),
                };
                if !same && !rejected.contains(name) {
                    found.change(line, name);
                }
            }
            for (at, name) in &pairs.added {
                if theirs.get(*at).is_some_and(|cell| *cell != empty) {
                    found.change(line, name);
                }
            }
        }
    }
    // What the original does not have at such a line any more.
    for (line, _) in came.into_values() {
        found.change(line, REJECTS_COLUMNS[0]);
    }
    Ok(())
}
