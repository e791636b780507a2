//! The row of a delivery in `intake.imports`.

use std::collections::HashMap;

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Delivery, order};
use crate::{
    db::DbError,
    intake::{entity::Entity, receipt::Receipt},
};

/// Makes the row, or takes up that of an earlier try, whose fates go.
pub async fn begin(tx: &Transaction<'_>, delivery: &Delivery<'_>) -> Result<Uuid, DbError> {
    if let Some(import_id) = delivery.again {
        let id = [(&import_id as _, Type::UUID)];
        tx.execute_typed("DELETE FROM intake.fates WHERE import_id = $1", &id).await?;
        let sql = "UPDATE intake.imports SET attempts = attempts + 1, attempted_at = now(), status = 'running',
                     outcome = NULL, finished_at = NULL, retryable = false, reason = NULL, receipt = NULL
                   WHERE import_id = $1 AND door <> 'csv' AND outcome = 'refused'";
        if tx.execute_typed(sql, &id).await? == 1 {
            return Ok(import_id);
        }
        return Err(DbError::Unavailable("the import of an earlier try is not there".into()));
    }
    let import_id = Uuid::now_v7();
    tx.execute_typed(
        "INSERT INTO intake.imports (import_id, source, entity, status, door, name, created_by, instance_id)
         VALUES ($1, $2, $3, 'running', $4, $5, $6, $7)",
        &[
            (&import_id, Type::UUID),
            (&delivery.entity.source, Type::TEXT),
            (&delivery.entity.name, Type::TEXT),
            (&delivery.door.as_str(), Type::TEXT),
            (&delivery.name, Type::TEXT),
            (&delivery.created_by, Type::TEXT),
            (&delivery.instance_id, Type::UUID),
        ],
    )
    .await?;
    Ok(import_id)
}

/// The revisions of these facts now.
pub async fn revisions(
    tx: &Transaction<'_>,
    entity: &Entity,
    facts: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, i32>, DbError> {
    let facts: Vec<Uuid> = facts.collect();
    if facts.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT {id}, revision FROM {} WHERE {id} = ANY($1)", entity.table, id = entity.id);
    let rows = tx.query_typed(&sql, &[(&facts, Type::UUID_ARRAY)]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Writes how it ended. `object_modified` is when the newest of its items was told.
pub async fn end(tx: &Transaction<'_>, delivery: &Delivery<'_>, receipt: &Receipt) -> Result<(), DbError> {
    let json = serde_json::to_value(receipt).map_err(|error| DbError::Unavailable(Box::new(error)))?;
    let told = (0..delivery.items.len()).map(|at| order::told_at(delivery, at)).max().unwrap_or(delivery.received_at);
    tx.execute_typed(
        "UPDATE intake.imports SET status = 'done', outcome = $2, retryable = $3, reason = $4, layout = $5, receipt = $6,
                finished_at = $7, object_modified = $8 WHERE import_id = $1",
        &[
            (&receipt.id, Type::UUID),
            (&receipt.outcome.as_str(), Type::TEXT),
            (&receipt.retryable, Type::BOOL),
            (&receipt.code, Type::TEXT),
            (&receipt.layout, Type::TEXT),
            (&json, Type::JSONB),
            (&receipt.finished_at, Type::TIMESTAMPTZ),
            (&told, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    Ok(())
}
