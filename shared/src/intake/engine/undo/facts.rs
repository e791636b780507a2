//! Facts of one step: decided, written, told.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use tokio_postgres::{
    Row, Transaction,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{
    Undo,
    history::{Decision, Version, decide},
    texts::Texts,
};
use crate::{
    contracts::{
        ContractError, Entity as EntityName, EventDraft, FactRetracted, FactType, Line, ProfileUnlinked, Revision,
        SourceCode,
    },
    db::DbError,
    intake::{
        apply::ApplyError,
        attributes,
        entity::{Entity, Fact, FieldKind, FieldValue, Published, hex},
        fates::Fate,
        store::{self, Existing},
    },
};

/// A column of another table that refers to facts.
pub struct Reference {
    table: String,
    column: String,
    /// That table's own key.
    key: String,
    /// What its facts are in the history: `buddy/checkins`.
    entity: String,
}

/// Columns of tables this role may read that refer to the entity's facts. They have the names of their fields.
pub async fn references(tx: &Transaction<'_>, entity: &Entity) -> Result<Vec<Reference>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT c.conrelid::regclass::text, a.attname::text, k.attname::text, regexp_replace(t.relname, '_', '/')
             FROM pg_constraint c
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             JOIN pg_class t ON t.oid = c.conrelid
             JOIN pg_constraint p ON p.conrelid = c.conrelid AND p.contype = 'p'
             JOIN pg_attribute k ON k.attrelid = p.conrelid AND k.attnum = p.conkey[1]
             WHERE c.contype = 'f' AND c.confrelid = $1::text::regclass AND cardinality(c.conkey) = 1
               AND has_table_privilege(c.conrelid, 'SELECT')",
            &[(&entity.table, Type::TEXT)],
        )
        .await?;
    let reference =
        |row: &Row| Reference { table: row.get(0), column: row.get(1), key: row.get(2), entity: row.get(3) };
    Ok(rows.iter().map(reference).collect())
}

/// A fact that gets its values from before.
struct Restored {
    row: Value,
    next: Existing,
}

