//! One record at a time: the strict walk from quote to quote, and what its bytes look like.
//!
//! Pure functions of bytes and positions; [`super::scan`] puts them together into a stream.

use std::{collections::BTreeMap, iter::once, ops::RangeInclusive};

use memchr::{memchr, memchr_iter, memchr2, memchr2_iter};

use super::marks::Marks;
use super::scan::{CELL_LIMIT, COLUMN_LIMIT, LOOKAHEAD, RECORD_LIMIT};

/// How the walk over one record ended. Positions are indices into the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// The buffer ends first.
    Incomplete,
    /// The record ends.
    End(Ended),
    /// A fault at `at` after line breaks in a quoted cell that began at `open`: either the fault
    /// is real or the cell was never closed.
    Fatal { at: usize, open: usize },
    /// The limit of a cell or of the record is reached at `at`, perhaps inside a quoted cell.
    TooLarge { at: usize, open: Option<usize> },
}

/// Where a record ends, and what is to be judged about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// Behind its content.
    pub body: usize,
    /// Behind its line ending.
    pub end: usize,
    /// Line breaks inside quoted cells.
    pub newlines: u32,
    /// The first fault that stays within the first physical line.
    pub stray: Option<usize>,
    /// Where the first quoted cell of several lines begins whose closing quote could also be one that opens a cell,
    /// because a delimiter stands in front of it.
    pub reopens: Option<usize>,
}

/// The index behind a line ending at `at`; `None` if that depends on a byte still to come.
pub(super) fn behind_newline(buf: &[u8], at: usize, eof: bool) -> Option<usize> {
    match (buf[at], buf.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at + 2),
        (b'\r', None) if !eof => None,
        _ => Some(at + 1),
    }
}

/// Until where the buffer is UTF-8, counted from a place that is a character's begin.
pub(super) fn valid_until(buf: &[u8], from: usize) -> usize {
    match std::str::from_utf8(&buf[from..]) {
        Ok(_) => buf.len(),
        Err(error) => from + error.valid_up_to(),
    }
}

/// Walks over the record that begins at `start`.
#[inline]
pub(super) fn walk(marks: &mut Marks<'_>, start: usize, delimiter: u8, eof: bool) -> Walk {
    walk_as::<false>(marks, start, delimiter, eof)
}

/// As [`walk`], and over at the first fault, wherever it is.
fn walk_as<const STRICT: bool>(marks: &mut Marks<'_>, start: usize, delimiter: u8, eof: bool) -> Walk {
    let buf = marks.buf();
    let (mut pos, mut newlines, mut stray, mut multi, mut reopens) = (start, 0, None, start, None);
    loop {
        let Some(hit) = marks.from(pos) else {
            return match eof {
                _ if buf.len() - start > RECORD_LIMIT => Walk::TooLarge { at: start + RECORD_LIMIT, open: None },
                true => Walk::End(Ended { body: buf.len(), end: buf.len(), newlines, stray, reopens }),
                false => Walk::Incomplete,
            };
        };
        if hit - start > RECORD_LIMIT {
            return Walk::TooLarge { at: start + RECORD_LIMIT, open: None };
        }
        if buf[hit] != b'"' {
            return match behind_newline(buf, hit, eof) {
                Some(end) => Walk::End(Ended { body: hit, end, newlines, stray, reopens }),
                None => Walk::Incomplete,
            };
        }
        // Outside quotes a delimiter always separates, so the byte before tells a cell's begin.
        if hit != start && buf[hit - 1] != delimiter {
            if STRICT || newlines > 0 {
                return Walk::Fatal { at: hit, open: multi };
            }
            stray = stray.or(Some(hit));
            pos = hit + 1;
            continue;
        }
        let mut inner = hit + 1;
        pos = loop {
            let next = marks.from(inner);
            if next.unwrap_or(buf.len()) - hit > CELL_LIMIT {
                return Walk::TooLarge { at: hit + CELL_LIMIT, open: Some(hit) };
            }
            let Some(next) = next else {
                return if eof { Walk::Fatal { at: buf.len(), open: hit } } else { Walk::Incomplete };
            };
            if buf[next] != b'"' {
                let Some(behind) = behind_newline(buf, next, eof) else {
                    return Walk::Incomplete;
                };
                (newlines, multi, inner) = (newlines + 1, hit, behind);
                continue;
            }
            match buf.get(next + 1) {
                None if !eof => return Walk::Incomplete,
                Some(b'"') => {
                    inner = next + 2;
                    continue;
                }
                Some(&b) if b != delimiter && b != b'\n' && b != b'\r' => {
                    if STRICT || newlines > 0 {
                        return Walk::Fatal { at: next + 1, open: hit };
                    }
                    stray = stray.or(Some(next + 1));
                }
                _ => {
                    if newlines > 0 && multi == hit && buf[next - 1] == delimiter {
                        reopens = reopens.or(Some(hit));
                    }
                }
            }
            break next + 1;
        };
    }
}

