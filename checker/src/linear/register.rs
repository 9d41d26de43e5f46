//! Registers whose written values are unique per object: the zones of Gibbons and Korach (SIAM J. Comput. 1997).
//!
//! The operations of one value have an earliest return `f` and a latest call `s`. If `f < s`, the register must hold
//! the value from `f` to `s`: a forward zone. Otherwise the zone is backward, from `s` to `f`. A history is
//! linearizable if and only if no read returns a value nobody wrote or whose write begins after it, the forward zones
//! of an object are disjoint, and no backward zone lies inside a forward one.
//!
//! A write of unknown outcome that nobody read is dropped; one that was read is a write that never returns. All objects
//! are swept at once over an array indexed by event number, without sorting events.

use super::naming::clash;
use super::{Action, AnomalyKind, Entry, Fate, NEVER, Report, Scratch, evidence};

/// The value of one write, or an object's initial value.
#[derive(Clone, Copy, Debug)]
struct Zone {
    /// Earliest return and whose it is.
    first_return: (u32, u32),
    /// Latest call and whose it is. An event of 0: no operation.
    last_call: (u32, u32),
    /// The forward zone that was open when this backward one began.
    inside: u32,
    /// Somebody other than its unacknowledged writer knows of it.
    used: bool,
}

/// No zone, no entry.
const NONE: u32 = u32::MAX;

const BLANK: Zone = Zone { first_return: (NEVER, NONE), last_call: (0, NONE), inside: NONE, used: false };

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    /// Writes that may have happened: object, value, entry; sorted.
    writes: Vec<(u32, u64, u32)>,
    /// Writes that failed.
    failed: Vec<(u32, u64, u32)>,
    /// Zones: that of the n-th entry's value at n, initial values of the objects behind them.
    zones: Vec<Zone>,
    /// What begins or ends at each event: zone << 1, plus 1 for its latest call; `NONE` for nothing.
    marks: Vec<u32>,
    /// Open forward zone per object.
    open: Vec<u32>,
}

/// Checks a history of registers. Objects with entries of another model or with repeated values are undecided.
///
/// # Panics
/// If an event number is 0 or an entry's return precedes its call.
pub fn check(entries: &[Entry], scratch: &mut Scratch, report: &mut Report) {
    let tables = &mut scratch.register;
    let objects = entries.iter().map(|e| e.object + 1).max().unwrap_or(0);
    tables.collect_writes(entries, report);
    tables.zones.clear();
    tables.zones.resize(entries.len() + objects as usize, BLANK);
    let last_event = tables.form_zones(entries, report);
    tables.mark(entries, objects, last_event, report);
    tables.sweep(entries, objects, report);
}

impl Tables {
    /// Uniqueness is settled for the whole object before any verdict on it.
    fn collect_writes(&mut self, entries: &[Entry], report: &mut Report) {
        self.writes.clear();
        self.failed.clear();
        for (i, entry) in (0u32..).zip(entries) {
            assert!(entry.call > 0, "event numbers begin with 1");
            match (entry.action, entry.fate) {
                (Action::Write(value), Fate::Failed) => {
                    self.failed.push((entry.object, value, i));
                }
                (Action::Write(value), _) => self.writes.push((entry.object, value, i)),
                (Action::Read(_), _) => {}
                _ => report.undecided(entry.object),
            }
        }
        self.writes.sort_unstable();
        self.failed.sort_unstable();
        for pair in self.writes.windows(2) {
            if pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1 {
                report.undecided(pair[0].0);
            }
        }
    }

