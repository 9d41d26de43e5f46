//! Tests of the Sentinel: a rig with clocks, chance and disk in the test's hand, and one file per part.

mod access;
mod commands;
mod down;
mod failover;
mod hello;
mod info;
mod links;
mod names;
mod operator;
mod persist;
mod reconf;
mod scripts;
mod select;
mod sequence;
mod switch;
mod tilt;
mod vote;

use super::instance::{FailoverState, Flags, Master, Peer, Replica, Who};
use super::link::Link;
use super::{Cx, Sentinel};
use crate::effects::Act;
use crate::env::{Answered, Disk, Draws, Env, Purpose, Resolver, SaveError, Saved};
use crate::event::{Event, EventKind};
use crate::files::{AofEntry, MasterConf, RedisConf, SentinelConf, Snapshot};
use crate::message::{Info, SlaveInfo};
use crate::note::Note;
use crate::*;
use std::sync::Arc;

pub(super) const MS: u64 = 1_000_000;

/// Chance: the lowest frequency, a desynchronisation of the test's choice, tables in order of creation.
pub(super) struct FakeDraws {
    pub(super) hz_extra: u64,
    pub(super) desync: u64,
    pub(super) next_key: u64,
    pub(super) key_step: i64,
    pub(super) identities: u64,
}

/// A word from which `below(bound)` makes `value`.
fn word_for(value: u64, bound: u64) -> u64 {
    (((u128::from(value) << 64) / u128::from(bound)) as u64).wrapping_add(1 << 40)
}

impl Draws for FakeDraws {
    fn word(&mut self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::TimerHz => word_for(self.hz_extra, 10),
            Purpose::Desync => word_for(self.desync, 1000),
            Purpose::TableOrder => {
                self.next_key = self.next_key.wrapping_add_signed(self.key_step);
                self.next_key
            }
            _ => {
                self.identities += 1;
                0xabcd_0000 + self.identities
            }
        }
    }
}

/// A disk on which a save costs a fixed time.
pub(super) struct FakeDisk {
    pub(super) cost: Nanos,
    pub(super) fails: bool,
    pub(super) saved: Vec<SentinelConf>,
}

