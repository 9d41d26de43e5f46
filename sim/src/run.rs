//! One run: settle, a random phase, the fault schedule, a heal long enough for the protocol's own bounds, the final
//! reading. Ends early once everybody agrees again and nothing is left to happen.

mod stages;

use crate::film::Film;
use crate::link::HostIx;
use crate::process::Life;
use crate::record::{FaultAt, Record};
use crate::recorder::Recorder;
use crate::trace::Trace;
use crate::watch::{CALL_LOOK, Looks};
use crate::world::{Stop, World};
use splitbrain_checker::observations::{
    FinalRedis, FinalView, MasterSettings, NodeInfo, NodeIx, NodeKind, Observations,
};
use splitbrain_model::event::EventKind;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Addr, Input, Millis, Name, Nanos, TrueTime};
use splitbrain_scenarios::{ProcessKind, Resolved, Trigger};
use stages::Stage;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How often it is looked whether everybody agrees.
const POLL: Nanos = Nanos::from_millis(100);
/// Time between the starts of two processes.
const START_GAP: Nanos = Nanos::from_millis(20);
/// Clients end their last operation within this, and everything is read again as long after.
const WIND_DOWN: Nanos = Nanos::from_millis(300);

/// Numbers of calls: polling, steps, their caps, and deaths that follow a SIGTERM.
const CALL_POLL: u32 = 0;
const CALL_STEP: u32 = 1 << 8;
const CALL_CAP: u32 = 1 << 20;
pub(crate) const CALL_KILL: u32 = 1 << 24;

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    Waiting,
    Fired(TrueTime),
    Skipped,
}

/// Plays a resolved scenario.
pub fn run(scenario: &Resolved) -> Record {
    Run::new(Cow::Borrowed(scenario), false).play()
}

/// Plays a resolved scenario and keeps one line per event.
pub fn run_traced(scenario: &Resolved) -> Record {
    Run::new(Cow::Borrowed(scenario), true).play()
}

/// Plays a resolved scenario and keeps its messages.
pub fn run_filmed(scenario: &Resolved) -> Record {
    let mut run = Run::new(Cow::Borrowed(scenario), false);
    run.world.film = Some(Film::default());
    run.play()
}

/// Plays a resolved scenario until a moment as ever, and from then on with other chance: everything that is drawn depends on
/// the new seed too. The schedule stays.
pub fn run_reseeded(scenario: &Resolved, at: TrueTime, again: u64) -> Record {
    let mut run = Run::new(Cow::Borrowed(scenario), false);
    run.world.reseed_at(at, again);
    run.play()
}

/// A run while it goes on.
pub(crate) struct Run<'a> {
    pub(crate) scenario: Cow<'a, Resolved>,
    pub(crate) world: World,
    pub(crate) steps: Vec<StepState>,
    /// Processes each step was applied to, for its undoing.
    pub(crate) bound: Vec<Vec<u16>>,
    pub(crate) old_master: Option<u16>,
    pub(crate) leader: Option<u16>,
    pub(crate) old_leader: Option<u16>,
    pub(crate) looks: Option<Looks>,
    /// Servers that were told to sleep, and until when they do.
    pub(crate) asleep: BTreeMap<u16, TrueTime>,
    pub(crate) faults: Vec<FaultAt>,
    /// Processes that were sent SIGTERM, with the life it was meant for.
    pub(crate) terminated: Vec<(u16, u32)>,
    /// The step that waits for an event, or for everybody to agree, and since when.
    pub(crate) awaiting: Option<(usize, TrueTime)>,
    /// The first switch after the origin.
    pub(crate) first_switch: Option<TrueTime>,
    /// Whether the step that is the origin of times was played.
    pub(crate) origin: Option<TrueTime>,
    stable_since: Option<TrueTime>,
    /// Processes to be started once they have ended.
    pub(crate) restarts_due: Vec<u16>,
    /// Where it is.
    stage: Stage,
    /// Somebody outside keeps it from ending.
    pub(crate) held: bool,
}

