//! Order statistics of small samples of integers: nearest rank, no interpolation, no floats.

use serde::Serialize;

/// Quantiles of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Number of values.
    pub n: u64,
    /// Smallest.
    pub min: i64,
    /// First quartile.
    pub p25: i64,
    /// Median.
    pub median: i64,
    /// Third quartile.
    pub p75: i64,
    /// 90th percentile.
    pub p90: i64,
    /// 99th percentile.
    pub p99: i64,
    /// Largest.
    pub max: i64,
}

impl Stats {
    /// Statistics of a sample, which is sorted in place; `None` if it is empty.
    pub fn of(sample: &mut [i64]) -> Option<Stats> {
        sample.sort_unstable();
        // The smallest value that at least `percent` of the sample do not exceed.
        let rank = |percent: usize| sample[(sample.len() * percent).div_ceil(100).max(1) - 1];
        let (min, max) = (*sample.first()?, *sample.last()?);
        Some(Stats {
            n: sample.len() as u64,
            min,
            p25: rank(25),
            median: rank(50),
            p75: rank(75),
            p90: rank(90),
            p99: rank(99),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_members_of_the_sample_by_nearest_rank() {
        assert_eq!(Stats::of(&mut []), None);
        let one = Stats::of(&mut [7]).unwrap();
        assert_eq!((one.min, one.median, one.p99, one.max), (7, 7, 7, 7));
        let mut hundred: Vec<i64> = (1..=100).rev().collect();
        let stats = Stats::of(&mut hundred).unwrap();
        assert_eq!((stats.p25, stats.median, stats.p75), (25, 50, 75));
        assert_eq!((stats.p90, stats.p99, stats.max), (90, 99, 100));
        let four = Stats::of(&mut [40, 10, 30, 20]).unwrap();
        assert_eq!((four.median, four.p75, four.p90), (20, 30, 40));
    }
}
