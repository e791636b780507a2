//! What an import would do, record by record, as one hash and as the first hundred changes for a person to read.
//!
//! Two runs that would do the same have the same hash: it is over line, fate, code, a hash of the key, and the fields
//! that differ with hashes of their old and new values, in file order. Ids and times of the run are not in it: somebody
//! who would be created is "the n-th new person of the file".

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use super::{
    code::Code,
    entity::{Entity, Fact, FieldKind, FieldValue, hex},
    fates::{Fate, Note},
    receipt::{Change, FieldChange},
    scan::RecordSpan,
    store::Existing,
    survey::short,
    texts::Words,
};
use crate::{pii::Pii, vault::Vault};

/// Changes shown in a plan.
const CHANGES_SHOWN: usize = 100;

/// The plan of one run, growing.
pub struct Plan {
    hash: Context,
    records: u32,
    changes: Vec<Change>,
    newcomers: HashMap<Uuid, u32>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { hash: Context::new(&SHA256), records: 0, changes: Vec::new(), newcomers: HashMap::new() }
    }
}

/// What one record would change.
pub struct Entry {
    hash: [u8; 32],
    change: Option<Change>,
    stale: bool,
}

/// A record whose content differs from what is known.
pub struct Difference<'a> {
    /// What identifies the fact inside its source.
    pub key: &'a str,
    /// What is known of it.
    pub existing: Option<&'a Existing>,
    /// What it would become.
    pub fact: &'a Fact,
    /// Its new texts, not yet sealed.
    pub words: &'a [Words],
    /// What stays inside, not yet sealed.
    pub secrets: &'a [(&'static str, Pii<String>)],
    /// An earlier revision that came again: the same entry whether it is applied or not.
    pub stale: bool,
}

impl Plan {
    /// Notes people who would be created, in file order.
    pub fn newcomers(&mut self, people: impl IntoIterator<Item = Uuid>) {
        for id in people {
            let next = self.newcomers.len() as u32;
            self.newcomers.entry(id).or_insert(next);
        }
    }

    /// The entry of a record whose content differs from what is known.
    pub fn entry(&self, entity: &Entity, vault: &Vault, difference: &Difference<'_>) -> Entry {
        let mut hash = Context::new(&SHA256);
        let key_hash = short(difference.key.as_bytes());
        feed(&mut hash, &key_hash);
        let shown = self.changes.len() < CHANGES_SHOWN;
        let mut fields = Vec::new();
        for field in entity.fields {
            let old = difference.existing.and_then(|known| known.fact.get(field.name));
            let new = difference.fact.get(field.name);
            if old.map(FieldValue::canonical) == new.map(FieldValue::canonical) {
                continue;
            }
            feed(&mut hash, field.name.as_bytes());
            feed(&mut hash, self.value(old).as_bytes());
            let words = difference.words.iter().map(|words| (words.field, &words.text));
            let sealed = words.chain(difference.secrets.iter().map(|(field, text)| (*field, text)));
            match sealed.into_iter().find(|(of, _)| *of == field.name) {
                // The digest of a new text is keyed by whom it is of, who may have no lasting id yet.
                Some((_, text)) => feed(&mut hash, &vault.digest("plan", text.expose())),
                None => feed(&mut hash, self.value(new).as_bytes()),
            }
            if shown {
                let may = may_be_shown(field.name, field.kind);
                let show = |value: Option<&FieldValue>| value.filter(|_| may).map(FieldValue::canonical);
                fields.push(FieldChange { field: field.name.to_owned(), from: show(old), to: show(new) });
            }
        }
        let mut sum = [0; 32];
        sum.copy_from_slice(hash.finish().as_ref());
        let change = shown.then(|| Change {
            record: 0,
            line: 0,
            fate: String::new(),
            fact: difference.existing.map(|known| known.fact_id),
            key_hash: hex(&key_hash),
            fields,
        });
        Entry { hash: sum, change, stale: difference.stale }
    }

    /// The fate of the next record in the file.
    pub fn record(&mut self, span: &RecordSpan, fate: Fate, note: &Note, entry: Option<Entry>) {
        self.records += 1;
        let stale = entry.as_ref().is_some_and(|entry| entry.stale);
        let (fate, code) = if stale {
            (Fate::Unchanged, Some(Code::StaleRevision))
        } else {
            (fate, note.rejection.as_ref().map(|rejection| rejection.code))
        };
        self.hash.update(&span.line.to_be_bytes());
        feed(&mut self.hash, fate.as_str().as_bytes());
        feed(&mut self.hash, code.map_or("", Code::as_str).as_bytes());
        let Some(Entry { hash, change, .. }) = entry else { return };
        self.hash.update(&hash);
        if let Some(change) = change.filter(|_| fate != Fate::Rejected && self.changes.len() < CHANGES_SHOWN) {
            let fate = fate.as_str().to_owned();
            self.changes.push(Change { record: self.records, line: span.line, fate, ..change });
        }
    }

    /// The hash as 64 hexadecimal digits, and the first hundred changes.
    pub fn finish(self) -> (String, Vec<Change>) {
        (hex(self.hash.finish().as_ref()), self.changes)
    }

    fn value(&self, value: Option<&FieldValue>) -> String {
        match value {
            None => String::new(),
            Some(FieldValue::Person(id)) if self.newcomers.contains_key(id) => {
                format!("new person {}", self.newcomers[id])
            }
            Some(value) => value.canonical(),
        }
    }
}

fn feed(hash: &mut Context, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// Numbers, times and words of closed lists may be shown; what people wrote or what is said about them may not, and a
/// mood is as private as a text.
fn may_be_shown(name: &str, kind: FieldKind) -> bool {
    use FieldKind::{Code, Decimal, Int, Ints, Rating, Time, Word};
    matches!(kind, Time | Int | Ints | Decimal | Rating | Word | Code) && name != "mood"
}
