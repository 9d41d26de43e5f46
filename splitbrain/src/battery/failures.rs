//! The standard failures, each with what it is called in other people's words. Roles are those at the beginning: every
//! failure starts from a settled cluster whose first server is the master.

use super::cluster::{Back, Cluster};
use super::text::{back, host};

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
    pub(super) fits: fn(&Cluster) -> bool,
    /// The entries of `[[faults]]`.
    pub(super) make: fn(&Cluster) -> Vec<String>,
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

    /// The names of the standard failures.
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

pub(super) fn watched(cluster: &Cluster) -> bool {
    !cluster.sentinels.is_empty()
}

/// Long enough that the master counts as down, in seconds.
pub(super) fn outage(cluster: &Cluster) -> u64 {
    (cluster.watch.down_after_ms / 1000).min(120) + 20
}

pub(super) fn now(what: &str) -> String {
    format!("at = \"0s\"\n{what}")
}

pub(super) fn list(names: &[String]) -> String {
    let all: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
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
            steps.extend(dead_master(cluster));
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
            let master = &cluster.servers[0];
            // A pod or a container is replaced as a whole, and has another address; on a host a service is restarted.
            let (names, how) = match master.replaced.moved {
                true => cluster.on_host(&master.host),
                false => (vec!["redis-1".to_owned()], master.replaced),
            };
            let mut steps = vec![now(&format!("stop = {}", list(&names)))];
            steps.extend(back(&names, how));
            steps
        },
    },
    Failure {
        name: "master-host-dies",
        title: "the master's machine dies",
        why: "Power, hardware, hypervisor: everything on it is gone, and says nothing.",
        near: false,
        fits: always,
        make: |cluster| vec![now(&format!("power-loss = {}", list(&masters_machine(cluster))))],
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
        why: "A switch port, a security group, a network policy, a container that loses its network: without clients.",
        near: false,
        fits: apart,
        make: |cluster| {
            let at = list(&cut_off(cluster));
            vec![now(&format!("isolate = {at}\nfor = \"{}s\"", outage(cluster)))]
        },
    },
    Failure {
        name: "master-cut-off-with-clients",
        title: "the master is cut off with clients",
        why: "A rack or a zone loses its uplink, a container one of its networks: an application beside the master goes on writing to it.",
        near: true,
        fits: apart,
        make: |cluster| {
            let mut cut = cut_off(cluster);
            cut.push("near".to_owned());
            let (cut, outage) = (list(&cut), outage(cluster));
            vec![now(&format!("partition = [{cut}, [\"rest\"]]\nfor = \"{outage}s\""))]
        },
    },
    Failure {
        name: "sentinel-then-master",
        title: "a Sentinel is down when the master dies",
        why: "Nobody looks after a Sentinel that has gone.",
        near: false,
        fits: watched,
        make: |cluster| {
            let mut steps = vec![now(&format!("kill = \"sentinel-{}\"", cluster.sentinels.len()))];
            steps.push("then-after = \"20s\"\nkill = \"redis-1\"\norigin = true".to_owned());
            steps.extend(dead_master(cluster));
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
            let mut steps = vec![now(&format!("kill = \"redis-{}\"", cluster.servers.len()))];
            steps.push("then-after = \"10s\"\nkill = \"redis-1\"\norigin = true".to_owned());
            steps.extend(dead_master(cluster));
            steps
        },
    },
    Failure {
        name: "old-master-returns",
        title: "the dead master comes back after the failover",
        why: "Somebody repairs it, or a scheduler finds room for it again.",
        near: false,
        fits: watched,
        make: |cluster| {
            let after_ms = Some(outage(cluster) * 1000);
            let how = Back { after_ms, moved: false, ..cluster.servers[0].replaced };
            let mut steps = vec![now("kill = \"redis-1\"")];
            steps.extend(back(&["redis-1".to_owned()], how));
            steps
        },
    },
    Failure {
        name: "new-master-dies-too",
        title: "the new master dies a while after the failover",
        why: "The promoted replica was never meant to carry the load, or the cause of the first death is still there.",
        near: false,
        fits: |cluster| cluster.servers.len() > 1 && !cluster.sentinels.is_empty(),
        make: |cluster| {
            let mut steps = vec![now("kill = \"redis-1\"")];
            let limit = outage(cluster) * 2 + 60;
            steps.push(format!("when = \"+switch-master\"\nafter = \"15s\"\ncap = \"{limit}s\"\nkill = \"master\""));
            steps.extend(back(&["old-master".to_owned()], Back { moved: false, ..cluster.servers[1].died }));
            steps
        },
    },
    Failure {
        name: "short-stall",
        title: "the master stalls for a second and a half",
        why: "A fork, a slow command, a neighbour on the same machine: nothing is broken.",
        near: false,
        fits: watched,
        make: |_| vec![now("pause = \"redis-1\"\nfor = \"1500ms\"")],
    },
    Failure {
        name: "one-sentinel-blind",
        title: "one Sentinel loses sight of a healthy master",
        why: "A firewall rule, a broken link: only the way between the two.",
        near: false,
        fits: |cluster| blind(cluster).is_some(),
        make: |cluster| {
            let (its, master) = (blind(cluster).unwrap_or_default(), host(cluster, &cluster.servers[0].host));
            vec![now(&format!("drop = {{ from = \"{its}\", to = \"{master}\" }}\nfor = \"{}s\"", outage(cluster)))]
        },
    },
    Failure {
        name: "all-restart",
        title: "everything restarts at once",
        why: "Power of the whole site, docker compose down and up, an upgrade of the cluster.",
        near: false,
        fits: always,
        make: |cluster| {
            let units: Vec<(Vec<String>, Back)> = cluster.hosts().iter().map(|host| cluster.on_host(host)).collect();
            let all: Vec<String> = units.iter().flat_map(|(names, _)| names.clone()).collect();
            let mut steps = vec![now(&format!("stop = {}", list(&all)))];
            for (place, (names, how)) in units.into_iter().enumerate() {
                // Whatever starts things again or not, here somebody does: all together.
                let after_ms = Some(if place == 0 { 5_000 } else { 100 });
                steps.extend(back(&names, Back { after_ms, ..how }));
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
            let mut hosts = cluster.hosts();
            // Replicas before the master, as a StatefulSet does it; then what has Sentinels alone.
            let with_servers = hosts.iter().filter(|host| cluster.servers.iter().any(|its| its.host == **host)).count();
            hosts[..with_servers].reverse();
            let mut steps: Vec<String> = Vec::new();
            for its in hosts {
                let (names, how) = cluster.on_host(its);
                let when = if steps.is_empty() { "at = \"0s\"" } else { "then-after = \"30s\"" };
                steps.push(format!("{when}\nstop = {}", list(&names)));
                steps.extend(back(&names, Back { after_ms: how.after_ms.or(Some(5_000)), ..how }));
            }
            steps
        },
    },
    Failure {
        name: "zone-dies",
        title: "one of three zones is lost",
        why: "A third of the machines, that of the master among them, loses its power.",
        near: false,
        fits: |cluster| cluster.machines().len() > 3,
        make: |cluster| {
            let lost = cluster.machines().into_iter().step_by(3);
            let lost: Vec<String> = lost.flat_map(|machine| hosts_on(cluster, machine)).collect();
            vec![now(&format!("power-loss = {}", list(&lost)))]
        },
    },
    Failure {
        name: "half-dies",
        title: "half of the machines are lost",
        why: "One of two rooms, racks or zones, that of the master: half of the machines, rounded down.",
        near: false,
        fits: |cluster| cluster.machines().len() > 3,
        make: |cluster| {
            let machines = cluster.machines();
            // That of the master, and of those behind it those with Sentinels first.
            let watched = |machine: &&&str| cluster.sentinels.iter().any(|its| its.machine == **machine);
            let (with, without): (Vec<&str>, Vec<&str>) = machines[1..].iter().partition(|machine| watched(machine));
            let half = machines.len() / 2 - 1;
            let lost = machines[..1].iter().copied().chain(with.into_iter().chain(without).take(half));
            let lost: Vec<String> = lost.flat_map(|machine| hosts_on(cluster, machine)).collect();
            vec![now(&format!("power-loss = {}", list(&lost)))]
        },
    },
    Failure {
        name: "slow-network",
        title: "the network is slow for a minute",
        why: "A saturated uplink, a backup, a neighbour: 300 to 900 ms to and from the master's machine, 2 % loss.",
        near: false,
        fits: apart,
        make: |cluster| {
            let at = host(cluster, &cluster.servers[0].host);
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
            steps.extend(dead_master(cluster));
            steps
        },
    },
];

