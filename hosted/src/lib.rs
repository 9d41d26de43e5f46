//! splitbrain inside a madsim runtime: async code as one more host of the simulated world.
//!
//! A test is an async function. Its sockets ([`net::TcpStream`], with tokio's traits) lead into a world of simulated Redis
//! servers and Sentinels; time is virtual; faults of the scenario and of the test reach it as they reach everybody else.
//! When it ends, the run is judged like every run of splitbrain: what the test asked of servers is in the history.
//!
//! ```no_run
//! use splitbrain_hosted::{Cluster, Role, net::TcpStream};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! #[splitbrain_hosted::test(seeds = 20)]
//! async fn a_write_is_there_after_a_failover(cluster: Cluster) {
//!     let old = cluster.master();
//!     let _ = cluster.kill(Role::Master);
//!     let new = cluster.master_after(old).await;
//!     let mut master = TcpStream::connect(new).await.unwrap();
//!     master.write_all(b"*1\r\n$4\r\nPING\r\n").await.unwrap();
//!     let mut pong = [0; 7];
//!     master.read_exact(&mut pong).await.unwrap();
//!     assert_eq!(&pong, b"+PONG\r\n");
//! }
//! # fn main() {}
//! ```
//!
//! # How the two times are one
//!
//! madsim owns the clock, the world owns everything that happens in it. One task, the pump, lets the world go on to madsim's
//! present, wakes whoever was told something, and sleeps until the world's next event. Whoever acts on the world from
//! outside first lets it go on to the present too. So the world is never ahead.
//!
//! With the feature `live` in place of madsim the same test runs against real processes, in real time (`docs/live.md`).
//!
//! What comes from outside (connections, bytes, faults, each with its time) is part of what is saved of a failing run, and
//! `splitbrain replay` plays that without madsim.

#[cfg(all(madsim, feature = "live"))]
compile_error!(
    "splitbrain-hosted: both `--cfg madsim` and the feature `live` are set. Without the feature the tests run in the \
     simulation; for real Redis processes leave `--cfg madsim` out of RUSTFLAGS."
);
#[cfg(not(any(madsim, feature = "live")))]
compile_error!(
    "splitbrain-hosted: neither `--cfg madsim` nor the feature `live` is set. For the simulation put \
     `rustflags = [\"--cfg\", \"madsim\"]` under [build] of .cargo/config.toml, or set RUSTFLAGS=\"--cfg madsim\"; for real \
     Redis processes add `--features live`."
);

#[cfg(any(madsim, feature = "live"))]
mod acts;
#[cfg(madsim)]
mod cluster;
#[cfg(madsim)]
mod door;
#[cfg(any(madsim, feature = "live"))]
mod hosted;
#[cfg(all(feature = "live", not(madsim)))]
mod live;
#[cfg(madsim)]
pub mod net;
#[cfg(madsim)]
mod pump;
#[cfg(madsim)]
mod run;
mod words;

#[cfg(madsim)]
pub use cluster::{Cluster, Fault};
#[cfg(any(madsim, feature = "live"))]
pub use hosted::Hosted;
#[cfg(all(feature = "live", not(madsim)))]
pub use live::{Cluster, Fault, net, run, task, time};
#[cfg(madsim)]
pub use madsim::{rand, task, time};
#[cfg(madsim)]
pub use run::{run, run_seed};
pub use splitbrain::model::event::EventKind as Event;
pub use splitbrain::scenarios::Scenario;
pub use splitbrain_hosted_macros::test;
pub use words::Role;

/// Everything of splitbrain.
pub use splitbrain;
