//! A text as it was read: tokens, clauses, sentences.

use crate::{Language, Span, language::Coverage};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At least one letter; digits and signs may be inside (`st4b`, `f**k`).
    Word,
    /// Digits alone.
    Number,
    /// A mark; a run of full stops, question and exclamation marks is one token.
    Punctuation,
    /// Anything else: `@`, `€`, an emoji.
    Symbol,
}

/// The script of a word's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Latin.
    Latin,
    /// Cyrillic.
    Cyrillic,
    /// Latin or Greek beside Cyrillic or each other in one word.
    Mixed,
    /// Letters of another script.
    Other,
    /// No letters.
    None,
}

/// A word, number, mark or sign.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Where it is in the original, in characters.
    pub span: Span,
    /// The same in bytes of the original.
    pub bytes: (u32, u32),
    pub(crate) base: (u32, u32),
    /// What it is made of.
    pub kind: Kind,
    /// In which letters.
    pub script: Script,
    /// The index of its sentence in [`Text::sentences`].
    pub sentence: u32,
    /// The index of its clause in [`Text::clauses`].
    pub clause: u32,
    /// Whether white space (or nothing) stands before it.
    pub spaced: bool,
    /// Whether its first letter is upper case.
    pub capital: bool,
    /// Whether it is all upper case, with two letters or more.
    pub shouted: bool,
    /// Whether it has variants: [`Text::variants`].
    pub disguised: bool,
}

/// A run of tokens in which words belong together: between contrast words, colons, semicolons and dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its first token.
    pub first: u32,
    /// One past its last token.
    pub end: u32,
    /// Whether a contrast word opens it (`but`, `men`, `але`, `но`); the word is its first token.
    pub contrast: bool,
}

/// A sentence: its tokens, its place, its language.
#[derive(Debug, Clone, Copy)]
pub struct Sentence {
    /// Its first token.
    pub first: u32,
    /// One past its last token.
    pub end: u32,
    /// Its first clause.
    pub first_clause: u32,
    /// One past its last clause.
    pub end_clause: u32,
    /// Where it is in the original.
    pub span: Span,
    /// Its language and how much of it is covered.
    pub coverage: Coverage,
}

/// A text, read.
#[derive(Debug, Clone)]
pub struct Text<'a> {
    pub(crate) original: &'a str,
    pub(crate) arena: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) clauses: Vec<Clause>,
    pub(crate) sentences: Vec<Sentence>,
    /// Sorted by token.
    pub(crate) variants: Vec<(u32, String)>,
    pub(crate) language: Option<Language>,
    pub(crate) chars: u32,
}

impl<'a> Text<'a> {
    /// Reads a text: linear in its length, for any Unicode text.
    pub fn new(original: &'a str) -> Self {
        Self::with_hint(original, None)
    }

    /// The same, where somebody said which language it is in; that only breaks ties.
    pub fn with_hint(original: &'a str, hint: Option<Language>) -> Self {
        crate::read::read(original, hint)
    }

    /// The text as it was given.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// How many characters it has.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// All tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// All clauses, in order.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// All sentences, in order.
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The language of most of it; `None` when no sentence is covered.
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    /// The base view of a token: what lexicons are compared with.
    pub fn word(&self, token: usize) -> &str {
        self.tokens.get(token).map_or("", |t| self.base(t))
    }

    /// The base view of a token of this text.
    pub fn base(&self, token: &Token) -> &str {
        self.arena.get(token.base.0 as usize..token.base.1 as usize).unwrap_or_default()
    }

    /// The token as it stands in the original.
    pub fn raw(&self, token: &Token) -> &'a str {
        self.original.get(token.bytes.0 as usize..token.bytes.1 as usize).unwrap_or_default()
    }

    /// What a disguised token may stand for; empty for nearly every token.
    pub fn variants(&self, token: usize) -> impl Iterator<Item = &str> {
        let from = self.variants.partition_point(|(of, _)| (*of as usize) < token);
        self.variants[from..].iter().take_while(move |(of, _)| *of as usize == token).map(|(_, word)| word.as_str())
    }

    /// Adds what tokens may stand for, where an engine knows more (a masked word of its lexicon).
    pub fn add_variants(&mut self, more: Vec<(usize, String)>) {
        if more.is_empty() {
            return;
        }
        for (token, word) in more {
            if let Some(of) = self.tokens.get_mut(token) {
                of.disguised = true;
                self.variants.push((token as u32, word));
            }
        }
        self.variants.sort_by_key(|(token, _)| *token);
    }

    /// The part of the original that a span of characters names.
    pub fn slice(&self, span: Span) -> &'a str {
        let mut from = self.original.len();
        let mut to = self.original.len();
        for (at, (byte, _)) in self.original.char_indices().enumerate() {
            if at as u32 == span.start {
                from = byte;
            }
            if at as u32 == span.end {
                to = byte;
                break;
            }
        }
        self.original.get(from..to.max(from)).unwrap_or_default()
    }

    pub(crate) fn set_coverage(&mut self, sentence: usize, coverage: Coverage) {
        self.sentences[sentence].coverage = coverage;
    }
}
