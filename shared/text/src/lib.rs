//! The text core of both engines.

pub mod lexicon;
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
