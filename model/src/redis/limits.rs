//! Limits of output buffers (`client-output-buffer-limit`, Redis spec 13.5; checkClientOutputBufferLimits): a client that
//! takes its output too slowly is closed. For a replica that counts what piles up while its dataset is made, sent and
//! loaded, and later what its socket refuses. It reconnects, and if the backlog does not reach back far enough it needs
//! a full sync, in which as much piles up again.
//!
//! The limits are looked at once per event-loop iteration, before output leaves; the real server also looks while it
//! writes, so that what one single iteration adds to an empty buffer goes unseen here. Sizes are bytes of the protocol
//! without the overhead of blocks.

use super::Redis;
use super::clients::Kind;
use super::master::{Attached, SyncState};
use crate::effects::{CloseHow, Effects};
use crate::env::Env;
use crate::files::OutputLimit;
use crate::ids::Conn;
use crate::note::Note;

/// Smallest backlog (CONFIG_REPL_BACKLOG_MIN_SIZE).
const BACKLOG_MIN: u64 = 16 * 1024;

fn refused_by(env: &Env<'_>, conn: Conn) -> u64 {
    env.refused().iter().find(|(its, _)| *its == conn).map_or(0, |(_, bytes)| *bytes)
}

impl Redis {
    /// closeClientOnOutputBufferLimitReached for whoever can have something unsent. Closed clients get nothing of this
    /// iteration.
    pub(super) fn close_slow_clients(&mut self, env: &Env<'_>, out: &mut Effects) {
        if env.refused().is_empty() && self.replicas.iter().all(Attached::streams) {
            self.over_soft.clear();
            return;
        }
        let now = self.clock.secs();
        let mut over_soft = Vec::new();
        let mut close = Vec::new();
        for (conn, bytes) in self.unsent_output(env, out) {
            let limit = self.output_limit(conn);
            if limit.hard > 0 && bytes >= limit.hard {
                close.push((conn, bytes, false));
            } else if limit.soft > 0 && bytes >= limit.soft {
                let known = self.over_soft.iter().find(|(its, _)| *its == conn);
                let since = known.map_or(now, |(_, since)| *since);
                if now - since > i64::from(limit.soft_seconds) {
                    close.push((conn, bytes, true));
                } else {
                    over_soft.push((conn, since));
                }
            }
        }
        self.over_soft = over_soft;
        for (conn, bytes, soft) in close {
            let replica = self.replicas.iter().find(|replica| replica.conn == conn).map(|replica| replica.addr);
            let peer = replica.or_else(|| self.clients.get(conn).map(|client| client.peer)).unwrap_or_default();
            out.note(env.elapsed(), Note::OverOutputLimit { peer, bytes, soft });
            out.close(env.elapsed(), conn, CloseHow::Now);
            self.forget_client(conn);
        }
    }

    /// What is in the output buffers of replicas, and of other clients whose sockets are full.
    fn unsent_output(&self, env: &Env<'_>, out: &Effects) -> Vec<(Conn, u64)> {
        let replicas = self.replicas.iter().map(|replica| (replica.conn, self.unsent_to(env, out, replica)));
        let others = env.refused().iter().copied();
        let others = others.filter(|(conn, _)| self.clients.get(*conn).is_some_and(|c| c.kind != Kind::Replica));
        replicas.chain(others).collect()
    }

    fn unsent_to(&self, env: &Env<'_>, out: &Effects, replica: &Attached) -> u64 {
        match replica.state {
            SyncState::WaitStart => 0,
            _ if !replica.streams() => self.history.offset + 1 - replica.unsent,
            _ => match refused_by(env, replica.conn) {
                0 => 0,
                before => {
                    let mine = out.stream.iter().filter(|(conn, _)| *conn == replica.conn);
                    before + mine.map(|(_, message)| u64::from(message.wire_len())).sum::<u64>()
                }
            },
        }
    }

    /// The limits of a client's class. For a replica, a hard limit below the size of the backlog is that size: a partial
    /// sync of the whole backlog must not be over the limit.
    fn output_limit(&self, conn: Conn) -> OutputLimit {
        match self.clients.get(conn).map(|client| client.kind) {
            Some(Kind::Replica) => {
                let limit = self.conf.replica_output_limit;
                let backlog = self.conf.repl_backlog_size.max(BACKLOG_MIN);
                let hard = if limit.hard > 0 { limit.hard.max(backlog) } else { 0 };
                OutputLimit { hard, ..limit }
            }
            Some(Kind::Pubsub) => self.conf.pubsub_output_limit,
            _ => self.conf.normal_output_limit,
        }
    }

    /// The first byte that some attached replica still has to be sent: the backlog keeps it (spec 4.2).
    pub(super) fn oldest_unsent(&self, env: &Env<'_>) -> u64 {
        let waiting = self.replicas.iter().filter(|r| !r.streams() && r.unsent > 0).map(|r| r.unsent);
        let slow = env.refused().iter().filter(|(conn, _)| self.replicas.iter().any(|r| r.conn == *conn));
        let slow = slow.map(|(_, bytes)| (self.history.offset + 1).saturating_sub(*bytes));
        waiting.chain(slow).min().unwrap_or(u64::MAX)
    }
}
