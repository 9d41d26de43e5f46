//! The event queue: a binary heap over (true time, number), so that events of one instant keep the order in which they
//! were scheduled.

use splitbrain_model::TrueTime;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

#[derive(Debug)]
struct Entry<E> {
    /// Time in the upper, number in the lower half: one comparison orders both.
    key: u128,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Entry<E>) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Entry<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    // The heap gives its greatest element first; ours is the earliest.
    fn cmp(&self, other: &Entry<E>) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// Events in the order of their time.
#[derive(Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Entry<E>>,
    next: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Queue<E> {
        Queue { heap: BinaryHeap::with_capacity(256), next: 0 }
    }
}

impl<E> Queue<E> {
    /// Schedules an event.
    #[inline]
    pub fn push(&mut self, at: TrueTime, event: E) {
        self.heap.push(Entry { key: u128::from(at.0) << 64 | u128::from(self.next), event });
        self.next += 1;
    }

    /// Takes the earliest event.
    #[inline]
    pub fn pop(&mut self) -> Option<(TrueTime, E)> {
        self.heap.pop().map(|entry| (TrueTime((entry.key >> 64) as u64), entry.event))
    }

    /// When the earliest event is due.
    #[inline]
    pub fn next_at(&self) -> Option<TrueTime> {
        self.heap.peek().map(|entry| TrueTime((entry.key >> 64) as u64))
    }

    /// How many events were ever scheduled.
    pub fn scheduled(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_within_an_instant_in_the_order_they_were_scheduled() {
        let mut queue = Queue::default();
        for (at, name) in [(5, "c"), (1, "a"), (5, "d"), (1, "b")] {
            queue.push(TrueTime(at), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, name)| name).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
    }
}
