//! Conformance: recordings of real Redis Sentinel failovers held against simulations of the same cluster, clients and
//! fault script. Reads recordings and runs of the simulation; must not know how either came about.

pub mod cells;
pub mod derive;
pub mod observed;
pub mod order;
pub mod recording;
pub mod report;
pub mod script;
pub mod stats;

use cells::{Cell, Runs};
use observed::Observed;
use order::Unseen;
use rayon::prelude::*;
use recording::Recording;
use script::Script;
use splitbrain::scenarios::Resolved;
use std::collections::BTreeMap;

/// Simulated runs against which an order that was recorded may turn out to be possible.
pub const RUNS_FOR_ORDERS: u64 = 1_000;

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// Simulated runs per scenario.
    pub seeds: u64,
    /// Simulated runs per scenario that are looked through for an order that only recordings show.
    pub order_seeds: u64,
    /// Threads; 0 for one per core.
    pub jobs: usize,
    /// Share of timing, pooled and outcome cells that has to pass.
    pub threshold: f64,
    /// Changes every run before it is played: how tests plant a wrong model.
    pub plant: Option<fn(&mut Resolved)>,
}

impl Default for Options {
    fn default() -> Options {
        Options { seeds: 200, order_seeds: RUNS_FOR_ORDERS, jobs: 0, threshold: 0.97, plant: None }
    }
}

/// The result.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// How it was compared.
    pub options: Options,
    /// Runs of each scenario.
    pub runs: Vec<Runs>,
    /// Timing, pooled and outcome cells.
    pub cells: Vec<Cell>,
    /// Order cells.
    pub orders: Vec<Cell>,
    /// Whether enough of the order cells pass.
    pub orders_pass: bool,
    /// Recorded orders that no simulated run shows.
    pub unseen: Vec<Unseen>,
    /// Scenarios that cannot be played, and why.
    pub unplayable: Vec<(String, String)>,
    /// What of the scenarios is left out.
    pub notes: Vec<(String, String)>,
}

impl Conformance {
    /// Share of timing, pooled and outcome cells that pass; a scenario that cannot be played is one that does not.
    pub fn share(&self) -> f64 {
        let passed = self.cells.iter().filter(|cell| cell.pass).count();
        passed as f64 / (self.cells.len() + self.unplayable.len()).max(1) as f64
    }

    /// Whether no pooled cell is less likely than the least likely of so many may be. A single mechanism shows in one or
    /// two of them, which the share alone would forgive.
    pub fn pooled_pass(&self) -> bool {
        let pooled: Vec<&Cell> = self.cells.iter().filter(|cell| cell.kind == cells::Kind::Pooled).collect();
        pooled.iter().all(|cell| cell.p >= cells::LEVEL / pooled.len() as f64)
    }

    /// Whether the simulation conforms.
    pub fn passes(&self) -> bool {
        self.share() >= self.options.threshold
            && self.pooled_pass()
            && self.orders_pass
            && self.unseen.is_empty()
            && self.unplayable.is_empty()
    }
}

/// Simulates every scenario of the recordings and compares. `progress` is told after each run: scenario, how many of how
/// many.
///
/// # Errors
/// If threads cannot be made.
pub fn conform(
    recordings: &BTreeMap<String, Vec<Recording>>,
    options: &Options,
    progress: &(dyn Fn(&str, u64, u64) + Sync),
) -> Result<Conformance, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build().map_err(|error| error.to_string())?;
    let mut result = Conformance {
        options: options.clone(),
        runs: Vec::new(),
        cells: Vec::new(),
        orders: Vec::new(),
        orders_pass: true,
        unseen: Vec::new(),
        unplayable: Vec::new(),
        notes: Vec::new(),
    };
    for (scenario, recorded) in recordings {
        let script = match Script::new(recorded) {
            Ok(script) => script,
            Err(why) => {
                result.unplayable.push((scenario.clone(), why));
                continue;
            }
        };
        result.notes.extend(script.notes.iter().map(|note| (scenario.clone(), note.clone())));
        let simulate = |range: std::ops::Range<u64>| -> Vec<Observed> {
            let (done, all) = (std::sync::atomic::AtomicU64::new(range.start), range.end);
            let one = |index: u64| {
                let mut resolved = script.resolve(index, seed_of(scenario, index));
                if let Some(plant) = options.plant {
                    plant(&mut resolved);
                }
                let record = splitbrain::sim::run(&resolved);
                let finished = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                progress(scenario, finished, all);
                Observed::simulated(&record)
            };
            pool.install(|| range.into_par_iter().map(one).collect())
        };
        let runs = Runs {
            scenario: scenario.clone(),
            recorded: recorded.iter().map(|recording| (recording.run, Observed::recorded(recording))).collect(),
            precise: recorded.iter().map(Recording::is_precise).collect(),
            simulated: simulate(0..options.seeds),
        };
        result.cells.extend(cells::timing(&runs));
        result.cells.extend(cells::outcome(&runs));
        result.orders.extend(order::cells(&runs));
        result.unseen.extend(unseen(&runs, options, &simulate));
        result.runs.push(runs);
    }
    result.cells.extend(cells::pooled(&result.runs));
    result.orders_pass = order::judge(&mut result.orders);
    Ok(result)
}

/// Recorded orders that none of the simulated runs shows; more are simulated, in steps, as long as there are any.
fn unseen(runs: &Runs, options: &Options, simulate: &dyn Fn(std::ops::Range<u64>) -> Vec<Observed>) -> Vec<Unseen> {
    let mut seen = order::orders(runs.simulated.iter());
    let mut found = order::unseen(runs, &seen);
    let mut done = options.seeds;
    while !found.is_empty() && done < options.order_seeds {
        let upto = (done + options.seeds.max(100)).min(options.order_seeds);
        seen.extend(order::orders(simulate(done..upto).iter()));
        found = order::unseen(runs, &seen);
        done = upto;
    }
    found
}

/// The seed of a scenario's run: scenarios do not share chance, so that their values may be pooled.
pub fn seed_of(scenario: &str, index: u64) -> u64 {
    // FNV-1a
    let hash = scenario.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u64::from(hash) * 1_000_000 + index
}
