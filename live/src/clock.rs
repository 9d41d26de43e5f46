//! Real time as the record counts it: nanoseconds since a run began. Stamps of logs are wall time and are put into the
//! same count.

use splitbrain::model::{MonoTime, TrueTime, WallTime};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clocks of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    /// The wall clock at that moment, nanoseconds since 1970.
    wall: i64,
}

impl Clock {
    /// A count that begins now.
    pub fn begin() -> Clock {
        Clock { began: Instant::now(), wall: wall_now() }
    }

    /// Now.
    pub fn now(&self) -> TrueTime {
        TrueTime(nanos(self.began.elapsed()))
    }

    /// Now, as a client's monotonic clock has it.
    pub fn mono(&self) -> MonoTime {
        MonoTime(self.now().0)
    }

    /// Now, as the wall clock has it.
    pub fn wall(&self) -> WallTime {
        WallTime(wall_now())
    }

    /// When the wall clock showed this, milliseconds since 1970.
    pub fn of_wall_ms(&self, ms: i64) -> TrueTime {
        TrueTime((ms * 1_000_000).saturating_sub(self.wall).max(0) as u64)
    }

    /// What the wall clock showed then, seconds since 1970.
    pub fn wall_seconds(&self, at: TrueTime) -> i64 {
        (self.wall + at.0 as i64).div_euclid(1_000_000_000)
    }

    /// The moment as the system counts it.
    pub fn instant(&self, at: TrueTime) -> Instant {
        self.began + Duration::from_nanos(at.0)
    }

    /// How far the wall clock has been moved since the beginning, ms.
    pub fn wall_stepped_ms(&self) -> f64 {
        ((wall_now() - self.wall) - nanos(self.began.elapsed()) as i64) as f64 / 1e6
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn wall_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| nanos(since) as i64)
}
