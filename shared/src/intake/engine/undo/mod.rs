//! Undo: what an import did is taken back, field by field, in one transaction under the identity lock.
//!
//! ```text
//! fates of the import, five thousand records at a time ─▶ new and changed facts with all their revisions
//!     │ [`history`] decides: remove · restore · keep
//!     ├─ facts others refer to are kept
//!     ├─ attributes go back in the vault, texts are withdrawn or current again [`texts`]
//!     ├─ rows: history kept, next revision written, or gone [`facts`]
//!     └─ events: the fact's own with the next revision, or `fact.retracted`; fates
//! people it created and nothing refers to ─▶ gone [`people`] ─▶ `intake.import.undone`, receipt, row "undone"
//! ```
//!
//! Killed before the commit, nothing happened and the command is still there. Undone twice, the second finds no
//! command.

mod facts;
mod history;
mod people;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Client, Row, Transaction, types::Type};
use uuid::Uuid;

use super::{
    ending::contract,
    run::{Run, waited_too_long},
};
use crate::{
    bus::outbox::Outbox,
    contracts::{
        Entity as EntityName, EventDraft, ImportUndone, ProfileField, RetractionReason, Revision, SourceCode,
        UndoCounts, UndoOutcome,
    },
    db::DbError,
    identity,
    intake::{
        apply::ApplyError,
        entity::Entity,
        fates::Fate,
        receipt::{Outcome, Receipt, Undone},
    },
    vault::Vault,
};

/// Rows of fates a step: of a thousand records each.
const ROWS_A_STEP: i64 = 5;

/// One undo.
struct Undo<'a> {
    tx: &'a Transaction<'a>,
    vault: &'a Vault,
    entity: &'static Entity,
    import_id: Uuid,
    outbox: Outbox,
    /// Columns of other tables that refer to this entity's facts.
    references: Vec<facts::Reference>,
    /// What facts that went had referred to, by entity.
    let_go: BTreeMap<&'static str, BTreeSet<Uuid>>,
    /// What a reader of people's profiles sees went back.
    went_back: BTreeMap<Uuid, BTreeSet<ProfileField>>,
    counts: UndoCounts,
    /// Why, as it is told of facts that are gone.
    reason: RetractionReason,
}

/// A row of fates.
struct Block {
    first_record: i32,
    lines: Vec<i32>,
    fates: Vec<Option<Fate>>,
    facts: Vec<Option<Uuid>>,
}

impl Block {
    fn read(row: &Row) -> Self {
        let fates: Vec<&str> = row.get(2);
        Self {
            first_record: row.get(0),
            lines: row.get(1),
            fates: fates.into_iter().map(Fate::named).collect(),
            facts: row.get(3),
        }
    }
}

impl Run<'_> {
    /// Undoes the import. Its receipt, also if somebody else did it meanwhile.
    pub async fn undo(&self, client: &mut Client) -> Result<Option<Receipt>, ApplyError> {
        let vault = self.engine.vault.get(client).await?;
        let tx = client.transaction().await?;
        if let Some(receipt) = self.lock(&tx).await? {
            return Ok(Some(receipt));
        }
        let Some(mut receipt) = self.import.receipt.clone() else { return Ok(None) };
        let known = |entity: &&&'static Entity| Some(entity.name) == receipt.entity.as_deref();
        let Some(entity) = self.engine.entities.iter().find(known).copied() else { return Ok(None) };
        identity::lock(&tx).await.map_err(waited_too_long)?;
        let undo = Undo::new(&tx, vault, entity, self.import.id, RetractionReason::Undone).await?;
        let by = self.command.as_ref().and_then(|command| command.actor.clone());
        undo.all(self.engine.entities, &mut receipt, by, self.revision(), self.deadline).await?;
        self.engine.nudger.nudge_delayed().await?;
        tx.commit().await?;
        self.engine.nudger.nudge_now().await;
        Ok(Some(receipt))
    }
}

