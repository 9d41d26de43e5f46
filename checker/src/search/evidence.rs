//! The few operations that prove a violation. What is shown of them is true of the whole history: no operation is left
//! out that could have helped. Those that are not needed are weakened instead: they may have happened at any time after
//! their call, or not at all; and only those that even so could serve none of the others are left out. Where values
//! repeat and many act at once, somebody is always about to write what was read: then an operation that is weakened may
//! not have happened, but not later than it returned.

use super::naming;
use super::oracle::in_time;
use super::spec::{Answer, Budget};
use super::split::{Part, Violation};
use super::{Model, Objects};
use crate::linear::{Action, Anomaly, Entry, Fate, NEVER, Swap};
use std::cell::Cell;

/// Operations in an anomaly.
const SHOWN: usize = 8;
/// Operations that the oracle can judge in time.
const JUDGED: usize = 10;
/// Operations of an object up to which two kinds of proof are compared.
const LONG: usize = 4000;
/// Operations that may be gone through for one violation.
const WORK: u64 = 2_000_000;
/// Choices that may be spent on one violation.
const NODES: u64 = 80_000;
/// Around the place where the search failed, so many operations are looked at first; then so many times more.
const NEAR: usize = 16;
const WIDER: usize = 8;

/// Why an object has no legal order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The violation with its name and the operations that prove it; the first of them where there are more.
    pub anomaly: Anomaly,
    /// A history of its own that has no legal order, and the indices of its operations: those of the anomaly, and those
    /// of unknown outcome that might have served them. Returns and calls are moved apart as far as they do not matter: a
    /// return of [`NEVER`] is that of an operation which did happen, but it does not matter until when. One of unknown
    /// outcome that has a return happened before it, or never.
    pub proof: Vec<(u32, Entry)>,
    /// Whether it is one whatever the object held when the first operation of the proof that happened was called:
    /// those that had returned by then are not in it. Otherwise the object holds its initial value at first.
    pub any_start: bool,
    /// Whether the oracle has judged the proof. It does not where there are more than ten operations.
    pub judged: bool,
}

impl Evidence {
    /// Whether the oracle finds no legal order of the proof. Takes long for more than ten operations.
    pub fn holds(&self, arena: &[u64], objects: &Objects<'_>) -> bool {
        let entries: Vec<Entry> = self.proof.iter().map(|(_, entry)| *entry).collect();
        if !self.any_start {
            return !in_time(&entries, arena, objects);
        }
        let (entries, starts) = starts(&entries, objects);
        starts.into_iter().all(|initial| !in_time(&entries, arena, &Objects { initial, ..*objects }))
    }
}

/// Finds the operations that prove a violation.
pub fn evidence(entries: &[Entry], arena: &[u64], objects: &Objects<'_>, violation: &Violation) -> Evidence {
    let prove = |any_start: bool| {
        let members = violation.members.clone();
        let work = Cell::new(WORK.max(members.len() as u64 * 10));
        // Small compared with the search that found the violation, or else as much again.
        let left = Cell::new(NODES.max(violation.nodes));
        let each = NODES / 16;
        let (kept, in_time) = (Vec::new(), false);
        let mut case = Case { entries, arena, objects, members, kept, any_start, in_time, each, left, work };
        case.gather(violation).then(|| {
            case.thin_out();
            case.members = case.relevant(&case.kept);
            case
        })
    };
    let part = if matches!(objects.model, Model::Register | Model::Mutex) { prove(true) } else { None };
    let whole = match &part {
        // What holds of the whole is not sought for long where there is something short already.
        Some(_) if violation.members.len() > LONG => None,
        _ => prove(false),
    };
    let case = match (part, whole) {
        (Some(part), Some(whole)) if part.members.len() < whole.members.len() => part,
        (_, Some(whole)) => whole,
        (part, None) => part.expect("the whole history proves it"),
    };
    let mut proof = case.history(&case.kept);
    case.widen(&mut proof);
    let mut shown = naming::with_origins(entries, arena, objects, violation, &case.kept);
    let kind = naming::kind(entries, arena, objects, violation, &case.kept, &shown, case.any_start);
    shown.truncate(SHOWN);
    let anomaly = Anomaly { kind, object: violation.object, entries: shown };
    let mut evidence = Evidence { anomaly, proof, any_start: case.any_start, judged: false };
    evidence.judged = evidence.proof.len() <= JUDGED && evidence.holds(arena, objects);
    evidence
}

