//! The processes of a scenario, from their start to their end: configuration, order of starting, waiting until all of
//! them know each other. What is done to them is in `faults`, when it is done in `schedule`.

use crate::client::Running;
use crate::conf;
use crate::error::LiveError;
use crate::net::{Ability, Ground};
use crate::play::Options;
use crate::process::{Folder, Slot, installed};
use crate::relocate::relocated;
use crate::resp::Frame;
use crate::shared::{Life, PATIENCE, Shared};
use crate::watch;
use rustix::process::Signal;
use splitbrain::checker::observations::NodeIx;
use splitbrain::model::note::Note;
use splitbrain::model::{Addr, Name, ReplId, ReplOffset};
use splitbrain::scenarios::{ProcessKind, Resolved};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether what is waited for has come.
pub(crate) const POLL: Duration = Duration::from_millis(100);
/// Longest wait for the first synchronisation.
const FIRST_SYNC: Duration = Duration::from_secs(30);

/// The environment whose files lie in memory, and where that is.
const IN_MEMORY: &str = "recorder-tmpfs";
const MEMORY: &str = "/dev/shm";

/// A process that has to end by itself, or is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grace {
    pub p: usize,
    pub until: Instant,
}

/// A cluster of real processes. Dropping it ends them and removes their files.
pub struct Cluster {
    // Processes end before the network and the folder go.
    pub(crate) slots: Vec<Slot>,
    pub(crate) clients: Vec<Running>,
    watchers: Vec<thread::JoinHandle<()>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) faults: crate::faults::State,
    folder: Folder,
}

impl Cluster {
    /// Makes the network and starts nothing.
    ///
    /// # Errors
    /// What the scenario asks for and cannot be done here; a program that is not installed; what the system refuses.
    pub fn prepare(scenario: Resolved, ability: Ability, options: &Options) -> Result<Cluster, LiveError> {
        let reasons = crate::able::reasons(&scenario, ability);
        if !reasons.is_empty() {
            return Err(LiveError::Unable(reasons));
        }
        installed()?;
        let ground = Ground::open(ability, &scenario)?;
        let scenario = relocated(scenario, |host| ground.ip(host));
        let memory = Some(PathBuf::from(MEMORY)).filter(|shm| scenario.environment.name == IN_MEMORY && shm.is_dir());
        let base = options.scratch.clone().or(memory);
        let folder = Folder::make(base.as_deref(), options.keep)?;
        let slots = scenario.processes.iter().map(|process| Slot::at(folder.path().join(&process.name))).collect();
        let faults = crate::faults::State::default();
        let shared = Arc::new(Shared::new(scenario, ground, ability, folder.path()));
        Ok(Cluster { slots, clients: Vec::new(), watchers: Vec::new(), shared, faults, folder })
    }

    /// The scenario at its real addresses.
    pub fn scenario(&self) -> &Resolved {
        &self.shared.scenario
    }

    /// What the threads share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Where configurations, logs and data are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts servers and Sentinels, and waits until all of them know each other. The first synchronisation is not
    /// delayed; the configured delay holds from then on. Returns whether they became stable in time.
    ///
    /// # Errors
    /// What the system refuses; an interruption.
    pub fn start(&mut self, stop: &AtomicBool) -> Result<bool, LiveError> {
        let shared = self.shared.clone();
        let first =
            |all: Vec<usize>| all.into_iter().filter(|&p| !shared.scenario.processes[p].late).collect::<Vec<_>>();
        let (servers, sentinels) = (first(shared.servers()), first(shared.sentinels()));
        for &p in servers.iter().chain(&sentinels) {
            self.configure(p)?;
        }
        for &p in &servers {
            self.run(p, true)?;
        }
        self.watchers = watch::begin(&shared);
        if !self.wait(FIRST_SYNC, stop, |cluster| servers.iter().all(|&p| cluster.is_linked(p)))? {
            return Ok(false);
        }
        for &p in &sentinels {
            self.run(p, false)?;
        }
        let limit = Duration::from_millis(shared.scenario.plan.settle_limit.0.max(0) as u64);
        let settled = self.wait(limit, stop, |cluster| cluster.is_stable() && cluster.is_known(&sentinels))?;
        for &p in &servers {
            if let ProcessKind::Redis(conf) = &shared.scenario.processes[p].kind {
                let delay = conf.repl_diskless_sync_delay.to_string();
                let words = [shared.word(p, "CONFIG"), "SET", "repl-diskless-sync-delay", &delay];
                self.ask(p, &words, PATIENCE).map_err(|error| LiveError::of("set repl-diskless-sync-delay", error))?;
            }
        }
        Ok(settled)
    }

