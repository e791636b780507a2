//! What reads a text. One implementation, the rules of `q2q-engine`, which needs nothing outside the function.
//!
//! A backend elsewhere (a model) is held to more, because it can make things up:
//! - it is asked only for people whose purpose `external_model` is granted, and gets the cleared words only;
//! - its label counts only if the quote it gives for it stands verbatim in the text ([`verbatim`]); a label without such
//!   a quote is dropped, not lowered;
//! - it has a time limit, as the rules have ([`TIME_LIMIT`]);
//! - what it could not answer is an error, so no score and an alarm; an error is nobody's neutral score;
//! - its method is `model`, its version names the model and the prompt, and a text is asked about once a version.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use q2q_engine::{Band, Dimension, Engine, Input, Language, NotRead, Polarity, Role, Source};
use shared::{
    contracts::ScoringMethod,
    error::{Classified, Retry},
    pii::Pii,
    within::{Unfinished, within},
};

/// How long the rules may take for one text: a thousand times what they need for a long one.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);

/// A text as a backend gets it.
#[derive(Debug, Clone)]
pub struct Words {
    /// The words moderation let through.
    pub text: Pii<String>,
    /// What they were written about.
    pub source: Source,
    /// Who wrote them.
    pub role: Role,
    /// The language somebody said they are in.
    pub language: Option<Language>,
}

/// A place in the text, in characters, and what holds there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The first character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The rule's name in its data file; a model's own name for a model.
    pub rule: String,
    /// The class of the cue.
    pub cue: String,
    /// Which way it points.
    pub polarity: Polarity,
}

/// What a text says about one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    /// Which.
    pub dimension: Dimension,
    /// Which way.
    pub polarity: Polarity,
    /// 0 to 1000; from 500 is `+`.
    pub score: u16,
    /// How sure.
    pub confidence: Band,
    /// Facets, signals and risk cues, sorted.
    pub subtags: Vec<String>,
    /// Both polarities had evidence.
    pub mixed: bool,
    /// At least one, in the order of their places.
    pub evidence: Vec<Piece>,
}

/// What a backend made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// The language most of it is in.
    pub language: Option<Language>,
    /// Why it was not read; then nothing is scored.
    pub not_read: Option<NotRead>,
    /// One for each dimension the text speaks of.
    pub outcomes: Vec<Scored>,
}

/// A text that could not be read although it should: no score, and somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// It did not answer.
    #[error("the backend does not answer ({0}): the text stays unscored and comes again")]
    Unavailable(&'static str),
    /// It answered what is no answer, or for a place that is not in the text.
    #[error("the backend's answer cannot be used ({0}): the text stays unscored")]
    BadAnswer(&'static str),
    /// It came to no end in time: a defect of the engine, on this text.
    #[error("reading the text did not come to an end in time: the text stays unscored")]
    TooSlow,
    /// It panicked: a defect of the engine.
    #[error("reading the text panicked, a defect of the engine: the text stays unscored")]
    Panicked,
}

impl Classified for BackendError {
    fn retry(&self) -> Retry {
        match self {
            Self::Unavailable(_) => Retry::Retry,
            Self::BadAnswer(_) | Self::TooSlow | Self::Panicked => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "backend_unavailable",
            Self::BadAnswer(_) => "backend_bad_answer",
            Self::TooSlow => "engine_too_slow",
            Self::Panicked => "panicked",
        }
    }
}

impl From<Unfinished> for BackendError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Panicked => Self::Panicked,
            Unfinished::TooSlow => Self::TooSlow,
        }
    }
}

/// Reads texts.
pub trait Backend: Send + Sync {
    /// What its scores are made by.
    fn method(&self) -> ScoringMethod;
    /// Its version: another one may say something else about the same words.
    fn version(&self) -> &str;
    /// What the text says.
    fn read<'a>(&'a self, words: &'a Words) -> BoxFuture<'a, Result<Opinion, BackendError>>;
}

/// The rules, in this process, in a thread of their own: a text they come to no end with costs nobody else anything.
#[derive(Debug, Clone, Default)]
pub struct Local(Arc<Engine>);

impl Local {
    /// Compiles the lexicons.
    pub fn new() -> Self {
        Self(Arc::new(Engine::new()))
    }

    /// The engine itself.
    pub fn engine(&self) -> &Engine {
        &self.0
    }

    fn read_now(&self, words: &Words) -> Result<Opinion, BackendError> {
        let text = words.text.expose();
        let input = Input { text, source: words.source, role: words.role, language: words.language };
        let reading = self.0.read(input);
        let length = text.chars().count() as u32;
        let mut outcomes = Vec::with_capacity(reading.outcomes.len());
        for outcome in reading.outcomes {
            let piece = |evidence: &q2q_engine::Evidence| Piece {
                start: evidence.span.start,
                end: evidence.span.end,
                rule: evidence.rule.to_owned(),
                cue: evidence.cue.to_owned(),
                polarity: evidence.polarity,
            };
            outcomes.push(Scored {
                dimension: outcome.dimension,
                polarity: outcome.polarity,
                score: outcome.score,
                confidence: outcome.confidence,
                subtags: outcome.subtags.iter().map(|&tag| tag.to_owned()).collect(),
                mixed: outcome.mixed,
                evidence: outcome.evidence.iter().map(piece).collect(),
            });
        }
        let opinion = Opinion { language: reading.language, not_read: reading.not_read, outcomes };
        check(&opinion, length)?;
        Ok(opinion)
    }
}

