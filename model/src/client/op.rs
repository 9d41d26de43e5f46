//! The life of an operation: attempts at a server, their outcome, repetition, and the verdict of the application
//! (client spec 2 and 9.2).

use super::pool::Checkout;
use super::profile::{ErrClass, Greeting};
use super::{Client, Io, Stage, Trouble};
use crate::message::RoleReply;
use crate::note::{FailReason, Note, Outcome};
use crate::{Addr, Command, Reply, Request, Value};

/// The operation a worker runs.
#[derive(Debug, Default)]
pub(super) struct Op {
    number: u32,
    command: Option<Command>,
    /// Attempts begun, also those that found no server.
    tries: u32,
    /// Attempts written to a connection.
    written: u16,
    /// Of these, how many may have been executed unseen.
    indeterminate: u16,
    /// Where the attempt goes or went.
    target: Option<Addr>,
    /// Where the command was last written to.
    server: Option<Addr>,
    /// It holds a place in the pool.
    pooled: bool,
}

impl Client {
    /// Starts an operation on a free worker.
    pub(super) fn begin(&mut self, w: usize, number: u32, command: Command, io: &mut Io<'_, '_>) {
        io.note(Note::Invoke { op: number, command });
        self.workers[w].op = Op { number, command: Some(command), ..Op::default() };
        self.start_attempt(w, io);
    }

    /// One more attempt: on the connection it still has, to the same address again, or with what the pool gives.
    pub(super) fn start_attempt(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.op.tries += 1;
        if worker.conn.is_some() {
            return self.send_command(w, io);
        }
        if worker.op.pooled {
            let target = worker.op.target;
            if let (false, Some(server)) = (self.profile.resolve_in_op, target) {
                return self.connect_server(w, server, io);
            }
            worker.op.pooled = false;
            self.pool.release(&self.profile, None, target, io);
        }
        let found = self.pool.checkout(&self.profile, io);
        self.workers[w].op.pooled = found != Checkout::Exhausted;
        match found {
            Checkout::Ready(conn, addr) => {
                self.workers[w].conn = Some(conn);
                self.workers[w].op.target = Some(addr);
                self.send_command(w, io);
            }
            Checkout::Open => self.discover(w, io),
            Checkout::Dead(addr) => {
                // The write itself succeeds or breaks; the application sees a broken connection either way.
                self.workers[w].op.target = Some(addr);
                self.count_write(w);
                self.server_lost(w, FailReason::Closed, ErrClass::Closed, io);
            }
            Checkout::Exhausted => {
                self.attempt_failed(w, FailReason::PoolExhausted, ErrClass::Other, io);
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
            return self.send_command(w, io);
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
        let refused = match (self.server_greeting.parts[step], reply) {
            (Greeting::Role, Reply::Role(role)) if matches!(**role, RoleReply::Master(..)) => None,
            (Greeting::Role, _) => Some((FailReason::NotMaster, ErrClass::ReadOnly)),
            (Greeting::Hello | Greeting::Auth, Reply::Error(word)) => {
                Some((FailReason::Error(*word), ErrClass::of(*word)))
            }
            _ => None,
        };
        match refused {
            None => self.greet_server(w, step + 1, io),
            Some((reason, class)) => {
                self.close_conn(w, io);
                self.attempt_failed(w, reason, class, io);
            }
        }
    }

    fn send_command(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &self.workers[w];
        let (Some(conn), Some(command)) = (worker.conn, worker.op.command) else {
            return;
        };
        io.send(conn, Request::Data(command));
        self.count_write(w);
        let deadline = io.after(self.profile.read_timeout);
        self.workers[w].wait(Stage::ServerReply, deadline);
    }

    fn count_write(&mut self, w: usize) {
        let op = &mut self.workers[w].op;
        op.written = op.written.saturating_add(1);
        op.server = op.target;
    }

    /// The server answered the command. An error reply says that it was not applied (client spec 2.1).
    pub(super) fn server_replied(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        if let Reply::Error(word) = *reply {
            if self.profile.close_on_error.closes(word) {
                self.close_conn(w, io);
            }
            return self.attempt_failed(w, FailReason::Error(word), ErrClass::of(word), io);
        }
        match acknowledged(self.workers[w].op.command, reply) {
            Some(value) => self.finish(w, Outcome::Ok(value), io),
            None => {
                // Replies out of step: the library gives the connection up.
                self.close_conn(w, io);
                self.server_lost(w, FailReason::Closed, ErrClass::Closed, io);
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
                self.attempt_failed(w, FailReason::Connect, ErrClass::ConnFail, io);
            }
            Stage::ServerGreeting(_) => self.attempt_failed(w, FailReason::Handshake, class, io),
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
    fn server_lost(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let op = &mut self.workers[w].op;
        op.indeterminate = op.indeterminate.saturating_add(1);
        self.attempt_failed(w, reason, class, io);
    }

    /// An attempt is over without success: another one, or the end. The last error is what the application sees, but an
    /// earlier attempt of unknown fate makes the operation indeterminate (client spec 2.2).
    pub(super) fn attempt_failed(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        let retry = self.profile.op_retry;
        let worker = &mut self.workers[w];
        if retry.on.contains(&class) && worker.op.tries < retry.attempts {
            let pause = retry.backoff.pause(worker.op.tries, io.env.draws);
            return worker.wait(Stage::RetryPause, Some(io.env.mono() + pause));
        }
        let outcome = match worker.op.indeterminate {
            0 => Outcome::Fail(reason),
            _ => Outcome::Info(reason),
        };
        self.finish(w, outcome, io);
    }

    fn finish(&mut self, w: usize, outcome: Outcome, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        let conn = worker.conn.take();
        worker.wait(Stage::Free, None);
        let op = &worker.op;
        io.note(Note::Complete {
            op: op.number,
            outcome,
            server: op.server,
            attempts: op.written,
            attempts_indeterminate: op.indeterminate,
        });
        if op.pooled {
            self.pool.release(&self.profile, conn, op.target, io);
        }
    }

    fn close_conn(&mut self, w: usize, io: &mut Io<'_, '_>) {
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
        (Command::Sadd(..) | Command::Srem(..) | Command::Rpush(..), Reply::Int(_))
        | (Command::Set(..), Reply::Ok)
        | (Command::Smembers(_) | Command::Lrange(_), Reply::Values(_)) => Some(None),
        _ => None,
    }
}
