//! Patterns over the folded words of one sentence, compiled once and tried only where their rarest word stands.
//!
//! | written | matches |
//! |---|---|
//! | `word`, `stem*` | a folded word; a word that begins so |
//! | `{a\|b c\|d*}`, `@CLASS` | one of several alternatives, each of one or more words |
//! | `(x y)?`, `{a\|b}?`, `word?`, `@CLASS?` | may be missing |
//! | `_`, `..3` | any one word; up to three words, as few as possible |
//! | `a ~3 b` | both, in either order, with up to three words between |
//! | `!{a\|b c}` | none of these follows here |
//! | `<!{a\|b}` | none of these stands directly before |
//! | `^`, `$` | the clause begins, ends here |
//! | `<name: x y>` | a part whose place the hit tells |
//!
//! Matching is bounded: gaps are short and an attempt ends after [`STEPS`] steps as "no match".

mod compile;
mod known;
mod parse;
mod run;
mod table;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasherDefault,
    sync::Arc,
};

use crate::{hashed::ByHash, language::Fnv};

use known::{Firsts, Knowing};
use parse::{Parser, Words};
use run::{Marks, Run};
use table::{FNV, Table, step};

/// Steps that one entry may take at one place. Real patterns need some tens.
pub const STEPS: u32 = 4_000;

/// A word as patterns see it.
pub trait Token {
    /// The word, folded.
    fn folded(&self) -> &str;
    /// Another reading of the same word (de-obfuscated, æøå typed as ae oe aa), by number from 0.
    fn variant(&self, _number: usize) -> Option<&str> {
        None
    }
    /// The number of its sentence in the text.
    fn sentence(&self) -> u32;
    /// The number of its clause in the text.
    fn clause(&self) -> u32;
}

/// A named part of a hit: words `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name, by [`Patterns::part`].
    pub name: u16,
    /// The first word.
    pub start: u32,
    /// One past the last word.
    pub end: u32,
}

/// A place where an entry matches: words `start..end` of the tokens that were searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The entry, in the order of adding.
    pub entry: u32,
    /// The first word.
    pub start: u32,
    /// One past the last word.
    pub end: u32,
    /// A word matched only in another reading than its folded one.
    pub variant: bool,
    /// The named parts, in the order of the pattern.
    pub parts: Vec<Part>,
}

/// A part of a pattern as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Word { word: u32, stem: bool },
    Alternatives(Arc<Vec<Sequence>>),
    Optional(Vec<Node>),
    Any,
    Gap(u8),
    Not(Arc<Vec<Sequence>>),
    NotBehind(Vec<Sequence>),
    Begin,
    End,
    Part(String, Vec<Node>),
}

/// Parts that follow each other: one alone, as in most alternatives, without a vector of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sequence {
    One([Node; 1]),
    More(Vec<Node>),
}

impl std::ops::Deref for Sequence {
    type Target = [Node];

    fn deref(&self) -> &[Node] {
        match self {
            Self::One(one) => one,
            Self::More(more) => more,
        }
    }
}

/// A step of a compiled pattern.
#[derive(Debug, Clone, Copy)]
enum Op {
    Atom(u32),
    Set(u32),
    Peek(u32),
    NotBehind(u32),
    Any,
    Split(u32, u32),
    /// So many alternatives follow, which all begin with a word of the set; where none does, it goes on at the address.
    Skip(u8, u32, u32),
    Jump(u32),
    /// What follows must not match; then it goes on at the address.
    Not(u32),
    /// The same for so many words before.
    NotBack(u32, u32),
    Begin,
    End,
    Open(u16),
    Close(u16),
    Accept,
}

/// What an entry needs to be tried: the atom and how many words stand before it at least and at most.
type Anchor = (u32, u8, u8);

/// A word or stem that some pattern names.
#[derive(Debug)]
struct Atom {
    text: Box<str>,
    stem: bool,
    /// How often it is to be expected.
    cost: u32,
    sets: Vec<u32>,
    anchors: Vec<(u32, u8, u8)>,
}

/// Compiled patterns. Build with [`Patterns::class`] and [`Patterns::add`], then [`Patterns::finish`].
#[derive(Debug, Default)]
pub struct Patterns {
    classes: BTreeMap<String, Arc<Vec<Sequence>>>,
    words: Words,
    /// By the numbers of words: their atoms as a whole and as a stem.
    known: [Vec<Option<u32>>; 2],
    known_sets: HashMap<Vec<u32>, u32, BuildHasherDefault<Fnv>>,
    /// Classes that were compiled before, by their place in memory; each keeps its class there.
    opened: ByHash<Opened>,
    atoms: Vec<Atom>,
    sets: Vec<Vec<u32>>,
    parts: Vec<String>,
    ops: Vec<Op>,
    entries: Vec<Program>,
    /// What an entry cannot match without: a word of the set, so many words after its begin at least and at most.
    needs: Vec<(u32, u8, u8)>,
    exact: Table,
    stems: Table,
    firsts: Firsts,
}

