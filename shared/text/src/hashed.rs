//! Tables whose keys are hashes already (FNV-1a, 64 bits): of words, of pieces of words.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A table by hashes.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Given>>;

/// Takes a hash as it is.
#[derive(Default)]
pub(crate) struct Given(u64);

impl Hasher for Given {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = fnv(self.0, bytes);
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The hash of nothing.
pub(crate) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of what was hashed before, followed by these bytes.
pub(crate) fn fnv(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
