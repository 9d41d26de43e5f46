//! What need not be decided before it has to: whether an operation that overwrites was overwritten itself at once. Any that
//! was pending when another overwrote may have come right before it, unseen by all. So it is left behind when it returns,
//! and it is only then that anything is noted about it.

use super::engine::Search;
use super::flaws::{self, Flaw};
use super::plan::Op;
use super::spec::Spec;

/// In a trail: an operation that was overwritten at once by the one that overwrote last.
const UNDER: u32 = 1 << 31;

impl<S: Spec> Search<'_, S> {
    /// Whether it may have been overwritten at once: another overwrote after its call.
    pub(super) fn is_covered(&self, op: &Op) -> bool {
        op.overwrites && (op.place < self.covered || flaws::is(Flaw::VanishingWrites))
    }

    /// Whether somebody could not do without it.
    pub(super) fn is_missed(&mut self, op: &Op, now: u32) -> bool {
        let what = &self.calls[op.call as usize].op;
        let Some(until) = self.spec.loses(what, now) else { return false };
        let state = self.states.get(self.state);
        let Some(after) = self.spec.step(state, what).filter(|after| after != state) else { return false };
        let mut missed = until > now;
        if missed {
            self.give_up_for(until);
        }
        self.each_due(|search, _, its| {
            // A refusal is content with many states.
            let settles = search.spec.settles(&search.calls[its.call as usize].op);
            let needs = its.is_read && (settles || flaws::is(Flaw::MissedByRefusals));
            missed |= needs && !search.is_taken(its) && search.fits_in(&after, its);
        });
        missed
    }

    /// Leaves behind an operation that is due: it was overwritten or is lost.
    pub(super) fn drop(&mut self, number: u32) {
        let op = &self.plan.ops[number as usize];
        let what = &self.calls[op.call as usize].op;
        let state = self.states.get(self.state);
        if op.overwrites && self.spec.step(state, what).as_ref() == Some(state) {
            // Even better: it overwrites without a change.
            self.covered = self.place;
            self.take(number);
            return;
        }
        self.mask[op.slot as usize / 64] |= 1 << (op.slot % 64);
        if self.is_covered(op) && op.place >= self.since {
            self.trail.push(UNDER | number);
        }
    }

    /// The calls of the trail, those that were overwritten at once before the one that did.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.trail.len());
        // From the end, so that whoever overwrites comes behind those that wait for it.
        let mut under = Vec::new();
        for &number in self.trail.iter().rev() {
            let op = &self.plan.ops[(number & !UNDER) as usize];
            if number & UNDER != 0 {
                under.push(op.call);
                continue;
            }
            order.push(op.call);
            if op.overwrites {
                order.append(&mut under);
            }
        }
        order.reverse();
        order
    }
}
