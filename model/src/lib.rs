//! Redis server, Redis Sentinel and client libraries as pure state machines.
//!
//! A node takes one [`Input`] at a time, together with an [`Env`] (its clocks, its chance, its disk), and appends what
//! it wants done to [`Effects`]. It performs no I/O, starts no threads, reads no clock and keeps no hash order. The
//! crate knows nothing of the simulator that drives it, of true time, of faults, or of who judges a run.

pub mod acl;
pub mod client;
pub mod conf;
pub mod effects;
pub mod env;
pub mod error;
pub mod event;
pub mod files;
mod host_name;
pub mod ids;
pub mod message;
pub mod note;
pub mod operator;
pub mod planted;
pub mod redis;
pub mod sentinel;
pub mod sha256;
pub mod time;
pub mod value;
pub mod wire;

pub use effects::{Act, CloseHow, Effects};
pub use env::{Answered, Disk, DiskCall, Draws, Env, Purpose, Resolver, SaveError, Saved};
pub use error::ErrorWord;
pub use ids::{Addr, Conn, Epoch, Hex40, Ip, Name, ReplId, ReplOffset, RunId, SentinelId};
pub use message::{Input, Message, Reply, Request, StreamItem};
pub use time::{Millis, MonoTime, Nanos, TrueTime, WallTime};
pub use value::{Command, Key, Space, Value};

/// A pure state machine inside one process.
pub trait Node {
    /// Applies one input at the local time in `env` and appends what the node wants done.
    fn step(&mut self, env: &mut Env<'_>, input: Input, out: &mut Effects);

    /// Called once after all ready inputs of one event-loop iteration were applied, before its output leaves
    /// (`beforeSleep` of Redis: flush of the append-only file, queued GETACK, closing of clients).
    fn end_iteration(&mut self, _env: &mut Env<'_>, _out: &mut Effects) {}

    /// Local monotonic time at which [`Input::Wake`] must be delivered, or `None` for never.
    fn next_wakeup(&self) -> Option<MonoTime>;
}
