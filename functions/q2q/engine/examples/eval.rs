//! Scores labelled JSONL files: `cargo run --release -p q2q-engine --example eval -- tests/eval/q2q-dev.jsonl`.
//!
//! The figures are those of `tests/eval/score.py`. `--errors` lists the cells that differ, `--pred` prints the
//! predictions in the form that script reads.
#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::BTreeMap;

use q2q_engine::{Band, Dimension, Engine, Input, Language, Polarity, Role, Source};
use serde_json::{Value, json};

const NAMES: [&str; 5] = ["confidence", "belonging", "language", "job_readiness", "wellbeing"];

struct Row {
    value: Value,
    gold: [char; 5],
    read: [char; 5],
    bands: [Option<Band>; 5],
    evidence: [Vec<(u32, u32, &'static str)>; 5],
}

fn main() {
    let mut files = Vec::new();
    let (mut errors, mut pred, mut missed) = (false, false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--errors" => errors = true,
            "--pred" => pred = true,
            "--missed" => missed = true,
            _ => files.push(argument),
        }
    }
    let engine = Engine::new();
    let mut rows = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap_or_else(|why| panic!("{file}: {why}"));
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{file}: {why}"));
            rows.push(row(&engine, value));
        }
    }
    if pred {
        for row in &rows {
            println!("{}", prediction(row));
        }
        return;
    }
    let all: Vec<&Row> = rows.iter().collect();
    println!("engine {} on {} texts", engine.version(), rows.len());
    line("all", &all);
    for key in ["lang", "role", "source"] {
        for name in values(&all, key) {
            let part: Vec<&Row> = all.iter().filter(|row| row.value[key] == name.as_str()).copied().collect();
            line(&format!("{key}={name}"), &part);
        }
    }
    println!("dimension       macro signal | P+   R+   | P-   R-");
    for (d, name) in NAMES.iter().enumerate() {
        let (macro_f1, signal) = (dimension(&all, d, &['+', '-', '0']), dimension(&all, d, &['+', '-']));
        let (p, m) = (prf(&all, d, '+'), prf(&all, d, '-'));
        println!("{name:15} {macro_f1:.3} {signal:.3}  | {:.2} {:.2} | {:.2} {:.2}", p.0, p.1, m.0, m.1);
    }
    let mut traps: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for row in &rows {
        for trap in row.value["traps"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let of = traps.entry(trap).or_default();
            for d in (0..5).filter(|d| row.gold[*d] != '0' || row.read[*d] != '0') {
                of.1 += 1;
                of.0 += u32::from(row.gold[d] == row.read[d]);
            }
        }
    }
    for (trap, (right, touched)) in traps {
        println!("trap {trap:10} {right}/{touched}");
    }
    for band in [Band::High, Band::Medium, Band::Low] {
        let cells: Vec<bool> = rows
            .iter()
            .flat_map(|row| (0..5).filter(|d| row.bands[*d] == Some(band)).map(|d| row.gold[d] == row.read[d]))
            .collect();
        let right = cells.iter().filter(|right| **right).count();
        println!("band {band:?} precision {right}/{} = {:.3}", cells.len(), right as f64 / cells.len().max(1) as f64);
    }
    if missed {
        let (mut guarded, mut silent, mut unread) = (0, 0, 0);
        for row in &rows {
            let text = row.value["text"].as_str().unwrap_or("");
            let input = Input {
                text,
                source: Source::Other,
                role: Role::Learner,
                language: row.value["lang"].as_str().and_then(Language::of_code),
            };
            let rules = engine.matches(input);
            for d in (0..5).filter(|d| row.gold[*d] != '0' && row.read[*d] == '0') {
                let name = ["conf", "belong", "lang", "job", "well"][d];
                let near = rules.iter().any(|rule| rule.split('.').nth(1).is_some_and(|part| part.starts_with(name)));
                if engine.read(input).not_read.is_some() {
                    unread += 1;
                } else if near {
                    guarded += 1;
                } else {
                    silent += 1;
                }
            }
        }
        println!("missed: {guarded} a rule matched and did not count, {silent} no rule matched, {unread} not read");
    }
    if errors {
        for row in &rows {
            for d in (0..5).filter(|d| row.gold[*d] != row.read[*d]) {
                let rules: Vec<&str> = row.evidence[d].iter().map(|one| one.2).collect();
                let of = |key: &str| row.value[key].as_str().unwrap_or("");
                println!(
                    "{} {} {} {}/{} {:?}\n    {}",
                    of("id"),
                    of("role"),
                    NAMES[d],
                    row.gold[d],
                    row.read[d],
                    rules,
                    of("text")
                );
            }
        }
    }
}

