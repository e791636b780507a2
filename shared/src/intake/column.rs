//! What a column is: its name, its aliases, its class and how its cells are read.
//!
//! A mapping table is a constant that reads like a table:
//! ```
//! use shared::intake::column::Column;
//! const LAYOUT: &[Column] = &[
//!     Column::id("session_id").required(),
//!     Column::email("participant_email").required().aliases(&["Participant e-mail"]),
//!     Column::timestamp("scheduled_at").required().future_ok().aliases(&["Session date"]),
//!     Column::duration("duration_minutes").aliases(&["Duration (min)"]),
//! ];
//! assert!(LAYOUT[0].required);
//! ```

/// What may be done with a column's values: where they are stored and who may see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Identifiers of the source.
    Id,
    /// Says who somebody is: vault only.
    Person,
    /// Numbers, times, links.
    Value,
    /// One of a fixed list.
    Enum,
    /// People write in it: sealed and screened.
    Text,
    /// JSON that may hold what people wrote: sealed and screened.
    JsonText,
}

/// How a cell is read; see [`super::cell::read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Exact text after trimming, at most 255 characters.
    Identifier,
    /// A hyphenated UUID.
    Uuid,
    /// One e-mail address.
    Email,
    /// 1–100 characters, as given.
    Name,
    /// At most 5,000 characters, as given.
    Text,
    /// JSON of at most 2,000 characters, kept as given.
    JsonText,
    /// JSON that people filled in: at most 5,000 characters, kept as given.
    LongJsonText,
    /// A point in time or a date.
    Timestamp {
        /// It may not have happened yet.
        future_ok: bool,
    },
    /// Whole minutes, 1–480.
    Duration,
    /// A rating on the scale of the source.
    Rating,
    /// 0–100, exact.
    Score,
    /// A1–C2.
    Cefr,
    /// One of these, whatever the case of its letters.
    OneOf(&'static [&'static str]),
    /// A whole number from `min` to `max`.
    Integer {
        /// The least allowed.
        min: i64,
        /// The greatest allowed.
        max: i64,
    },
    /// An http or https address.
    Url,
    /// A JSON list of texts, at most 5,000 characters.
    JsonList,
    /// The id of a person or a record elsewhere in the source: exact text, a UUID in its one spelling.
    Reference,
    /// Several of these, as a JSON list or between commas, semicolons or bars.
    References,
    /// The name of a thing (a course, an event): exact text after trimming, at most 255 characters.
    Label,
    /// An exact decimal from `min` to `max`.
    Decimal {
        /// The least allowed.
        min: i64,
        /// The greatest allowed.
        max: i64,
    },
    /// Whole numbers from `min` to `max`, as a JSON list or between commas, semicolons or bars.
    Integers {
        /// The least allowed.
        min: i64,
        /// The greatest allowed.
        max: i64,
    },
}

/// One column of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Our name, as in the receipt and in webhook bodies.
    pub name: &'static str,
    /// Other names it has in exports; folded like the header before comparison.
    pub aliases: &'static [&'static str],
    /// What may be done with its values.
    pub class: Class,
    /// How a cell is read.
    pub kind: Kind,
    /// A file without it is refused; a record without a value in it is rejected.
    pub required: bool,
    /// Of a required column: a record may have no value in it all the same.
    pub blank_ok: bool,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $function:ident => $class:ident, $kind:expr;)+) => {
        $($(#[$doc])* pub const fn $function(name: &'static str) -> Self {
            Self::new(name, Class::$class, $kind)
        })+
    };
}

impl Column {
    /// An optional column without aliases.
    pub const fn new(name: &'static str, class: Class, kind: Kind) -> Self {
        Self { name, aliases: &[], class, kind, required: false, blank_ok: false }
    }

    constructors! {
        /// An identifier of the source.
        id => Id, Kind::Identifier;
        /// An identifier that is a UUID.
        uuid => Id, Kind::Uuid;
        /// An e-mail address.
        email => Person, Kind::Email;
        /// A person's name.
        name => Person, Kind::Name;
        /// Free text.
        text => Text, Kind::Text;
        /// JSON that may hold free text.
        json_text => JsonText, Kind::JsonText;
        /// JSON that people filled in: longer than metadata may be.
        long_json_text => JsonText, Kind::LongJsonText;
        /// A JSON list of texts.
        json_list => JsonText, Kind::JsonList;
        /// Something that has happened; `.future_ok()` if it may be still to come.
        timestamp => Value, Kind::Timestamp { future_ok: false };
        /// Whole minutes.
        duration => Value, Kind::Duration;
        /// A rating.
        rating => Value, Kind::Rating;
        /// A score of 0–100.
        score => Value, Kind::Score;
        /// A CEFR language level.
        cefr => Enum, Kind::Cefr;
        /// A web address.
        url => Value, Kind::Url;
        /// The id of a person or a record elsewhere in the source.
        reference => Id, Kind::Reference;
        /// Several ids of people.
        references => Id, Kind::References;
        /// The name of a thing.
        label => Value, Kind::Label;
    }

    /// One of a fixed list, written as it is stored.
    pub const fn one_of(name: &'static str, values: &'static [&'static str]) -> Self {
        Self::new(name, Class::Enum, Kind::OneOf(values))
    }

    /// A whole number from `min` to `max`.
    pub const fn integer(name: &'static str, min: i64, max: i64) -> Self {
        Self::new(name, Class::Value, Kind::Integer { min, max })
    }

    /// An exact decimal from `min` to `max`.
    pub const fn decimal(name: &'static str, min: i64, max: i64) -> Self {
        Self::new(name, Class::Value, Kind::Decimal { min, max })
    }

    /// Whole numbers from `min` to `max`.
    pub const fn integers(name: &'static str, min: i64, max: i64) -> Self {
        Self::new(name, Class::Value, Kind::Integers { min, max })
    }

    /// The column must be there, but a record may have no value in it: an id that other columns can stand in for.
    pub const fn required_or_blank(mut self) -> Self {
        self.required = true;
        self.blank_ok = true;
        self
    }

    /// Whether a record without a value in it is rejected.
    pub const fn needs_value(&self) -> bool {
        self.required && !self.blank_ok
    }

    /// The column must be there and have a value in every record.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A time in it may lie in the future. No effect on other kinds.
    pub const fn future_ok(mut self) -> Self {
        if let Kind::Timestamp { .. } = self.kind {
            self.kind = Kind::Timestamp { future_ok: true };
        }
        self
    }

    /// Other names of the column.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Another class than the kind suggests: a profile link is a [`Class::Person`].
    pub const fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }
}
