//! How much less than linearizable a history is: how old its reads are, which acknowledged writes it lost, whether it has
//! an order that at least every process agrees with, and which processes could see it. Knows histories only.

mod sequential;
mod sessions;
mod windows;

pub use sequential::{Sequential, sequential};
pub use sessions::{Broken, Sessions, sessions};
pub use windows::{Loss, Measured, loss_window, staleness};
