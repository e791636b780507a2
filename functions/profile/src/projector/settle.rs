//! What is put off in a replay: the journeys of the people whose timelines it touched.
//!
//! While facts come once more, a timeline may hold a part of them, and a journey that follows from a part would be told
//! to the world as if it were true. So in a replay facts are only put in their places, and whose they are is noted. At
//! the end each of these people's journeys is derived once, from the whole timeline, and what differs from what was last
//! told is told: nothing, where the world has heard it all; a milestone, where its event had been lost.
//!
//! What was last told stands in the event log. So a rebuild goes on from the revisions that others have seen, also when
//! the journeys themselves were lost.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::{
    bus::{
        consumer::{Consumer, Settled},
        outbox::Outbox,
    },
    contracts::{Contract, Envelope, FactRetracted, FactType, Flag, FlagChanged, Milestone, MilestoneReached},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    Cause, Projector, ProjectorError,
    derive::Reached,
    derive_again, store,
    timeline::{lock_those_there, timelines_incomplete},
};

/// People a transaction.
const PART: i64 = 50;

/// Notes that these people's journeys are to be derived at the replay's end.
pub async fn put_off(tx: &Transaction<'_>, people: &[Uuid]) -> Result<(), ProjectorError> {
    tx.execute_typed(
        "INSERT INTO bus.unsettled (consumer, subject) SELECT $1, unnest($2) ON CONFLICT DO NOTHING",
        &[(&Projector::NAME, Type::TEXT), (&people, Type::UUID_ARRAY)],
    )
    .await?;
    Ok(())
}

/// Some of them. Not while a rebuild has emptied timelines and the log has not filled them again, whoever asks: a
/// message may be late, come twice or be moved back from the dead letters.
pub async fn part(tx: &Transaction<'_>, outbox: &mut Outbox) -> Result<Settled, ProjectorError> {
    if timelines_incomplete(tx).await? {
        return Ok(Settled::NotNow);
    }
    let rows = tx
        .query_typed(
            "SELECT subject FROM bus.unsettled WHERE consumer = $1 ORDER BY subject LIMIT $2",
            &[(&Projector::NAME, Type::TEXT), (&PART, Type::INT8)],
        )
        .await?;
    let asked: BTreeSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    // Locked as for an event, so that none is on its way into one of these timelines. Who was erased needs no journey.
    let people: Vec<Uuid> = lock_those_there(tx, &asked).await?.into_iter().collect();
    let asked: Vec<Uuid> = asked.into_iter().collect();
    tx.execute_typed(
        "DELETE FROM bus.unsettled WHERE consumer = $1 AND subject = ANY($2)",
        &[(&Projector::NAME, Type::TEXT), (&asked, Type::UUID_ARRAY)],
    )
    .await?;
    recall(tx, &people).await?;
    derive_again(tx, &people, &Cause::replay(), outbox).await?;
    Ok(if asked.len() as i64 == PART { Settled::Part } else { Settled::All })
}

/// Brings the stored journeys up to what was last told about them.
async fn recall(tx: &Transaction<'_>, people: &[Uuid]) -> Result<(), ProjectorError> {
    let types = [MilestoneReached::TYPE, FactRetracted::TYPE, FlagChanged::TYPE];
    let rows = tx
        .query_typed(
            "SELECT type, detail FROM bus.events WHERE subject = ANY($1) AND type = ANY($2)",
            &[(&people, Type::UUID_ARRAY), (&types.as_slice(), Type::TEXT_ARRAY)],
        )
        .await?;
    let mut told = Told::default();
    for row in &rows {
        told.hear(row.get(0), row.get(1))?;
    }
    let journeys = store::journeys(tx, people).await?;
    for ((profile, milestone), (revision, reached)) in &told.milestones {
        let stored = journeys.get(profile);
        let known = stored.and_then(|of| of.milestones.get(milestone)).map(|(_, revision)| *revision);
        let known = known.max(stored.and_then(|of| of.retracted.get(milestone)).copied());
        if known >= Some(*revision) {
            continue;
        }
        match reached {
            // Which fact carries it was not told; deriving finds it.
            Some(at) => {
                let reached = Reached { at: *at, fact_id: Uuid::nil() };
                store::put_milestone(tx, *profile, *milestone, reached, *revision).await?;
            }
            None => store::retract_milestone(tx, *profile, *milestone, *revision).await?,
        }
    }
    for ((profile, flag), (revision, up)) in &told.flags {
        let known = journeys.get(profile).and_then(|of| of.flags.get(flag)).map(|(_, _, revision)| *revision);
        if known < Some(*revision) {
            store::put_told_flag(tx, *profile, *flag, *up, *revision).await?;
        }
    }
    Ok(())
}

/// The newest of what was told: by person and name, the revision, and when reached or whether up.
#[derive(Default)]
struct Told {
    milestones: BTreeMap<(Uuid, Milestone), (i32, Option<Timestamp>)>,
    flags: BTreeMap<(Uuid, Flag), (i32, bool)>,
}

impl Told {
    fn hear(&mut self, kind: &str, detail: &str) -> Result<(), ProjectorError> {
        let damaged = |_| ProjectorError::StoredValue;
        match kind {
            MilestoneReached::TYPE => {
                let data = Envelope::<MilestoneReached>::read(detail).map_err(damaged)?.data;
                self.milestone(data.profile_id, data.milestone, data.revision.get(), Some(data.reached_at));
            }
            FlagChanged::TYPE => {
                let data = Envelope::<FlagChanged>::read(detail).map_err(damaged)?.data;
                let newest = self.flags.entry((data.profile_id, data.flag)).or_insert((0, false));
                *newest = (*newest).max((data.revision.get(), data.value));
            }
            _ => {
                let data = Envelope::<FactRetracted>::read(detail).map_err(damaged)?.data;
                if let (FactType::ProfileMilestone, Some(milestone)) = (data.fact_type, data.milestone) {
                    self.milestone(data.fact_id, milestone, data.revision.get(), None);
                }
            }
        }
        Ok(())
    }

    fn milestone(&mut self, profile: Uuid, milestone: Milestone, revision: i32, at: Option<Timestamp>) {
        let newest = self.milestones.entry((profile, milestone)).or_insert((0, None));
        if newest.0 < revision {
            *newest = (revision, at);
        }
    }
}
