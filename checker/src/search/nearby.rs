//! A proof from nearby: where the search cannot get past a return it would have to go through all orders of everything
//! before, although the few operations around are enough to tell as a rule. So it asks from time to time whether any
//! way leads through the last few events, whatever the object held before them and whichever of the operations pending
//! there had been taken: all that can have been is among that. If no way does there is no order of the whole; if one
//! does, nothing is known, and next time the look goes further back.

use super::engine::Search;
use super::flaws::{self, Flaw};
use super::plan::Plan;
use super::spec::{Budget, Call, Spec};

/// So many choices without getting further are made before the first look; fewer in a shorter history, to be seen
/// at work in small ones.
const PATIENCE: u64 = 500;
/// So many events back the first look goes; in a shorter history a quarter of it.
const NEAR: u32 = 48;
/// So many choices a look may take in any case.
const LEAST: u64 = 200;
/// How much wider the next one is.
const WIDER: u32 = 3;

pub(super) struct Nearby<'a, S: Spec> {
    search: Option<Box<Search<'a, S>>>,
    patience: u64,
    /// How far the last look went, and from where.
    width: u32,
    at: u32,
    /// The event at which a look began that found no way; 0 if none did.
    pub(super) begin: u32,
}

impl<'a, S: Spec> Nearby<'a, S> {
    pub(super) fn of(plan: &Plan) -> Nearby<'a, S> {
        let events = plan.len();
        Nearby { search: None, patience: PATIENCE.min(events as u64 / 8), width: 0, at: 0, begin: 0 }
    }

    /// Whether it is time for a look after so many choices without getting further.
    pub(super) fn is_due(&self, stuck: u64) -> bool {
        stuck >= self.patience
    }

    /// Whether no way leads past the event at a place, and the choices that this took: no more than were made in vain.
    pub(super) fn refutes(
        &mut self,
        spec: &'a S,
        calls: &'a [Call<S::Op>],
        plan: &'a Plan,
        at: u32,
        stuck: u64,
    ) -> (bool, u64) {
        let search = self.search.get_or_insert_with(|| Box::new(Search::without_looks(spec, calls, plan)));
        let before = search.nodes;
        let mut refuted = false;
        if at != self.at {
            (self.at, self.width) = (at, NEAR.min(plan.len() as u32 / 4).max(1));
        }
        while let Some(from) = begin(plan, at, self.width) {
            let Some(states) = search.states_at(from, at) else {
                self.patience = u64::MAX;
                return (false, 0);
            };
            match search.leads(from, at, states, before + stuck.max(LEAST)) {
                Some(true) => self.width = self.width.saturating_mul(WIDER),
                Some(false) => {
                    self.begin = plan.event(from as usize).0;
                    refuted = true;
                    break;
                }
                None => break,
            }
        }
        let spent = search.nodes - before;
        if spent > 0 {
            self.patience = (stuck + spent) * 2;
        }
        (refuted, spent)
    }

    /// Nobody will look.
    pub(super) fn give_up(&mut self) {
        self.patience = u64::MAX;
    }
}

impl<S: Spec> Search<'_, S> {
    /// All states at a place that operations which may be taken from there up to another can tell from each other.
    fn states_at(&mut self, from: u32, to: u32) -> Option<Vec<S::State>> {
        self.window.go(self.place, from);
        self.place = from;
        let mut numbers: Vec<u32> = (from..=to).map(|place| self.plan.event(place as usize).2).collect();
        let mut pending = self.window.first().filter(|_| !flaws::is(Flaw::PendingUnasked));
        while let Some(number) = pending {
            numbers.push(number);
            pending = self.window.behind(number);
        }
        self.spec.states(numbers.iter().map(|number| &self.calls[self.plan.ops[*number as usize].call as usize]))
    }

    /// Whether there is a way from one place, where the object may be in any of these states and what is pending may have
    /// been taken before, to behind another. `None` if that takes more choices than so many in all.
    fn leads(&mut self, from: u32, behind: u32, states: Vec<S::State>, nodes: u64) -> Option<bool> {
        let budget = Budget { nodes, bytes: usize::MAX };
        self.memo.clear();
        (self.end, self.since) = (behind + 1, from);
        self.deepest = self.end;
        for state in states {
            self.window.go(self.place, from);
            self.commit();
            self.trail.clear();
            (self.place, self.state, self.covered) = (from, self.states.of(state), from);
            (self.idle, self.unused) = (false, false);
            self.cut = self.plan.cuts.partition_point(|cut| *cut < from);
            self.mask.fill(0);
            self.each_due(|search, number, op| {
                if op.is_read {
                    search.take(number);
                }
            });
            match self.pass(budget) {
                Ok(false) => {}
                Ok(true) => return Some(true),
                Err(_) => return None,
            }
        }
        Some(false)
    }
}

/// The first place so many events before another, or less, at which all events of the same number are still ahead;
/// `None` if it would be the first of all.
fn begin(plan: &Plan, at: u32, width: u32) -> Option<u32> {
    let mut from = at.checked_sub(width)?;
    while from > 0 && plan.event(from as usize - 1).0 == plan.event(from as usize).0 {
        from -= 1;
    }
    (from > 0).then_some(from)
}
