//! The scenario file format, and what a scenario becomes for one seed.

pub mod environment;
pub mod resolved;

pub use environment::{Dist, Environment};
pub use resolved::{Action, Process, ProcessKind, Resolved, RunPlan, Step, Target, Trigger};
