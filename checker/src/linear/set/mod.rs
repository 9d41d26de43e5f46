//! Sets to which every element is added once, and from which it is removed once at most.
//!
//! Without reads of all elements every element is an object of its own that is absent, present and absent again. The
//! operations that know it as present share a zone, as those of a register's value do; what knows it as absent must not
//! lie inside. A removal that does not say whether it found anything may also have come before the addition; both
//! stories are tried.
//!
//! Where nothing is removed, the reads of all elements must contain each other. An element is added after the largest
//! read without it, before the smallest read with it, after everything that missed it and before everything that knows
//! of it. These orders have no circles, so that operations can be given their earliest moments one after the other; a
//! history is linearizable if every operation's lies before its return.
//!
//! Where elements are removed *and* whole sets are read, the order of the reads is no longer given by what is in them:
//! undecided.

mod life;

use crate::linear::slips::{Slip, slipped};
use crate::linear::values::Index;
use crate::linear::{Action, AnomalyKind, Entry, Fate, History, NEVER, Report, Scratch, Span, chosen, room};
use std::collections::BTreeSet;

/// No operation.
pub(in crate::linear) const NONE: u32 = u32::MAX;

/// An event number and whose it is.
pub(in crate::linear) type Event = (u32, u32);

/// What is known of the element that an operation added.
#[derive(Clone, Copy, Debug)]
pub(in crate::linear) struct Element {
    /// Earliest return and latest call of those who saw it.
    pub(in crate::linear) seen: Event,
    pub(in crate::linear) seen_last: Event,
    /// Latest call of those who missed it.
    pub(in crate::linear) missed: Event,
    /// Who removed it.
    pub(in crate::linear) removal: u32,
    /// Reads of all elements that have it: how many, the smallest, and the one looked at last.
    reads: u32,
    pub(in crate::linear) level: u32,
    stamp: u32,
}

const UNKNOWN: Element = Element {
    seen: (NEVER, NONE),
    seen_last: (0, NONE),
    missed: (0, NONE),
    removal: NONE,
    reads: 0,
    level: NONE,
    stamp: NONE,
};

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    index: Index,
    /// For each operation that added an element.
    pub(in crate::linear) elements: Vec<Element>,
    /// Reads of all elements: object, size, entry; sorted.
    pub(in crate::linear) reads: Vec<(u32, u32, u32)>,
    /// Additions that may have happened: object, level, entry; sorted.
    added: Vec<(u32, u32, u32)>,
    /// Objects from which something is removed; ascending.
    shrinking: Vec<u32>,
    /// Objects whose reads cannot be put in order; ascending.
    torn: Vec<u32>,
}

/// Checks a history of sets. Objects with operations of another model, with an element that two operations may have
/// added or removed, or with both removals and reads of all elements are undecided.
///
/// # Panics
/// If an event number is 0, an entry's return precedes its call or a span lies outside of the arena.
pub fn check(history: &History, scratch: &mut Scratch, report: &mut Report) {
    let tables = &mut scratch.set;
    let entries = &history.entries;
    tables.index.fill(entries, report, brings);
    tables.collect(entries, report);
    report.settle();
    tables.observe(entries, report);
    tables.missed_inside(entries, report);
    tables.levels(history, report);
    tables.climb(history, report);
}

fn brings(entry: &Entry) -> Option<(u64, bool)> {
    match entry.action {
        Action::Add(element, _) => Some((element, entry.fate != Fate::Failed)),
        _ => None,
    }
}

/// Whether a removal may have removed something.
fn may_remove(entry: &Entry) -> bool {
    match entry.fate {
        Fate::Done => !matches!(entry.action, Action::Remove(_, Some(false))),
        fate => fate == Fate::Unknown,
    }
}

pub(in crate::linear) fn returned(entry: &Entry) -> u32 {
    if entry.fate == Fate::Done { entry.ret } else { NEVER }
}

impl Tables {
    pub(in crate::linear) fn bytes(&self) -> usize {
        let lists = room(&self.reads) + room(&self.added) + room(&self.shrinking) + room(&self.torn);
        self.index.bytes() + room(&self.elements) + lists
    }

