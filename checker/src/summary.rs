//! Stand-in until the summary of the checkers is merged: the fields the command reads.

use serde::Serialize;
use std::collections::BTreeMap;

/// Outcome of a run or a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every expectation was met.
    Pass,
    /// Something could not be decided, and nothing decided was wrong. Never counted as a pass.
    Undecided,
    /// An expectation was not met.
    Fail,
}

impl Verdict {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Undecided => "undecided",
            Verdict::Fail => "fail",
        }
    }
}

/// All seeds of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioSummary {
    /// Its name.
    pub scenario: String,
    /// Its file.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Name of its environment.
    pub environment: String,
    /// The first seed.
    pub first_seed: u64,
    /// How many runs there were.
    pub count: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Digest over all runs.
    pub digest: u128,
    /// Where a failing run was saved, by seed; filled by whoever saves it.
    pub saved: BTreeMap<u64, String>,
}
