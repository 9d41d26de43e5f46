//! The record of a run: everything, faults included. Complete before anything is judged.

use crate::digest::Digest;
use crate::film::Filmed;
use crate::recorder::LogLine;
use serde::{Deserialize, Serialize};
use splitbrain_checker::Observations;
use splitbrain_model::TrueTime;

/// A fault or repair as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultAt {
    /// When.
    pub at: TrueTime,
    /// Which step of the schedule.
    pub step: usize,
    /// What, with roles resolved: `kill redis-1`.
    pub what: String,
}

/// Everything about one run.
#[derive(Clone, Debug)]
pub struct Record {
    /// The seed.
    pub seed: u64,
    /// What judges may see.
    pub observations: Observations,
    /// Log lines that are neither events nor observations.
    pub log: Vec<LogLine>,
    /// Faults in order.
    pub faults: Vec<FaultAt>,
    /// Payload bytes per second that each Sentinel with a host of its own sent and received over the network.
    pub sentinel_traffic: Vec<u64>,
    /// Digest of the run.
    pub digest: Digest,
    /// Digests taken every 4096 events.
    pub checkpoints: Vec<u128>,
    /// Events handled.
    pub events: u64,
    /// One line per event, if asked for.
    pub trace: Option<String>,
    /// Messages, if asked for.
    pub film: Option<Filmed>,
}
