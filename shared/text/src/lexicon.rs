//! Lexicons as data: line-based files of classes and entries, compiled to [`Patterns`].
//!
//! ```text
//! # a comment
//! @SELF = i | we | my family and i
//!     | the two of us                                   (a line that begins with a space goes on)
//! [prefix=en.conf. dim=confidence pol=+]                (attributes of the entries below)
//! dare cue=can_do ;; @SELF dared to ;; I dared to ask. ;; She dared to ask. ;; courage
//! ```
//! The fields of an entry: name and attributes (`key=value` or a flag), pattern, examples that match, examples that
//! do not, a note. The last two may be missing; ` // ` stands between examples. The flag `sentence` lets the pattern
//! reach over clauses.

use crate::{
    hashed::{START, fnv},
    pattern::{Hit, Patterns, Token},
};

/// A file of a lexicon: its name, for errors, and its text.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Where it is in the repository.
    pub name: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// A line of a file that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// The file.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

impl std::error::Error for DataError {}

/// An entry without its pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name with the prefix, unique in the lexicon.
    pub id: String,
    /// The section's attributes, then its own; the last of a key holds. A flag has an empty value.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// The pattern as it is written.
    pub pattern: &'static str,
    /// Sentences it must match.
    pub examples: Vec<&'static str>,
    /// Sentences it must not match.
    pub counter_examples: Vec<&'static str>,
    /// Why it is there.
    pub note: &'static str,
    /// Its file.
    pub file: &'static str,
    /// Its line, from 1.
    pub line: u32,
}

impl Entry {
    /// The value of an attribute, empty for a flag.
    pub fn get(&self, key: &str) -> Option<&'static str> {
        self.attributes.iter().rev().find(|(have, _)| *have == key).map(|(_, value)| *value)
    }

    /// Whether the flag or attribute is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// An error at this entry's line.
    pub fn error(&self, what: String) -> DataError {
        DataError { file: self.file, line: self.line, what }
    }
}

/// Entries and their compiled patterns; the numbers of [`Hit::entry`] are those of [`Lexicon::entries`].
#[derive(Debug)]
pub struct Lexicon {
    entries: Vec<Entry>,
    patterns: Patterns,
    hash: u64,
}

impl Lexicon {
    /// Compiles files that share their classes, in this order.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn load(files: &[File]) -> Result<Self, DataError> {
        Self::load_apart(files, |_| false).map(|(all, _)| all)
    }

    /// The same with some of the entries apart: an engine may look for kinds of entries at different times.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn load_apart(files: &[File], apart: impl Fn(&Entry) -> bool) -> Result<(Self, Self), DataError> {
        let hash = hash_of(files);
        let mut all = Self { entries: Vec::new(), patterns: Patterns::new(), hash };
        let mut others = Vec::new();
        for file in files {
            let mut section: Vec<(&'static str, &'static str)> = Vec::new();
            for (line, text) in lines(file) {
                let other = all.line(file, line, &text, &mut section, &apart);
                others.extend(other.map_err(|what| DataError { file: file.name, line, what })?);
            }
        }
        let mut beside = Self { entries: Vec::new(), patterns: Patterns::beside(&mut all.patterns), hash };
        for entry in others {
            beside.patterns.add(entry.pattern, entry.has("sentence")).map_err(|what| entry.error(what))?;
            beside.entries.push(entry);
        }
        Ok((all.finished()?, beside.finished()?))
    }

    fn finished(mut self) -> Result<Self, DataError> {
        let mut names: Vec<(&str, &Entry)> = self.entries.iter().map(|entry| (entry.id.as_str(), entry)).collect();
        names.sort_by_key(|(id, _)| *id);
        if let Some(pair) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(pair[1].1.error(format!("the name {:?} is used twice", pair[1].0)));
        }
        self.patterns.finish();
        Ok(self)
    }

    /// Reads a line; gives its entry where that belongs apart.
    fn line(
        &mut self,
        file: &File,
        line: u32,
        text: &Line,
        section: &mut Vec<(&'static str, &'static str)>,
        apart: &impl Fn(&Entry) -> bool,
    ) -> Result<Option<Entry>, String> {
        if let Some(class) = text.head.strip_prefix('@') {
            let (name, first) = class.split_once('=').ok_or("a class is `@NAME = a | b`")?;
            let mut whole = first.trim().to_owned();
            for more in &text.more {
                whole.push(' ');
                whole.push_str(more.trim());
            }
            return self.patterns.class(name.trim(), &whole).map(|()| None);
        }
        if !text.more.is_empty() {
            return Err("the next line begins with a space: only a class goes on".to_owned());
        }
        if let Some(inner) = text.head.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or("`]` is missing at the end")?;
            *section = inner.split_whitespace().map(attribute).collect();
            return Ok(None);
        }
        let fields: Vec<&'static str> = text.head.split(";;").map(str::trim).collect();
        let [head, pattern, examples, rest @ ..] = fields.as_slice() else {
            return Err("an entry is `name attributes ;; pattern ;; example`".to_owned());
        };
        let mut words = head.split_whitespace();
        let name = words.next().ok_or("the entry has no name")?;
        let mut attributes = section.clone();
        attributes.extend(words.map(attribute));
        let split = |field: &'static str| -> Vec<&'static str> {
            field.split(" // ").map(str::trim).filter(|one| !one.is_empty()).collect()
        };
        let mut entry = Entry {
            id: String::new(),
            attributes,
            pattern,
            examples: split(examples),
            counter_examples: rest.first().map(|field| split(field)).unwrap_or_default(),
            note: rest.get(1).copied().unwrap_or(""),
            file: file.name,
            line,
        };
        if entry.examples.is_empty() {
            return Err("the entry has no example".to_owned());
        }
        entry.id = format!("{}{name}", entry.get("prefix").unwrap_or(""));
        if apart(&entry) {
            return Ok(Some(entry));
        }
        self.patterns.add(pattern, entry.has("sentence"))?;
        self.entries.push(entry);
        Ok(None)
    }

    /// The entries, in the order of the files.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The compiled patterns.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// A hash over names and texts of the files (FNV-1a, 64 bit): for versions, not for secrets.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// All hits; see [`Patterns::find`].
    pub fn find<T: Token>(&self, tokens: &[T]) -> Vec<Hit> {
        self.patterns.find(tokens)
    }

    /// Every example that does not match its entry and every counter-example that does. `tokens` cuts a sentence.
    pub fn check<T: Token>(&self, tokens: impl Fn(&str) -> Vec<T>) -> Vec<DataError> {
        let mut wrong = Vec::new();
        for (number, entry) in self.entries.iter().enumerate() {
            let hit = |text: &str| self.find(&tokens(text)).iter().any(|hit| hit.entry as usize == number);
            for example in entry.examples.iter().filter(|text| !hit(text)) {
                wrong.push(entry.error(format!("{} does not match its example {example:?}", entry.id)));
            }
            for example in entry.counter_examples.iter().filter(|text| hit(text)) {
                wrong.push(entry.error(format!("{} matches its counter-example {example:?}", entry.id)));
            }
        }
        wrong
    }
}

