//! The rules as data: which files there are, and what the attributes of their entries mean.
//!
//! | attribute | meaning |
//! |---|---|
//! | `cat=` | the category; or `signal`: a finding of its own it is not, but others ask for it |
//! | `sig=` | the name of the signal |
//! | `grade=` | the grade, as in the policy |
//! | `score=` | how sure, in thousandths; 850 unless said |
//! | `needs=a+b` | counts only with these signals in its sentence or the two before |
//! | `here=a+b` | counts only with these signals in its own sentence |
//! | `unless=a+b` | does not count with one of these signals in its sentence |
//! | `neg` | a negation is part of what it says |
//! | `hard` | neither quotation nor report clears it |
//! | `unaimed`, `aimed` | whether it is aimed at a person, where that differs from its category |
//! | `only=nb` | counts only in sentences of this language (its words mean something else in others) |
//! | `sentence` | may reach over clauses and commas |

use std::sync::OnceLock;

use text::{
    Language,
    lexicon::{File, Lexicon},
};

use crate::{Category, Grade};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(File { name: concat!("functions/moderation/engine/data/", $name), text: include_str!(concat!("../data/", $name)) }),*]
    };
}

/// The files, classes before the entries that name them.
pub(crate) const FILES: &[File] = files![
    "classes.en.lex",
    "classes.nb.lex",
    "classes.uk.lex",
    "classes.ru.lex",
    "signals.lex",
    "signals.en.lex",
    "concepts.lex",
    "hate.lex",
    "hate.en.lex",
    "threat.lex",
    "threat.en.lex",
    "self_harm.lex",
    "self_harm.en.lex",
    "harassment.lex",
    "harassment.en.lex",
    "sexual.lex",
    "sexual.en.lex",
    "safeguarding.lex",
    "safeguarding.en.lex",
    "spam.lex",
    "hate.nb.lex",
    "threat.nb.lex",
    "self_harm.nb.lex",
    "harassment.nb.lex",
    "sexual.nb.lex",
    "safeguarding.nb.lex",
    "spam.nb.lex",
    "hate.uk.lex",
    "threat.uk.lex",
    "self_harm.uk.lex",
    "harassment.uk.lex",
    "sexual.uk.lex",
    "safeguarding.uk.lex",
    "spam.uk.lex",
    "hate.ru.lex",
    "threat.ru.lex",
    "self_harm.ru.lex",
    "harassment.ru.lex",
    "sexual.ru.lex",
    "safeguarding.ru.lex",
    "spam.ru.lex",
    "spam.en.lex",
];

/// A set of signals, a bit each.
pub(crate) type Signals = u128;

/// What an entry says, read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Absent: a signal.
    pub category: Option<Category>,
    pub grade: Grade,
    pub score: u16,
    pub needs: Signals,
    pub here: Signals,
    pub unless: Signals,
    pub negated: bool,
    pub hard: bool,
    pub aimed: bool,
    pub only: Option<Language>,
    pub id: &'static str,
    pub reason: &'static str,
}

/// The lexicon with the meaning of its entries.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What is found everywhere.
    pub lexicon: Lexicon,
    /// What the entries of `lexicon` mean, in their order.
    pub rules: Vec<Rule>,
    /// Signals: looked for only beside what was found.
    pub signals: Lexicon,
    /// The bits of the entries of `signals`, and the language they are bound to.
    pub bits: Vec<(Signals, Option<Language>)>,
    /// Over all data files of the engine.
    pub hash: u64,
    names: Vec<&'static str>,
}

impl Rules {
    /// The bit of a signal; none for a name that no entry has.
    pub fn signal(&self, name: &str) -> Signals {
        self.names.iter().position(|have| *have == name).map_or(0, |bit| 1 << bit)
    }
}

/// The rules of this build, compiled at the first call.
///
/// # Panics
/// When a data file is wrong, which the tests of this crate rule out for a build that passed them.
pub(crate) fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| match load() {
        Ok(rules) => rules,
        Err(error) => panic!("a lexicon of this build is wrong: {error}"),
    })
}

