//! The projector's statements about facts and timelines. All take the transaction of the event.

use std::collections::{BTreeMap, BTreeSet};

use futures::try_join;
use jiff::Timestamp;
use serde_json::Value;
use shared::{bus::consumer::Consumer, contracts::FactType};
use tokio_postgres::{
    Row, Transaction,
    types::{Json, Type},
};
use uuid::Uuid;

use super::{
    Projector, ProjectorError,
    derive::{Programme, Role, TimelineEntry},
    details::Details,
    fact::{Entry, Fact},
    ratings,
    store::known,
};

/// What the store knows of a fact before an event is taken in.
#[derive(Debug, Default)]
pub struct Known {
    /// Whose timelines it is on.
    pub holders: BTreeSet<Uuid>,
    /// The revision that is held, on timelines or hanging on a match.
    pub revision: Option<i32>,
    /// The match it hangs on.
    pub match_id: Option<Uuid>,
    /// Since when, for progress in a course.
    pub since: Option<Timestamp>,
    /// The revision that took it back.
    pub retracted: Option<i32>,
}

/// Two revisions of one fact may name four different people, so that no profile's lock keeps them apart: the fact's
/// own lock does. It is taken before any profile's. Facts that hang on a match take its lock after their own, in the
/// order of ids where they move from one to another; a match takes no other fact's. So there is no cycle.
pub async fn lock_fact(tx: &Transaction<'_>, fact_id: Uuid) -> Result<(), ProjectorError> {
    let key = (fact_id.as_u128() ^ (fact_id.as_u128() >> 64)) as u64 as i64;
    tx.query_typed("SELECT pg_advisory_xact_lock($1)", &[(&key, Type::INT8)]).await?;
    Ok(())
}

/// What is known of a fact, in one round trip.
pub async fn fact(tx: &Transaction<'_>, fact: &Fact) -> Result<Known, ProjectorError> {
    let key = [(&fact.fact_type.as_str() as _, Type::TEXT), (&fact.fact_id as _, Type::UUID)];
    let (entries, hanging, retracted) = try_join!(
        tx.query_typed(
            "SELECT profile_id, revision, (details ->> 'since')::timestamptz FROM core.timeline
             WHERE fact_type = $1 AND fact_id = $2",
            &key,
        ),
        tx.query_typed("SELECT revision, match_id FROM core.match_facts WHERE fact_type = $1 AND fact_id = $2", &key),
        tx.query_typed("SELECT revision FROM core.retracted_facts WHERE fact_type = $1 AND fact_id = $2", &key),
    )?;
    let mut known = Known { retracted: retracted.first().map(|row| row.get(0)), ..Known::default() };
    for row in &entries {
        known.holders.insert(row.get(0));
        known.revision = known.revision.max(Some(row.get(1)));
        known.since = row.get(2);
    }
    for row in &hanging {
        known.revision = known.revision.max(Some(row.get(0)));
        known.match_id = Some(row.get(1));
    }
    Ok(known)
}

/// Locks profiles in the order of their ids, the same in every transaction, so that two events about the same two
/// people wait for each other instead of deadlocking. Weaker than `FOR UPDATE`: imports that refer to a profile
/// need not wait. Gives those that are there. One that is not there was removed by an undone import, and then
/// nothing is to be done for it; else the event is refused.
pub async fn lock_profiles(tx: &Transaction<'_>, profiles: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, ProjectorError> {
    let there = lock_those_there(tx, profiles).await?;
    let gone: Vec<Uuid> = profiles.difference(&there).copied().collect();
    if !gone.is_empty() {
        // A statement of its own, after the wait for locks: it sees what an undo that was waited for has written.
        let sql = "SELECT count(*) FROM core.removed_profiles WHERE profile_id = ANY($1)";
        let rows = tx.query_typed(sql, &[(&gone, Type::UUID_ARRAY)]).await?;
        if rows.first().map_or(0, |row| row.get::<_, i64>(0)) != gone.len() as i64 {
            return Err(ProjectorError::UnknownProfile);
        }
    }
    Ok(there)
}

