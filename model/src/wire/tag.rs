//! A short, cheap mark of a message for the digest of a run: equal messages have equal marks, and whatever a node could
//! tell apart differs.

use crate::ids::{Addr, Hex40};
use crate::message::{
    Credentials, Hello, Info, InstanceReply, Message, ReplicaLine, Reply, Request, RoleReply, SlaveInfo, StreamItem,
    SwitchMaster,
};
use crate::value::{Command, Key, Space, Value};

impl Message {
    /// A mark of kind and content. Allocates nothing; takes time in proportion to the content only for replies that
    /// carry many values.
    pub fn digest_tag(&self) -> [u64; 2] {
        let mut tag = Tag([0x9ae1_6a3b_2f90_404f, 0xc2b2_ae3d_27d4_eb4f]);
        tag.message(self);
        tag.0
    }
}

/// Numbers folded into two words. Each step is a bijection of either word, so two contents that differ in one number
/// never meet.
struct Tag([u64; 2]);

impl Tag {
    fn add(&mut self, n: u64) {
        let [a, b] = self.0;
        self.0 = [
            (a ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29),
            (b.rotate_left(23).wrapping_add(n)).wrapping_mul(0xd6e8_feb8_6659_fd93),
        ];
    }

    fn flag(&mut self, flag: bool) {
        self.add(u64::from(flag));
    }

