//! The state of a run that is under way: what was played so far, a line per few seconds, appended to one small file per
//! scenario. Whatever kills the process, whole lines are there, a torn last one is left out, and the next start of the same
//! command goes on behind them. What continues is the very same run: the file's name is a fingerprint of version, build,
//! command and everything the scenario is made of, and the first seed is played again to be sure.

use crate::campaign::Campaign;
use crate::runner::{judge_seed, resolve};
use serde::{Deserialize, Serialize};
use splitbrain_checker::course::Stopped;
use splitbrain_checker::coverage::{Coverage, Family, Reached, Tally};
use splitbrain_checker::observations::MasterSettings;
use splitbrain_checker::summary::Reported;
use splitbrain_checker::{Metric, Metrics, Property, RunSummary, Scratch, Verdict};
use splitbrain_scenarios::Scenario;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two writes. A command that is over sooner writes nothing.
const EVERY: Duration = Duration::from_secs(2);

/// One line: some runs, and what they reached together.
#[derive(Serialize, Deserialize)]
struct Line {
    runs: Vec<Run>,
    reached: Vec<(Family, String, Reached)>,
    /// Real time of the whole scenario until then.
    spent_ms: u64,
    /// The scenario is over.
    stopped: Option<Stopped>,
}

#[derive(Serialize, Deserialize)]
struct Run {
    seed: u64,
    verdict: Verdict,
    digest: Digest,
    /// Values by the number of their metric.
    metrics: Vec<(u8, i64)>,
    findings: Vec<Reported>,
    undecided: Vec<(Property, String)>,
}

impl Run {
    fn of(run: &RunSummary) -> Run {
        Run {
            seed: run.seed,
            verdict: run.verdict,
            digest: Digest(run.digest),
            metrics: run.metrics.iter().map(|(metric, value)| (metric as u8, value)).collect(),
            findings: run.findings.clone(),
            undecided: run.undecided.clone(),
        }
    }

    fn restored(self) -> Option<RunSummary> {
        let mut metrics = Metrics::default();
        for (number, value) in self.metrics {
            metrics.set(*Metric::ALL.get(usize::from(number))?, value);
        }
        let Run { seed, verdict, digest, findings, undecided, .. } = self;
        Some(RunSummary { seed, verdict, digest: digest.0, metrics, findings, undecided })
    }
}

