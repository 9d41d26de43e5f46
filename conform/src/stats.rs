//! Statistics: two-sample Kolmogorov–Smirnov, Wasserstein-1, Kolmogorov–Smirnov against the uniform distribution, Fisher's
//! exact test. Pure functions of numbers.

/// The largest distance between two empirical distribution functions.
pub fn ks_distance(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] <= x {
            i += 1;
        }
        while j < b.len() && b[j] <= x {
            j += 1;
        }
        distance = distance.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    distance
}

/// Probability that two samples of these sizes from one continuous distribution lie as far apart: exact, by counting
/// lattice paths (Hodges 1958). 1 if either is empty.
pub fn ks_two_sample(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len(), b.len());
    if n == 0 || m == 0 {
        return 1.0;
    }
    // A hair less, so that paths which touch the observed distance count as such.
    let limit = ks_distance(a, b) - 1e-9;
    let outside = |i: usize, j: usize| (i as f64 / n as f64 - j as f64 / m as f64).abs() >= limit;
    // Share of paths to (i, j) that stayed inside all the way.
    let mut row = vec![0.0_f64; m + 1];
    for i in 0..=n {
        for j in 0..=m {
            let inside = match (i, j) {
                (0, 0) => 1.0,
                (0, _) => row[j - 1],
                (_, 0) => row[0],
                _ => (row[j] * i as f64 + row[j - 1] * j as f64) / (i + j) as f64,
            };
            row[j] = if outside(i, j) { 0.0 } else { inside };
        }
    }
    (1.0 - row[m]).clamp(0.0, 1.0)
}

/// Wasserstein-1 distance: the area between the distribution functions, in the unit of the values.
pub fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return f64::INFINITY;
    }
    let (a, b) = (sorted(a), sorted(b));
    let mut all: Vec<f64> = a.iter().chain(&b).copied().collect();
    all.sort_by(f64::total_cmp);
    let share = |sample: &[f64], x: f64| sample.partition_point(|value| *value <= x) as f64 / sample.len() as f64;
    all.windows(2).map(|pair| (pair[1] - pair[0]) * (share(&a, pair[0]) - share(&b, pair[0])).abs()).sum()
}

/// Probability that so many values drawn uniformly from 0 to 1 lie as far from uniform as these (Stephens' form of the
/// asymptotic distribution, good from four values on). 1 for none.
pub fn ks_uniform(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 1.0;
    }
    let values = sorted(values);
    let n = values.len() as f64;
    let distances = values.iter().enumerate();
    let distance = distances.map(|(i, x)| (x - i as f64 / n).max((i + 1) as f64 / n - x)).fold(0.0, f64::max);
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// The largest distance of values from the uniform distribution on 0 to 1.
pub fn uniform_distance(values: &[f64]) -> f64 {
    let values = sorted(values);
    let n = values.len() as f64;
    values.iter().enumerate().map(|(i, x)| (x - i as f64 / n).max((i + 1) as f64 / n - x)).fold(0.0, f64::max)
}

/// Fisher's exact test, two-sided: `a` of `n` against `b` of `m`. The sum of all tables that are no more likely.
pub fn fisher(a: u64, n: u64, b: u64, m: u64) -> f64 {
    if n == 0 || m == 0 {
        return 1.0;
    }
    let (hits, all) = (a + b, n + m);
    let logs = log_factorials(all);
    let choose = |n: u64, k: u64| logs[n as usize] - logs[k as usize] - logs[(n - k) as usize];
    let chance = |x: u64| choose(n, x) + choose(m, hits - x) - choose(all, hits);
    let observed = chance(a) + 1e-7;
    let tables = hits.saturating_sub(m)..=hits.min(n);
    tables.map(chance).filter(|p| *p <= observed).map(f64::exp).sum::<f64>().min(1.0)
}

fn log_factorials(n: u64) -> Vec<f64> {
    let mut logs = vec![0.0; n as usize + 1];
    for k in 1..logs.len() {
        logs[k] = logs[k - 1] + (k as f64).ln();
    }
    logs
}

/// The quantile of a value in a sample, strictly between 0 and 1. Where values are equal, `tie` (0 to 1) says where
/// among them it lies: recorded times are whole milliseconds, and with `tie` spread evenly the quantiles of equal
/// distributions are uniform all the same.
pub fn quantile_of(value: f64, sample: &[f64], tie: f64) -> f64 {
    let less = sample.iter().filter(|x| **x < value).count() as f64;
    let equal = sample.iter().filter(|x| **x == value).count() as f64;
    (less + tie * (equal + 1.0)) / (sample.len() as f64 + 1.0)
}

