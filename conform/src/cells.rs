//! Cells: one comparison each, with the values on both sides, so that anyone can compute the verdict again.

use crate::derive;
use crate::observed::Observed;
use crate::stats::wasserstein;
use crate::stats::{fisher, ks_two_sample, ks_uniform, median, quantile_of, spread, uniform_distance};
use std::collections::BTreeMap;

/// A probability below this fails a cell.
pub const LEVEL: f64 = 0.01;
/// Fewer recorded times than these say nothing about a distribution.
const FEWEST: usize = 3;
/// Distance of times that passes whatever the probability: the larger of so many ms and this share of the median.
const NEAR_MS: f64 = 30.0;
const NEAR_SHARE: f64 = 0.015;
/// Distance of lost writes that passes, as a share of the recorded median.
const NEAR_LOST: f64 = 0.03;

/// What a cell compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A time.
    Timing,
    /// Quantiles of recorded values in their simulated distributions, over all scenarios.
    Pooled,
    /// How often something happens.
    Outcome,
    /// Which of two events comes first.
    Order,
}

impl Kind {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Timing => "timing",
            Kind::Pooled => "pooled",
            Kind::Outcome => "outcome",
            Kind::Order => "order",
        }
    }
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Scenario, empty over all.
    pub scenario: String,
    /// What.
    pub cell: String,
    /// Kind.
    pub kind: Kind,
    /// Recorded values: a time or number per run; of pooled cells the quantiles; of orders how many of how many runs.
    pub recorded: Vec<f64>,
    /// Simulated values: the same; none of pooled cells.
    pub simulated: Vec<f64>,
    /// Probability of a difference at least as large.
    pub p: f64,
    /// Distance: Wasserstein in ms (timing) or in the values' unit (writes lost), difference of shares (outcome, order),
    /// largest deviation from uniform (pooled).
    pub distance: f64,
    /// Whether it passes.
    pub pass: bool,
}

/// Runs of one scenario.
#[derive(Clone, Debug)]
pub struct Runs {
    /// Its name.
    pub scenario: String,
    /// Recorded runs with their numbers.
    pub recorded: Vec<(u64, Observed)>,
    /// Which of them are good enough for times and orders.
    pub precise: Vec<bool>,
    /// Simulated runs.
    pub simulated: Vec<Observed>,
}

impl Runs {
    /// Recorded runs whose times and orders count.
    pub fn precise(&self) -> impl Iterator<Item = &(u64, Observed)> {
        self.recorded.iter().zip(&self.precise).filter(|(_, precise)| **precise).map(|(run, _)| run)
    }
}

