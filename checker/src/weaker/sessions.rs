//! What a single process could notice: that it does not read what it wrote, or that what it reads goes back in time.
//! For registers. A value is older than another if every write of it had returned when the other's was called, or if it is
//! the initial one.

use crate::linear::{Action, Fate, History, NEVER, Swap};
use std::collections::{BTreeMap, BTreeSet};

/// Two operations of one process that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Index of the one that wrote or read a value.
    pub earlier: u32,
    /// Index of the read of an older one.
    pub later: u32,
}

/// What every process has to be able to rely on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Reads of values older than what the same process had written, and was told so.
    pub read_your_writes: Vec<Broken>,
    /// Reads of values older than what the same process had read.
    pub monotonic_reads: Vec<Broken>,
}

/// Both guarantees.
pub fn sessions(history: &History) -> Sessions {
    let written = Written::of(history);
    // By process and object.
    let mut knowledge: BTreeMap<(u32, u32), Knowledge> = BTreeMap::new();
    let mut sessions = Sessions::default();
    let mut near = 0;
    for ((i, entry), process) in (0u32..).zip(&history.entries).zip(&history.processes) {
        if entry.fate != Fate::Done {
            continue;
        }
        let (read, wrote) = match entry.action {
            Action::Write(value) => (None, Some(Some(value))),
            Action::Read(value) | Action::Cas(_, _, Swap::Found(value)) => (Some(value), None),
            Action::Cas(value, new, Swap::Swapped) => (Some(value), Some(Some(new))),
            _ => continue,
        };
        let known = knowledge.entry((*process, entry.object)).or_default();
        if let Some(value) = read {
            let (called, returned) = written.times((entry.object, value), &mut near);
            let older = |latest: Option<(u32, u32)>| latest.filter(|(call, _)| returned < *call);
            let broken = |(_, earlier)| Broken { earlier, later: i };
            sessions.read_your_writes.extend(older(known.wrote).map(broken));
            sessions.monotonic_reads.extend(older(known.read).map(broken));
            known.read = known.read.max(Some((called, i)));
        }
        if let Some(value) = wrote {
            let (called, _) = written.times((entry.object, value), &mut near);
            known.wrote = known.wrote.max(Some((called, i)));
        }
    }
    sessions
}

/// What a process knows of an object: the latest first call of a write of a value that it wrote or read, and in which of
/// its operations it did.
#[derive(Clone, Copy, Default)]
struct Knowledge {
    wrote: Option<(u32, u32)>,
    read: Option<(u32, u32)>,
}

/// What a write wrote: its object and the value, `None` for what only the initial state can be.
type Value = (u32, Option<u64>);

/// When each value of each object was written: its first call and its last return, in the order of values.
struct Written {
    times: Vec<(Value, (u32, u32))>,
}

impl Written {
    fn of(history: &History) -> Written {
        let mut times: Vec<(Value, (u32, u32))> = Vec::with_capacity(history.entries.len() / 2);
        for entry in &history.entries {
            let value = match entry.action {
                Action::Write(value) => value,
                Action::Cas(_, value, swap) if entry.fate != Fate::Done || swap == Swap::Swapped => value,
                _ => continue,
            };
            let ret = match entry.fate {
                Fate::Failed => continue,
                Fate::Done if entry.repeats == 0 => entry.ret,
                _ => NEVER,
            };
            times.push(((entry.object, Some(value)), (entry.call, ret)));
        }
        if let Some(initial) = history.initial {
            // It was there before all writes of it.
            let objects: BTreeSet<u32> = history.entries.iter().map(|entry| entry.object).collect();
            times.extend(objects.into_iter().map(|object| ((object, Some(initial)), (0, 0))));
        }
        times.sort_unstable();
        times.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 = (first.1.0.min(later.1.0), first.1.1.max(later.1.1));
            }
            same
        });
        Written { times }
    }

    /// The earliest call of a write of a value and the latest return of one: 0 for the initial one; 0 and never for one that
    /// nobody wrote. Values have their numbers as they appear, so that the next one asked for is mostly near the last.
    fn times(&self, value: Value, near: &mut usize) -> (u32, u32) {
        let (mut from, mut to, mut step) = (*near, *near + 1, 1);
        while from > 0 && self.times.get(from).is_none_or(|(its, _)| *its > value) {
            from = from.saturating_sub(step);
            step *= 2;
        }
        while to < self.times.len() && self.times[to].0 <= value {
            to += step;
            step *= 2;
        }
        let (from, to) = (from.min(self.times.len()), to.min(self.times.len()));
        match self.times[from..to].binary_search_by_key(&value, |(its, _)| *its) {
            Ok(place) => {
                *near = from + place;
                self.times[*near].1
            }
            Err(_) if value.1.is_none() => (0, 0),
            Err(_) => (0, NEVER),
        }
    }
}
