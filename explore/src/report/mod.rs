//! A sweep's outcome as text, as JSON and as a page. Renders only.

mod html;
mod json;
mod plan;
mod text;

pub use html::html;
pub use json::json;
pub use plan::plan;
pub use text::{again, text};

use crate::promise::Goal;

/// A value of a goal, as people write it.
fn amount(goal: Goal, value: i64) -> String {
    if goal.is_time() { time(value) } else { format!("{} a year", thousandths(value)) }
}

/// Milliseconds, with three digits where they are not whole.
fn time(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let size = ms.unsigned_abs();
    match size {
        0..1_000 => format!("{sign}{size} ms"),
        1_000..100_000 => format!("{sign}{}.{:02} s", size / 1_000, size % 1_000 / 10),
        100_000..6_000_000 => format!("{sign}{}.{} min", size / 60_000, size % 60_000 / 6_000),
        _ => format!("{sign}{}.{} h", size / 3_600_000, size % 3_600_000 / 360_000),
    }
}

/// Thousandths, with as many digits as say something.
fn thousandths(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    if size >= 100_000 || size.is_multiple_of(1_000) {
        return format!("{sign}{}", size / 1_000);
    }
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000).trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_are_as_long_as_they_need_to_be() {
        let times: Vec<String> = [0, 999, -1_234, 99_999, 100_000, 7_200_000].into_iter().map(time).collect();
        assert_eq!(times, ["0 ms", "999 ms", "-1.23 s", "99.99 s", "1.6 min", "2.0 h"]);
        let numbers: Vec<String> = [0, 2_000, 2_500, -125, 123_456].into_iter().map(thousandths).collect();
        assert_eq!(numbers, ["0", "2", "2.5", "-0.125", "123"]);
    }
}
