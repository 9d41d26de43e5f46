//! What a specification is: the seam between the search and whatever is searched.

use crate::linear::{Fate, NEVER};
use std::hash::Hash;

/// A sequential object: what its operations do and answer when they come one after the other.
///
/// The first two methods say everything; all others are hints that make the search faster. A hint that is not true
/// makes its verdicts wrong.
///
/// ```
/// use splitbrain_checker::linear::Fate;
/// use splitbrain_checker::search::{Answer, Budget, Call, Spec, decide};
///
/// /// Tickets numbered from 1, each handed out once.
/// struct Tickets;
///
/// impl Spec for Tickets {
///     type State = u32;
///     /// The ticket that was handed out, if that is known.
///     type Op = Option<u32>;
///
///     fn initial(&self) -> u32 {
///         0
///     }
///
///     fn step(&self, last: &u32, ticket: &Option<u32>) -> Option<u32> {
///         ticket.is_none_or(|ticket| ticket == last + 1).then_some(last + 1)
///     }
/// }
///
/// let call = |call, ret, ticket| Call { call, ret, fate: Fate::Done, op: Some(ticket) };
/// let overlapping = [call(1, 4, 2), call(2, 3, 1)];
/// assert!(matches!(decide(&Tickets, &overlapping, Budget::default()).answer, Answer::Legal(_)));
/// let one_after_the_other = [call(1, 2, 2), call(3, 4, 1)];
/// assert!(matches!(decide(&Tickets, &one_after_the_other, Budget::default()).answer, Answer::Illegal { .. }));
/// ```
pub trait Spec {
    /// What the object holds.
    type State: Clone + Eq + Hash;
    /// An operation with its answer, as far as that is known. Equal operations do and answer the same.
    type Op: Eq + Hash;

    /// What the object holds before all operations.
    fn initial(&self) -> Self::State;

    /// What it holds after an operation; `None` if the operation cannot happen in this state with this answer.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Whether an operation never changes the state.
    fn is_read(&self, _op: &Self::Op) -> bool {
        false
    }

    /// Whether an operation can happen in every state and leads to the same one from all of them.
    fn overwrites(&self, _op: &Self::Op) -> bool {
        false
    }

    /// Whether the state after an operation is the same in all legal orders in which it comes last.
    fn settles(&self, op: &Self::Op) -> bool {
        self.overwrites(op)
    }

    /// The event after which the effect of an operation can no longer be what makes another one possible: from there
    /// on one of unknown outcome may be taken not to have happened, and an overwriting one may be overwritten at no
    /// loss.
    fn matters_until(&self, _op: &Self::Op) -> u32 {
        NEVER
    }

    /// A state that no operation which returns after the event `now` can tell from this one, if there is a simpler.
    fn forget(&self, _state: &Self::State, _now: u32) -> Option<Self::State> {
        None
    }

    /// The event of the call of an operation that cannot happen any more after this step, taken at the event `now`.
    /// Operations called until then that could happen without a change of the state before have happened.
    fn dooms(&self, _before: &Self::State, _op: &Self::Op, _after: &Self::State, _now: u32) -> Option<u32> {
        None
    }

    /// The same where every step that changes this state would have no future.
    fn has_to_stay(&self, _state: &Self::State, _now: u32) -> Option<u32> {
        None
    }

    /// What is lost if an operation that returns at the event `now` is overwritten at once: `None` if others may still lead
    /// to the same state; otherwise the event until which operations are called that happened and need it, 0 if it is not
    /// known that there are any.
    fn loses(&self, _op: &Self::Op, _now: u32) -> Option<u32> {
        None
    }

    /// Whether a call that happened cannot have, whatever the order.
    fn is_impossible(&self, _call: &Call<Self::Op>) -> bool {
        false
    }

    /// The index of a call that happened and cannot have, whatever the order, if there is one that is easily seen; and the
    /// event of the call of another that shows it, or 0. The events are those of the calls in their order: an index, and
    /// whether it is the return.
    fn contradiction(
        &self,
        _calls: &[Call<Self::Op>],
        _events: impl Iterator<Item = (u32, bool)>,
    ) -> Option<(u32, u32)> {
        None
    }

    /// All states that these calls can tell from each other, the object being in any state at all; `None` if they are
    /// not known.
    fn states<'a>(&self, _calls: impl Iterator<Item = &'a Call<Self::Op>>) -> Option<Vec<Self::State>>
    where
        Self::Op: 'a,
    {
        None
    }
}

/// An operation of one object. One that may take effect again is two: the second of unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<Op> {
    /// Event number of its call.
    pub call: u32,
    /// Event number of its return; of equal numbers calls come first. If its outcome is unknown, the event until which it
    /// may have taken effect: [`NEVER`], as a rule.
    pub ret: u32,
    /// How it ended.
    pub fate: Fate,
    /// What it did. If its outcome is unknown, so is its answer.
    pub op: Op,
}

/// What a search may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Choices it may stand before.
    pub nodes: u64,
    /// Bytes it may use for what it has seen.
    pub bytes: usize,
}

impl Default for Budget {
    /// Seconds, and a gibibyte.
    fn default() -> Budget {
        Budget { nodes: 20_000_000, bytes: 1 << 30 }
    }
}

/// Why a search ended without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// The number of choices.
    Nodes(u64),
    /// The memory, in bytes.
    Bytes(usize),
}

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exhausted::Nodes(nodes) => write!(f, "no verdict after {nodes} choices"),
            Exhausted::Bytes(bytes) => write!(f, "no verdict within {} MiB of memory", bytes >> 20),
        }
    }
}

/// What a search found out about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A legal order of calls, by their indices.
    Legal(Vec<u32>),
    /// There is none: no order gets past this return.
    Illegal {
        /// Index of the call whose return it is.
        call: u32,
        /// Events of other calls that orders were given up for.
        later: Vec<u32>,
        /// What happened from this event on is enough, whatever the object held before; 0 if that is not known.
        begin: u32,
    },
    /// The budget did not last.
    Unknown(Exhausted),
}

impl Answer {
    /// No order gets past this call.
    pub(super) fn illegal(call: u32) -> Answer {
        Answer::Illegal { call, later: Vec::new(), begin: 0 }
    }
}

/// An answer and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The answer.
    pub answer: Answer,
    /// Choices it stood before.
    pub nodes: u64,
}
