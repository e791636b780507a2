//! One record of a file on its way to a fact: read, keyed, not yet compared with anything.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    cell::{self, Value},
    code::{Code, Rejection},
    entity::{FieldKind, hex},
    fates::{Fate, Note},
    fault,
    field_map::FieldMap,
    key,
    mapping::Mapping,
    scan::{RecordSpan, SpanKind},
    split::{Splitter, check_width},
    survey::{Repeats, Short, Survey},
};
use crate::{identity::EmailIndex, pii::Pii, vault::Vault};

/// A record that could be read.
pub struct Candidate {
    /// What identifies the fact inside its source; an e-mail stands here as its blind index.
    pub key: String,
    /// What the file says of each field its columns feed; none: the cell is empty.
    pub fields: FieldMap<Option<Given>>,
    /// Warnings so far.
    pub warnings: Vec<Code>,
}

/// What a cell says, by what is done with it.
pub enum Given {
    /// Somebody's address and the index it is found by.
    Person(Pii<String>, EmailIndex),
    /// Somebody who is known already.
    Somebody(Uuid),
    /// Ids of people in the source.
    PersonIds(Vec<String>),
    /// The key of another fact of the source.
    Ref(String),
    /// Words, or something a source says about a person: to be sealed.
    Sealed(Pii<String>),
    /// A value that is stored as it is.
    Plain(Value),
}

/// The lines of a file on their way to records.
pub struct Lines<'a> {
    /// The file.
    pub survey: &'a Survey,
    splitter: Splitter,
    indexes: Indexes<'a>,
    seen: HashSet<Short>,
}

/// The blind indexes of addresses. The same people stand in thousands of a file's lines, so those of late are kept, as
/// long as the file is read.
pub struct Indexes<'a> {
    vault: &'a Vault,
    kept: HashMap<String, EmailIndex>,
}

impl<'a> Indexes<'a> {
    /// Addresses kept: with more people than this, memory has a bound and each index is made anew.
    const MOST: usize = 50_000;

    /// With none kept yet.
    pub fn new(vault: &'a Vault) -> Self {
        Self { vault, kept: HashMap::new() }
    }

    fn of(&mut self, email: &str) -> EmailIndex {
        if let Some(index) = self.kept.get(email) {
            return *index;
        }
        let index = self.vault.blind_index(email);
        if self.kept.len() == Self::MOST {
            self.kept.clear();
        }
        self.kept.insert(email.to_owned(), index);
        index
    }
}

impl<'a> Lines<'a> {
    /// From the first line on.
    pub fn of(survey: &'a Survey, vault: &'a Vault) -> Self {
        Self { survey, splitter: survey.splitter(), indexes: Indexes::new(vault), seen: HashSet::new() }
    }

    /// Reads one record.
    ///
    /// # Errors
    /// The fate of a record that becomes no fact, with its reason.
    pub fn read(&mut self, span: &RecordSpan, bytes: &[u8], now: Timestamp) -> Result<Candidate, (Fate, Note)> {
        read(self.survey, span, bytes, &mut self.splitter, &mut self.indexes, now, &mut self.seen)
    }
}

/// Reads one record. `seen` holds the ids that stood in the file before, of those that stand in it more than once.
///
/// # Errors
/// The fate of a record that becomes no fact, with its reason.
fn read(
    survey: &Survey,
    span: &RecordSpan,
    bytes: &[u8],
    splitter: &mut Splitter,
    indexes: &mut Indexes<'_>,
    now: Timestamp,
    seen: &mut HashSet<Short>,
) -> Result<Candidate, (Fate, Note)> {
    let rejected = |rejection| (Fate::Rejected, Note::rejected(rejection));
    if span.kind == SpanKind::Blank {
        return Err((Fate::Blank, Note::default()));
    }
    let mut warnings = Vec::new();
    let header = &survey.preamble.recognised.header;
    let columns = survey.layout.columns;
    if let Some(rejection) = fault::rejection(span, header, columns) {
        let warnings = fault::may_be_cut_off(span).then_some(Code::PossibleTruncation).into_iter().collect();
        return Err((Fate::Rejected, Note { rejection: Some(rejection), warnings }));
    }
    let cells = splitter.split(bytes).map_err(rejected)?;
    if let Some(rejection) = fault::no_record(&cells, header, columns) {
        return Err(rejected(rejection));
    }
    if fault::may_be_truncated(span, &cells, header) {
        warnings.push(Code::PossibleTruncation);
    }
    if span.lookalikes {
        warnings.push(Code::RecordsInsideCell);
    }
    let with = |rejection: Rejection, warnings: &[Code]| {
        (Fate::Rejected, Note { rejection: Some(rejection), warnings: warnings.to_vec() })
    };
    check_width(&cells, header, columns).map_err(|rejection| with(rejection, &warnings))?;

    // Beyond the record's last cell: absent, which says nothing.
    let found = header.columns.iter().enumerate().filter_map(|(at, column)| Some(((*column)?, cells.get(at)?)));
    let fields = of_cells(&survey.mapping(), found, indexes, now, &mut warnings)
        .map_err(|rejection| with(rejection, &warnings))?;

    let raw = key::of(survey, &cells, now).ok_or_else(|| {
        with(Rejection::record(Code::MissingRequired, "This record has no id; fill it in."), &warnings)
    })?;
    if !survey.repeats.is_empty() {
        not_repeated(&survey.repeats, &raw.short(), raw.column, seen, &warnings)?;
    }
    Ok(Candidate { key: raw.stored(indexes.vault), fields, warnings })
}

