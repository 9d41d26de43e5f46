//! The replica side of replication: the link to the master from connecting to the live stream (Redis spec 6, 4.4).

use super::{Loading, Redis};
use crate::effects::{CloseHow, Effects};
use crate::env::Env;
use crate::error::ErrorWord;
use crate::files::Snapshot;
use crate::ids::{Addr, Conn, ReplId, ReplOffset};
use crate::message::{Continued, Credentials, LinkState, Message, Reply, Request, StreamItem};
use crate::note::Note;
use crate::planted::Planted;
use crate::time::Nanos;
use std::sync::Arc;

/// `repl_state`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not a replica.
    #[default]
    None,
    /// Will connect with the next cron.
    Connect,
    /// Connecting.
    Connecting,
    /// PING sent.
    PingReply,
    /// AUTH, REPLCONF listening-port, capa sent in one go; so many replies are due.
    Handshake(u8),
    /// PSYNC sent.
    PsyncReply,
    /// Receiving the dataset, or loading it.
    Transfer,
    /// Live.
    Connected,
}

/// The link to the master.
#[derive(Debug, Default)]
pub struct Link {
    /// State.
    pub phase: Phase,
    /// Its connection, from connecting on.
    pub conn: Option<Conn>,
    /// `repl_transfer_lastio`: last byte seen during connect, handshake or transfer, seconds.
    pub transfer_lastio: i64,
    /// `repl_down_since`: when an established link was lost, seconds; `None` if it never was.
    pub down_since: Option<i64>,
    /// `lastinteraction` of the live link: seconds of the cached clock at the last read.
    pub last_interaction: i64,
    /// One read per iteration stamps `last_interaction`.
    pub read_this_iteration: bool,
    /// What the next PSYNC offers.
    pub cached: Option<(ReplId, u64)>,
    /// Announced by FULLRESYNC.
    announced: Option<(ReplId, ReplOffset)>,
    /// An open MULTI of the stream.
    multi: Option<Vec<StreamItem>>,
    /// AUTH is the first of the due replies.
    auth_due: bool,
}

/// From this size on the server answers with LOADING while it loads (`loading-process-events-interval-bytes`).
pub const LOADING_EVENTS_BYTES: u64 = 2 << 20;
/// Loads shorter than this are one stop.
pub const LOADING_EVENTS_TIME: Nanos = Nanos(1_000_000);

impl Link {
    /// Its name in ROLE.
    pub fn role_state(&self) -> LinkState {
        match self.phase {
            Phase::None | Phase::Connect => LinkState::Connect,
            Phase::Connecting => LinkState::Connecting,
            Phase::PingReply | Phase::Handshake(_) | Phase::PsyncReply => LinkState::Handshake,
            Phase::Transfer => LinkState::Sync,
            Phase::Connected => LinkState::Connected,
        }
    }

    /// Connecting or in handshake: under the timeout of connecting.
    pub fn in_handshake(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::PingReply | Phase::Handshake(_) | Phase::PsyncReply)
    }
}

impl Redis {
    /// connectWithMaster. A master given by name is looked up, blocking; if the name does not resolve, connecting has
    /// failed at once and the cron tries again a second later (measured on 7.0.15: "Unable to connect to MASTER" every
    /// second while the name was gone).
    pub(super) fn connect_with_master(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if let Some(master) = self.master_addr {
            let Some(ip) = env.resolve(master.ip) else {
                self.link.conn = None;
                self.link.phase = Phase::Connect;
                return;
            };
            self.link.conn = Some(out.open(env.elapsed(), Addr { ip, ..master }));
            self.link.phase = Phase::Connecting;
            self.link.transfer_lastio = self.clock.secs();
        }
    }

    /// The connection to the master is there: syncWithMaster begins.
    pub(super) fn link_connected(&mut self, out: &mut Effects, conn: Conn) {
        if self.link.phase == Phase::Connecting {
            out.send(conn, Request::Ping);
            self.link.phase = Phase::PingReply;
        }
    }

    /// The connection to the master failed or was closed by the other end.
    pub(super) fn link_lost(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        self.link.conn = None;
        match self.link.phase {
            Phase::Connected => self.master_lost(env, out),
            Phase::Transfer => self.connect_with_master(env, out),
            Phase::None => {}
            _ => self.link.phase = Phase::Connect,
        }
    }

    /// freeClient of the master with replicationCacheMasterUsingMyself, replicationHandleMasterDisconnection: spec 3.3.
    pub(super) fn master_lost(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        self.cache_master(env, out);
        self.link.phase = Phase::Connect;
        self.link.down_since = Some(self.clock.secs());
        self.connect_with_master(env, out);
    }

    /// The live master becomes the cached one; what was received and not applied is thrown away.
    pub(super) fn cache_master(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.link.cached = Some((self.history.replid, self.history.offset));
        self.link.multi = None;
        out.note(env.elapsed(), Note::Link { up: false });
    }

    /// Drops the connection to the master, whatever it is used for.
    pub(super) fn close_link(&mut self, env: &Env<'_>, out: &mut Effects) {
        if let Some(conn) = self.link.conn.take() {
            out.close(env.elapsed(), conn, CloseHow::Now);
        }
    }

