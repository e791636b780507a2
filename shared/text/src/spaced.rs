//! Words whose letters stand alone in a row, and the other readings of disguised words.

use crate::{
    read::{LONELY, script_of},
    text::{Kind, Script, Text},
    variant,
};

/// No word that somebody spaces out has more letters; a run without end is not gone through from each of its letters.
const LONGEST: usize = 40;

impl Text<'_> {
    /// Replaces letters that stand alone in a row (`k i l l`, `i.d.i.o.t`) by one token.
    pub(crate) fn join_spaced(&mut self) {
        let single = |t: &crate::Token| t.span.end - t.span.start == 1 && matches!(t.kind, Kind::Word | Kind::Number);
        let mut kept = Vec::with_capacity(self.tokens.len());
        let mut moved = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let first = self.tokens[at];
            let mut members = vec![];
            let mut next = at;
            let mut style = None;
            while single(&first) && members.len() < LONGEST && next < self.tokens.len() && single(&self.tokens[next]) {
                let token = &self.tokens[next];
                if let Some(before) = members.last().map(|i: &usize| &self.tokens[*i]) {
                    let gap = &self.original[before.bytes.1 as usize..token.bytes.0 as usize];
                    let fits =
                        matches!(gap, " " | "." | "-" | "_" | "*" | "/" | ". " | " - " | "," | "\u{a0}" | "·" | "+");
                    if !fits || *style.get_or_insert(gap) != gap || token.sentence != first.sentence && gap != ". " {
                        break;
                    }
                }
                members.push(next);
                next += 1;
                // The separator may be a token itself.
                if self.tokens.get(next).is_some_and(|t| !single(t) && t.span.end - t.span.start == 1)
                    && self.tokens.get(next + 1).is_some_and(single)
                {
                    next += 1;
                }
            }
            let letters = members.iter().filter(|i| self.tokens[**i].kind == Kind::Word).count();
            let telling = members
                .iter()
                .filter(|i| self.tokens[**i].kind == Kind::Word)
                .any(|i| !self.base(&self.tokens[*i]).chars().all(|c| LONELY.contains(c)));
            let enough = if first.script == Script::Cyrillic { 4 } else { 3 };
            if letters < enough || !telling || letters * 2 < members.len() {
                moved.push((at, kept.len()));
                kept.push(first);
                at += 1;
                continue;
            }
            let last = self.tokens[members[members.len() - 1]];
            let start = self.arena.len();
            let words: String = members.iter().map(|i| self.base(&self.tokens[*i])).collect();
            self.arena.push_str(&words);
            let mut joined = first;
            joined.base = (start as u32, self.arena.len() as u32);
            joined.span.end = last.span.end;
            joined.bytes.1 = last.bytes.1;
            joined.disguised = true;
            joined.kind = Kind::Word;
            joined.script = script_of(&words);
            let of = kept.len() as u32;
            self.variants.push((of, words.clone()));
            // `a m o r o n`: the first letter may be a word of its own.
            let head = words.chars().next().map_or(0, char::len_utf8);
            if words.chars().next().is_some_and(|c| LONELY.contains(c)) && words.len() > head {
                self.variants.push((of, words[head..].to_owned()));
            }
            let more = variant::variants(&words, joined.script);
            self.variants.extend(more.into_iter().map(|v| (of, v)));
            let next = members[members.len() - 1] + 1;
            for old in at..next {
                moved.push((old, kept.len()));
            }
            kept.push(joined);
            at = next;
        }
        if kept.len() == self.tokens.len() {
            return;
        }
        // Sentences and clauses name tokens by index: both are read again from the tokens that are left.
        let to = |old: u32| {
            let at = moved.partition_point(|(from, _)| (*from as u32) < old);
            moved.get(at).map_or(kept.len(), |(_, new)| *new) as u32
        };
        for clause in &mut self.clauses {
            (clause.first, clause.end) = (to(clause.first), to(clause.end));
        }
        for sentence in &mut self.sentences {
            (sentence.first, sentence.end) = (to(sentence.first), to(sentence.end));
        }
        // A word that was spaced over a boundary belongs to the first sentence; later ones lose what it took.
        let mut from = 0;
        for sentence in &mut self.sentences {
            sentence.first = sentence.first.max(from);
            sentence.end = sentence.end.max(sentence.first);
            from = sentence.end;
        }
        let mut from = 0;
        for clause in &mut self.clauses {
            clause.first = clause.first.max(from);
            clause.end = clause.end.max(clause.first);
            from = clause.end;
        }
        self.tokens = kept;
    }

    pub(crate) fn find_variants(&mut self) {
        let before = std::mem::take(&mut self.variants);
        let mut joined = before.into_iter().peekable();
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            if joined.peek().is_some_and(|(of, _)| *of as usize == at) {
                while let Some(variant) = joined.next_if(|(of, _)| *of as usize == at) {
                    found.push(variant);
                }
                continue;
            }
            if !token.disguised {
                continue;
            }
            let more = variant::variants(self.base(&token), token.script);
            self.tokens[at].disguised = !more.is_empty();
            found.extend(more.into_iter().map(|v| (at as u32, v)));
        }
        self.variants = found;
    }
}
