//! English.

use super::{Code, Words};

pub(super) const WORDS: Words = Words {
    code,
    other,
    cells: ["{column} \"{value}\"", "The value in {column}", "A value"],
    labels: &[
        ("records", "Records"),
        ("new", "New"),
        ("changed", "Changed"),
        ("unchanged", "Unchanged"),
        ("duplicate", "Duplicates"),
        ("blank", "Blank"),
        ("rejected", "Rejected"),
        ("suppressed", "Suppressed"),
        ("restored", "Restored"),
        ("removed", "Removed"),
        ("kept_later_edit", "Kept, edited later"),
        ("loaded", "Loaded"),
        ("refused", "Refused"),
        ("planned", "Waiting for your decision"),
        ("failed", "Failed"),
        ("undone", "Undone"),
        ("waiting_upload", "Waiting for the file"),
        ("queued", "In the queue"),
        ("running", "Running"),
        ("done", "Done"),
    ],
    lines: ["line {1}", "lines {1}–{2}"],
    records: "records: {1}, the first on line {2}",
    goes_on: "(goes on from line {1})",
};

const ENDED: &str = "It has ended, but the time of it is missing[ ({column})]; fill it in.";

fn code(code: Code, hint: &str) -> &'static str {
    match (code, hint) {
        (Code::MissingColumn, _) => "A required column is not in the header[: {hint}]; export it too, or name it so.",
        (Code::DuplicateColumn, _) => "The header names a column twice[: {hint}]; remove or rename one of them.",
        (Code::MissingHeader, _) => "The file has no header line with the columns' names; export it with headers.",
        (Code::WrongEntity, hint) if hint.ends_with('/') => {
            "The file's folder is none that is read; put it into one of these and drop it again: {hint}."
        }
        (Code::WrongEntity, _) => {
            "This is another kind of export than its folder is for[; it looks like {hint}]; drop it where it belongs."
        }
        (Code::NotCsv | Code::EmptyFile, _) => not_csv(hint, code),
        (Code::TooLarge, "header") => {
            "The header line does not end within the first 256 KB; export fewer columns, or check its quotes."
        }
        (Code::TooLarge, "columns") => "The header has more than 3,000 columns; export fewer columns.",
        (Code::TooLarge, "2 GB") => "The file is larger than 2 GB; export fewer months at a time and drop the parts.",
        (Code::TooLarge, "5 000 000") => {
            "The file has more than 5,000,000 records; export fewer months at a time and drop the parts."
        }
        (Code::TooLarge, "lines") => "The file has too many lines; export fewer months at a time and drop the parts.",
        (Code::TooLarge, "internal") => {
            "This record was read and not decided, which is our fault; report it, and drop the file again."
        }
        (Code::TooLarge, _) => {
            "The record is too large[ in {column}]; a cell may have 2 MB, a record 8 MB and 3,000 cells; shorten it."
        }
        (Code::UndecodableBytes, _) => {
            "There are bytes[ in {column}] that are no text in the file's encoding; export the file again as \"CSV UTF-8\"."
        }
        (Code::StrayQuote, _) => {
            "There is a quote[ in {column}] where none may be[ (lines {hint} were left out with it)]; write the text in quotes and every quote inside it twice."
        }
        (Code::UnclosedQuote, _) => {
            "A quote[ in {column}] is never closed[ (lines {hint} were left out with it)]; close it, or write it twice."
        }
        (Code::TooFewCells, _) => {
            "The record has too few cells[ ({1} of {2})], and a required column is missing[: {column}]; complete it."
        }
        (Code::TooManyCells, _) => {
            "The record has more cells with content than the header[ ({1} instead of {2})]; a text that holds the delimiter must stand in quotes."
        }
        (Code::RepeatedHeader, _) => {
            "This row is the header again; nothing is lost, remove it if you drop the file again."
        }
        (Code::FooterRow, _) => "This row is a total or a closing remark, not a record; nothing is lost.",
        (Code::MissingRequired, hint) if !hint.is_empty() => ENDED,
        (Code::EndedWithoutTime, _) => ENDED,
        (Code::MissingRequired, _) => "A value that every record needs is empty[: {column}]; fill it in.",
        (Code::BadDate, "short_year") => "{cell} has a year of two digits; write the year with four.",
        (Code::BadDate, "fraction") => {
            "{cell} is finer than a millionth of a second; write fewer decimals of the second."
        }
        (Code::BadDate, _) => "{cell} is not a date we can read; write it like 2025-12-31 or 31.12.2025.",
        (Code::AmbiguousDate, "zone") => {
            "{cell} has no time zone, and none is declared for the source; write the offset, or declare the zone."
        }
        (Code::AmbiguousDate, "twice") => {
            "{cell} was on the clock twice, since the clock was set back that night; write it with its offset."
        }
        (Code::AmbiguousDate, _) => {
            "{cell} may be day first or month first; write it like 2025-12-31, or declare the order for this source."
        }
        (Code::ImpossibleDate, "day_first") => {
            "{cell} does not exist in the calendar or on the clock (dates of this source are day first); correct it."
        }
        (Code::ImpossibleDate, "month_first") => {
            "{cell} does not exist in the calendar or on the clock (dates of this source are month first); correct it."
        }
        (Code::ImpossibleDate, _) => "{cell} does not exist in the calendar or on the clock; correct it.",
        (Code::OutOfRange, _) => "{cell} is outside what is allowed[ ({hint})]; correct it.",
        (Code::BadNumber, "comma") => {
            "{cell} has a comma, and nothing says that it is a decimal comma; write a point, or declare the comma."
        }
        (Code::BadNumber, "whole") => "{cell} is not a whole number; write it without decimals.",
        (Code::BadNumber, "digits") => "{cell} has more decimals than can be kept; write fewer.",
        (Code::BadNumber, "thousands") => {
            "{cell} may be a thousand or a number with decimals; write it without a thousands separator, with a comma for decimals."
        }
        (Code::BadNumber, _) => "{cell} is not a number; write digits only, with a point for decimals.",
        (Code::AmbiguousScale, _) => {
            "{cell} may be on a scale of 1 to 5 or of 0 to 1; declare the scale for this source."
        }
        (Code::BadEmail, "several") => "{cell} has more than one @; write exactly one address.",
        (Code::BadEmail, "character") => {
            "{cell} holds a space, a bracket, a separator or an invisible character; write one plain address."
        }
        (Code::BadEmail, "length") => "{cell} is too short or too long for an e-mail address; check it.",
        (Code::BadEmail, "domain") => "{cell} has no proper domain behind the @; write one like name@example.org.",
        (Code::BadEmail, "id") => "{cell} looks like an e-mail address; use the record's own id.",
        (Code::BadEmail, _) => "{cell} is not an e-mail address; write one like name@example.org.",
        (Code::BadEnum, _) => "{cell} is none of the allowed words[: {hint}]; write one of them.",
        (Code::BadUuid, _) => "{cell} is not a UUID; export the id unchanged.",
        (Code::BadJson, "duplicate_key") => "{cell} says a key twice in one object; keep one of them.",
        (Code::BadJson, _) => "{cell} is not the JSON that belongs there[ (character {hint})]; export it unchanged.",
        (Code::BadUrl, _) => "{cell} is not a web address; write it in full, beginning with https://.",
        (Code::TooLong, _) => "{cell} is longer than allowed[ ({hint} characters)]; shorten it.",
        (Code::TooDeep, _) => "{cell} is nested too deeply[ (more than {hint} levels)]; make it flatter.",
        (Code::NulByte, _) => "{cell} holds a NUL character; remove it and export again.",
        (Code::OrphanRef, _) => {
            "{cell} refers to something that was never imported; drop[ the file {hint}] first and then the rejects again."
        }
        (Code::IdentityConflict, _) => {
            "The e-mail and the id point at two people[ ({column})]; nobody was joined: look at the suggestion."
        }
        (Code::AmbiguousPerson, _) => {
            "The address[ in {column}] belongs to several people; decide the suggestion, then drop the rejects again."
        }
        (Code::DuplicateConflict, _) => {
            "This id stands in the file more than once with different contents; keep the right record and remove the others."
        }
        (Code::CompletedBeforeScheduled, _) => {
            "The end[ ({column})] is before the beginning[ ({hint})]; correct one of the two."
        }
        (Code::SelfPair, _) => "The same person is on both sides[ ({hint})]; correct one of the two.",
        (Code::FutureTimestamp, _) => {
            "{cell} lies in the future, but is about something that has happened; check the date."
        }
        (Code::PossibleTruncation, _) => {
            "The last record has no line ending and lacks cells: the file may have been cut off; compare it with the export."
        }
        (Code::ControlTotalMismatch, _) => {
            "The file states another number of records than were counted[: {1} stated, {2} counted]; compare it with the export."
        }
        (Code::KeptOtherSource, _) => "An empty cell did not clear a value that came another way; it was kept.",
        (Code::NoPurpose, _) => "A person's data may not be used for this programme; nothing of the record was stored.",
        (Code::StaleRevision, _) => "An earlier content of a record came again; it was not applied.",
        (Code::UnknownColumn, _) => "A column is not read[: {hint}]; its values stay in the dropped file.",
        (Code::UndeclaredAuthor, _) => "Who wrote the texts is not declared for this source; declare it.",
        (Code::NulRemoved, _) => "A NUL character was taken out of a text; the rest of it was kept.",
        (Code::PrecisionDay, _) => "A date came without a time of day; only the day is known.",
        (Code::NotTheUpload, _) => {
            "The upload this file was announced with is not waiting any more; the file was imported on its own."
        }
        (Code::RecordsInsideCell, _) => {
            "A quoted cell holds lines that look like records; check that a quote is not in the wrong place."
        }
        (Code::OtherSheets, _) => {
            "Only the first sheet of the workbook was read; drop the others as files of their own."
        }
        (Code::FirstAttemptGone, _) => {
            "The file these rejects came from is not there any more; that no other cell was changed could not be checked."
        }
        (Code::RejectsLeftOut, _) => {
            "Rejected records of the first attempt are not in this file; drop them, too, if they are to be loaded."
        }
    }
}

