//! Who is meant: roles and names of a step become processes and hosts at the moment when it fires.

use crate::cluster::Cluster;
use crate::shared::Life;
use splitbrain::scenarios::{ProcessKind, Target};

impl Cluster {
    pub(crate) fn bind(&mut self, i: usize, targets: &[Target]) -> Vec<usize> {
        let found = self.resolve(targets);
        for &p in &found {
            if !self.faults.bound[i].contains(&p) {
                self.faults.bound[i].push(p);
            }
        }
        found
    }

    pub(crate) fn resolve(&mut self, targets: &[Target]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for target in targets {
            for p in self.resolve_one(target) {
                if !found.contains(&p) {
                    found.push(p);
                }
            }
        }
        found
    }

    fn resolve_one(&mut self, target: &Target) -> Vec<usize> {
        let scenario = &self.shared.scenario;
        let first = scenario.masters.first().map(|(name, _)| name.clone());
        let alive = |p: &usize| matches!(self.shared.life(*p), Life::Up | Life::Stopped);
        match target {
            Target::Named(name) => {
                if let Some(p) = scenario.processes.iter().position(|process| process.name == *name) {
                    return vec![p];
                }
                let processes = scenario.processes.iter().enumerate();
                processes.filter(|(_, process)| scenario.hosts[process.host].name == *name).map(|(p, _)| p).collect()
            }
            Target::Master(name) => {
                let master = name.clone().or(first).and_then(|name| self.master(&name));
                self.faults.old_master = master.or(self.faults.old_master);
                master.into_iter().collect()
            }
            Target::OldMaster => self.faults.old_master.into_iter().collect(),
            Target::Replica(n) => {
                let master = first.as_ref().and_then(|name| self.master(name));
                let servers = scenario.masters.first().map(|(_, servers)| servers.clone()).unwrap_or_default();
                pick(servers.into_iter().filter(|p| Some(*p) != master).filter(alive).collect(), *n)
            }
            Target::Sentinel(n) => pick(self.shared.sentinels().into_iter().filter(alive).collect(), *n),
            Target::Leader => {
                self.faults.old_leader = self.faults.leader.or(self.faults.old_leader);
                self.faults.leader.into_iter().collect()
            }
            Target::OldLeader => self.faults.old_leader.into_iter().collect(),
            Target::Clients => self.shared.all(ProcessKind::is_application),
            Target::Rest => Vec::new(),
        }
    }

    pub(crate) fn hosts_of(&self, processes: &[usize]) -> Vec<usize> {
        let mut hosts: Vec<usize> = processes.iter().map(|&p| self.shared.scenario.processes[p].host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    pub(crate) fn hosts_except(&self, inside: &[usize]) -> Vec<usize> {
        (0..self.shared.scenario.hosts.len()).filter(|host| !inside.contains(host)).collect()
    }

    pub(crate) fn processes_on(&self, hosts: &[usize]) -> Vec<usize> {
        self.shared
            .all(|kind| !kind.is_application())
            .into_iter()
            .filter(|&p| hosts.contains(&self.shared.scenario.processes[p].host))
            .collect()
    }

    pub(crate) fn groups(&mut self, i: usize, groups: &[Vec<Target>]) -> Vec<Vec<usize>> {
        let mut hosts: Vec<Vec<usize>> = Vec::new();
        for group in groups {
            let bound = self.bind(i, group);
            hosts.push(self.hosts_of(&bound));
        }
        let named: Vec<usize> = hosts.iter().flatten().copied().collect();
        for (group, hosts) in groups.iter().zip(&mut hosts) {
            if group.contains(&Target::Rest) {
                hosts.extend(self.hosts_except(&named));
            }
        }
        hosts
    }

    pub(crate) fn named(&self, verb: &str, processes: &[usize]) -> String {
        let names: Vec<&str> = processes.iter().map(|&p| self.shared.scenario.processes[p].name.as_str()).collect();
        format!("{verb} {}", names.join(", "))
    }

    pub(crate) fn host_names(&self, hosts: &[usize]) -> String {
        let names: Vec<&str> = hosts.iter().map(|&host| self.shared.scenario.hosts[host].name.as_str()).collect();
        names.join(", ")
    }
}

fn pick(mut all: Vec<usize>, n: Option<u32>) -> Vec<usize> {
    match n {
        None => all,
        Some(n) if (n as usize) < all.len() => vec![all.swap_remove(n as usize)],
        Some(_) => Vec::new(),
    }
}
