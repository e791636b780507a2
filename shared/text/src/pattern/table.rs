//! Words and stems by their hashes.

use super::Atom;

/// Words and stems by hash; stems are asked at each character of a word.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// A bit for each of 65,536 hashes: nearly every look-up ends here, in the nearest cache.
    filter: Vec<u64>,
    slots: Vec<(u64, u32)>,
    mask: usize,
}

pub(super) const FNV: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

const fn slot(hash: u64) -> usize {
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> 24
}

/// The word and bit of a hash in the filter of a table.
const fn filter(hash: u64) -> (usize, u64) {
    let spread = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    ((spread >> 6) as usize, 1 << (spread & 63))
}

impl Table {
    pub(super) fn build(entries: &[(u64, u32)]) -> Self {
        let size = (entries.len() * 4).next_power_of_two().max(8);
        let mut table = Self { filter: vec![0; 1024], slots: vec![(0, u32::MAX); size], mask: size - 1 };
        for &(hash, atom) in entries {
            let (word, bit) = filter(hash);
            table.filter[word] |= bit;
            let mut at = slot(hash) & table.mask;
            while table.slots[at].1 != u32::MAX {
                at = (at + 1) & table.mask;
            }
            table.slots[at] = (hash, atom);
        }
        table
    }

    pub(super) fn find(&self, hash: u64, word: &str, atoms: &[Atom]) -> Option<u32> {
        let (place, bit) = filter(hash);
        if self.filter.get(place).is_none_or(|bits| bits & bit == 0) {
            return None;
        }
        let mut at = slot(hash) & self.mask;
        loop {
            let (have, atom) = self.slots[at];
            if atom == u32::MAX {
                return None;
            }
            if have == hash && *atoms[atom as usize].text == *word {
                return Some(atom);
            }
            at = (at + 1) & self.mask;
        }
    }
}
