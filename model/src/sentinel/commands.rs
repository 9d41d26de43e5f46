//! Commands that clients and other Sentinels send to this one (Sentinel spec 12, 6.5).

use super::conns::Client;
use super::instance::{Flags, Instance};
use super::{Cx, Sentinel};
use crate::message::{Channel, DownQuery, DownReply, InstanceReply, RoleReply};
use crate::note::Note;
use crate::planted::Planted;
use crate::{Conn, ErrorWord, Name, Reply, Request};

impl Sentinel {
    /// Executes a command and replies.
    pub(super) fn command(&mut self, cx: &mut Cx<'_, '_>, conn: Conn, client: Client, request: Request) {
        let open = matches!(request, Request::Auth(_) | Request::HelloProto(Some(_)));
        let reply = if !self.conf.acl.permits(client.user, &request) {
            Reply::Error(ErrorWord::NoPerm)
        } else if client.authenticated || open || self.lets_in() {
            self.execute(cx, conn, request)
        } else {
            Reply::Error(ErrorWord::NoAuth)
        };
        cx.out.send(conn, reply);
    }

    fn execute(&mut self, cx: &mut Cx<'_, '_>, conn: Conn, request: Request) -> Reply {
        match request {
            Request::Ping => Reply::Pong,
            Request::Auth(credentials) => self.authenticate(conn, &credentials, Reply::Ok),
            Request::HelloProto(Some(credentials)) => self.authenticate(conn, &credentials, Reply::Server),
            Request::HelloProto(None) => Reply::Server,
            Request::ClientSetName(_) | Request::ClientSetInfo(..) => Reply::Ok,
            Request::Role => Reply::Role(Box::new(RoleReply::Sentinel)),
            Request::Subscribe(channel) => {
                if let Some(client) = self.conns.client_mut(conn) {
                    client.switch_master |= channel == Channel::SwitchMaster;
                    client.every_event |= channel == Channel::Everything;
                }
                Reply::Subscribed(channel)
            }
            // No check whether the hello is our own: Sentinels do not connect to themselves.
            Request::Publish(hello) => {
                self.process_hello_message(cx, &hello);
                Reply::Int(1)
            }
            Request::GetMasterAddr(name) => match self.lookup_master(&name) {
                Some(m) => Reply::Addr(self.announced(self.masters[m].current_addr())),
                None => Reply::NilArray,
            },
            Request::Masters => Reply::Instances(self.masters_reply()),
            Request::Replicas(name) => self.instances_reply(&name, Sentinel::replicas_reply),
            Request::Sentinels(name) => self.instances_reply(&name, Sentinel::sentinels_reply),
            Request::IsMasterDown(query) => self.is_master_down_by_addr(cx, &query),
            Request::Failover(name) => self.failover_command(cx, &name),
            Request::Sentinel(command) => self.operator_reply(cx, &command),
            _ => Reply::Error(ErrorWord::Err),
        }
    }

    /// SENTINEL IS-MASTER-DOWN-BY-ADDR: our opinion, and our vote if one is wanted. The master is looked for by its
    /// configured address alone; neither need we know the asker nor hold the master for down. A name that no longer
    /// resolves finds the master all the same (measured on 7.0.15: `1` for the name and for the old address alike).
    fn is_master_down_by_addr(&mut self, cx: &mut Cx<'_, '_>, query: &DownQuery) -> Reply {
        let asked = self.create_addr(cx, query.master, true);
        let found = asked.and_then(|asked| self.masters.iter().position(|m| m.inst.addr.same_as(asked)));
        let mut reply = DownReply { down: false, leader: None, leader_epoch: crate::Epoch(0) };
        if let Some(m) = found {
            let state = match self.conf.planted.has(Planted::OdownAnswered) {
                true => Flags::O_DOWN,
                false => Flags::S_DOWN,
            };
            reply.down = !self.tilt && self.masters[m].inst.flags.any(state);
            if let Some(candidate) = query.candidate {
                (reply.leader, reply.leader_epoch) = self.vote_leader(cx, m, query.epoch, candidate);
            }
        }
        Reply::Down(Box::new(reply))
    }

    /// SENTINEL FAILOVER: whatever the master's health, the time of the last attempt, TILT or quorum (spec 8.11).
    pub(super) fn failover_command(&mut self, cx: &mut Cx<'_, '_>, name: &str) -> Reply {
        let Some(m) = self.lookup_master(name) else {
            return Reply::Error(ErrorWord::Err);
        };
        if self.masters[m].inst.flags.any(Flags::FAILOVER_IN_PROGRESS) {
            return Reply::Error(ErrorWord::InProg);
        }
        if self.select_slave(m, cx.now()).is_none() {
            return Reply::Error(ErrorWord::NoGoodSlave);
        }
        let (at, name) = (cx.at(), self.masters[m].name.clone());
        cx.out.note(at, Note::UserFailover(name));
        self.start_failover(cx, m);
        self.masters[m].inst.flags.set(Flags::FORCE_FAILOVER);
        Reply::Ok
    }

    fn instances_reply(&self, name: &str, list: fn(&Sentinel, usize) -> Vec<InstanceReply>) -> Reply {
        match self.lookup_master(name) {
            Some(m) => Reply::Instances(list(self, m)),
            None => Reply::Error(ErrorWord::Err),
        }
    }

    fn masters_reply(&self) -> Vec<InstanceReply> {
        let entry = |m: &super::Master| InstanceReply {
            master: true,
            other_sentinels: m.peers.len() as u32,
            ..self.instance_reply(&m.inst, m.name.clone())
        };
        self.masters.iter().map(entry).collect()
    }

    fn replicas_reply(&self, m: usize) -> Vec<InstanceReply> {
        let announced = (self.masters[m].replicas.iter()).filter(|r| r.replica_announced);
        let entry = |r: &super::instance::Replica| InstanceReply {
            slave: true,
            ..self.instance_reply(&r.inst, r.key.to_string().into())
        };
        announced.map(entry).collect()
    }

    fn sentinels_reply(&self, m: usize) -> Vec<InstanceReply> {
        let entry = |p: &super::instance::Peer| self.instance_reply(&p.inst, p.id.to_string().into());
        self.masters[m].peers.iter().map(entry).collect()
    }

    fn instance_reply(&self, inst: &Instance, name: Name) -> InstanceReply {
        InstanceReply {
            name,
            addr: self.announced(inst.addr),
            master: false,
            slave: false,
            s_down: inst.flags.any(Flags::S_DOWN),
            o_down: inst.flags.any(Flags::O_DOWN),
            disconnected: self.links[inst.link].disconnected,
            other_sentinels: 0,
        }
    }
}
