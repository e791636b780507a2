//! People of an import that is undone: gone where nothing refers to them, and readers hear of names that went back.

use jiff::Timestamp;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Undo;
use crate::{
    contracts::{EventDraft, ProfileField, ProfileUpdated, Revision, Trigger},
    intake::{apply::ApplyError, attributes},
};

impl Undo<'_> {
    /// Removes the people only this import knew; how many.
    pub async fn people(&mut self) -> Result<u32, ApplyError> {
        let removed = self.tx.query_typed("SELECT vault.undo_people($1)", &[(&self.import_id, Type::UUID)]).await?;
        for row in &removed {
            self.renamed.remove(&row.get(0));
        }
        self.names_back().await?;
        Ok(removed.len() as u32)
    }

    /// A reader of these profiles sees another name now, where this import's was the one to be seen.
    async fn names_back(&mut self) -> Result<(), ApplyError> {
        if self.renamed.is_empty() {
            return Ok(());
        }
        let row = self
            .tx
            .query_typed(
                "SELECT object_modified FROM intake.imports WHERE import_id = $1",
                &[(&self.import_id, Type::UUID)],
            )
            .await?;
        let modified = row.first().and_then(|row| row.get(0)).unwrap_or_else(Timestamp::now);
        let renamed: Vec<Uuid> = self.renamed.iter().copied().collect();
        let visible = attributes::visible(self.tx, self.entity.source, "name", modified, &renamed).await?;
        let visible: Vec<Uuid> = renamed.into_iter().filter(|id| visible.contains(id)).collect();
        let rows = self
            .tx
            .query_typed(
                "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = ANY($1)
                 RETURNING profile_id, revision",
                &[(&visible, Type::UUID_ARRAY)],
            )
            .await?;
        for row in &rows {
            let profile_id = row.get(0);
            let updated = ProfileUpdated {
                profile_id,
                changed: vec![ProfileField::Name],
                trigger: Trigger::Import,
                revision: Revision::new(row.get::<_, i32>(1)).unwrap_or(Revision::FIRST),
                import_id: Some(self.import_id),
                line: None,
            };
            self.outbox.push(EventDraft::recorded(updated, profile_id, &self.import_id.to_string()))?;
        }
        Ok(())
    }
}
