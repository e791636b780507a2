use super::{
    learn::{Label, Learner, Settings},
    *,
};

const SETTINGS: Settings = Settings { cost: 1.0, least_texts: 1, least_weight: 1 };

fn learned() -> Opinion {
    let mut learner = Learner::default();
    for (text, sad) in [
        ("I am so lonely here", true),
        ("Nobody talks to me, I feel lonely", true),
        ("The course was long", false),
        ("We talked about the train", false),
    ] {
        let text = Text::new(text);
        learner.add(&seen(&text, |_| false), vec![if sad { Label::Yes(1.0) } else { Label::No(1.0) }]);
    }
    let file: &'static str = Box::leak(learner.learn(&["sad"], SETTINGS).into_boxed_str());
    Opinion::load(&File { name: "sad", text: file }).unwrap()
}

fn says(model: &Opinion, text: &str) -> i32 {
    let text = Text::new(text);
    let words = seen(&text, |_| false);
    model.score(&model.weigh(&words), 0..words.len(), 0)
}

#[test]
fn a_text_of_the_same_words_is_on_the_side_it_was_labelled_with() {
    let model = learned();
    assert!(says(&model, "I am so lonely here") > 500);
    assert!(says(&model, "The course was long") < -500);
}

#[test]
fn another_form_of_a_word_is_known_by_its_pieces() {
    let model = learned();
    assert!(says(&model, "such loneliness") > says(&model, "such lowliness"));
}

#[test]
fn a_word_that_comes_again_weighs_the_same_however_it_is_looked_up() {
    let model = learned();
    let text = Text::new("lonely lonely. Lonely, so lonely");
    let words = seen(&text, |_| false);
    let together = model.weigh(&words);
    for at in 0..words.len() {
        let mut row = vec![0; 1];
        word_features(words[at].letters, |feature, counts, _| model.add(feature, counts, &mut row));
        model.add(pair_feature(before(&words, at), words[at].letters), PAIR_COUNTS, &mut row);
        assert_eq!(together.of(at, 0), row[0], "word {at}");
    }
}

#[test]
fn the_words_that_weigh_most_are_named() {
    let model = learned();
    let text = Text::new("The train was long and I am so lonely");
    let words = seen(&text, |_| false);
    let heaviest = model.weigh(&words).heaviest(0..words.len(), 0);
    assert!(words[heaviest].iter().any(|word| word.letters == "lonely"));
}

#[test]
fn the_same_texts_give_the_same_file() {
    let file = || {
        let mut learner = Learner::default();
        let text = Text::new("a b c");
        learner.add(&seen(&text, |_| false), vec![Label::Yes(1.0)]);
        learner.learn(&["x"], SETTINGS)
    };
    assert_eq!(file(), file());
}

#[test]
fn a_broken_line_is_named() {
    let broken = File { name: "m", text: "heads\ta\nbias\t0\nw x\t0:1\nw y 0:1\n" };
    assert_eq!(Opinion::load(&broken).unwrap_err().line, 4);
}
