//! Tests of the sentences: every code in every language, nothing left open, no language in another.

use proptest::prelude::*;

use super::*;
use crate::intake::not_csv::NotCsv;

/// What stands beside a code in stored rows: everything, the column alone (rows of before), nothing.
fn rejections(code: Code) -> Vec<Rejection> {
    let hints = [
        None,
        Some("1–480"),
        Some("12, 11"),
        Some("buddy/matches"),
        Some("kintell/sessions/, kintell/users/"),
        Some("short_year"),
        Some("fraction"),
        Some("twice"),
        Some("digits"),
        Some("thousands"),
        Some("status"),
        Some("zone"),
        Some("day_first"),
        Some("month_first"),
        Some("comma"),
        Some("whole"),
        Some("several"),
        Some("character"),
        Some("length"),
        Some("domain"),
        Some("id"),
        Some("duplicate_key"),
        Some("header"),
        Some("2 GB"),
        Some("5 000 000"),
        Some("lines"),
        Some("columns"),
        Some("internal"),
    ];
    let mut found = Vec::new();
    for hint in hints.into_iter().chain(KINDS.iter().map(|kind| Some(kind.token()))) {
        for (column, value) in [(Some("rating"), Some("6")), (Some("rating"), None), (None, None)] {
            let (column, value, hint) = (column.map(str::to_owned), value.map(str::to_owned), hint.map(str::to_owned));
            found.push(Rejection { code, column, reason: String::new(), value, hint });
        }
    }
    found
}

const KINDS: [NotCsv; 12] = [
    NotCsv::Empty,
    NotCsv::OnlyBlank,
    NotCsv::Workbook,
    NotCsv::Zip,
    NotCsv::OldWorkbook,
    NotCsv::Gzip,
    NotCsv::Pdf,
    NotCsv::Html,
    NotCsv::Xml,
    NotCsv::Json,
    NotCsv::Picture,
    NotCsv::Noise,
];

const ANSWERS: [&str; 11] = [
    "brake",
    "dry_run",
    "moved",
    "changed_elsewhere",
    "stale_revision",
    "object_gone",
    "too_many_rejections",
    "time_limit",
    "database_unavailable",
    "contract_violation",
    "a code of tomorrow",
];

const NAMES: [&str; 20] = [
    "records",
    "new",
    "changed",
    "unchanged",
    "duplicate",
    "blank",
    "rejected",
    "suppressed",
    "restored",
    "removed",
    "kept_later_edit",
    "loaded",
    "refused",
    "planned",
    "failed",
    "undone",
    "waiting_upload",
    "queued",
    "running",
    "done",
];

/// Words that are the same in every language, or that we filled in.
const COMMON: [&str; 24] = [
    "CSV", "UTF", "Excel", "JSON", "PDF", "UUID", "NUL", "XML", "UTC", "xlsx", "xls", "https", "name", "example",
    "org", "zip", "gzip", "rating", "buddy", "matches", "kintell", "sessions", "users", "id",
];

fn is_proper(lang: Lang, text: &str) {
    assert!(text.chars().count() > 20, "{lang:?} {text:?}");
    assert!(text.ends_with('.') && !text.contains(['{', '}', '[', ']']), "{lang:?} {text:?}");
    assert!(
        !text.contains("  ")
            && !text.contains(" ;")
            && !text.replace(" .xlsx", "").contains(" .")
            && !text.contains("()"),
        "{text:?}"
    );
    assert!(!text.starts_with(char::is_lowercase) || text.starts_with("rating"), "{lang:?} {text:?}");
    let words = || text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty() && !COMMON.contains(word));
    match lang {
        Lang::En => assert!(text.is_ascii() || words().all(|word| word.is_ascii()), "{text:?}"),
        Lang::Nb => {
            let english = ["the", "is", "and", "of", "this", "it", "not", "file", "drop", "with", "value", "column"];
            assert!(!words().any(|word| english.contains(&word.to_lowercase().as_str())), "{text:?}");
        }
        Lang::Uk => {
            let foreign: Vec<&str> = words().filter(|word| word.is_ascii()).collect();
            // Tokens that are no hint of this code stand in the sentence as they came.
            let tokens = [
                "short",
                "year",
                "fraction",
                "twice",
                "digits",
                "thousands",
                "status",
                "zone",
                "day",
                "first",
                "month",
                "comma",
                "whole",
                "several",
                "character",
            ];
            let more = [
                "length",
                "domain",
                "duplicate",
                "key",
                "header",
                "GB",
                "lines",
                "columns",
                "internal",
                "empty",
                "blank",
            ];
            let last = ["workbook", "pdf", "html", "xml", "json", "picture", "noise"];
            let known = |word: &&&str| ![&tokens[..], &more, &last].iter().any(|list| list.contains(*word));
            assert_eq!(foreign.iter().filter(known).count(), 0, "{text:?} {foreign:?}");
        }
    }
}

