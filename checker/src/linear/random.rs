//! Random small histories of every model: what linear checks, the general search and brute force are compared on.
//!
//! A few clients take turns on objects that act at one moment of each operation, so that the history is legal; then, in
//! every other one, answers are replaced and intervals cut. Times are drawn from a narrow range, so that many tie
//! (calls stand before returns), some operations never return or fail, some values repeat. A seed always gives the same
//! history. Knows nothing of how histories are judged.

use super::{Action, Entry, Fate, History, NEVER, Span, Swap};
use std::collections::BTreeSet;

/// What the objects of a random history are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objects {
    /// Registers: writes, reads, compare-and-set.
    Registers,
    /// Counters: increments and reads.
    Counters,
    /// Sets: add, remove, contains, elements.
    Sets,
    /// Lists: append, elements.
    Lists,
    /// Mutexes: acquire, release.
    Mutexes,
    /// Registers that are read and written together.
    Transactions,
}

impl Objects {
    /// All kinds.
    pub const ALL: [Objects; 6] =
        [Objects::Registers, Objects::Counters, Objects::Sets, Objects::Lists, Objects::Mutexes, Objects::Transactions];
}

/// Numbers that look random: Steele, Lea and Flood's SplitMix64 (OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// How the histories of one seed look.
struct Style {
    objects: u64,
    /// Each value is written, each element added and removed once.
    unique: bool,
    /// Chance of an operation of unknown outcome, of a failed one, of a compare-and-set, of a removal, of a read of all
    /// elements; percent.
    unknown: u64,
    failed: u64,
    swaps: u64,
    removals: u64,
    whole: u64,
    /// Chance that an answer which may be left out is given.
    answers: u64,
    /// A refused compare-and-set says what it found.
    finds: bool,
}

impl Style {
    fn of(noise: &mut Noise) -> Style {
        Style {
            objects: 1 + u64::from(noise.percent(25)),
            unique: noise.percent(75),
            unknown: noise.below(3) * 15,
            failed: noise.below(2) * 8,
            swaps: noise.below(4) * 20,
            removals: noise.below(3) * 20,
            whole: noise.below(3) * 30,
            answers: noise.below(3) * 50,
            finds: noise.percent(85),
        }
    }
}

/// When an operation acts.
struct Plan {
    point: u32,
    times: (u32, u32),
    process: u32,
    fate: Fate,
    acts: bool,
}

/// One operation on its way.
struct Draft {
    process: u32,
    times: (u32, u32),
    entry: Entry,
}

/// What all objects hold.
#[derive(Default)]
struct State {
    registers: [Option<u64>; 2],
    counters: [u64; 2],
    sets: [BTreeSet<u64>; 2],
    lists: [Vec<u64>; 2],
    held: [bool; 2],
}

/// The history of a seed: 2 to 8 operations of up to 4 clients on one or two objects.
pub fn history(objects: Objects, seed: u64) -> History {
    let mut noise = Noise(seed ^ ((objects as u64 + 1) << 56));
    let style = Style::of(&mut noise);
    let mut maker = Maker { objects, style, noise, written: 0, arena: Vec::new(), state: State::default() };
    let initial = maker.initial();
    let mut drafts = maker.drafts();
    if maker.noise.percent(50) {
        for _ in 0..=maker.noise.below(2) {
            let victim = maker.noise.below(drafts.len() as u64) as usize;
            maker.spoil(&mut drafts[victim]);
        }
    }
    number(drafts, maker.arena, initial)
}

struct Maker {
    objects: Objects,
    style: Style,
    noise: Noise,
    written: u64,
    arena: Vec<u64>,
    state: State,
}

impl Maker {
    fn initial(&mut self) -> Option<u64> {
        let wanted = matches!(self.objects, Objects::Registers | Objects::Counters | Objects::Transactions);
        if !wanted || self.noise.percent(75) {
            return None;
        }
        let value = 1 + self.noise.below(2);
        self.state.registers = [Some(value); 2];
        self.state.counters = [value; 2];
        Some(value)
    }

