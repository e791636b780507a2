//! An item of a delivery: a JSON object whose members are cells of columns by the same names as in a file.
//!
//! A member becomes the exact text a file would hold in its cell, so that one reader reads both: a string's characters,
//! a number's digits as they stand, lists and objects as they stand where the column holds JSON. `null` is an empty
//! cell; a member that is not there says nothing.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    identity::EmailIndex,
    intake::{
        code::{Code, Rejection},
        column::{Column, Kind},
        entity::{Entity, Layout},
        header::{UnknownColumn, fold},
        json,
        key::Part,
        names::Names,
    },
};

/// Names of members that are told to somebody have at most this many characters.
const NAME_LIMIT: usize = 40;

/// The value of a member.
enum Said {
    /// `null`.
    Nothing,
    /// A string's characters, or a number or truth value as it stands.
    Text(String),
    /// A list or an object as it stands.
    Nested(String),
    /// A string that is no text: the characters as they stand, and what is wrong.
    Unreadable(String, json::BadJson),
    /// Somebody who is known already, in place of an address.
    Somebody(Uuid, EmailIndex),
}

/// One record as it came in. It holds people, so it neither prints nor serialises.
#[derive(Default)]
pub struct Item {
    members: Vec<(String, Said)>,
    twice: Option<String>,
    told_at: Option<Timestamp>,
}

/// What should be an object is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is a JSON object")]
pub struct NotAnObject;

/// An object's members, each value as it stands.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Each)
    }
}

impl Item {
    /// Reads an object.
    ///
    /// # Errors
    /// Anything that is no JSON object.
    pub fn read(text: &str) -> Result<Self, NotAnObject> {
        let members = serde_json::from_str(text).map_err(|_| NotAnObject)?;
        Ok(Self::of(members))
    }

    pub(super) fn of(Members(found): Members<'_>) -> Self {
        let mut item = Self::default();
        for (name, value) in found {
            if item.members.iter().any(|(known, _)| *known == name) {
                item.twice.get_or_insert(name);
            } else {
                item.members.push((name, said(value.get())));
            }
        }
        item
    }

    /// The item with a cell of this text; none: an empty one.
    #[must_use]
    pub fn with(mut self, column: &str, text: Option<impl Into<String>>) -> Self {
        self.put(column, text.map_or(Said::Nothing, |text| Said::Text(text.into())));
        self
    }

    /// The item with a cell of this JSON value.
    #[must_use]
    pub fn with_json(mut self, column: &str, value: &RawValue) -> Self {
        self.put(column, said(value.get()));
        self
    }

    /// The item with somebody who is known already in place of the address a column holds. `index` is that of an address
    /// of the same person: keys are made with it.
    #[must_use]
    pub fn with_somebody(mut self, column: &str, profile_id: Uuid, index: EmailIndex) -> Self {
        self.put(column, Said::Somebody(profile_id, index));
        self
    }

    /// The item with the time its source told it, if that is not when it was received: one that was told before its
    /// fact's newest live revision is stale, whatever comes in first.
    #[must_use]
    pub fn told_at(self, at: Timestamp) -> Self {
        Self { told_at: Some(at), ..self }
    }

    /// When its source told it, if that is known.
    pub fn told(&self) -> Option<Timestamp> {
        self.told_at
    }

    fn put(&mut self, column: &str, said: Said) {
        self.members.retain(|(name, _)| name != column);
        self.members.push((column.to_owned(), said));
    }

    fn said(&self, column: &str) -> Option<&Said> {
        self.members.iter().find(|(name, _)| name == column).map(|(_, said)| said)
    }