/// The same history with a number for the initial value, and all that a register or a mutex may hold at first.
fn starts(entries: &[Entry], objects: &Objects<'_>) -> (Vec<Entry>, Vec<Option<u64>>) {
    if objects.model == Model::Mutex {
        return (entries.to_vec(), vec![None, Some(1)]);
    }
    let first = objects.initial.unwrap_or(u64::MAX);
    let (mut entries, mut starts) = (entries.to_vec(), vec![Some(u64::MAX), Some(u64::MAX - 1)]);
    for entry in &mut entries {
        let mut settle = |value: &mut Option<u64>| {
            *value = value.or(Some(first));
            starts.push(*value);
        };
        match &mut entry.action {
            Action::Read(value) => settle(value),
            Action::Cas(from, _, swap) => {
                settle(from);
                if let Swap::Found(found) = swap {
                    settle(found);
                }
            }
            _ => {}
        }
    }
    starts.sort_unstable();
    starts.dedup();
    (entries, starts)
}

/// Twice so many of these, those that are nearest to something, in no particular order.
fn nearest(mut all: Vec<u32>, count: usize, distance: impl Fn(&u32) -> u32) -> Vec<u32> {
    if all.len() > count * 2 {
        all.select_nth_unstable_by_key(count * 2, distance);
        all.truncate(count * 2);
    }
    all
}

/// A violation while its operations are weakened one after the other.
struct Case<'a> {
    entries: &'a [Entry],
    arena: &'a [u64],
    objects: &'a Objects<'a>,
    /// Operations that may matter, ascending.
    members: Vec<u32>,
    /// Those in full strength, ascending.
    kept: Vec<u32>,
    any_start: bool,
    /// What is weakened happened before it returned, if at all; otherwise at any time.
    in_time: bool,
    /// Choices that one question may take.
    each: u64,
    /// Choices that may still be spent, and operations that may be gone through.
    left: Cell<u64>,
    work: Cell<u64>,
}