/// The hosts of a machine by their names in scenario files.
fn hosts_on(cluster: &Cluster, machine: &str) -> Vec<String> {
    cluster.hosts_on(machine).into_iter().map(|name| host(cluster, name)).collect()
}

/// Whether there is a network between the servers: of machines, or of containers on one.
fn apart(cluster: &Cluster) -> bool {
    cluster.hosts().len() > 1
}

/// What is cut off with the master: its machine, or its container where all run on one machine.
fn cut_off(cluster: &Cluster) -> Vec<String> {
    match cluster.machines().len() {
        1 => vec![host(cluster, &cluster.servers[0].host)],
        _ => masters_machine(cluster),
    }
}

fn masters_machine(cluster: &Cluster) -> Vec<String> {
    hosts_on(cluster, &cluster.servers[0].machine)
}

/// The host of the Sentinel with the lowest quorum that is not beside the master.
fn blind(cluster: &Cluster) -> Option<String> {
    let elsewhere = cluster.sentinels.iter().filter(|its| its.host != cluster.servers[0].host);
    elsewhere.min_by_key(|its| cluster.quorum_of(its)).map(|its| host(cluster, &its.host))
}

/// What starts a master that has died, if anything does.
fn dead_master(cluster: &Cluster) -> Vec<String> {
    let how = cluster.servers[0].died;
    back(&["redis-1".to_owned()], Back { moved: false, ..how })
}
