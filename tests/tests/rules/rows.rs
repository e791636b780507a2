//! What stands above, between and below the records, and records of the wrong width.

use super::file::{brief, read};

const HEADER: &str = "session_id,participant_email,points,feedback_text";

fn of(records: &str) -> Vec<String> {
    brief(format!("{HEADER}\n{records}"))
}

#[test]
fn remarks_blank_lines_and_titles_above_the_header_are_no_records() {
    let text = format!(
        "# Kintell export\r\n\r\n# Total Records: 2\r\nSessions of March, all cities\r\n;;;\r\n{}\r\n1;a@b.no;3;x\r\n2;c@d.no;4;y\r\n",
        HEADER.replace(',', ";")
    );
    let found = read(&text).unwrap();
    assert_eq!(found.brief(), ["7 1", "8 2"]);
    assert_eq!((found.preamble.preamble_lines, found.preamble.control_total), (5, Some(2)));
}

#[test]
fn control_totals_are_read_as_people_write_them() {
    for (remark, total) in [
        ("# Total Records: 12", Some(12)),
        ("#Total records:12", Some(12)),
        ("# total rows = 1 200", Some(1200)),
        ("# Total Records: 1,200", Some(1200)),
        ("# Total Records: 1.200", Some(1200)),
        ("# Total Records: 12 (exported 2026-05-04)", Some(12)),
        ("\"# Total Records: 12\"", Some(12)),
        ("# Total Records: 12,,,", Some(12)),
        ("# Total Records: twelve", None),
        ("# Total Records: 12a", None),
        ("# Total Records: 1,2,3", None),
        ("# Total Records: 12,5", None),
        ("# Exported: 12", None),
        ("# Total Records:", None),
    ] {
        let found = read(format!("{remark}\n{HEADER}\n1,a@b.no,3,x\n")).unwrap();
        assert_eq!(found.preamble.control_total, total, "{remark}");
    }
}

#[test]
fn empty_lines_and_rows_of_delimiters_are_blank_records() {
    let found = of("1,a@b.no,3,x\n\n,,,\n  \n\"\",\"\",\"\",\"\"\n , ,\t,\n\" \",\"\",,\n,,,,,,\n2,a@b.no,4,y\n\n");
    assert_eq!(found[0], "2 1");
    assert_eq!(found[1..8], (3..10).map(|n| format!("{n} blank")).collect::<Vec<_>>());
    assert_eq!(found[8..], ["10 2", "11 blank"]);
}

#[test]
fn the_header_again_is_a_rejected_record() {
    let found = of("1,a@b.no,3,x\nSession ID,Participant E-mail,POINTS,\"feedback_text\"\n2,a@b.no,4,y\n");
    assert_eq!(found, ["2 1", "3 repeated_header", "4 2"]);
}

#[test]
fn the_header_again_by_other_names_or_with_empty_cells_behind_is_a_rejected_record() {
    for again in [
        "session_id,participant_email,points,Feedback",
        "session_id,participant_email,points,feedback_text,,",
        "\u{feff}session_id,participant_email,points,feedback_text",
    ] {
        assert_eq!(
            of(&format!("1,a@b.no,3,x\n{again}\n2,a@b.no,4,y\n")),
            ["2 1", "3 repeated_header", "4 2"],
            "{again}"
        );
    }
    assert_eq!(of("session_id,participant_email,points,feedback_text,more\n"), ["2 too_many_cells"]);
}

#[test]
fn a_remark_that_lists_the_columns_is_a_header_only_where_none_follows() {
    for between in ["", "\n", "# another remark\n"] {
        let found = read(format!("# {HEADER}\n{between}{HEADER}\n1,a@b.no,3,x\n")).unwrap();
        let lines = 1 + u32::from(!between.is_empty());
        assert_eq!(found.brief(), [format!("{} 1", lines + 2)], "{between:?}");
        assert_eq!(found.preamble.preamble_lines, lines);
    }
    assert_eq!(brief(format!("#{HEADER}\n1,a@b.no,3,x\n")), ["2 1"]);
    assert!(brief(format!("#{HEADER}\n")).is_empty());
}

