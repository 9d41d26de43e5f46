//! The world: a discrete-event loop over hosts, processes and connections. It steps nodes in virtual time and looks
//! inside no message. What a run consists of (phases, fault schedule, end) is in [`mod@crate::run`].

mod iterate;
mod life;
mod outside;
mod relocate;
mod stall;

use crate::app::Apps;
use crate::chance::Stream;
use crate::clock::{EPOCH, HostClock};
use crate::digest::Chain;
use crate::dns::Dns;
use crate::film::Film;
use crate::link::{HostIx, Links};
use crate::process::{AnyNode, LISTENER, Life, Proc};
use crate::queue::Queue;
use crate::recorder::Recorder;
use crate::tcp::{EndIx, NetEvent, Outcome, Tcp};
use crate::trace::Trace;
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::event::EventKind;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Addr, Conn, Effects, Input, Ip, MonoTime, Name, Nanos, Node, TrueTime, WallTime};
use splitbrain_scenarios::{Environment, ProcessKind, Resolved};
use std::collections::BTreeMap;

/// An event of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Something of the network.
    Net(NetEvent),
    /// An iteration of a process may begin.
    Run(u16),
    /// Effects of a blocked iteration happen: this life, up to this offset.
    Acts(u16, u32),
    /// A blocked iteration ends.
    IterationEnd(u16, u32),
    /// A started process listens and runs.
    Start(u16, u32),
    /// The memory of a killed process is free.
    Exit(u16, u32),
    /// The kernel closes a socket of a process that died while its host stood still.
    Close(EndIx),
    /// Something the driver of the run asked for.
    Call(u32),
    /// Chance goes on otherwise.
    Reseed,
}

/// What [`World::advance`] stopped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A call the driver scheduled is due.
    Call(u32),
    /// A Sentinel emitted an event that the driver watches for.
    Event(EventKind, NodeIx),
    /// An application outside was told something: [`World::app_event`].
    App,
}

/// A machine.
#[derive(Debug)]
struct HostState {
    clock: HostClock,
    ip: Ip,
    next_port: u16,
    /// It has lost its address and gets another as soon as something starts on it.
    moves: bool,
    /// It stands still with its kernel.
    stalled: bool,
    /// Processes that go on when it does.
    asleep: Vec<u16>,
    /// What happens to it when it goes on.
    held: Vec<Event>,
}

/// `epoll_wait` takes its timeout in whole milliseconds, rounded up (`aeApiPoll`).
const POLL_UNIT: Nanos = Nanos::from_millis(1);
/// Events between two digests kept for comparison.
const CHECKPOINT_EVERY: u64 = 1 << 12;

/// The world.
#[derive(Debug)]
pub struct World {
    now: TrueTime,
    queue: Queue<Event>,
    tcp: Tcp,
    hosts: Vec<HostState>,
    procs: Vec<Proc>,
    kinds: Vec<ProcessKind>,
    by_ip: BTreeMap<Ip, HostIx>,
    listeners: BTreeMap<Addr, u16>,
    dns: Dns,
    environment: Environment,
    out: Effects,
    flush: Vec<EndIx>,
    stops: Vec<Stop>,
    watched: Vec<EventKind>,
    chain: Chain,
    events: u64,
    /// Hosts that stand still.
    stalls: u32,
    checkpoints: Vec<u128>,
    next_client_number: u32,
    /// The seed of everything from some moment on, and whether that has come.
    again: Option<(u64, bool)>,
    /// How many new addresses were given away.
    moved: u32,
    /// Whether what Sentinels read and write is recorded.
    taped: bool,
    /// Whether what Redis servers read and write is recorded.
    servers_taped: bool,
    /// Whether what clients read and write is.
    clients_taped: bool,
    /// Applications outside.
    apps: Apps,
    /// Sockets of theirs that take nothing at present.
    full: Vec<(u16, Conn)>,
    /// What is recorded.
    pub recorder: Recorder,
    /// One line per event, if asked for.
    pub trace: Option<Trace>,
    /// Messages, if asked for.
    pub film: Option<Film>,
}

