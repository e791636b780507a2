//! Values as they may appear in receipts, logs and reject files' reasons.

/// The most characters a masked value has.
pub const MASK_LIMIT: usize = 24;

/// Hides a value but keeps its shape: digits and punctuation stay, everything else that
/// could be part of a word becomes `x`, anything with an `@` becomes `x***@x***`, line breaks
/// and other control characters become spaces, and a long value ends in `…`.
pub fn mask(value: &str) -> String {
    // A full-width or small @ is an address for a reader, whatever a parser says.
    if value.contains(['@', '\u{ff20}', '\u{fe6b}']) {
        return "x***@x***".to_owned();
    }
    let mut characters = value.chars().map(|c| match c {
        _ if c.is_numeric() && !c.is_alphabetic() => c,
        _ if c.is_ascii_punctuation() || is_punctuation(c) => c,
        _ if c.is_control() || c.is_whitespace() => ' ',
        // Emoji, combining marks and letters of every script: nothing of them may stay legible.
        _ => 'x',
    });
    let mut masked: String = characters.by_ref().take(MASK_LIMIT).collect();
    if characters.next().is_some() {
        masked.pop();
        masked.push('…');
    }
    masked
}

/// Dashes, quotes and the like that are not in ASCII; nothing that could be part of a word.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201f}' | '\u{2026}' | '\u{2030}' | '\u{2032}'..='\u{2033}' | '\u{2212}')
        || matches!(c, '§' | '«' | '»' | '·' | '¿' | '¡' | '°' | '€' | '£' | '№')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_and_punctuation_stay_and_letters_become_x() {
        assert_eq!(mask("13/14/2025"), "13/14/2025");
        assert_eq!(mask("Anna Ødegård-7"), "xxxx xxxxxxx-7");
        assert_eq!(mask("Оксана"), "xxxxxx");
        assert_eq!(mask("a\nb"), "x x");
        assert_eq!((mask("٤٥ ½"), mask("Ⅷ ★")), ("٤٥ ½".to_owned(), "x x".to_owned()));
        assert_eq!(mask("«Оксана» – 4…5 ’№ −1"), "«xxxxxx» – 4…5 ’№ −1");
    }

    #[test]
    fn anything_with_an_at_sign_is_an_address() {
        assert_eq!(mask("Call me at anna@example.org"), "x***@x***");
        assert_eq!(mask("anna＠example.org"), "x***@x***");
    }

    proptest! {
        #[test]
        fn a_masked_value_is_short_and_has_no_letter_but_x(value in any::<String>()) {
            let masked = mask(&value);
            prop_assert!(masked.chars().count() <= MASK_LIMIT);
            prop_assert!(masked.chars().all(|c| !c.is_alphabetic() || c == 'x'));
        }
    }
}
