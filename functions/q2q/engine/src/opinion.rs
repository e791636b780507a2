//! The second opinion on outcomes (`data/opinion.model`): whether a text's wording as a whole is like that of labelled
//! texts with this outcome. It is weighed against the rules: it adds what no rule has, takes back a cue that a text's
//! wording speaks against, and leaves open what points both ways.

use std::{ops::Range, sync::OnceLock};

use text::{
    lexicon::File,
    opinion::{Opinion, Weighed, Wording, windows},
};

use crate::{Band, ByRules, Dimension, Evidence, Outcome, Polarity};

/// What was learned: made by `make learn`.
pub(crate) const FILE: File =
    File { name: "functions/q2q/engine/data/opinion.model", text: include_str!("../data/opinion.model") };

/// What the model has an opinion on: each outcome, each dimension whichever way, the tone, whether there is any outcome.
pub const HEADS: [&str; 17] = [
    "confidence+",
    "confidence-",
    "belonging+",
    "belonging-",
    "language+",
    "language-",
    "job_readiness+",
    "job_readiness-",
    "well_being+",
    "well_being-",
    "confidence",
    "belonging",
    "language",
    "job_readiness",
    "well_being",
    "tone",
    "any",
];

/// The rules' names in evidence, in the order of the first heads.
const NAMES: [&str; 10] = [
    "opinion.confidence+",
    "opinion.confidence-",
    "opinion.belonging+",
    "opinion.belonging-",
    "opinion.language+",
    "opinion.language-",
    "opinion.job_readiness+",
    "opinion.job_readiness-",
    "opinion.well_being+",
    "opinion.well_being-",
];

/// An outcome is there from here on, in thousandths of what the judge `outcome` says.
const THERE: i32 = 80;
/// And says so much more than its opposite: else it is left open.
const CLEARLY: i32 = 1000;
/// From here it is sure, and fairly sure; each band's precision is measured (`docs/q2q-card.md`).
const HIGH: i32 = 800;
const MEDIUM: i32 = 350;

/// What counts against an outcome of which the rules have a cue that is somebody else's, wished or talked about.
const KEPT_OUT: i32 = 500;

/// The model of this build.
///
/// # Panics
/// When the file is broken, which the tests of this crate rule out for a build that passed them.
pub(crate) fn standard() -> &'static Opinion {
    static OPINION: OnceLock<Opinion> = OnceLock::new();
    OPINION.get_or_init(|| match Opinion::load(&FILE, &HEADS, &["outcome"]) {
        Ok(opinion) => opinion,
        Err(error) => panic!("the second opinion of this build is wrong: {error}"),
    })
}

/// What is weighed for one outcome of one stretch.
const MEASURES: usize = 15;

/// Which of them says that the rules have such a cue.
const DROPPED: usize = 13;

/// A stretch of a text, with what is weighed for each of the ten outcomes.
struct Stretch {
    words: Range<usize>,
    measures: [[i32; MEASURES]; 10],
}

fn stretches(opinion: &Opinion, read: &ByRules<'_>, wording: &Wording<'_>, weighed: &Weighed) -> Vec<Stretch> {
    let mut all = Vec::new();
    for range in windows(wording.words()).into_iter().filter(|range| !range.is_empty()) {
        let place = wording.span(range.clone());
        let scores: [i32; HEADS.len()] = std::array::from_fn(|head| opinion.score(weighed, range.clone(), head));
        // By head of the first ten: whether the rules say so of something in this stretch.
        let mut said = [0i32; 10];
        for outcome in &read.outcomes {
            let speaks = |one: &Evidence| one.polarity == outcome.polarity && one.span.meets(place);
            if outcome.evidence.iter().any(speaks) {
                said[head(outcome.dimension, outcome.polarity)] = 1000;
            }
        }
        let mut dropped = [0i32; 10];
        for one in read.dropped.iter().filter(|one| one.span.meets(place)) {
            dropped[head(one.dimension, one.polarity)] = 1000;
        }
        let measures = std::array::from_fn(|own| {
            let other = own ^ 1;
            let others =
                |side: usize| (0..10).filter(|at| at % 2 == side && at / 2 != own / 2).map(|at| said[at]).sum();
            let tone = if own.is_multiple_of(2) { scores[15] } else { -scores[15] };
            let by_rule = said[own] / 1000;
            [
                said[own],
                said[other],
                scores[own],
                scores[other],
                scores[10 + own / 2],
                tone,
                scores[16],
                others(own % 2),
                others(other % 2),
                by_rule * scores[own],
                by_rule * tone,
                by_rule * scores[16],
                if own.is_multiple_of(2) { 0 } else { 1000 },
                dropped[own],
                dropped[other],
            ]
        });
        all.push(Stretch { words: range, measures });
    }
    all
}

