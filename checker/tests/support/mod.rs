//! A small language for hand-written observations. One cluster: `redis-1` (the master at the beginning), `redis-2`,
//! `redis-3`, three Sentinels, two clients. Times are milliseconds; the first fault is at 10 000.

#![allow(dead_code)] // every suite uses a part of it

use splitbrain_checker::observations::*;
use splitbrain_checker::{Detail, Expectation, Finding, Judgement, Property, judge};
use splitbrain_model::event::{Event, EventKind, Extra, Subject};
use splitbrain_model::files::Lineage;
use splitbrain_model::note::{FailReason, Outcome};
use splitbrain_model::{
    Addr, Command, Epoch, Hex40, Ip, Key, Millis, Name, Nanos, ReplId, ReplOffset, SentinelId, Space, TrueTime, Value,
};

pub const R1: NodeIx = NodeIx(0);
pub const R2: NodeIx = NodeIx(1);
pub const R3: NodeIx = NodeIx(2);
pub const S1: NodeIx = NodeIx(3);
pub const S2: NodeIx = NodeIx(4);
pub const S3: NodeIx = NodeIx(5);
pub const C1: NodeIx = NodeIx(6);
pub const C2: NodeIx = NodeIx(7);
/// When the first fault strikes.
pub const T0: u64 = 10_000;
/// When the run ends.
pub const END: u64 = 100_000;

pub const SET: Key = key(Space::Set, 0);
pub const X: Key = key(Space::Register, 0);
pub const N: Key = key(Space::Counter, 0);

pub const fn key(space: Space, index: u32) -> Key {
    Key { space, index }
}

pub fn at(ms: u64) -> TrueTime {
    TrueTime(ms * 1_000_000)
}

pub fn addr(node: NodeIx) -> Addr {
    let sentinel = (S1.0..=S3.0).contains(&node.0);
    Addr { ip: Ip(0x0a00_0001 + u32::from(node.0)), port: if sentinel { 26379 } else { 6379 } }
}

pub fn id(node: NodeIx) -> SentinelId {
    SentinelId(Hex40::from_words([u64::from(node.0) + 1, 0, 0]))
}

pub fn branch(n: u64) -> ReplId {
    ReplId(Hex40::from_words([n, 0, 0]))
}

pub fn position(n: u64, writes: u64) -> Lineage {
    Lineage { id: branch(n), writes }
}

pub fn sadd(value: u64) -> Command {
    Command::Sadd(SET, Value(value))
}

pub fn set(value: u64) -> Command {
    Command::Set(X, Value(value))
}

pub const GET: Command = Command::Get(X);
pub const INCR: Command = Command::Incr(N);

/// Observations under construction.
pub struct Run(pub Observations);

/// A cluster in which nothing happens: all processes run from 0 on, `redis-1` is the master on branch 1.
pub fn run() -> Run {
    let names = [
        ("redis-1", NodeKind::Redis),
        ("redis-2", NodeKind::Redis),
        ("redis-3", NodeKind::Redis),
        ("sentinel-1", NodeKind::Sentinel),
        ("sentinel-2", NodeKind::Sentinel),
        ("sentinel-3", NodeKind::Sentinel),
        ("client-1", NodeKind::Client),
        ("client-2", NodeKind::Client),
    ];
    let nodes = names.iter().zip(0u16..).map(|((name, kind), i)| NodeInfo {
        name: (*name).to_owned(),
        kind: *kind,
        addr: addr(NodeIx(i)),
        host: format!("host-{i}"),
    });
    let mut run = Run(Observations {
        nodes: nodes.collect(),
        sentinel_ids: [S1, S2, S3].map(|s| (s, id(s))).to_vec(),
        masters: vec![MasterSettings {
            name: "mymaster".into(),
            initial: R1,
            redis: vec![R1, R2, R3],
            sentinels: vec![S1, S2, S3],
            quorum: 2,
            down_after: Millis(1_000),
            failover_timeout: Millis(3_000),
            parallel_syncs: 1,
            min_replicas_to_write: 0,
            min_replicas_max_lag: 10,
            repl_timeout: 60,
        }],
        settled: true,
        t0: at(T0),
        last_disturbance: at(T0),
        converged: Some(at(20_000)),
        end: at(END),
        ..Observations::default()
    });
    for i in 0..8 {
        run.presence(0, NodeIx(i), Presence::Running);
    }
    run.role(0, R1, None, 1).role(0, R2, Some(R1), 1).role(0, R3, Some(R1), 1);
    run.born(0, R1, 1, None);
    run
}

