//! The lexicons, compiled, and what each entry's attributes mean to the engine.

use text::{
    Language,
    lexicon::{DataError, Entry, File, Lexicon, hash_of},
};

use crate::{Dimension, Polarity};

macro_rules! files {
    ($code:literal: $($name:literal),+) => {
        &[$(File {
            name: concat!("functions/q2q/engine/data/", $code, "/", $name, ".lex"),
            text: include_str!(concat!("../data/", $code, "/", $name, ".lex")),
        }),+]
    };
}

/// The files of a language, in the order in which their classes build on each other.
pub(crate) fn files(language: Language) -> &'static [File] {
    match language {
        Language::English => {
            files!("en": "classes", "guards", "confidence", "belonging", "language", "job_readiness", "well_being", "collocations")
        }
        Language::Bokmal => {
            files!("nb": "classes", "guards", "confidence", "belonging", "language", "job_readiness", "well_being", "collocations")
        }
        Language::Ukrainian => {
            files!("uk": "classes", "guards", "confidence", "belonging", "language", "job_readiness", "well_being", "collocations")
        }
        Language::Russian => &[],
    }
}

/// The languages that are scored.
pub(crate) const SCORED: [Language; 3] = [Language::English, Language::Bokmal, Language::Ukrainian];

/// A hash over all data files and the taxonomy.
pub(crate) fn data_hash() -> u64 {
    let taxonomy = File { name: "taxonomy", text: crate::taxonomy::SOURCE };
    let all: Vec<File> = SCORED
        .iter()
        .flat_map(|one| files(*one))
        .copied()
        .chain([taxonomy, crate::opinion::FILE])
        .chain(text::concepts::FILES)
        .collect();
    hash_of(&all)
}

/// What a negation before a cue makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Negated {
    /// The opposite: "not lonely".
    Flips,
    /// Nothing: "not more confident" says little.
    Drops,
    /// The same: the pattern has its own negation.
    Keeps,
}

/// Whose state a cue tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The subject's: it has to be the one whose outcome it is.
    Subject,
    /// The pattern names its people itself.
    Anyone,
    /// As `Subject`, but a thing may be the subject too: "the sentences come by themselves".
    Things,
}

/// A cue for a dimension.
#[derive(Debug, Clone)]
pub(crate) struct Cue {
    pub dimension: Dimension,
    pub polarity: Polarity,
    pub class: &'static str,
    /// 1 (supports others only), 2 (enough), 3 (says it outright).
    pub weight: i32,
    pub negated: Negated,
    pub whose: Whose,
    /// Also holds after "I wish", "I would", "if".
    pub unreal: bool,
    /// Also holds in a clause about earlier.
    pub past: bool,
    /// Also holds after "we talked about".
    pub topic: bool,
    /// The pattern has a negation of its own, so one inside its span is meant.
    pub own_negation: bool,
    pub tags: Vec<&'static str>,
}

/// What a word or phrase does to the cues around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A negation with its reach in words.
    Negation(u32),
    /// Looks like a negation and is none.
    NoNegation,
    /// Unreal from here to the end of the clause, or of the sentence.
    Unreal { sentence: bool },
    /// A topic or a thing that is talked of follows, to the end of the sentence.
    Topic,
    /// The clause is about earlier.
    Past,
    /// The clause is about now.
    Now,
    /// Ended: "used to".
    Ended,
    /// The clause is background: "although".
    Background,
    /// The writer lets what others say not stand.
    Rejects,
    /// Who the clause is about; only a possible subject tells that, not "her" or "my".
    Who { who: Who, subject: bool },
}

/// A person or thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The writer.
    Own,
    /// She, he, they.
    Third,
    /// The learner, in the words of a volunteer.
    Learner,
    /// Relatives, neighbours, people in a story.
    Other,
    /// The course, the app, the session.
    Thing,
}

#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Cue(Cue),
    Guard(Guard),
}

/// A language's lexicon with its rules; `rules[i]` belongs to entry `i`.
#[derive(Debug)]
pub(crate) struct Rules {
    pub lexicon: Lexicon,
    pub rules: Vec<Rule>,
    pub ids: Vec<&'static str>,
}

