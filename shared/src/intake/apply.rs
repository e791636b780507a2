//! Pass 2, inside the transaction: records become facts, sealed texts and contract events, a chunk at a time.
//!
//! Everything in here sees the database through one transaction that its caller commits or rolls back as a whole,
//! so a chunk needs no cleaning up when a later one fails.

mod build;
mod chunk;
mod error;
mod on_the_way;
mod people;
mod purposes;
mod refs;

use std::{collections::HashMap, task::Poll};

use futures::{FutureExt, poll};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use chunk::{Chunk, Known, Writing, unreachable_record};
pub use error::ApplyError;
pub use on_the_way::OnTheWay;

use super::{
    code::Code,
    entity::{Entity, FieldKind, FieldValue, Published},
    fates::{Fate, Fates, MOST_REJECTIONS, Note},
    mapping::Mapping,
    merge::{Door, Merged},
    plan::{Difference, Entry, Plan},
    reader::Batch,
    record::{Candidate, Lines},
    scan::RecordSpan,
    store::{self, Existing, Written},
    texts::{self, Words},
};
use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{Line, Trigger},
    identity::{Arrival, Arriving, People, Rows},
    pii::Pii,
    random_keys::{RandomMap, RandomSet},
    vault::{Place, Vault},
};

/// Records a chunk: as many as `INSERT … SELECT unnest` takes well.
pub const CHUNK: usize = 5_000;

/// What is applied, and as whose.
pub struct About<'a> {
    /// What its records are read by.
    pub mapping: Mapping<'a>,
    /// The door it came in by, with the layout: `csv/language`.
    pub door: String,
    /// What brings people and facts, as events say it.
    pub trigger: Trigger,
    /// The import.
    pub import_id: Uuid,
    /// What its events have in common.
    pub correlation: String,
    /// When the file was written, or the delivery came.
    pub now: Timestamp,
    /// When to give up.
    pub deadline: Instant,
}

/// How a record ended.
pub struct Ended {
    /// Its fate.
    pub fate: Fate,
    /// The fact it fed.
    pub fact: Option<Uuid>,
    /// What there is to say.
    pub note: Note,
    entry: Option<Entry>,
}

/// One file or delivery being applied.
pub struct Apply<'a> {
    mapping: Mapping<'a>,
    vault: &'a Vault,
    import_id: Uuid,
    correlation: String,
    now: Timestamp,
    door: Door,
    trigger: Trigger,
    deadline: Instant,
    company_of_instance: Option<Uuid>,
    /// Who the file is about.
    pub people: People,
    /// Its events; empty again whenever a chunk was written.
    pub outbox: Outbox,
    /// What became of its records.
    pub fates: Fates,
    /// Records whose key was known before, for the brake.
    pub known: u32,
    /// What all of it would do, where somebody wants to know.
    pub plan: Option<Plan>,
    /// Whether earlier revisions that came again are applied.
    pub apply_stale: bool,
    /// Facts that newer versions of the same file tell of, sorted: what this one says of them is stale.
    pub told_newer: Vec<Uuid>,
    /// Facts whose newest revision was told before this, sorted: what this says of them is not stale, even if an
    /// earlier revision said the same.
    pub told_later: Vec<Uuid>,
    /// Whose data may not be used for a programme (true), of those asked.
    purposes: HashMap<&'static str, RandomMap<Uuid, bool>>,
    /// Whether a programme may not use the data of somebody who said nothing (true), of those asked.
    defaults: HashMap<&'static str, bool>,
    /// Whether any of them may not be used.
    refusals: bool,
    rejected: usize,
}

