//! Sets of texts: patterns, formats and lengths as regular languages. Two of them are compared exactly, by derivatives
//! (Brzozowski, "Derivatives of Regular Expressions", 1964), which know intersection and complement as well.

mod parse;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use parse::TextError;

/// Further states are not looked at; a pattern that needs them is too wide to be compared.
const MOST_STATES: usize = 60_000;

/// Characters, as sorted ranges that do not touch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set(Vec<(u32, u32)>);

/// What was searched for is asked again at every place with the same pattern.
type Found = BTreeMap<Language, Result<Option<String>, TextError>>;
thread_local! {
    static FOUND: RefCell<Found> = const { RefCell::new(BTreeMap::new()) };
}

const LAST: u32 = 0x10_ffff;
/// No characters, though code points.
const SURROGATES: (u32, u32) = (0xd800, 0xdfff);

impl Set {
    pub(crate) fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (low, high) in ranges {
            match merged.last_mut() {
                Some((_, last)) if low <= last.saturating_add(1) => *last = high.max(*last),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    pub(crate) fn one(c: char) -> Self {
        Self(vec![(c.into(), c.into())])
    }

    pub(crate) fn every() -> Self {
        Self(vec![(0, SURROGATES.0 - 1), (SURROGATES.1 + 1, LAST)])
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    pub(crate) fn inverse(&self) -> Self {
        let taken = Self::of(self.0.iter().copied().chain([SURROGATES]));
        let mut next = 0;
        let mut free = Vec::new();
        for (low, high) in taken.0 {
            if low > next {
                free.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= LAST {
            free.push((next, LAST));
        }
        Self(free)
    }

    fn holds(&self, c: char) -> bool {
        let c = u32::from(c);
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&c))
    }
}

/// A set of texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(Arc<Re>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Re {
    Nothing,
    Empty,
    Set(Set),
    Then(Language, Language),
    Or(BTreeSet<Language>),
    And(BTreeSet<Language>),
    Not(Language),
    Repeat(Language, usize, Option<usize>),
}

impl Language {
    fn new(re: Re) -> Self {
        Self(Arc::new(re))
    }

    fn nothing() -> Self {
        Self::new(Re::Nothing)
    }

    pub(crate) fn empty() -> Self {
        Self::new(Re::Empty)
    }

    pub(crate) fn set(set: Set) -> Self {
        if set.0.is_empty() { Self::nothing() } else { Self::new(Re::Set(set)) }
    }

    /// Every text.
    pub fn every() -> Self {
        Self::nothing().others()
    }

    /// One text alone.
    pub fn literal(text: &str) -> Self {
        text.chars().rev().fold(Self::empty(), |rest, c| Self::set(Set::one(c)).then(rest))
    }

    /// Texts with this many characters.
    pub fn length(least: usize, most: Option<usize>) -> Self {
        Self::set(Set::every()).repeat(least, most)
    }

    pub(crate) fn then(self, next: Self) -> Self {
        match (&*self.0, &*next.0) {
            (Re::Nothing, _) | (_, Re::Nothing) => Self::nothing(),
            (Re::Empty, _) => next,
            (_, Re::Empty) => self,
            (Re::Then(first, second), _) => first.clone().then(second.clone().then(next)),
            _ => Self::new(Re::Then(self, next)),
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        let mut all = BTreeSet::new();
        for one in [self, other] {
            match &*one.0 {
                Re::Nothing => {}
                Re::Or(inner) => all.extend(inner.iter().cloned()),
                _ => {
                    all.insert(one);
                }
            }
        }
        if all.contains(&Self::every()) {
            return Self::every();
        }
        match all.len() {
            0 => Self::nothing(),
            1 => all.pop_first().unwrap_or_else(Self::nothing),
            _ => Self::new(Re::Or(all)),
        }
    }

    /// Texts of both.
    pub fn and(self, other: Self) -> Self {
        let mut all = BTreeSet::new();
        for one in [self, other] {
            match &*one.0 {
                Re::Nothing => return Self::nothing(),
                Re::And(inner) => all.extend(inner.iter().cloned()),
                _ if one == Self::every() => {}
                _ => {
                    all.insert(one);
                }
            }
        }
        match all.len() {
            0 => Self::every(),
            1 => all.pop_first().unwrap_or_else(Self::every),
            _ => Self::new(Re::And(all)),
        }
    }

    /// All other texts.
    pub fn others(self) -> Self {
        match &*self.0 {
            Re::Not(inner) => inner.clone(),
            _ => Self::new(Re::Not(self)),
        }
    }

    pub(crate) fn repeat(self, least: usize, most: Option<usize>) -> Self {
        match (&*self.0, least, most) {
            (_, _, Some(0)) | (Re::Empty, _, _) | (Re::Nothing, 0, _) => Self::empty(),
            (Re::Nothing, _, _) => Self::nothing(),
            (_, 1, Some(1)) => self,
            _ => Self::new(Re::Repeat(self, least, most)),
        }
    }

    fn takes_empty(&self) -> bool {
        match &*self.0 {
            Re::Nothing | Re::Set(_) => false,
            Re::Empty => true,
            Re::Then(first, next) => first.takes_empty() && next.takes_empty(),
            Re::Or(all) => all.iter().any(Self::takes_empty),
            Re::And(all) => all.iter().all(Self::takes_empty),
            Re::Not(inner) => !inner.takes_empty(),
            Re::Repeat(inner, least, _) => *least == 0 || inner.takes_empty(),
        }
    }

    /// What may follow after this character.
    fn after(&self, c: char) -> Self {
        match &*self.0 {
            Re::Nothing | Re::Empty => Self::nothing(),
            Re::Set(set) => {
                if set.holds(c) {
                    Self::empty()
                } else {
                    Self::nothing()
                }
            }
            Re::Then(first, next) => {
                let through = first.after(c).then(next.clone());
                if first.takes_empty() { through.or(next.after(c)) } else { through }
            }
            Re::Or(all) => all.iter().map(|one| one.after(c)).fold(Self::nothing(), Self::or),
            Re::And(all) => all.iter().map(|one| one.after(c)).fold(Self::every(), Self::and),
            Re::Not(inner) => inner.after(c).others(),
            Re::Repeat(inner, least, most) => {
                let rest = inner.clone().repeat(least.saturating_sub(1), most.map(|most| most - 1));
                inner.after(c).then(rest)
            }
        }
    }

    /// Whether a text is in it.
    pub fn holds(&self, text: &str) -> bool {
        text.chars().fold(self.clone(), |rest, c| rest.after(c)).takes_empty()
    }

    /// The shortest text in it, and of those the one with the plainest characters; none if there is no text in it.
    pub fn shortest(&self) -> Result<Option<String>, TextError> {
        if let Some(known) = FOUND.with_borrow(|found| found.get(self).cloned()) {
            return known;
        }
        let shortest = self.search();
        FOUND.with_borrow_mut(|found| found.insert(self.clone(), shortest.clone()));
        shortest
    }

    fn search(&self) -> Result<Option<String>, TextError> {
        let alphabet = self.alphabet();
        let mut from: BTreeMap<Self, Option<(Self, char)>> = BTreeMap::from([(self.clone(), None)]);
        let mut waiting = VecDeque::from([self.clone()]);
        while let Some(state) = waiting.pop_front() {
            if state.takes_empty() {
                let mut text = Vec::new();
                let mut at = &state;
                while let Some(Some((before, c))) = from.get(at) {
                    text.push(*c);
                    at = before;
                }
                return Ok(Some(text.into_iter().rev().collect()));
            }
            for c in &alphabet {
                let next = state.after(*c);
                if *next.0 != Re::Nothing && !from.contains_key(&next) {
                    from.insert(next.clone(), Some((state.clone(), *c)));
                    waiting.push_back(next);
                }
            }
            if from.len() > MOST_STATES {
                return Err(TextError::TooWide);
            }
        }
        Ok(None)
    }

    /// One character for each class that the sets in it cannot tell apart, the plainest first.
    fn alphabet(&self) -> Vec<char> {
        let mut sets = BTreeSet::new();
        self.sets(&mut sets);
        let mut found: BTreeMap<Vec<bool>, char> = BTreeMap::new();
        let edges = sets.iter().flat_map(|set| set.0.iter().flat_map(|(low, high)| [*low, high + 1])).chain([0]);
        let plain = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain(' '..='~');
        for c in plain.chain(edges.filter_map(char::from_u32)) {
            found.entry(sets.iter().map(|set| set.holds(c)).collect()).or_insert(c);
        }
        let mut alphabet: Vec<char> = found.into_values().collect();
        let class = |c: char| match c {
            'a'..='z' => 0,
            '0'..='9' => 1,
            'A'..='Z' => 2,
            ' '..='~' => 3,
            _ => 4,
        };
        alphabet.sort_by_key(|c| (class(*c), *c));
        alphabet
    }

    fn sets(&self, found: &mut BTreeSet<Set>) {
        match &*self.0 {
            Re::Nothing | Re::Empty => {}
            Re::Set(set) => {
                found.insert(set.clone());
            }
            Re::Then(first, next) => [first, next].into_iter().for_each(|one| one.sets(found)),
            Re::Or(all) | Re::And(all) => all.iter().for_each(|one| one.sets(found)),
            Re::Not(inner) | Re::Repeat(inner, _, _) => inner.sets(found),
        }
    }
}

#[cfg(test)]
mod tests;
