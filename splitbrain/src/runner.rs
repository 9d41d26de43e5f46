//! Stand-in for the runner: its signatures, without a world behind them.

use splitbrain_checker::summary::ScenarioSummary;
use splitbrain_scenarios::Scenario;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How a scenario is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Which seeds.
    pub seeds: Range<u64>,
    /// How many at once.
    pub jobs: usize,
    /// Folder for the runs that failed.
    pub save_failures_to: Option<PathBuf>,
}

/// Why a scenario could not be run to its end.
#[derive(Clone, Debug)]
pub enum RunError {
    /// The input is wrong.
    Input(String),
    /// A bug of splitbrain.
    Bug {
        /// In which scenario.
        scenario: String,
        /// With which seed.
        seed: u64,
        /// What happened.
        message: String,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Input(message) => f.write_str(message),
            RunError::Bug { scenario, seed, message } => write!(f, "{scenario}, seed {seed}: {message}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Why a stored run could not be played again.
#[derive(Clone, Debug)]
pub enum ReplayError {
    /// The file is wrong.
    Input(String),
    /// A bug of splitbrain, non-determinism included.
    Bug(String),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Input(message) | ReplayError::Bug(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ReplayError {}

/// What became of a stored run.
#[derive(Clone, Debug)]
pub enum Replay {
    /// Same digest, same failure.
    Reproduced {
        /// For people.
        text: String,
    },
    /// It behaves differently under this version.
    Stale {
        /// For people.
        text: String,
    },
    /// Same digest, and every expectation met.
    Passed {
        /// For people.
        text: String,
    },
}

/// Runs a scenario with all its seeds. `progress` is told how many runs are finished.
///
/// # Errors
/// If the scenario cannot be run, or splitbrain has a bug.
pub fn run_scenario(
    scenario: &Scenario,
    _options: &RunOptions,
    _progress: &(dyn Fn(u64) + Sync),
) -> Result<ScenarioSummary, RunError> {
    Err(RunError::Input(format!("{}: this build has no runner", scenario.name)))
}

/// Plays a stored run again.
///
/// # Errors
/// If the file cannot be read as one.
pub fn replay(path: &Path) -> Result<Replay, ReplayError> {
    Err(ReplayError::Input(format!("{}: this build has no runner", path.display())))
}

/// The first differing event of two stored runs.
///
/// # Errors
/// If one of the files cannot be read as a run.
pub fn bisect(a: &Path, _b: &Path) -> Result<String, ReplayError> {
    Err(ReplayError::Input(format!("{}: this build has no runner", a.display())))
}
