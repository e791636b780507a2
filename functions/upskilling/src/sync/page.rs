//! A page becomes facts: one transaction, with the fates of its statements and the place in the store.
//!
//! Each statement is a delivery of its own for `shared::intake::live`, so that one that is rejected, or that the store
//! refuses, leaves the others alone, and so that voiding it undoes exactly what it did.

use std::{
    collections::{BTreeMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use futures::FutureExt;
use serde_json::value::RawValue;
use shared::{
    bus::{backoff, nudge::Nudger},
    error::{Classified, Retry},
    intake::{
        apply::ApplyError,
        engine::withdraw,
        entity::Entity,
        fates::Fate,
        live::{self, Delivery, Door, Item, Taken},
    },
    vault::Vault,
};
use tokio::time::Instant;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::{
    SyncError,
    actor::Who,
    config::Provider,
    pass::Place,
    statement::{Head, Statement},
    store::{self, Holder},
    translate::{Reason, Record, Said, translate},
    trouble::Trouble,
};
use crate::{ENTITIES, completions::COMPLETIONS};

/// What its deliveries and withdrawals say who did it.
const FUNCTION: &str = "upskilling-sync";
/// What a statement did is one fact.
const WITHDRAWING: Duration = Duration::from_secs(10);

/// How often a page is applied where the database may do better the next time.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How many statements came to what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Statements by their fate; `known`: seen before; `passed_over`: not about a course.
    pub fates: BTreeMap<&'static str, u64>,
    /// Contract events written.
    pub events: u64,
}

impl Counts {
    fn add(&mut self, fate: &'static str) {
        *self.fates.entry(fate).or_default() += 1;
    }

    /// How many statements had this fate.
    pub fn of(&self, fate: &str) -> u64 {
        self.fates.get(fate).copied().unwrap_or_default()
    }

    /// Adds those of another page.
    pub fn extend(&mut self, other: Self) {
        for (fate, count) in other.fates {
            *self.fates.entry(fate).or_default() += count;
        }
        self.events += other.events;
    }
}

/// What pages are applied with.
pub struct Applying<'a> {
    pub provider: &'a Provider,
    pub run: Uuid,
    pub vault: &'a Vault,
    pub nudger: &'a dyn Nudger,
}

/// A statement on its way.
struct One {
    id: Uuid,
    head: Head,
    said: Said,
}

