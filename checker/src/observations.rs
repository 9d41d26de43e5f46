//! Observations: what could be seen of a run from outside, plus roles, Sentinel events and the state of processes and
//! paths. Written by a recorder in true-time order; faults are deliberately not in it.

use serde::{Deserialize, Serialize};
use splitbrain_model::event::Event;
use splitbrain_model::files::Lineage;
use splitbrain_model::note::Outcome;
use splitbrain_model::redis::dataset::Dataset;
use splitbrain_model::{Addr, Command, Epoch, Millis, Name, ReplId, ReplOffset, SentinelId, TrueTime};

/// A process, as an index into [`Observations::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeIx(pub u16);

/// What runs in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// redis-server
    Redis,
    /// redis-sentinel
    Sentinel,
    /// An application.
    Client,
}

/// A process of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its name in the scenario: `redis-1`.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Where it listens at the beginning (a client: its host's address, port 0).
    pub addr: Addr,
    /// Name of its host.
    pub host: String,
}

/// A monitored master and how the Sentinels are set for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MasterSettings {
    /// Its name.
    pub name: Name,
    /// Which node was the master when the run began.
    pub initial: NodeIx,
    /// The Redis servers that belong to it.
    pub redis: Vec<NodeIx>,
    /// The Sentinels that monitor it.
    pub sentinels: Vec<NodeIx>,
    /// `quorum`
    pub quorum: u32,
    /// `down-after-milliseconds`
    pub down_after: Millis,
    /// `failover-timeout`
    pub failover_timeout: Millis,
    /// `parallel-syncs`
    pub parallel_syncs: i32,
    /// `min-replicas-to-write`
    pub min_replicas_to_write: u32,
    /// `min-replicas-max-lag`, seconds
    pub min_replicas_max_lag: u32,
    /// `repl-timeout`, seconds
    pub repl_timeout: u32,
}

/// One client operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Which client.
    pub client: NodeIx,
    /// What it asked for.
    pub command: Command,
    /// Event number of the invocation; calls and returns of all operations share one ascending count from 1.
    pub call: u32,
    /// Event number of the completion, `u32::MAX` if there was none.
    pub ret: u32,
    /// When it was invoked.
    pub invoked: TrueTime,
    /// When it was completed.
    pub completed: Option<TrueTime>,
    /// How, `None` if the run ended before.
    pub outcome: Option<Outcome>,
    /// The server it was last sent to.
    pub server: Option<NodeIx>,
    /// Times it was written to a connection.
    pub attempts: u16,
    /// Of these, how many may have been executed without the client knowing.
    pub attempts_indeterminate: u16,
}

impl Operation {
    /// Event number of an operation that never returned.
    pub const NEVER: u32 = u32::MAX;

    /// Whether it is a write that was acknowledged.
    pub fn is_acked_write(&self) -> bool {
        self.command.is_write() && matches!(self.outcome, Some(Outcome::Ok(_)))
    }
}

/// A Sentinel event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventAt {
    /// When.
    pub at: TrueTime,
    /// Which Sentinel.
    pub node: NodeIx,
    /// What.
    pub event: Event,
}

/// A Redis server took a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleAt {
    /// When.
    pub at: TrueTime,
    /// Which server.
    pub node: NodeIx,
    /// Its master, or `None` if it is one itself.
    pub replica_of: Option<Addr>,
    /// Replication id from then on.
    pub replid: ReplId,
    /// Offset.
    pub offset: ReplOffset,
}

/// A master executed a client's write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppliedAt {
    /// When.
    pub at: TrueTime,
    /// Which server.
    pub node: NodeIx,
    /// The write.
    pub command: Command,
    /// Position in the history of writes after it.
    pub lineage: Lineage,
    /// Byte offset after it.
    pub offset: ReplOffset,
}

/// A replication history was born.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BranchAt {
    /// When.
    pub at: TrueTime,
    /// On which server.
    pub node: NodeIx,
    /// Its id.
    pub id: ReplId,
    /// What it continues.
    pub parent: Option<Lineage>,
}

/// A full sync replaced a server's dataset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FullSyncAt {
    /// When.
    pub at: TrueTime,
    /// On which server.
    pub node: NodeIx,
    /// What the dataset was.
    pub before: Lineage,
    /// What it is now.
    pub after: Lineage,
}

/// State of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Runs.
    Running,
    /// Stopped by SIGSTOP, or its host stands still.
    Paused,
    /// Not running.
    Dead,
}

/// A change of a process's state. Every process starts as dead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PresenceAt {
    /// When.
    pub at: TrueTime,
    /// Which process.
    pub node: NodeIx,
    /// State from then on.
    pub state: Presence,
}

/// A change of a path between two processes' hosts. All paths start open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PathAt {
    /// When.
    pub at: TrueTime,
    /// One end.
    pub a: NodeIx,
    /// The other end.
    pub b: NodeIx,
    /// Whether packets pass in both directions from then on.
    pub open: bool,
}

/// A process has another address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedAt {
    /// When.
    pub at: TrueTime,
    /// Which process.
    pub node: NodeIx,
    /// Its address from then on. Nobody has had it before.
    pub addr: Addr,
}

/// A Redis server began or ceased to answer nothing but LOADING. None of them does at first; a death ends it as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadingAt {
    /// When.
    pub at: TrueTime,
    /// Which server.
    pub node: NodeIx,
    /// Whether it loads from then on.
    pub loading: bool,
}

/// A Sentinel obeyed SENTINEL FAILOVER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForcedAt {
    /// When.
    pub at: TrueTime,
    /// Which Sentinel.
    pub node: NodeIx,
    /// Of which master.
    pub master: Name,
}

