//! Lists to which every element is appended once: appends that may return the new length, and reads of all elements.
//! Reads must be prefixes of the longest; that one gives the order of what was appended, and a list climbs by appends as
//! a counter does by increments (`ladder.rs`).

use super::ladder::Ladder;
use super::slips::{Slip, slipped};
use super::values::Index;
use super::{Action, AnomalyKind, Entry, Fate, History, Report, Scratch, Span, chosen, room};

/// No read.
const NONE: u32 = u32::MAX;

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    index: Index,
    pub(super) ladder: Ladder,
    /// The longest read of each object.
    longest: Vec<u32>,
    /// For each append the place at which the longest read has its element, counted from 1; 0 for none.
    seen: Vec<u32>,
}

/// Checks a history of lists. Objects with operations of another model, or with an element that two operations may have
/// appended, are undecided.
///
/// # Panics
/// If an event number is 0, an entry's return precedes its call or a span lies outside of the arena.
pub fn check(history: &History, scratch: &mut Scratch, report: &mut Report) {
    let tables = &mut scratch.list;
    let History { entries, arena, .. } = history;
    tables.index.fill(entries, report, brings);
    tables.find_longest(entries, report);
    report.settle();
    tables.ladder.clear();
    for read in std::mem::take(&mut tables.longest) {
        if read != NONE && !report.is_undecided(entries[read as usize].object) {
            tables.spread(entries, arena, read, report);
        }
        tables.longest.push(read);
    }
    for (i, entry) in (0u32..).zip(entries) {
        if !report.is_undecided(entry.object) && entry.fate != Fate::Failed {
            tables.place(history, i, report);
        }
    }
    let before = report.anomalies.len();
    tables.ladder.check(entries, 0, report);
    for anomaly in &mut report.anomalies[before..] {
        tables.explain(history, &mut anomaly.entries);
    }
}

fn brings(entry: &Entry) -> Option<(u64, bool)> {
    match entry.action {
        Action::Append(element, _) => Some((element, entry.fate != Fate::Failed)),
        _ => None,
    }
}

/// The elements of a read.
fn elements<'a>(arena: &'a [u64], entry: &Entry) -> Option<&'a [u64]> {
    match entry.action {
        Action::Elements(Span { start, len }) => Some(&arena[start as usize..][..len as usize]),
        _ => None,
    }
}

impl Tables {
    pub(super) fn bytes(&self) -> usize {
        self.index.bytes() + self.ladder.bytes() + room(&self.longest) + room(&self.seen)
    }

    fn find_longest(&mut self, entries: &[Entry], report: &mut Report) {
        let objects = entries.iter().map(|entry| entry.object as usize + 1).max().unwrap_or(0);
        self.longest.clear();
        self.longest.resize(objects, NONE);
        self.seen.clear();
        self.seen.resize(entries.len(), 0);
        let length = |i: u32| match entries[i as usize].action {
            Action::Elements(span) => span.len,
            _ => 0,
        };
        for (i, entry) in (0u32..).zip(entries) {
            assert!(entry.call > 0, "event numbers begin with 1");
            assert!(entry.fate != Fate::Done || entry.call < entry.ret, "a return follows its call");
            match (entry.action, entry.fate) {
                (Action::Elements(span), Fate::Done) => {
                    let longest = &mut self.longest[entry.object as usize];
                    if *longest == NONE || length(*longest) < span.len {
                        *longest = i;
                    }
                }
                (Action::Elements(_) | Action::Append(..), _) => {}
                _ => report.undecided(entry.object),
            }
        }
    }

    /// Tells every append where the longest read has its element.
    fn spread(&mut self, entries: &[Entry], arena: &[u64], read: u32, report: &mut Report) {
        let entry = &entries[read as usize];
        for (place, element) in (1u32..).zip(elements(arena, entry).unwrap_or(&[])) {
            match self.index.find(entries, entry.object, *element, brings) {
                None => report.push(entry.object, || (AnomalyKind::Phantom, vec![read])),
                Some(append) if entries[append as usize].fate == Fate::Failed => {
                    report.push(entry.object, || (AnomalyKind::AbortedRead, chosen(entries, vec![append, read])));
                }
                Some(append) if self.seen[append as usize] == 0 => {
                    self.seen[append as usize] = place;
                    continue;
                }
                Some(append) => {
                    report.push(entry.object, || (AnomalyKind::DuplicateEffect, chosen(entries, vec![append, read])))
                }
            }
            self.ladder.leave_gaps(entry.object);
        }
    }

