//! E-mail addresses, also where the signs in them are spelled out.

use text::Kind;

use super::{Scan, is_tld};
use crate::{Grade, lists::lists};

/// Labels of a domain, and parts before the at sign, that are read at most.
const MOST_LABELS: usize = 8;
const MOST_PARTS: usize = 24;

/// Providers whose name after an at sign is enough, without a top-level domain.
const PROVIDERS: &[&str] =
    &["gmail", "googlemail", "outlook", "hotmail", "yahoo", "icloud", "proton", "protonmail", "ukr", "yandex", "mail"];

/// Words by which somebody speaks of an address.
const MAIL_WORDS: &[&str] = &[
    "mail",
    "email",
    "epost",
    "post",
    "mailen",
    "adresse",
    "address",
    "skriv",
    "write",
    "send",
    "пошт",
    "почт",
    "скриньк",
    "ящик",
    "імейл",
    "имейл",
    "емейл",
    "мейл",
    "пиши",
    "пишіть",
    "напиш",
];

/// What stands before an `at` that is no sign: `look at example.org`, `by mail at example.org`.
const NO_NAME: &[&str] = &[
    "look",
    "looked",
    "mail",
    "email",
    "us",
    "me",
    "is",
    "are",
    "was",
    "register",
    "found",
    "page",
    "site",
    "website",
    "them",
    "it",
    "here",
    "available",
    "apply",
    "check",
    "read",
    "address",
    "course",
    "online",
    "him",
    "her",
    "you",
    "up",
    "out",
];