/// A configuration file does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostFileAt {
    /// When.
    pub at: TrueTime,
    /// Which Sentinel.
    pub node: NodeIx,
    /// The file is an older one than was saved; otherwise a save failed, as its log says.
    pub gone_back: bool,
}

/// A Redis server came back with what was on its disk.
#[derive(Clone, Debug)]
pub struct RestartAt {
    /// When.
    pub at: TrueTime,
    /// Which server.
    pub node: NodeIx,
    /// Where its dataset was when its last life was taken from it, if its disk had promised to keep all of that
    /// (`appendonly yes`, `appendfsync always`, a medium that does not lie).
    pub kept: Option<(TrueTime, Lineage)>,
    /// Which writes it says it has found.
    pub lineage: Lineage,
    /// What it has found.
    pub data: Dataset,
}

/// A Redis server when the run ended.
#[derive(Clone, Debug)]
pub struct FinalRedis {
    /// Which server.
    pub node: NodeIx,
    /// Whether its process runs.
    pub running: bool,
    /// Its master, or `None` if it is one itself.
    pub replica_of: Option<Addr>,
    /// Link to its master is up.
    pub link_up: bool,
    /// Which writes its dataset descends from.
    pub lineage: Lineage,
    /// Its keys (the audit); empty if it does not run.
    pub data: Dataset,
}

/// A Sentinel's view of one master when the run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FinalView {
    /// Which Sentinel.
    pub node: NodeIx,
    /// Which master.
    pub master: Name,
    /// Where it is.
    pub addr: Addr,
    /// Version of that address.
    pub config_epoch: Epoch,
    /// Current epoch of the Sentinel.
    pub current_epoch: Epoch,
    /// Flags are exactly `master`.
    pub plain: bool,
}

/// Everything a judge may look at.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// All processes.
    pub nodes: Vec<NodeInfo>,
    /// Identity of each Sentinel that ever ran, in order of start.
    pub sentinel_ids: Vec<(NodeIx, SentinelId)>,
    /// All monitored masters.
    pub masters: Vec<MasterSettings>,
    /// Operations in order of invocation.
    pub operations: Vec<Operation>,
    /// Sentinel events in order.
    pub events: Vec<EventAt>,
    /// Roles in order.
    pub roles: Vec<RoleAt>,
    /// Writes executed by masters, in order.
    pub applied: Vec<AppliedAt>,
    /// Births of replication histories, in order.
    pub branches: Vec<BranchAt>,
    /// Full syncs, in order.
    pub full_syncs: Vec<FullSyncAt>,
    /// States of processes, in order.
    pub presence: Vec<PresenceAt>,
    /// States of paths, in order.
    pub paths: Vec<PathAt>,
    /// New addresses of processes, in order.
    pub moves: Vec<MovedAt>,
    /// Beginnings and ends of loading, in order.
    pub loading: Vec<LoadingAt>,
    /// Failed saves and older configuration files, in order.
    pub lost_files: Vec<LostFileAt>,
    /// Whether the cluster became stable before the fault schedule began. A run in which it did not is undecided.
    pub settled: bool,
    /// When the first fault struck, from which all times of a report count; the end of the run if there was none.
    pub t0: TrueTime,
    /// When the last fault or repair happened.
    pub last_disturbance: TrueTime,
    /// Since when everybody agreed again until the end, `None` if they did not: all running Sentinels name one master
    /// with plain flags, it says so too, and all other running servers are its replicas with the link up.
    pub converged: Option<TrueTime>,
    /// When clients were told to stop: the end of the run.
    pub end: TrueTime,
    /// Servers at the end.
    pub final_redis: Vec<FinalRedis>,
    /// Sentinels' views at the end.
    pub final_views: Vec<FinalView>,
    /// Failovers that Sentinels began because an operator asked for them, in order.
    pub forced: Vec<ForcedAt>,
    /// Restarts of Redis servers, in order.
    pub restarts: Vec<RestartAt>,
    /// What each Sentinel read, wrote and said, in order; empty where it was not recorded.
    pub tape: Vec<crate::tape::Taped>,
    /// What each Redis server read and wrote, in order; empty where it was not recorded.
    pub server_tape: Vec<crate::server_tape::Taped>,
    /// The tape of each client by the number of its process; none where it was not recorded.
    pub client_tapes: Vec<Vec<crate::client_tape::Taped>>,
}

impl Observations {
    /// The process that listens at an address, or once did: no address is ever given to another.
    pub fn node_at(&self, addr: Addr) -> Option<NodeIx> {
        let first = self.nodes.iter().position(|node| node.addr == addr).map(|i| NodeIx(i as u16));
        first.or_else(|| self.moves.iter().find(|moved| moved.addr == addr).map(|moved| moved.node))
    }

    /// Whether two addresses are, or were, those of one process.
    pub fn same_process(&self, a: Addr, b: Addr) -> bool {
        a == b || self.node_at(a).is_some_and(|node| self.node_at(b) == Some(node))
    }

    /// Whether a process had an address all the time from `from` to `until`.
    pub fn had_throughout(&self, node: NodeIx, addr: Addr, from: TrueTime, until: TrueTime) -> bool {
        let mut had = self.node(node).addr;
        for moved in self.moves.iter().filter(|moved| moved.node == node && moved.at <= until) {
            if moved.at > from && (had == addr || moved.addr == addr) {
                return false;
            }
            had = moved.addr;
        }
        had == addr
    }

    /// A process's description.
    ///
    /// # Panics
    /// If there is no such process.
    pub fn node(&self, node: NodeIx) -> &NodeInfo {
        &self.nodes[usize::from(node.0)]
    }

    /// Milliseconds after the first fault.
    pub fn ms(&self, at: TrueTime) -> i64 {
        at.millis_after(self.t0)
    }
}
