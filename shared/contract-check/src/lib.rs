//! Whether a change of a contract breaks a consumer, decided from two JSON Schemas, with the smallest event as proof.
//!
//! Two directions are looked at, because both happen on a running bus:
//! - **replay**: what was written yesterday meets today's readers. Every event that the old contract allows has to be
//!   valid under the new one;
//! - **live**: what is written today meets yesterday's readers, which check what they read. Every event that the new
//!   contract allows has to be valid under the old one.
//!
//! Readers pass over members they do not know and writers emit none that their contract does not name. So a new optional
//! member of an open object breaks nobody. A member that is removed is a third case, **lost**: no reader refuses
//! anything, but who reads the member will not see it again.
//!
//! | module | what |
//! |---|---|
//! | [`node`] | the subset of JSON Schema that is understood; anything else is not judged, which is a failure |
//! | [`valid`] | whether a value keeps a schema |
//! | [`text`] | patterns, formats and lengths as sets of texts |
//! | [`witness`] | events of every kind that two schemas can tell apart |
//! | [`proof`] | the same event before a validator that nobody here wrote |
//! | [`released`], [`report`] | the kept schemas, and what a person reads |

pub mod node;
pub mod proof;
pub mod released;
pub mod report;
pub mod text;
pub mod valid;
pub mod witness;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use node::Node;
pub use node::Unjudged;
use valid::{Fault, Rule, faults};

/// In which direction a change breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Yesterday's events at today's readers.
    Replay,
    /// Today's events at yesterday's readers.
    Live,
    /// Nobody writes the member any more.
    Lost,
}

/// One broken place.
#[derive(Debug, Clone, PartialEq)]
pub struct Break {
    /// In which direction.
    pub side: Side,
    /// The member, as a path with dots. A `*` stands for members that no contract names.
    pub path: String,
    /// What kind of rule.
    pub rule: Rule,
    /// What was changed.
    pub what: String,
    /// What is wrong with the event, by the schema that refuses it.
    pub refusal: String,
    /// The smallest event that shows it.
    pub event: Value,
    /// The member's own schema before and after, without words; none where it is not named.
    pub schemas: [Option<Value>; 2],
}

/// What a change of a schema breaks: nothing, if the list is empty. Each break is proved: one of the two validates its
/// event, the other does not.
pub fn compare(old: &Value, new: &Value) -> Result<Vec<Break>, Unjudged> {
    let (old_node, new_node) = (Node::read(old)?, Node::read(new)?);
    let (yesterday, today) = (witness::events(&old_node, &new_node)?, witness::events(&new_node, &old_node)?);
    let mut found = search(&old_node, &new_node, Side::Replay, &yesterday);
    found.extend(lost(&old_node, &new_node, &yesterday));
    found.extend(search(&new_node, &old_node, Side::Live, &today));
    for one in &mut found {
        proof::of(one, old, new)?;
        one.schemas = [old, new].map(|schema| member(schema, &one.path));
    }
    Ok(found)
}

/// The smallest event for each place where a reader refuses what a writer may write.
fn search(writer: &Node, reader: &Node, side: Side, events: &[Value]) -> Vec<Break> {
    let mut smallest: BTreeMap<String, (Fault, Value)> = BTreeMap::new();
    for event in events {
        for fault in faults(reader, event) {
            smallest.entry(fault.path.clone()).or_insert_with(|| (fault, event.clone()));
        }
    }
    let (old, new) = if side == Side::Live { (reader, writer) } else { (writer, reader) };
    let named = |node: &Node, path: &str| named(&[node], path);
    let found = smallest.into_values().map(|(fault, event)| {
        let (in_old, in_new) = (named(old, &fault.path), named(new, &fault.path));
        let path = if in_old || in_new || fault.rule != Rule::Member { fault.path } else { starred(&fault.path) };
        let what = what(side, fault.rule, in_old, in_new).to_owned();
        Break { side, path, rule: fault.rule, what, refusal: fault.text, event, schemas: [None, None] }
    });
    found.collect()
}

