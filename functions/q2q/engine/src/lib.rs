//! What a text says about outcomes. No evidence, no score; the same text gives the same bytes.

mod clauses;
pub mod opinion;
mod read;
mod rules;
#[cfg(test)]
mod selftest;
pub mod taxonomy;

use rules::{Rules, SCORED};
use serde::{Deserialize, Serialize};
pub use taxonomy::taxonomy;
pub use text::{Language, Span};
use text::{Text, lexicon::DataError};

/// The five dimensions; the names of the contract events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Believing in oneself.
    Confidence,
    /// Being part of something.
    Belonging,
    /// Managing in the language, by what the text says about it.
    LangLevelProxy,
    /// Being ready for work.
    JobReadiness,
    /// How the person is.
    WellBeing,
}

impl Dimension {
    /// All, in the order of the taxonomy.
    pub const ALL: [Self; 5] =
        [Self::Confidence, Self::Belonging, Self::LangLevelProxy, Self::JobReadiness, Self::WellBeing];

    /// The name in events and data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confidence => "confidence",
            Self::Belonging => "belonging",
            Self::LangLevelProxy => "lang_level_proxy",
            Self::JobReadiness => "job_readiness",
            Self::WellBeing => "well_being",
        }
    }
}

/// What the text was written about; the names of the contract events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A Kintell meeting.
    KintellSession,
    /// A buddy check-in.
    BuddyCheckin,
    /// Feedback on a buddy match.
    BuddyFeedback,
    /// A reflection on a course.
    CourseReflection,
    /// Anything else.
    Other,
}

/// Who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The newcomer: "I" is the one whose outcome it is.
    Learner,
    /// A volunteer or buddy: "she" is.
    Volunteer,
}

/// A text and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The words, already redacted.
    pub text: &'a str,
    /// What it was written about.
    pub source: Source,
    /// Who wrote it.
    pub role: Role,
    /// The language somebody said it is in; breaks ties.
    pub language: Option<Language>,
}

/// Gained or lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Polarity {
    /// Has, has gained.
    #[serde(rename = "+")]
    Plus,
    /// Lacks, has lost.
    #[serde(rename = "-")]
    Minus,
}

impl Polarity {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Plus => Self::Minus,
            Self::Minus => Self::Plus,
        }
    }
}

/// How sure; each band's precision is measured (`docs/q2q-card.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Hardly.
    Low,
    /// Fairly.
    Medium,
    /// Very.
    High,
}

/// A place in the text and the rule that holds there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where, in the original.
    pub span: Span,
    /// The rule's name in its data file.
    pub rule: &'static str,
    /// The class of the cue: `state`, `change`, `can_do`, `event`, `lack`, `body`, `compare`, `metaphor`; `wording` where
    /// no rule has it and the second opinion says so.
    pub cue: &'static str,
    /// Which way this piece points; evidence against the outcome's polarity is kept and shown.
    pub polarity: Polarity,
}

/// What a text says about one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub dimension: Dimension,
    /// Which way.
    pub polarity: Polarity,
    /// 0 to 1000; from 500 is `+`.
    pub score: u16,
    /// How sure.
    pub confidence: Band,
    /// Facets, signals and risk cues of the taxonomy, sorted.
    pub subtags: Vec<&'static str>,
    /// At least one, in the order of their places.
    pub evidence: Vec<Evidence>,
    /// Both polarities had evidence.
    pub mixed: bool,
}

/// Why a text was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRead {
    /// Russian, Nynorsk, anything that is not covered, or too little of it is.
    Language,
    /// Nothing but spaces and signs.
    Empty,
}

/// What the engine read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The language most of it is in.
    pub language: Option<Language>,
    /// Why it was not read; then there are no outcomes.
    pub not_read: Option<NotRead>,
    /// One for each dimension the text speaks of, in the order of [`Dimension::ALL`].
    pub outcomes: Vec<Outcome>,
}

/// The engine: lexicons compiled once.
#[derive(Debug)]
pub struct Engine {
    version: String,
    /// In the order of [`SCORED`].
    rules: Vec<Rules>,
}

/// Of a text in several languages at least this share of its words has to be covered, in percent.
const LEAST_COVERED: usize = 50;

impl Engine {
    /// Compiles the lexicons; some tens of milliseconds. Make it once: it keeps the names of its rules.
    ///
    /// # Panics
    /// When a data file of the program is broken; the tests load them all.
    pub fn new() -> Self {
        match Self::load() {
            Ok(engine) => engine,
            Err(error) => panic!("a data file of the engine is broken: {error}"),
        }
    }

    fn load() -> Result<Self, DataError> {
        let rules = SCORED.into_iter().map(Rules::load).collect::<Result<_, _>>()?;
        let hash = rules::data_hash();
        Ok(Self { version: format!("{}+{:08x}", taxonomy().version, (hash ^ (hash >> 32)) as u32), rules })
    }

