//! Which replication history a server must be in, as far as its tape tells: ids, an interval for its offset, and how far its
//! backlog reaches back. Knows no connections.

use crate::server_tape::Counts;
use splitbrain_model::{ReplId, ReplOffset};

/// Most bytes of the stream that one write of a client, or one hello, makes.
const WRITE_BYTES: u64 = 128;
const HELLO_BYTES: u64 = 512;
/// What comes once beside them: SELECT.
const SELECT_BYTES: u64 = 23;
const PING_BYTES: u64 = 14;
/// Smallest backlog.
const BACKLOG_MIN: u64 = 16 * 1024;

/// Where a server must be.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// `master_replid`; `None` until it has said a new one.
    pub(super) id: Option<ReplId>,
    /// An id that it gave up, and must not say again.
    pub(super) given_up: Option<ReplId>,
    /// The history before, with the first offset that it is not valid for. The id is not always known.
    pub(super) second: Option<(Option<ReplId>, u64)>,
    /// Its offset lies between these.
    pub(super) low: u64,
    pub(super) high: u64,
    /// `low` at the end of the last iteration.
    pub(super) low_before: u64,
    /// Offset at which its backlog began, if it has one.
    pub(super) backlog: Option<u64>,
}

impl History {
    /// A history at this offset, without a backlog.
    pub(super) fn at(id: Option<ReplId>, offset: u64) -> History {
        History { id, given_up: None, second: None, low: offset, high: offset, low_before: offset, backlog: None }
    }

    /// The offset, if it is known.
    pub(super) fn exact(&self) -> Option<u64> {
        (self.low == self.high).then_some(self.low)
    }

    /// The offset turned out to be this; false if it cannot be.
    #[must_use]
    pub(super) fn settle(&mut self, offset: u64) -> bool {
        let fits = (self.low..=self.high).contains(&offset);
        (self.low, self.high) = (offset, offset);
        fits
    }

    /// It says that this is its id; false if it cannot be. Then whether it is one that it gave up is asked with
    /// [`History::given_up`].
    #[must_use]
    pub(super) fn says(&mut self, id: ReplId) -> bool {
        let fits = self.id.is_none_or(|known| known == id) && self.given_up != Some(id);
        self.id = Some(id);
        fits
    }

    /// What was counted since adds to the offset: the stream itself, or, where nobody got it, at most what its clients may
    /// have caused.
    /// `pinged`: it has replicas, which it sends PINGs.
    pub(super) fn grow(&mut self, before: &Counts, now: &Counts, unseen: bool, pinged: bool) {
        let seen = now.stream - before.stream;
        self.low += seen;
        let put_off = now.postponed - before.postponed;
        let writes = u64::from(now.writes - before.writes + put_off) * WRITE_BYTES;
        let hellos = u64::from(now.hellos - before.hellos) * HELLO_BYTES;
        let pings = if pinged { u64::from((now.ticks - before.ticks) / 10 + 1) * PING_BYTES } else { 0 };
        let most = writes + hellos + pings;
        let most = if unseen && most > 0 { most + SELECT_BYTES } else { 0 };
        self.high += seen + most;
    }

    /// Its end is called off: what was put off for it is done now, and all of it may still have been waiting.
    pub(super) fn goes_on(&mut self, now: &Counts, unseen: bool) {
        if unseen {
            self.high += u64::from(now.postponed) * WRITE_BYTES + u64::from(now.held) * HELLO_BYTES + SELECT_BYTES;
        }
    }

    /// shiftReplicationId, to an id that it has not said.
    pub(super) fn shift(&mut self) {
        // Where the offset is not known, the limit is not either.
        self.second = Some((self.id.filter(|_| self.low == self.high), self.low + 1));
        self.given_up = self.id.take();
    }

    /// changeReplicationId and clearReplicationId2.
    pub(super) fn renew(&mut self) {
        self.second = None;
        self.given_up = self.id.take();
    }

    /// Whether byte `offset` of history `id` must be continued.
    pub(super) fn must_continue(&self, id: ReplId, offset: u64, size: u64) -> bool {
        let second = |&(known, limit): &(Option<ReplId>, u64)| known == Some(id) && offset <= limit;
        let known = self.id == Some(id) || self.second.as_ref().is_some_and(second);
        let kept = |base: u64| offset > base && offset <= self.low + 1 && offset + size.max(BACKLOG_MIN) > self.high;
        known && self.backlog.is_some_and(kept)
    }

    /// Whether byte `offset` of history `id` may be continued; `needed` is the first byte that some replica may have made it
    /// keep.
    pub(super) fn may_continue(&self, id: ReplId, offset: u64, size: u64, needed: u64) -> bool {
        let Some(base) = self.backlog else { return false };
        // An id that it has not said yet is none that anybody could ask for.
        let second = match self.second {
            None => false,
            Some((known, limit)) => known.is_none_or(|known| known == id && offset <= limit),
        };
        let known = self.id == Some(id) || second;
        let by_size = (self.low_before + 1).saturating_sub(size.max(BACKLOG_MIN));
        let first = by_size.min(needed).max(base + 1);
        known && (first..=self.high + 1).contains(&offset)
    }

    /// A full synchronisation put it there.
    pub(super) fn adopt(&mut self, (id, ReplOffset(offset)): (ReplId, ReplOffset)) {
        *self = History { backlog: Some(offset), ..History::at(Some(id), offset) };
    }

    /// It continues under the id of its master; whether that is another than its own, if both are known.
    pub(super) fn resume(&mut self, id: ReplId) -> bool {
        let changed = self.id.is_some_and(|known| known != id);
        if self.id != Some(id) {
            self.second = Some((self.id, self.low + 1));
        }
        self.id = Some(id);
        self.given_up = None;
        self.backlog.get_or_insert(self.low);
        changed
    }
}
