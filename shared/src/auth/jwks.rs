//! The keys tokens are signed with: given inline, or fetched and kept.
//!
//! Fetched keys are kept for [`Refresh::max_age`]. A token with a key id that is not there asks again (an issuer that
//! rotated), but never more often than [`Refresh::min_interval`], so that invented key ids cannot be turned into
//! requests. When the issuer does not answer, the keys that are there serve for [`Refresh::stale_for`].

use std::{future::Future, pin::Pin, time::Duration};

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use tokio::sync::Mutex;

/// A key set may have this many bytes; an issuer's has a few thousand.
const MAX_BYTES: usize = 256 * 1024;

/// A key with the one algorithm it may be used with.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The usable keys of a set: RS256 and ES256 signing keys. Others (also symmetric ones, which must never verify a
/// token here) are left out.
#[derive(Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        // One key of an unknown kind must not take the set down.
        #[derive(serde::Deserialize)]
        struct Loose {
            keys: Vec<serde_json::Value>,
        }
        let loose: Loose = serde_json::from_slice(json).ok()?;
        let keys = loose.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        let keys: Vec<Key> = JwkSet { keys }.keys.iter().filter_map(usable).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The key a token names. A token without a key id is taken only where there is no choice.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut keys = self.0.iter().filter(|key| match kid {
            Some(kid) => key.kid.as_deref() == Some(kid),
            None => key.algorithm == algorithm,
        });
        let key = keys.next()?;
        (kid.is_some() || keys.next().is_none()).then_some(key)
    }
}

fn usable(jwk: &Jwk) -> Option<Key> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(parameters) if parameters.curve == EllipticCurve::P256 => Algorithm::ES256,
        _ => return None,
    };
    let declared = match jwk.common.key_algorithm {
        None => algorithm,
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(_) => return None,
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    (declared == algorithm).then_some(Key { kid: jwk.common.key_id.clone(), algorithm, key })
}

/// How long fetched keys serve.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// Older keys are asked for again.
    pub max_age: Duration,
    /// The least time between two requests to the issuer.
    pub min_interval: Duration,
    /// How long keys serve that cannot be refreshed; a withdrawn key must not live for ever.
    pub stale_for: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(600),
            min_interval: Duration::from_secs(30),
            stale_for: Duration::from_secs(24 * 3600),
        }
    }
}

/// The issuer did not give its keys. Says no more: the reason is in the log.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's keys cannot be fetched")]
pub struct FetchError;

/// Where keys are fetched from: the network, or a test.
pub trait FetchKeys: Send + Sync {
    /// The JWKS document as it came.
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + '_>>;
}

#[derive(Default)]
struct Cache {
    keys: Keys,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

/// Keys from an issuer, kept.
pub(super) struct Remote {
    source: Box<dyn FetchKeys>,
    refresh: Refresh,
    // One lock over asking too: many requests at a cold start ask the issuer once.
    cache: Mutex<Cache>,
}

impl Remote {
    pub(super) fn new(source: Box<dyn FetchKeys>, refresh: Refresh) -> Self {
        Self { source, refresh, cache: Mutex::default() }
    }

    /// The key a token names; `Err` when there are no keys to judge by.
    pub(super) async fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Option<Key>, FetchError> {
        let mut cache = self.cache.lock().await;
        let age = |at: Option<Timestamp>| at.map_or(SignedDuration::MAX, |at| now.duration_since(at));
        let over = |age: SignedDuration, limit: Duration| age.unsigned_abs() >= limit;
        let known = cache.keys.find(kid, algorithm).is_some();
        let due = !known || over(age(cache.fetched_at), self.refresh.max_age);
        if due && over(age(cache.asked_at), self.refresh.min_interval) {
            cache.asked_at = Some(now);
            match self.source.fetch().await.ok().and_then(|json| Keys::parse(&json)) {
                Some(keys) => {
                    cache.keys = keys;
                    cache.fetched_at = Some(now);
                }
                None => tracing::warn!("the issuer gave no usable keys; the ones that are there go on serving"),
            }
        }
        if over(age(cache.fetched_at), self.refresh.stale_for) {
            return Err(FetchError);
        }
        Ok(cache.keys.find(kid, algorithm).cloned())
    }
}

/// Keys over `https`, through the HTTP and TLS stack the AWS clients bring.
pub struct HttpsKeys {
    url: String,
    connector: Connector,
}

impl HttpsKeys {
    /// Prepares the client; nothing is asked yet.
    pub fn new(url: String) -> Self {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(Duration::from_secs(3))
            .build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build();
        Self { url, connector }
    }
}

impl FetchKeys for HttpsKeys {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + '_>> {
        Box::pin(async move {
            let request = HttpRequest::get(&self.url).map_err(|_| FetchError)?;
            let answer = self.connector.call(request).await.map_err(|_| FetchError)?;
            if !answer.status().is_success() {
                return Err(FetchError);
            }
            let body = axum::body::Body::new(answer.into_body());
            Ok(axum::body::to_bytes(body, MAX_BYTES).await.map_err(|_| FetchError)?.to_vec())
        })
    }
}
