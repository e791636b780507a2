//! Numbers as they are written: exact decimals, one decimal sign, no thousands separators.

use rust_decimal::Decimal;

use super::facts::DecimalSign;

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadNumber {
    /// It has a decimal comma, and nothing says that the source writes one.
    Comma,
    /// It is no number at all.
    Form,
    /// It is a number, but not a whole one.
    NotWhole,
    /// It is a number, and greater than any that is allowed anywhere.
    Large,
    /// It has more decimals than an exact number can keep here.
    Digits,
    /// Where the comma is the decimal sign, `1.234` may be a thousand and some.
    Thousands,
}

impl BadNumber {
    /// The end of a sentence that begins with the value.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Comma => {
                "has a comma, and nothing says that it is a decimal comma; write a point, or \
                 declare the decimal comma for this source"
            }
            Self::Form => "is not a number; write digits only, with a point for decimals",
            Self::NotWhole => "is not a whole number; write it without decimals",
            Self::Large => "is larger than any number that is allowed; correct it",
            Self::Digits => "has more decimals than can be kept; write fewer",
            Self::Thousands => {
                "may be a thousand or a number with decimals; write it without a thousands separator, \
                 with a comma for decimals"
            }
        }
    }

    /// The same as a token of [`super::words`].
    pub const fn token(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Form => "form",
            Self::NotWhole => "whole",
            Self::Large => "large",
            Self::Digits => "digits",
            Self::Thousands => "thousands",
        }
    }
}

/// More digits than this in front of the decimal sign are above every limit there is.
const MOST_DIGITS: usize = 18;

/// Whether a text is grouped as thousands are: `1.234`, `12.345.678`.
pub fn is_grouped(text: &str) -> bool {
    let mut groups = text.strip_prefix('-').unwrap_or(text).split('.');
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let mut others = groups.peekable();
    let leads = matches!(first.len(), 1..=3) && digits(first) && !first.starts_with('0');
    leads && others.peek().is_some() && others.all(|group| group.len() == 3 && digits(group))
}

/// Reads `[-]digits[sign digits]` exactly. Nothing else is a number: no exponent, no thousands
/// separator, no plus, no digits of other scripts, no more digits than a decimal holds.
///
/// # Errors
/// [`BadNumber::Comma`] for a decimal comma unless declared, [`BadNumber::Large`] and [`BadNumber::Digits`] for what an
/// exact decimal cannot hold, else [`BadNumber::Form`].
pub fn decimal(text: &str, sign: Option<DecimalSign>) -> Result<Decimal, BadNumber> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = match digits.split_once(['.', ',']) {
        Some((whole, part)) => (whole, Some(part)),
        None => (digits, None),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let shaped = all_digits(whole)
        && part.is_none_or(|part| !part.is_empty() && all_digits(part))
        && (!whole.is_empty() || part.is_some());
    if !shaped {
        return Err(BadNumber::Form);
    }
    if digits.contains(',') && sign != Some(DecimalSign::Comma) {
        return Err(BadNumber::Comma);
    }
    if whole.trim_start_matches('0').len() > MOST_DIGITS {
        return Err(BadNumber::Large);
    }
    let read = match digits.contains(',') {
        true => Decimal::from_str_exact(&text.replace(',', ".")),
        false => Decimal::from_str_exact(text),
    };
    read.map_err(|_| BadNumber::Digits)
}

/// Reads a whole number. `45.0` is one (tables with empty cells are exported so); `45.5` is not,
/// and `1.000` is refused, since it may be a thousand.
///
/// # Errors
/// [`BadNumber::NotWhole`] or [`BadNumber::Form`].
pub fn whole(text: &str) -> Result<i64, BadNumber> {
    // What most cells hold.
    if (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| BadNumber::Form);
    }
    let value = decimal(text, None).map_err(|error| match error {
        BadNumber::Comma => BadNumber::NotWhole,
        other => other,
    })?;
    if value.fract() != Decimal::ZERO || value.scale() > 2 {
        return Err(BadNumber::NotWhole);
    }
    value.trunc().try_into().map_err(|_| BadNumber::Form)
}

/// Whether a cell says that there is no value: `NULL`, `N/A`, `-` and their kin. To be asked for
/// optional numbers and times only: in a name these are names.
pub fn says_nothing(text: &str) -> bool {
    const NOTHING: [&str; 8] = ["null", "n/a", "#n/a", "na", "nan", "none", "nil", "(null)"];
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word)) || matches!(text, "-" | "–" | "—")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_exact_and_a_comma_needs_a_declaration() {
        let comma = Some(DecimalSign::Comma);
        assert_eq!(decimal("92.5", None).unwrap().to_string(), "92.5");
        assert_eq!(decimal("92,5", comma).unwrap().to_string(), "92.5");
        assert_eq!(decimal("92.5", comma).unwrap().to_string(), "92.5");
        assert_eq!(decimal("92,5", None), Err(BadNumber::Comma));
        assert_eq!(decimal("92,5", Some(DecimalSign::Dot)), Err(BadNumber::Comma));
        assert_eq!(decimal("-.5", None).unwrap().to_string(), "-0.5");
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in ["", "-", ".", "4.", "1e5", "+4", "1 000", "1.000,5", "٤", "4/5", "0x1", "1_0", "--1", "92,5,1"] {
            assert_eq!(decimal(text, Some(DecimalSign::Comma)), Err(BadNumber::Form), "{text}");
        }
        assert_eq!(decimal(&"9".repeat(40), None), Err(BadNumber::Large));
        assert_eq!(decimal(&format!("0.{}", "3".repeat(40)), None), Err(BadNumber::Digits));
        assert_eq!(decimal(&format!("{}7", "0".repeat(40)), None).unwrap().to_string(), "7");
    }

    #[test]
    fn whole_numbers_lose_nothing() {
        assert_eq!(whole("45"), Ok(45));
        assert_eq!(whole("45.0"), Ok(45));
        assert_eq!(whole("007"), Ok(7));
        for text in ["45.5", "45,5", "45,0", "1.000"] {
            assert_eq!(whole(text), Err(BadNumber::NotWhole), "{text}");
        }
        assert_eq!(whole("99999999999999999999"), Err(BadNumber::Large));
    }

    #[test]
    fn thousands_are_groups_of_three_and_do_not_begin_with_nought() {
        for text in ["1.234", "12.345", "-123.456", "1.234.567"] {
            assert!(is_grouped(text), "{text}");
        }
        for text in ["0.123", "1.23", "1.2345", "1234.567", "1,234", "1234", ".123", "1.234,5", "1."] {
            assert!(!is_grouped(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_or_not(text in "[-0-9., e]{0,40}") {
            let _ = (decimal(&text, Some(DecimalSign::Comma)), whole(&text));
        }
    }
}
