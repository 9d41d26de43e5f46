//! The kernel's timer wheel (`kernel/time/timer.c`): a timer expires at the end of the bucket it falls into, and buckets
//! are the wider the longer the timer runs. TCP's one-second timeouts take up to 32 ms longer for it at HZ=250.

use splitbrain_model::{Nanos, TrueTime};

/// Each level of the wheel has 64 buckets, eight times as wide as those of the level below.
const LEVEL_BUCKETS: u64 = 63;
const LEVEL_SHIFT: u32 = 3;

/// When a timer set at `now` for `delay` expires on a kernel with this jiffy; exactly then if the jiffy is zero.
pub fn expiry(now: TrueTime, delay: Nanos, jiffy: Nanos) -> TrueTime {
    if jiffy == Nanos::ZERO {
        return now + delay;
    }
    let wanted = delay.0.div_ceil(jiffy.0);
    let mut shift = 0;
    while wanted >> shift >= LEVEL_BUCKETS && shift < 8 * LEVEL_SHIFT {
        shift += LEVEL_SHIFT;
    }
    let bucket = ((now.0 / jiffy.0 + wanted) >> shift) + 1;
    TrueTime((bucket << shift) * jiffy.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JIFFY: Nanos = Nanos::from_millis(4);

    #[test]
    fn short_timers_are_late_by_a_jiffy_and_long_ones_by_a_bucket() {
        for (delay, bucket) in [(200, 4), (400, 32), (1_000, 32), (4_000, 256)] {
            let mut latest = 0;
            for start in (0..2_000_000_000).step_by(7_777_777) {
                let late = expiry(TrueTime(start), Nanos::from_millis(delay), JIFFY).0 - start - delay * 1_000_000;
                assert!(late <= (bucket + 4) * 1_000_000, "{delay} ms: {late} ns late");
                latest = latest.max(late);
            }
            assert!(latest > bucket * 800_000, "{delay} ms");
        }
    }

    #[test]
    fn without_a_jiffy_nothing_is_rounded() {
        assert_eq!(expiry(TrueTime(5), Nanos(7), Nanos::ZERO), TrueTime(12));
    }
}
