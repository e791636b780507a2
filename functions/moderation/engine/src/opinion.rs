//! The second opinion on safety: what no rule names but reads like labelled examples of it (`data/opinion.model`).
//!
//! It only adds: where the rules found something, their finding stands; what is personal data only rules say.

use std::{ops::Range, sync::OnceLock};

use text::{
    Span, Text,
    lexicon::File,
    opinion::{Opinion, Seen, Weighed, Wording, windows},
};

use crate::{
    Category, Finding, Grade, Kind,
    policy::{Decision, Policy},
    screen::ByRules,
};

/// What was learned: made by `make learn`.
pub(crate) const FILE: File =
    File { name: "functions/moderation/engine/data/opinion.model", text: include_str!("../data/opinion.model") };

/// What the model has an opinion on: whether a text is looked at, whether it is blocked, and each category.
pub const HEADS: [&str; 9] =
    ["flag", "block", "hate", "harassment", "threat", "self_harm", "sexual", "spam", "safeguarding"];

const CATEGORIES: [(Category, &str); 7] = [
    (Category::Hate, "opinion.hate"),
    (Category::Harassment, "opinion.harassment"),
    (Category::Threat, "opinion.threat"),
    (Category::SelfHarm, "opinion.self_harm"),
    (Category::Sexual, "opinion.sexual"),
    (Category::Spam, "opinion.spam"),
    (Category::Safeguarding, "opinion.safeguarding"),
];

/// Where the categories begin in [`HEADS`].
const FIRST_CATEGORY: usize = 2;

/// A text is looked at from here on, in thousandths of what the judge `flag` says.
const LOOKED_AT: i32 = 100;
/// So much more where a guard cleared what a rule hit: told, quoted and denied is not said.
const BESIDE_CLEARED: i32 = 450;
/// It is blocked from here on (`block`).
const BLOCKED: i32 = 0;
/// A wish to die is looked at from here on, whatever the judge says: a miss costs more than a look.
const SELF_HARM: i32 = -200;

/// Which of the measures says that a guard cleared something.
const CLEARED: usize = 4;

/// What became of a hit of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is a finding.
    Counts,
    /// What has to stand beside it is missing, or something speaks against it.
    Alone,
    /// A guard cleared it: told, quoted, denied, a tale.
    Cleared,
}

/// A hit's sentence and fate.
pub(crate) type Mark = (u32, Fate);

/// The model of this build.
///
/// # Panics
/// When the file is broken, which the tests of this crate rule out for a build that passed them.
pub(crate) fn standard() -> &'static Opinion {
    static OPINION: OnceLock<Opinion> = OnceLock::new();
    OPINION.get_or_init(|| match Opinion::load(&FILE) {
        Ok(opinion) => opinion,
        Err(error) => panic!("the second opinion of this build is wrong: {error}"),
    })
}

/// A stretch of a text and what speaks for and against looking at it.
struct Stretch {
    words: Range<usize>,
    /// The heads' scores, in thousandths.
    scores: [i32; HEADS.len()],
    /// What the judges weigh.
    measures: Vec<i32>,
    /// What the rules decide on it, under the standard policy.
    decided: Decision,
}

fn stretches(opinion: &Opinion, read: &ByRules<'_>, wording: &Wording<'_>, weighed: &Weighed) -> Vec<Stretch> {
    let words = wording.words();
    // By sentence, so that a long text's stretches need not look at all of them.
    let mut marks = read.marks.clone();
    marks.sort_unstable_by_key(|(sentence, _)| *sentence);
    let decided = read.decided();
    let mut all = Vec::new();
    for range in windows(words) {
        let (Some(first), Some(last)) = (words.get(range.start), words[range.clone()].last()) else { continue };
        let scores: [i32; HEADS.len()] = std::array::from_fn(|head| opinion.score(weighed, range.clone(), head));
        let here = |sentence: u32| (first.sentence..=last.sentence).contains(&sentence);
        let from = marks.partition_point(|(sentence, _)| *sentence < first.sentence);
        let has = |fate: Fate| {
            let mut near = marks[from..].iter().take_while(|(sentence, _)| here(*sentence));
            i32::from(near.any(|(_, what)| *what == fate)) * 1000
        };
        let from = decided.partition_point(|(sentence, _)| *sentence < first.sentence);
        let near = decided[from..].iter().take_while(|(sentence, _)| here(*sentence));
        let decided = near.map(|(_, decision)| *decision).max().unwrap_or(Decision::Allow);
        let categories = &scores[FIRST_CATEGORY..];
        let mut sorted: Vec<i32> = categories.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let (cleared, alone) = (has(Fate::Cleared), has(Fate::Alone));
        let measures = [
            scores[0],
            scores[1],
            sorted[0],
            sorted[0] - sorted[1],
            cleared,
            alone,
            cleared / 1000 * scores[0],
            i32::from(decided == Decision::Review) * 1000,
            i32::from(decided == Decision::Block) * 1000,
        ];
        let measures = measures.iter().chain(categories).copied().collect();
        all.push(Stretch { words: range, scores, measures, decided });
    }
    all
}

