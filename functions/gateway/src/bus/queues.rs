//! The functions' queues with their dead letters: how many, and moving them back.

use std::{collections::HashMap, sync::Mutex};

use futures::future::BoxFuture;
use shared::{
    bus::wiring::{depth, dlq_variable, queue_variable},
    config::{ConfigError, Env},
    http::{Problem, problem},
};

/// Functions behind a queue, in the order they are shown. The relay's letters are nudges, which say nothing.
pub const FUNCTIONS: [&str; 6] =
    ["profile-projector", "moderation-screener", "kintell-import", "buddy-import", "upskilling-import", RELAY];
/// The relay: what is dead with it are events the bus refused.
pub const RELAY: &str = "bus-relay";

/// A queue did not do its part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a queue does not do its part ({0})")]
pub struct LettersError(pub String);

impl From<LettersError> for Problem {
    fn from(error: LettersError) -> Self {
        Self::new(&problem::QUEUE_UNAVAILABLE).because(error.to_string())
    }
}

/// Messages of one function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depths {
    /// Not done: waiting, handed out, delayed.
    pub waiting: i64,
    /// Dead letters.
    pub dead: i64,
}

/// The queues, as narrow as the policy behind them.
pub trait Letters: Send + Sync {
    /// How many messages a function has, in both queues.
    fn depths<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<Depths, LettersError>>;

    /// Moves a function's dead letters back to its queue: begun here, done by the service, nothing lost in between.
    fn redrive<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<(), LettersError>>;
}

impl<L: Letters> Letters for std::sync::Arc<L> {
    fn depths<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<Depths, LettersError>> {
        (**self).depths(function)
    }
    fn redrive<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<(), LettersError>> {
        (**self).redrive(function)
    }
}

/// The real queues.
pub struct SqsLetters {
    client: aws_sdk_sqs::Client,
    /// By function: its queue, and the queue of its dead letters.
    urls: HashMap<&'static str, (String, String)>,
}

impl SqsLetters {
    /// Reads `<FUNCTION>_QUEUE_URL` and `<FUNCTION>_DLQ_URL` of every function behind a queue; the relay's are `NUDGE_…`.
    pub fn from_env(env: &Env, aws: &aws_config::SdkConfig) -> Result<Self, ConfigError> {
        let mut urls = HashMap::new();
        for function in FUNCTIONS {
            let name = if function == RELAY { "nudge" } else { function };
            // A configuration error names its variable for as long as the process lives.
            let (queue, dlq) = (queue_variable(name).leak(), dlq_variable(name).leak());
            urls.insert(function, (env.required(queue)?, env.required(dlq)?));
        }
        Ok(Self { client: aws_sdk_sqs::Client::new(aws), urls })
    }

    fn urls(&self, function: &str) -> Result<&(String, String), LettersError> {
        self.urls.get(function).ok_or_else(|| LettersError("no queue of this function".to_owned()))
    }

    async fn arn(&self, url: &str) -> Result<String, LettersError> {
        use aws_sdk_sqs::{error::ProvideErrorMetadata, types::QueueAttributeName::QueueArn};
        let answer = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueArn).send().await;
        let answer = answer.map_err(|error| LettersError(error.code().unwrap_or("no answer").to_owned()))?;
        let arn = answer.attributes().and_then(|all| all.get(&QueueArn)).cloned();
        arn.ok_or_else(|| LettersError("a queue has no name".to_owned()))
    }
}

impl Letters for SqsLetters {
    fn depths<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<Depths, LettersError>> {
        Box::pin(async move {
            let (queue, dlq) = self.urls(function)?;
            let (waiting, dead) =
                futures::try_join!(depth(&self.client, queue), depth(&self.client, dlq)).map_err(LettersError)?;
            Ok(Depths { waiting, dead })
        })
    }

    fn redrive<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<(), LettersError>> {
        use aws_sdk_sqs::error::ProvideErrorMetadata;
        Box::pin(async move {
            let (queue, dlq) = self.urls(function)?;
            let (to, from) = (self.arn(queue).await?, self.arn(dlq).await?);
            let begun = self.client.start_message_move_task().source_arn(from).destination_arn(to).send().await;
            begun.map(drop).map_err(|error| LettersError(error.code().unwrap_or("no answer").to_owned()))
        })
    }
}

/// Queues in memory, for tests.
#[derive(Default)]
pub struct RecordedLetters {
    depths: Mutex<HashMap<String, Depths>>,
    redriven: Mutex<Vec<String>>,
    down: std::sync::atomic::AtomicBool,
}

impl RecordedLetters {
    /// From now on a function has so many messages.
    pub fn set(&self, function: &str, depths: Depths) {
        self.depths.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(function.to_owned(), depths);
    }

    /// The functions whose letters were moved back, in order.
    pub fn redriven(&self) -> Vec<String> {
        self.redriven.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// From now on nothing answers, or everything again.
    pub fn fail(&self, fail: bool) {
        self.down.store(fail, std::sync::atomic::Ordering::Relaxed);
    }

    fn up(&self) -> Result<(), LettersError> {
        let down = self.down.load(std::sync::atomic::Ordering::Relaxed);
        if down { Err(LettersError("no answer".to_owned())) } else { Ok(()) }
    }
}

impl Letters for RecordedLetters {
    fn depths<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<Depths, LettersError>> {
        Box::pin(async move {
            self.up()?;
            let depths = self.depths.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(depths.get(function).copied().unwrap_or_default())
        })
    }

    fn redrive<'a>(&'a self, function: &'a str) -> BoxFuture<'a, Result<(), LettersError>> {
        Box::pin(async move {
            self.up()?;
            self.redriven.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(function.to_owned());
            Ok(())
        })
    }
}