    /// Finds removals and reads; settles what is undecided.
    fn collect(&mut self, entries: &[Entry], report: &mut Report) {
        self.elements.clear();
        self.elements.resize(entries.len(), UNKNOWN);
        self.reads.clear();
        self.shrinking.clear();
        let reads = entries.iter().filter(|entry| matches!(entry.action, Action::Elements(_))).count();
        self.reads.reserve_exact(reads);
        for (i, entry) in (0u32..).zip(entries) {
            assert!(entry.call > 0, "event numbers begin with 1");
            assert!(entry.fate != Fate::Done || entry.call < entry.ret, "a return follows its call");
            match entry.action {
                Action::Elements(span) if entry.fate == Fate::Done => self.reads.push((entry.object, span.len, i)),
                Action::Remove(element, _) if may_remove(entry) => {
                    let Some(add) = self.find(entries, entry.object, element) else { continue };
                    let removal = &mut self.elements[add as usize].removal;
                    if *removal != NONE {
                        report.undecided(entry.object);
                    }
                    *removal = i;
                    self.shrinking.push(entry.object);
                }
                Action::Add(..) | Action::Remove(..) | Action::Contains(..) | Action::Elements(_) => {}
                _ => report.undecided(entry.object),
            }
        }
        self.reads.sort_unstable();
        self.shrinking.sort_unstable();
        self.shrinking.dedup();
        for object in &self.shrinking {
            if self.reads.binary_search_by_key(object, |read| read.0).is_ok() && !slipped(Slip::ShrinkingDecided) {
                report.undecided(*object);
            }
        }
    }

    /// The addition of an element that may have happened.
    pub(in crate::linear) fn find(&self, entries: &[Entry], object: u32, element: u64) -> Option<u32> {
        let add = self.index.find(entries, object, element, brings)?;
        (entries[add as usize].fate != Fate::Failed).then_some(add)
    }

    /// Tells every element who saw and who missed it.
    fn observe(&mut self, entries: &[Entry], report: &mut Report) {
        for (i, entry) in (0u32..).zip(entries) {
            if entry.fate != Fate::Done || report.is_undecided(entry.object) {
                continue;
            }
            let (element, there) = match entry.action {
                Action::Contains(element, there) | Action::Remove(element, Some(there)) => (element, there),
                Action::Add(_, Some(false)) => {
                    report.push(entry.object, || (AnomalyKind::LostUpdate, vec![i]));
                    continue;
                }
                _ => continue,
            };
            match self.find(entries, entry.object, element) {
                Some(add) => {
                    let known = &mut self.elements[add as usize];
                    if there {
                        known.seen = known.seen.min((entry.ret, i));
                        known.seen_last = known.seen_last.max((entry.call, i));
                    } else {
                        known.missed = known.missed.max((entry.call, i));
                    }
                }
                None if there => self.unexplained(entries, entry.object, element, i, report),
                None => {}
            }
        }
    }

    /// Somebody knows an element that nobody added.
    fn unexplained(&self, entries: &[Entry], object: u32, element: u64, i: u32, report: &mut Report) {
        match self.index.find(entries, object, element, brings) {
            Some(failed) => report.push(object, || (AnomalyKind::AbortedRead, chosen(entries, vec![failed, i]))),
            None => report.push(object, || (AnomalyKind::Phantom, vec![i])),
        }
    }

    /// Whether an addition happened: it was acknowledged, or somebody saw the element.
    pub(in crate::linear) fn happened(&self, entries: &[Entry], add: u32) -> bool {
        let known = &self.elements[add as usize];
        let entry = &entries[add as usize];
        matches!(entry.action, Action::Add(..))
            && (entry.fate == Fate::Done
                || (entry.fate == Fate::Unknown && (known.seen.1 != NONE || known.level != NONE)))
    }

