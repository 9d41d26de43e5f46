//! Which operation brought a value into an object: a hash table of operations' numbers, by open addressing, that keeps
//! no keys of its own.

use super::slips::{Slip, slipped};
use super::{Entry, Report, room};

/// The table. Its memory is reused.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Operations + 1; 0 for an empty slot. As many as a power of two, at least half as many again as operations.
    slots: Vec<u32>,
    shift: u32,
}

impl Index {
    pub(super) fn bytes(&self) -> usize {
        room(&self.slots)
    }

    /// Empties the table and makes room for so many operations.
    fn clear(&mut self, operations: usize) {
        let size = (operations + operations / 2).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(size, 0);
        self.shift = 64 - size.trailing_zeros();
    }

    /// The slot of the operation that `is_it`, or the empty one where it belongs.
    fn slot(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> usize {
        // Fibonacci hashing: Knuth, The Art of Computer Programming, 6.4.
        let mut slot = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        while self.slots[slot] != 0 && !is_it(self.slots[slot] - 1) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    /// The operation in a slot.
    fn get(&self, slot: usize) -> Option<u32> {
        self.slots[slot].checked_sub(1)
    }

    fn set(&mut self, slot: usize, operation: u32) {
        self.slots[slot] = operation + 1;
    }
}

impl Index {
    /// Enters the operations that bring a value into an object (`brings` gives the value and whether they may have
    /// happened), each value with one that may have happened if there is any. Objects with a value that two of those
    /// bring are undecided.
    pub(super) fn fill(
        &mut self,
        entries: &[Entry],
        report: &mut Report,
        brings: impl Fn(&Entry) -> Option<(u64, bool)>,
    ) {
        self.clear(entries.iter().filter(|entry| brings(entry).is_some()).count());
        for (i, entry) in (0u32..).zip(entries) {
            let Some((value, live)) = brings(entry) else { continue };
            let is_it = |known: u32| {
                let known = &entries[known as usize];
                known.object == entry.object && brings(known).is_some_and(|(its, _)| its == value)
            };
            let slot = self.slot(hash(entry.object, value), is_it);
            let known_is_live =
                self.get(slot).map(|known| brings(&entries[known as usize]).is_some_and(|(_, live)| live));
            match known_is_live {
                None => self.set(slot, i),
                Some(true) if live && !slipped(Slip::RepeatsDecided) => report.undecided(entry.object),
                Some(false) if live && !slipped(Slip::FailureHides) => self.set(slot, i),
                Some(_) => {}
            }
        }
    }

    /// The operation that brought a value into an object.
    pub(super) fn find(
        &self,
        entries: &[Entry],
        object: u32,
        value: u64,
        brings: impl Fn(&Entry) -> Option<(u64, bool)>,
    ) -> Option<u32> {
        self.get(self.slot(hash(object, value), |known| {
            let known = &entries[known as usize];
            known.object == object && brings(known).is_some_and(|(its, _)| its == value)
        }))
    }
}

/// Spreads values of one object, and objects, over the table.
fn hash(object: u32, value: u64) -> u64 {
    value.wrapping_add(u64::from(object) << 40)
}
