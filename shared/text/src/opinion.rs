//! A second opinion beside the rules: a linear model over words, pairs of words and pieces of words, learned from
//! labelled texts ([`learn`]). It sees wording no rule has, and says which words weighed most.
//!
//! What a stretch of `n` words scores for a head (a category, an outcome) is `bias + sum of the weights / sqrt(n)`, in
//! whole numbers, so that every machine says the same. A model is a text file: a line a feature.
//!
//! Features, and how much each counts: a word (1), a pair of neighbours (1/2), three to five letters in a row inside a
//! word with its bounds (3/10).

pub mod learn;

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::Range,
};

use crate::{
    Kind, Text,
    lexicon::{DataError, File},
};

/// One in the weights of a model's file.
const ONE: i32 = 256;

/// The number of a feature: 64 bits of its kind and letters (FNV-1a).
type Feature = u64;

/// Features are hashes already.
#[derive(Default)]
struct Given(u64);

impl Hasher for Given {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = fnv(self.0, bytes);
    }
    fn write_u64(&mut self, feature: u64) {
        self.0 = feature;
    }
}

type ByFeature<T> = HashMap<Feature, T, BuildHasherDefault<Given>>;

fn fnv(from: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

const WORD: u64 = 0x5bd1_e995_9d1c_a3e1;
const PAIR: u64 = 0x2545_f491_4f6c_dd1d;
const PIECE: u64 = 0x9e37_79b9_7f4a_7c15;

/// How much a feature of each kind counts, in tenths.
const WORD_COUNTS: i32 = 10;
const PAIR_COUNTS: i32 = 5;
const PIECE_COUNTS: i32 = 3;

/// A word as the model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its letters; a number is as many nines as it has digits, five at most.
    pub letters: &'a str,
    /// Its token.
    pub token: u32,
    /// Its sentence.
    pub sentence: u32,
}

/// The words of a text. A disguised word is what it most likely stands for; what `hidden` says is left out.
pub fn seen<'t>(text: &'t Text<'_>, hidden: impl Fn(u32) -> bool) -> Vec<Seen<'t>> {
    let tokens = text.tokens().iter().enumerate();
    tokens
        .filter(|(at, token)| matches!(token.kind, Kind::Word | Kind::Number) && !hidden(*at as u32))
        .map(|(at, token)| {
            let base = text.base(token);
            let letters = match token.kind {
                Kind::Number => &"99999"[..base.len().min(5)],
                _ if token.disguised => text.variants(at).next().unwrap_or(base),
                _ => base,
            };
            Seen { letters, token: at as u32, sentence: token.sentence }
        })
        .collect()
}

/// Calls `each` with the features of one word and how much they count.
fn word_features(letters: &str, mut each: impl FnMut(Feature, i32, Part<'_>)) {
    each(fnv(WORD, letters.as_bytes()), WORD_COUNTS, Part::Word(letters));
    let mut bounded = String::with_capacity(letters.len() + 2);
    bounded.push('<');
    bounded.push_str(letters);
    bounded.push('>');
    for (start, _) in bounded.char_indices() {
        let mut hash = PIECE;
        for (count, (at, letter)) in bounded[start..].char_indices().enumerate().take(5) {
            let end = start + at + letter.len_utf8();
            hash = fnv(hash, bounded[start + at..end].as_bytes());
            if count >= 2 {
                each(hash, PIECE_COUNTS, Part::Piece(&bounded[start..end]));
            }
        }
    }
}

fn pair_feature(before: &str, word: &str) -> Feature {
    fnv(fnv(fnv(PAIR, before.as_bytes()), b" "), word.as_bytes())
}

/// What a feature is made of: how a file names it.
enum Part<'a> {
    Word(&'a str),
    Pair(&'a str, &'a str),
    Piece(&'a str),
}

/// The word before a sentence's first.
const BEGIN: &str = "^";

/// All features of some words; one that occurs twice counts twice.
fn features(words: &[Seen<'_>], mut each: impl FnMut(Feature, i32, Part<'_>)) {
    for (at, word) in words.iter().enumerate() {
        word_features(word.letters, &mut each);
        let before = before(words, at);
        each(pair_feature(before, word.letters), PAIR_COUNTS, Part::Pair(before, word.letters));
    }
}

fn before<'a>(words: &[Seen<'a>], at: usize) -> &'a str {
    match at.checked_sub(1).and_then(|i| words.get(i)) {
        Some(last) if last.sentence == words[at].sentence => last.letters,
        _ => BEGIN,
    }
}

