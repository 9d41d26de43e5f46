//! Lives of processes and hosts: starting, dying, being stopped and woken, losing power. What faults do to the world.

use super::{Event, World, request_run};
use crate::app::Mailbox;
use crate::chance::{ProcessDraws, Stream};
use crate::client_tape::{TapedClient, began};
use crate::clock::ProcessClock;
use crate::disk::ProcessDisk;
use crate::link::HostIx;
use crate::process::{AnyNode, Life, Proc};
use crate::server_tape::{self, TapedRedis};
use crate::tape::TapedSentinel;
use crate::tcp::EndIx;
use splitbrain_checker::client_tape::Taped;
use splitbrain_checker::observations::{NodeIx, Presence, RestartAt};
use splitbrain_checker::server_tape::Counts;
use splitbrain_checker::tape::What;
use splitbrain_model::client::Client;
use splitbrain_model::redis::Redis;
use splitbrain_model::sentinel::Sentinel;
use splitbrain_model::{Effects, Env, Input, Millis, Nanos, TrueTime};
use splitbrain_scenarios::{Dist, Found, FsyncFault, Process, ProcessKind};

/// Less memory than takes so long to free makes no difference.
const FREED_AT_ONCE: Nanos = Nanos::from_millis(1);

impl World {
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
        let delay = proc.wake.duration(&self.environment.start_up);
        self.launch(p, self.now + after + delay);
    }

    /// Starts a process for the first time so that it is up within the millisecond after this time, for a recorded run
    /// whose log tells when it was.
    pub fn start_up_at(&mut self, p: u16, after: Nanos) {
        let proc = &mut self.procs[usize::from(p)];
        let within = proc.wake.duration(&Dist::Uniform(Nanos::ZERO, Nanos::from_millis(1)));
        self.launch(p, self.now + after + within);
    }

    fn launch(&mut self, p: u16, up: TrueTime) {
        self.move_host_of(p);
        let proc = &mut self.procs[usize::from(p)];
        proc.life = Life::Starting;
        proc.incarnation += 1;
        self.queue.push(up, Event::Start(p, proc.incarnation));
        self.note_name(p);
    }

    pub(super) fn on_start(&mut self, p: u16, life: u32) {
        let now = self.now;
        let World {
            procs,
            hosts,
            kinds,
            environment,
            chain,
            out,
            next_client_number,
            dns,
            taped,
            servers_taped,
            clients_taped,
            ..
        } = self;
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
        let mut names = dns.at(proc.host, now);
        let (wall, mono) = (proc.clock.wall(&clock, now), proc.clock.mono(&clock, now));
        let env = Env::new(wall, mono, &mut proc.draws, &mut disk).with_rates(proc.clock.rates());
        let mut env = env.with_resolver(&mut names);
        let node = match &mut kinds[usize::from(p)] {
            ProcessKind::Redis(_) => {
                if *servers_taped {
                    let wall = env.now();
                    let began = (wall, wall, Counts::default(), server_tape::began(&redis_files));
                    self.recorder.server_taped(now, NodeIx(p), began);
                }
                let appendfsync = redis_files.conf.appendfsync;
                let mut redis = Redis::start(redis_files, proc.addr, &mut env, out);
                if life == 1 {
                    redis.populate();
                }
                AnyNode::Redis(Box::new(TapedRedis::new(redis, *servers_taped, appendfsync)))
            }
            ProcessKind::Sentinel(conf) => {
                let conf = sentinel_conf.unwrap_or_else(|| conf.clone());
                if *taped {
                    let began = What::Began(Box::new(conf.clone()));
                    self.recorder.taped(now, NodeIx(p), env.now(), began);
                }
                let sentinel = Sentinel::start(conf, proc.addr, &mut env, out);
                AnyNode::Sentinel(Box::new(TapedSentinel::new(sentinel, *taped)))
            }
            ProcessKind::App => AnyNode::App(Mailbox::default()),
            ProcessKind::Client(conf) => {
                if life > 1 {
                    // A restarted application never writes a value of its former life again.
                    conf.number = *next_client_number;
                    *next_client_number += 1;
                }
                if *clients_taped {
                    let taped = Taped { at: now, mono, what: began(conf) };
                    self.recorder.client_tape(NodeIx(p)).push(taped);
                }
                let client = Client::start((**conf).clone(), &mut env, out);
                AnyNode::Client(Box::new(TapedClient::new(client, *clients_taped)))
            }
        };
        let elapsed = env.elapsed();
        if let (AnyNode::Redis(redis), true) = (&node, life > 1) {
            let redis = &redis.node;
            let (kept, lineage, data) = (proc.kept.take(), redis.lineage(), redis.dataset().clone());
            self.recorder.seen.restarts.push(RestartAt { at: now, node: NodeIx(p), kept, lineage, data });
        }
        if let AnyNode::Sentinel(sentinel) = &node {
            self.recorder.seen.sentinel_ids.push((NodeIx(p), sentinel.node.id()));
        }
        proc.node = Some(node);
        proc.next_conn = out.next_conn;
        self.recorder.started(now, NodeIx(p));
        if let Some(drawn) = proc.draws.take_drawn() {
            chain.word(drawn);
        }
        self.block(p, elapsed);
    }

    /// SIGKILL. The kernel frees the memory of a process before it closes its sockets (`do_exit`: `exit_mm` comes before
    /// `exit_files`), so that peers notice the death of a big server late. Measured on Linux 6.18: 0.8 ms for an empty
    /// one, 16 ms with 50 MB of data, 50 ms with 200 MB.
    pub fn kill(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        let memory = proc.redis().map_or(0, |redis| redis.dataset().memory_bytes());
        let lag = Nanos(((u128::from(self.environment.free_per_gib.0) * u128::from(memory)) >> 30) as u64);
        if lag < FREED_AT_ONCE || !matches!(proc.life, Life::Running | Life::Paused) {
            return self.die(p);
        }
        proc.life = Life::Exiting;
        proc.incarnation += 1;
        let life = proc.incarnation;
        self.chain.words([self.now.0, 0x701 | u64::from(p) << 32, lag.0]);
        self.queue.push(self.now + lag, Event::Exit(p, life));
        self.recorder.presence(self.now, NodeIx(p), Presence::Dead);
    }

    pub(super) fn on_exit(&mut self, p: u16, life: u32) {
        let proc = &self.procs[usize::from(p)];
        if proc.incarnation == life && proc.life == Life::Exiting {
            self.die(p);
        }
    }

    /// The end of a process: the kernel closes its sockets.
    pub fn die(&mut self, p: u16) {
        let proc = &mut self.procs[usize::from(p)];
        if proc.life == Life::Dead {
            return;
        }
        let known = proc.life == Life::Exiting;
        let conns = self.bury(p);
        let host = self.procs[usize::from(p)].host;
        for end in conns {
            if self.is_stalled(host) {
                self.hosts[usize::from(host)].held.push(Event::Close(end));
            } else {
                self.tcp.close(end, false, self.now);
            }
        }
        self.schedule_net();
        if !known {
            self.recorder.presence(self.now, NodeIx(p), Presence::Dead);
        }
    }

    /// Takes the life out of a process; returns its sockets.
    fn bury(&mut self, p: u16) -> Vec<EndIx> {
        self.chain.words([self.now.0, 0x700 | u64::from(p) << 32]);
        let proc = &mut self.procs[usize::from(p)];
        proc.kept = proc.keeps().map(|lineage| (self.now, lineage));
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
        proc.clogged.clear();
        let open = proc.conns.drain(..).filter(|&end| end != EndIx::MAX);
        let ends = open.chain(proc.accept_queue.drain(..)).collect();
        self.note_name(p);
        if matches!(self.kinds[usize::from(p)], ProcessKind::App) {
            self.apps.died((self.now, &mut self.recorder), p);
        }
        ends
    }

    /// Tells the name service whether a server or Sentinel is left on the host of a process.
    fn note_name(&mut self, p: u16) {
        let host = self.procs[usize::from(p)].host;
        let alive = |(proc, kind): (&Proc, &ProcessKind)| {
            proc.host == host && proc.life != Life::Dead && !kind.is_application()
        };
        if !self.kinds[usize::from(p)].is_application() {
            self.dns.set_alive(host, self.procs.iter().zip(&self.kinds).any(alive));
        }
    }

    /// SIGSTOP.
    pub fn pause(&mut self, p: u16) {
        if self.runs_after_stall(p, false) {
            return;
        }
        let proc = &mut self.procs[usize::from(p)];
        if proc.life == Life::Running {
            proc.life = Life::Paused;
            proc.disk.hold(self.now);
            self.chain.words([self.now.0, 0x800 | u64::from(p) << 32]);
            self.recorder.presence(self.now, NodeIx(p), Presence::Paused);
        }
    }

    /// SIGCONT. A process that was waiting in its poll runs its timers before it looks at its sockets; one that was
    /// in the middle of an iteration goes on with it.
    pub fn resume(&mut self, p: u16) {
        if self.runs_after_stall(p, true) {
            return;
        }
        let proc = &mut self.procs[usize::from(p)];
        if proc.life != Life::Paused {
            return;
        }
        proc.life = Life::Running;
        proc.disk.release();
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
        self.release(host);
        self.hosts[usize::from(host)].asleep.clear();
        self.tcp.links.set_power(host, false);
        for p in 0..self.procs.len() as u16 {
            if self.procs[usize::from(p)].host == host && self.procs[usize::from(p)].life != Life::Dead {
                self.bury(p);
                self.recorder.presence(self.now, NodeIx(p), Presence::Dead);
                self.change_disk(p, |disk, now| disk.power_loss(now));
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

    /// Makes snapshots of a process fail, or succeed again.
    pub fn set_snapshots_fail(&mut self, p: u16, fail: bool) {
        self.procs[usize::from(p)].disk.snapshots_fail = fail;
    }

    /// Puts a fault of fsync in force on the disk of a process, or ends it.
    pub fn set_fsync(&mut self, p: u16, fault: &FsyncFault, on: bool) {
        let now = self.now;
        let disk = &mut self.procs[usize::from(p)].disk;
        match fault {
            FsyncFault::Takes(dist) => disk.trouble.takes = on.then(|| dist.clone()),
            FsyncFault::Fails => disk.trouble.fails = on,
            FsyncFault::Lies if on => disk.begin_lying(now),
            // The cache has been written back.
            FsyncFault::Lies => disk.trouble.lying = None,
        }
    }

    /// Fills the disk of a process, or makes room on it.
    pub fn set_disk_full(&mut self, p: u16, full: bool) {
        self.procs[usize::from(p)].disk.trouble.full = full;
    }

    /// Keeps all configuration files as they are now, for restarts with the old ones.
    pub fn keep_configs(&mut self) {
        let now = self.now;
        self.procs.iter_mut().for_each(|proc| proc.disk.keep_configs(now));
    }

    /// Changes what a dead process finds when it is started again: its configuration, its data, the address of its host.
    pub fn change_files(&mut self, p: u16, found: &Found) {
        let proc = &mut self.procs[usize::from(p)];
        if !matches!(proc.life, Life::Dead | Life::Exiting) {
            return;
        }
        match found {
            // The file as such is as it was: none of what was saved is missing.
            Found::NewIdentity => return proc.disk.sentinel.iter_mut().for_each(|conf| conf.myid = None),
            Found::NewAddress => return self.hosts[usize::from(proc.host)].moves = true,
            Found::OldConfig | Found::FirstConfig | Found::NoData => {}
        }
        proc.kept = None;
        let first = self.kinds[usize::from(p)].clone();
        self.change_disk(p, |disk, _| match (found, first) {
            (Found::OldConfig, _) => disk.roll_back_configs(),
            (Found::FirstConfig, ProcessKind::Sentinel(conf)) => disk.sentinel = Some(conf),
            (Found::FirstConfig, ProcessKind::Redis(conf)) => disk.redis.conf = conf,
            (Found::NoData, _) => disk.lose_data(),
            _ => {}
        });
    }

    /// Changes the disk of a process; recorded if its configuration file is another then.
    fn change_disk(&mut self, p: u16, change: impl FnOnce(&mut ProcessDisk, TrueTime)) {
        let disk = &mut self.procs[usize::from(p)].disk;
        disk.settle(self.now);
        let before = (disk.sentinel.clone(), disk.redis.conf.clone());
        change(disk, self.now);
        if disk.sentinel != before.0 || disk.redis.conf != before.1 {
            self.recorder.lost_file(self.now, NodeIx(p), true);
        }
    }

    /// Steps the wall clock of one process.
    pub fn step_clock(&mut self, p: u16, by: Millis) {
        self.chain.words([self.now.0, 0x900 | u64::from(p) << 32, by.0 as u64]);
        self.procs[usize::from(p)].clock.step(by);
    }

    /// Lets the clocks of one process run too fast by so many parts per million, too slow if negative.
    pub fn drift_clock(&mut self, p: u16, ppm: i32) {
        self.chain.words([self.now.0, 0x901 | u64::from(p) << 32, ppm as u64]);
        let proc = &mut self.procs[usize::from(p)];
        proc.clock.drift(ppm, self.now);
        // When its next timer is due has changed.
        proc.armed = None;
        self.rearm(p);
    }

    /// Stops the wall clock of one process, or lets it jump to the right time.
    pub fn freeze_clock(&mut self, p: u16, frozen: bool) {
        self.chain.words([self.now.0, 0x902 | u64::from(p) << 32, u64::from(frozen)]);
        let clock = &mut self.procs[usize::from(p)].clock;
        if frozen { clock.freeze(self.now) } else { clock.thaw(self.now) }
    }
}

pub(super) fn new_proc(seed: u64, process: &Process) -> Proc {
    let (kind, sentinel, redis) = match &process.kind {
        ProcessKind::Redis(conf) => ("redis", None, Some(conf.clone())),
        ProcessKind::Sentinel(conf) => ("sentinel", Some(conf.clone()), None),
        ProcessKind::Client(_) => ("client", None, None),
        ProcessKind::App => ("app", None, None),
    };
    Proc {
        name: process.name.clone(),
        host: process.host as HostIx,
        addr: process.addr,
        life: Life::Dead,
        kept: None,
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
        clogged: Vec::new(),
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
