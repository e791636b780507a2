//! The text core of both engines: a text as tokens, clauses and sentences, each with its place in the original.
//!
//! [`Text::new`] reads a text once. A token's base view is lower case, NFKC, with one kind of apostrophe and without
//! format characters; a token that looks disguised (`st4b`, `s t u p i d`, mixed scripts) has variants besides. Each
//! sentence says which language it is in and how much of it the engines cover.

pub mod concepts;
mod fold;
mod hashed;
mod language;
mod read;
mod spaced;
mod text;
mod variant;

pub use fold::fold;
pub use hashed::Remembered;
pub use language::Coverage;
pub use text::{Clause, Kind, Script, Sentence, Text, Token};

pub mod lexicon;
pub mod opinion;
pub mod pattern;

/// The languages the engines read; `Russian` is screened and not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    English,
    /// Norwegian Bokmål.
    Bokmal,
    /// Ukrainian.
    Ukrainian,
    /// Russian.
    Russian,
}

impl Language {
    /// The code of ISO 639-1: `en`, `nb`, `uk`, `ru`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Bokmal => "nb",
            Self::Ukrainian => "uk",
            Self::Russian => "ru",
        }
    }

    /// The language of a code; `no` is read as `nb`.
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "nb" | "no" => Some(Self::Bokmal),
            "uk" => Some(Self::Ukrainian),
            "ru" => Some(Self::Russian),
            _ => None,
        }
    }
}

/// A part of the original text, in Unicode characters (scalar values), the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

impl Span {
    /// From the start of the one to the end of the other.
    pub fn to(self, last: Self) -> Self {
        Self { start: self.start.min(last.start), end: self.end.max(last.end) }
    }

    /// Whether the two share a character.
    pub fn meets(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}