/// Adds what the second opinion finds in stretches in which the rules found nothing to look at.
pub(crate) fn second(opinion: &Opinion, read: &mut ByRules<'_>) {
    let wording = read.wording();
    let weighed = opinion.weigh(&wording);
    let mut more = Vec::new();
    for stretch in stretches(opinion, read, &wording, &weighed) {
        if stretch.decided != Decision::Allow {
            continue;
        }
        let says = |judge: &str| opinion.judge(judge, &stretch.measures).unwrap_or(i32::MIN);
        let self_harm = stretch.scores[FIRST_CATEGORY + 3] >= SELF_HARM;
        let cleared = stretch.measures[CLEARED] > 0;
        let border = LOOKED_AT + if cleared { BESIDE_CLEARED } else { 0 };
        if says("flag") < border && !self_harm {
            continue;
        }
        let block = says("block") >= BLOCKED;
        for (number, grade) in named(&stretch.scores[FIRST_CATEGORY..], block) {
            let (category, rule) = CATEGORIES[number];
            let heaviest = weighed.heaviest(stretch.words.clone(), FIRST_CATEGORY + number);
            more.push(Finding {
                category,
                grade,
                score: (500 + stretch.scores[FIRST_CATEGORY + number].clamp(-400, 400)) as u16,
                span: span(&read.text, &wording.words()[heaviest]),
                rule,
                reason: "No rule names it, but it reads like labelled examples of this.",
                obfuscated: false,
                aimed: block && matches!(category, Category::Threat | Category::Sexual),
                placeholder: None,
            });
        }
    }
    drop(wording);
    read.findings.extend(more);
}

/// The category it is most like. What is sure enough to block has the grade rules give plain cases; everything else is
/// suspected, which a person decides.
fn named(scores: &[i32], block: bool) -> Vec<(usize, Grade)> {
    let best =
        |among: &[usize]| among.iter().copied().max_by_key(|number| (scores[*number], std::cmp::Reverse(*number)));
    let first = best(&[0, 1, 2, 3, 4, 5, 6]).unwrap_or(0);
    if !block {
        return vec![(first, Grade::Suspected)];
    }
    let (harassment, self_harm) = (1, 3);
    if [harassment, self_harm].contains(&first) && scores[harassment].min(scores[self_harm]) > -500 {
        return vec![(harassment, Grade::Encouraged), (self_harm, Grade::Suspected)];
    }
    let plain = best(&[0, 2, 4, 5]).unwrap_or(0);
    if scores[plain] < scores[first] - 700 {
        return vec![(first, Grade::Suspected)];
    }
    vec![(plain, [Grade::Attack, Grade::Insult, Grade::Direct, Grade::Active, Grade::Direct, Grade::Scam][plain])]
}

/// Who people are must not weigh: their groups are one word to the model.
const ALIKE: [&str; 5] = ["group_origin", "group_religion", "group_gender", "group_other", "local"];

impl ByRules<'_> {
    /// Its words without personal data.
    fn wording(&self) -> Wording<'_> {
        Wording::of(&self.text, &ALIKE, |token| {
            let next = self.masked.partition_point(|(_, end)| *end <= token);
            self.masked.get(next).is_some_and(|(from, _)| *from <= token)
        })
    }

    /// The sentences of what the rules found, in order, and what the standard policy decides on it.
    fn decided(&self) -> Vec<(u32, Decision)> {
        static POLICY: OnceLock<Policy> = OnceLock::new();
        let policy = POLICY.get_or_init(Policy::standard);
        let sentences = self.text.sentences();
        let mut all: Vec<(u32, Decision)> = self
            .findings
            .iter()
            .map(|finding| {
                let after = sentences.partition_point(|sentence| sentence.span.start <= finding.span.start);
                let row = policy.row(finding.category, finding.grade, Kind::Other);
                (after.saturating_sub(1) as u32, row.map_or(Decision::Review, |row| row.decision))
            })
            .collect();
        all.sort_unstable();
        all
    }
}

fn span(text: &Text<'_>, words: &[Seen<'_>]) -> Span {
    let of = |word: &Seen<'_>| text.tokens()[word.token as usize].span;
    match words {
        [] => Span { start: 0, end: 0 },
        [one] => of(one),
        [first, .., last] => of(first).to(of(last)),
    }
}

/// For the learner (`examples/moderation_learn.rs`): what a model in the making measures.
pub mod learn {
    use text::opinion::{Opinion, Wording};

    use super::{ByRules, Decision, HEADS, stretches};
    use crate::{Context, Engine, screen};

    /// A text with what the rules found in it.
    pub struct Read<'t>(ByRules<'t>);

    impl<'t> Read<'t> {
        /// Reads a text by the rules alone.
        pub fn new(engine: &Engine, text: &'t str, context: Context) -> Self {
            Self(screen::by_rules(engine.rules, text, context))
        }

        /// Its words, without personal data.
        pub fn wording(&self) -> Wording<'_> {
            self.0.wording()
        }

        /// What the rules decide by themselves.
        pub fn decided(&self) -> Decision {
            self.0.decided().into_iter().map(|(_, decision)| decision).max().unwrap_or(Decision::Allow)
        }

        /// What the judges weigh, for its first stretch, and the heads' scores.
        pub fn measures(&self, model: &Opinion) -> Option<(Vec<i32>, [i32; HEADS.len()])> {
            let wording = self.0.wording();
            let weighed = model.weigh(&wording);
            let first = stretches(model, &self.0, &wording, &weighed).into_iter().next()?;
            Some((first.measures, first.scores))
        }
    }
}
