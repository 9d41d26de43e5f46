//! Metrics: the numbers of one run, named as every report names them.

use serde::{Deserialize, Serialize, Serializer};

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A number measured in a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Metric {
            $($(#[$doc])* $variant,)*
        }

        impl Metric {
            /// All metrics, in the order of reports.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant),*];

            /// Name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Metric::$variant => $name,)* }
            }
        }
    };
}

metrics! {
    /// First +sdown of a master by any Sentinel, ms after the first fault (as all times below).
    FirstSdown = "first_sdown";
    /// The latest of all Sentinels' first +sdown of a master.
    LastSdown = "last_sdown";
    /// First +odown by any Sentinel.
    FirstOdown = "first_odown";
    /// The latest of all Sentinels' first +odown.
    LastOdown = "last_odown";
    /// First +try-failover.
    FirstTryFailover = "first_try_failover";
    /// Last +elected-leader.
    Elected = "elected";
    /// The latest of all Sentinels' first +selected-slave.
    SelectedSlave = "selected_slave";
    /// The latest of all Sentinels' first +promoted-slave.
    Promoted = "promoted";
    /// First +switch-master by any Sentinel.
    FirstSwitchMaster = "first_switch_master";
    /// The latest of all Sentinels' first +switch-master.
    LastSwitchMaster = "last_switch_master";
    /// The latest of all Sentinels' first +failover-end.
    FailoverEnd = "failover_end";
    /// First +convert-to-slave.
    ConvertToSlave = "convert_to_slave";
    /// Since when everybody agreed for good.
    Converged = "converged";
    /// Longest gap without an acknowledged write anywhere that ends after the first fault, ms.
    WriteUnavailable = "write_unavailable";
    /// The same, counting only writes that survived.
    WriteUnavailableSurviving = "write_unavailable_surviving";
    /// Time during which tenures of two nodes overlapped, ms.
    SplitBrain = "split_brain";
    /// Acknowledged writes inside that time.
    SplitBrainWrites = "split_brain_writes";
    /// Time during which two running nodes both had the role of master, ms.
    DualMaster = "dual_master";
    /// Completed failovers.
    Failovers = "failovers";
    /// Failovers of a master that ran and was reachable.
    FalseFailovers = "false_failovers";
    /// Epochs with at least one vote.
    ElectionRounds = "election_rounds";
    /// Of these, epochs whose votes named more than one Sentinel.
    SplitVoteRounds = "split_vote_rounds";
    /// +try-failover events.
    TryFailovers = "try_failovers";
    /// Acknowledged writes.
    WritesAcked = "writes_acked";
    /// Acknowledged writes that did not survive.
    WritesLost = "writes_lost";
    /// Writes of unknown outcome.
    WritesIndeterminate = "writes_indeterminate";
    /// Writes of unknown outcome that survived.
    IndeterminateSurvived = "indeterminate_survived";
    /// Operations that ended for the application with an error or without an answer.
    OperationsFailed = "operations_failed";
    /// Acknowledged SADDs, the only writes the recordings count.
    SetAddsAcked = "set_adds_acked";
    /// Acknowledged SADDs that did not survive.
    SetAddsLost = "set_adds_lost";
    /// Acknowledged reads.
    ReadsAcked = "reads_acked";
    /// Acknowledged reads of a value that had been overwritten before they began.
    StaleReads = "stale_reads";
    /// Keys given up for lack of memory; absent if there were none.
    KeysEvicted = "keys_evicted";
    /// Acknowledged writes that were their content.
    WritesEvicted = "writes_evicted";
    /// Anomalies of linearizability.
    Anomalies = "anomalies";
    /// +tilt events.
    Tilts = "tilts";
    /// Payload bytes per second that a Sentinel sent and received over the network, of the busiest one; absent where it
    /// shares its host.
    SentinelTraffic = "sentinel_traffic";
    /// Simulated time of the run, ms.
    SimMs = "sim_ms";
    /// Events of the simulation.
    Events = "events";
}

impl Metric {
    /// The metric of this name.
    pub fn from_name(name: &str) -> Option<Metric> {
        Metric::ALL.iter().copied().find(|m| m.name() == name)
    }

    /// Whether it is a time in milliseconds; the others are counts.
    pub fn is_time(self) -> bool {
        self == Metric::SimMs || self <= Metric::DualMaster && self != Metric::SplitBrainWrites
    }
}

/// The metrics of a run; a metric is absent where what it measures did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metrics {
    values: [Option<i64>; Metric::ALL.len()],
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics { values: [None; Metric::ALL.len()] }
    }
}

impl Metrics {
    /// Its value, if it was measured.
    pub fn get(&self, metric: Metric) -> Option<i64> {
        self.values[metric as usize]
    }

    /// Sets or removes a value.
    pub fn set(&mut self, metric: Metric, value: impl Into<Option<i64>>) {
        self.values[metric as usize] = value.into();
    }

    /// Adds to a count, which begins at 0.
    pub fn add(&mut self, metric: Metric, more: i64) {
        let value = &mut self.values[metric as usize];
        *value = Some(value.unwrap_or(0) + more);
    }

    /// The measured ones in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, i64)> + '_ {
        Metric::ALL.iter().filter_map(|&metric| self.get(metric).map(|value| (metric, value)))
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter().map(|(metric, value)| (metric.name(), value)))
    }
}
