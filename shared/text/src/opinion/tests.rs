use super::{
    learn::{Label, Learner, Settings},
    *,
};
use crate::Text;

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
        learner.add(&plain(&text), vec![if sad { Label::Yes(1.0) } else { Label::No(1.0) }]);
    }
    let file: &'static str = Box::leak(learner.learn(&["sad"], SETTINGS, |_| true).into_boxed_str());
    Opinion::load(&File { name: "sad", text: file }, &["sad"], &[]).unwrap()
}

fn plain<'t>(text: &'t Text<'_>) -> Wording<'t> {
    Wording::of(text, &[], |_| false)
}

fn says(model: &Opinion, text: &str) -> i32 {
    let text = Text::new(text);
    let wording = plain(&text);
    model.score(&model.weigh(&wording), 0..wording.words().len(), 0)
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
fn a_word_that_comes_again_weighs_what_the_learner_counted() {
    let model = learned();
    let text = Text::new("lonely lonely. Lonely, nobody so lonely");
    let words = plain(&text);
    let together = model.weigh(&words);
    let mut sum = 0;
    words.features(|counts, part| {
        let name = match part {
            Part::Word(word) => model.places.get(&fnv(WORD, word.as_bytes())),
            Part::Piece(letters) => model.places.get(&fnv(PIECE, letters.as_bytes())),
            Part::Pair(one, other) => {
                let hash = |letters: &str| fnv(START, letters.as_bytes());
                model.pairs.get(&pair_feature(hash(one), hash(other)))
            }
            Part::Concept(_) | Part::Meeting(..) => None,
        };
        let mut row = [0];
        model.add(name, counts, &mut row);
        sum += row[0];
    });
    let mut meaning = 0;
    for at in 0..words.words().len() {
        let mut row = [0];
        for concept in words.senses(at) {
            model.add(model.concepts.get(usize::from(*concept)), CONCEPT_COUNTS, &mut row);
        }
        words.meetings(at, |one, other| {
            let place = usize::from(one) * model.concepts.len() + usize::from(other);
            let weights = usize::from(model.meetings[place]) * model.width;
            row[0] += i32::from(model.rows[weights]) * MEETING_COUNTS;
        });
        meaning += row[0];
    }
    assert_ne!(meaning, 0, "lonely means something");
    assert_eq!((0..words.words().len()).map(|word| together.of(word, 0)).sum::<i32>(), sum + meaning);
}

#[test]
fn the_words_that_weigh_most_are_named() {
    let model = learned();
    let text = Text::new("The train was long and I am so lonely");
    let words = plain(&text);
    let heaviest = model.weigh(&words).heaviest(0..words.words().len(), 0);
    assert!(words.words()[heaviest].iter().any(|word| word.letters == "lonely"));
}

#[test]
fn the_same_texts_give_the_same_file() {
    let file = || {
        let mut learner = Learner::default();
        let text = Text::new("a b c");
        learner.add(&plain(&text), vec![Label::Yes(1.0)]);
        learner.learn(&["x"], SETTINGS, |_| true)
    };
    assert_eq!(file(), file());
}

#[test]
fn a_broken_line_is_named() {
    let broken = File { name: "m", text: "heads\ta\nbias\t0\nw x\t0:1\nw y 0:1\n" };
    assert_eq!(Opinion::load(&broken, &["a"], &[]).unwrap_err().line, 4);
}

#[test]
fn a_judge_learns_which_measures_matter() {
    let measured =
        |a: i32, b: i32, yes: bool| (vec![a, b], if yes { learn::Label::Yes(1.0) } else { learn::Label::No(1.0) });
    let all = [(900, 100, true), (800, 900, true), (100, 800, false), (200, 200, false)];
    let all: Vec<_> = all.into_iter().map(|(a, b, yes)| measured(a, b, yes)).collect();
    let file = format!("heads\tx\nbias\t0\n{}", learn::judge("x", &all, 10.0));
    let model = Opinion::load(&File { name: "m", text: Box::leak(file.into_boxed_str()) }, &["x"], &["x"]).unwrap();
    assert!(model.judge("x", &[900, 500]) > Some(0));
    assert!(model.judge("x", &[100, 500]) < Some(0));
    assert_eq!(model.judge("y", &[0, 0]), None);
}

#[test]
fn windows_cover_every_word_and_are_no_longer_than_what_was_learned_from() {
    for sentence in ["One two three four. ", "word "] {
        for times in [1, 15, 16, 40, 400] {
            let long = sentence.repeat(times);
            let text = Text::new(&long);
            let words = plain(&text);
            let windows = windows(words.words());
            let words = words.words();
            assert_eq!((windows[0].start, windows.last().unwrap().end), (0, words.len()));
            assert!(windows.iter().all(|window| window.len() <= wording::WINDOW));
            assert!(windows.windows(2).all(|pair| pair[0].start < pair[1].start && pair[1].start <= pair[0].end));
            assert!(windows.iter().map(|window| window.len()).sum::<usize>() <= words.len() * 3);
        }
    }
}

#[test]
fn words_that_are_alike_weigh_the_same() {
    let model = learned();
    let weigh = |text: &str| {
        let text = Text::new(text);
        let wording = Wording::of(&text, &["group_origin", "group_religion"], |_| false);
        model.score(&model.weigh(&wording), 0..wording.words().len(), 0)
    };
    assert_eq!(weigh("I am lonely among Muslims"), weigh("I am lonely among refugees"));
    assert_ne!(weigh("I am lonely among Muslims"), weigh("I am lonely among trains"));
    assert_eq!(weigh("I am lonely among asylum seekers"), weigh("I am lonely among asylum-seekers"));
}

#[test]
fn a_file_of_other_heads_or_without_a_judge_is_refused() {
    let file = File { name: "m", text: "heads\ta\nbias\t0\n" };
    assert!(Opinion::load(&file, &["a"], &[]).is_ok());
    assert!(Opinion::load(&file, &["b"], &[]).is_err());
    assert!(Opinion::load(&file, &["a"], &["flag"]).is_err());
}
