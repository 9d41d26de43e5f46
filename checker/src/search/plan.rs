//! A history of one object laid out for the search: its events in order, and a slot in the window for each operation.
//!
//! Which operations are in the window at an event, and in which slots, does not depend on the order that is tried. A
//! slot is given again once its operation has left, so that masks are as wide as the window, not as the history.

use super::flaws::{self, Flaw};
use super::hash::{NONE, Numbers};
use super::spec::{Call, Spec};
use crate::linear::{Fate, NEVER};

/// Operations that a plan has room for.
const MOST: u32 = 1 << 30;

/// What an event does to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Call = 0,
    Return = 1,
    /// An operation of unknown outcome can serve nobody any more.
    Expire = 2,
}

/// An operation that the search has to place, or may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    /// Index of its call.
    pub(super) call: u32,
    /// Place of the event of its call.
    pub(super) place: u32,
    /// Its bit in the masks.
    pub(super) slot: u32,
    /// Equal operations have equal numbers.
    pub(super) class: u32,
    /// The operation behind which it enters the window, in which deadlines ascend: `NONE` for the front.
    pub(super) behind: u32,
    /// It can be overwritten at no loss from here on.
    pub(super) matters_until: u32,
    /// It may happen at any time after its call, or never.
    pub(super) optional: bool,
    /// It happened before it returned, or never.
    pub(super) may_be_lost: bool,
    pub(super) is_read: bool,
    pub(super) overwrites: bool,
}

/// How many words of a mask are of which operations, one kind after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    /// Those that happened and depend on the state.
    pub(super) others: usize,
    /// Those that happened and overwrite it.
    pub(super) overwriting: usize,
    /// Those that happened and do not change it.
    pub(super) reads: usize,
    /// Those of unknown outcome.
    pub(super) optional: usize,
}

impl Words {
    pub(super) fn all(self) -> usize {
        self.others + self.overwriting + self.reads + self.optional
    }
}

/// Events and operations.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) ops: Vec<Op>,
    /// Event number << 32 | kind << 30 | operation, ascending.
    events: Vec<u64>,
    pub(super) words: Words,
    /// Places of events behind which only one state is possible, ascending.
    pub(super) cuts: Vec<u32>,
}

impl Plan {
    pub(super) fn of<S: Spec>(spec: &S, calls: &[Call<S::Op>]) -> Plan {
        let mut plan = Plan::default();
        plan.collect(spec, calls);
        sort(&mut plan.events);
        plan.lay_out(spec, calls);
        plan
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// The event at a place: its number, what it does and to which operation.
    pub(super) fn event(&self, place: usize) -> (u32, Kind, u32) {
        let event = self.events[place];
        let kind = match event >> 30 & 3 {
            0 => Kind::Call,
            1 => Kind::Return,
            _ => Kind::Expire,
        };
        ((event >> 32) as u32, kind, event as u32 & (MOST - 1))
    }

    /// Indices of calls in the order of events, and whether it is their return.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (u32, bool)> {
        (0..self.len()).filter_map(|place| match self.event(place) {
            (_, Kind::Call, number) => Some((self.ops[number as usize].call, false)),
            (_, Kind::Return, number) => Some((self.ops[number as usize].call, true)),
            (_, Kind::Expire, _) => None,
        })
    }

    fn collect<S: Spec>(&mut self, spec: &S, calls: &[Call<S::Op>]) {
        let mut classes: Numbers<&S::Op> = Numbers::with_room(calls.len() / 2);
        self.ops.reserve(calls.len());
        self.events.reserve(calls.len() * 2);
        for (i, call) in (0u32..).zip(calls) {
            if call.fate == Fate::Failed {
                continue;
            }
            let is_read = spec.is_read(&call.op);
            let matters_until = if is_read { 0 } else { spec.matters_until(&call.op) };
            let op = Op {
                call: i,
                place: 0,
                slot: 0,
                class: if is_read { NONE } else { classes.of(&call.op) },
                behind: NONE,
                matters_until,
                optional: call.fate == Fate::Unknown && call.ret == NEVER,
                may_be_lost: call.fate == Fate::Unknown && call.ret != NEVER,
                is_read,
                overwrites: !is_read && spec.overwrites(&call.op),
            };
            let useful = !is_read && matters_until >= call.call.max(1);
            let ret = if flaws::is(Flaw::NoDeadlines) { NEVER } else { call.ret };
            if call.fate == Fate::Done || (op.may_be_lost && useful) {
                self.push(op, call.call, ret, Kind::Return);
            } else if useful {
                self.push(op, call.call, matters_until, Kind::Expire);
            }
        }
    }