fn not_csv(hint: &str, code: Code) -> &'static str {
    match hint {
        "workbook" => {
            "This looks like an Excel workbook that cannot be read; save its first sheet as \"CSV UTF-8\" and drop that."
        }
        "zip" => "This looks like a zip archive; unpack it and drop the CSV inside.",
        "xls" => {
            "This looks like a workbook of an old Excel (.xls); save it as \"CSV UTF-8\" or as .xlsx and drop that."
        }
        "gzip" => "This looks like a gzip archive; unpack it and drop the CSV inside.",
        "pdf" => "This looks like a PDF; drop the CSV export instead.",
        "html" => {
            "This looks like a web page, perhaps an error or login page; sign in to the system again and repeat the export."
        }
        "xml" => "This looks like XML; choose CSV when you export.",
        "json" => "This looks like JSON; choose CSV when you export.",
        "picture" => "This looks like a picture; drop the CSV export.",
        "blank" => "The file holds no text, not even a header; export it again.",
        _ if code == Code::EmptyFile => "The file is empty or not there any more; export it and drop it again.",
        _ => "This is no text in any encoding we know; export the file again as \"CSV UTF-8\".",
    }
}

fn other(code: &str) -> &'static str {
    match code {
        "brake" => {
            "An unusual share of the file would change or is rejected; nothing was applied: look at it and decide."
        }
        "dry_run" => "This was a dry run; nothing was applied: look at the plan and decide.",
        "moved" => {
            "What the file would do has changed since the plan you saw; nothing was applied: look at the new plan."
        }
        "changed_elsewhere" => {
            "Cells were changed outside the rejected column; nothing was applied: look at them and say yes if it was meant."
        }
        "stale_revision" => "A newer version of this file was imported before; this one came late and was not applied.",
        "object_gone" => "The dropped file is not there any more; drop it again.",
        "too_many_rejections" => {
            "More than 100,000 records are rejected; look at the first of them: the file is not what its header says."
        }
        "time_limit" => "The time limit was near; nothing of the file was applied, and it is tried again by itself.",
        "database_unavailable" | "bucket_unavailable" | "key_service_unavailable" => {
            "A service we need was not there; nothing of the file was applied, and it is tried again by itself."
        }
        _ => "Something went wrong on our side; nothing of the file was applied. If it stays so, report it.",
    }
}
