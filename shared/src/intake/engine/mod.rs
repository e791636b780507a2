//! The life of an import: told once or several times, killed anywhere.
//!
//! ```text
//!            upload announced                      delivery (bucket, key, version)
//!            row "waiting_upload" ──▶ bound ◀──────┘ or a row of its own
//!                                       │ "running"
//!                                pass 1: survey, no transaction
//!                                       │
//!      ┌───────────────── one transaction [`run`] ─────────────────────────┐
//!      │ row locked · identity locked · savepoint · chunks: people, facts, │
//!      │ texts, events, fates · savepoint kept or rolled back · receipt ·  │
//!      │ row "done"                                                        │
//!      └─ delayed nudge just before the commit ─ commit ─ nudge ─ results ─┘
//!             │                 │               │                │
//!          "loaded"        "planned"        "unchanged"      "refused", "failed"
//!             │ undo            │ commit        │ commit, with stale revisions
//!             ▼                 ▼               ▼
//!         "queued" with a command, and a message in the queue: [`command`] runs it under the same id
//! ```
//!
//! | killed | what is there | what the next delivery does |
//! |---|---|---|
//! | before the commit | row "running" | runs it again |
//! | after the commit | everything but perhaps the results | finds "done", writes missing results |
//! | a commit or undo, before its commit | row "running", its outcome and command as before | runs the command again |
//! | a commit or undo, after its commit | everything but perhaps the results | finds no command, writes missing results |
//!
//! What cannot be done now is told in the receipt, goes back to the queue, and ends as a dead letter that can be moved
//! back any number of times.

mod command;
mod delivery;
mod ending;
mod run;
mod undo;

use std::{borrow::Cow, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::Client;
use uuid::Uuid;

pub use super::report::Brake;
use super::{
    apply::ApplyError,
    blob::{BlobError, BlobStore, ObjectRef},
    code::{Code, Refusal},
    entity::{Entity, hex},
    receipt::Receipt,
    rejects,
    trigger::Drop,
};
use crate::{bus::nudge::Nudger, db::Db, error::Classified, vault::LazyVault};
use run::Run;
pub use undo::withdraw;

/// What is left of the function's time when an import gives up, so that the roll-back and the answer fit in.
const TIME_RESERVE: Duration = Duration::from_secs(5);
/// The one failure that another try cannot mend.
const OBJECT_GONE: &str = "object_gone";
/// A key under this prefix is a dry run.
const DRY_RUN: &str = "dry-run/";

/// What the engine works with.
pub struct Engine {
    /// The function's database.
    pub db: Db,
    /// The buckets.
    pub blobs: Arc<dyn BlobStore>,
    /// Where receipts go.
    pub results_bucket: String,
    /// The relay's queue.
    pub nudger: Box<dyn Nudger>,
    /// The vault, opened by the first import.
    pub vault: LazyVault,
    /// The source this importer is for.
    pub source: &'static str,
    /// Its entities.
    pub entities: &'static [&'static Entity],
    /// The function's memory, for the receipt's cost.
    pub memory_mb: u64,
    /// When a person has to look first.
    pub brake: Brake,
}

/// A file as logs name it: its key may hold a name.
pub fn file_tag(key: &str) -> String {
    hex(&super::survey::short(key.as_bytes()))
}

/// How a delivery or a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The import.
    pub import_id: Uuid,
    /// How it ended.
    pub outcome: &'static str,
    /// Whether this was told before: nothing was done now.
    pub repeated: bool,
}

impl Engine {
    /// Imports one dropped object. `deadline` is when the function's time is over.
    ///
    /// # Errors
    /// Anything that another delivery may do better. What it may not is in the receipt, and the delivery is done.
    pub async fn import(&self, drop: &Drop, deadline: Instant) -> Result<Done, ApplyError> {
        // Wherever it fails, it is logged here and once; the id is there as soon as the delivery is noted.
        let mut noted = None;
        let result = self.deliver(drop, deadline, &mut noted).await;
        if let Err(error) = &result {
            let correlation_id = noted.map(tracing::field::display::<Uuid>);
            tracing::error!(correlation_id, file = file_tag(&drop.key), code = error.code(), %error, "an import failed");
        }
        result
    }

    /// Does what a person asked of an import, if it is not done yet.
    ///
    /// # Errors
    /// Anything that another try may do better; the command stays until then.
    pub async fn command(&self, import_id: Uuid, deadline: Instant) -> Result<Done, ApplyError> {
        let result = self.run_command(import_id, deadline).await;
        if let Err(error) = &result {
            tracing::error!(correlation_id = %import_id, code = error.code(), %error, "a command failed");
        }
        result
    }

