//! The subset of JSON Schema 2020-12 that contracts are written in. What is not in it is an error and never passed over.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::text::{Language, TextError};

/// A schema that cannot be judged: says where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be judged at {at}: {what}")]
pub struct Unjudged {
    /// The place, as a path through the schema.
    pub at: String,
    /// What is not understood, or too much.
    pub what: String,
}

impl Unjudged {
    /// At a place.
    pub fn new(at: &str, what: impl Into<String>) -> Self {
        Self { at: if at.is_empty() { "the schema".to_owned() } else { at.to_owned() }, what: what.into() }
    }
}

/// A type of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names of JSON Schema")]
pub enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// One schema. What is absent is allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// The schema `false`.
    pub never: bool,
    /// `type`.
    pub kinds: Option<BTreeSet<Kind>>,
    /// `enum` and `const`; the value has to be in each.
    pub choices: Vec<Vec<Value>>,
    /// `minimum`, `maximum`, each with whether the bound itself is out.
    pub low: Vec<(Decimal, bool)>,
    /// As `low`.
    pub high: Vec<(Decimal, bool)>,
    /// `pattern`, `format`, `minLength`, `maxLength`, each as what it demands and the texts it allows.
    pub texts: Vec<(String, Language)>,
    /// `items`.
    pub items: Option<Box<Node>>,
    /// `minItems`.
    pub least_items: Option<usize>,
    /// `maxItems`.
    pub most_items: Option<usize>,
    /// `uniqueItems`.
    pub unique: bool,
    /// `properties`.
    pub properties: BTreeMap<String, Node>,
    /// `required`.
    pub required: BTreeSet<String>,
    /// `additionalProperties`.
    pub additional: Option<Box<Node>>,
    /// `dependentRequired`.
    pub dependent: BTreeMap<String, BTreeSet<String>>,
    /// `allOf`.
    pub all: Vec<Node>,
    /// `anyOf`.
    pub any: Vec<Node>,
    /// `oneOf`.
    pub one: Vec<Node>,
    /// `not`.
    pub not: Option<Box<Node>>,
    /// `if`, `then`, `else`.
    pub conditional: Option<Box<Conditional>>,
}

/// `if` with what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    /// `if`.
    pub test: Node,
    /// `then`.
    pub then: Node,
    /// `else`.
    pub otherwise: Node,
}

/// Keywords that say something to people and nothing about what is valid.
const ANNOTATIONS: [&str; 9] =
    ["$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated", "x-sunset"];

impl Node {
    /// Reads a schema.
    pub fn read(schema: &Value) -> Result<Self, Unjudged> {
        read(schema, "")
    }

    /// The names of members this schema itself speaks of.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let dependent = self.dependent.iter().flat_map(|(name, others)| std::iter::once(name).chain(others));
        self.properties.keys().chain(&self.required).chain(dependent)
    }

    /// This schema and all that apply to the same value under some condition.
    pub fn branches(&self) -> Vec<&Node> {
        let mut found = vec![self];
        let conditional = self.conditional.iter().flat_map(|c| [&c.test, &c.then, &c.otherwise]);
        let inner = self.all.iter().chain(&self.any).chain(&self.one).chain(self.not.as_deref()).chain(conditional);
        inner.for_each(|node| found.extend(node.branches()));
        found
    }

    /// This schema and all that apply to the same value whatever it is.
    pub fn certain(&self) -> Vec<&Node> {
        let mut found = vec![self];
        self.all.iter().for_each(|node| found.extend(node.certain()));
        found
    }

    /// The schema of a member: its own, or that of members which are not named.
    pub fn member(&self, name: &str) -> Option<&Node> {
        self.properties.get(name).or(self.additional.as_deref())
    }
}

fn read(schema: &Value, at: &str) -> Result<Node, Unjudged> {
    let members = match schema {
        Value::Bool(allowed) => return Ok(Node { never: !allowed, ..Node::default() }),
        Value::Object(members) => members,
        _ => return Err(Unjudged::new(at, "a schema that is neither an object nor true or false")),
    };
    let mut node = Node::default();
    for (keyword, value) in members {
        let place = format!("{at}/{keyword}");
        keyword_of(&mut node, members, keyword, value, &place)?;
    }
    Ok(node)
}

