//! Hash tables with a fixed function, so that every run is the same. Nothing here is iterated in table order.

use std::hash::{Hash, Hasher};

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// Rotates and multiplies, as in the Firefox and rustc hash; the finish mixes the high bits down.
#[derive(Clone, Copy, Default)]
pub(super) struct Fold(u64);

impl Fold {
    pub(super) fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    fn write_isize(&mut self, n: isize) {
        self.add(n as u64);
    }
}

pub(super) fn hash_of<T: Hash>(value: &T) -> u64 {
    let mut fold = Fold::default();
    value.hash(&mut fold);
    fold.finish()
}

/// Open addressing: places of things kept elsewhere, by their hash.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Part of the hash and the place; `NONE` for an empty slot.
    slots: Vec<(u32, u32)>,
    len: usize,
}

impl Places {
    /// An empty table with room for so many places.
    pub(super) fn with_room(places: usize) -> Places {
        let slots = (places * 8 / 5 + 1).next_power_of_two().max(16);
        Places { slots: vec![(0, NONE); slots], len: 0 }
    }

    /// The place among those of this hash for which `same` holds.
    pub(super) fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let (tag, place) = self.slots[at];
            if place == NONE {
                return None;
            }
            if tag == (hash >> 32) as u32 && same(place) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    /// Enters a place that is not there yet. `hash_at` gives the hash of a place when the table grows.
    pub(super) fn insert(&mut self, hash: u64, place: u32, hash_at: impl Fn(u32) -> u64) {
        if (self.len + 1) * 8 > self.slots.len() * 5 {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![(0, NONE); (old.len() * 2).max(16)];
            for (_, place) in old.into_iter().filter(|slot| slot.1 != NONE) {
                self.put(hash_at(place), place);
            }
        }
        self.put(hash, place);
        self.len += 1;
    }

    /// Replaces a place that is there by another of the same key.
    pub(super) fn replace(&mut self, hash: u64, old: u32, new: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != old {
            at = (at + 1) & mask;
        }
        self.slots[at].1 = new;
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill((0, NONE));
        self.len = 0;
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(u32, u32)>()
    }

    fn put(&mut self, hash: u64, place: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != NONE {
            at = (at + 1) & mask;
        }
        self.slots[at] = ((hash >> 32) as u32, place);
    }
}

/// Numbers for things, densely from 0 in the order of their first appearance.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    things: Vec<T>,
    places: Places,
}

impl<T> Default for Numbers<T> {
    fn default() -> Numbers<T> {
        Numbers { things: Vec::new(), places: Places::default() }
    }
}

impl<T: Eq + Hash> Numbers<T> {
    pub(super) fn with_room(things: usize) -> Numbers<T> {
        Numbers { things: Vec::with_capacity(things), places: Places::with_room(things) }
    }

    pub(super) fn of(&mut self, thing: T) -> u32 {
        let hash = hash_of(&thing);
        if let Some(place) = self.find_hashed(hash, &thing) {
            return place;
        }
        let place = self.things.len() as u32;
        self.things.push(thing);
        let things = &self.things;
        self.places.insert(hash, place, |place| hash_of(&things[place as usize]));
        place
    }

    pub(super) fn find(&self, thing: &T) -> Option<u32> {
        self.find_hashed(hash_of(thing), thing)
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.things[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.bytes() + self.things.capacity() * size_of::<T>()
    }

    fn find_hashed(&self, hash: u64, thing: &T) -> Option<u32> {
        self.places.find(hash, |place| self.things[place as usize] == *thing)
    }
}
