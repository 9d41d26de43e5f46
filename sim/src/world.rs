//! The world: a discrete-event loop over hosts, processes and connections. It steps nodes in virtual time and looks
//! inside no message. What a run consists of (phases, fault schedule, end) is in [`mod@crate::run`].

use crate::chance::{ProcessDraws, Stream};
use crate::clock::{EPOCH, HostClock, ProcessClock};
use crate::digest::Chain;
use crate::disk::ProcessDisk;
use crate::link::{HostIx, Links};
use crate::process::{AnyNode, LISTENER, Life, Proc};
use crate::queue::Queue;
use crate::recorder::Recorder;
use crate::tcp::{EndIx, NetEvent, Outcome, State, Tcp};
use crate::trace::Trace;
use splitbrain_checker::observations::{NodeIx, Presence};
use splitbrain_model::client::Client;
use splitbrain_model::event::EventKind;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::redis::Redis;
use splitbrain_model::sentinel::Sentinel;
use splitbrain_model::{
    Act, Addr, CloseHow, Conn, Effects, Env, Input, Ip, Millis, MonoTime, Name, Nanos, Node, TrueTime, WallTime,
};
use splitbrain_scenarios::{Environment, Process, ProcessKind, Resolved};
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
    /// Something the driver of the run asked for.
    Call(u32),
}

/// What [`World::advance`] stopped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A call the driver scheduled is due.
    Call(u32),
    /// A Sentinel emitted an event that the driver watches for.
    Event(EventKind, NodeIx),
}

/// A machine.
#[derive(Debug)]
struct HostState {
    clock: HostClock,
    ip: Ip,
    next_port: u16,
}

