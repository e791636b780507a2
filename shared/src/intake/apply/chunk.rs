//! One chunk of records: as read, what is known of it, and what it writes.

use std::collections::HashMap;

use futures::future::join_all;
use jiff::Timestamp;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{ApplyError, refs::Refs};
use crate::{
    bus::outbox::Pending,
    identity::Rows,
    intake::{
        code::{Code, Rejection},
        entity::Entity,
        fates::{Fate, Note, Noted},
        record::Candidate,
        scan::RecordSpan,
        store::{self, Existing, Written},
        texts,
    },
};

/// Records of a chunk as read, and the ends that are clear already.
pub(super) struct Chunk<'b> {
    pub spans: &'b [RecordSpan],
    pub ends: Vec<Option<(Fate, Option<Uuid>, Note)>>,
    pub candidates: Vec<(usize, Candidate)>,
}

impl<'b> Chunk<'b> {
    pub fn of(spans: &'b [RecordSpan], read: impl IntoIterator<Item = Result<Candidate, (Fate, Note)>>) -> Self {
        let mut chunk = Self { spans, ends: spans.iter().map(|_| None).collect(), candidates: Vec::new() };
        for (at, read) in read.into_iter().enumerate() {
            match read {
                Ok(candidate) => chunk.candidates.push((at, candidate)),
                Err((fate, note)) => chunk.ends[at] = Some((fate, None, note)),
            }
        }
        chunk
    }
}

/// What is known of a chunk's records.
pub(super) struct Known {
    pub facts: HashMap<String, Existing>,
    pub refs: Refs,
}

/// What a chunk writes.
#[derive(Default)]
pub(super) struct Writing {
    pub people: Rows,
    pub texts: Vec<texts::Sealed>,
    pub new: Vec<Written>,
    pub old: Vec<Existing>,
    pub next: Vec<Written>,
    pub events: Option<Pending>,
    pub fates: Vec<Noted>,
}

impl Writing {
    /// Sends all statements at the first poll, in an order that satisfies what refers to what, and waits for all.
    pub async fn run(
        self,
        tx: &Transaction<'_>,
        (entity, import_id, now, instance): (&'static Entity, Uuid, Timestamp, Option<Uuid>),
    ) -> Result<(), ApplyError> {
        let context = texts::Context { source: entity.source, import_id, now };
        let old: Vec<&Existing> = self.old.iter().collect();
        let (people, texts, new, history, next, events, fates) = futures::join!(
            self.people.insert(tx, entity.source, import_id),
            texts::insert(tx, &context, &self.texts),
            store::insert(tx, entity, &self.new, import_id, instance),
            store::keep_history(tx, entity, &old, import_id),
            store::update(tx, entity, &self.next, import_id, instance),
            async {
                match &self.events {
                    Some(events) => events.write(tx).await,
                    None => Ok(()),
                }
            },
            join_all(self.fates.iter().map(|block| block.insert(tx, import_id))),
        );
        people?;
        texts?;
        new?;
        history?;
        next?;
        events?;
        fates.into_iter().try_for_each(|written| Ok(written?))
    }
}

/// Every span gets its end above; should one not, that is a fault of ours and is told as one.
pub(super) fn unreachable_record(span: &RecordSpan) -> (Fate, Option<Uuid>, Note) {
    let reason =
        format!("Line {} was read and not decided; this is our fault: report it, and drop the file again.", span.line);
    (Fate::Rejected, None, Note::rejected(Rejection::record(Code::TooLarge, reason).hinted("internal")))
}
