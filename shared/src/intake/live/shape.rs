//! Bodies of another form than the standard's, by tables: where in its sender's body each column stands.
//!
//! ```
//! use shared::intake::live::shape::Cell;
//! const CELLS: &[Cell] = &[
//!     Cell::always("provider", "ecornell"),
//!     Cell::of("user_email", &["/user/email"]),
//!     // The first that is there; without any the type itself says it.
//!     Cell::of("progress_percent", &["/progress/percent_complete"]).otherwise("0"),
//! ];
//! assert_eq!(CELLS.len(), 3);
//! ```
//!
//! A value goes into its cell as it stands, so nothing is rounded and one reader reads it. A member that is absent, or
//! null where something else can say the same, says nothing. Members that no table names are passed over and nowhere
//! stored.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{
    Item,
    item::Members,
    webhook::{Event, Places, time, unknown, unreadable},
};
use crate::{
    http::{FieldError, Problem, problem},
    intake::entity::Entity,
};

/// Where a sender's bodies say what.
#[derive(Debug)]
pub struct Shape {
    /// The member with the type.
    pub kind: &'static str,
    /// The member with the time it was told, as RFC 3339 writes it.
    pub told: &'static str,
    /// The types that are taken.
    pub types: &'static [Type],
}

/// A type, and the columns of its record.
#[derive(Debug)]
pub struct Type {
    /// As its sender calls it.
    pub name: &'static str,
    /// What the record is.
    pub entity: &'static Entity,
    /// Its columns.
    pub cells: &'static [Cell],
}

/// A column and what fills it.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    column: &'static str,
    from: &'static [&'static str],
    words: &'static [(&'static str, &'static str)],
    otherwise: Option<&'static str>,
}

impl Cell {
    /// From the first of these members that is there: pointers through objects, `/user/email`.
    pub const fn of(column: &'static str, from: &'static [&'static str]) -> Self {
        Self { column, from, words: &[], otherwise: None }
    }

    /// What every body of the sender says by being its sender's.
    pub const fn always(column: &'static str, value: &'static str) -> Self {
        Self { column, from: &[], words: &[], otherwise: Some(value) }
    }

    /// What the type itself says where no member does.
    #[must_use]
    pub const fn otherwise(self, value: &'static str) -> Self {
        Self { otherwise: Some(value), ..self }
    }

    /// The column it fills.
    pub const fn column(&self) -> &'static str {
        self.column
    }

    /// The sender's words, in small letters and digits alone, and ours for them. Other words stay as they are.
    #[must_use]
    pub const fn words(self, words: &'static [(&'static str, &'static str)]) -> Self {
        Self { words, ..self }
    }
}

impl Shape {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is no such body; 422 `unknown_event` for another type, `invalid_record` for a time that is none or a
    /// member that is there twice.
    pub fn read(&'static self, body: &[u8]) -> Result<Event, Problem> {
        let no_body = || {
            let (kind, told) = (&self.kind[1..], &self.told[1..]);
            Problem::new(&problem::BAD_REQUEST)
                .detail(format!("The body is an object with a text `{kind}` and a time `{told}`."))
        };
        let body: &RawValue = serde_json::from_slice(body).map_err(|error| unreadable(&error, no_body()))?;
        let kind = text(member(body, self.kind)?).ok_or_else(no_body)?;
        let Some(found) = self.types.iter().find(|one| one.name == kind) else {
            return Err(unknown(&self.kind[1..], self.types.iter().map(|one| one.name)));
        };
        let mut item = Item::default();
        for cell in found.cells {
            item = cell.fill(item, body)?;
        }
        if let Some(told) = self.told_at(body)? {
            item = item.told_at(told);
        }
        Ok(Event { kind: found.name, entity: found.entity, item, places: found.places() })
    }

    fn told_at(&self, body: &RawValue) -> Result<Option<Timestamp>, Problem> {
        match member(body, self.told)? {
            None => Ok(None),
            Some(told) => time(&self.told[1..], &text(Some(told)).unwrap_or_default()).map(Some),
        }
    }
}

impl Type {
    fn places(&self) -> Places {
        self.cells.iter().filter_map(|cell| Some((cell.column, *cell.from.first()?))).collect()
    }
}

impl Cell {
    fn fill(&self, item: Item, body: &RawValue) -> Result<Item, Problem> {
        let mut said = None;
        for pointer in self.from {
            said = member(body, pointer)?.or(said);
            if said.is_some_and(|value| value.get() != "null") {
                break;
            }
        }
        Ok(match (said, self.otherwise) {
            (Some(value), _) if value.get() != "null" => match text(Some(value)).and_then(|word| self.ours(&word)) {
                Some(word) => item.with(self.column, Some(word)),
                None => item.with_json(self.column, value),
            },
            (_, Some(value)) => item.with(self.column, Some(value)),
            (Some(_), None) => item.with(self.column, None::<String>),
            (None, None) => item,
        })
    }

    /// Our word for one of the sender's.
    fn ours(&self, word: &str) -> Option<&'static str> {
        if self.words.is_empty() {
            return None;
        }
        let folded: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        self.words.iter().find(|(theirs, _)| *theirs == folded).map(|(_, ours)| *ours)
    }
}

/// The value of a member; none where an object on the way is none.
fn member<'a>(body: &'a RawValue, pointer: &str) -> Result<Option<&'a RawValue>, Problem> {
    let mut at = body;
    for name in pointer.split('/').skip(1) {
        let Ok(Members(members)) = serde_json::from_str(at.get()) else { return Ok(None) };
        let mut named = members.into_iter().filter(|(known, _)| known == name);
        let Some((_, value)) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            let detail = "The record says a field twice; keep one of them.".into();
            let error = FieldError { pointer: pointer.to_owned(), code: "bad_json", detail };
            return Err(Problem::new(&problem::INVALID_RECORD).errors(vec![error]));
        }
        at = value;
    }
    Ok(Some(at))
}

fn text(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok()
}
