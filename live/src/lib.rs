//! Scenarios on real redis-server and redis-sentinel processes: what splitbrain simulates, in real time, on this machine.
//!
//! [`play()`] starts the processes that a resolved scenario describes, drives its clients and its faults, and gives the same
//! record that a simulated run gives, so that the same judges and reports take it; [`recording`] writes it in the schema of
//! recordings, which `splitbrain conform` compares with simulations. A [`Session`] is a run that somebody drives.
//!
//! What cannot be done to real processes (clocks, disks, links) is refused by name before anything is started. Everything
//! that was started ends with the run, however it ends. This crate reads real clocks; it must not know how a run is
//! simulated or judged.

mod able;
mod client;
mod clock;
mod cluster;
mod conf;
mod error;
mod event;
mod faults;
mod logs;
mod net;
mod play;
mod process;
mod reading;
pub mod recording;
mod relocate;
mod resp;
mod session;
mod shared;
mod targets;
mod trace;
mod watch;
mod wire;

pub use error::LiveError;
pub use net::{Ability, Network};
pub use play::{Options, Played, play};
pub use session::Session;
pub use trace::Trace;