impl Case<'_> {
    /// Finds a stretch of the history that is enough, by looking at wider and wider ones. Returns whether there is one.
    fn gather(&mut self, violation: &Violation) -> bool {
        let of = |i: &u32| &self.entries[*i as usize];
        let mut by_return: Vec<u32> = self.members.iter().copied().filter(|i| of(i).fate == Fate::Done).collect();
        let asked = |i: &&u32| violation.later.contains(&of(i).call);
        let later: Vec<u32> = by_return.iter().filter(asked).copied().collect();
        let everything = self.members.clone();
        let end = of(&violation.entry).ret;
        if self.any_start {
            // What the search has found to be enough, but for those that return later.
            let stretch: Vec<u32> = match violation.begin {
                0 => [&later[..], &[violation.entry]].concat(),
                begin => by_return.iter().copied().filter(|i| of(i).call >= begin && of(i).ret <= end).collect(),
            };
            if self.is_enough(stretch, &everything) {
                return true;
            }
        }
        // A stretch whose start may be any does not prove more by being longer than what one can see of it.
        let long = self.any_start && by_return.len() > LONG;
        let widest = if long { NEAR * WIDER * WIDER } else { usize::MAX };
        if long {
            by_return = nearest(by_return, widest, |i| of(i).ret.abs_diff(end));
        }
        by_return.sort_unstable_by_key(|i| of(i).ret);
        let place = by_return.iter().position(|i| *i == violation.entry).unwrap_or(0);
        loop {
            let mut width = NEAR;
            while width <= widest {
                let from = place.saturating_sub(width);
                let to = (place + 1 + width / 4).min(by_return.len());
                let mut kept = [&by_return[from..to], &later[..]].concat();
                kept.sort_unstable();
                kept.dedup();
                let all = kept.len() >= by_return.len();
                if self.any_start {
                    if self.is_enough(kept, &everything) {
                        return true;
                    }
                } else if all || self.is_illegal(&kept) {
                    self.kept = kept;
                    self.members = self.relevant(&self.kept);
                    return true;
                }
                if all {
                    break;
                }
                width *= WIDER;
            }
            // Where many act at once even a short stretch takes many choices.
            if !self.any_start || self.left.get() == 0 || self.each >= self.left.get() {
                return false;
            }
            self.each *= 32;
        }
    }

    /// Whether these prove it whatever the object held before them; then they are kept.
    fn is_enough(&mut self, mut kept: Vec<u32>, all: &[u32]) -> bool {
        kept.sort_unstable();
        kept.dedup();
        self.members = self.around(&kept, all);
        for in_time in [false, true] {
            self.in_time = in_time;
            if self.is_illegal(&kept) {
                self.kept = kept;
                self.members = self.relevant(&self.kept);
                return true;
            }
        }
        false
    }

    /// Those of the operations that may have happened while these did.
    fn around(&self, kept: &[u32], all: &[u32]) -> Vec<u32> {
        let of = |i: &u32| &self.entries[*i as usize];
        let begin = kept.iter().map(|i| of(i).call).min().unwrap_or(0);
        let end = kept.iter().map(|i| of(i).ret).max().unwrap_or(NEVER);
        let meets = |entry: &Entry| entry.call <= end && (entry.fate != Fate::Done || entry.ret >= begin);
        all.iter().copied().filter(|i| meets(of(i))).collect()
    }

    /// Weakens what is not needed, by halves and halves of halves; what was asked about first of all.
    fn thin_out(&mut self) {
        let refusals = |i: &u32| matches!(self.entries[*i as usize].action, Action::Cas(_, _, Swap::Refused));
        let without: Vec<u32> = self.kept.iter().copied().filter(|i| !refusals(i)).collect();
        if without.len() < self.kept.len() && self.is_illegal(&without) {
            self.kept = without;
        }
        let mut size = self.kept.len().div_ceil(2);
        loop {
            let mut from = 0;
            let mut changed = false;
            while from < self.kept.len() && self.kept.len() > 1 {
                let to = (from + size).min(self.kept.len());
                let rest = [&self.kept[..from], &self.kept[to..]].concat();
                if self.is_illegal(&rest) {
                    self.kept = rest;
                    changed = true;
                } else {
                    from = to;
                }
            }
            if size > 1 {
                self.members = self.relevant(&self.kept);
                size = size.div_ceil(2);
            } else if !changed {
                break;
            }
        }
    }

    /// Moves calls and returns of a proof apart as far as it stays one.
    fn widen(&self, proof: &mut [(u32, Entry)]) {
        if proof.len() > JUDGED {
            return;
        }
        for place in 0..proof.len() {
            let before = proof[place].1;
            if before.fate == Fate::Done {
                proof[place].1.ret = NEVER;
                if !self.proves(proof) {
                    proof[place].1.ret = before.ret;
                }
            }
            // Where the start is any, calls say which operations are behind it.
            proof[place].1.call = 1;
            if self.any_start || !self.proves(proof) {
                proof[place].1.call = before.call;
            }
        }
    }

    fn proves(&self, proof: &[(u32, Entry)]) -> bool {
        let entries: Vec<Entry> = proof.iter().map(|(_, entry)| *entry).collect();
        self.has_no_order(&entries)
    }

    /// Whether there is no legal order when only these are in full strength.
    fn is_illegal(&self, kept: &[u32]) -> bool {
        let spent = self.members.len() as u64;
        if self.work.get() < spent || self.left.get() == 0 {
            return false;
        }
        self.work.set(self.work.get() - spent);
        let entries: Vec<Entry> = self.history(kept).into_iter().map(|(_, entry)| entry).collect();
        self.has_no_order(&entries)
    }

    fn has_no_order(&self, entries: &[Entry]) -> bool {
        // Small compared with the search that found the violation: what costs more is kept.
        let illegal = |entries: &[Entry], objects: &Objects<'_>| {
            let budget = Budget { nodes: self.left.get().min(self.each), bytes: 1 << 28 };
            let (answer, nodes) = self.part(entries).decide(self.arena, objects, budget);
            self.left.set(self.left.get().saturating_sub(nodes));
            matches!(answer, Answer::Illegal { .. })
        };
        if !self.any_start {
            return illegal(entries, self.objects);
        }
        let (entries, starts) = starts(entries, self.objects);
        starts.into_iter().all(|initial| illegal(&entries, &Objects { initial, ..*self.objects }))
    }

    /// The members that matter when only these are in full strength.
    fn relevant(&self, kept: &[u32]) -> Vec<u32> {
        let history = self.history(kept);
        let entries: Vec<Entry> = history.iter().map(|(_, entry)| *entry).collect();
        let mut places = self.part(&entries).relevant(self.arena, self.objects);
        places.dedup();
        places.into_iter().map(|place| history[place as usize].0).collect()
    }

    fn part<'b>(&self, entries: &'b [Entry]) -> Part<'b> {
        Part::weakened(entries, self.objects)
    }

    /// The members, all but these weakened.
    fn history(&self, kept: &[u32]) -> Vec<(u32, Entry)> {
        let mut history = Vec::with_capacity(kept.len());
        let begin = kept.iter().map(|i| self.entries[*i as usize].call).min().unwrap_or(0);
        // What was called after the last return cannot have helped.
        let end = kept.iter().map(|i| self.entries[*i as usize].ret).max().unwrap_or(NEVER);
        let is_before = |entry: &Entry| self.any_start && entry.fate == Fate::Done && entry.ret < begin;
        for &i in &self.members {
            let entry = self.entries[i as usize];
            match kept.binary_search(&i) {
                Ok(_) if entry.fate == Fate::Unknown => history.push((i, Entry { ret: NEVER, ..entry })),
                Ok(_) => history.push((i, entry)),
                Err(_) if entry.fate == Fate::Failed || is_read(&entry) || is_before(&entry) => {}
                Err(_) if entry.call > end => {}
                Err(_) => {
                    let ret = if self.in_time && entry.fate == Fate::Done { entry.ret } else { NEVER };
                    history.push((i, Entry { fate: Fate::Unknown, ret, ..entry }));
                }
            }
        }
        history
    }
}

