//! Patterns as ECMA-262 writes them, as far as a set of texts can be made of them.

use std::{iter::Peekable, str::Chars};

use super::{Language, Set};

/// A pattern or a format that no set of texts can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A part of a pattern.
    #[error("the pattern is not understood: {0}")]
    Pattern(String),
    /// A format.
    #[error("the format {0} is not understood")]
    Format(String),
    /// Too many states.
    #[error("the patterns are too wide to be compared")]
    TooWide,
}

const UUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";

impl Language {
    /// The texts that a format allows. Of days, those that every month has: enough to compare by.
    pub fn format(format: &str) -> Result<Self, TextError> {
        match format {
            "uuid" => Self::pattern(UUID),
            "date" => Self::pattern(&format!("^{DATE}$")),
            "date-time" => Self::pattern(&format!("^{DATE}T{TIME}$")),
            _ => Err(TextError::Format(format.to_owned())),
        }
    }

    /// The texts that a pattern finds something in.
    pub fn pattern(pattern: &str) -> Result<Self, TextError> {
        let (inner, from_start) = pattern.strip_prefix('^').map_or((pattern, false), |inner| (inner, true));
        let (inner, to_end) = match inner.strip_suffix('$') {
            Some(inner) if !inner.ends_with('\\') => (inner, true),
            _ => (inner, false),
        };
        let mut parser = Parser { rest: inner.chars().peekable(), anchored: from_start || to_end };
        let mut ahead = Language::every();
        while from_start && parser.eat("(?!") {
            ahead = ahead.and(parser.ahead()?.others());
        }
        let mut found = parser.alternatives()?;
        if parser.rest.peek().is_some() {
            return Err(parser.error("a parenthesis that closes nothing"));
        }
        if !to_end {
            found = found.then(Language::every());
        }
        if !from_start {
            found = Language::every().then(found);
        }
        Ok(ahead.and(found))
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    /// Whether an anchor stands beside what is read now: `^a|b$` means (^a)|(b$).
    anchored: bool,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> TextError {
        TextError::Pattern(what.to_owned())
    }

    fn eat(&mut self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        let found = text.chars().all(|c| ahead.next() == Some(c));
        if found {
            self.rest = ahead;
        }
        found
    }

    /// The inside of a look-ahead at the start, as whole texts.
    fn ahead(&mut self) -> Result<Language, TextError> {
        let inside = self.inside()?;
        Ok(inside.then(Language::every()))
    }

    fn alternatives(&mut self) -> Result<Language, TextError> {
        let mut found = self.sequence()?;
        while self.eat("|") {
            if self.anchored {
                return Err(self.error("alternatives outside a group"));
            }
            found = found.or(self.sequence()?);
        }
        Ok(found)
    }

    /// The rest of a group, whose parenthesis is read.
    fn inside(&mut self) -> Result<Language, TextError> {
        let anchored = std::mem::take(&mut self.anchored);
        let inside = self.alternatives()?;
        self.anchored = anchored;
        if self.eat(")") { Ok(inside) } else { Err(self.error("a group that does not close")) }
    }

    fn sequence(&mut self) -> Result<Language, TextError> {
        let mut parts = Vec::new();
        while let Some(c) = self.rest.peek().copied() {
            if c == '|' || c == ')' {
                break;
            }
            let one = self.one()?;
            parts.push(self.times(one)?);
        }
        Ok(parts.into_iter().rev().fold(Language::empty(), |rest, part| part.then(rest)))
    }

    fn one(&mut self) -> Result<Language, TextError> {
        match self.rest.next() {
            Some('(') => {
                if !self.eat("?:") && self.rest.peek() == Some(&'?') {
                    return Err(self.error("a group with a question mark that is no look-ahead at the start"));
                }
                self.inside()
            }
            Some('[') => Ok(Language::set(self.class()?)),
            // ECMA-262: any character that ends no line.
            Some('.') => Ok(Language::set(Set::of([(10, 10), (13, 13), (0x2028, 0x2029)]).inverse())),
            Some('\\') => Ok(Language::set(self.escaped()?)),
            Some(c @ ('^' | '$' | '*' | '+' | '?' | '{' | '}' | ']')) => Err(self.error(&format!("{c} in this place"))),
            Some(c) => Ok(Language::set(Set::one(c))),
            None => Err(self.error("its end")),
        }
    }

    fn times(&mut self, one: Language) -> Result<Language, TextError> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                let least = self.number()?.ok_or_else(|| self.error("a repetition without a number"))?;
                let most = if self.eat(",") { self.number()? } else { Some(least) };
                if self.rest.peek() != Some(&'}') || most.is_some_and(|most| most < least) {
                    return Err(self.error("a repetition"));
                }
                (least, most)
            }
            _ => return Ok(one),
        };
        self.rest.next();
        if matches!(self.rest.peek(), Some('*' | '+' | '?' | '{')) {
            return Err(self.error("a repetition of a repetition"));
        }
        Ok(one.repeat(least, most))
    }

    fn number(&mut self) -> Result<Option<usize>, TextError> {
        let mut digits = String::new();
        while let Some(c) = self.rest.peek().copied().filter(char::is_ascii_digit) {
            digits.push(c);
            self.rest.next();
        }
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| self.error("a repetition"))
    }

    fn class(&mut self) -> Result<Set, TextError> {
        let inverse = self.eat("^");
        let mut set = Set::of([]);
        loop {
            let low = match self.rest.next() {
                Some(']') => break,
                Some('\\') => self.escaped()?,
                Some(c) => Set::one(c),
                None => return Err(self.error("a class that does not close")),
            };
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.rest.next();
                let high = match self.rest.next() {
                    Some('\\') => self.escaped()?,
                    Some(c) => Set::one(c),
                    None => return Err(self.error("a class that does not close")),
                };
                match (low.0.as_slice(), high.0.as_slice()) {
                    ([(low, same)], [(high, end)]) if low == same && high == end && low <= high => {
                        set = set.union(&Set::of([(*low, *high)]));
                    }
                    _ => return Err(self.error("a range in a class")),
                }
            } else {
                set = set.union(&low);
            }
        }
        Ok(if inverse { set.inverse() } else { set })
    }

    fn escaped(&mut self) -> Result<Set, TextError> {
        let ranges = |text: &str| Set::of(text.as_bytes().chunks(2).map(|pair| (pair[0].into(), pair[1].into())));
        match self.rest.next() {
            Some('d') => Ok(ranges("09")),
            Some('w') => Ok(ranges("09AZ__az")),
            Some('n') => Ok(Set::one('\n')),
            Some('r') => Ok(Set::one('\r')),
            Some('t') => Ok(Set::one('\t')),
            Some('u') => self.code(4),
            Some('x') => self.code(2),
            Some(c) if c.is_ascii_punctuation() => Ok(Set::one(c)),
            Some(c) => Err(self.error(&format!("\\{c}"))),
            None => Err(self.error("its end")),
        }
    }

    fn code(&mut self, digits: usize) -> Result<Set, TextError> {
        let text: String = self.rest.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&text, 16).ok().filter(|_| text.len() == digits);
        code.map(|code| Set::of([(code, code)])).ok_or_else(|| self.error("a character by its number"))
    }
}
