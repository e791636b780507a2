//! What an item of the queue looks like. Without words: these are shown to whoever opens it.

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    auth::Claims,
    db::DbError,
    http::{Problem, problem},
};
use tokio_postgres::{Row, Transaction, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sees_sensitive;

/// What was found, without where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReviewFinding)]
pub struct Found {
    /// `hate`, `harassment`, `threat`, `self_harm`, `sexual`, `pii`, `spam`, `safeguarding` or `unsupported_language`.
    #[schema(example = "harassment")]
    pub category: String,
    /// What kind of case of it.
    #[schema(example = "insult")]
    pub grade: String,
}

/// A decision that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReviewOutcome)]
pub struct Decided {
    /// `uphold`, `overturn`, `redact` or `escalate`.
    #[schema(example = "uphold")]
    pub decision: String,
    /// Who decided: the subject of the token.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A text that was held back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewItem)]
pub struct Item {
    /// The item.
    pub id: Uuid,
    /// What events name; an appeal is another item of the same flag.
    pub flag_id: Uuid,
    /// The text.
    pub text_id: Uuid,
    /// `general` or `sensitive`.
    #[schema(example = "general")]
    pub lane: String,
    /// Whether it must not wait.
    pub urgent: bool,
    /// `pending`, `claimed`, `closed`; `held`: blocked, and in no queue.
    #[schema(example = "pending")]
    pub state: String,
    /// `review`, `aimed_block`, `block`, `sample` or `appeal`.
    #[schema(example = "review")]
    pub reason: String,
    /// What screening decided: `review` or `block`; `allow` where a later one would let it through.
    #[schema(example = "review")]
    pub decision: String,
    /// What it was written about.
    #[schema(example = "buddy_checkin")]
    pub kind: String,
    /// Who wrote it: `participant`, `volunteer`, `buddy` or `undeclared`.
    #[schema(example = "participant")]
    pub author_role: String,
    /// `en`, `nb`, `uk` or `ru`; absent where it is another or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nb")]
    pub language: Option<String>,
    /// What was found, each once.
    pub findings: Vec<Found>,
    /// Why the engine came to no end with it, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "engine_too_slow")]
    pub failure: Option<String>,
    /// Whether it is scored when a person lets it through. Never where somebody may be in danger.
    pub scorable: bool,
    /// When it was written, which may be long before it came here.
    pub written_at: Timestamp,
    /// Since when it waits.
    pub raised_at: Timestamp,
    /// By when it is to be opened; in the sensitive lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it was first opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_by: Option<String>,
    /// Whether that is you.
    pub claimed_by_me: bool,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Timestamp>,
    /// Since when its text does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
    /// How it ended, if by a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// `decision`, `withdrawal`, `rescreening` or `erasure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "decision")]
    pub closed_by: Option<String>,
    /// The item whose decision is appealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal_of: Option<Uuid>,
    /// The ETag, without its quotes.
    pub version: i32,
}

/// What an item is read by; rows of `core.reviews r` follow.
pub(super) const SELECT: &str = "
SELECT r.review_id, r.flag_id, r.text_id, r.lane, r.urgent,
       CASE WHEN r.state = 'claimed' AND r.claimed_until <= now() THEN CASE r.reason WHEN 'block' THEN 'held' ELSE 'pending' END
            ELSE r.state END AS state,
       r.reason, s.decision AS screened, s.kind, t.author_role, s.language,
       (SELECT array_agg(DISTINCT f.category || ' ' || f.grade ORDER BY f.category || ' ' || f.grade)
        FROM core.screening_findings f WHERE f.screening_id = s.screening_id) AS findings,
       s.failure, s.scorable, r.written_at, r.raised_at, r.due_at, r.opened_at,
       CASE WHEN r.claimed_until > now() THEN r.claimed_by END AS claimed_by,
       CASE WHEN r.claimed_until > now() THEN r.claimed_until END AS claimed_until,
       r.withdrawn_at, r.decision, r.decided_by, r.decided_at, r.closed_by, r.appeal_of, r.version,
       s.screening_id, r.subject_id, r.decisions
FROM core.reviews r JOIN core.screenings s USING (screening_id) JOIN vault.texts t ON t.text_id = r.text_id";

/// An item with what the handlers need besides.
pub(super) struct Whole {
    pub item: Item,
    pub screening_id: Uuid,
    pub subject_id: Uuid,
    pub decisions: i32,
}

impl Item {
    pub(super) fn of(row: &Row, claims: &Claims) -> Self {
        let found = |pair: &String| {
            let (category, grade) = pair.split_once(' ').unwrap_or((pair, ""));
            Found { category: category.to_owned(), grade: grade.to_owned() }
        };
        let claimed_by: Option<String> = row.get("claimed_by");
        let decided = row.get::<_, Option<String>>("decision").map(|decision| Decided {
            decision,
            by: row.get("decided_by"),
            at: row.get("decided_at"),
        });
        Self {
            id: row.get("review_id"),
            flag_id: row.get("flag_id"),
            text_id: row.get("text_id"),
            lane: row.get("lane"),
            urgent: row.get("urgent"),
            state: row.get("state"),
            reason: row.get("reason"),
            decision: row.get("screened"),
            kind: row.get("kind"),
            author_role: row.get("author_role"),
            language: row.get("language"),
            findings: row.get::<_, Option<Vec<String>>>("findings").unwrap_or_default().iter().map(found).collect(),
            failure: row.get("failure"),
            scorable: row.get("scorable"),
            written_at: row.get("written_at"),
            raised_at: row.get("raised_at"),
            due_at: row.get("due_at"),
            opened_at: row.get("opened_at"),
            claimed_by_me: claimed_by.as_deref() == Some(claims.sub.as_str()),
            claimed_by,
            claimed_until: row.get("claimed_until"),
            withdrawn_at: row.get("withdrawn_at"),
            decided,
            closed_by: row.get("closed_by"),
            appeal_of: row.get("appeal_of"),
            version: row.get("version"),
        }
    }

    /// 409 unless the caller holds it now.
    pub(super) fn held_by_caller(&self) -> Result<(), Problem> {
        match (&self.claimed_by, self.claimed_until) {
            _ if self.state == "closed" => Err(Problem::new(&problem::REVIEW_CLOSED)),
            _ if self.claimed_by_me => Ok(()),
            (Some(_), Some(until)) => Err(somebody_else(until)),
            _ => Err(Problem::new(&problem::NOT_CLAIMED)),
        }
    }
}

/// 409, with until when.
pub(super) fn somebody_else(until: Timestamp) -> Problem {
    let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
    let detail =
        format!("Another reviewer holds this item until {until}, or until they release it. Take the next one.");
    Problem::new(&problem::ALREADY_CLAIMED).detail(detail)
}

/// An item the caller may know of. `locking` keeps others from changing it until the transaction ends.
pub(super) async fn item(tx: &Transaction<'_>, id: Uuid, claims: &Claims, locking: bool) -> Result<Whole, Problem> {
    let lock = if locking { " FOR UPDATE OF r" } else { "" };
    let sql = format!("{SELECT} WHERE r.review_id = $1 AND (r.lane = 'general' OR $2){lock}");
    let rows = tx.query_typed(&sql, &[(&id, Type::UUID), (&sees_sensitive(claims), Type::BOOL)]).await?;
    let row = rows.first().ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(Whole {
        item: Item::of(row, claims),
        screening_id: row.get("screening_id"),
        subject_id: row.get("subject_id"),
        decisions: row.get("decisions"),
    })
}

/// The text of an item the caller may know of; its lock is taken before its rows are.
pub(super) async fn text_of(tx: &Transaction<'_>, id: Uuid, claims: &Claims) -> Result<Uuid, Problem> {
    let sql = "SELECT text_id FROM core.reviews WHERE review_id = $1 AND (lane = 'general' OR $2)";
    let rows = tx.query_typed(sql, &[(&id, Type::UUID), (&sees_sensitive(claims), Type::BOOL)]).await?;
    rows.first().map(|row| row.get(0)).ok_or_else(|| Problem::new(&problem::NOT_FOUND))
}

/// Whether the caller has read the text of an item since it came to its lane: that takes back the item's own `opened_at`.
pub(super) async fn opened_by(tx: &Transaction<'_>, id: Uuid, claims: &Claims) -> Result<bool, DbError> {
    let sql = "SELECT FROM core.review_openings o JOIN core.reviews r USING (review_id)
               WHERE o.review_id = $1 AND o.opened_by = $2 AND o.opened_at >= r.opened_at";
    Ok(!tx.query_typed(sql, &[(&id, Type::UUID), (&claims.sub, Type::TEXT)]).await?.is_empty())
}
