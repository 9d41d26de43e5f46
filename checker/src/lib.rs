//! What could be observed of a run, the properties it is judged by, and the checkers.
//!
//! A checker reads [`Observations`] and nothing else: it knows neither the simulator nor the fault schedule, so the
//! same judgement can be made of a recording of the real thing.

pub mod expect;
pub mod observations;
pub mod summary;

pub use expect::{Amount, Demand, Expectation, Limit, Property, Within};
pub use observations::{NodeIx, NodeKind, Observations};
