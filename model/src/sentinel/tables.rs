//! The tables of masters, replicas and Sentinels: finding, creating and destroying objects. Upstream they are hash
//! tables with a seed of their own in every process, so each object draws its place at creation and the tables are
//! kept sorted by it; rules of the kind "the last one wins" follow that order.

use super::instance::{Instance, ObjId, Peer, Replica, Role, Who};
use super::{Cx, Sentinel};
use crate::{Addr, Purpose, SentinelId};

impl Sentinel {
    /// Identity and place in the table of a new object.
    pub(super) fn new_object(&mut self, cx: &mut Cx<'_, '_>) -> (ObjId, u64) {
        let obj = ObjId(self.next_obj);
        self.next_obj += 1;
        (obj, cx.env.draws.word(Purpose::TableOrder))
    }

    /// Creates a replica of a master, unless it has one of this address (`createSentinelRedisInstance`).
    pub(super) fn create_replica(&mut self, cx: &mut Cx<'_, '_>, m: usize, addr: Addr) -> Option<Who> {
        let addr = self.create_addr(cx, addr, true)?;
        let key = self.announced(addr);
        if self.masters[m].replicas.iter().any(|r| r.key == key) {
            return None;
        }
        let identity = self.new_object(cx);
        let now = cx.now();
        let link = self.links.create(now);
        let down_after = self.masters[m].inst.down_after;
        let inst = Instance::new(identity, addr, Role::Slave, down_after, link, now);
        let replicas = &mut self.masters[m].replicas;
        let place = replicas.partition_point(|r| r.inst.table_key <= identity.1);
        replicas.insert(place, Replica::new(inst, key, now));
        Some(Who::Replica(m, place))
    }

    /// Creates another Sentinel of a master, unless the master knows one with this id.
    pub(super) fn create_peer(&mut self, cx: &mut Cx<'_, '_>, m: usize, addr: Addr, id: SentinelId) -> Option<Who> {
        let addr = self.create_addr(cx, addr, true)?;
        if self.lookup_peer(m, id).is_some() {
            return None;
        }
        let identity = self.new_object(cx);
        let now = cx.now();
        let link = self.links.create(now);
        let down_after = self.masters[m].inst.down_after;
        let inst = Instance::new(identity, addr, Role::Slave, down_after, link, now);
        let peers = &mut self.masters[m].peers;
        let place = peers.partition_point(|p| p.inst.table_key <= identity.1);
        peers.insert(place, Peer::new(inst, id, now));
        Some(Who::Peer(m, place))
    }

    /// Lets a Sentinel object use the link of its namesake under another master (`sentinelTryConnectionSharing`).
    pub(super) fn try_connection_sharing(&mut self, cx: &mut Cx<'_, '_>, who: Who) {
        let Who::Peer(m, s) = who else { return };
        let id = self.masters[m].peers[s].id;
        let own = self.masters[m].peers[s].inst.link;
        if self.links[own].refcount > 1 {
            return;
        }
        let shared = (0..self.masters.len()).filter(|other| *other != m).find_map(|other| {
            let s = self.lookup_peer(other, id)?;
            Some(self.masters[other].peers[s].inst.link)
        });
        if let Some(shared) = shared {
            self.links.release(&mut self.conns, cx, own);
            self.links[shared].refcount += 1;
            self.masters[m].peers[s].inst.link = shared;
        }
    }

    /// Forgets a master's Sentinel of this id; whether there was one (`removeMatchingSentinelFromMaster`).
    pub(super) fn remove_peer(&mut self, cx: &mut Cx<'_, '_>, m: usize, id: SentinelId) -> bool {
        let Some(s) = self.lookup_peer(m, id) else {
            return false;
        };
        let peer = self.masters[m].peers.remove(s);
        self.links.release(&mut self.conns, cx, peer.inst.link);
        true
    }

    /// The master's replica of this address (`sentinelRedisInstanceLookupSlave`): it is found by the key that the address
    /// would have as it resolves now.
    pub(super) fn lookup_replica(&self, cx: &mut Cx<'_, '_>, m: usize, addr: Addr) -> Option<usize> {
        let key = self.announced(self.create_addr(cx, addr, false)?);
        self.masters[m].replicas.iter().position(|r| r.key == key)
    }

    /// The master's Sentinel of this id.
    pub(super) fn lookup_peer(&self, m: usize, id: SentinelId) -> Option<usize> {
        self.masters[m].peers.iter().position(|p| p.id == id)
    }

    /// The master of this name.
    pub(super) fn lookup_master(&self, name: &str) -> Option<usize> {
        self.masters.iter().position(|m| &*m.name == name)
    }

    /// Where an object is, if it still exists.
    pub(super) fn find(&self, obj: ObjId) -> Option<Who> {
        self.masters.iter().enumerate().find_map(|(m, master)| {
            if master.inst.obj == obj {
                return Some(Who::Master(m));
            }
            let replica = master.replicas.iter().position(|r| r.inst.obj == obj);
            if let Some(r) = replica {
                return Some(Who::Replica(m, r));
            }
            let peer = master.peers.iter().position(|p| p.inst.obj == obj);
            peer.map(|s| Who::Peer(m, s))
        })
    }
}