pub(crate) fn load() -> Result<Rules, text::lexicon::DataError> {
    let is_signal = |entry: &text::lexicon::Entry| entry.get("cat") == Some("signal");
    let (lexicon, signals) = Lexicon::load_apart(FILES, is_signal)?;
    let mut names: Vec<&'static str> = signals.entries().iter().filter_map(|entry| entry.get("sig")).collect();
    names.sort_unstable();
    names.dedup();
    let hash = lexicon.hash()
        ^ text::lexicon::hash_of(&[crate::policy::FILE, crate::lists::FILE, crate::opinion::FILE]).rotate_left(1)
        ^ text::lexicon::hash_of(&text::concepts::FILES).rotate_left(2);
    let mut all = Rules { lexicon, rules: Vec::new(), signals, bits: Vec::new(), hash, names };
    for entry in all.signals.entries() {
        let only = entry.get("only").and_then(Language::of_code);
        all.bits.push((all.signal(entry.get("sig").unwrap_or("")), only));
    }
    for entry in all.lexicon.entries() {
        let error = |what: String| entry.error(format!("{}: {what}", entry.id));
        if all.names.len() > 128 {
            return Err(error("more than 128 signals".to_owned()));
        }
        let set = |key: &str| -> Result<Signals, text::lexicon::DataError> {
            let mut bits = 0;
            for name in entry.get(key).unwrap_or("").split('+').filter(|name| !name.is_empty()) {
                match all.signal(name) {
                    0 => return Err(error(format!("no entry has the signal {name:?}"))),
                    bit => bits |= bit,
                }
            }
            Ok(bits)
        };
        let unless = set("unless")?;
        // Where a course's subject clears, words that a lesson is about do as well.
        let (topic, words) = (all.signal("topic"), all.signal("words"));
        let category = match entry.get("cat") {
            Some("hate") => Some(Category::Hate),
            Some("harassment") => Some(Category::Harassment),
            Some("threat") => Some(Category::Threat),
            Some("self_harm") => Some(Category::SelfHarm),
            Some("sexual") => Some(Category::Sexual),
            Some("spam") => Some(Category::Spam),
            Some("safeguarding") => Some(Category::Safeguarding),
            other => return Err(error(format!("the category {other:?} is none"))),
        };
        let grade = match entry.get("grade") {
            Some("immediate") => Grade::Immediate,
            Some("active") => Grade::Active,
            Some("passive") => Grade::Passive,
            Some("history") => Grade::History,
            Some("third_party") => Grade::ThirdParty,
            Some("encouraged") => Grade::Encouraged,
            Some("direct") => Grade::Direct,
            Some("veiled") => Grade::Veiled,
            Some("suggestive") => Grade::Suggestive,
            Some("insult") => Grade::Insult,
            Some("attack") => Grade::Attack,
            Some("scam") => Grade::Scam,
            Some("noise") => Grade::Noise,
            Some("disclosure") => Grade::Disclosure,
            Some("ongoing") => Grade::Ongoing,
            other => return Err(error(format!("the grade {other:?} is none"))),
        };
        let by_nature = matches!(
            (category, grade),
            (Some(Category::Threat), Grade::Direct | Grade::Veiled)
                | (Some(Category::Sexual), Grade::Direct)
                | (Some(Category::Harassment), Grade::Encouraged)
        );
        let only = match entry.get("only") {
            None => None,
            Some(code) => Some(Language::of_code(code).ok_or_else(|| error(format!("the language {code:?} is none")))?),
        };
        let score = match entry.get("score") {
            None => 850,
            Some(score) => score.parse().map_err(|_| error("the score is no number".to_owned()))?,
        };
        all.rules.push(Rule {
            category,
            grade,
            score,
            needs: set("needs")?,
            here: set("here")?,
            unless: unless
                | if unless & topic != 0 && category != Some(Category::Sexual) && grade != Grade::Disclosure {
                    words
                } else {
                    0
                },
            negated: entry.has("neg"),
            hard: entry.has("hard"),
            aimed: (by_nature && !entry.has("unaimed")) || entry.has("aimed"),
            only,
            // Compiled once in a process, so what is kept here is kept once.
            id: Box::leak(entry.id.clone().into_boxed_str()),
            reason: if entry.note.is_empty() { reason(category, grade) } else { entry.note },
        });
    }
    Ok(all)
}

/// What a reviewer reads where an entry has no note of its own.
fn reason(category: Option<Category>, grade: Grade) -> &'static str {
    match (category, grade) {
        (_, Grade::Disclosure) => "Somebody in the programme is said to have done this.",
        (Some(Category::Hate), _) => "An attack on people for what they are.",
        (Some(Category::Threat), Grade::Veiled) => "A veiled threat.",
        (Some(Category::Threat), _) => "A threat.",
        (Some(Category::SelfHarm), Grade::Immediate) => "A plan, a means or a goodbye.",
        (Some(Category::SelfHarm), Grade::Active) => "A wish to die, or self-injury.",
        (Some(Category::SelfHarm), Grade::Passive) => "Would rather not be alive.",
        (Some(Category::SelfHarm), Grade::History) => "A past attempt.",
        (Some(Category::SelfHarm), _) => "Worry about somebody's life.",
        (Some(Category::Harassment), Grade::Encouraged) => "Somebody is told to die.",
        (Some(Category::Harassment), _) => "An insult aimed at a person.",
        (Some(Category::Sexual), Grade::Suggestive) => "A suggestive remark or an advance.",
        (Some(Category::Sexual), _) => "A sexual demand or offer.",
        (Some(Category::Spam), Grade::Noise) => "Noise without words.",
        (Some(Category::Spam), _) => "Advertising, a scam or phishing.",
        (Some(Category::Safeguarding), _) => "Harm that goes on now.",
        _ => "A sign that other rules ask for.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen;

    #[test]
    fn every_file_is_read() {
        if let Err(error) = load() {
            panic!("{error}");
        }
    }

    #[test]
    fn every_entry_matches_its_own_sentence() {
        let rules = rules();
        let mut wrong = Vec::new();
        for entry in rules.lexicon.entries().iter().chain(rules.signals.entries()) {
            let hit = |text: &str| screen::entries_that_hit(rules, text).contains(&entry.id.as_str());
            for example in entry.examples.iter().filter(|text| !hit(text)) {
                wrong.push(format!("{}:{}: {} does not match {example:?}", entry.file, entry.line, entry.id));
            }
            for example in entry.counter_examples.iter().filter(|text| hit(text)) {
                wrong.push(format!("{}:{}: {} matches {example:?}", entry.file, entry.line, entry.id));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
