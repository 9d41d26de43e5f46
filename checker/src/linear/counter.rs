//! Counters: increments that may return the new count, and reads. The counts give the order of the acknowledged
//! increments; those that say no count, or have an unknown outcome, fill the gaps (`ladder.rs`).
//!
//! An increment may take effect as often as it was sent.

use super::ladder::{Ladder, SPARE};
use super::slips::{Slip, slipped};
use super::{Action, Entry, Fate, Report, Scratch};

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    pub(super) ladder: Ladder,
}

/// Checks a history of counters, which begin at `initial` (`None`: 0). Objects with operations of another model are
/// undecided.
///
/// # Panics
/// If an event number is 0 or an entry's return precedes its call.
pub fn check(entries: &[Entry], initial: Option<u64>, scratch: &mut Scratch, report: &mut Report) {
    let ladder = &mut scratch.counter.ladder;
    ladder.clear();
    for (i, entry) in (0u32..).zip(entries) {
        let Entry { call, ret, object, repeats, fate, action } = *entry;
        assert!(call > 0, "event numbers begin with 1");
        assert!(fate != Fate::Done || call < ret, "a return follows its call");
        match (action, fate) {
            (Action::Read(count), Fate::Done) => {
                let place = count.unwrap_or(0).saturating_mul(2).saturating_add(1);
                ladder.placed.push((object, place, i));
            }
            (Action::Increment(Some(count)), Fate::Done) => {
                ladder.placed.push((object, count.saturating_mul(2), i));
            }
            (Action::Increment(_), Fate::Done | Fate::Unknown) => ladder.fillers.push((object, call, i)),
            (Action::Increment(_), Fate::Failed) | (Action::Read(_), _) => continue,
            _ => report.undecided(object),
        }
        if matches!(action, Action::Increment(_)) && !slipped(Slip::SentOnce) {
            ladder.fillers.extend((0..repeats).map(|_| (object, call, i | SPARE)));
        }
    }
    report.settle();
    ladder.check(entries, initial.unwrap_or(0), report);
}
