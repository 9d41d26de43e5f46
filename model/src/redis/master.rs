//! The master side of replication: attached replicas, partial and full resynchronisation, acknowledgements, the cached
//! count of good replicas (Redis spec 4.3, 5, 7, 10). A replica with replicas of its own runs the same code.

use super::Redis;
use super::clients::Kind;
use super::link::Phase;
use super::persist::{Child, ChildKind};
use crate::effects::{Act, CloseHow, Effects};
use crate::env::{Env, Purpose};
use crate::error::ErrorWord;
use crate::files::Snapshot;
use crate::ids::{Addr, Conn, ReplId, ReplOffset};
use crate::message::{Continued, Message, ReplicaState, Reply, StreamItem};
use crate::note::Note;
use crate::planted::Planted;
use std::sync::Arc;

/// How far the synchronisation of a replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
    /// SLAVE_STATE_WAIT_BGSAVE_START
    WaitStart,
    /// SLAVE_STATE_WAIT_BGSAVE_END
    WaitEnd,
    /// SLAVE_STATE_SEND_BULK: the file is on its way.
    SendBulk,
    /// SLAVE_STATE_ONLINE
    Online,
}

/// An attached replica.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its connection.
    pub conn: Conn,
    /// Its address and listening port.
    pub addr: Addr,
    /// State.
    pub state: SyncState,
    /// Acknowledged offset; 0 until the first ACK.
    pub ack_off: u64,
    /// When the last ACK was processed: seconds of the cached clock.
    pub ack_time: i64,
    /// When it asked: seconds of the cached clock.
    pub asked: i64,
    /// First byte it still has to be sent, while it does not get the stream.
    pub unsent: u64,
    /// The stream starts with its first ACK (repl_start_cmd_stream_on_ack).
    pub start_on_ack: bool,
}

impl Attached {
    /// Whether it gets stream items as they come.
    pub fn streams(&self) -> bool {
        self.state == SyncState::Online && !self.start_on_ack
    }

    /// Its state in INFO.
    pub fn info_state(&self) -> ReplicaState {
        match self.state {
            SyncState::WaitStart | SyncState::WaitEnd => ReplicaState::WaitBgsave,
            SyncState::SendBulk => ReplicaState::SendBulk,
            SyncState::Online => ReplicaState::Online,
        }
    }
}

impl Redis {
    /// syncCommand for PSYNC, spec 4.3 and 5.1. Its replies leave directly, before others.
    pub(super) fn psync(
        &mut self,
        env: &mut Env<'_>,
        out: &mut Effects,
        conn: Conn,
        asked: Option<(ReplId, ReplOffset)>,
    ) -> Option<Reply> {
        if self.master_addr.is_some() && self.link.phase != Phase::Connected {
            return Some(Reply::Error(ErrorWord::NoMasterLink));
        }
        let client = self.clients.get_mut(conn)?;
        client.kind = Kind::Replica;
        let port = match self.conf.planted.has(Planted::PeerPortListed) {
            true => client.peer.port,
            false => client.listening_port,
        };
        let replica = Attached {
            conn,
            addr: Addr { ip: client.announced_ip.unwrap_or(client.peer.ip), port },
            state: SyncState::WaitStart,
            ack_off: 0,
            ack_time: self.clock.secs(),
            asked: client.last_interaction,
            unsent: 0,
            start_on_ack: false,
        };
        match asked {
            Some((id, offset)) if self.history.can_continue(id, offset.0, self.conf.planted) => {
                self.continue_replica(out, replica, offset.0);
            }
            _ => self.full_resync(env, out, replica),
        }
        None
    }

    /// masterTryPartialResync, the accepted case.
    fn continue_replica(&mut self, out: &mut Effects, mut replica: Attached, offset: u64) {
        let conn = replica.conn;
        replica.state = SyncState::Online;
        self.replicas.push(replica);
        let reply = Continued { id: self.history.replid, births: self.history.births_since(offset) };
        out.send_stream(conn, Reply::Continue(Box::new(reply)));
        self.send_backlog(out, conn, offset);
        self.refresh_good_replicas();
    }

    fn send_backlog(&self, out: &mut Effects, conn: Conn, from: u64) {
        let backlog = self.history.backlog.as_ref().expect("replicas have a backlog");
        if self.conf.planted.has(Planted::BacklogGapIgnored) && backlog.since(from).is_none() {
            return out.stream.extend(backlog.all().map(|item| (conn, Message::Stream(item.clone()))));
        }
        let items = backlog.since(from).expect("what a replica has to be sent is kept");
        out.stream.extend(items.map(|item| (conn, Message::Stream(item.clone()))));
    }

