//! The whole way of one dropped file, told once or several times, killed anywhere.
//!
//! ```text
//! delivery (bucket, key, version) ─▶ row "running" ─▶ pass 1: survey, no transaction
//!                                                       │
//!      ┌────────────────────────── one transaction ─────┴───────────────────────────┐
//!      │ row locked · identity locked · chunks: people, facts, texts, events ·       │
//!      │ fates · receipt · row "done"                                                │
//!      └─ delayed nudge just before the commit ─ commit ─ nudge ─ receipt.json ──────┘
//! ```
//!
//! | killed | what is there | what the next delivery does |
//! |---|---|---|
//! | before the commit | row "running" | runs it again |
//! | after the commit | everything but perhaps `receipt.json` | finds "done", writes a missing `receipt.json` |

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Client, Transaction, types::Type};
use uuid::Uuid;

use super::{
    apply::{Apply, ApplyError},
    blob::{BlobError, BlobStore, ObjectInfo, ObjectRef},
    code::Refusal,
    entity::{Entity, hex},
    reader::RecordReader,
    receipt::{ControlTotal, DialectFound, File, Outcome, PeopleFound, Receipt, Warning},
    report::{brake, columns, counted, facts_used, unknown_columns},
    survey::{Seen, Survey, SurveyError, survey},
    trigger::Drop,
};
use crate::{
    bus::{nudge::Nudger, outbox::Outbox},
    contracts::{
        Counts, Entity as EntityName, EventDraft, ImportCompleted, ImportOutcome, ImportRefused, Revision, SourceCode,
    },
    db::{Db, DbError},
    error::Classified,
    identity,
    vault::LazyVault,
};

/// What is left of the function's time when an import gives up, so that the roll-back and the answer fit in.
const TIME_RESERVE: Duration = Duration::from_secs(5);
/// The one failure that another try cannot mend.
const OBJECT_GONE: &str = "object_gone";

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
}

/// A file as logs name it: its key may hold a name.
pub fn file_tag(key: &str) -> String {
    hex(&super::survey::short(key.as_bytes()))
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The import.
    pub import_id: Uuid,
    /// How it ended.
    pub outcome: &'static str,
    /// Whether this delivery was told before.
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
        let result = self.run(drop, deadline, &mut noted).await;
        if let Err(error) = &result {
            let correlation_id = noted.map(tracing::field::display::<Uuid>);
            tracing::error!(correlation_id, file = file_tag(&drop.key), code = error.code(), %error, "an import failed");
        }
        result
    }

    async fn run(&self, drop: &Drop, deadline: Instant, noted: &mut Option<Uuid>) -> Result<Done, ApplyError> {
        let started = Timestamp::now();
        let mut client = self.db.client().await?;
        let info = match self.blobs.head(&drop.bucket, &drop.key, drop.version.as_deref()).await {
            Ok(info) => Some(info),
            Err(BlobError::Gone) => None,
            Err(error) => return Err(error.into()),
        };
        let version = info
            .as_ref()
            .map(|info| info.version.clone())
            .or(drop.version.clone())
            .unwrap_or_else(|| "null".to_owned());
        let object = ObjectRef { bucket: drop.bucket.clone(), key: drop.key.clone(), version };
        let (import_id, done) = begin(&client, self.source, &object).await?;
        *noted = Some(import_id);
        if let Some((outcome, receipt)) = done {
            tracing::info!(correlation_id = %import_id, outcome, "told again; it was done before");
            self.write_receipt(&receipt, true).await?;
            return Ok(Done { import_id, outcome, repeated: true });
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let run = Run { engine: self, object, import_id, started, deadline: deadline - TIME_RESERVE.min(left / 2) };
        let receipt = match run.all(&mut client, info.clone()).await {
            Ok(receipt) => receipt,
            Err(error) => {
                if let Err(second) = run.tell_failure(&mut client, info.as_ref(), &error).await {
                    tracing::warn!(correlation_id = %import_id, code = second.code(), "the failure could not be written down");
                }
                return Err(error);
            }
        };
        tracing::info!(
            correlation_id = %import_id,
            file = file_tag(&drop.key),
            outcome = receipt.outcome.as_str(),
            code = receipt.code.as_deref(),
            records = receipt.counts.records,
            rejected = receipt.counts.rejected,
            events = receipt.events,
            duration_ms = receipt.finished_at.as_millisecond() - receipt.started_at.as_millisecond(),
            "imported"
        );
        self.write_receipt(&receipt, false).await?;
        Ok(Done { import_id, outcome: receipt.outcome.as_str(), repeated: false })
    }

    async fn write_receipt(&self, receipt: &Receipt, only_if_missing: bool) -> Result<(), ApplyError> {
        let key = receipt.object_key();
        if only_if_missing && self.blobs.exists(&self.results_bucket, &key).await? {
            return Ok(());
        }
        let json = serde_json::to_vec_pretty(receipt).unwrap_or_default();
        Ok(self.blobs.put(&self.results_bucket, &key, "application/json", json).await?)
    }

    /// The entities an object's folder allows: `<source>/<entity>/name` names one, `<source>/name` leaves it to the header.
    fn entities_for(&self, key: &str) -> Result<Vec<&'static Entity>, Refusal> {
        let folders: Vec<&str> = key.split('/').collect();
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
            super::code::Code::WrongEntity,
            format!("The file's folder is none that is read; put it into {} and drop it again.", known.join(" or ")),
        )
        .hinted(known.join(", "))
    }
}

