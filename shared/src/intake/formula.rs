//! The guard against spreadsheet formulas in every CSV we write, and its exact inverse.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, tab or carriage return
//! (OWASP, "CSV Injection"). An apostrophe in front makes it text. A Norwegian spreadsheet that
//! opens a file with commas sees semicolons as the ends of cells, and then no quotes: what follows
//! a sign that may end a cell is guarded as well. So that reading such a file back gives the
//! original, values that already look guarded get one more apostrophe.

use std::borrow::Cow;

/// The mark put in front of a dangerous cell.
pub const GUARD: char = '\'';

/// The mark in front of the text of a record that could not be read, in a rejects file: a cell that still begins with
/// it has not been corrected. A value that begins so by chance is guarded like a formula.
pub const RAW: &str = "[raw] ";

/// Some spreadsheet locales also run the full-width forms and look past a line feed.
fn dangerous(value: &str) -> bool {
    let value = value.trim_start_matches(GUARD);
    value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) || value.starts_with(RAW)
}

/// What ends a cell for a spreadsheet of some locale.
const ENDS: [char; 6] = [';', ',', '\t', '|', '\n', '\r'];

/// Whether a cell that began here, in the middle of ours, would be run; quotes before it are looked past.
fn dangerous_inside(rest: &str) -> bool {
    rest.trim_start_matches([GUARD, '"']).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Where in a text a cell might begin that is dangerous.
fn begins(value: &str) -> impl Iterator<Item = usize> + '_ {
    value.match_indices(ENDS).map(|(at, end)| at + end.len()).filter(|&at| dangerous_inside(&value[at..]))
}

/// The text with a guard at each place where a cell might begin; its own beginning is left as it is.
pub fn neutralise_inside(value: &str) -> Cow<'_, str> {
    let (mut out, mut from) = (String::new(), 0);
    for at in begins(value) {
        out.push_str(&value[from..at]);
        out.push(GUARD);
        from = at;
    }
    if from == 0 {
        return Cow::Borrowed(value);
    }
    out.push_str(&value[from..]);
    Cow::Owned(out)
}

/// The cell as it is written into a CSV.
pub fn neutralise(value: &str) -> Cow<'_, str> {
    let inside = neutralise_inside(value);
    if dangerous(&inside) { Cow::Owned(format!("{GUARD}{inside}")) } else { inside }
}

/// The cell as it was before [`neutralise`]; for files that we wrote and nobody else's.
pub fn restore(value: &str) -> Cow<'_, str> {
    let value = match value.strip_prefix(GUARD) {
        Some(rest) if dangerous(rest) => rest,
        _ => value,
    };
    let (mut out, mut from) = (String::new(), 0);
    for at in begins(value).filter(|&at| value[at..].starts_with(GUARD)) {
        out.push_str(&value[from..at]);
        from = at + GUARD.len_utf8();
    }
    if from == 0 {
        return Cow::Borrowed(value);
    }
    out.push_str(&value[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_formula_is_disarmed_and_comes_back() {
        assert_eq!(neutralise("=1+1"), "'=1+1");
        assert_eq!(neutralise("'=1+1"), "''=1+1");
        assert_eq!(neutralise("it's fine"), "it's fine");
        assert_eq!(restore("'=1+1"), "=1+1");
        assert_eq!(restore("'quoted'"), "'quoted'");
    }

    #[test]
    fn a_formula_behind_a_sign_that_ends_a_cell_elsewhere_is_disarmed_too() {
        for (value, written) in [
            ("hei;=1+1", "hei;'=1+1"),
            ("a\n=1", "a\n'=1"),
            ("a;\"=1\"", "a;'\"=1\""),
            ("a;'=1", "a;''=1"),
            ("=1;=2", "'=1;'=2"),
            ("10;-5|+3", "10;'-5|'+3"),
            ("a; b, c", "a; b, c"),
            ("it;'s", "it;'s"),
        ] {
            assert_eq!(neutralise(value), written);
            assert_eq!(restore(written), value);
        }
    }

    proptest! {
        #[test]
        fn reading_a_guarded_cell_gives_the_original(value in "['=+@\\-\t\r\n]{0,4}.{0,9}") {
            let written = neutralise(&value);
            prop_assert_eq!(restore(&written), value.as_str());
            prop_assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }

        #[test]
        fn no_sign_that_ends_a_cell_stands_before_a_formula(value in "[';,|\t\r\n\"=+@x-]{0,12}") {
            let written = neutralise(&value);
            prop_assert_eq!(restore(&written), value.as_str());
            for cell in written.split(ENDS).skip(1) {
                prop_assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{:?}", written);
            }
        }

        #[test]
        fn restoring_undoes_neutralising_for_any_text(value in "('|\\[raw\\] |=){0,3}\\PC{0,9}") {
            let written = neutralise(&value);
            prop_assert_eq!(restore(&written), value.as_str());
            prop_assert!(!written.starts_with(RAW));
        }
    }
}
