//! The failover state machine of a master (Sentinel spec 7.5 and 8): at most one state per tick, except that INFO of
//! the promoted replica moves it on between ticks. Once started, none of its states asks whether the master is still
//! down.

use super::instance::{FailoverState, Flags, Who, elapsed};
use super::link::Callback;
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::message::ClientType;
use crate::note::Note;
use crate::operator::CrashPoint;
use crate::planted::Planted;
use crate::{Addr, Epoch, Millis, Request};

impl Sentinel {
    /// Starts a failover of a master that is objectively down, unless one runs or the last attempt is too recent
    /// (`sentinelStartFailoverIfNeeded`).
    pub(super) fn start_failover_if_needed(&mut self, cx: &mut Cx<'_, '_>, m: usize) -> bool {
        let now = cx.now();
        let master = &mut self.masters[m];
        let flags = master.inst.flags;
        if !flags.any(Flags::O_DOWN) || flags.any(Flags::FAILOVER_IN_PROGRESS) {
            return false;
        }
        let embargo = match self.conf.planted.has(Planted::EmbargoIgnored) {
            true => Millis(0),
            false => Millis(2 * master.failover_timeout.0),
        };
        if elapsed(master.failover_start_time, now) < embargo {
            if master.failover_delay_logged != master.failover_start_time {
                master.failover_delay_logged = master.failover_start_time;
                let at = cx.at();
                cx.out.note(at, Note::NextFailoverDelay);
            }
            return false;
        }
        self.start_failover(cx, m);
        true
    }

    /// `sentinelStartFailover`. The new epoch is not saved here: the vote for ourselves saves it.
    pub(super) fn start_failover(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        if !self.conf.planted.has(Planted::EpochNotBumped) || self.current_epoch == Epoch(0) {
            self.current_epoch = Epoch(self.current_epoch.0 + 1);
        }
        self.set_failover_state(cx, m, FailoverState::WaitStart);
        let epoch = self.current_epoch;
        let master = &mut self.masters[m];
        master.inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
        master.failover_epoch = epoch;
        let who = Who::Master(m);
        self.event_with(cx, EventKind::NewEpoch, who, Extra::Epoch(epoch));
        self.event(cx, EventKind::TryFailover, who);
        self.masters[m].failover_start_time = self.desynchronised_now(cx);
    }

    /// `sentinelFailoverStateMachine`
    pub(super) fn failover_state_machine(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        if !self.masters[m].inst.flags.any(Flags::FAILOVER_IN_PROGRESS) {
            return;
        }
        match self.masters[m].failover_state {
            FailoverState::WaitStart => self.failover_wait_start(cx, m),
            FailoverState::SelectSlave => self.failover_select_slave(cx, m),
            FailoverState::SendSlaveofNoone => self.failover_send_slaveof_noone(cx, m),
            FailoverState::WaitPromotion => self.failover_wait_promotion(cx, m),
            FailoverState::ReconfSlaves => self.failover_reconf_next_slave(cx, m),
            FailoverState::None | FailoverState::UpdateConfig => {}
        }
    }

    /// `sentinelFailoverWaitStart`. A forced failover votes and counts too, and ignores the outcome.
    fn failover_wait_start(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let who = Who::Master(m);
        let epoch = self.masters[m].failover_epoch;
        let leads = self.get_leader(cx, m, epoch) == Some(self.myid);
        let master = &self.masters[m];
        if !leads && !master.inst.flags.any(Flags::FORCE_FAILOVER) {
            let limit = self.tunables.election_timeout.min(master.failover_timeout);
            if elapsed(master.failover_start_time, cx.now()) > limit {
                self.event(cx, EventKind::AbortNotElected, who);
                self.abort_failover(cx, m);
            }
            return;
        }
        self.event(cx, EventKind::ElectedLeader, who);
        if self.crash_at(cx, CrashPoint::CrashAfterElection) {
            return;
        }
        self.set_failover_state(cx, m, FailoverState::SelectSlave);
        self.event(cx, EventKind::StateSelectSlave, who);
    }

    /// `sentinelFailoverSelectSlave`
    fn failover_select_slave(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let Some(r) = self.select_slave(m, cx.now()) else {
            self.event(cx, EventKind::AbortNoGoodSlave, Who::Master(m));
            self.abort_failover(cx, m);
            return;
        };
        let who = Who::Replica(m, r);
        self.event(cx, EventKind::SelectedSlave, who);
        self.inst_mut(who).flags.set(Flags::PROMOTED);
        self.masters[m].promoted = Some(self.inst(who).obj);
        self.set_failover_state(cx, m, FailoverState::SendSlaveofNoone);
        self.event(cx, EventKind::StateSendSlaveofNoone, who);
    }

