//! A name in a messenger or social network.

use text::{Kind, Script};

use super::{Scan, is_tld};
use crate::{Grade, lists::lists};

/// How many tokens a name may stand behind the name of the messenger, or before it.
const NEAR: usize = 8;

impl Scan<'_> {
    /// `@name`, as messengers write it.
    pub(super) fn at_handle(&mut self, at: usize) {
        let begins = self.tokens[at].spaced
            || matches!(self.word(at.wrapping_sub(1)), "(" | ":" | "«" | "\"" | "," | "/" | "-" | "—");
        if !begins || !self.glued(at + 1) || self.kind(at + 1) != Some(Kind::Word) {
            return;
        }
        let end = self.handle_end(at + 1);
        let length = self.tokens[end - 1].span.end - self.tokens[at + 1].span.start;
        if length >= 4 && !self.is_channel(at) {
            self.add(at, end, Grade::Contact, "HANDLE", "pii.handle.at", 900);
        }
    }

    /// Whether what follows names a channel or group, which is of nobody.
    fn is_channel(&self, at: usize) -> bool {
        self.near(
            at,
            at,
            2,
            0,
            &["channel", "kanal", "kanalen", "канал", "каналі", "каналу", "канале", "group", "gruppe"],
        )
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

    /// A name after the name of a messenger, or before it.
    pub(super) fn handle(&mut self, at: usize) {
        if self.word(at + 1) == "." && self.glued(at + 1) && self.glued(at + 2) {
            self.profile(at);
            return;
        }
        if matches!(self.word(at), "t" | "wa") {
            return;
        }
        let sentence = self.tokens[at].sentence;
        let to = (at + NEAR).min(self.tokens.len());
        let from = at.saturating_sub(NEAR);
        for next in at + 1..to {
            if self.tokens[next].sentence != sentence && next > at + 2 || self.word(next) == "@" {
                return;
            }
            let end = self.handle_end(next);
            if self.is_name(next, end) {
                if !self.is_channel(next) || !self.is_domain(next, end) {
                    self.add(next, end, Grade::Contact, "HANDLE", "pii.handle.named", 850);
                }
                return;
            }
        }
        if let Some((next, end)) = self.bare_name(at) {
            self.add(next, end, Grade::Contact, "HANDLE", "pii.handle.bare", 800);
            return;
        }
        // `olena_k92 в інсті`
        let mut next = from.max(self.taken);
        while next < at {
            let end = if self.kind(next) == Some(Kind::Word) { self.handle_end(next) } else { next + 1 };
            let quoted = next > 0 && matches!(self.word(next - 1), "«" | "\"" | "“" | "'");
            let clear = (self.tokens[next].spaced || quoted) && self.tokens[next].sentence == sentence && end <= at;
            if clear && self.is_name(next, end) && !self.is_domain(next, end) && self.links(end, at) {
                self.add(next, end, Grade::Contact, "HANDLE", "pii.handle.named", 850);
                return;
            }
            next = end;
        }
    }

    /// Whether only small words stand between a name and the messenger after it.
    fn links(&self, from: usize, to: usize) -> bool {
        (from..to).all(|i| {
            matches!(
                self.word(i),
                "(" | ","
                    | "»"
                    | "\""
                    | "”"
                    | "'"
                    | "-"
                    | "–"
                    | "—"
                    | "on"
                    | "in"
                    | "på"
                    | "i"
                    | "в"
                    | "у"
                    | "at"
                    | "my"
                    | "is"
                    | "er"
                    | "мій"
                    | "моя"
                    | "мой"
                    | "це"
                    | "это"
                    | "that's"
                    | "det"
                    | "min"
                    | "the"
                    | "same"
                    | "also"
            )
        })
    }

    /// Whether tokens are a name nobody would take for a word: a dot, a low line or a digit is in it.
    fn is_name(&self, first: usize, end: usize) -> bool {
        if self.kind(first) != Some(Kind::Word) {
            return false;
        }
        let word = self.word(first);
        let digit = word.bytes().any(|b| b.is_ascii_digit());
        let telling = end > first + 1 || digit;
        let chars = self.tokens[end - 1].span.end - self.tokens[first].span.start;
        // `e-mail`, `off-line` are no names.
        let hyphen = (first..end).all(|i| self.word(i) != "." && self.word(i) != "_") && !digit;
        let named = first > 0 && self.word(first - 1) == ":";
        let link = end == first + 3 && is_tld(self.word(end - 1)) && (self.word(end - 1) != "no" || !named);
        // `b2`, `2nd`, `16gb`: a digit at the head is none of a name that has no low line.
        let head = word.starts_with(|c: char| c.is_ascii_digit()) && end == first + 1;
        telling
            && word.is_ascii()
            && chars >= 5
            && !hyphen
            && !link
            && !head
            && !word.starts_with("http")
            && word != "www"
    }

    /// Whether tokens are letters and a top-level domain.
    fn is_domain(&self, first: usize, end: usize) -> bool {
        end >= first + 3
            && self.word(end - 2) == "."
            && is_tld(self.word(end - 1))
            && (first..end).all(|i| self.word(i) != "_" && !self.word(i).bytes().any(|b| b.is_ascii_digit()))
    }

    /// `інста: olenka`, `snap: lillemorsol.`: a word in Latin letters alone, right behind.
    fn bare_name(&self, at: usize) -> Option<(usize, usize)> {
        let mut next = at + 1;
        let mark = matches!(self.word(next), ":" | "—" | "–" | "-");
        next += usize::from(mark);
        if matches!(self.word(next), "я" | "це" | "это" | "мій" | "мой") {
            next += 1;
        }
        let token = self.tokens.get(next)?;
        let word = self.word(next);
        let lower =
            token.kind == Kind::Word && !token.capital && token.spaced && word.bytes().all(|b| b.is_ascii_lowercase());
        let ends =
            self.tokens.get(next + 1).is_none_or(|t| t.kind == Kind::Punctuation || t.script == Script::Cyrillic);
        let dotted = matches!(self.word(next + 1), "." | "-") && self.glued(next + 1) && self.glued(next + 2);
        let among_cyrillic = self.tokens[at].script == Script::Cyrillic
            && word.len() >= 4
            && !lists().messengers.contains(&word)
            && !self.near(at, at, 1, 1, &["канал", "групп", "груп"]);
        let short = matches!(self.word(at), "snap" | "insta" | "ig" | "tg" | "nick" | "snappen" | "instaen")
            && mark
            && word.len() >= 6;
        (lower && ends && !dotted && (among_cyrillic || short)).then_some((next, next + 1))
    }

    /// `t.me/name`, `instagram.com/name`, `wa.me/47…`.
    fn profile(&mut self, at: usize) {
        let host = self.word(at);
        let ending = self.word(at + 2);
        let fits = match host {
            "t" | "wa" => ending == "me",
            _ => matches!(ending, "com" | "me" | "net" | "dog"),
        };
        if !fits || self.word(at + 3) != "/" || !self.glued(at + 3) {
            return;
        }
        let mut name = at + 4;
        while matches!(self.word(name), "in" | "add" | "u" | "user" | "@" | "/") && self.glued(name) {
            name += 1;
        }
        let place = matches!(
            self.word(name),
            "groups"
                | "p"
                | "reel"
                | "reels"
                | "events"
                | "pages"
                | "watch"
                | "share"
                | "joinchat"
                | "c"
                | "s"
                | "hashtag"
                | "story"
                | "stories"
                | "explore"
                | "help"
                | "about"
                | "learning"
                | "jobs"
                | "company"
                | "invite"
        );
        let number = self.kind(name) == Some(Kind::Number) && host == "wa" && self.word(name).len() >= 8;
        if !self.glued(name) || place || !(self.kind(name) == Some(Kind::Word) || number) {
            return;
        }
        let end = self.handle_end(name);
        let (placeholder, rule) = if number { ("PHONE", "pii.phone.link") } else { ("HANDLE", "pii.handle.link") };
        self.add(at, end, Grade::Contact, placeholder, rule, 900);
    }
}

pub(super) fn is_messenger(word: &str) -> bool {
    lists().messengers.contains(&word.strip_suffix("'s").unwrap_or(word))
        || (!word.is_ascii()
            && lists().messenger_stems.iter().any(|s| word.starts_with(s) && word.len() <= s.len() + 6))
}
