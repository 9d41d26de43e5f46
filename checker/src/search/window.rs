//! The operations in the window at an event, as a linked list that can be walked back along the events: first those that
//! happened, in order of their deadlines, then those of unknown outcome, in order of their calls.

use super::hash::NONE;
use super::plan::{Kind, Plan};

#[derive(Debug)]
pub(super) struct Window<'a> {
    plan: &'a Plan,
    /// Neighbours of each operation; behind them those of the list's two ends.
    next: Vec<u32>,
    prev: Vec<u32>,
}

impl<'a> Window<'a> {
    pub(super) fn new(plan: &'a Plan) -> Window<'a> {
        let ends = plan.ops.len();
        Window { plan, next: vec![ends as u32; ends + 1], prev: vec![ends as u32; ends + 1] }
    }

    /// The first operation that happened, if there is one, or of unknown outcome.
    pub(super) fn first(&self) -> Option<u32> {
        self.behind(self.ends())
    }

    /// The operation behind another.
    pub(super) fn behind(&self, op: u32) -> Option<u32> {
        let next = self.next[op as usize];
        (next != self.ends()).then_some(next)
    }

    /// An operation is called.
    pub(super) fn enter(&mut self, number: u32) {
        let op = &self.plan.ops[number as usize];
        let before = match op.behind {
            _ if op.optional => self.prev[self.ends() as usize],
            NONE => self.ends(),
            other => other,
        };
        let after = self.next[before as usize];
        (self.prev[number as usize], self.next[number as usize]) = (before, after);
        self.relink(number);
    }

    /// An operation returns, or can serve nobody any more.
    pub(super) fn leave(&mut self, number: u32) {
        let (before, after) = (self.prev[number as usize], self.next[number as usize]);
        self.next[before as usize] = after;
        self.prev[after as usize] = before;
    }

    /// Goes from before the event at one place to before that at another.
    pub(super) fn go(&mut self, from: u32, to: u32) {
        for place in from..to {
            match self.plan.event(place as usize) {
                (_, Kind::Call, number) => self.enter(number),
                (_, Kind::Return | Kind::Expire, number) => self.leave(number),
            }
        }
        self.back(from, to);
    }

    /// Undoes the events from `to` up to, but not with, the one at `from`.
    pub(super) fn back(&mut self, from: u32, to: u32) {
        for place in (to..from).rev() {
            match self.plan.event(place as usize) {
                (_, Kind::Call, number) => self.leave(number),
                (_, Kind::Return | Kind::Expire, number) => self.relink(number),
            }
        }
    }

    /// Puts an operation where it was.
    fn relink(&mut self, number: u32) {
        let (before, after) = (self.prev[number as usize], self.next[number as usize]);
        self.next[before as usize] = number;
        self.prev[after as usize] = number;
    }

    fn ends(&self) -> u32 {
        self.plan.ops.len() as u32
    }
}