impl World {
    /// A world in which no process runs yet.
    pub fn new(scenario: &Resolved, recorder: Recorder) -> World {
        let seed = scenario.seed;
        let names: Vec<String> = scenario.hosts.iter().map(|host| host.name.clone()).collect();
        // Where the whole seconds of the wall clock lie is chance; hosts of one run agree as NTP makes them.
        let origin = EPOCH + Stream::new(seed, "world", "", "wall-origin").below(1_000_000_000) as i64;
        let hosts = scenario
            .hosts
            .iter()
            .map(|host| {
                let mut boot = Stream::new(seed, "host", &host.name, "boot");
                let skew = boot.below(1_000_000) as i64;
                let offset = host.clock_offset.0 * 1_000_000;
                HostState {
                    clock: HostClock::new(WallTime(origin + skew + offset), MonoTime(boot.below(1 << 45))),
                    ip: host.ip,
                    next_port: 32_768 + boot.below(20_000) as u16,
                    moves: false,
                    stalled: false,
                    asleep: Vec::new(),
                    held: Vec::new(),
                }
            })
            .collect();
        let clients = scenario.processes.iter().filter(|p| matches!(p.kind, ProcessKind::Client(_))).count();
        World {
            now: TrueTime(0),
            queue: Queue::default(),
            tcp: Tcp::new(Links::new(seed, names, &scenario.environment)),
            hosts,
            procs: scenario.processes.iter().map(|process| life::new_proc(seed, process)).collect(),
            kinds: scenario.processes.iter().map(|process| process.kind.clone()).collect(),
            by_ip: scenario.hosts.iter().enumerate().map(|(ix, host)| (host.ip, ix as HostIx)).collect(),
            listeners: scenario
                .processes
                .iter()
                .enumerate()
                .filter(|(_, process)| !process.kind.is_application())
                .map(|(ix, process)| (process.addr, ix as u16))
                .collect(),
            dns: Dns::new(scenario.hosts.iter().map(|host| (host.name.as_str(), host.ip)), scenario.names_vanish),
            environment: scenario.environment.clone(),
            out: Effects::default(),
            flush: Vec::new(),
            stops: Vec::new(),
            watched: Vec::new(),
            chain: Chain::default(),
            events: 0,
            stalls: 0,
            checkpoints: Vec::new(),
            next_client_number: clients as u32,
            again: None,
            moved: 0,
            taped: crate::tape::wanted(scenario),
            servers_taped: crate::server_tape::wanted(scenario),
            clients_taped: crate::client_tape::wanted(scenario),
            apps: Apps::default(),
            full: Vec::new(),
            recorder,
            trace: None,
            film: None,
        }
    }

