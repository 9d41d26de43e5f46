//! The master's side: connections of clients, which of them are replicas, how far their synchronisation must be, and
//! which of them count as good.

use super::link::Phase;
use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use crate::server_tape::What;
use splitbrain_model::message::{ClientType, ReplicaState};
use splitbrain_model::{Addr, Conn, ErrorWord, Ip, Millis, ReplId, ReplOffset, Reply, Request};

/// Of a replica that has not acknowledged anything since it is online: since when that is may not be known.
const UNHEARD: u32 = u32::MAX;

/// Runs of the timer within which a job of every second has run.
const SECOND: u32 = 15;
/// Bytes of the stream that a step can have written to a replica that the same step drops: nobody gets them.
const UNSENT: u64 = 64;

/// A connection that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Client<'a> {
    pub(super) conn: Conn,
    peer: Addr,
    port: u16,
    ip: Option<Ip>,
    subscriber: bool,
    /// Commands in its open transaction.
    pub(super) queue: Vec<&'a Request>,
    /// There is one, and a command of it was refused.
    pub(super) multi: bool,
    pub(super) poisoned: bool,
}

impl Client<'_> {
    pub(super) fn new(conn: Conn, peer: Addr) -> Self {
        Client { conn, peer, port: 0, ip: None, subscriber: false, queue: Vec::new(), multi: false, poisoned: false }
    }

    /// What it asked for in a transaction was refused.
    pub(super) fn refused(&mut self) {
        self.poisoned |= self.multi;
    }

    /// It has told this of itself.
    pub(super) fn learns(&mut self, request: &Request, reply: &Reply) {
        match (request, reply) {
            (Request::ReplconfPort(port), Reply::Ok) => self.port = *port,
            (Request::ReplconfIp(ip), Reply::Ok) => self.ip = Some(*ip),
            (Request::Subscribe(_), Reply::Subscribed(_)) => self.subscriber = true,
            _ => {}
        }
    }

    /// Whether it gets hellos.
    pub(super) fn subscribes(&self) -> bool {
        self.subscriber
    }

    /// What CLIENT KILL takes it for, if it is no replica.
    pub(super) fn kind(&self) -> ClientType {
        if self.subscribes() { ClientType::Pubsub } else { ClientType::Normal }
    }
}

/// How far a synchronisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    WaitStart,
    WaitEnd,
    SendBulk,
    Online,
}

/// An attached replica.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    pub(super) conn: Conn,
    pub(super) addr: Addr,
    pub(super) sync: Sync,
    pub(super) acked: u64,
    /// When it was last heard of: on the clock, and in runs of the timer.
    heard: Millis,
    heard_ticks: u32,
    /// No later than this by the clock that the process last looked at, which may have stood since a stall.
    heard_low: Millis,
    /// It has acknowledged at all.
    acks: bool,
    /// Since when it must count as good, in runs of the timer.
    good_since: u32,
    /// It asked no earlier than this.
    asked: Millis,
    /// And no later than this; the same in runs of the timer, and when it was last told to be patient.
    asked_most: Millis,
    asked_ticks: u32,
    pub(super) soothed: u32,
    /// First byte that it needs of the stream.
    needs: u64,
    /// The stream begins with its first acknowledgement.
    on_ack: bool,
    /// It begins in this step.
    starts: bool,
    pub(super) streams: bool,
}

impl Replica {
    pub(super) fn online(&self) -> bool {
        self.sync == Sync::Online
    }

    /// Its state in INFO.
    pub(super) fn state(&self) -> ReplicaState {
        match self.sync {
            Sync::WaitStart | Sync::WaitEnd => ReplicaState::WaitBgsave,
            Sync::SendBulk => ReplicaState::SendBulk,
            Sync::Online => ReplicaState::Online,
        }
    }

    /// Seconds since it acknowledged, if it has.
    pub(super) fn lag(&self, secs: i64) -> Option<i64> {
        self.acks.then(|| secs - self.heard.0.div_euclid(1000))
    }

    /// First byte that it may still have to be sent.
    fn unsent(&self) -> u64 {
        match self.sync {
            Sync::WaitStart => u64::MAX,
            _ => self.needs.max(self.acked + 1),
        }
    }
}

