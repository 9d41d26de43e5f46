//! What an anomaly's few operations prove by themselves: a small history in which everything else is left out or
//! weakened, so that it has a legal order if the whole one has. An exhaustive search over it is the last word before an
//! anomaly is told.
//!
//! * Registers: a compare-and-set whose chain of predecessors is not listed swaps the nearest value that is, or simply
//!   writes.
//! * Sets and lists: reads show listed elements only, and those that nobody can have added; a length becomes the rank
//!   among the listed.
//! * Counters: counts are moved together, and the increments between them may happen at any time. Where increments are
//!   too few or too many, the others are counted and the counter starts behind them. Lists count as counters do.

use super::sequential::{exhaustive, may_act};
use super::{Action, Anomaly, AnomalyKind, Entry, Fate, History, Model, NEVER, Span, Swap};
use std::collections::BTreeMap;

/// Makes and judges excerpts of one history.
#[derive(Debug)]
pub struct Excerpts<'a> {
    model: Model,
    history: &'a History,
    /// Who brought each value into each object, or may have.
    writers: BTreeMap<(u32, u64), u32>,
}

impl<'a> Excerpts<'a> {
    /// Gets ready to make excerpts of a history.
    pub fn new(model: Model, history: &'a History) -> Excerpts<'a> {
        let mut writers = BTreeMap::new();
        for (i, entry) in (0u32..).zip(&history.entries) {
            match entry.action {
                Action::Cas(_, _, answer) if entry.fate == Fate::Done && answer != Swap::Swapped => {}
                Action::Write(value) | Action::Cas(_, value, _) | Action::Add(value, _) | Action::Append(value, _)
                    if may_act(entry) =>
                {
                    writers.insert((entry.object, value), i);
                }
                _ => {}
            }
        }
        Excerpts { model, history, writers }
    }

    /// Whether the operations of an anomaly are illegal by themselves.
    pub fn stands(&self, anomaly: &Anomaly) -> bool {
        let (model, excerpt) = self.excerpt(anomaly);
        excerpt.entries.len() <= 32 && !exhaustive(model, &excerpt)
    }

    /// The excerpt of an anomaly, and the model it is to be judged by.
    pub fn excerpt(&self, anomaly: &Anomaly) -> (Model, History) {
        let excerpt = match self.model {
            Model::Register => self.register(anomaly),
            Model::Counter => counter(self.history, anomaly),
            Model::Set | Model::List => self.projection(anomaly),
        };
        if self.model == Model::List && exhaustive(Model::List, &excerpt) {
            return (Model::Counter, counter(&lengths(self.history, anomaly.object), anomaly));
        }
        (self.model, excerpt)
    }

    fn listed(&self, anomaly: &Anomaly) -> Vec<Entry> {
        let listed = anomaly.entries.iter().map(|&i| self.history.entries[i as usize]);
        listed.map(|entry| Entry { object: 0, repeats: 0, ..entry }).collect()
    }

    fn register(&self, anomaly: &Anomaly) -> History {
        let mut entries = self.listed(anomaly);
        for entry in &mut entries {
            let Action::Cas(from, to, answer) = entry.action else { continue };
            if entry.fate == Fate::Failed || (entry.fate == Fate::Done && answer != Swap::Swapped) {
                continue;
            }
            entry.action = match self.listed_before(anomaly, from) {
                Some(from) => Action::Cas(from, to, answer),
                None => Action::Write(to),
            };
        }
        History { entries, initial: self.history.initial, ..History::default() }
    }

    /// The nearest value at or before `value` in its chain that is the initial one, listed, or written by nobody.
    fn listed_before(&self, anomaly: &Anomaly, mut value: Option<u64>) -> Option<Option<u64>> {
        // Values that rest on each other have no beginning.
        for _ in 0..self.history.entries.len() {
            let Some(number) = value.filter(|_| value != self.history.initial) else { return Some(value) };
            let Some(writer) = self.writers.get(&(anomaly.object, number)) else { return Some(value) };
            if anomaly.entries.contains(writer) {
                return Some(value);
            }
            match self.history.entries[*writer as usize].action {
                Action::Cas(from, ..) => value = from,
                _ => return None,
            }
        }
        None
    }

    fn projection(&self, anomaly: &Anomaly) -> History {
        let mut entries = self.listed(anomaly);
        let brought = |entry: &Entry| match entry.action {
            Action::Add(element, _) | Action::Append(element, _) => Some(element),
            _ => None,
        };
        let kept: Vec<u64> = entries.iter().filter_map(brought).collect();
        let all = &self.history.arena;
        let slice = |span: Span| &all[span.start as usize..][..span.len as usize];
        let longest = entries.iter().filter(|entry| entry.fate == Fate::Done).filter_map(|entry| match entry.action {
            Action::Elements(span) => Some(slice(span)),
            _ => None,
        });
        let longest = longest.max_by_key(|elements| elements.len()).unwrap_or(&[]);
        let place = |element: u64| longest.iter().position(|its| *its == element).map(|place| place as u64 + 1);
        let mut ranks: Vec<u64> = Vec::new();
        for entry in &entries {
            if let (Action::Append(element, length), Fate::Done) = (entry.action, entry.fate) {
                ranks.extend(place(element).or(length));
            } else if let Some(element) = brought(entry) {
                ranks.extend(place(element));
            }
        }
        let whole = ranks.len() == kept.len();
        let mut arena = Vec::new();
        for entry in &mut entries {
            match &mut entry.action {
                Action::Elements(span) => {
                    let start = arena.len() as u32;
                    arena.extend(slice(*span).iter().filter(|element| {
                        kept.contains(element) || !self.writers.contains_key(&(anomaly.object, **element))
                    }));
                    *span = Span { start, len: arena.len() as u32 - start };
                }
                Action::Append(element, length) => {
                    *length = match *length {
                        // An append leaves one element at least.
                        Some(0) => Some(0),
                        Some(length) if place(*element).is_some_and(|place| place != length) => Some(0),
                        Some(length) if whole => Some(1 + ranks.iter().filter(|rank| **rank < length).count() as u64),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        History { entries, arena, ..History::default() }
    }
}

/// A history of lists as one of counters: all that matters is how long they are. What the longest read of the object
/// shows happened, at that length.
fn lengths(history: &History, object: u32) -> History {
    let reads = history.entries.iter().filter(|entry| entry.object == object && entry.fate == Fate::Done);
    let longest = reads.filter_map(|entry| match entry.action {
        Action::Elements(Span { start, len }) => Some(&history.arena[start as usize..][..len as usize]),
        _ => None,
    });
    let longest = longest.max_by_key(|elements| elements.len()).unwrap_or(&[]);
    let places: BTreeMap<u64, u64> = longest.iter().copied().zip(1..).collect();
    let mut counters = History { entries: history.entries.clone(), ..History::default() };
    for entry in &mut counters.entries {
        entry.repeats = 0;
        let told = entry.fate == Fate::Done;
        entry.action = match entry.action {
            Action::Append(_, Some(length)) if told => Action::Increment(Some(length)),
            Action::Append(element, _) => {
                let place = places.get(&element).copied().filter(|_| entry.object == object && may_act(entry));
                if place.is_some() && !told {
                    (entry.fate, entry.ret) = (Fate::Done, NEVER / 2);
                }
                Action::Increment(place)
            }
            Action::Elements(span) => Action::Read(Some(u64::from(span.len))),
            other => other,
        };
    }
    counters
}

/// The count that a counter has before and after an operation, if that is known.
fn counts(entry: &Entry) -> Option<(u64, u64)> {
    match (entry.action, entry.fate) {
        (Action::Increment(Some(count)), Fate::Done) => Some((count.saturating_sub(1), count)),
        (Action::Read(count), Fate::Done) => Some((count.unwrap_or(0), count.unwrap_or(0))),
        _ => None,
    }
}

fn counter(history: &History, anomaly: &Anomaly) -> History {
    let listed: Vec<Entry> = anomaly.entries.iter().map(|&i| history.entries[i as usize]).collect();
    let base = history.initial.unwrap_or(0);
    let unplaced = anomaly.entries.iter().copied().find(|&i| {
        let entry = &history.entries[i as usize];
        entry.fate == Fate::Done && matches!(entry.action, Action::Increment(None))
    });
    match unplaced {
        _ if anomaly.kind == AnomalyKind::Phantom => too_few(history, anomaly, base, &listed),
        Some(filler) => too_many(history, anomaly, base, filler),
        None => moved_together(base, &listed),
    }
}

/// The counter cannot have got to a count: it starts behind all other increments that may have come before.
fn too_few(history: &History, anomaly: &Anomaly, base: u64, listed: &[Entry]) -> History {
    let Some(seen) = listed.iter().find(|entry| counts(entry).is_some()) else { return History::default() };
    let (before, _) = counts(seen).unwrap_or_default();
    let mut known = Vec::new();
    let mut others = 0u64;
    for entry in history.entries.iter().filter(|entry| entry.object == anomaly.object && may_act(entry)) {
        if !matches!(entry.action, Action::Increment(_)) || entry.call > seen.ret {
            continue;
        }
        others += u64::from(entry.repeats);
        match counts(entry) {
            _ if entry.call == seen.call => {}
            Some((_, count)) => known.extend((count <= before && count > base).then_some(count)),
            None => others += 1,
        }
    }
    known.sort_unstable();
    known.dedup();
    let most = base.saturating_add(others + known.len() as u64);
    History {
        entries: vec![Entry { object: 0, repeats: 0, ..*seen }],
        initial: Some(most.min(before)),
        ..History::default()
    }
}

/// Increments do not fit in below a count: the counter starts behind all others that must have come before.
fn too_many(history: &History, anomaly: &Anomaly, base: u64, filler: u32) -> History {
    let entry = |i: u32| &history.entries[i as usize];
    let f = entry(filler);
    let placed = || anomaly.entries.iter().filter_map(|&i| Some((entry(i), counts(entry(i))?)));
    let since = placed().filter(|(op, _)| op.ret < f.call).map(|(op, (_, count))| (op.ret, count)).max();
    let (from, base) = since.unwrap_or((0, base));
    let Some((x, (before, _))) = placed().find(|(op, _)| op.call > f.ret) else { return History::default() };
    let others = history.entries.iter().zip(0u32..).filter(|(op, i)| {
        let increments =
            op.object == anomaly.object && op.fate == Fate::Done && matches!(op.action, Action::Increment(_));
        let between = match counts(op) {
            Some((_, count)) => count > base && count <= before,
            None => op.call > from && op.ret < x.call,
        };
        *i != filler && increments && between
    });
    let least = base.saturating_add(others.count() as u64);
    let initial = if least >= before { before } else { before.saturating_sub(1) };
    let entries = [f, x].map(|op| Entry { object: 0, repeats: 0, ..*op }).to_vec();
    History { entries, initial: Some(initial), ..History::default() }
}

/// The order of the counts contradicts real time: only their order is kept, and which are neighbours.
fn moved_together(base: u64, listed: &[Entry]) -> History {
    let mut marks: Vec<u64> = listed.iter().filter_map(counts).flat_map(|(a, b)| [a, b]).chain([base]).collect();
    marks.sort_unstable();
    marks.dedup();
    let mut moved = BTreeMap::from([(marks[0], 0)]);
    for pair in marks.windows(2) {
        let at = moved[&pair[0]] + (pair[1] - pair[0]).min(2);
        moved.insert(pair[1], at);
    }
    let last = moved.values().max().copied().unwrap_or(0);
    let hidden = last - moved[&base];
    let shift = hidden as u32;
    let mut entries: Vec<Entry> = (1..=shift)
        .map(|call| Entry {
            call,
            ret: NEVER,
            object: 0,
            repeats: 0,
            fate: Fate::Unknown,
            action: Action::Increment(None),
        })
        .collect();
    entries.extend(listed.iter().map(|entry| {
        let action = match entry.action {
            Action::Increment(count) => Action::Increment(count.and_then(|count| moved.get(&count).copied())),
            Action::Read(count) => Action::Read(moved.get(&count.unwrap_or(0)).copied()),
            other => other,
        };
        let ret = if entry.ret == NEVER { NEVER } else { entry.ret + shift };
        Entry { call: entry.call + shift, ret, object: 0, repeats: 0, action, ..*entry }
    }));
    History { entries, initial: Some(moved[&base]), ..History::default() }
}
