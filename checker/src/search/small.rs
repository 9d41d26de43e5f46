//! Random small histories of every model, legal ones and others: what checkers are held against each other with. A
//! history follows from its number alone.

use super::plain::Held;
use super::{Model, Objects};
use crate::linear::{Action, Entry, Fate, History, NEVER, Span, Swap};

/// A random history of at most eight operations by up to four clients on up to two objects. Values repeat; operations
/// are pending, fail, or take effect twice; some events have the same number.
pub fn history(model: Model, number: u64) -> History {
    let mut draw = Draw(number ^ (model as u64) << 56);
    let initial = (matches!(model, Model::Register | Model::Transactions) && draw.one_in(4)).then_some(1);
    let objects = Objects { repeats: true, ..small(model, initial) };
    let mut made = Made {
        held: vec![Held::first(&objects); 2],
        arena: Vec::new(),
        entries: Vec::new(),
        due: Vec::new(),
        processes: Vec::new(),
    };
    let (count, clients) = (2 + draw.below(7), 1 + draw.below(4));
    let mut free = vec![0; clients as usize];
    let mut processes: Vec<u32> = (0..clients as u32).collect();
    for _ in 0..count {
        let object = u32::from(draw.one_in(5));
        let client = draw.below(clients) as usize;
        let call = free[client] + 1 + draw.below(3) as u32;
        let ret = call + 1 + draw.below(6) as u32;
        free[client] = ret;
        let fate = match draw.below(20) {
            0 => Fate::Failed,
            1..=3 => Fate::Unknown,
            _ => Fate::Done,
        };
        let repeats = u16::from(draw.one_in(15));
        let action = draw.action(model, &mut made.arena);
        let place = made.entries.len();
        made.processes.push(processes[client]);
        if fate == Fate::Unknown {
            processes[client] = clients as u32 + place as u32;
        }
        made.entries.push(Entry { call, ret, object, repeats, fate, action });
        if fate == Fate::Done || (fate == Fate::Unknown && draw.one_in(2)) {
            let span = if fate == Fate::Done { ret - call + 1 } else { 12 };
            made.due.push((call + draw.below(span.into()) as u32, place));
        }
        if repeats > 0 && fate != Fate::Failed && draw.one_in(2) {
            made.due.push((call + draw.below(12) as u32, place));
        }
    }
    made.run(&objects);
    if draw.one_in(2) {
        made.spoil(model, &mut draw);
    }
    made.history(initial, &mut draw)
}

/// The objects of the histories made here. Operations take effect once, but for increments.
pub fn small(model: Model, initial: Option<u64>) -> Objects<'static> {
    Objects { initial, texts: Some(&text), ..Objects::of(model) }
}

/// Numbers are texts of two letters: digits 1 and 2 to the base of 3.
fn text(mut value: u64) -> String {
    let mut letters = Vec::new();
    while value > 0 {
        letters.push(if value % 3 == 1 { 'a' } else { 'b' });
        value /= 3;
    }
    letters.into_iter().rev().collect()
}

fn number_of(text: &str) -> u64 {
    text.chars().fold(0, |number, letter| number * 3 + if letter == 'a' { 1 } else { 2 })
}

/// A history in the making.
struct Made {
    held: Vec<Held>,
    arena: Vec<u64>,
    entries: Vec<Entry>,
    /// Who called each of them.
    processes: Vec<u32>,
    /// When operations take effect.
    due: Vec<(u32, usize)>,
}

impl Made {
    /// Lets the operations take effect, each on what is there then, and notes what they answer.
    fn run(&mut self, objects: &Objects<'_>) {
        self.due.sort_unstable();
        let mut answered = vec![false; self.entries.len()];
        for (_, place) in std::mem::take(&mut self.due) {
            let entry = self.entries[place];
            let held = &mut self.held[entry.object as usize];
            if entry.fate == Fate::Done && !std::mem::replace(&mut answered[place], true) {
                self.entries[place].action = answer(held, entry.action, &mut self.arena, objects);
            }
            let blind = Entry { fate: Fate::Unknown, ..entry };
            if let Some(after) = held.after(&blind, &self.arena, objects) {
                *held = after;
            }
        }
    }

    /// Makes one of the answers another.
    fn spoil(&mut self, model: Model, draw: &mut Draw) {
        let place = draw.below(self.entries.len() as u64) as usize;
        let entry = &mut self.entries[place];
        entry.action = match entry.action {
            Action::Read(_) if model == Model::Counter => Action::Read(Some(draw.below(5))),
            Action::Read(_) => Action::Read(draw.value()),
            Action::Cas(from, to, _) if draw.one_in(2) => Action::Cas(from, to, Swap::Swapped),
            Action::Cas(from, to, _) => Action::Cas(from, to, Swap::Refused),
            Action::Increment(_) => Action::Increment(Some(1 + draw.below(4))),
            Action::Add(element, told) => Action::Add(element, told.map(|told| !told)),
            Action::Remove(element, told) => Action::Remove(element, told.map(|told| !told)),
            Action::Contains(element, there) => Action::Contains(element, !there),
            Action::Elements(Span { start, len }) if len > 0 => {
                self.arena.swap(start as usize, (start + len) as usize - 1);
                Action::Elements(Span { start, len: len - draw.below(2) as u32 })
            }
            Action::Append(value, Some(length)) => Action::Append(value, Some(length + 1)),
            Action::Acquire => Action::Release,
            Action::Release => Action::Acquire,
            Action::Transaction(span) if span.len > 0 => {
                self.arena[span.start as usize + 2] = draw.below(3);
                entry.action
            }
            other => other,
        };
    }

