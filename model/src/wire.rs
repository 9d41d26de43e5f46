//! Bytes on the wire: the RESP form of every message and, without building it, its length. Lengths decide what a link
//! carries and where a replica's offset stands, so both come from one description, written into a `Sink` that either
//! keeps the bytes or only counts them. Knows nothing of links or buffers.

mod info;
mod reply;
mod tag;

use crate::ids::{Addr, Hex40, Ip, ReplId, ReplOffset};
use crate::message::{Channel, Credentials, Hello, Request, StreamItem, SwitchMaster};
use crate::value::{Command, Key, Value, digits};
use crate::{Message, Millis};

impl Message {
    /// Length of [`Message::encode`] in bytes, at most `u32::MAX`. Allocates nothing.
    pub fn wire_len(&self) -> u32 {
        let mut count = Count(0);
        message(self, &mut count);
        u32::try_from(count.0).unwrap_or(u32::MAX)
    }

    /// The message as a real peer would write it. The content of a snapshot is zeros.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        message(self, &mut bytes);
        bytes
    }
}

/// Takes a message piece by piece.
trait Sink {
    fn raw(&mut self, bytes: &[u8]);
    fn number(&mut self, n: u64);
    fn hex(&mut self, id: Hex40);
    fn ip(&mut self, ip: Ip);
    fn key(&mut self, key: Key);
    fn zeros(&mut self, n: u64);

    fn signed(&mut self, n: i64) {
        if n < 0 {
            self.raw(b"-");
        }
        self.number(n.unsigned_abs());
    }

    fn end(&mut self) {
        self.raw(b"\r\n");
    }

    /// Text with bare newlines, each sent as the protocol's; `sent` is its length then.
    fn lines(&mut self, text: &str, _sent: u64) {
        for line in text.lines() {
            self.raw(line.as_bytes());
            self.end();
        }
    }

    fn array(&mut self, len: usize) {
        self.raw(b"*");
        self.number(len as u64);
        self.end();
    }

    fn integer(&mut self, n: i64) {
        self.raw(b":");
        self.signed(n);
        self.end();
    }

    fn bulk_head(&mut self, len: u64) {
        self.raw(b"$");
        self.number(len);
        self.end();
    }

    fn bulk(&mut self, text: &str) {
        self.bulk_head(text.len() as u64);
        self.raw(text.as_bytes());
        self.end();
    }

    fn bulk_number(&mut self, n: u64) {
        self.bulk_head(u64::from(digits(n)));
        self.number(n);
        self.end();
    }

    fn bulk_signed(&mut self, n: i64) {
        self.bulk_head(u64::from(digits(n.unsigned_abs())) + u64::from(n < 0));
        self.signed(n);
        self.end();
    }

    fn bulk_hex(&mut self, id: Hex40) {
        self.bulk_head(40);
        self.hex(id);
        self.end();
    }

    fn bulk_ip(&mut self, ip: Ip) {
        self.bulk_head(u64::from(ip_len(ip)));
        self.ip(ip);
        self.end();
    }

    fn bulk_key(&mut self, key: Key) {
        self.bulk_head(u64::from(key.name_len()));
        self.key(key);
        self.end();
    }

    /// A bulk string put together from pieces; `body` is run twice.
    fn bulk_of(&mut self, body: &dyn Fn(&mut dyn Sink))
    where
        Self: Sized,
    {
        let mut count = Count(0);
        body(&mut count);
        self.bulk_head(count.0);
        body(self);
        self.end();
    }
}

/// Counts bytes.
struct Count(u64);

