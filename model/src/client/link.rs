//! Connections that operations share (client spec 9.1 `Multiplexed`): what was written is answered in order, what cannot
//! be written yet waits. Sentinels and the opening of a connection are the business of the worker that keeps the link.

use super::profile::{ErrClass, Reach, SentinelOrder, Shared};
use super::{Client, Io, Role, Stage};
use crate::note::FailReason;
use crate::{Addr, Conn, Reply};
use std::collections::VecDeque;

/// One shared connection.
#[derive(Debug)]
pub(super) struct Link {
    /// The worker that opens and keeps it.
    keeper: usize,
    /// The only server it may lead to, or where it led last.
    addr: Option<Addr>,
    /// It is open; without it the keeper is at work on that, or nobody is.
    state: State,
    /// Operations written and not answered. Those that ran out of patience stay, for their replies still come.
    written: VecDeque<Written>,
    /// Workers whose operations wait.
    waiting: VecDeque<usize>,
    /// Failures since it was last open.
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Opening,
    Up(Conn),
}

#[derive(Clone, Copy, Debug)]
struct Written {
    worker: usize,
    op: u32,
}

impl Client {
    /// Hands an operation to the connection it belongs on.
    pub(super) fn submit(&mut self, w: usize, shared: &Shared, io: &mut Io<'_, '_>) {
        let deadline = io.after(shared.op_timeout);
        self.workers[w].wait(Stage::Queued, deadline);
        let server = match shared.reach {
            Reach::Sentinels | Reach::SentinelsOrLast => None,
            Reach::SameServer => match self.master_of_topology(w, io) {
                Some(master) => Some(master),
                None => return,
            },
        };
        let found = self.links.iter().position(|link| server.is_none() || link.addr == server);
        let l = found.unwrap_or_else(|| self.new_link(server));
        self.links[l].waiting.push_back(w);
        match self.links[l].state {
            State::Up(conn) => self.flush(l, conn, io),
            State::Opening => {}
            State::Idle => self.link_open(self.links[l].keeper, io),
        }
    }

    fn new_link(&mut self, addr: Option<Addr>) -> usize {
        let l = self.links.len();
        let keeper = self.task(Role::Link(l));
        let (written, waiting) = (VecDeque::new(), VecDeque::new());
        self.links.push(Link { keeper, addr, state: State::Idle, written, waiting, failures: 0 });
        l
    }

    fn link_of(&self, w: usize) -> Option<usize> {
        match self.workers[w].role {
            Role::Link(l) => Some(l),
            _ => None,
        }
    }

    /// The keeper begins to open its connection.
    pub(super) fn link_open(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let Some(l) = self.link_of(w) else { return };
        self.links[l].state = State::Opening;
        let same = self.profile.shared.is_some_and(|shared| shared.reach == Reach::SameServer);
        match self.links[l].addr.filter(|_| same) {
            Some(addr) => self.connect_server(w, addr, io),
            None => self.discover(w, io),
        }
    }

    /// A Sentinel named a master: once a connection has been up, this is the last known address, whether or not it answers
    /// (client spec 6.1).
    pub(super) fn link_named(&mut self, w: usize, addr: Addr) {
        if let Some(l) = self.link_of(w) {
            let last = &mut self.links[l].addr;
            *last = last.map(|_| addr);
        }
    }

    /// No Sentinel named a master.
    pub(super) fn link_unresolved(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let Some(l) = self.link_of(w) else { return };
        let reuse = self.profile.shared.is_some_and(|shared| shared.reach == Reach::SentinelsOrLast);
        match self.links[l].addr.filter(|_| reuse) {
            Some(last) => self.connect_server(w, last, io),
            None => self.link_failed(w, l, reason, class, io),
        }
    }

    /// The connection is there and greeted: everything that waits is written.
    pub(super) fn link_ready(&mut self, w: usize, l: usize, io: &mut Io<'_, '_>) {
        let Some(conn) = self.workers[w].conn else { return };
        self.workers[w].wait(Stage::LinkUp, None);
        let link = &mut self.links[l];
        link.failures = 0;
        link.addr = self.workers[w].op.target;
        link.state = State::Up(conn);
        self.flush(l, conn, io);
    }

    fn flush(&mut self, l: usize, conn: Conn, io: &mut Io<'_, '_>) {
        while let Some(worker) = self.links[l].waiting.pop_front() {
            self.workers[worker].op.target = self.links[l].addr;
            self.write_command(worker, conn, io);
            self.links[l].written.push_back(Written { worker, op: self.workers[worker].op.number });
            let limits = [self.workers[worker].deadline, io.after(self.profile.read_timeout)];
            self.workers[worker].wait(Stage::Shared, limits.into_iter().flatten().min());
        }
    }

    /// The worker whose operation was written, unless that is over.
    fn still_waits(&self, written: Written) -> bool {
        let worker = &self.workers[written.worker];
        worker.stage == Stage::Shared && worker.op.number == written.op
    }

