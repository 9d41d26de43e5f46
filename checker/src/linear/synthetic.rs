//! Large histories as a busy service would leave them, for measurements: a closed loop of clients on registers or
//! counters that act at one moment of each operation. A seed always gives the same history.

use super::random::Noise;
use super::{Action, Entry, Fate, History, NEVER, Swap};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a synthetic history is made of. Chances are in thousandths.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many operations are called.
    pub operations: u32,
    /// On how many objects.
    pub keys: u32,
    /// By how many clients at a time.
    pub clients: u32,
    /// Chance of a read.
    pub reads: u64,
    /// Chance, among other operations, of a compare-and-set; from the current value in one of `hits` thousand cases,
    /// otherwise from any of the last eight.
    pub swaps: u64,
    /// See `swaps`.
    pub hits: u64,
    /// Whether a refused compare-and-set says what it found.
    pub finds: bool,
    /// Chance, among other operations than reads, that the outcome stays unknown; half of those never act.
    pub unknown: u64,
    /// If not 0: written values are drawn from below this; otherwise they count up per object.
    pub values: u64,
    /// One read past the middle returns a value that was replaced before it began.
    pub stale: bool,
    /// Counters that return their count instead of registers.
    pub counters: bool,
    /// For another history of the same kind.
    pub seed: u64,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            operations: 10_000,
            keys: 1,
            clients: 5,
            reads: 500,
            swaps: 0,
            hits: 1_000,
            finds: true,
            unknown: 0,
            values: 0,
            stale: false,
            counters: false,
            seed: 0,
        }
    }
}

/// Mean times between events.
const THINK: f64 = 100.0;
const ACT: f64 = 500.0;
const RETURN: f64 = 500.0;
const ACT_LATE: f64 = 5_000.0;
/// A stale value is one of so many that were written last.
const RECENT: usize = 64;
/// When a client gives an operation up.
const GIVE_UP: u64 = 3_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Call { client: u32 },
    Act { entry: u32 },
    Return { entry: u32, client: u32 },
    GiveUp { client: u32 },
}

struct World {
    load: Load,
    noise: Noise,
    queue: BinaryHeap<Reverse<(u64, u64, Step)>>,
    pushed: u64,
    /// What every object holds, and how many values were written to it.
    now: Vec<(Option<u64>, u64)>,
    history: History,
    processes: Vec<u32>,
    events: u32,
}

/// Makes the history.
pub fn history(load: Load) -> History {
    let mut world = World {
        load,
        noise: Noise(load.seed),
        queue: BinaryHeap::new(),
        pushed: 0,
        now: vec![(None, 0); load.keys as usize],
        history: History::default(),
        processes: (0..load.clients).collect(),
        events: 0,
    };
    for client in 0..load.clients {
        world.later(0, THINK, Step::Call { client });
    }
    while let Some(Reverse((at, _, step))) = world.queue.pop() {
        world.step(at, step);
    }
    if load.stale {
        make_stale(&mut world.history);
    }
    world.history
}

impl World {
    fn later(&mut self, now: u64, mean: f64, step: Step) -> u64 {
        let uniform = (self.noise.bits() >> 11) as f64 / (1u64 << 53) as f64;
        let at = now + (-(1.0 - uniform).ln() * mean) as u64;
        self.queue.push(Reverse((at, self.pushed, step)));
        self.pushed += 1;
        at
    }

    fn step(&mut self, at: u64, step: Step) {
        match step {
            Step::Call { client } if self.history.entries.len() < self.load.operations as usize => {
                self.call(at, client)
            }
            Step::Call { .. } => {}
            Step::Act { entry } => self.act(entry as usize),
            Step::Return { entry, client } => {
                self.events += 1;
                self.history.entries[entry as usize].ret = self.events;
                self.later(at, THINK, Step::Call { client });
            }
            Step::GiveUp { client } => {
                self.processes[client as usize] += self.load.clients;
                self.later(at, THINK, Step::Call { client });
            }
        }
    }

