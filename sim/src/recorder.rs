//! The recorder: turns what nodes and the world tell it into observations.

use splitbrain_checker::observations::{
    AppliedAt, BranchAt, EventAt, ForcedAt, FullSyncAt, LoadingAt, LostFileAt, MovedAt, NodeIx, NodeKind, Observations,
    Operation, PathAt, Presence, PresenceAt, RoleAt,
};
use splitbrain_checker::server_tape;
use splitbrain_checker::tape::{Taped, What};
use splitbrain_model::event::Event;
use splitbrain_model::note::Note;
use splitbrain_model::{Addr, Ip, Millis, TrueTime};
use std::collections::BTreeMap;

/// A line of a log that is neither event nor observation: Sentinel's votes, links, syncs.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// When.
    pub at: TrueTime,
    /// Which process.
    pub node: NodeIx,
    /// What.
    pub note: Note,
}

/// Collects observations while a run goes on.
#[derive(Debug, Default)]
pub struct Recorder {
    /// What was observed so far.
    pub seen: Observations,
    /// What else was noted.
    pub log: Vec<LogLine>,
    /// Number of the last call or return.
    operation_event: u32,
    /// Per process: index of each operation of its present life.
    operations: Vec<Vec<u32>>,
    by_addr: BTreeMap<Addr, NodeIx>,
    /// Addresses of hosts by their names in lower case.
    numbers: BTreeMap<String, Ip>,
    reachable: BTreeMap<(NodeIx, NodeIx), bool>,
}

