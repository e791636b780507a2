//! Tests of reading cells: every rule for values, and that no text makes it panic.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::cell::{Value, read};
use super::code::Code;
use super::column::{Column, Kind};
use super::facts::{DateOrder, DecimalSign, Facts, RatingScale};

fn now() -> Timestamp {
    "2025-06-15T12:00:00Z".parse().unwrap()
}

fn facts() -> Facts {
    Facts {
        zone: Some(TimeZone::get("Europe/Oslo").unwrap()),
        rating_scale: Some(RatingScale::OneToFive),
        ..Facts::default()
    }
}

/// The canonical text of the value, `absent`, or the code of the rejection.
fn with(column: Column, raw: &str, facts: &Facts) -> String {
    match read(&column, raw, facts, now()) {
        Ok(Some(value)) => value.canonical(),
        Ok(None) => "absent".to_owned(),
        Err(rejection) => rejection.code.as_str().to_owned(),
    }
}

fn of(column: Column, raw: &str) -> String {
    with(column, raw, &facts())
}

#[test]
fn an_empty_optional_cell_is_absent_and_a_required_one_rejected() {
    for column in [Column::rating("r"), Column::text("t"), Column::name("n"), Column::email("e")] {
        assert_eq!(of(column, ""), "absent");
        assert_eq!(of(column, " \u{a0}"), "absent");
        assert_eq!(of(column.required(), " "), "missing_required");
    }
}

#[test]
fn null_is_absent_in_an_optional_number_and_a_name_in_a_name() {
    for raw in ["NULL", "n/a", "-", "NaN"] {
        assert_eq!(of(Column::score("s"), raw), "absent");
        assert_eq!(of(Column::rating("r"), raw), "absent");
        assert_eq!(of(Column::timestamp("t"), raw), "absent");
        assert_eq!(of(Column::score("s").required(), raw), "bad_number");
        assert_eq!(of(Column::name("n"), raw), raw);
        assert_eq!(of(Column::id("i"), raw), raw);
    }
}

#[test]
fn identifiers_are_exact_text_after_trimming() {
    let id = Column::id("id");
    for raw in ["00042", "0042", "42", "1e5", "-1", "=x", "ÅÆ"] {
        assert_eq!(of(id, &format!(" {raw}\t")), raw);
    }
    assert_eq!(of(id, &"å".repeat(255)), "å".repeat(255));
    assert_eq!(of(id, &"x".repeat(256)), "too_long");
    assert_eq!(of(id, "a\0b"), "nul_byte");
}

#[test]
fn names_and_texts_are_kept_as_given_and_measured_in_characters() {
    assert_eq!(of(Column::name("n"), " Dr. O'Neil-Åse "), " Dr. O'Neil-Åse ");
    assert_eq!(of(Column::name("n"), &"я".repeat(100)), "я".repeat(100));
    assert_eq!(of(Column::name("n"), &"я".repeat(101)), "too_long");
    assert_eq!(of(Column::text("t"), "=1+1\n  two"), "=1+1\n  two");
    assert_eq!(of(Column::text("t"), &"я".repeat(5_000)), "я".repeat(5_000));
    assert_eq!(of(Column::text("t"), &"я".repeat(5_001)), "too_long");
    assert_eq!(of(Column::text("t"), "a\0b"), "nul_byte");
}

#[test]
fn ratings_are_stored_from_nought_to_one_with_what_was_written() {
    let five = read(&Column::rating("r"), "4.5", &facts(), now()).unwrap().unwrap();
    let Value::Rating { value, raw, scale } = five else { panic!("a rating") };
    assert_eq!((value.to_string(), raw.to_string()), ("0.875".to_owned(), "4.5".to_owned()));
    assert_eq!(scale, RatingScale::OneToFive);
    let one = Facts { rating_scale: Some(RatingScale::ZeroToOne), ..facts() };
    assert_eq!(with(Column::rating("r"), "0.80", &one), "0.8 of 0-1");
    assert_eq!(with(Column::rating("r"), "4", &one), "out_of_range");
    for raw in ["0", "5.1", "6", "-1"] {
        assert_eq!(of(Column::rating("r"), raw), "out_of_range", "{raw}");
    }
    assert_eq!(of(Column::rating("r"), "five"), "bad_number");
    let unknown = Facts { rating_scale: None, ..facts() };
    assert_eq!(with(Column::rating("r"), "1", &unknown), "ambiguous_scale");
}

