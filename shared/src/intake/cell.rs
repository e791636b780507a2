//! One cell into one value, or the reason why not.
//!
//! Nothing is guessed and nothing is changed silently: what a cell may mean is declared by its
//! column and the facts of its source. A NUL rejects the cell in every kind of column, texts
//! included: Postgres stores none, and taking it out would change what somebody wrote.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::code::{Code, Rejection};
use super::column::{Column, Kind};
use super::facts::{DecimalSign, Facts, RatingScale};
use super::number::{self, BadNumber};
use super::{date, email, json, list};

/// The most characters of an identifier.
pub const IDENTIFIER_LIMIT: usize = 255;
/// The most characters of a thing's name.
pub const LABEL_LIMIT: usize = 255;
/// The most characters of a name.
pub const NAME_LIMIT: usize = 100;
/// The most characters of a text.
pub const TEXT_LIMIT: usize = 5_000;
/// The most characters of metadata in JSON.
pub const JSON_LIMIT: usize = 2_000;
/// The most characters of a web address.
pub const URL_LIMIT: usize = 2_000;
/// How many years back a time may lie.
pub const YEARS_BACK: i64 = 10;
/// How many hours what has happened may lie in the future: clocks and zones differ.
pub const SLACK_HOURS: i64 = 24;

const LEVELS: &[&str] = &["A1", "A2", "B1", "B2", "C1", "C2"];

/// A value of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A name or a text, as given.
    Text(String),
    /// An identifier or a web address, trimmed.
    Id(String),
    /// An e-mail address in its one form.
    Email(String),
    /// One of a column's fixed list, as the list writes it; a CEFR level in capitals.
    Enum(&'static str),
    /// A point in time.
    Time {
        /// In UTC.
        at: Timestamp,
        /// Only the day was given: `at` is its 00:00 in the source's zone.
        day_only: bool,
    },
    /// A whole number; minutes for durations.
    Int(i64),
    /// A score of 0–100, exact.
    Decimal(Decimal),
    /// A rating.
    Rating {
        /// 0–1: (raw − 1) / 4 on the scale 1–5, raw on the scale 0–1.
        value: Decimal,
        /// As written.
        raw: Decimal,
        /// The scale it was given on.
        scale: RatingScale,
    },
    /// A UUID.
    Uuid(Uuid),
    /// JSON, as given.
    Json(String),
    /// A list of texts.
    List(Vec<String>),
    /// A list of ids, each once.
    Ids(Vec<String>),
    /// A list of whole numbers, each once, least first.
    Ints(Vec<i64>),
}

impl Value {
    /// One text for all ways to write the same value of one column: what contents are compared
    /// and hashed by. `4.5` and `4,50` are one, `4` of five and `4` of one are not, nor is a day
    /// the same as its midnight.
    pub fn canonical(&self) -> String {
        match self {
            Self::Text(text) | Self::Id(text) | Self::Email(text) | Self::Json(text) => text.clone(),
            Self::Enum(text) => (*text).to_owned(),
            Self::Time { at, day_only: false } => at.to_string(),
            Self::Time { at, day_only: true } => format!("{at} day"),
            Self::Int(number) => number.to_string(),
            Self::Decimal(number) => number.normalize().to_string(),
            Self::Rating { raw, scale, .. } => format!("{} of {}", raw.normalize(), scale.as_str()),
            Self::Uuid(id) => id.to_string(),
            Self::List(items) | Self::Ids(items) => serde_json::Value::from(items.as_slice()).to_string(),
            Self::Ints(items) => serde_json::Value::from(items.as_slice()).to_string(),
        }
    }
}

