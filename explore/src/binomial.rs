//! Intervals for probabilities from exact counts: Clopper and Pearson (Biometrika 26, 1934), which never promises too much.
//!
//! The bounds are found by bisection on the tail of the binomial distribution. The tail is summed from the mode outwards, in
//! terms relative to that of the mode, and divided by the sum of all terms: only the four basic operations, so that every
//! machine gives the same bits, and nothing overflows.

/// Bisections: more than the digits of a double.
const STEPS: u32 = 60;

/// Terms that are smaller relative to the mode's are left out.
const NEGLIGIBLE: f64 = 1e-20;

/// The interval of the probability of what came `k` times in `n`, for an error of `alpha` (0.05: 95 %).
pub fn clopper_pearson(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    assert!(k <= n, "{k} of {n}");
    let low = if k == 0 { 0.0 } else { solve(|p| at_least(k, n, p) < alpha / 2.0) };
    let high = if k == n { 1.0 } else { solve(|p| 1.0 - at_least(k + 1, n, p) > alpha / 2.0) };
    (low, high)
}

/// Where a condition that holds for small probabilities ceases to hold.
fn solve(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if holds(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The probability that something of probability `p` comes at least `k` times in `n`.
fn at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    let mode = ((((n + 1) as f64) * p) as u64).min(n);
    let odds = p / (1.0 - p);
    let (mut inside, mut outside) = (0.0, 0.0);
    let mut add = |j: u64, term: f64| if j >= k { inside += term } else { outside += term };
    add(mode, 1.0);
    let mut term = 1.0;
    for j in mode..n {
        term *= (n - j) as f64 / (j + 1) as f64 * odds;
        add(j + 1, term);
        if term < NEGLIGIBLE {
            break;
        }
    }
    term = 1.0;
    for j in (0..mode).rev() {
        term *= (j + 1) as f64 / (n - j) as f64 / odds;
        add(j, term);
        if term < NEGLIGIBLE {
            break;
        }
    }
    inside / (inside + outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), low: f64, high: f64) {
        assert!((found.0 - low).abs() < 5e-7 && (found.1 - high).abs() < 5e-7, "{found:?}, not {low}, {high}");
    }

    #[test]
    fn nothing_and_everything_have_the_bounds_that_can_be_written_down() {
        for n in [1, 3, 20, 100, 5_000] {
            let bound = 0.025f64.powf(1.0 / n as f64);
            close(clopper_pearson(0, n, 0.05), 0.0, 1.0 - bound);
            close(clopper_pearson(n, n, 0.05), bound, 1.0);
        }
    }

    #[test]
    fn values_are_those_of_published_tables() {
        // As `binom.test` of R gives them.
        close(clopper_pearson(1, 10, 0.05), 0.002_528_6, 0.445_016_1);
        close(clopper_pearson(5, 10, 0.05), 0.187_086_0, 0.812_914_0);
        close(clopper_pearson(682, 925, 0.05), 0.707_668_3, 0.765_406_6);
    }

    #[test]
    fn bounds_are_where_the_tails_have_their_weight_by_plain_sums() {
        // The tail by its definition, without any of the tricks above.
        let tail = |k: u64, n: u64, p: f64| -> f64 {
            let choose = |j: u64| (0..j).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
            (k..=n).map(|j| choose(j) * p.powi(j as i32) * (1.0 - p).powi((n - j) as i32)).sum()
        };
        for n in [2u64, 7, 25] {
            for k in 1..n {
                let (low, high) = clopper_pearson(k, n, 0.05);
                assert!((tail(k, n, low) - 0.025).abs() < 1e-9, "{k} of {n}: {low}");
                assert!((tail(k + 1, n, high) - 0.975).abs() < 1e-9, "{k} of {n}: {high}");
            }
        }
    }

    #[test]
    fn many_runs_neither_overflow_nor_vanish() {
        let (low, high) = clopper_pearson(500_000, 1_000_000, 0.05);
        assert!(low > 0.499 && low < 0.4991 && high > 0.5009 && high < 0.501, "{low} {high}");
        let (_, high) = clopper_pearson(0, 1_000_000, 0.05);
        assert!(high > 3.6e-6 && high < 3.7e-6, "{high}");
    }
}
