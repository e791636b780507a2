//! From what is written to steps, sets of words and anchors.

use std::sync::Arc;

use super::{Anchor, Atom, Node, Op, Opened, Patterns, Sequence};

/// Words one of which is in every match of a part of a pattern.
enum Anchors {
    One(u32),
    Own(Vec<Anchor>),
    Shared(Arc<(u32, Vec<Anchor>)>),
}

/// Alternatives that are skipped together.
const BLOCK: usize = 8;

impl Patterns {
    fn atom(&mut self, word: u32, stem: bool) -> u32 {
        let known = &mut self.known[usize::from(stem)];
        if known.len() <= word as usize {
            known.resize(word as usize + 1024, None);
        }
        *known[word as usize].get_or_insert_with(|| {
            let text = self.words.all[word as usize].clone();
            let cost = commonness(&text, stem);
            self.atoms.push(Atom { text, stem, cost, sets: Vec::new(), anchors: Vec::new() });
            self.atoms.len() as u32 - 1
        })
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
    pub(super) fn anchors(&mut self, nodes: &[Node]) -> Option<(u32, Vec<Anchor>)> {
        let (mut least, mut most) = (0u32, 0u32);
        let mut best: Option<(u32, Anchors, u8, u8)> = None;
        for node in nodes {
            let own = match node {
                Node::Word { word, stem } => {
                    let atom = self.atom(*word, *stem);
                    Some((self.atoms[atom as usize].cost, Anchors::One(atom)))
                }
                Node::Alternatives(list) => self.opened(list).anchors.map(|all| (all.0, Anchors::Shared(all))),
                Node::Part(_, inner) => self.anchors(inner).map(|(cost, all)| (cost, Anchors::Own(all))),
                _ => None,
            };
            if let Some((cost, anchors)) = own
                && most < 40
                && best.as_ref().is_none_or(|(have, ..)| cost < *have)
            {
                best = Some((cost, anchors, least as u8, most as u8));
            }
            let (a, b) = reach(node);
            least += a;
            most += b;
        }
        let (cost, anchors, least, most) = best?;
        let shifted = |all: &[Anchor]| all.iter().map(|&(atom, a, b)| (atom, a + least, b + most)).collect();
        Some(match anchors {
            Anchors::One(atom) => (cost, vec![(atom, least, most)]),
            Anchors::Shared(all) => (cost, shifted(&all.1)),
            Anchors::Own(all) => (cost, shifted(&all)),
        })
    }

    pub(super) fn emit(&mut self, nodes: &[Node]) -> Result<(), String> {
        for node in nodes {
            match node {
                Node::Word { word, stem } => {
                    let atom = self.atom(*word, *stem);
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

    fn emit_alternatives(&mut self, list: &Arc<Vec<Sequence>>) -> Result<(), String> {
        let Opened { set, peek, rest, skips, .. } = self.opened(list);
        if let Some(set) = peek {
            self.ops.push(Op::Peek(set));
        }
        // The longer alternatives go first: "look forward to" before "look".
        let mut jumps = Vec::new();
        let whole = self.skip(skips.first(), rest.len());
        for (number, block) in rest.chunks(BLOCK).enumerate() {
            let skip = self.skip(skips.get(number + 1), block.len());
            for one in block {
                let at = self.ops.len();
                self.ops.push(Op::Split(0, 0));
                self.emit(one)?;
                jumps.push(self.ops.len());
                self.ops.push(Op::Jump(0));
                let next = self.ops.len() as u32;
                self.ops[at] = Op::Split(at as u32 + 1, next);
            }
            self.end_skip(skip);
        }
        self.end_skip(whole);
        self.ops.push(Op::Set(set));
        let end = self.ops.len() as u32;
        for jump in jumps {
            self.ops[jump] = Op::Jump(end);
        }
        Ok(())
    }

    /// Begins a skip over so many alternatives; gives its address.
    fn skip(&mut self, set: Option<&u32>, count: usize) -> Option<usize> {
        let (set, count) = (set?, u8::try_from(count).ok()?);
        self.ops.push(Op::Skip(count, *set, 0));
        Some(self.ops.len() - 1)
    }

    fn end_skip(&mut self, skip: Option<usize>) {
        let end = self.ops.len() as u32;
        if let Some(Op::Skip(_, _, to)) = skip.and_then(|at| self.ops.get_mut(at)) {
            *to = end;
        }
    }

    /// The sets for skipping alternatives.
    fn skips(&mut self, rest: &[Sequence]) -> Vec<u32> {
        let plain = |one: &Sequence| matches!(one.first(), Some(Node::Word { .. } | Node::Alternatives(_)));
        if rest.len() < 2 || !rest.iter().all(plain) {
            return Vec::new();
        }
        let Some(firsts) = rest.iter().map(|one| self.first(std::slice::from_ref(one))).collect::<Option<Vec<_>>>()
        else {
            return Vec::new();
        };
        let mut skips = vec![self.set(firsts.concat())];
        if rest.len() > BLOCK {
            skips.extend(firsts.chunks(BLOCK).map(|block| self.set(block.concat())));
        }
        skips
    }

    /// Adds what a match cannot do without beyond its first words, which are looked at anyway.
    pub(super) fn find_needs(&mut self, nodes: &[Node], begin: (u32, u32)) {
        let (mut least, mut most) = begin;
        for node in nodes {
            let need = match node {
                Node::Word { word, stem } if most > 2 => {
                    let atom = self.atom(*word, *stem);
                    Some((self.set(vec![atom]), 0, 0))
                }
                Node::Alternatives(list) => match list.as_slice() {
                    [one] => {
                        self.find_needs(one, (least, most));
                        None
                    }
                    _ => self.opened(list).need,
                },
                Node::Part(_, inner) => {
                    self.find_needs(inner, (least, most));
                    None
                }
                _ => None,
            };
            if let Some((set, from, to)) = need
                && most + u32::from(to) > 2
                && most + u32::from(to) < 64
            {
                self.needs.push((set, least as u8 + from, most as u8 + to));
            }
            let (a, b) = reach(node);
            least += a;
            most += b;
        }
    }

    /// Alternatives as they are compiled, each list once.
    fn opened(&mut self, list: &Arc<Vec<Sequence>>) -> Opened {
        let place = (Arc::as_ptr(list) as usize as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
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
        let set = self.set(singles);
        let need = whole.then(|| {
            let least = sum.1.iter().map(|anchor| anchor.1).min().unwrap_or(0);
            let most = sum.1.iter().map(|anchor| anchor.2).max().unwrap_or(0);
            let of = if rest.is_empty() { set } else { self.set(sum.1.iter().map(|anchor| anchor.0).collect()) };
            (of, least, most)
        });
        let opened = Opened {
            set,
            peek: first.map(|first| self.set(first)),
            skips: self.skips(&rest).into(),
            rest: Arc::new(rest),
            anchors: whole.then(|| Arc::new(sum)),
            need,
            _of: Arc::clone(list),
        };
        self.opened.insert(place, opened.clone());
        opened
    }

    /// The alternatives of one word, and the others with nested ones opened.
    fn singles(&mut self, list: &[Sequence]) -> (Vec<u32>, Vec<Sequence>) {
        let (mut singles, mut rest) = (Vec::new(), Vec::new());
        for one in list {
            match &**one {
                [Node::Word { word, stem }] => singles.push(self.atom(*word, *stem)),
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
    fn first(&mut self, list: &[Sequence]) -> Option<Vec<u32>> {
        let mut all = Vec::new();
        for one in list {
            match one.first()? {
                Node::Word { word, stem } => all.push(self.atom(*word, *stem)),
                Node::Alternatives(inner) => all.extend(self.first(inner)?),
                Node::Part(_, inner) => all.extend(self.first(&[Sequence::More(inner.clone())])?),
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
