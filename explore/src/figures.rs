//! Numbers of cells: quantiles of each failure from exact counts, probabilities with their intervals, and what a year brings,
//! which is the rate of each failure times what came of it. All sums are of integers, so their order does not matter; floating
//! point is in the intervals only.

use crate::binomial::clopper_pearson;
use crate::failure::Failure;
use crate::merge::{Merged, Sample};
use serde::Serialize;
use splitbrain_checker::stats::Stats;

/// Error of all intervals together.
const ALPHA: f64 = 0.05;

/// So many standard errors to either side.
const STANDARD_ERRORS: f64 = 1.96;

/// In how many runs something came, and the interval of its probability in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Runs with it.
    pub runs: u64,
    /// Lower bound.
    pub low_ppm: u32,
    /// Upper bound.
    pub high_ppm: u32,
}

impl Share {
    fn of(runs: u64, of: u64, alpha: f64) -> Share {
        let (low, high) = clopper_pearson(runs, of, alpha);
        Share { runs, low_ppm: (low * 1e6).floor() as u32, high_ppm: (high * 1e6).ceil() as u32 }
    }
}

/// What comes in a year, with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Yearly {
    /// The estimate.
    pub estimate: i64,
    /// Lower bound.
    pub low: i64,
    /// Upper bound.
    pub high: i64,
}

impl Yearly {
    /// Thousandths to whole ones.
    fn whole(self) -> Yearly {
        let whole = |value: i64| (value as f64 / 1_000.0).round() as i64;
        Yearly { estimate: whole(self.estimate), low: whole(self.low), high: whole(self.high) }
    }
}

/// What a failure does to a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfFailure {
    /// Which, as the plan counts them.
    #[serde(skip)]
    pub failure: usize,
    /// Time without an acknowledged write, in ms.
    pub gap: Stats,
    /// The same, counting only writes that survived.
    pub gap_surviving: Stats,
    /// How often which time came; see [`histogram`].
    pub gap_histogram: Vec<(i64, u64)>,
    /// Acknowledged writes lost, over all runs.
    pub lost: u64,
    /// Runs that lost any.
    pub losing: Share,
    /// Longest time with two masters, in ms.
    pub split_max: i64,
    /// Runs with any.
    pub split: Share,
    /// Completed failovers, over all runs.
    pub failovers: u64,
    /// Runs with a false one.
    pub false_failovers: Share,
    /// Runs in which failovers were begun and none completed.
    pub failed_failovers: Share,
    /// Runs after which not everything was well again.
    pub unrecovered: Share,
}

/// What is known of a cell. By the year; times in ms, numbers in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Runs.
    pub runs: u64,
    /// Runs in which the cluster never came to rest before the failure: they say nothing.
    pub undecided: u64,
    /// By failures.
    pub failures: Vec<OfFailure>,
    /// Time without an acknowledged write.
    pub outage_ms: Yearly,
    /// Time without an acknowledged write that survived.
    pub outage_surviving_ms: Yearly,
    /// Acknowledged writes lost.
    pub lost: Yearly,
    /// Failures that lose any.
    pub losing: Yearly,
    /// Time with two masters.
    pub split_ms: Yearly,
    /// Completed failovers.
    pub failovers: Yearly,
    /// Failures with a false failover.
    pub false_failovers: Yearly,
    /// Failures that lead to failovers of which none is completed.
    pub failed_failovers: Yearly,
    /// Failures after which not everything is well again.
    pub unrecovered: Yearly,
}

/// How a cell differs from the scenario as it stands, in the same environment, seed by seed. By the year; times in ms, numbers
/// in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Time without an acknowledged write.
    pub outage_ms: Yearly,
    /// Acknowledged writes lost.
    pub lost: Yearly,
    /// Failures with a false failover.
    pub false_failovers: Yearly,
}

/// Counts by the lower ends of buckets, ascending. Buckets are those of HDR histograms with two digits: of each number the first
/// eight bits, so that a value is known to within one in 128. Counts of equal ends of several histograms may be added.
pub fn histogram(sorted: &[i64]) -> Vec<(i64, u64)> {
    let mut counts: Vec<(i64, u64)> = Vec::new();
    for value in sorted {
        let shift = (i64::BITS - value.max(&1).leading_zeros()).saturating_sub(8);
        let low = value >> shift << shift;
        match counts.last_mut() {
            Some((last, count)) if *last == low => *count += 1,
            _ => counts.push((low, 1)),
        }
    }
    counts
}