impl Applying<'_> {
    /// Applies statements and keeps the place, or neither. `again`: they are known and tried once more.
    ///
    /// # Errors
    /// Ours: the database, the vault, the relay's queue. The provider's: another run has taken it over.
    pub async fn apply(
        &self,
        client: &mut Client,
        statements: &[Box<RawValue>],
        place: Option<&Place>,
        again: bool,
    ) -> Result<Result<Counts, Trouble>, SyncError> {
        let mut tried = 1;
        loop {
            match self.once(client, statements, place, again).await {
                // A file that is being imported holds the people; what waits for it waits in vain only for so long.
                Err(error) if error.retry() == Retry::Retry && tried < TRIES && !client.is_closed() => {
                    tracing::warn!(provider = self.provider.code, code = error.code(), tried, "a page is tried again");
                    tokio::time::sleep(backoff(tried, FIRST_WAIT)).await;
                    tried += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn once(
        &self,
        client: &mut Client,
        statements: &[Box<RawValue>],
        place: Option<&Place>,
        again: bool,
    ) -> Result<Result<Counts, Trouble>, SyncError> {
        let tx = client.transaction().await?;
        // What only voids takes nothing in and waits for the same locks.
        live::patience(&tx).await?;
        if let Err(taken_over) = store::hold(&tx, &self.provider.code, self.run).await? {
            return Ok(Err(taken_over));
        }
        let mut counts = Counts::default();
        for one in self.sorted(statements, &mut counts) {
            self.one(&tx, one, again, &mut counts).await?;
        }
        if let Some(place) = place {
            store::keep(&tx, &self.provider.code, place).await?;
        }
        live::commit(tx, self.nudger, counts.events).await?;
        Ok(Ok(counts))
    }

    /// Reads them and puts them in the order in which they happened; what voids comes last, since it may void one of
    /// the same page.
    fn sorted(&self, statements: &[Box<RawValue>], counts: &mut Counts) -> Vec<One> {
        let mut seen = HashSet::new();
        let mut all = Vec::with_capacity(statements.len());
        for raw in statements {
            let head = Head::read(raw);
            let Some(id) = head.id else {
                // Without an id there is nothing to know it by: it would be new each time.
                tracing::warn!(
                    provider = self.provider.code,
                    code = "bad_statement_id",
                    "a statement has no id and is passed over"
                );
                counts.add("passed_over");
                continue;
            };
            if !seen.insert(id) {
                continue;
            }
            let said = AssertUnwindSafe(|| match serde_json::from_str::<Statement<'_>>(raw.get()) {
                Ok(statement) => translate(self.provider, id, head.timestamp, &statement),
                Err(_) => Said::Rejected(Reason::new("bad_statement", "This is no xAPI statement; ask the provider.")),
            });
            // One that makes us stumble would come with its page each time, and nothing behind it.
            let said = catch_unwind(said).unwrap_or(Said::Rejected(FAULT));
            all.push(One { id, head, said });
        }
        all.sort_by_key(|one| (matches!(one.said, Said::Void(_)), one.head.timestamp, one.head.stored));
        all
    }

    async fn one(&self, tx: &Transaction<'_>, one: One, again: bool, counts: &mut Counts) -> Result<(), SyncError> {
        let code = &self.provider.code;
        let One { id, head, said } = one;
        if matches!(said, Said::Nothing(_)) {
            counts.add("passed_over");
            return Ok(());
        }
        let known = store::known(tx, code, &[id]).await?.remove(&id);
        // What voids it came first and could not know that this one voids, which cannot be voided.
        let stands =
            |known: &store::Known| matches!(said, Said::Void(_)) && known.fate == "voided" && known.verb.is_none();
        let known = known.filter(|known| !stands(known));
        if known.as_ref().is_some_and(|known| !again || known.fate != "rejected") {
            counts.add("known");
            return Ok(());
        }
        let mut fate = store::Fate { stored: head.stored, ..store::Fate::default() };
        let mut taken = None;
        let rejected;
        match said {
            Said::Nothing(_) => return Ok(()),
            Said::Rejected(reason) => {
                (fate.fate, fate.rejected) = ("rejected", Some((reason.code, reason.text)));
            }
            Said::Void(target) => {
                fate.verb = Some("voided");
                match self.void(tx, id, target, counts).await? {
                    Ok(()) => fate.fate = "voiding",
                    Err(reason) => (fate.fate, fate.rejected) = ("rejected", Some((reason.code, reason.text))),
                }
            }
            Said::Record(record) => {
                (fate.verb, fate.entity) = (Some(record.verb), Some(record.entity));
                let earlier = known.and_then(|known| known.import_id);
                match self.record(tx, record, earlier).await? {
                    Ended::Taken(done) => {
                        rejected = done.items.first().and_then(|item| item.rejection.clone());
                        let item = done.items.first();
                        fate.fate = item.map_or("unchanged", |item| named(item.fate));
                        fate.fact_id = item.and_then(|item| item.fact).map(|(fact, _)| fact);
                        fate.import_id = Some(done.import_id);
                        fate.rejected = rejected.as_ref().map(|why| (why.code.as_str(), why.reason.as_str()));
                        taken = Some(done);
                    }
                    Ended::Suppressed => fate.fate = "suppressed",
                    Ended::Rejected(reason) => {
                        (fate.fate, fate.rejected) = ("rejected", Some((reason.code, reason.text)));
                    }
                }
            }
        }
        if let Some((code, _)) = fate.rejected {
            tracing::info!(provider = self.provider.code, statement_id = %id, code, "a statement is rejected");
        }
        counts.add(fate.fate);
        counts.events += taken.map_or(0, |taken| taken.events);
        store::note(tx, code, id, &fate).await?;
        Ok(())
    }

    /// Takes back what a statement did. One that is not here yet is noted as void, for when it comes.
    async fn void(
        &self,
        tx: &Transaction<'_>,
        by: Uuid,
        target: Uuid,
        counts: &mut Counts,
    ) -> Result<Result<(), Reason>, SyncError> {
        let code = &self.provider.code;
        let known = store::known(tx, code, &[target]).await?.remove(&target);
        if known.as_ref().is_some_and(|known| known.verb.as_deref() == Some("voided")) {
            let why = "What voids cannot be voided (xAPI 1.0.3, part 2, 2.3.2); ask the provider.";
            return Ok(Err(Reason::new("voids_a_voiding", why)));
        }
        let made = known.as_ref().and_then(|known| Some((entity(known.entity.as_deref()?)?, known.import_id?)));
        if let Some((entity, import_id)) = made {
            let deadline = Instant::now() + WITHDRAWING;
            counts.events += withdraw(tx, self.vault, ENTITIES, entity, import_id, FUNCTION, deadline).await?;
            store::rivals(tx, code, target).await?;
        }
        let fate = store::Fate { fate: "voided", voided_by: Some(by), ..store::Fate::default() };
        store::note(tx, code, target, &fate).await?;
        Ok(Ok(()))
    }

    async fn record(&self, tx: &Transaction<'_>, record: Record, again: Option<Uuid>) -> Result<Ended, SyncError> {
        let Some(entity) = entity(record.entity) else { return Ok(Ended::Rejected(FAULT)) };
        let code = &self.provider.code;
        let mut item = Item::default().told_at(record.happened);
        match &record.who {
            Who::Email(address) => item = item.with("user_email", Some(address.expose().clone())),
            Who::Account(page, name) => {
                let ids = Who::ids(page.expose(), name.expose(), self.provider.home_page.as_deref());
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                match store::holder(tx, self.vault, code, &record.course_id, &ids).await? {
                    Holder::Known(profile, index) => item = item.with_somebody("user_email", profile, index),
                    Holder::Erased => return Ok(Ended::Suppressed),
                    Holder::Nobody => return Ok(Ended::Rejected(UNKNOWN)),
                }
            }
        }
        let mut columns = record.columns;
        if std::ptr::eq(entity, &COMPLETIONS) && !columns.contains_key("course_name") {
            let known = store::course_name(tx, code, &record.course_id).await?;
            columns.insert("course_name", known.unwrap_or(record.course_id));
        }
        let item = columns.into_iter().fold(item, |item, (column, text)| item.with(column, Some(text)));
        let (items, correlation, name) = ([item], self.run.to_string(), format!("xapi.{}", record.verb));
        let mut delivery = Delivery::new(entity, Door::Pull, &items, &correlation);
        (delivery.name, delivery.created_by, delivery.again) = (Some(name.as_str()), Some(FUNCTION), again);
        self.take_in(tx, &delivery).await
    }

    /// Behind a savepoint, so that a statement which the store refuses, or that makes us stumble, is rejected alone.
    /// Otherwise it would come with the page again and again, and nothing behind it ever.
    async fn take_in(&self, tx: &Transaction<'_>, delivery: &Delivery<'_>) -> Result<Ended, SyncError> {
        // A savepoint of a shared transaction: `Transaction::savepoint` wants it alone.
        tx.batch_execute("SAVEPOINT statement").await?;
        let done = AssertUnwindSafe(live::take_in(tx, self.vault, delivery)).catch_unwind().await;
        let code = match done {
            Ok(Ok(taken)) => {
                tx.batch_execute("RELEASE SAVEPOINT statement").await?;
                return Ok(Ended::Taken(Box::new(taken)));
            }
            Ok(Err(error)) if error.retry() == Retry::Retry => return Err(error.into()),
            Ok(Err(error)) => error.code(),
            Err(_) => "panic",
        };
        tracing::error!(provider = self.provider.code, code, "a statement could not be taken in; the fault is ours");
        tx.batch_execute("ROLLBACK TO SAVEPOINT statement").await?;
        Ok(Ended::Rejected(FAULT))
    }
}

/// How a record ended.
enum Ended {
    Taken(Box<Taken>),
    Suppressed,
    Rejected(Reason),
}

const UNKNOWN: Reason = Reason::new(
    "unknown_account",
    "Nobody is known by this account; link it to the person with POST /v1/profiles/{id}/external-ids, it is tried again.",
);
const FAULT: Reason = Reason::new("our_fault", "The statement could not be taken in; this is our fault, report it.");

fn entity(name: &str) -> Option<&'static Entity> {
    ENTITIES.iter().copied().find(|entity| entity.name == name)
}

fn named(fate: Fate) -> &'static str {
    match fate {
        Fate::New => "new",
        Fate::Changed => "changed",
        Fate::Rejected => "rejected",
        Fate::Suppressed => "suppressed",
        _ => "unchanged",
    }
}

impl From<ApplyError> for SyncError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}
