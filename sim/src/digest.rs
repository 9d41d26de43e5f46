//! The digest of a run: a 128-bit chain over fixed-width words. Equal runs have equal digests on every machine; the
//! function is ours and pinned by a test, because stored digests must stay comparable.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A 128-bit digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::str::FromStr for Digest {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Digest, Self::Err> {
        u128::from_str_radix(text, 16).map(Digest)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A running digest.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    a: u64,
    b: u64,
}

const K1: u64 = 0x9e37_79b9_7f4a_7c15;
const K2: u64 = 0xd1b5_4a32_d192_ed03;

impl Default for Chain {
    fn default() -> Chain {
        Chain { a: 0x2545_f491_4f6c_dd1d, b: 0x6a09_e667_f3bc_c908 }
    }
}

impl Chain {
    /// Absorbs one word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        let product = u128::from(self.a ^ word) * u128::from(K1 ^ self.b | 1);
        self.a = (product as u64).rotate_left(29) ^ self.b;
        self.b = ((product >> 64) as u64 ^ word).wrapping_mul(K2).wrapping_add(self.a);
    }

    /// Absorbs several words.
    #[inline]
    pub fn words<const N: usize>(&mut self, words: [u64; N]) {
        for word in words {
            self.word(word);
        }
    }

    /// Absorbs text: its length, then its bytes as little-endian words padded with zeros.
    pub fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(bytes));
        }
    }

    /// The digest of everything absorbed so far.
    pub fn digest(&self) -> Digest {
        let mut end = *self;
        end.words([0x5bd1_e995, 0xc2b2_ae35]);
        Digest(u128::from(end.a) << 64 | u128::from(end.b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_function_never_changes() {
        let mut chain = Chain::default();
        chain.words([0, 1, u64::MAX]);
        chain.text("redis-1");
        assert_eq!(chain.digest().to_string(), "a5f473d3cf38fcdd12a30d1a48fd09a0");
    }

    #[test]
    fn order_and_length_matter() {
        let digest = |words: &[u64]| {
            let mut chain = Chain::default();
            words.iter().for_each(|&word| chain.word(word));
            chain.digest()
        };
        assert_ne!(digest(&[1, 2]), digest(&[2, 1]));
        assert_ne!(digest(&[0]), digest(&[0, 0]));
        assert_ne!(digest(&[]), digest(&[0]));
    }
}
