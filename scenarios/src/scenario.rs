//! A scenario as its file says it: checked, with defaults filled in, and still without a seed.

use crate::chaos::Chaos;
use crate::claim::Claim;
use crate::environment::{Dist, Environment};
use crate::error::ScenarioError;
use crate::nearest::{nearest, one_of};
use crate::quantity;
use crate::reader::{Reader, Span};
use crate::resolved::{Found, FsyncFault, Link, NameAnswers, Target};
use crate::source::Source;
use splitbrain_checker::Expectation;
use splitbrain_checker::bounds::{convergence_at, resynchronisation};
use splitbrain_model::client::{profile::Profile, workload::Workload};
use splitbrain_model::event::EventKind;
use splitbrain_model::files::{MasterConf, RedisConf, SentinelConf};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::planted::Planted;
use splitbrain_model::{Millis, Name};
use std::path::{Path, PathBuf};

/// A scenario file that was read and found sound.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Path of the file below the catalogue, without extension: `classic/master-killed`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub source: String,
    /// What a command needs beside the file to play this very scenario; filled by whoever has changed it.
    pub flags: Vec<String>,
    /// What happens, in one line.
    pub title: String,
    /// Why anybody should care.
    pub why: Option<String>,
    /// What people are told that it speaks about.
    pub claim: Option<Claim>,
    /// What the user should know though nothing is wrong: ignored directives, overridden presets.
    pub notes: Vec<String>,
    /// Number of Sentinels. Every one monitors every master.
    pub sentinels: u32,
    /// What all Sentinels are started with, without the masters.
    pub sentinel: SentinelConf,
    /// The masters with their replicas.
    pub masters: Vec<MasterSpec>,
    /// Hosts that were declared, with the processes on them. Every other process has a host of its own name.
    pub hosts: Vec<(String, Vec<String>)>,
    /// Processes that are no part of the cluster until a fault starts them.
    pub late: Vec<String>,
    /// What wall clocks of hosts are ahead from the beginning, by names of hosts or of processes on them.
    pub clock_offsets: Vec<(String, Millis)>,
    /// Everybody is known by name: in configuration files and in what servers and Sentinels announce.
    pub hostnames: bool,
    /// A name goes with the last server or Sentinel on its host.
    pub names_vanish: bool,
    /// Network and disk.
    pub network: NetworkSpec,
    /// Applications.
    pub clients: Vec<ClientSpec>,
    /// Applications whose code is outside the simulation, by name, each on a host of its own.
    pub apps: Vec<String>,
    /// The fault schedule, in the order of the file.
    pub faults: Vec<Fault>,
    /// Random faults beside those of the file.
    pub chaos: Option<Chaos>,
    /// A bug planted in the model on purpose.
    pub planted: Option<Planted>,
    /// Phases and seeds.
    pub run: RunSpec,
    /// What must and must not happen.
    pub expect: Vec<Expectation>,
}

/// A master, its settings and its servers.
#[derive(Clone, Debug)]
pub struct MasterSpec {
    /// How Sentinel monitors it; the address is filled in by [`Scenario::resolve`].
    pub conf: MasterConf,
    /// Its servers; the first is the master at the beginning.
    pub servers: Vec<ServerSpec>,
}

impl MasterSpec {
    /// By when everybody agrees again after the last fault or repair, as `converges-after-heal` demands it.
    pub fn convergence(&self) -> Millis {
        convergence_at(self.conf.down_after, self.conf.failover_timeout)
    }

    /// By when every replica is linked and synchronised again as well.
    pub fn synchronisation(&self) -> Millis {
        let slowest = self.servers.iter().map(|server| resynchronisation(server.conf.repl_timeout)).max();
        Millis(self.convergence().0 + slowest.map_or(0, |more| more.0))
    }

    /// How long a node of it needs after a fault until it is as good as before: not only named by everybody, but the
    /// old master demoted with the second INFO, and synchronised in full after the diskless delay.
    pub fn recovery(&self) -> Millis {
        let synchronised = self.conf.down_after.0 + 2 * self.conf.failover_timeout.0 + 30_000;
        self.convergence().max(Millis(synchronised))
    }
}

