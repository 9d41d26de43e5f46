//! What could be changed, and whether it helps: each change is tried by playing the same failures with the same seeds
//! again. Knows no file format: a change says what to write in words and in lines of Redis' configuration.

use super::cluster::{Back, Cluster, Sentinel, Server};
use super::{BatteryError, Failure, Player, Row};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Something that could be changed.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// A short name.
    pub name: &'static str,
    /// What to do.
    pub what: &'static str,
    /// What it costs, or what has to be given up.
    pub price: &'static str,
    /// Makes the change; `false` where there is nothing to change.
    make: fn(&mut Cluster) -> bool,
}

/// A change that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The change.
    pub change: Change,
    /// The changed lines of Redis' configuration, where there are any.
    pub lines: Vec<String>,
    /// What the failures did without it.
    pub before: Score,
    /// And with it.
    pub after: Score,
    /// The rows with it.
    pub rows: Vec<Row>,
}

/// How bad a battery went; smaller is better, the first difference counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Runs that did not recover.
    pub stuck: u64,
    /// Runs that lost acknowledged writes or had two masters.
    pub unsafe_runs: u64,
    /// Medians of the lost writes of all failures, together.
    pub lost: i64,
    /// Medians of the longest times without an acknowledged write of all failures, together, in seconds.
    pub gap_s: i64,
}

impl Score {
    /// Of these rows.
    pub fn of(rows: &[Row]) -> Score {
        Score {
            stuck: rows.iter().map(|row| row.runs - row.recovered).sum(),
            unsafe_runs: rows.iter().map(|row| row.losing.max(row.split)).sum(),
            lost: rows.iter().map(|row| row.lost.0).sum(),
            gap_s: rows.iter().map(|row| row.gap_ms.0).sum::<i64>() / 1000,
        }
    }

    /// What is gained by coming from here to there, as one number: a run that does not recover weighs as much as ten
    /// that lose something, as a hundred seconds without writes.
    fn gain(self, to: Score) -> i64 {
        let weigh = |score: Score| {
            (score.stuck * 1000 + score.unsafe_runs * 100) as i64 + score.lost + score.gap_s.saturating_mul(10)
        };
        weigh(self) - weigh(to)
    }
}

/// Seeds with which all changes are tried; the best of them are proven with all seeds.
const FEW: u64 = 5;

/// Tries every change that means something and returns the best ones, best first, at most `most`: only those that
/// gain something.
///
/// # Errors
/// If splitbrain has a bug.
pub fn best(
    player: &Player,
    cluster: &Cluster,
    rows: &[Row],
    most: usize,
    progress: &dyn Fn(),
) -> Result<Vec<Tried>, BatteryError> {
    let failures: Vec<Failure> = rows.iter().map(|row| row.failure).collect();
    let before = Score::of(&player.first(FEW, cluster, &failures, &|| ())?);
    let mut promising = Vec::new();
    for change in CHANGES {
        let mut changed = cluster.clone();
        if (change.make)(&mut changed) {
            let gain = before.gain(Score::of(&player.first(FEW, &changed, &failures, progress)?));
            promising.push((gain, change, changed));
        }
    }
    promising.retain(|(gain, ..)| *gain > 0);
    promising.sort_by_key(|(gain, ..)| Reverse(*gain));
    let before = Score::of(rows);
    let mut tried = Vec::new();
    for (_, change, changed) in promising.into_iter().take(most) {
        let rows = player.play(&changed, &failures, progress)?;
        let lines = lines(cluster, &changed);
        tried.push(Tried { change: *change, lines, before, after: Score::of(&rows), rows });
    }
    tried.retain(|its| its.before.gain(its.after) > 0);
    tried.sort_by_key(|its| Reverse(its.before.gain(its.after)));
    Ok(tried)
}

/// Makes the change of this name.
pub fn make(name: &str, cluster: &mut Cluster) {
    if let Some(change) = CHANGES.iter().find(|change| change.name == name) {
        (change.make)(cluster);
    }
}

/// Adds a Sentinel on a machine of its own, unless that has been done.
pub fn one_more_sentinel(cluster: &mut Cluster) {
    let machine = "a machine of its own for one more Sentinel".to_owned();
    let Some(like) = cluster.sentinels.first().filter(|_| cluster.sentinels.iter().all(|its| its.machine != machine))
    else {
        return;
    };
    let more = Sentinel { host: machine.clone(), machine, loose: false, own: Vec::new(), ..like.clone() };
    cluster.sentinels.push(more);
}

