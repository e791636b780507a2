//! No purpose, no processing: records about people whose data may not be used for the programme.

use std::collections::{BTreeMap, HashSet};

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
        let mut by_programme: BTreeMap<&'static str, HashSet<Uuid>> = BTreeMap::new();
        for one in decided.iter() {
            if let Some(programme) = (entity.programme)(&one.merged.fact) {
                by_programme.entry(programme).or_default().extend(one.merged.fact.persons());
            }
        }
        for (programme, people) in by_programme {
            let unasked = |id: &Uuid| !self.purposes.contains_key(&(programme, *id));
            let people: Vec<Uuid> = people.into_iter().filter(unasked).collect();
            if people.is_empty() {
                continue;
            }
            let no: HashSet<Uuid> =
                purpose::refused(tx, Purpose::Programme, programme, &people).await?.into_iter().collect();
            self.refusals += no.len();
            self.purposes.extend(people.into_iter().map(|id| ((programme, id), no.contains(&id))));
        }
        if self.refusals == 0 {
            return Ok(());
        }
        decided.retain_mut(|one| {
            let programme = (entity.programme)(&one.merged.fact).unwrap_or_default();
            let no = |id: &Uuid| self.purposes.get(&(programme, *id)) == Some(&true);
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
