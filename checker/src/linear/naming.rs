//! What a clash of two values of a register looks like to a person. Runs on violations only, over the whole history.

use super::{Action, AnomalyKind, Entry, Fate, NEVER};

/// Names the clash in which the value written by `older` (`None`: the initial value) is seen again after that written
/// by `newer`.
pub(super) fn clash(entries: &[Entry], object: u32, older: Option<u32>, newer: Option<u32>) -> AnomalyKind {
    let repeats = older.is_some_and(|write| entries[write as usize].repeats > 0);
    if repeats {
        return AnomalyKind::DuplicateEffect;
    }
    let a = operations(entries, object, older);
    let b = operations(entries, object, newer);
    let turns = Turns::of(&a, &b);
    let rivals = match (older, newer) {
        (Some(a), Some(b)) => overlap(&entries[a as usize], &entries[b as usize]),
        _ => false,
    };
    if turns.back_again || (rivals && Turns::of(&b, &a).back_again) {
        AnomalyKind::SplitBrain
    } else if turns.forth {
        AnomalyKind::StaleRead
    } else if older.is_none() || turns.seen_on {
        AnomalyKind::LostWrite
    } else {
        AnomalyKind::StaleRead
    }
}

/// How two values take turns, each step beginning after the one before has returned.
struct Turns {
    /// Newer, older, newer.
    forth: bool,
    /// Newer, older, newer, older.
    back_again: bool,
    /// Newer, older, older.
    seen_on: bool,
}

impl Turns {
    fn of(older: &[(u32, u32)], newer: &[(u32, u32)]) -> Turns {
        let back = first_return_after(older, first_return_after(newer, 0));
        let forth = first_return_after(newer, back);
        Turns {
            forth: forth != NEVER,
            back_again: first_return_after(older, forth) != NEVER,
            seen_on: first_return_after(older, back) != NEVER,
        }
    }
}

/// Whether two operations overlap in time.
fn overlap(a: &Entry, b: &Entry) -> bool {
    let ret = |entry: &Entry| match entry.fate {
        Fate::Done => entry.ret,
        _ => NEVER,
    };
    a.call < ret(b) && b.call < ret(a)
}

/// Calls and returns of the operations that know of a value.
fn operations(entries: &[Entry], object: u32, write: Option<u32>) -> Vec<(u32, u32)> {
    let value = write.map(|write| match entries[write as usize].action {
        Action::Write(value) => value,
        _ => unreachable!("zones are those of writes"),
    });
    entries
        .iter()
        .enumerate()
        .filter(|(i, entry)| {
            entry.object == object
                && entry.fate == Fate::Done
                && (write == Some(*i as u32) || entry.action == Action::Read(value))
        })
        .map(|(_, entry)| (entry.call, entry.ret))
        .collect()
}

/// The earliest return among operations called after an event, [`NEVER`] if there are none.
fn first_return_after(operations: &[(u32, u32)], event: u32) -> u32 {
    operations.iter().filter(|(call, _)| *call > event).map(|(_, ret)| *ret).min().unwrap_or(NEVER)
}
