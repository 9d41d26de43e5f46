//! A trace of a run: one line per event with the digest after it, so that two runs whose digests differ can be compared
//! line by line. Made only when asked for; nothing depends on it.

use crate::digest::Digest;
use crate::tcp::NetEvent;
use splitbrain_model::{Act, Effects, TrueTime};
use std::fmt::Write as _;

/// The lines of a trace.
#[derive(Debug, Default)]
pub struct Trace {
    /// Lines: number, time in nanoseconds, digest, what happened, separated by tabs.
    pub text: String,
}

impl Trace {
    fn line(&mut self, number: u64, at: TrueTime, digest: Digest, what: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{number}\t{}\t{digest}\t{what}", at.0);
    }

    /// An event of the network.
    pub fn net(&mut self, number: u64, at: TrueTime, event: NetEvent, digest: Digest) {
        self.line(number, at, digest, format_args!("{event:?}"));
    }

    /// An iteration of a process.
    pub fn iteration(&mut self, number: u64, at: TrueTime, process: &str, out: &Effects, digest: Digest) {
        let mut what = String::new();
        for (conn, message) in out.stream.iter().chain(&out.sends) {
            let _ = write!(what, " {}:{message:?}", conn.0);
        }
        for (_, act) in &out.acts {
            let _ = match act {
                Act::Event(event) => write!(what, " {} {}", event.kind, event.payload()),
                act => write!(what, " {act:?}"),
            };
        }
        self.line(number, at, digest, format_args!("{process}{what}"));
    }
}

/// The first line at which two traces differ, with both lines; `None` if they are equal.
pub fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let digest = |line: &&str| line.split('\t').nth(2).map(str::to_owned);
    // A digest covers everything before it, so equal digests mean equal prefixes.
    let (mut same, mut differ) = (0, a.len().min(b.len()));
    if differ > 0 && digest(&a[differ - 1]) == digest(&b[differ - 1]) {
        same = differ;
    }
    while same < differ {
        let middle = usize::midpoint(same, differ);
        if digest(&a[middle]) == digest(&b[middle]) {
            same = middle + 1;
        } else {
            differ = middle;
        }
    }
    (same < a.len() || same < b.len()).then(|| (same + 1, a.get(same).copied(), b.get(same).copied()))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    fn trace(digests: &[&str]) -> String {
        digests.iter().enumerate().map(|(n, digest)| format!("{n}\t0\t{digest}\tx\n")).collect()
    }

    #[test]
    fn the_first_differing_line_is_found_wherever_it_is() {
        let whole = ["a", "b", "c", "d", "e"];
        for at in 0..whole.len() {
            let mut other = whole;
            other[at..].fill("z");
            let found = first_difference(&trace(&whole), &trace(&other)).map(|(line, ..)| line);
            assert_eq!(found, Some(at + 1));
        }
        assert_eq!(first_difference(&trace(&whole), &trace(&whole)), None);
        let (short, long) = (trace(&whole[..3]), trace(&whole));
        let longer = first_difference(&short, &long).map(|(line, a, _)| (line, a));
        assert_eq!(longer, Some((4, None)));
    }
}
