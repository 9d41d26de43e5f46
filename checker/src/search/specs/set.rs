//! A set that was read as a whole. Without such reads each element is a register of its own.

use super::call;
use crate::linear::{Action, Entry, Fate};
use crate::search::hash::Numbers;
use crate::search::plain::within;
use crate::search::spec::{Call, Spec};

/// Elements by their numbers, a bit each.
type Bits = Box<[u64]>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::search) enum Op {
    /// Adds it; whether it was new.
    Add(u32, Option<bool>),
    /// Removes it; whether it was there.
    Remove(u32, Option<bool>),
    Contains(u32, bool),
    All(Bits),
    /// No set answers like this.
    Never,
}

/// What is known of an element.
#[derive(Clone, Copy, Debug, Default)]
struct Element {
    /// The latest return of an operation that needs it to be there, and of one that needs it not to be.
    needed: [u32; 2],
    /// The latest call of one that needs it not to be there.
    absent_call: u32,
    /// Some operation may remove it.
    removable: bool,
}

/// The set of a history.
#[derive(Debug)]
pub(in crate::search) struct Set {
    words: usize,
    elements: Vec<Element>,
}

impl Set {
    pub(in crate::search) fn of(entries: impl Iterator<Item = Entry> + Clone, arena: &[u64]) -> (Set, Vec<Call<Op>>) {
        let mut numbers: Numbers<u64> = Numbers::default();
        for entry in entries.clone() {
            match entry.action {
                Action::Add(element, _) | Action::Remove(element, _) | Action::Contains(element, _) => {
                    numbers.of(element);
                }
                Action::Elements(span) => within(arena, span).iter().for_each(|element| {
                    numbers.of(*element);
                }),
                _ => {}
            }
        }
        let mut set = Set { words: numbers.len().div_ceil(64), elements: vec![Element::default(); numbers.len()] };
        let mut calls = Vec::new();
        for entry in entries {
            let done = entry.fate == Fate::Done;
            let op = match entry.action {
                Action::Add(element, new) => Op::Add(numbers.of(element), new.filter(|_| done)),
                Action::Remove(element, there) => Op::Remove(numbers.of(element), there.filter(|_| done)),
                Action::Contains(element, there) => Op::Contains(numbers.of(element), there),
                Action::Elements(span) => set.all(within(arena, span), &mut numbers),
                _ => Op::Never,
            };
            set.learn(&op, &entry);
            calls.push(call(&entry, op));
        }
        (set, calls)
    }

    fn all(&self, elements: &[u64], numbers: &mut Numbers<u64>) -> Op {
        let mut bits = vec![0; self.words].into_boxed_slice();
        for element in elements {
            let number = numbers.of(*element);
            if has(&bits, number) {
                return Op::Never; // A repeated element is an error in itself.
            }
            flip(&mut bits, number);
        }
        Op::All(bits)
    }

    fn learn(&mut self, op: &Op, entry: &Entry) {
        if let Op::Remove(element, _) = op {
            self.elements[*element as usize].removable |= entry.fate != Fate::Failed;
        }
        if entry.fate != Fate::Done {
            return;
        }
        let all = self.elements.len() as u32;
        let mut need = |element: u32, there: bool| {
            let its = &mut self.elements[element as usize];
            let until = &mut its.needed[usize::from(!there)];
            *until = entry.ret.max(*until);
            if !there {
                its.absent_call = its.absent_call.max(entry.call);
            }
        };
        match op {
            Op::Add(element, Some(new)) => need(*element, !new),
            Op::Remove(element, Some(there)) => need(*element, *there),
            Op::Contains(element, there) => need(*element, *there),
            Op::All(bits) => (0..all).for_each(|element| need(element, has(bits, element))),
            _ => {}
        }
    }
}

fn has(bits: &[u64], element: u32) -> bool {
    bits[element as usize / 64] >> (element % 64) & 1 == 1
}

fn flip(bits: &mut [u64], element: u32) {
    bits[element as usize / 64] ^= 1 << (element % 64);
}

impl Spec for Set {
    type State = Bits;
    type Op = Op;

    fn initial(&self) -> Bits {
        vec![0; self.words].into_boxed_slice()
    }

    fn step(&self, state: &Bits, op: &Op) -> Option<Bits> {
        let put = |element: u32, there: bool| {
            let mut after = state.clone();
            if has(&after, element) != there {
                flip(&mut after, element);
            }
            after
        };
        match op {
            Op::Add(element, new) => new.is_none_or(|new| new != has(state, *element)).then(|| put(*element, true)),
            Op::Remove(element, there) => {
                there.is_none_or(|there| there == has(state, *element)).then(|| put(*element, false))
            }
            Op::Contains(element, there) => (*there == has(state, *element)).then(|| state.clone()),
            Op::All(bits) => (bits == state).then(|| state.clone()),
            Op::Never => None,
        }
    }

    fn is_read(&self, op: &Op) -> bool {
        !matches!(op, Op::Add(_, None | Some(true)) | Op::Remove(_, None | Some(true)))
    }

    fn settles(&self, op: &Op) -> bool {
        matches!(op, Op::All(_))
    }

    fn matters_until(&self, op: &Op) -> u32 {
        match op {
            Op::Add(element, _) => self.elements[*element as usize].needed[0],
            Op::Remove(element, _) => self.elements[*element as usize].needed[1],
            _ => 0,
        }
    }

    fn dooms(&self, _before: &Bits, op: &Op, _after: &Bits, now: u32) -> Option<u32> {
        let Op::Add(element, _) = op else { return None };
        let its = &self.elements[*element as usize];
        (!its.removable && its.absent_call > now).then_some(its.absent_call)
    }
}
