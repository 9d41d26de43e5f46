//! A Sentinel's state as its tape gives it: what it must know after each item. Rules about what it then does are in
//! `duties` (what is due at a tick) and `grounds` (what an event or a message needs).

use super::links::{Awaited, Line};
use super::watched::{Kind, Report, Saved, Watched};
use crate::law::Law;
use crate::observations::MasterSettings;
use crate::tape::{Taped, What};
use splitbrain_model::event::{Event, EventKind, Extra, Subject};
use splitbrain_model::files::SentinelConf;
use splitbrain_model::message::{Channel, DownQuery, Hello};
use splitbrain_model::{Addr, Conn, Epoch, ErrorWord, Message, Millis, Reply, Request, SentinelId, TrueTime};
use std::collections::VecDeque;

/// Waits for disk or names above which nothing is said of a Sentinel for a while.
const LONG_WAIT: u64 = 50_000_000;
/// For how long: all that was timed across the wait is over.
const SILENCE: i64 = 30_000;

/// Step of a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    None,
    WaitStart,
    Select,
    WaitPromotion,
    Reconf,
    Ended,
}

/// A command of somebody else that is not answered yet.
#[derive(Debug)]
pub(super) enum Asked {
    Down(DownQuery),
    Hello(Epoch, Epoch),
    Address,
    /// SENTINEL MASTERS.
    Masters,
    /// SENTINEL REPLICAS.
    Replicas,
    /// SENTINEL SENTINELS.
    Sentinels,
    /// SUBSCRIBE or PSUBSCRIBE.
    Events(Channel),
    Other,
}

/// One life of one Sentinel.
#[derive(Debug)]
pub(super) struct Shadow<'a> {
    pub(super) settings: &'a MasterSettings,
    /// Nothing is said of it any more.
    pub(super) mute: bool,
    /// Nothing is said of it until then.
    pub(super) silent_until: Option<Millis>,
    pub(super) me: Option<SentinelId>,
    pub(super) tilt: bool,
    pub(super) tilt_start: Millis,
    pub(super) last_tick: Option<Millis>,
    /// Last tick at which reports of others aged.
    pub(super) last_sound_tick: Option<Millis>,
    /// The one before this tick: what it finds out precedes the ageing.
    pub(super) aged: Option<Millis>,
    /// The clock jumped in this step.
    pub(super) jumped: bool,
    pub(super) tilted_now: bool,
    pub(super) master: Addr,
    pub(super) watched: Vec<Watched>,
    pub(super) lines: Vec<Line>,
    pub(super) asked: Vec<(Conn, Asked)>,
    pub(super) odown: bool,
    pub(super) step: Step,
    /// As they were before this step of the loop.
    pub(super) step_before: Step,
    pub(super) epochs_before: (Epoch, Epoch),
    pub(super) step_since: Millis,
    /// Beginning of the last attempt or vote for another.
    pub(super) started: Option<Millis>,
    pub(super) forced: bool,
    pub(super) force_next: bool,
    pub(super) must_force: bool,
    pub(super) promoted: Option<Addr>,
    pub(super) vote: Option<(SentinelId, Epoch)>,
    pub(super) leader_epoch: Epoch,
    pub(super) leader_epoch_before: Epoch,
    pub(super) epoch: Epoch,
    pub(super) config_epoch: Epoch,
    pub(super) failover_epoch: Epoch,
    pub(super) in_timeout: bool,
    /// Who was given up in this step on its way to the new master.
    pub(super) given_up: Option<Addr>,
    /// The address of a hello of this step that has to be adopted.
    pub(super) adopts: Option<Addr>,
    /// Clients that subscribe to events, and how many of this step each has still to be told.
    pub(super) subscribers: Vec<(Conn, Channel, u32)>,
    /// SLAVEOF of this step, by connection, with how much of its company was seen.
    pub(super) orders: Vec<(Conn, Addr, u32)>,
    /// What was due at the last tick and not done since.
    pub(super) due: Vec<(Law, Addr)>,
    /// The file was written in this step, and whether after a hello's version of the address was adopted.
    /// This step is a run of the timer.
    pub(super) ticking: bool,
    /// A connection was closed in it that was neither old nor silent.
    pub(super) dropped: Option<Addr>,
    pub(super) saves: bool,
    pub(super) saves_all: bool,
    pub(super) now: Millis,
    /// When the iteration of this step began.
    pub(super) now_true: TrueTime,
    pub(super) breach: Option<(Law, Option<Addr>)>,
}

