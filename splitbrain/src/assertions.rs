//! Assertions about a summary, for tests: each says in its failure which seed shows it and how to see it.

use splitbrain_checker::summary::ScenarioSummary;
use splitbrain_checker::{Metric, Property, Verdict};
use splitbrain_reports::{Style, text};
use std::time::Duration;

/// Begins assertions about a summary.
pub fn assert_that(summary: &ScenarioSummary) -> Assertions<'_> {
    Assertions { summary }
}

/// Assertions about a summary. Each returns itself, so that they can be strung together.
#[derive(Clone, Copy, Debug)]
pub struct Assertions<'a> {
    summary: &'a ScenarioSummary,
}

impl Assertions<'_> {
    /// Every expectation of the scenario is met, and none is undecided.
    ///
    /// # Panics
    /// If not, with what `splitbrain run` prints.
    #[track_caller]
    pub fn meets_its_expectations(self) -> Self {
        if self.summary.verdict != Verdict::Pass {
            panic!("{}", text::block(self.summary, Style { colour: false }));
        }
        self
    }

    /// The property is violated in no run.
    ///
    /// # Panics
    /// If it is violated in one, or not every run could be decided.
    #[track_caller]
    pub fn never_violates(self, property: Property) -> Self {
        let Some(found) = self.summary.findings.iter().find(|found| found.property == property) else { return self };
        if let (runs @ 1.., Some((seed, first))) = (found.runs, found.first.first()) {
            panic!(
                "{}: {property} is violated in {runs} of {} runs; in seed {seed}: {}",
                self.summary.title, self.summary.count, first.sentence
            );
        }
        assert!(
            found.undecided == 0,
            "{}: {property} could not be decided in {} of {} runs",
            self.summary.title,
            found.undecided,
            self.summary.count
        );
        self
    }

    /// No acknowledged write is lost.
    ///
    /// # Panics
    /// If one is.
    #[track_caller]
    pub fn loses_no_acknowledged_write(self) -> Self {
        self.never_violates(Property::LostWrite)
    }

    /// Never two nodes acknowledge writes at the same time.
    ///
    /// # Panics
    /// If they do.
    #[track_caller]
    pub fn has_no_split_brain(self) -> Self {
        self.never_violates(Property::SplitBrain)
    }

    /// No read is older than what was acknowledged before it began.
    ///
    /// # Panics
    /// If one is.
    #[track_caller]
    pub fn has_no_stale_read(self) -> Self {
        self.never_violates(Property::StaleRead)
    }

    /// Every history of a register has an order that explains it.
    ///
    /// # Panics
    /// If one has none.
    #[track_caller]
    pub fn is_linearizable(self) -> Self {
        self.never_violates(Property::Linearizable)
    }

    /// In every run the master is replaced.
    ///
    /// # Panics
    /// If there is a run without `+switch-master`.
    #[track_caller]
    pub fn completes_a_failover(self) -> Self {
        let switched = self.summary.metric(Metric::FirstSwitchMaster).map_or(0, |stats| stats.n);
        assert!(
            switched == self.summary.count,
            "{}: the master was replaced in {switched} of {} runs",
            self.summary.title,
            self.summary.count
        );
        self
    }

    /// In no run nobody can write for longer than this.
    ///
    /// # Panics
    /// If there is one.
    #[track_caller]
    pub fn is_writable_again_within(self, limit: Duration) -> Self {
        let Some(stats) = self.summary.metric(Metric::WriteUnavailable) else {
            panic!("{}: nothing was written, so nothing is known of gaps", self.summary.title);
        };
        assert!(
            i128::from(stats.max) <= limit.as_millis() as i128,
            "{}: nobody could write for {} ms, more than {limit:?} (median {} ms)",
            self.summary.title,
            stats.max,
            stats.median
        );
        self
    }
}
