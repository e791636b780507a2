//! A second opinion beside the rules: a linear model over words, pairs of words and pieces of words, learned from
//! labelled texts ([`learn`]). It sees wording no rule has, and says which words weighed most.
//!
//! What a stretch of `n` words scores for a head (a category, an outcome) is `bias + sum of the weights / sqrt(n)`, in
//! whole numbers, so that every machine says the same. A model is a text file: a line a feature.
//!
//! A *judge* of the same file weighs scores and what the rules found against each other.
//!
//! Features: a word, a pair of neighbours, three to five letters in a row inside a word with its bounds, what a word means
//! ([`concepts`]), and two meanings within [`NEAR`] words of a sentence. How much each counts is written below.

pub mod learn;
mod wording;

use std::{ops::Range, sync::Arc};

use crate::{
    concepts::concepts,
    hashed::{ByHash, Remembered, START, fnv},
    lexicon::{DataError, File},
};

use wording::ALIKE;
pub use wording::{Seen, Wording, windows};

/// One in the weights of a model's file.
const ONE: i32 = 256;

/// The number of a feature: the hash of its kind and letters.
type Feature = u64;

const WORD: u64 = 0x5bd1_e995_9d1c_a3e1;
const PAIR: u64 = 0x2545_f491_4f6c_dd1d;
const PIECE: u64 = 0x9e37_79b9_7f4a_7c15;

/// How much a feature of each kind counts, in tenths.
const WORD_COUNTS: i32 = 10;
const PAIR_COUNTS: i32 = 5;
const PIECE_COUNTS: i32 = 3;
const CONCEPT_COUNTS: i32 = 10;
const MEETING_COUNTS: i32 = 5;
/// Meanings meet within so many words.
const NEAR: usize = 5;

