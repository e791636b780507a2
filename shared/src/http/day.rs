//! A day from outside, within what the store holds.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The first day there is: Postgres has no year 0, the reader of days goes back to -9999.
const FIRST: Date = Date::constant(1, 1, 1);

/// A day of the years 1 to 9999. Reading another is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Date")]
pub struct Day(Date);

impl Day {
    /// The day, or the first there is.
    pub fn at_least_first(day: Date) -> Self {
        Self(day.max(FIRST))
    }

    /// The day.
    pub fn get(self) -> Date {
        self.0
    }
}

impl TryFrom<Date> for Day {
    type Error = &'static str;

    fn try_from(day: Date) -> Result<Self, Self::Error> {
        if day < FIRST { Err("a day before the year 1") } else { Ok(Self(day)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_years_1_to_9999_are_read() {
        let read = |text: &str| serde_json::from_value::<Day>(text.into()).is_ok();
        for good in ["0001-01-01", "2025-06-01", "9999-12-31"] {
            assert!(read(good), "{good}");
        }
        for bad in ["0000-12-31", "-000001-01-01", "-009999-01-01", "+010000-01-01", "10000-01-01", "2025-02-30"] {
            assert!(!read(bad), "{bad}");
        }
    }
}
