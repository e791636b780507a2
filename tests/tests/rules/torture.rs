//! Cases in the manner of the public CSV suites (RFC 4180's examples, csv-spectrum, polluted files, parsers' own tests),
//! written anew: what each record becomes, or why it is rejected.

use shared::intake::{
    scan::{RecordSpan, Scanner, SpanKind, Width},
    split::Splitter,
};

/// `a|b` cells of a record, `blank`, or the code and column of its fault.
fn records(text: &str, delimiter: u8, width: usize) -> Vec<String> {
    let mut spans: Vec<RecordSpan> = Vec::new();
    let consumed = Scanner::new(delimiter, Some(Width::exactly(width))).scan(text.as_bytes(), true, &mut spans);
    assert_eq!(consumed, text.len());
    let mut splitter = Splitter::new(delimiter);
    spans
        .iter()
        .map(|span| match (span.kind, span.fault) {
            (SpanKind::Blank, _) => "blank".to_owned(),
            (_, Some(fault)) => format!("!{}@{}", fault.code, fault.column),
            (_, None) => {
                let cells = splitter.split(&text.as_bytes()[span.start as usize..span.end as usize]).unwrap();
                cells.iter().collect::<Vec<_>>().join("¦")
            }
        })
        .collect()
}

struct Case {
    name: &'static str,
    text: &'static str,
    width: usize,
    expected: &'static [&'static str],
}

const fn case(name: &'static str, width: usize, text: &'static str, expected: &'static [&'static str]) -> Case {
    Case { name, text, width, expected }
}

