//! Ratings that are told on their own: they count for the meeting they name, whichever of the two is told first.
//!
//! A meeting's own rating wins. Of several on their own the participant's counts before the volunteer's, of one side the
//! newest.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::{
    bus::outbox::Outbox,
    contracts::{Rater, Rating},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{ProjectorError, fact::Fact, follow, timeline};

/// What a rating says.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    /// The meeting.
    pub session_id: Uuid,
    /// The side that rates.
    pub from_role: Rater,
    /// The rating.
    pub rating: Rating,
    /// When it was given.
    pub rated_at: Timestamp,
}

/// What is known of a rating: its revision, its meeting, the revision that took it back.
struct Known {
    held: Option<(i32, Uuid)>,
    retracted: Option<i32>,
}

/// A rating, or its next revision.
pub async fn hold(tx: &Transaction<'_>, fact: &Fact, rated: &Rated, outbox: &mut Outbox) -> Result<(), ProjectorError> {
    timeline::lock_fact(tx, fact.fact_id).await?;
    let known = known(tx, fact).await?;
    let revision = Some(fact.revision.get());
    if known.retracted >= revision || known.held.map(|(held, _)| held) >= revision {
        return Ok(());
    }
    let sessions: BTreeSet<Uuid> =
        known.held.map(|(_, session)| session).into_iter().chain([rated.session_id]).collect();
    let people = lock_people(tx, &sessions).await?;
    tx.execute_typed(
        "INSERT INTO core.session_ratings (rating_id, session_id, from_role, rating, rated_at, revision, event_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (rating_id) DO UPDATE SET
           session_id = excluded.session_id, from_role = excluded.from_role, rating = excluded.rating,
           rated_at = excluded.rated_at, revision = excluded.revision, event_id = excluded.event_id",
        &[
            (&fact.fact_id, Type::UUID),
            (&rated.session_id, Type::UUID),
            (&rated.from_role.as_str(), Type::TEXT),
            (&rated.rating.get(), Type::NUMERIC),
            (&rated.rated_at, Type::TIMESTAMPTZ),
            (&fact.revision.get(), Type::INT4),
            (&fact.event_id, Type::UUID),
        ],
    )
    .await?;
    follow(tx, fact, people, outbox).await
}

/// A rating taken back, also before it was told.
pub async fn retract(tx: &Transaction<'_>, fact: &Fact, outbox: &mut Outbox) -> Result<(), ProjectorError> {
    timeline::lock_fact(tx, fact.fact_id).await?;
    let known = known(tx, fact).await?;
    let revision = Some(fact.revision.get());
    if known.retracted >= revision {
        return Ok(());
    }
    timeline::keep_retraction(tx, fact).await?;
    let Some((_, session)) = known.held.filter(|(held, _)| Some(*held) <= revision) else { return Ok(()) };
    let people = lock_people(tx, &BTreeSet::from([session])).await?;
    tx.execute_typed("DELETE FROM core.session_ratings WHERE rating_id = $1", &[(&fact.fact_id, Type::UUID)]).await?;
    follow(tx, fact, people, outbox).await
}

async fn known(tx: &Transaction<'_>, fact: &Fact) -> Result<Known, ProjectorError> {
    let rows = tx
        .query_typed(
            "SELECT r.revision, r.session_id, t.revision FROM (SELECT $1) AS x (id)
             LEFT JOIN core.session_ratings r ON r.rating_id = x.id
             LEFT JOIN core.retracted_facts t ON t.fact_type = $2 AND t.fact_id = x.id",
            &[(&fact.fact_id, Type::UUID), (&fact.fact_type.as_str(), Type::TEXT)],
        )
        .await?;
    let row = rows.first().ok_or(ProjectorError::StoredValue)?;
    let held = row.get::<_, Option<i32>>(0).zip(row.get(1));
    Ok(Known { held, retracted: row.get(2) })
}

/// The people of these meetings, locked after the meetings themselves: a meeting takes no other fact's lock, so there is
/// no cycle. Of a meeting that was not told yet there are none; its own event will find the rating.
async fn lock_people(tx: &Transaction<'_>, sessions: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, ProjectorError> {
    for session in sessions {
        timeline::lock_fact(tx, *session).await?;
    }
    let sessions: Vec<Uuid> = sessions.iter().copied().collect();
    let sql = "SELECT DISTINCT profile_id FROM core.timeline WHERE fact_type = 'kintell.session' AND fact_id = ANY($1)";
    let rows = tx.query_typed(sql, &[(&sessions, Type::UUID_ARRAY)]).await?;
    timeline::lock_profiles(tx, &rows.iter().map(|row| row.get(0)).collect()).await
}

/// The rating of a meeting that has none of its own.
pub(super) fn of_store(rating: Option<Decimal>) -> Result<Option<Rating>, ProjectorError> {
    rating.map(Rating::new).transpose().map_err(|_| ProjectorError::StoredValue)
}
