//! What reaches a person: e-mail, a name in a messenger, a street.

use text::Kind;

use super::{Scan, is_tld};
use crate::{Grade, lists::lists};

impl Scan<'_> {
    /// An e-mail address around its at sign (or the word for it).
    pub(super) fn email(&mut self, at: usize, sign: bool) -> bool {
        let opener = at > 0 && matches!(self.word(at - 1), "(" | "[" | "{" | "<");
        let closer = matches!(self.word(at + 1), ")" | "]" | "}" | ">");
        let bracketed = opener && closer;
        // To the right: label, dot, label.
        let mut next = at + 1 + usize::from(closer);
        let mut labels = 0;
        let mut dot_words = 0;
        let mut end = next;
        while matches!(self.kind(next), Some(Kind::Word | Kind::Number)) {
            let mut label_end = next + 1;
            while matches!(self.word(label_end), "-" | "_") && self.glued(label_end) && self.glued(label_end + 1) {
                label_end += 2;
            }
            labels += 1;
            end = label_end;
            let mut dot = label_end;
            let open = matches!(self.word(dot), "(" | "[" | "{");
            dot += usize::from(open);
            let is_word = lists().dot_words.contains(&self.word(dot));
            let is_dot = self.word(dot) == "."
                && (open || self.glued(dot) == self.glued(dot + 1))
                && (self.glued(dot) || self.tokens.get(dot).is_some_and(|t| t.spaced));
            if !is_word && !is_dot {
                break;
            }
            dot_words += u32::from(is_word);
            next = dot + 1;
            next += usize::from(open && matches!(self.word(next), ")" | "]" | "}"));
        }
        let tld = self.word(end.saturating_sub(1));
        let whole = labels >= 2 && tld.chars().count() >= 2 && tld.chars().all(char::is_alphabetic);
        if !whole || !(sign || bracketed || dot_words > 0) {
            return false;
        }
        if !sign && !bracketed && !is_tld(tld) {
            return false;
        }
        // To the left: the local part.
        let mut first = at.saturating_sub(usize::from(opener));
        if first == 0 || !matches!(self.kind(first - 1), Some(Kind::Word | Kind::Number)) {
            return false;
        }
        first -= 1;
        while first >= 2 {
            let joint = self.word(first - 1);
            let glue = matches!(joint, "." | "-" | "_" | "+") && self.glued(first) && self.glued(first - 1);
            let spelled =
                lists().dot_words.contains(&joint) || matches!(joint, "underscore" | "understrek" | "підкреслення");
            let spread = joint == "." && !self.glued(first) && !self.glued(first - 1);
            if !(glue || spelled || spread) || !matches!(self.kind(first - 2), Some(Kind::Word | Kind::Number)) {
                break;
            }
            first -= 2;
        }
        self.add(first, end, Grade::Contact, "EMAIL", "pii.email", if sign { 990 } else { 930 });
        true
    }

    /// `@name`, as messengers write it.
    pub(super) fn at_handle(&mut self, at: usize) {
        let begins = self.tokens[at].spaced || matches!(self.word(at.wrapping_sub(1)), "(" | ":" | "«" | "\"");
        if !begins || !self.glued(at + 1) || self.kind(at + 1) != Some(Kind::Word) {
            return;
        }
        let end = self.handle_end(at + 1);
        let length = self.tokens[end - 1].span.end - self.tokens[at + 1].span.start;
        if length >= 4 {
            self.add(at, end, Grade::Contact, "HANDLE", "pii.handle.at", 900);
        }
    }

    /// One past the last token of a name with dots, digits and low lines.
    fn handle_end(&self, first: usize) -> usize {
        let mut end = first + 1;
        loop {
            let joint = matches!(self.word(end), "." | "_" | "-") && self.glued(end);
            let mut next = end;
            while joint && matches!(self.word(next), "_" | "." | "-") && self.glued(next) {
                next += 1;
            }
            let more = matches!(self.kind(next), Some(Kind::Word | Kind::Number)) && self.glued(next);
            if joint && more {
                end = next + 1;
            } else if !joint && more {
                end += 1;
            } else {
                return end;
            }
        }
    }

    /// A name after the name of a messenger.
    pub(super) fn handle(&mut self, at: usize) {
        // `t.me/name`, `instagram.com/name`
        if self.word(at + 1) == "." && self.glued(at + 1) {
            let mut slash = at + 2;
            while slash < at + 6 && self.glued(slash) && self.word(slash) != "/" {
                slash += 1;
            }
            if self.word(slash) == "/" && self.kind(slash + 1) == Some(Kind::Word) && self.glued(slash + 1) {
                let end = self.handle_end(slash + 1);
                self.add(at, end, Grade::Contact, "HANDLE", "pii.handle.link", 900);
            }
            return;
        }
        for next in at + 1..(at + 8).min(self.tokens.len()) {
            if self.tokens[next].sentence != self.tokens[at].sentence {
                return;
            }
            if self.word(next) == "@" {
                return;
            }
            if self.kind(next) != Some(Kind::Word) {
                continue;
            }
            let end = self.handle_end(next);
            let telling = end > next + 1 || self.word(next).bytes().any(|b| b.is_ascii_digit());
            let chars = self.tokens[end - 1].span.end - self.tokens[next].span.start;
            let latin = self.word(next).is_ascii();
            // `e-mail`, `off-line` are no names; a dot, a low line or a digit inside is.
            let hyphen = (next..end).all(|i| self.word(i) != "." && self.word(i) != "_")
                && !self.word(next).bytes().any(|b| b.is_ascii_digit());
            let link = end >= next + 3 && is_tld(self.word(end - 1)) && end == next + 3 && self.word(end - 1) != "no";
            if telling && latin && chars >= 5 && !hyphen && !link && !self.word(next).starts_with("http") {
                self.add(next, end, Grade::Contact, "HANDLE", "pii.handle.named", 850);
                return;
            }
        }
    }

    /// A street and the number of a house, around the number.
    pub(super) fn address(&mut self, at: usize) {
        let digits = self.word(at);
        if digits.len() > 4 || digits.is_empty() {
            return;
        }
        // 22 Sample Street
        let mut next = at + 1;
        if self.kind(next) == Some(Kind::Word) && self.glued(next) && self.word(next).len() == 1 {
            next += 1;
        }
        let mut names = 0;
        while names < 4 && self.capital(next) {
            if names > 0 && is_street_word(self.word(next)) {
                let mut end = next + 1;
                // Flat and postcode.
                while end < self.tokens.len()
                    && end < next + 9
                    && self.tokens[end].sentence == self.tokens[at].sentence
                    && (matches!(self.word(end), "," | "flat" | "apartment" | "apt" | "no" | "unit")
                        || self.kind(end) == Some(Kind::Number)
                        || (self.tokens[end].capital && self.word(end).bytes().any(|b| b.is_ascii_digit())))
                {
                    end += 1;
                }
                while self.word(end - 1) == "," {
                    end -= 1;
                }
                self.add(at, end, Grade::Contact, "ADDRESS", "pii.address.en", 920);
                return;
            }
            names += 1;
            next += 1;
        }
        let end = {
            let letter = self.tokens.get(at + 1).is_some_and(|t| {
                t.kind == Kind::Word && t.span.end - t.span.start == 1 && t.capital && self.word(at + 1) != "i"
            });
            at + 1 + usize::from(letter)
        };
        if at == 0 {
            return;
        }
        // Prøveveien 27 C, 0599 Oslo
        let before = self.word(at - 1);
        let named = self.capital(at - 1) && street_suffix(before);
        let two_words = at >= 2
            && self.capital(at - 2)
            && matches!(before, "gate" | "gata" | "vei" | "veg" | "plass" | "allé" | "vegen" | "veien" | "terrasse");
        if named || two_words {
            let mut to = end;
            let code = self.word(to + 1);
            if self.word(to) == "," && code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()) {
                to += 2;
                to += usize::from(self.capital(to));
            }
            let mut first = at - if two_words { 2 } else { 1 };
            while two_words
                && first > 0
                && self.capital(first - 1)
                && self.tokens[first - 1].sentence == self.tokens[at].sentence
            {
                first -= 1;
            }
            self.add(first, to, Grade::Contact, "ADDRESS", "pii.address.nb", 920);
            return;
        }
        // вул. Зразкова, буд. 17, кв. 5
        let sentence = self.tokens[at].sentence;
        for back in 1..=7.min(at) {
            let i = at - back;
            if self.tokens[i].sentence != sentence && self.word(i) != "." {
                break;
            }
            if is_cyrillic_street(self.word(i)) && self.named_between(i, at) {
                let mut to = end;
                while to < self.tokens.len()
                    && to < at + 9
                    && (matches!(self.word(to), "," | "." | "кв" | "квартира" | "корпус" | "корп" | "під'їзд")
                        || (self.kind(to) == Some(Kind::Number) && self.word(to).len() <= 4))
                {
                    to += 1;
                }
                while matches!(self.word(to - 1), "," | ".") {
                    to -= 1;
                }
                self.add(i, to, Grade::Contact, "ADDRESS", "pii.address.uk", 920);
                return;
            }
        }
    }

    fn named_between(&self, first: usize, end: usize) -> bool {
        (first + 1..end).any(|i| self.capital(i))
            && (first + 1..end).all(|i| {
                self.capital(i)
                    || matches!(
                        self.word(i),
                        "." | ","
                            | "№"
                            | "буд"
                            | "будинок"
                            | "дом"
                            | "д"
                            | "б"
                            | "будинку"
                            | "доме"
                            | "-"
                            | "'"
                    )
            })
    }
}

pub(super) fn is_messenger(word: &str) -> bool {
    lists().messengers.contains(&word)
        || (!word.is_ascii()
            && lists().messenger_stems.iter().any(|s| word.starts_with(s) && word.len() <= s.len() + 6))
}

pub(super) fn is_street_word(word: &str) -> bool {
    lists().street_words.contains(&word)
}

pub(super) fn street_suffix(word: &str) -> bool {
    lists().street_suffixes.iter().any(|s| word.len() > s.len() + 2 && word.ends_with(s))
}

pub(super) fn is_cyrillic_street(word: &str) -> bool {
    matches!(word, "вул" | "ул" | "просп" | "пр-т" | "бульв" | "бул" | "пров" | "пер" | "пл" | "наб")
        || ["вулиц", "улиц", "проспект", "бульвар", "провул", "переул", "набережн", "площ"]
            .iter()
            .any(|s| word.starts_with(s))
}
