//! What names or reaches a person: e-mail, phone, handle, address, numbers of the state and of banks, cards, a full
//! name with a date of birth. Read from the tokens, so that spaced, spelled-out and full-width forms are the same to it.
//!
//! A checksum makes sure; words around decide about numbers that have none. Public lines (112, 116 117, 800 …) are let be.

use text::{Kind, Span, Text, Token};

use crate::Grade;

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

/// Top-level domains that make `word.word` a link.
const TLDS: &[&str] = &[
    "no", "com", "org", "net", "example", "test", "invalid", "ua", "ru", "uk", "eu", "io", "info", "de", "pl", "se",
    "dk", "me", "ly", "gg", "app", "dev", "biz", "xyz", "top", "online", "site", "shop", "club", "live", "edu", "gov",
    "co", "us", "tv", "cc", "link", "click", "be", "fr", "gl", "gd", "укр", "рф", "fi", "lt", "lv", "ee", "cz", "at",
    "ch", "ca",
];

/// Whether `word` is a top-level domain.
pub(crate) fn is_tld(word: &str) -> bool {
    TLDS.contains(&word)
}

const AT_WORDS: &[&str] =
    &["at", "собака", "собачка", "равлик", "krøllalfa", "alfakrøll", "krollalfa", "et", "ет", "эт"];
const DOT_WORDS: &[&str] = &["dot", "punktum", "prikk", "punkt", "крапка", "точка", "дот"];

const PHONE_WORDS: &[&str] = &[
    "phone",
    "call",
    "ring",
    "text",
    "tel",
    "tlf",
    "telefon",
    "mobil",
    "mobile",
    "cell",
    "sms",
    "whatsapp",
    "viber",
    "signal",
    "telegram",
    "number",
    "nummer",
    "nr",
    "reach",
    "contact",
    "dial",
    "mobilnummer",
    "тел",
    "телефон",
    "номер",
    "дзвон",
    "подзвон",
    "зателефон",
    "телефону",
    "мобільн",
    "вайбер",
    "ватсап",
    "телеграм",
    "звон",
    "позвон",
    "набер",
    "моб",
    "вотсап",
    "kontakt",
    "nås",
    "msg",
    "message",
    "imo",
    "картк",
    "sim",
];

/// Words before a number that say it is none of a person.
const OTHER_NUMBER: &[&str] = &[
    "isbn",
    "serial",
    "serienummer",
    "issn",
    "order",
    "ordre",
    "invoice",
    "faktura",
    "kid",
    "ticket",
    "version",
    "versjon",
    "код",
    "code",
    "kode",
    "kurskode",
    "module",
    "modul",
    "артикул",
    "замовлення",
    "заказ",
    "сері",
    "версі",
    "tracking",
    "sporing",
    "model",
    "modell",
    "page",
    "side",
    "room",
    "rom",
    "case",
    "saksnr",
    "справи",
];

/// Words before a number that say which other kind it is; its checksum decided already.
const OTHER_KIND: &[&str] = &[
    "fødselsnummer",
    "personnummer",
    "fnr",
    "d-nummer",
    "duf",
    "kontonr",
    "kontonummer",
    "account",
    "konto",
    "card",
    "kort",
    "tax",
    "податк",
    "налог",
    "рнокпп",
    "іпн",
    "инн",
    "рахун",
    "счет",
    "passport",
    "passnummer",
    "паспорт",
    "deklar",
];

const MONEY: &[&str] = &[
    "kr",
    "kroner",
    "krone",
    "nok",
    "eur",
    "euro",
    "euros",
    "usd",
    "dollar",
    "dollars",
    "pounds",
    "грн",
    "гривень",
    "крон",
    "крони",
    "крони",
    "євро",
    "евро",
    "руб",
    "рублей",
    "долар",
    "$",
    "€",
    "£",
    "тисяч",
    "тысяч",
    "million",
    "percent",
    "%",
    "words",
    "ord",
    "слів",
    "слов",
    "km",
    "meter",
    "steps",
];

