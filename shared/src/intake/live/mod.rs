//! The same records by other doors: webhooks, calls of an adapter, what was asked of a provider.
//!
//! ```text
//! JSON object ─▶ [`Item`]: cells by column, each as the text a file would hold ─▶ the layout it fits
//!     │ the reader of a file's cells, its keys, repeats within the delivery
//!     ▼
//! apply, in the caller's transaction, under the identity lock: people, purposes, merge, texts, events
//!     ▼
//! a row of `intake.imports` (door `webhook`, `adapter` or `pull`; no object), its fates, its receipt
//! ```
//!
//! [`take_in`] does all of it and neither begins nor commits, so that the caller's own row (a webhook's id, an answer by
//! `Idempotency-Key`, a cursor) goes with the facts or not at all. [`commit`] commits with the nudges around it.
//!
//! | door | module |
//! |---|---|
//! | a signed delivery of a source | [`webhook`]; bodies of another form than the standard's: [`shape`] |
//! | an authenticated call with one record or many | [`adapter`]; its records in the API's description: [`describe`] |
//!
//! What was told before a fact's newest revision does not replace it: a source may say an older thing last, because a
//! delivery that failed is sent again. An item whose fact is known from a live door and was told after it is `unchanged`
//! with `stale_revision`, and one that says again what an earlier revision said is applied if it was told after the
//! newest. It goes no further than that:
//!
//! - only revisions have a time. An item that says what holds already makes none, so a third that was told before it,
//!   but after the newest revision, and comes after it, is applied;
//! - an item that is stale is left out whole, also the columns that nobody else has said.

pub mod adapter;
pub mod describe;
mod item;
mod order;
mod reading;
mod receipt;
pub mod shape;
#[cfg(test)]
mod shape_tests;
mod store;
#[cfg(test)]
mod tests;
pub mod webhook;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::Transaction;
use uuid::Uuid;

pub use item::{Item, NotAnObject};

use super::{
    apply::{About, Apply, ApplyError, Ended},
    code::{Code, Rejection},
    entity::{Entity, Layout},
    fates::{Fate, Fates},
    header::UnknownColumn,
    mapping::Mapping,
    receipt::Outcome,
    scan::{RecordSpan, SpanKind},
    source::SourceProfile,
};
use crate::{
    bus::nudge::{NudgeError, Nudger},
    contracts::{Counts, Trigger},
    db::DbError,
    identity,
    vault::Vault,
};

/// Items a call should have at most.
pub const MOST_ITEMS: usize = 500;

/// How long a lock is waited for. A file being imported holds the identity lock until its end; whoever sends live waits
/// a little, is told to try again, and is not killed in the middle: two locks are waited for one after the other, and a
/// function has 15 s.
const PATIENCE: Duration = Duration::from_secs(6);

/// The door a delivery comes in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A signed delivery of a provider.
    Webhook,
    /// An authenticated call.
    Adapter,
    /// What a provider was asked for.
    Pull,
}

impl Door {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Adapter => "adapter",
            Self::Pull => "pull",
        }
    }

    const fn trigger(self) -> Trigger {
        match self {
            Self::Webhook => Trigger::Webhook,
            Self::Adapter => Trigger::Api,
            Self::Pull => Trigger::Import,
        }
    }
}

/// What came in at once: items of one entity.
pub struct Delivery<'a> {
    /// What the items are.
    pub entity: &'static Entity,
    /// How they came.
    pub door: Door,
    /// The items; item n is line n of the events.
    pub items: &'a [Item],
    /// What its events have in common: the request's correlation id.
    pub correlation: &'a str,
    /// When it came: the "now" of every rule.
    pub received_at: Timestamp,
    /// What the delivery is called for a person: `session.completed`.
    pub name: Option<&'a str>,
    /// Who sent it: a token's subject.
    pub created_by: Option<&'a str>,
    /// The programme instance that was given with it; it wins over the source profile's.
    pub instance_id: Option<Uuid>,
    /// The import of an earlier try at this delivery, of which nothing was applied: it is tried again under its id.
    pub again: Option<Uuid>,
}

