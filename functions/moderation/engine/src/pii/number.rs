//! Numbers: groups of digits that may be a card, an account, a number of the state or a phone.

use text::Kind;

use super::{
    Scan,
    checks::{is_birth_number, is_card, is_date, is_dated, is_tax_number, mod11},
};
use crate::{Grade, lists::lists};

impl Scan<'_> {
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
            // A comma only between digits that stand alone.
            let lone = self.word(next).len() == 1 && self.word(gap + 1).len() == 1;
            while marks < 3
                && (matches!(self.word(gap), "-" | "." | "(" | ")" | "/" | "–" | "‑") || lone && self.word(gap) == ",")
            {
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

    pub(super) fn number(&mut self, at: usize, plus: bool) {
        let groups = self.groups(at);
        let total: usize = groups.iter().map(|(_, d)| d.len()).sum();
        if total < 7 {
            return;
        }
        let case = total == 12 && self.sentence_has(at, &["duf", "udi", "дуф", "уді", "дуфнам"]);
        let other = self.near(at, at, 2, 0, &lists().other_number) && !(13..=19).contains(&total) && !case;
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
                "reisepeng",
                "overfør",
                "transfer",
                "перевед",
                "перекаж",
                "верн",
                "поверн",
            ]);
            if mod11(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) && (shape == [4, 2, 5] || bank) {
                return Some(("BANK_ACCOUNT", "pii.no.account", 960));
            }
        }
        if !plus
            && count == 12
            && (digits.starts_with("19") || digits.starts_with("20"))
            && context(&[
                "duf",
                "udi",
                "дуф",
                "dufnummer",
                "saksnummer",
                "case",
                "уді",
                "asyl",
                "opphold",
                "притул",
                "убежищ",
                "residence",
                "посвідк",
            ])
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
        if !plus && count == 14 && shape == [2, 2, 2, 8] && context(&["sort", "account"]) {
            return Some(("BANK_ACCOUNT", "pii.gb.account", 930));
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
        let national = digits.strip_prefix("0047").or_else(|| digits.strip_prefix("47")).unwrap_or(digits);
        if !(7..=15).contains(&count)
            || lists().public_lines.contains(&digits)
            || lists().public_lines.contains(&national)
            || count == 11 && (digits.starts_with("8800") || digits.starts_with("1800"))
        {
            return None;
        }
        // The tail of a longer number is no phone.
        let tail = start > 0
            && self.kind(start - 1) == Some(Kind::Number)
            && self.tokens[start].span.start - self.tokens[start - 1].span.end <= 1;
        if tail {
            return None;
        }
        let ahead = (end..(end + 2).min(self.tokens.len())).any(|i| lists().money.contains(&self.word(i)));
        let before = start > 0 && lists().money.contains(&self.word(start - 1));
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
        if self.near(start, start, 4, 0, &lists().other_kind) {
            return None;
        }
        let strong = self.calls(start, end);
        let weak = self.names_number(start, end);
        if !strong && self.is_example(start) || self.is_help_line(start, end, digits) {
            return None;
        }
        // What looks like a number of the state and fails its check is a phone only where somebody is to call.
        if count == 11 && is_dated(digits) && matches!(shape, [11] | [6, 5]) && !strong {
            return None;
        }
        let context = strong || weak;
        let spread = shape.len() >= 7 && shape.iter().all(|n| *n <= 2);
        let ones = shape.len() == 8
            && spread
            && digits.starts_with(['4', '9'])
            && digits.contains('0')
            && self.word(start + 1) != ",";
        let mobile = |of: &str| {
            matches!(of.get(..3), Some("039" | "050" | "063" | "066" | "067" | "068" | "073"))
                || of.starts_with("09") && !of.starts_with("090")
        };
        let shaped = match shape {
            [3, 2, 3] => digits.starts_with(['4', '9']),
            [3, 3, 4] => self.word(start.wrapping_sub(1)) == "(" || self.joined_by_hyphen(start, end) || mobile(digits),
            [3, 3, 2, 2] | [1, 3, 3, 2, 2] => digits.starts_with(['0', '8', '9']),
            [3, 7] | [3, 2, 2, 3] | [3, 2, 3, 2] => digits.starts_with('0'),
            [5, 6] | [5, 3, 3] => digits.starts_with('0'),
            [10] => mobile(digits),
            [11] => digits.starts_with("89") || digits.starts_with("079") && !is_dated(digits),
            [12] | [2, 3, 3, 2, 2] | [3, 2, 3, 2, 2] | [5, 3, 2, 2] | [3, 9] => digits.starts_with("380"),
            [2, 3, 2, 3] | [2, 2, 2, 2, 2] => digits.starts_with("474") || digits.starts_with("479"),
            [2, 2, 2, 2] | [8] | [4, 4] | [3, 5] => {
                self.belongs(start) && digits.starts_with(['2', '3', '4', '5', '6', '7', '9'])
            }
            _ => false,
        };
        if shaped || ones || (context && spread && count >= 8) {
            return Some(("PHONE", "pii.phone.shape", 900));
        }
        if !context {
            return None;
        }
        let plausible = match count {
            7 => strong && matches!(shape, [3, 4] | [3, 2, 2]),
            8 => digits.starts_with(['2', '3', '4', '5', '6', '7', '9']),
            9..=12 => true,
            _ => false,
        };
        let trunk = shape.first() == Some(&1) && digits.starts_with(['0', '8']);
        let rest = if trunk { &shape[1..] } else { shape };
        let whole = shape.len() == 1
            || rest.iter().all(|n| (2..=5).contains(n))
            || spread
            || strong && count == 8 && shape.len() <= 6;
        (plausible && whole).then_some(("PHONE", "pii.phone.context", 880))
    }

    fn joined_by_hyphen(&self, start: usize, end: usize) -> bool {
        (start..end).filter(|i| self.word(*i) == "-").count() >= 2
    }
}

pub(super) fn decimal(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '٠'..='٩' => char::from_digit(c as u32 - '٠' as u32, 10),
        '۰'..='۹' => char::from_digit(c as u32 - '۰' as u32, 10),
        '०'..='९' => char::from_digit(c as u32 - '०' as u32, 10),
        _ => None,
    }
}