/// The fields of a record from its cells, each with its column's place in the layout. A column without a cell says
/// nothing.
///
/// # Errors
/// The first cell that cannot be read.
pub fn of_cells<'c>(
    mapping: &Mapping<'_>,
    cells: impl Iterator<Item = (usize, &'c str)>,
    indexes: &mut Indexes<'_>,
    now: Timestamp,
    warnings: &mut Vec<Code>,
) -> Result<FieldMap<Option<Given>>, Rejection> {
    let mut fields = FieldMap::with_capacity(mapping.entity.fields.len());
    for (index, raw) in cells {
        let column = &mapping.layout.columns[index];
        let mut value = cell::read(column, raw, &mapping.facts[index], now)?;
        if let Some(Value::Time { day_only: true, .. }) = value
            && !warnings.contains(&Code::PrecisionDay)
        {
            warnings.push(Code::PrecisionDay);
        }
        let fed = mapping.layout.fields_of(column);
        for (at, field) in fed.iter().enumerate() {
            let Some(field) = mapping.entity.field(field) else { continue };
            let value = if at + 1 == fed.len() { value.take() } else { value.clone() };
            fields.insert(field.name, value.map(|value| given(mapping, field.kind, value, indexes)));
        }
    }
    for (field, word) in mapping.layout.constants {
        fields.insert(field, Some(Given::Plain(Value::Id((*word).to_owned()))));
    }
    join(mapping, &mut fields);
    Ok(fields)
}

/// Fields that are several others' values: a name of first and last name, where the file has both columns.
fn join(mapping: &Mapping<'_>, fields: &mut FieldMap<Option<Given>>) {
    for field in mapping.entity.fields {
        let FieldKind::Joined { of, .. } = field.kind else { continue };
        let said: Option<Vec<Option<&str>>> = of
            .iter()
            .map(|name| match fields.get(name)? {
                Some(Given::Sealed(text)) => Some(Some(text.expose().trim())),
                _ => Some(None),
            })
            .collect();
        let Some(said) = said else { continue };
        let joined = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
        fields.insert(field.name, (!joined.is_empty()).then(|| Given::Sealed(Pii::new(joined))));
    }
}

/// Whether a record may go on, of those whose key (made of `column`) stands there more than once. `seen` holds the keys of those before it.
///
/// # Errors
/// `duplicate_conflict`, or the fate of an identical repeat.
pub fn not_repeated(
    repeats: &Repeats,
    key: &Short,
    column: &'static str,
    seen: &mut HashSet<Short>,
    warnings: &[Code],
) -> Result<(), (Fate, Note)> {
    match repeats.conflict(key) {
        None => Ok(()),
        Some(true) => {
            let reason = "This id stands in the file more than once with different contents; keep the right record and remove the others.";
            let rejection = Some(Rejection::record(Code::DuplicateConflict, reason).at(column));
            Err((Fate::Rejected, Note { rejection, warnings: warnings.to_vec() }))
        }
        Some(false) if seen.insert(*key) => Ok(()),
        Some(false) => Err((Fate::Duplicate, Note::default())),
    }
}

fn given(mapping: &Mapping<'_>, kind: FieldKind, value: Value, indexes: &mut Indexes<'_>) -> Given {
    match (kind, value) {
        (kind, Value::Email(email)) if kind.part().is_some() => {
            let index = indexes.of(&email);
            Given::Person(Pii::new(email), index)
        }
        (FieldKind::Address, Value::Email(email)) => Given::Plain(Value::Id(hex(&indexes.of(&email)))),
        (FieldKind::PersonById { .. }, Value::Id(id)) => Given::PersonIds(vec![id]),
        (FieldKind::People { .. }, Value::Ids(ids)) => Given::PersonIds(ids),
        (FieldKind::Ref(_), Value::Id(key)) => Given::Ref(key),
        (FieldKind::Text { .. } | FieldKind::Attribute(_) | FieldKind::Secret(_), value) => {
            Given::Sealed(Pii::new(value.canonical()))
        }
        (_, Value::Enum(word)) => {
            let ours = mapping.layout.words.iter().find(|(theirs, _)| *theirs == word).map_or(word, |(_, ours)| *ours);
            Given::Plain(Value::Enum(ours))
        }
        (_, value) => Given::Plain(value),
    }
}
