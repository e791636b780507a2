//! A statement becomes a record with the columns that the same fact has in a file, or it says why not.
//!
//! | verb | record | |
//! |---|---|---|
//! | adlnet `completed`, `passed` | completions | `final_score` from the score |
//! | adlnet `progressed` | progress | `progress_percent` from the result's extension |
//! | tincanapi `earned` | credentials | one a statement: what is earned is a kind of badge, not this person's |
//! | adlnet `voided` | – | takes back what another statement made |
//! | any other | – | passed over |

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    actor::{Who, who},
    config::Provider,
    number,
    statement::{Object, OneOrMore, Outcome, Statement},
};

/// Why a statement is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable code.
    pub code: &'static str,
    /// One sentence that says what to do, without a value of the statement.
    pub text: &'static str,
}

impl Reason {
    pub const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text }
    }
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A fact.
    Record(Record),
    /// This other statement is void.
    Void(Uuid),
    /// Nothing about courses.
    Nothing(&'static str),
    /// Something about courses that cannot be taken in.
    Rejected(Reason),
}

/// A fact in the columns of its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The entity: `completions`.
    pub entity: &'static str,
    /// The last part of the verb: `passed`.
    pub verb: &'static str,
    /// Whose.
    pub who: Who,
    /// The course.
    pub course_id: String,
    /// When it happened.
    pub happened: Timestamp,
    /// The columns but the person's, as a file would have them.
    pub columns: BTreeMap<&'static str, String>,
}

/// The verbs that are read, by their ids.
const VERBS: [(&str, &str); 5] = [
    ("adlnet.gov/expapi/verbs/completed", "completed"),
    ("adlnet.gov/expapi/verbs/passed", "passed"),
    ("adlnet.gov/expapi/verbs/progressed", "progressed"),
    ("adlnet.gov/expapi/verbs/voided", "voided"),
    ("id.tincanapi.com/verb/earned", "earned"),
];

/// Types of activities that are a part of a course: who completes a lesson has not completed the course. By the last
/// part of the type's id in the vocabularies of ADL, cmi5, Tin Can and the video profile.
const PARTS: [&str; 21] = [
    "assessment",
    "attempt",
    "block",
    "chapter",
    "cmi.interaction",
    "file",
    "interaction",
    "au",
    "lesson",
    "link",
    "media",
    "meeting",
    "module",
    "objective",
    "page",
    "performance",
    "question",
    "simulation",
    "slide",
    "unit",
    "video",
];

/// Reads a statement. `id` is its own; `timestamp` is when it happened.
pub fn translate(provider: &Provider, id: Uuid, timestamp: Option<Timestamp>, statement: &Statement<'_>) -> Said {
    match read(provider, id, timestamp, statement) {
        Ok(said) => said,
        Err(reason) => Said::Rejected(reason),
    }
}

fn read(
    provider: &Provider,
    id: Uuid,
    timestamp: Option<Timestamp>,
    statement: &Statement<'_>,
) -> Result<Said, Reason> {
    let Some(verb) = verb(&statement.verb.id) else { return Ok(Said::Nothing("other_verb")) };
    if verb == "voided" {
        return voided(&statement.object).map(Said::Void);
    }
    let object = &statement.object;
    if !matches!(object.object_type.as_deref(), None | Some("Activity")) {
        return Err(Reason::new("bad_object", "The statement is about no activity; only courses can be completed."));
    }
    if verb != "earned" && !is_course(provider, object) {
        return Ok(Said::Nothing("part_of_a_course"));
    }
    let happened = timestamp
        .ok_or(Reason::new("bad_date", "The statement's timestamp is missing or is no time; ask the provider."))?;
    let who = who(&statement.actor)?;
    let outcome = statement.result.as_ref();
    let mut columns = BTreeMap::new();
    let (entity, about) = match verb {
        "completed" | "passed" => {
            completion(verb, outcome, &mut columns)?;
            columns.insert("completed_at", happened.to_string());
            ("completions", object)
        }
        "progressed" => {
            progress(outcome, &mut columns)?;
            columns.insert("updated_at", happened.to_string());
            ("progress", object)
        }
        _ => {
            columns.insert("credential_id", id.to_string());
            columns.insert("credential_type", credential_type(object).to_owned());
            columns.insert("issued_at", happened.to_string());
            ("credentials", course_around(statement).unwrap_or(object))
        }
    };
    let course_id = course_id(provider, about)?;
    columns.insert("provider", provider.code.clone());
    columns.insert("course_id", course_id.clone());
    if let Some(name) = name(about) {
        columns.insert("course_name", name);
    }
    Ok(Said::Record(Record { entity, verb, who, course_id, happened, columns }))
}

