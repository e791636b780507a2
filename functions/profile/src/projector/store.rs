//! The projector's statements. All take the transaction of the event.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::contracts::{Flag, Milestone, SessionType};
use tokio_postgres::{
    Row, Transaction,
    types::{Json, Type},
};
use uuid::Uuid;

use super::{
    ProjectorError,
    derive::{Because, Details, Reached, Role, TimelineEntry},
    fact::{Fact, KINTELL_SESSION},
};

/// A journey as it is stored, with the revisions of what was announced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// Since when, by programme and role.
    pub enrolments: BTreeMap<(SessionType, Role), Timestamp>,
    /// What was reached, with the revision last announced.
    pub milestones: BTreeMap<Milestone, (Reached, i32)>,
    /// Milestones that follow from other facts than meetings.
    pub others: BTreeMap<Milestone, Timestamp>,
    /// Every flag that ever was up: whether it is, its causes (fact ids), the revision last announced.
    pub flags: BTreeMap<Flag, (bool, Vec<Uuid>, i32)>,
}

/// Two revisions of one meeting may name four different people, so that no profile's lock keeps them apart: the
/// fact's own lock does. It is always taken before any profile's, and only one a transaction: no cycle.
pub async fn lock_fact(tx: &Transaction<'_>, fact_id: Uuid) -> Result<(), ProjectorError> {
    let key = (fact_id.as_u128() ^ (fact_id.as_u128() >> 64)) as u64 as i64;
    tx.query_typed("SELECT pg_advisory_xact_lock($1)", &[(&key, Type::INT8)]).await?;
    Ok(())
}

