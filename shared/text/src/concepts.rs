//! What words mean, coarsely: `understood`, `forstod` and `зрозуміла` are `understand`. What is learned from one of them
//! holds for the others, in every language.
//!
//! `data/concepts.<language>.txt` has a concept a line: `name: word word* two_words`. A star stands for any ending, `_`
//! joins the words of an expression (three at most).

use std::sync::{Arc, OnceLock};

use crate::{
    Language,
    fold::fold,
    hashed::{ByHash, Remembered, START, fnv},
    lexicon::{DataError, File},
};

/// The files, in the order of [`LANGUAGES`].
pub const FILES: [File; 4] = [
    File { name: "shared/text/data/concepts.en.txt", text: include_str!("../data/concepts.en.txt") },
    File { name: "shared/text/data/concepts.nb.txt", text: include_str!("../data/concepts.nb.txt") },
    File { name: "shared/text/data/concepts.uk.txt", text: include_str!("../data/concepts.uk.txt") },
    File { name: "shared/text/data/concepts.ru.txt", text: include_str!("../data/concepts.ru.txt") },
];

const LANGUAGES: [Language; 4] = [Language::English, Language::Bokmal, Language::Ukrainian, Language::Russian];

/// A word of an expression.
#[derive(Debug, Clone)]
struct Part {
    letters: String,
    stem: bool,
}

impl Part {
    fn of(written: &str) -> Self {
        let letters = written.strip_suffix('*');
        Self { letters: fold(letters.unwrap_or(written)).into_owned(), stem: letters.is_some() }
    }

    fn fits(&self, word: &str) -> bool {
        if self.stem { word.starts_with(&self.letters) } else { word == self.letters }
    }
}

/// The words that follow the first one, and the concept.
#[derive(Debug)]
pub(crate) struct Expression {
    following: Vec<Part>,
    concept: u8,
}

impl Expression {
    /// The concept, where the following words are these.
    pub(crate) fn meant<'a>(&self, following: impl Fn(usize) -> Option<&'a str>) -> Option<u8> {
        let mut parts = self.following.iter().enumerate();
        parts.all(|(at, part)| following(at + 1).is_some_and(|word| part.fits(word))).then_some(self.concept)
    }

    /// What it means.
    pub(crate) fn concept(&self) -> u8 {
        self.concept
    }

    /// How many words it has.
    pub(crate) fn words(&self) -> usize {
        self.following.len() + 1
    }
}

/// The first eight bytes of a word, zeros where it is shorter.
pub(crate) fn packed(word: &str) -> u64 {
    let mut first = [0; 8];
    let length = word.len().min(8);
    first[..length].copy_from_slice(&word.as_bytes()[..length]);
    u64::from_le_bytes(first)
}

/// An expression that a word begins.
#[derive(Debug)]
pub(crate) struct Begun {
    /// What the first bytes of the next word are, under a mask.
    mask: u64,
    first: u64,
    pub(crate) expression: &'static Expression,
}

impl Begun {
    fn of(expression: &'static Expression) -> Self {
        let Some(next) = expression.following.first() else { return Self { mask: 0, first: 0, expression } };
        // A whole word ends where a stem may go on.
        let bytes = next.letters.len() + usize::from(!next.stem);
        let mask = if bytes >= 8 { u64::MAX } else { (1 << (bytes * 8)) - 1 };
        Self { mask, first: packed(&next.letters), expression }
    }

    /// Whether it may go on with a word of these first bytes.
    pub(crate) fn may_go_on(&self, next: u64) -> bool {
        next & self.mask == self.first
    }
}

/// What a word means in a language, and the expressions it begins.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) senses: Box<[u8]>,
    pub(crate) begun: Box<[Begun]>,
}

impl Meaning {
    /// That of a word nobody knows.
    pub(crate) fn none() -> Self {
        Self { senses: Box::default(), begun: Box::default() }
    }
}

/// Words whose meaning a process remembers, for each language.
const WORDS: usize = 4096;

/// The words of a language, by the hashes of their letters.
#[derive(Debug, Default)]
struct Words {
    whole: ByHash<Vec<u8>>,
    stems: ByHash<Vec<u8>>,
    /// Expressions by their first word, whole or stem.
    expressions: ByHash<Vec<Expression>>,
    begun: ByHash<Vec<Expression>>,
    /// The longest stem, in bytes.
    longest: usize,
}

/// All languages' concepts.
#[derive(Debug)]
pub struct Concepts {
    names: Vec<&'static str>,
    languages: [Words; 4],
    /// By language, the last for an unknown one.
    meanings: [Remembered<Arc<Meaning>>; 5],
}

/// The concepts of this build.
///
/// # Panics
/// When a file is wrong, which the tests of this crate rule out for a build that passed them.
pub fn concepts() -> &'static Concepts {
    static CONCEPTS: OnceLock<Concepts> = OnceLock::new();
    CONCEPTS.get_or_init(|| match Concepts::load(&FILES) {
        Ok(concepts) => concepts,
        Err(error) => panic!("the concepts of this build are wrong: {error}"),
    })
}

fn hash(letters: &str) -> u64 {
    fnv(START, letters.as_bytes())
}

impl Concepts {
    fn load(files: &[File; 4]) -> Result<Self, DataError> {
        let mut all = Self {
            names: Vec::new(),
            languages: Default::default(),
            meanings: std::array::from_fn(|_| Remembered::new(WORDS)),
        };
        for (language, file) in files.iter().enumerate() {
            for (number, line) in file.text.lines().enumerate() {
                all.line(language, line).map_err(|what| DataError {
                    file: file.name,
                    line: number as u32 + 1,
                    what: what.to_owned(),
                })?;
            }
        }
        Ok(all)
    }

