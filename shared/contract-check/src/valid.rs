//! Whether a value keeps a schema, and where it does not.

use serde_json::{Map, Value};

use crate::node::{Kind, Node, decimal_of};

/// What a value does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A member has to be there.
    Required,
    /// A closed list of values, or one constant.
    Choice,
    /// The type.
    Kind,
    /// A smallest or largest number.
    Range,
    /// A pattern, a format or a length.
    Text,
    /// How many items, or that none comes twice.
    Items,
    /// Members that are not named.
    Member,
    /// A rule between members.
    Between,
}

/// One place where a value does not keep a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The path of the member, with dots; of a missing one, too.
    pub path: String,
    /// What it does not keep.
    pub rule: Rule,
    /// The same as a sentence.
    pub text: String,
}

/// Where a value does not keep a schema; empty if it does.
pub fn faults(node: &Node, value: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    look(node, value, "", &mut found);
    found.sort();
    found.dedup();
    found
}

/// Whether a value keeps a schema.
pub fn keeps(node: &Node, value: &Value) -> bool {
    faults(node, value).is_empty()
}

/// The path of a member of what is at `path`.
pub fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn look(node: &Node, value: &Value, path: &str, found: &mut Vec<Fault>) {
    let mut fault = |rule, text: String| found.push(Fault { path: path.to_owned(), rule, text });
    if node.never {
        fault(Rule::Member, "must not be there".to_owned());
    }
    if let Some(kinds) = &node.kinds
        && !kinds.iter().any(|kind| is(*kind, value))
    {
        let names: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
        fault(Rule::Kind, format!("{} is not of the type {}", short(value), names.join(" or ")));
    }
    for choices in &node.choices {
        if !choices.iter().any(|choice| same(choice, value)) {
            let all: Vec<_> = choices.iter().map(short).collect();
            fault(Rule::Choice, format!("{} is not one of {}", short(value), all.join(", ")));
        }
    }
    if let Some(number) = decimal_of(value) {
        for (bound, out) in &node.low {
            if number < *bound || *out && number == *bound {
                fault(Rule::Range, format!("{value} is below {}{bound}", if *out { "or at " } else { "" }));
            }
        }
        for (bound, out) in &node.high {
            if number > *bound || *out && number == *bound {
                fault(Rule::Range, format!("{value} is above {}{bound}", if *out { "or at " } else { "" }));
            }
        }
    }
    if let Some(text) = value.as_str() {
        for (demand, language) in &node.texts {
            if !language.holds(text) {
                fault(Rule::Text, format!("{} is not of {demand}", short(value)));
            }
        }
    }
    if let Some(items) = value.as_array() {
        list(node, items, path, found);
    }
    if let Some(members) = value.as_object() {
        object(node, members, path, found);
    }
    combined(node, value, path, found);
}

fn list(node: &Node, items: &[Value], path: &str, found: &mut Vec<Fault>) {
    let mut fault = |text: String| found.push(Fault { path: path.to_owned(), rule: Rule::Items, text });
    if let Some(least) = node.least_items.filter(|least| items.len() < *least) {
        fault(format!("has {} items and not at least {least}", items.len()));
    }
    if let Some(most) = node.most_items.filter(|most| items.len() > *most) {
        fault(format!("has {} items and not at most {most}", items.len()));
    }
    if node.unique && items.iter().enumerate().any(|(n, item)| items[..n].iter().any(|earlier| same(earlier, item))) {
        fault("has an item twice".to_owned());
    }
    if let Some(node) = &node.items {
        items.iter().for_each(|item| look(node, item, &format!("{path}[]"), found));
    }
}

fn object(node: &Node, members: &Map<String, Value>, path: &str, found: &mut Vec<Fault>) {
    let missing = |name: &str, rule, text: String| Fault { path: below(path, name), rule, text };
    for name in node.required.iter().filter(|name| !members.contains_key(*name)) {
        found.push(missing(name, Rule::Required, "is missing".to_owned()));
    }
    for (name, others) in node.dependent.iter().filter(|(name, _)| members.contains_key(*name)) {
        for other in others.iter().filter(|other| !members.contains_key(*other)) {
            found.push(missing(other, Rule::Between, format!("is missing where {name} is there")));
        }
    }
    for (name, value) in members {
        if let Some(member) = node.member(name) {
            look(member, value, &below(path, name), found);
        }
    }
}

fn combined(node: &Node, value: &Value, path: &str, found: &mut Vec<Fault>) {
    node.all.iter().for_each(|one| look(one, value, path, found));
    if !node.any.is_empty() && !node.any.iter().any(|one| keeps(one, value)) {
        found.extend(nearest(&node.any, value, path));
    }
    if !node.one.is_empty() {
        match node.one.iter().filter(|one| keeps(one, value)).count() {
            1 => {}
            0 => found.extend(nearest(&node.one, value, path)),
            _ => found.push(between(path, "is of several kinds of which only one may be")),
        }
    }
    if node.not.as_ref().is_some_and(|not| keeps(not, value)) {
        found.push(between(path, "is what it must not be"));
    }
    if let Some(conditional) = &node.conditional {
        let held = keeps(&conditional.test, value);
        look(if held { &conditional.then } else { &conditional.otherwise }, value, path, found);
    }
}

fn between(path: &str, text: &str) -> Fault {
    Fault { path: path.to_owned(), rule: Rule::Between, text: text.to_owned() }
}

/// What is wrong with the alternative that the value comes nearest to.
fn nearest(branches: &[Node], value: &Value, path: &str) -> Vec<Fault> {
    let of = |node: &Node| {
        let mut found = Vec::new();
        look(node, value, path, &mut found);
        found
    };
    branches.iter().map(of).min_by_key(Vec::len).unwrap_or_else(|| vec![between(path, "is nothing that it may be")])
}

fn is(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Null => value.is_null(),
        Kind::Boolean => value.is_boolean(),
        Kind::Integer => decimal_of(value).is_some_and(|number| number.is_integer()),
        Kind::Number => value.is_number(),
        Kind::String => value.is_string(),
        Kind::Array => value.is_array(),
        Kind::Object => value.is_object(),
    }
}

/// Equality of JSON Schema: 1 and 1.0 are the same number.
pub fn same(one: &Value, other: &Value) -> bool {
    match (decimal_of(one), decimal_of(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("…".chars()).collect() }
}