    /// `sentinelFailoverSendSlaveOfNoOne`
    fn failover_send_slaveof_noone(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let who = self.promoted(m);
        if self.link(who).disconnected {
            self.abort_if_promotion_is_late(cx, m);
            return;
        }
        self.send_slaveof(cx, who, None);
        self.event(cx, EventKind::StateWaitPromotion, who);
        self.set_failover_state(cx, m, FailoverState::WaitPromotion);
    }

    /// Only the time limit is looked at here; INFO brings the good news (`sentinelFailoverWaitPromotion`).
    fn failover_wait_promotion(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        if self.conf.planted.has(Planted::PromotionNotAwaited)
            && let Who::Replica(m, r) = self.promoted(m)
        {
            return self.promotion_detected(cx, m, r);
        }
        self.abort_if_promotion_is_late(cx, m);
    }

    fn abort_if_promotion_is_late(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let master = &self.masters[m];
        let since = elapsed(master.failover_state_change_time, cx.now());
        if since > master.failover_timeout && !self.conf.planted.has(Planted::PromotionTimeoutIgnored) {
            self.event(cx, EventKind::AbortSlaveTimeout, Who::Master(m));
            self.abort_failover(cx, m);
        }
    }

    /// The promoted replica says that it is a master (spec 8.6): from now on its address is ours, on disk first.
    pub(super) fn promotion_detected(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize) {
        let master = &mut self.masters[m];
        if !self.conf.planted.has(Planted::ConfigEpochNotSet) {
            master.config_epoch = master.failover_epoch;
        }
        self.set_failover_state(cx, m, FailoverState::ReconfSlaves);
        self.flush_config(cx);
        self.event(cx, EventKind::PromotedSlave, Who::Replica(m, r));
        if self.crash_at(cx, CrashPoint::CrashAfterPromotion) {
            return;
        }
        self.event(cx, EventKind::StateReconfSlaves, Who::Master(m));
        let (from, to) = (self.masters[m].inst.addr, self.masters[m].replicas[r].inst.addr);
        self.call_client_reconf_script(m, true, from, to);
        self.force_hello_update(m);
    }

    /// Points replicas to the promoted one, `parallel_syncs` at a time (`sentinelFailoverReconfNextSlave`, spec 8.7).
    /// The time limit of a replica is looked at only while there is room for another: one that is stuck blocks all.
    fn failover_reconf_next_slave(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let under_way = Flags::RECONF_SENT.or(Flags::RECONF_INPROG);
        let settled = Flags::PROMOTED.or(Flags::RECONF_DONE);
        let promoted_addr = self.announced(self.inst(self.promoted(m)).addr);
        let replicas = &self.masters[m].replicas;
        let mut in_progress = replicas.iter().filter(|r| r.inst.flags.any(under_way)).count() as i64;
        for r in 0..replicas.len() {
            if in_progress >= i64::from(self.masters[m].parallel_syncs)
                && !self.conf.planted.has(Planted::ParallelSyncsIgnored)
            {
                break;
            }
            let who = Who::Replica(m, r);
            if self.inst(who).flags.any(settled) {
                continue;
            }
            self.give_up_late_replica(cx, m, r);
            if self.inst(who).flags.any(under_way) || self.link(who).disconnected {
                continue;
            }
            if !self.conf.planted.has(Planted::ReplicasNotReconfigured) {
                self.send_slaveof(cx, who, Some(promoted_addr));
            }
            self.inst_mut(who).flags.set(Flags::RECONF_SENT);
            self.masters[m].replicas[r].slave_reconf_sent_time = cx.now();
            self.event(cx, EventKind::SlaveReconfSent, who);
            in_progress += 1;
        }
        self.failover_detect_end(cx, m);
    }