    fn line(&mut self, language: usize, line: &'static str) -> Result<(), &'static str> {
        let (name, words) = line.split_once(':').ok_or("not `name: words`")?;
        let known = self.names.iter().position(|have| *have == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        let concept = u8::try_from(known).map_err(|_| "more than 256 concepts")?;
        let own = &mut self.languages[language];
        for written in words.split_whitespace() {
            let parts: Vec<Part> = written.split('_').map(Part::of).collect();
            match parts.as_slice() {
                [one] if one.stem => {
                    own.longest = own.longest.max(one.letters.len());
                    own.stems.entry(hash(&one.letters)).or_default().push(concept);
                }
                [one] => own.whole.entry(hash(&one.letters)).or_default().push(concept),
                [first, following @ ..] => {
                    let place = if first.stem { &mut own.begun } else { &mut own.expressions };
                    own.longest = own.longest.max(first.letters.len());
                    let expression = Expression { following: following.to_vec(), concept };
                    place.entry(hash(&first.letters)).or_default().push(expression);
                }
                [] => {}
            }
        }
        Ok(())
    }

    /// The names, in the order of their numbers.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The number of a concept.
    pub fn number(&self, name: &str) -> Option<u8> {
        self.names.iter().position(|have| *have == name).map(|at| at as u8)
    }

    /// What a word means by itself: in the language of its sentence, else in any.
    pub fn of_word(&self, word: &str, language: Option<Language>, found: &mut Vec<u8>) {
        found.clear();
        let own = language.and_then(|one| LANGUAGES.iter().position(|have| *have == one));
        if let Some(own) = own {
            self.languages[own].find(word, found);
        }
        if found.is_empty() {
            for (at, other) in self.languages.iter().enumerate() {
                if Some(at) != own {
                    other.find(word, found);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
    }

    /// What a word means and begins.
    pub(crate) fn meaning(&'static self, word: &str, language: Option<Language>) -> Arc<Meaning> {
        let own = language.and_then(|one| LANGUAGES.iter().position(|have| *have == one)).unwrap_or(LANGUAGES.len());
        let make = || {
            let (mut senses, mut begun) = (Vec::new(), Vec::new());
            self.of_word(word, language, &mut senses);
            self.expressions(word, language, &mut begun);
            let begun = begun.into_iter().map(Begun::of).collect();
            Arc::new(Meaning { senses: senses.into(), begun })
        };
        self.meanings[own].get_or(word, make).map_or_else(|new| new, Arc::clone)
    }

    /// The expressions that begin with a word, in a language or, if it is not known, in all.
    pub(crate) fn expressions<'c>(&'c self, word: &str, language: Option<Language>, found: &mut Vec<&'c Expression>) {
        for (at, words) in self.languages.iter().enumerate() {
            if language.is_none_or(|one| LANGUAGES[at] == one) {
                words.each_stem(word, |hash| found.extend(words.begun.get(&hash).into_iter().flatten()));
                found.extend(words.expressions.get(&hash(word)).into_iter().flatten());
            }
        }
    }
}

impl Words {
    fn find(&self, word: &str, found: &mut Vec<u8>) {
        self.each_stem(word, |hash| found.extend(self.stems.get(&hash).into_iter().flatten()));
        found.extend(self.whole.get(&hash(word)).into_iter().flatten());
    }

    /// Calls `each` with the hash of the first two letters, three letters, and so on.
    fn each_stem(&self, word: &str, mut each: impl FnMut(u64)) {
        let mut so_far = START;
        for (count, (at, letter)) in word.char_indices().enumerate() {
            let end = at + letter.len_utf8();
            if end > self.longest {
                break;
            }
            so_far = fnv(so_far, &word.as_bytes()[at..end]);
            if count > 0 {
                each(so_far);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str, language: Language) -> Vec<&'static str> {
        let mut found = Vec::new();
        concepts().of_word(word, Some(language), &mut found);
        found.iter().map(|number| concepts().names()[usize::from(*number)]).collect()
    }

    #[test]
    fn words_of_four_languages_mean_the_same() {
        for (word, language) in [
            ("understood", Language::English),
            ("forsto", Language::Bokmal),
            ("зрозуміла", Language::Ukrainian),
            ("поняла", Language::Russian),
        ] {
            assert!(of(word, language).contains(&"understand"), "{word}");
        }
    }

    #[test]
    fn a_word_of_another_language_is_known_where_its_sentence_has_no_such_word() {
        assert!(of("understood", Language::Bokmal).contains(&"understand"));
    }

    #[test]
    fn every_file_has_every_concept_once() {
        for file in &FILES {
            let mut names: Vec<&str> = file.text.lines().filter_map(|l| Some(l.split_once(':')?.0)).collect();
            assert_eq!(names.len(), concepts().names().len(), "{}", file.name);
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), concepts().names().len(), "{}", file.name);
        }
    }

    #[test]
    fn an_expression_is_found_where_all_its_words_follow() {
        let words = ["used", "to", "hide"];
        let mut found = Vec::new();
        concepts().expressions(words[0], Some(Language::English), &mut found);
        let meant = found.iter().filter_map(|one| one.meant(|i| words.get(i).copied()));
        let names: Vec<&str> = meant.map(|c| concepts().names()[usize::from(c)]).collect();
        assert!(names.contains(&"before_past"), "{names:?}");
    }
}
