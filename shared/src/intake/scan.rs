//! The strict record scanner: finds where records begin and end, and every quoting fault.
//!
//! A usual CSV reader never fails: it always finds *some* parse, and on broken files often a
//! wrong one. This scanner follows RFC 4180 to the letter and says where a file does not:
//! - a quote inside an unquoted cell, or text after a closing quote: `stray_quote`;
//! - a quote that is never closed: `unclosed_quote`.
//!
//! It works on a stream with constant memory, knows nothing of columns but their number, and
//! gives the same spans however the stream is cut into buffers. Spans follow each other without
//! a gap: together they are the stream, byte for byte.
//!
//! # Where records can be trusted again
//!
//! After a fault that reaches beyond its physical line, nothing says where the record ends. The
//! scanner then gives up physical lines, one by one, until it stands before one that is a record
//! of its own: it has as many delimiters as the header, or it scans strictly (over several lines
//! if need be, within [`LOOKAHEAD`]) to the header's number of cells. Where records of the file
//! leave out cells at the end, or nothing is found for long, fewer will do, but never fewer than
//! the required columns need. Blank lines right before it are left out. All that was given up is one faulty record. So a forgotten quote costs its record and not the
//! file, and a record that is faulty itself still rejects alone.
//!
//! A record that scans strictly is never broken up, even where a quoted cell holds lines that
//! look like records (somebody pasted a CSV into a comment): otherwise the writer of a comment
//! could put records into the file. It is marked with `lookalikes` instead. Two exceptions: if it
//! has a number of cells that records of this file have not, and holds lines that have, two faults
//! have met; and if the quote that closes it stands right behind a delimiter, where one that opens
//! a cell could stand, and no record follows, it is rejected as a whole.

use std::ops::RangeInclusive;

use memchr::{memchr_iter, memchr2};

use super::code::Code;
use super::line_endings::LineEndings;
use super::marks::Marks;
use super::walk::{
    Ended, Walk, behind_blanks, behind_newline, blank_line, cells_in, column_after, column_over_limit,
    first_multi_line_cell, has_bare_quotes_only, has_lookalikes, has_whole_lines, is_blank, is_trusted, may_hold_lines,
    usual_cells, valid_until, walk,
};

/// The most bytes of one cell: 2 MB of text and its two quotes.
pub const CELL_LIMIT: usize = (2 << 20) + 2;
/// The most bytes of one record.
pub const RECORD_LIMIT: usize = 8 << 20;
/// The most bytes [`Scanner::scan`] leaves unconsumed: the caller's buffer must be able to hold
/// them and one more piece.
pub const TAIL_LIMIT: usize = RECORD_LIMIT + CELL_LIMIT + LOOKAHEAD;
/// The most cells of one record.
pub const COLUMN_LIMIT: usize = 3_000;
/// How far a candidate is looked into when records are to be trusted again.
pub const LOOKAHEAD: usize = 64 << 10;

/// Of how many records at the beginning the cells are counted exactly.
const LESSONS: u32 = 100;
/// After how many bytes of a lost record less is asked of a line to be trusted.
const PATIENCE: u64 = 8 << 10;

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A record, good or faulty.
    Record,
    /// An empty line, or a row whose cells are all empty.
    Blank,
}

/// Why a record cannot be split into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// `stray_quote`, `unclosed_quote`, `undecodable_bytes` or `too_large`.
    pub code: Code,
    /// The column it is in, counted from 0.
    pub column: u32,
}

/// Where one record lies in the decoded stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSpan {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its line ending.
    pub end: u64,
    /// Its first physical line, counted from 1.
    pub line: u32,
    /// Its last physical line.
    pub line_end: u32,
    /// What it is.
    pub kind: SpanKind,
    /// Why it cannot be split, if so.
    pub fault: Option<Fault>,
    /// It ended with the file and not with a line ending.
    pub unterminated: bool,
    /// A quoted cell of it holds lines that look like records of this file.
    pub lookalikes: bool,
}

/// How many cells a record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// As many as the header.
    pub header: usize,
    /// At least these, or a required column is beyond the last: some exports leave out empty
    /// cells at the end.
    pub least: usize,
}

impl Width {
    /// Records that all have as many cells as the header.
    pub const fn exactly(header: usize) -> Self {
        let least = header;
        Self { header, least }
    }
}

/// A faulty record whose end has not been found yet.
#[derive(Debug)]
struct Lost {
    start: u64,
    line: u32,
    /// Where the walk met the fault: a record that ends before it had an unclosed quote.
    fault_at: u64,
    stray_column: usize,
    /// The quoted cell the fault was met in or after, if any.
    open_column: Option<usize>,
    too_large: bool,
    /// In the middle of a physical line of which nothing more is of interest.
    within_line: bool,
    /// Among blank lines behind which no record can be trusted.
    among_blanks: bool,
}

