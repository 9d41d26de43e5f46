//! Faults: what a step of the schedule does to the world, and how it is undone.
//!
//! | fault | data in flight | connections | real counterpart |
//! |---|---|---|---|
//! | kill | written bytes still arrive | FIN, or RST where unread input was queued; connects refused | `kill -9`, `docker kill` |
//! | start | — | a process that is new to the cluster connects | a replica or Sentinel added, scale-up |
//! | stop | flushed | as the process closes them; killed 10 s after its shutdown-timeout | `kill`, `docker stop` |
//! | pause | the kernel takes it until buffers are full | stay; new ones are accepted by the kernel | `kill -STOP`, `docker pause` |
//! | stall | lies in the network card until the host goes on | stay; nothing is accepted or acknowledged meanwhile | `virsh suspend`, live migration, a guest that gets no CPU, a hanging kernel |
//! | power-loss | gone | silence; RST to whatever comes after the reboot | power cut |
//! | partition, isolate, drop | lost, retransmitted | stay; connects time out | pulled cable, firewall rule |
//! | link | slower, lossy; behind a narrow link it waits | stay | congested link, `tc qdisc add … netem`, `tbf` |
//! | flap, spikes | as isolate and link, again and again | stay | a loose cable, a card that resets; garbage collection of a hypervisor |
//! | bridge, majorities-ring, isolate-one, swizzle | as partition and isolate | stay | the partitions of Jepsen, swizzle-clogging of FoundationDB |
//! | config-read-only | untouched | untouched; saves of configuration files fail | `chmod a-w` on the directory |
//! | dns | untouched | untouched; whoever looks a name up blocks, or fails | name server unreachable or overloaded |
//! | snapshots-fail | untouched | untouched; BGSAVE and full syncs fail | `config set dir /` |
//! | fsync: takes | untouched | untouched; whoever waits for the disk answers nobody | a busy disk, throttled cloud volume |
//! | fsync: fails, disk-full | untouched | untouched; `appendfsync always` exits | EIO of a dying disk, `df` at 100 % |
//! | fsync: lies | untouched; lost on power loss though synced | untouched | a volatile write cache, `eatmydata`, `nobarrier` |
//! | restart with `address` | what has left still arrives; everything else meets silence | gone with the process; the old address answers nobody | a rescheduled pod, `docker compose up --force-recreate`, a DHCP lease that ran out |
//! | restart with `config`, `data` | untouched | untouched | volume restored from a snapshot, pod without a persistent volume |
//! | redis-command, sentinel-command | untouched | as the command closes them | `redis-cli` |
//! | debug-sleep | the kernel takes it until buffers are full | stay; requests are executed on waking | `redis-cli debug sleep` |
//! | clock-step | untouched | untouched | `date -s`, NTP step |
//! | clock-drift | untouched | untouched | a bad oscillator, NTP slewing, `faketime -f '+0 x1.05'` |
//! | clock-freeze | untouched | untouched | `faketime` with a fixed time; a hypervisor's clock source that hangs until NTP steps it |

use crate::link::{HostIx, NetFault};
use crate::process::Life;
use crate::run::{Run, StepState};
use splitbrain_checker::observations::NodeKind;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::{Input, Nanos};
use splitbrain_scenarios::{Action, Found, FsyncFault, Link, ProcessKind, Target, Trigger};