    fn text(&mut self, text: &str) {
        self.add(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn id(&mut self, id: Hex40) {
        for word in id.words() {
            self.add(word);
        }
    }

    fn addr(&mut self, addr: Addr) {
        self.add(addr.ip.word() << 16 | u64::from(addr.port));
    }

    fn opt<T>(&mut self, value: Option<T>, add: impl FnOnce(&mut Tag, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            add(self, value);
        }
    }

    fn message(&mut self, message: &Message) {
        match message {
            Message::Request(it) => self.request(it),
            Message::Reply(it) => self.reply(it),
            Message::Hello(it) => {
                self.add(0x300);
                self.hello(it);
            }
            Message::SwitchMaster(it) => {
                self.add(0x301);
                self.switch_master(it);
            }
            Message::Published(it) => {
                self.add(0x305);
                self.add(it.event.kind as u64);
                self.text(&it.payload);
            }
            Message::Stream(it) => self.stream(it),
            Message::Snapshot(it) => {
                self.add(0x303);
                self.add(it.bytes);
                self.opt(it.repl, |tag, (id, offset)| {
                    tag.id(id.0);
                    tag.add(offset.0);
                });
                self.id(it.lineage.id.0);
                self.add(it.lineage.writes);
            }
            Message::Newline => self.add(0x304),
        }
    }

    fn request(&mut self, request: &Request) {
        match request {
            Request::Ping => self.add(0x100),
            Request::Auth(who) => {
                self.add(0x101);
                self.credentials(who);
            }
            Request::HelloProto(who) => {
                self.add(0x102);
                self.opt(who.as_deref(), Tag::credentials);
            }
            Request::ClientSetName(name) => {
                self.add(0x103);
                self.text(name);
            }
            Request::ClientSetInfo(name) => {
                self.add(0x104);
                self.flag(*name);
            }
            Request::ClientKill(kind) => {
                self.add(0x105);
                self.add(*kind as u64);
            }
            Request::Subscribe(channel) => {
                self.add(0x106);
                self.add(*channel as u64);
            }
            Request::Publish(it) => {
                self.add(0x107);
                self.hello(it);
            }
            Request::Info => self.add(0x108),
            Request::Role => self.add(0x109),
            Request::Multi => self.add(0x10a),
            Request::Exec => self.add(0x10b),
            Request::SlaveOf(master) => {
                self.add(0x10c);
                self.opt(*master, Tag::addr);
            }
            Request::ConfigRewrite => self.add(0x10d),
            Request::ScriptKill => self.add(0x10e),
            Request::Data(command) => {
                self.add(0x10f);
                self.command(*command);
            }
            Request::Wait(replicas, timeout) => {
                self.add(0x110);
                self.add(u64::from(*replicas));
                self.add(timeout.0 as u64);
            }
            Request::ReplconfPort(port) => {
                self.add(0x111);
                self.add(u64::from(*port));
            }
            Request::ReplconfIp(ip) => {
                self.add(0x11d);
                self.add(ip.word());
            }
            Request::ReplconfCapa => self.add(0x112),
            Request::ReplconfAck(offset) => {
                self.add(0x113);
                self.add(offset.0);
            }
            Request::Psync(from) => {
                self.add(0x114);
                self.opt(from.as_deref(), |tag, (id, offset)| {
                    tag.id(id.0);
                    tag.add(offset.0);
                });
            }
            Request::GetMasterAddr(name) => {
                self.add(0x115);
                self.text(name);
            }
            Request::Masters => self.add(0x116),
            Request::Replicas(name) => {
                self.add(0x117);
                self.text(name);
            }
            Request::Sentinels(name) => {
                self.add(0x118);
                self.text(name);
            }
            Request::IsMasterDown(query) => {
                self.add(0x119);
                self.addr(query.master);
                self.add(query.epoch.0);
                self.opt(query.candidate, |tag, id| tag.id(id.0));
            }
            Request::Failover(name) => {
                self.add(0x11a);
                self.text(name);
            }
            Request::Renamed(name, it) => {
                self.add(0x11c);
                self.text(name);
                self.request(it);
            }
            Request::Sentinel(command) => {
                self.add(0x11b);
                for word in command.words() {
                    self.text(&word);
                }
            }
        }
    }

    fn reply(&mut self, reply: &Reply) {
        match reply {
            Reply::Pong => self.add(0x200),
            Reply::Ok => self.add(0x201),
            Reply::Queued => self.add(0x202),
            Reply::Error(word) => {
                self.add(0x203);
                self.add(*word as u64);
            }
            Reply::Int(n) => {
                self.add(0x204);
                self.add(*n as u64);
            }
            Reply::Value(value) => {
                self.add(0x205);
                self.opt(*value, |tag, value| tag.add(value.0));
            }
            Reply::NilArray => self.add(0x206),
            Reply::Values(values) => {
                self.add(0x207);
                self.add(values.len() as u64);
                for value in values.iter() {
                    self.add(value.0);
                }
            }
            Reply::Subscribed(channel) => {
                self.add(0x208);
                self.add(*channel as u64);
            }
            Reply::Server => self.add(0x209),
            Reply::Info(info) => {
                self.add(0x20a);
                self.info(info);
            }
            Reply::Role(role) => {
                self.add(0x20b);
                self.role(role);
            }
            Reply::Exec(replies) => {
                self.add(0x20c);
                self.add(replies.len() as u64);
                for reply in replies {
                    self.reply(reply);
                }
            }
            Reply::FullResync(from) => {
                self.add(0x20d);
                self.id(from.0.0);
                self.add(from.1.0);
            }
            Reply::Continue(with) => {
                self.add(0x20e);
                self.id(with.id.0);
            }
            Reply::Addr(addr) => {
                self.add(0x20f);
                self.addr(*addr);
            }
            Reply::Down(it) => {
                self.add(0x210);
                self.flag(it.down);
                self.opt(it.leader, |tag, id| tag.id(id.0));
                self.add(it.leader_epoch.0);
            }
            Reply::Instances(entries) => {
                self.add(0x211);
                self.add(entries.len() as u64);
                for entry in entries {
                    self.instance(entry);
                }
            }
        }
    }

    fn stream(&mut self, item: &StreamItem) {
        match item {
            StreamItem::Select => self.add(0x400),
            StreamItem::Ping => self.add(0x401),
            StreamItem::GetAck => self.add(0x402),
            StreamItem::Multi => self.add(0x405),
            StreamItem::Exec => self.add(0x406),
            StreamItem::Write(command) => {
                self.add(0x403);
                self.command(*command);
            }
            StreamItem::Publish(it) => {
                self.add(0x404);
                self.hello(it);
            }
        }
    }

    fn command(&mut self, command: Command) {
        let (kind, key, value) = match command {
            Command::Sadd(key, value) => (0, key, value),
            Command::Srem(key, value) => (1, key, value),
            Command::Sismember(key, value) => (2, key, value),
            Command::Smembers(key) => (3, key, Value(0)),
            Command::Set(key, value) => (4, key, value),
            Command::Get(key) => (5, key, Value(0)),
            Command::Incr(key) => (6, key, Value(0)),
            Command::Rpush(key, value) => (7, key, value),
            Command::Lrange(key) => (8, key, Value(0)),
            Command::Del(key) => (9, key, Value(0)),
        };
        self.key(kind, key);
        self.add(value.0);
    }

    fn key(&mut self, kind: u64, key: Key) {
        let space = match key.space {
            Space::Set => 0,
            Space::Register => 1,
            Space::Counter => 2,
            Space::List => 3,
        };
        self.add(kind << 40 | space << 32 | u64::from(key.index));
    }

    fn credentials(&mut self, who: &Credentials) {
        self.opt(who.user.as_deref(), Tag::text);
        self.text(&who.pass);
    }

    fn hello(&mut self, it: &Hello) {
        self.addr(it.announce);
        self.id(it.id.0);
        self.add(it.current_epoch.0);
        self.text(&it.master_name);
        self.addr(it.master);
        self.add(it.config_epoch.0);
    }

    fn switch_master(&mut self, it: &SwitchMaster) {
        self.text(&it.name);
        self.addr(it.old);
        self.addr(it.new);
    }

    fn info(&mut self, info: &Info) {
        self.id(info.run_id.0);
        self.flag(info.loading);
        self.opt(info.slave.as_ref(), Tag::slave);
        self.add(info.replicas.len() as u64);
        for replica in &info.replicas {
            self.replica(replica);
        }
        self.id(info.replid.0);
        self.add(info.repl_offset.0);
    }

    fn slave(&mut self, slave: &SlaveInfo) {
        self.addr(slave.master);
        self.flag(slave.link_up);
        self.opt(slave.down_since_secs, |tag, secs| tag.add(secs as u64));
        self.add(slave.offset.0);
        self.add(u64::from(slave.priority));
        self.flag(slave.announced);
        self.add(slave.last_io_secs as u64);
        self.flag(slave.syncing);
    }

    fn replica(&mut self, replica: &ReplicaLine) {
        self.addr(replica.addr);
        self.add(replica.state as u64);
        self.add(replica.offset.0);
        self.add(replica.lag_secs as u64);
    }

    fn role(&mut self, role: &RoleReply) {
        match role {
            RoleReply::Master(offset, replicas) => {
                self.add(0);
                self.add(offset.0);
                self.add(replicas.len() as u64);
                for (addr, offset) in replicas {
                    self.addr(*addr);
                    self.add(offset.0);
                }
            }
            RoleReply::Slave(master, state, offset) => {
                self.add(1);
                self.addr(*master);
                self.add(*state as u64);
                self.opt(*offset, |tag, offset| tag.add(offset.0));
            }
            RoleReply::Sentinel => self.add(2),
        }
    }

    fn instance(&mut self, entry: &InstanceReply) {
        self.text(&entry.name);
        self.addr(entry.addr);
        let flags = [entry.master, entry.slave, entry.s_down, entry.o_down, entry.disconnected];
        for flag in flags {
            self.flag(flag);
        }
        self.add(u64::from(entry.other_sentinels));
    }
}