#[test]
fn durations_are_whole_minutes() {
    let duration = Column::duration("d");
    assert_eq!(of(duration, "45"), "45");
    assert_eq!(of(duration, "45.0"), "45");
    assert_eq!(of(duration, "480"), "480");
    assert_eq!(of(duration, "45.5"), "bad_number");
    assert_eq!(of(duration, "45 min"), "bad_number");
    for raw in ["0", "481", "-5"] {
        assert_eq!(of(duration, raw), "out_of_range", "{raw}");
    }
}

#[test]
fn a_decimal_comma_counts_where_it_is_declared_and_never_vanishes() {
    let comma = Facts { decimal: Some(DecimalSign::Comma), ..facts() };
    let score = Column::score("s");
    assert_eq!(with(score, "92,5", &comma), "92.5");
    assert_eq!(with(score, "92,50", &comma), with(score, "92.5", &comma));
    assert_eq!(of(score, "92,5"), "bad_number");
    assert_eq!(of(score, "925"), "out_of_range");
    assert_eq!(of(score, "0"), of(score, "-0.0"));
    assert_eq!(of(score, "33.333333333333333333"), "33.333333333333333333");
}

#[test]
fn a_point_between_groups_of_three_is_refused_where_it_may_be_a_thousand() {
    let comma = Facts { decimal: Some(DecimalSign::Comma), ..facts() };
    let points = Column::decimal("p", 0, 1_000_000);
    for raw in ["1.234", "12.000", "123.456", "1.000"] {
        assert_eq!(with(points, raw, &comma), "bad_number", "{raw}");
        assert_ne!(of(points, raw), "bad_number", "{raw}");
    }
    for (raw, expected) in [("0.125", "0.125"), ("1.25", "1.25"), ("1234,5", "1234.5"), ("1234.567", "1234.567")] {
        assert_eq!(with(points, raw, &comma), expected, "{raw}");
    }
    // A score cannot be a thousand.
    assert_eq!(with(Column::score("s"), "33.333", &comma), "33.333");
}

#[test]
fn a_goal_out_of_range_says_which_there_are() {
    let rejection = read(&Column::integers("sdg_goals", 1, 17), "4, 18", &facts(), now()).unwrap_err();
    assert_eq!((rejection.code, rejection.hint.as_deref()), (Code::OutOfRange, Some("1–17")));
    assert_eq!(of(Column::integers("sdg_goals", 1, 17), "[4,]"), "bad_json");
}

