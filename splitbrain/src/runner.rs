//! One scenario over many seeds: resolve, simulate, judge, fold in the order of seeds.

use crate::saved;
use rayon::prelude::*;
use splitbrain_checker::observations::MasterSettings;
use splitbrain_checker::summary::ScenarioHead;
use splitbrain_checker::{Metric, RunSummary, ScenarioSummary, Scratch, fold, judge_with};
use splitbrain_scenarios::{Resolved, Scenario};
use splitbrain_sim::chance::ProcessDraws;
use splitbrain_sim::digest::Chain;
use splitbrain_sim::{Digest, Record};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Which seeds, on how many threads, and where failures are kept.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The seeds.
    pub seeds: Range<u64>,
    /// Threads; 0 for one per core.
    pub jobs: usize,
    /// Folder in which one run of every unmet expectation is saved.
    pub save_failures_to: Option<PathBuf>,
}

impl RunOptions {
    /// These seeds on all cores, nothing saved.
    pub fn seeds(seeds: Range<u64>) -> RunOptions {
        RunOptions { seeds, jobs: 0, save_failures_to: None }
    }
}

/// Why a scenario could not be run.
#[derive(Debug)]
pub enum RunError {
    /// The simulator or a judge panicked: a bug of splitbrain.
    Bug {
        /// In which seed.
        seed: u64,
        /// What the panic said.
        message: String,
    },
    /// The threads could not be made.
    Threads(String),
    /// A failure could not be saved.
    Save(PathBuf, std::io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Bug { seed, message } => {
                write!(f, "splitbrain failed in seed {seed}: {message}. This is a bug of splitbrain; please report it")
            }
            RunError::Threads(message) => write!(f, "cannot start threads: {message}"),
            RunError::Save(path, error) => write!(f, "cannot save the failed run to {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for RunError {}

/// The scenario for one seed.
pub fn resolve(scenario: &Scenario, seed: u64) -> Resolved {
    // The name of the scenario is not part of the streams' keys: renaming a file changes no run.
    scenario.resolve(seed, &mut ProcessDraws::new(seed, "scenario", ""))
}

/// Plays one seed and returns the complete record; judges nothing.
pub fn run_seed(scenario: &Scenario, seed: u64) -> Record {
    splitbrain_sim::run(&resolve(scenario, seed))
}

/// A run as the fold sees it: judged, and forgotten but for its digest.
struct Judged {
    run: RunSummary,
    masters: Vec<MasterSettings>,
}

fn judge_seed(scenario: &Scenario, seed: u64, scratch: &mut Scratch) -> Judged {
    let record = run_seed(scenario, seed);
    let seen = &record.observations;
    let mut judgement = judge_with(seen, &scenario.expect, scratch);
    judgement.metrics.set(Metric::SimMs, (seen.end.0 / 1_000_000) as i64);
    judgement.metrics.set(Metric::Events, record.events as i64);
    let run = RunSummary::new(seed, record.digest.0, seen, &judgement, &scenario.expect);
    Judged { run, masters: seen.masters.clone() }
}

/// Runs and judges a scenario over seeds. `progress` is told after each seed how many are done.
///
/// # Errors
/// If the simulator or a judge panics, or a failure cannot be saved.
pub fn run_scenario(
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ScenarioSummary, RunError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| RunError::Threads(error.to_string()))?;
    let done = std::sync::atomic::AtomicU64::new(0);
    let judge_one = |scratch: &mut Scratch, seed: u64| {
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge_seed(scenario, seed, scratch)));
        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
        judged.map_err(|panic| RunError::Bug { seed, message: message_of(panic.as_ref()) })
    };
    let judged: Result<Vec<Judged>, RunError> =
        pool.install(|| options.seeds.clone().into_par_iter().map_init(Scratch::default, judge_one).collect());
    let mut summary = summarize(scenario, options, judged?);
    if let Some(folder) = &options.save_failures_to {
        save_failures(scenario, folder, &mut summary)?;
    }
    Ok(summary)
}

/// What a panic said.
pub(crate) fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn summarize(scenario: &Scenario, options: &RunOptions, judged: Vec<Judged>) -> ScenarioSummary {
    let head = ScenarioHead {
        scenario: scenario.name.clone(),
        file: scenario.file.display().to_string(),
        title: scenario.title.clone(),
        environment: scenario.environment().name,
        first_seed: options.seeds.start,
    };
    let masters = judged.first().map(|judged| judged.masters.clone()).unwrap_or_default();
    let runs: Vec<RunSummary> = judged.into_iter().map(|judged| judged.run).collect();
    let digest = digest_of(&runs);
    fold(head, &masters, &scenario.expect, runs, digest.0)
}

/// The digest of a scenario: the digests of its runs in the order of seeds.
fn digest_of(runs: &[RunSummary]) -> Digest {
    let mut chain = Chain::default();
    for run in runs {
        chain.words([run.seed, run.digest as u64, (run.digest >> 64) as u64]);
    }
    chain.digest()
}

/// Saves one run of every unmet expectation that a seed shows.
fn save_failures(scenario: &Scenario, folder: &Path, summary: &mut ScenarioSummary) -> Result<(), RunError> {
    for unmet in &summary.unmet {
        let Some(seed) = unmet.seed else { continue };
        let path = folder.join(format!("{}-seed-{seed}.json", scenario.name.replace(['/', '\\'], "-")));
        if !summary.saved.contains_key(&seed) {
            saved::save(scenario, seed, &summary.unmet, &path).map_err(|error| RunError::Save(path.clone(), error))?;
            summary.saved.insert(seed, path.display().to_string());
        }
    }
    Ok(())
}
