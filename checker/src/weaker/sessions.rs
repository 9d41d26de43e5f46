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
    let wrote = |action| match action {
        Action::Write(value) | Action::Cas(_, value, Swap::Swapped) => Some(Some(value)),
        _ => None,
    };
    Sessions { read_your_writes: broken(history, &written, wrote), monotonic_reads: broken(history, &written, read) }
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
fn broken(history: &History, written: &Written, knows: impl Fn(Action) -> Option<Option<u64>>) -> Vec<Broken> {
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

    fn times(&self, value: Value) -> Option<(u32, u32)> {
        let place = self.times.binary_search_by_key(&value, |(its, _)| *its).ok()?;
        Some(self.times[place].1)
    }

    /// The earliest call of a write of a value; 0 for the initial one, and for one that nobody wrote.
    fn called(&self, object: u32, value: Option<u64>) -> u32 {
        self.times((object, value)).map_or(0, |times| times.0)
    }

    /// The latest return of a write of it; 0 for the initial one, never for one that nobody wrote.
    fn returned(&self, object: u32, value: Option<u64>) -> u32 {
        let nobody = if value.is_none() { 0 } else { NEVER };
        self.times((object, value)).map_or(nobody, |times| times.1)
    }
}
