//! One seed: resolve, simulate, judge. Many seeds: played by [`crate::campaign`], folded here in the order of seeds.

use crate::campaign::{Campaign, play};
use crate::{context, coverage};
use splitbrain_checker::course::{Course, Happened};
use splitbrain_checker::coverage::Tally;
use splitbrain_checker::observations::MasterSettings;
use splitbrain_checker::summary::ScenarioHead;
use splitbrain_checker::{Judgement, Metric, RunSummary, ScenarioSummary, Scratch, fold, judge_with};
use splitbrain_scenarios::{Resolved, Scenario};
use splitbrain_sim::chance::ProcessDraws;
use splitbrain_sim::digest::Chain;
use splitbrain_sim::{Digest, Record};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

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
    /// A run was not the same when it was played again: a bug of splitbrain.
    Nondeterministic {
        /// The scenario's file.
        file: PathBuf,
        /// What a command needs beside it.
        flags: Vec<String>,
        /// Which seed.
        seed: u64,
        /// What differs.
        what: String,
    },
    /// The threads could not be made.
    Threads(String),
    /// A failure could not be saved.
    Save(PathBuf, std::io::Error),
}

impl RunError {
    /// Whether it is a bug of splitbrain.
    pub fn is_bug(&self) -> bool {
        matches!(self, RunError::Bug { .. } | RunError::Nondeterministic { .. })
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Bug { seed, message } => {
                write!(f, "splitbrain failed in seed {seed}: {message}. This is a bug of splitbrain; please report it")
            }
            RunError::Nondeterministic { file, flags, seed, what } => {
                let run = splitbrain_reports::repeat(&file.display().to_string(), flags, *seed);
                write!(
                    f,
                    "seed {seed} of {} was not the same when it was played again on another thread: {what}. The first \
                     event that differs: {run} --no-save --trace a.trace; {run} --no-save --trace b.trace; splitbrain \
                     bisect a.trace b.trace",
                    file.display()
                )
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

/// A run as the fold sees it: judged, and forgotten but for its digest and what it reached.
pub(crate) struct Judged {
    pub(crate) run: RunSummary,
    pub(crate) masters: Vec<MasterSettings>,
    pub(crate) tally: Tally,
    /// Steps as they happened.
    pub(crate) schedule: Vec<Happened>,
}

pub(crate) fn judge_seed(scenario: &Scenario, seed: u64, scratch: &mut Scratch) -> Judged {
    let resolved = resolve(scenario, seed);
    let record = splitbrain_sim::run(&resolved);
    judge_record(scenario, &resolved, &record, scratch)
}

/// Plays and judges one seed. `scratch` is memory that is kept from one run to the next.
///
/// # Errors
/// If the simulator or a judge panics.
pub fn play_seed(scenario: &Scenario, seed: u64, scratch: &mut Scratch) -> Result<RunSummary, RunError> {
    let attempt = std::panic::AssertUnwindSafe(|| {
        let record = splitbrain_sim::run(&resolve(scenario, seed));
        summary_of(scenario, &record, scratch).0
    });
    std::panic::catch_unwind(attempt).map_err(|panic| RunError::Bug { seed, message: message_of(panic.as_ref()) })
}

fn judge_record(scenario: &Scenario, resolved: &Resolved, record: &Record, scratch: &mut Scratch) -> Judged {
    let (run, judgement) = summary_of(scenario, record, scratch);
    let tally = coverage::tally(resolved, record, &judgement);
    let schedule = coverage::schedule(resolved, record);
    Judged { run, masters: record.observations.masters.clone(), tally, schedule }
}

pub(crate) fn summary_of(scenario: &Scenario, record: &Record, scratch: &mut Scratch) -> (RunSummary, Judgement) {
    let (seed, seen) = (record.seed, &record.observations);
    let mut judgement = judge_with(seen, &scenario.expect, scratch);
    judgement.metrics.set(Metric::SimMs, (seen.end.0 / 1_000_000) as i64);
    judgement.metrics.set(Metric::Events, record.events as i64);
    judgement.metrics.set(Metric::SentinelTraffic, record.sentinel_traffic.iter().max().map(|bytes| *bytes as i64));
    let mut run = RunSummary::new(seed, record.digest.0, seen, &judgement, &scenario.expect);
    context::add(&mut run, record);
    (run, judgement)
}

/// A run that somebody drove, judged.
pub struct JudgedRun(Judged);

/// Judges a run that somebody drove ([`splitbrain_sim::Session`]), as [`run_scenario`] judges its runs. `resolved` is the
/// scenario as it was played, with what was added on the way.
pub fn judge_run(scenario: &Scenario, resolved: &Resolved, record: &Record) -> JudgedRun {
    JudgedRun(judge_record(scenario, resolved, record, &mut Scratch::default()))
}

/// The summary of runs that somebody drove, in any order.
pub fn fold_runs(scenario: &Scenario, runs: Vec<JudgedRun>) -> ScenarioSummary {
    let first = runs.iter().map(|run| run.0.run.seed).min().unwrap_or_default();
    let masters = runs.first().map(|run| run.0.masters.clone()).unwrap_or_default();
    let mut runs: Vec<RunSummary> = runs.into_iter().map(|run| run.0.run).collect();
    runs.sort_by_key(|run| run.seed);
    summarize(scenario, first, &masters, runs, Course::default())
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
    let played = play(scenario, &Campaign::of(options.clone()), progress)?;
    match played.unsaved {
        Some(error) => Err(error),
        None => Ok(played.summary),
    }
}

/// What a panic said.
pub(crate) fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

pub(crate) fn summarize(
    scenario: &Scenario,
    first_seed: u64,
    masters: &[MasterSettings],
    runs: Vec<RunSummary>,
    course: Course,
) -> ScenarioSummary {
    let head = ScenarioHead {
        scenario: scenario.name.clone(),
        file: scenario.file.display().to_string(),
        title: scenario.title.clone(),
        environment: scenario.environment().name,
        flags: scenario.flags.clone(),
        first_seed,
    };
    let digest = digest_of(&runs);
    let mut summary = fold(head, masters, &scenario.expect, runs, digest.0);
    summary.course = course;
    summary
}

/// The digest of a scenario: the digests of its runs in the order of seeds.
fn digest_of(runs: &[RunSummary]) -> Digest {
    let mut chain = Chain::default();
    for run in runs {
        chain.words([run.seed, run.digest as u64, (run.digest >> 64) as u64]);
    }
    chain.digest()
}
