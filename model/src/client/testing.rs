//! A bench for client tests: scripted peers, and effects as short lines of text.

use super::{Client, ClientConf, profile::Profile, workload::Rate, workload::Workload};
use crate::env::{Disk, Saved};
use crate::event::{Event, EventKind, Extra, Subject};
use crate::files::{AofEntry, RedisConf, SentinelConf, Snapshot};
use crate::message::{Channel, CloseReason, ConnectError, Info, InstanceReply, Published, RoleReply, SwitchMaster};
use crate::note::Note;
use crate::{
    Act, Addr, Conn, Draws, Effects, Env, Hex40, Input, Ip, Message, MonoTime, Nanos, Node, Purpose, ReplId,
    ReplOffset, Reply, Request, RunId, WallTime,
};
use std::sync::Arc;

/// Chance that always says the same word. By default the lowest of every range; not 0, which many ranges reject.
pub(crate) struct Words(u64);

/// A word that lies in the middle of every range.
pub(crate) const MIDDLE: u64 = (1 << 63) + 1;

impl Default for Words {
    fn default() -> Words {
        Words(1)
    }
}

impl Words {
    pub(crate) fn always(word: u64) -> Words {
        Words(word)
    }
}

impl Draws for Words {
    fn word(&mut self, _purpose: Purpose) -> u64 {
        self.0
    }
}

/// Clients have no files.
struct NoDisk;

impl Disk for NoDisk {
    fn save_sentinel_conf(&mut self, _: Nanos, _: &SentinelConf) -> Saved {
        unreachable!("clients have no files")
    }
    fn save_redis_conf(&mut self, _: Nanos, _: &RedisConf) -> Saved {
        unreachable!("clients have no files")
    }
    fn append_aof(&mut self, _: Nanos, _: AofEntry) {}
    fn fsync_aof(&mut self, _: Nanos) -> Nanos {
        Nanos::ZERO
    }
    fn fsync_aof_in_background(&mut self, _: Nanos) {}
    fn replace_aof(&mut self, _: Nanos, _: Arc<Snapshot>, _: Vec<AofEntry>) {}
    fn save_rdb(&mut self, _: Nanos, _: Arc<Snapshot>) {}
    fn fork_pause(&mut self, _: u64) -> Nanos {
        Nanos::ZERO
    }
    fn save_time(&mut self, _: u64) -> Nanos {
        Nanos::ZERO
    }
    fn load_time(&mut self, _: u64) -> Nanos {
        Nanos::ZERO
    }
}

/// Server number `n`.
pub(super) fn server(n: u32) -> Addr {
    Addr { ip: Ip(0x0a00_0000 + n), port: 6379 }
}

/// Sentinel number `n`.
pub(super) fn sentinel(n: u32) -> Addr {
    Addr { port: 26379, ..server(n) }
}

/// An entry of SENTINEL MASTERS without any bad flag.
pub(super) fn healthy(n: u32) -> InstanceReply {
    InstanceReply {
        name: "mymaster".into(),
        addr: server(n),
        master: true,
        slave: false,
        s_down: false,
        o_down: false,
        disconnected: false,
        other_sentinels: 2,
    }
}

/// ROLE of a master.
pub(super) fn role_master() -> Reply {
    Reply::Role(Box::new(RoleReply::Master(ReplOffset(0), Vec::new())))
}

/// INFO of a master.
pub(super) fn info_master(loading: bool) -> Info {
    Info {
        run_id: RunId(Hex40::from_words([0; 3])),
        loading,
        slave: None,
        replicas: Vec::new(),
        replid: ReplId(Hex40::from_words([0; 3])),
        repl_offset: ReplOffset(0),
    }
}

/// A client with three Sentinels that does one SADD per second, and what it has done so far.
pub(super) struct Bench {
    pub(super) client: Client,
    now: MonoTime,
    out: Effects,
    chance: u64,
}

impl Bench {
    pub(super) fn new(profile: Profile) -> Bench {
        Bench::with(profile, Workload { sadd: Rate::per_second(1), ..Workload::default() })
    }

    pub(super) fn with(profile: Profile, workload: Workload) -> Bench {
        let conf = ClientConf {
            number: 1,
            profile,
            workload,
            sentinels: (1..=3).map(sentinel).collect(),
            server: None,
            master: "mymaster".into(),
            password: None,
            sentinel_password: None,
        };
        let (mut out, now) = (Effects::default(), MonoTime(0));
        let (draws, disk) = (&mut Words::default(), &mut NoDisk);
        let env = &mut Env::new(WallTime(0), now, draws, disk);
        Bench { client: Client::start(conf, env, &mut out), now, out, chance: 1 }
    }

    /// Chance says this from now on.
    pub(super) fn chance(&mut self, word: u64) {
        self.chance = word;
    }

