//! The bus as the relay sees it: put some entries, hear about each of them.

use std::future::Future;

/// Entries a request, and bytes of them: the bus takes 10 and 256 KB, headroom for how it counts included.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
pub const MAX_ENTRIES: usize = 10;
/// See [`MAX_ENTRIES`].
pub const MAX_REQUEST_BYTES: usize = 240 * 1024;

/// One event for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `teei.<service>`.
    pub source: String,
    /// The event's type.
    pub detail_type: String,
    /// The CloudEvent as JSON.
    pub detail: String,
}

impl Entry {
    /// The size as the bus counts it, see "Calculating PutEvents event entry size" of its guide; 14 bytes are the time.
    pub fn bytes(&self) -> usize {
        14 + self.source.len() + self.detail_type.len() + self.detail.len()
    }
}

/// What the bus said about one entry: taken, or its error code.
pub type Answer = Result<(), String>;

/// The request as a whole failed; nothing is known about its entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not take the request ({code})")]
pub struct CallError {
    /// The bus's error code.
    pub code: String,
    /// What to make of it.
    pub kind: CallErrorKind,
}

/// What to make of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// No answer, throttled, or a defect on the other side: the same request may succeed.
    Transient,
    /// The request is none the bus takes: one of its entries is to blame.
    Rejected,
    /// The function may not put events, or the bus is not there: for a person to mend.
    Refused,
}

/// The bus.
pub trait EventBus: Send + Sync {
    /// Puts entries, at most [`MAX_ENTRIES`] and [`MAX_REQUEST_BYTES`]. The answers stand in the entries' order,
    /// one each. One try: the caller decides about others.
    fn put(&self, entries: &[Entry]) -> impl Future<Output = Result<Vec<Answer>, CallError>> + Send;
}

impl<B: EventBus> EventBus for std::sync::Arc<B> {
    fn put(&self, entries: &[Entry]) -> impl Future<Output = Result<Vec<Answer>, CallError>> + Send {
        (**self).put(entries)
    }
}

/// The real bus.
#[cfg(feature = "eventbridge")]
pub struct EventBridge {
    client: aws_sdk_eventbridge::Client,
    bus: String,
}

#[cfg(feature = "eventbridge")]
impl EventBridge {
    /// Reads `EVENT_BUS`, the name of the bus.
    pub fn from_env(env: &crate::config::Env, aws: &aws_config::SdkConfig) -> Result<Self, crate::config::ConfigError> {
        use aws_sdk_eventbridge::config::{Builder, retry::RetryConfig, timeout::TimeoutConfig};
        let limit = std::time::Duration::from_secs(5);
        let config = Builder::from(aws)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
            .build();
        Ok(Self { client: aws_sdk_eventbridge::Client::from_conf(config), bus: env.required("EVENT_BUS")? })
    }
}

#[cfg(feature = "eventbridge")]
impl EventBus for EventBridge {
    async fn put(&self, entries: &[Entry]) -> Result<Vec<Answer>, CallError> {
        use aws_sdk_eventbridge::{error::ProvideErrorMetadata, types::PutEventsRequestEntry};
        let request = entries.iter().fold(self.client.put_events(), |request, entry| {
            request.entries(
                PutEventsRequestEntry::builder()
                    .event_bus_name(&self.bus)
                    .source(&entry.source)
                    .detail_type(&entry.detail_type)
                    .detail(&entry.detail)
                    .build(),
            )
        });
        let answer = request.send().await.map_err(|error| {
            let status = error.raw_response().map(|response| response.status().as_u16());
            let code =
                error.code().map_or_else(|| status.map_or("no answer".to_owned(), |s| s.to_string()), str::to_owned);
            CallError { kind: kind_of(&code, status), code }
        })?;
        Ok(answer
            .entries()
            .iter()
            .map(|entry| entry.error_code().map_or(Ok(()), |code| Err(code.to_owned())))
            .collect())
    }
}

/// Sorts a failed request. What is not known to be for good is tried again.
#[cfg(any(feature = "eventbridge", test))]
fn kind_of(code: &str, status: Option<u16>) -> CallErrorKind {
    match (code, status) {
        ("ValidationException" | "RequestEntityTooLarge" | "SerializationException", _) | (_, Some(413)) => {
            CallErrorKind::Rejected
        }
        (code, _) if code.starts_with("AccessDenied") || code.starts_with("ResourceNotFound") => CallErrorKind::Refused,
        ("UnrecognizedClientException" | "InvalidSignatureException" | "MissingAuthenticationToken", _) => {
            CallErrorKind::Refused
        }
        _ => CallErrorKind::Transient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_requests_are_sorted_and_the_unknown_is_tried_again() {
        assert_eq!(kind_of("ValidationException", Some(400)), CallErrorKind::Rejected);
        assert_eq!(kind_of("413", Some(413)), CallErrorKind::Rejected);
        assert_eq!(kind_of("AccessDeniedException", Some(400)), CallErrorKind::Refused);
        assert_eq!(kind_of("ResourceNotFoundException", Some(400)), CallErrorKind::Refused);
        for code in ["InternalException", "ThrottlingException", "no answer", "503"] {
            assert_eq!(kind_of(code, None), CallErrorKind::Transient, "{code}");
        }
    }
}