    fn full_resync(&mut self, env: &mut Env<'_>, out: &mut Effects, replica: Attached) {
        let conn = replica.conn;
        self.replicas.push(replica);
        if self.replicas.len() == 1 && self.history.backlog.is_none() {
            self.renew_history(env, out);
            self.history.create_backlog(self.conf.repl_backlog_size);
        }
        match &self.persist.child {
            Some(Child { kind: ChildKind::Save(..), .. }) => self.join_snapshot(out, conn),
            Some(_) => {}
            None if self.conf.repl_diskless_sync && self.conf.repl_diskless_sync_delay > 0 => {}
            None => self.start_sync_snapshot(env, out),
        }
    }

    /// changeReplicationId with clearReplicationId2: whoever attached before needs a full resync.
    pub(super) fn renew_history(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let id = ReplId(env.draws.hex40(Purpose::Identity));
        let parent = self.history.renew(id);
        out.note(env.elapsed(), Note::Branch { id, parent: Some(parent) });
    }

    /// A disk-target snapshot for another replica is running: share it, from its offset on.
    fn join_snapshot(&mut self, out: &mut Effects, conn: Conn) {
        let registered = self.replicas.iter().find(|replica| replica.state == SyncState::WaitEnd);
        let Some(unsent) = registered.map(|replica| replica.unsent) else {
            return;
        };
        let reply = Reply::FullResync(Box::new((self.history.replid, ReplOffset(unsent - 1))));
        if let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn) {
            replica.state = SyncState::WaitEnd;
            replica.unsent = unsent;
        }
        self.history.select_due = true;
        out.send_stream(conn, reply);
    }

    /// startBgsaveForReplication, spec 5.3: every waiting replica gets the position of the fork.
    fn start_sync_snapshot(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        let bytes = self.data.rdb_bytes();
        let snapshot = Arc::new(Snapshot {
            data: self.data.clone(),
            repl: Some((self.history.replid, ReplOffset(self.history.offset))),
            lineage: self.history.lineage,
            bytes,
        });
        let at = (self.history.replid, ReplOffset(self.history.offset));
        for replica in &mut self.replicas {
            if replica.state == SyncState::WaitStart {
                replica.state = SyncState::WaitEnd;
                replica.unsent = self.history.offset + 1;
                out.send_stream(replica.conn, Reply::FullResync(Box::new(at)));
            }
        }
        self.history.select_due = true;
        env.fork(bytes);
        let kind = if self.conf.repl_diskless_sync {
            ChildKind::SyncSocket(snapshot)
        } else {
            ChildKind::Save(snapshot, self.persist.dirty)
        };
        self.persist.start_child(env, bytes, kind);
    }

    /// updateSlavesWaitingBgsave for a socket target: the child has written everything to the sockets. The replica counts
    /// as online before it has loaded anything; the stream waits for its first ACK.
    pub(super) fn socket_snapshot_sent(&mut self, out: &mut Effects, snapshot: &Arc<Snapshot>) {
        let now = self.clock.secs();
        for replica in &mut self.replicas {
            if replica.state == SyncState::WaitEnd {
                replica.state = SyncState::Online;
                replica.ack_time = now;
                replica.start_on_ack = true;
                out.send_stream(replica.conn, Message::Snapshot(snapshot.clone()));
            }
        }
        self.refresh_good_replicas();
    }

    /// updateSlavesWaitingBgsave for a disk target: the file is sent, and the stream goes on piling up meanwhile.
    pub(super) fn disk_snapshot_saved(&mut self, env: &Env<'_>, out: &mut Effects, snapshot: &Arc<Snapshot>) {
        for replica in &mut self.replicas {
            if replica.state == SyncState::WaitEnd {
                replica.state = SyncState::SendBulk;
                out.acts.push((env.elapsed(), Act::TellSent(replica.conn)));
                out.send_stream(replica.conn, Message::Snapshot(snapshot.clone()));
            }
        }
    }

    /// The end of sendBulkToSlave: the file has left; the replica is online and gets what piled up.
    pub(super) fn bulk_sent(&mut self, out: &mut Effects, conn: Conn) {
        let now = self.clock.secs();
        let sending = |replica: &&mut Attached| replica.conn == conn && replica.state == SyncState::SendBulk;
        let Some(replica) = self.replicas.iter_mut().find(sending) else {
            return;
        };
        replica.state = SyncState::Online;
        replica.ack_time = now;
        let unsent = replica.unsent;
        if !self.conf.planted.has(Planted::SyncTailLost) {
            self.send_backlog(out, conn, unsent);
        }
        self.refresh_good_replicas();
    }

    /// A snapshot for replicas failed: they are dropped (spec 5.6).
    pub(super) fn sync_snapshot_failed(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.drop_replicas(env, out, |replica| replica.state == SyncState::WaitEnd);
    }

    /// replicationStartPendingFork with shouldStartChildReplication, spec 5.2.
    pub(super) fn start_pending_snapshot(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if self.persist.child.is_some() {
            return;
        }
        let now = self.clock.secs();
        let waiting = || self.replicas.iter().filter(|r| r.state == SyncState::WaitStart);
        let Some(longest) = waiting().map(|replica| now - replica.asked).max() else {
            return;
        };
        let enough = self.conf.repl_diskless_sync_max_replicas;
        if !self.conf.repl_diskless_sync
            || (enough > 0 && waiting().count() >= enough as usize)
            || longest >= i64::from(self.conf.repl_diskless_sync_delay)
        {
            self.start_sync_snapshot(env, out);
        }
    }

    /// REPLCONF ACK, spec 7: stamped when it is processed. Starts the stream after a socket-target sync.
    pub(super) fn replica_ack(&mut self, out: &mut Effects, conn: Conn, offset: ReplOffset) {
        let now = self.clock.secs();
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn) else {
            return;
        };
        replica.ack_off = replica.ack_off.max(offset.0);
        replica.ack_time = now;
        if replica.start_on_ack && replica.state == SyncState::Online {
            replica.start_on_ack = false;
            let unsent = replica.unsent;
            if !self.conf.planted.has(Planted::SyncTailLost) {
                self.send_backlog(out, conn, unsent);
            }
        }
    }

    /// A newline of a replica that loads: "still alive" (processInlineBuffer).
    pub(super) fn replica_newline(&mut self, conn: Conn) {
        let now = self.clock.secs();
        if let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn) {
            replica.ack_time = now;
        }
    }

    /// The part of freeClient that concerns replicas.
    pub(super) fn forget_replica(&mut self, conn: Conn) {
        let before = self.replicas.len();
        self.replicas.retain(|replica| replica.conn != conn);
        if self.replicas.len() == before {
            return;
        }
        if self.replicas.is_empty() {
            self.no_replicas_since = self.clock.secs();
        }
        self.refresh_good_replicas();
        let wanted = self.replicas.iter().any(|replica| replica.state == SyncState::WaitEnd);
        if !wanted && matches!(self.persist.child, Some(Child { kind: ChildKind::SyncSocket(_), .. })) {
            self.persist.child = None;
        }
    }

    /// Closes the connections of some replicas at once.
    pub(super) fn drop_replicas(&mut self, env: &Env<'_>, out: &mut Effects, which: impl Fn(&Attached) -> bool) {
        let conns: Vec<Conn> =
            self.replicas.iter().filter(|replica| which(replica)).map(|replica| replica.conn).collect();
        for conn in conns {
            out.close(env.elapsed(), conn, CloseHow::Now);
            self.forget_client(conn);
        }
    }

    /// refreshGoodSlavesCount, spec 10: the only place where the count changes.
    pub(super) fn refresh_good_replicas(&mut self) {
        if !self.min_replicas_on() {
            return;
        }
        let now = self.clock.secs();
        let max_lag = i64::from(self.conf.min_replicas_max_lag);
        let lax = self.conf.planted.has(Planted::MinReplicasMiscounted);
        let good = |r: &&Attached| r.state == SyncState::Online && (now - r.ack_time <= max_lag || lax);
        self.good_replicas = self.replicas.iter().filter(good).count() as u32;
    }

    /// replicationCountAcksByOffset, spec 11.
    pub(super) fn acknowledged_by(&self, target: u64) -> u32 {
        let all = self.conf.planted.has(Planted::WaitCountsAll);
        let has = |r: &&Attached| r.state == SyncState::Online && (r.ack_off >= target || all);
        self.replicas.iter().filter(has).count() as u32
    }

    /// A PING of the master to its replicas, through the stream.
    pub(super) fn ping_replicas(&mut self, out: &mut Effects) {
        if !self.replicas.is_empty() && !self.conf.planted.has(Planted::ReplicasNotPinged) {
            self.feed(out, StreamItem::Ping);
        }
    }
}