    fn push(&mut self, op: Op, begin: u32, end: u32, kind: Kind) {
        let number = self.ops.len() as u64;
        assert!(number < u64::from(MOST), "a history has fewer operations than this");
        self.ops.push(op);
        self.events.push(u64::from(begin) << 32 | number);
        if kind == Kind::Return || end != NEVER {
            self.events.push(u64::from(end) << 32 | (kind as u64) << 30 | number);
        }
    }

    /// Gives slots and places in the window, and finds the cuts.
    fn lay_out<S: Spec>(&mut self, spec: &S, calls: &[Call<S::Op>]) {
        let mut slots: [Slots; 4] = Default::default();
        // Operations in the window that happened, latest deadline first.
        let mut due: Vec<(u32, u32)> = Vec::new();
        let mut optional = 0;
        // The operation that was called into an empty window, while nothing else is called.
        let mut alone = NONE;
        for place in 0..self.events.len() {
            let (_, kind, number) = self.event(place);
            let op = &mut self.ops[number as usize];
            let ret = if flaws::is(Flaw::NoDeadlines) { NEVER } else { calls[op.call as usize].ret };
            let slots = &mut slots[op.kind()];
            match (kind, op.optional) {
                (Kind::Call, true) => {
                    (op.slot, op.place) = (slots.take(), place as u32);
                    optional += 1;
                    alone = NONE;
                }
                (Kind::Call, false) => {
                    (op.slot, op.place) = (slots.take(), place as u32);
                    alone = if due.is_empty() && optional == 0 { number } else { NONE };
                    let before = due.partition_point(|(its, other)| (*its, *other) > (ret, number));
                    op.behind = due.get(before).map_or(NONE, |other| other.1);
                    due.insert(before, (ret, number));
                }
                (Kind::Expire, _) => {
                    slots.give(op.slot);
                    optional -= 1;
                }
                (Kind::Return, _) => {
                    slots.give(op.slot);
                    due.pop();
                    if alone == number && !op.may_be_lost && spec.settles(&calls[op.call as usize].op) {
                        self.cuts.push(place as u32);
                    }
                }
            }
        }
        let [others, overwriting, reads, optional] = slots.map(|slots| slots.words.len());
        self.words = Words { others, overwriting, reads, optional };
        let first = [0, others, others + overwriting, others + overwriting + reads];
        self.ops.iter_mut().for_each(|op| op.slot += first[op.kind()] as u32 * 64);
    }
}

impl Op {
    /// Which part of the masks it has its bit in.
    fn kind(&self) -> usize {
        match self {
            Op { optional: true, .. } => 3,
            Op { is_read: true, .. } => 2,
            Op { overwrites: true, .. } => 1,
            _ => 0,
        }
    }
}

/// Sorts events; by counting where their numbers lie as close as those of a history do.
fn sort(events: &mut Vec<u64>) {
    let number = |event: u64| (event >> 32) as usize;
    let first = events.iter().copied().min().map_or(0, number);
    let last = events.iter().copied().max().map_or(0, number);
    if last - first > events.len() * 8 {
        events.sort_unstable();
        return;
    }
    // Where the events of each number begin.
    let mut begins = vec![0u32; last - first + 2];
    events.iter().for_each(|event| begins[number(*event) - first + 1] += 1);
    let mut several = false;
    for i in 1..begins.len() {
        several |= begins[i] > 1;
        begins[i] += begins[i - 1];
    }
    let mut sorted = vec![0; events.len()];
    for event in events.iter() {
        let begin = &mut begins[number(*event) - first];
        sorted[*begin as usize] = *event;
        *begin += 1;
    }
    if several {
        sorted.sort();
    }
    *events = sorted;
}

/// Free and taken slots.
#[derive(Default)]
struct Slots {
    words: Vec<u64>,
}

impl Slots {
    /// The lowest free one.
    fn take(&mut self) -> u32 {
        let word = self.words.iter().position(|word| *word != u64::MAX).unwrap_or_else(|| {
            self.words.push(0);
            self.words.len() - 1
        });
        let bit = self.words[word].trailing_ones();
        self.words[word] |= 1 << bit;
        word as u32 * 64 + bit
    }

    fn give(&mut self, slot: u32) {
        self.words[slot as usize / 64] &= !(1 << (slot % 64));
    }
}
