//! One try at one object: surveyed, applied behind a savepoint, kept or told as a plan.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::{Client, Row, Transaction, error::SqlState, types::Type};
use uuid::Uuid;

use super::{
    Engine, OBJECT_GONE,
    command::Command,
    delivery::{self, Import},
};
use crate::{
    bus::outbox::Outbox,
    contracts::Trigger,
    db::DbError,
    identity,
    intake::{
        apply::{About, Apply, ApplyError, OnTheWay},
        blob::{BlobError, ObjectInfo, ObjectRef},
        code::{Code, Refusal},
        fates::Fates,
        plan::Plan,
        reader::RecordReader,
        receipt::{ControlTotal, Outcome, PeopleFound, Planned, Receipt, Warning},
        record::Lines,
        rejects::compare::{Comparison, compare},
        report::{brake, counted},
        survey::{Seen, Survey, SurveyError, survey},
    },
};

/// Even a run whose time is over waits this long for a lock, to write down that it is.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// One attempt at one object.
pub struct Run<'a> {
    pub engine: &'a Engine,
    pub object: ObjectRef,
    pub import: Import,
    pub command: Option<Command>,
    pub started: Timestamp,
    pub deadline: Instant,
}

/// What is done with what was applied behind the savepoint.
enum Verdict {
    Load,
    Plan { code: &'static str, reason: String, moved: bool },
    TooManyRejections,
}

impl Run<'_> {
    pub async fn all(&self, client: &mut Client, info: Option<ObjectInfo>) -> Result<Receipt, ApplyError> {
        let Some(info) = info else {
            let reason = Refusal::new(Code::EmptyFile, "The dropped file is not there any more; drop it again.");
            return self.end_without_facts(client, Outcome::Failed, OBJECT_GONE, reason, Seen::default(), None).await;
        };
        let entities = match self.engine.entities_for(&self.object.key) {
            Ok(entities) => entities,
            Err(refusal) => return self.refuse(client, refusal, Seen::default(), &info).await,
        };
        let found = survey(&self.engine.blobs, &self.object, &info, &entities, client).await;
        let mut survey = match found {
            Ok(survey) => survey,
            Err(SurveyError::Refused(refusal, seen)) => return self.refuse(client, refusal, *seen, &info).await,
            Err(SurveyError::Blob(BlobError::Gone)) => {
                return Err(BlobError::Unavailable("the object went away".to_owned()).into());
            }
            Err(SurveyError::Blob(error)) => return Err(error.into()),
            Err(SurveyError::Db(error)) => return Err(error.into()),
        };
        // What was given with the upload wins over what is declared about the source.
        survey.profile.instance_id = self.import.instance_id.or(survey.profile.instance_id);
        self.apply(client, &survey, &info, false).await
    }

