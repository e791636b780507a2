//! `POST /v1/moderation/reviews/{id}/open`

use std::{fmt, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use jiff::Timestamp;
use moderation_engine::{Context, Finding, Language};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use shared::{
    http::{Caller, Ids, PathId, Problem, etag},
    pii::Pii,
    vault::{Place, SubjectKey, VaultError},
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    App, audit,
    list::NOTICE,
    view::{Item, item},
};
use crate::{
    policies::{self, known},
    screening,
};

/// Words of a person on their way over the wire. Prints as `[pii]`; serialises, because the answer it stands in was asked
/// for by somebody entitled to it.
#[derive(Clone)]
pub struct Said(pub Pii<String>);

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pii]")
    }
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|value| Self(Pii::new(value)))
    }
}

/// A rule that holds at a place of the text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewPlace)]
pub struct PlaceFound {
    /// The category.
    #[schema(example = "harassment")]
    category: String,
    /// What kind of case of it.
    #[schema(example = "insult")]
    grade: String,
    /// The first character, counted in Unicode code points.
    start: i32,
    /// One past the last.
    end: i32,
    /// The rule.
    #[schema(example = "harassment.insult.stupid")]
    rule: String,
    /// What the rule means, in English.
    reason: String,
    /// How sure it is, in thousandths.
    #[schema(example = 900)]
    score: i16,
    /// Whether it was hidden behind other letters or spaces.
    obfuscated: bool,
    /// Whether it is aimed at a person.
    aimed: bool,
    /// What stands in its place in the redacted text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PHONE")]
    placeholder: Option<String>,
}

/// What somebody decided on this text before, or why it was appealed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewStep)]
pub struct Step {
    /// `uphold`, `overturn`, `redact`, `escalate`, or `appeal`.
    #[schema(example = "escalate")]
    step: String,
    /// Who.
    by: String,
    /// When.
    at: Timestamp,
    /// What was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    notes: Option<Said>,
}

/// An item with its words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenedReview)]
pub struct Opened {
    /// The item.
    item: Item,
    /// The words; absent if they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    text: Option<Said>,
    /// The words as `redact` would give them to scoring, without parts of your own; absent if the engine comes to no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    redacted: Option<Said>,
    /// What was found where, in the order of places.
    places: Vec<PlaceFound>,
    /// What was decided on this text before.
    history: Vec<Step>,
    /// Whom to reach when the office is closed; in the sensitive lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// What this queue is not; in the sensitive lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// Open an item
///
/// Shows the words of an item that you hold, with what was found in them. Every opening is written to the audit log.
#[utoipa::path(post, path = "/v1/moderation/reviews/{id}/open", operation_id = "open_review",
    params(("id" = Uuid, Path, description = "The item")),
    responses(
        (status = 200, description = "The item with its words", body = Opened, headers(("etag" = String, description = "Its version in quotes, for If-Match"))),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`not_claimed`, `already_claimed`, `review_closed`"),
        (status = 503, description = "`vault_unavailable`")))]
pub async fn open(
    State(app): State<Arc<App>>,
    PathId(id): PathId,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let vault = app.vault(&client).await?;
    let tx = client.transaction().await?;
    let found = item(&tx, id, &claims, true).await?;
    found.item.held_by_caller()?;
    let key = vault.subject_key(&*tx, found.subject_id).await?;
    let text = match &key {
        Some(key) => words(&tx, key, found.item.text_id).await?,
        None => None,
    };
    let redacted = match &text {
        Some(text) => redacted(&app, &tx, &found.item, text).await?.map(Said),
        None => None,
    };
    let places = places(&tx, found.screening_id).await?;
    let history = history(&tx, key.as_ref(), found.item.flag_id).await?;
    tx.execute_typed(
        "INSERT INTO core.review_openings (review_id, opened_by) VALUES ($1, $2)
         ON CONFLICT (review_id, opened_by) DO UPDATE SET opened_at = now()",
        &[(&id, Type::UUID), (&claims.sub, Type::TEXT)],
    )
    .await?;
    tx.execute_typed(
        "UPDATE core.reviews SET opened_at = now(), version = version + 1 WHERE review_id = $1 AND opened_at IS NULL",
        &[(&id, Type::UUID)],
    )
    .await?;
    let item = item(&tx, id, &claims, false).await?.item;
    audit::note(&tx, &ids, &claims, "review.open", Some(id), &json!({"lane": item.lane, "text": item.text_id})).await?;
    tx.commit().await?;
    let sensitive = item.lane == "sensitive";
    let tag = etag(item.version);
    let opened = Opened {
        item,
        text: text.map(Said),
        redacted,
        places,
        history,
        contact: sensitive.then(|| app.settings.contact.clone()),
        notice: sensitive.then_some(NOTICE),
    };
    Ok(([(header::ETAG, tag)], Json(opened)).into_response())
}

