//! The header line: which of our columns each cell of the file belongs to.

use unicode_normalization::UnicodeNormalization;

use super::closing::is_closing;
use super::code::{Code, Refusal};
use super::column::{Column, Kind};
use super::known::export_of;
use super::names::Names;
use super::scan::{COLUMN_LIMIT, Width};
use super::split::Cells;

/// A header matched to a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// For every cell of the header its column, as an index into the layout.
    pub columns: Vec<Option<usize>>,
    /// The header's cells as they stand in the file.
    pub names: Vec<String>,
    /// Cells that are no column of ours.
    pub unknown: Vec<UnknownColumn>,
    /// Optional columns of the layout that the file does not have.
    pub missing: Vec<&'static str>,
    folded: Vec<String>,
    /// The other names of the column each cell is, folded.
    others: Vec<Vec<String>>,
}

/// A column nobody reads. Its values stay in the dropped object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownColumn {
    /// As it stands in the file.
    pub name: String,
    /// The known column it resembles most, if any.
    pub nearest: Option<&'static str>,
}

/// Columns of our own rejects file; they are known, and ignored.
pub const REJECTS_COLUMNS: [&str; 2] = ["_line", "_reason"];

/// One form for all ways to write a column's name: NFKC, lower case, letters and digits only.
/// `Participant E-mail`, `participant_email` and `PARTICIPANT EMAIL` are one; so are
/// `Duration (min)` and `duration_min`.
pub fn fold(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Whether [`fold`] makes this of a name. Most of a file's first cells are ASCII and none, and each is asked.
fn is_folded(name: &str, folded: &str) -> bool {
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|letter| letter.to_ascii_lowercase()).eq(folded.bytes());
    }
    fold(name) == folded
}

impl Header {
    /// Where the layout's column is in the file.
    pub fn position(&self, column: usize) -> Option<usize> {
        self.columns.iter().position(|&found| found == Some(column))
    }

    /// How many cells its records have, for the scanner.
    pub fn width(&self, layout: &[Column]) -> Width {
        let needed =
            |column: &Option<usize>| column.and_then(|index| layout.get(index)).is_some_and(|column| column.required);
        let last = self.columns.iter().rposition(needed);
        Width { header: self.columns.len(), least: last.map_or(1, |last| last + 1) }
    }

