//! The fate of every record, packed: a thousand a row of `intake.fates`, held as plain arrays until the
//! transaction knows how the file ends.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    code::{Code, Rejection},
    scan::RecordSpan,
};
use crate::{contracts::Counts, db::DbError};

/// Records a row of `intake.fates`.
const BLOCK: usize = 1_000;

/// More rejections than this are no file with mistakes, they are another file: it is refused with the first of them,
/// so that memory has a bound.
pub const MOST_REJECTIONS: usize = 100_000;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A fact that was not known.
    New,
    /// The next revision of a known fact.
    Changed,
    /// A known fact with the same content.
    Unchanged,
    /// The same as an earlier record of this file.
    Duplicate,
    /// Nothing in it.
    Blank,
    /// Refused with a reason.
    Rejected,
    /// About somebody who was erased; nothing of it is stored.
    Suppressed,
}

impl Fate {
    /// The name in `intake.fate` and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Blank => "blank",
            Self::Rejected => "rejected",
            Self::Suppressed => "suppressed",
        }
    }
}

/// What stands beside a fate where there is something to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Note {
    /// Why the record was rejected.
    pub rejection: Option<Rejection>,
    /// What a person should know all the same.
    pub warnings: Vec<Code>,
}

impl Note {
    /// A rejection.
    pub fn rejected(rejection: Rejection) -> Self {
        Self { rejection: Some(rejection), warnings: Vec::new() }
    }

    fn json(&self) -> Value {
        let mut note = json!({});
        if let Some(Rejection { code, column, reason, value, hint }) = &self.rejection {
            note["code"] = json!(code);
            note["reason"] = json!(reason);
            for (name, text) in [("column", column), ("value", value), ("hint", hint)] {
                if let Some(text) = text {
                    note[name] = json!(text);
                }
            }
        }
        if !self.warnings.is_empty() {
            note["warnings"] = json!(self.warnings);
        }
        note
    }
}

/// Fates in file order.
#[derive(Debug, Default)]
pub struct Fates {
    lines: Vec<i32>,
    line_ends: Vec<i32>,
    fates: Vec<Fate>,
    facts: Vec<Option<Uuid>>,
    notes: BTreeMap<usize, Note>,
}

impl Fates {
    /// Adds the fate of the next record.
    pub fn push(&mut self, span: &RecordSpan, fate: Fate, fact: Option<Uuid>, note: Note) {
        let line = |line: u32| i32::try_from(line).unwrap_or(i32::MAX);
        if note != Note::default() {
            self.notes.insert(self.fates.len(), note);
        }
        self.lines.push(line(span.line));
        self.line_ends.push(line(span.line_end));
        self.fates.push(fate);
        self.facts.push(fact);
    }

    /// The facts were rolled back: records that would have made one have none.
    pub fn without_new_facts(&mut self) {
        for (fate, fact) in self.fates.iter().zip(&mut self.facts) {
            if *fate == Fate::New {
                *fact = None;
            }
        }
    }

    /// How many records there are of each fate. The sum is checked when the counts become an event.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { records: self.fates.len() as u32, ..Counts::default() };
        for fate in &self.fates {
            *match fate {
                Fate::New => &mut counts.new,
                Fate::Changed => &mut counts.changed,
                Fate::Unchanged => &mut counts.unchanged,
                Fate::Duplicate => &mut counts.duplicate,
                Fate::Blank => &mut counts.blank,
                Fate::Rejected => &mut counts.rejected,
                Fate::Suppressed => &mut counts.suppressed,
            } += 1;
        }
        counts
    }

    /// Rejected records in file order: number from 1, line, last line, why.
    pub fn rejections(&self) -> impl Iterator<Item = (usize, i32, i32, &Rejection)> {
        self.notes
            .iter()
            .filter_map(|(&at, note)| Some((at + 1, self.lines[at], self.line_ends[at], note.rejection.as_ref()?)))
    }

    /// Warnings of all records, by code, with the first line each stands on.
    pub fn warnings(&self) -> BTreeMap<Code, (u32, i32)> {
        let mut found = BTreeMap::new();
        for (&at, note) in &self.notes {
            for code in &note.warnings {
                found.entry(*code).or_insert((0, self.lines[at])).0 += 1;
            }
        }
        found
    }

    /// Writes the fates of an import.
    pub async fn write(&self, tx: &Transaction<'_>, import_id: Uuid) -> Result<(), DbError> {
        for first in (0..self.fates.len()).step_by(BLOCK) {
            let to = (first + BLOCK).min(self.fates.len());
            let fates: Vec<&str> = self.fates[first..to].iter().map(|fate| fate.as_str()).collect();
            let notes: serde_json::Map<String, Value> =
                self.notes.range(first..to).map(|(at, note)| ((at + 1).to_string(), note.json())).collect();
            tx.execute_typed(
                "INSERT INTO intake.fates (import_id, first_record, lines, line_ends, fates, facts, notes)
                 VALUES ($1, $2, $3, $4, $5::text[]::intake.fate[], $6, $7)",
                &[
                    (&import_id, Type::UUID),
                    (&(first as i32 + 1), Type::INT4),
                    (&&self.lines[first..to], Type::INT4_ARRAY),
                    (&&self.line_ends[first..to], Type::INT4_ARRAY),
                    (&fates, Type::TEXT_ARRAY),
                    (&&self.facts[first..to], Type::UUID_ARRAY),
                    (&Value::Object(notes), Type::JSONB),
                ],
            )
            .await?;
        }
        Ok(())
    }
}
