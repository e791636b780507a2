//! Events that show a difference between two schemas.
//!
//! Of every place in an event there are finitely many kinds of values that the two schemas can tell apart: each name of a
//! list, each side of a bound, each combination of patterns, absent or there. One value of each kind, the smallest, is
//! enough to look at. Members that rules link (`if`, `anyOf`, `dependentRequired`, …) are tried in all combinations,
//! the others one by one on top of the smallest event there is.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    node::{Node, Unjudged, decimal_of},
    text::Language,
    valid::{below, keeps},
};

/// More combinations than this are not tried; the schema is then not judged.
const MOST_COMBINATIONS: usize = 60_000;
/// Lists longer than this are not made.
const MOST_ITEMS: usize = 64;
/// Patterns, formats and lengths that meet in one place.
const MOST_TEXTS: usize = 6;

/// One place in an event: what the writer's schema and the reader's say of it.
#[derive(Clone, Default)]
struct Place<'a> {
    at: String,
    /// All that the writer's schema says of it, also under conditions.
    writer: Vec<&'a Node>,
    /// All that the reader's says.
    reader: Vec<&'a Node>,
    /// What the writer's says whatever else is there.
    certain: Vec<&'a Node>,
    /// So that ids in one event differ.
    salt: usize,
}

/// Events that a writer by `writer` may write, enough to tell the two apart; the smallest first. Members that only
/// `reader` names are not among them: a writer emits nothing its contract does not name. One that neither names stands
/// for all those.
pub fn events(writer: &Node, reader: &Node) -> Result<Vec<Value>, Unjudged> {
    let place = Place {
        at: String::new(),
        writer: writer.branches(),
        reader: reader.branches(),
        certain: writer.certain(),
        salt: 0,
    };
    let mut events = values(&place)?;
    events.retain(|event| keeps(writer, event));
    if events.is_empty() {
        return Err(Unjudged::new("", "no event that keeps it was found"));
    }
    sort(&mut events);
    Ok(events)
}

/// The name that stands for all that neither schema names.
pub fn unknown_name(writer: &[&Node], reader: &[&Node]) -> String {
    let names: BTreeSet<&String> = writer.iter().chain(reader).flat_map(|node| node.names()).collect();
    let mut name = "x".to_owned();
    while names.contains(&name) {
        name.push('x');
    }
    name
}

fn sort(values: &mut Vec<Value>) {
    values.sort_by_cached_key(|value| {
        let text = value.to_string();
        (text.len(), text)
    });
    values.dedup();
}

fn every<'a>(place: &'a Place<'a>) -> impl Iterator<Item = &'a Node> + Clone {
    place.writer.iter().chain(&place.reader).copied()
}

/// One value of each kind, smallest first: of those that the writer's schema certainly does not allow, none.
fn values(place: &Place) -> Result<Vec<Value>, Unjudged> {
    if every(place).next().is_none() {
        return Ok(vec![json!(0)]);
    }
    let mut found = vec![Value::Null, json!(false), json!(true)];
    found.extend(every(place).flat_map(|node| node.choices.iter().flatten().cloned()));
    found.extend(numbers(place));
    found.extend(texts(place)?);
    found.retain(|value| place.certain.iter().all(|node| keeps(node, value)));
    found.extend(lists(place)?);
    found.extend(objects(place)?);
    sort(&mut found);
    Ok(found)
}

fn numbers(place: &Place) -> Vec<Value> {
    let half = Decimal::new(5, 1);
    let bounds = every(place).flat_map(|node| node.low.iter().chain(&node.high).map(|(bound, _)| *bound));
    let named = every(place).flat_map(|node| node.choices.iter().flatten().filter_map(decimal_of));
    let mut edges: Vec<Decimal> = bounds.chain(named).chain([Decimal::ZERO, Decimal::ONE]).collect();
    edges.sort();
    edges.dedup();
    let between: Vec<Decimal> = edges.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) * half).collect();
    let around =
        edges.iter().flat_map(|edge| [*edge, *edge - Decimal::ONE, *edge + Decimal::ONE, *edge - half, *edge + half]);
    around.chain(between).filter_map(number).collect()
}

