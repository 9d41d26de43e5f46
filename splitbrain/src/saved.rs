//! Saved runs: a failure kept as a file, replayed, compared.
//!
//! A file holds the scenario's text, the seed, the schedule that the seed made (written out, so that it can be read and
//! edited), the digest and what was found. Under the same version a replay has the same digest, or splitbrain has a
//! bug; under another version it *reproduces* the finding or is *stale*.

use crate::runner::resolve;
use serde::{Deserialize, Serialize};
use splitbrain_checker::summary::{ScenarioHead, Unmet};
use splitbrain_checker::{Property, RunSummary, Verdict, fold, judge};
use splitbrain_scenarios::{Resolved, Scenario, ScenarioError, Source, Step, schedule};
use splitbrain_sim::digest::Chain;
use splitbrain_sim::session::{self, Outside};
use splitbrain_sim::{Digest, Record, trace};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The version that wrote a file.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    splitbrain: String,
    scenario: String,
    file: PathBuf,
    environment: String,
    seed: u64,
    /// Fingerprint of everything the run was made of; another one means that the file, or a configuration file the
    /// scenario names, was edited.
    made_of: Digest,
    digest: Digest,
    unmet: Vec<SavedUnmet>,
    faults: Vec<String>,
    schedule: Vec<Step>,
    /// What applications outside did, and who drove the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outside: Vec<Outside>,
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedUnmet {
    property: Property,
    sentence: String,
    at_ms: Option<i64>,
}

/// What a replay showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The kept failure is there again.
    Reproduced {
        /// Its sentences.
        sentences: Vec<String>,
        /// Whether the digest is the stored one too.
        same_digest: bool,
    },
    /// Another version wrote the file, and the failure does not show any more.
    Stale {
        /// What differs.
        why: String,
    },
    /// The file, or a configuration file its scenario names, was edited: the digest cannot be compared.
    Edited {
        /// What the run found now; empty if every expectation is met.
        sentences: Vec<String>,
    },
    /// The same version wrote the file and behaves otherwise: a bug of splitbrain.
    Nondeterministic {
        /// What differs.
        why: String,
    },
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Replay::Reproduced { sentences, same_digest } => {
                let digest = if *same_digest { "same digest" } else { "other digest" };
                write!(f, "reproduced ({digest}): {}", sentences.join("; "))
            }
            Replay::Edited { sentences } if sentences.is_empty() => {
                f.write_str("edited: not the stored run any more, and every expectation is met")
            }
            Replay::Edited { sentences } => {
                write!(f, "edited: not the stored run any more; {}", sentences.join("; "))
            }
            Replay::Stale { why } => write!(f, "stale: the stored failure does not show any more; {why}"),
            Replay::Nondeterministic { why } => {
                write!(f, "the same version behaves otherwise than when the run was stored: {why}")
            }
        }
    }
}

/// Why a file could not be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// It could not be read.
    Read(PathBuf, std::io::Error),
    /// It is no saved run.
    Format(PathBuf, serde_json::Error),
    /// Its scenario is not accepted.
    Scenario(Box<ScenarioError>),
    /// Applications outside took part, and only [`replay`] plays their part.
    Outside(PathBuf),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Read(path, error) => write!(f, "{}: {error}", path.display()),
            ReplayError::Format(path, error) => write!(
                f,
                "{}:{}:{}: not a saved run: {error}; expected a file that `splitbrain run` saved",
                path.display(),
                error.line(),
                error.column()
            ),
            ReplayError::Outside(path) => {
                write!(
                    f,
                    "{}: applications outside took part in this run: only `splitbrain replay` plays it",
                    path.display()
                )
            }
            ReplayError::Scenario(error) => write!(f, "the scenario in the file is not accepted: {error}"),
        }
    }
}

impl std::error::Error for ReplayError {}

/// Plays a seed again and writes what is needed to replay it. Written under a temporary name and renamed, so that a
/// full disk leaves no half file.
///
/// # Errors
/// If the file cannot be written.
pub fn save(scenario: &Scenario, seed: u64, unmet: &[Unmet], path: &Path) -> std::io::Result<()> {
    write(scenario, resolve(scenario, seed), unmet, path)
}

/// As [`save`], for a schedule that is not the one the seed makes.
pub(crate) fn write(scenario: &Scenario, resolved: Resolved, unmet: &[Unmet], path: &Path) -> std::io::Result<()> {
    let record = splitbrain_sim::run(&resolved);
    keep(scenario, resolved, &record, Vec::new(), unmet, path)
}

