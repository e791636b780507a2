//! The second opinion on safety: what no rule names but reads like labelled examples of it (`data/opinion.model`).
//!
//! It only adds: where the rules found something, their finding stands; what is personal data only rules say.

use std::{ops::Range, sync::OnceLock};

use text::{
    lexicon::File,
    opinion::{Opinion, Seen, Weighed, Wording, windows},
};

use crate::{
    Category, Finding, Grade, Kind,
    policy::{Decision, Lane, Policy},
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
/// Which of the categories they are.
const SELF_HARM_HEAD: usize = 3;
const SAFEGUARDING_HEAD: usize = 6;
/// No hit of a rule has more tokens.
const REACH: u32 = 200;

/// A text is looked at from here on, in thousandths of what the judge `flag` says.
const LOOKED_AT: i32 = 50;
/// So much more where a guard cleared what a rule hit: told, quoted and denied is not said.
const BESIDE_CLEARED: i32 = 450;
/// It is blocked from here on (`block`).
const BLOCKED: i32 = 0;
/// A wish to die is looked at from here on, whatever the judge says: a miss costs more than a look.
const SELF_HARM: i32 = -200;

/// Which of the measures says that a guard cleared something.
const CLEARED: usize = 4;

/// So much more for a sentence by itself: in its text it may mean something else, but harmless words around it hide it.
const ALONE: i32 = 500;
/// A sentence of more words is no shorter than what is judged anyway.
const LONGEST: usize = 60;

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

/// A hit's first and last token and its fate.
pub(crate) type Mark = (u32, u32, Fate);

/// The model of this build.
///
/// # Panics
/// When the file is broken, which the tests of this crate rule out for a build that passed them.
pub(crate) fn standard() -> &'static Opinion {
    static OPINION: OnceLock<Opinion> = OnceLock::new();
    OPINION.get_or_init(|| match Opinion::load(&FILE, &HEADS, &["flag", "block"]) {
        Ok(opinion) => opinion,
        Err(error) => panic!("the second opinion of this build is wrong: {error}"),
    })
}

/// A stretch of a text and what speaks for and against looking at it.
struct Stretch {
    words: Range<usize>,
    /// A sentence of several, by itself.
    alone: bool,
    /// The heads' scores, in thousandths.
    scores: [i32; HEADS.len()],
    /// What the judges weigh.
    measures: Vec<i32>,
    /// What the rules have there.
    there: There,
}

/// What the standard policy makes of what the rules found in a stretch.
#[derive(Debug, Clone, Copy)]
struct There {
    decision: Decision,
    urgent: bool,
    lane: Lane,
    self_harm: bool,
}

fn stretches(opinion: &Opinion, read: &ByRules<'_>, wording: &Wording<'_>, weighed: &Weighed) -> Vec<Stretch> {
    let words = wording.words();
    // By their places, so that a stretch of a long text need not look at all of them.
    let mut marks = read.marks.clone();
    marks.sort_unstable_by_key(|(first, ..)| *first);
    let found = read.places();
    let mut all = Vec::new();
    let whole = windows(words).into_iter().map(|range| (range, false));
    for (range, by_itself) in whole.chain(sentences(words).into_iter().map(|range| (range, true))) {
        let (Some(first), Some(last)) = (words.get(range.start), words[range.clone()].last()) else { continue };
        let scores: [i32; HEADS.len()] = std::array::from_fn(|head| opinion.score(weighed, range.clone(), head));
        let (first, last) = (first.token, last.token);
        let from = marks.partition_point(|(start, ..)| start + REACH < first);
        let near = marks[from..].iter().take_while(|(start, ..)| *start <= last).filter(|(_, end, _)| *end >= first);
        let (mut cleared, mut alone) = (0, 0);
        for (_, _, fate) in near {
            match fate {
                Fate::Cleared => cleared = 1000,
                Fate::Alone => alone = 1000,
                Fate::Counts => {}
            }
        }
        let mut there = There { decision: Decision::Allow, urgent: false, lane: Lane::General, self_harm: false };
        let from = found.partition_point(|place| place.first + REACH < first);
        for place in found[from..].iter().take_while(|place| place.first <= last).filter(|place| place.last >= first) {
            there.decision = there.decision.max(place.row.decision);
            there.urgent |= place.row.urgent;
            there.lane = there.lane.max(place.row.lane);
            there.self_harm |= place.row.category == Category::SelfHarm;
        }
        let categories = &scores[FIRST_CATEGORY..];
        let mut sorted: Vec<i32> = categories.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let measures = [
            scores[0],
            scores[1],
            sorted[0],
            sorted[0] - sorted[1],
            cleared,
            alone,
            cleared / 1000 * scores[0],
            i32::from(there.decision == Decision::Review) * 1000,
            i32::from(there.decision == Decision::Block) * 1000,
        ];
        let measures = measures.iter().chain(categories).copied().collect();
        all.push(Stretch { words: range, alone: by_itself, scores, measures, there });
    }
    all
}

