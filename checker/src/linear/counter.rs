//! Counters: increments that return the new count, and reads. The counts give the order of the acknowledged
//! increments; those of unknown outcome fill the gaps.
//!
//! Place the increment to k at 2k and a read of k at 2k + 1. An order exists if and only if no operation begins after
//! one with a later place has returned, no two increments return one count, and the i-th smallest missing count gets
//! the i-th earliest begun increment of unknown outcome, which must have begun before every later place had its
//! earliest return. Increments that are left over did not happen, or happened last.

use super::{Action, AnomalyKind, Entry, Fate, NEVER, Report, Scratch, evidence};

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    /// Acknowledged operations: object, place, entry; sorted.
    placed: Vec<(u32, u64, u32)>,
    /// Increments of unknown outcome: object, call, entry; sorted.
    pending: Vec<(u32, u32, u32)>,
    /// For each of `placed` the earliest return among it and those behind it on its object, and whose it is.
    deadline: Vec<(u32, u32)>,
}

/// Checks a history of counters that begin at 0. Objects with writes are undecided.
///
/// # Panics
/// If an event number is 0 or an entry's return precedes its call.
pub fn check(entries: &[Entry], scratch: &mut Scratch, report: &mut Report) {
    let Tables { placed, pending, deadline } = &mut scratch.counter;
    collect(entries, placed, pending, report);
    let (mut placed, mut pending) = (&placed[..], &pending[..]);
    while let Some(&(object, _, _)) = placed.first() {
        let (mine, others) = placed.split_at(placed.partition_point(|op| op.0 <= object));
        let from = pending.partition_point(|op| op.0 < object);
        let upto = pending.partition_point(|op| op.0 <= object);
        if !report.is_undecided(object) {
            deadlines(entries, mine, deadline);
            order(entries, mine, deadline, report);
            gaps(entries, mine, deadline, &pending[from..upto], report);
        }
        (placed, pending) = (others, &pending[upto..]);
    }
}

fn collect(
    entries: &[Entry],
    placed: &mut Vec<(u32, u64, u32)>,
    pending: &mut Vec<(u32, u32, u32)>,
    report: &mut Report,
) {
    placed.clear();
    pending.clear();
    for (i, entry) in (0u32..).zip(entries) {
        assert!(entry.call > 0, "event numbers begin with 1");
        let mut spare = entry.repeats;
        match (entry.action, entry.fate) {
            (Action::Increment(Some(count)), Fate::Done) => {
                assert!(entry.call < entry.ret, "a return follows its call");
                placed.push((entry.object, count.saturating_mul(2), i));
            }
            (Action::Read(count), Fate::Done) => {
                assert!(entry.call < entry.ret, "a return follows its call");
                let place = count.unwrap_or(0).saturating_mul(2).saturating_add(1);
                placed.push((entry.object, place, i));
            }
            (Action::Increment(_), Fate::Unknown) => spare += 1,
            (Action::Increment(_), Fate::Failed) | (Action::Read(_), _) => spare = 0,
            _ => report.undecided(entry.object),
        }
        if matches!(entry.action, Action::Increment(_)) {
            pending.extend((0..spare).map(|_| (entry.object, entry.call, i)));
        }
    }
    placed.sort_unstable();
    pending.sort_unstable();
}

/// Fills the suffix minima of returns.
fn deadlines(entries: &[Entry], mine: &[(u32, u64, u32)], deadline: &mut Vec<(u32, u32)>) {
    deadline.clear();
    deadline.resize(mine.len(), (NEVER, NEVER));
    let mut earliest = (NEVER, NEVER);
    for (slot, &(_, _, i)) in deadline.iter_mut().zip(mine).rev() {
        earliest = earliest.min((entries[i as usize].ret, i));
        *slot = earliest;
    }
}

/// The earliest return among operations behind a place.
fn behind(mine: &[(u32, u64, u32)], deadline: &[(u32, u32)], place: u64) -> (u32, u32) {
    let next = mine.partition_point(|(_, its, _)| *its <= place);
    deadline.get(next).copied().unwrap_or((NEVER, NEVER))
}

/// Real time must not contradict the order of the counts.
fn order(entries: &[Entry], mine: &[(u32, u64, u32)], deadline: &[(u32, u32)], report: &mut Report) {
    for (n, &(object, place, i)) in mine.iter().enumerate() {
        let entry = &entries[i as usize];
        let counted = place % 2 == 0;
        let twin = n.checked_sub(1).map(|before| mine[before]);
        if let Some((_, _, other)) = twin.filter(|(_, its, _)| counted && *its == place) {
            report.push(object, || (again(entries, other, i), evidence(entries, vec![other, i])));
        }
        let (returned, later) = behind(mine, deadline, place);
        if entry.call < returned {
            continue;
        }
        report.push(object, || {
            let after = |low: bool| {
                mine.iter().any(|&(_, its, j)| (its <= place) == low && entries[j as usize].call > entry.ret)
            };
            let kind = if counted && place_of(&entries[later as usize]) == place + 1 {
                AnomalyKind::FutureRead
            } else if counted || (after(true) && !after(false)) {
                AnomalyKind::LostWrite
            } else {
                AnomalyKind::StaleRead
            };
            (kind, evidence(entries, vec![later, i]))
        });
    }
}

/// A count returned twice: by increments that met, or because the counter had fallen back in between.
fn again(entries: &[Entry], a: u32, b: u32) -> AnomalyKind {
    let (a, b) = (&entries[a as usize], &entries[b as usize]);
    if a.ret < b.call || b.ret < a.call { AnomalyKind::LostWrite } else { AnomalyKind::LostUpdate }
}

fn place_of(entry: &Entry) -> u64 {
    match entry.action {
        Action::Increment(count) => count.unwrap_or(0).saturating_mul(2),
        Action::Read(count) => count.unwrap_or(0).saturating_mul(2).saturating_add(1),
        _ => unreachable!("nothing else is placed"),
    }
}

/// Counts that nobody returned need an increment of unknown outcome each.
fn gaps(
    entries: &[Entry],
    mine: &[(u32, u64, u32)],
    deadline: &[(u32, u32)],
    pending: &[(u32, u32, u32)],
    report: &mut Report,
) {
    let mut pending = pending.iter();
    let mut reached = 0; // every count up to here is explained
    for &(object, place, i) in mine {
        let count = place / 2;
        let explains_itself = u64::from(place % 2 == 0);
        while reached + explains_itself < count {
            let Some(&(_, call, filler)) = pending.next() else {
                report.push(object, || (AnomalyKind::Phantom, vec![i]));
                reached = count - explains_itself;
                break;
            };
            reached += 1;
            let (returned, later) = behind(mine, deadline, reached * 2);
            if call > returned {
                report.push(object, || (AnomalyKind::Phantom, evidence(entries, vec![later, filler])));
            }
        }
        reached = reached.max(count);
    }
}
