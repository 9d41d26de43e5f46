//! The timer (`sentinelTimer`, Sentinel spec 1 and 2): its random frequency, TILT, and the order of things in a tick.

use super::consts::DEFAULT_HZ;
use super::instance::{FailoverState, Role, Who, elapsed};
use super::{Cx, Sentinel};
use crate::event::EventKind;
use crate::planted::Planted;
use crate::{Millis, Purpose};

impl Sentinel {
    /// Runs the timer if it is due. The next one is counted from the end of this one, with a frequency of its own, so
    /// that Sentinels which started together do not stay in step.
    pub(super) fn wake(&mut self, cx: &mut Cx<'_, '_>) {
        if cx.env.mono() < self.next_tick {
            return;
        }
        self.timer(cx);
        let drawn = cx.env.draws.below(Purpose::TimerHz, DEFAULT_HZ);
        let hz = DEFAULT_HZ + if self.conf.planted.has(Planted::FixedHz) { 0 } else { drawn };
        self.next_tick = cx.env.mono() + Millis(1000 / hz as i64).nanos();
    }

    fn timer(&mut self, cx: &mut Cx<'_, '_>) {
        self.check_tilt_condition(cx);
        let mut switch = None;
        for m in 0..self.masters.len() {
            self.handle_instance(cx, Who::Master(m));
            if self.exited {
                return;
            }
            for r in 0..self.masters[m].replicas.len() {
                self.handle_instance(cx, Who::Replica(m, r));
            }
            for s in 0..self.masters[m].peers.len() {
                self.handle_instance(cx, Who::Peer(m, s));
            }
            if self.masters[m].failover_state == FailoverState::UpdateConfig {
                switch = Some(m);
            }
        }
        // One master per tick; others in the same state wait.
        if let Some(m) = switch {
            self.failover_switch_to_promoted_slave(cx, m);
        }
        self.scripts_tick(cx);
    }

    /// A clock that jumped, or a process that slept: from then on its own timestamps cannot be trusted
    /// (`sentinelCheckTiltCondition`, spec 2). TILT that is already on starts again.
    fn check_tilt_condition(&mut self, cx: &mut Cx<'_, '_>) {
        let delta = elapsed(self.previous_time, cx.now());
        let jumped = delta < Millis(0) || delta > self.tunables.tilt_trigger;
        if jumped && !self.conf.planted.has(Planted::TiltNotEntered) {
            self.tilt = true;
            self.tilt_start = cx.now();
            self.tilt_event(cx, EventKind::TiltEnter);
        }
        self.previous_time = cx.now();
    }

    /// `sentinelHandleRedisInstance`
    fn handle_instance(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        self.reconnect_instance(cx, who);
        self.send_periodic_commands(cx, who);
        if self.tilt {
            if elapsed(self.tilt_start, cx.now()) < self.tunables.tilt_period
                || self.conf.planted.has(Planted::TiltNotLeft)
            {
                return;
            }
            self.tilt = false;
            self.tilt_event(cx, EventKind::TiltLeave);
        }
        self.check_subjectively_down(cx, who);
        if self.conf.planted.has(Planted::EagerConversion)
            && let Who::Replica(m, r) = who
            && self.inst(who).role_reported == Role::Master
            && !self.link(who).disconnected
        {
            self.replica_reports_master(cx, m, r);
        }
        if let Who::Master(m) = who {
            self.check_objectively_down(cx, m);
            if self.start_failover_if_needed(cx, m) {
                self.ask_master_state_to_other_sentinels(cx, m, true);
            }
            self.failover_state_machine(cx, m);
            self.ask_master_state_to_other_sentinels(cx, m, false);
        }
    }
}
