//! What the objects do when operations come one after the other, and the search over all orders of a few of them. The
//! slow truth that the linear checks are tested against, that witnesses are replayed on and evidence is judged by; it
//! must not share code with the checks.

use super::{Action, Entry, Fate, History, NEVER, Span, Swap};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the objects of a history are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Writes, reads, compare-and-set.
    Register,
    /// Increments and reads.
    Counter,
    /// Add, remove, contains, elements; empty at first.
    Set,
    /// Append, elements; empty at first.
    List,
}

impl Model {
    /// All that are decided in linear time.
    pub const ALL: [Model; 4] = [Model::Register, Model::Counter, Model::Set, Model::List];
}

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its value (`None`: the initial one, if that has no number), and its initial value.
    Register(Option<u64>, Option<u64>),
    /// Its count.
    Counter(u64),
    /// Its elements.
    Set(BTreeSet<u64>),
    /// Its elements in order.
    List(Vec<u64>),
}

impl State {
    /// What an object holds at first.
    pub fn initial(model: Model, initial: Option<u64>) -> State {
        match model {
            Model::Register => State::Register(initial, initial),
            Model::Counter => State::Counter(initial.unwrap_or(0)),
            Model::Set => State::Set(BTreeSet::new()),
            Model::List => State::List(Vec::new()),
        }
    }

    /// Carries out an operation. False if it cannot have answered as it did, or belongs to another model.
    pub fn step(&mut self, entry: &Entry, arena: &[u64]) -> bool {
        let known = entry.fate == Fate::Done;
        let slice = |span: Span| &arena[span.start as usize..][..span.len as usize];
        match (self, entry.action) {
            (State::Register(now, _), Action::Write(value)) => {
                *now = Some(value);
                true
            }
            (State::Register(now, initial), Action::Read(seen)) => seen.or(*initial) == *now,
            (State::Register(now, initial), Action::Cas(from, to, answer)) => {
                let fits = from.or(*initial) == *now;
                let right = match answer {
                    Swap::Swapped => fits,
                    Swap::Refused => !fits,
                    Swap::Found(seen) => !fits && seen.or(*initial) == *now,
                };
                if fits {
                    *now = Some(to);
                }
                right || !known
            }
            (State::Counter(now), Action::Increment(count)) => {
                *now += 1;
                !known || count.is_none_or(|count| count == *now)
            }
            (State::Counter(now), Action::Read(seen)) => seen.unwrap_or(0) == *now,
            (State::Set(now), Action::Add(element, new)) => {
                let was_new = now.insert(element);
                !known || new.is_none_or(|new| new == was_new)
            }
            (State::Set(now), Action::Remove(element, there)) => {
                let was_there = now.remove(&element);
                !known || there.is_none_or(|there| there == was_there)
            }
            (State::Set(now), Action::Contains(element, there)) => now.contains(&element) == there,
            (State::Set(now), Action::Elements(span)) => {
                let seen: BTreeSet<u64> = slice(span).iter().copied().collect();
                seen == *now && seen.len() == span.len as usize
            }
            (State::List(now), Action::Append(element, length)) => {
                now.push(element);
                !known || length.is_none_or(|length| length == now.len() as u64)
            }
            (State::List(now), Action::Elements(span)) => slice(span) == now,
            _ => false,
        }
    }
}

/// Whether an operation can have changed anything.
pub fn may_act(entry: &Entry) -> bool {
    match entry.action {
        Action::Read(_) | Action::Contains(..) | Action::Elements(_) => entry.fate == Fate::Done,
        _ => entry.fate != Fate::Failed,
    }
}

/// Whether a history of a few operations has a legal order: tries every operation that may come next. An increment of
/// a counter may take effect as often as it was sent; other operations have one effect each.
///
/// # Panics
/// If an object has more than 32 operations.
pub fn exhaustive(model: Model, history: &History) -> bool {
    let objects = history.entries.iter().map(|entry| entry.object + 1).max().unwrap_or(0);
    (0..objects).all(|object| {
        let mut mine = Vec::new();
        for entry in history.entries.iter().filter(|entry| entry.object == object && may_act(entry)) {
            mine.push(*entry);
            if model == Model::Counter {
                let again = Entry { fate: Fate::Unknown, repeats: 0, ..*entry };
                mine.extend((0..entry.repeats).map(|_| again));
            }
        }
        assert!(mine.len() <= 32, "a few operations");
        extend(&mine, &history.arena, 0, &State::initial(model, history.initial))
    })
}

/// An operation of unknown outcome may be left out.
fn extend(entries: &[Entry], arena: &[u64], taken: u32, state: &State) -> bool {
    let rest = || entries.iter().enumerate().filter(|(i, _)| taken >> i & 1 == 0);
    let must = || rest().filter(|(_, entry)| entry.fate == Fate::Done);
    let deadline = must().map(|(_, entry)| entry.ret).min().unwrap_or(NEVER);
    deadline == NEVER
        || rest().filter(|(_, entry)| entry.call < deadline).any(|(i, entry)| {
            // Of equal operations that nobody waits for, the first called does what any of them can.
            let equal = |other: &Entry| (other.fate, other.action) == (Fate::Unknown, entry.action);
            if entry.fate == Fate::Unknown && rest().any(|(_, other)| equal(other) && other.call < entry.call) {
                return false;
            }
            let mut next = state.clone();
            next.step(entry, arena) && extend(entries, arena, taken | 1 << i, &next)
        })
}

/// Added to an index in an order: this is a further effect of an increment that was sent more than once.
pub const AGAIN: u32 = 1 << 31;

/// Replays an order of operations, given as indices of entries (of a further effect: plus [`AGAIN`]). True if every
/// operation that happened is in it once, none that failed, no other more often than it may have taken effect, none
/// begins after one behind it has returned, and every object answers as its operations say.
pub fn replay(model: Model, history: &History, order: &[u32]) -> bool {
    let objects = history.entries.iter().map(|entry| entry.object as usize + 1).max().unwrap_or(0);
    let mut states = vec![State::initial(model, history.initial); objects];
    let mut effects = vec![(0u32, 0u32); history.entries.len()];
    let mut begun = 0; // the latest call so far
    for &step in order {
        let i = (step & !AGAIN) as usize;
        let Some(entry) = history.entries.get(i) else { return false };
        let again = step & AGAIN != 0;
        *(if again { &mut effects[i].1 } else { &mut effects[i].0 }) += 1;
        begun = begun.max(entry.call);
        let fate = if again { Fate::Unknown } else { entry.fate };
        if fate == Fate::Done && entry.ret < begun {
            return false;
        }
        if !states[entry.object as usize].step(&Entry { fate, ..*entry }, &history.arena) {
            return false;
        }
    }
    history.entries.iter().zip(effects).all(|(entry, (effects, again))| {
        let spare = if model == Model::Counter { u32::from(entry.repeats) } else { 0 };
        let least = u32::from(entry.fate == Fate::Done);
        let most = u32::from(may_act(entry));
        (least..=most).contains(&effects) && again <= spare * most
    })
}
