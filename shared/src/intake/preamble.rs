//! What stands above the records: `sep=`, comments, blank lines, title rows, the header.

use super::code::{Code, Refusal};
use super::column::{Column, Kind};
use super::dialect::{DELIMITERS, Dialect, first_line, sep_line};
use super::header::{Recognised, is_value, likeness, recognise};
use super::line_endings::LineEndings;
use super::marks::Marks;
use super::split::Splitter;
use super::walk::{Ended, Walk, is_blank, walk};

/// How many rows with content may stand above the header, …
pub(super) const TITLE_LIMIT: u32 = 50;
/// … and how many lines in all.
const LINE_LIMIT: u32 = 1_000;

/// Where the header is, and what was above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preamble {
    /// Layout and header.
    pub recognised: Recognised,
    /// Offset of the header's first byte in the decoded stream.
    pub header_start: u64,
    /// Offset of the first record.
    pub records_start: u64,
    /// Physical line of the header.
    pub header_line: u32,
    /// Physical line of the first record.
    pub records_line: u32,
    /// Physical lines above the header.
    pub preamble_lines: u32,
    /// How the header and the lines above it end.
    pub endings: LineEndings,
    /// The number that a line `# Total Records: n` states, above the header or below the records.
    pub control_total: Option<u64>,
    /// The import that a line `# teei-rejects import=<id>` names: this file is its rejects.
    pub rejects_of: Option<String>,
}

/// Finds the header in the first bytes of the decoded stream (without byte order mark). `eof`:
/// they are all. Lines that begin with `#` and blank lines are passed over; so are title rows,
/// if a header of one of the layouts comes after them. A remark that reads like a header is one if no header stands
/// below the remarks.
///
/// # Errors
/// The refusal for the row that comes nearest to a header; `missing_header` if there is none, or if records stand above
/// it: passed over as titles they would be lost; `too_large` if it does not end within the sample or has too many
/// columns; `undecodable_bytes` if it would be one but for bytes that are no text.
pub fn find_header(text: &[u8], eof: bool, delimiter: u8, layouts: &[&[Column]]) -> Result<Preamble, Refusal> {
    let (mut at, mut line, mut titles) = (0, 1u32, 0);
    let (mut control_total, mut rejects_of) = (None, None);
    let mut above = Above::default();
    let (mut endings, mut remarked) = (LineEndings::default(), None);
    let mut splitter = Splitter::new(delimiter);
    while at < text.len() && titles <= TITLE_LIMIT && line <= LINE_LIMIT {
        let (first, length) = first_line(&text[at..]);
        let record = match walk(&mut Marks::new(text), at, delimiter, eof) {
            Walk::End(Ended { body, end, newlines, stray: None, .. }) => Some((body, end, newlines)),
            _ => None,
        };
        if let Some((body, end, newlines)) = record
            && let Ok(cells) = splitter.split(&text[at..body])
        {
            let cells: Vec<&str> = cells.iter().collect();
            match recognise(&cells, layouts) {
                Ok(recognised) => {
                    if let Some(refusal) = above.refusal_for(&recognised, layouts) {
                        return Err(refusal);
                    }
                    let mut endings = endings;
                    endings.count(&text[body..end]);
                    let found = Preamble {
                        recognised,
                        header_start: at as u64,
                        records_start: end as u64,
                        header_line: line,
                        records_line: line + newlines + u32::from(body < end),
                        preamble_lines: line - 1,
                        endings,
                        control_total,
                        rejects_of: rejects_of.clone(),
                    };
                    if remark(first).is_none() {
                        return Ok(found);
                    }
                    remarked.get_or_insert(found);
                }
                Err(refusal) if refusal.code == Code::TooLarge => return Err(refusal),
                Err(found) if is_record(first, delimiter, at) => above.note(&cells, found, layouts),
                Err(_) => {}
            }
        } else if let Some((body, ..)) = record {
            above.note_undecodable(&text[at..body], &mut splitter, layouts);
        } else if first.len() == length && !eof {
            return Err(Refusal::new(
                Code::TooLarge,
                "The header line does not end within the first 256 KB; export fewer columns.",
            )
            .hinted("header"));
        }
        if let Some(found) = remarked.take_if(|_| remark(first).is_none() && !is_blank(first, delimiter)) {
            return Ok(found);
        }
        if let Some(remark) = remark(first) {
            control_total = control_total.or_else(|| control_total_in(remark));
            rejects_of = rejects_of.or_else(|| rejects_import(remark));
        } else if !is_blank(first, delimiter) {
            titles += 1;
        }
        endings.count(&text[at + first.len()..at + length]);
        (at, line) = (at + length, line + 1);
    }
    remarked.ok_or_else(|| above.best())
}

/// Rows above the header, or in its place.
#[derive(Default)]
struct Above {
    /// The refusal of the row that comes nearest to a header.
    nearest: Option<((usize, usize), Refusal)>,
    /// The first row that names most of the columns of a layout, or one twice: a header with a mistake. With how many
    /// rows there were before what may be its records.
    mistaken: Option<(usize, Refusal)>,
    /// The cells of rows with values, by what they would be lost as.
    values: Vec<Values>,
}