const CASES: &[Case] = &[
    // RFC 4180, section 2.
    case("records end with CRLF", 3, "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", &["aaa¦bbb¦ccc", "zzz¦yyy¦xxx"]),
    case("the last may not", 3, "aaa,bbb,ccc\r\nzzz,yyy,xxx", &["aaa¦bbb¦ccc", "zzz¦yyy¦xxx"]),
    case("spaces belong to cells", 3, " a , b ,c \n", &[" a ¦ b ¦c "]),
    case("cells may be quoted", 3, "\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx", &["aaa¦bbb¦ccc", "zzz¦yyy¦xxx"]),
    case("line breaks in quotes", 3, "\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", &["aaa¦b\r\nbb¦ccc", "zzz¦yyy¦xxx"]),
    case("doubled quotes", 3, "\"aaa\",\"b\"\"bb\",\"ccc\"", &["aaa¦b\"bb¦ccc"]),
    // Well-formed files of small suites.
    case("delimiter in quotes", 3, "John,\"1, Long St\",x\n", &["John¦1, Long St¦x"]),
    case("empty cells", 3, "1,\"\",\"\"\n2,3,4\n,,5\n", &["1¦¦", "2¦3¦4", "¦¦5"]),
    case("empty cells with CRLF", 3, "1,\"\",\"\"\r\n2,3,4\r\n", &["1¦¦", "2¦3¦4"]),
    case("quotes alone", 2, "1,\"ha \"\"ha\"\" ha\"\n2,\"\"\"\"\n", &["1¦ha \"ha\" ha", "2¦\""]),
    case("only quotes", 2, "\"\"\"\"\"\",\"\"\"\"\n", &["\"\"¦\""]),
    case(
        "JSON in a cell",
        2,
        "1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [1.0, 2.0]}\"\n",
        &["1¦{\"type\": \"Point\", \"at\": [1.0, 2.0]}"],
    ),
    case("quotes and line breaks", 2, "1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n", &["1¦ha \n\"ha\" \nha", "3¦4"]),
    case("a line break ends a quoted cell", 2, "1,\"x\n\"\n3,4\n", &["1¦x\n", "3¦4"]),
    case("a quoted cell of line breaks", 2, "1,\"\n\n\n\"\n3,4\n", &["1¦\n\n\n", "3¦4"]),
    case("letters of all scripts", 2, "1,ʤ\n2,日本語 😀\n", &["1¦ʤ", "2¦日本語 😀"]),
    case("a comma at the end is a cell", 3, "1,2,\n", &["1¦2¦"]),
    case("CR alone ends records", 2, "1,2\r3,4\r", &["1¦2", "3¦4"]),
    case("mixed ends", 2, "1,2\n3,4\r\n5,6\r7,8", &["1¦2", "3¦4", "5¦6", "7¦8"]),
    case("LF CR is an end and an empty line", 2, "1,2\n\r3,4", &["1¦2", "blank", "3¦4"]),
    case("CR CR LF is two ends", 2, "1,2\r\r\n3,4", &["1¦2", "blank", "3¦4"]),
    case("one cell", 1, "x", &["x"]),
    case("one quoted cell", 1, "\"x\"", &["x"]),
    case("one column with empty lines", 1, "x\n\ny\n", &["x", "blank", "y"]),
    case("vertical tab and form feed are text", 2, "1\u{b},2\u{c}\n", &["1\u{b}¦2\u{c}"]),
    case("line separators of Unicode are text", 2, "1\u{2028},2\u{85}\n", &["1\u{2028}¦2\u{85}"]),
    case("a byte order mark further down is text", 2, "1,2\n\u{feff}3,4\n", &["1¦2", "\u{feff}3¦4"]),
    case("a NUL is text for the scanner", 2, "1,a\0b\n", &["1¦a\0b"]),
    // Polluted files: rows.
    case(
        "too few and too many cells keep their own line",
        3,
        "1,2,3\n1,2\n1,2,3,4\n1,2,3\n",
        &["1¦2¦3", "1¦2", "1¦2¦3¦4", "1¦2¦3"],
    ),
    case("no payload but blank lines", 2, "\n\n\n", &["blank", "blank", "blank"]),
    case("two ends at the end", 2, "1,2\n\n", &["1¦2", "blank"]),
    case("a row of delimiters", 3, "1,2,3\n,,\n4,5,6\n", &["1¦2¦3", "blank", "4¦5¦6"]),
    case("another delimiter in one row", 3, "1,2,3\n4;5;6\n7,8,9\n", &["1¦2¦3", "4;5;6", "7¦8¦9"]),
    case("tables one below the other", 3, "1,2,3\n\nx,y\n7,8\n", &["1¦2¦3", "blank", "x¦y", "7¦8"]),
    case("an extra quote at a cell's begin", 3, "1,2,3\n4,\"5,6\n7,8,9\n", &["1¦2¦3", "!unclosed_quote@1", "7¦8¦9"]),
    case("an extra quote at a cell's end", 3, "1,2,3\n4,5\",6\n7,8,9\n", &["1¦2¦3", "!stray_quote@1", "7¦8¦9"]),
    case("an extra quote in a quoted cell", 3, "1,2,3\n4,\"5\"x\",6\n7,8,9\n", &["1¦2¦3", "!stray_quote@1", "7¦8¦9"]),
    case(
        "an extra quote in every row",
        2,
        "1,\"2\n3,\"4\n5,\"6\n",
        &["!unclosed_quote@1", "!unclosed_quote@1", "!unclosed_quote@1"],
    ),
    case("backslash as escape", 2, "1,\"say \\\"hi\\\" you\"\n3,4\n", &["!stray_quote@1", "3¦4"]),
    case("backslash before the closing quote", 2, "1,\"x\\\"\n3,4\n", &["1¦x\\", "3¦4"]),
    case("apostrophes are no quotes", 3, "'1','2,3','4'\n", &["'1'¦'2¦3'¦'4'"]),
    case("typographic quotes are none", 2, "“1,2”\n", &["“1¦2”"]),
    case("a comma and a space before a quote", 2, "1, \"2\"\n3,4\n", &["!stray_quote@1", "3¦4"]),
    case("a space behind a quote", 2, "\"1\" ,2\n3,4\n", &["!stray_quote@0", "3¦4"]),
    case("inches", 2, "1,6\" pipe\n2,7\" pipe\n3,8\n", &["!stray_quote@1", "!stray_quote@1", "3¦8"]),
    case("quotes inside an unquoted cell", 2, "1,so \"called\" x\n3,4\n", &["!stray_quote@1", "3¦4"]),
    case("a quote never closed to the end", 2, "1,2\n3,\"4", &["1¦2", "!unclosed_quote@1"]),
    case("a quote alone at the end", 2, "1,2\n\"", &["1¦2", "!unclosed_quote@0"]),
    case("a quoted cell cut off in its line break", 2, "1,2\n3,\"4\n5", &["1¦2", "!unclosed_quote@1"]),
    case("two cells melt where a quote is missing", 3, "1,\"2,\"3\"\n4,5,6\n", &["!stray_quote@1", "4¦5¦6"]),
    case("a comment is a row here", 2, "# 1,2\n3,4\n", &["# 1¦2", "3¦4"]),
];

#[test]
fn every_case_becomes_its_records_or_its_rejections() {
    for case in CASES {
        assert_eq!(records(case.text, b',', case.width), case.expected, "{}", case.name);
    }
}

#[test]
fn every_case_without_commas_in_its_text_is_the_same_with_other_delimiters() {
    for case in CASES.iter().filter(|case| !case.text.contains([';', '|', '\t'])) {
        for delimiter in [b';', b'|', b'\t'] {
            let sign = char::from(delimiter).to_string();
            let expected: Vec<String> = case.expected.iter().map(|one| one.replace(',', &sign)).collect();
            assert_eq!(records(&case.text.replace(',', &sign), delimiter, case.width), expected, "{}", case.name);
        }
    }
}

#[test]
fn every_well_formed_case_is_what_the_csv_crate_reads() {
    for case in CASES.iter().filter(|case| !case.expected.iter().any(|one| one.starts_with('!'))) {
        let expected: Vec<&str> = case.expected.iter().copied().filter(|one| *one != "blank").collect();
        let found = records(case.text, b',', case.width);
        let ours: Vec<&str> = found.iter().map(String::as_str).filter(|one| *one != "blank").collect();
        assert_eq!(ours, expected, "{}", case.name);
    }
}