    /// Finds the smallest read that has each element; reads must contain each other.
    fn levels(&mut self, history: &History, report: &mut Report) {
        let History { entries, arena, .. } = history;
        let reads = std::mem::take(&mut self.reads);
        let mut torn = std::mem::take(&mut self.torn);
        torn.clear();
        for group in reads.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (object, size, first) = group[0];
            if report.is_undecided(object) {
                continue;
            }
            let level = reads.partition_point(|read| (read.0, read.1, read.2) < (object, size, first)) as u32;
            for &(_, _, read) in group {
                for &element in elements(arena, &entries[read as usize]) {
                    let Some(add) = self.find(entries, object, element) else {
                        self.unexplained(entries, object, element, read, report);
                        torn.push(object);
                        continue;
                    };
                    let known = &mut self.elements[add as usize];
                    if known.stamp == read {
                        report.push(object, || (AnomalyKind::DuplicateEffect, chosen(entries, vec![add, read])));
                        torn.push(object);
                        continue;
                    }
                    known.stamp = read;
                    known.reads += 1;
                    if known.level == NONE {
                        known.level = level;
                    }
                }
            }
        }
        for (add, known) in (0u32..).zip(&self.elements).filter(|(_, known)| known.level != NONE) {
            let object = entries[add as usize].object;
            let upto = reads.partition_point(|read| read.0 <= object) as u32;
            if known.reads != upto - known.level && !slipped(Slip::ReadsApart) {
                torn.push(object);
            }
        }
        torn.sort_unstable();
        torn.dedup();
        self.reads = reads;
        for &object in &torn {
            self.tear(history, object, report);
        }
        self.torn = torn;
    }

    /// Reads of an object that lack an element of a smaller one, or of one of the same size.
    fn tear(&self, history: &History, object: u32, report: &mut Report) {
        let History { entries, arena, .. } = history;
        let from = self.reads.partition_point(|read| read.0 < object);
        let upto = self.reads.partition_point(|read| read.0 <= object);
        let mut before: Option<u32> = None;
        for &(_, _, read) in &self.reads[from..upto] {
            let mine: BTreeSet<u64> = elements(arena, &entries[read as usize]).iter().copied().collect();
            if mine.len() < elements(arena, &entries[read as usize]).len() {
                continue; // told already
            }
            let smaller = before.map_or(&[][..], |before| elements(arena, &entries[before as usize]));
            if let Some((other, lacking)) = before.zip(smaller.iter().find(|element| !mine.contains(element))) {
                report.push(object, || {
                    let back = mine.iter().find(|element| !smaller.contains(element));
                    let adds = [Some(lacking), back].into_iter().flatten();
                    let mut proof: Vec<u32> = adds.filter_map(|e| self.find(entries, object, *e)).collect();
                    proof.extend([other, read]);
                    let late = entries[other as usize].ret < entries[read as usize].call;
                    let kind = if late { AnomalyKind::LostWrite } else { AnomalyKind::SplitBrain };
                    (kind, chosen(entries, proof))
                });
            }
            before = Some(read);
        }
    }

    /// Gives operations on elements that are never removed their earliest moments.
    fn climb(&mut self, history: &History, report: &mut Report) {
        let entries = &history.entries;
        let mut added = std::mem::take(&mut self.added);
        added.clear();
        added.reserve_exact(entries.iter().filter(|entry| brings(entry).is_some()).count());
        added.extend((0u32..).zip(entries).filter_map(|(i, entry)| {
            let known = self.elements[i as usize];
            (known.removal == NONE && self.happened(entries, i)).then_some((entry.object, known.level, i))
        }));
        added.sort_unstable();
        for mine in added.chunk_by(|a, b| a.0 == b.0) {
            let object = mine[0].0;
            if report.is_undecided(object) || self.torn.binary_search(&object).is_ok() {
                continue;
            }
            self.climb_one(history, mine, report);
        }
        self.added = added;
    }

    fn climb_one(&self, history: &History, mut added: &[(u32, u32, u32)], report: &mut Report) {
        let entries = &history.entries;
        let object = added[0].0;
        let from = self.reads.partition_point(|read| read.0 < object);
        let upto = self.reads.partition_point(|read| read.0 <= object);
        let mut level = from as u32;
        let mut floor: Event = (0, NONE); // everything so far, reads included, begins no later
        let mut before = NONE; // a read of the level before
        for group in self.reads[from..upto].chunk_by(|a, b| a.1 == b.1) {
            let (mine, rest) = added.split_at(added.partition_point(|add| add.1 <= level));
            added = rest;
            let ceiling = self.add_all(history, mine, floor, before, report);
            for &(_, _, read) in group {
                if ceiling.0 > entries[read as usize].ret {
                    report.push(object, || self.tell(history, ceiling.1, read, NONE));
                }
                floor = floor.max((entries[read as usize].call, read));
            }
            floor = floor.max(ceiling);
            before = group[0].2;
            level += group.len() as u32;
        }
        self.add_all(history, added, floor, before, report);
    }

    /// Adds elements between two levels of reads. Returns by what all of that has begun.
    fn add_all(
        &self,
        history: &History,
        added: &[(u32, u32, u32)],
        floor: Event,
        before: u32,
        report: &mut Report,
    ) -> Event {
        let entries = &history.entries;
        let mut ceiling = floor;
        for &(object, _, add) in added {
            let known = self.elements[add as usize];
            let floor = if slipped(Slip::LevelsForgotten) { (0, NONE) } else { floor };
            let begun = floor.max(known.missed).max((entries[add as usize].call, add));
            if begun.0 > returned(&entries[add as usize]) {
                report.push(object, || self.tell(history, begun.1, add, before));
            }
            if begun.0 > known.seen.0 {
                report.push(object, || self.tell(history, begun.1, known.seen.1, before));
            }
            ceiling = ceiling.max(begun);
        }
        ceiling
    }

    /// `late` began after `early`, which must come behind it, had returned. `before`: a read on the way from one element
    /// to another.
    fn tell(&self, history: &History, late: u32, early: u32, before: u32) -> (AnomalyKind, Vec<u32>) {
        let History { entries, arena, .. } = history;
        let [l, e] = [late, early].map(|i| &entries[i as usize]);
        let add = |i: u32| match entries[i as usize].action {
            Action::Add(..) => Some(i),
            Action::Contains(element, _) | Action::Remove(element, _) => self.find(entries, l.object, element),
            _ => None,
        };
        let mut proof = vec![late, early];
        proof.extend(add(late).into_iter().chain(add(early)));
        match (add(late), add(early)) {
            (Some(a), Some(b)) if a != b => proof.extend((before != NONE).then_some(before)),
            (None, None) => {
                let fewer = elements(arena, l);
                let grown = elements(arena, e).iter().find(|element| !fewer.contains(element));
                proof.extend(grown.and_then(|element| self.find(entries, l.object, *element)));
            }
            _ => {}
        }
        let kind = match add(late) {
            Some(a) if a == late && add(early).is_none_or(|b| a == b) => AnomalyKind::FutureRead,
            Some(a) if a == late => AnomalyKind::LostWrite,
            _ => {
                // What `late` missed: does anybody see it later on?
                let missed = proof.iter().filter_map(|&i| brings(&entries[i as usize])).map(|(element, _)| element);
                let missed: Vec<u64> = missed.collect();
                let sees = |entry: &Entry| match entry.action {
                    Action::Contains(element, there) => there && missed.contains(&element),
                    Action::Elements(_) => {
                        let seen = elements(arena, entry);
                        missed.iter().any(|element| seen.contains(element)) && seen.len() > elements(arena, l).len()
                    }
                    _ => false,
                };
                let mut after = entries
                    .iter()
                    .filter(|entry| entry.object == l.object && entry.fate == Fate::Done && entry.call > l.ret);
                if after.any(sees) { AnomalyKind::StaleRead } else { AnomalyKind::LostWrite }
            }
        };
        (kind, chosen(entries, proof))
    }
}

/// The elements of a read.
fn elements<'a>(arena: &'a [u64], entry: &Entry) -> &'a [u64] {
    match entry.action {
        Action::Elements(Span { start, len }) => &arena[start as usize..][..len as usize],
        _ => &[],
    }
}
