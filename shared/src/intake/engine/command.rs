//! What a person asked of an import: commit it, or undo it. The command stands in the import's row; a message in the
//! queue says that it does. Told twice, killed anywhere: the command goes with the transaction that did it.

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_postgres::{Client, types::Type};
use uuid::Uuid;

use super::{
    Done, Engine, before,
    delivery::{self, Import},
    run::Run,
};
use crate::{
    db::DbError,
    error::Classified,
    intake::{
        apply::ApplyError,
        blob::BlobError,
        receipt::{CommandFailed, Receipt},
    },
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Apply what was planned, or earlier revisions that came again.
    Commit,
    /// Take back what was applied.
    Undo,
}

impl Kind {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Undo => "undo",
        }
    }
}

/// `intake.imports.command`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Command {
    /// What is asked.
    pub kind: Kind,
    /// Who asks: the token's subject.
    #[serde(default)]
    pub actor: Option<String>,
    /// The request it was asked in: the same words in another request are another command.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Earlier revisions that came again are applied.
    #[serde(default)]
    pub apply_stale: bool,
    /// Cells of a rejects file that were changed outside the rejected column are meant.
    #[serde(default)]
    pub accept_changes: bool,
    /// The plan the person saw.
    #[serde(default)]
    pub plan_hash: Option<String>,
}

impl Command {
    /// Whether an import in this state can be asked for it. The API answers a conflict where not; should the state have
    /// changed since, the command goes without an effect.
    pub fn fits(&self, import: &Import) -> bool {
        // Only a file can be read again: what came in by another door was applied as it came, or not at all.
        let is_delivery = import.receipt.as_ref().is_some_and(|receipt| receipt.file.is_none());
        if is_delivery && self.kind == Kind::Commit {
            return false;
        }
        match (self.kind, import.outcome.as_deref()) {
            (Kind::Commit, Some("planned")) | (Kind::Undo, Some("loaded")) => true,
            (Kind::Commit, Some("loaded" | "unchanged")) => self.apply_stale,
            _ => false,
        }
    }
}

impl Engine {
    pub(super) async fn run_command(&self, import_id: Uuid, deadline: Instant) -> Result<Done, ApplyError> {
        let started = Timestamp::now();
        let mut client = self.db.client().await?;
        let Some((import, object)) = delivery::begin_command(&client, self.source, import_id).await? else {
            tracing::warn!(correlation_id = %import_id, "a command for an import that is not here");
            return Ok(Done { import_id, outcome: "unknown", repeated: true });
        };
        let Some(command) = import.command.clone() else {
            return self.nothing_asked(&client, import_id, import.finished()).await;
        };
        let run =
            Run { engine: self, object, import, command: Some(command.clone()), started, deadline: before(deadline) };
        let receipt = match run.command(&mut client, &command).await {
            Ok(receipt) => receipt,
            Err(error) => {
                if let Err(second) = tell_failure(&client, import_id, command.kind, &error).await {
                    tracing::warn!(correlation_id = %import_id, code = second.code(), "the failure could not be written down");
                }
                return Err(error);
            }
        };
        let Some(receipt) = receipt else { return self.nothing_asked(&client, import_id, None).await };
        self.tell(&receipt);
        self.write_results(&client, &receipt, false).await?;
        Ok(Done { import_id, outcome: receipt.outcome.as_str(), repeated: false })
    }

    /// Told again after it was done: what is missing in the bucket is written.
    async fn nothing_asked(
        &self,
        client: &Client,
        import_id: Uuid,
        receipt: Option<&Receipt>,
    ) -> Result<Done, ApplyError> {
        tracing::info!(correlation_id = %import_id, "nothing is asked of this import, or it was done before");
        if let Some(receipt) = receipt {
            self.write_results(client, receipt, false).await?;
        }
        let outcome = receipt.map_or("unknown", |receipt| receipt.outcome.as_str());
        Ok(Done { import_id, outcome, repeated: true })
    }
}

impl Run<'_> {
    async fn command(&self, client: &mut Client, command: &Command) -> Result<Option<Receipt>, ApplyError> {
        if !command.fits(&self.import) {
            return self.nothing_to_do(client).await.map(Some);
        }
        match command.kind {
            Kind::Undo => self.undo(client).await,
            Kind::Commit => {
                let head = self.engine.blobs.head(&self.object.bucket, &self.object.key, Some(&self.object.version));
                let info = match head.await {
                    Ok(info) => Some(info),
                    Err(BlobError::Gone) => None,
                    Err(error) => return Err(error.into()),
                };
                if info.is_none() && self.import.outcome.as_deref() != Some("planned") {
                    return self.nothing_to_do(client).await.map(Some);
                }
                self.all(client, info).await.map(Some)
            }
        }
    }

    /// The command goes, everything else stays.
    pub(super) async fn nothing_to_do(&self, client: &Client) -> Result<Receipt, ApplyError> {
        tracing::warn!(correlation_id = %self.import.id, "a command that does not fit the import's state any more");
        let request = self.command.as_ref().and_then(|command| command.request_id.as_deref());
        let rows = client
            .query_typed(
                "UPDATE intake.imports SET command = CASE WHEN mine THEN NULL ELSE command END,
                        status = CASE WHEN mine THEN 'done' ELSE status END,
                        receipt = CASE WHEN mine THEN receipt - 'command_failed' ELSE receipt END
                 FROM (SELECT command ->> 'request_id' IS NOT DISTINCT FROM $2 AS mine
                       FROM intake.imports WHERE import_id = $1 FOR NO KEY UPDATE) AS asked
                 WHERE import_id = $1 RETURNING receipt",
                &[(&self.import.id, Type::UUID), (&request, Type::TEXT)],
            )
            .await?;
        rows.first()
            .and_then(|row| serde_json::from_value(row.get::<_, Option<serde_json::Value>>(0)?).ok())
            .ok_or_else(|| DbError::Unavailable("the import has no receipt".into()).into())
    }
}

/// A try that failed is told in the receipt, beside what still holds.
async fn tell_failure(client: &Client, import_id: Uuid, kind: Kind, error: &ApplyError) -> Result<(), DbError> {
    let failed = CommandFailed {
        kind: kind.as_str().to_owned(),
        at: Timestamp::now(),
        code: error.code().to_owned(),
        reason: format!("{error}. Nothing was changed; it is tried again by itself."),
    };
    let failed = serde_json::to_value(failed).unwrap_or_default();
    client
        .execute_typed(
            "UPDATE intake.imports SET receipt = jsonb_set(receipt, '{command_failed}', $2), status = 'queued'
             WHERE import_id = $1 AND command IS NOT NULL",
            &[(&import_id, Type::UUID), (&failed, Type::JSONB)],
        )
        .await?;
    Ok(())
}
