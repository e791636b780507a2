//! Quoting faults: what each costs, with its lines and its column, and that it never costs the file.

use shared::intake::code::{Code, Rejection};

use super::file::{Fate, brief, read};

const HEADER: &str = "session_id,participant_email,feedback_text\n";

fn of(records: &str) -> Vec<String> {
    brief(format!("{HEADER}{records}"))
}

#[test]
fn a_bare_quote_or_text_behind_a_closing_one_rejects_its_line_alone() {
    for bad in ["6\" pipe", "say \"hi\"", "\"a\" b", "\"a\"b", " \"a\"", "\"a\" ", "it\"s", "\"say \"hi\" you\""] {
        let found = of(&format!("1,a@b.no,x\n2,a@b.no,{bad}\n3,a@b.no,y\n"));
        assert_eq!(found, ["2 1", "3 stray_quote@feedback_text", "4 3"], "{bad}");
    }
    assert_eq!(of("1,a@b.no,x\n2\",a@b.no,x\n3,a@b.no,y\n")[1], "3 stray_quote@session_id");
}

#[test]
fn what_is_properly_quoted_is_no_fault() {
    let found = read(format!(
        "{HEADER}1,a@b.no,\"say \"\"hi\"\"\"\n2,a@b.no,\"\"\n3,a@b.no,\"\"\"\"\n4,a@b.no,it's 5' and “six”\n\"5\",\"a@b.no\",\",\"\n"
    ))
    .unwrap();
    let texts: Vec<_> = found.records.iter().map(|record| record.get("feedback_text").unwrap_or("absent")).collect();
    assert_eq!(texts, ["say \"hi\"", "absent", "\"", "it's 5' and “six”", ","]);
}

#[test]
fn a_quote_never_closed_costs_its_record_whatever_follows() {
    let rows = |row: fn(usize) -> String| (3..60).map(row).collect::<String>();
    for (name, rest) in [
        ("no quotes", rows(|n| format!("{n},a@b.no,text\n"))),
        ("some quotes", rows(|n| format!("{n},a@b.no,\"text, {n}\"\n"))),
        ("all quoted", rows(|n| format!("\"{n}\",\"a@b.no\",\"text\"\n"))),
        ("escaped quotes", rows(|n| format!("{n},a@b.no,\"say \"\"{n}\"\"\"\n"))),
        ("empty quoted cells", rows(|n| format!("{n},a@b.no,\"\"\n"))),
    ] {
        for bad in ["2,a@b.no,\"oops\n", "2,\"a@b.no,oops\n", "\"2,a@b.no,oops\n", "2,a@b.no,\"\n"] {
            let found = of(&format!("1,a@b.no,x\n{bad}{rest}"));
            assert_eq!(found.len(), 59, "{name} {bad}: {found:?}");
            assert!(found[1].starts_with("3 unclosed_quote@"), "{name} {bad}: {found:?}");
            assert!(!found[2..].iter().any(|one| one.contains('@')), "{name} {bad}: {found:?}");
        }
    }
}

#[test]
fn cells_of_several_lines_behind_an_unclosed_quote_stay_whole() {
    let rest: String =
        (3..40).map(|n| format!("{n},a@b.no,\"first, {n}\nsecond, with \"\"quotes\"\"\n\nlast\"\n")).collect();
    let found = of(&format!("1,a@b.no,x\n2,a@b.no,\"oops\n{rest}"));
    assert_eq!(found[1], "3 unclosed_quote@feedback_text");
    assert_eq!(found.len(), 39, "{found:?}");
    assert_eq!(found[2], "4-7 3");
    assert_eq!(found[38], "148-151 39");
}

#[test]
fn the_lines_of_an_unclosed_cell_go_with_it_as_one_entry() {
    let text = format!("{HEADER}1,a@b.no,x\n2,a@b.no,\"oops\nmore\nand more\n3,a@b.no,y\n4,a@b.no,\"z\"\n");
    let found = read(&text).unwrap();
    assert_eq!(found.brief(), ["2 1", "3-5 unclosed_quote@feedback_text", "6 3", "7 4"]);
    let Fate::Rejected(Rejection { code, hint, reason, .. }) = &found.records[1].fate else { panic!("rejected") };
    assert_eq!((*code, hint.as_deref()), (Code::UnclosedQuote, Some("3–5")));
    assert!(reason.contains("lines 3 to 5"), "{reason}");
}

#[test]
fn blank_lines_behind_an_unclosed_quote_are_records_of_their_own_where_a_record_follows() {
    for (rest, expected) in [
        ("\n2,a@b.no,x\n", &["2 unclosed_quote@feedback_text", "3 blank", "4 2"][..]),
        ("\n,,\n  \n2,a@b.no,x\n", &["2 unclosed_quote@feedback_text", "3 blank", "4 blank", "5 blank", "6 2"]),
        ("more\n\n2,a@b.no,x\n", &["2-3 unclosed_quote@feedback_text", "4 blank", "5 2"]),
        ("\nmore\n\n2,a@b.no,x\n", &["2-4 unclosed_quote@feedback_text", "5 blank", "6 2"]),
        ("\n\n", &["2 unclosed_quote@feedback_text", "3 blank", "4 blank"]),
    ] {
        assert_eq!(of(&format!("1,a@b.no,\"oops\n{rest}")), expected, "{rest:?}");
    }
}

