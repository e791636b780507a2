//! The guard against spreadsheet formulas in every CSV we write, and its exact inverse.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, tab or carriage return
//! (OWASP, "CSV Injection"). An apostrophe in front makes it text. So that reading such a file
//! back gives the original, values that already look guarded get one more apostrophe.

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

/// The cell as it is written into a CSV.
pub fn neutralise(value: &str) -> Cow<'_, str> {
    if dangerous(value) { Cow::Owned(format!("{GUARD}{value}")) } else { Cow::Borrowed(value) }
}

/// The cell as it was before [`neutralise`]; for files that we wrote and nobody else's.
pub fn restore(value: &str) -> &str {
    match value.strip_prefix(GUARD) {
        Some(rest) if dangerous(rest) => rest,
        _ => value,
    }
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

    proptest! {
        #[test]
        fn reading_a_guarded_cell_gives_the_original(value in "['=+@\\-\t\r\n]{0,4}.{0,9}") {
            let written = neutralise(&value);
            prop_assert_eq!(restore(&written), value.as_str());
            prop_assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }

        #[test]
        fn restoring_undoes_neutralising_for_any_text(value in "('|\\[raw\\] |=){0,3}\\PC{0,9}") {
            let written = neutralise(&value);
            prop_assert_eq!(restore(&written), value.as_str());
            prop_assert!(!written.starts_with(RAW));
        }
    }
}
