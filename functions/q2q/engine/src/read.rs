//! From hits of the lexicon to outcomes: whose it is, whether it is negated, unreal, a topic, past, and what wins.

use text::{Language, Span, pattern::Hit};

use crate::{
    Band, Dimension, Evidence, Outcome, Polarity, Role,
    clauses::{Word, contrast},
    rules::{Cue, Guard, Negated, Rule, Rules, Who, Whose},
};

/// A clause: its words and what is known about it.
#[derive(Debug, Clone, Default)]
struct Clause {
    first: u32,
    end: u32,
    sentence: u32,
    /// Opened by a contrast word.
    contrast: bool,
    /// The next clause of the text is opened by one.
    before_contrast: bool,
    past: bool,
    now: bool,
    ended: bool,
    background: bool,
}

/// A cue at a place, after its guards.
struct Found<'a> {
    cue: &'a Cue,
    rule: &'static str,
    start: u32,
    end: u32,
    clause: usize,
    polarity: Polarity,
    weight: i32,
    flipped: bool,
    past: bool,
}

struct Context<'a> {
    words: &'a [Word<'a>],
    clauses: Vec<Clause>,
    of_word: Vec<u32>,
    guards: Vec<(u32, u32, Guard)>,
    /// The places of all cues, before they are judged.
    cues: Vec<(u32, u32)>,
    role: Role,
}

/// A cue that is there and does not count: somebody else's, wished, talked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped {
    pub dimension: Dimension,
    pub polarity: Polarity,
    pub span: Span,
}

