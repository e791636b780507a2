//! Up to a thousand fates: one row of `intake.fates`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Fate, Rejected};
use crate::{db::DbError, intake::code::Code};

/// Records a row of `intake.fates`.
pub const BLOCK: usize = 1_000;

/// In a packed record's first byte, beside its fate: a fact follows.
const HAS_FACT: u8 = 0x10;
/// Warnings follow.
const HAS_WARNINGS: u8 = 0x20;

/// A block of fates.
#[derive(Debug, PartialEq)]
pub struct Block {
    first: u32,
    lines: Vec<i32>,
    line_ends: Vec<i32>,
    fates: Vec<Fate>,
    facts: Vec<Option<Uuid>>,
    warnings: BTreeMap<usize, Vec<Code>>,
}

impl Default for Block {
    fn default() -> Self {
        Self::from(1)
    }
}

impl Block {
    /// An empty block whose first record has this number.
    pub fn from(first: u32) -> Self {
        Self {
            first,
            lines: Vec::new(),
            line_ends: Vec::new(),
            fates: Vec::new(),
            facts: Vec::new(),
            warnings: BTreeMap::new(),
        }
    }

    /// Records in it.
    pub fn len(&self) -> usize {
        self.fates.len()
    }

    /// Adds a record.
    pub fn push(&mut self, line: i32, line_end: i32, fate: Fate, fact: Option<Uuid>, warnings: Vec<Code>) {
        if !warnings.is_empty() {
            self.warnings.insert(self.fates.len(), warnings);
        }
        self.lines.push(line);
        self.line_ends.push(line_end);
        self.fates.push(fate);
        self.facts.push(fact);
    }

    /// Records that would have made a fact have none.
    pub fn without_new_facts(&mut self) {
        for (fate, fact) in self.fates.iter().zip(&mut self.facts) {
            if *fate == Fate::New {
                *fact = None;
            }
        }
    }

    /// What the first run of the import made is still its own: a record that was new or changed then and is neither now
    /// keeps its fate and its fact, so that an undo finds it. The stored block goes. Gives the records with their fate
    /// now and then.
    pub async fn merge_with_stored(
        &mut self,
        tx: &Transaction<'_>,
        import_id: Uuid,
    ) -> Result<Vec<(u32, Fate, Fate)>, DbError> {
        let rows = tx
            .query_typed(
                "DELETE FROM intake.fates WHERE import_id = $1 AND first_record = $2 RETURNING fates::text[], facts",
                &[(&import_id, Type::UUID), (&(self.first as i32), Type::INT4)],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(Vec::new()) };
        let mut merged = Vec::new();
        let then = row.get::<_, Vec<&str>>(0).into_iter().zip(row.get::<_, Vec<Option<Uuid>>>(1));
        for (at, (fate, fact)) in then.enumerate().take(self.len()) {
            let now = self.fates[at];
            if let (false, Some(then @ (Fate::New | Fate::Changed))) =
                (matches!(now, Fate::New | Fate::Changed), Fate::named(fate))
            {
                merged.push((self.first + at as u32, now, then));
                (self.fates[at], self.facts[at]) = (then, fact);
            }
        }
        Ok(merged)
    }

    /// The block with what there is to say of its records.
    pub fn noted(self, rejections: &[Rejected]) -> Noted {
        Noted { notes: self.notes(rejections), block: self }
    }

    fn notes(&self, rejections: &[Rejected]) -> Value {
        let mut notes = serde_json::Map::new();
        let from = rejections.partition_point(|(record, ..)| *record < self.first);
        let to = rejections.partition_point(|(record, ..)| *record < self.first + self.len() as u32);
        for (record, _, _, rejection) in &rejections[from..to] {
            let mut note = json!(rejection);
            if let Some(members) = note.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
            notes.insert(record.to_string(), note);
        }
        for (at, warnings) in &self.warnings {
            let record = self.first as usize + at;
            notes.entry(record.to_string()).or_insert_with(|| json!({}))["warnings"] = json!(warnings);
        }
        Value::Object(notes)
    }

    /// The block in few bytes, without the facts that were new and without its rejections, which are kept elsewhere.
    pub fn pack(&self) -> Box<[u8]> {
        let mut out = Vec::with_capacity(self.len() * 4);
        number(&mut out, self.first);
        let mut before = 0;
        for at in 0..self.len() {
            let (fate, fact) = (self.fates[at], self.facts[at].filter(|_| self.fates[at] != Fate::New));
            let warnings = self.warnings.get(&at);
            let mark = |is: bool, bit: u8| if is { bit } else { 0 };
            out.push(fate as u8 | mark(fact.is_some(), HAS_FACT) | mark(warnings.is_some(), HAS_WARNINGS));
            number(&mut out, self.lines[at].wrapping_sub(before) as u32);
            number(&mut out, self.line_ends[at].wrapping_sub(self.lines[at]) as u32);
            before = self.lines[at];
            out.extend(fact.iter().flat_map(Uuid::as_bytes));
            if let Some(warnings) = warnings {
                out.push(warnings.len() as u8);
                out.extend(warnings.iter().map(|code| *code as u8));
            }
        }
        out.into_boxed_slice()
    }

    /// The block of [`Block::pack`].
    pub fn unpack(mut bytes: &[u8]) -> Self {
        let rest = &mut bytes;
        let mut block = Self::from(read_number(rest));
        let mut line = 0i32;
        while !rest.is_empty() {
            let mark = take(rest, 1)[0];
            let fate = Fate::ALL[usize::from(mark & 0x0f)];
            line = line.wrapping_add(read_number(rest) as i32);
            let line_end = line.wrapping_add(read_number(rest) as i32);
            let fact = (mark & HAS_FACT != 0).then(|| Uuid::from_slice(take(rest, 16)).unwrap_or_default());
            let warnings = if mark & HAS_WARNINGS == 0 {
                Vec::new()
            } else {
                let many = usize::from(take(rest, 1)[0]);
                take(rest, many).iter().map(|code| Code::ALL[usize::from(*code)]).collect()
            };
            block.push(line, line_end, fate, fact, warnings);
        }
        block
    }
}

/// A block with its notes: a row of `intake.fates`.
pub struct Noted {
    block: Block,
    notes: Value,
}

impl Noted {
    /// Writes it.
    pub async fn insert(&self, tx: &Transaction<'_>, import_id: Uuid) -> Result<(), DbError> {
        let Self { block, notes } = self;
        let fates: Vec<&str> = block.fates.iter().map(|fate| fate.as_str()).collect();
        tx.execute_typed(
            "INSERT INTO intake.fates (import_id, first_record, lines, line_ends, fates, facts, notes)
             VALUES ($1, $2, $3, $4, $5::text[]::intake.fate[], $6, $7)",
            &[
                (&import_id, Type::UUID),
                (&(block.first as i32), Type::INT4),
                (&block.lines, Type::INT4_ARRAY),
                (&block.line_ends, Type::INT4_ARRAY),
                (&fates, Type::TEXT_ARRAY),
                (&block.facts, Type::UUID_ARRAY),
                (notes, Type::JSONB),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Seven bits a byte, the lowest first.
fn number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read_number(rest: &mut &[u8]) -> u32 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = take(rest, 1)[0];
        value |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift > 28 {
            return value;
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], many: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(many);
    *rest = left;
    taken
}