/// Gives one password to all that have one.
pub fn same_password(cluster: &mut Cluster) {
    let of = |its: &Server| its.setting("requirepass").filter(|text| *text != "\"\"").map(str::to_owned);
    let Some(password) = cluster.servers.iter().find_map(of) else { return };
    for its in &mut cluster.servers {
        for key in ["requirepass", "masterauth"] {
            if its.setting(key).is_some_and(|text| text != "\"\"") {
                its.set(key, &password);
            }
        }
    }
    for (_, value) in cluster.watch.others.iter_mut().filter(|(key, _)| key == "auth-pass") {
        value.clone_from(&password);
    }
}

/// Gives all servers, and the Sentinels, one password.
pub fn one_password(cluster: &mut Cluster) {
    let of = |its: &Server| its.setting("requirepass").filter(|text| *text != "\"\"").map(str::to_owned);
    let password = cluster.servers.iter().find_map(of).unwrap_or_else(|| "\"\"".to_owned());
    cluster.set("requirepass", &password);
    cluster.set("masterauth", &password);
    cluster.watch.others.retain(|(key, _)| key != "auth-pass");
    if password != "\"\"" {
        cluster.watch.others.push(("auth-pass".to_owned(), password));
    }
}

/// How many failures all changes would play, for progress.
pub fn tries(cluster: &Cluster) -> usize {
    CHANGES.iter().filter(|change| (change.make)(&mut cluster.clone())).count()
}

/// What differs, as lines of sentinel.conf and redis.conf.
fn lines(before: &Cluster, after: &Cluster) -> Vec<String> {
    let mut lines = Vec::new();
    let name = &after.master;
    let (old, new) = (&before.watch, &after.watch);
    if old.quorum != new.quorum {
        lines.push(format!("sentinel monitor {name} <address> <port> {}", new.quorum));
    }
    for (key, was, is) in [
        ("down-after-milliseconds", old.down_after_ms as i64, new.down_after_ms as i64),
        ("failover-timeout", old.failover_timeout_ms as i64, new.failover_timeout_ms as i64),
        ("parallel-syncs", old.parallel_syncs, new.parallel_syncs),
    ] {
        if was != is {
            lines.push(format!("sentinel {key} {name} {is}"));
        }
    }
    let mut seen = BTreeSet::new();
    for (was, is) in before.servers.iter().zip(&after.servers) {
        for (key, value) in &is.settings {
            if was.setting(key) != Some(value) && seen.insert((key.clone(), value.clone())) {
                lines.push(format!("{key} {}", plain(value)));
            }
        }
    }
    lines
}

/// A TOML value as Redis writes it.
fn plain(value: &str) -> String {
    match value {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        other => other.trim_matches('"').to_owned(),
    }
}

