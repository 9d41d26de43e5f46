//! What is to be played: cells, failures and seeds, and which run is which. All that `merge` needs to know is in it.

use crate::axis::Axis;
use crate::failure::Failure;
use crate::halving;
use crate::promise::Promise;
use crate::sweep::{Point, Read, Sweep};
use serde::{Deserialize, Serialize};
use splitbrain_scenarios::ScenarioError;
use splitbrain_sim::Digest;
use splitbrain_sim::digest::Chain;
use std::ops::Range;

/// Most runs of a plan.
const MOST_RUNS: u64 = 1_000_000_000;

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of splitbrain that made it, and that has to play all of it.
    pub splitbrain: String,
    /// Everything that decides the rows, as one number.
    pub hash: Digest,
    /// The sweep's title.
    pub title: String,
    /// The sweep's file.
    pub file: String,
    /// What is varied.
    pub axes: Vec<Axis>,
    /// Names of the environments.
    pub environments: Vec<String>,
    /// The points of the grid, as places on the axes.
    pub points: Vec<Point>,
    /// The point that is the scenario as it stands.
    pub current: usize,
    /// Points that no scenario may have, and why.
    pub left_out: Vec<String>,
    /// What happens.
    pub failures: Vec<Failure>,
    /// Which of it happens in each environment.
    pub occurring: Vec<Vec<usize>>,
    /// Seed indices of each cell. Each has one failure: those of its environment take turns.
    pub seeds: Range<u64>,
    /// Where the seeds of each round end: one round, or several of which each plays on with fewer cells.
    pub rounds: Vec<u64>,
    /// What has to be kept.
    pub promise: Promise,
}

/// Which run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its cell.
    pub cell: usize,
    /// Its seed index.
    pub index: u64,
    /// Its failure.
    pub failure: usize,
}

impl Plan {
    /// The plan of a sweep, with other seeds if they are given.
    ///
    /// # Errors
    /// If there are too few seeds for all failures, or too many runs.
    pub fn new(sweep: &Sweep, seeds: Option<Range<u64>>) -> Read<Plan> {
        let seeds = seeds.unwrap_or(0..sweep.seeds);
        let wrong = |message: String| ScenarioError::of_file(&sweep.source.file, message);
        let occurring: Vec<Vec<usize>> = (0..sweep.environments.len())
            .map(|environment| {
                let here = |failure: &usize| sweep.failures[*failure].environment.is_none_or(|its| its == environment);
                (0..sweep.failures.len()).filter(here).collect()
            })
            .collect();
        let failures = occurring.iter().map(Vec::len).max().unwrap_or(0) as u64;
        let count = seeds.end.saturating_sub(seeds.start);
        if count < failures {
            return Err(wrong(format!(
                "{count} seeds are not enough: there are {failures} failures, and each needs one"
            )));
        }
        let mut plan = Plan {
            splitbrain: env!("CARGO_PKG_VERSION").to_owned(),
            hash: Digest::default(),
            title: sweep.title.clone(),
            file: sweep.source.file.display().to_string(),
            axes: sweep.axes.clone(),
            environments: sweep.environments.clone(),
            points: sweep.points.clone(),
            current: sweep.current,
            left_out: sweep.left_out.clone(),
            failures: sweep.failures.clone(),
            occurring,
            rounds: halving::ends(&seeds, sweep.rounds, failures),
            seeds,
            promise: sweep.promise.clone(),
        };
        let runs = (plan.cells() as u64).checked_mul(count).filter(|runs| *runs <= MOST_RUNS);
        if runs.is_none() {
            return Err(wrong(format!("{} cells with {count} seeds each are too many runs", plan.cells())));
        }
        plan.hash = plan.hash_of(sweep)?;
        Ok(plan)
    }

    /// The same sweep gives the same hash wherever its file lies.
    fn hash_of(&self, sweep: &Sweep) -> Read<Digest> {
        let mut chain = Chain::default();
        for text in ["splitbrain sweep", &self.splitbrain, &sweep.source.text, &sweep.base.text] {
            chain.text(text);
        }
        chain.words([self.seeds.start, self.seeds.end]);
        chain.text(&format!("{:?} {:?}", self.points, self.environments));
        // Configuration files that the scenario names, or a value of a setting does, and whatever else becomes of it.
        for (axis, of) in self.axes.iter().enumerate() {
            for place in 0..of.values.len() as u32 {
                let mut point = self.points[self.current].clone();
                point[axis] = Some(place);
                // Not every value goes with all others that the scenario has.
                if let Ok(mut scenario) = sweep.scenario(&point, 0, self.occurring[0][0]) {
                    scenario.name.clear();
                    chain.text(&format!("{:?}", splitbrain::resolve(&scenario, 0)));
                }
            }
        }
        for environment in 0..self.environments.len() {
            for failure in 0..self.failures.len() {
                let mut scenario = sweep.scenario(&self.points[self.current], environment, failure)?;
                scenario.name.clear();
                chain.text(&format!("{:?}", splitbrain::resolve(&scenario, 0)));
            }
        }
        Ok(chain.digest())
    }

    /// How many cells there are: points times environments.
    pub fn cells(&self) -> usize {
        self.points.len() * self.environments.len()
    }

    /// The cell of a point in an environment.
    pub fn cell(&self, environment: usize, point: usize) -> usize {
        environment * self.points.len() + point
    }

    /// The cells of a point in all environments.
    pub fn cells_of(&self, point: usize) -> impl Iterator<Item = usize> {
        (0..self.environments.len()).map(move |environment| self.cell(environment, point))
    }

    /// Environment and point of a cell.
    pub fn place(&self, cell: usize) -> (usize, usize) {
        (cell / self.points.len(), cell % self.points.len())
    }

    /// Seeds of each cell that is never left out.
    pub fn seeds_of_a_cell(&self) -> u64 {
        self.seeds.end - self.seeds.start
    }

    /// How many runs there are if every cell has all seeds.
    pub fn grid_runs(&self) -> u64 {
        self.cells() as u64 * self.seeds_of_a_cell()
    }

    /// The failure of a seed index in an environment.
    pub fn failure_of(&self, environment: usize, index: u64) -> usize {
        let its = &self.occurring[environment];
        its[(index % its.len() as u64) as usize]
    }

    /// The seed that is played: the same for all settings, so that what differs between them is the settings. Other cells
    /// and other sweeps do not change it. 48 bits, which every reader of JSON can hold.
    pub fn seed(&self, run: Run) -> u64 {
        let mut chain = Chain::default();
        chain.text("seed of a sweep");
        chain.text(&self.environments[self.place(run.cell).0]);
        chain.text(&self.failures[run.failure].name);
        chain.word(run.index);
        chain.digest().0 as u64 >> 16
    }
}
