//! Histories from files: a line per invocation and completion, in real-time order, as JSON. [`read()`] streams a file into
//! a [`Recorded`] history, [`decide()`] judges it. Knows nothing of Redis, of servers, or of where a history comes from.
//!
//! ```text
//! {"index":0,"process":0,"type":"invoke","f":"write","key":"x","value":1,"time":0}
//! {"index":1,"process":0,"type":"ok","f":"write","key":"x","value":1,"time":40}
//! ```
//!
//! `type` is `invoke`, `ok` (happened, with its answer), `fail` (did not happen) or `info` (nobody knows: may take effect
//! at any time after its call, or never). An invocation without a completion is `info` too. A process that got `info` is
//! gone; another may act under its number. The order is that of the lines; `time` is for people. `repeats` on a completion
//! says how many times more than once the operation may have taken effect.

mod decide;
mod error;
mod event;
mod initial;
mod lines;
pub mod manifest;
mod model;
mod operations;
mod read;
mod recorded;
mod scan;
mod summary;
mod tell;
mod values;
mod weaker;
mod write;

pub use decide::{Answer, Decision, Options, Verdict, decide, explain};
pub use error::{FormatError, ReadError};
pub use lines::LONGEST_LINE;
pub use model::Model;
pub use operations::Keys;
pub use read::{infer, read};
pub use recorded::{Recorded, Told};
pub use summary::{Drawn, Judged, LISTED, Shown};
pub use tell::{Story, looks_like};
pub use values::Values;
pub use weaker::Guarantee;
pub use write::write;
