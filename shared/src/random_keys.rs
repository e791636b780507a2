//! Maps by keys that are random already: ids of ours and keyed digests. Their last bytes serve as their hash, because
//! hashing them once more, safe against keys that somebody chose, was a twentieth of a large import's time. Nobody
//! outside chooses these keys: ids are made here, digests need a key of the vault.
//!
//! A map looks first where the lowest bits of a hash say. Of an id these must be its last four bytes: what stands before
//! them counts up and is the same in all ids of a millisecond, and a map by that is a list.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

/// A map by ids or keyed digests.
pub type RandomMap<K, V> = HashMap<K, V, BuildHasherDefault<LastBytes>>;
/// A set of ids or keyed digests.
pub type RandomSet<K> = HashSet<K, BuildHasherDefault<LastBytes>>;

/// The last eight bytes of what is hashed.
#[derive(Debug, Default, Clone, Copy)]
pub struct LastBytes(u64);

impl Hasher for LastBytes {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match bytes.last_chunk() {
            Some(last) => self.0 ^= u64::from_le_bytes(*last),
            None => bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte)),
        }
    }

    /// A length, which all keys of a map have in common.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_begin_in_places_of_their_own() {
        use std::hash::BuildHasher;
        let hashes = BuildHasherDefault::<LastBytes>::default();
        let places: HashSet<u64> = (0..1_000).map(|_| hashes.hash_one(uuid::Uuid::now_v7()) & 0xffff).collect();
        assert!(places.len() > 900, "{}", places.len());
    }

    #[test]
    fn ids_and_digests_are_found_again() {
        let ids: Vec<uuid::Uuid> = (0..1_000).map(|_| uuid::Uuid::now_v7()).collect();
        let map: RandomMap<uuid::Uuid, usize> = ids.iter().copied().zip(0..).collect();
        assert!(ids.iter().enumerate().all(|(at, id)| map[id] == at));
        let digests: RandomSet<[u8; 32]> = (0..=255).map(|byte| [byte; 32]).collect();
        assert_eq!(digests.len(), 256);
        let mut other = [7; 32];
        other[0] = 8;
        assert!(digests.contains(&[7; 32]) && !digests.contains(&other));
    }
}
