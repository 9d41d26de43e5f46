//! The standard failures, each with what it is called in other people's words. Roles are those at the beginning: every
//! failure starts from a settled cluster whose first server is the master.

use super::cluster::Cluster;
use super::text::{back, host, sentinel, server};

/// A failure that every deployment goes through.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Its name on the command line.
    pub name: &'static str,
    /// When … happens.
    pub title: &'static str,
    /// What it stands for.
    pub why: &'static str,
    /// A client stands beside the master.
    pub near: bool,
    /// Whether it means something for a cluster.
    fits: fn(&Cluster) -> bool,
    /// The entries of `[[faults]]`.
    make: fn(&Cluster) -> Vec<String>,
}

impl Failure {
    /// All that mean something for a cluster.
    pub fn all(cluster: &Cluster) -> Vec<Failure> {
        FAILURES.iter().filter(|failure| (failure.fits)(cluster)).copied().collect()
    }

    /// The failure of this name.
    pub fn named(name: &str) -> Option<Failure> {
        FAILURES.iter().find(|failure| failure.name == name).copied()
    }

    /// The names of all failures.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAILURES.iter().map(|failure| failure.name)
    }

    pub(super) fn steps(&self, cluster: &Cluster) -> Vec<String> {
        (self.make)(cluster)
    }
}

fn always(_: &Cluster) -> bool {
    true
}

fn watched(cluster: &Cluster) -> bool {
    !cluster.sentinels.is_empty()
}

/// Long enough that the master counts as down, in seconds.
fn outage(cluster: &Cluster) -> u64 {
    (cluster.watch.down_after_ms / 1000).min(120) + 20
}

fn now(what: &str) -> String {
    format!("at = \"0s\"\n{what}")
}

fn list(names: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", all.join(", "))
}

