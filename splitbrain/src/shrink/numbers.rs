//! Smaller and rounder numbers.

use splitbrain_model::Millis;

/// Smaller values to try in place of this one, the smallest first.
pub(crate) fn smaller(value: Millis, least: i64) -> Vec<Millis> {
    let v = value.0;
    let parts = [v / 8, v / 4, v / 2, v / 4 * 3].map(|part| leading(part, 1));
    let mut tries = vec![least];
    tries.extend(parts);
    tries.extend([leading(v, 1), leading(v, 2)]);
    tries.retain(|value| (least..v).contains(value));
    tries.sort_unstable();
    tries.dedup();
    tries.into_iter().map(Millis).collect()
}

/// Larger values with fewer digits.
pub(crate) fn rounder(value: Millis) -> Vec<Millis> {
    let up = |digits: u32| {
        let down = leading(value.0, digits);
        if down == value.0 { down } else { down + unit(value.0, digits) }
    };
    let tries = [up(1), up(2)].map(Millis);
    tries.into_iter().filter(|larger| larger.0 > value.0 && digits(*larger) < digits(value)).collect()
}

/// Digits without the zeros at the end.
fn digits(value: Millis) -> usize {
    value.0.to_string().trim_end_matches('0').len()
}

fn unit(value: i64, digits: u32) -> i64 {
    let mut unit = 1;
    while value / unit >= 10_i64.pow(digits) {
        unit *= 10;
    }
    unit
}

/// The number with zeros behind so many leading digits.
fn leading(value: i64, digits: u32) -> i64 {
    let unit = unit(value, digits);
    value / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(values: Vec<Millis>) -> Vec<i64> {
        values.into_iter().map(|value| value.0).collect()
    }

    #[test]
    fn smaller_numbers_are_round_and_end_at_the_least() {
        assert_eq!(all(smaller(Millis(12_345), 0)), [0, 1_000, 3_000, 6_000, 9_000, 10_000, 12_000]);
        assert_eq!(all(smaller(Millis(7), 1)), [1, 3]);
        assert!(all(smaller(Millis(1), 1)).is_empty());
        assert!(all(smaller(Millis(0), 0)).is_empty());
    }

    #[test]
    fn rounder_numbers_are_larger_and_shorter() {
        assert_eq!(all(rounder(Millis(12_345))), [20_000, 13_000]);
        assert_eq!(all(rounder(Millis(9_999))), [10_000, 10_000]);
        assert!(all(rounder(Millis(3_000))).is_empty());
        assert!(all(rounder(Millis(0))).is_empty());
    }
}
