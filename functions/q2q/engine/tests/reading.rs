//! What the engine promises for any text, and what it says about a handful.

use std::{fmt::Write as _, sync::LazyLock};

use proptest::prelude::*;
use q2q_engine::{Dimension, Engine, Input, Language, NotRead, Polarity, Reading, Role, Source};

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

fn read(text: &str, role: Role) -> Reading {
    ENGINE.read(Input { text, source: Source::BuddyCheckin, role, language: None })
}

fn polarity(text: &str, role: Role, dimension: Dimension) -> Option<Polarity> {
    read(text, role).outcomes.iter().find(|one| one.dimension == dimension).map(|one| one.polarity)
}

/// Everything of a reading in a fixed form, with the words of each span.
fn told(text: &str, reading: &Reading) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = format!("{text}\n  {:?} {:?}\n", reading.language, reading.not_read);
    for one in &reading.outcomes {
        let _ = writeln!(
            out,
            "  {:?} {:?} {} {:?} mixed={} {}",
            one.dimension,
            one.polarity,
            one.score,
            one.confidence,
            one.mixed,
            one.subtags.join(",")
        );
        for piece in &one.evidence {
            let quote: String = chars[piece.span.start as usize..piece.span.end as usize].iter().collect();
            let _ = writeln!(
                out,
                "    {}..{} {quote:?} {} {} {:?}",
                piece.span.start, piece.span.end, piece.cue, piece.rule, piece.polarity
            );
        }
    }
    out
}

fn check(text: &str, reading: &Reading) {
    let chars = text.chars().count() as u32;
    let mut before = None;
    for one in &reading.outcomes {
        assert!(before < Some(one.dimension), "one outcome a dimension, in order");
        before = Some(one.dimension);
        assert!(!one.evidence.is_empty(), "no evidence, no score");
        assert!(one.score <= 1000);
        assert_eq!(one.score >= 500, one.polarity == Polarity::Plus);
        assert!(one.subtags.is_sorted() && one.evidence.is_sorted_by_key(|piece| piece.span));
        for piece in &one.evidence {
            assert!(piece.span.start < piece.span.end && piece.span.end <= chars, "{:?} of {chars}", piece.span);
        }
    }
    if reading.not_read.is_some() {
        assert!(reading.outcomes.is_empty());
    }
}

const TEXTS: [(&str, Role); 9] = [
    ("I dared to call the landlord myself, but nobody talks to me at lunch.", Role::Learner),
    ("She used to cry every night. Now she sleeps well and laughs again.", Role::Volunteer),
    ("My cousin found a job as a driver, he is very proud.", Role::Learner),
    ("We talked about loneliness and how to write a CV.", Role::Learner),
    ("Jeg tør ikke ringe noen, for jeg er sikker på at jeg bare roter det til.", Role::Learner),
    ("Hun har fått fast jobb som renholder og sover godt igjen.", Role::Volunteer),
    ("Почуваюся зайвою і самотньою, ні з ким поговорити, ночами плачу.", Role::Learner),
    ("Я вже не соромлюся говорити англійською і сама замовила столик по телефону.", Role::Learner),
    ("Я очень одинока и не могу найти работу.", Role::Learner),
];

#[test]
fn a_handful_of_texts_reads_as_before() {
    let all: String = TEXTS.iter().map(|(text, role)| told(text, &read(text, *role))).collect();
    insta::assert_snapshot!(all);
}

#[test]
fn two_engines_say_the_same_bytes() {
    let other = Engine::new();
    assert_eq!(ENGINE.version(), other.version());
    for (text, role) in TEXTS {
        let input = Input { text, source: Source::Other, role, language: None };
        assert_eq!(told(text, &ENGINE.read(input)), told(text, &other.read(input)));
    }
}

