//! A master gets another address (Sentinel spec 8.9): at the end of our own failover or because a hello says so.

use super::instance::{FailoverState, Flags, Role};
use super::link::Side;
use super::names::InstanceAddr;
use super::{Cx, Sentinel};
use crate::event::EventKind;
use crate::planted::Planted;
use crate::{Addr, Millis};

impl Sentinel {
    /// The end of our own failover (`sentinelFailoverSwitchToPromotedSlave`).
    pub(super) fn failover_switch_to_promoted_slave(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let master = &self.masters[m];
        let addr = match master.promoted_replica() {
            Some(r) => master.replicas[r].inst.addr,
            None => master.inst.addr,
        };
        self.switch_master_event(cx, m, self.announced(addr));
        self.reset_master_and_change_address(cx, m, addr.given());
    }

    /// `sentinelResetMasterAndChangeAddress`: all known replicas but the new master stay, and the old master joins
    /// them, every one as a fresh object. Nothing happens if the new address is a name that does not resolve: a leader
    /// tries again at its next tick.
    pub(super) fn reset_master_and_change_address(&mut self, cx: &mut Cx<'_, '_>, m: usize, addr: Addr) {
        let Some(addr) = self.create_addr(cx, addr, false) else {
            return;
        };
        let master = &self.masters[m];
        let old = master.inst.addr;
        let known = master.replicas.iter().map(|r| r.inst.addr);
        let mut replicas: Vec<InstanceAddr> = known.filter(|known| !known.same_as(addr)).collect();
        if self.conf.planted.has(Planted::ReplicasForgottenAtSwitch) {
            replicas.clear();
        }
        if !addr.same_as(old) && !self.conf.planted.has(Planted::OldMasterForgotten) {
            replicas.push(old);
        }
        self.reset_master(cx, m);
        let inst = &mut self.masters[m].inst;
        inst.addr = addr;
        inst.s_down_since = Millis(0);
        inst.o_down_since = Millis(0);
        for replica in replicas {
            if let Some(who) = self.create_replica(cx, m, replica.given()) {
                self.event(cx, EventKind::Slave, who);
            }
        }
        self.flush_config(cx);
    }

    /// `sentinelResetMaster`, keeping the other Sentinels with all they said. Epochs stay, and so do `info_refresh`,
    /// `last_reconn_time` and `last_pub_time`: the first INFO to the new master may be ten seconds away.
    pub(super) fn reset_master(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        for replica in std::mem::take(&mut self.masters[m].replicas) {
            self.links.release(&mut self.conns, cx, replica.inst.link);
        }
        let id = self.masters[m].inst.link;
        self.links.close(&mut self.conns, cx, id, Side::Cc);
        self.links.close(&mut self.conns, cx, id, Side::Pc);
        let now = cx.now();
        let master = &mut self.masters[m];
        master.leader = None;
        master.failover_state = FailoverState::None;
        master.failover_state_change_time = Millis(0);
        master.failover_start_time = Millis(0);
        master.promoted = None;
        let inst = &mut master.inst;
        inst.flags = Flags::NONE;
        inst.runid = None;
        inst.role_reported = Role::Master;
        inst.role_reported_time = now;
        let link = &mut self.links[id];
        link.act_ping_time = Some(now);
        link.last_ping_time = Millis(0);
        link.last_avail_time = now;
        link.last_pong_time = now;
    }
}
