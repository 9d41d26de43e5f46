//! Shrinking: from a failure to the smallest schedule, cluster and workload that still violate the same property in the
//! same way.
//!
//! A candidate counts as failing if one of eight seeds shows it: the schedule is given, so that a seed changes everything
//! but the schedule. The seed that shows it is kept. Which candidate is taken does not depend on the number of jobs, so
//! that the same failure always shrinks to the same story, unless time runs out.

mod candidate;
mod numbers;
mod passes;
mod promote;
mod report;
mod search;
mod story;

pub use candidate::Target;
pub use promote::{PromoteError, Promoted};

use crate::runner::RunError;
use crate::saved::{self, ReplayError};
use candidate::Candidate;
use search::Search;
use splitbrain_checker::{Property, Scratch};
use splitbrain_model::Millis;
use splitbrain_scenarios::{Document, Scenario, Step, schedule};
use splitbrain_sim::Digest;
use std::fmt;
use std::path::Path;

/// A failing run: what is played, and what it violates.
#[derive(Clone, Debug)]
pub struct Failure {
    scenario: Scenario,
    seed: u64,
    schedule: Vec<Step>,
    violated: Vec<Property>,
}

impl Failure {
    /// A run that was saved.
    ///
    /// # Errors
    /// If the file cannot be read or its scenario is not accepted.
    pub fn saved(path: &Path) -> Result<Failure, ReplayError> {
        let saved::Kept { scenario, seed, schedule, violated } = saved::kept(path)?;
        Ok(Failure { scenario, seed, schedule, violated })
    }

    /// One seed of a scenario.
    pub fn of(scenario: &Scenario, seed: u64) -> Failure {
        let schedule = crate::resolve(scenario, seed).schedule;
        Failure { scenario: scenario.clone(), seed, schedule, violated: Vec::new() }
    }

    /// Shrinks what violates this property; otherwise the first one that is violated is chosen.
    pub fn violating(mut self, property: Property) -> Failure {
        self.violated = vec![property];
        self
    }

    /// The name of its scenario.
    pub fn scenario(&self) -> &str {
        &self.scenario.name
    }

    /// Its seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// How to shrink.
pub struct ShrinkOptions<'a> {
    /// Threads, at least one. Has no influence on the result.
    pub jobs: usize,
    /// Asked again and again whether to stop with the best so far.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Told of everything that is smaller than all before.
    pub better: &'a dyn Fn(&Shrunk),
}

/// Why nothing was shrunk.
#[derive(Debug)]
pub enum ShrinkError {
    /// The run does not violate the property, or none.
    NotFailing(String),
    /// The simulator failed.
    Run(RunError),
}

impl fmt::Display for ShrinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShrinkError::NotFailing(why) => write!(f, "there is nothing to shrink: {why}"),
            ShrinkError::Run(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ShrinkError {}

impl From<RunError> for ShrinkError {
    fn from(error: RunError) -> ShrinkError {
        ShrinkError::Run(error)
    }
}

/// How large a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Faults.
    pub faults: usize,
    /// From the first fault to the last, ends of faults included; only what does not depend on the run.
    pub span: Millis,
    /// Redis servers.
    pub servers: usize,
    /// Sentinels.
    pub sentinels: usize,
    /// Clients.
    pub clients: usize,
}

/// A failure after shrinking, or on the way.
#[derive(Clone, Debug)]
pub struct Shrunk {
    now: Candidate,
    /// What it violates.
    pub target: Target,
    /// The scenario it came from.
    pub origin: String,
    /// The seed that failed at first.
    pub origin_seed: u64,
    /// How large it was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// Runs it took so far; the same for any number of jobs.
    pub runs: u64,
    /// Nothing smaller was found; false if it was stopped before.
    pub finished: bool,
}

/// What a shrunk failure does when it is played.
#[derive(Clone, Debug)]
pub struct Played {
    /// What happens when, in sentences.
    pub story: Vec<String>,
    /// Faults and repairs: milliseconds after the first, and what, with roles resolved.
    pub faults: Vec<(i64, String)>,
    /// What is found in the end.
    pub finding: String,
    /// When, in milliseconds after the first fault.
    pub at_ms: Option<i64>,
    /// Digest of the run.
    pub digest: Digest,
}

impl Shrunk {
    /// The seed that shows it.
    pub fn seed(&self) -> u64 {
        self.now.seed
    }

    /// The schedule.
    pub fn schedule(&self) -> &[Step] {
        &self.now.schedule
    }

    /// The scenario file that says it all.
    pub fn scenario_text(&self) -> String {
        self.now.document.text()
    }

    /// Plays it.
    pub fn play(&self) -> Played {
        let (unmet, record) = self.now.unmet(self.now.seed, &mut Scratch::default());
        let mine = unmet.into_iter().find(|unmet| Target::of(unmet) == self.target);
        let (finding, at_ms) = mine.map(|unmet| (unmet.sentence, unmet.at_ms)).unwrap_or_default();
        let faults = record.faults.iter().map(|fault| (record.observations.ms(fault.at), fault.what.clone())).collect();
        Played { story: story::tell(&record), faults, finding, at_ms, digest: record.digest }
    }

    /// Saves it for [`replay`](crate::replay).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let (mut unmet, _) = self.now.unmet(self.now.seed, &mut Scratch::default());
        // What it was shrunk for comes first.
        unmet.sort_by_key(|unmet| Target::of(unmet) != self.target);
        saved::write(&self.now.scenario, self.now.resolved(self.now.seed), &unmet, path)
    }

    /// Writes it as a scenario file with the faults written out, for the catalogue.
    ///
    /// # Errors
    /// If scenario files have no words for it, or the file cannot be written.
    pub fn promote(&self, path: &Path, jobs: usize) -> Result<Promoted, PromoteError> {
        promote::promote(self, path, jobs)
    }
}

