//! What a fact holds: typed values, compared and hashed by one text each.

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{entity::Field, facts::RatingScale, field_map::FieldMap};
use crate::vault::Digest;

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
    /// A fact of another entity.
    Ref(Uuid),
    /// An exact decimal.
    Decimal(Decimal),
    /// Whole numbers.
    Ints(Vec<i32>),
    /// Profiles.
    People(Vec<Uuid>),
    /// A digest, and what is sealed.
    Secret(Digest, Vec<u8>),
}

impl FieldValue {
    /// One text a value, the same whenever the value is: what contents are compared and hashed by.
    pub fn canonical(&self) -> String {
        match self {
            Self::Person(id) | Self::Ref(id) => id.to_string(),
            Self::Text(_, digest) | Self::Attribute(digest) | Self::Secret(digest, _) => hex(digest),
            Self::Time(at, day_only) => format!("{at}{}", if *day_only { " day" } else { "" }),
            Self::Int(number) => number.to_string(),
            Self::Word(word) => word.clone(),
            Self::Decimal(number) => number.normalize().to_string(),
            Self::Ints(numbers) => joined(numbers),
            Self::People(ids) => joined(ids),
            Self::Rating(_, raw, scale) => format!("{} of {}", raw.normalize(), scale.as_str()),
        }
    }
}

fn joined<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
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
pub struct Fact(pub FieldMap<FieldValue>);

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
    /// A field that holds another fact.
    pub fn refers_to(&self, field: &str) -> Option<Uuid> {
        match self.get(field) {
            Some(FieldValue::Ref(id)) => Some(*id),
            _ => None,
        }
    }
    /// A field that holds a decimal.
    pub fn decimal(&self, field: &str) -> Option<Decimal> {
        match self.get(field) {
            Some(FieldValue::Decimal(number)) => Some(*number),
            _ => None,
        }
    }
    /// A field that holds whole numbers.
    pub fn ints(&self, field: &str) -> Option<&[i32]> {
        match self.get(field) {
            Some(FieldValue::Ints(numbers)) => Some(numbers),
            _ => None,
        }
    }
    /// A field that holds people.
    pub fn people(&self, field: &str) -> Option<&[Uuid]> {
        match self.get(field) {
            Some(FieldValue::People(ids)) => Some(ids),
            _ => None,
        }
    }

    /// Everybody the fact is about, those of its lists too.
    pub fn persons(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.0
            .values()
            .flat_map(|value| match value {
                FieldValue::Person(id) => std::slice::from_ref(id),
                FieldValue::People(ids) => ids.as_slice(),
                _ => &[],
            })
            .copied()
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
