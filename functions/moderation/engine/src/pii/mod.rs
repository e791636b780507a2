//! What names or reaches a person: e-mail, phone, handle, address, numbers of the state and of banks, cards, a full
//! name with a date of birth. Read from the tokens, so that spaced, spelled-out and full-width forms are the same to it.
//!
//! A checksum makes sure; words around decide about numbers that have none. Public lines (112, 116 117, 800 …) are let be.

mod address;
mod checks;
mod context;
mod email;
mod handle;
mod identity;
mod number;
mod spelled;
mod street;

use std::sync::OnceLock;

use text::{Kind, Remembered, Span, Text, Token};

use crate::{Grade, lists::lists};
use handle::is_messenger;
use identity::{is_document, is_month};
use spelled::{is_dash_word, multiplies, numeral};

/// A place with personal data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub span: Span,
    pub grade: Grade,
    pub placeholder: &'static str,
    pub rule: &'static str,
    pub reason: &'static str,
    pub score: u16,
    /// Tokens `first..end`.
    pub first: usize,
    pub end: usize,
}

struct Scan<'a> {
    text: &'a Text<'a>,
    tokens: &'a [Token],
    found: Vec<Found>,
    /// Up to which token something was found.
    taken: usize,
}

/// All personal data of a text, in order, without overlaps.
pub(crate) fn find(text: &Text<'_>) -> Vec<Found> {
    let mut scan = Scan { text, tokens: text.tokens(), found: Vec::new(), taken: 0 };
    let mut at = 0;
    while at < scan.tokens.len() {
        scan.at(at);
        at += 1;
    }
    let mut found = scan.found;
    found.sort_by_key(|f| (f.span.start, std::cmp::Reverse(f.span.end)));
    let mut last = 0;
    found.retain(|f| {
        let fresh = f.span.start >= last;
        if fresh {
            last = f.span.end;
        }
        fresh
    });
    found
}

/// Whether `word` is a top-level domain.
pub(crate) fn is_tld(word: &str) -> bool {
    lists().tlds.contains(&word)
}

const NUMERAL: u8 = 1;
const MULTIPLIER: u8 = 2;
const MESSENGER: u8 = 4;
const DOCUMENT: u8 = 8;

/// What a word may open, as bits: looked up in the lists once for nearly every word.
fn opens(word: &str) -> u8 {
    static WORDS: OnceLock<Remembered<u8>> = OnceLock::new();
    let find = || {
        (u8::from(numeral(word).is_some()) * NUMERAL)
            | (u8::from(multiplies(word)) * MULTIPLIER)
            | (u8::from(is_messenger(word)) * MESSENGER)
            | (u8::from(is_document(word)) * DOCUMENT)
    };
    WORDS.get_or_init(|| Remembered::new(4096)).get_or(word, find).map_or_else(|new| new, |found| *found)
}

impl<'a> Scan<'a> {
    fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |t| self.text.base(t))
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    fn glued(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| !t.spaced)
    }

    fn capital(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.capital && t.kind == Kind::Word)
    }

    fn add(
        &mut self,
        first: usize,
        end: usize,
        grade: Grade,
        placeholder: &'static str,
        rule: &'static str,
        score: u16,
    ) {
        let (Some(a), Some(b)) = (self.tokens.get(first), self.tokens.get(end.saturating_sub(1))) else { return };
        let reason = match placeholder {
            "EMAIL" => "An e-mail address.",
            "PHONE" => "A phone number.",
            "HANDLE" => "A name in a messenger or social network.",
            "ADDRESS" => "A street address.",
            "NATIONAL_ID" => "A number of the state that belongs to one person.",
            "PASSPORT" => "The number of a passport or another paper that says who somebody is.",
            "BANK_ACCOUNT" => "A bank account.",
            "CARD" => "A payment card.",
            "NAME" => "A full name beside a date of birth.",
            _ => "A date of birth beside a full name.",
        };
        self.found.push(Found { span: a.span.to(b.span), grade, placeholder, rule, reason, score, first, end });
        self.taken = self.taken.max(end);
    }

    /// Tries what can begin at a token (or has its telling sign there).
    fn at(&mut self, at: usize) {
        let token = self.tokens[at];
        let word = self.word(at);
        match token.kind {
            Kind::Symbol | Kind::Punctuation => match word {
                "@" if !self.email(at, true) => self.at_handle(at),
                "+" if at >= self.taken => self.number(at + 1, true),
                _ => {}
            },
            Kind::Number => {
                if at >= self.taken && self.numbers_in_words(at) {
                    self.spelled(at);
                }
                if at >= self.taken {
                    self.number(at, false);
                }
                if at >= self.taken {
                    self.address(at);
                }
                if at >= self.taken {
                    self.birth(at);
                }
            }
            Kind::Word => self.at_word(at),
        }
    }

    fn at_word(&mut self, at: usize) {
        let token = self.tokens[at];
        let word = self.word(at);
        let first = word.as_bytes().first().copied().unwrap_or(0);
        let short = word.len() <= 34;
        let bracketed = word == "a" && at > 0 && matches!(self.word(at - 1), "(" | "[" | "{");
        if bracketed
            || short && matches!(first, b'a' | b'e' | b'k' | b's' | 0xd0 | 0xd1) && lists().at_words.contains(&word)
        {
            self.email(at, false);
            return;
        }
        if word.contains('@') && self.email_in_word(at) || at < self.taken || !short {
            return;
        }
        if first.is_ascii_lowercase() {
            self.iban(at);
        }
        let opens = opens(word);
        if at >= self.taken && opens & NUMERAL != 0 || opens & MULTIPLIER != 0 {
            self.spelled(at);
        }
        if at >= self.taken && opens & MESSENGER != 0 {
            self.handle(at);
        }
        if at >= self.taken && opens & DOCUMENT != 0 {
            self.document(at);
        }
        if at >= self.taken && first.is_ascii_digit() {
            self.address(at);
        }
        if at >= self.taken && (first.is_ascii_digit() || token.capital && is_month(word)) {
            self.birth(at);
        }
    }

    /// Whether a said number goes on after the digits at a token: `4 5 6 dash 7`, `40 double 5`.
    fn numbers_in_words(&self, at: usize) -> bool {
        (at + 1..at + 8)
            .map(|i| self.word(i))
            .take_while(|word| word.len() <= 24)
            .find(|word| !word.bytes().all(|b| b.is_ascii_digit() || b == b','))
            .is_some_and(|word| is_dash_word(word) || multiplies(word) || numeral(word).is_some())
    }

    /// Whether one of the words (or stems of four letters and more) stands near.
    fn near(&self, first: usize, end: usize, back: usize, ahead: usize, words: &[&str]) -> bool {
        let from = first.saturating_sub(back);
        let to = (end + ahead).min(self.tokens.len());
        (from..first).chain(end..to).any(|i| {
            let word = self.word(i);
            words.iter().any(|w| *w == word || (w.chars().count() >= 4 && word.starts_with(w)))
        })
    }

    fn sentence_has(&self, at: usize, words: &[&str]) -> bool {
        let Some(sentence) = self.text.sentences().get(self.tokens[at].sentence as usize) else { return false };
        let from = (sentence.first as usize).max(at.saturating_sub(40));
        let to = (sentence.end as usize).min(at + 40);
        (from..to).any(|i| {
            let word = self.word(i);
            words.iter().any(|w| *w == word || (w.chars().count() >= 4 && word.starts_with(w)))
        })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod variants;
