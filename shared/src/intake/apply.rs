//! Pass 2, inside the transaction: records become facts, sealed texts and contract events, a chunk at a time.
//!
//! Everything in here sees the database through one transaction that its caller commits or rolls back as a whole,
//! so a chunk needs no cleaning up when a later one fails.

mod build;
mod error;
mod people;
mod purposes;
mod refs;

use std::collections::HashSet;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

pub use error::ApplyError;

use super::{
    code::{Code, Rejection},
    entity::{FieldValue, Published},
    fates::{Fate, Fates, MOST_REJECTIONS, Note},
    merge::{Door, Merged},
    plan::{Difference, Entry, Plan},
    reader::Batch,
    record::{self, Candidate},
    scan::RecordSpan,
    split::Splitter,
    store::{self, Existing, Written},
    survey::{Short, Survey},
    texts::{self, Words},
};
use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::Line,
    identity::{Arrival, Arriving, People},
    pii::Pii,
    vault::{Place, Vault},
};

/// Records a chunk: as many as `INSERT … SELECT unnest` takes well.
pub const CHUNK: usize = 5_000;

/// One file being applied.
pub struct Apply<'a> {
    survey: &'a Survey,
    vault: &'a Vault,
    import_id: Uuid,
    correlation: String,
    now: Timestamp,
    door: Door,
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
    /// What all of it would do.
    pub plan: Plan,
    /// Whether earlier revisions that came again are applied.
    pub apply_stale: bool,
    /// Facts that newer versions of the same file tell of, sorted: what this one says of them is stale.
    pub told_newer: Vec<Uuid>,
    splitter: Splitter,
    seen: HashSet<Short>,
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
    fn revision(&self) -> i32 {
        self.existing.as_ref().map_or(1, |known| known.revision + 1)
    }
}

/// The end of each record of a chunk: its fate, its fact, what there is to say.
type Ends = [Option<(Fate, Option<Uuid>, Note)>];

