//! How the seeds of a scenario were played: why no more were, what they reached, and what happened to a single one. Filled
//! by whoever plays; verdicts do not depend on it.

use crate::coverage::Coverage;
use serde::{Deserialize, Serialize};

/// Why no more seeds were played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// They were all that had been asked for.
    #[default]
    Seeds,
    /// The time was over.
    Time,
    /// So many seeds in a row had reached nothing new, and every danger that has to show itself had.
    Stable(u64),
    /// Somebody interrupted it.
    Interrupted,
}

/// A step of the schedule as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When, in milliseconds after the first fault.
    pub at_ms: i64,
    /// What, with roles resolved: `kill redis-1`.
    pub what: String,
    /// How long until it was undone, in milliseconds; `None` if it never was.
    pub lasted_ms: Option<i64>,
}

/// How the seeds were played.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Why no more seeds were played.
    pub stopped: Stopped,
    /// What they reached.
    pub coverage: Coverage,
    /// How many runs were played twice, the second time on another thread, and were the same.
    pub checked: u64,
    /// Demanded in an until-stable run and still missing when the time was over.
    pub missing: Vec<String>,
    /// The schedule as it happened, if there was a single seed.
    pub schedule: Vec<Happened>,
}
