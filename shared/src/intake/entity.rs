//! An entity is a declarative mapping: which columns a file has, which fields its fact has, what identifies it,
//! who is in it, and which contract event it becomes. A new source is a new [`Entity`], not a new path.

use jiff::Timestamp;
use uuid::Uuid;

use super::{column::Column, field_map::same};
pub use super::{
    fact::{Fact, FieldValue, hex},
    rules::{Contradiction, ended_has_time, in_order, not_the_same_person},
};
use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{Line, TextKind},
};

/// One kind of fact of one source.
#[derive(Debug)]
pub struct Entity {
    /// The source: `kintell`.
    pub source: &'static str,
    /// The entity, which is also the folder files are dropped into: `sessions`.
    pub name: &'static str,
    /// The table the facts are rows of.
    pub table: &'static str,
    /// The table's id column.
    pub id: &'static str,
    /// The shapes files of this entity have.
    pub layouts: &'static [Layout],
    /// The fact's fields, in the order that its content is hashed. Append only.
    pub fields: &'static [Field],
    /// What identifies the fact inside its source.
    pub key: Key,
    /// The part whose company a fact belongs to, where the table says whose it is; no such part in the fact: only a
    /// programme instance's.
    pub company_through: Option<&'static str>,
    /// Whether the table says in `rated_by` who rates in files of the layout, as declared.
    pub rated_by: bool,
    /// The programme whose purpose covers this fact.
    pub programme: fn(&Fact) -> Option<&'static str>,
    /// When the person wrote or rated, for texts: the first of these times that is there.
    pub happened: fn(&Fact) -> Option<Timestamp>,
    /// Rules across fields.
    pub check: fn(&Fact) -> Result<(), Contradiction>,
    /// The contract event the fact becomes; none for facts that only tell about a person.
    pub publish: fn(&Published<'_>, &mut Outbox) -> Result<u64, OutboxError>,
}

/// The columns of one export.
#[derive(Debug)]
pub struct Layout {
    /// The layout's name, in receipts and source profiles.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Columns that feed a field of another name, or several: `date` fills `scheduled_at` and `completed_at`.
    pub feeds: &'static [(&'static str, &'static [&'static str])],
    /// Fields that follow from the layout itself: a mentor file holds mentoring sessions.
    pub constants: &'static [(&'static str, &'static str)],
    /// Words of the export and ours for them: `Language Connect` is `language`.
    pub words: &'static [(&'static str, &'static str)],
}

impl Layout {
    /// The fields a column feeds.
    pub fn fields_of<'l>(&'l self, column: &'l Column) -> &'l [&'static str] {
        let feeds = self.feeds.iter().find(|(from, _)| same(from, column.name));
        feeds.map_or(std::slice::from_ref(&column.name), |(_, to)| to)
    }

