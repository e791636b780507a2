//! Numbers, ratings, words, addresses, identifiers, texts and JSON.

use shared::intake::facts::{DecimalSign, Facts, RatingScale};

use super::file::{Declared, LAYOUT, read_as};

/// What becomes of a cell: its value, `absent`, or a code. Quoted, in a file of commas.
fn with(column: &str, cell: &str, facts: Facts) -> String {
    let (name, first, second) = match column {
        "session_id" => ("rating", cell, "a@b.no"),
        "participant_email" => ("rating", "1", cell),
        _ => (column, "1", "a@b.no"),
    };
    let third = if name == column { cell } else { "" };
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let text = format!("session_id,participant_email,{name}\n{},{},{}\n", quoted(first), quoted(second), quoted(third));
    let declared = Declared { facts, encoding: None };
    let found = read_as(text.as_bytes(), &declared, &[LAYOUT]).unwrap();
    let record = &found.records[0];
    let brief = record.brief();
    match (record.get(column), brief.split_once(' ').and_then(|(_, fate)| fate.split_once('@'))) {
        (Some(value), _) => value.to_owned(),
        (None, Some((code, found))) => {
            assert_eq!(found, column, "{cell:?}");
            code.to_owned()
        }
        (None, None) => "absent".to_owned(),
    }
}

fn of(column: &str, cell: &str) -> String {
    with(column, cell, Declared::default().facts)
}

fn all(column: &str, cases: &[(&str, &str)]) {
    for (cell, expected) in cases {
        assert_eq!(of(column, cell), *expected, "{column} {cell:?}");
    }
}

#[test]
fn an_empty_optional_cell_is_absent_and_never_nought() {
    for column in LAYOUT.iter().filter(|column| !column.required) {
        for cell in ["", " ", "\t", "\u{a0}", "\n"] {
            assert_eq!(of(column.name, cell), "absent", "{} {cell:?}", column.name);
        }
    }
    for word in ["NULL", "null", "N/A", "n/a", "-", "NaN", "None"] {
        for column in ["duration_minutes", "rating", "final_score", "points", "completed_at"] {
            assert_eq!(of(column, word), "absent", "{column} {word}");
        }
        assert_eq!(of("first_name", word), word);
        assert_eq!(of("session_id", word), word);
        assert_eq!(of("feedback_text", word), word);
    }
}

#[test]
fn durations_are_whole_minutes_from_1_to_480() {
    all(
        "duration_minutes",
        &[
            ("1", "1"),
            (" 45 ", "45"),
            ("480", "480"),
            ("045", "45"),
            ("45.0", "45"),
            ("45.00", "45"),
            ("45.5", "bad_number"),
            ("45,5", "bad_number"),
            ("45,0", "bad_number"),
            ("0", "out_of_range"),
            ("481", "out_of_range"),
            ("-45", "out_of_range"),
            ("1 hour", "bad_number"),
            ("45 min", "bad_number"),
            ("1:30", "bad_number"),
            ("00:45:00", "bad_number"),
            ("4e1", "bad_number"),
            ("+45", "bad_number"),
            ("٤٥", "bad_number"),
            ("４５", "bad_number"),
            ("1.000", "bad_number"),
            ("1,000", "bad_number"),
            ("99999999999999999999", "out_of_range"),
            ("-99999999999999999999", "out_of_range"),
        ],
    );
}

#[test]
fn ratings_are_on_the_declared_scale_with_what_was_written() {
    all(
        "rating",
        &[
            ("1", "1 of 1-5"),
            ("5", "5 of 1-5"),
            ("4.5", "4.5 of 1-5"),
            ("4.50", "4.5 of 1-5"),
            ("0", "out_of_range"),
            ("0.99", "out_of_range"),
            ("5.01", "out_of_range"),
            ("4,5", "bad_number"),
            ("4/5", "bad_number"),
            ("★★★★", "bad_number"),
            ("4 stars", "bad_number"),
            ("4.", "bad_number"),
        ],
    );
    let one = || Facts { rating_scale: Some(RatingScale::ZeroToOne), ..Declared::default().facts };
    for (cell, expected) in [("0", "0 of 0-1"), ("1", "1 of 0-1"), ("0.85", "0.85 of 0-1"), ("1.1", "out_of_range")] {
        assert_eq!(with("rating", cell, one()), expected, "{cell}");
    }
}

