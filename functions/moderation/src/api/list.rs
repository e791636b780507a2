//! `GET /v1/moderation/reviews` and `GET /v1/moderation/reviews/{id}`

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::{
    auth::Claims,
    http::{Caller, Page, PathId, Problem, Query, etag, problem},
};
use tokio_postgres::{Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    App, sees_sensitive,
    view::{Item, SELECT, item},
};

/// Which items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReviewsQuery {
    /// `general` or `sensitive`; all that the caller may see if absent.
    #[param(inline, example = "general")]
    lane: Option<Lane>,
    /// `waiting` (pending and claimed), `pending`, `claimed`, `held` (blocked, in no queue) or `closed`; `waiting` if absent.
    #[param(inline, example = "waiting")]
    state: Option<Shown>,
    /// Only what the caller holds.
    #[serde(default)]
    #[param(example = false)]
    mine: bool,
    /// 1 to 200; 50 if absent.
    #[param(value_type = Option<u32>, example = 50)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewLane)]
enum Lane {
    General,
    Sensitive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewState)]
enum Shown {
    Waiting,
    Pending,
    Claimed,
    Held,
    Closed,
}

impl Shown {
    /// The states as items show them, where a claim that ended is none.
    fn states(self) -> &'static [&'static str] {
        match self {
            Self::Waiting => &["pending", "claimed"],
            Self::Pending => &["pending"],
            Self::Claimed => &["claimed"],
            Self::Held => &["held"],
            Self::Closed => &["closed"],
        }
    }
}

/// How many wait in a lane.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = WaitingReviews)]
pub struct Waiting {
    /// Items in the queue, claimed ones included.
    waiting: i64,
    /// Of these, urgent ones.
    urgent: i64,
}

/// The sensitive lane, for whom it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SensitiveReviews)]
pub struct SensitiveLane {
    /// Items in the queue, claimed ones included.
    waiting: i64,
    /// Of these, urgent ones.
    urgent: i64,
    /// Of these, past their time and not opened.
    overdue: i64,
    /// The nearest time by which one is to be opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due_at: Option<Timestamp>,
    /// Whom to reach when the office is closed.
    contact: String,
    /// What this queue is not.
    notice: &'static str,
}

/// The queue as a whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewQueue)]
pub struct Queue {
    /// What every reviewer sees.
    general: Waiting,
    /// Only for the role `safeguarding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitive: Option<SensitiveLane>,
    /// When the office is open, for people.
    #[schema(example = "Mon-Fri 08:00-16:00 Europe/Oslo")]
    office_hours: String,
    /// Whether it is open now.
    office_open: bool,
    /// How long a claim lasts.
    #[schema(example = 900)]
    lease_seconds: u64,
}

/// This is said wherever the sensitive lane is shown.
pub(super) const NOTICE: &str = "This queue is read in office hours. It is no emergency service: who is in danger now has to call 113 (ambulance) or 112 (police).";

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewList {
    /// Urgent ones first, then the oldest.
    items: Vec<Item>,
    /// The next page's cursor, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The queue as a whole.
    queue: Queue,
}

type Key = (bool, Timestamp, Uuid);

/// The queue
///
/// Texts that were held back, urgent ones first, then the oldest. Without their words: claim an item and open it. Which
/// categories were found is shown to those who may see the lane.
#[utoipa::path(get, path = "/v1/moderation/reviews", operation_id = "list_reviews", params(ReviewsQuery), responses(
    (status = 200, description = "A page", body = ReviewList),
    (status = 400, description = "`bad_query`, `bad_limit`, `bad_cursor`"),
    (status = 404, description = "`not_found`: a lane that is not the caller's")))]
