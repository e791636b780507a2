//! What becomes of items and cleared words when a text holds no more, holds again, or cannot be read by anybody. All take
//! the transaction that has the text's lock.

use jiff::Timestamp;
use shared::bus::outbox::Outbox;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{ScreenerError, Stored, told::Screening};
use crate::items;

/// A text that does not hold any more leaves the queue, and scoring may not read it. What a person should look at and
/// nobody has stays, and says so.
pub async fn retire(tx: &Transaction<'_>, text_id: Uuid) -> Result<(), ScreenerError> {
    let text = [(&text_id as _, Type::UUID)];
    tx.execute_typed(
        "UPDATE vault.cleared_texts SET withdrawn_at = now() WHERE text_id = $1 AND withdrawn_at IS NULL",
        &text,
    )
    .await?;
    tx.execute_typed(
        "UPDATE core.reviews SET state = 'closed', closed_by = 'withdrawal', withdrawn_at = now(), claimed_by = NULL,
           claimed_until = NULL, version = version + 1
         WHERE text_id = $1 AND state <> 'closed' AND lane = 'general'",
        &text,
    )
    .await?;
    tx.execute_typed(
        "UPDATE core.reviews SET withdrawn_at = now(), version = version + 1
         WHERE text_id = $1 AND state <> 'closed' AND withdrawn_at IS NULL",
        &text,
    )
    .await?;
    tx.execute_typed("DELETE FROM core.unscreened_texts WHERE text_id = $1", &text).await?;
    Ok(())
}

/// A text holds again: so does what was decided on it, and whoever scores is told.
pub async fn restore(tx: &Transaction<'_>, text: &Stored, outbox: &mut Outbox) -> Result<(), ScreenerError> {
    let text_id = [(&text.text_id as _, Type::UUID)];
    let words = tx
        .execute_typed(
            "UPDATE vault.cleared_texts SET withdrawn_at = NULL WHERE text_id = $1 AND withdrawn_at IS NOT NULL",
            &text_id,
        )
        .await?;
    let items = tx
        .execute_typed(
            "UPDATE core.reviews SET withdrawn_at = NULL, version = version + 1,
               closed_by = NULL, state = CASE WHEN state <> 'closed' THEN state WHEN reason = 'block' THEN 'held' ELSE 'pending' END
             WHERE text_id = $1 AND withdrawn_at IS NOT NULL AND (state <> 'closed' OR closed_by = 'withdrawal')
               AND review_id = (SELECT review_id FROM core.reviews WHERE text_id = $1 AND withdrawn_at IS NOT NULL
                                ORDER BY state <> 'closed' DESC, raised_at DESC, review_id DESC LIMIT 1)
               AND NOT EXISTS (SELECT FROM core.reviews o WHERE o.text_id = $1 AND o.state <> 'closed' AND o.withdrawn_at IS NULL)",
            &text_id,
        )
        .await?;
    if words + items == 0 {
        return Ok(());
    }
    let rows = tx
        .query_typed(
            "UPDATE core.screenings SET revision = revision + 1, told = told AND $2 WHERE text_id = $1 AND newest
             RETURNING screening_id, subject_id, decision, engine, engine_version, revision",
            &[(&text.text_id, Type::UUID), (&outbox.replay().is_none(), Type::BOOL)],
        )
        .await?;
    rows.first().map_or(Ok(()), |row| Screening::of(row, text.text_id, Timestamp::now()).tell(outbox))
}

/// Nobody can read an erased person's texts any more: nothing about them is left to decide, and what was found in them
/// goes.
pub async fn forget(tx: &Transaction<'_>, person: Uuid) -> Result<(), ScreenerError> {
    tx.query_typed("SELECT core.forget_screenings($1)", &[(&person, Type::UUID)]).await?;
    Ok(())
}

/// A text that may not be screened goes no further.
pub async fn note_no_purpose(tx: &Transaction<'_>, text_id: Uuid) -> Result<(), ScreenerError> {
    items::hold_back(tx, text_id).await?;
    tx.execute_typed(
        "INSERT INTO core.unscreened_texts (text_id, reason) VALUES ($1, 'no_purpose') ON CONFLICT DO NOTHING",
        &[(&text_id, Type::UUID)],
    )
    .await?;
    Ok(())
}
