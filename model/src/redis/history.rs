//! The replication history of a server: its ids, its offset, its backlog, and the branch its dataset is on (Redis
//! spec 4). Decides whether a partial resynchronisation is possible. Knows nothing of connections.

use super::backlog::Backlog;
use crate::files::Lineage;
use crate::ids::{ReplId, ReplOffset};
use crate::message::StreamItem;
use crate::planted::{Plant, Planted};

/// Where in which history the dataset is.
#[derive(Clone, Debug)]
pub struct History {
    /// `master_replid`
    pub replid: ReplId,
    /// `master_replid2` and `second_repl_offset`: the former history and the first offset it is not valid for.
    pub second: Option<(ReplId, u64)>,
    /// `master_repl_offset`: last byte produced (master) or applied (replica).
    pub offset: u64,
    /// Absent until somebody needed it.
    pub backlog: Option<Backlog>,
    /// Whether a SELECT must precede the next command of a database (`slaveseldb == -1`).
    pub select_due: bool,
    /// Position for the judge.
    pub lineage: Lineage,
    /// Births of branches in the stream that the backlog may reach back to, with the offset at birth, ascending.
    births: Vec<(u64, ReplId)>,
    /// Offset of the next birth that the dataset has not reached yet; `u64::MAX` if there is none.
    next_birth: u64,
}

impl History {
    /// A history that begins here, on `lineage`.
    pub fn new(replid: ReplId, offset: u64, lineage: Lineage) -> History {
        History {
            replid,
            second: None,
            offset,
            backlog: None,
            select_due: true,
            lineage,
            births: Vec::new(),
            next_birth: u64::MAX,
        }
    }

    /// shiftReplicationId: the current id becomes the second one, valid up to and including the current offset.
    pub fn shift(&mut self, new: ReplId) -> Lineage {
        self.second = Some((self.replid, self.offset + 1));
        self.branch(new)
    }

    /// changeReplicationId and clearReplicationId2: whoever comes needs a full resync.
    pub fn renew(&mut self, new: ReplId) -> Lineage {
        self.second = None;
        self.births.clear();
        self.branch(new)
    }

    /// Begins a branch under a new id; returns the position it continues.
    pub fn branch(&mut self, new: ReplId) -> Lineage {
        let parent = self.lineage;
        self.replid = new;
        self.lineage = Lineage { id: new, writes: 0 };
        // Births still ahead can no longer be reached: their bytes were never applied.
        self.births.retain(|(at, _)| *at <= self.offset);
        self.births.push((self.offset, new));
        self.next_birth = u64::MAX;
        parent
    }

    /// A replica continues the stream of a master that answered CONTINUE: adopts its id and learns which branches lie
    /// ahead (replicationTryPartialResynchronization, spec 4.4). Returns whether the id changed.
    pub fn resume(&mut self, id: ReplId, births: &[(ReplOffset, ReplId)]) -> bool {
        let changed = id != self.replid;
        if changed {
            self.second = Some((self.replid, self.offset + 1));
            self.replid = id;
        }
        for &(at, id) in births {
            if !self.births.contains(&(at.0, id)) {
                self.births.push((at.0, id));
            }
        }
        self.births.sort_by_key(|(at, _)| *at);
        self.find_next_birth(births);
        self.reach_births();
        changed
    }

    fn find_next_birth(&mut self, ahead: &[(ReplOffset, ReplId)]) {
        self.next_birth = ahead.iter().map(|(at, _)| at.0).filter(|at| *at >= self.offset).min().unwrap_or(u64::MAX);
    }

    /// A full sync put this server at the master's position.
    pub fn adopt(&mut self, replid: ReplId, offset: u64, lineage: Lineage, backlog_size: u64) {
        *self = History::new(replid, offset, lineage);
        self.create_backlog(backlog_size);
    }

    /// createReplicationBacklog
    pub fn create_backlog(&mut self, size: u64) {
        self.backlog = Some(Backlog::new(self.offset, size));
    }

    /// Appends to the stream; returns its length.
    pub fn push(&mut self, item: StreamItem) {
        let len = item.wire_len();
        if let Some(backlog) = &mut self.backlog {
            backlog.push(item, len);
        }
        self.offset += len;
    }

