//! Who guards the keyring: KMS, or a key in memory for tests.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Place, SubjectKey, VaultError};
use crate::pii::Pii;

/// A data key as it is stored.
pub struct DataKey {
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// Which key wrapped it.
    pub key_id: String,
}

/// The port to the key service. `name` and `epoch` are bound to the wrapped key as encryption context.
#[async_trait]
pub trait KeyService: Send + Sync {
    /// A new 256-bit key, wrapped.
    async fn generate(&self, name: &str, epoch: i32) -> Result<DataKey, VaultError>;
    /// The key behind a wrapped one.
    async fn decrypt(&self, wrapped: &[u8], name: &str, epoch: i32) -> Result<Pii<Vec<u8>>, VaultError>;
}

/// AWS KMS: GenerateDataKeyWithoutPlaintext and Decrypt.
#[cfg(feature = "kms")]
pub struct Kms {
    client: aws_sdk_kms::Client,
    key_id: String,
}

#[cfg(feature = "kms")]
impl Kms {
    /// The KMS key named by `KMS_KEY_ID`.
    pub fn from_env(env: &crate::config::Env, aws: &aws_config::SdkConfig) -> Result<Self, crate::config::ConfigError> {
        Ok(Self { client: aws_sdk_kms::Client::new(aws), key_id: env.required("KMS_KEY_ID")? })
    }
}

#[cfg(feature = "kms")]
#[async_trait]
impl KeyService for Kms {
    async fn generate(&self, name: &str, epoch: i32) -> Result<DataKey, VaultError> {
        let answer = self
            .client
            .generate_data_key_without_plaintext()
            .key_id(&self.key_id)
            .key_spec(aws_sdk_kms::types::DataKeySpec::Aes256)
            .encryption_context("name", name)
            .encryption_context("epoch", epoch.to_string())
            .send()
            .await
            .map_err(|error| VaultError::KeyService(crate::db::sdk_code(&error).to_owned()))?;
        let wrapped =
            answer.ciphertext_blob.ok_or_else(|| VaultError::KeyService("no key in the answer".to_owned()))?;
        Ok(DataKey { wrapped: wrapped.into_inner(), key_id: answer.key_id.unwrap_or_else(|| self.key_id.clone()) })
    }

    async fn decrypt(&self, wrapped: &[u8], name: &str, epoch: i32) -> Result<Pii<Vec<u8>>, VaultError> {
        let answer = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(aws_sdk_kms::primitives::Blob::new(wrapped))
            .encryption_context("name", name)
            .encryption_context("epoch", epoch.to_string())
            .send()
            .await
            .map_err(|error| VaultError::KeyService(crate::db::sdk_code(&error).to_owned()))?;
        let plain = answer.plaintext.ok_or_else(|| VaultError::KeyService("no key in the answer".to_owned()))?;
        Ok(Pii::new(plain.into_inner()))
    }
}

/// A key service that lives and dies with the process, for tests: what it wrapped, only it can unwrap.
pub struct MemoryKeys(SubjectKey);

impl MemoryKeys {
    /// The key made of these 32 bytes, so that two processes of one test can share it.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, VaultError> {
        SubjectKey::from_bytes(&bytes).map(Self)
    }

    fn place(name: &str, epoch: i32) -> Place<'static> {
        let row = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/{epoch}").as_bytes());
        Place { table: "vault.keyring", column: "wrapped", row }
    }
}

#[async_trait]
impl KeyService for MemoryKeys {
    async fn generate(&self, name: &str, epoch: i32) -> Result<DataKey, VaultError> {
        let (_, bytes) = SubjectKey::generate()?;
        Ok(DataKey { wrapped: self.0.seal(Self::place(name, epoch), bytes.expose())?, key_id: "memory".to_owned() })
    }

    async fn decrypt(&self, wrapped: &[u8], name: &str, epoch: i32) -> Result<Pii<Vec<u8>>, VaultError> {
        self.0.unseal_bytes(Self::place(name, epoch), wrapped).map(Pii::new)
    }
}
