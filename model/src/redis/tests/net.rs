//! A tiny deterministic network for tests: servers and scripted clients, one fixed latency, perfect clocks. A frozen
//! server keeps receiving; what it got runs when it thaws, in the order in which it became readable.

use crate::env::{Disk, Draws, Env, Purpose, Saved};
use crate::files::{AofEntry, AofFile, RedisConf, RedisFiles, SentinelConf, Snapshot};
use crate::message::{CloseReason, ConnectError, Input, Message, Reply, Request};
use crate::note::Note;
use crate::redis::Redis;
use crate::{Act, Addr, Conn, Effects, Ip, MonoTime, Nanos, Node, WallTime};
use std::sync::Arc;

/// Latency of every message.
pub const HOP: u64 = 200_000;
/// How long a dataset takes to leave a server that asked to be told; long enough for a client to see the state.
const BULK_TIME: u64 = 50_000_000;
const EPOCH: i64 = 1_700_000_000_000_000_000;
/// Reading of the monotonic clocks at the beginning.
const UPTIME: u64 = 1_000_000_000;

/// Chance of tests: a counter, scrambled.
pub struct TestDraws(pub u64);

impl Draws for TestDraws {
    fn word(&mut self, _: Purpose) -> u64 {
        self.0 += 1;
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// Disk of tests.
#[derive(Default)]
pub struct TestDisk {
    pub conf: Option<RedisConf>,
    pub rdb: Option<Arc<Snapshot>>,
    pub aof: Option<AofFile>,
    pub fsyncs: u32,
    pub background_fsyncs: u32,
    pub rdb_fails: bool,
    pub full: bool,
    pub fsync_fails: bool,
    pub sync_left: Nanos,
    pub fsync_cost: Nanos,
    pub save_time: Nanos,
    pub load_time: Nanos,
}

impl Disk for TestDisk {
    fn save_sentinel_conf(&mut self, _: Nanos, _: &SentinelConf) -> Saved {
        Saved { cost: Nanos::ZERO, result: Ok(()) }
    }
    fn save_redis_conf(&mut self, _: Nanos, conf: &RedisConf) -> Saved {
        self.conf = Some(conf.clone());
        Saved { cost: Nanos::from_millis(1), result: Ok(()) }
    }
    fn append_aof(&mut self, _: Nanos, entry: AofEntry) {
        self.aof.get_or_insert_default().entries.push(entry);
    }
    fn fsync_aof(&mut self, _: Nanos) -> Nanos {
        self.fsyncs += 1;
        self.fsync_cost
    }
    fn fsync_aof_in_background(&mut self, _: Nanos) {
        self.background_fsyncs += 1;
    }
    fn replace_aof(&mut self, _: Nanos, base: Arc<Snapshot>, entries: Vec<AofEntry>) {
        self.aof = Some(AofFile { base: Some(base), entries });
    }
    fn save_rdb(&mut self, _: Nanos, snapshot: Arc<Snapshot>) {
        self.rdb = Some(snapshot);
    }
    fn fork_pause(&mut self, _: u64) -> Nanos {
        Nanos::from_micros(300)
    }
    fn save_time(&mut self, _: u64) -> Nanos {
        self.save_time
    }
    fn load_time(&mut self, _: u64) -> Nanos {
        self.load_time
    }
    fn rdb_save_fails(&mut self) -> bool {
        self.rdb_fails
    }
    fn aof_sync_left(&mut self, _: Nanos) -> Nanos {
        self.sync_left
    }
    fn is_full(&mut self) -> bool {
        self.full
    }
    fn fsync_fails(&mut self) -> bool {
        self.fsync_fails
    }
}

/// One server process with its files.
pub struct Server {
    pub node: Option<Redis>,
    pub disk: TestDisk,
    draws: TestDraws,
    out: Effects,
    pub frozen: bool,
    /// Sockets that are full, with the bytes they have not taken.
    pub refused: Vec<(Conn, u64)>,
    /// Ready inputs of a frozen process.
    queued: Vec<Input>,
    pub notes: Vec<(u64, Note)>,
    pub exit: Option<(u64, u8)>,
}

impl Server {
    /// A frozen process loses what its peers on replication links had sent.
    pub fn queued_without_requests_of_servers(&mut self) {
        self.queued.retain(|input| {
            !matches!(input, Input::Message(_, Message::Request(Request::ReplconfAck(_)) | Message::Stream(_)))
        });
    }
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Server(usize, Conn),
    Client(usize),
}

/// What a scripted client saw.
#[derive(Clone, Debug)]
pub enum Seen {
    Reply(Reply),
    Hello,
    Closed,
}

/// A scripted client's connection.
#[derive(Default)]
pub struct Client {
    pub seen: Vec<(u64, Seen)>,
}

enum What {
    Deliver(End, Message),
    Close(End),
    Accept(usize, End),
    Connected(End),
    Refused(End),
    Sent(usize, Conn),
}

/// The network.
pub struct Net {
    pub now: u64,
    pub servers: Vec<Server>,
    pub clients: Vec<Client>,
    links: Vec<Option<(End, End)>>,
    queue: std::collections::BTreeMap<(u64, u64), What>,
    sequence: u64,
    /// Messages between servers get lost while this holds.
    pub cut: bool,
}

/// Address of a server by number.
pub fn addr(server: usize) -> Addr {
    Addr { ip: Ip(0x0A00_0001 + server as u32), port: 6379 }
}

/// A configuration without save points.
pub fn plain() -> RedisConf {
    RedisConf { save: Vec::new(), repl_diskless_sync_delay: 0, ..RedisConf::default() }
}

/// The same as a replica of server 0.
pub fn replica() -> RedisConf {
    RedisConf { replicaof: Some(addr(0)), ..plain() }
}

impl Net {
    /// Starts servers with these configurations.
    pub fn new(confs: Vec<RedisConf>) -> Net {
        let mut net = Net {
            now: 0,
            servers: Vec::new(),
            clients: Vec::new(),
            links: Vec::new(),
            queue: Default::default(),
            sequence: 0,
            cut: false,
        };
        for (number, conf) in confs.into_iter().enumerate() {
            net.servers.push(Server {
                node: None,
                disk: TestDisk { conf: Some(conf), ..TestDisk::default() },
                draws: TestDraws(1000 * number as u64),
                out: Effects::default(),
                frozen: false,
                refused: Vec::new(),
                queued: Vec::new(),
                notes: Vec::new(),
                exit: None,
            });
            net.start(number);
        }
        net
    }

    /// A master and replicas, synchronised.
    pub fn synced(confs: Vec<RedisConf>) -> Net {
        let mut net = Net::new(confs);
        net.run_ms(1500);
        for server in 1..net.servers.len() {
            assert!(net.redis(server).link_up());
        }
        net
    }

    pub fn redis(&self, server: usize) -> &Redis {
        self.servers[server].node.as_ref().expect("running")
    }

    /// Fills a server as its configuration says.
    pub fn populate(&mut self, server: usize) {
        self.servers[server].node.as_mut().expect("running").populate();
    }

    /// Starts a process from what is on its disk.
    pub fn start(&mut self, server: usize) {
        let now = self.now;
        let s = &mut self.servers[server];
        let files = RedisFiles {
            conf: s.disk.conf.clone().unwrap_or_default(),
            rdb: s.disk.rdb.clone(),
            aof: s.disk.aof.clone(),
        };
        s.exit = None;
        s.out = Effects::default();
        let mut env = env_at(now, &mut s.draws, &mut s.disk);
        s.node = Some(Redis::start(files, addr(server), &mut env, &mut s.out));
        self.flush(server, 0);
    }

    /// SIGKILL: connections end, unread input is lost.
    pub fn kill(&mut self, server: usize) {
        self.servers[server].node = None;
        self.servers[server].queued.clear();
        for index in 0..self.links.len() {
            let Some((a, b)) = self.links[index] else {
                continue;
            };
            for (own, other) in [(a, b), (b, a)] {
                if matches!(own, End::Server(s, _) if s == server) {
                    self.links[index] = None;
                    self.at(HOP, What::Close(other));
                }
            }
        }
    }

    /// Opens a client connection to a server.
    pub fn client(&mut self, server: usize) -> usize {
        self.clients.push(Client::default());
        let client = self.clients.len() - 1;
        self.at(HOP, What::Accept(server, End::Client(client)));
        self.run_ms(1);
        client
    }

    /// Sends a command of a client.
    pub fn send(&mut self, client: usize, request: Request) {
        if let Some(peer) = self.peer(End::Client(client)) {
            self.at(HOP, What::Deliver(peer, Message::Request(request)));
        }
    }

    /// Sends a command and gives the reply due within a few milliseconds.
    pub fn ask(&mut self, client: usize, request: Request) -> Reply {
        let before = self.clients[client].seen.len();
        self.send(client, request);
        self.run_ms(3);
        match self.clients[client].seen.get(before) {
            Some((_, Seen::Reply(reply))) => reply.clone(),
            other => panic!("no reply but {other:?}"),
        }
    }

    /// A client closes its connection.
    pub fn hang_up(&mut self, client: usize) {
        let end = End::Client(client);
        if let Some(peer) = self.peer(end) {
            self.at(HOP, What::Close(peer));
        }
    }

    /// The last thing a client saw.
    pub fn last(&self, client: usize) -> &Seen {
        &self.clients[client].seen.last().expect("saw something").1
    }

    /// All replies a client saw.
    pub fn replies(&self, client: usize) -> Vec<Reply> {
        let seen = self.clients[client].seen.iter();
        seen.filter_map(|(_, seen)| match seen {
            Seen::Reply(reply) => Some(reply.clone()),
            _ => None,
        })
        .collect()
    }

    /// Whether a client was cut.
    pub fn is_closed(&self, client: usize) -> bool {
        matches!(self.clients[client].seen.last(), Some((_, Seen::Closed)))
    }

    pub fn freeze(&mut self, server: usize) {
        self.servers[server].frozen = true;
    }

    /// Continues a process: all that is readable is served in one iteration.
    pub fn thaw(&mut self, server: usize) {
        self.servers[server].frozen = false;
        let queued = std::mem::take(&mut self.servers[server].queued);
        self.iterate(server, queued);
    }

    /// One event-loop iteration with these inputs.
    pub fn iterate(&mut self, server: usize, inputs: Vec<Input>) {
        let now = self.now;
        let s = &mut self.servers[server];
        if s.frozen {
            s.queued.extend(inputs);
            return;
        }
        let Some(node) = &mut s.node else { return };
        let mut env = env_at(now, &mut s.draws, &mut s.disk).with_refused(&s.refused);
        for input in inputs {
            node.step(&mut env, input, &mut s.out);
        }
        if node.next_wakeup().is_some_and(|at| at <= env.mono()) {
            node.step(&mut env, Input::Wake, &mut s.out);
        }
        node.end_iteration(&mut env, &mut s.out);
        let blocked = env.elapsed().0;
        self.flush(server, blocked);
    }

    fn flush(&mut self, server: usize, blocked: u64) {
        let mut out = std::mem::take(&mut self.servers[server].out);
        for (at, act) in &out.acts {
            if let Act::Open(conn, to) = act {
                self.open(server, *conn, *to, at.0);
            }
        }
        for (conn, message) in out.stream.drain(..).chain(out.sends.drain(..)) {
            let Some(peer) = self.peer(End::Server(server, conn)) else {
                continue;
            };
            if !(self.cut && matches!(peer, End::Server(..))) {
                self.at(blocked + HOP, What::Deliver(peer, message));
            }
        }
        for (at, act) in std::mem::take(&mut out.acts) {
            match act {
                Act::Close(conn, _) => {
                    let end = End::Server(server, conn);
                    if let Some(peer) = self.peer(end) {
                        self.unlink(end);
                        self.at(blocked + HOP + 1, What::Close(peer));
                    }
                }
                Act::Note(note) => self.servers[server].notes.push((self.now + at.0, note)),
                Act::Exit(status) => {
                    self.servers[server].exit = Some((self.now + at.0, status));
                    self.kill(server);
                }
                Act::TellSent(conn) => self.at(blocked + BULK_TIME, What::Sent(server, conn)),
                Act::Open(..) | Act::Event(_) => {}
            }
        }
        self.servers[server].out = out;
    }

    fn open(&mut self, server: usize, conn: Conn, to: Addr, at: u64) {
        let from = End::Server(server, conn);
        let target = (0..self.servers.len()).find(|s| addr(*s) == to);
        match target {
            Some(target) if self.servers[target].node.is_some() => {
                self.at(at + HOP, What::Accept(target, from));
                self.at(at + 2 * HOP, What::Connected(from));
            }
            _ => self.at(at + HOP, What::Refused(from)),
        }
    }

    fn at(&mut self, after: u64, what: What) {
        self.sequence += 1;
        self.queue.insert((self.now + after, self.sequence), what);
    }

    fn peer(&self, end: End) -> Option<End> {
        self.links.iter().flatten().find_map(|(a, b)| {
            if *a == end {
                Some(*b)
            } else if *b == end {
                Some(*a)
            } else {
                None
            }
        })
    }

    fn unlink(&mut self, end: End) {
        for link in &mut self.links {
            if link.is_some_and(|(a, b)| a == end || b == end) {
                *link = None;
            }
        }
    }

    /// Lets time pass.
    pub fn run_ms(&mut self, ms: u64) {
        self.run_until(self.now + ms * 1_000_000);
    }

    pub fn run_until(&mut self, end: u64) {
        loop {
            let timer = (0..self.servers.len())
                .filter(|s| !self.servers[*s].frozen)
                .filter_map(|s| {
                    let at = self.servers[s].node.as_ref()?.next_wakeup()?.0 - UPTIME;
                    Some((at.max(self.now), s))
                })
                .min();
            let event = self.queue.keys().next().copied();
            let timer_first = match (timer, event) {
                (Some((at, _)), Some((event_at, _))) => at < event_at,
                (Some(_), None) => true,
                _ => false,
            };
            let next = if timer_first { timer.map(|t| t.0) } else { event.map(|e| e.0) };
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = next;
            if timer_first {
                let server = timer.expect("checked").1;
                self.iterate(server, vec![]);
            } else if let Some((_, what)) = self.queue.pop_first() {
                self.handle(what);
            }
        }
        self.now = end;
    }

    fn handle(&mut self, what: What) {
        match what {
            What::Deliver(End::Server(s, conn), message) => {
                self.iterate(s, vec![Input::Message(conn, message)]);
            }
            What::Deliver(End::Client(c), message) => {
                let seen = match message {
                    Message::Reply(reply) => Seen::Reply(reply),
                    _ => Seen::Hello,
                };
                self.clients[c].seen.push((self.now, seen));
            }
            What::Close(end) => {
                self.unlink(end);
                match end {
                    End::Server(s, conn) => {
                        self.iterate(s, vec![Input::Closed(conn, CloseReason::Eof)]);
                    }
                    End::Client(c) => self.clients[c].seen.push((self.now, Seen::Closed)),
                }
            }
            What::Accept(s, from) => {
                let conn = Conn(self.servers[s].out.next_conn);
                self.servers[s].out.next_conn += 1;
                self.links.push(Some((from, End::Server(s, conn))));
                let ip = match from {
                    End::Server(other, _) => addr(other).ip,
                    End::Client(c) => Ip(0x0B00_0000 + c as u32),
                };
                self.iterate(s, vec![Input::Accepted(conn, Addr { ip, port: 40_000 })]);
            }
            What::Connected(End::Server(s, conn)) => {
                if self.peer(End::Server(s, conn)).is_some() {
                    self.iterate(s, vec![Input::Connected(conn)]);
                }
            }
            What::Sent(s, conn) => self.iterate(s, vec![Input::Sent(conn)]),
            What::Refused(End::Server(s, conn)) => {
                self.iterate(s, vec![Input::ConnectFailed(conn, ConnectError::Refused)]);
            }
            What::Connected(End::Client(_)) | What::Refused(End::Client(_)) => {}
        }
    }
}

/// An environment at this many nanoseconds after start.
pub fn env_at<'a>(now: u64, draws: &'a mut TestDraws, disk: &'a mut TestDisk) -> Env<'a> {
    Env::new(WallTime(EPOCH + now as i64), MonoTime(UPTIME + now), draws, disk)
}
