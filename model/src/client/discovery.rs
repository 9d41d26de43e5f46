//! Finding the master: Sentinels are asked one after the other, or all at once, until one names a usable address
//! (client spec 9.1).

use super::profile::{ErrClass, Greeting, Promote, SentinelOrder, SentinelQuery};
use super::{Client, Io, Role, Stage};
use crate::note::FailReason;
use crate::planted::Planted;
use crate::{Addr, Conn, Draws, ErrorWord, Purpose, Reply, Request};

/// The Sentinels as all workers of a process see them.
#[derive(Debug)]
pub(super) struct Sentinels {
    order: Vec<Addr>,
    /// Where the next question begins, for orders that rotate.
    cursor: usize,
    /// The one that answered last and has not failed since.
    current: Option<Addr>,
    /// Connections kept for the next question, last used first.
    kept: Vec<(Addr, Conn)>,
}

impl Sentinels {
    pub(super) fn new(how: SentinelOrder, mut order: Vec<Addr>, draws: &mut dyn Draws) -> Sentinels {
        match how {
            SentinelOrder::Listed | SentinelOrder::RotateEachUse => {}
            SentinelOrder::FixedPermutation => order.sort_by_key(|addr| scattered(*addr)),
            SentinelOrder::ShuffleOnce => {
                for last in (1..order.len()).rev() {
                    order.swap(last, draws.below(Purpose::Backoff, last as u64 + 1) as usize);
                }
            }
        }
        Sentinels { order, cursor: 0, current: None, kept: Vec::new() }
    }

    /// All, in their present order.
    pub(super) fn all(&self) -> &[Addr] {
        &self.order
    }

    /// The next one in a rotating order comes first from now on, and asking begins there again.
    pub(super) fn turn_to_next(&mut self) {
        let next = self.cursor.min(self.order.len().saturating_sub(1));
        self.order.rotate_left(next);
        self.cursor = 0;
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
            Promote::TurnToFront => {
                self.order.rotate_left(index);
                self.cursor = 0;
            }
        }
    }
}

/// A number that depends on the address and on nothing else, in no visible order (Fibonacci hashing).
fn scattered(addr: Addr) -> u64 {
    let key = (addr.ip.word() << 16) | u64::from(addr.port);
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}

/// What Sentinels said of all servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// The master.
    pub(super) master: Addr,
    /// All servers, the master included.
    pub(super) nodes: Vec<Addr>,
}

/// What an answer is worth.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Usable(Addr),
    Useless,
    Error(ErrorWord),
}

impl Client {
    /// Looks for the master.
    pub(super) fn discover(&mut self, w: usize, io: &mut Io<'_, '_>) {
        if let Some(server) = self.server {
            return self.connect_server(w, server, io);
        }
        self.workers[w].rounds = 0;
        self.workers[w].wants_replica = self.profile.reads_replicas;
        self.start_round(w, io);
    }

    /// Starts a round: with the Sentinel that answered last, or with all at once, or with one after the other.
    pub(super) fn start_round(&mut self, w: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.answered = false;
        worker.survey = None;
        worker.round.clear();
        match self.sentinels.current.filter(|_| self.profile.sticky_sentinel) {
            Some(current) => worker.round.push(current),
            None if self.profile.query_parallel => return self.probe_all(w, io),
            None => worker.round.extend_from_slice(&self.sentinels.order[self.sentinels.cursor..]),
        }
        self.ask(w, 0, io);
    }

    /// Asks all Sentinels at once.
    fn probe_all(&mut self, w: usize, io: &mut Io<'_, '_>) {
        self.workers[w].wait(Stage::Probing, None);
        for n in 0..self.sentinels.order.len() {
            let probe = self.task(Role::Probe(w));
            self.workers[probe].wants_replica = self.workers[w].wants_replica;
            let worker = &mut self.workers[probe];
            worker.round.clear();
            worker.round.push(self.sentinels.order[n]);
            worker.answered = false;
            self.ask(probe, 0, io);
        }
        if self.sentinels.order.is_empty() {
            self.undiscovered(w, FailReason::NoSentinel, ErrClass::NoMaster, io);
        }
    }

    /// Asks the Sentinel at this place, or ends the round if there is none.
    fn ask(&mut self, w: usize, place: usize, io: &mut Io<'_, '_>) {
        let worker = &mut self.workers[w];
        worker.place = place;
        worker.failures = 0;
        let first_only = place > 0 && self.profile.planted.has(Planted::FirstSentinelOnly);
        if place < worker.round.len() && !first_only {
            if self.profile.sentinel_order == SentinelOrder::RotateEachUse {
                self.sentinels.cursor = (self.sentinels.cursor + 1).min(self.sentinels.order.len());
            }
            return self.ask_sentinel(w, io);
        }
        let reason = match worker.answered {
            true => FailReason::NoMaster,
            false => FailReason::NoSentinel,
        };
        self.undiscovered(w, reason, ErrClass::NoMaster, io);
    }

    /// A round ended without a usable answer: another one, or the failure of what it was for.
    fn undiscovered(&mut self, w: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        if let Role::Probe(parent) = self.workers[w].role {
            return self.probe_failed(w, parent, reason, class, io);
        }
        // Parallel questions leave no round behind: this was the one that is asked first.
        let first = self.workers[w].round.first().copied().filter(|_| self.profile.query_parallel);
        if first.is_some() {
            self.sentinels.current = self.sentinels.current.filter(|current| Some(*current) != first);
            return self.start_round(w, io);
        }
        self.sentinels.cursor = 0;
        if self.turn_to_master(w, io) {
            return;
        }
        let worker = &mut self.workers[w];
        if let Some(backoff) = self.profile.round_retry {
            worker.rounds += 1;
            let pause = backoff.pause(worker.rounds, io.env.draws);
            return worker.wait(Stage::RoundPause, Some(io.env.mono() + pause));
        }
        match worker.role {
            Role::Link(_) => self.link_unresolved(w, reason, class, io),
            Role::Survey => self.survey_failed(w, reason, io),
            Role::DialProbe => self.probe_again(w, reason, class, io),
            Role::Operations | Role::Probe(_) | Role::Spare => self.attempt_failed(w, reason, class, io),
        }
    }