/// A model, ready to weigh texts.
#[derive(Debug)]
pub struct Opinion {
    heads: Vec<&'static str>,
    bias: Vec<i32>,
    /// Where a feature's weights are in `weights`.
    places: ByFeature<(u32, u32)>,
    /// A head and its weight.
    weights: Vec<(u8, i16)>,
}

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
    /// # Errors
    /// The first line that is wrong.
    pub fn load(file: &File) -> Result<Self, DataError> {
        let mut model =
            Self { heads: Vec::new(), bias: Vec::new(), places: ByFeature::default(), weights: Vec::new() };
        for (number, line) in file.text.lines().enumerate() {
            model.line(line).ok_or_else(|| DataError {
                file: file.name,
                line: number as u32 + 1,
                what: "no line of a model: is it made by `make learn`?".to_owned(),
            })?;
        }
        Ok(model)
    }

    fn line(&mut self, line: &'static str) -> Option<()> {
        let (name, values) = line.split_once('\t')?;
        match name {
            "#" => {}
            "heads" => self.heads = values.split(' ').collect(),
            "bias" => self.bias = values.split(' ').map(|value| value.parse().ok()).collect::<Option<_>>()?,
            _ => {
                let (kind, letters) = name.split_once(' ')?;
                let feature = match kind {
                    "w" => fnv(WORD, letters.as_bytes()),
                    "p" => fnv(PAIR, letters.as_bytes()),
                    "c" => fnv(PIECE, letters.as_bytes()),
                    _ => return None,
                };
                let from = self.weights.len() as u32;
                for pair in values.split(' ') {
                    let (head, weight) = pair.split_once(':')?;
                    self.weights.push((head.parse().ok()?, weight.parse().ok()?));
                }
                self.places.insert(feature, (from, self.weights.len() as u32));
            }
        }
        Some(())
    }

    /// The names of what it has an opinion on.
    pub fn heads(&self) -> &[&'static str] {
        &self.heads
    }

    /// The number of a head.
    pub fn head(&self, name: &str) -> Option<usize> {
        self.heads.iter().position(|head| *head == name)
    }

    /// Weighs the words of a text. Each different word is taken apart once.
    pub fn weigh(&self, words: &[Seen<'_>]) -> Weighed {
        let heads = self.heads.len();
        let mut all = vec![0i32; words.len() * heads];
        let mut known: ByFeature<usize> = ByFeature::default();
        for (at, word) in words.iter().enumerate() {
            let same = *known.entry(fnv(WORD, word.letters.as_bytes())).or_insert(at);
            if same == at {
                let row = &mut all[at * heads..][..heads];
                word_features(word.letters, |feature, counts, _| self.add(feature, counts, row));
            } else {
                // The first one's row has its pair already: it is taken off again below.
                all.copy_within(same * heads..(same + 1) * heads, at * heads);
                let row = &mut all[at * heads..][..heads];
                self.add(pair_feature(before(words, same), word.letters), -PAIR_COUNTS, row);
            }
            let row = &mut all[at * heads..][..heads];
            self.add(pair_feature(before(words, at), word.letters), PAIR_COUNTS, row);
        }
        Weighed { heads, all }
    }

    fn add(&self, feature: Feature, counts: i32, row: &mut [i32]) {
        if let Some(&(from, to)) = self.places.get(&feature) {
            for &(head, weight) in &self.weights[from as usize..to as usize] {
                if let Some(sum) = row.get_mut(usize::from(head)) {
                    *sum += i32::from(weight) * counts;
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
        let mean = words.clone().map(|word| self.of(word, head)).sum::<i32>() / count;
        let least = mean.max(1);
        let (mut best, mut best_sum) = (words.start..(words.start + 1).min(words.end), i32::MIN);
        let (mut from, mut sum) = (words.start, 0i32);
        for word in words {
            if sum < 0 {
                (from, sum) = (word, 0);
            }
            sum += self.of(word, head) - least / 2;
            if sum > best_sum {
                (best, best_sum) = (from..word + 1, sum);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
