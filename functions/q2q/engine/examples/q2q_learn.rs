//! Learns the second opinion: `make learn` writes `data/opinion.model` from labelled texts.
//!
//! ```text
//! cargo run --release -p q2q-engine --example q2q_learn -- new.jsonl... -- seen.jsonl...
//! ```
//! Files before the `--` nobody wrote rules with: only they show how far the rules can be trusted, so the judge learns
//! from them.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::fs;

use q2q_engine::{
    Engine, Input, Role, Source,
    opinion::{HEADS, learn::Read},
};
use serde_json::Value;
use text::opinion::{
    Opinion,
    learn::{Label, Learner, Settings, header, judge, loaded},
};

const SETTINGS: Settings = Settings { cost: 0.7, least_texts: 2, least_weight: 12 };
const PLACE: &str = "functions/q2q/engine/data/opinion.model";
const DIMENSIONS: [&str; 5] = ["confidence", "belonging", "language", "job_readiness", "wellbeing"];

struct Row {
    text: String,
    role: Role,
    gold: [char; 5],
    new: bool,
}

fn rows(file: &str, lines: &str, new: bool) -> Vec<Row> {
    lines
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{file}: {why}"));
            let gold = |name: &str| value["labels"][name].as_str().and_then(|s| s.chars().next()).unwrap_or('0');
            Row {
                text: value["text"].as_str().unwrap_or_default().to_owned(),
                role: if value["role"] == "volunteer" { Role::Volunteer } else { Role::Learner },
                gold: DIMENSIONS.map(gold),
                new,
            }
        })
        .collect()
}

fn yes(is: bool) -> Label {
    if is { Label::Yes(1.0) } else { Label::No(1.0) }
}

fn label(gold: [char; 5], head: usize) -> Label {
    let (plus, minus) = (gold.contains(&'+'), gold.contains(&'-'));
    match head {
        0..10 => yes(gold[head / 2] == if head.is_multiple_of(2) { '+' } else { '-' }),
        10..15 => yes(gold[head - 10] != '0'),
        15 if plus == minus => Label::Open,
        15 => yes(plus),
        _ => yes(plus || minus),
    }
}

/// F1 of a class over one dimension.
fn f1(cells: &[(char, char)], class: char) -> f64 {
    let count = |gold: bool, said: bool| {
        cells.iter().filter(|(g, s)| (*g == class) == gold && (*s == class) == said).count() as f64
    };
    2.0 * count(true, true) / (2.0 * count(true, true) + count(true, false) + count(false, true)).max(1.0)
}

/// What the borders in `opinion.rs` cost and bring, on texts the model has not learned from.
fn thresholds(model: &Opinion, unseen: &[([char; 5], Vec<Vec<i32>>)]) {
    for there in [0, 80, 160] {
        for clearly in [0, 300, 600, 800, 1000, 1200] {
            let mut cells: [Vec<(char, char)>; 5] = Default::default();
            let (mut flips, mut signals, mut none, mut labelled) = (0, 0, 0, 0);
            for (gold, measures) in unseen {
                let mut any = false;
                for dimension in 0..5 {
                    let says = |at: usize| model.judge("outcome", &measures[at]).unwrap_or(-9999);
                    let (plus, minus) = (says(dimension * 2), says(dimension * 2 + 1));
                    let said = if plus.max(minus) < there || (plus - minus).abs() < clearly {
                        '0'
                    } else if plus >= minus {
                        '+'
                    } else {
                        '-'
                    };
                    any |= said != '0';
                    signals += u32::from(gold[dimension] != '0');
                    flips += u32::from(gold[dimension] != '0' && said != '0' && said != gold[dimension]);
                    cells[dimension].push((gold[dimension], said));
                }
                if *gold == ['0'; 5] {
                    none += 1;
                    labelled += u32::from(any);
                }
            }
            let mean = |classes: &[char]| {
                let sum: f64 = cells.iter().flat_map(|of| classes.iter().map(|class| f1(of, *class))).sum();
                sum / (5 * classes.len()) as f64
            };
            println!(
                "there from {there:>5}, clearly {clearly:>4}: macro {:.3} signal {:.3} flips {:.1} % of {signals}, without outcome {:.1} % of {none}",
                mean(&['+', '-', '0']),
                mean(&['+', '-']),
                100.0 * f64::from(flips) / f64::from(signals.max(1)),
                100.0 * f64::from(labelled) / f64::from(none.max(1)),
            );
        }
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
    let read: Vec<(&Row, Read<'_>)> = all
        .iter()
        .filter_map(|row| {
            let input = Input { text: &row.text, source: Source::Other, role: row.role, language: None };
            Some((row, Read::new(&engine, input)?))
        })
        .collect();
    let mut learner = Learner::default();
    for (row, read) in &read {
        learner.add(&read.wording(), (0..HEADS.len()).map(|head| label(row.gold, head)).collect());
    }
    let mut unseen = Vec::new();
    let mut measured = Vec::new();
    learner.unseen(&HEADS, SETTINGS, |text, model| {
        let (row, read) = &read[text];
        let Some(measures) = read.measures(model).filter(|_| row.new) else { return };
        for (head, measures) in measures.iter().enumerate() {
            measured.push((measures.to_vec(), label(row.gold, head)));
        }
        unseen.push((row.gold, measures.iter().map(|m| m.to_vec()).collect()));
    });
    let mut file = header(&files) + &learner.learn(&HEADS, SETTINGS, |_| true);
    file.push_str(&judge("outcome", &measured, 1.0));
    thresholds(&loaded(file.clone(), &HEADS, &["outcome"]), &unseen);
    println!("{} of {} texts, {} lines, {} bytes", learner.texts(), all.len(), file.lines().count(), file.len());
    fs::write(PLACE, file)?;
    Ok(())
}
