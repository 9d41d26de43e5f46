//! Faults: what a step does to real processes and the network between them, and how it is undone. Roles are resolved
//! when it happens.

use crate::cluster::{Cluster, Grace};
use crate::error::LiveError;
use crate::shared::{Life, PATIENCE};
use rustix::process::Signal;
use splitbrain::checker::observations::NodeIx;
use splitbrain::model::message::OperatorCommand;
use splitbrain::model::operator::SentinelCommand;
use splitbrain::model::{Name, TrueTime};
use splitbrain::scenarios::{Action, Found, ProcessKind};
use std::fs;
use std::time::{Duration, Instant};

/// An operator waits so long for the answer to a command.
const OPERATOR: Duration = Duration::from_secs(2);

/// A cut of the network: who does not reach whom.
type Cut = Vec<(Vec<usize>, Vec<usize>)>;

/// What was done so far.
#[derive(Debug, Default)]
pub struct State {
    /// The steps: those of the scenario, and what was added.
    pub(crate) actions: Vec<Action>,
    /// Processes each of them was applied to.
    pub(crate) bound: Vec<Vec<usize>>,
    /// Of those that have groups: the hosts in each (of a replacement the processes).
    pub(crate) groups: Vec<Vec<Vec<usize>>>,
    /// Which of them were applied.
    pub(crate) done: Vec<bool>,
    cuts: Vec<(usize, Cut)>,
    off: Vec<usize>,
    pub(crate) old_master: Option<usize>,
    /// The Sentinel that was last elected, or waited for.
    pub(crate) leader: Option<usize>,
    pub(crate) old_leader: Option<usize>,
    pub(crate) terminated: Vec<Grace>,
    pub(crate) restarts_due: Vec<usize>,
}

impl State {
    /// Adds a step; its number.
    pub(crate) fn add(&mut self, action: Action) -> usize {
        self.actions.push(action);
        self.bound.push(Vec::new());
        self.groups.push(Vec::new());
        self.done.push(false);
        self.actions.len() - 1
    }
}

impl Cluster {
    /// Does what a step says. Returns a description with roles resolved, and when it was done.
    ///
    /// # Errors
    /// What the system refuses.
    pub(crate) fn apply(&mut self, i: usize) -> Result<(String, TrueTime), LiveError> {
        self.faults.done[i] = true;
        let action = self.faults.actions[i].clone();
        let text = match &action {
            Action::Kill(targets) => {
                let bound = self.bind(i, targets);
                return Ok((self.named("kill", &bound), self.kill(&bound)));
            }
            Action::Stop(targets) => {
                let bound = self.bind(i, targets);
                bound.iter().for_each(|&p| self.terminate(p));
                self.named("stop", &bound)
            }
            Action::Pause(targets) => {
                let bound = self.bind(i, targets);
                bound.iter().for_each(|&p| self.pause(p, true));
                self.named("pause", &bound)
            }
            Action::Resume(targets) => {
                let bound = self.bind(i, targets);
                bound.iter().for_each(|&p| self.pause(p, false));
                self.named("resume", &bound)
            }
            Action::Restart(targets) => {
                let bound = self.bind(i, targets);
                self.restart(&bound)?;
                self.named("restart", &bound)
            }
            Action::RestartWith(targets, found) => {
                let bound = self.bind(i, targets);
                for &p in &bound {
                    found.iter().for_each(|found| self.change_files(p, *found));
                }
                self.restart(&bound)?;
                self.named("restart with other files", &bound)
            }
            Action::Start(targets) => {
                let bound = self.bind(i, targets);
                self.start_late(&bound)?;
                self.named("start", &bound)
            }
            Action::Replace(old, new) => {
                let bound = self.bind(i, old);
                self.kill(&bound);
                let killed = self.named("kill", &bound);
                let new = self.bind(i, new);
                self.start_late(&new)?;
                let text = format!("{killed}, {}", self.named("start", &new));
                self.faults.groups[i] = vec![bound, new];
                text
            }
            Action::Partition(groups) => {
                let groups = self.groups(i, groups);
                let mut cut = Vec::new();
                for (a, from) in groups.iter().enumerate() {
                    let others = groups.iter().enumerate().filter(|(b, _)| *b != a);
                    cut.extend(others.map(|(_, to)| (from.clone(), to.clone())));
                }
                self.cut(i, cut)?;
                let text: Vec<String> = groups.iter().map(|group| self.host_names(group)).collect();
                self.faults.groups[i] = groups;
                format!("partition {}", text.join(" | "))
            }
            Action::Isolate(targets) => {
                let bound = self.bind(i, targets);
                let inside = self.hosts_of(&bound);
                let outside = self.hosts_except(&inside);
                let text = format!("isolate {}", self.host_names(&inside));
                self.faults.groups[i] = vec![inside.clone(), outside.clone()];
                self.cut(i, vec![(inside.clone(), outside.clone()), (outside, inside)])?;
                text
            }
            Action::Drop(from, to) => {
                let groups = self.groups(i, &[from.clone(), to.clone()]);
                let text = format!("drop {} > {}", self.host_names(&groups[0]), self.host_names(&groups[1]));
                self.cut(i, vec![(groups[0].clone(), groups[1].clone())])?;
                self.faults.groups[i] = groups;
                text
            }
            Action::Heal => {
                self.faults.cuts.clear();
                self.set_network()?;
                "heal".to_owned()
            }
            Action::PowerLoss(targets) => {
                let bound = self.bind(i, targets);
                let hosts = self.hosts_of(&bound);
                self.faults.off.extend(&hosts);
                // Nothing leaves a host that has no power: it is cut off before its processes are killed.
                self.set_network()?;
                let on_them: Vec<usize> = self.processes_on(&hosts);
                return Ok((format!("power-loss {}", self.host_names(&hosts)), self.kill(&on_them)));
            }
            Action::PowerOn(targets) => {
                let bound = self.bind(i, targets);
                self.boot(&bound)?
            }
            Action::SentinelFailover(target, master) => {
                let first: Vec<usize> = self.resolve(std::slice::from_ref(target)).into_iter().take(1).collect();
                self.faults.bound[i].clone_from(&first);
                let at = self.shared.clock.now();
                first.iter().for_each(|&p| self.force(p, master));
                return Ok((self.named("sentinel-failover", &first), at));
            }
            Action::Command(targets, command) => {
                let bound = self.bind(i, targets);
                bound.iter().for_each(|&p| self.operate(p, command));
                let verb = match command {
                    OperatorCommand::Sentinel(command) => format!("`{command}` at"),
                    OperatorCommand::Redis(command) => format!("`{command}` at"),
                    OperatorCommand::DebugSleep(time) => format!("`DEBUG SLEEP` for {time} at"),
                    _ => "command at".to_owned(),
                };
                self.named(&verb, &bound)
            }
            Action::Undo(step) => self.undo(*step)?,
            // Refused before anything was started.
            other => return Err(LiveError::Unable(vec![format!("{other:?}")])),
        };
        Ok((text, self.shared.clock.now()))
    }

