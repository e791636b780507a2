//! The function that a dropped file wakes: the same for every source, which is a parameter.
//!
//! A binary says which [`Source`] it is for, builds an [`App`] and hands [`handle`] to the runtime.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    apply::ApplyError,
    engine::Engine,
    entity::Entity,
    trigger::{self, Job, NotANotification},
};
use crate::{error::Classified, heartbeat::Heartbeat};

/// A source and the function that imports its files.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The source, which is also the folder its files are dropped into: `kintell`.
    pub name: &'static str,
    /// The function: `kintell-import`.
    pub function: &'static str,
    /// What it exports.
    pub entities: &'static [&'static Entity],
}

/// What the function holds between invocations.
pub struct App {
    /// The import engine with its ports.
    pub engine: Engine,
    heartbeat: Heartbeat,
}

/// What the function answers.
#[derive(Debug)]
pub enum Answer {
    /// To SQS: the messages to keep.
    Batch(Value),
    /// To whoever invoked it with a bare notification: what became of each file.
    Files(Vec<Value>),
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Batch(reply) => reply,
            Answer::Files(files) => json!({ "imports": files }),
        }
    }
}

impl App {
    /// The function over a given engine.
    pub fn new(source: &Source, engine: Engine) -> Self {
        Self { engine, heartbeat: Heartbeat::new(source.function, source.name) }
    }

    /// Reads the environment and begins to connect.
    #[cfg(all(feature = "s3", feature = "sqs", feature = "kms"))]
    pub async fn from_env(source: &Source, env: &crate::config::Env) -> Result<Self, crate::config::ConfigError> {
        use crate::{
            bus::nudge::SqsNudger,
            db::{Db, DbConfig},
            intake::{blob::S3, engine::Brake},
            vault::{Kms, LazyVault},
        };
        let aws = crate::config::aws().await;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        Ok(Self::new(
            source,
            Engine {
                db,
                blobs: std::sync::Arc::new(S3::new(&aws)),
                results_bucket: env.required("RESULTS_BUCKET")?,
                nudger: Box::new(SqsNudger::from_env(env, &aws)?),
                vault: LazyVault::new(Box::new(Kms::from_env(env, &aws)?)),
                source: source.name,
                entities: source.entities,
                memory_mb: env.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?,
                brake: Brake::from_env(env)?,
            },
        ))
    }
}

/// What an import of one message ended with.
enum Failed {
    Unreadable(NotANotification),
    Import(ApplyError),
}

/// Imports what the event names, message by message. A message that fails is given back to the queue and at last
/// becomes a dead letter that can be moved back.
///
/// # Errors
/// The first failure of a bare notification; SQS is answered with the failed messages instead.
pub async fn handle(app: &App, event: Value, deadline: Instant) -> Result<Answer, ApplyError> {
    let messages = trigger::messages(&event);
    let (mut failures, mut files, mut failed) = (Vec::new(), Vec::new(), None);
    let mut bare = None;
    for message in messages {
        match run(app, message.jobs, deadline).await {
            Ok(done) => files.extend(done),
            Err(error) => {
                // A message that is no notification says nothing about the importer's health.
                if let Failed::Import(error) = &error {
                    failed = Some(error.code());
                }
                match (message.id, error) {
                    (Some(id), _) => failures.push(json!({ "itemIdentifier": id })),
                    (None, Failed::Import(error)) => bare = Some(error),
                    (None, Failed::Unreadable(error)) => files.push(json!({ "error": error.to_string() })),
                }
            }
        }
    }
    app.heartbeat.note(&app.engine.db, failed).await;
    match bare {
        Some(error) => Err(error),
        None if event.pointer("/Records/0/messageId").is_some() => {
            Ok(Answer::Batch(json!({ "batchItemFailures": failures })))
        }
        None => Ok(Answer::Files(files)),
    }
}

async fn run(app: &App, jobs: Result<Vec<Job>, NotANotification>, deadline: Instant) -> Result<Vec<Value>, Failed> {
    let jobs = jobs.map_err(|error| {
        tracing::error!(code = "not_a_notification", %error, "a message cannot be read");
        Failed::Unreadable(error)
    })?;
    let (mut done, mut failed) = (Vec::new(), None);
    for job in jobs {
        // The engine has logged what failed, with the id everything about this file can be found by. One file that
        // fails does not keep the others of its message waiting.
        let import = match job {
            Job::Import(drop) => app.engine.import(&drop, deadline).await,
            Job::Command(import_id) => app.engine.command(import_id, deadline).await,
        };
        match import {
            Ok(import) => done
                .push(json!({ "import_id": import.import_id, "outcome": import.outcome, "repeated": import.repeated })),
            Err(error) => failed = failed.or(Some(Failed::Import(error))),
        }
    }
    failed.map_or(Ok(done), Err)
}