    /// `planning`: somebody may want to see what the file would do. A plan costs a tenth of a large file's time and few
    /// are asked for, so where only the brake asks for one, the file is gone through once more.
    async fn apply(
        &self,
        client: &mut Client,
        survey: &Survey,
        info: &ObjectInfo,
        planning: bool,
    ) -> Result<Receipt, ApplyError> {
        let vault = self.engine.vault.get(client).await?;
        // Cells of a rejects file that were changed outside the rejected column need a person's yes.
        let engine = self.engine;
        let came_back = compare(&engine.blobs, client, engine.entities, survey, &self.object, info).await?;
        // What failed before may have been too large for two passes.
        let failed_before = self.import.outcome.as_deref() == Some("failed");
        let planning =
            planning || failed_before || self.import.dry_run || self.command.is_some() || came_back.changes > 0;
        let mut tx = client.transaction().await?;
        if let Some(receipt) = self.lock(&tx).await? {
            return Ok(receipt);
        }
        identity::lock(&tx).await.map_err(waited_too_long)?;
        let told_newer = self.told_newer(&tx, info).await?;
        let superseded = told_newer.is_some();
        let loaded_before = self.import.outcome.as_deref() == Some("loaded");
        if !loaded_before {
            // The fates of the plan before.
            let sql = "DELETE FROM intake.fates WHERE import_id = $1";
            tx.execute_typed(sql, &[(&self.import.id, Type::UUID)]).await?;
        }

        let mut receipt = self.receipt(Outcome::Loaded, info, Some(survey));
        receipt.first_attempt = came_back.first_attempt;
        receipt.warnings.extend(came_back.warnings.iter().cloned());
        let savepoint = tx.savepoint("facts").await?;
        let about = About {
            mapping: survey.mapping(),
            door: format!("csv/{}", survey.layout.name),
            trigger: Trigger::Import,
            import_id: self.import.id,
            correlation: self.import.id.to_string(),
            now: info.modified,
            deadline: self.deadline,
        };
        let mut apply = Apply::new(&savepoint, vault, about).await?;
        apply.plan = planning.then(Plan::default);
        apply.told_newer = told_newer.unwrap_or_default();
        apply.apply_stale = self.command.as_ref().is_some_and(|command| command.apply_stale);
        if loaded_before {
            apply.fates = Fates::of_a_second_run();
        }
        let mut reader = RecordReader::new(self.engine.blobs.clone(), self.object.clone(), survey.begin(info));
        let mut lines = Lines::of(survey, vault);
        let mut too_many = false;
        let mut on_the_way = OnTheWay::default();
        while let Some(batch) = reader.next(|_| {}).await? {
            match apply.batch(&savepoint, &mut on_the_way, &mut lines, &batch).await {
                Err(ApplyError::TooManyRejections) => {
                    too_many = true;
                    break;
                }
                other => other?,
            }
        }
        on_the_way.finish().await?;
        drop(on_the_way);
        apply.fates.write(&savepoint, self.import.id).await?;
        receipt.tell_fates(&apply.fates);
        tell_control_total(&mut receipt, survey, &apply);
        let plan = apply.plan.take().map(Plan::finish);
        let (known, created) = apply.people.counts();
        if too_many && loaded_before {
            // What was loaded stays as it is.
            savepoint.rollback().await?;
            tx.rollback().await?;
            return self.nothing_to_do(client).await;
        }
        let verdict = match too_many {
            true => Verdict::TooManyRejections,
            false => self.verdict(&receipt, &apply, plan.as_ref().map(|(hash, _)| hash.as_str()), &came_back),
        };
        match verdict {
            Verdict::Load => {
                savepoint.commit().await?;
                receipt.people = PeopleFound { known, created };
                self.tell_loaded(&tx, &mut receipt, survey, superseded, loaded_before).await?;
                if receipt.outcome == Outcome::Loaded {
                    self.publish_completed(&mut apply.outbox, survey, receipt.counts)?;
                }
                apply.outbox.write(&tx).await.map_err(ApplyError::from)?;
                receipt.events = apply.outbox.written();
                if let Some(first) = self.import.receipt.as_ref().filter(|_| loaded_before) {
                    receipt.events += first.events;
                    receipt.people.created += first.people.created;
                    receipt.people.known = receipt.people.known.saturating_sub(first.people.created);
                }
            }
            Verdict::Plan { code, reason, moved } => {
                savepoint.rollback().await?;
                let Some((plan_hash, changes)) = plan else {
                    tx.rollback().await?;
                    drop((apply, lines, reader));
                    return Box::pin(self.apply(client, survey, info, true)).await;
                };
                apply.fates.write_without_facts(&tx, self.import.id).await?;
                receipt.outcome = Outcome::Planned;
                receipt.code = Some(code.to_owned());
                receipt.reason = Some(reason);
                receipt.moved = moved;
                receipt.dry_run = self.import.dry_run;
                receipt.plan_hash = Some(plan_hash);
                let changed_elsewhere = came_back.changed;
                receipt.plan = Some(Planned { changes, people_created: created, changed_elsewhere });
            }
            Verdict::TooManyRejections => {
                // What was read up to here is told with its first rejections; nothing of it is kept.
                savepoint.rollback().await?;
                apply.fates.write_without_facts(&tx, self.import.id).await?;
                receipt.outcome = Outcome::Refused;
                receipt.code = Some(crate::error::Classified::code(&ApplyError::TooManyRejections).to_owned());
                receipt.reason = Some(format!("{}.", ApplyError::TooManyRejections));
                receipt.control_total = None;
                let mut outbox = Outbox::new(&self.import.id.to_string());
                self.publish_refused(&mut outbox, Some(survey.entity.name), receipt.counts)?;
                outbox.write(&tx).await?;
                receipt.events = outbox.written();
            }
        }
        self.end(tx, receipt, Some(info)).await
    }

    fn verdict(
        &self,
        receipt: &Receipt,
        apply: &Apply<'_>,
        plan_hash: Option<&str>,
        came_back: &Comparison,
    ) -> Verdict {
        let plan = |code, reason: String| Verdict::Plan { code, reason, moved: false };
        let accepted = self.command.as_ref().is_some_and(|command| command.accept_changes);
        let cells = || {
            let many = came_back.changes;
            let first = came_back
                .changed
                .first()
                .map(|cell| format!("line {}, {}", cell.line, cell.column))
                .unwrap_or_default();
            format!(
                "{many} cells were changed outside the rejected column ({first}); say that this is meant, then it is loaded."
            )
        };
        match &self.command {
            Some(command) => {
                let seen = command.plan_hash.as_ref().or(self.import.plan_hash.as_ref());
                let planned = self.import.outcome.as_deref() == Some("planned");
                if planned && seen.is_some_and(|seen| Some(seen.as_str()) != plan_hash) {
                    let reason = "What this file would do has changed since it was planned; look at the new plan and commit that.";
                    return Verdict::Plan { code: "moved", reason: reason.to_owned(), moved: true };
                }
                // What is loaded was accepted before.
                let loaded = self.import.outcome.as_deref() == Some("loaded");
                if came_back.changes > 0 && !accepted && !loaded {
                    return plan("changed_elsewhere", cells());
                }
                Verdict::Load
            }
            None if self.import.dry_run => {
                plan("dry_run", "This is a dry run; nothing was applied. Commit it to apply it.".to_owned())
            }
            None if came_back.changes > 0 => plan("changed_elsewhere", cells()),
            None => match brake(self.engine.brake, &receipt.counts, apply) {
                Some(reason) => plan("brake", reason),
                None => Verdict::Load,
            },
        }
    }

