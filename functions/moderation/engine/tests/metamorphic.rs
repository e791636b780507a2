//! What must not change, or must change, when a text is changed in a known way.

use moderation_engine::{
    Analysis, Category, Context, Engine, Finding, Grade, Kind, Role, Span,
    policy::{Decision, Lane, Policy},
};
use proptest::prelude::*;

const CONTEXT: Context = Context { kind: Kind::Other, role: Role::Undeclared, language: None };

fn analyse(text: &str) -> Analysis {
    Engine::new().analyse(text, CONTEXT)
}

fn decision(text: &str) -> Decision {
    Policy::standard().decide(&analyse(text), Kind::Other).decision
}

fn has(text: &str, category: Category) -> bool {
    analyse(text).findings.iter().any(|f| f.category == category)
}

/// Texts that are not allowed, one for each category and language.
const HELD: &[&str] = &[
    "I hate all immigrants.",
    "Jeg hater alle innvandrere.",
    "Ненавиджу всіх мігрантів.",
    "Ненавижу всех мигрантов.",
    "I will kill you.",
    "Jeg skal drepe deg.",
    "Я тебе вб'ю.",
    "Я тебя убью.",
    "I want to die.",
    "Jeg vil ikke leve mer.",
    "Не хочу більше жити.",
    "Не хочу больше жить.",
    "You are an idiot.",
    "Du er en idiot.",
    "Ти ідіот.",
    "Ты идиот.",
    "Send me naked pictures.",
    "Send meg nakenbilder.",
    "Скинь фото без білизни.",
    "Скинь фото без белья.",
    "My husband beats me.",
    "Mannen min slår meg.",
    "Чоловік б'є мене.",
    "Муж бьет меня.",
];

#[test]
fn a_friendly_ending_clears_nothing() {
    for text in HELD {
        let before = decision(text);
        assert_ne!(before, Decision::Allow, "{text}");
        for ending in ["Thanks, see you Tuesday", "Takk, vi sees tirsdag", "Дякую, до вівторка", "Спасибо, до вторника"]
        {
            let longer = format!("{text} {ending}.");
            assert!(decision(&longer) >= before, "{longer}");
        }
    }
}

#[test]
fn a_friendly_beginning_clears_nothing() {
    for text in HELD {
        for beginning in ["The lesson was good.", "Timen var fin.", "Урок був добрий."] {
            let longer = format!("{beginning} {text}");
            assert!(decision(&longer) >= decision(text), "{longer}");
        }
    }
}

#[test]
fn a_negated_attack_is_none_and_a_negated_crisis_is_one() {
    for text in [
        "Muslims are not terrorists.",
        "Innvandrere er ikke parasitter.",
        "Мігранти не паразити.",
        "She is not an idiot.",
        "I will not hurt you.",
        "Nobody called me stupid.",
    ] {
        assert_eq!(decision(text), Decision::Allow, "{text}");
    }
    for text in
        ["I am not suicidal, but I want to sleep forever.", "Jeg er ikke suicidal, men jeg orker ikke leve mer."]
    {
        assert!(has(text, Category::SelfHarm), "{text}");
    }
}

#[test]
fn a_quoted_or_reported_attack_is_not_the_writers() {
    for text in [
        "A man shouted that foreigners are trash.",
        "The poster said \"muslims are rats\" and we talked about it.",
        "En mann ropte at innvandrere er avskum.",
        "Хтось кричав, що мігранти — покидьки.",
        "Прохожий кричал, что мигранты паразиты.",
        "In the film he whispers \"I will kill you\".",
    ] {
        assert_eq!(decision(text), Decision::Allow, "{text}");
    }
    for text in ["A man shouted that foreigners are trash, and he is right.", "\"Muslims are rats.\""] {
        assert_eq!(decision(text), Decision::Block, "{text}");
    }
}

