//! The settings of a deployment: for each its value, what Sentinel's rules make of it, what was measured over all runs,
//! and how far that is from the bound.

use crate::bounds::{self, Range};
use crate::metrics::Metric;
use crate::observations::MasterSettings;
use crate::stats::Stats;
use crate::summary::RunSummary;
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// What a setting implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implied {
    /// Something happens inside a range, ms.
    Range(i64, i64),
    /// A number.
    Number(i64),
    /// There is no limit.
    Unlimited,
}

impl Serialize for Implied {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Implied::Range(from, until) => {
                let mut pair = to.serialize_seq(Some(2))?;
                pair.serialize_element(from)?;
                pair.serialize_element(until)?;
                pair.end()
            }
            Implied::Number(n) => to.serialize_i64(*n),
            Implied::Unlimited => to.serialize_none(),
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What: a metric's name, or a difference of two.
    pub name: &'static str,
    /// Over all runs in which it happened.
    pub stats: Stats,
}

/// Distance to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// How far; negative if the bound was passed.
    pub amount: i64,
    /// In what: `ms`, `sentinels`, `replicas`.
    pub unit: &'static str,
}

/// One setting of one master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingReport {
    /// Which master.
    pub master: String,
    /// The directive.
    pub name: &'static str,
    /// Its value.
    pub value: i64,
    /// What it implies.
    pub implies: Vec<(&'static str, Implied)>,
    /// What was measured of that.
    pub measured: Option<Measured>,
    /// How far that is from the bound.
    pub margin: Option<Margin>,
}

/// The settings of all masters. Metrics are not kept by master, so with several masters each is measured by all.
pub fn report(masters: &[MasterSettings], runs: &[RunSummary]) -> Vec<SettingReport> {
    masters
        .iter()
        .flat_map(|master| {
            [
                quorum(master, runs),
                down_after(master, runs),
                failover_timeout(master, runs),
                parallel_syncs(master, runs),
                min_replicas(master, runs),
            ]
        })
        .collect()
}

fn metric(runs: &[RunSummary], metric: Metric) -> Option<Measured> {
    let mut sample: Vec<i64> = runs.iter().filter_map(|r| r.metrics.get(metric)).collect();
    Some(Measured { name: metric.name(), stats: Stats::of(&mut sample)? })
}

fn difference(runs: &[RunSummary], name: &'static str, from: Metric, until: Metric) -> Option<Measured> {
    let mut sample: Vec<i64> = runs
        .iter()
        .filter_map(|run| Some(run.metrics.get(until)? - run.metrics.get(from)?))
        .filter(|took| *took >= 0)
        .collect();
    Some(Measured { name, stats: Stats::of(&mut sample)? })
}

fn range(range: Range) -> Implied {
    Implied::Range(range.from.0, range.to.0)
}

fn below(bound: i64, measured: &Option<Measured>) -> Option<Margin> {
    measured.as_ref().map(|measured| Margin { amount: bound - measured.stats.max, unit: "ms" })
}

/// How many Sentinels may fail before no failover is possible.
fn quorum(master: &MasterSettings, runs: &[RunSummary]) -> SettingReport {
    let all = master.sentinels.len() as u32;
    let needed = bounds::votes_needed(master.quorum, all);
    let spare = i64::from(all) - i64::from(needed);
    SettingReport {
        master: master.name.to_string(),
        name: "quorum",
        value: master.quorum.into(),
        implies: vec![
            ("sentinels_to_agree", Implied::Number(master.quorum.into())),
            ("votes_to_lead", Implied::Number(needed.into())),
            ("sentinels_that_may_fail", Implied::Number(spare)),
        ],
        measured: metric(runs, Metric::ElectionRounds),
        margin: Some(Margin { amount: spare, unit: "sentinels" }),
    }
}

fn down_after(master: &MasterSettings, runs: &[RunSummary]) -> SettingReport {
    let detected = bounds::sdown(master);
    let measured = metric(runs, Metric::FirstSdown);
    SettingReport {
        master: master.name.to_string(),
        name: "down-after-milliseconds",
        value: master.down_after.0,
        implies: vec![
            ("detected_by_ms", range(detected)),
            ("agreed_by_ms", range(bounds::odown(master))),
            ("switched_by_ms", range(bounds::completion(master))),
        ],
        margin: below(detected.to.0, &measured),
        measured,
    }
}

/// The timeout limits the promotion and the reconfiguration each; a promotion that takes longer is given up, a
/// reconfiguration ends by force.
fn failover_timeout(master: &MasterSettings, runs: &[RunSummary]) -> SettingReport {
    let limit = master.failover_timeout.0;
    let measured = difference(runs, "promoted_to_failover_end", Metric::Promoted, Metric::FailoverEnd);
    SettingReport {
        master: master.name.to_string(),
        name: "failover-timeout",
        value: limit,
        implies: vec![
            ("retry_after_ms", range(bounds::retry(master))),
            ("election_given_up_ms", range(bounds::election(master))),
            ("reconfiguration_by_ms", Implied::Range(0, limit)),
        ],
        margin: below(limit, &measured),
        measured,
    }
}

fn parallel_syncs(master: &MasterSettings, runs: &[RunSummary]) -> SettingReport {
    // The new master is one of the replicas, and the old one is reconfigured after the failover.
    let others = (master.redis.len() as i64 - 2).max(0);
    let waves = match i64::from(master.parallel_syncs) {
        ..=0 => Implied::Unlimited,
        at_once => Implied::Number((others + at_once - 1) / at_once),
    };
    SettingReport {
        master: master.name.to_string(),
        name: "parallel-syncs",
        value: master.parallel_syncs.into(),
        implies: vec![("rounds_of_resync", waves)],
        measured: difference(runs, "promoted_to_failover_end", Metric::Promoted, Metric::FailoverEnd),
        margin: None,
    }
}

/// How long a master that has lost its replicas goes on accepting writes that a failover throws away.
fn min_replicas(master: &MasterSettings, runs: &[RunSummary]) -> SettingReport {
    let exposure = bounds::exposure(master);
    let measured = metric(runs, Metric::SplitBrain);
    let replicas = master.redis.len() as i64 - 1;
    let spare = replicas - i64::from(master.min_replicas_to_write);
    SettingReport {
        master: master.name.to_string(),
        name: "min-replicas-to-write",
        value: master.min_replicas_to_write.into(),
        implies: vec![
            ("exposed_for_ms", exposure.map_or(Implied::Unlimited, range)),
            ("replicas_that_may_fail", Implied::Number(spare)),
        ],
        margin: exposure.and_then(|exposure| below(exposure.to.0, &measured)),
        measured,
    }
}
