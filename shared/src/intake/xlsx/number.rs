//! A number of a cell as exact text: the shortest decimal that is that number, or the date it is shown as.

use jiff::{SignedDuration, civil::date};

/// How a format shows a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// As a number.
    #[default]
    Number,
    /// As a day.
    Day,
    /// As a time of a day.
    Clock,
    /// As a day with a time.
    DayAndClock,
}

impl Shown {
    fn of(day: bool, clock: bool) -> Self {
        match (day, clock) {
            (false, false) => Self::Number,
            (true, false) => Self::Day,
            (false, true) => Self::Clock,
            (true, true) => Self::DayAndClock,
        }
    }

    /// The formats that every spreadsheet has by number, those of East Asia included.
    pub fn of_builtin(id: u32) -> Self {
        match id {
            14..=17 | 27..=31 | 34..=36 | 50..=58 => Self::Day,
            18..=21 | 32..=33 | 45..=47 => Self::Clock,
            22 => Self::DayAndClock,
            _ => Self::Number,
        }
    }

    /// A format's own code, such as `dd.mm.yyyy hh:mm;@`. Only its first section is about positive numbers.
    pub fn of_format(code: &str) -> Self {
        let (mut day, mut clock, mut months) = (false, false, false);
        let code = code.to_ascii_lowercase().replace("general", "");
        let mut characters = code.chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => drop(characters.by_ref().find(|&c| c == '"')),
                '\\' | '_' | '*' => drop(characters.next()),
                '[' => {
                    let inside: String = characters.by_ref().take_while(|&c| c != ']').collect();
                    // Elapsed hours, minutes, seconds; anything else is a colour, a condition or a language.
                    clock |= !inside.is_empty()
                        && ["h", "m", "s"].iter().any(|unit| inside.trim_start_matches(unit).is_empty());
                }
                ';' => break,
                'y' | 'd' => day = true,
                'h' | 's' => clock = true,
                'm' => months = true,
                _ => {}
            }
        }
        if months && !clock {
            day = true;
        }
        Self::of(day, clock)
    }
}

/// The text of a stored number. What is no number stays as it is.
pub fn text(stored: &str, shown: Shown, from_1904: bool) -> String {
    let stored = stored.trim();
    let Ok(number) = stored.parse::<f64>() else { return stored.to_owned() };
    if shown != Shown::Number
        && let Some(text) = moment(number, shown, from_1904)
    {
        return text;
    }
    let digits = stored.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let plain = stored.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    // Digits that a spreadsheet's number has no room for were put there on purpose.
    if plain && (digits > 17 || !stored.contains('.')) {
        return stored.to_owned();
    }
    if !number.is_finite() {
        return stored.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-9..1e21).contains(&size) { format!("{number:E}") } else { format!("{number}") }
}

/// A day count as ISO text. None: it is no day of that calendar.
fn moment(number: f64, shown: Shown, from_1904: bool) -> Option<String> {
    // 9999-12-31, and nothing before the first day.
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let millis = (number * 86_400_000.0).round() as i64;
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (seconds, fraction) = (rest / 1000, rest % 1000);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:03}") };
    let clock = |hours: i64| format!("{hours:02}:{:02}:{:02}{fraction}", seconds / 60 % 60, seconds % 60);
    if shown == Shown::Clock && days == 0 {
        return Some(clock(seconds / 3600));
    }
    let origin = match from_1904 {
        true => date(1904, 1, 1),
        // Day 60 is 29 February 1900, which never was: what is counted before it is one less.
        false if days < 60 => date(1899, 12, 31),
        false if days == 60 => return None,
        false => date(1899, 12, 30),
    };
    let day = origin.checked_add(SignedDuration::from_hours(24 * days)).ok()?;
    if shown == Shown::Day && rest == 0 {
        return Some(day.to_string());
    }
    Some(format!("{day}T{}", clock(seconds / 3600)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_the_shortest_exact_text() {
        for (stored, expected) in [
            ("42", "42"),
            ("42.0", "42"),
            ("0.10000000000000001", "0.1"),
            ("4.5", "4.5"),
            ("1.4999999999999999E-2", "0.015"),
            ("1E+20", "100000000000000000000"),
            ("12345678901234567890", "12345678901234567890"),
            ("123456789012345.12345", "123456789012345.12345"),
            ("1e300", "1E300"),
            ("-0.5", "-0.5"),
            ("NaN", "NaN"),
            ("abc", "abc"),
        ] {
            assert_eq!(text(stored, Shown::Number, false), expected);
        }
    }

    #[test]
    fn dates_are_iso_text() {
        for (stored, shown, expected) in [
            ("45720", Shown::Day, "2025-03-04"),
            ("45720.4375", Shown::Day, "2025-03-04T10:30:00"),
            ("45720", Shown::DayAndClock, "2025-03-04T00:00:00"),
            ("45720.708333333336", Shown::DayAndClock, "2025-03-04T17:00:00"),
            ("45720.999999999", Shown::DayAndClock, "2025-03-05T00:00:00"),
            ("0.5", Shown::Clock, "12:00:00"),
            ("1", Shown::Day, "1900-01-01"),
            ("59", Shown::Day, "1900-02-28"),
            ("60", Shown::Day, "60"),
            ("61", Shown::Day, "1900-03-01"),
            ("-1", Shown::Day, "-1"),
            ("1e9", Shown::Day, "1000000000"),
        ] {
            assert_eq!(text(stored, shown, false), expected, "{stored}");
        }
        assert_eq!(text("44258", Shown::Day, true), "2025-03-04");
    }

    #[test]
    fn a_format_says_whether_it_shows_a_date() {
        for (code, shown) in [
            ("General", Shown::Number),
            ("@", Shown::Number),
            ("General\\ \"dager\"", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("#,##0 \"dager\"", Shown::Number),
            ("[Red]0.00", Shown::Number),
            ("dd.mm.yyyy", Shown::Day),
            ("yyyy\\-mm\\-dd\\Thh:mm", Shown::DayAndClock),
            ("[$-414]d. mmmm yyyy;@", Shown::Day),
            ("h:mm AM/PM", Shown::Clock),
            ("[h]:mm", Shown::Clock),
            ("mmm", Shown::Day),
            ("mm:ss", Shown::Clock),
        ] {
            assert_eq!(Shown::of_format(code), shown, "{code}");
        }
    }

    proptest! {
        #[test]
        fn a_number_s_text_is_that_number(number in any::<f64>()) {
            prop_assume!(number.is_finite());
            let text = text(&format!("{number:e}"), Shown::Number, false);
            prop_assert_eq!(text.parse::<f64>().unwrap(), number);
        }

        #[test]
        fn any_text_and_any_format_have_an_answer(stored in ".{0,30}", number in any::<f64>(), code in ".{0,20}") {
            let shown = Shown::of_format(&code);
            for shown in [shown, Shown::Day, Shown::Clock, Shown::DayAndClock] {
                text(&stored, shown, true);
                text(&number.to_string(), shown, false);
            }
        }
    }
}