/// Takes back what a delivery did because its source says that it was not so: as an undo, but facts that go are told as
/// withdrawn. Neither begins nor commits; how many events it wrote. A delivery that did nothing, or was undone before,
/// is left as it is. `entities` are all that its source tells.
///
/// # Errors
/// The database, the vault, or an event that its contract does not allow.
pub async fn withdraw(
    tx: &Transaction<'_>,
    vault: &Vault,
    entities: &[&'static Entity],
    entity: &'static Entity,
    import_id: Uuid,
    by: &str,
    deadline: Instant,
) -> Result<u64, ApplyError> {
    identity::lock(tx).await?;
    let rows = tx
        .query_typed(
            // What the vault takes back, it takes back only where somebody asked for it.
            "UPDATE intake.imports SET status = 'running', command = '{\"kind\": \"undo\"}'
             WHERE import_id = $1 AND outcome = 'loaded' AND undone_at IS NULL RETURNING receipt, told",
            &[(&import_id, Type::UUID)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(0) };
    let stored = row.get::<_, serde_json::Value>(0);
    let mut receipt: Receipt = serde_json::from_value(stored).map_err(|error| DbError::Unavailable(Box::new(error)))?;
    let revision = Revision::new(row.get::<_, i32>(1) + 1).unwrap_or(Revision::FIRST);
    let undo = Undo::new(tx, vault, entity, import_id, RetractionReason::Withdrawn).await?;
    undo.all(entities, &mut receipt, Some(by.to_owned()), revision, deadline).await
}

impl<'a> Undo<'a> {
    async fn new(
        tx: &'a Transaction<'a>,
        vault: &'a Vault,
        entity: &'static Entity,
        import_id: Uuid,
        reason: RetractionReason,
    ) -> Result<Self, DbError> {
        Ok(Self {
            tx,
            vault,
            entity,
            import_id,
            outbox: Outbox::new(&import_id.to_string()),
            references: facts::references(tx, entity).await?,
            let_go: BTreeMap::new(),
            went_back: BTreeMap::new(),
            counts: UndoCounts::default(),
            reason,
        })
    }

    /// Everything but the commit; how many events it wrote.
    async fn all(
        mut self,
        entities: &[&'static Entity],
        receipt: &mut Receipt,
        by: Option<String>,
        revision: Revision,
        deadline: Instant,
    ) -> Result<u64, ApplyError> {
        let mut after = 0;
        loop {
            if Instant::now() >= deadline {
                return Err(ApplyError::TimeLimit);
            }
            let blocks = self.blocks(after).await?;
            let Some(last) = blocks.last() else { break };
            after = last.first_record;
            self.step(blocks).await?;
            self.outbox.write(self.tx).await?;
        }
        self.free(entities).await?;
        let people_removed = self.people().await?;
        let undone = ImportUndone {
            import_id: self.import_id,
            source: SourceCode::new(self.entity.source).map_err(contract)?,
            entity: self.entity.name.parse::<EntityName>().map_err(contract)?,
            counts: receipt.counts,
            undo: self.counts,
            outcome: UndoOutcome::Undone,
            revision,
        };
        self.outbox.push(EventDraft::recorded(undone, self.import_id, &self.import_id.to_string()))?;
        self.outbox.write(self.tx).await?;

        receipt.outcome = Outcome::Undone;
        receipt.command_failed = None;
        receipt.undo = Some(Undone {
            at: Timestamp::now(),
            by,
            restored: self.counts.restored,
            removed: self.counts.removed,
            kept_later_edit: self.counts.kept_later_edit,
            people_removed,
            events: self.outbox.written(),
        });
        self.close(receipt).await?;
        Ok(self.outbox.written())
    }

    async fn close(&self, receipt: &Receipt) -> Result<(), DbError> {
        let json = serde_json::to_value(receipt).map_err(|error| DbError::Unavailable(Box::new(error)))?;
        self.tx
            .execute_typed(
                "UPDATE intake.imports SET status = 'done', outcome = 'undone', undone_at = $2, command = NULL, receipt = $3, told = told + 1
                 WHERE import_id = $1",
                &[
                    (&self.import_id, Type::UUID),
                    (&receipt.undo.as_ref().map(|undo| undo.at), Type::TIMESTAMPTZ),
                    (&json, Type::JSONB),
                ],
            )
            .await?;
        Ok(())
    }

    async fn blocks(&self, after: i32) -> Result<Vec<Block>, DbError> {
        let rows = self
            .tx
            .query_typed(
                "SELECT first_record, lines, fates::text[], facts FROM intake.fates
                 WHERE import_id = $1 AND first_record > $2 ORDER BY first_record LIMIT $3",
                &[(&self.import_id, Type::UUID), (&after, Type::INT4), (&ROWS_A_STEP, Type::INT8)],
            )
            .await?;
        Ok(rows.iter().map(Block::read).collect())
    }

    /// Takes back what these records did.
    async fn step(&mut self, blocks: Vec<Block>) -> Result<(), ApplyError> {
        let mut lines = std::collections::HashMap::new();
        for block in &blocks {
            for ((fate, fact), line) in block.fates.iter().zip(&block.facts).zip(&block.lines) {
                if let (Some(Fate::New | Fate::Changed), Some(fact)) = (fate, fact) {
                    lines.insert(*fact, *line);
                }
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let ends = self.take_back(&lines).await?;
        for mut block in blocks {
            for (fate, fact) in block.fates.iter_mut().zip(&block.facts) {
                let end = fact.and_then(|fact| ends.get(&fact));
                if let (Some(Fate::New | Fate::Changed), Some(end)) = (*fate, end) {
                    *fate = Some(*end);
                    *match end {
                        Fate::Restored => &mut self.counts.restored,
                        Fate::Removed => &mut self.counts.removed,
                        _ => &mut self.counts.kept_later_edit,
                    } += 1;
                }
            }
            let fates: Vec<Option<&str>> = block.fates.iter().map(|fate| fate.map(Fate::as_str)).collect();
            self.tx
                .execute_typed(
                    "UPDATE intake.fates SET fates = $3::text[]::intake.fate[] WHERE import_id = $1 AND first_record = $2",
                    &[
                        (&self.import_id, Type::UUID),
                        (&block.first_record, Type::INT4),
                        (&fates, Type::TEXT_ARRAY),
                    ],
                )
                .await?;
        }
        Ok(())
    }
}
