//! Dates and times: declared or proven by the whole column, never guessed, never rolled over.

use jiff::tz::TimeZone;
use shared::intake::facts::{DateOrder, Facts};

use super::file::{Declared, LAYOUT, read_as};

/// What becomes of each cell of one column, in a file of tabs so that commas need no quotes.
fn column(name: &str, cells: &[&str], facts: Facts) -> Vec<String> {
    let rows: String = cells.iter().enumerate().map(|(n, cell)| format!("{n}\ta@b.no\t{cell}\n")).collect();
    let text = format!("session_id\tparticipant_email\t{name}\n{rows}");
    let declared = Declared { facts, encoding: None };
    let found = read_as(text.as_bytes(), &declared, &[LAYOUT]).unwrap();
    let of = |record: &super::file::Record| {
        let fate = record.brief();
        record.get(name).map_or_else(|| fate.split([' ', '@']).nth(1).unwrap_or_default().to_owned(), str::to_owned)
    };
    found.records.iter().map(of).collect()
}

fn oslo() -> Facts {
    Facts { zone: TimeZone::get("Europe/Oslo").ok(), ..Facts::default() }
}

fn one(cell: &str) -> String {
    column("completed_at", &[cell], oslo()).remove(0)
}

#[test]
fn every_form_of_the_rules_is_the_same_moment() {
    for text in [
        "2025-03-14T17:30:00+01:00",
        "2025-03-14T16:30:00Z",
        "2025-03-14T16:30:00.000Z",
        "2025-03-14T17:30:00",
        "2025-03-14T17:30",
        "2025-03-14 17:30:00",
        "2025-03-14 17:30:00+0100",
        "2025-03-14 16:30:00 UTC",
        "2025/03/14 17:30",
        "14.03.2025 17:30",
        "14.3.2025 17.30",
        "14.03.2025 kl. 17.30",
        "14. mars 2025 17:30",
        "14 March 2025 5:30 PM",
        "Mar 14, 2025 5:30 pm",
        "Fri, 14 Mar 2025 17:30:00 +0100",
        "fredag 14. mars 2025 kl. 17.30",
        "14 березня 2025 р. 17:30",
        "14 березня 2025 року о 17:30",
        "14 бер. 2025, 17:30",
    ] {
        assert_eq!(one(text), "2025-03-14T16:30:00Z", "{text}");
    }
    for text in
        ["2025-03-04", "04.03.2025", "4.3.2025", "Mar 4, 2025", "4. mars 2025", "4 березня 2025 р.", "4 Mar 2025"]
    {
        assert_eq!(one(text), "2025-03-03T23:00:00Z day", "{text}");
    }
}

#[test]
fn every_month_has_its_names_in_three_languages() {
    let names = [
        ["January", "januar", "січня"],
        ["February", "februar", "лютого"],
        ["March", "mars", "березня"],
        ["April", "april", "квітня"],
        ["May", "mai", "травня"],
        ["June", "juni", "червня"],
        ["July", "juli", "липня"],
        ["August", "august", "серпня"],
        ["September", "september", "вересня"],
        ["October", "oktober", "жовтня"],
        ["November", "november", "листопада"],
        ["December", "desember", "грудня"],
    ];
    let utc = || Facts { zone: Some(TimeZone::UTC), ..Facts::default() };
    for (at, month) in names.iter().enumerate() {
        for name in month {
            let short: String = name.chars().take(3).collect();
            for text in [format!("9 {name} 2025"), format!("9. {short}. 2025"), format!("{name} 9, 2025")] {
                let found = column("completed_at", &[&text], utc()).remove(0);
                assert_eq!(found, format!("2025-{:02}-09T00:00:00Z day", at + 1), "{text}");
            }
        }
    }
}

