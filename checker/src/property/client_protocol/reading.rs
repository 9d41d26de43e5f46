//! What a client reads: answers of Sentinels and servers, messages, and that a connection is there.

use super::line::{Awaited, Line, Side};
use super::operation::value_of;
use super::shadow::{Must, Named, Shadow};
use crate::client_law::ClientLaw;
use splitbrain_model::client::profile::{ErrClass, Greeting, SentinelQuery};
use splitbrain_model::message::RoleReply;
use splitbrain_model::{Addr, Conn, Message, Reply};

impl Shadow<'_> {
    /// A connection is there: its greeting begins.
    pub(super) fn connected(&mut self, conn: Conn) {
        let Some(l) = self.line(conn) else { return };
        self.lines[l].dialled = None;
        if self.lines[l].side == Side::Server {
            if self.dials_in_background() {
                // Until now attempts ended without a dial.
                self.trouble();
            }
            self.vain_dials = 0;
            self.ops.iter_mut().for_each(|op| op.vain = None);
        }
        self.changed = true;
        self.next_part(l);
    }

    /// After a part of the greeting, or before the first: the next is sent, or the connection put to use.
    fn next_part(&mut self, l: usize) {
        let line = &mut self.lines[l];
        let (conn, addr, side) = (line.conn, line.addr, line.side);
        line.greeted = line.parts >= self.greetings[side as usize].len();
        let greeted = line.greeted;
        if greeted && side == Side::Server {
            // A look at the servers ends here; a shared connection may have nothing to do.
            (self.failures, self.was_up) = (0, true);
        }
        if !greeted || side == Side::Sentinel || self.profile.shared.is_none() {
            self.must(Must::Use(conn), ClientLaw::LeftUnused, addr);
        }
    }

    pub(super) fn read(&mut self, conn: Conn, message: &Message) {
        match message {
            Message::Reply(Reply::Subscribed(_)) => {
                let Some(l) = self.line(conn) else { return };
                self.lines[l].awaited.pop_front();
                self.lines[l].subscribed = true;
                self.heard_on(conn);
            }
            Message::Reply(reply) => self.answered(conn, reply),
            Message::SwitchMaster(message) => {
                self.spoke(conn);
                let ours = message.name == self.declared.master;
                self.switched(ours, message.new);
                if ours {
                    self.refresh();
                }
            }
            Message::Published(message) => {
                self.spoke(conn);
                let how = self.profile.subscription;
                let ours = message.event.master == self.declared.master;
                if ours && how.is_some_and(|how| how.broad_events.contains(&message.event.kind)) {
                    self.refresh();
                }
            }
            _ => {}
        }
    }

    /// A message came on a subscription: it is not silent, and an answer to PING is not waited for any more.
    fn spoke(&mut self, conn: Conn) {
        if let Some(l) = self.line(conn) {
            self.lines[l].awaited.retain(|(what, _)| *what != Awaited::Pong);
        }
        self.heard_on(conn);
    }

    /// The oldest request on a connection is answered.
    pub(super) fn answered(&mut self, conn: Conn, reply: &Reply) {
        self.changed = true;
        let Some(l) = self.line(conn) else { return };
        let line = &mut self.lines[l];
        let addr = line.addr;
        let Some((awaited, _)) = line.awaited.pop_front() else {
            line.stray = true;
            return self.heard_on(conn);
        };
        if let Some(by) = line.deadline(self.profile) {
            self.watch(by);
        }
        match awaited {
            Awaited::Part(part) => self.part_answered(l, part, reply),
            Awaited::Question => self.question_answered(l, reply),
            Awaited::Replicas => self.replicas_answered(l, reply),
            Awaited::Subscription => {}
            Awaited::Pong => self.heard_on(conn),
            Awaited::Answer(op) => self.operation_answered(op, conn, addr, reply),
            Awaited::Acks(op) => self.acknowledged(op, reply),
        }
    }

    fn part_answered(&mut self, l: usize, part: Greeting, reply: &Reply) {
        let line = &self.lines[l];
        let (conn, addr, side) = (line.conn, line.addr, line.side);
        let any = self.profile.reads_replicas;
        let refused = match (part, reply) {
            (Greeting::Hello | Greeting::Auth, Reply::Error(word)) => Some(ErrClass::of(*word)),
            (Greeting::Role, Reply::Role(role)) => {
                (!any && !matches!(**role, RoleReply::Master { .. })).then_some(ErrClass::ReadOnly)
            }
            // Asked again after a while.
            (Greeting::Info, Reply::Info(info)) if info.loading => return,
            (Greeting::Info, Reply::Info(info)) => (!any && info.slave.is_some()).then_some(ErrClass::ReadOnly),
            (Greeting::Role | Greeting::Info, _) => Some(ErrClass::ReadOnly),
            _ => None,
        };
        match (side, refused) {
            (Side::Server, Some(class)) => {
                self.lines[l].refused = Some(class);
                self.must(Must::Close(conn), ClientLaw::RefusalIgnored, addr);
            }
            (Side::Sentinel, Some(_)) if part != Greeting::Role => {
                self.search.refused();
                self.trouble();
                // Whoever keeps such a connection does not greet on it again.
                self.lines[l].greeted = true;
            }
            _ => {
                self.lines[l].parts += 1;
                self.next_part(l);
            }
        }
    }

    fn question_answered(&mut self, l: usize, reply: &Reply) {
        let (conn, sentinel) = (self.lines[l].conn, self.lines[l].addr);
        let Some(addr) = self.usable(reply) else {
            self.search.refused();
            self.sole().into_iter().for_each(|op| op.unhelped = true);
            return self.trouble();
        };
        if addr.ip.name().is_some() {
            self.mute = true;
        }
        if self.profile.sentinel_query == SentinelQuery::MasterAndReplicas {
            self.lines[l].survey = Some(addr);
            return self.must(Must::Use(conn), ClientLaw::AnswerIgnored, sentinel);
        }
        self.name(addr, sentinel, conn);
    }

    fn replicas_answered(&mut self, l: usize, reply: &Reply) {
        let (conn, sentinel, survey) = (self.lines[l].conn, self.lines[l].addr, self.lines[l].survey.take());
        if let Some(master) = survey {
            self.name(master, sentinel, conn);
        } else if !matches!(reply, Reply::Instances(entries) if !entries.is_empty()) {
            self.trouble();
        }
    }

    fn name(&mut self, addr: Addr, sentinel: Addr, conn: Conn) {
        self.named = Some(Named { addr, sentinel });
        self.must(Must::Go(addr, conn), ClientLaw::AnswerIgnored, addr);
    }

    fn operation_answered(&mut self, number: u32, conn: Conn, addr: Addr, reply: &Reply) {
        let now = self.now;
        let (wait, shared) = (self.profile.wait.is_some(), self.profile.shared);
        let Some(op) = self.ops.iter_mut().find(|op| op.number == number) else { return };
        op.awaiting = false;
        let (ends, unclear) = match reply {
            Reply::Error(word) => {
                op.replied += 1;
                op.fail(ErrClass::of(*word), now);
                op.word = Some(*word);
                self.spared = (shared.is_none() && !self.profile.close_on_error.closes(*word)).then_some(conn);
                let resent = shared.is_some_and(|shared| shared.resend_on.contains(word));
                if resent {
                    self.pending.insert(0, (number, addr));
                }
                (resent || shared.is_none() && self.profile.close_on_error.closes(*word), true)
            }
            reply => match value_of(op.command, reply) {
                Some(value) => {
                    op.replied += 1;
                    if wait && op.command.is_write() {
                        op.awaiting = true;
                        return self.must(Must::Wait(conn), ClientLaw::WaitMissed, addr);
                    }
                    op.answer = Some(value);
                    (false, op.unclear)
                }
                None => {
                    op.fail(ErrClass::Closed, now);
                    (shared.is_none(), true)
                }
            },
        };
        if ends {
            self.must(Must::Close(conn), ClientLaw::KeptAfterError, addr);
        }
        if !unclear {
            self.must(Must::Complete(number), ClientLaw::OutcomeOther, addr);
        }
    }

    /// WAIT was answered.
    fn acknowledged(&mut self, number: u32, reply: &Reply) {
        let needed = self.profile.wait.map_or(0, |(replicas, _)| i64::from(replicas));
        let Some(op) = self.ops.iter_mut().find(|op| op.number == number) else { return };
        op.awaiting = false;
        if matches!(reply, Reply::Int(count) if *count >= needed) {
            op.answer = Some(None);
        } else {
            // The write is there, and nobody knows for how long.
            op.replied = op.replied.saturating_sub(1);
            op.unreplicated = true;
        }
    }
}

/// Whether a connection is one of those that operations go on.
pub(super) fn carries(line: &Line) -> bool {
    line.side == Side::Server && line.dialled.is_none() && line.greeted
}
