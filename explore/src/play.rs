//! A shard of a plan is played: the pieces of it that are not there yet. Threads take pieces; nothing a thread does depends on
//! another.

use crate::chunk::chunk;
use crate::folder::Folder;
use crate::merge::Merging;
use crate::plan::{Plan, Run};
use crate::round::Round;
use crate::row::Row;
use crate::sweep::Sweep;
use crate::trouble::Trouble;
use rayon::prelude::*;
use splitbrain::play_seed;
use splitbrain_checker::Scratch;
use splitbrain_scenarios::Scenario;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Which part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0.
    pub number: u64,
    /// Of so many.
    pub of: u64,
}

impl Shard {
    /// Everything.
    pub const ALL: Shard = Shard { number: 0, of: 1 };
}

/// How a shard is played. Has no influence on what comes of it.
pub struct Pace<'a> {
    /// Threads; 0 for one per core.
    pub jobs: usize,
    /// Set from outside to end early: runs under way are dropped, pieces that are done stay.
    pub stop: &'a AtomicBool,
    /// Told after each run: how many of the shard are done, how many of them now, and how many there are, as far as it is
    /// known: of the rounds up to this one.
    pub progress: &'a (dyn Fn(u64, u64, u64) + Sync),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Runs of the shard.
    pub runs: u64,
    /// Of these, what was there before.
    pub found: u64,
    /// Whether somebody interrupted.
    pub interrupted: bool,
}

impl Played {
    const NOTHING: Played = Played { runs: 0, found: 0, interrupted: false };
}

/// Plays everything into a folder, round by round.
///
/// # Errors
/// If the folder cannot be written, if what is there came from another build, or if splitbrain has a bug.
pub fn play(sweep: &Sweep, plan: &Plan, folder: &Folder, pace: &Pace<'_>) -> Result<Played, Trouble> {
    let mut all = Played::NOTHING;
    let mut merging = Merging::new(plan.clone());
    while let Some(round) = merging.next() {
        all = play_round(sweep, plan, folder, &round, Shard::ALL, pace, all)?;
        // Of the last round, nobody asks here what came of it.
        if all.interrupted || round.number + 1 == plan.rounds.len() {
            break;
        }
        merging.read(folder.path(), round, &mut |_| Ok(()))?;
    }
    Ok(all)
}

/// Plays a shard of a round, which is counted from 0, into a folder. The rows of all rounds before have to be in it.
///
/// # Errors
/// If they are not; if there is no such round; otherwise as [`play`].
pub fn play_shard(
    sweep: &Sweep,
    plan: &Plan,
    folder: &Folder,
    number: usize,
    shard: Shard,
    pace: &Pace<'_>,
) -> Result<Played, Trouble> {
    let wrong = |what: String| Trouble::Folder(folder.path().to_owned(), what);
    if number >= plan.rounds.len() {
        let (round, rounds) = (number + 1, plan.rounds.len());
        return Err(wrong(format!("there is no round {round}; the sweep has {rounds}")));
    }
    let mut merging = Merging::new(plan.clone());
    while let Some(round) = merging.next() {
        if round.number == number {
            return play_round(sweep, plan, folder, &round, shard, pace, Played::NOTHING);
        }
        let before = round.number + 1;
        merging.read(folder.path(), round, &mut |_| Ok(())).map_err(|trouble| match trouble {
            Trouble::Folder(path, what) => {
                let help =
                    format!("round {} needs all rows of round {before} in this folder, of every shard", number + 1);
                Trouble::Folder(path, format!("{what}; {help}"))
            }
            other => other,
        })?;
    }
    Err(Trouble::Bug(format!("round {} of {} never comes", number + 1, plan.rounds.len())))
}

/// What came of the rounds before, and of a shard of this one.
fn play_round(
    sweep: &Sweep,
    plan: &Plan,
    folder: &Folder,
    round: &Round,
    shard: Shard,
    pace: &Pace<'_>,
    before: Played,
) -> Result<Played, Trouble> {
    check_build(sweep, plan, folder)?;
    let pieces: Vec<Range<u64>> =
        chunk(round.pieces(), shard.number, shard.of).map(|piece| round.piece(piece)).collect();
    let count = |pieces: &[Range<u64>]| pieces.iter().map(|piece| piece.end - piece.start).sum::<u64>();
    let runs = before.runs + count(&pieces);
    let open: Vec<Range<u64>> = pieces.into_iter().filter(|piece| !folder.is_done(piece)).collect();
    let played_before = before.runs - before.found;
    let found = runs - count(&open) - played_before;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(pace.jobs)
        .build()
        .map_err(|error| Trouble::Run(splitbrain::RunError::Threads(error.to_string())))?;
    let done = AtomicU64::new(0);
    let tell = || {
        let now = done.fetch_add(1, Ordering::Relaxed) + 1;
        let now = played_before + now;
        (pace.progress)(found + now, now, runs);
    };
    pool.install(|| {
        open.par_iter().with_max_len(1).try_for_each(|piece| {
            match play_piece(sweep, plan, round, piece, pace.stop, &tell)? {
                Some(rows) => folder.write(plan, piece, &rows),
                None => Ok(()),
            }
        })
    })?;
    Ok(Played { runs, found, interrupted: pace.stop.load(Ordering::Relaxed) })
}

/// The rows of a piece; `None` if somebody interrupted.
fn play_piece(
    sweep: &Sweep,
    plan: &Plan,
    round: &Round,
    piece: &Range<u64>,
    stop: &AtomicBool,
    tell: &(dyn Fn() + Sync),
) -> Result<Option<Vec<Row>>, Trouble> {
    let mut scratch = Scratch::default();
    let mut known = BTreeMap::new();
    let mut rows = Vec::new();
    for run in piece.clone() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        rows.push(row(sweep, plan, round.run(plan, run), run, &mut known, &mut scratch)?);
        tell();
    }
    Ok(Some(rows))
}

/// Scenarios by cell and failure.
type Known = BTreeMap<(usize, usize), Scenario>;

fn row(
    sweep: &Sweep,
    plan: &Plan,
    which: Run,
    run: u64,
    known: &mut Known,
    scratch: &mut Scratch,
) -> Result<Row, Trouble> {
    let key = (which.cell, which.failure);
    let scenario = match known.entry(key) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let (environment, point) = plan.place(which.cell);
            let scenario = sweep.scenario(&plan.points[point], environment, which.failure);
            place.insert(scenario.map_err(|error| Trouble::Bug(error.to_string()))?)
        }
    };
    let played = play_seed(scenario, plan.seed(which), scratch).map_err(Trouble::Run)?;
    Ok(Row::of(run, which.cell as u32, which.index, which.failure as u32, &played))
}

/// Two builds of one version may differ: what is there is only continued by what would have given the same.
fn check_build(sweep: &Sweep, plan: &Plan, folder: &Folder) -> Result<(), Trouble> {
    let round = Round::first(plan);
    let Some(first) = folder.first_row().filter(|row| row.run < round.runs().end) else { return Ok(()) };
    let again = row(sweep, plan, round.run(plan, first.run), first.run, &mut Known::new(), &mut Scratch::default())?;
    if again == first {
        return Ok(());
    }
    let what = format!(
        "run {} was another when it was played again: another build wrote this; begin anew with --fresh",
        first.run
    );
    Err(Trouble::Folder(folder.path().to_owned(), what))
}