impl Scan<'_> {
    /// An e-mail address around its at sign (or the word for it).
    pub(super) fn email(&mut self, at: usize, sign: bool) -> bool {
        let opener = at > 0 && (is_opener(self.word(at - 1)) || is_mark(self.word(at - 1)) && self.glued(at));
        let closer = if opener && is_mark(self.word(at - 1)) {
            self.word(at + 1) == self.word(at - 1) && self.glued(at + 1)
        } else {
            is_closer(self.word(at + 1))
        };
        let bracketed = opener && closer;
        let mut next = at + 1 + usize::from(closer);
        if matches!(self.word(at), "krøll" | "snabel") {
            let letter = next + usize::from(self.word(next) == "-");
            next = if matches!(self.word(letter), "a" | "alfa") { letter + 1 } else { next };
        }
        if !sign || self.word(next) != "." {
            next = self.skip(next);
        }
        let Some((end, labels, dot_words)) = self.domain(next, sign) else { return false };
        let tld = self.word(end - 1);
        let provider =
            sign && labels == 1 && PROVIDERS.contains(&self.word(next)) && self.glued(at) && self.glued(next);
        let whole = labels >= 2 && tld.chars().count() >= 2 && tld.chars().all(char::is_alphabetic);
        if !whole && !provider {
            return false;
        }
        let Some(first) = self.local(at - usize::from(bracketed && at > 0)) else { return false };
        if !sign {
            let plain = matches!(self.word(at), "at" | "et" | "a");
            let joined = first + 1 < at && !self.tokens[first..at].iter().any(|t| self.text.base(t) == ",");
            let tight = bracketed && self.glued(at - 1) && self.glued(at);
            let name =
                !NO_NAME.contains(&self.word(first)) && self.tokens[first].span.end > self.tokens[first].span.start;
            let said = !plain && bracketed
                || dot_words > 0
                || name
                    && is_tld(tld)
                    && (tight
                        || !plain
                        || bracketed && self.word(at) != "a"
                        || joined && first + 2 < at
                        || self.sentence_has(at, MAIL_WORDS) && !bracketed);
            if !said || !bracketed && !is_tld(tld) {
                return false;
            }
        }
        self.add(first, end, Grade::Contact, "EMAIL", "pii.email", if sign { 990 } else { 930 });
        true
    }

    /// `name@gmail`, `name@example ,com`: without a dot behind it the at sign was read as a letter of a word.
    pub(super) fn email_in_word(&mut self, at: usize) -> bool {
        let Some((name, host)) = self.word(at).split_once('@') else { return false };
        if name.is_empty() || host.len() < 2 || !host.chars().all(char::is_alphanumeric) {
            return false;
        }
        let ending = matches!(self.word(at + 1), "." | ",") && is_tld(self.word(at + 2)) && !self.capital(at + 2);
        let said = lists().dot_words.contains(&self.word(at + 1)) && is_tld(self.word(at + 2));
        if !ending && !said && !PROVIDERS.contains(&host) {
            return false;
        }
        let Some(first) = self.local(at + 1) else { return false };
        let end = if ending || said { at + 3 } else { at + 1 };
        self.add(first, end, Grade::Contact, "EMAIL", "pii.email", 950);
        true
    }

    /// Reads `label dot label …`: one past its end, how many labels, how many dots were words.
    fn domain(&self, from: usize, sign: bool) -> Option<(usize, usize, usize)> {
        let mut next = from;
        let (mut labels, mut dot_words, mut end) = (0, 0, None);
        while labels < MOST_LABELS && matches!(self.kind(next), Some(Kind::Word | Kind::Number)) {
            let mut label_end = next + 1;
            while matches!(self.word(label_end), "-" | "_")
                && self.glued(label_end)
                && self.glued(label_end + 1)
                && !lists().dot_words.contains(&self.word(label_end + 1))
            {
                label_end += 2;
            }
            labels += 1;
            end = Some(label_end.min(self.tokens.len()));
            let open = is_opener(self.word(label_end)) || is_mark(self.word(label_end));
            let mut dot = label_end + usize::from(open);
            if !open && lists().dot_words.contains(&self.word(self.skip(dot))) {
                dot = self.skip(dot);
            }
            let word = self.word(dot);
            let is_word = lists().dot_words.contains(&word);
            let tld = is_tld(self.word(dot + 1)) && !self.capital(dot + 1);
            let is_dot = word == "."
                && (open
                    || self.glued(dot) == self.glued(dot + 1)
                    || sign && labels == 1 && tld && !self.glued(dot) && self.glued(dot + 1))
                || sign && labels == 1 && word == "," && tld && self.glued(dot) && self.glued(dot + 1);
            if !is_word && !is_dot {
                break;
            }
            dot_words += usize::from(is_word);
            next = dot + 1;
            if open && (is_closer(self.word(next)) || is_mark(self.word(next))) {
                next += 1;
            } else if is_word {
                next = self.skip(next);
            }
        }
        end.map(|end| (end, labels, dot_words))
    }

    /// The first token of what stands before the at sign.
    fn local(&self, at: usize) -> Option<usize> {
        let mut first = self.back(at.checked_sub(1)?);
        if !matches!(self.kind(first), Some(Kind::Word | Kind::Number)) {
            return None;
        }
        for _ in 0..MOST_PARTS {
            match self.part_before(first) {
                Some(part) if matches!(self.kind(part), Some(Kind::Word | Kind::Number)) => first = part,
                _ => break,
            }
        }
        Some(first)
    }

    /// The part before a dot, a low line or a hyphen (or the word for it) that stands before a token.
    fn part_before(&self, first: usize) -> Option<usize> {
        let joint = first.checked_sub(1)?;
        let word = self.word(joint);
        let glue = matches!(word, "." | "-" | "_" | "+") && self.glued(first) && self.glued(joint);
        let spread = matches!(word, "." | "_") && !self.glued(first) && !self.glued(joint);
        if glue || spread {
            return joint.checked_sub(1);
        }
        // `olena[dot]k`
        let bracketed = is_closer(word) && joint >= 3 && is_opener(self.word(joint - 2));
        if bracketed
            && (lists().dot_words.contains(&self.word(joint - 1))
                || is_joint_word(self.word(joint - 1))
                || self.word(joint - 1) == ".")
        {
            return Some(joint - 3);
        }
        // Letters and digits that stand alone.
        let one = |at: usize| self.tokens[at].span.end - self.tokens[at].span.start == 1;
        if one(first) && one(joint) && self.kind(joint) != Some(Kind::Punctuation) {
            return Some(joint);
        }
        let mut joint = joint;
        for _ in 0..2 {
            if is_filler(self.word(joint)) {
                joint = joint.checked_sub(1)?;
            }
        }
        if !lists().dot_words.contains(&self.word(joint)) && !is_joint_word(self.word(joint)) {
            return None;
        }
        let mut part = joint.checked_sub(1)?;
        for _ in 0..2 {
            if is_filler(self.word(part)) || matches!(self.word(part), "нижнє" | "нижнее" | "low" | "lav") {
                part = part.checked_sub(1)?;
            }
        }
        Some(part)
    }

    /// One past words like `then the … sign`, at most six.
    fn skip(&self, from: usize) -> usize {
        (from..from + 6).find(|at| !is_filler(self.word(*at))).unwrap_or(from)
    }

    /// The same, towards the beginning.
    fn back(&self, from: usize) -> usize {
        (0..6).map_while(|back| from.checked_sub(back)).find(|at| !is_filler(self.word(*at))).unwrap_or(from)
    }
}

fn is_opener(word: &str) -> bool {
    matches!(word, "(" | "[" | "{" | "<")
}

fn is_closer(word: &str) -> bool {
    matches!(word, ")" | "]" | "}" | ">")
}

fn is_mark(word: &str) -> bool {
    matches!(word, "-" | "_" | "*" | "|" | "~")
}

fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "," | "then"
            | "the"
            | "sign"
            | "symbol"
            | "followed"
            | "by"
            | "så"
            | "deretter"
            | "tegn"
            | "tegnet"
            | "потім"
            | "далі"
            | "знак"
            | "значок"
            | "символ"
            | "потом"
            | "дальше"
            | "затем"
    )
}

fn is_joint_word(word: &str) -> bool {
    matches!(
        word,
        "underscore"
            | "understrek"
            | "understreken"
            | "bunnstrek"
            | "підкреслення"
            | "підкреслювання"
            | "подчеркивание"
            | "подчерк"
            | "dash"
            | "hyphen"
            | "minus"
            | "bindestrek"
            | "strek"
            | "дефіс"
            | "дефис"
            | "тире"
            | "мінус"
            | "минус"
    )
}
