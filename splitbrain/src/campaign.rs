//! Many seeds of one scenario: threads play them in ascending order, and what they find is accepted in that same order, so
//! that the result depends neither on the threads nor on when it is looked at. Ends when the seeds are played, when the time
//! is over, when nothing new is reached any more, or when somebody interrupts; in each case everything accepted until then is
//! judged and reported.

use crate::journal::Journal;
use crate::keeper::Keeper;
use crate::recheck::{Player, is_chosen, recheck};
use crate::runner::{Judged, RunError, RunOptions, judge_seed, message_of, summarize};
use splitbrain_checker::course::{Course, Happened, Stopped};
use splitbrain_checker::coverage::Coverage;
use splitbrain_checker::observations::MasterSettings;
use splitbrain_checker::{Expectation, RunSummary, ScenarioSummary, Scratch, evaluate};
use splitbrain_scenarios::Scenario;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// How long a scenario is played, and what is done on the way.
pub struct Campaign<'a> {
    /// Seeds, threads, and where failures are kept.
    pub options: RunOptions,
    /// No seed is begun after so much real time.
    pub limit: Option<Duration>,
    /// Ends once so many consecutive seeds have reached nothing new and all dangers that have to show themselves have.
    pub until_stable: Option<u64>,
    /// Share of the seeds, in millionths, that is played twice and compared.
    pub recheck_ppm: u32,
    /// Folder for what has to survive an interruption.
    pub state: Option<PathBuf>,
    /// Begins anew though an interrupted run is there.
    pub fresh: bool,
    /// Whatever else tells one command, or one build, from another: a run is continued only by its equal.
    pub about: String,
    /// Real time since the command began. Has no influence but on when a run ends and when its state is written.
    pub clock: &'a (dyn Fn() -> Duration + Sync),
    /// Set from outside to end early.
    pub stop: &'a AtomicBool,
}

/// Nobody interrupts.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Campaign<'static> {
    /// These seeds and no more, with nothing written but failures.
    pub fn of(options: RunOptions) -> Campaign<'static> {
        Campaign {
            options,
            limit: None,
            until_stable: None,
            recheck_ppm: 0,
            state: None,
            fresh: false,
            about: String::new(),
            clock: &|| Duration::ZERO,
            stop: &NEVER,
        }
    }
}

/// What came of a campaign.
pub struct Played {
    /// Everything that was played.
    pub summary: ScenarioSummary,
    /// Real time it took, that before an interruption included.
    pub spent: Duration,
    /// A failure that could not be saved.
    pub unsaved: Option<RunError>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// The state that was written, to be removed once the whole command has ended.
    pub state: Option<PathBuf>,
}

/// Plays a scenario. `progress` is told after each seed how many are done.
///
/// # Errors
/// If the simulator or a judge panics, or a run is not the same when it is played again. What was found before is saved
/// all the same.
pub fn play(scenario: &Scenario, campaign: &Campaign<'_>, progress: &(dyn Fn(u64) + Sync)) -> Result<Played, RunError> {
    play_with(scenario, campaign, progress, &judge_seed)
}

pub(crate) fn play_with(
    scenario: &Scenario,
    campaign: &Campaign<'_>,
    progress: &(dyn Fn(u64) + Sync),
    player: Player<'_>,
) -> Result<Played, RunError> {
    let began = (campaign.clock)();
    let seeds = campaign.options.seeds.clone();
    let (journal, found) = Journal::open(scenario, campaign);
    let before = found.spent;
    let mut ledger = Ledger {
        scenario,
        next: seeds.start,
        masters: Vec::new(),
        runs: Vec::new(),
        coverage: Coverage::unreached(),
        schedule: Vec::new(),
        keeper: Keeper::new(scenario, campaign.options.save_failures_to.clone()),
        journal,
        until_stable: campaign.until_stable,
        stable: false,
    };
    for run in found.runs {
        ledger.next = run.seed + 1;
        ledger.keeper.look(&run);
        ledger.runs.push(run);
    }
    ledger.masters = found.masters;
    found.coverage.into_iter().for_each(|(key, reached)| ledger.coverage.put(key, reached));
    ledger.stable = matches!(found.stopped, Some(Stopped::Stable(_))) || ledger.is_stable();
    let is_over = || campaign.limit.is_some_and(|limit| before + (campaign.clock)().saturating_sub(began) >= limit);
    let mut checked = 0;
    if found.stopped.is_none() && !ledger.stable {
        let workers = Workers { scenario, campaign, player, progress, is_over: &is_over, halt: AtomicBool::new(false) };
        checked = workers.play(&mut ledger, before)?;
    }
    let spent = before + (campaign.clock)().saturating_sub(began);
    let stopped = match found.stopped {
        Some(stopped) => stopped,
        None if ledger.stable => Stopped::Stable(campaign.until_stable.unwrap_or(0)),
        None if ledger.next == seeds.end => Stopped::Seeds,
        None if campaign.stop.load(Ordering::Relaxed) => Stopped::Interrupted,
        None => Stopped::Time,
    };
    Ok(ledger.close(stopped, checked, spent, found.notes))
}

/// The threads of one campaign.
struct Workers<'a> {
    scenario: &'a Scenario,
    campaign: &'a Campaign<'a>,
    player: Player<'a>,
    progress: &'a (dyn Fn(u64) + Sync),
    is_over: &'a (dyn Fn() -> bool + Sync),
    halt: AtomicBool,
}

