//! The models of both engines belong to the texts and the meanings that are there.

use text::opinion::learn::header;

#[test]
fn the_second_opinions_were_learned_from_the_labelled_texts_as_they_are() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let read =
        |path: &str| std::fs::read_to_string(format!("{root}{path}")).unwrap_or_else(|why| panic!("{path}: {why}"));
    let makefile = read("Makefile");
    for (list, engine) in [("LEARN_MODERATION :=", "moderation"), ("LEARN_Q2Q :=", "q2q")] {
        let from = makefile.find(list).unwrap();
        let mut files: Vec<String> = Vec::new();
        for line in makefile[from..].lines() {
            files.extend(line.split_whitespace().filter(|word| word.starts_with("tests/")).map(read));
            if !line.ends_with('\\') {
                break;
            }
        }
        let model = read(&format!("functions/{engine}/engine/data/opinion.model"));
        assert!(model.starts_with(&header(&files)), "run `make learn`: the labelled texts of {engine} have changed");
    }
}