/// Writes what is needed to replay a run: of `resolved` as it was before it was played, and what came from outside.
///
/// # Errors
/// If the file cannot be written.
pub fn keep(
    scenario: &Scenario,
    resolved: Resolved,
    record: &Record,
    outside: Vec<Outside>,
    unmet: &[Unmet],
    path: &Path,
) -> std::io::Result<()> {
    let mine = unmet.iter().filter(|unmet| unmet.seed == Some(resolved.seed));
    let saved = Saved {
        splitbrain: VERSION.to_owned(),
        scenario: scenario.name.clone(),
        file: scenario.file.clone(),
        environment: scenario.network.environment.clone(),
        seed: resolved.seed,
        made_of: fingerprint(&resolved),
        digest: record.digest,
        unmet: mine
            .map(|unmet| SavedUnmet { property: unmet.property, sentence: unmet.sentence.clone(), at_ms: unmet.at_ms })
            .collect(),
        faults: faults_of(record),
        schedule: resolved.schedule,
        outside,
        text: scenario.source.clone(),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension("json.tmp");
    let mut file = std::fs::File::create(&unfinished)?;
    let written = serde_json::to_writer_pretty(&mut file, &saved)
        .map_err(std::io::Error::from)
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = std::fs::remove_file(&unfinished);
        return Err(error);
    }
    std::fs::rename(&unfinished, path)
}

/// A saved run as it was written: its scenario, seed, schedule and the properties that it violates.
pub(crate) struct Kept {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) schedule: Vec<Step>,
    pub(crate) violated: Vec<Property>,
}

/// Reads a saved run without playing it.
pub(crate) fn kept(path: &Path) -> Result<Kept, ReplayError> {
    let (saved, scenario, resolved) = alone(path, &read(path)?)?;
    let violated = saved.unmet.iter().map(|unmet| unmet.property).collect();
    Ok(Kept { scenario, seed: saved.seed, schedule: resolved.schedule, violated })
}

/// The schedule of a saved run, of which this is the text.
///
/// # Errors
/// If it is none.
pub fn schedule(file: &Path, text: &str) -> Result<Vec<Step>, ReplayError> {
    let saved: Saved = serde_json::from_str(text).map_err(|error| ReplayError::Format(file.to_owned(), error))?;
    Ok(saved.schedule)
}

fn faults_of(record: &Record) -> Vec<String> {
    let at = |fault: &splitbrain_sim::record::FaultAt| record.observations.ms(fault.at);
    record.faults.iter().map(|fault| format!("{} ms: {}", at(fault), fault.what)).collect()
}

/// A saved run, read and resolved again.
fn load(path: &Path, text: &str) -> Result<(Saved, Scenario, Resolved), ReplayError> {
    let saved: Saved = serde_json::from_str(text).map_err(|error| ReplayError::Format(path.to_owned(), error))?;
    let source = Source::new(saved.file.clone(), saved.text.clone());
    let mut scenario = Scenario::parse(&source).map_err(ReplayError::Scenario)?;
    // A preset that no longer exists leaves the scenario's own; the digest tells.
    let _ = scenario.set_environment(&saved.environment);
    let mut resolved = resolve(&scenario, saved.seed);
    // A hand may have been at it.
    if schedule::without(&saved.schedule, &[]) != saved.schedule {
        let wrong = serde::de::Error::custom("its schedule refers to steps that are not there");
        return Err(ReplayError::Format(path.to_owned(), wrong));
    }
    resolved.schedule = saved.schedule.clone();
    Ok((saved, scenario, resolved))
}

/// As `load`, for who plays the run without what came from outside.
fn alone(path: &Path, text: &str) -> Result<(Saved, Scenario, Resolved), ReplayError> {
    let loaded = load(path, text)?;
    if loaded.0.outside.is_empty() { Ok(loaded) } else { Err(ReplayError::Outside(path.to_owned())) }
}

/// The run of a file, resolved again.
pub(crate) fn resolved(path: &Path) -> Result<Resolved, ReplayError> {
    alone(path, &read(path)?).map(|(_, _, resolved)| resolved)
}

/// The scenario and the run of a file, resolved again.
pub(crate) fn scenario_of(path: &Path) -> Result<(Scenario, Resolved), ReplayError> {
    alone(path, &read(path)?).map(|(_, scenario, resolved)| (scenario, resolved))
}

fn read(path: &Path) -> Result<String, ReplayError> {
    std::fs::read_to_string(path).map_err(|error| ReplayError::Read(path.to_owned(), error))
}

