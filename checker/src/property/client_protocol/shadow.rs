//! A client's state as its tape gives it, and what holds at the borders of its steps: what a step owes at its end, and what
//! is overdue at the next. What it reads is in `reading`, what it opens and writes in `writing`, ends in `ending`.

use super::bounds::{self, SLACK};
use super::libraries::is_as_written;
use super::line::{Awaited, Line, Moment, Side, greeting};
use super::operation::Operation;
use super::search::Search;
use crate::client_law::ClientLaw;
use crate::client_tape::{Declared, Exchange, Taped, What};
use splitbrain_model::client::profile::{Greeting, OnNewAddress, Profile, Reach, Subscribe, Trigger};
use splitbrain_model::{Addr, Conn, MonoTime, Reply, TrueTime};

/// What began a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Woke,
    Input,
}

/// What has to be done before the step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Must {
    Close(Conn),
    /// Write to it, or close it.
    Use(Conn),
    /// Write a command somewhere, unless this connection is closed.
    Command(Conn),
    /// Go to this address, or go on asking on this connection.
    Go(Addr, Conn),
    /// Tell how this operation ended.
    Complete(u32),
    /// Send WAIT.
    Wait(Conn),
}

/// What has to be done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owing {
    /// Anything for an operation.
    Progress,
    /// The subscription at this Sentinel.
    Redial(Addr),
    /// A look at the servers.
    Refresh,
    /// PING on this subscription.
    Ping(Conn),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) what: Owing,
    pub(super) law: ClientLaw,
    pub(super) about: Option<Addr>,
    pub(super) since: Moment,
    pub(super) by: MonoTime,
}

/// A usable master that a Sentinel named in this step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) addr: Addr,
    pub(super) sentinel: Addr,
}

/// One life of one client.
#[derive(Debug)]
pub(super) struct Shadow<'a> {
    pub(super) declared: &'a Declared,
    pub(super) profile: &'a Profile,
    pub(super) greetings: [Vec<Greeting>; 2],
    /// Since when the process has run without a pause.
    pub(super) running_since: TrueTime,
    pub(super) now: Moment,
    pub(super) cause: Cause,
    /// On this connection an error was read in this step that does not end it.
    pub(super) spared: Option<Conn>,
    pub(super) lines: Vec<Line>,
    pub(super) ops: Vec<Operation>,
    /// The master's address, as the client must have it.
    pub(super) known: Option<Addr>,
    /// All that it ever took for the master's address.
    pub(super) once_named: Vec<Addr>,
    /// Since when no operation is under way that began before the master was known.
    pub(super) settled: Option<MonoTime>,
    /// The server it last opened a connection to.
    pub(super) last_server: Option<Addr>,
    /// Idle connections that the peer closed unseen.
    pub(super) gone: u32,
    /// Dials in vain since the last that was not.
    pub(super) vain_dials: u32,
    pub(super) search: Search,
    /// The Sentinel whose answer was last used.
    pub(super) current: Option<Addr>,
    /// Operations written to a shared connection that broke, to be written again before all others, and where it led.
    pub(super) pending: Vec<(u32, Addr)>,
    /// A shared connection broke or could not be opened: when, and how many times in a row.
    pub(super) reconnect: Option<Moment>,
    pub(super) failures: u32,
    pub(super) was_up: bool,
    // Of this step.
    pub(super) named: Option<Named>,
    pub(super) dropping: bool,
    pub(super) musts: Vec<(Must, ClientLaw, Addr)>,
    /// Something happened that matters at the end of the step.
    pub(super) changed: bool,
    pub(super) owed: Vec<Owed>,
    /// Nothing is overdue before.
    next_due: MonoTime,
    longest: u64,
    /// Nothing more can be said.
    pub(super) mute: bool,
    pub(super) breach: Option<(ClientLaw, Option<Addr>)>,
}