impl Recorder {
    /// A recorder for these processes.
    pub fn new(seen: Observations) -> Recorder {
        let by_addr = seen
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.kind != NodeKind::Client)
            .map(|(ix, node)| (node.addr, NodeIx(ix as u16)))
            .collect();
        let numbers = seen.nodes.iter().map(|node| (node.host.to_ascii_lowercase(), node.addr.ip)).collect();
        let operations = vec![Vec::new(); seen.nodes.len()];
        let mut seen = seen;
        seen.client_tapes.resize_with(seen.nodes.len(), Vec::new);
        Recorder { seen, by_addr, numbers, operations, ..Recorder::default() }
    }

    /// An address in numbers. Nodes may speak of hosts by name; who a host is does not depend on that, so observations
    /// hold numbers only. (What was really said is in the trace.)
    pub fn numbered(&self, addr: Addr) -> Addr {
        Addr { ip: self.number(addr.ip), ..addr }
    }

    fn number(&self, ip: Ip) -> Ip {
        ip.name().and_then(|name| self.numbers.get(name).copied()).unwrap_or(ip)
    }

    /// The process that listens at an address, or once did.
    pub fn node_at(&self, addr: Addr) -> Option<NodeIx> {
        self.by_addr.get(&addr).copied()
    }

    /// A process has another address from now on. Its name means that; what was said of the one before was said of it.
    pub fn moved(&mut self, at: TrueTime, p: u16, addr: Addr) {
        let node = NodeIx(p);
        let info = &self.seen.nodes[usize::from(p)];
        self.numbers.insert(info.host.to_ascii_lowercase(), addr.ip);
        if info.kind != NodeKind::Client {
            self.by_addr.insert(addr, node);
        }
        self.seen.moves.push(MovedAt { at, node, addr });
    }

    /// A Sentinel event.
    pub fn event(&mut self, at: TrueTime, node: NodeIx, event: Event) {
        let event = event.with_hosts(|ip| self.number(ip));
        self.seen.events.push(EventAt { at, node, event });
    }

    /// A Sentinel read, wrote or said something.
    pub fn taped(&mut self, at: TrueTime, node: NodeIx, wall: Millis, what: What) {
        self.seen.tape.push(Taped { at, node, wall, what });
    }

    /// A Redis server read, wrote or did something.
    pub fn server_taped(&mut self, at: TrueTime, node: NodeIx, item: crate::server_tape::Item) {
        let (wall, timer, counts, what) = item;
        self.seen.server_tape.push(server_tape::Taped { at, node, wall, timer, counts, what });
    }

    /// The tape of a client.
    pub fn client_tape(&mut self, node: NodeIx) -> &mut Vec<splitbrain_checker::client_tape::Taped> {
        &mut self.seen.client_tapes[usize::from(node.0)]
    }

    /// A process starts a new life: its operations are counted from 0 again.
    pub fn started(&mut self, at: TrueTime, node: NodeIx) {
        self.operations[usize::from(node.0)].clear();
        self.presence(at, node, Presence::Running);
    }

    /// A change of a process's state.
    pub fn presence(&mut self, at: TrueTime, node: NodeIx, state: Presence) {
        self.seen.presence.push(PresenceAt { at, node, state });
    }

    /// Whether packets pass between two processes in both directions; recorded if it has changed.
    pub fn path(&mut self, at: TrueTime, a: NodeIx, b: NodeIx, open: bool) {
        if self.reachable.insert((a, b), open).unwrap_or(true) != open {
            self.seen.paths.push(PathAt { at, a, b, open });
        }
    }

    /// A note of a node.
    pub fn note(&mut self, at: TrueTime, node: NodeIx, note: Note) {
        match note {
            Note::Invoke { op, command } => {
                self.operation_event += 1;
                let mine = &mut self.operations[usize::from(node.0)];
                debug_assert_eq!(mine.len(), op as usize, "operations of a client are numbered from 0");
                mine.push(self.seen.operations.len() as u32);
                self.seen.operations.push(Operation {
                    client: node,
                    command,
                    call: self.operation_event,
                    ret: Operation::NEVER,
                    invoked: at,
                    completed: None,
                    outcome: None,
                    server: None,
                    attempts: 0,
                    attempts_indeterminate: 0,
                });
            }
            Note::Complete { op, outcome, server, attempts, attempts_indeterminate } => {
                self.operation_event += 1;
                let index = self.operations[usize::from(node.0)][op as usize];
                let server = server.and_then(|addr| self.by_addr.get(&self.numbered(addr)).copied());
                let operation = &mut self.seen.operations[index as usize];
                operation.ret = self.operation_event;
                operation.completed = Some(at);
                operation.outcome = Some(outcome);
                operation.server = server;
                operation.attempts = attempts;
                operation.attempts_indeterminate = attempts_indeterminate;
            }
            Note::Applied { command, lineage, offset } => {
                self.seen.applied.push(AppliedAt { at, node, command, lineage, offset });
            }
            Note::Role { replica_of, replid, offset } => {
                let replica_of = replica_of.map(|addr| self.numbered(addr));
                self.seen.roles.push(RoleAt { at, node, replica_of, replid, offset });
            }
            Note::Branch { id, parent } => self.seen.branches.push(BranchAt { at, node, id, parent }),
            Note::Loading => self.seen.loading.push(LoadingAt { at, node, loading: true }),
            Note::FullSync { before, after } => {
                self.loaded(at, node);
                self.seen.full_syncs.push(FullSyncAt { at, node, before, after });
            }
            note => {
                match &note {
                    Note::UserFailover(master) => {
                        self.seen.forced.push(ForcedAt { at, node, master: master.clone() });
                    }
                    Note::Loaded { .. } => self.loaded(at, node),
                    Note::SaveFailed => self.lost_file(at, node, false),
                    _ => {}
                }
                self.log.push(LogLine { at, node, note });
            }
        }
    }

    /// A configuration file does not hold what it should: a save failed, or an older file is back.
    pub fn lost_file(&mut self, at: TrueTime, node: NodeIx, gone_back: bool) {
        self.seen.lost_files.push(LostFileAt { at, node, gone_back });
    }

    /// The end of a phase of loading, if there was one.
    fn loaded(&mut self, at: TrueTime, node: NodeIx) {
        let last = self.seen.loading.iter().rev().find(|change| change.node == node);
        if last.is_some_and(|change| change.loading) {
            self.seen.loading.push(LoadingAt { at, node, loading: false });
        }
    }

    /// Closes the record. Effects of blocked iterations were told late: everything is put into the order of its time.
    pub fn finish(mut self) -> (Observations, Vec<LogLine>) {
        self.seen.events.sort_by_key(|event| event.at);
        self.seen.roles.sort_by_key(|role| role.at);
        self.seen.applied.sort_by_key(|applied| applied.at);
        self.seen.branches.sort_by_key(|branch| branch.at);
        self.seen.full_syncs.sort_by_key(|sync| sync.at);
        self.seen.loading.sort_by_key(|change| change.at);
        self.log.sort_by_key(|line| line.at);
        (self.seen, self.log)
    }
}