impl Undo<'_> {
    /// Takes back what the import did to these facts (and the line it did it by); gives each fact's fate. Facts it did
    /// nothing to go if only undone imports say that they are.
    pub async fn take_back(&mut self, lines: &HashMap<Uuid, i32>) -> Result<HashMap<Uuid, Fate>, ApplyError> {
        let ids: Vec<Uuid> = lines.keys().copied().collect();
        let mut now = store::load_by_id(self.tx, self.entity, &ids).await?;
        self.lay_attributes(now.values_mut().map(|(known, _)| known)).await?;
        // A fact that is not there any more was taken back by another undo.
        let mut ends: HashMap<Uuid, Fate> = ids.iter().map(|id| (*id, Fate::Removed)).collect();
        let (decisions, brought) = self.decide(&now).await?;
        let (mut removed, mut rows) = (Vec::new(), HashMap::new());
        for (id, decision) in decisions {
            match decision {
                Decision::Remove => removed.push(id),
                Decision::Restore(row) => _ = rows.insert(id, row),
                Decision::Keep => _ = ends.insert(id, Fate::KeptLaterEdit),
            }
        }
        let mut restored = self.restored(rows, &mut ends).await?;

        let touched: Vec<&Existing> =
            removed.iter().chain(restored.keys()).filter_map(|id| now.get(id)).map(|(known, _)| known).collect();
        self.attributes_back(&touched, removed.len()).await?;
        store::keep_history(self.tx, self.entity, &touched, self.import_id).await?;
        self.lay_attributes(restored.values_mut().map(|restored| &mut restored.next)).await?;
        for (id, Restored { row, next }) in &mut restored {
            next.revision += 1;
            row["revision"] = next.revision.into();
            row["content_hash"] = format!("\\x{}", hex(&next.fact.content_hash(self.entity.fields))).into();
            row["import_id"] = self.import_id.to_string().into();
            row["line"] = lines.get(id).copied().into();
        }
        self.update(restored.values().map(|restored| restored.row.clone()).collect()).await?;
        self.delete(&removed).await?;
        self.texts_back(&now, &removed, &restored, brought).await?;
        self.links_back(&now, &removed).await?;

        for id in removed {
            if let Some((known, _)) = now.get(&id) {
                self.retract(known)?;
            }
        }
        let mut told: Vec<(Uuid, Restored)> = restored.into_iter().collect();
        told.sort_by_key(|(id, _)| lines.get(id).copied());
        for (id, Restored { row, next }) in told {
            ends.insert(id, Fate::Restored);
            let line = lines.get(&id).and_then(|line| u32::try_from(*line).ok()).unwrap_or(1);
            let published = Published {
                fact_id: id,
                revision: next.revision,
                fact: &next.fact,
                rater: row["rated_by"].as_str(),
                import_id: self.import_id,
                correlation: &self.import_id.to_string(),
                line: Line::new(line).map_err(super::contract)?,
            };
            (self.entity.publish)(&published, &mut self.outbox)?;
        }
        now.clear();
        Ok(ends)
    }

    /// What becomes of each fact; and the texts that stand in revisions of this import, which may have brought them.
    async fn decide(
        &mut self,
        now: &HashMap<Uuid, (Existing, Value)>,
    ) -> Result<(Vec<(Uuid, Decision)>, HashSet<Uuid>), DbError> {
        let ids: Vec<Uuid> = now.keys().copied().collect();
        let earlier = self
            .tx
            .query_typed(
                "SELECT r.fact_id, r.import_id, i.undone_at IS NOT NULL, r.content, r.stored
                 FROM intake.revisions r LEFT JOIN intake.imports i ON i.import_id = r.import_id
                 WHERE r.fact_id = ANY($1) ORDER BY r.fact_id, r.revision",
                &[(&ids, Type::UUID_ARRAY)],
            )
            .await?;
        let mut histories: HashMap<Uuid, Vec<Version>> = HashMap::new();
        let mut brought = HashSet::new();
        for row in &earlier {
            let mine = row.get::<_, Option<Uuid>>(1) == Some(self.import_id);
            let version = Version {
                live: !mine && !row.get::<_, bool>(2),
                content: row.get(3),
                stored: row.get::<_, Option<Value>>(4).unwrap_or_default(),
            };
            if mine {
                let fields = self.entity.fields.iter().filter(|field| matches!(field.kind, FieldKind::Text { .. }));
                brought
                    .extend(fields.filter_map(|field| version.content.get(field.name)?.as_str()?.parse::<Uuid>().ok()));
            }
            histories.entry(row.get(0)).or_default().push(version);
        }
        let others: Vec<Uuid> = now.values().filter_map(|(known, _)| known.import_id).collect();
        let undone = self
            .tx
            .query_typed(
                "SELECT import_id FROM intake.imports WHERE import_id = ANY($1) AND undone_at IS NOT NULL",
                &[(&others, Type::UUID_ARRAY)],
            )
            .await?;
        let undone: HashSet<Uuid> = undone.iter().map(|row| row.get(0)).collect();
        let referred_to = self.referred_to(&ids).await?;
        let fields: Vec<&'static str> = self.entity.fields.iter().map(|field| field.name).collect();
        let mut decisions = Vec::with_capacity(now.len());
        for (id, (known, stored)) in now {
            let mine = known.import_id == Some(self.import_id);
            let mut versions = histories.remove(id).unwrap_or_default();
            versions.push(Version {
                live: !mine && !known.import_id.is_some_and(|import| undone.contains(&import)),
                content: store::content(&known.fact),
                stored: stored.clone(),
            });
            let decision = decide(&fields, &versions, referred_to.contains(id));
            if decision == Decision::Remove {
                self.lets_go(&versions);
            }
            decisions.push((*id, decision));
        }
        Ok((decisions, brought))
    }

    /// Which of these facts other facts refer to, or did in an earlier revision that another undo may bring back: their
    /// first, or one of an import that still counts.
    async fn referred_to(&self, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbError> {
        let mut found = HashSet::new();
        for Reference { table, column, key, entity } in &self.references {
            let sql = format!(
                "SELECT {column} FROM {table} WHERE {column} = ANY($1)
                 UNION SELECT (r.content ->> $2)::uuid FROM intake.revisions r JOIN {table} t ON t.{key} = r.fact_id
                       LEFT JOIN intake.imports i ON i.import_id = r.import_id
                       WHERE r.entity = $3 AND r.content ->> $2 = ANY($1::text[])
                         AND (r.revision = 1 OR (i.undone_at IS NULL AND r.import_id IS DISTINCT FROM $4))"
            );
            let params: [(&(dyn ToSql + Sync), Type); 4] =
                [(&ids, Type::UUID_ARRAY), (column, Type::TEXT), (entity, Type::TEXT), (&self.import_id, Type::UUID)];
            let rows = self.tx.query_typed(&sql, &params).await?;
            found.extend(rows.iter().map(|row| row.get::<_, Uuid>(0)));
        }
        Ok(found)
    }

    /// Notes what a fact that goes referred to, ever.
    fn lets_go(&mut self, versions: &[Version]) {
        for field in self.entity.fields {
            let FieldKind::Ref(target) = field.kind else { continue };
            let ids =
                versions.iter().filter_map(|version| version.content.get(field.name)?.as_str()?.parse::<Uuid>().ok());
            self.let_go.entry(target.entity).or_default().extend(ids);
        }
    }

    /// Facts that an earlier undo kept for the references of facts that are gone now go, too.
    pub async fn free(&mut self, entities: &[&'static Entity]) -> Result<(), ApplyError> {
        while let Some((name, ids)) = self.let_go.pop_first() {
            let Some(entity) = entities.iter().find(|entity| entity.name == name) else { continue };
            let ids: Vec<Uuid> = ids.into_iter().collect();
            let sql = format!(
                "SELECT t.{id} FROM {} t WHERE t.{id} = ANY($1) AND NOT EXISTS (
                   SELECT FROM (SELECT t.import_id UNION ALL SELECT r.import_id FROM intake.revisions r WHERE r.fact_id = t.{id}) said
                   WHERE NOT EXISTS (SELECT FROM intake.imports i WHERE i.import_id = said.import_id AND i.undone_at IS NOT NULL))",
                entity.table,
                id = entity.id
            );
            let rows = self.tx.query_typed(&sql, &[(&ids, Type::UUID_ARRAY)]).await?;
            let lines = rows.iter().map(|row| (row.get(0), 1)).collect();
            self.references = references(self.tx, entity).await?;
            let own = std::mem::replace(&mut self.entity, entity);
            self.take_back(&lines).await?;
            self.entity = own;
        }
        Ok(())
    }

    /// The rows as facts. What would contradict itself (an end set since before a beginning that comes back) is kept.
    async fn restored(
        &self,
        mut rows: HashMap<Uuid, Value>,
        ends: &mut HashMap<Uuid, Fate>,
    ) -> Result<HashMap<Uuid, Restored>, DbError> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let all = Value::Array(rows.values().cloned().collect());
        let mut restored = HashMap::new();
        for next in store::read_rows(self.tx, self.entity, &all).await? {
            let Some(row) = rows.remove(&next.fact_id) else { continue };
            if (self.entity.check)(&next.fact).is_ok() {
                restored.insert(next.fact_id, Restored { row, next });
            } else {
                ends.insert(next.fact_id, Fate::KeptLaterEdit);
            }
        }
        Ok(restored)
    }

    async fn update(&self, rows: Vec<Value>) -> Result<(), DbError> {
        let Some(Value::Object(first)) = rows.first() else { return Ok(()) };
        let (table, id) = (self.entity.table, self.entity.id);
        let sets: Vec<String> = first
            .keys()
            .filter(|column| ![id, "source_id", "updated_at"].contains(&column.as_str()))
            .map(|column| format!("{column} = r.{column}"))
            .collect();
        let sql = format!(
            "UPDATE {table} t SET {}, updated_at = now() FROM jsonb_populate_recordset(NULL::{table}, $1) r WHERE t.{id} = r.{id}",
            sets.join(", ")
        );
        self.tx.execute_typed(&sql, &[(&Value::Array(rows), Type::JSONB)]).await?;
        Ok(())
    }

    async fn delete(&self, ids: &[Uuid]) -> Result<(), DbError> {
        if !ids.is_empty() {
            let sql = format!("DELETE FROM {} WHERE {} = ANY($1)", self.entity.table, self.entity.id);
            self.tx.execute_typed(&sql, &[(&ids, Type::UUID_ARRAY)]).await?;
        }
        Ok(())
    }

    fn retract(&mut self, known: &Existing) -> Result<(), ApplyError> {
        let entity = self.entity.name.parse::<EntityName>().map_err(super::contract)?;
        let Some(fact_type) = FactType::of_entity(entity) else { return Ok(()) };
        self.retracted(fact_type, known.fact_id, known.revision + 1)
    }

    /// Tells that a fact is taken back.
    pub fn retracted(&mut self, fact_type: FactType, fact_id: Uuid, revision: i32) -> Result<(), ApplyError> {
        let revision =
            Revision::new(revision).map_err(ContractError::Value).map_err(crate::bus::outbox::OutboxError::from)?;
        let retracted = FactRetracted { fact_type, fact_id, milestone: None, reason: self.reason, revision };
        self.outbox.push(EventDraft::recorded(retracted, fact_id, &self.import_id.to_string()))?;
        Ok(())
    }

    /// What goes back in the vault with these facts, of which the first `removed` go.
    async fn attributes_back(&mut self, facts: &[&Existing], removed: usize) -> Result<(), DbError> {
        let about = |facts: &[&Existing]| -> Vec<Uuid> {
            let people =
                facts.iter().flat_map(|known| said_of(self.entity).filter_map(|(_, person)| known.fact.person(person)));
            people.collect()
        };
        let (profiles, unlisted) = (about(facts), about(&facts[..removed]));
        if profiles.is_empty() {
            return Ok(());
        }
        let rows = self
            .tx
            .query_typed(
                "SELECT profile_id, field FROM vault.undo_attributes($1, $2, $3)",
                &[(&self.import_id, Type::UUID), (&profiles, Type::UUID_ARRAY), (&unlisted, Type::UUID_ARRAY)],
            )
            .await?;
        for row in &rows {
            if let Ok(field) = row.get::<_, &str>(1).parse() {
                self.went_back.entry(row.get(0)).or_default().insert(field);
            }
        }
        Ok(())
    }

    /// Attributes stand in the vault and not in the fact's table.
    async fn lay_attributes(&self, facts: impl Iterator<Item = &mut Existing>) -> Result<(), DbError> {
        let mut facts: Vec<&mut Existing> = facts.collect();
        let profiles: Vec<Uuid> = facts
            .iter()
            .flat_map(|known| said_of(self.entity).filter_map(|(_, person)| known.fact.person(person)))
            .collect();
        let digests = attributes::load(self.tx, self.entity.source, &profiles).await?;
        for known in &mut facts {
            for (field, person) in said_of(self.entity) {
                if let Some(digest) = known.fact.person(person).and_then(|id| digests.get(&(id, field.to_owned())))
                    && *digest != attributes::digest(self.vault, field, "")
                {
                    known.fact.0.insert(field, FieldValue::Attribute(*digest));
                }
            }
        }
        Ok(())
    }

    /// Somebody whom the source lists no more has no id in it.
    async fn links_back(&mut self, now: &HashMap<Uuid, (Existing, Value)>, removed: &[Uuid]) -> Result<(), ApplyError> {
        if !self.entity.fields.iter().any(|field| matches!(field.kind, FieldKind::Listed(_))) {
            return Ok(());
        }
        let ids: Vec<&str> =
            removed.iter().filter_map(|id| now.get(id)?.1.get("source_id").and_then(Value::as_str)).collect();
        let rows = self
            .tx
            .query_typed(
                "SELECT link_id, profile_id FROM vault.undo_links($1, $2)",
                &[(&self.import_id, Type::UUID), (&ids, Type::TEXT_ARRAY)],
            )
            .await?;
        for row in &rows {
            let link_id = row.get(0);
            let unlinked = ProfileUnlinked {
                profile_id: row.get(1),
                source: SourceCode::new(self.entity.source).map_err(super::contract)?,
                link_id,
                revision: Revision::FIRST.next(),
            };
            self.outbox.push(EventDraft::recorded(unlinked, link_id, &self.import_id.to_string()))?;
        }
        Ok(())
    }

    async fn texts_back(
        &mut self,
        now: &HashMap<Uuid, (Existing, Value)>,
        removed: &[Uuid],
        restored: &HashMap<Uuid, Restored>,
        mut brought: HashSet<Uuid>,
    ) -> Result<(), ApplyError> {
        let mut texts = Texts::default();
        let nothing = Fact::default();
        // Words of this import that others replaced do not hold any more either. What a fact names stays with it.
        let kept = now.iter().filter(|(id, _)| !removed.contains(id) && !restored.contains_key(id));
        let facts = kept.map(|(_, (known, _))| &known.fact).chain(restored.values().map(|one| &one.next.fact));
        for fact in facts {
            for field in self.entity.fields {
                if let Some(text) = fact.text(field.name) {
                    brought.remove(&text);
                }
            }
        }
        let gone = removed.iter().map(|id| (id, &nothing));
        for (id, next) in gone.chain(restored.iter().map(|(id, restored)| (id, &restored.next.fact))) {
            let Some((known, _)) = now.get(id) else { continue };
            for field in self.entity.fields.iter().filter(|field| matches!(field.kind, FieldKind::Text { .. })) {
                texts.note(known.fact.text(field.name), next.text(field.name));
            }
        }
        self.take_back_texts(&texts, &brought).await
    }
}

/// Fields that are said about a person, with the field that holds whom.
fn said_of(entity: &Entity) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
    entity.fields.iter().filter_map(|field| Some((field.name, entity.person_field(field.kind.attribute_of()?)?)))
}
