//! Deliberate mistakes: what the comparison with the oracle has to catch. None is made outside of tests.

/// A mistake in the search or in its hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Reads are not taken when they are called.
    LateReads,
    /// A slot keeps its bit for the next operation.
    DirtySlots,
    /// Operations of unknown outcome never happen.
    LostOptional,
    /// What was seen does not depend on the state.
    StatelessMemo,
    /// Operations of unknown outcome that have been used up do not count.
    InexhaustibleOptional,
    /// Only the operation that returns is tried.
    OnlyDue,
    /// All operations are taken for equal ones.
    OneClass,
    /// A value cannot come back although others may write it.
    NoComeback,
    /// Writes do not matter to those who found another value.
    NoRefusals,
    /// A value is forgotten while the last who asks for it returns.
    ForgetsEarly,
    /// Any write may be overwritten at once, by nobody.
    VanishingWrites,
    /// An operation of unknown outcome that was used may not be overwritten.
    AlwaysIdle,
    /// What was taken in vain stays in the order.
    DirtyTrail,
    /// The answers of operations of unknown outcome are believed.
    BelievedAnswers,
    /// Operations return in no particular order.
    NoDeadlines,
    /// One that may be lost is as good as an equal one that has to happen.
    LostAlike,
    /// What is pending where a look nearby begins has not been taken yet.
    PendingNotLost,
    /// A register holds one of the values that it is asked for when a look begins.
    OnlyKnownStates,
    /// Operations that were called before a look begins do not ask for values.
    PendingUnasked,
    /// A value is gone as soon as another has been called.
    GoneEarly,
    /// A value that one write of it was overwritten is gone though another was pending.
    FirstSupplyOnly,
    /// A refusal shows that every other value was gone.
    RefusalsOfAll,
    /// A write of unknown outcome supplies its value when it is called, or never.
    BelievedReturns,
    /// What was seen does not depend on what has been overwritten.
    CoverForgotten,
    /// What was seen does not depend on what has been read.
    ReadsForgotten,
    /// Whoever is content with a state cannot do without it.
    MissedByRefusals,
    /// What was used may not be overwritten at the same place.
    AlwaysUnused,
}

/// Whether a mistake is to be made.
#[cfg(not(test))]
#[inline]
pub(super) const fn is(_flaw: Flaw) -> bool {
    false
}

#[cfg(test)]
pub(super) use tests::is;

#[cfg(test)]
mod tests {
    use super::Flaw;
    use crate::linear::{Action, Entry, Fate, History, NEVER, Swap};
    use crate::search::{Budget, Model, exhaustive, replay, search, search_without, small};
    use std::cell::Cell;

    thread_local! {
        static MADE: Cell<Option<Flaw>> = const { Cell::new(None) };
    }

    pub(in crate::search) fn is(flaw: Flaw) -> bool {
        MADE.get() == Some(flaw)
    }

    const FLAWS: [Flaw; 27] = [
        Flaw::LateReads,
        Flaw::DirtySlots,
        Flaw::LostOptional,
        Flaw::StatelessMemo,
        Flaw::InexhaustibleOptional,
        Flaw::OnlyDue,
        Flaw::OneClass,
        Flaw::NoComeback,
        Flaw::NoRefusals,
        Flaw::ForgetsEarly,
        Flaw::VanishingWrites,
        Flaw::AlwaysIdle,
        Flaw::DirtyTrail,
        Flaw::BelievedAnswers,
        Flaw::NoDeadlines,
        Flaw::LostAlike,
        Flaw::PendingNotLost,
        Flaw::OnlyKnownStates,
        Flaw::PendingUnasked,
        Flaw::GoneEarly,
        Flaw::FirstSupplyOnly,
        Flaw::RefusalsOfAll,
        Flaw::BelievedReturns,
        Flaw::CoverForgotten,
        Flaw::ReadsForgotten,
        Flaw::MissedByRefusals,
        Flaw::AlwaysUnused,
    ];

    /// A legal history in which one of two ways to the same state uses up a write that is needed later.
    fn two_ways() -> History {
        let actions = [
            Action::Write(1),
            Action::Write(2),
            Action::Cas(Some(1), 3, Swap::Refused),
            Action::Cas(Some(2), 3, Swap::Refused),
            Action::Read(Some(3)),
            Action::Read(Some(1)),
            // Too late, but it keeps the first write from being known as the only one.
            Action::Write(1),
        ];
        let entry = |(i, action): (u32, Action)| {
            let (ret, fate) = if i < 4 || i == 6 { (NEVER, Fate::Unknown) } else { (i * 2 + 2, Fate::Done) };
            Entry { call: i * 2 + 1, ret, object: 0, repeats: 0, fate, action }
        };
        History { entries: (0..).zip(actions).map(entry).collect(), ..History::default() }
    }