/// A candidate with its people resolved and compared with what is known.
struct Decided {
    at: usize,
    fact_id: Uuid,
    key: String,
    line: Line,
    merged: Merged,
    existing: Option<Existing>,
    words: Vec<Words>,
    secrets: Vec<(&'static str, Pii<String>)>,
    said: Vec<(&'static str, Option<Pii<String>>)>,
    warnings: Vec<Code>,
    arrivals: Vec<Arrival>,
    stale: bool,
}

impl Decided {
    /// Texts of cells that are empty now.
    fn emptied(&self, entity: &Entity) -> impl Iterator<Item = Uuid> {
        entity.fields.iter().filter(|field| matches!(field.kind, FieldKind::Text { .. })).filter_map(|field| {
            match (self.existing.as_ref()?.fact.get(field.name), self.merged.fact.get(field.name)) {
                (Some(FieldValue::Text(id, _)), None) => Some(*id),
                _ => None,
            }
        })
    }

    fn revision(&self) -> i32 {
        self.existing.as_ref().map_or(1, |known| known.revision + 1)
    }
}

/// The end of each record of a chunk: its fate, its fact, what there is to say.
type Ends = [Option<(Fate, Option<Uuid>, Note)>];

impl<'a> Apply<'a> {
    /// Begins.
    pub async fn new(tx: &Transaction<'_>, vault: &'a Vault, about: About<'a>) -> Result<Self, ApplyError> {
        let About { mapping, door, trigger, import_id, correlation, now, deadline } = about;
        let company = tx
            .query_typed(
                "SELECT company_id FROM core.programme_instances WHERE instance_id = $1",
                &[(&mapping.profile.instance_id, Type::UUID)],
            )
            .await?;
        Ok(Self {
            mapping,
            vault,
            import_id,
            now,
            door: Door::new(door),
            trigger,
            deadline,
            company_of_instance: company.first().and_then(|row| row.get(0)),
            people: People::new(tx, mapping.entity.source, import_id).await?.brought_by(trigger),
            outbox: Outbox::new(&correlation),
            correlation,
            fates: Fates::default(),
            known: 0,
            plan: None,
            apply_stale: false,
            told_newer: Vec::new(),
            told_later: Vec::new(),
            purposes: HashMap::new(),
            defaults: HashMap::new(),
            refusals: false,
            rejected: 0,
        })
    }

    /// Applies some records. The writes of the last chunk are [`OnTheWay`] when it ends.
    pub async fn batch<'t>(
        &mut self,
        tx: &'t Transaction<'_>,
        on_the_way: &mut OnTheWay<'t>,
        lines: &mut Lines<'_>,
        batch: &Batch<'_>,
    ) -> Result<(), ApplyError> {
        if self.people.are_many() {
            // What is remembered may be forgotten when it is written, and is asked again.
            on_the_way.finish().await?;
            self.people.forget();
            self.purposes.clear();
        }
        for spans in batch.spans.chunks(CHUNK) {
            if let Err(error) = self.chunk(tx, on_the_way, lines, batch, spans).await {
                if matches!(error, ApplyError::Db(_) | ApplyError::Vault(_) | ApplyError::Outbox(_)) {
                    // What failed first says why; statements behind it only hear that the transaction has ended.
                    on_the_way.arrived().await?;
                }
                return Err(error);
            }
        }
        self.fates.flush(tx, self.import_id).await?;
        Ok(())
    }

    async fn chunk<'t>(
        &mut self,
        tx: &'t Transaction<'_>,
        on_the_way: &mut OnTheWay<'t>,
        lines: &mut Lines<'_>,
        batch: &Batch<'_>,
        spans: &[RecordSpan],
    ) -> Result<(), ApplyError> {
        if Instant::now() >= self.deadline {
            return Err(ApplyError::TimeLimit);
        }
        let chunk = self.read(lines, batch, spans);
        let known = if self.says_things_about_people() {
            on_the_way.finish().await?;
            self.ask(tx, &chunk).await?
        } else {
            let mut asked = std::pin::pin!(self.ask(tx, &chunk));
            let answer = poll!(asked.as_mut());
            on_the_way.send().await;
            let known = match answer {
                Poll::Ready(answer) => answer?,
                Poll::Pending => asked.await?,
            };
            // The answer came behind the writes that were sent before it was asked for.
            on_the_way.all_but_the_latest_arrived().await?;
            known
        };
        let (mut writing, ends) = self.decide(tx, chunk, known).await?;
        for (span, mut ended) in spans.iter().zip(ends) {
            super::xlsx::name_cell(lines.survey, span, &mut ended.note);
            self.tell(span, ended);
        }
        if self.rejected > MOST_REJECTIONS {
            return Err(ApplyError::TooManyRejections);
        }
        writing.fates = self.fates.take();
        on_the_way.push(writing.run(tx, self.import()).boxed());
        Ok(())
    }