    /// The version with a hash over the data files: `1.0.0+3fa2c1d4`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many rules there are for a language.
    pub fn rules(&self, language: Language) -> usize {
        SCORED.iter().position(|one| *one == language).map_or(0, |at| self.rules[at].rules.len())
    }

    /// The rules that match before guards and weights decide: for tuning the lexicons.
    pub fn matches(&self, input: Input<'_>) -> Vec<&'static str> {
        let text = Text::with_hint(input.text, input.language);
        let scored = languages(&text);
        let mut all = Vec::new();
        for (at, rules) in self.rules.iter().enumerate() {
            let words = clauses::words(&text, SCORED[at], |sentence| scored[sentence as usize] == Some(at));
            all.extend(rules.lexicon.find(&words).iter().map(|hit| rules.ids[hit.entry as usize]));
        }
        all
    }

    /// What the text says: by the rules, weighed by the second opinion. Linear in its length; does not panic on any text.
    pub fn read(&self, input: Input<'_>) -> Reading {
        match self.by_rules(input) {
            Ok(mut read) => {
                opinion::second(opinion::standard(), &mut read);
                Reading { language: read.language, not_read: None, outcomes: read.outcomes }
            }
            Err(why) => Reading { language: None, not_read: Some(why), outcomes: Vec::new() },
        }
    }

    /// What the rules say by themselves.
    fn by_rules<'t>(&self, input: Input<'t>) -> Result<ByRules<'t>, NotRead> {
        let text = Text::with_hint(input.text, input.language);
        let scored = languages(&text);
        let mut counts = [0usize; SCORED.len()];
        let mut all = 0usize;
        for token in text.tokens().iter().filter(|token| token.kind == text::Kind::Word) {
            all += 1;
            if let Some(at) = scored[token.sentence as usize] {
                counts[at] += 1;
            }
        }
        if all == 0 {
            return Err(NotRead::Empty);
        }
        if counts.iter().sum::<usize>() * 100 < all * LEAST_COVERED {
            return Err(NotRead::Language);
        }
        // The language of most of the text speaks first; where it is silent on a dimension, the others do.
        let mut order: Vec<usize> = (0..SCORED.len()).filter(|at| counts[*at] > 0).collect();
        order.sort_by_key(|at| std::cmp::Reverse(counts[*at]));
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut dropped = Vec::new();
        for &at in &order {
            let words = clauses::words(&text, SCORED[at], |sentence| scored[sentence as usize] == Some(at));
            let (found, not) = read::outcomes(&self.rules[at], SCORED[at], &words, input.role);
            dropped.extend(not);
            for outcome in found {
                if !outcomes.iter().any(|have| have.dimension == outcome.dimension) {
                    outcomes.push(outcome);
                }
            }
        }
        outcomes.sort_by_key(|outcome| outcome.dimension);
        let language = order.first().map(|at| SCORED[*at]);
        Ok(ByRules { text, scored, language, outcomes, dropped })
    }
}

/// A text as the rules read it.
pub(crate) struct ByRules<'t> {
    text: Text<'t>,
    /// For each sentence the place of its language in [`SCORED`].
    scored: Vec<Option<usize>>,
    language: Option<Language>,
    outcomes: Vec<Outcome>,
    dropped: Vec<read::Dropped>,
}

/// For each sentence the place of its language in [`SCORED`]; nothing where it is not covered.
fn languages(text: &Text<'_>) -> Vec<Option<usize>> {
    text.sentences()
        .iter()
        .map(|sentence| {
            let coverage = sentence.coverage;
            let at = SCORED.iter().position(|one| coverage.language == Some(*one)).filter(|_| !coverage.foreign)?;
            let nynorsk = || {
                let words = (sentence.first..sentence.end).map(|token| text.word(token as usize));
                let (mut new, mut book) = (0, 0);
                for word in words {
                    new += u32::from(NYNORSK.contains(&word));
                    book += u32::from(BOKMAL.contains(&word));
                }
                new > book
            };
            (SCORED[at] != Language::Bokmal || !nynorsk()).then_some(at)
        })
        .collect()
}

/// Words of Nynorsk that Bokmål has not, and what Bokmål has for them.
const NYNORSK: [&str; 24] = [
    "ikkje", "eg", "kva", "korleis", "kvifor", "noko", "nokon", "nokre", "dei", "vere", "vore", "mykje", "berre",
    "frå", "sjølv", "gjere", "seie", "verte", "vart", "hjå", "fyrste", "eigen", "kven", "meir",
];
const BOKMAL: [&str; 14] =
    ["ikke", "jeg", "hva", "hvordan", "hvorfor", "noe", "noen", "være", "vært", "mye", "bare", "fra", "selv", "hvem"];

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}
