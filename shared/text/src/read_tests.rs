use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<String> {
    let text = Text::new(text);
    (0..text.tokens().len()).map(|i| text.word(i).to_owned()).collect()
}

fn sentences(text: &str) -> Vec<String> {
    let text = Text::new(text);
    text.sentences().iter().map(|s| text.slice(s.span).to_owned()).collect()
}

#[test]
fn a_token_keeps_its_place_in_the_original() {
    let original = "Ｈｉ, «зв’язок» k\u{200b}ill 😀 it";
    let text = Text::new(original);
    let of = |word: &str| {
        let at = (0..text.tokens().len()).find(|i| text.word(*i) == word).expect("the word is there");
        text.slice(text.tokens()[at].span).to_owned()
    };
    assert_eq!(of("hi"), "Ｈｉ");
    assert_eq!(of("зв'язок"), "зв’язок");
    assert_eq!(of("kill"), "k\u{200b}ill");
    assert_eq!(of("it"), "it");
}

#[test]
fn sentences_end_where_a_reader_ends_them() {
    assert_eq!(sentences("One. Two! Three?").len(), 3);
    assert_eq!(sentences("Vi møtes kl. 12, f.eks. den 3. mai på kafé.").len(), 1);
    assert_eq!(sentences("I am tired.My husband helps."), ["I am tired.", "My husband helps."]);
    assert_eq!(sentences("I want to ... die").len(), 1);
    assert_eq!(sentences("He said \"go away.\" Then he left."), ["He said \"go away.\"", "Then he left."]);
    assert_eq!(sentences("see lucky.example now").len(), 1);
    assert_eq!(sentences("First line\nSecond line").len(), 2);
    assert_eq!(sentences("wrapped\nline").len(), 1);
}

#[test]
fn contrast_words_open_clauses() {
    let text = Text::new("She was shy, but now she speaks; he does not.");
    assert_eq!(text.clauses().len(), 3);
    assert!(text.clauses()[1].contrast);
    assert_eq!(text.word(text.clauses()[1].first as usize), "but");
    assert_eq!(Text::new("Важко, але я вчуся").clauses().len(), 2);
}

#[test]
fn letters_that_stand_alone_are_joined_and_one_letter_words_are_not() {
    let text = Text::new("ur a m o r o n");
    assert!(text.variants(1).any(|v| v == "moron"));
    let text = Text::new("you i.d.i.o.t now");
    assert!(text.variants(1).any(|v| v == "idiot"));
    assert_eq!(words("а я і в школі"), ["а", "я", "і", "в", "школі"]);
    assert_eq!(words("jeg er i å i å"), ["jeg", "er", "i", "å", "i", "å"]);
}

#[test]
fn masked_words_are_one_token_and_addresses_are_not() {
    assert_eq!(words("f**k a$$hole sh!t"), ["f**k", "a$$hole", "sh!t"]);
    assert!(words("name@example.org").contains(&"name".to_owned()));
    assert_eq!(words("Thanks!next"), ["thanks", "!", "next"]);
}

#[test]
fn each_of_our_languages_is_told_from_the_others() {
    let of = |text: &str| Text::new(text).language();
    assert_eq!(of("The teacher speaks clearly"), Some(Language::English));
    assert_eq!(of("Læreren snakker veldig tydelig"), Some(Language::Bokmal));
    assert_eq!(of("Вчителька говорить дуже чітко"), Some(Language::Ukrainian));
    assert_eq!(of("Учительница говорит очень быстро"), Some(Language::Russian));
    assert_eq!(of("12345"), Some(Language::English));
}