fn verb(id: &str) -> Option<&'static str> {
    // The vocabulary's ids begin with http; some stores write https.
    let bare = id.trim().strip_prefix("http://").or_else(|| id.trim().strip_prefix("https://"))?;
    VERBS.iter().find(|(known, _)| *known == bare).map(|(_, verb)| *verb)
}

fn voided(object: &Object<'_>) -> Result<Uuid, Reason> {
    let bad = Reason::new("bad_object", "The statement voids nothing: its object is no reference to a statement.");
    if object.object_type.as_deref() != Some("StatementRef") {
        return Err(bad);
    }
    object.id.as_deref().and_then(|id| id.trim().parse().ok()).ok_or(bad)
}

fn is_course(provider: &Provider, object: &Object<'_>) -> bool {
    let kind = object.definition.as_ref().and_then(|definition| definition.kind.as_deref());
    match (&provider.activity_types, kind) {
        (Some(wanted), kind) => kind.is_some_and(|kind| wanted.contains(kind.trim())),
        (None, None) => true,
        (None, Some(kind)) => {
            let last = kind.trim().trim_end_matches('/').rsplit(['/', '#']).next().unwrap_or_default();
            !PARTS.contains(&last)
        }
    }
}

/// The course that something was earned in.
fn course_around<'a>(statement: &'a Statement<'_>) -> Option<&'a Object<'a>> {
    let activities = statement.context.as_ref()?.activities.as_ref()?;
    let first = |activities: &'a Option<OneOrMore<'_>>| activities.as_ref().and_then(|some| some.as_slice().first());
    first(&activities.parent).or_else(|| first(&activities.grouping)).filter(|object| object.id.is_some())
}

fn course_id(provider: &Provider, object: &Object<'_>) -> Result<String, Reason> {
    let id = object.id.as_deref().map(str::trim).unwrap_or_default();
    let prefix = provider.course_prefix.as_deref().unwrap_or_default();
    let short = id.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(id);
    match short.chars().count() {
        0 => Err(Reason::new("bad_object", "The statement's activity has no id; ask the provider.")),
        1..=255 => Ok(short.to_owned()),
        _ => Err(Reason::new("too_long", "The activity's id has more than 255 characters; set course_prefix.")),
    }
}

/// The activity's name: English, else Norwegian, else the first by language.
fn name(object: &Object<'_>) -> Option<String> {
    let names = object.definition.as_ref()?.name.as_ref()?;
    let said = |names: &&Cow<'_, str>| !names.trim().is_empty();
    let in_language = |wanted: &str| {
        let of = |language: &str| language.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case(wanted));
        names.iter().filter(|(language, _)| of(language)).map(|(_, name)| name).find(said)
    };
    let found = ["en", "nb", "no", "nn"].into_iter().find_map(in_language).or_else(|| names.values().find(said))?;
    Some(found.trim().to_owned())
}

fn completion(
    verb: &str,
    outcome: Option<&Outcome<'_>>,
    columns: &mut BTreeMap<&'static str, String>,
) -> Result<(), Reason> {
    let Some(outcome) = outcome else { return Ok(()) };
    let contradicts = match verb {
        "passed" => outcome.success == Some(false),
        _ => outcome.completion == Some(false),
    };
    if contradicts {
        return Err(Reason::new("bad_enum", "The statement's result says the opposite of its verb; ask the provider."));
    }
    if let Some(score) = outcome.score.as_ref().map(number::score).transpose()?.flatten() {
        columns.insert("final_score", number::text(score));
    }
    Ok(())
}

fn progress(outcome: Option<&Outcome<'_>>, columns: &mut BTreeMap<&'static str, String>) -> Result<(), Reason> {
    let percent = outcome.map(number::progress).transpose()?.flatten();
    let missing = Reason::new("missing_required", "The statement does not say how far somebody is; ask the provider.");
    let percent = percent.ok_or(missing)?;
    let completed = outcome.is_some_and(|outcome| outcome.completion == Some(true));
    let status = match percent {
        _ if completed => "completed",
        none if none.is_zero() => "enrolled",
        _ => "in_progress",
    };
    columns.insert("progress_percent", number::text(percent));
    columns.insert("status", status.to_owned());
    Ok(())
}

/// What kind of credential an activity is, by its type; `earned` was made for badges.
fn credential_type(object: &Object<'_>) -> &'static str {
    let kind = object.definition.as_ref().and_then(|definition| definition.kind.as_deref()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    ["certificate", "diploma", "transcript"].into_iter().find(|known| kind.contains(known)).unwrap_or("badge")
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
