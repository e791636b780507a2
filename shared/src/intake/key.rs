//! What identifies a record inside its source, read from its cells.

use jiff::Timestamp;

use super::{
    cell,
    column::Kind,
    entity::{Key, hex},
    facts::Facts,
    mapping::Mapping,
    split::Cells,
    survey::{Short, Survey, short},
};
use crate::{identity::EmailIndex, vault::Vault};

/// A record's key with its addresses still in clear: in memory only. Beside each part: whether it has to be hidden.
pub struct RawKey {
    parts: Vec<(String, bool)>,
    several: bool,
    /// The first column it is made of.
    pub column: &'static str,
}

impl RawKey {
    /// For finding repeats in one file.
    pub fn short(&self) -> Short {
        short(self.text(str::to_owned).as_bytes())
    }

    /// As it is stored: what is or may hold an e-mail stands in it by its blind index.
    pub fn stored(&self, vault: &Vault) -> String {
        self.text(|part| hex(&vault.blind_index(part)))
    }

    fn text(&self, hide: impl Fn(&str) -> String) -> String {
        let part = |(text, hidden): &(String, bool)| if *hidden { hide(text) } else { text.clone() };
        match (self.several, self.parts.as_slice()) {
            (false, [one]) => part(one),
            // No identifier begins with a blank, and each part says its length: no two keys are one text by chance.
            (_, parts) => parts.iter().map(part).map(|text| format!(" {}:{text}", text.len())).collect(),
        }
    }
}

/// What a part of a key is read from.
pub enum Part<'a> {
    /// A cell.
    Cell(&'a str),
    /// Somebody who is known already, in place of the address in a cell.
    Somebody(&'a EmailIndex),
}

/// The key of a record of a file; none if it cannot be read that far.
pub fn of(survey: &Survey, cells: &Cells<'_>, now: Timestamp) -> Option<RawKey> {
    let header = &survey.preamble.recognised.header;
    let cell = |index| header.position(index).and_then(|position| cells.get(position)).map(Part::Cell);
    of_parts(&survey.mapping(), cell, now)
}

/// The key of a record whose cell of a column (by its place in the layout) `cell` gives.
pub fn of_parts<'c>(mapping: &Mapping<'_>, cell: impl Fn(usize) -> Option<Part<'c>>, now: Timestamp) -> Option<RawKey> {
    let several = |at: usize| matches!((mapping.entity.key, at), (Key::Columns(_), _) | (Key::ColumnOr(..), 1));
    for (at, way) in mapping.entity.key.ways().iter().enumerate().filter(|(_, way)| !way.is_empty()) {
        let mut parts = Vec::with_capacity(way.len());
        for name in *way {
            match part(mapping, &cell, name, now)? {
                Some(part) => parts.push(part),
                None => break,
            }
        }
        if parts.len() == way.len() {
            return Some(RawKey { parts, several: several(at), column: way[0] });
        }
    }
    None
}

/// One part: `Some(None)` if the record has no value in it, `None` if it cannot be read.
fn part<'c>(
    mapping: &Mapping<'_>,
    cell: impl Fn(usize) -> Option<Part<'c>>,
    name: &str,
    now: Timestamp,
) -> Option<Option<(String, bool)>> {
    let Some(index) = mapping.layout.columns.iter().position(|column| column.name == name) else { return Some(None) };
    let cell = match cell(index) {
        Some(Part::Cell(cell)) => cell,
        Some(Part::Somebody(email)) => return Some(Some((hex(email), false))),
        None => return Some(None),
    };
    let column = &mapping.layout.columns[index];
    let nothing = Facts::default();
    let facts = mapping.facts.get(index).unwrap_or(&nothing);
    let value = cell::read(column, cell, facts, now).ok()?;
    Some(value.map(|value| {
        let text = value.canonical();
        // A title may have an address in it, and a key is stored in clear.
        let hidden = column.kind == Kind::Email || text.contains('@');
        (text, hidden)
    }))
}

/// Whether a key of this file may hold a value that is only read when the whole column is known.
pub fn needs_proof(survey: &Survey) -> bool {
    let column = |name: &str| survey.layout.columns.iter().find(|column| column.name == name);
    let timed = |name: &&str| column(name).is_some_and(|column| matches!(column.kind, Kind::Timestamp { .. }));
    survey.entity.key.ways().iter().any(|way| way.iter().any(timed))
}
