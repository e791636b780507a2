//! An IBAN, a passport, a full name beside a date of birth.

use text::{Kind, Text, Token};

use super::{Scan, checks::is_iban};
use crate::{Grade, lists::lists};

impl Scan<'_> {
    pub(super) fn iban(&mut self, at: usize) {
        let mut all = String::new();
        let mut best = None;
        let mut next = at;
        while matches!(self.kind(next), Some(Kind::Word | Kind::Number)) && all.len() <= 34 {
            if next > at && self.tokens[next].span.start - self.tokens[next - 1].span.end > 1 {
                break;
            }
            all.push_str(self.word(next));
            next += 1;
            if is_iban(&all) {
                best = Some(next);
            }
            if matches!(self.word(next), "-") {
                next += 1;
            }
        }
        if let Some(end) = best {
            self.add(at, end, Grade::Identity, "BANK_ACCOUNT", "pii.iban", 990);
        }
    }

    pub(super) fn passport(&mut self, at: usize) {
        for next in at + 1..(at + 9).min(self.tokens.len()) {
            if self.tokens[next].sentence != self.tokens[at].sentence {
                return;
            }
            let word = self.word(next);
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let letters = word.chars().filter(|c| c.is_alphabetic()).count();
            let whole = digits + letters == word.chars().count();
            let with_letters = self.tokens[next].capital && (1..=3).contains(&letters) && (6..=8).contains(&digits);
            let bare = letters == 0 && (8..=9).contains(&digits);
            if whole && (with_letters || bare) {
                self.add(next, next + 1, Grade::Identity, "PASSPORT", "pii.passport", 930);
                return;
            }
            let series = self.tokens[next].shouted && letters == 2 && digits == 0;
            let follows = self.word(next + 1);
            if series && follows.len() == 6 && follows.bytes().all(|b| b.is_ascii_digit()) {
                self.add(next, next + 2, Grade::Identity, "PASSPORT", "pii.passport", 930);
                return;
            }
        }
    }

    /// A date that is said to be somebody's birth, beside a full name.
    pub(super) fn birth(&mut self, at: usize) {
        let Some(end) = self.date_end(at) else { return };
        let said = self.near(
            at,
            end,
            4,
            5,
            &[
                "born",
                "birth",
                "dob",
                "birthday",
                "født",
                "fødselsdato",
                "f",
                "народ",
                "народж",
                "родил",
                "рожд",
                "бірт",
            ],
        ) || (matches!(self.word(end), "р" | "г") && matches!(self.word(end + 2), "н" | "р"))
            || matches!(self.word(end), "рн" | "гр");
        if !said {
            return;
        }
        let sentence = self.tokens[at].sentence;
        let from = at.saturating_sub(30);
        let to = (end + 20).min(self.tokens.len());
        let mut best: Option<(usize, usize)> = None;
        let mut i = from;
        while i < to {
            let mut j = i;
            while j < to && self.capital(j) && !self.tokens[j].shouted_short(self.text) && self.word(j) != "i" {
                j += 1;
            }
            // The first word of a sentence is upper case anyway.
            let lead = usize::from(self.starts_sentence(i) && is_common_start(self.word(i)));
            if j > i + lead + 1 {
                let close = self.tokens[i].sentence.abs_diff(sentence) <= 1;
                if close && best.is_none_or(|(a, _)| i.abs_diff(at) < a.abs_diff(at)) {
                    best = Some((i + lead, j));
                }
            }
            i = j.max(i) + 1;
        }
        if let Some((first, last)) = best {
            self.add(first, last, Grade::Identity, "NAME", "pii.name_birth", 900);
            self.add(at, end, Grade::Identity, "BIRTH_DATE", "pii.birth_date", 900);
        }
    }

    fn starts_sentence(&self, at: usize) -> bool {
        at == 0 || self.tokens[at - 1].sentence != self.tokens[at].sentence
    }

    /// One past the last token of a whole date that begins here.
    fn date_end(&self, at: usize) -> Option<usize> {
        let value = |i: usize| self.word(i).parse::<u32>().ok().filter(|_| self.kind(i) == Some(Kind::Number));
        let first = value(at)?;
        let mark = |i: usize| matches!(self.word(i), "." | "/" | "-") && self.glued(i);
        if mark(at + 1) && mark(at + 3) {
            let (second, third) = (value(at + 2)?, value(at + 4)?);
            let day_first = (1..=31).contains(&first) && (1..=12).contains(&second);
            let month_first = (1..=12).contains(&first) && (1..=31).contains(&second);
            let year = (1900..=2030).contains(&third) || third < 100;
            if (day_first || month_first) && year || (1900..=2030).contains(&first) && (1..=12).contains(&second) {
                return Some(at + 5);
            }
            return None;
        }
        // 2 May 2011, 3. september 1988
        if (1..=31).contains(&first) {
            let month = at + 1 + usize::from(self.word(at + 1) == ".");
            if is_month(self.word(month)) {
                let year = month + 1 + usize::from(self.word(month + 1) == ",");
                if value(year).is_some_and(|y| (1900..=2030).contains(&y)) {
                    return Some(year + 1);
                }
            }
        }
        None
    }
}

trait Shouted {
    fn shouted_short(&self, text: &Text<'_>) -> bool;
}

impl Shouted for Token {
    /// `NAV`, `UDI`: an abbreviation is no name.
    fn shouted_short(&self, text: &Text<'_>) -> bool {
        self.shouted && text.base(self).chars().count() <= 4
    }
}

pub(super) fn is_common_start(word: &str) -> bool {
    lists().common_starts.contains(&word)
}

pub(super) fn is_month(word: &str) -> bool {
    lists().months.iter().any(|s| word.starts_with(s))
}
