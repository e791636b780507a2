//! What a text says about outcomes. No evidence, no score; the same text gives the same bytes.

use serde::{Deserialize, Serialize};
pub use text::{Language, Span};

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
    /// The class of the cue: `state`, `change`, `can_do`, `event`, `lack`, `body`, `compare`, `metaphor`.
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
}

impl Engine {
    /// Compiles the lexicons; about some milliseconds.
    pub fn new() -> Self {
        Self { version: "0.0.0".to_owned() }
    }

    /// The version with a hash over the data files: `1.0.0+3fa2c1d4`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the text says. Linear in its length; does not panic on any text.
    pub fn read(&self, _input: Input<'_>) -> Reading {
        Reading { language: Some(Language::English), not_read: None, outcomes: Vec::new() }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

/// Placeholder until the engine's own.
pub fn taxonomy() -> &'static [&'static str] {
    &["confidence"]
}
