//! Words that streets are named with.

use crate::lists::lists;

pub(super) fn street_suffix(word: &str) -> bool {
    lists().street_suffixes.iter().any(|s| word.len() > s.len() + 2 && word.ends_with(s))
}

/// Streets also in lower case.
pub(super) fn is_plain_street(word: &str) -> bool {
    matches!(word, "street" | "road" | "rd" | "avenue" | "lane" | "crescent" | "boulevard" | "terrace" | "st" | "ave")
}

pub(super) fn is_no_name(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "a"
            | "from"
            | "minutes"
            | "min"
            | "km"
            | "meters"
            | "metres"
            | "hours"
            | "days"
            | "weeks"
            | "months"
            | "years"
            | "different"
            | "of"
            | "on"
            | "in"
            | "and"
            | "or"
            | "to"
            | "people"
            | "st"
            | "more"
            | "per"
            | "main"
    )
}

/// Common nouns that end as streets do.
pub(super) fn is_no_street(word: &str) -> bool {
    matches!(
        word,
        "hovedveien"
            | "skoleveien"
            | "omveien"
            | "underveien"
            | "arbeidsplassen"
            | "arbeidsplass"
            | "parkeringsplass"
            | "ventegaten"
            | "kurset"
            | "motorveien"
            | "snarveien"
            | "sykkelveien"
            | "praksisplass"
            | "barnehageplass"
            | "skoleplass"
            | "kursplass"
            | "praksisplassen"
            | "utveg"
            | "søknaden"
            | "valgt"
            | "fulgt"
            | "solgt"
            | "bygget"
    )
}

pub(super) fn is_title(word: &str) -> bool {
    matches!(
        word,
        "лет"
            | "років"
            | "річчя"
            | "імені"
            | "им"
            | "ім"
            | "имени"
            | "генерала"
            | "маршала"
            | "академіка"
            | "академика"
            | "героїв"
            | "героев"
            | "князя"
            | "княгині"
            | "святого"
            | "святої"
            | "гетьмана"
            | "отамана"
            | "проф"
            | "професора"
    )
}

pub(super) fn is_cyrillic_street(word: &str) -> bool {
    matches!(
        word,
        "вул"
            | "ул"
            | "просп"
            | "пр"
            | "бульв"
            | "бул"
            | "пров"
            | "пер"
            | "пл"
            | "наб"
            | "шосе"
            | "шоссе"
            | "узвіз"
    ) || matches!(word.as_bytes().first(), Some(0xd0 | 0xd1))
        && ["вулиц", "улиц", "проспект", "бульвар", "провул", "переул", "набережн", "площ", "майдан"]
            .iter()
            .any(|s| word.starts_with(s))
}

/// The first word of the name of a street that has two.
pub(super) fn is_street_part(word: &str) -> bool {
    matches!(word, "øvre" | "nedre" | "store" | "lille" | "søndre" | "nordre" | "gamle" | "vestre" | "østre")
}
