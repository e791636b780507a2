//! Texts a second on one core: `cargo run --release -p q2q-engine --example speed -- tests/eval/q2q-dev.jsonl`.
#![allow(clippy::print_stdout, reason = "a tool for the terminal")]

use std::time::{Duration, Instant};

use q2q_engine::{Engine, Input, Language, Role, Source};
use serde_json::Value;

/// Seconds this process has had a core, where the system tells; other work on the machine does not count then.
fn core_seconds(begin: Instant) -> f64 {
    std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(|| begin.elapsed().as_secs_f64(), |nanoseconds| nanoseconds as f64 / 1e9)
}

fn main() {
    let start = Instant::now();
    let before = core_seconds(start);
    let engine = Engine::new();
    println!("made in {:.1} ms of a core", (core_seconds(start) - before) * 1e3);
    let mut texts: Vec<(String, Option<Language>)> = Vec::new();
    for file in std::env::args().skip(1) {
        let lines = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{file}: {why}"));
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{file}: {why}"));
            let language = value["lang"].as_str().and_then(Language::of_code);
            texts.push((value["text"].as_str().unwrap_or("").to_owned(), language));
        }
    }
    for language in [None, Some(Language::English), Some(Language::Bokmal), Some(Language::Ukrainian)] {
        let mine: Vec<&(String, Option<Language>)> =
            texts.iter().filter(|(_, of)| language.is_none() || *of == language).collect();
        if mine.is_empty() {
            continue;
        }
        let (mut read, mut outcomes) = (0u64, 0usize);
        let (begin, before) = (Instant::now(), core_seconds(start));
        while begin.elapsed() < Duration::from_secs(3) {
            for (text, language) in &mine {
                let input = Input { text, source: Source::Other, role: Role::Learner, language: *language };
                outcomes += engine.read(input).outcomes.len();
                read += 1;
            }
        }
        let seconds = core_seconds(start) - before;
        println!(
            "{}: {:.0} texts a second, {:.1} µs a text of {} characters on average, {:.2} outcomes a text",
            language.map_or("all", Language::code),
            read as f64 / seconds,
            seconds * 1e6 / read as f64,
            mine.iter().map(|(text, _)| text.chars().count()).sum::<usize>() / mine.len(),
            outcomes as f64 / read as f64,
        );
    }
}
