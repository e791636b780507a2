//! Screening of what people write: findings with spans and rules ([`Engine::analyse`]), and what a policy makes of them
//! ([`policy::Policy::decide`]). No clock, no network, no random order: the same text gives the same bytes.

mod lexicon;
mod lists;
mod noise;
pub mod opinion;
mod pii;
pub mod policy;
mod screen;
mod words;

use serde::{Deserialize, Serialize};
pub use text::{Language, Span};

/// What a text is about, as far as safety goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// An attack on people for what they are.
    Hate,
    /// An insult aimed at a person.
    Harassment,
    /// A threat by the writer.
    Threat,
    /// A wish to die, self-injury, goodbye, a past attempt, worry about somebody.
    SelfHarm,
    /// Demands, offers, advances.
    Sexual,
    /// What names or reaches a person.
    Pii,
    /// Advertising, scams, noise.
    Spam,
    /// Harm that goes on now, to the writer or a child.
    Safeguarding,
    /// Words in a language or script the engine does not cover.
    UnsupportedLanguage,
}

/// What kind of case of a category it is. Which grades a category has: `data/policy.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Self-harm: a plan, a means, a goodbye.
    Immediate,
    /// Self-harm: wants to die, hurts oneself.
    Active,
    /// Self-harm: would rather not be.
    Passive,
    /// Self-harm: in the past.
    History,
    /// Self-harm: somebody else, a worried writer.
    ThirdParty,
    /// Harassment with self-harm: tells somebody to die.
    Encouraged,
    /// Threat, sexual demand: plain.
    Direct,
    /// Threat: veiled.
    Veiled,
    /// Sexual: a suggestive remark or an advance.
    Suggestive,
    /// Harassment: an insult or a demeaning remark.
    Insult,
    /// Hate: any.
    Attack,
    /// Spam: advertising, scam, phishing.
    Scam,
    /// Spam: mash, flooding, a bare short link.
    Noise,
    /// PII: reaches a person: e-mail, phone, handle, address.
    Contact,
    /// PII: numbers of the state and of banks, a full name with a date of birth.
    Identity,
    /// The writer tells that somebody in the programme does it (with the category of the conduct).
    Disclosure,
    /// Safeguarding: goes on now.
    Ongoing,
    /// Any category: no rule names it, but it reads like labelled examples of it.
    Suspected,
    /// Not covered: a text or a sentence.
    NotCovered,
}

/// What the text was written about; the names of the contract events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Kintell meeting.
    KintellSession,
    /// A buddy check-in.
    BuddyCheckin,
    /// Feedback on a buddy match.
    BuddyFeedback,
    /// A reflection on a course.
    CourseReflection,
    /// Anything else.
    Other,
}

/// Who wrote it; the names of the contract events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The newcomer.
    Participant,
    /// A volunteer or mentor.
    Volunteer,
    /// A local buddy.
    Buddy,
    /// Not told.
    Undeclared,
}

/// What is known about a text besides its words.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// What it was written about.
    pub kind: Kind,
    /// Who wrote it.
    pub role: Role,
    /// The language somebody said it is in; it only breaks ties, every rule of the script runs anyway.
    pub language: Option<Language>,
}

/// One finding: a rule that holds at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub category: Category,
    /// What kind of case.
    pub grade: Grade,
    /// How sure the rule is, in thousandths.
    pub score: u16,
    /// Where, in the original.
    pub span: Span,
    /// The rule's name in its data file: `hate.dehumanise.rats`.
    pub rule: &'static str,
    /// A sentence for the reviewer, in English.
    pub reason: &'static str,
    /// Seen only behind an obfuscation (leet, spacing, look-alike letters): a sign of intent.
    pub obfuscated: bool,
    /// Aimed at a person: a blocked text with such a finding opens an urgent review.
    pub aimed: bool,
    /// The placeholder that replaces it in the redacted text: `EMAIL`, `PHONE`, …; none for what is not PII.
    pub placeholder: Option<&'static str>,
}

/// What the engine found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// In which language most of it is; `None` when none is covered.
    pub language: Option<Language>,
    /// Findings in the order of their places, then categories.
    pub findings: Vec<Finding>,
}

/// The engine: lexicons compiled once.
#[derive(Debug)]
pub struct Engine {
    rules: &'static lexicon::Rules,
    version: String,
}

impl Engine {
    /// Compiles the lexicons at the first call in a process; later ones share them.
    pub fn new() -> Self {
        let rules = lexicon::rules();
        Self { rules, version: format!("{}+{:08x}", env!("CARGO_PKG_VERSION"), rules.hash as u32) }
    }

    /// The version with a hash over the data files: `1.0.0+3fa2c1d4`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What of this text somebody has to look at. Linear in its length; does not panic on any text.
    pub fn analyse(&self, text: &str, context: Context) -> Analysis {
        screen::analyse(self.rules, text, context)
    }

    /// The text with each finding that has a placeholder replaced: `[PHONE_1]`; the same value has the same number.
    /// Places that overlap are replaced as one, under the placeholder of the first.
    pub fn redact(&self, text: &str, findings: &[Finding]) -> String {
        let mut places: Vec<(Span, &'static str)> =
            findings.iter().filter_map(|f| f.placeholder.map(|p| (f.span, p))).collect();
        places.retain(|(span, _)| span.start < span.end);
        places.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        // What reaches into another place goes with it: dropping one of the two would show its rest.
        places.dedup_by(|(next, _), (kept, _)| {
            let overlap = next.start < kept.end;
            if overlap {
                kept.end = kept.end.max(next.end);
            }
            overlap
        });
        let mut out = String::with_capacity(text.len());
        // Values in the order of their first place, with their numbers.
        let mut known: Vec<(&'static str, String, usize)> = Vec::new();
        let mut next = places.into_iter().peekable();
        let mut value = String::new();
        let mut inside: Option<(Span, &'static str)> = None;
        for (at, c) in text.chars().enumerate() {
            let at = at as u32;
            if inside.is_none() && next.peek().is_some_and(|(span, _)| span.start == at) {
                inside = next.next();
                value.clear();
            }
            let Some((span, placeholder)) = inside else {
                out.push(c);
                continue;
            };
            value.push(c);
            if at + 1 == span.end {
                out.push_str(&placeholder_for(placeholder, &value, &mut known));
                inside = None;
            }
        }
        // A span beyond the end is no reason to show its words.
        if let Some((_, placeholder)) = inside {
            out.push_str(&placeholder_for(placeholder, &value, &mut known));
        }
        out
    }
}

/// `[PHONE_1]`; the same value of the same kind, however it is spaced, has the same number.
fn placeholder_for(kind: &'static str, value: &str, known: &mut Vec<(&'static str, String, usize)>) -> String {
    let same: String = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let number = match known.iter().find(|(k, v, _)| *k == kind && *v == same) {
        Some((_, _, number)) => *number,
        None => {
            let number = known.iter().filter(|(k, _, _)| *k == kind).count() + 1;
            known.push((kind, same, number));
            number
        }
    };
    format!("[{kind}_{number}]")
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}
