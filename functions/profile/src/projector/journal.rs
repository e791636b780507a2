//! Brings a stored journey to the derived one, and tells what changed: in the store and as contract events, in one
//! transaction. What is the same is not written, so an event that changes nothing announces nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shared::{
    bus::outbox::Outbox,
    contracts::{
        Contract, EventDraft, FactRetracted, FactType, Flag, FlagChanged, Milestone, MilestoneReached,
        RetractionReason, Revision,
    },
};
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{
    ProjectorError,
    derive::{Because, Journey},
    fact::{Fact, Told},
    store::{self, Stored},
};

/// What a change of a journey follows from.
pub struct Cause {
    event_id: Option<Uuid>,
    time: Timestamp,
    reason: RetractionReason,
}

impl Cause {
    /// An event that was taken in.
    pub fn of(fact: &Fact) -> Self {
        let reason = match fact.told {
            Told::Retracted(reason) => reason,
            Told::Holds(_) | Told::Rates(_) => RetractionReason::Corrected,
        };
        Self { event_id: Some(fact.event_id), time: fact.time, reason }
    }

    /// The end of a replay: no single event.
    pub fn replay() -> Self {
        Self { event_id: None, time: Timestamp::now(), reason: RetractionReason::Corrected }
    }

    fn of_draft<T: Contract>(&self, draft: EventDraft<T>) -> EventDraft<T> {
        match self.event_id {
            Some(event) => draft.caused_by(event),
            None => draft,
        }
    }
}

/// Writes the difference for one person. The profile gets its next revision only for what a reader of it sees: since
/// when, what was reached and when, which flags are up; not for the causes behind them.
pub async fn update(
    tx: &Transaction<'_>,
    outbox: &mut Outbox,
    profile: Uuid,
    stored: &Stored,
    derived: &Journey,
    cause: &Cause,
) -> Result<(), ProjectorError> {
    let mut changed = false;
    for place in union(stored.enrolments.keys(), derived.enrolments.keys()) {
        let enrolled = derived.enrolments.get(&place);
        if stored.enrolments.get(&place) != enrolled {
            store::put_enrolment(tx, profile, &place, enrolled).await?;
            changed = true;
        }
    }
    for milestone in union(stored.milestones.keys(), derived.milestones.keys()) {
        changed |= update_milestone(tx, outbox, profile, milestone, stored, derived, cause).await?;
    }
    for flag in union(stored.flags.keys(), derived.flags.keys()) {
        changed |= update_flag(tx, outbox, profile, flag, stored, derived, cause).await?;
    }
    if changed {
        store::touch_profile(tx, profile).await?;
    }
    Ok(())
}

fn union<'a, K: Ord + Clone + 'a>(a: impl Iterator<Item = &'a K>, b: impl Iterator<Item = &'a K>) -> BTreeSet<K> {
    a.chain(b).cloned().collect()
}

/// A milestone is announced when it is reached and again when its time moves; that another fact of the same instant
/// carries it now is nobody's news. One that a correction or a retraction takes away leaves the store and is taken
/// back; should it be reached again, its revisions go on from there.
async fn update_milestone(
    tx: &Transaction<'_>,
    outbox: &mut Outbox,
    profile: Uuid,
    milestone: Milestone,
    stored: &Stored,
    derived: &Journey,
    cause: &Cause,
) -> Result<bool, ProjectorError> {
    let was = stored.milestones.get(&milestone);
    let Some(reached) = derived.milestones.get(&milestone) else {
        if let Some((_, revision)) = was {
            take_back(tx, outbox, profile, milestone, revision + 1, cause).await?;
        }
        return Ok(was.is_some());
    };
    let revision = match was {
        Some((same, _)) if same == reached => return Ok(false),
        Some((before, revision)) if before.at == reached.at => *revision,
        Some((_, revision)) => revision + 1,
        None => stored.retracted.get(&milestone).unwrap_or(&0) + 1,
    };
    store::put_milestone(tx, profile, milestone, *reached, revision).await?;
    let moved = was.is_none_or(|(before, _)| before.at != reached.at);
    if moved {
        let data = MilestoneReached {
            profile_id: profile,
            milestone,
            reached_at: reached.at,
            previous_milestone: derived.before(milestone),
            revision: Revision::new(revision).map_err(|_| ProjectorError::StoredValue)?,
        };
        let draft: EventDraft<_> = outbox.draft(data, profile, reached.at);
        outbox.push(cause.of_draft(draft))?;
    }
    Ok(moved)
}

async fn take_back(
    tx: &Transaction<'_>,
    outbox: &mut Outbox,
    profile: Uuid,
    milestone: Milestone,
    revision: i32,
    cause: &Cause,
) -> Result<(), ProjectorError> {
    store::retract_milestone(tx, profile, milestone, revision).await?;
    let data = FactRetracted {
        fact_type: FactType::ProfileMilestone,
        fact_id: profile,
        milestone: Some(milestone),
        reason: cause.reason,
        revision: Revision::new(revision).map_err(|_| ProjectorError::StoredValue)?,
    };
    let draft: EventDraft<_> = outbox.draft(data, profile, cause.time);
    outbox.push(cause.of_draft(draft))?;
    Ok(())
}

/// A flag is announced when it goes up or down. While it stays up its causes are kept current in the store.
async fn update_flag(
    tx: &Transaction<'_>,
    outbox: &mut Outbox,
    profile: Uuid,
    flag: Flag,
    stored: &Stored,
    derived: &Journey,
    cause: &Cause,
) -> Result<bool, ProjectorError> {
    let because = derived.flags.get(&flag);
    let facts = because.map(|because: &Because| because.facts.as_slice()).unwrap_or_default();
    let (was_up, were_because, revision) = match stored.flags.get(&flag) {
        Some((up, because, revision)) => (*up, because.as_slice(), *revision),
        None => (false, &[][..], 0),
    };
    let flips = was_up != because.is_some();
    if !flips && were_because == facts {
        return Ok(false);
    }
    let revision = if flips { revision + 1 } else { revision };
    store::put_flag(tx, profile, flag, because, revision).await?;
    if flips {
        let data = FlagChanged {
            profile_id: profile,
            flag,
            value: because.is_some(),
            because_of: because.map(|because| because.events.clone()).unwrap_or_default(),
            revision: Revision::new(revision).map_err(|_| ProjectorError::StoredValue)?,
        };
        let draft: EventDraft<_> = outbox.draft(data, profile, cause.time);
        outbox.push(cause.of_draft(draft))?;
    }
    Ok(flips)
}
