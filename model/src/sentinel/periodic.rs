//! What is sent to every instance again and again: INFO, PING, hello (Sentinel spec 3.4, 5.1). None of them looks at
//! whether the last one was answered, except through the limit of outstanding replies.

use super::consts::INFO_PERIOD_FAST;
use super::instance::{Flags, Who, elapsed};
use super::link::Callback;
use super::{Cx, Sentinel};
use crate::message::Hello;
use crate::planted::Planted;
use crate::{Millis, Request};
use std::sync::Arc;

impl Sentinel {
    /// `sentinelSendPeriodicCommands`
    pub(super) fn send_periodic_commands(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let now = cx.now();
        let link = self.link(who);
        if link.disconnected || link.saturated() {
            return;
        }
        let inst = self.inst(who);
        let (obj, info_refresh) = (inst.obj, inst.info_refresh);
        let ping_period = inst.down_after.min(self.tunables.ping_period);
        let is_peer = matches!(who, Who::Peer(..));
        let info_due = info_refresh == Millis(0) || elapsed(info_refresh, now) > self.info_period(who);
        if !is_peer && info_due {
            let info = self.mapped(who.master(), Request::Info);
            self.link_mut(who).command(cx, obj, Callback::Info, info);
        }
        let link = self.link(who);
        let ping_due = if self.conf.planted.has(Planted::PingsInPhase) {
            link.last_ping_time.0 / ping_period.0 != now.0 / ping_period.0
        } else {
            elapsed(link.last_pong_time, now) > ping_period
                && elapsed(link.last_ping_time, now) > Millis(ping_period.0 / 2)
        };
        if ping_due {
            self.send_ping(cx, who);
        }
        let left_out = self.conf.planted.has(Planted::HellosToMasters) && !matches!(who, Who::Master(_));
        if elapsed(self.inst(who).last_pub_time, now) > self.tunables.publish_period && !left_out {
            self.send_hello(cx, who);
        }
    }

    /// Replicas are asked every second while their master is in trouble, or while they are without it.
    fn info_period(&self, who: Who) -> Millis {
        if self.conf.planted.has(Planted::EagerInfo) {
            return Millis(500);
        }
        let Who::Replica(m, r) = who else {
            return self.tunables.info_period;
        };
        let master = &self.masters[m];
        let trouble = Flags::O_DOWN.or(Flags::FAILOVER_IN_PROGRESS);
        let trouble = master.inst.flags.any(trouble) && !self.conf.planted.has(Planted::InfoNotFaster);
        if trouble || master.replicas[r].master_link_down_time != Millis(0) {
            INFO_PERIOD_FAST
        } else {
            self.tunables.info_period
        }
    }

    /// `sentinelSendPing`
    pub(super) fn send_ping(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let obj = self.inst(who).obj;
        let now = cx.now();
        let ping = self.mapped(who.master(), Request::Ping);
        let restarts = self.conf.planted.has(Planted::WaitRestarted);
        let link = self.link_mut(who);
        link.command(cx, obj, Callback::Ping, ping);
        link.last_ping_time = now;
        // The oldest unanswered one counts.
        link.act_ping_time.get_or_insert(now);
        if restarts {
            link.act_ping_time = Some(now);
        }
    }

    /// `sentinelSendHello`
    fn send_hello(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let master = &self.masters[who.master()];
        let hello = Hello {
            announce: self.announce,
            id: self.myid,
            current_epoch: self.current_epoch,
            master_name: master.name.clone(),
            master: self.announced(match self.conf.planted.has(Planted::HelloOfOldAddress) {
                true => master.inst.addr,
                false => master.current_addr(),
            }),
            config_epoch: master.config_epoch,
        };
        let obj = self.inst(who).obj;
        let publish = self.mapped(who.master(), Request::Publish(Arc::new(hello)));
        self.link_mut(who).command(cx, obj, Callback::Publish, publish);
    }

    /// Makes hellos to everyone concerned due at once (`sentinelForceHelloUpdateForMaster`).
    pub(super) fn force_hello_update(&mut self, m: usize) {
        let period = Millis(self.tunables.publish_period.0 + 1);
        let master = &mut self.masters[m];
        let replicas = master.replicas.iter_mut().map(|r| &mut r.inst);
        let peers = master.peers.iter_mut().map(|p| &mut p.inst);
        for inst in std::iter::once(&mut master.inst).chain(replicas).chain(peers) {
            if inst.last_pub_time >= period {
                inst.last_pub_time = Millis(inst.last_pub_time.0 - period.0);
            }
        }
    }
}