/// Looks for the smallest failure like this one.
///
/// # Errors
/// If it does not fail, or the simulator does.
pub fn shrink(failure: &Failure, options: &ShrinkOptions<'_>) -> Result<Shrunk, ShrinkError> {
    let (first, target, found) = begin(failure)?;
    let before = size(&first);
    let mut search = Search::new(target.clone(), failure.seed, options.jobs, options.stop);
    let shrunk = |now: &Candidate, runs: u64, finished: bool| Shrunk {
        now: now.clone(),
        target: target.clone(),
        origin: failure.scenario.name.clone(),
        origin_seed: failure.seed,
        before,
        after: size(now),
        runs,
        finished,
    };
    let better = |now: &Candidate, runs: u64| (options.better)(&shrunk(now, runs, false));
    let mut state = State { now: first, search: &mut search, better: &better };
    state.everything(found)?;
    let finished = !(options.stop)();
    let now = state.now;
    Ok(shrunk(&now, search.runs, finished))
}

/// The failure as it is, and when its finding was complete.
fn begin(failure: &Failure) -> Result<(Candidate, Target, Millis), ShrinkError> {
    let wrong = |why: &str| ShrinkError::NotFailing(why.to_owned());
    let mut document = Document::of(&failure.scenario).map_err(|error| ShrinkError::NotFailing(error.to_string()))?;
    document.forget_faults();
    let first = Candidate::new(document, &failure.scenario.file, &failure.schedule, failure.seed)
        .ok_or_else(|| wrong("its schedule names somebody who is not in its scenario"))?;
    if first.faults() == 0 {
        return Err(wrong("there are no faults"));
    }
    let (unmet, _) = first.unmet(first.seed, &mut Scratch::default());
    let wanted = |property: &Property| unmet.iter().find(|unmet| unmet.property == *property);
    let chosen = match &failure.violated[..] {
        [] => unmet.first(),
        violated => violated.iter().find_map(wanted),
    };
    let Some(chosen) = chosen else {
        let names: Vec<&str> = failure.violated.iter().map(|property| property.name()).collect();
        let what = if names.is_empty() { "every expectation".to_owned() } else { names.join(" and ") };
        return Err(wrong(&format!("seed {} meets {what}", failure.seed)));
    };
    let found = Millis(chosen.at_ms.unwrap_or(i64::MAX / 2));
    let target = Target::of(chosen);
    Ok((first, target, found))
}

fn size(of: &Candidate) -> Size {
    let begins = (0..of.schedule.len()).filter_map(|step| schedule::begins(&of.schedule, step)).map(|at| at.0);
    let (first, last) = begins.fold((i64::MAX, i64::MIN), |(first, last), at| (first.min(at), last.max(at)));
    Size {
        faults: of.faults(),
        span: Millis(last.saturating_sub(first).max(0)),
        servers: of.scenario.masters.iter().map(|master| master.servers.len()).sum(),
        sentinels: of.scenario.sentinels as usize,
        clients: of.scenario.clients.iter().map(|client| client.members.len()).sum(),
    }
}

/// The smallest so far.
struct State<'a, 'b> {
    now: Candidate,
    search: &'a mut Search<'b>,
    better: &'a dyn Fn(&Candidate, u64),
}

impl State<'_, '_> {
    /// Takes the first candidate that fails too.
    fn take(&mut self, candidates: Vec<Candidate>) -> Result<bool, RunError> {
        let Some(better) = self.search.first(candidates)? else { return Ok(false) };
        self.now = better;
        (self.better)(&self.now, self.search.runs);
        Ok(true)
    }

    /// As long as it gets smaller.
    fn repeat(&mut self, pass: impl Fn(&Candidate) -> Vec<Candidate>) -> Result<bool, RunError> {
        let mut changed = false;
        while self.take(pass(&self.now))? {
            changed = true;
        }
        Ok(changed)
    }

    /// For each fault, as long as it gets smaller.
    fn each(&mut self, pass: impl Fn(&Candidate, usize) -> Vec<Candidate>) -> Result<bool, RunError> {
        let mut changed = false;
        for n in 0..self.now.faults() {
            let step = |of: &Candidate| schedule::faults(&of.schedule).get(n).copied();
            changed |= self.repeat(|of| step(of).map_or_else(Vec::new, |step| pass(of, step)))?;
        }
        Ok(changed)
    }

    fn everything(&mut self, found: Millis) -> Result<(), RunError> {
        let mut size = 1;
        while size < self.now.faults() && !self.take(passes::windows(&self.now, size, found))? {
            size *= 2;
        }
        self.fewer_faults()?;
        self.repeat(passes::begin)?;
        let property = self.search.target.property;
        loop {
            let mut changed = self.repeat(passes::clients)?;
            changed |= self.repeat(passes::nodes)?;
            changed |= self.each(passes::gap)?;
            changed |= self.each(passes::duration)?;
            changed |= self.each(passes::values)?;
            changed |= self.repeat(|of| passes::phases(of, property))?;
            changed |= self.fewer_faults()?;
            if !changed {
                break;
            }
        }
        self.each(passes::round_gap)?;
        self.each(passes::round_duration)?;
        Ok(())
    }

    /// Halves, quarters, down to single faults.
    fn fewer_faults(&mut self) -> Result<bool, RunError> {
        let mut changed = false;
        let mut size = self.now.faults() / 2;
        while size >= 1 {
            if self.take(passes::chunks(&self.now, size))? {
                changed = true;
                size = size.min(self.now.faults() / 2);
            } else {
                size /= 2;
            }
        }
        Ok(changed)
    }
}
