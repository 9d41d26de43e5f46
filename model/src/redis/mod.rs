//! The Redis server 7.0: replication, write path, persistence (Redis spec). One struct holds the process; each file
//! below has one part of its behaviour. It sees its clocks, its disk and its connections, and nothing of the world.

mod admission;
mod aof;
mod backlog;
mod clients;
mod commands;
mod cron;
pub mod dataset;
mod evict;
mod history;
mod info;
mod limits;
mod link;
mod master;
mod operator;
mod persist;
mod role;
mod shutdown;
mod start;
#[cfg(test)]
mod tests;
mod write;

use crate::effects::{CloseHow, Effects};
use crate::env::Env;
use crate::files::{Lineage, RedisConf, Snapshot};
use crate::ids::{Addr, Conn, ReplOffset, RunId};
use crate::message::{Channel, Input, Message, OperatorCommand, Reply, StreamItem};
use crate::note::Note;
use crate::time::{MonoTime, Nanos, WallTime};
use crate::{ErrorWord, Node};
use clients::{Clients, Kind};
use cron::Cron;
use evict::Evictor;
use history::History;
use link::{Link, Phase};
use master::Attached;
use persist::Persist;
use shutdown::Shutdown;
use std::sync::Arc;

/// One redis-server process.
#[derive(Debug)]
pub struct Redis {
    conf: RedisConf,
    addr: Addr,
    run_id: RunId,
    /// The cached clock (`unixtime`, `mstime`): as old as the last cron run or executed command (spec 2.3).
    clock: WallTime,
    data: dataset::Dataset,
    evictor: Evictor,
    persist: Persist,
    history: History,
    /// `masterhost` and `masterport`; `None` on a master.
    master_addr: Option<Addr>,
    link: Link,
    clients: Clients,
    /// In order of subscription.
    subscribers: Vec<(Conn, Channel)>,
    /// In order of attachment.
    replicas: Vec<Attached>,
    /// Cached count for min-replicas (spec 10).
    good_replicas: u32,
    /// Since when no replica is attached, seconds.
    no_replicas_since: i64,
    /// Clients blocked in WAIT, in order.
    waiting_acks: Vec<Conn>,
    /// Clients no longer blocked whose unread commands are due.
    unblocked: Vec<Conn>,
    /// Clients to be closed once their output has left.
    closing: Vec<Conn>,
    /// Clients above their soft output limit, and since which second (`obuf_soft_limit_reached_time`).
    over_soft: Vec<(Conn, i64)>,
    /// A WAIT blocked in this iteration: ask the replicas (`get_ack_from_slaves`).
    get_ack_due: bool,
    /// What the running EXEC propagates at its end; `None` outside of EXEC.
    batch: Option<write::Batch>,
    loading: Option<Loading>,
    shutdown: Shutdown,
    cron: Cron,
    /// Next run of serverCron.
    cron_at: MonoTime,
}

/// A phase of loading in which the server answers, but runs no timers (spec 2.6).
#[derive(Debug)]
struct Loading {
    until: MonoTime,
    /// When the master gets the next newline; only while a received dataset is loaded.
    newline_at: MonoTime,
    /// The dataset received from the master; `None` at start.
    received: Option<Arc<Snapshot>>,
    /// Read by the kernel meanwhile, on the link to the master.
    held: Vec<Message>,
    /// The link ended meanwhile.
    link_ended: bool,
}

impl Loading {
    fn files(until: MonoTime, now: MonoTime) -> Loading {
        Loading { until, newline_at: now, received: None, held: Vec::new(), link_ended: false }
    }

    fn sync(until: MonoTime, now: MonoTime, snapshot: Arc<Snapshot>) -> Loading {
        Loading { received: Some(snapshot), ..Loading::files(until, now + Nanos::from_secs(1)) }
    }
}

impl Redis {
    /// Its master, or `None` if it is one itself.
    pub fn replica_of(&self) -> Option<Addr> {
        self.master_addr
    }

    /// Whether its link to its master is up (`master_link_status`); false on a master.
    pub fn link_up(&self) -> bool {
        self.link.phase == Phase::Connected
    }

    /// Whether it is loading and answers nothing but LOADING.
    pub fn loading(&self) -> bool {
        self.loading.is_some()
    }

    /// The keys, for the audit at the end of a run.
    pub fn dataset(&self) -> &dataset::Dataset {
        &self.data
    }

    /// Which writes the dataset descends from.
    pub fn lineage(&self) -> Lineage {
        self.history.lineage
    }

    /// Fills a master with keys that no client touches (DEBUG POPULATE): as many bytes as its configuration says.
    pub fn populate(&mut self) {
        if self.master_addr.is_none() && self.conf.dataset > 0 {
            self.data.ballast = self.conf.dataset;
            self.persist.dirty += 1;
        }
    }

    fn exited(&self) -> bool {
        self.shutdown == Shutdown::Exited
    }

    fn note_role(&self, env: &Env<'_>, out: &mut Effects) {
        let note = Note::Role {
            replica_of: self.master_addr,
            replid: self.history.replid,
            offset: ReplOffset(self.history.offset),
        };
        out.note(env.elapsed(), note);
    }

    fn accepted(&mut self, env: &Env<'_>, out: &mut Effects, conn: Conn, peer: Addr) {
        if self.clients.len() >= self.conf.maxclients {
            out.send(conn, Reply::Error(ErrorWord::Err));
            out.close(env.elapsed(), conn, CloseHow::AfterFlush);
            return;
        }
        let authenticated = self.conf.acl.lets_in(self.conf.requirepass.as_deref());
        self.clients.insert(conn, peer, authenticated);
    }

