//! Standard Webhooks (<https://www.standardwebhooks.com>): who sent a request, and is it what they sent?
//!
//! ```text
//! webhook-id          msg_2b1…            the sender's id of the message, the same whenever it is sent again
//! webhook-timestamp   1614265330          when this try was signed, seconds since 1970
//! webhook-signature   v1,g0hM9… v1,K5o…   one or more, between blanks: base64 of HMAC-SHA-256
//!                                         over `<id>.<timestamp>.<body>`
//! ```
//!
//! The body is its bytes as they came: nothing is decoded or parsed before the signature holds. A timestamp more than
//! five minutes away, either way, is refused, so that what was overheard cannot be sent again later. Several secrets are
//! good at once while one is being replaced ([`Secrets`]); [`KeptSecrets`] asks for them and keeps them a while.
//!
//! Nothing here knows what is in a message.

mod kept;
mod secrets;
#[cfg(test)]
mod tests;

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

pub use kept::{Keep, KeptSecrets, ReadSecret, Refused, SecretsManager, SecretsUnavailable};
pub use secrets::{BadSecret, Secrets};

/// How far a timestamp may be from now, either way.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The most characters of an id.
pub const ID_LIMIT: usize = 255;
/// The most characters of a header of signatures.
const SIGNATURES_LIMIT: usize = 4_096;
/// Signatures looked at: a sender has one for each of its secrets.
const MOST_SIGNATURES: usize = 20;
/// The most digits of a timestamp.
const DIGITS_LIMIT: usize = 12;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// A message whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The sender's id of it.
    pub id: String,
    /// When this try was signed.
    pub sent_at: Timestamp,
}

/// Why a message is not believed. Says nothing of secrets and quotes no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is not there.
    #[error("The header {0} is missing: sign the request as Standard Webhooks describes.")]
    Missing(&'static str),
    /// A header cannot be read, or is there twice.
    #[error("The header {0} cannot be read: send it once, in the form that Standard Webhooks describes.")]
    Unreadable(&'static str),
    /// Signed too long ago.
    #[error("The signature is older than five minutes: sign each try with the time it is made at.")]
    Old,
    /// Signed in the future.
    #[error("The signature's time lies more than five minutes ahead: set the sender's clock.")]
    Early,
    /// No signature is one of ours.
    #[error("No signature holds: sign the body's bytes as they are sent, with the secret agreed on.")]
    Wrong,
}

/// What the headers say, before anything of it is believed.
struct Claim<'a> {
    id: &'a str,
    timestamp: &'a str,
    signatures: Vec<Vec<u8>>,
    sent_at: Timestamp,
}

impl<'a> Claim<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, SignatureError> {
        let (id, timestamp) = (one(headers, ID)?, one(headers, TIMESTAMP)?);
        let visible = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
        // An id is kept and logged, so it is none that an address could be.
        if !(1..=ID_LIMIT).contains(&id.len()) || !visible(id) || id.contains('@') {
            return Err(SignatureError::Unreadable(ID));
        }
        let digits = (1..=DIGITS_LIMIT).contains(&timestamp.len()) && timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits);
        let sent_at = seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or(SignatureError::Unreadable(TIMESTAMP))?;
        let given = one(headers, SIGNATURE)?;
        if given.len() > SIGNATURES_LIMIT {
            return Err(SignatureError::Unreadable(SIGNATURE));
        }
        // Other versions (asymmetric ones) may stand beside ours and are passed over.
        let signatures = given
            .split_ascii_whitespace()
            .take(MOST_SIGNATURES)
            .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
            .collect();
        Ok(Self { id, timestamp, signatures, sent_at })
    }

    fn in_time(&self, now: Timestamp) -> Result<(), SignatureError> {
        match now.duration_since(self.sent_at) {
            age if age > TOLERANCE => Err(SignatureError::Old),
            age if age < -TOLERANCE => Err(SignatureError::Early),
            _ => Ok(()),
        }
    }
}

/// The one value of a header. API Gateway gives every header as single and as multi value: the same twice is one.
fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().ok_or(SignatureError::Missing(name))?;
    if values.any(|other| other != first) {
        return Err(SignatureError::Unreadable(name));
    }
    first.to_str().map(str::trim).map_err(|_| SignatureError::Unreadable(name))
}

/// Checks a message. Every signature is compared with every key, whichever holds, each in constant time.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify(secrets: &Secrets, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Message, SignatureError> {
    let claim = Claim::read(headers)?;
    claim.in_time(now)?;
    let mut holds = false;
    for key in secrets.keys() {
        let ours = tag(key, claim.id, claim.timestamp, body);
        for theirs in &claim.signatures {
            holds |= verify_slices_are_equal(ours.as_ref(), theirs).is_ok();
        }
    }
    match holds {
        true => Ok(Message { id: claim.id.to_owned(), sent_at: claim.sent_at }),
        false => Err(SignatureError::Wrong),
    }
}

/// The signature of a message under the first of the secrets: `v1,<base64>`.
pub fn sign(secrets: &Secrets, id: &str, timestamp: i64, body: &[u8]) -> String {
    let key = secrets.first();
    format!("v1,{}", STANDARD.encode(tag(key, id, &timestamp.to_string(), body)))
}

fn tag(key: &hmac::Key, id: &str, timestamp: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        context.update(part);
    }
    context.sign()
}