    fn undo(&mut self, step: usize) -> Result<String, LiveError> {
        if !self.faults.done.get(step).copied().unwrap_or(false) {
            return Ok("nothing to undo".to_owned());
        }
        let bound = self.faults.bound[step].clone();
        Ok(match &self.faults.actions[step] {
            Action::Kill(_) | Action::Stop(_) => {
                self.restart(&bound)?;
                self.named("restart", &bound)
            }
            Action::Pause(_) => {
                bound.iter().for_each(|&p| self.pause(p, false));
                self.named("resume", &bound)
            }
            Action::PowerLoss(_) => self.boot(&bound)?,
            action => {
                let name = match action {
                    Action::Partition(_) => "partition",
                    Action::Drop(..) => "drop",
                    Action::Isolate(_) => "isolate",
                    _ => "fault",
                };
                self.faults.cuts.retain(|(of, _)| *of != step);
                self.set_network()?;
                format!("end of {name}")
            }
        })
    }

    // ---- processes ----

    /// SIGKILL for all of them; when it was sent.
    fn kill(&mut self, processes: &[usize]) -> TrueTime {
        processes.iter().for_each(|&p| self.slots[p].signal(Signal::KILL));
        let at = self.shared.clock.now();
        for &p in processes {
            self.slots[p].kill();
            if self.shared.life(p) != Life::Absent {
                self.shared.set_life(p, Life::Dead);
            }
        }
        at
    }

    fn terminate(&mut self, p: usize) {
        let grace = match &self.shared.scenario.processes[p].kind {
            ProcessKind::Redis(conf) => u64::from(conf.shutdown_timeout) + 10,
            _ => 10,
        };
        self.slots[p].signal(Signal::TERM);
        self.faults.terminated.push(Grace { p, until: Instant::now() + Duration::from_secs(grace) });
    }

    fn pause(&mut self, p: usize, stopped: bool) {
        let before = self.shared.life(p);
        match (before, stopped) {
            (Life::Up, true) => {
                self.slots[p].signal(Signal::STOP);
                self.shared.set_life(p, Life::Stopped);
            }
            (Life::Stopped, false) => {
                self.slots[p].signal(Signal::CONT);
                self.shared.set_life(p, Life::Up);
            }
            _ => {}
        }
    }

