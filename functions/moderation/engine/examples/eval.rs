//! Reads labelled texts and prints how the engine does; the metric is that of `tests/eval/score.py`.
//!
//! The files of `tests/eval` were used to write the rules: what they show is how well the rules fit, not how they do on
//! texts nobody has seen.
//!
//! ```text
//! cargo run --release -p moderation-engine --example eval -- [--misses] [--predictions out.jsonl] file.jsonl...
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::{collections::BTreeMap, fmt::Write as _, fs};

use moderation_engine::{
    Context, Engine, Kind, Role,
    policy::{Decision, Policy},
};
use serde_json::Value;

struct Row {
    id: String,
    text: String,
    lang: String,
    slice: String,
    expect: Decision,
    categories: Vec<String>,
    redact: Vec<String>,
}

struct Outcome {
    decision: Decision,
    categories: Vec<String>,
    redacted: String,
    rules: Vec<&'static str>,
}

const DECISIONS: [Decision; 3] = [Decision::Allow, Decision::Review, Decision::Block];

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Review => "review",
        Decision::Block => "block",
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A labelled row; a row without a label (Q2Q texts) is ordinary feedback and expects `allow`.
fn row(line: &str) -> Option<Row> {
    let value: Value = serde_json::from_str(line).ok()?;
    let get = |key: &str| value[key].as_str().unwrap_or("").to_owned();
    Some(Row {
        id: get("id"),
        text: get("text"),
        lang: get("lang"),
        slice: get("slice"),
        expect: match value["expect"].as_str() {
            Some("block") => Decision::Block,
            Some("review") => Decision::Review,
            _ => Decision::Allow,
        },
        categories: strings(&value["categories"]),
        redact: strings(&value["redact"]),
    })
}

/// F1 of a decision and the mean over the decisions that occur.
fn macro_f1(rows: &[(&Row, &Outcome)]) -> f64 {
    let mut sum = 0.0;
    let mut live = 0.0;
    for decision in DECISIONS {
        let count = |gold: bool, said: bool| {
            rows.iter().filter(|(r, o)| (r.expect == decision) == gold && (o.decision == decision) == said).count()
                as f64
        };
        let (hit, wrong, missed) = (count(true, true), count(false, true), count(true, false));
        if hit + wrong + missed > 0.0 {
            live += 1.0;
            sum += 2.0 * hit / (2.0 * hit + wrong + missed);
        }
    }
    if live > 0.0 { sum / live } else { 1.0 }
}

/// The upper bound (95 %) of a rate of which none of `n` was seen: the rule of three.
fn bound(missed: usize, n: usize) -> String {
    if n == 0 {
        "-".to_owned()
    } else if missed == 0 {
        format!("<= {:.0} %", (300.0 / n as f64).min(100.0))
    } else {
        String::new()
    }
}

