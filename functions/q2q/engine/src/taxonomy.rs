//! The taxonomy as data: dimensions with facets, signals, risk cues and topics, in three languages.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use text::Language;

/// The file; its hash is part of the engine's version.
pub(crate) const SOURCE: &str = include_str!("../data/taxonomy.json");

/// The same words in the three languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Norwegian Bokmål.
    pub nb: String,
    /// Ukrainian.
    pub uk: String,
}

impl Words {
    /// In one language; English where it is none of the three.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Bokmal => &self.nb,
            Language::Ukrainian => &self.uk,
            Language::English | Language::Russian => &self.en,
        }
    }
}

/// A named part of the taxonomy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The name in data: of a dimension the contract's, of the others what `subtags` and `topics` hold.
    pub id: String,
    /// The name for people.
    pub name: Words,
    /// One sentence that says what it is.
    pub definition: Words,
    /// Of a dimension: its facets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facets: Vec<Term>,
}

/// All terms, versioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// Changes whenever a term does.
    pub version: String,
    /// The five dimensions with their facets.
    pub dimensions: Vec<Term>,
    /// The eight employability signals.
    pub signals: Vec<Term>,
    /// The eight risk cues.
    pub risk_cues: Vec<Term>,
    /// What texts are about.
    pub topics: Vec<Term>,
}

impl Taxonomy {
    /// Whether a rule may give this subtag.
    pub fn has_subtag(&self, id: &str) -> bool {
        let facets = self.dimensions.iter().flat_map(|dimension| &dimension.facets);
        facets.chain(&self.signals).chain(&self.risk_cues).any(|term| term.id == id)
    }

    /// Whether a text may be told to be about it.
    pub fn has_topic(&self, id: &str) -> bool {
        self.topics.iter().any(|term| term.id == id)
    }
}

/// The taxonomy of this version of the engine.
pub fn taxonomy() -> &'static Taxonomy {
    static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| {
        // A broken file is a mistake of the build; the tests read it.
        #[expect(clippy::expect_used, reason = "part of the program, read by every test")]
        serde_json::from_str(SOURCE).expect("data/taxonomy.json")
    });
    &TAXONOMY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dimension;

    #[test]
    fn the_taxonomy_has_five_dimensions_eight_signals_and_eight_risk_cues() {
        let all = taxonomy();
        let names: Vec<&str> = all.dimensions.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(names, Dimension::ALL.map(Dimension::name));
        assert_eq!((all.signals.len(), all.risk_cues.len()), (8, 8));
        assert!(all.dimensions.iter().all(|one| !one.facets.is_empty()));
    }

    #[test]
    fn every_term_is_named_in_three_languages_and_once() {
        let all = taxonomy();
        let facets = all.dimensions.iter().flat_map(|one| &one.facets);
        let terms: Vec<&Term> =
            facets.chain(&all.dimensions).chain(&all.signals).chain(&all.risk_cues).chain(&all.topics).collect();
        for term in &terms {
            for words in [&term.name, &term.definition] {
                assert!(![&words.en, &words.nb, &words.uk].iter().any(|text| text.trim().is_empty()), "{}", term.id);
            }
        }
        let mut ids: Vec<&str> = terms.iter().map(|term| term.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
