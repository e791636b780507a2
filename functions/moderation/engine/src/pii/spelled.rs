//! Numbers that are said: digits, tens and hundreds in words, `double two`, a dash that is named.

use text::Kind;

use super::{Scan, checks::is_birth_number, checks::is_card, checks::mod11, number::decimal};
use crate::{Grade, lists::lists};

/// Tokens of one said number that are read at most.
const MOST: usize = 64;

/// What was read from a token on.
#[derive(Default)]
struct Said {
    digits: String,
    /// One past the last token of it.
    end: usize,
    /// Words that are part of it, and those of them that mean nothing else in any of the languages.
    words: usize,
    sure: usize,
    /// Groups of digits among them, and dashes that are named.
    numbers: usize,
    dashes: usize,
    /// The values as they were said.
    values: Vec<u16>,
}

impl Scan<'_> {
    /// `fire null null, null to, null fem seks`; `double two, triple three`; `4 5 6 dash 7 8`; `сорок сім`.
    pub(super) fn spelled(&mut self, at: usize) {
        let said = self.said(at);
        let count = said.digits.len();
        if count < 7 || said.words == 0 {
            return;
        }
        let plus = at > 0 && matches!(self.word(at - 1), "plus" | "pluss" | "плюс" | "+");
        let first = at - usize::from(plus);
        let numerals = said.numbers > 0;
        if numerals && said.sure == 0 && said.words < 4 {
            return;
        }
        if !numerals {
            self.taken = self.taken.max(said.end);
        }
        let digits = said.digits.as_str();
        let bank = || self.sentence_has(at, &["konto", "account", "bank", "рахун", "счет", "iban"]);
        let found = if (13..=19).contains(&count) && is_card(digits) {
            Some(("CARD", "pii.card.luhn"))
        } else if count == 11 && is_birth_number(digits) {
            Some(("NATIONAL_ID", "pii.no.birth_number"))
        } else if count == 11 && mod11(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) && bank() {
            Some(("BANK_ACCOUNT", "pii.no.account"))
        } else if (7..=15).contains(&count) && self.said_phone(at, &said, plus) {
            Some(("PHONE", "pii.phone.spelled"))
        } else {
            None
        };
        if let Some((placeholder, rule)) = found {
            let grade = if placeholder == "PHONE" { Grade::Contact } else { Grade::Identity };
            self.add(first, said.end, grade, placeholder, rule, 880);
        }
    }

    fn said_phone(&self, at: usize, said: &Said, plus: bool) -> bool {
        let digits = said.digits.as_str();
        if lists().public_lines.contains(&digits) || digits.starts_with("800") && digits.len() == 8 {
            return false;
        }
        let context = self.calls(at, said.end) || self.names_number(at, said.end) || self.belongs(at);
        let step = |by: i32| said.values.windows(2).all(|w| i32::from(w[1]) - i32::from(w[0]) == by);
        let (first, last) = (said.values.first().copied().unwrap_or(0), said.values.last().copied().unwrap_or(0));
        // `one two three`, `ten, twenty, thirty`: steps of the same size.
        let by = said.values.get(1).map_or(0, |second| i32::from(*second) - i32::from(first));
        let counting = step(1) && first <= 2 || step(-1) && last <= 1 || by.abs() > 1 && step(by);
        let falling = step(1) || step(-1);
        if counting || falling && !context {
            return false;
        }
        (plus || said.dashes > 0) && digits.len() >= 8
            || context
            || digits.len() >= 8 && digits.contains('0') && said.values.len() >= 4
    }

    /// Reads a number from a token on.
    fn said(&self, at: usize) -> Said {
        let mut said = Said { end: at, ..Said::default() };
        // What the next word may be added to: a full ten (1), a full hundred (2).
        let mut open = 0;
        let mut times = 1;
        let mut gap = 0;
        let mut next = at;
        while next < self.tokens.len() && next < at + MOST && said.digits.len() < 40 {
            let word = self.word(next);
            let number = self.kind(next) == Some(Kind::Number);
            if number && word.len() <= 8 {
                let digits: String = word.chars().filter_map(decimal).collect();
                if digits.is_empty() || digits.len() > 4 {
                    break;
                }
                said.values.push(digits.parse().unwrap_or(0));
                said.numbers += 1;
                for _ in 0..times {
                    said.digits.push_str(&digits);
                }
                (open, times) = (0, 1);
                said.end = next + 1;
            } else if let Some(value) = numeral(word) {
                let closed = next > at && matches!(self.word(next - 1), "," | ".");
                said.take(value, if closed { 0 } else { open }, times);
                open = match value {
                    20 | 30 | 40 | 50 | 60 | 70 | 80 | 90 => 1,
                    100.. => 2,
                    _ => 0,
                };
                times = 1;
                said.words += 1;
                said.sure += usize::from(!is_shared(word));
                said.end = next + 1;
            } else if let Some(value) = digit_noun(word) {
                said.repeat(value);
                (open, times) = (0, 1);
                said.words += 1;
                said.sure += 1;
                said.end = next + 1;
            } else if matches!(word, "hundred" | "hundre") && said.hundred() {
                open = 2;
                said.end = next + 1;
            } else if let Some(count) = multiplier(word) {
                times = count;
                said.words += 1;
                said.sure += 1;
                gap += 1;
            } else if gap < 3 && (is_pause(word) || is_dash_word(word)) {
                said.words += usize::from(is_dash_word(word));
                said.dashes += usize::from(is_dash_word(word));
                said.sure += usize::from(is_dash_word(word));
                gap += 1;
                next += 1;
                continue;
            } else {
                break;
            }
            if said.end == next + 1 {
                gap = 0;
            } else if gap > 3 {
                break;
            }
            next += 1;
        }
        said
    }
}

