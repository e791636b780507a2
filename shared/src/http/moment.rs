//! A time from outside, within what the store holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// 0001-01-01T00:00:00Z, in seconds: Postgres counts years from -4713, the reader of RFC 3339 from -9999.
const FIRST_SECOND: i64 = -62_135_596_800;

/// A time of the years 1 to 9999. Reading another is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Timestamp")]
pub struct Moment(Timestamp);

impl Moment {
    /// A time that the store gave.
    pub fn stored(time: Timestamp) -> Self {
        Self(time)
    }

    /// The time.
    pub fn get(self) -> Timestamp {
        self.0
    }
}

impl TryFrom<Timestamp> for Moment {
    type Error = &'static str;

    fn try_from(time: Timestamp) -> Result<Self, Self::Error> {
        // Not `as_second`, which cuts towards zero: a moment before the year 1 would be in it.
        let first = Timestamp::from_second(FIRST_SECOND).map_err(|_| "no first second")?;
        if time < first { Err("a time before the year 1") } else { Ok(Self(time)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_of_the_years_1_to_9999_are_read() {
        let read = |text: &str| serde_json::from_value::<Moment>(text.into()).is_ok();
        for good in ["0001-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
            assert!(read(good), "{good}");
        }
        for bad in [
            "0000-12-31T23:59:59.999999999Z",
            "-000001-01-01T00:00:00Z",
            "-009999-01-02T01:59:59Z",
            "+010000-01-01T00:00:00Z",
        ] {
            assert!(!read(bad), "{bad}");
        }
    }
}
