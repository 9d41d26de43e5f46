//! How connections and operations of a client end: what was outstanding on a connection, and whether the application was
//! told what the answers say.

use super::line::{Awaited, Line, Side};
use super::operation::{Operation, class_of};
use super::shadow::{Cause, Must, Owing, Shadow, limits};
use crate::client_law::ClientLaw;
use crate::client_tape::Completion;
use splitbrain_model::client::profile::{ErrClass, OnNewAddress, Reach, Trigger};
use splitbrain_model::note::{FailReason, Outcome};
use splitbrain_model::{CloseHow, Conn};

impl Shadow<'_> {
    /// The peer closed a connection, or it could not be opened.
    pub(super) fn lost(&mut self, conn: Conn) {
        let Some(l) = self.line(conn) else { return };
        let line = self.lines.remove(l);
        let used = self.ops.iter().any(|op| op.conn == Some(conn));
        let pooled = line.side == Side::Server && self.profile.shared.is_none();
        if pooled && line.is_ready() && !used && !self.profile.check_idle_eof {
            self.gone += 1;
        }
        self.over(line, ErrClass::Closed);
    }

    /// The client closes a connection.
    pub(super) fn closed(&mut self, conn: Conn, how: CloseHow) {
        let Some(l) = self.line(conn) else { return };
        let line = self.lines.remove(l);
        let waits = line.waits_since().is_some();
        let demanded = self.musts.iter().any(|(must, ..)| *must == Must::Close(conn));
        if how != self.profile.close {
            self.broke(ClientLaw::ClosedOtherwise, Some(line.addr));
        }
        let surveys = matches!(self.profile.subscription.map(|how| how.trigger), Some(Trigger::Refresh(_)));
        if waits && self.cause == Cause::Woke && !surveys {
            if line.deadline(self.profile).is_none_or(|by| self.now.mono < by) {
                self.broke(ClientLaw::GivenUpEarly, Some(line.addr));
            }
        } else if waits && line.side == Side::Server && line.greeted && !demanded {
            let named = self.named.map(|named| named.addr).or(self.known);
            let moved = self.profile.on_new_address == OnNewAddress::CloseAll && named != Some(line.addr);
            let unlisted = self.profile.on_new_address == OnNewAddress::CloseUnlisted;
            if !(moved || unlisted || self.dropping) {
                self.broke(ClientLaw::BrokenOff, Some(line.addr));
            }
        }
        let stale = self.known.is_some_and(|known| known != line.addr) || self.named.is_some();
        if self.spared == Some(conn) && !(stale || self.dropping || demanded || line.stray) {
            self.broke(ClientLaw::ClosedUnduly, Some(line.addr));
        }
        let late = waits && self.cause == Cause::Woke;
        self.over(line, if late { ErrClass::ReadTimeout } else { ErrClass::Closed });
    }

    /// A connection is no more: what that means for what was outstanding on it.
    fn over(&mut self, line: Line, class: ErrClass) {
        self.changed = true;
        let now = self.now;
        let conn = line.conn;
        self.musts.retain(|(must, ..)| match must {
            Must::Close(its) | Must::Use(its) | Must::Command(its) | Must::Wait(its) => *its != conn,
            Must::Go(..) | Must::Complete(_) => true,
        });
        self.paid(Owing::Ping(conn));
        if line.side == Side::Sentinel {
            let asking = |(what, _): &(Awaited, _)| !matches!(what, Awaited::Subscription | Awaited::Pong);
            if line.dialled.is_some() || line.awaited.iter().any(asking) {
                self.search.failed(line.addr, now);
                self.trouble();
            }
            return;
        }
        let mut unanswered = Vec::new();
        for (what, _) in &line.awaited {
            let (Awaited::Answer(number) | Awaited::Acks(number)) = *what else { continue };
            let Some(op) = self.ops.iter_mut().find(|op| op.number == number && op.awaiting) else { continue };
            if matches!(what, Awaited::Acks(_)) {
                op.replied = op.replied.saturating_sub(1);
            }
            op.awaiting = false;
            op.fail(class, now);
            unanswered.push(number);
        }
        self.ops.iter_mut().filter(|op| op.conn == Some(conn)).for_each(|op| op.conn = None);
        if !line.greeted {
            self.unopened(&line, class);
        }
        if let Some(shared) = self.profile.shared {
            if shared.resend_inflight {
                self.pending.extend(unanswered.into_iter().map(|number| (number, line.addr)));
            }
            if shared.reach != Reach::SameServer {
                self.failures += 1;
                self.reconnect = Some(now);
            }
        }
    }

    /// A connection to a server did not come to be of use.
    fn unopened(&mut self, line: &Line, class: ErrClass) {
        let (now, dialled) = (self.now, line.dialled.is_some());
        if dialled {
            self.vain_dials += 1;
        }
        if self.profile.shared.is_some() {
            // The operations wait; their attempts are what was written.
            return;
        }
        let Some(op) = self.sole() else { return self.trouble() };
        match line.refused {
            _ if dialled => {
                op.dials += 1;
                op.fail(ErrClass::ConnFail, now);
                op.vain = Some(now);
            }
            refused => {
                op.greetings += 1;
                op.fail(refused.unwrap_or(class), now);
            }
        }
    }

    /// The application is told how an operation ended.
    pub(super) fn completed(&mut self, told: &Completion) {
        self.changed = true;
        let Some(o) = self.ops.iter().position(|op| op.number == told.op) else {
            return self.broke(ClientLaw::OutcomeOther, told.server);
        };
        let op = self.ops.remove(o);
        self.musts.retain(|(must, ..)| !matches!(must, Must::Complete(its) if *its == told.op));
        if !op.unclear {
            self.counts(&op, told);
            self.outcome(&op, told.outcome);
        }
        self.found(&op, told.outcome);
        self.given_back(&op);
        self.search_over(told.outcome);
    }

    /// How often it was written, and how often that was not answered.
    fn counts(&mut self, op: &Operation, told: &Completion) {
        // Who does not look writes to connections that are gone, and the kernel refuses.
        let refused = told.attempts.checked_sub(op.writes).map(u32::from);
        if refused.is_none_or(|refused| refused > self.gone) {
            return self.broke(ClientLaw::AttemptsMiscounted, op.target);
        }
        self.gone -= refused.unwrap_or(0);
        if told.attempts.checked_sub(op.replied) != Some(told.indeterminate) {
            self.broke(ClientLaw::DoubtMiscounted, op.target);
        }
        if refused == Some(0) && op.writes > 0 && op.conn.is_some() && told.server != op.target {
            self.broke(ClientLaw::ServerMisnamed, op.target);
        }
        let surely = match told.outcome {
            Outcome::Ok(_) => return,
            Outcome::Fail(_) => true,
            Outcome::Info(_) => false,
        };
        if surely != (told.indeterminate == 0) {
            self.broke(ClientLaw::DoubtMiscounted, op.target);
        }
        self.attempts(op, told, refused.unwrap_or(0));
    }

    /// Whether there was another attempt to be made.
    fn attempts(&mut self, op: &Operation, told: &Completion, refused: u32) {
        let (Outcome::Fail(reason) | Outcome::Info(reason)) = told.outcome else { return };
        let (profile, retry) = (self.profile, self.profile.op_retry);
        if reason == FailReason::Timeout && self.profile.shared.is_some() {
            // The limit of the reply, or that of the whole operation.
            let early = limits(profile, op).all(|(_, by)| self.now.mono < by);
            let known = profile.shared.is_some_and(|shared| shared.reach != Reach::SameServer);
            if early && known {
                self.broke(ClientLaw::GivenUpEarly, op.target);
            }
        }
        // But when all are given up, or with a server that is not listed any more.
        let resent = profile
            .shared
            .filter(|shared| shared.resend_inflight)
            .is_some_and(|shared| !shared.give_up_every.is_some_and(|every| self.failures.is_multiple_of(every)));
        let unlisted = profile.on_new_address == OnNewAddress::CloseUnlisted;
        if reason == FailReason::Closed && op.failure == Some(ErrClass::Closed) && resent && !unlisted {
            self.broke(ClientLaw::NotRetried, op.target);
        }
        if reason == FailReason::PoolExhausted && self.ops.len() < profile.pool_max as usize {
            self.broke(ClientLaw::PoolNotFull, None);
        }
        if op.troubled || self.dials_in_background() || profile.shared.is_some() {
            return;
        }
        let class = match reason {
            FailReason::PoolExhausted | FailReason::NoMaster | FailReason::NoSentinel | FailReason::Unreplicated => {
                return;
            }
            reason => op.failure.filter(|_| refused == 0).unwrap_or(class_of(reason)),
        };
        let spent = self.now.mono.since(op.begun.mono);
        let in_time = retry.budget.is_none_or(|budget| spent <= budget.nanos());
        let attempts = op.attempts() + refused;
        if retry.on.contains(&class) && attempts < retry.attempts && in_time {
            return self.broke(ClientLaw::NotRetried, op.target);
        }
        let dialled = retry.attempts.saturating_sub(attempts - op.dials);
        let repeats = retry.on.contains(&class) || retry.attempts == 1;
        let sole = self.declared.in_flight == 1;
        if class == ErrClass::ConnFail && repeats && sole && in_time && op.dials < profile.dials * dialled {
            self.broke(ClientLaw::DialNotRepeated, op.target);
        }
    }

    /// An operation ends as the last answer says.
    fn outcome(&mut self, op: &Operation, outcome: Outcome) {
        let fits = match outcome {
            Outcome::Ok(value) => op.answer == Some(value),
            Outcome::Info(FailReason::Unreplicated) => op.unreplicated,
            Outcome::Fail(FailReason::Error(word)) | Outcome::Info(FailReason::Error(word)) => {
                op.answer.is_none() && op.word.is_none_or(|its| its == word)
            }
            Outcome::Fail(_) | Outcome::Info(_) => op.answer.is_none(),
        };
        if !fits {
            self.broke(ClientLaw::OutcomeOther, op.target);
        }
    }

    /// Who found no Sentinel, or none with a usable answer, has asked them all.
    fn found(&mut self, op: &Operation, outcome: Outcome) {
        let (Outcome::Fail(reason) | Outcome::Info(reason)) = outcome else { return };
        let profile = self.profile;
        let asks_all = match reason {
            FailReason::NoSentinel => true,
            FailReason::NoMaster => profile.next_on_bad_answer,
            _ => false,
        };
        // With one search and one operation, whether anybody answered is known.
        let once = profile.shared.is_none() && profile.subscription.is_none() && profile.round_retry.is_none();
        let first = op.attempts() == 0 && !profile.op_retry.on.contains(&ErrClass::NoMaster);
        let answered = reason == FailReason::NoMaster;
        let told = matches!(reason, FailReason::NoSentinel | FailReason::NoMaster);
        if once && first && told && self.declared.in_flight == 1 && !op.unclear && op.unhelped != answered {
            self.broke(ClientLaw::OutcomeOther, None);
        }
        // The answer that one operation uses is the end of another one's search.
        let alone = self.declared.in_flight == 1 || profile.shared.is_some();
        if asks_all && alone && !profile.reads_replicas && !self.search.is_over() && !op.unclear {
            self.broke(ClientLaw::RoundCutShort, None);
        }
    }

    /// What becomes of the connection of an operation that is over.
    fn given_back(&mut self, op: &Operation) {
        let Some(l) = op.conn.and_then(|conn| self.line(conn)).filter(|_| self.profile.shared.is_none()) else {
            return;
        };
        let (conn, addr, waits) = (self.lines[l].conn, self.lines[l].addr, !self.lines[l].awaited.is_empty());
        let lazy = self.profile.on_new_address == OnNewAddress::CloseIdleAndLazyInUse;
        if waits && !op.unclear {
            self.must(Must::Close(conn), ClientLaw::KeptUnanswered, addr);
        } else if lazy && !waits && self.known.is_some_and(|known| known != addr) {
            self.must(Must::Close(conn), ClientLaw::StaleReturned, addr);
        }
    }

    fn search_over(&mut self, outcome: Outcome) {
        let none = matches!(
            outcome,
            Outcome::Fail(FailReason::NoSentinel | FailReason::NoMaster)
                | Outcome::Info(FailReason::NoSentinel | FailReason::NoMaster)
        );
        if self.profile.shared.is_none() || none {
            self.search.restart();
        }
    }
}
