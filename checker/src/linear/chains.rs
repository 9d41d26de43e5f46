//! Values that compare-and-set operations put in each other's place: chains. Nothing comes between a value and the one
//! that was swapped for it but reads, so that all operations of a chain share one zone; within it, none on a value may
//! begin after one on a later value has returned. A value can be swapped for one other only.
//!
//! A compare-and-set of unknown outcome happened if somebody saw its value or swapped it for another.

use super::arrays::{INITIAL, Kind, Op};
use super::naming::Clash;
use super::register::{NONE, Zone, sorted, source};
use super::slips::{Slip, slipped};
use super::{AnomalyKind, NEVER, Report, room};

/// How values follow each other. Zones are numbered as in [`super::register`].
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// The value that was swapped for each; empty if no history needs it.
    next: Vec<u32>,
    /// The first value of each one's chain; `NONE` for a compare-and-set that did not happen.
    heads: Vec<u32>,
}

impl Chains {
    pub(super) fn clear(&mut self) {
        self.next.clear();
        self.heads.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        room(&self.next) + room(&self.heads)
    }

    /// Whether a zone is its chain's, not that of a value inside.
    pub(super) fn is_head(&self, zone: usize) -> bool {
        self.heads.get(zone).is_none_or(|head| *head == zone as u32)
    }

    /// The zone that has this value in it.
    pub(super) fn head(&self, zone: u32) -> u32 {
        self.heads.get(zone as usize).copied().unwrap_or(zone)
    }

    /// What was swapped for a value.
    pub(super) fn next(&self, zone: u32) -> Option<u32> {
        self.next.get(zone as usize).copied().filter(|next| *next != NONE)
    }

    /// The zone of the value that an operation wrote or read.
    pub(super) fn value(&self, ops: &[Op], i: u32) -> Option<u32> {
        let op = ops[i as usize];
        match op.kind() {
            Kind::Write => Some(i),
            Kind::Swap => (self.head(i) != NONE).then_some(i),
            Kind::Read if op.source == INITIAL => Some(ops.len() as u32 + op.object()),
            Kind::Read => Some(op.source).filter(|source| (*source as usize) < ops.len()),
            Kind::Failed | Kind::Nothing => None,
        }
    }

    /// Finds out what happened, and links every value to the one before.
    pub(super) fn link(&mut self, ops: &[Op], zones: &mut [Zone], report: &mut Report) {
        self.next.resize(zones.len(), NONE);
        let is_swap = |zone: usize| ops.get(zone).is_some_and(|op| op.kind() == Kind::Swap);
        self.heads.extend((0..zones.len()).map(|zone| if is_swap(zone) { NONE } else { zone as u32 }));
        for (i, op) in ops.iter().enumerate().filter(|(_, op)| op.kind() == Kind::Swap) {
            if op.ret == NEVER && zones[i].last == 0 && !slipped(Slip::UnseenSwapHappened) {
                continue;
            }
            // So did all that it rests on.
            let mut this = i;
            while is_swap(this) && self.heads[this] == NONE {
                self.heads[this] = this as u32;
                zones[this].join(ops[this]);
                match ops[this].source as usize {
                    before if before < ops.len() => this = before,
                    _ => break,
                }
            }
        }
        for i in (0u32..).take(ops.len()).filter(|&i| is_swap(i as usize)) {
            if self.heads[i as usize] == NONE {
                continue;
            }
            let Some(before) = self.before(ops, i, report) else { continue };
            if before == i as usize {
                self.never_written(ops, i, report);
            } else if self.next[before] == NONE {
                self.next[before] = i;
                self.heads[i as usize] = before as u32;
            } else if !slipped(Slip::TwoSwapsAllowed) {
                let rival = self.next[before];
                report.push(ops[i as usize].object(), || {
                    let mut proof = vec![i, rival];
                    proof.extend((before < ops.len()).then_some(before as u32));
                    proof.extend(self.observer(ops, i).into_iter().chain(self.observer(ops, rival)));
                    (AnomalyKind::LostUpdate, sorted(ops, proof))
                });
            }
        }
    }

    /// The value that a compare-and-set which happened replaced.
    fn before(&self, ops: &[Op], i: u32, report: &mut Report) -> Option<usize> {
        let op = ops[i as usize];
        let mut fault = Report::default();
        let before = source(ops, i, &mut fault);
        for anomaly in fault.anomalies {
            report.push(op.object(), || {
                let mut proof = anomaly.entries;
                proof.extend(self.observer(ops, i));
                (anomaly.kind, sorted(ops, proof))
            });
        }
        before
    }

    /// Joins the zones of each chain's values and compares them with each other.
    pub(super) fn walk(&mut self, ops: &[Op], zones: &mut [Zone], report: &mut Report, clashes: &mut Vec<Clash>) {
        for head in 0..zones.len() {
            if self.heads[head] != head as u32 || self.next[head] == NONE {
                continue;
            }
            if let Some(op) = ops.get(head) {
                zones[head].last = zones[head].last.max(op.call);
            }
            let mut whole = zones[head];
            let mut latest = head;
            let mut this = self.next[head];
            while this != NONE {
                let zone = zones[this as usize];
                if zone.first < zones[latest].last && !slipped(Slip::ChainOrderIgnored) {
                    report.clash(clashes, Clash::within((latest as u32, zones[latest]), (this, zone)));
                }
                if zone.last > zones[latest].last {
                    latest = this as usize;
                }
                whole = Zone { first: whole.first.min(zone.first), last: whole.last.max(zone.last) };
                self.heads[this as usize] = head as u32;
                this = self.next[this as usize];
            }
            if !slipped(Slip::ChainTornApart) {
                zones[head] = whole;
            }
        }
        self.circles(ops, report);
    }

    /// Values that rest on each other were never written by anybody first.
    fn circles(&mut self, ops: &[Op], report: &mut Report) {
        for i in 0..ops.len() {
            let head = self.heads[i];
            if head == NONE || self.heads[head as usize] == head {
                continue;
            }
            self.never_written(ops, i as u32, report);
            let mut this = i;
            while self.heads[this] != this as u32 {
                this = std::mem::replace(&mut self.heads[this], this as u32) as usize;
            }
        }
    }

    fn never_written(&self, ops: &[Op], i: u32, report: &mut Report) {
        report.push(ops[i as usize].object(), || {
            let proof = [i].into_iter().chain(self.observer(ops, i)).collect();
            (AnomalyKind::Phantom, sorted(ops, proof))
        });
    }

    /// The answered operation that shows that a write happened which was not acknowledged, and if it read a value the
    /// operation that wrote that.
    pub(super) fn observer(&self, ops: &[Op], i: u32) -> Vec<u32> {
        let mut reached = vec![i];
        // Who looks further among operations of unknown outcome finds more than eight of them.
        for n in 0..16 {
            let Some(&this) = reached.get(n) else { break };
            if ops[this as usize].ret != NEVER {
                return vec![this];
            }
            for (j, op) in (0u32..).zip(ops).filter(|(_, op)| op.source == this) {
                match op.kind() {
                    Kind::Read => return vec![this, j],
                    Kind::Swap if self.heads[j as usize] != NONE && !reached.contains(&j) => reached.push(j),
                    _ => {}
                }
            }
        }
        Vec::new()
    }
}
