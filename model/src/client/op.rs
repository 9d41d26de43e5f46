//! The life of an operation: attempts at a server, their outcome, repetition, and the verdict of the application
//! (client spec 2 and 9.2).

use super::pool::Checkout;
use super::profile::{ErrClass, Greeting, OnNewAddress, PoolWait};
use super::{Client, Io, Role, Stage, Trouble};
use crate::message::RoleReply;
use crate::note::{FailReason, Note, Outcome};
use crate::planted::Planted;
use crate::{Addr, Command, Conn, MonoTime, Reply, Request, Value};

/// The operation a worker runs.
#[derive(Debug, Default)]
pub(super) struct Op {
    pub(super) number: u32,
    command: Option<Command>,
    begun: MonoTime,
    /// Attempts begun, also those that found no server.
    tries: u32,
    /// Dials within the present attempt.
    dials: u32,
    /// Attempts written to a connection.
    written: u16,
    /// Of these, how many may have been executed unseen.
    indeterminate: u16,
    /// Where the attempt goes or went.
    pub(super) target: Option<Addr>,
    /// Where the command was last written to.
    server: Option<Addr>,
    /// The write was done, and WAIT asks for its replicas.
    waiting: bool,
    /// It holds a place in the pool.
    pooled: bool,
}

impl Client {
    /// Starts an operation on a free worker.
    pub(super) fn begin(&mut self, w: usize, number: u32, command: Command, io: &mut Io<'_, '_>) {
        io.note(Note::Invoke { op: number, command });
        self.workers[w].op = Op { number, command: Some(command), begun: io.env.mono(), ..Op::default() };
        self.start_attempt(w, io);
    }

    /// One more attempt: on the connection it still has, to the same address again, or with what the pool gives.
    pub(super) fn start_attempt(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.op.tries += 1;
        worker.op.dials = 0;
        if let Some(shared) = self.profile.shared {
            return self.submit(w, &shared, io);
        }
        if worker.conn.is_some() {
            return self.send_command(w, io);
        }
        if let (true, Some(server)) = (worker.op.pooled, worker.op.target) {
            return self.connect_server(w, server, io);
        }
        self.leave_pool(w, io);
        self.take_turn(w, io);
    }

    /// Takes a connection of the pool.
    fn take_turn(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let found = self.pool.checkout(&self.profile, io);
        self.workers[w].op.pooled = found != Checkout::Exhausted;
        match found {
            Checkout::Ready(conn, addr) => {
                self.workers[w].conn = Some(conn);
                self.workers[w].op.target = Some(addr);
                self.send_command(w, io);
            }
            Checkout::Open => match self.dial_refused() {
                Some((reason, class)) => self.attempt_over(w, reason, class, io),
                None => self.find_server(w, io),
            },
            Checkout::Dead(addr) => {
                // The write itself succeeds or breaks; the application sees a broken connection either way.
                self.workers[w].op.target = Some(addr);
                self.count_write(w);
                self.server_lost(w, FailReason::Closed, ErrClass::Closed, io);
            }
            Checkout::Exhausted => match self.profile.pool_wait {
                PoolWait::Fail => self.attempt_failed(w, FailReason::PoolExhausted, ErrClass::Other, io),
                PoolWait::Turn(patience) => {
                    self.turns.push_back(w);
                    let deadline = io.after(patience);
                    self.workers[w].wait(Stage::PoolTurn, deadline);
                }
            },
        }
    }

    /// No connection of the pool became free in time.
    pub(super) fn out_of_turn(&mut self, w: usize, io: &mut Io<'_, '_>) {
        self.turns.retain(|waiting| *waiting != w);
        self.attempt_failed(w, FailReason::PoolExhausted, ErrClass::PoolWait, io);
    }

    /// Opens a connection to the master: to the address at hand, if the library asks but once, or to what Sentinels say.
    pub(super) fn find_server(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let once = self.profile.resolve_once || self.profile.planted.has(Planted::DiscoveryCached);
        match self.pool.known().filter(|_| once) {
            Some(known) => self.connect_server(w, known, io),
            None => self.discover(w, io),
        }
    }

    /// Somebody named the master's address.
    pub(super) fn new_address(&mut self, addr: Addr, io: &mut Io<'_, '_>) {
        if !self.pool.resolved(&self.profile, addr, io) || self.profile.on_new_address != OnNewAddress::CloseAll {
            return;
        }
        for w in 0..self.workers.len() {
            let worker = &self.workers[w];
            let in_use = matches!(worker.stage, Stage::ServerGreeting(_) | Stage::ServerReply);
            if in_use && worker.op.target != Some(addr) {
                self.close_conn(w, io);
                self.server_failed(w, Trouble::Closed, io);
            }
        }
    }

    /// Opens a connection to a server.
    pub(super) fn connect_server(&mut self, w: usize, addr: Addr, io: &mut Io<'_, '_>) {
        let deadline = io.after(self.profile.connect_timeout);
        let worker = &mut self.workers[w];
        worker.op.target = Some(addr);
        worker.conn = Some(io.open(addr));
        worker.wait(Stage::ServerConnect, deadline);
    }

