//! Finding the master: Sentinels are asked one after the other until one names a usable address (client spec 9.1).

use super::profile::{Greeting, Promote, SentinelQuery};
use super::{Client, Io, Stage};
use crate::client::profile::ErrClass;
use crate::note::FailReason;
use crate::{Addr, Conn, ErrorWord, Reply, Request};

/// The Sentinels as all workers of a process see them.
#[derive(Debug)]
pub(super) struct Sentinels {
    order: Vec<Addr>,
    /// Connections kept for the next question, last used first.
    kept: Vec<(Addr, Conn)>,
}

impl Sentinels {
    pub(super) fn new(order: Vec<Addr>) -> Sentinels {
        Sentinels { order, kept: Vec::new() }
    }

    /// A connection is gone. If it was kept, the next question opens a new one: libraries that keep them look for a
    /// close before they write.
    pub(super) fn forget(&mut self, conn: Conn) {
        self.kept.retain(|(_, kept)| *kept != conn);
    }

    fn take(&mut self, sentinel: Addr) -> Option<Conn> {
        let index = self.kept.iter().rposition(|(addr, _)| *addr == sentinel)?;
        Some(self.kept.remove(index).1)
    }

    fn promote(&mut self, how: Promote, sentinel: Addr) {
        let Some(index) = self.order.iter().position(|addr| *addr == sentinel) else {
            return;
        };
        match how {
            Promote::No => {}
            Promote::MoveToFront => self.order[..=index].rotate_right(1),
            Promote::SwapWithFirst => self.order.swap(0, index),
        }
    }
}

/// What an answer is worth.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Master(Addr),
    Useless,
    Error(ErrorWord),
}

impl Client {
    /// Starts a round through the Sentinels in their present order.
    pub(super) fn discover(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.round.clone_from(&self.sentinels.order);
        worker.answered = false;
        self.ask(w, 0, io);
    }

    /// Asks the Sentinel at this place, or ends the round if there is none.
    fn ask(&mut self, w: usize, place: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.place = place;
        worker.failures = 0;
        if place < worker.round.len() {
            return self.ask_sentinel(w, io);
        }
        let reason = match worker.answered {
            true => FailReason::NoMaster,
            false => FailReason::NoSentinel,
        };
        self.attempt_failed(w, reason, ErrClass::NoMaster, io);
    }

    /// One attempt at the Sentinel whose turn it is.
    pub(super) fn ask_sentinel(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let sentinel = self.workers[w].round[self.workers[w].place];
        if let Some(conn) = self.sentinels.take(sentinel) {
            self.workers[w].conn = Some(conn);
            return self.query(w, io);
        }
        let deadline = io.after(self.profile.sentinel_connect_timeout);
        self.workers[w].conn = Some(io.open(sentinel));
        self.workers[w].wait(Stage::SentinelConnect, deadline);
    }

    /// Sends the next part of the greeting, or the question after the last.
    pub(super) fn greet_sentinel(&mut self, w: usize, step: usize, io: &mut Io<'_, '_>) {
        let Some(request) = self.sentinel_greeting.request(step) else {
            return self.query(w, io);
        };
        let Some(conn) = self.workers[w].conn else {
            return;
        };
        io.send(conn, request);
        let deadline = io.after(self.profile.sentinel_cmd_timeout);
        self.workers[w].wait(Stage::SentinelGreeting(step), deadline);
    }

    /// A part of the greeting was answered.
    pub(super) fn sentinel_greeted(&mut self, w: usize, step: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        match (self.sentinel_greeting.parts[step], reply) {
            (Greeting::Hello | Greeting::Auth, Reply::Error(_)) => self.sentinel_replied(w, reply, io),
            _ => self.greet_sentinel(w, step + 1, io),
        }
    }

    fn query(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let Some(conn) = self.workers[w].conn else {
            return;
        };
        let question = match self.profile.sentinel_query {
            SentinelQuery::GetMasterAddr => Request::GetMasterAddr(self.master.clone()),
            SentinelQuery::Masters => Request::Masters,
        };
        io.send(conn, question);
        let deadline = io.after(self.profile.sentinel_cmd_timeout);
        self.workers[w].wait(Stage::SentinelReply, deadline);
    }

    /// No answer: the same Sentinel again after a pause, or the next.
    pub(super) fn sentinel_failed(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.failures += 1;
        if worker.failures < self.profile.sentinel_attempts {
            let pause = self.profile.sentinel_backoff.pause(worker.failures, io.env.draws);
            return worker.wait(Stage::SentinelPause, Some(io.env.mono() + pause));
        }
        let next = worker.place + 1;
        self.ask(w, next, io);
    }

    /// A Sentinel answered.
    pub(super) fn sentinel_replied(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        let sentinel = self.workers[w].round[self.workers[w].place];
        let next = self.workers[w].place + 1;
        self.workers[w].answered = true;
        let answer = self.judge(reply);
        self.put_back(w, sentinel, &answer, io);
        match answer {
            Answer::Master(addr) => {
                self.sentinels.promote(self.profile.promote_answering, sentinel);
                self.pool.resolved(&self.profile, addr, io);
                self.connect_server(w, addr, io);
            }
            Answer::Useless if self.profile.next_on_bad_answer => self.ask(w, next, io),
            Answer::Error(_) if self.profile.next_on_error_reply => self.ask(w, next, io),
            Answer::Useless => self.attempt_failed(w, FailReason::NoMaster, ErrClass::NoMaster, io),
            Answer::Error(word) => {
                self.attempt_failed(w, FailReason::Error(word), ErrClass::Other, io);
            }
        }
    }

    fn put_back(&mut self, w: usize, sentinel: Addr, answer: &Answer, io: &mut Io<'_, '_>) {
        let Some(conn) = self.workers[w].conn.take() else {
            return;
        };
        let spoilt = matches!(answer, Answer::Error(word) if self.profile.close_on_error.closes(*word));
        if self.profile.keep_sentinel_connections && !spoilt {
            self.sentinels.kept.push((sentinel, conn));
        } else {
            io.close(conn, self.profile.close);
        }
    }

    fn judge(&self, reply: &Reply) -> Answer {
        match reply {
            Reply::Error(word) => Answer::Error(*word),
            Reply::Addr(addr) => Answer::Master(*addr),
            Reply::Instances(entries) => entries
                .iter()
                .find(|entry| entry.name == self.master)
                .filter(|entry| entry.master)
                .filter(|entry| !self.profile.reject_down_flags || !(entry.s_down || entry.o_down))
                .filter(|entry| entry.other_sentinels >= self.profile.min_other_sentinels)
                .map_or(Answer::Useless, |entry| Answer::Master(entry.addr)),
            _ => Answer::Useless,
        }
    }
}
