//! What the search has seen. A configuration is a place among the events, a state, and a mask of the operations in the
//! window that have been taken; it need not be tried if one has been that differs only in having used up fewer
//! operations of unknown outcome.

use super::flaws::{self, Flaw};
use super::hash::{Fold, NONE, Places};
use std::hash::Hasher;

/// How many configurations of one key are compared at most.
const COMPARED: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Per configuration: place << 32 | state, then its mask.
    seen: Vec<u64>,
    /// The configuration of the same key that was seen before it.
    earlier: Vec<u32>,
    places: Places,
}

impl Memo {
    /// Enters a configuration unless one was seen that can do all it can. Returns whether it did.
    pub(super) fn enter(&mut self, place: u32, state: u32, mask: &[u64], due: usize) -> bool {
        let stride = mask.len() + 1;
        let state = if flaws::is(Flaw::StatelessMemo) { 0 } else { state };
        let head = u64::from(place) << 32 | u64::from(state);
        let hash = hash_of(head, &mask[..due]);
        let seen = &self.seen;
        let same = |at: u32| {
            let row = &seen[at as usize * stride..];
            row[0] == head && row[1..=due] == mask[..due]
        };
        let first = self.places.find(hash, same);
        let mut at = first.unwrap_or(NONE);
        for _ in 0..COMPARED {
            if at == NONE {
                break;
            }
            let row = &self.seen[at as usize * stride + 1..][..mask.len()];
            let used_less = |a: &[u64], b: &[u64]| a.iter().zip(b).all(|(a, b)| a & !b == 0);
            if used_less(&row[due..], &mask[due..]) || flaws::is(Flaw::InexhaustibleOptional) {
                return false;
            }
            at = self.earlier[at as usize];
        }
        let number = self.earlier.len() as u32;
        self.seen.push(head);
        self.seen.extend_from_slice(mask);
        self.earlier.push(first.unwrap_or(NONE));
        let seen = &self.seen;
        match first {
            Some(first) => self.places.replace(hash, first, number),
            None => self.places.insert(hash, number, |at| {
                let row = &seen[at as usize * stride..];
                hash_of(row[0], &row[1..=due])
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

fn hash_of(head: u64, mask: &[u64]) -> u64 {
    let mut fold = Fold::default();
    fold.add(head);
    mask.iter().for_each(|word| fold.add(*word));
    fold.finish()
}
