//! Registers whose written values are unique per object: the zones of Gibbons and Korach (SIAM J. Comput. 1997).
//!
//! The operations of one value have an earliest return `f` and a latest call `s`. If `f < s`, the register must hold
//! the value from `f` to `s`: a forward zone. Otherwise the zone is backward, from `s` to `f`. A history is
//! linearizable if and only if no read returns a value nobody wrote or whose write begins after it, the forward zones
//! of an object are disjoint, and no backward zone lies inside a forward one. Values that a compare-and-set put in each
//! other's place share a zone (`chains.rs`).
//!
//! A write of unknown outcome that nobody read is dropped; one that was read is a write that never returns. All objects
//! are swept at once over an array indexed by event number, without sorting events. A write has one effect: what looks
//! like a second one is an anomaly called `duplicate-effect` if the client may have sent it twice.

use super::arrays::{INITIAL, Kind, Op, UNWRITTEN, pack};
use super::chains::Chains;
use super::naming::{Clash, Naming};
use super::slips::{Slip, slipped};
use super::values::Index;
use super::{AnomalyKind, Entry, NEVER, Report, Scratch, room};

/// The operations of one value, or of a chain of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    /// Earliest return.
    pub(super) first: u32,
    /// Latest call. 0: nobody knows of the value.
    pub(super) last: u32,
}

/// No zone, no operation.
pub(super) const NONE: u32 = u32::MAX;

const BLANK: Zone = Zone { first: NEVER, last: 0 };

impl Zone {
    pub(super) fn join(&mut self, op: Op) {
        self.first = self.first.min(op.ret);
        self.last = self.last.max(op.call);
    }
}

/// Memory of this model.
#[derive(Debug, Default)]
pub struct Tables {
    index: Index,
    pub(super) ops: Vec<Op>,
    pub(super) sweep: Sweep,
}

/// Checks a history of registers whose initial value may be one that is written. Objects with entries of another model,
/// with repeated values or with refusals that do not say what was found are undecided.
///
/// # Panics
/// If an event number is 0, an entry's return precedes its call or an object is out of range ([`Op::OBJECTS`]).
pub fn check(entries: &[Entry], initial: Option<u64>, scratch: &mut Scratch, report: &mut Report) {
    let Tables { index, ops, sweep } = &mut scratch.register;
    pack(entries, initial, index, ops, report);
    sweep.check(ops, report);
}

/// Checks a history from recorder's arrays. Its entries in evidence are indices of `ops`.
///
/// # Panics
/// If an event number is 0.
pub fn check_arrays(ops: &[Op], scratch: &mut Scratch, report: &mut Report) {
    scratch.register.sweep.check(ops, report);
}

impl Tables {
    pub(super) fn bytes(&self) -> usize {
        let Sweep { zones, marks, open, chains, clashes } = &self.sweep;
        let sweep = room(zones) + room(marks) + room(open) + chains.bytes() + room(clashes);
        self.index.bytes() + room(&self.ops) + sweep
    }
}

/// Memory of a check of arrays.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// Zones: that of the n-th operation's value at n, initial values of the objects behind them.
    pub(super) zones: Vec<Zone>,
    /// What begins or ends at each event: zone << 1, plus 1 for its latest call; `NONE` for nothing.
    marks: Vec<u32>,
    /// Open forward zone per object.
    open: Vec<u32>,
    pub(super) chains: Chains,
    clashes: Vec<Clash>,
}

impl Sweep {
    fn check(&mut self, ops: &[Op], report: &mut Report) {
        let found = self.join(ops, report);
        self.clashes.clear();
        self.chains.clear();
        if found.swaps {
            self.chains.link(ops, &mut self.zones, report);
            self.chains.walk(ops, &mut self.zones, report, &mut self.clashes);
        }
        self.mark(ops, found.last_event);
        self.sweep(ops, report);
        if !self.clashes.is_empty() {
            Naming { ops, chains: &self.chains }.name(&self.clashes, report);
        }
    }