impl<'a> Shadow<'a> {
    /// A process that has read this file; `None` if it monitors nothing.
    pub(super) fn begin(settings: &'a MasterSettings, now: Millis, conf: &SentinelConf) -> Option<Shadow<'a>> {
        let [master] = &conf.masters[..] else { return None };
        let mut watched = vec![Watched::new(master.addr, Kind::Master, now)];
        watched.extend(master.known_replicas.iter().map(|addr| Watched::new(*addr, Kind::Replica, now)));
        watched.extend(master.known_sentinels.iter().map(|(addr, id)| Watched::new(*addr, Kind::Peer(*id), now)));
        Some(Shadow {
            settings,
            mute: false,
            silent_until: None,
            me: conf.myid,
            tilt: false,
            tilt_start: now,
            last_tick: Some(now),
            last_sound_tick: None,
            aged: None,
            jumped: false,
            tilted_now: false,
            master: master.addr,
            watched,
            lines: Vec::new(),
            asked: Vec::new(),
            odown: false,
            step: Step::None,
            step_before: Step::None,
            epochs_before: (Epoch(0), Epoch(0)),
            step_since: now,
            started: None,
            forced: false,
            force_next: false,
            must_force: false,
            promoted: None,
            vote: None,
            leader_epoch: master.leader_epoch,
            leader_epoch_before: master.leader_epoch,
            epoch: conf.current_epoch.max(master.config_epoch),
            config_epoch: master.config_epoch,
            failover_epoch: Epoch(0),
            in_timeout: false,
            given_up: None,
            adopts: None,
            subscribers: Vec::new(),
            orders: Vec::new(),
            due: Vec::new(),
            ticking: false,
            dropped: None,
            saves: false,
            saves_all: false,
            now,
            now_true: TrueTime(0),
            breach: None,
        })
    }

    /// What the file must hold now.
    pub(super) fn must_have_saved(&self) -> Saved {
        let servers = self.watched.iter().filter(|it| !it.is_peer());
        Saved {
            me: self.me,
            master: self.current_addr(),
            epoch: self.epoch,
            config_epoch: if self.saves_all { self.config_epoch } else { self.epochs_before.1 },
            leader_epoch: self.leader_epoch,
            servers: servers.map(|it| it.addr).collect(),
            sentinels: (self.watched.iter())
                .filter_map(|it| match it.kind {
                    Kind::Peer(id) => Some(id),
                    Kind::Master | Kind::Replica => None,
                })
                .collect(),
        }
    }

    /// `sentinelGetCurrentMasterAddress`
    pub(super) fn current_addr(&self) -> Addr {
        self.promoted.filter(|_| self.step >= Step::Reconf).unwrap_or(self.master)
    }

    pub(super) fn of(&self, addr: Addr) -> Option<&Watched> {
        self.watched.iter().find(|it| it.addr == addr)
    }

    pub(super) fn of_mut(&mut self, addr: Addr) -> Option<&mut Watched> {
        self.watched.iter_mut().find(|it| it.addr == addr)
    }

    pub(super) fn line(&mut self, conn: Conn) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.conn == conn)
    }

    /// Replies that are outstanding at an instance.
    pub(super) fn outstanding(&self, addr: Addr) -> usize {
        let awaited = self.lines.iter().filter(|line| line.addr == addr).map(|line| line.awaited.len());
        awaited.sum::<usize>() + self.of(addr).map_or(0, |it| it.leaked)
    }

    /// Notes a breach, unless it may be the fault of a wait.
    pub(super) fn broke(&mut self, law: Law, about: Option<Addr>) {
        if !self.quiet() && self.breach.is_none() {
            self.breach = Some((law, about));
        }
    }

    pub(super) fn quiet(&self) -> bool {
        self.mute || self.silent_until.is_some()
    }

    /// Takes one item in.
    pub(super) fn take(&mut self, item: &Taped) {
        (self.now, self.now_true) = (item.wall, item.at);
        match &item.what {
            What::Began(_) => {}
            What::Tick => {
                self.begin_step();
                self.ticking = true;
                self.tick();
            }
            What::Read(conn, message) => {
                self.begin_step();
                self.read(*conn, message);
            }
            What::Lost(conn) => {
                self.begin_step();
                self.lose(*conn);
            }
            What::Commanded(failover) => {
                self.begin_step();
                self.mute |= !failover;
                self.told_to_fail_over();
            }
            What::Waited(time) => {
                if time.0 > LONG_WAIT {
                    self.silent_until = Some(Millis(self.now.0 + (time.0 / 1_000_000) as i64 + SILENCE));
                }
            }
            What::Opened(conn, addr) => self.opened(*conn, *addr),
            What::Closed(conn) => {
                self.closes(*conn);
                self.leak(*conn);
                self.lose(*conn);
            }
            What::Event(event) => self.event(event),
            What::Wrote(conn, Message::Request(request)) => self.wrote(*conn, request),
            What::Wrote(conn, Message::Reply(reply)) => self.answered(*conn, reply),
            What::Wrote(conn, Message::SwitchMaster(_) | Message::Published(_)) => self.delivered(*conn),
            What::Wrote(..) => {}
        }
    }

    fn opened(&mut self, conn: Conn, addr: Addr) {
        let now = self.now;
        self.lines.push(Line { conn, addr, opened: now, heard: now, awaited: VecDeque::new() });
        self.due.retain(|(law, its)| *law != Law::LinkMissed || *its != addr);
        if let Some(it) = self.of_mut(addr) {
            it.tried = Some(now);
        }
    }

    /// What the last step left open.
    pub(super) fn end_step(&mut self) {
        if let Some(addr) = self.dropped.take() {
            self.broke(Law::LinkDropped, Some(addr));
        }
        if self.jumped && !self.tilted_now {
            self.broke(Law::TiltMissed, None);
        }
        if let Some(addr) = self.adopts {
            self.broke(Law::AdoptMissed, Some(addr));
        }
        if self.subscribers.iter().any(|(_, _, untold)| *untold > 0) {
            self.broke(Law::EventWithheld, None);
        }
        if std::mem::take(&mut self.must_force) {
            self.broke(Law::ForcedMissed, None);
        }
        self.told_at_the_end();
        for (_, addr, company) in std::mem::take(&mut self.orders) {
            if company != 5 {
                self.broke(Law::SlaveofIncomplete, Some(addr));
            }
        }
    }

    fn begin_step(&mut self) {
        self.end_step();
        self.subscribers.iter_mut().for_each(|subscriber| subscriber.2 = 0);
        (self.jumped, self.tilted_now, self.force_next, self.in_timeout) = (false, false, false, false);
        (self.saves, self.saves_all, self.ticking) = (false, false, false);
        (self.given_up, self.adopts) = (None, None);
        self.step_before = self.step;
        self.epochs_before = (self.epoch, self.config_epoch);
        self.leader_epoch_before = self.leader_epoch;
        self.asked.clear();
        if self.silent_until.is_some_and(|until| self.now >= until || self.now.0 < until.0 - 10 * SILENCE) {
            self.silent_until = None;
            self.due.clear();
        }
    }

    /// Replies outstanding on a connection of hellos that a Sentinel closes by itself are counted on
    /// (`instanceLinkCloseConnection` forgets whose they are before hiredis gives them up).
    fn leak(&mut self, conn: Conn) {
        let leaked = self.line(conn).map_or(0, |line| line.awaited.len());
        if let Some(it) = self.watched.iter_mut().find(|it| it.pc == Some(conn)) {
            it.leaked += leaked;
        }
    }

    fn lose(&mut self, conn: Conn) {
        self.subscribers.retain(|(its, ..)| *its != conn);
        self.lines.retain(|line| line.conn != conn);
        for it in self.watched.iter_mut().filter(|it| it.cc == Some(conn) || it.pc == Some(conn)) {
            it.cc = it.cc.filter(|its| *its != conn);
            it.pc = it.pc.filter(|its| *its != conn);
            self.due.retain(|(_, addr)| *addr != it.addr);
        }
    }

    fn read(&mut self, conn: Conn, message: &Message) {
        let (now, aged) = (self.now, self.last_sound_tick);
        let own = self.line(conn).map(|line| {
            line.heard = now;
            line.addr
        });
        match (own, message) {
            (Some(_), Message::Hello(hello)) => self.heard(hello),
            (Some(_), Message::Reply(Reply::Subscribed(_))) => {}
            (Some(addr), Message::Reply(reply)) => {
                let awaited = self.line(conn).and_then(|line| line.awaited.pop_front());
                let (Some(awaited), Some(it)) = (awaited, self.of_mut(addr)) else { return };
                match (awaited, reply) {
                    (Awaited::Ping, reply) => {
                        if matches!(reply, Reply::Pong | Reply::Error(ErrorWord::Loading | ErrorWord::MasterDown)) {
                            (it.act_ping, it.last_valid) = (None, now);
                        }
                        it.last_pong = now;
                    }
                    (Awaited::Info, Reply::Info(info)) => {
                        it.note(info, now);
                        let rebooted = it.rebooted;
                        self.reconf_step_due(addr);
                        self.mend_due(addr);
                        let named = info.replicas.iter().map(|line| line.addr).collect::<Vec<_>>();
                        if rebooted {
                            self.due.push((Law::RebootMissed, addr));
                        }
                        if self.of(addr).is_some_and(|it| it.kind == Kind::Master) {
                            let unknown = named.iter().find(|addr| !self.watched.iter().any(|it| it.addr == **addr));
                            // +slave, which follows in this step, takes it away.
                            self.due.extend(unknown.map(|addr| (Law::ReplicaIgnored, *addr)));
                        }
                    }
                    (Awaited::Publish, Reply::Error(_)) => {}
                    (Awaited::Publish, _) => it.last_pub = now,
                    (Awaited::Ask, Reply::Down(reply)) => {
                        it.asked = now;
                        it.report = Some(Report { at: now, down: reply.down, after: aged });
                        self.told_vote(addr, reply);
                    }
                    _ => {}
                }
            }
            (None, Message::Request(request)) => {
                let asked = match request {
                    Request::IsMasterDown(query) => Asked::Down((**query).clone()),
                    Request::Publish(hello) => {
                        self.hears(hello);
                        Asked::Hello(hello.current_epoch, hello.config_epoch)
                    }
                    Request::GetMasterAddr(name) if *name == self.settings.name => Asked::Address,
                    Request::Subscribe(channel) => Asked::Events(*channel),
                    Request::Masters => Asked::Masters,
                    Request::Replicas(_) => Asked::Replicas,
                    Request::Sentinels(_) => Asked::Sentinels,
                    Request::Failover(name) if *name == self.settings.name => {
                        self.told_to_fail_over();
                        Asked::Other
                    }
                    Request::Sentinel(_) => {
                        self.mute = true;
                        Asked::Other
                    }
                    _ => Asked::Other,
                };
                self.asked.push((conn, asked));
            }
            _ => {}
        }
    }

    fn heard(&mut self, hello: &Hello) {
        self.hears(hello);
        if Some(hello.id) != self.me {
            self.epoch = self.epoch.max(hello.current_epoch);
            self.config_epoch = self.config_epoch.max(hello.config_epoch);
        }
    }

    /// It answered somebody's command: whatever that brought is known to it from now on.
    fn answered(&mut self, conn: Conn, reply: &Reply) {
        let Some(place) = self.asked.iter().position(|(asker, _)| *asker == conn) else { return };
        let (_, asked) = self.asked.remove(place);
        match (asked, reply) {
            (Asked::Events(channel), Reply::Subscribed(_)) => self.subscribers.push((conn, channel, 0)),
            (_, Reply::Error(_)) => {}
            (Asked::Hello(epoch, config_epoch), _) => {
                self.epoch = self.epoch.max(epoch);
                self.config_epoch = self.config_epoch.max(config_epoch);
            }
            (Asked::Down(query), Reply::Down(reply)) => self.check_answer(&query, reply),
            (Asked::Address, Reply::Addr(addr)) if *addr != self.current_addr() => {
                self.broke(Law::NamedOther, None);
            }
            (Asked::Address, Reply::NilArray) => self.broke(Law::NamedOther, None),
            (Asked::Masters, Reply::Instances(entries)) => self.check_entries(entries, |_| false),
            (Asked::Replicas, Reply::Instances(entries)) => {
                self.check_entries(entries, |it| it.kind == Kind::Replica && it.announced);
            }
            (Asked::Sentinels, Reply::Instances(entries)) => self.check_entries(entries, Watched::is_peer),
            _ => {}
        }
    }

    fn wrote(&mut self, conn: Conn, request: &Request) {
        let now = self.now;
        let Some(addr) = self.line(conn).map(|line| line.addr) else { return };
        let awaited = match request {
            Request::Ping => Awaited::Ping,
            Request::Info => Awaited::Info,
            Request::Publish(_) => Awaited::Publish,
            Request::IsMasterDown(_) => Awaited::Ask,
            _ => Awaited::Other,
        };
        match request {
            Request::Publish(hello) => self.check_hello(addr, hello),
            Request::IsMasterDown(query) => self.check_question(addr, query),
            Request::Info => self.check_info(addr),
            Request::Ping => self.check_ping(addr, conn),
            _ => {}
        }
        let done = match request {
            Request::Ping => Some(Law::PingMissed),
            Request::Info => Some(Law::InfoMissed),
            Request::Publish(_) => Some(Law::HelloMissed),
            Request::IsMasterDown(_) => Some(Law::QuestionMissed),
            _ => None,
        };
        self.due.retain(|(law, its)| Some(*law) != done || *its != addr);
        if let Some(it) = self.of_mut(addr) {
            match request {
                Request::Ping => {
                    it.leaked = if it.cc == Some(conn) { it.leaked } else { 0 };
                    it.cc = Some(conn);
                    it.last_ping = Some(now);
                    it.act_ping.get_or_insert(now);
                }
                Request::Subscribe(_) => it.pc = Some(conn),
                _ => {}
            }
        }
        if let Request::SlaveOf(_) = request {
            self.orders.push((conn, addr, 1));
        } else if matches!(request, Request::ConfigRewrite | Request::ClientKill(_) | Request::Exec)
            && let Some(order) = self.orders.iter_mut().rev().find(|(its, _, _)| *its == conn)
        {
            order.2 += 1;
        }
        if !matches!(request, Request::Subscribe(_))
            && let Some(line) = self.line(conn)
        {
            line.awaited.push_back(awaited);
        }
    }

    fn event(&mut self, event: &Event) {
        let now = self.now;
        let subject = match event.subject {
            Subject::Master => self.master,
            Subject::Slave(addr) | Subject::Sentinel(_, addr) => addr,
        };
        self.check_event(event, subject);
        self.publishes(event.kind);
        use EventKind as E;
        // A hello's epoch is saved before its version of the address is adopted (spec 5.3, 9.3).
        self.saves_all |= matches!(event.kind, E::VoteForLeader | E::Slave | E::PromotedSlave | E::SwitchMaster);
        self.saves |= self.saves_all || matches!(event.kind, E::NewEpoch | E::Sentinel);
        match event.kind {
            E::TiltEnter => {
                (self.tilt, self.tilt_start, self.tilted_now) = (true, now, true);
                self.due.clear();
            }
            E::TiltLeave => self.tilt = false,
            E::SdownEnter => {
                if let Some(it) = self.of_mut(subject) {
                    (it.down, it.down_since) = (true, Some(now));
                }
            }
            E::SdownLeave => self.of_mut(subject).into_iter().for_each(|it| it.down = false),
            E::OdownEnter => self.odown = true,
            E::OdownLeave => self.odown = false,
            E::NewEpoch => {
                if let Extra::Epoch(epoch) = event.extra {
                    self.epoch = epoch;
                }
            }
            E::VoteForLeader => {
                if let Extra::Vote(id, epoch) = event.extra {
                    (self.vote, self.leader_epoch) = (Some((id, epoch)), epoch);
                    if Some(id) != self.me {
                        self.started = Some(now);
                    }
                }
            }
            E::TryFailover => {
                (self.started, self.forced, self.must_force) = (Some(now), self.force_next, false);
                self.failover_epoch = self.epoch;
                self.enter(Step::WaitStart);
            }
            E::ElectedLeader => self.enter(Step::Select),
            E::SelectedSlave => self.promoted = Some(subject),
            E::StateSendSlaveofNoone | E::StateWaitPromotion => self.enter(Step::WaitPromotion),
            E::PromotedSlave => {
                self.config_epoch = self.failover_epoch;
                self.enter(Step::Reconf);
                self.watched.iter_mut().for_each(|it| it.last_pub = Millis(it.last_pub.0 - 2_001));
            }
            E::FailoverEndForTimeout => self.in_timeout = true,
            E::FailoverEnd => self.enter(Step::Ended),
            E::AbortNotElected | E::AbortNoGoodSlave | E::AbortSlaveTimeout => {
                self.promoted = None;
                self.enter(Step::None);
            }
            E::SwitchMaster => {
                self.adopts = None;
                // All its connections are opened anew.
                (self.ticking, self.dropped) = (false, None);
                if let Extra::Switch(_, new) = event.extra {
                    self.switch(new);
                }
            }
            E::Slave => self.meet(Watched::new(subject, Kind::Replica, now)),
            E::Sentinel => {
                if let Subject::Sentinel(id, addr) = event.subject {
                    self.meet(Watched::new(addr, Kind::Peer(id), now));
                }
            }
            // What these change is not followed.
            E::Set | E::ResetMaster | E::Unmonitor | E::SentinelAddressSwitch | E::SentinelInvalidAddr => {
                self.mute = true;
            }
            kind => self.reconf_event(kind, subject),
        }
        self.due.retain(|(law, addr)| *addr != subject || !law.is_done_by(event.kind));
        if event.kind == E::SlaveReconfInprog {
            self.reconf_step_due(subject);
        }
    }

    fn meet(&mut self, it: Watched) {
        match self.of(it.addr) {
            // Two entries under one address: which of them is meant is not told.
            Some(_) => self.mute = true,
            None => self.watched.push(it),
        }
    }

    fn enter(&mut self, step: Step) {
        (self.step, self.step_since) = (step, self.now);
    }

    /// `sentinelResetMasterAndChangeAddress`: the new master inherits when INFO and hello were last exchanged.
    fn switch(&mut self, new: Addr) {
        let now = self.now;
        let old = self.of(self.master).cloned();
        self.watched.retain(Watched::is_peer);
        let mut master = Watched::new(new, Kind::Master, now);
        if let Some(old) = old {
            (master.info_at, master.last_pub, master.tried) = (old.info_at, old.last_pub, old.tried);
        }
        self.watched.push(master);
        self.master = new;
        (self.odown, self.started, self.promoted, self.vote) = (false, None, None, None);
        self.due.clear();
        self.enter(Step::None);
    }
}
