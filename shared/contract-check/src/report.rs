//! What a person reads: which change breaks whom, and the event that shows it.

use std::fmt::Write as _;

use shared::contracts::consumers::{self, ENVELOPE};

use crate::{Break, Side, released::Verdict};

/// The verdict on one type.
pub fn of(kind: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Same => format!("  same        {kind}\n"),
        Verdict::Compatible => format!("  compatible  {kind}: changed, breaks nobody, not released yet\n"),
        Verdict::New => format!("  new         {kind}: not released yet\n"),
        Verdict::Ended => format!("  ended       {kind}\n"),
        Verdict::Unjudged(unjudged) => format!(
            "  UNJUDGED    {kind} {unjudged}\n    Write it with the keywords that events/README.md names, or teach contract-check this one.\n"
        ),
        Verdict::Broken { release, breaks, renamed } => {
            let mut text = format!("  BREAK       {kind}, for those who read by release {release}\n");
            for one in breaks {
                let _ = writeln!(text);
                text += &of_break(kind, one);
                for (old, new) in renamed.iter().filter(|(old, new)| one.path == *old || one.path == *new) {
                    let _ = writeln!(text, "    perhaps   {old} was renamed to {new}");
                }
            }
            text
        }
    }
}

fn of_break(kind: &str, one: &Break) -> String {
    let (who, fate) = match one.side {
        Side::Replay => ("yesterday's events at today's readers (replay)", "was valid yesterday, fails today"),
        Side::Live => (
            "today's events at yesterday's readers (live)",
            "may be written today, fails at who reads by yesterday's schema",
        ),
        Side::Lost => ("who reads it will not see it again (lost)", "was valid yesterday, may not be written today"),
    };
    let mut text = String::new();
    let _ = writeln!(text, "    {}", one.path);
    let _ = writeln!(text, "    what      {}", one.what);
    for (when, schema) in ["was", "is"].into_iter().zip(&one.schemas) {
        // A whole object would say less than the event below.
        if let Some(schema) = schema.as_ref().filter(|schema| schema.get("properties").is_none()) {
            let _ = writeln!(text, "    {when:<9} {schema}");
        }
    }
    let _ = writeln!(text, "    breaks    {who}");
    let _ = writeln!(text, "    readers   {}", readers(kind, &one.path, one.side));
    let _ = writeln!(text, "    because   {} {}", one.path, one.refusal);
    let _ = writeln!(text, "    smallest event that {fate}:");
    let _ = writeln!(text, "    {}", one.event);
    text
}

/// The consumers that read a member, and those that refuse the whole event for it.
pub fn readers(kind: &str, path: &str, side: Side) -> String {
    let path = path.replace("[]", "");
    let reads = |fields: &[&str]| match path.strip_prefix("data.") {
        Some(inside) => fields.iter().any(|field| {
            let within = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
            *field == inside || within(field, inside) || within(inside, field)
        }),
        None => path == "data" || ENVELOPE.contains(&path.as_str()),
    };
    let all: Vec<_> = consumers::of(kind).collect();
    let reading: Vec<&str> =
        all.iter().filter(|(_, declared)| reads(declared.fields)).map(|(consumer, _)| consumer.name).collect();
    let names = all.iter().map(|(consumer, _)| consumer.name).collect::<Vec<_>>().join(", ");
    match (reading.is_empty(), all.is_empty()) {
        (false, _) => format!("{} reads {path}", reading.join(", ")),
        (true, false) if side == Side::Lost => {
            format!("none of ours: {names} takes the type in and does not read {path}")
        }
        (true, false) => format!("{names} does not read {path}, but takes the type in and refuses the whole event"),
        (true, true) => "none of ours; who subscribes from outside is not known here".to_owned(),
    }
}
