//! What a violation looks like to a person. A name is no proof: the operations shown with it are.
//!
//! Every operation is taken as one that sees values of things or puts them there: a register is a thing, and so is each
//! element of a set or a list, which is there or not.

use super::plain::within;
use super::spec::Budget;
use super::split::{Violation, search};
use super::{Model, Objects};
use crate::linear::{Action, AnomalyKind, Entry, Fate, NEVER, Swap};

/// A thing and its value, `None` for what it holds at first.
type Value = (u64, Option<u64>);

/// How many swaps in a row are traced back to a write.
const CHAIN: u32 = 8;

struct Case<'a> {
    entries: &'a [Entry],
    arena: &'a [u64],
    objects: &'a Objects<'a>,
    members: &'a [u32],
    /// Turns are looked for from this event on.
    from: u32,
}

/// Names a violation by the operations that prove it.
pub(super) fn kind(
    entries: &[Entry],
    arena: &[u64],
    objects: &Objects<'_>,
    violation: &Violation,
    kept: &[u32],
    shown: &[u32],
    any_start: bool,
) -> AnomalyKind {
    let from = if any_start { shown.iter().map(|i| entries[*i as usize].call).min().unwrap_or(0) } else { 0 };
    let case = Case { entries, arena, objects, members: &violation.members, from };
    let sent_again = violation.members.iter().any(|i| entries[*i as usize].repeats > 0);
    if sent_again && !objects.repeats && case.is_legal_with_repeats() {
        return AnomalyKind::DuplicateEffect;
    }
    let of = |indices: &[u32]| -> Vec<&Entry> { indices.iter().map(|i| &entries[*i as usize]).collect() };
    let (kept, shown) = (of(kept), of(shown));
    match objects.model {
        Model::Mutex => AnomalyKind::SplitBrain,
        Model::Counter => case.of_counts(&kept),
        Model::Text => case.of_texts(&kept),
        _ => case.without_origin(&kept).or_else(|| case.of_updates(&shown)).unwrap_or_else(|| case.of_turns(&kept)),
    }
}

/// The operations of a proof and those that put what they saw there, if that is what is wrong with it.
pub(super) fn with_origins(
    entries: &[Entry],
    arena: &[u64],
    objects: &Objects<'_>,
    violation: &Violation,
    kept: &[u32],
) -> Vec<u32> {
    let case = Case { entries, arena, objects, members: &violation.members, from: 0 };
    let mut shown = kept.to_vec();
    for &i in kept {
        for value in case.seen(&entries[i as usize]) {
            let put = |other: &&u32| case.puts(&entries[**other as usize], value);
            let mut puts = violation.members.iter().filter(put);
            // One is enough to tell what became of it: the last that had begun, or else the first.
            let first = puts.clone().next();
            shown.extend(puts.rfind(|other| entries[**other as usize].call < entries[i as usize].ret).or(first));
        }
    }
    shown.sort_unstable();
    shown.dedup();
    if shown.len() <= 8 { shown } else { kept.to_vec() }
}

