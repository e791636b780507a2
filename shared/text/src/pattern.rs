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

mod parse;
mod run;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasherDefault,
    sync::Arc,
};

use crate::language::Fnv;

use parse::Parser;
use run::{Marks, Run};

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
    Word { text: String, stem: bool },
    Alternatives(Arc<Vec<Vec<Node>>>),
    Optional(Vec<Node>),
    Any,
    Gap(u8),
    Not(Arc<Vec<Vec<Node>>>),
    NotBehind(Vec<Vec<Node>>),
    Begin,
    End,
    Part(String, Vec<Node>),
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

/// The bits of a set's number: a word whose atoms have not both is not in the set.
const fn sign(set: u32) -> (u64, u64) {
    (1 << (set % 64), 1 << (set / 64 % 64))
}

/// What an entry needs to be tried: the atom and how many words stand before it at least and at most.
type Anchor = (u32, u8, u8);

/// Words and stems by hash; stems are asked at each character of a word.
#[derive(Debug, Default)]
struct Table {
    /// A bit for each of 65,536 hashes: nearly every look-up ends here, in the nearest cache.
    filter: Vec<u64>,
    slots: Vec<(u64, u32)>,
    mask: usize,
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

const fn slot(hash: u64) -> usize {
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> 24
}

/// The word and bit of a hash in the filter of a table.
const fn filter(hash: u64) -> (usize, u64) {
    let spread = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    ((spread >> 6) as usize, 1 << (spread & 63))
}

impl Table {
    fn build(entries: &[(u64, u32)]) -> Self {
        let size = (entries.len() * 4).next_power_of_two().max(8);
        let mut table = Self { filter: vec![0; 1024], slots: vec![(0, u32::MAX); size], mask: size - 1 };
        for &(hash, atom) in entries {
            let (word, bit) = filter(hash);
            table.filter[word] |= bit;
            let mut at = slot(hash) & table.mask;
            while table.slots[at].1 != u32::MAX {
                at = (at + 1) & table.mask;
            }
            table.slots[at] = (hash, atom);
        }
        table
    }

