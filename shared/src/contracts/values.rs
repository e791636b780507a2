//! The values contract events are made of. Each checks itself when it is made and when it is read, so that an
//! event with a wrong value can neither be written nor taken in. There is no type for what people write here, on purpose.

use std::{borrow::Cow, fmt};

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Classified, Retry};

/// A value that no contract allows. Says which kind of value and what holds for it, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} has to be {rule}")]
pub struct ValueError {
    /// The kind of value, as the contract names it.
    pub what: &'static str,
    /// What holds for every such value.
    pub rule: &'static str,
}

impl Classified for ValueError {
    fn retry(&self) -> Retry {
        Retry::Never
    }
    fn code(&self) -> &'static str {
        "contract_violation"
    }
}

/// A whole number with bounds: the type, its width, its range and what it is.
macro_rules! bounded_integer {
    ($(#[doc = $doc:literal])+ $name:ident, $low:literal..=$high:literal, $rule:literal) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i32);

        impl $name {
            /// Checks the bounds.
            pub fn new(value: impl Into<i64>) -> Result<Self, ValueError> {
                match value.into() {
                    value @ $low..=$high => Ok(Self(value as i32)),
                    _ => Err(ValueError { what: stringify!($name), rule: $rule }),
                }
            }

            /// The number, as Postgres `integer` holds it.
            pub fn get(self) -> i32 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = ValueError;
            fn try_from(value: i64) -> Result<Self, ValueError> {
                Self::new(value)
            }
        }

        impl From<$name> for i64 {
            fn from(value: $name) -> i64 {
                value.0.into()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": $low, "maximum": $high })
            }
        }
    };
}

bounded_integer!(
    /// How long a meeting lasted, in whole minutes.
    DurationMinutes,
    1..=480,
    "a whole number of minutes from 1 to 480"
);
bounded_integer!(
    /// The n-th version of a fact; consumers keep the highest.
    Revision,
    1..=2147483647,
    "a whole number from 1"
);
bounded_integer!(
    /// A physical line of a file, counted from 1 as a text editor does.
    Line,
    1..=2147483647,
    "a whole number from 1"
);

bounded_integer!(
    /// How many of something there are or were: days, meetings, points.
    Amount,
    0..=2147483647,
    "a whole number from 0"
);
bounded_integer!(
    /// One of the United Nations' seventeen Sustainable Development Goals, by its number.
    SdgGoal,
    1..=17,
    "a whole number from 1 to 17"
);

impl Revision {
    /// The first version of a fact.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A rating from 0 to 1, an exact decimal with at most five places: what `numeric(6, 5)` of the store holds, so
/// that event and store never disagree in the last place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rating(Decimal);

impl Rating {
    /// Checks the range and rounds as the store does (half away from zero).
    pub fn new(value: Decimal) -> Result<Self, ValueError> {
        if value < Decimal::ZERO || value > Decimal::ONE {
            return Err(ValueError { what: "rating", rule: "from 0 to 1" });
        }
        Ok(Self(value.round_dp_with_strategy(5, RoundingStrategy::MidpointAwayFromZero).normalize()))
    }

    /// The decimal.
    pub fn get(self) -> Decimal {
        self.0
    }
}

impl Serialize for Rating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rust_decimal::serde::float::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Rating {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(rust_decimal::serde::float::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Rating {
    fn schema_name() -> Cow<'static, str> {
        "Rating".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// A mark or a share out of 100, an exact decimal. At most twelve places, so that its fifteen digits survive being a
/// JSON number: the event says what the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(Decimal);

impl Score {
    /// How many decimal places a score may have.
    pub const PLACES: u32 = 12;

    /// Checks the range and the places; nothing is rounded.
    pub fn new(value: Decimal) -> Result<Self, ValueError> {
        let value = value.normalize();
        if value < Decimal::ZERO || value > Decimal::ONE_HUNDRED || value.scale() > Self::PLACES {
            return Err(ValueError { what: "score", rule: "from 0 to 100 with at most 12 decimal places" });
        }
        Ok(Self(value))
    }

    /// The decimal.
    pub fn get(self) -> Decimal {
        self.0
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rust_decimal::serde::float::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A JSON number has no declared places: what another producer's arithmetic left behind is rounded away.
        let value: Decimal = rust_decimal::serde::float::deserialize(deserializer)?;
        Self::new(value.round_dp(Self::PLACES)).map_err(de::Error::custom)
    }
}

impl JsonSchema for Score {
    fn schema_name() -> Cow<'static, str> {
        "Score".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 100 })
    }
}

/// A short code made of a closed alphabet, so that it cannot carry a name, an address or a sentence.
macro_rules! code {
    ($(#[doc = $doc:literal])+ $name:ident, $what:literal, $pattern:literal, $rule:literal, $check:expr) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the alphabet and the length.
            pub fn new(value: &str) -> Result<Self, ValueError> {
                Self::try_from(value.to_owned())
            }

            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;
            fn try_from(value: String) -> Result<Self, ValueError> {
                let check: fn(&str) -> bool = $check;
                if check(&value) { Ok(Self(value)) } else { Err(ValueError { what: $what, rule: $rule }) }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

code!(
    /// A system people have an id in: `kintell`, `buddy`, `ecornell`, …
    SourceCode,
    "source",
    "^[a-z][a-z0-9_]{1,31}$",
    "2 to 32 lower-case letters, digits or underscores, a letter first",
    |value| {
        (2..=32).contains(&value.len())
            && value.starts_with(|c: char| c.is_ascii_lowercase())
            && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }
);
code!(
    /// What all events, log lines and answers of one cause have in common: a request id, an import id. Made by us
    /// or by the platform; the alphabet leaves no room for an e-mail address or a name with its space.
    CorrelationId,
    "correlationid",
    "^[A-Za-z0-9._:=;-]{1,128}$",
    "1 to 128 letters, digits or . _ : = ; -",
    |value| {
        (1..=128).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:=;-".contains(&b))
    }
);

code!(
    /// An engine by its name: `rules`.
    EngineCode,
    "engine",
    "^[a-z][a-z0-9-]{0,31}$",
    "1 to 32 lower-case letters, digits or hyphens, a letter first",
    |value| {
        (1..=32).contains(&value.len())
            && value.starts_with(|c: char| c.is_ascii_lowercase())
            && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
);
code!(
    /// An engine's version: `1.4.0`, or with the digest of its rules behind a `+`.
    EngineVersion,
    "engineVersion",
    "^[0-9]{1,5}(\\.[0-9]{1,5}){0,3}(\\+[0-9a-f]{1,64})?$",
    "one to four numbers with dots between, and perhaps a digest behind a +",
    |value| {
        let (numbers, digest) = value.split_once('+').map_or((value, None), |(numbers, digest)| (numbers, Some(digest)));
        let parts: Vec<&str> = numbers.split('.').collect();
        (1..=4).contains(&parts.len())
            && parts.iter().all(|part| (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
            && digest.is_none_or(|digest| {
                (1..=64).contains(&digest.len())
                    && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            })
    }
);
code!(
    /// A language by its BCP 47 code: `uk`, `nb-NO`.
    LanguageCode,
    "language",
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$",
    "a BCP 47 code such as uk or nb-NO",
    |value| {
        let mut parts = value.split('-');
        let first = parts.next().unwrap_or_default();
        let further: Vec<&str> = parts.collect();
        (2..=3).contains(&first.len())
            && first.bytes().all(|b| b.is_ascii_lowercase())
            && further.len() <= 3
            && further
                .iter()
                .all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
);
code!(
    /// Who gives a course, exactly as the source spells it: `ecornell`, `itslearning`.
    ProviderCode,
    "provider",
    "^(?!.*[^ @]@[^ @]*\\.)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,255}$",
    "1 to 255 printable characters without an e-mail address",
    printable
);
code!(
    /// A course as its provider numbers it, exactly as the source spells it.
    CourseCode,
    "courseId",
    "^(?!.*[^ @]@[^ @]*\\.)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,255}$",
    "1 to 255 printable characters without an e-mail address",
    printable
);
code!(
    /// What a provider calls a course. The title of a product, not something a person wrote about themselves.
    CourseName,
    "courseName",
    "^(?!.*[^ @]@[^ @]*\\.)[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,255}$",
    "1 to 255 printable characters without an e-mail address",
    printable
);

/// One line of 1 to 255 characters in which no e-mail address stands. The pattern beside it says the same.
fn printable(value: &str) -> bool {
    let unprintable = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}');
    let part_of_address = |c: char| c != ' ' && c != '@';
    let address = value.match_indices('@').any(|(at, _)| {
        let domain = value[at + 1..].split(|c| !part_of_address(c)).next().unwrap_or_default();
        value[..at].ends_with(part_of_address) && domain.contains('.')
    });
    (1..=255).contains(&value.chars().count()) && !value.contains(unprintable) && !address
}

/// A closed list of names. `as_str` is the name as events and the store spell it.
macro_rules! vocabulary {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $variant_doc])+ #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every name of the list, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as events and the store spell it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ValueError;
            fn from_str(text: &str) -> Result<Self, ValueError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(ValueError { what: stringify!($name), rule: concat!("one of", $(" ", $text),+) }),
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": [$($text),+] })
            }
        }
    };
}

mod lists;
pub use lists::*;

#[cfg(test)]
mod tests;
