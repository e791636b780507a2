//! Waking the relay. A nudge is an SQS message that says nothing but "look": losing one costs time and never an
//! event, sending one too many costs a look.

use futures::future::BoxFuture;

use crate::error::{Classified, Retry};

/// How long the nudge sent before a commit waits: longer than any transaction after it should take.
pub const DELAY_SECONDS: u16 = 30;

/// The queue did not take the nudge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the relay's queue did not take the nudge ({0}): try again")]
pub struct NudgeError(pub String);

impl Classified for NudgeError {
    fn retry(&self) -> Retry {
        Retry::Retry
    }
    fn code(&self) -> &'static str {
        "nudge_failed"
    }
}

/// The relay's queue, as narrow as the policy behind it: one message, with a delay.
pub trait Nudger: Send + Sync {
    /// Sends one nudge that becomes visible after `delay_seconds`.
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>>;

    /// Before the commit: whatever kills the writer after its commit, the relay looks within half a minute.
    /// A failure is returned: without this nudge a kill leaves the event to the hourly sweep.
    fn nudge_delayed(&self) -> BoxFuture<'_, Result<(), NudgeError>> {
        self.send(DELAY_SECONDS)
    }

    /// After the commit: the relay looks now. A failure is logged and not returned, because the fact and its event
    /// are in and the delayed nudge is on its way; failing the caller would only make it do its work again.
    fn nudge_now(&self) -> BoxFuture<'_, ()> {
        let sent = self.send(0);
        Box::pin(async move {
            if let Err(error) = sent.await {
                tracing::warn!(
                    code = error.code(),
                    "the nudge after the commit failed; the delayed one wakes the relay"
                );
            }
        })
    }
}

impl<N: Nudger> Nudger for std::sync::Arc<N> {
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>> {
        (**self).send(delay_seconds)
    }
}

/// The real queue.
#[cfg(feature = "sqs")]
pub struct SqsNudger {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

#[cfg(feature = "sqs")]
impl SqsNudger {
    /// Reads `NUDGE_QUEUE_URL`.
    pub fn from_env(env: &crate::config::Env, aws: &aws_config::SdkConfig) -> Result<Self, crate::config::ConfigError> {
        Ok(Self { client: aws_sdk_sqs::Client::new(aws), queue_url: env.required("NUDGE_QUEUE_URL")? })
    }
}

#[cfg(feature = "sqs")]
impl Nudger for SqsNudger {
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>> {
        use aws_sdk_sqs::error::ProvideErrorMetadata;
        Box::pin(async move {
            self.client
                .send_message()
                .queue_url(&self.queue_url)
                .message_body(r#"{"nudge":"outbox"}"#)
                .delay_seconds(delay_seconds.into())
                .send()
                .await
                .map(drop)
                .map_err(|error| NudgeError(error.code().unwrap_or("no answer").to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::testing::RecordedNudges;

    #[tokio::test]
    async fn the_nudge_before_the_commit_waits_and_reports_the_one_after_does_neither() {
        let nudges = RecordedNudges::default();
        nudges.nudge_delayed().await.unwrap();
        nudges.nudge_now().await;
        assert_eq!(nudges.delays(), [30, 0]);
        nudges.fail(true);
        assert_eq!(nudges.nudge_delayed().await.unwrap_err().code(), "nudge_failed");
        nudges.nudge_now().await;
    }
}