    /// How many cells its records may have content in: columns without a name at its end are none, many programs write
    /// a delimiter too much.
    pub fn named_width(&self) -> usize {
        self.folded.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// The refusal of a file that has the columns of another export, and more of them than of `own` (`kintell/users`):
    /// a layout that asks for little is easily found in a file that is something else.
    ///
    /// # Errors
    /// `wrong_entity`, naming the other export.
    pub fn is_export_of(&self, own: &str) -> Result<(), Refusal> {
        let known = self.columns.iter().flatten().count();
        match export_of(&self.folded) {
            Some((entity, columns)) if entity != own && columns > known => Err(looks_like_export(entity)),
            _ => Ok(()),
        }
    }

    /// Whether a record is the header once more, perhaps by other names of the same columns.
    pub fn is_repeated_header(&self, cells: &Cells<'_>) -> bool {
        let width = self.named_width();
        // The trailing cells of either may be empty.
        width > 0
            && cells.len() >= width
            && cells.iter().enumerate().all(|(at, cell)| {
                self.folded.get(at).map_or_else(|| is_folded(cell, ""), |folded| is_folded(cell, folded))
                    || self.others.get(at).is_some_and(|others| others.iter().any(|other| is_folded(cell, other)))
            })
    }

    /// Whether a record is a totals row or a closing remark: its first text says so, and it could not be a record
    /// anyway, since a required value is missing or this text stands where one belongs that it cannot be.
    pub fn is_footer(&self, cells: &Cells<'_>, layout: &[Column]) -> bool {
        let Some(first) = cells.iter().position(|cell| !cell.trim().is_empty()) else {
            return false;
        };
        let text = cells.get(first).unwrap_or_default().trim();
        if !text.starts_with('#') && !is_closing(text) {
            return false;
        }
        self.columns.iter().enumerate().any(|(at, column)| {
            let Some(column) = column.and_then(|c| layout.get(c)).filter(|c| c.needs_value()) else { return false };
            let empty = cells.get(at).is_none_or(|cell| cell.trim().is_empty());
            let cannot = matches!(column.kind, Kind::Email | Kind::Uuid | Kind::Timestamp { .. });
            empty || (at == first && cannot)
        })
    }
}

/// Matches a header to one layout.
///
/// # Errors
/// `duplicate_column` if two cells are the same column, `missing_column` if a required column is
/// not there; the sentence names it.
pub fn match_header(cells: &[&str], layout: &[Column]) -> Result<Header, Refusal> {
    match_folded(cells, &folded(cells), &Names::of(layout))
}

fn match_folded(cells: &[&str], folded: &[String], names: &Names<'_>) -> Result<Header, Refusal> {
    let layout = names.layout;
    let ours = |name: &str| REJECTS_COLUMNS.contains(&name.trim().trim_start_matches(super::formula::GUARD));
    // Names of columns stand in receipts, and Postgres stores no NUL.
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('\0', "\u{fffd}")).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let columns: Vec<Option<usize>> =
        folded.iter().zip(&cells).map(|(name, cell)| if ours(cell) { None } else { names.find(name) }).collect();
    for (at, column) in columns.iter().enumerate() {
        if let Some(index) = column
            && let Some(first) = columns[..at].iter().position(|earlier| earlier == column)
        {
            return Err(Refusal::new(
                Code::DuplicateColumn,
                format!(
                    "The header names the column {} twice, as \"{}\" and as \"{}\"; remove or \
                     rename one of them.",
                    layout[*index].name,
                    cells[first].trim(),
                    cells[at].trim()
                ),
            )
            .hinted(layout[*index].name));
        }
    }
    let mut missing = Vec::new();
    for (index, column) in layout.iter().enumerate() {
        if columns.contains(&Some(index)) {
            continue;
        }
        if column.required {
            return Err(missing_column(column, &cells, &columns, names));
        }
        missing.push(column.name);
    }
    let last_named = folded.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let unknown = cells
        .iter()
        .zip(&columns)
        .enumerate()
        .take(last_named)
        .filter(|(_, (name, column))| column.is_none() && !REJECTS_COLUMNS.contains(&name.trim()))
        .map(|(at, (name, _))| match folded[at].is_empty() {
            true => UnknownColumn { name: format!("#{}", at + 1), nearest: None },
            false => UnknownColumn { name: shown(name, names), nearest: names.nearest(&folded[at]) },
        })
        .collect();
    let name =
        |(&cell, column): (&&str, &Option<usize>)| column.map_or_else(|| shown(cell, names), |_| cell.to_owned());
    let others = columns.iter().map(|column| column.map_or_else(Vec::new, |index| names.all_of(index))).collect();
    let names = cells.iter().zip(&columns).map(name).collect();
    Ok(Header { columns, names, unknown, missing, folded: folded.to_vec(), others })
}

fn missing_column(column: &Column, cells: &[&str], columns: &[Option<usize>], names: &Names<'_>) -> Refusal {
    let unread = cells.iter().zip(columns).filter(|(_, column)| column.is_none());
    let hint = unread
        .map(|(cell, _)| cell.trim())
        .filter(|cell| names.nearest(&fold(cell)) == Some(column.name))
        .map(|cell| format!(" (is it the one called \"{cell}\"?)"))
        .next();
    Refusal::new(
        Code::MissingColumn,
        format!(
            "The required column {} is not in the header{}; export it too, or name it so.",
            column.name,
            hint.unwrap_or_default()
        ),
    )
    .hinted(column.name)
}

/// An unknown column's name as it may stand in a receipt: people write names and numbers into headers too, so only
/// what resembles a column of ours, or is one word of letters in the way of a column's name, is shown as it is.
fn shown(name: &str, names: &Names<'_>) -> String {
    let name = name.trim();
    let plain = name.chars().count() <= 60
        && !name.contains(['@', '＠'])
        && name.chars().filter(char::is_ascii_digit).count() < 4;
    let like_ours = plain && names.nearest(&fold(name)).is_some();
    let one_word = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && (like_ours || one_word) { name.to_owned() } else { super::mask::mask(name) }
}

/// Which layout a header belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Index into the layouts.
    pub layout: usize,
    /// The header matched to it.
    pub header: Header,
}

