//! Dates and times as exports write them.
//!
//! | written | read as |
//! |---|---|
//! | `2025-03-04T10:15:00+01:00`, `… Z`, `2025-03-04 10:15` | ISO; `/` and `.` between year, month and day too |
//! | `04.03.2025`, `4.3.2025 kl. 10.15` | day first |
//! | `04/03/2025`, `04-03-2025` | the source's or column's order; without one, ambiguous |
//! | `Dec 14, 2025`, `14. mars 2025 10:15`, `14-Dec-2025`, `14 грудня 2025 р.`, `Tue, 14 Oct 2025 10:15 PM` | English, Norwegian and Ukrainian months |
//! | `45720`, `45720.4375` | day count of a spreadsheet, only where declared |
//!
//! A time without an offset is in the zone of the source; a date alone is its 00:00 there. A
//! local time that the clock skips in spring does not exist and is refused like any impossible
//! date; one that it shows twice in autumn is two moments and refused as ambiguous. A date alone
//! whose midnight is skipped or comes twice is the first moment of that day.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::facts::{DateOrder, DecimalSign, Facts};
use super::number;

/// Why a text is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDate {
    /// In no form we know.
    Form,
    /// The year has two digits.
    ShortYear,
    /// Day or month first, nobody knows.
    Order,
    /// Local time or a date alone, and the source declares no zone.
    Zone,
    /// The clock shows this local time twice, when it is set back.
    Twice,
    /// A fraction of a second finer than the store keeps.
    Fraction,
    /// The calendar or the clock does not have it.
    Impossible,
}

impl BadDate {
    /// The end of a sentence that begins with the value.
    pub fn what(self, order: Option<DateOrder>) -> &'static str {
        match (self, order) {
            (Self::Form, _) => "is not a date we can read; write it like 2025-12-31 or 31.12.2025",
            (Self::ShortYear, _) => "has a year of two digits; write the year with four",
            (Self::Order, _) => {
                "may be day first or month first, and neither the source nor the column says \
                 which; write it like 2025-12-31, or declare the order for this source"
            }
            (Self::Zone, _) => {
                "has no time zone, and the source declares none; write the offset, or declare \
                 the zone for this source"
            }
            (Self::Twice, _) => {
                "was on the clock twice, since the clock was set back that night; write it with its offset"
            }
            (Self::Fraction, _) => "is finer than a millionth of a second; write fewer decimals of the second",
            (Self::Impossible, Some(DateOrder::DayFirst)) => {
                "does not exist in the calendar or on the clock (with slashes, dates of this source are day first); correct it"
            }
            (Self::Impossible, Some(DateOrder::MonthFirst)) => {
                "does not exist in the calendar or on the clock (with slashes, dates of this source are month first); correct it"
            }
            (Self::Impossible, None) => "does not exist in the calendar or on the clock; correct it",
        }
    }
}

impl BadDate {
    /// The same as a token of [`super::words`]; none where its code says it all.
    pub const fn token(self, order: Option<DateOrder>) -> Option<&'static str> {
        match (self, order) {
            (Self::ShortYear, _) => Some("short_year"),
            (Self::Order, _) => Some("order"),
            (Self::Zone, _) => Some("zone"),
            (Self::Twice, _) => Some("twice"),
            (Self::Fraction, _) => Some("fraction"),
            (Self::Impossible, Some(DateOrder::DayFirst)) => Some("day_first"),
            (Self::Impossible, Some(DateOrder::MonthFirst)) => Some("month_first"),
            (Self::Form, _) | (Self::Impossible, None) => None,
        }
    }
}

/// A point in time, and whether only its day is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The point in time.
    pub at: Timestamp,
    /// There was no time of day.
    pub day_only: bool,
}