    /// The oldest operation without a reply has one.
    pub(super) fn link_replied(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        let Some(l) = self.link_of(w) else { return };
        let shared = self.profile.shared;
        let resent =
            |reply: &Reply| matches!(reply, Reply::Error(word) if shared.is_some_and(|it| it.resend_on.contains(word)));
        match self.links[l].written.pop_front() {
            Some(written) if self.still_waits(written) && resent(reply) => {
                // Not applied, so nothing is unknown about it.
                self.workers[written.worker].stage = Stage::Queued;
                self.close_conn(w, io);
                self.link_lost(w, io);
                self.links[l].waiting.push_front(written.worker);
            }
            Some(written) if self.still_waits(written) => self.server_replied(written.worker, reply, io),
            _ => {}
        }
    }

    /// The connection broke. What was written and not answered may have been executed; it is written again, before
    /// everything else, or it has failed.
    pub(super) fn link_lost(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let Some(l) = self.link_of(w) else { return };
        let resend = self.profile.shared.is_some_and(|shared| shared.resend_inflight);
        self.links[l].state = State::Opening;
        let written: Vec<Written> = self.links[l].written.drain(..).collect();
        let alive: Vec<usize> = written.into_iter().filter(|it| self.still_waits(*it)).map(|it| it.worker).collect();
        for &worker in &alive {
            match resend {
                true => {
                    self.count_unseen(worker);
                    self.workers[worker].stage = Stage::Queued;
                }
                false => self.server_lost(worker, FailReason::Closed, ErrClass::Closed, io),
            }
        }
        if resend {
            let later = std::mem::take(&mut self.links[l].waiting);
            self.links[l].waiting = alive.into_iter().chain(later).collect();
        }
        self.reopen(w, l, FailReason::Closed, ErrClass::Closed, io);
    }

    /// The connection could not be opened or is of no use.
    pub(super) fn link_failed(&mut self, w: usize, l: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        if reason == FailReason::NotMaster && self.profile.sentinel_order == SentinelOrder::RotateEachUse {
            self.sentinels.turn_to_next();
        }
        self.reopen(w, l, reason, class, io);
    }

    fn reopen(&mut self, w: usize, l: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let Some(shared) = self.profile.shared else { return };
        self.links[l].failures += 1;
        let failures = self.links[l].failures;
        let exhausted = shared.give_up_every.is_some_and(|every| failures.is_multiple_of(every));
        match shared.reconnect {
            Some(backoff) => {
                let pause = backoff.pause(failures, io.env.draws);
                self.workers[w].wait(Stage::LinkPause, Some(io.env.mono() + pause));
            }
            None => self.link_idle(w, l),
        }
        if exhausted || shared.reconnect.is_none() {
            self.fail_waiting(l, reason, class, io);
        }
    }

    fn link_idle(&mut self, w: usize, l: usize) {
        self.links[l].state = State::Idle;
        self.workers[w].wait(Stage::Free, None);
    }

    fn fail_waiting(&mut self, l: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        for worker in std::mem::take(&mut self.links[l].waiting) {
            self.attempt_failed(worker, reason, class, io);
        }
    }

    /// An operation has waited for as long as the application allows. Once written, its command may still be executed.
    pub(super) fn out_of_patience(&mut self, w: usize, io: &mut Io<'_, '_>) {
        if self.workers[w].stage == Stage::Shared {
            return self.server_lost(w, FailReason::Timeout, ErrClass::ReadTimeout, io);
        }
        for link in &mut self.links {
            link.waiting.retain(|waiting| *waiting != w);
        }
        self.topology.forget(w);
        self.attempt_failed(w, FailReason::Timeout, ErrClass::ReadTimeout, io);
    }

    /// Gives all open connections up, as if they had broken.
    pub(super) fn drop_links(&mut self, io: &mut Io<'_, '_>) {
        for l in 0..self.links.len() {
            let keeper = self.links[l].keeper;
            if let State::Up(_) = self.links[l].state {
                self.close_conn(keeper, io);
                self.link_lost(keeper, io);
            }
        }
    }

    /// Closes connections to servers that are not among these; their operations fail.
    pub(super) fn close_unlisted(&mut self, nodes: &[Addr], io: &mut Io<'_, '_>) {
        for l in 0..self.links.len() {
            if self.links[l].addr.is_some_and(|addr| nodes.contains(&addr)) || self.links[l].state == State::Idle {
                continue;
            }
            let keeper = self.links[l].keeper;
            self.close_conn(keeper, io);
            self.link_idle(keeper, l);
            let written: Vec<Written> = self.links[l].written.drain(..).collect();
            for it in written {
                if self.still_waits(it) {
                    self.server_lost(it.worker, FailReason::Closed, ErrClass::Closed, io);
                }
            }
            self.fail_waiting(l, FailReason::Closed, ErrClass::Closed, io);
        }
    }
}
