//! Which came first: what a delivery says of a fact beside when the fact's newest revision was told.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Delivery, reading::Read};
use crate::db::DbError;

/// Facts by whether their newest revision was told after the item that speaks of them, or before. Sorted.
#[derive(Default)]
pub struct Told {
    /// After: the item is stale. Only of what came in live, since the time of a file says little about its records.
    pub newer: Vec<Uuid>,
    /// Before: the item says what holds now, also if an earlier revision said the same.
    pub later: Vec<Uuid>,
}

/// When an item was told: what its source says, never later than it came.
pub fn told_at(delivery: &Delivery<'_>, at: usize) -> Timestamp {
    let said = delivery.items.get(at).and_then(super::Item::told);
    said.map_or(delivery.received_at, |said| said.min(delivery.received_at))
}

/// Compares the items' times with those of the facts they speak of.
pub async fn told(tx: &Transaction<'_>, delivery: &Delivery<'_>, read: &[Read]) -> Result<Told, DbError> {
    let keys: HashMap<&str, usize> =
        read.iter().enumerate().filter_map(|(at, one)| Some((one.record.as_ref().ok()?.key.as_str(), at))).collect();
    let mut told = Told::default();
    if keys.is_empty() {
        return Ok(told);
    }
    let entity = delivery.entity;
    let sql = format!(
        "SELECT t.source_id, t.{}, i.door, i.object_modified FROM {} t JOIN intake.imports i ON i.import_id = t.import_id
         WHERE t.source_id = ANY($1) AND i.undone_at IS NULL AND i.object_modified IS NOT NULL",
        entity.id, entity.table
    );
    let asked: Vec<&str> = keys.keys().copied().collect();
    for row in tx.query_typed(&sql, &[(&asked, Type::TEXT_ARRAY)]).await? {
        let Some(at) = keys.get(row.get::<_, &str>(0)) else { continue };
        let (fact, door, known): (Uuid, &str, Timestamp) = (row.get(1), row.get(2), row.get(3));
        let now = told_at(delivery, *at);
        if known > now && door != "csv" {
            told.newer.push(fact);
        } else if known < now {
            told.later.push(fact);
        }
    }
    told.newer.sort_unstable();
    told.later.sort_unstable();
    Ok(told)
}
