//! A text or a list: symbols one behind the other. All contents that were read lie in one tree of their beginnings, so
//! that a state is a node; contents that begin no read differ by their length only.

use super::{answered, call};
use crate::linear::{Action, Entry, Fate};
use crate::search::hash::{NONE, Numbers};
use crate::search::plain::within;
use crate::search::spec::{Call, Spec};
use crate::search::{Model, Objects};

/// Symbols of all values, one behind the other: where those of an operation begin and end.
type Symbols = (u32, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::search) enum Op {
    Write(Symbols),
    /// Appends; the length afterwards.
    Append(Symbols, Option<u64>),
    /// What was read, a node.
    Read(u32),
    /// No list and no text has this operation.
    Never,
}

/// A node, `NONE` for contents that begin no read; and their length.
type State = (u32, u64);

/// The text or list of a history.
#[derive(Debug)]
pub(in crate::search) struct Text {
    initial: State,
    symbols: Vec<u64>,
    /// Edges of the tree: node and symbol. The n-th leads to node n + 1.
    edges: Numbers<(u32, u64)>,
    /// Nothing is ever written over: what is there stays there.
    grows_only: bool,
    /// Call of the last whole read, and the nodes of its beginnings by their length.
    last_read: (u32, Vec<u32>),
    /// The latest return of an operation that told the contents or a length, and of one that told a length.
    last_seen: u32,
    last_length: u32,
    /// Symbols that were read.
    read: Numbers<u64>,
}

impl Text {
    pub(in crate::search) fn of(
        entries: impl Iterator<Item = Entry> + Clone,
        arena: &[u64],
        objects: &Objects<'_>,
    ) -> (Text, Vec<Call<Op>>) {
        let mut text = Text {
            initial: (0, 0),
            symbols: Vec::new(),
            edges: Numbers::default(),
            grows_only: true,
            last_read: (0, Vec::new()),
            last_seen: 0,
            last_length: 0,
            read: Numbers::default(),
        };
        let mut known: Numbers<u64> = Numbers::default();
        let mut places: Vec<Symbols> = Vec::new();
        let mut calls = Vec::new();
        for entry in entries {
            let mut symbols = |text: &mut Text, value: u64| {
                let number = known.of(value) as usize;
                if number == places.len() {
                    let start = text.symbols.len() as u32;
                    match objects.model {
                        Model::Text => text.symbols.extend(objects.text(value).bytes().map(u64::from)),
                        _ => text.symbols.push(value),
                    }
                    places.push((start, text.symbols.len() as u32));
                }
                places[number]
            };
            let op = match entry.action {
                Action::Write(value) => Op::Write(symbols(&mut text, value)),
                Action::Append(value, length) => {
                    Op::Append(symbols(&mut text, value), length.filter(|_| answered(&entry)))
                }
                _ if entry.fate != Fate::Done => Op::Never,
                Action::Read(None) => Op::Read(0),
                Action::Read(Some(value)) => Op::Read(text.grow(objects.text(value).bytes().map(u64::from), &entry)),
                Action::Elements(span) => Op::Read(text.grow(within(arena, span).iter().copied(), &entry)),
                _ => Op::Never,
            };
            if matches!(op, Op::Read(_) | Op::Append(_, Some(_))) {
                text.last_seen = text.last_seen.max(entry.ret);
            }
            if matches!(op, Op::Append(_, Some(_))) {
                text.last_length = text.last_length.max(entry.ret);
            }
            text.grows_only &= !matches!(op, Op::Write(_));
            if op == Op::Read(0) && entry.call >= text.last_read.0 {
                text.last_read = (entry.call, vec![0]);
            }
            calls.push(call(&entry, op));
        }
        if let Some(value) = objects.initial {
            let first: Vec<u64> = objects.text(value).bytes().map(u64::from).collect();
            text.initial = text.walk((0, 0), &first);
        }
        (text, calls)
    }

    /// Enters contents into the tree.
    fn grow(&mut self, symbols: impl Iterator<Item = u64>, entry: &Entry) -> u32 {
        let last = entry.call >= self.last_read.0;
        if last {
            self.last_read = (entry.call, vec![0]);
        }
        symbols.fold(0, |node, symbol| {
            self.read.of(symbol);
            let next = self.edges.of((node, symbol)) + 1;
            if last {
                self.last_read.1.push(next);
            }
            next
        })
    }

    fn walk(&self, (node, length): State, symbols: &[u64]) -> State {
        let to = symbols.iter().try_fold(node, |node, symbol| {
            let edge = self.edges.find(&(node, *symbol)).filter(|_| node != NONE)?;
            Some(edge + 1)
        });
        (to.unwrap_or(NONE), length + symbols.len() as u64)
    }

    fn of_op(&self, (from, to): Symbols) -> &[u64] {
        &self.symbols[from as usize..to as usize]
    }
}

impl Spec for Text {
    type State = State;
    type Op = Op;

    fn initial(&self) -> State {
        self.initial
    }

    fn step(&self, state: &State, op: &Op) -> Option<State> {
        match *op {
            Op::Write(symbols) => Some(self.walk((0, 0), self.of_op(symbols))),
            Op::Append(symbols, said) => {
                let after = self.walk(*state, self.of_op(symbols));
                said.is_none_or(|said| said == after.1).then_some(after)
            }
            Op::Read(node) => (node == state.0).then_some(*state),
            Op::Never => None,
        }
    }

    fn is_read(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::Never)
    }

    fn overwrites(&self, op: &Op) -> bool {
        matches!(op, Op::Write(_))
    }

    fn settles(&self, op: &Op) -> bool {
        matches!(op, Op::Write(_) | Op::Read(_))
    }

    fn matters_until(&self, op: &Op) -> u32 {
        match *op {
            // What has symbols that nobody read shows in lengths only.
            Op::Write(symbols) | Op::Append(symbols, _) => {
                let read = self.of_op(symbols).iter().all(|symbol| self.read.find(symbol).is_some());
                if read { self.last_seen } else { self.last_length }
            }
            Op::Read(_) | Op::Never => 0,
        }
    }

    fn dooms(&self, _before: &State, _op: &Op, after: &State, now: u32) -> Option<u32> {
        let (call, path) = &self.last_read;
        (self.grows_only && *call > now && path.get(after.1 as usize) != Some(&after.0)).then_some(*call)
    }
}
