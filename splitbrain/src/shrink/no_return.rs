//! The point of no return: from when on a run is bound to fail. For a ladder of times, everything that is drawn after each
//! of them is drawn anew, many times over: the same run until then, and another one from then on. Where the chance of
//! failure rises most, the ladder gets more rungs.

use super::candidate::{Candidate, Target};
use super::{Failure, ShrinkError, Shrunk, begin, story};
use crate::runner::{RunError, message_of};
use rayon::prelude::*;
use splitbrain_checker::Scratch;
use splitbrain_model::TrueTime;
use splitbrain_sim::Record;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rungs at first, from the first fault to the end of the run.
const FIRST: u64 = 8;
/// Most rungs.
const MOST: usize = 24;
/// Rungs are no closer than this, in nanoseconds.
const NEAR: u64 = 10_000_000;
/// A rise of this share of the reseeds is worth another rung.
const RISE: f64 = 0.15;
/// A failure of this chance is nearly certain.
const NEARLY: f64 = 0.9;
/// Standard deviations of a 95 % interval.
const Z: f64 = 1.96;

/// How to look for it.
pub struct NoReturnOptions<'a> {
    /// Runs for each time, at least one.
    pub reseeds: u32,
    /// Threads; 0 for one per core. Has no influence on the result.
    pub jobs: usize,
    /// Asked again and again whether to stop with what is known so far.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What became of the runs that are the same until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Until when, in milliseconds after the first fault.
    pub at_ms: i64,
    /// So many fail.
    pub failed: u32,
    /// Of so many.
    pub of: u32,
}

impl Rung {
    /// The share that fails.
    pub fn share(&self) -> f64 {
        f64::from(self.failed) / f64::from(self.of.max(1))
    }

    /// In which interval the chance lies with a confidence of 95 % (Wilson).
    pub fn interval(&self) -> (f64, f64) {
        let (n, p) = (f64::from(self.of.max(1)), self.share());
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
    }
}

/// The chance of failure over the time from which on everything is drawn anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReturn {
    /// The failure.
    pub target: Target,
    /// The seed until then.
    pub seed: u64,
    /// Ascending.
    pub rungs: Vec<Rung>,
    /// The first rung from which on the failure is nearly certain.
    pub point: Option<usize>,
    /// What happened last before it, of faults and of what Sentinels said: when, in milliseconds after the first fault, and
    /// what.
    pub before: Option<(i64, String)>,
    /// Whether it was looked at closely enough; false if it was stopped before.
    pub finished: bool,
}

impl Failure {
    /// From when on it was bound to fail.
    ///
    /// # Errors
    /// If it does not fail, or the simulator does.
    pub fn no_return(&self, options: &NoReturnOptions<'_>) -> Result<NoReturn, ShrinkError> {
        let (candidate, target, _) = begin(self)?;
        Ok(look(&candidate, target, options)?)
    }
}

impl Shrunk {
    /// From when on the shrunk run was bound to fail.
    ///
    /// # Errors
    /// If the simulator fails.
    pub fn no_return(&self, options: &NoReturnOptions<'_>) -> Result<NoReturn, RunError> {
        look(&self.now, self.target.clone(), options)
    }
}

