//! Numbers as the C functions that Redis uses read them.

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `strtol` in base 10: the number, saturated, and what follows it.
pub(super) fn strtol(text: &str) -> (i64, &str) {
    let bytes = text.as_bytes();
    let mut at = bytes.iter().take_while(|byte| is_space(**byte)).count();
    let negative = bytes.get(at) == Some(&b'-');
    if matches!(bytes.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return (0, text);
    }
    let size = bytes[at..at + digits].iter().fold(0i128, |n, byte| (n * 10 + i128::from(byte - b'0')).min(1 << 70));
    let value = if negative { -size } else { size };
    let value = value.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    (value, &text[at + digits..])
}

/// `atoi`: no digits are 0, what follows is ignored, and what does not fit wraps around.
pub(super) fn atoi(text: &str) -> i32 {
    strtol(text).0 as i32
}

/// `strtoull` in base 10, saturated; a minus negates within 64 bits.
pub(super) fn strtoull(text: &str) -> u64 {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let negative = trimmed.starts_with('-');
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let size = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .try_fold(0u64, |n, byte| n.checked_mul(10)?.checked_add(u64::from(byte - b'0')));
    match size {
        None => u64::MAX,
        Some(size) if negative => size.wrapping_neg(),
        Some(size) => size,
    }
}

/// `string2ll`: decimal without sign `+`, leading zeros or anything else.
pub(super) fn string2ll(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = digits.starts_with('0') && text != "0";
    if digits.is_empty() || !plain || leading_zero {
        return None;
    }
    text.parse().ok()
}

/// `memtoull`: a number of bytes with a unit.
pub(super) fn memory(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    // Redis copies the digits into 128 bytes.
    if digits >= 128 {
        return None;
    }
    let (number, unit) = text.split_at(digits);
    let unit = match &*unit.to_ascii_lowercase() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    Some(strtoull(number).wrapping_mul(unit))
}

/// `strtoll` in base 8 over the whole text; nothing is 0.
pub(super) fn octal(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(|c: char| c.is_ascii() && is_space(c as u8));
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    i64::from_str_radix(text, 8).ok()
}

/// `strtod` over the whole text, without space around it: decimal, hexadecimal or infinite. What is no number, too large
/// or too small is refused.
pub(super) fn strtod(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let size = match lower.strip_prefix("0x") {
        Some(hex) => hexadecimal(hex)?,
        None if lower == "inf" || lower == "infinity" => f64::INFINITY,
        None => {
            let plain = lower.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-'));
            let size: f64 = if plain { lower.parse().ok()? } else { return None };
            let mantissa = lower.split('e').next().unwrap_or_default();
            let is_zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
            if size.is_infinite() || size == 0.0 && !is_zero {
                return None;
            }
            size
        }
    };
    Some(if negative { -size } else { size })
}

/// A hexadecimal number after `0x`, with a point and a power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, power) = text.split_once('p').map_or((text, Ok(0)), |(mantissa, power)| (mantissa, power.parse()));
    let power: i32 = power.ok()?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + part.len() == 0 || power.abs() > 1000 {
        return None;
    }
    let digit = |size: f64, c: char| Some(size * 16.0 + f64::from(c.to_digit(16)?));
    let size = whole.chars().chain(part.chars()).try_fold(0.0, digit)?;
    Some(size * 2f64.powi(power - 4 * i32::try_from(part.len()).ok()?))
}

/// A dotted address as `inet_aton` takes it: one to four numbers, decimal, octal or hexadecimal.
pub fn ipv4(text: &str) -> Option<u32> {
    let parts: Vec<u64> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (last, heads) = parts.split_last()?;
    if heads.len() > 3 || heads.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 8 * (4 - heads.len() as u32);
    if *last >= 1 << room {
        return None;
    }
    let head = heads.iter().zip([24, 16, 8]).fold(0, |address, (part, shift)| address | part << shift);
    u32::try_from(head | last).ok()
}

fn c_number(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(hex), _) => (hex.to_owned(), 16),
        (None, Some(octal)) if !octal.is_empty() => (octal.to_owned(), 8),
        _ => (lower, 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(&digits, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoi_takes_what_it_can_and_wraps() {
        for (text, value) in [
            ("5000", 5000),
            (" 2", 2),
            ("+2", 2),
            ("-1", -1),
            ("5000ms", 5000),
            ("abc", 0),
            ("", 0),
            ("-", 0),
            ("0x10", 0),
            ("99999999999", 1_215_752_191),
        ] {
            assert_eq!(atoi(text), value, "{text}");
        }
    }

    #[test]
    fn epochs_saturate() {
        assert_eq!(strtoull("18446744073709551615"), u64::MAX);
        assert_eq!(strtoull("18446744073709551616"), u64::MAX);
        assert_eq!(strtoull("12x"), 12);
        assert_eq!(strtoull("-1"), u64::MAX);
        assert_eq!(strtoull("é"), 0);
    }

    #[test]
    fn strict_numbers_are_strict() {
        for text in ["", "+5", "007", "-0", "1.5", "10s", "9223372036854775808", "-"] {
            assert_eq!(string2ll(text), None, "{text}");
        }
        assert_eq!(string2ll("-12"), Some(-12));
        assert_eq!(string2ll("0"), Some(0));
    }

    #[test]
    fn memory_has_decimal_and_binary_units() {
        for (text, bytes) in [
            ("1gb", Some(1 << 30)),
            ("1MB", Some(1 << 20)),
            ("5k", Some(5000)),
            ("7b", Some(7)),
            ("mb", Some(0)),
            ("50%", None),
            ("-1", None),
            ("1tb", None),
            ("1Gi", None),
        ] {
            assert_eq!(memory(text), bytes, "{text}");
        }
    }

    #[test]
    fn permissions_and_percentiles_are_read_as_c_reads_them() {
        for (text, number) in
            [("770", Some(0o770)), ("", Some(0)), (" 7", Some(7)), ("8", None), ("7 ", None), ("-1", Some(-1))]
        {
            assert_eq!(octal(text), number, "{text}");
        }
        for (text, number) in [
            ("99.9", Some(99.9)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e1", Some(10.0)),
            ("0x1p3", Some(8.0)),
            ("+5", Some(5.0)),
            ("infinity", Some(f64::INFINITY)),
            ("1e400", None),
            ("1e-400", None),
            ("", None),
            ("nan", None),
            ("5x", None),
            (" 5", None),
        ] {
            assert_eq!(strtod(text), number, "{text}");
        }
    }

    #[test]
    fn addresses_have_all_the_forms_of_inet_aton() {
        for (text, address) in [
            ("127.0.0.1", Some(0x7f00_0001)),
            ("127.000.000.001", Some(0x7f00_0001)),
            ("0x7f.0.0.1", Some(0x7f00_0001)),
            ("10.0.5", Some(0x0a00_0005)),
            ("1", Some(1)),
            ("256.1.1.1", None),
            ("1.2.3.4.5", None),
            ("08.1.1.1", None),
            ("", None),
            ("a", None),
            ("redis-master", None),
        ] {
            assert_eq!(ipv4(text), address, "{text}");
        }
    }
}
