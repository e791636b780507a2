//! Secrets asked for once and kept a while.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::{Message, Secrets, SignatureError, verify};
use crate::pii::Pii;

/// How long secrets serve.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Older ones are asked for again.
    pub max_age: SignedDuration,
    /// A wrong signature asks again (a secret that was replaced), but never more often than this: whoever signs wrongly
    /// on purpose must not be able to turn that into requests.
    pub min_interval: SignedDuration,
    /// How long they serve when the store does not answer; a withdrawn one must not live for ever.
    pub stale_for: SignedDuration,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            max_age: SignedDuration::from_mins(5),
            min_interval: SignedDuration::from_secs(15),
            stale_for: SignedDuration::from_hours(1),
        }
    }
}

/// The secrets are not there. The code is the store's, or says that what is stored cannot be used; for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secrets of the signatures cannot be read ({0})")]
pub struct SecretsUnavailable(pub String);

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its signature.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Nothing to judge it by.
    #[error(transparent)]
    Secrets(#[from] SecretsUnavailable),
}

/// Where secrets are stored: the real store, or a test's.
pub trait ReadSecret: Send + Sync {
    /// What is stored, in one of the forms of [`Secrets::parse`].
    fn read(&self) -> BoxFuture<'_, Result<Pii<String>, SecretsUnavailable>>;
}

impl<R: ReadSecret> ReadSecret for Arc<R> {
    fn read(&self) -> BoxFuture<'_, Result<Pii<String>, SecretsUnavailable>> {
        (**self).read()
    }
}

#[derive(Default)]
struct Kept {
    secrets: Option<(Arc<Secrets>, Timestamp)>,
    asked_at: Option<Timestamp>,
}

/// The secrets of one sender.
pub struct KeptSecrets {
    store: Box<dyn ReadSecret>,
    keep: Keep,
    kept: Mutex<Kept>,
}

impl KeptSecrets {
    /// Nothing is asked yet.
    pub fn new(store: Box<dyn ReadSecret>, keep: Keep) -> Self {
        Self { store, keep, kept: Mutex::default() }
    }

    /// Checks a message against the secrets that are good now.
    ///
    /// # Errors
    /// The signature, or secrets that cannot be had.
    pub async fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Message, Refused> {
        let secrets = self.get(self.keep.max_age, now).await?;
        match verify(&secrets, headers, body, now) {
            Err(SignatureError::Wrong) => {
                let newer = self.get(self.keep.min_interval, now).await?;
                // Asked too recently to ask again: these are the same.
                if Arc::ptr_eq(&newer, &secrets) {
                    return Err(SignatureError::Wrong.into());
                }
                Ok(verify(&newer, headers, body, now)?)
            }
            other => Ok(other?),
        }
    }

    /// The secrets, asked for again if they are older than this.
    async fn get(&self, max_age: SignedDuration, now: Timestamp) -> Result<Arc<Secrets>, SecretsUnavailable> {
        let mut kept = self.kept.lock().await;
        if let Some((secrets, read_at)) = &kept.secrets
            && now.duration_since(*read_at) < max_age
        {
            return Ok(secrets.clone());
        }
        let fresh = match kept.asked_at {
            // A store that does not answer is not asked by every request.
            Some(asked) if kept.secrets.is_some() && now.duration_since(asked) < self.keep.min_interval => None,
            _ => {
                kept.asked_at = Some(now);
                Some(self.ask().await)
            }
        };
        match (fresh, &kept.secrets) {
            (Some(Ok(secrets)), _) => {
                let secrets = Arc::new(secrets);
                kept.secrets = Some((secrets.clone(), now));
                Ok(secrets)
            }
            (_, Some((secrets, read_at))) if now.duration_since(*read_at) < self.keep.stale_for => Ok(secrets.clone()),
            (Some(Err(error)), _) => Err(error),
            (None, _) => Err(SecretsUnavailable("asked just now".to_owned())),
        }
    }

    async fn ask(&self) -> Result<Secrets, SecretsUnavailable> {
        let read = async {
            let stored = self.store.read().await?;
            Secrets::parse(stored.expose()).map_err(|error| SecretsUnavailable(error.to_string()))
        };
        let found = read.await;
        if let Err(error) = &found {
            tracing::warn!(
                code = "secrets_unavailable",
                cause = error.0,
                "the secrets of the signatures cannot be read"
            );
        }
        found
    }
}

/// A secret in Secrets Manager.
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    name: String,
}

impl SecretsManager {
    /// The secret with this name.
    pub fn new(aws: &aws_config::SdkConfig, name: String) -> Self {
        Self { client: aws_sdk_secretsmanager::Client::new(aws), name }
    }
}

impl ReadSecret for SecretsManager {
    fn read(&self) -> BoxFuture<'_, Result<Pii<String>, SecretsUnavailable>> {
        Box::pin(async move {
            let answer = self.client.get_secret_value().secret_id(&self.name).send().await;
            let answer = answer.map_err(|error| SecretsUnavailable(crate::db::sdk_code(&error).to_owned()))?;
            Ok(Pii::new(answer.secret_string().unwrap_or_default().to_owned()))
        })
    }
}