impl Backend for Local {
    fn method(&self) -> ScoringMethod {
        ScoringMethod::Rule
    }
    fn version(&self) -> &str {
        self.0.version()
    }
    fn read<'a>(&'a self, words: &'a Words) -> BoxFuture<'a, Result<Opinion, BackendError>> {
        let (rules, words) = (self.clone(), words.clone());
        Box::pin(async move { within(TIME_LIMIT, move || rules.read_now(&words)).await? })
    }
}

/// No evidence, no score; a place that is not in the text is no evidence. Held against every backend, so that a defect
/// in one is an error here and not a number in a report.
pub fn check(opinion: &Opinion, characters: u32) -> Result<(), BackendError> {
    if opinion.not_read.is_some() && !opinion.outcomes.is_empty() {
        return Err(BackendError::BadAnswer("outcomes of a text that was not read"));
    }
    if !opinion.outcomes.is_empty() && opinion.language.is_none() {
        return Err(BackendError::BadAnswer("outcomes in no language"));
    }
    let mut seen = Vec::new();
    for outcome in &opinion.outcomes {
        if seen.contains(&outcome.dimension) {
            return Err(BackendError::BadAnswer("two outcomes of one dimension"));
        }
        seen.push(outcome.dimension);
        if outcome.score > 1000 || (outcome.score >= 500) != (outcome.polarity == Polarity::Plus) {
            return Err(BackendError::BadAnswer("a score that is not its polarity's"));
        }
        if !outcome.evidence.iter().any(|piece| piece.polarity == outcome.polarity) {
            return Err(BackendError::BadAnswer("an outcome without evidence"));
        }
        if outcome.evidence.iter().any(|piece| piece.start >= piece.end || piece.end > characters) {
            return Err(BackendError::BadAnswer("evidence outside the text"));
        }
    }
    Ok(())
}

/// Where a quote stands in a text, to the letter: what a model's label needs before it counts. None if it does not, or
/// if it is empty.
pub fn verbatim(text: &str, quote: &str) -> Option<(u32, u32)> {
    if quote.trim().is_empty() {
        return None;
    }
    let start = text[..text.find(quote)?].chars().count() as u32;
    Some((start, start + quote.chars().count() as u32))
}

/// The characters of a place; empty where there are none.
pub fn cut(text: &str, start: u32, end: u32) -> String {
    text.chars().skip(start as usize).take(end.saturating_sub(start) as usize).collect()
}

/// The name of a dimension in events and in the store.
pub fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Confidence => "confidence",
        Dimension::Belonging => "belonging",
        Dimension::LangLevelProxy => "lang_level_proxy",
        Dimension::JobReadiness => "job_readiness",
        Dimension::WellBeing => "well_being",
    }
}

/// The sign of a polarity.
pub fn sign(polarity: Polarity) -> &'static str {
    match polarity {
        Polarity::Plus => "+",
        Polarity::Minus => "-",
    }
}

/// The name of a band in events and in the store.
pub fn band(band: Band) -> &'static str {
    match band {
        Band::Low => "low",
        Band::Medium => "medium",
        Band::High => "high",
    }
}

/// The name of a reason in the store.
pub fn not_read(why: NotRead) -> &'static str {
    match why {
        NotRead::Language => "language",
        NotRead::Empty => "empty",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(score: u16, polarity: Polarity, evidence: &[(u32, u32, Polarity)]) -> Opinion {
        let piece = |&(start, end, polarity): &(u32, u32, Polarity)| Piece {
            start,
            end,
            rule: "r".to_owned(),
            cue: "state".to_owned(),
            polarity,
        };
        Opinion {
            language: Some(Language::English),
            not_read: None,
            outcomes: vec![Scored {
                dimension: Dimension::Belonging,
                polarity,
                score,
                confidence: Band::High,
                subtags: Vec::new(),
                mixed: false,
                evidence: evidence.iter().map(piece).collect(),
            }],
        }
    }

    #[test]
    fn without_evidence_of_its_own_polarity_inside_the_text_there_is_no_outcome() {
        use Polarity::{Minus, Plus};
        assert_eq!(check(&scored(750, Plus, &[(0, 4, Plus)]), 4), Ok(()));
        assert_eq!(check(&scored(250, Minus, &[(0, 2, Plus), (2, 4, Minus)]), 4), Ok(()));
        for bad in [
            scored(750, Plus, &[]),
            scored(750, Plus, &[(0, 4, Minus)]),
            scored(750, Plus, &[(0, 5, Plus)]),
            scored(750, Plus, &[(3, 3, Plus)]),
            scored(250, Plus, &[(0, 4, Plus)]),
            scored(1001, Plus, &[(0, 4, Plus)]),
            Opinion { language: None, ..scored(750, Plus, &[(0, 4, Plus)]) },
            Opinion { not_read: Some(NotRead::Language), ..scored(750, Plus, &[(0, 4, Plus)]) },
        ] {
            assert!(check(&bad, 4).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_models_quote_counts_only_where_it_stands_to_the_letter() {
        let text = "Я не боюся. I dare to speak";
        assert_eq!(verbatim(text, "не боюся"), Some((2, 10)));
        assert_eq!(cut(text, 2, 10), "не боюся");
        for absent in ["не боялася", "I dared to speak", "i dare to speak", "", "  "] {
            assert_eq!(verbatim(text, absent), None, "{absent}");
        }
    }

    #[test]
    fn a_cut_is_made_between_characters_and_not_bytes() {
        assert_eq!(cut("Åse fikk mot", 0, 3), "Åse");
        assert_eq!(cut("abc", 2, 9), "c");
        assert_eq!(cut("abc", 5, 2), "");
    }
}