/// The numbers of all cells.
pub fn cells(merged: &Merged) -> Vec<Cell> {
    merged
        .cells
        .iter()
        .enumerate()
        .map(|(number, samples)| cell(samples, merged, merged.plan.place(number).0))
        .collect()
}

/// An amount of a run.
type Amount = fn(&Sample) -> i64;

/// The amounts that have a sum by the year.
const AMOUNTS: [Amount; 5] = [
    |sample| sample.gap as i64,
    |sample| sample.gap_surviving as i64,
    |sample| sample.lost as i64,
    |sample| sample.split as i64,
    |sample| sample.failovers as i64,
];

/// The differences of all cells.
pub fn differences(merged: &Merged) -> Vec<Difference> {
    let plan = &merged.plan;
    (0..plan.cells()).map(|cell| difference(merged, cell, plan.cell(plan.place(cell).0, plan.current))).collect()
}

/// How a cell differs from another of its environment, by the seeds that both have.
pub(crate) fn difference(merged: &Merged, cell: usize, other: usize) -> Difference {
    let pairs: Vec<(Sample, Sample)> =
        merged.cells[cell].iter().copied().zip(merged.cells[other].iter().copied()).collect();
    let environment = merged.plan.place(cell).0;
    let by_year = |value: &dyn Fn(&Sample) -> i64| {
        mean_based(merged, environment, &|failure| {
            merged.of_failure(&pairs, environment, failure).map(|(a, b)| value(a) - value(b)).collect()
        })
    };
    Difference {
        outage_ms: by_year(&|sample| sample.gap.into()).whole(),
        lost: by_year(&|sample| sample.lost.into()),
        false_failovers: by_year(&|sample| sample.false_failover.into()),
    }
}

fn cell(samples: &[Sample], merged: &Merged, environment: usize) -> Cell {
    let each = &merged.plan.occurring[environment];
    // Each failure has its part of the error, so that their sum over the year has the whole of it at most.
    let alpha = ALPHA / each.len() as f64;
    let count = |failure: usize, is: &dyn Fn(&Sample) -> bool| {
        let (mut runs, mut all) = (0, 0);
        for sample in merged.of_failure(samples, environment, failure) {
            all += 1;
            runs += u64::from(is(sample));
        }
        (runs, all)
    };
    let failures = each.iter().map(|failure| {
        let failure = *failure;
        let share = |is: &dyn Fn(&Sample) -> bool| {
            let (runs, all) = count(failure, is);
            Share::of(runs, all, alpha)
        };
        let its = || merged.of_failure(samples, environment, failure);
        let mut gaps: Vec<i64> = its().map(|sample| sample.gap.into()).collect();
        let mut surviving: Vec<i64> = its().map(|sample| sample.gap_surviving.into()).collect();
        let has_seeds = "each failure has a seed: the plan was checked";
        OfFailure {
            failure,
            gap: Stats::of(&mut gaps).expect(has_seeds),
            gap_surviving: Stats::of(&mut surviving).expect(has_seeds),
            gap_histogram: histogram(&gaps),
            lost: its().map(|sample| u64::from(sample.lost)).sum(),
            losing: share(&|sample| sample.lost > 0),
            split_max: its().map(|sample| sample.split.into()).max().unwrap_or(0),
            split: share(&|sample| sample.split > 0),
            failovers: its().map(|sample| u64::from(sample.failovers)).sum(),
            false_failovers: share(&|sample| sample.false_failover),
            failed_failovers: share(&|sample| sample.failed_failover),
            unrecovered: share(&|sample| !sample.recovered),
        }
    });
    let failures: Vec<OfFailure> = failures.collect();
    let [outage, outage_surviving, lost, split, failovers] = std::array::from_fn(|amount| {
        let values = |failure| merged.of_failure(samples, environment, failure).map(AMOUNTS[amount]).collect();
        let it = mean_based(merged, environment, &values);
        let most = samples.iter().map(AMOUNTS[amount]).max().unwrap_or(0);
        let (less, more) = unseen(merged, environment, &values, most, alpha);
        let (low, high) = (it.low.min(it.estimate - less).max(0), it.high.max(it.estimate.saturating_add(more)));
        Yearly { low, high, ..it }
    });
    let probable = |share: &dyn Fn(&OfFailure) -> Share| probability_based(&merged.plan.failures, &failures, share);
    Cell {
        runs: samples.len() as u64,
        undecided: samples.iter().filter(|sample| !sample.settled).count() as u64,
        outage_ms: outage.whole(),
        outage_surviving_ms: outage_surviving.whole(),
        lost,
        losing: probable(&|failure| failure.losing),
        split_ms: split.whole(),
        failovers,
        false_failovers: probable(&|failure| failure.false_failovers),
        failed_failovers: probable(&|failure| failure.failed_failovers),
        unrecovered: probable(&|failure| failure.unrecovered),
        failures,
    }
}

