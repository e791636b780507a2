//! What the store says of a text, and its words.

use jiff::Timestamp;
use moderation_engine::{Kind, Role};
use shared::{
    pii::Pii,
    purpose::{self, Purpose},
    vault::{Place, SubjectKey},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::ScreenerError;
use crate::policies::known;

/// A text as it stands in the vault.
pub struct Stored {
    /// The text.
    pub text_id: Uuid,
    /// Under whose key.
    pub subject_id: Uuid,
    /// Who wrote it, where that is known.
    pub author_id: Option<Uuid>,
    /// On which side.
    pub role: Role,
    /// What it was written about.
    pub kind: Kind,
    /// The words, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub written_at: Timestamp,
    /// The import that brought it.
    pub import_id: Option<Uuid>,
    /// Its line there.
    pub line: Option<i32>,
    /// The programme whose purposes cover it.
    pub programme: String,
    /// Undone or withdrawn.
    pub withdrawn: bool,
    /// Words that hold stand in its place.
    pub superseded: bool,
}

/// The programme of a text `t` of the vault, in SQL.
pub const PROGRAMME: &str =
    "COALESCE((SELECT s.session_type FROM core.kintell_sessions s WHERE s.session_id = t.fact_id),
    (SELECT r.session_type FROM core.kintell_ratings r WHERE r.rating_id = t.fact_id),
    CASE t.source WHEN 'buddy' THEN 'buddy' WHEN 'kintell' THEN 'language' ELSE 'upskilling' END)";

/// The text, if it is there.
pub async fn stored(tx: &Transaction<'_>, text_id: Uuid) -> Result<Option<Stored>, ScreenerError> {
    let sql = format!(
        "SELECT t.subject_id, t.author_id, t.author_role, t.kind, t.sealed, t.written_at, t.import_id, t.line, {PROGRAMME},
                t.withdrawn_at IS NOT NULL,
                EXISTS (WITH RECURSIVE later AS (
                          SELECT n.text_id, n.withdrawn_at FROM vault.texts n WHERE n.supersedes = t.text_id
                          UNION SELECT n.text_id, n.withdrawn_at FROM vault.texts n JOIN later l ON n.supersedes = l.text_id)
                        SELECT FROM later WHERE withdrawn_at IS NULL)
         FROM vault.texts t WHERE t.text_id = $1"
    );
    let rows = tx.query_typed(&sql, &[(&text_id, Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Stored {
        text_id,
        subject_id: row.get(0),
        author_id: row.get(1),
        role: known(row.get(2)).ok_or(ScreenerError::StoredValue)?,
        kind: known(row.get(3)).ok_or(ScreenerError::StoredValue)?,
        sealed: row.get(4),
        written_at: row.get(5),
        import_id: row.get(6),
        line: row.get(7),
        programme: row.get(8),
        withdrawn: row.get(9),
        superseded: row.get(10),
    }))
}

/// Whether the person it is about, or who wrote it, does not allow screening.
pub async fn no_purpose(tx: &Transaction<'_>, text: &Stored) -> Result<bool, ScreenerError> {
    let people: Vec<Uuid> = std::iter::once(text.subject_id).chain(text.author_id).collect();
    Ok(!purpose::refused(tx, Purpose::Safety, &text.programme, &people).await?.is_empty())
}

/// Texts that were not to be screened and may be now, in the order of their ids.
pub async fn allowed_by_now(tx: &Transaction<'_>, after: Uuid, most: i64) -> Result<Vec<Uuid>, ScreenerError> {
    // By `no_purpose`'s rule ([`purpose::refused`]), for many.
    let sql = format!(
        "SELECT u.text_id FROM core.unscreened_texts u JOIN vault.texts t USING (text_id)
         WHERE u.text_id > $1 AND NOT EXISTS (
           SELECT FROM unnest(ARRAY[t.subject_id, t.author_id]) AS p (id)
           LEFT JOIN core.purposes own ON own.profile_id = p.id AND own.purpose = $3
           LEFT JOIN core.purpose_defaults def ON def.programme = {PROGRAMME} AND def.purpose = $3
           WHERE p.id IS NOT NULL AND COALESCE(own.state, def.state, 'withdrawn') <> 'granted')
         ORDER BY u.text_id LIMIT $2"
    );
    let safety = Purpose::Safety.as_str();
    let rows = tx.query_typed(&sql, &[(&after, Type::UUID), (&most, Type::INT8), (&safety, Type::TEXT)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The words of a text.
pub enum Words {
    /// Opened.
    Readable(Pii<String>),
    /// They do not open under their key and place.
    Unreadable,
}

/// Opens the words.
pub fn words(key: &SubjectKey, text: &Stored) -> Words {
    key.unseal(Place::text(text.text_id), &text.sealed).map_or(Words::Unreadable, Words::Readable)
}
