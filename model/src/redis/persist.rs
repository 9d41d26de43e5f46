//! Persistence while running: save points, the append-only file and its rewrite, the child process (Redis spec 12, 13.4).
//! Knows nothing of clients; of replication only that a child may work for replicas.

use super::Redis;
use super::aof::AofErrors;
use crate::effects::Effects;
use crate::env::Env;
use crate::files::{AofEntry, AppendFsync, Lineage, RedisConf, Snapshot};
use crate::ids::ReplOffset;
use crate::planted::Planted;
use crate::time::MonoTime;
use crate::value::Command;
use std::sync::Arc;

/// What the child is forked for.
#[derive(Clone, Debug)]
pub enum ChildKind {
    /// BGSAVE to `dump.rdb`, with the number of changes it contains: for a save point or for replicas, and whoever of them
    /// is registered gets the file (spec 12.4).
    Save(Arc<Snapshot>, u64),
    /// A snapshot for replicas, to their sockets.
    SyncSocket(Arc<Snapshot>),
    /// Rewrite of the append-only file, with the writes since the fork.
    RewriteAof(Arc<Snapshot>, Vec<AofEntry>),
}

/// The child process; at most one.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its work.
    pub kind: ChildKind,
    /// When it ends.
    pub done: MonoTime,
}

/// `aof_state`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AofState {
    Off,
    On,
    /// Started again after a sync: nothing is written until the rewrite is complete.
    WaitRewrite,
}

/// State of persistence.
#[derive(Debug)]
pub struct Persist {
    /// Changes since the last save.
    pub dirty: u64,
    /// When the last save was completed, seconds.
    pub last_save: i64,
    /// When the last save was attempted, seconds.
    last_try: i64,
    last_ok: bool,
    /// The running child.
    pub child: Option<Child>,
    pub(super) rewrite_scheduled: bool,
    pub(super) aof: AofState,
    pub(super) aof_buf: Vec<AofEntry>,
    pub(super) unsynced: bool,
    pub(super) last_fsync: i64,
    pub(super) aof_errors: AofErrors,
}

/// Pause before another BGSAVE after a failed one (CONFIG_BGSAVE_RETRY_DELAY), seconds.
const RETRY_DELAY: i64 = 5;

impl Persist {
    /// At start; with `appendonly` the file is open and appended to.
    pub fn new(conf: &RedisConf, now: i64) -> Persist {
        Persist {
            dirty: 0,
            last_save: now,
            last_try: 0,
            last_ok: true,
            child: None,
            rewrite_scheduled: false,
            aof: if conf.appendonly { AofState::On } else { AofState::Off },
            aof_buf: Vec::new(),
            unsynced: false,
            last_fsync: now,
            aof_errors: AofErrors::default(),
        }
    }

    /// Whether writes and PING get MISCONF: the last BGSAVE failed and save points exist, or the append-only file could not
    /// be written or synced (writeCommandsDeniedByDiskError, spec 12.5).
    pub fn refuses_writes(&self, conf: &RedisConf) -> bool {
        !self.last_ok
            && !conf.save.is_empty()
            && conf.stop_writes_on_bgsave_error
            && !conf.planted.has(Planted::SaveErrorForgotten)
            || self.aof != AofState::Off && self.aof_errors.any()
    }

    /// Whether the append-only file is stopped.
    pub fn aof_is_off(&self) -> bool {
        self.aof == AofState::Off
    }

    /// Forks a child that is busy as long as writing `bytes` takes.
    pub fn start_child(&mut self, env: &mut Env<'_>, bytes: u64, kind: ChildKind) {
        let done = env.mono() + env.save_time(bytes);
        self.child = Some(Child { kind, done });
    }

    /// feedAppendOnlyFile: into the buffer, written before the iteration's output leaves.
    pub fn feed_aof(&mut self, command: Command, lineage: Lineage) {
        if self.aof == AofState::Off {
            return;
        }
        let entry = AofEntry { command, lineage };
        match (&mut self.child, self.aof) {
            (Some(Child { kind: ChildKind::RewriteAof(_, tail), .. }), _) => tail.push(entry),
            (_, AofState::On) => self.aof_buf.push(entry),
            _ => {}
        }
    }

    /// The buffer the wrong way round, for [`Planted::AofOrder`](crate::planted::Planted::AofOrder).
    pub fn reverse_aof_buffer(&mut self) {
        self.aof_buf.reverse();
    }

    /// stopAppendOnly: what is buffered is written and synced, a rewrite is given up.
    pub fn stop_aof(&mut self, env: &mut Env<'_>) {
        if self.aof == AofState::Off {
            return;
        }
        // What cannot be written here is lost with the file that the next sync replaces.
        let _ = self.write_aof(env, AppendFsync::Always, 0, true);
        self.aof_buf.clear();
        self.aof = AofState::Off;
        self.rewrite_scheduled = false;
        if matches!(self.child, Some(Child { kind: ChildKind::RewriteAof(..), .. })) {
            self.child = None;
        }
    }

