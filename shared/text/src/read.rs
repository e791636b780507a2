//! One pass over a text: tokens with their base view in one arena, sentences, clauses.

use std::ops::Range;

use crate::{
    Language, Span,
    fold::{Class, class, lower, push_normalised},
    language::{self, Coverage},
    variant,
};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At least one letter; digits and signs may be inside (`st4b`, `f**k`).
    Word,
    /// Digits alone.
    Number,
    /// A mark; a run of full stops, question and exclamation marks is one token.
    Punctuation,
    /// Anything else: `@`, `€`, an emoji.
    Symbol,
}

/// The script of a word's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Latin.
    Latin,
    /// Cyrillic.
    Cyrillic,
    /// Latin or Greek beside Cyrillic or each other in one word.
    Mixed,
    /// Letters of another script.
    Other,
    /// No letters.
    None,
}

/// A word, number, mark or sign.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Where it is in the original, in characters.
    pub span: Span,
    /// The same in bytes of the original.
    pub bytes: (u32, u32),
    base: (u32, u32),
    /// What it is made of.
    pub kind: Kind,
    /// In which letters.
    pub script: Script,
    /// The index of its sentence in [`Text::sentences`].
    pub sentence: u32,
    /// The index of its clause in [`Text::clauses`].
    pub clause: u32,
    /// Whether white space (or nothing) stands before it.
    pub spaced: bool,
    /// Whether its first letter is upper case.
    pub capital: bool,
    /// Whether it is all upper case, with two letters or more.
    pub shouted: bool,
    /// Whether it has variants: [`Text::variants`].
    pub disguised: bool,
}

/// A run of tokens in which words belong together: between contrast words, colons, semicolons and dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its first token.
    pub first: u32,
    /// One past its last token.
    pub end: u32,
    /// Whether a contrast word opens it (`but`, `men`, `але`, `но`); the word is its first token.
    pub contrast: bool,
}

/// A sentence: its tokens, its place, its language.
#[derive(Debug, Clone, Copy)]
pub struct Sentence {
    /// Its first token.
    pub first: u32,
    /// One past its last token.
    pub end: u32,
    /// Its first clause.
    pub first_clause: u32,
    /// One past its last clause.
    pub end_clause: u32,
    /// Where it is in the original.
    pub span: Span,
    /// Its language and how much of it is covered.
    pub coverage: Coverage,
}

/// A text, read.
#[derive(Debug, Clone)]
pub struct Text<'a> {
    original: &'a str,
    arena: String,
    tokens: Vec<Token>,
    clauses: Vec<Clause>,
    sentences: Vec<Sentence>,
    /// Sorted by token.
    variants: Vec<(u32, String)>,
    language: Option<Language>,
    chars: u32,
}

/// Words that open a clause wherever they stand.
const CONTRAST: &[&str] = &[
    "but",
    "however",
    "although",
    "though",
    "whereas",
    "nevertheless",
    "men",
    "likevel",
    "derimot",
    "imidlertid",
    "але",
    "проте",
    "однак",
    "хоча",
    "зате",
    "но",
    "однако",
    "хотя",
    "зато",
];

/// Words that open a clause after a comma.
const CONTRAST_AFTER_COMMA: &[&str] =
    &["yet", "still", "only", "while", "bare", "mens", "selv", "та", "а", "тільки", "только", "лише"];

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "st",
    "etc",
    "vs",
    "no",
    "approx",
    "ca",
    "nr",
    "tlf",
    "tel",
    "bl",
    "eks",
    "kl",
    "dvs",
    "osv",
    "mht",
    "evt",
    "jf",
    "pga",
    "вул",
    "просп",
    "бул",
    "буд",
    "кв",
    "обл",
    "тел",
    "тис",
    "млн",
    "грн",
    "напр",
    "ул",
    "тыс",
    "руб",
    "др",
    "ст",
    "стор",
    "стр",
    "apt",
];

/// Words of one letter: a run of them is no spaced-out word.
const LONELY: &str = "aiouåøæyіїєаяійвуузоиcскбжeе";

struct Reader<'a> {
    text: Text<'a>,
    /// First token and clause of the sentence that is being read.
    sentence_first: u32,
    sentence_clause: u32,
    clause_first: u32,
    clause_contrast: bool,
    /// The sentence has ended, unless a closing mark follows at once.
    ended: bool,
    singles: u32,
}

impl<'a> Text<'a> {
    /// Reads a text: linear in its length, for any Unicode text.
    pub fn new(original: &'a str) -> Self {
        Self::with_hint(original, None)
    }