#[test]
fn totals_rows_and_closing_remarks_are_rejected_records_in_three_languages() {
    for footer in [
        "Total,,7,",
        "TOTAL:,,7,",
        "Totals,,,",
        "Total: 12,,,",
        "Total records: 2",
        "Total Records,,2,",
        "Grand total,,7,",
        "Sum,,7,",
        "Sum poeng,,7,",
        "Totalt,,7,",
        "Totalt antall økter: 2,,,",
        "I alt,,7,",
        "Til sammen,,7,",
        "Antall: 2,,,",
        "Gjennomsnitt,,3.5,",
        "Всього,,7,",
        "Усього записів: 2,,,",
        "Разом,,7,",
        "Підсумок,,7,",
        "Загалом:,,7,",
        ",,Total 7,",
        "2 rows exported",
        "# Total Records: 2",
        "# exported by Kintell,,,",
        "End of report",
    ] {
        let found = of(&format!("1,a@b.no,3,x\n{footer}\n"));
        assert_eq!(found, ["2 1", "3 footer_row"], "{footer}");
    }
    // A record keeps its name, and what only begins alike is judged as a record.
    for (record, fate) in [
        ("Total,a@b.no,3,x", "2 Total"),
        ("SUM-001,,3,x", "2 missing_required@participant_email"),
        ("Totally,,3,x", "2 missing_required@participant_email"),
        ("Summer school,,3,x", "2 missing_required@participant_email"),
    ] {
        assert_eq!(of(&format!("{record}\n")), [fate], "{record}");
    }
}

#[test]
fn a_record_of_the_wrong_width_is_rejected_and_nothing_moves_column() {
    assert_eq!(of("1\n"), ["2 too_few_cells@participant_email"]);
    let found =
        read(format!("{HEADER}\n1,a@b.no\n2,c@d.no,7\n3,e@f.no,7,x,,\n4,e@f.no,7,x, ,y\n5,e@f.no,7,x\n")).unwrap();
    assert_eq!(found.brief(), ["2 1", "3 2", "4 3", "5 too_many_cells", "6 5"]);
    assert_eq!(found.records[1].get("points"), Some("7"));
}

#[test]
fn content_under_a_column_without_a_name_is_not_lost_silently() {
    let found = read("session_id,,participant_email,,\n1,x,a@b.no,,\n2,,a@b.no,,z\n3,,a@b.no\n").unwrap();
    assert_eq!(found.brief(), ["2 1", "3 too_many_cells", "4 3"]);
    let unknown: Vec<_> = found.preamble.recognised.header.unknown.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(unknown, ["#2"], "the one at the end is no column, the one in the middle is one that nobody reads");
}

#[test]
fn a_last_record_that_may_be_cut_off_says_so() {
    let truncated = |records: &str| {
        let found = read(format!("{HEADER}\n{records}")).unwrap();
        let last = found.records.last().unwrap();
        (last.brief(), last.truncated)
    };
    assert_eq!(truncated("1,a@b.no,3"), ("2 1".to_owned(), true));
    assert_eq!(truncated("1,a@b"), ("2 bad_email@participant_email".to_owned(), true));
    assert_eq!(truncated("1"), ("2 too_few_cells@participant_email".to_owned(), true));
    assert_eq!(truncated("1,a@b.no,3,x"), ("2 1".to_owned(), false));
    assert_eq!(truncated("1,a@b.no,3\n"), ("2 1".to_owned(), false));
    assert_eq!(truncated("1,a@b.no,3,\"cut off in the"), ("2 unclosed_quote@feedback_text".to_owned(), true));
    assert_eq!(truncated("1,a@b.no,3,\"never closed\n"), ("2 unclosed_quote@feedback_text".to_owned(), false));
}

#[test]
fn a_header_alone_is_a_file_of_none() {
    for ending in ["", "\n", "\r\n"] {
        assert!(brief(format!("{HEADER}{ending}")).is_empty());
    }
    assert_eq!(brief(format!("{HEADER}\n\n")), ["2 blank"]);
}
