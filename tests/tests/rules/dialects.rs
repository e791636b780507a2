//! Delimiters, line endings, quoting styles: what divides cells changes no value and no line.

use super::file::{brief, read};

/// Three records, one with a quoted line break, delimiter and quotes.
fn write(delimiter: &str, ending: &str, all_quoted: bool, sep: bool, last_ending: bool) -> String {
    let header = ["session_id", "participant_email", "feedback_text", "points"];
    let text = format!("one{delimiter} \"two\"{ending}three");
    let rows = [["00042", "a@b.no", text.as_str(), "7"], ["1e5", "c@d.no", "", ""], ["=x", "e@f.no", "Ø", "0"]];
    let cell = |cell: &str| {
        let needs = cell.contains(['"', '\n', '\r']) || cell.contains(delimiter);
        if all_quoted || needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    };
    let line = |cells: &[&str]| cells.iter().map(|one| cell(one)).collect::<Vec<_>>().join(delimiter);
    let mut lines: Vec<String> = Vec::new();
    if sep {
        lines.push(format!("sep={delimiter}"));
    }
    lines.push(line(&header));
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join(ending) + if last_ending { ending } else { "" }
}

#[test]
fn every_delimiter_with_every_line_ending_and_quoting_is_the_same_records() {
    for (delimiter, name) in [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")] {
        for (ending, ending_name) in [("\n", "lf"), ("\r\n", "crlf"), ("\r", "cr")] {
            for flags in 0..16u8 {
                let (quoted, sep, last, bom) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0, flags & 8 > 0);
                let text = write(delimiter, ending, quoted, sep, last);
                let text = if bom { format!("\u{feff}{text}") } else { text };
                let found = read(&text).unwrap();
                let about = format!("{name} {ending_name} {flags:04b}");
                assert_eq!((found.dialect.delimiter_name(), found.line_ending), (name, ending_name), "{about}");
                let first = 2 + u32::from(sep);
                let lines: Vec<(u32, u32)> = found.records.iter().map(|r| (r.line, r.line_end)).collect();
                assert_eq!(lines, [(first, first + 1), (first + 2, first + 2), (first + 3, first + 3)], "{about}");
                let text = format!("one{delimiter} \"two\"{ending}three");
                assert_eq!(found.records[0].get("feedback_text"), Some(text.as_str()), "{about}");
                assert_eq!(found.records[0].get("points"), Some("7"), "{about}");
                assert_eq!(found.records[1].get("points"), None, "{about}");
                let ids: Vec<_> = found.records.iter().map(|record| record.get("session_id").unwrap()).collect();
                assert_eq!(ids, ["00042", "1e5", "=x"], "{about}");
                assert!(found.records.iter().all(|record| !record.truncated), "{about}");
            }
        }
    }
}

#[test]
fn mixed_line_endings_end_records_and_count_lines_as_an_editor_does() {
    let text = "session_id,participant_email,feedback_text\r\n1,a@b.no,x\n2,a@b.no,\"y\r\nz\rw\"\r3,a@b.no,v\r\n\r\n4,a@b.no,u";
    assert_eq!(brief(text), ["2 1", "3-5 2", "6 3", "7 blank", "8 4"]);
    assert_eq!(read(text).unwrap().line_ending, "mixed");
}

#[test]
fn a_known_header_decides_where_the_records_mislead() {
    let text = "session_id;participant_email;feedback_text\n1;a@b.no;one, two, three\n2;a@b.no;four, five, six\n";
    let found = read(text).unwrap();
    assert_eq!(found.dialect.delimiter_name(), "semicolon");
    assert_eq!(found.records[1].get("feedback_text"), Some("four, five, six"));
    // A line sep= that is wrong does not keep a header from being found.
    assert_eq!(brief(format!("sep=,\n{text}")), ["3 1", "4 2"]);
    for sep in ["SEP=;", "\"sep=;\"", "sep=; "] {
        assert_eq!(brief(format!("{sep}\n{text}")), ["3 1", "4 2"], "{sep}");
    }
}

#[test]
fn the_decimal_comma_goes_with_the_semicolon_and_never_vanishes() {
    let score = |text: &str| {
        let record = &read(text).unwrap().records[0];
        record.get("final_score").map_or_else(|| record.brief(), str::to_owned)
    };
    assert_eq!(score("session_id;participant_email;final_score\n1;a@b.no;92,5\n"), "92.5");
    assert_eq!(score("session_id,participant_email,final_score\n1,a@b.no,\"92,5\"\n"), "2 bad_number@final_score");
    assert_eq!(score("session_id\tparticipant_email\tfinal_score\n1\ta@b.no\t92,5\n"), "2 bad_number@final_score");
    assert_eq!(score("session_id;participant_email;final_score\n1;a@b.no;1.234,5\n"), "2 bad_number@final_score");
}

#[test]
fn the_header_s_own_line_ending_counts() {
    let header = "session_id,participant_email";
    for (text, ending) in [
        (header.to_owned(), "none"),
        (format!("{header}\r\n"), "crlf"),
        (format!("{header}\n1,a@b.no"), "lf"),
        (format!("{header}\r\n1,a@b.no\n"), "mixed"),
        (format!("# remark\r{header}\r1,a@b.no\r"), "cr"),
        (format!("# remark\n{header}\r\n1,a@b.no\r\n"), "mixed"),
    ] {
        assert_eq!(read(&text).unwrap().line_ending, ending, "{text:?}");
    }
}
