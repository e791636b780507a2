//! How far a store has been read. A pass is one query with all its pages; a run may end in the middle of one and the
//! next go on there.
//!
//! `since` compares *stored* and is exclusive, so the cursor is the latest *stored* that nothing before is missing of:
//! - never past `X-Experience-API-Consistent-Through`, of which the pass's first page counts: what was stored after it
//!   may lie before the pages that have been read;
//! - never past our own now: one statement that a wrong clock stored in the year 2099 would end everything;
//! - page by page only while the pages prove that they ascend; a store that gives them in another order (Ralph turns
//!   each page round) moves it at the end of the pass;
//! - the next pass begins a minute before it, for clocks of several machines behind one store.
//!
//! What comes twice by this is known by its id.
//!
//! Not every store means *stored* by `since`: Ralph compares *timestamp*. A statement that a learner's device sends
//! late would never be seen. [`Since`] says what is known of a store; until it is known that it compares *stored*, it
//! is read whole, or once a day if it is large and from a month back in between.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::statement::Head;

const OVERLAP: SignedDuration = SignedDuration::from_mins(1);
/// How far back a large store is read that compares timestamps: how late a device may send.
const LATE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A store of no more statements is read whole each time if it compares timestamps.
const SMALL: i64 = 2_000;
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// A link to a next page is not followed when it is older: stores keep them for a while only.
const MORE_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What a store compares `since` with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Since {
    /// It has not been seen yet.
    #[default]
    Unknown,
    /// When it took a statement in, as the specification has it.
    Stored,
    /// When it happened.
    Timestamp,
}

impl Since {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Stored => "stored",
            Self::Timestamp => "timestamp",
        }
    }

    /// As it was kept.
    pub fn named(name: &str) -> Self {
        [Self::Stored, Self::Timestamp].into_iter().find(|since| since.as_str() == name).unwrap_or_default()
    }
}

/// What is kept of a store between runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// The latest *stored* before which nothing is missing.
    pub cursor: Option<Timestamp>,
    /// What `since` means there.
    pub since: Since,
    /// When the store was last read whole, and how many statements it had.
    pub whole: Option<(Timestamp, i64)>,
    /// The pass that is on its way.
    pub pass: Option<Pass>,
    /// Of this run: the statement that was longest on its way into the store.
    pub latecomer: Option<Latecomer>,
}

/// One query with all its pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// When it began.
    pub began: Timestamp,
    /// What it asks from; none: the whole store.
    pub since: Option<Timestamp>,
    /// The link to the next page; none before the first.
    pub more: Option<String>,
    /// Statements so far.
    pub statements: i64,
    /// The latest *stored* so far.
    high: Option<Timestamp>,
    /// The earliest promise that nothing before it is missing.
    consistent: Option<Timestamp>,
    /// Whether the pages ascend; none while nothing shows it.
    ascends: Option<bool>,
}

/// A statement that was stored later than it happened. It shows what `since` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latecomer {
    timestamp: Timestamp,
    stored: Timestamp,
}

impl Latecomer {
    /// A time after it happened and shortly before it was stored. Asked for what came since then, only a store that
    /// compares *stored* gives it, or another that happened before that time.
    pub fn between(&self) -> Timestamp {
        let back = (self.gap() / 2).min(SignedDuration::from_secs(1));
        self.stored.saturating_sub(back).unwrap_or(self.stored)
    }

    fn gap(&self) -> SignedDuration {
        self.stored.duration_since(self.timestamp)
    }

    /// Less than the steps of a store's clock shows nothing.
    fn of(head: &Head) -> Option<Self> {
        let one = Self { timestamp: head.timestamp?, stored: head.stored? };
        (one.gap() >= SignedDuration::from_millis(20)).then_some(one)
    }
}

impl Since {
    /// What an answer to `since` shows: one statement that happened before, and the store compares *stored*; none in a
    /// whole answer that should have had one, and it does not.
    pub fn shown_by(heads: &[Head], since: Timestamp, whole: bool) -> Self {
        if heads.iter().any(|head| head.timestamp.is_some_and(|timestamp| timestamp < since)) {
            Self::Stored
        } else if whole {
            Self::Timestamp
        } else {
            Self::Unknown
        }
    }
}

impl Place {
    /// Goes on with the pass that is on its way, or begins one.
    pub fn begin(&mut self, now: Timestamp) -> &mut Pass {
        let keep = self.pass.as_ref().is_some_and(|pass| {
            let age = now.duration_since(pass.began);
            pass.more.is_some() && age <= MORE_FOR && age >= SignedDuration::ZERO
        });
        let since = self.since(now);
        let pass = self.pass.take().filter(|_| keep);
        self.pass.insert(pass.unwrap_or(Pass {
            began: now,
            since,
            more: None,
            statements: 0,
            high: None,
            consistent: None,
            ascends: None,
        }))
    }

    fn since(&self, now: Timestamp) -> Option<Timestamp> {
        let cursor = self.cursor?;
        let back = match (self.since, self.whole) {
            (Since::Stored, _) => OVERLAP,
            (_, None) => return None,
            (_, Some((_, statements))) if statements <= SMALL => return None,
            (_, Some((at, _))) if now.duration_since(at) >= WHOLE_EVERY => return None,
            _ => LATE,
        };
        cursor.saturating_sub(back).ok()
    }

    /// Takes in that a page has been read: its statements in their order, and the link to the next, if any.
    pub fn read(&mut self, heads: &[Head], consistent: Option<Timestamp>, more: Option<&str>, now: Timestamp) {
        let Some(pass) = &mut self.pass else { return };
        pass.statements += heads.len() as i64;
        pass.consistent = [pass.consistent, consistent].into_iter().flatten().min();
        for head in heads {
            let Some(stored) = head.stored else { continue };
            match pass.high {
                Some(before) if stored < before => pass.ascends = Some(false),
                Some(before) if stored > before && pass.ascends.is_none() => pass.ascends = Some(true),
                _ => {}
            }
            pass.high = pass.high.max(Some(stored));
            let later = |new: &Latecomer| self.latecomer.is_none_or(|old| new.gap() > old.gap());
            self.latecomer = Latecomer::of(head).filter(later).or(self.latecomer);
        }
        pass.more = more.map(str::to_owned);
        let ended = more.is_none();
        if ended || pass.ascends == Some(true) {
            let bounds = [pass.consistent, Some(now)].into_iter().flatten();
            let safe = pass.high.map(|high| bounds.fold(high, Timestamp::min));
            self.cursor = self.cursor.max(safe);
        }
        if ended {
            if pass.since.is_none() {
                self.whole = Some((pass.began, pass.statements));
            }
            self.pass = None;
        }
    }

    /// Gives the pass up, so that the next begins anew from the cursor.
    pub fn give_up(&mut self) {
        self.pass = None;
    }
}

#[cfg(test)]
#[path = "pass_tests.rs"]
mod tests;
