//! Who looked at whom, and who changed what: a row in the transaction of the deed.

use serde_json::Value;
use shared::{auth::Claims, db::DbError, http::Ids};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

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
