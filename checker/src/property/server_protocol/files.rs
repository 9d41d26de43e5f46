//! Save points, the last save, everysec, and what a server may do whose files fail (spec 12). What matters is that something
//! was written, not what: content is the business of `durable`.

use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use crate::server_tape::{Counts, What};
use splitbrain_model::files::AppendFsync;
use splitbrain_model::{DiskCall, Millis};

/// Runs of the timer within which something that is due begins.
const LATE: u32 = 3;
/// Seconds before another attempt after a save that failed.
const RETRY: u32 = 5;
/// Runs of the timer within which what was appended is being synced: a second, and some.
const SYNC: u32 = 15;
/// Runs of the timer for which a busy disk may put everything off: two seconds, and some.
const PUT_OFF: u32 = 35;

/// What is known of a server's files.
#[derive(Debug)]
pub(super) struct Files {
    /// For each save point since when there have surely been enough changes, in runs of the timer.
    enough: Vec<Option<u32>>,
    /// Changes that were counted when a child was last forked.
    forked: u32,
    /// The most changes there were when the file was last saved, and when the child that saved it was forked.
    saved: u32,
    forked_most: u32,
    /// When a file was last saved: what the wall clock showed, and runs of the timer.
    last_save: Millis,
    saved_ticks: u32,
    /// No child works after so many runs of the timer.
    pub(super) idle: u32,
    /// The last save failed; and so did the append-only file.
    rdb_failed: bool,
    aof_failed: bool,
    /// Something was appended then and is not being synced.
    unsynced: Option<u32>,
    /// When an fsync last began or failed, and when something last put one off.
    synced: u32,
    synced_at: Millis,
    busy: Option<u32>,
    /// It promised to sync before it answers, and could not.
    hopeless: bool,
    /// In this step a file was begun, and a file was saved.
    writing: bool,
    in_step: bool,
    /// In this step the last save failed.
    last_failed: bool,
}

impl Files {
    /// Those of a server that starts at this time.
    pub(super) fn at(wall: Millis, save_points: usize) -> Files {
        Files {
            enough: vec![None; save_points],
            forked: 0,
            saved: 0,
            forked_most: 0,
            last_save: wall,
            saved_ticks: 0,
            idle: 0,
            rdb_failed: false,
            aof_failed: false,
            unsynced: None,
            synced: 0,
            synced_at: wall,
            busy: None,
            hopeless: false,
            writing: false,
            in_step: false,
            last_failed: false,
        }
    }
}

/// The most changes that these counts stand for: a master that begins with data has one.
fn most(counts: &Counts) -> u32 {
    counts.writes + counts.postponed + counts.applied + 1
}

fn secs(time: Millis) -> i64 {
    time.0.div_euclid(1000)
}