    /// A legal history in which the first of two ways to the same state leaves a read behind that nothing can serve later.
    fn one_more_read() -> History {
        let (read, write) = (|value| Action::Read(Some(value)), Action::Write);
        let ops = [
            (1, 12, read(1)),
            (2, 5, write(1)),
            (3, 4, write(2)),
            (6, 7, read(2)),
            (8, 11, write(3)),
            (9, 10, read(3)),
            // Too late, but it keeps the first write from being known as the only one.
            (13, 14, write(1)),
        ];
        history(&ops)
    }

    /// A legal history in which a refusal waits for another value while a write of one returns that was overwritten.
    fn refusal_waits() -> History {
        let (read, write) = (|value| Action::Read(Some(value)), Action::Write);
        let refused = Action::Cas(Some(1), 9, Swap::Refused);
        history(&[
            (1, 6, write(2)),
            (2, 3, write(1)),
            (4, 12, refused),
            (5, 13, write(3)),
            (7, 8, read(1)),
            (9, 10, read(3)),
        ])
    }

    /// A legal history in which only a swap that nobody knows of asks for the value that is there when a look begins.
    fn unknown_swap() -> History {
        let refused = |from| Action::Cas(Some(from), 3, Swap::Refused);
        let read = Action::Read(Some(2));
        let mut its = history(&[(1, NEVER, Action::Cas(Some(1), 2, Swap::Refused)), (2, 4, refused(3))]);
        its.entries.extend(history(&[(3, 8, refused(2)), (9, 11, read), (10, 12, read)]).entries);
        its.entries[0].fate = Fate::Unknown;
        its.initial = Some(1);
        its
    }

    /// Operations on one register that happened.
    fn history(ops: &[(u32, u32, Action)]) -> History {
        let entry = |&(call, ret, action)| Entry { call, ret, object: 0, repeats: 0, fate: Fate::Done, action };
        History { entries: ops.iter().map(entry).collect(), ..History::default() }
    }

    /// Whether the oracle or a replay contradicts the search on a history.
    fn is_caught(model: Model, history: &History) -> bool {
        let objects = small::small(model, history.initial);
        let (entries, arena) = (&history.entries, &history.arena);
        let found = search(entries, arena, &objects, None, Budget { nodes: 10_000, ..Budget::default() });
        let legal = found.violations.is_empty();
        let undecided = !found.undecided.is_empty();
        undecided
            || legal != exhaustive(entries, arena, &objects)
            || (legal && !replay(&found.order, entries, arena, &objects))
    }

    /// Whether the search finds no order where there is one: of two equal swaps of which one may be lost, the other has to
    /// be what was read although it returns later.
    fn takes_the_lost() -> bool {
        let swap = Action::Cas(None, 1, Swap::Swapped);
        let History { entries, .. } = history(&[(1, 10, swap), (2, 12, swap), (3, 4, Action::Read(Some(1)))]);
        let objects = small::small(Model::Register, None);
        let may_be_lost = |entry: &Entry| entry.ret == 10;
        let found = search_without(&entries, &[], &objects, None, Budget::default(), may_be_lost);
        !found.violations.is_empty()
    }

    #[test]
    fn every_deliberate_mistake_is_caught_by_small_histories() {
        let by_hand = || {
            [two_ways(), one_more_read(), refusal_waits(), unknown_swap()]
                .iter()
                .any(|its| is_caught(Model::Register, its))
                || takes_the_lost()
        };
        assert!(!by_hand());
        let mut unnoticed = Vec::new();
        for flaw in FLAWS {
            MADE.set(Some(flaw));
            let mut random =
                (0..10_000).flat_map(|number| Model::ALL.map(|model| (model, small::history(model, number))));
            let caught = by_hand() || random.any(|(model, its)| is_caught(model, &its));
            MADE.set(None);
            unnoticed.extend((!caught).then_some(flaw));
        }
        assert_eq!(unnoticed, [], "these go unnoticed");
    }
}
