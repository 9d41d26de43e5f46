//! Down states (Sentinel spec 6): one Sentinel's opinion, the watchdogs of its connections, and asking the others.

use super::instance::{FailoverState, Flags, Role, Who, elapsed};
use super::link::{Callback, Side};
use super::rename::mapped;
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::message::DownQuery;
use crate::planted::Planted;
use crate::{Millis, Request};

impl Sentinel {
    /// `sentinelCheckSubjectivelyDown`, spec 6.1
    pub(super) fn check_subjectively_down(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let now = cx.now();
        let link = self.link(who);
        let silent = match link.act_ping_time {
            Some(sent) => elapsed(sent, now),
            None if link.disconnected => elapsed(link.last_avail_time, now),
            None => Millis(0),
        };
        self.close_stale_connections(cx, who);
        let inst = self.inst(who);
        let down =
            silent > inst.down_after || self.wrong_role_for_too_long(who, now) || self.rebooting_for_too_long(who, now);
        let was_down = inst.flags.any(Flags::S_DOWN);
        if down && !was_down {
            self.event(cx, EventKind::SdownEnter, who);
            let inst = self.inst_mut(who);
            inst.s_down_since = now;
            inst.flags.set(Flags::S_DOWN);
        } else if !down && was_down && !self.conf.planted.has(Planted::SdownNotLeft) {
            self.event(cx, EventKind::SdownLeave, who);
            let gone = Flags::S_DOWN.or(Flags::SCRIPT_KILL_SENT);
            self.inst_mut(who).flags.clear(gone);
        }
    }

    /// The two watchdogs: a command connection on which a PING is overdue, a pub/sub connection that is silent.
    fn close_stale_connections(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let now = cx.now();
        let id = self.inst(who).link;
        let half = Millis(self.inst(who).down_after.0 / 2);
        let link = &self.links[id];
        let overdue = link.act_ping_time.is_some_and(|sent| elapsed(sent, now) > half);
        if link.cc.is_some()
            && elapsed(link.cc_conn_time, now) > self.tunables.min_link_reconnect
            && overdue
            && elapsed(link.last_pong_time, now) > half
        {
            self.links.close(&mut self.conns, cx, id, Side::Cc);
        }
        let link = &self.links[id];
        if link.pc.is_some()
            && elapsed(link.pc_conn_time, now) > self.tunables.min_link_reconnect
            && elapsed(link.pc_last_activity, now) > self.tunables.pubsub_silence()
        {
            self.links.close(&mut self.conns, cx, id, Side::Pc);
        }
    }

    fn wrong_role_for_too_long(&self, who: Who, now: Millis) -> bool {
        let Who::Master(m) = who else { return false };
        let inst = &self.masters[m].inst;
        let wait = Millis(inst.down_after.0 + 2 * self.tunables.info_period.0);
        inst.role_reported == Role::Slave && elapsed(inst.role_reported_time, now) > wait
    }

    fn rebooting_for_too_long(&self, who: Who, now: Millis) -> bool {
        let Who::Master(m) = who else { return false };
        let master = &self.masters[m];
        master.inst.flags.any(Flags::MASTER_REBOOT) && elapsed(master.reboot_since, now) > master.reboot_down_after
    }

    /// `sentinelCheckObjectivelyDown`, spec 6.3
    pub(super) fn check_objectively_down(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let who = Who::Master(m);
        let master = &self.masters[m];
        let agreeing = |p: &&super::instance::Peer| p.inst.flags.any(Flags::MASTER_DOWN);
        let count = 1 + master.peers.iter().filter(agreeing).count() as u32;
        let odown = master.inst.flags.any(Flags::S_DOWN)
            && (count >= master.quorum || self.conf.planted.has(Planted::QuorumIgnored));
        let was_odown = master.inst.flags.any(Flags::O_DOWN);
        if odown && !was_odown {
            let extra = Extra::OdownQuorum(count, master.quorum);
            self.event_with(cx, EventKind::OdownEnter, who, extra);
            let now = cx.now();
            let inst = self.inst_mut(who);
            inst.flags.set(Flags::O_DOWN);
            inst.o_down_since = now;
        } else if !odown && was_odown && !self.conf.planted.has(Planted::OdownNotLeft) {
            self.event(cx, EventKind::OdownLeave, who);
            self.inst_mut(who).flags.clear(Flags::O_DOWN);
        }
    }

    /// Asks every other Sentinel about a master that is down for us, and for its vote if a failover of ours is under
    /// way (`sentinelAskMasterStateToOtherSentinels`, spec 6.4). The throttle looks at the last reply, not at the last
    /// question, and the epoch is the current one, not the failover's.
    pub(super) fn ask_master_state_to_other_sentinels(&mut self, cx: &mut Cx<'_, '_>, m: usize, forced: bool) {
        let now = cx.now();
        // By name if names are announced (measured on 7.0.15).
        let addr = self.announced(self.masters[m].inst.addr);
        for s in 0..self.masters[m].peers.len() {
            let master = &mut self.masters[m];
            let peer = &mut master.peers[s];
            let since_reply = elapsed(peer.last_master_down_reply_time, now);
            if since_reply > self.tunables.ask_validity() {
                peer.inst.flags.clear(Flags::MASTER_DOWN);
                peer.leader = None;
            }
            if !master.inst.flags.any(Flags::S_DOWN)
                || self.links[peer.inst.link].disconnected
                || (!forced && since_reply < self.tunables.ask_period)
            {
                continue;
            }
            let seeks_votes = master.failover_state > FailoverState::None;
            let query =
                DownQuery { master: addr, epoch: self.current_epoch, candidate: seeks_votes.then_some(self.myid) };
            let (obj, link) = (peer.inst.obj, peer.inst.link);
            let ask = mapped(master, Request::IsMasterDown(Box::new(query)));
            self.links[link].command(cx, obj, Callback::IsMasterDown, ask);
        }
    }
}
