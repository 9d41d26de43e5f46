//! The names of a scenario: processes, groups of clients, hosts, masters and roles; and what a target means.

use super::cluster::Cluster;
use crate::error::ScenarioError;
use crate::nearest::nearest;
use crate::reader::{Field, Read};
use crate::resolved::Target;
use crate::scenario::{ClientSpec, MasterSpec};
use splitbrain_model::Millis;
use std::collections::BTreeMap;

/// Words that stand for a role wherever a target is asked for.
const ROLES: &[&str] = &[
    "master",
    "old-master",
    "replica",
    "replicas",
    "sentinel",
    "sentinels",
    "leader",
    "old-leader",
    "clients",
    "rest",
];

/// Every name that was given, and what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Server,
    Sentinel,
    Client,
    /// A group of clients with its members.
    Clients(Vec<String>),
    Host,
}

/// The names of one scenario.
pub struct Names {
    names: BTreeMap<String, Meaning>,
    masters: Vec<String>,
    sentinels: u32,
    late: Vec<String>,
}

impl Names {
    /// Servers and Sentinels.
    pub fn new(masters: &[MasterSpec], sentinels: u32) -> Names {
        let servers = masters.iter().flat_map(|master| &master.servers);
        let mut names: BTreeMap<String, Meaning> =
            servers.map(|server| (server.name.clone(), Meaning::Server)).collect();
        names.extend((1..=sentinels).map(|number| (format!("sentinel-{number}"), Meaning::Sentinel)));
        Names {
            names,
            masters: masters.iter().map(|master| master.conf.name.to_string()).collect(),
            sentinels,
            late: Vec::new(),
        }
    }

    /// Declared hosts.
    pub fn add_hosts(&mut self, cluster: &Cluster<'_>) -> Read<()> {
        cluster.hosts.iter().try_for_each(|(host, _)| self.add(host.key, Meaning::Host, &|text| host.key_error(text)))
    }

    /// A client, or a group of them under a common name. `error` makes an error where they are named.
    pub fn add_clients(
        &mut self,
        name: &str,
        members: &[String],
        error: &dyn Fn(String) -> Box<ScenarioError>,
    ) -> Read<()> {
        for member in members {
            self.add(member, Meaning::Client, error)?;
        }
        if members.iter().any(|member| member == name) {
            return Ok(());
        }
        self.add(name, Meaning::Clients(members.to_vec()), error)
    }

    /// Whether a client could still be given this name.
    pub fn is_free(&self, name: &str) -> bool {
        !self.names.contains_key(name)
    }