    /// The column that feeds a field, as a coordinator knows it.
    pub fn column_of(&self, field: &'static str) -> &'static str {
        let feeds = |column: &&Column| self.fields_of(column).contains(&field);
        self.columns.iter().find(feeds).map_or(field, |column| column.name)
    }
}

/// What identifies a fact inside its source.
///
/// Parts are compared by their value and not by how it is written: a date is its instant in UTC. An e-mail stands in
/// a key by its blind index. A key of several parts begins with a blank, which no identifier does, and says the length
/// of each part, so that no two keys are the same text by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The value of an identifier column, as it is.
    Column(&'static str),
    /// A person's e-mail, by its blind index: an e-mail is never an id in clear.
    Email(&'static str),
    /// Several columns together: `event_id` and `user_id`.
    Columns(&'static [&'static str]),
    /// An identifier column where it has a value, else several columns: the match and the date of a check-in.
    ColumnOr(&'static str, &'static [&'static str]),
}

impl Key {
    /// The columns it may be made of: the ways to make it, best first.
    pub fn ways(&self) -> [&[&'static str]; 2] {
        match self {
            Self::Column(name) | Self::Email(name) => [std::slice::from_ref(name), &[]],
            Self::Columns(names) => [names, &[]],
            Self::ColumnOr(name, names) => [std::slice::from_ref(name), names],
        }
    }
}

impl Entity {
    /// The field that holds this part's person.
    pub fn person_field(&self, part: &str) -> Option<&'static str> {
        self.fields.iter().find(|field| field.kind.part() == Some(part)).map(|field| field.name)
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| same(field.name, name))
    }
}

/// One field of a fact and how it is stored.
#[derive(Debug)]
pub struct Field {
    /// Its name, also of the table's column (texts: with `_text_id` behind).
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
}

/// Another entity of the same source, whose facts are referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its name, which is the folder to drop its file into: `matches`.
    pub entity: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The table's id column.
    pub id: &'static str,
}

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Whom the source profile declares for the layout.
    Declared,
    /// By the column's nature the person of this part: a teacher's comment is the teacher's.
    Part(&'static str),
    /// The side that a word of the record names: `from_role`.
    Side(&'static str),
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A person by e-mail, in this part of the fact: `participant`, `volunteer`. Stored as a profile's id.
    Person(&'static str),
    /// The person whom the record lists: known by the record's key as external id, else by the e-mail in this cell.
    Listed(&'static str),
    /// A person by the id that another entity of the source lists people under.
    PersonById {
        /// The part of the fact.
        part: &'static str,
        /// The entity that lists people: `users`.
        listed_in: &'static str,
    },
    /// The person in a field of the fact that is referred to: the participant of the match. No cell feeds it.
    PersonOf {
        /// The part of the fact.
        part: &'static str,
        /// The [`FieldKind::Ref`] it goes through.
        through: &'static str,
        /// The field there.
        field: &'static str,
    },
    /// A word of the fact that is referred to: what the meeting was for. No cell feeds it.
    WordOf {
        /// The [`FieldKind::Ref`] it goes through.
        through: &'static str,
        /// The field there.
        field: &'static str,
    },
    /// Several people by their ids, `uuid[]`.
    People {
        /// The entity that lists people.
        listed_in: &'static str,
    },
    /// A fact of another entity of the source, by its key. Stored as that fact's id.
    Ref(Target),
    /// The blind index of the listed person's e-mail: a new address is a change.
    Address,
    /// Words somebody wrote, sealed; `subject` is the person part whose key seals them.
    Text {
        /// What screening is told.
        kind: TextKind,
        /// The part of the person whose text it is.
        subject: &'static str,
        /// Who wrote it.
        author: Author,
    },
    /// Something that stays inside and is nobody's words (a link to a certificate): two columns, `<name>_sealed` under
    /// this part's key, and `<name>_digest`.
    Secret(&'static str),
    /// A time, with a column `<name minus _at>_day_only`.
    Time,
    /// A whole number.
    Int,
    /// An exact decimal, `numeric`.
    Decimal,
    /// A word of a closed list.
    Word,
    /// Exact text that is nobody's words: a provider, a course's id, a title.
    Code,
    /// Whole numbers, `integer[]`.
    Ints,
    /// A rating: three columns `<name>`, `<name>_raw`, `<name>_scale`.
    Rating,
    /// Something the source says about the person of this part, sealed in `vault.attributes` and not in the fact's
    /// table.
    Attribute(&'static str),
    /// An attribute that is several columns' values with blanks between: a name of first and last name.
    Joined {
        /// The part of the person.
        part: &'static str,
        /// The columns.
        of: &'static [&'static str],
    },
}

impl FieldKind {
    /// The part whose person the field holds.
    pub const fn part(self) -> Option<&'static str> {
        match self {
            Self::Person(part) | Self::Listed(part) | Self::PersonById { part, .. } | Self::PersonOf { part, .. } => {
                Some(part)
            }
            _ => None,
        }
    }

    /// The part about whose person it says something that is sealed in `vault.attributes`.
    pub const fn attribute_of(self) -> Option<&'static str> {
        match self {
            Self::Attribute(part) | Self::Joined { part, .. } => Some(part),
            _ => None,
        }
    }
}

/// A fact on its way to the bus.
#[derive(Debug)]
pub struct Published<'a> {
    /// The fact's id.
    pub fact_id: Uuid,
    /// Its revision.
    pub revision: i32,
    /// Its fields.
    pub fact: &'a Fact,
    /// Who rates in files of this source and layout, as declared.
    pub rater: Option<&'a str>,
    /// The import that brought it.
    pub import_id: Uuid,
    /// What its events have in common: the import's id for a file, else the request's correlation id.
    pub correlation: &'a str,
    /// The line it stood on; of a delivery the item, counted from 1.
    pub line: Line,
}
