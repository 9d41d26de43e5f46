//! From the moment everything is settled: the schedule, then the observation of how it ends. A run goes on in steps as long as
//! whoever drives it wants, and where they lie makes no difference.

use super::{CALL_POLL, CALL_STEP, POLL, Run, StepState};
use splitbrain_model::{Nanos, TrueTime};
use splitbrain_scenarios::Trigger;

/// Disturbances that go on after the last step are waited for so long beyond the time to heal.
const LATEST: Nanos = Nanos::from_secs(60);

/// Where a run is once everything is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Steps of the schedule are to come.
    Schedule,
    /// The last step was at `last`; it is looked until `least` at least, and `latest` is when disturbances that go on are
    /// waited for no more.
    Observation { last: TrueTime, least: TrueTime, latest: TrueTime },
    /// It is over.
    Over,
}

impl Run<'_> {
    /// Begins the schedule; [`Run::step`] plays it.
    pub(crate) fn begin(&mut self) {
        let begin = self.world.now();
        self.world.keep_configs();
        self.begin_looking();
        for (i, step) in self.scenario.schedule.iter().enumerate() {
            if let Trigger::At(at) = step.trigger {
                self.world.call_at(begin + at.nanos(), CALL_STEP + i as u32);
            }
        }
        self.await_next(begin);
        self.world.call_at(begin + POLL, CALL_POLL);
        self.observe_if_played();
    }

    /// Whether there is nothing left to see.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Goes on until the world stops for something, or until `limit` has come; returns whether it has. Where the limits lie
    /// makes no difference to the run.
    pub(crate) fn step(&mut self, limit: TrueTime) -> bool {
        match self.stage {
            Stage::Schedule => match self.world.advance(limit) {
                Some(stop) => {
                    self.on_stop(stop);
                    self.observe_if_played();
                    false
                }
                None => true,
            },
            Stage::Observation { last, least, latest } => self.observe((last, least, latest), limit),
            Stage::Over => true,
        }
    }

    /// Nothing is left of the schedule, and nobody keeps the run going: what is left is to see how it ends.
    pub(crate) fn observe_if_played(&mut self) {
        if self.stage != Stage::Schedule || self.held || self.steps.contains(&StepState::Waiting) {
            return;
        }
        let plan = &self.scenario.plan;
        let last = self.world.now();
        let least = last + plan.observe_at_least.nanos();
        // A clock that never runs right again keeps a Sentinel in TILT for ever.
        let latest = last + plan.heal.nanos() + LATEST;
        self.world.call_at(last + POLL, CALL_POLL);
        self.stage = Stage::Observation { last, least, latest };
    }

    fn observe(&mut self, (last, least, latest): (TrueTime, TrueTime, TrueTime), limit: TrueTime) -> bool {
        let (heal, stable_for) = (self.scenario.plan.heal.nanos(), self.scenario.plan.stable_for.nanos());
        let most = last.max(self.world.recorder.seen.last_disturbance.min(latest)) + heal;
        if self.world.now() >= most {
            self.stage = Stage::Over;
            return false;
        }
        match self.world.advance(most.min(limit)) {
            Some(stop) => self.on_stop(stop),
            None if limit < most => return true,
            None => {}
        }
        let long_enough = |since: TrueTime| self.world.now().since(since.max(least)) >= stable_for;
        let waits = self.is_disturbed() && self.world.now() < latest;
        if !waits && self.stable_since.is_some_and(long_enough) {
            self.stage = Stage::Over;
        }
        false
    }
}