fn by_name(all: impl Iterator<Item = Vec<(&'static str, Option<f64>)>>) -> BTreeMap<&'static str, Vec<f64>> {
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (name, value) in all.flatten() {
        values.entry(name).or_default().extend(value);
    }
    values
}

/// Timing cells of a scenario.
pub fn timing(runs: &Runs) -> Vec<Cell> {
    let recorded = by_name(runs.precise().map(|(_, run)| derive::timings(run)));
    let mut simulated = by_name(runs.simulated.iter().map(derive::timings));
    let cells = recorded.into_iter().filter(|(_, values)| values.len() >= FEWEST);
    cells
        .map(|(name, recorded)| {
            let simulated = simulated.remove(name).unwrap_or_default();
            let p = if simulated.is_empty() { 0.0 } else { ks_two_sample(&recorded, &simulated) };
            let distance = wasserstein(&recorded, &simulated);
            let near = NEAR_MS.max(NEAR_SHARE * median(&recorded));
            let pass = p >= LEVEL || distance <= near;
            let scenario = runs.scenario.clone();
            Cell { scenario, cell: name.to_owned(), kind: Kind::Timing, recorded, simulated, p, distance, pass }
        })
        .collect()
}

/// Outcome cells of a scenario.
pub fn outcome(runs: &Runs) -> Vec<Cell> {
    let recorded: Vec<BTreeMap<String, u64>> = runs.recorded.iter().map(|(_, run)| derive::counts(run)).collect();
    let simulated: Vec<BTreeMap<String, u64>> = runs.simulated.iter().map(derive::counts).collect();
    let mut labels: Vec<&String> = recorded.iter().chain(&simulated).flat_map(BTreeMap::keys).collect();
    labels.sort_unstable();
    labels.dedup();
    let mut cells = Vec::new();
    for label in labels {
        let count = |runs: &[BTreeMap<String, u64>]| -> Vec<f64> {
            runs.iter().map(|counts| counts.get(label).copied().unwrap_or(0) as f64).collect()
        };
        cells.push(share(runs, format!("{label} happens"), count(&recorded), count(&simulated), &|count| count > 0.0));
    }
    let recorded = by_name(runs.recorded.iter().map(|(_, run)| derive::outcomes(run)));
    let mut simulated = by_name(runs.simulated.iter().map(derive::outcomes));
    for (name, recorded) in recorded {
        cells.push(categories(runs, name, recorded, simulated.remove(name).unwrap_or_default()));
    }
    cells.extend(lost(runs));
    cells
}

/// In which share of runs a number has a property.
fn share(runs: &Runs, cell: String, recorded: Vec<f64>, simulated: Vec<f64>, holds: &dyn Fn(f64) -> bool) -> Cell {
    let count = |values: &[f64]| values.iter().filter(|value| holds(**value)).count() as u64;
    let (a, n, b, m) = (count(&recorded), recorded.len() as u64, count(&simulated), simulated.len() as u64);
    let p = fisher(a, n, b, m);
    let distance = (a as f64 / n.max(1) as f64 - b as f64 / m.max(1) as f64).abs();
    let scenario = runs.scenario.clone();
    Cell { scenario, cell, kind: Kind::Outcome, recorded, simulated, p, distance, pass: p >= LEVEL }
}

/// How often a number has each of its values: the least likely of them, for which the number of values makes up.
fn categories(runs: &Runs, name: &str, recorded: Vec<f64>, simulated: Vec<f64>) -> Cell {
    let mut values: Vec<f64> = recorded.iter().chain(&simulated).copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    // Of two values, each says what the other says.
    let tests = if values.len() <= 2 { 1.0 } else { values.len() as f64 };
    let cell = |value: f64| share(runs, name.to_owned(), recorded.clone(), simulated.clone(), &|x| x == value);
    let worst = values.into_iter().map(cell).reduce(|worst, cell| if cell.p < worst.p { cell } else { worst });
    let mut worst = worst.unwrap_or_else(|| share(runs, name.to_owned(), Vec::new(), Vec::new(), &|_| true));
    worst.p = (worst.p * tests).min(1.0);
    worst.pass = worst.p >= LEVEL;
    worst
}

fn lost(runs: &Runs) -> Option<Cell> {
    let values = |runs: &mut dyn Iterator<Item = &Observed>| -> Vec<f64> {
        runs.filter_map(|run| run.lost).map(|lost| lost as f64).collect()
    };
    let recorded = values(&mut runs.recorded.iter().map(|(_, run)| run));
    if recorded.is_empty() {
        return None;
    }
    let simulated = values(&mut runs.simulated.iter());
    let p = if simulated.is_empty() { 0.0 } else { ks_two_sample(&recorded, &simulated) };
    let distance = wasserstein(&recorded, &simulated);
    let pass = p >= LEVEL || distance <= NEAR_LOST * median(&recorded);
    let (scenario, cell) = (runs.scenario.clone(), "writes lost".to_owned());
    Some(Cell { scenario, cell, kind: Kind::Outcome, recorded, simulated, p, distance, pass })
}

/// Pooled cells: times and durations of steps over all scenarios.
pub fn pooled(all: &[Runs]) -> Vec<Cell> {
    let mut quantiles: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for runs in all {
        let mut add = |name: String, recorded: &[f64], simulated: &[f64]| {
            // What never happens in the simulation is for the timing and outcome cells to say.
            if !simulated.is_empty() {
                let all = quantiles.entry(name).or_default();
                for value in recorded {
                    all.push(quantile_of(*value, simulated, spread(all.len())));
                }
            }
        };
        let simulated = by_name(runs.simulated.iter().map(derive::timings));
        for (name, recorded) in by_name(runs.precise().map(|(_, run)| derive::timings(run))) {
            add(name.to_owned(), &recorded, simulated.get(name).map_or(&[], Vec::as_slice));
        }
        let simulated = durations(&mut runs.simulated.iter());
        for (name, recorded) in durations(&mut runs.precise().map(|(_, run)| run)) {
            add(format!("step {name}"), &recorded, simulated.get(name).map_or(&[], Vec::as_slice));
        }
    }
    let cells = quantiles.into_iter().filter(|(_, values)| values.len() >= FEWEST);
    cells
        .map(|(cell, recorded)| {
            let (p, distance) = (ks_uniform(&recorded), uniform_distance(&recorded));
            let (scenario, simulated) = (String::new(), Vec::new());
            Cell { scenario, cell, kind: Kind::Pooled, recorded, simulated, p, distance, pass: p >= LEVEL }
        })
        .collect()
}

fn durations(runs: &mut dyn Iterator<Item = &Observed>) -> BTreeMap<&'static str, Vec<f64>> {
    let mut all: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (name, values) in runs.flat_map(derive::durations) {
        all.entry(name).or_default().extend(values);
    }
    all
}