/// Calls `each` with the features of one word and how much they count.
fn word_features(letters: &str, mut each: impl FnMut(Feature, i32, Part<'_>)) {
    if letters == ALIKE {
        return each(fnv(WORD, letters.as_bytes()), WORD_COUNTS, Part::Word(letters));
    }
    each(fnv(WORD, letters.as_bytes()), WORD_COUNTS, Part::Word(letters));
    let mut bounded = String::with_capacity(letters.len() + 2);
    bounded.push('<');
    bounded.push_str(letters);
    bounded.push('>');
    for (start, _) in bounded.char_indices() {
        let mut hash = PIECE;
        for (count, (at, letter)) in bounded[start..].char_indices().enumerate().take(5) {
            let end = start + at + letter.len_utf8();
            hash = fnv(hash, &bounded.as_bytes()[start + at..end]);
            if count >= 2 {
                each(hash, PIECE_COUNTS, Part::Piece(&bounded[start..end]));
            }
        }
    }
}

/// The feature of two words, by the hashes of their letters.
const fn pair_feature(before: u64, word: u64) -> Feature {
    let both = (before ^ PAIR).rotate_left(29) ^ word;
    (both ^ both >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The place of a pair in a model's filter.
const fn filter(pair: Feature) -> (usize, u64) {
    ((pair >> 54) as usize, 1 << (pair >> 48 & 63))
}

/// What a feature is made of: how a file names it.
enum Part<'a> {
    Word(&'a str),
    Pair(&'a str, &'a str),
    Piece(&'a str),
    Concept(&'a str),
    Meeting(&'a str, &'a str),
}

/// A model, ready to weigh texts.
#[derive(Debug)]
pub struct Opinion {
    heads: Vec<&'static str>,
    bias: Vec<i32>,
    /// Where a feature's weights are in `weights`.
    places: ByHash<Place>,
    /// The same for pairs; a bit for each of 65,536 hashes tells nearly every pair that is not there.
    pairs: ByHash<Place>,
    paired: Box<[u64; 1024]>,
    /// The same for meanings, by their numbers.
    concepts: Vec<Place>,
    /// For two meanings the number of their row, from 1: at the first one's number times the count of all, plus the
    /// second one's.
    meetings: Vec<u16>,
    /// Rows of weights, a head each, filled up to [`Opinion::width`].
    rows: Vec<i16>,
    width: usize,
    /// What the letters of words weigh.
    letters: Remembered<Arc<[i32]>>,
    /// A head and its weight.
    weights: Vec<(u8, i16)>,
    judges: Vec<Judge>,
}

/// Weights of measures; the last is the bias.
#[derive(Debug)]
struct Judge {
    name: &'static str,
    weights: Vec<i32>,
}

/// Words whose letters a process remembers the weights of.
const WORDS: usize = 8192;

/// From and to in the weights; nothing there: `(0, 0)`.
type Place = (u32, u32);

/// What each word of a text weighs for each head.
#[derive(Debug)]
pub struct Weighed {
    heads: usize,
    /// Heads of the first word, then of the second; in tenths of a weight.
    all: Vec<i32>,
}

impl Opinion {
    /// Reads a model's file: `heads`, `bias`, then a feature a line (`w lonely`, `p so lonely`, `c <lon`), a tab, and
    /// `head:weight` pairs.
    ///
    /// It has to have these heads, in this order, and these judges.
    ///
    /// # Errors
    /// The first line that is wrong; the last where something is missing.
    pub fn load(file: &File, heads: &[&str], judges: &[&str]) -> Result<Self, DataError> {
        let count = concepts().names().len();
        let mut model = Self {
            heads: Vec::new(),
            bias: Vec::new(),
            places: ByHash::default(),
            pairs: ByHash::default(),
            paired: Box::new([0; 1024]),
            concepts: vec![(0, 0); count],
            meetings: vec![0; count * count],
            rows: Vec::new(),
            width: 0,
            letters: Remembered::new(WORDS),
            weights: Vec::new(),
            judges: Vec::new(),
        };
        for (number, line) in file.text.lines().enumerate() {
            model.line(line).ok_or_else(|| DataError {
                file: file.name,
                line: number as u32 + 1,
                what: "no line of a model: is it made by `make learn`?".to_owned(),
            })?;
        }
        let whole = model.heads == heads
            && model.bias.len() == heads.len()
            && judges.iter().all(|name| model.judges.iter().any(|judge| judge.name == *name));
        if !whole {
            let what = "heads, biases or judges are not those the program has: run `make learn`".to_owned();
            return Err(DataError { file: file.name, line: file.text.lines().count() as u32, what });
        }
        Ok(model)
    }

    fn line(&mut self, line: &'static str) -> Option<()> {
        let (name, values) = line.split_once('\t')?;
        match name {
            "#" => {}
            "heads" => {
                self.heads = values.split(' ').collect();
                self.width = self.heads.len().next_multiple_of(8);
                self.rows = vec![0; self.width];
            }
            "bias" => self.bias = values.split(' ').map(|value| value.parse().ok()).collect::<Option<_>>()?,
            _ if name.starts_with("judge ") => {
                let weights = values.split(' ').map(|value| value.parse().ok()).collect::<Option<_>>()?;
                self.judges.push(Judge { name: &name["judge ".len()..], weights });
            }
            _ => {
                let from = self.weights.len() as u32;
                for pair in values.split(' ') {
                    let (head, weight) = pair.split_once(':')?;
                    self.weights.push((head.parse().ok()?, weight.parse().ok()?));
                }
                let place = (from, self.weights.len() as u32);
                let (kind, letters) = name.split_once(' ')?;
                let concept = |name: &str| concepts().number(name).map(usize::from);
                match kind {
                    "w" => drop(self.places.insert(fnv(WORD, letters.as_bytes()), place)),
                    "p" => {
                        let (before, word) = letters.split_once(' ')?;
                        let pair = pair_feature(fnv(START, before.as_bytes()), fnv(START, word.as_bytes()));
                        let (part, bit) = filter(pair);
                        self.paired[part] |= bit;
                        self.pairs.insert(pair, place);
                    }
                    "c" => drop(self.places.insert(fnv(PIECE, letters.as_bytes()), place)),
                    "k" => self.concepts[concept(letters)?] = place,
                    "m" => {
                        let (one, other) = letters.split_once(' ')?;
                        let meeting = concept(one)? * self.concepts.len() + concept(other)?;
                        self.meetings[meeting] = u16::try_from(self.rows.len().checked_div(self.width)?).ok()?;
                        let row = self.rows.len();
                        self.rows.resize(row + self.width, 0);
                        for &(head, weight) in &self.weights[place.0 as usize..place.1 as usize] {
                            if usize::from(head) < self.heads.len() {
                                self.rows[row + usize::from(head)] += weight;
                            }
                        }
                        self.weights.truncate(from as usize);
                    }
                    _ => return None,
                }
            }
        }
        Some(())
    }

    /// What a judge makes of measures in thousandths, in thousandths; nothing for a name that the file has not.
    pub fn judge(&self, name: &str, measures: &[i32]) -> Option<i32> {
        let judge = self.judges.iter().find(|judge| judge.name == name)?;
        let (bias, weights) = judge.weights.split_last()?;
        let sum: i64 = weights.iter().zip(measures).map(|(w, m)| i64::from(*w) * i64::from(*m)).sum();
        Some(((sum + i64::from(*bias) * 1000) / i64::from(ONE)) as i32)
    }

    /// Weighs the words of a text. The letters of each different word are gone through once.
    pub fn weigh(&self, wording: &Wording<'_>) -> Weighed {
        let heads = self.heads.len();
        let mut all = vec![0i32; wording.words().len() * heads];
        // What the letters of each different word weigh.
        let mut known: Vec<Option<Arc<[i32]>>> = vec![None; wording.different()];
        let mut met = vec![0i32; self.width];
        for ((at, word), row) in wording.words().iter().enumerate().zip(all.chunks_exact_mut(heads.max(1))) {
            let letters = known[wording.number(at)].get_or_insert_with(|| {
                let known = self.letters.get_or(word.letters, || self.of_letters(word.letters));
                known.map_or_else(|new| new, Arc::clone)
            });
            row.copy_from_slice(letters);
            let pair = pair_feature(wording.hash_before(at), wording.hash(at));
            let (part, bit) = filter(pair);
            if self.paired[part] & bit != 0 {
                self.add(self.pairs.get(&pair), PAIR_COUNTS, row);
            }
            for &concept in wording.senses(at) {
                self.add(self.concepts.get(usize::from(concept)), CONCEPT_COUNTS, row);
            }
            let mut meets = false;
            wording.meetings(at, |one, other| {
                let meeting = usize::from(one) * self.concepts.len() + usize::from(other);
                let number = usize::from(self.meetings[meeting]);
                if number != 0 {
                    meets = true;
                    let weights = &self.rows[number * self.width..][..self.width];
                    met.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += i32::from(*weight));
                }
            });
            if meets {
                row.iter_mut().zip(&met).for_each(|(sum, met)| *sum += met * MEETING_COUNTS);
                met.fill(0);
            }
        }
        Weighed { heads, all }
    }

    fn of_letters(&self, letters: &str) -> Arc<[i32]> {
        let mut sums = vec![0; self.heads.len()];
        word_features(letters, |feature, counts, _| self.add(self.places.get(&feature), counts, &mut sums));
        sums.into()
    }

    fn add(&self, place: Option<&Place>, counts: i32, row: &mut [i32]) {
        if let Some(&(from, to)) = place {
            for &(head, weight) in &self.weights[from as usize..to as usize] {
                if let Some(sum) = row.get_mut(usize::from(head)) {
                    *sum = sum.saturating_add(i32::from(weight) * counts);
                }
            }
        }
    }

    /// What these words together score for a head, in thousandths of the model's margin: 0 is the border between the
    /// labelled texts, 1,000 is where the sure ones begin.
    pub fn score(&self, weighed: &Weighed, words: Range<usize>, head: usize) -> i32 {
        let count = words.len().max(1) as u64;
        let sum: i64 = words.map(|word| i64::from(weighed.of(word, head))).sum();
        // sqrt(n) with eight binary places.
        let root = (count << 16).isqrt() as i64;
        let milli = sum * 256 * 1000 / (root * 10) + i64::from(self.bias[head]) * 1000;
        (milli / i64::from(ONE)) as i32
    }
}

impl Weighed {
    /// What one word weighs for a head.
    pub fn of(&self, word: usize, head: usize) -> i32 {
        self.all.get(word * self.heads + head).copied().unwrap_or(0)
    }

    /// The stretch of these words that weighs most for a head: each word in it has to earn its place.
    pub fn heaviest(&self, words: Range<usize>, head: usize) -> Range<usize> {
        let count = words.len().max(1) as i32;
        let total: i64 = words.clone().map(|word| i64::from(self.of(word, head))).sum();
        let mean = (total / i64::from(count)) as i32;
        let least = mean.max(1);
        let (mut best, mut best_sum) = (words.start..(words.start + 1).min(words.end), i32::MIN);
        let (mut from, mut sum) = (words.start, 0i32);
        for word in words {
            if sum < 0 {
                (from, sum) = (word, 0);
            }
            sum = sum.saturating_add(self.of(word, head).saturating_sub(least / 2));
            if sum > best_sum {
                (best, best_sum) = (from..word + 1, sum);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
