//! SIGTERM: pausing writes, waiting for replicas, last files, exit (Redis spec 12.6).

use super::Redis;
use super::clients::Blocked;
use crate::effects::Effects;
use crate::env::Env;
use crate::files::AppendFsync;
use crate::message::StreamItem;
use crate::planted::Planted;
use crate::time::Millis;

/// How far a graceful shutdown is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// Not asked for.
    #[default]
    Running,
    /// The signal came; the next cron acts on it.
    Asked,
    /// Writes are paused until the replicas have everything, or until this wall time.
    Waiting(Millis),
    /// The process has exited.
    Exited,
}

/// Status of a process that ended by SIGABRT.
const ABORTED: u8 = 134;

impl Shutdown {
    /// Whether writes and PUBLISH of clients are postponed.
    pub fn paused(self) -> bool {
        matches!(self, Shutdown::Waiting(_))
    }
}

impl Redis {
    /// sigShutdownHandler; while loading the process exits at once.
    pub(super) fn terminate(&mut self, env: &Env<'_>, out: &mut Effects) {
        if self.loading.is_some() {
            self.shutdown = Shutdown::Exited;
            out.exit(env.elapsed(), 0);
        } else if self.shutdown == Shutdown::Running {
            self.shutdown = Shutdown::Asked;
        }
    }

    /// The part of serverCron about shutting down.
    pub(super) fn shutdown_cron(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        match self.shutdown {
            Shutdown::Asked => self.prepare_for_shutdown(env, out),
            Shutdown::Waiting(deadline) if env.now() >= deadline || self.replicas_have_everything() => {
                self.finish_shutdown(env, out);
            }
            _ => {}
        }
    }

    /// prepareForShutdown
    fn prepare_for_shutdown(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let timeout = i64::from(self.conf.shutdown_timeout) * 1000;
        if timeout == 0 || self.conf.planted.has(Planted::ShutdownDoesNotWait) || self.replicas_have_everything() {
            return self.finish_shutdown(env, out);
        }
        self.shutdown = Shutdown::Waiting(Millis(env.now().0 + timeout));
        self.feed(out, StreamItem::GetAck);
    }

    /// isReadyToShutdown
    fn replicas_have_everything(&self) -> bool {
        if self.shutdown.paused() && self.conf.planted.has(Planted::ShutdownWaitsOn) {
            return false;
        }
        self.replicas.iter().all(|replica| replica.ack_off == self.history.offset)
    }

    /// finishShutdown: sync the append-only file, save if there are save points, exit. A save that fails keeps the
    /// process alive.
    fn finish_shutdown(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        self.persist.child = None;
        if !self.persist.aof_is_off() {
            // One that fails is logged, and the server ends all the same.
            let _ = self.persist.write_aof(env, AppendFsync::Always, 0, true);
        }
        if !self.conf.save.is_empty() && !self.conf.planted.has(Planted::LastSaveSkipped) {
            let snapshot = self.snapshot();
            let time = env.save_time(snapshot.bytes);
            env.block(time);
            if env.rdb_save_fails() {
                self.shutdown = Shutdown::Running;
                return self.unpause();
            }
            env.save_rdb(snapshot);
        }
        self.shutdown = Shutdown::Exited;
        out.exit(env.elapsed(), 0);
    }

    /// serverPanic: nothing is written, nothing flushed.
    pub(super) fn abort(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.exit_with(ABORTED, env, out);
    }

    /// exit(3): nothing of this iteration leaves.
    pub(super) fn exit_with(&mut self, status: u8, env: &Env<'_>, out: &mut Effects) {
        if !self.exited() {
            self.shutdown = Shutdown::Exited;
            out.sends.clear();
            out.exit(env.elapsed(), status);
        }
    }

    /// Postponed commands run again, from the first check on.
    fn unpause(&mut self) {
        let postponed = self.clients.select(|client| client.blocked == Some(Blocked::Postponed));
        for conn in postponed {
            if let Some(client) = self.clients.get_mut(conn) {
                client.blocked = None;
                self.unblocked.push(conn);
            }
        }
    }
}
