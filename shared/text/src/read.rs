//! One pass over a text: tokens with their base view in one arena, sentences, clauses.

use std::ops::Range;

use crate::{
    Clause, Kind, Language, Script, Sentence, Span, Text, Token,
    fold::{Class, class, lower, push_normalised},
    language::{self, Coverage},
    variant,
};

/// Words that open a clause wherever they stand.
fn is_contrast(word: &str) -> bool {
    matches!(
        word,
        "but"
            | "however"
            | "although"
            | "though"
            | "whereas"
            | "nevertheless"
            | "men"
            | "likevel"
            | "derimot"
            | "imidlertid"
            | "але"
            | "проте"
            | "однак"
            | "хоча"
            | "зате"
            | "но"
            | "однако"
            | "хотя"
            | "зато"
    )
}

/// Words that open a clause after a comma.
fn is_contrast_after_comma(word: &str) -> bool {
    matches!(
        word,
        "yet" | "still" | "only" | "while" | "bare" | "mens" | "selv" | "та" | "а" | "тільки" | "только" | "лише"
    )
}

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: &str = "mr mrs ms dr prof st etc vs no approx ca nr tlf tel bl eks kl dvs osv mht evt jf pga вул просп бул буд кв обл тел тис млн грн напр ул тыс руб др ст стор стр apt";

fn is_abbreviation(word: &str) -> bool {
    ABBREVIATIONS.split(' ').any(|one| one == word)
}

/// Words of one letter: a run of them is no spaced-out word.
pub(crate) const LONELY: &str = "aiouåøæyіїєаяійвуузоиcскбжeе";

/// Reads a text.
pub(crate) fn read<'a>(original: &'a str, hint: Option<Language>) -> Text<'a> {
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

/// The script of a word that was put together.
pub(crate) fn script_of(word: &str) -> Script {
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
            if self.ended && (spaced || !closing) {
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
            return !(initial && word != "i" || ordinal || is_abbreviation(word) && follows.is_some());
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
    if first < 0x80 && !matches!(word.len(), 3..=8 | 12) {
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
    is_contrast(word) || is_contrast_after_comma(word) && after_comma()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