impl<'a> Shadow<'a> {
    pub(super) fn begin(declared: &'a Declared) -> Shadow<'a> {
        let profile = &declared.profile;
        let (server, sentinel) = declared.passwords;
        Shadow {
            declared,
            profile,
            greetings: [greeting(profile.sentinel_greeting, sentinel), greeting(profile.greeting, server)],
            running_since: TrueTime(0),
            now: Moment { at: TrueTime(0), mono: MonoTime(0) },
            cause: Cause::Input,
            spared: None,
            lines: Vec::new(),
            ops: Vec::new(),
            known: None,
            once_named: Vec::new(),
            settled: None,
            last_server: None,
            gone: 0,
            vain_dials: 0,
            search: Search::new(profile, &declared.sentinels, declared.in_flight),
            current: None,
            pending: Vec::new(),
            reconnect: None,
            failures: 0,
            was_up: false,
            named: None,
            dropping: false,
            musts: Vec::new(),
            changed: false,
            owed: Vec::new(),
            next_due: MonoTime(u64::MAX),
            longest: bounds::longest(profile),
            mute: false,
            breach: (!is_as_written(profile.name)).then_some((ClientLaw::SetUpOtherwise, None)),
        }
    }

    /// Takes one item in.
    pub(super) fn take(&mut self, item: &Taped) {
        let now = Moment { at: item.at, mono: item.mono };
        match &item.what {
            What::Began(_) => {}
            What::Woke => self.begin_step(now, Cause::Woke),
            What::Stopped => self.begin_step(now, Cause::Input),
            What::Connected(conn) => {
                self.begin_step(now, Cause::Input);
                self.connected(*conn);
            }
            What::Read(conn, message) => {
                self.begin_step(now, Cause::Input);
                self.read(*conn, message);
            }
            What::Lost(conn) => {
                self.begin_step(now, Cause::Input);
                self.lost(*conn);
            }
            What::Opened(conn, addr) => self.opened(*conn, *addr),
            What::Closed(conn, how) => self.closed(*conn, *how),
            What::Invoked(op, command) => self.invoked(*op, *command),
            What::Completed(told) => self.completed(told),
            What::Wrote(conn, request) => self.wrote(*conn, request),
            What::Exchanged(exchange) => self.exchanged(exchange, now),
        }
    }

    /// An operation that went smoothly: nothing else of the state changes if all is as it should be.
    fn exchanged(&mut self, exchange: &Exchange, from: Moment) {
        let until = Moment { at: TrueTime(from.at.0 + exchange.took.0), mono: from.mono + exchange.took };
        let told = &exchange.told;
        if self.changed {
            self.begin_step(from, Cause::Woke);
        }
        let smooth = until.mono < self.next_due
            && exchange.took.0 < SLACK
            && self.musts.is_empty()
            && self.ops.is_empty()
            && self.profile.wait.is_none()
            && (told.attempts, told.indeterminate) == (1, 0);
        let line = self.lines.iter().find(|line| line.conn == exchange.conn);
        if smooth
            && line.is_some_and(|it| it.is_ready() && !it.stray && Some(it.addr) == told.server)
            && super::operation::value_of(exchange.command, &exchange.reply)
                .is_some_and(|value| told.outcome == splitbrain_model::note::Outcome::Ok(value))
        {
            self.now = until;
            return;
        }
        self.begin_step(from, Cause::Woke);
        self.invoked(told.op, exchange.command);
        self.wrote(exchange.conn, &splitbrain_model::Request::Data(exchange.command));
        self.begin_step(until, Cause::Input);
        self.answered(exchange.conn, &exchange.reply);
        self.completed(told);
    }

    /// Notes a breach.
    pub(super) fn broke(&mut self, law: ClientLaw, about: Option<Addr>) {
        self.breach.get_or_insert((law, about));
    }

    pub(super) fn broke_if(&mut self, law: Option<ClientLaw>, about: Addr) {
        if let Some(law) = law {
            self.broke(law, Some(about));
        }
    }

    pub(super) fn line(&self, conn: Conn) -> Option<usize> {
        self.lines.iter().position(|line| line.conn == conn)
    }

    pub(super) fn must(&mut self, what: Must, law: ClientLaw, about: Addr) {
        self.musts.push((what, law, about));
    }

    /// Something has to happen within so many nanoseconds from now.
    pub(super) fn owe(&mut self, what: Owing, law: ClientLaw, about: Option<Addr>, within: u64) {
        let by = MonoTime(self.now.mono.0.saturating_add(within));
        self.owed.push(Owed { what, law, about, since: self.now, by });
        self.watch(by);
    }

    pub(super) fn paid(&mut self, what: Owing) {
        self.owed.retain(|owed| owed.what != what);
    }

    /// Something may be overdue soon after this moment.
    pub(super) fn watch(&mut self, by: MonoTime) {
        self.next_due = self.next_due.min(MonoTime(by.0.saturating_add(SLACK)));
    }

    fn begin_step(&mut self, now: Moment, cause: Cause) {
        self.end_step();
        (self.now, self.cause, self.spared) = (now, cause, None);
        if now.mono >= self.next_due {
            self.overdue();
        }
    }

    /// What is overdue, and when something may be next.
    fn overdue(&mut self) {
        let (now, running_since) = (self.now, self.running_since);
        let mut next = u64::MAX;
        let mut late = None;
        let mut judge = |law: ClientLaw, about: Option<Addr>, since: Moment, by: MonoTime| {
            let by = by.0.saturating_add(SLACK);
            if now.mono.0 <= by {
                next = next.min(by);
            } else if since.at >= running_since {
                late.get_or_insert((law, about));
            }
        };
        for line in &self.lines {
            if let (Some(since), Some(by)) = (line.waits_since(), line.deadline(self.profile)) {
                judge(ClientLaw::NotGivenUp, Some(line.addr), since, by);
            }
        }
        for op in self.ops.iter().filter(|op| !op.unclear) {
            for (since, by) in limits(self.profile, op) {
                judge(ClientLaw::NotGivenUp, op.target, since, by);
            }
        }
        for owed in &self.owed {
            judge(owed.law, owed.about, owed.since, owed.by);
        }
        self.next_due = MonoTime(next);
        if let Some((law, about)) = late {
            self.broke(law, about);
        }
    }

    fn end_step(&mut self) {
        if let Some((_, law, about)) = self.musts.first().copied() {
            self.broke(law, Some(about));
            self.musts.clear();
        }
        if std::mem::take(&mut self.changed) {
            self.left_waiting();
            self.progress();
            self.subscriptions();
        }
        (self.named, self.dropping) = (None, false);
    }

    /// What waits for a shared connection is written as soon as that is there.
    fn left_waiting(&mut self) {
        let single = self.profile.shared.is_some_and(|shared| shared.reach != Reach::SameServer);
        if !single || self.ops.iter().all(|op| op.awaiting || op.unclear) {
            return;
        }
        let up = |line: &&Line| line.side == Side::Server && line.dialled.is_none() && line.greeted;
        if let Some(addr) = self.lines.iter().find(up).map(|line| line.addr) {
            self.broke(ClientLaw::LeftWaiting, Some(addr));
        }
    }

    /// Something is under way for every operation, or a pause, which is not longer than the longest.
    fn progress(&mut self) {
        // A shared connection that is gone may be opened anew by way of the Sentinels (Lettuce's topology refresh).
        let connected = self.profile.shared.is_none() || self.lines.iter().any(|line| line.side == Side::Server);
        let looks = self.known.is_none() || self.ops.iter().any(|op| op.searches);
        let settled = self.profile.resolve_once && !looks && connected;
        let works = |line: &Line| {
            let idle = line.subscribed || line.waits_since().is_none();
            !idle && (line.side == Side::Server || !settled)
        };
        if self.ops.is_empty() || self.lines.iter().any(works) {
            self.paid(Owing::Progress);
        } else if !self.owed.iter().any(|owed| owed.what == Owing::Progress) {
            self.owe(Owing::Progress, ClientLaw::Stuck, None, self.longest);
        }
    }

    /// Every subscription that is there to be has a connection, or gets one after a pause.
    fn subscriptions(&mut self) {
        let (Some(how), Some(current)) = (self.profile.subscription, self.current) else { return };
        if self.settled.is_none() && self.known.is_some() && self.ops.iter().all(|op| !op.searches) {
            self.settled = Some(self.now.mono);
        }
        let all = how.to == Subscribe::All;
        let (_, most) = bounds::backoff(&how.redial, 60);
        for n in 0..self.declared.sentinels.len() {
            let sentinel = self.declared.sentinels[n];
            let open = |line: &Line| line.addr == sentinel && (all || !line.asked);
            let wanted = all || sentinel == current;
            if !wanted || self.lines.iter().any(open) {
                self.paid(Owing::Redial(sentinel));
            } else if !self.owed.iter().any(|owed| owed.what == Owing::Redial(sentinel)) {
                self.owe(Owing::Redial(sentinel), ClientLaw::SubscriptionNotRenewed, Some(sentinel), most);
            }
        }
    }

    /// A Sentinel's word moved the client.
    pub(super) fn new_address(&mut self, addr: Addr) {
        if self.known == Some(addr) {
            return;
        }
        self.known = Some(addr);
        let (all, idle) = match self.profile.on_new_address {
            OnNewAddress::Nothing | OnNewAddress::CloseUnlisted => return,
            OnNewAddress::CloseIdle | OnNewAddress::CloseIdleAndLazyInUse => (false, true),
            OnNewAddress::CloseAll => (true, true),
        };
        if self.ops.is_empty() {
            self.gone = 0;
        }
        for line in self.lines.iter().filter(|line| line.side == Side::Server && line.addr != addr) {
            let used = self.ops.iter().any(|op| op.conn == Some(line.conn));
            if line.dialled.is_none() && (all || idle && line.is_ready() && !used) {
                self.musts.push((Must::Close(line.conn), ClientLaw::StaleKept, line.addr));
            }
        }
    }

    /// A message of a Sentinel tells of another master.
    pub(super) fn switched(&mut self, ours: bool, new: Addr) {
        match self.profile.subscription.map(|how| how.trigger) {
            Some(Trigger::DropConnection) => {
                self.dropping = true;
                let up = |line: &&Line| line.side == Side::Server && line.dialled.is_none() && line.greeted;
                if let Some((conn, addr)) = self.lines.iter().find(up).map(|line| (line.conn, line.addr)) {
                    self.must(Must::Close(conn), ClientLaw::SwitchIgnored, addr);
                }
            }
            Some(Trigger::UsePayloadAddress) if ours => self.new_address(new),
            _ => {}
        }
    }

    /// Another look at the servers, so long after the first message that asks for one.
    pub(super) fn refresh(&mut self) {
        if let Some(Trigger::Refresh(delay)) = self.profile.subscription.map(|how| how.trigger)
            && !self.owed.iter().any(|owed| owed.what == Owing::Refresh)
        {
            let first = self.declared.sentinels.first().copied();
            self.owe(Owing::Refresh, ClientLaw::RefreshMissed, first, delay.nanos().0);
        }
    }

    /// The answer is what the library takes for a usable master.
    pub(super) fn usable(&self, reply: &Reply) -> Option<Addr> {
        match reply {
            Reply::Addr(addr) => Some(*addr),
            Reply::Instances(entries) => {
                let entry = entries.iter().find(|entry| entry.name == self.declared.master)?;
                let down = self.profile.reject_down_flags && (entry.s_down || entry.o_down);
                let known = entry.other_sentinels >= self.profile.min_other_sentinels;
                (entry.master && !down && known).then_some(entry.addr)
            }
            _ => None,
        }
    }

    /// The only operation there can be.
    pub(super) fn sole(&mut self) -> Option<&mut Operation> {
        (self.declared.in_flight == 1).then_some(()).and(self.ops.first_mut())
    }

    /// Something went wrong that may have cost every operation an attempt.
    pub(super) fn trouble(&mut self) {
        self.ops.iter_mut().for_each(|op| op.troubled = true);
    }

    /// A request to a subscription or a Sentinel's connection was answered, or a message came on it.
    pub(super) fn heard_on(&mut self, conn: Conn) {
        self.paid(Owing::Ping(conn));
        let health = self.profile.subscription.and_then(|how| how.health);
        if let (Some(health), Some(line)) = (health, self.line(conn)) {
            let addr = self.lines[line].addr;
            let waiting = self.lines[line].awaited.iter().any(|(what, _)| *what == Awaited::Pong);
            if self.lines[line].subscribed && !waiting {
                self.owe(Owing::Ping(conn), ClientLaw::PingMissed, Some(addr), health.silence.nanos().0);
            }
        }
    }
}

/// When an operation on a shared connection has to be given up.
pub(super) fn limits(profile: &Profile, op: &Operation) -> impl Iterator<Item = (Moment, MonoTime)> + use<> {
    let shared = profile.shared.filter(|shared| shared.reach != Reach::SameServer);
    let whole = shared.and_then(|shared| Some((op.begun, op.begun.mono + shared.op_timeout?.nanos())));
    let reply = op.written.filter(|_| op.awaiting && shared.is_some());
    let reply = reply.and_then(|since| Some((since, since.mono + profile.read_timeout?.nanos())));
    whole.into_iter().chain(reply)
}
