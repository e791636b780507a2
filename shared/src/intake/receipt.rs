//! The receipt: what a coordinator reads after a drop. In Postgres, in the results bucket and over the API, the
//! same JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{code::Code, fates::Fates};
use crate::contracts::Counts;

/// Rejections shown in the receipt itself; all of them are under `/records`.
const REJECTS_SHOWN: usize = 100;

/// The most bytes of a file's name in the key of a result.
const LONGEST_NAME: usize = 900;

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReceiptOutcome)]
pub enum Outcome {
    /// Applied.
    Loaded,
    /// Nothing of it could be applied; the reason says why.
    Refused,
    /// Nothing in it was new, and an earlier import had these bytes.
    Unchanged,
    /// Held back for a person to decide.
    Planned,
    /// Something outside failed.
    Failed,
    /// Applied, and taken back.
    Undone,
}

impl Outcome {
    /// The name in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Refused => "refused",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }
}

/// The dropped object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReceiptFile)]
pub struct File {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal; null when it was not read to its end.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// How the file is written, as found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DialectFound {
    /// `utf-8`, `utf-16le`, …
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub bom: bool,
    /// `comma`, `semicolon`, `tab`, `pipe`.
    pub delimiter: String,
    /// `lf`, `crlf`, `cr`, `mixed`, `none`.
    pub line_ending: String,
    /// Physical lines above the header.
    pub preamble_lines: u32,
}

/// Which of the file's columns were read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnsFound {
    /// The file's header → our field.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub known: serde_json::Map<String, Value>,
    /// Columns nobody reads; their values stay in the dropped object.
    pub unknown: Vec<Unknown>,
    /// Optional columns the file does not have.
    pub missing: Vec<String>,
}

/// A column nobody reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Unknown {
    /// As it stands in the file.
    pub name: String,
    /// The known column it resembles most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// The facts of the source that cells were read by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactsUsed {
    /// What dates with slashes mean.
    pub date_order: Option<String>,
    /// The decimal sign.
    pub decimal: Option<String>,
    /// The scale of ratings.
    pub rating_scale: Option<String>,
    /// The zone of times that carry none.
    pub zone: Option<String>,
    /// Who wrote the texts.
    pub author: Option<String>,
    /// Who gave the ratings.
    pub rater: Option<String>,
    /// The programme instance the facts belong to.
    pub programme_instance: Option<Uuid>,
    /// Where these come from: `source profile`, or `source profile and the whole column`.
    pub from: String,
}

/// The file's own statement of how many records it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ControlTotal {
    /// `# Total Records: n`.
    pub stated: u64,
    /// Records without blank ones, repeated headers and totals rows.
    pub counted: u64,
}

/// A warning, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Its stable code.
    #[schema(value_type = String)]
    pub code: Code,
    /// How many records it is about; 0 for the file as a whole.
    pub records: u32,
    /// The first of these lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_line: Option<i32>,
    /// What it means, for a warning about the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What the detail says beyond the code, in no language: see [`super::code::Rejection::hint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A rejected record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reject {
    /// Its number in the file, from 1.
    pub record: usize,
    /// Its first physical line.
    pub line: i32,
    /// Its last physical line.
    pub line_end: i32,
    /// The column, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The stable code.
    #[schema(value_type = String)]
    pub code: Code,
    /// One sentence: what, where, what to do. Values in it are masked.
    pub reason: String,
    /// The offending value, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the reason says beyond its code, in no language: see [`super::code::Rejection::hint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Reject {
    /// The rejection in it, for [`super::words::sentence`].
    pub fn rejection(&self) -> super::code::Rejection {
        super::code::Rejection {
            code: self.code,
            column: self.column.clone(),
            reason: self.reason.clone(),
            value: self.value.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// People the file is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeopleFound {
    /// Known before.
    pub known: u32,
    /// Met for the first time.
    pub created: u32,
}

/// What a planned import would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    /// The first hundred records that would make a fact or change one; the counts tell how many there are.
    pub changes: Vec<Change>,
    /// How many people would be created.
    pub people_created: u32,
    /// The first hundred cells of a rejects file that were changed outside the rejected column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_elsewhere: Vec<ChangedCell>,
}

/// What a record would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Its number in the file, from 1.
    pub record: u32,
    /// Its first physical line.
    pub line: u32,
    /// `new`, `changed`, or `unchanged` for an earlier revision that only a commit with `apply_stale` applies.
    pub fate: String,
    /// The fact it would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<Uuid>,
    /// A hash of what identifies the fact in its source, to tell records apart without naming anybody.
    pub key_hash: String,
    /// Field by field.
    pub fields: Vec<FieldChange>,
}

/// What a field would become. Values of texts, of people and of what is said about people are not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Its value now, if it has one that can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its value after, if it has one that can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A cell of a rejects file that was changed outside the rejected column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedCell {
    /// The line it stands on.
    pub line: u32,
    /// Its column.
    pub column: String,
}

/// What taking an import back did. The counts of the receipt stay those of the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Facts that have the values from before the import again.
    pub restored: u32,
    /// Facts that it had brought and that are gone.
    pub removed: u32,
    /// Facts that a later import or a person touched, or that others refer to.
    pub kept_later_edit: u32,
    /// People that it had created, that nothing else refers to, and that are gone.
    pub people_removed: u32,
    /// Contract events written by it.
    pub events: u64,
}

