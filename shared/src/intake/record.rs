//! One record of a file on its way to a fact: read, keyed, not yet compared with anything.

use jiff::Timestamp;

use super::{
    cell::{self, Value},
    code::{Code, Rejection},
    entity::{FieldKind, hex},
    fates::{Fate, Note},
    fault,
    field_map::FieldMap,
    key,
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
    /// Ids of people in the source.
    PersonIds(Vec<String>),
    /// The key of another fact of the source.
    Ref(String),
    /// Words, or something a source says about a person: to be sealed.
    Sealed(Pii<String>),
    /// A value that is stored as it is.
    Plain(Value),
}

/// Reads one record. `seen` holds the ids that stood in the file before, of those that stand in it more than once.
///
/// # Errors
/// The fate of a record that becomes no fact, with its reason.
pub fn read(
    survey: &Survey,
    span: &RecordSpan,
    bytes: &[u8],
    splitter: &mut Splitter,
    vault: &Vault,
    now: Timestamp,
    seen: &mut std::collections::HashSet<Short>,
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

    let mut fields = FieldMap::with_capacity(survey.entity.fields.len());
    for (at, column) in header.columns.iter().enumerate() {
        let Some(index) = *column else { continue };
        let column = &columns[index];
        let Some(raw) = cells.get(at) else {
            // Beyond the record's last cell: absent, which says nothing.
            continue;
        };
        let value =
            cell::read(column, raw, &survey.facts[index], now).map_err(|rejection| with(rejection, &warnings))?;
        if let Some(Value::Time { day_only: true, .. }) = value
            && !warnings.contains(&Code::PrecisionDay)
        {
            warnings.push(Code::PrecisionDay);
        }
        for field in survey.layout.fields_of(column.name) {
            let Some(kind) = survey.entity.field(field).map(|field| field.kind) else { continue };
            fields.insert(field, value.clone().map(|value| given(survey, kind, value, vault)));
        }
    }
    for (field, word) in survey.layout.constants {
        fields.insert(field, Some(Given::Plain(Value::Id((*word).to_owned()))));
    }

    join(survey, &mut fields);

    let raw = key::of(survey, &cells, now).ok_or_else(|| {
        with(Rejection::record(Code::MissingRequired, "This record has no id; fill it in."), &warnings)
    })?;
    not_repeated(&survey.repeats, &raw, seen, &warnings)?;
    Ok(Candidate { key: raw.stored(vault), fields, warnings })
}

/// Fields that are several others' values: a name of first and last name, where the file has both columns.
fn join(survey: &Survey, fields: &mut FieldMap<Option<Given>>) {
    for field in survey.entity.fields {
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

fn not_repeated(
    repeats: &Repeats,
    raw: &key::RawKey,
    seen: &mut std::collections::HashSet<Short>,
    warnings: &[Code],
) -> Result<(), (Fate, Note)> {
    let key = raw.short();
    match repeats.conflict(&key) {
        None => Ok(()),
        Some(true) => {
            let reason = "This id stands in the file more than once with different contents; keep the right record and remove the others.";
            let rejection = Some(Rejection::record(Code::DuplicateConflict, reason).at(raw.column));
            Err((Fate::Rejected, Note { rejection, warnings: warnings.to_vec() }))
        }
        Some(false) if seen.insert(key) => Ok(()),
        Some(false) => Err((Fate::Duplicate, Note::default())),
    }
}

fn given(survey: &Survey, kind: FieldKind, value: Value, vault: &Vault) -> Given {
    match (kind, value) {
        (kind, Value::Email(email)) if kind.part().is_some() => {
            let index = vault.blind_index(&email);
            Given::Person(Pii::new(email), index)
        }
        (FieldKind::Address, Value::Email(email)) => Given::Plain(Value::Id(hex(&vault.blind_index(&email)))),
        (FieldKind::PersonById { .. }, Value::Id(id)) => Given::PersonIds(vec![id]),
        (FieldKind::People { .. }, Value::Ids(ids)) => Given::PersonIds(ids),
        (FieldKind::Ref(_), Value::Id(key)) => Given::Ref(key),
        (FieldKind::Text { .. } | FieldKind::Attribute(_) | FieldKind::Secret(_), value) => {
            Given::Sealed(Pii::new(value.canonical()))
        }
        (_, Value::Enum(word)) => {
            let ours = survey.layout.words.iter().find(|(theirs, _)| *theirs == word).map_or(word, |(_, ours)| *ours);
            Given::Plain(Value::Enum(ours))
        }
        (_, value) => Given::Plain(value),
    }
}
