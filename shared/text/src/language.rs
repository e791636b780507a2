//! Which of our languages a sentence is in, and whether it is in one of them at all.
//!
//! Common words decide, and letters that only one language has. A sentence in which few words are known is judged by
//! letter statistics (whatlang) over all its languages. What is not covered goes to a person, so the floor is low
//! enough for short notes with names and errors.

use std::{collections::HashMap, hash::BuildHasherDefault, sync::OnceLock};

use crate::{Kind, Language, Script, Text, Token};

/// How much of a sentence is covered, and in which language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Its language; for a sentence without words, and where nothing tells, that of its neighbours.
    pub language: Option<Language>,
    /// The share of its words that are known, in hundredths.
    pub share: u8,
    /// Whether it is in a language or script the engines do not read.
    pub foreign: bool,
}

const EN: u8 = 1;
const NB: u8 = 2;
const UK: u8 = 4;
const RU: u8 = 8;
/// Another language in Latin letters, ours written in Latin letters among them.
const OTHER_LATIN: u8 = 16;
/// Another language in Cyrillic letters.
const OTHER_CYRILLIC: u8 = 32;
/// Danish and Swedish words count only where Norwegian has them not; they are kept apart.
const NORDIC: u8 = 64;

/// FNV-1a: short keys, no attacker behind them (the table is fixed).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut hash = if self.0 == 0 { 0xcbf2_9ce4_8422_2325 } else { self.0 };
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.0 = hash;
    }
}

type Words = HashMap<&'static str, u8, BuildHasherDefault<Fnv>>;

const DATA: &str = include_str!("../data/words.txt");

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words = Words::default();
        for line in DATA.lines() {
            let Some((language, list)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
            let bit = match language {
                "en" => EN,
                "nb" => NB,
                "uk" => UK,
                "ru" => RU,
                "be" | "bg" | "sr" => OTHER_CYRILLIC,
                "sv" | "da" => NORDIC,
                _ => OTHER_LATIN,
            };
            for word in list.split_whitespace() {
                *words.entry(word).or_default() |= bit;
            }
        }
        words
    })
}

/// Whether a word is among the common ones of a covered language.
pub(crate) fn is_common(word: &str) -> bool {
    words().get(word).is_some_and(|mask| mask & (EN | NB | UK | RU) != 0)
}

/// Whether a word is Norwegian and not English.
pub(crate) fn is_bokmal_alone(word: &str) -> bool {
    words().get(word).is_some_and(|mask| mask & (EN | NB) == NB) || word.contains(['æ', 'ø', 'å'])
}

/// What the words of a sentence say.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    latin: u32,
    cyrillic: u32,
    other_script: u32,
    english: u32,
    bokmal: u32,
    /// Words that only English or only Norwegian has, of the two.
    english_only: u32,
    bokmal_only: u32,
    known_latin: u32,
    foreign_latin: u32,
    nordic: u32,
    foreign_letters: u32,
    ukrainian: u32,
    russian: u32,
    known_cyrillic: u32,
    foreign_cyrillic: u32,
    ukrainian_letters: u32,
    russian_letters: u32,
    foreign_cyrillic_letters: u32,
}

