//! The values contract events are made of. Each checks itself when it is made and when it is read, so that an
//! event with a wrong value can neither be written nor taken in. There is no free-text type here on purpose.

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

/// A short code made of a closed alphabet, so that it cannot carry a name, an address or a sentence.
macro_rules! code {
    ($(#[doc = $doc:literal])+ $name:ident, $what:literal, $pattern:literal, $rule:literal, $check:expr) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the alphabet and the length.
            pub fn new(value: &str) -> Result<Self, ValueError> {
                let check: fn(&str) -> bool = $check;
                if check(value) { Ok(Self(value.to_owned())) } else { Err(ValueError { what: $what, rule: $rule }) }
            }

            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;
            fn try_from(value: String) -> Result<Self, ValueError> {
                Self::new(&value)
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

vocabulary!(
    /// What a Kintell meeting is for.
    SessionType {
        /// Language practice ("Language Connect").
        Language = "language",
        /// Career mentoring ("Mentorship").
        Mentorship = "mentorship",
    }
);
vocabulary!(
    /// A level of the Common European Framework of Reference for languages, lowest first.
    Cefr {
        /// Breakthrough.
        A1 = "A1",
        /// Waystage.
        A2 = "A2",
        /// Threshold.
        B1 = "B1",
        /// Vantage.
        B2 = "B2",
        /// Advanced.
        C1 = "C1",
        /// Mastery.
        C2 = "C2",
    }
);
vocabulary!(
    /// The scale a rating was given on, before it became 0 to 1.
    RatingScale {
        /// One to five; stored as (r − 1) / 4.
        OneToFive = "1-5",
        /// Zero to one; stored as it is.
        ZeroToOne = "0-1",
    }
);
vocabulary!(
    /// Which side of a meeting gave the rating.
    Rater {
        /// The newcomer.
        Participant = "participant",
        /// The volunteer or mentor.
        Volunteer = "volunteer",
    }
);
vocabulary!(
    /// Who wrote a text, as the source declares it.
    AuthorRole {
        /// The newcomer.
        Participant = "participant",
        /// A Kintell volunteer or mentor.
        Volunteer = "volunteer",
        /// A local buddy.
        Buddy = "buddy",
        /// The source does not say: screened, never scored.
        Undeclared = "undeclared",
    }
);
vocabulary!(
    /// What a text was written about.
    TextKind {
        /// A Kintell meeting.
        KintellSession = "kintell_session",
        /// A buddy check-in.
        BuddyCheckin = "buddy_checkin",
        /// Feedback on a buddy match.
        BuddyFeedback = "buddy_feedback",
        /// A reflection on a course.
        CourseReflection = "course_reflection",
        /// Anything else.
        Other = "other",
    }
);
vocabulary!(
    /// A milestone of a journey: reached once, the earliest event time wins.
    Milestone {
        /// Matched with a buddy.
        BuddyMatched = "buddy_matched",
        /// The first completed language session.
        FirstLanguageSession = "first_language_session",
        /// A language session at a level above an earlier one's.
        LanguageLevelUp = "language_level_up",
        /// The first completed mentoring session.
        FirstMentorshipSession = "first_mentorship_session",
        /// Enrolled in a course.
        CourseEnrolled = "course_enrolled",
        /// Completed a course.
        CourseCompleted = "course_completed",
        /// Was given a credential.
        CredentialEarned = "credential_earned",
    }
);
vocabulary!(
    /// A flag on a journey: advice with its cause, nothing acts on a person by it.
    Flag {
        /// Three or more rated language sessions with a mean rating of at least 0.75.
        MentorReady = "mentor_ready",
        /// Two rated language sessions within 60 days, both below 0.5.
        LanguageSupportNeeded = "language_support_needed",
    }
);
vocabulary!(
    /// A part of a profile a reader can see. Events name what changed, never the value.
    ProfileField {
        /// The person's name.
        Name = "name",
        /// The e-mail address.
        Email = "email",
        /// The preferred language.
        Language = "language",
        /// The city.
        City = "city",
    }
);
vocabulary!(
    /// What made a profile or changed it.
    Trigger {
        /// A dropped file.
        Import = "import",
        /// A signed delivery of a provider.
        Webhook = "webhook",
        /// A call of the API by a person or a service.
        Api = "api",
    }
);
vocabulary!(
    /// What a file of a source holds.
    Entity {
        /// Kintell meetings.
        Sessions = "sessions",
        /// People of a source.
        Users = "users",
        /// Buddy matches.
        Matches = "matches",
        /// Events of a buddy match.
        Events = "events",
        /// Who came to a community event.
        EventAttendance = "event_attendance",
        /// Skill-share sessions.
        SkillSessions = "skill_sessions",
        /// Buddy check-ins.
        Checkins = "checkins",
        /// Buddy feedback.
        Feedback = "feedback",
        /// Milestones a source reports.
        Milestones = "milestones",
        /// Completed courses.
        Completions = "completions",
        /// Credentials.
        Credentials = "credentials",
        /// Course progress.
        Progress = "progress",
    }
);
vocabulary!(
    /// How a finished import ended, where it ended in an event: `planned` and `unchanged` publish nothing.
    ImportOutcome {
        /// Applied.
        Loaded = "loaded",
        /// The file as a whole was refused.
        Refused = "refused",
    }
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_duration_is_accepted_exactly_from_1_to_480_and_read_by_the_same_rule(minutes in -1000i64..1000) {
            let made = DurationMinutes::new(minutes);
            let read = serde_json::from_str::<DurationMinutes>(&minutes.to_string());
            prop_assert_eq!(made.is_ok(), (1..=480).contains(&minutes));
            prop_assert_eq!(made.ok(), read.ok());
        }

        #[test]
        fn a_rating_survives_the_wire_exactly(units in 0i64..=100_000) {
            let rating = Rating::new(Decimal::new(units, 5)).unwrap();
            let wire = serde_json::to_string(&rating).unwrap();
            prop_assert_eq!(serde_json::from_str::<Rating>(&wire).unwrap(), rating, "{}", wire);
        }

        #[test]
        fn a_source_code_keeps_the_rule_of_its_own_schema(text in "[a-zA-Z0-9_@ ]{0,34}") {
            let matches = text.len() >= 2 && text.len() <= 32
                && text.as_bytes()[0].is_ascii_lowercase()
                && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            prop_assert_eq!(SourceCode::new(&text).is_ok(), matches);
        }
    }

    #[test]
    fn ratings_outside_0_to_1_are_refused_when_made_and_when_read() {
        for bad in ["-0.00001", "1.00001", "5"] {
            assert!(Rating::new(bad.parse().unwrap()).is_err(), "{bad}");
            assert!(serde_json::from_str::<Rating>(bad).is_err(), "{bad}");
        }
        assert_eq!(Rating::new("0.833335".parse().unwrap()).unwrap().get().to_string(), "0.83334");
    }

    #[test]
    fn no_address_and_no_full_name_fits_into_a_correlation_id() {
        for bad in ["oksana@example.org", "Oksana Shevchenko", "Оксана", "", &"x".repeat(129)] {
            assert!(CorrelationId::new(bad).is_err(), "{bad}");
        }
        assert!(CorrelationId::new("Root=1-67891233-abcdef012345678912345678").is_ok());
    }

    #[test]
    fn the_error_of_a_bad_value_does_not_repeat_it() {
        let error = serde_json::from_str::<SourceCode>("\"Oksana Shevchenko\"").unwrap_err().to_string();
        assert!(!error.contains("Oksana"), "{error}");
    }

    #[test]
    fn levels_order_from_a1_to_c2() {
        assert!(Cefr::ALL.is_sorted() && Cefr::A1 < Cefr::C2);
        assert_eq!("B2".parse::<Cefr>(), Ok(Cefr::B2));
        assert!("b2".parse::<Cefr>().is_err());
    }
}