#[test]
fn every_code_has_a_sentence_in_every_language_with_and_without_details() {
    for &code in Code::ALL {
        for rejection in rejections(code) {
            let hint = rejection.hint.as_deref();
            let texts: Vec<String> = Lang::ALL.iter().map(|&lang| sentence(lang, &rejection)).collect();
            for (&lang, text) in Lang::ALL.iter().zip(&texts) {
                is_proper(lang, text);
                is_proper(lang, &answer(lang, code.as_str(), hint));
                is_proper(lang, &warning(lang, code, hint));
            }
            assert!(texts[0] != texts[1] && texts[1] != texts[2], "{code}");
        }
    }
}

#[test]
fn every_other_answer_and_label_is_said_in_every_language() {
    for code in ANSWERS {
        let texts: Vec<String> = Lang::ALL.iter().map(|&lang| answer(lang, code, None)).collect();
        Lang::ALL.iter().zip(&texts).for_each(|(&lang, text)| is_proper(lang, text));
        assert!(texts[0] != texts[1] && texts[1] != texts[2], "{code}");
    }
    for name in NAMES {
        let labels: Vec<_> = Lang::ALL.iter().map(|&lang| label(lang, name)).collect();
        assert!(labels[0] != labels[1] && labels[1] != labels[2], "{name}");
        assert!(labels[2].chars().all(|c| !c.is_ascii_alphabetic()), "{name} {labels:?}");
        assert!(labels.iter().all(|label| label.starts_with(char::is_uppercase)), "{labels:?}");
    }
    assert_eq!(label(Lang::Nb, "something new"), "something new");
}

#[test]
fn what_a_cell_says_is_in_its_sentence() {
    let level = crate::intake::column::Column::cefr("language_level");
    let now = "2026-05-04T08:00:00Z".parse().unwrap();
    let rejection = crate::intake::cell::read(&level, "B7", &Default::default(), now).unwrap_err();
    let say = |lang| sentence(lang, &rejection);
    assert_eq!(say(Lang::En), "language_level \"x7\" is none of: A1, A2, B1, B2, C1, C2; write one of them.");
    assert_eq!(
        say(Lang::Nb),
        "language_level «x7» er ikke et av de tillatte ordene: A1, A2, B1, B2, C1, C2; skriv et av dem."
    );
    assert_eq!(
        say(Lang::Uk),
        "language_level «x7»: такого слова немає серед дозволених: A1, A2, B1, B2, C1, C2; напишіть одне з них."
    );
}

#[test]
fn a_rejection_stored_without_value_and_hint_still_makes_a_sentence() {
    let old = Rejection::record(Code::OutOfRange, "rating \"6\" is not between 1 and 5; correct it.").at("rating");
    assert_eq!(sentence(Lang::En, &old), old.reason);
    assert_eq!(sentence(Lang::Nb, &old), "Verdien i rating er utenfor det som er tillatt; rett verdien.");
    assert_eq!(sentence(Lang::Uk, &old), "Значення в стовпці rating: поза дозволеними межами; виправте значення.");
}

#[test]
fn the_language_is_the_one_that_is_wanted_most_of_those_we_have() {
    for (header, lang) in [
        ("", Lang::En),
        ("nb-NO,nb;q=0.9,en;q=0.8", Lang::Nb),
        ("no", Lang::Nb),
        ("nn-NO, en;q=0.5", Lang::Nb),
        ("uk-UA,uk;q=0.9,ru;q=0.8", Lang::Uk),
        ("UK", Lang::Uk),
        ("de, fr;q=0.9", Lang::En),
        ("de, uk;q=0.3, en;q=0.2", Lang::Uk),
        ("en;q=0.2, nb;q=0.7", Lang::Nb),
        ("en;q=0, nb;q=0", Lang::En),
        ("nb;q=x", Lang::En),
        ("*", Lang::En),
        ("en, nb", Lang::En),
        ("nb ; q=1.0 , uk", Lang::Nb),
    ] {
        assert_eq!(Lang::from_accept_language(header), lang, "{header:?}");
    }
}

#[test]
fn lines_and_counts_are_said() {
    assert_eq!(lines(Lang::En, 5, 5), "line 5");
    assert_eq!(lines(Lang::Uk, 5, 9), "рядки 5–9");
    assert_eq!(how_often(Lang::Nb, 12, 5), "rader: 12, den første på linje 5");
}

proptest! {
    #[test]
    fn no_text_breaks_a_sentence(
        at in any::<prop::sample::Index>(), column in any::<Option<String>>(), value in any::<Option<String>>(),
        hint in any::<Option<String>>(), header in any::<String>(),
    ) {
        let rejection = Rejection { code: *at.get(Code::ALL), column, reason: String::new(), value, hint };
        for lang in Lang::ALL {
            let text = sentence(lang, &rejection);
            prop_assert!(text.ends_with('.'), "{}", text);
        }
        Lang::from_accept_language(&header);
    }
}
