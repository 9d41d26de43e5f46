//! Sequential consistency: one order of all operations on all registers in which every process's own come in the order
//! in which it called them, whatever the time. To decide it is NP-hard even where it is known which write each read is
//! of (Gibbons and Korach 1997).
//!
//! So orders that every solution must have are derived first: a circle among them is a proof that there is none. Then a
//! search over the positions of all processes, with a budget, looks for one.

use crate::linear::{Action, Entry, Fate, History, Swap};
use crate::search::{Budget, Exhausted};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a history is sequentially consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequential {
    /// With this order of operations, by their indices.
    Yes(Vec<u32>),
    /// There is no order.
    No,
    /// The budget did not last.
    Unknown(Exhausted),
}

/// Operations up to which orders are derived: the relation takes a bit for each pair.
const DERIVED: usize = 512;

/// Decides whether a history of registers is sequentially consistent. Operations that may have happened are put in
/// behind those that their processes called before, or left out. A compare-and-set that was refused found another value.
pub fn sequential(history: &History, budget: Budget) -> Sequential {
    let ops: Vec<u32> = (0u32..)
        .zip(&history.entries)
        .filter(|(_, entry)| match entry.fate {
            Fate::Done => true,
            Fate::Failed => false,
            Fate::Unknown => matches!(entry.action, Action::Write(_) | Action::Cas(..)),
        })
        .map(|(i, _)| i)
        .collect();
    let case = Case { history, ops };
    if case.ops.len() <= DERIVED && case.has_circle() {
        return Sequential::No;
    }
    case.search(budget)
}

struct Case<'a> {
    history: &'a History,
    /// Operations that happened, or may have.
    ops: Vec<u32>,
}