impl<'a> Delivery<'a> {
    /// A delivery of these items, received now.
    pub fn new(entity: &'static Entity, door: Door, items: &'a [Item], correlation: &'a str) -> Self {
        let received_at = Timestamp::now();
        Self {
            entity,
            door,
            items,
            correlation,
            received_at,
            name: None,
            created_by: None,
            instance_id: None,
            again: None,
        }
    }
}

/// What became of a delivery.
#[derive(Debug)]
pub struct Taken {
    /// Its import.
    pub import_id: Uuid,
    /// `loaded`: something is new or changed. `unchanged`: nothing is. `refused`: every item was rejected.
    pub outcome: Outcome,
    /// Refused, and the same items may be accepted later as they are: what they refer to was never seen.
    pub retryable: bool,
    /// Each item, in order.
    pub items: Vec<TakenItem>,
    /// How many items ended how.
    pub counts: Counts,
    /// Contract events written.
    pub events: u64,
}

/// What became of an item.
#[derive(Debug)]
pub struct TakenItem {
    /// Its fate, as in a file.
    pub fate: Fate,
    /// The fact it fed, and the fact's revision now.
    pub fact: Option<(Uuid, i32)>,
    /// Why it was rejected: code, column, a sentence; the value in it is masked.
    pub rejection: Option<Rejection>,
    /// What was accepted and should be looked at.
    pub warnings: Vec<Code>,
    /// Members that are no columns: nowhere stored.
    pub unknown: Vec<UnknownColumn>,
}

impl TakenItem {
    /// Rejected, and may be accepted later as it is.
    pub fn is_retryable(&self) -> bool {
        self.rejection.as_ref().is_some_and(|rejection| rejection.code == Code::OrphanRef)
    }
}