/// Bytes one connection is read per pass (`PROTO_IOBUF_LEN`).
const READ_LIMIT: u32 = 16 << 10;
/// Connections accepted per pass (`MAX_ACCEPTS_PER_CALL`).
const ACCEPT_LIMIT: usize = 1_000;
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
    environment: Environment,
    out: Effects,
    flush: Vec<EndIx>,
    stops: Vec<Stop>,
    watched: Vec<EventKind>,
    chain: Chain,
    events: u64,
    checkpoints: Vec<u128>,
    next_client_number: u32,
    /// What is recorded.
    pub recorder: Recorder,
    /// One line per event, if asked for.
    pub trace: Option<Trace>,
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
                HostState {
                    clock: HostClock::new(WallTime(origin + skew), MonoTime(boot.below(1 << 45))),
                    ip: host.ip,
                    next_port: 32_768 + boot.below(20_000) as u16,
                }
            })
            .collect();
        let clients = scenario.processes.iter().filter(|p| matches!(p.kind, ProcessKind::Client(_))).count();
        World {
            now: TrueTime(0),
            queue: Queue::default(),
            tcp: Tcp::new(Links::new(seed, names, &scenario.environment)),
            hosts,
            procs: scenario.processes.iter().map(|process| new_proc(seed, process)).collect(),
            kinds: scenario.processes.iter().map(|process| process.kind.clone()).collect(),
            by_ip: scenario.hosts.iter().enumerate().map(|(ix, host)| (host.ip, ix as HostIx)).collect(),
            listeners: scenario
                .processes
                .iter()
                .enumerate()
                .filter(|(_, process)| !matches!(process.kind, ProcessKind::Client(_)))
                .map(|(ix, process)| (process.addr, ix as u16))
                .collect(),
            environment: scenario.environment.clone(),
            out: Effects::default(),
            flush: Vec::new(),
            stops: Vec::new(),
            watched: Vec::new(),
            chain: Chain::default(),
            events: 0,
            checkpoints: Vec::new(),
            next_client_number: clients as u32,
            recorder,
            trace: None,
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

    /// When the next event is due.
    pub fn next_event_at(&self) -> Option<TrueTime> {
        self.queue.next_at()
    }

    /// Has [`World::advance`] stop with [`Stop::Call`] at this time.
    pub fn call_at(&mut self, at: TrueTime, id: u32) {
        self.queue.push(at.max(self.now), Event::Call(id));
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
            self.events += 1;
            if self.events.is_multiple_of(CHECKPOINT_EVERY) {
                self.checkpoints.push(self.chain.digest().0);
            }
            self.handle(event);
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Net(net) => self.on_net(net),
            Event::Run(p) => self.on_run(p),
            Event::Acts(p, life) => self.on_acts(p, life),
            Event::IterationEnd(p, life) => self.on_iteration_end(p, life),
            Event::Start(p, life) => self.on_start(p, life),
            Event::Call(_) => {}
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
        match outcome {
            Outcome::Nothing => {}
            Outcome::Readable(end) => self.readable(end),
            Outcome::Acceptable(end) => {
                let p = self.tcp.end(end).proc;
                let proc = &mut self.procs[usize::from(p)];
                if !matches!(proc.life, Life::Running | Life::Paused) {
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
        let listener = self.listeners.get(&addr).copied().filter(|&p| {
            let proc = &self.procs[usize::from(p)];
            matches!(proc.life, Life::Running | Life::Paused)
        });
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
        let at = self.now + proc.wake.duration(&self.environment.wake);
        request_run(&mut self.queue, proc, p, at);
    }

    fn on_run(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        let now = self.now;
        proc.runs.retain(|&at| at > now);
        if proc.life != Life::Running || proc.busy_until.is_some() {
            return;
        }
        let mono = self.hosts[usize::from(proc.host)].clock.mono(now);
        let due = proc.node.as_ref().and_then(Node::next_wakeup).is_some_and(|at| at <= mono);
        if due || !proc.ready.is_empty() || !proc.signals.is_empty() {
            self.iterate(p, due);
        } else {
            self.arm(p);
        }
    }

    /// One iteration of a process's event loop: sockets in readiness order, then timers, then output.
    fn iterate(&mut self, p: u16, mut due: bool) {
        let now = self.now;
        let World { procs, hosts, tcp, environment, chain, out, .. } = self;
        let proc = &mut procs[usize::from(p)];
        let Some(mut node) = proc.node.take() else {
            return;
        };
        let clock = hosts[usize::from(proc.host)].clock;
        chain.words([now.0, 0x100 | u64::from(p) << 32]);
        let mut disk = proc.disk.at(now, environment);
        let mut env = Env::new(proc.clock.wall(&clock, now), clock.mono(now), &mut proc.draws, &mut disk);
        out.next_conn = proc.next_conn;
        if due && std::mem::take(&mut proc.timers_first) {
            chain.word(0x200);
            node.step(&mut env, Input::Wake, out);
            due = false;
        }
        proc.timers_first = false;
        while let Some(input) = proc.signals.pop_front() {
            chain.word(0x300);
            node.step(&mut env, input, out);
        }
        let sockets = Sockets {
            tcp,
            ready: &mut proc.ready,
            listener_ready: &mut proc.listener_ready,
            accept_queue: &mut proc.accept_queue,
            conns: &mut proc.conns,
        };
        serve_sockets(sockets, &mut node, &mut env, out, chain, now);
        if due {
            chain.word(0x201);
            node.step(&mut env, Input::Wake, out);
        }
        node.end_iteration(&mut env, out);
        let elapsed = env.elapsed();
        proc.node = Some(node);
        proc.next_conn = out.next_conn;
        if let Some(drawn) = proc.draws.take_drawn() {
            chain.word(drawn);
        }
        if let Some(trace) = &mut self.trace {
            trace.iteration(self.events, now, &self.procs[usize::from(p)].name, &self.out, self.chain.digest());
        }
        self.schedule_net();
        if elapsed == Nanos::ZERO {
            let mut out = std::mem::take(&mut self.out);
            self.apply_acts(p, now, Nanos::ZERO, &mut out);
            self.apply_output(p, &mut out);
            self.out = out;
            self.arm(p);
        } else {
            self.block(p, elapsed);
        }
    }

    /// Keeps the effects of an iteration that was blocked: each happens in its time, output leaves at the end.
    fn block(&mut self, p: u16, elapsed: Nanos) {
        let proc = &mut self.procs[usize::from(p)];
        std::mem::swap(&mut proc.pending, &mut self.out);
        proc.pending_from = self.now;
        proc.busy_until = Some(self.now + elapsed);
        let mut last = None;
        for &(at, _) in &proc.pending.acts {
            if last != Some(at) {
                last = Some(at);
                self.queue.push(self.now + at, Event::Acts(p, proc.incarnation));
            }
        }
        self.queue.push(self.now + elapsed, Event::IterationEnd(p, proc.incarnation));
    }

    fn on_acts(&mut self, p: u16, life: u32) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.incarnation != life || proc.busy_until.is_none() || proc.life == Life::Paused {
            return;
        }
        let (from, upto) = (proc.pending_from, self.now.since(proc.pending_from));
        let mut pending = std::mem::take(&mut proc.pending);
        self.apply_acts(p, from, upto, &mut pending);
        self.procs[usize::from(p)].pending = pending;
    }

    fn on_iteration_end(&mut self, p: u16, life: u32) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.incarnation != life || proc.busy_until.is_none() {
            return;
        }
        if proc.life == Life::Paused {
            proc.end_missed = true;
            return;
        }
        self.finish_iteration(p);
    }

    fn finish_iteration(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        proc.busy_until = None;
        let from = proc.pending_from;
        let mut pending = std::mem::take(&mut proc.pending);
        self.apply_acts(p, from, Nanos(u64::MAX), &mut pending);
        self.apply_output(p, &mut pending);
        self.procs[usize::from(p)].pending = pending;
        self.arm(p);
    }

    /// Makes the acts happen whose offset is at most `upto`.
    fn apply_acts(&mut self, p: u16, from: TrueTime, upto: Nanos, out: &mut Effects) {
        if out.acts.is_empty() {
            return;
        }
        let count = out.acts.iter().take_while(|(at, _)| *at <= upto).count();
        let mut closes = Vec::new();
        for (at, act) in out.acts.drain(..count) {
            let when = (from + at).min(self.now);
            match act {
                Act::Open(conn, addr) => self.open(p, conn, addr),
                Act::Close(conn, CloseHow::AfterFlush) => closes.push((at, Act::Close(conn, CloseHow::AfterFlush))),
                Act::Close(conn, how) => self.close(p, conn, how == CloseHow::Reset),
                Act::Event(event) => {
                    self.chain.words([0x400 | event.kind as u64, from.0 + at.0]);
                    if self.watched.contains(&event.kind) {
                        self.stops.push(Stop::Event(event.kind, NodeIx(p)));
                    }
                    self.recorder.event(when, NodeIx(p), event);
                }
                Act::Note(note) => self.recorder.note(when, NodeIx(p), note),
                Act::Exit(status) => {
                    self.chain.word(0x500 | u64::from(status));
                    self.procs[usize::from(p)].signals.clear();
                    closes.push((at, Act::Exit(status)));
                }
            }
        }
        // Closing behind the output, and exits, wait for the output.
        out.acts.splice(0..0, closes);
    }

    /// Sends what the iteration wrote: the replication stream first, then the rest, then closes that waited for it.
    fn apply_output(&mut self, p: u16, out: &mut Effects) {
        let proc = &self.procs[usize::from(p)];
        for (conn, message) in out.stream.drain(..).chain(out.sends.drain(..)) {
            let Some(end) = proc.end_of(conn) else {
                continue;
            };
            let [kind, value] = message.digest_tag();
            self.chain.words([u64::from(end) << 32 | kind & 0xffff_ffff, value ^ kind >> 32]);
            let bytes = message.wire_len();
            self.tcp.write(end, message, bytes);
            if self.flush.last() != Some(&end) && !self.flush.contains(&end) {
                self.flush.push(end);
            }
        }
        let now = self.now;
        for end in self.flush.drain(..) {
            self.tcp.transmit(end, now);
        }
        let mut exit = false;
        for (_, act) in out.acts.drain(..) {
            match act {
                Act::Close(conn, _) => self.close(p, conn, false),
                Act::Exit(_) => exit = true,
                _ => {}
            }
        }
        self.schedule_net();
        if exit {
            self.die(p);
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
                let due = self.hosts[usize::from(proc.host)].clock.when(mono);
                let wait = due.since(self.now).0.div_ceil(POLL_UNIT.0) * POLL_UNIT.0;
                self.now + Nanos(wait) + proc.wake.duration(&self.environment.wake)
            }
        };
        proc.armed = Some((mono, at));
        request_run(&mut self.queue, proc, p, at);
    }

    fn open(&mut self, p: u16, conn: Conn, addr: Addr) {
        let from = self.procs[usize::from(p)].host;
        let local = Addr { ip: self.hosts[usize::from(from)].ip, port: self.ephemeral_port(from) };
        let to = self.by_ip.get(&addr.ip).copied().unwrap_or(HostIx::MAX);
        let end = if to == HostIx::MAX {
            let link = self.tcp.links.between(from, from);
            self.tcp.connect_to_nowhere(p, conn, (local, addr), link, self.now)
        } else {
            let (link, back) = (self.tcp.links.between(from, to), self.tcp.links.between(to, from));
            self.tcp.connect(p, conn, (local, addr), link, back, self.now)
        };
        self.procs[usize::from(p)].register(conn, end);
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
        if replica && proc.addr != addr {
            proc.disk.redis.conf.replicaof = Some(addr);
        }
        let monitored = proc.disk.sentinel.iter_mut().flat_map(|conf| &mut conf.masters);
        monitored.filter(|master| master.name == *name).for_each(|master| master.addr = addr);
    }

    // ---- what faults do ----

    /// Starts a dead process with what is on its disk.
    pub fn start(&mut self, p: u16, after: Nanos) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life != Life::Dead || !self.tcp.links.is_up(proc.host) {
            return;
        }
        // A Sentinel that cannot write its file exits at once (`sentinelIsRunning`).
        if proc.disk.config_read_only && matches!(self.kinds[usize::from(p)], ProcessKind::Sentinel(_)) {
            return;
        }
        proc.life = Life::Starting;
        proc.incarnation += 1;
        let delay = proc.wake.duration(&self.environment.start_up);
        self.queue.push(self.now + after + delay, Event::Start(p, proc.incarnation));
    }

    fn on_start(&mut self, p: u16, life: u32) {
        let now = self.now;
        let World { procs, hosts, kinds, environment, chain, out, next_client_number, .. } = self;
        let proc = &mut procs[usize::from(p)];
        if proc.incarnation != life || proc.life != Life::Starting {
            return;
        }
        proc.life = Life::Running;
        proc.disk.settle(now);
        chain.words([now.0, 0x600 | u64::from(p) << 32]);
        out.clear();
        out.next_conn = 0;
        let clock = hosts[usize::from(proc.host)].clock;
        let sentinel_conf = proc.disk.sentinel.clone();
        let redis_files = proc.disk.redis.clone();
        let mut disk = proc.disk.at(now, environment);
        let mut env = Env::new(proc.clock.wall(&clock, now), clock.mono(now), &mut proc.draws, &mut disk);
        let node = match &mut kinds[usize::from(p)] {
            ProcessKind::Redis(_) => {
                let mut redis = Redis::start(redis_files, proc.addr, &mut env, out);
                if life == 1 {
                    redis.populate();
                }
                AnyNode::Redis(Box::new(redis))
            }
            ProcessKind::Sentinel(conf) => {
                let conf = sentinel_conf.unwrap_or_else(|| conf.clone());
                AnyNode::Sentinel(Box::new(Sentinel::start(conf, proc.addr, &mut env, out)))
            }
            ProcessKind::Client(conf) => {
                if life > 1 {
                    // A restarted application never writes a value of its former life again.
                    conf.number = *next_client_number;
                    *next_client_number += 1;
                }
                AnyNode::Client(Box::new(Client::start((**conf).clone(), &mut env, out)))
            }
        };
        let elapsed = env.elapsed();
        if let AnyNode::Sentinel(sentinel) = &node {
            self.recorder.seen.sentinel_ids.push((NodeIx(p), sentinel.id()));
        }
        proc.node = Some(node);
        proc.next_conn = out.next_conn;
        self.recorder.started(now, NodeIx(p));
        if let Some(drawn) = proc.draws.take_drawn() {
            chain.word(drawn);
        }
        self.block(p, elapsed);
    }

    /// SIGKILL, or the end of an exit: the kernel closes the sockets.
    pub fn die(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life == Life::Dead {
            return;
        }
        let conns = self.bury(p);
        for end in conns {
            self.tcp.close(end, false, self.now);
        }
        self.schedule_net();
        self.recorder.presence(self.now, NodeIx(p), Presence::Dead);
    }

    /// Takes the life out of a process; returns its sockets.
    fn bury(&mut self, p: u16) -> Vec<EndIx> {
        self.chain.words([self.now.0, 0x700 | u64::from(p) << 32]);
        let proc = &mut self.procs[usize::from(p)];
        proc.life = Life::Dead;
        proc.incarnation += 1;
        proc.node = None;
        proc.disk.process_death(self.now);
        proc.ready.clear();
        proc.listener_ready = false;
        proc.runs.clear();
        proc.armed = None;
        proc.busy_until = None;
        proc.end_missed = false;
        proc.signals.clear();
        proc.pending.clear();
        let open = proc.conns.drain(..).filter(|&end| end != EndIx::MAX);
        open.chain(proc.accept_queue.drain(..)).collect()
    }

    /// SIGSTOP.
    pub fn pause(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life == Life::Running {
            proc.life = Life::Paused;
            self.chain.words([self.now.0, 0x800 | u64::from(p) << 32]);
            self.recorder.presence(self.now, NodeIx(p), Presence::Paused);
        }
    }

    /// SIGCONT. A process that was waiting in its poll runs its timers before it looks at its sockets; one that was
    /// in the middle of an iteration goes on with it.
    pub fn resume(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life != Life::Paused {
            return;
        }
        proc.life = Life::Running;
        self.chain.words([self.now.0, 0x801 | u64::from(p) << 32]);
        self.recorder.presence(self.now, NodeIx(p), Presence::Running);
        if proc.busy_until.is_some() {
            if std::mem::take(&mut proc.end_missed) {
                self.finish_iteration(p);
            }
            return;
        }
        proc.timers_first = true;
        let at = self.now + proc.wake.duration(&self.environment.wake);
        proc.runs.clear();
        request_run(&mut self.queue, proc, p, at);
    }

    /// Gives a running or paused process an input from outside the network.
    pub fn signal(&mut self, p: u16, input: Input) {
        let proc = &mut self.procs[usize::from(p)];
        if matches!(proc.life, Life::Running | Life::Paused) {
            proc.signals.push_back(input);
            self.wake(p);
        }
    }

    /// A host loses power: its processes, their sockets and unsynced data are gone without a word.
    pub fn power_off(&mut self, host: HostIx) {
        self.tcp.links.set_power(host, false);
        for p in 0..self.procs.len() as u16 {
            if self.procs[usize::from(p)].host == host && self.procs[usize::from(p)].life != Life::Dead {
                self.bury(p);
                self.procs[usize::from(p)].disk.power_loss(self.now);
                self.recorder.presence(self.now, NodeIx(p), Presence::Dead);
            }
        }
        self.tcp.vanish_host(host);
    }

    /// A host boots.
    pub fn power_on(&mut self, host: HostIx) {
        self.tcp.links.set_power(host, true);
    }

    /// Takes away or gives back the permission to replace a process's configuration file.
    pub fn set_config_read_only(&mut self, p: u16, read_only: bool) {
        self.procs[usize::from(p)].disk.config_read_only = read_only;
    }

    /// Steps the wall clock of one process.
    pub fn step_clock(&mut self, p: u16, by: Millis) {
        self.chain.words([self.now.0, 0x900 | u64::from(p) << 32, by.0 as u64]);
        self.procs[usize::from(p)].clock.step(by);
    }
}

