//! `POST /v1/q2q/classify`: what texts say. Nothing is stored: what is to be stored comes by the doors of intake, where
//! it gets a person, a purpose and a screening.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use q2q_engine::{Language, Role, Source};
use serde::{Deserialize, Serialize};
use shared::{
    http::{FieldError, Json as Body, Problem},
    pii::Pii,
};
use utoipa::ToSchema;

use super::{
    App,
    view::{Classified, classified},
};
use crate::backend::{Backend, Words};

/// Texts a request.
const MOST: usize = 500;
/// Characters a text.
const MOST_CHARACTERS: usize = 20_000;

/// A text to read. Its words are in no log.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// The words, at most 20,000 characters.
    #[schema(example = "I was afraid to speak before. Now I dare to ask people in the shop.", max_length = 20000)]
    text: String,
    /// `kintell_session`, `buddy_checkin`, `buddy_feedback`, `course_reflection` or `other`, which it is if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "kintell_session")]
    source: Option<Source>,
    /// Who wrote it: `learner` (or `participant`), which it is if absent, or `volunteer` (or `buddy`).
    #[serde(default)]
    #[schema(example = "learner")]
    role: Option<String>,
    /// The language somebody said it is in: `en`, `nb` (or `no`), `uk`, `ru`. Breaks ties.
    #[serde(default)]
    #[schema(example = "en")]
    language: Option<String>,
}

/// Either a text, or `items`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The words of one text, at most 20,000 characters.
    #[serde(default)]
    #[schema(max_length = 20000)]
    text: Option<String>,
    /// As in an item.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    source: Option<Source>,
    /// As in an item.
    #[serde(default)]
    role: Option<String>,
    /// As in an item.
    #[serde(default)]
    language: Option<String>,
    /// Up to 500 texts.
    #[serde(default)]
    #[schema(max_items = 500)]
    items: Option<Vec<One>>,
}

/// Several texts, in the order they were sent.
#[derive(Serialize, ToSchema)]
pub struct ClassifiedList {
    /// One for each text.
    items: Vec<Classified>,
}

/// The two forms of the answer.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two forms of the answer")]
pub enum ClassifyAnswer {
    /// To `text`.
    One(Classified),
    /// To `items`.
    Many(ClassifiedList),
}

fn words(one: One, place: &str, errors: &mut Vec<FieldError>) -> Option<Words> {
    let mut wrong = |field: &str, code, detail: &'static str| {
        errors.push(FieldError { pointer: format!("{place}/{field}"), code, detail: detail.into() });
    };
    if one.text.chars().nth(MOST_CHARACTERS).is_some() {
        wrong("text", "too_long", "A text has at most 20,000 characters.");
    }
    let role = match one.role.as_deref() {
        None | Some("learner" | "participant") => Some(Role::Learner),
        Some("volunteer" | "buddy") => Some(Role::Volunteer),
        Some(_) => {
            wrong("role", "unknown_role", "A role is learner or volunteer.");
            None
        }
    };
    let language = one.language.as_deref().map(Language::of_code);
    if language == Some(None) {
        wrong("language", "unknown_language", "A language is one of en, nb, uk, ru.");
    }
    let source = one.source.unwrap_or(Source::Other);
    Some(Words { text: Pii::new(one.text), source, role: role?, language: language.flatten() })
}

/// Classify texts
///
/// What each text says about the five dimensions, with the places it rests on. Nothing is stored and nobody's profile
/// is touched. A text in a language that is not covered comes back as not read, without a guess.
#[utoipa::path(post, path = "/v1/q2q/classify", operation_id = "classify_texts", request_body(content = Request,
        examples(("one" = (value = json!({"text": "I was afraid to speak before. Now I dare to ask people in the shop.", "source": "kintell_session", "role": "learner"}))),
                 ("several" = (value = json!({"items": [{"text": "Jeg har fått en venn her."}, {"text": "Ніхто мене не розуміє.", "language": "uk"}]}))))),
    responses((status = 200, description = "What they say", body = ClassifyAnswer)))]
pub async fn classify(State(app): State<Arc<App>>, Body(body): Body<Request>) -> Result<Response, Problem> {
    let Request { text, source, role, language, items } = body;
    let one_form = || {
        Problem::field(FieldError {
            pointer: String::new(),
            code: "one_form",
            detail: "Send either text, or items, each with its own text.".into(),
        })
    };
    let (single, list) = match (text, items) {
        (Some(text), None) => (true, vec![One { text, source, role, language }]),
        (None, Some(items)) if source.is_none() && role.is_none() && language.is_none() => (false, items),
        _ => return Err(one_form()),
    };
    if list.is_empty() || list.len() > MOST {
        return Err(Problem::field(FieldError::new("items", "out_of_range", "Send 1 to 500 texts.")));
    }
    let mut errors = Vec::new();
    let place = |at: usize| if single { String::new() } else { format!("/items/{at}") };
    let texts: Vec<Words> =
        list.into_iter().enumerate().filter_map(|(at, one)| words(one, &place(at), &mut errors)).collect();
    Problem::check(errors)?;
    let mut answers = Vec::with_capacity(texts.len());
    for words in &texts {
        let opinion = app.backend.read(words).await.map_err(|error| Problem::of(&error))?;
        answers.push(classified(words, &opinion, app.backend.version()).map_err(|error| Problem::of(&error))?);
    }
    Ok(match (single, answers.pop()) {
        (true, Some(answer)) => Json(answer).into_response(),
        (_, last) => Json(ClassifiedList { items: answers.into_iter().chain(last).collect() }).into_response(),
    })
}