    /// A replica that was told long ago and does not move counts as done, although the caller then tells it again.
    fn give_up_late_replica(&mut self, cx: &mut Cx<'_, '_>, m: usize, r: usize) {
        let replica = &self.masters[m].replicas[r];
        let waited = elapsed(replica.slave_reconf_sent_time, cx.now());
        if replica.inst.flags.any(Flags::RECONF_SENT) && waited > self.tunables.slave_reconf_timeout {
            let who = Who::Replica(m, r);
            self.event(cx, EventKind::SlaveReconfSentTimeout, who);
            let flags = &mut self.inst_mut(who).flags;
            flags.clear(Flags::RECONF_SENT);
            flags.set(Flags::RECONF_DONE);
        }
    }

    /// `sentinelFailoverDetectEnd`, spec 8.8
    fn failover_detect_end(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let who = Who::Master(m);
        let promoted = self.promoted(m);
        if self.inst(promoted).flags.any(Flags::S_DOWN) {
            return;
        }
        let settled = Flags::PROMOTED.or(Flags::RECONF_DONE);
        let master = &self.masters[m];
        let pending = (master.replicas.iter()).any(|r| !r.inst.flags.any(settled) && !r.inst.flags.any(Flags::S_DOWN));
        let timeout = elapsed(master.failover_state_change_time, cx.now()) > master.failover_timeout;
        if timeout {
            self.event(cx, EventKind::FailoverEndForTimeout, who);
        }
        if timeout || !pending {
            self.event(cx, EventKind::FailoverEnd, who);
            self.set_failover_state(cx, m, FailoverState::UpdateConfig);
        }
        if timeout {
            self.reconf_remaining_best_effort(cx, m);
        }
    }

    /// Tells whoever was not told yet. The switch at the end of the tick closes these connections before the loop
    /// writes to them.
    fn reconf_remaining_best_effort(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let skip = Flags::PROMOTED.or(Flags::RECONF_DONE).or(Flags::RECONF_SENT);
        let addr = self.announced(self.inst(self.promoted(m)).addr);
        for r in 0..self.masters[m].replicas.len() {
            let who = Who::Replica(m, r);
            if self.inst(who).flags.any(skip) || self.link(who).disconnected {
                continue;
            }
            self.send_slaveof(cx, who, Some(addr));
            self.event(cx, EventKind::SlaveReconfSentBe, who);
            self.inst_mut(who).flags.set(Flags::RECONF_SENT);
        }
    }

    /// Gives up (`sentinelAbortFailover`, spec 8.1). What was already sent is not taken back, and the wait until the
    /// next attempt counts from the start of this one.
    fn abort_failover(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let master = &mut self.masters[m];
        assert!(
            master.failover_state <= FailoverState::WaitPromotion,
            "a failover cannot be aborted once the replica is promoted"
        );
        let flags = Flags::FAILOVER_IN_PROGRESS.or(Flags::FORCE_FAILOVER);
        master.inst.flags.clear(flags);
        if let Some(r) = master.promoted_replica() {
            master.replicas[r].inst.flags.clear(Flags::PROMOTED);
        }
        master.promoted = None;
        master.failover_state = FailoverState::None;
        master.failover_state_change_time = cx.now();
    }

    /// Moves one state on.
    fn set_failover_state(&mut self, cx: &mut Cx<'_, '_>, m: usize, next: FailoverState) {
        let master = &mut self.masters[m];
        assert!(next as u8 == master.failover_state as u8 + 1, "the states of a failover follow each other");
        master.failover_state = next;
        master.failover_state_change_time = cx.now();
    }

    /// The promoted replica of a failover in one of the states that have one.
    fn promoted(&self, m: usize) -> Who {
        let r = self.masters[m].promoted_replica();
        Who::Replica(m, r.expect("replicas are destroyed only together with the failover"))
    }

    /// Queues the reconfiguration transaction (`sentinelSendSlaveOf`, spec 8.5). Its replies are thrown away; success
    /// shows in INFO only.
    pub(super) fn send_slaveof(&mut self, cx: &mut Cx<'_, '_>, who: Who, master: Option<Addr>) {
        let obj = self.inst(who).obj;
        for request in [
            Request::Multi,
            Request::SlaveOf(master),
            Request::ConfigRewrite,
            Request::ClientKill(ClientType::Normal),
            Request::ClientKill(ClientType::Pubsub),
            Request::Exec,
        ] {
            if self.conf.planted.has(Planted::ClientsNotKilled) && matches!(request, Request::ClientKill(_)) {
                continue;
            }
            let request = self.mapped(who.master(), request);
            self.link_mut(who).command(cx, obj, Callback::Discard, request);
        }
    }
}
