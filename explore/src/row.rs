//! One run, as a line of JSON.

use serde::{Deserialize, Serialize};
use splitbrain_checker::{Metric, Property, RunSummary, Verdict};
use splitbrain_sim::Digest;

/// One run. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its place in the plan.
    pub run: u64,
    /// Its cell.
    pub cell: u32,
    /// Its seed index: runs of one index are compared with one another.
    pub index: u64,
    /// Its failure.
    pub failure: u32,
    /// The seed that was played.
    pub seed: u64,
    /// The verdict by the expectations of the scenario, if it has any.
    pub verdict: Verdict,
    /// Whether the cluster came to rest before the failure: of one that did not, nothing is decided.
    pub settled: bool,
    /// Whether everybody agreed on one master in the end, and every client was served again as far as that was expected.
    pub recovered: bool,
    /// Longest time without an acknowledged write.
    pub gap: i64,
    /// The same, counting only writes that survived.
    pub gap_surviving: i64,
    /// Acknowledged writes that were lost.
    pub lost: i64,
    /// Time in which two servers acknowledged writes as masters.
    pub split: i64,
    /// Begun failovers.
    pub tried: i64,
    /// Completed failovers.
    pub failovers: i64,
    /// Of these, of a master that ran and was reachable.
    pub false_failovers: i64,
    /// Acknowledged writes.
    pub acked: i64,
    /// Reads of an overwritten value.
    pub stale: i64,
    /// Simulated time.
    pub sim: i64,
    /// The digest of the run.
    pub digest: Digest,
}

impl Row {
    /// The row of a run that was played.
    pub fn of(run: u64, cell: u32, index: u64, failure: u32, played: &RunSummary) -> Row {
        let get = |metric: Metric| played.metrics.get(metric).unwrap_or(0);
        // Where no write was ever acknowledged, there was none all the time.
        let gap = |metric: Metric| played.metrics.get(metric).unwrap_or_else(|| get(Metric::SimMs));
        let open = |property| played.undecided.iter().any(|(other, _)| *other == property);
        let kept = |property| played.found(property).next().is_none() && !open(property);
        Row {
            run,
            cell,
            index,
            failure,
            seed: played.seed,
            verdict: played.verdict,
            settled: played.undecided.len() < Property::ALL.len(),
            recovered: kept(Property::ConvergesAfterHeal) && kept(Property::ClientsRecover),
            gap: gap(Metric::WriteUnavailable),
            gap_surviving: gap(Metric::WriteUnavailableSurviving),
            lost: get(Metric::WritesLost),
            split: get(Metric::SplitBrain),
            tried: get(Metric::TryFailovers),
            failovers: get(Metric::Failovers),
            false_failovers: get(Metric::FalseFailovers),
            acked: get(Metric::WritesAcked),
            stale: get(Metric::StaleReads),
            sim: get(Metric::SimMs),
            digest: Digest(played.digest),
        }
    }
}