/// Takes a delivery in: everything but the commit. An item that is rejected does not stop the others. On an error the
/// caller rolls back.
///
/// # Errors
/// The database, the vault, or an event its contract does not allow: nothing that the items could be told for.
pub async fn take_in(tx: &Transaction<'_>, vault: &Vault, delivery: &Delivery<'_>) -> Result<Taken, ApplyError> {
    let started = Timestamp::now();
    patience(tx).await?;
    identity::lock(tx).await?;
    let import_id = store::begin(tx, delivery).await?;
    let profiles = profiles(tx, delivery).await?;
    let read = reading::read(delivery, &profiles, vault);
    let mut told = order::told(tx, delivery, &read).await?;

    let mut ends: Vec<Option<Ended>> = delivery.items.iter().map(|_| None).collect();
    let mut unknown = Vec::with_capacity(ends.len());
    let mut groups: Vec<(&'static Layout, Vec<(usize, reading::Read)>)> = Vec::new();
    for (at, mut one) in read.into_iter().enumerate() {
        unknown.push(std::mem::take(&mut one.unknown));
        match groups.iter_mut().find(|(layout, _)| std::ptr::eq(*layout, one.layout)) {
            Some((_, group)) => group.push((at, one)),
            None => groups.push((one.layout, vec![(at, one)])),
        }
    }
    let (mut events, mut people) = (0, (0, 0));
    let layouts: Vec<&'static Layout> = groups.iter().map(|(layout, _)| *layout).collect();
    for (layout, group) in groups {
        let Some(known) = profiles.get(layout.name) else { continue };
        let about = About {
            mapping: known.mapping(delivery.entity, layout),
            door: format!("{}/{}", delivery.door.as_str(), layout.name),
            trigger: delivery.door.trigger(),
            import_id,
            correlation: delivery.correlation.to_owned(),
            now: delivery.received_at,
            deadline: Instant::now() + PATIENCE,
        };
        let mut apply = Apply::new(tx, vault, about).await?;
        (apply.told_newer, apply.told_later) = (std::mem::take(&mut told.newer), std::mem::take(&mut told.later));
        let spans: Vec<RecordSpan> = group.iter().map(|(at, _)| span(*at)).collect();
        let (places, records): (Vec<usize>, Vec<_>) = group.into_iter().map(|(at, one)| (at, one.record)).unzip();
        let ended = apply.items(tx, &spans, records).await?;
        for (at, ended) in places.into_iter().zip(ended) {
            ends[at] = Some(ended);
        }
        (told.newer, told.later) = (std::mem::take(&mut apply.told_newer), std::mem::take(&mut apply.told_later));
        let (known, created) = apply.people.counts();
        people = (people.0 + known, people.1 + created);
        apply.outbox.write(tx).await?;
        events += apply.outbox.written();
    }

    let mut fates = Fates::default();
    for (at, end) in ends.iter().enumerate() {
        if let Some(Ended { fate, fact, note, .. }) = end {
            fates.push(&span(at), *fate, *fact, note.clone());
        }
    }
    fates.write(tx, import_id).await?;
    let revisions = store::revisions(tx, delivery.entity, ends.iter().flatten().filter_map(|end| end.fact)).await?;
    let items = ends.into_iter().flatten().zip(unknown).map(|(Ended { fate, fact, note, .. }, unknown)| TakenItem {
        fate,
        fact: fact.map(|fact| (fact, revisions.get(&fact).copied().unwrap_or(1))),
        rejection: note.rejection,
        warnings: note.warnings,
        unknown,
    });
    let items: Vec<TakenItem> = items.collect();
    let (outcome, retryable) = outcome(&items);
    let taken = Taken { import_id, outcome, retryable, items, counts: fates.counts(), events };
    let receipt = receipt::of(delivery, &taken, &fates, &layouts, &profiles, (people, started));
    store::end(tx, delivery, &receipt).await?;
    Ok(taken)
}

/// Commits, with the nudges that events need around it.
///
/// # Errors
/// The relay's queue before the commit, or the commit: nothing is there then.
pub async fn commit(tx: Transaction<'_>, nudger: &dyn Nudger, events: u64) -> Result<(), CommitError> {
    if events > 0 {
        nudger.nudge_delayed().await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    if events > 0 {
        nudger.nudge_now().await;
    }
    Ok(())
}

/// What a commit can fail with.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The relay's queue.
    #[error(transparent)]
    Nudge(#[from] NudgeError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A lock that is not there in time is an error that says to try again. For callers that wait for one of their own before
/// [`take_in`].
///
/// # Errors
/// The database.
pub async fn patience(tx: &Transaction<'_>) -> Result<(), DbError> {
    tx.batch_execute(&format!("SET LOCAL lock_timeout = {}", PATIENCE.as_millis())).await.map_err(Into::into)
}

/// What is declared for a layout, and the facts its columns are read by.
pub(crate) struct Declared {
    profile: SourceProfile,
    facts: Vec<super::facts::Facts>,
}

impl Declared {
    fn mapping<'a>(&'a self, entity: &'static Entity, layout: &'static Layout) -> Mapping<'a> {
        Mapping { entity, layout, profile: &self.profile, facts: &self.facts }
    }
}

type Profiles = BTreeMap<&'static str, Declared>;

/// What is declared about each layout that an item is in. JSON writes a decimal point whatever the source's files do.
async fn profiles(tx: &Transaction<'_>, delivery: &Delivery<'_>) -> Result<Profiles, DbError> {
    let entity = delivery.entity;
    let mut profiles = Profiles::new();
    for item in delivery.items {
        let layout = item.layout(entity);
        if profiles.contains_key(layout.name) {
            continue;
        }
        let mut profile = SourceProfile::load(tx, entity.source, entity.name, layout.name).await?;
        profile.instance_id = delivery.instance_id.or(profile.instance_id);
        profile.facts.decimal = Some(super::facts::DecimalSign::Dot);
        let facts = vec![profile.facts.clone(); layout.columns.len()];
        profiles.insert(layout.name, Declared { profile, facts });
    }
    Ok(profiles)
}

/// The item as a record of a file would be: its number is its line.
fn span(at: usize) -> RecordSpan {
    let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
    RecordSpan {
        start: 0,
        end: 0,
        line,
        line_end: line,
        kind: SpanKind::Record,
        fault: None,
        unterminated: false,
        lookalikes: false,
    }
}

fn outcome(items: &[TakenItem]) -> (Outcome, bool) {
    if items.iter().any(|item| matches!(item.fate, Fate::New | Fate::Changed)) {
        (Outcome::Loaded, false)
    } else if !items.is_empty() && items.iter().all(|item| item.fate == Fate::Rejected) {
        (Outcome::Refused, items.iter().all(TakenItem::is_retryable))
    } else {
        (Outcome::Unchanged, false)
    }
}
