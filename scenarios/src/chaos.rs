//! Random schedules: which faults a seed meets, drawn from families with weights, under a budget. What comes out is a
//! schedule like any other, written out step by step, so that it can be looked at, edited and shrunk.
//!
//! The `survivable` budget keeps, at every moment, a majority of the Sentinels and of every master one server in peace,
//! each of them long enough after its last fault to have caught up, and all of them connected. A real deployment has to
//! get through that: what is violated nevertheless is a hazard or a bug. Knows nothing of what a fault does.

mod hardware;

use crate::environment::Dist;
use crate::reader::Span;
use crate::resolved::{Action, Host, Link, Process, ProcessKind, Step, Target, Trigger};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::operator::SentinelCommand;
use splitbrain_model::{Draws, Millis, Name, Nanos, Purpose};

/// A kind of random fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// A process is killed and restarted.
    Crash,
    /// A process is told to end, and restarted.
    Stop,
    /// A host loses power and boots again.
    Power,
    /// A process is stopped with SIGSTOP and woken.
    Pause,
    /// One host is cut off.
    Isolate,
    /// The hosts are split in two.
    Partition,
    /// What one host sends is lost; it still receives.
    Deaf,
    /// One host is cut off again and again, for less than a second each time.
    Flap,
    /// Links of one host get slow.
    Slow,
    /// Links of one host lose packets.
    Loss,
    /// The wall clock of one process jumps.
    Clock,
    /// A server is blocked with DEBUG SLEEP.
    Sleep,
    /// Configuration files of one process cannot be replaced.
    Unwritable,
    /// An operator types SENTINEL FAILOVER.
    Failover,
    /// An operator types SENTINEL RESET.
    Reset,
    /// The clocks of one process run too fast or too slow.
    Drift,
    /// The wall clock of one process stands still, and jumps on.
    Freeze,
    /// A host stands still with its kernel.
    Stall,
    /// The disk of one process is slow.
    Fsync,
    /// The disk of one process fails, and the process is restarted when it works again.
    Broken,
    /// The disk of one process is full, and the process is restarted when there is room again.
    Full,
    /// The disk of one process reports success and loses everything on power loss.
    Lies,
    /// Links from one host get slow; the way back does not.
    Lopsided,
    /// Links of one host let few bytes pass.
    Narrow,
}

impl Family {
    /// Whether `families = "all"` means this one: not what operators type, nor disks that lie (H9).
    pub fn is_common(self) -> bool {
        !matches!(self, Family::Failover | Family::Reset | Family::Lies)
    }

    /// All of them, by their names in scenario files, and whether they take part where nothing is said. What operators
    /// type does not: real Sentinel has known hazards there (H4, H8, H10), and asking for them is a decision. Nor do those
    /// of clocks, disks and hosts that came later, so that schedules stay what they were.
    pub const ALL: &[(&str, Family, bool)] = &[
        ("crash", Family::Crash, true),
        ("stop", Family::Stop, true),
        ("power", Family::Power, true),
        ("pause", Family::Pause, true),
        ("isolate", Family::Isolate, true),
        ("partition", Family::Partition, true),
        ("deaf", Family::Deaf, true),
        ("flap", Family::Flap, true),
        ("slow", Family::Slow, true),
        ("loss", Family::Loss, true),
        ("clock", Family::Clock, true),
        ("sleep", Family::Sleep, true),
        ("unwritable", Family::Unwritable, true),
        ("failover", Family::Failover, false),
        ("reset", Family::Reset, false),
        ("drift", Family::Drift, false),
        ("freeze", Family::Freeze, false),
        ("stall", Family::Stall, false),
        ("fsync", Family::Fsync, false),
        ("broken", Family::Broken, false),
        ("full", Family::Full, false),
        ("lies", Family::Lies, false),
        ("lopsided", Family::Lopsided, false),
        ("narrow", Family::Narrow, false),
    ];
}

/// What must stay in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// A majority of the Sentinels, and of every master one server that has caught up.
    Survivable,
    /// Nothing.
    Unbounded,
}

