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
