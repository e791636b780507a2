//! Reads a pattern as it is written.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    fold,
    hashed::{ByHash, START, fnv},
};

use super::{Node, Sequence};

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '{' | '}' | '(' | ')' | '<' | '>' | '?' | '*' | '@' | '!' | '^' | '$' | '~')
}

/// Reads a written pattern.
pub(super) struct Parser<'a> {
    rest: &'a str,
    classes: &'a BTreeMap<String, Arc<Vec<Sequence>>>,
    words: &'a mut Words,
}

/// The words that are written in patterns, each with a number.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// By hash; a word whose hash another has stands at the next one that is free.
    numbers: ByHash<u32>,
    /// By their numbers.
    pub(super) all: Vec<Box<str>>,
}

impl Words {
    /// The number of a word; the error is its folded form where that is another.
    fn number(&mut self, word: &str) -> Result<u32, String> {
        let mut hash = fnv(START, word.as_bytes());
        while let Some(number) = self.numbers.get(&hash) {
            if *self.all[*number as usize] == *word {
                return Ok(*number);
            }
            hash = hash.wrapping_add(1);
        }
        let folded = fold(word);
        if folded != word {
            return Err(folded.into_owned());
        }
        self.numbers.insert(hash, self.all.len() as u32);
        self.all.push(word.into());
        Ok(self.all.len() as u32 - 1)
    }
}

impl<'a> Parser<'a> {
    pub(super) fn new(rest: &'a str, classes: &'a BTreeMap<String, Arc<Vec<Sequence>>>, words: &'a mut Words) -> Self {
        Self { rest, classes, words }
    }

    pub(super) fn whole(mut self) -> Result<Vec<Node>, String> {
        let nodes = self.sequence()?;
        if !self.rest.is_empty() {
            return Err(format!("cannot read the pattern from {:?} on", self.rest));
        }
        if nodes.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        Ok(nodes)
    }

    pub(super) fn all_alternatives(mut self) -> Result<Vec<Sequence>, String> {
        let list = self.alternatives()?;
        if !self.rest.is_empty() {
            return Err(format!("cannot read the alternatives from {:?} on", self.rest));
        }
        Ok(list)
    }

    fn alternatives(&mut self) -> Result<Vec<Sequence>, String> {
        let mut list = Vec::new();
        loop {
            let one = if self.is_one_word() { Sequence::One([self.item()?]) } else { Sequence::More(self.sequence()?) };
            if one.is_empty() {
                return Err("an alternative is empty".to_owned());
            }
            list.push(one);
            if !self.take("|") {
                return Ok(list);
            }
        }
    }

    /// Whether the alternative is a word or stem alone: most are.
    fn is_one_word(&mut self) -> bool {
        self.skip();
        let end = self.rest.find(ends_word).unwrap_or(self.rest.len());
        let rest = self.rest[end..].strip_prefix('*').unwrap_or(&self.rest[end..]).trim_start();
        end > 0 && !self.rest.starts_with("..") && (rest.is_empty() || rest.starts_with(['|', '}']))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, what: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn need(&mut self, what: &str) -> Result<(), String> {
        if self.take(what) { Ok(()) } else { Err(format!("{what:?} is missing before {:?}", self.rest)) }
    }

    fn sequence(&mut self) -> Result<Vec<Node>, String> {
        // Most are of one word.
        let mut nodes = Vec::with_capacity(1);
        loop {
            self.skip();
            if self.rest.is_empty() || self.rest.starts_with(['|', '}', ')', '>']) {
                return Ok(nodes);
            }
            if self.take("~") {
                let gap = Node::Gap(self.most()?);
                let right = self.sequence()?;
                if nodes.is_empty() || right.is_empty() {
                    return Err("something stands on both sides of `~`".to_owned());
                }
                let there = [nodes.clone(), vec![gap.clone()], right.clone()].concat();
                let back = [right, vec![gap], nodes].concat();
                return Ok(vec![Node::Alternatives(Arc::new(vec![Sequence::More(there), Sequence::More(back)]))]);
            }
            let node = self.item()?;
            nodes.push(if self.rest.starts_with('?') {
                self.rest = &self.rest[1..];
                Node::Optional(vec![node])
            } else {
                node
            });
        }
    }

    fn item(&mut self) -> Result<Node, String> {
        if self.take("<!{") {
            let list = self.alternatives()?;
            self.need("}")?;
            return Ok(Node::NotBehind(list));
        }
        if self.take("!{") {
            let list = self.alternatives()?;
            self.need("}")?;
            return Ok(Node::Not(Arc::new(list)));
        }
        if self.take("{") {
            let list = self.alternatives()?;
            self.need("}")?;
            return Ok(Node::Alternatives(Arc::new(list)));
        }
        if self.take("(") {
            let inner = self.sequence()?;
            self.need(")")?;
            return Ok(Node::Alternatives(Arc::new(vec![Sequence::More(inner)])));
        }
        if self.take("<") {
            let name = self.name()?;
            self.need(":")?;
            let inner = self.sequence()?;
            self.need(">")?;
            return Ok(Node::Part(name, inner));
        }
        if self.take("@") {
            let name = self.name()?;
            return match self.classes.get(&name) {
                Some(list) => Ok(Node::Alternatives(Arc::clone(list))),
                None => Err(format!("the class @{name} is not defined above")),
            };
        }
        if self.take("..") {
            return Ok(Node::Gap(self.most()?));
        }
        if self.take("^") {
            return Ok(Node::Begin);
        }
        if self.take("$") {
            return Ok(Node::End);
        }
        let end = self.rest.find(ends_word).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word == "_" {
            return Ok(Node::Any);
        }
        if word.is_empty() {
            return Err(format!("cannot read the pattern from {:?} on", self.rest));
        }
        let stem = match self.rest.strip_prefix('*') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        };
        // A token never has another form than the folded one: the word would match nothing.
        let number = self.words.number(word);
        let number = number.map_err(|text| format!("{word:?} is not folded: write {text:?}"))?;
        Ok(Node::Word { word: number, stem })
    }

    fn most(&mut self) -> Result<u8, String> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        match number.parse::<u8>() {
            Ok(most @ 1..=12) => Ok(most),
            _ => Err("a gap is of 1 to 12 words".to_owned()),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(format!("a name is missing before {rest:?}"));
        }
        self.rest = rest;
        Ok(name.to_owned())
    }
}