    /// An attempt failed: the next cron tries again.
    fn attempt_failed(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.close_link(env, out);
        self.link.phase = Phase::Connect;
    }

    /// Something was read from the master.
    pub(super) fn link_message(&mut self, env: &mut Env<'_>, out: &mut Effects, message: Message) {
        match (self.link.phase, message) {
            (Phase::Connected, Message::Stream(item)) => self.stream_read(env, out, item),
            (Phase::Connected, Message::Newline) => self.stamp_read(),
            (Phase::PingReply, Message::Reply(reply)) => self.ping_replied(env, out, &reply),
            (Phase::Handshake(due), Message::Reply(reply)) => {
                self.handshake_replied(env, out, due, &reply);
            }
            (Phase::PsyncReply, Message::Reply(reply)) => self.psync_replied(env, out, reply),
            (Phase::PsyncReply | Phase::Transfer, Message::Newline) => {
                self.link.transfer_lastio = self.clock.secs();
            }
            (Phase::Transfer, Message::Snapshot(snapshot)) => {
                self.link.transfer_lastio = self.clock.secs();
                self.snapshot_received(env, out, snapshot);
            }
            _ => {}
        }
    }

    fn ping_replied(&mut self, env: &Env<'_>, out: &mut Effects, reply: &Reply) {
        self.link.transfer_lastio = self.clock.secs();
        let Some(conn) = self.link.conn else { return };
        match reply {
            Reply::Pong | Reply::Error(ErrorWord::NoAuth | ErrorWord::NoPerm) => {}
            _ => return self.attempt_failed(env, out),
        }
        self.link.auth_due = self.conf.masterauth.is_some();
        if let Some(pass) = &self.conf.masterauth {
            let user = self.conf.masteruser.clone();
            let pass = pass.clone();
            out.send(conn, Request::Auth(Arc::new(Credentials { user, pass })));
        }
        let port = match self.conf.replica_announce_port {
            0 => self.addr.port,
            port => port,
        };
        out.send(conn, Request::ReplconfPort(port));
        if let Some(ip) = self.conf.replica_announce_ip {
            out.send(conn, Request::ReplconfIp(ip));
        }
        out.send(conn, Request::ReplconfCapa);
        let due = 2 + u8::from(self.link.auth_due) + u8::from(self.conf.replica_announce_ip.is_some());
        self.link.phase = Phase::Handshake(due);
    }

    fn handshake_replied(&mut self, env: &Env<'_>, out: &mut Effects, due: u8, reply: &Reply) {
        self.link.transfer_lastio = self.clock.secs();
        let Some(conn) = self.link.conn else { return };
        let auth = std::mem::take(&mut self.link.auth_due);
        if auth && matches!(reply, Reply::Error(_)) {
            return self.attempt_failed(env, out);
        }
        if due > 1 {
            self.link.phase = Phase::Handshake(due - 1);
            return;
        }
        // slaveTryPartialResynchronization: the byte after the last applied one.
        let offer = self.link.cached.map(|(id, offset)| Box::new((id, ReplOffset(offset + 1))));
        out.send(conn, Request::Psync(offer));
        self.link.phase = Phase::PsyncReply;
    }

    fn psync_replied(&mut self, env: &mut Env<'_>, out: &mut Effects, reply: Reply) {
        self.link.transfer_lastio = self.clock.secs();
        match reply {
            // The file for the transfer cannot be opened: five attempts, a second apart (syncWithMaster).
            Reply::FullResync(_) if env.rdb_save_fails() => {
                env.block(Nanos::from_secs(5));
                self.attempt_failed(env, out);
            }
            Reply::FullResync(announced) => {
                self.link.announced = Some(*announced);
                self.link.phase = Phase::Transfer;
            }
            Reply::Continue(with) if self.link.cached.is_some() => self.resume(env, out, &with),
            _ => self.attempt_failed(env, out),
        }
    }

    /// CONTINUE: adopt the id, cut sub-replicas if it changed, revive the cached master (spec 4.4).
    fn resume(&mut self, env: &Env<'_>, out: &mut Effects, with: &Continued) {
        let (id, offset) = self.link.cached.take().expect("checked by the caller");
        assert!(
            (id, offset) == (self.history.replid, self.history.offset),
            "the cached master is where this server stands"
        );
        if self.history.resume(with.id, &with.births) {
            self.drop_replicas(env, out, |_| true);
        }
        if self.history.backlog.is_none() {
            self.history.create_backlog(self.conf.repl_backlog_size);
        }
        out.note(env.elapsed(), Note::PartialSync { offset: ReplOffset(offset) });
        self.link_up_now(env, out);
    }

    fn link_up_now(&mut self, env: &Env<'_>, out: &mut Effects) {
        self.link.phase = Phase::Connected;
        self.link.down_since = None;
        self.link.multi = None;
        self.link.last_interaction = self.clock.secs();
        out.note(env.elapsed(), Note::Link { up: true });
    }

