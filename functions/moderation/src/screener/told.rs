//! What is told of screenings: at once, or at the end of a replay.

use jiff::Timestamp;
use shared::{
    bus::{
        consumer::Settled,
        outbox::{Outbox, OutboxError},
    },
    contracts::{ContractError, EngineCode, EngineVersion, Revision, ScreeningDecision, TextScreened},
};
use tokio_postgres::{Row, Transaction, types::Type};
use uuid::Uuid;

use super::ScreenerError;
use crate::items::{self, Flag};

/// Texts a transaction of the end of a replay.
const PART: i64 = 50;

/// A screening as it is told.
pub struct Screening<'a> {
    pub screening_id: Uuid,
    pub text_id: Uuid,
    pub subject_id: Uuid,
    pub decision: &'a str,
    pub engine: &'a str,
    pub engine_version: &'a str,
    pub revision: i32,
    pub at: Timestamp,
}

impl<'a> Screening<'a> {
    /// A row of id, subject, decision, engine, its version, revision.
    pub fn of(row: &'a Row, text_id: Uuid, at: Timestamp) -> Self {
        Self {
            screening_id: row.get(0),
            text_id,
            subject_id: row.get(1),
            decision: row.get(2),
            engine: row.get(3),
            engine_version: row.get(4),
            revision: row.get(5),
            at,
        }
    }

    /// Tells it.
    pub fn tell(&self, outbox: &mut Outbox) -> Result<(), ScreenerError> {
        let value = |error| OutboxError::from(ContractError::Value(error));
        let data = TextScreened {
            screening_id: self.screening_id,
            text_id: self.text_id,
            subject_id: self.subject_id,
            decision: self.decision.parse::<ScreeningDecision>().map_err(value)?,
            engine: EngineCode::new(self.engine).map_err(value)?,
            engine_version: EngineVersion::new(self.engine_version).map_err(value)?,
            revision: Revision::new(self.revision).map_err(value)?,
        };
        outbox.push(outbox.draft(data, self.text_id, self.at))?;
        Ok(())
    }
}

/// Tells what a replay's texts were screened to, a part at a time.
pub async fn settle(tx: &Transaction<'_>, consumer: &str, outbox: &mut Outbox) -> Result<Settled, ScreenerError> {
    let rows = tx
        .query_typed(
            "SELECT subject FROM bus.unsettled WHERE consumer = $1 ORDER BY subject LIMIT $2",
            &[(&consumer, Type::TEXT), (&PART, Type::INT8)],
        )
        .await?;
    let texts: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    items::lock(tx, texts.clone()).await?;
    tx.execute_typed(
        "DELETE FROM bus.unsettled WHERE consumer = $1 AND subject = ANY($2)",
        &[(&consumer, Type::TEXT), (&texts, Type::UUID_ARRAY)],
    )
    .await?;
    let untold = tx
        .query_typed(
            "UPDATE core.screenings SET told = true WHERE text_id = ANY($1) AND newest AND NOT told
             RETURNING screening_id, subject_id, decision, engine, engine_version, revision, text_id",
            &[(&texts, Type::UUID_ARRAY)],
        )
        .await?;
    for row in &untold {
        Screening::of(row, row.get(6), Timestamp::now()).tell(outbox)?;
    }
    let waiting = tx
        .query_typed(
            "SELECT r.flag_id, r.text_id, r.urgent, r.raised_at, r.flag_revision FROM core.reviews r
             WHERE r.screening_id = ANY($1) AND r.state IN ('pending', 'claimed')",
            &[(&untold.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>(), Type::UUID_ARRAY)],
        )
        .await?;
    for row in &waiting {
        let flag = Flag {
            flag_id: row.get(0),
            text_id: row.get(1),
            urgent: row.get(2),
            raised_at: row.get(3),
            revision: row.get(4),
        };
        flag.tell(outbox)?;
    }
    Ok(if texts.len() as i64 == PART { Settled::Part } else { Settled::All })
}
