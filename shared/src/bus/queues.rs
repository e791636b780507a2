//! The consumers' queues, as those see them who send to them past the bus: a replay goes to one consumer alone.

use futures::future::BoxFuture;

use crate::error::{Classified, Retry};

/// Messages a request, and bytes of them; headroom for how the queue counts included.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
pub const MAX_MESSAGES: usize = 10;
/// See [`MAX_MESSAGES`].
pub const MAX_BYTES: usize = 240 * 1024;

/// The queue did not do its part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the consumer's queue does not do its part ({0}): try again")]
pub struct QueueError(pub String);

impl Classified for QueueError {
    fn retry(&self) -> Retry {
        Retry::Retry
    }
    fn code(&self) -> &'static str {
        "consumer_queue_unavailable"
    }
}

/// The queues by their consumers' names.
pub trait ConsumerQueues: Send + Sync {
    /// Messages that are not done: waiting, handed out, delayed.
    fn depth<'a>(&'a self, consumer: &'a str) -> BoxFuture<'a, Result<i64, QueueError>>;

    /// Sends at most [`MAX_MESSAGES`] and [`MAX_BYTES`]. An error says that some may not be in.
    fn send<'a>(&'a self, consumer: &'a str, bodies: &'a [String]) -> BoxFuture<'a, Result<(), QueueError>>;
}

impl<Q: ConsumerQueues> ConsumerQueues for std::sync::Arc<Q> {
    fn depth<'a>(&'a self, consumer: &'a str) -> BoxFuture<'a, Result<i64, QueueError>> {
        (**self).depth(consumer)
    }
    fn send<'a>(&'a self, consumer: &'a str, bodies: &'a [String]) -> BoxFuture<'a, Result<(), QueueError>> {
        (**self).send(consumer, bodies)
    }
}

/// Sends any number, in requests that the queue takes.
pub async fn send_all(queues: &dyn ConsumerQueues, consumer: &str, bodies: &[String]) -> Result<(), QueueError> {
    let mut first = 0;
    while first < bodies.len() {
        let mut bytes = 0;
        let within = bodies[first..].iter().take(MAX_MESSAGES).take_while(|body| {
            bytes += body.len();
            bytes <= MAX_BYTES
        });
        let end = first + within.count().max(1);
        queues.send(consumer, &bodies[first..end]).await?;
        first = end;
    }
    Ok(())
}

/// The real queues.
#[cfg(feature = "sqs")]
pub struct SqsConsumerQueues {
    client: aws_sdk_sqs::Client,
    urls: std::collections::HashMap<&'static str, String>,
}

#[cfg(feature = "sqs")]
impl SqsConsumerQueues {
    /// Reads `<CONSUMER>_QUEUE_URL` of every consumer that is declared.
    pub fn from_env(env: &crate::config::Env, aws: &aws_config::SdkConfig) -> Result<Self, crate::config::ConfigError> {
        let urls = crate::contracts::consumers::ALL.iter().map(|consumer| {
            let variable = super::wiring::queue_variable(consumer.name);
            // A configuration error names its variable for as long as the process lives.
            Ok((consumer.name, env.required(variable.leak())?))
        });
        Ok(Self { client: aws_sdk_sqs::Client::new(aws), urls: urls.collect::<Result<_, _>>()? })
    }

    fn url(&self, consumer: &str) -> Result<&str, QueueError> {
        self.urls.get(consumer).map(String::as_str).ok_or_else(|| QueueError("no such consumer".to_owned()))
    }
}

#[cfg(feature = "sqs")]
impl ConsumerQueues for SqsConsumerQueues {
    fn depth<'a>(&'a self, consumer: &'a str) -> BoxFuture<'a, Result<i64, QueueError>> {
        Box::pin(async move { super::wiring::depth(&self.client, self.url(consumer)?).await.map_err(QueueError) })
    }

    fn send<'a>(&'a self, consumer: &'a str, bodies: &'a [String]) -> BoxFuture<'a, Result<(), QueueError>> {
        use aws_sdk_sqs::{error::ProvideErrorMetadata, types::SendMessageBatchRequestEntry as Entry};
        Box::pin(async move {
            let mut request = self.client.send_message_batch().queue_url(self.url(consumer)?);
            for (n, body) in bodies.iter().enumerate() {
                let entry = Entry::builder().id(n.to_string()).message_body(body).build();
                request = request.entries(entry.map_err(|_| QueueError("an entry is incomplete".to_owned()))?);
            }
            let answer = request.send().await;
            let answer = answer.map_err(|error| QueueError(error.code().unwrap_or("no answer").to_owned()))?;
            // The request succeeds when some of its entries do not.
            match answer.failed().first() {
                Some(failed) => Err(QueueError(failed.code().to_owned())),
                None if answer.successful().len() == bodies.len() => Ok(()),
                None => Err(QueueError("answers_missing".to_owned())),
            }
        })
    }
}