    /// Finds an operation's place.
    fn place(&mut self, history: &History, i: u32, report: &mut Report) {
        let History { entries, arena, .. } = history;
        let entry = &entries[i as usize];
        let longest = self.longest[entry.object as usize];
        let whole = entries.get(longest as usize).and_then(|read| elements(arena, read)).unwrap_or(&[]);
        match entry.action {
            Action::Elements(_) if entry.fate != Fate::Done => {}
            Action::Elements(_) => {
                let mine = elements(arena, entry).unwrap_or(&[]);
                if whole.starts_with(mine) || slipped(Slip::NoPrefix) {
                    self.ladder.placed.push((entry.object, mine.len() as u64 * 2 + 1, i));
                } else {
                    self.ladder.leave_gaps(entry.object);
                    report.push(entry.object, || {
                        let at = mine.iter().zip(whole).take_while(|(a, b)| a == b).count();
                        let parting = [mine[at], whole[at]].map(|e| self.index.find(entries, entry.object, e, brings));
                        let proof = [Some(i), Some(longest)].into_iter().chain(parting).flatten().collect();
                        (parted(&mine[at..], &whole[at..], mine), chosen(entries, proof))
                    });
                }
            }
            Action::Append(_, length) => {
                let length = length.filter(|_| entry.fate == Fate::Done);
                let seen = u64::from(self.seen[i as usize]);
                if let Some(length) =
                    length.filter(|length| seen > 0 && *length != seen && !slipped(Slip::LengthIgnored))
                {
                    let kind = if length > seen { AnomalyKind::LostWrite } else { AnomalyKind::DuplicateEffect };
                    self.ladder.leave_gaps(entry.object);
                    report.push(entry.object, || (kind, chosen(entries, vec![i, longest])));
                }
                match length {
                    _ if seen > 0 => self.ladder.placed.push((entry.object, seen * 2, i)),
                    Some(length) if length <= whole.len() as u64 => {
                        self.ladder.leave_gaps(entry.object);
                        report.push(entry.object, || {
                            let there = length.checked_sub(1).map(|place| whole[place as usize]);
                            let rival = there.and_then(|e| self.index.find(entries, entry.object, e, brings));
                            let read = (longest != NONE).then_some(longest);
                            (
                                AnomalyKind::LostWrite,
                                chosen(entries, [Some(i), read, rival].into_iter().flatten().collect()),
                            )
                        });
                    }
                    Some(length) => self.ladder.placed.push((entry.object, length.saturating_mul(2), i)),
                    None => self.ladder.fillers.push((entry.object, entry.call, i)),
                }
            }
            _ => {}
        }
    }

    /// Adds what gives operations their places: the read that shows an appended element, and the element that one read
    /// has more than another.
    fn explain(&self, history: &History, proof: &mut Vec<u32>) {
        let History { entries, arena, .. } = history;
        let shown = |i: &&u32| self.seen[**i as usize] > 0;
        let mut more: Vec<u32> =
            proof.iter().filter(shown).map(|&i| self.longest[entries[i as usize].object as usize]).collect();
        if let [a, b] = proof[..] {
            let reads = [a, b].map(|i| elements(arena, &entries[i as usize]).unwrap_or(&[]));
            let [short, long] = if reads[0].len() < reads[1].len() { reads } else { [reads[1], reads[0]] };
            let object = entries[a as usize].object;
            more.extend(long.get(short.len()).and_then(|element| self.index.find(entries, object, *element, brings)));
        }
        proof.append(&mut more);
        *proof = chosen(entries, std::mem::take(proof));
    }
}

/// Two reads part: the shorter lacks an element that the longer has in its middle, or they have them in another order.
fn parted(shorter: &[u64], longer: &[u64], whole: &[u64]) -> AnomalyKind {
    if longer.contains(&shorter[0]) && !whole.contains(&longer[0]) {
        AnomalyKind::LostWrite
    } else {
        AnomalyKind::SplitBrain
    }
}