    /// The layout it is in: of those it has every required column of, else of all, the one it has most columns of.
    pub fn layout(&self, entity: &'static Entity) -> &'static Layout {
        let has = |column: &&Column| self.said(column.name).is_some();
        let fits = |layout: &Layout| layout.columns.iter().filter(|column| column.required).all(|column| has(&column));
        let rank = |layout: &&&'static Layout| (fits(layout), layout.columns.iter().filter(has).count());
        let mut layouts: Vec<&'static Layout> = entity.layouts.iter().collect();
        // Of equals the first: `max_by_key` takes the last.
        layouts.reverse();
        layouts.iter().max_by_key(rank).copied().unwrap_or(&entity.layouts[0])
    }

    /// The text of a column's cell; none where the item does not speak of the column. A required column speaks always.
    ///
    /// # Errors
    /// A value that no cell can hold.
    pub fn cell(&self, column: &Column) -> Result<Option<Cow<'_, str>>, Rejection> {
        Ok(match self.said(column.name) {
            None if column.needs_value() => Some(Cow::Borrowed("")),
            None | Some(Said::Somebody(..)) => None,
            Some(Said::Nothing) => Some(Cow::Borrowed("")),
            Some(Said::Text(text)) => Some(Cow::Borrowed(text)),
            Some(Said::Nested(json)) if holds_json(column.kind) => Some(Cow::Borrowed(json)),
            Some(Said::Nested(json)) => {
                let what = "is a list or an object, and the column holds one value; send that";
                return Err(Rejection::cell(Code::BadJson, column.name, json, what));
            }
            Some(Said::Unreadable(raw, json::BadJson::Nul)) => {
                let what = "holds a NUL character; remove it and send it again";
                return Err(Rejection::cell(Code::NulByte, column.name, raw, what));
            }
            Some(Said::Unreadable(raw, _)) => {
                let what = "holds half of a character (a lone surrogate); send the text unchanged";
                return Err(Rejection::cell(Code::BadJson, column.name, raw, what));
            }
        })
    }

    /// Who stands in a column, of those who are known already.
    pub fn somebody(&self, column: &Column) -> Option<(Uuid, &EmailIndex)> {
        match self.said(column.name) {
            Some(Said::Somebody(profile_id, index)) => Some((*profile_id, index)),
            _ => None,
        }
    }

    /// What a key is made of in this column.
    pub fn part(&self, column: &Column) -> Option<Part<'_>> {
        match self.said(column.name)? {
            Said::Nothing => Some(Part::Cell("")),
            Said::Text(text) => Some(Part::Cell(text)),
            Said::Somebody(_, index) => Some(Part::Somebody(index)),
            Said::Nested(_) | Said::Unreadable(..) => None,
        }
    }

    /// That it says a member twice, if it does.
    pub fn twice(&self, layout: &Layout) -> Option<Rejection> {
        let name = self.twice.as_deref()?;
        let reason = "The record says a field twice; keep one of them.";
        let rejection = Rejection::record(Code::BadJson, reason).hinted("duplicate_key");
        let column = layout.columns.iter().find(|column| column.name == name);
        Some(match column {
            Some(column) => rejection.at(column.name),
            None => rejection,
        })
    }

    /// Members that are no columns of the layout: told, and nowhere stored. A name that does not look like a column's
    /// may be anything and is told as such.
    pub fn unknown(&self, layout: &Layout) -> Vec<UnknownColumn> {
        let known = |name: &str| layout.columns.iter().any(|column| column.name == name);
        let names = Names::of(layout.columns);
        let unknown = self.members.iter().filter(|(name, _)| !known(name)).map(|(name, _)| match plain(name) {
            true => UnknownColumn { name: name.clone(), nearest: names.nearest(&fold(name)) },
            false => UnknownColumn { name: "?".to_owned(), nearest: None },
        });
        unknown.collect()
    }
}

/// Whether a member's name looks like a column's, so that it can be told.
pub(super) fn plain(name: &str) -> bool {
    (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Columns whose cells are JSON in a file, too.
fn holds_json(kind: Kind) -> bool {
    matches!(kind, Kind::JsonText | Kind::LongJsonText | Kind::JsonList | Kind::References | Kind::Integers { .. })
}

fn said(json: &str) -> Said {
    match json.as_bytes().first() {
        Some(b'"') => match json::string(json) {
            Ok(text) => Said::Text(text),
            Err(error) => Said::Unreadable(json.to_owned(), error),
        },
        Some(b'{' | b'[') => Said::Nested(json.to_owned()),
        Some(b'n') => Said::Nothing,
        _ => Said::Text(json.to_owned()),
    }
}
