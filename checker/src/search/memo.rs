//! What the search has seen. A configuration is a place among the events, a state, the place up to which operations may
//! have been overwritten, and a mask of the operations in the window that have been taken. It need not be tried if one has
//! been that can do all it can: that has taken all its reads, and none that overwrites or is of unknown outcome but those
//! which it has taken too.

use super::flaws::{self, Flaw};
use super::hash::{Fold, NONE, Places};
use super::plan::Words;
use std::hash::Hasher;

/// How many configurations of one key are compared at most.
const COMPARED: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Per configuration: place << 32 | state, up to where operations are covered, then its mask.
    seen: Vec<u64>,
    /// The configuration of the same key that was seen before it.
    earlier: Vec<u32>,
    places: Places,
}

impl Memo {
    /// Enters a configuration unless one was seen that can do all it can. Returns whether it did.
    pub(super) fn enter(&mut self, (place, state): (u32, u32), covered: u32, mask: &[u64], words: &Words) -> bool {
        let stride = mask.len() + 2;
        let state = if flaws::is(Flaw::StatelessMemo) { 0 } else { state };
        let head = u64::from(place) << 32 | u64::from(state);
        let others = words.others;
        let hash = hash_of(head, &mask[..others]);
        let seen = &self.seen;
        let same = |at: u32| {
            let row = &seen[at as usize * stride..];
            row[0] == head && row[2..2 + others] == mask[..others]
        };
        let first = self.places.find(hash, same);
        let mut at = first.unwrap_or(NONE);
        for _ in 0..COMPARED {
            if at == NONE {
                break;
            }
            let row = &self.seen[at as usize * stride..][1..stride];
            if (row[0] >= u64::from(covered) || flaws::is(Flaw::CoverForgotten)) && can_do_all(&row[1..], mask, words) {
                return false;
            }
            at = self.earlier[at as usize];
        }
        let number = self.earlier.len() as u32;
        self.seen.extend([head, covered.into()]);
        self.seen.extend_from_slice(mask);
        self.earlier.push(first.unwrap_or(NONE));
        let seen = &self.seen;
        match first {
            Some(first) => self.places.replace(hash, first, number),
            None => self.places.insert(hash, number, |at| {
                let row = &seen[at as usize * stride..];
                hash_of(row[0], &row[2..2 + others])
            }),
        }
        true
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.earlier.clear();
        self.places.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.seen.capacity() * 8 + self.earlier.capacity() * 4 + self.places.bytes()
    }
}

/// Whether one who has taken these operations can do all that one can who has taken those.
fn can_do_all(these: &[u64], those: &[u64], words: &Words) -> bool {
    let none_else = |from: usize, to: usize| these[from..to].iter().zip(&those[from..to]).all(|(a, b)| a & !b == 0);
    let all = |from: usize, to: usize| these[from..to].iter().zip(&those[from..to]).all(|(a, b)| b & !a == 0);
    let reads = words.others + words.overwriting;
    let optional = reads + words.reads;
    none_else(words.others, reads)
        && (all(reads, optional) || flaws::is(Flaw::ReadsForgotten))
        && (none_else(optional, these.len()) || flaws::is(Flaw::InexhaustibleOptional))
}

fn hash_of(head: u64, mask: &[u64]) -> u64 {
    let mut fold = Fold::default();
    fold.add(head);
    mask.iter().for_each(|word| fold.add(*word));
    fold.finish()
}
