//! The fate of every record, packed: a thousand a row of `intake.fates`.
//!
//! Blocks are written as they fill, inside the transaction of the facts. Should the facts be rolled back (a plan, a
//! refusal), their fates go with them, so a packed copy stays in memory to write them again: 3 bytes a record, and 16
//! more for a fact that was known before. Five million records take 15 to 95 MB.

mod block;

use std::collections::BTreeMap;

use tokio_postgres::Transaction;
use uuid::Uuid;

pub use self::block::Noted;
use self::block::{BLOCK, Block};
use super::{
    code::{Code, Rejection},
    scan::RecordSpan,
};
use crate::{contracts::Counts, db::DbError};

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
    /// Undone: the fact has its values from before again.
    Restored,
    /// Undone: the fact is gone.
    Removed,
    /// Undone, and the fact stays: a later import or a person touched it, or other facts refer to it.
    KeptLaterEdit,
}

impl Fate {
    /// Every fate.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Changed,
        Self::Unchanged,
        Self::Duplicate,
        Self::Blank,
        Self::Rejected,
        Self::Suppressed,
        Self::Restored,
        Self::Removed,
        Self::KeptLaterEdit,
    ];

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
            Self::Restored => "restored",
            Self::Removed => "removed",
            Self::KeptLaterEdit => "kept_later_edit",
        }
    }

    /// The fate of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == name)
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
}

/// A rejected record: its number from 1, its first and last line, why.
type Rejected = (u32, i32, i32, Rejection);

/// Fates in file order.
#[derive(Debug, Default)]
pub struct Fates {
    again: bool,
    open: Block,
    full: Vec<Block>,
    packed: Vec<Box<[u8]>>,
    counts: Counts,
    rejections: Vec<Rejected>,
    warnings: BTreeMap<Code, (u32, i32)>,
}

impl Fates {
    /// Fates of a second run of an import that was applied: what it made the first time is still its own.
    pub fn of_a_second_run() -> Self {
        Self { again: true, ..Self::default() }
    }

    /// Adds the fate of the next record.
    pub fn push(&mut self, span: &RecordSpan, fate: Fate, fact: Option<Uuid>, note: Note) {
        let line = |line: u32| i32::try_from(line).unwrap_or(i32::MAX);
        let (line, line_end) = (line(span.line), line(span.line_end));
        *count(&mut self.counts, fate) += 1;
        self.counts.records += 1;
        for code in &note.warnings {
            self.warnings.entry(*code).or_insert((0, line)).0 += 1;
        }
        if let Some(rejection) = note.rejection {
            self.rejections.push((self.counts.records, line, line_end, rejection));
        }
        self.open.push(line, line_end, fate, fact, note.warnings);
        if self.open.len() == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        let next = Block::from(self.counts.records + 1);
        let block = std::mem::replace(&mut self.open, next);
        if block.len() > 0 {
            self.full.push(block);
        }
    }

    /// How many records there are of each fate. The sum is checked when the counts become an event.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Rejected records in file order: number from 1, line, last line, why.
    pub fn rejections(&self) -> impl Iterator<Item = (usize, i32, i32, &Rejection)> {
        self.rejections.iter().map(|(record, line, line_end, why)| (*record as usize, *line, *line_end, why))
    }

    /// Warnings of all records, by code, with the first line each stands on.
    pub fn warnings(&self) -> BTreeMap<Code, (u32, i32)> {
        self.warnings.clone()
    }

    /// Bytes of the copy that is kept for a roll-back.
    pub fn kept_bytes(&self) -> usize {
        self.packed.iter().map(|block| block.len() + size_of::<Box<[u8]>>()).sum()
    }

    /// Writes the blocks that are full.
    ///
    /// # Errors
    /// The database.
    pub async fn flush(&mut self, tx: &Transaction<'_>, import_id: Uuid) -> Result<(), DbError> {
        for mut block in std::mem::take(&mut self.full) {
            if self.again {
                for (kept, now, then) in block.merge_with_stored(tx, import_id).await? {
                    *count(&mut self.counts, now) -= 1;
                    *count(&mut self.counts, then) += 1;
                    self.rejections.retain(|(record, ..)| *record != kept);
                }
            }
            self.packed.push(block.pack());
            block.noted(&self.rejections).insert(tx, import_id).await?;
        }
        Ok(())
    }

    /// Takes out the blocks that are full, to be written with the facts of their records; none in a second run, whose
    /// blocks are compared with the stored ones by [`Fates::flush`].
    pub fn take(&mut self) -> Vec<Noted> {
        if self.again {
            return Vec::new();
        }
        let full = std::mem::take(&mut self.full);
        self.packed.extend(full.iter().map(Block::pack));
        full.into_iter().map(|block| block.noted(&self.rejections)).collect()
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// The database.
    pub async fn write(&mut self, tx: &Transaction<'_>, import_id: Uuid) -> Result<(), DbError> {
        self.close();
        self.flush(tx, import_id).await
    }

    /// Writes all fates after the facts were rolled back, and their rows with them: records that would have made a
    /// fact have none.
    ///
    /// # Errors
    /// The database.
    pub async fn write_without_facts(&mut self, tx: &Transaction<'_>, import_id: Uuid) -> Result<(), DbError> {
        self.close();
        let unwritten = std::mem::take(&mut self.full);
        for packed in std::mem::take(&mut self.packed) {
            Block::unpack(&packed).noted(&self.rejections).insert(tx, import_id).await?;
        }
        for mut block in unwritten {
            block.without_new_facts();
            block.noted(&self.rejections).insert(tx, import_id).await?;
        }
        Ok(())
    }
}

fn count(counts: &mut Counts, fate: Fate) -> &mut u32 {
    match fate {
        Fate::New => &mut counts.new,
        Fate::Changed | Fate::Restored | Fate::Removed | Fate::KeptLaterEdit => &mut counts.changed,
        Fate::Unchanged => &mut counts.unchanged,
        Fate::Duplicate => &mut counts.duplicate,
        Fate::Blank => &mut counts.blank,
        Fate::Rejected => &mut counts.rejected,
        Fate::Suppressed => &mut counts.suppressed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::scan::SpanKind;

    fn span(line: u32) -> RecordSpan {
        RecordSpan {
            start: 0,
            end: 0,
            line,
            line_end: line,
            kind: SpanKind::Record,
            fault: None,
            unterminated: false,
            lookalikes: false,
        }
    }

    #[test]
    fn a_million_new_records_are_kept_in_four_megabytes() {
        let mut fates = Fates::default();
        for n in 0..1_000_000 {
            fates.push(&span(n + 2), Fate::New, Some(Uuid::from_u128(u128::from(n))), Note::default());
            fates.packed.extend(std::mem::take(&mut fates.full).iter().map(Block::pack));
        }
        assert_eq!((fates.counts().records, fates.counts().new), (1_000_000, 1_000_000));
        assert!(fates.kept_bytes() < 4 << 20, "{}", fates.kept_bytes());
    }

    #[test]
    fn a_packed_block_is_the_block_without_the_facts_that_were_new() {
        let mut block = Block::from(1001);
        let known = Uuid::from_u128(7);
        block.push(5, 5, Fate::New, Some(Uuid::from_u128(1)), Vec::new());
        block.push(6, 900, Fate::Changed, Some(known), vec![Code::PrecisionDay, Code::StaleRevision]);
        block.push(901, 901, Fate::Rejected, None, Vec::new());
        let again = Block::unpack(&block.pack());
        block.without_new_facts();
        assert_eq!(again, block);
    }
}
