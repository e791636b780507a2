//! xAPI 1.0.3 statements, read one by one and only as far as they are needed: one that is none must not take the page
//! down. Numbers keep their digits until they are read as decimals.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::trouble::Trouble;

/// A page as it came: statements unread, and where the next page is.
#[derive(Debug)]
pub struct Page {
    /// Its statements, as JSON.
    pub statements: Vec<Box<RawValue>>,
    /// The link to the next page; none at the end.
    pub more: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    statements: Vec<Box<RawValue>>,
    #[serde(default)]
    more: Option<String>,
}

impl Page {
    /// Reads an answer to a query.
    ///
    /// # Errors
    /// It is no `StatementResult` (xAPI 1.0.3, part 2, 2.5).
    pub fn read(body: &[u8]) -> Result<Self, Trouble> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| Trouble::Broken)?;
        let more = answer.more.filter(|more| !more.trim().is_empty());
        Ok(Self { statements: answer.statements, more })
    }

    /// Reads the answer to a question for one statement: the statement itself. Ralph answers with a list of one.
    ///
    /// # Errors
    /// It is neither.
    pub fn read_one(body: &[u8]) -> Result<Option<Box<RawValue>>, Trouble> {
        if let Ok(page) = Self::read(body) {
            return Ok(page.statements.into_iter().next());
        }
        let one: Box<RawValue> = serde_json::from_slice(body).map_err(|_| Trouble::Broken)?;
        Head::read(&one).id.map(|_| Some(one)).ok_or(Trouble::Broken)
    }
}

/// What is read of a statement before anything else, also if the rest of it is none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub id: Option<Uuid>,
    /// When the store took it in.
    pub stored: Option<Timestamp>,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
}

impl Head {
    /// Reads what is there.
    pub fn read(raw: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Lax<'a> {
            #[serde(borrow, default)]
            id: Option<&'a RawValue>,
            #[serde(borrow, default)]
            stored: Option<&'a RawValue>,
            #[serde(borrow, default)]
            timestamp: Option<&'a RawValue>,
        }
        let Ok(lax) = serde_json::from_str::<Lax<'_>>(raw.get()) else { return Self::default() };
        // The database has no year −5000, and a row that cannot be written would come with its page each time.
        let time = |raw| text(raw).filter(|time: &Timestamp| *time >= Timestamp::UNIX_EPOCH);
        Self { id: text(lax.id), stored: time(lax.stored), timestamp: time(lax.timestamp) }
    }
}

fn text<T: std::str::FromStr>(raw: Option<&RawValue>) -> Option<T> {
    let text: Cow<'_, str> = serde_json::from_str(raw?.get()).ok()?;
    text.trim().parse().ok()
}

/// A statement as far as courses are concerned.
#[derive(Deserialize)]
pub struct Statement<'a> {
    #[serde(borrow)]
    pub actor: Actor<'a>,
    #[serde(borrow)]
    pub verb: Verb<'a>,
    #[serde(borrow)]
    pub object: Object<'a>,
    #[serde(borrow, default)]
    pub result: Option<Outcome<'a>>,
    #[serde(borrow, default)]
    pub context: Option<Context<'a>>,
}

#[derive(Deserialize)]
pub struct Verb<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
}

/// Who did it: an agent with one of four identifiers, or a group.
#[derive(Deserialize)]
pub struct Actor<'a> {
    #[serde(borrow, default, rename = "objectType")]
    pub object_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub mbox: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub mbox_sha1sum: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub openid: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub account: Option<Account<'a>>,
    #[serde(borrow, default)]
    pub member: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Account<'a> {
    #[serde(borrow, rename = "homePage")]
    pub home_page: Cow<'a, str>,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
}

/// What it is about: an activity, or another statement.
#[derive(Deserialize)]
pub struct Object<'a> {
    #[serde(borrow, default, rename = "objectType")]
    pub object_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub definition: Option<Definition<'a>>,
}

#[derive(Deserialize)]
pub struct Definition<'a> {
    #[serde(borrow, default)]
    pub name: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub struct Outcome<'a> {
    #[serde(borrow, default)]
    pub score: Option<Score<'a>>,
    #[serde(default)]
    pub success: Option<bool>,
    #[serde(default)]
    pub completion: Option<bool>,
    #[serde(borrow, default)]
    pub extensions: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

#[derive(Deserialize)]
pub struct Score<'a> {
    #[serde(borrow, default)]
    pub scaled: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub raw: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub min: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub max: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub struct Context<'a> {
    #[serde(borrow, default, rename = "contextActivities")]
    pub activities: Option<ContextActivities<'a>>,
}

#[derive(Deserialize)]
pub struct ContextActivities<'a> {
    #[serde(borrow, default)]
    pub parent: Option<OneOrMore<'a>>,
    #[serde(borrow, default)]
    pub grouping: Option<OneOrMore<'a>>,
}

/// Stores older than 1.0 give one where there may be several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<'a> {
    #[serde(borrow)]
    More(Vec<Object<'a>>),
    #[serde(borrow)]
    One(Box<Object<'a>>),
}

impl<'a> OneOrMore<'a> {
    pub fn as_slice(&self) -> &[Object<'a>] {
        match self {
            Self::More(several) => several,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_page_ends_where_more_is_empty_or_absent() {
        for (json, more) in [
            (r#"{"statements": []}"#, None),
            (r#"{"statements": [], "more": ""}"#, None),
            (r#"{"statements": [], "more": null}"#, None),
            (r#"{"more": "/xapi/more?x=1", "statements": [{}, 5], "extra": true}"#, Some("/xapi/more?x=1")),
        ] {
            assert_eq!(Page::read(json.as_bytes()).unwrap().more.as_deref(), more, "{json}");
        }
    }

    #[test]
    fn what_is_no_list_of_statements_is_a_broken_answer() {
        for json in ["", "[]", "{}", r#"{"statements": {}}"#, r#"{"statements": [1,"#, "<html></html>", "\u{feff}{}"] {
            assert_eq!(Page::read(json.as_bytes()).unwrap_err(), Trouble::Broken, "{json}");
        }
    }

    #[test]
    fn one_statement_is_read_bare_and_in_a_list() {
        let bare = r#"{"id": "00000000-0000-0000-0000-000000000001"}"#;
        assert_eq!(Page::read_one(bare.as_bytes()).unwrap().unwrap().get(), bare);
        let listed = format!(r#"{{"statements": [{bare}]}}"#);
        assert_eq!(Page::read_one(listed.as_bytes()).unwrap().unwrap().get(), bare);
        assert!(Page::read_one(br#"{"statements": []}"#).unwrap().is_none());
        assert!(Page::read_one(b"{}").is_err());
    }

    #[test]
    fn the_head_is_read_also_of_a_statement_that_is_none() {
        let head = Head::read(&raw(
            r#"{"id": "00000000-0000-0000-0000-000000000001", "stored": "2026-11-27T05:50:09.391260+00:00", "timestamp": 5, "verb": 7}"#,
        ));
        assert_eq!(head.id, Some(Uuid::from_u128(1)));
        assert_eq!(head.stored, Some("2026-11-27T05:50:09.39126Z".parse().unwrap()));
        assert_eq!(head.timestamp, None);
        assert_eq!(Head::read(&raw("5")), Head::default());
        assert_eq!(Head::read(&raw(r#"{"id": "x", "stored": "yesterday"}"#)), Head::default());
        let before = r#"{"stored": "-005000-01-01T00:00:00Z", "timestamp": "1969-12-31T23:59:59Z"}"#;
        assert_eq!(Head::read(&raw(before)), Head::default(), "no store and no course is that old");
    }
}