    fn call(&mut self, at: u64, client: u32) {
        self.events += 1;
        let entry = self.history.entries.len() as u32;
        let object = self.noise.below(u64::from(self.load.keys)) as u32;
        let action = match (self.noise.below(1_000) < self.load.reads, self.load.counters) {
            (true, _) => Action::Read(None),
            (false, true) => Action::Increment(None),
            (false, false) => self.write(object as usize),
        };
        let unknown = !matches!(action, Action::Read(_)) && self.noise.below(1_000) < self.load.unknown;
        let fate = if unknown { Fate::Unknown } else { Fate::Done };
        self.history.entries.push(Entry { call: self.events, ret: NEVER, object, repeats: 0, fate, action });
        self.history.processes.push(self.processes[client as usize]);
        if !unknown {
            let acts = self.later(at, ACT, Step::Act { entry });
            self.later(acts, RETURN, Step::Return { entry, client });
            return;
        }
        if self.noise.percent(50) {
            self.later(at, ACT_LATE, Step::Act { entry });
        }
        self.later(at + GIVE_UP, 0.0, Step::GiveUp { client });
    }

    fn write(&mut self, object: usize) -> Action {
        let (now, written) = &mut self.now[object];
        *written += 1;
        let value = if self.load.values == 0 { *written } else { self.noise.below(self.load.values) };
        if self.noise.below(1_000) >= self.load.swaps {
            return Action::Write(value);
        }
        let from = match self.noise.below(1_000) < self.load.hits {
            true => *now,
            false if self.load.values > 0 => Some(self.noise.below(self.load.values)),
            false => Some(written.saturating_sub(1 + self.noise.below(8)).max(1)).filter(|from| *from != value),
        };
        Action::Cas(from, value, Swap::Swapped)
    }

    fn act(&mut self, entry: usize) {
        let entry = &mut self.history.entries[entry];
        let now = &mut self.now[entry.object as usize].0;
        match &mut entry.action {
            Action::Write(value) => *now = Some(*value),
            Action::Read(seen) => *seen = *now,
            Action::Cas(from, to, answer) => {
                *answer = match *from == *now {
                    true => Swap::Swapped,
                    false if self.load.finds => Swap::Found(*now),
                    false => Swap::Refused,
                };
                if *from == *now {
                    *now = Some(*to);
                }
            }
            Action::Increment(count) => {
                *now = Some(now.unwrap_or(0) + 1);
                *count = *now;
            }
            _ => {}
        }
    }
}

/// Gives the first suitable read past the middle a value that a later write, finished before the read began, had
/// replaced, and that nobody may have written since.
fn make_stale(history: &mut History) {
    let entries = &mut history.entries;
    let written = |entry: &Entry| match entry.action {
        Action::Write(value) if entry.fate == Fate::Done => Some(value),
        _ => None,
    };
    let writes = |entry: &Entry, it: u64| match entry.action {
        Action::Write(value) => value == it,
        Action::Cas(_, value, answer) => value == it && (entry.fate != Fate::Done || answer == Swap::Swapped),
        _ => false,
    };
    for i in entries.len() / 2..entries.len() {
        let read = entries[i];
        if !matches!(read.action, Action::Read(_)) || read.fate != Fate::Done {
            continue;
        }
        let begun = entries.partition_point(|entry| entry.call < read.ret);
        let mut before = entries[..i].iter().rev().filter(|entry| entry.object == read.object && entry.ret < read.call);
        let Some(newer) = before.find(|entry| written(entry).is_some()) else { continue };
        let is_gone = |value: u64| {
            let mut others = entries[..begun].iter().rev().filter(|entry| entry.object == read.object);
            others.all(|entry| !writes(entry, value) || entry.ret < newer.call)
        };
        let older = before.filter_map(written).take(RECENT).find(|value| is_gone(*value));
        if let Some(older) = older {
            entries[i].action = Action::Read(Some(older));
            return;
        }
    }
}
