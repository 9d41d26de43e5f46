//! How far a history is from a legal one, measured by how much has to be granted to it.

use crate::linear::{Action, Entry, Fate};
use crate::search::{Budget, Exhausted, Found, Objects, search, search_without};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured<T> {
    /// So much has to be granted, and no less.
    Is(T),
    /// However much is granted, it is not enough.
    Never,
    /// The budget of a search did not last.
    Unknown(Exhausted),
}

/// Acknowledged writes between two events that may have been lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Event of the first and the last of their returns; 0 and 0 if none was lost.
    pub from: u32,
    /// See `from`.
    pub to: u32,
    /// How many acknowledged writes there are in between: as many may be lost, or less.
    pub writes: u32,
}

/// The smallest age that explains all reads: with answers from states that old, but no older, when they were called,
/// there is a legal order. `before` tells the event that is so much earlier than another, where age 0 is the event itself;
/// ages are looked for up to `oldest`. Counting in events, that is `|event, age| event - age`.
pub fn staleness(
    entries: &[Entry],
    arena: &[u64],
    objects: &Objects<'_>,
    oldest: u64,
    before: impl Fn(u32, u64) -> u32,
    budget: Budget,
) -> Measured<u64> {
    least(oldest, |age| {
        let granted: Vec<Entry> = entries
            .iter()
            .map(|entry| match is_read(entry) {
                true => Entry { call: before(entry.call, age).clamp(1, entry.call), ..*entry },
                false => *entry,
            })
            .collect();
        verdict(&search(&granted, arena, objects, None, budget))
    })
}

/// The acknowledged writes that may have been lost: if those that returned in a window of events need not have
/// happened, there is a legal order. No window ends earlier, and none that ends there is shorter. A write that was seen
/// and is missing later was not just lost: then no window explains it.
pub fn loss_window(entries: &[Entry], arena: &[u64], objects: &Objects<'_>, budget: Budget) -> Measured<Loss> {
    let mut returns: Vec<u32> = entries.iter().filter(|entry| is_acknowledged(entry)).map(|entry| entry.ret).collect();
    returns.sort_unstable();
    let lost = |from: usize, to: usize| {
        let window = &returns[from..to];
        let may_be_lost = |entry: &Entry| is_acknowledged(entry) && window.binary_search(&entry.ret).is_ok();
        verdict(&search_without(entries, arena, objects, None, budget, may_be_lost))
    };
    let to = match least(returns.len() as u64, |to| lost(0, to as usize)) {
        Measured::Is(to) => to as usize,
        Measured::Never => return Measured::Never,
        Measured::Unknown(reason) => return Measured::Unknown(reason),
    };
    match least(to as u64, |length| lost(to - length as usize, to)) {
        Measured::Is(0) => Measured::Is(Loss::default()),
        Measured::Is(length) => {
            let writes = length as u32;
            Measured::Is(Loss { from: returns[to - length as usize], to: returns[to - 1], writes })
        }
        Measured::Never => Measured::Never,
        Measured::Unknown(reason) => Measured::Unknown(reason),
    }
}

/// The least number up to a bound for which something holds that holds for all greater ones too.
fn least(most: u64, holds: impl Fn(u64) -> Result<bool, Exhausted>) -> Measured<u64> {
    let (mut low, mut high) = (0, most);
    match holds(most) {
        Ok(true) => {}
        Ok(false) => return Measured::Never,
        Err(reason) => return Measured::Unknown(reason),
    }
    while low < high {
        let middle = low + (high - low) / 2;
        match holds(middle) {
            Ok(true) => high = middle,
            Ok(false) => low = middle + 1,
            Err(reason) => return Measured::Unknown(reason),
        }
    }
    Measured::Is(low)
}

fn verdict(found: &Found) -> Result<bool, Exhausted> {
    match found.undecided.first() {
        _ if !found.violations.is_empty() => Ok(false),
        Some(undecided) => Err(undecided.reason),
        None => Ok(true),
    }
}

fn is_read(entry: &Entry) -> bool {
    matches!(entry.action, Action::Read(_) | Action::Contains(..) | Action::Elements(_))
}

fn is_acknowledged(entry: &Entry) -> bool {
    entry.fate == Fate::Done && !is_read(entry)
}