impl Said {
    /// Adds a value: to the ten or hundred before it, or as digits of its own.
    fn take(&mut self, value: u16, open: u8, times: usize) {
        let joins = open == 1 && (1..=9).contains(&value) || open == 2 && (1..=99).contains(&value);
        if let (true, Some(last)) = (joins, self.values.last_mut()) {
            let width = last.to_string().len();
            *last += value;
            let sum = last.to_string();
            self.digits.truncate(self.digits.len().saturating_sub(width));
            self.digits.push_str(&sum);
            return;
        }
        self.values.push(value);
        for _ in 0..times {
            self.digits.push_str(&value.to_string());
        }
    }

    /// `four hundred`: the four becomes 400.
    fn hundred(&mut self) -> bool {
        match self.values.last_mut() {
            Some(last) if (1..=9).contains(last) => {
                *last *= 100;
                self.digits.push_str("00");
                true
            }
            _ => false,
        }
    }

    /// `three sevens`, `два нулі`: the count before the noun is none of the digits.
    fn repeat(&mut self, value: u16) {
        let count = self.values.pop_if(|last| (2..=4).contains(last)).unwrap_or(0);
        if count > 0 {
            self.digits.pop();
        }
        self.values.push(value);
        for _ in 0..count.max(1) {
            self.digits.push_str(&value.to_string());
        }
    }
}

/// Whether a word doubles or trebles the digit after it.
pub(super) fn multiplies(word: &str) -> bool {
    multiplier(word).is_some()
}

fn multiplier(word: &str) -> Option<usize> {
    match word {
        "double" | "dobbel" | "dobbelt" | "dobbeltt" | "подвійна" | "подвійний" | "двічі" | "двойная" | "двойной"
        | "дважды" => Some(2),
        "triple" | "treble" | "trippel" | "trippelt" | "потрійна" | "потрійний" | "тричі" | "тройная" | "тройной"
        | "трижды" => Some(3),
        _ => None,
    }
}

pub(super) fn is_dash_word(word: &str) -> bool {
    matches!(
        word,
        "dash"
            | "hyphen"
            | "strek"
            | "bindestrek"
            | "дефіс"
            | "тире"
            | "дефис"
            | "mellomrom"
            | "пробіл"
            | "пробел"
            | "slash"
            | "skråstrek"
    )
}

fn is_pause(word: &str) -> bool {
    matches!(
        word,
        "," | "-"
            | "."
            | "–"
            | "—"
            | "‑"
            | "/"
            | "…"
            | "..."
            | "("
            | ")"
            | "and"
            | "og"
            | "і"
            | "й"
            | "и"
            | "та"
            | "then"
            | "så"
            | "потім"
            | "потом"
            | "далі"
            | "дальше"
            | "затем"
            | "space"
            | "pause"
    )
}

/// Numerals that mean something else in another of the languages.
fn is_shared(word: &str) -> bool {
    matches!(
        word,
        "to" | "en" | "ein" | "ett" | "one" | "oh" | "tre" | "fire" | "ni" | "ti" | "один" | "одна" | "одно" | "одне"
    )
}