    /// Draws when operations are called, act and return; lets them act in that order.
    fn drafts(&mut self) -> Vec<Draft> {
        let pace = 1 + self.noise.below(6);
        let mut free = vec![0u32; 1 + self.noise.below(4) as usize];
        let mut plans = Vec::new();
        for _ in 0..2 + self.noise.below(7) {
            let client = (0..free.len()).min_by_key(|&i| free[i]).unwrap_or(0);
            let mut wait = |bound: u64| self.noise.below(bound + 1) as u32;
            let call = free[client] + 1 + wait(2);
            let mut point = call + wait(pace);
            let mut ret = point + wait(pace);
            let (fate, acts) = match self.noise.below(100) {
                n if n < self.style.unknown => (Fate::Unknown, self.noise.percent(60)),
                n if n < self.style.unknown + self.style.failed => (Fate::Failed, false),
                _ => (Fate::Done, true),
            };
            if fate == Fate::Unknown {
                point += self.noise.below(12) as u32;
                ret = call + 3;
            }
            free[client] = ret;
            plans.push(Plan { point, times: (call, ret), process: client as u32, fate, acts });
        }
        plans.sort_by_key(|plan| plan.point);
        plans.into_iter().map(|plan| self.draft(plan)).collect()
    }

    fn draft(&mut self, Plan { times, process, mut fate, acts, .. }: Plan) -> Draft {
        let object = self.noise.below(self.style.objects) as u32;
        let mut action = self.action(object as usize, acts);
        let mut repeats = 0;
        if action == Action::Acquire && fate == Fate::Done {
            // A mutex that is held is not taken.
            let held = std::mem::replace(&mut self.state.held[object as usize], true);
            fate = if held { Fate::Failed } else { fate };
        }
        if matches!(action, Action::Increment(_)) && self.noise.percent(5) {
            repeats = 1;
            self.state.counters[object as usize] += u64::from(acts && self.noise.percent(50));
        }
        if fate != Fate::Done {
            forget(&mut action);
        }
        let object = if self.objects == Objects::Transactions { 0 } else { object };
        Draft { process, times, entry: Entry { call: 0, ret: NEVER, object, repeats, fate, action } }
    }

    /// Lets an operation act; says what it answers.
    fn action(&mut self, object: usize, acts: bool) -> Action {
        match self.objects {
            Objects::Registers => self.register(object, acts),
            Objects::Counters if self.noise.percent(60) => {
                let after = self.state.counters[object] + 1;
                if acts {
                    self.state.counters[object] = after;
                }
                Action::Increment(self.noise.percent(self.style.answers).then_some(after))
            }
            Objects::Counters => Action::Read(Some(self.state.counters[object])),
            Objects::Sets => self.set(object, acts),
            Objects::Lists if self.noise.percent(60) => {
                let element = self.fresh(true);
                let length = self.state.lists[object].len() as u64 + 1;
                if acts {
                    self.state.lists[object].push(element);
                }
                Action::Append(element, self.noise.percent(self.style.answers).then_some(length))
            }
            Objects::Lists => {
                let all = self.state.lists[object].clone();
                Action::Elements(self.span(all))
            }
            Objects::Mutexes if self.noise.percent(50) => Action::Acquire,
            Objects::Mutexes => {
                self.state.held[object] &= !acts;
                Action::Release
            }
            Objects::Transactions => self.transaction(acts),
        }
    }