impl Run {
    pub fn presence(&mut self, ms: u64, node: NodeIx, state: Presence) -> &mut Run {
        let at = at(ms);
        self.0.presence.push(PresenceAt { at, node, state });
        self
    }

    pub fn role(&mut self, ms: u64, node: NodeIx, of: Option<NodeIx>, id: u64) -> &mut Run {
        self.0.roles.push(RoleAt {
            at: at(ms),
            node,
            replica_of: of.map(addr),
            replid: branch(id),
            offset: ReplOffset(0),
        });
        self
    }

    pub fn full_sync(&mut self, ms: u64, node: NodeIx, before: Lineage, after: Lineage) -> &mut Run {
        self.0.full_syncs.push(FullSyncAt { at: at(ms), node, before, after });
        self
    }

    pub fn born(&mut self, ms: u64, node: NodeIx, id: u64, parent: Option<Lineage>) -> &mut Run {
        self.0.branches.push(BranchAt { at: at(ms), node, id: branch(id), parent });
        self
    }

    pub fn path(&mut self, ms: u64, a: NodeIx, b: NodeIx, open: bool) -> &mut Run {
        let at = at(ms);
        self.0.paths.push(PathAt { at, a, b, open });
        self
    }

    pub fn loading(&mut self, ms: u64, node: NodeIx, loading: bool) -> &mut Run {
        self.0.loading.push(LoadingAt { at: at(ms), node, loading });
        self
    }

    /// An operation with its times; event numbers are given by [`Run::judge`].
    pub fn op(
        &mut self,
        client: NodeIx,
        server: NodeIx,
        command: Command,
        (invoked, completed): (u64, u64),
        outcome: Outcome,
    ) -> &mut Run {
        self.0.operations.push(Operation {
            client,
            command,
            call: 0,
            ret: 0,
            invoked: at(invoked),
            completed: Some(at(completed)),
            outcome: Some(outcome),
            server: Some(server),
            attempts: 1,
            attempts_indeterminate: u16::from(matches!(outcome, Outcome::Info(_))),
        });
        self
    }

    /// An acknowledged write, executed half way at a position of the history of writes.
    pub fn write(
        &mut self,
        server: NodeIx,
        command: Command,
        (invoked, completed): (u64, u64),
        lineage: Lineage,
    ) -> &mut Run {
        self.executed(server, command, (invoked + completed) / 2, lineage);
        self.op(C1, server, command, (invoked, completed), Outcome::Ok(None))
    }

    pub fn executed(&mut self, node: NodeIx, command: Command, ms: u64, lineage: Lineage) -> &mut Run {
        self.0.applied.push(AppliedAt { at: at(ms), node, command, lineage, offset: ReplOffset(0) });
        self
    }

    pub fn read(&mut self, server: NodeIx, command: Command, times: (u64, u64), value: Option<u64>) -> &mut Run {
        self.op(C2, server, command, times, Outcome::Ok(value.map(Value)))
    }

    pub fn unknown(&mut self, server: NodeIx, command: Command, times: (u64, u64)) -> &mut Run {
        self.op(C1, server, command, times, Outcome::Info(FailReason::Timeout))
    }

    pub fn event(&mut self, ms: u64, sentinel: NodeIx, kind: EventKind, subject: Subject, extra: Extra) -> &mut Run {
        let whole = matches!(kind, EventKind::NewEpoch | EventKind::TiltEnter);
        self.0.events.push(EventAt {
            at: at(ms),
            node: sentinel,
            event: Event {
                kind,
                master: if whole { "".into() } else { "mymaster".into() },
                master_addr: addr(R1),
                subject,
                extra,
            },
        });
        self
    }

    /// An event about the master without more.
    pub fn says(&mut self, ms: u64, sentinel: NodeIx, kind: EventKind) -> &mut Run {
        self.event(ms, sentinel, kind, Subject::Master, Extra::None)
    }

    pub fn epoch(&mut self, ms: u64, sentinel: NodeIx, epoch: u64) -> &mut Run {
        let extra = Extra::Epoch(Epoch(epoch));
        self.event(ms, sentinel, EventKind::NewEpoch, Subject::Master, extra)
    }

    pub fn votes(&mut self, ms: u64, voter: NodeIx, leader: NodeIx, epoch: u64) -> &mut Run {
        let extra = Extra::Vote(id(leader), Epoch(epoch));
        self.event(ms, voter, EventKind::VoteForLeader, Subject::Master, extra)
    }