/// Who has the fact on their timeline, and in which revision.
pub async fn holders(tx: &Transaction<'_>, fact_id: Uuid) -> Result<Vec<(Uuid, i32)>, ProjectorError> {
    let sql = "SELECT profile_id, revision FROM core.timeline WHERE fact_id = $1";
    let rows = tx.query_typed(sql, &[(&fact_id, Type::UUID)]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Locks profiles in the order of their ids, the same in every transaction, so that two events about the same two
/// people wait for each other instead of deadlocking. Weaker than `FOR UPDATE`: imports that refer to a profile
/// need not wait.
pub async fn lock_profiles(tx: &Transaction<'_>, profiles: &[Uuid]) -> Result<(), ProjectorError> {
    let sql = "SELECT 1 FROM core.profiles WHERE profile_id = ANY($1) ORDER BY profile_id FOR NO KEY UPDATE";
    let rows = tx.query_typed(sql, &[(&profiles, Type::UUID_ARRAY)]).await?;
    if rows.len() == profiles.len() { Ok(()) } else { Err(ProjectorError::UnknownProfile) }
}

/// Puts this revision of the fact on the timelines of its people, and takes it off those of anybody else.
pub async fn put_fact(tx: &Transaction<'_>, fact: &Fact) -> Result<(), ProjectorError> {
    let people = fact.entries.each_ref().map(|(profile, _)| *profile);
    tx.execute_typed(
        "DELETE FROM core.timeline WHERE fact_id = $1 AND profile_id <> ALL($2)",
        &[(&fact.fact_id, Type::UUID), (&people.as_slice(), Type::UUID_ARRAY)],
    )
    .await?;
    for (profile_id, entry) in &fact.entries {
        tx.execute_typed(
            "INSERT INTO core.timeline
               (profile_id, fact_type, fact_id, revision, event_id, programme, role, occurred_at, details)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (profile_id, fact_id) DO UPDATE SET
               revision = excluded.revision, event_id = excluded.event_id, programme = excluded.programme,
               role = excluded.role, occurred_at = excluded.occurred_at, details = excluded.details",
            &[
                (profile_id, Type::UUID),
                (&KINTELL_SESSION, Type::TEXT),
                (&fact.fact_id, Type::UUID),
                (&fact.revision.get(), Type::INT4),
                (&fact.event_id, Type::UUID),
                (&entry.programme.as_str(), Type::TEXT),
                (&entry.role.as_str(), Type::TEXT),
                (&entry.occurred_at, Type::TIMESTAMPTZ),
                (&Json(&entry.details), Type::JSONB),
            ],
        )
        .await?;
    }
    Ok(())
}

/// The timelines of some people.
pub async fn timelines(
    tx: &Transaction<'_>,
    profiles: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<TimelineEntry>>, ProjectorError> {
    let rows = tx
        .query_typed(
            "SELECT profile_id, fact_id, event_id, programme, role, occurred_at, details FROM core.timeline
             WHERE profile_id = ANY($1) AND fact_type = $2",
            &[(&profiles, Type::UUID_ARRAY), (&KINTELL_SESSION, Type::TEXT)],
        )
        .await?;
    let mut timelines: BTreeMap<Uuid, Vec<TimelineEntry>> = BTreeMap::new();
    for row in &rows {
        timelines.entry(row.get(0)).or_default().push(entry(row)?);
    }
    Ok(timelines)
}

fn entry(row: &Row) -> Result<TimelineEntry, ProjectorError> {
    let Json(details): Json<Details> = row.try_get(6).map_err(|_| ProjectorError::StoredValue)?;
    Ok(TimelineEntry {
        fact_id: row.get(1),
        event_id: row.get(2),
        programme: known(row.get(3))?,
        role: Role::from_store(row.get(4)).ok_or(ProjectorError::StoredValue)?,
        occurred_at: row.get(5),
        details,
    })
}

fn known<T: std::str::FromStr>(name: &str) -> Result<T, ProjectorError> {
    name.parse().map_err(|_| ProjectorError::StoredValue)
}

/// The stored journeys of some people, as far as they follow from meetings.
pub async fn journeys(tx: &Transaction<'_>, profiles: &[Uuid]) -> Result<BTreeMap<Uuid, Stored>, ProjectorError> {
    let mut journeys: BTreeMap<Uuid, Stored> = BTreeMap::new();
    let programmes = SessionType::ALL.iter().map(|programme| programme.as_str()).collect::<Vec<_>>();
    let rows = tx
        .query_typed(
            "SELECT profile_id, programme, role, since FROM core.enrolments
             WHERE profile_id = ANY($1) AND programme = ANY($2) AND reference = ''",
            &[(&profiles, Type::UUID_ARRAY), (&programmes, Type::TEXT_ARRAY)],
        )
        .await?;
    for row in &rows {
        let role = Role::from_store(row.get(2)).ok_or(ProjectorError::StoredValue)?;
        journeys.entry(row.get(0)).or_default().enrolments.insert((known(row.get(1))?, role), row.get(3));
    }
    let sql =
        "SELECT profile_id, milestone, reached_at, fact_id, revision FROM core.milestones WHERE profile_id = ANY($1)";
    for row in &tx.query_typed(sql, &[(&profiles, Type::UUID_ARRAY)]).await? {
        let (journey, milestone) = (journeys.entry(row.get(0)).or_default(), known(row.get(1))?);
        let reached = Reached { at: row.get(2), fact_id: row.get(3) };
        if DERIVED.contains(&milestone) {
            journey.milestones.insert(milestone, (reached, row.get(4)));
        } else {
            journey.others.insert(milestone, reached.at);
        }
    }
    let sql = "SELECT profile_id, flag, value, because_of, revision FROM core.flags WHERE profile_id = ANY($1)";
    for row in &tx.query_typed(sql, &[(&profiles, Type::UUID_ARRAY)]).await? {
        let stored = (row.get(2), row.get(3), row.get(4));
        journeys.entry(row.get(0)).or_default().flags.insert(known(row.get(1))?, stored);
    }
    Ok(journeys)
}

/// The milestones that follow from meetings; others are other facts' business.
pub const DERIVED: [Milestone; 3] =
    [Milestone::FirstLanguageSession, Milestone::LanguageLevelUp, Milestone::FirstMentorshipSession];

/// Writes since when a person takes part. Kintell enrolments stay active: no source says when one ends.
pub async fn put_enrolment(
    tx: &Transaction<'_>,
    profile: Uuid,
    (programme, role): (SessionType, Role),
    since: Option<Timestamp>,
) -> Result<(), ProjectorError> {
    let key = [(&profile as _, Type::UUID), (&programme.as_str() as _, Type::TEXT), (&role.as_str() as _, Type::TEXT)];
    let [profile, programme, role] = key;
    match since {
        Some(since) => {
            tx.execute_typed(
                "INSERT INTO core.enrolments (profile_id, programme, role, status, since) VALUES ($1, $2, $3, 'active', $4)
                 ON CONFLICT (profile_id, programme, role, reference) DO UPDATE SET since = excluded.since",
                &[profile, programme, role, (&since, Type::TIMESTAMPTZ)],
            )
            .await?;
        }
        None => {
            tx.execute_typed(
                "DELETE FROM core.enrolments WHERE profile_id = $1 AND programme = $2 AND role = $3 AND reference = ''",
                &[profile, programme, role],
            )
            .await?;
        }
    }
    Ok(())
}

/// Writes a milestone with the revision it is announced under, or takes it away.
pub async fn put_milestone(
    tx: &Transaction<'_>,
    profile: Uuid,
    milestone: Milestone,
    reached: Option<(Reached, i32)>,
) -> Result<(), ProjectorError> {
    match reached {
        Some((Reached { at, fact_id }, revision)) => {
            tx.execute_typed(
                "INSERT INTO core.milestones (profile_id, milestone, reached_at, fact_id, revision) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (profile_id, milestone) DO UPDATE SET
                   reached_at = excluded.reached_at, fact_id = excluded.fact_id, revision = excluded.revision",
                &[
                    (&profile, Type::UUID),
                    (&milestone.as_str(), Type::TEXT),
                    (&at, Type::TIMESTAMPTZ),
                    (&fact_id, Type::UUID),
                    (&revision, Type::INT4),
                ],
            )
            .await?;
        }
        None => {
            tx.execute_typed(
                "DELETE FROM core.milestones WHERE profile_id = $1 AND milestone = $2",
                &[(&profile, Type::UUID), (&milestone.as_str(), Type::TEXT)],
            )
            .await?;
        }
    }
    Ok(())
}

/// Writes a flag with its cause and the revision it is announced under.
pub async fn put_flag(
    tx: &Transaction<'_>,
    profile: Uuid,
    flag: Flag,
    because: Option<&Because>,
    revision: i32,
) -> Result<(), ProjectorError> {
    let facts = because.map(|because| because.facts.as_slice()).unwrap_or_default();
    tx.execute_typed(
        "INSERT INTO core.flags (profile_id, flag, value, because_of, revision) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (profile_id, flag) DO UPDATE SET
           value = excluded.value, because_of = excluded.because_of, revision = excluded.revision",
        &[
            (&profile, Type::UUID),
            (&flag.as_str(), Type::TEXT),
            (&because.is_some(), Type::BOOL),
            (&facts, Type::UUID_ARRAY),
            (&revision, Type::INT4),
        ],
    )
    .await?;
    Ok(())
}

/// Something a reader of the profile sees has changed: the next revision, which is its ETag.
pub async fn touch_profile(tx: &Transaction<'_>, profile: Uuid) -> Result<(), ProjectorError> {
    let sql = "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = $1";
    tx.execute_typed(sql, &[(&profile, Type::UUID)]).await?;
    Ok(())
}
