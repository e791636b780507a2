//! Learns a model from labelled texts: one linear classifier a head (squared hinge loss with an L2 penalty), by dual
//! coordinate descent (Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML 2008).
//!
//! Only sums, products and quotients in a fixed order: the same texts give the same file, byte for byte.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{ONE, Opinion, Part, Wording};
use crate::{
    concepts::FILES,
    hashed::{START, fnv},
    lexicon::File,
};

/// Collects texts, then learns.
#[derive(Default)]
pub struct Learner {
    /// The number of a feature and in how many texts it is, by its name in the file.
    known: BTreeMap<String, (u32, u32)>,
    /// For each text its features, by number.
    rows: Vec<Vec<(u32, f64)>>,
    /// For each text, for each head: what the text says about it.
    labels: Vec<Vec<Label>>,
}

/// What a text is to a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Label {
    /// An example of it, with this weight.
    Yes(f64),
    /// An example of what it is not, with this weight.
    No(f64),
    /// Neither: the head does not learn from it.
    Open,
}

/// How hard the learner tries to get each text right.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The price of a text on the wrong side.
    pub cost: f64,
    /// Features in fewer texts are left out.
    pub least_texts: u32,
    /// Weights below it (in 256ths) are left out of the file.
    pub least_weight: i32,
}

impl Learner {
    /// Adds a text; `labels` has an entry for each head.
    pub fn add(&mut self, wording: &Wording<'_>, labels: Vec<Label>) {
        let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
        wording.features(|counts, part| {
            let name = match part {
                Part::Word(word) => format!("w {word}"),
                Part::Pair(before, word) => format!("p {before} {word}"),
                Part::Piece(letters) => format!("c {letters}"),
                Part::Concept(name) => format!("k {name}"),
                Part::Meeting(one, other) => format!("m {one} {other}"),
            };
            let next = self.known.len() as u32;
            let (number, texts) = self.known.entry(name).or_insert((next, 0));
            let sum = sums.entry(*number).or_insert_with(|| {
                *texts += 1;
                0.0
            });
            *sum += f64::from(counts) / 10.0;
        });
        let root = (wording.words().len().max(1) as f64).sqrt();
        self.rows.push(sums.into_iter().map(|(number, sum)| (number, sum / root)).collect());
        self.labels.push(labels);
    }

    /// How many texts it has.
    pub fn texts(&self) -> usize {
        self.rows.len()
    }

    /// Calls `each` with every text's number and a model that has not learned from it.
    pub fn unseen(&self, heads: &[&str], settings: Settings, mut each: impl FnMut(usize, &Opinion)) {
        for part in 0..PARTS {
            let inside = |text: usize| (text / TOGETHER) % PARTS == part;
            let model = loaded(self.learn(heads, settings, |text| !inside(text)), heads, &[]);
            (0..self.texts()).filter(|text| inside(*text)).for_each(|text| each(text, &model));
        }
    }

    /// The file of a model that has learned from the texts with the numbers `keep` says.
    pub fn learn(&self, heads: &[&str], settings: Settings, keep: impl Fn(usize) -> bool) -> String {
        let mut texts = vec![0u32; self.known.len()];
        for (number, count) in self.known.values() {
            texts[*number as usize] = *count;
        }
        let known = |number: u32| texts[number as usize] >= settings.least_texts;
        let mut weights: Vec<Vec<f64>> = Vec::new();
        let mut bias = Vec::new();
        for head in 0..heads.len() {
            let examples: Vec<Example> = (0..self.rows.len())
                .filter(|text| keep(*text))
                .filter_map(|text| {
                    let features = self.rows[text].iter().filter(|(number, _)| known(*number)).copied().collect();
                    Example::of(features, self.labels[text][head])
                })
                .collect();
            let mut learned = fit(&examples, self.known.len(), settings.cost);
            bias.push(whole(learned.pop().unwrap_or(0.0)).to_string());
            weights.push(learned);
        }
        let mut file = format!("heads\t{}\nbias\t{}\n", heads.join(" "), bias.join(" "));
        for (name, (number, _)) in &self.known {
            let pairs: Vec<String> = weights
                .iter()
                .enumerate()
                .map(|(head, weights)| (head, whole(weights[*number as usize])))
                .filter(|(_, weight)| weight.abs() >= settings.least_weight)
                .map(|(head, weight)| format!("{head}:{weight}"))
                .collect();
            if !pairs.is_empty() {
                let _ = writeln!(file, "{name}\t{}", pairs.join(" "));
            }
        }
        file
    }
}