/// What an interrupted run has left.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) runs: Vec<RunSummary>,
    pub(crate) masters: Vec<MasterSettings>,
    pub(crate) coverage: Vec<((Family, Cow<'static, str>), Reached)>,
    pub(crate) spent: Duration,
    pub(crate) stopped: Option<Stopped>,
    pub(crate) notes: Vec<String>,
}

/// The state of one scenario while it is played.
#[derive(Default)]
pub(crate) struct Journal {
    path: Option<PathBuf>,
    runs: Vec<Run>,
    reached: Coverage,
    flushed: Duration,
    /// A write has failed: what is there stays as it is.
    closed: bool,
    trouble: Option<String>,
}

impl Journal {
    /// The state of this scenario under this command, with what an interrupted run has left.
    pub(crate) fn open(scenario: &Scenario, campaign: &Campaign<'_>) -> (Journal, Found) {
        let Some(folder) = &campaign.state else { return (Journal::default(), Found::default()) };
        let name = scenario.name.replace(['/', '\\'], "-");
        let path = folder.join(format!("{name}-{}.jsonl", &fingerprint(scenario, campaign).to_string()[..16]));
        let mut found = Found::default();
        if campaign.fresh {
            let _ = fs::remove_file(&path);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found = read(&text, campaign.options.seeds.start);
            if found.runs.last().is_some_and(|run| run.seed >= campaign.options.seeds.end) {
                found = Found::default();
            }
            check_first(scenario, &mut found, &path);
            // Behind a line that was torn a new one begins.
            if !text.ends_with('\n') {
                let _ = append(&path, "\n");
            }
        }
        (Journal { path: Some(path), ..Journal::default() }, found)
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.path.clone()
    }

    /// Why the state could not be written.
    pub(crate) fn trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// Takes a run to be written with the next line.
    pub(crate) fn note(&mut self, run: &RunSummary, tally: &Tally) {
        if self.path.is_some() && !self.closed {
            self.runs.push(Run::of(run));
            self.reached.add(run.seed, tally);
        }
    }

    /// Writes a line if that was long ago. `now` counts from the beginning of the command.
    pub(crate) fn flush_if_due(&mut self, now: Duration, spent: Duration) {
        if now.saturating_sub(self.flushed) >= EVERY {
            self.flushed = now;
            self.write(None, spent);
        }
    }

    /// Writes a line now.
    pub(crate) fn flush(&mut self, spent: Duration) {
        self.write(None, spent);
    }

    /// Writes the last line, unless the scenario was over so soon that there is nothing to keep.
    pub(crate) fn close(&mut self, stopped: Option<Stopped>, spent: Duration) {
        let exists = self.path.as_ref().is_some_and(|path| path.exists());
        if exists || spent >= EVERY || stopped.is_none() {
            self.write(stopped, spent);
        }
    }

    fn write(&mut self, stopped: Option<Stopped>, spent: Duration) {
        let Some(path) = &self.path else { return };
        if self.closed || self.runs.is_empty() && stopped.is_none() {
            return;
        }
        let reached = std::mem::take(&mut self.reached);
        let line = Line {
            runs: std::mem::take(&mut self.runs),
            reached: reached.iter().map(|(family, name, reached)| (family, name.to_owned(), *reached)).collect(),
            spent_ms: spent.as_millis() as u64,
            stopped,
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::from)
            .and_then(|text| append(path, &format!("{text}\n")));
        if let Err(error) = written {
            let path = path.display();
            self.trouble =
                Some(format!("{path}: cannot be written: {error}; an interruption would lose what was played"));
            self.closed = true;
        }
    }
}

/// Appends in one write.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// Removes the state of scenarios once the whole command has ended, and the folder if nothing else is in it.
pub fn forget(paths: &[PathBuf]) {
    for path in paths {
        let _ = fs::remove_file(path);
        let _ = path.parent().map(fs::remove_dir);
    }
}

/// Everything that makes a run what it is, as one number.
fn fingerprint(scenario: &Scenario, campaign: &Campaign<'_>) -> Digest {
    let seeds = &campaign.options.seeds;
    let mut chain = Chain::default();
    chain.text(env!("CARGO_PKG_VERSION"));
    chain.text(&campaign.about);
    chain.text(&scenario.source);
    chain.text(&format!("{:?}", resolve(scenario, seeds.start)));
    chain.text(&format!("{seeds:?} {:?} {:?}", campaign.limit.is_some(), campaign.until_stable));
    chain.digest()
}

/// The runs of all whole lines, as far as they follow one another without a gap.
fn read(text: &str, first: u64) -> Found {
    let mut found = Found::default();
    let mut next = first;
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    for line in lines.filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
        // Two commands at once may have written the same runs twice.
        if line.runs.first().is_some_and(|run| run.seed != next) {
            continue;
        }
        let runs: Option<Vec<RunSummary>> = line.runs.into_iter().map(Run::restored).collect();
        let Some(runs) = runs else { break };
        next += runs.len() as u64;
        found.runs.extend(runs);
        found.coverage.extend(line.reached.into_iter().map(|(family, name, it)| ((family, name.into()), it)));
        found.spent = Duration::from_millis(line.spent_ms);
        found.stopped = line.stopped.or(found.stopped);
    }
    found
}

/// Plays the first seed again: what is continued has to be the same run.
fn check_first(scenario: &Scenario, found: &mut Found, path: &Path) {
    let Some(first) = found.runs.first() else { return };
    let again = judge_seed(scenario, first.seed, &mut Scratch::default());
    if again.run.digest == first.digest {
        found.masters = again.masters;
        let seeds = found.runs.len();
        found.notes.push(format!(
            "{}: {seeds} seeds of an interrupted run are taken from {}; --fresh begins anew",
            scenario.name,
            path.display()
        ));
    } else {
        *found = Found::default();
        let _ = fs::remove_file(path);
        found.notes.push(format!("{}: another build wrote {}; begun anew", scenario.name, path.display()));
    }
}
