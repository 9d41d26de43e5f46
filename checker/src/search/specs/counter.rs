//! A counter.

use super::{answered, call};
use crate::linear::{Action, Entry};
use crate::search::spec::{Call, Spec};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::search) enum Op {
    Increment(Option<u64>),
    Read(u64),
    /// No counter has this operation.
    Never,
}

/// The counter of a history.
#[derive(Debug)]
pub(in crate::search) struct Counter {
    initial: u64,
    /// Calls of operations that said what the count was, ascending, each with the least count before any from there on
    /// and the call of that.
    least: Vec<(u32, u64, u32)>,
    /// The latest return among them.
    last_seen: u32,
}

impl Counter {
    pub(in crate::search) fn of(
        entries: impl Iterator<Item = Entry> + Clone,
        initial: Option<u64>,
    ) -> (Counter, Vec<Call<Op>>) {
        let mut counter = Counter { initial: initial.unwrap_or(0), least: Vec::new(), last_seen: 0 };
        let mut calls = Vec::with_capacity(entries.size_hint().0);
        for entry in entries {
            let op = match entry.action {
                Action::Increment(count) => Op::Increment(count.filter(|_| answered(&entry))),
                Action::Read(count) => Op::Read(count.unwrap_or(0)),
                _ => Op::Never,
            };
            let before = match op {
                Op::Increment(count) => count.map(|count| count.wrapping_sub(1)),
                Op::Read(count) => answered(&entry).then_some(count),
                Op::Never => None,
            };
            if let Some(before) = before {
                counter.least.push((entry.call, before, entry.call));
                counter.last_seen = counter.last_seen.max(entry.ret);
            }
            calls.push(call(&entry, op));
        }
        counter.least.sort_unstable();
        let mut least = (u64::MAX, 0);
        for seen in counter.least.iter_mut().rev() {
            least = least.min((seen.1, seen.2));
            (seen.1, seen.2) = least;
        }
        (counter, calls)
    }
}

impl Spec for Counter {
    type State = u64;
    type Op = Op;

    fn initial(&self) -> u64 {
        self.initial
    }

    fn step(&self, count: &u64, op: &Op) -> Option<u64> {
        match *op {
            Op::Increment(said) => {
                let next = count.wrapping_add(1);
                said.is_none_or(|said| said == next).then_some(next)
            }
            Op::Read(said) => (said == *count).then_some(*count),
            Op::Never => None,
        }
    }

    fn is_read(&self, op: &Op) -> bool {
        !matches!(op, Op::Increment(_))
    }

    fn settles(&self, op: &Op) -> bool {
        *op != Op::Increment(None)
    }

    fn matters_until(&self, op: &Op) -> u32 {
        if matches!(op, Op::Increment(_)) { self.last_seen } else { 0 }
    }

    fn dooms(&self, _before: &u64, _op: &Op, after: &u64, now: u32) -> Option<u32> {
        let later = self.least.partition_point(|seen| seen.0 <= now);
        self.least.get(later).filter(|seen| seen.1 < *after).map(|seen| seen.2)
    }
}
