//! Log files of servers and Sentinels: stamps and texts. Written in UTC, to the millisecond, by the wall clock.

use std::fs;
use std::path::Path;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, milliseconds since 1970.
    pub wall_ms: i64,
    /// The text behind the stamp and the level.
    pub text: String,
}

/// Lines of a log with a stamp, in order; none if there is no file.
pub fn read(file: &Path) -> Vec<Line> {
    let bytes = fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().filter_map(line).collect()
}

/// `4711:X 21 Nov 2026 17:38:25.123 # +sdown master …`
fn line(text: &str) -> Option<Line> {
    let (_, rest) = text.split_once(' ')?;
    let mut words = rest.splitn(6, ' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = month(words.next()?)?;
    let year: i64 = words.next()?.parse().ok()?;
    let ms = of_day(words.next()?)?;
    let _level = words.next()?;
    let text = words.next()?.trim_end().to_owned();
    Some(Line { wall_ms: days(year, month, day) * 86_400_000 + ms, text })
}

fn month(name: &str) -> Option<i64> {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES.iter().position(|month| *month == name).map(|place| place as i64 + 1)
}

/// `17:38:25.123`
fn of_day(text: &str) -> Option<i64> {
    let (clock, ms) = text.split_once('.')?;
    let parts: Option<Vec<i64>> = clock.split(':').map(|part| part.parse().ok()).collect();
    let [hours, minutes, seconds] = parts?[..] else { return None };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms.parse::<i64>().ok()?)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// `2026-11-21T17:38:25Z`, from seconds since 1970.
pub fn date(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The date is found by trying years and months around it.
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= day).unwrap_or(1);
    let date = day - days(year, month, 1) + 1;
    format!("{year:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_wall_time_in_utc() {
        let found = line("4711:X 21 Nov 2026 17:38:25.123 # +sdown master mymaster 127.7.1.1 6379").unwrap();
        assert_eq!(found.text, "+sdown master mymaster 127.7.1.1 6379");
        assert_eq!(found.wall_ms, 1_795_282_705_123);
        assert_eq!(date(found.wall_ms / 1_000), "2026-11-21T17:38:25Z");
        assert_eq!(line("1:M 29 Feb 2024 00:00:00.000 * x").unwrap().wall_ms, 1_709_164_800_000);
        assert_eq!(line("1:C 01 Jan 1970 00:00:00.001 * x").unwrap().wall_ms, 1);
    }

    #[test]
    fn lines_without_a_stamp_are_left_out() {
        for text in ["", "  _._  ", "1:X 21 Nov", "Redis is starting"] {
            assert_eq!(line(text), None, "{text}");
        }
    }
}
