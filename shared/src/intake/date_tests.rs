//! Tests of reading dates and times.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::date::*;
use super::facts::{DateOrder, Facts};

fn oslo() -> Facts {
    Facts { zone: Some(TimeZone::get("Europe/Oslo").unwrap()), ..Facts::default() }
}

fn at(text: &str, facts: &Facts) -> String {
    match read(text, facts) {
        Ok(moment) => format!("{}{}", moment.at, if moment.day_only { " day" } else { "" }),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn iso_with_an_offset_needs_no_zone() {
    let none = Facts::default();
    for text in [
        "2025-03-04T10:15:00+01:00",
        "2025-03-04T09:15:00Z",
        "2025-03-04 09:15Z",
        "2025-03-04 10:15:00 +0100",
        "2025-03-04t10:15+01",
        "2025/03/04 09:15 UTC",
        "2025-03-04T09:15:00.000z",
        "04.03.2025 09.15 GMT",
        "Mar 4, 2025 9:15 AM UTC",
    ] {
        assert_eq!(at(text, &none), "2025-03-04T09:15:00Z", "{text}");
    }
    assert_eq!(at("2025-03-04T10:15:00.123456+01:00", &none), "2025-03-04T09:15:00.123456Z");
    assert_eq!(at("2025-03-04T10:15", &none), "Zone");
    assert_eq!(at("2025-03-04", &none), "Zone");
}

#[test]
fn local_times_and_dates_alone_are_in_the_zone_of_the_source() {
    assert_eq!(at("2025-03-04T10:15", &oslo()), "2025-03-04T09:15:00Z");
    assert_eq!(at("2025-07-04", &oslo()), "2025-07-03T22:00:00Z day");
    assert_eq!(at("4.3.2025 kl. 10.15", &oslo()), "2025-03-04T09:15:00Z");
    assert_eq!(at("04.03.2025", &oslo()), "2025-03-03T23:00:00Z day");
}

#[test]
fn named_months_are_english_and_norwegian() {
    for text in [
        "Dec 14, 2025",
        "December 14 2025",
        "14 Dec 2025",
        "14. desember 2025",
        "14-Dec-2025",
        "14. des. 2025",
        "DEC 14th, 2025",
        "Sun, 14 Dec 2025",
        "søndag 14. desember 2025",
    ] {
        assert_eq!(at(text, &oslo()), "2025-12-13T23:00:00Z day", "{text}");
    }
    assert_eq!(at("14. mars 2025, 10:30", &oslo()), "2025-03-14T09:30:00Z");
    assert_eq!(at("Mar 14, 2025 12:30 am", &oslo()), "2025-03-13T23:30:00Z");
    for text in ["Decembre 14, 2025", "De 14, 2025", "14 2025 Dec", "Dec 2025", "Dec 14"] {
        assert_eq!(at(text, &oslo()), "Form", "{text}");
    }
}

#[test]
fn slashes_need_an_order() {
    let day_first = Facts { date_order: Some(DateOrder::DayFirst), ..oslo() };
    let month_first = Facts { date_order: Some(DateOrder::MonthFirst), ..oslo() };
    assert_eq!(at("04/03/2025", &oslo()), "Order");
    assert_eq!(at("13/03/2025", &oslo()), "Order");
    assert_eq!(at("04/03/2025", &day_first), "2025-03-03T23:00:00Z day");
    assert_eq!(at("04-03-2025 10:00", &month_first), "2025-04-03T08:00:00Z");
    assert_eq!(at("13/03/2025", &month_first), "Impossible");
    assert_eq!(at("04/03/25", &day_first), "ShortYear");
    assert_eq!(proven_order("13/03/2025 10:00"), Some(DateOrder::DayFirst));
    assert_eq!(proven_order("03/13/2025"), Some(DateOrder::MonthFirst));
    for text in ["04/03/2025", "13.03.2025", "2025/13/01", "32/01/2025", "x"] {
        assert_eq!(proven_order(text), None, "{text}");
    }
}

#[test]
fn impossible_dates_never_roll_over() {
    for text in [
        "2025-02-29",
        "2025-13-01",
        "31.04.2025",
        "2025-00-10",
        "Feb 30, 2025",
        "2025-03-04T24:00Z",
        "2025-03-04T10:60Z",
        "2025-03-04T10:00:60Z",
        "2025-03-04T10:00+15:00",
        "2025-03-04 13:00 PM",
    ] {
        assert_eq!(at(text, &oslo()), "Impossible", "{text}");
    }
    assert_eq!(at("2024-02-29", &oslo()), "2024-02-28T23:00:00Z day");
}

#[test]
fn skipped_hours_do_not_exist_and_double_ones_are_nobodys_guess() {
    assert_eq!(at("2025-03-30T02:30", &oslo()), "Impossible");
    for text in ["2025-10-26T02:00", "2025-10-26T02:30", "26.10.2025 kl. 02.59"] {
        assert_eq!(at(text, &oslo()), "Twice", "{text}");
    }
    assert_eq!(at("2025-10-26T02:30+02:00", &oslo()), "2025-10-26T00:30:00Z");
    assert_eq!(at("2025-10-26T02:30+01:00", &oslo()), "2025-10-26T01:30:00Z");
    assert_eq!(at("2025-10-26T01:59:59", &oslo()), "2025-10-25T23:59:59Z");
    assert_eq!(at("2025-10-26T03:00", &oslo()), "2025-10-26T02:00:00Z");
    assert_eq!(at("2025-10-26", &oslo()), "2025-10-25T22:00:00Z day");
    let havana = Facts { zone: Some(TimeZone::get("America/Havana").unwrap()), ..Facts::default() };
    assert_eq!(at("2025-11-02", &havana), "2025-11-02T04:00:00Z day");
    let beirut = Facts { zone: Some(TimeZone::get("Asia/Beirut").unwrap()), ..Facts::default() };
    assert_eq!(at("2025-03-30", &beirut), "2025-03-29T22:00:00Z day");
}

#[test]
fn spreadsheet_day_counts_count_only_where_declared() {
    let facts = Facts { excel_serials: true, ..oslo() };
    assert_eq!(at("45720", &oslo()), "Form");
    assert_eq!(at("45720", &facts), "2025-03-03T23:00:00Z day");
    assert_eq!(at("45720,4375", &facts), "2025-03-04T09:30:00Z");
    assert_eq!(at("12", &facts), "Impossible");
    assert_eq!(at("20250304", &facts), "Impossible");
}

#[test]
fn a_fraction_of_a_second_is_kept_to_the_last_digit_or_refused() {
    assert_eq!(at("2025-03-04T10:00:00.123456Z", &oslo()), "2025-03-04T10:00:00.123456Z");
    assert_eq!(at("2025-03-04T10:00:00,5000000000000Z", &oslo()), "2025-03-04T10:00:00.5Z");
    assert_eq!(at("2025-03-04T10:00:00.1234567Z", &oslo()), "Fraction");
    assert_eq!(at("2025-03-04T10:00:00.Z", &oslo()), "Form");
}

#[test]
fn the_day_of_the_week_may_stand_in_front_and_has_to_be_the_right_one() {
    for text in [
        "п'ятниця, 14 березня 2025",
        "П’ятниця 14 березня 2025 р.",
        "пʼят 14 бер 2025",
        "fri 14 mar 2025",
        "fredag 14. mars 2025",
    ] {
        assert_eq!(at(text, &oslo()), "2025-03-13T23:00:00Z day", "{text}");
    }
    for text in ["Monday, March 14, 2025", "lørdag 14. mars 2025", "неділя, 14 березня 2025"] {
        assert_eq!(at(text, &oslo()), "Impossible", "{text}");
    }
}

#[test]
fn what_ukrainian_writes_behind_a_year_is_no_part_of_it() {
    for text in ["04.03.2025 р.", "04.03.2025р.", "4.3.2025 року", "4 березня 2025 р."] {
        assert_eq!(at(text, &oslo()), "2025-03-03T23:00:00Z day", "{text}");
    }
    assert_eq!(at("04.03.2025 р. 10:15", &oslo()), "2025-03-04T09:15:00Z");
}

#[test]
fn other_texts_are_no_dates() {
    for text in [
        "",
        "soon",
        "2025",
        "2025-03",
        "2025-3-4-5",
        "2025-03-04T",
        "2025-03-04 10",
        "2025-03-04X10:00",
        "1/2",
        "tirsdag",
        "2025-03-04T10:00 CET",
        "2025-03-04T10:00+1",
        "٢٠٢٥-٠٣-٠٤",
    ] {
        assert_eq!(at(text, &oslo()), "Form", "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn any_text_gets_an_answer(text in prop_oneof![any::<String>(), "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}[T ,]?[0-9:.+Z apm]{0,14}", "[A-Za-zøå]{3,5}[ .,]{1,2}[0-9]{1,5}[ ,]{1,2}[0-9]{2,6}.{0,8}"]) {
        let facts = Facts { excel_serials: true, date_order: Some(DateOrder::DayFirst), ..oslo() };
        let _ = (read(&text, &facts), proven_order(&text));
    }
}
