//! What a clash of two values of a register looks like to a person. Runs on violations only, over the whole history.

use super::{Action, AnomalyKind, Entry, Fate};

/// Names the clash in which the value written by `older` (`None`: the initial value) is seen again after that written
/// by `newer`.
pub(super) fn clash(entries: &[Entry], object: u32, older: Option<u32>, newer: Option<u32>) -> AnomalyKind {
    let repeats = older.is_some_and(|write| entries[write as usize].repeats > 0);
    if repeats {
        return AnomalyKind::DuplicateEffect;
    }
    let a = operations(entries, object, older);
    let b = operations(entries, object, newer);
    // The newer value's first return, the older one seen after that, the newer one again, the older one again.
    let known = first_return_after(&b, 0);
    let back = first_return_after(&a, known);
    let forth = first_return_after(&b, back);
    let back_again = first_return_after(&a, forth);
    let seen_again = a.iter().filter(|(call, _)| *call > back).count();
    if back_again != u32::MAX {
        AnomalyKind::SplitBrain
    } else if forth != u32::MAX {
        AnomalyKind::StaleRead
    } else if older.is_none() || seen_again > 0 {
        AnomalyKind::LostWrite
    } else {
        AnomalyKind::StaleRead
    }
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

/// The earliest return among operations called after an event, `u32::MAX` if there are none.
fn first_return_after(operations: &[(u32, u32)], event: u32) -> u32 {
    operations.iter().filter(|(call, _)| *call > event).map(|(_, ret)| *ret).min().unwrap_or(u32::MAX)
}