    /// Puts a finished rewrite in place, the writes since its fork behind it.
    fn finish_rewrite(&mut self, env: &mut Env<'_>, base: Arc<Snapshot>, tail: Vec<AofEntry>) {
        env.replace_aof(base, tail);
        self.aof_errors.fsync = false;
        self.unsynced = true;
        self.aof = AofState::On;
    }
}

impl Redis {
    /// The dataset as a file would hold it; with id and offset only if this server has a backlog, or a live or cached
    /// master (rdbPopulateSaveInfo, spec 12.2).
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        let known = match self.master_addr {
            None => self.history.backlog.is_some(),
            Some(_) => self.link_up() || self.link.cached.is_some(),
        };
        Arc::new(Snapshot {
            data: self.data.clone(),
            repl: known.then_some((self.history.replid, ReplOffset(self.history.offset))),
            lineage: self.history.lineage,
            bytes: self.data.rdb_bytes(),
        })
    }

    /// startAppendOnly after a sync: a rewrite in the background, at once if no other child is active.
    pub(super) fn restart_aof(&mut self, env: &mut Env<'_>) {
        self.persist.aof = AofState::WaitRewrite;
        self.persist.aof_errors = AofErrors::default();
        if self.persist.child.is_some() {
            self.persist.rewrite_scheduled = true;
        } else {
            self.start_rewrite(env);
        }
    }

    fn start_rewrite(&mut self, env: &mut Env<'_>) {
        let base = self.snapshot();
        let bytes = base.bytes;
        env.fork(bytes);
        self.persist.rewrite_scheduled = false;
        self.persist.start_child(env, bytes, ChildKind::RewriteAof(base, Vec::new()));
    }

    /// When the child's end must be noticed without the cron: the pipe to the sockets runs dry.
    pub(super) fn child_wakeup(&self) -> Option<MonoTime> {
        match &self.persist.child {
            Some(Child { kind: ChildKind::SyncSocket(_), done }) => Some(*done),
            _ => None,
        }
    }

    /// The part of serverCron about children and save points: scheduled rewrite, ended child, else a save that is due.
    pub(super) fn persistence_cron(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if self.persist.rewrite_scheduled && self.persist.child.is_none() {
            self.start_rewrite(env);
        }
        if self.persist.child.is_some() {
            self.check_child_done(env, out);
        } else {
            self.save_if_due(env);
        }
    }

    /// checkChildrenDone
    pub(super) fn check_child_done(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let done = self.persist.child.as_ref().map(|child| child.done);
        if done.is_none_or(|at| env.mono() < at) {
            return;
        }
        let Some(child) = self.persist.child.take() else {
            return;
        };
        match child.kind {
            ChildKind::Save(snapshot, changes) => {
                self.persist.last_ok = !env.rdb_save_fails();
                if self.persist.last_ok {
                    env.save_rdb(snapshot.clone());
                    self.persist.dirty = self.persist.dirty.saturating_sub(changes);
                    self.persist.last_save = env.wall().secs();
                    self.disk_snapshot_saved(env, out, &snapshot);
                } else {
                    self.sync_snapshot_failed(env, out);
                }
            }
            ChildKind::SyncSocket(snapshot) => self.socket_snapshot_sent(out, &snapshot),
            ChildKind::RewriteAof(_, tail) if env.disk_is_full() => self.persist.rewrite_failed(tail),
            ChildKind::RewriteAof(base, tail) => self.persist.finish_rewrite(env, base, tail),
        }
    }

    /// Save points: `dirty >= changes` and strictly more than the seconds since the last save (spec 12.1).
    fn save_if_due(&mut self, env: &mut Env<'_>) {
        let now = self.clock.secs();
        let times = if self.conf.planted.has(Planted::SavePointLate) { 2 } else { 1 };
        let due = |&(seconds, changes): &(u32, u32)| {
            self.persist.dirty >= u64::from(changes)
                && now - self.persist.last_save > i64::from(seconds) * times
                && (self.persist.last_ok || now - self.persist.last_try > RETRY_DELAY)
        };
        if self.conf.save.iter().any(due) {
            self.start_save(env);
        }
    }

    /// rdbSaveBackground to `dump.rdb`; no child may be active.
    pub(super) fn start_save(&mut self, env: &mut Env<'_>) {
        let snapshot = self.snapshot();
        let bytes = snapshot.bytes;
        self.persist.last_try = self.clock.secs();
        env.fork(bytes);
        let changes = self.persist.dirty;
        self.persist.start_child(env, bytes, ChildKind::Save(snapshot, changes));
    }
}