    /// Sends the next part of the greeting, or the command after the last.
    pub(super) fn greet_server(&mut self, w: usize, step: usize, io: &mut Io<'_, '_>) {
        let Some(request) = self.server_greeting.request(step) else {
            self.workers[w].wants_replica = false;
            self.workers[w].candidates.clear();
            return match self.workers[w].role {
                Role::Link(l) => self.link_ready(w, l, io),
                Role::Survey => self.surveyed(w, true, io),
                Role::Operations | Role::Probe(_) | Role::DialProbe | Role::Spare => self.send_command(w, io),
            };
        };
        let Some(conn) = self.workers[w].conn else {
            return;
        };
        io.send(conn, request);
        let deadline = io.after(self.profile.greeting_patience());
        self.workers[w].wait(Stage::ServerGreeting(step), deadline);
    }

    /// A part of the greeting was answered.
    pub(super) fn server_greeted(&mut self, w: usize, step: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        let replica = self.workers[w].wants_replica;
        let refused = match (self.server_greeting.parts[step], reply) {
            (Greeting::Role, Reply::Role(role))
                if replica == matches!(**role, RoleReply::Slave { .. }) && !matches!(**role, RoleReply::Sentinel) =>
            {
                None
            }
            (Greeting::Info, Reply::Info(info)) if info.loading => {
                let deadline = io.env.mono() + self.profile.loading_poll.nanos();
                return self.workers[w].wait(Stage::ServerLoading(step), Some(deadline));
            }
            (Greeting::Info, Reply::Info(info)) if info.slave.is_some() == replica => None,
            (Greeting::Role | Greeting::Info, _) if self.profile.planted.has(Planted::GreetingIgnored) => None,
            (Greeting::Role | Greeting::Info, _) => Some((FailReason::NotMaster, ErrClass::ReadOnly)),
            (Greeting::Hello | Greeting::Auth, Reply::Error(word)) => {
                Some((FailReason::Error(*word), ErrClass::of(*word)))
            }
            _ => None,
        };
        match refused {
            None => self.greet_server(w, step + 1, io),
            Some((reason, class)) => {
                self.close_conn(w, io);
                self.unusable(w, reason, class, io);
            }
        }
    }

    /// The server cannot be used: the end of the attempt, or of what else the connection was for.
    fn unusable(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        if self.next_replica(w, io) {
            return;
        }
        match self.workers[w].role {
            Role::DialProbe => self.probe_again(w, reason, class, io),
            Role::Link(l) => self.link_failed(w, l, reason, class, io),
            Role::Survey => self.surveyed(w, false, io),
            Role::Operations | Role::Probe(_) | Role::Spare => self.attempt_failed(w, reason, class, io),
        }
    }

    fn send_command(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &self.workers[w];
        let Some(conn) = worker.conn else {
            return;
        };
        self.write_command(w, conn, io);
        let deadline = io.after(self.profile.read_timeout);
        self.workers[w].wait(Stage::ServerReply, deadline);
    }

    /// Writes the command to a connection.
    pub(super) fn write_command(&mut self, w: usize, conn: Conn, io: &mut Io<'_, '_>) {
        if let Some(command) = self.workers[w].op.command {
            io.send(conn, Request::Data(command));
            self.count_write(w);
        }
    }

    fn count_write(&mut self, w: usize) {
        let op = &mut self.workers[w].op;
        op.written = op.written.saturating_add(1);
        op.waiting = false;
        op.server = op.target;
    }

