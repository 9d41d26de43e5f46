//! Orders that show that a history is linearizable. Made on request only, after the check of its model, from what that
//! left in its memory: a second pass that sorts. [`super::sequential::replay`] verifies them.

use super::set::{self, NONE, returned};
use super::{Action, Fate, History, Model, NEVER, Report, Scratch, check};

/// The operations of a history in an order in which they could have happened one after the other, as indices of its
/// entries (see [`super::sequential::AGAIN`]); those of unknown outcome that are not in it did not happen. `None` if
/// the history is not linearizable or this method cannot decide it.
///
/// # Panics
/// As [`check`].
pub fn order(model: Model, history: &History, scratch: &mut Scratch) -> Option<Vec<u32>> {
    scratch.counter.ladder.steps = Some(Vec::new());
    scratch.list.ladder.steps = Some(Vec::new());
    let mut report = Report::default();
    check(model, history, scratch, &mut report);
    let steps = [scratch.counter.ladder.steps.take(), scratch.list.ladder.steps.take()];
    if !report.is_linearizable() {
        return None;
    }
    Some(match (model, steps) {
        (Model::Register, _) => registers(history, scratch),
        (Model::Set, _) => sets(history, scratch),
        (Model::Counter, [Some(steps), _]) => climbs(history, &scratch.counter.ladder.placed, steps),
        (Model::List, [_, Some(steps)]) => climbs(history, &scratch.list.ladder.placed, steps),
        _ => unreachable!("both were set above"),
    })
}

/// Interleaves the orders of the objects: each operation takes effect as soon as it and all before it have begun.
/// `order`: object, rank on it, operation.
fn interleave(history: &History, mut order: Vec<(u32, u64, u32)>) -> Vec<u32> {
    let call = |step: u32| history.entries[(step & !super::sequential::AGAIN) as usize].call;
    order.sort_by_key(|&(object, rank, step)| (object, rank, call(step)));
    let mut begun = (NEVER, 0);
    let mut moments: Vec<(u32, u32)> = Vec::with_capacity(order.len());
    for (object, _, step) in order {
        begun = if begun.0 == object { (object, begun.1.max(call(step))) } else { (object, call(step)) };
        moments.push((begun.1, step));
    }
    moments.sort_by_key(|moment| moment.0);
    moments.into_iter().map(|(_, step)| step).collect()
}

/// Zones one after the other by where they begin, values of a chain in its order, writes before reads.
fn registers(history: &History, scratch: &Scratch) -> Vec<u32> {
    let (ops, sweep) = (&scratch.register.ops, &scratch.register.sweep);
    let chains = &sweep.chains;
    // Where each value stands in its chain.
    let mut links = vec![0u64; sweep.zones.len()];
    for head in (0u32..).take(sweep.zones.len()).filter(|&zone| chains.is_head(zone as usize)) {
        let (mut this, mut link) = (head, 0);
        while let Some(next) = chains.next(this) {
            link += 1;
            links[next as usize] = link;
            this = next;
        }
    }
    let mut order = Vec::new();
    for (i, op) in (0u32..).zip(ops) {
        let Some(value) = chains.value(ops, i) else { continue };
        let zone = sweep.zones[chains.head(value) as usize];
        if zone.last > 0 {
            let reads = u64::from(value != i);
            order.push((op.object(), zone.first.min(zone.last), links[value as usize] * 2 + reads, op.call, i));
        }
    }
    order.sort_unstable();
    let ranked = (0u64..).zip(order).map(|(rank, (object, .., i))| (object, rank, i));
    interleave(history, ranked.collect())
}

/// Everything at its place.
fn climbs(history: &History, placed: &[(u32, u64, u32)], steps: Vec<(u32, u64, u32)>) -> Vec<u32> {
    let made = steps.into_iter().map(|(object, step, entry)| (object, step * 2, entry));
    interleave(history, placed.iter().copied().chain(made).collect())
}

