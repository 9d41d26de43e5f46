//! Runs of a plan that are played together: some cells, each with the same further seeds. A plan has one round, or several of
//! which the later ones spend seeds only where it matters ([`halving`](crate::halving)). Runs are numbered over all rounds.

use crate::chunk::{chunk, pieces};
use crate::plan::{Plan, Run};
use std::ops::Range;

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Counted from 0.
    pub number: usize,
    /// Its first run.
    pub first: u64,
    /// Seed indices of each of its cells.
    pub seeds: Range<u64>,
    /// Its cells, ascending.
    pub cells: Vec<usize>,
}

impl Round {
    /// The first round: all cells.
    pub fn first(plan: &Plan) -> Round {
        Round { number: 0, first: 0, seeds: plan.seeds.start..plan.rounds[0], cells: (0..plan.cells()).collect() }
    }

    /// The round after this one with these cells; `None` if it was the last.
    pub fn next(&self, plan: &Plan, cells: Vec<usize>) -> Option<Round> {
        let end = *plan.rounds.get(self.number + 1)?;
        Some(Round { number: self.number + 1, first: self.runs().end, seeds: self.seeds.end..end, cells })
    }

    /// Seeds of each cell.
    pub fn seeds_of_a_cell(&self) -> u64 {
        self.seeds.end - self.seeds.start
    }

    /// Its runs, counted over the whole plan.
    pub fn runs(&self) -> Range<u64> {
        self.first..self.first + self.cells.len() as u64 * self.seeds_of_a_cell()
    }

    /// Into how many pieces they are cut.
    pub fn pieces(&self) -> u64 {
        pieces(self.runs().end - self.first)
    }

    /// The runs of a piece.
    pub fn piece(&self, number: u64) -> Range<u64> {
        let runs = self.runs();
        let its = chunk(runs.end - runs.start, number, self.pieces());
        self.first + its.start..self.first + its.end
    }

    /// Which run this is.
    ///
    /// # Panics
    /// If it is none of this round.
    pub fn run(&self, plan: &Plan, run: u64) -> Run {
        let (number, seeds) = (run - self.first, self.seeds_of_a_cell());
        let (cell, index) = (self.cells[(number / seeds) as usize], self.seeds.start + number % seeds);
        Run { cell, index, failure: plan.failure_of(plan.place(cell).0, index) }
    }
}