    /// freeClient without the socket: the connection is closed already, or is being closed by the caller.
    fn forget_client(&mut self, conn: Conn) {
        let Some(client) = self.clients.get(conn) else {
            return;
        };
        let kind = client.kind;
        if client.blocked.is_some() {
            self.waiting_acks.retain(|waiting| *waiting != conn);
        }
        if !client.channels.is_empty() {
            self.subscribers.retain(|(subscriber, _)| *subscriber != conn);
        }
        self.clients.remove(conn);
        if kind == Kind::Replica {
            self.forget_replica(conn);
        }
    }

    fn message(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn, message: Message) {
        if self.link.conn == Some(conn) {
            match &mut self.loading {
                Some(loading) => loading.held.push(message),
                None => self.link_message(env, out, message),
            }
            return;
        }
        match message {
            Message::Request(request) => self.request_read(env, out, conn, request),
            Message::Newline => self.replica_newline(conn),
            _ => {}
        }
    }

    /// The other end closed, or the connection attempt failed.
    fn closed(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn) {
        if self.link.conn != Some(conn) {
            return self.forget_client(conn);
        }
        match &mut self.loading {
            Some(loading) => loading.link_ended = true,
            None => self.link_lost(env, out),
        }
    }

    fn operator(&mut self, env: &mut Env<'_>, out: &mut Effects, command: &OperatorCommand) {
        match command {
            OperatorCommand::SetDisklessSyncDelay(seconds) => self.conf.repl_diskless_sync_delay = *seconds,
            OperatorCommand::DebugSleep(time) => {
                // call() refreshes the cached clock before the command runs, and nothing does after it.
                self.clock = env.wall();
                env.block(time.nanos());
            }
            OperatorCommand::Redis(command) => {
                let answer = self.typed(env, out, command);
                out.note(env.elapsed(), Note::Answered(answer));
            }
            _ => {}
        }
    }

    fn wake(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if self.loading.is_some() && !self.load_on(env, out) {
            return;
        }
        self.socket_child_due(env, out);
        if env.mono() >= self.cron_at {
            let pause = self.server_cron(env, out);
            // aeMain re-arms a timer at the end of its run: missed runs are not made up for.
            self.cron_at = env.mono() + pause;
        }
    }

    /// Progress of a loading phase; true when it is over.
    fn load_on(&mut self, env: &mut Env<'_>, out: &mut Effects) -> bool {
        let Some(loading) = &mut self.loading else {
            return true;
        };
        let now = env.mono();
        if now < loading.until {
            if loading.received.is_some() && now >= loading.newline_at {
                loading.newline_at = now + Nanos::from_secs(1);
                if let (Some(conn), false) = (self.link.conn, loading.link_ended) {
                    out.send(conn, Message::Newline);
                }
            }
            return false;
        }
        let Some(loading) = self.loading.take() else {
            return true;
        };
        match loading.received {
            None => self.files_loaded(env, out),
            Some(snapshot) => {
                self.snapshot_loaded(env, out, &snapshot);
                for message in loading.held {
                    self.link_message(env, out, message);
                }
                if loading.link_ended {
                    self.link_lost(env, out);
                }
            }
        }
        true
    }
}

impl Node for Redis {
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects) {
        if self.exited() {
            return;
        }
        match input {
            Input::Message(conn, message) => self.message(env, out, conn, message),
            Input::Wake => self.wake(env, out),
            Input::Accepted(conn, peer) => self.accepted(env, out, conn, peer),
            Input::Connected(conn) if self.link.conn == Some(conn) => self.link_connected(out, conn),
            Input::Connected(_) => {}
            Input::ConnectFailed(conn, _) | Input::Closed(conn, _) => self.closed(env, out, conn),
            Input::Sent(conn) => self.bulk_sent(out, conn),
            Input::Terminate => self.terminate(env, out),
            Input::Operator(command) => self.operator(env, out, &command),
        }
    }

    /// beforeSleep, spec 2.4. The letters are those of the list there; (e) and (f) are not modelled, (h) is the world's.
    fn end_iteration(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        if self.exited() {
            return;
        }
        self.link.read_this_iteration = false;
        // While loading no beforeSleep runs.
        if self.loading.is_some() {
            return;
        }
        // (a) (b)
        self.release_waits(env, out);
        // (c)
        if !self.unblocked.is_empty() {
            self.run_unblocked(env, out);
        }
        // (d)
        if self.get_ack_due && !self.shutdown.paused() {
            self.get_ack_due = false;
            self.feed(out, StreamItem::GetAck);
        }
        // (g)
        self.flush_aof(env, out);
        if self.exited() {
            return;
        }
        // (i)
        self.close_slow_clients(env, out);
        for conn in std::mem::take(&mut self.closing) {
            if self.clients.get(conn).is_some_and(|client| client.closing) {
                out.close(env.elapsed(), conn, CloseHow::AfterFlush);
                self.forget_client(conn);
            }
        }
        // (j)
        let keep_from = self.oldest_unsent(env);
        if let Some(backlog) = &mut self.history.backlog {
            backlog.trim(keep_from);
        }
    }

    fn next_wakeup(&self) -> Option<MonoTime> {
        if self.exited() {
            return None;
        }
        match &self.loading {
            Some(Loading { until, received: None, .. }) => Some(*until),
            Some(loading) => Some(loading.until.min(loading.newline_at)),
            None => Some(self.child_wakeup().map_or(self.cron_at, |at| at.min(self.cron_at))),
        }
    }
}
