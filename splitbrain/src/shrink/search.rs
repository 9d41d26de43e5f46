//! The first of many candidates that still fails. Candidates are played at the same time, and which one is chosen does
//! not depend on how many.

use super::candidate::{Candidate, Target};
use crate::runner::{RunError, message_of};
use splitbrain_checker::Scratch;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many seeds may show a candidate's failure.
const SEEDS: usize = 8;

/// What stays the same over all rounds.
pub(crate) struct Search<'a> {
    /// What has to be found.
    pub(crate) target: Target,
    /// The seed of the failure that is being shrunk.
    pub(crate) origin: u64,
    /// Threads.
    pub(crate) jobs: usize,
    /// Whether to stop with the best so far.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
    /// Runs that counted, whatever the number of jobs.
    pub(crate) runs: u64,
    /// Candidates with a seed that does not show it.
    harmless: BTreeSet<(u128, u64)>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(target: Target, origin: u64, jobs: usize, stop: &'a (dyn Fn() -> bool + Sync)) -> Search<'a> {
        Search { target, origin, jobs: jobs.max(1), stop, runs: 0, harmless: BTreeSet::new() }
    }

    /// The first candidate that fails, with the seed that shows it: all candidates with the seed they have, then all of
    /// them with the original one, then with 0, 1, 2 and so on. `None` if there is none, or if it is time to stop.
    pub(crate) fn first(&mut self, candidates: Vec<Candidate>) -> Result<Option<Candidate>, RunError> {
        let keys: Vec<u128> = candidates.iter().map(Candidate::fingerprint).collect();
        let mut tasks: Vec<(usize, u64)> = Vec::new();
        let seeds: Vec<Vec<u64>> = candidates.iter().map(|candidate| self.seeds(candidate.seed)).collect();
        for turn in 0..SEEDS {
            for (i, seeds) in seeds.iter().enumerate() {
                let fresh = !self.harmless.contains(&(keys[i], seeds[turn])) && !keys[..i].contains(&keys[i]);
                tasks.extend(fresh.then_some((i, seeds[turn])));
            }
        }
        let target = &self.target;
        let shows = |(i, seed): (usize, u64), scratch: &mut Scratch| candidates[i].shows(seed, target, scratch);
        let (found, done) = first_of(&tasks, self.jobs, self.stop, &shows)?;
        self.runs += found.map_or(done.len(), |at| at + 1) as u64;
        // What was played behind the first success depends on the number of jobs, and is forgotten.
        let before = done.into_iter().filter(|at| found.is_none_or(|found| *at < found));
        self.harmless.extend(before.map(|at| (keys[tasks[at].0], tasks[at].1)));
        Ok(found.map(|at| {
            let (i, seed) = tasks[at];
            Candidate { seed, ..candidates[i].clone() }
        }))
    }

    /// The lowest of these seeds that shows the failure of a candidate.
    pub(crate) fn lowest_seed(&mut self, candidate: &Candidate, most: u64) -> Result<Option<u64>, RunError> {
        let tasks: Vec<(usize, u64)> = (0..most).map(|seed| (0, seed)).collect();
        let target = &self.target;
        let shows = |(_, seed): (usize, u64), scratch: &mut Scratch| candidate.shows(seed, target, scratch);
        let (found, done) = first_of(&tasks, self.jobs, self.stop, &shows)?;
        self.runs += found.map_or(done.len(), |at| at + 1) as u64;
        Ok(found.map(|at| tasks[at].1))
    }

    fn seeds(&self, own: u64) -> Vec<u64> {
        let mut seeds = vec![own];
        for seed in std::iter::once(self.origin).chain(0..) {
            if seeds.len() == SEEDS {
                break;
            }
            if !seeds.contains(&seed) {
                seeds.push(seed);
            }
        }
        seeds
    }
}

type Task = (usize, u64);

/// The index of the first task that succeeds, and of all that were found not to. Tasks are taken in order, and every one
/// before the first success is finished, so that the number of jobs has no influence on it.
fn first_of(
    tasks: &[Task],
    jobs: usize,
    stop: &(dyn Fn() -> bool + Sync),
    shows: &(dyn Fn(Task, &mut Scratch) -> bool + Sync),
) -> Result<(Option<usize>, Vec<usize>), RunError> {
    let (next, best) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let failed: Mutex<Vec<(usize, RunError)>> = Mutex::new(Vec::new());
    let work = || {
        let mut scratch = Scratch::default();
        let mut harmless = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if at >= tasks.len() || at > best.load(Ordering::SeqCst) || stop() {
                return harmless;
            }
            match catch_unwind(AssertUnwindSafe(|| shows(tasks[at], &mut scratch))) {
                Ok(true) => {
                    best.fetch_min(at, Ordering::SeqCst);
                }
                Ok(false) => harmless.push(at),
                Err(panic) => {
                    best.fetch_min(at, Ordering::SeqCst);
                    let error = RunError::Bug { seed: tasks[at].1, message: message_of(panic.as_ref()) };
                    if let Ok(mut failed) = failed.lock() {
                        failed.push((at, error));
                    }
                    return harmless;
                }
            }
        }
    };
    let mut harmless: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.min(tasks.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    harmless.sort_unstable();
    let best = Some(best.into_inner()).filter(|best| *best != usize::MAX);
    let failed = failed.into_inner().unwrap_or_default();
    match failed.into_iter().min_by_key(|(at, _)| *at) {
        Some((at, error)) if best.is_none_or(|best| at <= best) => Err(error),
        _ => Ok((best, harmless)),
    }
}

#[cfg(test)]
mod tests {
    use super::first_of;

    #[test]
    fn the_first_success_is_found_with_any_number_of_jobs() {
        let tasks: Vec<(usize, u64)> = (0..100).map(|i| (i, 0)).collect();
        for jobs in [1, 2, 7] {
            let (found, _) = first_of(&tasks, jobs, &|| false, &|(i, _), _| i % 30 == 29).unwrap();
            assert_eq!(found, Some(29), "{jobs} jobs");
            let (found, harmless) = first_of(&tasks, jobs, &|| false, &|_, _| false).unwrap();
            assert_eq!((found, harmless.len()), (None, 100), "{jobs} jobs");
        }
    }

    #[test]
    fn nothing_is_begun_once_it_is_time_to_stop() {
        let (found, harmless) = first_of(&[(0, 0), (1, 0)], 2, &|| true, &|_, _| true).unwrap();
        assert_eq!((found, harmless.len()), (None, 0));
    }
}