    /// The same, where somebody said which language it is in; that only breaks ties.
    pub fn with_hint(original: &'a str, hint: Option<Language>) -> Self {
        let guess = original.len() / 5 + 8;
        let text = Text {
            original,
            arena: String::with_capacity(original.len() + 16),
            tokens: Vec::with_capacity(guess),
            clauses: Vec::with_capacity(guess / 8),
            sentences: Vec::with_capacity(guess / 12),
            variants: Vec::new(),
            language: None,
            chars: 0,
        };
        let mut reader = Reader {
            text,
            sentence_first: 0,
            sentence_clause: 0,
            clause_first: 0,
            clause_contrast: false,
            ended: false,
            singles: 0,
        };
        reader.read();
        let Reader { mut text, singles, .. } = reader;
        if singles >= 3 {
            text.join_spaced();
        }
        text.find_variants();
        text.language = language::judge(&mut text, hint);
        text
    }

    /// The text as it was given.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// How many characters it has.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// All tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// All clauses, in order.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// All sentences, in order.
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The language of most of it; `None` when no sentence is covered.
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    /// The base view of a token: what lexicons are compared with.
    pub fn word(&self, token: usize) -> &str {
        self.tokens.get(token).map_or("", |t| self.base(t))
    }

    /// The base view of a token of this text.
    pub fn base(&self, token: &Token) -> &str {
        self.arena.get(token.base.0 as usize..token.base.1 as usize).unwrap_or_default()
    }

