//! Sealing: AES-256-GCM, a random nonce, and the place of the value as associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;

use super::VaultError;
use crate::pii::Pii;

/// First byte of every sealed value: the format, so that another one can follow.
const FORMAT: u8 = 1;

/// Where a sealed value stands. It opens in no other place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Schema and table.
    pub table: &'a str,
    /// Column, with whatever else tells values of one row apart (`sealed/name/kintell`).
    pub column: &'a str,
    /// The row's id.
    pub row: Uuid,
}

impl Place<'static> {
    /// A text as it came in.
    pub fn text(id: Uuid) -> Self {
        Self { table: "vault.texts", column: "sealed", row: id }
    }

    /// A text as moderation gave it to scoring.
    pub fn cleared(id: Uuid) -> Self {
        Self { table: "vault.cleared_texts", column: "sealed", row: id }
    }
}

impl Place<'_> {
    fn aad(&self, format: u8) -> Aad<Vec<u8>> {
        let mut bytes = vec![format];
        bytes.extend_from_slice(self.table.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.column.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.row.as_bytes());
        Aad::from(bytes)
    }
}

/// An AES-256 key: a person's, or the key-encryption key of an epoch.
pub struct SubjectKey(LessSafeKey);

impl SubjectKey {
    pub(super) fn generate() -> Result<(Self, Pii<Vec<u8>>), VaultError> {
        let mut bytes = vec![0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| VaultError::Damaged)?;
        Ok((Self::from_bytes(&bytes)?, Pii::new(bytes)))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| VaultError::Damaged)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Format byte, nonce (12 bytes), ciphertext, tag (16 bytes).
    pub fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| VaultError::Damaged)?;
        let mut out = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                place.aad(FORMAT),
                &mut out[1 + NONCE_LEN..],
            )
            .map_err(|_| VaultError::Damaged)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// The text that was sealed in this place.
    pub fn unseal(&self, place: Place, sealed: &[u8]) -> Result<Pii<String>, VaultError> {
        let bytes = self.unseal_bytes(place, sealed)?;
        String::from_utf8(bytes).map(Pii::new).map_err(|_| VaultError::Damaged)
    }

    pub(super) fn unseal_bytes(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let [FORMAT, rest @ ..] = sealed else { return Err(VaultError::Damaged) };
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Damaged)?;
        let mut body = body.to_vec();
        let length = self.0.open_in_place(nonce, place.aad(FORMAT), &mut body).map_err(|_| VaultError::Damaged)?.len();
        body.truncate(length);
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(row: u128) -> Place<'static> {
        Place::text(Uuid::from_u128(row))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_and_in_no_other(text in ".{0,200}", row: u128, other: u128) {
            prop_assume!(row != other);
            let (key, _) = SubjectKey::generate().unwrap();
            let sealed = key.seal(place(row), text.as_bytes()).unwrap();
            let opened = key.unseal(place(row), &sealed).unwrap();
            prop_assert_eq!(opened.expose(), &text);
            prop_assert!(key.unseal(place(other), &sealed).is_err());
            let (stranger, _) = SubjectKey::generate().unwrap();
            prop_assert!(stranger.unseal(place(row), &sealed).is_err());
        }

        #[test]
        fn a_damaged_value_is_an_error_and_not_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (key, _) = SubjectKey::generate().unwrap();
            prop_assert!(key.unseal(place(1), &bytes).is_err());
        }
    }
}
