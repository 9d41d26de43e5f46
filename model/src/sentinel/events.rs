//! Sentinel's events (`sentinelEvent`, spec 10): the log line for the record and, for +switch-master, the message to
//! those who subscribed to it. Scripts are called from here.

use super::instance::Who;
use super::{Cx, Sentinel};
use crate::event::{Event, EventKind, Extra, Level, Subject};
use crate::message::{Published, SwitchMaster};
use crate::planted::Planted;
use crate::{Addr, Message, Name};
use std::sync::Arc;

impl Sentinel {
    /// Emits an event about an instance.
    pub(super) fn event(&mut self, cx: &mut Cx<'_, '_>, kind: EventKind, who: Who) {
        self.event_with(cx, kind, who, Extra::None);
    }

    /// Emits an event about an instance with something behind it.
    pub(super) fn event_with(&mut self, cx: &mut Cx<'_, '_>, kind: EventKind, who: Who, extra: Extra) {
        let master = &self.masters[who.master()];
        let subject = match who {
            Who::Master(_) => Subject::Master,
            Who::Replica(_, r) => Subject::Slave(self.announced(master.replicas[r].inst.addr)),
            Who::Peer(_, s) => Subject::Sentinel(master.peers[s].id, self.announced(master.peers[s].inst.addr)),
        };
        let master_addr = self.announced(master.inst.addr);
        let event = Event { kind, master: master.name.clone(), master_addr, subject, extra };
        self.notify(&event, who.master());
        self.publish(cx, event);
    }

    /// Records an event and tells those who subscribed to every channel; nothing is published at debug level.
    pub(super) fn publish(&self, cx: &mut Cx<'_, '_>, event: Event) {
        let mut subscribers = self.conns.pattern_subscribers().peekable();
        if event.kind.level() != Level::Debug && subscribers.peek().is_some() {
            let message = Arc::new(Published { payload: event.payload(), event: event.clone() });
            for conn in subscribers {
                cx.out.send(conn, Message::Published(message.clone()));
            }
        }
        let at = cx.at();
        cx.out.event(at, event);
    }

    /// Emits +tilt or -tilt, which concern no master.
    pub(super) fn tilt_event(&self, cx: &mut Cx<'_, '_>, kind: EventKind) {
        let event = Event {
            kind,
            master: Name::from(""),
            master_addr: Addr::default(),
            subject: Subject::Master,
            extra: Extra::Tilt,
        };
        self.publish(cx, event);
    }

    /// Emits +switch-master and tells the subscribers.
    pub(super) fn switch_master_event(&mut self, cx: &mut Cx<'_, '_>, m: usize, new: Addr) {
        let old = self.announced(self.masters[m].inst.addr);
        self.event_with(cx, EventKind::SwitchMaster, Who::Master(m), Extra::Switch(old, new));
        let name = self.masters[m].name.clone();
        if self.conf.planted.has(Planted::SwitchNotPublished) {
            return;
        }
        let message = Arc::new(SwitchMaster { name, old, new });
        for conn in self.conns.switch_master_subscribers() {
            cx.out.send(conn, Message::SwitchMaster(message.clone()));
        }
    }
}
