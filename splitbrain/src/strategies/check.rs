//! Plays plans until one fails: first the failures that were kept, then new ones. What fails is shrunk and kept.

use super::Plan;
use crate::runner::{RunError, RunOptions, run_scenario};
use crate::saved::{Replay, ReplayError, replay};
use crate::shrink::{Failure, ShrinkError, ShrinkOptions, shrink};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use splitbrain_scenarios::ScenarioError;
use std::fmt;
use std::path::{Path, PathBuf};

/// How to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// New plans.
    pub cases: u32,
    /// Which plans: the same number makes the same ones.
    pub first: u64,
    /// Seeds each of them is played with.
    pub seeds: u64,
    /// Threads; 0 for one per core. Has no influence on the result.
    pub jobs: usize,
    /// Folder of failures: those in it are played first, and what fails is kept there.
    pub keep: Option<PathBuf>,
}

impl Default for Check {
    /// 64 plans, one seed each, nothing kept.
    fn default() -> Check {
        Check { cases: 64, first: 0, seeds: 1, jobs: 0, keep: None }
    }
}

/// Why a check did not succeed.
#[derive(Debug)]
pub enum CheckError {
    /// A failure that was kept is there again.
    Kept {
        /// Its file.
        file: PathBuf,
        /// What happens.
        what: String,
    },
    /// A plan fails.
    Failed {
        /// The story of what is left of it.
        story: String,
        /// The scenario that is left of it.
        text: String,
        /// The seed that shows it.
        seed: u64,
        /// Where it was kept.
        file: Option<PathBuf>,
    },
    /// What was kept cannot be read; nor be written.
    Unusable(PathBuf, String),
    /// What stands below `[expect]` is not accepted.
    Expect(Box<ScenarioError>),
    /// The simulator failed, or a strategy makes nothing.
    Broken(String),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::Kept { file, what } => write!(f, "{}: {what}", file.display()),
            CheckError::Failed { story, text, seed, file } => {
                write!(f, "{story}\nwith seed {seed} of\n\n{text}")?;
                file.as_ref().map_or(Ok(()), |file| write!(f, "\nkept: {}", file.display()))
            }
            CheckError::Unusable(path, why) => write!(f, "{}: {why}", path.display()),
            CheckError::Expect(error) => write!(f, "{error}"),
            CheckError::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CheckError {}

impl From<RunError> for CheckError {
    fn from(error: RunError) -> CheckError {
        CheckError::Broken(error.to_string())
    }
}

/// Plays the failures that were kept, then new plans. The same [`Check`] plays the same ones.
///
/// # Errors
/// At the first plan that fails with one of its seeds; if something kept fails again or cannot be read; if the simulator
/// fails.
pub fn check(plans: &impl Strategy<Value = Plan>, how: &Check) -> Result<(), CheckError> {
    for file in how.keep.iter().flat_map(|folder| kept(folder)) {
        play_again(file)?;
    }
    let mut key = [0; 32];
    key[..8].copy_from_slice(&how.first.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    for number in 0..how.cases {
        let tree = plans.new_tree(&mut runner).map_err(|why| CheckError::Broken(why.to_string()))?;
        let scenario = tree.current().scenario(&format!("plan-{}-{number}", how.first)).map_err(CheckError::Expect)?;
        let options = RunOptions { jobs: how.jobs, ..RunOptions::seeds(0..how.seeds.max(1)) };
        let summary = run_scenario(&scenario, &options, &|_| ())?;
        // A danger that has to show itself belongs to no seed: a few random plans need not show it.
        let failed = summary.unmet.iter().find_map(|unmet| unmet.seed.map(|seed| (seed, unmet.property)));
        if let Some((seed, property)) = failed {
            return Err(small(&Failure::of(&scenario, seed).violating(property), how)?);
        }
    }
    Ok(())
}

/// Failures in a folder, by name.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// What another version has kept and what does not fail any more is no failure.
fn play_again(file: PathBuf) -> Result<(), CheckError> {
    match replay(&file) {
        Ok(Replay::Stale { .. }) => Ok(()),
        Ok(Replay::Edited { sentences }) if sentences.is_empty() => Ok(()),
        Ok(again) => Err(CheckError::Kept { file, what: again.to_string() }),
        Err(ReplayError::Read(path, error)) => Err(CheckError::Unusable(path, error.to_string())),
        Err(error) => Err(CheckError::Unusable(file, error.to_string())),
    }
}

/// A failure, made small and kept.
fn small(failure: &Failure, how: &Check) -> Result<CheckError, CheckError> {
    let jobs = if how.jobs == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { how.jobs };
    let options = ShrinkOptions { jobs, stop: &|| false, better: &|_| () };
    let shrunk = shrink(failure, &options).map_err(|error: ShrinkError| CheckError::Broken(error.to_string()))?;
    let name = format!("{}-{}.json", failure.scenario(), shrunk.target.property);
    let file = how.keep.as_ref().map(|folder| folder.join(name));
    if let Some(file) = &file {
        shrunk.save(file).map_err(|error| CheckError::Unusable(file.clone(), error.to_string()))?;
    }
    Ok(CheckError::Failed { story: shrunk.text(), text: shrunk.scenario_text(), seed: shrunk.seed(), file })
}