/// A digit as a noun: `sevens`, `двійка`, `нулі`.
fn digit_noun(word: &str) -> Option<u16> {
    Some(match word {
        "zeros" | "zeroes" | "nuller" | "нулі" | "нуля" | "нулів" | "нули" | "нулей" => 0,
        "ones" | "enere" | "одиниці" | "одинички" | "единицы" | "единички" | "одиниця" | "единица" | "єдинички" => {
            1
        }
        "twos" | "toere" | "toer" | "двійки" | "двойки" | "двійка" | "двойка" => 2,
        "threes" | "treere" | "treer" | "трійки" | "тройки" | "трійка" | "тройка" => 3,
        "fours" | "firere" | "firer" | "четвірки" | "четверки" | "четвірка" | "четверка" => {
            4
        }
        "fives" | "femmere" | "femmer" | "п'ятірки" | "пятерки" | "п'ятірка" | "пятерка" => {
            5
        }
        "sixes" | "seksere" | "sekser" | "шістки" | "шестерки" | "шістка" | "шестерка" => 6,
        "sevens" | "sjuere" | "syvere" | "sjuer" | "сімки" | "семерки" | "сімка" | "семерка" => {
            7
        }
        "eights" | "åttere" | "åtter" | "вісімки" | "восьмерки" | "вісімка" | "восьмерка" => {
            8
        }
        "nines" | "niere" | "nier" | "дев'ятки" | "девятки" | "дев'ятка" | "девятка" => 9,
        _ => return None,
    })
}

/// The value of a number word below a thousand, Norwegian compounds too.
pub(super) fn numeral(word: &str) -> Option<u16> {
    simple(word).or_else(|| compound(word))
}

/// `nittisju`, `syvogtyve`.
fn compound(word: &str) -> Option<u16> {
    if !(6..=16).contains(&word.len()) || !matches!(word.as_bytes()[0], b't' | b'f' | b's' | b'n' | b'e' | 0xc3) {
        return None;
    }
    let tens = |word: &str| simple(word).filter(|n| (20..=90).contains(n));
    let unit = |word: &str| simple(word).filter(|n| (1..=9).contains(n));
    if let Some((a, b)) = word.split_once("og") {
        return Some(tens(b)? + unit(a)?);
    }
    ["tjue", "tretti", "førti", "femti", "seksti", "sytti", "åtti", "nitti"]
        .iter()
        .find_map(|ten| Some(tens(ten)? + unit(word.strip_prefix(ten)?)?))
}

fn simple(word: &str) -> Option<u16> {
    Some(match word {
        "zero" | "null" | "nought" | "naught" | "нуль" | "ноль" | "нол" | "нуль-нуль" | "oh" => 0,
        "one" | "en" | "én" | "ein" | "ett" | "один" | "одна" | "одно" | "одне" => 1,
        "two" | "to" | "два" | "дві" | "две" => 2,
        "three" | "tre" | "три" => 3,
        "four" | "fire" | "чотири" | "четыре" => 4,
        "five" | "fem" | "п'ять" | "пять" => 5,
        "six" | "seks" | "шість" | "шесть" => 6,
        "seven" | "sju" | "syv" | "сім" | "семь" => 7,
        "eight" | "åtte" | "вісім" | "восемь" => 8,
        "nine" | "ni" | "дев'ять" | "девять" => 9,
        "ten" | "ti" | "десять" => 10,
        "eleven" | "elleve" | "одинадцять" | "одиннадцать" => 11,
        "twelve" | "tolv" | "дванадцять" | "двенадцать" => 12,
        "thirteen" | "tretten" | "тринадцять" | "тринадцать" => 13,
        "fourteen" | "fjorten" | "чотирнадцять" | "четырнадцать" => 14,
        "fifteen" | "femten" | "п'ятнадцять" | "пятнадцять" | "пятнадцать" => 15,
        "sixteen" | "seksten" | "шістнадцять" | "шестнадцать" => 16,
        "seventeen" | "sytten" | "сімнадцять" | "семнадцать" => 17,
        "eighteen" | "atten" | "вісімнадцять" | "восемнадцать" => 18,
        "nineteen" | "nitten" | "дев'ятнадцять" | "девятнадцять" | "девятнадцать" => {
            19
        }
        "twenty" | "tjue" | "tyve" | "двадцять" | "двадцать" => 20,
        "thirty" | "tretti" | "tredve" | "тридцять" | "тридцать" => 30,
        "forty" | "fourty" | "førti" | "сорок" => 40,
        "fifty" | "femti" | "п'ятдесят" | "пятдесят" | "пятьдесят" => 50,
        "sixty" | "seksti" | "шістдесят" | "шестьдесят" => 60,
        "seventy" | "sytti" | "сімдесят" | "семьдесят" => 70,
        "eighty" | "åtti" | "вісімдесят" | "восемьдесят" => 80,
        "ninety" | "nitti" | "дев'яносто" | "девяносто" => 90,
        "сто" => 100,
        "двісті" | "двести" => 200,
        "триста" => 300,
        "чотириста" | "четыреста" => 400,
        "п'ятсот" | "пятсот" | "пятьсот" => 500,
        "шістсот" | "шестьсот" => 600,
        "сімсот" | "семьсот" => 700,
        "вісімсот" | "восемьсот" => 800,
        "дев'ятсот" | "девятсот" | "девятьсот" => 900,
        _ => return None,
    })
}