/// The words of a text; none if they do not open.
pub(super) async fn words(
    tx: &Transaction<'_>,
    key: &SubjectKey,
    text_id: Uuid,
) -> Result<Option<Pii<String>>, Problem> {
    let sql = "SELECT sealed FROM vault.texts WHERE text_id = $1";
    let rows = tx.query_typed(sql, &[(&text_id, Type::UUID)]).await?;
    Ok(rows.first().and_then(|row| key.unseal(Place::text(text_id), row.get(0)).ok()))
}

/// What the policy replaces in an item's words now; none if the engine comes to no end. Then nobody knows what is to be
/// replaced: the words are not shown as if it were done, and do not go on.
pub(super) async fn replaced(
    app: &App,
    tx: &Transaction<'_>,
    item: &Item,
    text: &Pii<String>,
) -> Result<Option<Vec<Finding>>, Problem> {
    let (kind, role) = match (known(&item.kind), known(&item.author_role)) {
        (Some(kind), Some(role)) => (kind, role),
        _ => return Err(Problem::internal("unknown_stored_value")),
    };
    let context = Context { kind, role, language: item.language.as_deref().and_then(Language::of_code) };
    let policy = policies::in_force(tx).await?;
    let analysis = app.screens.backend.opinion(text, context).await.ok();
    Ok(analysis.map(|analysis| screening::replaced(&analysis.findings, &policy.policy, kind)))
}

async fn redacted(
    app: &App,
    tx: &Transaction<'_>,
    item: &Item,
    text: &Pii<String>,
) -> Result<Option<Pii<String>>, Problem> {
    let replaced = replaced(app, tx, item, text).await?;
    Ok(replaced.map(|findings| Pii::new(app.screens.engine.redact(text.expose(), &findings))))
}

async fn places(tx: &Transaction<'_>, screening: Uuid) -> Result<Vec<PlaceFound>, Problem> {
    let rows = tx
        .query_typed(
            "SELECT category, grade, span_start, span_end, rule, reason, score, obfuscated, aimed, placeholder
             FROM core.screening_findings WHERE screening_id = $1 ORDER BY place",
            &[(&screening, Type::UUID)],
        )
        .await?;
    let place = |row: &tokio_postgres::Row| PlaceFound {
        category: row.get(0),
        grade: row.get(1),
        start: row.get(2),
        end: row.get(3),
        rule: row.get(4),
        reason: row.get(5),
        score: row.get(6),
        obfuscated: row.get(7),
        aimed: row.get(8),
        placeholder: row.get(9),
    };
    Ok(rows.iter().map(place).collect())
}

async fn history(tx: &Transaction<'_>, key: Option<&SubjectKey>, flag: Uuid) -> Result<Vec<Step>, Problem> {
    let rows = tx
        .query_typed(
            "SELECT x.step, x.by, x.at, n.note_id, n.sealed
             FROM (SELECT d.review_id, d.number, d.decision AS step, d.decided_by AS by, d.decided_at AS at
                   FROM core.review_decisions d JOIN core.reviews r USING (review_id) WHERE r.flag_id = $1
                   UNION ALL
                   SELECT n.review_id, 0, 'appeal', n.written_by, n.written_at
                   FROM vault.review_notes n JOIN core.reviews r USING (review_id) WHERE r.flag_id = $1 AND n.number = 0) x
             LEFT JOIN vault.review_notes n ON n.review_id = x.review_id AND n.number = x.number
             ORDER BY x.at, x.number",
            &[(&flag, Type::UUID)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let sealed = row.get::<_, Option<Uuid>>(3).zip(row.get::<_, Option<&[u8]>>(4)).zip(key);
            let notes = sealed.map(|((note, sealed), key)| key.unseal(note_place(note), sealed)).transpose()?;
            Ok(Step { step: row.get(0), by: row.get(1), at: row.get(2), notes: notes.map(Said) })
        })
        .collect::<Result<_, VaultError>>()
        .map_err(Problem::from)
}

fn note_place(note: Uuid) -> Place<'static> {
    Place { table: "vault.review_notes", column: "sealed", row: note }
}

/// Seals what a reviewer noted.
pub(super) async fn note(
    tx: &Transaction<'_>,
    key: &SubjectKey,
    about: (Uuid, i32, Uuid),
    by: &str,
    notes: &str,
) -> Result<(), Problem> {
    let (review, number, subject) = about;
    let id = Uuid::now_v7();
    let sealed = key.seal(note_place(id), notes.as_bytes())?;
    tx.execute_typed(
        "INSERT INTO vault.review_notes (note_id, review_id, number, subject_id, sealed, written_by) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&id, Type::UUID),
            (&review, Type::UUID),
            (&number, Type::INT4),
            (&subject, Type::UUID),
            (&sealed, Type::BYTEA),
            (&by, Type::TEXT),
        ],
    )
    .await?;
    Ok(())
}