    /// Applies the items of a delivery, read already; gives their ends. Fates are the caller's to write.
    pub async fn items(
        &mut self,
        tx: &Transaction<'_>,
        spans: &[RecordSpan],
        read: Vec<Result<Candidate, (Fate, Note)>>,
    ) -> Result<Vec<Ended>, ApplyError> {
        let chunk = Chunk::of(spans, read);
        let known = self.ask(tx, &chunk).await?;
        let (writing, ends) = self.decide(tx, chunk, known).await?;
        writing.run(tx, self.import()).await?;
        Ok(ends)
    }

    fn import(&self) -> (&'static Entity, Uuid, Timestamp, Option<Uuid>) {
        (self.mapping.entity, self.import_id, self.now, self.mapping.profile.instance_id)
    }

    /// What a source says about people is compared in the vault, row by row as it was written before.
    fn says_things_about_people(&self) -> bool {
        self.mapping.entity.fields.iter().any(|field| field.kind.attribute_of().is_some())
    }

    /// Reads the records of a chunk; nothing but the file's bytes.
    fn read<'b>(&self, lines: &mut Lines<'_>, batch: &Batch<'_>, spans: &'b [RecordSpan]) -> Chunk<'b> {
        let read = spans.iter().map(|span| lines.read(span, batch.bytes_of(span), self.now));
        Chunk::of(spans, read)
    }

    /// Asks what is known of the records: whom they mean, what they refer to, which facts are there.
    async fn ask(&mut self, tx: &Transaction<'_>, chunk: &Chunk<'_>) -> Result<Known, ApplyError> {
        let entity = self.mapping.entity;
        let keys: Vec<&str> = chunk.candidates.iter().map(|(_, candidate)| candidate.key.as_str()).collect();
        let facts = store::load(tx, entity, &keys);
        let refs = refs::load(tx, entity, &chunk.candidates);
        let people = self.look_up_people(tx, &chunk.candidates);
        let (facts, refs, people) = futures::join!(facts, refs, people);
        people?;
        let mut known = Known { facts: facts?, refs: refs? };
        self.load_attributes(tx, &mut known.facts).await?;
        Ok(known)
    }

    /// What becomes of each record of a chunk, and what is to be written of them.
    async fn decide(
        &mut self,
        tx: &Transaction<'_>,
        chunk: Chunk<'_>,
        mut known: Known,
    ) -> Result<(Writing, Vec<Ended>), ApplyError> {
        let Chunk { spans, mut ends, candidates } = chunk;
        let mut entries: Vec<Option<Entry>> = spans.iter().map(|_| None).collect();
        let mut arriving = Arriving::default();
        let mut decided = Vec::with_capacity(candidates.len());
        for (at, candidate) in candidates {
            let existing = known.facts.remove(&candidate.key);
            let warnings = candidate.warnings.clone();
            match self.build(at, &spans[at], candidate, existing, &arriving, &known.refs) {
                Ok(one) => {
                    one.arrivals.iter().for_each(|arrival| arriving.note(arrival));
                    decided.push(one);
                }
                Err((fate, mut note)) => {
                    note.warnings.extend(warnings);
                    ends[at] = Some((fate, None, note));
                }
            }
        }
        self.without_purpose(tx, &mut decided, &mut ends).await?;
        self.compare(tx, &mut decided, &mut ends, &mut entries).await?;
        for one in &decided {
            entries[one.at] = self.entry(one);
        }
        let writing = self.prepare(tx, decided, &mut ends).await?;
        let ended = spans.iter().zip(ends).zip(entries).map(|((span, end), entry)| {
            let (fate, fact, note) = end.unwrap_or_else(|| unreachable_record(span));
            Ended { fate, fact, note, entry }
        });
        Ok((writing, ended.collect()))
    }

    /// Notes how a record ended.
    fn tell(&mut self, span: &RecordSpan, ended: Ended) {
        let Ended { fate, fact, note, entry } = ended;
        if let Some(plan) = &mut self.plan {
            plan.record(span, fate, &note, entry);
        }
        self.rejected += usize::from(fate == Fate::Rejected);
        self.fates.push(span, fate, fact, note);
    }

    /// Leaves only what is new or changed.
    async fn compare(
        &mut self,
        tx: &Transaction<'_>,
        decided: &mut Vec<Decided>,
        ends: &mut Ends,
        entries: &mut [Option<Entry>],
    ) -> Result<(), ApplyError> {
        let same = |one: &Decided| one.existing.as_ref().is_some_and(|known| known.content_hash == one.merged.hash);
        let candidates: Vec<(Uuid, Vec<u8>)> = decided
            .iter()
            .filter(|one| !same(one))
            .filter_map(|one| Some((one.existing.as_ref()?.fact_id, one.merged.hash.to_vec())))
            .collect();
        let stale = store::seen_before(tx, &candidates).await?;
        decided.retain_mut(|one| {
            self.known += u32::from(one.existing.is_some());
            self.people.meet(one.merged.fact.persons());
            let fact_id = one.existing.as_ref().map(|known| known.fact_id);
            let said_before = |id| stale.contains(&id) && self.told_later.binary_search(&id).is_err();
            let is_stale = |id| said_before(id) || self.told_newer.binary_search(&id).is_ok();
            one.stale = !same(one) && fact_id.is_some_and(is_stale);
            if let Some(plan) = &mut self.plan {
                let new = |id: &Uuid| one.arrivals.iter().any(|arrival| arrival.new && arrival.profile_id == *id);
                plan.newcomers(one.merged.fact.persons().filter(new));
            }
            let changed = !same(one) && (!one.stale || self.apply_stale);
            if !changed {
                if one.stale {
                    one.warnings.push(Code::StaleRevision);
                    entries[one.at] = self.entry(one);
                }
                let note = Note { rejection: None, warnings: std::mem::take(&mut one.warnings) };
                ends[one.at] = Some((Fate::Unchanged, fact_id, note));
            }
            changed
        });
        Ok(())
    }

    fn entry(&self, one: &Decided) -> Option<Entry> {
        let difference = Difference {
            key: &one.key,
            existing: one.existing.as_ref(),
            fact: &one.merged.fact,
            words: &one.words,
            secrets: &one.secrets,
            stale: one.stale,
        };
        Some(self.plan.as_ref()?.entry(self.mapping.entity, self.vault, &difference))
    }

    /// Everything a chunk writes, sealed and in rows; only what a source says about people is written at once, because
    /// what follows from it is told.
    async fn prepare(
        &mut self,
        tx: &Transaction<'_>,
        mut decided: Vec<Decided>,
        ends: &mut Ends,
    ) -> Result<Writing, ApplyError> {
        let entity = self.mapping.entity;
        let facts = self.publish(&mut decided, ends)?;
        let (taken, people) = self.take_in(tx, &mut decided).await?;
        let about: RandomSet<Uuid> = decided.iter().flat_map(|one| one.merged.fact.persons()).collect();
        self.people.load_keys(tx, self.vault, &about).await?;
        if entity.company_through.is_some() {
            self.people.load_companies(tx, &about).await?;
        }
        let context = texts::Context { source: entity.source, import_id: self.import_id, now: self.now };
        let mut texts = Vec::new();
        for one in &mut decided {
            self.seal_secrets(one)?;
            for words in std::mem::take(&mut one.words) {
                let fact = &one.merged.fact;
                texts.push(texts::seal(&context, entity, &self.people, fact, one.fact_id, one.line, words)?);
            }
        }
        let mut writing = Writing { people, texts, ..Writing::default() };
        if self.says_things_about_people() || !taken.addressed.is_empty() {
            writing.people.insert(tx, entity.source, self.import_id).await?;
            writing.people = Rows::default();
            self.say(tx, &mut decided, taken).await?;
        }
        self.outbox.append(facts);
        let emptied: Vec<Uuid> = decided.iter().flat_map(|one| one.emptied(entity)).collect();
        texts::retract(&texts::withdraw(tx, &emptied).await?, &self.correlation, &mut self.outbox)?;
        texts::publish(&context, &writing.texts, &self.correlation, &mut self.outbox)?;
        writing.events = Some(self.outbox.take());
        for one in decided {
            let fate = if one.existing.is_some() { Fate::Changed } else { Fate::New };
            ends[one.at] = Some((fate, Some(one.fact_id), Note { rejection: None, warnings: one.warnings }));
            let written = Written {
                fact_id: one.fact_id,
                key: one.key,
                revision: one.existing.as_ref().map_or(1, |known| known.revision + 1),
                content_hash: one.merged.hash,
                doors: one.merged.doors,
                line: one.line.get(),
                company_id: self.company(&one.merged.fact),
                rated_by: self.mapping.profile.rater.clone(),
                fact: one.merged.fact,
            };
            match one.existing {
                None => writing.new.push(written),
                Some(known) => {
                    writing.old.push(known);
                    writing.next.push(written);
                }
            }
        }
        Ok(writing)
    }

    /// The facts' events, before anything is written: a record whose event its contract does not allow is rejected.
    fn publish(&self, decided: &mut Vec<Decided>, ends: &mut Ends) -> Result<Outbox, ApplyError> {
        // Its texts' events come behind a fact's own.
        let mut outbox = Outbox::new(&self.correlation).with_room(decided.len() + decided.len() / 2);
        let mut failed = None;
        decided.retain_mut(|one| {
            let published = Published {
                fact_id: one.fact_id,
                revision: one.revision(),
                fact: &one.merged.fact,
                rater: self.mapping.profile.rater.as_deref(),
                import_id: self.import_id,
                correlation: &self.correlation,
                line: one.line,
            };
            match (self.mapping.entity.publish)(&published, &mut outbox) {
                Ok(_) => return true,
                Err(OutboxError::Contract(error)) => {
                    let rejection = error::refused_by_contract(self.mapping.layout, &error);
                    let note = Note { rejection: Some(rejection), warnings: std::mem::take(&mut one.warnings) };
                    ends[one.at] = Some((Fate::Rejected, None, note));
                }
                Err(error) => _ = failed.get_or_insert(error),
            }
            false
        });
        failed.map_or(Ok(outbox), |error| Err(error.into()))
    }

    fn seal_secrets(&self, one: &mut Decided) -> Result<(), ApplyError> {
        for (field, text) in std::mem::take(&mut one.secrets) {
            let subject = build::subject_of_secret(self.mapping.entity, field, &one.merged.fact);
            let key = self.people.key(subject.ok_or(crate::vault::VaultError::Erased)?)?;
            let place = Place { table: self.mapping.entity.table, column: field, row: one.fact_id };
            if let Some(FieldValue::Secret(_, sealed)) = one.merged.fact.0.get_mut(field) {
                *sealed = key.seal(place, text.expose().as_bytes())?;
            }
        }
        Ok(())
    }
}