#[test]
fn several_faults_cost_as_many_records() {
    let mut text = String::new();
    let mut expected = Vec::new();
    for n in 1..=200usize {
        let (row, fate) = match n % 5 {
            1 => (format!("{n},a@b.no,\"oops\n"), "unclosed_quote@feedback_text".to_owned()),
            3 => (format!("{n},a@b.no,6\" x\n"), "stray_quote@feedback_text".to_owned()),
            _ => (format!("{n},a@b.no,\"fine, {n}\"\n"), n.to_string()),
        };
        text.push_str(&row);
        expected.push(format!("{} {fate}", n + 1));
    }
    assert_eq!(of(&text), expected);
}

#[test]
fn an_unclosed_quote_at_the_end_is_an_entry_to_the_last_line() {
    assert_eq!(of("1,a@b.no,x\n2,a@b.no,\"cut off in the mid"), ["2 1", "3 unclosed_quote@feedback_text"]);
    assert_eq!(of("1,a@b.no,x\n2,a@b.no,\"one\ntwo"), ["2 1", "3-4 unclosed_quote@feedback_text"]);
}

#[test]
fn a_quoted_cell_with_lines_like_records_puts_nothing_into_the_file() {
    let found = read(format!("{HEADER}1,a@b.no,\"pasted:\n7,x@y.no,z\nend\"\n2,a@b.no,y\n")).unwrap();
    assert_eq!(found.brief(), ["2-4 1", "5 2"]);
    assert!(found.records[0].lookalikes);
}

#[test]
fn limits_are_answers_and_the_file_goes_on() {
    let most = "x".repeat(2 << 20);
    let wide = "session_id,participant_email,blob\n";
    let of = |records: String| brief(format!("{wide}{records}"));
    assert_eq!(of(format!("1,a@b.no,{most}\n2,a@b.no,\"{most}\"\n3,a@b.no,y\n")), ["2 1", "3 2", "4 3"]);
    let found = of(format!("1,a@b.no,{most}xxx\n2,a@b.no,\"{most}xxx\"\n3,a@b.no,y\n"));
    assert_eq!(found[0], "2 too_large@blob");
    assert_eq!(found.last().map(String::as_str), Some("4 3"), "{found:?}");
    let cells = |n: usize| ",".repeat(n - 3);
    assert_eq!(of(format!("1,a@b.no,x{}\n", cells(3_000))), ["2 1"]);
    assert_eq!(of(format!("1,a@b.no,x{}\n2,a@b.no,y\n", cells(3_001))), ["2 too_large", "3 2"]);
}