/// What becomes of a record that spans lines or has a stray quote.
enum Verdict {
    Ends { fault: Option<(Code, usize)>, lookalikes: bool },
    Lost { fault_at: usize, open: Option<usize> },
    Incomplete,
}

/// The scanner's state between two buffers.
#[derive(Debug)]
pub struct Scanner {
    delimiter: u8,
    width: Option<Width>,
    /// The least number of cells of a record so far, within `width`.
    seen: usize,
    /// How many records have told, up to [`LESSONS`].
    learned: u32,
    offset: u64,
    line: u32,
    endings: LineEndings,
    lost: Option<Lost>,
    /// Do not look again before the buffer has this many bytes: keeps reading the tail again
    /// linear, however small the pieces are.
    enough: usize,
}

impl Scanner {
    /// A scanner at the beginning of a stream. `width`: how many cells a record has; none while
    /// that is not known, then any line counts as a record of its own after a fault.
    pub fn new(delimiter: u8, width: Option<Width>) -> Self {
        Self::resume(delimiter, width, 0, 1)
    }

    /// A scanner in the middle of a stream, at the beginning of the record at `offset`, which is
    /// on physical line `line`.
    pub fn resume(delimiter: u8, width: Option<Width>, offset: u64, line: u32) -> Self {
        let endings = LineEndings::default();
        Self {
            delimiter,
            width,
            seen: width.map_or(1, |width| width.header),
            learned: 0,
            offset,
            line,
            endings,
            lost: None,
            enough: 0,
        }
    }

    /// Offset of the next byte to be consumed.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The physical line of the next byte to be consumed.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Where a faulty record begins whose end has not been found yet: its bytes are consumed before its span appears.
    pub fn lost_since(&self) -> Option<u64> {
        self.lost.as_ref().map(|lost| lost.start)
    }

    /// The line endings of the records so far.
    pub fn endings(&self) -> LineEndings {
        self.endings
    }

    /// Finds the records in `buf`, which begins with the first byte not yet consumed, and
    /// appends their spans to `out`. Returns how many bytes are consumed; the caller keeps the
    /// rest and calls again with more behind it. `eof`: nothing follows `buf`.
    ///
    /// The bytes of a record without a fault are in `buf` as a whole when its span appears.
    pub fn scan(&mut self, buf: &[u8], eof: bool, out: &mut Vec<RecordSpan>) -> usize {
        self.scan_some(buf, eof, usize::MAX, out).0
    }

    /// As [`Scanner::scan`], and stops when `out` holds `most` spans: then the second of what it gives is true, and it
    /// is to be called again with the rest of the same buffer.
    pub fn scan_some(&mut self, buf: &[u8], eof: bool, most: usize, out: &mut Vec<RecordSpan>) -> (usize, bool) {
        if !eof && buf.len() < self.enough {
            return (0, false);
        }
        self.enough = 0;
        // Validity is asked for once a buffer, not once a cell: text is text until `valid`.
        let mut valid = valid_until(buf, 0);
        let mut marks = Marks::new(buf);
        let mut at = 0;
        while at < buf.len() {
            if out.len() >= most {
                return (at, true);
            }
            let step = match self.lost {
                Some(_) => self.find_end(buf, at, eof, out),
                None => self.record(&mut marks, at, eof, valid, out),
            };
            let Some(next) = step else {
                let rest = buf.len() - at;
                self.enough = (rest * 2).min(TAIL_LIMIT).max(rest + 1);
                break;
            };
            self.offset += (next - at) as u64;
            at = next;
            if at > valid {
                valid = valid_until(buf, at);
            }
        }
        if eof && let Some(lost) = self.lost.take() {
            out.push(self.found_again(&lost));
        }
        (at, false)
    }

