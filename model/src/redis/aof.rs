//! Writing the append-only file: when it is synced, how long a slow disk is waited for, and what becomes of a server whose
//! file cannot be written (flushAppendOnlyFile, Redis spec 2.4 (g), 12.5). Knows nothing of what the file is for.

use super::Redis;
use super::persist::{AofState, Persist};
use crate::effects::Effects;
use crate::env::Env;
use crate::files::{AofEntry, AppendFsync};
use crate::planted::Planted;
use crate::time::Nanos;

/// Seconds that a write is put off while a background fsync goes on (`aof_flush_postponed_start`).
const PUT_OFF: i64 = 2;

/// What is wrong with the append-only file, and what is put off.
#[derive(Clone, Copy, Debug, Default)]
pub struct AofErrors {
    /// The last write failed (`aof_last_write_status`).
    pub write: bool,
    /// The last background fsync failed (`aof_bio_fsync_status`). Only another fsync can clear it, and there is none
    /// before something is written: while writes are refused it stays.
    pub fsync: bool,
    /// Since when writing is put off, in seconds.
    put_off: Option<i64>,
}

impl AofErrors {
    /// Whether writes are to be refused.
    pub fn any(&self) -> bool {
        self.write || self.fsync
    }
}

/// The file cannot be written and its policy is `always`: a server that promised to sync before it answers ends itself.
#[derive(Clone, Copy, Debug)]
pub struct Hopeless;

impl Persist {
    /// flushAppendOnlyFile: `always` waits for the medium, `everysec` starts at most one fsync a second. `force` writes
    /// though a background fsync goes on.
    ///
    /// # Errors
    /// If the policy is `always` and the file could not be written or synced.
    pub fn write_aof(
        &mut self,
        env: &mut Env<'_>,
        policy: AppendFsync,
        unixtime: i64,
        force: bool,
    ) -> Result<(), Hopeless> {
        if self.aof_buf.is_empty() && !self.unsynced {
            return Ok(());
        }
        let busy = if policy == AppendFsync::Everysec { env.aof_sync_left() } else { Nanos::ZERO };
        if busy > Nanos::ZERO && !force {
            let since = *self.aof_errors.put_off.get_or_insert(unixtime);
            if unixtime - since < PUT_OFF {
                return Ok(());
            }
        }
        self.aof_errors.put_off = None;
        if !self.aof_buf.is_empty() {
            if env.disk_is_full() {
                self.aof_errors.write = true;
                return if policy == AppendFsync::Always { Err(Hopeless) } else { Ok(()) };
            }
            // The write waits for the fsync that goes on ("disk is busy?").
            env.block(busy);
            self.aof_errors.write = false;
            for entry in self.aof_buf.drain(..) {
                env.append_aof(entry);
                self.unsynced = true;
            }
        }
        match policy {
            AppendFsync::Always if env.fsync_fails() => return Err(Hopeless),
            AppendFsync::Always => {
                env.fsync_aof();
                self.unsynced = false;
            }
            AppendFsync::Everysec if unixtime > self.last_fsync => {
                self.aof_errors.fsync = env.fsync_fails();
                if !self.aof_errors.fsync {
                    env.fsync_aof_in_background();
                }
                self.last_fsync = unixtime;
                self.unsynced = false;
            }
            AppendFsync::Everysec => {}
            AppendFsync::No => self.unsynced = false,
        }
        Ok(())
    }

    /// A rewrite for which there was no space: the file stays as it is, with the writes since the fork behind it; one that
    /// is to begin the file anew is tried again (backgroundRewriteDoneHandler).
    pub(super) fn rewrite_failed(&mut self, tail: Vec<AofEntry>) {
        match self.aof {
            AofState::On => self.aof_buf.extend(tail),
            AofState::WaitRewrite => self.rewrite_scheduled = true,
            AofState::Off => {}
        }
    }
}

impl Redis {
    /// Part (g) of beforeSleep. A server that cannot keep `always` exits before any output of this iteration leaves.
    pub(super) fn flush_aof(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if self.conf.planted.has(Planted::AofOrder) {
            self.persist.reverse_aof_buffer();
        }
        let policy = match self.conf.planted.has(Planted::AofNotSynced) {
            true => AppendFsync::No,
            false => self.conf.appendfsync,
        };
        let unixtime = match self.conf.planted.has(Planted::EverysecEveryOther) {
            true => self.clock.secs() & !1,
            false => self.clock.secs(),
        };
        let written = self.persist.write_aof(env, policy, unixtime, false);
        if written.is_err() && !self.conf.planted.has(Planted::SyncErrorIgnored) {
            out.stream.clear();
            self.exit_with(1, env, out);
        }
    }
}