/// Notes the delivery. A file that is done is not run again; one that failed and may do better is.
async fn begin(
    client: &Client,
    source: &str,
    object: &ObjectRef,
) -> Result<(Uuid, Option<(&'static str, Receipt)>), DbError> {
    let row = client
        .query_typed(
            "INSERT INTO intake.imports AS i (import_id, source, status, bucket, object_key, object_version)
             VALUES ($1, $2, 'running', $3, $4, $5)
             ON CONFLICT (bucket, object_key, object_version) DO UPDATE SET attempts = i.attempts + 1, attempted_at = now(),
                status = CASE WHEN i.retryable THEN 'running' ELSE i.status END,
                outcome = CASE WHEN i.retryable THEN NULL ELSE i.outcome END,
                receipt = CASE WHEN i.retryable THEN NULL ELSE i.receipt END,
                finished_at = CASE WHEN i.retryable THEN NULL ELSE i.finished_at END,
                retryable = false
             RETURNING import_id, outcome, retryable, receipt",
            &[
                (&Uuid::now_v7(), Type::UUID),
                (&source, Type::TEXT),
                (&object.bucket, Type::TEXT),
                (&object.key, Type::TEXT),
                (&object.version, Type::TEXT),
            ],
        )
        .await?;
    let row = row.first().ok_or_else(|| DbError::Unavailable("no row came back".into()))?;
    let receipt = finished(row);
    Ok((row.get(0), receipt))
}

/// The outcome and receipt of a row (…, outcome, retryable, receipt), if nothing is left to do.
fn finished(row: &tokio_postgres::Row) -> Option<(&'static str, Receipt)> {
    let retryable: bool = row.get(2);
    let receipt: Receipt = serde_json::from_value(row.get::<_, Option<serde_json::Value>>(3)?).ok()?;
    (!retryable).then(|| (receipt.outcome.as_str(), receipt))
}

/// One attempt at one object.
struct Run<'a> {
    engine: &'a Engine,
    object: ObjectRef,
    import_id: Uuid,
    started: Timestamp,
    deadline: Instant,
}