    /// The server answered the command. An error reply says that it was not applied (client spec 2.1).
    pub(super) fn server_replied(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.workers[w].op.waiting) {
            return self.waited(w, reply, io);
        }
        let planted = self.profile.planted;
        let write = self.workers[w].op.command.is_some_and(|command| command.is_write());
        if write && matches!(reply, Reply::Error(_)) && planted.has(Planted::ErrorTakenForSuccess) {
            return self.finish(w, Outcome::Ok(None), io);
        }
        if let Reply::Error(word) = *reply {
            if self.profile.close_on_error.closes(word) && !planted.has(Planted::StaleConnectionKept) {
                self.close_conn(w, io);
            }
            return self.attempt_failed(w, FailReason::Error(word), ErrClass::of(word), io);
        }
        match acknowledged(self.workers[w].op.command, reply) {
            Some(_) if write && self.profile.wait.is_some() => self.send_wait(w, io),
            Some(value) => self.finish(w, Outcome::Ok(value), io),
            None => {
                // Replies out of step: the library gives the connection up.
                self.close_conn(w, io);
                self.server_lost(w, FailReason::Closed, ErrClass::Closed, io);
            }
        }
    }

    /// Asks the server that has done the write how many replicas have it (WAIT, on the same connection).
    fn send_wait(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let (Some((replicas, timeout)), Some(conn)) = (self.profile.wait, self.workers[w].conn) else {
            return;
        };
        io.send(conn, Request::Wait(replicas, timeout));
        let deadline = io.after(self.profile.read_timeout);
        self.workers[w].op.waiting = true;
        self.workers[w].wait(Stage::ServerReply, deadline);
    }

    /// WAIT was answered. Too few replicas take nothing back: the write is there, and the application cannot know for how
    /// long.
    fn waited(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        let needed = self.profile.wait.map_or(0, |(replicas, _)| i64::from(replicas));
        match reply {
            Reply::Int(count) if *count >= needed => self.finish(w, Outcome::Ok(None), io),
            _ => {
                self.count_unseen(w);
                self.finish(w, Outcome::Info(FailReason::Unreplicated), io);
            }
        }
    }

    /// The server could not be reached, went away or did not answer in time.
    pub(super) fn server_failed(&mut self, w: usize, trouble: Trouble, io: &mut Io<'_, '_>) {
        let class = match trouble {
            Trouble::Unreachable => ErrClass::ConnFail,
            Trouble::Closed => ErrClass::Closed,
            Trouble::Timeout => ErrClass::ReadTimeout,
        };
        match self.workers[w].stage {
            Stage::ServerConnect => {
                self.unusable(w, FailReason::Connect, ErrClass::ConnFail, io);
            }
            Stage::ServerGreeting(_) | Stage::ServerLoading(_) => self.unusable(w, FailReason::Handshake, class, io),
            _ => {
                let reason = match trouble {
                    Trouble::Timeout => FailReason::Timeout,
                    _ => FailReason::Closed,
                };
                self.server_lost(w, reason, class, io);
            }
        }
    }

    /// The command was written and no reply came: it may be executed at any later time.
    pub(super) fn server_lost(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        self.count_unseen(w);
        self.attempt_failed(w, reason, class, io);
    }

    /// The last writing may have been executed, and nobody will tell.
    pub(super) fn count_unseen(&mut self, w: usize) {
        if self.profile.planted.has(Planted::RetryUncounted) {
            return;
        }
        let op = &mut self.workers[w].op;
        op.indeterminate = op.indeterminate.saturating_add(1);
    }

    /// An attempt is over without success: another one, or the end. The last error is what the application sees, but an
    /// earlier attempt of unknown fate makes the operation indeterminate (client spec 2.2).
    pub(super) fn attempt_failed(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        let dialling = worker.op.pooled && matches!(class, ErrClass::ConnFail | ErrClass::NoMaster);
        if dialling && worker.op.dials + 1 < self.profile.dials {
            worker.op.dials += 1;
            let deadline = io.after(Some(self.profile.dial_pause));
            return self.workers[w].wait(Stage::DialPause, deadline);
        }
        if dialling {
            self.dial_failed(reason, class, io);
        }
        self.attempt_over(w, reason, class, io);
    }

    /// Nothing is left to be tried within the attempt.
    fn attempt_over(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let retry = self.profile.op_retry;
        let now = io.env.mono();
        let worker = &mut self.workers[w];
        if retry.on.contains(&class)
            && let Some(pause) = retry.pause(worker.op.tries, now.since(worker.op.begun), io.env.draws)
        {
            worker.wait(Stage::RetryPause, Some(now + pause));
            if self.profile.resolve_in_op {
                self.leave_pool(w, io);
            }
            return;
        }
        let write = worker.op.command.is_some_and(|command| command.is_write());
        let outcome = match worker.op.indeterminate {
            1.. if write && self.profile.planted.has(Planted::NonIdempotentRetry) => Outcome::Ok(None),
            0 => Outcome::Fail(reason),
            _ => Outcome::Info(reason),
        };
        self.finish(w, outcome, io);
    }

    fn finish(&mut self, w: usize, outcome: Outcome, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.wait(Stage::Free, None);
        let op = &worker.op;
        io.note(Note::Complete {
            op: op.number,
            outcome,
            server: op.server,
            attempts: op.written,
            attempts_indeterminate: op.indeterminate,
        });
        self.leave_pool(w, io);
    }

    /// Gives the place in the pool back, with the connection if it is still open; the longest waiting worker takes it.
    fn leave_pool(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        if !std::mem::take(&mut worker.op.pooled) {
            return;
        }
        let (conn, target) = (worker.conn.take(), worker.op.target);
        self.pool.release(&self.profile, conn, target, io);
        if let Some(next) = self.turns.pop_front() {
            self.take_turn(next, io);
        }
    }

    pub(super) fn close_conn(&mut self, w: usize, io: &mut Io<'_, '_>) {
        if let Some(conn) = self.workers[w].conn.take() {
            io.close(conn, self.profile.close);
        }
    }
}

/// What an operation returns to the application for this reply; `None` if the reply does not fit the command.
fn acknowledged(command: Option<Command>, reply: &Reply) -> Option<Option<Value>> {
    match (command?, reply) {
        (Command::Get(_), Reply::Value(value)) => Some(*value),
        (Command::Incr(_), Reply::Int(count)) => Some(Some(Value(*count as u64))),
        (Command::Sismember(..), Reply::Int(found)) => Some(Some(Value(*found as u64))),
        (Command::Sadd(..) | Command::Srem(..) | Command::Rpush(..) | Command::Del(_), Reply::Int(_))
        | (Command::Set(..), Reply::Ok)
        | (Command::Smembers(_) | Command::Lrange(_), Reply::Values(_)) => Some(None),
        _ => None,
    }
}
