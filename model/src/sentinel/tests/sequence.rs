//! One Sentinel among scripted servers and Sentinels plays a whole failover, event by event as a real one was seen to.

use super::super::instance::Who;
use super::*;
use crate::message::{CloseReason, DownReply, Hello, ReplicaLine, ReplicaState};

/// What answers the Sentinel: a master at host 1, replicas at 2 and 3, Sentinels at 102 and 103.
struct Script {
    rig: Rig,
    /// Who stands behind each connection the Sentinel opened.
    peers: Vec<(Conn, Addr)>,
    /// Messages on their way: when they arrive, where.
    flying: Vec<(MonoTime, Conn, Message)>,
    master_alive: bool,
    /// The master of each replica; `None`: it is one itself.
    masters: [Option<Addr>; 2],
    /// Event names since the start, with the time in ms.
    log: Vec<(i64, String)>,
    start: i64,
}

const RTT: u64 = 2;

impl Script {
    fn new(conf: SentinelConf) -> Script {
        let rig = Rig::start(conf);
        let start = rig.now().0;
        Script {
            rig,
            peers: Vec::new(),
            flying: Vec::new(),
            master_alive: true,
            masters: [Some(addr(1)), Some(addr(1))],
            log: Vec::new(),
            start,
        }
    }

    fn collect(&mut self) {
        let acts = std::mem::take(&mut self.rig.out.acts);
        let sends = std::mem::take(&mut self.rig.out.sends);
        for (_, act) in acts {
            match act {
                Act::Open(conn, to) => self.peers.push((conn, to)),
                Act::Close(conn, _) => self.peers.retain(|(c, _)| *c != conn),
                Act::Event(e) => {
                    let at = self.rig.now().0 - self.start;
                    self.log.push((at, format!("{} {}", e.kind, e.payload())));
                }
                _ => {}
            }
        }
        for (conn, message) in sends {
            let Message::Request(request) = message else {
                continue;
            };
            let Some((_, to)) = self.peers.iter().find(|(c, _)| *c == conn).copied() else {
                continue;
            };
            if let Some(reply) = self.reply(to, request) {
                let at = self.rig.mono + Nanos::from_millis(RTT);
                self.flying.push((at, conn, reply));
            }
        }
    }

    fn reply(&mut self, to: Addr, request: Request) -> Option<Message> {
        if to == addr(1) && !self.master_alive {
            return None;
        }
        Some(Message::Reply(match request {
            Request::Ping => Reply::Pong,
            Request::Info => Reply::Info(Box::new(self.info(to))),
            Request::Publish(_) => Reply::Int(1),
            Request::Subscribe(channel) => Reply::Subscribed(channel),
            Request::SlaveOf(master) => {
                let r = usize::from(to == addr(3));
                self.masters[r] = master;
                Reply::Queued
            }
            Request::IsMasterDown(query) => Reply::Down(Box::new(DownReply {
                down: query.master == addr(1) && !self.master_alive,
                leader: query.candidate,
                leader_epoch: query.candidate.map_or(Epoch(0), |_| query.epoch),
            })),
            _ => Reply::Ok,
        }))
    }

    fn info(&self, of: Addr) -> Info {
        let master = match of {
            of if of == addr(2) => self.masters[0],
            of if of == addr(3) => self.masters[1],
            _ => None,
        };
        let mut info = match master {
            Some(master) => replica_info(master),
            None => master_info(),
        };
        if of == addr(1) {
            let line = |host| ReplicaLine {
                addr: addr(host),
                state: ReplicaState::Online,
                offset: ReplOffset(0),
                lag_secs: 0,
            };
            info.replicas = vec![line(2), line(3)];
        }
        info
    }

    /// Lets `ms` pass: what arrives comes before the timer.
    fn run(&mut self, ms: u64) {
        let end = self.rig.mono + Nanos::from_millis(ms);
        loop {
            let tick = self.rig.sentinel.next_wakeup().unwrap();
            let first =
                (self.flying.iter().enumerate()).min_by_key(|(n, (at, ..))| (*at, *n)).map(|(n, (at, ..))| (n, *at));
            let next = first.map_or(tick, |(_, at)| at.min(tick));
            if next > end {
                self.jump(end);
                return;
            }
            self.jump(next);
            match first {
                Some((n, at)) if at <= tick => {
                    let (_, conn, message) = self.flying.remove(n);
                    if self.peers.iter().any(|(c, _)| *c == conn) {
                        self.rig.step(Input::Message(conn, message));
                    }
                }
                _ => self.rig.wake(),
            }
            self.collect();
        }
    }

    fn jump(&mut self, to: MonoTime) {
        let wait = to.since(self.rig.mono);
        self.rig.wall = self.rig.wall + wait;
        self.rig.mono = self.rig.mono + wait;
    }

    /// Kills the master; its connections break.
    fn kill_master(&mut self) {
        self.master_alive = false;
        let dead: Vec<Conn> = (self.peers.iter()).filter(|(_, to)| *to == addr(1)).map(|(conn, _)| *conn).collect();
        for conn in dead {
            self.rig.step(Input::Closed(conn, CloseReason::Reset));
            self.collect();
        }
    }

