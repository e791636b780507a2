//! What came in: texts to be screened, and files with how they ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::{IMPORT, PARTICIPANT, TEXT, kintell},
    values::{AuthorRole, Entity, ImportOutcome, Line, Revision, SourceCode, TextKind, UndoOutcome},
};

/// Somebody wrote something. The words are sealed in the vault under `textId`; this event is the one trigger of
/// screening. A text is immutable: new words are a new text that supersedes the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("anyOf" = [
    { "required": ["authorId"] },
    { "properties": { "authorRole": { "const": "undeclared" } } }
]))]
pub struct TextReceived {
    /// The text; the subject of the event.
    pub text_id: Uuid,
    /// Whose words they are; may be absent only when the author's role is undeclared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<Uuid>,
    /// The side the author was on, as the source declares it.
    pub author_role: AuthorRole,
    /// The person the text is about, under whose key it is sealed.
    pub subject_id: Uuid,
    /// The text this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// What kind of fact the text was written about.
    pub kind: TextKind,
    /// The system the text came from.
    pub source: SourceCode,
    /// The version of this fact; always 1, because a text is immutable.
    pub revision: Revision,
    /// The import that brought it, if a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

impl Contract for TextReceived {
    const TYPE: &'static str = "intake.text.received.v1";
    const SERVICE: &'static str = "intake";

    fn check(&self) -> Result<(), Violation> {
        if self.author_id.is_none() && self.author_role != AuthorRole::Undeclared {
            return Err(Violation("authorId has to be there when authorRole is declared"));
        }
        if self.supersedes == Some(self.text_id) {
            return Err(Violation("supersedes has to name another text"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            text_id: TEXT,
            author_id: Some(PARTICIPANT),
            author_role: AuthorRole::Participant,
            subject_id: PARTICIPANT,
            supersedes: None,
            kind: TextKind::KintellSession,
            source: kintell(),
            revision: Revision::FIRST,
            import_id: Some(IMPORT),
            line: Line::new(2).ok(),
        }
    }
}

/// What became of a file's records: `records = new + changed + unchanged + duplicate + blank + rejected + suppressed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Counts {
    /// Records in the file.
    pub records: u32,
    /// Facts seen for the first time.
    pub new: u32,
    /// Facts that got a next revision.
    pub changed: u32,
    /// Facts that were known with the same content.
    pub unchanged: u32,
    /// Repeats within the file.
    pub duplicate: u32,
    /// Records without content.
    pub blank: u32,
    /// Records refused with a reason.
    pub rejected: u32,
    /// Records of people who were erased; nothing of them is stored.
    pub suppressed: u32,
}

impl Counts {
    fn check(&self) -> Result<(), Violation> {
        let fates =
            [self.new, self.changed, self.unchanged, self.duplicate, self.blank, self.rejected, self.suppressed];
        if fates.iter().map(|&n| u64::from(n)).sum::<u64>() == u64::from(self.records) {
            Ok(())
        } else {
            Err(Violation("counts have to add up to records"))
        }
    }
}

/// A file was applied: its facts, their events and its receipt are in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportCompleted {
    /// The import; the subject of the event.
    pub import_id: Uuid,
    /// The system the file came from.
    pub source: SourceCode,
    /// What the file held.
    pub entity: Entity,
    /// What became of its records.
    pub counts: Counts,
    /// How the import ended: `loaded`.
    #[schemars(extend("const" = "loaded"))]
    pub outcome: ImportOutcome,
    /// The version of this fact; a second attempt at the same import is the next.
    pub revision: Revision,
}

impl Contract for ImportCompleted {
    const TYPE: &'static str = "intake.import.completed.v1";
    const SERVICE: &'static str = "intake";

    fn check(&self) -> Result<(), Violation> {
        if self.outcome != ImportOutcome::Loaded {
            return Err(Violation("outcome has to be loaded"));
        }
        self.counts.check()
    }

    fn example() -> Self {
        Self {
            import_id: IMPORT,
            source: kintell(),
            entity: Entity::Sessions,
            counts: Counts { records: 12, new: 10, duplicate: 1, rejected: 1, ..Counts::default() },
            outcome: ImportOutcome::Loaded,
            revision: Revision::FIRST,
        }
    }
}

/// A file was refused as a whole; nothing of it was applied. The receipt says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportRefused {
    /// The import; the subject of the event.
    pub import_id: Uuid,
    /// The system whose folder the file was put into.
    pub source: SourceCode,
    /// What the file was to hold; absent when neither its folder nor its header says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity>,
    /// What became of its records, as far as it was read.
    pub counts: Counts,
    /// How the import ended: `refused`.
    #[schemars(extend("const" = "refused"))]
    pub outcome: ImportOutcome,
    /// The version of this fact; a second attempt at the same import is the next.
    pub revision: Revision,
}

impl Contract for ImportRefused {
    const TYPE: &'static str = "intake.import.refused.v1";
    const SERVICE: &'static str = "intake";

    fn check(&self) -> Result<(), Violation> {
        if self.outcome != ImportOutcome::Refused {
            return Err(Violation("outcome has to be refused"));
        }
        self.counts.check()
    }

    fn example() -> Self {
        Self {
            import_id: IMPORT,
            source: kintell(),
            entity: None,
            counts: Counts::default(),
            outcome: ImportOutcome::Refused,
            revision: Revision::FIRST,
        }
    }
}

/// What became of an undone import's records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct UndoCounts {
    /// Facts that have their values from before the import again.
    pub restored: u32,
    /// Facts that the import had brought and that are gone.
    pub removed: u32,
    /// Facts that a later import or a person touched, and that stay.
    pub kept_later_edit: u32,
}

/// An applied file was taken back. The facts it brought or changed say so in events of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportUndone {
    /// The import; the subject of the event.
    pub import_id: Uuid,
    /// The system the file came from.
    pub source: SourceCode,
    /// What the file held.
    pub entity: Entity,
    /// What had become of its records when it was applied.
    pub counts: Counts,
    /// What became of them now.
    pub undo: UndoCounts,
    /// How the import ended: `undone`.
    pub outcome: UndoOutcome,
    /// The version of this fact; above the one of `intake.import.completed`.
    pub revision: Revision,
}

impl Contract for ImportUndone {
    const TYPE: &'static str = "intake.import.undone.v1";
    const SERVICE: &'static str = "intake";

    fn check(&self) -> Result<(), Violation> {
        self.counts.check()
    }

    fn example() -> Self {
        Self {
            import_id: IMPORT,
            source: kintell(),
            entity: Entity::Sessions,
            counts: Counts { records: 12, new: 10, changed: 1, duplicate: 1, ..Counts::default() },
            undo: UndoCounts { restored: 1, removed: 9, kept_later_edit: 1 },
            outcome: UndoOutcome::Undone,
            revision: Revision::FIRST.next(),
        }
    }
}
