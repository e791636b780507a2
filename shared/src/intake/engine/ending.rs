//! How a run ends: its receipt and row in one transaction with whatever it did, and the nudges around the commit.

use jiff::Timestamp;
use tokio_postgres::{Client, Transaction, types::Type};

use super::{OBJECT_GONE, run::Run};
use crate::{
    bus::outbox::Outbox,
    contracts::{Counts, Entity as EntityName, EventDraft, ImportCompleted, ImportOutcome, ImportRefused, SourceCode},
    db::DbError,
    error::Classified,
    intake::{
        apply::ApplyError,
        blob::ObjectInfo,
        code::{Code, Refusal},
        entity::hex,
        receipt::{DialectFound, File, Outcome, PeopleFound, Receipt, Warning},
        report::{columns, facts_used, unknown_columns},
        survey::{Seen, Survey},
        xlsx,
    },
};

impl Run<'_> {
    /// A try that failed is told in the receipt as well, so that whoever dropped the file need not look at queues. The
    /// message comes again, at last as a dead letter; moved back, it runs once more.
    pub async fn tell_failure(
        &self,
        client: &mut Client,
        info: Option<&ObjectInfo>,
        error: &ApplyError,
    ) -> Result<Receipt, ApplyError> {
        let reason = format!(
            "{error}. Nothing of the file was applied; it is tried again by itself, and waits in the dead-letter queue when it has failed too often."
        );
        let refusal = Refusal::new(Code::TooLarge, reason);
        self.end_without_facts(client, Outcome::Failed, error.code(), refusal, Seen::default(), info).await
    }

    /// Writes receipt and row, nudges, commits, nudges.
    pub async fn end(
        &self,
        tx: Transaction<'_>,
        mut receipt: Receipt,
        info: Option<&ObjectInfo>,
    ) -> Result<Receipt, ApplyError> {
        receipt.tell_time(Timestamp::now(), self.engine.memory_mb);
        let json = serde_json::to_value(&receipt).map_err(|error| DbError::Unavailable(Box::new(error)))?;
        let file = receipt.file.as_ref();
        let sha256 = file.and_then(|file| file.sha256.as_deref()).map(hex_to_bytes);
        let bytes = file.map_or(0, |file| file.bytes as i64);
        tx.execute_typed(
            "UPDATE intake.imports SET status = 'done', outcome = $2, retryable = $3, reason = $4, entity = $5, layout = $6,
                    bytes = $7, sha256 = $8, receipt = $9, finished_at = $10, object_modified = $11, plan_hash = $12, command = NULL,
                    rejects_of = $13, told = told + $14 WHERE import_id = $1",
            &[
                (&self.import.id, Type::UUID),
                (&receipt.outcome.as_str(), Type::TEXT),
                (&receipt.retryable, Type::BOOL),
                (&receipt.code, Type::TEXT),
                (&receipt.entity, Type::TEXT),
                (&receipt.layout, Type::TEXT),
                (&bytes, Type::INT8),
                (&sha256, Type::BYTEA),
                (&json, Type::JSONB),
                (&receipt.finished_at, Type::TIMESTAMPTZ),
                (&info.map(|info| info.modified), Type::TIMESTAMPTZ),
                (&receipt.plan_hash, Type::TEXT),
                (&receipt.first_attempt, Type::UUID),
                (&i32::from(matches!(receipt.outcome, Outcome::Loaded | Outcome::Refused)), Type::INT4),
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

    pub async fn refuse(
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
    pub async fn end_without_facts(
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
        let (version, modified) = (self.object.version.clone(), self.started);
        let nothing = ObjectInfo { bytes: 0, modified, version, import_id: None, language: None };
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
        let mut outbox = Outbox::new(&self.import.id.to_string());
        if outcome == Outcome::Refused {
            self.publish_refused(&mut outbox, seen.entity, Counts::default())?;
        }
        outbox.write(&tx).await?;
        receipt.events = outbox.written();
        self.end(tx, receipt, info).await
    }

    pub fn publish_refused(&self, outbox: &mut Outbox, entity: Option<&str>, counts: Counts) -> Result<(), ApplyError> {
        let refused = ImportRefused {
            import_id: self.import.id,
            source: SourceCode::new(self.engine.source).map_err(contract)?,
            entity: entity.and_then(|entity| entity.parse::<EntityName>().ok()),
            counts,
            outcome: ImportOutcome::Refused,
            revision: self.revision(),
        };
        outbox.push(EventDraft::recorded(refused, self.import.id, &self.import.id.to_string()))?;
        Ok(())
    }

    pub fn publish_completed(&self, outbox: &mut Outbox, survey: &Survey, counts: Counts) -> Result<(), ApplyError> {
        let completed = ImportCompleted {
            import_id: self.import.id,
            source: SourceCode::new(survey.entity.source).map_err(contract)?,
            entity: survey.entity.name.parse::<EntityName>().map_err(contract)?,
            counts,
            outcome: ImportOutcome::Loaded,
            revision: self.revision(),
        };
        outbox.push(EventDraft::recorded(completed, self.import.id, &self.import.id.to_string()))?;
        Ok(())
    }

    fn warnings(&self, survey: Option<&Survey>) -> Vec<Warning> {
        let mut warnings = survey.map(unknown_columns).unwrap_or_default();
        let unread = survey.and_then(|survey| survey.sheet.as_deref()).and_then(xlsx::unread_sheets);
        warnings.extend(unread.map(|detail| Warning {
            code: Code::OtherSheets,
            records: 0,
            first_line: None,
            detail: Some(detail),
            hint: None,
        }));
        if self.import.not_the_upload {
            let detail = "The upload this file was announced with is not waiting any more; it was imported on its own.";
            warnings.push(Warning {
                code: Code::NotTheUpload,
                records: 0,
                first_line: None,
                detail: Some(detail.to_owned()),
                hint: None,
            });
        }
        warnings
    }

    pub fn receipt(&self, outcome: Outcome, info: &ObjectInfo, survey: Option<&Survey>) -> Receipt {
        Receipt {
            id: self.import.id,
            source: self.engine.source.to_owned(),
            entity: survey.map(|survey| survey.entity.name.to_owned()),
            layout: survey.map(|survey| survey.layout.name.to_owned()),
            status: "done".to_owned(),
            door: "csv".to_owned(),
            outcome,
            retryable: false,
            reason: None,
            code: None,
            hint: None,
            file: Some(File {
                bucket: self.object.bucket.clone(),
                key: self.object.key.clone(),
                version: self.object.version.clone(),
                bytes: info.bytes,
                sha256: survey.map(|survey| hex(&survey.sha256)),
            }),
            dialect: survey.map(|survey| DialectFound {
                encoding: match survey.sheet {
                    Some(_) => xlsx::ENCODING.to_owned(),
                    None => survey.dialect.encoding.as_str().to_owned(),
                },
                bom: survey.dialect.bom,
                delimiter: if survey.sheet.is_some() { "none" } else { survey.dialect.delimiter_name() }.to_owned(),
                line_ending: survey.line_ending.to_owned(),
                preamble_lines: survey.preamble.preamble_lines,
            }),
            columns: survey.map(columns),
            facts_used: survey.map(facts_used),
            counts: Counts::default(),
            control_total: None,
            warnings: self.warnings(survey),
            rejects: Vec::new(),
            events: 0,
            people: PeopleFound::default(),
            started_at: self.started,
            finished_at: self.started,
            rows_per_second: 0,
            cents: 0.0,
            first_import: None,
            name: self.import.name.clone(),
            dry_run: false,
            plan: None,
            plan_hash: None,
            moved: false,
            rejects_key: None,
            rejects_xlsx_key: None,
            rejects_note: None,
            first_attempt: None,
            undo: None,
            command_failed: None,
        }
    }
}

/// A value no contract allows.
pub fn contract(error: crate::contracts::ValueError) -> ApplyError {
    crate::bus::outbox::OutboxError::from(crate::contracts::ContractError::Value(error)).into()
}

fn hex_to_bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}