/// The same without a word about those that are not there.
pub async fn lock_those_there(
    tx: &Transaction<'_>,
    profiles: &BTreeSet<Uuid>,
) -> Result<BTreeSet<Uuid>, ProjectorError> {
    let asked: Vec<Uuid> = profiles.iter().copied().collect();
    let sql = "SELECT profile_id FROM core.profiles WHERE profile_id = ANY($1) ORDER BY profile_id FOR NO KEY UPDATE";
    let rows = tx.query_typed(sql, &[(&asked, Type::UUID_ARRAY)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether everything is being made anew from the log. To be asked after the timeline was read: a rebuild takes the
/// timeline's lock before it is open. The answer holds until the transaction's end, so that no rebuild ends before what
/// is put off because of it is there.
pub async fn rebuilding(tx: &Transaction<'_>) -> Result<bool, ProjectorError> {
    let sql = format!(
        "SELECT FROM bus.replays r WHERE consumer = $1 AND whole AND (state NOT IN ('queued', 'done', 'failed') OR {ABANDONED}) FOR KEY SHARE"
    );
    Ok(!tx.query_typed(&sql, &[(&Projector::NAME, Type::TEXT)]).await?.is_empty())
}

/// A rebuild that ended before the log was taken in: timelines stay incomplete until another one has everything taken in.
const ABANDONED: &str = "(state = 'failed' AND reason = 'not_taken_in' AND NOT EXISTS (SELECT FROM bus.replays n
    WHERE n.consumer = r.consumer AND n.whole AND n.state IN ('settling', 'done') AND n.created_at > r.created_at))";

/// Whether a rebuild has emptied the timelines and not all of the log is taken in again. The answer holds until the
/// transaction's end: a rebuild begins by locking the timeline, and the relay ends the sending by writing its row.
pub async fn timelines_incomplete(tx: &Transaction<'_>) -> Result<bool, ProjectorError> {
    tx.batch_execute("SELECT FROM core.timeline LIMIT 0").await?;
    let sql = format!(
        "SELECT FROM bus.replays r WHERE consumer = $1 AND whole AND (state IN ('sending', 'sent') OR {ABANDONED}) FOR SHARE"
    );
    Ok(!tx.query_typed(&sql, &[(&Projector::NAME, Type::TEXT)]).await?.is_empty())
}

/// The two of a match, as its newest revision names them.
pub async fn of_match(tx: &Transaction<'_>, match_id: Uuid) -> Result<BTreeSet<Uuid>, ProjectorError> {
    let sql = "SELECT profile_id FROM core.timeline WHERE fact_type = 'buddy.match' AND fact_id = $1";
    let rows = tx.query_typed(sql, &[(&match_id, Type::UUID)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Puts this revision of the fact on the timelines of these people, and takes it off those of anybody else.
pub async fn put(
    tx: &Transaction<'_>,
    fact: &Fact,
    entry: &Entry,
    people: &[(Uuid, Option<Role>)],
) -> Result<(), ProjectorError> {
    let profiles: Vec<Uuid> = people.iter().map(|(profile, _)| *profile).collect();
    let roles: Vec<Option<&str>> = people.iter().map(|(_, role)| role.map(Role::as_str)).collect();
    tx.execute_typed(
        "DELETE FROM core.timeline WHERE fact_type = $1 AND fact_id = $2 AND profile_id <> ALL($3)",
        &[(&fact.fact_type.as_str(), Type::TEXT), (&fact.fact_id, Type::UUID), (&profiles, Type::UUID_ARRAY)],
    )
    .await?;
    tx.execute_typed(
        "INSERT INTO core.timeline
           (profile_id, role, fact_type, fact_id, revision, event_id, programme, occurred_at, details)
         SELECT p.profile_id, p.role, $3, $4, $5, $6, $7, $8, $9 FROM unnest($1, $2) AS p (profile_id, role)
         ON CONFLICT (profile_id, fact_type, fact_id) DO UPDATE SET
           revision = excluded.revision, event_id = excluded.event_id, programme = excluded.programme,
           role = excluded.role, occurred_at = excluded.occurred_at, details = excluded.details",
        &[
            (&profiles, Type::UUID_ARRAY),
            (&roles, Type::TEXT_ARRAY),
            (&fact.fact_type.as_str(), Type::TEXT),
            (&fact.fact_id, Type::UUID),
            (&fact.revision.get(), Type::INT4),
            (&fact.event_id, Type::UUID),
            (&entry.programme.as_str(), Type::TEXT),
            (&entry.occurred_at, Type::TIMESTAMPTZ),
            (&Json(&entry.details), Type::JSONB),
        ],
    )
    .await?;
    Ok(())
}

/// Takes the fact off every timeline, and off its match.
pub async fn remove(tx: &Transaction<'_>, fact: &Fact) -> Result<(), ProjectorError> {
    let key = [(&fact.fact_type.as_str() as _, Type::TEXT), (&fact.fact_id as _, Type::UUID)];
    tx.execute_typed("DELETE FROM core.timeline WHERE fact_type = $1 AND fact_id = $2", &key).await?;
    take_off_match(tx, fact).await
}

/// Takes the fact off the match it hangs on.
pub async fn take_off_match(tx: &Transaction<'_>, fact: &Fact) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "DELETE FROM core.match_facts WHERE fact_type = $1 AND fact_id = $2",
        &[(&fact.fact_type.as_str(), Type::TEXT), (&fact.fact_id, Type::UUID)],
    )
    .await?;
    Ok(())
}

/// Hangs this revision of a fact on a match.
pub async fn put_on_match(
    tx: &Transaction<'_>,
    fact: &Fact,
    entry: &Entry,
    match_id: Uuid,
    side: Option<Role>,
) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "INSERT INTO core.match_facts (fact_type, fact_id, match_id, side, revision, event_id, occurred_at, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (fact_type, fact_id) DO UPDATE SET
           match_id = excluded.match_id, side = excluded.side, revision = excluded.revision,
           event_id = excluded.event_id, occurred_at = excluded.occurred_at, details = excluded.details",
        &[
            (&fact.fact_type.as_str(), Type::TEXT),
            (&fact.fact_id, Type::UUID),
            (&match_id, Type::UUID),
            (&side.map(Role::as_str), Type::TEXT),
            (&fact.revision.get(), Type::INT4),
            (&fact.event_id, Type::UUID),
            (&entry.occurred_at, Type::TIMESTAMPTZ),
            (&Json(&entry.details), Type::JSONB),
        ],
    )
    .await?;
    Ok(())
}

/// Brings the facts that hang on a match, or the one that is named, onto the timelines of its people and nobody
/// else's. Its people hold the match, so their profiles are there and locked.
pub async fn spread(tx: &Transaction<'_>, match_id: Uuid, only: Option<Uuid>) -> Result<(), ProjectorError> {
    let which = [(&match_id as _, Type::UUID), (&only as _, Type::UUID)];
    tx.execute_typed(
        "DELETE FROM core.timeline t USING core.match_facts f
         WHERE f.match_id = $1 AND ($2 IS NULL OR f.fact_id = $2)
           AND t.fact_type = f.fact_type AND t.fact_id = f.fact_id",
        &which,
    )
    .await?;
    tx.execute_typed(
        "INSERT INTO core.timeline
           (profile_id, role, fact_type, fact_id, revision, event_id, programme, occurred_at, details)
         SELECT m.profile_id, m.role, f.fact_type, f.fact_id, f.revision, f.event_id, 'buddy', f.occurred_at, f.details
         FROM core.match_facts f
         JOIN core.timeline m ON m.fact_type = 'buddy.match' AND m.fact_id = f.match_id
         WHERE f.match_id = $1 AND ($2 IS NULL OR f.fact_id = $2) AND (f.side IS NULL OR f.side = m.role)",
        &which,
    )
    .await?;
    Ok(())
}

/// Remembers that a fact was taken back.
pub async fn keep_retraction(tx: &Transaction<'_>, fact: &Fact) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "INSERT INTO core.retracted_facts (fact_type, fact_id, revision, event_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (fact_type, fact_id) DO UPDATE SET revision = excluded.revision, event_id = excluded.event_id",
        &[
            (&fact.fact_type.as_str(), Type::TEXT),
            (&fact.fact_id, Type::UUID),
            (&fact.revision.get(), Type::INT4),
            (&fact.event_id, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}

/// Moves back since when a person takes a course, and nothing else of the entry.
pub async fn put_since(tx: &Transaction<'_>, fact: &Fact, since: Timestamp) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "UPDATE core.timeline SET details = details || jsonb_build_object('since', $3::text)
         WHERE fact_type = $1 AND fact_id = $2",
        &[(&fact.fact_type.as_str(), Type::TEXT), (&fact.fact_id, Type::UUID), (&since.to_string(), Type::TEXT)],
    )
    .await?;
    Ok(())
}

/// The timelines of some people, as far as a journey follows from them.
pub async fn timelines(
    tx: &Transaction<'_>,
    profiles: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<TimelineEntry>>, ProjectorError> {
    let moving = Details::MOVING.map(FactType::as_str);
    let rows = tx
        .query_typed(
            "SELECT t.profile_id, t.fact_id, t.event_id, t.programme, t.role, t.occurred_at, t.details, t.fact_type, own.rating
             FROM core.timeline t
             LEFT JOIN LATERAL (
               SELECT r.rating FROM core.session_ratings r WHERE t.fact_type = 'kintell.session' AND r.session_id = t.fact_id
               ORDER BY r.from_role = 'participant' DESC, r.rated_at DESC, r.rating_id DESC LIMIT 1) AS own ON true
             WHERE t.profile_id = ANY($1) AND t.fact_type = ANY($2)",
            &[(&profiles, Type::UUID_ARRAY), (&moving.as_slice(), Type::TEXT_ARRAY)],
        )
        .await?;
    let mut timelines: BTreeMap<Uuid, Vec<TimelineEntry>> = BTreeMap::new();
    for row in &rows {
        timelines.entry(row.get(0)).or_default().push(entry(row)?);
    }
    Ok(timelines)
}

fn entry(row: &Row) -> Result<TimelineEntry, ProjectorError> {
    let Json(details): Json<Value> = row.try_get(6).map_err(|_| ProjectorError::StoredValue)?;
    let role: Option<&str> = row.get(4);
    let mut details = Details::from_store(known(row.get(7))?, details).ok_or(ProjectorError::StoredValue)?;
    if let Details::Meeting(meeting) = &mut details
        && meeting.rating.is_none()
    {
        meeting.rating = ratings::of_store(row.get(8))?;
    }
    Ok(TimelineEntry {
        fact_id: row.get(1),
        event_id: row.get(2),
        programme: Programme::from_store(row.get(3)).ok_or(ProjectorError::StoredValue)?,
        role: role.map(|name| Role::from_store(name).ok_or(ProjectorError::StoredValue)).transpose()?,
        occurred_at: row.get(5),
        details,
    })
}
