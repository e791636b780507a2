//! An IBAN, a passport or card, a full name beside a date of birth.

use text::{Kind, Text, Token};

use super::{
    Scan,
    checks::{is_date, is_iban},
    number::decimal,
};
use crate::{Grade, lists::lists};

/// Countries whose accounts are likely here.
const IBAN_COUNTRIES: &str =
    "no ua nl dk fi se es de gb pl fr it be at ch cz sk lt lv ee ie pt ro bg hu gr hr si ge md tr is lu mt cy";

impl Scan<'_> {
    /// An IBAN, in one piece, in groups, or letter by letter.
    pub(super) fn iban(&mut self, at: usize) {
        // Two letters, of one token or two; digits after them.
        let word = self.word(at).as_bytes();
        let country = |two: &[u8]| IBAN_COUNTRIES.as_bytes().chunks(3).any(|c| c.get(..2) == Some(two));
        let begins = match word {
            [a] => {
                let next = self.word(at + 1).as_bytes();
                self.kind(at + 2) == Some(Kind::Number) && next.len() == 1 && country(&[*a, next[0]])
            }
            [a, b] => self.kind(at + 1) == Some(Kind::Number) && country(&[*a, *b]),
            [a, b, c, rest @ ..] => {
                c.is_ascii_digit() && rest.iter().all(u8::is_ascii_alphanumeric) && country(&[*a, *b])
            }
            [] => false,
        };
        if !begins {
            return;
        }
        let mut all = String::new();
        let mut best = None;
        let mut next = at;
        while matches!(self.kind(next), Some(Kind::Word | Kind::Number)) && all.len() <= 34 {
            if next > at && self.tokens[next].span.start - self.tokens[next - 1].span.end > 1 {
                break;
            }
            // Small words are none of it, unless all of it is small.
            let letters = self.word(next).bytes().all(|b| b.is_ascii_alphabetic());
            if next > at && letters && !self.capital(next) && (self.word(next).len() > 4 || self.capital(at)) {
                break;
            }
            all.push_str(self.word(next));
            next += 1;
            if is_iban(&all) {
                best = Some(next);
            }
            if matches!(self.word(next), "-" | "." | "–" | "/" | "_") {
                next += 1;
            }
        }
        if let Some(end) = best {
            self.add(at, end, Grade::Identity, "BANK_ACCOUNT", "pii.iban", 990);
        }
    }

    /// The number of a passport, a residence card or a licence, after the word for it or before.
    pub(super) fn document(&mut self, at: usize) {
        let sentence = self.tokens[at].sentence;
        let ahead = (at + 1..(at + 10).min(self.tokens.len())).take_while(|i| self.tokens[*i].sentence == sentence);
        let back = (1..=7)
            .map_while(|i| at.checked_sub(i))
            .take_while(|i| *i >= self.taken && self.tokens[*i].sentence == sentence);
        let found = ahead.chain(back).find_map(|first| Some((first, self.document_end(first)?)));
        if let Some((first, end)) = found {
            self.add(first, end, Grade::Identity, "PASSPORT", "pii.passport", 930);
        }
    }

    /// One past a number of a document at a token: `FX482913`, `FX 482913`, `F X 4 8 2 9 1 3`, `482913552`.
    fn document_end(&self, first: usize) -> Option<usize> {
        let (mut letters, mut digits, mut end) = (0, String::new(), first);
        while let Some(token) = self.tokens.get(end).filter(|_| end < first + 14) {
            let before = end.checked_sub(1).filter(|_| end > first).map(|i| self.tokens[i].span.end);
            if before.is_some_and(|before| token.span.start - before > 1) {
                break;
            }
            let word = self.word(end);
            let alone = word.chars().all(char::is_alphabetic);
            if token.kind == Kind::Number {
                digits.extend(word.chars().filter_map(decimal));
            } else if token.kind == Kind::Word && digits.is_empty() && alone && (token.shouted || token.capital) {
                letters += word.chars().count();
            } else if token.kind == Kind::Word && digits.is_empty() && letters == 0 {
                letters = word.chars().filter(|c| c.is_alphabetic()).count();
                digits.extend(word.chars().filter(char::is_ascii_digit));
                if word.chars().any(|c| !c.is_alphanumeric()) {
                    return None;
                }
            } else if !(matches!(word, "-" | "№") && !digits.is_empty() || word == "-" && letters > 0) {
                break;
            }
            if letters > 3 {
                return None;
            }
            end += 1;
        }
        if end == first {
            return None;
        }
        let end = if matches!(self.word(end - 1), "-" | "№") { end - 1 } else { end };
        let range = if letters > 0 { 6..=8 } else { 8..=9 };
        let date = is_date(&digits, &[digits.len()]) && letters == 0;
        let parts = (first..end).filter(|i| self.kind(*i) == Some(Kind::Number)).count();
        let spread = parts == digits.len();
        // Bare digits in a few groups may be anything.
        let whole = letters > 0 || parts == 1 || spread;
        (end > first && range.contains(&digits.len()) && !date && whole).then_some(end)
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
                "fødd",
                "fødselsdag",
                "дн",
                "др",
            ],
        ) || self.near(at, at, 2, 0, &["b", "н"])
            || (matches!(self.word(end), "р" | "г") && matches!(self.word(end + 2), "н" | "р"))
            || matches!(self.word(end), "рн" | "гр");
        if !said {
            self.unsaid_birth(at, end);
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

    /// `Коваленко Тетяна Ігорівна, 14.02.1986`: a full name and right behind it a date that can be one of birth.
    fn unsaid_birth(&mut self, at: usize, end: usize) {
        // The year is last, or first: 14.02.1986, 1986-02-14.
        let year =
            [end - 1, at].iter().filter_map(|i| self.word(*i).parse::<u32>().ok()).find(|y| *y > 1000).unwrap_or(0);
        // 14.02.1986, Коваленко Тетяна Ігорівна
        let after = end + usize::from(matches!(self.word(end), "," | "–" | "—" | "-" | ")"));
        let to = (after..after + 4).take_while(|i| *i < self.tokens.len() && self.is_name_part(*i)).last();
        if let Some(to) = to.filter(|to| *to > after && (after..=*to).any(|i| is_patronymic(self.word(i))))
            && (1900..=2020).contains(&year)
        {
            self.add(at, end, Grade::Identity, "BIRTH_DATE", "pii.birth_date", 850);
            self.add(after, to + 1, Grade::Identity, "NAME", "pii.name_birth", 850);
            return;
        }
        let Some(mut last) = at.checked_sub(1) else { return };
        if matches!(self.word(last), "," | "(" | "–" | "—" | "-" | ":") && last > 0 {
            last -= 1;
        }
        let mut first = last + 1;
        while first > 0 && last + 1 - first < 5 && self.is_name_part(first - 1) {
            first -= 1;
        }
        if first < last && is_common_start(self.word(first)) {
            first += 1;
        }
        if first > last {
            return;
        }
        let count = last + 1 - first;
        let bracket = at > 0 && self.word(at - 1) == "(" && self.word(end) == ")";
        let patronymic = (first..=last).any(|i| is_patronymic(self.word(i)));
        if count >= 2
            && (patronymic && (1900..=2020).contains(&year) || (count >= 3 || bracket) && (1920..=2012).contains(&year))
        {
            self.add(first, last + 1, Grade::Identity, "NAME", "pii.name_birth", 850);
            self.add(at, end, Grade::Identity, "BIRTH_DATE", "pii.birth_date", 850);
        }
    }

    fn is_name_part(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        self.capital(at) && !token.shouted_short(self.text) && self.word(at) != "i" && !is_month(self.word(at))
    }

    fn starts_sentence(&self, at: usize) -> bool {
        at == 0 || self.tokens[at - 1].sentence != self.tokens[at].sentence
    }

    /// One past the last token of a whole date that begins here.
    fn date_end(&self, at: usize) -> Option<usize> {
        let value = |i: usize| self.word(i).parse::<u32>().ok().filter(|_| self.kind(i) == Some(Kind::Number));
        let year = |i: usize| value(i).is_some_and(|y| (1900..=2030).contains(&y)).then_some(i + 1);
        // March 14, 1988
        if self.kind(at) == Some(Kind::Word) && is_month(self.word(at)) {
            self.day(at + 1)?;
            return year(at + 2 + usize::from(self.word(at + 2) == ","));
        }
        // 140290, 14021990
        let digits = self.word(at);
        if matches!(digits.len(), 6 | 8) && digits.bytes().all(|b| b.is_ascii_digit()) {
            let (day, month) = (digits[..2].parse::<u32>().ok()?, digits[2..4].parse::<u32>().ok()?);
            return ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some(at + 1);
        }
        let first = self.day(at).or_else(|| value(at))?;
        let mark = |i: usize| matches!(self.word(i), "." | "/" | "-") && self.glued(i);
        let spread = value(at + 1).is_some() && value(at + 2).is_some_and(|y| y >= 1900);
        if mark(at + 1) && mark(at + 3) || spread {
            let step = if spread { 1 } else { 2 };
            let (second, third) = (value(at + step)?, value(at + 2 * step)?);
            let day_first = (1..=31).contains(&first) && (1..=12).contains(&second);
            let month_first = (1..=12).contains(&first) && (1..=31).contains(&second);
            let year = (1900..=2030).contains(&third) || third < 100;
            if (day_first || month_first) && year || (1900..=2030).contains(&first) && (1..=12).contains(&second) {
                return Some(at + 2 * step + 1);
            }
            return None;
        }
        // 2 May 2011, 3. september 1988, 14th of March 1988
        if (1..=31).contains(&first) {
            let month = at + 1 + usize::from(matches!(self.word(at + 1), "." | "of"));
            if is_month(self.word(month)) {
                return year(month + 1 + usize::from(self.word(month + 1) == ","));
            }
        }
        None
    }

    /// `14`, `14th`.
    fn day(&self, at: usize) -> Option<u32> {
        let word = self.word(at);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let rest = word.get(digits..)?;
        let day = word.get(..digits)?.parse::<u32>().ok()?;
        (matches!(rest, "" | "st" | "nd" | "rd" | "th") && (1..=31).contains(&day)).then_some(day)
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

/// `Ігорівна`, `Павлович`.
fn is_patronymic(word: &str) -> bool {
    ["івна", "ївна", "ович", "йович", "ьович", "овна", "евна", "евич", "ивна", "ична"].iter().any(|s| word.ends_with(s))
        || ["ivna", "ovych", "ovich", "evich", "ovna", "evna", "ivna", "yovych"].iter().any(|s| word.ends_with(s))
}

/// Whether a word names a paper that says who somebody is.
pub(super) fn is_document(word: &str) -> bool {
    match word.as_bytes().first().copied().unwrap_or(0) {
        b'p' => {
            matches!(word, "pass" | "passet" | "passnr" | "passnummer" | "passnummeret") || word.starts_with("passport")
        }
        b'o' => word.starts_with("oppholdsk") || word.starts_with("oppholdst"),
        b'r' => matches!(word, "residence" | "reisebevis" | "reisebeviset"),
        b'f' => word.starts_with("førerkort"),
        b'l' | b'd' => matches!(word, "licence" | "license" | "driving"),
        b't' => word == "travel",
        b'i' => matches!(word, "id" | "identity"),
        0xd0 | 0xd1 => [
            "паспорт",
            "посвідк",
            "закордонн",
            "посвідчен",
            "удостоверен",
            "внж",
            "водійськ",
            "водительск",
            "загранпаспорт",
        ]
        .iter()
        .any(|s| word.starts_with(s)),
        _ => false,
    }
}

pub(super) fn is_common_start(word: &str) -> bool {
    lists().common_starts.contains(&word)
}

pub(super) fn is_month(word: &str) -> bool {
    lists().months.iter().any(|s| word.starts_with(s))
}