    async fn deliver(&self, drop: &Drop, deadline: Instant, noted: &mut Option<Uuid>) -> Result<Done, ApplyError> {
        let started = Timestamp::now();
        let mut client = self.db.client().await?;
        let info = match self.blobs.head(&drop.bucket, &drop.key, drop.version.as_deref()).await {
            Ok(info) => Some(info),
            Err(BlobError::Gone) => None,
            Err(error) => {
                let error = error.into();
                *noted = self.note_unread(&mut client, drop, &error, deadline).await;
                return Err(error);
            }
        };
        let version = info
            .as_ref()
            .map(|info| info.version.clone())
            .or(drop.version.clone())
            .unwrap_or_else(|| "null".to_owned());
        let object = ObjectRef { bucket: drop.bucket.clone(), key: drop.key.clone(), version };
        let upload = info.as_ref().and_then(|info| info.import_id);
        let import = delivery::begin(&mut client, self.source, &object, upload).await?;
        *noted = Some(import.id);
        if let Some(receipt) = import.finished() {
            let outcome = receipt.outcome.as_str();
            tracing::info!(correlation_id = %import.id, outcome, "told again; it was done before");
            self.write_results(&client, receipt, true).await?;
            return Ok(Done { import_id: import.id, outcome, repeated: true });
        }
        let import_id = import.id;
        let run = Run { engine: self, object, import, command: None, started, deadline: before(deadline) };
        let receipt = match run.all(&mut client, info.clone()).await {
            Ok(receipt) => receipt,
            Err(error) => {
                match run.tell_failure(&mut client, info.as_ref(), &error).await {
                    // Whoever dropped the file looks in the bucket; that it does not answer either is no second failure.
                    Ok(receipt) => _ = self.write_results(&client, &receipt, false).await,
                    Err(second) => {
                        tracing::warn!(correlation_id = %import_id, code = second.code(), "the failure could not be written down");
                    }
                }
                return Err(error);
            }
        };
        self.tell(&receipt);
        self.write_results(&client, &receipt, false).await?;
        Ok(Done { import_id, outcome: receipt.outcome.as_str(), repeated: false })
    }

    /// A bucket that does not even say what is there is told in a receipt as well, so that somebody sees why the file
    /// waits. Not where an upload is announced under this key: which of the two rows it is nobody can say now.
    async fn note_unread(
        &self,
        client: &mut Client,
        drop: &Drop,
        error: &ApplyError,
        deadline: Instant,
    ) -> Option<Uuid> {
        let object = ObjectRef { bucket: drop.bucket.clone(), key: drop.key.clone(), version: drop.version.clone()? };
        if delivery::is_announced(client, &object).await.unwrap_or(true) {
            return None;
        }
        let import = delivery::begin(client, self.source, &object, None).await.ok()?;
        let id = import.id;
        if import.finished().is_none() {
            let started = Timestamp::now();
            let run = Run { engine: self, object, import, command: None, started, deadline: before(deadline) };
            if let Err(second) = run.tell_failure(client, None, error).await {
                tracing::warn!(correlation_id = %id, code = second.code(), "the failure could not be written down");
            }
        }
        Some(id)
    }

    fn tell(&self, receipt: &Receipt) {
        tracing::info!(
            correlation_id = %receipt.id,
            file = receipt.file.as_ref().map(|file| file_tag(&file.key)),
            door = receipt.door,
            outcome = receipt.outcome.as_str(),
            code = receipt.code.as_deref(),
            records = receipt.counts.records,
            rejected = receipt.counts.rejected,
            events = receipt.events,
            duration_ms = receipt.finished_at.as_millisecond() - receipt.started_at.as_millisecond(),
            "imported"
        );
    }

    /// Writes what stands in the results bucket: after the commit, and once more, only what is missing, whenever the
    /// delivery or command is told again.
    async fn write_results(&self, client: &Client, receipt: &Receipt, only_if_missing: bool) -> Result<(), ApplyError> {
        // What came in by another door has no file, and nothing in the bucket: its receipt is asked for.
        if receipt.file.is_none() {
            return Ok(());
        }
        let mut receipt = Cow::Borrowed(receipt);
        let rejects = rejects::missing(&receipt);
        if rejects {
            let written = rejects::write(&self.blobs, &self.results_bucket, client, self.entities, &receipt).await?;
            written.keep(client, receipt.to_mut()).await?;
        }
        let key = receipt.object_key();
        if only_if_missing && !rejects && self.blobs.exists(&self.results_bucket, &key).await? {
            return Ok(());
        }
        let json = serde_json::to_vec_pretty(receipt.as_ref()).unwrap_or_default();
        Ok(self.blobs.put(&self.results_bucket, &key, "application/json", json).await?)
    }

    /// The entities an object's folder allows: `<source>/<entity>/name` names one, `<source>/name` leaves it to the header.
    fn entities_for(&self, key: &str) -> Result<Vec<&'static Entity>, Refusal> {
        let folders: Vec<&str> = key.strip_prefix(DRY_RUN).unwrap_or(key).split('/').collect();
        match folders.as_slice() {
            [source, _] if *source == self.source => Ok(self.entities.to_vec()),
            [source, entity, _] if *source == self.source => {
                let found: Vec<_> = self.entities.iter().copied().filter(|known| known.name == *entity).collect();
                if found.is_empty() { Err(self.unknown_folder()) } else { Ok(found) }
            }
            _ => Err(self.unknown_folder()),
        }
    }

    fn unknown_folder(&self) -> Refusal {
        let known: Vec<String> =
            self.entities.iter().map(|entity| format!("{}/{}/", self.source, entity.name)).collect();
        Refusal::new(
            Code::WrongEntity,
            format!("The file's folder is none that is read; put it into {} and drop it again.", known.join(" or ")),
        )
        .hinted(known.join(", "))
    }
}

/// When to give up, so that the roll-back and the answer fit in before the function is killed.
fn before(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline - TIME_RESERVE.min(left / 2)
}
