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

use std::{collections::hash_map::Entry, ops::Range};

use crate::{
    Kind, Language, Text,
    concepts::concepts,
    hashed::{ByHash, fnv},
    lexicon::{DataError, File},
};

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

/// A word as the model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its letters; a number is as many nines as it has digits, five at most.
    pub letters: &'a str,
    /// Its token.
    pub token: u32,
    /// Its sentence.
    pub sentence: u32,
    /// The language of its sentence.
    pub language: Option<Language>,
}

/// The words of a text as a model sees them, and what they mean.
#[derive(Debug)]
pub struct Wording<'a> {
    words: Vec<Seen<'a>>,
    /// The numbers of concepts, word by word.
    senses: Vec<u8>,
    /// Where each word's senses begin; one more for the end.
    bounds: Vec<u32>,
}

impl<'t> Wording<'t> {
    /// Reads a text's words. A disguised word is what it most likely stands for; what `hidden` says of a token is left
    /// out; words of the concepts in `alike` are one word to the model, which then cannot prefer one to another.
    pub fn of(text: &'t Text<'_>, alike: &[&str], hidden: impl Fn(u32) -> bool) -> Self {
        let tokens = text.tokens().iter().enumerate();
        let words: Vec<Seen<'t>> = tokens
            .filter(|(at, token)| matches!(token.kind, Kind::Word | Kind::Number) && !hidden(*at as u32))
            .map(|(at, token)| {
                let base = text.base(token);
                let letters = match token.kind {
                    Kind::Number => &"99999"[..base.len().min(5)],
                    _ if token.disguised => text.variants(at).next().unwrap_or(base),
                    _ => base,
                };
                let language = text.sentences()[token.sentence as usize].coverage.language;
                Seen { letters, token: at as u32, sentence: token.sentence, language }
            })
            .collect();
        let mut wording = Self { senses: Vec::with_capacity(words.len() * 2), bounds: vec![0], words };
        wording.find_senses(alike);
        wording
    }

    fn find_senses(&mut self, alike: &[&str]) {
        let alike: Vec<u8> = alike.iter().filter_map(|name| concepts().number(name)).collect();
        // For each different word where its senses are, and the expressions it begins.
        let mut known: ByHash<(Range<usize>, Range<usize>)> = ByHash::default();
        let mut begun = Vec::new();
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            let word = self.words[at];
            let from = self.senses.len();
            let language = word.language.map_or(0, |language| language as u64 + 1);
            let expressions = match known.entry(fnv(WORD ^ language, word.letters.as_bytes())) {
                Entry::Occupied(same) => {
                    self.senses.extend_from_within(same.get().0.clone());
                    same.get().1.clone()
                }
                Entry::Vacant(new) => {
                    concepts().of_word(word.letters, word.language, &mut found);
                    if found.iter().any(|concept| alike.contains(concept)) {
                        found = vec![alike[0]];
                    }
                    self.senses.extend(&found);
                    let first = begun.len();
                    concepts().expressions(word.letters, word.language, &mut begun);
                    new.insert((from..self.senses.len(), first..begun.len())).1.clone()
                }
            };
            if !alike.is_empty() && self.senses[from..] == alike[..1] {
                self.words[at].letters = ALIKE;
            } else {
                let following = |i: usize| {
                    let next = self.words.get(at + i).filter(|next| next.sentence == word.sentence);
                    next.map(|next| next.letters)
                };
                for concept in begun[expressions].iter().filter_map(|expression| expression.meant(following)) {
                    if !self.senses[from..].contains(&concept) && !alike.contains(&concept) {
                        self.senses.push(concept);
                    }
                }
            }
            self.bounds.push(self.senses.len() as u32);
        }
    }

    /// The words.
    pub fn words(&self) -> &[Seen<'t>] {
        &self.words
    }

    fn senses(&self, word: usize) -> &[u8] {
        &self.senses[self.bounds[word] as usize..self.bounds[word + 1] as usize]
    }

    fn before(&self, word: usize) -> &'t str {
        match word.checked_sub(1).and_then(|i| self.words.get(i)) {
            Some(last) if last.sentence == self.words[word].sentence => last.letters,
            _ => BEGIN,
        }
    }

    /// The meanings before a word, in its sentence, that its own meet.
    fn meetings(&self, word: usize, mut each: impl FnMut(u8, u8)) {
        let sentence = self.words[word].sentence;
        for earlier in (word.saturating_sub(NEAR)..word).filter(|i| self.words[*i].sentence == sentence) {
            for &one in self.senses(earlier) {
                for &other in self.senses(word) {
                    each(one, other);
                }
            }
        }
    }

    /// All features; one that occurs twice counts twice. For the learner, which has time.
    fn features(&self, mut each: impl FnMut(i32, Part<'_>)) {
        let names = concepts().names();
        let name = |concept: u8| names[usize::from(concept)];
        for (at, word) in self.words.iter().enumerate() {
            word_features(word.letters, |_, counts, part| each(counts, part));
            each(PAIR_COUNTS, Part::Pair(self.before(at), word.letters));
            for &concept in self.senses(at) {
                each(CONCEPT_COUNTS, Part::Concept(name(concept)));
            }
            self.meetings(at, |one, other| each(MEETING_COUNTS, Part::Meeting(name(one), name(other))));
        }
    }
}

