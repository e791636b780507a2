//! The words of a text and where its clauses begin: at marks, contrast words, and joining words before a subject.

use text::{Language, Span, Text, pattern::Token as PatternToken};

/// A word of the text as the patterns see it, with clauses as this engine cuts them.
pub(crate) struct Word<'a> {
    pub folded: &'a str,
    pub span: Span,
    pub sentence: u32,
    pub clause: u32,
}

impl PatternToken for Word<'_> {
    fn folded(&self) -> &str {
        self.folded
    }
    fn sentence(&self) -> u32 {
        self.sentence
    }
    fn clause(&self) -> u32 {
        self.clause
    }
}

/// Words that open a clause where they stand, with or without a comma.
pub(crate) fn contrast(language: Language, word: &str) -> bool {
    match language {
        Language::English => matches!(word, "but" | "however" | "yet" | "nevertheless" | "whereas"),
        Language::Bokmal => matches!(word, "men" | "likevel" | "derimot" | "imidlertid"),
        _ => matches!(word, "але" | "проте" | "однак" | "зате" | "натомість"),
    }
}

/// Words that open a clause when a subject follows.
fn joins(language: Language, word: &str) -> bool {
    match language {
        Language::English => {
            matches!(word, "and" | "so" | "because" | "although" | "though" | "while" | "since" | "until")
        }
        Language::Bokmal => matches!(word, "og" | "så" | "fordi" | "for" | "selv" | "mens" | "siden" | "til"),
        _ => matches!(word, "і" | "й" | "та" | "бо" | "тому" | "хоча" | "поки" | "адже"),
    }
}

/// Ukrainian writes a comma before every object clause; "я не знаю, як …" is one thing that is said.
fn object_clause(word: &str) -> bool {
    matches!(word, "що" | "як" | "щоб" | "хто" | "куди" | "чи" | "де" | "ким" | "аби" | "скільки" | "чого")
}

fn subject(language: Language, word: &str) -> bool {
    match language {
        Language::English => {
            matches!(word, "i" | "we" | "he" | "she" | "they" | "i'm" | "i've" | "we're" | "she's" | "he's" | "it")
        }
        Language::Bokmal => matches!(word, "jeg" | "vi" | "han" | "hun" | "de" | "det"),
        _ => matches!(word, "я" | "ми" | "він" | "вона" | "вони" | "мені" | "нам" | "мене"),
    }
}

/// The words of a text in one scored language, and where its clauses begin.
pub(crate) fn words<'a>(text: &'a Text<'_>, language: Language, scored: impl Fn(u32) -> bool) -> Vec<Word<'a>> {
    use text::Kind;
    let tokens = text.tokens();
    let mut words: Vec<Word<'a>> = Vec::with_capacity(tokens.len());
    let (mut clause, mut cut, mut sentence) = (0u32, false, u32::MAX);
    for (at, token) in tokens.iter().enumerate() {
        if !scored(token.sentence) {
            continue;
        }
        let folded = text.base(token);
        if !matches!(token.kind, Kind::Word | Kind::Number) {
            // A hyphen or a slash joins words; every other mark parts clauses.
            let joins = matches!(folded, "-" | "/" | "'" | "\"" | "“" | "”" | "«" | "»" | "‑" | "‐")
                && !(token.spaced && folded == "-");
            let holds = folded == ","
                && language == Language::Ukrainian
                && tokens.get(at + 1).is_some_and(|t| object_clause(text.base(t)));
            cut |= !joins && !holds;
            continue;
        }
        if token.sentence != sentence {
            cut = true;
            sentence = token.sentence;
        }
        let next = tokens[at + 1..].iter().find(|t| t.kind == Kind::Word).map_or("", |t| text.base(t));
        if cut || contrast(language, folded) || joins(language, folded) && subject(language, next) {
            clause += 1;
            cut = false;
        }
        words.push(Word { folded, span: token.span, sentence: token.sentence, clause });
    }
    words
}