impl Sink for Count {
    fn raw(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
    fn number(&mut self, n: u64) {
        self.0 += u64::from(digits(n));
    }
    fn hex(&mut self, _: Hex40) {
        self.0 += 40;
    }
    fn ip(&mut self, ip: Ip) {
        self.0 += u64::from(ip_len(ip));
    }
    fn key(&mut self, key: Key) {
        self.0 += u64::from(key.name_len());
    }
    fn zeros(&mut self, n: u64) {
        self.0 = self.0.saturating_add(n);
    }
    fn lines(&mut self, _text: &str, sent: u64) {
        self.0 += sent;
    }
}

impl Sink for Vec<u8> {
    fn raw(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
    fn number(&mut self, n: u64) {
        self.raw(n.to_string().as_bytes());
    }
    fn hex(&mut self, id: Hex40) {
        self.raw(id.to_string().as_bytes());
    }
    fn ip(&mut self, ip: Ip) {
        self.raw(ip.to_string().as_bytes());
    }
    fn key(&mut self, key: Key) {
        self.raw(key.name().as_bytes());
    }
    fn zeros(&mut self, n: u64) {
        self.resize(self.len() + n as usize, 0);
    }
}

fn ip_len(ip: Ip) -> u32 {
    if let Some(name) = ip.name() {
        return name.len() as u32;
    }
    let octets = ip.0.to_be_bytes();
    3 + octets.map(|octet| digits(u64::from(octet))).iter().sum::<u32>()
}

fn message<S: Sink>(message: &Message, to: &mut S) {
    match message {
        Message::Request(it) => request(it, to),
        Message::Reply(it) => reply::reply(it, to),
        Message::Hello(it) => {
            published(Channel::Hello, to);
            hello(it, to);
        }
        Message::SwitchMaster(it) => {
            published(Channel::SwitchMaster, to);
            switch_master(it, to);
        }
        Message::Published(it) => {
            begin(4, &["pmessage", channel_name(Channel::Everything), it.event.kind.name()], to);
            to.bulk(&it.payload);
        }
        Message::Stream(it) => stream_item(it, to),
        Message::Snapshot(it) => {
            to.bulk_head(it.bytes);
            to.zeros(it.bytes);
        }
        Message::Newline => to.raw(b"\n"),
    }
}

/// Length of a unit of the replication stream: by so much it moves the offset.
impl StreamItem {
    /// Length in the replication stream in bytes; offsets are sums of these (Redis spec 4.1).
    pub fn wire_len(&self) -> u64 {
        let mut count = Count(0);
        stream_item(self, &mut count);
        count.0
    }
}

impl Command {
    /// Length on the wire in bytes, as a RESP array of bulk strings.
    pub fn wire_len(self) -> u64 {
        let mut count = Count(0);
        command(self, &mut count);
        count.0
    }
}

/// A request of these words.
fn words<S: Sink>(words: &[&str], to: &mut S) {
    to.array(words.len());
    for word in words {
        to.bulk(word);
    }
}

/// The head of a request of `total` words, of which these are the first.
fn begin<S: Sink>(total: usize, first: &[&str], to: &mut S) {
    to.array(total);
    for word in first {
        to.bulk(word);
    }
}

fn request<S: Sink>(request: &Request, to: &mut S) {
    match request {
        Request::Ping => words(&["PING"], to),
        Request::Auth(who) => auth(who, to),
        Request::HelloProto(who) => hello_proto(who.as_deref(), to),
        Request::ClientSetName(name) => words(&["CLIENT", "SETNAME", name], to),
        Request::ClientSetInfo(true) => words(&["CLIENT", "SETINFO", "LIB-NAME", "redis-py"], to),
        Request::ClientSetInfo(false) => words(&["CLIENT", "SETINFO", "LIB-VER", "8.1.0"], to),
        Request::ClientKill(kind) => words(&["CLIENT", "KILL", "TYPE", kind.name()], to),
        Request::Subscribe(Channel::Everything) => words(&["PSUBSCRIBE", channel_name(Channel::Everything)], to),
        Request::Subscribe(channel) => words(&["SUBSCRIBE", channel_name(*channel)], to),
        Request::Publish(it) => publish(it, to),
        Request::Info => words(&["INFO"], to),
        Request::Role => words(&["ROLE"], to),
        Request::Multi => words(&["MULTI"], to),
        Request::Exec => words(&["EXEC"], to),
        Request::SlaveOf(None) => words(&["SLAVEOF", "NO", "ONE"], to),
        Request::SlaveOf(Some(master)) => {
            begin(3, &["SLAVEOF"], to);
            addr(*master, to);
        }
        Request::ConfigRewrite => words(&["CONFIG", "REWRITE"], to),
        Request::ScriptKill => words(&["SCRIPT", "KILL"], to),
        Request::Data(it) => command(*it, to),
        Request::Wait(replicas, Millis(timeout)) => {
            begin(3, &["WAIT"], to);
            to.bulk_number(u64::from(*replicas));
            to.bulk_signed(*timeout);
        }
        Request::ReplconfIp(ip) => {
            begin(3, &["REPLCONF", "ip-address"], to);
            to.bulk_ip(*ip);
        }
        Request::ReplconfPort(port) => {
            begin(3, &["REPLCONF", "listening-port"], to);
            to.bulk_number(u64::from(*port));
        }
        Request::ReplconfCapa => words(&["REPLCONF", "capa", "eof", "capa", "psync2"], to),
        Request::ReplconfAck(ReplOffset(offset)) => {
            begin(3, &["REPLCONF", "ACK"], to);
            to.bulk_number(*offset);
        }
        Request::Psync(None) => words(&["PSYNC", "?", "-1"], to),
        Request::Psync(Some(from)) => {
            let (ReplId(id), ReplOffset(offset)) = **from;
            begin(3, &["PSYNC"], to);
            to.bulk_hex(id);
            to.bulk_number(offset);
        }
        Request::GetMasterAddr(name) => {
            words(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name], to);
        }
        Request::Masters => words(&["SENTINEL", "MASTERS"], to),
        Request::Replicas(name) => words(&["SENTINEL", "REPLICAS", name], to),
        Request::Sentinels(name) => words(&["SENTINEL", "SENTINELS", name], to),
        Request::IsMasterDown(query) => {
            begin(6, &["SENTINEL", "is-master-down-by-addr"], to);
            addr(query.master, to);
            to.bulk_number(query.epoch.0);
            match query.candidate {
                Some(id) => to.bulk_hex(id.0),
                None => to.bulk("*"),
            }
        }
        Request::Failover(name) => words(&["SENTINEL", "FAILOVER", name], to),
        Request::Sentinel(command) => {
            let all = command.words();
            words(&all.iter().map(String::as_str).collect::<Vec<_>>(), to);
        }
        // The arguments stay what they are; only the name is another one.
        Request::Renamed(name, request) => {
            let mut plain = Vec::new();
            self::request(request, &mut plain);
            let own = request.command_name().len();
            let head = plain.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            to.raw(&plain[..head]);
            to.bulk(name);
            let first = format!("${own}\r\n").len() + own + 2;
            to.raw(plain.get(head + first..).unwrap_or_default());
        }
    }
}

/// Address and port as two words.
fn addr<S: Sink>(addr: Addr, to: &mut S) {
    to.bulk_ip(addr.ip);
    to.bulk_number(u64::from(addr.port));
}

fn auth<S: Sink>(who: &Credentials, to: &mut S) {
    match &who.user {
        Some(user) => words(&["AUTH", user, &who.pass], to),
        None => words(&["AUTH", &who.pass], to),
    }
}

fn hello_proto<S: Sink>(who: Option<&Credentials>, to: &mut S) {
    match who {
        Some(who) => {
            let user = who.user.as_deref().unwrap_or("default");
            words(&["HELLO", "3", "AUTH", user, &who.pass], to);
        }
        None => words(&["HELLO", "3"], to),
    }
}

fn command<S: Sink>(command: Command, to: &mut S) {
    match command {
        Command::Sadd(key, value) => key_value("SADD", key, value, to),
        Command::Srem(key, value) => key_value("SREM", key, value, to),
        Command::Sismember(key, value) => key_value("SISMEMBER", key, value, to),
        Command::Set(key, value) => key_value("SET", key, value, to),
        Command::Rpush(key, value) => key_value("RPUSH", key, value, to),
        Command::Smembers(key) => key_only("SMEMBERS", key, to),
        Command::Get(key) => key_only("GET", key, to),
        Command::Incr(key) => key_only("INCR", key, to),
        Command::Del(key) => key_only("DEL", key, to),
        Command::Lrange(key) => {
            begin(4, &["LRANGE"], to);
            to.bulk_key(key);
            to.bulk("0");
            to.bulk("-1");
        }
    }
}

fn key_value<S: Sink>(name: &str, key: Key, value: Value, to: &mut S) {
    begin(3, &[name], to);
    to.bulk_key(key);
    to.bulk_number(value.0);
}

fn key_only<S: Sink>(name: &str, key: Key, to: &mut S) {
    begin(2, &[name], to);
    to.bulk_key(key);
}

fn stream_item<S: Sink>(item: &StreamItem, to: &mut S) {
    match item {
        StreamItem::Select => words(&["SELECT", "0"], to),
        StreamItem::Ping => words(&["PING"], to),
        StreamItem::GetAck => words(&["REPLCONF", "GETACK", "*"], to),
        StreamItem::Multi => words(&["MULTI"], to),
        StreamItem::Exec => words(&["EXEC"], to),
        StreamItem::Write(it) => command(*it, to),
        StreamItem::Publish(it) => publish(it, to),
    }
}

const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Hello => "__sentinel__:hello",
        Channel::SwitchMaster => "+switch-master",
        Channel::Everything => "*",
    }
}