/// Reads the words of one language: what they say, and what only looks like it.
pub(crate) fn outcomes(
    rules: &Rules,
    language: Language,
    words: &[Word<'_>],
    role: Role,
) -> (Vec<Outcome>, Vec<Dropped>) {
    let hits = rules.lexicon.find(words);
    let mut context = Context::of(language, words, role);
    for hit in &hits {
        match &rules.rules[hit.entry as usize] {
            Rule::Guard(guard) => context.guards.push((hit.start, hit.end, *guard)),
            Rule::Cue(_) => context.cues.push((hit.start, hit.end)),
        }
    }
    context.mark();
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut dropped = Vec::new();
    for hit in &hits {
        if let Rule::Cue(cue) = &rules.rules[hit.entry as usize] {
            match context.judge(cue, rules.ids[hit.entry as usize], hit, rules) {
                Some(one) => found.push(one),
                None => dropped.push(Dropped {
                    dimension: cue.dimension,
                    polarity: cue.polarity,
                    span: words[hit.start as usize].span.to(words[hit.end as usize - 1].span),
                }),
            }
        }
    }
    drop_overlapped(&mut found);
    (Dimension::ALL.into_iter().filter_map(|dimension| context.decide(dimension, &found)).collect(), dropped)
}

/// Of two opposite cues of a dimension that share words the longer one holds.
fn drop_overlapped(found: &mut Vec<Found<'_>>) {
    let loses: Vec<bool> = found
        .iter()
        .map(|one| {
            found.iter().any(|other| {
                other.cue.dimension == one.cue.dimension
                    && other.polarity != one.polarity
                    && other.start < one.end
                    && one.start < other.end
                    && (other.end - other.start, other.weight) > (one.end - one.start, one.weight)
            })
        })
        .collect();
    let mut number = 0;
    found.retain(|_| {
        number += 1;
        !loses[number - 1]
    });
}

impl<'a> Context<'a> {
    fn of(language: Language, words: &'a [Word<'a>], role: Role) -> Self {
        let mut clauses: Vec<Clause> = Vec::new();
        let mut of_word = Vec::with_capacity(words.len());
        for (at, word) in words.iter().enumerate() {
            if at == 0 || words[at - 1].clause != word.clause {
                let contrast = contrast(language, word.folded);
                if contrast && let Some(last) = clauses.last_mut() {
                    last.before_contrast = true;
                }
                clauses.push(Clause { first: at as u32, sentence: word.sentence, contrast, ..Clause::default() });
            }
            let number = clauses.len() - 1;
            clauses[number].end = at as u32 + 1;
            of_word.push(number as u32);
        }
        Self { words, clauses, of_word, guards: Vec::new(), cues: Vec::new(), role }
    }

    fn clause_of(&self, word: u32) -> usize {
        self.of_word[word as usize] as usize
    }

    /// Gives each clause what its guards say.
    fn mark(&mut self) {
        for &(start, _, guard) in &self.guards {
            let number = self.of_word[start as usize] as usize;
            let clause = &mut self.clauses[number];
            match guard {
                Guard::Past => clause.past = true,
                Guard::Now => clause.now = true,
                Guard::Ended => clause.ended = true,
                Guard::Background => clause.background = true,
                _ => {}
            }
        }
        // "However" inside a sentence or at its begin: the sentence before is what it stands against.
        for number in 1..self.clauses.len() {
            if self.clauses[number].contrast {
                let sentence = self.clauses[number - 1].sentence;
                for before in (0..number).rev() {
                    if self.clauses[before].sentence != sentence {
                        break;
                    }
                    self.clauses[before].before_contrast = true;
                }
            }
        }
        // A clause without a time of its own has that of the clause before, inside a sentence.
        for number in 1..self.clauses.len() {
            let (before, rest) = self.clauses.split_at_mut(number);
            let (before, clause) = (&before[number - 1], &mut rest[0]);
            if before.sentence == clause.sentence
                && !clause.contrast
                && !clause.now
                && !clause.past
                && before.past
                && !before.now
            {
                clause.past = true;
            }
        }
    }

    fn judge(&self, cue: &'a Cue, rule: &'static str, hit: &Hit, rules: &Rules) -> Option<Found<'a>> {
        let number = self.clause_of(hit.start);
        let clause = &self.clauses[number];
        if !self.is_theirs(cue, hit, rules) {
            return None;
        }
        if !cue.unreal && self.unreal(hit) || !cue.topic && self.topic(hit) {
            return None;
        }
        let (mut polarity, mut weight, mut flipped) = (cue.polarity, cue.weight, false);
        if self.negated(cue, hit) {
            match cue.negated {
                Negated::Drops => return None,
                Negated::Keeps => {}
                Negated::Flips => {
                    polarity = polarity.opposite();
                    flipped = true;
                }
            }
        }
        let end_clause = &self.clauses[self.clause_of(hit.end - 1)];
        let mut past = (clause.past && !clause.now) && !cue.past;
        if clause.ended && !cue.past && !clause.now {
            // What used to be has ended.
            past = true;
        }
        if !end_clause.past && end_clause.now {
            past = false;
        }
        if clause.background {
            weight = weight.min(2);
        }
        Some(Found { cue, rule, start: hit.start, end: hit.end, clause: number, polarity, weight, flipped, past })
    }

    /// Whether the cue is about the one whose outcome it is.
    fn is_theirs(&self, cue: &Cue, hit: &Hit, rules: &Rules) -> bool {
        for part in &hit.parts {
            let name = rules.lexicon.patterns().part(part.name);
            if name == "o" || name == "s" {
                let who = self.guards.iter().find_map(|&(start, end, guard)| match guard {
                    Guard::Who { who, .. } if start < part.end && part.start < end => Some(who),
                    _ => None,
                });
                if who.is_some_and(|who| !self.counts(cue, who)) {
                    return false;
                }
                if name == "s" {
                    return true;
                }
            }
        }
        // "My heart is light": whose it is stands with it, whoever the clause before was about.
        let own = self.guards.iter().any(|&(start, end, guard)| match guard {
            Guard::Who { who, subject: false } => {
                let of_another = || {
                    self.guards.iter().any(|&(a, b, other)| {
                        matches!(other, Guard::Who { who: Who::Other | Who::Thing, .. }) && a <= start && end <= b
                    })
                };
                start < hit.end && hit.start < end + 1 && self.counts(cue, who) && !of_another()
            }
            _ => false,
        });
        match cue.whose {
            Whose::Anyone => true,
            _ if own => true,
            Whose::Subject => self.subject(hit).is_none_or(|who| self.counts(cue, who)),
            Whose::Things => self.subject(hit).is_none_or(|who| who == Who::Thing || self.counts(cue, who)),
        }
    }

    fn counts(&self, cue: &Cue, who: Who) -> bool {
        // A volunteer's own state counts, their language and work do not: they are at home in both.
        let own = !matches!(cue.dimension, Dimension::LangLevelProxy | Dimension::JobReadiness);
        match self.role {
            Role::Learner => who == Who::Own,
            Role::Volunteer => own && who == Who::Own || matches!(who, Who::Third | Who::Learner),
        }
    }

    /// The last subject before or at the begin of the hit, in its clause or those before it in the sentence.
    fn subject(&self, hit: &Hit) -> Option<Who> {
        let sentence = self.words[hit.start as usize].sentence;
        let mut last = None;
        for &(start, end, guard) in &self.guards {
            if let Guard::Who { who, subject: true } = guard
                && self.words[start as usize].sentence == sentence
                && (start <= hit.start || end <= hit.start + 2)
            {
                last = Some(who);
            }
        }
        last
    }

    fn unreal(&self, hit: &Hit) -> bool {
        let sentence = self.words[hit.start as usize].sentence;
        let clause = self.clause_of(hit.start);
        self.guards.iter().any(|&(start, _, guard)| match guard {
            Guard::Unreal { sentence: far } => {
                start < hit.start
                    && self.words[start as usize].sentence == sentence
                    && (far && !self.clauses[clause].contrast || self.reaches(self.clause_of(start), clause))
            }
            _ => false,
        })
    }

    fn topic(&self, hit: &Hit) -> bool {
        let clause = self.clause_of(hit.start);
        self.guards.iter().any(|&(start, end, guard)| {
            guard == Guard::Topic
                && start < hit.start
                && end <= hit.start + 1
                && self.reaches(self.clause_of(start), clause)
        })
    }

    /// Whether what begins in one clause goes on into another: the same, or following ones without a subject.
    fn reaches(&self, from: usize, to: usize) -> bool {
        if from == to {
            return true;
        }
        if from > to || self.clauses[from].sentence != self.clauses[to].sentence {
            return false;
        }
        (from + 1..=to).all(|number| {
            let clause = &self.clauses[number];
            !clause.contrast
                && !self.guards.iter().any(|&(start, _, guard)| {
                    matches!(guard, Guard::Who { subject: true, .. })
                        && start >= clause.first
                        && start < clause.end.min(clause.first + 3)
                })
        })
    }

    fn negated(&self, cue: &Cue, hit: &Hit) -> bool {
        let clause = self.clause_of(hit.start);
        self.guards.iter().any(|&(start, end, guard)| {
            let Guard::Negation(reach) = guard else { return false };
            if self.clause_of(start) != clause {
                return false;
            }
            let off = self.guards.iter().any(|&(a, b, other)| other == Guard::NoNegation && a <= start && end <= b);
            if off {
                return false;
            }
            if start >= hit.start {
                return !cue.own_negation && start > hit.start && start < hit.end;
            }
            // "Not afraid to speak": what a cue before has taken up does not reach over it.
            let taken = || self.cues.iter().any(|&(a, b)| a <= start && end < b && b <= hit.start);
            end <= hit.start + 1 && hit.start - start <= reach && !taken()
        })
    }

    fn decide(&self, dimension: Dimension, found: &[Found<'_>]) -> Option<Outcome> {
        let mine: Vec<&Found<'_>> = found.iter().filter(|one| one.cue.dimension == dimension).collect();
        if mine.is_empty() {
            return None;
        }
        let present = mine.iter().any(|one| !one.past);
        let (mut plus, mut minus) = (0i32, 0i32);
        // By polarity: what speaks at all, whatever stands against it.
        let mut said = [0i32; 2];
        // The way each was counted: what ended points the other way.
        let mut counted: Vec<Polarity> = mine.iter().map(|one| one.polarity).collect();
        for (number, one) in mine.iter().enumerate() {
            if one.past && present {
                continue;
            }
            // Of several rules on the same words the strongest counts.
            let doubled = mine.iter().any(|other| {
                !std::ptr::eq(*other, *one)
                    && other.polarity == one.polarity
                    && other.past == one.past
                    && other.start < one.end
                    && one.start < other.end
                    && (other.weight, other.end - other.start, std::cmp::Reverse(other.start), other.rule)
                        > (one.weight, one.end - one.start, std::cmp::Reverse(one.start), one.rule)
            });
            if doubled {
                continue;
            }
            let clause = &self.clauses[one.clause];
            let mut weight = one.weight * 8;
            if one.flipped {
                weight -= 2;
            }
            let raw = weight;
            if clause.before_contrast && !clause.contrast {
                weight = weight * 5 / 8;
            }
            if clause.background {
                weight = weight * 3 / 8;
            }
            if clause.contrast {
                weight = weight * 5 / 4;
            }
            if clause.now {
                weight = weight * 5 / 4;
            }
            let mut polarity = one.polarity;
            if one.past {
                // Only the past is told: what ended points the other way, weakly.
                if clause.ended || self.clauses.iter().any(|c| c.now) {
                    polarity = polarity.opposite();
                    weight = weight * 5 / 8;
                } else {
                    weight /= 2;
                }
            }
            counted[number] = polarity;
            said[usize::from(polarity == Polarity::Minus)] += if one.past { weight } else { raw };
            // What comes later is nearer to how it is.
            weight += i32::from(one.start > 0) + (one.clause as i32).min(2);
            match polarity {
                Polarity::Plus => plus += weight,
                Polarity::Minus => minus += weight,
            }
        }
        let polarity = if plus >= minus { Polarity::Plus } else { Polarity::Minus };
        let (win, lose) = (plus.max(minus), plus.min(minus));
        if said[usize::from(polarity == Polarity::Minus)] < THRESHOLD {
            return None;
        }
        let mixed = lose > 0;
        let strength = (win - lose).clamp(2, 48);
        let points = 80 + strength * 380 / 48;
        let score = match polarity {
            Polarity::Plus => 500 + points,
            Polarity::Minus => 499 - points,
        };
        let net = win - lose;
        let confidence = if net >= HIGH && !mixed {
            Band::High
        } else if net >= MEDIUM {
            Band::Medium
        } else {
            Band::Low
        };
        let mut subtags: Vec<&'static str> = mine
            .iter()
            .filter(|one| one.polarity == polarity && !one.flipped)
            .flat_map(|one| one.cue.tags.iter().copied())
            .collect();
        subtags.sort_unstable();
        subtags.dedup();
        let mut evidence: Vec<Evidence> = mine
            .iter()
            .zip(&counted)
            .map(|(one, polarity)| Evidence {
                span: Span {
                    start: self.words[one.start as usize].span.start,
                    end: self.words[one.end as usize - 1].span.end,
                },
                rule: one.rule,
                cue: one.cue.class,
                polarity: *polarity,
            })
            .collect();
        evidence.sort_by(|a, b| (a.span, a.rule).cmp(&(b.span, b.rule)));
        evidence.dedup();
        Some(Outcome { dimension, polarity, score: score as u16, confidence, subtags, evidence, mixed })
    }
}

/// Below it evidence is too weak to speak: a single cue of weight 1.
const THRESHOLD: i32 = 9;
/// From here a reading is sure.
const HIGH: i32 = 28;
/// From here it is fair.
const MEDIUM: i32 = 20;
