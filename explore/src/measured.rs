//! Round trips that were measured: lines of `ping`, of `redis-cli --latency`, or plain numbers of milliseconds, made into the
//! one-way latency of a scenario. One way is taken to be half of a round trip: nothing else can be seen from one end.

use splitbrain_scenarios::reader::Read;
use splitbrain_scenarios::{ScenarioError, Source, quantity};
use toml::{Table, Value};

/// Which quantiles are kept, in hundredths of a percent.
const SHARES: [u64; 20] = [
    0, 100, 500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 9_500, 9_800, 9_900, 9_950, 9_980,
    9_990, 9_999, 10_000,
];

const FORMS: &str = "the output of `ping`, of `redis-cli --latency`, or a round trip in milliseconds on each line";

/// What a file says of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Round trips in nanoseconds with how many of them there were, ascending.
    trips: Vec<(u64, u64)>,
    /// Packets that were sent and that came back, where it is told.
    packets: Option<(u64, u64)>,
}

/// Reads a file.
///
/// # Errors
/// If nothing was measured, or a line is none that such a file has, with its position.
pub fn read(source: &Source) -> Read<Measured> {
    let lines = lines(&source.text);
    let Some(first) = lines.first() else {
        return Err(ScenarioError::of_file(&source.file, "nothing was measured").expected(FORMS));
    };
    let mut measured = if millis(first).is_some() {
        numbers(source, &lines)?
    } else if record(first).is_some() {
        redis_cli(source, &lines)?
    } else if ["PING", "Pinging", "Reply from"].iter().any(|word| first.starts_with(word))
        || first.contains(" bytes from ")
    {
        ping(source, &lines)?
    } else {
        return Err(wrong(source, first, "this is no measurement", FORMS));
    };
    measured.trips.sort_unstable();
    if measured.trips.is_empty() {
        return Err(ScenarioError::of_file(&source.file, "nothing came back"));
    }
    Ok(measured)
}

/// Lines with something on them. On a terminal, `redis-cli` writes over its line again and again.
fn lines(text: &str) -> Vec<&str> {
    let parts = text.split(['\n', '\r']).flat_map(|line| {
        line.split('\u{1b}').enumerate().map(|(place, part)| match place {
            0 => part,
            _ => part.strip_prefix("[0G").or(part.strip_prefix("[2K")).unwrap_or(part),
        })
    });
    parts.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// An error at a part of the text.
fn wrong(source: &Source, part: &str, message: &str, expected: &str) -> Box<ScenarioError> {
    let from = part.as_ptr() as usize - source.text.as_ptr() as usize;
    source.error(from..from + part.len(), message).expected(expected)
}

/// Milliseconds with a decimal point, in nanoseconds.
fn millis(text: &str) -> Option<u64> {
    let number = text.trim().trim_end_matches("ms").trim_end();
    quantity::duration(&format!("{number}ms")).ok().map(|d| d.0)
}

fn numbers(source: &Source, lines: &[&str]) -> Read<Measured> {
    let one = |line: &&str| {
        millis(line)
            .ok_or_else(|| wrong(source, line, "this is no round trip", "milliseconds, like 0.35"))
            .map(|d| (d, 1))
    };
    Ok(Measured { trips: lines.iter().map(one).collect::<Read<_>>()?, packets: None })
}

/// What a line of `redis-cli --latency` says: least, most, average, how many.
type Record = (u64, u64, u64, u64);

/// `min: 0, max: 1, avg: 0.19 (427 samples)`; redirected, `0 1 0.19 427`; with `--csv`, commas between.
fn record(line: &str) -> Option<Record> {
    let mut numbers = line.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|part| !part.is_empty());
    let bare = !line.contains(|c: char| !c.is_ascii_digit() && !" .,\t".contains(c));
    let is_record = line.starts_with("min:") || (bare && numbers.clone().count() == 4);
    if !is_record {
        return None;
    }
    let (min, max, average) = (millis(numbers.next()?)?, millis(numbers.next()?)?, millis(numbers.next()?)?);
    let samples: u64 = numbers.next()?.parse().ok()?;
    (min <= average && average <= max && samples > 0).then_some((min, max, average, samples))
}