impl Rules {
    pub(crate) fn load(language: Language) -> Result<Self, DataError> {
        let lexicon = Lexicon::load(files(language))?;
        let rules = lexicon.entries().iter().map(rule).collect::<Result<_, _>>()?;
        // Names of rules are handed out as `&'static str`; an engine is made once a process.
        let ids = lexicon.entries().iter().map(|entry| &*Box::leak(entry.id.clone().into_boxed_str())).collect();
        Ok(Self { lexicon, rules, ids })
    }
}

fn rule(entry: &Entry) -> Result<Rule, DataError> {
    let wrong = |what: &str| entry.error(format!("{}: {what}", entry.id));
    match entry.get("dim") {
        Some("guard") => guard(entry).map(Rule::Guard).ok_or_else(|| wrong("unknown kind of guard")),
        Some(name) => {
            let dimension = Dimension::ALL.into_iter().find(|one| one.name() == name);
            cue(entry, dimension.ok_or_else(|| wrong("unknown dimension"))?).map_err(|what| wrong(&what)).map(Rule::Cue)
        }
        None => Err(wrong("no dim")),
    }
}

fn guard(entry: &Entry) -> Option<Guard> {
    let who = |who| Guard::Who { who, subject: !entry.has("obj") };
    Some(match entry.get("kind")? {
        "neg" => Guard::Negation(entry.get("reach").and_then(|reach| reach.parse().ok()).unwrap_or(5)),
        "noneg" => Guard::NoNegation,
        "unreal" => Guard::Unreal { sentence: entry.has("far") },
        "topic" => Guard::Topic,
        "past" => Guard::Past,
        "now" => Guard::Now,
        "ended" => Guard::Ended,
        "background" => Guard::Background,
        "rejects" => Guard::Rejects,
        "own" => who(Who::Own),
        "third" => who(Who::Third),
        "learner" => who(Who::Learner),
        "other" => who(Who::Other),
        "thing" => who(Who::Thing),
        _ => return None,
    })
}

/// Whether a pattern has words of negation itself, so that one inside a match is meant.
fn names_negation(pattern: &str) -> bool {
    const WORDS: [&str; 14] = [
        "not",
        "no",
        "never",
        "without",
        "nobody",
        "nothing",
        "ikke",
        "ingen",
        "uten",
        "aldri",
        "не",
        "без",
        "немає",
        "ніхто",
    ];
    pattern
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| WORDS.contains(&word) || word.ends_with("n't"))
}

fn cue(entry: &Entry, dimension: Dimension) -> Result<Cue, String> {
    let polarity = match entry.get("pol") {
        Some("+") => Polarity::Plus,
        Some("-") => Polarity::Minus,
        _ => return Err("pol is + or -".to_owned()),
    };
    let class = entry.get("cue").ok_or("no cue class")?;
    if !["state", "change", "can_do", "event", "lack", "body", "compare", "metaphor"].contains(&class) {
        return Err(format!("unknown cue class {class:?}"));
    }
    let negated = match (entry.get("not"), class) {
        (Some("flip"), _) => Negated::Flips,
        (Some("drop"), _) => Negated::Drops,
        (Some("keep"), _) => Negated::Keeps,
        (Some(other), _) => return Err(format!("not={other:?}")),
        (None, "state" | "can_do" | "body" | "event") => Negated::Flips,
        (None, _) => Negated::Drops,
    };
    let weight = match entry.get("w") {
        None => 2,
        Some(text) => text.parse().ok().filter(|w| (1..=3).contains(w)).ok_or("w is 1 to 3")?,
    };
    let tags = entry.get("tags").map(|tags| tags.split(',').collect()).unwrap_or_default();
    Ok(Cue {
        dimension,
        polarity,
        class,
        weight,
        negated,
        whose: if entry.has("subject") {
            Whose::Subject
        } else if entry.has("any") {
            Whose::Anyone
        } else if entry.has("things") {
            Whose::Things
        } else {
            Whose::Subject
        },
        unreal: entry.has("unreal"),
        past: entry.has("past"),
        topic: entry.has("topic"),
        own_negation: entry.has("neg") || !entry.pattern.contains("..") || names_negation(entry.pattern),
        tags,
    })
}