impl<'a> Run<'a> {
    pub(crate) fn new(scenario: Cow<'a, Resolved>, traced: bool) -> Run<'a> {
        let mut world = World::new(&scenario, Recorder::new(describe(&scenario)));
        world.trace = traced.then(Trace::default);
        let mut watched = vec![EventKind::ElectedLeader];
        watched.extend(scenario.schedule.iter().filter_map(|step| match step.trigger {
            Trigger::On { event, .. } | Trigger::OnPayload { event, .. } => Some(event),
            Trigger::AfterSwitch { .. } => Some(EventKind::SwitchMaster),
            _ => None,
        }));
        world.watch(watched);
        Run {
            world,
            steps: vec![StepState::Waiting; scenario.schedule.len()],
            bound: vec![Vec::new(); scenario.schedule.len()],
            scenario,
            old_master: None,
            leader: None,
            old_leader: None,
            looks: None,
            asleep: BTreeMap::new(),
            faults: Vec::new(),
            terminated: Vec::new(),
            awaiting: None,
            first_switch: None,
            origin: None,
            stable_since: None,
            restarts_due: Vec::new(),
            stage: Stage::Schedule,
            held: false,
        }
    }

    fn play(mut self) -> Record {
        let settled = self.settle();
        if settled {
            self.begin();
            while !self.is_over() {
                self.step(TrueTime(u64::MAX));
            }
        }
        self.finish(settled)
    }

    /// Starts everything and waits until all views are stable. The first synchronisation is not delayed, as in the
    /// recordings; the configured delay holds from then on.
    pub(crate) fn settle(&mut self) -> bool {
        let limit = TrueTime(self.scenario.plan.settle_limit.nanos().0);
        let mut redis: Vec<u16> = self.of_kind(NodeKind::Redis);
        redis.retain(|&p| !self.is_late(p));
        let configured = self.world.undelayed_first_sync();
        for (i, &p) in redis.iter().enumerate() {
            self.world.start(p, Nanos(START_GAP.0 * i as u64));
        }
        if !self.advance_until(limit, |run| run.replicas_linked()) {
            return false;
        }
        let mut sentinels = self.of_kind(NodeKind::Sentinel);
        sentinels.retain(|&p| !self.is_late(p));
        for (i, &p) in sentinels.iter().enumerate() {
            match self.scenario.plan.starts.get(i) {
                Some(up) => self.world.start_up_at(p, up.nanos()),
                None => self.world.start(p, Nanos(START_GAP.0 * i as u64)),
            }
        }
        if !self.advance_until(limit, |run| run.everybody_known() && run.is_stable()) {
            return false;
        }
        if self.scenario.plan.lag > Millis(0) {
            self.advance(self.scenario.plan.lag);
        }
        self.world.restore_sync_delay(&configured);
        for p in self.of_kind(NodeKind::Client) {
            self.world.start(p, Nanos::ZERO);
        }
        self.advance(self.scenario.plan.phase);
        true
    }

    fn advance_until(&mut self, limit: TrueTime, done: impl Fn(&Run<'_>) -> bool) -> bool {
        while !done(self) {
            if self.world.now() >= limit {
                return false;
            }
            let next = self.world.now() + POLL;
            while self.world.advance(next).is_some() {}
        }
        true
    }

    fn advance(&mut self, by: Millis) {
        let until = self.world.now() + by.nanos();
        while self.world.advance(until).is_some() {}
    }

    /// Arms the first waiting step that hangs on an event, once the step before it is over.
    fn await_next(&mut self, since: TrueTime) {
        let next = self.steps.iter().position(|state| *state == StepState::Waiting);
        self.awaiting = None;
        let Some(i) = next else { return };
        match self.scenario.schedule[i].trigger {
            Trigger::On { cap, .. } | Trigger::OnPayload { cap, .. } => {
                self.awaiting = Some((i, since));
                self.world.call_at(since + cap.nanos(), CALL_CAP + i as u32);
            }
            Trigger::AfterSwitch { .. } => {
                self.awaiting = Some((i, since));
                self.arm_after_switch();
            }
            Trigger::AfterStable { .. } => self.awaiting = Some((i, since)),
            Trigger::At(_) | Trigger::AfterStep(..) => {}
        }
    }

    /// Has this step fire at this time, or now if that has passed.
    pub(crate) fn fire_at(&mut self, at: TrueTime, i: usize) {
        self.world.call_at(at, CALL_STEP + i as u32);
    }

    fn on_stop(&mut self, stop: Stop) {
        match stop {
            Stop::Call(CALL_POLL) => {
                self.poll();
                self.fire_if_stable();
                self.world.call_at(self.world.now() + POLL, CALL_POLL);
            }
            Stop::Call(id) if id >= CALL_LOOK => self.look_again(id),
            Stop::Call(id) if id >= CALL_KILL => self.kill_terminated((id - CALL_KILL) as usize),
            Stop::Call(id) if id >= CALL_CAP => self.cap((id - CALL_CAP) as usize),
            Stop::Call(id) => self.fire((id - CALL_STEP) as usize),
            Stop::Event(kind, node) => self.on_event(kind, node),
            Stop::App => {}
        }
    }

    fn on_event(&mut self, kind: EventKind, node: NodeIx) {
        if kind == EventKind::ElectedLeader {
            self.leader = Some(node.0);
        }
        if kind == EventKind::SwitchMaster && self.origin.is_some() && self.first_switch.is_none() {
            self.first_switch = Some(self.world.now());
            self.arm_after_switch();
        }
        let Some((i, _)) = self.awaiting else { return };
        let after = match &self.scenario.schedule[i].trigger {
            Trigger::On { event, after, .. } if *event == kind => *after,
            Trigger::OnPayload { event, payload, after, .. }
                if *event == kind && self.payload_begins(kind, node, payload) =>
            {
                *after
            }
            _ => return,
        };
        self.awaiting = None;
        (self.leader, self.old_leader) = (Some(node.0), Some(node.0));
        self.fire_at(self.world.now() + after.nanos(), i);
    }

    /// The event a step waited for did not come: it is skipped, and with it all that hangs on it.
    fn cap(&mut self, i: usize) {
        if self.awaiting.map(|(step, _)| step) != Some(i) {
            return;
        }
        self.steps[i] = StepState::Skipped;
        for (j, step) in self.scenario.schedule.iter().enumerate().skip(i + 1) {
            if let Trigger::AfterStep(before, _) = step.trigger
                && self.steps[before] == StepState::Skipped
            {
                self.steps[j] = StepState::Skipped;
            }
        }
        self.await_next(self.world.now());
    }

    pub(crate) fn fire(&mut self, i: usize) {
        let now = self.world.now();
        if self.steps[i] != StepState::Waiting {
            return;
        }
        if self.faults.is_empty() || self.scenario.schedule[i].origin {
            self.world.recorder.seen.t0 = now;
        }
        if self.scenario.schedule[i].origin {
            self.origin = Some(now);
        }
        self.world.recorder.seen.last_disturbance = now;
        self.steps[i] = StepState::Fired(now);
        self.stable_since = None;
        let what = self.apply(i);
        self.faults.push(FaultAt { at: now, step: i, what });
        self.note_paths();
        for (j, step) in self.scenario.schedule.iter().enumerate() {
            if let Trigger::AfterStep(before, delay) = step.trigger
                && before == i
            {
                self.world.call_at(now + delay.nanos(), CALL_STEP + j as u32);
            }
        }
        if self.awaiting.is_none() {
            self.await_next(now);
        }
    }

    fn poll(&mut self) {
        for p in std::mem::take(&mut self.restarts_due) {
            self.start_when_dead(p);
        }
        if !self.faults.is_empty() && self.is_disturbed() {
            self.world.recorder.seen.last_disturbance = self.world.now();
        }
        self.stable_since = match self.restarts_due.is_empty() && self.is_stable() {
            true => self.stable_since.or(Some(self.world.now())),
            false => None,
        };
    }

    /// Lets clients end, reads everything, closes the record.
    pub(crate) fn finish(mut self, settled: bool) -> Record {
        let stopped = self.world.now();
        // A link that is renewed while clients wind down takes no agreement back.
        let agreed = self.stable_since;
        for p in self.of_kind(NodeKind::Client) {
            self.world.signal(p, Input::Operator(OperatorCommand::StopWorkload));
        }
        let end = self.world.now() + Nanos(WIND_DOWN.0 * 2);
        while let Some(stop) = self.world.advance(end) {
            self.on_stop(stop);
        }
        self.poll();
        self.world.end_tapes();
        let (final_redis, final_views) = (self.final_redis(), self.final_views());
        let sentinel_traffic = self.sentinel_traffic();
        let film = self.world.finish_film();
        let World { recorder, trace, .. } = &mut self.world;
        let (trace, recorder) = (trace.take(), std::mem::take(recorder));
        let (mut seen, log) = recorder.finish();
        // What clients complete while they wind down is part of the history; the time of it is not part of the run.
        seen.end = stopped;
        seen.settled = settled;
        if self.faults.is_empty() {
            seen.t0 = seen.end;
            seen.last_disturbance = seen.end;
        }
        seen.converged = agreed.or(self.stable_since);
        seen.final_redis = final_redis;
        seen.final_views = final_views;
        Record {
            seed: self.scenario.seed,
            observations: seen,
            log,
            faults: self.faults,
            sentinel_traffic,
            digest: self.world.digest(),
            checkpoints: self.world.checkpoints().to_vec(),
            events: self.world.events(),
            trace: trace.map(|trace| trace.text),
            film,
        }
    }

    fn final_redis(&self) -> Vec<FinalRedis> {
        let read = |p: u16| {
            let proc = &self.world.procs()[usize::from(p)];
            let node = proc.redis();
            FinalRedis {
                node: NodeIx(p),
                running: node.is_some() && proc.life == Life::Running,
                replica_of: node.and_then(|node| node.replica_of()).map(|addr| self.numbered(addr)),
                link_up: node.is_some_and(|node| node.link_up()),
                lineage: node.map(|node| node.lineage()).unwrap_or_default(),
                data: node.map(|node| node.dataset().clone()).unwrap_or_default(),
            }
        };
        self.of_kind(NodeKind::Redis).into_iter().map(read).collect()
    }

    /// What each Sentinel that has a host of its own has sent and received, divided by the time of the run.
    fn sentinel_traffic(&self) -> Vec<u64> {
        let seconds = (self.world.now().0 / 1_000_000_000).max(1);
        let procs = self.world.procs();
        let alone = |p: &u16| {
            let host = procs[usize::from(*p)].host;
            procs.iter().filter(|other| other.host == host).count() == 1
        };
        let sentinels = self.of_kind(NodeKind::Sentinel).into_iter().filter(alone);
        sentinels.map(|p| self.world.links().bytes_of(procs[usize::from(p)].host) / seconds).collect()
    }

    fn final_views(&self) -> Vec<FinalView> {
        let mut views = Vec::new();
        for p in self.of_kind(NodeKind::Sentinel) {
            let Some(sentinel) = self.running_sentinel(p) else {
                continue;
            };
            for i in 0..sentinel.masters() {
                let view = sentinel.view(i);
                views.push(FinalView {
                    node: NodeIx(p),
                    master: view.name,
                    addr: self.numbered(view.addr),
                    config_epoch: view.config_epoch,
                    current_epoch: sentinel.current_epoch(),
                    plain: view.plain,
                });
            }
        }
        views
    }

    /// Records which paths between Sentinels and servers are open.
    fn note_paths(&mut self) {
        let now = self.world.now();
        let host = |world: &World, p: u16| world.procs()[usize::from(p)].host;
        for s in self.of_kind(NodeKind::Sentinel) {
            for r in self.of_kind(NodeKind::Redis) {
                let (a, b): (HostIx, HostIx) = (host(&self.world, s), host(&self.world, r));
                let open = self.world.links().open(a, b) && self.world.links().open(b, a);
                self.world.recorder.path(now, NodeIx(s), NodeIx(r), open);
            }
        }
    }

    // ---- views ----

    pub(crate) fn of_kind(&self, kind: NodeKind) -> Vec<u16> {
        let processes = self.scenario.processes.iter().enumerate();
        processes.filter(|(_, process)| kind_of(&process.kind) == kind).map(|(i, _)| i as u16).collect()
    }

    /// An address in numbers, whatever a node calls it.
    pub(crate) fn numbered(&self, addr: Addr) -> Addr {
        self.world.recorder.numbered(addr)
    }

    /// Whether it is late and no step has started it yet: it has no configuration, and nothing restarts it.
    pub(crate) fn never_started(&self, p: u16) -> bool {
        self.is_late(p) && self.world.procs()[usize::from(p)].incarnation == 0
    }

    pub(crate) fn is_late(&self, p: u16) -> bool {
        self.scenario.processes[usize::from(p)].late
    }

    pub(crate) fn is_running(&self, p: u16) -> bool {
        self.world.procs()[usize::from(p)].life == Life::Running
    }

    pub(crate) fn running_sentinel(&self, p: u16) -> Option<&splitbrain_model::sentinel::Sentinel> {
        let proc = &self.world.procs()[usize::from(p)];
        proc.sentinel().filter(|_| proc.life == Life::Running)
    }

    /// The server most running Sentinels name as this master; the initial one if none does.
    pub(crate) fn current_master(&self, name: &Name) -> Option<u16> {
        let (_, servers) = self.scenario.masters.iter().find(|(master, _)| master == name)?;
        let mut named: Vec<(usize, Addr)> = Vec::new();
        for p in self.of_kind(NodeKind::Sentinel) {
            let Some(sentinel) = self.running_sentinel(p) else {
                continue;
            };
            for view in (0..sentinel.masters()).map(|i| sentinel.view(i)).filter(|view| view.name == *name) {
                let named_addr = self.numbered(view.addr);
                match named.iter_mut().find(|(_, addr)| *addr == named_addr) {
                    Some((count, _)) => *count += 1,
                    None => named.push((1, named_addr)),
                }
            }
        }
        // The first of those named most often.
        let most = named.iter().map(|(count, _)| *count).max();
        let addr = named.iter().find(|(count, _)| Some(*count) == most).map(|(_, addr)| *addr);
        let at = |addr| self.world.recorder.node_at(addr).map(|node| node.0);
        addr.and_then(at).or(servers.first().map(|&p| p as u16))
    }

    fn replicas_linked(&self) -> bool {
        self.scenario.masters.iter().all(|(_, servers)| {
            let mut servers = servers.iter().filter(|&&p| !self.is_late(p as u16)).enumerate();
            servers.all(|(i, &p)| {
                let node = self.world.procs()[p].redis();
                node.is_some_and(|node| if i == 0 { !node.loading() } else { node.link_up() })
            })
        })
    }

    fn everybody_known(&self) -> bool {
        let mut sentinels = self.of_kind(NodeKind::Sentinel);
        sentinels.retain(|&p| !self.is_late(p));
        sentinels.iter().all(|&p| {
            let Some(sentinel) = self.running_sentinel(p) else {
                return false;
            };
            (0..sentinel.masters()).map(|i| sentinel.view(i)).all(|view| {
                let servers = self.scenario.masters.iter().find(|(name, _)| *name == view.name);
                let first = |servers: &[usize]| servers.iter().filter(|&&p| !self.is_late(p as u16)).count();
                let replicas = servers.map_or(0, |(_, servers)| first(servers).saturating_sub(1));
                let others = sentinels.iter().filter(|&&other| self.monitors(other, &view.name)).count() - 1;
                view.slaves as usize == replicas && view.other_sentinels as usize == others
            })
        })
    }

    fn monitors(&self, p: u16, name: &Name) -> bool {
        match &self.scenario.processes[usize::from(p)].kind {
            ProcessKind::Sentinel(conf) => conf.masters.iter().any(|master| master.name == *name),
            _ => false,
        }
    }
}

/// What kind of process it is.
pub(crate) fn kind_of(kind: &ProcessKind) -> NodeKind {
    match kind {
        ProcessKind::Redis(_) => NodeKind::Redis,
        ProcessKind::Sentinel(_) => NodeKind::Sentinel,
        ProcessKind::Client(_) | ProcessKind::App => NodeKind::Client,
    }
}

/// The part of the observations that is known before the run.
pub fn describe(scenario: &Resolved) -> Observations {
    let nodes = scenario.processes.iter().map(|process| NodeInfo {
        name: process.name.clone(),
        kind: kind_of(&process.kind),
        addr: process.addr,
        host: scenario.hosts[process.host].name.clone(),
    });
    let masters = scenario.masters.iter().filter_map(|(name, servers)| {
        let monitoring = |process: &splitbrain_scenarios::Process| match &process.kind {
            ProcessKind::Sentinel(conf) => conf.masters.iter().find(|master| master.name == *name).cloned(),
            _ => None,
        };
        let conf = scenario.processes.iter().find_map(monitoring)?;
        let redis = match &scenario.processes[*servers.first()?].kind {
            ProcessKind::Redis(conf) => conf.clone(),
            _ => return None,
        };
        let sentinels = scenario.processes.iter().enumerate().filter(|(_, process)| monitoring(process).is_some());
        Some(MasterSettings {
            name: name.clone(),
            initial: NodeIx(servers[0] as u16),
            redis: servers.iter().map(|&p| NodeIx(p as u16)).collect(),
            sentinels: sentinels.map(|(i, _)| NodeIx(i as u16)).collect(),
            quorum: conf.quorum,
            down_after: conf.down_after,
            failover_timeout: conf.failover_timeout,
            parallel_syncs: conf.parallel_syncs,
            min_replicas_to_write: redis.min_replicas_to_write,
            min_replicas_max_lag: redis.min_replicas_max_lag,
            repl_timeout: redis.repl_timeout,
        })
    });
    Observations { nodes: nodes.collect(), masters: masters.collect(), ..Observations::default() }
}
