//! Connections to monitored instances (Sentinel spec 3.2, 3.3): a command connection and, for masters and replicas, a
//! pub/sub connection; the replies that are outstanding on them; who shares them. Knows nothing of what replies mean.

use super::Cx;
use super::conns::{ConnRole, Conns};
use super::consts::MAX_PENDING;
use super::instance::ObjId;
use crate::{CloseHow, Conn, Millis, Request};
use std::collections::VecDeque;

/// Index of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId(u32);

/// Which callback a reply goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callback {
    Discard,
    Ping,
    Info,
    Publish,
    IsMasterDown,
}

/// Which of the two connections of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Commands.
    Cc,
    /// Pub/sub.
    Pc,
}

/// A link, shared by the objects that stand for one Sentinel under several masters.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) refcount: u32,
    /// A connection is missing; false as soon as the sockets exist, connected or not.
    pub(super) disconnected: bool,
    pub(super) pending_commands: i64,
    pub(super) cc: Option<Conn>,
    pub(super) pc: Option<Conn>,
    pub(super) cc_conn_time: Millis,
    pub(super) pc_conn_time: Millis,
    pub(super) pc_last_activity: Millis,
    pub(super) last_reconn_time: Millis,
    /// When the oldest unanswered PING was sent. Starts set, so that an instance never reached times out too.
    pub(super) act_ping_time: Option<Millis>,
    pub(super) last_ping_time: Millis,
    pub(super) last_avail_time: Millis,
    pub(super) last_pong_time: Millis,
    /// Outstanding replies of `cc`, with the object each command was sent for.
    awaited: VecDeque<(ObjId, Callback)>,
    /// Outstanding replies of `pc` besides pub/sub messages: AUTH, CLIENT SETNAME.
    pc_discards: u32,
}

impl Link {
    /// A fresh link (`createInstanceLink`).
    fn new(now: Millis) -> Link {
        Link {
            refcount: 1,
            disconnected: true,
            pending_commands: 0,
            cc: None,
            pc: None,
            cc_conn_time: Millis(0),
            pc_conn_time: Millis(0),
            pc_last_activity: Millis(0),
            last_reconn_time: Millis(0),
            act_ping_time: Some(now),
            last_ping_time: Millis(0),
            last_avail_time: now,
            last_pong_time: now,
            awaited: VecDeque::new(),
            pc_discards: 0,
        }
    }

    /// Whether so many replies are outstanding that periodic commands stop.
    pub(super) fn saturated(&self) -> bool {
        self.pending_commands >= MAX_PENDING * i64::from(self.refcount)
    }

    /// Queues a command on the command connection.
    ///
    /// # Panics
    /// If there is none: callers have checked `disconnected` or just got a reply on it.
    pub(super) fn command(&mut self, cx: &mut Cx<'_, '_>, obj: ObjId, callback: Callback, request: Request) {
        let cc = self.cc.expect("commands are queued on a link that has a connection");
        cx.out.send(cc, request);
        self.awaited.push_back((obj, callback));
        self.pending_commands += 1;
    }

    /// Queues a command on the pub/sub connection whose reply is thrown away.
    pub(super) fn pubsub_command(&mut self, cx: &mut Cx<'_, '_>, request: Request) {
        let pc = self.pc.expect("the pub/sub connection was just opened");
        cx.out.send(pc, request);
        self.pc_discards += 1;
        self.pending_commands += 1;
    }

    /// Queues SUBSCRIBE or another command that hiredis does not count.
    pub(super) fn pubsub_subscribe(&mut self, cx: &mut Cx<'_, '_>, request: Request) {
        let pc = self.pc.expect("the pub/sub connection was just opened");
        cx.out.send(pc, request);
    }

    /// Takes the callback of the reply that just arrived on the command connection, if one was awaited.
    pub(super) fn next_reply(&mut self) -> Option<(ObjId, Callback)> {
        let next = self.awaited.pop_front()?;
        self.pending_commands -= 1;
        Some(next)
    }

    /// Takes note of a plain reply on the pub/sub connection; false if none was awaited.
    pub(super) fn next_pubsub_reply(&mut self) -> bool {
        if self.pc_discards == 0 {
            return false;
        }
        self.pc_discards -= 1;
        self.pending_commands -= 1;
        true
    }

    /// A connection broke; its outstanding replies are lost and nothing else changes (`instanceLinkConnectionError`).
    pub(super) fn connection_error(&mut self, side: Side) {
        match side {
            Side::Cc => {
                self.cc = None;
                self.awaited.clear();
            }
            Side::Pc => {
                self.pc = None;
                // hiredis runs the discarding callbacks even without a reply.
                self.pending_commands -= i64::from(self.pc_discards);
                self.pc_discards = 0;
            }
        }
        self.disconnected = true;
    }
}

/// All links.
#[derive(Debug, Default)]
pub(super) struct Links {
    slots: Vec<Option<Link>>,
    free: Vec<u32>,
}

impl Links {
    /// Makes a link with one owner.
    pub(super) fn create(&mut self, now: Millis) -> LinkId {
        let link = Some(Link::new(now));
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = link;
            return LinkId(index);
        }
        self.slots.push(link);
        LinkId(self.slots.len() as u32 - 1)
    }

    /// One owner less; the last one closes the connections (`releaseInstanceLink`). Replies to commands of an owner
    /// that is gone find no object and are discarded.
    pub(super) fn release(&mut self, conns: &mut Conns, cx: &mut Cx<'_, '_>, id: LinkId) {
        self[id].refcount -= 1;
        if self[id].refcount > 0 {
            return;
        }
        self.close(conns, cx, id, Side::Cc);
        self.close(conns, cx, id, Side::Pc);
        self.slots[id.0 as usize] = None;
        self.free.push(id.0);
    }

    /// Closes a connection if there is one (`instanceLinkCloseConnection`). What was queued on it in this iteration is
    /// lost: hiredis writes only when the loop polls again.
    pub(super) fn close(&mut self, conns: &mut Conns, cx: &mut Cx<'_, '_>, id: LinkId, side: Side) {
        let link = &mut self[id];
        let conn = match side {
            Side::Cc => link.cc.take(),
            Side::Pc => link.pc.take(),
        };
        let Some(conn) = conn else { return };
        match side {
            Side::Cc => {
                link.awaited.clear();
                link.pending_commands = 0;
            }
            Side::Pc => link.pc_discards = 0,
        }
        link.disconnected = true;
        conns.remove(conn);
        let at = cx.at();
        cx.out.close(at, conn, CloseHow::Now);
    }

    /// Opens a connection to `addr`.
    pub(super) fn open(&mut self, conns: &mut Conns, cx: &mut Cx<'_, '_>, id: LinkId, side: Side, addr: crate::Addr) {
        let at = cx.at();
        let now = cx.now();
        let conn = cx.out.open(at, addr);
        conns.insert(conn, ConnRole::Link(id, side));
        let link = &mut self[id];
        match side {
            Side::Cc => {
                link.cc = Some(conn);
                link.pending_commands = 0;
                link.cc_conn_time = now;
            }
            Side::Pc => {
                link.pc = Some(conn);
                link.pc_discards = 0;
                link.pc_conn_time = now;
            }
        }
    }
}

impl std::ops::Index<LinkId> for Links {
    type Output = Link;
    fn index(&self, id: LinkId) -> &Link {
        self.slots[id.0 as usize].as_ref().expect("objects hold links that exist")
    }
}

impl std::ops::IndexMut<LinkId> for Links {
    fn index_mut(&mut self, id: LinkId) -> &mut Link {
        self.slots[id.0 as usize].as_mut().expect("objects hold links that exist")
    }
}
