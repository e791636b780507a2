//! The people of a chunk: who they are, their company, what the source says about them and who has to hear of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Apply, ApplyError, Decided};
use crate::{
    contracts::{EventDraft, Line, ProfileField, ProfileUpdated, Revision},
    identity::{Rows, TakenIn},
    intake::{
        attributes::{self, Attribute},
        code::Code,
        entity::{Fact, FieldKind, FieldValue},
        record::{Candidate, Given},
        store::Existing,
    },
};

/// What a reader of these profiles sees changed, and the line that brought it.
type Told = BTreeMap<Uuid, (Line, BTreeSet<ProfileField>)>;

impl Apply<'_> {
    /// Asks whom the records' addresses and ids mean.
    pub(super) async fn look_up_people(
        &mut self,
        tx: &Transaction<'_>,
        candidates: &[(usize, Candidate)],
    ) -> Result<(), ApplyError> {
        let (mut emails, mut ids) = (Vec::with_capacity(2 * candidates.len()), HashSet::new());
        let is_listed =
            |field: &str| matches!(self.mapping.entity.field(field).map(|f| f.kind), Some(FieldKind::Listed(_)));
        for (_, candidate) in candidates {
            for (field, given) in candidate.fields.iter() {
                match given {
                    Some(Given::Person(email, index)) => {
                        emails.push((*index, email.expose().as_str()));
                        if is_listed(field) {
                            ids.insert(candidate.key.as_str());
                        }
                    }
                    Some(Given::PersonIds(of)) => ids.extend(of.iter().map(String::as_str)),
                    _ => {}
                }
            }
        }
        Ok(self.people.look_up(tx, self.vault, &emails, &ids).await?)
    }

    /// Attributes stand in the vault and not in the fact's table.
    pub(super) async fn load_attributes(
        &self,
        tx: &Transaction<'_>,
        existing: &mut HashMap<String, Existing>,
    ) -> Result<(), ApplyError> {
        let entity = self.mapping.entity;
        let said: Vec<(&'static str, &'static str)> = entity
            .fields
            .iter()
            .filter_map(|field| Some((field.name, entity.person_field(field.kind.attribute_of()?)?)))
            .collect();
        if said.is_empty() {
            return Ok(());
        }
        let profiles: Vec<Uuid> = existing
            .values()
            .flat_map(|known| said.iter().filter_map(|(_, person)| known.fact.person(person)))
            .collect();
        let digests = attributes::load(tx, entity.source, &profiles).await?;
        let cleared = |field: &str| attributes::digest(self.vault, field, "");
        for known in existing.values_mut() {
            for (field, person) in &said {
                if let Some(digest) = known.fact.person(person).and_then(|id| digests.get(&(id, (*field).to_owned())))
                    && *digest != cleared(field)
                {
                    known.fact.0.insert(field, FieldValue::Attribute(*digest));
                }
            }
        }
        Ok(())
    }

    /// Makes the profiles of the people met for the first time, and what else records bring about people.
    pub(super) async fn take_in(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut [Decided],
    ) -> Result<(TakenIn, Rows), ApplyError> {
        let mut arrivals = Vec::new();
        for one in decided.iter_mut().filter(|one| !one.arrivals.is_empty()) {
            let said = one.said.iter().filter(|(_, value)| value.is_some()).filter_map(|(field, _)| visible(field));
            let said: BTreeSet<ProfileField> = said.collect();
            let known: Vec<ProfileField> = std::iter::once(ProfileField::Email).chain(said).collect();
            for arrival in std::mem::take(&mut one.arrivals) {
                arrivals.push((arrival, one.line, known.clone()));
            }
        }
        Ok(self.people.take_in(tx, self.vault, &mut self.outbox, &self.correlation, arrivals).await?)
    }

    /// The company of the programme instance, else of the person the entity names.
    pub(super) fn company(&self, fact: &Fact) -> Option<Uuid> {
        let through = self.mapping.entity.company_through?;
        let person = || fact.person(self.mapping.entity.person_field(through)?);
        self.company_of_instance.or_else(|| self.people.company_of_profile(person()?))
    }

    /// What the source says about people, and who has to hear that it changed.
    pub(super) async fn say(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut [Decided],
        taken: TakenIn,
    ) -> Result<(), ApplyError> {
        let entity = self.mapping.entity;
        let (mut rows, mut said, mut at) = (Vec::new(), Told::new(), HashMap::new());
        for (index, one) in decided.iter_mut().enumerate() {
            for (field, value) in std::mem::take(&mut one.said) {
                let part = entity.field(field).and_then(|field| field.kind.attribute_of());
                let person = part.and_then(|part| one.merged.fact.person(entity.person_field(part)?));
                let Some(profile_id) = person else { continue };
                let before = one.existing.as_ref().and_then(|known| known.fact.get(field));
                if before == one.merged.fact.get(field) {
                    continue;
                }
                if let Some(seen) = visible(field).filter(|_| !taken.created.contains(&profile_id)) {
                    said.entry(profile_id).or_insert((one.line, BTreeSet::new())).1.insert(seen);
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
        let mut told = self.seen(tx, said).await?;
        for (profile_id, line) in taken.addressed {
            told.entry(profile_id).or_insert((line, BTreeSet::new())).1.insert(ProfileField::Email);
        }
        self.updated(tx, &told).await
    }

    /// Of what was said, what a reader sees: nobody corrected it by hand, and no other source said something newer.
    async fn seen(&self, tx: &Transaction<'_>, said: Told) -> Result<Told, ApplyError> {
        let mut told = Told::new();
        let fields: BTreeSet<ProfileField> = said.values().flat_map(|(_, fields)| fields).copied().collect();
        for field in fields {
            let profiles: Vec<Uuid> =
                said.iter().filter(|(_, (_, fields))| fields.contains(&field)).map(|(id, _)| *id).collect();
            let source = self.mapping.entity.source;
            for id in attributes::visible(tx, source, field.as_str(), self.now, &profiles).await? {
                let Some((line, _)) = said.get(&id) else { continue };
                told.entry(id).or_insert((*line, BTreeSet::new())).1.insert(field);
            }
        }
        Ok(told)
    }

    /// A reader of these profiles sees something else now.
    async fn updated(&mut self, tx: &Transaction<'_>, told: &Told) -> Result<(), ApplyError> {
        if told.is_empty() {
            return Ok(());
        }
        let profiles: Vec<Uuid> = told.keys().copied().collect();
        let rows = tx
            .query_typed(
                "UPDATE core.profiles SET revision = revision + 1, updated_at = now() WHERE profile_id = ANY($1)
                 RETURNING profile_id, revision",
                &[(&profiles, Type::UUID_ARRAY)],
            )
            .await?;
        for row in rows {
            let (profile_id, revision): (Uuid, i32) = (row.get(0), row.get(1));
            let Some((line, fields)) = told.get(&profile_id) else { continue };
            let updated = ProfileUpdated {
                profile_id,
                changed: fields.iter().copied().collect(),
                trigger: self.trigger,
                revision: Revision::new(revision).unwrap_or(Revision::FIRST),
                import_id: Some(self.import_id),
                line: Some(*line),
            };
            self.outbox.push(EventDraft::recorded(updated, profile_id, &self.correlation))?;
        }
        Ok(())
    }
}

/// The part of a profile that an attribute is, if a reader sees it.
fn visible(field: &str) -> Option<ProfileField> {
    field.parse().ok().filter(|field| *field != ProfileField::Email)
}