/// A commit or undo that could not be done yet; what the receipt says otherwise still holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CommandFailed {
    /// `commit` or `undo`.
    pub kind: String,
    /// When it was tried.
    pub at: Timestamp,
    /// The stable code.
    pub code: String,
    /// Why, and what happens next.
    pub reason: String,
}

/// The receipt. What every receipt has a place for is null where there is nothing to say; the rest is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The import.
    pub id: Uuid,
    /// The source whose folder the file was in.
    pub source: String,
    /// What it held, if that is known.
    pub entity: Option<String>,
    /// In which shape.
    pub layout: Option<String>,
    /// `done`.
    pub status: String,
    /// How it came in: `csv` for a dropped file, `webhook`, `adapter`, `pull`.
    #[serde(default = "csv")]
    #[schema(example = "csv")]
    pub door: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the same file may do better later without being changed.
    pub retryable: bool,
    /// Why, for anything but `loaded`: a stable code and a sentence.
    #[serde(default)]
    pub reason: Option<String>,
    /// The code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the reason says beyond its code, in no language: see [`super::code::Rejection::hint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The object; none where no file was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// How it is written.
    #[serde(default)]
    pub dialect: Option<DialectFound>,
    /// Its columns.
    #[serde(default)]
    pub columns: Option<ColumnsFound>,
    /// What cells were read by.
    #[serde(default)]
    pub facts_used: Option<FactsUsed>,
    /// Records by fate; they add up.
    pub counts: Counts,
    /// The file's own count, if it states one.
    #[serde(default)]
    pub control_total: Option<ControlTotal>,
    /// Warnings by code.
    pub warnings: Vec<Warning>,
    /// The first hundred rejections.
    pub rejects: Vec<Reject>,
    /// Contract events written.
    pub events: u64,
    /// People by whether they were known.
    pub people: PeopleFound,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Records a second.
    pub rows_per_second: u64,
    /// What the run cost, in US cents: seconds × gigabytes × the price of a gigabyte second.
    pub cents: f64,
    /// The import that had the same bytes first.
    #[serde(default)]
    pub first_import: Option<Uuid>,
    /// The file's name as it was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only a plan was asked for, and this is it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// What a planned import would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planned>,
    /// The plan as a hash, for its commit.
    #[serde(default)]
    pub plan_hash: Option<String>,
    /// A commit was asked for and would have done something else than was planned: this is the new plan.
    #[serde(default, skip_serializing_if = "is_false")]
    pub moved: bool,
    /// Where the rejected records stand in the results bucket, as CSV.
    #[serde(default)]
    pub rejects_key: Option<String>,
    /// The same as a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_xlsx_key: Option<String>,
    /// What is missing of these two and why: `gone` if the dropped object was not there any more, else a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_note: Option<String>,
    /// The import whose rejected records these are, corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_attempt: Option<Uuid>,
    /// What taking it back did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undone>,
    /// A commit or undo that was asked for and could not be done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_failed: Option<CommandFailed>,
}

fn csv() -> String {
    "csv".to_owned()
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Receipt {
    /// Fills in what the fates say.
    pub fn tell_fates(&mut self, fates: &Fates) {
        self.counts = fates.counts();
        self.warnings.extend(fates.warnings().into_iter().map(|(code, (records, line))| Warning {
            code,
            records,
            first_line: Some(line),
            detail: None,
            hint: None,
        }));
        self.rejects = fates
            .rejections()
            .take(REJECTS_SHOWN)
            .map(|(record, line, line_end, rejection)| Reject {
                record,
                line,
                line_end,
                column: rejection.column.clone(),
                code: rejection.code,
                reason: rejection.reason.clone(),
                value: rejection.value.clone(),
                hint: rejection.hint.clone(),
            })
            .collect();
    }

    /// Fills in when it ended, how fast it was and what it cost.
    pub fn tell_time(&mut self, finished_at: Timestamp, memory_mb: u64) {
        // AWS Lambda x86, on demand: 0.0000166667 USD a gigabyte second.
        const CENTS_A_GB_SECOND: f64 = 0.001_666_67;
        let seconds = (finished_at.as_millisecond() - self.started_at.as_millisecond()).max(1) as f64 / 1000.0;
        self.finished_at = finished_at;
        self.rows_per_second = (f64::from(self.counts.records) / seconds) as u64;
        let cents = seconds * (memory_mb as f64 / 1024.0) * CENTS_A_GB_SECOND;
        self.cents = (cents * 1e6).round() / 1e6;
    }

    /// Where the receipt stands in the results bucket: beside no drop, so that it triggers nothing.
    pub fn object_key(&self) -> String {
        self.result_key("receipt.json")
    }

    /// Where a result of the import stands in the results bucket.
    pub fn result_key(&self, file: &str) -> String {
        let key = self.file.as_ref().map_or("", |file| file.key.as_str());
        let name = key.rsplit('/').next().unwrap_or(key);
        // The id tells results apart; S3 refuses keys of more than 1,024 bytes, which a drop's own may have.
        let end = (0..=name.len().min(LONGEST_NAME)).rev().find(|&at| name.is_char_boundary(at)).unwrap_or_default();
        let name = &name[..end];
        format!("{}/{}/{name}/{}/{file}", self.source, self.entity.as_deref().unwrap_or("unknown"), self.id)
    }
}
