//! What a client opens and writes: whether it has grounds for it, and whether the connection is fit for it.

use super::bounds;
use super::line::{Awaited, Line, Side, part};
use super::operation::Operation;
use super::reading::carries;
use super::shadow::{Cause, Must, Owing, Shadow, limits};
use crate::client_law::ClientLaw;
use splitbrain_model::client::profile::{ErrClass, Growth, Reach, SentinelQuery, Subscribe};
use splitbrain_model::{Addr, Command, Conn, Request};

impl Shadow<'_> {
    /// It opens a connection.
    pub(super) fn opened(&mut self, conn: Conn, addr: Addr) {
        self.changed = true;
        let sentinel = self.declared.sentinels.contains(&addr);
        let side = if sentinel { Side::Sentinel } else { Side::Server };
        let line = Line::new(conn, addr, side, self.now);
        if let Some(by) = line.deadline(self.profile) {
            self.watch(by);
        }
        if sentinel {
            self.redialled();
        }
        self.lines.push(line);
        if sentinel {
            self.renewed(addr);
            if self.declared.sentinels.first() == Some(&addr) {
                let now = self.now.mono;
                self.owed.retain(|owed| owed.what != Owing::Refresh || owed.by > now);
            }
            self.contact(addr);
        } else {
            self.grounds(addr);
            self.resumed(self.profile.subscription.is_none() || self.profile.resolve_once);
            self.reconnected();
            self.last_server = Some(addr);
            self.sole().into_iter().for_each(|op| op.target = Some(addr));
        }
    }

    /// A subscription that was lost is opened again after its pause, where it is the only thing that Sentinels are
    /// connected to for.
    fn renewed(&mut self, sentinel: Addr) {
        let Some(how) = self.profile.subscription else { return };
        let alone = self.profile.resolve_once && self.profile.sentinel_query == SentinelQuery::GetMasterAddr;
        let constant = how.redial.growth == Growth::Constant && how.to == Subscribe::All;
        let owed = self.owed.iter().find(|owed| owed.what == Owing::Redial(sentinel));
        let Some(owed) = owed.filter(|_| alone && constant) else { return };
        // Before that, it may be the connection of an operation that still looks for the master.
        let settled = self.settled.is_some_and(|settled| settled < owed.since.mono);
        if settled && self.now.mono < owed.by {
            self.broke(ClientLaw::PauseShort, Some(sentinel));
        }
    }

    /// A Sentinel is asked, on a new connection or on one that was kept.
    fn contact(&mut self, sentinel: Addr) {
        let breach = self.search.contact(self.profile, sentinel, self.now, self.running_since);
        self.broke_if(breach, sentinel);
        if self.profile.subscription.is_none() {
            self.resumed(true);
            self.reconnected();
        }
    }

    /// Whether there are grounds for a connection to this server.
    fn grounds(&mut self, addr: Addr) {
        if let Some(named) = self.named.filter(|named| named.addr == addr) {
            self.musts.retain(|(must, ..)| !matches!(must, Must::Go(..)));
            return self.used(named.addr, named.sentinel);
        }
        let again = self.last_server == Some(addr) || self.once_named.contains(&addr);
        let profile = self.profile;
        let fine = match profile.shared.map(|shared| shared.reach) {
            _ if profile.reads_replicas => true,
            Some(Reach::Sentinels) => false,
            Some(Reach::SameServer) => again,
            Some(Reach::SentinelsOrLast) => {
                if !self.search.is_over() && !self.search.refused {
                    self.broke(ClientLaw::RoundCutShort, Some(addr));
                }
                self.search.restart();
                self.last_server == Some(addr)
            }
            None if profile.resolve_once => self.known == Some(addr),
            None => !profile.resolve_in_op && again,
        };
        if !fine {
            self.broke(ClientLaw::OpenedGroundless, Some(addr));
        }
    }

    /// A Sentinel's answer moves the client.
    fn used(&mut self, addr: Addr, sentinel: Addr) {
        self.search.used(self.profile, sentinel);
        self.current = Some(sentinel);
        if !self.once_named.contains(&addr) {
            self.once_named.push(addr);
        }
        if !self.profile.reads_replicas {
            self.new_address(addr);
        }
    }

    /// The next attempt at an operation: its pause was neither too short nor, if nothing else came in between, too long.
    fn resumed(&mut self, at_once: bool) {
        let (profile, now, woke, running_since) =
            (self.profile, self.now, self.cause == Cause::Woke, self.running_since);
        let several_dials = profile.dials > 1;
        let settled = profile.shared.is_some();
        if self.dials_in_background() {
            return;
        }
        let Some(op) = self.sole().filter(|op| !op.troubled && !settled && !op.unclear) else { return };
        let Some(failed) = op.failed.take() else { return };
        let spent = failed.mono.since(op.begun.mono);
        let (least, most) = match op.failure {
            Some(ErrClass::ConnFail) if several_dials => {
                let pause = profile.dial_pause.nanos().0;
                let (least, most) = bounds::backoff(&profile.op_retry.backoff, op.attempts());
                (pause.min(least), pause.max(most))
            }
            // Some of its attempts may have had several dials.
            _ if several_dials && op.dials > 0 => (0, u64::MAX),
            _ => bounds::retry(&profile.op_retry, op.attempts(), spent),
        };
        let most = if at_once { most } else { u64::MAX };
        let breach = bounds::judge((least, most), failed, now, running_since);
        let about = op.target;
        if let Some(law) = breach.filter(|law| woke || *law == ClientLaw::PauseShort) {
            self.broke(law, about);
        }
    }

    /// A Sentinel is asked for the next dial of an operation: the pause after the last was not too long. A library with one
    /// dial to an attempt may have other things to do first.
    fn redialled(&mut self) {
        let (profile, now, running_since) = (self.profile, self.now, self.running_since);
        let is_busy = |line: &Line| {
            let asked = line.awaited.iter().any(|(what, _)| matches!(what, Awaited::Question | Awaited::Replicas));
            line.side == Side::Sentinel && (line.dialled.is_some() || !line.greeted || asked)
        };
        let idle = !self.lines.iter().any(is_busy) && !self.dials_in_background();
        let Some(op) = self.sole() else { return };
        let Some(from) = op.vain.take().filter(|_| profile.dials > 1 && idle && !op.unclear) else { return };
        let most = bounds::backoff(&profile.op_retry.backoff, op.attempts()).1.max(profile.dial_pause.nanos().0);
        let about = op.target;
        if let Some(law) = bounds::judge((0, most), from, now, running_since) {
            self.broke(law, about);
        }
    }

    /// After so many vain dials a pool may have given dialling up, and what is opened is its dial in the background, which begins
    /// with the last failure and belongs to no operation (client spec 7).
    pub(super) fn dials_in_background(&self) -> bool {
        self.profile.dial_breaker.is_some() && self.vain_dials >= self.profile.pool_max
    }

    /// A shared connection is opened again: so many failures in a row, so long a pause.
    fn reconnected(&mut self) {
        let Some(from) = self.reconnect.take() else { return };
        if let (Some(shared), None, true) = (self.profile.shared, self.profile.subscription, self.was_up)
            && let Some(how) = shared.reconnect
        {
            let breach = bounds::judge(bounds::backoff(&how, self.failures), from, self.now, self.running_since);
            if let Some(law) = breach {
                self.broke(law, self.last_server);
            }
        }
    }

    /// The application asks for an operation.
    pub(super) fn invoked(&mut self, number: u32, command: Command) {
        self.changed = true;
        let op = Operation::new(number, command, self.now);
        for (_, by) in limits(self.profile, &op) {
            self.watch(by);
        }
        let mut unclear = false;
        for other in self.ops.iter_mut().filter(|other| other.command == command) {
            (other.unclear, unclear) = (true, true);
        }
        // A connection that is gone may cost it an attempt unseen.
        self.ops.push(Operation { unclear, searches: self.known.is_none(), troubled: self.gone > 0, ..op });
        let pooled = self.profile.shared.is_none() && self.declared.in_flight == 1;
        let idle = |line: &&Line| carries(line) && line.is_ready() && !line.stray;
        if let Some((conn, addr)) = self.lines.iter().find(idle).filter(|_| pooled).map(|line| (line.conn, line.addr)) {
            self.must(Must::Command(conn), ClientLaw::IdleNotUsed, addr);
        }
    }

    /// It writes a request.
    pub(super) fn wrote(&mut self, conn: Conn, request: &Request) {
        let Some(l) = self.line(conn) else { return self.broke(ClientLaw::WroteToClosed, None) };
        self.changed = true;
        let line = &self.lines[l];
        let (addr, side, quiet) = (line.addr, line.side, line.awaited.is_empty());
        let subscribes = matches!(request, Request::Subscribe(_));
        self.musts.retain(|(must, ..)| match must {
            Must::Use(its) => *its != conn,
            Must::Go(_, its) => *its != conn || !(subscribes || matches!(request, Request::Replicas(_))),
            Must::Command(_) => !matches!(request, Request::Data(_)),
            Must::Wait(its) => *its != conn || !matches!(request, Request::Wait(..)),
            Must::Close(_) | Must::Complete(_) => true,
        });
        let shared = self.profile.shared.is_some() && side == Side::Server && matches!(request, Request::Data(_));
        if !quiet && !shared {
            self.broke(ClientLaw::TwoAtOnce, Some(addr));
        }
        let (dialled, greeted) = (self.lines[l].dialled.is_some(), self.lines[l].greeted);
        let due = self.greetings[side as usize].get(self.lines[l].parts).copied();
        if dialled || !greeted && (part(request) != due || due.is_none()) {
            let refused = self.lines[l].refused.is_some();
            let law = if refused { ClientLaw::RefusalIgnored } else { ClientLaw::GreetingSkipped };
            self.broke(law, Some(addr));
        }
        let awaited = match (side, request) {
            _ if !greeted => due.map(Awaited::Part),
            (Side::Server, Request::Data(command)) => self.command(l, *command).map(Awaited::Answer),
            (Side::Server, Request::Wait(..)) => {
                self.ops.iter().find(|op| op.conn == Some(conn)).map(|op| Awaited::Acks(op.number))
            }
            (Side::Sentinel, Request::Subscribe(_)) => {
                let asks = self.profile.subscription.is_some_and(|how| how.refresh_on_resubscribe);
                if asks && !self.lines[l].asked {
                    self.broke(ClientLaw::SubscribedUnasked, Some(addr));
                }
                if let Some(named) = self.named {
                    self.new_address(named.addr);
                }
                Some(Awaited::Subscription)
            }
            (Side::Sentinel, Request::Ping) => {
                self.paid(Owing::Ping(conn));
                Some(Awaited::Pong)
            }
            (Side::Sentinel, Request::Replicas(_)) => {
                self.question(l);
                Some(Awaited::Replicas)
            }
            (Side::Sentinel, Request::GetMasterAddr(_) | Request::Masters) => {
                self.question(l);
                Some(Awaited::Question)
            }
            _ => None,
        };
        let now = self.now;
        let line = &mut self.lines[l];
        if let Some(awaited) = awaited {
            line.awaited.push_back((awaited, now));
        }
        if let Some(by) = line.deadline(self.profile) {
            self.watch(by);
        }
    }

    /// A Sentinel is asked; on a connection that was kept this is a new contact.
    fn question(&mut self, l: usize) {
        self.redialled();
        if !self.dials_in_background() {
            let asked = self.lines[l].addr;
            self.broke_if(self.search.question(asked), asked);
        }
        let first = !std::mem::replace(&mut self.lines[l].asked, true);
        let (addr, again) = (self.lines[l].addr, self.lines[l].survey.is_none());
        if !first && again {
            self.contact(addr);
        }
    }

    /// It writes a command. Returns the operation it belongs to.
    fn command(&mut self, l: usize, command: Command) -> Option<u32> {
        let (conn, addr) = (self.lines[l].conn, self.lines[l].addr);
        if self.lines[l].stray && self.profile.check_idle_eof {
            self.broke(ClientLaw::StrayIgnored, Some(addr));
        }
        self.resumed(self.profile.subscription.is_none() || self.profile.resolve_once);
        let (profile, now) = (self.profile, self.now);
        let mine = |op: &&mut Operation| op.command == command && !op.awaiting;
        let Some(op) = self.ops.iter_mut().find(mine) else {
            self.broke(ClientLaw::WroteUnasked, Some(addr));
            return None;
        };
        let (number, unclear) = (op.number, op.unclear);
        let mut breach = None;
        if op.writes > 0 && !unclear {
            let resent = profile.shared.is_some_and(|shared| {
                shared.resend_inflight && op.failure == Some(ErrClass::Closed)
                    || op.word.is_some_and(|word| shared.resend_on.contains(&word))
            });
            let repeated = op.failure.is_some_and(|class| profile.op_retry.on.contains(&class));
            if !resent && !repeated {
                breach = Some(ClientLaw::RetriedUnduly);
            } else if !resent && u32::from(op.writes) >= profile.op_retry.attempts {
                breach = Some(ClientLaw::RetriedTooOften);
            }
        }
        op.writes += 1;
        op.vain = None;
        (op.awaiting, op.written, op.conn, op.target) = (true, Some(now), Some(conn), Some(addr));
        let limits = limits(profile, op);
        limits.for_each(|(_, by)| self.watch(by));
        self.broke_if(breach, addr);
        self.in_turn(number, unclear, addr);
        Some(number)
    }

    /// What was left unanswered on a shared connection comes before everything else, in its order.
    fn in_turn(&mut self, number: u32, unclear: bool, addr: Addr) {
        if unclear {
            self.pending.clear();
        }
        let ops = &self.ops;
        self.pending.retain(|(pending, _)| ops.iter().any(|op| op.number == *pending));
        // Connections to several servers have an order each.
        let each = self.profile.shared.is_some_and(|shared| shared.reach == Reach::SameServer);
        let first = self.pending.iter().position(|(_, led)| !each || *led == addr);
        match first.map(|place| (place, self.pending[place].0)) {
            Some((place, first)) if first == number => {
                self.pending.remove(place);
            }
            Some(_) => self.broke(ClientLaw::ResentOutOfOrder, Some(addr)),
            None => {}
        }
    }
}
