//! One text through all rules: personal data first, then the lexicon sentence by sentence with its guards, then noise.

use text::{Span, Text, Token};

use crate::{
    Analysis, Category, Context, Finding, Grade,
    lexicon::{Rule, Rules, Signals},
    noise,
    opinion::{self, Fate, Mark},
    pii,
    words::{NEVER, Word, is_negation, quoted, words},
};

/// Tokens that are matched at once. Bounds the memory of a long text; sentences are kept whole up to four times this.
const CHUNK: usize = 256;

/// A hit of an entry, in tokens of the text.
#[derive(Debug, Clone, Copy)]
struct Hit {
    entry: u32,
    sentence: u32,
    first: u32,
    last: u32,
    variant: bool,
    quoted: bool,
    /// A negation stands inside, or before it in its clause: how many words before (0: inside).
    negation: Option<u8>,
    /// It is said that it did not happen: `never`, `nobody` inside.
    never: bool,
}

/// All hits of the lexicon, by place.
fn hits(rules: &Rules, text: &Text<'_>, masked: &[(u32, u32)], quotes: &[(u32, u32)]) -> Vec<Hit> {
    let sentences = text.sentences();
    let mut all = Vec::new();
    let mut from = 0;
    while from < sentences.len() {
        let mut to = from + 1;
        let start = sentences[from].first as usize;
        while to < sentences.len() && sentences[to].end as usize - start <= CHUNK {
            to += 1;
        }
        let words = words(text, &sentences[from..to], from, masked, quotes);
        for part in words.chunks(CHUNK * 4) {
            for hit in rules.lexicon.find(part) {
                let (first, last) = (&part[hit.start as usize], &part[hit.end as usize - 1]);
                let (inside, never, before) = around(part, hit.start as usize, hit.end as usize);
                let disguised = hit.variant
                    && part[hit.start as usize..hit.end as usize]
                        .iter()
                        .any(|w| text.tokens()[w.token as usize].disguised);
                all.push(Hit {
                    entry: hit.entry,
                    sentence: first.sentence,
                    first: first.token,
                    last: last.token,
                    variant: disguised,
                    quoted: first.quoted && last.quoted,
                    never,
                    negation: if inside { Some(0) } else { before },
                });
            }
        }
        from = to;
    }
    all
}

/// Whether a negation stands inside a hit, whether one of what never happened, and how many words before it one stands.
fn around(part: &[Word<'_>], start: usize, end: usize) -> (bool, bool, Option<u8>) {
    let first = &part[start];
    let inside = part[start..end].iter().any(|w| {
        // `without clothes` turns nothing round.
        is_negation(w.base) && !matches!(w.base, "without" | "uten" | "без" | "no")
    });
    let never = part[start..end].iter().any(|w| NEVER.contains(&w.base));
    let before = (1..=4u8).find(|back| {
        start
            .checked_sub(usize::from(*back))
            .and_then(|i| part.get(i))
            .is_some_and(|w| w.sentence == first.sentence && w.clause == first.clause && is_negation(w.base))
    });
    (inside, never, before)
}

/// The entries that hit a text, before guards: for the test of the lexicon.
#[cfg(test)]
pub(crate) fn entries_that_hit<'r>(rules: &'r Rules, text: &str) -> Vec<&'r str> {
    let text = Text::new(text);
    let quotes = quoted(&text);
    let words = words(&text, text.sentences(), 0, &[], &quotes);
    let name = |lexicon: &'r text::lexicon::Lexicon| {
        lexicon
            .find(&words)
            .into_iter()
            .map(|hit| lexicon.entries()[hit.entry as usize].id.as_str())
            .collect::<Vec<_>>()
    };
    [name(&rules.lexicon), name(&rules.signals)].concat()
}

/// The guards of each category: signals that clear it.
struct Guards {
    report: Signals,
    counter: Signals,
    topic: Signals,
    fiction: Signals,
    laugh: Signals,
    endorse: Signals,
    scam_topic: Signals,
    past: Signals,
}

impl Guards {
    fn of(rules: &Rules) -> Self {
        Self {
            report: rules.signal("report"),
            counter: rules.signal("counter"),
            topic: rules.signal("topic"),
            fiction: rules.signal("fiction"),
            laugh: rules.signal("laugh"),
            endorse: rules.signal("endorse"),
            scam_topic: rules.signal("scam_topic"),
            past: rules.signal("past"),
        }
    }

