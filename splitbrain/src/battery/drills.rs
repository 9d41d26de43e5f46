//! Failures that are played only where something was found in the files that no standard failure brings to light: each
//! makes the one thing happen that a rule warns of. They follow the demonstrations of the rules, not the likelihood.

use super::cluster::{Back, Cluster};
use super::failures::{Failure, list, now, outage, watched};
use super::text::back;

/// A failure for one kind of defect.
#[derive(Clone, Copy, Debug)]
pub struct Drill {
    /// What happens.
    pub failure: Failure,
    /// What is assumed of the cluster beforehand.
    pub arrange: fn(&mut Cluster),
}

impl Drill {
    /// The drill of this name.
    pub fn named(name: &str) -> Option<Drill> {
        DRILLS.iter().find(|drill| drill.failure.name == name).copied()
    }

    /// Whether it means something for a cluster.
    pub fn fits(&self, cluster: &Cluster) -> bool {
        (self.failure.fits)(cluster)
    }
}

/// Keys that [`MEMORY`] writes.
pub const KEYS: u64 = 300;
/// Bytes of a key, and of an empty server, in the model.
const KEY: u64 = 12;
const EMPTY: u64 = 180;

const AS_IT_IS: fn(&mut Cluster) = |_| ();

/// All drills.
pub const DRILLS: &[Drill] = &[
    Drill {
        failure: Failure {
            name: "sentinel-replaced-then-master",
            title: "a Sentinel is replaced again and again, then it and the master die",
            why: "Every restart of a Sentinel that draws a new id leaves its old one with the others, who count it.",
            near: false,
            fits: |cluster| cluster.sentinels.len() > 2,
            make: |cluster| {
                let (name, how) = last_sentinel(cluster);
                let mut steps = Vec::new();
                for time in 0..4 {
                    let when = if time == 0 { "at = \"0s\"" } else { "then-after = \"15s\"" };
                    steps.push(format!("{when}\nkill = \"{name}\""));
                    steps.extend(back(std::slice::from_ref(&name), how));
                }
                steps.push(format!("then-after = \"15s\"\nkill = [\"{name}\", \"redis-1\"]\norigin = true"));
                steps
            },
        },
        arrange: AS_IT_IS,
    },
    Drill {
        failure: Failure {
            name: "sentinels-restart-after-failover",
            title: "all Sentinels restart after a failover, then the old master returns",
            why: "Who has not saved the failover goes back to the master of the first day.",
            near: false,
            fits: |cluster| cluster.servers.len() > 1 && watched(cluster),
            make: |cluster| {
                let names: Vec<String> = (1..=cluster.sentinels.len()).map(|n| format!("sentinel-{n}")).collect();
                let mut steps = vec![now("kill = \"redis-1\"")];
                let limit = outage(cluster) * 2 + 60;
                let stop = list(&names);
                steps.push(format!("when = \"+switch-master\"\nafter = \"15s\"\ncap = \"{limit}s\"\nstop = {stop}"));
                for (place, (name, its)) in names.iter().zip(&cluster.sentinels).enumerate() {
                    let after_ms = Some(if place == 0 { 5_000 } else { 0 });
                    steps.extend(back(std::slice::from_ref(name), Back { after_ms, moved: false, ..its.replaced }));
                }
                let how = Back { after_ms: Some(20_000), moved: false, ..cluster.servers[0].replaced };
                steps.extend(back(&["redis-1".to_owned()], how));
                steps
            },
        },
        arrange: AS_IT_IS,
    },
    Drill {
        failure: Failure {
            name: "promoted-restarts",
            title: "the new master restarts once the old one is back",
            why: "A restart in the role of the first day makes a master the replica of its own replica.",
            near: false,
            fits: |cluster| cluster.servers.len() > 1 && watched(cluster),
            make: |cluster| {
                let old = Back { after_ms: Some(outage(cluster) * 1000), moved: false, ..cluster.servers[0].replaced };
                let new = Back { after_ms: Some(1_000), moved: false, ..cluster.servers[1].replaced };
                let mut steps = vec![now("kill = \"redis-1\"")];
                steps.extend(back(&["redis-1".to_owned()], old));
                steps.push("then-after = \"40s\"\nkill = \"master\"\norigin = true".to_owned());
                steps.extend(back(&["old-master".to_owned()], new));
                steps
            },
        },
        arrange: AS_IT_IS,
    },
    Drill {
        failure: Failure {
            name: "new-master-cut-off",
            title: "the new master is cut off with clients",
            why: "What is set for the first master only is worth nothing after a failover.",
            near: true,
            fits: |cluster| cluster.servers.len() > 1 && cluster.hosts().len() > 1 && watched(cluster),
            make: |cluster| {
                let outage = outage(cluster);
                let old = Back { after_ms: Some(outage * 1000), moved: false, ..cluster.servers[0].replaced };
                let mut steps = vec![now("kill = \"redis-1\"")];
                steps.extend(back(&["redis-1".to_owned()], old));
                let cut = "partition = [[\"master\", \"near\"], [\"rest\"]]";
                steps.push(format!("then-after = \"40s\"\n{cut}\nfor = \"{outage}s\"\norigin = true"));
                steps
            },
        },
        arrange: AS_IT_IS,
    },
    Drill {
        failure: Failure {
            name: "half-the-sentinels-stop",
            title: "half of the Sentinels stop together with the master",
            why: "An upgrade, a room, docker stop: half of them, rounded down.",
            near: false,
            fits: |cluster| cluster.sentinels.len() > 1 && cluster.servers.len() > 1,
            make: |cluster| {
                let mut names = vec!["redis-1".to_owned()];
                names.extend((1..=cluster.sentinels.len() / 2).map(|n| format!("sentinel-{n}")));
                vec![now(&format!("stop = {}", list(&names)))]
            },
        },
        arrange: AS_IT_IS,
    },
    Drill {
        failure: Failure {
            name: "one-machine-has-all",
            title: "the machine dies on which the scheduler has put all that nothing keeps apart",
            why: "Where no rule forbids it, pods share a machine sooner or later: after a drain, or where room is scarce.",
            near: false,
            fits: |cluster| {
                cluster.servers.iter().any(|its| its.loose) || cluster.sentinels.iter().any(|its| its.loose)
            },
            make: |cluster| Failure::named("master-host-dies").map_or_else(Vec::new, |failure| failure.steps(cluster)),
        },
        arrange: |cluster| {
            let first = &cluster.servers[0];
            let room = if first.loose { "the machine that has room".to_owned() } else { first.machine.clone() };
            let servers = cluster.servers.iter_mut().filter(|its| its.loose).map(|its| &mut its.machine);
            let sentinels = cluster.sentinels.iter_mut().filter(|its| its.loose).map(|its| &mut its.machine);
            servers.chain(sentinels).for_each(|machine| machine.clone_from(&room));
        },
    },
    Drill {
        failure: Failure {
            name: "fixed-client",
            title: "the dead master comes back, and clients know no other address",
            why: "Whoever connects to a fixed address reaches a replica after a failover.",
            near: false,
            fits: |cluster| cluster.servers.len() > 1 && watched(cluster),
            make: |cluster| {
                Failure::named("old-master-returns").map_or_else(Vec::new, |failure| failure.steps(cluster))
            },
        },
        arrange: |cluster| cluster.fixed_clients = true,
    },
    Drill {
        failure: MEMORY,
        arrange: |cluster| {
            // Memory is played in small: the largest limit has room for all keys, the others as much less.
            let limits: Vec<u64> = cluster.servers.iter().map(|its| its.memory.0).collect();
            let largest = limits.iter().copied().max().unwrap_or(0);
            let least = limits.iter().copied().filter(|limit| *limit > 0).min().unwrap_or(0);
            if least == 0 {
                return;
            }
            // Without a limit anything fits: as good as twice the smallest one.
            let most = if limits.contains(&0) { least.saturating_mul(2) } else { largest };
            for its in &mut cluster.servers {
                let limit = if its.memory.0 == 0 { most } else { its.memory.0 };
                let share = |of: u64| (u128::from(of) * u128::from(limit) / u128::from(most)) as u64;
                let policy = its.memory.1.clone();
                its.set("maxmemory", &(EMPTY + share(KEYS * KEY + KEY)).to_string());
                its.set("maxmemory-policy", &format!("\"{policy}\""));
            }
        },
    },
];

/// What fills the memory of the master.
pub const MEMORY: Failure = Failure {
    name: "full-master-dies",
    title: "the master is full and dies",
    why: "What the master has room for does not fit into the server that takes over; played with small limits in the same ratio.",
    near: false,
    fits: |cluster| cluster.servers.iter().any(|its| its.memory.0 != cluster.servers[0].memory.0),
    // Until then all keys have been written.
    make: |_| vec!["at = \"40s\"\nkill = \"redis-1\"".to_owned()],
};

/// The last Sentinel and how it is replaced; another address only if nobody shares it.
fn last_sentinel(cluster: &Cluster) -> (String, Back) {
    let number = cluster.sentinels.len();
    let its = &cluster.sentinels[number - 1];
    let alone = cluster.on_host(&its.host).0.len() == 1;
    let how = Back { after_ms: Some(5_000), moved: its.replaced.moved && alone, ..its.replaced };
    (format!("sentinel-{number}"), how)
}
