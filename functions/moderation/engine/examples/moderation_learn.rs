//! Learns the second opinion: `make learn` writes `data/opinion.model` from labelled texts.
//!
//! ```text
//! cargo run --release -p moderation-engine --example moderation_learn -- new.jsonl... -- seen.jsonl...
//! ```
//! Files before the `--` nobody wrote rules with: only they show how far the rules can be trusted, so the judges learn
//! from them. A text without `expect` (Q2Q's) is ordinary feedback.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::fs;

use moderation_engine::{
    Context, Engine, Kind, Role,
    opinion::{HEADS, learn::Read},
    policy::Decision,
};
use serde_json::Value;
use text::opinion::{
    Opinion,
    learn::{Label, Learner, Settings, header, judge, loaded},
};

const SETTINGS: Settings = Settings { cost: 1.0, least_texts: 4, least_weight: 10 };
const PLACE: &str = "functions/moderation/engine/data/opinion.model";

struct Row {
    text: String,
    expect: Decision,
    categories: Vec<String>,
    new: bool,
}

fn rows(file: &str, lines: &str, new: bool) -> Vec<Row> {
    let values =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|why| panic!("{file}: {why}")));
    values
        .map(|value| Row {
            text: value["text"].as_str().unwrap_or_default().to_owned(),
            expect: match value["expect"].as_str() {
                Some("block") => Decision::Block,
                Some("review") => Decision::Review,
                _ => Decision::Allow,
            },
            categories: value["categories"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            new,
        })
        .collect()
}

fn yes(is: bool) -> Label {
    if is { Label::Yes(1.0) } else { Label::No(1.0) }
}

/// Personal data and other languages are for rules: the words around them say nothing about whether to look.
fn for_rules(row: &Row) -> bool {
    let rules = |one: &String| one == "pii" || one == "unsupported_language";
    !row.categories.is_empty() && row.categories.iter().all(rules)
}

fn label(row: &Row, head: &str) -> Label {
    match head {
        "flag" | "block" if for_rules(row) => Label::Open,
        "flag" => yes(row.expect != Decision::Allow),
        "block" => yes(row.expect == Decision::Block),
        category => yes(row.categories.iter().any(|one| one == category)),
    }
}

/// What the borders in `opinion.rs` cost and bring, on texts the model has not learned from.
fn thresholds(model: &Opinion, unseen: &[(&Row, Decision, Vec<i32>)]) {
    let count = |wanted: &dyn Fn(&Row) -> bool, let_through: &dyn Fn(&[i32]) -> bool| {
        let of: Vec<_> = unseen.iter().filter(|(row, ..)| wanted(row)).collect();
        let passed = of.iter().filter(|(_, decided, m)| *decided == Decision::Allow && let_through(m)).count();
        (passed, of.len())
    };
    let benign = |row: &Row| row.expect == Decision::Allow;
    let blocked = |row: &Row| row.expect == Decision::Block;
    let review = |row: &Row| row.expect == Decision::Review;
    let harm = |row: &Row| row.categories.iter().any(|one| one == "self_harm");
    for border in (-200..=600).step_by(50) {
        let passes = |m: &[i32]| model.judge("flag", m).is_some_and(|says| says < border);
        let (passed, all) = count(&benign, &passes);
        println!(
            "looked at from {border:>5}: benign flagged {}/{all} {:.1} %, let through: block {:?} review {:?} self-harm {:?}",
            all - passed,
            100.0 * (all - passed) as f64 / all as f64,
            count(&blocked, &passes),
            count(&review, &passes),
            count(&harm, &passes),
        );
    }
    for border in (-200..=1200).step_by(200) {
        let says = |m: &[i32]| m[4] > 0 && model.judge("flag", m).is_some_and(|says| says >= border);
        let of = |wanted: &dyn Fn(&Row) -> bool| {
            unseen.iter().filter(|(row, decided, m)| wanted(row) && *decided == Decision::Allow && says(m)).count()
        };
        println!(
            "beside what a guard cleared, from {border:>5}: benign {} block {} review {}",
            of(&benign),
            of(&blocked),
            of(&review)
        );
    }
    for border in (-600..=400).step_by(200) {
        let passes = |m: &[i32]| m[9 + 3] < border;
        let (passed, all) = count(&benign, &passes);
        println!(
            "self-harm from {border:>5}: benign flagged {}/{all}, let through {:?}",
            all - passed,
            count(&harm, &passes)
        );
    }
    for border in (-800..=800).step_by(200) {
        let of = |decision: Decision| {
            let says = |m: &[i32]| model.judge("block", m).is_some_and(|says| says >= border);
            let all: Vec<_> = unseen.iter().filter(|(row, ..)| row.expect == decision).collect();
            (all.iter().filter(|(_, _, m)| says(m)).count(), all.len())
        };
        println!("blocked from {border:>5}: block {:?} review {:?}", of(Decision::Block), of(Decision::Review));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all: Vec<Row> = Vec::new();
    let mut new = true;
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        if argument == "--" {
            new = false;
        } else {
            let lines = fs::read_to_string(&argument).unwrap_or_else(|why| panic!("{argument}: {why}"));
            all.extend(rows(&argument, &lines, new));
            files.push(lines);
        }
    }
    let engine = Engine::new();
    let context = Context { kind: Kind::Other, role: Role::Undeclared, language: None };
    let read: Vec<Read<'_>> = all.iter().map(|row| Read::new(&engine, &row.text, context)).collect();
    let mut learner = Learner::default();
    for (row, read) in all.iter().zip(&read) {
        learner.add(&read.wording(), HEADS.iter().map(|head| label(row, head)).collect());
    }
    let (mut flag, mut block) = (Vec::new(), Vec::new());
    let mut unseen: Vec<(&Row, Decision, Vec<i32>)> = Vec::new();
    learner.unseen(&HEADS, SETTINGS, |text, model| {
        let (row, read) = (&all[text], &read[text]);
        if !row.new || for_rules(row) {
            return;
        }
        let Some(measures) = read.measures(model) else { return };
        unseen.push((row, read.decided(), measures.clone()));
        flag.push((measures.clone(), yes(row.expect != Decision::Allow)));
        if row.expect != Decision::Allow {
            block.push((measures, yes(row.expect == Decision::Block)));
        }
    });
    let mut file = header(&files) + &learner.learn(&HEADS, SETTINGS, |_| true);
    file.push_str(&judge("flag", &flag, 1.0));
    file.push_str(&judge("block", &block, 1.0));
    thresholds(&loaded(file.clone(), &HEADS, &["flag", "block"]), &unseen);
    println!("{} texts, {} lines, {} bytes", all.len(), file.lines().count(), file.len());
    fs::write(PLACE, file)?;
    Ok(())
}