    /// Whether a hit does not count, given the signals of its sentence and of those beside it.
    fn clears(&self, category: Category, rule: &Rule, hit: &Hit, here: Signals, near: Signals, whole: bool) -> bool {
        if rule.hard {
            return hit.never && rule.grade == Grade::Disclosure;
        }
        let negated = !rule.negated
            && match category {
                Category::Hate => hit.negation.is_some_and(|n| n <= 3),
                Category::Harassment => hit.negation.is_some_and(|n| n <= 4) && rule.grade != Grade::Encouraged,
                Category::Threat | Category::Sexual => hit.negation.is_some_and(|n| n <= 1),
                _ => false,
            };
        if negated {
            return true;
        }
        let told = here & self.report != 0 && here & self.endorse == 0;
        // A whole text in quotation marks is the writer's own.
        let quoted = hit.quoted && !whole;
        let tale = self.fiction | self.topic;
        match category {
            Category::Hate => {
                told || here & (self.counter | self.fiction) != 0
                    || quoted && here & self.endorse == 0
                    || near & self.counter != 0 && here & self.endorse == 0
            }
            Category::Threat => told || quoted || here & (self.fiction | self.past | self.laugh) != 0,
            Category::Harassment => {
                told && rule.grade != Grade::Encouraged || quoted || here & (self.fiction | self.counter) != 0
            }
            // What is said of oneself is not cleared by the setting; entries that only mention it say `unless=topic`.
            Category::SelfHarm => quoted && near & tale != 0,
            Category::Sexual => told || here & tale != 0 || quoted,
            Category::Spam => here & (self.scam_topic | self.topic) != 0,
            Category::Safeguarding => here & tale != 0,
            Category::Pii | Category::UnsupportedLanguage => false,
        }
    }
}

/// A text as the rules read it.
pub(crate) struct ByRules<'t> {
    pub text: Text<'t>,
    /// Tokens that are personal data, the end excluded.
    pub masked: Vec<(u32, u32)>,
    /// What became of each hit.
    pub marks: Vec<Mark>,
    /// Not yet tidied.
    pub findings: Vec<Finding>,
}

/// All of a text: what the rules find, then the second opinion.
pub(crate) fn analyse(rules: &Rules, original: &str, context: Context) -> Analysis {
    let mut read = by_rules(rules, original, context);
    opinion::second(opinion::standard(), &mut read);
    tidy(&mut read.findings);
    Analysis { language: read.text.language(), findings: read.findings }
}

/// What the rules find.
pub(crate) fn by_rules<'t>(rules: &Rules, original: &'t str, context: Context) -> ByRules<'t> {
    let mut text = Text::with_hint(original, context.language);
    noise::unmask(&mut text);
    let personal = pii::find(&text);
    let masked: Vec<(u32, u32)> = personal.iter().map(|f| (f.first as u32, f.end as u32)).collect();
    let quotes = quoted(&text);
    let hits = hits(rules, &text, &masked, &quotes);
    let signals = signals(rules, &text, &hits, &masked, &quotes);
    let guards = Guards::of(rules);
    let mut findings: Vec<Finding> = personal
        .iter()
        .map(|found| Finding {
            category: Category::Pii,
            grade: found.grade,
            score: found.score,
            span: found.span,
            rule: found.rule,
            reason: found.reason,
            obfuscated: false,
            aimed: false,
            placeholder: Some(found.placeholder),
        })
        .collect();
    let mut marks = Vec::new();
    let whole_quote = |hit: &Hit| hit.first <= 1 && hit.last as usize + 3 >= text.tokens().len();
    for hit in &hits {
        let rule = &rules.rules[hit.entry as usize];
        let Some(category) = rule.category else { continue };
        let at = hit.sentence as usize;
        let here = signals[at];
        let back = |n: usize| at.checked_sub(n).map_or(0, |i| signals[i]);
        let beside = here | back(1) | signals.get(at + 1).copied().unwrap_or(0);
        let before = here | back(1) | back(2);
        let language = text.sentences()[at].coverage.language;
        let counts = rule.needs & !before == 0
            && rule.here & !here == 0
            && rule.unless & here == 0
            && rule.only.is_none_or(|only| language == Some(only));
        let fate = if !counts {
            Fate::Alone
        } else if guards.clears(category, rule, hit, here, beside, whole_quote(hit)) {
            Fate::Cleared
        } else {
            Fate::Counts
        };
        marks.push((hit.first, hit.last, fate));
        if fate != Fate::Counts {
            continue;
        }
        let span = span_of(text.tokens(), hit.first, hit.last);
        let finding = Finding {
            category,
            grade: rule.grade,
            score: if hit.variant { rule.score.saturating_sub(50) } else { rule.score },
            span,
            rule: rule.id,
            reason: rule.reason,
            obfuscated: hit.variant,
            aimed: rule.aimed,
            placeholder: None,
        };
        if rule.grade == Grade::Encouraged {
            // Who tells somebody to die speaks of self-harm as well.
            findings.push(Finding { category: Category::SelfHarm, ..finding.clone() });
        }
        findings.push(finding);
    }
    noise::find(&text, &personal, &mut findings);
    uncovered(&text, &mut findings);
    ByRules { text, masked, marks, findings }
}

