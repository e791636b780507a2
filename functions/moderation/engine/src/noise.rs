//! Texts that say nothing: keyboard mash, flooding, a short link alone; and words behind asterisks.

use std::sync::LazyLock;

use text::{Kind, Script, Text};

use crate::{Category, Finding, Grade, lists::lists, pii};

/// Adds the words that a token with asterisks may stand for.
pub(crate) fn unmask(text: &mut Text<'_>) {
    let mut found = Vec::new();
    for at in 0..text.tokens().len() {
        let token = text.tokens()[at];
        if !token.disguised || token.kind != Kind::Word {
            continue;
        }
        let base = text.base(&token);
        if !base.contains(['*', '#', '@', '$', '!', '+', '|']) || base.chars().count() > 24 {
            continue;
        }
        let letters: Vec<char> = base.chars().collect();
        for word in &lists().masked {
            if fits(&letters, word) {
                found.push((at, (*word).to_owned()));
            }
        }
    }
    text.add_variants(found);
}

/// Whether letters with signs among them can be the word: each sign is one letter; a run of asterisks at least one.
fn fits(letters: &[char], word: &str) -> bool {
    let word: Vec<char> = word.chars().collect();
    if letters.len() == word.len() {
        return letters.iter().zip(&word).all(|(l, w)| l == w || !l.is_alphanumeric())
            && letters.iter().filter(|l| l.is_alphanumeric()).count() * 2 >= word.len().saturating_sub(1);
    }
    // `f**king` for a longer word: first and last letters and one run of asterisks.
    let run = letters.iter().filter(|l| !l.is_alphanumeric()).count();
    let head = letters.iter().take_while(|l| l.is_alphanumeric()).count();
    let tail = letters.iter().rev().take_while(|l| l.is_alphanumeric()).count();
    run >= 2
        && head + run + tail == letters.len()
        && head >= 1
        && head + tail >= 2
        && head + tail < word.len()
        && word.starts_with(&letters[..head])
        && word.ends_with(&letters[letters.len() - tail..])
}

/// Whether three letters stand side by side on a keyboard.
fn on_a_row(letters: &[char]) -> bool {
    static ROWS: LazyLock<Vec<Vec<char>>> =
        LazyLock::new(|| lists().keyboard_rows.iter().map(|row| row.chars().collect()).collect());
    ROWS.iter().flat_map(|row| row.windows(3)).any(|w| w == letters || w.iter().rev().eq(letters))
}

fn is_vowel(c: char) -> bool {
    "aeiouyæøåаеиоуіїєюяыэё".contains(c)
}

/// Whether a word looks typed with the whole hand.
fn is_mash(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 5 || !letters.iter().all(|c| c.is_alphabetic()) {
        return false;
    }
    let rows = letters.windows(3).filter(|w| on_a_row(w)).count();
    let mut run = 0;
    let mut longest = 0;
    for c in &letters {
        run = if is_vowel(*c) || *c == 'ь' { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    rows >= 2 && rows * 3 >= letters.len() - 2 || rows >= 1 && longest >= 4 || longest >= 6
}

/// Whether `bit.ly` and the like stands at a token.
fn short_link(text: &Text<'_>, at: usize) -> bool {
    let glued = |i: usize| text.tokens().get(i).is_some_and(|t| !t.spaced);
    let (host, tld) = (text.word(at), text.word(at + 2));
    lists().shorteners.contains(&host)
        && text.word(at + 1) == "."
        && glued(at + 1)
        && glued(at + 2)
        && lists().short_tlds.contains(&tld)
        && (host.len() > 2
            || matches!(
                (host, tld),
                ("is", "gd") | ("ow", "ly") | ("rb", "gy") | ("vk", "cc") | ("u", "to") | ("v", "gd")
            ))
        && text.word(at + 3) == "/"
        || host == "t" && tld == "co" && text.word(at + 3) == "/"
}

/// Finds noise; personal data in a text is a reason not to call it noise.
pub(crate) fn find(text: &Text<'_>, personal: &[pii::Found], findings: &mut Vec<Finding>) {
    if !personal.is_empty() {
        return;
    }
    let tokens = text.tokens();
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let span = first.span.to(last.span);
    let mut noise = |rule, reason, score| {
        findings.push(Finding {
            category: Category::Spam,
            grade: Grade::Noise,
            score,
            span,
            rule,
            reason,
            obfuscated: false,
            aimed: false,
            placeholder: None,
        });
    };
    // Words that are no part of a link.
    let mut words = 0u32;
    let mut mash = 0u32;
    let mut short = false;
    let mut link = false;
    let mut longest_repeat = 0u32;
    let mut repeat = 0u32;
    let mut before = "";
    let mut distinct: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Punctuation {
            continue;
        }
        let dotted = tokens.get(at + 1).is_some_and(|t| !t.spaced && t.kind == Kind::Punctuation);
        let part = at > 0 && !token.spaced && matches!(text.word(at - 1), "." | "/" | ":" | "=" | "?" | "-" | "_");
        let host =
            text.word(at + 1) == "." && tokens.get(at + 2).is_some_and(|t| !t.spaced) && pii::is_tld(text.word(at + 2));
        let scheme = matches!(text.word(at), "http" | "https" | "www");
        link |= host || scheme;
        short |= dotted && short_link(text, at);
        if token.kind != Kind::Word || part || host || scheme {
            continue;
        }
        let word = text.base(token);
        words += 1;
        repeat = if word == before { repeat + 1 } else { 1 };
        longest_repeat = longest_repeat.max(repeat);
        before = word;
        // A long text is no noise by its share of kinds; only repeats are looked for in it.
        if words > 400 {
            continue;
        }
        if distinct.len() < 40 && !distinct.contains(&word) {
            distinct.push(word);
        }
        let ours = matches!(token.script, Script::Latin | Script::Cyrillic);
        // Only short texts and those of mash alone matter, so that a long text is not read letter by letter.
        if ours && (words <= 40 || mash * 3 >= words) && is_mash(word) {
            mash += 1;
        }
    }
    if mash >= 1 && mash * 5 >= words * 3 {
        noise("spam.mash", "Keys hit at random.", 850);
    }
    let kinds = distinct.len() as u32;
    let one_long = distinct.iter().any(|w| is_repetition(w));
    if longest_repeat >= 8
        || (words >= 12 && kinds * 4 <= words && kinds < 40 && words < 400)
        || (words >= 5 && kinds <= 2 && one_long)
    {
        noise("spam.flood", "The same over and over.", 800);
    }
    if short && words <= 4 {
        noise("spam.short_link", "A short link without a reason.", 850);
    } else if link && words == 0 {
        noise("spam.bare_link", "A link without a word.", 600);
    }
}

/// `hahahahahahahahahahaha`: one or two letters, twelve times and more.
fn is_repetition(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    letters.len() >= 24 && (1..=3).any(|n| letters.iter().skip(n).zip(&letters).all(|(a, b)| a == b))
}
