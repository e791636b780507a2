//! The vault: personal data and texts, sealed under a key of the subject's own.
//!
//! ```text
//! KMS key ──wraps──▶ key-encryption key of an epoch ──wraps──▶ subject key ──seals──▶ name, e-mail, text
//!         └─wraps──▶ blind-index key ──derives──▶ e-mail index · value digests · suppression hashes
//! ```
//!
//! KMS is asked once a key of the ring at start, not once a person. Erasing a person destroys one wrapped key.
//! Sealing is AES-256-GCM with table, column and row as associated data, so a sealed value moved to another
//! person's row does not open.

mod keys;
mod seal;

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::hmac;
use tokio_postgres::GenericClient;
use uuid::Uuid;
use zeroize::Zeroizing;

#[cfg(feature = "kms")]
pub use keys::Kms;
pub use keys::{DataKey, KeyService, MemoryKeys};
pub use seal::{Place, SubjectKey};

use crate::{
    db::DbError,
    error::{Classified, Retry},
};

/// A digest of a value: keyed, so that it cannot be guessed from outside; 16 bytes are enough to tell two values apart.
pub type Digest = [u8; 16];

/// What the vault can fail with. No variant holds a value.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keyring is empty: `migrate` makes the first keys.
    #[error("the vault has no {0} key: invoke migrate first")]
    NoKey(&'static str),
    /// The key service did not answer.
    #[error("the key service cannot be reached ({0})")]
    KeyService(String),
    /// The person's key was destroyed.
    #[error("the person was erased")]
    Erased,
    /// A sealed value does not open: another row's, another key's, or damaged.
    #[error("a sealed value does not open under its key and place")]
    Damaged,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<tokio_postgres::Error> for VaultError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Classified for VaultError {
    fn retry(&self) -> Retry {
        match self {
            Self::KeyService(_) => Retry::Retry,
            Self::Db(error) => error.retry(),
            Self::NoKey(_) | Self::Erased | Self::Damaged => Retry::Never,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoKey(_) => "vault_not_ready",
            Self::KeyService(_) => "key_service_unavailable",
            Self::Erased => "erased",
            Self::Damaged => "vault_damaged",
            Self::Db(error) => error.code(),
        }
    }
}

/// The names in `vault.keyring`; the KMS encryption context carries them, so one wrapped key cannot pass for the other.
const SUBJECT_KEK: &str = "subject_kek";
const BLIND_INDEX: &str = "blind_index";

/// The unwrapped keyring of one process.
pub struct Vault {
    keks: BTreeMap<i32, SubjectKey>,
    current: i32,
    email: hmac::Key,
    digest: hmac::Key,
    suppression: hmac::Key,
}

impl Vault {
    /// Reads `vault.keyring` and has each key unwrapped once.
    pub async fn open(keys: &dyn KeyService, client: &impl GenericClient) -> Result<Self, VaultError> {
        let rows = client
            .query_typed("SELECT name, epoch, wrapped, retired_at IS NULL FROM vault.keyring ORDER BY name, epoch", &[])
            .await?;
        // A retired epoch's key opens what it wrapped until that is wrapped anew; it wraps nothing more.
        let mut keks = BTreeMap::new();
        let mut current = None;
        let mut blind = None;
        for row in rows {
            let (name, epoch, wrapped): (&str, i32, &[u8]) = (row.get(0), row.get(1), row.get(2));
            let key = keys.decrypt(wrapped, name, epoch).await?;
            match name {
                SUBJECT_KEK => {
                    keks.insert(epoch, SubjectKey::from_bytes(key.expose())?);
                    current = row.get::<_, bool>(3).then_some(epoch).or(current);
                }
                _ => blind = Some(key),
            }
        }
        let current = current.ok_or(VaultError::NoKey(SUBJECT_KEK))?;
        let blind = blind.ok_or(VaultError::NoKey(BLIND_INDEX))?;
        let derive = |label: &str| {
            let root = hmac::Key::new(hmac::HMAC_SHA256, blind.expose());
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, label.as_bytes()).as_ref())
        };
        Ok(Self { keks, current, email: derive("email"), digest: derive("digest"), suppression: derive("suppression") })
    }

    /// Makes the keys a new vault needs; the ones that exist stay. Returns how many were made.
    pub async fn initialise(keys: &dyn KeyService, client: &impl GenericClient) -> Result<u64, VaultError> {
        let mut made = 0;
        for name in [SUBJECT_KEK, BLIND_INDEX] {
            let exists = client
                .query_typed(
                    "SELECT 1 FROM vault.keyring WHERE name = $1",
                    &[(&name, tokio_postgres::types::Type::TEXT)],
                )
                .await?;
            if exists.is_empty() {
                let DataKey { wrapped, key_id } = keys.generate(name, 1).await?;
                made += client
                    .execute(
                        "INSERT INTO vault.keyring (name, epoch, wrapped, kms_key_id) VALUES ($1, 1, $2, $3) ON CONFLICT DO NOTHING",
                        &[&name, &wrapped, &key_id],
                    )
                    .await?;
            }
        }
        Ok(made)
    }

    /// The index an e-mail address is found by: HMAC-SHA-256 of the normalised address (trimmed, ASCII lower case).
    pub fn blind_index(&self, normalised_email: &str) -> [u8; 32] {
        sign(&self.email, &[normalised_email])
    }

    /// The hash under which an erased person's address or external id is recognised.
    pub fn suppression_hash(&self, kind: &str, value: &str) -> [u8; 32] {
        sign(&self.suppression, &[kind, value])
    }

    /// A digest that tells whether a value is the same as before without anybody being able to read it back.
    pub fn digest(&self, context: &str, value: &str) -> Digest {
        let mut short = [0; 16];
        short.copy_from_slice(&sign(&self.digest, &[context, value])[..16]);
        short
    }

    /// A new key for a person, with the row for `vault.subject_keys`: `(key, epoch, wrapped)`.
    pub fn new_subject_key(&self, profile_id: Uuid) -> Result<(SubjectKey, i32, Vec<u8>), VaultError> {
        let kek = self.keks.get(&self.current).ok_or(VaultError::NoKey(SUBJECT_KEK))?;
        let (key, bytes) = SubjectKey::generate()?;
        let wrapped =
            kek.seal(Place { table: "vault.subject_keys", column: "wrapped", row: profile_id }, bytes.expose())?;
        Ok((key, self.current, wrapped))
    }

    /// A person's key from their row of `vault.subject_keys`.
    pub fn open_subject_key(&self, profile_id: Uuid, epoch: i32, wrapped: &[u8]) -> Result<SubjectKey, VaultError> {
        let kek = self.keks.get(&epoch).ok_or(VaultError::NoKey(SUBJECT_KEK))?;
        let place = Place { table: "vault.subject_keys", column: "wrapped", row: profile_id };
        SubjectKey::from_bytes(&kek.unseal_bytes(place, wrapped)?)
    }

    /// The key of one person; none without a row, or once erased.
    pub async fn subject_key(
        &self,
        client: &impl GenericClient,
        profile: Uuid,
    ) -> Result<Option<SubjectKey>, VaultError> {
        Ok(self.subject_keys(client, &[profile]).await?.remove(&profile))
    }

    /// The keys of these people. Somebody without a row, or erased, is not in the answer.
    pub async fn subject_keys(
        &self,
        client: &impl GenericClient,
        profiles: &[Uuid],
    ) -> Result<HashMap<Uuid, SubjectKey>, VaultError> {
        let rows = client
            .query_typed(
                "SELECT profile_id, epoch, wrapped FROM vault.subject_keys WHERE profile_id = ANY($1) AND wrapped IS NOT NULL",
                &[(&profiles, tokio_postgres::types::Type::UUID_ARRAY)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let profile_id = row.get(0);
                Ok((profile_id, self.open_subject_key(profile_id, row.get(1), row.get(2))?))
            })
            .collect()
    }
}

