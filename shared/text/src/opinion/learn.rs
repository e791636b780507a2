//! Learns a model from labelled texts: one linear classifier a head (squared hinge loss with an L2 penalty), by dual
//! coordinate descent (Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML 2008).
//!
//! Only sums, products and quotients in a fixed order: the same texts give the same file, byte for byte.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{ONE, Part, Seen, features};

/// A labelled text: its features, by number.
struct Row {
    features: Vec<(u32, f64)>,
}

/// Collects texts, then learns.
#[derive(Default)]
pub struct Learner {
    /// The number of a feature and in how many texts it is, by its name in the file.
    known: BTreeMap<String, (u32, u32)>,
    rows: Vec<Row>,
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
    pub fn add(&mut self, words: &[Seen<'_>], labels: Vec<Label>) {
        let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
        features(words, |_, counts, part| {
            let name = match part {
                Part::Word(word) => format!("w {word}"),
                Part::Pair(before, word) => format!("p {before} {word}"),
                Part::Piece(letters) => format!("c {letters}"),
            };
            let next = self.known.len() as u32;
            let (number, texts) = self.known.entry(name).or_insert((next, 0));
            let sum = sums.entry(*number).or_insert_with(|| {
                *texts += 1;
                0.0
            });
            *sum += f64::from(counts) / 10.0;
        });
        let root = (words.len().max(1) as f64).sqrt();
        self.rows.push(Row { features: sums.into_iter().map(|(number, sum)| (number, sum / root)).collect() });
        self.labels.push(labels);
    }

    /// The model's file.
    pub fn learn(mut self, heads: &[&str], settings: Settings) -> String {
        let mut texts = vec![0u32; self.known.len()];
        for (number, count) in self.known.values() {
            texts[*number as usize] = *count;
        }
        for row in &mut self.rows {
            row.features.retain(|(number, _)| texts[*number as usize] >= settings.least_texts);
        }
        let mut weights: Vec<Vec<f64>> = Vec::new();
        let mut bias = String::new();
        for head in 0..heads.len() {
            let learned = self.head(head, settings);
            let own = learned.last().copied().unwrap_or(0.0);
            let _ = write!(bias, "{}{}", if head == 0 { "" } else { " " }, whole(own));
            weights.push(learned);
        }
        let mut file = String::from("#\tMade by `make learn` from tests/eval; not to be edited.\n");
        let _ = writeln!(file, "heads\t{}\nbias\t{bias}", heads.join(" "));
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

    /// The weights of a head; the last is the bias.
    fn head(&self, head: usize, settings: Settings) -> Vec<f64> {
        let count = self.known.len();
        let mut weights = vec![0.0; count + 1];
        let examples: Vec<(&Row, f64, f64)> = self
            .rows
            .iter()
            .zip(&self.labels)
            .filter_map(|(row, labels)| match labels[head] {
                Label::Yes(weight) => Some((row, 1.0, settings.cost * weight)),
                Label::No(weight) => Some((row, -1.0, settings.cost * weight)),
                Label::Open => None,
            })
            .collect();
        let norms: Vec<f64> = examples
            .iter()
            .map(|(row, _, cost)| 1.0 + row.features.iter().map(|(_, v)| v * v).sum::<f64>() + 0.5 / cost)
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
                let (row, sign, cost) = examples[at];
                let said = weights[count] + row.features.iter().map(|(n, v)| weights[*n as usize] * v).sum::<f64>();
                let gradient = sign * said - 1.0 + alphas[at] * 0.5 / cost;
                if alphas[at] == 0.0 && gradient >= 0.0 {
                    continue;
                }
                most = most.max(gradient.abs());
                let new = (alphas[at] - gradient / norms[at]).max(0.0);
                let step = (new - alphas[at]) * sign;
                alphas[at] = new;
                for (number, value) in &row.features {
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
}

/// After so many passes over the texts it stops, converged or not.
const ROUNDS: usize = 200;
/// It stops when no text would move its weight by more.
const ENOUGH: f64 = 0.01;

fn whole(weight: f64) -> i32 {
    (weight * f64::from(ONE)).round() as i32
}