pub async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<ReviewsQuery>,
    Caller(claims): Caller,
) -> Result<Json<ReviewList>, Problem> {
    let page = Page::<Key>::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let sensitive = sees_sensitive(&claims);
    if query.lane == Some(Lane::Sensitive) && !sensitive {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    let lanes: &[&str] = match query.lane {
        Some(Lane::General) => &["general"],
        Some(Lane::Sensitive) => &["sensitive"],
        None if sensitive => &["general", "sensitive"],
        None => &["general"],
    };
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let (urgent, raised, id) = match page.after {
        Some((urgent, raised, id)) => (Some(urgent), Some(raised), Some(id)),
        None => (None, None, None),
    };
    // `x.state` is the one shown; the stored states narrow it, so that what is closed is not gone through.
    let states = query.state.unwrap_or(Shown::Waiting).states();
    let stored: &[&str] = if states == ["closed"] { &["closed"] } else { &["held", "pending", "claimed"] };
    let sql = format!(
        "SELECT * FROM ({SELECT} WHERE r.lane = ANY($1) AND r.state = ANY($2)) x
         WHERE x.state = ANY($3) AND (NOT $4 OR x.claimed_by = $5)
           AND ($6::bool IS NULL OR (NOT x.urgent, x.raised_at, x.review_id) > (NOT $6, $7, $8))
         ORDER BY NOT x.urgent, x.raised_at, x.review_id LIMIT $9"
    );
    let rows = tx
        .query_typed(
            &sql,
            &[
                (&lanes, Type::TEXT_ARRAY),
                (&stored, Type::TEXT_ARRAY),
                (&states, Type::TEXT_ARRAY),
                (&query.mine, Type::BOOL),
                (&claims.sub, Type::TEXT),
                (&urgent, Type::BOOL),
                (&raised, Type::TIMESTAMPTZ),
                (&id, Type::UUID),
                (&page.fetch(), Type::INT8),
            ],
        )
        .await?;
    let mut items: Vec<Item> = rows.iter().map(|row| Item::of(row, &claims)).collect();
    let next = page.cut(&mut items, |item| (item.urgent, item.raised_at, item.id));
    let queue = queue(&tx, &app, &claims).await?;
    tx.commit().await?;
    Ok(Json(ReviewList { items, next, queue }))
}

async fn queue(tx: &Transaction<'_>, app: &App, claims: &Claims) -> Result<Queue, Problem> {
    let rows = tx
        .query_typed(
            "SELECT lane, count(*), count(*) FILTER (WHERE urgent), count(*) FILTER (WHERE opened_at IS NULL AND due_at < now()),
                    min(due_at) FILTER (WHERE opened_at IS NULL)
             FROM core.reviews WHERE state IN ('pending', 'claimed') AND (lane = 'general' OR $1) GROUP BY lane",
            &[(&sees_sensitive(claims), Type::BOOL)],
        )
        .await?;
    let lane = |name: &str| rows.iter().find(|row| row.get::<_, &str>(0) == name);
    let counts = |row: Option<&tokio_postgres::Row>| row.map_or((0, 0), |row| (row.get(1), row.get(2)));
    let (waiting, urgent) = counts(lane("general"));
    let general = Waiting { waiting, urgent };
    let sensitive = sees_sensitive(claims).then(|| {
        let row = lane("sensitive");
        let (waiting, urgent) = counts(row);
        SensitiveLane {
            waiting,
            urgent,
            overdue: row.map_or(0, |row| row.get(3)),
            next_due_at: row.and_then(|row| row.get(4)),
            contact: app.settings.contact.clone(),
            notice: NOTICE,
        }
    });
    Ok(Queue {
        general,
        sensitive,
        office_hours: app.settings.hours.said().to_owned(),
        office_open: app.settings.hours.open(Timestamp::now()),
        lease_seconds: app.settings.lease.as_secs(),
    })
}

/// An item
///
/// Without its words.
#[utoipa::path(get, path = "/v1/moderation/reviews/{id}", operation_id = "get_review",
    params(("id" = Uuid, Path, description = "The item")),
    responses(
        (status = 200, description = "The item", body = Item, headers(("etag" = String, description = "Its version in quotes, for If-Match"))),
        (status = 404, description = "`not_found`")))]
pub async fn get(State(app): State<Arc<App>>, PathId(id): PathId, Caller(claims): Caller) -> Result<Response, Problem> {
    let mut client = app.db.client().await?;
    let tx = client.transaction().await?;
    let found = item(&tx, id, &claims, false).await?.item;
    tx.commit().await?;
    Ok(answer(found))
}

/// An item with its ETag.
pub(super) fn answer(item: Item) -> Response {
    ([(header::ETAG, etag(item.version))], Json(item)).into_response()
}