fn new_proc(seed: u64, process: &Process) -> Proc {
    let (kind, sentinel, redis) = match &process.kind {
        ProcessKind::Redis(conf) => ("redis", None, Some(conf.clone())),
        ProcessKind::Sentinel(conf) => ("sentinel", Some(conf.clone()), None),
        ProcessKind::Client(_) => ("client", None, None),
    };
    Proc {
        name: process.name.clone(),
        host: process.host as HostIx,
        addr: process.addr,
        life: Life::Dead,
        node: None,
        incarnation: 0,
        clock: ProcessClock::default(),
        draws: ProcessDraws::new(seed, kind, &process.name),
        disk: ProcessDisk::new(seed, &process.name, sentinel, redis),
        wake: Stream::new(seed, kind, &process.name, "wake"),
        ready: Vec::new(),
        listener_ready: false,
        accept_queue: Default::default(),
        conns: Vec::new(),
        next_conn: 0,
        signals: Default::default(),
        runs: Vec::new(),
        armed: None,
        busy_until: None,
        pending: Effects::default(),
        pending_from: TrueTime(0),
        end_missed: false,
        timers_first: false,
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

/// What one iteration needs of its process's sockets.
struct Sockets<'a> {
    tcp: &'a mut Tcp,
    ready: &'a mut Vec<EndIx>,
    listener_ready: &'a mut bool,
    accept_queue: &'a mut std::collections::VecDeque<EndIx>,
    conns: &'a mut Vec<EndIx>,
}

/// Serves the sockets that are ready, in the order in which they became so. What is left over stays ready.
fn serve_sockets(
    sockets: Sockets<'_>,
    node: &mut AnyNode,
    env: &mut Env<'_>,
    out: &mut Effects,
    chain: &mut Chain,
    now: TrueTime,
) {
    let Sockets { tcp, ready, listener_ready, accept_queue, conns } = sockets;
    let count = ready.len();
    for at in 0..count {
        let end = ready[at];
        if end == LISTENER {
            *listener_ready = false;
            for _ in 0..ACCEPT_LIMIT.min(accept_queue.len()) {
                let Some(end) = accept_queue.pop_front() else {
                    break;
                };
                let conn = Conn(out.next_conn);
                out.next_conn += 1;
                if conns.len() <= conn.0 as usize {
                    conns.resize(conn.0 as usize + 1, EndIx::MAX);
                }
                conns[conn.0 as usize] = end;
                let peer = tcp.accept(end, conn);
                chain.words([0x10, u64::from(conn.0)]);
                node.step(env, Input::Accepted(conn, peer), out);
                if !tcp.end(end).rx.is_empty() || tcp.end(end).eof.is_some() {
                    tcp.end_mut(end).ready = true;
                    ready.push(end);
                }
            }
            if !accept_queue.is_empty() {
                *listener_ready = true;
                ready.push(LISTENER);
            }
            continue;
        }
        tcp.end_mut(end).ready = false;
        if serve_end(tcp, end, conns, node, env, out, chain) {
            tcp.end_mut(end).ready = true;
            ready.push(end);
        }
        tcp.drained(end, now);
    }
    ready.drain(..count);
}

/// Reads one connection; returns whether something is left.
fn serve_end(
    tcp: &mut Tcp,
    end: EndIx,
    conns: &mut [EndIx],
    node: &mut AnyNode,
    env: &mut Env<'_>,
    out: &mut Effects,
    chain: &mut Chain,
) -> bool {
    let conn = tcp.end(end).conn;
    if matches!(tcp.end(end).state, State::Closed | State::Gone) || conns.get(conn.0 as usize) != Some(&end) {
        return false;
    }
    if let Some(result) = tcp.end_mut(end).connected.take() {
        chain.words([0x11, u64::from(conn.0)]);
        match result {
            Ok(()) => node.step(env, Input::Connected(conn), out),
            Err(why) => {
                conns[conn.0 as usize] = EndIx::MAX;
                tcp.abandon(end);
                node.step(env, Input::ConnectFailed(conn, why), out);
                return false;
            }
        }
    }
    let mut read = 0;
    let mut acts = out.acts.len();
    while let Some(message) = tcp.end_mut(end).rx.pop_front() {
        if !tcp.end(end).rx.is_empty() {
            let bytes = message.wire_len();
            read += bytes;
            let side = tcp.end_mut(end);
            side.rx_bytes = side.rx_bytes.saturating_sub(u64::from(bytes));
        } else {
            tcp.end_mut(end).rx_bytes = 0;
        }
        chain.words([0x12, u64::from(conn.0)]);
        node.step(env, Input::Message(conn, message), out);
        if closed_since(out, acts, conn) {
            return false;
        }
        acts = out.acts.len();
        if read >= READ_LIMIT {
            return true;
        }
    }
    if let Some(reason) = tcp.end(end).eof {
        chain.words([0x13, u64::from(conn.0)]);
        conns[conn.0 as usize] = EndIx::MAX;
        tcp.finish(end);
        node.step(env, Input::Closed(conn, reason), out);
    }
    false
}

/// Whether the node closed this connection in one of its latest acts: what is still unread is not read any more.
fn closed_since(out: &Effects, from: usize, conn: Conn) -> bool {
    out.acts[from..].iter().any(|(_, act)| matches!(act, Act::Close(closed, _) if *closed == conn))
}