/// `[chaos]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// Families with their weights, in the order of [`Family::ALL`]; none with weight 0.
    pub families: Vec<(Family, u32)>,
    /// How many faults a schedule has: at least, at most.
    pub intensity: (u32, u32),
    /// Between the beginnings of two faults.
    pub spacing: Span,
    /// How long a fault lasts.
    pub lasts: Span,
    /// What must stay in peace.
    pub budget: Budget,
    /// Whether each seed switches half of the families off, so that the others meet more often.
    pub swarm: bool,
}

/// What a schedule is drawn for.
pub struct Ground<'a> {
    /// Hosts.
    pub hosts: &'a [Host],
    /// Processes.
    pub processes: &'a [Process],
    /// Masters with the processes of their servers.
    pub masters: &'a [(Name, Vec<usize>)],
    /// How long a process needs after a fault until it is as good as before.
    pub recovery: Millis,
}

/// How often another target is tried where the budget forbids one.
const TRIES: u32 = 8;
/// A flap cuts for so long at most, and there are so many of them.
const FLAP: (Millis, u32) = (Millis(900), 4);

impl Chaos {
    /// The schedule for one seed. Draws with [`Purpose::Chaos`].
    pub fn schedule(&self, ground: &Ground<'_>, draws: &mut dyn Draws) -> Vec<Step> {
        let mut plan = Plan { ground, budget: self.budget, busy: Vec::new(), steps: Vec::new(), draws };
        let families = self.families_of_seed(&mut plan);
        let (least, most) = self.intensity;
        let count = least + plan.below(u64::from(most - least) + 1) as u32;
        let mut at = Millis(0);
        for number in 0..count {
            if number > 0 {
                at = Millis(at.0 + plan.span(self.spacing).0);
            }
            let lasts = plan.span(self.lasts);
            let family = plan.weighted(&families);
            for _ in 0..TRIES {
                if plan.place(family, at, lasts) {
                    break;
                }
            }
        }
        plan.written()
    }

    fn families_of_seed(&self, plan: &mut Plan<'_>) -> Vec<(Family, u32)> {
        if !self.swarm {
            return self.families.clone();
        }
        let chosen: Vec<(Family, u32)> = self.families.iter().copied().filter(|_| plan.below(2) == 0).collect();
        if chosen.is_empty() { self.families.clone() } else { chosen }
    }
}

/// A schedule that is being drawn.
struct Plan<'a> {
    ground: &'a Ground<'a>,
    budget: Budget,
    /// Which process is disturbed, from when until when it has recovered.
    busy: Vec<(usize, Millis, Millis)>,
    /// Time, what happens, and when it is undone.
    steps: Vec<(Millis, Action, Option<Millis>)>,
    draws: &'a mut dyn Draws,
}

