//! Register histories in their smallest form: sixteen bytes per operation, which value was read given as the operation
//! that wrote it. A recorder that numbers its writes can hand them over as they are; `pack` makes them from entries.

use super::slips::{Slip, slipped};
use super::values::Index;
use super::{Action, AnomalyKind, Entry, Fate, NEVER, Report, Swap};

/// Instead of an operation: the object's initial value.
pub const INITIAL: u32 = u32::MAX;
/// Instead of an operation: none wrote this.
pub const UNWRITTEN: u32 = u32::MAX - 1;

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Wrote a value of its own.
    Write,
    /// Read the value of its source.
    Read,
    /// Replaced the value of its source by one of its own.
    Swap,
    /// Would have written a value but did not.
    Failed,
    /// Nothing that matters.
    Nothing,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Event number of its call, from 1; every call and return of a history has a number of its own.
    pub call: u32,
    /// Event number of its return, [`NEVER`] if it is not known to have happened.
    pub ret: u32,
    /// Index of the operation whose value it read or replaced, [`INITIAL`] or [`UNWRITTEN`].
    pub source: u32,
    /// Object, kind, and whether it may have taken effect more than once.
    tag: u32,
}

impl Op {
    /// Objects are numbered below this.
    pub const OBJECTS: u32 = 1 << 28;

    /// A write; of unknown outcome if `ret` is [`NEVER`].
    pub const fn write(object: u32, call: u32, ret: u32) -> Op {
        Op::new(Kind::Write, object, call, ret, UNWRITTEN)
    }

    /// A read that was answered.
    pub const fn read(object: u32, call: u32, ret: u32, source: u32) -> Op {
        Op::new(Kind::Read, object, call, ret, source)
    }

    /// A compare-and-set that swapped; of unknown outcome if `ret` is [`NEVER`].
    pub const fn swap(object: u32, call: u32, ret: u32, source: u32) -> Op {
        Op::new(Kind::Swap, object, call, ret, source)
    }

    /// A write that failed.
    pub const fn failed(object: u32, call: u32) -> Op {
        Op::new(Kind::Failed, object, call, NEVER, UNWRITTEN)
    }

    /// Something that says nothing: a read without an answer.
    pub const fn nothing(object: u32, call: u32) -> Op {
        Op::new(Kind::Nothing, object, call, NEVER, UNWRITTEN)
    }

    const fn new(kind: Kind, object: u32, call: u32, ret: u32, source: u32) -> Op {
        Op { call, ret, source, tag: object << 4 | kind as u32 }
    }

    /// The same, possibly with more than one effect.
    pub const fn resent(mut self) -> Op {
        self.tag |= 8;
        self
    }

    /// Its object.
    pub const fn object(self) -> u32 {
        self.tag >> 4
    }

    /// What it did.
    pub const fn kind(self) -> Kind {
        match self.tag & 7 {
            0 => Kind::Write,
            1 => Kind::Read,
            2 => Kind::Swap,
            3 => Kind::Failed,
            _ => Kind::Nothing,
        }
    }

    /// Whether it may have taken effect more than once.
    pub const fn is_resent(self) -> bool {
        self.tag & 8 != 0
    }
}

/// Operations of a register history, as a recorder would have written them; `None` if an object of it is undecided.
///
/// # Panics
/// As [`super::register::check`].
pub fn of(history: &super::History) -> Option<Vec<Op>> {
    let mut report = Report::default();
    let mut ops = Vec::new();
    pack(&history.entries, history.initial, &mut Index::default(), &mut ops, &mut report);
    report.undecided.is_empty().then_some(ops)
}

/// Makes operations of entries. Objects with a value that two operations may have written, with operations of another
/// model or with a refusal that does not say what was found are undecided and left out.
///
/// # Panics
/// If an event number is 0, an entry's return precedes its call, or an object has no number below [`Op::OBJECTS`].
pub(super) fn pack(entries: &[Entry], initial: Option<u64>, index: &mut Index, ops: &mut Vec<Op>, report: &mut Report) {
    index.fill(entries, report, brings);
    for entry in entries {
        assert!(entry.call > 0, "event numbers begin with 1");
        assert!(entry.fate != Fate::Done || entry.call < entry.ret, "a return follows its call");
        assert!(entry.object < Op::OBJECTS, "too many objects");
        match entry.action {
            Action::Read(_) | Action::Write(_) => {}
            Action::Cas(_, _, Swap::Refused) if entry.fate == Fate::Done => report.undecided(entry.object),
            Action::Cas(..) => {}
            _ => report.undecided(entry.object),
        }
        // What is there at first counts as written, too.
        if initial.is_some() && brings(entry).is_some_and(|(value, live)| live && Some(value) == initial) {
            report.undecided(entry.object);
        }
    }
    report.settle();
    ops.clear();
    ops.reserve(entries.len());
    for (i, entry) in (0u32..).zip(entries) {
        let find = |value: Option<u64>| match value {
            None => INITIAL,
            value if value == initial => INITIAL,
            Some(value) => index.find(entries, entry.object, value, brings).unwrap_or(UNWRITTEN),
        };
        let Entry { call, ret, object, .. } = *entry;
        let op = match (entry.action, entry.fate) {
            _ if !report.undecided.is_empty() && report.is_undecided(object) => Op::nothing(object, call),
            (Action::Write(_), Fate::Done) => Op::write(object, call, ret),
            (Action::Write(_), Fate::Unknown) => Op::write(object, call, NEVER),
            (Action::Read(seen), Fate::Done) => Op::read(object, call, ret, find(seen)),
            (Action::Cas(from, _, Swap::Swapped), Fate::Done) => Op::swap(object, call, ret, find(from)),
            (Action::Cas(from, ..), Fate::Unknown) => Op::swap(object, call, NEVER, find(from)),
            (Action::Cas(from, _, Swap::Found(seen)), Fate::Done) => {
                if from.or(initial) == seen.or(initial) && !slipped(Slip::RefusalBelieved) {
                    report.push(object, || (AnomalyKind::LostUpdate, vec![i]));
                }
                Op::read(object, call, ret, find(seen))
            }
            (Action::Write(_) | Action::Cas(..), Fate::Failed) => Op::failed(object, call),
            _ => Op::nothing(object, call),
        };
        ops.push(if entry.repeats > 0 { op.resent() } else { op });
    }
}

/// The value an operation meant to write, and whether it may have done so.
fn brings(entry: &Entry) -> Option<(u64, bool)> {
    match (entry.action, entry.fate) {
        (Action::Cas(_, value, answer), Fate::Done) => Some((value, answer == Swap::Swapped)),
        (Action::Write(value) | Action::Cas(_, value, _), fate) => Some((value, fate != Fate::Failed)),
        _ => None,
    }
}
