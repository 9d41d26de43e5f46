//! Hellos received (`sentinelProcessHelloMessage`, Sentinel spec 5.3): meeting other Sentinels, and learning epochs
//! and addresses from them.

use super::instance::Who;
use super::link::Side;
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::message::Hello;
use crate::planted::Planted;

impl Sentinel {
    /// Processes a hello, whichever way it came.
    pub(super) fn process_hello_message(&mut self, cx: &mut Cx<'_, '_>, hello: &Hello) {
        let Some(m) = self.lookup_master(&hello.master_name) else {
            return;
        };
        let announced = self.create_addr(cx, hello.announce, true);
        let known = (self.lookup_peer(m, hello.id))
            .filter(|s| announced.is_some_and(|addr| self.masters[m].peers[*s].inst.addr.same_as(addr)));
        if known.is_none() {
            self.meet_sentinel(cx, m, hello);
        }
        if hello.current_epoch > self.current_epoch {
            self.adopt_epoch(cx, m, hello.current_epoch);
        }
        let Some(sender) = self.lookup_peer(m, hello.id) else {
            return;
        };
        self.adopt_configuration(cx, m, sender, hello);
        self.masters[m].peers[sender].last_hello_time = cx.now();
    }

    /// A sender that is not known under this address and id.
    fn meet_sentinel(&mut self, cx: &mut Cx<'_, '_>, m: usize, hello: &Hello) {
        let moved = self.remove_peer(cx, m, hello.id);
        if moved {
            let extra = Extra::AddressOf(hello.announce, hello.id);
            self.event_with(cx, EventKind::SentinelAddressSwitch, Who::Master(m), extra);
        } else {
            self.remove_namesake_address(cx, m, hello);
        }
        let Some(peer) = self.create_peer(cx, m, hello.announce, hello.id) else {
            return;
        };
        if !moved {
            self.event(cx, EventKind::Sentinel, peer);
        }
        self.try_connection_sharing(cx, peer);
        if moved {
            self.update_sentinel_address_in_all_masters(cx, peer);
        }
        self.flush_config(cx);
    }

    /// Another id at the sender's address is obsolete and is forgotten by all masters.
    fn remove_namesake_address(&mut self, cx: &mut Cx<'_, '_>, m: usize, hello: &Hello) {
        let Some(addr) = self.create_addr(cx, hello.announce, true) else {
            return;
        };
        let peers = &self.masters[m].peers;
        let Some(s) = peers.iter().position(|p| p.inst.addr.same_as(addr)) else {
            return;
        };
        let obsolete = peers[s].id;
        self.event(cx, EventKind::SentinelInvalidAddr, Who::Peer(m, s));
        for other in 0..self.masters.len() {
            self.remove_peer(cx, other, obsolete);
        }
    }

    /// `sentinelUpdateSentinelAddressInAllMasters`
    fn update_sentinel_address_in_all_masters(&mut self, cx: &mut Cx<'_, '_>, peer: Who) {
        let Who::Peer(own, s) = peer else { return };
        let (id, addr) = {
            let peer = &self.masters[own].peers[s];
            (peer.id, peer.inst.addr)
        };
        let mut updated = 0;
        for m in 0..self.masters.len() {
            let Some(s) = self.lookup_peer(m, id) else {
                continue;
            };
            let link = self.masters[m].peers[s].inst.link;
            self.links.close(&mut self.conns, cx, link, Side::Cc);
            self.links.close(&mut self.conns, cx, link, Side::Pc);
            if m != own {
                self.masters[m].peers[s].inst.addr = addr;
                updated += 1;
            }
        }
        if updated > 0 {
            let extra = Extra::Instances(updated);
            self.event_with(cx, EventKind::SentinelAddressUpdate, peer, extra);
        }
    }

    /// A newer configuration wins, provided it names another address than `master->addr`: a failover of our own that
    /// is under way is destroyed silently, but not if only the promoted address differs.
    fn adopt_configuration(&mut self, cx: &mut Cx<'_, '_>, m: usize, sender: usize, hello: &Hello) {
        let planted = self.conf.planted;
        let master = &mut self.masters[m];
        let (mine, theirs) = (master.config_epoch, hello.config_epoch);
        let newer = match () {
            () if planted.has(Planted::ConfigEpochNotCompared) => true,
            () if planted.has(Planted::OlderHelloAccepted) => mine != theirs,
            () if planted.has(Planted::HellosIgnored) => false,
            () => mine < theirs,
        };
        if !newer {
            return;
        }
        // Not flushed by itself (spec 9.3).
        master.config_epoch = hello.config_epoch;
        let from = master.inst.addr;
        if hello.master.port == from.port && self.equals_host(cx, from, hello.master.ip) {
            return;
        }
        self.event(cx, EventKind::ConfigUpdateFrom, Who::Peer(m, sender));
        self.switch_master_event(cx, m, hello.master);
        // A name that does not resolve leaves the old address, though the epoch is adopted and the events are out.
        self.reset_master_and_change_address(cx, m, hello.master);
        self.call_client_reconf_script(m, false, from, self.masters[m].inst.addr);
    }
}