/// By how much a yearly amount may be less and more than its estimate, in thousandths, because of kinds of runs that were not
/// seen: of `n` runs none shows what comes in fewer than `1 - (alpha/2)^(1/n)` of them. Such runs may have nothing of the amount,
/// or the most that any failure brings.
fn unseen(
    merged: &Merged,
    environment: usize,
    values: &dyn Fn(usize) -> Vec<i64>,
    most: i64,
    alpha: f64,
) -> (i64, i64) {
    let (mut less, mut more) = (0.0, 0.0);
    for failure in &merged.plan.occurring[environment] {
        let values = values(*failure);
        let n = values.len() as f64;
        let mean = values.iter().sum::<i64>() as f64 / n;
        let weight = (1.0 - (alpha / 2.0).powf(n.recip())) * merged.plan.failures[*failure].per_year_milli as f64;
        less += weight * mean;
        more += weight * (most as f64 - mean);
    }
    (less.ceil() as i64, more.ceil() as i64)
}

/// Rates times means, in thousandths, with an interval by standard errors: near enough for amounts that most runs have, too
/// narrow for what hardly any run has.
fn mean_based(merged: &Merged, environment: usize, values: &dyn Fn(usize) -> Vec<i64>) -> Yearly {
    let (mut estimate, mut variance) = (0i128, 0.0);
    for number in &merged.plan.occurring[environment] {
        let values = values(*number);
        let (n, rate) = (values.len() as i128, i128::from(merged.plan.failures[*number].per_year_milli));
        let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
        estimate += rate * sum / n;
        if n > 1 {
            let squares: i128 = values.iter().map(|value| i128::from(*value) * i128::from(*value)).sum();
            let of_mean = (n * squares - sum * sum) as f64 / (n * n * (n - 1)) as f64;
            variance += rate as f64 * rate as f64 * of_mean;
        }
    }
    let half = (STANDARD_ERRORS * variance.sqrt()).ceil() as i64;
    let estimate = estimate as i64;
    Yearly { estimate, low: estimate - half, high: estimate.saturating_add(half) }
}

/// Rates times probabilities, in thousandths.
fn probability_based(each: &[Failure], found: &[OfFailure], share: &dyn Fn(&OfFailure) -> Share) -> Yearly {
    let mut yearly = Yearly::default();
    for found in found {
        let (share, rate) = (share(found), i128::from(each[found.failure].per_year_milli));
        yearly.estimate += (rate * i128::from(share.runs) / i128::from(found.gap.n)) as i64;
        yearly.low += (rate * i128::from(share.low_ppm) / 1_000_000) as i64;
        yearly.high += ((rate * i128::from(share.high_ppm)) as u128).div_ceil(1_000_000) as i64;
    }
    yearly
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_exact_below_256_and_within_one_in_128_above() {
        assert_eq!(
            histogram(&[0, 0, 255, 256, 257, 258, 10_000, 10_040]),
            [(0, 2), (255, 1), (256, 2), (258, 1), (9_984, 2)]
        );
        let (a, b) = (0..5_000).partition::<Vec<i64>, _>(|value| value % 3 == 0);
        let mut sum = std::collections::BTreeMap::new();
        for (low, count) in histogram(&a).into_iter().chain(histogram(&b)) {
            *sum.entry(low).or_insert(0) += count;
            assert!(a.iter().chain(&b).any(|value| *value >= low && (value - low) * 128 <= *value));
        }
        assert_eq!(sum.into_iter().collect::<Vec<_>>(), histogram(&(0..5_000).collect::<Vec<i64>>()));
    }
}