#[test]
fn russian_nynorsk_and_other_languages_are_not_read() {
    for text in [
        "Я очень одинока и не могу найти работу.",
        "Eg er så einsam her, og ikkje ein einaste nabo har snakka med meg.",
        "Eg torer ikkje å ringe, for eg veit ikkje kva eg skal seie.",
        "Ich habe hier keine Freunde und bin sehr einsam.",
        "Nie mam tu przyjaciół i jestem bardzo samotna.",
        "أنا وحيد جدا هنا",
    ] {
        let reading = read(text, Role::Learner);
        assert_eq!(reading.not_read, Some(NotRead::Language), "{text}");
        assert!(reading.outcomes.is_empty());
    }
    for text in ["", "  \n", "... !!! 😀", "12 34"] {
        assert_eq!(read(text, Role::Learner).not_read, Some(NotRead::Empty), "{text:?}");
    }
}

#[test]
fn the_writer_decides_whose_outcome_it_is() {
    let text = "She feels lonely and cries at night.";
    assert_eq!(polarity(text, Role::Volunteer, Dimension::Belonging), Some(Polarity::Minus));
    assert_eq!(polarity(text, Role::Learner, Dimension::Belonging), None);
    let text = "My husband is very lonely.";
    for role in [Role::Learner, Role::Volunteer] {
        assert_eq!(polarity(text, role, Dimension::Belonging), None);
    }
}

#[test]
fn a_negation_turns_a_state_and_a_wish_is_no_state() {
    let said = |text| polarity(text, Role::Learner, Dimension::Confidence);
    assert_eq!(said("I feel confident."), Some(Polarity::Plus));
    assert_eq!(said("I don't feel confident."), Some(Polarity::Minus));
    assert_eq!(said("I am no longer afraid to speak."), Some(Polarity::Plus));
    assert_eq!(said("I hope to become more confident."), None);
    assert_eq!(said("We talked about confidence."), None);
}

#[test]
fn what_comes_after_but_outweighs_what_comes_before() {
    let said = |text| polarity(text, Role::Learner, Dimension::WellBeing);
    assert_eq!(said("I was happy on Monday, but now I am exhausted and sad."), Some(Polarity::Minus));
    assert_eq!(said("I was exhausted and sad, but now I sleep well and feel calm."), Some(Polarity::Plus));
}

#[test]
fn the_languages_have_several_hundred_rules() {
    for language in [Language::English, Language::Bokmal, Language::Ukrainian] {
        assert!(ENGINE.rules(language) > 200, "{language:?}: {}", ENGINE.rules(language));
    }
    assert_eq!(ENGINE.rules(Language::Russian), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_unicode_is_read_without_panic_and_with_valid_spans(text in "\\PC{0,200}", volunteer in any::<bool>()) {
        let role = if volunteer { Role::Volunteer } else { Role::Learner };
        let reading = read(&text, role);
        check(&text, &reading);
        prop_assert_eq!(told(&text, &reading), told(&text, &read(&text, role)));
    }

    #[test]
    fn pieces_of_sentences_in_any_order_are_read(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "I", "не", "ikke", "lonely", "самотня", "ensom", ",", ".", "but", "але", "men", "dared to call", "🙂", "\u{301}",
            "без перекладача", "uten tolk", "without an interpreter", "\n", "…", "—", "my", "CV", "не вірю, що зможу", "’", "now",
        ]), 0..40),
        role in prop::sample::select(vec![Role::Learner, Role::Volunteer]),
    ) {
        let text = pieces.join(" ");
        check(&text, &read(&text, role));
    }
}

#[test]
fn every_outcome_of_the_labelled_texts_has_evidence_of_its_polarity_at_places_that_are_there() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/eval/learn/q2q.jsonl");
    let lines = std::fs::read_to_string(file).unwrap();
    let mut outcomes = 0;
    for line in lines.lines().step_by(3) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = row["text"].as_str().unwrap();
        for outcome in read(text, Role::Learner).outcomes {
            outcomes += 1;
            let chars = text.chars().count() as u32;
            assert!(outcome.evidence.iter().any(|one| one.polarity == outcome.polarity), "{text}");
            assert!(
                outcome.evidence.iter().all(|one| one.span.start < one.span.end && one.span.end <= chars),
                "{text}"
            );
            assert_eq!(outcome.mixed, outcome.evidence.iter().any(|one| one.polarity != outcome.polarity), "{text}");
            assert_eq!(outcome.score >= 500, outcome.polarity == Polarity::Plus, "{text}");
        }
    }
    assert!(outcomes > 500, "{outcomes}");
}