/// How many cells the record that begins at `at` has, if it ends in the buffer, with it at the latest, without a fault.
fn strict_cells(marks: &mut Marks<'_>, at: usize, delimiter: u8) -> Option<usize> {
    match walk_as::<true>(marks, at, delimiter, true) {
        Walk::End(Ended { body, .. }) => Some(cells_in(&marks.buf()[at..body], delimiter)),
        _ => None,
    }
}

/// The delimiters of a record that separate cells, leniently where it is faulty: calls `each`
/// with the position of every one.
fn separators(record: &[u8], delimiter: u8, mut each: impl FnMut(usize)) {
    let mut pos = 0;
    while let Some(found) = memchr2(delimiter, b'"', &record[pos..]) {
        let hit = pos + found;
        pos = hit + 1;
        if record[hit] == delimiter {
            each(hit);
        } else if hit == 0 || record[hit - 1] == delimiter {
            // A quoted cell: behind its closing quote, or to the end where there is none.
            loop {
                let Some(close) = memchr(b'"', &record[pos..]) else {
                    return;
                };
                pos += close + 1;
                if record.get(pos) != Some(&b'"') {
                    break;
                }
                pos += 1;
            }
        }
    }
}

/// The column, counted from 0, that begins where the given beginning of a record ends.
pub(super) fn column_after(beginning: &[u8], delimiter: u8) -> usize {
    let mut count = 0;
    separators(beginning, delimiter, |_| count += 1);
    count
}

/// The number of cells of a record without its line ending.
pub(super) fn cells_in(record: &[u8], delimiter: u8) -> usize {
    column_after(record, delimiter) + 1
}

/// The first column beyond a limit, if the record has one.
pub(super) fn column_over_limit(record: &[u8], delimiter: u8) -> Option<usize> {
    let cells_possible = memchr_iter(delimiter, record).count() + 1;
    if cells_possible <= COLUMN_LIMIT && record.len() <= CELL_LIMIT {
        return None;
    }
    let (mut column, mut begin, mut over) = (0, 0, None);
    separators(record, delimiter, |at| {
        if over.is_none() && at - begin > CELL_LIMIT {
            over = Some(column);
        }
        (column, begin) = (column + 1, at + 1);
    });
    if record.len() - begin > CELL_LIMIT {
        over = over.or(Some(column));
    }
    over.or((column >= COLUMN_LIMIT).then_some(COLUMN_LIMIT))
}

/// Whether every cell of a faultless record is empty: `;;;`, `"";""`, spaces, nothing.
pub(super) fn is_blank(record: &[u8], delimiter: u8) -> bool {
    let may = |b: u8| b == delimiter || matches!(b, b' ' | b'\t' | b'"');
    if record.first().is_some_and(|&first| !may(first)) || !record.iter().all(|&b| may(b)) {
        return false;
    }
    record.split(|&b| b == delimiter).all(|cell| {
        let text = cell.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(cell);
        text.trim_ascii().is_empty()
    })
}

/// Whether the line at `at` is blank, and what is behind it; a line longer than [`LOOKAHEAD`] is not. `None` if that
/// depends on bytes still to come.
pub(super) fn blank_line(buf: &[u8], at: usize, delimiter: u8, eof: bool) -> Option<Option<usize>> {
    let window = &buf[at..buf.len().min(at + LOOKAHEAD)];
    match memchr2(b'\n', b'\r', window) {
        Some(found) if is_blank(&window[..found], delimiter) => behind_newline(buf, at + found, eof).map(Some),
        None if window.len() < LOOKAHEAD && is_blank(window, delimiter) => eof.then_some(Some(buf.len())),
        _ => Some(None),
    }
}

