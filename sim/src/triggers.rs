//! Triggers of steps that hang on what the cluster does: on the first switch, on agreement, on an event with a certain
//! payload. Each waits for the step before it, as the recorder of the real runs does.

use crate::run::Run;
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::event::EventKind;
use splitbrain_model::{Addr, Nanos};
use splitbrain_scenarios::Trigger;

/// Nobody looks for agreement so shortly after a step: views are older than that.
const UNSETTLED: Nanos = Nanos::from_millis(1_500);

impl Run<'_> {
    /// Sets the time of a step that hangs on the first switch, once both are known; its cap holds from the start.
    pub(crate) fn arm_after_switch(&mut self) {
        let Some((i, since)) = self.awaiting else { return };
        let Trigger::AfterSwitch { factor, cap } = self.scenario.schedule[i].trigger else { return };
        let origin = self.origin.unwrap_or(since);
        let capped = origin + cap.nanos();
        let at = match self.first_switch {
            Some(switch) => {
                let span = switch.since(origin).0;
                capped.min(origin + Nanos((u128::from(span) * u128::from(factor) / 1_000) as u64))
            }
            None => capped,
        };
        self.fire_at(at, i);
    }

    /// Fires a step that waits until everybody agrees.
    pub(crate) fn fire_if_stable(&mut self) {
        let Some((i, since)) = self.awaiting else { return };
        let Trigger::AfterStable { wait, cap } = self.scenario.schedule[i].trigger else { return };
        let now = self.world.now();
        if now < since + UNSETTLED {
            return;
        }
        if self.is_stable() || now >= self.origin.unwrap_or(since) + cap.nanos() {
            self.awaiting = None;
            self.fire_at(now + wait.nanos(), i);
        }
    }

    /// Whether the event that just stopped the world has a payload that begins so, with the names of processes in
    /// place of their addresses.
    pub(crate) fn payload_begins(&self, kind: EventKind, node: NodeIx, beginning: &str) -> bool {
        let events = &self.world.recorder.seen.events;
        let event = events.iter().rev().find(|event| event.node == node && event.event.kind == kind);
        event.is_some_and(|event| self.with_names(&event.event.payload()).starts_with(beginning))
    }

    fn with_names(&self, payload: &str) -> String {
        let mut text = payload.to_owned();
        for process in &self.scenario.processes {
            let Addr { ip, port } = process.addr;
            text =
                text.replace(&process.addr.to_string(), &process.name).replace(&format!("{ip} {port}"), &process.name);
        }
        text
    }
}
