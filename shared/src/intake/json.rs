//! JSON as a text that is kept as it came: checked, never rewritten.
//!
//! A parser that builds values would round numbers and drop the first of two equal keys. This
//! one (RFC 8259) only walks, so the text stored is the text that came.

use std::collections::HashSet;

/// How deeply lists and objects may be nested.
pub const DEPTH_LIMIT: usize = 32;

/// Why a text is not JSON that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadJson {
    /// No JSON; the byte where it stops being it.
    Form(usize),
    /// One object says a key twice (escapes undone).
    DuplicateKey,
    /// Nested deeper than [`DEPTH_LIMIT`].
    TooDeep,
    /// Holds a NUL, which a database text cannot.
    Nul,
}

struct Walker<'a> {
    text: &'a str,
    at: usize,
}

/// Checks that a text is one JSON value.
///
/// # Errors
/// See [`BadJson`].
pub fn check(text: &str) -> Result<(), BadJson> {
    let mut walker = Walker { text, at: 0 };
    walker.value(0)?;
    walker.end()
}

/// Reads a JSON list of texts.
///
/// # Errors
/// As [`check`]; also [`BadJson::Form`] for a value that is no list of texts.
pub fn list(text: &str) -> Result<Vec<String>, BadJson> {
    let mut walker = Walker { text, at: 0 };
    let mut items = Vec::new();
    walker.space();
    walker.expect(b'[')?;
    walker.space();
    if !walker.skip(b']') {
        loop {
            walker.space();
            items.push(walker.string()?);
            walker.space();
            if walker.skip(b']') {
                break;
            }
            walker.expect(b',')?;
        }
    }
    walker.end()?;
    Ok(items)
}

/// The characters of a JSON string.
///
/// # Errors
/// As [`check`]; also [`BadJson::Form`] for anything else than one string.
pub fn string(text: &str) -> Result<String, BadJson> {
    let mut walker = Walker { text, at: 0 };
    let characters = walker.string()?;
    walker.end()?;
    Ok(characters)
}

impl Walker<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn form<T>(&self) -> Result<T, BadJson> {
        Err(BadJson::Form(self.at))
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8) -> Result<(), BadJson> {
        if self.skip(byte) { Ok(()) } else { self.form() }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), BadJson> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.form() }
    }

    fn value(&mut self, depth: usize) -> Result<(), BadJson> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_LIMIT => Err(BadJson::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let rest = &self.text[self.at..];
                let word = ["true", "false", "null"].into_iter().find(|w| rest.starts_with(w));
                self.at += word.ok_or(BadJson::Form(self.at))?.len();
                Ok(())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), BadJson> {
        let mut keys = HashSet::new();
        self.expect(b'{')?;
        self.space();
        if self.skip(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            if !keys.insert(self.string()?) {
                return Err(BadJson::DuplicateKey);
            }
            self.space();
            self.expect(b':')?;
            self.value(depth)?;
            self.space();
            if self.skip(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), BadJson> {
        self.expect(b'[')?;
        self.space();
        if self.skip(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.space();
            if self.skip(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { self.form() } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), BadJson> {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, BadJson> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return self.form();
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\0' => return Err(BadJson::Nul),
                '\\' => text.push(self.escape()?),
                '\u{1}'..='\u{1f}' => return self.form(),
                _ => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, BadJson> {
        self.at += 1;
        let Some(letter) = self.peek() else {
            return self.form();
        };
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    let second = self.hex()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return self.form();
                    }
                    0x10000 + ((first - 0xd800) << 10) + second - 0xdc00
                } else {
                    first
                };
                // Half a surrogate pair is legal JSON but no text.
                match char::from_u32(code) {
                    Some('\0') => return Err(BadJson::Nul),
                    Some(c) => c,
                    None => return self.form(),
                }
            }
            _ => return self.form(),
        })
    }

    fn hex(&mut self) -> Result<u32, BadJson> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return self.form();
        }
        self.at += digits.len();
        u32::from_str_radix(digits, 16).map_err(|_| BadJson::Form(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn duplicate_keys_depth_and_nul_are_refused() {
        assert_eq!(check(r#"{"a":1,"\u0061":2}"#), Err(BadJson::DuplicateKey));
        assert_eq!(check(r#"{"a":{"a":1},"b":[{"a":1}]}"#), Ok(()));
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(check(&nested(DEPTH_LIMIT)), Ok(()));
        assert_eq!(check(&nested(DEPTH_LIMIT + 1)), Err(BadJson::TooDeep));
        assert_eq!(check(&nested(1_000_000)), Err(BadJson::TooDeep));
        assert_eq!(check(r#""\u0000""#), Err(BadJson::Nul));
    }

    #[test]
    fn a_list_of_texts_is_read_and_nothing_else() {
        assert_eq!(list(r#" ["hiking", "\u0141 \ud83d\ude00"] "#).unwrap(), ["hiking", "Ł 😀"]);
        assert_eq!(list("[]").unwrap(), Vec::<String>::new());
        for bad in ["hiking", "[1]", "[\"a\",]", "[\"a\"", "{}", "[\"\\ud800\"]", "[\"a\"] x", ""] {
            assert!(matches!(list(bad), Err(BadJson::Form(_))), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn it_agrees_with_serde_json_about_what_is_json(
            text in r#"([\[\]{}:, ]|"[ab]"|"\\u00[46]1"|-?[0-9]{1,2}|\.|e|1e5|true|null|\\|"|é){0,14}"#,
        ) {
            let ours = check(&text);
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(ours.is_ok() || ours == Err(BadJson::DuplicateKey), theirs, "{:?} {}", ours, text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) { let _ = (check(&text), list(&text)); }
    }
}
