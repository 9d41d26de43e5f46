//! What could be observed of a run, the properties it is judged by, and the checkers.
//!
//! A checker reads [`Observations`] and nothing else: it knows neither the simulator nor the fault schedule, so the
//! same judgement can be made of a recording of the real thing. [`judge()`] makes it for one run, [`fold`] for all
//! seeds of a scenario.

pub mod audit;
pub mod bounds;
pub mod client_law;
pub mod client_tape;
pub mod comparison;
pub mod course;
pub mod coverage;
pub mod evaluate;
pub mod execution;
pub mod expect;
pub mod export;
pub mod failovers;
pub mod finding;
pub mod hazard;
pub mod history;
pub mod index;
pub mod judge;
pub mod law;
pub mod lineage;
pub mod linear;
pub mod measure;
pub mod metrics;
pub mod observations;
pub mod property;
mod rename;
pub mod search;
pub mod sentence;
pub mod server_law;
pub mod server_tape;
pub mod settings;
pub mod stats;
pub mod summary;
pub mod tape;
pub mod tenure;
pub mod weaker;

pub use expect::{Amount, Demand, Expectation, Limit, Measure, Occurrence, Property, Within};
pub use finding::{Detail, Finding};
pub use hazard::Hazard;
pub use index::Index;
pub use judge::{Judgement, judge, judge_with};
pub use linear::Scratch;
pub use metrics::{Metric, Metrics};
pub use observations::{NodeIx, NodeKind, Observations};
pub use summary::{RunSummary, ScenarioHead, ScenarioSummary, Verdict, fold};
