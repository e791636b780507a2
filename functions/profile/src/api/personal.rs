//! A personal value on its way over the wire: the one type here that reads and writes one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared::pii::Pii;

/// A name, an address, a language or a city of a person. Prints as `[pii]`; serialises, because the answer it stands
/// in was asked for by somebody entitled to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal(pub Pii<String>);

impl Personal {
    /// The value.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The first name. A name is stored as given; `Nordmann, Kari` begins with the family's.
    pub fn first_name(&self) -> Option<Self> {
        let mut words = self.expose().split_whitespace();
        let first = words.next()?;
        let first = if first.ends_with(',') { words.next()? } else { first };
        Some(Self(Pii::new(first.to_owned())))
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|value| Self(Pii::new(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(name: &str) -> Option<String> {
        Personal(Pii::new(name.to_owned())).first_name().map(|name| name.expose().to_owned())
    }

    #[test]
    fn the_first_name_is_the_first_word_unless_the_family_name_leads() {
        assert_eq!(first("Олена Приклад").as_deref(), Some("Олена"));
        assert_eq!(first("  Kari  Nordmann ").as_deref(), Some("Kari"));
        assert_eq!(first("Nordmann, Kari Anne").as_deref(), Some("Kari"));
        assert_eq!((first("Nordmann,"), first(" ")), (None, None));
    }

    #[test]
    fn a_personal_value_does_not_print() {
        assert_eq!(format!("{:?}", Personal(Pii::new("Olena".to_owned()))), "Personal([pii])");
    }
}
