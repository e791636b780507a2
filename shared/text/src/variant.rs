//! What a disguised word may stand for: digits and signs for letters, letters of another script, letters repeated.
//!
//! Only a token that looks disguised has variants, so that ordinary Ukrainian or Norwegian words are not touched.

use crate::Script;

/// Variants of one token; more would make a text of disguises slow.
const MOST: usize = 8;

/// Letters that look alike in Latin and Cyrillic (lower case, as folded).
const ALIKE: &str = "aа bь bв cс dԁ eе hн hһ iі jј kк mм nп oо pр qԛ rг sѕ tт uи wԝ xх yу yү 3з 6б ïї";

/// Greek letters and other look-alikes, as Latin.
const GREEK: &str = "αa βb εe ηn ιi κk μu νv οo ρp σo τt υu χx ωw γy ςs ɑa ıi ɡg ոn օo սu";

/// The pairs of a table of look-alikes.
fn pairs(table: &'static str) -> impl Iterator<Item = (char, char)> {
    table.split(' ').filter_map(|pair| {
        let mut chars = pair.chars();
        Some((chars.next()?, chars.next()?))
    })
}

fn latin(c: char) -> Option<char> {
    if c.is_ascii_alphanumeric() || c == '\'' {
        return Some(c);
    }
    pairs(ALIKE).find(|(_, y)| *y == c).map(|(l, _)| l).or_else(|| pairs(GREEK).find(|(g, _)| *g == c).map(|(_, l)| l))
}

fn cyrillic(c: char) -> Option<char> {
    if ('а'..='я').contains(&c) || "іїєґ'".contains(c) {
        return Some(c);
    }
    pairs(ALIKE).find(|(l, _)| *l == c).map(|(_, y)| y)
}

/// The letters a digit or sign may stand for; the second where there are two habits.
fn leet(c: char) -> Option<(char, Option<char>)> {
    Some(match c {
        '0' => ('o', None),
        '1' | '|' => ('i', Some('l')),
        '!' => ('i', None),
        '2' => ('z', None),
        '3' | '€' => ('e', None),
        '4' | '@' => ('a', None),
        '5' | '$' => ('s', None),
        '6' => ('g', Some('b')),
        '7' | '+' => ('t', None),
        '8' => ('b', None),
        '9' => ('g', None),
        _ => return None,
    })
}

/// Digits in a Cyrillic word.
fn leet_cyrillic(c: char) -> Option<char> {
    Some(match c {
        '0' => 'о',
        '1' | '!' | '|' => 'і',
        '3' => 'з',
        '4' => 'ч',
        '6' => 'б',
        '@' => 'а',
        _ => return None,
    })
}

fn add(out: &mut Vec<String>, of: &str, candidate: String) {
    if out.len() < MOST && candidate != of && !candidate.is_empty() && !out.contains(&candidate) {
        out.push(candidate);
    }
}

/// Letters that stand three times or more, as `keep` of them.
fn squeezed(word: &str, keep: usize) -> String {
    let chars: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len());
    let mut at = 0;
    while at < chars.len() {
        let same = chars[at..].iter().take_while(|c| **c == chars[at]).count();
        for _ in 0..if same >= 3 { keep } else { same } {
            out.push(chars[at]);
        }
        at += same;
    }
    out
}

/// Whether a folded word is worth looking behind: cheap, since it runs on every word.
pub(crate) fn suspicious(word: &str, script: Script) -> bool {
    if script == Script::Mixed {
        return true;
    }
    let bytes = word.as_bytes();
    if bytes.len() < 3 {
        return false;
    }
    let mut letters = 0;
    let mut signs = false;
    let mut run = 1;
    let mut tripled = false;
    let mut before = 0u16;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let unit = if byte < 0x80 {
            at += 1;
            u16::from(byte)
        } else {
            // Two bytes are enough to tell a letter of ours from its neighbour.
            let second = bytes.get(at + 1).copied().unwrap_or(0);
            at += 2;
            u16::from(byte) << 8 | u16::from(second)
        };
        if unit < 0x80 && !byte.is_ascii_alphabetic() {
            signs |= byte != b'\'';
        } else {
            letters += 1;
        }
        run = if unit == before { run + 1 } else { 1 };
        tripled |= run >= 3;
        before = unit;
    }
    (signs && letters >= 1) || (tripled && letters >= 3)
}

/// What a suspicious word may stand for.
pub(crate) fn variants(word: &str, script: Script) -> Vec<String> {
    let mut out = Vec::new();
    if word.len() > 120 {
        return out;
    }
    if script == Script::Mixed {
        if let Some(whole) =
            word.chars().map(|c| latin(c).or(Some(c).filter(|c| leet(*c).is_some()))).collect::<Option<String>>()
        {
            add(&mut out, word, whole);
        }
        if let Some(whole) = word.chars().map(cyrillic).collect::<Option<String>>() {
            add(&mut out, word, whole);
        }
        if out.is_empty() {
            // Letters of neither table stay as they are.
            add(&mut out, word, word.chars().map(|c| latin(c).unwrap_or(c)).collect());
        }
    }
    for source in [&[word.to_owned()], out.clone().as_slice()].concat() {
        if source.chars().any(|c| leet(c).is_some()) && source.chars().any(char::is_alphabetic) {
            if source.chars().any(|c| matches!(c, 'а'..='я' | 'і' | 'ї' | 'є' | 'ґ')) {
                add(&mut out, word, source.chars().map(|c| leet_cyrillic(c).unwrap_or(c)).collect());
            } else {
                let first = |c: char| leet(c).map_or(c, |(l, _)| l);
                let second = |c: char| leet(c).map_or(c, |(l, other)| other.unwrap_or(l));
                add(&mut out, word, source.chars().map(first).collect());
                add(&mut out, word, source.chars().map(second).collect());
                // A sign at the end is more often punctuation than a letter.
                let trimmed = source.trim_matches(|c: char| !c.is_alphanumeric());
                add(&mut out, word, trimmed.chars().map(first).collect());
            }
        }
    }
    for source in [&[word.to_owned()], out.clone().as_slice()].concat() {
        let twice = squeezed(&source, 2);
        if twice != source {
            add(&mut out, word, squeezed(&source, 1));
            add(&mut out, word, twice);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str, script: Script) -> Vec<String> {
        assert!(suspicious(word, script), "{word}");
        variants(word, script)
    }

    #[test]
    fn digits_signs_scripts_and_repeats_are_seen_through() {
        assert!(of("st4b", Script::Latin).contains(&"stab".to_owned()));
        assert!(of("k1ll", Script::Latin).contains(&"kill".to_owned()));
        assert!(of("a$$hole", Script::Latin).contains(&"asshole".to_owned()));
        assert!(of("id1от", Script::Mixed).contains(&"idiot".to_owned()));
        assert!(of("тупiй", Script::Mixed).contains(&"тупій".to_owned()));
        assert!(of("stuuupid", Script::Latin).contains(&"stupid".to_owned()));
        assert!(of("kiiill", Script::Latin).contains(&"kill".to_owned()));
    }

    #[test]
    fn ordinary_words_of_our_languages_are_not_suspicious() {
        for word in ["п'ять", "з'їзд", "blåbær", "довге", "don't", "programmere"] {
            assert!(!suspicious(word, Script::Latin), "{word}");
        }
    }
}
