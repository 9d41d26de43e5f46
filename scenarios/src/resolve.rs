//! A scenario becomes concrete for one seed: addresses, configurations, and the schedule with every duration drawn.
//! A pure function of the scenario and the draws.

use crate::chaos::Ground;
use crate::expand::{Part, parts};
use crate::reader::Span;
use crate::resolved::{Action, Host, Process, ProcessKind, Resolved, RunPlan, Step, Trigger};
use crate::scenario::{Fault, MasterSpec, Scenario, What, When};
use crate::schedule::append;
use splitbrain_model::client::ClientConf;
use splitbrain_model::files::{MasterConf, RedisConf, SentinelConf};
use splitbrain_model::planted::Plant;
use splitbrain_model::{Addr, Draws, Ip, Millis, Purpose};
use std::collections::BTreeMap;

impl Scenario {
    /// The scenario for one seed. Draws with [`Purpose::Pacing`]: first the phase, then two durations per fault in the
    /// order of the file, whether they are ranges or not, so that a change in one fault changes no other.
    pub fn resolve(&self, seed: u64, draws: &mut dyn Draws) -> Resolved {
        let phase = drawn(self.run.phase, draws);
        let (hosts, mut processes) = self.processes();
        if let Some(planted) = self.planted {
            plant(&mut processes, Plant::one(planted));
        }
        let mut schedule = schedule(&self.faults, &hosts, &processes, draws);
        let mut next = 0;
        let servers = |servers: usize| {
            next += servers;
            (next - servers..next).collect::<Vec<usize>>()
        };
        let sizes = self.masters.iter().map(|master| master.servers.len()).map(servers);
        let masters: Vec<_> = self.masters.iter().map(|master| master.conf.name.clone()).zip(sizes).collect();
        let run = &self.run;
        if let Some(chaos) = &self.chaos {
            let ground = Ground { hosts: &hosts, processes: &processes, masters: &masters, recovery: self.recovery() };
            append(&mut schedule, chaos.schedule(&ground, draws));
        }
        Resolved {
            scenario: self.name.clone(),
            seed,
            environment: self.environment(),
            hosts,
            processes,
            names_vanish: self.names_vanish,
            masters,
            schedule,
            plan: RunPlan {
                lag: Millis(0),
                phase,
                settle_limit: run.settle_limit,
                observe_at_least: run.observe_at_least,
                starts: Vec::new(),
                sampling: None,
                stable_for: run.stable_for,
                heal: run.heal,
            },
            expect: self.expect.clone(),
        }
    }

    /// How long a node needs after a fault until it is as good as before, whichever master it belongs to.
    fn recovery(&self) -> Millis {
        self.masters.iter().map(MasterSpec::recovery).max().unwrap_or(Millis(0))
    }

    /// How others know who listens at an address.
    fn known_as(&self, host: &Host, addr: Addr) -> Addr {
        match Ip::named(&host.name).filter(|_| self.hostnames) {
            Some(ip) => Addr { ip, ..addr },
            None => addr,
        }
    }

    /// Hosts and processes: servers of all masters, Sentinels, clients.
    fn processes(&self) -> (Vec<Host>, Vec<Process>) {
        let mut places = Places::new(self);
        let mut processes = Vec::new();
        let (mut initial, mut servers) = (Vec::new(), Vec::new());
        let mut number = 0;
        for master in &self.masters {
            let mut replicaof = None;
            for server in &master.servers {
                number += 1;
                let (host, addr) = places.put(&server.name, redis_ip(number), server.conf.port);
                servers.push(addr);
                let known = self.known_as(&places.hosts[host], addr);
                let announced = server.conf.replica_announce_ip.or((known != addr).then_some(known.ip));
                let conf =
                    RedisConf { port: addr.port, replicaof, replica_announce_ip: announced, ..server.conf.clone() };
                if replicaof.is_none() {
                    replicaof = Some(known);
                    initial.push(known);
                }
                processes.push(Process {
                    name: server.name.clone(),
                    host,
                    addr,
                    kind: ProcessKind::Redis(conf),
                    late: false,
                });
            }
        }
        let monitored: Vec<MasterConf> = self
            .masters
            .iter()
            .zip(&initial)
            .map(|(master, addr)| MasterConf { addr: *addr, ..master.conf.clone() })
            .collect();
        let mut sentinels = Vec::new();
        for number in 1..=self.sentinels {
            let name = format!("sentinel-{number}");
            let (host, addr) = places.put(&name, Ip(SENTINELS + number), self.sentinel.port);
            sentinels.push(addr);
            let known = self.known_as(&places.hosts[host], addr);
            let conf = SentinelConf {
                port: addr.port,
                announce: (known != addr).then_some(known).or(self.sentinel.announce),
                masters: monitored.clone(),
                ..self.sentinel.clone()
            };
            processes.push(Process { name, host, addr, kind: ProcessKind::Sentinel(conf), late: false });
        }
        let mut number = 0;
        for client in &self.clients {
            for name in &client.members {
                let (host, addr) = places.put(name, client_ip(number), 0);
                let conf = ClientConf {
                    number,
                    profile: client.profile.clone(),
                    workload: client.workload.clone(),
                    sentinels: client.sentinels.iter().map(|index| sentinels[*index as usize]).collect(),
                    server: client.server.map(|index| servers[index as usize]),
                    master: self.masters[client.master].conf.name.clone(),
                    password: client.password.clone(),
                    sentinel_password: client.sentinel_password.clone(),
                };
                processes.push(Process {
                    name: name.clone(),
                    host,
                    addr,
                    kind: ProcessKind::Client(Box::new(conf)),
                    late: false,
                });
                number += 1;
            }
        }
        for (number, name) in self.apps.iter().enumerate() {
            let (host, addr) = places.put(name, app_ip(number as u32), 0);
            processes.push(Process { name: name.clone(), host, addr, kind: ProcessKind::App, late: false });
        }
        for (name, offset) in &self.clock_offsets {
            let of_process = processes.iter().find(|process| process.name == *name).map(|process| process.host);
            let host = of_process.or_else(|| places.hosts.iter().position(|host| host.name == *name));
            if let Some(host) = host {
                places.hosts[host].clock_offset = *offset;
            }
        }
        processes.iter_mut().for_each(|process| process.late = self.late.contains(&process.name));
        (places.hosts, processes)
    }
}

