//! Findings: one violated property of one run, as data. Text is made at the edge ([`crate::sentence`]).
//!
//! Processes are named by [`NodeIx`] while a run is judged and by their names once it is reported; hence the type
//! parameter. Times inside a detail are milliseconds after the first fault.

use crate::expect::{Occurrence, Property};
use crate::linear::AnomalyKind;
use crate::observations::{NodeIx, Observations, Operation};
use crate::server_law::ServerLaw;
use serde::{Deserialize, Serialize};
use splitbrain_model::event::EventKind;
use splitbrain_model::note::Outcome;
use splitbrain_model::{Addr, Command, Epoch, Key, Name, TrueTime};

/// A violated property with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which property.
    pub property: Property,
    /// When the violation was complete.
    pub at: TrueTime,
    /// Which master it is about.
    pub master: Name,
    /// What happened.
    pub detail: Detail,
}

impl Finding {
    /// Whether it shows a contradiction inside splitbrain itself, which no expectation excuses.
    pub fn is_model_bug(&self) -> bool {
        self.detail.is_model_bug()
    }
}

/// A span of time, in milliseconds after the first fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end.
    pub until_ms: i64,
}

/// An address as a Sentinel named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place<N = NodeIx> {
    /// A process of the run listens there.
    Node(N),
    /// Nobody does.
    Address(Addr),
}

impl Place {
    /// The process at an address.
    pub fn of(obs: &Observations, addr: Addr) -> Place {
        obs.node_at(addr).map_or(Place::Address(addr), Place::Node)
    }
}

/// An operation as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence<N = NodeIx> {
    /// Who asked.
    pub client: N,
    /// Who was asked last.
    pub server: Option<N>,
    /// For what.
    pub command: Command,
    /// How it ended, `None` if it never did.
    pub outcome: Option<Outcome>,
    /// When it was invoked.
    pub invoked_ms: i64,
    /// When it was completed.
    pub completed_ms: Option<i64>,
}

impl Evidence {
    /// The evidence of one operation.
    pub fn of(obs: &Observations, operation: &Operation) -> Evidence {
        Evidence {
            client: operation.client,
            server: operation.server,
            command: operation.command,
            outcome: operation.outcome,
            invoked_ms: obs.ms(operation.invoked),
            completed_ms: operation.completed.map(|at| obs.ms(at)),
        }
    }
}

/// How many acknowledged writes were lost for which reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Executed before the surviving history left theirs, but replication had not carried them to the server that was
    /// promoted.
    pub unreplicated: u64,
    /// Executed by one master after another had begun the surviving history.
    pub after_promotion: u64,
    /// The server that executed them went on from older data, or from none, after a restart.
    pub rolled_back: u64,
    /// Missing in the data; nothing is known of their place in a history.
    pub unexplained: u64,
    /// Of all these: the surviving history began from nothing, on a server that started without data.
    #[serde(default)]
    pub began_empty: u64,
    /// Of all these: they were on a server until a full resync replaced what it held.
    #[serde(default)]
    pub wiped: u64,
    /// Of all these: the server that had executed them died later (killed, or its host lost power), and they with it.
    #[serde(default)]
    pub died: u64,
}

/// A time in which several nodes acknowledged writes as master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval<N = NodeIx> {
    /// When.
    pub span: Span,
    /// Who acknowledged in it.
    pub by: Vec<Share<N>>,
}

/// Acknowledged writes of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share<N = NodeIx> {
    /// The node.
    pub node: N,
    /// How many.
    pub writes: u64,
}

/// A half of what a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Reads.
    Reads,
    /// Writes.
    Writes,
}

