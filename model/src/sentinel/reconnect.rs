//! Opening connections to instances (`sentinelReconnectInstance`, Sentinel spec 3.3).

use super::instance::{Who, elapsed};
use super::link::{Callback, Side};
use super::names::InstanceAddr;
use super::{Cx, Sentinel};
use crate::Request;
use crate::event::EventKind;
use crate::message::{Channel, Credentials};
use crate::planted::Planted;
use std::sync::Arc;

impl Sentinel {
    /// Opens what is missing, at most once a second.
    pub(super) fn reconnect_instance(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let now = cx.now();
        let (mut addr, id) = (self.inst(who).addr, self.inst(who).link);
        let link = &mut self.links[id];
        if !link.disconnected || addr.port == 0 {
            return;
        }
        if elapsed(link.last_reconn_time, now) < self.tunables.ping_period
            && !self.conf.planted.has(Planted::EagerReconnect)
        {
            return;
        }
        link.last_reconn_time = now;
        let needs_pubsub = !matches!(who, Who::Peer(..));
        if self.links[id].cc.is_none() {
            addr = self.look_up_again(cx, who);
        }
        if addr.unresolved() {
            // There is nowhere to connect to, which shows at once.
            self.event(cx, EventKind::CmdLinkReconnection, who);
            if needs_pubsub {
                self.event(cx, EventKind::PubsubLinkReconnection, who);
            }
            return;
        }
        let addr = addr.socket();
        if self.links[id].cc.is_none() {
            self.links.open(&mut self.conns, cx, id, Side::Cc, addr);
            self.greet_command_connection(cx, who);
        }
        if needs_pubsub && self.links[id].pc.is_none() {
            self.links.open(&mut self.conns, cx, id, Side::Pc, addr);
            self.greet_pubsub_connection(cx, who);
        }
        // The sockets exist; that the peer is there is not needed.
        self.links[id].disconnected = false;
    }

    /// The instance may have another address by now, or its name may resolve at last; if it does not, what is known
    /// stays.
    fn look_up_again(&mut self, cx: &mut Cx<'_, '_>, who: Who) -> InstanceAddr {
        let given = self.inst(who).addr.given();
        if self.conf.resolve_hostnames
            && let Some(addr) = self.create_addr(cx, given, false)
        {
            self.inst_mut(who).addr = addr;
        }
        self.inst(who).addr
    }

    fn greet_command_connection(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let obj = self.inst(who).obj;
        if let Some(credentials) = self.credentials_for(who) {
            let auth = self.mapped(who.master(), Request::Auth(credentials));
            self.link_mut(who).command(cx, obj, Callback::Discard, auth);
        }
        let name = self.mapped(who.master(), Request::ClientSetName(self.client_names[0].clone()));
        self.link_mut(who).command(cx, obj, Callback::Discard, name);
        self.send_ping(cx, who);
    }

    fn greet_pubsub_connection(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        if let Some(credentials) = self.credentials_for(who) {
            let auth = self.mapped(who.master(), Request::Auth(credentials));
            self.link_mut(who).pubsub_command(cx, auth);
        }
        let name = self.mapped(who.master(), Request::ClientSetName(self.client_names[1].clone()));
        self.link_mut(who).pubsub_command(cx, name);
        let subscribe = self.mapped(who.master(), Request::Subscribe(Channel::Hello));
        self.link_mut(who).pubsub_subscribe(cx, subscribe);
    }

    /// `sentinelSendAuthIfNeeded`, spec 11.3
    fn credentials_for(&self, who: Who) -> Option<Arc<Credentials>> {
        match who {
            Who::Master(m) | Who::Replica(m, _) => self.masters[m].credentials.clone(),
            Who::Peer(..) => self.peer_credentials.clone(),
        }
    }
}
