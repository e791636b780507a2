//! Tables whose keys are hashes already (FNV-1a, 64 bits): of words, of pieces of words.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::OnceLock,
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

/// What was found out about words, in a table of fixed size that threads share. Words that come first stay: nearly all
/// of a text are common ones. What it holds changes no answer, only how soon it comes.
#[derive(Debug)]
pub struct Remembered<T> {
    places: Box<[OnceLock<Word<T>>]>,
}

#[derive(Debug)]
struct Word<T> {
    letters: Box<str>,
    found: T,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<T> Remembered<T> {
    /// A table of so many words, a power of two.
    pub fn new(places: usize) -> Self {
        Self { places: (0..places).map(|_| OnceLock::new()).collect() }
    }

    /// What is remembered of a word, found out now if it is not.
    ///
    /// # Errors
    /// No error, but what was found out, where the table has no place for it.
    pub fn get_or(&self, letters: &str, make: impl Fn() -> T) -> Result<&T, T> {
        let hash = fnv(START, letters.as_bytes());
        let hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for place in [hash >> 48, hash >> 32] {
            let Some(place) = self.places.get(place as usize & self.places.len().wrapping_sub(1)) else { break };
            let word = place.get_or_init(|| Word { letters: letters.into(), found: make() });
            if *word.letters == *letters {
                return Ok(&word.found);
            }
        }
        Err(make())
    }
}
