//! What a run does to processes besides faults of the moment: kills who does not end when asked to, starts again who
//! has ended, and remembers who sleeps. It knows nothing of the schedule.

use crate::process::Life;
use crate::run::{CALL_KILL, Run};
use splitbrain_checker::observations::NodeKind;
use splitbrain_model::{Millis, Nanos};

impl Run<'_> {
    /// Kills a process if it has not ended by itself some time after SIGTERM.
    pub(crate) fn kill_later(&mut self, p: u16, after: Nanos) {
        self.world.call_at(self.world.now() + after, CALL_KILL + self.terminated.len() as u32);
        self.terminated.push((p, self.world.procs()[usize::from(p)].incarnation));
    }

    pub(crate) fn kill_terminated(&mut self, i: usize) {
        let (p, life) = self.terminated[i];
        // Whoever was started again meanwhile has not been asked to end.
        if self.world.procs()[usize::from(p)].incarnation == life {
            self.world.die(p);
        }
    }

    /// Starts a process again; one that is still shutting down is started when it has ended, as a supervisor would. One
    /// that somebody else has started meanwhile is left alone.
    pub(crate) fn start_when_dead(&mut self, p: u16) {
        if self.never_started(p) {
            return;
        }
        let proc = &self.world.procs()[usize::from(p)];
        let asked_to_end = self.terminated.contains(&(p, proc.incarnation));
        match proc.life {
            Life::Exiting => self.restarts_due.push(p),
            Life::Running | Life::Paused if asked_to_end => self.restarts_due.push(p),
            _ => self.world.start(p, Nanos::ZERO),
        }
    }

    /// Starts a dead process; one that is being killed, as soon as it is gone. What runs is left alone.
    pub(crate) fn restart(&mut self, p: u16) {
        match self.world.procs()[usize::from(p)].life {
            Life::Exiting => self.restarts_due.push(p),
            _ if self.never_started(p) => {}
            _ => self.world.start(p, Nanos::ZERO),
        }
    }

    /// Has a server sleep, after the sleeps it was told before: they queue up.
    pub(crate) fn falls_asleep(&mut self, p: u16, time: Millis) {
        let now = self.world.now();
        let until = self.asleep.entry(p).or_insert(now);
        *until = now.max(*until) + time.nanos();
    }

    /// Whether what was done goes on although its step is over: servers asleep, and Sentinels in TILT, which leave
    /// everything as it is until its 30 s are over. The recorder of the real runs waits for neither.
    pub(crate) fn is_disturbed(&self) -> bool {
        if self.scenario.plan.sampling.is_some() {
            return false;
        }
        let sentinels = self.of_kind(NodeKind::Sentinel);
        self.asleep.values().any(|until| *until > self.world.now())
            || sentinels.into_iter().any(|p| self.running_sentinel(p).is_some_and(|sentinel| sentinel.tilt()))
    }
}
