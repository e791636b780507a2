//! People of an import that is undone: gone where nothing refers to them, and readers hear of what went back.

use std::collections::BTreeMap;

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
        let import = [(&self.import_id as _, Type::UUID)];
        let removed = self.tx.query_typed("SELECT vault.undo_people($1)", &import).await?;
        for row in &removed {
            self.went_back.remove(&row.get(0));
        }
        for row in self.tx.query_typed("SELECT vault.undo_addresses($1)", &import).await? {
            self.went_back.entry(row.get(0)).or_default().insert(ProfileField::Email);
        }
        self.tell_readers().await?;
        Ok(removed.len() as u32)
    }

    /// A reader of these profiles sees something else now, where what this import said was to be seen.
    async fn tell_readers(&mut self) -> Result<(), ApplyError> {
        let went_back = std::mem::take(&mut self.went_back);
        if went_back.is_empty() {
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
        let mut seen: BTreeMap<Uuid, Vec<ProfileField>> = BTreeMap::new();
        for field in ProfileField::ALL {
            let of: Vec<Uuid> = went_back.iter().filter(|(_, what)| what.contains(field)).map(|(id, _)| *id).collect();
            let visible = match field {
                // Addresses hide none of each other.
                ProfileField::Email => of.iter().copied().collect(),
                _ => attributes::visible(self.tx, self.entity.source, field.as_str(), modified, &of).await?,
            };
            for id in of.into_iter().filter(|id| visible.contains(id)) {
                seen.entry(id).or_default().push(*field);
            }
        }
        let people: Vec<Uuid> = seen.keys().copied().collect();
        let rows = self
            .tx
            .query_typed(
                "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = ANY($1)
                 RETURNING profile_id, revision",
                &[(&people, Type::UUID_ARRAY)],
            )
            .await?;
        for row in &rows {
            let profile_id = row.get(0);
            let updated = ProfileUpdated {
                profile_id,
                changed: seen.remove(&profile_id).unwrap_or_default(),
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