/// Of each line, the shortest and the longest round trip once, and all others at what makes the average right: no more is
/// known. Lines that go on counting are one.
fn redis_cli(source: &Source, lines: &[&str]) -> Read<Measured> {
    let mut records: Vec<Record> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        // Told at the end of each part of `--latency-history`.
        if line.starts_with("--") {
            continue;
        }
        let Some(record) = record(line) else {
            // Interrupted in the middle of its output, as is usual for it.
            if place > 0 && place + 1 == lines.len() && !source.text.ends_with('\n') {
                break;
            }
            return Err(wrong(
                source,
                line,
                "this is no line of `redis-cli --latency`",
                "least, most, average, samples",
            ));
        };
        let goes_on =
            |last: &Record| last.3.checked_add(1) == Some(record.3) && record.0 <= last.0 && last.1 <= record.1;
        if records.last().is_some_and(goes_on) {
            records.pop();
        }
        records.push(record);
    }
    let trips = records.into_iter().flat_map(|(min, max, average, samples)| match samples {
        1 => vec![(average, 1)],
        2 => vec![(min, 1), (max, 1)],
        _ => {
            let sum = (u128::from(average) * u128::from(samples)).saturating_sub(u128::from(min) + u128::from(max));
            let others = (sum / u128::from(samples - 2)) as u64;
            vec![(min, 1), (others.clamp(min, max), samples - 2), (max, 1)]
        }
    });
    Ok(Measured { trips: trips.collect(), packets: None })
}

/// `64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.345 ms`, and how many were sent and came back. What else `ping` tells is
/// passed over.
fn ping(source: &Source, lines: &[&str]) -> Read<Measured> {
    let mut measured = Measured { trips: Vec::new(), packets: None };
    for line in lines {
        if let Some(place) = line.find("time=").or(line.find("time<")) {
            let value = &line[place + "time=".len()..];
            let number = value.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').next().unwrap_or("");
            let whole = value[number.len()..].trim_start().starts_with("ms");
            let trip = millis(&number.replace(',', ".")).filter(|_| whole);
            measured
                .trips
                .push((trip.ok_or_else(|| wrong(source, value, "this is no time of `ping`", "like 0.345 ms"))?, 1));
        } else if let Some(told) = packets(line) {
            let sum = measured.packets.unwrap_or_default();
            measured.packets = Some((sum.0 + told.0, sum.1 + told.1));
        }
    }
    Ok(measured)
}

/// `100 packets transmitted, 99 received, 1% packet loss`, or `99 packets received`.
fn packets(line: &str) -> Option<(u64, u64)> {
    let (sent, rest) = line.split_once(" packets transmitted, ")?;
    let received = rest.split(' ').next()?;
    let (sent, received) = (sent.parse().ok()?, received.parse().ok()?);
    (received <= sent).then_some((sent, received))
}

impl Measured {
    /// How many round trips there are.
    pub fn count(&self) -> u64 {
        self.trips.iter().map(|(_, count)| count).sum()
    }

    /// A round trip by its place from the shortest on.
    fn nth(&self, mut place: u64) -> u64 {
        for (trip, count) in &self.trips {
            match place.checked_sub(*count) {
                None => return *trip,
                Some(rest) => place = rest,
            }
        }
        self.trips.last().map_or(0, |(trip, _)| *trip)
    }

    /// One-way latency in microseconds, at least one, at a share in hundredths of a percent.
    fn one_way(&self, share: u64) -> u64 {
        let at = u128::from(share) * u128::from(self.count() - 1);
        let (place, part) = ((at / 10_000) as u64, at % 10_000);
        let (low, high) = (u128::from(self.nth(place)), u128::from(self.nth(place + 1)));
        let trip = low + (high - low) * part / 10_000;
        (trip.div_ceil(2_000) as u64).max(1)
    }

    /// `latency` as a scenario file has it.
    pub fn latency(&self) -> Value {
        let pair = |share: u64| {
            let percent = format!("{}.{:02}", share / 100, share % 100);
            let percent = format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'));
            Value::Array(vec![Value::String(percent), Value::String(format!("{}us", self.one_way(share)))])
        };
        let quantiles = Value::Array(SHARES.into_iter().map(pair).collect());
        Value::Table(Table::from_iter([("quantiles".to_owned(), quantiles)]))
    }