/// Every operation at its earliest moment; at one moment those that others wait for come first.
fn sets(history: &History, scratch: &Scratch) -> Vec<u32> {
    let entries = &history.entries;
    let tables = &scratch.set;
    let mut moments: Vec<Moment> = Vec::new();
    let added = grown(history, tables, &mut moments);
    let mut lives: Vec<(u32, Part, u32, u32)> = Vec::new();
    for (i, entry) in (0u32..).zip(entries) {
        let (element, there) = match entry.action {
            Action::Add(element, _) if entry.fate != Fate::Failed => (element, true),
            Action::Contains(element, there) if entry.fate == Fate::Done => (element, there),
            Action::Remove(element, there) if entry.fate != Fate::Failed => (element, there.unwrap_or(false)),
            _ => continue,
        };
        let add = tables.find(entries, entry.object, element);
        match add.map(|add| (add, tables.elements[add as usize].removal != NONE)) {
            Some((add, true)) => lives.extend(part(history, tables, add, i).map(|part| (add, part, entry.call, i))),
            Some((add, false)) if there && add != i => moments.push((added[add as usize].max(entry.call), u32::MAX, i)),
            Some((add, false)) if add == i => {}
            _ if entry.fate == Fate::Done => moments.push((entry.call, 0, i)),
            _ => {}
        }
    }
    lives.sort_unstable();
    for life in lives.chunk_by(|a, b| a.0 == b.0) {
        let mut begun = 0;
        for &(_, part, call, i) in life {
            begun = begun.max(call);
            moments.push((begun, part as u32, i));
        }
    }
    moments.sort_unstable();
    moments.into_iter().map(|(_, _, i)| i).collect()
}

/// When an operation takes effect, its rank among those at that moment, and the operation.
type Moment = (u32, u32, u32);

/// Additions of elements that are never removed, and reads of all elements. Returns when each addition takes effect.
fn grown(history: &History, tables: &set::Tables, moments: &mut Vec<Moment>) -> Vec<u32> {
    let entries = &history.entries;
    let mut added = vec![0u32; entries.len()];
    let mut adds = Vec::new();
    for (i, entry) in (0u32..).zip(entries) {
        let known = tables.elements[i as usize];
        if known.removal == NONE && tables.happened(entries, i) {
            adds.push((entry.object, known.level, i));
        }
    }
    let reads = (0u32..).zip(&tables.reads).map(|(place, &(object, size, read))| (object, size, place, read));
    let mut reads: Vec<_> = reads.collect();
    // The level of a read is the place of the first of its size.
    for n in 1..reads.len() {
        if (reads[n].0, reads[n].1) == (reads[n - 1].0, reads[n - 1].1) {
            reads[n].2 = reads[n - 1].2;
        }
    }
    // Both by object and level, additions to a level before its reads.
    let mut all: Vec<(u32, u32, bool, u32)> =
        adds.into_iter().map(|(object, level, i)| (object, level, false, i)).collect();
    all.extend(reads.into_iter().map(|(object, _, level, read)| (object, level, true, read)));
    all.sort_unstable();
    for mine in all.chunk_by(|a, b| a.0 == b.0) {
        let mut floor = 0; // by when the level before has begun
        for level in mine.chunk_by(|a, b| a.1 == b.1) {
            let (mut ceiling, mut next) = (floor, floor);
            for &(_, level, is_read, i) in level {
                let call = entries[i as usize].call;
                let moment =
                    if is_read { ceiling.max(call) } else { floor.max(call).max(tables.elements[i as usize].missed.0) };
                if is_read {
                    next = next.max(moment);
                } else {
                    (ceiling, next) = (ceiling.max(moment), next.max(moment));
                    added[i as usize] = moment;
                }
                let rank = (level.min(u32::MAX / 4)) * 2 + 1 + u32::from(is_read);
                moments.push((moment, rank, i));
            }
            floor = next;
        }
    }
    added
}

/// The parts of an element's life, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Before,
    Added,
    Seen,
    Removed,
    After,
}

/// In which part of its element's life an operation takes effect, if at all.
fn part(history: &History, tables: &set::Tables, add: u32, i: u32) -> Option<Part> {
    let entries = &history.entries;
    let entry = &entries[i as usize];
    let known = tables.elements[add as usize];
    let removed = tables.life(entries, add).is_some();
    let happened = tables.happened(entries, add);
    if i == add {
        return happened.then_some(Part::Added);
    }
    if i == known.removal {
        let idle = (entry.fate == Fate::Done).then_some(Part::Before);
        return if removed { Some(Part::Removed) } else { idle };
    }
    if matches!(entry.action, Action::Contains(_, true)) {
        return Some(Part::Seen);
    }
    let first = known.seen.0.min(returned(&entries[add as usize])).min(returned(&entries[known.removal as usize]));
    Some(if removed && entry.call > first { Part::After } else { Part::Before })
}
