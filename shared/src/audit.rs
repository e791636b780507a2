//! Who looked at whom, and who changed what: a row in the transaction of the deed.

use serde_json::Value;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{auth::Claims, db::DbError, http::Ids};

/// Writes one entry. `details` names fields and kinds, never values.
pub async fn note(
    tx: &Transaction<'_>,
    ids: &Ids,
    claims: &Claims,
    action: &'static str,
    target: Option<Uuid>,
    details: &Value,
) -> Result<(), DbError> {
    tx.query_typed(
        "INSERT INTO audit.log (request_id, actor, role, action, target, details) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&ids.request, Type::TEXT),
            (&claims.sub, Type::TEXT),
            (&claims.role.name(), Type::TEXT),
            (&action, Type::TEXT),
            (&target, Type::UUID),
            (details, Type::JSONB),
        ],
    )
    .await?;
    Ok(())
}

/// Several entries of one action: a target and its details each.
pub async fn note_each(
    tx: &Transaction<'_>,
    ids: &Ids,
    claims: &Claims,
    action: &'static str,
    entries: &[(Uuid, Value)],
) -> Result<(), DbError> {
    if entries.is_empty() {
        return Ok(());
    }
    let (targets, details): (Vec<&Uuid>, Vec<&Value>) =
        entries.iter().map(|(target, details)| (target, details)).unzip();
    tx.execute_typed(
        "INSERT INTO audit.log (request_id, actor, role, action, target, details)
         SELECT $1, $2, $3, $4, u.* FROM unnest($5::uuid[], $6::jsonb[]) AS u",
        &[
            (&ids.request, Type::TEXT),
            (&claims.sub, Type::TEXT),
            (&claims.role.name(), Type::TEXT),
            (&action, Type::TEXT),
            (&targets, Type::UUID_ARRAY),
            (&details, Type::JSONB_ARRAY),
        ],
    )
    .await?;
    Ok(())
}
