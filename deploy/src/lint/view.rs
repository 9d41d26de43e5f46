//! A deployment as the rules see it: who is master at first, who watches whom.

use crate::conf::{Conf, Line, Monitor};
use crate::deployment::{Completeness, Deployment, Form, Node};
use crate::finding::{Change, Edit};
use crate::place::Place;

/// A deployment with its roles.
pub struct View<'d> {
    /// All of it.
    pub deployment: &'d Deployment,
    /// Sentinels.
    pub sentinels: Vec<&'d Node>,
    /// Redis servers.
    pub redis: Vec<&'d Node>,
    /// Redis servers that are masters at the first start.
    pub masters: Vec<&'d Node>,
    /// The others.
    pub replicas: Vec<&'d Node>,
}

impl<'d> View<'d> {
    /// The roles of a deployment.
    pub fn of(deployment: &'d Deployment) -> View<'d> {
        let (sentinels, redis): (Vec<&Node>, Vec<&Node>) = deployment.nodes.iter().partition(|node| node.is_sentinel());
        let (replicas, masters) = redis.iter().partition(|node| node.conf.replicaof().is_some());
        View { deployment, sentinels, redis, masters, replicas }
    }

    /// Whether all nodes can be seen, so that something follows from what is not there.
    pub fn is_whole(&self) -> bool {
        self.deployment.complete == Completeness::Whole
    }

    /// Whether this is how it is written down.
    pub fn is(&self, form: Form) -> bool {
        self.deployment.form == form
    }

    /// Each Sentinel with each master it watches.
    pub fn monitors(&self) -> Vec<(&'d Node, Monitor<'d>)> {
        self.sentinels
            .iter()
            .flat_map(|node| node.conf.monitors().into_iter().map(move |monitor| (*node, monitor)))
            .collect()
    }

    /// The Sentinels that watch the same master, by its name or by its address.
    pub fn watchers(&self, of: &Monitor<'_>) -> Vec<&'d Node> {
        let same = |node: &&Node| {
            let monitors = node.conf.monitors();
            monitors.iter().any(|m| m.name == of.name || (m.host == of.host && m.port == of.port))
        };
        self.sentinels.iter().copied().filter(same).collect()
    }

    /// The server that an address means.
    pub fn server(&self, host: &str, port: &str) -> Option<&'d Node> {
        let on_port = |node: &&&Node| {
            let (plain, tls) = node.conf.ports(6379);
            port.parse().is_ok_and(|port: u16| port == plain || port == tls)
        };
        let named: Vec<&&Node> = self.redis.iter().filter(|node| node.answers_to(host)).collect();
        let found = match named[..] {
            [only] => Some(*only),
            _ => named.iter().find(|node| on_port(node)).or(named.first()).map(|node| **node),
        };
        found.or_else(|| {
            // A service that selects servers: the first master among them.
            let service = self.deployment.services.iter().find(|service| names(&service.name, host))?;
            let selected: Vec<&Node> =
                service.selects.iter().filter_map(|index| self.deployment.nodes.get(*index)).collect();
            let selected = selected.iter().filter(|node| !node.is_sentinel());
            selected.copied().min_by_key(|node| node.conf.replicaof().is_some())
        })
    }

    /// The master that a Sentinel watches: the one at the address, or else the only one there is.
    pub fn master(&self, monitor: &Monitor<'_>) -> Option<&'d Node> {
        self.server(monitor.host, monitor.port).or(match self.masters[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    /// The replicas of a master: those that follow it, or all if that cannot be told.
    pub fn replicas_of(&self, master: &Node) -> Vec<&'d Node> {
        if self.masters.len() <= 1 {
            return self.replicas.clone();
        }
        let follows = |node: &&Node| {
            let Some((host, port, _)) = node.conf.replicaof() else { return false };
            self.server(host, port).is_some_and(|found| std::ptr::eq(found, master))
        };
        self.replicas.iter().copied().filter(follows).collect()
    }
}

/// Whether a name in a cluster means a service.
pub fn names(service: &str, host: &str) -> bool {
    host.strip_prefix(service).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Where a setting belongs that is missing: the first of these lines that is there, or the beginning.
pub fn belongs<'n>(node: &'n Node, beside: &[&str]) -> &'n Place {
    beside.iter().find_map(|name| node.conf.last(name)).map_or(&node.place, |line| &line.place)
}

/// A line that says something else.
pub fn replace(line: &Line, text: impl Into<String>) -> Vec<Edit> {
    edit(line, Change::Replace(text.into()))
}

/// A line with another one after it.
pub fn add(line: &Line, text: impl Into<String>) -> Vec<Edit> {
    edit(line, Change::Add(text.into()))
}

/// A line that goes.
pub fn delete(line: &Line) -> Vec<Edit> {
    edit(line, Change::Delete)
}

fn edit(line: &Line, change: Change) -> Vec<Edit> {
    if line.option {
        return Vec::new();
    }
    vec![Edit { place: line.place.clone(), before: line.text.trim().to_owned(), change }]
}

/// The bytes of `64mb` and the like.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// Whether a server writes its data to a disk.
pub fn persists(conf: &Conf) -> bool {
    let aof = conf.is_yes("appendonly").unwrap_or(false);
    aof || saves(conf)
}

/// Whether there are points in time at which the data is saved. The last run of `save` lines counts, and an empty one
/// takes those before it away; without any, Redis has its own.
fn saves(conf: &Conf) -> bool {
    let mut saves = true;
    for line in conf.directives().filter(|line| line.words[0] == "save") {
        saves = line.args().iter().any(|word| !word.is_empty());
    }
    saves
}