const CHANGES: &[Change] = &[
    Change {
        name: "quorum-of-a-majority",
        what: "set the quorum to a majority of the Sentinels",
        price: "nothing: an election takes a majority anyway",
        make: |cluster| {
            let other = cluster.sentinels.iter().any(|its| cluster.quorum_of(its) != cluster.majority());
            let changes = other && cluster.sentinels.len() > 1;
            cluster.watch.quorum = cluster.majority();
            cluster.agree("quorum");
            changes
        },
    },
    Change {
        name: "three-sentinels",
        what: "run three Sentinels on three machines",
        price: "two more small processes, on machines that do not fail together",
        make: |cluster| {
            let machines: BTreeSet<&str> = cluster.sentinels.iter().map(|its| &*its.machine).collect();
            if machines.len() >= 3 || cluster.sentinels.is_empty() {
                return false;
            }
            let like = Sentinel { loose: false, own: Vec::new(), ..cluster.sentinels[0].clone() };
            while cluster.sentinels.len() < 3 {
                cluster.sentinels.push(like.clone());
            }
            for (place, its) in (1..).zip(&mut cluster.sentinels) {
                its.host = format!("a machine of its own for Sentinel {place}");
                its.machine.clone_from(&its.host);
            }
            cluster.watch.quorum = cluster.majority();
            true
        },
    },
    Change {
        name: "a-machine-each",
        what: "keep the Redis servers on machines of their own (anti-affinity)",
        price: "as many machines as servers",
        make: |cluster| {
            let machines: BTreeSet<&str> = cluster.servers.iter().map(|its| &*its.machine).collect();
            if machines.len() == cluster.servers.len() {
                return false;
            }
            for (place, its) in (1..).zip(&mut cluster.servers) {
                its.machine = format!("a machine of its own for server {place}");
            }
            true
        },
    },
    Change {
        name: "a-replica",
        what: "add a replica",
        price: "memory for one more copy",
        make: |cluster| {
            let [only] = &cluster.servers[..] else { return false };
            let mut replica = only.clone();
            replica.host = "a machine of its own for the replica".to_owned();
            replica.machine.clone_from(&replica.host);
            cluster.servers.push(replica);
            true
        },
    },
    Change {
        name: "down-after-5000",
        what: "let five seconds of silence count as down",
        price: "stalls above five seconds become failovers",
        make: |cluster| {
            let changes = !(2_000..=10_000).contains(&cluster.watch.down_after_ms);
            cluster.watch.down_after_ms = 5_000;
            cluster.agree("down-after-milliseconds");
            changes
        },
    },
    Change {
        name: "failover-timeout-60000",
        what: "give a failover a minute",
        price: "after a failed attempt the next one comes after two minutes",
        make: |cluster| {
            let changes = !(10_000..=60_000).contains(&cluster.watch.failover_timeout_ms);
            cluster.watch.failover_timeout_ms = 60_000;
            cluster.agree("failover-timeout");
            changes
        },
    },
    Change {
        name: "parallel-syncs-1",
        what: "let one replica at a time change over to the new master",
        price: "the last replica is behind for longer",
        make: |cluster| {
            let changes = cluster.watch.parallel_syncs != 1;
            cluster.watch.parallel_syncs = 1;
            cluster.agree("parallel-syncs");
            changes
        },
    },
    Change {
        name: "min-replicas-to-write",
        what: "let a master without a replica refuse writes",
        price: "no writes while the only other server is down",
        make: |cluster| {
            let set = |its: &super::cluster::Server| its.setting("min-replicas-to-write").is_some_and(|n| n != "0");
            if cluster.servers.len() < 2 || cluster.servers.iter().all(set) {
                return false;
            }
            cluster.set("min-replicas-to-write", "1");
            cluster.set("min-replicas-max-lag", "10");
            true
        },
    },
    Change {
        name: "persistence",
        what: "keep the data on a disk that survives a restart",
        price: "a volume for each server, and an fsync a second",
        make: |cluster| {
            let kept = |its: &super::cluster::Server| {
                its.setting("appendonly") == Some("true") && !its.died.empty && !its.replaced.empty
            };
            if cluster.servers.iter().all(kept) {
                return false;
            }
            cluster.set("appendonly", "true");
            for its in &mut cluster.servers {
                (its.died.empty, its.replaced.empty) = (false, false);
            }
            true
        },
    },
    Change {
        name: "lasting-configuration",
        what: "keep the configuration files that Redis and Sentinel rewrite on a disk that survives a restart, and start with them",
        price: "a volume for each of them; the template is copied there at the first start only",
        make: |cluster| {
            let servers = cluster.servers.iter_mut().flat_map(|its| [&mut its.died, &mut its.replaced]);
            let all = servers.chain(cluster.sentinels.iter_mut().flat_map(|its| [&mut its.died, &mut its.replaced]));
            let mut changes = false;
            for back in all {
                changes |= back.as_first || back.other_id;
                *back = Back { as_first: false, other_id: false, ..*back };
            }
            changes
        },
    },
    Change {
        name: "restart-later",
        what: "let a Redis server that has died stay down until the Sentinels have seen it",
        price: "a crash of the process costs a failover",
        make: |cluster| {
            let least = cluster.watch.down_after_ms.saturating_add(5_000);
            let early = cluster.servers.iter_mut().filter(|its| {
                let loses = its.died.empty || its.setting("appendonly") != Some("true");
                loses && its.died.after_ms.is_some_and(|after| after < least)
            });
            early.map(|its| its.died.after_ms = Some(least)).count() > 0
        },
    },
];
