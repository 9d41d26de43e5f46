//! REPLICAOF, CLIENT KILL, the end of a process, and what a step promises to bring before it is over.

use super::history::History;
use super::link::{Link, Phase};
use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use splitbrain_model::message::ClientType;
use splitbrain_model::{Addr, Conn, Reply};

/// Milliseconds by which an end of a shutdown may come before its time.
const SLACK: i64 = 500;
/// Runs of the timer within which a shutdown begins.
const BEGINS: u32 = 5;

/// What the step that goes on has to bring.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// All replicas are dropped.
    pub(super) drop_replicas: bool,
    /// So many replicas are kept.
    pub(super) keep_replicas: Option<usize>,
    /// It tries to reach its master.
    pub(super) connect: bool,
    /// It keeps this link.
    pub(super) keep_link: Option<Option<Conn>>,
    /// It closes the connection to its former master.
    pub(super) close_link: Option<Conn>,
    /// Whoever waits is told.
    pub(super) unblock: bool,
    /// Clients of this type are closed, but for the one that asked.
    pub(super) kills: Option<(Conn, Vec<ClientType>)>,
    /// A snapshot was begun.
    pub(super) forked: bool,
    /// It has loaded a dataset of this offset.
    pub(super) loaded: Option<u64>,
    /// It acknowledged.
    pub(super) acked: bool,
    /// So many bytes of the stream were sent to this connection.
    pub(super) streamed: Option<(Conn, u64)>,
    /// PSYNC of this step: as things stood before, whether it had to be continued and whether it could be.
    pub(super) psync: Option<Box<(History, bool, bool)>>,
    /// How it was answered.
    pub(super) psync_answer: Option<Reply>,
}

impl Shadow<'_> {
    /// REPLICAOF was obeyed (spec 3.1, 3.2). Connections that it opened and closed come after.
    pub(super) fn replicaof(&mut self, master: Option<Addr>) {
        match master {
            Some(addr) if self.master == Some(addr) => self.promises.keep_link = Some(self.link.conn),
            Some(addr) => self.demoted(addr),
            None if self.master.is_some() => self.promoted(),
            None => {}
        }
    }

    fn demoted(&mut self, addr: Addr) {
        let position = (self.history.id, self.history.low, self.history.high);
        if self.link.phase == Phase::Up {
            self.link.cached = Some(position);
            self.link.down_since = Some((self.now.timer, self.now.wall));
        }
        if self.master.is_none() {
            self.link.cached = Some(position);
        }
        self.leaves_link();
        self.link.conn = None;
        self.link.idle(self.now.ticks);
        self.master = Some(addr);
        self.promises.connect = true;
        self.promises.keep_replicas = Some(self.replicas.len());
        self.promises.unblock = true;
    }

    fn promoted(&mut self) {
        self.history.shift();
        self.select_due = true;
        self.leaves_link();
        self.link = Link::default();
        self.master = None;
        self.alone_since = self.now.ticks;
        self.promises.drop_replicas = true;
    }

    fn leaves_link(&mut self) {
        self.promises.close_link = self.link.conn.filter(|_| self.link.phase != Phase::Loading);
    }

    /// CLIENT KILL TYPE of a connection was obeyed.
    pub(super) fn kills(&mut self, caller: Conn, kind: ClientType) {
        self.promises.kills.get_or_insert_with(|| (caller, Vec::new())).1.push(kind);
    }

    /// SIGTERM or SHUTDOWN.
    pub(super) fn terminates(&mut self) {
        if self.terminated.is_none() {
            self.terminated = Some((self.now.wall, self.now.ticks));
            // A replica's stream is its master's: it asks nothing in it.
            self.heard_at_end = self.is_heard() && self.master.is_none();
            self.asked_at_end = false;
        }
        self.asks_for_acks();
    }

    /// The process ends (spec 12.6).
    pub(super) fn exited(&mut self, status: u8) {
        self.files_at_exit(status);
        let Some((asked, ticks)) = self.terminated.filter(|_| status == 0) else { return };
        let timeout = i64::from(self.conf.shutdown_timeout) * 1000;
        let early = timeout > 0 && self.now.wall.0 - asked.0 < timeout - SLACK && self.jumped <= ticks;
        let behind = self.replicas.iter().find(|replica| replica.acked < self.history.low);
        if let Some(addr) = behind.filter(|_| early).map(|replica| replica.addr) {
            self.broke(ServerLaw::ShutdownEarly, Some(addr));
        }
    }

    /// What is due whenever it is looked at.
    pub(super) fn overdue(&mut self) {
        self.link_overdue();
        self.replicas_overdue();
        self.files_overdue();
        if let Some((_, ticks)) = self.terminated
            && self.jumped <= ticks
            && self.conf.save.is_empty()
            && self.ran(ticks) > self.conf.shutdown_timeout * 10 + 30
        {
            self.broke(ServerLaw::ShutdownMissed, None);
        }
        self.end_unasked();
        self.end_delayed();
        self.waits_overdue();
    }

    /// A shutdown waits no longer than until the replicas have everything.
    fn end_delayed(&mut self) {
        let all = self.history.exact().filter(|_| self.terminated.is_some());
        let ready = all.is_some_and(|all| self.replicas.iter().all(|replica| replica.acked == all));
        self.ready_since = ready.then(|| self.ready_since.unwrap_or(self.now.ticks));
        if self.conf.save.is_empty() && self.ready_since.is_some_and(|since| self.ran(since) > BEGINS) {
            self.broke(ServerLaw::ShutdownMissed, None);
        }
    }

    /// A shutdown that waits has asked the replicas for what it waits for.
    fn end_unasked(&mut self) {
        let Some((_, ticks)) = self.terminated else { return };
        let waits = self.conf.shutdown_timeout > 0 && self.conf.save.is_empty() && self.ran(ticks) > BEGINS;
        let heard = self.heard_at_end && self.is_heard() && self.master.is_none();
        if waits && self.jumped <= ticks && heard && !self.asked_at_end {
            self.broke(ServerLaw::ShutdownUnasked, None);
        }
    }

    /// The step is over.
    pub(super) fn promises_over(&mut self) {
        let promises = std::mem::take(&mut self.promises);
        let waiting = !self.waits.is_empty();
        if promises.drop_replicas && !self.replicas.is_empty() {
            self.broke(ServerLaw::ReplicasKept, None);
        }
        if promises.keep_replicas.is_some_and(|before| self.replicas.len() < before) {
            self.broke(ServerLaw::ReplicasDropped, None);
        }
        if promises.connect && self.link.conn.is_none() && self.master.is_some_and(|master| !master.ip.is_name()) {
            self.broke(ServerLaw::ConnectMissed, None);
        }
        if promises.keep_link.is_some_and(|conn| conn != self.link.conn) {
            self.broke(ServerLaw::LinkDropped, None);
        }
        if promises.close_link.is_some() {
            self.broke(ServerLaw::FormerLinkKept, None);
        }
        if promises.unblock && waiting {
            self.broke(ServerLaw::WaitersKept, None);
        }
        if let Some((caller, kinds)) = promises.kills {
            let of = |conn| match self.replicas.iter().any(|replica| replica.conn == conn) {
                true => Some(ClientType::Replica),
                false => None,
            };
            let left = self.clients.iter().filter(|client| client.conn != caller);
            let mut left = left.map(|client| of(client.conn).unwrap_or(client.kind()));
            if left.any(|kind| kinds.contains(&kind)) || !self.clients.iter().any(|client| client.conn == caller) {
                self.broke(ServerLaw::KillWrong, None);
            }
        }
    }
}
