//! Facts of a source: declared in its profile or proven by a whole column, never guessed.

use serde::{Deserialize, Serialize};

/// What `04/03/2025` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 4 March.
    DayFirst,
    /// 3 April.
    MonthFirst,
}

/// The sign between whole and part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalSign {
    /// `92.5` only.
    Dot,
    /// `92,5`, and `92.5` too: a thousands separator is never accepted, so the point has no
    /// second meaning.
    Comma,
}

/// The scale of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RatingScale {
    /// 1 to 5, stored as (r − 1) / 4.
    #[serde(rename = "1-5")]
    OneToFive,
    /// 0 to 1, stored as it is.
    #[serde(rename = "0-1")]
    ZeroToOne,
}

impl RatingScale {
    /// The text used in receipts: `1-5` or `0-1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneToFive => "1-5",
            Self::ZeroToOne => "0-1",
        }
    }
}

/// Facts of a source, or of one column once pass 1 has proven more; see [`super::proof`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What dates with slashes mean.
    pub date_order: Option<DateOrder>,
    /// The decimal sign; unknown accepts the point only.
    pub decimal: Option<DecimalSign>,
    /// The scale of ratings.
    pub rating_scale: Option<RatingScale>,
    /// The zone of times that carry none; its IANA name in JSON.
    #[serde(with = "iana")]
    pub zone: Option<jiff::tz::TimeZone>,
    /// Whether a bare number in a date column is a day count of a spreadsheet.
    pub excel_serials: bool,
}

/// A zone by its IANA name. A zone without a name (a fixed offset) has no JSON form.
mod iana {
    use jiff::tz::TimeZone;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    pub fn serialize<S: Serializer>(zone: &Option<TimeZone>, to: S) -> Result<S::Ok, S::Error> {
        let name = match zone {
            None => None,
            Some(zone) => Some(zone.iana_name().ok_or_else(|| ser::Error::custom("zone without a name"))?),
        };
        name.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<TimeZone>, D::Error> {
        Option::<String>::deserialize(from)?.map(|name| TimeZone::get(&name).map_err(de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_keep_their_zone_by_name() {
        let facts = Facts {
            zone: Some(jiff::tz::TimeZone::get("Europe/Oslo").unwrap()),
            rating_scale: Some(RatingScale::OneToFive),
            ..Facts::default()
        };
        let json = serde_json::to_string(&facts).unwrap();
        assert!(json.contains("\"Europe/Oslo\"") && json.contains("\"1-5\""), "{json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        assert_eq!(serde_json::from_str::<Facts>("{}").unwrap(), Facts::default());
        assert!(serde_json::from_str::<Facts>(r#"{"zone":"Europe/Atlantis"}"#).is_err());
    }
}