/// Head of a pub/sub message; its payload follows.
fn published<S: Sink>(channel: Channel, to: &mut S) {
    begin(3, &["message", channel_name(channel)], to);
}

fn publish<S: Sink>(it: &Hello, to: &mut S) {
    begin(3, &["PUBLISH", channel_name(Channel::Hello)], to);
    hello(it, to);
}

/// Payload of a hello: eight fields with commas (Sentinel spec 5.1).
fn hello<S: Sink>(it: &Hello, to: &mut S) {
    to.bulk_of(&|to| {
        to.ip(it.announce.ip);
        to.raw(b",");
        to.number(u64::from(it.announce.port));
        to.raw(b",");
        to.hex(it.id.0);
        to.raw(b",");
        to.number(it.current_epoch.0);
        to.raw(b",");
        to.raw(it.master_name.as_bytes());
        to.raw(b",");
        to.ip(it.master.ip);
        to.raw(b",");
        to.number(u64::from(it.master.port));
        to.raw(b",");
        to.number(it.config_epoch.0);
    });
}

fn switch_master<S: Sink>(it: &SwitchMaster, to: &mut S) {
    to.bulk_of(&|to| {
        to.raw(it.name.as_bytes());
        for addr in [it.old, it.new] {
            to.raw(b" ");
            to.ip(addr.ip);
            to.raw(b" ");
            to.number(u64::from(addr.port));
        }
    });
}

#[cfg(test)]
mod tests;
