//! Who supplies each value of a history, and who needs it: how long a write matters, and which step has no future.

use crate::linear::{Entry, Fate, NEVER};
use crate::search::flaws::{self, Flaw};

/// What is known of one value.
#[derive(Clone, Copy, Debug, Default)]
struct Value {
    /// How many operations may supply it, its being there at first included.
    supplies: u32,
    /// The first event at which one of them may, and the latest.
    first_supply: u32,
    last_supply: u32,
    /// The latest call of an operation that happened and needed it.
    last_need_call: u32,
    /// The latest event at which an operation may need it.
    last_need: u32,
    /// The same for operations that can tell it from others in any way.
    last_mention: u32,
}

/// What is known of all values, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Values {
    values: Vec<Value>,
    /// The latest return of an operation that needed some value not to be there.
    last_refusal: u32,
    /// Operations of unknown outcome that need a value in order to supply another: needed, supplied.
    passes: Vec<(u32, u32)>,
}

impl Values {
    fn at(&mut self, value: u32) -> &mut Value {
        if self.values.len() <= value as usize {
            self.values.resize(value as usize + 1, Value::default());
        }
        &mut self.values[value as usize]
    }

    /// It is there at first.
    pub(super) fn first(&mut self, value: u32) {
        let its = self.at(value);
        (its.supplies, its.first_supply) = (its.supplies + 1, 0);
    }

    /// An entry supplies a value.
    pub(super) fn supply(&mut self, value: u32, entry: &Entry) {
        let until = if entry.fate == Fate::Done { entry.ret } else { NEVER };
        let its = self.at(value);
        its.first_supply = if its.supplies == 0 { entry.call } else { its.first_supply.min(entry.call) };
        its.supplies += 1;
        its.last_supply = its.last_supply.max(until);
    }

    /// An entry that happened needs a value.
    pub(super) fn need(&mut self, value: u32, entry: &Entry) {
        let its = self.at(value);
        its.last_need_call = its.last_need_call.max(entry.call);
        its.last_need = its.last_need.max(entry.ret);
        its.last_mention = its.last_mention.max(entry.ret);
    }

    /// An entry of unknown outcome needs a value in order to supply another.
    pub(super) fn pass(&mut self, needed: u32, supplied: u32) {
        self.at(needed);
        self.passes.push((needed, supplied));
    }

    /// An entry that happened found another value than this.
    pub(super) fn refuse(&mut self, value: u32, entry: &Entry) {
        let its = self.at(value);
        its.last_mention = its.last_mention.max(entry.ret);
        self.last_refusal = self.last_refusal.max(entry.ret);
    }

    /// Has to be called once all is entered.
    pub(super) fn close(&mut self) {
        // Whoever passes a value on needs the one while the other is needed.
        let mut changed = !self.passes.is_empty();
        while changed {
            changed = false;
            for i in 0..self.passes.len() {
                let (needed, supplied) = self.passes[i];
                let until = self.matters_until(supplied);
                let its = self.at(needed);
                changed |= its.last_need < until;
                its.last_need = its.last_need.max(until);
                its.last_mention = its.last_mention.max(until);
            }
        }
    }

    /// The event after which supplying a value cannot be of use.
    pub(super) fn matters_until(&self, value: u32) -> u32 {
        let refusals = if flaws::is(Flaw::NoRefusals) { 0 } else { self.last_refusal };
        self.values.get(value as usize).map_or(0, |its| its.last_need).max(refusals)
    }

    /// Whether no operation that returns after an event can tell a value from one that nobody mentions.
    pub(super) fn is_forgotten(&self, value: u32, now: u32) -> bool {
        self.values.get(value as usize).is_none_or(|its| its.last_mention <= now)
    }

    /// The latest call of an operation that needs a value which is there now and cannot come back once it has gone.
    pub(super) fn irreplaceable(&self, value: u32, now: u32) -> Option<u32> {
        let its = self.values.get(value as usize)?;
        let gone =
            its.last_need_call > now && (its.supplies <= 1 || its.last_supply < now || flaws::is(Flaw::NoComeback));
        gone.then_some(its.last_need_call)
    }

    /// The latest call of an operation that needs a value, if nobody can supply it any more once all who return until an
    /// event have.
    pub(super) fn lost(&self, value: u32, now: u32) -> Option<u32> {
        let its = self.values.get(value as usize)?;
        let nobody = its.supplies <= 1 || its.last_supply <= now || flaws::is(Flaw::NoComeback);
        nobody.then_some(its.last_need_call)
    }

    /// Whether nobody has begun to supply a value at an event.
    pub(super) fn is_unsupplied(&self, value: u32, at: u32) -> bool {
        self.values.get(value as usize).is_none_or(|its| its.supplies == 0 || its.first_supply > at)
    }
}