/// A Redis server.
#[derive(Clone, Debug)]
pub struct ServerSpec {
    /// `redis-1`, numbered over all masters.
    pub name: String,
    /// Its settings; port and `replicaof` are filled in by [`Scenario::resolve`].
    pub conf: RedisConf,
}

/// One `[[clients]]`: one or several processes that do the same.
#[derive(Clone, Debug)]
pub struct ClientSpec {
    /// Name of the group.
    pub name: String,
    /// Names of its processes.
    pub members: Vec<String>,
    /// Host they run on; a host each if not given.
    pub host: Option<String>,
    /// Client library.
    pub profile: Profile,
    /// What they do.
    pub workload: Workload,
    /// Sentinels in the order in which they are listed, as indices from 0.
    pub sentinels: Vec<u32>,
    /// The server that it works with without asking a Sentinel, as an index from 0.
    pub server: Option<u32>,
    /// Which master, as an index.
    pub master: usize,
    /// Password for Redis servers.
    pub password: Option<String>,
    /// Password for Sentinels.
    pub sentinel_password: Option<String>,
}

/// `[network]` and `[disk]`: a preset and what replaces parts of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Name of the preset.
    pub environment: String,
    /// One-way latency between hosts.
    pub latency: Option<Dist>,
    /// Loss in parts per million.
    pub loss_ppm: Option<u32>,
    /// One fsync of an append-only file.
    pub fsync: Option<Dist>,
    /// One atomic replacement of a configuration file.
    pub config_save: Option<Dist>,
}

/// `[run]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSpec {
    /// Seeds: from 0 so many, if nothing else is asked for.
    pub seeds: u64,
    /// Between the settled cluster and the schedule.
    pub phase: Span,
    /// Give up settling after this.
    pub settle_limit: Millis,
    /// Shortest time between the last step and the end.
    pub observe_at_least: Millis,
    /// Everybody must agree for so long before the run may end early.
    pub stable_for: Millis,
    /// Longest time between the last step and the end.
    pub heal: Millis,
}

/// One `[[faults]]`.
#[derive(Clone, Debug)]
pub struct Fault {
    /// When.
    pub when: When,
    /// What.
    pub what: What,
    /// Undone after so long.
    pub lasts: Option<Span>,
    /// Times of the report count from here.
    pub origin: bool,
}

/// When a fault begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after the beginning of the schedule.
    At(Span),
    /// So long after the fault before it in the file.
    ThenAfter(Span),
    /// So long after an event that comes after the fault before it in the file.
    On {
        /// Which event.
        event: EventKind,
        /// Delay after it.
        after: Span,
        /// Skipped if it has not come by then.
        cap: Millis,
    },
}

/// A fault that is several steps; names, since they are chosen before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A fault that comes and goes as long as the pattern lasts.
    Repeated {
        /// The fault.
        what: Box<What>,
        /// How long it lasts each time.
        down: Span,
        /// How long there is peace each time.
        up: Span,
    },
    /// All other hosts fall into two halves, and this one sees both.
    Bridge(String),
    /// Each of these sees a majority of them, and no two the same one.
    Ring(Vec<String>),
    /// One of these is cut off.
    IsolateOne(Vec<String>),
    /// These are cut off one after another, and come back one after another in another order.
    Swizzle(Vec<String>, Span),
}

/// What a fault does; targets are checked, roles not yet resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is described at `resolved::Action`
pub enum What {
    Start(Vec<Target>),
    Kill(Vec<Target>),
    Stop(Vec<Target>),
    Restart(Vec<Target>),
    PowerLoss(Vec<Target>),
    PowerOn(Vec<Target>),
    Pause(Vec<Target>),
    Stall(Vec<Target>),
    Resume(Vec<Target>),
    Partition(Vec<Vec<Target>>),
    Drop(Vec<Target>, Vec<Target>),
    Isolate(Vec<Target>),
    Heal,
    Link(Link),
    /// Several steps, into which resolving expands it.
    Pattern(Pattern),
    Dns {
        at: Vec<Target>,
        of: Vec<Target>,
        answers: NameAnswers,
    },
    ClockStep(Vec<Target>, Millis),
    ClockDrift(Vec<Target>, i32),
    ClockFreeze(Vec<Target>),
    SentinelFailover(Target, Name),
    ConfigReadOnly(Vec<Target>),
    Fsync(Vec<Target>, FsyncFault),
    DiskFull(Vec<Target>),
    RestartWith(Vec<Target>, Vec<Found>),
    SnapshotsFail(Vec<Target>),
    Command(Vec<Target>, OperatorCommand),
}