const LINES: &[&str] = &["22400040", "81533300", "80033321", "80057000", "21492149", "80040008", "116123", "116117"];

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
                "@" => {
                    if !self.email(at, true) {
                        self.at_handle(at);
                    }
                }
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
                if short && matches!(word.as_bytes()[0], b'a' | b'e' | b'k' | 0xd0 | 0xd1) && AT_WORDS.contains(&word) {
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

    /// An e-mail address around its at sign (or the word for it).
    fn email(&mut self, at: usize, sign: bool) -> bool {
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
            let is_word = DOT_WORDS.contains(&self.word(dot));
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
            let spelled = DOT_WORDS.contains(&joint) || matches!(joint, "underscore" | "understrek" | "підкреслення");
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
    fn at_handle(&mut self, at: usize) {
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
    fn handle(&mut self, at: usize) {
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

    /// The groups of digits that may be one number, from a token on: their tokens and digits.
    fn groups(&self, at: usize) -> Vec<(usize, String)> {
        let mut groups: Vec<(usize, String)> = Vec::new();
        let mut next = at;
        let mut total = 0;
        while self.kind(next) == Some(Kind::Number) && groups.len() < 24 && total < 40 {
            let digits: String = self.word(next).chars().filter_map(decimal).collect();
            total += digits.len();
            groups.push((next, digits));
            // Between groups: nothing, one space, or one or two marks.
            let mut gap = next + 1;
            let mut marks = 0;
            while marks < 3 && matches!(self.word(gap), "-" | "." | "(" | ")" | "/" | "–" | "‑") {
                gap += 1;
                marks += 1;
            }
            let Some(token) = self.tokens.get(gap) else { break };
            let before = &self.tokens[gap - 1];
            // A full stop with a space is the end of a sentence, two spaces are none of one number.
            if token.span.start.saturating_sub(before.span.end) > 1
                || (marks > 0 && self.word(gap - 1) == "." && token.spaced)
                || (marks > 0 && token.sentence != self.tokens[next].sentence)
            {
                break;
            }
            next = gap;
        }
        groups
    }

    fn number(&mut self, at: usize, plus: bool) {
        let groups = self.groups(at);
        let total: usize = groups.iter().map(|(_, d)| d.len()).sum();
        if total < 7 {
            return;
        }
        let other = self.near(at, at, 2, 0, OTHER_NUMBER) && !(13..=19).contains(&total);
        if other && !plus {
            self.taken = self.taken.max(groups.last().map_or(at, |(i, _)| i + 1));
            return;
        }
        let start = if plus { at - 1 } else { at };
        for count in (1..=groups.len()).rev() {
            let digits: String = groups[..count].iter().map(|(_, d)| d.as_str()).collect();
            let shape: Vec<usize> = groups[..count].iter().map(|(_, d)| d.len()).collect();
            let end = groups[count - 1].0 + 1;
            let last = count == groups.len();
            if let Some((placeholder, rule, score)) = self.judge(start, end, &digits, &shape, plus, last) {
                let grade = if placeholder == "PHONE" { Grade::Contact } else { Grade::Identity };
                // An opening bracket belongs to it.
                let first =
                    if start > 0 && self.word(start - 1) == "(" && self.glued(start) { start - 1 } else { start };
                self.add(first, end, grade, placeholder, rule, score);
                return;
            }
        }
        // A part of a longer run that is none itself is none either: dates, prices, counts.
        let single = groups.len() == 1 || groups.iter().all(|(_, d)| d.len() == 1);
        if single {
            self.taken = self.taken.max(groups.last().map_or(at, |(i, _)| i + 1));
        }
    }

    fn judge(
        &self,
        start: usize,
        end: usize,
        digits: &str,
        shape: &[usize],
        plus: bool,
        last: bool,
    ) -> Option<(&'static str, &'static str, u16)> {
        let count = digits.len();
        let context = |words: &[&str]| self.sentence_has(start, words) || self.near(start, end, 14, 6, words);
        if !plus && (13..=19).contains(&count) && is_card(digits) && !digits.starts_with("978") {
            return Some(("CARD", "pii.card.luhn", 970));
        }
        if !plus && count == 11 {
            if is_birth_number(digits) {
                return Some(("NATIONAL_ID", "pii.no.birth_number", 980));
            }
            let bank = context(&[
                "konto",
                "kontonr",
                "account",
                "bank",
                "рахун",
                "счет",
                "refusjon",
                "utbetal",
                "lønn",
                "зарплат",
                "refund",
                "перерахов",
                "kontonummer",
            ]);
            if mod11(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) && (shape == [4, 2, 5] || bank) {
                return Some(("BANK_ACCOUNT", "pii.no.account", 960));
            }
        }
        if !plus
            && count == 12
            && (digits.starts_with("19") || digits.starts_with("20"))
            && context(&["duf", "udi", "дуф", "dufnummer", "duf-nummer", "saksnummer", "case", "уді"])
        {
            return Some(("NATIONAL_ID", "pii.no.duf", 940));
        }
        if !plus
            && count == 10
            && is_tax_number(digits)
            && context(&[
                "рнокпп",
                "іпн",
                "инн",
                "податк",
                "налог",
                "rnokpp",
                "tax",
                "ідентифікац",
                "идентифик",
                "ipn",
                "код",
                "skattenummer",
                "inn",
            ])
        {
            return Some(("NATIONAL_ID", "pii.ua.tax_number", 950));
        }
        if !plus && count == 9 {
            let social = context(&["ssn", "social"]);
            if (shape == [3, 2, 4] && (social || self.word(start + 1) == "-")) || (social && shape.len() == 1) {
                return Some(("NATIONAL_ID", "pii.us.ssn", 930));
            }
        }
        if !last {
            return None;
        }
        self.phone(start, end, digits, shape, plus)
    }

    fn phone(
        &self,
        start: usize,
        end: usize,
        digits: &str,
        shape: &[usize],
        plus: bool,
    ) -> Option<(&'static str, &'static str, u16)> {
        let count = digits.len();
        if !(7..=15).contains(&count) || LINES.contains(&digits) {
            return None;
        }
        // The tail of a longer number is no phone.
        let tail = start > 0
            && self.kind(start - 1) == Some(Kind::Number)
            && self.tokens[start].span.start - self.tokens[start - 1].span.end <= 1;
        if tail {
            return None;
        }
        let ahead = (end..(end + 2).min(self.tokens.len())).any(|i| MONEY.contains(&self.word(i)));
        let before = start > 0 && MONEY.contains(&self.word(start - 1));
        if ahead || before || is_date(digits, shape) {
            return None;
        }
        if plus {
            return (count >= 8).then_some(("PHONE", "pii.phone.international", 970));
        }
        if digits.starts_with("00") && count >= 10 && !digits.starts_with("000") {
            return Some(("PHONE", "pii.phone.international", 960));
        }
        // Lines for everybody.
        if digits.starts_with("800") && count == 8 || digits.starts_with("0800") {
            return None;
        }
        // Said to be another number, and none by its checksum.
        if self.near(start, start, 4, 0, OTHER_KIND) {
            return None;
        }
        let context = self.near(start, end, 10, 6, PHONE_WORDS) || self.sentence_has(start, PHONE_WORDS);
        let spread = shape.len() >= 7 && shape.iter().all(|n| *n <= 2);
        let shaped = match shape {
            [3, 2, 3] => digits.starts_with(['4', '9']),
            [3, 3, 4] => self.word(start.wrapping_sub(1)) == "(" || self.joined_by_hyphen(start, end),
            [3, 3, 2, 2] | [1, 3, 3, 2, 2] => digits.starts_with(['0', '8', '9']),
            [3, 7] => digits.starts_with('0'),
            [5, 6] | [5, 3, 3] => digits.starts_with('0'),
            _ => false,
        };
        if shaped || (context && spread && count >= 8) {
            return Some(("PHONE", "pii.phone.shape", 900));
        }
        if !context {
            return None;
        }
        let plausible = match count {
            8 => digits.starts_with(['2', '3', '4', '5', '6', '7', '9']),
            9..=12 => true,
            _ => false,
        };
        let trunk = shape.first() == Some(&1) && digits.starts_with(['0', '8']);
        let rest = if trunk { &shape[1..] } else { shape };
        let whole = shape.len() == 1 || rest.iter().all(|n| (2..=5).contains(n)) || spread;
        (plausible && whole).then_some(("PHONE", "pii.phone.context", 880))
    }

    fn joined_by_hyphen(&self, start: usize, end: usize) -> bool {
        (start..end).filter(|i| self.word(*i) == "-").count() >= 2
    }

    /// `fire null null, null to, null fem seks`
    fn spelled(&mut self, at: usize) {
        let mut digits = Vec::new();
        let mut next = at;
        let mut end = at;
        while next < self.tokens.len() && next < at + 40 {
            let word = self.word(next);
            if let Some(value) = digit_word(word) {
                digits.push(value);
                end = next + 1;
            } else if self.kind(next) == Some(Kind::Number) && word.len() <= 2 {
                digits.extend(word.bytes().map(|b| b - b'0'));
                end = next + 1;
            } else if !matches!(word, "," | "-" | "." | "double" | "–") {
                break;
            }
            next += 1;
        }
        self.taken = self.taken.max(end);
        if digits.len() < 7 {
            return;
        }
        let counting = digits.windows(2).all(|w| w[1] == w[0] + 1 || w[0] == w[1] + 1);
        let context = self.near(at, end, 12, 6, PHONE_WORDS);
        if digits.len() >= 7 && !counting && (context || digits.len() >= 8 && digits.contains(&0)) {
            self.add(at, end, Grade::Contact, "PHONE", "pii.phone.spelled", 880);
        }
    }

    fn iban(&mut self, at: usize) {
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

    fn passport(&mut self, at: usize) {
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

    /// A street and the number of a house, around the number.
    fn address(&mut self, at: usize) {
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

    /// A date that is said to be somebody's birth, beside a full name.
    fn birth(&mut self, at: usize) {
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

fn is_common_start(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "my"
            | "our"
            | "her"
            | "his"
            | "please"
            | "name"
            | "deltakeren"
            | "learner"
            | "student"
            | "participant"
            | "i"
            | "is"
            | "hi"
            | "hello"
            | "dear"
            | "мій"
            | "моя"
            | "це"
            | "мене"
            | "я"
            | "исправьте"
            | "пишіть"
            | "прошу"
            | "hei"
    )
}

fn decimal(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '٠'..='٩' => char::from_digit(c as u32 - '٠' as u32, 10),
        '۰'..='۹' => char::from_digit(c as u32 - '۰' as u32, 10),
        '०'..='९' => char::from_digit(c as u32 - '०' as u32, 10),
        _ => None,
    }
}

fn digit_word(word: &str) -> Option<u8> {
    Some(match word {
        "zero" | "null" | "нуль" | "ноль" | "oh" => 0,
        "one" | "en" | "ein" | "один" | "одна" => 1,
        "two" | "to" | "два" | "дві" | "две" => 2,
        "three" | "tre" | "три" => 3,
        "four" | "fire" | "чотири" | "четыре" => 4,
        "five" | "fem" | "п'ять" | "пять" => 5,
        "six" | "seks" | "шість" | "шесть" => 6,
        "seven" | "sju" | "syv" | "сім" | "семь" => 7,
        "eight" | "åtte" | "вісім" | "восемь" => 8,
        "nine" | "ni" | "дев'ять" | "девять" => 9,
        _ => return None,
    })
}

fn is_messenger(word: &str) -> bool {
    const NAMES: &[&str] = &[
        "telegram",
        "whatsapp",
        "viber",
        "signal",
        "insta",
        "instagram",
        "snap",
        "snapchat",
        "facebook",
        "messenger",
        "discord",
        "skype",
        "tiktok",
        "tg",
        "ig",
        "fb",
        "wechat",
        "linkedin",
        "nickname",
        "handle",
        "t",
        "tlgrm",
    ];
    const STEMS: &[&str] = &[
        "телеграм",
        "телеґрам",
        "інстаграм",
        "инстаграм",
        "вайбер",
        "ватсап",
        "вотсап",
        "скайп",
        "фейсбук",
        "снап",
        "дискорд",
        "нік",
        "ник",
    ];
    NAMES.contains(&word)
        || (!word.is_ascii() && STEMS.iter().any(|s| word.starts_with(s) && word.len() <= s.len() + 6))
}

fn is_street_word(word: &str) -> bool {
    matches!(
        word,
        "street"
            | "st"
            | "road"
            | "rd"
            | "avenue"
            | "ave"
            | "lane"
            | "ln"
            | "drive"
            | "close"
            | "court"
            | "square"
            | "place"
            | "terrace"
            | "crescent"
            | "gardens"
            | "boulevard"
            | "blvd"
            | "way"
            | "row"
            | "grove"
            | "hill"
            | "park"
            | "mews"
    )
}

fn street_suffix(word: &str) -> bool {
    const SUFFIXES: &[&str] = &[
        "veien", "vegen", "gata", "gaten", "gate", "bakken", "alléen", "alleen", "allé", "stien", "torget", "svingen",
        "kroken", "tunet", "terrasse", "ringen", "plassen", "plass", "løkka", "haugen", "åsen", "jordet", "brygge",
        "vei", "veg", "lia", "toppen", "stubben", "grenda", "faret", "stredet", "smuget",
    ];
    SUFFIXES.iter().any(|s| word.len() > s.len() + 2 && word.ends_with(s))
}

fn is_cyrillic_street(word: &str) -> bool {
    matches!(word, "вул" | "ул" | "просп" | "пр-т" | "бульв" | "бул" | "пров" | "пер" | "пл" | "наб")
        || ["вулиц", "улиц", "проспект", "бульвар", "провул", "переул", "набережн", "площ"]
            .iter()
            .any(|s| word.starts_with(s))
}

fn is_month(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "jan",
        "feb",
        "mar",
        "apr",
        "mai",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "okt",
        "oct",
        "nov",
        "des",
        "dec",
        "січ",
        "лют",
        "берез",
        "квіт",
        "трав",
        "черв",
        "лип",
        "серп",
        "верес",
        "жовт",
        "листоп",
        "груд",
        "янв",
        "фев",
        "март",
        "апр",
        "мая",
        "июн",
        "июл",
        "авг",
        "сент",
        "окт",
        "нояб",
        "дек",
    ];
    STEMS.iter().any(|s| word.starts_with(s))
}

/// `2025-03-11`, `11.03.2025`, `19 08 2025`, a span of years.
fn is_date(digits: &str, shape: &[usize]) -> bool {
    let value = |s: &str| s.parse::<u32>().unwrap_or(0);
    match shape {
        [4, 2, 2] => (1900..=2100).contains(&value(&digits[..4])) && value(&digits[4..6]) <= 12,
        [2, 2, 4] => value(&digits[..2]) <= 31 && (1900..=2100).contains(&value(&digits[4..])),
        [4, 4] => (1900..=2100).contains(&value(&digits[..4])) && (1900..=2100).contains(&value(&digits[4..])),
        [8] => {
            (1900..=2100).contains(&value(&digits[..4]))
                && (1..=12).contains(&value(&digits[4..6]))
                && value(&digits[6..]) <= 31
        }
        _ => false,
    }
}

fn values(digits: &str) -> Vec<u32> {
    digits.bytes().map(|b| u32::from(b.wrapping_sub(b'0'))).collect()
}

/// The check digit of Norwegian accounts and identity numbers: mod 11, the last digit checks the others.
fn mod11(digits: &str, weights: &[u32]) -> bool {
    let all = values(digits);
    let sum: u32 = all.iter().zip(weights).map(|(d, w)| d * w).sum();
    let check = (11 - sum % 11) % 11;
    all.get(weights.len()).is_some_and(|last| *last == check) && !digits.bytes().all(|b| b == digits.as_bytes()[0])
}

/// Fødselsnummer and D-number, synthetic ones too. From 2032 the first check digit's remainder may be 0 to 3.
fn is_birth_number(digits: &str) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let all = values(digits);
    if all.len() != 11 {
        return false;
    }
    let day = match all[0] * 10 + all[1] {
        day @ 41..=71 => day - 40,
        day => day,
    };
    let month = match all[2] * 10 + all[3] {
        month @ 81..=92 => month - 80,
        month @ 66..=77 => month - 65,
        month @ 41..=52 => month - 40,
        month => month,
    };
    if !(1..=31).contains(&day) || !(1..=12).contains(&month) {
        return false;
    }
    let first: u32 = FIRST.iter().zip(&all).map(|(w, d)| w * d).sum();
    let second: u32 = SECOND.iter().zip(&all).map(|(w, d)| w * d).sum();
    first % 11 <= 3 && second.is_multiple_of(11)
}

/// РНОКПП: five digits of days since 1899-12-31, then a check digit at the end.
fn is_tax_number(digits: &str) -> bool {
    let all = values(digits);
    if all.len() != 10 {
        return false;
    }
    let weights: [i64; 9] = [-1, 5, 7, 9, 4, 6, 10, 5, 7];
    let sum: i64 = weights.iter().zip(&all).map(|(w, d)| w * i64::from(*d)).sum();
    let days = all[..5].iter().fold(0, |n, d| n * 10 + d);
    sum.rem_euclid(11) % 10 == i64::from(all[9]) && (1..50_000).contains(&days)
}

fn is_card(digits: &str) -> bool {
    let issuer = digits.starts_with(['3', '4', '5', '6', '2']);
    let sum: u32 = values(digits)
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 1 { if *d > 4 { d * 2 - 9 } else { d * 2 } } else { *d })
        .sum();
    issuer && sum.is_multiple_of(10) && !digits.bytes().all(|b| b == digits.as_bytes()[0])
}

/// ISO 13616: country, two check digits, mod 97 = 1. The lengths of countries that are likely here; others 15 to 34.
fn is_iban(all: &str) -> bool {
    let bytes = all.as_bytes();
    if !(15..=34).contains(&bytes.len())
        || !bytes.iter().all(u8::is_ascii_alphanumeric)
        || !bytes[..2].iter().all(u8::is_ascii_alphabetic)
        || !bytes[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let length = match &all[..2] {
        "no" => 15,
        "ua" => 29,
        "nl" | "dk" | "fi" => 18,
        "se" | "es" => 24,
        "de" | "gb" => 22,
        "pl" => 28,
        "fr" | "it" => 27,
        "be" => 16,
        _ => bytes.len(),
    };
    if bytes.len() != length {
        return false;
    }
    let mut rest = 0u32;
    for byte in bytes[4..].iter().chain(&bytes[..4]) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte.to_ascii_lowercase() - b'a') + 10) % 97,
        };
    }
    rest == 1
}

#[cfg(test)]
#[path = "pii_tests.rs"]
mod tests;