    /// Starts processes that are dead, or as soon as they are.
    fn restart(&mut self, processes: &[usize]) -> Result<(), LiveError> {
        for &p in processes {
            self.faults.terminated.retain(|grace| grace.p != p);
            if self.shared.life(p) != Life::Absent && !self.faults.restarts_due.contains(&p) {
                self.faults.restarts_due.push(p);
            }
        }
        self.poll()
    }

    fn start_late(&mut self, processes: &[usize]) -> Result<(), LiveError> {
        for &p in processes {
            self.configure(p)?;
            self.run(p, false)?;
        }
        Ok(())
    }

    fn boot(&mut self, bound: &[usize]) -> Result<String, LiveError> {
        let hosts = self.hosts_of(bound);
        self.faults.off.retain(|host| !hosts.contains(host));
        self.set_network()?;
        let on_them = self.processes_on(&hosts);
        self.restart(&on_them)?;
        Ok(format!("power-on {}", self.host_names(&hosts)))
    }

    /// What a process finds when it is started again.
    fn change_files(&mut self, p: usize, found: Found) {
        let file = self.config(p, None);
        match found {
            Found::OldConfig => drop(fs::copy(self.config(p, Some("kept")), &file)),
            Found::FirstConfig => drop(fs::copy(self.config(p, Some("first")), &file)),
            Found::NewIdentity => {
                let text = fs::read_to_string(&file).unwrap_or_default();
                let without = |line: &&str| !line.starts_with("sentinel myid ");
                let text: String = text.lines().filter(without).map(|line| format!("{line}\n")).collect();
                drop(fs::write(&file, text));
            }
            Found::NoData => {
                let dir = &self.slots[p].dir;
                drop(fs::remove_file(dir.join("dump.rdb")));
                drop(fs::remove_dir_all(dir.join("appendonlydir")));
            }
            // Refused before anything was started.
            Found::NewAddress => {}
        }
    }

    // ---- operators ----

    fn force(&mut self, p: usize, master: &Name) {
        // Whether it obeys, and when, is in its log.
        let _ = self.ask(p, &["SENTINEL", "FAILOVER", master], OPERATOR);
    }

    fn operate(&mut self, p: usize, command: &OperatorCommand) {
        let words: Vec<String> = match command {
            OperatorCommand::Sentinel(SentinelCommand::Failover(master)) => return self.force(p, master),
            OperatorCommand::Sentinel(command) => command.words(),
            OperatorCommand::Redis(command) => command.words(),
            OperatorCommand::DebugSleep(time) => {
                let seconds = format!("{}.{:03}", time.0 / 1_000, time.0 % 1_000);
                ["DEBUG", "SLEEP", &seconds].map(str::to_owned).to_vec()
            }
            _ => return,
        };
        // A server that sleeps answers when it wakes: its reply is not awaited, the connection stays.
        let asleep = match command {
            OperatorCommand::DebugSleep(time) => Some(Duration::from_millis(time.0.max(0) as u64) + OPERATOR),
            _ => None,
        };
        let _ = self.shared.on_host(p, |shared| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut said = vec![shared.word(p, words[0])];
            said.extend(&words[1..]);
            let mut connection = shared.own_connection(p, if asleep.is_some() { PATIENCE } else { OPERATOR })?;
            match asleep {
                None => connection.ask(&said).map(|_| ()),
                Some(patience) => {
                    connection.set_patience(Some(patience))?;
                    connection.send(&said)?;
                    std::thread::spawn(move || drop(connection.next()));
                    Ok(())
                }
            }
        });
    }

    // ---- network ----

    fn cut(&mut self, i: usize, cut: Cut) -> Result<(), LiveError> {
        self.faults.cuts.push((i, cut));
        self.set_network()
    }

    fn set_network(&self) -> Result<(), LiveError> {
        let mut drops: Cut = self.faults.cuts.iter().flat_map(|(_, cut)| cut.clone()).collect();
        if !self.faults.off.is_empty() {
            let others = self.hosts_except(&[]);
            drops.push((self.faults.off.clone(), others.clone()));
            drops.push((others, self.faults.off.clone()));
        }
        self.shared.ground.set_drops(&drops)?;
        let now = self.shared.clock.now();
        let processes = &self.shared.scenario.processes;
        for s in self.shared.sentinels() {
            for r in self.shared.servers() {
                let (a, b) = (processes[s].host, processes[r].host);
                let between = |(from, to): &(Vec<usize>, Vec<usize>)| {
                    (from.contains(&a) && to.contains(&b)) || (from.contains(&b) && to.contains(&a))
                };
                let open = a == b || !drops.iter().any(between);
                self.shared.recorder().path(now, NodeIx(s as u16), NodeIx(r as u16), open);
            }
        }
        Ok(())
    }
}