#[test]
fn other_languages_are_not_covered() {
    for text in [
        "Bardzo dobra lekcja, dziękuję nauczycielce",
        "Nienawidzę wszystkich obcych",
        "Der Unterricht war sehr gut und ich habe viel gelernt",
        "Ich hasse alle Ausländer",
        "Jag tycker att läraren är mycket bra",
        "Läraren var jättebra idag, tack så mycket",
        "شكرا جزيلا على الدرس",
        "Macallinka waa fiican tahay, waan ku mahadsanahay",
        "Meni duzhe spodobavsya urok, dyakuyu",
        "Ya ne khochu bilshe zhyty",
        "ትምህርቱ በጣም ጥሩ ነበር",
        "Le cours était très intéressant et le professeur aussi",
        "El curso es muy bueno, gracias a la profesora",
        "Yo quiero morir",
        "Ders çok güzeldi, teşekkür ederim",
        "Kursi ishte shumë i mirë, faleminderit",
        "Урокът беше много интересен и учителката е добра",
        "Час је био веома занимљив, хвала",
        "Урок быў вельмі добры, дзякуй настаўніцы",
        "这个课程非常好谢谢老师",
        "De les was heel goed en de leraar is aardig",
    ] {
        let read = Text::new(text);
        assert!(read.sentences().iter().any(|s| s.coverage.foreign), "{text}: {:?}", read.sentences()[0].coverage);
    }
}

#[test]
fn a_foreign_sentence_beside_a_covered_one_is_seen() {
    let text = Text::new("Great session today. Nienawidzę wszystkich obcych ludzi.");
    assert!(!text.sentences()[0].coverage.foreign);
    assert!(text.sentences()[1].coverage.foreign);
}

#[test]
fn short_notes_names_and_errors_stay_covered() {
    for text in [
        "Good!",
        "Kjempebra",
        "Veldig nyttig økt",
        "Tusen takk, Solveig!",
        "techer is very gud but intrenet bad",
        "Met Olena and Bohdan at Grünerløkka",
        "Дякую",
        "Все супер!!!",
        "Норм",
        "Nice talk with Agnieszka Wójcik",
        "Bra kurs",
        "ok",
        "Vi snakket om skatt og boligsøking, veldig nyttig.",
        "Faget slutter klokka seks, og fagprøven er i mai.",
        "Відео другого модуля не відкривається.",
        "i luv it sooo much",
        "café visit was lovely",
        "Læringsplattformen krasjet",
        "Wi-Fi problems again",
        "Jeg trives",
        "Spørsmålene var vanskelege",
        "We practised the word hyggelig and then dugnad",
        "The word дякую means thanks",
    ] {
        let read = Text::new(text);
        assert!(read.sentences().iter().all(|s| !s.coverage.foreign), "{text}");
    }
}

fn check(original: &str) {
    let text = Text::new(original);
    let chars = original.chars().count() as u32;
    assert_eq!(text.chars(), chars);
    let mut last = 0;
    for (at, token) in text.tokens().iter().enumerate() {
        assert!(token.span.start < token.span.end && token.span.end <= chars);
        assert!(token.span.start >= last, "tokens are in order");
        last = token.span.end;
        assert_eq!(text.raw(token), text.slice(token.span));
        assert!((token.sentence as usize) < text.sentences().len());
        assert!((token.clause as usize) < text.clauses().len());
        let _ = text.word(at);
    }
    let mut next = 0;
    for sentence in text.sentences() {
        assert_eq!(sentence.first, next);
        next = sentence.end;
    }
    assert_eq!(next as usize, text.tokens().len());
    let mut next = 0;
    for clause in text.clauses() {
        assert_eq!(clause.first, next);
        next = clause.end;
    }
    assert_eq!(next as usize, text.tokens().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_unicode_text_is_read_without_a_panic(original in any::<String>()) {
        check(&original);
    }

    #[test]
    fn any_mix_of_letters_marks_and_signs_is_read(original in "[a-zA-Zа-яіїєґæøå0-9 .,!?'’*$@#\u{200b}\u{301}\n-]{0,120}") {
        check(&original);
    }

    #[test]
    fn spaced_letters_are_read(original in "([a-zа-яі0-9][ .-]){0,40}") {
        check(&original);
    }
}
