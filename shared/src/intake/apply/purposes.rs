//! No purpose, no processing: records about people whose data may not be used for the programme.

use std::collections::BTreeMap;

use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{Apply, ApplyError, Decided, Ends};
use crate::{
    intake::{
        code::Code,
        entity::{Entity, Fact, FieldValue},
        fates::{Fate, Note},
    },
    purpose::{self, Purpose},
    random_keys::{RandomMap, RandomSet},
};

impl Apply<'_> {
    /// Takes out records about people whose data may not be used for the programme. In a list of several, only the
    /// person is left out.
    pub(super) async fn without_purpose(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut Vec<Decided>,
        ends: &mut Ends,
    ) -> Result<(), ApplyError> {
        let entity = self.mapping.entity;
        let mut by_programme: BTreeMap<&'static str, RandomSet<Uuid>> = BTreeMap::new();
        for one in decided.iter() {
            if let Some(programme) = (entity.programme)(&one.merged.fact) {
                by_programme.entry(programme).or_default().extend(one.merged.fact.persons());
            }
        }
        // Somebody new has said nothing yet.
        let new: RandomSet<Uuid> =
            decided.iter().flat_map(|one| &one.arrivals).filter(|one| one.new).map(|one| one.profile_id).collect();
        for (programme, people) in by_programme {
            let mut asked = self.purposes.remove(programme).unwrap_or_default();
            let mut unknown = Vec::new();
            for id in people {
                if asked.contains_key(&id) {
                    continue;
                }
                let said = if new.contains(&id) { Some(None) } else { self.people.said_of_purpose(id) };
                match said {
                    Some(Some(granted)) => _ = asked.insert(id, !granted),
                    Some(None) => _ = asked.insert(id, self.refused_by_default(tx, programme).await?),
                    None => unknown.push(id),
                }
            }
            if !unknown.is_empty() {
                let no = purpose::refused(tx, Purpose::Programme, programme, &unknown).await?;
                asked.extend(unknown.into_iter().map(|id| (id, no.contains(&id))));
            }
            self.refusals |= asked.values().any(|no| *no);
            self.purposes.insert(programme, asked);
        }
        if !self.refusals {
            return Ok(());
        }
        let nobody = RandomMap::default();
        decided.retain_mut(|one| {
            let programme = (entity.programme)(&one.merged.fact).unwrap_or_default();
            let asked = self.purposes.get(programme).unwrap_or(&nobody);
            let no = |id: &Uuid| asked.get(id) == Some(&true);
            if sides(&one.merged.fact).any(|id| no(&id)) {
                let note = Note { rejection: None, warnings: vec![Code::NoPurpose] };
                ends[one.at] = Some((Fate::Suppressed, None, note));
                return false;
            }
            if one.merged.fact.persons().any(|id| no(&id)) {
                leave_out(entity, one, no);
            }
            true
        });
        Ok(())
    }

    /// Whether a programme may not use the data of somebody who said nothing; asked once a programme.
    async fn refused_by_default(&mut self, tx: &Transaction<'_>, programme: &'static str) -> Result<bool, ApplyError> {
        if let Some(no) = self.defaults.get(programme) {
            return Ok(*no);
        }
        let nobody = [Uuid::nil()];
        let no = !purpose::refused(tx, Purpose::Programme, programme, &nobody).await?.is_empty();
        self.defaults.insert(programme, no);
        Ok(no)
    }
}

fn sides(fact: &Fact) -> impl Iterator<Item = Uuid> + '_ {
    fact.0.values().filter_map(|value| match value {
        FieldValue::Person(id) => Some(*id),
        _ => None,
    })
}

fn leave_out(entity: &Entity, one: &mut Decided, no: impl Fn(&Uuid) -> bool) {
    for value in one.merged.fact.0.values_mut() {
        if let FieldValue::People(ids) = value {
            ids.retain(|id| !no(id));
        }
    }
    one.merged.hash = one.merged.fact.content_hash(entity.fields);
    one.warnings.push(Code::NoPurpose);
}
