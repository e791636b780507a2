//! Calendar quarters in Norway: what figures of companies are made of.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The zone quarters begin in. A source that gives a day only means the day there.
pub const ZONE: &str = "Europe/Oslo";

/// A quarter of a year, counted without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(i32);

impl Quarter {
    /// The quarter (1 to 4) of a year.
    pub fn new(year: i16, quarter: u8) -> Self {
        Self(i32::from(year) * 4 + i32::from(quarter.clamp(1, 4)) - 1)
    }

    /// The quarter a day is in.
    pub fn of(day: Date) -> Self {
        Self(i32::from(day.year()) * 4 + (i32::from(day.month()) - 1) / 3)
    }

    /// The quarter a moment is in, by the zone's calendar.
    pub fn at(moment: Timestamp, zone: &TimeZone) -> Self {
        Self::of(moment.to_zoned(zone.clone()).date())
    }

    /// As it is stored: year * 4 + quarter - 1.
    pub fn number(self) -> i32 {
        self.0
    }

    /// As it was stored.
    pub fn stored(number: i32) -> Self {
        Self(number)
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        let (year, month) = (self.0.div_euclid(4) as i16, self.0.rem_euclid(4) as i8 * 3 + 1);
        Date::new(year, month, 1).unwrap_or(Date::MAX)
    }

    /// The next one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The one before.
    pub fn before(self) -> Self {
        Self(self.0 - 1)
    }

    /// Whether the day begins a quarter.
    pub fn begins(day: Date) -> bool {
        Self::of(day).first_day() == day
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-Q{}", self.0.div_euclid(4), self.0.rem_euclid(4) + 1)
    }
}

/// The zone; UTC on a machine that does not know it, which the bundled one does.
pub fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn quarters_follow_each_other_over_the_year() {
        let last = Quarter::of(date(2025, 12, 31));
        assert_eq!((last.to_string().as_str(), last.next().first_day()), ("2025-Q4", date(2026, 1, 1)));
        assert_eq!(last.next().before(), last);
        assert_eq!(Quarter::new(2026, 1), last.next());
        assert!(Quarter::begins(date(2025, 4, 1)) && !Quarter::begins(date(2025, 4, 2)));
    }

    #[test]
    fn a_day_without_a_time_is_in_its_own_quarter_in_norway() {
        // 1 April 00:00 in Oslo, as intake stores a date without a time.
        let stored: Timestamp = "2025-03-31T22:00:00Z".parse().unwrap();
        assert_eq!(Quarter::at(stored, &zone()), Quarter::new(2025, 2));
    }
}