#[test]
fn the_group_makes_no_difference() {
    let groups = [
        "Muslims",
        "Jews",
        "Ukrainians",
        "Russians",
        "Somalis",
        "Norwegians",
        "women",
        "men",
        "gay people",
        "disabled people",
        "Roma",
        "black people",
        "refugees",
        "Christians",
    ];
    for group in groups {
        for attack in ["{} are vermin.", "I hate {}.", "All {} should be shot.", "{} are worthless."] {
            assert_eq!(decision(&attack.replace("{}", group)), Decision::Block, "{group}: {attack}");
        }
        for friendly in ["{} are welcome here.", "I met {} at the course.", "{} are not vermin."] {
            assert_eq!(decision(&friendly.replace("{}", group)), Decision::Allow, "{group}: {friendly}");
        }
    }
}

#[test]
fn he_she_and_they_make_no_difference() {
    for subject in ["He", "She", "My mentor", "The teacher"] {
        assert_eq!(decision(&format!("{subject} is a stupid cow.")), Decision::Review, "{subject}");
    }
    for object in ["him", "her", "them", "my teacher"] {
        assert_eq!(decision(&format!("I will stab {object}.")), Decision::Block, "{object}");
    }
}

#[test]
fn a_disguise_is_seen_through_and_told() {
    for (text, expected) in [
        ("I will k1ll you.", Decision::Block),
        ("I will k i l l you.", Decision::Block),
        ("I will ki\u{200b}ll you.", Decision::Block),
        ("I will kiiiill you.", Decision::Block),
        ("I will kіll you.", Decision::Block),
        ("Ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ.", Decision::Block),
        ("You are an id1ot.", Decision::Review),
        ("You are an i.d.i.o.t.", Decision::Review),
        ("Du er en 1diot.", Decision::Review),
        ("Ти iдiот.", Decision::Review),
        ("I want to d1e", Decision::Review),
        ("Muslims are v3rmin", Decision::Block),
    ] {
        assert_eq!(decision(text), expected, "{text}");
    }
    assert!(analyse("I will k1ll you.").findings.iter().any(|f| f.obfuscated));
    assert!(!analyse("I will kill you.").findings.iter().any(|f| f.obfuscated));
}

#[test]
fn ordinary_ukrainian_and_norwegian_words_are_not_read_as_disguises() {
    for text in [
        "П'ять років тому я вперше побачила з'їзд і об'їзд.",
        "Ґанок, їжак, єнот і щастя.",
        "Blåbærsyltetøy, ørret og æresgjest.",
        "Faget slutter klokka seks, og fagprøven er i mai.",
    ] {
        assert!(analyse(text).findings.is_empty(), "{text}: {:?}", analyse(text).findings);
    }
}

#[test]
fn letters_of_an_address_are_gone_from_the_redacted_text_and_the_same_value_has_one_number() {
    let engine = Engine::new();
    let text = "Mail a.b@example.org or call +47 400 00 318, again a.b@example.org.";
    let redacted = engine.redact(text, &engine.analyse(text, CONTEXT).findings);
    assert_eq!(redacted, "Mail [EMAIL_1] or call [PHONE_1], again [EMAIL_1].");
}

#[test]
fn places_that_overlap_are_replaced_as_one_whatever_their_order() {
    let engine = Engine::new();
    let text = "Nora, +47 400 00 318, bor i Bergen.";
    let found = engine.analyse(text, CONTEXT).findings;
    let phone = found.iter().find(|finding| finding.placeholder == Some("PHONE")).unwrap();
    let marked = |start, end| Finding {
        span: Span { start, end },
        placeholder: Some("REMOVED"),
        rule: "reviewer",
        ..phone.clone()
    };
    let (start, end) = (phone.span.start, phone.span.end);
    for (mark, expected) in [
        (marked(0, start + 4), "[REMOVED_1], bor i Bergen."),
        (marked(start + 4, end + 5), "Nora, [PHONE_1] i Bergen."),
        (marked(start + 2, start + 4), "Nora, [PHONE_1], bor i Bergen."),
        (marked(0, end), "[REMOVED_1], bor i Bergen."),
    ] {
        for findings in [[mark.clone(), phone.clone()], [phone.clone(), mark.clone()]] {
            assert_eq!(engine.redact(text, &findings), expected);
        }
    }
}

