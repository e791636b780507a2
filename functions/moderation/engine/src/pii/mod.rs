//! What names or reaches a person: e-mail, phone, handle, address, numbers of the state and of banks, cards, a full
//! name with a date of birth. Read from the tokens, so that spaced, spelled-out and full-width forms are the same to it.
//!
//! A checksum makes sure; words around decide about numbers that have none. Public lines (112, 116 117, 800 …) are let be.

mod checks;
mod contact;
mod identity;
mod number;

use text::{Kind, Span, Text, Token};

use crate::{Grade, lists::lists};
use contact::is_messenger;
use number::digit_word;

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
            "PASSPORT" => "A passport number.",
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
            Kind::Word => {
                let short = word.len() <= 18;
                if short
                    && matches!(word.as_bytes()[0], b'a' | b'e' | b'k' | 0xd0 | 0xd1)
                    && lists().at_words.contains(&word)
                {
                    self.email(at, false);
                } else if at >= self.taken {
                    let first = word.as_bytes()[0];
                    if token.capital && first.is_ascii_lowercase() && word.bytes().any(|b| b.is_ascii_digit()) {
                        self.iban(at);
                    }
                    if at >= self.taken && short && digit_word(word).is_some() {
                        self.spelled(at);
                    }
                    if at >= self.taken && is_messenger(word) {
                        self.handle(at);
                    }
                    if at >= self.taken && (word.starts_with("pass") || word.starts_with("паспорт")) {
                        self.passport(at);
                    }
                }
            }
        }
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