/// Finds the layout that a header has all required columns of; of several, the one with most
/// columns in common, of equals the first.
///
/// # Errors
/// What the header lacks for the layout it comes nearest to (`missing_column`,
/// `duplicate_column`); `too_large` if it is one with too many columns; `wrong_entity` if it has little in common with
/// any; `missing_header` if it is a row of values.
pub fn recognise(cells: &[&str], layouts: &[&[Column]]) -> Result<Recognised, Refusal> {
    let (begin, more) = cells.split_at(cells.len().min(COLUMN_LIMIT));
    let folded = folded(begin);
    if folded.iter().all(String::is_empty) {
        return Err(no_header_of_ours(cells));
    }
    let names: Vec<Names<'_>> = layouts.iter().map(|layout| Names::of(layout)).collect();
    if !more.is_empty() {
        let like_ours = names.iter().any(|names| names.likeness(&folded).0 > 0);
        return Err(if like_ours { too_many_columns() } else { no_header_of_ours(cells) });
    }
    let mut best: Option<Recognised> = None;
    for (layout, names) in names.iter().enumerate() {
        let Ok(header) = match_folded(cells, &folded, names) else {
            continue;
        };
        let known = |header: &Header| header.columns.iter().flatten().count();
        if best.as_ref().is_none_or(|best| known(&header) > known(&best.header)) {
            best = Some(Recognised { layout, header });
        }
    }
    if let Some(best) = best {
        return Ok(best);
    }
    // Of equals the first: `max_by_key` takes the last.
    let nearest = names.iter().rev().max_by_key(|names| names.likeness(&folded));
    let Some(names) = nearest else {
        return Err(wrong_entity(cells, &folded));
    };
    let (required, known) = names.likeness(&folded);
    let needed = names.layout.iter().filter(|column| column.required).count();
    if required == 0 && cells.iter().any(|cell| is_value(cell)) {
        return Err(Refusal::new(
            Code::MissingHeader,
            "The file begins with values instead of a header line with the columns' names; \
             export it with headers.",
        ));
    }
    // Half of what is required, or a header that is mostly this layout's: what it lacks can be told.
    let named = folded.iter().filter(|name| !name.is_empty()).count();
    let ours = (required > 0 && required * 2 >= needed) || (known > 1 && known * 2 >= named);
    match match_folded(cells, &folded, names) {
        Err(refusal) if ours && (refusal.code == Code::DuplicateColumn || export_of(&folded).is_none()) => Err(refusal),
        _ => Err(wrong_entity(cells, &folded)),
    }
}

/// A cell longer than this is no name, and not worth folding.
const NAME_LIMIT: usize = 4 << 10;

fn folded(cells: &[&str]) -> Vec<String> {
    let one = |cell: &&str| if cell.len() > NAME_LIMIT { "\u{fffd}".to_owned() } else { fold(cell) };
    cells.iter().map(one).collect()
}

/// How many columns of the layout it resembles most a row has: required ones, all.
pub(super) fn likeness(cells: &[&str], layouts: &[&[Column]]) -> (usize, usize) {
    let folded = folded(&cells[..cells.len().min(COLUMN_LIMIT)]);
    layouts.iter().map(|layout| Names::of(layout).likeness(&folded)).max().unwrap_or_default()
}

/// Nobody names a column like this.
pub(super) fn is_value(cell: &str) -> bool {
    let cell = cell.trim();
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    cell.contains('@') || (digits > 0 && digits * 2 >= cell.chars().count())
}

fn too_many_columns() -> Refusal {
    let reason = format!("The header has more than {COLUMN_LIMIT} columns; export fewer columns.");
    Refusal::new(Code::TooLarge, reason).hinted("columns")
}

fn wrong_entity(cells: &[&str], folded: &[String]) -> Refusal {
    export_of(folded).map_or_else(|| no_header_of_ours(cells), |(entity, _)| looks_like_export(entity))
}

fn no_header_of_ours(cells: &[&str]) -> Refusal {
    // No cell of it is quoted: a row that is no header of ours may be a title with a name in it.
    Refusal::new(
        Code::WrongEntity,
        format!(
            "The first row ({} cells) is not the header of this kind of export; drop the file where it belongs.",
            cells.len()
        ),
    )
}

