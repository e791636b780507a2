//! Stable codes of every answer an import gives, and the two shapes that carry them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mask::mask;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// Why a file, a record or a cell was refused, or what a warning is about.
        ///
        /// The text form is part of the API and of every stored receipt: never change one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The stable text of the code, snake_case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }
        }

        impl FromStr for Code {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text { $($text => Ok(Code::$variant),)+ _ => Err(UnknownCode) }
            }
        }
    };
}

codes! {
    /// File: the header lacks a required column.
    MissingColumn = "missing_column",
    /// File: the header names one column twice.
    DuplicateColumn = "duplicate_column",
    /// File: there is no header line.
    MissingHeader = "missing_header",
    /// File: its header belongs to another entity.
    WrongEntity = "wrong_entity",
    /// File: it is something else than a CSV.
    NotCsv = "not_csv",
    /// File: no bytes, or only a byte order mark.
    EmptyFile = "empty_file",
    /// File, record or cell over a limit.
    TooLarge = "too_large",
    /// Record: bytes that are not text in the file's encoding.
    UndecodableBytes = "undecodable_bytes",
    /// Record: a quote where none may be.
    StrayQuote = "stray_quote",
    /// Record: a quote that is never closed.
    UnclosedQuote = "unclosed_quote",
    /// Record: a required column is beyond its last cell.
    TooFewCells = "too_few_cells",
    /// Record: content beyond the header's last column.
    TooManyCells = "too_many_cells",
    /// Record: the header once more.
    RepeatedHeader = "repeated_header",
    /// Record: a totals row.
    FooterRow = "footer_row",
    /// Cell: a required value is empty.
    MissingRequired = "missing_required",
    /// Cell: not a date or time in any known form.
    BadDate = "bad_date",
    /// Cell: a date that reads in two ways, or a time without a zone.
    AmbiguousDate = "ambiguous_date",
    /// Cell: a date or local time that does not exist.
    ImpossibleDate = "impossible_date",
    /// Cell: a value outside the allowed range.
    OutOfRange = "out_of_range",
    /// Cell: not a number, or not a whole one.
    BadNumber = "bad_number",
    /// Cell: a rating whose scale is not known.
    AmbiguousScale = "ambiguous_scale",
    /// Cell: not one e-mail address.
    BadEmail = "bad_email",
    /// Cell: not one of the listed values.
    BadEnum = "bad_enum",
    /// Cell: not a UUID.
    BadUuid = "bad_uuid",
    /// Cell: not JSON, or JSON that says a key twice.
    BadJson = "bad_json",
    /// Cell: not a web address.
    BadUrl = "bad_url",
    /// Cell: more characters than allowed.
    TooLong = "too_long",
    /// Cell: JSON nested too deeply.
    TooDeep = "too_deep",
    /// Cell: holds a NUL character.
    NulByte = "nul_byte",
    /// Record: refers to something never seen.
    OrphanRef = "orphan_ref",
    /// Record or warning: an e-mail and an id point at two people.
    IdentityConflict = "identity_conflict",
    /// Record: an e-mail names several people.
    AmbiguousPerson = "ambiguous_person",
    /// Record: one id, several contents in one file.
    DuplicateConflict = "duplicate_conflict",
    /// Record: completed before it was scheduled.
    CompletedBeforeScheduled = "completed_before_scheduled",
    /// Record: the same person on both sides.
    SelfPair = "self_pair",
    /// Record: ended, but without the time of it. In receipts of before; now `missing_required` at the time's column.
    EndedWithoutTime = "ended_without_time",
    /// Cell: has happened, but lies in the future.
    FutureTimestamp = "future_timestamp",
    /// Warning: the last record has no line ending and lacks cells.
    PossibleTruncation = "possible_truncation",
    /// Warning: the file states another number of records.
    ControlTotalMismatch = "control_total_mismatch",
    /// Warning: an empty cell did not clear a value that came another way.
    KeptOtherSource = "kept_other_source",
    /// Warning: a person's data may not be used for this programme; nothing of the record is stored.
    NoPurpose = "no_purpose",
    /// Warning: an earlier revision came again.
    StaleRevision = "stale_revision",
    /// Warning: a column nobody reads.
    UnknownColumn = "unknown_column",
    /// Warning: who wrote the texts is not declared.
    UndeclaredAuthor = "undeclared_author",
    /// Warning: a NUL character was taken out of a text (doors that cannot reject).
    NulRemoved = "nul_removed",
    /// Warning: a date without a time of day.
    PrecisionDay = "precision_day",
    /// Warning: the file names an announced upload that is not waiting for it.
    NotTheUpload = "not_the_upload",
    /// Warning: a quoted cell holds lines that look like records of this file.
    RecordsInsideCell = "records_inside_cell",
    /// Warning: a workbook has more sheets than the one that was read.
    OtherSheets = "other_sheets",
    /// Warning: the file these rejects came from is not there to compare with.
    FirstAttemptGone = "first_attempt_gone",
    /// Warning: rejected records of the first attempt are not in this file.
    RejectsLeftOut = "rejects_left_out",
}

/// The text is no known [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known import code")]
pub struct UnknownCode;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why one record was rejected. Safe to store and to show: values appear masked only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// The column, by its name in our tables; none for a fault of the whole record.
    pub column: Option<String>,
    /// One sentence a coordinator understands: what, where, what to do. In English; [`super::words::sentence`] says
    /// it in other languages.
    pub reason: String,
    /// The offending value, masked; none where the whole record is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the reason says beyond its code, without words of a language: the allowed words, a limit, a file's name,
    /// or one of the tokens that [`super::words`] lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Rejection {
    /// A rejection of a whole record.
    pub fn record(code: Code, reason: impl Into<String>) -> Self {
        Self { code, column: None, reason: reason.into(), value: None, hint: None }
    }

    /// A rejection of one cell: `<column> "<masked value>" <what is wrong and what to do>.`
    pub fn cell(code: Code, column: &str, raw: &str, what: impl fmt::Display) -> Self {
        let value = mask(raw);
        Self::record(code, format!("{column} \"{value}\" {what}.")).at(column).valued(value)
    }

    /// The same about a column.
    #[must_use]
    pub fn at(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// The same with its detail; see [`Rejection::hint`].
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn valued(mut self, masked: String) -> Self {
        self.value = Some(masked);
        self
    }
}

/// Why a whole file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// One sentence a coordinator understands: what it looks like and what to do. In English;
    /// [`super::words::answer`] says it in other languages.
    pub reason: String,
    /// As [`Rejection::hint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), hint: None }
    }

    /// The same with its detail.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_text_and_is_snake_case() {
        for &code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
        }
    }

    #[test]
    fn a_rejection_never_shows_the_value_in_clear() {
        let it = Rejection::cell(Code::BadEmail, "email", "anna@@example.org", "is no address");
        assert_eq!(it.reason, "email \"x***@x***\" is no address.");
        assert_eq!(it.value.as_deref(), Some("x***@x***"));
    }

    #[test]
    fn a_stored_rejection_of_before_is_read_and_a_new_one_says_only_what_it_has() {
        let old: Rejection = serde_json::from_str(r#"{"code":"bad_date","column":"date","reason":"x."}"#).unwrap();
        assert_eq!((old.value, old.hint), (None, None));
        let json = serde_json::to_string(&Rejection::record(Code::SelfPair, "x.")).unwrap();
        assert_eq!(json, r#"{"code":"self_pair","column":null,"reason":"x."}"#);
    }
}