impl<'a> Shadow<'a> {
    /// PSYNC was read: unless it is refused, there is one replica more.
    pub(super) fn psync_read(&mut self, conn: Conn, asked: Option<&(ReplId, ReplOffset)>) {
        let Some(client) = self.clients.iter().find(|client| client.conn == conn) else { return };
        if self.replicas.iter().any(|replica| replica.conn == conn) {
            return;
        }
        let addr = Addr { ip: client.ip.unwrap_or(client.peer.ip), port: client.port };
        let size = self.conf.repl_backlog_size;
        let needed = self.replicas.iter().map(Replica::unsent).min().unwrap_or(u64::MAX).min(self.left);
        let must = asked.is_some_and(|(id, offset)| self.history.must_continue(*id, offset.0, size));
        let may = asked.is_some_and(|(id, offset)| self.history.may_continue(*id, offset.0, size, needed));
        self.promises.psync = Some(Box::new((self.history.clone(), must, may)));
        if self.replicas.is_empty() && self.history.backlog.is_none() {
            self.history.renew();
            self.history.backlog = Some(self.history.low);
        }
        self.replicas.push(Replica {
            conn,
            addr,
            sync: Sync::WaitStart,
            acked: 0,
            heard: self.now.wall,
            heard_ticks: self.now.ticks,
            heard_low: self.now.timer.min(self.now.wall),
            acks: false,
            good_since: 0,
            asked: self.now.timer.min(self.now.wall),
            asked_most: self.now.wall,
            asked_ticks: self.now.ticks,
            soothed: self.now.ticks,
            needs: u64::MAX,
            on_ack: false,
            starts: false,
            streams: false,
        });
    }

    /// The step that read PSYNC is over.
    pub(super) fn psync_over(&mut self, conn: Conn, asked: Option<&(ReplId, ReplOffset)>) {
        let Some(before) = self.promises.psync.take() else { return };
        let (history, must, may) = *before;
        let Some(place) = self.replicas.iter().position(|replica| replica.conn == conn) else { return };
        let addr = self.replicas[place].addr;
        let cut_off = self.master.is_some() && !self.link_up();
        let answer = self.promises.psync_answer.take();
        if let Some(Reply::Error(word)) = answer {
            self.replicas.remove(place);
            self.history = history;
            if word == ErrorWord::NoMasterLink && !cut_off {
                self.broke(ServerLaw::SyncRefused, Some(addr));
            }
            return;
        }
        if cut_off {
            return self.broke(ServerLaw::SyncedWithoutMaster, Some(addr));
        }
        match (answer, asked) {
            (Some(Reply::Continue(with)), Some((_, offset))) => {
                self.history = history;
                if !may {
                    self.broke(ServerLaw::ContinueGroundless, Some(addr));
                }
                self.claims(with.id);
                let replica = &mut self.replicas[place];
                (replica.sync, replica.needs, replica.starts) = (Sync::Online, offset.0, true);
                self.fresh(place);
                self.caught_up(conn);
            }
            _ if must => self.broke(ServerLaw::ContinueRefused, Some(addr)),
            _ => {}
        }
    }

    /// It says that this is its id.
    pub(super) fn claims(&mut self, id: ReplId) {
        if !self.history.says(id) {
            let kept = self.history.given_up == Some(id);
            self.broke(if kept { ServerLaw::IdKept } else { ServerLaw::PositionWrong }, None);
        }
    }

    /// FULLRESYNC is written to a replica.
    pub(super) fn full_syncs(&mut self, conn: Conn, id: ReplId, offset: u64) {
        let Some(place) = self.replicas.iter().position(|replica| replica.conn == conn) else { return };
        self.claims(id);
        let addr = self.replicas[place].addr;
        let joins = |replica: &Replica| replica.sync == Sync::WaitEnd && replica.needs == offset + 1;
        let limit = i64::from(self.conf.repl_timeout);
        if self.replicas.iter().any(|replica| replica.streams && self.passed(replica.heard, limit)) {
            // The same run of the timer drops that one, and with it the PING that it had just been sent.
            self.history.high += UNSENT;
        }
        if !self.replicas.iter().any(joins) && !self.history.settle(offset) {
            self.broke(ServerLaw::PositionWrong, Some(addr));
        }
        let delayed = self.conf.repl_diskless_sync && self.conf.repl_diskless_sync_max_replicas == 0;
        if !std::mem::replace(&mut self.promises.forked, true) && delayed && self.jumped == 0 {
            let waiting = self.replicas.iter().filter(|replica| replica.sync == Sync::WaitStart);
            let longest = waiting.map(|replica| self.now.secs() - replica.asked.0.div_euclid(1000)).max();
            if longest.is_some_and(|longest| longest + 1 < i64::from(self.sync_delay)) {
                self.broke(ServerLaw::SyncEarly, Some(addr));
            }
        }
        self.select_due = true;
        let replica = &mut self.replicas[place];
        (replica.sync, replica.needs) = (Sync::WaitEnd, offset + 1);
    }