#[test]
fn what_people_filled_in_may_be_as_long_as_a_text_and_metadata_may_not() {
    let json = |n: usize| format!("\"{}\"", "x".repeat(n - 2));
    assert_eq!(of(Column::long_json_text("question_responses"), &json(5_000)), json(5_000));
    assert_eq!(of(Column::long_json_text("question_responses"), &json(5_001)), "too_long");
    assert_eq!(of(Column::long_json_text("question_responses"), r#"{"a":1,"a":2}"#), "bad_json");
    assert_eq!(of(Column::json_text("metadata"), &json(2_001)), "too_long");
    let people = vec!["018f3c1e-7b2a-7cc0-9d41-2f6a5b8c9e10"; 100].join(",");
    assert_eq!(of(Column::references("attendees"), &people), r#"["018f3c1e-7b2a-7cc0-9d41-2f6a5b8c9e10"]"#);
}

#[test]
fn levels_and_lists_are_exact_but_for_case() {
    assert_eq!(of(Column::cefr("l"), " b2 "), "B2");
    assert_eq!(of(Column::cefr("l"), "B2+"), "bad_enum");
    let status = Column::one_of("status", &["active", "in_progress"]);
    assert_eq!(of(status, "Active"), "active");
    assert_eq!(of(status, "in progress"), "bad_enum");
    let rejection = read(&status, "Finished", &facts(), now()).unwrap_err();
    assert_eq!(rejection.reason, "status \"xxxxxxxx\" is none of: active, in_progress; write one of them.");
    // The Kelvin sign folds to k in Unicode; it is not a k.
    assert_eq!(of(Column::one_of("x", &["k"]), "\u{212a}"), "bad_enum");
}

#[test]
fn times_are_neither_too_old_nor_still_to_come() {
    let done = Column::timestamp("completed_at");
    assert_eq!(of(done, "2025-06-16T11:59:00Z"), "2025-06-16T11:59:00Z");
    assert_eq!(of(done, "2025-06-16T12:01:00Z"), "future_timestamp");
    assert_eq!(of(done.future_ok(), "2031-01-01T00:00:00Z"), "2031-01-01T00:00:00Z");
    assert_eq!(of(done, "2015-06-15T12:00:00Z"), "2015-06-15T12:00:00Z");
    assert_eq!(of(done, "2015-06-15T11:59:59Z"), "out_of_range");
    assert_eq!(of(done, "0025-06-15T11:59:59Z"), "out_of_range");
    assert_eq!(of(done, "31.02.2025"), "impossible_date");
    assert_eq!(of(done, "04/05/2025"), "ambiguous_date");
    assert_eq!(of(done, "yesterday"), "bad_date");
}

#[test]
fn uuids_json_lists_and_links_are_checked_and_kept() {
    let id = "018F3C1E-7b2a-7cc0-9d41-2f6a5b8c9e10";
    assert_eq!(of(Column::uuid("u"), id), id.to_lowercase());
    for raw in ["018f3c1e7b2a7cc09d412f6a5b8c9e10", "{018f3c1e-7b2a-7cc0-9d41-2f6a5b8c9e10}", "42"] {
        assert_eq!(of(Column::uuid("u"), raw), "bad_uuid");
    }
    let json = r#" {"n": 1.00000000000000000001, "b":[ ]} "#;
    assert_eq!(of(Column::json_text("j"), json), json);
    assert_eq!(of(Column::json_text("j"), r#"{"a":1,"a":2}"#), "bad_json");
    assert_eq!(of(Column::json_text("j"), &"[".repeat(100)), "too_deep");
    assert_eq!(of(Column::json_text("j"), &format!("\"{}\"", "x".repeat(2_000))), "too_long");
    assert_eq!(of(Column::json_list("l"), r#"["a" , "b"]"#), r#"["a","b"]"#);
    assert_eq!(of(Column::json_list("l"), "a, b"), "bad_json");
    assert_eq!(of(Column::url("u"), "https://example.org/a?b=c"), "https://example.org/a?b=c");
    for raw in ["javascript:alert(1)", "example.org", "https://", "https://a@b", "http://a b"] {
        assert_eq!(of(Column::url("u"), raw), "bad_url", "{raw}");
    }
}

const KINDS: [Kind; 16] = [
    Kind::Identifier,
    Kind::Uuid,
    Kind::Email,
    Kind::Name,
    Kind::Text,
    Kind::JsonText,
    Kind::LongJsonText,
    Kind::Timestamp { future_ok: false },
    Kind::Duration,
    Kind::Rating,
    Kind::Score,
    Kind::Cefr,
    Kind::OneOf(&["active", "ended"]),
    Kind::Integer { min: -5, max: i64::MAX },
    Kind::Url,
    Kind::JsonList,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_text_in_no_kind_of_column_panics_or_shows_itself(
        raw in prop_oneof![any::<String>(), "\\PC{0,40}", "[0-9.,/: TZ+-]{0,30}", "[a-zå@.\\[\"\\\\u]{0,12}"],
        all in any::<bool>(), required in any::<bool>(), now in any::<i64>(),
    ) {
        let full = Facts {
            date_order: Some(DateOrder::MonthFirst),
            decimal: Some(DecimalSign::Comma),
            excel_serials: true,
            ..facts()
        };
        let facts = if all { full } else { Facts::default() };
        let now = Timestamp::from_second(now % 200_000_000_000).unwrap();
        for kind in KINDS {
            let mut column = Column::new("COLUMN", super::column::Class::Value, kind);
            column.required = required;
            match read(&column, &raw, &facts, now) {
                Ok(value) => { value.map(|value| value.canonical()); }
                Err(rejection) => {
                    prop_assert_ne!(rejection.code, Code::NotCsv);
                    prop_assert!(rejection.reason.ends_with('.'), "{}", rejection.reason);
                    prop_assert!(!raw.contains('@') || raw.len() < 3 || !rejection.reason.contains(raw.as_str()));
                }
            }
        }
    }
}
