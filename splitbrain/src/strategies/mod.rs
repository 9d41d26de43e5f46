//! Property-based testing (feature `proptest`): strategies for clusters, settings, schedules and workloads, and a check that
//! plays what they make.
//!
//! Everything here is made of small values that proptest shrinks by itself; together they are a [`Plan`], the text of a
//! scenario file. In a `proptest!` block a failing plan is shrunk as proptest does it: value by value, with no idea of what
//! matters. [`check()`] does better: proptest only makes the plans, and a failing one goes to [`shrink`](mod@crate::shrink),
//! which knows schedules, tries other seeds, and tells the story. What it leaves is kept in a folder, and played first the
//! next time. It knows nothing of what a fault does.
//!
//! ```
//! use splitbrain::strategies::{Check, check, plans};
//!
//! // No epoch has two leaders, whatever fails. What is not said has to hold, as in every scenario file.
//! let plans = plans(
//!     r#"one-leader-per-epoch = "holds"
//!        split-brain = "any"
//!        lost-write = "any"
//!        linearizable = "any"
//!        stale-read = "any"
//!        no-false-failover = "any"
//!        config-agreement = "any"
//!        converges-after-heal = "any""#,
//! );
//! check(&plans, &Check { cases: 3, ..Check::default() }).unwrap_or_else(|failed| panic!("{failed}"));
//! ```

mod check;

pub use check::{Check, CheckError, check};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use splitbrain_scenarios::{Scenario, ScenarioError, Source};
use std::fmt::{self, Write as _};

/// How many of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Replicas of the master.
    pub replicas: u32,
    /// Sentinels.
    pub sentinels: u32,
}

/// What Sentinels and servers are configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// At most the number of Sentinels.
    pub quorum: u32,
    /// `down-after-milliseconds`
    pub down_after: u32,
    /// `failover-timeout`, in milliseconds.
    pub failover_timeout: u32,
    /// `parallel-syncs`
    pub parallel_syncs: u32,
    /// `min-replicas-to-write`, at most the number of replicas.
    pub min_replicas: u32,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Milliseconds after the fault before it.
    pub gap: u32,
    /// What it does, as a line of a scenario file: `kill = "master"`.
    pub what: String,
    /// How long, in milliseconds; for ever if nothing is said.
    pub lasts: Option<u32>,
}

/// What applications do, in operations per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Clients.
    pub clients: u32,
    /// Members that are added to sets.
    pub sadd: u32,
    /// Writes of registers.
    pub set: u32,
    /// Reads of registers.
    pub get: u32,
}

/// A scenario file. Printed as its text, so that a failing one can be copied out.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    text: String,
}

impl Plan {
    /// From its parts; `expect` is what stands below `[expect]`.
    pub fn new(cluster: Cluster, settings: Settings, faults: &[Fault], workload: Workload, expect: &str) -> Plan {
        let Cluster { replicas, sentinels } = cluster;
        let Settings { quorum, down_after, failover_timeout, parallel_syncs, min_replicas } = settings;
        let mut text = format!(
            "[cluster]\nreplicas = {replicas}\nsentinels = {sentinels}\n\n[sentinel]\nquorum = {quorum}\n\
             down-after-milliseconds = {down_after}\nfailover-timeout = {failover_timeout}\n\
             parallel-syncs = {parallel_syncs}\n\n[redis]\nmin-replicas-to-write = {min_replicas}\n\n"
        );
        let Workload { clients, sadd, set, get } = workload;
        let registers = if set + get > 0 { format!(", set = {set}, get = {get}, keys = 3") } else { String::new() };
        let _ = writeln!(text, "[[clients]]\ncount = {clients}\nworkload = {{ sadd = {sadd}{registers} }}");
        let mut at = 0;
        for Fault { gap, what, lasts } in faults {
            at += u64::from(*gap);
            let _ = writeln!(text, "\n[[faults]]\nat = \"{at}ms\"\n{what}");
            if let Some(lasts) = lasts {
                let _ = writeln!(text, "for = \"{lasts}ms\"");
            }
        }
        let _ = write!(text, "\n[expect]\n{expect}");
        Plan { text }
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scenario, under this name.
    ///
    /// # Errors
    /// If what stands below `[expect]` is not accepted; the rest always is.
    pub fn scenario(&self, name: &str) -> Result<Scenario, Box<ScenarioError>> {
        Scenario::parse(&Source::new(format!("{name}.toml"), self.text.clone()))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Up to four replicas, and one, three or five Sentinels.
pub fn clusters() -> impl Strategy<Value = Cluster> {
    (0..=4_u32, 0..=2_u32).prop_map(|(replicas, pairs)| Cluster { replicas, sentinels: 1 + 2 * pairs })
}

/// Settings that fit a cluster: half a second to five until a master is down, one second to twenty for a failover.
pub fn settings(cluster: Cluster) -> impl Strategy<Value = Settings> {
    let times = (500..=5_000_u32, 1_000..=20_000_u32);
    (1..=cluster.sentinels, times, 1..=3_u32, 0..=cluster.replicas.min(1)).prop_map(
        |(quorum, (down_after, failover_timeout), parallel_syncs, min_replicas)| Settings {
            quorum,
            down_after,
            failover_timeout,
            parallel_syncs,
            min_replicas,
        },
    )
}

/// Up to so many faults of processes, hosts and links of a cluster, a quarter of a minute or less between two.
pub fn schedules(cluster: Cluster, most: usize) -> impl Strategy<Value = Vec<Fault>> {
    vec(faults(cluster), 1..=most.max(1))
}

/// One fault: a process or host that dies, stands still or is cut off, a slow or a lossy link.
pub fn faults(cluster: Cluster) -> impl Strategy<Value = Fault> {
    let mut names = vec!["master".to_owned()];
    names.extend((1..=cluster.replicas + 1).map(|number| format!("redis-{number}")));
    names.extend((1..=cluster.sentinels).map(|number| format!("sentinel-{number}")));
    let what = (prop::sample::select(names), 0..6_u32, 1..=50_u32).prop_map(|(name, kind, size)| match kind {
        0 => format!("kill = \"{name}\""),
        1 => format!("pause = \"{name}\""),
        2 => format!("isolate = \"{name}\""),
        3 => format!("power-loss = \"{name}\""),
        4 => format!("link = {{ a = \"{name}\", latency = \"{}ms\" }}", size * 8),
        _ => format!("link = {{ a = \"{name}\", loss = \"{size}%\" }}"),
    });
    let lasts = option::weighted(0.9, 50..=20_000_u32);
    (0..=15_000_u32, what, lasts).prop_map(|(gap, what, lasts)| Fault { gap, what, lasts })
}

/// One to three clients that add to sets, and in half of the cases write and read registers too.
pub fn workloads() -> impl Strategy<Value = Workload> {
    let registers = prop_oneof![Just((0, 0)), (1..=5_u32, 1..=10_u32)];
    (1..=3_u32, 1..=20_u32, registers).prop_map(|(clients, sadd, (set, get))| Workload { clients, sadd, set, get })
}

/// Whole scenarios with up to eight faults; `expect` is what stands below `[expect]`.
pub fn plans(expect: &str) -> impl Strategy<Value = Plan> + use<> {
    let expect = expect.to_owned();
    clusters().prop_flat_map(move |cluster| {
        let expect = expect.clone();
        (settings(cluster), schedules(cluster, 8), workloads())
            .prop_map(move |(settings, faults, workload)| Plan::new(cluster, settings, &faults, workload, &expect))
    })
}
