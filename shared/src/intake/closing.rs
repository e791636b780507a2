//! Words of totals rows and closing remarks, in English, Norwegian and Ukrainian.

use super::header::fold;

/// `Total`, `Total: 12`, `Sum minutter`, `Усього записів: 12`: words of totals rows alone, or in front of what is summed.
pub(super) fn is_closing(text: &str) -> bool {
    // `SUM-001` and `Total7` are somebody's ids.
    let part_of_word = |c: char| c.is_alphanumeric() || c.is_whitespace() || ":=.,()".contains(c);
    let glued = text.as_bytes().windows(2).any(|pair| pair[0].is_ascii_alphabetic() && pair[1].is_ascii_digit());
    if glued || !text.chars().all(part_of_word) {
        return false;
    }
    let whole = fold(text);
    let whole = whole.trim_matches(|c: char| c.is_numeric());
    if CLOSING.contains(&whole) {
        return true;
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, ':' | '=')).unwrap_or(text.len());
    end < text.len() && SUMS.contains(&fold(&text[..end]).as_str())
}

/// First words of totals rows, folded: English, Norwegian, Ukrainian.
const SUMS: &[&str] = &[
    "total",
    "totals",
    "subtotal",
    "sum",
    "average",
    "totalt",
    "summa",
    "gjennomsnitt",
    "snitt",
    "antall",
    "всього",
    "усього",
    "разом",
    "підсумок",
    "загалом",
    "сума",
    "середнє",
    "кількість",
];

/// Whole texts of totals rows and closing remarks, folded and without digits around them.
const CLOSING: &[&str] = &[
    "total",
    "totals",
    "totalt",
    "grandtotal",
    "subtotal",
    "sum",
    "summa",
    "totalsum",
    "average",
    "recordcount",
    "rowcount",
    "count",
    "records",
    "rows",
    "rowsexported",
    "recordsexported",
    "endoffile",
    "endofreport",
    "endofexport",
    "antall",
    "antallrader",
    "rader",
    "ialt",
    "tilsammen",
    "sluttpårapport",
    "gjennomsnitt",
    "snitt",
    "всього",
    "усього",
    "разом",
    "підсумок",
    "загалом",
    "сума",
    "середнє",
    "записів",
    "кінецьзвіту",
];