    /// `loss` as a scenario file has it: half of the round trips that were lost, in steps of 0.0001 %.
    pub fn loss(&self) -> Option<Value> {
        let (sent, received) = self.packets.filter(|(sent, _)| *sent > 0)?;
        let ppm = u128::from(sent - received) * 1_000_000 / u128::from(sent) / 2;
        Some(Value::String(format!("{}.{:04}%", ppm / 10_000, ppm % 10_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Measured {
        read(&Source::new("network.txt", text)).unwrap()
    }

    fn trips(text: &str) -> Vec<(u64, u64)> {
        of(text).trips.into_iter().map(|(trip, count)| (trip / 1_000, count)).collect()
    }

    #[test]
    fn ping_is_read_as_linux_macos_busybox_and_windows_write_it() {
        let linux = "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.345 ms\n\
                     64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=12,5 ms (DUP!)\n\n--- 10.0.0.2 ping statistics ---\n\
                     4 packets transmitted, 2 received, 50% packet loss, time 3055ms\n\
                     rtt min/avg/max/mdev = 0.345/6.4/12.5/0.1 ms\n";
        assert_eq!(trips(linux), [(345, 1), (12_500, 1)]);
        assert_eq!(of(linux).loss(), Some(Value::String("25.0000%".to_owned())));
        let macos = "64 bytes from 1.1.1.1: icmp_seq=0 ttl=57 time=3.5 ms\n1 packets transmitted, 1 packets received, 0.0% packet loss";
        assert_eq!(of(macos).packets, Some((1, 1)));
        assert_eq!(
            trips("Pinging a with 32 bytes of data:\r\nReply from 1.2.3.4: bytes=32 time<1ms TTL=64\r\n"),
            [(1_000, 1)]
        );
    }

    #[test]
    fn of_redis_cli_the_ends_are_kept_and_the_average_is_right() {
        assert_eq!(
            trips("min: 0, max: 4, avg: 0.50 (100 samples) -- 1.01 seconds range"),
            [(0, 1), (469, 98), (4_000, 1)]
        );
        assert_eq!(trips("0 4 0.50 100\n"), trips("0,4,0.50,100\n"));
        // As a terminal has it: every line replaces the one before, until counting begins anew.
        let history = "\u{1b}[0G\u{1b}[2Kmin: 1, max: 1, avg: 1.00 (1 samples)\u{1b}[0G\u{1b}[2Kmin: 1, max: 3, avg: 2.00 (2 samples)\
                       -- 15.00 seconds range\n\u{1b}[0G\u{1b}[2Kmin: 7, max: 7, avg: 7.00 (1 samples)";
        assert_eq!(trips(history), [(1_000, 1), (3_000, 1), (7_000, 1)]);
        // Redirected and interrupted.
        assert_eq!(
            trips("16 16 16.00 1\n0 16 8.00 2\n -- 1.00 seconds range\n2 2 2.00 1\n2 2 2.0"),
            [(0, 1), (2_000, 1), (16_000, 1)]
        );
    }

    #[test]
    fn quantiles_are_those_of_half_the_round_trips() {
        let text: String = (0..=100).map(|n| format!("{n}\n")).collect();
        let of_share = |share| of(&text).one_way(share);
        assert_eq!([0, 100, 5_000, 9_950, 10_000].map(of_share), [1, 500, 25_000, 49_750, 50_000]);
        assert_eq!(of("# ms\n\n0.3\n").one_way(7_000), 150);
        assert_eq!(of(&text).loss(), None);
        let scenario = format!("[cluster]\n[network]\nlatency = {}\n", of(&text).latency());
        let read = splitbrain_scenarios::Scenario::parse(&Source::new("s.toml", scenario)).unwrap();
        assert_eq!(read.environment().latency.max(), splitbrain::model::Nanos::from_millis(50));
    }

    #[test]
    fn what_is_no_measurement_is_told_with_its_place() {
        for (text, place, message) in [
            ("", (0, 0), "nothing was measured"),
            ("hello\n", (1, 1), "this is no measurement"),
            ("0.3\n0.4\n  fast\n", (3, 3), "this is no round trip"),
            ("0.3\n-4\n", (2, 1), "this is no round trip"),
            ("0 1 0.5 10\n0 1\n", (2, 1), "this is no line of `redis-cli --latency`"),
            ("PING a\n64 bytes from a: icmp_seq=1 ttl=64 time=fast\n", (2, 41), "this is no time of `ping`"),
            ("PING a\n5 packets transmitted, 0 received\n", (0, 0), "nothing came back"),
        ] {
            let error = read(&Source::new("network.txt", text)).unwrap_err();
            assert_eq!((error.line, error.column, error.message.as_str()), (place.0, place.1, message), "{text}");
        }
    }
}