    /// Gives every operation to its value. Returns the last event number.
    fn form_zones(&mut self, entries: &[Entry], report: &mut Report) -> u32 {
        let mut last_event = 0;
        for (i, entry) in (0u32..).zip(entries) {
            last_event = last_event.max(entry.call);
            if entry.fate == Fate::Done {
                assert!(entry.call < entry.ret, "a return follows its call");
                last_event = last_event.max(entry.ret);
            }
            if report.is_undecided(entry.object) {
                continue;
            }
            match (entry.action, entry.fate) {
                (Action::Write(_), Fate::Done) => self.join(i as usize, i, entry),
                (Action::Write(_), Fate::Unknown) => {
                    let zone = &mut self.zones[i as usize];
                    zone.last_call = zone.last_call.max((entry.call, i));
                }
                (Action::Read(None), Fate::Done) => {
                    self.join(entries.len() + entry.object as usize, i, entry);
                }
                (Action::Read(Some(value)), Fate::Done) => match find(&self.writes, entry.object, value) {
                    Some(write) if entries[write as usize].call < entry.ret => {
                        self.join(write as usize, i, entry);
                    }
                    Some(write) => {
                        report.push(entry.object, || (AnomalyKind::FutureRead, evidence(entries, vec![i, write])))
                    }
                    None => match find(&self.failed, entry.object, value) {
                        Some(write) => {
                            report.push(entry.object, || (AnomalyKind::AbortedRead, evidence(entries, vec![write, i])))
                        }
                        None => report.push(entry.object, || (AnomalyKind::Phantom, vec![i])),
                    },
                },
                _ => {}
            }
        }
        last_event
    }

    fn join(&mut self, zone: usize, i: u32, entry: &Entry) {
        let zone = &mut self.zones[zone];
        zone.first_return = zone.first_return.min((entry.ret, i));
        zone.last_call = zone.last_call.max((entry.call, i));
        zone.used = true;
    }

    /// Enters the ends of the zones into the array of events and opens those of initial values.
    fn mark(&mut self, entries: &[Entry], objects: u32, last_event: u32, report: &Report) {
        self.marks.clear();
        self.marks.resize(last_event as usize + 1, NONE);
        self.open.clear();
        self.open.resize(objects as usize, NONE);
        for (zone, place) in self.zones.iter().zip(0u32..) {
            if !zone.used {
                continue;
            }
            match (place as usize).checked_sub(entries.len()) {
                None => self.marks[zone.first_return.0 as usize] = place << 1,
                // The initial value was there from the virtual beginning on.
                Some(object) if !report.is_undecided(object as u32) => self.open[object] = place,
                Some(_) => continue,
            }
            self.marks[zone.last_call.0 as usize] = place << 1 | 1;
        }
    }

    fn sweep(&mut self, entries: &[Entry], objects: u32, report: &mut Report) {
        let initial = (self.zones.len() - objects as usize) as u32;
        for &mark in self.marks.iter().filter(|&&mark| mark != NONE) {
            let (this, is_call) = (mark >> 1, mark & 1 == 1);
            let zone = self.zones[this as usize];
            let object = match this.checked_sub(initial) {
                Some(object) => object,
                None => entries[this as usize].object,
            };
            let open = self.open[object as usize];
            let forward = this >= initial || zone.first_return.0 < zone.last_call.0;
            match (forward, is_call) {
                (true, false) if open == NONE => self.open[object as usize] = this,
                (true, false) => {
                    report.push(object, || self.name(entries, object, open, this));
                    if zone.last_call.0 > self.zones[open as usize].last_call.0 {
                        self.open[object as usize] = this;
                    }
                }
                (true, true) if open == this => self.open[object as usize] = NONE,
                (true, true) => {}
                (false, true) => self.zones[this as usize].inside = open,
                (false, false) => {
                    if open != NONE && zone.inside == open {
                        report.push(object, || self.name(entries, object, open, this));
                    }
                }
            }
        }
    }

    /// The clash of two zones; `older` is seen again after `newer`.
    fn name(&self, entries: &[Entry], object: u32, older: u32, newer: u32) -> (AnomalyKind, Vec<u32>) {
        let mut proof = Vec::new();
        let mut write = |zone: u32| {
            let Zone { first_return, last_call, .. } = self.zones[zone as usize];
            proof.extend([first_return.1, last_call.1]);
            ((zone as usize) < entries.len()).then(|| {
                proof.push(zone);
                zone
            })
        };
        let kind = clash(entries, object, write(older), write(newer));
        proof.retain(|&i| i != NONE);
        (kind, evidence(entries, proof))
    }
}

fn find(sorted: &[(u32, u64, u32)], object: u32, value: u64) -> Option<u32> {
    let place = sorted.partition_point(|(o, v, _)| (*o, *v) < (object, value));
    let (o, v, entry) = *sorted.get(place)?;
    ((o, v) == (object, value)).then_some(entry)
}