    fn find(&self, hash: u64, word: &str, atoms: &[Atom]) -> Option<u32> {
        let (place, bit) = filter(hash);
        if self.filter.get(place).is_none_or(|bits| bits & bit == 0) {
            return None;
        }
        let mut at = slot(hash) & self.mask;
        loop {
            let (have, atom) = self.slots[at];
            if atom == u32::MAX {
                return None;
            }
            if have == hash && atoms[atom as usize].text == word {
                return Some(atom);
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// A word or stem that some pattern names.
#[derive(Debug)]
struct Atom {
    text: String,
    stem: bool,
    /// How often it is to be expected.
    cost: u32,
    sets: Vec<u32>,
    /// A bit for each of its sets, by the low and by the high bits of the set's number.
    reach: (u64, u64),
    anchors: Vec<(u32, u8, u8)>,
}

/// Compiled patterns. Build with [`Patterns::class`] and [`Patterns::add`], then [`Patterns::finish`].
#[derive(Debug, Default)]
pub struct Patterns {
    classes: BTreeMap<String, Arc<Vec<Vec<Node>>>>,
    known: [HashMap<String, u32, BuildHasherDefault<Fnv>>; 2],
    known_sets: HashMap<Vec<u32>, u32, BuildHasherDefault<Fnv>>,
    /// Classes that were compiled before, by their place in memory; each keeps its class there.
    opened: HashMap<usize, Opened>,
    atoms: Vec<Atom>,
    sets: Vec<Vec<u32>>,
    parts: Vec<String>,
    ops: Vec<Op>,
    entries: Vec<Program>,
    exact: Table,
    stems: Table,
}

/// Alternatives, compiled.
#[derive(Debug, Clone)]
struct Opened {
    /// The alternatives of one word.
    set: u32,
    /// The first words of all, where some have more than one.
    peek: Option<u32>,
    rest: Arc<Vec<Vec<Node>>>,
    anchors: Option<(u32, Vec<Anchor>)>,
    /// Held, so that its place is not used again.
    _of: Arc<Vec<Vec<Node>>>,
}

#[derive(Debug, Clone, Copy)]
struct Program {
    start: u32,
    sentence: bool,
}

impl Patterns {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Defines `@name`. The alternatives are patterns and may name classes that are already defined.
    ///
    /// # Errors
    /// What is wrong with the alternatives, or that the class exists.
    pub fn class(&mut self, name: &str, alternatives: &str) -> Result<(), String> {
        if self.classes.contains_key(name) {
            return Err(format!("the class @{name} is defined twice"));
        }
        let parsed = Parser::new(alternatives, &self.classes).all_alternatives()?;
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
        let nodes = Parser::new(pattern, &self.classes).whole()?;
        let number = self.entries.len() as u32;
        let anchors = self
            .anchors(&nodes)
            .ok_or_else(|| "no word of the pattern is sure to be there; give it one outside of `?`".to_owned())?;
        for (atom, least, most) in anchors.1 {
            let list = &mut self.atoms[atom as usize].anchors;
            if !list.contains(&(number, least, most)) {
                list.push((number, least, most));
            }
        }
        let start = self.ops.len() as u32;
        self.emit(&nodes)?;
        self.ops.push(Op::Accept);
        self.entries.push(Program { start, sentence });
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
                let (low, high) = sign(set as u32);
                self.atoms[atom as usize].reach.0 |= low;
                self.atoms[atom as usize].reach.1 |= high;
            }
        }
        self.known = Default::default();
        self.known_sets = HashMap::default();
        self.opened = HashMap::new();
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
        let marks = Marks::of(self, tokens);
        let mut tries: Vec<u64> = Vec::with_capacity(tokens.len() * 4);
        for at in 0..tokens.len() {
            for &(atom, _) in marks.atoms(at) {
                for &(entry, least, most) in &self.atoms[atom as usize].anchors {
                    let last = match at.checked_sub(usize::from(least)) {
                        Some(last) => last,
                        None => continue,
                    };
                    let first = at.saturating_sub(usize::from(most));
                    for start in (first..=last).rev() {
                        if tokens[start].sentence() != tokens[at].sentence() {
                            break;
                        }
                        // Nearly every try fails at its first word.
                        let begins = match self.ops[self.entries[entry as usize].start as usize] {
                            Op::Atom(atom) => marks.is_atom(start, atom).is_some(),
                            Op::Set(set) | Op::Peek(set) => marks.in_set(self, start, set).is_some(),
                            _ => true,
                        };
                        if begins {
                            tries.push((start as u64) << 32 | u64::from(entry));
                        }
                    }
                }
            }
        }
        tries.sort_unstable();
        tries.dedup();
        let mut hits = Vec::new();
        for one in tries {
            let (start, entry) = ((one >> 32) as usize, one as u32);
            let program = self.entries[entry as usize];
            // A pattern of one word: its anchor stands here, and that is all of it.
            if let (Op::Set(set), Op::Accept) = (self.ops[program.start as usize], self.ops[program.start as usize + 1])
            {
                if let Some(variant) = marks.in_set(self, start, set) {
                    let place = start as u32;
                    hits.push(Hit { entry, start: place, end: place + 1, variant, parts: Vec::new() });
                }
                continue;
            }
            let mut run =
                Run { all: self, tokens, marks: &marks, program, from: start, steps: STEPS, parts: Vec::new() };
            if let Some((end, variant)) = run.go(program.start, start, false)
                && end > start
            {
                let parts = run.parts.iter().filter(|part| part.end != u32::MAX).copied().collect();
                hits.push(Hit { entry, start: start as u32, end: end as u32, variant, parts });
            }
        }
        hits
    }

    fn atom(&mut self, text: &str, stem: bool) -> u32 {
        if let Some(&atom) = self.known[usize::from(stem)].get(text) {
            return atom;
        }
        let atom = self.atoms.len() as u32;
        let cost = commonness(text, stem);
        self.atoms.push(Atom {
            text: text.to_owned(),
            stem,
            cost,
            sets: Vec::new(),
            reach: (0, 0),
            anchors: Vec::new(),
        });
        self.known[usize::from(stem)].insert(text.to_owned(), atom);
        atom
    }

    fn set(&mut self, mut atoms: Vec<u32>) -> u32 {
        atoms.sort_unstable();
        atoms.dedup();
        if let Some(&set) = self.known_sets.get(&atoms) {
            return set;
        }
        let set = self.sets.len() as u32;
        self.sets.push(atoms.clone());
        self.known_sets.insert(atoms, set);
        set
    }

    /// The cheapest words one of which is in every match, with their distance from its begin.
    fn anchors(&mut self, nodes: &[Node]) -> Option<(u32, Vec<Anchor>)> {
        let (mut least, mut most) = (0u32, 0u32);
        let mut best: Option<(u32, Vec<Anchor>)> = None;
        for node in nodes {
            let own = match node {
                Node::Word { text, stem } => {
                    let atom = self.atom(text, *stem);
                    Some((self.atoms[atom as usize].cost, vec![(atom, 0, 0)]))
                }
                Node::Alternatives(list) => self.opened(list).anchors,
                Node::Part(_, inner) => self.anchors(inner),
                _ => None,
            };
            if let Some((cost, anchors)) = own
                && most < 40
                && best.as_ref().is_none_or(|(have, _)| cost < *have)
            {
                let shifted = anchors.iter().map(|&(atom, a, b)| (atom, a + least as u8, b + most as u8)).collect();
                best = Some((cost, shifted));
            }
            let (a, b) = reach(node);
            least += a;
            most += b;
        }
        best
    }

    fn emit(&mut self, nodes: &[Node]) -> Result<(), String> {
        for node in nodes {
            match node {
                Node::Word { text, stem } => {
                    let atom = self.atom(text, *stem);
                    self.ops.push(Op::Atom(atom));
                }
                Node::Any => self.ops.push(Op::Any),
                Node::Begin => self.ops.push(Op::Begin),
                Node::End => self.ops.push(Op::End),
                Node::Gap(most) => {
                    // As few as possible: first try to go on, then take one word more.
                    let mut holes = Vec::new();
                    for _ in 0..*most {
                        let at = self.ops.len() as u32;
                        holes.push(at);
                        self.ops.push(Op::Split(0, at + 1));
                        self.ops.push(Op::Any);
                    }
                    let end = self.ops.len() as u32;
                    for hole in holes {
                        self.ops[hole as usize] = Op::Split(end, hole + 1);
                    }
                }
                Node::Optional(inner) => {
                    let at = self.ops.len();
                    self.ops.push(Op::Split(0, 0));
                    self.emit(inner)?;
                    let end = self.ops.len() as u32;
                    self.ops[at] = Op::Split(at as u32 + 1, end);
                }
                Node::Alternatives(list) => self.emit_alternatives(list)?,
                Node::Not(list) => {
                    let at = self.ops.len();
                    self.ops.push(Op::Not(0));
                    self.emit_alternatives(list)?;
                    self.ops.push(Op::Accept);
                    self.ops[at] = Op::Not(self.ops.len() as u32);
                }
                Node::NotBehind(list) => {
                    let (singles, rest) = self.singles(list);
                    let set = self.set(singles);
                    self.ops.push(Op::NotBehind(set));
                    for one in &rest {
                        let (least, most) = one.iter().map(reach).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
                        if least != most || least == 0 {
                            return Err("an alternative of `<!{…}` has a fixed number of words".to_owned());
                        }
                        let at = self.ops.len();
                        self.ops.push(Op::NotBack(0, 0));
                        self.emit(one)?;
                        self.ops.push(Op::Accept);
                        self.ops[at] = Op::NotBack(least, self.ops.len() as u32);
                    }
                }
                Node::Part(name, inner) => {
                    let number = match self.parts.iter().position(|have| have == name) {
                        Some(number) => number as u16,
                        None => {
                            self.parts.push(name.clone());
                            (self.parts.len() - 1) as u16
                        }
                    };
                    self.ops.push(Op::Open(number));
                    self.emit(inner)?;
                    self.ops.push(Op::Close(number));
                }
            }
        }
        Ok(())
    }

    fn emit_alternatives(&mut self, list: &Arc<Vec<Vec<Node>>>) -> Result<(), String> {
        let Opened { set, peek, rest, .. } = self.opened(list);
        if let Some(set) = peek {
            self.ops.push(Op::Peek(set));
        }
        // The longer alternatives go first: "look forward to" before "look".
        let mut jumps = Vec::new();
        for one in rest.iter() {
            let at = self.ops.len();
            self.ops.push(Op::Split(0, 0));
            self.emit(one)?;
            jumps.push(self.ops.len());
            self.ops.push(Op::Jump(0));
            let next = self.ops.len() as u32;
            self.ops[at] = Op::Split(at as u32 + 1, next);
        }
        self.ops.push(Op::Set(set));
        let end = self.ops.len() as u32;
        for jump in jumps {
            self.ops[jump] = Op::Jump(end);
        }
        Ok(())
    }

    /// Alternatives as they are compiled; those of a class once.
    fn opened(&mut self, list: &Arc<Vec<Vec<Node>>>) -> Opened {
        let place = Arc::as_ptr(list) as usize;
        if let Some(opened) = self.opened.get(&place) {
            return opened.clone();
        }
        let mut sum = (0u32, Vec::new());
        let mut whole = true;
        for one in list.iter() {
            match self.anchors(one) {
                Some((cost, anchors)) => {
                    sum.0 += cost;
                    sum.1.extend(anchors);
                }
                None => whole = false,
            }
        }
        let (singles, rest) = self.singles(list);
        let first = if rest.is_empty() { None } else { self.first(list) };
        let opened = Opened {
            set: self.set(singles),
            peek: first.map(|first| self.set(first)),
            rest: Arc::new(rest),
            anchors: whole.then_some(sum),
            _of: Arc::clone(list),
        };
        // Only a class stands elsewhere too.
        if Arc::strong_count(list) > 2 {
            self.opened.insert(place, opened.clone());
        }
        opened
    }

    /// The alternatives of one word, and the others with nested ones opened.
    fn singles(&mut self, list: &[Vec<Node>]) -> (Vec<u32>, Vec<Vec<Node>>) {
        let (mut singles, mut rest) = (Vec::new(), Vec::new());
        for one in list {
            match one.as_slice() {
                [Node::Word { text, stem }] => singles.push(self.atom(text, *stem)),
                [Node::Alternatives(inner)] => {
                    let (more, others) = self.singles(inner);
                    singles.extend(more);
                    rest.extend(others);
                }
                _ => rest.push(one.clone()),
            }
        }
        (singles, rest)
    }

    /// The words an alternative can begin with; `None` when that is open.
    fn first(&mut self, list: &[Vec<Node>]) -> Option<Vec<u32>> {
        let mut all = Vec::new();
        for one in list {
            match one.first()? {
                Node::Word { text, stem } => all.push(self.atom(text, *stem)),
                Node::Alternatives(inner) => all.extend(self.first(inner)?),
                Node::Part(_, inner) => all.extend(self.first(std::slice::from_ref(inner))?),
                _ => return None,
            }
        }
        Some(all)
    }
}

/// How many words a node takes, at least and at most.
fn reach(node: &Node) -> (u32, u32) {
    let sum = |nodes: &[Node]| nodes.iter().map(reach).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    match node {
        Node::Word { .. } | Node::Any => (1, 1),
        Node::Gap(most) => (0, u32::from(*most)),
        Node::Optional(inner) => (0, sum(inner).1),
        Node::Part(_, inner) => sum(inner),
        Node::Alternatives(list) => {
            let all: Vec<(u32, u32)> = list.iter().map(|one| sum(one)).collect();
            (all.iter().map(|one| one.0).min().unwrap_or(0), all.iter().map(|one| one.1).max().unwrap_or(0))
        }
        Node::Not(_) | Node::NotBehind(_) | Node::Begin | Node::End => (0, 0),
    }
}

/// A guess at how often a word stands in a text: only the speed hangs on it.
fn commonness(word: &str, stem: bool) -> u32 {
    if stem {
        return match word.chars().count() {
            0..=2 => 400,
            3 => 60,
            4 => 12,
            _ => 3,
        };
    }
    if !crate::language::is_common(word) {
        return 1;
    }
    // The shorter, the more often.
    match word.chars().count() {
        0..=3 => 900,
        4 => 300,
        5 => 100,
        _ => 40,
    }
}
