//! What a fact holds: typed values, compared and hashed by one text each.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
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
        let mut text = String::new();
        self.write_canonical(&mut text);
        text
    }

    /// [`FieldValue::canonical`] at the end of a text: a large file has millions of values.
    pub fn write_canonical(&self, text: &mut String) {
        // Writing into a text does not fail.
        let _ = match self {
            Self::Person(id) | Self::Ref(id) => {
                text.push_str(id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
                Ok(())
            }
            Self::Text(_, digest) | Self::Attribute(digest) | Self::Secret(digest, _) => {
                push_hex(text, digest);
                Ok(())
            }
            Self::Time(at, day_only) => write!(text, "{at}{}", if *day_only { " day" } else { "" }),
            Self::Int(number) => write!(text, "{number}"),
            Self::Word(word) => text.write_str(word),
            Self::Decimal(number) => write!(text, "{}", number.normalize()),
            Self::Ints(numbers) => write_joined(text, numbers),
            Self::People(ids) => write_joined(text, ids),
            Self::Rating(_, raw, scale) => write!(text, "{} of {}", raw.normalize(), scale.as_str()),
        };
    }
}

fn write_joined<T: std::fmt::Display>(text: &mut String, items: &[T]) -> std::fmt::Result {
    for (at, item) in items.iter().enumerate() {
        write!(text, "{}{item}", if at == 0 { "" } else { "," })?;
    }
    Ok(())
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    text.reserve(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    push_hex(&mut text, bytes);
    text
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
        let (mut bytes, mut value) = (Vec::with_capacity(512), String::with_capacity(64));
        for field in fields {
            if let Some(held) = self.get(field.name) {
                value.clear();
                held.write_canonical(&mut value);
                bytes.extend_from_slice(field.name.as_bytes());
                bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
                bytes.extend_from_slice(value.as_bytes());
            }
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        hash
    }
}
