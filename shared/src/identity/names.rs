//! When two names are the same for comparison: case, accents, spaces and script do not count.

/// A name as it is compared: transliterated to Latin letters, lower case, letters and digits only. `Олена` and
/// `Olena` are one, `Kari-Anne` and `Kari Anne` too. For comparison only: names are stored as given.
pub fn folded(name: &str) -> String {
    deunicode::deunicode(name).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_script_do_not_make_another_name() {
        for (one, other) in [("Олена", "olena"), ("Kari-Anne  Ødegård", "kari anne odegard"), ("José", "JOSE")]
        {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("Olena"), folded("Olga"));
    }
}