fn look(of: &Candidate, target: Target, options: &NoReturnOptions<'_>) -> Result<NoReturn, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
    let resolved = of.resolved(of.seed);
    let record = splitbrain_sim::run(&resolved);
    let seen = &record.observations;
    let fails = |at: TrueTime, again: u64| {
        let judge = || {
            let record = splitbrain_sim::run::run_reseeded(&resolved, at, again);
            of.judged(&record, &mut Scratch::default()).iter().any(|unmet| Target::of(unmet) == target)
        };
        catch_unwind(AssertUnwindSafe(judge))
            .map_err(|panic| RunError::Bug { seed: of.seed, message: message_of(panic.as_ref()) })
    };
    // The same reseeds at every time.
    let failed = |at: TrueTime| -> Result<u32, RunError> {
        let all = (0..u64::from(options.reseeds.max(1))).into_par_iter();
        pool.install(|| all.map(|again| fails(at, again).map(u32::from)).try_reduce(|| 0, |a, b| Ok(a + b)))
    };
    let (first, last) = (seen.t0.0, seen.end.0.max(seen.t0.0));
    let mut ladder: Vec<(u64, u32)> = Vec::new();
    let mut waiting: Vec<u64> = (0..=FIRST).rev().map(|n| first + (last - first) / FIRST * n).collect();
    waiting.push(0);
    let mut finished = true;
    while let Some(at) = waiting.pop().or_else(|| between(&ladder, options.reseeds)) {
        if (options.stop)() {
            finished = false;
            break;
        }
        ladder.push((at, failed(TrueTime(at))?));
        ladder.sort_unstable();
        ladder.dedup_by_key(|(at, _)| *at);
    }
    let rung =
        |(at, failed): &(u64, u32)| Rung { at_ms: seen.ms(TrueTime(*at)), failed: *failed, of: options.reseeds.max(1) };
    let rungs: Vec<Rung> = ladder.iter().map(rung).collect();
    let certain = rungs.iter().rev().take_while(|rung| rung.share() >= NEARLY).count();
    let point = (certain > 0).then(|| rungs.len() - certain);
    let before = point.and_then(|point| last_before(&record, TrueTime(ladder[point].0)));
    Ok(NoReturn { target, seed: of.seed, rungs, point, before, finished })
}

/// Where the next rung belongs: in the middle of where the chance rises most.
fn between(ladder: &[(u64, u32)], reseeds: u32) -> Option<u64> {
    if ladder.len() >= MOST {
        return None;
    }
    let enough = (f64::from(reseeds) * RISE).ceil().max(1.0) as u32;
    let steps = ladder.windows(2).map(|pair| (pair[0].1.abs_diff(pair[1].1), pair[0].0, pair[1].0));
    let wide = steps.filter(|(rise, from, to)| *rise >= enough && to - from > NEAR);
    // Of equal ones the last: behind it the failure is more certain.
    wide.max().map(|(_, from, to)| from + (to - from) / 2)
}

/// The last fault or event of a Sentinel until then.
fn last_before(record: &Record, at: TrueTime) -> Option<(i64, String)> {
    let seen = &record.observations;
    let faults = record.faults.iter().map(|fault| (fault.at, story::sentence(&fault.what)));
    let said = seen.events.iter().map(|event| {
        let who = &seen.nodes[usize::from(event.node.0)].name;
        (event.at, format!("{who} {} {}", event.event.kind, event.event.master))
    });
    let (when, what) = faults.chain(said).filter(|(when, _)| *when <= at).max_by_key(|(when, _)| *when)?;
    Some((seen.ms(when), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_wilson() {
        let shown = |failed, of| {
            let (low, high) = Rung { at_ms: 0, failed, of }.interval();
            format!("{low:.3} {high:.3}")
        };
        assert_eq!(shown(0, 32), "0.000 0.107");
        assert_eq!(shown(16, 32), "0.336 0.664");
        assert_eq!(shown(32, 32), "0.893 1.000");
    }

    #[test]
    fn new_rungs_come_where_the_chance_rises_most_until_they_are_close() {
        let second = 1_000_000_000;
        assert_eq!(between(&[(0, 0), (4 * second, 2), (8 * second, 16)], 16), Some(6 * second));
        assert_eq!(between(&[(0, 0), (4 * second, 2), (8 * second, 3)], 16), None, "noise");
        assert_eq!(between(&[(0, 0), (NEAR, 16)], 16), None, "close enough");
        let many: Vec<(u64, u32)> = (0..MOST as u64).map(|n| (n * second, n as u32)).collect();
        assert_eq!(between(&many, 1), None, "enough of them");
    }
}