    /// Starts the scenario's clients.
    pub fn start_clients(&mut self) {
        for (p, process) in self.shared.scenario.processes.iter().enumerate() {
            if let ProcessKind::Client(conf) = &process.kind {
                self.clients.push(Running::start(&self.shared, p, (**conf).clone()));
            }
        }
    }

    /// Waits until something holds; whether it came to that.
    pub(crate) fn wait(
        &mut self,
        limit: Duration,
        stop: &AtomicBool,
        holds: impl Fn(&Cluster) -> bool,
    ) -> Result<bool, LiveError> {
        let until = Instant::now() + limit;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(LiveError::Interrupted);
            }
            self.poll()?;
            if holds(self) {
                return Ok(true);
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            thread::sleep(POLL);
        }
    }

    // ---- processes ----

    fn file(&self, p: usize) -> PathBuf {
        let name = match self.shared.scenario.processes[p].kind {
            ProcessKind::Sentinel(_) => "sentinel.conf",
            _ => "redis.conf",
        };
        self.slots[p].dir.join(name)
    }

    /// Writes the configuration file of a process. One that is late is given the masters of this moment.
    pub(crate) fn configure(&mut self, p: usize) -> Result<(), LiveError> {
        let process = &self.shared.scenario.processes[p];
        let listen = self.shared.ground.listen(process.host);
        let text = match &process.kind {
            ProcessKind::Redis(conf) => {
                let mut conf = conf.clone();
                if process.late {
                    let mine = self.shared.scenario.masters.iter().find(|(_, servers)| servers.contains(&p));
                    conf.replicaof = mine.and_then(|(name, _)| self.master(name)).map(|m| self.addr(m));
                }
                conf::redis(&conf, &listen)
            }
            ProcessKind::Sentinel(conf) => {
                let mut conf = conf.clone();
                for master in conf.masters.iter_mut().filter(|_| process.late) {
                    master.addr = self.master(&master.name).map_or(master.addr, |m| self.addr(m));
                }
                conf::sentinel(&conf, &listen)
            }
            ProcessKind::Client(_) | ProcessKind::App => return Ok(()),
        };
        let (dir, file) = (&self.slots[p].dir, self.file(p));
        let written = fs::create_dir_all(dir).and_then(|()| fs::write(&file, &text));
        let written = written.and_then(|()| fs::write(file.with_extension("first"), &text));
        written.map_err(|error| LiveError::of(format!("write {}", file.display()), error))
    }

    /// Keeps the configuration files as they are at the beginning of the schedule.
    pub(crate) fn keep_configs(&self) {
        for p in self.shared.servers().into_iter().chain(self.shared.sentinels()) {
            let file = self.file(p);
            let _ = fs::copy(&file, file.with_extension("kept"));
        }
    }

    /// The configuration file of a process, and the copies of it.
    pub(crate) fn config(&self, p: usize, copy: Option<&str>) -> PathBuf {
        let file = self.file(p);
        copy.map_or(file.clone(), |copy| file.with_extension(copy))
    }

    /// Starts a process that has its file.
    pub(crate) fn run(&mut self, p: usize, first: bool) -> Result<(), LiveError> {
        let process = &self.shared.scenario.processes[p];
        let host = process.host;
        match process.kind {
            ProcessKind::Redis(_) => {
                let replica_of = replica_of(&self.file(p));
                let args: &[&str] = &["redis.conf", "--repl-diskless-sync-delay", "0"];
                let args = if first { args } else { &args[..1] };
                self.slots[p].start(&self.shared.ground, host, "redis-server", args)?;
                self.shared.set_life(p, Life::Up);
                self.note_role(p, replica_of);
            }
            ProcessKind::Sentinel(_) => {
                self.slots[p].start(&self.shared.ground, host, "redis-sentinel", &["sentinel.conf"])?;
                self.shared.set_life(p, Life::Up);
            }
            ProcessKind::Client(_) | ProcessKind::App => {}
        }
        Ok(())
    }

    /// What a server is when it starts follows from its file.
    fn note_role(&self, p: usize, replica_of: Option<Addr>) {
        let role = Note::Role { replica_of, replid: ReplId::default(), offset: ReplOffset(0) };
        self.shared.recorder().note(self.shared.clock.now(), NodeIx(p as u16), role);
    }

    /// Notices processes that have ended, kills those that do not, starts those that wait for it.
    pub(crate) fn poll(&mut self) -> Result<(), LiveError> {
        for p in 0..self.slots.len() {
            if matches!(self.shared.life(p), Life::Up | Life::Stopped)
                && !self.shared.scenario.processes[p].kind.is_application()
                && !self.slots[p].runs()
            {
                self.shared.set_life(p, Life::Dead);
            }
        }
        let now = Instant::now();
        for Grace { p, .. } in self.faults.terminated.extract_if(.., |grace| grace.until <= now) {
            self.slots[p].signal(Signal::KILL);
        }
        for p in std::mem::take(&mut self.faults.restarts_due) {
            if self.slots[p].runs() {
                self.faults.restarts_due.push(p);
            } else {
                self.shared.set_life(p, Life::Dead);
                self.run(p, false)?;
            }
        }
        Ok(())
    }

    // ---- views ----

    /// The address of a process.
    pub(crate) fn addr(&self, p: usize) -> Addr {
        self.shared.scenario.processes[p].addr
    }

    /// As [`Shared::ask`].
    pub(crate) fn ask(&self, p: usize, words: &[&str], patience: Duration) -> io::Result<Frame> {
        self.shared.ask(p, words, patience)
    }

    /// As [`Shared::master`].
    pub(crate) fn master(&self, name: &Name) -> Option<usize> {
        self.shared.master(name)
    }

    fn is_linked(&self, p: usize) -> bool {
        self.shared.looks().roles.get(&p).is_some_and(|role| role.replica_of.is_none() || role.link_up)
    }

    /// All running Sentinels name one master with plain flags, it runs and says so too, and all other running servers are
    /// its replicas with the link up; as far as the last looks tell.
    pub fn is_stable(&self) -> bool {
        let up = |p: &usize| self.shared.life(*p) == Life::Up;
        let sentinels: Vec<usize> = self.shared.sentinels().into_iter().filter(up).collect();
        let looks = self.shared.looks();
        self.shared.scenario.masters.iter().all(|(name, servers)| {
            let views = sentinels.iter().map(|p| looks.views.get(p)?.iter().find(|view| view.name == *name));
            let Some(views) = views.collect::<Option<Vec<_>>>() else { return false };
            let Some(first) = views.first() else { return false };
            if views.iter().any(|view| view.flags != "master" || view.addr != first.addr) {
                return false;
            }
            let mut running = servers.iter().filter(|&&p| self.shared.life(p) == Life::Up);
            let fits = running.clone().all(|p| match looks.roles.get(p) {
                Some(role) if self.addr(*p) == first.addr => role.replica_of.is_none(),
                Some(role) => role.replica_of == Some(first.addr) && role.link_up,
                None => false,
            });
            fits && running.any(|&p| self.addr(p) == first.addr)
        })
    }

    /// Every one of these Sentinels knows all others and all replicas that are there from the beginning.
    fn is_known(&self, sentinels: &[usize]) -> bool {
        let looks = self.shared.looks();
        let processes = &self.shared.scenario.processes;
        self.shared.scenario.masters.iter().all(|(name, servers)| {
            let replicas = servers.iter().filter(|&&p| !processes[p].late).count().saturating_sub(1);
            sentinels.iter().all(|p| {
                let view = looks.views.get(p).and_then(|views| views.iter().find(|view| view.name == *name));
                view.is_some_and(|view| view.slaves == replicas && view.others + 1 == sentinels.len())
            })
        })
    }

    /// Ends everything: first nobody looks any more, then the processes go.
    pub fn end(&mut self) {
        self.shared.end();
        self.slots.iter_mut().for_each(Slot::kill);
        self.clients.drain(..).for_each(Running::join);
        self.watchers.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// The last `replicaof` of a configuration file.
fn replica_of(file: &Path) -> Option<Addr> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("replicaof "))?;
    let (ip, port) = line.trim().split_once(' ')?;
    Some(Addr { ip: ip.parse().ok()?, port: port.parse().ok()? })
}
