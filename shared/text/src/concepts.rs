//! What words mean, coarsely: `understood`, `forstod` and `зрозуміла` are `understand`. What is learned from one of them
//! holds for the others, in every language.
//!
//! `data/concepts.<language>.txt` has a concept a line: `name: word word* two_words`. A star stands for any ending, `_`
//! joins the words of an expression (three at most).

use std::sync::OnceLock;

use crate::{
    Language,
    fold::fold,
    hashed::{ByHash, START, fnv},
    lexicon::{DataError, File},
};

/// The files, in the order of [`LANGUAGES`].
pub(crate) const FILES: [File; 4] = [
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

/// The words of a language, by the hashes of their letters.
#[derive(Debug, Default)]
struct Words {
    whole: ByHash<Vec<u8>>,
    stems: ByHash<Vec<u8>>,
    /// By the first two letters of the first word: its words and the concept.
    expressions: ByHash<Vec<(Vec<Part>, u8)>>,
    /// The longest stem, in bytes.
    longest: usize,
}

/// All languages' concepts.
#[derive(Debug)]
pub struct Concepts {
    names: Vec<&'static str>,
    languages: [Words; 4],
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

/// The first letters by which expressions are found.
fn first_letters(word: &str) -> &str {
    word.char_indices().nth(2).map_or(word, |(at, _)| &word[..at])
}

impl Concepts {
    fn load(files: &[File; 4]) -> Result<Self, DataError> {
        let mut all = Self { names: Vec::new(), languages: Default::default() };
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
                [first, ..] => {
                    own.expressions.entry(hash(first_letters(&first.letters))).or_default().push((parts, concept));
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

    /// What the expressions mean that begin at a word: calls `each` with the concept.
    pub fn expressions<'a>(
        &self,
        word: &str,
        following: impl Fn(usize) -> Option<&'a str>,
        language: Option<Language>,
        mut each: impl FnMut(u8),
    ) {
        let key = hash(first_letters(word));
        for (at, words) in self.languages.iter().enumerate() {
            if language.is_some_and(|one| LANGUAGES[at] != one) {
                continue;
            }
            for (parts, concept) in words.expressions.get(&key).into_iter().flatten() {
                let fits = parts[0].fits(word)
                    && parts[1..].iter().enumerate().all(|(i, part)| following(i + 1).is_some_and(|w| part.fits(w)));
                if fits {
                    each(*concept);
                }
            }
        }
    }
}

impl Words {
    fn find(&self, word: &str, found: &mut Vec<u8>) {
        let mut so_far = START;
        for (count, (at, letter)) in word.char_indices().enumerate() {
            let end = at + letter.len_utf8();
            so_far = fnv(so_far, word[at..end].as_bytes());
            if count > 0
                && end <= self.longest
                && let Some(concepts) = self.stems.get(&so_far)
            {
                found.extend(concepts);
            }
        }
        if let Some(concepts) = self.whole.get(&so_far) {
            found.extend(concepts);
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
        concepts().expressions(words[0], |i| words.get(i).copied(), Some(Language::English), |c| found.push(c));
        let names: Vec<&str> = found.iter().map(|c| concepts().names()[usize::from(*c)]).collect();
        assert!(names.contains(&"before_past"), "{names:?}");
    }
}