/// Plays a saved run again.
///
/// # Errors
/// If the file cannot be read or its scenario is not accepted.
pub fn replay(path: &Path) -> Result<Replay, ReplayError> {
    let (saved, scenario, resolved) = load(path, &read(path)?)?;
    let record = match &saved.outside[..] {
        [] => splitbrain_sim::run(&resolved),
        outside => session::replay(resolved.clone(), true, outside),
    };
    let seen = &record.observations;
    let judgement = judge(seen, &scenario.expect);
    let run = RunSummary::new(saved.seed, record.digest.0, seen, &judgement, &scenario.expect);
    if saved.splitbrain == VERSION && saved.made_of != fingerprint(&resolved) {
        return Ok(Replay::Edited { sentences: broken(&scenario, run) });
    }
    Ok(compare(&saved, &record, &run))
}

/// Everything a run is made of, as one number. The names and numbers of a resolved scenario say it all.
fn fingerprint(resolved: &Resolved) -> Digest {
    let mut chain = Chain::default();
    chain.text(&format!("{resolved:?}"));
    chain.digest()
}

/// What one run breaks of its scenario's expectations.
fn broken(scenario: &Scenario, run: RunSummary) -> Vec<String> {
    let digest = run.digest;
    let summary = fold(ScenarioHead::default(), &[], &scenario.expect, vec![run], digest);
    summary.unmet.into_iter().map(|unmet| unmet.sentence).collect()
}

fn compare(saved: &Saved, record: &Record, run: &RunSummary) -> Replay {
    let same_digest = saved.digest == record.digest;
    let again = |unmet: &&SavedUnmet| run.found(unmet.property).next().is_some();
    let sentences: Vec<String> = saved.unmet.iter().filter(again).map(|unmet| unmet.sentence.clone()).collect();
    // An expectation may also be unmet because nothing was found: then the run as a whole tells.
    let still_bad = !sentences.is_empty() || run.verdict != Verdict::Pass || same_digest;
    let differ = format!("digest {} stored, {} now", saved.digest, record.digest);
    match (still_bad, same_digest, saved.splitbrain == VERSION) {
        (_, false, true) => Replay::Nondeterministic { why: differ },
        (true, _, _) => {
            let stored = saved.unmet.iter().map(|unmet| unmet.sentence.clone());
            let sentences = if same_digest { stored.collect() } else { sentences };
            Replay::Reproduced { sentences, same_digest }
        }
        (false, _, _) => Replay::Stale { why: format!("written by {}, {differ}", saved.splitbrain) },
    }
}

/// Writes the trace of one seed: a line per event with the digest after it.
///
/// # Errors
/// If the file cannot be written.
pub fn write_trace(scenario: &Scenario, seed: u64, path: &Path) -> std::io::Result<()> {
    let record = splitbrain_sim::run::run_traced(&resolve(scenario, seed));
    std::fs::write(path, record.trace.unwrap_or_default())
}

/// The trace in a file, or of the saved run in it, which is played again.
fn trace_of(path: &Path) -> Result<String, ReplayError> {
    let text = read(path)?;
    if !text.trim_start().starts_with('{') {
        return Ok(text);
    }
    let (_, _, resolved) = alone(path, &text)?;
    Ok(splitbrain_sim::run::run_traced(&resolved).trace.unwrap_or_default())
}

/// The first differing event of two runs, as text; `None` if they are equal.
///
/// # Errors
/// If a file cannot be read, or a scenario in one is not accepted.
pub fn bisect(a: &Path, b: &Path) -> Result<Option<String>, ReplayError> {
    let (first, second) = (trace_of(a)?, trace_of(b)?);
    Ok(trace::first_difference(&first, &second).map(|(line, left, right)| {
        let equal = match first.lines().nth(line.wrapping_sub(2)) {
            Some(last) => format!("equal up to {}", told(last)),
            None => "different from the first event on".to_owned(),
        };
        let show = |line: Option<&str>| line.map_or_else(|| "(ends here)".to_owned(), told);
        format!("{equal}\nthen\n  {}: {}\n  {}: {}", a.display(), show(left), b.display(), show(right))
    }))
}

/// A line of a trace for people: number, time, what happened.
fn told(line: &str) -> String {
    let mut parts = line.splitn(4, '\t');
    let (number, at, what) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
    let micros = at.parse::<u64>().unwrap_or(0) / 1_000;
    format!("event {number} at {}.{:06} s, {what}", micros / 1_000_000, micros % 1_000_000)
}
