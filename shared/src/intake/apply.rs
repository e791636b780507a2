//! Pass 2, inside the transaction: records become facts, sealed texts and contract events, a chunk at a time.
//!
//! Everything in here sees the database through one transaction that its caller commits or rolls back as a whole,
//! so a chunk needs no cleaning up when a later one fails.

mod error;
mod people;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

pub use error::ApplyError;

use super::{
    attributes::{self},
    cell::Value,
    code::{Code, Rejection},
    entity::{Entity, Fact, FieldKind, FieldValue, Published},
    fates::{Fate, Fates, MOST_REJECTIONS, Note},
    merge::{self, Merged},
    plan::{Difference, Entry, Plan},
    reader::Batch,
    record::{self, Candidate, Given},
    scan::RecordSpan,
    split::Splitter,
    store::{self, Existing, Written},
    survey::{Short, Survey},
    texts::{self, Words},
};
use crate::{
    bus::outbox::Outbox,
    contracts::Line,
    identity::{EmailIndex, Named, People},
    pii::Pii,
    purpose::{self, Purpose},
    vault::Vault,
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
    door: String,
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
    key: String,
    line: Line,
    merged: Merged,
    existing: Option<Existing>,
    words: Vec<Words>,
    said: Vec<(&'static str, Option<Pii<String>>)>,
    warnings: Vec<Code>,
    newcomers: Vec<(EmailIndex, Uuid, Pii<String>)>,
    stale: bool,
}

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
            door: format!("csv/{}", survey.layout.name),
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
        ends: &mut [Option<(Fate, Option<Uuid>, Note)>],
        entries: &mut [Option<Entry>],
    ) -> Result<Vec<Decided>, ApplyError> {
        let emails: HashSet<&str> = candidates
            .iter()
            .flat_map(|(_, candidate)| candidate.fields.values())
            .filter_map(|given| match given {
                Some(Given::Person(email, _)) => Some(email.expose().as_str()),
                _ => None,
            })
            .collect();
        self.people.look_up(tx, self.vault, &emails).await?;
        let keys: Vec<&str> = candidates.iter().map(|(_, candidate)| candidate.key.as_str()).collect();
        let mut existing = store::load(tx, self.survey.entity, &keys).await?;
        self.load_attributes(tx, &mut existing).await?;

        let mut provisional: HashMap<EmailIndex, Uuid> = HashMap::new();
        let mut decided = Vec::new();
        for (at, candidate) in candidates {
            let known = existing.remove(&candidate.key);
            let warnings = candidate.warnings.clone();
            match self.build(at, &spans[at], candidate, known, &mut provisional) {
                Ok(one) => decided.push(one),
                Err((fate, mut note)) => {
                    note.warnings.extend(warnings);
                    ends[at] = Some((fate, None, note));
                }
            }
        }
        self.without_purpose(tx, &mut decided, ends).await?;
        self.compare(tx, decided, ends, entries).await
    }

    /// Attributes stand in the vault and not in the fact's table.
    async fn load_attributes(
        &self,
        tx: &Transaction<'_>,
        existing: &mut HashMap<String, Existing>,
    ) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let said: Vec<(&'static str, &'static str)> = entity
            .fields
            .iter()
            .filter_map(|field| match field.kind {
                FieldKind::Attribute(part) => Some((field.name, entity.person_field(part)?)),
                _ => None,
            })
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

    /// A candidate as a fact, merged with what is known of it.
    fn build(
        &self,
        at: usize,
        span: &RecordSpan,
        candidate: Candidate,
        existing: Option<Existing>,
        provisional: &mut HashMap<EmailIndex, Uuid>,
    ) -> Result<Decided, (Fate, Note)> {
        let rejected = |rejection| (Fate::Rejected, Note::rejected(rejection));
        let entity = self.survey.entity;
        let mut incoming: BTreeMap<&'static str, Option<FieldValue>> = BTreeMap::new();
        let (mut words, mut said, mut newcomers) = (Vec::new(), Vec::new(), Vec::new());
        // People first: whose words a text is decides whether it is the same text.
        let (people, others): (Vec<_>, Vec<_>) =
            candidate.fields.into_iter().partition(|(_, given)| matches!(given, Some(Given::Person(..))));
        for (field, given) in people {
            let Some(Given::Person(email, index)) = given else { continue };
            let id = match self.people.named(&index) {
                Named::One { profile_id } => profile_id,
                Named::Suppressed => return Err((Fate::Suppressed, Note::default())),
                Named::Several => return Err(rejected(several_people(field))),
                Named::Nobody => {
                    let id = *provisional.entry(index).or_insert_with(Uuid::now_v7);
                    newcomers.push((index, id, email));
                    id
                }
            };
            incoming.insert(field, Some(FieldValue::Person(id)));
        }
        let person = |part: &str| {
            let field = entity.person_field(part)?;
            match incoming.get(field) {
                Some(Some(FieldValue::Person(id))) => Some(*id),
                _ => existing.as_ref()?.fact.person(field),
            }
        };
        let author = self.survey.profile.author.and_then(|role| person(role.as_str()));
        let owned_by = |subject: &str| format!("text of {:?} by {author:?}", person(subject));
        let mut plain_fields = BTreeMap::new();
        for (field, given) in others {
            let Some(kind) = entity.field(field).map(|field| field.kind) else { continue };
            let value = match (kind, given) {
                (FieldKind::Attribute(_), None) => {
                    said.push((field, None));
                    None
                }
                (FieldKind::Attribute(_), Some(Given::Sealed(text))) => {
                    let digest = attributes::digest(self.vault, field, text.expose());
                    said.push((field, Some(text)));
                    Some(FieldValue::Attribute(digest))
                }
                (FieldKind::Text { kind, subject }, Some(Given::Sealed(text))) => {
                    let digest = self.vault.digest(&owned_by(subject), text.expose());
                    let old = existing.as_ref().and_then(|known| known.fact.get(field));
                    match old {
                        Some(FieldValue::Text(id, same)) if *same == digest => Some(FieldValue::Text(*id, digest)),
                        old => {
                            let supersedes = match old {
                                Some(FieldValue::Text(id, _)) => Some(*id),
                                _ => None,
                            };
                            let text_id = Uuid::now_v7();
                            words.push(Words { text_id, field, kind, subject, digest, supersedes, text });
                            Some(FieldValue::Text(text_id, digest))
                        }
                    }
                }
                (_, Some(Given::Plain(value))) => plain(value),
                (_, None | Some(Given::Sealed(_) | Given::Person(..))) => None,
            };
            plain_fields.insert(field, value);
        }
        incoming.extend(plain_fields);
        let merged = merge::merge(entity, &self.door, incoming, existing.as_ref());
        (entity.check)(&merged.fact).map_err(rejected)?;
        let mut warnings = candidate.warnings;
        warnings.extend(&merged.warnings);
        if !words.is_empty() && self.survey.profile.author.is_none() {
            warnings.push(Code::UndeclaredAuthor);
        }
        if let Some(known) = &existing
            && keeps_words_of_another(entity, known, &merged.fact)
        {
            warnings.push(Code::IdentityConflict);
        }
        let line = Line::new(span.line)
            .map_err(|_| rejected(Rejection::record(Code::TooLarge, "The file has too many lines.").hinted("lines")))?;
        Ok(Decided { at, key: candidate.key, line, merged, existing, words, said, warnings, newcomers, stale: false })
    }

    /// Takes out records about people whose data may not be used for the programme.
    async fn without_purpose(
        &self,
        tx: &Transaction<'_>,
        decided: &mut Vec<Decided>,
        ends: &mut [Option<(Fate, Option<Uuid>, Note)>],
    ) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let mut by_programme: BTreeMap<&'static str, HashSet<Uuid>> = BTreeMap::new();
        for one in decided.iter() {
            if let Some(programme) = (entity.programme)(&one.merged.fact) {
                by_programme.entry(programme).or_default().extend(persons(&one.merged.fact));
            }
        }
        let mut refused: HashSet<(&'static str, Uuid)> = HashSet::new();
        for (programme, people) in by_programme {
            let people: Vec<Uuid> = people.into_iter().collect();
            let no = purpose::refused(tx, Purpose::Programme, programme, &people).await?;
            refused.extend(no.into_iter().map(|id| (programme, id)));
        }
        if refused.is_empty() {
            return Ok(());
        }
        decided.retain(|one| {
            let programme = (entity.programme)(&one.merged.fact).unwrap_or_default();
            let no = persons(&one.merged.fact).any(|id| refused.contains(&(programme, id)));
            if no {
                let note = Note { rejection: None, warnings: vec![Code::NoPurpose] };
                ends[one.at] = Some((Fate::Suppressed, None, note));
            }
            !no
        });
        Ok(())
    }

    /// Leaves only what is new or changed.
    async fn compare(
        &mut self,
        tx: &Transaction<'_>,
        decided: Vec<Decided>,
        ends: &mut [Option<(Fate, Option<Uuid>, Note)>],
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
            self.people.meet(persons(&one.merged.fact));
            let fact_id = one.existing.as_ref().map(|known| known.fact_id);
            let is_stale = |id| stale.contains(&id) || self.told_newer.binary_search(&id).is_ok();
            one.stale = !same(&one) && fact_id.is_some_and(is_stale);
            self.plan.newcomers(one.newcomers.iter().map(|(_, id, _)| *id));
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
        let Decided { key, existing, merged, words, stale, .. } = one;
        let difference = Difference { key, existing: existing.as_ref(), fact: &merged.fact, words, stale: *stale };
        self.plan.entry(self.survey.entity, self.vault, &difference)
    }

    /// Newcomers, texts, attributes, facts, history and events.
    async fn write(
        &mut self,
        tx: &Transaction<'_>,
        mut decided: Vec<Decided>,
        ends: &mut [Option<(Fate, Option<Uuid>, Note)>],
    ) -> Result<(), ApplyError> {
        let entity = self.survey.entity;
        let created = self.take_in(tx, &mut decided).await?;
        let people: HashSet<Uuid> = decided.iter().flat_map(|one| persons(&one.merged.fact)).collect();
        self.people.load_keys(tx, self.vault, &people).await?;

        let ids: Vec<Uuid> =
            decided.iter().map(|one| one.existing.as_ref().map_or_else(Uuid::now_v7, |known| known.fact_id)).collect();
        let context = texts::Context {
            source: entity.source,
            import_id: self.import_id,
            author: self.survey.profile.author,
            now: self.now,
        };
        let mut sealed = Vec::new();
        for (one, fact_id) in decided.iter_mut().zip(&ids) {
            for words in std::mem::take(&mut one.words) {
                sealed.push(texts::seal(&context, entity, &self.people, &one.merged.fact, *fact_id, one.line, words)?);
            }
        }
        texts::insert(tx, &context, &sealed).await?;

        let written = |one: &Decided, fact_id: Uuid| Written {
            fact_id,
            key: one.key.clone(),
            revision: one.existing.as_ref().map_or(1, |known| known.revision + 1),
            content_hash: one.merged.hash.to_vec(),
            doors: serde_json::json!(one.merged.doors),
            line: one.line.get(),
            fact: one.merged.fact.clone(),
            company_id: self.company(&one.merged.fact),
            rated_by: self.survey.profile.rater.clone(),
        };
        let (mut new, mut next, mut old) = (Vec::new(), Vec::new(), Vec::new());
        for (one, fact_id) in decided.iter().zip(&ids) {
            match &one.existing {
                None => new.push(written(one, *fact_id)),
                Some(known) => {
                    old.push(known);
                    next.push(written(one, *fact_id));
                }
            }
        }
        let instance = self.survey.profile.instance_id;
        store::insert(tx, entity, &new, self.import_id, instance).await?;
        store::keep_history(tx, entity, &old, self.import_id).await?;
        store::update(tx, entity, &next, self.import_id, instance).await?;
        drop(old);
        self.say(tx, &mut decided, &created).await?;

        for (one, fact_id) in decided.iter().zip(&ids) {
            let revision = one.existing.as_ref().map_or(1, |known| known.revision + 1);
            let published = Published {
                fact_id: *fact_id,
                revision,
                fact: &one.merged.fact,
                rater: self.survey.profile.rater.as_deref(),
                import_id: self.import_id,
                line: one.line,
            };
            (entity.publish)(&published, &mut self.outbox)?;
            let fate = if one.existing.is_some() { Fate::Changed } else { Fate::New };
            ends[one.at] = Some((fate, Some(*fact_id), Note { rejection: None, warnings: one.warnings.clone() }));
        }
        texts::publish(&context, &sealed, &self.correlation, &mut self.outbox)?;
        Ok(())
    }
}

