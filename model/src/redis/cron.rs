//! The server's timer: `serverCron` and `replicationCron`, each step in its place (Redis spec 2.2, 8).

use super::Redis;
use super::link::Phase;
use super::master::{Attached, SyncState};
use super::persist::{Child, ChildKind};
use crate::effects::Effects;
use crate::env::Env;
use crate::message::Message;
use crate::planted::Planted;
use crate::time::Nanos;

/// Runs per second (`hz`), doubled while there are many clients.
const HZ: u32 = 10;
const MAX_HZ: u32 = 500;
const CLIENTS_PER_CYCLE: u32 = 200;

/// Counters of the timers.
#[derive(Debug, Default)]
pub struct Cron {
    /// `cronloops`: sub-periods count runs, not time.
    loops: u64,
    /// Runs of replicationCron.
    replication_loops: u64,
}

impl Redis {
    /// serverCron; returns after which time it wants to run again, counted from its end.
    pub(super) fn server_cron(&mut self, env: &mut Env<'_>, out: &mut Effects) -> Nanos {
        self.clock = env.wall();
        let mut hz = HZ;
        while hz < MAX_HZ && self.clients.len() / hz > CLIENTS_PER_CYCLE {
            hz = (hz * 2).min(MAX_HZ);
        }
        let period_ms = u64::from(1000 / hz);
        self.shutdown_cron(env, out);
        if self.exited() {
            return Nanos::ZERO;
        }
        self.persistence_cron(env, out);
        if self.cron.loops.is_multiple_of(1000 / period_ms) {
            self.replication_cron(env, out);
        }
        self.cron.loops += 1;
        Nanos::from_millis(period_ms)
    }

    /// replicationCron, spec 8. Steps 2 to 4 look at the real clock, 9 to 12 at the cached one.
    pub(super) fn replication_cron(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        // 1. FAILOVER is not modelled. 2., 3., 4.
        self.link_timeouts(env, out);
        // 5.
        if self.link.phase == Phase::Connect {
            self.connect_with_master(env, out);
        }
        // 6.
        self.send_ack(out);
        // 7.
        let period = u64::from(self.conf.repl_ping_replica_period.max(1));
        if self.cron.replication_loops.is_multiple_of(period) {
            self.ping_replicas(out);
        }
        // 8.
        self.newlines_to_waiting(out);
        // 9.
        let now = self.clock.secs();
        let limit = i64::from(self.conf.repl_timeout);
        if !self.conf.planted.has(Planted::SilentReplicaKept) {
            let silent = |replica: &Attached| replica.state == SyncState::Online && now - replica.ack_time > limit;
            self.drop_replicas(env, out, silent);
        }
        // 10.
        self.backlog_ttl(env, out);
        // 11.
        self.start_pending_snapshot(env, out);
        // 12.
        if !self.conf.planted.has(Planted::GoodReplicasNotRecounted) {
            self.refresh_good_replicas();
        }
        self.cron.replication_loops += 1;
    }

    /// Steps 2 to 4: connecting or handshake, transfer, established link. All reconnect at once.
    fn link_timeouts(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let now = env.wall().secs();
        let limit = i64::from(self.conf.repl_timeout);
        let attempt = self.link.in_handshake() || self.link.phase == Phase::Transfer;
        if attempt && now - self.link.transfer_lastio > limit {
            self.cancel_handshake(env, out);
            self.connect_with_master(env, out);
        }
        let noticed = !self.conf.planted.has(Planted::DeadLinkKept);
        if self.link.phase == Phase::Connected && noticed && now - self.link.last_interaction > limit {
            self.close_link(env, out);
            self.master_lost(env, out);
        }
    }

    /// Step 8. A socket-target replica gets none from the real server, but it gets a part of the dataset all the time;
    /// here the dataset travels as a whole when the child ends, so the newline stands for its bytes.
    fn newlines_to_waiting(&self, out: &mut Effects) {
        for replica in &self.replicas {
            if matches!(replica.state, SyncState::WaitStart | SyncState::WaitEnd) {
                out.send_stream(replica.conn, Message::Newline);
            }
        }
    }

    /// Step 10, spec 4.2: a master without replicas gives up its backlog and its ids.
    fn backlog_ttl(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let ttl = i64::from(self.conf.repl_backlog_ttl);
        if self.replicas.is_empty()
            && ttl > 0
            && self.history.backlog.is_some()
            && self.master_addr.is_none()
            && self.clock.secs() - self.no_replicas_since > ttl
        {
            self.renew_history(env, out);
            self.history.backlog = None;
        }
    }

    /// A child that writes to sockets ends when its pipe runs dry, not when the cron looks.
    pub(super) fn socket_child_due(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if let Some(Child { kind: ChildKind::SyncSocket(_), .. }) = &self.persist.child {
            self.check_child_done(env, out);
        }
    }
}