fn looks_like_export(entity: &str) -> Refusal {
    let reason =
        format!("This looks like an export of {entity}, not of what this folder is for; drop it into {entity}/.");
    Refusal::new(Code::WrongEntity, reason).hinted(entity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::split::Splitter;

    const SESSIONS: &[Column] = &[
        Column::id("session_id").required(),
        Column::email("participant_email").required(),
        Column::email("volunteer_email").required().aliases(&["Tutor email"]),
        Column::timestamp("scheduled_at").required().aliases(&["Session date"]),
        Column::duration("duration_minutes").aliases(&["Duration (min)"]),
        Column::cefr("language_level").aliases(&["CEFR"]),
    ];
    const MENTOR: &[Column] = &[
        Column::id("session_id").required(),
        Column::email("participant_email").required(),
        Column::email("mentor_email").required(),
        Column::timestamp("scheduled_at").required(),
    ];
    const LAYOUTS: &[&[Column]] = &[SESSIONS, MENTOR];

    fn code(cells: &[&str]) -> Code {
        recognise(cells, LAYOUTS).unwrap_err().code
    }

    #[test]
    fn names_fold_and_order_is_free() {
        let cells = [
            "CEFR",
            "Session\u{a0}Date",
            " TUTOR-EMAIL ",
            "Participant E-mail",
            "\u{feff}Session ID",
            "duration (MIN)",
            "Colour",
            "scheduled_ta",
            "",
        ];
        let found = recognise(&cells, LAYOUTS).unwrap();
        assert_eq!(found.layout, 0);
        let header = found.header;
        let expected = [Some(5), Some(3), Some(2), Some(1), Some(0), Some(4), None, None, None];
        assert_eq!(header.columns, expected);
        assert!(header.missing.is_empty());
        assert_eq!(header.unknown.len(), 2);
        assert_eq!(header.unknown[1].nearest, Some("scheduled_at"));
        assert_eq!(header.unknown[0].nearest, None);
        assert_eq!(header.position(3), Some(1));
    }

    #[test]
    fn the_layout_is_recognised_by_its_required_columns() {
        let mentor = ["session_id", "participant_email", "mentor_email", "scheduled_at"];
        assert_eq!(recognise(&mentor, LAYOUTS).unwrap().layout, 1);
    }

    #[test]
    fn a_missing_or_double_column_is_named() {
        let cells = ["session_id", "participant_email", "volunteer_mail", "scheduled_at"];
        let refusal = recognise(&cells, LAYOUTS).unwrap_err();
        assert_eq!(refusal.code, Code::MissingColumn);
        assert!(refusal.reason.contains("volunteer_email"), "{}", refusal.reason);
        assert!(refusal.reason.contains("\"volunteer_mail\""), "{}", refusal.reason);
        let twice = ["session_id", "participant_email", "tutor email", "Session date", "scheduled_at"];
        let refusal = match_header(&twice, SESSIONS).unwrap_err();
        assert_eq!(refusal.code, Code::DuplicateColumn);
        assert!(refusal.reason.contains("scheduled_at"));
    }

    #[test]
    fn values_are_no_header_and_another_entity_is_another_entity() {
        assert_eq!(code(&["S-1", "anna@example.org", "b@example.org", "2025-03-04"]), Code::MissingHeader);
        assert_eq!(code(&["match_id", "buddy_id", "status"]), Code::WrongEntity);
        assert_eq!(code(&[]), Code::WrongEntity);
    }

    #[test]
    fn a_repeated_header_and_a_totals_row_are_recognised() {
        let header =
            match_header(&["session_id", "participant_email", "volunteer_email", "scheduled_at", ""], SESSIONS)
                .unwrap();
        let mut splitter = Splitter::new(b',');
        let mut is = |text: &str| {
            let cells = splitter.split(text.as_bytes()).unwrap();
            (header.is_repeated_header(&cells), header.is_footer(&cells, SESSIONS))
        };
        assert_eq!(is("Session id,Participant email,volunteer_email,SCHEDULED_AT"), (true, false));
        assert_eq!(is("Session id,Participant email"), (false, false));
        assert_eq!(is("Total,,,120,"), (false, true));
        assert_eq!(is("Total Records: 12"), (false, true));
        assert_eq!(is("# 12 rows"), (false, true));
        assert_eq!(is("Total,a@b.no,c@d.no,2025-01-01"), (false, false));
        assert_eq!(is("Totally,,,"), (false, false));
    }
}
