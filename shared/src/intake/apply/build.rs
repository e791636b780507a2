//! One record as a fact: its people, what it refers to, its words, laid over what is known of it.

use uuid::Uuid;

use super::{Apply, Decided, refs::Refs};
use crate::{
    contracts::{AuthorRole, Line, TextKind},
    identity::{Arriving, Met},
    intake::{
        attributes,
        cell::Value,
        code::{Code, Rejection},
        entity::{Author, Entity, Fact, FieldKind, FieldValue},
        fates::{Fate, Note},
        field_map::FieldMap,
        merge,
        record::{Candidate, Given},
        scan::RecordSpan,
        store::Existing,
        texts::Words,
    },
    pii::Pii,
};

type Fields = FieldMap<Option<FieldValue>>;

fn rejected(rejection: Rejection) -> (Fate, Note) {
    (Fate::Rejected, Note::rejected(rejection))
}

impl Apply<'_> {
    /// A candidate as a fact, merged with what is known of it.
    pub(super) fn build(
        &self,
        at: usize,
        span: &RecordSpan,
        candidate: Candidate,
        existing: Option<Existing>,
        arriving: &Arriving,
        refs: &Refs,
    ) -> Result<Decided, (Fate, Note)> {
        let entity = self.mapping.entity;
        let line = Line::new(span.line)
            .map_err(|_| rejected(Rejection::record(Code::TooLarge, "The file has too many lines.").hinted("lines")))?;
        let mut one = Decided {
            at,
            fact_id: existing.as_ref().map_or_else(Uuid::now_v7, |known| known.fact_id),
            line,
            merged: merge::nothing(),
            words: Vec::new(),
            secrets: Vec::new(),
            said: Vec::new(),
            warnings: candidate.warnings,
            arrivals: Vec::new(),
            stale: false,
            key: candidate.key,
            existing,
        };
        let mut incoming = Fields::with_capacity(entity.fields.len());
        // People first: whose words a text is decides whether it is the same text.
        let mut fields = candidate.fields;
        let about = |_, given: &Option<Given>| {
            matches!(given, Some(Given::Person(..) | Given::Somebody(_) | Given::PersonIds(_) | Given::Ref(_)))
        };
        for (field, given) in fields.extract_if(about) {
            match given {
                Some(Given::Person(email, index)) => {
                    let id = self.person(field, email, index, arriving, &mut one)?;
                    incoming.insert(field, Some(FieldValue::Person(id)));
                }
                Some(Given::Somebody(id)) => {
                    incoming.insert(field, Some(FieldValue::Person(id)));
                }
                Some(Given::PersonIds(ids)) => {
                    let value = self.people_by_id(field, &ids, &mut one.warnings)?;
                    incoming.insert(field, value);
                }
                Some(Given::Ref(key)) => self.refer(field, &key, refs, &mut incoming)?,
                _ => {}
            }
        }
        self.plain_fields(fields, &mut incoming, &mut one);
        self.without_ref(&mut incoming);
        one.merged = merge::merge(entity, &self.door, incoming, one.existing.as_ref());
        let layout = self.mapping.layout;
        (entity.check)(&one.merged.fact).map_err(|found| rejected(found.rejection(layout)))?;
        one.warnings.extend(&one.merged.warnings);
        let scored = |words: &Words| words.kind != TextKind::Other;
        let of_nobody = |words: &Words| words.author.is_none_or(|(_, role)| role == AuthorRole::Undeclared);
        if one.words.iter().any(|words| scored(words) && of_nobody(words)) {
            one.warnings.push(Code::UndeclaredAuthor);
        }
        if let Some(known) = &one.existing
            && keeps_words_of_another(entity, known, &one.merged.fact)
        {
            one.warnings.push(Code::IdentityConflict);
        }
        Ok(one)
    }

    /// Whom an address means, alone or with the id of the record.
    fn person(
        &self,
        field: &'static str,
        email: Pii<String>,
        index: crate::identity::EmailIndex,
        arriving: &Arriving,
        one: &mut Decided,
    ) -> Result<Uuid, (Fate, Note)> {
        // Both sides of one record may be the same newcomer.
        let same =
            |arrival: &&crate::identity::Arrival| arrival.email.as_ref().is_some_and(|(other, _)| *other == index);
        if let Some(arrival) = one.arrivals.iter().find(same) {
            return Ok(arrival.profile_id);
        }
        let met = match self.mapping.entity.field(field).map(|field| field.kind) {
            Some(FieldKind::Listed(_)) => self.people.listed(arriving, &one.key, index, email),
            _ => self.people.by_email(arriving, index, email),
        };
        match met {
            Met::Known(id) => Ok(id),
            Met::Arrives(arrival) => {
                if !arrival.may_be.is_empty() {
                    one.warnings.push(Code::IdentityConflict);
                }
                let id = arrival.profile_id;
                one.arrivals.push(arrival);
                Ok(id)
            }
            Met::Suppressed => Err((Fate::Suppressed, Note::default())),
            Met::Several | Met::Nobody => {
                let column = self.mapping.layout.column_of(field);
                let reason = format!(
                    "The address in {column} belongs to several people; decide which, then drop the rejects again."
                );
                Err(rejected(Rejection::record(Code::AmbiguousPerson, reason).at(column)))
            }
        }
    }

    /// People by their ids in the source. One who was erased is left out of a list; alone, nothing of the record is
    /// stored.
    fn people_by_id(
        &self,
        field: &'static str,
        ids: &[String],
        warnings: &mut Vec<Code>,
    ) -> Result<Option<FieldValue>, (Fate, Note)> {
        let Some(kind) = self.mapping.entity.field(field).map(|field| field.kind) else { return Ok(None) };
        let mut found = Vec::new();
        for id in ids {
            match (self.people.by_id(id), kind) {
                (Met::Known(profile), FieldKind::PersonById { .. }) => return Ok(Some(FieldValue::Person(profile))),
                (Met::Known(profile), _) => found.push(profile),
                (Met::Suppressed, FieldKind::People { .. }) => warnings.push(Code::NoPurpose),
                (Met::Suppressed, _) => return Err((Fate::Suppressed, Note::default())),
                (_, FieldKind::PersonById { listed_in, .. } | FieldKind::People { listed_in }) => {
                    return Err(rejected(self.orphan(field, id, listed_in)));
                }
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok((!found.is_empty()).then_some(FieldValue::People(found)))
    }

    /// Another fact of the source, and its people.
    fn refer(&self, field: &'static str, key: &str, refs: &Refs, incoming: &mut Fields) -> Result<(), (Fate, Note)> {
        let entity = self.mapping.entity;
        let Some(FieldKind::Ref(target)) = entity.field(field).map(|field| field.kind) else { return Ok(()) };
        let Some(found) = refs.get(field).and_then(|keys| keys.get(key)) else {
            return Err(rejected(self.orphan(field, key, target.entity)));
        };
        incoming.insert(field, Some(FieldValue::Ref(found.id)));
        for other in entity.fields {
            if let FieldKind::PersonOf { through, field: there, .. } = other.kind
                && through == field
                && let Some(id) = found.people.get(there)
            {
                incoming.insert(other.name, Some(FieldValue::Person(*id)));
            }
            if let FieldKind::WordOf { through, field: there } = other.kind
                && through == field
                && let Some(word) = found.words.get(there)
            {
                incoming.insert(other.name, Some(FieldValue::Word(word.clone())));
            }
        }
        Ok(())
    }

    /// A reference that is cleared takes its people with it.
    fn without_ref(&self, incoming: &mut Fields) {
        for field in self.mapping.entity.fields {
            if let FieldKind::PersonOf { through, .. } | FieldKind::WordOf { through, .. } = field.kind
                && incoming.get(through) == Some(&None)
            {
                incoming.insert(field.name, None);
            }
        }
    }

    /// Something that was never seen, and the file that brings it.
    fn orphan(&self, field: &'static str, id: &str, brought_by: &str) -> Rejection {
        let column = self.mapping.layout.column_of(field);
        let file = format!("{}/{brought_by}", self.mapping.entity.source);
        let what = format!("was never seen; drop the file of {file} first, then the rejects of this file again");
        Rejection::cell(Code::OrphanRef, column, id, what).hinted(file)
    }

    fn plain_fields(&self, mut others: FieldMap<Option<Given>>, incoming: &mut Fields, one: &mut Decided) {
        let entity = self.mapping.entity;
        // A word may say whose words a text is.
        let of_words = |kind| matches!(kind, Some(FieldKind::Text { .. } | FieldKind::Secret(_)));
        let value = |field, _: &Option<Given>| !of_words(entity.field(field).map(|field| field.kind));
        for (field, given) in others.extract_if(value) {
            let Some(kind) = entity.field(field).map(|field| field.kind) else { continue };
            let value = match (kind.attribute_of(), given) {
                (Some(_), None) => {
                    one.said.push((field, None));
                    None
                }
                (Some(_), Some(Given::Sealed(text))) => {
                    let digest = attributes::digest(self.vault, field, text.expose());
                    one.said.push((field, Some(text)));
                    Some(FieldValue::Attribute(digest))
                }
                (_, Some(Given::Plain(value))) => plain(value),
                _ => None,
            };
            incoming.insert(field, value);
        }
        for (field, given) in others {
            let Some(kind) = entity.field(field).map(|field| field.kind) else { continue };
            let value = match (kind, given) {
                (FieldKind::Text { kind, subject, author }, Some(Given::Sealed(text))) => {
                    Some(self.words(field, (kind, subject, author), text, incoming, one))
                }
                (FieldKind::Secret(part), Some(Given::Sealed(text))) => {
                    Some(self.secret(field, part, text, incoming, one))
                }
                _ => None,
            };
            incoming.insert(field, value);
        }
    }

    /// Words, as the text that is there already or as a new one.
    fn words(
        &self,
        field: &'static str,
        (kind, subject, author): (TextKind, &'static str, Author),
        text: Pii<String>,
        incoming: &Fields,
        one: &mut Decided,
    ) -> FieldValue {
        let person = |part: &str| person_of(self.mapping.entity, incoming, one.existing.as_ref(), part);
        let author = match author {
            Author::Declared => self.mapping.profile.author.and_then(|role| Some((person(role.as_str())?, role))),
            Author::Part(part) => person(part).map(|id| (id, side_of(id, part, person))),
            Author::Side(word) => match incoming.get(word) {
                Some(Some(FieldValue::Word(side))) => {
                    side.parse::<AuthorRole>().ok().and_then(|role| Some((person(side)?, role)))
                }
                _ => None,
            },
        };
        let by = author.map(|(id, _)| id);
        let digest = self.vault.digest(&format!("text of {:?} by {by:?}", person(subject)), text.expose());
        let old = one.existing.as_ref().and_then(|known| known.fact.get(field));
        let supersedes = match old {
            Some(FieldValue::Text(id, same)) if *same == digest => return FieldValue::Text(*id, digest),
            Some(FieldValue::Text(id, _)) => Some(*id),
            _ => None,
        };
        let text_id = Uuid::now_v7();
        one.words.push(Words { text_id, field, kind, subject, digest, supersedes, author, text });
        FieldValue::Text(text_id, digest)
    }

    /// Something that stays inside: sealed anew only if it or its person is another.
    fn secret(
        &self,
        field: &'static str,
        part: &'static str,
        text: Pii<String>,
        incoming: &Fields,
        one: &mut Decided,
    ) -> FieldValue {
        let owner = person_of(self.mapping.entity, incoming, one.existing.as_ref(), part);
        let digest = self.vault.digest(field, text.expose());
        let known = one.existing.as_ref();
        let owned = known.and_then(|known| known.fact.person(self.mapping.entity.person_field(part)?));
        if let Some(FieldValue::Secret(same, sealed)) = known.and_then(|known| known.fact.get(field))
            && *same == digest
            && owned == owner
        {
            return FieldValue::Secret(digest, sealed.clone());
        }
        one.secrets.push((field, text));
        FieldValue::Secret(digest, Vec::new())
    }
}

fn person_of(entity: &Entity, incoming: &Fields, existing: Option<&Existing>, part: &str) -> Option<Uuid> {
    let field = entity.person_field(part)?;
    match incoming.get(field) {
        Some(Some(FieldValue::Person(id))) => Some(*id),
        _ => existing?.fact.person(field),
    }
}

/// The side somebody is on: the part's own name, else the side that is the same person.
fn side_of(id: Uuid, part: &str, person: impl Fn(&str) -> Option<Uuid>) -> AuthorRole {
    part.parse().unwrap_or_else(|_| {
        let same = |role: &&AuthorRole| person(role.as_str()) == Some(id);
        AuthorRole::ALL.iter().find(same).copied().unwrap_or(AuthorRole::Undeclared)
    })
}

/// The person under whose key a secret of a fact is sealed.
pub(super) fn subject_of_secret(entity: &Entity, field: &str, fact: &Fact) -> Option<Uuid> {
    match entity.field(field)?.kind {
        FieldKind::Secret(part) => fact.person(entity.person_field(part)?),
        _ => None,
    }
}

/// Whether words that the file does not have stay with a person whom the fact is not about any more: the importer
/// cannot open them to seal them anew, so somebody has to look.
fn keeps_words_of_another(entity: &Entity, known: &Existing, now: &Fact) -> bool {
    entity.fields.iter().any(|field| {
        let (FieldKind::Text { subject, .. } | FieldKind::Secret(subject)) = field.kind else { return false };
        let person = entity.person_field(subject);
        let moved = person.is_some_and(|person| known.fact.person(person) != now.person(person));
        moved && known.fact.get(field.name).is_some() && known.fact.get(field.name) == now.get(field.name)
    })
}

fn plain(value: Value) -> Option<FieldValue> {
    Some(match value {
        Value::Time { at, day_only } => FieldValue::Time(at, day_only),
        Value::Int(number) => FieldValue::Int(i32::try_from(number).ok()?),
        Value::Decimal(number) => FieldValue::Decimal(number.normalize()),
        Value::Rating { value, raw, scale } => FieldValue::Rating(value, raw, scale),
        Value::Enum(word) => FieldValue::Word(word.to_owned()),
        Value::Id(word) => FieldValue::Word(word),
        Value::Ints(numbers) => FieldValue::Ints(numbers.into_iter().filter_map(|n| i32::try_from(n).ok()).collect()),
        _ => return None,
    })
}