/// A decimal as JSON: a whole number where it is one.
fn number(value: Decimal) -> Option<Value> {
    let text = value.normalize().to_string();
    serde_json::from_str::<serde_json::Number>(&text).ok().map(Value::Number)
}

/// For each combination of what is demanded of texts here, the shortest text that none of the lists names.
fn texts(place: &Place) -> Result<Vec<Value>, Unjudged> {
    let demands: BTreeSet<&Language> =
        every(place).flat_map(|node| node.texts.iter().map(|(_, language)| language)).collect();
    if demands.len() > MOST_TEXTS {
        return Err(Unjudged::new(&place.at, "too many patterns and lengths in one place"));
    }
    let named = every(place).flat_map(|node| node.choices.iter().flatten().filter_map(Value::as_str));
    let free = named.collect::<BTreeSet<_>>().into_iter().map(|text| Language::literal(text).others());
    let free = free.fold(Language::every(), Language::and);
    let usual = [format!("00000000-0000-0000-0000-{:012x}", place.salt), "1970-01-01T00:00:00Z".to_owned()];
    let mut found = Vec::new();
    for signs in 0..1_usize << demands.len() {
        let kind = demands.iter().enumerate().fold(free.clone(), |kind, (n, demand)| {
            let demand = (*demand).clone();
            kind.and(if signs >> n & 1 == 1 { demand } else { demand.others() })
        });
        if let Some(text) = usual.iter().find(|text| kind.holds(text)) {
            found.push(json!(text));
        } else {
            let shortest = kind.shortest().map_err(|error| Unjudged::new(&place.at, error.to_string()))?;
            found.extend(shortest.map(Value::String));
        }
    }
    Ok(found)
}