/// Alternatives, compiled.
#[derive(Debug, Clone)]
struct Opened {
    /// The alternatives of one word.
    set: u32,
    /// The first words of all, where some have more than one.
    peek: Option<u32>,
    rest: Arc<Vec<Sequence>>,
    /// Sets of their first words: of all, then of each [`BLOCK`]; nothing where the skipping is not worth it.
    skips: Arc<[u32]>,
    anchors: Option<Arc<(u32, Vec<Anchor>)>>,
    /// The anchors as a set, with where they stand.
    need: Option<(u32, u8, u8)>,
    /// Held, so that its place is not used again.
    _of: Arc<Vec<Sequence>>,
}

#[derive(Debug, Clone, Copy)]
struct Program {
    start: u32,
    sentence: bool,
    /// From and to in the needs.
    needs: (u32, u32),
}

impl Patterns {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, with the classes of others that are not finished; takes their words, so that they add nothing more.
    pub(crate) fn beside(other: &mut Self) -> Self {
        Self { classes: other.classes.clone(), words: std::mem::take(&mut other.words), ..Self::default() }
    }

    /// Defines `@name`. The alternatives are patterns and may name classes that are already defined.
    ///
    /// # Errors
    /// What is wrong with the alternatives, or that the class exists.
    pub fn class(&mut self, name: &str, alternatives: &str) -> Result<(), String> {
        if self.classes.contains_key(name) {
            return Err(format!("the class @{name} is defined twice"));
        }
        let parsed = Parser::new(alternatives, &self.classes, &mut self.words).all_alternatives()?;
        self.classes.insert(name.to_owned(), Arc::new(parsed));
        Ok(())
    }

    /// Whether `@name` is defined.
    pub fn has_class(&self, name: &str) -> bool {
        self.classes.contains_key(name)
    }

    /// Adds an entry and returns its number. `sentence`: it may reach over the clauses of its sentence.
    ///
    /// # Errors
    /// What is wrong with the pattern; also a pattern without any word of its own, which would be tried everywhere.
    pub fn add(&mut self, pattern: &str, sentence: bool) -> Result<u32, String> {
        let nodes = Parser::new(pattern, &self.classes, &mut self.words).whole()?;
        let number = self.entries.len() as u32;
        let anchors = self
            .anchors(&nodes)
            .ok_or_else(|| "no word of the pattern is sure to be there; give it one outside of `?`".to_owned())?;
        for (atom, least, most) in anchors.1 {
            let list = &mut self.atoms[atom as usize].anchors;
            // Those of this entry stand at the end.
            if !list.iter().rev().take_while(|one| one.0 == number).any(|one| *one == (number, least, most)) {
                list.push((number, least, most));
            }
        }
        let from = self.needs.len() as u32;
        self.find_needs(&nodes, (0, 0));
        let needs = (from, self.needs.len() as u32);
        let start = self.ops.len() as u32;
        self.emit(&nodes)?;
        self.ops.push(Op::Accept);
        self.entries.push(Program { start, sentence, needs });
        Ok(number)
    }

    /// Builds the tables of words. Call once, after the last [`Patterns::add`].
    pub fn finish(&mut self) {
        let of = |stem: bool| -> Vec<(u64, u32)> {
            let atoms = self.atoms.iter().enumerate().filter(|(_, atom)| atom.stem == stem);
            atoms.map(|(number, atom)| (atom.text.bytes().fold(FNV, step), number as u32)).collect()
        };
        self.exact = Table::build(&of(false));
        self.stems = Table::build(&of(true));
        for (set, atoms) in self.sets.iter().enumerate() {
            for &atom in atoms {
                self.atoms[atom as usize].sets.push(set as u32);
            }
        }
        self.find_firsts();
        self.known = Default::default();
        self.known_sets = HashMap::default();
        self.opened = ByHash::default();
        self.words = Words::default();
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The name of a part of a hit.
    pub fn part(&self, name: u16) -> &str {
        self.parts.get(usize::from(name)).map_or("", String::as_str)
    }

    /// All hits, by their first word, then by the order of the entries. An entry hits at most once at each place.
    pub fn find<T: Token>(&self, tokens: &[T]) -> Vec<Hit> {
        let known = Knowing::of(self, tokens);
        let marks = Marks::new(known.words());
        let mut hits = Vec::new();
        for (start, entry) in self.tries(tokens, &marks) {
            let program = self.entries[entry as usize];
            // A pattern of one word: what begins it is all of it.
            if let (Op::Set(set), Op::Accept) = (self.ops[program.start as usize], self.ops[program.start as usize + 1])
            {
                if let Some(variant) = marks.in_set(self, start as usize, set) {
                    hits.push(Hit { entry, start, end: start + 1, variant, parts: Vec::new() });
                }
                continue;
            }
            let from = start as usize;
            let mut run = Run { all: self, tokens, marks: &marks, program, from, steps: STEPS, parts: Vec::new() };
            if let Some((end, variant)) = run.go(program.start, from, false)
                && end > from
            {
                let parts = run.parts.iter().filter(|part| part.end != u32::MAX).copied().collect();
                hits.push(Hit { entry, start, end: end as u32, variant, parts });
            }
        }
        hits
    }
}