fn several_people(field: &str) -> Rejection {
    let reason =
        format!("The address in {field} belongs to several people; decide which, then drop the rejects again.");
    Rejection::record(Code::AmbiguousPerson, reason).at(field)
}

/// Whether a text that the file does not have stays with a person whom the fact is not about any more: the importer
/// cannot open it to seal it anew, so somebody has to look.
fn keeps_words_of_another(entity: &Entity, known: &Existing, now: &Fact) -> bool {
    entity.fields.iter().any(|field| match field.kind {
        FieldKind::Text { subject, .. } => {
            let person = entity.person_field(subject);
            let moved = person.is_some_and(|person| known.fact.person(person) != now.person(person));
            moved && known.fact.text(field.name).is_some() && known.fact.text(field.name) == now.text(field.name)
        }
        _ => false,
    })
}

fn persons(fact: &Fact) -> impl Iterator<Item = Uuid> + '_ {
    fact.0.values().filter_map(|value| match value {
        FieldValue::Person(id) => Some(*id),
        _ => None,
    })
}

fn plain(value: Value) -> Option<FieldValue> {
    Some(match value {
        Value::Time { at, day_only } => FieldValue::Time(at, day_only),
        Value::Int(number) => FieldValue::Int(i32::try_from(number).ok()?),
        Value::Rating { value, raw, scale } => FieldValue::Rating(value, raw, scale),
        Value::Enum(word) => FieldValue::Word(word.to_owned()),
        Value::Id(word) => FieldValue::Word(word),
        _ => return None,
    })
}

/// Every span gets its end above; should one not, that is a fault of ours and is told as one.
fn unreachable_record(span: &RecordSpan) -> (Fate, Option<Uuid>, Note) {
    let reason =
        format!("Line {} was read and not decided; this is our fault: report it, and drop the file again.", span.line);
    (Fate::Rejected, None, Note::rejected(Rejection::record(Code::TooLarge, reason).hinted("internal")))
}
