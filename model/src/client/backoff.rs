//! Repetition and the pauses in between. Knows nothing of what is repeated.

use super::profile::ErrClass;
use crate::{Draws, Millis, Nanos, Purpose};

/// Repetition of failed attempts inside one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts altogether; 1 means none is repeated.
    pub attempts: u32,
    /// Pauses between them.
    pub backoff: Backoff,
    /// Time for all attempts together. With it, the pauses from the second failure on are `rest / (k × (k + 1))` where k
    /// attempts are left, and there is none before, instead of those of `backoff`.
    pub budget: Option<Millis>,
    /// Which failures are followed by another attempt.
    pub on: &'static [ErrClass],
}

impl Retry {
    /// One attempt only.
    pub const NEVER: Retry = Retry { attempts: 1, backoff: Backoff::NONE, budget: None, on: &[] };

    /// The pause after `tries` attempts that took `spent` together; `None` if there is no further attempt.
    pub fn pause(&self, tries: u32, spent: Nanos, draws: &mut dyn Draws) -> Option<Nanos> {
        let left = u64::from(self.attempts.checked_sub(tries).filter(|left| *left > 0)?);
        let Some(budget) = self.budget else {
            return Some(self.backoff.pause(tries, draws));
        };
        let rest = budget.nanos().0.checked_sub(spent.0)?;
        Some(Nanos(if tries >= 2 { rest / (left * (left + 1)) } else { 0 }))
    }
}

/// How pauses grow with the number k of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// `base × 2^k`
    Doubling,
    /// `base × 2^(k − 1)`
    DoublingFromBase,
    /// `base × k`
    Linear,
    /// `base`
    Constant,
}

/// Pause before the next attempt: `floor` and what has grown from `base`, or a uniform part of that; at most `cap`;
/// and a uniform part of `spread` on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The unit.
    pub base: Millis,
    /// How it grows.
    pub growth: Growth,
    /// Draw uniformly from zero to what has grown before the cap applies.
    pub jitter: bool,
    /// Added before the cap applies.
    pub floor: Millis,
    /// The longest pause but for the spread.
    pub cap: Millis,
    /// A uniform part of this comes on top.
    pub spread: Millis,
}

impl Backoff {
    /// No pause.
    pub const NONE: Backoff = Backoff {
        base: Millis(0),
        growth: Growth::Doubling,
        jitter: false,
        floor: Millis(0),
        cap: Millis(0),
        spread: Millis(0),
    };

    /// Always the same pause.
    pub const fn constant(pause: Millis) -> Backoff {
        Backoff { base: pause, growth: Growth::Constant, cap: pause, ..Backoff::NONE }
    }

    /// The pause after the `failures`-th failure, counted from 1.
    pub fn pause(&self, failures: u32, draws: &mut dyn Draws) -> Nanos {
        let times = match self.growth {
            Growth::Doubling => 1 << failures.min(40),
            Growth::DoublingFromBase => 1 << failures.saturating_sub(1).min(40),
            Growth::Linear => u64::from(failures),
            Growth::Constant => 1,
        };
        let widest = self.base.nanos().0.saturating_mul(times);
        let pause = match (self.jitter, widest) {
            (true, 1..) => draws.below(Purpose::Backoff, widest),
            _ => widest,
        };
        let capped = pause.saturating_add(self.floor.nanos().0).min(self.cap.nanos().0);
        let spread = match self.spread.nanos().0 {
            0 => 0,
            spread => draws.below(Purpose::Backoff, spread),
        };
        Nanos(capped + spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{MIDDLE, Words};

    #[test]
    fn pauses_double_up_to_the_cap_and_jitter_takes_a_part() {
        let plain = Backoff { base: Millis(10), cap: Millis(1000), ..Backoff::NONE };
        let pauses = [1, 2, 6, 7, 60].map(|k| plain.pause(k, &mut Words::default()).millis());
        assert_eq!(pauses, [20, 40, 640, 1000, 1000]);
        let jitter = Backoff { jitter: true, ..plain };
        let half = &mut Words::always(MIDDLE);
        assert_eq!([1, 7, 8].map(|k| jitter.pause(k, half).millis()), [10, 640, 1000]);
        assert_eq!(Backoff::NONE.pause(3, half), Nanos::ZERO);
    }

    #[test]
    fn pauses_may_also_begin_with_the_base_grow_by_it_or_stay() {
        let pauses = |growth| {
            let backoff = Backoff { base: Millis(50), growth, cap: Millis(5000), ..Backoff::NONE };
            [1, 2, 3, 60].map(|k| backoff.pause(k, &mut Words::default()).millis())
        };
        assert_eq!(pauses(Growth::DoublingFromBase), [50, 100, 200, 5000]);
        assert_eq!(pauses(Growth::Linear), [50, 100, 150, 3000]);
        assert_eq!(pauses(Growth::Constant), [50; 4]);
    }

    #[test]
    fn the_floor_is_inside_the_cap_and_the_spread_outside() {
        let half = &mut Words::always(MIDDLE);
        let backoff = Backoff {
            base: Millis(10),
            jitter: true,
            floor: Millis(10),
            cap: Millis(100),
            spread: Millis(200),
            ..Backoff::NONE
        };
        assert_eq!([1, 2, 9].map(|k| backoff.pause(k, half).millis()), [120, 130, 200]);
    }

    #[test]
    fn a_budget_is_shared_out_among_the_attempts_that_are_left() {
        let retry = Retry { attempts: 5, budget: Some(Millis(10_000)), ..Retry::NEVER };
        let pause = |tries, spent: u64| {
            let spent = Millis(spent as i64).nanos();
            retry.pause(tries, spent, &mut Words::default()).map(|pause| pause.millis())
        };
        assert_eq!(pause(1, 2000), Some(0), "the first failure is repeated at once");
        assert_eq!(pause(2, 4000), Some(500), "6000 / (3 x 4)");
        assert_eq!(pause(3, 7000), Some(500), "3000 / (2 x 3)");
        assert_eq!(pause(4, 8000), Some(1000), "2000 / (1 x 2)");
        assert_eq!(pause(5, 8000), None);
        assert_eq!(pause(2, 10_001), None, "no time left");
    }
}
