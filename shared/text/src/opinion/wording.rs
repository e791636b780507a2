//! The words of a text as a model sees them, what they mean, and the stretches they are judged in.

use std::{collections::hash_map::Entry, ops::Range, sync::Arc};

use super::{CONCEPT_COUNTS, MEETING_COUNTS, NEAR, PAIR_COUNTS, Part, word_features};
use crate::{
    Kind, Language, Span, Text,
    concepts::{Expression, Meaning, concepts, packed},
    hashed::{ByHash, START, fnv},
};

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
    /// Where it is in the original.
    pub span: Span,
}

/// The words of a text as a model sees them, and what they mean.
#[derive(Debug)]
pub struct Wording<'a> {
    words: Vec<Seen<'a>>,
    /// The number of each among the different ones.
    numbers: Vec<u32>,
    /// The hashes of the different ones' letters.
    hashes: Vec<u64>,
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
                    Kind::Number => &"99999"[..base.chars().take(5).count()],
                    _ if token.disguised => text.variants(at).next().unwrap_or(base),
                    _ => base,
                };
                let language = text.sentences()[token.sentence as usize].coverage.language;
                Seen { letters, token: at as u32, sentence: token.sentence, language, span: token.span }
            })
            .collect();
        let mut wording = Self {
            numbers: Vec::with_capacity(words.len()),
            hashes: Vec::new(),
            senses: Vec::with_capacity(words.len() * 2),
            bounds: vec![0],
            words,
        };
        wording.find_senses(alike);
        wording
    }

    fn find_senses(&mut self, alike: &[&str]) {
        let alike: Vec<u8> = alike.iter().filter_map(|name| concepts().number(name)).collect();
        let mut known: ByHash<u32> = ByHash::default();
        // What words mean and whether that makes them alike; which of it each different word means.
        let mut meanings: Vec<(Arc<Meaning>, bool)> = Vec::new();
        let mut meant: Vec<usize> = Vec::new();
        for word in &self.words {
            let language = word.language.map_or(0, |language| language as u64 + 1);
            let number = match known.entry(fnv(START ^ language << 32, word.letters.as_bytes())) {
                Entry::Occupied(same) => *same.get(),
                Entry::Vacant(new) => {
                    let meaning = concepts().meaning(word.letters, word.language);
                    let same = meaning.senses.iter().any(|concept| alike.contains(concept));
                    meanings.push((meaning, same));
                    let first = meanings.len() - 1;
                    let letters = if meanings[first].1 { ALIKE } else { word.letters };
                    self.hashes.push(fnv(START, letters.as_bytes()));
                    meant.push(first);
                    *new.insert(meant.len() as u32 - 1)
                }
            };
            self.numbers.push(number);
        }
        // Before expressions are looked for: what follows must not tell words apart that are alike.
        for at in 0..self.words.len() {
            if meanings[meant[self.numbers[at] as usize]].1 {
                self.words[at].letters = ALIKE;
            }
        }
        self.mark_expressions(&alike, &mut meanings, &mut meant);
        for at in 0..self.words.len() {
            let (meaning, same) = &meanings[meant[self.numbers[at] as usize]];
            if *same {
                self.senses.push(alike[0]);
            } else {
                let from = self.senses.len();
                self.senses.extend_from_slice(&meaning.senses);
                let sentence = self.words[at].sentence;
                let following = |i: usize| self.words.get(at + i).filter(|next| next.sentence == sentence);
                if !meaning.begun.is_empty() && following(1).is_some() {
                    let next = packed(self.words[at + 1].letters);
                    for begun in meaning.begun.iter().filter(|begun| begun.may_go_on(next)) {
                        let concept = begun.expression.meant(|i| following(i).map(|next| next.letters));
                        let new = |concept: &u8| !self.senses[from..].contains(concept) && !alike.contains(concept);
                        if let Some(concept) = concept.filter(new) {
                            self.senses.push(concept);
                        }
                    }
                }
            }
            self.bounds.push(self.senses.len() as u32);
        }
    }

    /// Makes the words of an expression alike (`poor people`).
    fn mark_expressions(&mut self, alike: &[u8], meanings: &mut Vec<(Arc<Meaning>, bool)>, meant: &mut Vec<usize>) {
        let mut number = None;
        for at in 0..self.words.len() {
            let (meaning, same) = &meanings[meant[self.numbers[at] as usize]];
            if *same || !meaning.begun.iter().any(|begun| alike.contains(&begun.expression.concept())) {
                continue;
            }
            let sentence = self.words[at].sentence;
            let following =
                |i: usize| self.words.get(at + i).filter(|next| next.sentence == sentence).map(|next| next.letters);
            let expressions = meaning.begun.iter().map(|begun| begun.expression);
            let found = expressions
                .filter(|expression| alike.contains(&expression.concept()) && expression.meant(following).is_some())
                .map(Expression::words)
                .max();
            let Some(words) = found else { continue };
            let number = *number.get_or_insert_with(|| {
                meanings.push((Arc::new(Meaning::none()), true));
                meant.push(meanings.len() - 1);
                self.hashes.push(fnv(START, ALIKE.as_bytes()));
                meant.len() as u32 - 1
            });
            for word in at..at + words {
                self.words[word].letters = ALIKE;
                self.numbers[word] = number;
            }
        }
    }

    /// How many different words there are; the same word in two languages counts twice.
    pub(super) fn different(&self) -> usize {
        self.hashes.len()
    }

    /// The number of a word among the different ones.
    pub(super) fn number(&self, word: usize) -> usize {
        self.numbers[word] as usize
    }

    /// The hash of a word's letters.
    pub(super) fn hash(&self, word: usize) -> u64 {
        self.hashes[self.number(word)]
    }

    /// The hash of the word before, in its sentence.
    pub(super) fn hash_before(&self, word: usize) -> u64 {
        match word.checked_sub(1) {
            Some(last) if self.words[last].sentence == self.words[word].sentence => self.hash(last),
            _ => fnv(START, BEGIN.as_bytes()),
        }
    }

    /// Where some of the words are, from the first to the last; of none it is empty.
    pub fn span(&self, words: Range<usize>) -> Span {
        match &self.words[words] {
            [] => Span { start: 0, end: 0 },
            [one] => one.span,
            [first, .., last] => first.span.to(last.span),
        }
    }

    /// The words.
    pub fn words(&self) -> &[Seen<'t>] {
        &self.words
    }

    pub(super) fn senses(&self, word: usize) -> &[u8] {
        &self.senses[self.bounds[word] as usize..self.bounds[word + 1] as usize]
    }

    fn before(&self, word: usize) -> &'t str {
        match word.checked_sub(1).and_then(|i| self.words.get(i)) {
            Some(last) if last.sentence == self.words[word].sentence => last.letters,
            _ => BEGIN,
        }
    }

    /// The meanings before a word, in its sentence, that its own meet.
    pub(super) fn meetings(&self, word: usize, mut each: impl FnMut(u8, u8)) {
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
    pub(super) fn features(&self, mut each: impl FnMut(i32, Part<'_>)) {
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
pub(super) const ALIKE: &str = "\u{b7}";

/// Stretches that are judged together: all of a short text; of a longer one windows of at most [`WINDOW`] words, of whole
/// sentences as far as they are short, each beginning about the middle of the one before.
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
pub(super) const WINDOW: usize = 60;

/// The word before a sentence's first.
pub(super) const BEGIN: &str = "^";