    fn register(&mut self, object: usize, acts: bool) -> Action {
        let now = self.state.registers[object];
        let swap = self.noise.percent(self.style.swaps);
        if !swap && self.noise.percent(45) {
            return Action::Read(now);
        }
        let to = self.fresh(true);
        if !swap {
            if acts {
                self.state.registers[object] = Some(to);
            }
            return Action::Write(to);
        }
        let from = if self.noise.percent(70) { now } else { Some(self.fresh(false)) };
        let answer = match (from == now, self.style.finds) {
            (true, _) => Swap::Swapped,
            (false, true) => Swap::Found(now),
            (false, false) => Swap::Refused,
        };
        if acts && from == now {
            self.state.registers[object] = Some(to);
        }
        Action::Cas(from, to, answer)
    }

    fn set(&mut self, object: usize, acts: bool) -> Action {
        if self.noise.percent(self.style.whole) {
            let all = self.state.sets[object].iter().copied().collect();
            return Action::Elements(self.span(all));
        }
        let told = self.noise.percent(self.style.answers);
        let set = &mut self.state.sets[object];
        if self.noise.percent(self.style.removals) {
            // Mostly one that is there.
            let first = set.first().copied();
            let element = match first {
                Some(element) if self.noise.percent(70) => element,
                _ => self.fresh(false),
            };
            let set = &mut self.state.sets[object];
            let there = if acts { set.remove(&element) } else { set.contains(&element) };
            return Action::Remove(element, told.then_some(there));
        }
        if self.noise.percent(40) {
            let element = self.fresh(false);
            return Action::Contains(element, self.state.sets[object].contains(&element));
        }
        let element = self.fresh(true);
        let set = &mut self.state.sets[object];
        let new = if acts { set.insert(element) } else { !set.contains(&element) };
        Action::Add(element, told.then_some(new))
    }

    fn transaction(&mut self, acts: bool) -> Action {
        let mut triples = Vec::new();
        for object in 0..2u64 {
            if self.noise.percent(30) {
                continue;
            }
            let register = object as usize;
            if self.noise.percent(50) {
                triples.extend([0, object, self.state.registers[register].map_or(0, |value| value + 1)]);
            } else {
                let value = self.fresh(true);
                triples.extend([1, object, value + 1]);
                if acts {
                    self.state.registers[register] = Some(value);
                }
            }
        }
        Action::Transaction(self.span(triples))
    }

    /// A value to write, or any that was or could have been written.
    fn fresh(&mut self, to_write: bool) -> u64 {
        match (self.style.unique, to_write) {
            (true, true) => {
                self.written += 1;
                self.written + 2
            }
            (true, false) => 2 + self.noise.below(self.written + 2),
            (false, _) => 1 + self.noise.below(3),
        }
    }

    fn span(&mut self, numbers: Vec<u64>) -> Span {
        let start = self.arena.len() as u32;
        self.arena.extend(&numbers);
        Span { start, len: numbers.len() as u32 }
    }

    /// Makes an operation answer, or return, or begin differently.
    fn spoil(&mut self, draft: &mut Draft) {
        let Draft { times: (call, ret), entry, .. } = draft;
        match self.noise.below(6) {
            0 => *call = (*call).max(ret.saturating_sub(self.noise.below(2) as u32)),
            1 => *ret = (*ret).min(*call + self.noise.below(2) as u32),
            2 if !matches!(entry.action, Action::Read(_) | Action::Elements(_)) => {
                entry.fate = if entry.fate == Fate::Done { Fate::Unknown } else { Fate::Done };
                forget(&mut entry.action);
            }
            _ if entry.fate == Fate::Done => self.lie(&mut entry.action),
            _ => {}
        }
    }