    /// One of several parallel questions had no usable answer; the last failure is that of all.
    fn probe_failed(&mut self, w: usize, parent: usize, reason: FailReason, class: ErrClass, io: &mut Io<'_, '_>) {
        self.dismiss(w);
        if !self.workers.iter().any(|worker| worker.role == Role::Probe(parent)) {
            self.undiscovered(parent, reason, class, io);
        }
    }

    /// The worker is not needed any more.
    pub(super) fn dismiss(&mut self, w: usize) {
        self.workers[w].role = Role::Spare;
        self.workers[w].wait(Stage::Free, None);
    }

    /// A Sentinel named a usable master.
    fn discovered(&mut self, w: usize, sentinel: Addr, addr: Addr, io: &mut Io<'_, '_>) {
        if let Role::Probe(parent) = self.workers[w].role {
            self.workers[parent].candidates = std::mem::take(&mut self.workers[w].candidates);
            for other in 0..self.workers.len() {
                if self.workers[other].role == Role::Probe(parent) {
                    if let Some(conn) = self.workers[other].conn.take() {
                        io.close(conn, self.profile.close);
                    }
                    self.dismiss(other);
                }
            }
            return self.discovered(parent, sentinel, addr, io);
        }
        self.sentinels.promote(self.profile.promote_answering, sentinel);
        self.sentinels.current = Some(sentinel);
        self.subscribe(sentinel, io);
        if !self.profile.reads_replicas {
            self.new_address(addr, io);
        }
        self.link_named(w, addr);
        self.connect_server(w, addr, io);
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
            _ if self.workers[w].wants_replica => Request::Replicas(self.master.clone()),
            SentinelQuery::GetMasterAddr => Request::GetMasterAddr(self.master.clone()),
            SentinelQuery::Masters | SentinelQuery::MasterAndReplicas => Request::Masters,
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
        let answer = match self.workers[w].wants_replica {
            true => self.judge_replicas(w, reply, io),
            false => self.judge(reply),
        };
        if let (SentinelQuery::MasterAndReplicas, Answer::Usable(master)) = (self.profile.sentinel_query, &answer) {
            return self.ask_for_replicas(w, *master, io);
        }
        self.put_back(w, sentinel, &answer, io);
        match answer {
            Answer::Usable(addr) => self.discovered(w, sentinel, addr, io),
            Answer::Useless if self.profile.next_on_bad_answer => self.ask(w, next, io),
            Answer::Error(_) if self.profile.next_on_error_reply => self.ask(w, next, io),
            Answer::Useless => self.undiscovered(w, FailReason::NoMaster, ErrClass::NoMaster, io),
            Answer::Error(word) => {
                self.undiscovered(w, FailReason::Error(word), ErrClass::Other, io);
            }
        }
    }

    fn ask_for_replicas(&mut self, w: usize, master: Addr, io: &mut Io<'_, '_>) {
        let Some(conn) = self.workers[w].conn else {
            return;
        };
        self.workers[w].survey = Some(Survey { master, nodes: vec![master] });
        io.send(conn, Request::Replicas(self.master.clone()));
        let deadline = io.after(self.profile.sentinel_cmd_timeout);
        self.workers[w].wait(Stage::SentinelReplicas, deadline);
    }

    /// A Sentinel listed the replicas too.
    pub(super) fn replicas_replied(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) {
        let sentinel = self.workers[w].round[self.workers[w].place];
        let master = self.workers[w].survey.as_ref().map(|survey| survey.master);
        if let (Reply::Instances(entries), Some(survey)) = (reply, &mut self.workers[w].survey) {
            survey.nodes.extend(entries.iter().map(|entry| entry.addr));
        }
        self.put_back(w, sentinel, &Answer::Useless, io);
        match master {
            Some(master) => self.discovered(w, sentinel, master, io),
            None => self.undiscovered(w, FailReason::NoMaster, ErrClass::NoMaster, io),
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

    pub(super) fn judged_address(&self, reply: &Reply) -> Option<Addr> {
        match self.judge(reply) {
            Answer::Usable(addr) => Some(addr),
            _ => None,
        }
    }

    /// The first usable replica; the others wait for it to fail.
    fn judge_replicas(&mut self, w: usize, reply: &Reply, io: &mut Io<'_, '_>) -> Answer {
        if let Reply::Error(word) = reply {
            return Answer::Error(*word);
        }
        let mut usable = self.usable_replicas(reply, io);
        usable.reverse();
        let first = usable.pop();
        self.workers[w].candidates = usable;
        first.map_or(Answer::Useless, Answer::Usable)
    }

    fn judge(&self, reply: &Reply) -> Answer {
        let reject_down = self.profile.reject_down_flags && !self.profile.planted.has(Planted::DownFlagsIgnored);
        match reply {
            Reply::Error(word) => Answer::Error(*word),
            Reply::Addr(addr) => Answer::Usable(*addr),
            Reply::Instances(entries) => entries
                .iter()
                .find(|entry| entry.name == self.master)
                .filter(|entry| entry.master)
                .filter(|entry| !reject_down || !(entry.s_down || entry.o_down))
                .filter(|entry| entry.other_sentinels >= self.profile.min_other_sentinels)
                .map_or(Answer::Useless, |entry| Answer::Usable(entry.addr)),
            _ => Answer::Useless,
        }
    }
}