/// The sentences of a text of several, where they are long enough to say something.
fn sentences(words: &[Seen<'_>]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut from = 0;
    for at in 1..=words.len() {
        if words.get(at).is_none_or(|word| word.sentence != words[from].sentence) {
            if (3..LONGEST).contains(&(at - from)) && at - from < words.len() {
                all.push(from..at);
            }
            from = at;
        }
    }
    all
}

/// Adds what the second opinion finds and is more than the rules have there: stricter, more urgent, or for fewer eyes.
pub(crate) fn second(opinion: &Opinion, read: &mut ByRules<'_>) {
    let wording = read.wording();
    let weighed = opinion.weigh(&wording);
    let mut more = Vec::new();
    for stretch in stretches(opinion, read, &wording, &weighed) {
        let (scores, there) = (&stretch.scores[FIRST_CATEGORY..], stretch.there);
        let says = |judge: &str| opinion.judge(judge, &stretch.measures).unwrap_or(i32::MIN);
        let more_for = |yes: bool, more: i32| if yes { more } else { 0 };
        let alone = more_for(stretch.alone, ALONE);
        let border = LOOKED_AT + alone + more_for(stretch.measures[CLEARED] > 0, BESIDE_CLEARED);
        let mut found = Vec::new();
        if says("flag") >= border {
            // Nothing in the sensitive lane is blocked by an opinion: somebody looks at it.
            found = named(scores, says("block") >= BLOCKED + alone && there.lane == Lane::General);
        }
        let named_already = there.self_harm || found.iter().any(|(number, _)| *number == SELF_HARM_HEAD);
        if scores[SELF_HARM_HEAD] >= SELF_HARM + alone && !named_already {
            // Whatever else it is like: it is not blocked unseen.
            found = vec![(SELF_HARM_HEAD, Grade::Suspected)];
        }
        let adds = |(number, grade): &(usize, Grade)| {
            policy()
                .row(CATEGORIES[*number].0, *grade, Kind::Other)
                .is_none_or(|row| row.decision > there.decision || row.urgent && !there.urgent || row.lane > there.lane)
        };
        if !found.iter().any(adds) {
            continue;
        }
        for (number, grade) in found {
            let (category, rule) = CATEGORIES[number];
            let heaviest = weighed.heaviest(stretch.words.clone(), FIRST_CATEGORY + number);
            more.push(Finding {
                category,
                grade,
                score: (500 + stretch.scores[FIRST_CATEGORY + number].clamp(-400, 400)) as u16,
                span: wording.span(heaviest),
                rule,
                reason: "No rule names it, but it reads like labelled examples of this.",
                obfuscated: false,
                aimed: grade == Grade::Direct && matches!(category, Category::Threat | Category::Sexual),
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
    let harassment = 1;
    if first == harassment && scores[SELF_HARM_HEAD] > -500 || first == SELF_HARM_HEAD && scores[harassment] > 0 {
        return vec![(harassment, Grade::Encouraged), (SELF_HARM_HEAD, Grade::Suspected)];
    }
    if [SELF_HARM_HEAD, SAFEGUARDING_HEAD].contains(&first) {
        return vec![(first, Grade::Suspected)];
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
    /// Its words without personal data and without languages nobody has learned.
    fn wording(&self) -> Wording<'_> {
        Wording::of(&self.text, &ALIKE, |token| {
            let sentence = self.text.tokens()[token as usize].sentence;
            if self.text.sentences()[sentence as usize].coverage.foreign {
                return true;
            }
            let next = self.masked.partition_point(|(_, end)| *end <= token);
            self.masked.get(next).is_some_and(|(from, _)| *from <= token)
        })
    }

    /// Where the rules found what somebody has to look at for itself, and what the standard policy says, by place.
    /// Personal data, noise and other languages say nothing about the words around them.
    fn places(&self) -> Vec<Place<'static>> {
        let tokens = self.text.tokens();
        let mut all: Vec<Place<'static>> = self
            .findings
            .iter()
            .filter(|finding| !matches!(finding.category, Category::Pii | Category::UnsupportedLanguage))
            .filter(|finding| finding.grade != Grade::Noise)
            .filter_map(|finding| {
                let first = tokens.partition_point(|token| token.span.end <= finding.span.start);
                let end = tokens.partition_point(|token| token.span.start < finding.span.end);
                let row = policy().row(finding.category, finding.grade, Kind::Other)?;
                Some(Place { first: first as u32, last: end.saturating_sub(1) as u32, row })
            })
            .collect();
        all.sort_by_key(|place| place.first);
        all
    }
}

/// A finding's first and last token and its row of the standard policy.
struct Place<'p> {
    first: u32,
    last: u32,
    row: &'p crate::policy::Rule,
}

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(Policy::standard)
}

/// For the learner (`examples/moderation_learn.rs`): what a model in the making measures.
pub mod learn {
    use text::opinion::{Opinion, Wording};

    use super::{ByRules, Decision, stretches};
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
            self.0.places().iter().map(|place| place.row.decision).max().unwrap_or(Decision::Allow)
        }

        /// What the judges weigh, for its first stretch.
        pub fn measures(&self, model: &Opinion) -> Option<Vec<i32>> {
            let wording = self.0.wording();
            let weighed = model.weigh(&wording);
            stretches(model, &self.0, &wording, &weighed).into_iter().next().map(|first| first.measures)
        }
    }
}