impl<'a> Apply<'a> {
    /// Begins. `now` is when the file was written, `deadline` when to give up.
    pub async fn new(
        tx: &Transaction<'_>,
        survey: &'a Survey,
        vault: &'a Vault,
        import_id: Uuid,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Self, ApplyError> {
        let correlation = import_id.to_string();
        let company = tx
            .query_typed(
                "SELECT company_id FROM core.programme_instances WHERE instance_id = $1",
                &[(&survey.profile.instance_id, Type::UUID)],
            )
            .await?;
        Ok(Self {
            survey,
            vault,
            import_id,
            now,
            door: Door::new(format!("csv/{}", survey.layout.name)),
            deadline,
            company_of_instance: company.first().and_then(|row| row.get(0)),
            people: People::new(tx, survey.entity.source, import_id).await?,
            outbox: Outbox::new(&correlation),
            correlation,
            fates: Fates::default(),
            known: 0,
            plan: Plan::default(),
            apply_stale: false,
            told_newer: Vec::new(),
            splitter: Splitter::new(survey.dialect.delimiter),
            seen: HashSet::new(),
            rejected: 0,
        })
    }

    /// Applies some records.
    pub async fn batch(&mut self, tx: &Transaction<'_>, batch: &Batch<'_>) -> Result<(), ApplyError> {
        for spans in batch.spans.chunks(CHUNK) {
            if Instant::now() >= self.deadline {
                return Err(ApplyError::TimeLimit);
            }
            self.chunk(tx, batch, spans).await?;
            self.outbox.write(tx).await?;
            self.fates.flush(tx, self.import_id).await?;
            if self.rejected > MOST_REJECTIONS {
                return Err(ApplyError::TooManyRejections);
            }
        }
        Ok(())
    }

    async fn chunk(&mut self, tx: &Transaction<'_>, batch: &Batch<'_>, spans: &[RecordSpan]) -> Result<(), ApplyError> {
        let mut ends: Vec<Option<(Fate, Option<Uuid>, Note)>> = spans.iter().map(|_| None).collect();
        let mut candidates = Vec::new();
        for (at, span) in spans.iter().enumerate() {
            let bytes = batch.bytes_of(span);
            match record::read(self.survey, span, bytes, &mut self.splitter, self.vault, self.now, &mut self.seen) {
                Ok(candidate) => candidates.push((at, candidate)),
                Err((fate, note)) => ends[at] = Some((fate, None, note)),
            }
        }
        let mut entries: Vec<Option<Entry>> = spans.iter().map(|_| None).collect();
        let decided = self.decide(tx, spans, candidates, &mut ends, &mut entries).await?;
        for one in &decided {
            entries[one.at] = Some(self.entry(one));
        }
        self.write(tx, decided, &mut ends).await?;
        for ((span, end), entry) in spans.iter().zip(ends).zip(entries) {
            let (fate, fact, note) = end.unwrap_or_else(|| unreachable_record(span));
            self.plan.record(span, fate, &note, entry);
            self.rejected += usize::from(fate == Fate::Rejected);
            self.fates.push(span, fate, fact, note);
        }
        Ok(())
    }

    /// People, purposes and comparison, without writing anything.
    async fn decide(
        &mut self,
        tx: &Transaction<'_>,
        spans: &[RecordSpan],
        candidates: Vec<(usize, Candidate)>,
        ends: &mut Ends,
        entries: &mut [Option<Entry>],
    ) -> Result<Vec<Decided>, ApplyError> {
        self.look_up_people(tx, &candidates).await?;
        let found = refs::load(tx, self.survey.entity, &candidates).await?;
        let keys: Vec<&str> = candidates.iter().map(|(_, candidate)| candidate.key.as_str()).collect();
        let mut existing = store::load(tx, self.survey.entity, &keys).await?;
        self.load_attributes(tx, &mut existing).await?;

        let mut arriving = Arriving::default();
        let mut decided = Vec::new();
        for (at, candidate) in candidates {
            let known = existing.remove(&candidate.key);
            let warnings = candidate.warnings.clone();
            match self.build(at, &spans[at], candidate, known, &arriving, &found) {
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
        self.without_purpose(tx, &mut decided, ends).await?;
        self.compare(tx, decided, ends, entries).await
    }

    /// Leaves only what is new or changed.
    async fn compare(
        &mut self,
        tx: &Transaction<'_>,
        decided: Vec<Decided>,
        ends: &mut Ends,
        entries: &mut [Option<Entry>],
    ) -> Result<Vec<Decided>, ApplyError> {
        let same = |one: &Decided| one.existing.as_ref().is_some_and(|known| known.content_hash == one.merged.hash);
        let candidates: Vec<(Uuid, Vec<u8>)> = decided
            .iter()
            .filter(|one| !same(one))
            .filter_map(|one| Some((one.existing.as_ref()?.fact_id, one.merged.hash.to_vec())))
            .collect();
        let stale = store::seen_before(tx, &candidates).await?;
        let mut changed = Vec::new();
        for mut one in decided {
            self.known += u32::from(one.existing.is_some());
            self.people.meet(one.merged.fact.persons());
            let fact_id = one.existing.as_ref().map(|known| known.fact_id);
            let is_stale = |id| stale.contains(&id) || self.told_newer.binary_search(&id).is_ok();
            one.stale = !same(&one) && fact_id.is_some_and(is_stale);
            let new = |id: &Uuid| one.arrivals.iter().any(|arrival| arrival.new && arrival.profile_id == *id);
            self.plan.newcomers(one.merged.fact.persons().filter(new));
            if same(&one) || (one.stale && !self.apply_stale) {
                if one.stale {
                    one.warnings.push(Code::StaleRevision);
                    entries[one.at] = Some(self.entry(&one));
                }
                ends[one.at] = Some((Fate::Unchanged, fact_id, Note { rejection: None, warnings: one.warnings }));
            } else {
                changed.push(one);
            }
        }
        Ok(changed)
    }

    fn entry(&self, one: &Decided) -> Entry {
        let difference = Difference {
            key: &one.key,
            existing: one.existing.as_ref(),
            fact: &one.merged.fact,
            words: &one.words,
            secrets: &one.secrets,
            stale: one.stale,
        };
        self.plan.entry(self.survey.entity, self.vault, &difference)
    }

    /// People, texts, attributes, facts, history and events.
    async fn write(&mut self, tx: &Transaction<'_>, decided: Vec<Decided>, ends: &mut Ends) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let (mut decided, facts) = self.publish(decided, ends)?;
        let taken = self.take_in(tx, &mut decided).await?;
        let people: HashSet<Uuid> = decided.iter().flat_map(|one| one.merged.fact.persons()).collect();
        self.people.load_keys(tx, self.vault, &people).await?;
        if entity.company_through.is_some() {
            self.people.load_companies(tx, &people).await?;
        }

        let context = texts::Context { source: entity.source, import_id: self.import_id, now: self.now };
        let mut sealed = Vec::new();
        for one in &mut decided {
            self.seal_secrets(one)?;
            for words in std::mem::take(&mut one.words) {
                sealed.push(texts::seal(
                    &context,
                    entity,
                    &self.people,
                    &one.merged.fact,
                    one.fact_id,
                    one.line,
                    words,
                )?);
            }
        }
        texts::insert(tx, &context, &sealed).await?;
        self.store(tx, &decided).await?;
        self.say(tx, &mut decided, taken).await?;
        self.outbox.append(facts);
        texts::publish(&context, &sealed, &self.correlation, &mut self.outbox)?;
        for one in decided {
            let fate = if one.existing.is_some() { Fate::Changed } else { Fate::New };
            ends[one.at] = Some((fate, Some(one.fact_id), Note { rejection: None, warnings: one.warnings }));
        }
        Ok(())
    }

    /// The facts' events, before anything is written: a record whose event its contract does not allow is rejected.
    fn publish(&self, decided: Vec<Decided>, ends: &mut Ends) -> Result<(Vec<Decided>, Outbox), ApplyError> {
        let mut outbox = Outbox::new(&self.correlation);
        let mut allowed = Vec::with_capacity(decided.len());
        for one in decided {
            let published = Published {
                fact_id: one.fact_id,
                revision: one.revision(),
                fact: &one.merged.fact,
                rater: self.survey.profile.rater.as_deref(),
                import_id: self.import_id,
                line: one.line,
            };
            match (self.survey.entity.publish)(&published, &mut outbox) {
                Ok(_) => allowed.push(one),
                Err(OutboxError::Contract(error)) => {
                    let reason = format!("This record cannot be told to others: {error}; correct it.");
                    let note =
                        Note { rejection: Some(Rejection::record(Code::OutOfRange, reason)), warnings: one.warnings };
                    ends[one.at] = Some((Fate::Rejected, None, note));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((allowed, outbox))
    }

    fn seal_secrets(&self, one: &mut Decided) -> Result<(), ApplyError> {
        for (field, text) in std::mem::take(&mut one.secrets) {
            let subject = build::subject_of_secret(self.survey.entity, field, &one.merged.fact);
            let key = self.people.key(subject.ok_or(crate::vault::VaultError::Erased)?)?;
            let place = Place { table: self.survey.entity.table, column: field, row: one.fact_id };
            if let Some(FieldValue::Secret(_, sealed)) = one.merged.fact.0.get_mut(field) {
                *sealed = key.seal(place, text.expose().as_bytes())?;
            }
        }
        Ok(())
    }

    async fn store(&self, tx: &Transaction<'_>, decided: &[Decided]) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let written = |one: &Decided| Written {
            fact_id: one.fact_id,
            key: one.key.clone(),
            revision: one.revision(),
            content_hash: one.merged.hash.to_vec(),
            doors: one.merged.doors.clone(),
            line: one.line.get(),
            fact: one.merged.fact.clone(),
            company_id: self.company(&one.merged.fact),
            rated_by: self.survey.profile.rater.clone(),
        };
        let (mut new, mut next, mut old) = (Vec::new(), Vec::new(), Vec::new());
        for one in decided {
            match &one.existing {
                None => new.push(written(one)),
                Some(known) => {
                    old.push(known);
                    next.push(written(one));
                }
            }
        }
        let instance = self.survey.profile.instance_id;
        store::insert(tx, entity, &new, self.import_id, instance).await?;
        store::keep_history(tx, entity, &old, self.import_id).await?;
        store::update(tx, entity, &next, self.import_id, instance).await?;
        Ok(())
    }
}

/// Every span gets its end above; should one not, that is a fault of ours and is told as one.
fn unreachable_record(span: &RecordSpan) -> (Fate, Option<Uuid>, Note) {
    let reason =
        format!("Line {} was read and not decided; this is our fault: report it, and drop the file again.", span.line);
    (Fate::Rejected, None, Note::rejected(Rejection::record(Code::TooLarge, reason).hinted("internal")))
}
