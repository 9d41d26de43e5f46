//! The oracle: tries every order there is. Slow and plain on purpose, for a few operations; what the faster checkers say
//! is judged by it. It shares nothing with the search.

use super::plain::Held;
use super::{Objects, Step};
use crate::linear::{Entry, Fate, NEVER};
use std::collections::BTreeMap;

/// Whether a history has a legal order: one for each object, of all operations that happened and any of those that may
/// have, in which each comes after all that had returned when it was called. An event of 0 is before all others, a
/// return of [`NEVER`] behind them; of equal numbers calls come first.
///
/// Takes time and stack without bound: for a dozen operations per object.
pub fn exhaustive(entries: &[Entry], arena: &[u64], objects: &Objects<'_>) -> bool {
    let whenever = |entry: &Entry| match entry.fate {
        Fate::Unknown => Entry { ret: NEVER, ..*entry },
        _ => *entry,
    };
    in_time(&entries.iter().map(whenever).collect::<Vec<Entry>>(), arena, objects)
}

/// The same where an operation of unknown outcome happened before it returned, or never.
pub(super) fn in_time(entries: &[Entry], arena: &[u64], objects: &Objects<'_>) -> bool {
    let mut numbers: Vec<u32> = entries.iter().map(|entry| entry.object).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().all(|object| {
        let mut open: Vec<Entry> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.object == object && entry.fate != Fate::Failed) {
            open.push(*entry);
            let again = if objects.repeats { entry.repeats } else { 0 };
            open.extend((0..again).map(|_| Entry { fate: Fate::Unknown, ret: NEVER, ..*entry }));
        }
        extend(&open, &Held::first(objects), arena, objects)
    })
}

/// Whether an order that led to this state can be completed by operations that are still open.
fn extend(open: &[Entry], held: &Held, arena: &[u64], objects: &Objects<'_>) -> bool {
    let due = || open.iter().filter(|entry| entry.fate == Fate::Done);
    let Some(first_return) = due().map(|entry| entry.ret).min() else { return true };
    open.iter().enumerate().any(|(place, next)| {
        // Nothing that is still open may have returned before this was called.
        if next.call > first_return {
            return false;
        }
        let Some(after) = held.after(next, arena, objects) else { return false };
        if after == *held && next.fate == Fate::Unknown {
            return false; // As if it had not happened.
        }
        let mut rest = [&open[..place], &open[place + 1..]].concat();
        // What had returned when this was called can only have happened before it.
        rest.retain(|other| other.fate == Fate::Done || other.ret >= next.call);
        extend(&rest, &after, arena, objects)
    })
}

/// Whether an order is a legal one of a whole history: a replay. Objects do not matter to each other.
pub fn replay(order: &[Step], entries: &[Entry], arena: &[u64], objects: &Objects<'_>) -> bool {
    let mut held: BTreeMap<u32, Held> = BTreeMap::new();
    // The latest call so far on each object: whatever comes later must not have returned before it.
    let mut latest_call: BTreeMap<u32, u32> = BTreeMap::new();
    let mut taken = vec![(false, 0); entries.len()];
    for step in order {
        let Some(entry) = entries.get(step.entry as usize) else { return false };
        let (once, again) = &mut taken[step.entry as usize];
        let entry = if step.again {
            *again += 1;
            Entry { fate: Fate::Unknown, ..*entry }
        } else if std::mem::replace(once, true) {
            return false;
        } else {
            *entry
        };
        let spare = if objects.repeats { entry.repeats } else { 0 };
        let latest = latest_call.entry(entry.object).or_insert(0);
        let late = entry.fate == Fate::Done && entry.ret < *latest;
        if entry.fate == Fate::Failed || *again > spare || late {
            return false;
        }
        *latest = entry.call.max(*latest);
        let now = held.entry(entry.object).or_insert_with(|| Held::first(objects));
        let Some(after) = now.after(&entry, arena, objects) else { return false };
        *now = after;
    }
    entries.iter().zip(taken).all(|(entry, (once, _))| entry.fate != Fate::Done || once)
}