    /// Takes the record at `at`; returns what is behind it, `None` if the buffer ends first.
    #[inline]
    fn record(
        &mut self,
        marks: &mut Marks<'_>,
        at: usize,
        eof: bool,
        valid: usize,
        out: &mut Vec<RecordSpan>,
    ) -> Option<usize> {
        let buf = marks.buf();
        let walked = walk(marks, at, self.delimiter, eof);
        if self.learned == 0 && !matches!(walked, Walk::Incomplete | Walk::End(Ended { newlines: 0, stray: None, .. }))
        {
            self.look_ahead(buf, at, eof)?;
        }
        let ended = match walked {
            Walk::Incomplete => return None,
            Walk::End(ended) => ended,
            Walk::Fatal { at: fault_at, open } => {
                self.lose(buf, at, fault_at, Some(open), false);
                return Some(at);
            }
            Walk::TooLarge { at: fault_at, open } => {
                self.lose(buf, at, fault_at, open, true);
                return Some(at);
            }
        };
        let Ended { body, end, newlines, .. } = ended;
        let record = &buf[at..body];
        let (mut fault, mut lookalikes) = (None, false);
        if newlines > 0 || ended.stray.is_some() {
            match self.judge(buf, at, ended, eof) {
                Verdict::Incomplete => return None,
                Verdict::Lost { fault_at, open } => {
                    self.lose(buf, at, fault_at, open, false);
                    return Some(at);
                }
                Verdict::Ends { fault: found, lookalikes: like } => {
                    lookalikes = like;
                    fault = found.map(|(code, place)| self.fault(code, &buf[at..place]));
                }
            }
        }
        if fault.is_none() && record.len() >= COLUMN_LIMIT {
            fault = column_over_limit(record, self.delimiter)
                .map(|column| Fault { code: Code::TooLarge, column: column as u32 });
        }
        if fault.is_none() && end > valid {
            fault = Some(self.fault(Code::UndecodableBytes, &buf[at..valid.min(body)]));
        }
        let blank = fault.is_none() && is_blank(record, self.delimiter);
        let terminated = body < end;
        if newlines == 0 && !blank {
            self.learn(record);
        }
        out.push(RecordSpan {
            start: self.offset,
            end: self.offset + (end - at) as u64,
            line: self.line,
            line_end: self.line.saturating_add(newlines),
            kind: if blank { SpanKind::Blank } else { SpanKind::Record },
            fault,
            unterminated: !terminated,
            lookalikes,
        });
        self.line = self.line.saturating_add(newlines + u32::from(terminated));
        self.endings.count(&buf[body..end]);
        Some(end)
    }

    /// Whether a record that spans lines or has a stray quote ends where the walk ended.
    fn judge(&self, buf: &[u8], at: usize, ended: Ended, eof: bool) -> Verdict {
        let Ended { body, end, newlines, stray, reopens } = ended;
        let record = &buf[at..body];
        let cells = || cells_in(record, self.delimiter);
        let ends = |fault, lookalikes| Verdict::Ends { fault, lookalikes };
        let Some(fault_at) = stray else {
            let Some(width) = self.width.map(|width| width.header) else {
                return ends(None, false);
            };
            let whole = self.seen.max(3)..=width;
            let lookalikes = may_hold_lines(record, self.delimiter, width.min(*whole.start()))
                && (has_lookalikes(record, self.delimiter, width) || has_whole_lines(record, self.delimiter, whole));
            if lookalikes && !self.is_usual(cells(), record) {
                let open = at + first_multi_line_cell(record, self.delimiter);
                return Verdict::Lost { fault_at: body, open: Some(open) };
            }
            // The quote that closed it may have been meant to open a cell that begins with a line
            // break. What is left of that cell then follows, and is no record.
            let Some(open) = reopens else {
                return ends(None, lookalikes);
            };
            return match self.goes_on(buf, end, eof) {
                None => Verdict::Incomplete,
                Some(true) => ends(None, lookalikes),
                Some(false) => ends(Some((Code::UnclosedQuote, open)), lookalikes),
            };
        };
        let stray = Some((Code::StrayQuote, fault_at));
        // Over several lines a walk is right if it comes out at the right number of cells.
        if newlines > 0 {
            return match self.width {
                Some(width) if !(self.seen..=width.header).contains(&cells()) => Verdict::Lost { fault_at, open: None },
                _ => ends(stray, false),
            };
        }
        // On one line it is right if its quotes come in pairs, if they stand amid text where none
        // could open a cell, or if the next line is a record of its own; else the cell goes on there.
        if memchr_iter(b'"', record).count().is_multiple_of(2) || has_bare_quotes_only(record, self.delimiter) {
            return ends(stray, false);
        }
        match self.goes_on(buf, end, eof) {
            None => Verdict::Incomplete,
            Some(true) => ends(stray, false),
            Some(false) => Verdict::Lost { fault_at, open: None },
        }
    }

    /// Whether records of this file have so many cells. Empty ones beyond the header's last are none.
    fn is_usual(&self, cells: usize, record: &[u8]) -> bool {
        let Some(width) = self.width else { return true };
        let beyond = cells.saturating_sub(width.header);
        let empty = record.iter().rev().take_while(|&&b| b == self.delimiter).count();
        cells >= self.seen && beyond <= empty
    }

    /// Whether a record of its own, or nothing, follows at `at`, behind blank lines.
    fn goes_on(&self, buf: &[u8], at: usize, eof: bool) -> Option<bool> {
        match behind_blanks(buf, at, self.delimiter, eof)? {
            at if at == buf.len() => Some(true),
            at => is_trusted(buf, at, self.delimiter, self.cells(self.seen), eof),
        }
    }

