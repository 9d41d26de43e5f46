//! The world: event queue, hosts and processes, network, clocks, disks and faults; the recorder; one run.
//!
//! A scenario resolved for a seed goes in, a [`record::Record`] comes out. The world steps pure nodes and looks inside
//! no message; it computes no verdict.

pub mod app;
pub mod chance;
pub mod client_tape;
pub mod clock;
pub mod digest;
pub mod disk;
pub mod dns;
mod fault;
pub mod film;
pub mod kernel;
pub mod link;
pub mod process;
pub mod queue;
pub mod record;
pub mod recorder;
pub mod run;
pub mod server_tape;
pub mod session;
mod supervise;
pub mod tape;
pub mod tcp;
pub mod trace;
mod triggers;
mod watch;
pub mod world;

pub use digest::Digest;
pub use record::Record;
pub use run::run;
pub use session::Session;
pub use world::World;