fn head(dimension: Dimension, polarity: Polarity) -> usize {
    let at = Dimension::ALL.iter().position(|one| *one == dimension).unwrap_or(0);
    at * 2 + usize::from(polarity == Polarity::Minus)
}

/// Weighs the rules' outcomes and the second opinion against each other.
pub(crate) fn second(opinion: &Opinion, read: &mut ByRules<'_>) {
    let wording = read.wording();
    let weighed = opinion.weigh(&wording);
    let all = stretches(opinion, read, &wording, &weighed);
    let mut outcomes = Vec::new();
    for (number, dimension) in Dimension::ALL.into_iter().enumerate() {
        let mut clear: Vec<(i32, Polarity, &Stretch)> = Vec::new();
        for stretch in &all {
            let says = |at: usize| {
                let measures = &stretch.measures[at];
                let kept_out = measures[0] == 0 && measures[DROPPED] > 0;
                opinion.judge("outcome", measures).unwrap_or(i32::MIN / 2) - if kept_out { KEPT_OUT } else { 0 }
            };
            let (plus, minus) = (says(number * 2), says(number * 2 + 1));
            let polarity = if plus >= minus { Polarity::Plus } else { Polarity::Minus };
            if plus.max(minus) >= THERE && (plus - minus).abs() >= CLEARLY {
                clear.push((plus.max(minus), polarity, stretch));
            }
        }
        // Of a long text the clearest stretch counts, the first of equals.
        let strongest = |one: &&(i32, Polarity, &Stretch), other: &&(i32, Polarity, &Stretch)| {
            (one.0, std::cmp::Reverse(one.2.words.start)).cmp(&(other.0, std::cmp::Reverse(other.2.words.start)))
        };
        let Some(&(strength, polarity, stretch)) = clear.iter().max_by(strongest) else { continue };
        let against = clear.iter().filter(|one| one.1 != polarity).max_by(strongest);
        let worded = |polarity: Polarity, stretch: &Stretch| {
            let own = head(dimension, polarity);
            let heaviest = weighed.heaviest(stretch.words.clone(), own);
            Evidence { span: wording.span(heaviest), rule: NAMES[own], cue: "wording", polarity }
        };
        let by_rules = read.outcomes.iter().find(|outcome| outcome.dimension == dimension).cloned();
        let points = 60 + (strength - THERE).clamp(0, 1500) * 320 / 1500;
        let mut outcome = match by_rules {
            Some(outcome) if outcome.polarity == polarity => outcome,
            other => Outcome {
                dimension,
                polarity,
                score: match polarity {
                    Polarity::Plus => 500 + points as u16,
                    Polarity::Minus => 499 - points as u16,
                },
                confidence: Band::Low,
                subtags: Vec::new(),
                evidence: other.into_iter().flat_map(|outcome| outcome.evidence).collect(),
                mixed: false,
            },
        };
        if !outcome.evidence.iter().any(|one| one.polarity == polarity) {
            outcome.evidence.push(worded(polarity, stretch));
        }
        outcome.evidence.extend(against.map(|(_, polarity, stretch)| worded(*polarity, stretch)));
        outcome.evidence.sort_by(|a, b| (a.span, a.rule).cmp(&(b.span, b.rule)));
        outcome.evidence.dedup();
        outcome.mixed = outcome.evidence.iter().any(|one| one.polarity != polarity);
        outcome.confidence = match strength {
            sure if sure >= HIGH && !outcome.mixed => Band::High,
            sure if sure >= MEDIUM => Band::Medium,
            _ => Band::Low,
        };
        outcomes.push(outcome);
    }
    drop(wording);
    read.outcomes = outcomes;
}

impl ByRules<'_> {
    /// The words of the sentences that are read.
    fn wording(&self) -> Wording<'_> {
        Wording::of(&self.text, &[], |token| {
            let sentence = self.text.tokens()[token as usize].sentence;
            self.scored[sentence as usize].is_none()
        })
    }
}

/// For the learner (`examples/q2q_learn.rs`): what a model in the making measures.
pub mod learn {
    use text::opinion::{Opinion, Wording};

    use super::{ByRules, MEASURES, stretches};
    use crate::{Engine, Input};

    /// A text with what the rules read in it.
    pub struct Read<'t>(ByRules<'t>);

    impl<'t> Read<'t> {
        /// Reads a text by the rules alone; nothing where it is not read.
        pub fn new(engine: &Engine, input: Input<'t>) -> Option<Self> {
            engine.by_rules(input).ok().map(Self)
        }

        /// The words that are read.
        pub fn wording(&self) -> Wording<'_> {
            self.0.wording()
        }

        /// What the judge weighs for each of the ten outcomes, for its first stretch.
        pub fn measures(&self, model: &Opinion) -> Option<[[i32; MEASURES]; 10]> {
            let wording = self.0.wording();
            let weighed = model.weigh(&wording);
            Some(stretches(model, &self.0, &wording, &weighed).into_iter().next()?.measures)
        }
    }
}
