//! The end of a replay: what a consumer put off is done, part by part, and then the replay is done.
//!
//! The message says nothing but "look"; it may come twice, late, or with nothing to do.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Consumer, Driver, Failure, Progress, Settled, SqsMessage};
use crate::{bus::outbox::Outbox, error::Classified};

/// What asks a consumer to settle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    teei: Kind,
    replay: Option<Uuid>,
}

#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "settle")]
    Settle,
}

impl Settle {
    /// The message, for the replay that ended or for what one before it left behind.
    pub fn body(replay: Option<Uuid>) -> String {
        json!({ "teei": "settle", "replay": replay }).to_string()
    }

    pub(super) fn read(message: &SqsMessage) -> Option<Self> {
        serde_json::from_str(message.body.as_str()?).ok().filter(|settle: &Self| matches!(settle.teei, Kind::Settle))
    }
}

impl<C: Consumer> Driver<'_, C> {
    pub(super) async fn settle(
        &self,
        message: &SqsMessage,
        settle: &Settle,
        until: Instant,
        progress: &mut Progress,
    ) -> Result<(), &'static str> {
        let replay_id = settle.replay.map(|id| id.to_string());
        let settled = AssertUnwindSafe(self.parts(settle, until, progress)).catch_unwind().await;
        let settled = settled.unwrap_or(Err(Failure::Panicked));
        match &settled {
            Ok(parts) => tracing::info!(consumer = C::NAME, replay_id, parts, "what was put off is done"),
            Err(error) => tracing::error!(
                consumer = C::NAME,
                replay_id,
                code = error.code(),
                "what was put off could not be done: {error}"
            ),
        }
        if let Err(error) = &settled {
            self.bury(message, None, error, progress).await;
        }
        settled.map(drop).map_err(|error| error.code())
    }

    async fn parts(&self, settle: &Settle, until: Instant, progress: &mut Progress) -> Result<u32, Failure> {
        let correlation = settle.replay.map_or_else(|| "settle".to_owned(), |id| id.to_string());
        for parts in 0.. {
            if Instant::now() >= until {
                return Err(Failure::OutOfTime);
            }
            let part = tokio::time::timeout_at(until, self.part(&correlation, progress));
            match part.await.map_err(|_| Failure::OutOfTime)?? {
                Settled::NotNow => return Ok(parts),
                Settled::All if self.finish().await? => return Ok(parts),
                _ => {}
            }
        }
        Err(Failure::OutOfTime)
    }

    async fn part(&self, correlation: &str, progress: &mut Progress) -> Result<Settled, Failure> {
        let mut client = self.db.client().await.inspect_err(|_| progress.database_gone = true)?;
        let tx = client.transaction().await?;
        let mut outbox = Outbox::new(correlation);
        let settled = self.consumer.settle(&tx, &mut outbox).await;
        let settled = settled.map_err(|error| Failure::Effect { code: error.code(), retry: error.retry() })?;
        if outbox.write(&tx).await?.is_some() {
            self.nudge_before_commit(progress).await?;
        }
        tx.commit().await?;
        progress.wrote_events |= !outbox.is_empty();
        Ok(settled)
    }

    /// Ends the replay that is settling, unless something was put off meanwhile. The lock waits for events that saw
    /// the replay open and keeps out new ones, so that nothing is put off behind its end; and for the relay, whose
    /// message may be here before its transaction has ended.
    async fn finish(&self) -> Result<bool, Failure> {
        let mut client = self.db.client().await?;
        let tx = client.transaction().await?;
        let name: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 1] = [(&C::NAME, Type::TEXT)];
        tx.query_typed(
            "SELECT FROM bus.replays WHERE consumer = $1 AND state IN ('sent', 'settling') FOR UPDATE",
            &name,
        )
        .await?;
        let rows = tx.query_typed("SELECT FROM bus.unsettled WHERE consumer = $1 LIMIT 1", &name).await?;
        if rows.is_empty() {
            let sql =
                "UPDATE bus.replays SET state = 'done', finished_at = now() WHERE consumer = $1 AND state = 'settling'";
            tx.execute_typed(sql, &name).await?;
        }
        tx.commit().await?;
        Ok(rows.is_empty())
    }
}
