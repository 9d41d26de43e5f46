//! A scenario resolved for one seed: hosts, processes with their configuration, the fault schedule written out, and
//! how long to run. Plain data: the world plays it, people may edit it, a shrinker may shorten it.

use crate::environment::{Dist, Environment};
use serde::{Deserialize, Serialize};
use splitbrain_checker::Expectation;
use splitbrain_model::client::ClientConf;
use splitbrain_model::event::EventKind;
use splitbrain_model::files::{RedisConf, SentinelConf};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Addr, Ip, Millis, Name};
use std::fmt;

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its address.
    pub ip: Ip,
    /// What its wall clock is ahead of the others' from the beginning.
    #[serde(default)]
    pub clock_offset: Millis,
}

/// A process on a host.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name: `redis-1`, `sentinel-2`, or the client's name. Unique; keys its streams of chance.
    pub name: String,
    /// Index of its host.
    pub host: usize,
    /// Where it listens (a client: port 0).
    pub addr: Addr,
    /// What it is, with its configuration.
    pub kind: ProcessKind,
    /// It is no part of the cluster at the beginning; a step starts it, with the master of that moment in its
    /// configuration.
    pub late: bool,
}

/// What runs in a process.
#[derive(Clone, Debug)]
pub enum ProcessKind {
    /// redis-server with this configuration file.
    Redis(RedisConf),
    /// redis-sentinel with this configuration file.
    Sentinel(SentinelConf),
    /// An application.
    Client(Box<ClientConf>),
    /// An application whose code is outside the simulation.
    App,
}

impl ProcessKind {
    /// Whether it is an application: it listens nowhere, and no server or Sentinel knows of it.
    pub fn is_application(&self) -> bool {
        matches!(self, ProcessKind::Client(_) | ProcessKind::App)
    }
}

/// A group of processes by role or name. Roles are resolved when the step fires, from what most running Sentinels say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A process or a host (all processes on it) by name.
    Named(String),
    /// The master named by most running Sentinels; of the first monitored master, or of this one.
    Master(Option<Name>),
    /// The master as the last step that named `master` found it.
    OldMaster,
    /// The running replicas of that master, by process order; `Some(n)` for the n-th only, counted from 0.
    Replica(Option<u32>),
    /// The running Sentinels; `Some(n)` for the n-th only.
    Sentinel(Option<u32>),
    /// The Sentinel that emitted the event the step waited for, or was last elected.
    Leader,
    /// The Sentinel whose event a step last waited for, or that a step last named as leader: it stays the same when
    /// another one is elected.
    OldLeader,
    /// All clients.
    Clients,
    /// Everything not named elsewhere in the same partition.
    Rest,
}

/// When a step fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// So long after the beginning of the schedule.
    At(Millis),
    /// So long after the step at this index of the schedule fired.
    AfterStep(usize, Millis),
    /// So long after the first such event of any Sentinel since the previous step (or the beginning).
    On {
        /// Which event.
        event: EventKind,
        /// Delay after it.
        after: Millis,
        /// Skipped, with all that hangs on it, if the event has not come so long after the previous step.
        cap: Millis,
    },
    /// As `On`, for events whose payload begins with these words.
    OnPayload {
        /// Which event.
        event: EventKind,
        /// Beginning of its payload, names of processes in place of addresses: `master mymaster r1`.
        payload: String,
        /// Delay after it.
        after: Millis,
        /// As in `On`.
        cap: Millis,
    },
    /// Once so many times the span from the origin to the first `+switch-master` after it have passed since the origin,
    /// and in any case at the cap. Follows the step before it.
    AfterSwitch {
        /// The factor, in thousandths.
        factor: u32,
        /// Longest time after the origin.
        cap: Millis,
    },
    /// So long after everybody agrees, looked at from 1.5 s after the step before it on, and in any case as long after
    /// the cap.
    AfterStable {
        /// Delay after it.
        wait: Millis,
        /// Longest time after the origin, or after the step before it if there was no origin yet.
        cap: Millis,
    },
}

/// What becomes of a question for the address of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameAnswers {
    /// No answer comes: the caller blocks until its resolver gives up.
    Never,
    /// The answer is at once that there is no such name, or that the server cannot tell.
    Fails,
    /// The right answer comes after so long.
    Slow(Millis),
}

impl fmt::Display for NameAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameAnswers::Never => f.write_str("never answers"),
            NameAnswers::Fails => f.write_str("fails"),
            NameAnswers::Slow(after) => write!(f, "answers after {after}"),
        }
    }
}

/// What is wrong with fsync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FsyncFault {
    /// Each takes so long.
    Takes(Dist),
    /// Each reports an error (EIO).
    Fails,
    /// Each reports success and leaves everything in a cache that a power loss empties.
    Lies,
}

