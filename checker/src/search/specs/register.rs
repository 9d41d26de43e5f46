//! A register. A mutex is one that holds whether it is held; a set of one element, one that holds whether it is there: 1
//! or 0.

use super::values::Values;
use super::{answered, call, overwritten};
use crate::linear::{Action, Entry, Fate, Swap};
use crate::search::flaws::{self, Flaw};
use crate::search::hash::Numbers;
use crate::search::spec::{Call, Spec};

/// An operation on values by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::search) enum Op {
    Write(u32),
    Read(u32),
    Swap(u32, u32),
    /// Another value than this was there.
    Other(u32),
    /// No register answers like this.
    Never,
}

/// The register of a history.
#[derive(Debug)]
pub(in crate::search) struct Register {
    initial: u32,
    values: Values,
}

/// Stands for every value that nobody will ask for.
const FORGOTTEN: u32 = 0;

impl Register {
    /// The register and its calls; for entries that are not of a register, a call that cannot have happened.
    pub(in crate::search) fn of(
        entries: impl Iterator<Item = Entry> + Clone,
        initial: Option<u64>,
    ) -> (Register, Vec<Call<Op>>) {
        let mut numbers: Numbers<Option<u64>> = Numbers::with_room(entries.size_hint().0 / 2);
        let mut number = |value: Option<u64>| numbers.of(value.or(initial)) + 1;
        let mut register = Register { initial: number(initial), values: Values::default() };
        register.values.first(register.initial);
        let mut calls = Vec::with_capacity(entries.size_hint().0);
        for entry in entries {
            let mut swap = |from, to| Op::Swap(number(from), number(to));
            let op = match entry.action {
                Action::Acquire => swap(Some(0), Some(1)),
                Action::Release => swap(Some(1), Some(0)),
                Action::Cas(from, to, Swap::Swapped) => swap(from, Some(to)),
                Action::Cas(from, to, _) if !answered(&entry) => swap(from, Some(to)),
                Action::Add(_, Some(true)) if answered(&entry) => swap(Some(0), Some(1)),
                Action::Remove(_, Some(true)) if answered(&entry) => swap(Some(1), Some(0)),
                Action::Add(_, Some(false)) if answered(&entry) => Op::Read(number(Some(1))),
                Action::Remove(_, Some(false)) if answered(&entry) => Op::Read(number(Some(0))),
                Action::Add(..) => Op::Write(number(Some(1))),
                Action::Remove(..) => Op::Write(number(Some(0))),
                Action::Contains(_, there) => Op::Read(number(Some(there.into()))),
                Action::Write(value) => Op::Write(number(Some(value))),
                Action::Read(value) => Op::Read(number(value)),
                Action::Cas(from, _, Swap::Refused) => Op::Other(number(from)),
                Action::Cas(from, _, Swap::Found(found)) if found.or(initial) != from.or(initial) => {
                    Op::Read(number(found))
                }
                _ => Op::Never,
            };
            register.learn(op, &entry);
            calls.push(call(&entry, op));
        }
        register.values.close();
        (register, calls)
    }

    fn learn(&mut self, op: Op, entry: &Entry) {
        let values = &mut self.values;
        match (op, entry.fate) {
            (_, Fate::Failed) | (Op::Never, _) => {}
            (Op::Write(value), _) => values.supply(value, entry),
            (Op::Swap(from, to), fate) => {
                values.supply(to, entry);
                match fate {
                    Fate::Done => values.need(from, entry),
                    _ => values.pass(from, to),
                }
            }
            (Op::Read(value), Fate::Done) => values.need(value, entry),
            (Op::Other(value), Fate::Done) => values.refuse(value, entry),
            (Op::Read(_) | Op::Other(_), Fate::Unknown) => {}
        }
    }
}

impl Spec for Register {
    type State = u32;
    type Op = Op;

    fn initial(&self) -> u32 {
        self.initial
    }

    fn step(&self, state: &u32, op: &Op) -> Option<u32> {
        match *op {
            Op::Write(value) => Some(value),
            Op::Read(value) => (value == *state).then_some(*state),
            Op::Swap(from, to) => (from == *state).then_some(to),
            Op::Other(value) => (value != *state).then_some(*state),
            Op::Never => None,
        }
    }

    fn is_read(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::Other(_) | Op::Never)
    }

    fn overwrites(&self, op: &Op) -> bool {
        matches!(op, Op::Write(_))
    }

    fn settles(&self, op: &Op) -> bool {
        !matches!(op, Op::Other(_))
    }

    fn matters_until(&self, op: &Op) -> u32 {
        match *op {
            Op::Write(value) | Op::Swap(_, value) => self.values.matters_until(value),
            _ => 0,
        }
    }

    fn forget(&self, state: &u32, now: u32) -> Option<u32> {
        (*state != FORGOTTEN && self.values.is_forgotten(*state, now)).then_some(FORGOTTEN)
    }

    fn dooms(&self, before: &u32, _op: &Op, after: &u32, now: u32) -> Option<u32> {
        self.values.irreplaceable(*before, now).filter(|_| before != after)
    }

    fn has_to_stay(&self, state: &u32, now: u32) -> Option<u32> {
        self.values.irreplaceable(*state, now)
    }

    fn loses(&self, op: &Op, now: u32) -> Option<u32> {
        match *op {
            Op::Write(value) => self.values.lost(value, now),
            _ => None,
        }
    }

    fn is_impossible(&self, call: &Call<Op>) -> bool {
        call.op == Op::Never
    }

    fn contradiction(&self, calls: &[Call<Op>], events: impl Iterator<Item = (u32, bool)>) -> Option<(u32, u32)> {
        overwritten::first(self.initial, calls, events)
    }

    fn states<'a>(&self, calls: impl Iterator<Item = &'a Call<Op>>) -> Option<Vec<u32>> {
        let asked = calls.filter_map(|call| match call.op {
            Op::Read(value) | Op::Swap(value, _) | Op::Other(value) => Some(value),
            Op::Write(_) | Op::Never => None,
        });
        let mut states: Vec<u32> = asked.collect();
        if !flaws::is(Flaw::OnlyKnownStates) {
            states.push(FORGOTTEN);
        }
        states.sort_unstable();
        states.dedup();
        Some(states)
    }
}