    /// Moves on to branches born at the offset just reached. To be called whenever the offset of a replica moved.
    pub fn reach_births(&mut self) {
        if self.offset < self.next_birth {
            return;
        }
        // A transaction moves the offset by all its items at once, but a birth never lies inside one.
        let mut next = u64::MAX;
        for &(at, id) in &self.births {
            if at > self.offset {
                next = at;
                break;
            }
            if at >= self.next_birth {
                self.lineage = Lineage { id, writes: 0 };
            }
        }
        self.next_birth = next;
    }

    /// Branches born at or after byte `offset`, for the one who resumes there.
    pub fn births_since(&self, offset: u64) -> Vec<(ReplOffset, ReplId)> {
        self.births.iter().filter(|(at, _)| at + 1 >= offset).map(|(at, id)| (ReplOffset(*at), *id)).collect()
    }

    /// masterTryPartialResync, spec 4.3: whether a replica that asks for byte `offset` of history `id` can continue.
    pub fn can_continue(&self, id: ReplId, offset: u64, planted: Plant) -> bool {
        let short = u64::from(planted.has(Planted::SecondOffsetShort));
        let within = |limit| offset + short <= limit || planted.has(Planted::SecondOffsetIgnored);
        let known = id == self.replid
            || self.second.is_some_and(|(second, limit)| id == second && within(limit))
            || planted.has(Planted::PsyncBeyondBacklog);
        let covers = |backlog: &Backlog| backlog.since(offset).is_some() || planted.has(Planted::BacklogGapIgnored);
        known && self.backlog.as_ref().is_some_and(covers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Hex40;

    fn id(n: u64) -> ReplId {
        ReplId(Hex40::from_words([n, 0, 0]))
    }

    fn start() -> History {
        let lineage = Lineage { id: id(1), writes: 5 };
        let mut history = History::new(id(1), 1000, lineage);
        history.create_backlog(0);
        for _ in 0..10 {
            history.push(StreamItem::Ping);
        }
        history
    }

    #[test]
    fn the_current_id_continues_within_the_backlog_only() {
        let history = start();
        assert_eq!(history.offset, 1140);
        for (offset, expected) in
            [(1000, false), (1001, true), (1127, true), (1141, true), (1142, false), (1155, false)]
        {
            assert_eq!(history.can_continue(id(1), offset, Plant::NONE), expected, "{offset}");
        }
        assert!(!history.can_continue(id(2), 1001, Plant::NONE));
    }

    #[test]
    fn the_second_id_continues_up_to_and_including_the_byte_after_the_promotion() {
        let mut history = start();
        let parent = history.shift(id(2));
        assert_eq!(parent, Lineage { id: id(1), writes: 5 });
        assert_eq!(history.second, Some((id(1), 1141)));
        history.push(StreamItem::Ping);
        for (replid, offset, expected) in [
            (id(1), 1127, true),
            (id(1), 1141, true),
            (id(1), 1155, false),
            (id(2), 1155, true),
            (id(2), 1001, true),
            (id(3), 1141, false),
        ] {
            assert_eq!(history.can_continue(replid, offset, Plant::NONE), expected, "{offset}");
        }
    }

    #[test]
    fn without_a_backlog_nothing_continues() {
        let mut history = start();
        history.backlog = None;
        assert!(!history.can_continue(id(1), 1141, Plant::NONE));
    }

    #[test]
    fn a_resuming_replica_changes_branch_where_the_branch_was_born() {
        let mut master = start();
        master.lineage.writes = 7;
        master.shift(id(2));
        let mut replica = History::new(id(1), 1126, Lineage { id: id(1), writes: 6 });
        assert!(replica.resume(master.replid, &master.births_since(1127)));
        assert_eq!(replica.second, Some((id(1), 1127)));
        assert_eq!(replica.lineage, Lineage { id: id(1), writes: 6 });
        replica.push(StreamItem::Ping);
        replica.reach_births();
        assert_eq!(replica.lineage, Lineage { id: id(2), writes: 0 });
        let mut exact = History::new(id(1), 1140, Lineage { id: id(1), writes: 7 });
        exact.resume(master.replid, &master.births_since(1141));
        assert_eq!(exact.lineage, Lineage { id: id(2), writes: 0 });
    }
}
