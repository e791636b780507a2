//! `POST /v1/moderation/screen`

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use moderation_engine::{Context, Finding, Kind, Language, Role, policy::Decision};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    http::{Caller, FieldError, Ids, Json as Body, Problem},
    pii::Pii,
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, audit, open::Said};
use crate::{
    name,
    policies::{self, Numbered, known},
    screening::{self, Screened},
};

/// Texts a call.
const MOST: usize = 500;
/// Characters a text.
const LENGTH: usize = 10_000;

/// A text to be screened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToScreen {
    /// 1 to 10,000 characters.
    #[schema(value_type = String, example = "We practised for the job interview.", max_length = 10_000)]
    text: Said,
    /// `kintell_session`, `buddy_checkin`, `buddy_feedback`, `course_reflection` or `other`; `other` if absent.
    #[serde(default)]
    #[schema(example = "buddy_checkin")]
    kind: Option<String>,
    /// Who wrote it: `participant`, `volunteer`, `buddy` or `undeclared`; `undeclared` if absent.
    #[serde(default)]
    #[schema(example = "participant")]
    role: Option<String>,
    /// `en`, `nb` (or `no`), `uk` or `ru`. It breaks ties only: what a text is in, the engine sees.
    #[serde(default)]
    #[schema(example = "en")]
    language: Option<String>,
}

/// One text, or up to 500 under `items`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScreenRequest)]
pub struct Screen {
    /// The text of one.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "We practised for the job interview.", max_length = 10_000)]
    text: Option<Said>,
    /// Of the one text, as in `items`.
    #[serde(default)]
    kind: Option<String>,
    /// Of the one text, as in `items`.
    #[serde(default)]
    role: Option<String>,
    /// Of the one text, as in `items`.
    #[serde(default)]
    language: Option<String>,
    /// Whether it is noted that this was asked and answered; the words are kept in no case. Only of one text: `true` if
    /// absent.
    #[serde(default)]
    store: Option<bool>,
    /// Up to 500 texts.
    #[serde(default)]
    items: Option<Vec<ToScreen>>,
}

/// A place in a text.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScreenedPlace)]
pub struct PlaceOf {
    /// The first character, counted in Unicode code points.
    start: u32,
    /// One past the last.
    end: u32,
}

/// A category that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScreenedCategory)]
pub struct CategoryFound {
    /// `hate`, `harassment`, `threat`, `self_harm`, `sexual`, `pii`, `spam`, `safeguarding` or `unsupported_language`.
    #[schema(example = "pii")]
    name: String,
    /// How sure the surest rule is, 0 to 1.
    #[serde(with = "rust_decimal::serde::float")]
    #[schema(value_type = f64, example = 0.95)]
    score: Decimal,
    /// Where, each place once.
    spans: Vec<PlaceOf>,
}

/// What was decided on a text.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScreeningAnswer {
    /// `allow`, `review` or `block`.
    #[schema(example = "review")]
    decision: String,
    /// Whether somebody should look at once.
    urgent: bool,
    /// What was found, by category.
    categories: Vec<CategoryFound>,
    /// The text with what the policy replaces replaced; absent if the engine came to no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    redacted: Option<Said>,
    /// What the rules that hold mean, in English; or why the engine came to no end.
    reasons: Vec<String>,
    /// `en`, `nb`, `uk` or `ru`; null where it is another or none.
    language: Option<&'static str>,
    /// Which engine decided.
    #[schema(example = "1.0.0+3fa2c1d4")]
    engine_version: String,
    /// By which policy.
    #[schema(example = "0+1f0c9a7d")]
    policy_version: String,
    /// What was noted of it; absent with `store: false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    screening_id: Option<Uuid>,
}

/// Answers in the order of the texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScreeningAnswers {
    /// One a text.
    items: Vec<ScreeningAnswer>,
}

/// What is answered, by what was asked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ScreenAnswer {
    /// To one text.
    One(Box<ScreeningAnswer>),
    /// To `items`.
    Many(ScreeningAnswers),
}

struct Asked {
    text: Pii<String>,
    context: Context,
}

fn read(body: Screen) -> Result<(Vec<Asked>, bool, bool), Problem> {
    let mut errors = Vec::new();
    let Screen { text, kind, role, language, store, items } = body;
    let (texts, many) = match (text, items) {
        (Some(text), None) => (vec![ToScreen { text, kind, role, language }], false),
        (None, Some(items)) if kind.is_none() && role.is_none() && language.is_none() => {
            if items.is_empty() || items.len() > MOST {
                errors.push(FieldError::new("items", "out_of_range", format!("items has 1 to {MOST} texts.")));
            }
            if store.is_some() {
                errors.push(FieldError::new("store", "not_here", "store is for a single text."));
            }
            (items, true)
        }
        _ => {
            errors.push(FieldError {
                pointer: String::new(),
                code: "one_form",
                detail: "Send either text with kind, role, language and store, or items.".into(),
            });
            (Vec::new(), false)
        }
    };
    let mut asked = Vec::with_capacity(texts.len());
    for (at, one) in texts.into_iter().enumerate() {
        let field = |name: &str| if many { format!("items/{at}/{name}") } else { name.to_owned() };
        let length = one.text.0.expose().chars().count();
        if length == 0 || length > LENGTH {
            let detail = format!("A text has 1 to {LENGTH} characters.");
            errors.push(FieldError::new(&field("text"), "out_of_range", detail));
        }
        let unknown =
            |name: &str| FieldError::new(&field(name), "unknown_name", "See the API description for the names.");
        let kind = one.kind.as_deref().map_or(Some(Kind::Other), known);
        let role = one.role.as_deref().map_or(Some(Role::Undeclared), known);
        let language = one.language.as_deref().map_or(Some(None), |code| Language::of_code(code).map(Some));
        match (kind, role, language) {
            (Some(kind), Some(role), Some(language)) => {
                asked.push(Asked { text: one.text.0, context: Context { kind, role, language } });
            }
            (kind, role, language) => {
                errors.extend(kind.is_none().then(|| unknown("kind")));
                errors.extend(role.is_none().then(|| unknown("role")));
                errors.extend(language.is_none().then(|| unknown("language")));
            }
        }
    }
    Problem::check(errors)?;
    Ok((asked, many, store.unwrap_or(true)))
}

