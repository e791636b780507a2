//! What the patterns know of a word: its atoms and sets, and which entries it may begin, go on with, or anchor. Found
//! once for each different word of a process, as far as the table reaches.

use super::{FNV, Op, Patterns, Token, run::Marks, step};
use crate::hashed::Remembered;

/// Places of a match, from its begin, of which it is known what may stand there.
const PLACES: usize = 3;

/// What a word is to the patterns.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Atom and whether only another reading of the word has it.
    pub(super) atoms: Vec<(u32, bool)>,
    /// Whether another reading has an atom that the word itself has not.
    pub(super) varied: bool,
    /// Rows of bits, an entry each: those it may begin, those it may be the second and third word of, those it is an
    /// anchor of. Then its sets, a bit each.
    bits: Vec<u64>,
    /// How long a row is.
    row: usize,
}

impl Known {
    fn row(&self, number: usize) -> &[u64] {
        &self.bits[number * self.row..][..self.row]
    }

    /// Whether it is in a set.
    pub(super) fn has(&self, set: u32) -> bool {
        let place = (PLACES + 1) * self.row + set as usize / 64;
        self.bits.get(place).is_some_and(|bits| bits >> (set % 64) & 1 != 0)
    }
}

/// What may stand at the first places of the entries.
#[derive(Debug, Default)]
pub(super) struct Firsts {
    /// By place, then by set and by atom: the entries that may have one of it there.
    sets: [Vec<Vec<u32>>; PLACES],
    atoms: [Vec<Vec<u32>>; PLACES],
    /// A word of no pattern: what may have any word there, or end before.
    unknown: Known,
    /// The entries that reach over clauses.
    far: Vec<u64>,
    words: Remembered<Option<Known>>,
}

/// The words of one search.
pub(super) struct Knowing<'p> {
    shared: Vec<Option<&'p Known>>,
    /// Those for which the table has no place, in their order.
    own: Vec<Known>,
}

impl<'p> Knowing<'p> {
    pub(super) fn of<T: Token>(all: &'p Patterns, tokens: &[T]) -> Self {
        let mut knowing = Self { shared: Vec::with_capacity(tokens.len()), own: Vec::new() };
        let mut key = String::new();
        for token in tokens {
            let word = token.folded();
            let make = || all.know(token);
            let found = if token.variant(0).is_none() {
                all.firsts.words.get_or(word, make)
            } else {
                key.clear();
                key.push_str(word);
                let mut number = 0;
                while let Some(other) = token.variant(number) {
                    key.push('\0');
                    key.push_str(other);
                    number += 1;
                }
                all.firsts.words.get_or(&key, make)
            };
            knowing.shared.push(match found {
                Ok(known) => Some(known.as_ref().unwrap_or(&all.firsts.unknown)),
                Err(Some(known)) => {
                    knowing.own.push(known);
                    None
                }
                Err(None) => Some(&all.firsts.unknown),
            });
        }
        knowing
    }

    /// One for each token.
    pub(super) fn words(&self) -> Vec<&Known> {
        let mut own = self.own.iter();
        self.shared.iter().filter_map(|shared| shared.or_else(|| own.next())).collect()
    }
}

impl Patterns {
    /// The entries worth trying, with where they would begin: by place, then by entry.
    pub(super) fn tries<T: Token>(&self, tokens: &[T], marks: &Marks<'_>) -> Vec<(u32, u32)> {
        let mut tries = Vec::new();
        let firsts = &self.firsts;
        let length = firsts.far.len();
        let any_begins = firsts.unknown.row(0).iter().any(|bits| *bits != 0);
        // The entries that have an anchor from here on, where it can belong to the match.
        let mut ahead = vec![0u64; length];
        // One past the last word of the sentence and of the clause.
        let (mut last, mut last_near) = (tokens.len(), tokens.len());
        for at in (0..tokens.len()).rev() {
            let word = marks.word(at);
            let sentence = tokens[at].sentence();
            if let Some(next) = tokens.get(at + 1) {
                if next.sentence() != sentence {
                    ahead.fill(0);
                    (last, last_near) = (at + 1, at + 1);
                } else if next.clause() != tokens[at].clause() {
                    ahead.iter_mut().zip(&firsts.far).for_each(|(ahead, far)| *ahead &= far);
                    last_near = at + 1;
                }
            }
            // A word of no pattern anchors nothing, and begins nothing but what any word may.
            if word.atoms.is_empty() && !any_begins {
                continue;
            }
            ahead.iter_mut().zip(word.row(PLACES)).for_each(|(ahead, anchors)| *ahead |= anchors);
            let behind = |places: usize| {
                let inside = tokens.get(at + places).filter(|other| other.sentence() == sentence);
                match inside {
                    Some(other) => (marks.word(at + places), other.clause() == tokens[at].clause()),
                    None => (&firsts.unknown, true),
                }
            };
            let ((second, near), (third, nearer)) = (behind(1), behind(2));
            let (open_second, open_third) = (firsts.unknown.row(1), firsts.unknown.row(2));
            let rows = word.row(0).iter().zip(&ahead).zip(second.row(1).iter().zip(third.row(2)));
            let from = tries.len();
            for (number, ((first, ahead), (second, third))) in rows.enumerate() {
                let mut left = first & ahead;
                if left == 0 {
                    continue;
                }
                let far = firsts.far[number];
                left &= if near { *second } else { second & far | open_second[number] };
                left &= if nearer { *third } else { third & far | open_third[number] };
                while left != 0 {
                    let entry = number as u32 * 64 + left.trailing_zeros();
                    left &= left - 1;
                    let program = self.entries[entry as usize];
                    let end = if program.sentence { last } else { last_near };
                    let mut needs = self.needs[program.needs.0 as usize..program.needs.1 as usize].iter();
                    let met = needs.all(|&(set, least, most)| {
                        let to = (at + usize::from(most) + 1).min(end);
                        (at + usize::from(least)..to).any(|at| marks.word(at).has(set))
                    });
                    if met {
                        tries.push((at as u32, entry));
                    }
                }
            }
            tries[from..].reverse();
        }
        tries.reverse();
        tries
    }