    /// readSyncBulkPayload, all bytes in: from here the old dataset is gone (spec 6.1, step 2).
    fn snapshot_received(&mut self, env: &mut Env<'_>, out: &mut Effects, snapshot: Arc<Snapshot>) {
        self.persist.stop_aof(env);
        if self.persist.child.take().is_some() {
            self.sync_snapshot_failed(env, out);
        }
        self.link.cached = None;
        self.drop_replicas(env, out, |_| true);
        self.history.backlog = None;
        if !self.conf.planted.has(Planted::DivergentDataKept) {
            self.data = Default::default();
        }
        env.save_rdb(snapshot.clone());
        let time = env.load_time(snapshot.bytes);
        if snapshot.bytes < LOADING_EVENTS_BYTES || time < LOADING_EVENTS_TIME {
            env.block(time);
            self.snapshot_loaded(env, out, &snapshot);
        } else {
            out.note(env.elapsed(), Note::Loading);
            self.loading = Some(Loading::sync(env.mono() + time, env.mono(), snapshot));
        }
    }

    /// The received dataset is in memory (spec 6.1, step 3).
    pub(super) fn snapshot_loaded(&mut self, env: &mut Env<'_>, out: &mut Effects, snapshot: &Snapshot) {
        let (id, offset) = self.link.announced.take().expect("a transfer was announced");
        let before = self.history.lineage;
        if !self.conf.planted.has(Planted::DivergentDataKept) {
            self.data = snapshot.data.clone();
        }
        self.evictor = Default::default();
        self.history.adopt(id, offset.0, snapshot.lineage, self.conf.repl_backlog_size);
        out.note(env.elapsed(), Note::FullSync { before, after: snapshot.lineage });
        self.clock = env.wall();
        self.link_up_now(env, out);
        self.send_ack(out);
        if self.conf.appendonly && !self.conf.planted.has(Planted::AofNotRestarted) {
            self.restart_aof(env);
        }
    }

    /// readQueryFromClient stamps with the cached clock, which a stall leaves stale (spec 2.3, fact 29).
    fn stamp_read(&mut self) {
        if !self.link.read_this_iteration {
            self.link.read_this_iteration = true;
            self.link.last_interaction = self.clock.secs();
        }
    }

    fn stream_read(&mut self, env: &Env<'_>, out: &mut Effects, item: StreamItem) {
        self.stamp_read();
        self.clock = env.wall();
        match (&mut self.link.multi, item) {
            (open @ None, StreamItem::Multi) => *open = Some(Vec::new()),
            (Some(_), StreamItem::Exec) => {
                let items = self.link.multi.take().unwrap_or_default();
                self.extend_stream(out, StreamItem::Multi);
                for item in items {
                    self.apply(env, out, &item);
                    self.extend_stream(out, item);
                }
                self.extend_stream(out, StreamItem::Exec);
                self.history.reach_births();
            }
            (Some(items), item) => items.push(item),
            (None, item) => {
                self.apply(env, out, &item);
                self.extend_stream(out, item);
                self.history.reach_births();
            }
        }
    }

    /// A command of the master: never refused. The offset moves after it (spec 6.2), so the ACK asked for by a GETACK does
    /// not cover the GETACK itself.
    fn apply(&mut self, env: &Env<'_>, out: &mut Effects, item: &StreamItem) {
        match item {
            // A replica that cannot persist what its master sends ends itself (replica-ignore-disk-write-errors no).
            StreamItem::Write(_) if self.persist.refuses_writes(&self.conf) => self.abort(env, out),
            StreamItem::Write(command) => {
                let (_, changed) = self.data.execute(*command);
                self.touch(command.key());
                let counts = changed && !self.conf.planted.has(Planted::ReplicaChangesUncounted);
                self.persist.dirty += u64::from(counts);
                self.history.lineage.writes += 1;
                let sixteenth = self.history.lineage.writes.is_multiple_of(16);
                if sixteenth && self.conf.planted.has(Planted::StreamAppliedTwice) {
                    self.data.execute(*command);
                }
                self.persist.feed_aof(*command, self.history.lineage);
            }
            StreamItem::Publish(_) if self.conf.planted.has(Planted::HelloNotRelayed) => {}
            StreamItem::Publish(hello) => {
                self.deliver(out, hello);
            }
            StreamItem::GetAck => self.send_ack(out),
            StreamItem::Select | StreamItem::Ping | StreamItem::Multi | StreamItem::Exec => {}
        }
    }

    /// replicationSendAck
    pub(super) fn send_ack(&mut self, out: &mut Effects) {
        if let (Phase::Connected, Some(conn)) = (self.link.phase, self.link.conn) {
            let ahead = if self.conf.planted.has(Planted::AckTooHigh) { 1000 } else { 0 };
            out.send(conn, Request::ReplconfAck(ReplOffset(self.history.offset + ahead)));
        }
    }

    /// cancelReplicationHandshake: gives up a running attempt; true if there was one.
    pub(super) fn cancel_handshake(&mut self, env: &Env<'_>, out: &mut Effects) -> bool {
        let running = self.link.in_handshake() || self.link.phase == Phase::Transfer;
        if running {
            self.attempt_failed(env, out);
            self.link.announced = None;
        }
        running
    }
}
