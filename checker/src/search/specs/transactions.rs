//! Registers that are read and written together: those that transactions connect.

use super::call;
use super::values::Values;
use crate::linear::{Action, Entry, Fate};
use crate::search::hash::Numbers;
use crate::search::plain::within;
use crate::search::spec::{Call, Spec};

/// A register and a value of it, by their numbers.
type Value = (u32, u32);

/// A transaction: what was there before, and what is there afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::search) struct Op {
    found: Box<[Value]>,
    left: Box<[Value]>,
    /// It contradicts itself.
    never: bool,
}

/// The registers of a history.
#[derive(Debug)]
pub(in crate::search) struct Registers {
    initial: Box<[u32]>,
    values: Values,
}

impl Registers {
    pub(in crate::search) fn of(
        entries: impl Iterator<Item = Entry> + Clone,
        arena: &[u64],
        initial: Option<u64>,
    ) -> (Registers, Vec<Call<Op>>) {
        let first = initial.map_or(0, |value| value + 1);
        let mut objects: Numbers<u64> = Numbers::default();
        // A value is one of a register: equal ones of two registers are two.
        let mut numbers: Numbers<(u32, u64)> = Numbers::default();
        let mut values = Values::default();
        let mut calls = Vec::new();
        let mut starts: Vec<u32> = Vec::new();
        for entry in entries {
            let mut op = Transaction::default();
            let Action::Transaction(span) = entry.action else {
                calls.push(call(&entry, Op { found: Box::new([]), left: Box::new([]), never: true }));
                continue;
            };
            for step in within(arena, span).chunks_exact(3) {
                let object = objects.of(step[1]);
                if object as usize == starts.len() {
                    let number = numbers.of((object, first));
                    starts.push(number);
                    values.first(number);
                }
                let value = numbers.of((object, if step[2] == 0 { first } else { step[2] }));
                op.step(step[0] == 1, (object, value), entry.fate == Fate::Done);
            }
            op.learn(&mut values, &entry);
            calls.push(call(&entry, Op { found: op.found.into(), left: op.left.into(), never: op.never }));
        }
        values.close();
        (Registers { initial: starts.into(), values }, calls)
    }
}

/// A transaction in the making.
#[derive(Default)]
struct Transaction {
    found: Vec<Value>,
    left: Vec<Value>,
    never: bool,
}

impl Transaction {
    fn step(&mut self, write: bool, (object, value): Value, answered: bool) {
        let of = |values: &[Value]| values.iter().position(|its| its.0 == object);
        match (write, of(&self.left)) {
            (true, Some(place)) => self.left[place].1 = value,
            (true, None) => self.left.push((object, value)),
            (false, _) if !answered => {}
            // It reads what it wrote itself, or what it has read before.
            (false, Some(place)) => self.never |= self.left[place].1 != value,
            (false, None) => match of(&self.found) {
                Some(place) => self.never |= self.found[place].1 != value,
                None => self.found.push((object, value)),
            },
        }
    }

    fn learn(&self, values: &mut Values, entry: &Entry) {
        if entry.fate == Fate::Failed || self.never {
            return;
        }
        self.left.iter().for_each(|left| values.supply(left.1, entry));
        if entry.fate == Fate::Done {
            self.found.iter().for_each(|found| values.need(found.1, entry));
        }
    }
}

impl Spec for Registers {
    type State = Box<[u32]>;
    type Op = Op;

    fn initial(&self) -> Box<[u32]> {
        self.initial.clone()
    }

    fn step(&self, state: &Box<[u32]>, op: &Op) -> Option<Box<[u32]>> {
        if op.never || op.found.iter().any(|(object, value)| state[*object as usize] != *value) {
            return None;
        }
        let mut after = state.clone();
        op.left.iter().for_each(|(object, value)| after[*object as usize] = *value);
        Some(after)
    }

    fn is_read(&self, op: &Op) -> bool {
        op.never || op.left.is_empty()
    }

    fn overwrites(&self, op: &Op) -> bool {
        !op.never && op.found.is_empty() && op.left.len() == self.initial.len()
    }

    fn settles(&self, op: &Op) -> bool {
        !op.never
            && op.found.len() + op.left.iter().filter(|left| op.found.iter().all(|f| f.0 != left.0)).count()
                == self.initial.len()
    }

    fn matters_until(&self, op: &Op) -> u32 {
        op.left.iter().map(|left| self.values.matters_until(left.1)).max().unwrap_or(0)
    }

    fn forget(&self, state: &Box<[u32]>, now: u32) -> Option<Box<[u32]>> {
        let old = |value: &u32| *value != FORGOTTEN && self.values.is_forgotten(*value, now);
        state.iter().any(old).then(|| state.iter().map(|value| if old(value) { FORGOTTEN } else { *value }).collect())
    }

    fn dooms(&self, before: &Box<[u32]>, _op: &Op, after: &Box<[u32]>, now: u32) -> Option<u32> {
        let changed = before.iter().zip(after).filter(|(before, after)| before != after);
        changed.filter_map(|(before, _)| self.values.irreplaceable(*before, now)).max()
    }

    fn is_impossible(&self, call: &Call<Op>) -> bool {
        call.op.never || call.op.found.iter().any(|found| self.values.is_unsupplied(found.1, call.ret))
    }
}

/// Stands for every value of a register that nobody will ask for.
const FORGOTTEN: u32 = u32::MAX;