impl Case<'_> {
    fn entry(&self, op: usize) -> &Entry {
        &self.history.entries[self.ops[op] as usize]
    }

    fn process(&self, op: usize) -> u32 {
        self.history.processes[self.ops[op] as usize]
    }

    fn value(&self, value: Option<u64>) -> Option<u64> {
        value.or(self.history.initial)
    }

    /// What an operation that happened found.
    fn found(&self, op: usize) -> Option<Option<u64>> {
        let entry = self.entry(op);
        match entry.action {
            _ if entry.fate != Fate::Done => None,
            Action::Read(value) | Action::Cas(value, _, Swap::Swapped) | Action::Cas(_, _, Swap::Found(value)) => {
                Some(self.value(value))
            }
            _ => None,
        }
    }

    /// What an operation that happened, or may have, left.
    fn left(&self, op: usize) -> Option<u64> {
        match self.entry(op).action {
            Action::Write(value) | Action::Cas(_, value, Swap::Swapped) => Some(value),
            Action::Cas(_, value, _) if self.entry(op).fate != Fate::Done => Some(value),
            _ => None,
        }
    }

    /// Whether orders that every solution must have contradict each other.
    fn has_circle(&self) -> bool {
        let count = self.ops.len();
        let mut order = Order::new(count);
        let mut last: BTreeMap<u32, usize> = BTreeMap::new();
        for op in 0..count {
            if let Some(before) = last.insert(self.process(op), op) {
                order.add(before, op);
            }
        }
        let mut writers: BTreeMap<(u32, u64), Vec<usize>> = BTreeMap::new();
        let mut writes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for op in 0..count {
            if let Some(value) = self.left(op) {
                writers.entry((self.entry(op).object, value)).or_default().push(op);
                // One that may not have happened orders nothing.
                if self.entry(op).fate == Fate::Done {
                    writes.entry(self.entry(op).object).or_default().push(op);
                }
            }
        }
        // Reads with the one write that they are of; `None`: of the initial value.
        let mut reads: Vec<(usize, Option<usize>)> = Vec::new();
        for op in 0..count {
            let Some(found) = self.found(op) else { continue };
            let of = found.and_then(|value| writers.get(&(self.entry(op).object, value)));
            match of.map_or(&[][..], Vec::as_slice) {
                [] if found == self.history.initial => reads.push((op, None)),
                [] => return true, // Nobody wrote it.
                [writer] if found != self.history.initial => {
                    order.add(*writer, op);
                    reads.push((op, Some(*writer)));
                }
                _ => {}
            }
        }
        let none = Vec::new();
        loop {
            let mut changed = false;
            for (read, writer) in &reads {
                for other in writes.get(&self.entry(*read).object).unwrap_or(&none) {
                    if Some(*other) == *writer || other == read {
                        continue;
                    }
                    match *writer {
                        None => changed |= order.add(*read, *other),
                        Some(writer) => {
                            if order.has(*other, *read) {
                                changed |= order.add(*other, writer);
                            }
                            if order.has(writer, *other) {
                                changed |= order.add(*read, *other);
                            }
                        }
                    }
                }
            }
            if (0..count).any(|op| order.has(op, op)) {
                return true;
            }
            if !changed {
                return false;
            }
        }
    }

    fn search(&self, budget: Budget) -> Sequential {
        let mut queues: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for op in 0..self.ops.len() {
            queues.entry(self.process(op)).or_default().push(op);
        }
        let queues: Vec<Vec<usize>> = queues.into_values().collect();
        let mut seen: BTreeSet<Position> = BTreeSet::new();
        let mut path = vec![self.step(Position::first(queues.len()), &queues, None)];
        let mut nodes = 0;
        while let Some(step) = path.last_mut() {
            let is_end = |(queue, at): (&Vec<usize>, &u32)| {
                queue[*at as usize..].iter().all(|op| self.entry(*op).fate == Fate::Unknown)
            };
            if queues.iter().zip(&step.position.at).all(is_end) {
                let took = path.iter().filter_map(|step| step.took);
                return Sequential::Yes(took.map(|op| self.ops[op]).collect());
            }
            let Some((process, leave_out)) = step.choices.pop() else {
                path.pop();
                continue;
            };
            let op = queues[process][step.position.at[process] as usize];
            let mut after = step.position.clone();
            after.at[process] += 1;
            if !leave_out && !self.carry_out(op, &mut after) {
                continue;
            }
            nodes += 1;
            if nodes > budget.nodes {
                return Sequential::Unknown(Exhausted::Nodes(budget.nodes));
            }
            if seen.len() * (size_of::<Position>() + 4 * queues.len()) > budget.bytes {
                return Sequential::Unknown(Exhausted::Bytes(budget.bytes));
            }
            if seen.insert(after.clone()) {
                path.push(self.step(after, &queues, (!leave_out).then_some(op)));
            }
        }
        Sequential::No
    }

    /// What may come next, the best last. A read that fits is taken at once: it stands in nobody's way.
    fn step(&self, position: Position, queues: &[Vec<usize>], took: Option<usize>) -> Step {
        let heads = || {
            let head = |process: usize| Some((process, *queues[process].get(position.at[process] as usize)?));
            (0..queues.len()).filter_map(head)
        };
        let fits = |(_, op): &(usize, usize)| {
            let is_read = self.left(*op).is_none() && self.entry(*op).fate == Fate::Done;
            is_read && self.carry_out(*op, &mut position.clone())
        };
        let choices = match heads().find(fits) {
            Some((process, _)) => vec![(process, false)],
            None => {
                let unknown = heads().filter(|(_, op)| self.entry(*op).fate == Fate::Unknown);
                let mut choices: Vec<(usize, bool)> = unknown.map(|(process, _)| (process, true)).collect();
                let mut others: Vec<(usize, usize)> = heads().collect();
                others.sort_unstable_by_key(|(_, op)| std::cmp::Reverse(self.entry(*op).call));
                choices.extend(others.into_iter().map(|(process, _)| (process, false)));
                choices
            }
        };
        Step { position, choices, took }
    }

    /// Whether an operation can come next, and what it leaves.
    fn carry_out(&self, op: usize, position: &mut Position) -> bool {
        let entry = self.entry(op);
        let held = position.held.get(&entry.object).copied().or(self.history.initial);
        let fits = match entry.action {
            Action::Read(value) => held == self.value(value),
            Action::Write(_) => true,
            Action::Cas(from, _, Swap::Refused) if entry.fate == Fate::Done => held != self.value(from),
            Action::Cas(from, _, Swap::Found(found)) if entry.fate == Fate::Done => {
                held == self.value(found) && held != self.value(from)
            }
            Action::Cas(from, ..) => held == self.value(from),
            _ => false,
        };
        if let Some(value) = self.left(op).filter(|_| fits) {
            position.held.insert(entry.object, value);
        }
        fits
    }
}

/// How many operations of each process are behind, and what the registers hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    at: Vec<u32>,
    held: BTreeMap<u32, u64>,
}

impl Position {
    fn first(processes: usize) -> Position {
        Position { at: vec![0; processes], held: BTreeMap::new() }
    }
}

struct Step {
    position: Position,
    /// Processes whose next operation may come, or may be left out, the best last.
    choices: Vec<(usize, bool)>,
    took: Option<usize>,
}

/// A transitive relation, a bit per pair.
struct Order {
    words: usize,
    bits: Vec<u64>,
}

impl Order {
    fn new(count: usize) -> Order {
        let words = count.div_ceil(64);
        Order { words, bits: vec![0; words * count] }
    }

    fn has(&self, a: usize, b: usize) -> bool {
        self.bits[a * self.words + b / 64] >> (b % 64) & 1 == 1
    }

    /// Adds a pair and all that follow from it. Returns whether it is new.
    fn add(&mut self, a: usize, b: usize) -> bool {
        if self.has(a, b) {
            return false;
        }
        let mut behind = self.bits[b * self.words..][..self.words].to_vec();
        behind[b / 64] |= 1 << (b % 64);
        for before in 0..self.bits.len() / self.words {
            if before == a || self.has(before, a) {
                let row = &mut self.bits[before * self.words..][..self.words];
                row.iter_mut().zip(&behind).for_each(|(word, more)| *word |= more);
            }
        }
        true
    }
}