    /// A dataset is written to a replica (spec 5.4).
    pub(super) fn gave(&mut self, conn: Conn) {
        let Some(place) = self.replicas.iter().position(|replica| replica.conn == conn) else { return };
        if self.conf.repl_diskless_sync {
            (self.replicas[place].sync, self.replicas[place].on_ack) = (Sync::Online, true);
            self.fresh(place);
        } else {
            self.replicas[place].sync = Sync::SendBulk;
        }
    }

    /// A dataset from a file has left.
    pub(super) fn bulk_sent(&mut self, conn: Conn) {
        let sending = |replica: &Replica| replica.conn == conn && replica.sync == Sync::SendBulk;
        if let Some(place) = self.replicas.iter().position(sending) {
            (self.replicas[place].sync, self.replicas[place].starts) = (Sync::Online, true);
            self.fresh(place);
        }
    }

    /// A replica is online, by the clock that the process last looked at: it may have stood still since then, and the dataset is
    /// written after that.
    fn fresh(&mut self, place: usize) {
        let replica = &mut self.replicas[place];
        (replica.heard, replica.heard_ticks) = (self.now.wall, self.now.ticks);
        replica.heard_low = self.now.timer.min(self.now.wall);
        replica.good_since = UNHEARD;
    }

    /// REPLCONF ACK, or the newline of a replica that loads, was read.
    pub(super) fn acknowledged(&mut self, conn: Conn, offset: Option<u64>) {
        let lag = i64::from(self.conf.min_replicas_max_lag);
        let now = self.now;
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn) else { return };
        if now.secs() - replica.heard_low.0.div_euclid(1000) > lag || replica.good_since == UNHEARD {
            replica.good_since = now.ticks;
        }
        (replica.heard, replica.heard_ticks) = (now.wall, now.ticks);
        replica.heard_low = now.timer.min(now.wall);
        if let Some(offset) = offset {
            replica.acked = replica.acked.max(offset);
            replica.acks = true;
            replica.starts = replica.online() && std::mem::take(&mut replica.on_ack);
        }
    }

    /// A replica has been sent all that it needed: now the offset is known.
    pub(super) fn caught_up(&mut self, conn: Conn) {
        let sent = self.promises.streamed.filter(|(to, _)| *to == conn).map_or(0, |(_, bytes)| bytes);
        let others = self.is_heard();
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn && replica.starts) else {
            return;
        };
        (replica.starts, replica.streams) = (false, true);
        let (offset, addr) = ((replica.needs + sent).saturating_sub(1), replica.addr);
        if !others {
            self.pinged = self.now.ticks;
        }
        if self.history.exact() != Some(offset) {
            self.moved = self.counted.stream;
        }
        if !self.history.settle(offset) {
            self.broke(ServerLaw::StreamWrong, Some(addr));
        }
    }

    /// A connection that may have been a replica's is gone.
    pub(super) fn replica_gone(&mut self, conn: Conn) {
        let Some(place) = self.replicas.iter().position(|replica| replica.conn == conn) else { return };
        let gone = self.replicas.remove(place);
        self.left = self.left.min(gone.unsent());
        if gone.streams && !self.is_heard() {
            self.history.high += UNSENT;
        }
        if self.replicas.is_empty() {
            self.alone_since = self.now.ticks;
        }
    }

    /// It closes a connection: in a run of its timer, whoever was heard within repl-timeout is kept.
    pub(super) fn closes(&mut self, conn: Conn) {
        let limit = (i64::from(self.conf.repl_timeout) - 1) * 1000;
        if !matches!(self.begun(), Some(What::Tick)) || self.terminated.is_some() || self.ran(0) <= SECOND {
            return;
        }
        let now = self.now.wall.0;
        let recent = |at: Millis| (0..limit).contains(&(now - at.0));
        let replica = self.replicas.iter().find(|replica| replica.conn == conn && replica.online());
        let heard = |replica: &&Replica| replica.good_since != UNHEARD && recent(replica.heard);
        if let Some(addr) = replica.filter(heard).map(|replica| replica.addr) {
            self.broke(ServerLaw::ReplicaDropped, Some(addr));
        }
        let live = self.link_up() && self.link.conn == Some(conn) && self.counted.heard > self.link.since;
        if live && recent(self.counted.heard_at) {
            self.broke(ServerLaw::LiveLinkDropped, None);
        }
        let trying = matches!(self.link.phase, Phase::Trying | Phase::Asked | Phase::Transfer);
        if trying && self.link.conn == Some(conn) && self.jumped <= self.link.since && recent(self.link.opened) {
            self.broke(ServerLaw::AttemptCutShort, None);
        }
    }

    /// What is due to replicas.
    pub(super) fn replicas_overdue(&mut self) {
        let timeout = (self.conf.repl_timeout + 1) * 10 + SECOND;
        // One that was heard before the clock was set is silent for as long as that clock says.
        let silent = |replica: &&Replica| {
            replica.online() && self.jumped <= replica.heard_ticks && self.ran(replica.heard_ticks) > timeout
        };
        if let Some(addr) = self.replicas.iter().find(silent).map(|replica| replica.addr) {
            self.broke(ServerLaw::SilentReplicaKept, Some(addr));
        }
        let period = self.conf.repl_ping_replica_period.max(1) * 10 + SECOND;
        if self.master.is_none() && self.is_heard() && self.ran(self.pinged) > period {
            self.broke(ServerLaw::PingMissed, None);
        }
        self.waiting_overdue();
        // From its time to live on, whether it still has its backlog and its id is not followed.
        let ttl = self.conf.repl_backlog_ttl;
        let alone = self.master.is_none() && self.replicas.is_empty() && self.history.backlog.is_some();
        self.mute |= alone && ttl > 0 && self.now.ticks - self.alone_since > ttl.saturating_mul(8);
    }

    /// What is due to replicas that wait for a dataset.
    fn waiting_overdue(&mut self) {
        let waits = |replica: &&Replica| matches!(replica.sync, Sync::WaitStart | Sync::WaitEnd);
        let silent = |replica: &&Replica| waits(replica) && self.ran(replica.soothed) > SECOND;
        if let Some(addr) = self.replicas.iter().find(silent).map(|replica| replica.addr) {
            self.broke(ServerLaw::WaitedSilently, Some(addr));
        }
        let busy = self.replicas.iter().any(|replica| matches!(replica.sync, Sync::WaitEnd | Sync::SendBulk));
        let delay = if self.conf.repl_diskless_sync { self.sync_delay * 10 } else { 0 };
        // Both its clock and its timer must say so: the clock may be slow, or have been set.
        let late = |replica: &&Replica| {
            let ran = self.ran(replica.asked_ticks.max(self.files.idle));
            let passed = self.before.timer.0 - replica.asked_most.0;
            replica.sync == Sync::WaitStart
                && self.jumped <= replica.asked_ticks
                && ran.min(u32::try_from(passed / 100).unwrap_or(0)) > delay + SECOND
        };
        if let Some(addr) = self.replicas.iter().find(late).filter(|_| !busy).map(|replica| replica.addr) {
            self.broke(ServerLaw::SyncLate, Some(addr));
        }
    }

    /// Whether min-replicas are in force.
    pub(super) fn counts_replicas(&self) -> bool {
        self.conf.min_replicas_to_write > 0 && self.conf.min_replicas_max_lag > 0
    }

    /// Whether fewer replicas than needed can have counted as good at the last item.
    pub(super) fn surely_too_few(&self) -> bool {
        let stale = (self.conf.min_replicas_max_lag + 1) * 10 + SECOND;
        let lag = i64::from(self.conf.min_replicas_max_lag) + 1;
        // They are counted by the timer: what waited while the process stood still is served by the count from before.
        let counted = self.now.wall.min(self.now.timer).0.div_euclid(1000);
        let maybe = |replica: &&Replica| {
            let late = counted - replica.heard.0.div_euclid(1000) > lag;
            replica.online() && (self.ran(replica.heard_ticks) < stale || !late)
        };
        self.replicas.iter().filter(maybe).count() < self.conf.min_replicas_to_write as usize
    }

    /// Whether enough replicas must count as good.
    pub(super) fn surely_enough(&self) -> bool {
        let lag = i64::from(self.conf.min_replicas_max_lag);
        let sure = |replica: &&Replica| {
            let late = self.now.secs() - replica.heard_low.0.div_euclid(1000);
            let counted = replica.good_since == 0 || self.ran(replica.good_since) > SECOND;
            replica.online() && counted && (0..=lag).contains(&late)
        };
        // A clock that was set back shows at once; that it has jumped, with the next run of the timer.
        let calm = (self.jumped == 0 || self.now.ticks - self.jumped > SECOND) && self.now.wall >= self.now.timer;
        calm && self.replicas.iter().filter(sure).count() >= self.conf.min_replicas_to_write as usize
    }
}
