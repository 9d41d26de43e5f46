//! tokio's names for the simulated world. A client library that is built on this in place of tokio, by one renamed dependency
//! (`tokio = { package = "splitbrain-tokio", … }`), opens its sockets in the simulation, spawns its tasks on the node it runs
//! on, and sleeps in virtual time. Channels, locks and I/O traits are tokio's own. What is not here does not compile, so
//! nothing leaves the simulation unnoticed.

pub use real::{io, join, pin, select, sync, try_join};

/// Sockets of the simulation.
pub mod net {
    pub use real::net::UnixStream;
    pub use splitbrain_hosted::net::{TcpStream, lookup_host};
}

/// Tasks of the simulation.
pub mod task {
    pub use splitbrain_hosted::task::{JoinError, JoinHandle, spawn, yield_now};
}

/// Virtual time.
pub mod time {
    pub use splitbrain_hosted::time::{
        Duration, Instant, Interval, MissedTickBehavior, Sleep, error, interval, interval_at, sleep, sleep_until,
        timeout,
    };
}

pub use task::spawn;