/// A rule that Sentinels keep (Sentinel spec, appendix C and the sections named there).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// +odown needs as many Sentinels that have the master as down as the quorum says.
    DownWithoutQuorum {
        /// How many had.
        said: u32,
        /// The quorum.
        quorum: u32,
    },
    /// In TILT nothing is decided.
    ActedInTilt {
        /// What was done.
        event: EventKind,
    },
    /// TILT ends half a minute after the last jump of the clock.
    TiltNotLeft {
        /// For how long it lasts.
        for_ms: i64,
    },
    /// Between two attempts, and after a vote for another Sentinel, twice the failover-timeout passes.
    TriedTooSoon {
        /// What passed.
        after_ms: i64,
        /// What has to.
        needed_ms: i64,
    },
    /// A replica that did not run, or could not be reached, for this long is not selected.
    SelectedDead {
        /// For how long.
        for_ms: i64,
    },
    /// A replica is promoted once it says that it is a master.
    PromotedUnconfirmed,
    /// No more replicas are under way to the new master than parallel-syncs says.
    TooManySyncs {
        /// How many were.
        under_way: u32,
        /// How many may be.
        allowed: u32,
    },
    /// A switch leads to a server that some Sentinel promoted.
    SwitchedToUnpromoted,
    /// What a Sentinel's own clock and what it read demand or forbid.
    Law {
        /// Which.
        law: crate::law::Law,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Detail<N = NodeIx> {
    /// Tenures of different nodes overlapped.
    SplitBrain {
        /// The nodes.
        nodes: Vec<N>,
        /// When.
        spans: Vec<Span>,
        /// Length of all spans.
        total_ms: i64,
        /// Acknowledged writes inside them.
        writes: u64,
        /// The same by time and node.
        #[serde(default = "Vec::new")]
        intervals: Vec<Interval<N>>,
    },
    /// Acknowledged writes are not in the history of the final master.
    LostWrites {
        /// The master after convergence.
        survivor: N,
        /// Who had acknowledged them.
        servers: Vec<N>,
        /// Acknowledged writes of the run.
        acked: u64,
        /// Lost ones.
        lost: u64,
        /// Lost ones in 1/1000, rounded down.
        permille: u32,
        /// From the first to the last acknowledgement of a lost write.
        span: Span,
        /// Why they were lost.
        causes: Losses,
    },
    /// The final master's data is not what its own history gives: a bug of splitbrain.
    AuditDisagrees {
        /// Whose data.
        node: N,
        /// The first key that differs.
        key: Key,
        /// What the history gives, as text.
        expected: String,
        /// What the audit read.
        found: String,
        /// How many keys differ.
        keys: u32,
    },
    /// Acknowledged writes that no server executed: a bug of splitbrain.
    NeverExecuted {
        /// How many.
        writes: u64,
        /// The first one.
        first: Evidence<N>,
    },
    /// A history without a legal order.
    NotLinearizable {
        /// What it looks like.
        anomaly: AnomalyKind,
        /// The key of the first instance.
        key: Key,
        /// How many anomalies of this kind there are.
        count: u64,
        /// The operations that prove the first, at most eight.
        operations: Vec<Evidence<N>>,
    },
    /// Reads returned values that had been overwritten before they began.
    StaleReads {
        /// How many.
        stale: u64,
        /// Out of how many acknowledged reads.
        reads: u64,
        /// The first of them.
        read: Evidence<N>,
        /// A write that it should have seen.
        missed: Evidence<N>,
    },
    /// Keys with acknowledged writes were given up for lack of memory.
    Evicted {
        /// By whom.
        servers: Vec<N>,
        /// How many keys.
        keys: u64,
        /// How many acknowledged writes were their content.
        writes: u64,
        /// The first key.
        first: Key,
        /// From the first to the last eviction.
        span: Span,
    },
    /// A restart took back writes that the same server had acknowledged.
    RolledBack {
        /// Which server.
        node: N,
        /// How many acknowledged writes.
        writes: u64,
        /// The first of them.
        first: Evidence<N>,
    },
    /// A server's data is not what its history gives.
    ReplicaDiffers {
        /// Whose data.
        node: N,
        /// The first key that differs.
        key: Key,
        /// What the history gives, as text.
        expected: String,
        /// What it holds.
        found: String,
        /// How many keys differ.
        keys: u32,
    },
    /// A replica with its link up is in another history than its master.
    ReplicaAstray {
        /// Which replica.
        node: N,
        /// Its master.
        master: N,
    },
    /// A replica acknowledged writes of clients.
    ReplicaTookWrites {
        /// Which server.
        node: N,
        /// How many.
        writes: u64,
        /// The first of them.
        first: Evidence<N>,
    },
    /// A Sentinel did what its protocol forbids at that moment.
    AgainstProtocol {
        /// Which Sentinel.
        sentinel: N,
        /// Which rule it broke.
        rule: Rule,
        /// The server it is about, if it is about one.
        about: Option<Place<N>>,
    },
    /// A Redis server did what its protocol forbids at that moment.
    ServerAgainstProtocol {
        /// Which server.
        server: N,
        /// Which law it broke.
        law: ServerLaw,
        /// The other side, if there is one.
        about: Option<Place<N>>,
    },
    /// A client did what its library does not do.
    ClientAgainstProtocol {
        /// Which client.
        client: N,
        /// Which law it broke.
        law: crate::client_law::ClientLaw,
        /// The server or Sentinel it is about, if it is about one.
        about: Option<Place<N>>,
    },
    /// More than one Sentinel was elected in one epoch.
    TwoLeaders {
        /// The epoch.
        epoch: Epoch,
        /// Who.
        leaders: Vec<N>,
        /// An operator's SENTINEL FAILOVER was among the reasons: its epoch is not voted for.
        forced: bool,
    },
    /// A Sentinel was elected without the votes it needs.
    TooFewVotes {
        /// Epoch of the failover.
        epoch: Epoch,
        /// Who was elected.
        leader: N,
        /// Most votes for it in one same epoch.
        votes: u32,
        /// The larger of quorum and majority.
        needed: u32,
    },
    /// More than one replica was promoted in one epoch.
    TwoPromotions {
        /// The epoch.
        epoch: Epoch,
        /// Which replicas.
        replicas: Vec<Place<N>>,
        /// By whom.
        leaders: Vec<N>,
    },
    /// A Sentinel's current epoch did not grow.
    EpochWentBack {
        /// Which Sentinel.
        sentinel: N,
        /// The epoch it had announced.
        before: Epoch,
        /// The epoch it announced next.
        after: Epoch,
        /// It was restarted in between.
        restarted: bool,
    },
    /// A Sentinel voted again in an epoch, or in an earlier one.
    VotedAgain {
        /// Which Sentinel.
        sentinel: N,
        /// Epoch of the earlier vote.
        before: Epoch,
        /// Epoch of the later vote.
        after: Epoch,
    },
    /// One configuration epoch names different addresses.
    EpochNamesTwo {
        /// The configuration epoch.
        epoch: Epoch,
        /// The addresses, each with a Sentinel that had it.
        places: Vec<(Place<N>, N)>,
    },
    /// They still disagree.
    NotConverged {
        /// Time since the last fault or repair.
        waited_ms: i64,
        /// In which time the protocol should have settled everything.
        bound_ms: i64,
        /// Which Sentinels name which master.
        named: Vec<(Place<N>, Vec<N>)>,
        /// Running servers that are masters.
        masters: Vec<N>,
    },
    /// Not as many failovers completed as there should have been.
    FailoverCount {
        /// Completed.
        completed: u32,
        /// Expected; at least one if `None`.
        wanted: Option<u32>,
        /// Begun.
        attempts: u32,
    },
    /// The first failover completed too late.
    FailoverLate {
        /// First +switch-master after the first fault.
        took_ms: i64,
        /// Latest allowed.
        limit_ms: i64,
    },
    /// A master was replaced that ran and was reachable.
    FalseFailover {
        /// The master that was replaced.
        old: Place<N>,
        /// Its successor.
        new: Place<N>,
        /// Who did it.
        leader: N,
        /// In which epoch.
        epoch: Option<Epoch>,
        /// Sentinels that could reach the old master all the time.
        reachable_from: u32,
        /// All Sentinels.
        sentinels: u32,
        /// For how long before the attempt that is known.
        watched_ms: i64,
    },
    /// No write was acknowledged for too long.
    Unavailable {
        /// For how long.
        gap_ms: i64,
        /// When.
        span: Span,
        /// Longest allowed.
        limit_ms: i64,
        /// A write was acknowledged in the end.
        ended: bool,
    },
    /// A client is not served although everybody agrees again.
    ClientStuck {
        /// Which client.
        client: N,
        /// What it asked for: `writes` or `reads`.
        what: Kind,
        /// For how long nothing it asked for was done.
        waited_ms: i64,
        /// Longest allowed.
        limit_ms: i64,
    },
    /// An event of Sentinel happened too often or not often enough; or, where it is demanded of a share of the runs,
    /// as often as demanded.
    Occurred {
        /// What was demanded.
        wanted: Occurrence,
        /// How often it happened.
        count: u32,
        /// Which Sentinel had to emit it, if only one was counted.
        by: Option<N>,
        /// Which server it had to be about, if only one was counted.
        of: Option<N>,
    },
}

impl<N> Detail<N> {
    /// The operations that prove it.
    pub fn evidence(&self) -> Vec<&Evidence<N>> {
        match self {
            Detail::NotLinearizable { operations, .. } => operations.iter().collect(),
            Detail::StaleReads { read, missed, .. } => vec![missed, read],
            Detail::NeverExecuted { first, .. }
            | Detail::RolledBack { first, .. }
            | Detail::ReplicaTookWrites { first, .. } => vec![first],
            _ => Vec::new(),
        }
    }

    /// Whether it shows a contradiction inside splitbrain itself.
    pub fn is_model_bug(&self) -> bool {
        matches!(self, Detail::AuditDisagrees { .. } | Detail::NeverExecuted { .. })
    }
}