    /// What a word is to these patterns; nothing where no pattern names it.
    fn know<T: Token>(&self, token: &T) -> Option<Known> {
        let mut atoms = Vec::new();
        self.read(token.folded(), false, &mut atoms);
        let mut number = 0;
        while let Some(word) = token.variant(number) {
            self.read(word, true, &mut atoms);
            number += 1;
        }
        if atoms.is_empty() {
            return None;
        }
        let Firsts { sets, atoms: singles, unknown, .. } = &self.firsts;
        let row = unknown.row;
        let mut bits = unknown.bits.clone();
        bits.resize((PLACES + 1) * row + self.sets.len().div_ceil(64), 0);
        for &(number, _) in &atoms {
            let atom = &self.atoms[number as usize];
            for place in 0..PLACES {
                for &entry in &singles[place][number as usize] {
                    bits[place * row + entry as usize / 64] |= 1 << (entry % 64);
                }
            }
            for &(entry, _, _) in &atom.anchors {
                bits[PLACES * row + entry as usize / 64] |= 1 << (entry % 64);
            }
            for &set in &atom.sets {
                let (part, bit) = ((PLACES + 1) * row + set as usize / 64, 1 << (set % 64));
                if bits[part] & bit != 0 {
                    continue;
                }
                bits[part] |= bit;
                for place in 0..PLACES {
                    for &entry in &sets[place][set as usize] {
                        bits[place * row + entry as usize / 64] |= 1 << (entry % 64);
                    }
                }
            }
        }
        let varied = atoms.iter().any(|(_, variant)| *variant);
        Some(Known { atoms, varied, bits, row })
    }

    /// Adds the atoms of a word.
    fn read(&self, word: &str, variant: bool, atoms: &mut Vec<(u32, bool)>) {
        let mut push = |atom: u32| {
            if !atoms.iter().any(|(have, _)| *have == atom) {
                atoms.push((atom, variant));
            }
        };
        let mut hash = FNV;
        for (at, &byte) in word.as_bytes().iter().enumerate() {
            hash = step(hash, byte);
            if word.is_char_boundary(at + 1)
                && let Some(atom) = self.stems.find(hash, &word[..=at], &self.atoms)
            {
                push(atom);
            }
        }
        if let Some(atom) = self.exact.find(hash, word, &self.atoms) {
            push(atom);
        }
    }

    /// Finds what may stand at the first places of each entry.
    pub(super) fn find_firsts(&mut self) {
        let row = self.entries.len().div_ceil(64);
        let mut firsts = Firsts {
            sets: std::array::from_fn(|_| vec![Vec::new(); self.sets.len()]),
            atoms: std::array::from_fn(|_| vec![Vec::new(); self.atoms.len()]),
            unknown: Known { bits: vec![0; (PLACES + 1) * row], row, ..Known::default() },
            far: vec![0; row],
            words: Remembered::new(WORDS),
        };
        // When an address was last seen: a number for each place of each entry.
        let mut seen = vec![0u32; self.ops.len()];
        let mut now = 0;
        let (mut here, mut next, mut stack) = (Vec::new(), Vec::new(), Vec::new());
        for (number, entry) in self.entries.iter().enumerate() {
            let (part, bit) = (number / 64, 1u64 << (number % 64));
            if entry.sentence {
                firsts.far[part] |= bit;
            }
            here.clear();
            here.push(entry.start);
            let mut open = false;
            for place in 0..PLACES {
                now += 1;
                stack.clear();
                stack.append(&mut here);
                next.clear();
                while let Some(pc) = stack.pop() {
                    if std::mem::replace(&mut seen[pc as usize], now) == now {
                        continue;
                    }
                    match self.ops[pc as usize] {
                        Op::Accept => open = true,
                        Op::Atom(atom) => {
                            add(&mut firsts.atoms[place][atom as usize], number as u32);
                            next.push(pc + 1);
                        }
                        Op::Set(set) => {
                            add(&mut firsts.sets[place][set as usize], number as u32);
                            next.push(pc + 1);
                        }
                        Op::Any => {
                            firsts.unknown.bits[place * row + part] |= bit;
                            next.push(pc + 1);
                        }
                        Op::Split(first, second) => stack.extend([second, first]),
                        Op::Jump(to) | Op::Not(to) | Op::NotBack(_, to) => stack.push(to),
                        Op::Peek(_)
                        | Op::Skip(..)
                        | Op::NotBehind(_)
                        | Op::Begin
                        | Op::End
                        | Op::Open(_)
                        | Op::Close(_) => {
                            stack.push(pc + 1);
                        }
                    }
                }
                if open {
                    firsts.unknown.bits[place * row + part] |= bit;
                }
                std::mem::swap(&mut here, &mut next);
            }
        }
        self.firsts = firsts;
    }
}

/// Words a process remembers for a set of patterns: about one or two thousand bytes each.
const WORDS: usize = 4096;

fn add(entries: &mut Vec<u32>, entry: u32) {
    if entries.last() != Some(&entry) {
        entries.push(entry);
    }
}