    /// Gives every operation to its value.
    fn join(&mut self, ops: &[Op], report: &mut Report) -> Found {
        let objects = ops.iter().map(|op| op.object() + 1).max().unwrap_or(0) as usize;
        self.zones.clear();
        self.zones.resize(ops.len() + objects, BLANK);
        self.open.clear();
        self.open.resize(objects, NONE);
        let mut found = Found { last_event: 0, swaps: false };
        for (i, &op) in (0u32..).zip(ops) {
            assert!(op.call > 0, "event numbers begin with 1");
            let ends = if op.ret == NEVER { op.call } else { op.ret };
            found.last_event = found.last_event.max(ends);
            match op.kind() {
                Kind::Write if op.ret == NEVER => {}
                Kind::Write => self.zones[i as usize].join(op),
                Kind::Read => {
                    if let Some(zone) = source(ops, i, report) {
                        self.zones[zone].join(op);
                    }
                }
                Kind::Swap => found.swaps = true,
                Kind::Failed | Kind::Nothing => {}
            }
        }
        found
    }

    /// Enters the ends of the zones into the array of events and opens those of initial values.
    fn mark(&mut self, ops: &[Op], last_event: u32) {
        self.marks.clear();
        self.marks.resize(last_event as usize + 1, NONE);
        for (n, zone) in self.zones.iter_mut().enumerate() {
            // What nobody but an unanswered writer knows of did not happen.
            if zone.last == 0 || !self.chains.is_head(n) {
                continue;
            }
            match ops.get(n) {
                Some(op) => {
                    zone.last = zone.last.max(op.call);
                    if zone.first == NEVER {
                        continue;
                    }
                    self.marks[zone.first as usize] = (n as u32) << 1;
                }
                // The initial value was there from the virtual beginning on.
                None => {
                    zone.first = 0;
                    self.open[n - ops.len()] = if slipped(Slip::NoBeginning) { NONE } else { n as u32 };
                }
            }
            self.marks[zone.last as usize] = (n as u32) << 1 | 1;
        }
    }

    fn sweep(&mut self, ops: &[Op], report: &mut Report) {
        for (event, &mark) in (0u32..).zip(&self.marks) {
            if mark == NONE {
                continue;
            }
            let this = mark >> 1;
            let zone = self.zones[this as usize];
            let object = ops.get(this as usize).map_or_else(|| this - ops.len() as u32, |op| op.object());
            let open = &mut self.open[object as usize];
            let begins_forward = mark & 1 == 0 && event < zone.last;
            let ends_backward = mark & 1 == 0 && !begins_forward;
            if begins_forward && *open == NONE {
                *open = this;
            } else if begins_forward {
                report.clash(&mut self.clashes, Clash::between((*open, self.zones[*open as usize]), (this, zone)));
                if zone.last > self.zones[*open as usize].last {
                    *open = this;
                }
            } else if ends_backward {
                // It lies inside if the zone that is open now was so when it began.
                let hidden = slipped(Slip::InsideUnseen);
                if *open != NONE && self.zones[*open as usize].first < zone.last && !hidden {
                    report.clash(&mut self.clashes, Clash::between((*open, self.zones[*open as usize]), (this, zone)));
                }
            } else if *open == this {
                *open = NONE;
            }
        }
    }
}

struct Found {
    last_event: u32,
    swaps: bool,
}

/// The zone of the value that operation `i` saw; reports it if it cannot have seen that.
pub(super) fn source(ops: &[Op], i: u32, report: &mut Report) -> Option<usize> {
    let op = ops[i as usize];
    if op.source == INITIAL {
        return Some(ops.len() + op.object() as usize);
    }
    if op.source == UNWRITTEN {
        report.push(op.object(), || (AnomalyKind::Phantom, vec![i]));
        return None;
    }
    let writer = ops[op.source as usize];
    if !matches!(writer.kind(), Kind::Write | Kind::Swap) {
        if slipped(Slip::FailureSeen) {
            return None;
        }
        report.push(op.object(), || (AnomalyKind::AbortedRead, sorted(ops, vec![op.source, i])));
        return None;
    }
    if writer.call > op.ret && !slipped(Slip::FutureAllowed) {
        report.push(op.object(), || (AnomalyKind::FutureRead, sorted(ops, vec![op.source, i])));
        return None;
    }
    Some(op.source as usize)
}

/// Operations as evidence: each once, in order of their calls, at most eight.
pub(super) fn sorted(ops: &[Op], mut chosen: Vec<u32>) -> Vec<u32> {
    chosen.sort_unstable_by_key(|&i| ops[i as usize].call);
    chosen.dedup();
    chosen.truncate(8);
    chosen
}