fn table(title: &str, rows: &[(&Row, &Outcome)]) {
    let benign: Vec<_> = rows.iter().filter(|(r, _)| r.expect == Decision::Allow).collect();
    let flagged = benign.iter().filter(|(_, o)| o.decision != Decision::Allow).count();
    let blocks: Vec<_> = rows.iter().filter(|(r, _)| r.expect == Decision::Block).collect();
    let through = blocks.iter().filter(|(_, o)| o.decision == Decision::Allow).count();
    let softened = blocks.iter().filter(|(_, o)| o.decision == Decision::Review).count();
    let of = |category: &str| {
        let of: Vec<_> = rows.iter().filter(|(r, _)| r.categories.iter().any(|c| c == category)).collect();
        (of.iter().filter(|(_, o)| o.decision == Decision::Allow).count(), of.len())
    };
    let (harm, harm_n) = of("self_harm");
    let (personal, personal_n) = of("pii");
    let redact: Vec<_> = rows.iter().filter(|(r, _)| !r.redact.is_empty()).collect();
    let gone = redact.iter().filter(|(r, o)| r.redact.iter().all(|s| !o.redacted.contains(s.as_str()))).count();
    let rate = |a: usize, n: usize| if n == 0 { 0.0 } else { 100.0 * a as f64 / n as f64 };
    println!(
        "{title:<12} n={:<4} F1 {:.3} | benign flagged {flagged}/{} {:.1} % ({:.0} a 1,000) | block let through {through}/{} {:.1} %, softened {softened} | self-harm let through {harm}/{harm_n} {} | pii let through {personal}/{personal_n} {} | redacted {gone}/{}",
        rows.len(),
        macro_f1(rows),
        benign.len(),
        rate(flagged, benign.len()),
        rate(flagged, benign.len()) * 10.0,
        blocks.len(),
        rate(through, blocks.len()),
        bound(harm, harm_n),
        bound(personal, personal_n),
        redact.len(),
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut misses = false;
    let mut predictions = None;
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--misses" => misses = true,
            "--predictions" => predictions = arguments.next(),
            _ => files.push(argument),
        }
    }
    let engine = Engine::new();
    let policy = Policy::standard();
    println!("engine {}", engine.version());
    let mut written = String::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let rows: Vec<Row> = text.lines().filter_map(row).collect();
        let outcomes: Vec<Outcome> = rows
            .iter()
            .map(|row| {
                let context = Context { kind: Kind::Other, role: Role::Undeclared, language: None };
                let analysis = engine.analyse(&row.text, context);
                let mut categories: Vec<String> = analysis
                    .findings
                    .iter()
                    .map(|f| {
                        serde_json::to_value(f.category)
                            .map(|v| v.as_str().unwrap_or("").to_owned())
                            .unwrap_or_default()
                    })
                    .collect();
                categories.sort();
                categories.dedup();
                Outcome {
                    decision: policy.decide(&analysis, Kind::Other).decision,
                    categories,
                    redacted: engine.redact(&row.text, &analysis.findings),
                    rules: analysis.findings.iter().map(|f| f.rule).collect(),
                }
            })
            .collect();
        println!("\n{file}");
        let pairs: Vec<(&Row, &Outcome)> = rows.iter().zip(&outcomes).collect();
        table("all", &pairs);
        let mut languages: BTreeMap<&str, Vec<(&Row, &Outcome)>> = BTreeMap::new();
        for pair in &pairs {
            languages.entry(pair.0.lang.as_str()).or_default().push(*pair);
        }
        if languages.len() > 1 {
            for (language, of) in &languages {
                table(language, of);
            }
        }
        for category in [
            "hate",
            "harassment",
            "threat",
            "self_harm",
            "sexual",
            "pii",
            "spam",
            "safeguarding",
            "unsupported_language",
        ] {
            let has = |list: &[String]| list.iter().any(|c| c == category);
            let both = pairs.iter().filter(|(r, o)| has(&r.categories) && has(&o.categories)).count();
            let said = pairs.iter().filter(|(_, o)| has(&o.categories)).count();
            let gold = pairs.iter().filter(|(r, _)| has(&r.categories)).count();
            if said + gold > 0 {
                println!("  {category:<21} precision {both}/{said}  recall {both}/{gold}");
            }
        }
        for (row, outcome) in pairs.iter().filter(|(r, o)| misses && r.expect != o.decision) {
            println!(
                "  MISS {} {} expected {} got {} {:?} | {}",
                row.lang,
                row.slice,
                name(row.expect),
                name(outcome.decision),
                outcome.rules,
                row.text
            );
        }
        for (row, outcome) in
            pairs.iter().filter(|(r, o)| misses && r.redact.iter().any(|s| o.redacted.contains(s.as_str())))
        {
            println!("  LEAK {} {:?} | {}", row.lang, outcome.rules, row.text);
        }
        for (row, outcome) in &pairs {
            let line = serde_json::json!({
                "id": row.id, "decision": name(outcome.decision), "categories": outcome.categories, "redacted": outcome.redacted,
            });
            writeln!(written, "{line}")?;
        }
    }
    if let Some(path) = predictions {
        fs::write(path, written)?;
    }
    Ok(())
}