impl Plan<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.draws.below(Purpose::Chaos, bound)
    }

    fn span(&mut self, span: Span) -> Millis {
        Millis(span.low.0 + self.below((span.high.0 - span.low.0) as u64 + 1) as i64)
    }

    fn weighted(&mut self, families: &[(Family, u32)]) -> Family {
        let total: u64 = families.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut at = self.below(total.max(1));
        for (family, weight) in families {
            if at < u64::from(*weight) {
                return *family;
            }
            at -= u64::from(*weight);
        }
        families[0].0
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.below(of.len() as u64) as usize]) }
    }

    /// Draws a target for this fault and puts it into the schedule, unless the budget forbids it.
    fn place(&mut self, family: Family, at: Millis, lasts: Millis) -> bool {
        let until = Millis(at.0 + lasts.0);
        match family {
            Family::Crash => self.on_process(at, until, Action::Kill),
            Family::Stop => self.on_process(at, until, Action::Stop),
            Family::Pause => self.on_process(at, until, Action::Pause),
            Family::Unwritable => self.on_process(at, until, Action::ConfigReadOnly),
            Family::Power => self.on_host(at, until, |host, _| Action::PowerLoss(host)),
            Family::Isolate => self.on_host(at, until, |host, _| Action::Isolate(host)),
            Family::Deaf => self.on_host(at, until, Action::Drop),
            Family::Slow => {
                let latency = Dist::Fixed(Nanos::from_millis(1 + self.below(400)));
                self.on_host(at, until, |host, _| Action::Link(Link { latency: Some(latency), ..Link::of(host) }))
            }
            Family::Loss => {
                let loss_ppm = Some(10_000 * (1 + self.below(50)) as u32);
                self.on_host(at, until, |host, _| Action::Link(Link { loss_ppm, ..Link::of(host) }))
            }
            Family::Partition => self.partition(at, until),
            Family::Flap => self.flap(at, lasts),
            Family::Clock => self.clock(at),
            Family::Sleep => self.sleep(at, lasts),
            Family::Drift
            | Family::Freeze
            | Family::Stall
            | Family::Fsync
            | Family::Broken
            | Family::Full
            | Family::Lies
            | Family::Lopsided
            | Family::Narrow => self.place_hardware(family, at, until),
            Family::Failover => self.command(at, Action::SentinelFailover),
            Family::Reset => self.command(at, |sentinel, master| {
                let command = SentinelCommand::Reset(master.to_string());
                Action::Command(vec![sentinel], OperatorCommand::Sentinel(command))
            }),
        }
    }

    fn on_process(&mut self, at: Millis, until: Millis, action: impl FnOnce(Vec<Target>) -> Action) -> bool {
        let Some(process) = self.draw_process(|_| true) else { return false };
        let name = vec![self.name(process)];
        self.disturb(&[process], at, until) && self.put(at, action(name), Some(until))
    }

    /// A process that is a server or a Sentinel.
    fn draw_process(&mut self, wanted: impl Fn(&ProcessKind) -> bool) -> Option<usize> {
        let nodes = self.ground.processes.iter().enumerate();
        let is_node = |kind: &ProcessKind| !kind.is_application();
        let drawn = |p: &Process| is_node(&p.kind) && wanted(&p.kind) && !p.late;
        let nodes: Vec<usize> = nodes.filter(|(_, p)| drawn(p)).map(|(i, _)| i).collect();
        self.one(&nodes)
    }

    /// A fault of one host, with all on it; `action` is given the host, and all others.
    fn on_host(&mut self, at: Millis, until: Millis, action: impl FnOnce(Vec<Target>, Vec<Target>) -> Action) -> bool {
        let Some(process) = self.draw_process(|_| true) else { return false };
        let host = self.ground.processes[process].host;
        let others =
            (0..self.ground.hosts.len()).filter(|other| *other != host).map(|other| self.host(other)).collect();
        let on_it = self.on_hosts(&[host]);
        self.disturb(&on_it, at, until) && self.put(at, action(vec![self.host(host)], others), Some(until))
    }

    /// Two groups of hosts; the smaller one, by nodes, is the one that is disturbed.
    fn partition(&mut self, at: Millis, until: Millis) -> bool {
        let hosts = self.ground.hosts.len();
        let sides: Vec<bool> = (0..hosts).map(|_| self.below(2) == 0).collect();
        let group = |side: bool| (0..hosts).filter(|host| sides[*host] == side).collect::<Vec<usize>>();
        let (a, b) = (group(true), group(false));
        if a.is_empty() || b.is_empty() {
            return false;
        }
        let (near, far) = (self.on_hosts(&a), self.on_hosts(&b));
        let fits = self.disturb(&near, at, until) || self.disturb(&far, at, until);
        let named = |group: &[usize]| group.iter().map(|host| self.host(*host)).collect();
        let groups = vec![named(&a), named(&b)];
        fits && self.put(at, Action::Partition(groups), Some(until))
    }

    fn flap(&mut self, at: Millis, lasts: Millis) -> bool {
        let Some(process) = self.draw_process(|_| true) else { return false };
        let host = self.ground.processes[process].host;
        let (longest, most) = FLAP;
        let count = 2 + self.below(u64::from(most) - 1) as i64;
        let period = (lasts.0 / count).max(2);
        let until = Millis(at.0 + period * count);
        let on_it = self.on_hosts(&[host]);
        if !self.disturb(&on_it, at, until) {
            return false;
        }
        for turn in 0..count {
            let from = Millis(at.0 + turn * period);
            let cut = 1 + self.below((period.min(longest.0) - 1).max(1) as u64) as i64;
            self.put(from, Action::Isolate(vec![self.host(host)]), Some(Millis(from.0 + cut)));
        }
        true
    }

    /// A step of a tenth of a second up to a quarter of a minute, forward or back. A Sentinel may be in TILT for 30 s.
    fn clock(&mut self, at: Millis) -> bool {
        let Some(process) = self.draw_process(|_| true) else { return false };
        let size = 100 << self.below(8);
        let by = Millis(if self.below(2) == 0 { size } else { -size });
        let name = vec![self.name(process)];
        self.disturb(&[process], at, Millis(at.0 + 30_000)) && self.put(at, Action::ClockStep(name, by), None)
    }

    fn sleep(&mut self, at: Millis, lasts: Millis) -> bool {
        let Some(process) = self.draw_process(|kind| matches!(kind, ProcessKind::Redis(_))) else { return false };
        // Sleeps queue up, and would go on long after the last fault.
        if self.busy.iter().any(|(other, from, until)| *other == process && from.0 <= at.0 && at.0 < until.0) {
            return false;
        }
        let action = Action::Command(vec![self.name(process)], OperatorCommand::DebugSleep(lasts));
        self.disturb(&[process], at, Millis(at.0 + lasts.0)) && self.put(at, action, None)
    }

    fn command(&mut self, at: Millis, action: impl FnOnce(Target, Name) -> Action) -> bool {
        let Some(process) = self.draw_process(|kind| matches!(kind, ProcessKind::Sentinel(_))) else { return false };
        let masters: Vec<usize> = (0..self.ground.masters.len()).collect();
        let Some(master) = self.one(&masters) else { return false };
        let action = action(self.name(process), self.ground.masters[master].0.clone());
        self.put(at, action, None)
    }

    fn name(&self, process: usize) -> Target {
        Target::Named(self.ground.processes[process].name.clone())
    }

    fn host(&self, host: usize) -> Target {
        Target::Named(self.ground.hosts[host].name.clone())
    }

    fn on_hosts(&self, hosts: &[usize]) -> Vec<usize> {
        let processes = self.ground.processes.iter().enumerate();
        processes.filter(|(_, process)| hosts.contains(&process.host)).map(|(i, _)| i).collect()
    }

    /// Notes that these processes are disturbed, if they are in peace and the budget allows it.
    fn disturb(&mut self, processes: &[usize], from: Millis, until: Millis) -> bool {
        let until = Millis(until.0 + self.ground.recovery.0);
        if self.budget == Budget::Survivable {
            let meets = |&&(_, begin, end): &&(usize, Millis, Millis)| begin.0 < until.0 && from.0 < end.0;
            let mut down: Vec<usize> = self.busy.iter().filter(meets).map(|(process, ..)| *process).collect();
            down.extend(processes);
            if !self.survives(&down) {
                return false;
            }
        }
        self.busy.extend(processes.iter().map(|process| (*process, from, until)));
        true
    }

    fn survives(&self, down: &[usize]) -> bool {
        let is_sentinel = |p: &&usize| matches!(self.ground.processes[**p].kind, ProcessKind::Sentinel(_));
        let all = 0..self.ground.processes.len();
        let all: Vec<usize> = all.filter(|p| !self.ground.processes[*p].late).collect();
        let sentinels = all.iter().filter(is_sentinel).count();
        let up = all.iter().filter(is_sentinel).filter(|p| !down.contains(p)).count();
        let served = |(_, servers): &(Name, Vec<usize>)| {
            servers.iter().any(|server| all.contains(server) && !down.contains(server))
        };
        up * 2 > sentinels && self.ground.masters.iter().all(served)
    }

    fn put(&mut self, at: Millis, action: Action, until: Option<Millis>) -> bool {
        self.steps.push((at, action, until));
        true
    }

    /// The schedule: steps by time, then what undoes them.
    fn written(mut self) -> Vec<Step> {
        self.steps.sort_by_key(|(at, ..)| *at);
        let mut steps = Vec::new();
        let mut ends = Vec::new();
        for (index, (at, action, until)) in self.steps.into_iter().enumerate() {
            steps.push(Step { trigger: Trigger::At(at), action, origin: false });
            if let Some(until) = until {
                let trigger = Trigger::AfterStep(index, Millis(until.0 - at.0));
                ends.push(Step { trigger, action: Action::Undo(index), origin: false });
            }
        }
        steps.extend(ends);
        steps
    }
}
