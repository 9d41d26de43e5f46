//! Durations, shares and sizes as people write them: `50us`, `1.5s`, `8s..12s`, `0.1%`, `1mb`. Integer arithmetic.

use splitbrain_model::Nanos;

/// Longest duration that is accepted: ten years.
pub const LONGEST: Nanos = Nanos::from_secs(10 * 366 * 24 * 3600);

/// Why a text is no such quantity, as the end of "expected …".
pub type Wrong = &'static str;

const DURATION: Wrong = "a duration with a unit (us, ms, s, m or h), like \"10s\" or \"1.5s\"";

/// A duration with a unit.
pub fn duration(text: &str) -> Result<Nanos, Wrong> {
    let text = text.trim();
    if text.strip_prefix('-').is_some_and(|rest| duration(rest).is_ok()) {
        return Err("a duration that is not negative");
    }
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(DURATION)?;
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit.trim() {
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(DURATION),
    };
    let nanos = scaled(number, scale).ok_or(DURATION)?;
    if nanos > LONGEST.0 { Err("a duration of at most ten years") } else { Ok(Nanos(nanos)) }
}

/// A duration, or two with `..` between them: lower and upper bound, both included.
pub fn duration_range(text: &str) -> Result<(Nanos, Nanos), Wrong> {
    let Some((low, high)) = text.split_once("..") else {
        return duration(text).map(|both| (both, both));
    };
    let (low, high) = (duration(low)?, duration(high)?);
    if low > high { Err("a range whose first duration is the shorter one") } else { Ok((low, high)) }
}

/// A percentage in millionths.
pub fn percent_ppm(text: &str) -> Result<u32, Wrong> {
    const SHARE: Wrong = "a percentage between \"0%\" and \"100%\"";
    let number = text.trim().strip_suffix('%').ok_or(SHARE)?;
    match scaled(number.trim(), 10_000) {
        Some(ppm) if ppm <= 1_000_000 => Ok(ppm as u32),
        _ => Err(SHARE),
    }
}

/// A size in bytes as redis.conf writes it: `1gb`, `1mb`, `100kb` (powers of 1024), `1m`, `1k` (powers of 1000).
pub fn bytes(text: &str) -> Result<u64, Wrong> {
    const SIZE: Wrong = "a size in bytes, like 1048576 or \"1mb\"";
    let text = text.trim().to_ascii_lowercase();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return Err(SIZE),
    };
    number.parse::<u64>().ok().and_then(|n| n.checked_mul(scale)).ok_or(SIZE)
}

/// A decimal number in thousandths.
pub fn thousandths(text: &str) -> Option<u64> {
    scaled(text, 1_000)
}

/// A decimal number times `scale`, if the product is whole.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let parts = 10u64.pow(fraction.len() as u32);
    let fraction: u64 = fraction.parse().ok()?;
    let fraction = u128::from(fraction) * u128::from(scale);
    if !fraction.is_multiple_of(u128::from(parts)) {
        return None;
    }
    let fraction = u64::try_from(fraction / u128::from(parts)).ok()?;
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(fraction)
}

/// A duration as short as it can be written.
pub fn show(d: Nanos) -> String {
    let units =
        [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    for (scale, unit) in units {
        if d.0 >= scale && d.0.is_multiple_of(scale) {
            return format!("{}{unit}", d.0 / scale);
        }
    }
    if d.0 == 0 { "0s".to_owned() } else { format!("{}ns", d.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_may_have_decimals() {
        assert_eq!(duration("50us"), Ok(Nanos::from_micros(50)));
        assert_eq!(duration("1.5s"), Ok(Nanos::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Nanos::from_secs(120)));
        assert_eq!(duration("0s"), Ok(Nanos::ZERO));
        for wrong in ["", "10", "s", "1.s", ".5s", "1..2s", "1e3s", "10 parsecs", "99999999999999999999s", "+1s"] {
            assert!(duration(wrong).is_err(), "{wrong:?} is no duration");
        }
        assert_eq!(duration("-3s"), Err("a duration that is not negative"));
        assert_eq!(duration("999999h"), Err("a duration of at most ten years"));
    }

    #[test]
    fn ranges_ascend() {
        assert_eq!(duration_range("2s..4s"), Ok((Nanos::from_secs(2), Nanos::from_secs(4))));
        assert_eq!(duration_range("2s"), Ok((Nanos::from_secs(2), Nanos::from_secs(2))));
        assert!(duration_range("4s..2s").is_err());
    }

    #[test]
    fn shares_and_sizes() {
        assert_eq!(percent_ppm("0.1%"), Ok(1_000));
        assert_eq!(percent_ppm("100%"), Ok(1_000_000));
        assert!(percent_ppm("101%").is_err() && percent_ppm("0.1").is_err());
        assert_eq!(bytes("1mb"), Ok(1 << 20));
        assert_eq!(bytes("16k"), Ok(16_000));
        assert!(bytes("1tb").is_err() && bytes("mb").is_err());
    }

    #[test]
    fn shown_durations_read_back() {
        for d in [0, 1_000, 50_000, 1_500_000_000, 60_000_000_000, 7_200_000_000_000] {
            assert_eq!(duration(&show(Nanos(d))), Ok(Nanos(d)));
        }
    }
}