fn lists(place: &Place) -> Result<Vec<Value>, Unjudged> {
    let mut found = vec![json!([])];
    let of =
        |nodes: &[&'_ Node]| -> Vec<Node> { nodes.iter().filter_map(|node| node.items.as_deref().cloned()).collect() };
    let (writer, reader, certain) = (of(&place.writer), of(&place.reader), of(&place.certain));
    let counts = every(place).flat_map(|node| node.least_items.into_iter().chain(node.most_items));
    let mut lengths: BTreeSet<usize> = counts.flat_map(|n| [n.saturating_sub(1), n, n + 1]).collect();
    lengths.extend([1, 2]);
    if lengths.last().is_some_and(|longest| *longest > MOST_ITEMS) {
        return Err(Unjudged::new(&place.at, format!("lists of more than {MOST_ITEMS} items")));
    }
    let longest = lengths.last().copied().unwrap_or_default();
    let items_at = |salt: usize| {
        values(&Place {
            at: format!("{}[]", place.at),
            writer: writer.iter().flat_map(Node::branches).collect(),
            reader: reader.iter().flat_map(Node::branches).collect(),
            certain: certain.iter().flat_map(Node::certain).collect(),
            salt,
        })
    };
    let items = items_at(place.salt * 100)?;
    found.extend(items.iter().map(|item| json!([item])));
    let mut distinct: Vec<Value> = items.clone();
    for n in 1..longest {
        distinct.extend(items_at(place.salt * 100 + n)?);
    }
    sort(&mut distinct);
    for length in lengths.into_iter().filter(|length| *length > 0) {
        found.extend(items.first().map(|item| Value::Array(vec![item.clone(); length])));
        if distinct.len() >= length {
            found.push(Value::Array(distinct[..length].to_vec()));
        }
    }
    found.retain(|value| place.certain.iter().all(|node| keeps(node, value)));
    Ok(found)
}

/// What a member can be: absent, or one of these.
struct Member {
    name: String,
    required: bool,
    linked: bool,
    values: Vec<Value>,
}

fn objects(place: &Place) -> Result<Vec<Value>, Unjudged> {
    let members = members(place)?;
    let allowed = |value: &Value| place.certain.iter().all(|node| keeps(node, value));
    let mut base = Map::new();
    for member in members.iter().filter(|member| member.required && !member.linked) {
        match member.values.first() {
            Some(smallest) => base.insert(member.name.clone(), smallest.clone()),
            None => return Ok(Vec::new()),
        };
    }
    let mut linked = vec![Value::Object(base)];
    for member in members.iter().filter(|member| member.linked) {
        let with = |object: &Value, value: &Value| {
            let mut object = object.clone();
            object[&member.name] = value.clone();
            object
        };
        let further: Vec<Value> =
            linked.iter().flat_map(|object| member.values.iter().map(|value| with(object, value))).collect();
        linked.extend(further);
        if linked.len() > MOST_COMBINATIONS {
            return Err(Unjudged::new(&place.at, "too many members that rules link"));
        }
    }
    linked.retain(allowed);
    sort(&mut linked);
    let Some(smallest) = linked.first().cloned() else { return Ok(Vec::new()) };
    let mut found = linked;
    for member in members.iter().filter(|member| !member.linked) {
        for value in &member.values {
            let mut object = smallest.clone();
            object[&member.name] = value.clone();
            found.push(object);
        }
    }
    found.retain(allowed);
    sort(&mut found);
    Ok(found)
}

fn members(place: &Place) -> Result<Vec<Member>, Unjudged> {
    let named: BTreeSet<&String> = place.writer.iter().flat_map(|node| node.names()).collect();
    let conditional = every(place).filter(|node| is_branch(place, node)).flat_map(Node::names);
    let dependent =
        every(place).flat_map(|node| node.dependent.iter().flat_map(|(name, others)| others.iter().chain([name])));
    let linked: BTreeSet<&String> = conditional.chain(dependent).collect();
    let required: BTreeSet<&String> = place.certain.iter().flat_map(|node| &node.required).collect();
    let unknown = unknown_name(&place.writer, &place.reader);
    let mut members = Vec::new();
    for (n, name) in named.iter().copied().chain([&unknown]).enumerate() {
        let of =
            |nodes: &[&'_ Node]| -> Vec<Node> { nodes.iter().filter_map(|node| node.member(name).cloned()).collect() };
        let (writer, reader, sure) = (of(&place.writer), of(&place.reader), of(&place.certain));
        let inner = Place {
            at: below(&place.at, name),
            writer: writer.iter().flat_map(Node::branches).collect(),
            reader: reader.iter().flat_map(Node::branches).collect(),
            certain: sure.iter().flat_map(Node::certain).collect(),
            salt: place.salt * 40 + n + 1,
        };
        let values = values(&inner)?;
        members.push(Member {
            name: name.clone(),
            required: required.contains(name),
            linked: linked.contains(name),
            values,
        });
    }
    Ok(members)
}

/// Whether a schema applies here under a condition only.
fn is_branch(place: &Place, node: &Node) -> bool {
    let inside = |whole: &&Node| {
        let certain = whole.certain();
        whole.branches().iter().any(|branch| std::ptr::eq(*branch, node))
            && !certain.iter().any(|certain| std::ptr::eq(*certain, node))
    };
    place.writer.iter().chain(&place.reader).any(inside)
}

/// Members of an event that a schema does not name, by path; those behind `additionalProperties` and in closed objects
/// are left out.
pub fn unnamed(schema: &[&Node], event: &Value, path: &str) -> Vec<String> {
    let schema: Vec<&Node> = schema.iter().flat_map(|node| node.branches()).collect();
    match event {
        Value::Object(members) => {
            let open = schema.iter().all(|node| node.additional.is_none());
            let names: BTreeSet<&String> = schema.iter().flat_map(|node| node.names()).collect();
            let found = members.iter().flat_map(|(name, value)| {
                let at = below(path, name);
                if !names.contains(name) {
                    return if open { vec![at] } else { Vec::new() };
                }
                let inner: Vec<&Node> = schema.iter().filter_map(|node| node.properties.get(name)).collect();
                unnamed(&inner, value, &at)
            });
            found.collect()
        }
        Value::Array(items) => {
            let inner: Vec<&Node> = schema.iter().filter_map(|node| node.items.as_deref()).collect();
            items.iter().flat_map(|item| unnamed(&inner, item, &format!("{path}[]"))).collect()
        }
        _ => Vec::new(),
    }
}