/// Sentinel n has the address after this many: 10.77.0.(20+n).
const SENTINELS: u32 = 0x0a4d_0014;

/// Server n: 10.77.0.(10+n) for the first ten, then 10.77.100.n, out of the way of the Sentinels.
fn redis_ip(number: u32) -> Ip {
    Ip(if number <= 10 { 0x0a4d_000a + number } else { 0x0a4d_6400 + number })
}

/// Clients, counted from 0: 250 addresses from 10.77.1.1 on, then 10.77.2.1 and so on.
fn client_ip(number: u32) -> Ip {
    Ip(0x0a4d_0100 + (number / 250) * 256 + number % 250 + 1)
}

/// Applications outside, counted from 0: 250 addresses from 10.77.200.1 on, then 10.77.201.1 and so on.
fn app_ip(number: u32) -> Ip {
    Ip(0x0a4d_c801 + (number / 250) * 256 + number % 250)
}

/// Where processes are put: hosts as they fill up.
struct Places {
    hosts: Vec<Host>,
    by_name: BTreeMap<String, usize>,
    /// Process to host, for processes that do not have a host of their own name.
    placed: BTreeMap<String, String>,
    ports: BTreeMap<usize, Vec<u16>>,
}

impl Places {
    fn new(scenario: &Scenario) -> Places {
        let mut placed: BTreeMap<String, String> = BTreeMap::new();
        for (host, processes) in &scenario.hosts {
            placed.extend(processes.iter().map(|process| (process.clone(), host.clone())));
        }
        for client in &scenario.clients {
            // A client's host may be named by a process on it.
            let Some(host) = client.host.as_ref().map(|host| placed.get(host).unwrap_or(host).clone()) else {
                continue;
            };
            placed.extend(client.members.iter().map(|member| (member.clone(), host.clone())));
        }
        Places { hosts: Vec::new(), by_name: BTreeMap::new(), placed, ports: BTreeMap::new() }
    }

    /// Puts a process on its host, which takes the address of the first process on it. A port that is taken there
    /// gives way to the next free one.
    fn put(&mut self, process: &str, ip: Ip, port: u16) -> (usize, Addr) {
        let name = self.placed.get(process).map_or(process, String::as_str);
        let host = match self.by_name.get(name) {
            Some(host) => *host,
            None => {
                self.hosts.push(Host { name: name.to_owned(), ip, clock_offset: Millis(0) });
                self.by_name.insert(name.to_owned(), self.hosts.len() - 1);
                self.hosts.len() - 1
            }
        };
        let ip = self.hosts[host].ip;
        if port == 0 {
            return (host, Addr { ip, port });
        }
        let taken = self.ports.entry(host).or_default();
        let mut port = port;
        while taken.contains(&port) {
            port = port.checked_add(1).unwrap_or(1024);
        }
        taken.push(port);
        (host, Addr { ip, port })
    }
}

/// A duration between both bounds, included. Takes a draw even if there is nothing to choose.
fn drawn(span: Span, draws: &mut dyn Draws) -> Millis {
    let choices = (span.high.0 - span.low.0) as u64 + 1;
    Millis(span.low.0 + draws.below(Purpose::Pacing, choices) as i64)
}

/// A fault with its durations drawn.
struct Drawn<'a> {
    trigger: Trigger,
    what: &'a What,
    lasts: Option<Millis>,
    origin: bool,
    /// Place in the file.
    number: usize,
}

