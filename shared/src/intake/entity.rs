//! An entity is a declarative mapping: which columns a file has, which fields its fact has, what identifies it,
//! who is in it, and which contract event it becomes. A new source is a new [`Entity`], not a new path.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    code::{Code, Rejection},
    column::Column,
    facts::RatingScale,
};
use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{Line, TextKind},
    vault::Digest,
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
    /// The [`FieldKind::Person`] part whose company a fact belongs to, where the table says it.
    pub company_through: Option<&'static str>,
    /// The programme whose purpose covers this fact.
    pub programme: fn(&Fact) -> Option<&'static str>,
    /// When the person wrote or rated, for texts: the first of these times that is there.
    pub happened: fn(&Fact) -> Option<Timestamp>,
    /// Rules across fields.
    pub check: fn(&Fact) -> Result<(), Rejection>,
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
    pub fn fields_of(&self, column: &'static str) -> Vec<&'static str> {
        self.feeds.iter().find(|(from, _)| *from == column).map_or_else(|| vec![column], |(_, to)| to.to_vec())
    }
}

/// What identifies a fact inside its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The value of an identifier column, as it is.
    Column(&'static str),
    /// A person's e-mail, by its blind index: an e-mail is never an id in clear.
    Email(&'static str),
}

impl Entity {
    /// The field that holds this part's person.
    pub fn person_field(&self, part: &str) -> Option<&'static str> {
        self.fields.iter().find(|field| matches!(field.kind, FieldKind::Person(p) if p == part)).map(|field| field.name)
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
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

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A person by e-mail, in this part of the fact: `participant`, `volunteer`. Stored as a profile's id.
    Person(&'static str),
    /// Words somebody wrote, sealed; `subject` is the person part whose key seals them.
    Text {
        /// What screening is told.
        kind: TextKind,
        /// The [`FieldKind::Person`] part the text belongs to.
        subject: &'static str,
    },
    /// A time, with a column `<name minus _at>_day_only`.
    Time,
    /// A whole number.
    Int,
    /// A word of a closed list.
    Word,
    /// A rating: three columns `<name>`, `<name>_raw`, `<name>_scale`.
    Rating,
    /// Something the source says about the person, sealed in `vault.attributes` and not in the fact's table.
    Attribute(&'static str),
}

/// A fact's value, typed and free of personal data: people and texts are ids and digests.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// A profile.
    Person(Uuid),
    /// A text: its id, and the digest that tells whether the words are the same.
    Text(Uuid, Digest),
    /// A time, and whether the source gave a date only.
    Time(Timestamp, bool),
    /// A whole number.
    Int(i32),
    /// A word of a closed list.
    Word(String),
    /// A rating from 0 to 1, as given, and its scale.
    Rating(Decimal, Decimal, RatingScale),
    /// The digest of something in `vault.attributes`.
    Attribute(Digest),
}

impl FieldValue {
    /// One text a value, the same whenever the value is: what contents are compared and hashed by.
    pub fn canonical(&self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Text(_, digest) | Self::Attribute(digest) => hex(digest),
            Self::Time(at, day_only) => format!("{at}{}", if *day_only { " day" } else { "" }),
            Self::Int(number) => number.to_string(),
            Self::Word(word) => word.clone(),
            Self::Rating(_, raw, scale) => format!("{} of {}", raw.normalize(), scale.as_str()),
        }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The fields of one fact that have a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fact(pub BTreeMap<&'static str, FieldValue>);

impl Fact {
    /// A field's value.
    pub fn get(&self, field: &str) -> Option<&FieldValue> {
        self.0.get(field)
    }
    /// A field that holds a person.
    pub fn person(&self, field: &str) -> Option<Uuid> {
        match self.get(field) {
            Some(FieldValue::Person(id)) => Some(*id),
            _ => None,
        }
    }
    /// A field that holds a text.
    pub fn text(&self, field: &str) -> Option<Uuid> {
        match self.get(field) {
            Some(FieldValue::Text(id, _)) => Some(*id),
            _ => None,
        }
    }
    /// A field that holds a time.
    pub fn time(&self, field: &str) -> Option<Timestamp> {
        match self.get(field) {
            Some(FieldValue::Time(at, _)) => Some(*at),
            _ => None,
        }
    }
    /// A field that holds a whole number.
    pub fn int(&self, field: &str) -> Option<i32> {
        match self.get(field) {
            Some(FieldValue::Int(number)) => Some(*number),
            _ => None,
        }
    }
    /// A field that holds a word.
    pub fn word(&self, field: &str) -> Option<&str> {
        match self.get(field) {
            Some(FieldValue::Word(word)) => Some(word),
            _ => None,
        }
    }
    /// A field that holds a rating.
    pub fn rating(&self, field: &str) -> Option<(Decimal, RatingScale)> {
        match self.get(field) {
            Some(FieldValue::Rating(value, _, scale)) => Some((*value, *scale)),
            _ => None,
        }
    }

    /// SHA-256 over `name=value` of every field that has one, in the order of the entity's fields.
    pub fn content_hash(&self, fields: &[Field]) -> [u8; 32] {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for field in fields {
            if let Some(value) = self.get(field.name) {
                let value = value.canonical();
                context.update(field.name.as_bytes());
                context.update(&(value.len() as u64).to_be_bytes());
                context.update(value.as_bytes());
            }
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        hash
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
    /// The line it stood on.
    pub line: Line,
}

/// The same person cannot be on both sides.
pub fn not_the_same_person(fact: &Fact, one: &'static str, other: &'static str) -> Result<(), Rejection> {
    match (fact.person(one), fact.person(other)) {
        (Some(a), Some(b)) if a == b => Err(Rejection::record(
            Code::SelfPair,
            format!("{one} and {other} are the same person; correct one of the two addresses."),
        )
        .hinted(format!("{one}, {other}"))),
        _ => Ok(()),
    }
}

/// What ends cannot end before it began.
pub fn in_order(fact: &Fact, first: &'static str, then: &'static str) -> Result<(), Rejection> {
    match (fact.time(first), fact.time(then)) {
        (Some(a), Some(b)) if b < a => {
            let reason = format!("{then} ({b}) is before {first} ({a}); correct one of the two.");
            let rejection = Rejection::record(Code::CompletedBeforeScheduled, reason);
            Err(rejection.at(then).hinted(first))
        }
        _ => Ok(()),
    }
}
