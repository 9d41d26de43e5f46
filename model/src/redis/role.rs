//! REPLICAOF: becoming a replica, changing the master, becoming a master (Redis spec 3), each in its exact order.

use super::Redis;
use super::link::{Link, Phase};
use crate::effects::Effects;
use crate::env::{Env, Purpose};
use crate::error::ErrorWord;
use crate::ids::{Addr, ReplId};
use crate::message::Reply;
use crate::note::Note;
use crate::planted::Planted;

impl Redis {
    /// REPLICAOF host port, spec 3.1.
    pub(super) fn replicaof(&mut self, env: &mut Env<'_>, out: &mut Effects, master: Addr) -> Reply {
        if self.master_addr == Some(master) {
            return Reply::Ok;
        }
        let was_master = self.master_addr.is_none();
        // 1. the live link becomes the cached master
        if self.link.phase == Phase::Connected {
            self.close_link(env, out);
            self.cache_master(env, out);
            self.link.down_since = Some(self.clock.secs());
            self.link.phase = Phase::Connect;
        }
        // 2. blocked clients
        self.unblock_all(out);
        // 3. new address
        self.master_addr = Some(master);
        self.cancel_handshake(env, out);
        // 4. a former master offers its own position
        if was_master && !self.conf.planted.has(Planted::NoPositionOffered) {
            self.link.cached = Some((self.history.replid, self.history.offset));
        }
        // 5. connect at once
        self.link.phase = Phase::Connect;
        self.connect_with_master(env, out);
        self.note_role(env, out);
        Reply::Ok
    }

    /// REPLICAOF NO ONE, spec 3.2.
    pub(super) fn replicaof_no_one(&mut self, env: &mut Env<'_>, out: &mut Effects) -> Reply {
        if self.master_addr.take().is_none() {
            return Reply::Ok;
        }
        if self.link.phase == Phase::Connected {
            out.note(env.elapsed(), Note::Link { up: false });
        }
        self.close_link(env, out);
        self.link = Link::default();
        let id = ReplId(env.draws.hex40(Purpose::Identity));
        let parent = self.history.shift(id);
        out.note(env.elapsed(), Note::Branch { id, parent: Some(parent) });
        self.drop_replicas(env, out, |_| true);
        self.history.select_due = true;
        self.no_replicas_since = self.clock.secs();
        if self.conf.appendonly && self.persist.aof_is_off() {
            self.restart_aof(env);
        }
        self.note_role(env, out);
        Reply::Ok
    }

    /// disconnectAllBlockedClients: UNBLOCKED, then close; postponed commands stay (spec 3.1, step 2).
    fn unblock_all(&mut self, out: &mut Effects) {
        for conn in std::mem::take(&mut self.waiting_acks) {
            if let Some(client) = self.clients.get_mut(conn) {
                client.blocked = None;
                client.closing = true;
                out.send(conn, Reply::Error(ErrorWord::Unblocked));
                self.closing.push(conn);
            }
        }
    }
}
