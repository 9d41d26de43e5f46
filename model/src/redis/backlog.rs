//! The replication backlog: the last part of the stream, kept for partial resynchronisations (Redis spec 4.2). A ring
//! counted in bytes that stores items. Knows nothing of ids, roles or connections.

use crate::message::StreamItem;
use std::collections::VecDeque;

/// An item and the offset of its first byte.
#[derive(Clone, Debug)]
struct Entry {
    start: u64,
    item: StreamItem,
}

/// Bytes `first ..= end` of the stream. The byte after the last has offset `end + 1`.
#[derive(Clone, Debug)]
pub struct Backlog {
    /// Offset of the last byte before the backlog was created.
    base: u64,
    /// Offset of the last byte.
    end: u64,
    /// `repl-backlog-size`, at least 16 KiB.
    size: u64,
    /// Offset of the first byte kept, never moving back.
    first: u64,
    entries: VecDeque<Entry>,
}

impl Backlog {
    /// An empty backlog of a stream whose last byte has offset `offset` (createReplicationBacklog).
    pub fn new(offset: u64, size: u64) -> Backlog {
        Backlog { base: offset, end: offset, size: size.max(16 * 1024), first: offset + 1, entries: VecDeque::new() }
    }

    /// Appends an item of `len` bytes.
    pub fn push(&mut self, item: StreamItem, len: u64) {
        self.entries.push_back(Entry { start: self.end + 1, item });
        self.end += len;
    }

    /// Offset of the first byte kept.
    #[cfg(test)]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of bytes kept.
    #[cfg(test)]
    pub fn histlen(&self) -> u64 {
        self.end + 1 - self.first
    }

    /// Forgets what exceeds the size, but nothing from `keep_from` on, which an attached replica still has to be sent
    /// (incrementalTrimReplicationBacklog, spec 4.2).
    pub fn trim(&mut self, keep_from: u64) {
        let produced = self.end - self.base;
        let by_size = self.end + 1 - produced.min(self.size);
        let first = by_size.min(keep_from);
        if first <= self.first {
            return;
        }
        self.first = first;
        // An item stays as long as any of its bytes does: its successor begins behind `first`.
        while self.entries.get(1).is_some_and(|next| next.start <= first) {
            self.entries.pop_front();
        }
    }

    /// Whether the stream can be continued with byte `offset`.
    pub fn covers(&self, offset: u64) -> bool {
        self.first <= offset && offset <= self.end + 1
    }

    /// Everything kept.
    pub fn all(&self) -> impl Iterator<Item = &StreamItem> {
        self.entries.iter().map(|entry| &entry.item)
    }

    /// The items from byte `offset` on; `None` if it is not covered or lies inside an item, which no replica asks for.
    pub fn since(&self, offset: u64) -> Option<impl Iterator<Item = &StreamItem>> {
        if !self.covers(offset) {
            return None;
        }
        let index = self.entries.partition_point(|entry| entry.start < offset);
        let on_boundary = match self.entries.get(index) {
            Some(entry) => entry.start == offset,
            None => offset == self.end + 1,
        };
        on_boundary.then(|| self.entries.range(index..).map(|entry| &entry.item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pings(count: u64, offset: u64) -> Backlog {
        let mut backlog = Backlog::new(offset, 0);
        for _ in 0..count {
            backlog.push(StreamItem::Ping, 14);
        }
        backlog
    }

    #[test]
    fn a_new_backlog_covers_the_next_byte_only() {
        let backlog = Backlog::new(100, 1 << 20);
        assert_eq!((backlog.first(), backlog.histlen()), (101, 0));
        assert!(backlog.covers(101) && !backlog.covers(100) && !backlog.covers(102));
        assert_eq!(backlog.since(101).unwrap().count(), 0);
    }

    #[test]
    fn what_exceeds_the_size_is_forgotten_unless_a_replica_still_needs_it() {
        let mut backlog = pings(2000, 0);
        backlog.trim(1);
        assert_eq!(backlog.histlen(), 28_000);
        backlog.trim(u64::MAX);
        assert_eq!(backlog.histlen(), 16 * 1024);
        assert_eq!(backlog.first(), 28_000 - 16 * 1024 + 1);
        assert!(backlog.since(11_601).is_none());
        let start = 14 * 900 + 1;
        assert_eq!(backlog.since(start).unwrap().count(), 1100);
        assert_eq!(backlog.since(28_001).unwrap().count(), 0);
    }

    #[test]
    fn an_offset_inside_an_item_is_refused() {
        let backlog = pings(3, 0);
        assert!(backlog.since(16).is_none());
        assert_eq!(backlog.since(15).unwrap().count(), 2);
    }
}