fn span_of(tokens: &[Token], first: u32, last: u32) -> Span {
    tokens[first as usize].span.to(tokens[last as usize].span)
}

/// The signals of the sentences with a hit and of those beside them; none elsewhere, where nobody asks.
fn signals(rules: &Rules, text: &Text<'_>, hits: &[Hit], masked: &[(u32, u32)], quotes: &[(u32, u32)]) -> Vec<Signals> {
    let sentences = text.sentences();
    let mut all = vec![0; sentences.len()];
    let mut wanted = vec![false; sentences.len()];
    for hit in hits {
        let at = hit.sentence as usize;
        wanted[at.saturating_sub(2)..(at + 2).min(sentences.len())].fill(true);
    }
    let mut from = 0;
    while from < sentences.len() {
        if !wanted[from] {
            from += 1;
            continue;
        }
        let mut to = from + 1;
        let start = sentences[from].first as usize;
        while to < sentences.len() && wanted[to] && sentences[to].end as usize - start <= CHUNK {
            to += 1;
        }
        let words = words(text, &sentences[from..to], from, masked, quotes);
        for part in words.chunks(CHUNK * 4) {
            for hit in rules.signals.find(part) {
                let sentence = part[hit.start as usize].sentence as usize;
                let (bit, only) = rules.bits[hit.entry as usize];
                if only.is_none_or(|only| sentences[sentence].coverage.language == Some(only)) {
                    all[sentence] |= bit;
                }
            }
        }
        from = to;
    }
    all
}

/// Sentences in a language or script that is not covered.
fn uncovered(text: &Text<'_>, findings: &mut Vec<Finding>) {
    let mut open: Option<Span> = None;
    let mut spans = Vec::new();
    for sentence in text.sentences() {
        if sentence.coverage.foreign {
            open = Some(open.map_or(sentence.span, |span| span.to(sentence.span)));
        } else if let Some(span) = open.take() {
            spans.push(span);
        }
    }
    spans.extend(open);
    findings.extend(spans.into_iter().map(|span| Finding {
        category: Category::UnsupportedLanguage,
        grade: Grade::NotCovered,
        score: 800,
        span,
        rule: "language.not_covered",
        reason: "In a language or script the rules do not read.",
        obfuscated: false,
        aimed: false,
        placeholder: None,
    }));
}

/// In the order of places; of findings of one kind that overlap, the surest stays.
fn tidy(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        (a.category, a.grade, a.span.start, std::cmp::Reverse(a.score), a.span.end, a.rule).cmp(&(
            b.category,
            b.grade,
            b.span.start,
            std::cmp::Reverse(b.score),
            b.span.end,
            b.rule,
        ))
    });
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        match kept.last_mut() {
            Some(last)
                if last.category == finding.category
                    && last.grade == finding.grade
                    && last.placeholder == finding.placeholder
                    && last.span.meets(finding.span) =>
            {
                last.span = if last.placeholder.is_some() { last.span } else { last.span.to(finding.span) };
                last.aimed |= finding.aimed;
                last.obfuscated |= finding.obfuscated;
                if finding.score > last.score {
                    last.score = finding.score;
                    last.rule = finding.rule;
                    last.reason = finding.reason;
                }
            }
            _ => kept.push(finding),
        }
    }
    kept.sort_by_key(|f| (f.span.start, f.category, f.grade, f.span.end));
    *findings = kept;
}
