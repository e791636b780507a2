//! The people of a chunk: newcomers, their company, what the source says about them and who has to hear of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Apply, ApplyError, Decided};
use crate::{
    contracts::{EventDraft, Line, ProfileField, ProfileUpdated, Revision, Trigger},
    identity::{Named, Newcomer},
    intake::{
        attributes::{self, Attribute},
        code::Code,
        entity::{Fact, FieldKind},
    },
};

impl Apply<'_> {
    /// Makes the profiles of the people met for the first time, and gives their ids.
    pub(super) async fn take_in(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut [Decided],
    ) -> Result<HashSet<Uuid>, ApplyError> {
        let mut newcomers = Vec::new();
        for one in decided {
            for (index, profile_id, email) in std::mem::take(&mut one.newcomers) {
                if self.people.named(&index) != Named::Nobody {
                    continue;
                }
                self.people.take_in(index, profile_id, self.people.company_of(email.expose()));
                let mut known = vec![ProfileField::Email];
                if one.said.iter().any(|(field, value)| *field == "name" && value.is_some()) {
                    known.push(ProfileField::Name);
                }
                newcomers.push((Newcomer { profile_id, email, line: one.line }, known));
            }
        }
        let created = newcomers.iter().map(|(newcomer, _)| newcomer.profile_id).collect();
        self.people.create(tx, self.vault, &mut self.outbox, &self.correlation, newcomers).await?;
        Ok(created)
    }

    /// The company of the programme instance, else of the person the entity names.
    pub(super) fn company(&self, fact: &Fact) -> Option<Uuid> {
        let through = self.survey.entity.person_field(self.survey.entity.company_through?)?;
        self.company_of_instance.or_else(|| self.people.company_of_profile(fact.person(through)?))
    }

    /// What the source says about people, and who has to hear that it changed.
    pub(super) async fn say(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut [Decided],
        created: &HashSet<Uuid>,
    ) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let (mut rows, mut renamed, mut at) = (Vec::new(), BTreeMap::new(), HashMap::new());
        for (index, one) in decided.iter_mut().enumerate() {
            for (field, value) in std::mem::take(&mut one.said) {
                let Some(FieldKind::Attribute(part)) = entity.field(field).map(|field| field.kind) else { continue };
                let Some(profile_id) = entity.person_field(part).and_then(|person| one.merged.fact.person(person))
                else {
                    continue;
                };
                let before = one.existing.as_ref().and_then(|known| known.fact.get(field));
                if before == one.merged.fact.get(field) {
                    continue;
                }
                if field == "name" && !created.contains(&profile_id) {
                    renamed.insert(profile_id, one.line);
                }
                at.insert((profile_id, one.line.get()), index);
                rows.push(Attribute { profile_id, field, value, line: one.line.get() });
            }
        }
        let differ =
            attributes::write(tx, self.vault, &self.people, entity.source, self.import_id, self.now, &rows).await?;
        for (profile_id, line) in &differ {
            if let Some(index) = at.get(&(*profile_id, *line)) {
                decided[*index].warnings.push(Code::IdentityConflict);
            }
        }
        crate::identity::suggest_names_differ(tx, self.import_id, &differ).await?;
        self.renamed(tx, renamed).await
    }

    /// A reader of these profiles sees another name now.
    async fn renamed(&mut self, tx: &Transaction<'_>, renamed: BTreeMap<Uuid, Line>) -> Result<(), ApplyError> {
        let profiles: Vec<Uuid> = renamed.keys().copied().collect();
        let visible: Vec<Uuid> = attributes::visible(tx, self.survey.entity.source, "name", self.now, &profiles)
            .await?
            .into_iter()
            .collect();
        let rows = tx
            .query_typed(
                "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = ANY($1)
                 RETURNING profile_id, revision",
                &[(&visible, Type::UUID_ARRAY)],
            )
            .await?;
        for row in rows {
            let (profile_id, revision): (Uuid, i32) = (row.get(0), row.get(1));
            let updated = ProfileUpdated {
                profile_id,
                changed: vec![ProfileField::Name],
                trigger: Trigger::Import,
                revision: Revision::new(revision).unwrap_or(Revision::FIRST),
                import_id: Some(self.import_id),
                line: renamed.get(&profile_id).copied(),
            };
            self.outbox.push(EventDraft::recorded(updated, profile_id, &self.correlation))?;
        }
        Ok(())
    }
}