    pub fn switches(&mut self, ms: u64, sentinel: NodeIx, old: NodeIx, new: NodeIx) -> &mut Run {
        let extra = Extra::Switch(addr(old), addr(new));
        self.event(ms, sentinel, EventKind::SwitchMaster, Subject::Master, extra)
    }

    /// The replica has become a master, and the leader sees it.
    pub fn promotes(&mut self, ms: u64, leader: NodeIx, replica: NodeIx) -> &mut Run {
        self.role(ms - 100, replica, None, 1);
        let subject = Subject::Slave(addr(replica));
        self.event(ms, leader, EventKind::PromotedSlave, subject, Extra::None)
    }

    /// The usual course: all see the master down about `ms`, `leader` is elected by all and promotes `new`.
    pub fn failover(&mut self, ms: u64, leader: NodeIx, new: NodeIx, epoch: u64) -> &mut Run {
        for (sentinel, late) in [(S1, 0), (S2, 20), (S3, 40)] {
            self.says(ms + late, sentinel, EventKind::SdownEnter);
        }
        self.says(ms + 100, leader, EventKind::OdownEnter);
        self.epoch(ms + 100, leader, epoch);
        self.says(ms + 100, leader, EventKind::TryFailover);
        for sentinel in [S1, S2, S3] {
            self.votes(ms + 110, sentinel, leader, epoch);
        }
        self.says(ms + 170, leader, EventKind::ElectedLeader);
        self.promotes(ms + 1_100, leader, new);
        for (sentinel, late) in [(S1, 0), (S2, 10), (S3, 20)] {
            self.switches(ms + 1_200 + late, sentinel, R1, new);
        }
        self
    }

    /// What everybody has in the end: `master` with this lineage; its data is the replay of `commands`.
    pub fn ends(&mut self, master: NodeIx, lineage: Lineage, epoch: u64, commands: &[Command]) -> &mut Run {
        for node in [R1, R2, R3] {
            let mut last = FinalRedis {
                node,
                running: true,
                replica_of: (node != master).then(|| addr(master)),
                link_up: node != master,
                lineage,
                data: Default::default(),
            };
            for &command in commands {
                last.data.execute(command);
            }
            self.0.final_redis.push(last);
        }
        for node in [S1, S2, S3] {
            self.view(node, master, epoch);
        }
        self
    }

    pub fn view(&mut self, node: NodeIx, master: NodeIx, epoch: u64) -> &mut Run {
        self.0.final_views.push(FinalView {
            node,
            master: "mymaster".into(),
            addr: addr(master),
            config_epoch: Epoch(epoch),
            current_epoch: Epoch(epoch),
            plain: true,
        });
        self
    }

    /// Puts everything in order, as a recorder would have.
    pub fn finish(&mut self) -> &Observations {
        let obs = &mut self.0;
        obs.operations.sort_by_key(|operation| operation.invoked);
        obs.events.sort_by_key(|event| event.at);
        obs.roles.sort_by_key(|role| role.at);
        obs.applied.sort_by_key(|applied| applied.at);
        obs.branches.sort_by_key(|birth| birth.at);
        obs.presence.sort_by_key(|change| change.at);
        obs.loading.sort_by_key(|change| change.at);
        obs.paths.sort_by_key(|change| change.at);
        // Calls stand before returns where times tie.
        let mut order: Vec<(TrueTime, bool, usize)> = Vec::new();
        for (i, operation) in obs.operations.iter().enumerate() {
            order.push((operation.invoked, false, i));
            order.extend(operation.completed.map(|at| (at, true, i)));
        }
        order.sort();
        for ((_, is_return, i), number) in order.into_iter().zip(1..) {
            let operation = &mut obs.operations[i];
            *(if is_return { &mut operation.ret } else { &mut operation.call }) = number;
        }
        &self.0
    }

    pub fn judge(&mut self) -> Judgement {
        self.judge_for(&[])
    }

    pub fn judge_for(&mut self, expect: &[Expectation]) -> Judgement {
        judge(self.finish(), expect)
    }

    /// Findings of one property.
    pub fn found(&mut self, property: Property) -> Vec<Finding> {
        of(self.judge(), property)
    }

    /// The only finding of one property.
    pub fn only(&mut self, property: Property) -> Detail {
        let mut found = self.found(property);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0).detail
    }
}

pub fn of(judgement: Judgement, property: Property) -> Vec<Finding> {
    let findings = judgement.findings.into_iter();
    findings.filter(|finding| finding.property == property).collect()
}

pub fn master() -> Name {
    "mymaster".into()
}

pub fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}