    fn step(&mut self, input: Input) -> Vec<String> {
        let (draws, disk) = (&mut Words(self.chance), &mut NoDisk);
        let env = &mut Env::new(WallTime(0), self.now, draws, disk);
        self.client.step(env, input, &mut self.out);
        let acts = self.out.acts.iter().filter_map(|(_, act)| line_of_act(act));
        let sends = self.out.sends.iter().map(line_of_send);
        let lines = acts.chain(sends).collect();
        self.out.clear();
        lines
    }

    /// When the client wants to be woken, in milliseconds.
    pub(super) fn wakeup(&self) -> Option<u64> {
        self.client.next_wakeup().map(|at| at.0 / 1_000_000)
    }

    /// Lets time pass and wakes the client.
    pub(super) fn wake_at(&mut self, ms: u64) -> Vec<String> {
        self.now = MonoTime(ms * 1_000_000);
        self.step(Input::Wake)
    }

    pub(super) fn connected(&mut self, conn: u32) -> Vec<String> {
        self.step(Input::Connected(Conn(conn)))
    }

    pub(super) fn refused(&mut self, conn: u32) -> Vec<String> {
        self.step(Input::ConnectFailed(Conn(conn), ConnectError::Refused))
    }

    pub(super) fn reply(&mut self, conn: u32, reply: Reply) -> Vec<String> {
        self.step(Input::Message(Conn(conn), Message::Reply(reply)))
    }

    /// A Sentinel tells of a switch of `mymaster` to this server.
    pub(super) fn switch_to(&mut self, conn: u32, n: u32) -> Vec<String> {
        let message = SwitchMaster { name: "mymaster".into(), old: server(4), new: server(n) };
        self.step(Input::Message(Conn(conn), Message::SwitchMaster(Arc::new(message))))
    }

    /// A Sentinel tells of an event of the master `name`, about the server `n` behind it or about the master itself.
    pub(super) fn event(&mut self, conn: u32, kind: EventKind, name: &str, replica: Option<u32>) -> Vec<String> {
        let subject = replica.map_or(Subject::Master, |n| Subject::Slave(server(n)));
        let event = Event { kind, master: name.into(), master_addr: server(4), subject, extra: Extra::None };
        let message = Published { payload: event.payload(), event };
        self.step(Input::Message(Conn(conn), Message::Published(Arc::new(message))))
    }

    /// The greeting of a library that only tells its name and version.
    pub(super) fn introduce(&mut self, conn: u32) -> Vec<String> {
        assert_eq!(self.connected(conn), [format!("{conn} lib-name")]);
        assert_eq!(self.reply(conn, Reply::Ok), [format!("{conn} lib-ver")]);
        self.reply(conn, Reply::Ok)
    }

    pub(super) fn closed(&mut self, conn: u32) -> Vec<String> {
        self.step(Input::Closed(Conn(conn), CloseReason::Eof))
    }

    pub(super) fn input(&mut self, input: Input) -> Vec<String> {
        self.step(input)
    }

    /// The greeting of redis-py: three requests, the last two of which old servers do not know.
    pub(super) fn greet(&mut self, conn: u32) -> Vec<String> {
        assert_eq!(self.connected(conn), [format!("{conn} hello")]);
        assert_eq!(self.reply(conn, Reply::Server), [format!("{conn} lib-name")]);
        let unknown = || Reply::Error(crate::ErrorWord::Err);
        assert_eq!(self.reply(conn, unknown()), [format!("{conn} lib-ver")]);
        self.reply(conn, unknown())
    }
}

fn line_of_act(act: &Act) -> Option<String> {
    Some(match act {
        Act::Open(conn, to) => format!("{} open {to}", conn.0),
        Act::Close(conn, how) => format!("{} close {how:?}", conn.0),
        Act::Note(Note::Complete { op, outcome, server, attempts, attempts_indeterminate }) => {
            let server = server.map_or("-".to_owned(), |addr| addr.to_string());
            format!("op {op}: {outcome:?} {server} {attempts}/{attempts_indeterminate}")
        }
        Act::Note(_) => return None,
        other => format!("{other:?}"),
    })
}

fn line_of_send((conn, message): &(Conn, Message)) -> String {
    let text = match message {
        Message::Request(Request::HelloProto(None)) => "hello".to_owned(),
        Message::Request(Request::ClientSetInfo(true)) => "lib-name".to_owned(),
        Message::Request(Request::ClientSetInfo(false)) => "lib-ver".to_owned(),
        Message::Request(Request::Subscribe(Channel::Everything)) => "psubscribe".to_owned(),
        Message::Request(Request::Subscribe(_)) => "subscribe".to_owned(),
        Message::Request(Request::Replicas(name)) => format!("replicas {name}"),
        Message::Request(Request::GetMasterAddr(name)) => format!("get-master-addr {name}"),
        Message::Request(Request::Data(command)) => match command {
            crate::Command::Sadd(_, value) => format!("sadd {}", value.0),
            crate::Command::Incr(_) => "incr".to_owned(),
            other => format!("{other:?}"),
        },
        Message::Request(request) => format!("{request:?}").to_lowercase(),
        other => format!("{other:?}"),
    };
    format!("{} {text}", conn.0)
}