/// Screen texts
///
/// Says what screening makes of a text, or of up to 500, without putting anything into the queue. The words are not kept;
/// that they were asked about is, with a keyed digest, unless `store` is `false`. An engine that comes to no end means
/// `review`.
#[utoipa::path(post, path = "/v1/moderation/screen", operation_id = "screen_text", request_body(content = Screen,
        examples(("one" = (value = json!({"text": "We practised for the job interview.", "store": false}))),
                 ("many" = (value = json!({"items": [{"text": "We practised.", "kind": "buddy_checkin"}, {"text": "Thanks!"}]}))))),
    responses(
        (status = 200, description = "What was decided", body = ScreenAnswer),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn screen(
    State(app): State<Arc<App>>,
    Caller(claims): Caller,
    ids: Ids,
    Body(body): Body<Screen>,
) -> Result<Json<ScreenAnswer>, Problem> {
    let (asked, many, store) = read(body)?;
    let mut client = app.db.client().await?;
    let vault = if store { Some(app.vault(&client).await?) } else { None };
    let tx = client.transaction().await?;
    let policy = policies::in_force(&*tx).await?;
    let mut answers = Vec::with_capacity(asked.len());
    for one in &asked {
        let screened = screening::screen(app.screens.backend.as_ref(), &one.text, one.context, &policy.policy).await;
        let mut answer = answer(&app, one, &screened, &policy);
        if let Some(vault) = vault {
            let digest = vault.digest("moderation/screen", one.text.expose());
            answer.screening_id = Some(keep(&tx, &answer, &digest, screened.failure, &claims.sub).await?);
        }
        answers.push(answer);
    }
    if store {
        let details = json!({"texts": answers.len()});
        audit::note(&tx, &ids, &claims, "moderation.screen", None, &details).await?;
    }
    tx.commit().await?;
    Ok(Json(match answers.pop() {
        Some(one) if !many => ScreenAnswer::One(Box::new(one)),
        last => ScreenAnswer::Many(ScreeningAnswers { items: answers.into_iter().chain(last).collect() }),
    }))
}

fn answer(app: &App, asked: &Asked, screened: &Screened, policy: &Numbered) -> ScreeningAnswer {
    let engine = &app.screens.engine;
    let kind = asked.context.kind;
    // Without findings nobody knows what is to be replaced.
    let redacted = screened
        .failure
        .is_none()
        .then(|| Pii::new(screening::redact(engine, asked.text.expose(), &screened.findings, &policy.policy, kind)));
    let mut reasons = Vec::new();
    let said = screened.findings.iter().map(|finding| finding.reason).chain(screened.failure.map(failed));
    for reason in said {
        if !reasons.iter().any(|known| known == reason) {
            reasons.push(reason.to_owned());
        }
    }
    ScreeningAnswer {
        decision: name(screened.verdict.decision),
        urgent: screened.verdict.urgent && screened.verdict.decision != Decision::Allow,
        categories: categories(&screened.findings),
        redacted: redacted.map(Said),
        reasons,
        language: screened.language.map(Language::code),
        engine_version: app.screens.backend.version().to_owned(),
        policy_version: policy.version(),
        screening_id: None,
    }
}

fn failed(code: &'static str) -> &'static str {
    match code {
        "engine_too_slow" => "The engine did not come to an end in time: a person has to look.",
        _ => "The engine could not read this text: a person has to look.",
    }
}

fn categories(findings: &[Finding]) -> Vec<CategoryFound> {
    let mut by_category: BTreeMap<_, (u16, Vec<PlaceOf>)> = BTreeMap::new();
    for finding in findings {
        let (score, spans) = by_category.entry(finding.category).or_default();
        *score = (*score).max(finding.score.min(1000));
        let place = PlaceOf { start: finding.span.start, end: finding.span.end };
        if !spans.contains(&place) {
            spans.push(place);
        }
    }
    let found = |(category, (score, spans))| CategoryFound {
        name: name(category),
        score: Decimal::new(i64::from(score), 3).normalize(),
        spans,
    };
    by_category.into_iter().map(found).collect()
}

async fn keep(
    tx: &Transaction<'_>,
    answer: &ScreeningAnswer,
    digest: &[u8],
    failure: Option<&'static str>,
    by: &str,
) -> Result<Uuid, Problem> {
    let id = Uuid::now_v7();
    tx.execute_typed(
        "INSERT INTO core.screening_answers (screening_id, digest, decision, urgent, engine_version, policy_version, failure, asked_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            (&id, Type::UUID),
            (&digest, Type::BYTEA),
            (&answer.decision, Type::TEXT),
            (&answer.urgent, Type::BOOL),
            (&answer.engine_version, Type::TEXT),
            (&answer.policy_version, Type::TEXT),
            (&failure, Type::TEXT),
            (&by, Type::TEXT),
        ],
    )
    .await?;
    Ok(id)
}
