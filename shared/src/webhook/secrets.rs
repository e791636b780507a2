//! The secrets messages are signed with.

use aws_lc_rs::hmac;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

/// What a secret begins with whose rest is base64.
const PREFIX: &str = "whsec_";
/// As the standard's libraries read secrets: with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Shorter keys can be guessed.
const LEAST_BYTES: usize = 16;
/// More secrets than this are not being replaced, they are being collected.
const MOST_SECRETS: usize = 5;

/// Why what is stored cannot be used. Says nothing of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// There is none.
    #[error("there is no secret: store one, or a JSON list of them while one is being replaced")]
    None,
    /// A list that is no list of texts, or too long.
    #[error("the list of secrets is no JSON list of at most five texts")]
    List,
    /// The prefix promises base64 and there is none.
    #[error("a secret that begins with whsec_ is not base64 after it")]
    Base64,
    /// Too short.
    #[error("a secret has fewer than 16 bytes: make a longer one")]
    Short,
}

/// The keys that are good now, the one to sign with first.
pub struct Secrets {
    keys: Vec<hmac::Key>,
}

impl Secrets {
    /// Reads what is stored: one secret, or a JSON list of several while one is being replaced.
    ///
    /// `whsec_` and base64 is the form of the standard. Without the prefix a secret is its characters; if these are
    /// base64 as well, what they stand for is good too, because the standard's own libraries read them so.
    ///
    /// # Errors
    /// See [`BadSecret`].
    pub fn parse(stored: &str) -> Result<Self, BadSecret> {
        let stored = stored.trim();
        let all: Vec<Zeroizing<String>> = if stored.starts_with('[') {
            serde_json::from_str::<Vec<String>>(stored)
                .map_err(|_| BadSecret::List)?
                .into_iter()
                .map(Zeroizing::new)
                .collect()
        } else {
            vec![Zeroizing::new(stored.to_owned())]
        };
        if all.len() > MOST_SECRETS {
            return Err(BadSecret::List);
        }
        let mut keys = Vec::new();
        for secret in &all {
            for bytes in readings(secret.trim())? {
                keys.push(hmac::Key::new(hmac::HMAC_SHA256, &bytes));
            }
        }
        if keys.is_empty() { Err(BadSecret::None) } else { Ok(Self { keys }) }
    }

    pub(super) fn keys(&self) -> &[hmac::Key] {
        &self.keys
    }

    pub(super) fn first(&self) -> &hmac::Key {
        &self.keys[0]
    }
}

/// The bytes a secret may stand for, the likeliest first.
fn readings(secret: &str) -> Result<Vec<Zeroizing<Vec<u8>>>, BadSecret> {
    if secret.is_empty() {
        return Err(BadSecret::None);
    }
    let decoded = |text: &str| LENIENT.decode(text).ok().map(Zeroizing::new);
    let mut found = Vec::new();
    match secret.strip_prefix(PREFIX) {
        Some(encoded) => found.push(decoded(encoded).ok_or(BadSecret::Base64)?),
        None => {
            // Half of what can be guessed is no key.
            found.extend(decoded(secret).filter(|bytes| bytes.len() >= LEAST_BYTES));
            found.push(Zeroizing::new(secret.as_bytes().to_vec()));
        }
    }
    match found.iter().all(|bytes| bytes.len() >= LEAST_BYTES) {
        true => Ok(found),
        false => Err(BadSecret::Short),
    }
}