/// Reads a cell as it stands in the file, without its quotes. `now`: when the file was last
/// modified, so that reading it again says the same. `None`: the cell is empty, and may be.
///
/// # Errors
/// The rejection of the record, with the value masked.
pub fn read(column: &Column, raw: &str, facts: &Facts, now: Timestamp) -> Result<Option<Value>, Rejection> {
    let reject = |code, what: &dyn std::fmt::Display| Err(Rejection::cell(code, column.name, raw, what));
    let text = raw.trim();
    if text.is_empty() {
        if !column.needs_value() {
            return Ok(None);
        }
        let reason = format!("{} is empty, but every record needs it; fill it in.", column.name);
        return Err(Rejection::record(Code::MissingRequired, reason).at(column.name));
    }
    if text.contains('\0') {
        return reject(Code::NulByte, &"holds a NUL character; remove it and export again");
    }
    if !column.needs_value() && may_say_nothing(column.kind) && number::says_nothing(text) {
        return Ok(None);
    }
    let limit = match column.kind {
        Kind::Identifier | Kind::Reference => (text, IDENTIFIER_LIMIT),
        Kind::Label => (text, LABEL_LIMIT),
        Kind::References => (raw, TEXT_LIMIT),
        Kind::Integers { .. } => (raw, JSON_LIMIT),
        Kind::Name => (raw, NAME_LIMIT),
        Kind::Text => (raw, TEXT_LIMIT),
        Kind::JsonText => (raw, JSON_LIMIT),
        Kind::JsonList | Kind::LongJsonText => (raw, TEXT_LIMIT),
        Kind::Url => (text, URL_LIMIT),
        _ => (text, usize::MAX),
    };
    if is_longer(limit.0, limit.1) {
        let what = format!("is longer than {} characters; shorten it", limit.1);
        return reject(Code::TooLong, &what).map_err(|rejection| rejection.hinted(limit.1.to_string()));
    }
    let value = match column.kind {
        // An identifier is stored and compared in clear, an address may not be.
        Kind::Identifier | Kind::Reference | Kind::References if text.contains(['@', '＠']) => {
            let what = "looks like an e-mail address; use the record's own id";
            return Err(Rejection::cell(Code::BadEmail, column.name, raw, what).hinted("id"));
        }
        Kind::Identifier | Kind::Label => Value::Id(text.to_owned()),
        Kind::Reference => Value::Id(list::id(text)),
        Kind::References => match list::ids(text) {
            Ok(ids) if ids.is_empty() => return Ok(None),
            Ok(ids) => Value::Ids(ids),
            Err(what) => return reject(Code::BadJson, &what),
        },
        Kind::Integers { min, max } => match list::integers(text, min, max) {
            Ok(numbers) if numbers.is_empty() => return Ok(None),
            Ok(numbers) => Value::Ints(numbers),
            Err((code, what)) => {
                let rejection = Rejection::cell(code, column.name, raw, what);
                return Err(match code {
                    Code::OutOfRange => rejection.hinted(format!("{min}–{max}")),
                    _ => rejection,
                });
            }
        },
        Kind::Name | Kind::Text => Value::Text(raw.to_owned()),
        Kind::Uuid => match (text.len(), Uuid::try_parse(text)) {
            (36, Ok(id)) => Value::Uuid(id),
            _ => {
                return reject(
                    Code::BadUuid,
                    &"is not a UUID like 018f3c1e-7b2a-7cc0-9d41-2f6a5b8c9e10; export the id unchanged",
                );
            }
        },
        Kind::Email => match email::normalise(text) {
            Ok(address) => Value::Email(address),
            Err(error) => {
                return Err(Rejection::cell(Code::BadEmail, column.name, raw, error.what()).hinted(error.token()));
            }
        },
        Kind::JsonText | Kind::LongJsonText => match json::check(raw) {
            Ok(()) => Value::Json(raw.to_owned()),
            Err(error) => return Err(bad_json(column, raw, error, "JSON")),
        },
        Kind::JsonList => match json::list(raw) {
            Ok(items) => Value::List(items),
            Err(error) => return Err(bad_json(column, raw, error, "a JSON list of texts")),
        },
        Kind::Timestamp { future_ok } => return time(column, raw, facts, now, future_ok).map(Some),
        Kind::Duration => whole(column, raw, 1, 480, " minutes")?,
        Kind::Integer { min, max } => whole(column, raw, min, max, "")?,
        Kind::Score => Value::Decimal(decimal(column, raw, facts, 0, 100)?),
        Kind::Decimal { min, max } => Value::Decimal(decimal(column, raw, facts, min, max)?),
        Kind::Rating => rating(column, raw, facts)?,
        Kind::Cefr => one_of(column, raw, LEVELS)?,
        Kind::OneOf(values) => one_of(column, raw, values)?,
        Kind::Url => match is_web_address(text) {
            true => Value::Id(text.to_owned()),
            false => {
                return reject(Code::BadUrl, &"is not a web address; write it in full, beginning with https://");
            }
        },
    };
    Ok(Some(value))
}

