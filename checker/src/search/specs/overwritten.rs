//! Reads that come too late, found in one pass: whoever supplies the value of a register to an operation must not have
//! returned when another was called that saw a different value there and had returned in its turn when the first was
//! called. Necessary for an order, not enough; but a read of an old value needs no search then.

use super::register::Op;
use crate::linear::Fate;
use crate::search::flaws::{self, Flaw};
use crate::search::spec::Call;

/// The first operation in the order of returns that cannot have found the value that it needs, and the event of the call of
/// the other that shows it; 0 if nobody had begun to supply the value at all.
pub(super) fn first(initial: u32, calls: &[Call<Op>], events: impl Iterator<Item = (u32, bool)>) -> Option<(u32, u32)> {
    let mut seen = Seen::default();
    // Per value the last return of those who may have supplied it, of those that have been called.
    let mut supplied: Vec<Option<u32>> = Vec::new();
    *at(&mut supplied, initial) = Some(0);
    // Per call the event behind which the value that it needs has to have been supplied.
    let mut since = vec![0; calls.len()];
    for (place, returns) in events {
        let call = &calls[place as usize];
        let happened = call.fate == Fate::Done;
        let needed = match call.op {
            Op::Read(value) | Op::Swap(value, _) if happened => Some(value),
            _ => None,
        };
        if !returns {
            if let Op::Write(value) | Op::Swap(_, value) = call.op {
                let until =
                    if call.fate == Fate::Unknown && flaws::is(Flaw::BelievedReturns) { call.call } else { call.ret };
                let known = at(&mut supplied, value);
                if known.is_none() || !flaws::is(Flaw::FirstSupplyOnly) {
                    *known = (*known).max(Some(until));
                }
            }
            since[place as usize] = needed.map_or(0, |value| seen.another_than(value));
            if flaws::is(Flaw::GoneEarly) && happened {
                seen.note(call);
            }
            continue;
        }
        let since = since[place as usize];
        if let Some(value) = needed
            && at(&mut supplied, value).is_none_or(|until| until < since)
        {
            return Some((place, since));
        }
        if happened {
            seen.note(call);
        }
    }
    None
}

fn at<T: Default + Clone>(all: &mut Vec<T>, value: u32) -> &mut T {
    if all.len() <= value as usize {
        all.resize(value as usize + 1, T::default());
    }
    &mut all[value as usize]
}

/// What operations that have returned saw: for every value the latest call of one that saw another.
#[derive(Default)]
struct Seen {
    /// The latest call of all, and the value; the latest among the others of another value.
    latest: (u32, u32),
    other: (u32, u32),
    /// Per value the latest call of one that found another without saying which.
    refused: Vec<u32>,
}

impl Seen {
    /// An operation that happened.
    fn note(&mut self, call: &Call<Op>) {
        match call.op {
            Op::Write(value) | Op::Read(value) => self.saw(value, call.call),
            Op::Swap(from, to) => {
                self.saw(from, call.call);
                self.saw(to, call.call);
            }
            Op::Other(value) if flaws::is(Flaw::RefusalsOfAll) => self.saw(u32::MAX - value, call.call),
            Op::Other(value) => {
                let refused = at(&mut self.refused, value);
                *refused = call.call.max(*refused);
            }
            Op::Never => {}
        }
    }

    fn saw(&mut self, value: u32, call: u32) {
        if value == self.latest.1 {
            self.latest.0 = call.max(self.latest.0);
        } else if call > self.latest.0 {
            self.other = self.latest;
            self.latest = (call, value);
        } else if call > self.other.0 {
            self.other = (call, value);
        }
    }

    fn another_than(&self, value: u32) -> u32 {
        let seen = if self.latest.1 == value { self.other.0 } else { self.latest.0 };
        seen.max(self.refused.get(value as usize).copied().unwrap_or(0))
    }
}
