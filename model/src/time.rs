//! Times and durations. Three clocks that cannot be mixed: the world's true time, a host's (or process's) monotonic
//! clock, and its wall clock. Model code receives the last two and never the first.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// A duration in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all.
    pub const ZERO: Nanos = Nanos(0);

    /// A duration of whole milliseconds.
    pub const fn from_millis(ms: u64) -> Nanos {
        Nanos(ms * 1_000_000)
    }

    /// A duration of whole microseconds.
    pub const fn from_micros(us: u64) -> Nanos {
        Nanos(us * 1_000)
    }

    /// A duration of whole seconds.
    pub const fn from_secs(s: u64) -> Nanos {
        Nanos(s * 1_000_000_000)
    }

    /// Whole milliseconds, rounded down.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, other: Nanos) -> Nanos {
        Nanos(self.0 + other.0)
    }
}

/// A signed duration or difference in milliseconds, the unit of every timer and setting of Redis and Sentinel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// The same duration in nanoseconds; negative durations become zero.
    pub const fn nanos(self) -> Nanos {
        Nanos(if self.0 > 0 { self.0 as u64 * 1_000_000 } else { 0 })
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// True time: nanoseconds since the start of the simulation. Owned by the world; appears in records, never in a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrueTime(pub u64);

impl TrueTime {
    /// Whole milliseconds since the start, rounded down.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Signed milliseconds after `origin`, rounded towards the past.
    pub const fn millis_after(self, origin: TrueTime) -> i64 {
        (self.0 as i64 - origin.0 as i64).div_euclid(1_000_000)
    }

    /// Time passed since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: TrueTime) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for TrueTime {
    type Output = TrueTime;
    fn add(self, d: Nanos) -> TrueTime {
        TrueTime(self.0 + d.0)
    }
}

/// A reading of a monotonic clock in nanoseconds. Event-loop timers are set in it (`ae.c`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonoTime(pub u64);

impl Add<Nanos> for MonoTime {
    type Output = MonoTime;
    fn add(self, d: Nanos) -> MonoTime {
        MonoTime(self.0 + d.0)
    }
}

impl MonoTime {
    /// Time passed since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: MonoTime) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A reading of a wall clock: nanoseconds since the Unix epoch. May move backwards when the clock is stepped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(pub i64);

impl WallTime {
    /// Milliseconds since the Unix epoch as `mstime()` gives them.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds since the Unix epoch as `time()` gives them.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
}

impl Add<Nanos> for WallTime {
    type Output = WallTime;
    fn add(self, d: Nanos) -> WallTime {
        WallTime(self.0 + d.0 as i64)
    }
}

impl Sub for WallTime {
    type Output = i64;
    /// Signed difference in nanoseconds.
    fn sub(self, other: WallTime) -> i64 {
        self.0 - other.0
    }
}
