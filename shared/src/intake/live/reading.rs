//! Items to candidates: the reader of a file's cells, its keys, and repeats within the delivery.

use std::collections::HashSet;

use aws_lc_rs::digest;

use super::{Delivery, Item, Profiles};
use crate::{
    intake::{
        cell,
        code::{Code, Rejection},
        entity::Layout,
        fates::{Fate, Note},
        header::UnknownColumn,
        key,
        mapping::Mapping,
        record::{Candidate, Given, Indexes, not_repeated, of_cells},
        survey::{Short, cut, repeats, short},
    },
    vault::Vault,
};

/// An item as it was read.
pub struct Read {
    /// The layout it is in.
    pub layout: &'static Layout,
    /// What it says, or the end of an item that says nothing that can be used.
    pub record: Result<Candidate, (Fate, Note)>,
    /// Members that are no columns.
    pub unknown: Vec<UnknownColumn>,
}

/// Reads all items; nothing but what they say and what is declared.
pub fn read(delivery: &Delivery<'_>, profiles: &Profiles, vault: &Vault) -> Vec<Read> {
    let mut all = Vec::with_capacity(delivery.items.len());
    let mut keys: Vec<(Short, Short)> = Vec::new();
    for item in delivery.items {
        let layout = item.layout(delivery.entity);
        let Some(declared) = profiles.get(layout.name) else { continue };
        let mapping = declared.mapping(delivery.entity, layout);
        let record = one(item, &mapping, delivery, vault);
        if let Ok(candidate) = &record {
            keys.push((short(candidate.key.as_bytes()), content(item, &mapping, delivery)));
        }
        all.push(Read { layout, record, unknown: item.unknown(layout) });
    }
    let (repeats, mut seen) = (repeats(keys), HashSet::new());
    let column = delivery.entity.key.ways()[0][0];
    for one in &mut all {
        let again = match &one.record {
            Ok(candidate) => {
                let key = short(candidate.key.as_bytes());
                not_repeated(&repeats, &key, column, &mut seen, &candidate.warnings).err()
            }
            Err(_) => None,
        };
        if let Some(end) = again {
            one.record = Err(end);
        }
    }
    all
}

fn one(item: &Item, mapping: &Mapping<'_>, delivery: &Delivery<'_>, vault: &Vault) -> Result<Candidate, (Fate, Note)> {
    let mut warnings = Vec::new();
    let found = match fields(item, mapping, delivery, vault, &mut warnings) {
        Ok(fields) => fields,
        Err(rejection) => return Err((Fate::Rejected, Note { rejection: Some(rejection), warnings })),
    };
    let part = |index: usize| item.part(&mapping.layout.columns[index]);
    match key::of_parts(mapping, part, delivery.received_at) {
        Some(raw) => Ok(Candidate { key: raw.stored(vault), fields: found, warnings }),
        None => {
            let rejection = Rejection::record(Code::MissingRequired, "This record has no id; fill it in.");
            Err((Fate::Rejected, Note { rejection: Some(rejection), warnings }))
        }
    }
}

fn fields(
    item: &Item,
    mapping: &Mapping<'_>,
    delivery: &Delivery<'_>,
    vault: &Vault,
    warnings: &mut Vec<Code>,
) -> Result<crate::intake::field_map::FieldMap<Option<Given>>, Rejection> {
    if let Some(rejection) = item.twice(mapping.layout) {
        return Err(rejection);
    }
    let mut cells = Vec::with_capacity(mapping.layout.columns.len());
    for (index, column) in mapping.layout.columns.iter().enumerate() {
        // Somebody who is known already stands where an address would be required.
        if item.somebody(column).is_none()
            && let Some(text) = item.cell(column)?
        {
            cells.push((index, text));
        }
    }
    let texts = cells.iter().map(|(index, text)| (*index, text.as_ref()));
    let mut fields = of_cells(mapping, texts, &mut Indexes::new(vault), delivery.received_at, warnings)?;
    for column in mapping.layout.columns {
        if let Some((profile_id, _)) = item.somebody(column) {
            for &field in mapping.layout.fields_of(column) {
                fields.insert(field, Some(Given::Somebody(profile_id)));
            }
        }
    }
    Ok(fields)
}

/// What an item says, as one hash: values and not how they are written. An empty cell is not the same as none: the one
/// clears, the other says nothing.
fn content(item: &Item, mapping: &Mapping<'_>, delivery: &Delivery<'_>) -> Short {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut feed = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    feed(mapping.layout.name.as_bytes());
    for (index, column) in mapping.layout.columns.iter().enumerate() {
        if let Some((profile_id, _)) = item.somebody(column) {
            feed(column.name.as_bytes());
            feed(profile_id.as_bytes());
        } else if let Ok(Some(text)) = item.cell(column) {
            let value = cell::read(column, &text, &mapping.facts[index], delivery.received_at);
            feed(column.name.as_bytes());
            feed(value.ok().flatten().map(|value| value.canonical()).unwrap_or_default().as_bytes());
        }
    }
    cut(context.finish().as_ref())
}