impl Run<'_> {
    async fn all(&self, client: &mut Client, info: Option<ObjectInfo>) -> Result<Receipt, ApplyError> {
        let Some(info) = info else {
            let reason =
                Refusal::new(super::code::Code::EmptyFile, "The dropped file is not there any more; drop it again.");
            return self.end_without_facts(client, Outcome::Failed, OBJECT_GONE, reason, Seen::default(), None).await;
        };
        let entities = match self.engine.entities_for(&self.object.key) {
            Ok(entities) => entities,
            Err(refusal) => return self.refuse(client, refusal, Seen::default(), &info).await,
        };
        let found = survey(&self.engine.blobs, &self.object, &info, &entities, client).await;
        let survey = match found {
            Ok(survey) => survey,
            Err(SurveyError::Refused(refusal, seen)) => return self.refuse(client, refusal, *seen, &info).await,
            Err(SurveyError::Blob(BlobError::Gone)) => {
                return Err(BlobError::Unavailable("the object went away".to_owned()).into());
            }
            Err(SurveyError::Blob(error)) => return Err(error.into()),
            Err(SurveyError::Db(error)) => return Err(error.into()),
        };
        self.apply(client, &survey, &info).await
    }

    /// A try that failed is told in the receipt as well, so that whoever dropped the file need not look at queues. The
    /// message comes again, at last as a dead letter; moved back, it runs once more.
    async fn tell_failure(
        &self,
        client: &mut Client,
        info: Option<&ObjectInfo>,
        error: &ApplyError,
    ) -> Result<(), ApplyError> {
        let reason = format!("{error}. Nothing of the file was applied; it is tried again by itself.");
        let refusal = Refusal::new(super::code::Code::TooLarge, reason);
        self.end_without_facts(client, Outcome::Failed, error.code(), refusal, Seen::default(), info).await.map(drop)
    }

    async fn apply(&self, client: &mut Client, survey: &Survey, info: &ObjectInfo) -> Result<Receipt, ApplyError> {
        let vault = self.engine.vault.get(client).await?;
        let mut tx = client.transaction().await?;
        if let Some(receipt) = self.lock(&tx).await? {
            return Ok(receipt);
        }
        identity::lock(&tx).await?;
        if self.superseded(&tx, info).await? {
            let mut receipt = self.receipt(Outcome::Unchanged, info, Some(survey));
            receipt.code = Some(super::code::Code::StaleRevision.as_str().to_owned());
            receipt.reason = Some(
                "A newer version of this file was imported before; this one came late and was not applied.".to_owned(),
            );
            return self.end(tx, receipt, Some(info)).await;
        }
        let mut receipt = self.receipt(Outcome::Loaded, info, Some(survey));
        let savepoint = tx.savepoint("facts").await?;
        let mut apply = Apply::new(&savepoint, survey, vault, self.import_id, info.modified, self.deadline).await?;
        let mut reader = RecordReader::new(self.engine.blobs.clone(), self.object.clone(), survey.begin(info));
        let mut too_many = false;
        while let Some(batch) = reader.next(|_| {}).await? {
            match apply.batch(&savepoint, &batch).await {
                Err(ApplyError::TooManyRejections) => {
                    too_many = true;
                    break;
                }
                other => other?,
            }
        }
        receipt.tell_fates(&apply.fates);
        receipt.control_total =
            survey.preamble.control_total.map(|stated| ControlTotal { stated, counted: counted(&apply) });
        if let Some(total) = receipt.control_total.filter(|total| total.stated != total.counted) {
            receipt.warnings.push(Warning {
                hint: Some(format!("{}, {}", total.stated, total.counted)),
                code: super::code::Code::ControlTotalMismatch,
                records: 0,
                first_line: None,
                detail: Some(format!("The file says it has {} records; {} were counted.", total.stated, total.counted)),
            });
        }
        if too_many {
            // What was read up to here is told with its first rejections; nothing of it is kept.
            savepoint.rollback().await?;
            apply.fates.without_new_facts();
            receipt.outcome = Outcome::Refused;
            receipt.code = Some(ApplyError::TooManyRejections.code().to_owned());
            receipt.reason = Some(format!("{}.", ApplyError::TooManyRejections));
            receipt.control_total = None;
            let mut outbox = Outbox::new(&self.import_id.to_string());
            self.publish_refused(&mut outbox, Some(survey.entity.name), receipt.counts)?;
            outbox.write(&tx).await?;
            receipt.events = outbox.written();
        } else if let Some(reason) = brake(&receipt.counts, &apply) {
            savepoint.rollback().await?;
            apply.fates.without_new_facts();
            receipt.outcome = Outcome::Planned;
            receipt.code = Some("brake".to_owned());
            receipt.reason = Some(reason);
        } else {
            savepoint.commit().await?;
            let (known, created) = apply.people.counts();
            receipt.people = PeopleFound { known, created };
            receipt.first_import = first_import(&tx, self.import_id, &survey.sha256).await?;
            if receipt.counts.new + receipt.counts.changed == 0 && receipt.first_import.is_some() {
                receipt.outcome = Outcome::Unchanged;
            } else {
                self.publish_completed(&mut apply.outbox, survey, receipt.counts)?;
            }
            apply.outbox.write(&tx).await.map_err(ApplyError::from)?;
            receipt.events = apply.outbox.written();
        }
        apply.fates.write(&tx, self.import_id).await?;
        self.end(tx, receipt, Some(info)).await
    }

    /// Holds the import's row until the end: a second delivery at the same time waits here and then finds it done.
    async fn lock(&self, tx: &Transaction<'_>) -> Result<Option<Receipt>, ApplyError> {
        let row = tx
            .query_typed(
                "SELECT import_id, outcome, retryable, receipt FROM intake.imports WHERE import_id = $1 FOR UPDATE",
                &[(&self.import_id, Type::UUID)],
            )
            .await?;
        Ok(row.first().and_then(finished).map(|(_, receipt)| receipt))
    }

    /// Whether a newer version of the same object was imported before: told late, the older one changes nothing.
    async fn superseded(&self, tx: &Transaction<'_>, info: &ObjectInfo) -> Result<bool, DbError> {
        let newer = tx
            .query_typed(
                "SELECT 1 FROM intake.imports WHERE bucket = $1 AND object_key = $2 AND object_modified > $3
                 AND outcome IN ('loaded', 'unchanged') LIMIT 1",
                &[
                    (&self.object.bucket, Type::TEXT),
                    (&self.object.key, Type::TEXT),
                    (&info.modified, Type::TIMESTAMPTZ),
                ],
            )
            .await?;
        Ok(!newer.is_empty())
    }

    /// Writes receipt and row, nudges, commits, nudges.
    async fn end(
        &self,
        tx: Transaction<'_>,
        mut receipt: Receipt,
        info: Option<&ObjectInfo>,
    ) -> Result<Receipt, ApplyError> {
        receipt.tell_time(Timestamp::now(), self.engine.memory_mb);
        let json = serde_json::to_value(&receipt).map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let sha256 = receipt.file.sha256.as_deref().map(hex_to_bytes);
        tx.execute_typed(
            "UPDATE intake.imports SET status = 'done', outcome = $2, retryable = $3, reason = $4, entity = $5, layout = $6,
                    bytes = $7, sha256 = $8, receipt = $9, finished_at = $10, object_modified = $11 WHERE import_id = $1",
            &[
                (&self.import_id, Type::UUID),
                (&receipt.outcome.as_str(), Type::TEXT),
                (&receipt.retryable, Type::BOOL),
                (&receipt.code, Type::TEXT),
                (&receipt.entity, Type::TEXT),
                (&receipt.layout, Type::TEXT),
                (&(receipt.file.bytes as i64), Type::INT8),
                (&sha256, Type::BYTEA),
                (&json, Type::JSONB),
                (&receipt.finished_at, Type::TIMESTAMPTZ),
                (&info.map(|info| info.modified), Type::TIMESTAMPTZ),
            ],
        )
        .await?;
        let published = receipt.events > 0;
        if published {
            self.engine.nudger.nudge_delayed().await?;
        }
        tx.commit().await?;
        if published {
            self.engine.nudger.nudge_now().await;
        }
        Ok(receipt)
    }

    async fn refuse(
        &self,
        client: &mut Client,
        refusal: Refusal,
        seen: Seen,
        info: &ObjectInfo,
    ) -> Result<Receipt, ApplyError> {
        let code = refusal.code.as_str();
        self.end_without_facts(client, Outcome::Refused, code, refusal, seen, Some(info)).await
    }

    /// Ends a file of which nothing is applied.
    async fn end_without_facts(
        &self,
        client: &mut Client,
        outcome: Outcome,
        code: &str,
        refusal: Refusal,
        seen: Seen,
        info: Option<&ObjectInfo>,
    ) -> Result<Receipt, ApplyError> {
        let tx = client.transaction().await?;
        if let Some(receipt) = self.lock(&tx).await? {
            return Ok(receipt);
        }
        let nothing = ObjectInfo { bytes: 0, modified: self.started, version: self.object.version.clone() };
        let mut receipt = self.receipt(outcome, info.unwrap_or(&nothing), None);
        receipt.entity = seen.entity.map(ToOwned::to_owned);
        receipt.dialect = seen.dialect.map(|dialect| DialectFound {
            encoding: dialect.encoding.as_str().to_owned(),
            bom: dialect.bom,
            delimiter: dialect.delimiter_name().to_owned(),
            line_ending: "none".to_owned(),
            preamble_lines: 0,
        });
        receipt.retryable = outcome == Outcome::Failed && code != OBJECT_GONE;
        receipt.code = Some(code.to_owned());
        receipt.reason = Some(refusal.reason);
        receipt.hint = refusal.hint;
        let mut outbox = Outbox::new(&self.import_id.to_string());
        if outcome == Outcome::Refused {
            self.publish_refused(&mut outbox, seen.entity, Counts::default())?;
        }
        outbox.write(&tx).await?;
        receipt.events = outbox.written();
        self.end(tx, receipt, info).await
    }

    fn publish_refused(&self, outbox: &mut Outbox, entity: Option<&str>, counts: Counts) -> Result<(), ApplyError> {
        let refused = ImportRefused {
            import_id: self.import_id,
            source: SourceCode::new(self.engine.source).map_err(contract)?,
            entity: entity.and_then(|entity| entity.parse::<EntityName>().ok()),
            counts,
            outcome: ImportOutcome::Refused,
            revision: Revision::FIRST,
        };
        outbox.push(EventDraft::recorded(refused, self.import_id, &self.import_id.to_string()))?;
        Ok(())
    }

    fn publish_completed(&self, outbox: &mut Outbox, survey: &Survey, counts: Counts) -> Result<(), ApplyError> {
        let completed = ImportCompleted {
            import_id: self.import_id,
            source: SourceCode::new(survey.entity.source).map_err(contract)?,
            entity: survey.entity.name.parse::<EntityName>().map_err(contract)?,
            counts,
            outcome: ImportOutcome::Loaded,
            revision: Revision::FIRST,
        };
        outbox.push(EventDraft::recorded(completed, self.import_id, &self.import_id.to_string()))?;
        Ok(())
    }

    fn receipt(&self, outcome: Outcome, info: &ObjectInfo, survey: Option<&Survey>) -> Receipt {
        Receipt {
            id: self.import_id,
            source: self.engine.source.to_owned(),
            entity: survey.map(|survey| survey.entity.name.to_owned()),
            layout: survey.map(|survey| survey.layout.name.to_owned()),
            status: "done".to_owned(),
            outcome,
            retryable: false,
            reason: None,
            code: None,
            hint: None,
            file: File {
                bucket: self.object.bucket.clone(),
                key: self.object.key.clone(),
                version: self.object.version.clone(),
                bytes: info.bytes,
                sha256: survey.map(|survey| hex(&survey.sha256)),
            },
            dialect: survey.map(|survey| DialectFound {
                encoding: survey.dialect.encoding.as_str().to_owned(),
                bom: survey.dialect.bom,
                delimiter: survey.dialect.delimiter_name().to_owned(),
                line_ending: survey.line_ending.to_owned(),
                preamble_lines: survey.preamble.preamble_lines,
            }),
            columns: survey.map(columns),
            facts_used: survey.map(facts_used),
            counts: Counts::default(),
            control_total: None,
            warnings: survey.map(unknown_columns).unwrap_or_default(),
            rejects: Vec::new(),
            events: 0,
            people: PeopleFound::default(),
            started_at: self.started,
            finished_at: self.started,
            rows_per_second: 0,
            cents: 0.0,
            first_import: None,
            name: None,
            dry_run: false,
            plan: None,
            plan_hash: None,
            moved: false,
            rejects_key: None,
            rejects_xlsx_key: None,
            first_attempt: None,
            undo: None,
            command_failed: None,
        }
    }
}

fn contract(error: crate::contracts::ValueError) -> ApplyError {
    crate::bus::outbox::OutboxError::from(crate::contracts::ContractError::Value(error)).into()
}

fn hex_to_bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// The earliest other import that had these bytes and was not undone.
async fn first_import(tx: &Transaction<'_>, import_id: Uuid, sha256: &[u8]) -> Result<Option<Uuid>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT import_id FROM intake.imports WHERE sha256 = $1 AND import_id <> $2 AND outcome IN ('loaded', 'unchanged')
             ORDER BY created_at, import_id LIMIT 1",
            &[(&sha256, Type::BYTEA), (&import_id, Type::UUID)],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}
