//! What people wrote: sealed under the subject's key, told to the bus by id only.

use jiff::Timestamp;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::entity::{Entity, Fact};
use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{
        AuthorRole, ContractError, EventDraft, FactRetracted, FactType, Line, RetractionReason, Revision, SourceCode,
        TextKind, TextReceived,
    },
    db::DbError,
    identity::People,
    pii::Pii,
    vault::{Digest, Place, VaultError},
};

/// Words of a record, not yet sealed.
pub struct Words {
    /// The text's id.
    pub text_id: Uuid,
    /// The field it stands in.
    pub field: &'static str,
    /// What it was written about.
    pub kind: TextKind,
    /// The person part whose key seals it.
    pub subject: &'static str,
    /// Tells whether words are the same.
    pub digest: Digest,
    /// The text it replaces.
    pub supersedes: Option<Uuid>,
    /// Who wrote it, and on which side.
    pub author: Option<(Uuid, AuthorRole)>,
    /// The words.
    pub text: Pii<String>,
}

/// What all texts of an import have in common.
pub struct Context {
    /// The source.
    pub source: &'static str,
    /// The import.
    pub import_id: Uuid,
    /// When the file was written.
    pub now: Timestamp,
}

/// A sealed text.
pub struct Sealed {
    text_id: Uuid,
    subject_id: Uuid,
    author: Option<(Uuid, AuthorRole)>,
    kind: TextKind,
    fact_id: Uuid,
    field: &'static str,
    sealed: Vec<u8>,
    digest: Digest,
    supersedes: Option<Uuid>,
    written_at: Timestamp,
    line: Line,
}

/// Seals words under their subject's key.
pub fn seal(
    context: &Context,
    entity: &Entity,
    people: &People,
    fact: &Fact,
    fact_id: Uuid,
    line: Line,
    words: Words,
) -> Result<Sealed, VaultError> {
    let person = |part: &str| entity.person_field(part).and_then(|field| fact.person(field));
    let subject_id = person(words.subject).ok_or(VaultError::Erased)?;
    Ok(Sealed {
        text_id: words.text_id,
        subject_id,
        author: words.author,
        kind: words.kind,
        fact_id,
        field: words.field,
        sealed: people.key(subject_id)?.seal(Place::text(words.text_id), words.text.expose().as_bytes())?,
        digest: words.digest,
        supersedes: words.supersedes,
        written_at: (entity.happened)(fact).unwrap_or(context.now),
        line,
    })
}

fn author(text: &Sealed) -> Option<Uuid> {
    text.author.map(|(id, _)| id)
}

fn role(text: &Sealed) -> AuthorRole {
    text.author.map_or(AuthorRole::Undeclared, |(_, role)| role)
}

/// Writes texts.
pub async fn insert(tx: &Transaction<'_>, context: &Context, texts: &[Sealed]) -> Result<(), DbError> {
    if texts.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        (|$text:ident| $value:expr) => {
            &texts.iter().map(|$text| $value).collect::<Vec<_>>()
        };
    }
    tx.execute_typed(
        "INSERT INTO vault.texts (text_id, subject_id, author_id, author_role, kind, fact_id, field, sealed, digest, supersedes, written_at, line, source, import_id)
         SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::text[]), unnest($6::uuid[]),
                unnest($7::text[]), unnest($8::bytea[]), unnest($9::bytea[]), unnest($10::uuid[]), unnest($11::timestamptz[]),
                unnest($12::int[]), $13, $14",
        &[
            (column!(|t| t.text_id), Type::UUID_ARRAY),
            (column!(|t| t.subject_id), Type::UUID_ARRAY),
            (column!(|t| author(t)), Type::UUID_ARRAY),
            (column!(|t| role(t).as_str()), Type::TEXT_ARRAY),
            (column!(|t| t.kind.as_str()), Type::TEXT_ARRAY),
            (column!(|t| t.fact_id), Type::UUID_ARRAY),
            (column!(|t| t.field), Type::TEXT_ARRAY),
            (column!(|t| t.sealed.as_slice()), Type::BYTEA_ARRAY),
            (column!(|t| t.digest.as_slice()), Type::BYTEA_ARRAY),
            (column!(|t| t.supersedes), Type::UUID_ARRAY),
            (column!(|t| t.written_at), Type::TIMESTAMPTZ_ARRAY),
            (column!(|t| t.line.get()), Type::INT4_ARRAY),
            (&context.source, Type::TEXT),
            (&context.import_id, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}

/// Withdraws texts whose cells are empty now, with those whose place they had taken: else these would hold again. Gives
/// each with the revision that says so.
pub async fn withdraw(tx: &Transaction<'_>, emptied: &[Uuid]) -> Result<Vec<(Uuid, i32)>, DbError> {
    if emptied.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .query_typed(
            "WITH RECURSIVE gone AS (
               SELECT t.text_id, t.supersedes FROM vault.texts t WHERE t.text_id = ANY($1)
               UNION SELECT t.text_id, t.supersedes FROM vault.texts t JOIN gone g ON t.text_id = g.supersedes)
             UPDATE vault.texts t SET withdrawn_at = now(), revision = t.revision + 1 FROM gone g
             WHERE t.text_id = g.text_id AND t.withdrawn_at IS NULL RETURNING t.text_id, t.revision",
            &[(&emptied, Type::UUID_ARRAY)],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Tells that texts do not hold any more.
pub fn retract(withdrawn: &[(Uuid, i32)], correlation: &str, outbox: &mut Outbox) -> Result<(), OutboxError> {
    for (text_id, revision) in withdrawn {
        let retracted = FactRetracted {
            fact_type: FactType::IntakeText,
            fact_id: *text_id,
            milestone: None,
            reason: RetractionReason::Corrected,
            revision: Revision::new(*revision).map_err(ContractError::Value)?,
        };
        outbox.push(EventDraft::recorded(retracted, *text_id, correlation))?;
    }
    Ok(())
}

/// Tells that texts were received: the one trigger of screening.
pub fn publish(context: &Context, texts: &[Sealed], correlation: &str, outbox: &mut Outbox) -> Result<(), OutboxError> {
    for text in texts {
        let received = TextReceived {
            text_id: text.text_id,
            author_id: author(text),
            author_role: role(text),
            subject_id: text.subject_id,
            supersedes: text.supersedes,
            kind: text.kind,
            source: SourceCode::new(context.source).map_err(ContractError::Value)?,
            revision: Revision::FIRST,
            import_id: Some(context.import_id),
            line: Some(text.line),
        };
        outbox.push(EventDraft::new(received, text.text_id, text.written_at, correlation))?;
    }
    Ok(())
}