/// A row of values above the header.
struct Values {
    filled: usize,
    values: usize,
    has_address: bool,
}

impl Above {
    fn note(&mut self, cells: &[&str], found: Refusal, layouts: &[&[Column]]) {
        let rank = likeness(cells, layouts);
        if matches!(found.code, Code::MissingColumn | Code::DuplicateColumn) && self.mistaken.is_none() {
            self.mistaken = Some((self.values.len() + 1, found.clone()));
        }
        let filled = cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let values = cells.iter().filter(|cell| is_value(cell)).count();
        let has_address = cells.iter().any(|cell| cell.contains('@'));
        self.values.push(Values { filled, values, has_address });
        if self.nearest.as_ref().is_none_or(|(best, _)| rank > *best) {
            self.nearest = Some((rank, found));
        }
    }

    /// A row that is no UTF-8, but would be a header if it were.
    fn note_undecodable(&mut self, row: &[u8], splitter: &mut Splitter, layouts: &[&[Column]]) {
        let text = String::from_utf8_lossy(row);
        let Ok(cells) = splitter.split(text.as_bytes()) else { return };
        let cells: Vec<&str> = cells.iter().collect();
        if recognise(&cells, layouts).is_ok() {
            let refusal = Refusal::new(
                Code::UndecodableBytes,
                "The header line holds bytes that are no text in the file's encoding; export the file again as \"CSV UTF-8\".",
            );
            self.mistaken.get_or_insert((self.values.len(), refusal));
        }
    }

    /// Why the file is refused although it has a header: what stands above it is more than a title.
    fn refusal_for(&self, recognised: &Recognised, layouts: &[&[Column]]) -> Option<Refusal> {
        let width = recognised.header.columns.len();
        let required: Vec<_> = layouts[recognised.layout].iter().filter(|column| column.required).collect();
        let needs_address = required.iter().any(|column| column.kind == Kind::Email);
        let is_record = |row: &Values| {
            let whole = row.filled >= required.len() && row.filled * 2 >= width;
            whole && row.filled >= 3 && (row.has_address || (!needs_address && row.values * 2 >= row.filled))
        };
        // What follows a mistaken header may be its records; the header once more, and right, is none.
        let mistaken = self.mistaken.as_ref().filter(|(rows, _)| self.values.len() > *rows);
        if let Some((_, refusal)) = mistaken {
            return Some(refusal.clone());
        }
        self.values.iter().any(is_record).then(|| {
            Refusal::new(
                Code::MissingHeader,
                "Records stand above the header line; move the header to the top, or export the file again.",
            )
        })
    }

    /// The refusal of a file without a header.
    fn best(self) -> Refusal {
        if let Some((_, undecodable)) = self.mistaken.filter(|(_, refusal)| refusal.code == Code::UndecodableBytes) {
            return undecodable;
        }
        self.nearest.map(|(_, refusal)| refusal).unwrap_or_else(|| {
            Refusal::new(
                Code::MissingHeader,
                "The file has no readable header line with the columns' names; export it with headers.",
            )
        })
    }
}

/// The same for the rows of a sheet: the row's number and its cells, up to the first [`TITLE_LIMIT`] that hold
/// something. Offsets in what it finds are 0.
///
/// # Errors
/// As [`find_header`].
pub fn find_header_row(rows: &[(u32, Vec<String>)], layouts: &[&[Column]]) -> Result<Preamble, Refusal> {
    let (mut control_total, mut rejects_of, mut remarked) = (None, None, None);
    let mut above = Above::default();
    for (row, cells) in rows.iter().take(TITLE_LIMIT as usize) {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let first = cells.iter().find(|cell| !cell.trim().is_empty()).copied().unwrap_or_default();
        let remark = remark(first.as_bytes());
        match recognise(&cells, layouts) {
            Ok(recognised) => {
                if let Some(refusal) = above.refusal_for(&recognised, layouts) {
                    return Err(refusal);
                }
                let found = Preamble {
                    recognised,
                    header_start: 0,
                    records_start: 0,
                    header_line: *row,
                    records_line: row + 1,
                    preamble_lines: row - 1,
                    endings: LineEndings::default(),
                    control_total,
                    rejects_of: rejects_of.clone(),
                };
                if remark.is_none() {
                    return Ok(found);
                }
                remarked.get_or_insert(found);
            }
            Err(_) if remark.is_none() && remarked.is_some() => break,
            Err(found) if remark.is_none() => above.note(&cells, found, layouts),
            Err(_) => {}
        }
        if let Some(remark) = remark {
            control_total = control_total.or_else(|| control_total_in(remark));
            rejects_of = rejects_of.or_else(|| rejects_import(remark));
        }
    }
    remarked.ok_or_else(|| above.best())
}