    fn lie(&mut self, action: &mut Action) {
        let other = (!self.noise.percent(15)).then(|| self.fresh(false));
        let small = self.noise.below(5);
        match action {
            Action::Read(seen) if self.objects == Objects::Counters => *seen = Some(small),
            Action::Read(seen) => *seen = other,
            Action::Cas(_, _, answer) => {
                *answer = match (*answer, self.style.finds) {
                    (Swap::Swapped, true) => Swap::Found(other),
                    (Swap::Swapped, false) => Swap::Refused,
                    _ => Swap::Swapped,
                }
            }
            Action::Increment(count) | Action::Append(_, count) => *count = Some(small + 1),
            Action::Add(_, answer) | Action::Remove(_, answer) => *answer = Some(!answer.unwrap_or(false)),
            Action::Contains(_, answer) => *answer = !*answer,
            Action::Elements(span) => {
                let mut all = self.arena[span.start as usize..][..span.len as usize].to_vec();
                let place = self.noise.below(all.len() as u64 + 1) as usize;
                match self.noise.below(4) {
                    0 | 1 if place < all.len() => drop(all.remove(place)),
                    2 if place < all.len() => all.swap(0, place),
                    _ => all.insert(place, other.unwrap_or(2)),
                }
                *span = self.span(all);
            }
            Action::Transaction(span) => {
                let mut triples = self.arena[span.start as usize..][..span.len as usize].to_vec();
                if let Some(triple) = triples.chunks_mut(3).find(|triple| triple[0] == 0) {
                    triple[2] = other.map_or(0, |value| value + 1);
                }
                *span = self.span(triples);
            }
            Action::Write(_) | Action::Acquire | Action::Release => {}
        }
    }
}

/// Nobody knows what an operation answered that did not return.
fn forget(action: &mut Action) {
    match action {
        Action::Read(seen) => *seen = None,
        Action::Cas(_, _, answer) => *answer = Swap::Refused,
        Action::Increment(count) | Action::Append(_, count) => *count = None,
        Action::Add(_, answer) | Action::Remove(_, answer) => *answer = None,
        Action::Contains(_, there) => *there = false,
        Action::Elements(span) => span.len = 0,
        _ => {}
    }
}

/// Gives every call and return a number of its own. Where times tie, calls stand before returns.
fn number(mut drafts: Vec<Draft>, arena: Vec<u64>, initial: Option<u64>) -> History {
    drafts.sort_by_key(|draft| draft.times.0);
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    for (i, draft) in drafts.iter().enumerate() {
        events.push((draft.times.0, false, i));
        if draft.entry.fate != Fate::Unknown {
            events.push((draft.times.1.max(draft.times.0), true, i));
        }
    }
    events.sort_unstable();
    for ((_, is_return, i), number) in events.into_iter().zip(1..) {
        let entry = &mut drafts[i].entry;
        *(if is_return { &mut entry.ret } else { &mut entry.call }) = number;
    }
    // After an operation of unknown outcome a client goes on as a new process.
    let mut now: Vec<u32> = (0..=drafts.iter().map(|draft| draft.process).max().unwrap_or(0)).collect();
    let mut next = now.len() as u32;
    let mut processes = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let process = &mut now[draft.process as usize];
        processes.push(*process);
        if draft.entry.fate == Fate::Unknown {
            *process = next;
            next += 1;
        }
    }
    let entries = drafts.into_iter().map(|draft| draft.entry).collect();
    History { entries, processes, arena, initial }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_number_and_no_process_calls_before_its_last_return() {
        for objects in Objects::ALL {
            for seed in 0..500 {
                let History { entries, processes, arena, .. } = history(objects, seed);
                assert_eq!(history(objects, seed).entries, entries);
                let mut events: Vec<u32> = entries.iter().map(|entry| entry.call).collect();
                assert!(events.is_sorted());
                events.extend(entries.iter().map(|entry| entry.ret).filter(|ret| *ret != NEVER));
                events.sort_unstable();
                assert!(events.iter().copied().eq(1..=events.len() as u32));
                for (i, entry) in entries.iter().enumerate() {
                    let mut before = (0..i).filter(|&j| processes[j] == processes[i]);
                    assert!(before.all(|j| entries[j].ret < entry.call), "{objects:?} {seed}");
                    if let Action::Elements(span) | Action::Transaction(span) = entry.action {
                        assert!((span.start + span.len) as usize <= arena.len());
                    }
                }
            }
        }
    }
}
