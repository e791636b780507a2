//! What the screener and the API both write: flags that are raised, and the words scoring may read.

use jiff::Timestamp;
use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{ContractError, Revision, SafetyFlagRaised},
    db::DbError,
    vault::{Place, SubjectKey, VaultError},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

/// Minutes of office hours until an item of the sensitive lane is to be opened.
pub const SENSITIVE_MINUTES: i64 = 60;

/// One at a time decides on a text: the screener and a reviewer would otherwise each go by what the other is about to
/// change. The locks of several texts are taken in the order of their ids, and each before any row of the text.
pub async fn lock(tx: &Transaction<'_>, mut texts: Vec<Uuid>) -> Result<(), DbError> {
    texts.sort_unstable();
    texts.dedup();
    for text in texts {
        tx.execute_typed(
            "SELECT pg_advisory_xact_lock(hashtextextended('teei moderation ' || $1::text, 0))",
            &[(&text.to_string(), Type::TEXT)],
        )
        .await?;
    }
    Ok(())
}

/// A flag that was raised.
pub struct Flag {
    /// The flag.
    pub flag_id: Uuid,
    /// Its text.
    pub text_id: Uuid,
    /// Whether it must not wait.
    pub urgent: bool,
    /// When.
    pub raised_at: Timestamp,
    /// How often it was raised, this time included.
    pub revision: i32,
}

impl Flag {
    /// Tells it.
    pub fn tell(&self, outbox: &mut Outbox) -> Result<(), OutboxError> {
        let data = SafetyFlagRaised {
            flag_id: self.flag_id,
            text_id: self.text_id,
            urgent: self.urgent,
            raised_at: self.raised_at,
            revision: Revision::new(self.revision).map_err(ContractError::Value)?,
        };
        outbox.push(outbox.draft(data, self.text_id, self.raised_at))?;
        Ok(())
    }
}

/// Words on their way to scoring.
pub struct Cleared<'a> {
    /// The text.
    pub text_id: Uuid,
    /// Whose key seals it.
    pub subject_id: Uuid,
    /// The screening that found nothing in the way, or that the decision was about.
    pub screening_id: Uuid,
    /// The decision that lets it through; none: screening did.
    pub review_id: Option<Uuid>,
    /// What scoring may read.
    pub words: &'a str,
    /// Whether that is less than was written.
    pub redacted: bool,
}

impl Cleared<'_> {
    /// Writes it, in place of what was cleared before. The store refuses it for texts that are never scored.
    pub async fn write(&self, tx: &Transaction<'_>, key: &SubjectKey) -> Result<(), VaultError> {
        let sealed = key.seal(Place::cleared(self.text_id), self.words.as_bytes())?;
        // Not an upsert, which would need the right to read what was sealed before. The text's lock is held.
        hold_back(tx, self.text_id).await?;
        tx.execute_typed(
            "INSERT INTO vault.cleared_texts (text_id, subject_id, screening_id, review_id, sealed, redacted) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                (&self.text_id, Type::UUID),
                (&self.subject_id, Type::UUID),
                (&self.screening_id, Type::UUID),
                (&self.review_id, Type::UUID),
                (&sealed, Type::BYTEA),
                (&self.redacted, Type::BOOL),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Takes a text's words back from scoring.
pub async fn hold_back(tx: &Transaction<'_>, text: Uuid) -> Result<(), DbError> {
    tx.execute_typed("DELETE FROM vault.cleared_texts WHERE text_id = $1", &[(&text, Type::UUID)]).await?;
    Ok(())
}