    fn names(&self) -> Vec<&str> {
        self.log.iter().map(|(_, line)| line.split(' ').next().unwrap()).collect()
    }

    fn at(&self, name: &str) -> i64 {
        let found = self.log.iter().find(|(_, line)| line.starts_with(name));
        found.unwrap_or_else(|| panic!("{name} in {:?}", self.log)).0
    }
}

#[test]
fn a_leader_plays_the_canonical_order() {
    let mut script = Script::new(conf(2, 2));
    script.run(15_000);
    assert!(script.log.is_empty(), "a healthy cluster is silent: {:?}", script.log);
    assert!(script.rig.sentinel.view(0).plain);
    script.kill_master();
    let killed = script.rig.now().0 - script.start;
    script.run(20_000);
    let expected = [
        "+sdown",
        "+odown",
        "+new-epoch",
        "+try-failover",
        "+vote-for-leader",
        "+elected-leader",
        "+failover-state-select-slave",
        "+selected-slave",
        "+failover-state-send-slaveof-noone",
        "+failover-state-wait-promotion",
        "-role-change",
        "+promoted-slave",
        "+failover-state-reconf-slaves",
        "+slave-reconf-sent",
        "+slave-reconf-inprog",
        "+slave-reconf-done",
        "+failover-end",
        "+switch-master",
        "+slave",
        "+slave",
        "+sdown",
    ];
    assert_eq!(script.names(), expected, "{:#?}", script.log);
    // The bounds of Sentinel spec 16.
    let sdown = script.at("+sdown") - killed;
    assert!((5_000..=5_200).contains(&sdown), "{sdown}");
    let promoted = script.at("+promoted-slave") - script.at("+failover-state-wait-promotion");
    assert!((0..=1_200).contains(&promoted), "{promoted}");
    let end = script.at("+switch-master") - killed;
    assert!((6_300..=8_100).contains(&end), "{end}");
    let (last, line) = script.log.last().unwrap();
    assert!(line.starts_with("+sdown slave 10.77.0.1:6379"), "{line}");
    let silence = last - script.at("+switch-master");
    assert!((5_000..=5_200).contains(&silence), "{silence}");
    let view = script.rig.sentinel.view(0);
    assert_eq!((view.addr, view.config_epoch), (addr(2), Epoch(1)));
    assert!(view.plain && view.slaves == 2);
    assert_eq!(script.masters, [None, Some(addr(2))]);
}

#[test]
fn an_observer_votes_and_follows_the_leaders_hello() {
    let mut script = Script::new(conf(2, 2));
    script.run(15_000);
    script.kill_master();
    let leader = Conn(5_000);
    script.rig.step(Input::Accepted(leader, addr(102)));
    script.run(4_000);
    let query = crate::message::DownQuery { master: addr(1), epoch: Epoch(1), candidate: Some(id(2)) };
    let ask = Request::IsMasterDown(Box::new(query));
    script.rig.step(Input::Message(leader, ask.into()));
    script.collect();
    script.run(2_000);
    script.masters[0] = None;
    let hello = Hello {
        announce: addr(102),
        id: id(2),
        current_epoch: Epoch(1),
        master_name: "mymaster".into(),
        master: addr(2),
        config_epoch: Epoch(1),
    };
    let publish = Request::Publish(Arc::new(hello));
    script.rig.step(Input::Message(leader, publish.into()));
    script.collect();
    script.masters[1] = Some(addr(2));
    script.run(8_000);
    let expected = [
        "+new-epoch",
        "+vote-for-leader",
        "+sdown",
        "+odown",
        "+config-update-from",
        "+switch-master",
        "+slave",
        "+slave",
        "+sdown",
    ];
    assert_eq!(script.names(), expected, "{:#?}", script.log);
    assert_eq!(script.rig.sentinel.view(0).addr, addr(2));
    assert_eq!(script.rig.flags(Who::Master(0)), Flags::NONE);
}

#[test]
fn without_peers_the_election_is_lost_and_tried_again_after_twice_the_timeout() {
    let mut conf = conf(2, 2);
    conf.masters[0].quorum = 1;
    let mut script = Script::new(conf);
    script.run(15_000);
    // The other Sentinels are gone for good.
    let others: Vec<Conn> = (script.peers.iter()).filter(|(_, to)| to.port == 26379).map(|(conn, _)| *conn).collect();
    for conn in others {
        script.rig.step(Input::Closed(conn, CloseReason::Reset));
    }
    for s in 0..2 {
        script.rig.peer(s).inst.addr.port = 0;
    }
    script.kill_master();
    script.run(40_000);
    let tries: Vec<i64> =
        (script.log.iter()).filter(|(_, line)| line.starts_with("+try-failover")).map(|(at, _)| *at).collect();
    assert_eq!(tries.len(), 2, "{:#?}", script.log);
    let pause = tries[1] - tries[0];
    assert!((20_000..=20_200).contains(&pause), "{pause}");
    let lost = script.at("-failover-abort-not-elected") - tries[0];
    assert!((10_000..=10_200).contains(&lost), "{lost}");
}
