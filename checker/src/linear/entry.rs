//! A history as arrays: what the checkers of this folder and the general search read, and what the recorder and the
//! reader of history files write.

/// Event number of a return that never came.
pub const NEVER: u32 = u32::MAX;

/// A run of numbers in [`History::arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: u32,
    /// How many numbers it has.
    pub len: u32,
}

/// What a compare-and-set answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// It found the value and replaced it.
    Swapped,
    /// It found another value, and did not say which.
    Refused,
    /// It found this other value; `None` is the initial one.
    Found(Option<u64>),
}

/// What an operation did. Values are numbers that stand for whatever the history's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Register, text: wrote this value.
    Write(u64),
    /// Register, text: read this value; `None` is the initial one. Counter: the count, `None` being 0.
    Read(Option<u64>),
    /// Register: replaced one value (`None`: the initial one) by another if it found it. The answer counts for
    /// [`Fate::Done`] only.
    Cas(Option<u64>, u64, Swap),
    /// Counter: counted up by one; the new count, if it was returned.
    Increment(Option<u64>),
    /// Set: added an element; whether it was new, if that was returned.
    Add(u64, Option<bool>),
    /// Set: removed an element; whether it was there, if that was returned.
    Remove(u64, Option<bool>),
    /// Set: whether an element is there.
    Contains(u64, bool),
    /// Set: all elements, in any order. List: all elements in their order.
    Elements(Span),
    /// List, text: appended an element; the new length, if it was returned.
    Append(u64, Option<u64>),
    /// Mutex: took the lock.
    Acquire,
    /// Mutex: gave it back.
    Release,
    /// Several registers at once: triples of (0 read or 1 write, object, value + 1 or 0 for the initial value).
    Transaction(Span),
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It happened between call and return.
    Done,
    /// It did not happen.
    Failed,
    /// It happened at some time after its call, or never.
    Unknown,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Event number of its call.
    pub call: u32,
    /// Event number of its return. Counts for [`Fate::Done`] only.
    pub ret: u32,
    /// On which object; objects are numbered densely from 0.
    pub object: u32,
    /// How many times more than once it may have taken effect (resent by a client library that did not know).
    pub repeats: u16,
    /// How it ended.
    pub fate: Fate,
    /// What it did.
    pub action: Action,
}

/// A whole history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Its operations, in order of their calls.
    pub entries: Vec<Entry>,
    /// Who called each of them: a client is one process until an operation of unknown outcome.
    pub processes: Vec<u32>,
    /// What spans point into.
    pub arena: Vec<u64>,
    /// What every object holds at first, where that is a value that an operation may also write; `None` where reads of
    /// it are `Read(None)` only.
    pub initial: Option<u64>,
}
