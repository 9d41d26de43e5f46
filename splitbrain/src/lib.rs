//! splitbrain: a deterministic simulation testbed for Redis Sentinel failover.
//!
//! A scenario and a seed go into the world, which steps model nodes in virtual time and writes a record; checkers judge
//! what was observed; reports render the verdict.
//!
//! ```no_run
//! use splitbrain::{RunOptions, run_scenario, scenarios::Scenario};
//!
//! let scenario = Scenario::load("scenarios/classic/master-killed.toml".as_ref()).unwrap();
//! let summary = run_scenario(&scenario, &RunOptions::seeds(0..20), &|_| ()).unwrap();
//! println!("{:?}", summary.verdict);
//! ```

pub mod margins;
pub mod runner;
pub mod saved;

pub use margins::margins;
pub use runner::{RunError, RunOptions, resolve, run_scenario, run_seed};
pub use saved::{Replay, ReplayError, bisect, replay, write_trace};
pub use splitbrain_checker as checker;
pub use splitbrain_model as model;
pub use splitbrain_reports as reports;
pub use splitbrain_scenarios as scenarios;
pub use splitbrain_sim as sim;