fn is_longer(text: &str, limit: usize) -> bool {
    // Bytes are at least as many as characters, so that most cells are not counted.
    text.len() > limit && text.chars().nth(limit).is_some()
}

/// Kinds in which `NULL` can only mean that there is no value.
fn may_say_nothing(kind: Kind) -> bool {
    matches!(kind, Kind::Duration | Kind::Rating | Kind::Score | Kind::Integer { .. } | Kind::Timestamp { .. })
        || matches!(kind, Kind::Decimal { .. } | Kind::Integers { .. })
}

fn time(column: &Column, raw: &str, facts: &Facts, now: Timestamp, future_ok: bool) -> Result<Value, Rejection> {
    let date::Moment { at, day_only } = date::read(raw.trim(), facts).map_err(|error| {
        let code = match error {
            date::BadDate::Form | date::BadDate::ShortYear | date::BadDate::Fraction => Code::BadDate,
            date::BadDate::Order | date::BadDate::Zone | date::BadDate::Twice => Code::AmbiguousDate,
            date::BadDate::Impossible => Code::ImpossibleDate,
        };
        let rejection = Rejection::cell(code, column.name, raw, error.what(facts.date_order));
        match error.token(facts.date_order) {
            Some(token) => rejection.hinted(token),
            None => rejection,
        }
    })?;
    if is_before(at, now)
        && let Ok(earliest) = now.to_zoned(TimeZone::UTC).checked_sub(YEARS_BACK.years())
        && at < earliest.timestamp()
    {
        let what = format!("is more than {YEARS_BACK} years back; check the year");
        let rejection = Rejection::cell(Code::OutOfRange, column.name, raw, what);
        return Err(rejection.hinted(format!("≥ {}", earliest.date())));
    }
    let latest = now.checked_add(SignedDuration::from_hours(SLACK_HOURS));
    if !future_ok && latest.is_ok_and(|latest| at > latest) {
        let what = "lies in the future, but is about something that has happened; check the date";
        return Err(Rejection::cell(Code::FutureTimestamp, column.name, raw, what));
    }
    Ok(Value::Time { at, day_only })
}

/// Whether a time may be too far back. A year has 365 days at least: what is later than so many days ago is not asked
/// for the calendar's answer.
fn is_before(at: Timestamp, now: Timestamp) -> bool {
    now.checked_sub(SignedDuration::from_hours(YEARS_BACK * 365 * 24)).map_or(true, |surely| at < surely)
}

fn bad_number(column: &Column, raw: &str, error: BadNumber) -> Rejection {
    Rejection::cell(Code::BadNumber, column.name, raw, error.what()).hinted(error.token())
}

/// A number outside its range, also one that is too large to be read.
fn out_of_range(column: &Column, raw: &str, (min, max): (i64, i64), unit: &str) -> Rejection {
    let what = format!("is not between {min} and {max}{unit}; correct it");
    Rejection::cell(Code::OutOfRange, column.name, raw, what).hinted(format!("{min}–{max}"))
}

fn whole(column: &Column, raw: &str, min: i64, max: i64, unit: &str) -> Result<Value, Rejection> {
    match number::whole(raw.trim()) {
        Ok(number) if (min..=max).contains(&number) => Ok(Value::Int(number)),
        Ok(_) | Err(BadNumber::Large) => Err(out_of_range(column, raw, (min, max), unit)),
        Err(error) => Err(bad_number(column, raw, error)),
    }
}

