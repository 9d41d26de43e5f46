//! Parameter sweeps: which settings keep a promise, by what margin, and what that costs.
//!
//! A [`Sweep`] file names a scenario without faults, settings with the values they may take, environments, and failures with
//! how often they come in a year. It becomes a [`Plan`]: cells (one point of the grid in one environment), each of them played
//! with the same seeds, or in rounds that leave out more and more of them ([`halving`]). [`play()`] writes rows, one file per
//! piece of the plan; [`merge()`] reads them, strictly; [`figures`] makes numbers of them, [`choose`] a recommendation, and
//! [`confirm`] holds fresh seeds against it. [`report`] renders.
//!
//! What a plan's rows are depends on the plan alone: not on threads, shards, interruptions, or who wrote which piece. Knows
//! nothing of command lines.

pub mod axis;
pub mod binomial;
pub mod choose;
pub mod chunk;
pub mod confirm;
mod environments;
mod failure;
pub mod figures;
pub mod folder;
pub mod front;
pub mod halving;
mod measured;
pub mod merge;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod plan;
pub mod play;
mod preset;
mod promise;
pub mod report;
pub mod round;
pub mod row;
pub mod spread;
pub mod sweep;
pub mod trouble;

pub use failure::Failure;
pub use folder::Folder;
pub use merge::{Merged, merge};
pub use plan::Plan;
pub use play::{Pace, Shard, play, play_shard};
pub use promise::{Goal, Promise};
pub use round::Round;
pub use sweep::Sweep;
pub use trouble::Trouble;
