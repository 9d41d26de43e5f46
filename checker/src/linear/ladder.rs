//! Objects that climb one step at a time: a counter by increments, a list by appends. What is shared by both checks.
//!
//! Place the operation that made step k at 2k and a read of k steps at 2k + 1. No operation may begin after one with a
//! later place has returned, and no two may make one step. Steps that nobody answers for are made by operations whose
//! place is not known, each at most once, and those of them that were acknowledged must find one, or come last. Such an
//! operation can make a step if it began before every later place had its earliest return, and returned after every
//! earlier place had its latest call. Both bounds rise with the steps, so that the first to return is the one to take;
//! and where two take steps in an order that contradicts their own times, they can change places.

use super::slips::{Slip, slipped};
use super::{AnomalyKind, Entry, Fate, NEVER, Report, chosen, room};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Memory of these checks.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// Operations whose place is known: object, place, entry.
    pub(super) placed: Vec<(u32, u64, u32)>,
    /// Operations that make a step, but not known which: object, call, entry; once for every effect.
    pub(super) fillers: Vec<(u32, u32, u32)>,
    /// Objects whose steps are contradictory already, so that a gap says nothing.
    gaps: Vec<u32>,
    /// For each operation placed on an object the earliest return among it and those behind it, and its position.
    deadline: Vec<(u32, u32)>,
    /// Fillers that have begun, the first to return first.
    ready: BinaryHeap<Reverse<(u32, u32)>>,
    /// The fillers that made steps: by when each had to, and what returned first behind it.
    picks: Vec<(u32, u32)>,
    /// If the steps are wanted: what made each (object, step, entry).
    pub(super) steps: Option<Vec<(u32, u64, u32)>>,
}

/// Added to a filler that is the further effect of an answered operation, so that nobody waits for it.
pub(super) const SPARE: u32 = 1 << 31;

impl Ladder {
    pub(super) fn clear(&mut self) {
        self.placed.clear();
        self.fillers.clear();
        self.gaps.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        let queue = self.ready.capacity() * size_of::<Reverse<(u32, u32)>>();
        let lists = room(&self.placed) + room(&self.fillers) + room(&self.gaps);
        lists + room(&self.deadline) + queue + room(&self.picks)
    }

    /// Lets the gaps of an object be.
    pub(super) fn leave_gaps(&mut self, object: u32) {
        self.gaps.push(object);
    }

    /// Checks all objects, which start from so many steps.
    pub(super) fn check(&mut self, entries: &[Entry], base: u64, report: &mut Report) {
        self.placed.sort_unstable();
        self.fillers.sort_unstable();
        self.gaps.sort_unstable();
        let (placed, fillers) = (std::mem::take(&mut self.placed), std::mem::take(&mut self.fillers));
        let (mut rest, mut left) = (&placed[..], &fillers[..]);
        while let Some(object) = [rest.first().map(|op| op.0), left.first().map(|op| op.0)].into_iter().flatten().min()
        {
            let (mine, others) = rest.split_at(rest.partition_point(|op| op.0 <= object));
            let (my_fillers, other_fillers) = left.split_at(left.partition_point(|op| op.0 <= object));
            if !report.is_undecided(object) {
                self.deadlines(entries, mine);
                self.order(entries, mine, base, report);
                if self.gaps.binary_search(&object).is_err() {
                    self.fill(entries, mine, my_fillers, base, report);
                }
            }
            (rest, left) = (others, other_fillers);
        }
        (self.placed, self.fillers) = (placed, fillers);
    }

    fn deadlines(&mut self, entries: &[Entry], mine: &[(u32, u64, u32)]) {
        self.deadline.clear();
        self.deadline.resize(mine.len(), (NEVER, NEVER));
        let mut earliest = (NEVER, NEVER);
        for n in (0..mine.len()).rev() {
            earliest = earliest.min((returned(&entries[mine[n].2 as usize]), n as u32));
            self.deadline[n] = earliest;
        }
    }

    /// Real time must not contradict the places.
    fn order(&self, entries: &[Entry], mine: &[(u32, u64, u32)], base: u64, report: &mut Report) {
        let mut behind = 0; // the first position with a later place
        let mut calls = None;
        for (n, &(object, place, i)) in mine.iter().enumerate() {
            let entry = &entries[i as usize];
            let counted = place % 2 == 0;
            if place < base * 2 + 1 {
                report.push(object, || (AnomalyKind::LostWrite, vec![i]));
            }
            let twin = n.checked_sub(1).map(|before| mine[before]);
            if let Some((_, _, other)) =
                twin.filter(|(_, its, _)| counted && *its == place && !slipped(Slip::TwinsAllowed))
            {
                report.push(object, || (again(entries, other, i), chosen(entries, vec![other, i])));
            }
            let peers = u64::from(!slipped(Slip::PeersOrdered));
            while behind < mine.len() && mine[behind].1 < place + peers {
                behind += 1;
            }
            let Some(&(by, later)) = self.deadline.get(behind) else { continue };
            if entry.call < by {
                continue;
            }
            if calls.is_none() && report.anomalies.len() < Report::KEPT {
                calls = Some(latest_calls(entries, mine));
            }
            report.push(object, || {
                let (_, later_place, later) = mine[later as usize];
                let (lower, higher) =
                    calls.as_ref().map_or((0, 0), |(lower, higher)| (lower[behind - 1], higher[behind]));
                let kind = if counted && later_place == place + 1 {
                    AnomalyKind::FutureRead
                } else if counted || (lower > entry.ret && higher < entry.ret) {
                    AnomalyKind::LostWrite
                } else {
                    AnomalyKind::StaleRead
                };
                (kind, chosen(entries, vec![later, i]))
            });
        }
    }