#[test]
fn a_blocked_threat_to_a_person_is_urgent_and_opened_and_spam_is_not() {
    let policy = Policy::standard();
    let threat = policy.decide(&analyse("I will kill you."), Kind::Other);
    assert!(threat.urgent && threat.opens_item && !threat.scorable);
    let spam = policy.decide(&analyse("Buy original passport, fast delivery, contact us on telegram"), Kind::Other);
    assert_eq!(spam.decision, Decision::Block);
    assert!(!spam.urgent && !spam.opens_item);
}

#[test]
fn texts_of_self_harm_and_safeguarding_are_not_scored_under_any_decision() {
    let policy = Policy::standard();
    for text in [
        "I want to die.",
        "My husband beats me.",
        "Kill yourself, loser.",
        "I want to die. Cheap viagra at http://x.example order now today",
    ] {
        assert!(!policy.decide(&analyse(text), Kind::Other).scorable, "{text}");
    }
}

fn check(text: &str) {
    let engine = Engine::new();
    let first = engine.analyse(text, CONTEXT);
    assert_eq!(first, engine.analyse(text, CONTEXT), "the same text gives the same findings");
    let chars = text.chars().count() as u32;
    for finding in &first.findings {
        assert!(finding.span.start < finding.span.end && finding.span.end <= chars, "{finding:?}");
        assert!(finding.score <= 1000);
    }
    let _ = engine.redact(text, &first.findings);
    let _ = Policy::standard().decide(&first, Kind::Other);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_unicode_text_is_screened(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_mix_of_telling_words_is_screened(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "i", "will", "kill", "you", "muslims", "are", "not", "vermin", "\"", ",", ".", "and", "want", "to", "die", "+47",
            "400", "00", "318", "@", "example", ".org", "jeg", "skal", "drepe", "deg", "я", "тебе", "вб'ю", "NO93", "8601", "k1ll",
            "i.d", "«", "»", "—", "\u{200b}", "😀", "at", "dot", "Storgata", "5", "born", "03.09.1988", "Kari", "Nordmann",
            "сорок", "сім", "double", "dash", "hundred", "(a)", "[", "]", "_", "собака", "крапка", "інста", "olena_k", "вул", "д",
            "кв", "14B", "N1", "0XX", "passport", "FX", "n", "o", "t.me/", "4", "gt", "girl@gmail", "Ігорівна", "14.02.1986",
        ]), 0..40)) {
        check(&words.join(" "));
        check(&words.concat());
    }
}

/// A text that no rule names: only the second opinion finds it.
const HINT: &str = "Honestly everyone would breathe easier once I am not around to be fetched and carried.";

#[test]
fn a_hint_no_rule_names_is_found_and_says_which_words_weighed_most() {
    let found = analyse(HINT).findings;
    let finding = found.iter().find(|one| one.rule == "opinion.self_harm").unwrap();
    assert_eq!((finding.category, finding.grade), (Category::SelfHarm, Grade::Suspected));
    assert!(finding.span.start < finding.span.end && finding.span.end <= HINT.chars().count() as u32);
}

#[test]
fn harmless_sentences_and_personal_data_around_a_hint_do_not_hide_it() {
    for text in [
        format!(
            "The room was warm and the bread was good. We talked about trains for an hour. {HINT} See you on Tuesday."
        ),
        format!("{HINT} My e-mail is ola@example.no."),
        format!("{HINT} Dzień dobry, nazywam się Ola i mieszkam tutaj od roku."),
    ] {
        assert!(has(&text, Category::SelfHarm), "{text}");
        let verdict = Policy::standard().decide(&analyse(&text), Kind::Other);
        assert!(verdict.urgent && verdict.lane == Lane::Sensitive && verdict.decision == Decision::Review, "{text}");
    }
}

#[test]
fn odd_texts_come_to_an_end() {
    for text in ["- passport", "№ паспорт", "a.", "b. a. ", "passport - - - ", "a b c d e f "] {
        for times in [1, 2, 20_000] {
            let _ = analyse(&text.repeat(times));
        }
    }
}
