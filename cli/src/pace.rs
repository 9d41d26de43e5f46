//! How long `run` goes on: the time each scenario gets, interrupts, and the state that lets the same command continue.

use crate::args::Run;
use crate::output::diagnose;
use splitbrain::{Campaign, Played, RunError, RunOptions, journal};
use splitbrain_checker::ScenarioSummary;
use splitbrain_checker::course::Stopped;
use splitbrain_scenarios::Scenario;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Folder of states below that of saved failures.
const STATE: &str = "unfinished";

/// The pace of one `run` command.
pub struct Pace<'a> {
    run: &'a Run,
    quiet: bool,
    began: Instant,
    stop: Arc<AtomicBool>,
    /// Time not yet spent, with `--for`.
    left: Option<Duration>,
    /// Scenarios not yet played.
    waiting: u32,
    states: Vec<PathBuf>,
    unsaved: bool,
    interrupted: bool,
}

impl<'a> Pace<'a> {
    /// Begins to count, and to listen to interrupts: the first one ends the command once the seeds under way are finished,
    /// the second one at once.
    #[allow(clippy::disallowed_methods)] // how long a person waits
    pub fn begin(run: &'a Run, scenarios: usize, quiet: bool) -> Pace<'a> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // Where signals cannot be caught, an interrupt ends the command at once; what was found is saved then too.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop));
            let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
        }
        Pace {
            run,
            quiet,
            began: Instant::now(),
            stop,
            left: run.duration,
            waiting: scenarios.try_into().unwrap_or(u32::MAX),
            states: Vec::new(),
            unsaved: false,
            interrupted: false,
        }
    }

    /// Plays one scenario for as long as it may.
    pub fn play(
        &mut self,
        scenario: &Scenario,
        options: &RunOptions,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<ScenarioSummary, RunError> {
        let began = self.began;
        let clock = || began.elapsed();
        let campaign = Campaign {
            options: options.clone(),
            limit: self.left.map(|left| left / self.waiting.max(1)),
            until_stable: self.run.until,
            recheck_ppm: self.run.check_determinism.unwrap_or(0),
            state: (!self.run.no_save).then(|| self.run.save.join(STATE)),
            fresh: self.run.fresh,
            about: format!("{:?} {}", self.run.duration, build()),
            clock: &clock,
            stop: &self.stop,
        };
        let Played { summary, spent, unsaved, notes, state } = splitbrain::play(scenario, &campaign, progress)?;
        self.left = self.left.map(|left| left.saturating_sub(spent));
        self.waiting = self.waiting.saturating_sub(1);
        self.states.extend(state);
        self.interrupted = summary.course.stopped == Stopped::Interrupted;
        if let Some(error) = unsaved {
            diagnose(&error.to_string());
            self.unsaved = true;
        }
        for note in notes.iter().filter(|_| !self.quiet) {
            diagnose(&format!("note: {note}"));
        }
        Ok(summary)
    }

    /// Whether no further scenario is to be begun.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted || self.stop.load(Ordering::Relaxed)
    }

    /// Whether a failure could not be saved.
    pub fn has_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Ends the command: nothing is left of its state, unless it was interrupted and is to continue.
    pub fn end(&self) {
        if !self.is_interrupted() {
            journal::forget(&self.states);
        } else if self.run.no_save {
            diagnose("interrupted");
        } else {
            diagnose("interrupted; the same command continues from here, with --fresh it begins anew");
        }
    }
}

/// What tells this build of the command from another, as far as one can see without reading it.
fn build() -> String {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    program.map(|program| format!("{} {:?}", program.len(), program.modified().ok())).unwrap_or_default()
}