const FAILURES: &[Failure] = &[
    Failure {
        name: "master-dies",
        title: "the master's process dies",
        why: "OOM kill, segmentation fault, kill -9, docker kill.",
        near: false,
        fits: always,
        make: |cluster| {
            let mut steps = vec![now("kill = \"redis-1\"")];
            steps.extend(back("redis-1", cluster.servers[0].died));
            steps
        },
    },
    Failure {
        name: "master-stops",
        title: "the master is stopped gracefully",
        why: "An update, a drained node, docker stop, pod deletion.",
        near: false,
        fits: always,
        make: |cluster| {
            let mut steps = vec![now("stop = \"redis-1\"")];
            steps.extend(back("redis-1", cluster.servers[0].replaced));
            steps
        },
    },
    Failure {
        name: "master-host-dies",
        title: "the master's machine dies",
        why: "Power, hardware, hypervisor: everything on it is gone, and says nothing.",
        near: false,
        fits: always,
        make: |cluster| vec![now(&format!("power-loss = \"{}\"", host(cluster, cluster.master_host())))],
    },
    Failure {
        name: "master-freezes",
        title: "the master freezes",
        why: "A stalled disk, a slow command, a paused virtual machine, docker pause; it goes on afterwards.",
        near: false,
        fits: always,
        make: |cluster| vec![now(&format!("pause = \"redis-1\"\nfor = \"{}s\"", outage(cluster)))],
    },
    Failure {
        name: "master-cut-off",
        title: "the master is cut off",
        why: "A switch port, a security group, a network policy: its machine alone, without clients.",
        near: false,
        fits: |cluster| cluster.hosts().len() > 1,
        make: |cluster| {
            let at = host(cluster, cluster.master_host());
            vec![now(&format!("isolate = \"{at}\"\nfor = \"{}s\"", outage(cluster)))]
        },
    },
    Failure {
        name: "master-cut-off-with-clients",
        title: "the master is cut off with clients",
        why: "A rack or a zone loses its uplink: an application beside the master goes on writing to it.",
        near: true,
        fits: |cluster| cluster.hosts().len() > 1,
        make: |cluster| {
            let at = host(cluster, cluster.master_host());
            let outage = outage(cluster);
            vec![now(&format!("partition = [[\"{at}\"], [\"rest\"]]\nfor = \"{outage}s\""))]
        },
    },
    Failure {
        name: "sentinel-then-master",
        title: "a Sentinel is down when the master dies",
        why: "Nobody looks after a Sentinel that has gone.",
        near: false,
        fits: watched,
        make: |cluster| {
            let last = sentinel(cluster.sentinels.len() - 1);
            let mut steps = vec![now(&format!("kill = \"{last}\""))];
            steps.push("then-after = \"20s\"\nkill = \"redis-1\"\norigin = true".to_owned());
            steps.extend(back("redis-1", cluster.servers[0].died));
            steps
        },
    },
    Failure {
        name: "replica-then-master",
        title: "a replica is down when the master dies",
        why: "The second failure within a minute.",
        near: false,
        fits: |cluster| cluster.servers.len() > 1,
        make: |cluster| {
            let last = server(cluster.servers.len() - 1);
            let mut steps = vec![now(&format!("kill = \"{last}\""))];
            steps.push("then-after = \"10s\"\nkill = \"redis-1\"\norigin = true".to_owned());
            steps.extend(back("redis-1", cluster.servers[0].died));
            steps
        },
    },
    Failure {
        name: "all-restart",
        title: "everything restarts at once",
        why: "Power of the whole site, docker compose down and up, an upgrade of the cluster.",
        near: false,
        fits: always,
        make: |cluster| {
            let servers = (0..cluster.servers.len()).map(server);
            let all = list(servers.chain((0..cluster.sentinels.len()).map(sentinel)));
            let mut steps = vec![now(&format!("stop = {all}"))];
            let mut first = true;
            for (name, mut its) in replaced(cluster) {
                // Whatever starts things again or not, here somebody does: all together.
                its.after_ms = Some(if std::mem::take(&mut first) { 5_000 } else { 100 });
                steps.extend(back(&name, its));
            }
            steps
        },
    },
    Failure {
        name: "rolling-restart",
        title: "everything is replaced one after the other",
        why: "kubectl rollout restart, an upgrade of the image, a drain of all nodes, thirty seconds apart.",
        near: false,
        fits: always,
        make: |cluster| {
            let mut steps: Vec<String> = Vec::new();
            // Replicas before the master, as a StatefulSet does it; then the Sentinels.
            let mut all: Vec<(String, super::cluster::Back)> = replaced(cluster);
            all[..cluster.servers.len()].reverse();
            for (name, mut its) in all {
                let when = if steps.is_empty() { "at = \"0s\"" } else { "then-after = \"30s\"" };
                steps.push(format!("{when}\nstop = \"{name}\""));
                its.after_ms = its.after_ms.or(Some(5_000));
                steps.extend(back(&name, its));
            }
            steps
        },
    },
    Failure {
        name: "zone-dies",
        title: "one of three zones is lost",
        why: "A third of the machines, that of the master among them, loses its power.",
        near: false,
        fits: |cluster| cluster.hosts().len() > 3,
        make: |cluster| {
            let machines = cluster.hosts();
            let lost = machines.iter().step_by(3).map(|name| host(cluster, name));
            vec![now(&format!("power-loss = {}", list(lost)))]
        },
    },
    Failure {
        name: "slow-network",
        title: "the network is slow for a minute",
        why: "A saturated uplink, a backup, a neighbour: 300 to 900 ms to and from the master's machine, 2 % loss.",
        near: false,
        fits: |cluster| cluster.hosts().len() > 1,
        make: |cluster| {
            let at = host(cluster, cluster.master_host());
            vec![now(&format!("link = {{ a = \"{at}\", latency = \"300ms..900ms\", loss = \"2%\" }}\nfor = \"60s\""))]
        },
    },
    Failure {
        name: "clock-step",
        title: "a Sentinel's clock jumps, then the master dies",
        why: "NTP after a long time, a restored snapshot of a virtual machine.",
        near: false,
        fits: watched,
        make: |cluster| {
            let mut steps = vec![now("clock-step = { of = \"sentinel-1\", by = \"60s\" }")];
            steps.push("then-after = \"2s\"\nkill = \"redis-1\"\norigin = true".to_owned());
            steps.extend(back("redis-1", cluster.servers[0].died));
            steps
        },
    },
];

/// Everything with how it comes back when it is replaced, servers first.
fn replaced(cluster: &Cluster) -> Vec<(String, super::cluster::Back)> {
    let servers = cluster.servers.iter().enumerate().map(|(i, its)| (server(i), its.replaced));
    servers.chain(cluster.sentinels.iter().enumerate().map(|(i, its)| (sentinel(i), its.replaced))).collect()
}