    fn add(&mut self, name: &str, meaning: Meaning, error: &dyn Fn(String) -> Box<ScenarioError>) -> Read<()> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            let wrong = error(format!("`{name}` is no usable name"));
            return Err(wrong.expected("at most 64 letters, digits, `-`, `_` and `.`"));
        }
        if ROLES.contains(&name) || replica_role(name).is_some() {
            return Err(error(format!("`{name}` is a role and cannot be a name")));
        }
        if self.names.contains_key(name) {
            return Err(error(format!("the name `{name}` is given twice")));
        }
        self.names.insert(name.to_owned(), meaning);
        Ok(())
    }

    /// The declared hosts with the processes on them, each process on one host only.
    pub fn placed(&self, cluster: &Cluster<'_>, clients: &[ClientSpec]) -> Read<Vec<(String, Vec<String>)>> {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for client in clients {
            if let Some(host) = &client.host {
                taken.extend(client.members.iter().map(|member| (member.clone(), host.as_str())));
            }
        }
        let mut hosts = Vec::new();
        for (host, processes) in &cluster.hosts {
            let mut placed = Vec::new();
            for (name, at) in processes {
                let members = match self.names.get(*name) {
                    Some(Meaning::Host) | None => return Err(self.unknown(name, at, "process", &[])),
                    Some(Meaning::Clients(members)) => members.clone(),
                    Some(_) => vec![(*name).to_owned()],
                };
                for member in members {
                    if let Some(other) = taken.insert(member.clone(), host.key) {
                        return Err(at.error(format!("`{member}` is on host `{other}` already")));
                    }
                    placed.push(member);
                }
            }
            hosts.push((host.key.to_owned(), placed));
        }
        Ok(hosts)
    }

    /// The name of a host a client is to run on: a declared host, or the host of a process.
    pub fn host(&self, field: &Field<'_>) -> Read<String> {
        self.host_named(field.text()?, field)
    }

    /// What the clocks of hosts are ahead, by names of hosts or of processes on them.
    pub fn clock_offsets(&self, cluster: &Cluster<'_>) -> Read<Vec<(String, Millis)>> {
        let offsets = cluster.clock_offsets.iter();
        offsets.map(|(field, offset)| Ok((self.host_named(field.key, field)?, *offset))).collect()
    }

    /// Processes that are no part of the cluster at the beginning: not the first server of a master, nor all Sentinels.
    pub fn add_late(&mut self, cluster: &Cluster<'_>, masters: &[MasterSpec]) -> Read<Vec<String>> {
        let Some(field) = &cluster.late else { return Ok(Vec::new()) };
        for (name, at) in field.texts()? {
            if !matches!(self.names.get(name), Some(Meaning::Server | Meaning::Sentinel)) {
                return Err(self.unknown(name, &at, "server or Sentinel", &[]));
            }
            if masters.iter().any(|master| master.servers.first().is_some_and(|first| first.name == name)) {
                return Err(at
                    .error(format!("`{name}` is the master at the beginning"))
                    .expected("a replica or a Sentinel"));
            }
            self.late.push(name.to_owned());
        }
        let is_late = |number| self.is_late(&format!("sentinel-{number}"));
        if (1..=self.sentinels).all(is_late) {
            return Err(field.error("every Sentinel is late").expected("at least one that is there at the beginning"));
        }
        Ok(self.late.clone())
    }

    /// Whether a process of this name is no part of the cluster at the beginning.
    pub fn is_late(&self, name: &str) -> bool {
        self.late.iter().any(|late| late == name)
    }

    fn host_named(&self, name: &str, field: &Field<'_>) -> Read<String> {
        match self.names.get(name) {
            Some(Meaning::Host | Meaning::Server | Meaning::Sentinel) => Ok(name.to_owned()),
            _ => {
                let error = self.unknown(name, field, "host", &[]);
                Err(if error.help.is_some() { error } else { error.help("hosts are declared in [cluster] hosts") })
            }
        }
    }

    /// The index of a Sentinel, from 0.
    pub fn sentinel(&self, name: &str, at: &Field<'_>) -> Read<u32> {
        let index = (0..self.sentinels).find(|index| name == format!("sentinel-{}", index + 1));
        index.ok_or_else(|| self.unknown(name, at, "Sentinel", &[]))
    }

    /// The index of a Redis server over all masters, from 0.
    pub fn server(&self, name: &str, at: &Field<'_>) -> Read<u32> {
        let number = name.strip_prefix("redis-").filter(|_| self.is_server(name)).and_then(|text| text.parse().ok());
        number.map(|number: u32| number - 1).ok_or_else(|| self.unknown(name, at, "server", &[]))
    }

    /// Whether this is a Redis server.
    pub fn is_server(&self, name: &str) -> bool {
        matches!(self.names.get(name), Some(Meaning::Server))
    }

    /// All Sentinels in their order.
    pub fn all_sentinels(&self) -> Vec<u32> {
        (0..self.sentinels).collect()
    }

    /// The index of a master by name.
    pub fn master(&self, field: &Field<'_>) -> Read<usize> {
        let name = field.text()?;
        self.masters.iter().position(|master| master == name).ok_or_else(|| {
            let error = field.error(format!("there is no master `{name}`"));
            error.did_you_mean(nearest(name, self.masters.iter().map(String::as_str)))
        })
    }

    /// The name of a master by index.
    pub fn master_name(&self, index: usize) -> &str {
        &self.masters[index]
    }

    /// One name or several: what they mean. `rest` is a role only where it has a meaning.
    pub fn targets(&self, field: &Field<'_>, rest: bool) -> Read<Vec<Target>> {
        let texts = field.texts()?;
        if texts.is_empty() {
            return Err(field.wrong("at least one target"));
        }
        let mut targets = Vec::new();
        for (name, at) in texts {
            targets.extend(self.target(name, &at, rest)?);
        }
        Ok(targets)
    }

    fn target(&self, name: &str, at: &Field<'_>, rest: bool) -> Read<Vec<Target>> {
        match self.names.get(name) {
            Some(Meaning::Clients(members)) => return Ok(members.iter().cloned().map(Target::Named).collect()),
            Some(_) => return Ok(vec![Target::Named(name.to_owned())]),
            None => {}
        }
        let role = match name {
            "master" => Target::Master(None),
            "old-master" => Target::OldMaster,
            "replica" => Target::Replica(Some(0)),
            "replicas" => Target::Replica(None),
            "sentinel" => Target::Sentinel(Some(0)),
            "sentinels" => Target::Sentinel(None),
            "leader" => Target::Leader,
            "old-leader" => Target::OldLeader,
            "clients" => Target::Clients,
            "rest" if rest => Target::Rest,
            "rest" => return Err(at.error("`rest` has a meaning only in a partition or a drop")),
            _ => match (name.strip_prefix("master:"), replica_role(name)) {
                (Some(master), _) if self.masters.iter().any(|known| known == master) => {
                    Target::Master(Some(master.into()))
                }
                (_, Some(number)) => Target::Replica(Some(number - 1)),
                _ => return Err(self.unknown(name, at, "role, process or host", ROLES)),
            },
        };
        Ok(vec![role])
    }

    fn unknown(&self, name: &str, at: &Field<'_>, what: &str, roles: &[&str]) -> Box<ScenarioError> {
        let error = at.error(format!("there is no {what} `{name}`"));
        let known = self.names.keys().map(String::as_str).chain(roles.iter().copied());
        if let Some(word) = nearest(name, known) {
            return error.did_you_mean(Some(word));
        }
        if roles.is_empty() {
            return error;
        }
        error.expected("a role (`master`, `old-master`, `replica`, `replicas`, `sentinel`, `sentinels`, `leader`, `old-leader`, `clients`), `redis-1`, `sentinel-1`, a client or a host")
    }
}

/// `replica-N`: the N-th running replica, counted from 1.
fn replica_role(name: &str) -> Option<u32> {
    let number = name.strip_prefix("replica-")?;
    number.parse().ok().filter(|number| *number >= 1)
}