/// As [`find_header`] with the dialect's delimiter; if that finds none, the other delimiters are
/// tried, and the dialect is set right by the one whose header is recognised: a header that we
/// know proves its delimiter better than ragged records do.
///
/// # Errors
/// As [`find_header`] with the dialect's delimiter.
pub fn settle(text: &[u8], eof: bool, dialect: &mut Dialect, layouts: &[&[Column]]) -> Result<Preamble, Refusal> {
    find_header(text, eof, dialect.delimiter, layouts).or_else(|refusal| {
        for delimiter in DELIMITERS {
            if let Ok(found) = find_header(text, eof, delimiter, layouts) {
                dialect.delimiter = delimiter;
                return Ok(found);
            }
        }
        Err(refusal)
    })
}

/// Whether a line could be meant as a header or a record.
fn is_record(line: &[u8], delimiter: u8, at: usize) -> bool {
    let sep = at == 0 && sep_line(line).is_some();
    !sep && remark(line).is_none() && !is_blank(line, delimiter)
}

/// The text of a comment line.
fn remark(line: &[u8]) -> Option<&str> {
    // An all-quoted export quotes its comments too, and Excel fills them up with delimiters.
    let line = std::str::from_utf8(line).ok()?.trim_start();
    let line = line.strip_prefix('"').unwrap_or(line);
    line.strip_prefix('#').map(|rest| rest.trim_end_matches(['"', ',', ';', '\t', '|', ' ']).trim())
}

/// The number that a line of remarks states, if it is about a total.
pub fn stated_total(line: &[u8]) -> Option<u64> {
    control_total_in(remark(first_line(line).0)?)
}

/// `Total Records: 12`, `total rows = 1 200`: the number, if the text is about a total.
fn control_total_in(remark: &str) -> Option<u64> {
    let (name, number) = remark.split_once([':', '='])?;
    let name = super::header::fold(name);
    let about = ["totalrecords", "totalrows", "recordcount", "rowcount", "records", "rows", "total"];
    if !about.contains(&name.as_str()) {
        return None;
    }
    // Thousands may be set apart, and a remark may follow in brackets or behind a comma and a space.
    let apart = |c: &char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | ',' | '.');
    let text: String = number.trim().chars().take_while(|c| c.is_ascii_digit() || apart(c)).collect();
    let groups: Vec<&str> = text.trim_end_matches(|c| apart(&c)).split(|c| apart(&c)).collect();
    let grouped = groups.iter().skip(1).all(|group| group.len() == 3) && groups.first()?.len() <= 3;
    let rest = &number.trim()[text.len()..];
    if (groups.len() > 1 && !grouped) || !(rest.is_empty() || rest.starts_with(|c: char| !c.is_alphanumeric())) {
        return None;
    }
    groups.concat().parse().ok()
}

fn rejects_import(remark: &str) -> Option<String> {
    let id = remark.strip_prefix("teei-rejects")?.trim().strip_prefix("import=")?;
    Some(id.split_whitespace().next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LAYOUT: &[Column] = &[Column::id("id").required(), Column::email("email").required(), Column::text("note")];

    fn find(text: &str) -> Result<Preamble, Refusal> {
        find_header(text.as_bytes(), true, b',', &[LAYOUT])
    }

    #[test]
    fn comments_blank_lines_and_titles_are_passed_over() {
        let text = "sep=,\r\n# Total Records: 12\r\n\r\nMarch, all cities\r\nid,email\r\n1,a@b.no\r\n";
        let found = find(text).unwrap();
        assert_eq!(found.control_total, Some(12));
        assert_eq!((found.header_line, found.records_line, found.preamble_lines), (5, 6, 4));
        assert!(text[found.records_start as usize..].starts_with("1,a"));
        assert!(text[found.header_start as usize..].starts_with("id,email"));
    }

    #[test]
    fn a_rejects_file_names_its_import() {
        let found = find("# teei-rejects import=0190-ab\n_line,_reason,id,email\n").unwrap();
        assert_eq!(found.rejects_of.as_deref(), Some("0190-ab"));
        assert!(found.recognised.header.unknown.is_empty());
    }

    #[test]
    fn a_header_of_several_lines_counts_them() {
        let found = find("id,email,\"note\n(free)\"\n1,2,3").unwrap();
        assert_eq!(found.records_line, 3);
    }

    #[test]
    fn without_a_header_the_best_reason_is_given() {
        assert_eq!(find("Title\nid,mail\n1,x@y.no\n").unwrap_err().code, Code::MissingColumn);
        assert_eq!(find("1,a@b.no\n2,c@d.no\n").unwrap_err().code, Code::MissingHeader);
        assert_eq!(find("# only a remark\n\n").unwrap_err().code, Code::MissingHeader);
        assert_eq!(find("match,buddy,city\n1,2,3\n").unwrap_err().code, Code::WrongEntity);
        let long = "x".repeat(70_000);
        assert_eq!(find_header(long.as_bytes(), false, b',', &[LAYOUT]).unwrap_err().code, Code::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes in any::<Vec<u8>>(), eof in any::<bool>()) {
            let _ = find_header(&bytes, eof, b',', &[LAYOUT]);
        }
    }
}