fn count(text: &Text<'_>, tokens: &[Token], first: bool) -> Tally {
    let words = words();
    let mut tally = Tally::default();
    let mut initial = first;
    // Parts of addresses and links are no words: what follows a dot without a space, to the next space.
    let mut link = false;
    for token in tokens {
        if token.spaced {
            link = false;
        }
        if token.kind != Kind::Word {
            link |= !token.spaced && matches!(text.base(token), "." | "@" | "/");
            continue;
        }
        let glued = link && !token.spaced;
        let base = text.base(token);
        let chars = token.span.end - token.span.start;
        let name = token.capital && !initial && !token.shouted;
        initial = false;
        if glued || token.disguised {
            continue;
        }
        match token.script {
            Script::Latin => {
                let mask = words.get(base).copied().unwrap_or(0);
                if mask & (EN | NB) == 0 && name {
                    continue;
                }
                tally.latin += 1;
                tally.english += u32::from(mask & EN != 0);
                tally.bokmal += u32::from(mask & NB != 0);
                tally.english_only += u32::from(mask & (EN | NB) == EN);
                tally.bokmal_only += u32::from(mask & (EN | NB) == NB);
                tally.known_latin += u32::from(mask & (EN | NB) != 0);
                tally.foreign_latin += u32::from(mask & OTHER_LATIN != 0 && mask & (EN | NB) == 0);
                tally.nordic += u32::from(mask & NORDIC != 0 && mask & (EN | NB) == 0);
                if mask == 0 && base.len() > chars as usize {
                    let norwegian = base.contains(['æ', 'ø', 'å']);
                    tally.bokmal_only += u32::from(norwegian);
                    tally.foreign_letters += u32::from(!norwegian && base.chars().any(foreign_letter));
                }
            }
            Script::Cyrillic => {
                tally.cyrillic += 1;
                let mask = words.get(base).copied().unwrap_or(0);
                tally.ukrainian += u32::from(mask & UK != 0);
                tally.russian += u32::from(mask & RU != 0);
                tally.known_cyrillic += u32::from(mask & (UK | RU) != 0);
                tally.foreign_cyrillic += u32::from(mask & OTHER_CYRILLIC != 0 && mask & (UK | RU) == 0);
                let (mut uk, mut ru, mut other, mut hard) = (false, false, false, false);
                for c in base.chars() {
                    // Russian has the hard sign before е, ю, я alone; Bulgarian as a vowel.
                    other |= hard && !matches!(c, 'е' | 'ю' | 'я');
                    hard = c == 'ъ';
                    match c {
                        'і' | 'ї' | 'є' | 'ґ' => uk = true,
                        'ы' | 'э' | 'ъ' => ru = true,
                        'а'..='я' | '\'' => {}
                        _ => other |= c.is_alphabetic(),
                    }
                }
                other |= hard;
                tally.ukrainian_letters += u32::from(uk);
                tally.russian_letters += u32::from(ru);
                tally.foreign_cyrillic_letters += u32::from(other);
            }
            Script::Other => {
                // Scripts without spaces have one token for many words.
                tally.other_script += 1 + chars / 6;
            }
            Script::Mixed | Script::None => {}
        }
    }
    tally
}

/// Letters that neither English nor Norwegian has (loan words such as café and idé aside).
fn foreign_letter(c: char) -> bool {
    !c.is_ascii() && c.is_alphabetic() && !matches!(c, 'æ' | 'ø' | 'å' | 'é' | 'è' | 'ê' | 'ô' | 'ò' | 'ó' | 'à')
}

/// Judges every sentence; gives the language of most of the text.
pub(crate) fn judge(text: &mut Text<'_>, hint: Option<Language>) -> Option<Language> {
    let mut weights = [0u32; 4];
    let mut pending = Vec::new();
    for at in 0..text.sentences().len() {
        let sentence = text.sentences()[at];
        let tokens = &text.tokens()[sentence.first as usize..sentence.end as usize];
        let tally = count(text, tokens, true);
        let mut coverage = coverage(&tally);
        if !coverage.foreign && undecided(&tally) {
            coverage.foreign = statistics(text, tokens, &tally);
        }
        if let Some(language) = coverage.language.filter(|_| !coverage.foreign) {
            weights[language as usize] += (tally.latin + tally.cyrillic).max(1);
        }
        if coverage.language.is_none() {
            pending.push(at);
        }
        text.set_coverage(at, coverage);
    }
    let best = (0..4).max_by_key(|i| (weights[*i], hint.is_some_and(|h| h as usize == *i), 4 - i));
    const ALL: [Language; 4] = [Language::English, Language::Bokmal, Language::Ukrainian, Language::Russian];
    let language = best.filter(|i| weights[*i] > 0).map(|i| ALL[i]);
    let any_foreign = text.sentences().iter().any(|s| s.coverage.foreign);
    let fallback = language.or(hint).or(if any_foreign { None } else { Some(Language::English) });
    for at in pending {
        let mut coverage = text.sentences()[at].coverage;
        coverage.language = fallback;
        text.set_coverage(at, coverage);
    }
    fallback.filter(|_| language.is_some() || !any_foreign)
}

