//! Sentences for records that never become cells, and for rows that are no records.

use super::code::{Code, Rejection};
use super::column::Column;
use super::header::Header;
use super::scan::{CELL_LIMIT, COLUMN_LIMIT, RECORD_LIMIT, RecordSpan};
use super::split::Cells;

/// The rejection of a span with a fault; `None` if it has none. The bytes are not shown: where
/// quotes are wrong, nobody knows what belongs to which cell.
pub fn rejection(span: &RecordSpan, header: &Header, layout: &[Column]) -> Option<Rejection> {
    let fault = span.fault?;
    let index = fault.column as usize;
    let known = header.columns.get(index).copied().flatten().and_then(|at| layout.get(at));
    let name = known.map(|column| column.name).or_else(|| {
        let name = header.names.get(index).map(|name| name.trim());
        name.filter(|name| !name.is_empty())
    });
    let place = match name {
        Some(name) => format!("in {name}"),
        None => format!("in cell {}", index + 1),
    };
    let until = match span.line_end > span.line {
        true => format!("; lines {} to {} were left out with it", span.line, span.line_end),
        false => String::new(),
    };
    let reason = match fault.code {
        Code::StrayQuote => format!(
            "There is a quote {place} where none may be{until}; write the text in quotes and \
             every quote inside it twice."
        ),
        Code::UnclosedQuote => {
            format!("A quote {place} is never closed{until}; close it, or write it twice.")
        }
        Code::UndecodableBytes => format!(
            "There are bytes {place} that are no text in the file's encoding; export the file \
             again as \"CSV UTF-8\"."
        ),
        _ => format!(
            "The record is too large {place}{until}; a cell may have {} MB, a record {} MB and \
             {COLUMN_LIMIT} cells.",
            CELL_LIMIT >> 20,
            RECORD_LIMIT >> 20,
        ),
    };
    let mut rejection = Rejection::record(fault.code, reason);
    rejection.column = name.map(str::to_owned);
    rejection.hint = match fault.code {
        Code::TooLarge => Some(format!("{} MB, {} MB, {COLUMN_LIMIT}", CELL_LIMIT >> 20, RECORD_LIMIT >> 20)),
        _ => (span.line_end > span.line).then(|| format!("{}–{}", span.line, span.line_end)),
    };
    Some(rejection)
}

/// The rejection of a row that is the header again or a totals row; `None` for a record.
pub fn no_record(cells: &Cells<'_>, header: &Header, layout: &[Column]) -> Option<Rejection> {
    if header.is_repeated_header(cells) {
        return Some(Rejection::record(
            Code::RepeatedHeader,
            "This row is the header again; nothing is lost, remove it if you drop the file again.",
        ));
    }
    header.is_footer(cells, layout).then(|| {
        Rejection::record(Code::FooterRow, "This row is a total or a closing remark, not a record; nothing is lost.")
    })
}

/// Whether a file may have been cut off inside a quoted cell of its last record.
pub fn may_be_cut_off(span: &RecordSpan) -> bool {
    span.unterminated && span.fault.is_some_and(|fault| fault.code == Code::UnclosedQuote)
}

/// Whether a file may have been cut off in its last record: it has no line ending and fewer
/// cells than the header.
pub fn may_be_truncated(span: &RecordSpan, cells: &Cells<'_>, header: &Header) -> bool {
    span.unterminated && cells.len() < header.columns.len()
}
