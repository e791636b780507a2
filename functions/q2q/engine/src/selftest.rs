//! Every entry proves its example; every subtag is a term of the taxonomy.

use text::{Language, Text};

use crate::{
    clauses,
    rules::{Rule, Rules, SCORED},
    taxonomy,
};

#[test]
fn every_entry_matches_its_examples_and_no_counter_example() {
    let mut wrong = Vec::new();
    for language in SCORED {
        let rules = Rules::load(language).unwrap_or_else(|error| panic!("{error}"));
        for (number, entry) in rules.lexicon.entries().iter().enumerate() {
            let hit = |example: &str| {
                let text = Text::with_hint(example, Some(language));
                let words = clauses::words(&text, language, |_| true);
                rules.lexicon.find(&words).iter().any(|hit| hit.entry as usize == number)
            };
            wrong.extend(
                entry.examples.iter().filter(|one| !hit(one)).map(|one| entry.error(format!("no match: {one}"))),
            );
            wrong.extend(
                entry.counter_examples.iter().filter(|one| hit(one)).map(|one| entry.error(format!("match: {one}"))),
            );
        }
    }
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{} wrong:\n{}", told.len(), told.join("\n"));
}

#[test]
fn every_subtag_is_in_the_taxonomy_and_every_signal_has_a_rule() {
    let all = taxonomy();
    for language in SCORED {
        let rules = Rules::load(language).unwrap_or_else(|error| panic!("{error}"));
        let mut used: Vec<&str> = Vec::new();
        for rule in &rules.rules {
            if let Rule::Cue(cue) = rule {
                used.extend(&cue.tags);
            }
        }
        for tag in &used {
            assert!(all.has_subtag(tag), "{}: {tag}", language.code());
        }
        for term in all.signals.iter().chain(&all.risk_cues) {
            assert!(used.contains(&term.id.as_str()), "{}: no rule gives {}", language.code(), term.id);
        }
    }
}

#[test]
fn the_three_languages_are_scored_and_russian_is_not() {
    assert_eq!(SCORED, [Language::English, Language::Bokmal, Language::Ukrainian]);
    assert!(crate::rules::files(Language::Russian).is_empty());
}