    /// `unchanged` where nothing was new or changed and these bytes, or a newer version of the file, were applied before.
    async fn tell_loaded(
        &self,
        tx: &Transaction<'_>,
        receipt: &mut Receipt,
        survey: &Survey,
        superseded: bool,
        loaded_before: bool,
    ) -> Result<(), DbError> {
        receipt.first_import = first_import(tx, self.import.id, &survey.sha256).await?;
        if receipt.counts.new + receipt.counts.changed > 0 || loaded_before {
            return Ok(());
        }
        if superseded {
            receipt.outcome = Outcome::Unchanged;
            receipt.code = Some(Code::StaleRevision.as_str().to_owned());
            receipt.reason = Some(
                "A newer version of this file was imported before; this one came late and was not applied.".to_owned(),
            );
        } else if receipt.first_import.is_some() {
            receipt.outcome = Outcome::Unchanged;
        }
        Ok(())
    }

    /// Holds the import's row until the end. Its receipt, if somebody else did the same meanwhile.
    pub async fn lock(&self, tx: &Transaction<'_>) -> Result<Option<Receipt>, ApplyError> {
        // Whoever waits for another import gives up in time, too.
        let left = self.deadline.saturating_duration_since(Instant::now()).max(LEAST_WAIT);
        // What is asked is asked by key. A table that this transaction fills is larger than its statistics say, so the
        // planner would read all of it for each chunk.
        let settings = format!("SET LOCAL lock_timeout = {}; SET LOCAL enable_seqscan = off", left.as_millis());
        tx.batch_execute(&settings).await?;
        let Some(row) = delivery::lock(tx, self.import.id).await.map_err(waited_too_long)? else { return Ok(None) };
        if self.command.is_some() && row.command == self.command {
            return Ok(None);
        }
        Ok(row.finished().cloned())
    }

    /// Facts that newer versions of the same object tell of, sorted; none where no newer version was applied. Told
    /// late, the older one has nothing to say about them, and everything about what only it has.
    async fn told_newer(&self, tx: &Transaction<'_>, info: &ObjectInfo) -> Result<Option<Vec<Uuid>>, ApplyError> {
        let newer = tx
            .query_typed(
                "SELECT import_id, object_version, object_modified > $3 FROM intake.imports
                 WHERE bucket = $1 AND object_key = $2 AND object_modified >= $3
                 AND import_id <> $4 AND outcome IN ('loaded', 'unchanged')",
                &[
                    (&self.object.bucket, Type::TEXT),
                    (&self.object.key, Type::TEXT),
                    (&info.modified, Type::TIMESTAMPTZ),
                    (&self.import.id, Type::UUID),
                ],
            )
            .await?;
        let newest = match newer.iter().all(|row| row.get(2)) {
            true => None,
            // Written in one second: what the bucket has now is the newer one.
            false => match self.engine.blobs.head(&self.object.bucket, &self.object.key, None).await {
                Ok(now) => Some(now.version),
                Err(BlobError::Gone) => None,
                Err(error) => return Err(error.into()),
            },
        };
        let is_newer = |row: &&Row| row.get(2) || newest.as_deref() == Some(row.get(1));
        let newer: Vec<Uuid> = newer.iter().filter(is_newer).map(|row| row.get(0)).collect();
        if newer.is_empty() {
            return Ok(None);
        }
        let mut facts = Vec::new();
        for import_id in newer {
            let rows = tx
                .query_typed(
                    "SELECT array_remove(facts, NULL) FROM intake.fates WHERE import_id = $1",
                    &[(&import_id, Type::UUID)],
                )
                .await?;
            facts.extend(rows.iter().flat_map(|row| row.get::<_, Vec<Uuid>>(0)));
        }
        facts.sort_unstable();
        facts.dedup();
        Ok(Some(facts))
    }

    /// The version of what is told about the import itself: 1, 2, … however often it was delivered.
    pub fn revision(&self) -> crate::contracts::Revision {
        crate::contracts::Revision::new(self.import.told + 1).unwrap_or(crate::contracts::Revision::FIRST)
    }
}

/// Another import held the lock until the time was nearly over.
pub fn waited_too_long(error: DbError) -> ApplyError {
    match error {
        DbError::Statement(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => ApplyError::TimeLimit,
        other => other.into(),
    }
}

fn tell_control_total(receipt: &mut Receipt, survey: &Survey, apply: &Apply<'_>) {
    receipt.control_total =
        survey.preamble.control_total.map(|stated| ControlTotal { stated, counted: counted(apply) });
    if let Some(total) = receipt.control_total.filter(|total| total.stated != total.counted) {
        receipt.warnings.push(Warning {
            hint: Some(format!("{}, {}", total.stated, total.counted)),
            code: Code::ControlTotalMismatch,
            records: 0,
            first_line: None,
            detail: Some(format!("The file says it has {} records; {} were counted.", total.stated, total.counted)),
        });
    }
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