/// Reads a date or time, trimmed. Whether it may be so old or still to come is not asked here.
///
/// # Errors
/// See [`BadDate`]; nothing is ever rolled over or guessed.
pub fn read(text: &str, facts: &Facts) -> Result<Moment, BadDate> {
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
        && text.bytes().filter(|b| !b.is_ascii_digit()).count() <= 1
    {
        return serial(text, facts);
    }
    let (date, rest, dotted) = match numeric(text) {
        Some(numeric) => (numeric.date(facts.date_order)?, year_sign(numeric.rest), numeric.separator == '.'),
        None => {
            let (date, rest) = named(text)?;
            (date, rest, true)
        }
    };
    let Some((time, offset)) = clock(rest, dotted)? else {
        let zone = facts.zone.as_ref().ok_or(BadDate::Zone)?;
        let midnight = zone.to_ambiguous_zoned(date.at(0, 0, 0, 0));
        let zoned = midnight.compatible().map_err(|_| BadDate::Impossible)?;
        return Ok(Moment { at: zoned.timestamp(), day_only: true });
    };
    let local = DateTime::from_parts(date, time);
    let at = match offset {
        Some(offset) => offset.to_timestamp(local).map_err(|_| BadDate::Impossible)?,
        None => in_zone(local, facts.zone.as_ref())?,
    };
    Ok(Moment { at, day_only: false })
}

fn in_zone(local: DateTime, zone: Option<&TimeZone>) -> Result<Timestamp, BadDate> {
    let ambiguous = zone.ok_or(BadDate::Zone)?.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Err(BadDate::Impossible),
        AmbiguousOffset::Fold { .. } => Err(BadDate::Twice),
        AmbiguousOffset::Unambiguous { .. } => ambiguous.unambiguous().map_err(|_| BadDate::Impossible),
    }
}

/// Three numbers with the same separator, and what follows them.
struct Numeric<'a> {
    first: &'a str,
    second: &'a str,
    third: &'a str,
    separator: char,
    rest: &'a str,
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn numeric(text: &str) -> Option<Numeric<'_>> {
    let (first, rest) = digits(text);
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (second, rest) = digits(rest.strip_prefix(separator)?);
    let (third, rest) = digits(rest.strip_prefix(separator)?);
    let short = |text: &str| matches!(text.len(), 1 | 2);
    let fits = short(second) && ((first.len() == 4 && short(third)) || (short(first) && matches!(third.len(), 2 | 4)));
    fits.then_some(Numeric { first, second, third, separator, rest })
}

impl Numeric<'_> {
    /// Day or month first is a question for these.
    fn order_matters(&self) -> bool {
        self.third.len() == 4 && self.separator != '.'
    }

    fn date(&self, order: Option<DateOrder>) -> Result<Date, BadDate> {
        let (year, month, day) = match (self.first.len(), self.third.len()) {
            (4, _) => (self.first, self.second, self.third),
            (_, 2) => return Err(BadDate::ShortYear),
            _ if !self.order_matters() => (self.third, self.second, self.first),
            _ => match order {
                Some(DateOrder::DayFirst) => (self.third, self.second, self.first),
                Some(DateOrder::MonthFirst) => (self.third, self.first, self.second),
                None => {
                    let number = |text: &str| text.parse::<i8>().map_err(|_| BadDate::Form);
                    calendar(self.third, number(self.second)?, self.first)
                        .or_else(|_| calendar(self.third, number(self.first)?, self.second))?;
                    // It exists in one order at least, and which one is meant nobody knows.
                    return Err(BadDate::Order);
                }
            },
        };
        calendar(year, month.parse().map_err(|_| BadDate::Form)?, day)
    }
}

/// What a cell says about the order of day and month in its column, if it is written so that the
/// order matters: 13/03 proves day first, 03/13 month first, 04/03 nothing.
pub fn proven_order(text: &str) -> Option<DateOrder> {
    let found = numeric(text).filter(Numeric::order_matters)?;
    let (first, second) = (found.first.parse::<u8>().ok()?, found.second.parse::<u8>().ok()?);
    match (first, second) {
        (13..=31, 1..=12) => Some(DateOrder::DayFirst),
        (1..=12, 13..=31) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

fn calendar(year: &str, month: i8, day: &str) -> Result<Date, BadDate> {
    let (year, day) = (year.parse(), day.parse());
    let (Ok(year), Ok(day)) = (year, day) else {
        return Err(BadDate::Form);
    };
    Date::new(year, month, day).map_err(|_| BadDate::Impossible)
}

/// English, Norwegian and Ukrainian names; three letters and more of them are enough.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "січень", "січня"],
    &["february", "februar", "лютий", "лютого"],
    &["march", "mars", "березень", "березня"],
    &["april", "квітень", "квітня"],
    &["may", "mai", "травень", "травня"],
    &["june", "juni", "червень", "червня"],
    &["july", "juli", "липень", "липня"],
    &["august", "серпень", "серпня"],
    &["september", "вересень", "вересня"],
    &["october", "oktober", "жовтень", "жовтня"],
    &["november", "листопад", "листопада"],
    &["december", "desember", "грудень", "грудня"],
];

/// In three languages, Monday first in each.
const WEEKDAYS: [&str; 21] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mandag",
    "tirsdag",
    "onsdag",
    "torsdag",
    "fredag",
    "lørdag",
    "søndag",
    "понеділок",
    "вівторок",
    "середа",
    "четвер",
    "п'ятниця",
    "субота",
    "неділя",
];