impl Case<'_> {
    fn is_legal_with_repeats(&self) -> bool {
        let mine: Vec<Entry> = self.members.iter().map(|i| self.entries[*i as usize]).collect();
        let objects = Objects { repeats: true, ..*self.objects };
        let found = search(&mine, self.arena, &objects, None, Budget { nodes: 100_000, bytes: 1 << 28 });
        found.violations.is_empty() && found.undecided.is_empty()
    }

    /// Something was seen that nobody put there, or not yet, or not successfully.
    fn without_origin(&self, kept: &[&Entry]) -> Option<AnomalyKind> {
        for entry in kept {
            if let Action::Elements(span) = entry.action {
                let mut elements = within(self.arena, span).to_vec();
                elements.sort_unstable();
                let twice = elements.windows(2).any(|pair| pair[0] == pair[1] && self.putters((pair[0], Some(1))) < 2);
                if twice || (self.objects.model == Model::Set && elements.windows(2).any(|pair| pair[0] == pair[1])) {
                    return Some(AnomalyKind::DuplicateEffect);
                }
            }
            for value in self.seen(entry).into_iter().filter(|value| self.is_made(*value)) {
                let puts = || self.all().filter(|other| self.puts(other, value) && self.can_happen(other, CHAIN));
                if puts().any(|other| other.fate != Fate::Failed && other.call < entry.ret) {
                    continue;
                }
                return Some(if puts().any(|other| other.fate != Fate::Failed) {
                    AnomalyKind::FutureRead
                } else if puts().any(|other| other.fate == Fate::Failed) {
                    AnomalyKind::AbortedRead
                } else {
                    AnomalyKind::Phantom
                });
            }
        }
        None
    }

    /// Two operations each replaced the same value.
    fn of_updates(&self, kept: &[&Entry]) -> Option<AnomalyKind> {
        let replaced = |entry: &Entry| match entry.action {
            Action::Cas(from, _, Swap::Swapped) => Some(from),
            _ => None,
        };
        let updates: Vec<_> = kept.iter().filter_map(|entry| Some((replaced(entry)?, *entry))).collect();
        let meet = |a: &Entry, b: &Entry| a.call < b.ret && b.call < a.ret;
        let twice = |(from, entry): &(Option<u64>, &Entry)| {
            updates.iter().any(|(other, its)| other == from && its != entry && meet(its, entry))
        };
        updates.iter().any(twice).then_some(AnomalyKind::LostUpdate)
    }

    /// An older value came back after a newer one.
    fn of_turns(&self, kept: &[&Entry]) -> AnomalyKind {
        let mut seen: Vec<(&Entry, Value)> =
            kept.iter().flat_map(|entry| self.seen(entry).into_iter().map(move |value| (*entry, value))).collect();
        seen.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.call));
        for (entry, old) in seen {
            let knows = |other: &Entry| -> Vec<Value> { [self.seen(other), self.put(other)].concat() };
            let newer = kept.iter().filter(|other| other.ret < entry.call).flat_map(|other| knows(other));
            let Some(newer) = newer.into_iter().find(|value| value.0 == old.0 && value.1 != old.1) else { continue };
            let times = |value: Value| -> Vec<(u32, u32)> {
                let all = self.all().filter(|other| other.fate == Fate::Done && other.call >= self.from);
                let done = all.filter(|other| self.puts(other, value) || self.sees(other, value));
                done.map(|other| (other.call, other.ret)).collect()
            };
            return turns(&times(old), &times(newer), self.is_made(old), self.are_rivals(old, newer));
        }
        let refused = |entry: &&Entry| matches!(entry.action, Action::Cas(_, _, Swap::Refused));
        let counted = |entry: &&Entry| matches!(entry.action, Action::Append(_, Some(_)));
        if kept.iter().any(refused) {
            return AnomalyKind::StaleRead;
        } else if kept.iter().any(counted) {
            return AnomalyKind::LostWrite;
        }
        // Two readers agree with no order of the writes, though neither sees anything come back.
        AnomalyKind::SplitBrain
    }

    /// What a text lacks or has twice.
    fn of_texts(&self, kept: &[&Entry]) -> AnomalyKind {
        let text = |entry: &Entry| match entry.action {
            Action::Read(value) if entry.fate == Fate::Done => {
                Some(value.map_or_else(String::new, |value| self.objects.text(value)))
            }
            _ => None,
        };
        let Some((read, seen)) = kept.iter().rev().find_map(|entry| Some((entry, text(entry)?))) else {
            return AnomalyKind::LostWrite;
        };
        for entry in kept {
            let Action::Append(value, _) = entry.action else { continue };
            let piece = self.objects.text(value);
            let again = self.all().filter(|other| matches!(other.action, Action::Append(its, _) if its == value));
            if !piece.is_empty() && again.count() == 1 && seen.matches(&piece).count() > 1 {
                return AnomalyKind::DuplicateEffect;
            }
            if entry.ret < read.call && !seen.contains(&piece) {
                let later =
                    |other: &Entry| other.call > read.ret && text(other).is_some_and(|its| its.contains(&piece));
                return if self.all().any(later) { AnomalyKind::StaleRead } else { AnomalyKind::LostWrite };
            }
        }
        AnomalyKind::SplitBrain
    }

    fn of_counts(&self, kept: &[&Entry]) -> AnomalyKind {
        let count = |entry: &Entry| match entry.action {
            Action::Read(count) => Some(count.unwrap_or(0)),
            Action::Increment(count) => count,
            _ => None,
        };
        let increments = || kept.iter().filter(|entry| matches!(entry.action, Action::Increment(Some(_))));
        let twins = increments().find_map(|a| increments().find(|b| a != *b && a.action == b.action).map(|b| (a, b)));
        if let Some((a, b)) = twins {
            let meet = a.call < b.ret && b.call < a.ret;
            return if meet { AnomalyKind::LostUpdate } else { AnomalyKind::LostWrite };
        }
        let first = self.objects.initial.unwrap_or(0);
        for entry in kept {
            let most = |until: u32| {
                let begun = self.all().filter(|other| {
                    matches!(other.action, Action::Increment(_)) && other.fate != Fate::Failed && other.call < until
                });
                first + begun.map(|other| 1 + u64::from(other.repeats)).sum::<u64>()
            };
            match count(entry) {
                Some(count) if count > most(NEVER) => return AnomalyKind::Phantom,
                Some(count) if count > most(entry.ret) => return AnomalyKind::FutureRead,
                _ => {}
            }
        }
        let last = kept.iter().filter_map(|entry| Some((entry.call, count(entry)?))).max();
        let again = last.is_some_and(|(call, low)| {
            self.all().any(|other| other.call > call && count(other).is_some_and(|count| count > low))
        });
        if again { AnomalyKind::StaleRead } else { AnomalyKind::LostWrite }
    }

    fn all(&self) -> impl Iterator<Item = &Entry> {
        self.members.iter().map(|i| &self.entries[*i as usize])
    }

    /// Whether somebody put there what an operation has to find, and found what that needed, and so on.
    fn can_happen(&self, entry: &Entry, depth: u32) -> bool {
        match entry.action {
            Action::Cas(from, ..) if depth > 0 && self.is_made((0, from)) => self
                .all()
                .filter(|other| other.fate != Fate::Failed && self.puts(other, (0, from)))
                .any(|other| self.can_happen(other, depth - 1)),
            _ => true,
        }
    }

    /// Whether two values were put there at the same time.
    fn are_rivals(&self, a: Value, b: Value) -> bool {
        let until = |entry: &Entry| if entry.fate == Fate::Done { entry.ret } else { NEVER };
        let puts = |value: Value| self.all().filter(move |other| self.puts(other, value));
        puts(a).any(|a| puts(b).any(|b| a.call < until(b) && b.call < until(a)))
    }

    fn putters(&self, value: Value) -> usize {
        self.all().filter(|other| other.fate != Fate::Failed && self.puts(other, value)).count()
    }

    /// Whether a value has to be put there by somebody.
    fn is_made(&self, (_, value): Value) -> bool {
        value.is_some() && value != self.objects.initial
    }

    /// Whether an operation put a value there, or would have.
    fn puts(&self, entry: &Entry, value: Value) -> bool {
        // Most operations do not, which is seen without a list of what they do.
        match entry.action {
            Action::Read(_) => false,
            Action::Write(written) => value == (0, Some(written)),
            _ => self.put(entry).contains(&value),
        }
    }

    /// Whether an operation that happened saw a value.
    fn sees(&self, entry: &Entry, value: Value) -> bool {
        match entry.action {
            Action::Write(_) => false,
            Action::Read(read) if self.objects.model != Model::Text => entry.fate == Fate::Done && value == (0, read),
            _ => self.seen(entry).contains(&value),
        }
    }

    /// What an operation put there, or would have.
    fn put(&self, entry: &Entry) -> Vec<Value> {
        match entry.action {
            Action::Add(_, Some(false)) | Action::Remove(_, Some(false)) if entry.fate == Fate::Done => Vec::new(),
            Action::Write(value) => vec![(0, Some(value))],
            Action::Cas(_, to, Swap::Swapped) => vec![(0, Some(to))],
            Action::Cas(_, to, _) if entry.fate != Fate::Done => vec![(0, Some(to))],
            Action::Add(element, _) => vec![(element, Some(1))],
            Action::Remove(element, _) => vec![(element, None)],
            Action::Append(element, _) if self.objects.model == Model::List => vec![(element, Some(1))],
            Action::Transaction(_) => self.steps(entry, 1),
            _ => Vec::new(),
        }
    }

    /// What an operation that happened saw.
    fn seen(&self, entry: &Entry) -> Vec<Value> {
        let there = |element: u64, there: bool| vec![(element, there.then_some(1))];
        if entry.fate != Fate::Done || self.objects.model == Model::Text {
            return Vec::new();
        }
        match entry.action {
            Action::Read(value) => vec![(0, value)],
            Action::Cas(from, _, Swap::Swapped) => vec![(0, from)],
            Action::Cas(_, _, Swap::Found(found)) => vec![(0, found)],
            Action::Add(element, Some(new)) => there(element, !new),
            Action::Remove(element, Some(was)) => there(element, was),
            Action::Contains(element, is) => there(element, is),
            Action::Elements(span) => {
                let elements = within(self.arena, span);
                let put = self.all().flat_map(|other| self.put(other));
                let missing =
                    put.filter(|(element, _)| !elements.contains(element)).map(|(element, _)| (element, None));
                let mut seen: Vec<Value> = elements.iter().map(|element| (*element, Some(1))).chain(missing).collect();
                seen.sort_unstable();
                seen.dedup();
                seen
            }
            Action::Transaction(_) => self.steps(entry, 0),
            _ => Vec::new(),
        }
    }

    fn steps(&self, entry: &Entry, kind: u64) -> Vec<Value> {
        let Action::Transaction(span) = entry.action else { return Vec::new() };
        let steps = within(self.arena, span).chunks_exact(3).filter(|step| step[0] == kind);
        steps.map(|step| (step[1], step[2].checked_sub(1))).collect()
    }
}

/// How an older and a newer value take turns, each time after the operation before has returned.
fn turns(older: &[(u32, u32)], newer: &[(u32, u32)], older_is_made: bool, rivals: bool) -> AnomalyKind {
    let back = after(older, after(newer, 0));
    let forth = after(newer, back);
    let as_rivals = || after(newer, after(older, after(newer, after(older, 0))));
    if after(older, forth) != NEVER || (rivals && as_rivals() != NEVER) {
        AnomalyKind::SplitBrain
    } else if forth != NEVER {
        AnomalyKind::StaleRead
    } else if !older_is_made || after(older, back) != NEVER {
        AnomalyKind::LostWrite
    } else {
        AnomalyKind::StaleRead
    }
}

/// The earliest return among operations called after an event, [`NEVER`] if there are none.
fn after(times: &[(u32, u32)], event: u32) -> u32 {
    times.iter().filter(|(call, _)| *call > event).map(|(_, ret)| *ret).min().unwrap_or(NEVER)
}