impl Workers<'_> {
    /// Plays seeds from the ledger's next one on; tells how many were played twice.
    fn play(&self, ledger: &mut Ledger<'_>, before: Duration) -> Result<u64, RunError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.campaign.options.jobs)
            .build()
            .map_err(|error| RunError::Threads(error.to_string()))?;
        let (next, done) = (AtomicU64::new(ledger.next), AtomicU64::new(ledger.runs.len() as u64));
        let checked = AtomicU64::new(0);
        let (results, arriving) = mpsc::channel();
        let began = (self.campaign.clock)();
        let failed = pool.in_place_scope(|scope| {
            for _ in 0..pool.current_num_threads() {
                let results = results.clone();
                let (next, done, checked) = (&next, &done, &checked);
                scope.spawn(move |_| self.work(next, done, checked, &results));
            }
            drop(results);
            let mut waiting = BTreeMap::new();
            let mut failed: BTreeMap<u64, RunError> = BTreeMap::new();
            for (seed, result) in arriving {
                match result {
                    Ok(judged) => waiting.insert(seed, judged),
                    Err(error) => {
                        self.halt.store(true, Ordering::Relaxed);
                        failed.insert(seed, error);
                        continue;
                    }
                };
                while let Some(judged) = (!ledger.stable).then(|| waiting.remove(&ledger.next)).flatten() {
                    let now = (self.campaign.clock)();
                    ledger.accept(judged, now, before + now.saturating_sub(began));
                }
                if ledger.stable {
                    self.halt.store(true, Ordering::Relaxed);
                }
            }
            failed.into_iter().next()
        });
        match failed {
            // Beyond the end of a run that is stable nothing was asked for.
            Some((seed, error)) if !ledger.stable || seed < ledger.next => {
                let now = (self.campaign.clock)();
                ledger.journal.flush(before + now.saturating_sub(began));
                Err(error)
            }
            _ => Ok(checked.into_inner()),
        }
    }

    /// One thread: seeds in ascending order until there is a reason to stop. A seed that was begun is finished.
    fn work(
        &self,
        next: &AtomicU64,
        done: &AtomicU64,
        checked: &AtomicU64,
        results: &mpsc::Sender<(u64, Result<Judged, RunError>)>,
    ) {
        let mut scratch = Scratch::default();
        let end = self.campaign.options.seeds.end;
        while !self.halt.load(Ordering::Relaxed) && !self.campaign.stop.load(Ordering::Relaxed) && !(self.is_over)() {
            let claim = |seed: u64| (seed < end).then(|| seed + 1);
            let Ok(seed) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) else { break };
            let attempt = std::panic::AssertUnwindSafe(|| (self.player)(self.scenario, seed, &mut scratch));
            let mut result = std::panic::catch_unwind(attempt)
                .map_err(|panic| RunError::Bug { seed, message: message_of(panic.as_ref()) });
            if let Ok(judged) = &result
                && is_chosen(&self.scenario.name, &self.campaign.options.seeds, seed, self.campaign.recheck_ppm)
            {
                match recheck(self.scenario, judged, self.player) {
                    Ok(()) => {
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => result = Err(error),
                }
            }
            (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1);
            if results.send((seed, result)).is_err() {
                break;
            }
        }
    }
}

/// What was accepted so far, in the order of seeds without a gap.
struct Ledger<'a> {
    scenario: &'a Scenario,
    next: u64,
    masters: Vec<MasterSettings>,
    runs: Vec<RunSummary>,
    coverage: Coverage,
    schedule: Vec<Happened>,
    keeper: Keeper<'a>,
    journal: Journal,
    until_stable: Option<u64>,
    stable: bool,
}

impl Ledger<'_> {
    fn accept(&mut self, judged: Judged, now: Duration, spent: Duration) {
        let Judged { run, masters, tally, schedule } = judged;
        if self.runs.is_empty() {
            (self.masters, self.schedule) = (masters, schedule);
        }
        self.next = run.seed + 1;
        self.coverage.add(run.seed, &tally);
        self.journal.note(&run, &tally);
        let urgent = self.keeper.look(&run);
        self.runs.push(run);
        if urgent {
            self.journal.flush(spent);
        } else {
            self.journal.flush_if_due(now, spent);
        }
        self.stable = self.is_stable();
    }

    fn is_stable(&self) -> bool {
        self.until_stable.is_some_and(|n| self.is_quiet(n) && self.missing().is_empty())
    }

    /// Whether the last `n` seeds have reached nothing new. Looked at only now and then after that, because it takes all
    /// runs to know whether something is missing; the seed at which a run ends is the same in any case.
    fn is_quiet(&self, n: u64) -> bool {
        let first = self.next - self.runs.len() as u64;
        let quiet = self.next - self.coverage.last_new().map_or(first, |seed| seed + 1);
        quiet >= n && (quiet - n).is_multiple_of(32)
    }

    /// Dangers and events that have to show themselves and have not.
    fn missing(&self) -> Vec<String> {
        let evaluated = evaluate::scenario(&Expectation::complete(&self.scenario.expect), &self.runs);
        evaluated.unmet.into_iter().filter(|unmet| unmet.seed.is_none()).map(|unmet| unmet.sentence).collect()
    }

    fn close(mut self, stopped: Stopped, checked: u64, spent: Duration, mut notes: Vec<String>) -> Played {
        self.journal.close((stopped != Stopped::Interrupted).then_some(stopped), spent);
        let missing = if self.until_stable.is_some() { self.missing() } else { Vec::new() };
        let schedule = if self.runs.len() == 1 { self.schedule } else { Vec::new() };
        let first = self.next - self.runs.len() as u64;
        let course = Course { stopped, coverage: self.coverage, checked, missing, schedule };
        let mut summary = summarize(self.scenario, first, &self.masters, self.runs, course);
        let unsaved = self.keeper.finish(&mut summary);
        notes.extend(self.journal.trouble());
        Played { summary, spent, unsaved, notes, state: self.journal.path() }
    }
}

#[cfg(test)]
mod tests;