impl Shadow<'_> {
    /// What was executed since the last item, as the files have stood since then.
    pub(super) fn persists(&mut self, counts: &Counts) {
        // What comes behind a dataset that it still loads waits.
        let applied = counts.applied > self.counted.applied && !self.loading();
        let more = counts.writes > self.counted.writes || applied;
        if more && self.files_fail() {
            self.broke(ServerLaw::TookUnpersisted, None);
        }
    }

    /// Whether a file failed, so that no write may be done.
    pub(super) fn files_fail(&self) -> bool {
        self.files.aof_failed
            || self.files.rdb_failed && !self.conf.save.is_empty() && self.conf.stop_writes_on_bgsave_error
    }

    /// Something was asked of the disk.
    pub(super) fn disk(&mut self, call: DiskCall) {
        // What a server finds out while it loads, ends or asks for a dataset has other consequences.
        let (ends, flushes) = (self.terminated.is_some(), matches!(self.begun(), Some(What::Rest)));
        let routine = flushes || matches!(self.begun(), Some(What::Tick));
        let (ticks, timer) = (self.now.ticks, self.now.timer);
        let files = &mut self.files;
        match call {
            DiskCall::Appended => {
                files.unsynced.get_or_insert(ticks);
                files.aof_failed = false;
            }
            DiskCall::Synced => files.unsynced = None,
            DiskCall::SyncBegun => {
                (files.unsynced, files.aof_failed) = (None, false);
                (files.synced, files.synced_at) = (ticks, timer);
            }
            DiskCall::AofReplaced => (files.unsynced, files.aof_failed) = (Some(ticks), false),
            DiskCall::SyncFailed if flushes => {
                (files.unsynced, files.synced, files.synced_at) = (None, ticks, timer);
                self.aof_fails();
            }
            DiskCall::Full if flushes => {
                files.busy = Some(ticks);
                self.aof_fails();
            }
            DiskCall::Busy => files.busy = Some(ticks),
            DiskCall::Forked => self.forks(),
            DiskCall::Writing(time) => {
                files.writing = true;
                let runs = u32::try_from(time.0 / 100_000_000).unwrap_or(u32::MAX);
                files.idle = ticks.saturating_add(runs).saturating_add(LATE);
            }
            DiskCall::RdbSaved(wall) if routine => {
                (files.last_save, files.saved_ticks, files.saved) = (wall, ticks, files.forked_most);
                (files.rdb_failed, files.in_step) = (false, true);
            }
            // The last save of all: the process lives on, and nothing is refused for it (finishShutdown).
            DiskCall::RdbFailed if routine && ends && files.writing => {
                (self.terminated, files.last_failed) = (None, true);
                let unseen = self.unseen();
                self.history.goes_on(&self.counted, unseen);
            }
            DiskCall::RdbFailed if routine => files.rdb_failed = true,
            // Logged, and it ends all the same.
            DiskCall::SyncFailed | DiskCall::Full if ends => files.unsynced = None,
            DiskCall::SyncFailed | DiskCall::Full | DiskCall::RdbSaved(_) | DiskCall::RdbFailed => {}
        }
    }

    fn aof_fails(&mut self) {
        self.files.aof_failed = true;
        self.files.hopeless = self.conf.appendfsync == AppendFsync::Always;
    }

    /// It forks: for a save point, for replicas, for the append-only file, or as it was told.
    fn forks(&mut self) {
        let other = self.conf.appendonly || self.replicas.iter().any(|replica| !replica.online());
        let sure = self.jumped == 0 && matches!(self.begun(), Some(What::Tick));
        let changes = most(&self.counted) - self.files.saved;
        let passed = secs(self.now.timer) - secs(self.files.last_save);
        let due = |&(seconds, least): &(u32, u32)| changes >= least && passed > i64::from(seconds);
        if sure && !other && !self.conf.save.iter().any(due) {
            self.broke(ServerLaw::SavedEarly, None);
        }
        self.files.enough.fill(None);
        // While it waits for its end, what is put off is still to be done.
        let put_off = if self.terminated.is_some() { self.counted.postponed } else { 0 };
        (self.files.forked, self.files.forked_most) = (self.counted.changes, most(&self.counted) - put_off);
    }

    /// It gives up its append-only file for its master's dataset.
    pub(super) fn files_end(&mut self) {
        (self.files.aof_failed, self.files.unsynced) = (false, None);
    }

    /// What is due whenever it is looked at.
    pub(super) fn files_overdue(&mut self) {
        let ticks = self.now.ticks;
        if self.loading() || !self.served && !self.link_up() {
            self.files.idle = self.files.idle.max(ticks);
        }
        let changes = self.counted.changes - self.files.forked;
        for (enough, (_, least)) in self.files.enough.iter_mut().zip(&self.conf.save) {
            if changes >= *least {
                enough.get_or_insert(ticks);
            }
        }
        if self.terminated.is_some() {
            return;
        }
        // Where the clock was set back, the last save seems to lie ahead.
        let retries = self.jumped <= self.files.saved_ticks && (!self.files.rdb_failed || self.jumped == 0);
        let passed = secs(self.before.timer) - secs(self.files.last_save);
        let overdue = |(enough, (secs, _)): (&Option<u32>, &(u32, u32))| {
            passed > i64::from(*secs)
                && enough.is_some_and(|since| self.ran(since) > LATE)
                && self.ran(self.files.idle) > (*secs.max(&RETRY) + 2) * 10 + LATE
        };
        if retries && self.files.enough.iter().zip(&self.conf.save).any(overdue) {
            self.broke(ServerLaw::SaveMissed, None);
        }
        self.sync_overdue();
    }

    fn syncs_each_second(&self) -> bool {
        self.conf.appendonly && self.conf.appendfsync == AppendFsync::Everysec
    }

    fn sync_overdue(&mut self) {
        let late = self.files.unsynced.is_some_and(|since| self.ran(since) > SYNC);
        let next = secs(self.before.timer) > secs(self.files.synced_at);
        let put_off = self.files.busy.is_some_and(|busy| self.ran(busy) < PUT_OFF);
        if self.syncs_each_second() && late && next && !put_off && self.jumped <= self.files.synced {
            self.broke(ServerLaw::SyncMissed, None);
        }
    }

    /// It ends with this status.
    pub(super) fn files_at_exit(&mut self, status: u8) {
        (self.files.hopeless, self.files.aof_failed, self.files.rdb_failed) = (false, false, false);
        let ends = self.terminated.is_some() && status == 0;
        if ends && self.syncs_each_second() && self.files.unsynced.is_some() && self.served && !self.loading() {
            self.broke(ServerLaw::LastSyncMissed, None);
        }
        let saves = !self.conf.save.is_empty() && ends;
        let saved = self.files.in_step || !saves || !self.served || self.loading();
        if !saved || self.files.last_failed && status == 0 {
            self.broke(ServerLaw::LastSaveMissed, None);
        }
    }

    /// A step is over.
    pub(super) fn files_step_over(&mut self) {
        (self.files.writing, self.files.in_step, self.files.last_failed) = (false, false, false);
        if self.files.hopeless {
            self.broke(ServerLaw::SyncErrorIgnored, None);
        }
    }
}
