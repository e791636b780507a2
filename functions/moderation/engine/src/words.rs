//! The words of a text as the rules' patterns see them: what is typed for what, what is quoted, what turns a statement
//! round.

use text::{Kind, Language, Sentence, Text};

/// A word as patterns see it.
pub(crate) struct Word<'t> {
    text: &'t Text<'t>,
    pub(crate) base: &'t str,
    /// `aa`, `oe`, `ae` typed for å, ø, æ.
    typed: Option<String>,
    pub(crate) token: u32,
    pub(crate) sentence: u32,
    pub(crate) clause: u32,
    pub(crate) quoted: bool,
}

impl text::pattern::Token for Word<'_> {
    fn folded(&self) -> &str {
        self.base
    }

    fn variant(&self, number: usize) -> Option<&str> {
        match &self.typed {
            Some(typed) if number == 0 => Some(typed),
            Some(_) => self.disguise(number - 1),
            None => self.disguise(number),
        }
    }

    fn sentence(&self) -> u32 {
        self.sentence
    }

    fn clause(&self) -> u32 {
        self.clause
    }
}

impl Word<'_> {
    fn disguise(&self, number: usize) -> Option<&str> {
        let token = &self.text.tokens()[self.token as usize];
        if token.disguised { self.text.variants(self.token as usize).nth(number) } else { None }
    }
}

/// Words that turn a statement round.
const NEGATIONS: &[&str] = &[
    "not",
    "never",
    "no",
    "nobody",
    "none",
    "neither",
    "nor",
    "without",
    "cannot",
    "hardly",
    "ikke",
    "aldri",
    "ingen",
    "verken",
    "uten",
    "ikkje",
    "neppe",
    "не",
    "ні",
    "ніхто",
    "ніколи",
    "жодного",
    "жоден",
    "без",
    "никто",
    "никогда",
    "ни",
    "нет",
    "немає",
    "нікого",
    "никого",
    "нікому",
];

/// Words that say something did not happen at all.
pub(crate) const NEVER: &[&str] =
    &["never", "nobody", "aldri", "ingen", "ніколи", "ніхто", "никогда", "никто", "жодного"];

pub(crate) fn is_negation(word: &str) -> bool {
    word.ends_with("n't")
        || NEGATIONS.contains(&word)
        || matches!(word, "dont" | "didnt" | "doesnt" | "isnt" | "arent" | "wasnt" | "wont")
}

/// Which words are inside quotation marks.
pub(crate) fn quoted(text: &Text<'_>) -> Vec<(u32, u32)> {
    let tokens = text.tokens();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.kind != Kind::Punctuation {
            at += 1;
            continue;
        }
        let raw = text.raw(token).chars().next().unwrap_or(' ');
        let next_glued = tokens.get(at + 1).is_some_and(|t| !t.spaced);
        let opens = match raw {
            '«' | '“' | '„' | '‘' => true,
            '"' | '\'' | '”' | '’' | '»' => {
                (token.spaced || at == 0 || !tokens[at - 1].span.eq(&token.span) && is_opener(text, at)) && next_glued
            }
            _ => false,
        };
        if !opens {
            at += 1;
            continue;
        }
        let closes = |c: char| match raw {
            '«' => c == '»',
            '»' => matches!(c, '«' | '»'),
            '“' => matches!(c, '”' | '"'),
            '„' => matches!(c, '“' | '”' | '"'),
            '‘' | '’' | '\'' => matches!(c, '’' | '\''),
            _ => matches!(c, '"' | '”'),
        };
        let end = (at + 1..(at + 90).min(tokens.len()))
            .find(|i| tokens[*i].kind == Kind::Punctuation && text.raw(&tokens[*i]).chars().next().is_some_and(closes));
        match end {
            Some(end) => {
                spans.push((at as u32 + 1, end as u32));
                at = end + 1;
            }
            None => at += 1,
        }
    }
    spans
}

fn is_opener(text: &Text<'_>, at: usize) -> bool {
    matches!(text.word(at - 1), "(" | ":" | "," | "-" | "–" | "—" | ".")
}

/// The words of some sentences. Punctuation is left out; a comma and a quotation mark begin a clause.
pub(crate) fn words<'t>(
    text: &'t Text<'t>,
    sentences: &[Sentence],
    number: usize,
    masked: &[(u32, u32)],
    quotes: &[(u32, u32)],
) -> Vec<Word<'t>> {
    let (Some(first), Some(last)) = (sentences.first(), sentences.last()) else { return Vec::new() };
    let mut out = Vec::with_capacity((last.end - first.first) as usize);
    let mut clause = 0;
    let mut text_clause = u32::MAX;
    let mut mask = masked.partition_point(|(_, end)| *end <= first.first);
    let mut quote = quotes.partition_point(|(_, end)| *end <= first.first);
    for (offset, sentence) in sentences.iter().enumerate() {
        let norwegian = matches!(sentence.coverage.language, Some(Language::Bokmal) | None);
        clause += 1;
        for at in sentence.first..sentence.end {
            let token = &text.tokens()[at as usize];
            while masked.get(mask).is_some_and(|(_, end)| *end <= at) {
                mask += 1;
            }
            while quotes.get(quote).is_some_and(|(_, end)| *end <= at) {
                quote += 1;
                clause += 1;
            }
            if token.clause != text_clause {
                text_clause = token.clause;
                clause += 1;
            }
            let hidden = masked.get(mask).is_some_and(|(from, _)| *from <= at);
            if token.kind == Kind::Punctuation {
                if matches!(text.base(token), "," | "(" | ")" | "\"" | "«" | "»" | "“" | "”" | "?!" | "!" | "?") {
                    clause += 1;
                }
                continue;
            }
            let base = text.base(token);
            let typed = (norwegian && token.kind == Kind::Word && base.is_ascii() && !hidden)
                .then(|| norwegian_letters(base))
                .flatten();
            out.push(Word {
                text,
                base: if hidden { "\u{2}" } else { base },
                typed,
                token: at,
                sentence: (number + offset) as u32,
                clause,
                quoted: quotes.get(quote).is_some_and(|(from, _)| *from <= at),
            });
        }
    }
    out
}

/// `doed` → `død`; none where nothing changes.
fn norwegian_letters(word: &str) -> Option<String> {
    let bytes = word.as_bytes();
    let typed = bytes.windows(2).any(|w| matches!(w, b"aa" | b"oe" | b"ae"));
    typed.then(|| word.replace("aa", "å").replace("oe", "ø").replace("ae", "æ"))
}