    /// In order of calls, and with few or no events of equal numbers.
    fn history(mut self, initial: Option<u64>, draw: &mut Draw) -> History {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|place| self.entries[*place].call);
        self.entries = order.iter().map(|place| self.entries[*place]).collect();
        let processes = order.iter().map(|place| self.processes[*place]).collect();
        if !draw.one_in(4) {
            let ends = |(i, entry): (usize, &Entry)| [(entry.call, false, i), (entry.ret, true, i)];
            let mut events: Vec<(u32, bool, usize)> = self.entries.iter().enumerate().flat_map(ends).collect();
            events.sort_unstable();
            for ((_, end, i), number) in events.into_iter().zip(1..) {
                let entry = &mut self.entries[i];
                *(if end { &mut entry.ret } else { &mut entry.call }) = number;
            }
        }
        for entry in &mut self.entries {
            if entry.fate != Fate::Done {
                entry.ret = NEVER;
            }
        }
        History { entries: self.entries, processes, arena: self.arena, initial }
    }
}

/// The operation with the answer that it gives here.
fn answer(held: &Held, action: Action, arena: &mut Vec<u64>, objects: &Objects<'_>) -> Action {
    match (held, action) {
        (Held::Value(value), Action::Read(_)) => Action::Read(*value),
        (Held::Value(value), Action::Cas(from, to, told)) => Action::Cas(
            from,
            to,
            match told {
                _ if *value == from => Swap::Swapped,
                Swap::Found(_) => Swap::Found(*value),
                _ => Swap::Refused,
            },
        ),
        (Held::Count(count), Action::Increment(told)) => Action::Increment(told.map(|_| count + 1)),
        (Held::Count(count), Action::Read(_)) => Action::Read(Some(*count).filter(|count| *count > 0)),
        (Held::Elements(set), Action::Add(element, told)) => {
            Action::Add(element, told.map(|_| !set.contains(&element)))
        }
        (Held::Elements(set), Action::Remove(element, told)) => {
            Action::Remove(element, told.map(|_| set.contains(&element)))
        }
        (Held::Elements(set), Action::Contains(element, _)) => Action::Contains(element, set.contains(&element)),
        (Held::Elements(list), Action::Append(value, told)) => {
            Action::Append(value, told.map(|_| list.len() as u64 + 1))
        }
        (Held::Elements(all), Action::Elements(_)) => {
            let start = arena.len() as u32;
            arena.extend(all.iter().rev().filter(|_| objects.model == Model::Set));
            arena.extend(all.iter().filter(|_| objects.model == Model::List));
            Action::Elements(Span { start, len: all.len() as u32 })
        }
        (Held::Text(text), Action::Read(_)) => Action::Read(Some(number_of(text)).filter(|number| *number > 0)),
        (Held::Text(text), Action::Append(value, told)) => {
            Action::Append(value, told.map(|_| (text.len() + objects.text(value).len()) as u64))
        }
        (Held::Values(values), Action::Transaction(span)) => {
            let mut values = values.clone();
            for step in arena[span.start as usize..(span.start + span.len) as usize].chunks_exact_mut(3) {
                match step[0] {
                    0 => step[2] = values.get(&step[1]).copied().unwrap_or(0),
                    _ => {
                        values.insert(step[1], step[2]);
                    }
                }
            }
            action
        }
        _ => action,
    }
}

/// Random numbers: `SplitMix64` (Steele, Lea and Flood 2014).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn value(&mut self) -> Option<u64> {
        Some(self.below(4)).filter(|value| *value > 0)
    }

    /// An operation; what it answers is to be filled in.
    fn action(&mut self, model: Model, arena: &mut Vec<u64>) -> Action {
        let value = 1 + self.below(3);
        let told = self.one_in(2);
        let pick = self.below(10);
        match model {
            Model::Register => match pick {
                0..=3 => Action::Read(None),
                4..=6 => Action::Write(value),
                7 => Action::Cas(self.value(), value, Swap::Found(None)),
                _ => Action::Cas(self.value(), value, Swap::Refused),
            },
            Model::Counter => match pick {
                0..=3 => Action::Read(None),
                _ => Action::Increment(told.then_some(0)),
            },
            Model::Set => match pick {
                0..=3 => Action::Add(value, told.then_some(true)),
                4..=5 => Action::Remove(value, told.then_some(true)),
                6..=8 => Action::Contains(value, true),
                _ => Action::Elements(Span { start: 0, len: 0 }),
            },
            Model::List => match pick {
                0..=4 => Action::Append(value, self.one_in(4).then_some(0)),
                _ => Action::Elements(Span { start: 0, len: 0 }),
            },
            Model::Text => match pick {
                0..=2 => Action::Write(self.below(9)),
                3..=5 => Action::Append(self.below(9), self.one_in(4).then_some(0)),
                _ => Action::Read(None),
            },
            Model::Mutex => match pick {
                0..=4 => Action::Acquire,
                _ => Action::Release,
            },
            Model::Transactions => {
                let start = arena.len() as u32;
                for _ in 0..1 + self.below(3) {
                    let write = self.below(2);
                    arena.extend([write, self.below(3), if write == 1 { value + 1 } else { 0 }]);
                }
                Action::Transaction(Span { start, len: arena.len() as u32 - start })
            }
        }
    }
}
