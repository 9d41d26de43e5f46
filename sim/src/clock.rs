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

/// What one process sees of its host's clocks: the recordings' shim shifts them for a single process. A fault of a whole
/// host acts on each process of it alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessClock {
    /// Nanoseconds the wall clock is ahead of the host's at `since`.
    shift: i64,
    /// Nanoseconds the monotonic clock is ahead of the host's at `since`.
    gained: i64,
    /// Where the present rates began to hold.
    since: TrueTime,
    /// What the oscillator runs too fast, in parts per million. Both clocks follow it: on Linux NTP slews the monotonic
    /// clock together with the wall clock.
    ppm: i64,
    /// The wall clock stands still; what it was ahead when it began to.
    frozen: Option<i64>,
}

/// Parts per million of a rate of 1.
const WHOLE: i64 = 1_000_000;

impl ProcessClock {
    /// The wall clock as this process reads it.
    pub fn wall(&self, host: &HostClock, at: TrueTime) -> WallTime {
        WallTime(host.wall(at).0 + self.shift + self.beyond(self.wall_ppm(), at))
    }

    /// The monotonic clock as this process reads it.
    pub fn mono(&self, host: &HostClock, at: TrueTime) -> MonoTime {
        let ahead = self.gained + self.beyond(self.ppm, at);
        MonoTime(host.mono(at).0.saturating_add_signed(ahead))
    }

    /// The earliest true time, not before the present rate began, at which the monotonic clock shows at least this.
    pub fn when(&self, host: &HostClock, mono: MonoTime) -> TrueTime {
        if self.ppm == 0 {
            return host.when(MonoTime(mono.0.saturating_add_signed(-self.gained)));
        }
        let left = i128::from(mono.0) - i128::from(self.mono(host, self.since).0);
        let rate = i128::from(WHOLE + self.ppm);
        let wait = (left.max(0) * i128::from(WHOLE) + rate - 1) / rate;
        TrueTime(self.since.0 + wait as u64)
    }

    /// What wall and monotonic clock gain on true time, in parts per million.
    pub fn rates(&self) -> (i64, i64) {
        (self.wall_ppm(), self.ppm)
    }

    /// Steps the clock for this process only.
    pub fn step(&mut self, by: Millis) {
        self.shift += by.0 * 1_000_000;
        self.frozen = self.frozen.map(|shift| shift + by.0 * 1_000_000);
    }

    /// Lets both clocks gain so much from `now` on. What they have gained before stays.
    pub fn drift(&mut self, ppm: i32, now: TrueTime) {
        self.rebase(now);
        self.ppm = i64::from(ppm);
    }

    /// Stops the wall clock.
    pub fn freeze(&mut self, now: TrueTime) {
        self.rebase(now);
        self.frozen.get_or_insert(self.shift);
    }

    /// Ends a freeze: the wall clock jumps to where it would be without it.
    pub fn thaw(&mut self, now: TrueTime) {
        self.rebase(now);
        if let Some(shift) = self.frozen.take() {
            self.shift = shift;
        }
    }

    fn wall_ppm(&self) -> i64 {
        if self.frozen.is_some() { -WHOLE } else { self.ppm }
    }

    /// What a clock of this rate has gained since the rate holds, rounded down.
    fn beyond(&self, ppm: i64, at: TrueTime) -> i64 {
        if ppm == 0 {
            return 0;
        }
        let passed = i128::from(at.since(self.since).0);
        (passed * i128::from(ppm)).div_euclid(i128::from(WHOLE)) as i64
    }

    fn rebase(&mut self, now: TrueTime) {
        let drifted = self.beyond(self.ppm, now);
        self.shift += self.beyond(self.wall_ppm(), now);
        self.gained += drifted;
        // The oscillator goes on behind a wall clock that stands.
        self.frozen = self.frozen.map(|shift| shift + drifted);
        self.since = now;
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
    proptest! {
        #[test]
        fn a_drifting_clock_never_goes_back_and_when_finds_its_readings(
            ppm in -900_000i32..900_000, start in 0u64..1 << 40, d in 0u64..1 << 40, wait in 1u64..1 << 40,
        ) {
            let host = HostClock::new(WallTime(EPOCH), MonoTime(1 << 45));
            let mut clock = ProcessClock::default();
            let before = clock.mono(&host, TrueTime(start));
            clock.drift(ppm, TrueTime(start));
            prop_assert_eq!(clock.mono(&host, TrueTime(start)), before);
            let mono = clock.mono(&host, TrueTime(start + d)) + Nanos(wait);
            let at = clock.when(&host, mono);
            prop_assert!(at.0 > start + d && clock.mono(&host, at) >= mono);
            prop_assert!(clock.mono(&host, TrueTime(at.0 - 1)) < mono);
            clock.drift(0, at);
            prop_assert!(clock.mono(&host, at) >= mono);
            prop_assert_eq!(clock.mono(&host, clock.when(&host, mono + Nanos(7))), mono + Nanos(7));
        }
    }

    #[test]
    fn a_drift_gains_its_share_on_both_clocks_and_keeps_it() {
        let host = HostClock::new(WallTime(EPOCH), MonoTime(5));
        let mut clock = ProcessClock::default();
        let second = |n: u64| TrueTime(n * 1_000_000_000);
        clock.drift(500, second(10));
        clock.drift(0, second(20));
        for at in [second(20), second(90)] {
            assert_eq!(clock.wall(&host, at).0 - host.wall(at).0, 5_000_000, "500 ppm of 10 s");
            assert_eq!(clock.mono(&host, at).0 - host.mono(at).0, 5_000_000);
        }
    }

    #[test]
    fn a_frozen_wall_clock_stands_and_jumps_to_the_right_time_when_it_is_over() {
        let host = HostClock::new(WallTime(EPOCH), MonoTime(5));
        let mut clock = ProcessClock::default();
        let second = |n: u64| TrueTime(n * 1_000_000_000);
        let ahead = |clock: &ProcessClock, n| clock.wall(&host, second(n)).0 - host.wall(second(n)).0;
        clock.freeze(second(10));
        assert_eq!([10, 14, 19].map(|n| ahead(&clock, n)), [0, -4_000_000_000, -9_000_000_000]);
        assert_eq!(clock.mono(&host, second(19)), host.mono(second(19)));
        clock.step(Millis(250));
        clock.freeze(second(19));
        assert_eq!(ahead(&clock, 19), -8_750_000_000);
        clock.thaw(second(20));
        assert_eq!(ahead(&clock, 30), 250_000_000, "a step that came meanwhile stays");
        clock.thaw(second(31));
        assert_eq!(ahead(&clock, 31), 250_000_000);
    }
}