/// A vault that is opened when it is first needed: `migrate` may not have run when the function starts.
pub struct LazyVault {
    keys: Box<dyn KeyService>,
    vault: tokio::sync::OnceCell<Vault>,
}

impl LazyVault {
    /// The vault these keys open.
    pub fn new(keys: Box<dyn KeyService>) -> Self {
        Self { keys, vault: tokio::sync::OnceCell::new() }
    }

    /// The opened vault.
    pub async fn get(&self, client: &tokio_postgres::Client) -> Result<&Vault, VaultError> {
        self.vault.get_or_try_init(|| Vault::open(self.keys.as_ref(), client)).await
    }
}

/// HMAC over the parts, each with its length in front, so that ("a", "bc") and ("ab", "c") differ.
fn sign(key: &hmac::Key, parts: &[&str]) -> [u8; 32] {
    let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| size_of::<u64>() + part.len()).sum()));
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut tag = [0; 32];
    tag.copy_from_slice(hmac::sign(key, &bytes).as_ref());
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_every_part_and_its_border() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        assert_ne!(sign(&key, &["a", "bc"]), sign(&key, &["ab", "c"]));
        assert_eq!(sign(&key, &["a", "bc"]), sign(&key, &["a", "bc"]));
        assert_ne!(sign(&key, &["a"]), sign(&hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]), &["a"]));
    }
}
