//! Clocks: wall and monotonic time as functions of true time. A fault acts on a host, or on one process alone.

use splitbrain_model::{Millis, MonoTime, Nanos, TrueTime, WallTime};

/// 2026-01-01T00:00:00Z in nanoseconds since the Unix epoch: where every run begins, give or take a second.
pub const EPOCH: i64 = 1_767_225_600_000_000_000;

/// The clocks of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostClock {
    /// Wall time at true time 0.
    wall_origin: i64,
    /// Monotonic time at true time 0.
    mono_origin: u64,
}

impl HostClock {
    /// Clocks that show these readings at true time 0.
    pub fn new(wall_origin: WallTime, mono_origin: MonoTime) -> HostClock {
        HostClock { wall_origin: wall_origin.0, mono_origin: mono_origin.0 }
    }

    /// The wall clock.
    pub fn wall(&self, at: TrueTime) -> WallTime {
        WallTime(self.wall_origin + at.0 as i64)
    }

    /// The monotonic clock.
    pub fn mono(&self, at: TrueTime) -> MonoTime {
        MonoTime(self.mono_origin + at.0)
    }

    /// The earliest true time at which the monotonic clock shows at least this.
    pub fn when(&self, mono: MonoTime) -> TrueTime {
        TrueTime(mono.0.saturating_sub(self.mono_origin))
    }

    /// Sets the wall clock forward or back.
    pub fn step_wall(&mut self, by: Millis) {
        self.wall_origin += by.0 * 1_000_000;
    }
}

/// What one process sees of its host's wall clock: the recordings' shim shifts it for a single process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessClock {
    shift: i64,
}

impl ProcessClock {
    /// The wall clock as this process reads it.
    pub fn wall(&self, host: &HostClock, at: TrueTime) -> WallTime {
        WallTime(host.wall(at).0 + self.shift)
    }

    /// Steps the clock for this process only.
    pub fn step(&mut self, by: Millis) {
        self.shift += by.0 * 1_000_000;
    }
}

/// The next instant that is a whole number of `period` after `origin`, strictly after `now`.
pub fn next_multiple(origin: TrueTime, period: Nanos, now: TrueTime) -> TrueTime {
    let passed = now.since(origin).0;
    TrueTime(origin.0 + (passed / period.0 + 1) * period.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn mono_is_monotonic_and_when_is_its_inverse(origin in 0u64..1 << 50, a in 0u64..1 << 50, d in 0u64..1 << 40) {
            let clock = HostClock::new(WallTime(EPOCH), MonoTime(origin));
            prop_assert!(clock.mono(TrueTime(a)) <= clock.mono(TrueTime(a + d)));
            prop_assert_eq!(clock.when(clock.mono(TrueTime(a))), TrueTime(a));
        }

        #[test]
        fn a_step_of_the_wall_clock_leaves_mono_alone(at in 0u64..1 << 50, by in -10_000i64..10_000) {
            let mut clock = HostClock::new(WallTime(EPOCH), MonoTime(5));
            let before = (clock.wall(TrueTime(at)), clock.mono(TrueTime(at)));
            clock.step_wall(Millis(by));
            prop_assert_eq!(clock.wall(TrueTime(at)).0, before.0.0 + by * 1_000_000);
            prop_assert_eq!(clock.mono(TrueTime(at)), before.1);
        }
    }
}
