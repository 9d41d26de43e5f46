//! Deterministic simulation testbed for Redis Sentinel failover.

pub mod runner;

pub use runner::{Replay, ReplayError, RunError, RunOptions, bisect, replay, run_scenario};
