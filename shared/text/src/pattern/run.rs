//! Tries the entries of a text: which atoms and sets each word has, and one attempt at one place.

use super::{Op, Part, Patterns, Program, Token, known::Known};

/// What is known of each token of a text.
pub(super) struct Marks<'p> {
    words: Vec<&'p Known>,
}

impl<'p> Marks<'p> {
    pub(super) fn new(words: Vec<&'p Known>) -> Self {
        Self { words }
    }

    pub(super) fn word(&self, at: usize) -> &'p Known {
        self.words[at]
    }

    /// `None`: not in the set; otherwise whether only another reading is.
    pub(super) fn in_set(&self, all: &Patterns, at: usize, set: u32) -> Option<bool> {
        let word = self.words[at];
        if !word.has(set) {
            return None;
        }
        if !word.varied {
            return Some(false);
        }
        // A reading of its own counts before another: its atoms come first.
        let mut found =
            word.atoms.iter().filter(|(atom, _)| all.atoms[*atom as usize].sets.binary_search(&set).is_ok());
        found.next().map(|(_, variant)| *variant)
    }

    pub(super) fn is_atom(&self, at: usize, atom: u32) -> Option<bool> {
        self.words[at].atoms.iter().find(|(have, _)| *have == atom).map(|(_, variant)| *variant)
    }
}

/// One attempt of one entry at one place.
pub(super) struct Run<'a, T> {
    pub(super) all: &'a Patterns,
    pub(super) tokens: &'a [T],
    pub(super) marks: &'a Marks<'a>,
    pub(super) program: Program,
    pub(super) from: usize,
    pub(super) steps: u32,
    pub(super) parts: Vec<Part>,
}

impl<T: Token> Run<'_, T> {
    /// Whether the word belongs to where the match may be.
    fn inside(&self, at: usize) -> bool {
        match (self.tokens.get(at), self.tokens.get(self.from)) {
            (Some(token), Some(first)) => {
                token.sentence() == first.sentence() && (self.program.sentence || token.clause() == first.clause())
            }
            _ => false,
        }
    }

    fn begins(&self, at: usize) -> bool {
        at == 0
            || at >= self.tokens.len()
            || self.tokens[at - 1].clause() != self.tokens[at].clause()
            || self.tokens[at - 1].sentence() != self.tokens[at].sentence()
    }

    /// Whether what begins at an address can match at a word, as far as its first step tells.
    fn begins_with(&self, pc: u32, at: usize) -> bool {
        match self.all.ops[pc as usize] {
            Op::Atom(atom) => at < self.tokens.len() && self.marks.is_atom(at, atom).is_some(),
            Op::Set(set) | Op::Peek(set) => at < self.tokens.len() && self.marks.in_set(self.all, at, set).is_some(),
            _ => true,
        }
    }

    pub(super) fn go(&mut self, mut pc: u32, mut at: usize, mut variant: bool) -> Option<(usize, bool)> {
        loop {
            self.steps = self.steps.checked_sub(1)?;
            match self.all.ops[pc as usize] {
                Op::Accept => return Some((at, variant)),
                Op::Atom(atom) => {
                    if !self.inside(at) {
                        return None;
                    }
                    variant |= self.marks.is_atom(at, atom)?;
                    at += 1;
                }
                Op::Set(set) => {
                    if !self.inside(at) {
                        return None;
                    }
                    variant |= self.marks.in_set(self.all, at, set)?;
                    at += 1;
                }
                Op::Peek(set) => {
                    if !self.inside(at) {
                        return None;
                    }
                    self.marks.in_set(self.all, at, set)?;
                }
                Op::NotBehind(set) => {
                    if at > 0
                        && self.tokens[at - 1].sentence() == self.tokens[self.from].sentence()
                        && self.marks.in_set(self.all, at - 1, set).is_some()
                    {
                        return None;
                    }
                }
                Op::Any => {
                    if !self.inside(at) {
                        return None;
                    }
                    at += 1;
                }
                Op::Begin => {
                    if !self.begins(at) {
                        return None;
                    }
                }
                Op::End => {
                    if at < self.tokens.len() && !self.begins(at) {
                        return None;
                    }
                }
                Op::Jump(to) => {
                    pc = to;
                    continue;
                }
                Op::Split(first, second) => {
                    // Nearly every alternative fails at its first word: that is seen without a call.
                    if !self.begins_with(first, at) {
                        pc = second;
                        continue;
                    }
                    let parts = self.parts.len();
                    if let Some(found) = self.go(first, at, variant) {
                        return Some(found);
                    }
                    self.parts.truncate(parts);
                    pc = second;
                    continue;
                }
                Op::Skip(count, set, to) => {
                    // It takes as many steps as trying each.
                    self.steps += 1;
                    if at >= self.tokens.len() || !self.marks.word(at).has(set) {
                        self.steps = self.steps.checked_sub(u32::from(count))?;
                        pc = to;
                        continue;
                    }
                }
                Op::Not(after) => {
                    let parts = self.parts.len();
                    let found = self.go(pc + 1, at, variant).is_some();
                    self.parts.truncate(parts);
                    if found {
                        return None;
                    }
                    pc = after;
                    continue;
                }
                Op::NotBack(words, after) => {
                    if let Some(before) = at.checked_sub(words as usize) {
                        let parts = self.parts.len();
                        let found = self.go(pc + 1, before, variant).is_some();
                        self.parts.truncate(parts);
                        if found {
                            return None;
                        }
                    }
                    pc = after;
                    continue;
                }
                Op::Open(name) => self.parts.push(Part { name, start: at as u32, end: u32::MAX }),
                Op::Close(name) => {
                    // A closed part is pushed anew, so that going back only cuts the list.
                    let open = self.parts.iter().rev().find(|part| part.name == name && part.end == u32::MAX)?;
                    let start = open.start;
                    self.parts.push(Part { name, start, end: at as u32 });
                }
            }
            pc += 1;
        }
    }
}