fn decimal(column: &Column, raw: &str, facts: &Facts, min: i64, max: i64) -> Result<Decimal, Rejection> {
    let text = raw.trim();
    let number = match number::decimal(text, facts.decimal) {
        Ok(number) if number >= Decimal::from(min) && number <= Decimal::from(max) => number,
        Ok(_) | Err(BadNumber::Large) => return Err(out_of_range(column, raw, (min, max), "")),
        Err(error) => return Err(bad_number(column, raw, error)),
    };
    // Where both readings are allowed, a point between groups of three is nobody's guess.
    let thousand = || number.abs() * Decimal::ONE_THOUSAND <= Decimal::from(max);
    if facts.decimal == Some(DecimalSign::Comma) && number::is_grouped(text) && thousand() {
        return Err(bad_number(column, raw, BadNumber::Thousands));
    }
    // Minus nought is nought.
    Ok(if number.is_zero() { number.abs() } else { number })
}

fn rating(column: &Column, raw: &str, facts: &Facts) -> Result<Value, Rejection> {
    let Some(scale) = facts.rating_scale else {
        if let Err(error) = number::decimal(raw.trim(), facts.decimal) {
            return Err(match error {
                BadNumber::Large => out_of_range(column, raw, (0, 5), ""),
                error => bad_number(column, raw, error),
            });
        }
        let what = "may be on a scale of 1 to 5 or of 0 to 1, and neither the source nor the \
                    column says which; declare the scale for this source";
        return Err(Rejection::cell(Code::AmbiguousScale, column.name, raw, what));
    };
    let (min, max) = match scale {
        RatingScale::OneToFive => (1, 5),
        RatingScale::ZeroToOne => (0, 1),
    };
    let raw = decimal(column, raw, facts, min, max)?;
    let value = match scale {
        RatingScale::OneToFive => (raw - Decimal::ONE) / Decimal::from(4),
        RatingScale::ZeroToOne => raw,
    };
    Ok(Value::Rating { value, raw, scale })
}

fn one_of(column: &Column, raw: &str, values: &'static [&'static str]) -> Result<Value, Rejection> {
    let text = raw.trim();
    let found = values.iter().find(|value| value.eq_ignore_ascii_case(text));
    found.map(|value| Value::Enum(value)).ok_or_else(|| {
        let what = format!("is none of: {}; write one of them", values.join(", "));
        Rejection::cell(Code::BadEnum, column.name, raw, what).hinted(values.join(", "))
    })
}

fn bad_json(column: &Column, raw: &str, error: json::BadJson, wanted: &str) -> Rejection {
    let (code, what, hint) = match error {
        json::BadJson::Form(at) => {
            let at = raw.get(..at).map_or(at, |before| before.chars().count()) + 1;
            let what = format!("is not {wanted} (character {at}); export it unchanged");
            (Code::BadJson, what, Some(at.to_string()))
        }
        json::BadJson::DuplicateKey => {
            let what = "says a key twice in one object; keep one of them".to_owned();
            (Code::BadJson, what, Some("duplicate_key".to_owned()))
        }
        json::BadJson::TooDeep => {
            let what = format!("is nested deeper than {} levels; make it flatter", json::DEPTH_LIMIT);
            (Code::TooDeep, what, Some(json::DEPTH_LIMIT.to_string()))
        }
        json::BadJson::Nul => (Code::NulByte, "holds a NUL character; remove it".to_owned(), None),
    };
    let rejection = Rejection::cell(code, column.name, raw, what);
    match hint {
        Some(hint) => rejection.hinted(hint),
        None => rejection,
    }
}

/// `http(s)://host…` without blanks, control characters or a password in it.
fn is_web_address(text: &str) -> bool {
    let prefixed = |scheme: &str| {
        let (begin, rest) = text.split_at_checked(scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let Some(rest) = prefixed("https://").or_else(|| prefixed("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"<>\\^`{|}".contains(c);
    !host.is_empty() && !host.starts_with([':', '.']) && !host.contains('@') && text.chars().all(plain)
}