impl Scenario {
    /// Reads a scenario file and the configuration files it names.
    ///
    /// # Errors
    /// If anything in them is wrong, with its position.
    pub fn load(file: &Path) -> Result<Scenario, Box<ScenarioError>> {
        Scenario::parse(&Source::read(file)?)
    }

    /// Reads a scenario from text. Configuration files it names are looked for beside `source.file`.
    ///
    /// # Errors
    /// If anything in it is wrong, with its position.
    pub fn parse(source: &Source) -> Result<Scenario, Box<ScenarioError>> {
        crate::parse::scenario(source)
    }

    /// Reads a scenario with the `[[faults]]` and the `[chaos]` of another file in place of its own. The other file may be a
    /// whole scenario, or these sections alone.
    ///
    /// # Errors
    /// If anything in either is wrong, with its position there; the faults may name somebody who is not in the scenario.
    pub fn parse_under(source: &Source, schedule: &Source) -> Result<Scenario, Box<ScenarioError>> {
        crate::parse::under(source, schedule)
    }

    /// Reads a scenario, which must have no faults of its own, with faults that stand anywhere, each a table in the words of
    /// `[[faults]]`. The first begins at once if it does not say when.
    ///
    /// # Errors
    /// If anything in the scenario or in the faults is wrong, with its position.
    pub fn parse_with(source: &Source, faults: Vec<Reader<'_>>) -> Result<Scenario, Box<ScenarioError>> {
        crate::parse::with_faults(source, faults)
    }

    /// The environment: the preset with what the file replaces in it.
    pub fn environment(&self) -> Environment {
        self.network.environment()
    }

    /// Takes another preset; what the file sets on its own stays.
    ///
    /// # Errors
    /// If there is no such preset; the message names the nearest.
    pub fn set_environment(&mut self, name: &str) -> Result<(), String> {
        if Environment::named(name).is_none() {
            let help = match nearest(name, Environment::NAMES.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("there are {}", one_of(Environment::NAMES)),
            };
            return Err(format!("no environment `{name}` ({help})"));
        }
        self.network.environment = name.to_owned();
        Ok(())
    }
}

impl NetworkSpec {
    /// The preset with what replaces parts of it.
    pub fn environment(&self) -> Environment {
        let mut environment =
            Environment::named(&self.environment).expect("the name was checked when the scenario was read");
        let NetworkSpec { environment: _, latency, loss_ppm, fsync, config_save } = self.clone();
        environment.latency = latency.unwrap_or(environment.latency);
        environment.loss_ppm = loss_ppm.unwrap_or(environment.loss_ppm);
        environment.fsync = fsync.unwrap_or(environment.fsync);
        environment.config_save = config_save.unwrap_or(environment.config_save);
        environment
    }

    /// What replaces parts of the preset, for people.
    pub fn replaced(&self) -> Vec<String> {
        let show = |dist: &Dist| match dist {
            Dist::Fixed(d) => quantity::show(*d),
            Dist::Uniform(low, high) => format!("{}..{}", quantity::show(*low), quantity::show(*high)),
            Dist::Quantiles(_) => "by quantiles".to_owned(),
        };
        let dists = [("latency", &self.latency), ("fsync", &self.fsync), ("config-save", &self.config_save)];
        let mut replaced: Vec<String> =
            dists.iter().filter_map(|(name, dist)| dist.as_ref().map(|d| format!("{name} {}", show(d)))).collect();
        if let Some(ppm) = self.loss_ppm {
            replaced.push(format!("loss {} ppm", ppm));
        }
        replaced
    }
}