fn is_short_for(word: &str, full: &str) -> bool {
    word.chars().count() >= 3 && full.starts_with(word)
}

fn month_named(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let at = MONTHS.iter().position(|names| names.iter().any(|name| is_short_for(&word, name)))?;
    i8::try_from(at + 1).ok()
}

/// What is written inside `п'ятниця`.
const APOSTROPHES: [char; 3] = ['\'', '\u{2019}', '\u{2bc}'];

/// The next word (letters or digits only) and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\u{a0}', ',', '.', '-', '/']);
    let (number, rest) = digits(text);
    if !number.is_empty() {
        return (number, rest);
    }
    let end = text.find(|c: char| !c.is_alphabetic() && !APOSTROPHES.contains(&c)).unwrap_or(text.len());
    text.split_at(end)
}

fn named(text: &str) -> Result<(Date, &str), BadDate> {
    let (mut first, mut rest) = word(text);
    let lower = first.to_lowercase().replace(APOSTROPHES, "'");
    let weekday = WEEKDAYS.iter().position(|day| is_short_for(&lower, day)).filter(|_| month_named(first).is_none());
    if weekday.is_some() {
        (first, rest) = word(rest);
    }
    let (day, month, rest) = match month_named(first) {
        Some(month) => {
            let (day, rest) = word(rest);
            (day, month, ordinal(rest))
        }
        None => {
            let (name, after) = word(ordinal(rest));
            (first, month_named(name).ok_or(BadDate::Form)?, after)
        }
    };
    let (year, rest) = word(rest);
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !matches!(day.len(), 1 | 2) || !number(day) || !number(year) {
        return Err(BadDate::Form);
    }
    match year.len() {
        4 => {
            let date = calendar(year, month, day)?;
            let named = weekday.and_then(|day| i8::try_from(day % 7).ok());
            // Nobody knows whether the day of the week is wrong or the date.
            match named.is_none_or(|day| date.weekday().to_monday_zero_offset() == day) {
                true => Ok((date, year_sign(rest))),
                false => Err(BadDate::Impossible),
            }
        }
        2 => Err(BadDate::ShortYear),
        _ => Err(BadDate::Form),
    }
}

/// Leaves out the `th` of `14th`.
fn ordinal(rest: &str) -> &str {
    let after = ["st", "nd", "rd", "th"].iter().find_map(|end| rest.strip_prefix(end));
    after.filter(|rest| !rest.starts_with(char::is_alphabetic)).unwrap_or(rest)
}

/// Leaves out what Ukrainian writes behind a year: `2025 р.`, `2025 року`.
fn year_sign(rest: &str) -> &str {
    let text = rest.trim_start_matches([' ', '\u{a0}']);
    ["року", "р."].iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(rest)
}

/// The decimals of a second that the store keeps.
const PLACES: usize = 6;