#[test]
fn hostile_quotes_take_no_more_than_linear_time() {
    let begin = std::time::Instant::now();
    for unit in
        ["\"\n", "a,\"\n", "\"\"\"\n", "x,\"y\n\"\"", "\",\"\n,", "\"a\nb,c\n", "1,a@b.no,\"\"\"\n", "\"\r", "\",\n\n"]
    {
        let text = format!("{HEADER}{}", unit.repeat(400_000 / unit.len()));
        let found = read(&text).unwrap();
        assert!(!found.records.is_empty());
    }
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

#[test]
fn an_inch_mark_amid_text_costs_its_line_alone_whatever_follows() {
    for bad in ["1,a@b.no,6\" pipe", "\"1\",\"a@b.no\",6\" pipe", "1\",\"a@b.no\",\"x\""] {
        let fault = if bad.starts_with("1\"") { "2 stray_quote@session_id" } else { "2 stray_quote@feedback_text" };
        for (rest, expected) in [
            ("\n2,a@b.no,x\n", &["3 blank", "4 2"][..]),
            ("2,a@b.no\n3,a@b.no,x\n", &["3 2", "4 3"]),
            ("2\n3,a@b.no,x\n", &["3 too_few_cells@participant_email", "4 3"]),
            ("Total: 1\n", &["3 footer_row"]),
            ("", &[]),
        ] {
            assert_eq!(of(&format!("{bad}\n{rest}")), [&[fault], expected].concat(), "{bad} {rest}");
        }
    }
}

#[test]
fn a_comment_with_pasted_records_stays_whole_whatever_follows_it() {
    let pasted = "1,a@b.no,\"pasted:\n7,x@y.no,z\nend\"\n";
    for (rest, expected) in [
        ("\n2,a@b.no,x\n", &["5 blank", "6 2"][..]),
        ("2,a@b.no\n", &["5 2"]),
        ("2\n", &["5 too_few_cells@participant_email"]),
        ("2,a@b.no,6\" pipe\n", &["5 stray_quote@feedback_text"]),
        ("Total: 1\n", &["5 footer_row"]),
    ] {
        let found = read(format!("{HEADER}{pasted}{rest}")).unwrap();
        assert_eq!(found.brief(), [&["2-4 1"], expected].concat(), "{rest}");
        assert_eq!(found.records[0].get("feedback_text"), Some("pasted:\n7,x@y.no,z\nend"));
    }
}

#[test]
fn a_pasted_comment_puts_nothing_into_a_file_that_leaves_out_its_last_cells() {
    let header = "session_id,participant_email,feedback_text,points\n";
    let pasted = "1,a@b.no,\"pasted:\n7,x@y.no,z,1\nend\"\n";
    let of = |records: &str| brief(format!("{header}{records}"));
    assert_eq!(of(&format!("5,a@b.no,x\n{pasted}6,a@b.no,y\n")), ["2 5", "3-5 1", "6 6"]);
    // Where it is the first record, those behind it tell that the last cell is left out.
    assert_eq!(of(&format!("{}5,a@b.no,x\n6,a@b.no,y\n", pasted.replace("z,1", "z"))), ["2-4 1", "5 5", "6 6"]);
    let more = format!("5,a@b.no,x,1,,\n{}6,a@b.no,y,2,,\n", pasted.replace("end\"", "end\",3,,"));
    assert_eq!(of(&more), ["2 5", "3-5 1", "6 6"], "empty cells behind the header's last");
}

#[test]
fn a_quote_closed_by_one_that_opens_a_cell_of_the_next_record_is_not_read_as_its_text() {
    let found = of("1,a@b.no,\"oops\n2,a@b.no,\"\nfoo\"\n3,a@b.no,y\n");
    assert_eq!(found, ["2-3 unclosed_quote@feedback_text", "4 stray_quote@session_id", "5 3"]);
    // A text that ends with a comma is one, where records follow.
    assert_eq!(of("1,a@b.no,\"so,\nand so,\"\n\n3,a@b.no,y\n"), ["2-3 1", "4 blank", "5 3"]);
    assert_eq!(of("1,a@b.no,\"so,\nand so,\""), ["2-3 1"]);
}

#[test]
fn an_unclosed_quote_of_the_first_record_does_not_take_records_that_leave_out_cells() {
    let header = "session_id,participant_email,feedback_text,points,language_level\n";
    for left_out in ["", ",x", ",x,3"] {
        let blank = ",,,,\n";
        let rows: String = (2..40).map(|n| format!("{n},a@b.no{left_out}\n")).collect::<String>() + blank;
        let found = brief(format!("{header}1,\"a@b.no{left_out}\n{rows}"));
        assert_eq!(found.len(), 40, "{left_out}: {found:?}");
        assert_eq!(found[0], "2 unclosed_quote@participant_email");
        assert_eq!(found[1..39], (2..40).map(|n| format!("{} {n}", n + 1)).collect::<Vec<_>>());
    }
}

#[test]
fn a_delimiter_inside_quotes_is_no_cell_of_the_records_an_unclosed_quote_is_followed_by() {
    let header = "session_id,participant_email,feedback_text,points,language_level\n";
    let found = brief(format!("{header}0,a@b.no,\"with, a comma\"\n1,a@b.no,\"oops\n2,a@b.no,x\n3,a@b.no,y\n"));
    assert_eq!(found, ["2 0", "3 unclosed_quote@feedback_text", "4 2", "5 3"]);
}

#[test]
fn an_unclosed_quote_that_meets_one_out_of_place_in_the_next_line_costs_two_records_with_their_own_reasons() {
    let header = "session_id,participant_email,feedback_text,points\n";
    let of = |records: &str| read(format!("{header}{records}4,a@b.no,x,1\n")).unwrap();
    let found = of("2,a@b.no,\"oops,1\nx\",a@b.no,x,1\n");
    assert_eq!(found.brief(), ["2 unclosed_quote@feedback_text", "3 stray_quote@session_id", "4 4"]);
    let found = of("\"oops,a@b.no,x,1\n3,x\",x,1\n");
    assert_eq!(found.brief(), ["2 unclosed_quote@session_id", "3 stray_quote@participant_email", "4 4"]);
    // Where the two make one record of the right width nothing tells it from a text of two lines: it says so.
    let found = of("2,a@b.no,\"oops,1\n3,a@b.no,x\",1\n");
    assert_eq!(found.brief(), ["2-3 2", "4 4"]);
    assert!(found.records[0].lookalikes);
    // A record with a cell too many and a text of two lines is what it is.
    assert_eq!(of("2,a@b.no,\"so\nit is\",1,y\n").brief(), ["2-3 too_many_cells", "4 4"]);
}
