//! Mistakes that the checks could have: the list that the comparison with brute force is itself tested by. Tests switch
//! one on at a time; outside of them there are none, and asking costs nothing.

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip {
    /// The initial value need not have been there at the beginning.
    NoBeginning,
    /// Nobody sees that a value was held only while another was.
    InsideUnseen,
    /// Reads may return before their value's write begins.
    FutureAllowed,
    /// The value of a failed write may be read.
    FailureSeen,
    /// A compare-and-set of unknown outcome happened though nobody saw its value.
    UnseenSwapHappened,
    /// Values of a chain come in any order.
    ChainOrderIgnored,
    /// Values of a chain need not stay together.
    ChainTornApart,
    /// One value is swapped for two others.
    TwoSwapsAllowed,
    /// Objects with repeated values get a verdict.
    RepeatsDecided,
    /// A failed write hides the one that repeated it.
    FailureHides,
    /// A compare-and-set may be refused though it found what it asked for.
    RefusalBelieved,
    /// Reads of one count have an order.
    PeersOrdered,
    /// An increment may explain a count that was returned before it began.
    LateFiller,
    /// An acknowledged increment need not count.
    MissedIgnored,
    /// Two increments return one count.
    TwinsAllowed,
    /// Acknowledged increments without a count come last.
    NobodyPresses,
    /// Increments have one effect.
    SentOnce,
    /// Reads of a list need not be prefixes of the longest.
    NoPrefix,
    /// An append may return any length.
    LengthIgnored,
    /// A removal that says nothing removed something.
    OneStory,
    /// An element may be missed between two who saw it.
    MissedInside,
    /// Reads of a set need not contain each other.
    ReadsApart,
    /// An element may be added before the reads that lack it.
    LevelsForgotten,
    /// Sets from which elements are removed and that are read get a verdict.
    ShrinkingDecided,
}

/// Whether this mistake is to be made.
#[cfg(not(test))]
pub(super) const fn slipped(_: Slip) -> bool {
    false
}

#[cfg(test)]
pub(super) use tests::slipped;

#[cfg(test)]
mod tests {
    use super::Slip;
    use crate::linear::random::{Objects, history};
    use crate::linear::sequential::exhaustive;
    use crate::linear::{Model, Report, Scratch, check};
    use std::cell::Cell;

    thread_local! {
        static MADE: Cell<Option<Slip>> = const { Cell::new(None) };
    }

    pub(in crate::linear) fn slipped(slip: Slip) -> bool {
        MADE.get() == Some(slip)
    }

    const LIST: &[(Model, Objects, &[Slip])] = &[
        (
            Model::Register,
            Objects::Registers,
            &[
                Slip::NoBeginning,
                Slip::InsideUnseen,
                Slip::FutureAllowed,
                Slip::FailureSeen,
                Slip::UnseenSwapHappened,
                Slip::ChainOrderIgnored,
                Slip::ChainTornApart,
                Slip::TwoSwapsAllowed,
                Slip::RepeatsDecided,
                Slip::FailureHides,
                Slip::RefusalBelieved,
            ],
        ),
        (
            Model::Counter,
            Objects::Counters,
            &[
                Slip::PeersOrdered,
                Slip::LateFiller,
                Slip::MissedIgnored,
                Slip::TwinsAllowed,
                Slip::NobodyPresses,
                Slip::SentOnce,
            ],
        ),
        (Model::List, Objects::Lists, &[Slip::NoPrefix, Slip::LengthIgnored]),
        (
            Model::Set,
            Objects::Sets,
            &[
                Slip::OneStory,
                Slip::MissedInside,
                Slip::ReadsApart,
                Slip::LevelsForgotten,
                Slip::ShrinkingDecided,
                Slip::RepeatsDecided,
            ],
        ),
    ];

    /// The first history that is judged wrongly.
    fn caught(model: Model, objects: Objects) -> Option<u64> {
        let mut scratch = Scratch::default();
        (0..10_000).find(|&seed| {
            let history = history(objects, seed);
            let mut report = Report::default();
            check(model, &history, &mut scratch, &mut report);
            let decided = report.undecided.is_empty() || report.total > 0;
            decided && exhaustive(model, &history) != (report.total == 0)
        })
    }

    #[test]
    fn ten_thousand_small_histories_catch_every_mistake() {
        for &(model, objects, slips) in LIST {
            MADE.set(None);
            assert_eq!(caught(model, objects), None);
            for &slip in slips {
                MADE.set(Some(slip));
                assert!(caught(model, objects).is_some(), "{slip:?} is not caught");
            }
        }
    }
}