impl Run<'_> {
    /// Applies the step at this index; returns a description with roles resolved.
    pub(crate) fn apply(&mut self, i: usize) -> String {
        let action = self.scenario.schedule[i].action.clone();
        match &action {
            Action::Kill(targets) => self.on_processes(i, "kill", targets, |run, p| run.world.kill(p)),
            Action::Stop(targets) => self.on_processes(i, "stop", targets, |run, p| run.terminate(p)),
            Action::Restart(targets) => self.on_processes(i, "restart", targets, |run, p| run.restart(p)),
            Action::Pause(targets) => self.on_processes(i, "pause", targets, |run, p| run.world.pause(p)),
            Action::Resume(targets) => self.on_processes(i, "resume", targets, |run, p| run.world.resume(p)),
            Action::PowerLoss(targets) => {
                let hosts = self.bind_hosts(i, targets);
                hosts.iter().for_each(|&host| self.world.power_off(host));
                format!("power-loss {}", self.host_names(&hosts))
            }
            Action::PowerOn(targets) => {
                let hosts = self.bind_hosts(i, targets);
                self.boot(&hosts)
            }
            Action::Stall(targets) => {
                let hosts = self.bind_hosts(i, targets);
                hosts.iter().for_each(|&host| self.world.stall(host));
                format!("stall {}", self.host_names(&hosts))
            }
            Action::Partition(groups) => {
                let groups = self.groups(i, groups);
                let text: Vec<String> = groups.iter().map(|group| self.host_names(group)).collect();
                self.world.links_mut().begin(i, NetFault::Partition(groups));
                format!("partition {}", text.join(" | "))
            }
            Action::Isolate(targets) => {
                let inside = self.bind_hosts(i, targets);
                let text = format!("isolate {}", self.host_names(&inside));
                let outside = self.hosts_except(&inside);
                self.world.links_mut().begin(i, NetFault::Partition(vec![inside, outside]));
                text
            }
            Action::Drop(from, to) => {
                let mut groups = self.groups(i, &[from.clone(), to.clone()]);
                let (to, from) = (groups.pop().unwrap_or_default(), groups.pop().unwrap_or_default());
                let text = format!("drop {} > {}", self.host_names(&from), self.host_names(&to));
                self.world.links_mut().begin(i, NetFault::Drop(from, to));
                text
            }
            Action::Heal => {
                self.world.links_mut().heal();
                self.world.dns_mut().heal();
                "heal".to_owned()
            }
            Action::Link(Link { from, to, both, latency, loss_ppm, rate }) => {
                let a = self.bind_hosts(i, from);
                let b = if to.is_empty() { self.hosts_except(&a) } else { self.bind_hosts(i, to) };
                let arrow = if *both { '-' } else { '>' };
                let text = format!("link {} {arrow} {}", self.host_names(&a), self.host_names(&b));
                let (latency, loss_ppm, rate, both) = (latency.clone(), *loss_ppm, *rate, *both);
                self.world.links_mut().begin(i, NetFault::Shape { a, b, latency, loss_ppm, rate, both });
                text
            }
            Action::Dns { at, of, answers } => {
                let (at, of) = (self.bind_hosts(i, at), self.bind_hosts(i, of));
                let names = if of.is_empty() { String::new() } else { format!(" about {}", self.host_names(&of)) };
                let text = format!("dns {answers} at {}{names}", self.host_names(&at));
                let end = self.scenario.schedule.iter().find(|step| step.action == Action::Undo(i));
                let until = match end.map(|step| &step.trigger) {
                    Some(Trigger::AfterStep(_, lasts)) => Some(self.world.now() + lasts.nanos()),
                    _ => None,
                };
                self.world.dns_mut().begin(i, at, of, answers.clone(), until);
                text
            }
            Action::ClockStep(targets, by) => {
                let text = self.on_processes(i, "clock-step", targets, |run, p| run.world.step_clock(p, *by));
                format!("{text} by {by}")
            }
            Action::ClockDrift(targets, ppm) => {
                let text = self.on_processes(i, "clock-drift", targets, |run, p| run.world.drift_clock(p, *ppm));
                format!("{text} by {ppm} ppm")
            }
            Action::ClockFreeze(targets) => {
                self.on_processes(i, "clock-freeze", targets, |run, p| run.world.freeze_clock(p, true))
            }
            Action::SentinelFailover(target, master) => {
                let command = OperatorCommand::SentinelFailover(master.clone());
                let first = self.resolve(std::slice::from_ref(target)).first().copied();
                self.on_bound(i, "sentinel-failover", first.into_iter().collect(), |run, p| {
                    run.world.signal(p, Input::Operator(command.clone()));
                })
            }
            Action::ConfigReadOnly(targets) => {
                let deny = |run: &mut Run<'_>, p| run.world.set_config_read_only(p, true);
                self.on_processes(i, "config-read-only", targets, deny)
            }
            Action::Fsync(targets, fault) => {
                let what = match fault {
                    FsyncFault::Takes(_) => "slow fsync at",
                    FsyncFault::Fails => "failing fsync at",
                    FsyncFault::Lies => "lying fsync at",
                };
                self.on_processes(i, what, targets, |run, p| run.world.set_fsync(p, fault, true))
            }
            Action::DiskFull(targets) => {
                self.on_processes(i, "disk-full at", targets, |run, p| run.world.set_disk_full(p, true))
            }
            Action::RestartWith(targets, found) => {
                let words = found.iter().map(|found| match found {
                    Found::OldConfig => "its old configuration",
                    Found::FirstConfig => "the configuration it was deployed with",
                    Found::NewIdentity => "a new identity",
                    Found::NoData => "no data",
                    Found::NewAddress => "a new address",
                });
                let verb = format!("restart with {}", words.collect::<Vec<_>>().join(" and "));
                let prepare = |run: &mut Run<'_>, p| found.iter().for_each(|found| run.world.change_files(p, found));
                let text = self.on_processes(i, &verb, targets, prepare);
                self.bound[i].clone().into_iter().for_each(|p| self.restart(p));
                text
            }
            Action::SnapshotsFail(targets) => {
                let fail = |run: &mut Run<'_>, p| run.world.set_snapshots_fail(p, true);
                self.on_processes(i, "snapshots-fail", targets, fail)
            }
            Action::Command(targets, command) => {
                let verb = match command {
                    OperatorCommand::Sentinel(command) => format!("`{command}` at"),
                    OperatorCommand::Redis(command) => format!("`{command}` at"),
                    OperatorCommand::DebugSleep(time) => format!("`DEBUG SLEEP` for {time} at"),
                    _ => "command at".to_owned(),
                };
                let text = self.on_processes(i, &verb, targets, |run, p| {
                    run.world.signal(p, Input::Operator(command.clone()));
                });
                if let OperatorCommand::DebugSleep(time) = command {
                    self.bound[i].clone().into_iter().for_each(|p| self.falls_asleep(p, *time));
                }
                text
            }
            Action::Start(targets) => self.on_processes(i, "start", targets, |run, p| run.start_late(p)),
            Action::Replace(old, new) => {
                let killed = self.on_processes(i, "kill", old, |run, p| run.world.die(p));
                let started = self.on_processes(i, "start", new, |run, p| run.start_late(p));
                format!("{killed}, {started}")
            }
            Action::Undo(step) => self.undo(*step),
        }
    }

    /// Starts a late process with the masters of this moment in its configuration.
    fn start_late(&mut self, p: u16) {
        for (name, servers) in &self.scenario.masters {
            if let Some(master) = self.current_master(name) {
                let addr = self.world.procs()[usize::from(master)].addr;
                self.world.configure_master(p, name, servers.contains(&usize::from(p)), addr);
            }
        }
        self.world.start(p, Nanos::ZERO);
    }

    fn undo(&mut self, step: usize) -> String {
        if !matches!(self.steps[step], StepState::Fired(_)) {
            return "nothing to undo".to_owned();
        }
        let bound = self.bound[step].clone();
        let action = self.scenario.schedule[step].action.clone();
        match &action {
            Action::Kill(_) | Action::Stop(_) => self.on_bound(step, "restart", bound, |run, p| run.start_when_dead(p)),
            Action::Pause(_) => self.on_bound(step, "resume", bound, |run, p| run.world.resume(p)),
            Action::ConfigReadOnly(_) => {
                let allow = |run: &mut Run<'_>, p| run.world.set_config_read_only(p, false);
                self.on_bound(step, "config-writable", bound, allow)
            }
            Action::Fsync(_, fault) => {
                self.on_bound(step, "end of fsync fault at", bound, |run, p| run.world.set_fsync(p, fault, false))
            }
            Action::DiskFull(_) => {
                self.on_bound(step, "room on disk at", bound, |run, p| run.world.set_disk_full(p, false))
            }
            Action::SnapshotsFail(_) => {
                let succeed = |run: &mut Run<'_>, p| run.world.set_snapshots_fail(p, false);
                self.on_bound(step, "snapshots-succeed", bound, succeed)
            }
            Action::ClockDrift(..) => {
                self.on_bound(step, "end of clock-drift at", bound, |run, p| run.world.drift_clock(p, 0))
            }
            Action::ClockFreeze(_) => {
                self.on_bound(step, "end of clock-freeze at", bound, |run, p| run.world.freeze_clock(p, false))
            }
            Action::Stall(_) => {
                let hosts = self.hosts_of(&bound);
                hosts.iter().for_each(|&host| self.world.unstall(host));
                format!("end of stall of {}", self.host_names(&hosts))
            }
            Action::PowerLoss(_) => {
                let hosts = self.hosts_of(&bound);
                self.boot(&hosts)
            }
            action => {
                self.world.links_mut().end(step);
                self.world.dns_mut().end(step);
                format!("end of {}", name_of(action))
            }
        }
    }

    fn boot(&mut self, hosts: &[HostIx]) -> String {
        for &host in hosts {
            self.world.power_on(host);
            for p in 0..self.world.procs().len() as u16 {
                if self.world.procs()[usize::from(p)].host == host && !self.never_started(p) {
                    self.world.start(p, Nanos::ZERO);
                }
            }
        }
        format!("power-on {}", self.host_names(hosts))
    }

    fn terminate(&mut self, p: u16) {
        let grace = match &self.scenario.processes[usize::from(p)].kind {
            ProcessKind::Redis(conf) => Nanos::from_secs(u64::from(conf.shutdown_timeout) + 10),
            ProcessKind::Sentinel(_) => Nanos::from_secs(10),
            ProcessKind::Client(_) | ProcessKind::App => return self.world.die(p),
        };
        self.world.signal(p, Input::Terminate);
        self.kill_later(p, grace);
    }

    fn on_processes(&mut self, i: usize, verb: &str, targets: &[Target], act: impl FnMut(&mut Run<'_>, u16)) -> String {
        let processes = self.resolve(targets);
        self.on_bound(i, verb, processes, act)
    }

    fn on_bound(
        &mut self,
        i: usize,
        verb: &str,
        processes: Vec<u16>,
        mut act: impl FnMut(&mut Run<'_>, u16),
    ) -> String {
        let names: Vec<&str> =
            processes.iter().map(|&p| self.scenario.processes[usize::from(p)].name.as_str()).collect();
        let text = format!("{verb} {}", names.join(", "));
        for &p in &processes {
            act(self, p);
        }
        self.bound[i] = processes;
        text
    }

    // ---- targets ----

    /// Processes that targets mean at this moment, each once, in order of naming.
    fn resolve(&mut self, targets: &[Target]) -> Vec<u16> {
        let mut found: Vec<u16> = Vec::new();
        for target in targets {
            for p in self.resolve_one(target) {
                if !found.contains(&p) {
                    found.push(p);
                }
            }
        }
        found
    }

    fn resolve_one(&mut self, target: &Target) -> Vec<u16> {
        let first = self.scenario.masters.first().map(|(name, _)| name.clone());
        match target {
            Target::Named(name) => self.named(name),
            Target::Master(name) => {
                let master = name.clone().or(first).and_then(|name| self.current_master(&name));
                self.old_master = master.or(self.old_master);
                master.into_iter().collect()
            }
            Target::OldMaster => self.old_master.into_iter().collect(),
            Target::Replica(n) => {
                let master = first.as_ref().and_then(|name| self.current_master(name));
                let servers = self.scenario.masters.first().map(|(_, servers)| servers.clone()).unwrap_or_default();
                let replicas = servers.into_iter().map(|p| p as u16).filter(|&p| Some(p) != master);
                let running: Vec<u16> = replicas.filter(|&p| self.is_alive(p)).collect();
                pick(running, *n)
            }
            Target::Sentinel(n) => {
                let all = self.of_kind(NodeKind::Sentinel).into_iter();
                let running: Vec<u16> = all.filter(|&p| self.is_alive(p)).collect();
                pick(running, *n)
            }
            Target::Leader => {
                self.old_leader = self.leader.or(self.old_leader);
                self.leader.into_iter().collect()
            }
            Target::OldLeader => self.old_leader.into_iter().collect(),
            Target::Clients => self.of_kind(NodeKind::Client),
            Target::Rest => Vec::new(),
        }
    }

    fn named(&self, name: &str) -> Vec<u16> {
        let processes = &self.scenario.processes;
        if let Some(p) = processes.iter().position(|process| process.name == name) {
            return vec![p as u16];
        }
        let on_host = |process: &splitbrain_scenarios::Process| self.scenario.hosts[process.host].name == name;
        processes.iter().enumerate().filter(|(_, process)| on_host(process)).map(|(p, _)| p as u16).collect()
    }

    pub(crate) fn is_alive(&self, p: u16) -> bool {
        matches!(self.world.procs()[usize::from(p)].life, Life::Running | Life::Paused)
    }

    fn bind_hosts(&mut self, i: usize, targets: &[Target]) -> Vec<HostIx> {
        let processes = self.resolve(targets);
        let hosts = self.hosts_of(&processes);
        for p in processes {
            if !self.bound[i].contains(&p) {
                self.bound[i].push(p);
            }
        }
        hosts
    }

    fn hosts_of(&self, processes: &[u16]) -> Vec<HostIx> {
        let mut hosts: Vec<HostIx> =
            processes.iter().map(|&p| self.scenario.processes[usize::from(p)].host as HostIx).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    fn hosts_except(&self, inside: &[HostIx]) -> Vec<HostIx> {
        (0..self.scenario.hosts.len() as HostIx).filter(|host| !inside.contains(host)).collect()
    }

    /// Hosts of each group; `rest` stands for all hosts named in no group.
    fn groups(&mut self, i: usize, groups: &[Vec<Target>]) -> Vec<Vec<HostIx>> {
        let mut hosts: Vec<Vec<HostIx>> = groups.iter().map(|group| self.bind_hosts(i, group)).collect();
        let named: Vec<HostIx> = hosts.iter().flatten().copied().collect();
        for (group, hosts) in groups.iter().zip(&mut hosts) {
            if group.contains(&Target::Rest) {
                hosts.extend(self.hosts_except(&named));
            }
        }
        hosts
    }

    fn host_names(&self, hosts: &[HostIx]) -> String {
        let names: Vec<&str> = hosts.iter().map(|&host| self.scenario.hosts[usize::from(host)].name.as_str()).collect();
        names.join(", ")
    }
}

fn pick(mut all: Vec<u16>, n: Option<u32>) -> Vec<u16> {
    match n {
        None => all,
        Some(n) if (n as usize) < all.len() => vec![all.swap_remove(n as usize)],
        Some(_) => Vec::new(),
    }
}

fn name_of(action: &Action) -> &'static str {
    match action {
        Action::Partition(_) => "partition",
        Action::Drop(..) => "drop",
        Action::Isolate(_) => "isolate",
        Action::Link(_) => "link fault",
        Action::Dns { .. } => "dns fault",
        _ => "fault",
    }
}