    /// The token as it stands in the original.
    pub fn raw(&self, token: &Token) -> &'a str {
        self.original.get(token.bytes.0 as usize..token.bytes.1 as usize).unwrap_or_default()
    }

    /// What a disguised token may stand for; empty for nearly every token.
    pub fn variants(&self, token: usize) -> impl Iterator<Item = &str> {
        let from = self.variants.partition_point(|(of, _)| (*of as usize) < token);
        self.variants[from..].iter().take_while(move |(of, _)| *of as usize == token).map(|(_, word)| word.as_str())
    }

    /// Adds what a token may stand for, where an engine knows more (a masked word of its lexicon).
    pub fn add_variant(&mut self, token: usize, word: String) {
        let Some(of) = self.tokens.get_mut(token) else { return };
        of.disguised = true;
        let at = self.variants.partition_point(|(of, _)| (*of as usize) <= token);
        self.variants.insert(at, (token as u32, word));
    }

    /// The part of the original that a span of characters names.
    pub fn slice(&self, span: Span) -> &'a str {
        let mut from = self.original.len();
        let mut to = self.original.len();
        for (at, (byte, _)) in self.original.char_indices().enumerate() {
            if at as u32 == span.start {
                from = byte;
            }
            if at as u32 == span.end {
                to = byte;
                break;
            }
        }
        self.original.get(from..to.max(from)).unwrap_or_default()
    }

    pub(crate) fn set_coverage(&mut self, sentence: usize, coverage: Coverage) {
        self.sentences[sentence].coverage = coverage;
    }

    /// Replaces letters that stand alone in a row (`k i l l`, `i.d.i.o.t`) by one token.
    fn join_spaced(&mut self) {
        let single = |t: &Token| t.span.end - t.span.start == 1 && matches!(t.kind, Kind::Word | Kind::Number);
        let mut kept = Vec::with_capacity(self.tokens.len());
        let mut moved = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let first = self.tokens[at];
            let mut members = vec![];
            let mut next = at;
            let mut style = None;
            while single(&first) && next < self.tokens.len() && single(&self.tokens[next]) {
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

    fn find_variants(&mut self) {
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

/// The script of a word that was put together.
fn script_of(word: &str) -> Script {
    let mut seen = Scripts::default();
    word.chars().for_each(|c| seen.add(c));
    seen.script()
}

#[derive(Default, Clone, Copy)]
struct Scripts {
    latin: bool,
    cyrillic: bool,
    greek: bool,
    other: bool,
}

impl Scripts {
    fn add(&mut self, c: char) {
        match c {
            'a'..='z' | 'A'..='Z' | 'À'..='ɏ' | 'ɐ'..='ʯ' | 'Ḁ'..='ỿ' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => {
                self.latin |= c.is_alphabetic();
            }
            'Ѐ'..='ԯ' => self.cyrillic = true,
            'Ͱ'..='Ͽ' => self.greek = true,
            _ if c.is_alphabetic() => self.other = true,
            _ => {}
        }
    }

    fn script(self) -> Script {
        match (self.latin, self.cyrillic, self.greek, self.other) {
            (true, false, false, false) => Script::Latin,
            (false, true, false, false) => Script::Cyrillic,
            (false, false, false, false) => Script::None,
            (false, false, true, false) | (false, false, false, true) => Script::Other,
            (true, _, _, _) | (_, true, _, _) => Script::Mixed,
            _ => Script::Other,
        }
    }
}

fn is_mask(c: char) -> bool {
    matches!(c, '*' | '$' | '@' | '#' | '|' | '€' | '+')
}

impl Reader<'_> {
    fn read(&mut self) {
        let original = self.text.original;
        let bytes = original.as_bytes();
        let mut at = 0usize; // in bytes
        let mut chars = 0u32;
        let mut spaced = true;
        let mut breaks = 0; // line breaks since the last token
        while at < bytes.len() {
            let c = char_at(original, at);
            let (kind, _) = class(c);
            match kind {
                Class::Space | Class::Format | Class::Mark => {
                    spaced |= kind == Class::Space;
                    at += c.len_utf8();
                    chars += 1;
                    continue;
                }
                Class::Newline => {
                    spaced = true;
                    breaks += 1;
                    at += 1.max(c.len_utf8());
                    chars += 1;
                    continue;
                }
                _ => {}
            }
            if breaks > 0 {
                let fresh = breaks > 1 || c.is_uppercase() || matches!(c, '-' | '*' | '•' | '–' | '0'..='9');
                self.ended |= fresh && !self.text.tokens.is_empty();
                breaks = 0;
            }
            let closing = matches!(c, '"' | '\'' | '”' | '“' | '»' | ')' | ']' | '’');
            if self.ended && !(closing && !spaced) {
                self.close_sentence();
            }
            // `$hit`, `@sshole`; other words after an at sign are names.
            let starts_word = matches!(kind, Class::Letter | Class::Digit)
                || (c == '@' && spaced && original[at + 1..].starts_with("ss"))
                || (c == '$' && original[at + 1..].chars().next().is_some_and(char::is_alphabetic));
            if starts_word {
                (at, chars) = self.word(at, chars, spaced);
            } else {
                (at, chars) = self.mark(at, chars, spaced, c, kind);
            }
            spaced = false;
        }
        self.text.chars = chars;
        self.close_sentence();
    }

    /// Reads a word or number from `at`; gives the place after it.
    fn word(&mut self, at: usize, chars: u32, spaced: bool) -> (usize, u32) {
        let original = self.text.original;
        let bytes = original.as_bytes();
        let mut end = at;
        // Plain lower and upper case letters first: most words end here.
        while end < bytes.len() && bytes[end].is_ascii_alphabetic() {
            end += 1;
        }
        let plain = end > at
            && (end == bytes.len()
                || matches!(bytes[end], b' ' | b',' | b'.' | b'\n' | b'?' | b')' | b';' | b':' | b'"'));
        if plain {
            let count = (end - at) as u32;
            let start = self.text.arena.len();
            self.text.arena.push_str(&original[at..end]);
            self.text.arena[start..].make_ascii_lowercase();
            let raw = &bytes[at..end];
            let capital = raw[0].is_ascii_uppercase();
            let shouted = capital && raw.len() > 1 && raw.iter().all(u8::is_ascii_uppercase);
            self.push(Token {
                span: Span { start: chars, end: chars + count },
                bytes: (at as u32, end as u32),
                base: (start as u32, 0),
                kind: Kind::Word,
                script: Script::Latin,
                sentence: 0,
                clause: 0,
                spaced,
                capital,
                shouted,
                disguised: raw.windows(3).any(|w| w[0] | 0x20 == w[1] | 0x20 && w[1] | 0x20 == w[2] | 0x20),
            });
            return (end, chars + count);
        }
        self.rich_word(at, chars, spaced)
    }

    /// A word with anything but plain letters in it.
    fn rich_word(&mut self, at: usize, chars: u32, spaced: bool) -> (usize, u32) {
        let original = self.text.original;
        let start = self.text.arena.len();
        let mut end = at;
        let mut count = 0u32;
        let mut scripts = Scripts::default();
        let (mut normalise, mut letters, mut upper, mut masked) = (false, 0u32, 0u32, false);
        let mut capital = false;
        let mut before = ' ';
        while end < original.len() {
            let c = char_at(original, end);
            let (kind, special) = class(c);
            match kind {
                Class::Letter => {
                    normalise |= special;
                    letters += 1;
                    scripts.add(c);
                    if c.is_uppercase() {
                        upper += 1;
                        capital |= letters == 1;
                    }
                    if !normalise {
                        self.text.arena.push(lower(c));
                    }
                }
                Class::Digit | Class::Mark | Class::Format => {
                    normalise |= special;
                    if !normalise {
                        self.text.arena.push(c);
                    }
                }
                Class::Apostrophe => {
                    let next = original[end + c.len_utf8()..].chars().next().unwrap_or(' ');
                    if !(before.is_alphabetic() && next.is_alphabetic()) {
                        break;
                    }
                    if !normalise {
                        self.text.arena.push('\'');
                    }
                }
                _ if is_mask(c) || c == '!' => {
                    let rest = &original[end + c.len_utf8()..];
                    if !self.mask_goes_on(c, before, letters, rest, end == at) {
                        break;
                    }
                    masked = true;
                    if !normalise {
                        self.text.arena.push(c);
                    }
                }
                _ => break,
            }
            if kind != Class::Format {
                before = c;
            }
            end += c.len_utf8();
            count += 1;
        }
        if normalise {
            self.text.arena.truncate(start);
            push_normalised(&original[at..end], &mut self.text.arena);
        }
        let base = &self.text.arena[start..];
        let script = if normalise { script_of(base) } else { scripts.script() };
        let kind = if letters > 0 { Kind::Word } else { Kind::Number };
        let disguised = kind == Kind::Word && (masked || variant::suspicious(base, script));
        self.push(Token {
            span: Span { start: chars, end: chars + count },
            bytes: (at as u32, end as u32),
            base: (start as u32, 0),
            kind,
            script,
            sentence: 0,
            clause: 0,
            spaced,
            capital,
            shouted: letters > 1 && upper == letters,
            disguised,
        });
        (end, chars + count)
    }

    /// Whether a sign inside a word belongs to it: `a$$hole`, `f**k`, `sh!t`, not `name@example.org`, `Hello!Next`.
    fn mask_goes_on(&self, c: char, before: char, letters: u32, rest: &str, first: bool) -> bool {
        if first {
            return matches!(c, '$' | '@');
        }
        let mut run = 1;
        let mut after = ' ';
        for next in rest.chars().take(8) {
            if is_mask(next) || next == '!' {
                run += 1;
            } else {
                after = next;
                break;
            }
        }
        if !(before.is_alphanumeric() || is_mask(before) || before == '!') || letters == 0 {
            return false;
        }
        match c {
            '*' => after.is_alphanumeric() || run >= 2 || before == '*',
            '!' => letters <= 3 && after.is_lowercase() && before.is_lowercase(),
            '@' => after.is_alphabetic() && !rest.chars().take(60).take_while(|c| !c.is_whitespace()).any(|c| c == '.'),
            _ => after.is_alphabetic(),
        }
    }

    /// Reads a mark or sign; gives the place after it.
    fn mark(&mut self, at: usize, chars: u32, spaced: bool, c: char, kind: Class) -> (usize, u32) {
        let original = self.text.original;
        let ends = |c: char| matches!(c, '.' | '!' | '?' | '…' | '。' | '؟' | '！' | '？');
        let mut end = at + c.len_utf8();
        let mut count = 1;
        if ends(c) {
            for next in original[end..].chars().take_while(|c| ends(*c)) {
                end += next.len_utf8();
                count += 1;
            }
        }
        let start = self.text.arena.len();
        match kind {
            Class::Apostrophe => self.text.arena.push('\''),
            Class::Punctuation => self.text.arena.push_str(&original[at..end]),
            _ => push_normalised(&original[at..end], &mut self.text.arena),
        }
        let stop = ends(c) && self.stops(&original[at..end], &original[end..]);
        self.push(Token {
            span: Span { start: chars, end: chars + count },
            bytes: (at as u32, end as u32),
            base: (start as u32, 0),
            kind: if matches!(kind, Class::Punctuation | Class::Apostrophe) || ends(c) {
                Kind::Punctuation
            } else {
                Kind::Symbol
            },
            script: Script::None,
            sentence: 0,
            clause: 0,
            spaced,
            capital: false,
            shouted: false,
            disguised: false,
        });
        if stop {
            self.ended = true;
        } else if matches!(c, ';' | ':' | '–' | '—') && (c == ';' || c == ':' || spaced) {
            self.close_clause(false);
        }
        (end, chars + count)
    }

    /// Whether a run of full stops and the like ends the sentence.
    fn stops(&self, run: &str, rest: &str) -> bool {
        let next = rest.chars().next();
        let open =
            next.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '”' | '»' | ')' | '\'' | '’' | '“' | '«'));
        let dots = run.chars().all(|c| matches!(c, '.' | '…'));
        let follows = rest.chars().take(12).find(|c| !c.is_whitespace());
        if !dots {
            // `Really?Yes` ends a sentence, `watch?v=` does not.
            let query = rest.chars().take(20).take_while(|c| !c.is_whitespace()).any(|c| c == '=');
            return open || next.is_some_and(char::is_alphabetic) && !query;
        }
        if run.len() > 1 {
            return open && !follows.is_some_and(char::is_lowercase) || !open && next.is_some_and(char::is_uppercase);
        }
        let Some(before) = self.text.tokens.last() else { return open };
        let word = self.text.base(before);
        if open {
            let initial = before.kind == Kind::Word && before.capital && before.span.end - before.span.start == 1;
            let ordinal = before.kind == Kind::Number && follows.is_some_and(char::is_lowercase);
            return !(initial && word != "i" || ordinal || ABBREVIATIONS.contains(&word) && follows.is_some());
        }
        // `so tired.My husband`: a space that was forgotten.
        before.kind == Kind::Word
            && !before.shouted
            && before.span.end - before.span.start > 1
            && next.is_some_and(char::is_uppercase)
    }

    fn push(&mut self, mut token: Token) {
        token.base.1 = self.text.arena.len() as u32;
        token.sentence = self.text.sentences.len() as u32;
        let at = self.text.tokens.len();
        let length = token.base.1 - token.base.0;
        if token.kind == Kind::Word && (2..=22).contains(&length) {
            let word = &self.text.arena[token.base.0 as usize..];
            // `nothing but`, `all but`: no contrast.
            let bound = || {
                let last = self.text.tokens.last().map_or("", |t| self.text.base(t));
                matches!(last, "nothing" | "all" | "anything" | "everything" | "none" | "nobody")
            };
            let norwegian = || {
                self.text
                    .tokens
                    .last()
                    .is_none_or(|t| t.sentence != token.sentence || language::is_bokmal_alone(self.text.base(t)))
            };
            let opens = contrast(word, bound, norwegian, || {
                self.text.tokens.last().is_some_and(|t| self.text.base(t) == "," && t.sentence == token.sentence)
            });
            if opens {
                self.close_clause(true);
            }
        }
        if length <= 2 && token.span.end - token.span.start == 1 && token.kind == Kind::Word {
            self.singles += 1;
        }
        token.clause = self.text.clauses.len() as u32;
        debug_assert!(at <= u32::MAX as usize);
        self.text.tokens.push(token);
    }

    /// Ends the clause before the token that comes next.
    fn close_clause(&mut self, contrast: bool) {
        let end = self.text.tokens.len() as u32;
        if end > self.clause_first {
            let clause = Clause { first: self.clause_first, end, contrast: self.clause_contrast };
            self.text.clauses.push(clause);
            self.clause_first = end;
        }
        self.clause_contrast = contrast;
    }

    fn close_sentence(&mut self) {
        self.ended = false;
        self.close_clause(false);
        let end = self.text.tokens.len() as u32;
        if end == self.sentence_first {
            return;
        }
        let of: Range<usize> = self.sentence_first as usize..end as usize;
        let span = self.text.tokens[of.start].span.to(self.text.tokens[of.end - 1].span);
        self.text.sentences.push(Sentence {
            first: self.sentence_first,
            end,
            first_clause: self.sentence_clause,
            end_clause: self.text.clauses.len() as u32,
            span,
            coverage: Coverage::default(),
        });
        self.sentence_first = end;
        self.sentence_clause = self.text.clauses.len() as u32;
    }
}

/// The character at a byte that starts one.
fn char_at(text: &str, at: usize) -> char {
    let byte = text.as_bytes()[at];
    if byte < 0x80 { char::from(byte) } else { text[at..].chars().next().unwrap_or(' ') }
}

fn contrast(
    word: &str,
    before: impl Fn() -> bool,
    norwegian: impl Fn() -> bool,
    after_comma: impl Fn() -> bool,
) -> bool {
    // The first letters leave nearly every word out.
    let first = word.as_bytes()[0];
    if first < 0x80 && !matches!(word.len(), 3 | 4 | 5 | 6 | 7 | 8 | 12) || word.len() > 12 && first < 0x80 {
        return false;
    }
    if !matches!(
        first,
        b'a' | b'b' | b'd' | b'h' | b'i' | b'l' | b'm' | b'n' | b'o' | b's' | b't' | b'w' | b'y' | 0xd0 | 0xd1
    ) {
        return false;
    }
    // The men of an English sentence are no contrast.
    if word == "men" && !after_comma() && !norwegian() {
        return false;
    }
    if word == "but" && before() {
        return false;
    }
    CONTRAST.contains(&word) || CONTRAST_AFTER_COMMA.contains(&word) && after_comma()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
