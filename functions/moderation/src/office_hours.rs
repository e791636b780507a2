//! By when somebody has to have looked: time counts only while the office is open.
//!
//! | variable | what |
//! |---|---|
//! | `OFFICE_ZONE` | where the office is, as in the tz database: `Europe/Oslo` |
//! | `OFFICE_HOURS` | days and hours on its clock: `Mon-Fri 08:00-16:00` |
//!
//! Public holidays are not known: an item that comes on one is due on it.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use shared::config::{ConfigError, Env};

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// When the office is open.
#[derive(Debug, Clone)]
pub struct OfficeHours {
    zone: TimeZone,
    days: Vec<Weekday>,
    opens: Time,
    closes: Time,
    said: String,
}

impl OfficeHours {
    /// Reads the two variables.
    ///
    /// # Errors
    /// The variable that is missing or cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Self::new(&env.required("OFFICE_ZONE")?, &env.required("OFFICE_HOURS")?)
    }

    /// Hours like `Mon-Fri 08:00-16:00` in a zone like `Europe/Oslo`.
    ///
    /// # Errors
    /// The variable that the value would have come from.
    pub fn new(zone: &str, hours: &str) -> Result<Self, ConfigError> {
        let tz = TimeZone::get(zone).map_err(|_| ConfigError::Invalid {
            name: "OFFICE_ZONE",
            why: "it is no zone of the tz database, like Europe/Oslo".to_owned(),
        })?;
        let (days, opens, closes) = read(hours).ok_or_else(|| ConfigError::Invalid {
            name: "OFFICE_HOURS",
            why: "it is not like Mon-Fri 08:00-16:00".to_owned(),
        })?;
        Ok(Self { zone: tz, days, opens, closes, said: format!("{hours} {zone}") })
    }

    /// The hours as they are set, for people: `Mon-Fri 08:00-16:00 Europe/Oslo`.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The day on the office's calendar.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Whether the office is open at this moment.
    pub fn open(&self, at: Timestamp) -> bool {
        self.window(self.day(at)).is_some_and(|(opens, closes)| opens <= at && at < closes)
    }

    /// The end of so many minutes of office hours after a moment.
    pub fn due(&self, from: Timestamp, minutes: i64) -> Timestamp {
        let mut left = SignedDuration::from_mins(minutes);
        let mut day = self.day(from);
        // Some day of each week is open, so a fortnight has more than any time target asks for.
        for _ in 0..366 {
            if let Some((opens, closes)) = self.window(day) {
                let start = opens.max(from);
                let open = closes.duration_since(start);
                if start < closes && left <= open {
                    return start.saturating_add(left).unwrap_or(start);
                }
                if start < closes {
                    left -= open;
                }
            }
            match day.checked_add(1.day()) {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        from
    }

    /// From when to when the office is open on a day.
    fn window(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let at = |time: Time| day.to_datetime(time).to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp());
        Some((at(self.opens)?, at(self.closes)?))
    }
}

fn read(hours: &str) -> Option<(Vec<Weekday>, Time, Time)> {
    let (days, times) = hours.split_once(' ')?;
    let place = |name: &str| DAYS.iter().position(|(short, _)| *short == name);
    let days = match days.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (place(first)?, place(last)?);
            DAYS.get(first..=last)?.iter().map(|(_, day)| *day).collect()
        }
        None => days.split(',').map(|day| Some(DAYS[place(day)?].1)).collect::<Option<Vec<_>>>()?,
    };
    let (opens, closes) = times.split_once('-')?;
    let (opens, closes): (Time, Time) = (opens.parse().ok()?, closes.parse().ok()?);
    (opens < closes && !days.is_empty()).then_some((days, opens, closes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn oslo() -> OfficeHours {
        OfficeHours::new("Europe/Oslo", "Mon-Fri 08:00-16:00").unwrap()
    }

    #[test]
    fn an_hour_of_the_office_is_counted_over_nights_weekends_and_the_change_of_clocks() {
        for (came, due, why) in [
            ("2025-03-05T10:00:00Z", "2025-03-05T11:00:00Z", "a Wednesday at eleven"),
            ("2025-03-05T14:30:00Z", "2025-03-06T07:30:00Z", "half an hour before it closes"),
            ("2025-03-05T14:00:00Z", "2025-03-05T15:00:00Z", "exactly an hour before it closes"),
            ("2025-03-05T15:00:00Z", "2025-03-06T08:00:00Z", "as it closes"),
            ("2025-03-05T20:00:00Z", "2025-03-06T08:00:00Z", "in the evening"),
            ("2025-03-06T04:00:00Z", "2025-03-06T08:00:00Z", "before it opens"),
            ("2025-03-07T15:30:00Z", "2025-03-10T08:00:00Z", "on a Friday afternoon"),
            ("2025-03-08T12:00:00Z", "2025-03-10T08:00:00Z", "on a Saturday"),
            ("2025-03-28T16:00:00Z", "2025-03-31T07:00:00Z", "before the night the clocks go forward"),
            ("2025-10-24T16:00:00Z", "2025-10-27T08:00:00Z", "before the night they go back"),
        ] {
            assert_eq!(oslo().due(at(came), 60), at(due), "{why}");
        }
        assert_eq!(oslo().due(at("2025-03-07T10:00:00Z"), 20 * 60), at("2025-03-11T14:00:00Z"), "20 office hours");
    }

    #[test]
    fn the_office_is_open_from_its_first_minute_to_before_its_last() {
        let open = |text: &str| oslo().open(at(text));
        assert!(open("2025-03-05T07:00:00Z") && open("2025-03-05T14:59:59Z"));
        assert!(!open("2025-03-05T06:59:59Z") && !open("2025-03-05T15:00:00Z") && !open("2025-03-08T10:00:00Z"));
    }

    #[test]
    fn hours_that_cannot_be_read_name_their_variable() {
        for hours in ["", "Mon-Fri", "Fri-Mon 08:00-16:00", "Mon-Fri 16:00-08:00", "Man-Fre 08:00-16:00", "Mon 8-16"] {
            let error = OfficeHours::new("Europe/Oslo", hours).unwrap_err();
            assert!(matches!(error, ConfigError::Invalid { name: "OFFICE_HOURS", .. }), "{hours}");
        }
        let error = OfficeHours::new("Europe/Nowhere", "Mon-Fri 08:00-16:00").unwrap_err();
        assert!(matches!(error, ConfigError::Invalid { name: "OFFICE_ZONE", .. }));
        assert!(OfficeHours::new("Europe/Oslo", "Mon,Wed 09:00-12:30").is_ok());
    }
}