/// A hash over several files, as [`Lexicon::hash`].
pub fn hash_of(files: &[File]) -> u64 {
    let parts = files.iter().flat_map(|file| [file.name, "\0", file.text, "\0"]);
    parts.fold(START, |hash, part| fnv(hash, part.as_bytes()))
}

struct Line {
    head: &'static str,
    more: Vec<&'static str>,
}

/// The lines that say something, with those that go on with them.
fn lines(file: &File) -> Vec<(u32, Line)> {
    let mut all: Vec<(u32, Line)> = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let goes_on = line.starts_with([' ', '\t']);
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match all.last_mut() {
            Some((_, last)) if goes_on => last.more.push(text),
            _ => all.push((number as u32 + 1, Line { head: text, more: Vec::new() })),
        }
    }
    all
}

fn attribute(text: &'static str) -> (&'static str, &'static str) {
    text.split_once('=').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Word(String);

    impl Token for Word {
        fn folded(&self) -> &str {
            &self.0
        }
        fn sentence(&self) -> u32 {
            0
        }
        fn clause(&self) -> u32 {
            0
        }
    }

    fn words(text: &str) -> Vec<Word> {
        let clean = text.to_lowercase().replace(['.', ','], "");
        clean.split_whitespace().map(|word| Word(word.to_owned())).collect()
    }

    fn load(text: &'static str) -> Result<Lexicon, DataError> {
        Lexicon::load(&[File { name: "test.lex", text }])
    }

    #[test]
    fn classes_sections_and_entries_are_read() {
        let all = load(
            "# words\n@SELF = i | we\n   | the two of us\n[prefix=en. dim=confidence]\n\
             dare cue=can_do sentence ;; @SELF dared to ;; I dared to ask. // The two of us dared to go. ;; She dared to ask.\n",
        )
        .unwrap();
        let entry = &all.entries()[0];
        assert_eq!(
            (entry.id.as_str(), entry.get("dim"), entry.get("cue")),
            ("en.dare", Some("confidence"), Some("can_do"))
        );
        assert!(entry.has("sentence"));
        assert_eq!(all.check(words), []);
        assert_eq!(all.find(&words("we dared to")).len(), 1);
    }

    #[test]
    fn an_example_that_does_not_match_is_told_with_its_line() {
        let all = load("\n\nx ;; a b ;; A c. ;; A b.").unwrap();
        let told: Vec<String> = all.check(words).iter().map(DataError::to_string).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("test.lex:3: x does not match"));
    }

    #[test]
    fn mistakes_name_file_and_line() {
        for (text, says) in [
            ("a ;; @B c ;; x", "@B"),
            ("a ;; b", "entry"),
            ("a ;; b ;; x\na ;; c ;; x", "twice"),
            ("a ;; b ;; ", "example"),
            ("[a", "]"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.to_string().starts_with("test.lex:") && error.what.contains(says), "{error}");
        }
    }
}
