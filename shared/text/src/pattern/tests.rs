use super::*;

struct Word(String, u32, u32);

impl Token for Word {
    fn folded(&self) -> &str {
        &self.0
    }
    fn variant(&self, number: usize) -> Option<&str> {
        (number == 0 && self.0 == "h4te").then_some("hate")
    }
    fn sentence(&self) -> u32 {
        self.1
    }
    fn clause(&self) -> u32 {
        self.2
    }
}

/// Words; `,` begins a clause and `.` a sentence.
fn words(text: &str) -> Vec<Word> {
    let (mut sentence, mut clause, mut all) = (0, 0, Vec::new());
    for word in text.split_whitespace() {
        match word {
            "," => clause += 1,
            "." => {
                clause += 1;
                sentence += 1;
            }
            _ => all.push(Word(word.to_owned(), sentence, clause)),
        }
    }
    all
}

fn spans(pattern: &str, text: &str) -> Vec<(u32, u32)> {
    let mut all = Patterns::new();
    all.class("SELF", "i | we | my wife and i").unwrap();
    all.class("FEAR", "afraid | scare* | @SELF fear").unwrap();
    all.add(pattern, false).unwrap();
    all.finish();
    all.find(&words(text)).iter().map(|hit| (hit.start, hit.end)).collect()
}

#[test]
fn words_stems_and_alternatives_match() {
    assert_eq!(spans("am afraid", "i am afraid of it"), [(1, 3)]);
    assert_eq!(spans("am {happy|so glad|scare*}", "i am so glad , i am scared"), [(1, 4), (5, 7)]);
    assert_eq!(spans("@FEAR", "we fear , my wife and i fear , afraid"), [(0, 2), (2, 7), (5, 7), (7, 8)]);
}

#[test]
fn optional_parts_and_gaps_stay_inside_the_clause() {
    assert_eq!(spans("i (am not)? afraid", "i afraid , i am not afraid"), [(0, 2), (2, 6)]);
    assert_eq!(spans("i ..2 sleep", "i can not sleep , i want , sleep"), [(0, 4)]);
    assert_eq!(spans("i really? sleep", "i really sleep . i sleep"), [(0, 3), (3, 5)]);
}

#[test]
fn what_must_not_follow_or_precede_is_minded() {
    assert_eq!(spans("i !{never|do not} ..2 sleep", "i never sleep , i do not sleep , i can sleep"), [(7, 10)]);
    assert_eq!(spans("<!{not} alone", "not alone , alone"), [(2, 3)]);
    assert_eq!(spans("<!{not|all by} alone", "all by alone , by alone"), [(4, 5)]);
}

#[test]
fn words_in_either_order_match() {
    assert_eq!(spans("speak ~2 well", "i speak very well , well i speak , well a b c speak"), [(1, 4), (4, 7)]);
}

#[test]
fn the_begin_and_the_end_of_a_clause_match() {
    assert_eq!(spans("^ lonely", "lonely , so lonely"), [(0, 1)]);
    assert_eq!(spans("lonely $", "lonely people , so lonely"), [(3, 4)]);
}

#[test]
fn parts_have_names_and_the_last_attempt_decides() {
    let mut all = Patterns::new();
    all.add("i (<v: can>)? <what: speak ..2 well>", false).unwrap();
    all.finish();
    let hit = &all.find(&words("now i speak very well"))[0];
    let parts: Vec<_> = hit.parts.iter().map(|part| (all.part(part.name), part.start, part.end)).collect();
    assert_eq!(parts, [("what", 2, 5)]);
}

#[test]
fn another_reading_of_a_word_is_told() {
    let mut all = Patterns::new();
    all.add("i hate", false).unwrap();
    all.finish();
    let variants: Vec<bool> = all.find(&words("i hate , i h4te")).iter().map(|hit| hit.variant).collect();
    assert_eq!(variants, [false, true]);
}

#[test]
fn hits_come_by_place_then_by_entry() {
    let mut all = Patterns::new();
    for pattern in ["b", "a", "a b", "b c"] {
        all.add(pattern, false).unwrap();
    }
    all.finish();
    let order: Vec<(u32, u32)> = all.find(&words("a b c")).iter().map(|hit| (hit.start, hit.entry)).collect();
    assert_eq!(order, [(0, 1), (0, 2), (1, 0), (1, 3)]);
}

#[test]
fn mistakes_are_told_in_words() {
    let mut all = Patterns::new();
    assert!(all.add("@NONE x", false).unwrap_err().contains("@NONE"));
    assert!(all.add("{a|b", false).unwrap_err().contains('}'));
    assert!(all.add("(a)? _", false).unwrap_err().contains("no word"));
    assert!(all.add("Not", false).unwrap_err().contains("folded"));
    for word in ["вб’ю", "вʼю", "ёлка", "и\u{306}од"] {
        assert!(all.add(word, false).unwrap_err().contains(&format!("write {:?}", crate::fold(word))));
    }
}

#[test]
fn an_attempt_ends() {
    let pattern = "a ..12 ..12 ..12 ..12 ..12 ..12 b ..12 ..12 c";
    let text = "a b ".repeat(60);
    assert_eq!(spans(pattern, &text), []);
}
