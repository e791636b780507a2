//! Why a message became a dead letter.

use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Consumer, Driver, Progress, SqsMessage};
use crate::{
    bus::wiring::TRIES,
    db::DbError,
    error::{Classified, Retry},
};

/// The reason is worth less than the time of the messages behind.
const LIMIT: Duration = Duration::from_secs(1);

impl<C: Consumer> Driver<'_, C> {
    /// Notes the reason of a message that fails for good: because no try helps, or because the queue hands it out no
    /// more. In a transaction of its own, the message's own is rolled back. Without it the message is a dead letter
    /// all the same, so an error here is logged and no more.
    pub(super) async fn bury(
        &self,
        message: &SqsMessage,
        event: Option<Uuid>,
        error: &impl Classified,
        progress: &mut Progress,
    ) {
        let last = message.handed_out() >= TRIES;
        if progress.database_gone || (error.retry() == Retry::Retry && !last) {
            return;
        }
        match tokio::time::timeout(LIMIT, self.note(message, event, error.code())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                progress.database_gone = matches!(error, DbError::Unavailable(_));
                tracing::warn!(code = error.code(), "the reason of a dead letter could not be noted");
            }
            Err(_) => tracing::warn!(code = "out_of_time", "the reason of a dead letter could not be noted"),
        }
    }

    async fn note(&self, message: &SqsMessage, event: Option<Uuid>, code: &str) -> Result<(), DbError> {
        let letter = event.map_or_else(|| message.message_id.clone(), |id| id.to_string());
        let client = self.db.client().await?;
        client
            .execute_typed(
                "INSERT INTO bus.dead_letters (consumer, letter, event_id, code) VALUES ($1, left($2, 100), $3, left($4, 100))
                 ON CONFLICT (consumer, letter) DO UPDATE
                 SET code = excluded.code, tries = dead_letters.tries + 1, last_at = now()",
                &[(&C::NAME, Type::TEXT), (&letter, Type::TEXT), (&event, Type::UUID), (&code, Type::TEXT)],
            )
            .await?;
        Ok(())
    }
}
