//! What clients were served, and what they were refused (spec 9.1).

use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use crate::server_tape::{Counts, Kind};
use splitbrain_model::ErrorWord;

/// Fewest bytes of a hello in the stream.
const HELLO_LEAST: u64 = 100;
/// Runs of the timer within which a shutdown begins.
const BEGINS: u32 = 3;

impl Shadow<'_> {
    /// What was served since the last item, as things have stood since then.
    pub(super) fn between(&mut self, counts: &Counts) {
        self.fed(counts);
        self.passed_on(counts);
        self.persists(counts);
        let (wrote, read) = (counts.writes > self.counted.writes, counts.reads > self.counted.reads);
        if !wrote && !read {
            return;
        }
        self.served = true;
        let replica = self.master.is_some();
        if self.loading() {
            self.broke(ServerLaw::ServedLoading, None);
        }
        if replica && !self.link_up() && !self.conf.replica_serve_stale_data {
            self.broke(ServerLaw::ServedStale, None);
        }
        if !wrote {
            return;
        }
        if replica && self.conf.replica_read_only {
            self.broke(ServerLaw::TookAsReplica, None);
        }
        if !replica && self.counts_replicas() && self.surely_too_few() {
            self.broke(ServerLaw::TookUnreplicated, None);
        }
        let waiting = self.terminated.is_some_and(|(_, ticks)| self.now.ticks > ticks + BEGINS);
        if waiting && self.conf.save.is_empty() {
            self.broke(ServerLaw::TookInShutdown, None);
        }
    }

    /// Every hello goes to every subscriber. What comes behind a dataset that is being loaded waits.
    fn passed_on(&mut self, counts: &Counts) {
        let relayed = if self.loading() { 0 } else { counts.relayed - self.counted.relayed };
        let hellos = counts.hellos - self.counted.hellos + relayed;
        let subscribers = self.clients.iter().filter(|client| client.subscribes()).count() as u32;
        if counts.delivered - self.counted.delivered < hellos * subscribers {
            self.broke(ServerLaw::HelloWithheld, None);
        }
    }

    /// Hellos are passed on to replicas, and after a snapshot or a promotion SELECT comes before the first.
    fn fed(&mut self, counts: &Counts) {
        let hellos = u64::from(counts.hellos - self.counted.hellos);
        if self.master.is_some() || !self.is_heard() {
            // Nobody saw whether it came.
            self.select_due &= hellos == 0 && counts.writes == self.counted.writes;
            return;
        }
        if hellos == 0 {
            return;
        }
        if counts.stream - self.counted.stream < hellos * HELLO_LEAST {
            self.broke(ServerLaw::HelloNotFed, None);
        }
        if self.select_due {
            self.broke(ServerLaw::SelectMissed, None);
        }
    }

    /// A command was refused.
    pub(super) fn refused(&mut self, kind: Kind, word: ErrorWord) {
        let replica = self.master.is_some();
        let write = kind == Kind::Write;
        let read_only = replica && self.conf.replica_read_only;
        let ground = match word {
            ErrorWord::ReadOnly => read_only && write,
            ErrorWord::NoReplicas => !replica && self.counts_replicas() && write,
            // Later checks do not come to a write that is refused already.
            ErrorWord::MasterDown | ErrorWord::Loading if write && read_only => false,
            ErrorWord::MasterDown => replica && !self.link_up() && !self.conf.replica_serve_stale_data,
            ErrorWord::Loading => self.loading() || !self.served,
            ErrorWord::Misconf => self.files_fail(),
            _ => true,
        };
        if !ground {
            self.broke(ServerLaw::RefusedGroundless, None);
        } else if word == ErrorWord::NoReplicas && self.surely_enough() {
            self.broke(ServerLaw::RefusedReplicated, None);
        }
    }
}