/// Whether an operation certainly changed nothing: it may be left out.
pub(crate) fn is_read(entry: &Entry) -> bool {
    match entry.action {
        Action::Read(_) | Action::Contains(..) | Action::Elements(_) => true,
        Action::Cas(_, _, Swap::Refused | Swap::Found(_))
        | Action::Add(_, Some(false))
        | Action::Remove(_, Some(false)) => entry.fate == Fate::Done && entry.repeats == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::History;
    use crate::linear::synthetic::{self, Load};
    use crate::search::search;

    /// Values repeat and somebody is always about to write each of them, so that only deadlines tell what is wrong.
    #[test]
    fn a_stale_read_among_repeated_values_is_proved_by_a_few_operations_of_a_long_history() {
        let objects = Objects::of(Model::Register);
        let (mut found, mut judged, mut with_deadlines) = (0, 0, 0);
        for seed in 0..60 {
            let load = Load {
                operations: LONG as u32 + 1000,
                values: 4,
                clients: 8,
                swaps: 300,
                hits: 300,
                seed,
                ..Load::default()
            };
            let History { mut entries, arena, .. } = synthetic::history(load);
            // Some read past the middle returns another value, which may have been overwritten.
            let reads = entries.iter_mut().skip(LONG / 2).filter_map(|entry| match &mut entry.action {
                Action::Read(value) => Some(value),
                _ => None,
            });
            for value in reads.skip(seed as usize).take(1) {
                *value = value.map(|value| (value + 1 + seed % 3) % 4);
            }
            for violation in search(&entries, &arena, &objects, None, Budget::default()).violations {
                let evidence = evidence(&entries, &arena, &objects, &violation);
                assert!(evidence.any_start && evidence.proof.len() <= 2 * SHOWN, "{seed}: {evidence:?}");
                found += 1;
                judged += usize::from(evidence.judged);
                let weakened = evidence.proof.iter().filter(|(_, entry)| entry.fate == Fate::Unknown);
                let in_time = weakened.clone().any(|(_, entry)| entry.ret != NEVER);
                with_deadlines += usize::from(in_time);
                for (i, entry) in weakened {
                    let original = entries[*i as usize];
                    assert!(entry.call == original.call && (entry.ret == original.ret || entry.ret == NEVER), "{seed}");
                }
                // Whatever else the whole history has could not have helped.
                let (members, kept) = (violation.members.clone(), Vec::new());
                let (left, work) = (Cell::new(u64::MAX), Cell::new(u64::MAX));
                let objects = &objects;
                let (entries, arena) = (&entries[..], &arena[..]);
                let each = 1 << 20;
                let all = Case { entries, arena, objects, members, kept, any_start: true, in_time, each, left, work };
                let full = evidence.proof.iter().filter(|(_, entry)| entry.fate == Fate::Done);
                assert!(all.is_illegal(&full.map(|(i, _)| *i).collect::<Vec<u32>>()), "{seed}");
            }
        }
        assert!(found >= 10 && with_deadlines >= 3, "{found}, {with_deadlines}");
        assert!(judged >= found - 2, "{judged} of {found}");
    }
}
