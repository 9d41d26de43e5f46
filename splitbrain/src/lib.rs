//! splitbrain: a deterministic simulation testbed for Redis Sentinel failover.
//!
//! A scenario and a seed go into the world, which steps model nodes in virtual time and writes a record; checkers judge
//! what was observed; reports render the verdict. This crate ties the rooms together and re-exports them. It must not
//! know of command lines or exit codes.
//!
//! # Many seeds, one verdict
//!
//! [`Scenario::load`](scenarios::Scenario::load) reads a file, [`run_scenario`] plays and judges it, and
//! [`reports::text::block`] writes what the command prints.
//!
//! ```no_run
//! use splitbrain::reports::{Style, text};
//! use splitbrain::{RunOptions, run_scenario, scenarios::Scenario};
//! use std::path::Path;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scenario = Scenario::load(Path::new("scenarios/classic/master-killed.toml"))?;
//! let summary = run_scenario(&scenario, &RunOptions::seeds(0..20), &|_| ())?;
//! print!("{}", text::block(&summary, Style { colour: false }));
//! # Ok(())
//! # }
//! ```
//!
//! # One seed, everything that happened
//!
//! [`run_seed`] returns the complete record and judges nothing. A scenario may also come from text.
//!
//! ```
//! use splitbrain::checker::judge;
//! use splitbrain::run_seed;
//! use splitbrain::scenarios::{Scenario, Source};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"
//!     [cluster]
//!     [sentinel]
//!     down-after-milliseconds = 1000
//!     [[faults]]
//!     at = "0s"
//!     kill = "master"
//!     [expect]
//!     failover-completes = { within = "auto", exactly = 1 }
//! "#;
//! let scenario = Scenario::parse(&Source::new("mine.toml", text.to_owned()))?;
//! let record = run_seed(&scenario, 7);
//! assert_eq!(record.faults[0].what, "kill redis-1");
//! assert!(judge(&record.observations, &scenario.expect).findings.is_empty());
//! assert_eq!(record.digest, run_seed(&scenario, 7).digest);
//! # Ok(())
//! # }
//! ```
//!
//! # For a given time, or until nothing new is reached
//!
//! [`play`] is what [`run_scenario`] calls, with a [`Campaign`] that says when to end, what is played twice and compared, and
//! where the state is kept so that an interrupted run can continue.
//!
//! # Keeping a failure
//!
//! [`saved::save`] writes a run to a file and [`replay`] plays it again; [`write_trace`] and [`bisect`] find the first event
//! in which two builds differ. [`shrink`](mod@shrink) looks for the smallest schedule that still shows the failure.
//!
//! # Random plans
//!
//! With the feature `proptest`, `strategies` makes clusters, settings, schedules and workloads for property-based tests, and
//! `strategies::check` shrinks what fails and keeps it.
//!
//! # Rooms
//!
//! | module | what lives there |
//! |---|---|
//! | [`model`] | Redis server, Sentinel, client libraries as state machines |
//! | [`checker`] | observations, findings, expectations |
//! | [`scenarios`] | the file format; what a scenario becomes for one seed |
//! | [`sim`] | the world |
//! | [`reports`] | text and JSON |

mod assertions;
pub mod battery;
mod builder;
pub mod campaign;
pub mod compare;
mod context;
mod coverage;
mod event_log;
pub mod histories;
pub mod journal;
mod keeper;
pub mod margins;
mod page;
mod recheck;
pub mod runner;
pub mod saved;
pub mod shrink;
#[cfg(feature = "proptest")]
pub mod strategies;
#[cfg(feature = "suite")]
pub mod suite;

pub use assertions::{Assertions, assert_that};
pub use builder::{ScenarioBuilder, Toml};
pub use campaign::{Campaign, Played, play};
pub use event_log::event_log;
pub use histories::{write_histories, write_histories_of};
pub use margins::margins;
pub use page::{run_page, run_page_of};
pub use runner::{JudgedRun, RunError, RunOptions, fold_runs, judge_run, play_seed, resolve, run_scenario, run_seed};
pub use saved::{Replay, ReplayError, bisect, replay, write_trace};
pub use splitbrain_checker as checker;
pub use splitbrain_model as model;
pub use splitbrain_reports as reports;
pub use splitbrain_scenarios as scenarios;
pub use splitbrain_sim as sim;