    /// True time.
    pub fn now(&self) -> TrueTime {
        self.now
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The digest so far.
    pub fn digest(&self) -> crate::digest::Digest {
        self.chain.digest()
    }

    /// Digests taken every 4096 events.
    pub fn checkpoints(&self) -> &[u128] {
        &self.checkpoints
    }

    /// All processes.
    pub fn procs(&self) -> &[Proc] {
        &self.procs
    }

    /// Hosts and paths.
    pub fn links(&self) -> &Links {
        &self.tcp.links
    }

    /// Hosts and paths, to put faults in force.
    pub fn links_mut(&mut self) -> &mut Links {
        &mut self.tcp.links
    }

    /// The name service, to put faults in force.
    pub fn dns_mut(&mut self) -> &mut Dns {
        &mut self.dns
    }

    /// When the next event is due.
    pub fn next_event_at(&self) -> Option<TrueTime> {
        self.queue.next_at()
    }

    /// Has [`World::advance`] stop with [`Stop::Call`] at this time.
    pub fn call_at(&mut self, at: TrueTime, id: u32) {
        self.queue.push(at.max(self.now), Event::Call(id));
    }

    /// Has everything that is drawn from this time on depend on a new seed too. Until then nothing is different.
    pub fn reseed_at(&mut self, at: TrueTime, again: u64) {
        self.again = Some((again, false));
        self.queue.push(at.max(self.now), Event::Reseed);
    }

    /// The new seed, once it is in force.
    pub fn reseeded(&self) -> Option<u64> {
        self.again.and_then(|(again, in_force)| in_force.then_some(again))
    }

    fn reseed(&mut self) {
        let Some((again, in_force)) = &mut self.again else { return };
        *in_force = true;
        let again = *again;
        self.tcp.links.reseed(again);
        for proc in &mut self.procs {
            proc.draws.reseed(again);
            proc.disk.reseed(again);
            proc.wake.reseed(again);
        }
    }

    /// Has [`World::advance`] stop at these events of Sentinels.
    pub fn watch(&mut self, kinds: Vec<EventKind>) {
        self.watched = kinds;
    }

    /// Handles events until something stops the world, or until `limit` has come.
    pub fn advance(&mut self, limit: TrueTime) -> Option<Stop> {
        loop {
            if !self.stops.is_empty() {
                return Some(self.stops.remove(0));
            }
            if self.queue.next_at().is_none_or(|at| at > limit) {
                self.now = self.now.max(limit);
                return None;
            }
            let (at, event) = self.queue.pop()?;
            self.now = at;
            if let Event::Call(id) = event {
                return Some(Stop::Call(id));
            }
            if event == Event::Reseed {
                self.reseed();
                continue;
            }
            self.events += 1;
            if self.events.is_multiple_of(CHECKPOINT_EVERY) {
                self.checkpoints.push(self.chain.digest().0);
            }
            self.handle(event);
            if !self.full.is_empty() {
                self.look_at_full_sockets();
            }
            if !self.apps.events.is_empty() {
                return Some(Stop::App);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        if self.stalls > 0 && self.hold(event) {
            return;
        }
        match event {
            Event::Net(net) => self.on_net(net),
            Event::Run(p) => self.on_run(p),
            Event::Acts(p, life) => self.on_acts(p, life),
            Event::IterationEnd(p, life) => self.on_iteration_end(p, life),
            Event::Start(p, life) => self.on_start(p, life),
            Event::Exit(p, life) => self.on_exit(p, life),
            Event::Close(end) => {
                self.tcp.close(end, false, self.now);
                self.schedule_net();
            }
            Event::Call(_) | Event::Reseed => {}
        }
    }

    fn on_net(&mut self, event: NetEvent) {
        let now = self.now;
        self.absorb(event);
        let outcome = match event {
            NetEvent::Arrive(end) => self.tcp.arrive(end, now),
            NetEvent::Retransmit(end, timer) => self.tcp.retransmit(end, timer, now),
            NetEvent::Syn(end) => {
                self.on_syn(end);
                Outcome::Nothing
            }
            NetEvent::SynRetry(end, attempt) => self.tcp.syn_retry(end, attempt, now),
            NetEvent::Established(end) => self.tcp.established(end, now),
            NetEvent::Refused(end) => self.tcp.refused(end),
            NetEvent::Reset(end) => self.tcp.reset(end),
        };
        self.schedule_net();
        if let Some(end) = self.tcp.sent.take() {
            let (p, conn) = (self.tcp.end(end).proc, self.tcp.end(end).conn);
            self.signal(p, Input::Sent(conn));
        }
        match outcome {
            Outcome::Nothing => {}
            Outcome::Readable(end) => self.readable(end),
            Outcome::Acceptable(end) => {
                let p = self.tcp.end(end).proc;
                let proc = &mut self.procs[usize::from(p)];
                if !proc.life.has_sockets() {
                    // The listener closed while the handshake went on.
                    self.tcp.close(end, true, self.now);
                    self.schedule_net();
                    return;
                }
                proc.accept_queue.push_back(end);
                if !proc.listener_ready {
                    proc.listener_ready = true;
                    proc.mark_ready(LISTENER);
                    self.wake(p);
                }
            }
        }
    }

    /// Network events enter the digest with their kind and end.
    #[inline]
    fn absorb(&mut self, event: NetEvent) {
        let (kind, end) = match event {
            NetEvent::Arrive(end) => (1, end),
            NetEvent::Retransmit(end, _) => (2, end),
            NetEvent::Syn(end) => (3, end),
            NetEvent::SynRetry(end, _) => (4, end),
            NetEvent::Established(end) => (5, end),
            NetEvent::Refused(end) => (6, end),
            NetEvent::Reset(end) => (7, end),
        };
        self.chain.words([self.now.0, kind << 32 | u64::from(end)]);
        if let Some(trace) = &mut self.trace {
            trace.net(self.events, self.now, event, self.chain.digest());
        }
    }

    #[inline]
    fn schedule_net(&mut self) {
        if self.tcp.schedule.is_empty() {
            return;
        }
        for (at, event) in self.tcp.schedule.drain(..) {
            self.queue.push(at, Event::Net(event));
        }
    }

    fn on_syn(&mut self, end: EndIx) {
        let server_host = self.tcp.links.source(self.tcp.end(end ^ 1).link);
        if !self.tcp.links.is_up(server_host) {
            return;
        }
        let addr = self.tcp.target(end);
        // The host has left this address: no one is there to refuse.
        if self.hosts[usize::from(server_host)].ip != addr.ip {
            return;
        }
        let listener = self.listeners.get(&addr).copied();
        let listener = listener.filter(|&p| self.procs[usize::from(p)].life.has_sockets());
        let listener = listener.map(|p| (p, self.procs[usize::from(p)].accept_queue.len()));
        self.tcp.syn_arrived(end, listener, self.now);
    }

    fn readable(&mut self, end: EndIx) {
        let side = self.tcp.end_mut(end);
        if side.ready {
            return;
        }
        side.ready = true;
        let p = side.proc;
        self.procs[usize::from(p)].mark_ready(end);
        self.wake(p);
    }

    /// Schedules an iteration of a process that has something to do, after the scheduler's delay.
    #[inline]
    fn wake(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life != Life::Running
            || proc.busy_until.is_some()
            || proc.runs.first().is_some_and(|&at| at <= self.now)
        {
            return;
        }
        // What an application outside needs to wake up is for whoever runs it.
        let at = match &proc.node {
            Some(AnyNode::App(_)) => self.now,
            _ => self.now + proc.wake.duration(&self.environment.wake),
        };
        request_run(&mut self.queue, proc, p, at);
    }

    fn on_run(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        let now = self.now;
        proc.runs.retain(|&at| at > now);
        if proc.life != Life::Running || proc.busy_until.is_some() {
            return;
        }
        let mono = proc.clock.mono(&self.hosts[usize::from(proc.host)].clock, now);
        let due = proc.node.as_ref().and_then(Node::next_wakeup).is_some_and(|at| at <= mono);
        if due || !proc.ready.is_empty() || !proc.signals.is_empty() {
            self.iterate(p, due);
        } else {
            self.arm(p);
        }
    }

    /// Schedules the iteration for the node's next wake-up, or for input that is ready already.
    fn arm(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life != Life::Running {
            return;
        }
        if !proc.ready.is_empty() || !proc.signals.is_empty() {
            let at = self.now + proc.wake.duration(&self.environment.wake);
            request_run(&mut self.queue, proc, p, at);
            return;
        }
        let Some(mono) = proc.node.as_ref().and_then(Node::next_wakeup) else {
            proc.armed = None;
            return;
        };
        let at = match proc.armed {
            Some((armed, at)) if armed == mono && at > self.now => at,
            _ => {
                let due = proc.clock.when(&self.hosts[usize::from(proc.host)].clock, mono);
                let wait = due.since(self.now).0.div_ceil(POLL_UNIT.0) * POLL_UNIT.0;
                self.now + Nanos(wait) + proc.wake.duration(&self.environment.wake)
            }
        };
        proc.armed = Some((mono, at));
        request_run(&mut self.queue, proc, p, at);
    }

    /// Schedules the next wake-up anew, unless an iteration that goes on will do so at its end.
    fn rearm(&mut self, p: u16) {
        if self.procs[usize::from(p)].busy_until.is_none() {
            self.arm(p);
        }
    }

    /// Opens a connection. Servers and Sentinels look names up themselves, blocking; an application hands one to its
    /// library, which connects when it has the address and fails if there is none.
    fn open(&mut self, p: u16, conn: Conn, mut addr: Addr) {
        let from = self.procs[usize::from(p)].host;
        let mut asked = Nanos::ZERO;
        if let Some(name) = addr.ip.name() {
            let answered = self.dns.look_up(from, name, self.now);
            asked = answered.cost;
            addr.ip = answered.ip.unwrap_or(addr.ip);
        }
        let at = self.now + asked;
        let local = Addr { ip: self.hosts[usize::from(from)].ip, port: self.ephemeral_port(from) };
        let to = self.by_ip.get(&addr.ip).copied().unwrap_or(HostIx::MAX);
        let end = if to == HostIx::MAX {
            let link = self.tcp.links.between(from, from);
            self.tcp.connect_to_nowhere(p, conn, (local, addr), link, at)
        } else {
            let (link, back) = (self.tcp.links.between(from, to), self.tcp.links.between(to, from));
            self.tcp.connect(p, conn, (local, addr), link, back, at)
        };
        self.procs[usize::from(p)].register(conn, end);
        if addr.ip.is_name() {
            self.queue.push(at, Event::Net(NetEvent::Refused(end)));
        }
        self.schedule_net();
    }

    fn ephemeral_port(&mut self, host: HostIx) -> u16 {
        let port = &mut self.hosts[usize::from(host)].next_port;
        *port = if *port >= 60_998 { 32_768 } else { *port + 1 };
        *port
    }

    fn close(&mut self, p: u16, conn: Conn, abort: bool) {
        let proc = &mut self.procs[usize::from(p)];
        if let Some(end) = proc.end_of(conn) {
            proc.conns[conn.0 as usize] = EndIx::MAX;
            self.tcp.close(end, abort, self.now);
            self.schedule_net();
        }
    }

    /// Sets `repl-diskless-sync-delay` to 0 for the first start of every server; returns the configured values.
    pub fn undelayed_first_sync(&mut self) -> Vec<u32> {
        let delay = |proc: &mut Proc| std::mem::take(&mut proc.disk.redis.conf.repl_diskless_sync_delay);
        self.procs.iter_mut().map(delay).collect()
    }

    /// Puts the configured `repl-diskless-sync-delay` in force, in the files and by CONFIG SET.
    pub fn restore_sync_delay(&mut self, configured: &[u32]) {
        for (p, &delay) in configured.iter().enumerate() {
            self.procs[p].disk.redis.conf.repl_diskless_sync_delay = delay;
            if self.procs[p].redis().is_some() {
                self.signal(p as u16, Input::Operator(OperatorCommand::SetDisklessSyncDelay(delay)));
            }
        }
    }

    /// Writes a master's address into the configuration of a process that never ran: of a Sentinel that is to monitor
    /// it, or of a server that is to be its replica.
    pub fn configure_master(&mut self, p: u16, name: &Name, replica: bool, addr: Addr) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.incarnation > 0 {
            return;
        }
        let masters = proc.disk.sentinel.iter().flat_map(|conf| &conf.masters);
        let by_name = proc.disk.redis.conf.replica_announce_ip.is_some_and(Ip::is_name)
            || masters.into_iter().any(|master| master.addr.ip.is_name());
        let own = proc.addr == addr;
        let addr = match self.dns.name_of(addr.ip).filter(|_| by_name) {
            Some(ip) => Addr { ip, ..addr },
            None => addr,
        };
        if replica && !own {
            proc.disk.redis.conf.replicaof = Some(addr);
        }
        let monitored = proc.disk.sentinel.iter_mut().flat_map(|conf| &mut conf.masters);
        monitored.filter(|master| master.name == *name).for_each(|master| master.addr = addr);
    }
}

/// Schedules an iteration unless one is scheduled no later.
#[inline]
fn request_run(queue: &mut Queue<Event>, proc: &mut Proc, p: u16, at: TrueTime) {
    if proc.runs.first().is_some_and(|&first| first <= at) {
        return;
    }
    proc.runs.insert(0, at);
    queue.push(at, Event::Run(p));
}