#[test]
fn a_rating_whose_scale_nothing_proves_is_ambiguous() {
    let scales = |cells: &[&str]| {
        let rows: String = cells.iter().enumerate().map(|(n, cell)| format!("{n},a@b.no,{cell}\n")).collect();
        let declared = Declared { facts: Facts::default(), encoding: None };
        let text = format!("session_id,participant_email,rating\n{rows}");
        let found = read_as(text.as_bytes(), &declared, &[LAYOUT]).unwrap();
        let of = |record: &super::file::Record| record.get("rating").map_or_else(|| record.brief(), str::to_owned);
        found.records.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(scales(&["1", "4"]), ["1 of 1-5", "4 of 1-5"]);
    assert_eq!(scales(&["1", "0.5"]), ["1 of 0-1", "0.5 of 0-1"]);
    assert_eq!(scales(&["1", "1.0"]), ["2 ambiguous_scale@rating", "3 ambiguous_scale@rating"]);
    assert_eq!(scales(&["0.5", "4"]), ["2 ambiguous_scale@rating", "3 ambiguous_scale@rating"]);
}

#[test]
fn scores_are_exact_decimals_from_0_to_100() {
    all(
        "final_score",
        &[
            ("0", "0"),
            ("100", "100"),
            ("92.5", "92.5"),
            ("92.50", "92.5"),
            ("33.333333333333333333", "33.333333333333333333"),
            ("66.66666666666667", "66.66666666666667"),
            (&"9".repeat(40), "out_of_range"),
            ("100.0001", "out_of_range"),
            ("-1", "out_of_range"),
            ("92,5", "bad_number"),
            ("925", "out_of_range"),
            ("92.5%", "bad_number"),
            ("9 2", "bad_number"),
            ("1'0", "bad_number"),
            ("1\u{a0}0", "bad_number"),
            ("1e1", "bad_number"),
            ("0x10", "bad_number"),
            ("∞", "bad_number"),
            ("92..5", "bad_number"),
        ],
    );
    let comma = || Facts { decimal: Some(DecimalSign::Comma), ..Declared::default().facts };
    for (cell, expected) in [("92,5", "92.5"), ("92.5", "92.5"), ("1.234,5", "bad_number"), ("92,5,0", "bad_number")] {
        assert_eq!(with("final_score", cell, comma()), expected, "{cell}");
    }
}

#[test]
fn levels_and_listed_words_are_exact_but_for_case() {
    all(
        "language_level",
        &[
            ("A1", "A1"),
            (" c2 ", "C2"),
            ("b1", "B1"),
            ("A0", "bad_enum"),
            ("B1+", "bad_enum"),
            ("B1/B2", "bad_enum"),
            ("В1", "bad_enum"),
            ("Beginner", "bad_enum"),
        ],
    );
    all(
        "status",
        &[
            ("active", "active"),
            ("Active", "active"),
            ("ENDED", "ended"),
            ("Aktiv", "bad_enum"),
            ("active.", "bad_enum"),
            ("аctive", "bad_enum"),
        ],
    );
    let text = "session_id,participant_email,status\n1,a@b.no,Done\n";
    let found = super::file::read(text).unwrap();
    let super::file::Fate::Rejected(rejection) = &found.records[0].fate else { panic!("rejected") };
    assert_eq!(rejection.hint.as_deref(), Some("active, inactive, ended"));
    assert_eq!(rejection.value.as_deref(), Some("xxxx"));
}

#[test]
fn an_address_is_one_plain_address() {
    let long = format!("{}@b.no", "a".repeat(64));
    all(
        "participant_email",
        &[
            ("a@b.no", "a@b.no"),
            (" Anna.Berg@Example.ORG ", "anna.berg@example.org"),
            ("anna+x@b.no", "anna+x@b.no"),
            ("an.na@b.no", "an.na@b.no"),
            ("o'neil@b.no", "o'neil@b.no"),
            ("ÅSE@b.no", "Åse@b.no"),
            ("аnna@b.no", "аnna@b.no"),
            ("a@bücher.example", "a@bücher.example"),
            (&long, &long),
            ("", "missing_required"),
            (" ", "missing_required"),
            ("anna", "bad_email"),
            ("anna@", "bad_email"),
            ("@b.no", "bad_email"),
            ("a@b", "bad_email"),
            ("a@b.no.", "bad_email"),
            ("a@.b.no", "bad_email"),
            ("a@b..no", "bad_email"),
            ("a@@b.no", "bad_email"),
            ("a@b.no;c@d.no", "bad_email"),
            ("a@b.no, c@d.no", "bad_email"),
            ("a@b.no c@d.no", "bad_email"),
            ("a@b.no\nc@d.no", "bad_email"),
            ("Anna <a@b.no>", "bad_email"),
            ("mailto:a@b.no", "bad_email"),
            ("\"anna berg\"@b.no", "bad_email"),
            ("a b@c.no", "bad_email"),
            ("a@b,no", "bad_email"),
            ("a@[10.0.0.1]", "bad_email"),
            ("'a@b.no'", "bad_email"),
            ("a\u{200b}@b.no", "bad_email"),
            ("a\u{ad}@b.no", "bad_email"),
            ("a\u{202e}@b.no", "bad_email"),
            ("a＠b.no", "bad_email"),
            ("a@b。no", "bad_email"),
            (&format!("{}@b.no", "a".repeat(65)), "bad_email"),
            (&format!("a@{}.no", "b".repeat(64)), "bad_email"),
            (&format!("a@{}no", "bb.".repeat(90)), "bad_email"),
            ("a\0@b.no", "nul_byte"),
        ],
    );
    assert_ne!(of("participant_email", "аnna@b.no"), of("participant_email", "anna@b.no"));
    // Composed and decomposed letters are different addresses: nothing is changed but ASCII case.
    assert_ne!(of("participant_email", "a\u{30a}se@b.no"), of("participant_email", "\u{e5}se@b.no"));
}

#[test]
fn identifiers_are_exact_text() {
    let most = "я".repeat(255);
    all(
        "session_id",
        &[
            ("00042", "00042"),
            ("0042", "0042"),
            (" 42\u{a0}", "42"),
            ("1e5", "1e5"),
            ("1E5", "1E5"),
            ("4.0", "4.0"),
            ("-", "-"),
            ("=1+1", "=1+1"),
            ("a b", "a b"),
            ("\u{e5}", "\u{e5}"),
            ("a\u{30a}", "a\u{30a}"),
            (&most, &most),
            (&"x".repeat(256), "too_long"),
            ("", "missing_required"),
            ("a\0b", "nul_byte"),
            ("a@b.no", "bad_email"),
        ],
    );
}

#[test]
fn names_and_texts_are_measured_in_characters_and_kept_as_given() {
    let (name, text) = ("😀".repeat(100), "і".repeat(5_000));
    all(
        "first_name",
        &[
            ("X", "X"),
            ("O'Neil-Åse d.y.", "O'Neil-Åse d.y."),
            ("Null", "Null"),
            ("12345", "12345"),
            (&name, &name),
            (&"x".repeat(101), "too_long"),
            ("a\0b", "nul_byte"),
        ],
    );
    all(
        "feedback_text",
        &[
            ("=HYPERLINK(\"x\")", "=HYPERLINK(\"x\")"),
            ("+47 12 34 56 78", "+47 12 34 56 78"),
            ("-fint", "-fint"),
            ("@kari", "@kari"),
            ("\tx", "\tx"),
            ("'=1", "'=1"),
            (" two\r\nlines ", " two\r\nlines "),
            ("I'm <b>\u{1f1f3}\u{1f1f4}</b>\u{200d}", "I'm <b>\u{1f1f3}\u{1f1f4}</b>\u{200d}"),
            (&text, &text),
            (&"і".repeat(5_001), "too_long"),
            ("a\0b", "nul_byte"),
        ],
    );
}

#[test]
fn json_is_checked_and_kept_as_it_came() {
    let most = format!("\"{}\"", "x".repeat(1_998));
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    all(
        "metadata",
        &[
            (
                r#"{"n": 1.00000000000000000000001, "big": 123456789012345678901234567890}"#,
                r#"{"n": 1.00000000000000000000001, "big": 123456789012345678901234567890}"#,
            ),
            (r#"{"a":{"b":1},"c":{"b":2}}"#, r#"{"a":{"b":1},"c":{"b":2}}"#),
            (r#"{"a":1,"a":2}"#, "bad_json"),
            (r#"{"x":{"a":1,"\u0061":1}}"#, "bad_json"),
            (r#"{'a':1}"#, "bad_json"),
            (r#"{"a":1,}"#, "bad_json"),
            (r#"{"a":NaN}"#, "bad_json"),
            (r#"{"a":01}"#, "bad_json"),
            (r#"{"a":"\ud800"}"#, "bad_json"),
            (r#"{"a":"\u0000"}"#, "nul_byte"),
            ("{\"a\":\"\0\"}", "nul_byte"),
            ("{} {}", "bad_json"),
            (&nested(32), &nested(32)),
            (&nested(33), "too_deep"),
            (&most, &most),
            (&format!("\"{}\"", "x".repeat(1_999)), "too_long"),
        ],
    );
    all(
        "interests",
        &[
            (r#"["hiking", "Ski"]"#, r#"["hiking","Ski"]"#),
            ("[]", "[]"),
            ("hiking, ski", "bad_json"),
            (r#"["a",1]"#, "bad_json"),
            (r#"{"a":1}"#, "bad_json"),
        ],
    );
}

#[test]
fn no_reason_shows_a_value_in_clear() {
    for (column, cell) in [
        ("participant_email", "anna.hemmelig@@example.org"),
        ("completed_at", "Anna Hemmelig"),
        ("status", "Hemmelig"),
        ("metadata", "{Hemmelig"),
        ("duration_minutes", "Hemmelig"),
    ] {
        let text = match column {
            "participant_email" => format!("session_id,participant_email\n1,{cell}\n"),
            _ => format!("session_id,participant_email,{column}\n1,a@b.no,{cell}\n"),
        };
        let found = super::file::read(text).unwrap();
        let super::file::Fate::Rejected(rejection) = &found.records[0].fate else { panic!("rejected: {column}") };
        let shown = serde_json::to_string(rejection).unwrap();
        assert!(!shown.to_lowercase().contains("hemmelig"), "{shown}");
        assert!(rejection.value.as_ref().is_some_and(|value| value.chars().count() <= 24), "{shown}");
    }
}
