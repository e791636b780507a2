//! The importers' queues: where a commit or an undo is put for the function that knows the source.

use std::{collections::HashMap, sync::Mutex};

use futures::future::BoxFuture;
use serde_json::json;
use shared::{
    config::{ConfigError, Env},
    http::{Problem, problem},
};
use uuid::Uuid;

/// The queue did not take the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the importer's queue did not take the command ({0})")]
pub struct QueueError(pub String);

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        Self::new(&problem::IMPORTER_UNAVAILABLE).because(error.to_string())
    }
}

/// The importers' queues, as narrow as the policy behind them.
pub trait ImportQueues: Send + Sync {
    /// Tells the importer of a source that an import has a command.
    fn send<'a>(&'a self, source: &'a str, import_id: Uuid) -> BoxFuture<'a, Result<(), QueueError>>;
}

impl<Q: ImportQueues> ImportQueues for std::sync::Arc<Q> {
    fn send<'a>(&'a self, source: &'a str, import_id: Uuid) -> BoxFuture<'a, Result<(), QueueError>> {
        (**self).send(source, import_id)
    }
}

/// What an importer reads: `{"teei":"import-command","import_id":"…"}`. What to do stands in the import's row.
pub fn command(import_id: Uuid) -> String {
    json!({ "teei": "import-command", "import_id": import_id }).to_string()
}

/// The real queues.
pub struct SqsImportQueues {
    client: aws_sdk_sqs::Client,
    urls: HashMap<&'static str, String>,
}

impl SqsImportQueues {
    /// Reads `KINTELL_IMPORT_QUEUE_URL`, `BUDDY_IMPORT_QUEUE_URL` and `UPSKILLING_IMPORT_QUEUE_URL`.
    pub fn from_env(env: &Env, aws: &aws_config::SdkConfig) -> Result<Self, ConfigError> {
        let urls = [
            ("kintell", env.required("KINTELL_IMPORT_QUEUE_URL")?),
            ("buddy", env.required("BUDDY_IMPORT_QUEUE_URL")?),
            ("upskilling", env.required("UPSKILLING_IMPORT_QUEUE_URL")?),
        ];
        Ok(Self { client: aws_sdk_sqs::Client::new(aws), urls: urls.into() })
    }
}

impl ImportQueues for SqsImportQueues {
    fn send<'a>(&'a self, source: &'a str, import_id: Uuid) -> BoxFuture<'a, Result<(), QueueError>> {
        use aws_sdk_sqs::error::ProvideErrorMetadata;
        Box::pin(async move {
            let url = self.urls.get(source).ok_or_else(|| QueueError("no queue of this source".to_owned()))?;
            let sent = self.client.send_message().queue_url(url).message_body(command(import_id)).send().await;
            sent.map(drop).map_err(|error| QueueError(error.code().unwrap_or("no answer").to_owned()))
        })
    }
}

/// Queues in memory, for tests.
#[derive(Default)]
pub struct RecordedQueues {
    sent: Mutex<Vec<(String, Uuid)>>,
    down: std::sync::atomic::AtomicBool,
}

impl RecordedQueues {
    /// What was sent: source and import.
    pub fn sent(&self) -> Vec<(String, Uuid)> {
        self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// From now on nothing is taken, or taken again.
    pub fn fail(&self, fail: bool) {
        self.down.store(fail, std::sync::atomic::Ordering::Relaxed);
    }
}

impl ImportQueues for RecordedQueues {
    fn send<'a>(&'a self, source: &'a str, import_id: Uuid) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            if self.down.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(QueueError("no answer".to_owned()));
            }
            self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((source.to_owned(), import_id));
            Ok(())
        })
    }
}