/// The `index`-th of a sequence that fills 0 to 1 evenly (multiples of the golden ratio).
pub fn spread(index: usize) -> f64 {
    (0.5 + index as f64 * 0.618_033_988_749_894_9).fract()
}

/// The median; `NaN` of nothing.
pub fn median(values: &[f64]) -> f64 {
    let values = sorted(values);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, by: f64) {
        assert!((a - b).abs() <= by, "{a} is not {b}");
    }

    #[test]
    fn two_samples_apart_have_the_probability_of_complete_separation() {
        // Of the C(6,3) = 20 arrangements of three and three, two are completely separated.
        close(ks_two_sample(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1, 1e-12);
        // Of the C(9,4) = 126, two.
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0]);
        close(ks_two_sample(&a, &b), 2.0 / 126.0, 1e-12);
        assert_eq!(ks_two_sample(&a, &a), 1.0);
    }

    #[test]
    fn the_exact_probability_agrees_with_an_enumeration_of_all_arrangements() {
        let (n, m) = (4_usize, 5_usize);
        let arrangement = |mask: u32| {
            let places = |wanted: u32| (0..9).filter(move |bit| mask >> bit & 1 == wanted).map(f64::from).collect();
            let (a, b): (Vec<f64>, Vec<f64>) = (places(1), places(0));
            (a, b)
        };
        let masks: Vec<u32> = (0..1 << (n + m)).filter(|mask: &u32| mask.count_ones() == n as u32).collect();
        let distances: Vec<f64> =
            masks.iter().map(|mask| arrangement(*mask)).map(|(a, b)| ks_distance(&a, &b)).collect();
        for mask in masks.iter().step_by(7) {
            let (a, b) = arrangement(*mask);
            let as_far = distances.iter().filter(|d| **d >= ks_distance(&a, &b) - 1e-9).count();
            close(ks_two_sample(&a, &b), as_far as f64 / distances.len() as f64, 1e-9);
        }
    }

    #[test]
    fn wasserstein_is_the_shift_between_equal_shapes() {
        close(wasserstein(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0]), 10.0, 1e-12);
        close(wasserstein(&[0.0, 0.0, 1.0, 1.0], &[0.0, 1.0]), 0.0, 1e-12);
        close(wasserstein(&[0.0], &[0.0, 1.0]), 0.5, 1e-12);
    }

    #[test]
    fn the_uniform_test_knows_its_critical_values() {
        // Critical distances of the one-sample test at 5 % and 1 % for n = 10 and 20 (Miller 1956).
        for (n, d, p) in [(10, 0.409_25, 0.05), (10, 0.488_93, 0.01), (20, 0.294_08, 0.05), (20, 0.352_41, 0.01)] {
            // All mass pushed up by d, cut at 1.
            let values: Vec<f64> = (0..n).map(|i| (f64::from(i) / f64::from(n) + d).min(1.0)).collect();
            close(ks_uniform(&values), p, p * 0.1);
        }
        let even: Vec<f64> = (0..100).map(|i| (f64::from(i) + 0.5) / 100.0).collect();
        assert!(ks_uniform(&even) > 0.999);
    }

    #[test]
    fn fisher_agrees_with_the_lady_tasting_tea() {
        close(fisher(3, 4, 1, 4), 0.485_714_285_7, 1e-9);
        close(fisher(4, 4, 0, 4), 2.0 / 70.0, 1e-12);
        close(fisher(1, 9, 11, 15), 0.009_438_8, 1e-3);
        assert_eq!(fisher(10, 10, 200, 200), 1.0);
    }

    #[test]
    fn quantiles_of_a_sample_in_itself_are_uniform_even_with_ties() {
        let sample: Vec<f64> = (0..500).map(|i| f64::from(i % 4)).collect();
        let quantiles: Vec<f64> = sample.iter().enumerate().map(|(i, x)| quantile_of(*x, &sample, spread(i))).collect();
        assert!(ks_uniform(&quantiles) > 0.5);
        assert!(quantiles.iter().all(|q| *q > 0.0 && *q < 1.0));
    }
}
