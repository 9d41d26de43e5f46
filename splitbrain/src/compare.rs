//! Two sets of runs of the same scenarios, before and after a change, compared seed by seed: has the time without writes, have
//! the losses become worse? Differences of pairs have an interval by bootstrap; a regression is one whose interval lies above
//! zero. Knows nothing of files of its own but the JSON of `run --json --runs`.

use serde::Deserialize;
use splitbrain_checker::comparison::{Comparison, Difference};
use splitbrain_checker::summary::ScenarioSummary;
use splitbrain_checker::{Metric, RunSummary, Verdict};
use splitbrain_sim::chance::Stream;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2_000;

/// What is compared, and how tables call it.
const MEASURES: [(Metric, &str); 4] = [
    (Metric::WriteUnavailable, "ms without writes"),
    (Metric::WritesLost, "acknowledged writes lost"),
    (Metric::SplitBrain, "ms of split brain"),
    (Metric::StaleReads, "stale reads"),
];

/// The runs of an earlier `run --json FILE --runs`.
#[derive(Debug, Deserialize)]
pub struct Baseline {
    /// The version that made it.
    #[serde(rename = "splitbrain")]
    pub version: String,
    scenarios: Vec<OldScenario>,
}

#[derive(Debug, Deserialize)]
struct OldScenario {
    scenario: String,
    runs: Option<Vec<OldRun>>,
}

#[derive(Debug, Deserialize)]
struct OldRun {
    seed: u64,
    verdict: Verdict,
    metrics: BTreeMap<String, i64>,
}

/// Why there is nothing to compare with.
#[derive(Debug)]
pub enum BaselineError {
    /// The file cannot be read.
    Read(PathBuf, std::io::Error),
    /// It is no JSON of `run`.
    Format(PathBuf, serde_json::Error),
    /// It has no single runs.
    NoRuns(PathBuf),
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineError::Read(path, error) => write!(f, "{}: {error}", path.display()),
            BaselineError::Format(path, error) => write!(
                f,
                "{}:{}:{}: {error}; expected what `splitbrain run … --json FILE --runs` writes",
                path.display(),
                error.line(),
                error.column()
            ),
            BaselineError::NoRuns(path) => {
                write!(f, "{}: there are no single runs in it; write it with `--runs`", path.display())
            }
        }
    }
}

impl std::error::Error for BaselineError {}

impl Baseline {
    /// Reads one.
    ///
    /// # Errors
    /// If there is none, or it has no single runs.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let text = std::fs::read_to_string(path).map_err(|error| BaselineError::Read(path.to_owned(), error))?;
        let baseline: Baseline =
            serde_json::from_str(&text).map_err(|error| BaselineError::Format(path.to_owned(), error))?;
        match baseline.scenarios.iter().any(|scenario| scenario.runs.is_some()) {
            true => Ok(baseline),
            false => Err(BaselineError::NoRuns(path.to_owned())),
        }
    }
}

/// Compares what was played now with a baseline. Deterministic: the same runs give the same intervals.
pub fn compare(baseline: &Baseline, now: &[ScenarioSummary]) -> Comparison {
    let mut comparison = Comparison::default();
    for summary in now {
        let before = baseline.scenarios.iter().find(|old| old.scenario == summary.scenario);
        let before: BTreeMap<u64, &OldRun> =
            before.and_then(|old| old.runs.as_ref()).into_iter().flatten().map(|run| (run.seed, run)).collect();
        let pairs: Vec<(&OldRun, &RunSummary)> =
            summary.runs.iter().filter_map(|run| Some((*before.get(&run.seed)?, run))).collect();
        if pairs.is_empty() {
            comparison.missing.push(summary.scenario.clone());
            continue;
        }
        let failed = pairs
            .iter()
            .map(|(old, new)| (i64::from(old.verdict == Verdict::Fail), i64::from(new.verdict == Verdict::Fail)));
        comparison.differences.push(difference(&summary.scenario, "failed runs", failed.collect()));
        for (metric, measure) in MEASURES {
            // What did not happen is not in the numbers: it lasted no time, and nothing was lost.
            let old = |run: &OldRun| run.metrics.get(metric.name()).copied();
            if pairs.iter().all(|(before, new)| old(before).is_none() && new.metrics.get(metric).is_none()) {
                continue;
            }
            let values =
                pairs.iter().map(|(before, new)| (old(before).unwrap_or(0), new.metrics.get(metric).unwrap_or(0)));
            comparison.differences.push(difference(&summary.scenario, measure, values.collect()));
        }
    }
    comparison
}

fn difference(scenario: &str, measure: &'static str, pairs: Vec<(i64, i64)>) -> Difference {
    let mean = |values: &mut dyn Iterator<Item = i64>| {
        let sum: i128 = values.map(i128::from).sum();
        (sum * 1_000 / pairs.len() as i128) as i64
    };
    let differences: Vec<i64> = pairs.iter().map(|(before, now)| now - before).collect();
    Difference {
        scenario: scenario.to_owned(),
        measure,
        seeds: pairs.len() as u64,
        before: mean(&mut pairs.iter().map(|pair| pair.0)),
        now: mean(&mut pairs.iter().map(|pair| pair.1)),
        interval: bootstrap(&differences, scenario, measure),
    }
}

/// Percentile bootstrap of the mean, in thousandths.
fn bootstrap(differences: &[i64], scenario: &str, measure: &str) -> (i64, i64) {
    let mut chance = Stream::new(0, "bootstrap", scenario, measure);
    let count = differences.len() as u64;
    let mut means: Vec<i64> = (0..RESAMPLES)
        .map(|_| {
            let sum: i128 = (0..count).map(|_| i128::from(differences[chance.below(count) as usize])).sum();
            (sum * 1_000 / i128::from(count)) as i64
        })
        .collect();
    means.sort_unstable();
    (means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_runs_have_no_difference() {
        let same = difference("s", "m", vec![(5_000, 5_000); 40]);
        assert_eq!(same.interval, (0, 0));
        assert!(!same.is_worse() && !same.is_better());
    }

    #[test]
    fn a_shift_that_every_seed_shows_is_a_regression_and_one_bad_seed_is_not() {
        let shifted = difference("s", "m", (0..40).map(|n| (5_000 + n, 5_100 + n + n % 7)).collect());
        assert!(shifted.is_worse());
        let outlier = difference("s", "m", (0..40).map(|n| (5_000, if n == 3 { 9_000 } else { 5_000 })).collect());
        assert!(!outlier.is_worse(), "{outlier:?}");
        let better = difference("s", "m", (0..40).map(|n| (5_000 + n, 4_000 + n)).collect());
        assert!(better.is_better());
    }

    #[test]
    fn the_interval_is_the_same_every_time() {
        let differences: Vec<i64> = (0..100).map(|n| n * n % 17 - 8).collect();
        assert_eq!(bootstrap(&differences, "s", "m"), bootstrap(&differences, "s", "m"));
    }
}