    /// Finds somebody for every step that nobody answers for, and a step for everybody who was answered.
    fn fill(
        &mut self,
        entries: &[Entry],
        mine: &[(u32, u64, u32)],
        fillers: &[(u32, u32, u32)],
        base: u64,
        report: &mut Report,
    ) {
        self.ready.clear();
        self.picks.clear();
        self.ready.reserve_exact(fillers.len());
        self.picks.reserve_exact(fillers.len());
        let mut waiting = fillers.iter().copied().peekable();
        let mut reached = base; // every step up to here is explained
        let mut begun = (0, NEVER); // the latest call so far, and whose it is
        for (n, &(object, place, i)) in mine.iter().enumerate() {
            let step = place / 2;
            let explains_itself = u64::from(place % 2 == 0);
            while reached + explains_itself < step {
                // All that is placed behind this step begins with position n.
                let (by, later) = self.deadline[n];
                while let Some((_, _, filler)) = waiting.next_if(|(_, call, _)| *call < by || slipped(Slip::LateFiller))
                {
                    self.ready.push(Reverse((bound(entries, filler), filler)));
                }
                reached += 1;
                match self.next(entries, Mark { object, begun, later: mine[later as usize].2 }, report) {
                    Some(filler) => {
                        if let Some(steps) = &mut self.steps {
                            steps.push((object, reached, filler));
                        }
                    }
                    None => match waiting.next() {
                        Some((_, _, filler)) => {
                            let later = mine[later as usize].2;
                            // All that comes began when this step was behind.
                            self.picks.push((NEVER, later));
                            report
                                .push(object, || (AnomalyKind::Phantom, chosen(entries, vec![later, filler & !SPARE])));
                        }
                        None => {
                            report.push(object, || (AnomalyKind::Phantom, vec![i]));
                            reached = step - explains_itself;
                        }
                    },
                }
            }
            reached = reached.max(step);
            begun = begun.max((entries[i as usize].call, i));
        }
        for (_, _, filler) in waiting {
            self.ready.push(Reverse((bound(entries, filler), filler)));
        }
        let Some(&(object, ..)) = fillers.first() else { return };
        while let Some(filler) = self.next(entries, Mark { object, begun, later: NEVER }, report) {
            reached += 1;
            if let Some(steps) = self.steps.as_mut().filter(|_| bound(entries, filler) != NEVER) {
                steps.push((object, reached, filler));
            }
        }
    }

    /// The filler that has to make a step soonest, before `later` returns. One that had returned before some earlier
    /// place began is too late.
    fn next(&mut self, entries: &[Entry], mark: Mark, report: &mut Report) -> Option<u32> {
        let Reverse((by, filler)) = self.ready.pop()?;
        if by < mark.begun.0 && !slipped(Slip::MissedIgnored) {
            report.push(mark.object, || {
                // Those that made steps since somebody less pressed did had all not begun when that step was behind.
                let since = self.picks.iter().rev().find(|(bound, _)| *bound > by).map(|(_, later)| *later);
                let proof = [Some(filler), Some(mark.begun.1), since.filter(|later| *later != NEVER)];
                (AnomalyKind::LostWrite, chosen(entries, proof.into_iter().flatten().collect()))
            });
        }
        self.picks.push((by, mark.later));
        Some(filler)
    }
}

/// Where on an object a filler is wanted.
#[derive(Clone, Copy)]
struct Mark {
    object: u32,
    /// The latest call of all places so far, and whose it is.
    begun: (u32, u32),
    /// Whose return is the earliest of all places behind.
    later: u32,
}

/// The latest call up to each position, and from each position on.
fn latest_calls(entries: &[Entry], mine: &[(u32, u64, u32)]) -> (Vec<u32>, Vec<u32>) {
    let call = |op: &(u32, u64, u32)| entries[op.2 as usize].call;
    let later = |latest: &mut u32, op: &(u32, u64, u32)| {
        *latest = call(op).max(*latest);
        Some(*latest)
    };
    let lower = mine.iter().scan(0, later).collect();
    let mut higher: Vec<u32> = mine.iter().rev().scan(0, later).collect();
    higher.reverse();
    (lower, higher)
}

/// When an operation was answered.
fn returned(entry: &Entry) -> u32 {
    if entry.fate == Fate::Done { entry.ret } else { NEVER }
}

/// By when a filler must have made its step.
fn bound(entries: &[Entry], filler: u32) -> u32 {
    if filler & SPARE == 0 && !slipped(Slip::NobodyPresses) { returned(&entries[filler as usize]) } else { NEVER }
}

/// A step made twice: by operations that met, or because the object had fallen back in between.
fn again(entries: &[Entry], a: u32, b: u32) -> AnomalyKind {
    let (a, b) = (&entries[a as usize], &entries[b as usize]);
    if a.ret < b.call || b.ret < a.call { AnomalyKind::LostWrite } else { AnomalyKind::LostUpdate }
}