/// What words that are alike are to a model.
const ALIKE: &str = "\u{b7}";

/// Stretches of whole sentences that are judged together: all of a short text; of a longer one windows of at most
/// [`WINDOW`] words, each beginning about the middle of the one before.
pub fn windows(words: &[Seen<'_>]) -> Vec<Range<usize>> {
    if words.len() <= WINDOW {
        return std::iter::once(0..words.len()).collect();
    }
    let mut begins = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let new = at == 0 || words[at - 1].sentence != word.sentence;
        if new || begins.last().is_some_and(|last| at - last >= WINDOW / 2) {
            begins.push(at);
        }
    }
    begins.push(words.len());
    let mut all = Vec::new();
    let mut first = 0;
    while first + 1 < begins.len() {
        let from = begins[first];
        let last = begins.partition_point(|begin| *begin <= from + WINDOW) - 1;
        let to = begins[last.max(first + 1)];
        all.push(from..to);
        if to == words.len() {
            break;
        }
        first = begins.partition_point(|begin| *begin <= from + (to - from) / 2).max(first + 1);
    }
    all
}

/// About as long as the longest texts a model has learned from.
const WINDOW: usize = 60;

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

fn pair_feature(before: &str, word: &str) -> Feature {
    fnv(fnv(fnv(PAIR, before.as_bytes()), b" "), word.as_bytes())
}

/// What a feature is made of: how a file names it.
enum Part<'a> {
    Word(&'a str),
    Pair(&'a str, &'a str),
    Piece(&'a str),
    Concept(&'a str),
    Meeting(&'a str, &'a str),
}

/// The word before a sentence's first.
const BEGIN: &str = "^";

/// A model, ready to weigh texts.
#[derive(Debug)]
pub struct Opinion {
    heads: Vec<&'static str>,
    bias: Vec<i32>,
    /// Where a feature's weights are in `weights`.
    places: ByHash<Place>,
    /// The same for meanings, by their numbers.
    concepts: Vec<Place>,
    /// The same for two meanings: the first one's number times the count of all, plus the second one's.
    meetings: Vec<Place>,
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
    /// # Errors
    /// The first line that is wrong.
    pub fn load(file: &File) -> Result<Self, DataError> {
        let count = concepts().names().len();
        let mut model = Self {
            heads: Vec::new(),
            bias: Vec::new(),
            places: ByHash::default(),
            concepts: vec![(0, 0); count],
            meetings: vec![(0, 0); count * count],
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
        Ok(model)
    }

    fn line(&mut self, line: &'static str) -> Option<()> {
        let (name, values) = line.split_once('\t')?;
        match name {
            "#" => {}
            "heads" => self.heads = values.split(' ').collect(),
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
                    "p" => drop(self.places.insert(fnv(PAIR, letters.as_bytes()), place)),
                    "c" => drop(self.places.insert(fnv(PIECE, letters.as_bytes()), place)),
                    "k" => self.concepts[concept(letters)?] = place,
                    "m" => {
                        let (one, other) = letters.split_once(' ')?;
                        self.meetings[concept(one)? * self.concepts.len() + concept(other)?] = place;
                    }
                    _ => return None,
                }
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
        let mut all = vec![0i32; wording.words.len() * heads];
        // What the letters of a word weigh, by the word.
        let mut known: ByHash<usize> = ByHash::default();
        let mut letters: Vec<i32> = Vec::new();
        for (at, word) in wording.words.iter().enumerate() {
            let row = &mut all[at * heads..][..heads];
            let from = *known.entry(fnv(WORD, word.letters.as_bytes())).or_insert_with(|| {
                let from = letters.len();
                letters.resize(from + heads, 0);
                word_features(word.letters, |feature, counts, _| {
                    self.add(self.places.get(&feature), counts, &mut letters[from..]);
                });
                from
            });
            row.copy_from_slice(&letters[from..][..heads]);
            self.add(self.places.get(&pair_feature(wording.before(at), word.letters)), PAIR_COUNTS, row);
            for &concept in wording.senses(at) {
                self.add(self.concepts.get(usize::from(concept)), CONCEPT_COUNTS, row);
            }
            wording.meetings(at, |one, other| {
                let meeting = usize::from(one) * self.concepts.len() + usize::from(other);
                self.add(self.meetings.get(meeting), MEETING_COUNTS, row);
            });
        }
        Weighed { heads, all }
    }

    fn add(&self, place: Option<&Place>, counts: i32, row: &mut [i32]) {
        if let Some(&(from, to)) = place {
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