fn keyword_of(
    node: &mut Node,
    members: &Map<String, Value>,
    keyword: &str,
    value: &Value,
    at: &str,
) -> Result<(), Unjudged> {
    let odd = |what: &str| Unjudged::new(at, format!("{keyword} {what}"));
    match keyword {
        _ if ANNOTATIONS.contains(&keyword) => {}
        "type" => {
            let names: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |names| names.iter().collect());
            node.kinds = Some(names.into_iter().map(|name| kind(name, at)).collect::<Result<_, _>>()?);
        }
        "enum" => node.choices.push(value.as_array().ok_or_else(|| odd("is no list"))?.clone()),
        "const" => node.choices.push(vec![value.clone()]),
        "minimum" | "exclusiveMinimum" => node.low.push((decimal(value, at)?, keyword == "exclusiveMinimum")),
        "maximum" | "exclusiveMaximum" => node.high.push((decimal(value, at)?, keyword == "exclusiveMaximum")),
        "pattern" => {
            let pattern = value.as_str().ok_or_else(|| odd("is no text"))?;
            node.texts.push((format!("the pattern {pattern}"), language(Language::pattern(pattern), at)?));
        }
        "format" => {
            let format = value.as_str().ok_or_else(|| odd("is no text"))?;
            node.texts.push((format!("the format {format}"), language(Language::format(format), at)?));
        }
        "minLength" => {
            node.texts.push((format!("at least {value} characters"), Language::length(count(value, at)?, None)))
        }
        "maxLength" => {
            node.texts.push((format!("at most {value} characters"), Language::length(0, Some(count(value, at)?))))
        }
        "items" => node.items = Some(Box::new(read(value, at)?)),
        "minItems" => node.least_items = Some(count(value, at)?),
        "maxItems" => node.most_items = Some(count(value, at)?),
        "uniqueItems" => node.unique = value.as_bool().ok_or_else(|| odd("is neither true nor false"))?,
        "properties" => {
            for (name, schema) in value.as_object().ok_or_else(|| odd("is no object"))? {
                node.properties.insert(name.clone(), read(schema, &format!("{at}/{name}"))?);
            }
        }
        "required" => node.required = names(value, at)?,
        "additionalProperties" => node.additional = Some(Box::new(read(value, at)?)),
        "dependentRequired" => {
            for (name, others) in value.as_object().ok_or_else(|| odd("is no object"))? {
                node.dependent.insert(name.clone(), names(others, at)?);
            }
        }
        "allOf" => node.all = list(value, at)?,
        "anyOf" => node.any = list(value, at)?,
        "oneOf" => node.one = list(value, at)?,
        "not" => node.not = Some(Box::new(read(value, at)?)),
        "if" => {
            let branch = |keyword: &str| members.get(keyword).map_or(Ok(Node::default()), |schema| read(schema, at));
            let (test, then, otherwise) = (read(value, at)?, branch("then")?, branch("else")?);
            node.conditional = Some(Box::new(Conditional { test, then, otherwise }));
        }
        "then" | "else" if members.contains_key("if") => {}
        _ => return Err(Unjudged::new(at, format!("the keyword {keyword} is not understood"))),
    }
    Ok(())
}

fn kind(name: &Value, at: &str) -> Result<Kind, Unjudged> {
    Ok(match name.as_str() {
        Some("null") => Kind::Null,
        Some("boolean") => Kind::Boolean,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("string") => Kind::String,
        Some("array") => Kind::Array,
        Some("object") => Kind::Object,
        _ => return Err(Unjudged::new(at, format!("the type {name} is not understood"))),
    })
}

/// The exact value of a number.
pub fn decimal_of(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

fn decimal(value: &Value, at: &str) -> Result<Decimal, Unjudged> {
    decimal_of(value).ok_or_else(|| Unjudged::new(at, "a bound that is no number of 28 digits"))
}

fn count(value: &Value, at: &str) -> Result<usize, Unjudged> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| Unjudged::new(at, "a length that is no whole number"))
}

fn names(value: &Value, at: &str) -> Result<BTreeSet<String>, Unjudged> {
    let names = value.as_array().ok_or_else(|| Unjudged::new(at, "names that are no list"))?;
    let text = |name: &Value| name.as_str().map(ToOwned::to_owned);
    names.iter().map(|name| text(name).ok_or_else(|| Unjudged::new(at, "a name that is no text"))).collect()
}

fn list(value: &Value, at: &str) -> Result<Vec<Node>, Unjudged> {
    let schemas = value.as_array().filter(|schemas| !schemas.is_empty());
    schemas.ok_or_else(|| Unjudged::new(at, "no list of schemas"))?.iter().map(|schema| read(schema, at)).collect()
}

fn language(read: Result<Language, TextError>, at: &str) -> Result<Language, Unjudged> {
    read.map_err(|error| Unjudged::new(at, error.to_string()))
}
