//! Our own specifications, each made for the operations of one object: values become small numbers, and what is known of
//! the whole history becomes hints.

pub(super) mod counter;
pub(super) mod register;
pub(super) mod set;
pub(super) mod text;
pub(super) mod transactions;

mod overwritten;
mod values;

use super::flaws::{self, Flaw};
use super::spec::Call;
use crate::linear::{Entry, Fate};

/// The call of an entry.
fn call<Op>(entry: &Entry, op: Op) -> Call<Op> {
    Call { call: entry.call, ret: entry.ret, fate: entry.fate, op }
}

/// Whether what an operation answered counts.
fn answered(entry: &Entry) -> bool {
    entry.fate == Fate::Done || flaws::is(Flaw::BelievedAnswers)
}
