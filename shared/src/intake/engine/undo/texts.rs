//! Texts of facts that are taken back: withdrawn, or current again and told once more, so that screening sees what
//! holds now.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Row, types::Type};
use uuid::Uuid;

use super::Undo;
use crate::{
    bus::outbox::OutboxError,
    contracts::{AuthorRole, ContractError, EventDraft, FactType, Line, Revision, SourceCode, TextKind, TextReceived},
    intake::apply::ApplyError,
};

/// Texts of one step.
#[derive(Debug, Default)]
pub struct Texts {
    withdrawn: HashMap<Uuid, Option<Uuid>>,
    again: HashMap<Uuid, Option<Uuid>>,
}

impl Texts {
    /// A field's text as it is, and as it will be.
    pub fn note(&mut self, now: Option<Uuid>, next: Option<Uuid>) {
        if now == next {
            return;
        }
        if let Some(now) = now {
            self.withdrawn.insert(now, next);
        }
        if let Some(next) = next {
            self.again.insert(next, now);
        }
    }
}

impl Undo<'_> {
    /// Withdraws and brings back. `brought`: texts of this import that no fact names any more; those that stood in place
    /// of others would go on hiding them.
    pub async fn take_back_texts(&mut self, texts: &Texts, brought: &HashSet<Uuid>) -> Result<(), ApplyError> {
        let ids = |of: &HashMap<Uuid, Option<Uuid>>| of.keys().copied().collect::<Vec<_>>();
        let named = |text: &&Uuid| !texts.withdrawn.contains_key(*text) && !texts.again.contains_key(*text);
        let replaced: Vec<Uuid> = brought.iter().filter(named).copied().collect();
        if !replaced.is_empty() {
            let rows = self
                .tx
                .query_typed(
                    "UPDATE vault.texts SET withdrawn_at = now(), revision = revision + 1
                     WHERE text_id = ANY($1) AND import_id = $2 AND withdrawn_at IS NULL RETURNING text_id, revision",
                    &[(&replaced, Type::UUID_ARRAY), (&self.import_id, Type::UUID)],
                )
                .await?;
            for row in &rows {
                self.retracted(FactType::IntakeText, row.get(0), row.get(1))?;
            }
        }
        if !texts.withdrawn.is_empty() {
            let rows = self
                .tx
                .query_typed(
                    "UPDATE vault.texts SET withdrawn_at = now(), revision = revision + 1 WHERE text_id = ANY($1)
                     RETURNING text_id, revision",
                    &[(&ids(&texts.withdrawn), Type::UUID_ARRAY)],
                )
                .await?;
            for row in &rows {
                let text_id = row.get(0);
                // Where another text holds again, that one says which it replaces.
                if texts.withdrawn.get(&text_id) == Some(&None) {
                    self.retracted(FactType::IntakeText, text_id, row.get(1))?;
                }
            }
        }
        if !texts.again.is_empty() {
            let rows = self
                .tx
                .query_typed(
                    "UPDATE vault.texts SET withdrawn_at = NULL, revision = revision + 1 WHERE text_id = ANY($1)
                     RETURNING text_id, subject_id, author_id, author_role, kind, source, written_at, revision, import_id, line",
                    &[(&ids(&texts.again), Type::UUID_ARRAY)],
                )
                .await?;
            for row in &rows {
                self.received_again(row, texts)?;
            }
        }
        Ok(())
    }

    fn received_again(&mut self, row: &Row, texts: &Texts) -> Result<(), ApplyError> {
        let value = |error| ApplyError::from(OutboxError::from(ContractError::Value(error)));
        let text_id: Uuid = row.get(0);
        let line = row.get::<_, Option<i32>>(9).and_then(|line| u32::try_from(line).ok());
        let received = TextReceived {
            text_id,
            author_id: row.get(2),
            author_role: row.get::<_, &str>(3).parse::<AuthorRole>().map_err(value)?,
            subject_id: row.get(1),
            supersedes: texts.again.get(&text_id).copied().flatten(),
            kind: row.get::<_, &str>(4).parse::<TextKind>().map_err(value)?,
            source: SourceCode::new(row.get::<_, &str>(5)).map_err(value)?,
            revision: Revision::new(row.get::<_, i32>(7)).map_err(value)?,
            import_id: row.get(8),
            line: line.and_then(|line| Line::new(line).ok()),
        };
        self.outbox.push(EventDraft::new(received, text_id, row.get(6), &self.import_id.to_string()))?;
        Ok(())
    }
}