/// So many models are made to measure texts that a model has not learned from.
const PARTS: usize = 6;
/// Texts that stand beside each other in a file are often mirrors of each other: they stay in one part.
const TOGETHER: usize = 10;

/// A model in the making, ready to weigh texts; it stays in memory.
///
/// # Panics
/// When the learner wrote what the program does not read.
pub fn loaded(file: String, heads: &[&str], judges: &[&str]) -> Opinion {
    let file = File { name: "a model in the making", text: Box::leak(file.into_boxed_str()) };
    Opinion::load(&file, heads, judges).unwrap_or_else(|why| panic!("{why}"))
}

/// The lines of a judge: what it makes of some measures (in thousandths), learned from labelled ones.
pub fn judge(name: &str, measured: &[(Vec<i32>, Label)], cost: f64) -> String {
    let count = measured.first().map_or(0, |(measures, _)| measures.len());
    let examples: Vec<Example> = measured
        .iter()
        .filter_map(|(measures, label)| {
            let features = measures.iter().enumerate().map(|(n, milli)| (n as u32, f64::from(*milli) / 1000.0));
            Example::of(features.collect(), *label)
        })
        .collect();
    let weights: Vec<String> = fit(&examples, count, cost).into_iter().map(|w| whole(w).to_string()).collect();
    format!("judge {name}\t{}\n", weights.join(" "))
}

/// The first line of a file that was learned from these texts and the concepts, which a test compares.
pub fn header(texts: &[String]) -> String {
    let meanings = FILES.iter().fold(START, |hash, file| fnv(hash, file.text.as_bytes()));
    let hash = texts.iter().fold(meanings, |hash, text| fnv(hash, text.as_bytes()));
    let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
    format!("#\tMade by `make learn` from {lines} labelled texts ({hash:016x}); not to be edited.\n")
}

/// A labelled text or measure: its features by number, on which side it is, what a mistake costs.
struct Example {
    features: Vec<(u32, f64)>,
    side: f64,
    weight: f64,
}

impl Example {
    fn of(features: Vec<(u32, f64)>, label: Label) -> Option<Self> {
        match label {
            Label::Yes(weight) => Some(Self { features, side: 1.0, weight }),
            Label::No(weight) => Some(Self { features, side: -1.0, weight }),
            Label::Open => None,
        }
    }
}

/// The weights that tell the two sides apart; the last is the bias.
fn fit(examples: &[Example], count: usize, cost: f64) -> Vec<f64> {
    let mut weights = vec![0.0; count + 1];
    let slack: Vec<f64> = examples.iter().map(|example| 0.5 / (cost * example.weight)).collect();
    let norms: Vec<f64> = examples
        .iter()
        .zip(&slack)
        .map(|(example, slack)| 1.0 + slack + example.features.iter().map(|(_, v)| v * v).sum::<f64>())
        .collect();
    let mut alphas = vec![0.0f64; examples.len()];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, ((random >> 33) % (at as u64 + 1)) as usize);
        }
        let mut most = 0.0f64;
        for &at in &order {
            let example = &examples[at];
            let said = weights[count] + example.features.iter().map(|(n, v)| weights[*n as usize] * v).sum::<f64>();
            let gradient = example.side * said - 1.0 + alphas[at] * slack[at];
            if alphas[at] == 0.0 && gradient >= 0.0 {
                continue;
            }
            most = most.max(gradient.abs());
            let new = (alphas[at] - gradient / norms[at]).max(0.0);
            let step = (new - alphas[at]) * example.side;
            alphas[at] = new;
            for (number, value) in &example.features {
                weights[*number as usize] += step * value;
            }
            weights[count] += step;
        }
        if most < ENOUGH {
            break;
        }
    }
    weights
}

/// After so many passes over the texts it stops, converged or not.
const ROUNDS: usize = 200;
/// It stops when no text would move its weight by more.
const ENOUGH: f64 = 0.02;

fn whole(weight: f64) -> i32 {
    (weight * f64::from(ONE)).round() as i32
}