/// What a process that is started again finds: on its disk, or around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Its configuration file as it was at the beginning of the schedule.
    OldConfig,
    /// The configuration file it was deployed with, in place of one that was deleted.
    FirstConfig,
    /// A configuration file without the id of its Sentinel, which takes a new one and keeps everything else.
    NewIdentity,
    /// No dataset files.
    NoData,
    /// Its host at another address, which nobody was told; the one before answers nobody any more.
    NewAddress,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// SIGKILL.
    Kill(Vec<Target>),
    /// SIGTERM; the process ends by itself within its shutdown-timeout, or is killed 10 s after that.
    Stop(Vec<Target>),
    /// Starts dead processes again with what is on their disks.
    Restart(Vec<Target>),
    /// The hosts lose power: processes gone, unsynced data gone, silence.
    PowerLoss(Vec<Target>),
    /// The hosts boot and their processes start.
    PowerOn(Vec<Target>),
    /// SIGSTOP.
    Pause(Vec<Target>),
    /// The hosts stand still with their kernels.
    Stall(Vec<Target>),
    /// SIGCONT.
    Resume(Vec<Target>),
    /// No packets pass between members of different groups.
    Partition(Vec<Vec<Target>>),
    /// No packets pass from the first group to the second.
    Drop(Vec<Target>, Vec<Target>),
    /// No packets pass between these and all others.
    Isolate(Vec<Target>),
    /// All network faults end.
    Heal,
    /// Links change.
    Link(Link),
    /// Names that processes on the hosts of the first group look up are answered so, or only names of hosts of the
    /// second, if it names any.
    Dns {
        /// Whose questions.
        at: Vec<Target>,
        /// About whose names; all if empty.
        of: Vec<Target>,
        /// What becomes of them.
        answers: NameAnswers,
    },
    /// The wall clock of these processes jumps.
    ClockStep(Vec<Target>, Millis),
    /// The clocks of these processes gain so many parts per million.
    ClockDrift(Vec<Target>, i32),
    /// The wall clock of these processes stands still.
    ClockFreeze(Vec<Target>),
    /// An operator types SENTINEL FAILOVER at a Sentinel.
    SentinelFailover(Target, Name),
    /// Configuration files of these processes cannot be replaced.
    ConfigReadOnly(Vec<Target>),
    /// Fsyncs on the disks of these processes are not what they should be.
    Fsync(Vec<Target>, FsyncFault),
    /// No space is left on the disks of these processes.
    DiskFull(Vec<Target>),
    /// Starts dead processes with other files, or at another address.
    RestartWith(Vec<Target>, Vec<Found>),
    /// These servers cannot write snapshots.
    SnapshotsFail(Vec<Target>),
    /// An operator types a command at these processes.
    Command(Vec<Target>, OperatorCommand),
    /// Starts late processes for the first time; they are given the master of this moment.
    Start(Vec<Target>),
    /// SIGKILL for the first group, and late processes started in their place.
    Replace(Vec<Target>, Vec<Target>),
    /// Undoes the step at this index: restart, resume, boot, or end of that network fault.
    Undo(usize),
}

/// How the links from one group of hosts to another change; `None` leaves what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// One side.
    pub from: Vec<Target>,
    /// Other side; all others if empty.
    pub to: Vec<Target>,
    /// The way back too.
    pub both: bool,
    /// One-way latency.
    pub latency: Option<Dist>,
    /// Loss in parts per million.
    pub loss_ppm: Option<u32>,
    /// Bytes per second.
    pub rate: Option<u64>,
}

impl Link {
    /// All links of these hosts, both ways, as they are.
    pub fn of(from: Vec<Target>) -> Link {
        Link { from, to: Vec::new(), both: true, latency: None, loss_ppm: None, rate: None }
    }
}

/// One step of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: Action,
    /// Times of the report count from here; otherwise from the first step.
    #[serde(default)]
    pub origin: bool,
}

/// How often somebody outside looks at the cluster, where a recorded run is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    /// Between two looks at the Sentinels.
    pub sentinels: Millis,
    /// Between two looks at the servers.
    pub servers: Millis,
}

/// How long the phases of a run last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Between the moment all views are stable and the start of the clients; 0 but where a recorded run is repeated,
    /// whose recorder needed so long to notice.
    #[serde(default)]
    pub lag: Millis,
    /// When each Sentinel is up, by process order, after the first of them; empty but where a recorded run is repeated,
    /// since the phases of their timers begin there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Millis>,
    /// How often views are looked at; always up to date if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Between the moment all views are stable and the beginning of the schedule, drawn for this seed.
    pub phase: Millis,
    /// Give up if views are not stable by then (a finding, not a crash).
    pub settle_limit: Millis,
    /// Shortest time between the last step and the end.
    pub observe_at_least: Millis,
    /// Everybody must agree for so long before the run may end early.
    pub stable_for: Millis,
    /// Longest time between the last step and the end.
    pub heal: Millis,
}

/// A scenario for one seed.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Name: path of the file below the catalogue, without extension.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Network, disk and scheduling.
    pub environment: Environment,
    /// Machines.
    pub hosts: Vec<Host>,
    /// Processes: Redis servers first, then Sentinels, then clients. The first Redis server of a master is its master
    /// at the beginning.
    pub processes: Vec<Process>,
    /// A host has a name only while a server or Sentinel lives on it, as in the networks of containers.
    pub names_vanish: bool,
    /// Names of the monitored masters with the indices of the Redis servers that belong to each.
    pub masters: Vec<(Name, Vec<usize>)>,
    /// The fault schedule.
    pub schedule: Vec<Step>,
    /// Phases.
    pub plan: RunPlan,
    /// What must and must not happen.
    pub expect: Vec<Expectation>,
}