/// Members that the old contract names and the new one passes over.
fn lost(old: &Node, new: &Node, events: &[Value]) -> Vec<Break> {
    let mut smallest: BTreeMap<String, Value> = BTreeMap::new();
    for event in events {
        for path in witness::unnamed(&[new], event, "") {
            if named(&[old], &path) {
                smallest.entry(path).or_insert_with(|| event.clone());
            }
        }
    }
    let found = smallest.into_iter().map(|(path, event)| Break {
        side: Side::Lost,
        path,
        rule: Rule::Member,
        what: "the member was removed or renamed".to_owned(),
        refusal: "is no member of the contract any more".to_owned(),
        event,
        schemas: [None, None],
    });
    found.collect()
}

/// Whether a schema names a member anywhere at this path.
fn named(schema: &[&Node], path: &str) -> bool {
    let nodes: Vec<&Node> = schema.iter().flat_map(|node| node.branches()).collect();
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (name, lists) = first.split_once('[').map_or((first, 0), |(name, tail)| (name, 1 + tail.matches('[').count()));
    if !nodes.iter().any(|node| node.names().any(|one| one == name)) {
        return false;
    }
    let Some(rest) = rest else { return true };
    let mut inner: Vec<&Node> = nodes.iter().filter_map(|node| node.properties.get(name)).collect();
    for _ in 0..lists {
        inner = inner.iter().flat_map(|node| node.branches()).filter_map(|node| node.items.as_deref()).collect();
    }
    named(&inner, rest)
}

/// The schema of the member at a path, without its description.
fn member(schema: &Value, path: &str) -> Option<Value> {
    let mut at = schema;
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        at = at.get("properties")?.get(name)?;
        for _ in 0..part.matches("[]").count() {
            at = at.get("items")?;
        }
    }
    Some(bare(at))
}

fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema.as_object_mut().map(|members| members.remove("description"));
    schema
}

fn starred(path: &str) -> String {
    path.rsplit_once('.').map_or_else(|| "*".to_owned(), |(parent, _)| format!("{parent}.*"))
}

fn what(side: Side, rule: Rule, in_old: bool, in_new: bool) -> &'static str {
    match (rule, side == Side::Live) {
        (Rule::Required, false) if in_old => "an optional member became required",
        (Rule::Required, false) => "a required member was added",
        (Rule::Required, true) if in_new => "a required member became optional",
        (Rule::Required, true) => "a required member was removed or renamed",
        (Rule::Choice, false) => "a value was taken off the list, or the constant is another",
        (Rule::Choice, true) => "a value was added to the list, or the constant is another",
        (Rule::Kind, false) => "the type is narrower or another",
        (Rule::Kind, true) => "the type is wider or another",
        (Rule::Range, false) => "the range is narrower",
        (Rule::Range, true) => "the range is wider",
        (Rule::Text, false) => "fewer texts, or others, are allowed",
        (Rule::Text, true) => "more texts, or others, are allowed",
        (Rule::Items, false) => "fewer lists are allowed",
        (Rule::Items, true) => "more lists are allowed",
        (Rule::Member, false) if in_old => "the member was removed or renamed, and the object is closed",
        (Rule::Member, false) => "the object was closed",
        (Rule::Member, true) if in_new => "a member was added to a closed object",
        (Rule::Member, true) => "the object was opened",
        (Rule::Between, false) => "a rule between members is stricter",
        (Rule::Between, true) => "a rule between members is looser",
    }
}

/// Members that look as if only their name had changed: (old path, new path).
pub fn renamed(old: &Value, new: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    renamed_below(old, new, "", &mut found);
    found
}

fn renamed_below(old: &Value, new: &Value, path: &str, found: &mut Vec<(String, String)>) {
    let (Some(olds), Some(news)) = (old["properties"].as_object(), new["properties"].as_object()) else { return };
    let mut taken = BTreeSet::new();
    for (name, schema) in olds {
        match news.get(name) {
            Some(same) => renamed_below(schema, same, &valid::below(path, name), found),
            None => {
                let fits = |(other, candidate): &(&String, &Value)| {
                    !olds.contains_key(*other) && !taken.contains(*other) && bare(candidate) == bare(schema)
                };
                if let Some((other, _)) = news.iter().find(fits) {
                    taken.insert(other);
                    found.push((valid::below(path, name), valid::below(path, other)));
                }
            }
        }
    }
}