#[test]
fn what_is_no_date_is_rejected_and_never_rolled_over() {
    for (text, code) in [
        ("2025-02-29", "impossible_date"),
        ("2024-02-29", "2024-02-28T23:00:00Z day"),
        ("1900-02-29", "impossible_date"),
        ("31.04.2025", "impossible_date"),
        ("2025-13-01", "impossible_date"),
        ("2025-00-01", "impossible_date"),
        ("32.01.2025", "impossible_date"),
        ("31/31/2025", "impossible_date"),
        ("30/02/2025", "impossible_date"),
        ("2025-03-04T24:00:00Z", "impossible_date"),
        ("2025-03-04T10:60:00Z", "impossible_date"),
        ("2025-03-30T02:30:00", "impossible_date"),
        ("2025-10-26T02:30:00", "ambiguous_date"),
        ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00Z"),
        ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00Z"),
        ("04.03.25", "bad_date"),
        ("4/3/25", "bad_date"),
        ("Dec 14, 25", "bad_date"),
        ("45720", "bad_date"),
        ("2025", "bad_date"),
        ("2025-03", "bad_date"),
        ("20250304", "bad_date"),
        ("yesterday", "bad_date"),
        ("0", "bad_date"),
        ("2025-03-04T10:15:00 CET", "bad_date"),
        ("04/05/2025", "ambiguous_date"),
    ] {
        assert_eq!(one(text), code, "{text}");
    }
}

#[test]
fn a_column_that_proves_its_order_is_read_and_one_that_proves_both_or_nothing_is_not() {
    let order = |cells: &[&str]| column("completed_at", cells, oslo());
    assert_eq!(order(&["04/03/2025", "13/03/2025"]), ["2025-03-03T23:00:00Z day", "2025-03-12T23:00:00Z day"]);
    assert_eq!(order(&["04/03/2025", "03/13/2025"]), ["2025-04-02T22:00:00Z day", "2025-03-12T23:00:00Z day"]);
    assert_eq!(order(&["04/03/2025", "05/03/2025"]), ["ambiguous_date", "ambiguous_date"]);
    assert_eq!(order(&["04/03/2025", "13/03/2025", "03/13/2025"]), ["ambiguous_date"; 3]);
    // What is not ambiguous needs no proof and gives none.
    assert_eq!(order(&["2025-03-04", "04/03/2025"]), ["2025-03-03T23:00:00Z day", "ambiguous_date"]);
    assert_eq!(order(&["13.03.2025", "04/03/2025"])[1], "ambiguous_date");
    // Declared wins, and what contradicts it does not exist.
    let declared = |order| Facts { date_order: Some(order), ..oslo() };
    let found = column("completed_at", &["04/03/2025", "03/13/2025"], declared(DateOrder::DayFirst));
    assert_eq!(found, ["2025-03-03T23:00:00Z day", "impossible_date"]);
    let found = column("completed_at", &["04/03/2025", "04.03.2025"], declared(DateOrder::MonthFirst));
    assert_eq!(found, ["2025-04-02T22:00:00Z day", "2025-03-03T23:00:00Z day"]);
}

#[test]
fn without_a_declared_zone_only_an_offset_says_when() {
    let none = Facts::default();
    let found = column("completed_at", &["2025-03-04T10:00:00+01:00", "2025-03-04T10:00:00", "2025-03-04"], none);
    assert_eq!(found, ["2025-03-04T09:00:00Z", "ambiguous_date", "ambiguous_date"]);
}

#[test]
fn day_counts_of_a_spreadsheet_count_only_where_declared() {
    let facts = Facts { excel_serials: true, ..oslo() };
    assert_eq!(
        column("completed_at", &["45720", "45720.4375", "60", "1e4"], facts),
        ["2025-03-03T23:00:00Z day", "2025-03-04T09:30:00Z", "impossible_date", "bad_date"]
    );
}

#[test]
fn what_has_happened_is_not_to_come_and_nothing_is_older_than_ten_years() {
    // Now is 2026-05-04T08:00:00Z.
    let happened = |cells: &[&str]| column("completed_at", cells, oslo());
    assert_eq!(
        happened(&["2026-05-05T08:00:00Z", "2026-05-05T08:00:01Z", "2016-05-04T08:00:00Z", "2016-05-04T07:59:59Z"]),
        ["2026-05-05T08:00:00Z", "future_timestamp", "2016-05-04T08:00:00Z", "out_of_range"]
    );
    let planned = |cells: &[&str]| column("scheduled_at", cells, oslo());
    assert_eq!(
        planned(&["2031-01-01T00:00:00Z", "2016-05-04T07:59:59Z", "0025-01-01"]),
        ["2031-01-01T00:00:00Z", "out_of_range", "out_of_range"]
    );
}