fn coverage(tally: &Tally) -> Coverage {
    let words = tally.latin + tally.cyrillic + tally.other_script;
    if words == 0 {
        return Coverage { language: None, share: 100, foreign: false };
    }
    let known = tally.known_latin + tally.known_cyrillic;
    let share = (known * 100 / words).min(100) as u8;
    // Several words of a script nobody here reads, even beside a sentence that is read.
    let foreign_script = tally.other_script >= 3 || tally.other_script * 2 > words;
    let language = if tally.cyrillic > tally.latin { cyrillic(tally) } else { latin(tally) };
    let foreign = foreign_script || foreign_latin(tally) || foreign_cyrillic(tally);
    Coverage { language: if foreign { None } else { language }, share, foreign }
}

fn latin(tally: &Tally) -> Option<Language> {
    let key = |all: u32, only: u32| all + 2 * only;
    let english = key(tally.english, tally.english_only);
    let bokmal = key(tally.bokmal, tally.bokmal_only);
    match english.cmp(&bokmal) {
        _ if english + bokmal == 0 => None,
        std::cmp::Ordering::Greater => Some(Language::English),
        std::cmp::Ordering::Less => Some(Language::Bokmal),
        std::cmp::Ordering::Equal => None,
    }
}

fn cyrillic(tally: &Tally) -> Option<Language> {
    let ukrainian = tally.ukrainian + 2 * tally.ukrainian_letters;
    let russian = tally.russian + 2 * tally.russian_letters;
    match ukrainian.cmp(&russian) {
        std::cmp::Ordering::Less => Some(Language::Russian),
        std::cmp::Ordering::Greater => Some(Language::Ukrainian),
        std::cmp::Ordering::Equal => None,
    }
}

fn foreign_latin(tally: &Tally) -> bool {
    let known = tally.known_latin;
    // Letters count once more than words: a word with `ł` is no misspelt English.
    let foreign = tally.foreign_latin + tally.foreign_letters;
    let nordic = tally.nordic;
    (foreign >= 2 && foreign > known)
        || (foreign >= 3 && foreign * 2 >= known)
        || (foreign >= 1 && known == 0 && tally.latin >= 3)
        || (nordic + tally.foreign_letters >= 2 && (nordic + tally.foreign_letters) * 2 > tally.bokmal)
}

fn foreign_cyrillic(tally: &Tally) -> bool {
    let known = tally.known_cyrillic;
    let telling = tally.foreign_cyrillic_letters;
    (telling >= 1 && (telling * 5 >= tally.cyrillic || tally.foreign_cyrillic >= 1))
        || (tally.foreign_cyrillic >= 2 && tally.foreign_cyrillic >= known)
        || (tally.foreign_cyrillic >= 3 && tally.foreign_cyrillic * 2 >= known && tally.ukrainian_letters == 0)
}

/// Whether the words alone do not tell that the sentence is covered.
fn undecided(tally: &Tally) -> bool {
    (tally.latin >= 4 && tally.known_latin * 4 < tally.latin)
        || (tally.cyrillic >= 5 && tally.known_cyrillic == 0 && tally.ukrainian_letters + tally.russian_letters == 0)
}

/// Asks letter statistics about a sentence of few known words; true: it is in no language of ours.
fn statistics(text: &Text<'_>, tokens: &[Token], tally: &Tally) -> bool {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
    let raw = text.original().get(first.bytes.0 as usize..last.bytes.1 as usize).unwrap_or_default();
    // A very long sentence needs no more than its beginning.
    let raw = raw.char_indices().nth(600).map_or(raw, |(at, _)| &raw[..at]);
    let ours = whatlang::detect(raw).is_some_and(|info| {
        use whatlang::Lang::{Dan, Eng, Nob, Rus, Ukr};
        matches!(info.lang(), Eng | Nob | Rus | Ukr | Dan)
    });
    if ours {
        return false;
    }
    // Fewer than one known word in six, and letters of no language of ours.
    tally.known_latin * 6 <= tally.latin && tally.known_cyrillic == 0
}
