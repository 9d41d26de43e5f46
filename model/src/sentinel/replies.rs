//! Replies to what Sentinel sent (Sentinel spec 3.5, 6.4): each goes to the callback and the object it was queued for.

use super::instance::{Flags, ObjId, Who};
use super::link::{Callback, LinkId, Side};
use super::{Cx, Sentinel};
use crate::message::DownReply;
use crate::note::Note;
use crate::planted::Planted;
use crate::{ErrorWord, Message, Reply, Request};

impl Sentinel {
    /// A reply on a command connection.
    pub(super) fn command_reply(&mut self, cx: &mut Cx<'_, '_>, link: LinkId, reply: Reply) {
        let Some((obj, callback)) = self.links[link].next_reply() else {
            self.unexpected_reply(cx, link, Side::Cc, &reply);
            return;
        };
        // Commands of a destroyed object are answered to nobody (`releaseInstanceLink`).
        let Some(who) = self.find(obj) else { return };
        match (callback, reply) {
            (Callback::Discard, _) => {}
            (Callback::Ping, reply) => self.ping_reply(cx, who, obj, &reply),
            (Callback::Info, Reply::Info(info)) => self.refresh_instance_info(cx, who, &info),
            (Callback::Publish, Reply::Error(_)) => {}
            (Callback::Publish, _) => self.inst_mut(who).last_pub_time = cx.now(),
            (Callback::IsMasterDown, Reply::Down(reply)) => {
                self.receive_is_master_down_reply(cx, who, &reply);
            }
            (Callback::Info | Callback::IsMasterDown, _) => {}
        }
    }

    /// A message on a pub/sub connection (`sentinelReceiveHelloMessages`, spec 5.2).
    pub(super) fn pubsub_message(&mut self, cx: &mut Cx<'_, '_>, link: LinkId, message: Message) {
        match message {
            Message::Reply(Reply::Subscribed(_)) => {
                self.links[link].pc_last_activity = cx.now();
            }
            Message::Hello(hello) => {
                self.links[link].pc_last_activity = cx.now();
                // Nobody needs to meet himself.
                if hello.id != self.myid {
                    self.process_hello_message(cx, &hello);
                }
            }
            Message::Reply(reply) => self.pubsub_reply(cx, link, &reply),
            _ => {}
        }
    }

    /// A plain reply among the pub/sub messages: to AUTH or CLIENT SETNAME, else to nothing.
    fn pubsub_reply(&mut self, cx: &mut Cx<'_, '_>, link: LinkId, reply: &Reply) {
        if !self.links[link].next_pubsub_reply() {
            self.unexpected_reply(cx, link, Side::Pc, reply);
        }
    }

    /// hiredis gives a connection up when an error arrives that answers nothing it keeps count of: a refused SUBSCRIBE,
    /// or a server that has too many clients.
    fn unexpected_reply(&mut self, cx: &mut Cx<'_, '_>, link: LinkId, side: Side, reply: &Reply) {
        if matches!(reply, Reply::Error(_)) {
            self.links.close(&mut self.conns, cx, link, side);
        }
    }

    /// `sentinelPingReplyCallback`
    fn ping_reply(&mut self, cx: &mut Cx<'_, '_>, who: Who, obj: ObjId, reply: &Reply) {
        let now = cx.now();
        match reply {
            Reply::Pong | Reply::Error(ErrorWord::Loading | ErrorWord::MasterDown) => {
                let link = self.link_mut(who);
                link.last_avail_time = now;
                link.act_ping_time = None;
                if *reply == Reply::Pong {
                    self.inst_mut(who).flags.clear(Flags::MASTER_REBOOT);
                }
            }
            Reply::Error(ErrorWord::Busy) => {
                let flags = self.inst(who).flags;
                if flags.any(Flags::S_DOWN) && !flags.any(Flags::SCRIPT_KILL_SENT) {
                    let kill = self.mapped(who.master(), Request::ScriptKill);
                    self.link_mut(who).command(cx, obj, Callback::Discard, kill);
                    self.inst_mut(who).flags.set(Flags::SCRIPT_KILL_SENT);
                }
            }
            _ => {}
        }
        self.link_mut(who).last_pong_time = now;
    }

    /// `sentinelReceiveIsMasterDownReply`
    fn receive_is_master_down_reply(&mut self, cx: &mut Cx<'_, '_>, who: Who, reply: &DownReply) {
        let Who::Peer(m, s) = who else { return };
        let now = cx.now();
        let agrees = reply.down || self.conf.planted.has(Planted::ReplicasDownCount);
        let peer = &mut self.masters[m].peers[s];
        peer.last_master_down_reply_time = now;
        if agrees {
            peer.inst.flags.set(Flags::MASTER_DOWN);
        } else {
            peer.inst.flags.clear(Flags::MASTER_DOWN);
        }
        let Some(leader) = reply.leader else { return };
        if peer.leader_epoch != reply.leader_epoch {
            let note = Note::VotedFor { voter: peer.id, leader, epoch: reply.leader_epoch };
            let at = cx.at();
            cx.out.note(at, note);
        }
        peer.leader = Some(leader);
        peer.leader_epoch = reply.leader_epoch;
    }
}
