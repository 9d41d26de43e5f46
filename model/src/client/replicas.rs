//! Clients that only read, from replicas (client spec 3.4, 5, 7, 8.1): which of the replicas that a Sentinel lists they
//! take, and what they do if there is none. No library looks at the lag of a replica.

use super::profile::{ReplicaChoice, ReplicaOrder};
use super::{Client, Io};
use crate::{Addr, Purpose, Reply};

impl Client {
    /// The usable replicas of an answer, in the order in which they are to be tried. The list is empty if there is none.
    pub(super) fn usable_replicas(&mut self, reply: &Reply, io: &mut Io<'_, '_>) -> Vec<Addr> {
        let (Some(choice), Reply::Instances(entries)) = (self.profile.replica_choice, reply) else {
            return Vec::new();
        };
        let mut usable: Vec<Addr> = (entries.iter())
            .filter(|entry| entry.slave && !entry.s_down && !entry.o_down)
            .filter(|entry| !choice.reject_disconnected || !entry.disconnected)
            .map(|entry| entry.addr)
            .collect();
        if usable.is_empty() {
            return usable;
        }
        let first = match (choice.order, self.rotation) {
            (ReplicaOrder::Rotating, Some(turn)) => turn % usable.len(),
            _ => io.env.draws.below(Purpose::ReadFrom, usable.len() as u64) as usize,
        };
        self.rotation = Some(first + 1);
        usable.rotate_left(first);
        if !choice.tries_all {
            usable.truncate(1);
        }
        usable
    }

    /// The replica at hand is of no use: on to the next, or to the master. Returns whether there is such a thing.
    pub(super) fn next_replica(&mut self, w: usize, io: &mut Io<'_, '_>) -> bool {
        if !self.workers[w].wants_replica {
            return false;
        }
        match self.workers[w].candidates.pop() {
            Some(next) => {
                self.rotation = self.rotation.map(|turn| turn + 1);
                self.connect_server(w, next, io);
                true
            }
            None => self.profile.replica_choice.is_some_and(|choice| choice.tries_all) && self.turn_to_master(w, io),
        }
    }

    /// No Sentinel has a usable replica: the master is looked for, if the library does that.
    pub(super) fn turn_to_master(&mut self, w: usize, io: &mut Io<'_, '_>) -> bool {
        let falls_back = |choice: ReplicaChoice| choice.falls_back_to_master;
        let other = self.workers[w].wants_replica && self.profile.replica_choice.is_some_and(falls_back);
        if other {
            self.workers[w].wants_replica = false;
            self.start_round(w, io);
        }
        other
    }
}
