//! Where quotes and line breaks are: the only bytes at which a walk over a record can turn.
//!
//! In a file with every cell quoted they stand a few bytes apart, and a search begun anew for each costs more than the
//! bytes it passes. So they are found for a block of bytes at once and then taken from its bits.

use memchr::memchr3;

/// Bytes of a block: one bit each.
const BLOCK: usize = u64::BITS as usize;

/// The quotes and line breaks of a buffer.
#[derive(Debug)]
pub(super) struct Marks<'a> {
    buf: &'a [u8],
    /// Where the block begins.
    base: usize,
    /// Bit `n`: the byte at `base + n` is a mark.
    bits: u64,
}

impl<'a> Marks<'a> {
    /// Those of a buffer, which is looked at from its beginning on.
    pub(super) fn new(buf: &'a [u8]) -> Self {
        Self { buf, base: 0, bits: bits(buf) }
    }

    /// What they are the marks of.
    pub(super) fn buf(&self) -> &'a [u8] {
        self.buf
    }

    /// The first one at `at` or behind it. Cheap where `at` goes forward, right wherever it goes.
    #[inline]
    pub(super) fn from(&mut self, at: usize) -> Option<usize> {
        let ahead = at.wrapping_sub(self.base);
        if ahead < BLOCK {
            let rest = self.bits >> ahead;
            if rest != 0 {
                return Some(at + rest.trailing_zeros() as usize);
            }
            return self.beyond(self.base + BLOCK);
        }
        self.beyond(at)
    }

    /// The first one at `at` or behind it, outside the block.
    fn beyond(&mut self, at: usize) -> Option<usize> {
        let rest = self.buf.get(at..)?;
        (self.base, self.bits) = (at, bits(rest));
        if self.bits == 0 {
            // Long text: there a search for the next one is the faster way.
            let rest = rest.get(BLOCK..)?;
            self.base = at + BLOCK + memchr3(b'"', b'\n', b'\r', rest)?;
            self.bits = bits(&self.buf[self.base..]);
        }
        Some(self.base + self.bits.trailing_zeros() as usize)
    }
}

/// The marks among the first bytes of a piece.
#[inline]
fn bits(piece: &[u8]) -> u64 {
    match piece.first_chunk() {
        Some(block) => bits_of(block),
        None => {
            let mut block = [0; BLOCK];
            block[..piece.len()].copy_from_slice(piece);
            bits_of(&block)
        }
    }
}

/// In two loops without branches, so that both become vector code.
#[inline]
fn bits_of(block: &[u8; BLOCK]) -> u64 {
    // A multiplication gathers the lowest bits of eight bytes in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut marks = [0; BLOCK];
    for (mark, &b) in marks.iter_mut().zip(block) {
        *mark = u8::from(b == b'"') | u8::from(b == b'\n') | u8::from(b == b'\r');
    }
    let (eights, _) = marks.as_chunks::<8>();
    eights.iter().rev().fold(0, |bits, eight| bits << 8 | u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_by_one(buf: &[u8], at: usize) -> Option<usize> {
        (at..buf.len()).find(|&at| matches!(buf[at], b'"' | b'\n' | b'\r'))
    }

    proptest! {
        #[test]
        fn marks_are_where_a_search_byte_by_byte_finds_them_in_whatever_order_they_are_asked_for(
            sparse in proptest::collection::vec((0usize..200, prop_oneof![Just(b'"'), Just(b'\n'), Just(b'\r')]), 0..6),
            dense in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), any::<u8>()], 0..200),
            asked in proptest::collection::vec(0usize..1_500, 1..20),
        ) {
            let mut buf = dense.clone();
            for (text, mark) in sparse {
                buf.resize(buf.len() + text, 0xA2);
                buf.push(mark);
            }
            buf.extend(dense);
            let mut marks = Marks::new(&buf);
            for at in asked.into_iter().chain(0..buf.len() + 2) {
                prop_assert_eq!(marks.from(at), one_by_one(&buf, at), "from {}", at);
            }
        }
    }
}
