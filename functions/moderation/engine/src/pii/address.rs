//! A street and the number of a house.

use text::Kind;

use super::{
    Scan,
    identity::is_month,
    street::{is_cyrillic_street, is_no_name, is_no_street, is_plain_street, is_street_part, is_title, street_suffix},
};
use crate::{Grade, lists::lists};

/// Words by which somebody speaks of where they live.
const HOME_WORDS: &[&str] = &[
    "live",
    "lives",
    "living",
    "address",
    "moved",
    "move",
    "flat",
    "home",
    "deliver",
    "pick",
    "apartment",
    "bor",
    "bodde",
    "adresse",
    "adressen",
    "flytt",
    "hjem",
    "leilighet",
    "живу",
    "живем",
    "живе",
    "мешка",
    "адрес",
    "переїха",
    "переехал",
    "доставк",
    "прожива",
];

/// What a flat, floor or entrance is called before its number.
const UNITS: &[&str] = &[
    "flat",
    "apartment",
    "apt",
    "unit",
    "no",
    "leilighet",
    "leil",
    "oppgang",
    "inngang",
    "bolig",
    "h",
    "кв",
    "квартира",
    "квартиру",
    "квартирі",
    "корпус",
    "корп",
    "під'їзд",
    "подъезд",
    "поверх",
    "этаж",
    "эт",
    "буд",
    "будинок",
    "д",
    "дом",
    "оф",
];

/// What the number of a house is called before it.
const HOUSES: &[&str] = &[
    "буд",
    "будинок",
    "будинку",
    "дім",
    "дом",
    "доме",
    "д",
    "б",
    "house",
    "hus",
    "nr",
    "no",
    "номер",
    "number",
    "№",
    "build",
];