fn row(engine: &Engine, value: Value) -> Row {
    let text = value["text"].as_str().unwrap_or("").to_owned();
    let input = Input {
        text: &text,
        source: serde_json::from_value(value["source"].clone()).unwrap_or(Source::Other),
        role: serde_json::from_value(value["role"].clone()).unwrap_or(Role::Learner),
        language: value["lang"].as_str().and_then(Language::of_code),
    };
    let reading = engine.read(input);
    let mut row = Row {
        gold: NAMES.map(|name| value["labels"][name].as_str().and_then(|label| label.chars().next()).unwrap_or('0')),
        value,
        read: ['0'; 5],
        bands: [None; 5],
        evidence: Default::default(),
    };
    let chars = text.chars().count() as u32;
    for outcome in reading.outcomes {
        let d = Dimension::ALL.iter().position(|one| *one == outcome.dimension).unwrap_or(0);
        row.read[d] = if outcome.polarity == Polarity::Plus { '+' } else { '-' };
        row.bands[d] = Some(outcome.confidence);
        row.evidence[d] = outcome.evidence.iter().map(|one| (one.span.start, one.span.end, one.rule)).collect();
        assert!(row.evidence[d].iter().all(|(start, end, _)| start < end && *end <= chars), "a span outside the text");
    }
    row
}

fn prediction(row: &Row) -> Value {
    let labels: serde_json::Map<String, Value> =
        (0..5).map(|d| (NAMES[d].to_owned(), Value::from(row.read[d].to_string()))).collect();
    let evidence: serde_json::Map<String, Value> = (0..5)
        .map(|d| (NAMES[d].to_owned(), row.evidence[d].iter().map(|(a, b, _)| json!([a, b])).collect()))
        .collect();
    json!({"id": row.value["id"], "labels": labels, "evidence": evidence})
}

fn values(rows: &[&Row], key: &str) -> Vec<String> {
    let mut all: Vec<String> = rows.iter().filter_map(|row| row.value[key].as_str()).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

fn prf(rows: &[&Row], d: usize, class: char) -> (f64, f64, f64) {
    let count = |f: &dyn Fn(&&&Row) -> bool| rows.iter().filter(f).count() as f64;
    let hit = count(&|row| row.gold[d] == class && row.read[d] == class);
    let over = count(&|row| row.gold[d] != class && row.read[d] == class);
    let under = count(&|row| row.gold[d] == class && row.read[d] != class);
    let share = |of: f64| if of > 0.0 { hit / of } else { 0.0 };
    let (p, r) = (share(hit + over), share(hit + under));
    (p, r, if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 })
}

/// The mean F1 of the classes that occur.
fn dimension(rows: &[&Row], d: usize, classes: &[char]) -> f64 {
    let live: Vec<char> =
        classes.iter().copied().filter(|c| rows.iter().any(|row| row.gold[d] == *c || row.read[d] == *c)).collect();
    live.iter().map(|c| prf(rows, d, *c).2).sum::<f64>() / live.len().max(1) as f64
}

fn line(name: &str, rows: &[&Row]) {
    let mean = |classes: &[char]| (0..5).map(|d| dimension(rows, d, classes)).sum::<f64>() / 5.0;
    let cells = || rows.iter().flat_map(|row| (0..5).map(move |d| (row.gold[d], row.read[d])));
    let signals = cells().filter(|(gold, _)| *gold != '0').count();
    let flips = cells().filter(|cell| matches!(cell, ('+', '-') | ('-', '+'))).count();
    let plain: Vec<&&Row> = rows.iter().filter(|row| row.gold == ['0'; 5]).collect();
    let given = plain.iter().filter(|row| row.read != ['0'; 5]).count();
    println!(
        "{name:24} n={:3} macro {:.3} signal {:.3} flips {flips}/{signals} ({:.1}%) labels without outcome {given}/{} ({:.1}%)",
        rows.len(),
        mean(&['+', '-', '0']),
        mean(&['+', '-']),
        100.0 * flips as f64 / signals.max(1) as f64,
        plain.len(),
        100.0 * given as f64 / plain.len().max(1) as f64,
    );
}
