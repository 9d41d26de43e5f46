//! Successive halving: which cells play on. Each round doubles the seeds of those whose place on the front or whose fitness as a
//! recommendation is open; the others keep what they have, and stay in all figures with it.
//!
//! A cell plays on if nothing on the front surely beats it (differences seed by seed); if it may be recommended: nothing that it
//! promises is surely broken in any environment, and it is in the better half of such settings; if it is a step from what would
//! be recommended now; or if it is the scenario as it stands, against which all are compared. "Surely" is by intervals for 95 %,
//! so that this is a rule of thumb and no proof: what never came is taken to be the same everywhere.

use crate::binomial::clopper_pearson;
use crate::choose::{Order, fronts};
use crate::figures::{Cell, cells, difference};
use crate::merge::Merged;
use crate::plan::Plan;
use crate::promise::{Goal, Standing};
use crate::round::Round;
use std::collections::BTreeSet;
use std::ops::Range;

/// Most rounds.
pub const MOST_ROUNDS: u32 = 10;

/// Fewest runs of each failure in the first round: of fewer, intervals say nothing.
const FEWEST_RUNS: u64 = 4;

/// Where the seeds of each round end: they double from round to round, and each failure has its share.
pub(crate) fn ends(seeds: &Range<u64>, rounds: u32, failures: u64) -> Vec<u64> {
    let count = seeds.end - seeds.start;
    let of_round = |round: u32| (count >> (rounds - 1 - round)).max(FEWEST_RUNS * failures).next_multiple_of(failures);
    let mut ends: Vec<u64> = (0..rounds).map(|round| seeds.start + of_round(round).min(count)).collect();
    if let Some(last) = ends.last_mut() {
        *last = seeds.end;
    }
    ends.dedup();
    ends
}

/// The round after the last one that was played. A pure function of the plan and of all rows so far.
pub(crate) fn next(merged: &Merged, last: &Round) -> Option<Round> {
    let plan = &merged.plan;
    if last.number + 1 >= plan.rounds.len() {
        return None;
    }
    let cells = cells(merged);
    let standings: Vec<Standing> = cells.iter().map(|cell| plan.promise.standing(cell)).collect();
    let order = Order::new(plan, &cells, &standings);
    let playing: BTreeSet<usize> = last.cells.iter().copied().collect();
    let possible = |point: usize| plan.cells_of(point).all(|cell| !surely_broken(merged, &cells[cell], cell));
    let mut candidates: Vec<usize> = (0..plan.points.len())
        .filter(|point| plan.cells_of(*point).all(|cell| playing.contains(&cell)) && possible(*point))
        .collect();
    candidates.sort_by_key(|point| (!order.keeps(*point), order.key(*point), *point));
    let mut on: BTreeSet<usize> = BTreeSet::from([plan.current]);
    if let Some(best) = candidates.first() {
        on.extend(order.beside(*best).filter(|point| possible(*point)));
    }
    on.extend(&candidates[..candidates.len().div_ceil(2)]);
    let front = fronts(plan, &cells);
    let plays_on = |cell: &usize| on.contains(&plan.place(*cell).1) || !surely_beaten(merged, &cells, &front, *cell);
    last.next(plan, last.cells.iter().copied().filter(plays_on).collect())
}

/// Whether the promise is broken however the runs that are not played would end, as far as intervals can tell.
fn surely_broken(merged: &Merged, cell: &Cell, number: usize) -> bool {
    let broken = |(goal, limit): &(Goal, i64)| match goal {
        Goal::WriteGap => gaps_over(merged, number, *limit),
        Goal::Outage => cell.outage_ms.low > *limit,
        Goal::Losses => cell.lost.low > *limit,
        // The longest of any run grows only.
        Goal::SplitBrain => goal.of(cell) > *limit,
        Goal::FalseFailovers => cell.false_failovers.low > *limit,
        Goal::Unrecovered => cell.unrecovered.low > *limit,
    };
    cell.undecided > 0 || merged.plan.promise.0.iter().any(broken)
}

/// Whether more than one run in a hundred of some failure is longer without writes, and surely so.
fn gaps_over(merged: &Merged, cell: usize, limit: i64) -> bool {
    let environment = merged.plan.place(cell).0;
    merged.plan.occurring[environment].iter().any(|failure| {
        let (mut over, mut all) = (0, 0);
        for sample in merged.of_failure(&merged.cells[cell], environment, *failure) {
            all += 1;
            over += u64::from(i64::from(sample.gap) > limit);
        }
        all > 0 && clopper_pearson(over, all, 0.05).0 > 0.01
    })
}

/// Whether a cell of the front is surely as good in everything and surely better in something.
fn surely_beaten(merged: &Merged, cells: &[Cell], front: &[bool], cell: usize) -> bool {
    if cells[cell].undecided > 0 {
        return true;
    }
    let plan: &Plan = &merged.plan;
    let environment = plan.place(cell).0;
    (0..plan.points.len()).map(|point| plan.cell(environment, point)).any(|other| {
        if other == cell || !front[other] {
            return false;
        }
        let more = difference(merged, cell, other);
        let each = [more.outage_ms, more.lost, more.false_failovers];
        each.iter().all(|more| more.low >= 0) && each.iter().any(|more| more.low > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_double_up_to_all_of_them_and_every_failure_has_its_share() {
        assert_eq!(ends(&(0..60), 1, 3), [60]);
        assert_eq!(ends(&(0..96), 4, 3), [12, 24, 48, 96]);
        assert_eq!(ends(&(1000..1100), 3, 3), [1027, 1051, 1100]);
        // Too few to begin with so little.
        assert_eq!(ends(&(0..10), 4, 2), [8, 10]);
        assert_eq!(ends(&(0..3), 10, 3), [3]);
    }
}