impl Scan<'_> {
    /// A street and the number of a house, around the number; a letter may be glued to it.
    pub(super) fn address(&mut self, at: usize) {
        if !self.is_house_number(at) {
            return;
        }
        let found = self
            .number_street(at)
            .or_else(|| self.street_number(at))
            .or_else(|| self.cyrillic_street(at))
            .or_else(|| self.bare_street(at));
        if let Some((first, end, rule)) = found {
            let end = self.tail(end);
            self.add(first, end, Grade::Contact, "ADDRESS", rule, 920);
            self.postcode_ahead(end);
        }
    }

    /// `14`, `14B`.
    fn is_house_number(&self, at: usize) -> bool {
        let word = self.word(at);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let mut rest = word.get(digits..).unwrap_or_default().chars();
        (1..=4).contains(&digits) && rest.next().is_none_or(char::is_alphabetic) && rest.next().is_none()
    }

    /// One past a number and what belongs to it: ` B`, `/22`, `-16`.
    fn house_end(&self, at: usize) -> usize {
        let mut end = at + 1;
        if matches!(self.word(end), "/" | "-")
            && self.glued(end)
            && self.glued(end + 1)
            && self.is_house_number(end + 1)
        {
            end += 2;
        }
        let letter = self.tokens.get(end).is_some_and(|t| {
            t.kind == Kind::Word
                && t.span.end - t.span.start == 1
                && t.capital
                && !matches!(self.word(end), "i" | "я" | "і")
        });
        end + usize::from(letter)
    }

    /// `22 Sample Street`, `apt 3, 41 test road`.
    fn number_street(&self, at: usize) -> Option<(usize, usize, &'static str)> {
        let mut next = at + 1;
        if self.kind(next) == Some(Kind::Word) && self.word(next).len() == 1 && (self.glued(next) || self.capital(next))
        {
            next += 1;
        }
        let home = at > 0
            && (matches!(self.word(at - 1), "at" | "is" | ":" | "," | "to" | "in" | "on")
                || self.near(at, at, 1, 0, HOME_WORDS))
            && self.near(at, at, 6, 0, HOME_WORDS);
        for names in 0..4 {
            let word = self.word(next);
            if names > 0 && lists().street_words.contains(&word) && (self.capital(next) || is_plain_street(word)) {
                let first = self.unit_before(at);
                return Some((first, next + 1, "pii.address.en"));
            }
            let named = self.capital(next)
                || home && self.kind(next) == Some(Kind::Word) && names < 2 && !is_no_name(word) && !is_month(word);
            if !named {
                return None;
            }
            next += 1;
        }
        None
    }

    /// `Flat 3, ` before the number of a house.
    fn unit_before(&self, at: usize) -> usize {
        match at.checked_sub(3) {
            Some(first) if self.word(at - 1) == "," && UNITS.contains(&self.word(first)) => first,
            _ => at,
        }
    }

    /// `Prøveveien 27 C`, `Karl Prøves gate nr. 4`, `Example Road 14B`, `Musterstraße 5`.
    fn street_number(&self, at: usize) -> Option<(usize, usize, &'static str)> {
        let end = self.house_end(at);
        let mut last = at.checked_sub(1)?;
        for _ in 0..3 {
            if last > 0 && (matches!(self.word(last), "." | ",") || HOUSES.contains(&self.word(last))) {
                last -= 1;
            }
        }
        let direct = last + 1 == at;
        let word = self.word(last);
        let lettered = end > at + 1 || !self.word(at).bytes().all(|b| b.is_ascii_digit());
        let coded = self.postcode(end).is_some();
        let capital = self.capital(last);
        // A comma alone joins a street and a number only where a postcode or a flat follows.
        let joined = direct
            || self.word(at - 1) != "," && !(self.word(at - 1) == "." && last + 2 == at && !word.ends_with("gt"))
            || coded;
        if street_suffix(word) && joined {
            let lower = lettered || coded || self.near(last, last, 5, 0, HOME_WORDS);
            let fits = capital || lower && direct && !is_no_street(word);
            let part = last > 0 && self.capital(last - 1) && is_street_part(self.word(last - 1));
            return fits.then_some((last - usize::from(part), end, "pii.address.nb"));
        }
        if last == 0 || !joined {
            return None;
        }
        let before = self.capital(last - 1);
        let kind = matches!(
            word,
            "gate"
                | "gata"
                | "gt"
                | "vei"
                | "veg"
                | "plass"
                | "allé"
                | "alle"
                | "vegen"
                | "veien"
                | "terrasse"
                | "torg"
                | "brygge"
                | "sti"
                | "bakke"
        );
        let english = capital
            && direct
            && lists().street_words.contains(&word)
            && self.word(at).len() <= 4
            && !is_month(self.word(end))
            && !matches!(self.word(end), "." | ":" if self.kind(end + 1) == Some(Kind::Number));
        if before && (kind || english) {
            let mut first = last - 1;
            while first > 0
                && last - first < 4
                && self.capital(first - 1)
                && self.tokens[first - 1].sentence == self.tokens[at].sentence
            {
                first -= 1;
            }
            let rule = if kind { "pii.address.nb" } else { "pii.address.en" };
            return Some((first, end, rule));
        }
        // `ul. Przykładowa 5`, `rue Exemple 5`
        let latin = (1..=4).map_while(|back| last.checked_sub(back)).find(|i| {
            matches!(self.word(*i), "ul" | "rue" | "calle" | "aleja" | "avenida" | "via") && self.word(*i + 1) != ","
        });
        let first = latin.filter(|_| capital && direct)?;
        Some((first, end, "pii.address.en"))
    }

    /// `вул. Зразкова, буд. 17, кв. 5`
    fn cyrillic_street(&self, at: usize) -> Option<(usize, usize, &'static str)> {
        let first = (1..=9).map_while(|back| at.checked_sub(back)).find(|i| is_cyrillic_street(self.word(*i)))?;
        let marked = (first + 1..at).any(|i| HOUSES.contains(&self.word(i))) || self.unit_follows(self.house_end(at));
        self.named_between(first, at, marked).then(|| (first, self.house_end(at), "pii.address.uk"))
    }

    fn named_between(&self, first: usize, end: usize, marked: bool) -> bool {
        let mut names = 0;
        let mut small = 0;
        for i in first + 1..end {
            let word = self.word(i);
            if self.capital(i) {
                names += 1;
            } else if matches!(word, "." | "," | "-" | "'" | "№" | "«" | "»" | "\"")
                || HOUSES.contains(&word)
                || is_title(word)
            {
            } else if self.kind(i) == Some(Kind::Number) && word.len() <= 2 && i + 1 < end {
                // `вул. 8 Березня`
            } else if self.kind(i) == Some(Kind::Word) && small == 0 && marked {
                small += 1;
            } else {
                return false;
            }
        }
        names > 0 || small > 0
    }

    /// `Зразкова 5, кв. 3`: no kind of street is said, but a flat.
    fn bare_street(&self, at: usize) -> Option<(usize, usize, &'static str)> {
        let end = self.house_end(at);
        let last = at.checked_sub(1)?;
        let last =
            if self.word(last) == "," || HOUSES.contains(&self.word(last)) { last.checked_sub(1)? } else { last };
        let named = self.capital(last) && !is_month(self.word(last)) && self.word(last).chars().count() >= 4;
        (named && self.unit_follows(end)).then_some((last, end, "pii.address.uk"))
    }

    /// Whether `, кв. 5` stands at a token.
    fn unit_follows(&self, at: usize) -> bool {
        let unit = at + usize::from(self.word(at) == ",");
        let number = unit + 1 + usize::from(self.word(unit + 1) == ".");
        matches!(
            self.word(unit),
            "кв" | "квартира" | "квартиру" | "квартирі" | "flat" | "apt" | "leilighet" | "apartment"
        ) && self.kind(number) == Some(Kind::Number)
    }

    /// One past the flat, the postcode and the town that follow a street.
    fn tail(&self, from: usize) -> usize {
        let mut end = from;
        for _ in 0..6 {
            let next = end + usize::from(matches!(self.word(end), "," | "("));
            if let Some(code) = self.postcode(end) {
                end = code;
                continue;
            }
            let mut number = next + 1;
            if UNITS.contains(&self.word(next)) {
                number += usize::from(self.word(number) == ".");
                if self.is_house_number(number) {
                    end = self.house_end(number);
                    continue;
                }
                // `oppgang B`
                if self.capital(number) && self.word(number).len() == 1 {
                    end = number + 1;
                    continue;
                }
            }
            // `H0201`
            let word = self.word(next);
            if word.len() == 5
                && word.starts_with(['h', 'u', 'k', 'l'])
                && word[1..].bytes().all(|b| b.is_ascii_digit())
            {
                end = next + 1;
                continue;
            }
            break;
        }
        end
    }

    /// One past a postcode (and its town) at a token: `, 0199 Oslo`, `, London N1 0XX`, `, 01001 Київ`.
    fn postcode(&self, from: usize) -> Option<usize> {
        let at = from + usize::from(self.word(from) == ",");
        let word = self.word(at);
        if self.kind(at) == Some(Kind::Number) {
            // `00-001 Warszawa`
            let polish = word.len() == 2 && self.word(at + 1) == "-" && self.word(at + 2).len() == 3;
            let end = if polish { at + 3 } else { at + 1 };
            let fits = polish || (4..=6).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
            if fits && self.capital(end) {
                return Some(end + 1);
            }
            return (fits && word.len() >= 5 && at > from).then_some(end);
        }
        // A town before the code, of one or two words.
        let mut code = at;
        while code < at + 2 && self.capital(code) && !self.word(code).bytes().any(|b| b.is_ascii_digit()) {
            code += 1;
        }
        code += usize::from(code > at && self.word(code) == ",");
        if let Some(end) = self.british(code) {
            return Some(end);
        }
        let digits = self.word(code);
        (code > at && (5..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(code + 1)
    }

    /// One past a British postcode: `N1 0XX`, `LS99 9ZZ`.
    fn british(&self, at: usize) -> Option<usize> {
        let (outer, inner) = (self.word(at).as_bytes(), self.word(at + 1).as_bytes());
        let letters = outer.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let fits = self.capital(at)
            && (2..=4).contains(&outer.len())
            && (1..=2).contains(&letters)
            && outer.get(letters).is_some_and(u8::is_ascii_digit)
            && matches!(inner, [d, a, b] if d.is_ascii_digit() && a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
        fits.then_some(at + 2)
    }

    /// A British postcode further on in the sentence of an address.
    fn postcode_ahead(&mut self, from: usize) {
        let Some(sentence) = self.tokens.get(from).map(|t| t.sentence) else { return };
        for at in from..(from + 16).min(self.tokens.len()) {
            if self.tokens[at].sentence != sentence {
                return;
            }
            if let Some(end) = self.british(at) {
                let town = at > from && self.capital(at - 1);
                self.add(at - usize::from(town), end, Grade::Contact, "ADDRESS", "pii.address.en", 900);
                return;
            }
        }
    }
}