/// The schedule. A fault with a time of its own, and those that hang on the one before them, stay together; such chains
/// are sorted by their times, equal ones in the order of the file. What ends a fault comes last, so that "the step
/// before" always means the fault before.
fn schedule(faults: &[Fault], hosts: &[Host], processes: &[Process], draws: &mut dyn Draws) -> Vec<Step> {
    let mut chains: Vec<(Millis, Vec<Drawn<'_>>)> = Vec::new();
    for (number, fault) in faults.iter().enumerate() {
        let (begins, trigger) = match &fault.when {
            When::At(at) => {
                let at = drawn(*at, draws);
                (Some(at), Trigger::At(at))
            }
            // Which step it follows is filled in below, once the order is known.
            When::ThenAfter(after) => (None, Trigger::AfterStep(usize::MAX, drawn(*after, draws))),
            When::On { event, after, cap } => {
                (None, Trigger::On { event: *event, after: drawn(*after, draws), cap: *cap })
            }
        };
        let lasts = drawn(fault.lasts.unwrap_or(Span::exactly(Millis(0))), draws);
        let origin = fault.origin;
        let step = Drawn { trigger, what: &fault.what, lasts: fault.lasts.map(|_| lasts), origin, number };
        match (begins, chains.last_mut()) {
            (None, Some((_, chain))) => chain.push(step),
            // An event before any time: first of all.
            (None, None) => chains.push((Millis(i64::MIN), vec![step])),
            (Some(at), _) => chains.push((at, vec![step])),
        }
    }
    chains.sort_by_key(|(at, _)| *at);
    // The chance of patterns, after everything else.
    let is_pattern = |fault: &Fault| matches!(fault.what, What::Pattern(_));
    let words: Vec<u64> =
        faults.iter().map(|fault| if is_pattern(fault) { draws.word(Purpose::Pacing) } else { 0 }).collect();
    let mut later: Vec<(usize, Part)> = Vec::new();
    let mut steps = Vec::new();
    let mut ends = Vec::new();
    for Drawn { mut trigger, what, lasts, origin, number } in chains.into_iter().flat_map(|(_, chain)| chain) {
        let index = steps.len();
        if let Trigger::AfterStep(before, _) = &mut trigger {
            *before = index - 1;
        }
        let (action, lasts) = match what {
            What::Pattern(pattern) => {
                let mut parts = parts(pattern, lasts, hosts, processes, words[number]).into_iter();
                let first = parts.next().map_or((Action::Heal, None), |first| (first.action, first.lasts));
                later.extend(parts.map(|part| (index, part)));
                first
            }
            _ => (action(what), lasts),
        };
        steps.push(Step { trigger, action, origin });
        if let Some(lasts) = lasts {
            ends.push(Step { trigger: Trigger::AfterStep(index, lasts), action: Action::Undo(index), origin: false });
        }
    }
    for (first, Part { after, action, lasts }) in later {
        let index = steps.len();
        steps.push(Step { trigger: Trigger::AfterStep(first, after), action, origin: false });
        if let Some(lasts) = lasts {
            ends.push(Step { trigger: Trigger::AfterStep(index, lasts), action: Action::Undo(index), origin: false });
        }
    }
    steps.extend(ends);
    steps
}

/// Every process has the bug.
fn plant(processes: &mut [Process], planted: Plant) {
    for process in processes {
        match &mut process.kind {
            ProcessKind::Redis(conf) => conf.planted = planted,
            ProcessKind::Sentinel(conf) => conf.planted = planted,
            ProcessKind::Client(conf) => conf.profile.planted = planted,
            ProcessKind::App => {}
        }
    }
}

pub(crate) fn action(what: &What) -> Action {
    match what.clone() {
        What::Start(targets) => Action::Start(targets),
        What::Kill(targets) => Action::Kill(targets),
        What::Stop(targets) => Action::Stop(targets),
        What::Restart(targets) => Action::Restart(targets),
        What::PowerLoss(targets) => Action::PowerLoss(targets),
        What::PowerOn(targets) => Action::PowerOn(targets),
        What::Pause(targets) => Action::Pause(targets),
        What::Stall(targets) => Action::Stall(targets),
        What::Resume(targets) => Action::Resume(targets),
        What::Partition(groups) => Action::Partition(groups),
        What::Drop(from, to) => Action::Drop(from, to),
        What::Isolate(targets) => Action::Isolate(targets),
        What::Heal => Action::Heal,
        What::Link(link) => Action::Link(link),
        // Written out by `schedule`.
        What::Pattern(_) => Action::Heal,
        What::Dns { at, of, answers } => Action::Dns { at, of, answers },
        What::ClockStep(targets, by) => Action::ClockStep(targets, by),
        What::ClockDrift(targets, ppm) => Action::ClockDrift(targets, ppm),
        What::ClockFreeze(targets) => Action::ClockFreeze(targets),
        What::SentinelFailover(sentinel, master) => Action::SentinelFailover(sentinel, master),
        What::ConfigReadOnly(targets) => Action::ConfigReadOnly(targets),
        What::Fsync(targets, fault) => Action::Fsync(targets, fault),
        What::DiskFull(targets) => Action::DiskFull(targets),
        What::RestartWith(targets, found) => Action::RestartWith(targets, found),
        What::SnapshotsFail(targets) => Action::SnapshotsFail(targets),
        What::Command(targets, command) => Action::Command(targets, command),
    }
}
