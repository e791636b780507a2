//! One question to a store, with its limits; and the same question again where that may help.

use std::time::Duration;

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use aws_smithy_types::byte_stream::ByteStream;
use jiff::Timestamp;
use shared::bus::backoff;
use tokio::time::Instant;
use url::Url;

use super::{config::Provider, trouble::Trouble};

const VERSION: &str = "1.0.3";
const CONNECT: Duration = Duration::from_secs(5);
/// An answer has this many bytes at most. A thousand statements have about a megabyte.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How often one question is put before the provider is left for the next run.
const TRIES: u32 = 4;

/// What a store answered.
#[derive(Debug)]
pub struct Answer {
    /// The body.
    pub body: Vec<u8>,
    /// `X-Experience-API-Consistent-Through`: up to when nothing stored is missing from it.
    pub consistent: Option<Timestamp>,
}

/// The HTTP and TLS stack that the AWS clients bring, with the patience of a guest.
pub struct Client {
    connector: Connector,
    first_wait: Duration,
}

impl Client {
    /// Prepares the client; nothing is asked yet. `first_wait` is how long it waits after the first failed try.
    pub fn new(first_wait: Duration) -> Self {
        // The time from question to answer is limited below, because a provider's is its own.
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build();
        Self { connector, first_wait }
    }

    /// Asks until there is an answer, nothing would change by asking again, or `until` is near. What `read` makes of
    /// an answer counts as one: a body that was cut off is asked for again.
    ///
    /// # Errors
    /// What went wrong the last time.
    pub async fn ask<T>(
        &self,
        provider: &Provider,
        url: &Url,
        until: Instant,
        read: impl Fn(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut tried = 0;
        loop {
            tried += 1;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::OutOfTime);
            }
            let limit = provider.request.min(left);
            let answered = match tokio::time::timeout(limit, self.once(provider, url)).await {
                Ok(answered) => answered.and_then(&read),
                // The run's end is not the provider's fault.
                Err(_) if limit < provider.request => return Err(Trouble::OutOfTime),
                Err(_) => Err(Trouble::TimedOut),
            };
            let trouble = match answered {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let wait = trouble.retry_after().unwrap_or_default().max(backoff(tried, self.first_wait));
            let left = until.saturating_duration_since(Instant::now());
            tracing::warn!(
                provider = provider.code,
                code = trouble.code(),
                status = trouble.status(),
                tried,
                wait_ms = wait.as_millis() as u64,
                "a provider did not answer as it should"
            );
            if !trouble.passes() || tried == TRIES || wait >= left {
                return Err(trouble);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, provider: &Provider, url: &Url) -> Result<Answer, Trouble> {
        let mut request = HttpRequest::get(url.as_str()).map_err(|_| Trouble::Elsewhere)?;
        let headers = request.headers_mut();
        headers.insert("accept", "application/json");
        headers.insert("authorization", provider.authorization.expose().clone());
        headers.insert("user-agent", "teei-upskilling-sync");
        headers.insert("x-experience-api-version", VERSION);
        let answer = self
            .connector
            .call(request)
            .await
            .map_err(|error| if error.is_timeout() { Trouble::TimedOut } else { Trouble::Unreachable })?;
        let header = |name: &str| answer.headers().get(name).map(str::to_owned);
        let status = answer.status().as_u16();
        if !(200..300).contains(&status) {
            let now = header("date").and_then(|date| http_date(&date)).unwrap_or_else(Timestamp::now);
            let retry_after = header("retry-after").and_then(|value| retry_after(&value, now));
            return Err(Trouble::of_status(status, retry_after));
        }
        let consistent = header("x-experience-api-consistent-through").and_then(|value| value.trim().parse().ok());
        let mut stream = ByteStream::new(answer.into_body());
        let mut body = Vec::new();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes.map_err(|_| Trouble::Broken)?;
            if body.len() + bytes.len() > MAX_BYTES {
                return Err(Trouble::TooLarge);
            }
            body.extend_from_slice(&bytes);
        }
        Ok(Answer { body, consistent })
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date, which is compared with the answer's own date, because a
/// store's clock need not be ours. A date that has passed is no wait.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are longer than anybody waits.
        return Some(Duration::from_secs(value.parse::<u32>().unwrap_or(u32::MAX).into()));
    }
    let wait = http_date(value)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_may_say_seconds_or_a_date_by_its_own_clock() {
        let now: Timestamp = "2026-11-27T05:50:08Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999", Some(u32::MAX.into())),
            ("Fri, 27 Nov 2026 05:51:08 GMT", Some(60)),
            ("Fri, 27 Nov 2026 05:49:08 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
