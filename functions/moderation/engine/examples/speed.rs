//! How fast the engine is on this machine, on one core: the time to compile the rules, megabytes a second on long text,
//! and the 99th percentile for texts of 2,000 characters, for each language.
//!
//! ```text
//! cargo run --release -p moderation-engine --example speed -- tests/eval/moderation-dev.jsonl tests/eval/q2q-dev.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::{collections::BTreeMap, fs, hint::black_box, time::Instant};

use moderation_engine::{Context, Engine, Kind, Role};

const CONTEXT: Context = Context { kind: Kind::Other, role: Role::Undeclared, language: None };

/// Seconds this thread was on a core, so that other programs of the machine do not count; the clock where Linux's
/// figure is not there.
fn on_core() -> f64 {
    thread_local!(static START: Instant = Instant::now());
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| START.with(|start| start.elapsed().as_secs_f64()), |ns| ns / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = on_core();
    let engine = Engine::new();
    println!("rules compiled in {:.1} ms", (on_core() - start) * 1e3);
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for file in std::env::args().skip(1) {
        for line in fs::read_to_string(file)?.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let text = row["text"].as_str().unwrap_or("");
            for key in ["all", row["lang"].as_str().unwrap_or("?")] {
                let all = texts.entry(key.to_owned()).or_default();
                all.push_str(text);
                all.push(' ');
            }
        }
    }
    // Words that begin many rules, over and over: the dearest text that is known.
    let dear = "if i will you they are all women and muslims should not want to my mentor said he said you know where your kids ";
    texts.insert("dear".to_owned(), dear.repeat(8));
    for (language, of) in texts.iter().filter(|(_, of)| of.len() > 500) {
        let long = of.repeat(2_000_000 / of.len() + 1);
        let mut best = f64::MAX;
        for _ in 0..3 {
            let start = on_core();
            black_box(engine.analyse(black_box(&long), CONTEXT));
            best = best.min(on_core() - start);
        }
        // Twice the text, twice the time.
        let twice = long.repeat(2);
        let start = on_core();
        black_box(engine.analyse(black_box(&twice), CONTEXT));
        let growth = (on_core() - start) / best;
        let chars: Vec<char> = long.chars().collect();
        let mut times: Vec<f64> = chars
            .chunks(2_000)
            .take(1_000)
            .map(|chunk| {
                let text: String = chunk.iter().collect();
                // The best of three: what other programs take is no property of the engine.
                (0..3)
                    .map(|_| {
                        let start = Instant::now();
                        black_box(engine.analyse(black_box(&text), CONTEXT));
                        start.elapsed().as_secs_f64() * 1e3
                    })
                    .fold(f64::MAX, f64::min)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{language:<4} long text {:5.1} MB/s, twice as long {growth:.1} x   2,000 characters: median {:.3} ms, p99 {:.3} ms",
            long.len() as f64 / 1e6 / best,
            times[times.len() / 2],
            times[times.len() * 99 / 100],
        );
    }
    Ok(())
}
