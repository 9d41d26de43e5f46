//! The scenario file format, and what a scenario becomes for one seed.
//!
//! [`Scenario::load`] reads and checks a file; [`Scenario::resolve`] turns it, for one seed, into [`Resolved`]: hosts,
//! processes and a schedule that a world can play. The crate knows nothing of that world.

pub mod catalogue;
pub mod chaos;
pub mod claim;
pub mod environment;
pub mod error;
mod expand;
pub mod nearest;
mod parse;
pub mod quantity;
pub mod reader;
mod resolve;
pub mod resolved;
pub mod scenario;
pub mod schedule;
pub mod source;
pub mod write;

pub use catalogue::scenario_files;
pub use chaos::{Budget, Chaos, Family};
pub use claim::{Claim, ClaimPart, ClaimVerdict, Figure, Speaks, Statement};
pub use environment::{Dist, Environment};
pub use error::ScenarioError;
pub use parse::FAULT_KINDS;
pub use reader::Span;
pub use resolved::{
    Action, Found, FsyncFault, Host, Link, NameAnswers, Process, ProcessKind, Resolved, RunPlan, Sampling, Step,
    Target, Trigger,
};
pub use scenario::{ClientSpec, Fault, MasterSpec, NetworkSpec, Pattern, RunSpec, Scenario, ServerSpec, What, When};
pub use source::Source;
pub use write::Document;