/// Where the first line that is not blank begins, from the line at `at` on, within [`LOOKAHEAD`]; the buffer's end if
/// there is none. `None` if that depends on bytes still to come.
pub(super) fn behind_blanks(buf: &[u8], at: usize, delimiter: u8, eof: bool) -> Option<usize> {
    let mut next = at;
    while next < buf.len() && next - at <= LOOKAHEAD {
        match blank_line(buf, next, delimiter, eof)? {
            Some(behind) => next = behind,
            None => return Some(next),
        }
    }
    (eof || next < buf.len()).then_some(next)
}

/// Whether a record of its own, with so many cells, begins at the physical line at `at`; `None`
/// if that depends on bytes still to come. See the head of [`super::scan`].
pub(super) fn is_trusted(
    buf: &[u8],
    at: usize,
    delimiter: u8,
    cells: Option<RangeInclusive<usize>>,
    eof: bool,
) -> Option<bool> {
    let window = &buf[at..buf.len().min(at + LOOKAHEAD)];
    let enough = eof || window.len() == LOOKAHEAD;
    let line = match memchr2(b'\n', b'\r', window) {
        Some(end) => &window[..end],
        None if enough => window,
        None => return None,
    };
    let Some(cells) = cells else {
        return Some(!line.is_empty());
    };
    if line.is_empty() {
        return Some(false);
    }
    if memchr_iter(delimiter, line).count() + 1 >= *cells.start() {
        return Some(true);
    }
    if memchr(b'"', line).is_none() {
        return Some(false);
    }
    match walk(&mut Marks::new(window), 0, delimiter, eof && at + window.len() == buf.len()) {
        Walk::End(Ended { body, stray: None, .. }) => Some(cells.contains(&cells_in(&window[..body], delimiter))),
        Walk::Incomplete if !enough => None,
        _ => Some(false),
    }
}

/// Whether a line behind the first of a record could have so many cells: in most records of several lines none has
/// the delimiters, and nothing dearer needs to be asked.
pub(super) fn may_hold_lines(record: &[u8], delimiter: u8, cells: usize) -> bool {
    let behind = memchr2(b'\n', b'\r', record).map_or(&record[..0], |first| &record[first..]);
    memchr_iter(delimiter, behind).count() + 1 >= cells
}

/// Whether a record without faults holds a line that scans strictly to `width` cells itself.
pub(super) fn has_lookalikes(record: &[u8], delimiter: u8, width: usize) -> bool {
    let (mut at, mut marks) = (0, Marks::new(record));
    // In a file of one column every line looks like a record: that says nothing.
    while width > 1
        && let Some(found) = memchr2(b'\n', b'\r', &record[at..])
    {
        at = behind_newline(record, at + found, true).unwrap_or(record.len());
        if strict_cells(&mut marks, at, delimiter) == Some(width) {
            return true;
        }
    }
    false
}

/// Whether a record without faults begins and goes on with lines that have as many delimiters as whole records: then a
/// quote that was never closed may have met another one that is out of place.
pub(super) fn has_whole_lines(record: &[u8], delimiter: u8, cells: RangeInclusive<usize>) -> bool {
    let mut begin = 0;
    let ends = memchr2_iter(b'\n', b'\r', record).chain(once(record.len()));
    let mut whole = ends.map(|end| {
        let line = &record[begin..end];
        begin = end + 1;
        cells.contains(&(memchr_iter(delimiter, line).count() + 1))
    });
    whole.next() == Some(true) && whole.any(|whole| whole)
}

/// Where the first quoted cell with a line break begins, in a record without faults.
pub(super) fn first_multi_line_cell(record: &[u8], delimiter: u8) -> usize {
    let newline = memchr2(b'\n', b'\r', record).unwrap_or(record.len());
    let mut begin = 0;
    separators(record, delimiter, |at| {
        if at < newline {
            begin = at + 1;
        }
    });
    begin
}

/// Whether no quote of a line with a stray one can open a cell that goes on in the next: each stands amid the text of
/// an unquoted cell (`6" pipe`) or belongs to a quoted cell without a fault.
pub(super) fn has_bare_quotes_only(line: &[u8], delimiter: u8) -> bool {
    let mut rest = line;
    loop {
        let end = if rest.starts_with(b"\"") {
            let mut close = 1;
            // Behind the closing quote; a doubled one is none.
            loop {
                let Some(found) = memchr(b'"', &rest[close..]) else { return false };
                close += found + 1;
                if rest.get(close) != Some(&b'"') {
                    break;
                }
                close += 1;
            }
            close
        } else if rest.trim_ascii_start().starts_with(b"\"") {
            return false;
        } else {
            memchr(delimiter, rest).unwrap_or(rest.len())
        };
        match rest.get(end) {
            None => return true,
            Some(&b) if b == delimiter => rest = &rest[end + 1..],
            Some(_) => return false,
        }
    }
}