/// The time of day behind a date, and its offset; `None` if there is no time. `dotted`: hours
/// and minutes may have a point between them.
fn clock(rest: &str, dotted: bool) -> Result<Option<(Time, Option<Offset>)>, BadDate> {
    if rest.is_empty() || rest == "." {
        return Ok(None);
    }
    let text = rest
        .strip_prefix(['T', 't', ' ', '\u{a0}', ',', '.'])
        .ok_or(BadDate::Form)?
        .trim_start_matches([' ', '\u{a0}', ',']);
    let text = ["kl. ", "kl ", "at ", "о "].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let (hour, rest) = digits(text);
    let separator = rest.chars().next().filter(|&c| c == ':' || (dotted && c == '.'));
    let separator = separator.ok_or(BadDate::Form)?;
    let (minute, mut rest) = digits(&rest[1..]);
    let (mut second, mut fraction) = ("0", "");
    if let Some(after) = rest.strip_prefix(separator) {
        (second, rest) = digits(after);
        if second.len() != 2 {
            return Err(BadDate::Form);
        }
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            (fraction, rest) = digits(after);
            if fraction.is_empty() {
                return Err(BadDate::Form);
            }
            fraction = fraction.trim_end_matches('0');
            if fraction.len() > PLACES {
                return Err(BadDate::Fraction);
            }
        }
    }
    if !matches!(hour.len(), 1 | 2) || minute.len() != 2 {
        return Err(BadDate::Form);
    }
    let number = |text: &str| text.parse::<i8>().map_err(|_| BadDate::Form);
    let nanoseconds = format!("{fraction:0<9}").parse().map_err(|_| BadDate::Form)?;
    let (hour, rest) = twelve_hours(number(hour)?, rest.trim_start())?;
    let offset = offset(rest.trim_start())?;
    let time = Time::new(hour, number(minute)?, number(second)?, nanoseconds);
    Ok(Some((time.map_err(|_| BadDate::Impossible)?, offset)))
}

/// The hour with what `AM` or `PM` behind it says, and what follows.
fn twelve_hours(hour: i8, rest: &str) -> Result<(i8, &str), BadDate> {
    let half = ["AM", "PM", "a.m.", "p.m."].into_iter().find_map(|half| {
        let (begin, after) = rest.split_at_checked(half.len())?;
        begin.eq_ignore_ascii_case(half).then_some((half, after))
    });
    match half {
        None => Ok((hour, rest)),
        Some(_) if !(1..=12).contains(&hour) => Err(BadDate::Impossible),
        Some((half, after)) => {
            let noon = if half.to_ascii_uppercase().starts_with('P') { 12 } else { 0 };
            Ok((hour % 12 + noon, after))
        }
    }
}

fn offset(text: &str) -> Result<Option<Offset>, BadDate> {
    if text.is_empty() {
        return Ok(None);
    }
    if ["Z", "UTC", "GMT"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Ok(Some(Offset::UTC));
    }
    let (sign, text) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(BadDate::Form),
    };
    let (hours, minutes) = match text.len() {
        2 => (text, "00"),
        4 => text.split_at_checked(2).ok_or(BadDate::Form)?,
        5 => text.split_once(':').ok_or(BadDate::Form)?,
        _ => return Err(BadDate::Form),
    };
    let number = |text: &str| match text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<i32>().map_err(|_| BadDate::Form),
        false => Err(BadDate::Form),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours * 60 + minutes > 14 * 60 || minutes > 59 {
        return Err(BadDate::Impossible);
    }
    let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60));
    offset.map(Some).map_err(|_| BadDate::Impossible)
}

/// A spreadsheet's day count: 1 is 1 January 1900, and since Lotus took 1900 for a leap year,
/// days after February of it count from 30 December 1899. To the second.
fn serial(text: &str, facts: &Facts) -> Result<Moment, BadDate> {
    if !facts.excel_serials {
        return Err(BadDate::Form);
    }
    let value = number::decimal(text, Some(DecimalSign::Comma)).map_err(|_| BadDate::Form)?;
    let days = value.trunc().to_i64().filter(|days| (61..=2_958_465).contains(days));
    let days = days.ok_or(BadDate::Impossible)?;
    let seconds = (value.fract() * Decimal::from(86_400)).round().to_i64().unwrap_or_default();
    let since = SignedDuration::from_secs(days * 86_400 + seconds);
    let local = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
    let local = local.checked_add(since).map_err(|_| BadDate::Impossible)?;
    let day_only = value.fract().is_zero();
    let zone = facts.zone.as_ref();
    let at = match day_only {
        false => in_zone(local, zone)?,
        true => {
            let midnight = zone.ok_or(BadDate::Zone)?.to_ambiguous_timestamp(local);
            midnight.compatible().map_err(|_| BadDate::Impossible)?
        }
    };
    Ok(Moment { at, day_only })
}