    /// The numbers of cells, from `least`, by which a line is trusted to be a record.
    fn cells(&self, least: usize) -> Option<RangeInclusive<usize>> {
        self.width.map(|width| least..=width.header)
    }

    /// Before a record has told how many cells the records of this file have, the lines behind a doubtful one do.
    /// `None` if more of the stream is needed.
    fn look_ahead(&mut self, buf: &[u8], at: usize, eof: bool) -> Option<()> {
        let Some(width) = self.width.filter(|width| width.least < width.header) else {
            self.learned = 1;
            return Some(());
        };
        let window = &buf[at..buf.len().min(at + LOOKAHEAD)];
        if !eof && window.len() < LOOKAHEAD {
            return None;
        }
        self.learned = 1;
        let whole = eof && at + window.len() == buf.len();
        self.seen = usual_cells(window, self.delimiter, width.least..=width.header, whole).unwrap_or(self.seen);
        Some(())
    }

    /// Takes note of how many cells the records of this file have.
    #[inline]
    fn learn(&mut self, record: &[u8]) {
        let lessons = self.learned;
        self.learned = (lessons + 1).min(LESSONS);
        if let Some(width) = self.width
            && width.least < self.seen
        {
            // Delimiters inside quotes are told apart at first; later they do no harm.
            let cells = match lessons < LESSONS {
                true => cells_in(record, self.delimiter),
                false => memchr_iter(self.delimiter, record).count() + 1,
            };
            self.seen = self.seen.min(cells.max(width.least));
        }
    }

    fn fault(&self, code: Code, before: &[u8]) -> Fault {
        Fault { code, column: column_after(before, self.delimiter) as u32 }
    }

    /// The record at `at` is faulty and its end is not known.
    fn lose(&mut self, buf: &[u8], at: usize, fault_at: usize, open: Option<usize>, too_large: bool) {
        self.lost = Some(Lost {
            start: self.offset,
            line: self.line,
            fault_at: self.offset + (fault_at - at) as u64,
            stray_column: column_after(&buf[at..fault_at], self.delimiter),
            open_column: open.map(|open| column_after(&buf[at..open], self.delimiter)),
            too_large,
            within_line: true,
            among_blanks: false,
        });
    }

    /// Gives up one more physical line, or finds the end of the lost record before it.
    fn find_end(&mut self, buf: &[u8], at: usize, eof: bool, out: &mut Vec<RecordSpan>) -> Option<usize> {
        let lost = self.lost.as_mut()?;
        if !lost.within_line {
            // Beyond what any text may have, one that is only just a record will do.
            let given_up = self.offset - lost.start > PATIENCE;
            let least = match self.width {
                Some(width) if given_up => width.least,
                _ => self.seen,
            };
            let cells = self.width.map(|width| least..=width.header);
            // Blank lines in front of what can be trusted are records of their own.
            if !lost.among_blanks || blank_line(buf, at, self.delimiter, eof)?.is_none() {
                let next = behind_blanks(buf, at, self.delimiter, eof)?;
                if next == buf.len() || is_trusted(buf, next, self.delimiter, cells, eof)? {
                    let lost = self.lost.take()?;
                    out.push(self.found_again(&lost));
                    return Some(at);
                }
                lost.among_blanks = next > at;
            }
            lost.within_line = true;
        }
        let Some(found) = memchr2(b'\n', b'\r', &buf[at..]) else {
            return Some(buf.len());
        };
        let Some(end) = behind_newline(buf, at + found, eof) else {
            return (found > 0).then_some(at + found);
        };
        lost.within_line = false;
        self.line = self.line.saturating_add(1);
        self.endings.count(&buf[at + found..end]);
        Some(end)
    }

    /// The span of a lost record that ends here.
    fn found_again(&self, lost: &Lost) -> RecordSpan {
        // A record that ended before the place of the fault was not faulty there: its quote was
        // never closed, and the fault is only where that came to light.
        let early = self.offset <= lost.fault_at;
        let (code, column) = match lost.open_column {
            Some(open) if early => (Code::UnclosedQuote, open),
            open if lost.too_large => (Code::TooLarge, open.unwrap_or(lost.stray_column)),
            _ => (Code::StrayQuote, lost.stray_column),
        };
        RecordSpan {
            start: lost.start,
            end: self.offset,
            line: lost.line,
            line_end: if lost.within_line { self.line } else { self.line - 1 },
            kind: SpanKind::Record,
            fault: Some(Fault { code, column: column as u32 }),
            unterminated: lost.within_line,
            lookalikes: false,
        }
    }
}
