//! The projector's statements about journeys. All take the transaction of the event.

use std::collections::BTreeMap;

use futures::try_join;
use shared::contracts::{Flag, Milestone};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    ProjectorError,
    derive::{Because, Enrolled, Place, Programme, Reached, Role},
};

/// A journey as it is stored, with the revisions of what was announced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// What the person takes or took part in.
    pub enrolments: BTreeMap<Place, Enrolled>,
    /// What was reached, with the revision last announced.
    pub milestones: BTreeMap<Milestone, (Reached, i32)>,
    /// What was reached once and holds no longer, with the revision that said so.
    pub retracted: BTreeMap<Milestone, i32>,
    /// Every flag that ever was up: whether it is, its causes (fact ids), the revision last announced.
    pub flags: BTreeMap<Flag, (bool, Vec<Uuid>, i32)>,
}

/// Reads a name of a closed list.
pub(super) fn known<T: std::str::FromStr>(name: &str) -> Result<T, ProjectorError> {
    name.parse().map_err(|_| ProjectorError::StoredValue)
}

/// The stored journeys of some people.
pub async fn journeys(tx: &Transaction<'_>, profiles: &[Uuid]) -> Result<BTreeMap<Uuid, Stored>, ProjectorError> {
    let mine = [(&profiles as _, Type::UUID_ARRAY)];
    let (enrolments, milestones, retracted, flags) = try_join!(
        tx.query_typed(
            "SELECT profile_id, programme, role, reference, status, since, until FROM core.enrolments
             WHERE profile_id = ANY($1)",
            &mine,
        ),
        tx.query_typed(
            "SELECT profile_id, milestone, reached_at, fact_id, revision FROM core.milestones WHERE profile_id = ANY($1)",
            &mine,
        ),
        tx.query_typed(
            "SELECT profile_id, milestone, revision FROM core.retracted_milestones WHERE profile_id = ANY($1)",
            &mine,
        ),
        tx.query_typed(
            "SELECT profile_id, flag, value, because_of, revision FROM core.flags WHERE profile_id = ANY($1)",
            &mine,
        ),
    )?;
    let mut journeys: BTreeMap<Uuid, Stored> = BTreeMap::new();
    for row in &enrolments {
        let place = Place {
            programme: Programme::from_store(row.get(1)).ok_or(ProjectorError::StoredValue)?,
            role: Role::from_store(row.get(2)).ok_or(ProjectorError::StoredValue)?,
            reference: row.get(3),
        };
        let enrolled = Enrolled::from_store(row.get(4), row.get(5), row.get(6)).ok_or(ProjectorError::StoredValue)?;
        journeys.entry(row.get(0)).or_default().enrolments.insert(place, enrolled);
    }
    for row in &milestones {
        let reached = Reached { at: row.get(2), fact_id: row.get(3) };
        journeys.entry(row.get(0)).or_default().milestones.insert(known(row.get(1))?, (reached, row.get(4)));
    }
    for row in &retracted {
        journeys.entry(row.get(0)).or_default().retracted.insert(known(row.get(1))?, row.get(2));
    }
    for row in &flags {
        let stored = (row.get(2), row.get(3), row.get(4));
        journeys.entry(row.get(0)).or_default().flags.insert(known(row.get(1))?, stored);
    }
    Ok(journeys)
}

/// Writes an enrolment, or takes it away.
pub async fn put_enrolment(
    tx: &Transaction<'_>,
    profile: Uuid,
    place: &Place,
    enrolled: Option<&Enrolled>,
) -> Result<(), ProjectorError> {
    let key = [
        (&profile as _, Type::UUID),
        (&place.programme.as_str() as _, Type::TEXT),
        (&place.role.as_str() as _, Type::TEXT),
        (&place.reference as _, Type::TEXT),
    ];
    let [profile, programme, role, reference] = key;
    match enrolled {
        Some(enrolled) => {
            tx.execute_typed(
                "INSERT INTO core.enrolments (profile_id, programme, role, reference, status, since, until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (profile_id, programme, role, reference) DO UPDATE SET
                   status = excluded.status, since = excluded.since, until = excluded.until",
                &[
                    profile,
                    programme,
                    role,
                    reference,
                    (&enrolled.status(), Type::TEXT),
                    (&enrolled.since, Type::TIMESTAMPTZ),
                    (&enrolled.ended.map(|(_, until)| until), Type::TIMESTAMPTZ),
                ],
            )
            .await?;
        }
        None => {
            tx.execute_typed(
                "DELETE FROM core.enrolments
                 WHERE profile_id = $1 AND programme = $2 AND role = $3 AND reference = $4",
                &[profile, programme, role, reference],
            )
            .await?;
        }
    }
    Ok(())
}

/// Writes a milestone with the revision it is announced under.
pub async fn put_milestone(
    tx: &Transaction<'_>,
    profile: Uuid,
    milestone: Milestone,
    Reached { at, fact_id }: Reached,
    revision: i32,
) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "WITH reached_again AS (DELETE FROM core.retracted_milestones WHERE profile_id = $1 AND milestone = $2)
         INSERT INTO core.milestones (profile_id, milestone, reached_at, fact_id, revision) VALUES ($1, $2, $3, $4, $5)
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
    Ok(())
}

/// Takes a milestone away and keeps the revision that says so.
pub async fn retract_milestone(
    tx: &Transaction<'_>,
    profile: Uuid,
    milestone: Milestone,
    revision: i32,
) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "WITH gone AS (DELETE FROM core.milestones WHERE profile_id = $1 AND milestone = $2)
         INSERT INTO core.retracted_milestones (profile_id, milestone, revision) VALUES ($1, $2, $3)
         ON CONFLICT (profile_id, milestone) DO UPDATE SET revision = excluded.revision",
        &[(&profile, Type::UUID), (&milestone.as_str(), Type::TEXT), (&revision, Type::INT4)],
    )
    .await?;
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

/// Writes a flag as it was last announced, without its cause, which was not stored with it.
pub async fn put_told_flag(
    tx: &Transaction<'_>,
    profile: Uuid,
    flag: Flag,
    up: bool,
    revision: i32,
) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "INSERT INTO core.flags (profile_id, flag, value, because_of, revision) VALUES ($1, $2, $3, '{}', $4)
         ON CONFLICT (profile_id, flag) DO UPDATE SET
           value = excluded.value, because_of = excluded.because_of, revision = excluded.revision",
        &[(&profile, Type::UUID), (&flag.as_str(), Type::TEXT), (&up, Type::BOOL), (&revision, Type::INT4)],
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
