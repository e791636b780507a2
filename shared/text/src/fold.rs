//! The base view of characters: lower case, NFKC, one apostrophe, no format characters, `ё` as `е`.
//!
//! Letters of our four languages take a path without tables; everything else goes through NFKC, a token at a time.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// What a character does in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Space,
    Newline,
    Letter,
    Digit,
    Mark,
    Format,
    Apostrophe,
    Punctuation,
    Symbol,
}

/// The class of a character and whether the token needs NFKC because of it.
pub(crate) fn class(c: char) -> (Class, bool) {
    match c {
        'a'..='z' | 'A'..='Z' => (Class::Letter, false),
        '0'..='9' => (Class::Digit, false),
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => (Class::Newline, false),
        '\u{0}'..=' ' | '\u{7f}' | '\u{a0}' | '\u{85}' => (Class::Space, false),
        '\'' | '’' | 'ʼ' | '`' | '´' | '‘' | '′' => (Class::Apostrophe, false),
        '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '-' | '/' | '…' | '–' | '—'
        | '«' | '»' | '“' | '”' | '„' | '¿' | '¡' | '‐' | '‑' => (Class::Punctuation, false),
        '\u{0}'..='\u{7f}' => (Class::Symbol, false),
        'À'..='ÿ' if c != '×' && c != '÷' => (Class::Letter, false),
        'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' => (Class::Letter, false),
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{20d0}'..='\u{20ff}' | '\u{1ab0}'..='\u{1aff}' => {
            (Class::Mark, true)
        }
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e007f}' => (Class::Format, true),
        _ if c.is_alphabetic() => (Class::Letter, true),
        _ if c.is_numeric() => (Class::Digit, true),
        _ if c.is_whitespace() => (Class::Space, false),
        _ if unicode_normalization::char::is_combining_mark(c) => (Class::Mark, true),
        '\u{2010}'..='\u{2027}' | '、' | '؟' | '،' | '؛' | '。' => (Class::Punctuation, false),
        _ => (Class::Symbol, true),
    }
}

/// The lower case of a letter that needs no NFKC.
pub(crate) fn lower(c: char) -> char {
    let code = c as u32;
    let folded = match c {
        'A'..='Z' => code + 32,
        'À'..='Þ' if c != '×' => code + 32,
        'ё' | 'Ё' => 'е' as u32,
        'А'..='Я' => code + 32,
        'Ѐ'..='Џ' => code + 80,
        'Ѡ'..='ҁ' | 'Ҋ'..='ҿ' | 'Ӑ'..='ԯ' => code | 1,
        _ => return c,
    };
    char::from_u32(folded).unwrap_or(c)
}

/// Appends the base view of a piece of text that needs NFKC.
pub(crate) fn push_normalised(raw: &str, out: &mut String) {
    for c in raw.chars().filter(|c| !matches!(class(*c).0, Class::Format)).nfkc() {
        match class(c) {
            (Class::Mark | Class::Format, _) => {}
            (Class::Apostrophe, _) => out.push('\''),
            (_, false) => out.push(lower(c)),
            (_, true) => out.extend(c.to_lowercase()),
        }
    }
}

/// The base view of a word or phrase, as tokens have it: what a lexicon's words are compared in.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase() && b != b'`') {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| c == '\'' || matches!(class(c), (Class::Letter | Class::Digit, false)) && lower(c) == c;
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    push_normalised(text, &mut out);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_letters_of_our_languages() {
        assert_eq!(fold("ЇЖАК ҐАНОК Єва"), "їжак ґанок єва");
        assert_eq!(fold("BLÅBÆR Ørret"), "blåbær ørret");
        assert_eq!(fold("Ёлка"), "елка");
    }

    #[test]
    fn full_width_and_decomposed_letters_fold_to_the_plain_ones() {
        assert_eq!(fold("ＨＥＬＬＯ"), "hello");
        assert_eq!(fold("и\u{306}"), "й");
        assert_eq!(fold("a\u{30a}"), "å");
        assert_eq!(fold("k\u{200b}ill"), "kill");
        assert_eq!(fold("don’t"), "don't");
    }
}