/// How many cells the records of a file have that leave out some at the end: the number, of those that are `allowed`,
/// that most lines behind the first one have, two at least. None where a line has as many as the header. `whole`: the
/// last line ends with the window.
pub(super) fn usual_cells(window: &[u8], delimiter: u8, allowed: RangeInclusive<usize>, whole: bool) -> Option<usize> {
    let mut lines = window.split(|&b| matches!(b, b'\n' | b'\r')).skip(1).peekable();
    let mut counts = BTreeMap::new();
    while let Some(line) = lines.next() {
        let cut_off = lines.peek().is_none() && !whole;
        if cut_off || is_blank(line, delimiter) {
            continue;
        }
        let Some(cells) = strict_cells(&mut Marks::new(line), 0, delimiter) else { continue };
        if cells >= *allowed.end() {
            return None;
        }
        *counts.entry(cells).or_insert(0) += 1;
    }
    let usual = counts.into_iter().filter(|(cells, count)| *count > 1 && allowed.contains(cells));
    usual.max_by_key(|&(cells, count): &(usize, usize)| (count, cells)).map(|(cells, _)| cells)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The walk as the rules tell it: byte by byte, with no buffer that ends first and no limits. Gives what is behind
    /// the record, its line breaks, its first stray quote and the fatal place with the cell it is laid to.
    fn by_the_rules(buf: &[u8]) -> (usize, u32, Option<usize>, Option<(usize, usize)>) {
        let (mut at, mut newlines, mut stray, mut open, mut broken) = (0, 0, None, None, 0);
        while let Some(&b) = buf.get(at) {
            let begins = at == 0 || buf[at - 1] == b',';
            match (open, b) {
                (None, b'\n' | b'\r') => {
                    return (at + if buf[at..].starts_with(b"\r\n") { 2 } else { 1 }, newlines, stray, None);
                }
                (None, b'"') if begins => open = Some(at),
                (None, b'"') if newlines > 0 => return (at, newlines, stray, Some((at, broken))),
                (None, b'"') => stray = stray.or(Some(at)),
                (Some(_), b'"') if buf.get(at + 1) == Some(&b'"') => at += 1,
                (Some(cell), b'"') => match buf.get(at + 1) {
                    None | Some(b',' | b'\n' | b'\r') => open = None,
                    Some(_) if newlines > 0 => return (at, newlines, stray, Some((at + 1, cell))),
                    Some(_) => (open, stray) = (None, stray.or(Some(at + 1))),
                },
                (Some(cell), b'\n' | b'\r') => {
                    (newlines, broken) = (newlines + 1, cell);
                    at += usize::from(buf[at..].starts_with(b"\r\n"));
                }
                _ => {}
            }
            at += 1;
        }
        (buf.len(), newlines, stray, open.map(|cell| (buf.len(), cell)))
    }

    fn quote_heavy() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => Just("\"".to_owned()), 6 => Just(",".to_owned()), 6 => Just("\",\"".to_owned()), 2 => Just("\"\"".to_owned()),
            1 => Just("\n".to_owned()), 1 => Just("\r\n".to_owned()), 1 => Just("\r".to_owned()), 3 => "[a-zå]{1,90}",
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_walk_from_mark_to_mark_ends_where_one_byte_by_byte_does(buf in quote_heavy()) {
            let walked = match walk(&mut Marks::new(&buf), 0, b',', true) {
                Walk::End(ended) => (ended.end, ended.newlines, ended.stray, None),
                Walk::Fatal { at, open } => {
                    let (end, newlines, stray, _) = by_the_rules(&buf);
                    (end, newlines, stray, Some((at, open)))
                }
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert_eq!(walked, by_the_rules(&buf));
        }

        #[test]
        fn a_record_without_the_delimiters_for_it_holds_no_line_like_a_record(buf in quote_heavy(), width in 2usize..6) {
            let Walk::End(Ended { body, stray: None, .. }) = walk(&mut Marks::new(&buf), 0, b',', true) else {
                return Ok(());
            };
            let record = &buf[..body];
            if !may_hold_lines(record, b',', width) {
                prop_assert!(!has_lookalikes(record, b',', width));
                prop_assert!(!has_whole_lines(record, b',', width..=9));
            }
        }
    }
}
