//! What a single process could notice: that it does not read what it wrote, or that what it reads goes back in time.
//! For registers. A value is older than another if every write of it had returned when the other's was called, or if it is
//! the initial one.

use crate::linear::{Action, Fate, History, NEVER, Swap};
use std::collections::BTreeMap;

/// Two operations of one process that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Index of the one that wrote or read a value.
    pub earlier: u32,
    /// Index of the read of an older one.
    pub later: u32,
}

/// Reads of values older than what the same process had written, and was told so.
pub fn read_your_writes(history: &History) -> Vec<Broken> {
    broken(history, |action| match action {
        Action::Write(value) | Action::Cas(_, value, Swap::Swapped) => Some(Some(value)),
        _ => None,
    })
}

/// Reads of values older than what the same process had read.
pub fn monotonic_reads(history: &History) -> Vec<Broken> {
    broken(history, read)
}

/// What an operation that happened read.
fn read(action: Action) -> Option<Option<u64>> {
    match action {
        Action::Read(value) | Action::Cas(_, _, Swap::Found(value)) | Action::Cas(value, _, Swap::Swapped) => {
            Some(value)
        }
        _ => None,
    }
}

/// Reads of values older than one that the process knew of.
fn broken(history: &History, knows: impl Fn(Action) -> Option<Option<u64>>) -> Vec<Broken> {
    let written = Written::of(history);
    // By process and object: the latest call of a write of a value that it knew of, and where it did.
    let mut known: BTreeMap<(u32, u32), (u32, u32)> = BTreeMap::new();
    let mut broken = Vec::new();
    for ((i, entry), process) in (0u32..).zip(&history.entries).zip(&history.processes) {
        if entry.fate != Fate::Done {
            continue;
        }
        let place = (*process, entry.object);
        if let (Some(value), Some((call, earlier))) = (read(entry.action), known.get(&place))
            && written.returned(entry.object, value) < *call
        {
            broken.push(Broken { earlier: *earlier, later: i });
        }
        if let Some(value) = knows(entry.action) {
            let its = (written.called(entry.object, value), i);
            let latest = known.entry(place).or_insert(its);
            *latest = its.max(*latest);
        }
    }
    broken
}

/// When each value of each object was written: its first call and its last return.
struct Written {
    times: BTreeMap<(u32, Option<u64>), (u32, u32)>,
}

impl Written {
    fn of(history: &History) -> Written {
        let mut times = BTreeMap::new();
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
            let its = times.entry((entry.object, Some(value))).or_insert((entry.call, ret));
            *its = (its.0.min(entry.call), its.1.max(ret));
        }
        if let Some(initial) = history.initial {
            // It was there before all writes of it.
            for entry in &history.entries {
                let its = times.entry((entry.object, Some(initial))).or_insert((0, 0));
                its.0 = 0;
            }
        }
        Written { times }
    }

    /// The earliest call of a write of a value; 0 for the initial one, and for one that nobody wrote.
    fn called(&self, object: u32, value: Option<u64>) -> u32 {
        self.times.get(&(object, value)).map_or(0, |times| times.0)
    }

    /// The latest return of a write of it; 0 for the initial one, never for one that nobody wrote.
    fn returned(&self, object: u32, value: Option<u64>) -> u32 {
        let nobody = if value.is_none() { 0 } else { NEVER };
        self.times.get(&(object, value)).map_or(nobody, |times| times.1)
    }
}
