//! An import's row: made by its first delivery, or announced by an upload and bound by it.

use tokio_postgres::{Client, Row, Transaction, types::Type};
use uuid::Uuid;

use super::command::Command;
use crate::{
    db::DbError,
    intake::{blob::ObjectRef, receipt::Receipt},
};

/// What is known of an import before it runs.
#[derive(Debug)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// How it ended so far.
    pub outcome: Option<String>,
    retryable: bool,
    /// Its receipt so far.
    pub receipt: Option<Receipt>,
    /// Only a plan was asked for.
    pub dry_run: bool,
    /// How many events told of the import itself.
    pub told: i32,
    /// What was planned.
    pub plan_hash: Option<String>,
    /// The programme instance that was given with the upload.
    pub instance_id: Option<Uuid>,
    /// The file's name as it was announced.
    pub name: Option<String>,
    /// What a person asked for.
    pub command: Option<Command>,
    /// The object names an announced upload that it is none of.
    pub not_the_upload: bool,
}

const COLUMNS: &str = "import_id, outcome, retryable, receipt, told, dry_run, plan_hash, instance_id, name, command";

impl Import {
    fn read(row: &Row) -> Self {
        let json = |at: usize| row.get::<_, Option<serde_json::Value>>(at);
        Self {
            id: row.get(0),
            outcome: row.get(1),
            retryable: row.get(2),
            receipt: json(3).and_then(|receipt| serde_json::from_value(receipt).ok()),
            told: row.get(4),
            dry_run: row.get(5),
            plan_hash: row.get(6),
            instance_id: row.get(7),
            name: row.get(8),
            command: json(9).and_then(|command| serde_json::from_value(command).ok()),
            not_the_upload: false,
        }
    }

    /// The receipt, if nothing is left to do for a delivery.
    pub fn finished(&self) -> Option<&Receipt> {
        self.receipt.as_ref().filter(|_| !self.retryable)
    }
}

/// Notes the delivery. A file that is done is not run again; one that failed and may do better is. `upload` is the
/// announced import that the object itself names.
pub async fn begin(
    client: &mut Client,
    source: &str,
    object: &ObjectRef,
    upload: Option<Uuid>,
) -> Result<Import, DbError> {
    let bound = match upload {
        Some(import_id) => bind(client, source, object, import_id).await?,
        None => true,
    };
    let dry_run = object.key.starts_with(super::DRY_RUN);
    let row = client
        .query_typed(
            &format!(
                "INSERT INTO intake.imports AS i (import_id, source, status, bucket, object_key, object_version, dry_run)
                 VALUES ($1, $2, 'running', $3, $4, $5, $6)
                 ON CONFLICT (bucket, object_key, object_version) DO UPDATE SET attempts = i.attempts + 1, attempted_at = now(),
                    status = CASE WHEN i.retryable THEN 'running' ELSE i.status END,
                    outcome = CASE WHEN i.retryable THEN NULL ELSE i.outcome END,
                    receipt = CASE WHEN i.retryable THEN NULL ELSE i.receipt END,
                    finished_at = CASE WHEN i.retryable THEN NULL ELSE i.finished_at END,
                    retryable = false
                 RETURNING {COLUMNS}"
            ),
            &[
                (&Uuid::now_v7(), Type::UUID),
                (&source, Type::TEXT),
                (&object.bucket, Type::TEXT),
                (&object.key, Type::TEXT),
                (&object.version, Type::TEXT),
                (&dry_run, Type::BOOL),
            ],
        )
        .await?;
    let row = row.first().ok_or_else(|| DbError::Unavailable("no row came back".into()))?;
    let mut import = Import::read(row);
    import.not_the_upload = !bound && Some(import.id) != upload;
    Ok(import)
}

/// Whether an upload is announced under this key and still waits for its object.
pub async fn is_announced(client: &Client, object: &ObjectRef) -> Result<bool, DbError> {
    let rows = client
        .query_typed(
            "SELECT FROM intake.imports WHERE bucket = $1 AND object_key = $2 AND status = 'waiting_upload' LIMIT 1",
            &[(&object.bucket, Type::TEXT), (&object.key, Type::TEXT)],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Ties the object to the upload that announced it: the first version at that key. A later one is a file of its own.
async fn bind(client: &mut Client, source: &str, object: &ObjectRef, import_id: Uuid) -> Result<bool, DbError> {
    let bound = client
        .execute_typed(
            "UPDATE intake.imports i SET object_version = $5, status = 'running', attempts = 0
             WHERE import_id = $1 AND status = 'waiting_upload' AND source = $2 AND bucket = $3 AND object_key = $4
               AND NOT EXISTS (SELECT FROM intake.imports d WHERE d.bucket = $3 AND d.object_key = $4 AND d.object_version = $5)",
            &[
                (&import_id, Type::UUID),
                (&source, Type::TEXT),
                (&object.bucket, Type::TEXT),
                (&object.key, Type::TEXT),
                (&object.version, Type::TEXT),
            ],
        )
        .await?;
    Ok(bound > 0)
}

/// Holds the import's row until the end: a second delivery at the same time waits here and then finds it done. Weaker
/// than `FOR UPDATE`: another import that writes history refers to the row, and holds the identity lock that this one
/// waits for next.
pub async fn lock(tx: &Transaction<'_>, import_id: Uuid) -> Result<Option<Import>, DbError> {
    let rows = tx
        .query_typed(
            &format!("SELECT {COLUMNS} FROM intake.imports WHERE import_id = $1 FOR NO KEY UPDATE"),
            &[(&import_id, Type::UUID)],
        )
        .await?;
    Ok(rows.first().map(Import::read))
}

/// The import a command is for, marked as running; none of this source with this id, or nothing asked: as it is.
pub async fn begin_command(
    client: &Client,
    source: &str,
    import_id: Uuid,
) -> Result<Option<(Import, ObjectRef)>, DbError> {
    let rows = client
        .query_typed(
            &format!(
                "UPDATE intake.imports SET attempts = attempts + CASE WHEN command IS NULL THEN 0 ELSE 1 END,
                        attempted_at = now(), status = CASE WHEN command IS NULL THEN status ELSE 'running' END
                 WHERE import_id = $1 AND source = $2 RETURNING {COLUMNS}, COALESCE(bucket, ''), COALESCE(object_key, ''), object_version"
            ),
            &[(&import_id, Type::UUID), (&source, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().map(|row| {
        let version: Option<String> = row.get(12);
        let object = ObjectRef { bucket: row.get(10), key: row.get(11), version: version.unwrap_or_default() };
        (Import::read(row), object)
    }))
}