impl Disk for FakeDisk {
    fn save_sentinel_conf(&mut self, _: Nanos, conf: &SentinelConf) -> Saved {
        let result = if self.fails {
            Err(SaveError::Full)
        } else {
            self.saved.push(conf.clone());
            Ok(())
        };
        Saved { cost: self.cost, result }
    }
    fn save_redis_conf(&mut self, _: Nanos, _: &RedisConf) -> Saved {
        unreachable!("a Sentinel has no redis.conf")
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

/// A resolver that knows hosts `h1`, `h2`, … by the addresses of [`addr`], save those that are gone.
#[derive(Default)]
pub(super) struct FakeNames {
    pub(super) gone: Vec<&'static str>,
    pub(super) cost: Nanos,
    /// What was asked for, in order.
    pub(super) asked: Vec<String>,
}

impl Resolver for FakeNames {
    fn look_up(&mut self, _: Nanos, name: &str) -> Answered {
        self.asked.push(name.to_owned());
        let known = name.strip_prefix('h').filter(|_| !self.gone.contains(&name));
        Answered { cost: self.cost, ip: known.and_then(|host| host.parse().ok()).map(|host| addr(host).ip) }
    }
}

/// One Sentinel and everything around it. The clocks stand still unless told otherwise; blocking moves them.
pub(super) struct Rig {
    pub(super) sentinel: Sentinel,
    pub(super) wall: WallTime,
    pub(super) mono: MonoTime,
    pub(super) draws: FakeDraws,
    pub(super) disk: FakeDisk,
    pub(super) names: FakeNames,
    /// Effects of the last input only.
    pub(super) out: Effects,
}

pub(super) fn addr(host: u8) -> Addr {
    Addr { ip: Ip(0x0a4d_0000 + u32::from(host)), port: if host > 100 { 26379 } else { 6379 } }
}

pub(super) fn id(n: u64) -> SentinelId {
    SentinelId(Hex40::from_words([n, 0, 0]))
}

pub(super) const MASTER: u8 = 1;
pub(super) const ME: u8 = 101;

/// A master at host 1 with quorum 2, down-after 5 s, failover-timeout 10 s; `replicas` at hosts 2, 3, …; other
/// Sentinels at hosts 102, 103, … with ids 2, 3, …; we are id 1.
pub(super) fn conf(replicas: u8, peers: u8) -> SentinelConf {
    let mut master = MasterConf::new("mymaster".into(), addr(MASTER), 2);
    master.down_after = Millis(5_000);
    master.failover_timeout = Millis(10_000);
    master.known_replicas = (2..2 + replicas).map(addr).collect();
    master.known_sentinels = (2..2 + peers).map(|n| (addr(100 + n), id(u64::from(n)))).collect();
    SentinelConf { myid: Some(id(1)), masters: vec![master], ..SentinelConf::default() }
}

impl Rig {
    pub(super) fn start(conf: SentinelConf) -> Rig {
        Rig::start_with(conf, 1)
    }

    pub(super) fn start_with(conf: SentinelConf, key_step: i64) -> Rig {
        let wall = WallTime(1_700_000_000_000 * MS as i64);
        let mono = MonoTime(1_000 * MS);
        let mut draws = FakeDraws { hz_extra: 0, desync: 0, next_key: 1_000_000, key_step, identities: 0 };
        let mut disk = FakeDisk { cost: Nanos::from_millis(1), fails: false, saved: Vec::new() };
        let mut out = Effects::default();
        let mut names = FakeNames::default();
        let mut env = Env::new(wall, mono, &mut draws, &mut disk).with_resolver(&mut names);
        let sentinel = Sentinel::start(conf, addr(ME), &mut env, &mut out);
        let (wall, mono) = (env.wall(), env.mono());
        Rig { sentinel, wall, mono, draws, disk, names, out }
    }

    /// A started rig in which every link is up, every PING answered and every INFO fresh.
    pub(super) fn healthy(conf: SentinelConf) -> Rig {
        let mut rig = Rig::start(conf);
        rig.advance(1);
        rig.wake();
        rig.refresh();
        rig.disk.saved.clear();
        rig
    }

    /// Makes all links look as if everything had just been answered.
    pub(super) fn refresh(&mut self) {
        let now = self.now();
        for who in self.everyone() {
            let inst = self.sentinel.inst_mut(who);
            inst.last_pub_time = now;
            inst.info_refresh = now;
            self.answered(who);
        }
        for m in 0..self.sentinel.masters.len() {
            for peer in &mut self.sentinel.masters[m].peers {
                peer.last_master_down_reply_time = now;
            }
        }
    }

    /// Makes an instance have answered its PING just now.
    pub(super) fn answered(&mut self, who: Who) {
        let now = self.now();
        let link = self.sentinel.link_mut(who);
        link.act_ping_time = None;
        link.last_avail_time = now;
        link.last_pong_time = now;
        link.pc_last_activity = now;
        link.pending_commands = 0;
    }

    pub(super) fn everyone(&self) -> Vec<Who> {
        let mut all = Vec::new();
        for (m, master) in self.sentinel.masters.iter().enumerate() {
            all.push(Who::Master(m));
            all.extend((0..master.replicas.len()).map(|r| Who::Replica(m, r)));
            all.extend((0..master.peers.len()).map(|s| Who::Peer(m, s)));
        }
        all
    }

    pub(super) fn now(&self) -> Millis {
        Millis(self.wall.millis())
    }

    pub(super) fn advance(&mut self, ms: u64) {
        self.wall = self.wall + Nanos::from_millis(ms);
        self.mono = self.mono + Nanos::from_millis(ms);
    }

    /// Runs one routine; its effects replace those of the last one.
    pub(super) fn with<T>(&mut self, run: impl FnOnce(&mut Sentinel, &mut Cx<'_, '_>) -> T) -> T {
        self.out.clear();
        let mut env = Env::new(self.wall, self.mono, &mut self.draws, &mut self.disk).with_resolver(&mut self.names);
        let mut cx = Cx { env: &mut env, out: &mut self.out };
        let result = run(&mut self.sentinel, &mut cx);
        (self.wall, self.mono) = (env.wall(), env.mono());
        result
    }

    pub(super) fn step(&mut self, input: Input) {
        self.out.clear();
        let mut env = Env::new(self.wall, self.mono, &mut self.draws, &mut self.disk).with_resolver(&mut self.names);
        self.sentinel.step(&mut env, input, &mut self.out);
        (self.wall, self.mono) = (env.wall(), env.mono());
    }

    /// Ends the iteration of the last input.
    pub(super) fn finish_iteration(&mut self) {
        let mut env = Env::new(self.wall, self.mono, &mut self.draws, &mut self.disk).with_resolver(&mut self.names);
        self.sentinel.end_iteration(&mut env, &mut self.out);
    }

    pub(super) fn wake(&mut self) {
        self.step(Input::Wake);
    }

    /// Lets the clock run to the next tick and runs it.
    pub(super) fn tick(&mut self) {
        let due = self.sentinel.next_wakeup().expect("a Sentinel always ticks");
        let wait = due.since(self.mono);
        self.wall = self.wall + wait;
        self.mono = self.mono + wait;
        self.wake();
    }

    pub(super) fn master(&mut self) -> &mut Master {
        &mut self.sentinel.masters[0]
    }

    pub(super) fn replica(&mut self, r: usize) -> &mut Replica {
        &mut self.sentinel.masters[0].replicas[r]
    }

    pub(super) fn peer(&mut self, s: usize) -> &mut Peer {
        &mut self.sentinel.masters[0].peers[s]
    }

    pub(super) fn link(&mut self, who: Who) -> &mut Link {
        self.sentinel.link_mut(who)
    }

    pub(super) fn flags(&self, who: Who) -> Flags {
        self.sentinel.inst(who).flags
    }

    pub(super) fn state(&self) -> FailoverState {
        self.sentinel.masters[0].failover_state
    }

    /// Events of the last input.
    pub(super) fn events(&self) -> Vec<(Nanos, Event)> {
        let event = |(at, act): &(Nanos, Act)| match act {
            Act::Event(event) => Some((*at, event.clone())),
            _ => None,
        };
        self.out.acts.iter().filter_map(event).collect()
    }

    pub(super) fn kinds(&self) -> Vec<EventKind> {
        self.events().iter().map(|(_, e)| e.kind).collect()
    }

    /// Name and payload of the events of the last input, and after how many saves each came (a save costs 1 ms).
    pub(super) fn log(&self) -> Vec<String> {
        let line = |(at, e): &(Nanos, Event)| format!("{} {} {}", at.millis(), e.kind, e.payload());
        self.events().iter().map(line).collect()
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let note = |(_, act): &(Nanos, Act)| match act {
            Act::Note(note) => Some(note.clone()),
            _ => None,
        };
        self.out.acts.iter().filter_map(note).collect()
    }

    /// Connections closed by the last input.
    pub(super) fn closed(&self) -> Vec<Conn> {
        let close = |(_, act): &(Nanos, Act)| match act {
            Act::Close(conn, _) => Some(*conn),
            _ => None,
        };
        self.out.acts.iter().filter_map(close).collect()
    }

    /// Addresses to which the last input opened connections.
    pub(super) fn opened(&self) -> Vec<Addr> {
        let open = |(_, act): &(Nanos, Act)| match act {
            Act::Open(_, addr) => Some(*addr),
            _ => None,
        };
        self.out.acts.iter().filter_map(open).collect()
    }

    /// Requests sent by the last input on a connection.
    pub(super) fn sent_on(&self, conn: Option<Conn>) -> Vec<Request> {
        let request = |(to, message): &(Conn, Message)| match message {
            Message::Request(request) if Some(*to) == conn => Some(request.clone()),
            _ => None,
        };
        self.out.sends.iter().filter_map(request).collect()
    }

    /// Requests sent by the last input on an instance's command connection.
    pub(super) fn sent_to(&self, who: Who) -> Vec<Request> {
        self.sent_on(self.sentinel.link(who).cc)
    }

    /// Hands INFO of an instance to the routine that processes it.
    pub(super) fn info(&mut self, who: Who, info: &Info) {
        self.with(|s, cx| s.refresh_instance_info(cx, who, info));
    }
}

pub(super) fn run_id(n: u64) -> RunId {
    RunId(Hex40::from_words([n, 7, 7]))
}

/// INFO of a master without replicas.
pub(super) fn master_info() -> Info {
    Info {
        run_id: run_id(1),
        loading: false,
        slave: None,
        replicas: Vec::new(),
        replid: ReplId::default(),
        repl_offset: ReplOffset(0),
    }
}

/// INFO of a replica of `master` whose link is up.
pub(super) fn replica_info(master: Addr) -> Info {
    Info {
        slave: Some(SlaveInfo {
            master,
            link_up: true,
            down_since_secs: None,
            offset: ReplOffset(1000),
            priority: 100,
            announced: true,
            last_io_secs: 0,
            syncing: false,
        }),
        ..master_info()
    }
}

/// Whether a request is PING, INFO, a hello.
pub(super) fn count(requests: &[Request], is: fn(&Request) -> bool) -> usize {
    requests.iter().filter(|r| is(r)).count()
}
pub(super) fn is_ping(r: &Request) -> bool {
    *r == Request::Ping
}
pub(super) fn is_info(r: &Request) -> bool {
    *r == Request::Info
}
pub(super) fn is_hello(r: &Request) -> bool {
    matches!(r, Request::Publish(_))
}
pub(super) fn is_ask(r: &Request) -> bool {
    matches!(r, Request::IsMasterDown(_))
}
